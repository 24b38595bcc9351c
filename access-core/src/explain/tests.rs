use super::*;
use crate::attempt::{Assurance, ClockTrust};
use crate::circumstances::{Knowledge, LeafState, Sighting, Whereabouts};
use crate::event::SetMode;
use crate::policy::samples::{MONDAY_NOON, area, attempt, id, person, rows};
use crate::policy::{
    AntiPassback, Block, BlockSubject, CardToken, CredentialRule, CredentialState, DoorMode, Escort, EscortBy, Exit,
    FactorDemand, Grant, GroupRule, Holder, InterlockRule, ModeLine, Place, PolicyRows, PolicyScope, Side,
    ThreatLevelRule, TravelEnds, TravelTime, TwoPerson,
};
use crate::time::{DAY_MS, Period, UnixMs};

const HOUR_MS: i64 = 3_600_000;

type Change = fn(&mut PolicyRows, &mut Circumstances, &mut Attempt);

fn ask(change: Change) -> Explanation {
    let (mut rows, mut known, mut attempt) = (rows(), Circumstances::default(), attempt());
    change(&mut rows, &mut known, &mut attempt);
    explain(&Policy::compile(rows).unwrap(), &known, &attempt)
}

#[test]
fn each_refusal_has_the_remedies_that_grant_it() {
    let week = MONDAY_NOON.plus_ms(-5 * HOUR_MS + 7 * DAY_MS);
    let cases: [(Reason, &[Remedy], Change); 29] = [
        (Reason::FingerRequired, &[Remedy::ShowFactor(Factor::Finger)], |_, _, attempt| attempt.finger = None),
        (Reason::WrongFinger, &[Remedy::ShowFactor(Factor::Finger)], |_, _, attempt| {
            attempt.finger = Some(FactorResult::NotMatched);
        }),
        (Reason::NoFingerEnrolled, &[Remedy::EnrolFactor(Factor::Finger, id(1))], |rows, _, attempt| {
            rows.persons[0].has_finger = false;
            attempt.finger = None;
        }),
        (Reason::NoGrant, &[Remedy::GrantLevel(id(1))], |rows, _, attempt| {
            rows.grants.clear();
            attempt.finger = None;
        }),
        (Reason::GrantExpired, &[Remedy::ExtendGrant(id(1)), Remedy::GrantLevel(id(1))], |rows, _, _| {
            rows.grants[0].valid.until = Some(MONDAY_NOON);
        }),
        (
            Reason::GrantNotYetValid,
            &[Remedy::BeginGrant(id(1)), Remedy::GrantLevel(id(1)), Remedy::WaitUntil(MONDAY_NOON.plus_ms(5))],
            |rows, _, _| rows.grants[0].valid.from = MONDAY_NOON.plus_ms(5),
        ),
        (Reason::OutsideSchedule, &[Remedy::WaitUntil(week)], |rows, _, _| {
            rows.grants[0].valid.until = None;
            rows.schedules[0].windows[0].span.to_minute = 8 * 60;
        }),
        (Reason::Blocked, &[Remedy::LiftBlock(id(3)), Remedy::WaitUntil(MONDAY_NOON.plus_ms(9))], |rows, _, _| {
            let valid = Period { from: UnixMs(0), until: Some(MONDAY_NOON.plus_ms(9)) };
            rows.blocks.push(Block { id: id(3), subject: BlockSubject::Person(id(1)), place: Place::Tenant, valid });
        }),
        (Reason::Blocked, &[], |rows, _, _| {
            let block = |number| Block {
                id: id(number),
                subject: BlockSubject::Person(id(1)),
                place: Place::Tenant,
                valid: Period::ALWAYS,
            };
            rows.blocks = vec![block(3), block(4)];
        }),
        (Reason::CredentialSuspended, &[Remedy::ActivateCard(id(1))], |rows, _, _| {
            rows.credentials[0].state = CredentialState::Suspended;
        }),
        (Reason::CredentialExpired, &[Remedy::ActivateCard(id(1))], |rows, _, _| {
            rows.credentials[0].state = CredentialState::Expired;
        }),
        (Reason::CredentialExpired, &[Remedy::ExtendCard(id(1))], |rows, _, _| {
            rows.credentials[0].valid.until = Some(MONDAY_NOON);
        }),
        (
            Reason::CredentialNotYetValid,
            &[Remedy::BeginCard(id(1)), Remedy::WaitUntil(MONDAY_NOON.plus_ms(7))],
            |rows, _, _| rows.credentials[0].valid.from = MONDAY_NOON.plus_ms(7),
        ),
        (Reason::CredentialLocked, &[Remedy::UnlockCard(id(1))], |_, known, _| known.is_card_locked = true),
        (
            Reason::ReaderLocked,
            &[Remedy::UnlockReader, Remedy::WaitUntil(MONDAY_NOON.plus_ms(30_000))],
            |_, known, _| known.reader_locked_until = Some(MONDAY_NOON.plus_ms(30_000)),
        ),
        (Reason::WeakCardNotAccepted, &[Remedy::ProveCard], |rows, _, _| rows.sites[0].accepts_uid_only = false),
        (Reason::PersonInactive, &[Remedy::ActivatePerson(id(1))], |rows, _, _| rows.persons[0].is_active = false),
        (Reason::ClockNotTrusted, &[Remedy::TrustClock], |_, _, attempt| attempt.clock = ClockTrust::Untrusted),
        (Reason::Lockdown, &[Remedy::EndThreatLevel(3)], |rows, known, _| {
            known.threat_level = 3;
            let (places, factors, exempt) = (Vec::new(), None, Vec::new());
            rows.threat_levels.push(ThreatLevelRule { level: 2, locks: true, places, factors, exempt });
        }),
        (
            Reason::DoorLocked,
            &[Remedy::EndMode(id(1)), Remedy::WaitUntil(MONDAY_NOON.plus_ms(60_000))],
            |_, known, _| known.set_mode = Some(SetMode { mode: DoorMode::Locked, until: MONDAY_NOON.plus_ms(60_000) }),
        ),
        (Reason::DoorLocked, &[], |rows, _, _| {
            rows.doors[0].modes.push(ModeLine { schedule: id(1), mode: DoorMode::Locked });
        }),
        (Reason::DoorLocked, &[Remedy::TrustClock], |rows, _, attempt| {
            let mut other = rows.schedules[0].clone();
            (other.id, other.windows[0].days) = (id(2), 2);
            rows.schedules.push(other);
            rows.doors[0].modes.push(ModeLine { schedule: id(2), mode: DoorMode::Locked });
            attempt.clock = ClockTrust::Untrusted;
        }),
        (
            Reason::PassedBack,
            &[Remedy::ForgivePerson(id(1)), Remedy::WaitUntil(MONDAY_NOON.plus_ms(9_000))],
            |rows, known, _| {
                rows.areas[1].anti_passback = AntiPassback::Timed { within_s: 10 };
                known.whereabouts = Some(Whereabouts { door: id(2), side: Side::In, at: MONDAY_NOON.plus_ms(-1_000) });
            },
        ),
        (Reason::TooFast, &[Remedy::WaitUntil(MONDAY_NOON.plus_ms(19_000))], |rows, known, _| {
            rows.travel.push(TravelTime { between: TravelEnds::Doors(id(1), id(2)), least_s: 20 });
            known.last_seen = Some(Sighting { person: id(1), door: id(2), at: MONDAY_NOON.plus_ms(-1_000) });
        }),
        (Reason::AreaFull, &[Remedy::SomebodyLeaves(id(2))], |rows, known, _| {
            rows.areas[1].persons_max = Some(2);
            known.ahead.inside = 2;
        }),
        (Reason::Interlock, &[Remedy::CloseDoor(id(2))], |rows, known, _| {
            rows.interlocks.push(InterlockRule { id: id(1), doors: vec![id(1), id(2)] });
            known.not_secured = vec![LeafState { door: id(2), is_open: true }];
        }),
        (Reason::EscortRequired, &[Remedy::BringEscort], |rows, _, _| {
            rows.persons.push(person(2));
            rows.persons[0].escort = Some(Escort { by: EscortBy::Person(id(2)), within_s: 60 });
        }),
        (Reason::SecondPersonRequired, &[Remedy::BringSecondPerson], |rows, _, _| {
            rows.groups.extend([1, 2].map(|number| GroupRule { id: id(number), is_responder: false }));
            rows.persons.push(person(2));
            rows.persons[0].groups = vec![id(1)];
            rows.persons[1].groups = vec![id(2)];
            let second = CredentialRule { id: id(2), person: id(2), token: CardToken([2; 32]), ..rows.credentials[0] };
            rows.credentials.push(second);
            rows.grants.push(Grant { id: id(2), holder: Holder::Person(id(2)), ..rows.grants[0] });
            rows.areas[1].two_person = Some(TwoPerson { within_s: 30, groups: Some((id(2), id(1))) });
        }),
        (Reason::SecondPersonRequired, &[], |rows, _, _| {
            rows.persons.push(person(2));
            rows.areas[1].two_person = Some(TwoPerson { within_s: 30, groups: None });
        }),
    ];
    for (place, (reason, remedies, change)) in cases.into_iter().enumerate() {
        let explanation = ask(change);
        assert_eq!(explanation.verdict.reason, reason, "case {place}");
        assert_eq!(explanation.remedies, remedies, "case {place}: {reason}");
    }
}

#[test]
fn every_rule_is_told_in_order() {
    let refused = ask(|rows, _, _| rows.grants[0].valid.until = Some(MONDAY_NOON));
    assert!(refused.rules.iter().map(|rule| rule.rule).eq(Rule::ALL.iter().copied()));
    let answer = |explanation: &Explanation, rule| {
        let found = explanation.rules.iter().find(|answer| answer.rule == rule).unwrap();
        (found.answer, found.reason, found.records.clone())
    };
    assert_eq!(answer(&refused, Rule::CardKnown), (Answer::Passed, None, vec![RecordRef::Credential(id(1))]));
    assert_eq!(answer(&refused, Rule::PolicyAge), (Answer::NotApplicable, None, vec![]));
    let grant = vec![RecordRef::Grant(id(1))];
    assert_eq!(answer(&refused, Rule::Grant), (Answer::Failed, Some(Reason::GrantExpired), grant));
    assert_eq!(answer(&refused, Rule::Schedule), (Answer::NotReached, None, vec![]));
    let granted = ask(|_, _, _| {});
    assert!(granted.verdict.is_grant() && granted.remedies.is_empty());
    assert_eq!(answer(&granted, Rule::TwoPerson).0, Answer::NotApplicable);
    let unknown = ask(|_, _, attempt| attempt.door = id(9));
    assert_eq!((unknown.rules.len(), unknown.remedies.len()), (Rule::ALL.len(), 0));
    assert_eq!(answer(&unknown, Rule::DoorKnown).1, Some(Reason::UnknownDoor));
}

#[test]
fn the_levels_that_hold_the_fewest_doors_come_first() {
    let explanation = ask(|rows, _, _| {
        rows.grants.clear();
        let mut narrow = rows.levels[0].clone();
        narrow.id = id(2);
        narrow.lines[0].places = vec![Place::Door(id(1))];
        let mut elsewhere = narrow.clone();
        elsewhere.id = id(3);
        elsewhere.lines[0].places = vec![Place::Door(id(2))];
        rows.levels.extend([narrow, elsewhere]);
    });
    assert_eq!(explanation.remedies, [Remedy::GrantLevel(id(2)), Remedy::GrantLevel(id(1))]);
}

#[test]
fn an_agents_old_policy_wants_a_fresh_one() {
    let mut rows = rows();
    rows.scope = PolicyScope::Cut;
    let policy = Policy::compile(rows).unwrap().usable_until(MONDAY_NOON.plus_ms(-1));
    let known = Circumstances { knowledge: Knowledge::OwnDoors, ..Circumstances::default() };
    let explanation = explain(&policy, &known, &attempt());
    assert_eq!(explanation.verdict.reason, Reason::PolicyTooOld);
    assert_eq!(explanation.remedies, [Remedy::RenewPolicy]);
}

#[test]
fn whoever_leaves_by_this_system_needs_no_remedy() {
    let explanation = ask(|rows, _, attempt| {
        (attempt.door, attempt.side, attempt.assurance) = (id(2), Side::Out, Assurance::Authenticated);
        rows.doors[1].exit = Exit::BySystem;
        rows.doors[1].factors_out = FactorDemand::CardFinger;
        rows.areas.push(area(3));
        rows.persons[0].is_active = false;
    });
    assert_eq!((explanation.verdict.reason, explanation.remedies), (Reason::LeavingNotRefused, vec![]));
    let failed = explanation.rules.iter().find(|answer| answer.answer == Answer::Failed).unwrap();
    assert_eq!((failed.rule, failed.reason), (Rule::Person, Some(Reason::PersonInactive)));
}
