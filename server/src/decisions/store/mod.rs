//! SQL: all of a tenant's rules, of one version; or what changed in them.

use access_core::ids::TenantId;
use access_core::policy::{
    Alone, AloneRules, Place, Policy, PolicyError, PolicyRows, PolicyScope, Suspicion, TenantRules, WaivableRule,
};
use access_core::time::{Period, UnixMs};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use crate::access::PlaceKind;
use crate::clock;

mod hours;
mod levels;
mod places;
mod step;
mod subjects;

pub use step::Step;
#[cfg(test)]
pub(super) use step::tables;

/// Rules that are newer than those that were known.
#[derive(Debug)]
pub enum Newer {
    /// As they follow from those.
    Step(Step),
    /// As they are.
    Whole(Box<PolicyRows>),
}

impl Newer {
    /// Checked and compiled.
    pub fn compile(self) -> Result<Policy, PolicyError> {
        match self {
            Self::Step(step) => step.take(),
            Self::Whole(rows) => Policy::compile(*rows),
        }
    }
}

/// The rules, unless the database is still at the version of those that are `known`: by what changed since, where
/// [that can be told](step). An error if they change meanwhile: `db` must see one moment, or be what moves the version.
pub async fn newer(
    db: &mut PgConnection,
    tenant: TenantId,
    known: Option<&Policy>,
    now: UnixMs,
) -> anyhow::Result<Option<Newer>> {
    let moved = version(db, tenant).await?;
    if known.is_some_and(|known| known.version() == moved) {
        return Ok(None);
    }
    let step = match known {
        Some(known) => step::from(db, known, moved, now).await?,
        None => None,
    };
    let newer = match step {
        Some(step) => Newer::Step(step),
        None => Newer::Whole(Box::new(load_once(db, tenant, moved, now).await?)),
    };
    // A change moves the version in its own transaction: the same version means that nothing changed meanwhile.
    anyhow::ensure!(version(db, tenant).await? == moved, "the rules changed while they were read");
    Ok(Some(newer))
}

/// All rules.
pub async fn load(db: &mut PgConnection, tenant: TenantId, now: UnixMs) -> anyhow::Result<PolicyRows> {
    match newer(db, tenant, None, now).await? {
        Some(Newer::Whole(rows)) => Ok(*rows),
        _ => anyhow::bail!("rules that follow from none"),
    }
}

async fn version(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<u64> {
    let version: Option<i64> = sqlx::query_scalar("SELECT version FROM policy_versions WHERE tenant_id = $1")
        .bind(tenant.as_uuid())
        .fetch_optional(db)
        .await?;
    Ok(version.unwrap_or(0).try_into()?)
}

/// Whether this transaction moved the tenant's version: nobody else does until it ends.
pub async fn is_moved_here(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<bool> {
    let is_moved: Option<bool> = sqlx::query_scalar(
        "SELECT moved_by IS NOT DISTINCT FROM pg_current_xact_id_if_assigned() FROM policy_versions WHERE tenant_id = $1",
    )
    .bind(tenant.as_uuid())
    .fetch_optional(db)
    .await?;
    Ok(is_moved == Some(true))
}

/// The rules as the tables hold them at this moment, or as they were [laid over](super::past) them.
pub(super) async fn load_once(
    db: &mut PgConnection,
    tenant: TenantId,
    version: u64,
    now: UnixMs,
) -> anyhow::Result<PolicyRows> {
    Ok(PolicyRows {
        tenant,
        version,
        scope: PolicyScope::Whole,
        rules: tenant_rules(db, tenant).await?,
        sites: places::sites(db, tenant, now).await?,
        areas: places::areas(db, tenant).await?,
        doors: places::doors(db, tenant).await?,
        interlocks: places::interlocks(db, tenant).await?,
        travel: places::travel_times(db, tenant).await?,
        threat_levels: places::threat_levels(db, tenant).await?,
        calendars: hours::calendars(db, tenant).await?,
        schedules: hours::schedules(db, tenant).await?,
        levels: levels::levels(db, tenant).await?,
        groups: subjects::groups(db, tenant).await?,
        persons: subjects::persons(db, tenant, Which::All).await?,
        credentials: subjects::credentials(db, tenant, Which::All).await?,
        missing_cards: Vec::new(),
        grants: subjects::grants(db, tenant, Which::All).await?,
        blocks: subjects::blocks(db, tenant, Which::All).await?,
    })
}

#[derive(sqlx::FromRow)]
struct TenantRow {
    refusals: i16,
    refusals_within_s: i32,
    reader_lock_s: i32,
    alone_travel: String,
    alone_anti_passback: String,
    alone_occupancy: String,
    alone_two_person: String,
    waived_for_duress: Vec<String>,
    alone_hours: i16,
}

/// The tenant's choices; the strictest while it has made none.
async fn tenant_rules(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<TenantRules> {
    let row: Option<TenantRow> = sqlx::query_as(
        "SELECT refusals, refusals_within_s, reader_lock_s, alone_travel, alone_anti_passback, alone_occupancy, \
         alone_two_person, waived_for_duress, alone_hours FROM tenant_rules WHERE tenant_id = $1",
    )
    .bind(tenant.as_uuid())
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(TenantRules::default()) };
    let alone = |word: &str| word.parse::<Alone>();
    Ok(TenantRules {
        suspicion: Suspicion {
            refusals: row.refusals.try_into()?,
            within_s: row.refusals_within_s.try_into()?,
            reader_lock_s: row.reader_lock_s.try_into()?,
        },
        alone: AloneRules {
            travel: alone(&row.alone_travel)?,
            anti_passback: alone(&row.alone_anti_passback)?,
            occupancy: alone(&row.alone_occupancy)?,
            two_person: alone(&row.alone_two_person)?,
        },
        waived_for_duress: row
            .waived_for_duress
            .iter()
            .map(|word| word.parse::<WaivableRule>())
            .collect::<Result<_, _>>()?,
        alone_hours: row.alone_hours.try_into()?,
    })
}

/// Which rows are read.
#[derive(Debug, Clone, Copy)]
enum Which<'a> {
    /// All.
    All,
    /// Those with one of these ids.
    These(&'a [Uuid]),
}

impl Which<'_> {
    /// Rows of a statement, in which `{which}` stands behind the column with the id. Each of the two is a statement of its own, so that
    /// neither is planned for the other.
    async fn rows<T>(self, db: &mut PgConnection, tenant: TenantId, statement: &str) -> sqlx::Result<Vec<T>>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let which = match self {
            Self::All => "IS NOT NULL",
            Self::These(_) => "= ANY($2)",
        };
        let rows = sqlx::query_as(AssertSqlSafe(statement.replace("{which}", which))).bind(tenant.as_uuid());
        match self {
            Self::All => rows,
            Self::These(ids) => rows.bind(ids.to_vec()),
        }
        .fetch_all(db)
        .await
    }
}

fn period(from: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Period {
    Period { from: clock::unix_ms(from), until: until.map(clock::unix_ms) }
}

/// A calendar day as rules count them.
fn day(date: NaiveDate) -> anyhow::Result<i32> {
    Ok(i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days())?)
}

/// A place as its columns name it.
#[derive(Debug, Clone, sqlx::FromRow, serde::Deserialize)]
struct PlaceColumns {
    kind: String,
    site_id: Option<Uuid>,
    area_id: Option<Uuid>,
    door_id: Option<Uuid>,
}

impl PlaceColumns {
    fn place(&self) -> anyhow::Result<Place> {
        let PlaceColumns { kind, site_id, area_id, door_id } = self;
        Ok(match (kind.parse()?, site_id, area_id, door_id) {
            (PlaceKind::Tenant, None, None, None) => Place::Tenant,
            (PlaceKind::Site, Some(site), None, None) => Place::Site((*site).into()),
            (PlaceKind::Area, None, Some(area), None) => Place::Area((*area).into()),
            (PlaceKind::Door, None, None, Some(door)) => Place::Door((*door).into()),
            _ => anyhow::bail!("a place of kind {kind} does not name what it is"),
        })
    }
}
