//! Where the row with an id stands: a table of places, found by a hash of the id. Half of it is empty, so that most questions for an id
//! that is not there end at once.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use uuid::Uuid;

/// A map by [`spread`]: faster than the standard one, for keys of which nobody who is not trusted chooses many.
pub(super) type SpreadMap<Key, Value> = HashMap<Key, Value, BuildHasherDefault<Spreading>>;

/// A place that holds nothing.
const EMPTY: u32 = u32::MAX;

/// Ids, each at the place of its row.
#[derive(Debug)]
pub(super) struct Index<Id> {
    ids: Box<[Id]>,
    slots: Box<[u32]>,
    shift: u32,
}

impl<Id: Copy + Eq + Into<Uuid>> Index<Id> {
    /// Rows in their order. Of equal ids the first is found.
    pub(super) fn of(ids: impl IntoIterator<Item = Id>) -> Self {
        let ids: Box<[Id]> = ids.into_iter().collect();
        let bits = (ids.len() * 2).next_power_of_two().trailing_zeros().max(1);
        let mut index = Self { slots: vec![EMPTY; 1 << bits].into_boxed_slice(), shift: 64 - bits, ids };
        for place in 0..index.ids.len() {
            let (slot, known) = index.slot(index.ids[place]);
            if known.is_none() {
                index.slots[slot] = u32::try_from(place).unwrap_or(EMPTY);
            }
        }
        index
    }

    /// Where the row with this id stands.
    #[inline]
    pub(super) fn place(&self, id: Id) -> Option<usize> {
        self.slot(id).1
    }

    /// Whether there is a row with this id.
    pub(super) fn holds(&self, id: Id) -> bool {
        self.place(id).is_some()
    }

    /// Ids in the order of their rows.
    pub(super) fn ids(&self) -> &[Id] {
        &self.ids
    }

    /// The slot of an id, with its place, or the one where it would be put.
    #[inline]
    fn slot(&self, id: Id) -> (usize, Option<usize>) {
        let mut slot = (mix(id.into()) >> self.shift) as usize;
        loop {
            match self.slots[slot] {
                EMPTY => return (slot, None),
                place if self.ids[place as usize] == id => return (slot, Some(place as usize)),
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
    }
}

/// Spreads an id over all bits, the leading ones best.
#[inline]
fn mix(id: Uuid) -> u64 {
    let (first, last) = id.as_u64_pair();
    spread(spread(first) ^ last)
}

/// Spreads a number over all bits, the leading ones best. Multiplies by the golden ratio's share of 2^64, as Knuth proposes.
#[inline]
pub(super) const fn spread(number: u64) -> u64 {
    let product = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    product ^ (product >> 32)
}

/// Hashes by [`spread`].
#[derive(Debug, Default)]
pub(super) struct Spreading(u64);

impl Hasher for Spreading {
    fn finish(&self) -> u64 {
        self.0
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..piece.len()].copy_from_slice(piece);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0 = spread(self.0 ^ number);
    }

    #[inline]
    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ids::DoorId;

    proptest! {
        #[test]
        fn each_id_is_found_at_its_first_place(numbers in proptest::collection::vec(0u128..200, 0..100), by in 0u32..100) {
            // Ids that differ in some bits only, wherever these lie.
            let id = |number: u128| DoorId::from_uuid(Uuid::from_u128(number.rotate_left(by)));
            let index = Index::of(numbers.iter().map(|number| id(*number)));
            for number in 0..200 {
                let place = numbers.iter().position(|known| *known == number);
                prop_assert_eq!(index.place(id(number)), place);
            }
        }
    }
}
