//! What was found to change, gathered by persons for whom the same does: each cell, and each pair of what is gained and lost, is kept once.

use std::collections::HashMap;

use super::{Cell, Diff, DiffCounts, DiffGroup, DoorDiff};
use crate::ids::PersonId;
use crate::intervals::Intervals;

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    cells: HashMap<Cell, u32>,
    changes: HashMap<(Intervals, Intervals), u32>,
    /// Persons, by what changes for them: cells in their order, each with what changes there.
    persons: HashMap<Vec<(u32, u32)>, Vec<PersonId>>,
}

impl Found {
    /// The number of a cell.
    pub(super) fn cell(&mut self, cell: Cell) -> u32 {
        let next = self.cells.len() as u32;
        *self.cells.entry(cell).or_insert(next)
    }

    /// The number of what is gained and lost.
    pub(super) fn change(&mut self, gained: Intervals, lost: Intervals) -> u32 {
        let next = self.changes.len() as u32;
        *self.changes.entry((gained, lost)).or_insert(next)
    }

    /// Persons for whom this changes, by cell in their order. They may hold different things than others for whom the same does.
    pub(super) fn put(&mut self, changes: Vec<(u32, u32)>, persons: Vec<PersonId>) {
        if !changes.is_empty() {
            self.persons.entry(changes).or_default().extend(persons);
        }
    }

    pub(super) fn into_diff(self) -> Diff {
        let (cells, changes) = (by_number(self.cells), by_number(self.changes));
        let group = |(numbers, mut persons): (Vec<(u32, u32)>, Vec<PersonId>)| {
            persons.sort_unstable();
            let door = |(cell, change): (u32, u32)| {
                let ((door, side), (gained, lost)) = (cells[cell as usize], &changes[change as usize]);
                DoorDiff { door, side, gained: gained.clone(), lost: lost.clone() }
            };
            DiffGroup { persons, doors: numbers.into_iter().map(door).collect() }
        };
        let mut diff = Diff { counts: DiffCounts::default(), groups: self.persons.into_iter().map(group).collect() };
        diff.groups.sort_unstable_by_key(|group| group.persons.first().copied());
        diff.groups.iter().for_each(|group| diff.counts.add(group));
        diff
    }
}

/// Things in the order of their numbers, which are all from 0 on.
pub(super) fn by_number<T>(numbered: HashMap<T, u32>) -> Vec<T> {
    let mut numbered: Vec<_> = numbered.into_iter().collect();
    numbered.sort_unstable_by_key(|(_, number)| *number);
    numbered.into_iter().map(|(thing, _)| thing).collect()
}
