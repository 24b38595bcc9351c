//! Who a person is: name, number and the document that was seen. Kept in the vault, sealed, and nowhere else.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest given or family name, in characters.
pub const NAME_CHARS_MAX: usize = 100;
/// Longest personnel number, in characters.
pub const NUMBER_CHARS_MAX: usize = 40;

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

crate::describe_words!(DocumentKind);

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
