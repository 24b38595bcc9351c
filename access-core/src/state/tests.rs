use super::*;
use crate::attempt::ClockTrust;
use crate::chain::Digest;
use crate::event::{AlarmKind, Author, ChainFault, CopySign, StateSet};
use crate::policy::DoorMode;
use crate::policy::samples::{MONDAY_NOON, id};

#[test]
fn whoever_passes_is_where_the_newest_passage_led() {
    let mut state = State::default();
    let passage = Passage { person: id(1), attempt: id(1) };
    state.passed(passage, id(1), Side::In, MONDAY_NOON);
    state.passed(passage, id(1), Side::Out, MONDAY_NOON.plus_ms(-1));
    let seen = Whereabouts { door: id(1), side: Side::In, at: MONDAY_NOON };
    assert_eq!(state.whereabouts(id(1)), Some(seen), "a late record overwrites nothing newer");
}

#[test]
fn what_operators_set_no_agent_sets() {
    let set = SetMode { mode: DoorMode::Free, until: UnixMs(i64::MAX) };
    let change = StateChange::DoorMode { door: id(1), set: Some(set) };
    let record = |author| Record {
        author,
        epoch: 1,
        seq: 1,
        previous: Digest::ZERO,
        at: MONDAY_NOON,
        clock: ClockTrust::Trusted,
        event: Event::StateSet(StateSet { operator: Some(id(1)), change: change.clone(), reason: None }),
    };
    let mut state = State::default();
    state.apply(&record(Author::Agent(id(1))));
    assert_eq!(state, State::default());
    state.apply(&record(Author::Server(id(1))));
    assert_eq!(state.standing(MONDAY_NOON), [(MONDAY_NOON, change)]);
}

#[test]
fn an_agent_speaks_for_itself_alone() {
    let theirs = [
        Event::LinkChanged { is_up: true, agent: Some(id(2)) },
        Event::JournalChanged { agent: id(2), fault: None, since: MONDAY_NOON },
        Event::ChainBroken { agent: id(2), epoch: 1, seq: 1, fault: ChainFault::Fork },
        Event::AgentCopied { agent: id(2), generation: 1, sign: CopySign::RenewedTwice },
        Event::AlarmRaised { kind: AlarmKind::AgentLost, door: None, person: None },
        Event::Folded {
            kind: EventKind::AlarmRaised,
            door: None,
            alarm: Some(AlarmKind::AgentCopied),
            count: 1,
            until: MONDAY_NOON,
        },
    ];
    let own = [
        Event::LinkChanged { is_up: true, agent: None },
        Event::AlarmRaised { kind: AlarmKind::JournalFault, door: None, person: None },
        Event::Folded { kind: EventKind::ExitRequested, door: None, alarm: None, count: 1, until: MONDAY_NOON },
    ];
    theirs.iter().for_each(|event| assert!(!event.is_of_agent(), "{event:?}"));
    own.iter().for_each(|event| assert!(event.is_of_agent(), "{event:?}"));
}
