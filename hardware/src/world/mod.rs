//! A world of twins: cards, readers, fingers, sensors, keypads and doors that speak to drivers by the real protocols.
//!
//! `pforte-twin serve` runs one ([`serve`]); tests and the demo act in it by its control socket ([`Client`]). It opens no
//! port that others could reach: the card readers' driver listens on all addresses, so everything runs in a private
//! network namespace ([`enter_private_network`]) and is reached by sockets in a folder. What DESFire cards hold is kept in that
//! folder too, and found there again.

use std::path::{Path, PathBuf};

mod client;
mod control;
mod file;
mod namespace;
mod order;
mod process;
mod service;
mod stage;

pub use client::{Client, ClientError, Watch};
pub use file::{
    CardFile, DoorFile, FingerFile, KeypadFile, PlaceFile, ReaderFile, SensorFile, WorldFile, WorldFileError,
};
pub use namespace::enter_private_network;
pub use order::{
    CardState, DoorState, FingerState, KeypadState, Order, PlaceState, ReaderState, Ring, SensorState, SensorWish,
    State,
};
pub use process::{Process, ProcessError};
pub use service::ServiceError;

use control::Control;
use service::CardService;
use stage::Stage;

use crate::card::virtual_desfire::TwinError;

/// Longest path of a socket, in bytes (Linux allows 107).
const SOCKET_PATH_BYTES_MAX: usize = 100;
/// Written to the standard output once everything is usable.
pub const READY: &str = "world ready";

/// Where the socket of pcscd is; what `PCSCLITE_CSOCK_NAME` must say to reach the world's readers.
pub fn pcscd_socket(folder: &Path) -> PathBuf {
    folder.join("pcscd/pcscd.comm")
}

/// Where the control socket is.
pub fn control_socket(folder: &Path) -> PathBuf {
    folder.join("control.sock")
}

/// Where the socket of a door is.
pub fn door_socket(folder: &Path, door: &str) -> PathBuf {
    folder.join(format!("door-{door}.sock"))
}

/// Where the line of a sensor is.
pub fn sensor_line(folder: &Path, sensor: &str) -> PathBuf {
    folder.join(format!("sensor-{sensor}"))
}

/// Where the pipe of a keypad is.
pub fn keypad_pipe(folder: &Path, keypad: &str) -> PathBuf {
    folder.join(format!("keypad-{keypad}"))
}

/// Where the content of a card is kept, if it is a DESFire.
pub fn card_content(folder: &Path, card: &str) -> PathBuf {
    folder.join(format!("card-{card}.json"))
}

/// Name of a reader as PC/SC tells it.
pub fn reader_name(reader: &str) -> String {
    format!("Pforte {reader} 00 00")
}

/// A world that can't be.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The world file.
    #[error(transparent)]
    File(#[from] WorldFileError),
    /// The folder's path is too long or odd.
    #[error("{0}")]
    Folder(String),
    /// The private network.
    #[error("no private network: {0}")]
    Namespace(String),
    /// A card's content.
    #[error("card {0:?}: {1}")]
    Card(String, TwinError),
    /// The card service.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// A socket, a terminal, a file.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system says.
        source: std::io::Error,
    },
}

impl WorldError {
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        |source| Self::Io { what: what.into(), source }
    }
}

/// Builds the world, calls `ready`, and keeps it until `end`. Everything it started has ended when this returns.
///
/// To be called inside the private network, and from the main thread: the card service dies with the thread that
/// started it.
pub async fn serve(
    world: WorldFile,
    folder: &Path,
    ready: impl FnOnce(),
    end: impl Future<Output = ()>,
) -> Result<(), WorldError> {
    check_folder(folder, &world)?;
    namespace::raise_loopback()?;
    let service = CardService::start(folder, &world).await?;
    let stage = Stage::build(world, folder, service)?;
    let control = Control::listen(&control_socket(folder), stage.clone())
        .map_err(WorldError::io(format!("{}", control_socket(folder).display())))?;
    ready();
    tokio::select! {
        () = control.run() => {}
        () = end => {}
    }
    let _ = std::fs::remove_file(control_socket(folder));
    stage.strike_down().await;
    Ok(())
}

fn check_folder(folder: &Path, world: &WorldFile) -> Result<(), WorldError> {
    let shown = folder.display().to_string();
    // pcscd's configuration knows no escapes.
    if !folder.is_absolute() || shown.contains(|letter: char| letter.is_whitespace() || letter == '"') {
        return Err(WorldError::Folder(format!(
            "the folder must be an absolute path without spaces or quotes: {shown}"
        )));
    }
    let sockets = world.door.iter().map(|door| door_socket(folder, &door.name));
    for socket in sockets.chain([pcscd_socket(folder), control_socket(folder)]) {
        if socket.as_os_str().len() >= SOCKET_PATH_BYTES_MAX {
            let problem =
                format!("a socket's path must stay below {SOCKET_PATH_BYTES_MAX} bytes: {}", socket.display());
            return Err(WorldError::Folder(problem));
        }
    }
    Ok(())
}
