//! The vocabulary and the rules of access control, pure: no I/O, no async, no clock, no randomness.
//!
//! Server and agent both stand on this crate and meet nowhere else. [`decide`](decide::decide) answers who may pass;
//! [`event`] says what can be recorded, [`chain`] makes a record tamper-evident, [`delivery`] is what a server makes of those that come,
//! [`protocol`] is what agent and server say to each other. Every value has exactly one byte form ([`canonical`]), so that hashes and signatures mean something.

pub mod attempt;
pub mod canonical;
pub mod chain;
pub mod circumstances;
pub mod decide;
pub mod delivery;
pub mod diff;
pub mod event;
pub mod explain;
pub mod ids;
pub mod intervals;
pub mod policy;
pub mod protocol;
#[cfg(any(test, feature = "samples"))]
pub mod samples;
pub mod state;
pub mod time;
pub mod verdict;
pub mod who;
pub mod word;

#[cfg(test)]
mod laws;

pub use attempt::Attempt;
pub use decide::{RULES_VERSION, decide};
pub use policy::Policy;
pub use state::State;
pub use time::UnixMs;
pub use verdict::{Outcome, Reason, Verdict};
