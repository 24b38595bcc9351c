//! Sets of instants, as intervals: when a door is open to somebody, over a week.

use crate::time::{Period, UnixMs};

/// From an instant up to and excluding another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Interval {
    /// First instant inside.
    pub from: UnixMs,
    /// First instant no longer inside.
    pub until: UnixMs,
}

impl Interval {
    /// What of a period lies in an interval, if anything.
    pub fn of_period(period: &Period, within: Self) -> Option<Self> {
        let until = period.until.map_or(within.until, |until| until.min(within.until));
        let from = period.from.max(within.from);
        (from < until).then_some(Self { from, until })
    }
}

/// A set of instants: intervals in order that neither touch nor are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Intervals(Vec<Interval>);

impl Intervals {
    /// No instant.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Every instant from one up to and excluding another.
    pub fn between(from: UnixMs, until: UnixMs) -> Self {
        Self(if from < until { vec![Interval { from, until }] } else { Vec::new() })
    }

    /// What of a period lies in an interval.
    pub fn of_period(period: &Period, within: Interval) -> Self {
        Self(Interval::of_period(period, within).into_iter().collect())
    }

    /// The instants of any of these intervals, in whatever order they come.
    pub fn of(mut intervals: Vec<Interval>) -> Self {
        intervals.retain(|interval| interval.from < interval.until);
        intervals.sort_unstable();
        let mut merged: Vec<Interval> = Vec::with_capacity(intervals.len());
        for interval in intervals {
            match merged.last_mut() {
                Some(last) if interval.from <= last.until => last.until = last.until.max(interval.until),
                _ => merged.push(interval),
            }
        }
        Self(merged)
    }

    /// Its intervals, in order.
    pub fn as_slice(&self) -> &[Interval] {
        &self.0
    }

    /// Whether no instant is inside.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an instant is inside.
    pub fn holds(&self, at: UnixMs) -> bool {
        let before = self.0.partition_point(|interval| interval.from <= at);
        before.checked_sub(1).is_some_and(|last| at < self.0[last].until)
    }

    /// Instants of either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => other.clone(),
            (_, true) => self.clone(),
            _ => Self::of(self.0.iter().chain(&other.0).copied().collect()),
        }
    }

    /// Instants of both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let (mut both, mut one, mut two) = (Vec::new(), self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(&&first), Some(&&second)) = (one.peek(), two.peek()) {
            let overlap = Interval { from: first.from.max(second.from), until: first.until.min(second.until) };
            if overlap.from < overlap.until {
                both.push(overlap);
            }
            let _ = if first.until <= second.until { one.next() } else { two.next() };
        }
        Self(both)
    }

    /// Instants of this one that are not of the other.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        if other.is_empty() {
            return self.clone();
        }
        let mut rest = Vec::new();
        for interval in &self.0 {
            let mut from = interval.from;
            let first = other.0.partition_point(|hole| hole.until <= from);
            for hole in other.0[first..].iter().take_while(|hole| hole.from < interval.until) {
                if from < hole.from {
                    rest.push(Interval { from, until: hole.from });
                }
                from = from.max(hole.until);
            }
            if from < interval.until {
                rest.push(Interval { from, until: interval.until });
            }
        }
        Self(rest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_set() -> impl Strategy<Value = Intervals> {
        proptest::collection::vec((0i64..40, 0i64..12), 0..6).prop_map(|pairs| {
            let interval = |(from, length)| Interval { from: UnixMs(from), until: UnixMs(from + length) };
            Intervals::of(pairs.into_iter().map(interval).collect())
        })
    }

    proptest! {
        #[test]
        fn sets_of_instants_behave_as_sets(one in any_set(), two in any_set()) {
            for at in (-1..60).map(UnixMs) {
                prop_assert_eq!(one.or(&two).holds(at), one.holds(at) || two.holds(at));
                prop_assert_eq!(one.and(&two).holds(at), one.holds(at) && two.holds(at));
                prop_assert_eq!(one.without(&two).holds(at), one.holds(at) && !two.holds(at));
            }
            for set in [one.or(&two), one.and(&two), one.without(&two)] {
                let gaps = set.as_slice().windows(2).all(|pair| pair[0].until < pair[1].from);
                prop_assert!(gaps, "{set:?} has one form");
            }
        }
    }
}
