//! Random records: not what a system would do, but what it could ever be told. They come late, twice, and contradict each other.

use access_core::RULES_VERSION;
use access_core::attempt::{Assurance, Attempt, ClockTrust, Factor};
use access_core::chain::Digest;
use access_core::circumstances::Circumstances;
use access_core::event::{
    Author, CommandOutcome, Decided, Decision, Event, Passage, Record, ReleaseCause, SetMode, StateChange, StateSet,
};
use access_core::ids::{AttemptId, CredentialId, DoorId, PersonId};
use access_core::policy::{DoorMode, Side};
use access_core::time::UnixMs;
use access_core::verdict::{Effect, Outcome, Reason, Verdict};

use crate::attempts::attempt;
use crate::dice::Dice;
use crate::tenant::{
    AREAS, BASE, CARDS, CROWD, DOORS, HALF_HOUR_MS, MISSING, PERSONS, holder_of, id, mode, place, token,
};

/// How many numbers one record needs.
pub const NUMBERS: usize = 42;

/// What later records may speak of.
#[derive(Debug, Default)]
struct Past {
    records: Vec<Record>,
    /// Granted passages, each with the attempt that released the door.
    granted: Vec<(Passage, AttemptId, DoorId, Side)>,
    at: i64,
}

/// One record for each of these dice, in the order in which they come.
pub fn records(dice: impl IntoIterator<Item = Dice>) -> Vec<Record> {
    let mut past = Past { at: BASE.0, ..Past::default() };
    for mut dice in dice {
        let dice = &mut dice;
        past.at += dice.pick(&[1_000, 0, 1, 10_000, 60_000, 130_000]);
        let late = dice.pick(&[0, 0, 0, 0, 5_000, 61_000, HALF_HOUR_MS]);
        past.record(dice, UnixMs(past.at - late));
        if dice.one_in(10) {
            past.records.extend(past.records.last().cloned());
        }
        if dice.one_in(4) && past.records.len() > 1 {
            let (last, other) = (past.records.len() - 1, usize::from(dice.below(past.records.len() as u16)));
            past.records.swap(last, other);
        }
    }
    past.records
}

/// An attempt when all that has come, or while it comes, or long after.
pub fn attempt_after(dice: &mut Dice, records: &[Record]) -> Attempt {
    let last = records.iter().map(|record| record.at.0).max().unwrap_or(BASE.0);
    let at = UnixMs(last + dice.pick(&[0, 1, 5_000, 30_000, 60_000, 120_000, 121_000, 3_600_000, -1, -5_000, -61_000]));
    let mut attempt = Attempt { at, ..attempt(dice) };
    // Often where somebody waits.
    let waits = |record: &&Record| match &record.event {
        Event::Decision(decision) => decision.verdict.effects.contains(&Effect::Wait),
        _ => false,
    };
    let waiting: Vec<&Record> = records.iter().filter(waits).collect();
    // Or where the door was turned free.
    let turns = |record: &&Record| match &record.event {
        Event::Decision(decision) => decision.verdict.effects.contains(&Effect::Toggle { is_free: true }),
        _ => false,
    };
    let turned: Vec<&Record> = records.iter().filter(turns).collect();
    if dice.one_in(4)
        && !turned.is_empty()
        && let Event::Decision(decision) = &dice.pick(&turned).event
    {
        (attempt.door, attempt.side) = (decision.attempt.door, Side::In);
    }
    if dice.one_in(3)
        && !waiting.is_empty()
        && let Event::Decision(decision) = &dice.pick(&waiting).event
    {
        (attempt.door, attempt.side) = (decision.attempt.door, decision.attempt.side);
        attempt.at = UnixMs(decision.attempt.at.0 + dice.pick(&[5_000, 1, 20_000]));
    }
    attempt
}

/// Records of a crowd at the first door: refusals that wait, other refusals, grants on side in, and some of what ends them, close
/// together and in any order.
pub fn crowded(dice: &mut Dice, of: impl IntoIterator<Item = Dice>) -> Vec<Record> {
    let kinds = dice.pick(&[[4, 0, 7, 0], [6, 6, 4, 0], [0, 0, 0, 6], [4, 4, 6, 7]]);
    let mut past = Past { at: BASE.0, ..Past::default() };
    for mut dice in of {
        past.at += i64::from(dice.below(3)) * 700;
        let at = UnixMs(past.at - dice.pick(&[0, 0, 5_000, 40_000]));
        let seq = past.records.len() as u64 + 1;
        let person = dice.number(CROWD);
        let kind = dice.pick(&kinds);
        let event = match past.decided(&mut dice, at, u128::from(seq), kind) {
            Event::Decision(mut decision) => {
                decision.attempt.door = id(1);
                decision.attempt.side = if dice.one_in(10) { Side::Out } else { Side::In };
                decision.verdict.person = Some(id(person));
                decision.verdict.credential = Some(id(if kind == 6 { 1 } else { person }));
                Event::Decision(decision)
            }
            other => other,
        };
        let (previous, clock) = (Digest([0; 32]), ClockTrust::Trusted);
        past.records.push(Record { author: Author::Agent(id(1)), epoch: 1, seq, previous, at, clock, event });
    }
    past.records
}

/// Grants that turn the first door free and back, in any order with what became of them.
pub fn turning(of: impl IntoIterator<Item = Dice>) -> Vec<Record> {
    let mut past = Past { at: BASE.0, ..Past::default() };
    for mut dice in of {
        past.at += i64::from(dice.below(3)) * 1_000;
        let at = UnixMs(past.at);
        let seq = past.records.len() as u64 + 1;
        // One of a few attempts: it may have been granted, or may be later.
        let attempt: AttemptId = id(1_000 + dice.number(6));
        let (cause, door) = (ReleaseCause::Attempt(attempt), id(if dice.one_in(8) { 2 } else { 1 }));
        let event = match dice.below(8) {
            0 => Event::NotOpened { door, cause },
            1 => Event::ReleaseAbandoned { door, cause },
            other => match past.decided(&mut dice, at, 0, if other < 4 { 6 } else { 0 }) {
                Event::Decision(mut decision) => {
                    (decision.attempt.id, decision.attempt.door) = (attempt, door);
                    if decision.verdict.outcome != Outcome::Deny {
                        decision.verdict.effects = vec![Effect::Toggle { is_free: !dice.one_in(3) }];
                    }
                    Event::Decision(decision)
                }
                other => other,
            },
        };
        let (previous, clock) = (Digest([0; 32]), ClockTrust::Trusted);
        past.records.push(Record { author: Author::Agent(id(1)), epoch: 1, seq, previous, at, clock, event });
    }
    past.records
}

/// A person was granted the first door on side in.
pub fn granted_in(number: u128, person: PersonId, at: UnixMs) -> Record {
    let mut past = Past::default();
    let event = match past.decided(&mut Dice::zeros(), at, number, 0) {
        Event::Decision(mut decision) => {
            decision.verdict.person = Some(person);
            Event::Decision(decision)
        }
        other => other,
    };
    let (previous, clock, seq) = (Digest([0; 32]), ClockTrust::Trusted, number as u64);
    Record { author: Author::Agent(id(1)), epoch: 1, seq, previous, at, clock, event }
}

/// An attempt of one of the crowd at the first door.
pub fn attempt_in_crowd(dice: &mut Dice, records: &[Record]) -> Attempt {
    let card = if dice.one_in(3) { 1 } else { dice.number(CROWD) };
    let asked = attempt_after(dice, records);
    let (door, clock, assurance) = (id(1), ClockTrust::Trusted, Assurance::Authenticated);
    Attempt { door, side: Side::In, card: token(card), clock, assurance, ..asked }
}

impl Past {
    fn record(&mut self, dice: &mut Dice, at: UnixMs) {
        let seq = self.records.len() as u64 + 1;
        let event = self.event(dice, at, u128::from(seq));
        let (previous, clock) = (Digest([0; 32]), ClockTrust::Trusted);
        // One in a while is a forged one: an agent that says what an operator would.
        let author = match event {
            Event::StateSet(_) if !dice.one_in(8) => Author::Server(id(1)),
            _ => Author::Agent(id(dice.pick(&[1, 1, 2]))),
        };
        self.records.push(Record { author, epoch: 1, seq, previous, at, clock, event });
    }

    fn event(&mut self, dice: &mut Dice, at: UnixMs, number: u128) -> Event {
        let door = id(dice.number(DOORS + 1));
        let side = dice.pick(&[Side::In, Side::Out]);
        match dice.below(24) {
            0..9 => self.decision(dice, at, number),
            9..12 => self.entered(dice, door, side, number),
            12 => Event::NotOpened { door, cause: self.cause(dice) },
            13 => {
                let cause = self.cause(dice);
                let released = self.granted.iter().find(|granted| ReleaseCause::Attempt(granted.1) == cause);
                let there = released.filter(|_| !dice.one_in(4)).map(|(_, _, door, _)| *door);
                Event::ReleaseAbandoned { door: there.unwrap_or(door), cause }
            }
            14 => Event::DoorOpened { door, cause: dice.some_in(2, |dice| self.cause(dice)) },
            15 if dice.one_in(4) => Event::DoorFound { door, is_open: dice.one_in(2) },
            15 => Event::DoorClosed { door, open_ms: 1 },
            16 => {
                let outcome =
                    dice.pick(&[CommandOutcome::CarriedOut, CommandOutcome::CarriedOut, CommandOutcome::Expired]);
                let release_ms = if outcome == CommandOutcome::CarriedOut { dice.pick(&[5_000, 60_000, 0]) } else { 0 };
                Event::CommandDone { command: id(number), door, outcome, release_ms }
            }
            17 | 20 => Event::ExitRequested { door, was_released: dice.one_in(2) },
            18 | 21 => match dice.below(4) {
                0 | 1 => Event::FreeBegan { door, mode: DoorMode::Free },
                2 => Event::FreeEnded { door },
                _ => Event::AgentStarted { build: String::new(), was_unclean: false },
            },
            _ => Event::StateSet(StateSet { operator: None, change: change(dice, at), reason: None }),
        }
    }

    /// A decision, whatever rules might have said of it.
    fn decision(&mut self, dice: &mut Dice, at: UnixMs, number: u128) -> Event {
        let kind = dice.below(8);
        self.decided(dice, at, number, kind)
    }

    fn decided(&mut self, dice: &mut Dice, at: UnixMs, number: u128, kind: u16) -> Event {
        let door = id(dice.number(DOORS));
        let mut attempt = Attempt { id: id(1_000 + number), door, at, ..attempt(dice) };
        // An answer may come too late, and the agent refuse what the server granted.
        if kind == 6
            && dice.one_in(3)
            && let Some((_, granted, door, side)) = self.granted.last()
        {
            (attempt.id, attempt.door, attempt.side) = (*granted, *door, *side);
        }
        let card = (1..=CARDS + MISSING).find(|card| token(*card) == attempt.card);
        let person = card.and_then(holder_of);
        let mut verdict = Verdict { person, credential: card.map(id), ..Verdict::refused(Reason::NoGrant, 1) };
        let lock_reader = Effect::LockReader { until: UnixMs(at.0 + dice.pick(&[30_000, 1_000, 600_000])) };
        match kind {
            0..4 => {
                verdict.outcome = Outcome::Grant { release_ms: dice.pick(&[5_000, 15_000, 60_000]), held_ms: 30_000 };
                verdict.reason = dice.pick(&[Reason::Granted, Reason::DoorFree, Reason::LeavingNotRefused]);
                let others: Vec<Passage> = (1..=PERSONS)
                    .filter(|other| Some(id(*other)) != person && dice.one_in(6))
                    .map(|other| Passage { person: id(other), attempt: id(5_000 + number * 10 + other) })
                    .collect();
                let holder = person.map(|person| Passage { person, attempt: attempt.id });
                let granted = holder.into_iter().chain(others.iter().copied());
                self.granted.extend(granted.map(|passage| (passage, attempt.id, attempt.door, attempt.side)));
                verdict.effects.extend((!others.is_empty()).then_some(Effect::AdmitWith(others)));
                verdict.effects.extend(dice.some_in(2, |dice| Effect::Toggle { is_free: !dice.one_in(3) }));
            }
            4 | 5 => {
                verdict.reason = dice.pick(&[Reason::EscortRequired, Reason::SecondPersonRequired]);
                verdict.effects.push(Effect::Wait);
            }
            6 => {
                verdict.reason =
                    dice.pick(&[Reason::NoGrant, Reason::WrongPin, Reason::AreaFull, Reason::CredentialLocked]);
                verdict.effects.extend(dice.some_in(3, |_| lock_reader));
                verdict.effects.extend((dice.one_in(4) && card.is_some()).then_some(Effect::LockCard));
            }
            _ => {
                let is_finger = dice.one_in(2);
                let factor = if is_finger { Factor::Finger } else { Factor::Pin };
                verdict.outcome = Outcome::Need(factor);
                verdict.reason = if is_finger { Reason::FingerRequired } else { Reason::PinRequired };
            }
        }
        let (circumstances, rules_version) = (Circumstances::default(), RULES_VERSION);
        Event::Decision(Box::new(Decision { attempt, circumstances, verdict, rules_version, decided: Decided::Online }))
    }

    /// Somebody used a grant, or one that nobody knows of.
    fn entered(&self, dice: &mut Dice, door: DoorId, side: Side, number: u128) -> Event {
        if self.granted.is_empty() || dice.one_in(3) {
            let passage =
                |dice: &mut Dice| Passage { person: id(dice.number(PERSONS + 1)), attempt: id(20_000 + number) };
            return Event::Entered { door, side, persons: vec![passage(dice)] };
        }
        let (_, released_by, door, side) = self.granted[usize::from(dice.below(self.granted.len() as u16))];
        let together = self.granted.iter().filter(|granted| granted.1 == released_by);
        Event::Entered { door, side, persons: together.map(|granted| granted.0).collect() }
    }

    fn cause(&self, dice: &mut Dice) -> ReleaseCause {
        if self.granted.is_empty() || dice.one_in(6) {
            return dice.pick(&[ReleaseCause::ExitRequest, ReleaseCause::Command(id(1)), ReleaseCause::Attempt(id(1))]);
        }
        ReleaseCause::Attempt(self.granted[usize::from(dice.below(self.granted.len() as u16))].1)
    }
}

fn change(dice: &mut Dice, at: UnixMs) -> StateChange {
    let person: PersonId = id(dice.number(PERSONS));
    let credential: CredentialId = id(dice.number(CARDS));
    let (door, side) = (id(dice.number(DOORS)), dice.pick(&[Side::In, Side::Out]));
    match dice.below(8) {
        0 | 1 => {
            let set = SetMode { mode: mode(dice), until: UnixMs(at.0 + dice.pick(&[HALF_HOUR_MS, 60_000, 1])) };
            StateChange::DoorMode { door, set: (!dice.one_in(4)).then_some(set) }
        }
        2 => StateChange::ThreatLevel { place: place(dice), level: dice.below(5) as u8 },
        3 => StateChange::Forgiven { person },
        4 => {
            let entrances = dice.several(3, |dice| (id(dice.number(DOORS)), dice.pick(&[Side::In, Side::Out])));
            StateChange::AreaReset { area: id(dice.number(AREAS)), entrances }
        }
        5 => StateChange::CredentialLocked { credential },
        6 => StateChange::CredentialUnlocked { credential },
        _ => StateChange::ReaderUnlocked { door, side },
    }
}
