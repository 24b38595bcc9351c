//! What lies between two policies. People whom both share are not looked at.

use std::cmp::Ordering;

use super::people::Member;
use super::{Policy, PolicyChange, PolicyRows};
use crate::ids::PersonId;

/// A person of whom something differs, by the one policy and by the other.
pub(super) struct Differing<'a> {
    pub(super) one: Option<Member<'a>>,
    pub(super) other: Option<Member<'a>>,
}

impl Policy {
    /// Persons whose row, cards or grants of their own differ, by id.
    pub(super) fn people_differing<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = Differing<'a>> {
        let mut one = self.people.not_shared_with(&other.people).peekable();
        let mut two = other.people.not_shared_with(&self.people).peekable();
        let both = std::iter::from_fn(move || {
            let order = match (one.peek(), two.peek()) {
                (Some(one), Some(two)) => one.id().cmp(&two.id()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return None,
            };
            let first = if order.is_le() { one.next() } else { None };
            let second = if order.is_ge() { two.next() } else { None };
            Some(Differing { one: first, other: second })
        });
        both.filter(|both| match (both.one, both.other) {
            (Some(one), Some(two)) => !self.are_same(one, other, two),
            _ => true,
        })
    }

    fn are_same(&self, one: Member<'_>, other: &Self, two: Member<'_>) -> bool {
        one.kind() == two.kind()
            && one.card_rules().eq(two.card_rules())
            && one.grant_rows(&self.frame.levels).eq(two.grant_rows(&other.frame.levels))
    }

    /// Persons of whom a row of their own, of a card or of a grant differs, by id.
    pub(crate) fn persons_differing<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = PersonId> + use<'a> {
        self.people_differing(other).filter_map(|both| both.one.or(both.other).map(|member| member.id()))
    }

    /// Changes that make this policy the other one. Version, scope and other people's missing cards stay as they are.
    pub fn changes_to(&self, other: &Self) -> Vec<PolicyChange> {
        let (mut before, mut after) = (self.frame.rows.clone(), other.frame.rows.clone());
        for both in self.people_differing(other) {
            both.one.into_iter().for_each(|member| self.add(member, &mut before));
            both.other.into_iter().for_each(|member| other.add(member, &mut after));
        }
        before.changes_to(&after)
    }

    fn add(&self, member: Member<'_>, rows: &mut PolicyRows) {
        let record = member.to_record(&self.frame.levels);
        rows.persons.extend(record.person);
        rows.credentials.extend(record.cards);
        rows.grants.extend(record.grants);
    }
}
