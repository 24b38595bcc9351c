//! People from rows.

use super::chunk::{CardSlot, PERSONS_NEW, Packer};
use super::kinds::Collected;
use super::tokens::Tokens;
use super::{CardKind, GrantKind, People, PersonKind, PersonRef};
use crate::ids::{AccessLevelId, PersonId};
use crate::policy::index::Index;
use crate::policy::{CredentialRule, Grant, Holder, PersonRule};

/// No person.
const NOBODY: u32 = u32::MAX;

/// Rows of persons, of their cards, and of grants.
#[derive(Debug)]
pub(in crate::policy) struct Bulk {
    /// By id.
    pub(in crate::policy) persons: Vec<PersonRule>,
    pub(in crate::policy) cards: Vec<CredentialRule>,
    /// Of groups, too.
    pub(in crate::policy) grants: Vec<Grant>,
    places: Index<PersonId>,
    /// Places of persons, by card and by grant.
    of_cards: Vec<u32>,
    of_grants: Vec<u32>,
}

impl Bulk {
    pub(in crate::policy) fn new(mut persons: Vec<PersonRule>, cards: Vec<CredentialRule>, grants: Vec<Grant>) -> Self {
        for person in &mut persons {
            person.groups.sort_unstable();
            person.groups.dedup();
        }
        persons.sort_by_key(|person| person.id);
        let places = Index::of(persons.iter().map(|person| person.id));
        let place = |id: PersonId| places.place(id).map_or(NOBODY, |place| place as u32);
        let of_cards = cards.iter().map(|card| place(card.person)).collect();
        // Grants of one holder often follow one another.
        let mut last = None;
        let of_holder = |grant: &Grant| match (grant.holder, last) {
            (Holder::Group(_), _) => NOBODY,
            (Holder::Person(person), Some((known, place))) if known == person => place,
            (Holder::Person(person), _) => last.insert((person, place(person))).1,
        };
        let of_grants = grants.iter().map(of_holder).collect();
        Self { persons, cards, grants, places, of_cards, of_grants }
    }

    pub(in crate::policy) fn holds(&self, person: PersonId) -> bool {
        self.places.holds(person)
    }

    /// Cards whose holder is not there.
    pub(in crate::policy) fn nobodys_cards(&self) -> impl Iterator<Item = &CredentialRule> {
        self.cards.iter().zip(&self.of_cards).filter(|(_, place)| **place == NOBODY).map(|(card, _)| card)
    }

    /// Grants that no person of these holds: those of groups, and those whose holder is not there.
    pub(in crate::policy) fn nobodys_grants(&self) -> impl Iterator<Item = &Grant> {
        self.grants.iter().zip(&self.of_grants).filter(|(_, place)| **place == NOBODY).map(|(grant, _)| grant)
    }
}

impl People {
    /// Rows that were checked.
    pub(in crate::policy) fn load(rows: &Bulk, levels: &Index<AccessLevelId>) -> Self {
        let cards_of = Grouped::of(&rows.of_cards, rows.persons.len());
        let grants_of = Grouped::of(&rows.of_grants, rows.persons.len());
        let (mut person_kinds, mut card_kinds, mut grant_kinds) =
            (Collected::new(), Collected::new(), Collected::new());
        let mut packer = Packer::new(PERSONS_NEW);
        let (mut cards, mut grants) = (Vec::new(), Vec::new());
        for (place, person) in rows.persons.iter().enumerate() {
            cards.extend(cards_of.rows(place).map(|row| {
                let card = &rows.cards[row];
                let kind = card_kinds.number_of(CardKind::of(card));
                CardSlot { id: card.id, token: card.token, kind }
            }));
            grants.extend(grants_of.rows(place).map(|row| {
                let grant = &rows.grants[row];
                (grant.id, grant_kinds.number_of(GrantKind::of(grant, levels)))
            }));
            cards.sort_unstable_by_key(|card| card.id);
            grants.sort_unstable_by_key(|(id, _)| *id);
            packer.push(person.id, person_kinds.number_of(PersonKind::of(person)), cards.drain(..), grants.drain(..));
        }
        let chunks = packer.into_chunks();
        let numbered = || chunks.iter().zip(0u32..);
        let tokens = numbered().flat_map(|(chunk, number)| {
            (0..chunk.persons().len()).flat_map(move |slot| {
                chunk.cards(slot).iter().map(move |card| (card.token, PersonRef::new(number, slot)))
            })
        });
        let tokens = Tokens::of(rows.cards.len(), tokens);
        let order = numbered().map(|(chunk, number)| (chunk.person(0).id, number)).collect();
        let (person_kinds, card_kinds, grant_kinds) =
            (person_kinds.into_kinds(), card_kinds.into_kinds(), grant_kinds.into_kinds());
        let kinds_collected = person_kinds.len() + card_kinds.len() + grant_kinds.len();
        let chunks = chunks.into_iter().map(std::sync::Arc::new).collect();
        Self { chunks, order, tokens, person_kinds, card_kinds, grant_kinds, kinds_collected }
    }
}

impl PersonKind {
    pub(super) fn of(person: &PersonRule) -> Self {
        Self {
            is_active: person.is_active,
            has_finger: person.has_finger,
            has_pin: person.has_pin,
            needs_longer: person.needs_longer,
            exemption: person.exemption,
            escort: person.escort,
            groups: person.groups.as_slice().into(),
        }
    }
}

impl CardKind {
    pub(super) fn of(card: &CredentialRule) -> Self {
        Self { state: card.state, valid: card.valid }
    }
}

impl GrantKind {
    pub(super) fn of(grant: &Grant, levels: &Index<AccessLevelId>) -> Self {
        // Rows were checked: the level is there.
        let level = levels.place(grant.level).map_or(u32::MAX, |number| number as u32);
        Self { level, valid: grant.valid }
    }
}

/// Places of rows, by the place of the person whose they are.
struct Grouped {
    begins: Vec<u32>,
    rows: Vec<u32>,
}

impl Grouped {
    fn of(persons: &[u32], count: usize) -> Self {
        let mut begins = vec![0u32; count + 1];
        for person in persons.iter().filter(|person| **person != NOBODY) {
            begins[*person as usize + 1] += 1;
        }
        for place in 0..count {
            begins[place + 1] += begins[place];
        }
        let mut next = begins.clone();
        let mut rows = vec![0; begins[count] as usize];
        for (row, person) in (0u32..).zip(persons).filter(|(_, person)| **person != NOBODY) {
            let place = &mut next[*person as usize];
            rows[*place as usize] = row;
            *place += 1;
        }
        Self { begins, rows }
    }

    fn rows(&self, person: usize) -> impl Iterator<Item = usize> + '_ {
        let range = self.begins[person] as usize..self.begins[person + 1] as usize;
        self.rows[range].iter().map(|row| *row as usize)
    }
}
