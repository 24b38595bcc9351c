//! What was read of the state of doors and people for one attempt. A decision's record carries it, so that the decision can be
//! made again without the state. See RULES.md.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::event::SetMode;
use crate::ids::{AttemptId, CredentialId, DoorId, PersonId};
use crate::policy::{FactorDemand, Side};
use crate::time::UnixMs;

/// What was read of the state for one attempt. What no rule could ask for at this door is left at its default.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Circumstances {
    /// How much of the state was known.
    pub knowledge: Knowledge,
    /// Until when the reader is locked, if it is.
    pub reader_locked_until: Option<UnixMs>,
    /// Whether the card is locked on suspicion.
    pub is_card_locked: bool,
    /// Highest threat level that is set for a place that holds the door.
    pub threat_level: u8,
    /// Mode that an operator set at the door.
    pub set_mode: Option<SetMode>,
    /// Newest passage of anybody on side in through the door, where a mode may ask; with an operator's mode, since it was set.
    pub last_entered: Option<UnixMs>,
    /// Since when the door is toggled free, where a mode may ask; with an operator's mode, since it was set.
    pub toggled_at: Option<UnixMs>,
    /// Newest grant or passage of the holder at another door, where travel times may ask.
    pub last_seen: Option<Sighting>,
    /// Where the holder's newest passage or unused grant elsewhere leads, where anti-passback may ask.
    pub whereabouts: Option<Whereabouts>,
    /// Others in the area that the door and side lead to, where occupancy or the two-person rule may ask.
    pub ahead: Others,
    /// Others in the area that they lead from, where the two-person rule may ask.
    pub behind: Others,
    /// Whether the door itself stands open, where an interlock may ask.
    pub is_open: bool,
    /// Other doors of the interlock group that are not closed and locked, ascending.
    pub not_secured: Vec<LeafState>,
    /// Newest grant of side in at this door to somebody who may escort the holder, but for those that came to nothing.
    pub escort_seen: Option<Sighting>,
    /// Others who wait at this reader, ascending by attempt, where a rule may ask.
    pub waiting: Vec<Waiting>,
    /// Refusals of this card within the tenant's time, at most its limit.
    pub refusals_of_card: u32,
    /// Refusals at this reader within the tenant's time, at most its limit.
    pub refusals_at_reader: u32,
}

crate::words! {
    /// How much of the state is known to whoever decides.
    #[derive(Default)]
    pub enum Knowledge {
        /// Every door's.
        #[default]
        Everything = "everything",
        /// That of the agent's own doors.
        OwnDoors = "own_doors",
    }
}

/// Other persons in an area.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Others {
    /// How many are in it, or were granted to come in and have not yet.
    pub inside: u32,
    /// How many of them were granted to leave and have not yet.
    pub leaving: u32,
}

/// A person at a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Sighting {
    /// Who.
    pub person: PersonId,
    /// Where.
    pub door: DoorId,
    /// When.
    pub at: UnixMs,
}

/// The newest passage of a person, or a grant that is not yet used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Whereabouts {
    /// Through which door.
    pub door: DoorId,
    /// In or out.
    pub side: Side,
    /// When.
    pub at: UnixMs,
}

/// A door of an interlock group that stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct LeafState {
    /// Which door.
    pub door: DoorId,
    /// Whether it stands open; if not, it is released.
    pub is_open: bool,
}

/// Somebody waits to be completed: a visitor for the escort, one for a second person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Waiting {
    /// By which attempt.
    pub attempt: AttemptId,
    /// Who.
    pub person: PersonId,
    /// With which card.
    pub credential: CredentialId,
    /// Since when.
    pub since: UnixMs,
    /// For what.
    pub wants: Wanted,
    /// What they showed when they began to: the most demanding that it meets.
    pub shown: FactorDemand,
}

crate::words! {
    /// What somebody waits for.
    pub enum Wanted {
        /// Their escort.
        Escort = "escort",
        /// A second person.
        SecondPerson = "second_person",
    }
}
