//! When, over a stretch of time, a person may open a door: exact at every end of a window, of a grant and of a zone's offset.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::doors_held;
use crate::ids::{AccessLevelId, DoorId, PersonId, ScheduleId, SiteId};
use crate::intervals::{Interval, Intervals};
use crate::policy::{CredentialState, DoorRule, PersonView, Policy, Side, stretch};
use crate::time::UnixMs;

/// When a person may open a door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonTimes {
    /// Who.
    pub person: PersonId,
    /// When.
    pub times: Intervals,
}

/// When a door may be opened by a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorTimes {
    /// Which door.
    pub door: DoorId,
    /// On which side.
    pub side: Side,
    /// When.
    pub times: Intervals,
}

/// Everybody who may open a door on a side at some instant of a stretch, by person, as far as grants, schedules, blocks, cards and
/// persons go. At most [`STRETCH_MS_MAX`](crate::policy::STRETCH_MS_MAX) is looked at.
pub fn who_times(policy: &Policy, door: DoorId, side: Side, from: UnixMs, until: UnixMs) -> Vec<PersonTimes> {
    let Some(door) = policy.door(door) else { return Vec::new() };
    let open = OpenTimes::new(policy, stretch(from, until));
    let holders = policy.holders_of_door(door.id, side);
    let holders = holders.iter().map(|holding| holding.person());
    let times = holders.map(|person| PersonTimes { person: person.id, times: open.of_person(&person, door, side) });
    times.filter(|person| !person.times.is_empty()).collect()
}

/// Every door and side that a person may open at some instant of a stretch, by door. See [`who_times`].
pub fn where_times(policy: &Policy, person: PersonId, from: UnixMs, until: UnixMs) -> Vec<DoorTimes> {
    let Some(person) = policy.person(person) else { return Vec::new() };
    let open = OpenTimes::new(policy, stretch(from, until));
    let times = doors_held(policy, &person).map(|(door, side)| DoorTimes {
        door: door.id,
        side,
        times: open.of_person(&person, door, side),
    });
    times.filter(|door| !door.times.is_empty()).collect()
}

/// When levels are open at doors in a stretch. What was worked out for one person is there for the next.
pub(crate) struct OpenTimes<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) within: Interval,
    /// By schedule and site: doors of a site share zone and calendar.
    schedules: RefCell<BTreeMap<(ScheduleId, SiteId), Intervals>>,
    levels: RefCell<BTreeMap<(AccessLevelId, DoorId, Side), Intervals>>,
}

impl<'a> OpenTimes<'a> {
    pub(crate) fn new(policy: &'a Policy, within: Interval) -> Self {
        Self { policy, within, schedules: RefCell::default(), levels: RefCell::default() }
    }

    /// When a person may open a door on a side.
    pub(crate) fn of_person(&self, person: &PersonView<'_>, door: &DoorRule, side: Side) -> Intervals {
        if !person.is_active {
            return Intervals::none();
        }
        let granted = self.policy.grants_of(person).fold(Intervals::none(), |times, grant| {
            let level = self.of_level(grant.level, door, side);
            if level.is_empty() {
                times
            } else {
                times.or(&level.and(&Intervals::of_period(&grant.valid, self.within)))
            }
        });
        if granted.is_empty() {
            return granted;
        }
        granted.and(&card_times(self.policy, person, door, self.within))
    }

    /// When some line of a level that holds a door and side is open.
    pub(crate) fn of_level(&self, level: AccessLevelId, door: &DoorRule, side: Side) -> Intervals {
        let key = (level, door.id, side);
        if let Some(known) = self.levels.borrow().get(&key) {
            return known.clone();
        }
        let lines = self.policy.level(level).into_iter().flat_map(|level| level.lines_that_hold(door, side));
        let times = lines.fold(Intervals::none(), |times, line| match line.schedule {
            None => Intervals::between(self.within.from, self.within.until),
            Some(schedule) => times.or(&self.of_schedule(schedule, door)),
        });
        self.levels.borrow_mut().insert(key, times.clone());
        times
    }

    fn of_schedule(&self, schedule: ScheduleId, door: &DoorRule) -> Intervals {
        let mut known = self.schedules.borrow_mut();
        let times = || self.policy.schedule_times(schedule, door, self.within);
        known.entry((schedule, door.site)).or_insert_with(times).clone()
    }
}

/// When some card of a person may be used at a door: its state, its period, and no block of it, the person or a group of theirs.
fn card_times(policy: &Policy, person: &PersonView<'_>, door: &DoorRule, within: Interval) -> Intervals {
    let active = policy.cards_of(person.id).filter(|card| card.state == CredentialState::Active);
    active.fold(Intervals::none(), |times, card| {
        let usable = Intervals::of_period(&card.valid, within);
        let here = policy.blocks_of(card.id, person).filter(|block| block.place.holds(door));
        let blocked =
            here.fold(Intervals::none(), |times, block| times.or(&Intervals::of_period(&block.valid, within)));
        times.or(&usable.without(&blocked))
    })
}
