//! The daemon on the Pi: doors, readers, sensors and the enrolment station at one end, the server at the other.
//!
//! `door` decides what happens at a door as a pure state machine; `run` carries it out. Nothing here decides who may
//! pass: that is `access_core::decide`, on the server or on the agent's signed policy.

pub mod door;
pub mod journal;
