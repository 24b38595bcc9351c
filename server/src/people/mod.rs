//! People: card holders, known to the rules by a pseudonym and to staff by a name from the vault.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{Block, Grant};
use crate::credentials::Credential;
use crate::fingers::Finger;
use crate::groups::GroupName;
use crate::pins::Pin;
use crate::vault::{Document, Identity, Name};

mod photo;
pub mod routes;
pub mod rules;
pub mod store;

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

crate::describe_words!(PersonState, LegalBasisKind, Missing);

/// A person in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Person {
    /// The pseudonym.
    pub id: Uuid,
    /// `active` or `inactive`.
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
    /// Their PIN, if they have one.
    pub pin: Option<Pin>,
    /// Why their templates may be kept, if they may.
    pub legal_basis: Option<LegalBasis>,
    /// What rules ask of them otherwise than of others.
    pub rules: rules::PersonRules,
    /// Groups that they are in.
    pub groups: Vec<GroupName>,
    /// What they hold and held themselves.
    pub access: Vec<Grant>,
    /// What their groups hold that is not over.
    pub group_access: Vec<Grant>,
    /// What stops or stopped them, or a card of theirs.
    pub blocks: Vec<Block>,
    /// What stops a group of theirs and is not over.
    pub group_blocks: Vec<Block>,
    /// What their escort is called, if it is a group.
    pub escort_group: Option<GroupName>,
}

/// Why templates of a person may be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LegalBasis {
    /// `consent` or `alternative`.
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
    pub kind: LegalBasisKind,
    /// Version of the text, for a consent and only then.
    pub consent_text_version: Option<String>,
    /// When it was given.
    pub given_at: DateTime<Utc>,
    /// What else is to be known.
    pub note: Option<String>,
}
