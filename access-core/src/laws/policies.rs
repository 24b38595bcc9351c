//! Laws of compiled policies: they are made of their rows, find what is in these, and follow from one another as if compiled anew.

use proptest::prelude::*;
use proptest::sample::Index;

use crate::policy::{
    BlockSubject, CredentialRule, Grant, Holder, MissingCard, PersonRule, Policy, PolicyChange, PolicyError, PolicyRow,
    PolicyRowId, PolicyRows, PolicyScope, Side,
};
use crate::samples::{CARDS, DOORS, LEVELS, PERSONS, any_rows, id, token};
use crate::word::Word as _;

/// Rows of a whole tenant, or of a cut with somebody else's lost card.
fn any_policy_rows() -> impl Strategy<Value = PolicyRows> {
    (any_rows(), any::<bool>()).prop_map(|(mut rows, is_cut)| {
        if is_cut {
            rows.scope = PolicyScope::Cut;
            rows.missing_cards = vec![MissingCard { token: token(CARDS + 1), id: id(CARDS + 1), is_stolen: false }];
        }
        rows
    })
}

/// Rows of another tenant put in, and its rows' ids taken out; some of them make no policy.
fn any_changes() -> impl Strategy<Value = Vec<PolicyChange>> {
    let picked = proptest::collection::vec((0u8..4, any::<Index>(), 1..=CARDS + 1), 1..6);
    (any_rows(), picked).prop_map(|(other, picked)| {
        let none = PolicyRows::empty(id(1));
        let (puts, removals) = (none.changes_to(&other), other.changes_to(&none));
        let change = |(kind, which, number): (u8, Index, u128)| match kind {
            0 => removals[1 + which.index(removals.len() - 1)].clone(),
            1 => put_card(&other, which, number),
            _ => puts[which.index(puts.len())].clone(),
        };
        picked.into_iter().map(change).collect()
    })
}

/// A card with another's token, or a new one of a person who need not be there.
fn put_card(other: &PolicyRows, which: Index, number: u128) -> PolicyChange {
    let card = other.credentials[which.index(other.credentials.len())];
    let card = CredentialRule { id: id(number), token: token(number + 1), person: id(number), ..card };
    PolicyChange::Put(PolicyRow::Credential(card))
}

fn anew(mut rows: PolicyRows, changes: &[PolicyChange]) -> Result<Policy, PolicyError> {
    changes.iter().try_for_each(|change| rows.change(change))?;
    Policy::compile(rows)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn changes_make_what_compiling_the_changed_rows_makes(
        rows in any_policy_rows(), first in any_changes(), then in any_changes(),
    ) {
        let before = Policy::compile(rows.clone()).unwrap();
        let after = before.with(&first);
        prop_assert_eq!(&after, &anew(rows.clone(), &first));
        prop_assert_eq!(&before, &Policy::compile(rows).unwrap(), "the old one stays");
        if let Ok(after) = after {
            let rows = after.to_rows();
            prop_assert_eq!(&after.with(&then), &anew(rows.clone(), &then));
            prop_assert_eq!(&Policy::compile(rows.clone()).unwrap().to_rows(), &rows);
            let changes = before.changes_to(&after);
            prop_assert_eq!(&changes, &before.to_rows().changes_to(&rows));
            prop_assert_eq!(before.with(&changes), Ok(after));
        }
    }

    #[test]
    fn rows_come_back_in_order(mut rows in any_policy_rows()) {
        let policy = Policy::compile(rows.clone()).unwrap();
        rows.persons.sort_by_key(|row| row.id);
        rows.grants.sort_by_key(|row| (row.holder, row.id));
        rows.interlocks.iter_mut().for_each(|row| row.doors.sort());
        rows.rules.waived_for_duress.sort();
        prop_assert_eq!(policy.to_rows(), rows);
    }

    #[test]
    fn what_is_looked_up_is_in_the_rows(rows in any_policy_rows()) {
        let policy = Policy::compile(rows.clone()).unwrap();
        for number in 0..=CARDS + 2 {
            let of_token = rows.credentials.iter().find(|card| card.token == token(number));
            let missing = rows.missing_cards.iter().find(|card| card.token == token(number));
            let found = policy.card(&token(number));
            prop_assert_eq!(found.map(|card| card.id), of_token.map(|card| card.id).or(missing.map(|card| card.id)));
            let holder = found.and_then(|card| card.person).map(|person| person.to_rule());
            let person = of_token.and_then(|card| rows.persons.iter().find(|person| person.id == card.person));
            prop_assert_eq!(holder.as_ref(), person);
            prop_assert_eq!(policy.credential(id(number)), rows.credentials.iter().find(|card| card.id == id(number)).copied());
        }
        for number in 0..12 {
            prop_assert_eq!(policy.grant(id(number)), rows.grants.iter().find(|grant| grant.id == id(number)).copied());
            prop_assert_eq!(policy.block(id(number)), rows.blocks.iter().find(|block| block.id == id(number)));
        }
        for person in &rows.persons {
            prop_assert_eq!(&policy.person(person.id).unwrap().to_rule(), person);
            check_holdings(&rows, &policy, person)?;
        }
        prop_assert!(policy.person(id(PERSONS + 1)).is_none() && policy.cards_of(id(0)).next().is_none());
        for (level, door) in (1..=LEVELS + 1).flat_map(|level| (1..=DOORS + 1).map(move |door| (level, door))) {
            for side in Side::ALL {
                let (level_row, door_row) = (policy.level(id(level)), policy.door(id(door)));
                let holds = level_row.zip(door_row).is_some_and(|(level, door)| level.holds(door, *side));
                prop_assert_eq!(policy.holds(id(level), id(door), *side), holds);
            }
        }
    }
}

fn check_holdings(rows: &PolicyRows, policy: &Policy, person: &PersonRule) -> Result<(), TestCaseError> {
    let view = policy.person(person.id).unwrap();
    let is_holder = |holder: Holder| match holder {
        Holder::Person(holder) => holder == person.id,
        Holder::Group(group) => person.groups.contains(&group),
    };
    let mut held: Vec<Grant> = rows.grants.iter().filter(|grant| is_holder(grant.holder)).copied().collect();
    held.sort_by_key(|grant| (grant.holder, grant.id));
    prop_assert_eq!(policy.grants_of(&view).collect::<Vec<_>>(), held);
    for card in policy.cards_of(person.id) {
        let is_stopped = |subject: &BlockSubject| match subject {
            BlockSubject::Person(blocked) => *blocked == person.id,
            BlockSubject::Credential(blocked) => *blocked == card.id,
            BlockSubject::Group(blocked) => person.groups.contains(blocked),
        };
        let mut found: Vec<_> = policy.blocks_of(card.id, &view).collect();
        found.sort_by_key(|block| block.id);
        prop_assert_eq!(found, rows.blocks.iter().filter(|block| is_stopped(&block.subject)).collect::<Vec<_>>());
    }
    let cards: Vec<_> = rows.credentials.iter().filter(|card| card.person == person.id).copied().collect();
    prop_assert_eq!(policy.cards_of(person.id).collect::<Vec<_>>(), cards);
    Ok(())
}

/// A tenant of so many persons that they fill several chunks, with tokens that hardly differ.
fn crowd(persons: u128) -> PolicyRows {
    let sample = crate::policy::samples::rows();
    let person = |number| crate::policy::samples::person(number);
    let card =
        |number| CredentialRule { id: id(number), person: id(number), token: token(number), ..sample.credentials[0] };
    let grant = |number| Grant { id: id(number), holder: Holder::Person(id(number)), ..sample.grants[0] };
    PolicyRows {
        // Even numbers only, so that there is room between them.
        persons: (1..=persons).map(|number| person(number * 2)).collect(),
        credentials: (1..=persons).map(|number| card(number * 2)).collect(),
        grants: (1..=persons).map(|number| grant(number * 2)).collect(),
        ..sample
    }
}

/// One person more, less, or of another kind.
fn one_changed(rows: &PolicyRows, number: u128, is_leaving: bool) -> Vec<PolicyChange> {
    if is_leaving {
        let gone =
            [PolicyRowId::Person(id(number)), PolicyRowId::Credential(id(number)), PolicyRowId::Grant(id(number))];
        return gone.map(PolicyChange::Remove).into();
    }
    let person = PersonRule { needs_longer: true, ..crate::policy::samples::person(number) };
    let card = CredentialRule { id: id(number), person: id(number), token: token(number), ..rows.credentials[0] };
    let grant = Grant { id: id(number), holder: Holder::Person(id(number)), ..rows.grants[0] };
    [PolicyRow::Person(person), PolicyRow::Credential(card), PolicyRow::Grant(grant)].map(PolicyChange::Put).into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_crowd_changes_one_by_one(
        turns in proptest::collection::vec((1u128..1_300, any::<bool>()), 300..400), others in 0u128..600,
    ) {
        let mut rows = crowd(600);
        let mut policy = Policy::compile(rows.clone()).unwrap();
        // Somebody comes between any two of a stretch, so that chunks fill up and part.
        let coming = (others..others + 250).map(|number| (number * 2 + 1, false));
        for (number, is_leaving) in turns.into_iter().chain(coming) {
            let is_leaving = is_leaving && policy.person(id(number)).is_some();
            let changes = one_changed(&rows, number, is_leaving);
            changes.iter().try_for_each(|change| rows.change(change)).unwrap();
            policy = policy.with(&changes).unwrap();
        }
        prop_assert_eq!(&policy, &Policy::compile(rows.clone()).unwrap());
        for number in 0..1_800 {
            let holder = policy.card(&token(number)).and_then(|card| card.person).map(|person| person.id);
            let expected = rows.credentials.iter().find(|card| card.token == token(number)).map(|card| card.person);
            prop_assert_eq!(holder, expected);
        }
    }
}

#[test]
fn one_person_may_hold_more_than_a_chunk_counts() {
    let mut rows = crowd(3);
    let grant = rows.grants[1];
    rows.grants.extend((100..70_000).map(|number| Grant { id: id(number), ..grant }));
    let policy = Policy::compile(rows.clone()).unwrap();
    let held = |number| policy.grants_of(&policy.person(id(number)).unwrap()).count();
    assert_eq!([2, 4, 6].map(held), [1, 69_901, 1]);
    assert_eq!(policy.grant(id(69_999)), rows.grants.last().copied());
    let fewer = policy.with(&[PolicyChange::Remove(PolicyRowId::Grant(id(69_999)))]).unwrap();
    assert_eq!(fewer.grants_of(&fewer.person(id(4)).unwrap()).count(), 69_900);
}
