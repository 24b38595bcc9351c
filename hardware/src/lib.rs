//! Drivers for card readers, fingerprint sensors, keypads and door lines, and virtual twins that speak the same protocols from the
//! other end. Usable without the rest of Pforte; knows nothing of persons, doors' rules or servers.

pub mod card;
pub mod door_io;
pub mod fault;
pub mod finger;
pub mod keypad;
#[cfg(feature = "twins")]
pub mod world;

pub use fault::FaultKind;
