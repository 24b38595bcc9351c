//! What personalising, re-keying and wiping have in common: who the card is, and whose keys it has.
//!
//! Each of the three looks first and then does only what is still to do, so that it can begin again wherever it was
//! interrupted, whether or not the card carried out the command whose answer was lost. What a card tells before
//! anybody is authenticated (versions of keys) only decides which key is tried: the key then proves it.

use super::super::Uid;
use super::card::Card;
use super::channel::Messaging;
use super::data::{ApplicationId, CardUid, CredentialNumber, Generation, KeySettings, Version, is_random};
use super::key::{AesKey, DesKey, KeyRole, KeyUnavailable, KeyVersion};
use super::layout::{self, KeysOfCard};
use super::status::{DesfireError, Refusal};

/// Why an operation at a station failed. The card can be tried again, or wiped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StationError {
    /// The card or the conversation.
    #[error(transparent)]
    Card(#[from] DesfireError),
    /// A key that the card has, or is to get, is not to be had.
    #[error(transparent)]
    Key(#[from] KeyUnavailable),
    /// The card shows another UID at each tap, so its keys can't be looked up at a door.
    #[error("the card shows a random UID: it can't be used")]
    RandomUid,
    /// The reader saw another UID than the card tells: it was exchanged, or is not what it seems.
    #[error("the card tells another UID than the reader saw")]
    UidDiffers,
    /// The card knows no AES.
    #[error("the card is too old: it knows no AES")]
    NoAes,
    /// The card knows the older secure messaging only, and the site does not want that.
    #[error("the card is too old: it knows the older secure messaging only")]
    Ev1NotAllowed,
    /// The card's own key is neither the factory's nor one of the site's.
    #[error("the card belongs to somebody else: its own key is not known here")]
    ForeignCard,
    /// The application has keys or files that are not the site's, or not for this: wiping helps.
    #[error("the application on the card is not as it must be; wipe the card")]
    ForeignApplication,
    /// There is not enough room.
    #[error("the card has {free_bytes} bytes free and {needed_bytes} are needed, beside what it needs for itself")]
    NotEnoughMemory {
        /// What is free.
        free_bytes: u32,
        /// What is needed, without what the card needs for itself.
        needed_bytes: u32,
    },
    /// The card already holds another credential: it is somebody's.
    #[error("the card already holds another credential")]
    AlreadyPersonalised(CredentialNumber),
    /// The card holds none, so there is nothing to re-key.
    #[error("the card holds no credential: its personalisation was not finished")]
    NotPersonalised,
    /// The card has keys of the factory where it must have the site's. New keys would travel under keys that everybody knows,
    /// to whatever claims to be that card: only personalising does that, on a person's word.
    #[error("the card has keys of the factory; personalise it instead")]
    FactoryKey,
    /// What was written can't be read back as it was written.
    #[error("what was written to the card does not read back")]
    NotReadBack,
}

/// Whose key the card itself has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CardKey {
    /// The factory's DES key.
    FactoryDes,
    /// An AES key of zeros, as some cards are delivered.
    FactoryAes,
    /// The site's, in this version.
    Site(KeyVersion),
}

/// Whether a card that has keys of the factory may be given the site's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FactoryKeys {
    Taken,
    Refused,
}

/// A card whose UID and generation are known.
pub(super) struct Known {
    pub(super) uid: CardUid,
    pub(super) messaging: Messaging,
}

/// Asks what the card is, and refuses it if it can't be used. `seen` is the UID that the reader saw.
pub(super) async fn know(card: &mut Card, seen: &Uid, is_ev1_allowed: bool) -> Result<Known, StationError> {
    if is_random(seen) {
        return Err(StationError::RandomUid);
    }
    // A card that was in the middle of something is at its beginning again.
    card.select(ApplicationId::CARD).await?;
    let Version { generation, uid, .. } = card.version().await?;
    let uid = uid.ok_or(StationError::RandomUid)?;
    if uid.as_bytes()[..] != *seen.as_bytes() {
        return Err(StationError::UidDiffers);
    }
    let messaging = match generation {
        Generation::D40 => return Err(StationError::NoAes),
        Generation::Ev1 if !is_ev1_allowed => return Err(StationError::Ev1NotAllowed),
        Generation::Ev1 => Messaging::Ev1Fallback,
        Generation::Ev2 | Generation::Ev3 => Messaging::Ev2,
    };
    Ok(Known { uid, messaging })
}

/// Goes to the card itself and authenticates by whichever key it has.
pub(super) async fn open_card(
    card: &mut Card,
    messaging: Messaging,
    keys: &mut KeysOfCard<'_>,
) -> Result<CardKey, StationError> {
    let number = KeyRole::Card.number();
    card.select(ApplicationId::CARD).await?;
    if let Some(version) = KeyVersion::new(card.key_version(number).await?) {
        let key = keys.key(KeyRole::Card, version)?;
        card.authenticate(messaging, number, &key).await.map_err(foreign_card)?;
        return Ok(CardKey::Site(version));
    }
    match card.authenticate_d40(number, &DesKey::FACTORY).await {
        Ok(()) => return Ok(CardKey::FactoryDes),
        // An AES key is not for this command: cards say one or the other of it.
        Err(error) if is_other_key(error) => {}
        Err(error) => return Err(error.into()),
    }
    card.select(ApplicationId::CARD).await?;
    card.authenticate(messaging, number, &AesKey::FACTORY).await.map_err(foreign_card)?;
    Ok(CardKey::FactoryAes)
}

/// The same, of a card that may not be one from the factory.
async fn open_expected_card(
    card: &mut Card,
    messaging: Messaging,
    keys: &mut KeysOfCard<'_>,
    factory: FactoryKeys,
) -> Result<CardKey, StationError> {
    let present = open_card(card, messaging, keys).await?;
    if factory == FactoryKeys::Refused && !matches!(present, CardKey::Site(_)) {
        return Err(StationError::FactoryKey);
    }
    Ok(present)
}

/// Opens a card whose own key stays as it is.
pub(super) async fn open_known_card(
    card: &mut Card,
    messaging: Messaging,
    keys: &mut KeysOfCard<'_>,
    factory: FactoryKeys,
) -> Result<(), StationError> {
    open_expected_card(card, messaging, keys, factory).await.map(drop)
}

/// The card proves that it has the site's application with the site's keys, before anything is changed or sent.
pub(super) async fn prove_application(
    card: &mut Card,
    messaging: Messaging,
    keys: &mut KeysOfCard<'_>,
) -> Result<(), StationError> {
    let (first, reading) = (KeyRole::Application.number(), KeyRole::Reading.number());
    match card.select(keys.application.id).await {
        Err(error) if error.refusal() == Some(Refusal::NoApplication) => return Err(StationError::FactoryKey),
        selected => selected?,
    }
    let (told_first, told_reading) = (card.key_version(first).await?, card.key_version(reading).await?);
    if told_first == 0 || told_reading == 0 {
        return Err(StationError::FactoryKey);
    }
    let key = keys.key_told(KeyRole::Application, told_first)?;
    card.authenticate(messaging, first, &key).await.map_err(foreign_application)
}

/// Gives the card its own key in `version`, if it has another, proves it, and lets nobody list, create and delete without
/// it. Afterwards the card is authenticated by that key.
pub(super) async fn secure_card(
    card: &mut Card,
    messaging: Messaging,
    keys: &mut KeysOfCard<'_>,
    version: KeyVersion,
    factory: FactoryKeys,
) -> Result<(), StationError> {
    let present = open_expected_card(card, messaging, keys, factory).await?;
    if present != CardKey::Site(version) {
        let key = keys.key(KeyRole::Card, version)?;
        card.change_card_key(&key, version.get()).await?;
        // The change is proved by opening the card again.
        if open_card(card, messaging, keys).await? != CardKey::Site(version) {
            return Err(StationError::ForeignCard);
        }
    }
    if card.key_table().await?.settings != KeySettings::GUARDED {
        card.change_key_settings(KeySettings::GUARDED).await?;
    }
    Ok(())
}

/// Goes to the application and gives it all its keys in `version`. Afterwards the application's key is authenticated.
pub(super) async fn secure_application(
    card: &mut Card,
    messaging: Messaging,
    keys: &mut KeysOfCard<'_>,
    version: KeyVersion,
    factory: FactoryKeys,
) -> Result<(), StationError> {
    let (first, reading) = (KeyRole::Application.number(), KeyRole::Reading.number());
    card.select(keys.application.id).await?;
    let (told_first, told_reading) = (card.key_version(first).await?, card.key_version(reading).await?);
    if factory == FactoryKeys::Refused && (told_first == 0 || told_reading == 0) {
        return Err(StationError::FactoryKey);
    }
    let present = keys.key_told(KeyRole::Application, told_first)?;
    card.authenticate(messaging, first, &present).await.map_err(foreign_application)?;
    // The first key first: from then on no session hangs on the factory's key, which everybody knows.
    if told_first != version.get() {
        let key = keys.key(KeyRole::Application, version)?;
        card.change_own_key(first, &key, version.get()).await?;
        card.authenticate(messaging, first, &key).await.map_err(foreign_application)?;
    }
    if told_reading != version.get() {
        let present = keys.key_told(KeyRole::Reading, told_reading)?;
        let key = keys.key(KeyRole::Reading, version)?;
        card.change_other_key(reading, &present, &key, version.get()).await.map_err(foreign_application)?;
    }
    Ok(())
}

/// Reads the credential as a door does, by the reading key: the last proof that all is as it must be.
pub(super) async fn prove_reading(
    card: &mut Card,
    keys: &mut KeysOfCard<'_>,
    version: KeyVersion,
) -> Result<Option<CredentialNumber>, StationError> {
    let key = keys.key(KeyRole::Reading, version)?;
    card.authenticate_again(KeyRole::Reading.number(), &key).await.map_err(foreign_application)?;
    Ok(super::read::credential(card).await?)
}

/// Whether the application is on the card. The card's key must be authenticated.
pub(super) async fn has_application(card: &mut Card, application: ApplicationId) -> Result<bool, StationError> {
    Ok(card.application_ids().await?.contains(&application))
}

/// What the files need; the card rounds each up to 32 bytes.
pub(super) fn needed_bytes(template_file_bytes: usize) -> u32 {
    let blocks = [layout::CREDENTIAL_FILE_BYTES, template_file_bytes].map(|bytes| bytes.next_multiple_of(32));
    u32::try_from(blocks.iter().sum::<usize>()).unwrap_or(u32::MAX)
}

/// A card of which the key is refused has another key than it is said to have.
fn is_other_key(error: DesfireError) -> bool {
    matches!(error, DesfireError::NotAuthentic { .. })
        || matches!(
            error.refusal(),
            Some(
                Refusal::Authentication
                    | Refusal::NoSuchKey
                    | Refusal::PermissionDenied
                    | Refusal::Parameter
                    | Refusal::IllegalCommand
            )
        )
}

fn foreign_card(error: DesfireError) -> StationError {
    if is_other_key(error) { StationError::ForeignCard } else { error.into() }
}

fn foreign_application(error: DesfireError) -> StationError {
    if is_other_key(error) || error.refusal() == Some(Refusal::Integrity) {
        StationError::ForeignApplication
    } else {
        error.into()
    }
}
