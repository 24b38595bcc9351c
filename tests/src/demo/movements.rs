//! What becomes of what people set out to do: they present card and finger, the rules decide, doors open and close. Nothing
//! here makes up a decision; every one is what [`judge`] says of the attempt and circumstances that stand in its record.

use std::collections::BTreeMap;

use access_core::attempt::{Assurance, Attempt, ClockTrust, Factor, FactorResult};
use access_core::chain::Digest;
use access_core::circumstances::Circumstances;
use access_core::decide::{RULES_VERSION, judge};
use access_core::event::{AlarmKind, Author, Decided, Decision, Event, Passage, Record, ReleaseCause};
use access_core::ids::{AttemptId, DoorId, PersonId};
use access_core::policy::{CardToken, Policy, Side};
use access_core::state::State;
use access_core::time::UnixMs;
use access_core::verdict::{Effect, Outcome, Verdict};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use uuid::{Builder, Uuid};

/// Every so manieth finger is a wrong one of the same hand, and every so manieth released door is not opened.
const WRONG_FINGER_EVERY: usize = 29;
const NOT_OPENED_EVERY: usize = 67;
/// So often two try again who were not through together.
const TOGETHER_MAX: usize = 3;
/// From the first door of an airlock being shut to the card at the second, in milliseconds.
const THROUGH_MS: i64 = 2_500;
/// After a release so long, in milliseconds, an agent says that the door was not opened.
const OPEN_GRACE_MS: i64 = 530;

/// What somebody sets out to do, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) at: UnixMs,
    pub(super) door: DoorId,
    pub(super) deed: Deed,
}

/// Somebody with a card in hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holder {
    pub(super) person: PersonId,
    pub(super) card: CardToken,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Deed {
    /// Goes through by card, and by finger where one is wanted.
    Walk {
        /// None is a stranger.
        person: Option<PersonId>,
        card: CardToken,
        side: Side,
        /// Tries it even if refused; others know their hours and stay away.
        insists: bool,
        /// How long the door is kept open; none means until they are through.
        open_ms: Option<i64>,
        /// The next door of an airlock, which they go through before anybody else comes into it.
        then: Option<DoorId>,
    },
    /// Two go through together: the first is refused and waits, the second completes them.
    Together { waits: Holder, completes: Holder, side: Side },
    /// Leaves by the handle.
    Leave { person: PersonId },
    /// Opens the door without asking anybody.
    Force { open_ms: i64 },
}

/// Doors and where they lead: from this area into that.
pub(super) type Areas<'a> = BTreeMap<DoorId, (&'a str, &'a str)>;
type Happened = Vec<(UnixMs, Event)>;

/// The doors, where everybody is, and what was decided so far.
pub(super) struct Movements<'a> {
    policy: &'a Policy,
    state: State,
    areas: &'a Areas<'a>,
    random: StdRng,
    free_at: BTreeMap<DoorId, UnixMs>,
    whereabouts: BTreeMap<PersonId, &'a str>,
    fingers: usize,
    releases: usize,
}

impl<'a> Movements<'a> {
    /// Everybody is on the street.
    pub(super) fn new(policy: &'a Policy, areas: &'a Areas<'a>, seed: u64) -> Self {
        Self {
            policy,
            state: State::default(),
            areas,
            random: StdRng::seed_from_u64(seed),
            free_at: BTreeMap::new(),
            whereabouts: BTreeMap::new(),
            fingers: 0,
            releases: 0,
        }
    }

    /// What comes of a step. Steps are taken in the order of their times; somebody at a door waits for those before, and for
    /// those in the airlock that it belongs to.
    pub(super) fn take(&mut self, step: &Step) -> Happened {
        let at = self.free_at.get(&step.door).map_or(step.at, |&free_at| step.at.max(free_at));
        let mut happened = match step.deed {
            Deed::Walk { person, .. } if !self.stands_before(person, step) => Vec::new(),
            Deed::Walk { person, card, side, insists, open_ms, .. } => {
                let attempt = self.attempt(step.door, side, card, at);
                let is_welcome = self.would_pass(&attempt);
                if is_welcome || insists { self.walk(person, attempt, open_ms) } else { Vec::new() }
            }
            Deed::Together { waits, completes, side } => self.together(step, waits, completes, side, at),
            Deed::Leave { person } if !self.stands_before(Some(person), step) => Vec::new(),
            Deed::Leave { person } => {
                self.whereabouts.insert(person, self.areas[&step.door].0);
                let asked = Event::ExitRequested { door: step.door, was_released: false };
                self.note(at, asked.clone());
                let mut happened = vec![(at, asked)];
                happened.extend(self.opening(step.door, at.plus_ms(700), Some(ReleaseCause::ExitRequest), None));
                happened
            }
            Deed::Force { open_ms } => self.opening(step.door, at, None, Some(open_ms)),
        };
        let last = happened.last().map(|(at, _)| *at);
        if let Some(last) = last {
            let airlock = self.policy.interlock_of(step.door).map(|group| group.doors.clone());
            for door in airlock.unwrap_or_else(|| vec![step.door]) {
                self.free_at.insert(door, last.plus_ms(1_200));
            }
        }
        if let Deed::Walk { person, card, side, then: Some(door), .. } = step.deed
            && let Some(last) = last
        {
            let deed = Deed::Walk { person, card, side, insists: true, open_ms: None, then: None };
            happened.extend(self.take(&Step { at: last.plus_ms(THROUGH_MS), door, deed }));
        }
        happened
    }

    /// Two who are let through together only.
    fn together(&mut self, step: &Step, waits: Holder, completes: Holder, side: Side, at: UnixMs) -> Happened {
        let mut happened: Happened = Vec::new();
        for _ in 0..TOGETHER_MAX {
            for Holder { person, card } in [waits, completes] {
                if self.stands_before(Some(person), step) {
                    let next = happened.last().map_or(at, |(last, _)| last.plus_ms(4_000));
                    let attempt = self.attempt(step.door, side, card, next);
                    happened.extend(self.walk(Some(person), attempt, None));
                }
            }
        }
        happened
    }

    fn stands_before(&self, person: Option<PersonId>, step: &Step) -> bool {
        let (outside, inside) = self.areas[&step.door];
        let needed = match step.deed {
            Deed::Walk { side: Side::In, .. } | Deed::Together { side: Side::In, .. } => outside,
            _ => inside,
        };
        person.is_none_or(|person| self.whereabouts.get(&person).copied().unwrap_or(super::STREET) == needed)
    }

    fn attempt(&mut self, door: DoorId, side: Side, card: CardToken, at: UnixMs) -> Attempt {
        // A card that can prove itself does, and the reader saw no more than the UID of any other.
        let proves_itself = self.policy.card(&card).is_some_and(|card| card.proves_itself);
        Attempt {
            id: AttemptId::from_uuid(Builder::from_random_bytes(self.random.random()).into_uuid()),
            door,
            side,
            at,
            clock: ClockTrust::Trusted,
            card,
            assurance: if proves_itself { Assurance::Authenticated } else { Assurance::WeakUid },
            finger: None,
            pin: None,
        }
    }

    fn would_pass(&self, attempt: &Attempt) -> bool {
        let with_finger = Attempt { finger: Some(FactorResult::Matched), ..attempt.clone() };
        self.decide(&with_finger).1.is_grant()
    }

    fn decide(&self, attempt: &Attempt) -> (Circumstances, Verdict) {
        let circumstances = self.state.circumstances(self.policy, attempt);
        let verdict = judge(self.policy, &circumstances, attempt);
        (circumstances, verdict)
    }

    fn note(&mut self, at: UnixMs, event: Event) {
        // The state asks for instant and event alone.
        let (author, previous) = (Author::Agent(Uuid::nil().into()), Digest([0; 32]));
        self.state.apply(&Record { author, epoch: 0, seq: 0, previous, at, clock: ClockTrust::Trusted, event });
    }

    /// Tries until the door was opened, or a rule refuses.
    fn walk(&mut self, person: Option<PersonId>, first: Attempt, open_ms: Option<i64>) -> Happened {
        let mut happened = Vec::new();
        let mut attempt = first;
        loop {
            let (mut circumstances, mut verdict) = self.decide(&attempt);
            if verdict.outcome == Outcome::Need(Factor::Finger) {
                self.fingers += 1;
                let is_wrong = self.fingers.is_multiple_of(WRONG_FINGER_EVERY);
                attempt.at = attempt.at.plus_ms(self.random.random_range(1_900..3_400));
                attempt.finger = Some(if is_wrong { FactorResult::NotMatched } else { FactorResult::Matched });
                (circumstances, verdict) = self.decide(&attempt);
            }
            let at = attempt.at;
            let was_wrong = attempt.finger == Some(FactorResult::NotMatched);
            let outcome = verdict.outcome;
            let admitted = admitted(&verdict);
            let decided = decision(attempt.clone(), circumstances, verdict);
            self.note(at, decided.clone());
            happened.push((at, decided));
            let again_ms = match outcome {
                Outcome::Grant { release_ms, .. } => {
                    let cause = ReleaseCause::Attempt(attempt.id);
                    self.releases += 1;
                    if !self.releases.is_multiple_of(NOT_OPENED_EVERY) {
                        happened.extend(self.passage(&attempt, person, admitted, open_ms));
                        return happened;
                    }
                    let over = at.plus_ms(i64::from(release_ms) + OPEN_GRACE_MS);
                    let not_opened = Event::NotOpened { door: attempt.door, cause };
                    self.note(over, not_opened.clone());
                    happened.push((over, not_opened));
                    over.since(at) + 6_000
                }
                _ if was_wrong => 5_000,
                _ => return happened,
            };
            attempt = self.attempt(attempt.door, attempt.side, attempt.card, at.plus_ms(again_ms));
        }
    }

    /// Somebody goes through a released door, and whoever was admitted with them.
    fn passage(
        &mut self,
        attempt: &Attempt,
        person: Option<PersonId>,
        admitted: Vec<Passage>,
        open_ms: Option<i64>,
    ) -> Happened {
        let (door, side) = (attempt.door, attempt.side);
        let opened = attempt.at.plus_ms(self.random.random_range(800..2_200));
        let mut happened = self.opening(door, opened, Some(ReleaseCause::Attempt(attempt.id)), open_ms);
        if let Some(person) = person {
            let (outside, inside) = self.areas[&door];
            let persons = [vec![Passage { person, attempt: attempt.id }], admitted].concat();
            for passage in &persons {
                self.whereabouts.insert(passage.person, if side == Side::In { inside } else { outside });
            }
            let entered = Event::Entered { door, side, persons };
            self.note(opened, entered.clone());
            happened.insert(1, (opened, entered));
        }
        happened
    }

    /// The leaf opens and closes, with the alarms of one that was forced or is held.
    fn opening(&mut self, door: DoorId, at: UnixMs, cause: Option<ReleaseCause>, open_ms: Option<i64>) -> Happened {
        let open_ms = open_ms.unwrap_or_else(|| self.random.random_range(1_800..4_600));
        let held_ms = self.policy.door(door).map_or(i64::MAX, |rule| i64::from(rule.held_ms));
        let kind = match cause {
            None => Some((AlarmKind::DoorForced, 0)),
            Some(_) if open_ms >= held_ms => Some((AlarmKind::DoorHeld, held_ms)),
            Some(_) => None,
        };
        let closed = at.plus_ms(open_ms);
        let mut happened = vec![(at, Event::DoorOpened { door, cause })];
        happened.extend(kind.map(|(kind, after_ms)| {
            (at.plus_ms(after_ms), Event::AlarmRaised { kind, door: Some(door), person: None })
        }));
        happened.push((closed, Event::DoorClosed { door, open_ms: open_ms.unsigned_abs() }));
        happened.extend(kind.map(|(kind, _)| (closed, Event::AlarmCleared { kind, door: Some(door) })));
        for (at, event) in &happened {
            self.note(*at, event.clone());
        }
        happened
    }
}

/// Those who have waited and pass with the holder.
fn admitted(verdict: &Verdict) -> Vec<Passage> {
    let admitted = verdict.effects.iter().map(|effect| match effect {
        Effect::AdmitWith(passages) => passages.clone(),
        _ => Vec::new(),
    });
    admitted.collect::<Vec<_>>().concat()
}

fn decision(attempt: Attempt, circumstances: Circumstances, verdict: Verdict) -> Event {
    let (rules_version, decided) = (RULES_VERSION, Decided::Online);
    Event::Decision(Box::new(Decision { attempt, circumstances, verdict, rules_version, decided }))
}
