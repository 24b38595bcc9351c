//! That a finger is enrolled, and which. Its template lies in the vault, sealed, and leaves it only sealed to an agent.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{ApiError, ApiResult};

pub mod routes;
pub mod store;
#[cfg(test)]
mod tests;

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
    /// The card that its template lies on, and nowhere else; none: on the server, sealed.
    pub credential_id: Option<Uuid>,
    /// Whether it is shown as a sign of duress; administrators alone are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_duress: Option<bool>,
}

impl Finger {
    fn is_sign_of_duress(&self) -> bool {
        self.is_duress == Some(true)
    }

    /// The finger, for somebody who must not learn which one is a sign of duress.
    pub fn without_sign(self) -> Self {
        Self { is_duress: None, ..self }
    }
}

/// Whether a finger may be enrolled beside those that a person has. A sign of duress is never their only finger, and a finger
/// that is one thing does not become the other by the way: the person would go on showing it for what it was.
pub fn may_be_enrolled(fingers: &[Finger], position: FingerPosition, is_duress: bool) -> ApiResult<()> {
    let same = fingers.iter().find(|finger| finger.position == position);
    if same.is_some_and(|same| same.is_sign_of_duress() != is_duress) {
        let detail = "This finger is enrolled for the other use. Remove it first, or take another.";
        return Err(ApiError::Conflict("finger_taken", detail.to_owned()));
    }
    if is_duress && fingers.iter().all(Finger::is_sign_of_duress) {
        let detail = "A sign of duress is never the only finger. Enrol the one for every day first.";
        return Err(ApiError::Conflict("finger_missing", detail.to_owned()));
    }
    Ok(())
}

/// Whether one of a person's fingers may be removed: what is left must not be signs of duress alone.
pub fn may_be_removed(fingers: &[Finger], id: Uuid) -> ApiResult<()> {
    let mut left = fingers.iter().filter(|finger| finger.id != id).peekable();
    if left.peek().is_some() && left.all(Finger::is_sign_of_duress) {
        let detail =
            "The finger that is left would be the sign of duress. Enrol another first, or remove the sign first.";
        return Err(ApiError::Conflict("duress_alone", detail.to_owned()));
    }
    Ok(())
}
