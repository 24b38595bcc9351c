//! What the bundle in force says of cards that prove themselves: the keys that a door asks them by, and those of the templates
//! that lie on them. A reader's thread looks in here while a card waits, the [`run`](crate::run) loop when it has proved itself.
//!
//! Whatever opens here stays sealed until its card is held to a reader, and is wiped when that is done. What comes from a card
//! may be anything: what does not open, or is not of the one form that it must have, is left out.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use access_core::canonical;
use access_core::ids::{AgentId, PersonId};
use access_core::policy::{CardToken, CardView, CredentialState, Policy};
use access_core::protocol::{
    CREDENTIAL_NUMBER_BYTES, CardApplication, CardMessaging, CardSecrets, CardTemplates, ReadingKeys, SealedCard,
    SecretBytes, TemplateContent, TemplateKey, card_binding, card_finger_binding, content_key_binding,
    template_key_binding,
};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hardware::card::desfire::{AesKey, ApplicationId, KeyVersion, ReadOrder};
use hardware::card::{Asked, CardLookup, Uid};
use hardware::finger::Template;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::config;
use crate::identity::Identity;
use crate::policy_store::{self, Finger};
use crate::station::SENSOR_TYPE;

const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;

/// Why no card of a bundle can prove itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardsError {
    /// The content key was sealed for another, or altered.
    #[error("the content key does not open under this agent's key")]
    ContentKey,
    /// The site's application has no number, and there are cards.
    #[error("there are cards, and no application on them")]
    Application,
}

/// What an agent believes of a card by its UID alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// No card that proves itself is known by it: it is what it tells.
    Weak(CardToken),
    /// It is the UID of this card, which is lost or stolen: refused whatever it proves.
    Lost(CardToken),
    /// It is the UID of this card, which must prove itself.
    Bound(CardToken),
}

impl Claim {
    /// The card that it claims to be.
    pub fn token(self) -> CardToken {
        let (Self::Weak(token) | Self::Lost(token) | Self::Bound(token)) = self;
        token
    }
}

/// The cards of one bundle.
pub struct Cards {
    agent: AgentId,
    card_key: SecretBytes,
    application: Option<ApplicationId>,
    content_key: Result<Zeroizing<[u8; KEY_BYTES]>, CardsError>,
    cards: HashMap<CardToken, SealedCard>,
    template_keys: HashMap<PersonId, Vec<u8>>,
}

/// The fingers that lie on a card.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OnCard {
    /// Those that are compared.
    pub fingers: Vec<Finger>,
    /// There is one besides that the server has no record of: a station wrote it and could not say so, or it was taken from
    /// the person since.
    pub has_unrecorded: bool,
}

impl Cards {
    /// Takes what a bundle says. If its content key does not open, it is in force all the same, with what it revokes: then
    /// none of its cards can prove itself, and none is believed without.
    pub fn open(identity: &Identity, card_key: SecretBytes, secrets: CardSecrets) -> Self {
        let content_key = open_content_key(identity, &secrets.content_key);
        Self::new(identity.agent, card_key, secrets, content_key)
    }

    /// The same, with a content key that was opened elsewhere.
    pub fn with_content_key(
        agent: AgentId,
        card_key: SecretBytes,
        secrets: CardSecrets,
        content_key: [u8; KEY_BYTES],
    ) -> Self {
        Self::new(agent, card_key, secrets, Ok(Zeroizing::new(content_key)))
    }

    fn new(
        agent: AgentId,
        card_key: SecretBytes,
        secrets: CardSecrets,
        content_key: Result<Zeroizing<[u8; KEY_BYTES]>, CardsError>,
    ) -> Self {
        let CardSecrets { application, content_key: _, cards, template_keys } = secrets;
        let application = application.and_then(|CardApplication { id, .. }| ApplicationId::new(id));
        let content_key = match application {
            None if !cards.is_empty() => Err(CardsError::Application),
            _ => content_key,
        };
        if let Err(error) = &content_key
            && !(cards.is_empty() && template_keys.is_empty())
        {
            tracing::error!(%error, "no card can prove itself");
        }
        Self {
            agent,
            card_key,
            application,
            content_key,
            cards: cards.into_iter().map(|card| (card.uid, card)).collect(),
            template_keys: template_keys.into_iter().map(|key| (key.person, key.sealed)).collect(),
        }
    }

    /// A card as policies know it: by its UID if it has nothing else, or by the number in its protected file.
    pub fn token(&self, told: &[u8]) -> CardToken {
        token(&self.card_key, told)
    }

    /// What is believed of a card by its UID. Whether it is lost is the policy's word: keys that are missing alone say nothing.
    pub fn claim(&self, uid: &[u8], policy: &Policy) -> Claim {
        let by_uid = self.token(uid);
        let Some(card) = self.cards.get(&by_uid) else { return Claim::Weak(by_uid) };
        let state = policy.card(&card.card).map(|CardView { state, .. }| state);
        let is_lost = matches!(state, Some(CredentialState::Lost | CredentialState::Stolen));
        if card.keys.is_none() && is_lost { Claim::Lost(card.card) } else { Claim::Bound(card.card) }
    }

    /// How the card with this UID is asked to prove itself; nothing if it can't, or need not.
    pub fn read_order(&self, uid: &[u8]) -> Option<ReadOrder> {
        let card = self.cards.get(&self.token(uid))?;
        let keys = self.reading_keys(card);
        if keys.is_none() && card.keys.is_some() {
            tracing::warn!("a card's keys do not open: it can't prove itself");
        }
        let (application, keys) = (self.application?, keys?);
        Some(ReadOrder { application, keys, is_ev1_allowed: card.messaging == CardMessaging::Ev1 })
    }

    fn reading_keys(&self, card: &SealedCard) -> Option<Vec<(KeyVersion, AesKey)>> {
        let binding = card_binding(self.agent, &card.uid, &card.card, card.messaging);
        let opened = open(&**self.content_key.as_ref().ok()?, card.keys.as_ref()?, &binding)?;
        let ReadingKeys { keys } = canonical::decode("keys of a card", &opened).ok()?;
        let keys = keys.into_iter().map(|(version, key)| {
            let key = Zeroizing::new(<[u8; 16]>::try_from(key.0.as_slice()).ok()?);
            Some((KeyVersion::new(version)?, AesKey::new(*key)))
        });
        keys.collect()
    }

    /// Whether a person may have fingers on a card.
    pub fn has_template_key(&self, person: PersonId) -> bool {
        self.template_keys.contains_key(&person)
    }

    /// The fingers of a person that lie on their card, opened. One that does not open for this person, card and kind of sensor
    /// is left out, and so is one that the server has no record of: its number is bound under its seal.
    pub fn fingers(&self, person: PersonId, credential: &[u8; CREDENTIAL_NUMBER_BYTES], content: &[u8]) -> OnCard {
        let Some(TemplateKey { key, fingers: recorded }) = self.template_key(person) else { return OnCard::default() };
        let on_card = match canonical::decode::<CardTemplates>("fingers on a card", content) {
            Ok(on_card) => on_card,
            Err(error) => {
                tracing::warn!(%error, "what lies in a card's template file is none");
                return OnCard::default();
            }
        };
        let (recorded, unrecorded): (Vec<_>, Vec<_>) =
            on_card.fingers.iter().partition(|finger| recorded.contains(&finger.finger));
        for finger in &unrecorded {
            tracing::warn!(%person, finger = %finger.finger, "a finger on a card is on no record: it is compared with nothing");
        }
        let fingers = recorded.into_iter().filter(|finger| finger.sensor_type == SENSOR_TYPE).filter_map(|finger| {
            let binding = card_finger_binding(person, credential, finger.finger, &finger.sensor_type);
            let opened = open(&key.0, &finger.sealed, &binding);
            let content = opened.and_then(|opened| canonical::decode::<TemplateContent>("template", &opened).ok());
            let finger = content.and_then(|mut content| {
                let template = Template::new(std::mem::take(&mut content.template.0)).ok()?;
                Some(Finger { template, is_duress: content.is_duress })
            });
            if finger.is_none() {
                tracing::warn!("a finger on a card does not open for its holder");
            }
            finger
        });
        OnCard { fingers: fingers.collect(), has_unrecorded: !unrecorded.is_empty() }
    }

    fn template_key(&self, person: PersonId) -> Option<TemplateKey> {
        let sealed = self.template_keys.get(&person)?;
        let binding = template_key_binding(self.agent, person);
        let opened = open(&**self.content_key.as_ref().ok()?, sealed, &binding);
        let key = opened.and_then(|opened| canonical::decode("template key", &opened).ok());
        if key.is_none() {
            tracing::warn!("a person's template key does not open");
        }
        key
    }
}

/// Keyed hash of what a card tells.
pub fn token(card_key: &SecretBytes, told: &[u8]) -> CardToken {
    // HMAC takes a key of any length; the other way would make every card the same.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&card_key.0) else { return CardToken([0; 32]) };
    mac.update(told);
    CardToken(mac.finalize().into_bytes().into())
}

fn open_content_key(identity: &Identity, sealed: &[u8]) -> Result<Zeroizing<[u8; KEY_BYTES]>, CardsError> {
    let opened = policy_store::open_sealed_to_us(identity, sealed, &content_key_binding(identity.agent));
    let key = opened.and_then(|opened| <[u8; KEY_BYTES]>::try_from(opened.as_slice()).ok());
    key.map(Zeroizing::new).ok_or(CardsError::ContentKey)
}

/// Opens nonce and ciphertext.
fn open(key: &[u8], sealed: &[u8], binding: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let cipher = XChaCha20Poly1305::new_from_slice(key).ok()?;
    let payload = Payload { msg: ciphertext, aad: binding };
    cipher.decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
}

/// The cards of the bundle in force, for everybody who looks. Clones are the one book.
#[derive(Clone, Default)]
pub struct CardBook(Arc<RwLock<Option<Arc<Cards>>>>);

impl CardBook {
    /// Puts the cards of a bundle in force, or none.
    pub fn put(&self, cards: Option<Cards>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = cards.map(Arc::new);
    }

    /// The cards in force.
    pub fn get(&self) -> Option<Arc<Cards>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// At a station a card is asked what it is, at a door to prove itself if it must.
impl CardLookup for CardBook {
    fn look_up(&self, reader: &str, uid: &Uid) -> Asked {
        if reader == config::STATION_READER {
            return Asked::Kind;
        }
        let order = self.get().and_then(|cards| cards.read_order(uid.as_bytes()));
        order.map_or(Asked::Nothing, |order| Asked::Proof(order, Box::new(rand::random)))
    }
}

#[cfg(test)]
pub(crate) mod tests;
