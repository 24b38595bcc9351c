//! What doors need: the rules of one tenant, compiled for deciding.
//!
//! The server compiles it from its tables, an agent from its signed bundle; both get the same answers from
//! [`decide`](crate::decide::decide). A policy never changes: a new version is a new policy.

use std::collections::{BTreeMap, BTreeSet};

mod rows;
mod schedule;

pub use rows::{
    AccessLevel, Block, BlockSubject, CardToken, CredentialRule, CredentialState, DoorRule, Exit, FactorDemand, Grant,
    LevelLine, PersonRule, PolicyRows, PolicyScope, Side, Sides, SiteRule,
};
pub use schedule::{MINUTES_PER_DAY, Schedule, Window};

use crate::ids::{AccessLevelId, DoorId, PersonId, ScheduleId, SiteId, TenantId};
use crate::time::UnixMs;

/// Longest release that a door may have, in milliseconds.
pub const RELEASE_MS_MAX: u32 = 60_000;
/// Longest time that a door may stand open without an alarm, in milliseconds.
pub const HELD_MS_MAX: u32 = 60 * 60_000;

/// The rules of one tenant, checked and indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    rows: PolicyRows,
    usable_until: Option<UnixMs>,
    sites: BTreeMap<SiteId, usize>,
    doors: BTreeMap<DoorId, usize>,
    schedules: BTreeMap<ScheduleId, usize>,
    levels: BTreeMap<AccessLevelId, usize>,
    persons: BTreeMap<PersonId, usize>,
    credentials: BTreeMap<CardToken, usize>,
    /// Places in `rows.grants`, which is sorted by person.
    grants: BTreeMap<PersonId, std::ops::Range<usize>>,
}

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
    /// A row's numbers make no sense.
    #[error("{row}: {why}")]
    Malformed {
        /// The row.
        row: String,
        /// What is wrong.
        why: &'static str,
    },
}

impl Policy {
    /// Checks and indexes rows. Their order does not matter.
    pub fn compile(mut rows: PolicyRows) -> Result<Self, PolicyError> {
        rows.grants.sort_by_key(|grant| (grant.person, grant.id));
        rows.blocks.sort_by_key(|block| block.id);
        let policy = Self {
            sites: index("site", &rows.sites, |site| site.id)?,
            doors: index("door", &rows.doors, |door| door.id)?,
            schedules: index("schedule", &rows.schedules, |schedule| schedule.id)?,
            levels: index("access level", &rows.levels, |level| level.id)?,
            persons: index("person", &rows.persons, |person| person.id)?,
            credentials: index_cards(&rows.credentials)?,
            grants: ranges_by_person(&rows.grants),
            usable_until: None,
            rows,
        };
        policy.check()?;
        Ok(policy)
    }

    /// The same policy, to be used no later than `until` (an agent's copy ages; see `policy_too_old`).
    #[must_use]
    pub fn usable_until(mut self, until: UnixMs) -> Self {
        self.usable_until = Some(until);
        self
    }

    /// Whether the policy has not aged out at `at`.
    pub fn is_usable(&self, at: UnixMs) -> bool {
        self.usable_until.is_none_or(|until| at <= until)
    }

    /// Whose rules.
    pub fn tenant(&self) -> TenantId {
        self.rows.tenant
    }

    /// Which version.
    pub fn version(&self) -> u64 {
        self.rows.version
    }

    /// The whole, or a cut.
    pub fn scope(&self) -> PolicyScope {
        self.rows.scope
    }

    /// The rows it was compiled from, grants sorted by person.
    pub fn rows(&self) -> &PolicyRows {
        &self.rows
    }

    /// A door.
    pub fn door(&self, id: DoorId) -> Option<&DoorRule> {
        self.doors.get(&id).map(|&at| &self.rows.doors[at])
    }

    /// A site.
    pub fn site(&self, id: SiteId) -> Option<&SiteRule> {
        self.sites.get(&id).map(|&at| &self.rows.sites[at])
    }

    /// A card, by what the reader saw of it.
    pub fn credential(&self, token: &CardToken) -> Option<&CredentialRule> {
        self.credentials.get(token).map(|&at| &self.rows.credentials[at])
    }

    /// A card holder.
    pub fn person(&self, id: PersonId) -> Option<&PersonRule> {
        self.persons.get(&id).map(|&at| &self.rows.persons[at])
    }

    /// An access level.
    pub fn level(&self, id: AccessLevelId) -> Option<&AccessLevel> {
        self.levels.get(&id).map(|&at| &self.rows.levels[at])
    }

    /// A schedule.
    pub fn schedule(&self, id: ScheduleId) -> Option<&Schedule> {
        self.schedules.get(&id).map(|&at| &self.rows.schedules[at])
    }

    /// What a person holds.
    pub fn grants(&self, person: PersonId) -> &[Grant] {
        self.grants.get(&person).map_or(&[], |range| &self.rows.grants[range.clone()])
    }

    /// Blocks that stop this card or its holder, at any time.
    pub fn blocks(&self, credential: &CredentialRule) -> impl Iterator<Item = &Block> {
        let (person, id) = (credential.person, credential.id);
        self.rows.blocks.iter().filter(move |block| match block.subject {
            BlockSubject::Person(blocked) => blocked == person,
            BlockSubject::Credential(blocked) => blocked == id,
        })
    }

    /// What an agent that serves `doors` needs: those doors, the levels' lines that hold them, and only the people who
    /// hold such a level (at any time), with their cards, grants and blocks.
    pub fn for_doors(&self, doors: &BTreeSet<DoorId>) -> PolicyRows {
        let rows = &self.rows;
        let levels: Vec<AccessLevel> = rows
            .levels
            .iter()
            .filter_map(|level| {
                let lines: Vec<LevelLine> = level.lines.iter().filter_map(|line| cut_line(line, doors)).collect();
                (!lines.is_empty()).then_some(AccessLevel { id: level.id, lines })
            })
            .collect();
        let level_ids: BTreeSet<_> = levels.iter().map(|level| level.id).collect();
        let grants: Vec<Grant> = rows.grants.iter().copied().filter(|grant| level_ids.contains(&grant.level)).collect();
        let person_ids: BTreeSet<_> = grants.iter().map(|grant| grant.person).collect();
        let credentials: Vec<CredentialRule> =
            rows.credentials.iter().copied().filter(|card| person_ids.contains(&card.person)).collect();
        let credential_ids: BTreeSet<_> = credentials.iter().map(|card| card.id).collect();
        let schedule_ids: BTreeSet<_> =
            levels.iter().flat_map(|level| &level.lines).filter_map(|line| line.schedule).collect();
        let door_rows: Vec<DoorRule> = rows.doors.iter().filter(|door| doors.contains(&door.id)).cloned().collect();
        let site_ids: BTreeSet<_> = door_rows.iter().map(|door| door.site).collect();
        PolicyRows {
            tenant: rows.tenant,
            version: rows.version,
            scope: PolicyScope::Cut,
            sites: rows.sites.iter().filter(|site| site_ids.contains(&site.id)).cloned().collect(),
            doors: door_rows,
            schedules: rows.schedules.iter().filter(|row| schedule_ids.contains(&row.id)).cloned().collect(),
            levels,
            persons: rows.persons.iter().copied().filter(|person| person_ids.contains(&person.id)).collect(),
            blocks: rows
                .blocks
                .iter()
                .copied()
                .filter(|block| match block.subject {
                    BlockSubject::Person(person) => person_ids.contains(&person),
                    BlockSubject::Credential(credential) => credential_ids.contains(&credential),
                })
                .collect(),
            credentials,
            grants,
        }
    }

    fn check(&self) -> Result<(), PolicyError> {
        for site in &self.rows.sites {
            require(site.zone.is_well_formed(), || format!("site {}", site.id), "its zone's offsets are out of order")?;
        }
        for door in &self.rows.doors {
            let row = || format!("door {}", door.id);
            named(row, "site", &self.sites, &door.site)?;
            let release_is_bounded = (1..=RELEASE_MS_MAX).contains(&door.release_ms);
            require(release_is_bounded, row, "its release time is zero or longer than a minute")?;
            let held_is_bounded = (1..=HELD_MS_MAX).contains(&door.held_ms);
            require(held_is_bounded, row, "its held-open time is zero or longer than an hour")?;
        }
        for schedule in &self.rows.schedules {
            let well_formed = schedule.windows.iter().all(Window::is_well_formed);
            require(well_formed, || format!("schedule {}", schedule.id), "a window has no day or no length")?;
        }
        for level in &self.rows.levels {
            let row = || format!("access level {}", level.id);
            for line in &level.lines {
                line.doors.iter().try_for_each(|door| named(row, "door", &self.doors, door))?;
                line.schedule.iter().try_for_each(|schedule| named(row, "schedule", &self.schedules, schedule))?;
            }
        }
        for card in &self.rows.credentials {
            named(|| format!("credential {}", card.id), "person", &self.persons, &card.person)?;
        }
        for grant in &self.rows.grants {
            let row = || format!("grant {}", grant.id);
            named(row, "person", &self.persons, &grant.person)?;
            named(row, "access level", &self.levels, &grant.level)?;
        }
        Ok(())
    }
}

fn cut_line(line: &LevelLine, doors: &BTreeSet<DoorId>) -> Option<LevelLine> {
    let kept: Vec<DoorId> = line.doors.iter().copied().filter(|door| doors.contains(door)).collect();
    (!kept.is_empty()).then(|| LevelLine { doors: kept, ..line.clone() })
}

fn index<Row, Id: Ord + Copy + std::fmt::Display>(
    what: &'static str,
    rows: &[Row],
    id: impl Fn(&Row) -> Id,
) -> Result<BTreeMap<Id, usize>, PolicyError> {
    let mut places = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        if places.insert(id(row), place).is_some() {
            return Err(PolicyError::Doubled { what, id: id(row).to_string() });
        }
    }
    Ok(places)
}

fn index_cards(cards: &[CredentialRule]) -> Result<BTreeMap<CardToken, usize>, PolicyError> {
    index("credential", cards, |card| card.id)?;
    let mut places = BTreeMap::new();
    for (place, card) in cards.iter().enumerate() {
        if places.insert(card.token, place).is_some() {
            return Err(PolicyError::Doubled { what: "the card of credential", id: card.id.to_string() });
        }
    }
    Ok(places)
}

fn ranges_by_person(grants: &[Grant]) -> BTreeMap<PersonId, std::ops::Range<usize>> {
    let mut ranges: BTreeMap<PersonId, std::ops::Range<usize>> = BTreeMap::new();
    for (place, grant) in grants.iter().enumerate() {
        ranges.entry(grant.person).or_insert(place..place).end = place + 1;
    }
    ranges
}

fn require(holds: bool, row: impl Fn() -> String, why: &'static str) -> Result<(), PolicyError> {
    if holds { Ok(()) } else { Err(PolicyError::Malformed { row: row(), why }) }
}

fn named<Id: Ord + std::fmt::Display>(
    row: impl Fn() -> String,
    what: &'static str,
    known: &BTreeMap<Id, usize>,
    id: &Id,
) -> Result<(), PolicyError> {
    if known.contains_key(id) { Ok(()) } else { Err(PolicyError::Dangling { row: row(), what, id: id.to_string() }) }
}

#[cfg(test)]
pub(crate) mod samples;

#[cfg(test)]
mod tests;
