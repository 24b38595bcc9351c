//! Threat levels as a tenant describes them: what is locked and demanded where one is in force. Setting one is an act on the
//! state, see `situation`.

use access_core::policy::FactorDemand;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::Place;
use crate::http::words;

pub mod routes;
pub mod store;
#[cfg(test)]
mod tests;

/// Most places of a level, and most groups that are exempt from it.
pub const PARTS_MAX: usize = 1_000;

/// What is in force where an operator has set this threat level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ThreatLevel {
    /// Its number, 1 to 255; the higher, the graver. 0 is the normal one and is not described.
    pub level: i16,
    /// Counts its changes; the `ETag`.
    pub version: i64,
    /// What it means.
    #[serde(flatten)]
    pub settings: ThreatLevelSettings,
}

/// What can be set of a threat level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ThreatLevelSettings {
    /// Its name.
    pub name: String,
    /// Whether doors are locked on side in.
    pub locks: bool,
    /// Which; none named means every door of the place where the level was set.
    pub places: Vec<Place>,
    /// Factors that are demanded at least, on side in.
    #[schema(value_type = Option<words::FactorDemand>)]
    pub factors: Option<FactorDemand>,
    /// Groups for whom neither holds.
    pub exempt_group_ids: Vec<Uuid>,
}

/// A threat level to be described.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewThreatLevel {
    /// Its number, 1 to 255; the higher, the graver.
    pub level: i16,
    /// Its name.
    pub name: String,
    /// Whether doors are locked on side in.
    pub locks: bool,
    /// Which; none named means every door of the place where the level was set.
    #[serde(default)]
    pub places: Vec<Place>,
    /// Factors that are demanded at least, on side in.
    #[schema(value_type = Option<words::FactorDemand>)]
    pub factors: Option<FactorDemand>,
    /// Groups for whom neither holds.
    #[serde(default)]
    pub exempt_group_ids: Vec<Uuid>,
}

/// A description in place of the one before.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreatLevelChange {
    /// Its name.
    pub name: String,
    /// Whether doors are locked on side in.
    pub locks: bool,
    /// Which; none named means every door of the place where the level was set.
    pub places: Vec<Place>,
    /// Factors that are demanded at least, on side in.
    #[schema(value_type = Option<words::FactorDemand>)]
    pub factors: Option<FactorDemand>,
    /// Groups for whom neither holds.
    pub exempt_group_ids: Vec<Uuid>,
    /// Why it is changed.
    pub reason: String,
}
