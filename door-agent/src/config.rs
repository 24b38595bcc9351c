//! The agent's configuration: wiring only. How a door behaves is policy and comes from the server.
//!
//! One TOML file; every key can be overridden by an environment variable `PFORTE_AGENT__KEY`. A key that does not exist
//! is an error that names it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use access_core::ids::DoorId;
use access_core::policy::Side;
use access_core::protocol::{AgentKind, InstallationMode};
use hardware::card::{ReaderBinding, ReaderMatch};
use hardware::door_io::DoorIoConfig;
use hardware::finger::BAUD_DEFAULT;
use hardware::keypad::KeypadConfig;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use toml_edit::{DocumentMut, Item, TableLike, Value};

use crate::devices::Place;

/// Name of the file in the data folder that holds the configuration of the newest start.
const KEPT: &str = "agent-started.toml";

/// What the agent is wired to.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Identity, journal and bundle lie here.
    pub data_folder: PathBuf,
    /// `host:port` of the server's agent port.
    pub server: String,
    /// What the installation is for; must be that of the server it joined.
    pub mode: InstallationMode,
    /// In mode `test` only: where the program ends itself.
    #[serde(default)]
    pub crash_point: Option<CrashPoint>,
    /// Doors.
    #[serde(default, rename = "door")]
    pub doors: Vec<DoorConfig>,
    /// An enrolment station.
    #[serde(default)]
    pub station: Option<SideConfig>,
    /// The file itself, without passwords: the server keeps it for a machine that takes this one's place.
    #[serde(skip)]
    pub text: String,
    /// What each door is wired to, as the file and the environment say it: SHA-256 in hexadecimal over its keys in order and their
    /// values. It changes with the wiring, and not with the version of this program. None of a configuration that was not read from
    /// a file.
    #[serde(skip)]
    pub wirings: BTreeMap<DoorId, String>,
}

/// Where a program under test ends itself, as a power cut would end it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrashPoint {
    /// A grant is recorded, the strike not energised.
    BeforeStrike,
    /// The strike was just energised.
    AfterStrike,
    /// That it was is noted too.
    AfterNote,
    /// It was, and a task of the program panics.
    InATask,
}

/// One door's wiring.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoorConfig {
    /// Which door; its id on the server.
    pub id: DoorId,
    /// A name for messages on this machine.
    pub name: String,
    /// Strike, contact and the other lines.
    pub io: DoorIoConfig,
    /// What is on the outside.
    #[serde(default, rename = "in")]
    pub inward: SideConfig,
    /// What is on the inside.
    #[serde(default, rename = "out")]
    pub outward: SideConfig,
}

/// What is on one side of a door, or at a station.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideConfig {
    /// The card reader.
    #[serde(default)]
    pub reader: Option<ReaderMatch>,
    /// The fingerprint sensor.
    #[serde(default)]
    pub sensor: Option<SensorConfig>,
    /// The file that switches the reader's power, if it is wired so: see [`power`](crate::power).
    #[serde(default)]
    pub reader_power: Option<PathBuf>,
    /// The same for the sensor's.
    #[serde(default)]
    pub sensor_power: Option<PathBuf>,
    /// The keypad for PINs.
    #[serde(default)]
    pub keypad: Option<KeypadConfig>,
}

/// A fingerprint sensor's line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensorConfig {
    /// The serial line, by a path that stays the same when it is plugged in again.
    pub path: PathBuf,
    /// Its speed, in baud.
    #[serde(default = "baud_default")]
    pub baud: u32,
    /// The sensor's password.
    #[serde(default)]
    pub password: u32,
}

const fn baud_default() -> u32 {
    BAUD_DEFAULT
}

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there, or can't be read.
    #[error("{path}: {source}")]
    NotRead {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no TOML, or has a key that does not exist, or a value of the wrong kind.
    #[error("{path}: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: Box<config::ConfigError>,
    },
    /// Its values don't go together.
    #[error("{path}: {why}")]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

impl DoorConfig {
    /// What is on a side.
    pub fn side(&self, side: Side) -> &SideConfig {
        match side {
            Side::In => &self.inward,
            Side::Out => &self.outward,
        }
    }
}

/// Name of a door's reader, in messages and events.
pub fn reader_name(door: &DoorConfig, side: Side) -> String {
    format!("{} {side}", door.name)
}

/// Name of the station's reader.
pub const STATION_READER: &str = "station";

impl Config {
    /// Reads a file, once, and the environment on top of it.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::of(path, &text_of(path)?, Self::environment())
    }

    fn environment() -> config::Environment {
        config::Environment::with_prefix("PFORTE_AGENT")
            .prefix_separator("__")
            .separator("__")
            .try_parsing(true)
            .ignore_empty(true)
    }

    /// What a file with this text says. All that is kept of it comes of the same text, whoever writes to the file meanwhile; `path` is
    /// named in errors alone.
    fn of(path: &Path, text: &str, environment: config::Environment) -> Result<Self, ConfigError> {
        let unreadable =
            |source: config::ConfigError| ConfigError::Unreadable { path: path.to_owned(), source: source.into() };
        let said = config::Config::builder()
            .add_source(config::File::from_str(text, config::FileFormat::Toml))
            .add_source(environment)
            .build()
            .map_err(unreadable)?;
        let wirings = said.clone().try_deserialize().map(Wirings::digests).unwrap_or_default();
        let config: Self = said.try_deserialize().map_err(unreadable)?;
        match config.objection() {
            None => Ok(Self { text: without_passwords(text), wirings, ..config }),
            Some(why) => Err(ConfigError::Invalid { path: path.to_owned(), why }),
        }
    }

    /// What is not right about values that each are.
    fn objection(&self) -> Option<String> {
        if self.doors.is_empty() && self.station.is_none() {
            return Some("there is neither a [[door]] nor a [station]".to_owned());
        }
        if !self.doors.is_empty() && self.station.is_some() {
            return Some("one agent is either for doors or a [station], not both".to_owned());
        }
        let is_virtual = |door: &DoorConfig| matches!(door.io, DoorIoConfig::Virtual { .. });
        if self.mode == InstallationMode::Production
            && let Some(door) = self.doors.iter().find(|door| is_virtual(door))
        {
            return Some(format!("door {:?} is virtual: a production installation takes real doors only", door.name));
        }
        let sides = self.doors.iter().flat_map(|door| [&door.inward, &door.outward]).chain(&self.station);
        let keypads: Vec<&KeypadConfig> = sides.filter_map(|side| side.keypad.as_ref()).collect();
        if self.mode == InstallationMode::Production
            && let Some(keypad) = keypads.iter().find(|keypad| matches!(keypad, KeypadConfig::Virtual { .. }))
        {
            let path = keypad.path().display();
            return Some(format!("keypad {path} is virtual: a production installation takes real ones only"));
        }
        if self.crash_point.is_some() && self.mode != InstallationMode::Test {
            return Some(format!("crash_point is for mode test only, not for {}", self.mode));
        }
        let (mut ids, mut names) = (BTreeSet::new(), BTreeSet::new());
        for door in &self.doors {
            if !ids.insert(door.id) {
                return Some(format!("two doors have the id {}", door.id));
            }
            if !names.insert(&door.name) {
                return Some(format!("two doors have the name {}", door.name));
            }
        }
        let mut wired: BTreeMap<String, String> = BTreeMap::new();
        for door in &self.doors {
            for (purpose, line) in door.io.wired() {
                let what = format!("{purpose} of {}", door.name);
                if let Some(other) = wired.insert(line.clone(), what.clone()) {
                    return Some(format!("{other} and {what} are on the same line, {line}"));
                }
            }
        }
        let twice =
            |(place, keypad): (usize, &&KeypadConfig)| keypads[..place].iter().any(|one| one.path() == keypad.path());
        if let Some((_, keypad)) = keypads.iter().enumerate().find(|keypad| twice(*keypad)) {
            return Some(format!("keypad {} stands at two places", keypad.path().display()));
        }
        let bindings = self.readers();
        let double = bindings.iter().enumerate().find_map(|(place, binding)| {
            bindings[..place].iter().find(|before| before.matches == binding.matches).map(|before| (before, binding))
        });
        double.map(|(one, other)| format!("{} and {} are bound to the same reader", one.name, other.name))
    }

    /// Keeps the file as it was read, in the data folder, for [`Config::strikes`].
    pub fn keep(&self) -> std::io::Result<()> {
        crate::durable::replace(&self.data_folder.join(KEPT), self.text.as_bytes())
    }

    /// Whatever has a strike, by its name, and what is wrong with the file. The program drove them by the wiring of its newest
    /// start, which lies in `folder`: by that they are put to rest, whatever the file says since then, and no line is touched that
    /// another thing may hang on. It is the file that counts for a door that can't be read there (this program may be newer than the one
    /// that started), and without it for all, each door that can be read by itself.
    pub fn strikes(path: &Path, folder: Option<&Path>) -> (Vec<(String, DoorIoConfig)>, Vec<String>) {
        let mut wrong = Vec::new();
        let text = text_of(path);
        let read = text
            .as_deref()
            .map_err(ToString::to_string)
            .and_then(|text| Self::of(path, text, Self::environment()).map_err(|error| error.to_string()));
        let as_written: Option<Vec<(String, DoorIoConfig)>> = match read {
            Ok(config) => Some(config.doors.into_iter().map(|door| (door.name, door.io)).collect()),
            Err(error) => {
                wrong.push(error);
                None
            }
        };
        let kept = folder.and_then(|folder| text_of(&folder.join(KEPT)).ok());
        let as_driven = kept.and_then(|kept| Wirings::read(&kept));
        let doors = match (as_driven, &as_written) {
            (Some(doors), _) => doors,
            (None, Some(_)) => return (as_written.unwrap_or_default(), wrong),
            (None, None) => text.ok().and_then(|text| Wirings::read(&text)).unwrap_or_default(),
        };
        let mut strikes = Vec::new();
        for door in doors {
            let name =
                door.get("name").and_then(serde_json::Value::as_str).unwrap_or("a door without a name").to_owned();
            let read = match door.get("io").cloned().map(serde_json::from_value) {
                Some(Ok(io)) => Ok(io),
                Some(Err(error)) => Err(format!("{name}: {error}")),
                None => Err(format!("{name}: it has no lines")),
            };
            let written = || as_written.iter().flatten().find(|(known, _)| *known == name).map(|(_, io)| io.clone());
            match read.or_else(|error| written().ok_or(error)) {
                Ok(io) => strikes.push((name, io)),
                Err(error) => wrong.push(error),
            }
        }
        (strikes, wrong)
    }

    /// What this agent is for.
    pub fn kind(&self) -> AgentKind {
        if self.station.is_some() { AgentKind::Station } else { AgentKind::DoorController }
    }

    /// Every sensor's name and place.
    pub fn sensors(&self) -> Vec<(String, Place)> {
        let of_doors = self.doors.iter().flat_map(|door| {
            [Side::In, Side::Out].into_iter().filter_map(|side| {
                door.side(side).sensor.as_ref()?;
                Some((reader_name(door, side), Place { door: Some(door.id), side: Some(side) }))
            })
        });
        let of_station = self.station.iter().filter_map(|station| {
            station.sensor.as_ref()?;
            Some((STATION_READER.to_owned(), Place { door: None, side: None }))
        });
        of_doors.chain(of_station).collect()
    }

    /// Every reader with its name.
    pub fn readers(&self) -> Vec<ReaderBinding> {
        let of_doors = self.doors.iter().flat_map(|door| {
            [Side::In, Side::Out].into_iter().filter_map(|side| {
                let matches = door.side(side).reader.clone()?;
                Some(ReaderBinding { name: reader_name(door, side), matches })
            })
        });
        let of_station = self.station.iter().filter_map(|station| {
            let matches = station.reader.clone()?;
            Some(ReaderBinding { name: STATION_READER.to_owned(), matches })
        });
        of_doors.chain(of_station).collect()
    }
}

/// The doors of a configuration, as they stand there.
#[derive(Deserialize)]
struct Wirings {
    #[serde(default, rename = "door")]
    doors: Vec<serde_json::Value>,
}

impl Wirings {
    /// The doors of a file with this text, if there are any to be read.
    fn read(text: &str) -> Option<Vec<serde_json::Value>> {
        let read: Result<Self, config::ConfigError> = config::Config::builder()
            .add_source(config::File::from_str(text, config::FileFormat::Toml))
            .build()
            .and_then(config::Config::try_deserialize);
        read.ok().map(|read| read.doors).filter(|doors| !doors.is_empty())
    }

    /// Of each door that has an id: see [`Config::wirings`].
    fn digests(self) -> BTreeMap<DoorId, String> {
        let digest = |wiring: &serde_json::Value| {
            let mut text = String::new();
            write_sorted(wiring, &mut text);
            Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let id = |wiring: &serde_json::Value| wiring.get("id")?.as_str()?.parse().ok();
        self.doors.iter().filter_map(|wiring| Some((id(wiring)?, digest(wiring)))).collect()
    }
}

/// A file's text. What is not UTF-8, as in a comment of another time, is shown as such and costs no door.
fn text_of(path: &Path) -> Result<String, ConfigError> {
    let bytes = std::fs::read(path).map_err(|source| ConfigError::NotRead { path: path.to_owned(), source })?;
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

/// Writes a value with the keys of its tables in order, whatever order they came in.
fn write_sorted(value: &serde_json::Value, text: &mut String) {
    match value {
        serde_json::Value::Object(table) => {
            let sorted: BTreeMap<_, _> = table.iter().collect();
            text.push('{');
            for (key, value) in sorted {
                text.push_str(&format!("{key:?}:"));
                write_sorted(value, text);
                text.push(',');
            }
            text.push('}');
        }
        serde_json::Value::Array(values) => {
            text.push('[');
            for value in values {
                write_sorted(value, text);
                text.push(',');
            }
            text.push(']');
        }
        simple => text.push_str(&simple.to_string()),
    }
}

/// The text with 0 in place of every password, and all else as it was written; nothing if it can't be told what is one.
fn without_passwords(text: &str) -> String {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return String::new() };
    take_passwords_out(document.as_table_mut());
    document.to_string()
}

fn take_passwords_out(table: &mut dyn TableLike) {
    for (key, item) in table.iter_mut() {
        match item {
            Item::Value(value) if key == "password" => {
                let as_written = value.decor().clone();
                *value = Value::from(0);
                *value.decor_mut() = as_written;
            }
            Item::Value(Value::Array(values)) => {
                values.iter_mut().filter_map(Value::as_inline_table_mut).for_each(|table| take_passwords_out(table));
            }
            Item::ArrayOfTables(tables) => tables.iter_mut().for_each(|table| take_passwords_out(table)),
            other => {
                if let Some(table) = other.as_table_like_mut() {
                    take_passwords_out(table);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const DOOR: &str = r#"
        data_folder = "/var/lib/pforte-agent"
        server = "pforte.example.org:8444"
        mode = "test"

        [[door]]
        id = "0191d4c2-0000-7000-8000-000000000001"
        name = "lobby"
        io = { backend = "virtual", socket = "/run/door.sock" }

        [door.in]
        reader = { name = "Pforte lobby-in" }
        sensor = { path = "/dev/serial0", baud = 115200 }
        keypad = { backend = "virtual", pipe = "/run/keypad" }
    "#;

    const GPIO: &str = r#"backend = "gpiocdev", chip = "/dev/gpiochip0", strike = { line = "GPIO17" }"#;

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables: HashMap<String, String> =
            environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let environment = config::Environment::with_prefix("PFORTE_AGENT")
            .prefix_separator("__")
            .separator("__")
            .try_parsing(true)
            .source(Some(variables));
        Config::of(Path::new("agent.toml"), text, environment)
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_gives_no_mixture() {
        let folder = tempfile::tempdir().unwrap();
        let (path, next) = (folder.path().join("agent.toml"), folder.path().join("next"));
        let other = DOOR.replace("door.sock", "gate.sock").replace("lobby", "gate");
        std::fs::write(&next, &other).unwrap();
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRUSR | nix::sys::stat::Mode::S_IWUSR).unwrap();
        let reading = path.clone();
        let load = std::thread::spawn(move || Config::load(&reading));
        // Opens once the other reads it; from then on another file lies there.
        let mut pipe = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        std::fs::rename(&next, &path).unwrap();
        std::io::Write::write_all(&mut pipe, DOOR.as_bytes()).unwrap();
        drop(pipe);
        let (mixed, whole) = (load.join().unwrap().unwrap(), read(DOOR, &[]).unwrap());
        assert_eq!(mixed, whole, "its text and wirings too");
        assert_ne!(mixed.wirings, Config::load(&path).unwrap().wirings);
    }

    #[test]
    fn what_is_told_to_the_server_holds_no_password() {
        for (text, told) in [
            (
                "sensor = { path = \"/dev/x\", password = 0x1234_5678, baud = 1 }",
                "sensor = { path = \"/dev/x\", password = 0, baud = 1 }",
            ),
            ("password=7\n# the password is secret\n", "password=0\n# the password is secret\n"),
            (
                "[[door]]\n[door.in.sensor]\n'password'  = 7 # all of it\n",
                "[[door]]\n[door.in.sensor]\n'password'  = 0 # all of it\n",
            ),
            (r#"sensor."pass\u0077ord" = 7"#, r#"sensor."pass\u0077ord" = 0"#),
            ("door = [{ in = { sensor = { password = 7 } } }]", "door = [{ in = { sensor = { password = 0 } } }]"),
            ("sensor = { password = \"a, b\" }", "sensor = { password = 0 }"),
            ("mode = \"test\"", "mode = \"test\""),
            ("password = 7 and no more TOML", ""),
        ] {
            // A last line gets its end.
            let ended = if told.is_empty() || told.ends_with('\n') { told.to_owned() } else { format!("{told}\n") };
            assert_eq!(without_passwords(text), ended);
        }
    }

    #[test]
    fn a_file_that_cant_be_used_leaves_no_strike_energised() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        let strikes = |text: &str, kept: bool| {
            std::fs::write(&path, text).unwrap();
            let (strikes, wrong) = Config::strikes(&path, kept.then_some(folder.path()));
            (strikes.into_iter().map(|(name, _)| name).collect::<Vec<_>>(), wrong.len())
        };
        let two = format!(
            "{DOOR}\n[[door]]\nid = \"0191d4c2-0000-7000-8000-000000000002\"\nname = \"yard\"\nio = {{ {GPIO} }}"
        );
        let one_is_wrong = two.replace("virtual", "vrtual");
        let both = ["lobby", "yard"].map(str::to_owned).to_vec();
        assert_eq!(strikes(&two, true), (both.clone(), 0));
        assert_eq!(strikes(&format!("doors = 2\n{two}"), true), (both.clone(), 1), "a key that does not exist");
        assert_eq!(strikes(&one_is_wrong, true), (vec!["yard".to_owned()], 2), "each by itself");
        assert_eq!(strikes("no [ toml", true), (Vec::new(), 1), "nothing is known");
        std::fs::write(&path, &two).unwrap();
        Config { data_folder: folder.path().to_owned(), ..Config::load(&path).unwrap() }.keep().unwrap();
        for text in ["no [ toml", "", &one_is_wrong] {
            assert_eq!(strikes(text, true), (both.clone(), 1), "as it was driven by");
            assert!(strikes(text, false).0.len() < 2, "nobody says where that lies");
        }
        let other_line = two.replacen("GPIO17", "GPIO27", 1);
        assert_ne!(other_line, two);
        std::fs::write(&path, &other_line).unwrap();
        let (as_driven, wrong) = Config::strikes(&path, Some(folder.path()));
        std::fs::write(&path, &two).unwrap();
        assert_eq!((as_driven, wrong), Config::strikes(&path, None), "by the line that was driven, and by no other");
        std::fs::write(folder.path().join(KEPT), &one_is_wrong).unwrap();
        assert_eq!(strikes(&two, true), (both.clone(), 0), "kept by a program that wrote it otherwise");
        std::fs::write(folder.path().join(KEPT), &two).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(Config::strikes(&path, Some(folder.path())).0.len(), 2, "the file is gone");
    }

    #[test]
    fn a_door_and_what_the_environment_says_instead() {
        let config = read(DOOR, &[("PFORTE_AGENT__SERVER", "other:1"), ("HOME", "/")]).unwrap();
        assert_eq!(config.server, "other:1");
        assert_eq!(config.kind(), AgentKind::DoorController);
        let door = &config.doors[0];
        assert_eq!(door.inward.sensor.as_ref().unwrap().baud, 115_200);
        assert_eq!(door.inward.keypad, Some(KeypadConfig::Virtual { pipe: "/run/keypad".into() }));
        assert_eq!(door.outward, SideConfig::default());
        assert_eq!(config.readers()[0].name, "lobby in");
        let sensors = config.sensors();
        assert_eq!(sensors, [("lobby in".to_owned(), Place { door: Some(door.id), side: Some(Side::In) })]);
    }

    #[test]
    fn wiring_is_told_apart_and_its_order_does_not_count() {
        let wiring = |text: &str| read(text, &[]).unwrap().wirings.into_values().collect::<Vec<_>>();
        let as_is = wiring(DOOR);
        assert_eq!((as_is.len(), as_is[0].len()), (1, 64));
        let turned = r#"io = { socket = "/run/door.sock", backend = "virtual" }"#;
        assert_eq!(wiring(&DOOR.replace(r#"io = { backend = "virtual", socket = "/run/door.sock" }"#, turned)), as_is);
        assert_eq!(wiring(&DOOR.replace("pforte.example.org", "elsewhere")), as_is, "the server is no wire of a door");
        assert_ne!(wiring(&DOOR.replace("door.sock", "gate.sock")), as_is);
        assert_ne!(wiring(&DOOR.replace("115200", "57600")), as_is);
    }

    const SHIPPED: &str = include_str!("../debian/agent.example.toml");

    /// A file with all that it only suggests.
    fn uncommented(text: &str) -> String {
        let is_key = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit());
        let is_meant =
            |text: &&str| text.starts_with('[') || text.split_once(" = ").is_some_and(|(key, _)| is_key(key));
        let line = |line| str::strip_prefix(line, "# ").filter(is_meant).unwrap_or(line).to_owned() + "\n";
        text.lines().map(line).collect()
    }

    #[test]
    fn the_shipped_example_is_read_and_so_is_what_it_only_suggests() {
        let config = read(SHIPPED, &[]).unwrap();
        assert_eq!(config.mode, InstallationMode::Production);
        assert!(!config.doors.is_empty());

        let all = uncommented(SHIPPED);
        let (doors, station) = all.split_once("[station]\n").unwrap();
        let door = &read(doors, &[]).unwrap().doors[0];
        for side in [&door.inward, &door.outward] {
            assert!(side.reader.is_some() && side.sensor.is_some() && side.keypad.is_some(), "{side:?}");
            assert!(side.reader_power.is_some() && side.sensor_power.is_some(), "{side:?}");
        }
        let everywhere = &doors[..doors.find("\n[[door]]").unwrap()];
        let station = read(&format!("{everywhere}\n[station]\n{station}"), &[]).unwrap().station.unwrap();
        assert!(station.reader.is_some() && station.sensor.is_some() && station.keypad.is_some(), "{station:?}");
    }

    /// What a table knows, as it answers whoever writes what it does not know.
    fn keys<T: serde::de::DeserializeOwned>(table: serde_json::Value) -> Vec<String> {
        let mut table = table;
        table["no_such_key"] = true.into();
        let said = serde_json::from_value::<T>(table).err().unwrap().to_string();
        let (_, known) = said.split_once("expected").unwrap_or_else(|| panic!("{said}"));
        known.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn the_shipped_example_names_every_key() {
        let none = || serde_json::json!({});
        let known = [
            keys::<Config>(none()),
            keys::<DoorConfig>(none()),
            keys::<SideConfig>(none()),
            keys::<SensorConfig>(none()),
            keys::<KeypadConfig>(serde_json::json!({ "backend": "evdev" })),
            keys::<DoorIoConfig>(serde_json::json!({ "backend": "gpiocdev" })),
            keys::<hardware::door_io::InputLine>(none()),
            keys::<hardware::door_io::OutputLine>(none()),
            keys::<hardware::door_io::WatchedLines>(none()),
        ];
        assert!(known.iter().all(|keys| !keys.is_empty()), "{known:?}");
        let words: Vec<&str> = SHIPPED.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
        // For programs under test alone.
        let apart = ["crash_point"];
        for key in known.iter().flatten().filter(|key| !apart.contains(&key.as_str())) {
            assert!(words.contains(&key.as_str()), "agent.example.toml says nothing of {key}");
        }
    }

    #[test]
    fn what_the_server_offers_is_read_and_so_is_what_it_only_suggests() {
        let offered = |name: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/offered").join(name);
            std::fs::read_to_string(path).unwrap()
        };
        let text = offered("doors.toml");
        let doors = read(&text, &[]).unwrap();
        let names: Vec<_> = doors.doors.iter().map(|door| door.name.as_str()).collect();
        assert_eq!(names, [r#"Gate "North" \ 1"#, "Lobby, Office", "Lobby, Plant"]);
        assert_eq!((doors.kind(), doors.server.as_str()), (AgentKind::DoorController, "pforte.example.org:8444"));
        // Each door by itself: all suggest the same reader.
        let all = uncommented(&text);
        let (everywhere, of_doors) = all.split_once("\n[[door]]\n").unwrap();
        for of_door in of_doors.split("\n[[door]]\n") {
            let config = read(&format!("{everywhere}\n[[door]]\n{of_door}"), &[]).unwrap();
            let [door] = &config.doors[..] else { panic!("{of_door}") };
            let outside = &door.inward;
            assert!(outside.reader.is_some() && outside.sensor.is_some() && outside.keypad.is_some(), "{outside:?}");
            assert!(door.outward.reader.is_some());
            let DoorIoConfig::Gpiocdev { watched, .. } = &door.io else { panic!("{:?}", door.io) };
            assert!(watched.fire.is_some() && watched.mains_lost.is_some() && watched.zone_1.is_some(), "{watched:?}");
        }
        let station = offered("station.toml");
        assert_eq!(read(&station, &[]).unwrap().kind(), AgentKind::Station);
        let station = read(&uncommented(&station), &[]).unwrap().station.unwrap();
        assert!(station.reader.is_some() && station.sensor.is_some() && station.keypad.is_some(), "{station:?}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, environment: &[(&str, &str)], expected: &str| {
            let error = read(text, environment).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("agent.toml"), "{expected}: {error}");
        };
        check(&DOOR.replace("server =", "sever ="), &[], "sever");
        check(DOOR, &[("PFORTE_AGENT__SPEED", "9")], "speed");
        check(&DOOR.replace("\"test\"", "\"production\""), &[], "takes real doors only");
        let production = DOOR.replace("\"test\"", "\"production\"");
        let production = production.replace("backend = \"virtual\", socket = \"/run/door.sock\"", GPIO);
        check(&production, &[], "keypad /run/keypad is virtual");
        let evdev = "backend = \"evdev\", device = \"/dev/input/event3\"";
        assert!(read(&production.replace("backend = \"virtual\", pipe = \"/run/keypad\"", evdev), &[]).is_ok());
        check(&DOOR.replace("pipe =", "device ="), &[], "pipe");
        check(
            &format!("{DOOR}\n[door.out]\nkeypad = {{ backend = \"virtual\", pipe = \"/run/keypad\" }}"),
            &[],
            "two places",
        );
        check(&DOOR.replace("baud", "bauds"), &[], "bauds");
        check(&DOOR.replace("socket", "sockets"), &[], "sockets");
        check(&DOOR.replace("\"test\"", "\"toy\""), &[], "toy");
        check(&DOOR.replace("0191d4c2", "one"), &[], "id");
        check(&DOOR[..DOOR.find("[[door]]").unwrap()], &[], "neither a [[door]] nor a [station]");
        check(&format!("{DOOR}\n[station]\n"), &[], "either for doors or a [station]");
        check(&format!("{DOOR}{}", &DOOR[DOOR.find("[[door]]").unwrap()..]), &[], "two doors have the id");
        let two = DOOR.to_owned()
            + &DOOR[DOOR.find("[[door]]").unwrap()..].replace("0001", "0002").replace("lobby\"", "yard\"");
        check(&two, &[], "keypad /run/keypad stands at two places");
        check(&two.replace("keypad = ", "#"), &[], "bound to the same reader");
        let on_lines =
            two.replace("backend = \"virtual\", socket = \"/run/door.sock\"", GPIO).replace("keypad = ", "#");
        check(&on_lines, &[], "strike of lobby and strike of yard are on the same line, GPIO17 of /dev/gpiochip0");
        let one = DOOR.replace("backend = \"virtual\", socket = \"/run/door.sock\"", GPIO);
        let green = one.replace("strike = {", "led_green = { line = \"GPIO17\" }, strike = {");
        check(&green, &[], "strike of lobby and led_green of lobby are on the same line");
        check(
            &DOOR.replace("\"test\"", "\"demo\""),
            &[("PFORTE_AGENT__CRASH_POINT", "before_strike")],
            "crash_point is for mode test only",
        );
        assert!(read(DOOR, &[("PFORTE_AGENT__CRASH_POINT", "before_strike")]).is_ok());
    }
}
