//! Which of a person's grants comes nearest to allowing an attempt: RULES.md, rules 13 and 14.

use super::{DoorRule, FactorDemand, LevelLine, PersonView, Place, Policy};
use crate::attempt::{Attempt, ClockTrust};
use crate::ids::{AccessLevelId, GrantId, ScheduleId};
use crate::time::{self, LocalTime, Period};

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
        let asked = Asked { policy: self, door: self.frame.known.doors.place(door.id), attempt, local, hours };
        let mut nearest = Nearest { fit: Fit::NothingGranted, allowed: None };
        for grant in self.member(person).into_iter().flat_map(|member| member.grants()) {
            nearest.or(asked.fit_of(grant.level(), || grant.valid(), || grant.id()));
        }
        for grant in person.groups.iter().flat_map(|group| self.frame.held_by(*group)) {
            let Some(level) = self.frame.level_number(grant.level) else { continue };
            nearest.or(asked.fit_of(level, || grant.valid, || grant.id));
        }
        nearest
    }
}

impl Nearest {
    fn or(&mut self, found: Self) {
        if order(&found) > order(self) {
            *self = found;
        }
    }
}

/// What grants are held against.
struct Asked<'a> {
    policy: &'a Policy,
    /// Place of the door. Nothing holds a door that the policy does not have.
    door: Option<usize>,
    attempt: &'a Attempt,
    local: Option<LocalTime>,
    hours: Hours,
}

impl Asked<'_> {
    /// How near a grant of a level, by its number, comes in its period. Period and id are read only if it holds the door.
    #[inline]
    fn fit_of(&self, level: u32, valid: impl Fn() -> Period, id: impl Fn() -> GrantId) -> Nearest {
        let frame = &*self.policy.frame;
        let other_doors = Nearest { fit: Fit::OtherDoors, allowed: None };
        let Some(door) = self.door.filter(|door| frame.reach.holds(level, *door, self.attempt.side)) else {
            return other_doors;
        };
        let holding = || frame.lines_that_hold(level, door, self.attempt.side);
        let Some(any) = least(holding()) else { return other_doors };
        let allowed = |line: &LevelLine| {
            let (schedule, factors) = (line.schedule, line.factors);
            Some(Allowed { grant: id(), level: frame.levels.ids()[level as usize], schedule, factors })
        };
        let valid = valid();
        let fit = match (valid.place(self.attempt.at), self.attempt.clock, valid.until) {
            (time::Place::After, ..) => Fit::Ended,
            (time::Place::Inside, ClockTrust::Untrusted, Some(_)) | (time::Place::Before, ClockTrust::Untrusted, _) => {
                Fit::Untold
            }
            (time::Place::Before, ..) => Fit::NotBegun,
            (time::Place::Inside, ..) => Fit::Allows,
        };
        if fit != Fit::Allows {
            return Nearest { fit, allowed: allowed(any) };
        }
        match least(holding().filter(|line| self.is_open(line, door))) {
            Some(open) => Nearest { fit: Fit::Allows, allowed: allowed(open) },
            None if self.attempt.clock == ClockTrust::Untrusted => {
                Nearest { fit: Fit::UntoldHour, allowed: allowed(any) }
            }
            None => Nearest { fit: Fit::WrongHour, allowed: allowed(any) },
        }
    }

    fn is_open(&self, line: &LevelLine, door: usize) -> bool {
        let Some(schedule) = line.schedule.filter(|_| self.hours == Hours::Asked) else { return true };
        let (frame, policy) = (&*self.policy.frame, self.policy);
        let Some((schedule, local)) = policy.schedule(schedule).zip(self.local) else { return false };
        let calendar = frame.calendar_at(door).map(|place| &frame.rows.calendars[place]);
        self.attempt.clock == ClockTrust::Trusted && schedule.is_open(calendar, local)
    }
}

/// The line that demands least; of equal ones the first.
fn least<'a>(lines: impl Iterator<Item = &'a LevelLine>) -> Option<&'a LevelLine> {
    lines.min_by_key(|line| line.factors.unwrap_or(FactorDemand::Card))
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
