//! Who may pass where and when: schedules, access levels, grants and blocks.

use crate::http::words;
use access_core::policy::{FactorDemand, Sides};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub mod blocks;
pub mod checks;
pub mod grants;
pub mod levels;
pub mod place;
pub mod routes;
pub mod schedules;
#[cfg(test)]
mod tests;
pub mod week;

pub use place::{Place, PlaceKind};
pub use week::{DayWindow, ScheduleException, WeekWindow};

/// Most windows of a schedule or of one of its exceptions, and most lines of an access level.
pub const PARTS_MAX: usize = 64;
/// Most exception days of a schedule.
pub const EXCEPTIONS_MAX: usize = 1_000;
/// Most places in one line of an access level.
pub const PLACES_PER_LINE_MAX: usize = 1_000;

/// Weekly windows, windows of day types, and days on which others begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Schedule {
    /// Which schedule.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Counts its changes; the `ETag`.
    pub version: i64,
    /// Open whenever any of these is.
    pub windows: Vec<WeekWindow>,
    /// Days on which other windows begin, ascending.
    pub exceptions: Vec<ScheduleException>,
}

/// What can be set of a schedule. What is left out is not kept.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleSettings {
    /// Its name.
    pub name: String,
    /// Open whenever any of these is; at most 64.
    pub windows: Vec<WeekWindow>,
    /// Days on which other windows begin, each once; at most 1,000.
    #[serde(default)]
    pub exceptions: Vec<ScheduleException>,
}

/// Places × sides × schedules × factors, granted together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AccessLevel {
    /// Which level.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Counts its changes; the `ETag`.
    pub version: i64,
    /// Holds a door when any of these does.
    pub lines: Vec<LevelLine>,
}

/// What can be set of an access level.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelSettings {
    /// Its name.
    pub name: String,
    /// Holds a door when any of these does; at most 64.
    pub lines: Vec<LevelLine>,
}

/// One line of an access level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelLine {
    /// These places, 1 to 1,000,
    pub places: Vec<Place>,
    /// on these sides: `in`, `out` or `both`,
    #[schema(value_type = words::Sides)]
    pub side: Sides,
    /// within this schedule; none means always.
    pub schedule_id: Option<Uuid>,
    /// Demands at least this: `card`, `card_pin` or `card_finger`; none means what the door demands.
    #[schema(value_type = Option<words::FactorDemand>)]
    pub factors: Option<FactorDemand>,
}

access_core::words! {
    /// Where a grant or block is in its life.
    pub enum GrantState {
        /// In force now.
        Current = "current",
        /// Not yet.
        Future = "future",
        /// No longer.
        Ended = "ended",
        /// Taken back.
        Revoked = "revoked",
    }
}

crate::describe_words!(GrantState);

impl GrantState {
    /// Where it is at `now`.
    pub fn of(from: DateTime<Utc>, until: Option<DateTime<Utc>>, was_revoked: bool, now: DateTime<Utc>) -> Self {
        if was_revoked {
            Self::Revoked
        } else if now < from {
            Self::Future
        } else if until.is_some_and(|until| now >= until) {
            Self::Ended
        } else {
            Self::Current
        }
    }
}

/// A person or a group holds an access level for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Grant {
    /// Which grant.
    pub id: Uuid,
    /// Which person,
    pub person_id: Option<Uuid>,
    /// or everybody of which group.
    pub group_id: Option<Uuid>,
    /// What.
    pub level_id: Uuid,
    /// From when on.
    pub valid_from: DateTime<Utc>,
    /// Until when; none only with a reason.
    pub valid_until: Option<DateTime<Utc>>,
    /// Why it has no end.
    pub no_end_reason: Option<String>,
    /// `current`, `future`, `ended` or `revoked`.
    pub state: GrantState,
    /// By which operator.
    pub created_by: Option<Uuid>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Counts its changes; what `If-Match` names.
    pub version: i64,
}

/// A grant to be made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    /// What.
    pub level_id: Uuid,
    /// From when on.
    pub valid_from: DateTime<Utc>,
    /// Until when; the tenant may have set how long a grant lasts at most.
    pub valid_until: Option<DateTime<Utc>>,
    /// Why it has no end; needed if it has none, and only then.
    pub no_end_reason: Option<String>,
}

/// Another period of a grant. Who holds it and what it grants stays: for that it is revoked and another made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantChange {
    /// From when on.
    pub valid_from: DateTime<Utc>,
    /// Until when; the tenant may have set how long a grant lasts at most, counted from `valid_from`.
    pub valid_until: Option<DateTime<Utc>>,
    /// Why it has no end; needed if it has none, and only then.
    pub no_end_reason: Option<String>,
}

/// A refusal that beats every grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Block {
    /// Which block.
    pub id: Uuid,
    /// Whom it stops.
    pub person_id: Option<Uuid>,
    /// Which card it stops.
    pub credential_id: Option<Uuid>,
    /// Everybody of which group it stops.
    pub group_id: Option<Uuid>,
    /// Where.
    pub place: Place,
    /// Why.
    pub reason: String,
    /// From when on.
    pub valid_from: DateTime<Utc>,
    /// Until when; none means until it is lifted.
    pub valid_until: Option<DateTime<Utc>>,
    /// `current`, `future`, `ended` or `revoked` (lifted).
    pub state: GrantState,
    /// By which operator.
    pub created_by: Option<Uuid>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// A block to be made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBlock {
    /// Where; everywhere if left out.
    #[serde(default)]
    pub place: Place,
    /// Why.
    pub reason: String,
    /// From when on; now if left out.
    pub valid_from: Option<DateTime<Utc>>,
    /// Until when; until it is lifted if left out.
    pub valid_until: Option<DateTime<Utc>>,
}
