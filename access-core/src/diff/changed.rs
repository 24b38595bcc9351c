//! What differs between two policies, and whose answer that can change.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cell, by_id, differing};
use crate::ids::{AccessLevelId, DoorId, GroupId, PersonId};
use crate::policy::{AccessLevel, Block, BlockSubject, DoorRule, Holder, Policy, Side};
use crate::who::OpenTimes;
use crate::word::Word as _;

/// What differs between two policies.
pub(super) struct Changed {
    /// Levels that are open at other times, at some door and side.
    pub(super) levels: BTreeSet<AccessLevelId>,
    /// Those doors and sides.
    pub(super) cells: BTreeSet<Cell>,
    /// Levels that hold one of those doors and sides: they may hide a change.
    pub(super) concerned: BTreeSet<AccessLevelId>,
    /// Persons of whom something differs beside what the levels that they hold open.
    pub(super) persons: BTreeSet<PersonId>,
}

impl Changed {
    pub(super) fn between(old: &OpenTimes<'_>, new: &OpenTimes<'_>) -> Self {
        let levels = changed_levels(old, new);
        let cells: BTreeSet<Cell> = levels.values().flatten().copied().collect();
        let concerned = [old, new].into_iter().flat_map(|open| levels_of(open.policy, &cells)).collect();
        let persons = changed_persons(old.policy, new.policy);
        Self { levels: levels.into_keys().collect(), cells, concerned, persons }
    }
}

fn levels_of(policy: &Policy, cells: &BTreeSet<Cell>) -> Vec<AccessLevelId> {
    let holds = |level: &&AccessLevel| cells.iter().any(|(door, side)| policy.holds(level.id, *door, *side));
    policy.levels().iter().filter(holds).map(|level| level.id).collect()
}

fn changed_levels(old: &OpenTimes<'_>, new: &OpenTimes<'_>) -> BTreeMap<AccessLevelId, BTreeSet<Cell>> {
    let (before, after) = (old.policy, new.policy);
    let is_elsewhere =
        (before.sites(), before.calendars(), before.doors()) != (after.sites(), after.calendars(), after.doors());
    let schedules: BTreeSet<_> =
        differing(before.schedules().iter(), after.schedules().iter(), |row| row.id).map(|row| row.id).collect();
    let (old_levels, new_levels) = (by_id(before.levels(), |row| row.id), by_id(after.levels(), |row| row.id));
    let ids: BTreeSet<AccessLevelId> = old_levels.keys().chain(new_levels.keys()).copied().collect();
    let names_changed = |level: Option<&&AccessLevel>| {
        let named = level.into_iter().flat_map(|level| &level.lines).filter_map(|line| line.schedule);
        named.into_iter().any(|schedule| schedules.contains(&schedule))
    };
    let can_differ = |id: &AccessLevelId| {
        let (old, new) = (old_levels.get(id), new_levels.get(id));
        is_elsewhere || old != new || names_changed(old) || names_changed(new)
    };
    let doors: BTreeSet<DoorId> = before.doors().iter().chain(after.doors()).map(|door| door.id).collect();
    let times = |open: &OpenTimes<'_>, level, door, side| {
        open.policy.door(door).map(|door| open.of_level(level, door, side)).unwrap_or_default()
    };
    let mut changed = BTreeMap::new();
    for level in ids.into_iter().filter(can_differ) {
        let is_held = |(door, side): &Cell| [old, new].iter().any(|open| open.policy.holds(level, *door, *side));
        let all = doors.iter().flat_map(|door| Side::ALL.iter().map(|side| (*door, *side))).filter(is_held);
        let cells: BTreeSet<Cell> =
            all.filter(|(door, side)| times(old, level, *door, *side) != times(new, level, *door, *side)).collect();
        if !cells.is_empty() {
            changed.insert(level, cells);
        }
    }
    changed
}

/// Persons whose row, cards, grants or blocks differ, or those of a group of theirs.
fn changed_persons(old: &Policy, new: &Policy) -> BTreeSet<PersonId> {
    let mut persons: BTreeSet<PersonId> = old.persons_differing(new).collect();
    let mut groups: BTreeSet<GroupId> = BTreeSet::new();
    let of_groups = (old.grants_of_groups().iter(), new.grants_of_groups().iter());
    for grant in differing(of_groups.0, of_groups.1, |row| (row.holder, row.id)) {
        if let Holder::Group(group) = grant.holder {
            groups.insert(group);
        }
    }
    // A block of an area or a site reaches other doors when doors move.
    let moved: Vec<&DoorRule> = differing(old.doors().iter(), new.doors().iter(), |row| row.id).collect();
    let reaches_others = |block: &&Block| moved.iter().any(|door| block.place.holds(door));
    let blocks = differing(old.blocks().iter(), new.blocks().iter(), |row| row.id);
    for block in blocks.chain(old.blocks().iter().filter(reaches_others)) {
        match block.subject {
            BlockSubject::Person(person) => drop(persons.insert(person)),
            BlockSubject::Group(group) => drop(groups.insert(group)),
            BlockSubject::Credential(card) => {
                let holder = |policy: &Policy| policy.credential(card).map(|card| card.person);
                persons.extend(holder(old).into_iter().chain(holder(new)));
            }
        }
    }
    if !groups.is_empty() {
        for policy in [old, new] {
            let members = policy.persons().filter(|person| person.groups.iter().any(|group| groups.contains(group)));
            persons.extend(members.map(|person| person.id));
        }
    }
    persons
}
