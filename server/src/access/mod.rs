//! Who may pass where and when: schedules, access levels, grants and blocks.

use crate::http::words;
use access_core::policy::Sides;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub mod blocks;
pub mod grants;
pub mod levels;
pub mod routes;
pub mod schedules;
pub mod week;

pub use week::WeekWindow;

/// Most windows of a schedule, and most lines of an access level.
pub const PARTS_MAX: usize = 64;
/// Most doors in one line of an access level.
pub const DOORS_PER_LINE_MAX: usize = 1_000;

/// Weekly windows.
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
}

/// What can be set of a schedule.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleSettings {
    /// Its name.
    pub name: String,
    /// Open whenever any of these is; at most 64.
    pub windows: Vec<WeekWindow>,
}

/// Doors × sides × schedules, granted together.
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
    /// These doors,
    pub door_ids: Vec<Uuid>,
    /// on these sides: `in`, `out` or `both`,
    #[schema(value_type = words::Sides)]
    pub side: Sides,
    /// within this schedule; none means always.
    pub schedule_id: Option<Uuid>,
}

access_core::words! {
    /// What a level's line, a block or a threat level holds: one door, or all doors of something.
    pub enum PlaceKind {
        /// Every door of the tenant.
        Tenant = "tenant",
        /// Every door of a site.
        Site = "site",
        /// Every door that leads into an area.
        Area = "area",
        /// One door.
        Door = "door",
    }
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

/// A person holds an access level for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Grant {
    /// Which grant.
    pub id: Uuid,
    /// Who.
    pub person_id: Uuid,
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
}

/// A grant to be made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    /// What.
    pub level_id: Uuid,
    /// From when on.
    pub valid_from: DateTime<Utc>,
    /// Until when.
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
    /// Why.
    pub reason: String,
    /// From when on; now if left out.
    pub valid_from: Option<DateTime<Utc>>,
    /// Until when; until it is lifted if left out.
    pub valid_until: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_has_one_state_at_a_time() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let cases = [
            (false, 9, GrantState::Future),
            (false, 10, GrantState::Current),
            (false, 19, GrantState::Current),
            (false, 20, GrantState::Ended),
            (true, 15, GrantState::Revoked),
        ];
        for (was_revoked, now, expected) in cases {
            assert_eq!(GrantState::of(at(10), Some(at(20)), was_revoked, at(now)), expected, "{now}");
        }
        assert_eq!(GrantState::of(at(10), None, false, at(1_000)), GrantState::Current);
    }
}
