//! A policy with some rows changed, without looking at those that are not: what saving a form makes of the rules in force, and what a
//! preview or a remedy supposes.
//!
//! A draft takes the changes in, checks what they can have spoiled, and shares the rest with the policy before. Where it can't vouch for
//! the outcome it gives up, and all rows are compiled as if they were new. So the outcome, an error too, is always that of
//! [`Policy::compile`] on the changed rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::check::{self, Known};
use super::frame::Frame;
use super::people::Record;
use super::{
    CredentialRule, EscortBy, Grant, Holder, Policy, PolicyChange, PolicyError, PolicyRow, PolicyRowId, PolicyRows,
    PolicyScope,
};
use crate::ids::{CredentialId, GrantId, PersonId};

/// With more changes, everything is compiled anew: cards and grants are looked through for each.
const CHANGES_MAX: usize = 256;
/// With more levels gone than this, beside as many as there are, numbers are given anew: a gone level keeps its own.
const LEVELS_GONE_MAX: usize = 1_024;

impl Policy {
    /// This policy after some changes, in their order. Only the outcome must make sense, not each step. The version stays: see
    /// [`Policy::at_version`].
    pub fn with(&self, changes: &[PolicyChange]) -> Result<Self, PolicyError> {
        if let Some(policy) = Draft::of(self, changes).and_then(Draft::finish) {
            return Ok(policy);
        }
        let mut rows = self.to_rows();
        changes.iter().try_for_each(|change| rows.change(change))?;
        let mut policy = Self::compile(rows)?;
        policy.usable_until = self.usable_until;
        Ok(policy)
    }
}

/// A policy on its way to another.
struct Draft<'a> {
    before: &'a Policy,
    /// Rows of the frame, once one of them changed.
    rows: Option<PolicyRows>,
    /// Whoever is concerned by a change, as they are after it.
    people: BTreeMap<PersonId, Record>,
}

impl<'a> Draft<'a> {
    fn of(before: &'a Policy, changes: &[PolicyChange]) -> Option<Self> {
        let mut draft = Self { before, rows: None, people: BTreeMap::new() };
        let few = changes.len() <= CHANGES_MAX;
        few.then(|| changes.iter().try_for_each(|change| draft.change(change))).flatten()?;
        Some(draft)
    }

    /// None where what is to be taken out is not there.
    fn change(&mut self, change: &PolicyChange) -> Option<()> {
        match change {
            PolicyChange::Put(PolicyRow::Person(person)) => {
                let person = self.record(person.id).person.insert(person.clone());
                person.groups.sort_unstable();
                person.groups.dedup();
            }
            PolicyChange::Remove(PolicyRowId::Person(id)) => drop(self.record(*id).person.take()?),
            PolicyChange::Put(PolicyRow::Credential(card)) => {
                self.record(card.person);
                self.take_card(card.id);
                self.record(card.person).cards.push(*card);
            }
            PolicyChange::Remove(PolicyRowId::Credential(id)) => drop(self.take_card(*id)?),
            PolicyChange::Put(PolicyRow::Grant(grant)) => {
                if let Holder::Person(person) = grant.holder {
                    self.record(person);
                    self.take_grant(grant.id);
                    self.record(person).grants.push(*grant);
                } else {
                    self.take_grant(grant.id);
                    self.rows().grants.push(*grant);
                }
            }
            PolicyChange::Remove(PolicyRowId::Grant(id)) => drop(self.take_grant(*id)?),
            of_frame => self.rows().change(of_frame).ok()?,
        }
        Some(())
    }

    fn rows(&mut self) -> &mut PolicyRows {
        self.rows.get_or_insert_with(|| self.before.frame.rows.clone())
    }

    /// Whoever has this id, or is to have it.
    fn record(&mut self, id: PersonId) -> &mut Record {
        let before = self.before;
        let as_before = || before.people.find(id).map(|member| member.to_record(&before.frame.levels));
        self.people.entry(id).or_insert_with(|| as_before().unwrap_or_default())
    }

    /// Takes a card from whoever has it. Those who are concerned already are looked at first.
    fn take_card(&mut self, id: CredentialId) -> Option<CredentialRule> {
        let take = |record: &mut Record| {
            let place = record.cards.iter().position(|card| card.id == id)?;
            Some(record.cards.swap_remove(place))
        };
        if let Some(card) = self.people.values_mut().find_map(take) {
            return Some(card);
        }
        let holder = self.before.people.holder_of_card(id)?.id();
        // Of whoever is concerned it was taken before.
        let is_untouched = !self.people.contains_key(&holder);
        is_untouched.then(|| take(self.record(holder))).flatten()
    }

    /// Takes a grant from whoever holds it. See [`Draft::take_card`].
    fn take_grant(&mut self, id: GrantId) -> Option<Grant> {
        let take_from = |grants: &mut Vec<Grant>| {
            let place = grants.iter().position(|grant| grant.id == id)?;
            Some(grants.swap_remove(place))
        };
        if let Some(grant) = self.people.values_mut().find_map(|record| take_from(&mut record.grants)) {
            return Some(grant);
        }
        let of_groups = &self.rows.as_ref().unwrap_or(&self.before.frame.rows).grants;
        if of_groups.iter().any(|grant| grant.id == id) {
            return take_from(&mut self.rows().grants);
        }
        let holder = self.before.people.holder_of_grant(id)?.id();
        let is_untouched = !self.people.contains_key(&holder);
        is_untouched.then(|| take_from(&mut self.record(holder).grants)).flatten()
    }

    /// The policy, if the draft can vouch for it.
    fn finish(mut self) -> Option<Policy> {
        let before = self.before;
        let rows = self.rows.take();
        let is_other_frame = rows.is_some();
        let frame = match rows {
            Some(rows) => Arc::new(other_frame(before, rows)?),
            None => Arc::clone(&before.frame),
        };
        self.people_make_sense(&frame)?;
        let gone = self.gone();
        self.nobody_names(&gone)?;
        if is_other_frame || !gone.is_nobody() {
            self.blocks_make_sense(&frame, &gone)?;
        }
        let people = if self.people.is_empty() {
            Arc::clone(&before.people)
        } else {
            Arc::new(before.people.with(&self.people, &frame.levels)?)
        };
        Some(Policy { version: before.version, usable_until: before.usable_until, frame, people })
    }

    fn is_person(&self, id: PersonId) -> bool {
        match self.people.get(&id) {
            Some(record) => record.person.is_some(),
            None => self.before.people.find(id).is_some(),
        }
    }

    /// Whether everybody concerned names only what is there, and nobody else has a token of theirs.
    fn people_make_sense(&self, frame: &Frame) -> Option<()> {
        let is_person = |id| self.is_person(id);
        let mut tokens = BTreeSet::new();
        for record in self.people.values() {
            match &record.person {
                Some(person) => check::check_person(person, &frame.known, is_person).ok()?,
                None if record.cards.is_empty() && record.grants.is_empty() => {}
                None => return None,
            }
            record.grants.iter().try_for_each(|grant| frame.level_number(grant.level).map(|_| ()))?;
            for card in &record.cards {
                let known = self.before.people.card(&card.token);
                let is_others = known.is_some_and(|(member, _)| !self.people.contains_key(&member.id()));
                let is_missing = frame.rows.missing_cards.iter().any(|missing| missing.token == card.token);
                (!is_others && !is_missing && tokens.insert(card.token)).then_some(())?;
            }
        }
        Some(())
    }

    /// Who and what was there before and is no more.
    fn gone(&self) -> Gone {
        let cards_now: BTreeSet<CredentialId> =
            self.people.values().flat_map(|record| record.cards.iter().map(|card| card.id)).collect();
        let mut gone = Gone::default();
        for (id, record) in &self.people {
            let Some(member) = self.before.people.find(*id) else { continue };
            if record.person.is_none() {
                gone.persons.insert(*id);
            }
            gone.cards.extend(member.cards().iter().map(|card| card.id).filter(|card| !cards_now.contains(card)));
        }
        gone
    }

    /// Whether none of those who are gone escorts anybody.
    fn nobody_names(&self, gone: &Gone) -> Option<()> {
        if gone.persons.is_empty() || self.before.scope() == PolicyScope::Cut {
            return Some(());
        }
        let mut escorts = self.before.people.person_kinds().filter_map(|kind| kind.escort);
        let names = |by| matches!(by, EscortBy::Person(person) if gone.persons.contains(&person));
        (!escorts.any(|escort| names(escort.by))).then_some(())
    }

    /// Whether blocks name only what is there. A card that a block named before is there unless it is gone.
    fn blocks_make_sense(&self, frame: &Frame, gone: &Gone) -> Option<()> {
        let cards: BTreeSet<CredentialId> =
            self.people.values().flat_map(|record| record.cards.iter().map(|card| card.id)).collect();
        for block in &frame.rows.blocks {
            let is_old = self.before.block(block.id).is_some_and(|known| known.subject == block.subject);
            let is_card = |card| {
                let is_held = || is_old || self.before.people.holder_of_card(card).is_some();
                cards.contains(&card) || (!gone.cards.contains(&card) && is_held())
            };
            check::check_block(block, &frame.known, |id| self.is_person(id), is_card).ok()?;
        }
        Some(())
    }
}

/// Who and what is no more.
#[derive(Debug, Default)]
struct Gone {
    persons: BTreeSet<PersonId>,
    cards: BTreeSet<CredentialId>,
}

impl Gone {
    fn is_nobody(&self) -> bool {
        self.persons.is_empty() && self.cards.is_empty()
    }
}

/// The frame of changed rows. None if they are wrong, if a level or group is gone that somebody may hold or be in, or if it is time
/// to make everything anew.
fn other_frame(before: &Policy, mut rows: PolicyRows) -> Option<Frame> {
    check::put_in_order(&mut rows);
    let known = Known::of(&rows);
    check::check(&rows, &known).ok()?;
    // Persons who hold by themselves are looked at where they are concerned.
    rows.grants.iter().try_for_each(|grant| check::check_grant(grant, &known, |_| true)).ok()?;
    let levels = before.frame.levels.ids();
    let gone: Vec<bool> = levels.iter().map(|level| !known.levels.holds(*level)).collect();
    let gone_count = gone.iter().filter(|is_gone| **is_gone).count();
    (gone_count <= known.levels.ids().len() + LEVELS_GONE_MAX).then_some(())?;
    let is_held = gone_count > 0 && before.people.hold_any(|level| gone[level as usize]);
    let is_gone = |group| !known.groups.holds(group);
    let is_in_gone = before.frame.known.groups.ids().iter().any(|group| is_gone(*group))
        && before.people.person_kinds().any(|kind| {
            let escort = kind.escort.and_then(|escort| match escort.by {
                EscortBy::Group(group) => Some(group),
                EscortBy::Person(_) => None,
            });
            kind.groups.iter().copied().chain(escort).any(is_gone)
        });
    (!is_held && !is_in_gone).then(|| Frame::of(rows, known, levels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::samples::{id, person, rows};

    /// Whether the draft itself vouches for the outcome.
    fn is_vouched_for(changes: &[PolicyChange]) -> bool {
        let policy = Policy::compile(rows()).unwrap();
        Draft::of(&policy, changes).and_then(Draft::finish).is_some()
    }

    #[test]
    fn common_changes_need_no_compiling_anew() {
        let put = PolicyChange::Put;
        let policy = Policy::compile(rows()).unwrap();
        let (grant, card, level) = (rows().grants[0], rows().credentials[0], policy.levels()[0].clone());
        let cases = [
            vec![put(PolicyRow::Grant(Grant { level: level.id, id: id(7), ..grant }))],
            vec![PolicyChange::Remove(PolicyRowId::Grant(grant.id))],
            vec![put(PolicyRow::Person(person(2)))],
            vec![
                put(PolicyRow::Credential(CredentialRule { person: id(2), ..card })),
                put(PolicyRow::Person(person(2))),
            ],
            vec![put(PolicyRow::Level(super::super::AccessLevel { lines: Vec::new(), ..level }))],
        ];
        for (number, changes) in cases.iter().enumerate() {
            assert!(is_vouched_for(changes), "case {number}");
        }
        assert!(!is_vouched_for(&[PolicyChange::Remove(PolicyRowId::Person(id(1)))]), "the card has no holder");
        assert!(!is_vouched_for(&[PolicyChange::Remove(PolicyRowId::Level(id(1)))]), "the level is held");
    }

    #[test]
    fn numbers_of_levels_that_are_gone_are_given_again() {
        let mut policy = Policy::compile(rows()).unwrap();
        let first = 1_000;
        for round in 0..12 {
            let ids = (0..100).map(|number| id(first + round * 100 + number));
            let level = |id| PolicyRow::Level(super::super::AccessLevel { id, lines: Vec::new() });
            let put: Vec<_> = ids.clone().map(|id| PolicyChange::Put(level(id))).collect();
            let remove: Vec<_> = ids.map(|id| PolicyChange::Remove(PolicyRowId::Level(id))).collect();
            policy = policy.with(&put).unwrap().with(&remove).unwrap();
        }
        assert_eq!(policy, Policy::compile(rows()).unwrap());
        assert!(policy.frame.levels.ids().len() < 1_200, "{}", policy.frame.levels.ids().len());
    }

    #[test]
    fn what_did_not_change_is_shared() {
        let policy = Policy::compile(rows()).unwrap();
        let grant = Grant { id: id(7), ..rows().grants[0] };
        let other_grant = policy.with(&[PolicyChange::Put(PolicyRow::Grant(grant))]).unwrap();
        assert!(Arc::ptr_eq(&policy.frame, &other_grant.frame));
        let mut door = policy.doors()[0].clone();
        door.release_ms += 1;
        let other_door = policy.with(&[PolicyChange::Put(PolicyRow::Door(door))]).unwrap();
        assert!(Arc::ptr_eq(&policy.people, &other_door.people));
    }
}
