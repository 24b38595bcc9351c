//! What is known of doors and people at an attempt, read from all the records each time.

use access_core::attempt::{Attempt, FactorResult};
use access_core::circumstances::{Circumstances, Knowledge, LeafState, Others, Sighting, Waiting, Wanted, Whereabouts};
use access_core::event::{Author, Event, Record, ReleaseCause, SetMode, StateChange};
use access_core::ids::{AreaId, AttemptId, CredentialId, DoorId, PersonId};
use access_core::policy::{DoorRule, EscortBy, FactorDemand, PersonRule, Place, PolicyRows, Side};
use access_core::time::UnixMs;
use access_core::verdict::{Effect, Outcome, Reason};

use crate::rules::counts_as_suspicious;

/// A grant counts unused for at most so long.
const UNUSED_MS: i64 = 120_000;
/// What ends a grant is known for so long.
const ENDS_MS: i64 = 3_600_000;
/// Somebody waits for at most so long.
const WAITING_MS: i64 = 3_600_000;
/// So many who wait at a reader are known,
const WAITING: usize = 16;
/// so many refusals of a card and at a reader,
const REFUSALS: usize = 20;
/// so many grants on side in at a door,
const ESCORTS: usize = 64;
/// and so many turns of one.
const TURNS: usize = 16;

/// Records, in any order.
#[derive(Debug, Clone, Default)]
pub struct Log {
    records: Vec<Record>,
}

/// A person passed a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Passed {
    at: UnixMs,
    door: DoorId,
    side: Side,
    person: PersonId,
    attempt: AttemptId,
}

/// A person was granted passage.
#[derive(Debug, Clone, Copy)]
struct Granted {
    at: UnixMs,
    door: DoorId,
    side: Side,
    person: PersonId,
    /// The person's own attempt.
    attempt: AttemptId,
    /// The attempt that released the door.
    released_by: AttemptId,
}

/// An attempt was refused.
#[derive(Debug, Clone, Copy)]
struct Refused<'a> {
    at: UnixMs,
    attempt: &'a Attempt,
    reason: Reason,
    person: Option<PersonId>,
    credential: Option<CredentialId>,
    effects: &'a [Effect],
}

/// What ended grants: which attempt, and when that was told.
#[derive(Debug, Clone, Default)]
struct Ends {
    used: Vec<(AttemptId, UnixMs)>,
    lapsed: Vec<(AttemptId, UnixMs)>,
    refused: Vec<(AttemptId, UnixMs)>,
}

impl Ends {
    /// Whether nobody came in by a grant.
    fn came_to_nothing(&self, granted: &Granted) -> bool {
        let has_lapsed = self.lapsed.iter().any(|(attempt, _)| *attempt == granted.released_by);
        let is_refused = |(attempt, at): &(AttemptId, UnixMs)| *attempt == granted.released_by && *at >= granted.at;
        has_lapsed || self.refused.iter().any(is_refused)
    }
}

impl Log {
    /// Takes note of a record; one that is there already counts once.
    pub fn note(&mut self, record: &Record) {
        if !self.records.contains(record) {
            self.records.push(record.clone());
        }
    }

    /// The records.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// What is known at an attempt, all of it.
    pub fn circumstances(&self, rows: &PolicyRows, knowledge: Knowledge, attempt: &Attempt) -> Circumstances {
        let mut known = Circumstances { knowledge, ..Circumstances::default() };
        let Some(door) = rows.doors.iter().find(|door| door.id == attempt.door) else { return known };
        let card = rows.credentials.iter().find(|card| card.token == attempt.card);
        let holder = card.and_then(|card| rows.persons.iter().find(|person| person.id == card.person));
        let missing = rows.missing_cards.iter().find(|missing| missing.token == attempt.card).map(|missing| missing.id);
        let credential = card.map(|card| card.id).or(missing);
        let mode = self.set_mode(door.id);
        let since = mode.filter(|(_, set)| attempt.at < set.until).map(|(at, _)| at);
        let within_mode = |at: &UnixMs| since.is_none_or(|since| *at >= since);

        known.reader_locked_until = self.reader_locked_until(door.id, attempt.side);
        known.is_card_locked = credential.is_some_and(|card| self.is_card_locked(card));
        known.threat_level = self.threat_level(door);
        known.set_mode = mode.map(|(_, set)| set);
        known.last_entered = self.last_entered(door.id).filter(within_mode);
        known.toggled_at = self.toggled_at(door.id).filter(within_mode);
        known.last_seen = holder.and_then(|holder| self.last_seen(holder.id, door.id));
        known.whereabouts = holder.and_then(|holder| self.led_last(holder.id, attempt));
        let (to, from) = match attempt.side {
            Side::In => (door.leads_to, door.leads_from),
            Side::Out => (door.leads_from, door.leads_to),
        };
        known.ahead = self.others_inside(rows, to, holder.map(|holder| holder.id), attempt.at);
        known.behind = self.others_inside(rows, from, holder.map(|holder| holder.id), attempt.at);
        known.is_open = self.is_leaf_open(door.id);
        known.not_secured = self.not_secured(rows, door.id, attempt.at);
        known.escort_seen = holder.and_then(|holder| self.escort_seen(rows, holder, door.id));
        known.waiting = self.waiting(attempt, holder.map(|holder| holder.id));
        let within_ms = i64::from(rows.rules.suspicion.within_s) * 1000;
        if let Some(card) = credential {
            let after = self.newest_change(|change| *change == StateChange::CredentialUnlocked { credential: card });
            known.refusals_of_card =
                self.refusals(attempt.at, within_ms, after, |refused| refused.credential == Some(card));
        }
        let (door, side) = (attempt.door, attempt.side);
        let after = self.newest_change(|change| *change == StateChange::ReaderUnlocked { door, side });
        let is_here = |refused: &Refused<'_>| refused.attempt.door == door && refused.attempt.side == side;
        known.refusals_at_reader = self.refusals(attempt.at, within_ms, after, is_here);
        known
    }

    /// Where a person's newest passage led, if it counts.
    pub fn whereabouts(&self, person: PersonId) -> Option<Whereabouts> {
        let theirs = self.passages().into_iter().filter(|passed| passed.person == person);
        let newest = theirs.max_by_key(|passed| (passed.at, passed.door, passed.side))?;
        let is_forgotten = |change: &StateChange| match change {
            StateChange::Forgiven { person: forgiven } => *forgiven == person,
            StateChange::AreaReset { entrances, .. } => entrances.contains(&(newest.door, newest.side)),
            _ => false,
        };
        let forgotten = self.newest_change(is_forgotten);
        let counts = forgotten.is_none_or(|forgotten| forgotten < newest.at);
        counts.then_some(Whereabouts { door: newest.door, side: newest.side, at: newest.at })
    }

    /// Everybody who is named in a passage.
    pub fn everybody(&self) -> Vec<PersonId> {
        let mut everybody: Vec<PersonId> = self.passages().iter().map(|passed| passed.person).collect();
        everybody.sort();
        everybody.dedup();
        everybody
    }

    /// Whether a card is locked.
    pub fn is_card_locked(&self, card: CredentialId) -> bool {
        let by_rule = self
            .refusals_that(|refused| refused.credential == Some(card) && refused.effects.contains(&Effect::LockCard));
        let by_word = self.newest_change(|change| *change == StateChange::CredentialLocked { credential: card });
        let locked = by_rule.iter().map(|refused| refused.at).chain(by_word).max();
        let unlocked = self.newest_change(|change| *change == StateChange::CredentialUnlocked { credential: card });
        locked.is_some() && locked > unlocked
    }

    fn passages(&self) -> Vec<Passed> {
        let mut passages = Vec::new();
        for record in &self.records {
            if let Event::Entered { door, side, persons } = &record.event {
                for passage in persons {
                    let (person, attempt) = (passage.person, passage.attempt);
                    passages.push(Passed { at: record.at, door: *door, side: *side, person, attempt });
                }
            }
        }
        passages
    }

    fn grants(&self) -> Vec<Granted> {
        let mut grants = Vec::new();
        for record in &self.records {
            let Event::Decision(decision) = &record.event else { continue };
            let Outcome::Grant { .. } = decision.verdict.outcome else { continue };
            let (at, door, side) = (decision.attempt.at, decision.attempt.door, decision.attempt.side);
            let released_by = decision.attempt.id;
            let granted = |person, attempt| Granted { at, door, side, person, attempt, released_by };
            grants.extend(decision.verdict.person.map(|person| granted(person, released_by)));
            for effect in &decision.verdict.effects {
                if let Effect::AdmitWith(passages) = effect {
                    grants.extend(passages.iter().map(|passage| granted(passage.person, passage.attempt)));
                }
            }
        }
        grants
    }

    fn refusals_that(&self, is_meant: impl Fn(&Refused<'_>) -> bool) -> Vec<Refused<'_>> {
        let mut refusals = Vec::new();
        for record in &self.records {
            let Event::Decision(decision) = &record.event else { continue };
            if decision.verdict.outcome == Outcome::Deny {
                let refused = Refused {
                    at: decision.attempt.at,
                    attempt: &decision.attempt,
                    reason: decision.verdict.reason,
                    person: decision.verdict.person,
                    credential: decision.verdict.credential,
                    effects: &decision.verdict.effects,
                };
                refusals.extend(Some(refused).filter(&is_meant));
            }
        }
        refusals
    }

    fn changes(&self) -> impl Iterator<Item = (UnixMs, &StateChange)> {
        self.records.iter().filter_map(|record| match &record.event {
            // An agent's word is no operator's.
            Event::StateSet(set) if matches!(record.author, Author::Server(_)) => Some((record.at, &set.change)),
            _ => None,
        })
    }

    fn newest_change(&self, is_meant: impl Fn(&StateChange) -> bool) -> Option<UnixMs> {
        self.changes().filter(|(_, change)| is_meant(change)).map(|(at, _)| at).max()
    }

    fn set_mode(&self, door: DoorId) -> Option<(UnixMs, SetMode)> {
        let of_door = self.changes().filter_map(|(at, change)| match change {
            StateChange::DoorMode { door: of, set } if *of == door => Some((at, *set)),
            _ => None,
        });
        let (at, set) = of_door.max_by_key(|(at, set)| (*at, set.map(|set| (set.until, set.mode))))?;
        set.map(|set| (at, set))
    }

    fn threat_level(&self, door: &DoorRule) -> u8 {
        let holds = |place: &Place| match place {
            Place::Tenant => true,
            Place::Site(site) => *site == door.site,
            Place::Area(area) => *area == door.leads_to,
            Place::Door(id) => *id == door.id,
        };
        let set = |place: Place| {
            let of_place = self.changes().filter_map(|(at, change)| match change {
                StateChange::ThreatLevel { place: of, level } if *of == place => Some((at, *level)),
                _ => None,
            });
            of_place.max().map(|(_, level)| level)
        };
        let places = self.changes().filter_map(|(_, change)| match change {
            StateChange::ThreatLevel { place, .. } => Some(*place),
            _ => None,
        });
        places.filter(holds).filter_map(set).max().unwrap_or(0)
    }

    fn reader_locked_until(&self, door: DoorId, side: Side) -> Option<UnixMs> {
        let until = |refused: &Refused<'_>| {
            refused.effects.iter().find_map(|effect| match effect {
                Effect::LockReader { until } => Some(*until),
                _ => None,
            })
        };
        let here = self.refusals_that(|refused| refused.attempt.door == door && refused.attempt.side == side);
        let locks = here.iter().filter_map(|refused| Some((refused.at, until(refused)?)));
        let (at, until) = locks.max()?;
        let unlocked = self.newest_change(|change| *change == StateChange::ReaderUnlocked { door, side });
        unlocked.is_none_or(|unlocked| unlocked < at).then_some(until)
    }

    fn last_entered(&self, door: DoorId) -> Option<UnixMs> {
        let entered = self.passages().into_iter().filter(|passed| passed.door == door && passed.side == Side::In);
        entered.map(|passed| passed.at).max()
    }

    fn toggled_at(&self, door: DoorId) -> Option<UnixMs> {
        let mut turned = Vec::new();
        let mut undoing = Vec::new();
        for record in &self.records {
            match &record.event {
                Event::ReleaseAbandoned { door: of, cause: ReleaseCause::Attempt(attempt) } if *of == door => {
                    undoing.push((record.at, *attempt, true));
                }
                Event::Decision(decision) if decision.attempt.door == door => {
                    let (at, attempt) = (decision.attempt.at, decision.attempt.id);
                    if decision.verdict.outcome == Outcome::Deny {
                        undoing.push((at, attempt, false));
                    }
                    for effect in &decision.verdict.effects {
                        if let Effect::Toggle { is_free } = effect {
                            turned.push((at, *is_free, attempt));
                        }
                    }
                }
                _ => {}
            }
        }
        turned.sort();
        turned.dedup();
        let known = turned.split_off(turned.len().saturating_sub(TURNS));
        let undone = |(at, _, attempt): &(UnixMs, bool, AttemptId)| {
            undoing.iter().any(|(since, of, abandoned)| of == attempt && (*abandoned || since >= at))
        };
        let newest = known.into_iter().rev().find(|turn| !undone(turn));
        newest.filter(|(_, is_free, _)| *is_free).map(|(at, _, _)| at)
    }

    /// Grants and passages of a person.
    fn sightings(&self, person: PersonId) -> Vec<Sighting> {
        let granted = self.grants().into_iter().map(|granted| (granted.person, granted.door, granted.at));
        let passed = self.passages().into_iter().map(|passed| (passed.person, passed.door, passed.at));
        let seen = granted.chain(passed).map(|(person, door, at)| Sighting { person, door, at });
        seen.filter(|sighting| sighting.person == person).collect()
    }

    fn last_seen(&self, person: PersonId, not_at: DoorId) -> Option<Sighting> {
        let elsewhere = self.sightings(person).into_iter().filter(|sighting| sighting.door != not_at);
        elsewhere.max_by_key(|sighting| (sighting.at, sighting.door))
    }

    /// What ends grants and is not forgotten: passages, words that nobody came in, and refusals. With the newest instant of all of
    /// that and of grants.
    fn ends(&self) -> (Ends, Option<UnixMs>) {
        let mut used: Vec<(AttemptId, UnixMs)> = Vec::new();
        let mut lapsed: Vec<(AttemptId, UnixMs)> = Vec::new();
        let mut refused: Vec<(AttemptId, UnixMs)> = Vec::new();
        for passed in self.passages() {
            used.push((passed.attempt, passed.at));
        }
        for record in &self.records {
            match &record.event {
                Event::NotOpened { cause: ReleaseCause::Attempt(attempt), .. }
                | Event::ReleaseAbandoned { cause: ReleaseCause::Attempt(attempt), .. } => {
                    lapsed.push((*attempt, record.at))
                }
                _ => {}
            }
        }
        for refusal in self.refusals_that(|_| true) {
            refused.push((refusal.attempt.id, refusal.at));
        }
        let ends = used.iter().chain(&lapsed).chain(&refused).map(|(_, at)| *at);
        let newest = self.grants().iter().map(|granted| granted.at).chain(ends).max();
        for ends in [&mut used, &mut lapsed, &mut refused] {
            ends.retain(|(_, at)| newest.is_some_and(|newest| newest.0 - at.0 <= ENDS_MS));
        }
        (Ends { used, lapsed, refused }, newest)
    }

    /// Unused grants of everybody.
    fn unused(&self, at: UnixMs) -> Vec<Granted> {
        let (ends, newest) = self.ends();
        let mut unused = self.grants();
        unused.retain(|granted| newest.is_some_and(|newest| newest.0 - granted.at.0 <= UNUSED_MS));
        unused.retain(|granted| at.0 - granted.at.0 <= UNUSED_MS);
        unused.retain(|granted| !ends.used.iter().any(|(attempt, _)| *attempt == granted.attempt));
        unused.retain(|granted| !ends.came_to_nothing(granted));
        unused.retain(|granted| {
            let person = granted.person;
            let forgiven = self.newest_change(|change| *change == StateChange::Forgiven { person });
            forgiven.is_none_or(|forgiven| forgiven < granted.at)
        });
        unused
    }

    /// Where the newest of passage and unused grants elsewhere led.
    fn led_last(&self, person: PersonId, attempt: &Attempt) -> Option<Whereabouts> {
        let unused = self
            .unused(attempt.at)
            .into_iter()
            .filter(|granted| granted.person == person && (granted.door, granted.side) != (attempt.door, attempt.side));
        let unused = unused.map(|granted| Whereabouts { door: granted.door, side: granted.side, at: granted.at });
        unused.chain(self.whereabouts(person)).max_by_key(|led| (led.at, led.door, led.side))
    }

    /// Others inside an area, and those of them who were granted to leave.
    fn others_inside(&self, rows: &PolicyRows, area: AreaId, holder: Option<PersonId>, at: UnixMs) -> Others {
        let leads = |door: DoorId, side: Side| {
            let door = rows.doors.iter().find(|known| known.id == door)?;
            Some(match side {
                Side::In => (door.leads_from, door.leads_to),
                Side::Out => (door.leads_to, door.leads_from),
            })
        };
        let unused = self.unused(at);
        let mut everybody = self.everybody();
        everybody.extend(unused.iter().map(|granted| granted.person));
        everybody.sort();
        everybody.dedup();
        let mut others = Others::default();
        for person in everybody.into_iter().filter(|person| Some(*person) != holder) {
            let led = |granted: &&Granted| granted.person == person && leads(granted.door, granted.side).is_some();
            let theirs: Vec<_> =
                unused.iter().filter(led).filter_map(|granted| leads(granted.door, granted.side)).collect();
            let passed = self.whereabouts(person).and_then(|last| leads(last.door, last.side));
            let is_inside = passed.is_some_and(|(_, to)| to == area);
            if is_inside || theirs.iter().any(|(_, to)| *to == area) {
                others.inside += 1;
                others.leaving += u32::from(theirs.iter().any(|(from, _)| *from == area));
            }
        }
        others
    }

    fn not_secured(&self, rows: &PolicyRows, door: DoorId, at: UnixMs) -> Vec<LeafState> {
        let groups = rows.interlocks.iter().filter(|group| group.doors.contains(&door));
        let others = groups.flat_map(|group| &group.doors).filter(|other| **other != door);
        let release_ms =
            |other: DoorId| rows.doors.iter().find(|door| door.id == other).map_or(0, |door| door.release_ms);
        let is_released = |other: DoorId| self.is_released(other, release_ms(other), at) || self.stands_unlocked(other);
        let states = others.map(|other| (*other, self.is_leaf_open(*other), is_released(*other)));
        let not_secured = states.filter(|(_, is_open, is_released)| *is_open || *is_released);
        not_secured.map(|(door, is_open, _)| LeafState { door, is_open }).collect()
    }

    fn is_leaf_open(&self, door: DoorId) -> bool {
        let words = self.records.iter().filter_map(|record| match record.event {
            Event::DoorOpened { door: of, .. } if of == door => Some((record.at, true)),
            Event::DoorClosed { door: of, .. } if of == door => Some((record.at, false)),
            Event::DoorFound { door: of, is_open } if of == door => Some((record.at, is_open)),
            _ => None,
        });
        words.max().is_some_and(|(_, is_open)| is_open)
    }

    /// Whether the newest word of a door is that it stands unlocked.
    fn stands_unlocked(&self, door: DoorId) -> bool {
        let mut words: Vec<(UnixMs, bool, Author)> = Vec::new();
        for record in &self.records {
            match record.event {
                Event::FreeBegan { door: of, .. } if of == door => words.push((record.at, true, record.author)),
                Event::FreeEnded { door: of } if of == door => words.push((record.at, false, record.author)),
                _ => {}
            }
        }
        let Some((since, is_unlocked, author)) = words.into_iter().max() else { return false };
        let starts = self.records.iter().filter(|record| matches!(record.event, Event::AgentStarted { .. }));
        is_unlocked && !starts.into_iter().any(|start| start.author == author && start.at > since)
    }

    fn is_released(&self, door: DoorId, exit_ms: u32, at: UnixMs) -> bool {
        let mut releases = Vec::new();
        for record in &self.records {
            match &record.event {
                Event::Decision(decision) if decision.attempt.door == door => {
                    if let Outcome::Grant { release_ms, .. } = decision.verdict.outcome {
                        releases.push((decision.attempt.at, release_ms));
                    }
                }
                Event::CommandDone { door: of, release_ms, .. } if *of == door && *release_ms > 0 => {
                    releases.push((record.at, *release_ms));
                }
                Event::ExitRequested { door: of, was_released: true } if *of == door => {
                    releases.push((record.at, exit_ms));
                }
                _ => {}
            }
        }
        let has_closed_since = |since: UnixMs| {
            self.records.iter().filter(|record| record.at > since).any(|record| match record.event {
                Event::DoorClosed { door: of, .. } | Event::DoorFound { door: of, is_open: false } => of == door,
                _ => false,
            })
        };
        let lasts = |(since, release_ms): &(UnixMs, u32)| at.0 - since.0 < i64::from(*release_ms);
        releases.iter().any(|release| lasts(release) && !has_closed_since(release.0))
    }

    fn escort_seen(&self, rows: &PolicyRows, holder: &PersonRule, door: DoorId) -> Option<Sighting> {
        let escort = holder.escort?;
        let may_escort = |person: PersonId| match escort.by {
            EscortBy::Person(by) => by == person,
            EscortBy::Group(group) => {
                rows.persons.iter().any(|known| known.id == person && known.groups.contains(&group))
            }
        };
        let mut granted: Vec<Granted> = self.grants();
        granted.retain(|granted| granted.door == door && granted.side == Side::In);
        granted.sort_by_key(|granted| std::cmp::Reverse((granted.at, granted.person, granted.attempt)));
        granted.truncate(ESCORTS);
        let (ends, _) = self.ends();
        granted.retain(|granted| !ends.came_to_nothing(granted));
        let escort = granted.iter().find(|granted| granted.person != holder.id && may_escort(granted.person))?;
        Some(Sighting { person: escort.person, door, at: escort.at })
    }

    fn waiting(&self, attempt: &Attempt, holder: Option<PersonId>) -> Vec<Waiting> {
        let mut here = self.refusals_that(|refused| {
            refused.person.is_some() && refused.attempt.door == attempt.door && refused.attempt.side == attempt.side
        });
        let says_so = |refused: &Refused<'_>| refused.effects.contains(&Effect::Wait);
        // The newest first; then only the first of each person.
        here.sort_by_key(|refused| std::cmp::Reverse((refused.at, !says_so(refused), refused.attempt.id)));
        let mut persons: Vec<PersonId> = Vec::new();
        here.retain(|refused| {
            let is_first = refused.person.is_some_and(|person| !persons.contains(&person));
            persons.extend(refused.person.filter(|_| is_first));
            is_first
        });
        here.truncate(WAITING);
        let mut waiting: Vec<Waiting> = Vec::new();
        for refused in here.iter().filter(|refused| says_so(refused)) {
            let (Some(person), Some(credential)) = (refused.person, refused.credential) else { continue };
            let wants = if refused.reason == Reason::EscortRequired { Wanted::Escort } else { Wanted::SecondPerson };
            let has_matched = |shown| matches!(shown, Some(FactorResult::Matched | FactorResult::MatchedDuress));
            let shown = if has_matched(refused.attempt.finger) {
                FactorDemand::CardFinger
            } else if has_matched(refused.attempt.pin) {
                FactorDemand::CardPin
            } else {
                FactorDemand::Card
            };
            waiting.push(Waiting { attempt: refused.attempt.id, person, credential, since: refused.at, wants, shown });
        }
        waiting.retain(|waiting| !self.is_card_locked(waiting.credential));
        waiting.retain(|waiting| attempt.at.0 - waiting.since.0 <= WAITING_MS);
        waiting.retain(|waiting| !self.sightings(waiting.person).iter().any(|seen| seen.at >= waiting.since));
        waiting.retain(|waiting| Some(waiting.person) != holder);
        waiting.sort_by_key(|waiting| waiting.attempt);
        waiting
    }

    fn refusals(
        &self,
        at: UnixMs,
        within_ms: i64,
        after: Option<UnixMs>,
        is_meant: impl Fn(&Refused<'_>) -> bool,
    ) -> u32 {
        let mut meant = self.refusals_that(|refused| is_meant(refused) && counts_as_suspicious(refused.reason));
        meant.sort_by_key(|refused| std::cmp::Reverse((refused.at, refused.attempt.id)));
        meant.truncate(REFUSALS);
        meant.retain(|refused| Some(refused.at) > after && refused.at <= at);
        meant.iter().filter(|refused| at.0 - refused.at.0 < within_ms).map(|_| 1).sum()
    }
}
