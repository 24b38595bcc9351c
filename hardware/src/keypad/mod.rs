//! Keypads by Linux input: the digits that a person types, and nothing else of the device.
//!
//! A keypad's event device is grabbed: what is typed reaches this program and no console. Digits are held in memory that is
//! wiped, and nothing here prints or logs one. The door agent opens one per door side or station by its configuration.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

mod entry;
mod frame;
mod line;
#[cfg(feature = "twins")]
pub mod virtual_keypad;

pub use entry::{DIGITS_MAX, Digits, Entry, Key, Typed};
pub use frame::{Decoder, FRAME_BYTES, Pressed};
pub use line::{Keypad, KeypadError};

/// Where a keypad is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "backend", rename_all = "lowercase", deny_unknown_fields)]
pub enum KeypadConfig {
    /// An event device of the kernel.
    Evdev {
        /// By a path that stays the same when it is plugged in again, such as `/dev/input/by-path/…-event-kbd`.
        device: PathBuf,
    },
    /// A twin's pipe, which carries the same frames (feature `twins`).
    Virtual {
        /// The pipe.
        pipe: PathBuf,
    },
}

impl KeypadConfig {
    /// What is opened.
    pub fn path(&self) -> &std::path::Path {
        match self {
            Self::Evdev { device } => device,
            Self::Virtual { pipe } => pipe,
        }
    }
}
