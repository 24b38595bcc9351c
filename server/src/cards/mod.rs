//! Cards that prove themselves (DESFire): what the tenant chose for them, which keys each has and is to get, and what of them
//! each agent was sent. Who they belong to stands in `credentials`, their making in `enrolment`.

use access_core::policy::CredentialState;
use access_core::protocol::CardMessaging;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::words;

pub mod masters;
pub mod routes;
pub mod store;
#[cfg(test)]
mod tests;

/// Room for fingers on a card, in bytes, the most first: a 4K card has it for two of an R503's templates (1,536 bytes each) and
/// leaves some 1,200 bytes for others. Where a card says that it has not, the next is tried. A file can't grow later.
pub const TEMPLATES_BYTES: [u16; 3] = [3_584, 1_728, 0];

/// What one finger takes on a card at most, by the longest template of the sensors that are known (R503), in bytes.
const FINGER_BYTES: i32 = 1_640;

/// What the list of fingers takes by itself, in bytes.
const LIST_BYTES: i32 = 4;

/// Newest version that keys can have: a card tells it in one byte.
pub const KEY_VERSION_MAX: i16 = 255;

access_core::words! {
    /// Where templates of fingers are kept.
    pub enum TemplatesOn {
        /// On the holder's card alone, sealed for doors that they may use.
        Card = "card",
        /// On the server, sealed, and at agents.
        Server = "server",
    }
}

access_core::words! {
    /// Why a card is due for other keys; the most pressing first.
    pub enum CardDueReason {
        /// Whoever has a lost agent knows its keys, and these have no next version.
        Exchange = "exchange",
        /// Whoever has a lost agent knows its keys.
        Exposed = "exposed",
        /// Its own key may be the factory's, which is known to all: it was left so while the tenant had chosen that, and this was
        /// taken back. Whoever holds such a card to a reader of their own can format it.
        FactoryKey = "factory_key",
        /// Its keys have an older version than they are to have.
        OldKeys = "old_keys",
    }
}

crate::describe_words!(TemplatesOn, CardDueReason);

/// A card in circulation that is due for other keys. Until it has them it works as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CardDue {
    /// Which credential.
    pub credential_id: Uuid,
    /// Last characters of what it is known by.
    pub label: String,
    /// Its state: one that is suspended, or not handed over yet, is due as well.
    #[schema(value_type = words::CredentialState)]
    pub state: CredentialState,
    /// Whose.
    pub person_id: Uuid,
    /// Version of its keys that it proved last.
    pub key_version: i16,
    /// Why.
    pub reason: CardDueReason,
}

/// A tenant's choices for cards, and how far its cards are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CardRules {
    /// Version that cards get their keys in.
    pub key_version: i16,
    /// Where templates of fingers that are enrolled from now on are kept.
    pub templates_on: TemplatesOn,
    /// Whether a finger is compared with those of others at the station before it is stored.
    pub compares_fingers: bool,
    /// How many people have fingers on the server that are not compared, since they consented to a text that does not speak of it.
    pub people_not_compared: i64,
    /// Whether cards may be made that know the older messages only (DESFire EV1).
    pub takes_ev1: bool,
    /// Whether a card's own key stays the factory's: any passer-by can format such a card.
    pub leaves_factory_key: bool,
    /// Since when cards wait for other keys, if any were told to.
    pub rekeyed_at: Option<DateTime<Utc>>,
    /// Cards in circulation that prove themselves: neither lost, stolen, given back nor at their end, of persons in use.
    pub cards: i64,
    /// How many of them are to get other keys at their next visit to a station.
    pub cards_due: i64,
    /// How many of them have to be exchanged for other cards: whoever has a lost agent knows their keys, and these have no next version.
    pub cards_to_exchange: i64,
    /// Counts changes; the `ETag`. 0: nothing was chosen so far.
    pub version: i64,
}

/// Choices in place of those before.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CardRulesChange {
    /// Where templates of fingers that are enrolled from now on are kept. Those that are there stay where they are.
    pub templates_on: TemplatesOn,
    /// Whether a finger is compared with those of others at the station before it is stored. Only where templates are kept on the
    /// server; not unless it is said.
    #[serde(default)]
    pub compares_fingers: bool,
    /// Whether cards may be made that know the older messages only (DESFire EV1).
    pub takes_ev1: bool,
    /// Whether a card's own key stays the factory's.
    pub leaves_factory_key: bool,
    /// Why they are changed.
    pub reason: String,
}

/// What is known of a card's chip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Chip {
    /// Which messages it protects its answers by: `ev1` or `ev2`.
    #[schema(value_type = words::CardMessaging)]
    pub messaging: CardMessaging,
    /// Version of its keys.
    pub key_version: i16,
    /// Whether it is to get other keys at its next visit to a station. Until then it works as it is.
    pub is_renewal_due: bool,
    /// Whether it has to be exchanged for another card: whoever has a lost agent knows its keys, and these have no next version.
    pub is_exchange_due: bool,
    /// What was free on it when it was written last, in bytes.
    pub free_bytes: i32,
    /// How many more fingers fit on it, at least.
    pub fingers_fit: i32,
}

/// Version of keys for a card that is made now: the tenant's, or one beyond those that whoever has a lost agent knows of a card with
/// this UID. None: they know the last one.
pub fn version_to_make(of_tenant: i16, exposed: Option<i16>) -> Option<i16> {
    let beyond = exposed.map_or(1, |exposed| exposed.saturating_add(1));
    Some(of_tenant.max(beyond)).filter(|version| *version <= KEY_VERSION_MAX)
}

/// A chip, as it is kept.
#[derive(Debug, Clone)]
pub struct ChipRow {
    /// Which messages it protects its answers by.
    pub messaging: CardMessaging,
    /// Version of its keys that it proved last.
    pub key_version: i16,
    /// Versions that were begun since.
    pub versions_begun: Vec<i16>,
    /// Version that it is to get.
    pub version_wanted: i16,
    /// What was free on it, in bytes.
    pub free_bytes: i32,
    /// Size of its template file.
    pub templates_bytes_max: i32,
    /// How much of it is used.
    pub templates_bytes: i32,
    /// Whether its own key may be the factory's, since it was left so.
    pub has_factory_key: bool,
    /// Whether that is so and the tenant does not leave it so any more: its next visit to a station changes it.
    pub is_factory_key_due: bool,
    /// Newest version of its keys that whoever has a lost agent knows.
    pub exposed_version: Option<i16>,
}

impl ChipRow {
    /// As staff see it.
    pub fn view(&self) -> Chip {
        let used = self.templates_bytes.max(LIST_BYTES);
        Chip {
            messaging: self.messaging,
            key_version: self.key_version,
            is_renewal_due: (self.version_wanted != self.key_version || self.is_factory_key_due)
                && !self.is_exchange_due(),
            is_exchange_due: self.is_exchange_due(),
            free_bytes: self.free_bytes,
            fingers_fit: (self.templates_bytes_max - used).max(0) / FINGER_BYTES,
        }
    }

    /// Whether its keys are known to others in their last version.
    pub fn is_exchange_due(&self) -> bool {
        self.exposed_version.is_some_and(|exposed| exposed >= KEY_VERSION_MAX)
    }

    /// Whether its keys may have this version now.
    pub fn may_have(&self, version: u8) -> bool {
        self.versions_begun.iter().chain([&self.key_version]).any(|begun| *begun == i16::from(version))
    }

    /// Every version that its keys may have now, or are to get.
    pub fn versions(&self) -> Vec<u8> {
        let mut versions: Vec<u8> = self
            .versions_begun
            .iter()
            .chain([&self.key_version, &self.version_wanted])
            .filter_map(|version| u8::try_from(*version).ok())
            .collect();
        versions.sort_unstable();
        versions.dedup();
        versions
    }
}
