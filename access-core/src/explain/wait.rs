//! From when on an attempt would be granted, if nothing else happened. An answer can change only at an instant at which a
//! period, a window or a lock begins or ends: those are judged, in their order.

use std::collections::BTreeSet;

use super::judge_with_factors;
use crate::attempt::{Attempt, ClockTrust};
use crate::circumstances::Circumstances;
use crate::ids::ScheduleId;
use crate::intervals::Interval;
use crate::policy::{AntiPassback, DoorRule, Policy};
use crate::time::{DAY_MS, Period, UnixMs};

/// How far it is looked ahead, in milliseconds.
pub const WAIT_LOOKED_AT_MS: i64 = 14 * DAY_MS;

/// The first instant after the attempt's, within [`WAIT_LOOKED_AT_MS`], at which it would be granted.
pub(super) fn wait_until(policy: &Policy, known: &Circumstances, attempt: &Attempt) -> Option<UnixMs> {
    if attempt.clock == ClockTrust::Untrusted {
        return None;
    }
    let is_granted =
        |at: &UnixMs| judge_with_factors(policy, known, &Attempt { at: *at, ..attempt.clone() }).is_grant();
    turning_points(policy, known, attempt)?.into_iter().find(is_granted)
}

fn turning_points(policy: &Policy, known: &Circumstances, attempt: &Attempt) -> Option<BTreeSet<UnixMs>> {
    let at = attempt.at;
    let until = at.plus_ms(WAIT_LOOKED_AT_MS);
    let (door, card) = policy.door(attempt.door).zip(policy.card(&attempt.card))?;
    let person = card.person?;
    let mut points: Vec<UnixMs> = Vec::new();
    let mut period = |period: &Period| points.extend([Some(period.from), period.until].into_iter().flatten());
    period(&card.valid);
    policy.blocks_of(card.id, &person).for_each(|block| period(&block.valid));
    policy.grants_of(&person).for_each(|grant| period(&grant.valid));
    person.exemption.iter().for_each(|exemption| period(&exemption.valid));
    points.extend(known.reader_locked_until);
    points.extend(known.set_mode.map(|set| set.until));
    // Somebody who comes in, or turns the door, later than this attempt frees it from then on.
    points.extend([known.last_entered, known.toggled_at].into_iter().flatten());
    points.extend(known.last_seen.and_then(|seen| Some(seen.at.plus_ms(ms(policy.travel_s(seen.door, door.id)?)))));
    let settings = [door.leads_from, door.leads_to].into_iter().filter_map(|area| policy.area(area));
    for area in settings {
        if let (AntiPassback::Timed { within_s }, Some(seen)) = (area.anti_passback, known.whereabouts) {
            points.push(seen.at.plus_ms(ms(within_s)));
        }
    }
    let levels = policy.grants_of(&person).filter_map(|grant| policy.level(grant.level));
    let of_levels = levels.flat_map(|level| &level.lines).filter_map(|line| line.schedule);
    let schedules: BTreeSet<ScheduleId> = of_levels.chain(schedules_of(door)).collect();
    for schedule in schedules {
        let times = policy.schedule_times(schedule, door, Interval { from: at, until });
        points.extend(times.as_slice().iter().flat_map(|interval| [interval.from, interval.until]));
    }
    Some(points.into_iter().filter(|point| at < *point && *point <= until).collect())
}

fn schedules_of(door: &DoorRule) -> impl Iterator<Item = ScheduleId> {
    let modes = door.modes.iter().map(|line| line.schedule);
    modes.chain(door.factor_lines.iter().map(|line| line.schedule))
}

fn ms(seconds: u32) -> i64 {
    i64::from(seconds) * 1_000
}
