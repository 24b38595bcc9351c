//! Whether rows make a policy: every name is there, every number makes sense.

use std::collections::BTreeSet;
use std::fmt::Display;

use uuid::Uuid;

use super::index::Index;
use super::{
    HELD_MS_MAX, LevelLine, PAIR_S_MAX, Place, PolicyRows, PolicyScope, RELEASE_MS_MAX, Suspicion, TenantRules,
    TravelEnds,
};
use crate::ids::{AccessLevelId, AreaId, CalendarId, DoorId, GroupId, ScheduleId, SiteId};

mod subjects;

pub(super) use subjects::{check_block, check_grant, check_person, check_subjects};

/// Rows that make no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Two rows of a kind share an id or a card token.
    #[error("two rows share {what} {id}")]
    Doubled {
        /// Kind of row.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// A row names one that is not there.
    #[error("{row} names {what} {id}, which is not there")]
    Dangling {
        /// The row that names.
        row: String,
        /// Kind of the missing row.
        what: &'static str,
        /// The missing id.
        id: String,
    },
    /// A row that is to be taken out is not there.
    #[error("there is no {what} {id}")]
    Missing {
        /// Kind of row.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// A row's numbers make no sense.
    #[error("{row}: {why}")]
    Malformed {
        /// The row.
        row: String,
        /// What is wrong.
        why: &'static str,
    },
}

/// Sorts rows, but those of persons, cards and grants, so that their order does not matter.
pub(super) fn put_in_order(rows: &mut PolicyRows) {
    rows.rules.waived_for_duress.sort_unstable();
    rows.rules.waived_for_duress.dedup();
    rows.sites.sort_by_key(|row| row.id);
    rows.areas.sort_by_key(|row| row.id);
    rows.doors.sort_by_key(|row| row.id);
    rows.interlocks.iter_mut().for_each(|row| row.doors.sort_unstable());
    rows.interlocks.sort_by_key(|row| row.id);
    for time in &mut rows.travel {
        time.between = match time.between {
            TravelEnds::Doors(one, other) => TravelEnds::Doors(one.min(other), one.max(other)),
            TravelEnds::Sites(one, other) => TravelEnds::Sites(one.min(other), one.max(other)),
        };
    }
    rows.travel.sort_by_key(|row| row.between);
    rows.threat_levels.sort_by_key(|row| row.level);
    rows.calendars.sort_by_key(|row| row.id);
    rows.schedules.sort_by_key(|row| row.id);
    rows.levels.sort_by_key(|row| row.id);
    rows.groups.sort_by_key(|row| row.id);
    rows.missing_cards.sort_by_key(|row| row.token);
    rows.grants.sort_by_key(|row| (row.holder, row.id));
    rows.blocks.sort_by_key(|row| row.id);
}

/// Ids that rows may name, of everything but people.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) sites: Index<SiteId>,
    pub(super) areas: Index<AreaId>,
    pub(super) doors: Index<DoorId>,
    pub(super) schedules: Index<ScheduleId>,
    pub(super) groups: Index<GroupId>,
    pub(super) levels: Index<AccessLevelId>,
    /// A cut may name places and persons that it does not hold: they lie elsewhere.
    is_whole: bool,
}

impl Known {
    pub(super) fn of(rows: &PolicyRows) -> Self {
        Self {
            sites: Index::of(rows.sites.iter().map(|row| row.id)),
            areas: Index::of(rows.areas.iter().map(|row| row.id)),
            doors: Index::of(rows.doors.iter().map(|row| row.id)),
            schedules: Index::of(rows.schedules.iter().map(|row| row.id)),
            groups: Index::of(rows.groups.iter().map(|row| row.id)),
            levels: Index::of(rows.levels.iter().map(|row| row.id)),
            is_whole: rows.scope == PolicyScope::Whole,
        }
    }
}

/// Checks rows that [`put_in_order`] sorted; those about people apart.
pub(super) fn check(rows: &PolicyRows, known: &Known) -> Result<(), PolicyError> {
    once("site", rows.sites.iter().map(|row| row.id))?;
    once("area", rows.areas.iter().map(|row| row.id))?;
    once("door", rows.doors.iter().map(|row| row.id))?;
    once("schedule", rows.schedules.iter().map(|row| row.id))?;
    once("group", rows.groups.iter().map(|row| row.id))?;
    check_tenant(rows)?;
    check_places(rows, known)?;
    check_schedules(rows)?;
    check_levels(rows, known)
}

fn check_tenant(rows: &PolicyRows) -> Result<(), PolicyError> {
    let row = || "the tenant's rules".to_owned();
    let Suspicion { refusals, within_s, reader_lock_s } = rows.rules.suspicion;
    require((2..=Suspicion::REFUSALS_MAX).contains(&refusals), row, "suspicious refusals are below 2 or over 20")?;
    require((1..=Suspicion::WITHIN_S_MAX).contains(&within_s), row, "the time of refusals is zero or over an hour")?;
    require(
        (1..=Suspicion::READER_LOCK_S_MAX).contains(&reader_lock_s),
        row,
        "the lock of a reader is zero or over ten minutes",
    )?;
    let hours = 1..=TenantRules::ALONE_HOURS_MAX;
    require(hours.contains(&rows.rules.alone_hours), row, "the time that agents decide alone is zero or over 72 hours")
}

fn check_places(rows: &PolicyRows, known: &Known) -> Result<(), PolicyError> {
    once("calendar", rows.calendars.iter().map(|row| row.id))?;
    let calendars: Index<CalendarId> = Index::of(rows.calendars.iter().map(|row| row.id));
    for site in &rows.sites {
        let row = || format!("site {}", site.id);
        require(site.zone.is_well_formed(), row, "its zone's offsets are out of order")?;
        site.calendar.iter().try_for_each(|calendar| named(row, "calendar", &calendars, calendar))?;
    }
    for area in &rows.areas {
        let row = || format!("area {}", area.id);
        named(row, "site", &known.sites, &area.site)?;
        let waits = area.two_person.is_none_or(|rule| (1..=PAIR_S_MAX).contains(&rule.within_s));
        require(waits, row, "the time between two persons is zero or over an hour")?;
        let groups = area.two_person.and_then(|rule| rule.groups).map(|(one, other)| [one, other]);
        if known.is_whole {
            groups.iter().flatten().try_for_each(|group| named(row, "group", &known.groups, group))?;
        }
    }
    for door in &rows.doors {
        let row = || format!("door {}", door.id);
        named(row, "site", &known.sites, &door.site)?;
        named(row, "area", &known.areas, &door.leads_from)?;
        named(row, "area", &known.areas, &door.leads_to)?;
        require(door.leads_from != door.leads_to, row, "it leads from an area to the same")?;
        let release = |ms: u32| (1..=RELEASE_MS_MAX).contains(&ms);
        let is_bounded = release(door.release_ms) && release(door.release_longer_ms);
        require(is_bounded, row, "its release time is zero or longer than a minute")?;
        require(door.release_ms <= door.release_longer_ms, row, "its longer release time is the shorter")?;
        let held = |ms: u32| (1..=HELD_MS_MAX).contains(&ms);
        require(
            held(door.held_ms) && held(door.held_longer_ms),
            row,
            "its held-open time is zero or longer than an hour",
        )?;
        require(door.held_ms <= door.held_longer_ms, row, "its longer held-open time is the shorter")?;
        let modes = door.modes.iter().map(|line| line.schedule);
        modes
            .chain(door.factor_lines.iter().map(|line| line.schedule))
            .try_for_each(|schedule| named(row, "schedule", &known.schedules, &schedule))?;
    }
    once("interlock", rows.interlocks.iter().map(|row| row.id))?;
    let mut interlocked = BTreeSet::new();
    for interlock in &rows.interlocks {
        let row = || format!("interlock {}", interlock.id);
        for door in &interlock.doors {
            named(row, "door", &known.doors, door)?;
            require(interlocked.insert(*door), row, "a door of it is in an interlock already")?;
        }
    }
    once_shown("travel time", rows.travel.iter().map(|row| row.between), |ends| format!("{ends:?}"))?;
    for end in rows.travel.iter().map(|row| row.between).filter(|_| known.is_whole) {
        let row = || "a travel time".to_owned();
        match end {
            TravelEnds::Doors(one, other) => {
                require(one != other, row, "it names one door twice")?;
                [one, other].iter().try_for_each(|door| named(row, "door", &known.doors, door))?;
            }
            TravelEnds::Sites(one, other) => {
                [one, other].iter().try_for_each(|site| named(row, "site", &known.sites, site))?;
            }
        }
    }
    once("threat level", rows.threat_levels.iter().map(|row| row.level))?;
    for level in &rows.threat_levels {
        let row = || format!("threat level {}", level.level);
        require(level.level > 0, row, "level 0 is the normal one")?;
        level.exempt.iter().try_for_each(|group| named(row, "group", &known.groups, group))?;
        if known.is_whole {
            level.places.iter().try_for_each(|place| known.place(row, place))?;
        }
    }
    Ok(())
}

fn check_schedules(rows: &PolicyRows) -> Result<(), PolicyError> {
    for calendar in &rows.calendars {
        let row = || format!("calendar {}", calendar.id);
        require(calendar.is_well_formed(), row, "its days are out of order, or of a type that is too high")?;
    }
    for schedule in &rows.schedules {
        let row = || format!("schedule {}", schedule.id);
        require(schedule.is_well_formed(), row, "a window has no day or no length, or exceptions are out of order")?;
    }
    Ok(())
}

fn check_levels(rows: &PolicyRows, known: &Known) -> Result<(), PolicyError> {
    once("access level", rows.levels.iter().map(|row| row.id))?;
    for level in &rows.levels {
        let row = || format!("access level {}", level.id);
        for LevelLine { places, schedule, .. } in &level.lines {
            places.iter().try_for_each(|place| known.place(row, place))?;
            schedule.iter().try_for_each(|schedule| named(row, "schedule", &known.schedules, schedule))?;
        }
    }
    Ok(())
}

impl Known {
    fn place(&self, row: impl Fn() -> String, place: &Place) -> Result<(), PolicyError> {
        match place {
            Place::Tenant => Ok(()),
            Place::Site(site) => named(row, "site", &self.sites, site),
            Place::Area(area) => named(row, "area", &self.areas, area),
            Place::Door(door) => named(row, "door", &self.doors, door),
        }
    }
}

/// Refuses two that are the same, of ids in their order.
fn once<Id: Eq + Copy + Display>(what: &'static str, ids: impl Iterator<Item = Id>) -> Result<(), PolicyError> {
    once_shown(what, ids, Id::to_string)
}

fn once_shown<Id: Eq + Copy>(
    what: &'static str,
    ids: impl Iterator<Item = Id>,
    show: impl Fn(&Id) -> String,
) -> Result<(), PolicyError> {
    let mut before = None;
    for id in ids {
        if before.replace(id) == Some(id) {
            return Err(PolicyError::Doubled { what, id: show(&id) });
        }
    }
    Ok(())
}

fn require(holds: bool, row: impl Fn() -> String, why: &'static str) -> Result<(), PolicyError> {
    if holds { Ok(()) } else { Err(PolicyError::Malformed { row: row(), why }) }
}

fn named<Id: Copy + Eq + Into<Uuid> + Display>(
    row: impl Fn() -> String,
    what: &'static str,
    known: &Index<Id>,
    id: &Id,
) -> Result<(), PolicyError> {
    is_there(row, what, known.holds(*id), id)
}

fn is_there(row: impl Fn() -> String, what: &'static str, holds: bool, id: &impl Display) -> Result<(), PolicyError> {
    if holds { Ok(()) } else { Err(PolicyError::Dangling { row: row(), what, id: id.to_string() }) }
}
