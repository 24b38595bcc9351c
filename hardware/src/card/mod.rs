//! Cards at PC/SC readers: which card lies on which reader, its UID, and whether it proves to be the card that has it.
//!
//! The door agent and the enrolment station start [`Readers`] once and take [`ReaderEvent`]s from then on. What is asked of a
//! card beside its UID says a [`CardLookup`] of theirs. Nothing here decides who may pass, and a UID never reaches a log:
//! [`Uid`] prints as `[redacted]` and is wiped when dropped.

use std::fmt;
use std::time::Instant;

use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop};

pub mod apdu;
pub mod desfire;
mod pcsc;
pub mod task;
#[cfg(feature = "twins")]
pub mod virtual_card;
#[cfg(feature = "twins")]
pub mod virtual_desfire;

use self::desfire::{CardKind, CardTemplate, CredentialNumber, KeyVersion, Messaging, Nonces, ReadOrder};
pub use self::pcsc::{Readers, ReadersError, list_names, look_for, serial_of};
use self::task::{Done, TaskError};

/// Longest UID of ISO/IEC 14443-3 (triple size), in bytes.
const UID_BYTES_MAX: usize = 10;

/// A card's unique identifier: 4, 7 or 10 bytes (ISO/IEC 14443-3). Never printed, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Uid {
    bytes: [u8; UID_BYTES_MAX],
    length: usize,
}

/// Bytes that can't be a UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a UID has 4, 7 or 10 bytes, not {0}")]
pub struct UidLength(pub usize);

impl Uid {
    /// Takes bytes that a card sent.
    pub fn new(bytes: &[u8]) -> Result<Self, UidLength> {
        if !matches!(bytes.len(), 4 | 7 | 10) {
            return Err(UidLength(bytes.len()));
        }
        let mut uid = Self { bytes: [0; UID_BYTES_MAX], length: bytes.len() };
        uid.bytes[..bytes.len()].copy_from_slice(bytes);
        Ok(uid)
    }

    /// The bytes, for hashing or sealing.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Uid([redacted])")
    }
}

/// Which reader is meant, and what it is called from then on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReaderBinding {
    /// Name of the binding, repeated in every [`ReaderEvent`].
    pub name: String,
    /// How the reader is found.
    #[serde(rename = "match")]
    pub matches: ReaderMatch,
}

/// How a reader is found among those that PC/SC knows. Never by its place in the list, which depends on what else is
/// plugged in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum ReaderMatch {
    /// Its PC/SC name, in full or without the trailing index and slot (` 00 00`). Without them the name must belong to
    /// one reader only; its slot 00 is taken.
    Name(String),
    /// Its serial number (`SCARD_ATTR_VENDOR_IFD_SERIAL_NO`).
    Serial(String),
}

/// Something happened at a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderEvent {
    /// Name of the binding.
    pub reader: String,
    /// When it was noticed; for a card, when it was noticed and not yet read.
    pub at: Instant,
    /// What happened.
    pub change: ReaderChange,
}

/// What happened at a reader.
///
/// [`Card`](Self::Card), [`Kind`](Self::Kind), [`Proved`](Self::Proved), [`NotAuthentic`](Self::NotAuthentic),
/// [`Unreadable`](Self::Unreadable), [`Senseless`](Self::Senseless) and [`Silent`](Self::Silent) by a card are each followed by one [`Removed`](Self::Removed)
/// once the card is gone, and before anything else about another card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReaderChange {
    /// A card was held against it and told its UID, and nothing more was asked ([`Asked::Nothing`]).
    Card(Uid),
    /// The same, and of what kind it says that it is ([`Asked::Kind`]).
    Kind(Uid, CardKind),
    /// A card was held against it and proved to have the key that was expected of that UID ([`Asked::Proof`]).
    /// [`Template`](Self::Template) follows.
    Proved(Uid, Proof),
    /// A card was held against it that is not the one that its UID says: a copy, or it was exchanged; why.
    NotAuthentic(Uid, String),
    /// What the template file of the card holds that was proved last, read in the same session.
    Template(TemplateRead),
    /// How the task ended that [`Readers::work`] was given.
    Worked(Result<Done, TaskError>),
    /// A card was held against it and could not be read to the end; why not. That proves nothing, and feigns nothing.
    Unreadable(String),
    /// A card was held against it that tells the UID of one that is to prove itself, and answered whole and to no sense, several times
    /// over ([`is_senseless`](desfire::ReadError::is_senseless)); what. That proves nothing either.
    Senseless(Uid, String),
    /// The card is gone.
    Removed,
    /// The card or the reader stopped answering in the middle. [`Back`](Self::Back) follows once it is well again.
    Silent,
    /// The reader is not there or can't be told from others, or PC/SC is gone; why.
    Lost(String),
    /// It is usable: for the first time, or again after [`Lost`](Self::Lost) or [`Silent`](Self::Silent).
    Back,
}

/// Whose a card proved to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The number in its protected file.
    pub credential: CredentialNumber,
    /// The version of its reading key.
    pub key_version: KeyVersion,
    /// How it was spoken to.
    pub messaging: Messaging,
}

impl Proof {
    /// What a card told that proved itself.
    pub fn of(identified: &desfire::Identified) -> Self {
        let (credential, messaging) = (identified.credential.clone(), identified.messaging);
        Self { credential, key_version: identified.key_version, messaging }
    }
}

/// What came of reading on to the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateRead {
    /// This lies in its file.
    Content(CardTemplate),
    /// Nothing lies there.
    Empty,
    /// The card was taken away before it was read.
    Gone,
    /// The card did not answer as it must; why.
    Unreadable(String),
    /// The session is not that card's any more: it was exchanged, or somebody stands between; why.
    NotAuthentic(String),
}

impl TemplateRead {
    /// What came of it, by a card that answered to its end.
    pub fn of(read: Result<Option<CardTemplate>, desfire::ReadError>) -> Self {
        match read {
            Ok(Some(template)) => Self::Content(template),
            Ok(None) => Self::Empty,
            Err(error) if error.is_clone_suspected() => Self::NotAuthentic(error.to_string()),
            Err(error) => Self::Unreadable(error.to_string()),
        }
    }
}

impl ReaderChange {
    /// What is told of a card that has this UID and did not prove to be the one that has it.
    pub fn of_failed_proof(uid: Uid, error: desfire::ReadError) -> Self {
        if error.refutes_known_card() {
            Self::NotAuthentic(uid, error.to_string())
        } else if error.is_senseless() {
            Self::Senseless(uid, error.to_string())
        } else {
            Self::Unreadable(error.to_string())
        }
    }
}

/// What is asked of a card that told its UID.
pub enum Asked {
    /// Nothing.
    Nothing,
    /// Of what kind it is.
    Kind,
    /// That it is the card which has that UID; then its number and its template.
    Proof(ReadOrder, Nonces),
}

/// Says what is asked of a card. It is called on a reader's thread while the card waits: it must be quick, and never wait for
/// whoever takes the events.
pub trait CardLookup: Send + Sync {
    /// What is asked of the card with this UID on the reader bound as `reader`. Asked again when a card could not be read at
    /// once.
    fn look_up(&self, reader: &str, uid: &Uid) -> Asked;
}

/// Nothing is asked but the UID.
impl CardLookup for () {
    fn look_up(&self, _reader: &str, _uid: &Uid) -> Asked {
        Asked::Nothing
    }
}

/// Whether `candidate`, a full PC/SC name, is meant by `wanted`.
fn name_matches(wanted: &str, candidate: &str) -> bool {
    candidate == wanted || split_name(candidate).is_some_and(|(stem, _, slot)| stem == wanted && slot == "00")
}

/// Takes a PC/SC name apart: what it is called, index, slot (pcsc-lite appends the latter two as hexadecimal pairs).
fn split_name(name: &str) -> Option<(&str, &str, &str)> {
    let (rest, slot) = name.rsplit_once(' ')?;
    let (stem, index) = rest.rsplit_once(' ')?;
    let is_pair = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_pair(slot) && is_pair(index)).then_some((stem, index, slot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_keeps_its_bytes_and_never_prints_them() {
        for length in 0..=20 {
            let bytes = vec![0xA7; length];
            match Uid::new(&bytes) {
                Ok(uid) => {
                    assert!([4, 7, 10].contains(&length));
                    assert_eq!(uid.as_bytes(), bytes);
                    assert_eq!(format!("{uid:?}"), "Uid([redacted])");
                }
                Err(error) => {
                    assert!(![4, 7, 10].contains(&length));
                    assert_eq!(error, UidLength(length));
                }
            }
        }
    }

    #[test]
    fn names_match_in_full_or_without_index_and_slot() {
        let check = |wanted, candidate, expected| assert_eq!(name_matches(wanted, candidate), expected, "{candidate}");
        check("ACS ACR1252 Dual Reader", "ACS ACR1252 Dual Reader 00 00", true);
        check("ACS ACR1252 Dual Reader", "ACS ACR1252 Dual Reader 03 00", true);
        check("ACS ACR1252 Dual Reader", "ACS ACR1252 Dual Reader 00 01", false);
        check("ACS ACR1252 Dual Reader 00 01", "ACS ACR1252 Dual Reader 00 01", true);
        check("ACS ACR1252 Dual Reader 00 00", "ACS ACR1252 Dual Reader 01 00", false);
        check("ACS ACR1252", "ACS ACR1252 Dual Reader 00 00", false);
        check("Reader", "Reader", true);
        check("Reader", "Reader x0 00", false);
        check("", "00 00", false);
    }

    #[test]
    fn bindings_are_read_and_unknown_keys_named() {
        let read = |text: &str| toml::from_str::<ReaderBinding>(text);
        let binding = read("name = \"in\"\nmatch = { name = \"Pforte in 00 00\" }").unwrap();
        assert_eq!(binding.matches, ReaderMatch::Name("Pforte in 00 00".into()));
        let binding = read("name = \"in\"\nmatch = { serial = \"R-17\" }").unwrap();
        assert_eq!(binding.matches, ReaderMatch::Serial("R-17".into()));
        for (text, named) in [
            ("name = \"in\"\nmatch = { index = \"0\" }", "index"),
            ("name = \"in\"\nslot = 1\nmatch = { name = \"x\" }", "slot"),
            ("name = \"in\"", "match"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
