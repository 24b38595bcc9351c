//! What is said about a card and its content, each as a type of its own, parsed once.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::super::Uid;
use super::frame::{exactly, malformed};
use super::status::{DesfireError, Instruction, Malformation};

/// A DESFire card's own UID: 7 bytes. Never printed, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CardUid([u8; 7]);

impl CardUid {
    /// Takes the bytes that a card sent; all zeros is no UID, but what a card tells that hides its own.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; 7] = bytes.try_into().ok()?;
        (bytes != [0; 7]).then_some(Self(bytes))
    }

    /// The bytes, for hashing, sealing or diversifying.
    pub fn as_bytes(&self) -> &[u8; 7] {
        &self.0
    }
}

impl fmt::Debug for CardUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardUid([redacted])")
    }
}

/// Whether a reader saw a random UID: four bytes of which the first is 08 (ISO/IEC 14443-3, 6.5.4), new at each tap.
pub fn is_random(uid: &Uid) -> bool {
    matches!(uid.as_bytes(), [0x08, _, _, _])
}

/// Number of an application on a card: three bytes, not all zero, in the order in which they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ApplicationId([u8; 3]);

impl ApplicationId {
    /// Stands for the card itself where an application is meant.
    pub const CARD: Self = Self([0; 3]);

    /// Takes an application's number.
    pub fn new(bytes: [u8; 3]) -> Option<Self> {
        (bytes != [0; 3]).then_some(Self(bytes))
    }

    /// As it is sent.
    pub fn to_bytes(self) -> [u8; 3] {
        self.0
    }
}

/// How new a card is, which says what it can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generation {
    /// Knows no AES: no use here.
    D40,
    /// Knows AES, and the older secure messaging only.
    Ev1,
    /// Knows the newer secure messaging.
    Ev2,
    /// Likewise, and whatever came after.
    Ev3,
}

/// What a card tells of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// How new it is.
    pub generation: Generation,
    /// Bytes of storage, rounded down to a power of two where the card tells a range.
    pub storage_bytes: u32,
    /// Its UID; none if it hides it behind random ones.
    pub uid: Option<CardUid>,
}

impl Version {
    /// Takes the answer to GetVersion, its three parts put together: 7 bytes on hardware, 7 on software, 14 on
    /// production, of which the first 7 are the UID.
    pub(super) fn parse(answer: &[u8]) -> Result<Self, DesfireError> {
        let bytes: [u8; 28] = exactly(Instruction::GetVersion, answer)?;
        let [vendor, kind, _, major, _, storage, ..] = bytes;
        // NXP's number, DESFire's type in the low half.
        if vendor != 0x04 || kind & 0x0F != 0x01 {
            return Err(malformed(Instruction::GetVersion, Malformation::Content));
        }
        let generation = match major {
            0x00 => Generation::D40,
            0x01 => Generation::Ev1,
            0x12 | 0x22 | 0x42 => Generation::Ev2,
            _ => Generation::Ev3,
        };
        let storage_bytes = 1_u32.checked_shl(u32::from(storage >> 1)).unwrap_or(0);
        Ok(Self { generation, storage_bytes, uid: CardUid::new(&bytes[14..21]) })
    }
}

/// What a key's holder may change, and whether one needs a key to look and to create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySettings(pub u8);

impl KeySettings {
    /// A card as it comes from the factory: everybody may list, create and delete.
    pub const FACTORY: Self = Self(0x0F);
    /// The first key may be changed and so may these settings (bits 0 and 3); listing, creating and deleting need it (bits 1
    /// and 2 clear); it changes the other keys (high half 0).
    pub const GUARDED: Self = Self(0x09);
}

/// How a file's content travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum CommunicationMode {
    /// As it is.
    Plain = 0x00,
    /// As it is, with a MAC.
    Mac = 0x01,
    /// Enciphered, and with a MAC.
    Full = 0x03,
}

/// Which key may do what with a file; 0x0E is everybody, 0x0F nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessRights {
    /// Key that reads.
    pub read: u8,
    /// Key that writes.
    pub write: u8,
    /// Key that does both.
    pub read_write: u8,
    /// Key that changes this.
    pub change: u8,
}

impl AccessRights {
    fn to_bytes(self) -> [u8; 2] {
        [self.read_write << 4 | self.change & 0x0F, self.read << 4 | self.write & 0x0F]
    }

    fn from_bytes([low, high]: [u8; 2]) -> Self {
        Self { read: high >> 4, write: high & 0x0F, read_write: low >> 4, change: low & 0x0F }
    }
}

/// A standard data file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSettings {
    /// How its content travels.
    pub mode: CommunicationMode,
    /// Who may do what.
    pub rights: AccessRights,
    /// Its size; three bytes on the wire.
    pub size_bytes: u32,
}

impl FileSettings {
    /// As CreateStdDataFile takes them.
    pub(super) fn to_bytes(self) -> [u8; 6] {
        let [low, high] = self.rights.to_bytes();
        let [a, b, c] = little_endian_3(self.size_bytes);
        [self.mode as u8, low, high, a, b, c]
    }

    /// As ChangeFileSettings takes them.
    pub(super) fn change_bytes(self) -> [u8; 3] {
        let [low, high] = self.rights.to_bytes();
        [self.mode as u8, low, high]
    }

    /// Takes the answer to GetFileSettings: kind of file 00, then as they were given.
    pub(super) fn parse(answer: &[u8]) -> Result<Self, DesfireError> {
        let [kind, mode, low, high, a, b, c] = exactly(Instruction::GetFileSettings, answer)?;
        let mode = match (kind, mode) {
            (0x00, 0x00 | 0x02) => CommunicationMode::Plain,
            (0x00, 0x01) => CommunicationMode::Mac,
            (0x00, 0x03) => CommunicationMode::Full,
            _ => return Err(malformed(Instruction::GetFileSettings, Malformation::Content)),
        };
        let rights = AccessRights::from_bytes([low, high]);
        Ok(Self { mode, rights, size_bytes: u32::from_le_bytes([a, b, c, 0]) })
    }
}

/// The three low bytes, least first.
pub(super) fn little_endian_3(value: u32) -> [u8; 3] {
    let [a, b, c, _] = value.to_le_bytes();
    [a, b, c]
}

/// The random number by which a card's holder is known: 128 bits, never all zero. Never printed, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CredentialNumber([u8; 16]);

impl CredentialNumber {
    /// Takes a number; all zeros is none, as a file is that nobody wrote yet.
    pub fn new(bytes: [u8; 16]) -> Option<Self> {
        (bytes != [0; 16]).then_some(Self(bytes))
    }

    /// The bytes, for hashing or sealing.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for CredentialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialNumber([redacted])")
    }
}

/// What lies in a card's template file: sealed by others, opaque here. Never printed, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct CardTemplate(Zeroizing<Vec<u8>>);

impl CardTemplate {
    /// Longest content of a template file, in bytes.
    pub const BYTES_MAX: usize = 7 * 1024;

    /// Takes content of 1 to [`Self::BYTES_MAX`] bytes.
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        let bytes = Zeroizing::new(bytes);
        (1..=Self::BYTES_MAX).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// The content.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for CardTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardTemplate([redacted], {} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::hex;
    use super::*;

    #[test]
    fn a_version_tells_generation_storage_and_uid() {
        // As a card of the first generation with AES answered in a recorded exchange, and what differs in later ones.
        let check = |hardware: &str, uid: &str, expected: Option<(Generation, u32, bool)>| {
            let answer = hex(&format!("{hardware}04010101041A05{uid}BA4519E3204913"));
            let version = Version::parse(&answer).ok();
            assert_eq!(version.map(|v| (v.generation, v.storage_bytes, v.uid.is_some())), expected, "{hardware}");
        };
        check("04010101001A05", "04063F72633480", Some((Generation::Ev1, 8192, true)));
        check("04010112001805", "04063F72633480", Some((Generation::Ev2, 4096, true)));
        check("04010133001805", "00000000000000", Some((Generation::Ev3, 4096, false)));
        check("04010100021805", "04063F72633480", Some((Generation::D40, 4096, true)));
        check("04020133001805", "04063F72633480", None);
        check("05010133001805", "04063F72633480", None);
    }

    #[test]
    fn random_uids_are_known_by_their_look() {
        let check = |uid: &str, expected| assert_eq!(is_random(&Uid::new(&hex(uid)).unwrap()), expected, "{uid}");
        check("08E08012", true);
        check("04E08012", false);
        check("0895910A5D6D80", false);
    }

    #[test]
    fn file_settings_survive_the_way_to_the_card() {
        let rights = AccessRights { read: 1, write: 2, read_write: 3, change: 4 };
        let settings = FileSettings { mode: CommunicationMode::Full, rights, size_bytes: 0x0001_0203 };
        assert_eq!(settings.to_bytes()[..], hex("03 3412 030201"));
        assert_eq!(FileSettings::parse(&hex("00 03 3412 030201")), Ok(settings));
        assert!(FileSettings::parse(&hex("02 03 3412 030201")).is_err());
    }

    #[test]
    fn nothing_personal_prints() {
        let credential = CredentialNumber::new([0xA7; 16]).unwrap();
        let template = CardTemplate::new(vec![0xA7; 3]).unwrap();
        let printed = format!("{:?} {credential:?} {template:?}", CardUid::new(&[0xA7; 7]).unwrap());
        assert!(!printed.contains("167") && !printed.to_lowercase().contains("a7"), "{printed}");
    }

    proptest! {
        #[test]
        fn any_answer_is_taken_or_refused(answer in prop::collection::vec(any::<u8>(), 0..40)) {
            if Version::parse(&answer).is_ok() {
                prop_assert_eq!(answer.len(), 28);
            }
            if let Ok(settings) = FileSettings::parse(&answer) {
                prop_assert_eq!(&settings.to_bytes()[1..], &answer[2..]);
            }
        }
    }
}
