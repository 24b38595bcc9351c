use proptest::prelude::*;

use super::*;
use crate::attempt::{ClockTrust, FactorResult};
use crate::policy::samples::{CARD, MONDAY_NOON, attempt, id, person, rows};
use crate::policy::{
    Block, BlockSubject, CardToken, CredentialRule, CredentialState, Exemption, ExemptionGround, FactorDemand, Grant,
    GroupRule, Holder, Place, PolicyRows, Sides,
};
use crate::time::{Period, UnixMs};

/// One more person, who may pass as person 1 may: person, card and grant of this number.
fn another(rows: &mut PolicyRows, number: u8) {
    let of = u128::from(number);
    rows.persons.push(person(of));
    let token = CardToken([number; 32]);
    rows.credentials.push(CredentialRule { id: id(of), person: id(of), token, ..rows.credentials[0] });
    rows.grants.push(Grant { id: id(of), holder: Holder::Person(id(of)), ..rows.grants[0] });
}

/// Persons 1 and 2 may pass alike.
fn two() -> PolicyRows {
    let mut rows = rows();
    another(&mut rows, 2);
    rows
}

type Change = fn(&mut PolicyRows, &mut Attempt);

fn ask(change: Change) -> Verdict {
    let (mut rows, mut attempt) = (rows(), attempt());
    change(&mut rows, &mut attempt);
    decide(&Policy::compile(rows).unwrap(), &State::default(), &attempt)
}

#[test]
fn each_rule_has_its_reason() {
    let cases: [(Reason, Change); 21] = [
        (Reason::Granted, |_, _| {}),
        (Reason::UnknownDoor, |_, attempt| attempt.door = id(9)),
        (Reason::UnknownCredential, |_, attempt| attempt.card = CardToken([9; 32])),
        (Reason::WeakCardNotAccepted, |rows, _| rows.sites[0].accepts_uid_only = false),
        (Reason::CredentialSuspended, |rows, _| rows.credentials[0].state = CredentialState::Suspended),
        (Reason::CredentialLost, |rows, _| rows.credentials[0].state = CredentialState::Lost),
        (Reason::CredentialStolen, |rows, _| rows.credentials[0].state = CredentialState::Stolen),
        (Reason::CredentialReturned, |rows, _| rows.credentials[0].state = CredentialState::Returned),
        (Reason::CredentialNotYetValid, |rows, _| rows.credentials[0].valid.from = MONDAY_NOON.plus_ms(1)),
        (Reason::CredentialExpired, |rows, _| rows.credentials[0].valid.until = Some(MONDAY_NOON)),
        (Reason::PersonInactive, |rows, _| rows.persons[0].is_active = false),
        (Reason::NoGrant, |rows, _| rows.grants.clear()),
        (Reason::DoorNotGranted, |rows, _| rows.levels[0].lines[0].places.retain(|place| *place != Place::Door(id(1)))),
        (Reason::DoorNotGranted, |rows, _| rows.levels[0].lines[0].sides = Sides::Out),
        (Reason::GrantNotYetValid, |rows, _| rows.grants[0].valid.from = MONDAY_NOON.plus_ms(1)),
        (Reason::GrantExpired, |rows, _| rows.grants[0].valid.until = Some(MONDAY_NOON)),
        (Reason::OutsideSchedule, |rows, _| rows.schedules[0].windows[0].span.to_minute = 12 * 60),
        (Reason::FingerRequired, |_, attempt| attempt.finger = None),
        (Reason::WrongFinger, |_, attempt| attempt.finger = Some(FactorResult::NotMatched)),
        (Reason::NoFingerEnrolled, |rows, attempt| {
            rows.persons[0].has_finger = false;
            attempt.finger = None;
        }),
        (Reason::ClockNotTrusted, |_, attempt| attempt.clock = ClockTrust::Untrusted),
    ];
    for (reason, change) in cases {
        let verdict = ask(change);
        assert_eq!(verdict.reason, reason);
        let expected = match reason {
            Reason::Granted => Outcome::Grant { release_ms: 5_000, held_ms: 30_000 },
            Reason::FingerRequired => Outcome::Need(Factor::Finger),
            _ => Outcome::Deny,
        };
        assert_eq!(verdict.outcome, expected, "{reason}");
    }
    assert_eq!(ask(|_, attempt| attempt.at = MONDAY_NOON.plus_ms(-6 * HOUR_MS)).reason, Reason::OutsideSchedule);
    assert_eq!(ask(|_, attempt| attempt.at = MONDAY_NOON.plus_ms(24 * HOUR_MS)).reason, Reason::GrantExpired);
}

const HOUR_MS: i64 = 3_600_000;

fn block(subject: BlockSubject, valid: Period) -> Block {
    Block { id: id(1), subject, place: Place::Tenant, valid }
}

const ALWAYS: Period = Period { from: UnixMs(i64::MIN), until: None };

#[test]
fn a_block_beats_every_grant_while_it_holds() {
    let person = |rows: &mut PolicyRows, _: &mut Attempt| {
        rows.blocks.push(block(BlockSubject::Person(id(1)), ALWAYS));
    };
    let card = |rows: &mut PolicyRows, _: &mut Attempt| {
        rows.blocks.push(block(BlockSubject::Credential(id(1)), ALWAYS));
    };
    for change in [person as Change, card] {
        let verdict = ask(change);
        assert_eq!((verdict.reason, verdict.settled_by), (Reason::Blocked, vec![RecordRef::Block(id(1))]));
    }
    let over = ask(|rows, _| {
        rows.blocks.push(block(BlockSubject::Person(id(1)), Period { from: UnixMs(0), until: Some(MONDAY_NOON) }));
    });
    assert_eq!(over.reason, Reason::Granted);
}

#[test]
fn the_nearest_of_several_grants_gives_the_reason() {
    let verdict = ask(|rows, _| {
        let mut over = rows.grants[0];
        over.id = id(2);
        over.valid.until = Some(MONDAY_NOON);
        rows.grants.push(over);
        rows.schedules[0].windows[0].span.to_minute = 8 * 60;
    });
    let settled_by = vec![RecordRef::Grant(id(1)), RecordRef::Schedule(id(1))];
    assert_eq!((verdict.reason, verdict.settled_by), (Reason::OutsideSchedule, settled_by));
}

#[test]
fn a_lost_card_raises_an_alarm() {
    assert_eq!(ask(|rows, _| rows.credentials[0].state = CredentialState::Lost).alarms, [AlarmKind::LostCardPresented]);
    assert_eq!(ask(|rows, _| rows.credentials[0].state = CredentialState::Returned).alarms, []);
}

#[test]
fn a_lost_card_raises_its_alarm_whatever_it_proved() {
    let weak = ask(|rows, _| {
        rows.credentials[0].state = CredentialState::Stolen;
        rows.sites[0].accepts_uid_only = false;
    });
    assert_eq!((weak.reason, weak.alarms), (Reason::WeakCardNotAccepted, vec![AlarmKind::LostCardPresented]));
    let copied = ask(|rows, attempt| {
        rows.credentials[0].state = CredentialState::Lost;
        attempt.assurance = Assurance::NotAuthentic;
    });
    assert_eq!(copied.reason, Reason::CardNotAuthentic);
    assert_eq!(copied.alarms, [AlarmKind::CloneSuspected, AlarmKind::LostCardPresented]);

    let mut rows = rows();
    rows.credentials[0].state = CredentialState::Lost;
    let policy = Policy::compile(rows).unwrap();
    let reader_locked_until = Some(MONDAY_NOON.plus_ms(1));
    let known = Circumstances { reader_locked_until, ..Circumstances::default() };
    let locked = judge(&policy, &known, &attempt());
    assert_eq!((locked.reason, locked.alarms), (Reason::ReaderLocked, vec![AlarmKind::LostCardPresented]));
    assert_eq!(locked.effects, [], "an alarm locks nothing");
}

#[test]
fn the_uid_of_a_card_that_can_prove_itself_is_taken_nowhere() {
    let with = |assurance, state| {
        let mut rows = rows();
        (rows.credentials[0].proves_itself, rows.sites[0].accepts_uid_only) = (true, true);
        rows.credentials[0].state = state;
        let attempt = Attempt { assurance, ..attempt() };
        decide(&Policy::compile(rows).unwrap(), &State::default(), &attempt)
    };
    assert_eq!(with(Assurance::WeakUid, CredentialState::Active).reason, Reason::WeakCardNotAccepted);
    assert_eq!(with(Assurance::Authenticated, CredentialState::Active).reason, Reason::Granted);
    // It has no keys at any door, and is refused for what it is.
    assert_eq!(with(Assurance::WeakUid, CredentialState::Lost).reason, Reason::CredentialLost);
}

#[test]
fn a_card_in_doubtful_hands_lets_out_and_moves_nobody() {
    let leaves = |change: Change| {
        let (mut rows, mut attempt) = (rows(), attempt());
        (attempt.door, attempt.side) = (id(2), Side::Out);
        change(&mut rows, &mut attempt);
        let verdict = decide(&Policy::compile(rows).unwrap(), &State::default(), &attempt);
        assert_eq!((verdict.reason, verdict.credential), (Reason::LeavingNotRefused, Some(id(1))));
        verdict.person
    };
    assert_eq!(leaves(|rows, _| rows.grants.clear()), Some(id(1)), "theirs is known, and refused for something else");
    let cases: [Change; 3] = [
        |rows, _| rows.credentials[0].state = CredentialState::Lost,
        |rows, _| rows.sites[0].accepts_uid_only = false,
        |_, attempt| attempt.assurance = Assurance::NotAuthentic,
    ];
    assert_eq!(cases.map(leaves), [None; 3]);
}

#[test]
fn an_aged_policy_refuses_to_enter() {
    let with = |scope, group: Option<bool>| {
        let mut rows = rows();
        rows.scope = scope;
        if let Some(is_responder) = group {
            rows.groups.push(GroupRule { id: id(1), is_responder });
            rows.persons[0].groups.push(id(1));
        }
        let policy = Policy::compile(rows).unwrap().usable_until(MONDAY_NOON.plus_ms(-1));
        decide(&policy, &State::default(), &attempt()).reason
    };
    assert_eq!(with(PolicyScope::Cut, None), Reason::PolicyTooOld);
    assert_eq!(with(PolicyScope::Cut, Some(false)), Reason::PolicyTooOld);
    assert_eq!(with(PolicyScope::Cut, Some(true)), Reason::Granted, "responders go on");
    assert_eq!(with(PolicyScope::Whole, None), Reason::Granted, "the whole does not age");
}

#[test]
fn leaving_by_this_system_is_never_refused_to_a_known_card() {
    let verdict = ask(|rows, attempt| {
        attempt.door = id(2);
        attempt.side = Side::Out;
        rows.blocks.push(block(BlockSubject::Person(id(1)), ALWAYS));
    });
    assert_eq!(verdict.outcome, Outcome::Grant { release_ms: 5_000, held_ms: 30_000 });
    assert_eq!((verdict.reason, verdict.alarms), (Reason::LeavingNotRefused, vec![AlarmKind::LeftAgainstRule]));
    let unknown = ask(|_, attempt| {
        (attempt.door, attempt.side, attempt.card) = (id(2), Side::Out, CardToken([9; 32]));
    });
    assert_eq!(unknown.outcome, Outcome::Deny, "an unknown card is nobody's");
    let not_in_the_cut = ask(|rows, attempt| {
        rows.scope = PolicyScope::Cut;
        (attempt.door, attempt.side, attempt.card) = (id(2), Side::Out, CardToken([9; 32]));
    });
    assert_eq!(not_in_the_cut.reason, Reason::LeavingNotRefused, "who is inside may be known elsewhere");
    assert_eq!(not_in_the_cut.alarms, [AlarmKind::LeftAgainstRule]);
    let mechanical = ask(|rows, attempt| {
        attempt.side = Side::Out;
        rows.persons[0].is_active = false;
    });
    assert_eq!(mechanical.outcome, Outcome::Deny, "the handle still lets them out");
}

prop_compose! {
    /// A tenant and an attempt with every field that a rule reads drawn at random.
    fn any_question()(
        state in 0usize..7, active in any::<bool>(), finger_known in any::<bool>(), uid_only in any::<bool>(),
        card_from in -2i64..3, card_until in proptest::option::of(-2i64..3),
        grant_from in -2i64..3, grant_until in proptest::option::of(-2i64..3),
        blocked in proptest::option::of((-2i64..3, proptest::option::of(-2i64..3))),
        sides in 0usize..3, door in 1u128..4, side in any::<bool>(), known in any::<bool>(),
        finger in proptest::option::of(any::<bool>()), trusted in any::<bool>(), minute in 1u16..1440,
    ) -> (PolicyRows, Attempt) {
        use crate::word::Word as _;
        let day = |days: i64| MONDAY_NOON.plus_ms(days * crate::time::DAY_MS);
        let (mut rows, mut attempt) = (rows(), attempt());
        rows.credentials[0].state = CredentialState::ALL[state];
        rows.credentials[0].valid = Period { from: day(card_from), until: card_until.map(day) };
        rows.grants[0].valid = Period { from: day(grant_from), until: grant_until.map(day) };
        rows.persons[0].is_active = active;
        rows.persons[0].has_finger = finger_known;
        rows.sites[0].accepts_uid_only = uid_only;
        rows.schedules[0].windows[0].span.from_minute = 0;
        rows.schedules[0].windows[0].span.to_minute = minute;
        rows.levels[0].lines[0].sides = Sides::ALL[sides];
        if let Some((from, until)) = blocked {
            rows.blocks.push(block(
                BlockSubject::Person(id(1)),
                Period { from: day(from), until: until.map(day) },
            ));
        }
        attempt.door = id(door);
        attempt.side = if side { Side::In } else { Side::Out };
        attempt.card = if known { CARD } else { CardToken([9; 32]) };
        attempt.clock = if trusted { ClockTrust::Trusted } else { ClockTrust::Untrusted };
        attempt.finger = finger.map(|it| if it { FactorResult::Matched } else { FactorResult::NotMatched });
        (rows, attempt)
    }
}

fn enters(rows: &PolicyRows, attempt: &Attempt) -> bool {
    let policy = Policy::compile(rows.clone()).unwrap();
    matches!(decide(&policy, &State::default(), attempt).outcome, Outcome::Grant { .. })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_block_never_adds_an_entry((rows, attempt) in any_question()) {
        let mut blocked = rows.clone();
        blocked.blocks = vec![block(BlockSubject::Person(id(1)), ALWAYS)];
        prop_assert!(enters(&rows, &attempt) || !enters(&blocked, &attempt));
    }

    #[test]
    fn without_grants_nobody_enters((mut rows, attempt) in any_question()) {
        rows.grants.clear();
        let leaves_by_system = attempt.side == Side::Out && attempt.door == id(2) && attempt.card == CARD;
        prop_assert_eq!(enters(&rows, &attempt), leaves_by_system);
    }

    #[test]
    fn entering_takes_a_matching_finger((rows, attempt) in any_question()) {
        let demanded = attempt.side == Side::In;
        if enters(&rows, &attempt) && demanded {
            prop_assert_eq!(attempt.finger, Some(FactorResult::Matched));
        }
    }

    #[test]
    fn leaving_by_system_is_never_lost((rows, mut attempt) in any_question()) {
        (attempt.door, attempt.side, attempt.card) = (id(2), Side::Out, CARD);
        prop_assert!(enters(&rows, &attempt));
    }

    #[test]
    fn a_verdict_grants_exactly_when_its_reason_does((rows, attempt) in any_question()) {
        let policy = Policy::compile(rows).unwrap();
        let verdict = decide(&policy, &State::default(), &attempt);
        let says_grant = matches!(verdict.reason, Reason::Granted | Reason::LeavingNotRefused);
        prop_assert_eq!(matches!(verdict.outcome, Outcome::Grant { .. }), says_grant);
        prop_assert_eq!(decide(&policy, &State::default(), &attempt), verdict);
    }
}

#[test]
fn a_demand_for_the_pin_is_met_by_pin_or_finger() {
    use FactorResult::{Matched, NotMatched};
    let ask_pin = |has_finger, has_pin, is_exempt, finger, pin| {
        let mut rows = rows();
        rows.doors[0].factors_in = FactorDemand::CardPin;
        (rows.persons[0].has_finger, rows.persons[0].has_pin) = (has_finger, has_pin);
        let exemption = Exemption { ground: ExemptionGround::Declined, valid: Period::ALWAYS };
        rows.persons[0].exemption = Some(exemption).filter(|_| is_exempt);
        let attempt = Attempt { finger, pin, ..attempt() };
        decide(&Policy::compile(rows).unwrap(), &State::default(), &attempt).reason
    };
    let cases = [
        ((true, true, false, None, Some(Matched)), Reason::Granted),
        ((true, true, false, Some(Matched), None), Reason::Granted),
        ((true, true, false, Some(Matched), Some(NotMatched)), Reason::Granted),
        ((true, true, false, None, None), Reason::PinRequired),
        ((true, true, false, None, Some(NotMatched)), Reason::WrongPin),
        ((true, false, false, None, None), Reason::FingerRequired),
        ((true, false, false, Some(NotMatched), None), Reason::WrongFinger),
        ((true, false, true, None, None), Reason::NoPinEnrolled),
        ((false, false, false, None, None), Reason::NoPinEnrolled),
    ];
    for ((has_finger, has_pin, is_exempt, finger, pin), reason) in cases {
        assert_eq!(ask_pin(has_finger, has_pin, is_exempt, finger, pin), reason);
    }
}

mod airlock;
mod clock;
mod inner;
mod waiting;
