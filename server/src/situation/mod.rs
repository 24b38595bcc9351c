//! How things stand: modes, threat levels and locks in force, who set them and why, which doors confirmed them, and who is
//! inside. All of it is read from the state that rules read; it is changed by acts that are records of the log ([`acts`]), and
//! kept nowhere else.

use access_core::event::DoorZone;
use access_core::policy::{DoorMode, Side};
use access_core::verdict::Reason;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::Place;
use crate::http::words;
use crate::vault::Name;

mod acts;
mod muster;
pub mod routes;
pub mod store;
#[cfg(test)]
mod tests;

/// What is in force beside the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Situation {
    /// Counts up with every change of what operators set; agents confirm by it.
    pub number: u64,
    /// Threat levels, the gravest first.
    pub threat_levels: Vec<ThreatInForce>,
    /// Modes that operators set, the one that ends next first.
    pub modes: Vec<ModeSet>,
    /// Zones that operators disarmed, the one that was disarmed first first.
    pub disarmed_zones: Vec<ZoneDisarmed>,
    /// How many cards are locked on suspicion.
    pub locked_cards: usize,
    /// How many readers are.
    pub locked_readers: usize,
    /// How many doors go by it.
    pub doors: Confirmations,
}

/// How many doors go by what is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Confirmations {
    /// Doors in all.
    pub all: usize,
    /// Their agent said that it goes by it.
    pub confirmed: usize,
    /// Their agent is linked and has not said so yet.
    pub waiting: usize,
    /// Their agent is out of reach and did not say so before.
    pub offline: usize,
    /// They have no agent.
    pub none: usize,
}

access_core::words! {
    /// Whether a door goes by what is set.
    pub enum Confirmation {
        /// Its agent said so.
        Confirmed = "confirmed",
        /// Its agent is linked and has not said so yet.
        Waiting = "waiting",
        /// Its agent is out of reach and did not say so before.
        Offline = "offline",
        /// It has no agent.
        None = "none",
    }
}

crate::describe_words!(Confirmation);

/// A threat level that is in force at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ThreatInForce {
    /// Where.
    pub place: Place,
    /// Which.
    pub level: i16,
    /// What it is called; none if it is not described.
    pub name: Option<String>,
    /// Whether it locks doors.
    pub locks: bool,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Who set it; none means the command line on the server.
    pub operator_id: Option<Uuid>,
    /// Why, where it was not erased.
    pub reason: Option<String>,
}

/// A change of the threat level at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ThreatChange {
    /// Where.
    pub place: Place,
    /// To which level; 0 ended it.
    pub level: i16,
    /// What that is called now; none if it is not described.
    pub name: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// Who; none means the command line on the server.
    pub operator_id: Option<Uuid>,
    /// Why, where it was not erased.
    pub reason: Option<String>,
    /// Place in the log.
    pub position: i64,
}

/// A mode that an operator set at a door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModeSet {
    /// Which door.
    pub door_id: Uuid,
    /// Which mode.
    #[schema(value_type = words::DoorMode)]
    pub mode: DoorMode,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Who set it; none means the command line on the server.
    pub operator_id: Option<Uuid>,
    /// Why, where it was not erased.
    pub reason: Option<String>,
}

/// A zone that an operator disarmed: what it reports is recorded and no alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ZoneDisarmed {
    /// Of which door.
    pub door_id: Uuid,
    /// Which zone.
    #[schema(value_type = words::DoorZone)]
    pub zone: DoorZone,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Who disarmed it; none means the command line on the server.
    pub operator_id: Option<Uuid>,
    /// Why, where it was not erased.
    pub reason: Option<String>,
}

/// A zone of a door, and whether it is armed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ZoneNow {
    /// Which.
    #[schema(value_type = words::DoorZone)]
    pub zone: DoorZone,
    /// Whether what it reports is an alarm.
    pub is_armed: bool,
}

/// How a door stands by its rules and what is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DoorSituation {
    /// Which door.
    pub door_id: Uuid,
    /// Its agent, if it has one.
    pub agent_id: Option<Uuid>,
    /// Whether it goes by what is set.
    pub confirmation: Confirmation,
    /// Its mode now: the operator's, the schedule's, or normal.
    #[schema(value_type = words::DoorMode)]
    pub mode: DoorMode,
    /// Whether it stands unlocked by that.
    pub is_free: bool,
    /// Highest threat level in force there; 0 is the normal one.
    pub threat_level: u8,
    /// Whether that locks it on side in.
    pub is_locked_down: bool,
    /// Zones that hang on its lines, as its agent said last, and any other that is disarmed.
    pub zones: Vec<ZoneNow>,
}

/// What is locked on suspicion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Locks {
    /// Cards, locked until an operator unlocks them.
    pub cards: Vec<LockedCard>,
    /// Readers, locked for seconds.
    pub readers: Vec<LockedReader>,
}

/// Why something is locked: the refusal that did it. All null while its record has not arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct LockedBy {
    /// What was refused.
    #[schema(value_type = Option<words::Reason>)]
    pub reason: Option<Reason>,
    /// At which door.
    pub door_id: Option<Uuid>,
    /// On which side.
    #[schema(value_type = Option<words::Side>)]
    pub side: Option<Side>,
    /// Whom, if that was known.
    pub person_id: Option<Uuid>,
    /// Place in the log.
    pub position: Option<i64>,
}

/// A card that is locked on suspicion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LockedCard {
    /// Which card.
    pub credential_id: Uuid,
    /// Last digits of its UID.
    pub label: Option<String>,
    /// Whose.
    pub person_id: Option<Uuid>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why.
    pub by: LockedBy,
}

/// A reader that is locked on suspicion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LockedReader {
    /// At which door.
    pub door_id: Uuid,
    /// On which side.
    #[schema(value_type = words::Side)]
    pub side: Side,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Why.
    pub by: LockedBy,
}

/// A mode to be set at a door.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMode {
    /// Which.
    #[schema(value_type = words::DoorMode)]
    pub mode: DoorMode,
    /// Its end: at most 12 hours ahead for a guard, 31 days for an administrator.
    pub until: DateTime<Utc>,
    /// Why; every operator of the tenant reads it while the mode is in force.
    pub reason: String,
}

/// A zone to be armed or disarmed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewZone {
    /// Which.
    #[schema(value_type = words::DoorZone)]
    pub zone: DoorZone,
    /// Whether what it reports is an alarm from now on.
    pub is_armed: bool,
    /// Why; every operator of the tenant reads it while the zone is disarmed.
    pub reason: String,
}

/// A threat level to be set at a place.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewThreat {
    /// The tenant, a site or an area.
    pub place: Place,
    /// One that is described, or 0: back to the normal one.
    pub level: i16,
    /// Why; every operator of the tenant reads it.
    pub reason: String,
}

/// A reader to be unlocked.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReaderUnlock {
    /// On which side.
    #[schema(value_type = words::Side)]
    pub side: Side,
    /// Why.
    pub reason: String,
}

/// How many are inside, by area. An area that no door protects is outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Muster {
    /// As of when.
    pub at: DateTime<Utc>,
    /// How many in all.
    pub persons: usize,
    /// Every area that is inside, those without anybody too.
    pub areas: Vec<MusterArea>,
}

/// How many are in an area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MusterArea {
    /// Which area.
    pub area_id: Uuid,
    /// Of which site.
    pub site_id: Uuid,
    /// How many.
    pub persons: usize,
    /// How many there may be at most.
    pub persons_max: Option<u32>,
}

/// Somebody who is inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MusterPerson {
    /// Who.
    pub person_id: Uuid,
    /// What they are called; none if that was erased.
    pub name: Option<Name>,
    /// Personnel number.
    pub number: Option<String>,
    /// Whether there is a photo.
    pub has_photo: bool,
    /// In which area.
    pub area_id: Uuid,
    /// Of which site.
    pub site_id: Uuid,
    /// Through which door they came.
    pub door_id: Uuid,
    /// On which side of it.
    #[schema(value_type = words::Side)]
    pub side: Side,
    /// When.
    pub since: DateTime<Utc>,
}
