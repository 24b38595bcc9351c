//! Levels that are open at other times than before, and whoever holds them while nothing else of theirs differs: what that changes for them.

use std::collections::HashMap;

use super::changed::Changed;
use super::found::{Found, by_number};
use super::holding::Holding;
use super::{Cell, difference};
use crate::ids::PersonId;
use crate::intervals::{Interval, Intervals};
use crate::policy::DoorRule;
use crate::who::OpenTimes;

/// Levels and cells at which some level changed.
struct Opened<'a> {
    /// Each with the door, by the policy that has it.
    cells: Vec<(Cell, &'a DoorRule)>,
    /// By number of a level in the new policy: where its row begins in `times`, for those that hold one of the cells.
    rows: Vec<Option<usize>>,
    /// By row and cell: a number in `before_and_after`.
    times: Vec<u32>,
    /// When a level is open by the old policy and by the new, each pair once. The first is: never, by neither.
    before_and_after: Vec<(Intervals, Intervals)>,
}

/// What decides over a cell for somebody: levels that they hold there, by number in `before_and_after`, each with when; and when a card
/// of theirs may be used.
type Situation = (Vec<(u32, Interval)>, Intervals);

/// Finds what changes for those who hold a changed level, and of whom nothing else differs: their grants, cards and blocks are the same by
/// both policies.
pub(super) fn find(old: &OpenTimes<'_>, new: &OpenTimes<'_>, changed: &Changed, found: &mut Found) {
    if changed.levels.is_empty() {
        return;
    }
    let opened = Opened::between(old, new, changed);
    let mut alike: HashMap<Holding, Vec<PersonId>> = HashMap::new();
    for holding in new.policy.holders_of_levels(|level| changed.levels.contains(&level)).iter() {
        let person = holding.person();
        if !changed.persons.contains(&person.id) {
            let holding = Holding::of(new, &person, |level| opened.row(level).is_some());
            alike.entry(holding).or_default().push(person.id);
        }
    }
    for (holding, persons) in alike {
        let changes = opened.changes(&holding, found);
        found.put(changes, persons);
    }
}

impl<'a> Opened<'a> {
    fn between(old: &OpenTimes<'a>, new: &OpenTimes<'a>, changed: &Changed) -> Self {
        let door = |cell: &Cell| new.policy.door(cell.0).or_else(|| old.policy.door(cell.0));
        let cells: Vec<_> = changed.cells.iter().filter_map(|cell| Some((*cell, door(cell)?))).collect();
        let mut opened = Self { cells, rows: Vec::new(), times: Vec::new(), before_and_after: Vec::new() };
        let mut numbers = HashMap::from([(Default::default(), 0)]);
        for level in &changed.concerned {
            // A level that is gone is held by nobody of whom nothing else differs.
            let Some(number) = new.policy.level_number(*level).map(|number| number as usize) else { continue };
            opened.rows.resize(opened.rows.len().max(number + 1), None);
            opened.rows[number] = Some(opened.times.len());
            for ((door, side), _) in &opened.cells {
                let times = |open: &OpenTimes<'_>| {
                    open.policy.door(*door).map(|door| open.of_level(*level, door, *side)).unwrap_or_default()
                };
                let next = numbers.len() as u32;
                opened.times.push(*numbers.entry((times(old), times(new))).or_insert(next));
            }
        }
        opened.before_and_after = by_number(numbers);
        opened
    }

    fn row(&self, level: u32) -> Option<usize> {
        self.rows.get(level as usize).copied().flatten()
    }

    /// What changes for those who hold this, by cell, as `found` numbers it.
    fn changes(&self, holding: &Holding, found: &mut Found) -> Vec<(u32, u32)> {
        let rows: Vec<(usize, Interval)> =
            holding.levels.iter().filter_map(|(level, held)| Some((self.row(*level)?, *held))).collect();
        let usable_at = |door: &DoorRule| holding.usable_at(door);
        let everywhere = self.cells.first().filter(|_| !holding.is_blocked()).map(|(_, door)| usable_at(door));
        // Most doors are the same to a person.
        let mut known: Vec<(Situation, Option<u32>)> = Vec::new();
        let mut changes = Vec::new();
        let mut levels = Vec::with_capacity(rows.len());
        for (place, (cell, door)) in self.cells.iter().enumerate() {
            levels.clear();
            levels
                .extend(rows.iter().map(|(row, held)| (self.times[row + place], *held)).filter(|(pair, _)| *pair != 0));
            let is_changed = |(pair, _): &(u32, Interval)| {
                let (before, after) = &self.before_and_after[*pair as usize];
                before != after
            };
            if !levels.iter().any(is_changed) {
                continue;
            }
            let here = if everywhere.is_none() { Some(usable_at(door)) } else { None };
            let Some(usable) = everywhere.as_ref().or(here.as_ref()) else { continue };
            let same = |(situation, _): &&(Situation, _)| situation.0 == levels && situation.1 == *usable;
            let change = match known.iter().find(same) {
                Some((_, change)) => *change,
                None => {
                    let situation = (levels.clone(), usable.clone());
                    let change = self.difference(&situation).map(|(gained, lost)| found.change(gained, lost));
                    known.push((situation, change));
                    change
                }
            };
            changes.extend(change.map(|change| (found.cell(*cell), change)));
        }
        changes
    }

    /// What is gained and lost, if anything.
    fn difference(&self, (levels, usable): &Situation) -> Option<(Intervals, Intervals)> {
        let (mut before, mut after) = (Intervals::none(), Intervals::none());
        for (pair, held) in levels {
            let (old, new) = &self.before_and_after[*pair as usize];
            let held = Intervals::between(held.from, held.until);
            (before, after) = (before.or(&old.and(&held)), after.or(&new.and(&held)));
        }
        difference(&before.and(usable), &after.and(usable))
    }
}
