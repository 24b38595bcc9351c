//! What can be done in a world, and what can be seen of it: the control socket's vocabulary.

use serde::{Deserialize, Serialize};

use crate::card::virtual_card::CardFault;
use crate::card::virtual_desfire::{Misdeed, Model};
use crate::door_io::WatchedInput;
use crate::door_io::virtual_door::DoorView;

/// Something to be done. `at` takes a place's name, or a door's (then the first place at it); `door` takes a door's
/// name, or that of a place at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// Holds a card against the reader, until removed. A card that is elsewhere is taken from there; one that lies there
    /// is removed first.
    Tap {
        /// Place or door of the reader.
        at: String,
        /// The card's name.
        card: String,
    },
    /// Takes the card away.
    Remove {
        /// Place or door of the reader.
        at: String,
    },
    /// Places a finger on the sensor, until lifted.
    Finger {
        /// Place or door of the sensor.
        at: String,
        /// The finger's name.
        finger: String,
    },
    /// Lifts the finger.
    Lift {
        /// Place or door of the sensor.
        at: String,
    },
    /// Presses keys of the keypad: digits, `#` for Enter, `*` for Clear, `!` for Cancel.
    Type {
        /// Place or door of the keypad.
        at: String,
        /// The keys, one after the other.
        keys: String,
    },
    /// Unplugs a keypad, or plugs it in again.
    Keypad {
        /// Place or door of the keypad.
        at: String,
        /// Whether it is plugged in from here on.
        plugged: bool,
    },
    /// Pushes a door and goes through; answered once it is open, or by the error `locked`.
    Push {
        /// Door, or a place at it.
        door: String,
    },
    /// Closes a door.
    Close {
        /// Door, or a place at it.
        door: String,
    },
    /// Opens a door against its strike.
    Force {
        /// Door, or a place at it.
        door: String,
    },
    /// Presses or lets go of the request-to-exit.
    Rex {
        /// Door, or a place at it.
        door: String,
        /// Whether it is pressed from here on.
        pressed: bool,
    },
    /// Opens or closes the housing.
    Tamper {
        /// Door, or a place at it.
        door: String,
        /// Whether the housing is open from here on.
        tampered: bool,
    },
    /// Lets an input that is only watched say what it is named for, or no longer.
    Input {
        /// Door, or a place at it.
        door: String,
        /// Which.
        input: WatchedInput,
        /// How it is from here on.
        active: bool,
    },
    /// Lets a sensor misbehave, or takes its line away.
    Sensor {
        /// Place or door of the sensor.
        at: String,
        /// What it shall do from here on.
        fault: SensorWish,
    },
    /// Lets whatever card lies on a reader misbehave.
    Reader {
        /// Place or door of the reader.
        at: String,
        /// How cards misbehave on it from here on.
        fault: CardFault,
    },
    /// Kills the card service.
    KillPcscd {},
    /// Starts it again; answered once it knows all readers.
    StartPcscd {},
    /// Makes a card.
    AddCard {
        /// Its name, another than any card has.
        name: String,
        /// What it tells readers, in hexadecimal digits.
        uid: String,
        /// What people call it; its name if none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
        /// What kind of DESFire it is: as it was left in the world's folder, else from the factory. Without it, a card that knows its UID and no command.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        desfire: Option<Model>,
    },
    /// Makes a copy of a DESFire as far as one can who knows no key: same UID, same structure, other keys.
    CopyCard {
        /// The card that is copied, as it is now.
        of: String,
        /// Name of the copy, another than any card has.
        name: String,
        /// What people call it; its name if none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
    },
    /// Lets a DESFire misbehave whenever it has power, or be well again.
    Card {
        /// The card's name.
        card: String,
        /// How; none means well.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        misdeed: Option<Misdeed>,
    },
    /// Makes a finger.
    AddFinger {
        /// Its name, another than any finger has.
        name: String,
        /// What its pattern is made from: the same seed is the same finger.
        seed: u64,
        /// What people call it; its name if none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
    },
    /// Asks how everything is.
    State {},
    /// Asks how everything is, now and after every change. The connection takes no other order from then on.
    Watch {},
}

/// What a sensor shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SensorWish {
    /// Be well.
    None,
    /// Misread the next finger.
    Misread,
    /// Say nothing any more.
    Hang,
    /// Answer with noise.
    Garbage,
    /// Combine captures of different fingers without a word.
    CombinesAnything,
    /// Say that whatever it compares is alike.
    AlwaysMatches,
    /// Keep what it is told to overwrite.
    KeepsTemplates,
    /// Be unplugged.
    Unplug,
    /// Be plugged in again.
    Plug,
}

/// How everything is. UIDs are no part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Readers.
    pub readers: Vec<ReaderState>,
    /// Sensors.
    pub sensors: Vec<SensorState>,
    /// Keypads. What was typed is no part of it.
    #[serde(default)]
    pub keypads: Vec<KeypadState>,
    /// Doors.
    pub doors: Vec<DoorState>,
    /// Cards.
    pub cards: Vec<CardState>,
    /// Fingers.
    pub fingers: Vec<FingerState>,
    /// Places.
    pub places: Vec<PlaceState>,
    /// Whether the card service runs.
    pub pcscd: bool,
}

impl State {
    /// The door of this name, if there is one.
    pub fn door(&self, name: &str) -> Option<&DoorState> {
        self.doors.iter().find(|door| door.name == name)
    }

    /// The sensor of this name, if there is one.
    pub fn sensor(&self, name: &str) -> Option<&SensorState> {
        self.sensors.iter().find(|sensor| sensor.name == name)
    }
}

/// A reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderState {
    /// Its name.
    pub name: String,
    /// The card that lies on it.
    pub card: Option<String>,
    /// How cards misbehave on it.
    pub fault: CardFault,
}

/// A sensor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensorState {
    /// Its name.
    pub name: String,
    /// The finger on its glass.
    pub finger: Option<String>,
    /// Whether its line is there.
    pub is_plugged: bool,
    /// Colour of its ring.
    pub ring: Ring,
    /// How it misbehaves.
    pub fault: SensorWish,
}

/// A keypad.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeypadState {
    /// Its name.
    pub name: String,
    /// Whether it is there.
    pub is_plugged: bool,
}

/// Colour of a sensor's ring, as of an R503.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ring {
    /// Dark.
    Off,
    /// Red.
    Red,
    /// Blue.
    Blue,
    /// Purple.
    Purple,
    /// Green.
    Green,
    /// Yellow.
    Yellow,
    /// Cyan.
    Cyan,
    /// White.
    White,
}

impl Ring {
    pub(super) fn of_number(colour: u8) -> Self {
        match colour {
            1 => Self::Red,
            2 => Self::Blue,
            3 => Self::Purple,
            4 => Self::Green,
            5 => Self::Yellow,
            6 => Self::Cyan,
            7 => Self::White,
            _ => Self::Off,
        }
    }
}

/// A door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorState {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What is worth trying at it, if somebody wrote that down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether it has a request-to-exit.
    pub has_rex: bool,
    /// Whether that is a handle, which draws the bolt.
    #[serde(default)]
    pub is_rex_mechanical: bool,
    /// Whether it has inputs that are only watched.
    #[serde(default)]
    pub has_watched: bool,
    /// The rest.
    #[serde(flatten)]
    pub view: DoorView,
}

/// A card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardState {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Whether it is a DESFire.
    #[serde(default)]
    pub is_desfire: bool,
    /// How it misbehaves, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misdeed: Option<Misdeed>,
}

/// A finger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FingerState {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: String,
}

/// A place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceState {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// The door that it is at.
    pub door: Option<String>,
    /// The reader in reach.
    pub reader: Option<String>,
    /// The sensor in reach.
    pub sensor: Option<String>,
    /// The keypad in reach.
    #[serde(default)]
    pub keypad: Option<String>,
}
