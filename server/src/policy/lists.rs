//! Who may pass a door, where a person may go, and which grants nobody uses: worked out from the rules, not from what happened.

use std::collections::BTreeMap;

use access_core::Policy;
use access_core::ids::{DoorId, PersonId};
use access_core::policy::{Grant, Holder, PersonView, Side};
use access_core::time::UnixMs;
use access_core::who::{MayOpen, where_, where_times, who, who_times};
use access_core::word::Word as _;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{TimeSpan, spans};
use crate::clock;
use crate::http::words;

/// What is asked: an instant, or a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At this instant.
    At(UnixMs),
    /// From one instant to another.
    Within(UnixMs, UnixMs),
}

/// A person may pass a door on a side, with a card that proves its key and the factors that are asked for, as far as rules go: as if
/// nothing had happened.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MayPass {
    /// Who.
    pub person_id: Uuid,
    /// Which door.
    pub door_id: Uuid,
    /// On which side.
    #[schema(value_type = words::Side)]
    pub side: &'static str,
    /// When, within the stretch that was asked for; empty for an instant.
    pub times: Vec<TimeSpan>,
    /// At an instant: with which card.
    pub credential_id: Option<Uuid>,
    /// At an instant: by which grant.
    pub grant_id: Option<Uuid>,
    /// At an instant: the level of that grant.
    pub level_id: Option<Uuid>,
    /// At an instant: what they must show.
    #[schema(value_type = Option<words::FactorDemand>)]
    pub factors: Option<&'static str>,
    /// At an instant: whom they must have with them, `escort_required` or `second_person_required`.
    #[schema(value_type = Option<words::Reason>)]
    pub company: Option<&'static str>,
}

/// Everybody who may pass a door, by person and side.
pub fn of_door(policy: &Policy, door: DoorId, sides: &[Side], when: When) -> Vec<MayPass> {
    let mut all: Vec<MayPass> = sides
        .iter()
        .flat_map(|side| match when {
            When::At(at) => who(policy, None, door, *side, at).into_iter().map(MayPass::from).collect::<Vec<_>>(),
            When::Within(from, until) => {
                let people = who_times(policy, door, *side, from, until).into_iter();
                people.map(|person| MayPass::new(person.person, door, *side, spans(&person.times))).collect()
            }
        })
        .collect();
    all.sort_by_key(|may| (may.person_id, may.side));
    all
}

/// Every door that a person may pass, by door and side.
pub fn of_person(policy: &Policy, person: PersonId, when: When) -> Vec<MayPass> {
    match when {
        When::At(at) => where_(policy, None, person, at).into_iter().map(MayPass::from).collect(),
        When::Within(from, until) => {
            let doors = where_times(policy, person, from, until).into_iter();
            doors.map(|door| MayPass::new(person, door.door, door.side, spans(&door.times))).collect()
        }
    }
}

impl MayPass {
    fn new(person: PersonId, door: DoorId, side: Side, times: Vec<TimeSpan>) -> Self {
        Self {
            person_id: person.into(),
            door_id: door.into(),
            side: side.as_str(),
            times,
            credential_id: None,
            grant_id: None,
            level_id: None,
            factors: None,
            company: None,
        }
    }
}

impl From<MayOpen> for MayPass {
    fn from(may: MayOpen) -> Self {
        Self {
            credential_id: Some(may.credential.into()),
            grant_id: Some(may.grant.into()),
            level_id: Some(may.level.into()),
            factors: Some(may.factors.as_str()),
            company: may.company.map(|reason| reason.as_str()),
            ..Self::new(may.person, may.door, may.side, Vec::new())
        }
    }
}

/// A grant in force by which nobody was let through a door for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnusedGrant {
    /// Which grant.
    pub grant_id: Uuid,
    /// The person who holds it.
    pub person_id: Option<Uuid>,
    /// The group that holds it.
    pub group_id: Option<Uuid>,
    /// Its level.
    pub level_id: Uuid,
    /// Since when.
    pub valid_from: DateTime<Utc>,
    /// Until when.
    pub valid_until: Option<DateTime<Utc>>,
}

/// When each person was last let through each door.
pub type LastGranted = BTreeMap<PersonId, Vec<(DoorId, DateTime<Utc>)>>;

/// Grants that were in force all the time since, and whose holder, or anybody of whose holders, was let through none of their level's
/// doors; the oldest first.
pub fn unused(policy: &Policy, granted: &LastGranted, since: UnixMs, now: UnixMs) -> Vec<UnusedGrant> {
    let used_by = |person: &PersonView<'_>, grant: &Grant| {
        let mut doors = granted.get(&person.id).into_iter().flatten().map(|(door, _)| *door);
        doors.any(|door| Side::ALL.iter().any(|side| policy.holds(grant.level, door, *side)))
    };
    let mut by_group: BTreeMap<_, Vec<PersonView<'_>>> = BTreeMap::new();
    for person in policy.persons() {
        for group in person.groups {
            by_group.entry(*group).or_default().push(person);
        }
    }
    let is_used = |grant: &Grant| match grant.holder {
        Holder::Person(person) => policy.person(person).is_some_and(|person| used_by(&person, grant)),
        Holder::Group(group) => by_group.get(&group).into_iter().flatten().any(|person| used_by(person, grant)),
    };
    let is_old = |grant: &Grant| grant.valid.from <= since && grant.valid.until.is_none_or(|until| now < until);
    let mut unused: Vec<Grant> = policy.all_grants().filter(is_old).filter(|grant| !is_used(grant)).collect();
    unused.sort_by_key(|grant| (grant.valid.from, grant.id));
    unused.iter().map(UnusedGrant::of).collect()
}

impl UnusedGrant {
    fn of(grant: &Grant) -> Self {
        let (person_id, group_id) = match grant.holder {
            Holder::Person(person) => (Some(person.into()), None),
            Holder::Group(group) => (None, Some(group.into())),
        };
        Self {
            grant_id: grant.id.into(),
            person_id,
            group_id,
            level_id: grant.level.into(),
            valid_from: clock::from_unix_ms(grant.valid.from),
            valid_until: grant.valid.until.map(clock::from_unix_ms),
        }
    }
}
