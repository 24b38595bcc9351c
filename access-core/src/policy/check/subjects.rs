//! Rows about people: persons, cards, grants and blocks. There may be millions: each is looked at once, and what is wrong is found in
//! the same order whatever the order of rows.

use super::{Known, PolicyError, is_there, named, require};
use crate::ids::{CredentialId, GroupId, PersonId};
use crate::policy::people::Bulk;
use crate::policy::{Block, BlockSubject, EscortBy, Grant, Holder, PAIR_S_MAX, PersonRule, PolicyRows};

/// Checks rows about people against the others, which were checked.
pub(in crate::policy) fn check_subjects(bulk: &Bulk, rows: &PolicyRows, known: &Known) -> Result<(), PolicyError> {
    let is_person = |id: PersonId| bulk.holds(id);
    super::once("person", bulk.persons.iter().map(|row| row.id))?;
    bulk.persons.iter().try_for_each(|person| check_person(person, known, is_person))?;
    let cards = once_in_any_order("credential", bulk.cards.iter().map(|row| row.id), CredentialId::to_string)?;
    let tokens = bulk.cards.iter().map(|card| card.token).chain(rows.missing_cards.iter().map(|card| card.token));
    once_in_any_order("a card's token", tokens, |_| "of two credentials".to_owned())?;
    if let Some(card) = bulk.nobodys_cards().min_by_key(|card| card.id) {
        is_there(|| format!("credential {}", card.id), "person", false, &card.person)?;
    }
    once_in_any_order("grant", bulk.grants.iter().map(|row| row.id), |id| id.to_string())?;
    let of_nobody = bulk.nobodys_grants().filter(|grant| match grant.holder {
        Holder::Person(_) => true,
        Holder::Group(group) => !known.groups.holds(group),
    });
    let of_no_level = bulk.grants.iter().filter(|grant| !known.levels.holds(grant.level));
    if let Some(wrong) = of_nobody.chain(of_no_level).min_by_key(|grant| (grant.holder, grant.id)) {
        check_grant(wrong, known, is_person)?;
    }
    super::once("block", rows.blocks.iter().map(|row| row.id))?;
    let is_card = |card: CredentialId| cards.binary_search(&card).is_ok();
    rows.blocks.iter().try_for_each(|block| check_block(block, known, is_person, is_card))
}

/// Checks one person, whose groups are in order.
pub(in crate::policy) fn check_person(
    person: &PersonRule,
    known: &Known,
    is_person: impl Fn(PersonId) -> bool,
) -> Result<(), PolicyError> {
    let row = || format!("person {}", person.id);
    let group = |group: &GroupId| named(row, "group", &known.groups, group);
    person.groups.iter().try_for_each(group)?;
    let waits = person.escort.is_none_or(|escort| (1..=PAIR_S_MAX).contains(&escort.within_s));
    require(waits, row, "the time to its escort is zero or over an hour")?;
    match person.escort.map(|escort| escort.by) {
        Some(EscortBy::Person(escort)) if known.is_whole => {
            require(escort != person.id, row, "its escort is itself")?;
            is_there(row, "person", is_person(escort), &escort)
        }
        Some(EscortBy::Group(escort)) => group(&escort),
        Some(EscortBy::Person(_)) | None => Ok(()),
    }
}

/// Checks one grant.
pub(in crate::policy) fn check_grant(
    grant: &Grant,
    known: &Known,
    is_person: impl Fn(PersonId) -> bool,
) -> Result<(), PolicyError> {
    let row = || format!("grant {}", grant.id);
    match &grant.holder {
        Holder::Person(person) => is_there(row, "person", is_person(*person), person)?,
        Holder::Group(group) => named(row, "group", &known.groups, group)?,
    }
    named(row, "access level", &known.levels, &grant.level)
}

/// Checks one block.
pub(in crate::policy) fn check_block(
    block: &Block,
    known: &Known,
    is_person: impl Fn(PersonId) -> bool,
    is_card: impl Fn(CredentialId) -> bool,
) -> Result<(), PolicyError> {
    let row = || format!("block {}", block.id);
    match &block.subject {
        BlockSubject::Person(person) => is_there(row, "person", is_person(*person), person)?,
        BlockSubject::Group(group) => named(row, "group", &known.groups, group)?,
        BlockSubject::Credential(credential) => is_there(row, "credential", is_card(*credential), credential)?,
    }
    if known.is_whole { known.place(row, &block.place) } else { Ok(()) }
}

/// Refuses two that are the same; tells all of them in their order.
fn once_in_any_order<Id: Ord + Copy>(
    what: &'static str,
    ids: impl Iterator<Item = Id>,
    show: impl Fn(&Id) -> String,
) -> Result<Vec<Id>, PolicyError> {
    let mut ids: Vec<Id> = ids.collect();
    ids.sort_unstable();
    super::once_shown(what, ids.iter().copied(), show)?;
    Ok(ids)
}
