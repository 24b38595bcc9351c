//! Proof of revocation: what was taken from a person, and since when each door knows. The server itself refuses at once; an agent
//! that decides alone does when it holds the rules of that version, and has said so. Read off the rules' history and what agents
//! acknowledged; this never changes anything.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub mod routes;
mod store;
#[cfg(test)]
mod tests;

access_core::words! {
    /// What was taken from a person.
    pub enum RevocationKind {
        /// A card is active no longer, or for a shorter time.
        Card = "card",
        /// A grant was revoked, or shortened.
        Grant = "grant",
        /// A block was begun.
        Block = "block",
        /// The person was put out of use.
        Person = "person",
        /// The person left a group.
        Group = "group",
    }
}

access_core::words! {
    /// Whether a door's agent, alone, goes by a revocation.
    pub enum Holding {
        /// It does, and said so.
        InForce = "in_force",
        /// It may still decide by older rules.
        Waiting = "waiting",
        /// It may hold older rules, but they are too old by now: only responders enter by them.
        TooOld = "too_old",
        /// It was never sent older rules: nobody enters by them.
        NoOlder = "no_older",
    }
}

crate::describe_words!(RevocationKind, Holding);

/// Something that was taken from a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Revocation {
    /// What it is.
    pub kind: RevocationKind,
    /// Which card, grant, block, person or group.
    pub subject_id: Uuid,
    /// When it was saved; from then on the server refuses.
    pub at: DateTime<Utc>,
    /// Version of the rules from which on it holds.
    pub version: i64,
    /// Every door that has an agent, and every machine besides that may hold older rules for one; those that wait first.
    pub doors: Vec<DoorHolding>,
}

/// How a revocation is known at a door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DoorHolding {
    /// Which door.
    pub door_id: Uuid,
    /// Its agent, or one that was.
    pub agent_id: Uuid,
    /// Whether it is a machine that the door is not driven by any more, as far as is known here: the door is another agent's, another
    /// machine took its place, or it was revoked. It counts until it goes by rules without the door, or was taken away.
    pub is_former: bool,
    /// Whether its agent, alone, goes by it.
    pub holding: Holding,
    /// Since when, by the server's clock.
    pub since: Option<DateTime<Utc>>,
    /// When the older rules that its agent may hold are too old at the latest, by an agent's clock that runs.
    pub older_until: Option<DateTime<Utc>>,
}
