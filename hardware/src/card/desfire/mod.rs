//! MIFARE DESFire from the reader's side: authentication, secure messaging, and on top of it reading, personalising,
//! re-keying and wiping a card.
//!
//! Nothing in here does I/O: each operation is a [`Dialogue`] that gives the command to send and takes the answer
//! ([`Connection`] holds one over PC/SC). Every MAC is checked in constant time, whatever comes from the card is refused if it
//! is not exactly what it must be, and keys are wiped when dropped and never printed. What a refusal means for a door or a
//! person is decided elsewhere.
//!
//! The facts stand in the project's hardware facts, section on DESFire; they come from NXP's AN12343 and AN12196 (EV2 by
//! example), AN10922 (diversification) and, where those are silent, from recorded exchanges with cards. The tests
//! named after them reproduce each published example byte for byte.
//!
//! From the inside out: `cipher` and `key`; `ev2`, `ev1` and `d40` protect single messages; `channel` holds
//! whichever is in force; `frame` dresses commands; `card` has one function for each; `read`, `look`, `personalise`,
//! `rekey` and `wipe` are the operations.

mod card;
mod channel;
mod cipher;
mod d40;
mod data;
mod dialogue;
mod ev1;
mod ev2;
mod frame;
mod key;
mod layout;
mod look;
#[cfg(test)]
mod operations_tests;
mod personalise;
mod read;
mod rekey;
mod station;
mod status;
#[cfg(test)]
mod testing;
mod transport;
mod wipe;

pub use self::card::{Card, KeyTable, Nonces, converse};
pub use self::channel::Messaging;
pub use self::data::{
    AccessRights, ApplicationId, CardTemplate, CardUid, CommunicationMode, CredentialNumber, FileSettings, Generation,
    KeySettings, Version, is_random,
};
pub use self::dialogue::{Dialogue, Question, Step};
pub use self::key::{
    AesKey, CardKeys, DesKey, DiversificationInput, KeyRole, KeyUnavailable, KeyVersion, SystemId, SystemIdLength,
    diversify,
};
pub use self::layout::Application;
pub use self::look::{CardKind, Look, kind, look};
pub use self::personalise::{CardKeyChoice, Existing, KeysBefore, Personalised, Plan, personalise};
pub use self::read::{CardRead, Identified, ReadError, ReadOrder, identify, read};
pub use self::rekey::{RekeyOrder, Rekeyed, rekey};
pub use self::station::StationError;
pub use self::status::{DesfireError, Instruction, Malformation, Refusal};
pub use self::transport::{Connection, TransportError};
pub use self::wipe::{CardKeyAfter, WipeOrder, Wiped, wipe};
