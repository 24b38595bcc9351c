//! The vocabulary and the rules of access control, pure: no I/O, no async, no clock, no randomness.
//!
//! Server and agent both stand on this crate and meet nowhere else. [`decide`](decide::decide) answers who may pass;
//! [`event`] says what can be recorded, [`chain`] makes a record tamper-evident, [`protocol`] is what agent and server
//! say to each other. Every value has exactly one byte form ([`canonical`]), so that hashes and signatures mean something.

pub mod canonical;
pub mod chain;
pub mod decide;
pub mod event;
pub mod ids;
pub mod policy;
pub mod protocol;
pub mod state;
pub mod time;
pub mod word;

pub use decide::{Attempt, Outcome, RULES_VERSION, Reason, Verdict, decide};
pub use policy::Policy;
pub use state::State;
pub use time::UnixMs;
