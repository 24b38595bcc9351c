//! The rules a second time: written from [`RULES.md`](../../../access-core/RULES.md) alone, slow and obvious, to hold `access-core`
//! against. It shares nothing with `access-core` but the types of rows, attempts, circumstances, records and verdicts; even what
//! those types could answer themselves (is an instant in a period, does a place hold a door) is asked here anew.
//!
//! [`judge`](Oracle::judge) is the chain of rules. [`Log::circumstances`] is what RULES.md says under "What is known", read from the
//! records themselves each time. [`dice`] and its neighbours make random tenants, logs and attempts. Nothing here is ever part of
//! a program that runs; where the two disagree, RULES.md says which of them is wrong, or is mended.

pub mod answer;
pub mod attempts;
pub mod dice;
mod factors;
mod grants;
pub mod known;
mod modes;
mod movement;
pub mod records;
pub mod rules;
pub mod tenant;
mod together;
pub mod wall;

pub use answer::Answer;
pub use known::Log;
pub use rules::Oracle;
