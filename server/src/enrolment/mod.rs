//! Placeholder.
/// x
#[derive(Debug, Default)]
pub struct Stations;
