//! The reader's side of DESFire meets the card's side, which was written apart from it: only here do both run against each
//! other, in process, so that a mistake of either shows.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod interrupted;
mod misdeeds;
mod site;
mod whole;
