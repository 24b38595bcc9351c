//! Giving a card the site's keys in another version, at its next visit to a station. Its content stays. Interrupted
//! anywhere, the card goes on to open doors that know both versions, and the next visit finishes the work.

use super::super::Uid;
use super::card::{Card, Nonces};
use super::channel::Messaging;
use super::data::{CardUid, CredentialNumber};
use super::dialogue::Dialogue;
use super::key::{CardKeys, KeyVersion};
use super::layout::{Application, KeysOfCard};
use super::personalise::CardKeyChoice;
use super::station::{self, FactoryKeys, Known, StationError};

/// Which card gets which keys.
pub struct RekeyOrder {
    /// The UID that the reader saw.
    pub seen: Uid,
    /// The site's application.
    pub application: Application,
    /// Version that its keys get.
    pub version: KeyVersion,
    /// What becomes of the card's own key. One that is the factory's is left or refused, never replaced here.
    pub card_key: CardKeyChoice,
    /// Whether it may be a card that knows the older secure messaging only.
    pub is_ev1_allowed: bool,
}

/// A card with keys in the version that was wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rekeyed {
    /// The card's UID.
    pub uid: CardUid,
    /// Whose it is.
    pub credential: CredentialNumber,
    /// Version of its keys.
    pub version: KeyVersion,
    /// How it was spoken to.
    pub messaging: Messaging,
}

/// Gives a card its keys in another version, or goes on where that was interrupted.
pub fn rekey<'a>(
    order: RekeyOrder,
    keys: impl CardKeys + 'a,
    nonces: Nonces,
) -> Dialogue<'a, Result<Rekeyed, StationError>> {
    let keys: Box<dyn CardKeys + 'a> = Box::new(keys);
    Dialogue::new(|wire| rekey_at(Card::new(wire, nonces), order, keys))
}

async fn rekey_at(mut card: Card, order: RekeyOrder, keys: Box<dyn CardKeys + '_>) -> Result<Rekeyed, StationError> {
    let card = &mut card;
    let Known { uid, messaging } = station::know(card, &order.seen, order.is_ev1_allowed).await?;
    let mut keys = KeysOfCard { uid: uid.clone(), application: order.application.clone(), keys };
    // Look before anything is changed: a card without the application is none to re-key.
    station::open_card(card, messaging, &mut keys).await?;
    if !station::has_application(card, order.application.id).await? {
        return Err(StationError::NotPersonalised);
    }
    if order.card_key == CardKeyChoice::Diversify {
        station::secure_card(card, messaging, &mut keys, order.version, FactoryKeys::Refused).await?;
    }
    station::secure_application(card, messaging, &mut keys, order.version, FactoryKeys::Refused).await?;
    let credential = station::prove_reading(card, &mut keys, order.version).await?;
    let credential = credential.ok_or(StationError::NotPersonalised)?;
    Ok(Rekeyed { uid, credential, version: order.version, messaging })
}
