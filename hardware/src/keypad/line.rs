//! The open device: grabbed, and read a frame at a time.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use input_linux::EvdevHandle;
use nix::fcntl::OFlag;
use tokio::io::unix::AsyncFd;

use super::KeypadConfig;
use super::frame::{Decoder, Pressed};
use crate::FaultKind;

/// A keypad that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeypadError {
    /// It is not there, or went away.
    #[error("keypad {path}: {source}")]
    Gone {
        /// What was opened.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another program holds it for itself.
    #[error("keypad {path} can't be grabbed: {source}")]
    Taken {
        /// What was opened.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What lies there is no keypad.
    #[error("{path} is not {wanted}")]
    NotOne {
        /// What was to be opened.
        path: PathBuf,
        /// What was expected.
        wanted: &'static str,
    },
}

impl KeypadError {
    /// Which kind of fault it is.
    pub fn kind(&self) -> FaultKind {
        match self {
            Self::Gone { .. } => FaultKind::Disconnected,
            Self::Taken { .. } | Self::NotOne { .. } => FaultKind::Protocol,
        }
    }
}

/// An open keypad. Whatever is typed comes here and nowhere else.
pub struct Keypad {
    line: AsyncFd<File>,
    path: PathBuf,
    decoder: Decoder,
}

impl Keypad {
    /// Opens it, and grabs it if it is a device.
    pub fn open(config: &KeypadConfig) -> Result<Self, KeypadError> {
        let path = config.path().to_owned();
        let gone = |source| KeypadError::Gone { path: path.clone(), source };
        // Without O_NONBLOCK a pipe would be waited for until its twin comes.
        let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(&path).map_err(gone)?;
        let kind = file.metadata().map_err(gone)?.file_type();
        match config {
            KeypadConfig::Evdev { .. } if !kind.is_char_device() => {
                return Err(KeypadError::NotOne { path, wanted: "an event device" });
            }
            KeypadConfig::Evdev { .. } => EvdevHandle::new(file.as_raw_fd())
                .grab(true)
                .map_err(|source| KeypadError::Taken { path: path.clone(), source })?,
            KeypadConfig::Virtual { .. } if cfg!(feature = "twins") && kind.is_fifo() => {}
            KeypadConfig::Virtual { .. } => return Err(KeypadError::NotOne { path, wanted: "the pipe of a twin" }),
        }
        let line = watched(file).map_err(gone)?;
        Ok(Self { line, path, decoder: Decoder::default() })
    }

    /// Waits for the next key. Given up in between, nothing is lost.
    pub async fn pressed(&mut self) -> Result<Pressed, KeypadError> {
        loop {
            match self.read().await {
                Ok(Some(pressed)) => return Ok(pressed),
                Ok(None) => {}
                Err(source) => return Err(KeypadError::Gone { path: self.path.clone(), source }),
            }
        }
    }

    async fn read(&mut self) -> io::Result<Option<Pressed>> {
        let mut ready = self.line.readable_mut().await?;
        let decoder = &mut self.decoder;
        match ready.try_io(|line| line.get_mut().read(decoder.space())) {
            // A pipe whose twin is gone.
            Ok(Ok(0)) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(Ok(bytes)) => Ok(self.decoder.advance(bytes)),
            Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
            Ok(Err(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }
}

/// `AsyncFd::new` is deprecated for types whose descriptor may change or close under it; a `File` does neither.
#[expect(deprecated, reason = "its successor is unsafe to call, and unsafe code is forbidden here")]
fn watched(file: File) -> io::Result<AsyncFd<File>> {
    AsyncFd::new(file)
}
