//! Cards. One card, one person; made at an enrolment station only.

use crate::cards::Chip;
use crate::http::words;
use access_core::attempt::Assurance;
use access_core::policy::{CardToken, CredentialState};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use utoipa::ToSchema;
use uuid::Uuid;

pub mod routes;
pub mod store;

/// A card, as staff see it. Its number stays in the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Credential {
    /// Which card.
    pub id: Uuid,
    /// Its one holder.
    pub person_id: Uuid,
    /// Last digits of its UID, to tell cards apart by eye.
    pub label: String,
    /// `weak_uid` (can be copied) or `authenticated`.
    #[schema(value_type = words::Assurance)]
    pub strength: Assurance,
    /// `active`, `suspended`, `lost`, `stolen` or `returned`.
    #[schema(value_type = words::CredentialState)]
    pub state: CredentialState,
    /// From when on it may be used.
    pub valid_from: DateTime<Utc>,
    /// Until when.
    pub valid_until: Option<DateTime<Utc>>,
    /// When it was enrolled.
    pub created_at: DateTime<Utc>,
    /// What is known of its chip, if it proves itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chip: Option<Chip>,
    /// Counts changes; the `ETag`.
    pub version: i64,
}

/// A new state of a card.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StateChange {
    /// `active`, `suspended`, `lost`, `stolen` or `returned`.
    #[schema(value_type = words::CredentialState)]
    pub state: CredentialState,
    /// Why, in the operator's words.
    pub reason: String,
}

/// A new period of a card.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PeriodChange {
    /// From when on it may be used.
    pub valid_from: DateTime<Utc>,
    /// Until when; none means no end.
    pub valid_until: Option<DateTime<Utc>>,
    /// Why; needed where it may be used earlier than before, or longer.
    pub reason: Option<String>,
}

impl PeriodChange {
    /// Whether the card may be used at an hour at which it could not be before: such a change needs a reason.
    pub fn extends(&self, before: &Credential) -> bool {
        let end = |until: Option<DateTime<Utc>>| until.unwrap_or(DateTime::<Utc>::MAX_UTC);
        self.valid_from < before.valid_from || end(self.valid_until) > end(before.valid_until)
    }
}

/// What rules and records know a card by: HMAC-SHA-256 under the tenant's card key, as agents make it, of the number in its
/// protected file, or of its UID if it has none.
pub fn token(card_key: &[u8], uid: &[u8]) -> CardToken {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = <Hmac<Sha256>>::new_from_slice(card_key).expect("HMAC takes any key");
    mac.update(uid);
    CardToken(mac.finalize().into_bytes().into())
}

/// Last two bytes of the UID, to tell cards apart by eye.
pub fn label(uid: &[u8]) -> String {
    format!("…{}", hex::encode_upper(&uid[uid.len().saturating_sub(2)..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_hmac_sha_256() {
        // RFC 4231, test case 1.
        let token = token(&[0x0b; 20], b"Hi There");
        assert_eq!(hex::encode(token.0), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }

    #[test]
    fn a_label_shows_the_last_digits_only() {
        assert_eq!(label(&[0x04, 0xa1, 0xb2, 0xc3]), "…B2C3");
        assert_eq!(label(&[0x04]), "…04");
        assert_eq!(label(&[]), "…");
    }
}
