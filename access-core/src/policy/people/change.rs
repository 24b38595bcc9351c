//! People with some of them changed: chunks and lists in which nothing changed are shared with those before.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chunk::{CardSlot, Chunk, GrantSlot, PERSONS_MAX, Packer};
use super::load::level_number;
use super::{CardKind, Member, People, PersonKind, PersonRef};
use crate::ids::{AccessLevelId, PersonId};
use crate::policy::index::Index;
use crate::policy::{CardToken, CredentialRule, Grant, Holder, PersonRule};

/// So many kinds may be nobody's, beside as many as there were when they were collected.
const KINDS_LEFT_MAX: usize = 4_096;

/// A person as rows. Without a row of their own they are not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::policy) struct Record {
    pub(in crate::policy) person: Option<PersonRule>,
    /// By id, unless they were changed since.
    pub(in crate::policy) cards: Vec<CredentialRule>,
    /// What they hold by themselves; by id, unless it was changed since.
    pub(in crate::policy) grants: Vec<Grant>,
}

impl<'a> Member<'a> {
    /// The person as rows.
    pub(in crate::policy) fn to_record(self, levels: &'a Index<AccessLevelId>) -> Record {
        let id = self.id();
        let PersonKind { is_active, has_finger, has_pin, needs_longer, exemption, escort, ref groups } = *self.kind();
        let groups = groups.to_vec();
        Record {
            person: Some(PersonRule { id, is_active, has_finger, has_pin, needs_longer, exemption, escort, groups }),
            cards: self.card_rules().collect(),
            grants: self.grant_rows(levels).collect(),
        }
    }

    /// Rows of their cards, by id.
    pub(in crate::policy) fn card_rules(self) -> impl Iterator<Item = CredentialRule> + use<'a> {
        let (people, person) = (self.people, self.id());
        self.cards().iter().map(move |card| {
            let CardKind { state, valid, proves_itself } = *people.card_kind(card);
            CredentialRule { id: card.id, person, token: card.token, state, valid, proves_itself }
        })
    }

    /// Rows of what they hold by themselves, by id.
    pub(in crate::policy) fn grant_rows(
        self,
        levels: &'a Index<AccessLevelId>,
    ) -> impl Iterator<Item = Grant> + use<'a> {
        let holder = Holder::Person(self.id());
        self.grants().map(move |grant| {
            let level = levels.ids()[grant.level() as usize];
            Grant { id: grant.id(), holder, level, valid: grant.valid() }
        })
    }
}

impl People {
    /// The same with these persons as they are here. None if it is time to make everything anew.
    pub(in crate::policy) fn with(
        &self,
        changed: &BTreeMap<PersonId, Record>,
        levels: &Index<AccessLevelId>,
    ) -> Option<Self> {
        let mut people = self.clone();
        let mut by_chunk: BTreeMap<u32, Vec<(PersonId, &Record)>> = BTreeMap::new();
        for (id, record) in changed {
            by_chunk.entry(self.chunk_for(*id)?).or_default().push((*id, record));
        }
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        for (number, records) in by_chunk {
            gone.extend(self.tokens_in(number));
            for number in people.change_chunk(number, &records, levels) {
                come.extend(people.tokens_in(number));
            }
        }
        people.order.sort_unstable();
        let (gone, come) = without_common(gone, come);
        people.tokens = self.tokens.with(&gone, &come)?;
        (people.kinds() <= 2 * self.kinds_collected + KINDS_LEFT_MAX).then_some(people)
    }

    /// Puts one or several chunks, or none, in the place of one. Tells their numbers.
    fn change_chunk(
        &mut self,
        number: u32,
        records: &[(PersonId, &Record)],
        levels: &Index<AccessLevelId>,
    ) -> Vec<u32> {
        let old = Arc::clone(&self.chunks[number as usize]);
        let mut packer = Packer::for_up_to(old.persons().len() + records.len());
        let mut records = records.iter().peekable();
        for (slot, person) in old.persons().iter().enumerate() {
            while let Some((id, record)) = records.next_if(|(id, _)| *id < person.id) {
                self.pack(&mut packer, *id, record, levels);
            }
            match records.next_if(|(id, _)| *id == person.id) {
                Some((id, record)) => self.pack(&mut packer, *id, record, levels),
                None => {
                    let grants = old.grants(slot).map(|place| old.grant(place));
                    packer.push(person.id, old.person_kind(slot), old.cards(slot).iter().copied(), grants);
                }
            }
        }
        for (id, record) in records {
            self.pack(&mut packer, *id, record, levels);
        }
        self.order.retain(|(_, known)| *known != number);
        self.chunks[number as usize] = Arc::new(Chunk::empty());
        let mut numbers = Vec::new();
        for chunk in packer.into_chunks() {
            let number = if numbers.is_empty() { number } else { self.chunks.len() as u32 };
            self.order.push((chunk.person(0).id, number));
            match self.chunks.get_mut(number as usize) {
                Some(place) => *place = Arc::new(chunk),
                None => self.chunks.push(Arc::new(chunk)),
            }
            numbers.push(number);
        }
        numbers
    }

    fn pack(&mut self, packer: &mut Packer, id: PersonId, record: &Record, levels: &Index<AccessLevelId>) {
        let Some(person) = &record.person else { return };
        let kind = self.person_kinds.number_of(PersonKind::of(person));
        let card = |card: &CredentialRule| {
            let kind = self.card_kinds.number_of(CardKind::of(card));
            CardSlot { id: card.id, token: card.token, kind }
        };
        let mut cards: Vec<CardSlot> = record.cards.iter().map(card).collect();
        cards.sort_unstable_by_key(|card| card.id);
        let grant = |grant: &Grant| GrantSlot {
            id: grant.id,
            level: level_number(grant, levels),
            valid: self.periods.valid(grant.valid),
        };
        let mut grants: Vec<_> = record.grants.iter().map(grant).collect();
        grants.sort_unstable_by_key(|grant| grant.id);
        packer.push(id, kind, cards, grants);
    }

    fn tokens_in(&self, number: u32) -> Vec<(CardToken, PersonRef)> {
        let chunk = &self.chunks[number as usize];
        let slots = 0..chunk.persons().len();
        let of_slot = |slot| chunk.cards(slot).iter().map(move |card| (card.token, PersonRef::new(number, slot)));
        slots.flat_map(of_slot).collect()
    }

    fn kinds(&self) -> usize {
        self.person_kinds.len() + self.card_kinds.len()
    }
}

impl Packer {
    /// Persons that fit in one chunk stay in one; otherwise each of several gets room for more.
    fn for_up_to(persons: usize) -> Self {
        if persons <= PERSONS_MAX {
            Self::new(PERSONS_MAX)
        } else {
            Self::new(persons.div_ceil(persons / PERSONS_MAX + 1))
        }
    }
}

/// What is in one and not in the other, both ways.
fn without_common<T: Ord + Copy>(mut one: Vec<T>, mut other: Vec<T>) -> (Vec<T>, Vec<T>) {
    one.sort_unstable();
    other.sort_unstable();
    let only = |these: &[T], those: &[T]| {
        these.iter().filter(|item| those.binary_search(item).is_err()).copied().collect::<Vec<T>>()
    };
    (only(&one, &other), only(&other, &one))
}
