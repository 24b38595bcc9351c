//! Who a sensor is, at an installer's walk: the first one that a place ever had is written down where the agent looks it up
//! ([`SensorFiles`]), so that another one at the agent's next start is an alarm; of another one, and of one that the agent would not
//! use, the installer is told. Nothing is accepted here: that is `pforte-agent accept-sensor`'s.

use std::io;
use std::path::Path;

use access_core::ids::DoorId;
use access_core::policy::Side;
use hardware::finger::SensorIdentity;

use super::record::Tried;
use super::script::Step;
use crate::devices::Place;
use crate::sensor::{Known, SECURITY_LEVEL_MIN, SensorFiles};

/// What the agent would make of a sensor that answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// None was known here yet.
    First,
    /// It is the one that is known.
    Known,
    /// What is known here is not this one, in these words.
    Another(String),
    /// It is the one that is known, and was caught lying.
    Caught,
    /// It is set to this level of security, which is too low.
    Weak(u16),
}

impl Standing {
    /// Why the agent would not use the sensor at the reader of this name, and what to do.
    pub(super) fn objection(&self, name: &str) -> Option<String> {
        let accept = format!("look at it and at its cable; if it is to be used, pforte-agent accept-sensor {name:?}");
        match self {
            Self::First | Self::Known => None,
            Self::Another(why) => Some(format!("{why}: {accept}")),
            Self::Caught => Some(format!("the agent caught it calling a false finger right: {accept}")),
            Self::Weak(level) => Some(format!("its security level is {level}; {SECURITY_LEVEL_MIN} is the least")),
        }
    }
}

/// Those of the sensor on this side of a door.
pub(super) fn files_of(data_folder: &Path, door: DoorId, side: Side) -> SensorFiles {
    SensorFiles::of(data_folder, Place { door: Some(door), side: Some(side) })
}

/// How the sensor that says this of itself stands where that is known.
pub(super) fn standing(known: &io::Result<Option<Known>>, identity: &SensorIdentity) -> Standing {
    match known {
        Err(error) => Standing::Another(format!("what the agent knows of the sensor here can't be read ({error})")),
        Ok(Some(known)) if known.identity != *identity => {
            Standing::Another(format!("the agent knows another sensor here: {}", known.identity))
        }
        Ok(Some(Known { was_caught: true, .. })) => Standing::Caught,
        _ if identity.parameters.security_level < SECURITY_LEVEL_MIN => {
            Standing::Weak(identity.parameters.security_level)
        }
        Ok(Some(_)) => Standing::Known,
        Ok(None) => Standing::First,
    }
}

/// Writes down each sensor that answered during a walk where none was known before, whatever came of its step: the agent takes
/// no other one for it from here on. It lies on the disk when this returns.
pub fn keep_sensors(data_folder: &Path, door: DoorId, tried: &[Tried]) -> io::Result<()> {
    for tried in tried {
        let (Step::Finger(side), Some(identity)) = (tried.step, &tried.device) else { continue };
        let files = files_of(data_folder, door, side);
        if standing(&files.known(), identity) == Standing::First {
            files.keep(&Known::new(identity.clone()))?;
        }
    }
    Ok(())
}
