//! Records and single changes as an explanation tells them: with ids for links and names for reading. A person has no name here.

use access_core::Policy;
use access_core::attempt::Factor;
use access_core::explain::Remedy;
use access_core::ids::{BlockId, GrantId};
use access_core::policy::{BlockSubject, Holder};
use access_core::time::Period;
use access_core::verdict::RecordRef;
use access_core::word::Word as _;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::Names;
use crate::clock;
use crate::http::words;

access_core::words! {
    /// A kind of record that settles what a rule answers.
    pub enum RecordKind {
        /// A grant.
        Grant = "grant",
        /// A block.
        Block = "block",
        /// An access level.
        AccessLevel = "access_level",
        /// A schedule.
        Schedule = "schedule",
        /// A door.
        Door = "door",
        /// An area.
        Area = "area",
        /// A threat level.
        ThreatLevel = "threat_level",
        /// A person.
        Person = "person",
        /// A card.
        Credential = "credential",
    }
}

crate::describe_words!(RecordKind);

/// A record that settled what a rule answers. What does not apply is null.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct RecordView {
    /// Of which kind.
    #[schema(value_type = RecordKind)]
    pub kind: &'static str,
    /// Which; none for a threat level.
    pub id: Option<Uuid>,
    /// Which threat level.
    pub level: Option<u8>,
    /// What it is called today; of a grant, what its level is called; of a card, or a block on one, the card's mark.
    pub name: Option<String>,
    /// The level of a grant.
    pub level_id: Option<Uuid>,
    /// The person who holds a grant, or whom a block stops.
    pub person_id: Option<Uuid>,
    /// The group that holds a grant, or that a block stops.
    pub group_id: Option<Uuid>,
    /// What that group is called today.
    pub group_name: Option<String>,
    /// The card that a block stops.
    pub credential_id: Option<Uuid>,
    /// From when on a grant or block counts.
    pub valid_from: Option<DateTime<Utc>>,
    /// Until when, if it has an end.
    pub valid_until: Option<DateTime<Utc>>,
}

impl RecordView {
    /// As it was by these rules.
    pub fn of(policy: &Policy, names: &Names, record: &RecordRef) -> Self {
        let new = |kind: RecordKind, id: Uuid| Self {
            kind: kind.as_str(),
            id: Some(id),
            name: names.of(id),
            ..Self::default()
        };
        match *record {
            RecordRef::Grant(grant) => new(RecordKind::Grant, grant.into()).with_grant(policy, names, grant),
            RecordRef::Block(block) => new(RecordKind::Block, block.into()).with_block(policy, names, block),
            RecordRef::Level(level) => new(RecordKind::AccessLevel, level.into()),
            RecordRef::Schedule(schedule) => new(RecordKind::Schedule, schedule.into()),
            RecordRef::Door(door) => new(RecordKind::Door, door.into()),
            RecordRef::Area(area) => new(RecordKind::Area, area.into()),
            RecordRef::Person(person) => new(RecordKind::Person, person.into()),
            RecordRef::Credential(card) => new(RecordKind::Credential, card.into()),
            RecordRef::ThreatLevel(level) => Self {
                kind: RecordKind::ThreatLevel.as_str(),
                level: Some(level),
                name: names.of_threat_level(level),
                ..Self::default()
            },
        }
    }

    fn with_grant(self, policy: &Policy, names: &Names, id: GrantId) -> Self {
        let Some(grant) = policy.grant(id) else { return self };
        let (person_id, group_id) = match grant.holder {
            Holder::Person(person) => (Some(person.into()), None),
            Holder::Group(group) => (None, Some(group.into())),
        };
        let level_id = Some(grant.level.into());
        Self { name: level_id.and_then(|level| names.of(level)), level_id, person_id, group_id, ..self }
            .with_group_name(names)
            .within(grant.valid)
    }

    fn with_block(self, policy: &Policy, names: &Names, id: BlockId) -> Self {
        let Some(block) = policy.block(id) else { return self };
        let blocked = match block.subject {
            BlockSubject::Person(person) => Self { person_id: Some(person.into()), ..self },
            BlockSubject::Group(group) => Self { group_id: Some(group.into()), ..self },
            BlockSubject::Credential(card) => {
                Self { credential_id: Some(card.into()), name: names.of(card.into()), ..self }
            }
        };
        blocked.with_group_name(names).within(block.valid)
    }

    fn with_group_name(self, names: &Names) -> Self {
        Self { group_name: self.group_id.and_then(|group| names.of(group)), ..self }
    }

    fn within(self, valid: Period) -> Self {
        let valid_from = Some(clock::from_unix_ms(valid.from));
        Self { valid_from, valid_until: valid.until.map(clock::from_unix_ms), ..self }
    }
}

/// A single change that would grant an attempt. What does not apply is null.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct RemedyView {
    /// Of which kind.
    #[schema(value_type = words::RemedyKind)]
    pub kind: &'static str,
    /// What is to be shown or enrolled.
    #[schema(value_type = Option<words::Factor>)]
    pub factor: Option<&'static str>,
    /// Until when to wait.
    pub until: Option<DateTime<Utc>>,
    /// The level to grant, or of the grant.
    pub level_id: Option<Uuid>,
    /// The grant.
    pub grant_id: Option<Uuid>,
    /// The block to lift.
    pub block_id: Option<Uuid>,
    /// The card.
    pub credential_id: Option<Uuid>,
    /// The person.
    pub person_id: Option<Uuid>,
    /// The group that holds the grant.
    pub group_id: Option<Uuid>,
    /// The door.
    pub door_id: Option<Uuid>,
    /// The area.
    pub area_id: Option<Uuid>,
    /// The threat level to end.
    pub threat_level: Option<u8>,
    /// What the level, door, area or threat level is called today; the card's mark.
    pub name: Option<String>,
}

impl RemedyView {
    /// As it is by these rules.
    pub fn of(policy: &Policy, names: &Names, remedy: &Remedy) -> Self {
        let new = Self { kind: remedy.kind().as_str(), ..Self::default() };
        let factor = |factor: Factor| Some(factor.as_str());
        let view = match *remedy {
            Remedy::ShowFactor(shown) => Self { factor: factor(shown), ..new },
            Remedy::WaitUntil(until) => Self { until: Some(clock::from_unix_ms(until)), ..new },
            Remedy::GrantLevel(level) => Self { level_id: Some(level.into()), ..new },
            Remedy::ExtendGrant(grant) | Remedy::BeginGrant(grant) => {
                let known = policy.grant(grant);
                let (person_id, group_id) = match known.map(|known| known.holder) {
                    Some(Holder::Person(person)) => (Some(person.into()), None),
                    Some(Holder::Group(group)) => (None, Some(group.into())),
                    None => (None, None),
                };
                let level_id = known.map(|known| known.level.into());
                Self { grant_id: Some(grant.into()), level_id, person_id, group_id, ..new }
            }
            Remedy::ActivateCard(card)
            | Remedy::ExtendCard(card)
            | Remedy::BeginCard(card)
            | Remedy::UnlockCard(card) => Self { credential_id: Some(card.into()), ..new },
            Remedy::ActivatePerson(person) | Remedy::ForgivePerson(person) => {
                Self { person_id: Some(person.into()), ..new }
            }
            Remedy::EnrolFactor(enrolled, person) => {
                Self { factor: factor(enrolled), person_id: Some(person.into()), ..new }
            }
            Remedy::LiftBlock(block) => Self { block_id: Some(block.into()), ..new },
            Remedy::EndThreatLevel(level) => {
                Self { threat_level: Some(level), name: names.of_threat_level(level), ..new }
            }
            Remedy::EndMode(door) | Remedy::CloseDoor(door) => Self { door_id: Some(door.into()), ..new },
            Remedy::SomebodyLeaves(area) => Self { area_id: Some(area.into()), ..new },
            Remedy::ProveCard
            | Remedy::UnlockReader
            | Remedy::BringEscort
            | Remedy::BringSecondPerson
            | Remedy::TrustClock
            | Remedy::RenewPolicy => new,
        };
        let of = [view.level_id, view.door_id, view.area_id, view.credential_id];
        let named = of.into_iter().flatten().find_map(|id| names.of(id));
        Self { name: view.name.clone().or(named), ..view }
    }
}
