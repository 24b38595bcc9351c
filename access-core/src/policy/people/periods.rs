//! When grants hold. Periods that many grants share are kept once, for all chunks, and named by a number; any other stands in its chunk as
//! a few bytes: each end in the coarsest unit that tells it exactly, so that nothing is rounded.

use std::sync::Arc;

use crate::policy::index::SpreadMap;
use crate::time::{Period, UnixMs};

/// So many grants, spread over all, are looked at for periods that are shared.
const SAMPLE: usize = 1 << 16;
/// A period is shared if so many of those have it.
const SHARED_MIN: u32 = 4;

/// Units of an end: milliseconds, and the bytes in which it is counted from 1970 on. Midnights of every zone are quarters of an hour.
const UNITS: [(i64, usize); 4] = [(15 * 60_000, 3), (1_000, 4), (1, 6), (1, 8)];
/// In the place of a unit: no end.
const NO_END: u8 = 0xF;

/// A period, as it is to be stored or was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Valid {
    /// Shared, by number.
    Shared(u32),
    /// Of this grant.
    Own(Period),
}

/// Periods that many grants share, ascending. A policy that follows from another has the same ones.
#[derive(Debug, Clone)]
pub(super) struct Shared(Arc<[Period]>);

/// Finds shared periods fast, while rows are loaded.
pub(super) struct SharedNumbers(SpreadMap<Period, u32>);

impl Shared {
    /// Those among the periods of all grants.
    pub(super) fn of<'a>(all: impl ExactSizeIterator<Item = &'a Period>) -> Self {
        let mut counts: SpreadMap<Period, u32> = SpreadMap::default();
        let step = all.len().div_ceil(SAMPLE).max(1);
        all.step_by(step).for_each(|period| *counts.entry(*period).or_default() += 1);
        let mut shared: Vec<Period> =
            counts.into_iter().filter(|(_, count)| *count >= SHARED_MIN).map(|(period, _)| period).collect();
        shared.sort_unstable_by_key(order);
        Self(shared.into())
    }

    pub(super) fn numbers(&self) -> SharedNumbers {
        SharedNumbers(self.0.iter().copied().zip(0u32..).collect())
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> Period {
        self.0[number as usize]
    }

    /// How a period is to be stored.
    pub(super) fn valid(&self, period: Period) -> Valid {
        let number = self.0.binary_search_by_key(&order(&period), order);
        number.map_or(Valid::Own(period), |number| Valid::Shared(number as u32))
    }
}

impl SharedNumbers {
    /// The number of a period, if it is shared.
    pub(super) fn get(&self, period: &Period) -> Option<u32> {
        self.0.get(period).copied()
    }
}

fn order(period: &Period) -> (UnixMs, Option<UnixMs>) {
    (period.from, period.until)
}

/// Appends a period: which units, then the ends.
pub(super) fn write(period: &Period, bytes: &mut Vec<u8>) {
    let head = bytes.len();
    bytes.push(0);
    let from = write_end(period.from, bytes);
    let until = period.until.map_or(NO_END, |until| write_end(until, bytes));
    bytes[head] = from | until << 4;
}

/// The period that was written there.
#[inline]
pub(super) fn read(bytes: &[u8]) -> Period {
    let (from, until) = (bytes[0] & 0xF, bytes[0] >> 4);
    let (from, rest) = read_end(from, &bytes[1..]);
    let until = (until != NO_END).then(|| read_end(until, rest).0);
    Period { from, until }
}

/// Appends an end and tells its unit.
fn write_end(UnixMs(ms): UnixMs, bytes: &mut Vec<u8>) -> u8 {
    let fits = |(unit_ms, width): &(i64, usize)| ms >= 0 && ms % unit_ms == 0 && ms / unit_ms < 1 << (width * 8);
    let (last, coarser) = (UNITS.len() - 1, &UNITS[..UNITS.len() - 1]);
    let unit = coarser.iter().position(fits).unwrap_or(last);
    let (unit_ms, width) = UNITS[unit];
    bytes.extend_from_slice(&(ms / unit_ms).to_le_bytes()[..width]);
    unit as u8
}

fn read_end(unit: u8, bytes: &[u8]) -> (UnixMs, &[u8]) {
    let (unit_ms, width) = UNITS[usize::from(unit)];
    let (own, rest) = bytes.split_at(width);
    let mut count = [0; 8];
    count[..width].copy_from_slice(own);
    (UnixMs(i64::from_le_bytes(count) * unit_ms), rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_end() -> impl Strategy<Value = i64> {
        let units = prop_oneof![Just(1), Just(1_000), Just(900_000), Just(86_400_000)];
        let count = prop_oneof![any::<i64>(), -2i64..1 << 49, (0u32..64).prop_map(|bit| 1i64 << bit)];
        (count, units, -1i64..2).prop_map(|(count, unit, off)| count.wrapping_mul(unit).wrapping_add(off))
    }

    proptest! {
        #[test]
        fn a_period_is_read_as_it_was_written(from in any_end(), until in proptest::option::of(any_end()), before in 0usize..3) {
            let period = Period { from: UnixMs(from), until: until.map(UnixMs) };
            let mut bytes = vec![0xAB; before];
            write(&period, &mut bytes);
            prop_assert_eq!(read(&bytes[before..]), period);
        }
    }

    #[test]
    fn ends_on_the_quarter_take_least() {
        let length = |from, until: Option<i64>| {
            let mut bytes = Vec::new();
            write(&Period { from: UnixMs(from), until: until.map(UnixMs) }, &mut bytes);
            bytes.len()
        };
        let midnight = 1_774_220_400_000;
        assert_eq!(length(midnight, None), 4);
        assert_eq!(length(midnight, Some(midnight + 1_000)), 8);
        assert_eq!(length(midnight + 1, None), 7);
        assert_eq!(length(i64::MIN, Some(i64::MAX)), 17);
    }

    #[test]
    fn what_few_share_is_kept_with_the_grant() {
        let period = |number: i64| Period { from: UnixMs(number), until: None };
        // One in two is the same; the others differ.
        let all: Vec<Period> = (0..300_000).map(|number| period(if number % 2 == 0 { -1 } else { number })).collect();
        let shared = Shared::of(all.iter());
        assert_eq!((shared.valid(period(-1)), shared.get(0)), (Valid::Shared(0), period(-1)));
        assert_eq!(shared.valid(period(1)), Valid::Own(period(1)));
        assert_eq!((shared.numbers().get(&period(-1)), shared.numbers().get(&period(1))), (Some(0), None));
    }
}
