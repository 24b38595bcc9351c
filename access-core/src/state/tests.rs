use super::*;
use crate::attempt::{Attempt, ClockTrust};
use crate::chain::Digest;
use crate::decide::mode_in_force;
use crate::event::{AlarmKind, Author, ChainFault, CopySign, Decided, DoorZone, StateSet};
use crate::policy::samples::{MONDAY_NOON, attempt, id, rows};
use crate::policy::{DoorMode, ModeLine, Policy};
use crate::verdict::Verdict;

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
fn a_zone_is_armed_until_the_newest_word_says_otherwise() {
    let zone = |after_ms, is_armed| {
        (MONDAY_NOON.plus_ms(after_ms), StateChange::ZoneArmed { door: id(1), zone: DoorZone::Zone2, is_armed })
    };
    let disarmed = |set: &[(UnixMs, StateChange)]| {
        let mut state = State::default();
        set.iter().for_each(|(at, change)| state.set(change, *at));
        let told = state.standing(MONDAY_NOON);
        let zones: Vec<DoorZone> = state.disarmed_zones(id(1)).collect();
        assert_eq!(told.len(), zones.len(), "agents hear of what is disarmed alone");
        zones
    };
    assert_eq!(disarmed(&[]), []);
    assert_eq!(disarmed(&[zone(0, false)]), [DoorZone::Zone2]);
    assert_eq!(disarmed(&[zone(5, true), zone(0, false)]), [], "a late word");
    assert_eq!(disarmed(&[zone(0, true), zone(5, false)]), [DoorZone::Zone2]);
    assert_eq!(disarmed(&[zone(5, false), zone(5, true)]), [], "of one instant: armed");
    let mut agent = State::of_own_doors();
    agent.stand(&[zone(0, false)]);
    assert_eq!(agent.disarmed_zones(id(1)).collect::<Vec<_>>(), [DoorZone::Zone2]);
    assert_eq!(agent.disarmed_zones(id(2)).count(), 0, "another door's");
    agent.stand(&[]);
    assert_eq!(agent.disarmed_zones(id(1)).count(), 0);
}

#[test]
fn an_agent_speaks_for_itself_alone() {
    let theirs = [
        Event::LinkChanged { is_up: true, agent: Some(id(2)) },
        Event::JournalChanged { agent: id(2), fault: None, since: MONDAY_NOON },
        Event::ChainBroken { agent: id(2), epoch: 1, seq: 1, fault: ChainFault::Fork },
        Event::AgentCopied { agent: id(2), generation: 1, sign: CopySign::RenewedTwice },
        Event::FingerInUse { enrolment: id(1), person: id(2), finger: id(3), holder: id(4) },
        Event::FingersSent {
            enrolment: id(1),
            person: id(2),
            station: id(3),
            fingers: vec![id(4)],
            holders: vec![id(5)],
        },
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

/// A door in mode toggle that grants turn; whether it is free after these words.
fn is_free_after(events: &[(i64, Event)]) -> bool {
    let mut rows = rows();
    rows.doors[0].modes = vec![ModeLine { schedule: id(1), mode: DoorMode::Toggle }];
    let policy = Policy::compile(rows).unwrap();
    let mut state = State::default();
    for (after_ms, event) in events {
        let (at, clock) = (MONDAY_NOON.plus_ms(*after_ms), ClockTrust::Trusted);
        let (author, previous) = (Author::Agent(id(1)), Digest::ZERO);
        state.apply(&Record { author, epoch: 1, seq: 1, previous, at, clock, event: event.clone() });
    }
    let at = MONDAY_NOON.plus_ms(60_000);
    let door = policy.door(id(1)).unwrap();
    let known = state.circumstances_of_door(door, at);
    mode_in_force(&policy, door, &known, at, ClockTrust::Trusted).is_free
}

fn decided(number: u128, after_ms: i64, outcome: Outcome, effects: Vec<Effect>) -> (i64, Event) {
    let attempt = Attempt { id: id(number), at: MONDAY_NOON.plus_ms(after_ms), ..attempt() };
    let reason = if outcome == Outcome::Deny { Reason::NotRecorded } else { Reason::Granted };
    let verdict = Verdict { outcome, person: Some(id(1)), effects, ..Verdict::refused(reason, 1) };
    let (circumstances, rules_version, decided) = (Circumstances::default(), 4, Decided::Online);
    let decision = Decision { attempt, circumstances, verdict, rules_version, decided };
    (after_ms, Event::Decision(Box::new(decision)))
}

fn turned(number: u128, after_ms: i64, is_free: bool) -> (i64, Event) {
    let outcome = Outcome::Grant { release_ms: 5_000, held_ms: 30_000 };
    decided(number, after_ms, outcome, vec![Effect::Toggle { is_free }])
}

#[test]
fn a_turn_counts_unless_its_grant_came_to_nothing() {
    let (door, cause) = (id(1), ReleaseCause::Attempt(id(1)));
    let abandoned = || (10, Event::ReleaseAbandoned { door, cause });
    let refused = |after_ms| decided(1, after_ms, Outcome::Deny, Vec::new());
    let other = (10, Event::ReleaseAbandoned { door, cause: ReleaseCause::Attempt(id(9)) });
    let elsewhere = (10, Event::ReleaseAbandoned { door: id(2), cause });
    assert!(is_free_after(&[turned(1, 0, true)]));
    assert!(is_free_after(&[turned(1, 0, true), (10, Event::NotOpened { door, cause })]), "nobody need open it");
    assert!(is_free_after(&[turned(1, 0, true), other]) && is_free_after(&[turned(1, 0, true), elsewhere]));
    assert!(is_free_after(&[refused(-1), turned(1, 0, true)]), "refused before, and granted then");
    for undoing in [abandoned(), refused(0), refused(10)] {
        assert!(!is_free_after(&[turned(1, 0, true), undoing.clone()]), "{undoing:?}");
        assert!(!is_free_after(&[undoing.clone(), turned(1, 0, true)]), "whichever comes first: {undoing:?}");
        assert!(!is_free_after(&[turned(1, 0, true), undoing.clone(), turned(1, 0, true)]), "twice: {undoing:?}");
        let before = turned(2, -1_000, true);
        assert!(is_free_after(&[before, turned(1, 0, false), undoing]), "as the turn before left it");
    }
}

#[test]
fn a_turn_that_was_undone_stays_so_however_much_is_refused_afterwards() {
    let (door, cause) = (id(1), ReleaseCause::Attempt(id(1)));
    let mut events = vec![turned(1, 0, true), (10, Event::ReleaseAbandoned { door, cause })];
    events.extend((100..300).map(|number| decided(number, 20, Outcome::Deny, Vec::new())));
    assert!(!is_free_after(&events));
}
