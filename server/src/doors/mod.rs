//! Doors: where they lead, what they demand, how they behave, and how they are now.

use access_core::policy::{DoorMode, Exit, FactorDemand, Side};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::events::LogEvent;
use crate::http::{nullable, words};

pub mod routes;
pub mod store;
#[cfg(test)]
mod tests;

/// An access point; leads from one area to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Door {
    /// Which door.
    pub id: Uuid,
    /// Counts its changes; the `ETag`.
    pub version: i64,
    /// The agent that controls it, if any does.
    pub agent_id: Option<Uuid>,
    /// What it is and demands.
    #[serde(flatten)]
    pub rule: DoorSettings,
}

/// What can be set of a door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DoorSettings {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub site_id: Uuid,
    /// The area that one leaves by going in.
    pub area_outside_id: Uuid,
    /// The area that it protects.
    pub area_inside_id: Uuid,
    /// Factors to enter; card and finger unless said otherwise.
    #[serde(default = "card_and_finger")]
    #[schema(value_type = words::FactorDemand)]
    pub factors_in: FactorDemand,
    /// Factors to leave.
    #[serde(default = "card")]
    #[schema(value_type = words::FactorDemand)]
    pub factors_out: FactorDemand,
    /// How long the strike is energised for an entry, in milliseconds, 1 to 60,000.
    #[serde(default = "release_ms")]
    pub release_ms: i32,
    /// How long it may stand open after an entry before an alarm, in milliseconds, 1 to 3,600,000.
    #[serde(default = "held_warning_ms")]
    pub held_warning_ms: i32,
    /// `release_ms` for persons who need longer; none means twice as long.
    #[serde(default)]
    pub release_longer_ms: Option<i32>,
    /// `held_warning_ms` for persons who need longer; none means twice as long.
    #[serde(default)]
    pub held_longer_ms: Option<i32>,
    /// How people leave.
    #[serde(default = "mechanical")]
    #[schema(value_type = words::Exit)]
    pub exit: Exit,
    /// Whether a contact tells the leaf's position.
    #[serde(default = "yes")]
    pub has_contact: bool,
    /// Other factors at some hours: the first line of a side whose schedule is open counts. At most 64.
    #[serde(default)]
    pub factor_lines: Vec<FactorLine>,
    /// Modes at some hours: the first line whose schedule is open counts. At most 64.
    #[serde(default)]
    pub mode_lines: Vec<ModeLine>,
}

/// Other factors than the door's own, at some hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DoorFactorLine)]
pub struct FactorLine {
    /// On this side,
    #[schema(value_type = words::Side)]
    pub side: Side,
    /// while this schedule is open,
    pub schedule_id: Uuid,
    /// these are demanded.
    #[schema(value_type = words::FactorDemand)]
    pub factors: FactorDemand,
}

/// A mode at some hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DoorModeLine)]
pub struct ModeLine {
    /// While this schedule is open,
    pub schedule_id: Uuid,
    /// the door behaves so.
    #[schema(value_type = words::DoorMode)]
    pub mode: DoorMode,
}

fn card_and_finger() -> FactorDemand {
    FactorDemand::CardFinger
}

fn card() -> FactorDemand {
    FactorDemand::Card
}

fn release_ms() -> i32 {
    5_000
}

fn held_warning_ms() -> i32 {
    30_000
}

fn mechanical() -> Exit {
    Exit::Mechanical
}

fn yes() -> bool {
    true
}

/// A door to be made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NewDoor {
    /// What it is and demands.
    #[serde(flatten)]
    pub rule: DoorSettings,
    /// Why; needed where it is less strict than a door of which nothing is said.
    pub reason: Option<String>,
}

impl<'de> Deserialize<'de> for NewDoor {
    /// The settings with the reason among them; what is neither is refused.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let mut said = serde_json::Map::deserialize(deserializer)?;
        let reason = said.remove("reason").map(Option::deserialize).transpose().map_err(D::Error::custom)?.flatten();
        let rule = DoorSettings::deserialize(serde_json::Value::Object(said)).map_err(D::Error::custom)?;
        Ok(Self { rule, reason })
    }
}

/// What of a door is to change; what is left out stays. A door does not move to another site.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DoorChange {
    /// Its name.
    pub name: Option<String>,
    /// The area that one leaves by going in.
    pub area_outside_id: Option<Uuid>,
    /// The area that it protects.
    pub area_inside_id: Option<Uuid>,
    /// Factors to enter.
    #[schema(value_type = Option<words::FactorDemand>)]
    pub factors_in: Option<FactorDemand>,
    /// Factors to leave.
    #[schema(value_type = Option<words::FactorDemand>)]
    pub factors_out: Option<FactorDemand>,
    /// How long the strike is energised for an entry, in milliseconds, 1 to 60,000.
    pub release_ms: Option<i32>,
    /// How long it may stand open after an entry before an alarm, in milliseconds, 1 to 3,600,000.
    pub held_warning_ms: Option<i32>,
    /// `release_ms` for persons who need longer; null: twice as long.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i32>)]
    pub release_longer_ms: Option<Option<i32>>,
    /// `held_warning_ms` for persons who need longer; null: twice as long.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i32>)]
    pub held_longer_ms: Option<Option<i32>>,
    /// How people leave.
    #[schema(value_type = Option<words::Exit>)]
    pub exit: Option<Exit>,
    /// Whether a contact tells the leaf's position.
    pub has_contact: Option<bool>,
    /// Other factors at some hours, in place of all lines before.
    pub factor_lines: Option<Vec<FactorLine>>,
    /// Modes at some hours, in place of all lines before.
    pub mode_lines: Option<Vec<ModeLine>>,
    /// Why; needed where less is demanded than before, or other modes or factors at some hours; where it leads elsewhere, is left by this
    /// system from now on, has no contact any more, or stays released or may stand open longer.
    pub reason: Option<String>,
}

impl DoorSettings {
    /// The settings with a change applied.
    #[must_use]
    pub fn changed(&self, change: DoorChange) -> Self {
        Self {
            name: change.name.unwrap_or_else(|| self.name.clone()),
            site_id: self.site_id,
            area_outside_id: change.area_outside_id.unwrap_or(self.area_outside_id),
            area_inside_id: change.area_inside_id.unwrap_or(self.area_inside_id),
            factors_in: change.factors_in.unwrap_or(self.factors_in),
            factors_out: change.factors_out.unwrap_or(self.factors_out),
            release_ms: change.release_ms.unwrap_or(self.release_ms),
            held_warning_ms: change.held_warning_ms.unwrap_or(self.held_warning_ms),
            release_longer_ms: change.release_longer_ms.unwrap_or(self.release_longer_ms),
            held_longer_ms: change.held_longer_ms.unwrap_or(self.held_longer_ms),
            exit: change.exit.unwrap_or(self.exit),
            has_contact: change.has_contact.unwrap_or(self.has_contact),
            factor_lines: change.factor_lines.unwrap_or_else(|| self.factor_lines.clone()),
            mode_lines: change.mode_lines.unwrap_or_else(|| self.mode_lines.clone()),
        }
    }

    /// Whether people may get in or out with less than `before`, at other hours, or less noticed: such a change needs a reason.
    pub fn may_be_looser_than(&self, before: &Self) -> bool {
        let leads = |door: &Self| (door.area_outside_id, door.area_inside_id);
        self.factors_in < before.factors_in
            || self.factors_out < before.factors_out
            || self.factor_lines != before.factor_lines
            || self.mode_lines != before.mode_lines
            // Whoever holds an area by a level, a block or a rule of it has another door then.
            || leads(self) != leads(before)
            || (self.exit == Exit::BySystem && before.exit != Exit::BySystem)
            || (before.has_contact && !self.has_contact)
            || self.times().into_iter().zip(before.times()).any(|(now, then)| now > then)
    }

    /// Whether it is less strict than a door of which nothing is said: making it needs a reason.
    pub fn is_loosened(&self) -> bool {
        self.may_be_looser_than(&Self {
            factors_in: card_and_finger(),
            factors_out: card(),
            release_ms: release_ms(),
            held_warning_ms: held_warning_ms(),
            release_longer_ms: None,
            held_longer_ms: None,
            exit: mechanical(),
            has_contact: true,
            factor_lines: Vec::new(),
            mode_lines: Vec::new(),
            ..self.clone()
        })
    }

    /// How long it stays released and may stand open, in milliseconds; then the same for persons who need longer.
    fn times(&self) -> [i32; 4] {
        let twice = |ordinary: i32| ordinary.saturating_mul(2);
        [
            self.release_ms,
            self.held_warning_ms,
            self.release_longer_ms.unwrap_or_else(|| twice(self.release_ms)),
            self.held_longer_ms.unwrap_or_else(|| twice(self.held_warning_ms)),
        ]
    }
}

access_core::words! {
    /// Whether a door's agent is linked.
    pub enum DoorAgentState {
        /// It is.
        Online = "online",
        /// It is not: it decides alone.
        Offline = "offline",
        /// It is not, and is revoked, in quarantine, or has not linked since another machine was let in or is to be: nobody enters as far as
        /// it heard.
        OutOfUse = "out_of_use",
        /// It has none.
        None = "none",
    }
}

access_core::words! {
    /// Where a door's leaf is, by its contact.
    pub enum LeafPosition {
        /// Open.
        Open = "open",
        /// Closed.
        Closed = "closed",
        /// Nothing was heard of it.
        Unknown = "unknown",
    }
}

crate::describe_words!(DoorAgentState, LeafPosition);

/// How a door stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DoorState {
    /// Which door.
    pub door_id: Uuid,
    /// Its agent, if it has one.
    pub agent_id: Option<Uuid>,
    /// `online`, `offline` or `none`.
    pub agent_state: DoorAgentState,
    /// `open`, `closed` or `unknown`.
    pub position: LeafPosition,
    /// What happened there last.
    pub last_event: Option<LogEvent>,
    /// Whether an installer tried it; none without an agent.
    #[schema(value_type = Option<AcceptanceState>)]
    pub acceptance: Option<&'static str>,
}

access_core::words! {
    /// Whether a door was tried, on the wiring that it has.
    pub enum AcceptanceState {
        /// Every step passed, and the wiring is as it was then.
        Accepted = "accepted",
        /// Every step passed, and its wiring in the agent's configuration was changed since.
        Changed = "changed",
        /// A step failed or was left out.
        NotPassed = "not_passed",
        /// Nobody tried it at the agent that controls it.
        Untried = "untried",
    }
}

crate::describe_words!(AcceptanceState);

/// Whether and how a door was accepted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Acceptance {
    /// `accepted`, `changed`, `not_passed` or `untried`.
    #[schema(value_type = AcceptanceState)]
    pub state: &'static str,
    /// SHA-256 of its wiring now, in hexadecimal, as its agent said last.
    pub wiring: Option<String>,
    /// When the server received that.
    pub wired_at: Option<DateTime<Utc>>,
    /// The event of the trial, if there was one: how it was tried, and on which wiring.
    pub tried: Option<LogEvent>,
}

/// A command that was sent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Released {
    /// Which command; an event `command_done` names it.
    pub command_id: Uuid,
}
