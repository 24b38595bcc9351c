//! What lies between agents and the server: sessions, and messages that arrive late, twice, out of order or never.

use access_core::delivery::{is_set_back, is_unread};

use super::*;

impl World {
    pub(super) fn is_cut_off(&self, agent: usize) -> bool {
        self.hosts[agent].cut_off_until_ms > self.now_ms
    }

    pub(super) fn connect(&mut self, agent: usize) {
        let retry_ms = self.dice.between(200, 2_000);
        if self.hosts[agent].session.is_some() {
            return;
        }
        let progress = self.hosts[agent].program.as_ref().map(|run| *run.progress.borrow());
        let Some(progress) = progress.filter(|_| !self.is_cut_off(agent)) else {
            return self.plan_now(agent, retry_ms, Due::Connect);
        };
        if self.hosts[agent].refused_until_ms > self.now_ms {
            self.plan_now(agent, retry_ms, Due::Connect);
            return self.refuse(agent);
        }
        if std::mem::take(&mut self.hosts[agent].is_refused) {
            // An operator took it back: by new rules, since those that were given up are not taken again.
            let unix = self.unix();
            self.server.change_rules(agent, unix, &mut self.dice);
        }
        let stored = self.server.agents[agent].head;
        if is_set_back(&stored, &progress.head) {
            let now_ms = self.now_ms;
            self.hosts[agent].judge.contradicted(now_ms, "its journal was set back");
            return;
        }
        if is_unread(&stored, self.hosts[agent].identity.epoch, &progress.head) {
            self.plan_now(agent, retry_ms, Due::Connect);
            return self.take(agent, Happened::Link(LinkEvent::Refused(Refusal::JournalUnread)));
        }
        let host = &mut self.hosts[agent];
        host.sessions += 1;
        host.arrives_ms = [0; 2];
        let session = host.sessions;
        host.session = Some(session);
        let now = self.time_as_told(agent);
        // Nothing may come before the welcome, and it is waited for.
        self.plan_now(agent, retry_ms / 10, Due::ToAgent(session, Said::Welcome { acknowledged: stored, now }));
        self.hosts[agent].arrives_ms[TO_AGENT] = self.now_ms + retry_ms / 10;
        let bundle = self.server.newest_bundle(agent);
        self.say(agent, Said::Bundle(bundle));
        let standing = self.server.standing_now(self.unix());
        self.say(agent, Said::Standing(standing));
        for (kind, step) in std::mem::take(&mut self.hosts[agent].on_session) {
            match kind {
                Kind::LinkCut => {
                    // Before the welcome, or after it.
                    let in_ms = self.dice.between(0, retry_ms / 5);
                    self.plan_now(agent, in_ms, Due::Cut(session, step));
                }
                _ => self.strange_bundle(agent, kind, step),
            }
        }
        self.plan_now(agent, HEARTBEAT_MS, Due::Beat(session));
    }

    /// The server says that it refuses the agent.
    pub(super) fn refuse(&mut self, agent: usize) {
        let newest = self.server.newest_version(agent);
        let host = &mut self.hosts[agent];
        host.is_refused = true;
        if let Some(step) = host.refused_at.take() {
            self.counts.note(Kind::AgentRefused, step);
        }
        if host.program.is_some() {
            host.judge.refused(self.now_ms, host.life, newest);
            self.take(agent, Happened::Link(LinkEvent::Refused(Refusal::Revoked)));
        }
    }

    /// What the server says is the time.
    pub(super) fn time_as_told(&mut self, agent: usize) -> UnixMs {
        // What nobody hears is no fault.
        let jump = if self.is_cut_off(agent) { None } else { self.hosts[agent].on_time.pop() };
        match jump {
            Some(step) => {
                self.counts.note(Kind::ServerTimeJumps, step);
                let jump_ms = self.dice.between(2_000, 120_000) as i64;
                self.unix().plus_ms(if self.dice.one_in(2) { jump_ms } else { -jump_ms })
            }
            None => self.unix(),
        }
    }

    pub(super) fn beat(&mut self, agent: usize, session: u64) {
        if self.hosts[agent].session == Some(session) {
            let now = self.time_as_told(agent);
            self.say(agent, Said::Heartbeat { now });
            self.plan_now(agent, HEARTBEAT_MS, Due::Beat(session));
        }
    }

    /// The agent notices that the link is gone; answers whether there was one.
    pub(super) fn hang_up(&mut self, agent: usize) -> bool {
        if self.hosts[agent].session.take().is_none() {
            return false;
        }
        self.hosts[agent].asked.clear();
        let again_ms = self.dice.between(200, 2_000);
        self.plan_now(agent, again_ms, Due::Connect);
        self.take(agent, Happened::Link(LinkEvent::Down));
        true
    }

    /// When a message arrives: never, or at these instants from now.
    pub(super) fn arrivals(&mut self, agent: usize, way: usize) -> Vec<u64> {
        if self.is_cut_off(agent) {
            return Vec::new();
        }
        let travel_ms = self.dice.between(1, 15);
        let host = &mut self.hosts[agent];
        let fault = host.on_message.pop();
        if let Some((kind, step)) = fault {
            self.counts.note(kind, step);
        }
        let behind_ms = host.arrives_ms[way].saturating_sub(self.now_ms).max(travel_ms);
        match fault.map(|(kind, _)| kind) {
            Some(Kind::MessageLost) => return Vec::new(),
            Some(Kind::MessageReordered) => return vec![behind_ms + self.dice.between(50, 1_500)],
            Some(Kind::MessageRepeated) => {
                host.arrives_ms[way] = self.now_ms + behind_ms;
                return vec![behind_ms, behind_ms + self.dice.between(1, 2_000)];
            }
            Some(Kind::MessageDelayed) => {
                let late_ms = behind_ms + self.dice.between(200, 6_000);
                host.arrives_ms[way] = self.now_ms + late_ms;
                return vec![late_ms];
            }
            _ => {}
        }
        host.arrives_ms[way] = self.now_ms + behind_ms;
        vec![behind_ms]
    }

    pub(super) fn say(&mut self, agent: usize, said: Said) {
        let Some(session) = self.hosts[agent].session else { return };
        for in_ms in self.arrivals(agent, TO_AGENT) {
            self.plan_now(agent, in_ms, Due::ToAgent(session, said.clone()));
        }
    }

    pub(super) fn agent_says(&mut self, agent: usize, session: u64, request: LinkRequest) {
        if let LinkRequest::Ask(attempt) = &request {
            self.hosts[agent].asked.insert(attempt.id, self.now_ms);
        }
        for in_ms in self.arrivals(agent, TO_SERVER) {
            self.plan(agent, 0, in_ms, Due::ToServer(session, request.clone()));
        }
    }

    pub(super) fn server_hears(&mut self, agent: usize, session: u64, request: LinkRequest) {
        if self.hosts[agent].session != Some(session) || self.is_cut_off(agent) {
            return;
        }
        match request {
            LinkRequest::Ask(attempt) => {
                let ruling = self.server.decide(agent, attempt, self.now_ms);
                self.say(agent, Said::Answer(Box::new(ruling)));
            }
            LinkRequest::Records(records) => match self.server.ingest(agent, records) {
                Ingested::Stored(head) => self.say(agent, Said::Acknowledged(head)),
                Ingested::Hole => drop(self.hang_up(agent)),
                Ingested::Broken(why) => {
                    let now_ms = self.now_ms;
                    self.hosts[agent].judge.contradicted(now_ms, &why);
                    self.hang_up(agent);
                }
            },
            LinkRequest::BundleInForce(sequence) => {
                self.server.agents[agent].confirmed.push((self.now_ms, sequence));
            }
            LinkRequest::BundleWanted(_) => {
                let bundle = self.server.newest_bundle(agent);
                self.say(agent, Said::Bundle(bundle));
            }
            LinkRequest::StandingInForce(number) => {
                self.server.agents[agent].confirmed_standings.push((self.now_ms, number));
            }
            LinkRequest::JournalState(_) | LinkRequest::EnrolmentStep { .. } => {}
        }
    }

    /// A bundle, whole or as what differs from the one before: which the agent may not have got, having been away.
    pub(super) fn as_it_is_sent(&mut self, agent: usize, bundle: SignedBundle) -> Said {
        let before = self.server.agents[agent].bundles.values().rev().nth(1);
        match before.filter(|_| !self.dice.one_in(4)) {
            Some(before) => Said::BundleDelta(Box::new(BundleIndex::of(before).delta_to(&bundle))),
            None => Said::Bundle(bundle),
        }
    }

    pub(super) fn agent_hears(&mut self, agent: usize, session: u64, said: Said) {
        if self.hosts[agent].session != Some(session) || self.is_cut_off(agent) {
            return;
        }
        let event = match said {
            Said::Welcome { acknowledged, now } => {
                if self.hosts[agent].run(|run| run.clock.heard(now)).is_none() {
                    return self.fallen(agent);
                }
                LinkEvent::Up { session, acknowledged }
            }
            Said::Heartbeat { now } => {
                if self.hosts[agent].run(|run| run.clock.heard(now)).is_none() {
                    self.fallen(agent);
                }
                return;
            }
            Said::Answer(ruling) => {
                self.hosts[agent].asked.remove(&ruling.attempt.id);
                LinkEvent::Answer(ruling)
            }
            Said::Acknowledged(head) => LinkEvent::Acknowledged(head),
            Said::Bundle(bundle) => LinkEvent::Bundle(bundle),
            Said::BundleDelta(delta) => LinkEvent::BundleDelta(delta),
            Said::Command(command) => LinkEvent::Command(command),
            Said::Standing(standing) => LinkEvent::Standing(standing),
        };
        self.take(agent, Happened::Link(event));
    }
}
