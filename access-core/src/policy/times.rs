//! When something is open, over a stretch of time: the same meaning as asking for each instant, without asking.

use super::{Calendar, DoorRule, Policy, Schedule, Span};
use crate::ids::ScheduleId;
use crate::intervals::{Interval, Intervals};
use crate::time::{DAY_MS, UnixMs, Zone};

/// Longest stretch that is looked at, in milliseconds. What lies beyond is left out.
pub const STRETCH_MS_MAX: i64 = 400 * DAY_MS;

/// A stretch no longer than [`STRETCH_MS_MAX`].
pub(crate) fn stretch(from: UnixMs, until: UnixMs) -> Interval {
    Interval { from, until: until.min(from.plus_ms(STRETCH_MS_MAX)) }
}

impl Schedule {
    /// When it is open in a stretch, where the wall shows the time of `zone`.
    pub fn times(&self, calendar: Option<&Calendar>, zone: &Zone, from: UnixMs, until: UnixMs) -> Intervals {
        let Interval { from, until } = stretch(from, until);
        let mut open = Vec::new();
        for (within, offset_s) in zone.stretches(from, until) {
            let offset_ms = i64::from(offset_s) * 1_000;
            let day_of = |at: UnixMs| at.plus_ms(offset_ms).0.div_euclid(DAY_MS);
            for day in day_of(within.from).saturating_sub(1)..=day_of(within.until.plus_ms(-1)) {
                let midnight = UnixMs(day.saturating_mul(DAY_MS)).plus_ms(-offset_ms);
                open.extend(self.begun_on(calendar, day).map(|span| clip(wall(span, midnight), within)));
            }
        }
        Intervals::of(open)
    }
}

/// A window that begins on the day that begins at `midnight`, if the clocks are not changed.
fn wall(span: &Span, midnight: UnixMs) -> Interval {
    let minute = |minute: u16| midnight.plus_ms(i64::from(minute) * 60_000);
    let end = minute(span.to_minute);
    let until = if span.to_minute <= span.from_minute { end.plus_ms(DAY_MS) } else { end };
    Interval { from: minute(span.from_minute), until }
}

fn clip(interval: Interval, within: Interval) -> Interval {
    Interval { from: interval.from.max(within.from), until: interval.until.min(within.until) }
}

impl Zone {
    /// Stretches of one offset each, with that offset in seconds.
    pub fn stretches(&self, from: UnixMs, until: UnixMs) -> impl Iterator<Item = (Interval, i32)> {
        let begins = std::iter::once((UnixMs(i64::MIN), self.first_offset_s))
            .chain(self.offsets.iter().map(|change| (change.from, change.offset_s)));
        let ends = self.offsets.iter().map(|change| change.from).chain(std::iter::once(UnixMs(i64::MAX)));
        let all = begins
            .zip(ends)
            .map(move |((begin, offset_s), end)| (Interval { from: begin.max(from), until: end.min(until) }, offset_s));
        all.filter(|(stretch, _)| stretch.from < stretch.until)
    }
}

impl Policy {
    /// When a schedule is open at a door.
    pub fn schedule_times(&self, schedule: ScheduleId, door: &DoorRule, within: Interval) -> Intervals {
        let Some((schedule, site)) = self.schedule(schedule).zip(self.site(door.site)) else {
            return Intervals::none();
        };
        schedule.times(self.calendar_at(door), &site.zone, within.from, within.until)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::{CalendarDay, ExceptionDay, Window};
    use crate::time::ZoneOffset;

    const MINUTE_MS: i64 = 60_000;

    fn any_span() -> impl Strategy<Value = Span> {
        let minutes = (0u16..48, 1u16..=48).prop_filter("not empty", |(from, to)| from != to);
        minutes.prop_map(|(from, to)| Span { from_minute: from * 30, to_minute: to * 30 })
    }

    prop_compose! {
        fn any_schedule()(
            windows in proptest::collection::vec((0u8..128, 0u8..4, any_span()), 0..4),
            exceptions in proptest::collection::btree_map(0i32..10, proptest::collection::vec(any_span(), 0..3), 0..3),
        ) -> Schedule {
            Schedule {
                id: uuid::Uuid::nil().into(),
                windows: windows.into_iter().map(|(days, day_types, span)| Window { days, day_types, span }).collect(),
                exceptions: exceptions.into_iter().map(|(day, spans)| ExceptionDay { day, spans }).collect(),
            }
        }
    }

    prop_compose! {
        fn any_zone()(first in -28i32..28, changes in proptest::collection::btree_map(0i64..240, -52i32..52, 0..4)) -> Zone {
            let offsets = changes.into_iter().map(|(hour, quarters)| {
                ZoneOffset { from: UnixMs(hour * 60 * MINUTE_MS), offset_s: quarters * 900 }
            });
            Zone { name: String::new(), first_offset_s: first * 1_800, offsets: offsets.collect() }
        }
    }

    proptest! {
        #[test]
        fn times_are_the_instants_at_which_it_is_open(
            schedule in any_schedule(), zone in any_zone(), days in proptest::collection::btree_map(0i32..10, 0u8..2, 0..4),
        ) {
            let days = days.into_iter().map(|(day, day_type)| CalendarDay { day, day_type }).collect();
            let calendar = Calendar { id: uuid::Uuid::nil().into(), days };
            let (from, until) = (UnixMs(7 * MINUTE_MS), UnixMs(10 * DAY_MS));
            let times = schedule.times(Some(&calendar), &zone, from, until);
            for quarter in -4..10 * 96 + 4 {
                for at in [UnixMs(quarter * 15 * MINUTE_MS), UnixMs(quarter * 15 * MINUTE_MS - 1)] {
                    let open = schedule.is_open(Some(&calendar), zone.local(at)) && from <= at && at < until;
                    prop_assert_eq!(times.holds(at), open, "at {:?} of {:?}", at, times);
                }
            }
        }
    }
}
