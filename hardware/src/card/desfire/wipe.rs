//! Wiping a card: the application goes with all that is in it, at one stroke. Interrupted anywhere, it can be done again.

use super::super::Uid;
use super::card::{Card, Nonces};
use super::data::{CardUid, KeySettings};
use super::dialogue::Dialogue;
use super::key::CardKeys;
use super::layout::{Application, KeysOfCard};
use super::station::{self, CardKey, Known, StationError};

/// Which card is wiped, and how far.
pub struct WipeOrder {
    /// The UID that the reader saw.
    pub seen: Uid,
    /// The site's application.
    pub application: Application,
    /// What becomes of the card's own key.
    pub card_key: CardKeyAfter,
    /// Whether it may be a card that knows the older secure messaging only.
    pub is_ev1_allowed: bool,
}

/// What becomes of the card's own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardKeyAfter {
    /// It stays as it is: the card stays the site's.
    Keep,
    /// It becomes the factory's, and with it what everybody may do: the card can be given away.
    Factory,
}

/// A card without the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wiped {
    /// The card's UID.
    pub uid: CardUid,
    /// Whether the application was there.
    pub was_there: bool,
    /// What is free on it, in bytes. Cards with other applications give deleted memory back only when formatted, which is
    /// not done to them.
    pub free_bytes: u32,
}

/// Wipes a card, or goes on where that was interrupted.
pub fn wipe<'a>(
    order: WipeOrder,
    keys: impl CardKeys + 'a,
    nonces: Nonces,
) -> Dialogue<'a, Result<Wiped, StationError>> {
    let keys: Box<dyn CardKeys + 'a> = Box::new(keys);
    Dialogue::new(|wire| wipe_at(Card::new(wire, nonces), order, keys))
}

async fn wipe_at(mut card: Card, order: WipeOrder, keys: Box<dyn CardKeys + '_>) -> Result<Wiped, StationError> {
    let card = &mut card;
    let Known { uid, messaging } = station::know(card, &order.seen, order.is_ev1_allowed).await?;
    let mut keys = KeysOfCard { uid: uid.clone(), application: order.application.clone(), keys };
    let card_key = station::open_card(card, messaging, &mut keys).await?;
    let was_there = station::has_application(card, order.application.id).await?;
    if was_there {
        card.delete_application(order.application.id).await?;
    }
    if card.application_ids().await?.is_empty() {
        // Also after an interruption: only formatting gives the memory back.
        card.format().await?;
        // Formatting may end the authentication.
        station::open_card(card, messaging, &mut keys).await?;
    }
    let free_bytes = card.free_bytes().await?;
    if order.card_key == CardKeyAfter::Factory && card_key != CardKey::FactoryDes {
        if card.key_table().await?.settings != KeySettings::FACTORY {
            card.change_key_settings(KeySettings::FACTORY).await?;
        }
        card.reset_card_key().await?;
        if station::open_card(card, messaging, &mut keys).await? != CardKey::FactoryDes {
            return Err(StationError::ForeignCard);
        }
    }
    Ok(Wiped { uid, was_there, free_bytes })
}
