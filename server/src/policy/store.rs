//! SQL: what the rules' answers are told with. Reads only.

use std::collections::{BTreeMap, HashMap};

use access_core::chain::SignedRecord;
use access_core::event::{Author, Commitment, Decision, Event, EventKind};
use access_core::ids::{AttemptId, DoorId, PersonId, TenantId};
use access_core::time::UnixMs;
use access_core::word::Word as _;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt as _;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::force::Written;
use crate::clock;
pub use crate::decisions::version_at;

/// A decision is looked for by its attempt's id so long before and after the instant that the id tells: clocks differ.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::hours(24);

/// A decision of the log, and who recorded it.
#[derive(Debug)]
pub struct Logged {
    /// What was decided, and from what.
    pub decision: Box<Decision>,
    /// Whose record it is.
    pub author: Author,
    /// When it was recorded, by the author's clock.
    pub at: UnixMs,
}

fn decision(bytes: Vec<u8>) -> anyhow::Result<Option<Logged>> {
    let record = SignedRecord { bytes, signature: [0; 64] }.read()?;
    Ok(match record.event {
        Event::Decision(decision) => Some(Logged { decision, author: record.author, at: record.at }),
        _ => None,
    })
}

/// The decision at a position of the log.
pub async fn decision_at(db: &mut PgConnection, tenant: TenantId, position: i64) -> anyhow::Result<Option<Logged>> {
    let record: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT record FROM log_events WHERE tenant_id = $1 AND position = $2 AND kind = $3")
            .bind(tenant.as_uuid())
            .bind(position)
            .bind(EventKind::Decision.as_str())
            .fetch_optional(db)
            .await?;
    record.map_or(Ok(None), decision)
}

/// The decision of an attempt; the newest, should there be two. Ids of attempts tell when they were made. Only records that name
/// the attempt leave the database, one by one: its own, and those of others that it was known to.
pub async fn decision_of(db: &mut PgConnection, tenant: TenantId, id: AttemptId) -> anyhow::Result<Option<Logged>> {
    let made = id.as_uuid().get_timestamp().map(|made| made.to_unix());
    let made = made.and_then(|(seconds, _)| DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0));
    let Some(made) = made else { return Ok(None) };
    let mut records = sqlx::query_scalar(
        "SELECT record FROM log_events WHERE tenant_id = $1 AND kind = $2 AND at BETWEEN $3 AND $4 \
         AND position($5 IN record) > 0 ORDER BY position DESC",
    )
    .bind(tenant.as_uuid())
    .bind(EventKind::Decision.as_str())
    .bind(made - CLOCKS_DIFFER)
    .bind(made + CLOCKS_DIFFER)
    .bind(id.as_uuid().as_bytes().to_vec())
    .fetch(db);
    while let Some(record) = records.try_next().await? {
        if let Some(found) = decision(record)?.filter(|found| found.decision.attempt.id == id) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// At most `limit` decisions after a position, made within a stretch of time, in order.
pub async fn decisions_after(
    db: &mut PgConnection,
    tenant: TenantId,
    position: i64,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> anyhow::Result<Vec<(i64, Logged)>> {
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT position, record FROM log_events WHERE tenant_id = $1 AND kind = $2 AND position > $3 AND at >= $4 AND at < $5 \
         ORDER BY position LIMIT $6",
    )
    .bind(tenant.as_uuid())
    .bind(EventKind::Decision.as_str())
    .bind(position)
    .bind(from)
    .bind(until)
    .bind(limit)
    .fetch_all(db)
    .await?;
    let mut decisions = Vec::with_capacity(rows.len());
    for (position, record) in rows {
        decisions.extend(decision(record)?.map(|logged| (position, logged)));
    }
    Ok(decisions)
}

/// What things are called today, people excepted.
#[derive(Debug, Default)]
pub struct Names {
    by_id: HashMap<Uuid, String>,
    threat_levels: HashMap<u8, String>,
}

impl Names {
    /// These, and what only `other` knows.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        for (id, name) in other.by_id {
            self.by_id.entry(id).or_insert(name);
        }
        for (level, name) in other.threat_levels {
            self.threat_levels.entry(level).or_insert(name);
        }
        self
    }

    /// A door's, area's, site's, level's, schedule's, group's, airlock's or calendar's; a card's mark, where those were asked for.
    pub fn of(&self, id: Uuid) -> Option<String> {
        self.by_id.get(&id).cloned()
    }

    /// A threat level's.
    pub fn of_threat_level(&self, level: u8) -> Option<String> {
        self.threat_levels.get(&level).cloned()
    }
}

/// What things are called today; a tenant has few of them.
pub async fn names(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Names> {
    let by_id: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT id, name FROM sites WHERE tenant_id = $1 UNION ALL SELECT id, name FROM areas WHERE tenant_id = $1 \
         UNION ALL SELECT id, name FROM doors WHERE tenant_id = $1 UNION ALL SELECT id, name FROM groups WHERE tenant_id = $1 \
         UNION ALL SELECT id, name FROM schedules WHERE tenant_id = $1 \
         UNION ALL SELECT id, name FROM access_levels WHERE tenant_id = $1 \
         UNION ALL SELECT id, name FROM interlocks WHERE tenant_id = $1 \
         UNION ALL SELECT id, name FROM calendars WHERE tenant_id = $1",
    )
    .bind(tenant.as_uuid())
    .fetch_all(&mut *db)
    .await?;
    let levels: Vec<(i16, String)> = sqlx::query_as("SELECT level, name FROM threat_levels WHERE tenant_id = $1")
        .bind(tenant.as_uuid())
        .fetch_all(db)
        .await?;
    let level = |(level, name): (i16, String)| Some((u8::try_from(level).ok()?, name));
    Ok(Names { by_id: by_id.into_iter().collect(), threat_levels: levels.into_iter().filter_map(level).collect() })
}

/// The marks of somebody's cards, as their own page shows them.
pub async fn card_marks(db: &mut PgConnection, tenant: TenantId, person: PersonId) -> anyhow::Result<Names> {
    let by_id: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT id, label FROM credentials WHERE tenant_id = $1 AND person_id = $2")
            .bind(tenant.as_uuid())
            .bind(person.as_uuid())
            .fetch_all(db)
            .await?;
    Ok(Names { by_id: by_id.into_iter().collect(), ..Names::default() })
}

/// When each person was last let through each door, since an instant.
pub async fn last_granted(
    db: &mut PgConnection,
    tenant: TenantId,
    since: DateTime<Utc>,
) -> sqlx::Result<BTreeMap<PersonId, Vec<(DoorId, DateTime<Utc>)>>> {
    let rows: Vec<(Uuid, Uuid, DateTime<Utc>)> = sqlx::query_as(
        "SELECT about.person_id, event.door_id, max(event.at) FROM log_events event \
         JOIN log_event_persons about ON about.tenant_id = event.tenant_id AND about.position = event.position \
         WHERE event.tenant_id = $1 AND event.at >= $2 AND event.outcome = 'granted' AND event.door_id IS NOT NULL \
         GROUP BY about.person_id, event.door_id",
    )
    .bind(tenant.as_uuid())
    .bind(since)
    .fetch_all(db)
    .await?;
    let mut granted: BTreeMap<PersonId, Vec<(DoorId, DateTime<Utc>)>> = BTreeMap::new();
    for (person, door, at) in rows {
        granted.entry(person.into()).or_default().push((door.into(), at));
    }
    Ok(granted)
}

/// A version of the rules, as history tells it.
#[derive(Debug, sqlx::FromRow)]
pub struct VersionRow {
    /// Which.
    pub version: i64,
    /// Since when.
    pub changed_at: DateTime<Utc>,
    /// By whom.
    pub operator_id: Option<Uuid>,
    /// By what kind of act.
    pub act_kind: Option<String>,
    /// Done to what kind of thing.
    pub subject_kind: Option<String>,
    /// To which.
    pub subject_id: Option<Uuid>,
    /// How many rows it changed.
    pub rows_count: i64,
    /// In which tables.
    pub tables: Vec<String>,
}

const VERSIONS: &str = "SELECT history.version, min(history.changed_at) AS changed_at, \
        (array_agg(history.operator_id))[1] AS operator_id, \
        act.kind AS act_kind, act.subject_kind, act.subject_id, count(*) AS rows_count, \
        array_agg(DISTINCT history.table_name) AS tables \
    FROM policy_history history LEFT JOIN policy_version_acts act \
        ON act.tenant_id = history.tenant_id AND act.version = history.version \
    WHERE history.tenant_id = $1 AND history.version > 0";
const VERSION_GROUP: &str = "GROUP BY history.version, act.kind, act.subject_kind, act.subject_id";

/// Versions below one, newest first.
pub async fn versions(
    db: &mut PgConnection,
    tenant: TenantId,
    before: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<VersionRow>> {
    let sql = format!(
        "{VERSIONS} AND history.version IN (SELECT DISTINCT version FROM policy_history WHERE tenant_id = $1 \
            AND version > 0 AND version < $2 ORDER BY version DESC LIMIT $3) {VERSION_GROUP} ORDER BY history.version DESC"
    );
    let before = match before {
        Some(before) => before,
        None => newest(db, tenant).await? + 1,
    };
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(before).bind(limit).fetch_all(db).await
}

async fn newest(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<i64> {
    let version: Option<i64> = sqlx::query_scalar("SELECT version FROM policy_versions WHERE tenant_id = $1")
        .bind(tenant.as_uuid())
        .fetch_optional(db)
        .await?;
    Ok(version.unwrap_or(0))
}

/// One version.
pub async fn version(db: &mut PgConnection, tenant: TenantId, version: i64) -> sqlx::Result<Option<VersionRow>> {
    let sql = format!("{VERSIONS} AND history.version = $2 {VERSION_GROUP}");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(version).fetch_optional(db).await
}

/// A row that changed: its table, its key, how it was and how it is.
pub type RowChange = (String, Value, Option<Value>, Option<Value>);

/// Rows that a version changed, in the order in which they did. What a card's token is nobody is told, nor here which finger
/// is a sign of duress.
pub async fn rows_of(
    db: &mut PgConnection,
    tenant: TenantId,
    version: i64,
    limit: i64,
) -> sqlx::Result<Vec<RowChange>> {
    sqlx::query_as(
        "SELECT table_name, row_key, before - ARRAY['token', 'tenant_id', 'is_duress'], \
         after - ARRAY['token', 'tenant_id', 'is_duress'] FROM policy_history \
         WHERE tenant_id = $1 AND version = $2 ORDER BY place LIMIT $3",
    )
    .bind(tenant.as_uuid())
    .bind(version)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// What the act of a version commits to as its reason.
pub async fn reason_of(db: &mut PgConnection, tenant: TenantId, version: i64) -> anyhow::Result<Option<Commitment>> {
    let reason: Option<Option<Vec<u8>>> =
        sqlx::query_scalar("SELECT reason FROM policy_version_acts WHERE tenant_id = $1 AND version = $2")
            .bind(tenant.as_uuid())
            .bind(version)
            .fetch_optional(db)
            .await?;
    let commitment =
        |bytes: Vec<u8>| bytes.try_into().map(Commitment).map_err(|_| anyhow::anyhow!("a commitment has 32 bytes"));
    reason.flatten().map(commitment).transpose()
}

/// When rows of each version of the rules were written.
pub async fn written(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<(u64, Written)>> {
    let rows: Vec<(i64, DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(
        "SELECT version, min(changed_at), max(changed_at) FROM policy_history WHERE tenant_id = $1 AND version > 0 \
         GROUP BY version",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    let written = |(version, first, last): (i64, DateTime<Utc>, DateTime<Utc>)| {
        Ok((u64::try_from(version)?, (clock::unix_ms(first), clock::unix_ms(last))))
    };
    rows.into_iter().map(written).collect()
}
