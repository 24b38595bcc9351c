//! What goes wrong, and when: a kind of fault and a step are drawn, and it comes as soon as an agent is at that step.

use super::*;

/// What became of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// It is there: something is otherwise than before.
    Now,
    /// It lies in wait, and is noted when it comes to bear.
    Laid,
    /// There was nothing to break.
    Not,
}

impl Came {
    fn now_if(has_changed: bool) -> Self {
        if has_changed { Self::Now } else { Self::Not }
    }
}

impl World {
    pub(super) fn want_another(&mut self) {
        // These last for a moment only, and a leaf mostly stands open while something else goes on beside it.
        let step = match self.dice.below(12) {
            0 | 1 => Step::Open,
            2 => Step::Finger,
            _ => self.dice.pick(Step::ALL),
        };
        self.wanted = (self.dice.pick(Kind::ALL), step);
        self.wanted_since_ms = self.now_ms;
    }

    /// The next fault comes where it is wanted, as soon as an agent is there.
    pub(super) fn go_wrong(&mut self) {
        let (kind, step) = self.wanted;
        if step == Step::Starting {
            let agent = self.dice.below(self.hosts.len() as u64) as usize;
            if self.hosts[agent].program.is_some() {
                self.stop(agent);
                self.hosts[agent].at_start = Some(kind);
                self.want_another();
            }
            return;
        }
        if self.now_ms < self.wanted_again_ms {
            return;
        }
        let is_there = |agent: &usize| self.hosts[*agent].step(self.now_ms) == Some(step);
        let place = (0..self.hosts.len()).find(is_there);
        let came = place.map_or(Came::Not, |agent| self.fault(agent, kind, step));
        // Where there was nothing to break, another moment of the same step may have something.
        if came != Came::Not || self.wanted_since_ms + PATIENCE_MS < self.now_ms {
            self.want_another();
        } else if place.is_some() {
            self.wanted_again_ms = self.now_ms + AGAIN_MS;
        }
    }

    pub(super) fn fault(&mut self, agent: usize, kind: Kind, step: Step) -> Came {
        let doors = self.hosts[agent].built.len() as u64;
        let door = self.dice.below(doors) as usize;
        let came = match kind {
            Kind::MessageLost | Kind::MessageDelayed | Kind::MessageReordered | Kind::MessageRepeated => {
                self.hosts[agent].on_message.push((kind, step));
                Came::Laid
            }
            Kind::ServerTimeJumps => {
                self.hosts[agent].on_time.push(step);
                Came::Laid
            }
            Kind::Killed | Kind::PowerCut => {
                let things = self.dice.below(16);
                self.hosts[agent].site.lock().fuse.get_or_insert((things, kind, step));
                Came::Laid
            }
            Kind::WriteTorn | Kind::WriteReordered | Kind::WriteForgotten | Kind::WriteFails => {
                self.hosts[agent].site.lock().disk.next_write.get_or_insert((kind, step));
                Came::Laid
            }
            Kind::ReadFails => {
                self.hosts[agent].site.lock().disk.next_read.get_or_insert(step);
                // A journal is read after a link was cut.
                self.hang_up(agent);
                Came::Laid
            }
            Kind::DiskFull => {
                let mut site = self.hosts[agent].site.lock();
                let for_ms = site.dice.between(500, 4_000);
                site.disk.full_until_ms = site.mono_ms + for_ms;
                site.disk.full_since = Some(step);
                Came::Laid
            }
            Kind::StrikeFails => {
                let mut site = self.hosts[agent].site.lock();
                let times = site.dice.between(1, 3);
                site.strikes[door].fails = times;
                site.strikes[door].fails_since = Some(step);
                Came::Laid
            }
            Kind::FingerWrong | Kind::SensorSilent => {
                self.hosts[agent].on_finger.push((kind, step));
                Came::Laid
            }
            Kind::DiskSlow => {
                // Half of the times about as long as a release waits: that one that comes too late shows.
                let (least, most) = if self.dice.one_in(2) { (2_000, 3_000) } else { (500, 5_000) };
                let until_ms = self.now_ms + self.dice.between(least, most);
                self.hosts[agent].slow_disk = Some((until_ms, Some(step)));
                self.plan_now(agent, until_ms - self.now_ms, Due::Write);
                Came::Laid
            }
            Kind::Partition if self.is_cut_off(agent) => Came::Not,
            Kind::Partition => {
                let for_ms = self.dice.between(1_000, 20_000);
                self.hosts[agent].cut_off_until_ms = self.now_ms + for_ms;
                if let Some(session) = self.hosts[agent].session {
                    self.plan_now(agent, SILENCE_MAX_MS.min(for_ms - 1), Due::Silence(session));
                }
                Came::Now
            }
            Kind::LinkCut => match self.hang_up(agent) {
                true => Came::Now,
                // The one that follows the start, as soon as it is there. At any other step the cut would come at another.
                false if step == Step::Starting => {
                    self.hosts[agent].on_session.push((kind, step));
                    Came::Laid
                }
                false => Came::Not,
            },
            Kind::ClockLeaps => {
                self.hosts[agent].booted_ms -= self.dice.between(500, 3_000) as i64;
                Came::Now
            }
            Kind::BundleLate | Kind::BundleOld | Kind::BundleForeign | Kind::BundleForged | Kind::BundleAhead => {
                self.strange_bundle(agent, kind, step);
                Came::Laid
            }
            Kind::CardRepeated => {
                let last = self.hosts[agent].leaves[door].last_card;
                let is_read = last.is_some_and(|(side, person)| self.card(agent, door, side, person));
                if let Some((side, person)) = last.filter(|_| is_read) {
                    (1..3).for_each(|time| self.plan(agent, 0, time * 150, Due::Card(door, side, person)));
                }
                Came::now_if(is_read)
            }
            Kind::AgentRefused => {
                let for_ms = self.dice.between(1_000, 10_000);
                let host = &mut self.hosts[agent];
                (host.refused_until_ms, host.refused_at) = (self.now_ms + for_ms, Some(step));
                let was_linked = host.session.is_some();
                self.hang_up(agent);
                if was_linked {
                    self.refuse(agent);
                }
                Came::Laid
            }
            Kind::CardTakenAway
            | Kind::CardCopied
            | Kind::CardForged
            | Kind::CardReplayed
            | Kind::CardExchanged
            | Kind::CardRenumbered
            | Kind::CardSenseless
            | Kind::TemplateTorn
            | Kind::TemplateGone
            | Kind::TemplateForeign => self.card_misbehaves(agent, door, kind, step),
            Kind::CardFollowed => self.another_card(agent, door),
            Kind::CardSilent | Kind::ReaderLost | Kind::CardUnreadable
                if self.hosts[agent].program.is_none() || self.hosts[agent].leaves[door].is_reader_lost =>
            {
                Came::Not
            }
            Kind::CardSilent | Kind::ReaderLost => {
                let back_ms = self.dice.between(200, 5_000);
                let leaf = &mut self.hosts[agent].leaves[door];
                // Nothing more is told of the card that lies there.
                (leaf.is_reader_lost, leaf.on_reader[Side::In as usize]) = (true, None);
                self.plan(agent, 0, back_ms, Due::ReaderBack(door));
                let lost = ReaderChange::Lost("fault".to_owned());
                let change = if kind == Kind::CardSilent { ReaderChange::Silent } else { lost };
                self.reader(agent, door, Side::In, change);
                Came::Now
            }
            Kind::CardUnreadable => {
                self.is_taken_away(agent, door, Side::In);
                self.reader(agent, door, Side::In, ReaderChange::Unreadable("fault".to_owned()));
                Came::Now
            }
            Kind::FingerStray => match self.hosts[agent].past_attempt {
                Some(attempt) if self.hosts[agent].program.is_some() => {
                    let outcome = FingerOutcome::Matched;
                    self.take(agent, Happened::Sensor(0, SensorEvent::Verified { attempt, outcome }));
                    Came::Now
                }
                _ => Came::Not,
            },
            Kind::LinesLost if self.are_lines_lost(agent, door) => Came::Not,
            Kind::LinesLost => {
                let back_ms = self.dice.between(300, 4_000);
                let mut site = self.hosts[agent].site.lock();
                site.strikes[door].is_lost = true;
                site.strikes[door].is_energised = false;
                drop(site);
                self.hosts[agent].judge.lines_lost(door);
                self.plan(agent, 0, back_ms, Due::LinesBack(door));
                self.take(agent, Happened::Lines(door, LinesEvent::Input(DoorInput::Lost("fault".to_owned()))));
                Came::Now
            }
            Kind::DoorForced => {
                let shut = (door..doors as usize).chain(0..door).find(|door| !self.hosts[agent].leaves[*door].is_open);
                if let Some(door) = shut {
                    self.leaf_is(agent, door, true);
                }
                Came::now_if(shut.is_some())
            }
            Kind::ContactBounces if self.are_lines_lost(agent, door) => Came::Not,
            Kind::ContactBounces => {
                for _ in 0..3 {
                    let is_open = self.hosts[agent].leaves[door].is_open;
                    for is_open in [!is_open, is_open] {
                        self.take(agent, Happened::Lines(door, LinesEvent::Input(DoorInput::Contact { is_open })));
                    }
                }
                Came::Now
            }
        };
        if self.is_told {
            eprintln!("{} ms, agent {agent}: {kind:?} at {step:?}: {came:?}", self.now_ms);
        }
        if came == Came::Now {
            self.counts.note(kind, step);
        }
        came
    }

    fn are_lines_lost(&self, agent: usize, door: usize) -> bool {
        self.hosts[agent].program.is_none() || self.hosts[agent].site.lock().strikes[door].is_lost
    }

    /// A bundle that is late, old, another's or nobody's, as soon as there is a link for it.
    pub(super) fn strange_bundle(&mut self, agent: usize, kind: Kind, step: Step) {
        let unix = self.unix();
        let Some(session) = self.hosts[agent].session.filter(|_| !self.is_cut_off(agent)) else {
            self.hosts[agent].on_session.push((kind, step));
            return;
        };
        self.counts.note(kind, step);
        let bundle = match kind {
            Kind::BundleLate => self.server.change_rules(agent, unix, &mut self.dice),
            Kind::BundleOld => {
                let all: Vec<&SignedBundle> = self.server.agents[agent].bundles.values().collect();
                self.dice.pick(&all).clone()
            }
            Kind::BundleForeign => self.server.foreign_bundle(agent, unix),
            Kind::BundleAhead => self.server.bundle_ahead(agent, unix),
            _ => self.server.forged_bundle(agent, unix),
        };
        let behind_ms = self.hosts[agent].arrives_ms[TO_AGENT].saturating_sub(self.now_ms) + 1;
        let said = match kind {
            // Others may come before it, to which it does not apply.
            Kind::BundleLate => self.as_it_is_sent(agent, bundle),
            // What comes of it is as foreign, as badly signed, or as far ahead.
            Kind::BundleForged | Kind::BundleForeign | Kind::BundleAhead if self.dice.one_in(2) => {
                let newest = self.server.newest_bundle(agent);
                Said::BundleDelta(Box::new(BundleIndex::of(&newest).delta_to(&bundle)))
            }
            _ => Said::Bundle(bundle),
        };
        let late_ms = if kind == Kind::BundleLate { self.dice.between(1_000, 9_000) } else { 0 };
        self.plan_now(agent, behind_ms + late_ms, Due::ToAgent(session, said));
    }
}
