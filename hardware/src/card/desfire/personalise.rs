//! Personalising a card: from the factory, or from wherever an earlier attempt ended, to a card that opens doors.
//!
//! The order keeps a card worthless until the last step. The card's own key comes first, so that from then on nobody else
//! creates, deletes or formats; then the application, its keys, its files; then the template; the credential's number is
//! written last, by one command, and read back by the reading key. A door takes a card whose number is all zeros for
//! unfinished, and likewise one that was written in part in a power cut, which its checksum tells.
//!
//! What a station sends to a card from the factory is protected by keys that everybody knows, and anything may
//! claim to be such a card and to have any UID. So a UID that already belongs to a card in use must never get keys again
//! without a person's word; the caller asks its records before it begins.

use zeroize::Zeroizing;

use super::super::Uid;
use super::card::{Card, Nonces};
use super::channel::Messaging;
use super::data::{CardTemplate, CardUid, CredentialNumber, FileSettings, KeySettings};
use super::dialogue::Dialogue;
use super::key::{CardKeys, KeyRole, KeyVersion};
use super::layout::{self, Application, KeysOfCard};
use super::station::{self, FactoryKeys, Known, StationError};
use super::status::Refusal;

/// What a card is to become.
pub struct Plan {
    /// The UID that the reader saw.
    pub seen: Uid,
    /// The site's application.
    pub application: Application,
    /// Version that its keys get.
    pub version: KeyVersion,
    /// Whose it becomes.
    pub credential: CredentialNumber,
    /// The template that it carries, if any.
    pub template: Option<CardTemplate>,
    /// Room for templates to come, in bytes: at most [`CardTemplate::BYTES_MAX`]. A file can't grow later.
    pub template_bytes_max: usize,
    /// Which keys it must have already.
    pub keys_before: KeysBefore,
    /// What becomes of the card's own key.
    pub card_key: CardKeyChoice,
    /// What becomes of another credential on it.
    pub existing: Existing,
    /// Whether it may be a card that knows the older secure messaging only.
    pub is_ev1_allowed: bool,
}

/// Which keys a card must have already. New keys travel under those before: under the factory's, which everybody knows, to
/// whatever claims to be that card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeysBefore {
    /// Any: it comes from the factory, or is as an earlier try left it.
    Any,
    /// The application's are the site's. Its own may be the factory's still.
    SitesApplication,
    /// All are the site's.
    Sites,
}

/// What becomes of the card's own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardKeyChoice {
    /// A diversified AES key takes its place.
    Diversify,
    /// It stays the factory's, so that any passer-by can format the card. One that was changed already stays so.
    LeaveFactory,
}

/// What becomes of another credential that is on the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// The card is refused: it is somebody's.
    Refuse,
    /// It is replaced.
    Replace,
}

/// A card that opens doors from now on, once the server knows its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Personalised {
    /// The card's UID.
    pub uid: CardUid,
    /// Whose it is.
    pub credential: CredentialNumber,
    /// Version of its keys.
    pub version: KeyVersion,
    /// How it was spoken to, and will be at doors.
    pub messaging: Messaging,
    /// What is still free on it, in bytes.
    pub free_bytes: u32,
}

/// Personalises a card, or goes on where that was interrupted.
pub fn personalise<'a>(
    plan: Plan,
    keys: impl CardKeys + 'a,
    nonces: Nonces,
) -> Dialogue<'a, Result<Personalised, StationError>> {
    let keys: Box<dyn CardKeys + 'a> = Box::new(keys);
    Dialogue::new(|wire| personalise_at(Card::new(wire, nonces), plan, keys))
}

async fn personalise_at(
    mut card: Card,
    plan: Plan,
    keys: Box<dyn CardKeys + '_>,
) -> Result<Personalised, StationError> {
    let card = &mut card;
    let Known { uid, messaging } = station::know(card, &plan.seen, plan.is_ev1_allowed).await?;
    let mut keys = KeysOfCard { uid: uid.clone(), application: plan.application.clone(), keys };
    let (card_keys, application_keys) = match plan.keys_before {
        KeysBefore::Any => (FactoryKeys::Taken, FactoryKeys::Taken),
        KeysBefore::SitesApplication => (FactoryKeys::Taken, FactoryKeys::Refused),
        KeysBefore::Sites => (FactoryKeys::Refused, FactoryKeys::Refused),
    };
    // The application first: whatever was put in the card's place gets no key before it proved one.
    if plan.keys_before != KeysBefore::Any {
        station::prove_application(card, messaging, &mut keys).await?;
    }
    match plan.card_key {
        CardKeyChoice::Diversify => {
            station::secure_card(card, messaging, &mut keys, plan.version, card_keys).await?;
        }
        CardKeyChoice::LeaveFactory => station::open_known_card(card, messaging, &mut keys, card_keys).await?,
    }
    ensure_application(card, &plan).await?;
    let free_bytes = card.free_bytes().await?;
    station::secure_application(card, messaging, &mut keys, plan.version, application_keys).await?;
    ensure_files(card, messaging, &plan, &mut keys).await.map_err(|error| without_room(error, &plan, free_bytes))?;
    write_content(card, &plan).await?;
    if station::prove_reading(card, &mut keys, plan.version).await?.as_ref() != Some(&plan.credential) {
        return Err(StationError::NotReadBack);
    }
    // Only the card knows what its files took beside their content, and only the card itself is asked: not an application.
    station::open_card(card, messaging, &mut keys).await?;
    let free_bytes = card.free_bytes().await?;
    Ok(Personalised { uid, credential: plan.credential, version: plan.version, messaging, free_bytes })
}

/// A card that has no room left says so of the command that wanted some: here with figures.
fn without_room(error: StationError, plan: &Plan, free_bytes: u32) -> StationError {
    match error {
        StationError::Card(error) if error.refusal() == Some(Refusal::OutOfMemory) => {
            StationError::NotEnoughMemory { free_bytes, needed_bytes: needed_bytes(plan) }
        }
        other => other,
    }
}

fn needed_bytes(plan: &Plan) -> u32 {
    station::needed_bytes(template_file_bytes(plan))
}

/// The card's key is authenticated.
async fn ensure_application(card: &mut Card, plan: &Plan) -> Result<(), StationError> {
    if station::has_application(card, plan.application.id).await? {
        return Ok(());
    }
    if plan.keys_before != KeysBefore::Any {
        return Err(StationError::FactoryKey);
    }
    let free_bytes = card.free_bytes().await?;
    let needed_bytes = needed_bytes(plan);
    if free_bytes < needed_bytes {
        return Err(StationError::NotEnoughMemory { free_bytes, needed_bytes });
    }
    let created = card.create_application(plan.application.id, KeySettings::GUARDED, layout::KEYS).await;
    created.map_err(|error| without_room(error.into(), plan, free_bytes))
}

/// The application's key is authenticated, before and after. The small file first: where the other has no room, a smaller one
/// may have.
async fn ensure_files(
    card: &mut Card,
    messaging: Messaging,
    plan: &Plan,
    keys: &mut KeysOfCard<'_>,
) -> Result<(), StationError> {
    for (file, size_bytes) in
        [(layout::CREDENTIAL_FILE, layout::CREDENTIAL_FILE_BYTES), (layout::TEMPLATE_FILE, template_file_bytes(plan))]
    {
        let wanted = layout::file(size_bytes);
        match card.file_settings(file).await {
            Ok(settings) if is_fit(settings, wanted) => {}
            Ok(_) => return Err(StationError::ForeignApplication),
            Err(error) if error.refusal() == Some(Refusal::NoFile) => {
                // The refusal ended the authentication.
                let key = keys.key(KeyRole::Application, plan.version)?;
                card.authenticate(messaging, KeyRole::Application.number(), &key).await?;
                card.create_file(file, wanted).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// A template file may be larger than is wanted.
fn is_fit(settings: FileSettings, wanted: FileSettings) -> bool {
    settings.size_bytes >= wanted.size_bytes && FileSettings { size_bytes: wanted.size_bytes, ..settings } == wanted
}

fn template_file_bytes(plan: &Plan) -> usize {
    let template_bytes = plan.template.as_ref().map_or(0, |template| template.as_bytes().len());
    let template_bytes = plan.template_bytes_max.min(CardTemplate::BYTES_MAX).max(template_bytes);
    (layout::LENGTH_BYTES + template_bytes).max(layout::TEMPLATE_HEAD_BYTES)
}

/// The application's key is authenticated.
async fn write_content(card: &mut Card, plan: &Plan) -> Result<(), StationError> {
    match super::read::credential(card).await? {
        None => {}
        Some(present) if present == plan.credential => {
            if is_template_there(card, plan).await? {
                return Ok(());
            }
            invalidate(card).await?;
        }
        Some(present) if plan.existing == Existing::Refuse => return Err(StationError::AlreadyPersonalised(present)),
        Some(_) => invalidate(card).await?,
    }
    let template = plan.template.as_ref().map_or(&[][..], CardTemplate::as_bytes);
    // A template is far shorter than that: see its own longest length.
    let length = u16::try_from(template.len()).unwrap_or(u16::MAX);
    let content = Zeroizing::new([&length.to_le_bytes(), template].concat());
    card.write(layout::TEMPLATE_FILE, 0, &content, layout::MODE).await?;
    if !is_template_there(card, plan).await? {
        return Err(StationError::NotReadBack);
    }
    let content = layout::credential_bytes(&plan.credential);
    Ok(card.write(layout::CREDENTIAL_FILE, 0, &content[..], layout::MODE).await?)
}

/// Makes the card nobody's while its content changes.
async fn invalidate(card: &mut Card) -> Result<(), StationError> {
    Ok(card.write(layout::CREDENTIAL_FILE, 0, &[0; layout::CREDENTIAL_FILE_BYTES], layout::MODE).await?)
}

async fn is_template_there(card: &mut Card, plan: &Plan) -> Result<bool, StationError> {
    match super::read::template(card).await {
        Ok(template) => Ok(template == plan.template),
        Err(super::read::ReadError::Card(error)) => Err(error.into()),
        // What lies there is no template: it was not written to the end.
        Err(_) => Ok(false),
    }
}
