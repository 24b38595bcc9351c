//! Alarms: what a guard must see and acknowledge. The sequencer raises and clears them from records; staff acknowledge.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::words;

pub mod routes;
pub mod store;

/// Something that a guard must acknowledge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub struct Alarm {
    /// Which alarm.
    pub id: Uuid,
    /// What.
    #[schema(value_type = words::AlarmKind)]
    pub kind: String,
    /// 1 is the highest.
    pub priority: i16,
    /// Where.
    pub door_id: Option<Uuid>,
    /// Whose.
    pub agent_id: Option<Uuid>,
    /// Who was involved.
    pub person_id: Option<Uuid>,
    /// Since when.
    pub raised_at: DateTime<Utc>,
    /// How often it was raised while nobody acknowledged it.
    pub times: i32,
    /// When it was raised the last time, if more than once.
    pub raised_again_at: Option<DateTime<Utc>>,
    /// The event that raised it first.
    pub position: i64,
    /// When its cause was gone.
    pub cleared_at: Option<DateTime<Utc>>,
    /// When it was acknowledged.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// By whom.
    pub acknowledged_by: Option<Uuid>,
    /// What they noted.
    pub note: Option<String>,
}
