//! Laws of one `decide` at a fixed state.

use proptest::prelude::*;
use proptest::sample::Index;

use crate::attempt::{Assurance, Attempt};
use crate::circumstances::{Circumstances, Others};
use crate::decide::{RULES_VERSION, judge, judge_traced};
use crate::event::{AlarmKind, Event};
use crate::explain::{Answer, Remedy, explain};
use crate::policy::{
    Block, BlockSubject, CredentialState, Exit, FactorDemand, Place, Policy, PolicyRows, PolicyScope, Side,
};
use crate::samples::{CARDS, any_attempt, any_rows, any_steps, id, play};
use crate::verdict::{Outcome, Reason, Rule, Verdict};

/// A tenant after some things happened, and what comes next.
fn any_case() -> impl Strategy<Value = (PolicyRows, Circumstances, Attempt)> {
    (any_rows(), any_steps(12), any_attempt()).prop_map(|(rows, steps, mut attempt)| {
        let policy = Policy::compile(rows.clone()).unwrap();
        let (records, state) = play(&policy, &steps);
        // What happened counts only for what comes soon after; half of the attempts do.
        if let Some(last) = records.last().filter(|_| attempt.at.0 % 2 == 0) {
            attempt.at = last.at.plus_ms(attempt.at.0.rem_euclid(60_000));
        }
        (rows, state.circumstances(&policy, &attempt), attempt)
    })
}

fn verdict(rows: &PolicyRows, (known, attempt): (&Circumstances, &Attempt)) -> Verdict {
    judge(&Policy::compile(rows.clone()).unwrap(), known, attempt)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn a_block_never_adds_an_entry(
        (mut rows, known, attempt) in any_case(), subject in 0u128..3, number in 1u128..4,
    ) {
        let before = verdict(&rows, (&known, &attempt));
        let subject = match subject {
            0 => BlockSubject::Person(id(number)),
            1 => BlockSubject::Group(id(number)),
            _ => BlockSubject::Credential(id(number)),
        };
        rows.blocks.push(Block { id: id(99), subject, place: Place::Tenant, valid: crate::time::Period::ALWAYS });
        prop_assert!(before.is_grant() || !verdict(&rows, (&known, &attempt)).is_grant());
    }

    #[test]
    fn removing_a_grant_never_adds_an_entry((mut rows, known, attempt) in any_case(), which in any::<Index>()) {
        prop_assume!(!rows.grants.is_empty());
        let before = verdict(&rows, (&known, &attempt));
        rows.grants.remove(which.index(rows.grants.len()));
        prop_assert!(before.is_grant() || !verdict(&rows, (&known, &attempt)).is_grant());
    }

    #[test]
    fn a_level_that_demands_less_denies_nothing_that_it_granted(
        (mut rows, known, attempt) in any_case(), which in any::<Index>(), less in any::<bool>(),
    ) {
        let before = verdict(&rows, (&known, &attempt));
        let mut lines: Vec<_> = rows.levels.iter_mut().flat_map(|level| &mut level.lines).collect();
        prop_assume!(!lines.is_empty());
        let place = which.index(lines.len());
        let line = &mut lines[place];
        line.factors = match line.factors {
            Some(FactorDemand::CardFinger) if less => Some(FactorDemand::CardPin),
            _ => None,
        };
        let after = verdict(&rows, (&known, &attempt));
        prop_assert!(!before.is_grant() || after.is_grant(), "{before:?} became {after:?}");
    }

    #[test]
    fn leaving_is_never_lost((mut rows, known, mut attempt) in any_case(), door in 0usize..4, card in 1..=CARDS) {
        rows.doors[door].exit = Exit::BySystem;
        (attempt.door, attempt.side, attempt.card) = (rows.doors[door].id, Side::Out, crate::samples::token(card));
        let verdict = verdict(&rows, (&known, &attempt));
        prop_assert!(verdict.is_grant(), "{verdict:?}");
    }

    #[test]
    fn a_missing_card_raises_its_alarm_and_moves_nobody(
        (mut rows, known, mut attempt) in any_case(), card in any::<Index>(), is_stolen in any::<bool>(),
    ) {
        let which = card.index(rows.credentials.len());
        rows.credentials[which].state = if is_stolen { CredentialState::Stolen } else { CredentialState::Lost };
        attempt.card = rows.credentials[which].token;
        let is_door_known = rows.doors.iter().any(|door| door.id == attempt.door);
        let verdict = verdict(&rows, (&known, &attempt));
        let alarms = verdict.alarms.iter().filter(|alarm| **alarm == AlarmKind::LostCardPresented).count();
        prop_assert_eq!(alarms, usize::from(is_door_known), "{:?}", verdict);
        prop_assert!(!verdict.is_grant() || verdict.person.is_none(), "{verdict:?}");
    }

    #[test]
    fn what_a_card_could_not_prove_moves_nobody((rows, known, attempt) in any_case()) {
        let verdict = verdict(&rows, (&known, &attempt));
        let accepts_uid_only = |id| rows.sites.iter().any(|site| site.id == id && site.accepts_uid_only);
        let door = rows.doors.iter().find(|door| door.id == attempt.door);
        let is_proved = match attempt.assurance {
            Assurance::Authenticated => true,
            Assurance::WeakUid => {
                let card = rows.credentials.iter().find(|card| card.token == attempt.card);
                door.is_some_and(|door| accepts_uid_only(door.site)) && !card.is_some_and(|card| card.proves_itself)
            }
            Assurance::NotAuthentic => false,
        };
        prop_assert!(is_proved || !verdict.is_grant() || verdict.person.is_none(), "{verdict:?}");
    }

    #[test]
    fn the_order_of_rows_makes_no_difference((rows, known, attempt) in any_case(), turn in any::<Index>()) {
        let mut turned = rows.clone();
        macro_rules! turn {
            ($($list:ident)+) => {$(
                let length = turned.$list.len();
                if length > 0 {
                    turned.$list.reverse();
                    turned.$list.rotate_left(turn.index(length));
                }
            )+};
        }
        turn!(sites areas doors interlocks travel threat_levels calendars schedules levels groups persons credentials grants blocks);
        turned.persons.iter_mut().for_each(|person| person.groups.reverse());
        prop_assert_eq!(Policy::compile(turned.clone()), Policy::compile(rows.clone()));
        prop_assert_eq!(verdict(&turned, (&known, &attempt)), verdict(&rows, (&known, &attempt)));
    }

    #[test]
    fn a_verdict_makes_sense_and_is_the_same_again((rows, known, attempt) in any_case()) {
        let policy = Policy::compile(rows).unwrap();
        let verdict = judge(&policy, &known, &attempt);
        let grants = matches!(verdict.reason, Reason::Granted | Reason::LeavingNotRefused | Reason::DoorFree);
        prop_assert_eq!(verdict.is_grant(), grants);
        let needs = matches!(verdict.reason, Reason::FingerRequired | Reason::PinRequired);
        prop_assert_eq!(matches!(verdict.outcome, Outcome::Need(_)), needs);
        prop_assert_eq!(verdict.rule.is_none(), matches!(verdict.reason, Reason::Granted | Reason::DoorFree));
        prop_assert_eq!(judge(&policy, &known, &attempt), verdict);
    }

    #[test]
    fn an_explanation_tells_the_verdict_and_remedies_that_grant((rows, known, attempt) in any_case()) {
        let policy = Policy::compile(rows).unwrap();
        let explanation = explain(&policy, &known, &attempt);
        prop_assert_eq!(&explanation.verdict, &judge(&policy, &known, &attempt));
        let failed: Vec<Rule> =
            explanation.rules.iter().filter(|rule| rule.answer == Answer::Failed).map(|rule| rule.rule).collect();
        prop_assert_eq!(failed, Vec::from_iter(explanation.verdict.rule));
        let mut after = explanation.rules.iter().skip_while(|rule| rule.answer != Answer::Failed).skip(1);
        prop_assert!(after.all(|rule| rule.answer == Answer::NotReached));
        if explanation.verdict.is_grant() {
            prop_assert!(explanation.remedies.is_empty());
        }
        let until = explanation.remedies.iter().find_map(|remedy| match remedy {
            Remedy::WaitUntil(until) => Some(*until),
            _ => None,
        });
        if explanation.verdict.outcome == Outcome::Deny {
            // No quarter of an hour before it would be granted.
            let last = until.unwrap_or(attempt.at.plus_ms(crate::explain::WAIT_LOOKED_AT_MS));
            for step in 1..200 {
                let at = attempt.at.plus_ms(step * 900_000);
                if at < last && attempt.clock == crate::attempt::ClockTrust::Trusted {
                    let later = crate::explain::judge_with_factors(&policy, &known, &Attempt { at, ..attempt.clone() });
                    prop_assert!(!later.is_grant(), "granted at {at:?}, told {until:?}: {later:?}");
                }
            }
        }
    }

    #[test]
    fn anything_at_all_is_decided(
        (rows, mut known, mut attempt) in any_case(), at in any::<i64>(), far in any::<i64>(), count in any::<u32>(),
        cut in any::<bool>(),
    ) {
        let mut rows = rows;
        rows.scope = if cut { PolicyScope::Cut } else { PolicyScope::Whole };
        attempt.at = crate::time::UnixMs(at);
        known.ahead = Others { inside: count, leaving: count.wrapping_mul(3) };
        known.behind = Others { inside: count.wrapping_mul(5), leaving: count };
        known.refusals_of_card = count;
        known.reader_locked_until = Some(crate::time::UnixMs(far));
        known.last_entered = Some(crate::time::UnixMs(far));
        known.threat_level = count as u8;
        let policy = Policy::compile(rows).unwrap();
        let mut steps = Steps::default();
        let verdict = judge_traced(&policy, &known, &attempt, &mut steps);
        prop_assert!(steps.0 >= 1);
        prop_assert_eq!(&explain(&policy, &known, &attempt).verdict, &verdict);
    }

    #[test]
    fn a_log_replayed_gives_no_difference(rows in any_rows(), steps in any_steps(60)) {
        let policy = Policy::compile(rows).unwrap();
        let (records, state) = play(&policy, &steps);
        let mut again = crate::state::State::default();
        for record in &records {
            if let Event::Decision(decision) = &record.event {
                prop_assert_eq!(decision.rules_version, RULES_VERSION);
                prop_assert_eq!(&again.circumstances(&policy, &decision.attempt), &decision.circumstances);
                prop_assert_eq!(&judge(&policy, &decision.circumstances, &decision.attempt), &decision.verdict);
            }
            again.apply(record);
        }
        prop_assert_eq!(again, state);
    }
}

#[derive(Default)]
struct Steps(usize);

impl crate::decide::Trace for Steps {
    fn step(&mut self, _rule: Rule, _step: crate::decide::Step<'_>) {
        self.0 += 1;
    }
}

/// Laws say little about what never happens: random cases reach every reason that rules give, and every effect.
#[test]
fn random_cases_reach_every_reason() {
    use std::collections::BTreeMap;

    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    use crate::verdict::Effect;
    use crate::word::Word as _;

    let mut runner = TestRunner::deterministic();
    let (mut reasons, mut effects) = (BTreeMap::new(), [0u32; 5]);
    let case = (any_rows(), any_steps(60));
    for _ in 0..600 {
        let (rows, steps) = case.new_tree(&mut runner).unwrap().current();
        let (records, _) = play(&Policy::compile(rows).unwrap(), &steps);
        for record in records {
            let Event::Decision(decision) = record.event else { continue };
            *reasons.entry(decision.verdict.reason).or_insert(0u32) += 1;
            for effect in &decision.verdict.effects {
                let place = match effect {
                    Effect::AdmitWith(_) => 0,
                    Effect::Wait => 1,
                    Effect::LockReader { .. } => 2,
                    Effect::LockCard => 3,
                    Effect::Toggle { .. } => 4,
                };
                effects[place] += 1;
            }
        }
    }
    // Given by whoever could not ask the rules, or by an agent's part of the policy.
    let elsewhere = [
        Reason::RequestToExit,
        Reason::OperatorRelease,
        Reason::NotKnownHere,
        Reason::FingerTimeout,
        Reason::SensorFault,
        Reason::PinTimeout,
        Reason::KeypadFault,
        Reason::PinDelayed,
        Reason::NoPolicy,
        Reason::PolicyTooOld,
        Reason::NotRecorded,
        Reason::DoorFault,
        Reason::CardRemoved,
        Reason::ServerNeeded,
        Reason::FingerPaused,
        Reason::FingerNotRecorded,
    ];
    let missing: Vec<_> =
        Reason::ALL.iter().filter(|reason| !elsewhere.contains(reason) && !reasons.contains_key(reason)).collect();
    assert!(missing.is_empty(), "never: {missing:?}; reached: {reasons:?}");
    assert!(reasons[&Reason::Granted] > 500, "{reasons:?}");
    assert!(effects.iter().all(|count| *count > 0), "{effects:?}");
}
