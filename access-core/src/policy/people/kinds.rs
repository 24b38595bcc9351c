//! What repeats among many rows is kept once and named by a number. Numbers stay what they are: a policy that follows from another adds
//! its own behind them and shares the rest.

use std::hash::Hash;
use std::sync::Arc;

use crate::policy::index::SpreadMap;

/// Kinds on one page. Only the last page is written anew when one is added.
const PAGE: usize = 1 << PAGE_BITS;
const PAGE_BITS: u32 = 8;

/// So many kinds are looked through for an equal one before another is added behind them.
const LOOKED_THROUGH_MAX: usize = 4_096;

/// Values by number.
#[derive(Debug)]
pub(in crate::policy) struct Kinds<T> {
    pages: Vec<Arc<Vec<T>>>,
}

impl<T> Clone for Kinds<T> {
    fn clone(&self) -> Self {
        Self { pages: self.pages.clone() }
    }
}

impl<T: Clone + PartialEq> Kinds<T> {
    /// The kind with a number that these gave.
    #[inline]
    pub(in crate::policy) fn get(&self, number: u32) -> &T {
        &self.pages[(number >> PAGE_BITS) as usize][number as usize % PAGE]
    }

    /// Every kind, in the order of numbers.
    pub(in crate::policy) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flat_map(|page| page.iter())
    }

    /// How many there are.
    pub(in crate::policy) fn len(&self) -> usize {
        self.pages.last().map_or(0, |last| (self.pages.len() - 1) * PAGE + last.len())
    }

    /// The number of a kind; of a new one, if there are too many to look through.
    pub(super) fn number_of(&mut self, kind: T) -> u32 {
        let known = (self.len() <= LOOKED_THROUGH_MAX).then(|| self.iter().position(|known| *known == kind)).flatten();
        known.map_or_else(|| self.add(kind), number)
    }

    fn add(&mut self, kind: T) -> u32 {
        let added = number(self.len());
        match self.pages.last_mut().filter(|last| last.len() < PAGE) {
            Some(last) => Arc::make_mut(last).push(kind),
            None => self.pages.push(Arc::new(vec![kind])),
        }
        added
    }
}

/// Takes kinds in, each once.
#[derive(Debug)]
pub(super) struct Collected<T> {
    kinds: Kinds<T>,
    numbers: SpreadMap<T, u32>,
}

impl<T: Clone + Eq + Hash> Collected<T> {
    pub(super) fn new() -> Self {
        Self { kinds: Kinds { pages: Vec::new() }, numbers: SpreadMap::default() }
    }

    /// The number of a kind.
    pub(super) fn number_of(&mut self, kind: T) -> u32 {
        match self.numbers.get(&kind) {
            Some(number) => *number,
            None => {
                let number = self.kinds.add(kind.clone());
                self.numbers.insert(kind, number);
                number
            }
        }
    }

    pub(super) fn into_kinds(mut self) -> Kinds<T> {
        self.kinds.pages.shrink_to_fit();
        self.kinds
    }
}

/// Rows are fewer than 2^32: they would not fit in any memory.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
