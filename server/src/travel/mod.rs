//! Travel times: the least time that anybody needs between two doors, or between doors of two sites. Whoever is faster is a
//! sign of two cards.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub mod routes;
pub mod store;
#[cfg(test)]
mod tests;

/// Longest travel time, in seconds: a week.
pub const LEAST_S_MAX: i32 = 604_800;

/// Least time between two doors or two sites, either way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub struct TravelTime {
    /// Which entry.
    pub id: Uuid,
    /// Between this door
    pub door_id: Option<Uuid>,
    /// and this one,
    pub other_door_id: Option<Uuid>,
    /// or between any door of this site
    pub site_id: Option<Uuid>,
    /// and any other of this one, which may be the same.
    pub other_site_id: Option<Uuid>,
    /// Seconds.
    pub least_s: i32,
    /// Counts its changes; the `ETag`.
    #[sqlx(rename = "row_version")]
    pub version: i64,
}

/// A travel time to be made: between two doors, or two sites.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTravelTime {
    /// Between this door
    pub door_id: Option<Uuid>,
    /// and this one,
    pub other_door_id: Option<Uuid>,
    /// or between any door of this site
    pub site_id: Option<Uuid>,
    /// and any other of this one, which may be the same.
    pub other_site_id: Option<Uuid>,
    /// Seconds, 1 to 604,800.
    pub least_s: i32,
}

/// Another time between the same two.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TravelTimeChange {
    /// Seconds, 1 to 604,800.
    pub least_s: i32,
    /// Why; needed where it becomes shorter.
    pub reason: Option<String>,
}
