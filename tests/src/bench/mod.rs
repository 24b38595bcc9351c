//! The parts that measure a plant. `pforte-bench` runs them one after another and writes the report; no test does, since a
//! figure is never right or wrong.

pub use figures::{Figure, Samples, ms};

pub mod alone;
pub mod card;
pub mod echo;
pub mod finger;
pub mod ingest;
pub mod link;
pub mod memory;
pub mod saved;
pub mod taps;
