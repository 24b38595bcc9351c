//! Random logs: attempts that are decided as they come, what becomes of them, and what operators set.

use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

use super::{AREAS, BASE, CARDS, DOORS, HOUR_MS, PERSONS, SITES, any_attempt, any_id, id};
use crate::attempt::{Attempt, ClockTrust};
use crate::chain::Digest;
use crate::decide::{RULES_VERSION, judge};
use crate::event::{
    Author, CommandOutcome, Decided, Decision, DoorZone, Event, Passage, Record, ReleaseCause, SetMode, StateChange,
    StateSet,
};
use crate::ids::DoorId;
use crate::policy::{DoorMode, Place, Policy, Side};
use crate::state::State;
use crate::time::UnixMs;
use crate::verdict::Effect;
use crate::word::Word as _;

/// Something happens, so many milliseconds after what happened before.
#[derive(Debug, Clone)]
pub enum Step {
    /// Somebody shows a card. If the door is released: what becomes of that.
    Attempt(i64, Attempt, Becomes),
    /// An operator sets something.
    Set(i64, StateChange),
    /// A contact tells something.
    Leaf(i64, DoorId, bool),
    /// An operator releases a door.
    Release(i64, DoorId),
    /// A door stands unlocked from here on, or no longer.
    Free(i64, DoorId, bool),
    /// Somebody asks to leave, and is let out.
    Exit(i64, DoorId),
    /// The agent of a door starts anew.
    Start(i64, DoorId),
}

/// What becomes of a release.
#[derive(Debug, Clone, Copy)]
pub enum Becomes {
    /// Everybody goes through.
    Used,
    /// It is told that nobody opened the door.
    NotOpened,
    /// It is told that the door was not released after all.
    Abandoned,
    /// Nothing is told.
    Untold,
}

/// Up to `most` things that happen from [`BASE`] on.
pub fn any_steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let becomes = prop_oneof![
        14 => Just(Becomes::Used),
        3 => Just(Becomes::NotOpened),
        2 => Just(Becomes::Abandoned),
        1 => Just(Becomes::Untold),
    ];
    let attempt = (any_pause(), any_attempt(), becomes);
    let step = prop_oneof![
        12 => attempt.prop_map(|(pause, attempt, becomes)| Step::Attempt(pause, attempt, becomes)),
        2 => (any_pause(), any_change()).prop_map(|(pause, change)| Step::Set(pause, change)),
        1 => (any_pause(), any_id(DOORS), any::<bool>()).prop_map(|(pause, door, is_open)| Step::Leaf(pause, door, is_open)),
        1 => (any_pause(), any_id(DOORS)).prop_map(|(pause, door)| Step::Release(pause, door)),
        1 => (any_pause(), any_id(DOORS), any::<bool>()).prop_map(|(pause, door, is_free)| Step::Free(pause, door, is_free)),
        1 => (any_pause(), any_id(DOORS), any::<bool>()).prop_map(|(pause, door, starts)| {
            if starts { Step::Start(pause, door) } else { Step::Exit(pause, door) }
        }),
    ];
    proptest::collection::vec(step, 0..=most)
}

fn any_pause() -> impl Strategy<Value = i64> {
    prop_oneof![4 => 1i64..10_000, 2 => 10_000i64..200_000, 1 => 200_000i64..HOUR_MS]
}

fn any_change() -> impl Strategy<Value = StateChange> {
    let place =
        prop_oneof![Just(Place::Tenant), any_id(SITES).prop_map(Place::Site), any_id(AREAS).prop_map(Place::Area)];
    let until = (1i64..24).prop_map(|hours| BASE.plus_ms(hours * HOUR_MS));
    let set = weighted(0.7, (select(DoorMode::ALL), until).prop_map(|(mode, until)| SetMode { mode, until }));
    let entrances = proptest::collection::vec((any_id(DOORS), select(Side::ALL)), 1..3);
    prop_oneof![
        (any_id(DOORS), set).prop_map(|(door, set)| StateChange::DoorMode { door, set }),
        (place, 0u8..4).prop_map(|(place, level)| StateChange::ThreatLevel { place, level }),
        any_id(PERSONS).prop_map(|person| StateChange::Forgiven { person }),
        (any_id(AREAS), entrances).prop_map(|(area, entrances)| StateChange::AreaReset { area, entrances }),
        any_id(CARDS).prop_map(|credential| StateChange::CredentialLocked { credential }),
        any_id(CARDS).prop_map(|credential| StateChange::CredentialUnlocked { credential }),
        (any_id(DOORS), select(Side::ALL)).prop_map(|(door, side)| StateChange::ReaderUnlocked { door, side }),
        (any_id(DOORS), select(DoorZone::ALL), any::<bool>())
            .prop_map(|(door, zone, is_armed)| StateChange::ZoneArmed { door, zone, is_armed }),
    ]
}

/// Lets it happen: attempts are decided by `policy` as things stand then. Gives the records that come of it, in their order, and the
/// state after them. Doors 1 and 2 hang on one agent, the others on another; what operators set is the server's.
pub fn play(policy: &Policy, steps: &[Step]) -> (Vec<Record>, State) {
    let mut stage = Stage { policy, state: State::default(), records: Vec::new(), at: BASE };
    for (number, step) in (1..).zip(steps) {
        stage.play(number, step);
    }
    (stage.records, stage.state)
}

struct Stage<'a> {
    policy: &'a Policy,
    state: State,
    records: Vec<Record>,
    at: UnixMs,
}

impl Stage<'_> {
    fn play(&mut self, number: u128, step: &Step) {
        match step {
            Step::Attempt(pause_ms, attempt, becomes) => {
                self.pass(*pause_ms);
                self.attempt(&Attempt { id: id(number), at: self.at, ..attempt.clone() }, *becomes);
            }
            Step::Set(pause_ms, change) => {
                self.pass(*pause_ms);
                let set = StateSet { operator: None, change: change.clone(), reason: None };
                self.record(Author::Server(id(1)), Event::StateSet(set));
            }
            Step::Leaf(pause_ms, door, is_open) => {
                self.pass(*pause_ms);
                let (door, open_ms) = (*door, 1);
                let event = if *is_open {
                    Event::DoorOpened { door, cause: None }
                } else {
                    Event::DoorClosed { door, open_ms }
                };
                self.record(agent_of(door), event);
            }
            Step::Release(pause_ms, door) => {
                self.pass(*pause_ms);
                let outcome = CommandOutcome::CarriedOut;
                let event = Event::CommandDone { command: id(number), door: *door, outcome, release_ms: 5_000 };
                self.record(agent_of(*door), event);
            }
            Step::Free(pause_ms, door, is_free) => {
                self.pass(*pause_ms);
                let (door, mode) = (*door, DoorMode::Free);
                let event = if *is_free { Event::FreeBegan { door, mode } } else { Event::FreeEnded { door } };
                self.record(agent_of(door), event);
            }
            Step::Exit(pause_ms, door) => {
                self.pass(*pause_ms);
                self.record(agent_of(*door), Event::ExitRequested { door: *door, was_released: true });
            }
            Step::Start(pause_ms, door) => {
                self.pass(*pause_ms);
                let event = Event::AgentStarted { build: String::new(), was_unclean: true };
                self.record(agent_of(*door), event);
            }
        }
    }

    fn attempt(&mut self, attempt: &Attempt, becomes: Becomes) {
        let (door, side, agent) = (attempt.door, attempt.side, agent_of(attempt.door));
        let circumstances = self.state.circumstances(self.policy, attempt);
        let verdict = judge(self.policy, &circumstances, attempt);
        let admitted = verdict.effects.iter().filter_map(|effect| match effect {
            Effect::AdmitWith(passages) => Some(passages.clone()),
            _ => None,
        });
        let holder = verdict.person.map(|person| Passage { person, attempt: attempt.id });
        let persons: Vec<Passage> = holder.into_iter().chain(admitted.flatten()).collect();
        let (is_grant, rules_version, decided) = (verdict.is_grant(), RULES_VERSION, Decided::Online);
        let decision = Decision { attempt: attempt.clone(), circumstances, verdict, rules_version, decided };
        self.record(agent, Event::Decision(Box::new(decision)));
        let cause = ReleaseCause::Attempt(attempt.id);
        match becomes {
            _ if !is_grant => {}
            Becomes::Used => {
                self.pass(1_500);
                self.record(agent, Event::DoorOpened { door, cause: Some(cause) });
                self.record(agent, Event::Entered { door, side, persons });
                self.pass(1_500);
                self.record(agent, Event::DoorClosed { door, open_ms: 1_500 });
            }
            Becomes::NotOpened => {
                self.pass(5_000);
                self.record(agent, Event::NotOpened { door, cause });
            }
            Becomes::Abandoned => self.record(agent, Event::ReleaseAbandoned { door, cause }),
            Becomes::Untold => {}
        }
    }

    fn pass(&mut self, pause_ms: i64) {
        self.at = self.at.plus_ms(pause_ms);
    }

    fn record(&mut self, author: Author, event: Event) {
        let seq = self.records.iter().filter(|record| record.author == author).count() as u64 + 1;
        let (previous, at, clock) = (Digest([0; 32]), self.at, ClockTrust::Trusted);
        let record = Record { author, epoch: 1, seq, previous, at, clock, event };
        self.state.apply(&record);
        self.records.push(record);
    }
}

fn agent_of(door: DoorId) -> Author {
    Author::Agent(if door <= id(2) { id(1) } else { id(2) })
}
