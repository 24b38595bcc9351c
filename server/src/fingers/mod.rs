//! That a finger is enrolled, and which. Its template lies in the vault, sealed, and leaves it only sealed to an agent.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub mod routes;
pub mod store;

access_core::words! {
    /// Which finger of a person.
    pub enum FingerPosition {
        /// Right thumb.
        RightThumb = "right_thumb",
        /// Right index finger.
        RightIndex = "right_index",
        /// Right middle finger.
        RightMiddle = "right_middle",
        /// Right ring finger.
        RightRing = "right_ring",
        /// Right little finger.
        RightLittle = "right_little",
        /// Left thumb.
        LeftThumb = "left_thumb",
        /// Left index finger.
        LeftIndex = "left_index",
        /// Left middle finger.
        LeftMiddle = "left_middle",
        /// Left ring finger.
        LeftRing = "left_ring",
        /// Left little finger.
        LeftLittle = "left_little",
    }
}

crate::describe_words!(FingerPosition);

/// An enrolled finger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Finger {
    /// Which one.
    pub id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// `right_thumb` to `left_little`.
    pub position: FingerPosition,
    /// How good the template is, 0 to 100.
    pub quality: i16,
    /// When it was enrolled.
    pub enrolled_at: DateTime<Utc>,
    /// Kind of sensor that made the template and can compare it.
    pub sensor_type: String,
}
