//! What staff send of schedules, levels, grants and blocks, checked as far as no database is needed: by the routes that
//! save it, and by whoever asks what saving it would do.

use access_core::policy::ExceptionDay;
use chrono::{DateTime, Duration, Utc};

use super::schedules::Hours;
use super::{
    EXCEPTIONS_MAX, LevelSettings, NewBlock, NewGrant, PARTS_MAX, PLACES_PER_LINE_MAX, ScheduleException,
    ScheduleSettings, WeekWindow,
};
use crate::audit::checked_reason;
use crate::http::{ApiError, ApiResult, checked_name};

/// A schedule's name and hours.
pub fn schedule(new: &ScheduleSettings) -> ApiResult<(String, Hours)> {
    let name = checked_name(&new.name)?;
    if new.windows.len() > PARTS_MAX {
        return Err(ApiError::field("windows", format!("a schedule has {PARTS_MAX} windows at most")));
    }
    if new.exceptions.len() > EXCEPTIONS_MAX {
        return Err(ApiError::field("exceptions", format!("a schedule has {EXCEPTIONS_MAX} exception days at most")));
    }
    let window = |(place, window): (usize, &WeekWindow)| {
        window.to_rule().map_err(|error| ApiError::field(&format!("windows[{place}]"), error.to_string()))
    };
    let windows = new.windows.iter().enumerate().map(window).collect::<ApiResult<_>>()?;
    let mut exceptions: Vec<ExceptionDay> =
        new.exceptions.iter().enumerate().map(|(place, day)| exception(place, day)).collect::<ApiResult<_>>()?;
    exceptions.sort_by_key(|exception| exception.day);
    if exceptions.windows(2).any(|pair| pair[0].day == pair[1].day) {
        return Err(ApiError::field("exceptions", "no day may stand twice among the exceptions"));
    }
    Ok((name, Hours { windows, exceptions }))
}

fn exception(place: usize, exception: &ScheduleException) -> ApiResult<ExceptionDay> {
    let wrong = |what: &str| ApiError::field(&format!("exceptions[{place}]"), format!("{}: {what}", exception.day));
    let day = exception.day_number().ok_or_else(|| wrong("is not a day of 1970 to 9999"))?;
    if exception.windows.len() > PARTS_MAX {
        return Err(wrong(&format!("a day has {PARTS_MAX} windows at most")));
    }
    Ok(ExceptionDay { day, spans: exception.spans().map_err(|error| wrong(&error.to_string()))? })
}

/// Numbers of the day types that a schedule's windows name, each once.
pub fn day_types(new: &ScheduleSettings) -> Vec<u8> {
    let mut types: Vec<u8> = new.windows.iter().flat_map(|window| window.day_types.iter().copied()).collect();
    types.sort_unstable();
    types.dedup();
    types
}

/// An access level; places of a line are sorted, each once.
pub fn level(mut level: LevelSettings) -> ApiResult<LevelSettings> {
    level.name = checked_name(&level.name)?;
    if level.lines.len() > PARTS_MAX {
        return Err(ApiError::field("lines", format!("an access level has {PARTS_MAX} lines at most")));
    }
    for (line_place, line) in level.lines.iter_mut().enumerate() {
        for (place, held) in line.places.iter().enumerate() {
            held.check(&format!("lines[{line_place}].places[{place}]"))?;
        }
        line.places.sort();
        line.places.dedup();
        if line.places.is_empty() || line.places.len() > PLACES_PER_LINE_MAX {
            let field = format!("lines[{line_place}].places");
            return Err(ApiError::field(&field, format!("must name 1 to {PLACES_PER_LINE_MAX} places")));
        }
    }
    Ok(level)
}

/// A grant: it has an end that is not past or a reason to have none, and lasts no longer than the tenant lets any.
pub fn grant(mut new: NewGrant, days_max: Option<i32>, now: DateTime<Utc>) -> ApiResult<NewGrant> {
    match (&new.valid_until, new.no_end_reason.as_deref()) {
        // It would never open anything, and look as if it did.
        (Some(until), None) if *until <= now => {
            return Err(ApiError::field("valid_until", "must be in the future"));
        }
        (Some(until), None) if *until <= new.valid_from => {
            return Err(ApiError::field("valid_until", "must be after valid_from"));
        }
        (Some(_), None) => {}
        (Some(_), Some(_)) => {
            return Err(ApiError::field("no_end_reason", "is for a grant without an end only"));
        }
        (None, reason) => {
            let reason = checked_reason(reason.unwrap_or_default()).map_err(|_| {
                ApiError::field("no_end_reason", "a grant has an end, or a reason to have none (1 to 500 characters)")
            })?;
            new.no_end_reason = Some(reason.to_owned());
        }
    }
    let Some(days) = days_max else { return Ok(new) };
    let longest = format!("no grant lasts longer than {days} days here");
    match new.valid_until {
        None => Err(ApiError::field("valid_until", format!("{longest}, so each has an end"))),
        // From midnight to midnight, over a night in which clocks go back, is an hour more.
        Some(until) if until - new.valid_from > Duration::days(days.into()) + Duration::hours(1) => {
            Err(ApiError::field("valid_until", longest))
        }
        Some(_) => Ok(new),
    }
}

/// A block: it has a reason, a place, and an end that is not past.
pub fn block(mut new: NewBlock, now: DateTime<Utc>) -> ApiResult<NewBlock> {
    new.reason = checked_reason(&new.reason)?.to_owned();
    new.place.check("place")?;
    if new.valid_until.is_some_and(|until| until <= new.valid_from.unwrap_or(now).max(now)) {
        return Err(ApiError::field("valid_until", "must be after valid_from, and not past"));
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(day: u32, hour: u32) -> DateTime<Utc> {
        DateTime::from_timestamp(i64::from(day * 24 + hour) * 3_600, 0).unwrap()
    }

    fn new_grant(until: Option<DateTime<Utc>>, reason: Option<&str>) -> NewGrant {
        let no_end_reason = reason.map(str::to_owned);
        NewGrant { level_id: Uuid::nil(), valid_from: at(10, 0), valid_until: until, no_end_reason }
    }

    #[test]
    fn a_grant_ends_within_the_longest_time_or_says_why_not() {
        let cases = [
            (Some(at(11, 0)), None, None, Ok(())),
            (Some(at(10, 0)), None, None, Err("valid_until")),
            (Some(at(10, 12)), None, None, Err("valid_until")),
            (Some(at(10, 13)), None, None, Ok(())),
            (Some(at(11, 0)), Some("why"), None, Err("no_end_reason")),
            (None, Some("permanent"), None, Ok(())),
            (None, Some(" "), None, Err("no_end_reason")),
            (None, None, None, Err("no_end_reason")),
            (None, Some("permanent"), Some(90), Err("valid_until")),
            (Some(at(100, 1)), None, Some(90), Ok(())),
            (Some(at(100, 2)), None, Some(90), Err("valid_until")),
        ];
        for (until, reason, days_max, expected) in cases {
            let checked = grant(new_grant(until, reason), days_max, at(10, 12));
            let field = |error| match error {
                ApiError::Invalid(fields) => fields[0].field.clone(),
                error => panic!("{error:?}"),
            };
            let expected = expected.map_err(str::to_owned);
            assert_eq!(checked.map(drop).map_err(field), expected, "{until:?} {reason:?} {days_max:?}");
        }
    }

    #[test]
    fn exceptions_are_put_in_order_and_none_stands_twice() {
        let settings = |days: &[&str]| ScheduleSettings {
            name: "Days".to_owned(),
            windows: Vec::new(),
            exceptions: days
                .iter()
                .map(|day| ScheduleException { day: day.parse().unwrap(), windows: Vec::new() })
                .collect(),
        };
        let (_, hours) = schedule(&settings(&["1970-01-03", "1970-01-01"])).unwrap();
        assert_eq!(hours.exceptions.iter().map(|exception| exception.day).collect::<Vec<_>>(), [0, 2]);
        for wrong in [&["2026-12-24", "2026-12-24"][..], &["1969-12-31"]] {
            assert!(schedule(&settings(wrong)).is_err(), "{wrong:?}");
        }
    }
}
