//! Looking at a card at a station: what kind it is, before anybody knows whose; and all that a station wants to know of one
//! of the site's.

use super::card::{Card, Nonces};
use super::data::{ApplicationId, CardTemplate, CredentialNumber, Generation, Version};
use super::dialogue::Dialogue;
use super::read::{self, Proved, ReadError, ReadOrder};
use super::status::{DesfireError, Instruction, Malformation, Refusal};

/// What kind of card lies there, by its own word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardKind {
    /// It tells a UID and can prove nothing: no DESFire, or one that knows no AES.
    UidOnly,
    /// A DESFire.
    Desfire(Generation),
    /// A DESFire that hides its UID behind random ones.
    RandomUid,
}

/// What a station reads of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Whose it is; none if it is nobody's, or was not personalised to the end.
    pub credential: Option<CredentialNumber>,
    /// What lies in its template file.
    pub template: Option<CardTemplate>,
    /// Version of its reading key; 0 without one of the site's.
    pub key_version: u8,
    /// What is free on it, in bytes.
    pub free_bytes: u32,
}

/// Asks what kind a card is. Nothing of it is proved.
pub fn kind() -> Dialogue<'static, Result<CardKind, DesfireError>> {
    // Nobody is authenticated, so nothing random is needed.
    Dialogue::new(|wire| kind_at(Card::new(wire, Box::new(|| [0; 16]))))
}

async fn kind_at(mut card: Card) -> Result<CardKind, DesfireError> {
    // A card that was in the middle of something is at its beginning again.
    let version = match card.select(ApplicationId::CARD).await {
        Ok(()) => card.version().await,
        Err(error) => Err(error),
    };
    match version {
        Ok(Version { uid: None, .. }) => Ok(CardKind::RandomUid),
        Ok(Version { generation: Generation::D40, .. }) => Ok(CardKind::UidOnly),
        Ok(Version { generation, .. }) => Ok(CardKind::Desfire(generation)),
        // Another maker's.
        Err(DesfireError::Malformed { fault: Malformation::Content | Malformation::Length { .. }, .. }) => {
            Ok(CardKind::UidOnly)
        }
        Err(DesfireError::Refused { refusal, .. }) if !refusal.is_of_reader() => Ok(CardKind::UidOnly),
        Err(error) => Err(error),
    }
}

/// Reads all of a card that may be one of the site's, or become one.
pub fn look(order: ReadOrder, nonces: Nonces) -> Dialogue<'static, Result<Look, ReadError>> {
    Dialogue::new(|wire| look_at(Card::new(wire, nonces), order))
}

async fn look_at(mut card: Card, order: ReadOrder) -> Result<Look, ReadError> {
    let (credential, template, key_version) = match read::prove(&mut card, order).await {
        Ok(Proved { credential: Some(credential), key_version, .. }) => {
            (Some(credential), read::template(&mut card).await?, key_version.get())
        }
        Ok(Proved { credential: None, key_version, .. }) => (None, None, key_version.get()),
        // Nobody's, or begun and not given its reading key.
        Err(ReadError::UnknownKeyVersion(0)) => (None, None, 0),
        Err(ReadError::Card(DesfireError::Refused {
            command: Instruction::SelectApplication,
            refusal: Refusal::NoApplication,
        })) => (None, None, 0),
        Err(error) => return Err(error),
    };
    card.select(ApplicationId::CARD).await?;
    let free_bytes = card.free_bytes().await?;
    Ok(Look { credential, template, key_version, free_bytes })
}
