//! Everything of a policy but its people: places, hours, levels, groups with what they hold, blocks. It is small, and compiled anew as a
//! whole when something in it changes.

use std::collections::BTreeMap;
use std::ops::Range;

use super::check::Known;
use super::index::Index;
use super::reach::Reach;
use super::stops::Stops;
use super::{Grant, Holder, LevelLine, PolicyRows, Side, TravelEnds};
use crate::ids::{AccessLevelId, CalendarId, DoorId, GroupId, SiteId};

/// No row.
const GONE: u32 = u32::MAX;

/// Rows that were checked, with where each is found.
#[derive(Debug)]
pub(super) struct Frame {
    /// In order. Without persons, their cards and what they hold by themselves; of no version.
    pub(super) rows: PolicyRows,
    /// Where each stands.
    pub(super) known: Known,
    pub(super) calendars: Index<CalendarId>,
    /// Levels by number. A level keeps its number in every policy that follows from this one, so that grants can name it by that.
    pub(super) levels: Index<AccessLevelId>,
    /// Place in `rows.levels`, by number.
    level_rows: Box<[u32]>,
    /// Place in `rows.interlocks`.
    pub(super) interlock_of: BTreeMap<DoorId, usize>,
    pub(super) travel: BTreeMap<TravelEnds, u32>,
    /// Place of the calendar of a door's site, by the door's place.
    calendar_at: Box<[Option<usize>]>,
    /// Places in `rows.grants`.
    held_by: BTreeMap<GroupId, Range<usize>>,
    pub(super) reach: Reach,
    pub(super) stops: Stops,
}

impl Frame {
    /// Rows that were put in order and checked. `numbered` are levels that have numbers already.
    pub(super) fn of(rows: PolicyRows, known: Known, numbered: &[AccessLevelId]) -> Self {
        let calendars = Index::of(rows.calendars.iter().map(|row| row.id));
        let before = Index::of(numbered.iter().copied());
        let new = rows.levels.iter().map(|row| row.id).filter(|id| !before.holds(*id));
        let levels = Index::of(numbered.iter().copied().chain(new));
        let mut level_rows = vec![GONE; levels.ids().len()].into_boxed_slice();
        for (place, level) in (0u32..).zip(&rows.levels) {
            if let Some(number) = levels.place(level.id) {
                level_rows[number] = place;
            }
        }
        let calendar_of = |site: SiteId| calendars.place(rows.sites[known.sites.place(site)?].calendar?);
        let interlocks = rows.interlocks.iter().enumerate();
        let mut held_by: BTreeMap<GroupId, Range<usize>> = BTreeMap::new();
        for (place, grant) in rows.grants.iter().enumerate() {
            if let Holder::Group(group) = grant.holder {
                held_by.entry(group).or_insert(place..place).end = place + 1;
            }
        }
        Self {
            calendar_at: rows.doors.iter().map(|door| calendar_of(door.site)).collect(),
            reach: Reach::of(&rows, &level_rows),
            stops: Stops::of(&rows.blocks),
            interlock_of: interlocks.flat_map(|(at, row)| row.doors.iter().map(move |door| (*door, at))).collect(),
            travel: rows.travel.iter().map(|time| (time.between, time.least_s)).collect(),
            held_by,
            level_rows,
            levels,
            calendars,
            known,
            rows,
        }
    }

    /// The place of a level in `rows.levels`, by its number.
    #[inline]
    pub(super) fn level_row(&self, number: u32) -> Option<usize> {
        self.level_rows.get(number as usize).filter(|row| **row != GONE).map(|row| *row as usize)
    }

    /// The number of a level.
    #[inline]
    pub(super) fn level_number(&self, id: AccessLevelId) -> Option<u32> {
        let number = self.levels.place(id)? as u32;
        self.level_row(number).map(|_| number)
    }

    /// What a group holds, by id.
    #[inline]
    pub(super) fn held_by(&self, group: GroupId) -> &[Grant] {
        if self.held_by.is_empty() {
            return &[];
        }
        self.held_by.get(&group).map_or(&[], |range| &self.rows.grants[range.clone()])
    }

    /// Lines of a level that hold a door, by its place, on a side.
    #[inline]
    pub(super) fn lines_that_hold(&self, level: u32, door: usize, side: Side) -> impl Iterator<Item = &LevelLine> {
        let held = if self.reach.holds(level, door, side) { self.level_row(level) } else { None };
        let lines = held.map_or(&[][..], |row| &self.rows.levels[row].lines);
        let numbered = self.reach.lines(level).zip(lines);
        numbered
            .filter(move |(number, line)| line.sides.covers(side) && self.reach.line_holds(*number, door))
            .map(|(_, line)| line)
    }

    /// The place in `rows.calendars` for a door, by its place.
    pub(super) fn calendar_at(&self, door: usize) -> Option<usize> {
        self.calendar_at[door]
    }
}
