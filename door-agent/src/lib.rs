//! The daemon on the Pi: doors, readers, sensors and the enrolment station at one end, the server at the other.
//!
//! [`door`] decides what happens at a door as a pure state machine; [`run`] carries it out. Nothing here decides who may
//! pass: that is `access_core::decide`, on the server or on the agent's signed policy.

pub mod cards;
pub mod clock;
pub mod commission;
pub mod config;
pub mod devices;
pub mod doctor;
pub mod door;
pub mod durable;
pub mod face;
pub mod history;
pub mod identity;
pub mod join;
pub mod journal;
pub mod keypad;
pub mod lines;
pub mod link;
pub mod lock;
pub mod machine;
pub mod meantime;
pub mod newest;
pub mod outflow;
pub mod pin;
pub mod policy_store;
pub mod power;
pub mod recorder;
pub mod recording;
pub mod run;
pub mod sensor;
pub mod standing;
pub mod station;
#[cfg(test)]
mod testing;
pub mod tls;

/// Version of this program, as the server and the records know it.
pub const BUILD: &str = env!("CARGO_PKG_VERSION");
