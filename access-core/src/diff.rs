//! Who gains and who loses which door between two policies, and when: what a preview shows before anything is saved.
//!
//! As in [`who_times`](crate::who::who_times), only what needs no state counts: grants, schedules, blocks, cards and persons.
//! Only persons are looked at whose answer can have changed, and those who hold the same are looked at together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::ids::{DoorId, PersonId};
use crate::intervals::Intervals;
use crate::policy::{Policy, Side, stretch};
use crate::time::UnixMs;
use crate::who::{OpenTimes, doors_held};

mod changed;
mod found;
mod holding;
mod opened;

use changed::Changed;
use found::Found;
use holding::Holding;

/// Who gains and who loses which door.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    /// How much changes.
    pub counts: DiffCounts,
    /// Persons for whom the same changes, with what does; by the smallest person's id.
    pub groups: Vec<DiffGroup>,
}

/// How much changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiffCounts {
    /// Persons who gain something.
    pub persons_gaining: u64,
    /// Persons who lose something.
    pub persons_losing: u64,
    /// Persons × doors × sides at which some time is gained.
    pub gained: u64,
    /// Persons × doors × sides at which some time is lost.
    pub lost: u64,
}

/// Persons for whom the same changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffGroup {
    /// Who, ascending.
    pub persons: Vec<PersonId>,
    /// What, by door and side.
    pub doors: Vec<DoorDiff>,
}

/// What changes at a door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorDiff {
    /// Which door.
    pub door: DoorId,
    /// On which side.
    pub side: Side,
    /// When it may be opened from now on and could not before.
    pub gained: Intervals,
    /// When it could be opened before and may not from now on.
    pub lost: Intervals,
}

/// A door on a side.
type Cell = (DoorId, Side);

/// What changes from one policy to another in a stretch of time. At most
/// [`STRETCH_MS_MAX`](crate::policy::STRETCH_MS_MAX) is looked at.
pub fn diff(old: &Policy, new: &Policy, from: UnixMs, until: UnixMs) -> Diff {
    let within = stretch(from, until);
    let (old, new) = (OpenTimes::new(old, within), OpenTimes::new(new, within));
    let changed = Changed::between(&old, &new);
    let mut found = Found::default();
    find_of_persons(&old, &new, &changed, &mut found);
    opened::find(&old, &new, &changed, &mut found);
    found.into_diff()
}

/// Finds what changes for those of whom something differs: every door of theirs is looked at.
fn find_of_persons(old: &OpenTimes<'_>, new: &OpenTimes<'_>, changed: &Changed, found: &mut Found) {
    let mut alike: HashMap<(Holding, Holding), Vec<PersonId>> = HashMap::new();
    for person in &changed.persons {
        let holding = |open: &OpenTimes<'_>| {
            let person = open.policy.person(*person);
            person.map_or_else(Holding::default, |person| Holding::of(open, &person, |_| true))
        };
        alike.entry((holding(old), holding(new))).or_default().push(*person);
    }
    for persons in alike.into_values() {
        let mut changes = Vec::new();
        for (door, side) in cells_of(old, new, persons[0]) {
            let times = |open: &OpenTimes<'_>| {
                let found = open.policy.person(persons[0]).zip(open.policy.door(door));
                found.map_or_else(Intervals::none, |(person, door)| open.of_person(&person, door, side))
            };
            if let Some((gained, lost)) = difference(&times(old), &times(new)) {
                changes.push((found.cell((door, side)), found.change(gained, lost)));
            }
        }
        found.put(changes, persons);
    }
}

/// What is gained and lost, if anything.
fn difference(before: &Intervals, after: &Intervals) -> Option<(Intervals, Intervals)> {
    let (gained, lost) = (after.without(before), before.without(after));
    (!gained.is_empty() || !lost.is_empty()).then_some((gained, lost))
}

impl DiffCounts {
    fn add(&mut self, group: &DiffGroup) {
        let persons = group.persons.len() as u64;
        let gained = group.doors.iter().filter(|door| !door.gained.is_empty()).count() as u64;
        let lost = group.doors.iter().filter(|door| !door.lost.is_empty()).count() as u64;
        self.persons_gaining += if gained > 0 { persons } else { 0 };
        self.persons_losing += if lost > 0 { persons } else { 0 };
        self.gained += gained * persons;
        self.lost += lost * persons;
    }
}

/// Every door and side that a person holds by either policy.
fn cells_of(old: &OpenTimes<'_>, new: &OpenTimes<'_>, person: PersonId) -> BTreeSet<Cell> {
    let of = |open: &OpenTimes<'_>| {
        let held = |person| doors_held(open.policy, &person).map(|(door, side)| (door.id, side)).collect::<Vec<_>>();
        open.policy.person(person).map(held).unwrap_or_default()
    };
    of(old).into_iter().chain(of(new)).collect()
}

/// Rows of both, side by side, by a key that both are sorted by. Tells the keys of those that differ.
fn differing<'a, Row: PartialEq + 'a, Key: Ord + 'a>(
    old: impl Iterator<Item = Row> + 'a,
    new: impl Iterator<Item = Row> + 'a,
    key: impl Fn(&Row) -> Key + 'a,
) -> impl Iterator<Item = Row> + 'a {
    let (mut old, mut new) = (old.peekable(), new.peekable());
    let mut both = Vec::new();
    std::iter::from_fn(move || {
        loop {
            if let Some(row) = both.pop() {
                return Some(row);
            }
            match (old.peek(), new.peek()) {
                (Some(before), Some(after)) => match key(before).cmp(&key(after)) {
                    std::cmp::Ordering::Less => return old.next(),
                    std::cmp::Ordering::Greater => return new.next(),
                    std::cmp::Ordering::Equal if before == after => {
                        old.next();
                        new.next();
                    }
                    std::cmp::Ordering::Equal => both.extend(old.next().into_iter().chain(new.next())),
                },
                (Some(_), None) => return old.next(),
                (None, _) => return new.next(),
            }
        }
    })
}

fn by_id<Id: Ord + Copy, Row>(rows: &[Row], id: impl Fn(&Row) -> Id) -> BTreeMap<Id, &Row> {
    rows.iter().map(|row| (id(row), row)).collect()
}

#[cfg(test)]
mod tests;
