//! Fingerprint sensors of the ZFM-20 / R30x / R503 family: 1:1 comparison and enrolment only.
//!
//! No code here searches the sensor's library, stores in its flash, or asks for an image: those commands do not exist in
//! this crate. An image is sent to a sensor in one case: a drawn finger, for a decoy (see [`Decoy`]).

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

mod compare;
mod decoy;
mod drawing;
mod enrol;
mod identity;
pub mod packet;
mod sensor;
mod verify;
#[cfg(feature = "twins")]
pub mod virtual_sensor;

pub use decoy::Decoy;
pub use enrol::{CaptureFault, EnrolError, EnrolProgress, Enrolled};
pub use identity::{Product, SensorIdentity};
pub use sensor::{BAUD_DEFAULT, Capture, Led, Parameters, Refusal, Sensor, SensorError, SerialSensor};
pub use verify::Verified;

/// Longest template that is taken from a sensor, in bytes (R503: 1,536).
pub const TEMPLATE_BYTES_MAX: usize = 4_096;

/// A fingerprint template in the sensor's own format. Never printed, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Template(Vec<u8>);

/// Bytes that can't be a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a template has 1 to {TEMPLATE_BYTES_MAX} bytes, not {0}")]
pub struct TemplateLength(pub usize);

impl Template {
    /// Takes bytes that a sensor made.
    pub fn new(bytes: Vec<u8>) -> Result<Self, TemplateLength> {
        match bytes.len() {
            1..=TEMPLATE_BYTES_MAX => Ok(Self(bytes)),
            length => Err(TemplateLength(length)),
        }
    }

    /// The bytes, for sealing.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template([redacted], {} bytes)", self.0.len())
    }
}
