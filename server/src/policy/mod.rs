//! The rules asked instead of changed: why a door stayed shut ([`explain`]), who may pass where ([`lists`]), who gains and who loses by a
//! change that is not made yet ([`preview`]), what earlier versions were ([`versions`]), and whether each recorded decision followed
//! from its rules ([`replay`]). Nothing here changes anything.

use access_core::diff::{Diff, DiffCounts, DiffGroup, DoorDiff};
use access_core::intervals::Intervals;
use access_core::policy::{PolicyChange, PolicyRowId, TravelEnds};
use access_core::time::UnixMs;
use anyhow::Context as _;
use axum::Router;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use self::facts::{Facts, RuleFact};
use self::store::Names;
use crate::clock;
use crate::http::{ApiError, ApiResult, words};
use crate::sites::DAYS_AHEAD_MAX;
use crate::state::AppState;

pub mod again;
pub mod explain;
pub mod facts;
pub mod force;
pub mod lists;
pub mod preview;
pub mod replay;
pub mod routes;
pub mod store;
#[cfg(test)]
pub(crate) mod tests;
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

/// Refuses an instant that lies further ahead than the hours of a site's zone are known.
fn not_too_far_ahead(field: &str, at: DateTime<Utc>, now: DateTime<Utc>) -> ApiResult<()> {
    if at > now + TimeDelta::days(DAYS_AHEAD_MAX) {
        return Err(ApiError::field(
            field,
            format!("must be within {DAYS_AHEAD_MAX} days: hours are known so far ahead"),
        ));
    }
    Ok(())
}

/// Works something out beside the runtime's own threads.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> ApiResult<T> {
    Ok(tokio::task::spawn_blocking(work).await.context("the rules are asked")?)
}

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
    /// How many rules differ.
    pub rules_count: usize,
    /// Rules that differ, each with how it was and how it is; at most 200. Who gains and who loses is worked out from grants, hours,
    /// blocks, cards and persons alone: what else a rule asks for is told here only.
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
    /// A kind of rule.
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
        /// It is new.
        Added = "added",
        /// It is not as it was.
        Changed = "changed",
        /// It is gone.
        Removed = "removed",
    }
}

crate::describe_words!(RuleKind, RuleFate);

/// A rule that differs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RuleChange {
    /// Of which kind.
    pub kind: RuleKind,
    /// Which; none for what has no id.
    pub id: Option<Uuid>,
    /// Which threat level.
    pub level: Option<u8>,
    /// What it is called; of a grant, what its level is called. None for what has no name, or is a person.
    pub name: Option<String>,
    /// What became of it.
    pub fate: RuleFate,
    /// What of it differs.
    pub facts: Vec<RuleFact>,
}

/// Most rules that an answer lists.
const RULES_MAX: usize = 200;

impl AccessDiff {
    /// As it is told. `changes` make the old rules the new ones, `back` makes them the old ones again.
    pub fn of(
        diff: Diff,
        changes: &[PolicyChange],
        back: &[PolicyChange],
        names: &Names,
        from: UnixMs,
        until: UnixMs,
    ) -> Self {
        let Diff { counts, mut groups } = diff;
        let groups_count = groups.len();
        groups.sort_by_key(|group| (std::cmp::Reverse(group.persons.len()), group.persons.first().copied()));
        let facts = Facts::new(back, names);
        Self {
            from: clock::from_unix_ms(from),
            until: clock::from_unix_ms(until),
            counts: counts.into(),
            groups_count,
            groups: groups.into_iter().take(GROUPS_MAX).map(AccessDiffGroup::from).collect(),
            rules_count: changes.len(),
            rules: changes.iter().take(RULES_MAX).map(|change| RuleChange::of(change, &facts)).collect(),
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
    fn of(change: &PolicyChange, facts: &Facts<'_>) -> Self {
        let (was_there, name, differing) = facts.of(change);
        let (id, fate) = match change {
            PolicyChange::Put(row) if was_there => (facts::id_of(row), RuleFate::Changed),
            PolicyChange::Put(row) => (facts::id_of(row), RuleFate::Added),
            PolicyChange::Remove(id) => (Some(*id), RuleFate::Removed),
        };
        let (kind, uuid, level) = id.map_or((RuleKind::TenantRules, None, None), named);
        Self { kind, id: uuid, level, name, fate, facts: differing }
    }
}

/// A row's kind, id and number.
fn named(id: PolicyRowId) -> (RuleKind, Option<Uuid>, Option<u8>) {
    let new = |kind, id: Uuid| (kind, Some(id), None);
    match id {
        PolicyRowId::Site(id) => new(RuleKind::Site, id.into()),
        PolicyRowId::Area(id) => new(RuleKind::Area, id.into()),
        PolicyRowId::Door(id) => new(RuleKind::Door, id.into()),
        PolicyRowId::Interlock(id) => new(RuleKind::Interlock, id.into()),
        PolicyRowId::Travel(TravelEnds::Doors(one, _)) => new(RuleKind::TravelTime, one.into()),
        PolicyRowId::Travel(TravelEnds::Sites(one, _)) => new(RuleKind::TravelTime, one.into()),
        PolicyRowId::ThreatLevel(level) => (RuleKind::ThreatLevel, None, Some(level)),
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
