//! Operators: individuals who sign in with a password and a one-time code, both always. No shared logins, no default
//! password, no way around: a lost second factor is set anew by another administrator or on the server's command line, and
//! the link for it demands the password. Who lost both is invited anew, which the log calls so.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::Role;
use crate::http::FieldError;

mod links;
mod password;
pub mod routes;
mod session;
mod setup;
pub mod store;
#[cfg(test)]
mod tests;
mod throttle;
mod totp;

pub use links::{Lost, SetupLink, SetupPurpose, first_operator_link, reset};
pub use password::{Passwords, Place};
pub use throttle::Throttle;

/// Longest display name, in characters.
const DISPLAY_NAME_CHARS_MAX: usize = 100;

access_core::words! {
    /// Whether an operator may sign in.
    pub enum OperatorState {
        /// Has a set-up link and has not used it.
        Invited = "invited",
        /// May sign in.
        Active = "active",
        /// May not.
        Disabled = "disabled",
    }
}

crate::describe_words!(OperatorState, SetupPurpose, Role);

/// Staff using the web UI.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
pub struct Operator {
    /// Which operator.
    pub id: Uuid,
    /// Name to sign in with.
    pub name: String,
    /// Name to show.
    pub display_name: String,
    /// `administrator` or `guard`.
    #[sqlx(try_from = "String")]
    #[schema(value_type = Role)]
    pub role: RoleWord,
    /// `invited`, `active` or `disabled`.
    #[schema(value_type = OperatorState)]
    pub state: String,
    /// When they were invited.
    pub created_at: DateTime<Utc>,
    /// When they last signed in.
    pub last_sign_in_at: Option<DateTime<Utc>>,
    /// Counts its changes; the `ETag`.
    #[sqlx(rename = "row_version")]
    pub version: i64,
}

/// A [`Role`] as it stands in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RoleWord(pub Role);

impl TryFrom<String> for RoleWord {
    type Error = access_core::word::UnknownWord;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        word.parse().map(Self)
    }
}

/// An operator to be invited.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOperator {
    /// Name to sign in with: lower-case letters, digits, `.`, `_`, `-`.
    pub name: String,
    /// Name to show.
    pub display_name: String,
    /// `administrator` or `guard`.
    pub role: Role,
}

/// What of an operator is to change; what is left out stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorChange {
    /// Name to show.
    pub display_name: Option<String>,
    /// `administrator` or `guard`.
    pub role: Option<Role>,
    /// Why.
    pub reason: String,
}

/// Checks the names of an operator.
pub fn check_names(name: Option<&str>, display_name: Option<&str>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(name) = name {
        let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let rest =
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte));
        if !first || !rest || name.len() > 63 {
            let message = "must have 1 to 63 lower-case letters, digits, dots, dashes or underscores".to_owned();
            errors.push(FieldError { field: "name".to_owned(), message });
        }
    }
    if let Some(display_name) = display_name
        && !(1..=DISPLAY_NAME_CHARS_MAX).contains(&display_name.trim().chars().count())
    {
        let message = format!("must have 1 to {DISPLAY_NAME_CHARS_MAX} characters");
        errors.push(FieldError { field: "display_name".to_owned(), message });
    }
    errors
}
