//! Some hundred persons with their cards and grants, side by side.
//!
//! Bytes for a person with one card and three grants: the person 24 (id 16, kind 4, where cards and grants begin 2 + 2), the card 52 (id
//! 16, token 32, kind 4), a grant 20 (id 16, kind 4): 136, and 8 in [`tokens`](super::tokens). The rest, lists of chunks and the like,
//! is about one byte a person.

use std::ops::Range;

use super::column::IdColumn;
use crate::ids::{CredentialId, GrantId, PersonId};
use crate::policy::CardToken;

/// Most persons in one chunk: their places fit in a byte.
pub(super) const PERSONS_MAX: usize = 256;
/// Persons that a new chunk gets, so that there is room for some more.
pub(super) const PERSONS_NEW: usize = 224;

/// Persons by id, each with their cards and grants by id.
#[derive(Debug)]
pub(in crate::policy) struct Chunk {
    persons: Box<[PersonSlot]>,
    cards: Box<[CardSlot]>,
    grants: IdColumn,
    grant_kinds: Box<[u32]>,
}

/// A person. What repeats is a number of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) struct PersonSlot {
    pub(in crate::policy) id: PersonId,
    pub(in crate::policy) kind: u32,
    first_card: u16,
    first_grant: u16,
}

/// A card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) struct CardSlot {
    pub(in crate::policy) id: CredentialId,
    pub(in crate::policy) token: CardToken,
    pub(in crate::policy) kind: u32,
}

impl Chunk {
    /// Nobody.
    pub(super) fn empty() -> Self {
        Self { persons: [].into(), cards: [].into(), grants: IdColumn::of(std::iter::empty()), grant_kinds: [].into() }
    }

    pub(super) fn persons(&self) -> &[PersonSlot] {
        &self.persons
    }

    #[inline]
    pub(super) fn person(&self, slot: usize) -> &PersonSlot {
        &self.persons[slot]
    }

    /// The cards of a person. Those of the last one reach to the end, so that one person may have any number.
    #[inline]
    pub(super) fn cards(&self, slot: usize) -> &[CardSlot] {
        let first = usize::from(self.persons[slot].first_card);
        let end = self.persons.get(slot + 1).map_or(self.cards.len(), |next| usize::from(next.first_card));
        &self.cards[first..end]
    }

    /// Where the grants of a person stand.
    #[inline]
    fn grants(&self, slot: usize) -> Range<usize> {
        let first = usize::from(self.persons[slot].first_grant);
        let end = self.persons.get(slot + 1).map_or(self.grant_kinds.len(), |next| usize::from(next.first_grant));
        first..end
    }

    /// Kinds of the grants of a person, by the grants' ids.
    #[inline]
    pub(super) fn grant_kinds(&self, slot: usize) -> &[u32] {
        &self.grant_kinds[self.grants(slot)]
    }

    /// The id of a person's grant with this number among theirs.
    #[inline]
    pub(super) fn grant_id(&self, slot: usize, number: usize) -> GrantId {
        self.grants.get(usize::from(self.persons[slot].first_grant) + number).into()
    }

    /// Who has a card.
    pub(super) fn holder_of_card(&self, id: CredentialId) -> Option<usize> {
        let place = self.cards.iter().position(|card| card.id == id)?;
        Some(self.persons.partition_point(|person| usize::from(person.first_card) <= place) - 1)
    }

    /// Who has a grant.
    pub(super) fn holder_of_grant(&self, id: GrantId) -> Option<usize> {
        let place = self.grants.place(id.into())?;
        Some(self.persons.partition_point(|person| usize::from(person.first_grant) <= place) - 1)
    }
}

/// Puts persons into chunks, in the order of their ids.
#[derive(Debug)]
pub(super) struct Packer {
    persons_max: usize,
    full: Vec<Chunk>,
    persons: Vec<PersonSlot>,
    cards: Vec<CardSlot>,
    grants: Vec<(GrantId, u32)>,
}

impl Packer {
    /// With so many persons in a chunk, at most [`PERSONS_MAX`].
    pub(super) fn new(persons_max: usize) -> Self {
        let (full, persons, cards, grants) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { persons_max: persons_max.min(PERSONS_MAX), full, persons, cards, grants }
    }

    /// The next person, with cards and grants by id.
    pub(super) fn push(
        &mut self,
        id: PersonId,
        kind: u32,
        cards: impl IntoIterator<Item = CardSlot>,
        grants: impl IntoIterator<Item = (GrantId, u32)>,
    ) {
        let begins = (u16::try_from(self.cards.len()), u16::try_from(self.grants.len()));
        let (first_card, first_grant) = match begins {
            (Ok(first_card), Ok(first_grant)) if self.persons.len() < self.persons_max => (first_card, first_grant),
            _ => {
                self.close();
                (0, 0)
            }
        };
        self.persons.push(PersonSlot { id, kind, first_card, first_grant });
        self.cards.extend(cards);
        self.grants.extend(grants);
    }

    fn close(&mut self) {
        if self.persons.is_empty() {
            return;
        }
        self.full.push(Chunk {
            persons: self.persons.as_slice().into(),
            cards: self.cards.as_slice().into(),
            grants: IdColumn::of(self.grants.iter().map(|(id, _)| id.as_uuid())),
            grant_kinds: self.grants.iter().map(|(_, kind)| *kind).collect(),
        });
        self.persons.clear();
        self.cards.clear();
        self.grants.clear();
    }

    /// Chunks of all of them.
    pub(super) fn into_chunks(mut self) -> Vec<Chunk> {
        self.close();
        self.full
    }
}
