//! People: card holders, known to the rules by a pseudonym and to staff by a name from the vault.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{Block, Grant};
use crate::credentials::Credential;
use crate::fingers::Finger;

pub mod consent;
pub mod routes;
pub mod store;

/// Longest given or family name, in characters.
pub const NAME_CHARS_MAX: usize = 100;
/// Longest personnel number, in characters.
pub const NUMBER_CHARS_MAX: usize = 40;

access_core::words! {
    /// Whether a person may use anything at all.
    pub enum PersonState {
        /// Yes, as granted.
        Active = "active",
        /// No.
        Inactive = "inactive",
    }
}

access_core::words! {
    /// Why templates of a person may be kept, or why none are needed.
    pub enum LegalBasisKind {
        /// The person consented to a text.
        Consent = "consent",
        /// The person declined or has no usable finger; doors that demand one stay shut to them.
        Alternative = "alternative",
    }
}

access_core::words! {
    /// What a registration still lacks.
    pub enum Missing {
        /// A usable card.
        Card = "card",
        /// A finger, though the person consented to one.
        Finger = "finger",
        /// A grant.
        Access = "access",
        /// A legal basis.
        LegalBasis = "legal_basis",
    }
}

access_core::words! {
    /// The document on which an identity was checked.
    pub enum DocumentKind {
        /// National identity card.
        IdentityCard = "identity_card",
        /// Passport.
        Passport = "passport",
        /// The employer's card.
        EmployeeCard = "employee_card",
        /// Another.
        Other = "other",
    }
}

/// What a person is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Name {
    /// Given name.
    pub given: String,
    /// Family name.
    pub family: String,
}

/// The document that was seen at registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// `identity_card`, `passport`, `employee_card` or `other`.
    #[schema(value_type = String, example = "identity_card")]
    pub kind: DocumentKind,
    /// When it was seen.
    pub seen_at: DateTime<Utc>,
}

/// Who a person is. Lies in the vault, sealed, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// What they are called.
    pub name: Name,
    /// Personnel number, unlike every other's.
    pub number: Option<String>,
    /// The document that was seen.
    pub document: Document,
}

/// What of an identity is to change; what is left out stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityChange {
    /// What they are called.
    pub name: Option<Name>,
    /// Personnel number; empty takes it away.
    pub number: Option<String>,
    /// The document that was seen.
    pub document: Option<Document>,
}

impl Identity {
    /// The identity with a change applied.
    #[must_use]
    pub fn changed(&self, change: IdentityChange) -> Self {
        Self {
            name: change.name.unwrap_or_else(|| self.name.clone()),
            number: match change.number {
                Some(number) => Some(number).filter(|number| !number.trim().is_empty()),
                None => self.number.clone(),
            },
            document: change.document.unwrap_or_else(|| self.document.clone()),
        }
    }

    /// The identity with spaces around names taken off, or the fields that can't be taken and why.
    pub fn checked(mut self) -> Result<Self, Vec<(&'static str, String)>> {
        let mut wrong = Vec::new();
        for (field, name) in [("name.given", &mut self.name.given), ("name.family", &mut self.name.family)] {
            *name = name.trim().to_owned();
            if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
                wrong.push((field, format!("must have 1 to {NAME_CHARS_MAX} characters and no control characters")));
            }
        }
        if let Some(number) = &mut self.number {
            *number = number.trim().to_owned();
            if number.is_empty() || number.chars().count() > NUMBER_CHARS_MAX || number.chars().any(char::is_control) {
                wrong.push((
                    "number",
                    format!("must have 1 to {NUMBER_CHARS_MAX} characters and no control characters"),
                ));
            }
        }
        if wrong.is_empty() { Ok(self) } else { Err(wrong) }
    }
}

/// A person in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Person {
    /// The pseudonym.
    pub id: Uuid,
    /// `active` or `inactive`.
    #[schema(value_type = String, example = "active")]
    pub state: PersonState,
    /// What they are called.
    pub name: Option<Name>,
    /// Personnel number.
    pub number: Option<String>,
    /// Whether there is a photo.
    pub has_photo: bool,
    /// When they were registered.
    pub created_at: DateTime<Utc>,
    /// How many usable cards.
    pub credentials: i64,
    /// How many fingers.
    pub fingers: i64,
    /// How many grants in force or to come.
    pub grants: i64,
    /// What the registration still lacks: `card`, `finger`, `access`, `legal_basis`.
    #[schema(value_type = Vec<String>)]
    pub missing: Vec<Missing>,
    /// Counts changes; the `ETag`.
    pub version: i64,
}

impl Person {
    /// Puts what the rules know together with what the vault knows.
    pub fn of(row: &store::PersonRow, identity: Option<&Identity>, has_photo: bool) -> Self {
        let lacks = [
            (row.credentials == 0, Missing::Card),
            (row.has_legal_basis && !row.is_exempt_from_finger && row.fingers == 0, Missing::Finger),
            (row.grants == 0, Missing::Access),
            (!row.has_legal_basis, Missing::LegalBasis),
        ];
        Self {
            id: row.id,
            state: row.state(),
            name: identity.map(|identity| identity.name.clone()),
            number: identity.and_then(|identity| identity.number.clone()),
            has_photo,
            created_at: row.created_at,
            credentials: row.credentials,
            fingers: row.fingers,
            grants: row.grants,
            missing: lacks.into_iter().filter_map(|(is_missing, what)| is_missing.then_some(what)).collect(),
            version: row.row_version,
        }
    }
}

/// A person with everything about them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonDetail {
    /// As in the list.
    #[serde(flatten)]
    pub person: Person,
    /// The document that was seen.
    pub document: Option<Document>,
    /// By which operator they were registered.
    pub created_by: Option<Uuid>,
    /// Their cards.
    pub cards: Vec<Credential>,
    /// Their enrolled fingers.
    pub enrolled_fingers: Vec<Finger>,
    /// Why their templates may be kept, if they may.
    pub legal_basis: Option<LegalBasis>,
    /// What they hold and held.
    pub access: Vec<Grant>,
    /// What stops or stopped them.
    pub blocks: Vec<Block>,
}

/// Why templates of a person may be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LegalBasis {
    /// `consent` or `alternative`.
    #[schema(value_type = String, example = "consent")]
    pub kind: LegalBasisKind,
    /// Version of the text that the person consented to.
    pub consent_text_version: Option<String>,
    /// When it was given.
    pub given_at: DateTime<Utc>,
    /// What else is to be known.
    pub note: Option<String>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// By which operator.
    pub recorded_by: Option<Uuid>,
}

/// A legal basis to be recorded.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLegalBasis {
    /// `consent` or `alternative`.
    #[schema(value_type = String, example = "consent")]
    pub kind: LegalBasisKind,
    /// Version of the text, for a consent and only then.
    pub consent_text_version: Option<String>,
    /// When it was given.
    pub given_at: DateTime<Utc>,
    /// What else is to be known.
    pub note: Option<String>,
}
#[cfg(test)]
mod tests {
    use super::*;

    fn identity(given: &str, number: Option<&str>) -> Identity {
        Identity {
            name: Name { given: given.to_owned(), family: "Meier".to_owned() },
            number: number.map(str::to_owned),
            document: Document { kind: DocumentKind::Passport, seen_at: DateTime::UNIX_EPOCH },
        }
    }

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(identity(" Anna ", Some(" 12 ")).checked(), Ok(identity("Anna", Some("12"))));
        let long = "x".repeat(NAME_CHARS_MAX + 1);
        for (given, number, field) in [
            ("", None, "name.given"),
            (&*long, None, "name.given"),
            ("A\nB", None, "name.given"),
            ("A", Some(" "), "number"),
        ] {
            let wrong = identity(given, number).checked().unwrap_err();
            assert_eq!(wrong[0].0, field);
        }
    }

    #[test]
    fn an_empty_number_takes_it_away() {
        let change =
            |number: Option<&str>| IdentityChange { name: None, number: number.map(str::to_owned), document: None };
        assert_eq!(identity("Anna", Some("12")).changed(change(Some(""))).number, None);
        assert_eq!(identity("Anna", Some("12")).changed(change(None)).number.as_deref(), Some("12"));
    }
}
