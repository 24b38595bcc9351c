//! Calendars: days that are no common ones, each with a type that the tenant has named. Sites say which one they go by,
//! schedules which hours days of a type have.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub mod routes;
pub mod store;
#[cfg(test)]
mod tests;

/// Most days in a calendar: more than ten years of nothing but them.
pub const DAYS_MAX: usize = 4_000;

/// A calendar in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub struct CalendarSummary {
    /// Which calendar.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// How many days it has.
    pub day_count: i64,
    /// Names of the sites that go by it.
    pub sites: Vec<String>,
    /// Counts its changes; the `ETag`.
    #[sqlx(rename = "row_version")]
    pub version: i64,
}

/// Days that are no common ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Calendar {
    /// Which calendar.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its days, ascending.
    pub days: Vec<CalendarDay>,
    /// Counts its changes; the `ETag`.
    pub version: i64,
}

/// What can be set of a calendar.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarSettings {
    /// Its name.
    pub name: String,
    /// Its days, each once; at most 4,000.
    pub days: Vec<CalendarDay>,
}

/// A day with a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, sqlx::FromRow)]
#[serde(deny_unknown_fields)]
pub struct CalendarDay {
    /// Which day, by the clock on the site's wall.
    pub day: NaiveDate,
    /// Number of a day type that has a name, 0 to 7.
    #[sqlx(try_from = "i16")]
    pub day_type: u8,
}

/// A type of days, such as public holidays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub struct DayType {
    /// 0 to 7.
    #[sqlx(try_from = "i16", rename = "day_type")]
    pub number: u8,
    /// What the tenant calls it.
    pub name: String,
}

/// A name for a day type.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DayTypeName {
    /// 1 to 100 characters; no other day type has it.
    pub name: String,
}
