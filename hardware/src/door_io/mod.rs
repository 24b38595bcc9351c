//! A door's lines: strike, lights and buzzer out; contact, request-to-exit, tamper and what is only watched in.
//!
//! The door agent opens one per door by its configuration. Nothing here decides or keeps time for a release: whoever
//! energises the strike puts it to rest again. What a line does when the process dies differs between kernels, so nothing
//! may depend on it; opening puts the strike to rest first.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use self::line::Lines;
use crate::FaultKind;

mod gpiocdev;
mod line;
#[cfg(feature = "rppal")]
mod rppal;
#[cfg(feature = "twins")]
pub mod virtual_door;
#[cfg(feature = "twins")]
mod virtual_io;

pub use gpiocdev::CONSUMER;
pub use line::{InputLine, Level, LineId, OutputLine, Pull, WatchedLines};

/// Inputs that wait to be taken by the agent.
const INPUTS_MAX: usize = 64;
/// Longest text for a reader's display, in characters.
pub const DISPLAY_CHARS_MAX: usize = 32;

/// Where a door's lines are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "backend", rename_all = "lowercase", deny_unknown_fields)]
pub enum DoorIoConfig {
    /// Lines of a GPIO chip by the kernel's character device.
    Gpiocdev {
        /// The chip, such as `/dev/gpiochip0`.
        chip: PathBuf,
        /// Energised to release the door, and only then.
        strike: OutputLine,
        /// Green light at the reader.
        led_green: Option<OutputLine>,
        /// Red light at the reader; with green it makes amber.
        led_red: Option<OutputLine>,
        /// Blue light at the reader.
        led_blue: Option<OutputLine>,
        /// Sounder at the reader.
        buzzer: Option<OutputLine>,
        /// Door position switch; active means open.
        contact: Option<InputLine>,
        /// Request to exit; active means pressed.
        rex: Option<InputLine>,
        /// Switch in the housing; active means opened.
        tamper: Option<InputLine>,
        /// Inputs that are only watched.
        #[serde(default)]
        watched: WatchedLines,
    },
    /// Lines of a Raspberry Pi by its registers (feature `rppal`). Lines are named by their BCM number.
    Rppal {
        /// Energised to release the door, and only then.
        strike: OutputLine,
        /// Green light at the reader.
        led_green: Option<OutputLine>,
        /// Red light at the reader; with green it makes amber.
        led_red: Option<OutputLine>,
        /// Blue light at the reader.
        led_blue: Option<OutputLine>,
        /// Sounder at the reader.
        buzzer: Option<OutputLine>,
        /// Door position switch; active means open.
        contact: Option<InputLine>,
        /// Request to exit; active means pressed.
        rex: Option<InputLine>,
        /// Switch in the housing; active means opened.
        tamper: Option<InputLine>,
        /// Inputs that are only watched.
        #[serde(default)]
        watched: WatchedLines,
    },
    /// A door twin behind a Unix socket (feature `twins`).
    Virtual {
        /// The twin's socket.
        socket: PathBuf,
    },
}

impl DoorIoConfig {
    /// Inputs that are wired and only watched. A twin may have any.
    pub fn watched(&self) -> Vec<WatchedInput> {
        match self {
            Self::Gpiocdev { watched, .. } | Self::Rppal { watched, .. } => {
                watched.all().map(|(input, _)| input).collect()
            }
            Self::Virtual { .. } => WatchedInput::ALL.to_vec(),
        }
    }

    /// By what it is driven.
    fn wires(&self) -> Wires<'_> {
        match self {
            Self::Gpiocdev { chip, strike, led_green, led_red, led_blue, buzzer, contact, rex, tamper, watched } => {
                let lines = Lines { strike, led_green, led_red, led_blue, buzzer, contact, rex, tamper, watched };
                Wires::Chip(chip, lines)
            }
            Self::Rppal { strike, led_green, led_red, led_blue, buzzer, contact, rex, tamper, watched } => {
                let lines = Lines { strike, led_green, led_red, led_blue, buzzer, contact, rex, tamper, watched };
                Wires::Registers(lines)
            }
            Self::Virtual { socket } => Wires::Twin(socket),
        }
    }

    /// Every line that is wired: what it is for, and which it is, with its chip. None of a twin.
    pub fn wired(&self) -> Vec<(&'static str, String)> {
        let (chip, lines) = match self.wires() {
            Wires::Chip(chip, lines) => (chip.display().to_string(), lines),
            Wires::Registers(lines) => ("the Pi's registers".to_owned(), lines),
            Wires::Twin(_) => return Vec::new(),
        };
        let named = |(purpose, line): (&'static str, &LineId)| (purpose, format!("{line} of {chip}"));
        lines.named().map(named).collect()
    }
}

/// What a door is driven by.
enum Wires<'a> {
    /// Lines of a chip.
    Chip(&'a Path, Lines<'a>),
    /// Lines by the Pi's registers.
    Registers(Lines<'a>),
    /// A twin's socket.
    Twin(&'a Path),
}

/// What a door lets be done to it.
pub trait DoorOutputs: Send {
    /// Energises the strike (the door can be opened) or puts it to rest. When this returns without error, the line has
    /// taken the level. It may block for some microseconds (a system call, or a twin's answer).
    fn strike(&mut self, is_energised: bool) -> Result<(), DoorIoError>;

    /// Tells the person at the door something.
    fn show(&mut self, signal: &Signal) -> Result<(), DoorIoError>;
}

/// What the person at the door sees and hears.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// Light at the reader.
    pub light: Light,
    /// Sound at the reader.
    pub buzzer: Buzzer,
    /// Text for readers that have a display, at most [`DISPLAY_CHARS_MAX`] characters; the rest is cut off.
    pub line: String,
}

/// Light at a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// Dark.
    #[default]
    Off,
    /// Blue: something is awaited.
    Waiting,
    /// Green: the door is released.
    Green,
    /// Red: refused.
    Red,
    /// Amber: something is wrong.
    Amber,
}

/// Sound at a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Buzzer {
    /// Silence.
    #[default]
    Off,
    /// One short tone.
    Short,
    /// One long tone.
    Long,
    /// A tone until told otherwise.
    Alarm,
}

/// Something happened to a door's lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoorInput {
    /// The door position switch changed, or stands so at the beginning.
    Contact {
        /// Whether the door is open.
        is_open: bool,
    },
    /// The request-to-exit changed, or stands so at the beginning.
    Rex {
        /// Whether it is pressed.
        is_pressed: bool,
    },
    /// The housing's switch changed, or stands so at the beginning.
    Tamper {
        /// Whether the housing is open.
        is_tampered: bool,
    },
    /// An input changed that is only watched, or stands so at the beginning.
    Watched {
        /// Which.
        input: WatchedInput,
        /// Whether it says what it is named for.
        is_active: bool,
    },
    /// Inputs can't be read any more; why.
    Lost(String),
    /// Inputs can be read again; their levels follow.
    Back,
}

/// An input that is watched, and on which nothing at the door depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchedInput {
    /// A reader's own switch: it was opened or taken off the wall.
    ReaderTamper,
    /// A fingerprint sensor's own switch.
    SensorTamper,
    /// The fire panel's contact: it reports fire.
    Fire,
    /// The supply: mains power is gone.
    MainsLost,
    /// The supply: its battery is low, or not there.
    BatteryLow,
    /// A detector or contact of the first zone.
    #[serde(rename = "zone_1")]
    Zone1,
    /// Of the second.
    #[serde(rename = "zone_2")]
    Zone2,
    /// Of the third.
    #[serde(rename = "zone_3")]
    Zone3,
    /// Of the fourth.
    #[serde(rename = "zone_4")]
    Zone4,
}

impl WatchedInput {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::ReaderTamper,
        Self::SensorTamper,
        Self::Fire,
        Self::MainsLost,
        Self::BatteryLow,
        Self::Zone1,
        Self::Zone2,
        Self::Zone3,
        Self::Zone4,
    ];

    /// As in a configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReaderTamper => "reader_tamper",
            Self::SensorTamper => "sensor_tamper",
            Self::Fire => "fire",
            Self::MainsLost => "mains_lost",
            Self::BatteryLow => "battery_low",
            Self::Zone1 => "zone_1",
            Self::Zone2 => "zone_2",
            Self::Zone3 => "zone_3",
            Self::Zone4 => "zone_4",
        }
    }
}

/// A door's lines could not be used. The text names chip and line, or socket.
#[derive(Debug, thiserror::Error)]
pub enum DoorIoError {
    /// The chip or the twin is not there, or went away.
    #[error("{place} is not there: {why}")]
    Gone {
        /// Chip or socket.
        place: String,
        /// What the system says.
        why: String,
    },
    /// A line can't be had or set.
    #[error("line {line} ({purpose}) of {place}: {why}")]
    Line {
        /// Chip.
        place: String,
        /// Name or number as configured.
        line: String,
        /// What it is for.
        purpose: &'static str,
        /// What the system says.
        why: String,
    },
    /// The twin does not answer in time.
    #[error("{place} does not answer")]
    Timeout {
        /// Socket.
        place: String,
    },
    /// The twin answers what it must not.
    #[error("{place} answered {answer:?}")]
    Protocol {
        /// Socket.
        place: String,
        /// What came.
        answer: String,
    },
    /// This build can't do that.
    #[error("backend \"{backend}\" is not part of this build (cargo feature \"{feature}\")")]
    NotBuilt {
        /// As configured.
        backend: &'static str,
        /// What to build with.
        feature: &'static str,
    },
}

impl DoorIoError {
    /// Which of the three ways.
    pub fn kind(&self) -> FaultKind {
        match self {
            Self::Gone { .. } => FaultKind::Disconnected,
            Self::Timeout { .. } => FaultKind::Timeout,
            Self::Line { .. } | Self::Protocol { .. } | Self::NotBuilt { .. } => FaultKind::Protocol,
        }
    }
}

#[cfg(not(feature = "twins"))]
fn no_twins(socket: &Path) -> DoorIoError {
    tracing::error!(socket = %socket.display(), "a door is a twin, and this build knows none");
    DoorIoError::NotBuilt { backend: "virtual", feature: "twins" }
}

/// Opens a door's lines: puts the strike to rest, then delivers the present levels of its inputs and every change.
/// Inputs end when the receiver is dropped.
pub async fn open(config: &DoorIoConfig) -> Result<(Box<dyn DoorOutputs>, mpsc::Receiver<DoorInput>), DoorIoError> {
    let (inputs, receiver) = mpsc::channel(INPUTS_MAX);
    let outputs: Box<dyn DoorOutputs> = match config.wires() {
        Wires::Chip(chip, lines) => Box::new(gpiocdev::open(chip, &lines, inputs)?),
        #[cfg(feature = "rppal")]
        Wires::Registers(lines) => Box::new(rppal::open(&lines, inputs)?),
        #[cfg(not(feature = "rppal"))]
        Wires::Registers(_) => return Err(DoorIoError::NotBuilt { backend: "rppal", feature: "rppal" }),
        #[cfg(feature = "twins")]
        Wires::Twin(socket) => Box::new(virtual_io::open(socket, inputs).await?),
        #[cfg(not(feature = "twins"))]
        Wires::Twin(socket) => return Err(no_twins(socket)),
    };
    Ok((outputs, receiver))
}

/// Puts a door's strike to rest and lets go of its line. Takes no other line: a light or a contact that is not there, or that
/// another program holds, must not keep a strike energised.
pub async fn rest(config: &DoorIoConfig) -> Result<(), DoorIoError> {
    match config {
        DoorIoConfig::Gpiocdev { chip, strike, .. } => {
            let (place, chip, strike) = (chip.display().to_string(), chip.clone(), strike.clone());
            // A chip that hangs must not hold the thread that other doors are served by.
            let resting = tokio::task::spawn_blocking(move || gpiocdev::rest(&chip, &strike)).await;
            resting.unwrap_or(Err(DoorIoError::Timeout { place }))
        }
        #[cfg(feature = "rppal")]
        DoorIoConfig::Rppal { strike, .. } => rppal::rest(strike),
        #[cfg(not(feature = "rppal"))]
        DoorIoConfig::Rppal { .. } => Err(DoorIoError::NotBuilt { backend: "rppal", feature: "rppal" }),
        // Opening does it, and drops what it opened.
        DoorIoConfig::Virtual { .. } => open(config).await.map(drop),
    }
}

/// How one line stands, seen without taking it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineView {
    /// What it is for, as in the configuration: `strike`, `rex`, ….
    pub purpose: &'static str,
    /// Name or number as configured; the socket of a twin.
    pub line: String,
    /// Whoever holds it now, by the name it gave the kernel ([`CONSUMER`] for this driver); empty if it gave none.
    pub held_by: Option<String>,
}

/// Looks at a door's lines without taking or changing any of them, whoever drives them. An error is of the chip or twin as a
/// whole, or in the place of the line that is not there. Registers (`rppal`) can't be looked at so: then the list is empty.
pub async fn inspect(config: &DoorIoConfig) -> Result<Vec<Result<LineView, DoorIoError>>, DoorIoError> {
    match config.wires() {
        Wires::Chip(chip, lines) => gpiocdev::inspect(chip, &lines),
        #[cfg(feature = "rppal")]
        Wires::Registers(_) => Ok(Vec::new()),
        #[cfg(not(feature = "rppal"))]
        Wires::Registers(_) => Err(DoorIoError::NotBuilt { backend: "rppal", feature: "rppal" }),
        #[cfg(feature = "twins")]
        Wires::Twin(socket) => virtual_io::inspect(socket).await,
        #[cfg(not(feature = "twins"))]
        Wires::Twin(socket) => Err(no_twins(socket)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_are_read() {
        let config: DoorIoConfig = toml::from_str(
            r#"
            backend = "gpiocdev"
            chip = "/dev/gpiochip0"
            strike = { line = "GPIO17" }
            led_green = { line = 23 }
            contact = { line = "GPIO22", active = "high" }
            rex = { line = "GPIO27", active = "low", pull = "up" }
            [watched]
            fire = { line = "GPIO5", active = "high" }
            zone_2 = { line = "GPIO6", active = "low" }
            "#,
        )
        .unwrap();
        let DoorIoConfig::Gpiocdev { chip, strike, contact: Some(contact), led_red: None, watched, .. } = config else {
            panic!("{config:?}");
        };
        assert!(watched.fire.is_some() && watched.zone_2.is_some_and(|zone| zone.active == Level::Low));
        assert_eq!((watched.zone_1, watched.mains_lost), (None, None));
        assert_eq!(chip, PathBuf::from("/dev/gpiochip0"));
        assert_eq!((strike.active, contact.active, contact.pull), (Level::High, Level::High, Pull::Up));
        let config: DoorIoConfig = toml::from_str("backend = \"virtual\"\nsocket = \"/run/door.sock\"").unwrap();
        assert_eq!(config, DoorIoConfig::Virtual { socket: "/run/door.sock".into() });
    }

    #[test]
    fn an_input_is_called_alike_everywhere() {
        for input in WatchedInput::ALL {
            assert_eq!(serde_json::to_value(input).unwrap(), input.name());
            let line = "{ line = 1, active = \"low\" }";
            let lines: WatchedLines = toml::from_str(&format!("{} = {line}", input.name())).unwrap();
            let named: Vec<_> = lines.all().map(|(named, _)| named).collect();
            assert_eq!(named, [input]);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, named: &str| {
            let error = toml::from_str::<DoorIoConfig>(text).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        };
        check("backend = \"virtual\"\nsocket = \"/s\"\nchip = \"/c\"", "chip");
        check("backend = \"virtual\"", "socket");
        check("backend = \"gpio\"", "gpio");
        check("backend = \"gpiocdev\"\nchip = \"/c\"", "strike");
        check("backend = \"gpiocdev\"\nchip = \"/c\"\nstrike = { line = 1 }\nsiren = { line = 2 }", "siren");
        let strike = "backend = \"gpiocdev\"\nchip = \"/c\"\nstrike = { line = 1 }";
        check(&format!("{strike}\nwatched = {{ zone_5 = {{ line = 2, active = \"low\" }} }}"), "zone_5");
        check(&format!("{strike}\nwatched = {{ fire = {{ line = 2 }} }}"), "active");
    }

    #[cfg(not(feature = "rppal"))]
    #[tokio::test]
    async fn a_backend_that_is_not_built_says_so() {
        let config = toml::from_str("backend = \"rppal\"\nstrike = { line = 17 }").unwrap();
        let error = open(&config).await.err().unwrap().to_string();
        assert!(error.contains("feature \"rppal\""), "{error}");
    }
}
