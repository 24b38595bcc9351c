//! What is granted: access levels, lines of doors × sides × schedule × factors.

use borsh::{BorshDeserialize, BorshSerialize};

use super::places::{DoorRule, FactorDemand, Place, Side};
use crate::ids::{AccessLevelId, ScheduleId};

/// Doors × sides × schedules, granted together.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccessLevel {
    /// Which level.
    pub id: AccessLevelId,
    /// Holds a door when any of these does.
    pub lines: Vec<LevelLine>,
}

impl AccessLevel {
    /// Whether some line holds a door on a side, at some hour.
    pub fn holds(&self, door: &DoorRule, side: Side) -> bool {
        self.lines_that_hold(door, side).next().is_some()
    }

    /// Lines that hold a door on a side.
    pub fn lines_that_hold(&self, door: &DoorRule, side: Side) -> impl Iterator<Item = &LevelLine> {
        self.lines
            .iter()
            .filter(move |line| line.sides.covers(side) && line.places.iter().any(|place| place.holds(door)))
    }
}

/// One line of an access level.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct LevelLine {
    /// The doors of these places,
    pub places: Vec<Place>,
    /// on these sides,
    pub sides: Sides,
    /// within this schedule; none means always;
    pub schedule: Option<ScheduleId>,
    /// demanding at least this; none means what the door demands.
    pub factors: Option<FactorDemand>,
}

crate::words! {
    /// Sides of a door that a level's line covers.
    pub enum Sides {
        /// Entering only.
        In = "in",
        /// Leaving only.
        Out = "out",
        /// Both.
        Both = "both",
    }
}

impl Sides {
    /// Whether `side` is among these.
    pub fn covers(self, side: Side) -> bool {
        matches!((self, side), (Self::Both, _) | (Self::In, Side::In) | (Self::Out, Side::Out))
    }
}
