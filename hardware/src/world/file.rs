//! The world file: which twins there are. Parsed and checked before anything is started.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::card::Uid;
use crate::card::virtual_desfire::{Model, UID_BYTES};
use crate::finger::virtual_sensor::FingerSeed;

/// Most readers of one world: pcscd knows 16, and each of ours comes with a second slot.
const READERS_MAX: usize = 8;
/// Longest name of anything.
const NAME_BYTES_MAX: usize = 40;

/// What a world is made of.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldFile {
    /// Card readers.
    #[serde(default)]
    pub reader: Vec<ReaderFile>,
    /// Fingerprint sensors.
    #[serde(default)]
    pub sensor: Vec<SensorFile>,
    /// Keypads.
    #[serde(default)]
    pub keypad: Vec<KeypadFile>,
    /// Doors.
    #[serde(default)]
    pub door: Vec<DoorFile>,
    /// Cards, lying nowhere at first.
    #[serde(default)]
    pub card: Vec<CardFile>,
    /// Fingers.
    #[serde(default)]
    pub finger: Vec<FingerFile>,
    /// Where a person can stand.
    #[serde(default)]
    pub place: Vec<PlaceFile>,
}

/// A card reader; PC/SC calls it `Pforte NAME 00 00`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReaderFile {
    /// Its name.
    pub name: String,
    /// Whether exchanges take as long as at 106 kbit/s over the air.
    #[serde(default)]
    pub is_paced: bool,
}

/// A fingerprint sensor; its line is `sensor-NAME` in the world's folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensorFile {
    /// Its name.
    pub name: String,
}

/// A keypad; its pipe is `keypad-NAME` in the world's folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeypadFile {
    /// Its name.
    pub name: String,
}

/// A door; its lines end at `door-NAME.sock` in the world's folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoorFile {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: Option<String>,
    /// What is worth trying at it, for whoever plays.
    pub hint: Option<String>,
    /// Whether it has a door position switch.
    #[serde(default = "yes")]
    pub has_contact: bool,
    /// Whether it has a request-to-exit.
    #[serde(default)]
    pub rex: bool,
    /// Whether pressing the request-to-exit draws the bolt (a handle), rather than asking for a release (a button).
    #[serde(default)]
    pub rex_is_mechanical: bool,
    /// Whether it has inputs that are only watched: tampers of reader and sensor, fire, mains, battery, zones.
    #[serde(default)]
    pub watched: bool,
    /// From pushing to being open, in milliseconds.
    #[serde(default)]
    pub opens_ms: u64,
    /// From being open to falling shut, in milliseconds; without it, the door stays open until closed.
    pub closes_ms: Option<u64>,
}

/// A card.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardFile {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: Option<String>,
    /// Its UID in hexadecimal.
    #[serde(deserialize_with = "uid")]
    pub uid: Uid,
    /// What kind of DESFire it is, its content kept in `card-NAME.json` in the world's folder; without it, a card that
    /// knows its UID and no command.
    pub desfire: Option<Model>,
}

impl CardFile {
    /// The UID of a DESFire, which has seven bytes.
    pub(super) fn desfire_uid(&self) -> Result<[u8; UID_BYTES], String> {
        let uid = self.uid.as_bytes();
        uid.try_into()
            .map_err(|_| format!("card {:?}: a DESFire's UID has {UID_BYTES} bytes, not {}", self.name, uid.len()))
    }
}

/// A finger.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FingerFile {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: Option<String>,
    /// Everything about it follows from this number.
    pub seed: FingerSeed,
}

/// Where a person can stand: at a door's side, or at an enrolment station.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceFile {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: Option<String>,
    /// The door that the place is at; a station has none.
    pub door: Option<String>,
    /// The reader in reach.
    pub reader: Option<String>,
    /// The sensor in reach.
    pub sensor: Option<String>,
    /// The keypad in reach.
    pub keypad: Option<String>,
}

/// What is wrong with a world file.
#[derive(Debug, thiserror::Error)]
pub enum WorldFileError {
    /// It can't be read.
    #[error("{0}: {1}")]
    Unread(String, std::io::Error),
    /// It is not TOML, or not of this shape.
    #[error("{0}: {1}")]
    Shape(String, toml::de::Error),
    /// It does not make sense.
    #[error("{0}: {1}")]
    Sense(String, String),
}

impl WorldFile {
    /// Reads and checks a file.
    pub fn read(path: &Path) -> Result<Self, WorldFileError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| WorldFileError::Unread(shown.clone(), error))?;
        Self::parse(&text, &shown)
    }

    /// Parses and checks a text; errors begin with `source`.
    pub fn parse(text: &str, source: &str) -> Result<Self, WorldFileError> {
        let world: Self = toml::from_str(text).map_err(|error| WorldFileError::Shape(source.to_owned(), error))?;
        world.check().map_err(|problem| WorldFileError::Sense(source.to_owned(), problem))?;
        Ok(world)
    }

    fn check(&self) -> Result<(), String> {
        if self.reader.len() > READERS_MAX {
            return Err(format!("{} readers are too many: pcscd takes {READERS_MAX}", self.reader.len()));
        }
        let readers = unique("reader", self.reader.iter().map(|reader| &reader.name))?;
        let sensors = unique("sensor", self.sensor.iter().map(|sensor| &sensor.name))?;
        let keypads = unique("keypad", self.keypad.iter().map(|keypad| &keypad.name))?;
        let doors = unique("door", self.door.iter().map(|door| &door.name))?;
        unique("card", self.card.iter().map(|card| &card.name))?;
        for card in self.card.iter().filter(|card| card.desfire.is_some()) {
            card.desfire_uid()?;
        }
        unique("finger", self.finger.iter().map(|finger| &finger.name))?;
        unique("place", self.place.iter().map(|place| &place.name))?;
        for place in &self.place {
            for (kind, named, known) in [
                ("reader", &place.reader, &readers),
                ("sensor", &place.sensor, &sensors),
                ("keypad", &place.keypad, &keypads),
                ("door", &place.door, &doors),
            ] {
                if let Some(named) = named
                    && !known.contains(named.as_str())
                {
                    return Err(format!("place {:?} names {kind} {named:?}, which is not in this world", place.name));
                }
            }
        }
        Ok(())
    }
}

fn unique<'file>(kind: &str, names: impl Iterator<Item = &'file String>) -> Result<BTreeSet<&'file str>, String> {
    let mut seen = BTreeSet::new();
    for name in names {
        check_name(kind, name)?;
        if !seen.insert(name.as_str()) {
            return Err(format!("two of kind {kind} are named {name:?}"));
        }
    }
    Ok(seen)
}

/// Names become parts of paths and of pcscd's configuration.
pub(super) fn check_name(kind: &str, name: &str) -> Result<(), String> {
    let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-' || letter == b'_';
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_plain) {
        return Err(format!("{kind} {name:?}: a name has 1 to {NAME_BYTES_MAX} letters, digits, '-' or '_'"));
    }
    Ok(())
}

/// Takes a UID in hexadecimal.
pub(super) fn parse_uid(text: &str) -> Result<Uid, String> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Option<Vec<u8>> = match text.len() % 2 {
        0 => text.as_bytes().chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect(),
        _ => None,
    };
    Uid::new(&bytes.ok_or("a UID is written in hexadecimal digits, two a byte")?).map_err(|error| error.to_string())
}

fn uid<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Uid, D::Error> {
    parse_uid(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

const fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::virtual_desfire::{Generation, Size};

    #[test]
    fn a_world_is_read() {
        let world = WorldFile::parse(
            r#"
            [[reader]]
            name = "lobby-in"
            [[sensor]]
            name = "lobby-in"
            [[door]]
            name = "lobby"
            rex = true
            opens_ms = 300
            closes_ms = 1500
            [[card]]
            name = "anna"
            uid = "04a1B2C3D4E5F6"
            [[card]]
            name = "ben"
            uid = "04a1B2C3D4E5F7"
            desfire = { size = "8k", generation = "ev2" }
            [[finger]]
            name = "anna-right-index"
            seed = 4711
            [[place]]
            name = "lobby"
            door = "lobby"
            reader = "lobby-in"
            sensor = "lobby-in"
            "#,
            "w.toml",
        )
        .unwrap();
        assert_eq!(world.card[0].uid.as_bytes(), [0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6]);
        assert_eq!(world.card[0].desfire, None);
        let model = Model { size: Size::K8, generation: Generation::Ev2, ..Model::default() };
        assert_eq!(world.card[1].desfire, Some(model));
        assert!(world.door[0].has_contact && world.door[0].rex && !world.door[0].rex_is_mechanical);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, named: &str| {
            let error = WorldFile::parse(text, "w.toml").unwrap_err().to_string();
            assert!(error.starts_with("w.toml: ") && error.contains(named), "{error}");
        };
        check("[[reader]]\nname = \"a\"\nport = 3", "port");
        check("[[window]]\nname = \"a\"", "window");
        check("[[reader]]\nname = \"a\"\n[[reader]]\nname = \"a\"", "two of kind reader are named \"a\"");
        check("[[door]]\nname = \"../a\"", "../a");
        check("[[place]]\nname = \"a\"\nreader = \"b\"", "reader \"b\"");
        check("[[keypad]]\nname = \"a\"\n[[place]]\nname = \"a\"\nkeypad = \"b\"", "keypad \"b\"");
        check("[[card]]\nname = \"a\"\nuid = \"0401\"", "4, 7 or 10 bytes");
        check("[[card]]\nname = \"a\"\nuid = \"0401020\"", "hexadecimal");
        check("[[card]]\nname = \"a\"\nuid = \"zz010203\"", "hexadecimal");
        check("[[card]]\nname = \"a\"\nuid = \"01020304\"\ndesfire = {}", "7 bytes, not 4");
        check("[[card]]\nname = \"a\"\nuid = \"01020304050607\"\ndesfire = { size = \"3k\" }", "3k");
        check(&(0..9).map(|n| format!("[[reader]]\nname = \"r{n}\"\n")).collect::<String>(), "9 readers");
    }
}
