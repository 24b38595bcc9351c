//! The rules asked instead of changed: why a door stayed shut ([`explain`]), who may pass where ([`lists`]), who gains and who loses by a
//! change that is not made yet ([`preview`]), what earlier versions were ([`versions`]), and whether each recorded decision followed
//! from its rules ([`replay`]). Nothing here changes anything.

use access_core::diff::{Diff, DiffCounts, DiffGroup, DoorDiff};
use access_core::intervals::Intervals;
use access_core::policy::{PolicyChange, PolicyRow, PolicyRowId, TravelEnds};
use access_core::time::UnixMs;
use axum::Router;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock;
use crate::http::words;
use crate::state::AppState;

pub mod again;
pub mod explain;
pub mod lists;
pub mod preview;
pub mod replay;
pub mod routes;
pub mod store;
#[cfg(test)]
mod tests;
pub mod versions;
pub mod views;

/// Most groups of persons that an answer lists.
pub const GROUPS_MAX: usize = 50;
/// Most persons of a group that an answer lists.
pub const PERSONS_MAX: usize = 200;
/// Most doors of a group that an answer lists.
pub const DOORS_MAX: usize = 100;
/// Most stretches of time at one door that an answer lists.
pub const SPANS_MAX: usize = 64;

/// The routes by which staff change things, for the server itself.
#[derive(Debug, Clone)]
pub struct Editors(pub Router<AppState>);

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimeSpan {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant after it.
    pub until: DateTime<Utc>,
}

/// Who gains and who loses which door from one set of rules to another, within a stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AccessDiff {
    /// From when on it was looked.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// How much changes; always of everybody.
    pub counts: AccessDiffCounts,
    /// How many groups of persons there are for whom the same changes.
    pub groups_count: usize,
    /// Those with most persons first; at most 50.
    pub groups: Vec<AccessDiffGroup>,
    /// Rules that differ beside who may pass when: what doors demand, what areas ask, and the like; at most 200.
    pub rules: Vec<RuleChange>,
}

/// How much changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct AccessDiffCounts {
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
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AccessDiffGroup {
    /// How many they are.
    pub persons_count: usize,
    /// Who; at most 200.
    pub person_ids: Vec<Uuid>,
    /// At how many doors and sides.
    pub doors_count: usize,
    /// What, by door and side; at most 100.
    pub doors: Vec<DoorAccessDiff>,
}

/// What changes at a door.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DoorAccessDiff {
    /// Which door.
    pub door_id: Uuid,
    /// On which side.
    #[schema(value_type = words::Side)]
    pub side: &'static str,
    /// When it may be opened by the new rules and not by the old; at most 64.
    pub gained: Vec<TimeSpan>,
    /// When it may be opened by the old rules and not by the new; at most 64.
    pub lost: Vec<TimeSpan>,
}

access_core::words! {
    /// A kind of rule beside who may pass when.
    pub enum RuleKind {
        /// What holds for all doors.
        TenantRules = "tenant_rules",
        /// A site: its zone, calendar, weak cards.
        Site = "site",
        /// An area: anti-passback, occupancy, two persons.
        Area = "area",
        /// A door: factors, modes, times, exit.
        Door = "door",
        /// An airlock.
        Interlock = "interlock",
        /// A travel time.
        TravelTime = "travel_time",
        /// A threat level.
        ThreatLevel = "threat_level",
        /// A calendar.
        Calendar = "calendar",
        /// A schedule.
        Schedule = "schedule",
        /// An access level.
        AccessLevel = "access_level",
        /// A group.
        Group = "group",
        /// A person: state, exemption, escort, times, groups.
        Person = "person",
        /// A card.
        Credential = "credential",
        /// A grant.
        Grant = "grant",
        /// A block.
        Block = "block",
    }
}

access_core::words! {
    /// What became of a rule.
    pub enum RuleFate {
        /// It is new, or not as it was.
        Put = "put",
        /// It is gone.
        Removed = "removed",
    }
}

crate::describe_words!(RuleKind, RuleFate);

/// A rule that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct RuleChange {
    /// Of which kind.
    pub kind: RuleKind,
    /// Which; none for what has no id.
    pub id: Option<Uuid>,
    /// Which threat level.
    pub level: Option<u8>,
    /// Whether it is there.
    pub fate: RuleFate,
}

/// Most rules that an answer lists.
const RULES_MAX: usize = 200;

impl AccessDiff {
    /// As it is told.
    pub fn of(diff: Diff, changes: &[PolicyChange], from: UnixMs, until: UnixMs) -> Self {
        let Diff { counts, mut groups } = diff;
        let groups_count = groups.len();
        groups.sort_by_key(|group| (std::cmp::Reverse(group.persons.len()), group.persons.first().copied()));
        Self {
            from: clock::from_unix_ms(from),
            until: clock::from_unix_ms(until),
            counts: counts.into(),
            groups_count,
            groups: groups.into_iter().take(GROUPS_MAX).map(AccessDiffGroup::from).collect(),
            rules: changes.iter().map(RuleChange::of).take(RULES_MAX).collect(),
        }
    }
}

impl From<DiffCounts> for AccessDiffCounts {
    fn from(counts: DiffCounts) -> Self {
        let DiffCounts { persons_gaining, persons_losing, gained, lost } = counts;
        Self { persons_gaining, persons_losing, gained, lost }
    }
}

impl From<DiffGroup> for AccessDiffGroup {
    fn from(group: DiffGroup) -> Self {
        Self {
            persons_count: group.persons.len(),
            person_ids: group.persons.into_iter().take(PERSONS_MAX).map(Into::into).collect(),
            doors_count: group.doors.len(),
            doors: group.doors.iter().take(DOORS_MAX).map(DoorAccessDiff::from).collect(),
        }
    }
}

impl From<&DoorDiff> for DoorAccessDiff {
    fn from(door: &DoorDiff) -> Self {
        use access_core::word::Word as _;
        Self {
            door_id: door.door.into(),
            side: door.side.as_str(),
            gained: spans(&door.gained),
            lost: spans(&door.lost),
        }
    }
}

/// Stretches of time as they are told, the first ones.
pub fn spans(times: &Intervals) -> Vec<TimeSpan> {
    let span = |at: &access_core::intervals::Interval| TimeSpan {
        from: clock::from_unix_ms(at.from),
        until: clock::from_unix_ms(at.until),
    };
    times.as_slice().iter().take(SPANS_MAX).map(span).collect()
}

impl RuleChange {
    fn of(change: &PolicyChange) -> Self {
        let (row, fate) = match change {
            PolicyChange::Put(row) => (Self::put(row), RuleFate::Put),
            PolicyChange::Remove(id) => (Self::named(id), RuleFate::Removed),
        };
        Self { fate, ..row }
    }

    fn put(row: &PolicyRow) -> Self {
        let named = |id| Self::named(&id);
        match row {
            PolicyRow::TenantRules(_) => Self::new(RuleKind::TenantRules, None, None),
            PolicyRow::Site(row) => named(PolicyRowId::Site(row.id)),
            PolicyRow::Area(row) => named(PolicyRowId::Area(row.id)),
            PolicyRow::Door(row) => named(PolicyRowId::Door(row.id)),
            PolicyRow::Interlock(row) => named(PolicyRowId::Interlock(row.id)),
            PolicyRow::Travel(row) => named(PolicyRowId::Travel(row.between)),
            PolicyRow::ThreatLevel(row) => named(PolicyRowId::ThreatLevel(row.level)),
            PolicyRow::Calendar(row) => named(PolicyRowId::Calendar(row.id)),
            PolicyRow::Schedule(row) => named(PolicyRowId::Schedule(row.id)),
            PolicyRow::Level(row) => named(PolicyRowId::Level(row.id)),
            PolicyRow::Group(row) => named(PolicyRowId::Group(row.id)),
            PolicyRow::Person(row) => named(PolicyRowId::Person(row.id)),
            PolicyRow::Credential(row) => named(PolicyRowId::Credential(row.id)),
            PolicyRow::Grant(row) => named(PolicyRowId::Grant(row.id)),
            PolicyRow::Block(row) => named(PolicyRowId::Block(row.id)),
        }
    }

    fn named(id: &PolicyRowId) -> Self {
        let new = |kind, id: Uuid| Self::new(kind, Some(id), None);
        match *id {
            PolicyRowId::Site(id) => new(RuleKind::Site, id.into()),
            PolicyRowId::Area(id) => new(RuleKind::Area, id.into()),
            PolicyRowId::Door(id) => new(RuleKind::Door, id.into()),
            PolicyRowId::Interlock(id) => new(RuleKind::Interlock, id.into()),
            PolicyRowId::Travel(TravelEnds::Doors(one, _)) => new(RuleKind::TravelTime, one.into()),
            PolicyRowId::Travel(TravelEnds::Sites(one, _)) => new(RuleKind::TravelTime, one.into()),
            PolicyRowId::ThreatLevel(level) => Self::new(RuleKind::ThreatLevel, None, Some(level)),
            PolicyRowId::Calendar(id) => new(RuleKind::Calendar, id.into()),
            PolicyRowId::Schedule(id) => new(RuleKind::Schedule, id.into()),
            PolicyRowId::Level(id) => new(RuleKind::AccessLevel, id.into()),
            PolicyRowId::Group(id) => new(RuleKind::Group, id.into()),
            PolicyRowId::Person(id) => new(RuleKind::Person, id.into()),
            PolicyRowId::Credential(id) => new(RuleKind::Credential, id.into()),
            PolicyRowId::Grant(id) => new(RuleKind::Grant, id.into()),
            PolicyRowId::Block(id) => new(RuleKind::Block, id.into()),
        }
    }

    fn new(kind: RuleKind, id: Option<Uuid>, level: Option<u8>) -> Self {
        Self { kind, id, level, fate: RuleFate::Put }
    }
}
