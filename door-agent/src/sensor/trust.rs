//! What an agent keeps of a sensor: who it was when it was put up, the decoys that it made then, and whether it was caught lying.
//!
//! The right one is the one that answered when the door was tried (`pforte-agent commission`), or else the first that answers the
//! agent; it is written down before it is used. From then on another one, or one that was caught, is not used until somebody at the door's own machine accepts it (`pforte-agent accept-sensor`). Nothing in
//! these files is about a person: decoys are made of drawn fingers.

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hardware::finger::{SensorIdentity, Template};
use serde::{Deserialize, Serialize};

use crate::devices::Place;
use crate::durable;

/// A sensor, as this agent knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Who it is.
    pub identity: SensorIdentity,
    /// Templates that it made of drawn fingers, in base 64.
    #[serde(default)]
    decoys: Vec<String>,
    /// It can't be sent a drawing: it has no decoys.
    #[serde(default)]
    pub takes_no_images: bool,
    /// It said that a finger is like a decoy.
    #[serde(default)]
    pub was_caught: bool,
}

impl Known {
    /// A sensor of which nothing else is known.
    pub fn new(identity: SensorIdentity) -> Self {
        Self { identity, decoys: Vec::new(), takes_no_images: false, was_caught: false }
    }

    /// Its decoys.
    pub fn decoys(&self) -> Vec<Template> {
        let bytes = self.decoys.iter().filter_map(|text| STANDARD.decode(text).ok());
        bytes.filter_map(|bytes| Template::new(bytes).ok()).collect()
    }

    /// Keeps one more decoy.
    pub fn add_decoy(&mut self, decoy: &Template) {
        self.decoys.push(STANDARD.encode(decoy.as_bytes()));
    }
}

/// Where a sensor's record lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensorFiles {
    known: PathBuf,
    /// Who answered instead, until that one is accepted.
    found: PathBuf,
}

/// What accepting brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Another sensor than before.
    Another(Box<SensorIdentity>),
    /// The same, which had been caught.
    Same(Box<SensorIdentity>),
    /// Nothing is wrong with this one, or none has answered yet.
    Nothing,
}

impl SensorFiles {
    /// Those of the sensor in this place.
    pub fn of(data_folder: &Path, place: Place) -> Self {
        let name = match place {
            Place { door: Some(door), side: Some(side) } => format!("sensor-{door}-{side}"),
            _ => "sensor-station".to_owned(),
        };
        let path = |end: &str| data_folder.join(format!("{name}{end}.json"));
        Self { known: path(""), found: path("-found") }
    }

    /// What is known of the sensor; none if none was ever used here.
    pub fn known(&self) -> io::Result<Option<Known>> {
        read(&self.known)
    }

    /// Who answered instead, if that is not accepted yet.
    pub fn found(&self) -> io::Result<Option<SensorIdentity>> {
        read(&self.found)
    }

    /// Writes what is known; it lies on the disk when this returns.
    pub fn keep(&self, known: &Known) -> io::Result<()> {
        write(&self.known, known)
    }

    /// Writes who answered instead.
    pub fn keep_found(&self, identity: &SensorIdentity) -> io::Result<()> {
        write(&self.found, identity)
    }

    /// Accepts whoever answered last, and begins anew with it: its decoys are made again, since a liar knows those that it was
    /// caught with.
    pub fn accept(&self) -> io::Result<Accepted> {
        if let Some(found) = self.found()? {
            self.keep(&Known::new(found.clone()))?;
            std::fs::remove_file(&self.found)?;
            return Ok(Accepted::Another(Box::new(found)));
        }
        match self.known()? {
            Some(known) if known.was_caught => {
                self.keep(&Known::new(known.identity.clone()))?;
                Ok(Accepted::Same(Box::new(known.identity)))
            }
            _ => Ok(Accepted::Nothing),
        }
    }

    /// The known one is back: nobody is waiting to be accepted.
    pub fn forget_found(&self) -> io::Result<()> {
        match std::fs::remove_file(&self.found) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> io::Result<Option<T>> {
    let Some(content) = durable::read(path)? else { return Ok(None) };
    Ok(Some(serde_json::from_slice(&content)?))
}

fn write<T: Serialize>(path: &Path, content: &T) -> io::Result<()> {
    durable::replace(path, &serde_json::to_vec_pretty(content)?)
}
