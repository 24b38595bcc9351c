//! What a card keeps without power: identity, keys, applications, files. A plain value, to be saved and loaded.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::crypto::{KEY_BYTES, KeyKind, des_version};

/// Bytes of a UID (ISO/IEC 14443-3, double size).
pub const UID_BYTES: usize = 7;
/// Memory is given out in pieces of so many bytes.
const PIECE_BYTES: usize = 32;
/// What an application takes beside its keys, and a file beside its data, in bytes. Modelled: the maker does not say.
const APPLICATION_BYTES: usize = 64;
const FILE_BYTES: usize = 32;

/// Which card it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// DESFire EV1: no EV2 secure messaging.
    Ev1,
    /// DESFire EV2.
    Ev2,
    /// DESFire EV3.
    Ev3,
}

/// How much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Size {
    /// 2 KiB by name.
    #[serde(rename = "2k")]
    K2,
    /// 4 KiB by name.
    #[serde(rename = "4k")]
    K4,
    /// 8 KiB by name.
    #[serde(rename = "8k")]
    K8,
}

impl Size {
    /// Bytes free on a card that was formatted. That of 4K was seen; the others are by report.
    pub const fn capacity_bytes(self) -> usize {
        match self {
            Self::K2 => 2_304,
            Self::K4 => 4_864,
            Self::K8 => 7_936,
        }
    }

    /// As GetVersion tells it.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::K2 => 0x16,
            Self::K4 => 0x18,
            Self::K8 => 0x1A,
        }
    }
}

/// What kind of card it is, from its making on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Which card it is.
    #[serde(default = "ev3")]
    pub generation: Generation,
    /// How much it holds.
    #[serde(default = "k4")]
    pub size: Size,
    /// Whether it tells a reader another UID each time it gets power.
    #[serde(default)]
    pub has_random_uid: bool,
    /// Longest frame it takes and sends, in bytes: 64, 128 or 256 (ISO/IEC 14443-4).
    #[serde(default = "frame_bytes")]
    pub frame_bytes: u16,
}

impl Default for Model {
    fn default() -> Self {
        Self { generation: ev3(), size: k4(), has_random_uid: false, frame_bytes: frame_bytes() }
    }
}

const fn ev3() -> Generation {
    Generation::Ev3
}

const fn k4() -> Size {
    Size::K4
}

const fn frame_bytes() -> u16 {
    64
}

impl Model {
    /// Most bytes of data in one frame: what is left beside its own bytes and the command or status.
    pub(super) fn frame_data_bytes(&self) -> usize {
        usize::from(self.frame_bytes.clamp(64, 256)) - 5
    }
}

/// A key with its version. Never printed, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// What it is for.
    #[zeroize(skip)]
    pub kind: KeyKind,
    /// Its bytes; a single DES key twice.
    #[serde(with = "hexadecimal")]
    pub bytes: [u8; KEY_BYTES],
    /// Its version; that of a DES key stands in its bytes.
    pub version: u8,
}

impl Key {
    /// What a key is before anybody set it.
    pub fn blank(kind: KeyKind) -> Self {
        Self { kind, bytes: [0; KEY_BYTES], version: 0 }
    }

    /// What the card tells of it.
    pub(super) fn told_version(&self) -> u8 {
        match self.kind {
            KeyKind::Aes => self.version,
            KeyKind::Des => des_version(&self.bytes),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?}, version {}, [redacted])", self.kind, self.version)
    }
}

/// How a file's data travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Open.
    Plain,
    /// Open, with a MAC.
    Mac,
    /// Enciphered, with a MAC or checksum.
    Full,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// At once.
    Standard,
    /// All together, when the reader commits.
    Backup,
}

/// A file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its number.
    pub number: u8,
    /// Its ISO identifier, if the application has such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iso_id: Option<u16>,
    /// How it is written.
    pub kind: FileKind,
    /// How its data travels.
    pub mode: Mode,
    /// Rights, four bits each: read, write, both, change. 0 to D are keys, E is everybody, F nobody.
    pub access: u16,
    /// What it holds.
    #[serde(with = "hexadecimal")]
    pub data: Vec<u8>,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.data.len();
        write!(f, "File({}, {:?}, {:?}, {:04X}, {length} bytes)", self.number, self.kind, self.mode, self.access)
    }
}

/// An application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// Its identifier, 24 bits, never 0.
    pub id: u32,
    /// Its ISO identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iso_id: Option<u16>,
    /// The name by which ISO commands select it; empty if none.
    #[serde(with = "hexadecimal")]
    pub name: Vec<u8>,
    /// Key settings.
    pub settings: u8,
    /// Whether its files have ISO identifiers.
    pub has_iso_files: bool,
    /// Its keys, 1 to 14 of one kind; the first is its master.
    pub keys: Vec<Key>,
    /// Its files.
    pub files: Vec<File>,
}

impl Application {
    pub(super) fn kind(&self) -> KeyKind {
        self.keys.first().map_or(KeyKind::Aes, |key| key.kind)
    }

    pub(super) fn file(&self, number: u8) -> Option<&File> {
        self.files.iter().find(|file| file.number == number)
    }
}

/// Everything a card keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// What kind of card it is.
    pub model: Model,
    /// The UID that it was made with.
    #[serde(with = "hexadecimal")]
    pub uid: [u8; UID_BYTES],
    /// The card's own master key.
    pub master: Key,
    /// Its settings.
    pub settings: u8,
    /// Memory given out, in bytes. What is deleted comes back by formatting alone.
    pub used_bytes: usize,
    /// Its applications.
    pub applications: Vec<Application>,
}

impl Content {
    /// As it comes from the factory: whoever knows the zero key may do anything.
    pub fn factory(uid: [u8; UID_BYTES], model: Model) -> Self {
        Self { model, uid, master: Key::blank(KeyKind::Des), settings: 0x0F, used_bytes: 0, applications: Vec::new() }
    }

    /// What somebody makes who can read whatever is open but knows no key: same UID, same structure, keys from `draw`, and
    /// only those files' data that everybody may read.
    pub fn copied_without_keys(&self, mut draw: impl FnMut(&mut [u8])) -> Self {
        let mut copy = self.clone();
        draw(&mut copy.master.bytes);
        for application in &mut copy.applications {
            application.keys.iter_mut().for_each(|key| draw(&mut key.bytes));
            for file in &mut application.files {
                if file.access >> 12 != 0xE && file.access >> 4 & 0xF != 0xE {
                    draw(&mut file.data);
                }
            }
        }
        copy
    }

    /// Reads it from a file.
    pub fn load(path: &Path) -> io::Result<Self> {
        serde_json::from_slice(&fs::read(path)?).map_err(io::Error::other)
    }

    /// Writes it to a file: all of it or, if this program dies meanwhile, nothing.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let beside = path.with_extension("new");
        fs::write(&beside, serde_json::to_vec_pretty(self).map_err(io::Error::other)?)?;
        fs::rename(&beside, path)
    }

    /// Bytes that can still be given out.
    pub fn free_bytes(&self) -> usize {
        self.model.size.capacity_bytes().saturating_sub(self.used_bytes)
    }

    pub(super) fn application(&self, id: u32) -> Option<&Application> {
        self.applications.iter().find(|application| application.id == id)
    }

    pub(super) fn application_mut(&mut self, id: u32) -> Option<&mut Application> {
        self.applications.iter_mut().find(|application| application.id == id)
    }

    /// Key `number` of application `id`; of the card itself, if that is 0.
    pub(super) fn key(&self, id: u32, number: u8) -> Option<&Key> {
        match id {
            0 => (number == 0).then_some(&self.master),
            _ => self.application(id)?.keys.get(usize::from(number)),
        }
    }
}

/// What an application takes, in bytes.
pub(super) const fn application_bytes(keys: usize) -> usize {
    APPLICATION_BYTES + (keys * KEY_BYTES).next_multiple_of(PIECE_BYTES)
}

/// What a file takes, in bytes.
pub(super) const fn file_bytes(kind: FileKind, length: usize) -> usize {
    let data = length.next_multiple_of(PIECE_BYTES);
    match kind {
        FileKind::Standard => FILE_BYTES + data,
        FileKind::Backup => FILE_BYTES + 2 * data,
    }
}

/// Bytes in files as hexadecimal digits.
mod hexadecimal {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode_upper(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<Vec<u8>>>(deserializer: D) -> Result<T, D::Error> {
        let bytes = hex::decode(String::deserialize(deserializer)?).map_err(D::Error::custom)?;
        let length = bytes.len();
        T::try_from(bytes).map_err(|_| D::Error::custom(format!("{length} bytes are too many or too few")))
    }
}
