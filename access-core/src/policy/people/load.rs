//! People from rows.

use uuid::Uuid;

use super::chunk::{CardSlot, GrantSlot, PERSONS_NEW, Packer};
use super::kinds::Collected;
use super::periods::{Shared, Valid};
use super::tokens::Tokens;
use super::{CardKind, People, PersonKind, PersonRef};
use crate::ids::{AccessLevelId, CredentialId, GrantId, PersonId};
use crate::policy::index::Index;
use crate::policy::{CardToken, CredentialRule, Grant, Holder, PersonRule};
use crate::time::Period;

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
        let (mut person_kinds, mut card_kinds) = (Collected::new(), Collected::new());
        let cards = rows.cards.iter().map(|card| {
            let kind = card_kinds.number_of(CardKind::of(card));
            CardSlot { id: card.id, token: card.token, kind }
        });
        let mut cards = Grouped::of(&rows.of_cards, rows.persons.len(), cards, NO_CARD);
        let periods = Shared::of(rows.grants.iter().map(|grant| &grant.valid));
        let (mut grants, own_periods) = grants_of(rows, levels, &periods);
        let mut packer = Packer::new(PERSONS_NEW);
        for (place, person) in rows.persons.iter().enumerate() {
            let (cards, grants) = (cards.of_person(place), grants.of_person(place));
            cards.sort_unstable_by_key(|card| card.id);
            grants.sort_unstable_by_key(|grant| grant.id);
            let cards = cards.iter().copied();
            let grants = grants.iter().map(|grant| grant.to_slot(&own_periods));
            packer.push(person.id, person_kinds.number_of(PersonKind::of(person)), cards, grants);
        }
        drop((cards, grants, own_periods));
        let chunks = packer.into_chunks();
        let numbered = || chunks.iter().zip(0u32..);
        let tokens = numbered().flat_map(|(chunk, number)| {
            (0..chunk.persons().len()).flat_map(move |slot| {
                chunk.cards(slot).iter().map(move |card| (card.token, PersonRef::new(number, slot)))
            })
        });
        let tokens = Tokens::of(rows.cards.len(), tokens);
        let order = numbered().map(|(chunk, number)| (chunk.person(0).id, number)).collect();
        let (person_kinds, card_kinds) = (person_kinds.into_kinds(), card_kinds.into_kinds());
        let kinds_collected = person_kinds.len() + card_kinds.len();
        let mut chunks: Vec<_> = chunks.into_iter().map(std::sync::Arc::new).collect();
        // They were collected in the place of the larger ones.
        chunks.shrink_to_fit();
        Self { chunks, order, tokens, person_kinds, card_kinds, periods, kinds_collected }
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
        Self { state: card.state, valid: card.valid, proves_itself: card.proves_itself }
    }
}

/// Number of a grant's level. Rows were checked: the level is there.
pub(super) fn level_number(grant: &Grant, levels: &Index<AccessLevelId>) -> u32 {
    levels.place(grant.level).map_or(u32::MAX, |number| number as u32)
}

/// What is put in a place until a card is.
const NO_CARD: CardSlot = CardSlot { id: CredentialId::from_uuid(Uuid::nil()), token: CardToken([0; 32]), kind: 0 };

/// A grant on its way from its row to its holder: small, since there are many and their holders come in no order.
#[derive(Debug, Clone, Copy)]
struct SmallGrant {
    id: GrantId,
    level: u32,
    /// Twice the number of a shared period, or twice the place of one of its own and one.
    period: u32,
}

impl SmallGrant {
    /// What is put in a place until a grant is.
    const NONE: Self = Self { id: GrantId::from_uuid(Uuid::nil()), level: 0, period: 0 };

    fn to_slot(self, own_periods: &[Period]) -> GrantSlot {
        let Self { id, level, period } = self;
        let number = period >> 1;
        let is_own = period & 1 == 1;
        let valid = if is_own { Valid::Own(own_periods[number as usize]) } else { Valid::Shared(number) };
        GrantSlot { id, level, valid }
    }
}

/// Persons' grants by holder, and the periods that are not shared.
fn grants_of(rows: &Bulk, levels: &Index<AccessLevelId>, shared: &Shared) -> (Grouped<SmallGrant>, Vec<Period>) {
    let (numbers, mut own_periods) = (shared.numbers(), Vec::new());
    let grants = rows.grants.iter().map(|grant| {
        let period = numbers.get(&grant.valid).map_or_else(
            || {
                own_periods.push(grant.valid);
                (own_periods.len() as u32 - 1) << 1 | 1
            },
            |number| number << 1,
        );
        SmallGrant { id: grant.id, level: level_number(grant, levels), period }
    });
    let grants = Grouped::of(&rows.of_grants, rows.persons.len(), grants, SmallGrant::NONE);
    (grants, own_periods)
}

/// Things of persons, by the person's place.
struct Grouped<T> {
    begins: Vec<u32>,
    things: Vec<T>,
}

impl<T: Copy> Grouped<T> {
    /// Things, with the place of the person whose each is. They are read in their order and put where they belong: that is sooner done than
    /// to look for each person's among all.
    fn of(persons: &[u32], count: usize, things: impl Iterator<Item = T>, blank: T) -> Self {
        let mut begins = vec![0u32; count + 1];
        for person in persons.iter().filter(|person| **person != NOBODY) {
            begins[*person as usize + 1] += 1;
        }
        for place in 0..count {
            begins[place + 1] += begins[place];
        }
        // Where each belongs is found beforehand: a loop so small waits for many places of the memory at once.
        let mut next = begins.clone();
        let of_things = persons.iter().map(|person| {
            let next = next.get_mut(*person as usize)?;
            Some(std::mem::replace(next, *next + 1))
        });
        let of_things: Vec<u32> = of_things.map(|place| place.unwrap_or(NOBODY)).collect();
        let mut grouped = vec![blank; begins[count] as usize];
        for (thing, place) in things.zip(of_things).filter(|(_, place)| *place != NOBODY) {
            grouped[place as usize] = thing;
        }
        Self { begins, things: grouped }
    }

    fn of_person(&mut self, person: usize) -> &mut [T] {
        &mut self.things[self.begins[person] as usize..self.begins[person + 1] as usize]
    }
}
