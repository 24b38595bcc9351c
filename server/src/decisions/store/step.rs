//! A step from rules that are known to newer ones: history tells which rows changed since, and these are read again, as they are now.
//!
//! No step is made, and everything is read, where versions are missing in history, where a table changed that is not known here, and
//! where more than [`ROWS_MAX`] rows of people changed: so many are told faster by reading all.

use std::collections::BTreeSet;

use access_core::policy::{Policy, PolicyChange, PolicyError, PolicyRows};
use access_core::time::UnixMs;
use anyhow::ensure;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Which, hours, levels, places, subjects, tenant_rules};

/// Most persons, cards, grants and blocks of a step: each is looked for among all others of its kind.
const ROWS_MAX: usize = 256;

/// What to do with the rules that are known, to have newer ones.
#[derive(Debug)]
pub struct Step {
    before: Policy,
    version: u64,
    changes: Vec<PolicyChange>,
}

impl Step {
    /// The newer rules.
    pub fn take(self) -> Result<Policy, PolicyError> {
        Ok(self.before.with(&self.changes)?.at_version(self.version))
    }
}

/// A part of the rules that is read as a whole, or by the ids of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    TenantRules,
    Areas,
    Doors,
    Interlocks,
    TravelTimes,
    ThreatLevels,
    Calendars,
    Schedules,
    Levels,
    Groups,
    Persons,
    Credentials,
    Grants,
    Blocks,
    /// Sites, which are always read; and what decisions do not read.
    Nothing,
}

/// Tables whose history is kept, and what each is part of.
const TABLES: [(&str, Part); 32] = [
    ("tenant_rules", Part::TenantRules),
    ("areas", Part::Areas),
    ("doors", Part::Doors),
    ("door_mode_lines", Part::Doors),
    ("door_factor_lines", Part::Doors),
    ("interlocks", Part::Interlocks),
    ("interlock_doors", Part::Interlocks),
    ("travel_times", Part::TravelTimes),
    ("threat_levels", Part::ThreatLevels),
    ("threat_level_places", Part::ThreatLevels),
    ("threat_level_exempt_groups", Part::ThreatLevels),
    ("calendars", Part::Calendars),
    ("calendar_days", Part::Calendars),
    ("schedules", Part::Schedules),
    ("schedule_windows", Part::Schedules),
    ("schedule_exceptions", Part::Schedules),
    ("schedule_exception_windows", Part::Schedules),
    ("access_levels", Part::Levels),
    ("access_level_lines", Part::Levels),
    ("access_level_line_places", Part::Levels),
    ("groups", Part::Groups),
    ("persons", Part::Persons),
    ("fingers", Part::Persons),
    ("group_members", Part::Persons),
    ("credentials", Part::Credentials),
    ("grants", Part::Grants),
    ("blocks", Part::Blocks),
    ("sites", Part::Nothing),
    ("day_types", Part::Nothing),
    ("legal_bases", Part::Nothing),
    ("agent_doors", Part::Nothing),
    ("card_rules", Part::Nothing),
];

fn part(table: &str) -> Option<Part> {
    TABLES.iter().find(|(name, _)| *name == table).map(|(_, part)| *part)
}

/// Tables whose changes can be part of a step.
#[cfg(test)]
pub(in crate::decisions) fn tables() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|(name, _)| *name)
}

/// The step to the version of the database. The caller sees to it that all of it is of that version.
pub(super) async fn from(
    db: &mut PgConnection,
    known: &Policy,
    version: u64,
    now: UnixMs,
) -> anyhow::Result<Option<Step>> {
    let between = (known.version(), version);
    ensure!(between.0 < between.1, "rules of version {} are known, and the database is at {version}", known.version());
    let Some(parts) = parts_changed(db, known, between).await? else { return Ok(None) };
    let Some(ids) = Ids::changed(db, known, &parts, between).await? else { return Ok(None) };
    let changes = changes(db, known, &parts, &ids, now).await?;
    Ok(Some(Step { before: known.clone(), version, changes }))
}

/// What changed after one version, up to another. None if that can't be told.
async fn parts_changed(
    db: &mut PgConnection,
    known: &Policy,
    between: (u64, u64),
) -> anyhow::Result<Option<BTreeSet<Part>>> {
    let (versions, tables): (i64, Vec<String>) = sqlx::query_as(
        "SELECT count(DISTINCT version), COALESCE(array_agg(DISTINCT table_name), '{}') FROM policy_history \
         WHERE tenant_id = $1 AND version > $2 AND version <= $3",
    )
    .bind(known.tenant().as_uuid())
    .bind(i64::try_from(between.0)?)
    .bind(i64::try_from(between.1)?)
    .fetch_one(db)
    .await?;
    let is_complete = u64::try_from(versions)? == between.1 - between.0;
    Ok(tables.iter().map(|table| part(table)).collect::<Option<_>>().filter(|_| is_complete))
}

/// Rows that changed, of parts that are large.
#[derive(Debug, Default)]
struct Ids {
    persons: Vec<Uuid>,
    credentials: Vec<Uuid>,
    grants: Vec<Uuid>,
    blocks: Vec<Uuid>,
}

impl Ids {
    /// None if there are too many.
    async fn changed(
        db: &mut PgConnection,
        known: &Policy,
        parts: &BTreeSet<Part>,
        between: (u64, u64),
    ) -> anyhow::Result<Option<Self>> {
        let mut ids = Self::default();
        if [Part::Persons, Part::Credentials, Part::Grants, Part::Blocks].iter().all(|part| !parts.contains(part)) {
            return Ok(Some(ids));
        }
        let rows: Vec<(String, Uuid)> = sqlx::query_as(
            "SELECT DISTINCT CASE WHEN history.table_name IN ('fingers', 'group_members') THEN 'persons' \
                 ELSE history.table_name END, (told.row ->> keyed.by_field)::uuid \
             FROM policy_history history \
             JOIN (VALUES ('persons', 'id'), ('fingers', 'person_id'), ('group_members', 'person_id'), \
                 ('credentials', 'id'), ('grants', 'id'), ('blocks', 'id')) keyed (name, by_field) ON keyed.name = history.table_name \
             CROSS JOIN LATERAL (VALUES (history.before), (history.after)) told (row) \
             WHERE history.tenant_id = $1 AND history.version > $2 AND history.version <= $3 AND told.row IS NOT NULL \
             LIMIT $4",
        )
        .bind(known.tenant().as_uuid())
        .bind(i64::try_from(between.0)?)
        .bind(i64::try_from(between.1)?)
        .bind(i64::try_from(ROWS_MAX)? + 1)
        .fetch_all(db)
        .await?;
        if rows.len() > ROWS_MAX {
            return Ok(None);
        }
        for (table, id) in rows {
            let of = match part(&table) {
                Some(Part::Persons) => &mut ids.persons,
                Some(Part::Credentials) => &mut ids.credentials,
                Some(Part::Grants) => &mut ids.grants,
                Some(Part::Blocks) => &mut ids.blocks,
                other => anyhow::bail!("ids of {table}, which is {other:?}"),
            };
            of.push(id);
        }
        Ok(Some(ids))
    }
}

/// What differs in these parts between the rules that are known and the tables.
async fn changes(
    db: &mut PgConnection,
    known: &Policy,
    parts: &BTreeSet<Part>,
    ids: &Ids,
    now: UnixMs,
) -> anyhow::Result<Vec<PolicyChange>> {
    let tenant = known.tenant();
    let mut was = PolicyRows { rules: known.rules().clone(), ..PolicyRows::empty(tenant) };
    let mut is = was.clone();
    // What is known of a zone moves on with the clock: a site changes though nobody changed it.
    (was.sites, is.sites) = (known.sites().to_vec(), places::sites(db, tenant, now).await?);
    for part in parts {
        match part {
            Part::Nothing => {}
            Part::TenantRules => is.rules = tenant_rules(db, tenant).await?,
            Part::Areas => (was.areas, is.areas) = (known.areas().to_vec(), places::areas(db, tenant).await?),
            Part::Doors => (was.doors, is.doors) = (known.doors().to_vec(), places::doors(db, tenant).await?),
            Part::Interlocks => {
                (was.interlocks, is.interlocks) = (known.interlocks().to_vec(), places::interlocks(db, tenant).await?);
            }
            Part::TravelTimes => {
                (was.travel, is.travel) = (known.travel_times().to_vec(), places::travel_times(db, tenant).await?);
            }
            Part::ThreatLevels => {
                was.threat_levels = known.threat_levels().to_vec();
                is.threat_levels = places::threat_levels(db, tenant).await?;
            }
            Part::Calendars => {
                (was.calendars, is.calendars) = (known.calendars().to_vec(), hours::calendars(db, tenant).await?);
            }
            Part::Schedules => {
                (was.schedules, is.schedules) = (known.schedules().to_vec(), hours::schedules(db, tenant).await?);
            }
            Part::Levels => (was.levels, is.levels) = (known.levels().to_vec(), levels::levels(db, tenant).await?),
            Part::Groups => (was.groups, is.groups) = (known.groups().to_vec(), subjects::groups(db, tenant).await?),
            Part::Persons => {
                let persons = ids.persons.iter().filter_map(|id| known.person((*id).into()));
                was.persons = persons.map(|person| person.to_rule()).collect();
                is.persons = subjects::persons(db, tenant, Which::These(&ids.persons)).await?;
            }
            Part::Credentials => {
                was.credentials = ids.credentials.iter().filter_map(|id| known.credential((*id).into())).collect();
                is.credentials = subjects::credentials(db, tenant, Which::These(&ids.credentials)).await?;
            }
            Part::Grants => {
                was.grants = ids.grants.iter().filter_map(|id| known.grant((*id).into())).collect();
                is.grants = subjects::grants(db, tenant, Which::These(&ids.grants)).await?;
            }
            Part::Blocks => {
                was.blocks = ids.blocks.iter().filter_map(|id| known.block((*id).into())).copied().collect();
                is.blocks = subjects::blocks(db, tenant, Which::These(&ids.blocks)).await?;
            }
        }
    }
    Ok(was.changes_to(&is))
}
