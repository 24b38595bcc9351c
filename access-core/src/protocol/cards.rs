//! Cards that prove themselves: what a bundle carries so that a door can ask them, what a station and the server say while
//! one is made, and what lies in its template file. The keys that all others come from never leave the server.

use borsh::{BorshDeserialize, BorshSerialize};

use super::SecretBytes;
use crate::canonical;
use crate::ids::{AgentId, EnrolmentId, FingerId, PersonId};
use crate::policy::CardToken;

/// Bytes of the number that a credential has on its card.
pub const CREDENTIAL_NUMBER_BYTES: usize = 16;

/// A site's application on its cards.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CardApplication {
    /// Its number on the card, least byte first.
    pub id: [u8; 3],
    /// What the keys of one installation are diversified over beside UID and application: 5 to 20 bytes, no secret.
    pub system: Vec<u8>,
}

crate::words! {
    /// Which messages a card protects its answers by.
    pub enum CardMessaging {
        /// DESFire EV1's: AES, with less to hold on to.
        Ev1 = "ev1",
        /// DESFire EV2's and EV3's.
        Ev2 = "ev2",
    }
}

crate::words! {
    /// Which of a card's keys.
    pub enum CardKeyRole {
        /// The card's own: creates, deletes, formats.
        Card = "card",
        /// The application's: writes and changes keys. At stations only.
        Application = "application",
        /// Reads number and template: the one that a door needs.
        Reading = "reading",
    }
}

/// One of a card's keys. Diversified: of no use with any other card.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CardKey {
    /// Which.
    pub role: CardKeyRole,
    /// In which version, from 1; a card tells its own.
    pub version: u8,
    /// AES-128 key.
    pub key: SecretBytes,
}

/// What a bundle carries of cards and of templates that lie on them. Everything is sealed to the agent: by a content key
/// that is sealed to its own key once for all (HPKE, as templates are), and under that each entry (XChaCha20-Poly1305: nonce,
/// then ciphertext), opened when its card is held to a reader.
#[derive(Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub struct CardSecrets {
    /// Where the site's data lie on a card; none if it makes no such cards.
    pub application: Option<CardApplication>,
    /// HPKE's encapsulated key, then the ciphertext of 32 bytes. Associated data: [`content_key_binding`]. Empty with no
    /// entries.
    pub content_key: Vec<u8>,
    /// Cards that may use the agent's doors, and those that are lost or stolen.
    pub cards: Vec<SealedCard>,
    /// Template keys of the persons who may use the agent's doors and have a finger on a card.
    pub template_keys: Vec<SealedTemplateKey>,
}

/// A card that proves itself, found by the UID that it tells anybody.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SealedCard {
    /// Keyed hash of its UID, made as a [`CardToken`] is for a card that is known by nothing else.
    pub uid: CardToken,
    /// What the rules know it by: keyed hash of the number in its protected file.
    pub card: CardToken,
    /// How it was spoken to when it was made. A door speaks to it no other way: nobody talks it down.
    pub messaging: CardMessaging,
    /// Sealed [`ReadingKeys`], bound by [`card_binding`]. None for a card that is lost or stolen: it is believed to be that one
    /// by its UID alone, is refused, and the alarm says so.
    pub keys: Option<Vec<u8>>,
}

/// Reading keys of one card, in each version that it may have.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ReadingKeys {
    /// Version and AES-128 key.
    pub keys: Vec<(u8, SecretBytes)>,
}

/// The key under which one person's templates are sealed on their cards, and which fingers these may be.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SealedTemplateKey {
    /// Whose.
    pub person: PersonId,
    /// Sealed [`TemplateKey`], bound by [`template_key_binding`].
    pub sealed: Vec<u8>,
}

/// What a door needs for the fingers on a person's cards.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TemplateKey {
    /// 32 bytes.
    pub key: SecretBytes,
    /// The fingers that the server has a record of, in ascending order. Each on a card is bound to its number
    /// ([`card_finger_binding`]): any other is compared with nothing.
    pub fingers: Vec<FingerId>,
}

/// What the content key is bound to.
pub fn content_key_binding(agent: AgentId) -> Vec<u8> {
    canonical::encode(&("pforte content key 1".to_owned(), agent))
}

/// What a card's reading keys are bound to: this agent, this UID, this card, this way of speaking to it.
pub fn card_binding(agent: AgentId, uid: &CardToken, card: &CardToken, messaging: CardMessaging) -> Vec<u8> {
    canonical::encode(&("pforte card keys 1".to_owned(), agent, *uid, *card, messaging))
}

/// What a template key is bound to in a bundle.
pub fn template_key_binding(agent: AgentId, person: PersonId) -> Vec<u8> {
    canonical::encode(&("pforte template key 1".to_owned(), agent, person))
}

/// What lies in a card's template file: fingers, each sealed by the server under its holder's template key.
#[derive(Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub struct CardTemplates {
    /// The fingers, in the order in which they were enrolled.
    pub fingers: Vec<CardFinger>,
}

/// One finger on a card.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CardFinger {
    /// Which finger.
    pub finger: FingerId,
    /// Kind of sensor that can compare it.
    pub sensor_type: String,
    /// Nonce (24 bytes), then the XChaCha20-Poly1305 ciphertext of a [`TemplateContent`](super::TemplateContent). Associated
    /// data: [`card_finger_binding`].
    pub sealed: Vec<u8>,
}

/// What a finger on a card is bound to: its holder, that card's number, that kind of sensor. Copied to another card, it
/// does not open.
pub fn card_finger_binding(
    person: PersonId,
    credential: &[u8; CREDENTIAL_NUMBER_BYTES],
    finger: FingerId,
    sensor_type: &str,
) -> Vec<u8> {
    canonical::encode(&("pforte card finger 1".to_owned(), person, *credential, finger, sensor_type.to_owned()))
}

crate::words! {
    /// What kind of card lies on a station's reader.
    pub enum CardKind {
        /// It tells a UID and can't prove anything.
        UidOnly = "uid_only",
        /// DESFire EV1.
        DesfireEv1 = "desfire_ev1",
        /// DESFire EV2.
        DesfireEv2 = "desfire_ev2",
        /// DESFire EV3.
        DesfireEv3 = "desfire_ev3",
        /// A DESFire whose UID changes every time: it can't be found again by it.
        RandomUid = "random_uid",
    }
}

crate::words! {
    /// Why a station could not do what the server wanted with a card. The dialogue goes on: the card may be held there again,
    /// or another one.
    pub enum CardFault {
        /// It left, or another was put in its place.
        Gone = "gone",
        /// It does not answer as a card must.
        Unreadable = "unreadable",
        /// Its own key is not the factory's and not this site's.
        ForeignCard = "foreign_card",
        /// The application on it is not this site's.
        ForeignApplication = "foreign_application",
        /// There is not enough room on it.
        NotEnoughMemory = "not_enough_memory",
        /// It knows the older messages only, and the site does not want that.
        TooOld = "too_old",
        /// It holds another credential.
        AnothersCredential = "anothers_credential",
        /// A proof failed: it may be a copy.
        NotAuthentic = "not_authentic",
        /// What was written is not what is read.
        NotReadBack = "not_read_back",
    }
}

crate::words! {
    /// Which keys a card must have before it is written. What was read in the same dialogue has this site's; whatever has the
    /// factory's is not that card, and would be told new keys under those, which everybody knows.
    pub enum CardKeysBefore {
        /// Any: it is made, from the factory's keys or from whatever an earlier try left.
        Any = "any",
        /// The application's are this site's; its own was left the factory's.
        SitesApplication = "sites_application",
        /// All are this site's.
        Sites = "sites",
    }
}

/// What a station is to do with the card that lies on its reader.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CardWork {
    /// In which dialogue.
    pub enrolment: EnrolmentId,
    /// With this card and no other.
    pub uid: SecretBytes,
    /// The site's application.
    pub application: CardApplication,
    /// This card's keys, in each version that it may have and that it is to get.
    pub keys: Vec<CardKey>,
    /// What to do.
    pub task: CardTask,
}

/// A task of a station.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum CardTask {
    /// Read whose it is and what lies in its template file. Answered by [`EnrolmentStep::CardContent`](super::EnrolmentStep).
    Read {
        /// Whether it may be one that knows the older messages only.
        is_ev1_allowed: bool,
    },
    /// Make it this credential with these templates, from whatever state an earlier try left it in; keys are renewed on the
    /// way. Answered by [`EnrolmentStep::CardWritten`](super::EnrolmentStep).
    Write {
        /// Number that it gets, 16 bytes.
        credential: SecretBytes,
        /// Version that its keys get.
        version: u8,
        /// Content of its template file: canonical bytes of [`CardTemplates`], or nothing.
        templates: Option<Vec<u8>>,
        /// Room for templates to come, in bytes.
        templates_bytes_max: u16,
        /// Whether its own key stays the factory's (a loosening that the tenant recorded).
        keeps_factory_key: bool,
        /// Whether another credential on it is replaced.
        replaces: bool,
        /// Whether it may be one that knows the older messages only.
        is_ev1_allowed: bool,
        /// Which keys it must have already, or it is refused as not authentic.
        keys_before: CardKeysBefore,
    },
    /// Make it nobody's and give it back as it came. Answered by [`EnrolmentStep::CardWiped`](super::EnrolmentStep).
    Wipe,
}
