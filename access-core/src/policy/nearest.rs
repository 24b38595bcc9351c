//! Which of a person's grants comes nearest to allowing an attempt: RULES.md, rules 13 and 14.

use super::{DoorRule, FactorDemand, Grant, LevelLine, PersonView, Place, Policy};
use crate::attempt::{Attempt, ClockTrust};
use crate::ids::{AccessLevelId, GrantId, ScheduleId};
use crate::time::{self, LocalTime};

/// How near a grant comes to allowing an attempt, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// There is no grant.
    NothingGranted,
    /// It does not hold the door and side.
    OtherDoors,
    /// It is over.
    Ended,
    /// It has not begun.
    NotBegun,
    /// The clock can't tell whether it is in force.
    Untold,
    /// No line of its level is open.
    WrongHour,
    /// The clock can't tell whether a line is open.
    UntoldHour,
    /// It allows the attempt.
    Allows,
}

/// Whether the hour counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hours {
    /// A line counts while its schedule is open.
    Asked,
    /// Every line counts as open: the tenant waived the hour for an entry under duress.
    Waived,
}

/// The nearest grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nearest {
    /// How near.
    pub fit: Fit,
    /// Which; none if nothing holds the door and side.
    pub allowed: Option<Allowed>,
}

/// A grant with the line of its level that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    /// The grant.
    pub grant: GrantId,
    /// Its level.
    pub level: AccessLevelId,
    /// The line's schedule.
    pub schedule: Option<ScheduleId>,
    /// What the line demands, if it says.
    pub factors: Option<FactorDemand>,
}

impl Policy {
    /// The grant that comes nearest to allowing an attempt at a door whose wall clock shows `local`.
    pub fn nearest_grant(
        &self,
        person: &PersonView<'_>,
        door: &DoorRule,
        attempt: &Attempt,
        local: Option<LocalTime>,
        hours: Hours,
    ) -> Nearest {
        let mut nearest = Nearest { fit: Fit::NothingGranted, allowed: None };
        for grant in self.grants_of(person) {
            let found = self.fit_of(grant, door, attempt, local, hours);
            if order(&found) > order(&nearest) {
                nearest = found;
            }
        }
        nearest
    }

    fn fit_of(
        &self,
        grant: &Grant,
        door: &DoorRule,
        attempt: &Attempt,
        local: Option<LocalTime>,
        hours: Hours,
    ) -> Nearest {
        let lines = self.level(grant.level).map_or(&[][..], |level| &level.lines);
        let holds =
            |line: &&LevelLine| line.sides.covers(attempt.side) && line.places.iter().any(|place| place.holds(door));
        let allowed = |line: &LevelLine| Allowed {
            grant: grant.id,
            level: grant.level,
            schedule: line.schedule,
            factors: line.factors,
        };
        let least = |lines: &mut dyn Iterator<Item = &LevelLine>| {
            lines.min_by_key(|line| line.factors.unwrap_or(FactorDemand::Card)).map(allowed)
        };
        let Some(any) = least(&mut lines.iter().filter(holds)) else {
            return Nearest { fit: Fit::OtherDoors, allowed: None };
        };
        let fit = match (grant.valid.place(attempt.at), attempt.clock, grant.valid.until) {
            (time::Place::After, ..) => Fit::Ended,
            (time::Place::Inside, ClockTrust::Untrusted, Some(_)) | (time::Place::Before, ClockTrust::Untrusted, _) => {
                Fit::Untold
            }
            (time::Place::Before, ..) => Fit::NotBegun,
            (time::Place::Inside, ..) => Fit::Allows,
        };
        if fit != Fit::Allows {
            return Nearest { fit, allowed: Some(any) };
        }
        let is_open = |line: &&LevelLine| match line.schedule.filter(|_| hours == Hours::Asked) {
            None => true,
            Some(schedule) => attempt.clock == ClockTrust::Trusted && self.is_open(schedule, door, local),
        };
        match least(&mut lines.iter().filter(holds).filter(is_open)) {
            Some(open) => Nearest { fit: Fit::Allows, allowed: Some(open) },
            None if attempt.clock == ClockTrust::Untrusted => Nearest { fit: Fit::UntoldHour, allowed: Some(any) },
            None => Nearest { fit: Fit::WrongHour, allowed: Some(any) },
        }
    }
}

/// Nearer is greater; of those that allow, the one that demands less; then the smaller id.
fn order(found: &Nearest) -> impl Ord + use<> {
    let demand = found.allowed.filter(|_| found.fit == Fit::Allows).and_then(|allowed| allowed.factors);
    let least = std::cmp::Reverse(demand.unwrap_or(FactorDemand::Card));
    // With no grant before it, any is nearer.
    let id = found.allowed.map(|allowed| std::cmp::Reverse(allowed.grant));
    (found.fit, least, id.is_some(), id)
}

impl Place {
    /// Whether some door among `doors` is one of its doors.
    pub(super) fn holds_any(self, doors: &[&DoorRule]) -> bool {
        doors.iter().any(|door| self.holds(door))
    }
}
