//! A vault with a door further in: who is ahead and behind is asked by the way one goes.

use super::*;
use crate::circumstances::{Others, Waiting, Wanted};
use crate::event::Passage;
use crate::policy::samples::area;
use crate::policy::{Escort, EscortBy, FactorDemand, TwoPerson};

/// Areas 1 and 2, the vault; door 1 leads further in, from the vault to area 3.
fn inner() -> PolicyRows {
    let mut rows = two();
    rows.areas.push(area(3));
    (rows.doors[0].leads_from, rows.doors[0].leads_to) = (id(2), id(3));
    rows
}

fn vault(area: u128, rows: &mut PolicyRows) {
    for rule in rows.areas.iter_mut().filter(|rule| rule.id == id(area)) {
        rule.two_person = Some(TwoPerson { within_s: 60, groups: None });
    }
}

fn ask_with(rows: &PolicyRows, side: Side, ahead: u32, behind: u32, has_second: bool) -> (Reason, Vec<RecordRef>) {
    let wants = Wanted::SecondPerson;
    let second = Waiting {
        attempt: id(9),
        person: id(2),
        credential: id(2),
        since: MONDAY_NOON,
        wants,
        shown: FactorDemand::CardFinger,
    };
    let known = Circumstances {
        ahead: Others { inside: ahead, leaving: 0 },
        behind: Others { inside: behind, leaving: 0 },
        waiting: Some(second).filter(|_| has_second).into_iter().collect(),
        ..Circumstances::default()
    };
    let verdict = judge(&Policy::compile(rows.clone()).unwrap(), &known, &Attempt { side, ..attempt() });
    (verdict.reason, verdict.settled_by)
}

#[test]
fn nobody_is_left_alone_by_one_who_goes_further_in() {
    let mut rows = inner();
    vault(2, &mut rows);
    let refused = (Reason::SecondPersonRequired, vec![RecordRef::Area(id(2))]);
    assert_eq!(ask_with(&rows, Side::In, 0, 1, false), refused);
    assert_eq!(ask_with(&rows, Side::In, 0, 1, true).0, Reason::Granted);
    for behind in [0, 2] {
        assert_eq!(ask_with(&rows, Side::In, 0, behind, false).0, Reason::Granted);
    }
    assert_eq!(ask_with(&rows, Side::Out, 0, 5, false), refused, "nor comes one back to where nobody is");
    assert_eq!(ask_with(&rows, Side::Out, 0, 5, true).0, Reason::Granted);
    assert_eq!(ask_with(&rows, Side::Out, 1, 1, false).0, Reason::Granted);
}

#[test]
fn a_pair_between_two_vaults_does_for_both() {
    let mut rows = inner();
    vault(2, &mut rows);
    vault(3, &mut rows);
    for (ahead, behind, area) in [(0, 1, 3), (0, 5, 3), (5, 1, 2)] {
        let refused = (Reason::SecondPersonRequired, vec![RecordRef::Area(id(area))]);
        assert_eq!(ask_with(&rows, Side::In, ahead, behind, false), refused);
        assert_eq!(ask_with(&rows, Side::In, ahead, behind, true).0, Reason::Granted);
    }
    assert_eq!(ask_with(&rows, Side::In, 1, 2, false).0, Reason::Granted);
}

#[test]
fn an_area_is_full_for_those_who_come_back_into_it() {
    let mut rows = inner();
    rows.areas[1].persons_max = Some(2);
    assert_eq!(ask_with(&rows, Side::Out, 2, 0, false), (Reason::AreaFull, vec![RecordRef::Area(id(2))]));
    assert_eq!(ask_with(&rows, Side::Out, 1, 0, false).0, Reason::Granted);
    assert_eq!(ask_with(&rows, Side::In, 9, 9, false).0, Reason::Granted, "it is left");
    vault(3, &mut rows);
    assert_eq!(
        ask_with(&rows, Side::Out, 1, 1, true),
        (Reason::AreaFull, vec![RecordRef::Area(id(3))]),
        "two are too many"
    );
}

#[test]
fn a_visitor_and_a_second_person_are_admitted_in_the_order_in_which_they_came() {
    let mut rows = inner();
    vault(2, &mut rows);
    another(&mut rows, 3);
    rows.persons[2].escort = Some(Escort { by: EscortBy::Person(id(1)), within_s: 60 });
    let waits = |attempt: u128, number: u128, wants| Waiting {
        attempt: id(attempt),
        person: id(number),
        credential: id(number),
        since: MONDAY_NOON,
        wants,
        shown: FactorDemand::CardFinger,
    };
    for (second, visitor) in [(8, 9), (9, 8)] {
        let mut waiting = vec![waits(second, 2, Wanted::SecondPerson), waits(visitor, 3, Wanted::Escort)];
        waiting.sort_by_key(|waiting| waiting.attempt);
        let behind = Others { inside: 1, leaving: 0 };
        let known = Circumstances { behind, waiting: waiting.clone(), ..Circumstances::default() };
        let verdict = judge(&Policy::compile(rows.clone()).unwrap(), &known, &attempt());
        let passages = waiting.iter().map(|waiting| Passage { person: waiting.person, attempt: waiting.attempt });
        assert_eq!(verdict.effects, [Effect::AdmitWith(passages.collect())]);
    }
}
