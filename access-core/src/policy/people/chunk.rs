//! Some hundred persons with their cards and grants, side by side.
//!
//! Bytes for a person with one card and three grants, where person kinds and levels are at most 256: the person 21 (id 16, kind 1, where
//! cards and grants begin 2 + 2), the card 52 (id 16, token 32, kind 4), a grant 19 (id 16, level 1, period 2): 130, and 8 in
//! [`tokens`](super::tokens). A period that few share takes four to nine more, seventeen at most; see [`periods`](super::periods).
//! The rest, lists of chunks and the like, is one or two bytes a person.

use std::ops::Range;

use super::column::IdColumn;
use super::numbers::Numbers;
use super::periods::{self, Shared, Valid};
use crate::ids::{CredentialId, GrantId, PersonId};
use crate::policy::CardToken;
use crate::time::Period;

/// Most persons in one chunk: their places fit in a byte.
pub(super) const PERSONS_MAX: usize = 256;
/// Persons that a new chunk gets, so that there is room for some more.
pub(super) const PERSONS_NEW: usize = 224;

/// Persons by id, each with their cards and grants by id.
#[derive(Debug)]
pub(in crate::policy) struct Chunk {
    persons: Box<[PersonSlot]>,
    person_kinds: Numbers,
    cards: Box<[CardSlot]>,
    grants: IdColumn,
    /// Numbers of the grants' levels.
    levels: Numbers,
    /// When the grants hold: twice the number of a shared period, or twice the place in `own_periods` and one.
    periods: Numbers,
    own_periods: Box<[u8]>,
}

/// A person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) struct PersonSlot {
    pub(in crate::policy) id: PersonId,
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
        Packer::new(0).chunk()
    }

    pub(super) fn persons(&self) -> &[PersonSlot] {
        &self.persons
    }

    #[inline]
    pub(super) fn person(&self, slot: usize) -> &PersonSlot {
        &self.persons[slot]
    }

    #[inline]
    pub(super) fn person_kind(&self, slot: usize) -> u32 {
        self.person_kinds.get(slot)
    }

    /// The cards of a person. Those of the last one reach to the end, so that one person may have any number.
    #[inline]
    pub(super) fn cards(&self, slot: usize) -> &[CardSlot] {
        let first = usize::from(self.persons[slot].first_card);
        let end = self.persons.get(slot + 1).map_or(self.cards.len(), |next| usize::from(next.first_card));
        &self.cards[first..end]
    }

    /// Places of the grants of a person, by the grants' ids.
    #[inline]
    pub(super) fn grants(&self, slot: usize) -> Range<usize> {
        let first = usize::from(self.persons[slot].first_grant);
        let end = self.persons.get(slot + 1).map_or(self.levels.len(), |next| usize::from(next.first_grant));
        first..end
    }

    /// The id of the grant at a place.
    #[inline]
    pub(super) fn grant_id(&self, place: usize) -> GrantId {
        self.grants.get(place).into()
    }

    /// The number of its level.
    #[inline]
    pub(super) fn level(&self, place: usize) -> u32 {
        self.levels.get(place)
    }

    /// The grant at a place.
    pub(super) fn grant(&self, place: usize) -> GrantSlot {
        GrantSlot { id: self.grant_id(place), level: self.level(place), valid: self.valid(place) }
    }

    /// When it holds.
    #[inline]
    fn valid(&self, place: usize) -> Valid {
        let number = self.periods.get(place);
        if number & 1 == 0 {
            Valid::Shared(number >> 1)
        } else {
            Valid::Own(periods::read(&self.own_periods[(number >> 1) as usize..]))
        }
    }

    /// Its period.
    #[inline]
    pub(super) fn period(&self, place: usize, shared: &Shared) -> Period {
        match self.valid(place) {
            Valid::Shared(number) => shared.get(number),
            Valid::Own(period) => period,
        }
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

/// A grant as it is put into a chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct GrantSlot {
    pub(super) id: GrantId,
    /// Number of its level.
    pub(super) level: u32,
    pub(super) valid: Valid,
}

/// Puts persons into chunks, in the order of their ids.
#[derive(Debug)]
pub(super) struct Packer {
    persons_max: usize,
    full: Vec<Chunk>,
    persons: Vec<PersonSlot>,
    person_kinds: Vec<u32>,
    cards: Vec<CardSlot>,
    grants: Vec<GrantId>,
    levels: Vec<u32>,
    periods: Vec<u32>,
    own_periods: Vec<u8>,
}

impl Packer {
    /// With so many persons in a chunk, at most [`PERSONS_MAX`].
    pub(super) fn new(persons_max: usize) -> Self {
        Self {
            persons_max: persons_max.min(PERSONS_MAX),
            full: Vec::new(),
            persons: Vec::new(),
            person_kinds: Vec::new(),
            cards: Vec::new(),
            grants: Vec::new(),
            levels: Vec::new(),
            periods: Vec::new(),
            own_periods: Vec::new(),
        }
    }

    /// The next person, with cards and grants by id.
    pub(super) fn push(
        &mut self,
        id: PersonId,
        kind: u32,
        cards: impl IntoIterator<Item = CardSlot>,
        grants: impl IntoIterator<Item = GrantSlot>,
    ) {
        let begins = (u16::try_from(self.cards.len()), u16::try_from(self.grants.len()));
        let (first_card, first_grant) = match begins {
            (Ok(first_card), Ok(first_grant)) if self.persons.len() < self.persons_max => (first_card, first_grant),
            _ => {
                self.close();
                (0, 0)
            }
        };
        self.persons.push(PersonSlot { id, first_card, first_grant });
        self.person_kinds.push(kind);
        self.cards.extend(cards);
        for GrantSlot { id, level, valid } in grants {
            self.grants.push(id);
            self.levels.push(level);
            self.periods.push(match valid {
                Valid::Shared(number) => number << 1,
                // The bytes of one person's grants would have to be more than two gigabytes to be more than this holds.
                Valid::Own(_) => (self.own_periods.len() as u32) << 1 | 1,
            });
            if let Valid::Own(period) = valid {
                periods::write(&period, &mut self.own_periods);
            }
        }
    }

    fn close(&mut self) {
        if self.persons.is_empty() {
            return;
        }
        let chunk = self.chunk();
        self.full.push(chunk);
        self.persons.clear();
        self.person_kinds.clear();
        self.cards.clear();
        self.grants.clear();
        self.levels.clear();
        self.periods.clear();
        self.own_periods.clear();
    }

    /// Whoever was put in since the last one was full.
    fn chunk(&self) -> Chunk {
        Chunk {
            persons: self.persons.as_slice().into(),
            person_kinds: Numbers::of(&self.person_kinds),
            cards: self.cards.as_slice().into(),
            grants: IdColumn::of(self.grants.iter().map(|id| id.as_uuid())),
            levels: Numbers::of(&self.levels),
            periods: Numbers::of(&self.periods),
            own_periods: self.own_periods.as_slice().into(),
        }
    }

    /// Chunks of all of them.
    pub(super) fn into_chunks(mut self) -> Vec<Chunk> {
        self.close();
        self.full
    }
}
