//! Persons with their cards and grants: nearly all of a large policy, in about 146 bytes for a person with one card and three grants.
//!
//! [`chunk`] holds them by id; [`tokens`] finds them by a card; [`kinds`] keeps once what repeats: what a person is, a card's state and
//! period; [`periods`], when grants hold. A policy that follows from another shares every chunk and list in which nothing changed. Grants
//! and cards are not found by their own ids: whoever needs that looks through all of them.

use std::sync::Arc;

use crate::ids::{CredentialId, GrantId, GroupId, PersonId};
use crate::policy::{CardToken, CredentialState, Escort, Exemption};
use crate::time::Period;

mod change;
mod chunk;
mod column;
mod kinds;
mod load;
mod numbers;
mod periods;
mod tokens;

pub(super) use change::Record;
pub(super) use load::Bulk;

use chunk::{CardSlot, Chunk, PersonSlot};
use kinds::Kinds;
use periods::Shared;
use tokens::Tokens;

/// Persons, cards, and what persons hold by themselves.
#[derive(Debug, Clone)]
pub(super) struct People {
    /// By number, which a chunk keeps as long as it is there.
    chunks: Vec<Arc<Chunk>>,
    /// Each chunk's first person and number, ascending.
    order: Vec<(PersonId, u32)>,
    tokens: Tokens,
    person_kinds: Kinds<PersonKind>,
    card_kinds: Kinds<CardKind>,
    periods: Shared,
    /// Kinds when they were collected anew; beyond, some may be nobody's any more.
    kinds_collected: usize,
}

/// What a person is, beside who.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PersonKind {
    pub(super) is_active: bool,
    pub(super) has_finger: bool,
    pub(super) has_pin: bool,
    pub(super) needs_longer: bool,
    pub(super) exemption: Option<Exemption>,
    pub(super) escort: Option<Escort>,
    pub(super) groups: Box<[GroupId]>,
}

/// What a card is, beside which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CardKind {
    pub(super) state: CredentialState,
    pub(super) valid: Period,
    pub(super) proves_itself: bool,
}

/// Where a person is: a chunk's number and a place in it. It means nothing in another policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PersonRef(u32);

impl PersonRef {
    fn new(chunk: u32, slot: usize) -> Self {
        Self(chunk << 8 | slot as u32 & 0xFF)
    }

    const fn chunk(self) -> usize {
        (self.0 >> 8) as usize
    }

    const fn slot(self) -> usize {
        (self.0 & 0xFF) as usize
    }
}

/// A person, where they stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'a> {
    people: &'a People,
    chunk: &'a Chunk,
    at: PersonRef,
}

/// A grant that a person holds by themselves. Its id and its period are read when they are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeldGrant<'a> {
    people: &'a People,
    chunk: &'a Chunk,
    place: usize,
}

impl HeldGrant<'_> {
    #[inline]
    pub(super) fn id(&self) -> GrantId {
        self.chunk.grant_id(self.place)
    }

    /// Number of the level, see [`Frame`](super::frame::Frame).
    #[inline]
    pub(super) fn level(&self) -> u32 {
        self.chunk.level(self.place)
    }

    #[inline]
    pub(super) fn valid(&self) -> Period {
        self.chunk.period(self.place, &self.people.periods)
    }
}

impl<'a> Member<'a> {
    pub(super) const fn at(&self) -> PersonRef {
        self.at
    }

    pub(super) fn id(&self) -> PersonId {
        self.slot().id
    }

    #[inline]
    pub(super) fn kind(&self) -> &'a PersonKind {
        self.people.person_kinds.get(self.kind_number())
    }

    fn slot(&self) -> &'a PersonSlot {
        self.chunk.person(self.at.slot())
    }

    /// Their cards, by id.
    pub(super) fn cards(&self) -> &'a [CardSlot] {
        self.chunk.cards(self.at.slot())
    }

    /// What they hold by themselves, by id.
    #[inline]
    pub(super) fn grants(&self) -> impl Iterator<Item = HeldGrant<'a>> + use<'a> {
        let (people, chunk) = (self.people, self.chunk);
        chunk.grants(self.at.slot()).map(move |place| HeldGrant { people, chunk, place })
    }

    /// Number of what they are.
    pub(super) fn kind_number(&self) -> u32 {
        self.chunk.person_kind(self.at.slot())
    }
}

impl People {
    /// A person where they were found.
    #[inline]
    pub(super) fn at(&self, at: PersonRef) -> Member<'_> {
        Member { people: self, chunk: &self.chunks[at.chunk()], at }
    }

    /// A person at a place that may be of another policy: checked by the id.
    #[inline]
    pub(super) fn at_or_find(&self, at: PersonRef, id: PersonId) -> Option<Member<'_>> {
        let here = self.chunks.get(at.chunk()).and_then(|chunk| chunk.persons().get(at.slot()));
        if here.is_some_and(|person| person.id == id) { Some(self.at(at)) } else { self.find(id) }
    }

    /// A person.
    pub(super) fn find(&self, id: PersonId) -> Option<Member<'_>> {
        let number = self.chunk_for(id)?;
        let chunk = &self.chunks[number as usize];
        let slot = chunk.persons().binary_search_by_key(&id, |person| person.id).ok()?;
        Some(self.at(PersonRef::new(number, slot)))
    }

    /// The chunk that holds a person or would.
    fn chunk_for(&self, id: PersonId) -> Option<u32> {
        let after = self.order.partition_point(|(first, _)| *first <= id);
        self.order.get(after.saturating_sub(1)).map(|(_, number)| *number)
    }

    /// Everybody, by id.
    pub(super) fn iter(&self) -> impl Iterator<Item = Member<'_>> {
        self.order.iter().flat_map(|(_, number)| {
            let slots = 0..self.chunks[*number as usize].persons().len();
            slots.map(|slot| self.at(PersonRef::new(*number, slot)))
        })
    }

    /// A card and its holder, by what a reader sees of it.
    #[inline]
    pub(super) fn card(&self, token: &CardToken) -> Option<(Member<'_>, &CardSlot)> {
        self.tokens.candidates(token).find_map(|at| {
            let member = self.at(at);
            Some((member, member.cards().iter().find(|card| card.token == *token)?))
        })
    }

    pub(super) fn card_kind(&self, card: &CardSlot) -> &CardKind {
        self.card_kinds.get(card.kind)
    }

    /// Who has a card. Looks through all cards.
    pub(super) fn holder_of_card(&self, id: CredentialId) -> Option<Member<'_>> {
        self.order.iter().find_map(|(_, number)| {
            let slot = self.chunks[*number as usize].holder_of_card(id)?;
            Some(self.at(PersonRef::new(*number, slot)))
        })
    }

    /// Who has a grant by themselves. Looks through all grants.
    pub(super) fn holder_of_grant(&self, id: GrantId) -> Option<Member<'_>> {
        self.order.iter().find_map(|(_, number)| {
            let slot = self.chunks[*number as usize].holder_of_grant(id)?;
            Some(self.at(PersonRef::new(*number, slot)))
        })
    }

    /// What persons are, by number. Some kinds may be nobody's any more.
    pub(super) fn person_kinds(&self) -> impl Iterator<Item = &PersonKind> {
        self.person_kinds.iter()
    }

    /// Whether somebody holds a level for which `wanted` says so, by its number. Looks through all grants.
    pub(super) fn hold_any(&self, wanted: impl Fn(u32) -> bool) -> bool {
        self.iter().any(|member| member.grants().any(|grant| wanted(grant.level())))
    }

    /// Persons who stand in chunks that the other has not: all others are the same in both.
    pub(super) fn not_shared_with<'a>(&'a self, other: &Self) -> impl Iterator<Item = Member<'a>> + use<'a> {
        let shared: std::collections::BTreeSet<*const Chunk> = other.chunks.iter().map(Arc::as_ptr).collect();
        let own =
            self.order.iter().filter(move |(_, number)| !shared.contains(&Arc::as_ptr(&self.chunks[*number as usize])));
        own.flat_map(|(_, number)| {
            let slots = 0..self.chunks[*number as usize].persons().len();
            slots.map(|slot| self.at(PersonRef::new(*number, slot)))
        })
    }
}
