//! Doors of an airlock, as their contacts and records tell.

use super::*;
use crate::attempt::ClockTrust;
use crate::event::{Author, Event, Record};
use crate::ids::AgentId;
use crate::policy::{DoorMode, Exit, InterlockRule, samples};

/// Doors 1 and 3, left by handles, and door 2, left by this system, are one airlock.
fn policy() -> Policy {
    let mut rows = rows();
    rows.doors.push(samples::door(3, Exit::Mechanical));
    rows.levels[0].lines[0].places.push(Place::Door(id(3)));
    rows.interlocks.push(InterlockRule { id: id(1), doors: vec![id(1), id(2), id(3)] });
    Policy::compile(rows).unwrap()
}

/// What an agent told, each so many milliseconds before the attempt.
fn state(told: &[(i64, Event)]) -> State {
    let mut state = State::default();
    for (before_ms, event) in told {
        state.apply(&record(id(1), *before_ms, event.clone()));
    }
    state
}

fn record(agent: AgentId, before_ms: i64, event: Event) -> Record {
    let (at, previous) = (MONDAY_NOON.plus_ms(-before_ms), crate::chain::Digest([0; 32]));
    let (author, clock) = (Author::Agent(agent), ClockTrust::Trusted);
    Record { author, epoch: 1, seq: 1, previous, at, clock, event }
}

fn ask_at(state: &State, door: u128, side: Side) -> (Reason, Vec<AlarmKind>) {
    let attempt = Attempt { door: id(door), side, ..attempt() };
    let verdict = decide(&policy(), state, &attempt);
    (verdict.reason, verdict.alarms)
}

fn opened(door: u128) -> Event {
    Event::DoorOpened { door: id(door), cause: None }
}

#[test]
fn two_open_doors_contradict_each_other_whichever_is_asked() {
    let both = state(&[(2_000, opened(1)), (1_000, opened(3))]);
    let alarm = vec![AlarmKind::InterlockContradiction];
    for door in [1, 3] {
        assert_eq!(ask_at(&both, door, Side::Out), (Reason::Granted, alarm.clone()), "the exit side is freed");
        assert_eq!(ask_at(&both, door, Side::In), (Reason::Interlock, alarm.clone()));
    }
    assert_eq!(ask_at(&both, 2, Side::In), (Reason::Interlock, alarm));
    let one = state(&[(2_000, opened(1)), (1_000, opened(3)), (500, Event::DoorClosed { door: id(3), open_ms: 500 })]);
    assert_eq!(ask_at(&one, 1, Side::In), (Reason::Granted, vec![]), "it may stand open itself");
    assert_eq!(ask_at(&one, 3, Side::Out), (Reason::Interlock, vec![]));
}

#[test]
fn a_door_that_is_unlocked_or_released_for_leaving_is_not_secured() {
    let free = || Event::FreeBegan { door: id(1), mode: DoorMode::Free };
    let ended = || Event::FreeEnded { door: id(1) };
    let started = || Event::AgentStarted { build: String::new(), was_unclean: true };
    let asked = |was_released| Event::ExitRequested { door: id(1), was_released };
    let closed = || Event::DoorClosed { door: id(1), open_ms: 1 };
    let hour = HOUR_MS;
    let cases: [(&[(i64, Event)], Reason); 10] = [
        (&[(hour, free())], Reason::Interlock),
        (&[(hour, free()), (1_000, closed())], Reason::Interlock),
        (&[(hour, free()), (1_000, ended())], Reason::Granted),
        (&[(hour, free()), (1_000, started())], Reason::Granted),
        (&[(hour, started()), (hour, free())], Reason::Interlock),
        (&[(4_999, asked(true))], Reason::Interlock),
        (&[(5_000, asked(true))], Reason::Granted),
        (&[(4_999, asked(true)), (1_000, closed())], Reason::Granted),
        (&[(4_999, asked(true)), (4_999, closed())], Reason::Interlock),
        (&[(4_999, asked(false))], Reason::Granted),
    ];
    for (told, expected) in cases {
        assert_eq!(ask_at(&state(told), 3, Side::In).0, expected, "{told:?}");
    }
    let mut another_agent = state(&[(hour, free())]);
    another_agent.apply(&record(id(2), 1_000, started()));
    assert_eq!(ask_at(&another_agent, 3, Side::In).0, Reason::Interlock);
}
