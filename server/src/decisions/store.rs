//! SQL: all of a tenant's rules, of one version.

use std::collections::BTreeMap;

use access_core::ids::TenantId;
use access_core::policy::{
    AccessLevel, Block, BlockSubject, CardToken, CredentialRule, DoorRule, Grant, LevelLine, PersonRule, PolicyRows,
    PolicyScope, Schedule, SiteRule, Window,
};
use access_core::time::{Period, UnixMs};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{clock, sites};

/// How often rules that change while they are read are read again.
const TRIES_MAX: u32 = 20;

/// The rules, unless their version is `known`.
pub async fn load(
    db: &mut PgConnection,
    tenant: TenantId,
    known: Option<u64>,
    now: UnixMs,
) -> anyhow::Result<Option<PolicyRows>> {
    for _ in 0..TRIES_MAX {
        let before = version(db, tenant).await?;
        if Some(before) == known {
            return Ok(None);
        }
        let rows = load_once(db, tenant, before, now).await?;
        // A change moves the version in its own transaction: the same version means that nothing changed meanwhile.
        if version(db, tenant).await? == before {
            return Ok(Some(rows));
        }
    }
    anyhow::bail!("the rules changed {TRIES_MAX} times while they were read")
}

async fn version(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<u64> {
    let version: Option<i64> = sqlx::query_scalar("SELECT version FROM policy_versions WHERE tenant_id = $1")
        .bind(tenant.as_uuid())
        .fetch_optional(db)
        .await?;
    Ok(version.unwrap_or(0).try_into()?)
}

fn period(from: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Period {
    Period { from: clock::unix_ms(from), until: until.map(clock::unix_ms) }
}

async fn load_once(db: &mut PgConnection, tenant: TenantId, version: u64, now: UnixMs) -> anyhow::Result<PolicyRows> {
    Ok(PolicyRows {
        tenant,
        version,
        scope: PolicyScope::Whole,
        sites: sites(db, tenant, now).await?,
        doors: doors(db, tenant).await?,
        schedules: schedules(db, tenant).await?,
        levels: levels(db, tenant).await?,
        persons: persons(db, tenant).await?,
        credentials: credentials(db, tenant).await?,
        grants: grants(db, tenant).await?,
        blocks: blocks(db, tenant).await?,
    })
}

async fn sites(db: &mut PgConnection, tenant: TenantId, now: UnixMs) -> anyhow::Result<Vec<SiteRule>> {
    let rows: Vec<(Uuid, String, bool)> =
        sqlx::query_as("SELECT id, time_zone, accepts_uid_only FROM sites WHERE tenant_id = $1 ORDER BY id")
            .bind(tenant.as_uuid())
            .fetch_all(db)
            .await?;
    rows.into_iter()
        .map(|(id, zone, accepts_uid_only)| {
            Ok(SiteRule { id: id.into(), zone: sites::zone(&zone, now)?, accepts_uid_only })
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct DoorRow {
    id: Uuid,
    site_id: Uuid,
    factors_in: String,
    factors_out: String,
    release_ms: i32,
    held_ms: i32,
    exit: String,
    has_contact: bool,
}

async fn doors(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<DoorRule>> {
    let rows: Vec<DoorRow> = sqlx::query_as(
        "SELECT id, site_id, factors_in, factors_out, release_ms, held_ms, exit, has_contact FROM doors \
         WHERE tenant_id = $1 ORDER BY id",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(DoorRule {
                id: row.id.into(),
                site: row.site_id.into(),
                factors_in: row.factors_in.parse()?,
                factors_out: row.factors_out.parse()?,
                release_ms: row.release_ms.try_into()?,
                held_ms: row.held_ms.try_into()?,
                exit: row.exit.parse()?,
                has_contact: row.has_contact,
            })
        })
        .collect()
}

type WindowRow = (Uuid, Option<i16>, Option<i16>, Option<i16>);

async fn schedules(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<Schedule>> {
    let rows: Vec<WindowRow> = sqlx::query_as(
        "SELECT schedule.id, span.days, span.from_minute, span.to_minute FROM schedules schedule \
         LEFT JOIN schedule_windows span ON span.tenant_id = schedule.tenant_id AND span.schedule_id = schedule.id \
         WHERE schedule.tenant_id = $1 ORDER BY schedule.id, span.place",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    let mut schedules: BTreeMap<Uuid, Vec<Window>> = BTreeMap::new();
    for (id, days, from_minute, to_minute) in rows {
        let windows = schedules.entry(id).or_default();
        if let (Some(days), Some(from_minute), Some(to_minute)) = (days, from_minute, to_minute) {
            windows.push(Window {
                days: days.try_into()?,
                from_minute: from_minute.try_into()?,
                to_minute: to_minute.try_into()?,
            });
        }
    }
    Ok(schedules.into_iter().map(|(id, windows)| Schedule { id: id.into(), windows }).collect())
}

type LineRow = (Uuid, Option<String>, Option<Uuid>, Option<Vec<Uuid>>);

async fn levels(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<AccessLevel>> {
    let rows: Vec<LineRow> = sqlx::query_as(
        "SELECT level.id, line.sides, line.schedule_id, \
         (SELECT array_agg(door.door_id ORDER BY door.door_id) FROM access_level_line_doors door \
          WHERE door.tenant_id = line.tenant_id AND door.level_id = line.level_id AND door.place = line.place) \
         FROM access_levels level LEFT JOIN access_level_lines line \
         ON line.tenant_id = level.tenant_id AND line.level_id = level.id \
         WHERE level.tenant_id = $1 ORDER BY level.id, line.place",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    let mut levels: BTreeMap<Uuid, Vec<LevelLine>> = BTreeMap::new();
    for (id, sides, schedule, doors) in rows {
        let lines = levels.entry(id).or_default();
        if let Some(sides) = sides {
            lines.push(LevelLine {
                doors: doors.unwrap_or_default().into_iter().map(Into::into).collect(),
                sides: sides.parse()?,
                schedule: schedule.map(Into::into),
            });
        }
    }
    Ok(levels.into_iter().map(|(id, lines)| AccessLevel { id: id.into(), lines }).collect())
}

async fn persons(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<PersonRule>> {
    let rows: Vec<(Uuid, String, bool)> = sqlx::query_as(
        "SELECT person.id, person.state, EXISTS (SELECT FROM fingers finger \
         WHERE finger.tenant_id = person.tenant_id AND finger.person_id = person.id) \
         FROM persons person WHERE person.tenant_id = $1 ORDER BY person.id",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    let person = |(id, state, has_finger): (Uuid, String, bool)| PersonRule {
        id: id.into(),
        is_active: state == "active",
        has_finger,
    };
    Ok(rows.into_iter().map(person).collect())
}

#[derive(sqlx::FromRow)]
struct CredentialRow {
    id: Uuid,
    person_id: Uuid,
    token: Vec<u8>,
    state: String,
    valid_from: DateTime<Utc>,
    valid_until: Option<DateTime<Utc>>,
}

async fn credentials(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<CredentialRule>> {
    let rows: Vec<CredentialRow> = sqlx::query_as(
        "SELECT id, person_id, token, state, valid_from, valid_until FROM credentials WHERE tenant_id = $1 ORDER BY id",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(CredentialRule {
                id: row.id.into(),
                person: row.person_id.into(),
                token: CardToken(row.token.try_into().map_err(|_| anyhow::anyhow!("a card's token"))?),
                state: row.state.parse()?,
                valid: period(row.valid_from, row.valid_until),
            })
        })
        .collect()
}

type GrantRow = (Uuid, Uuid, Uuid, DateTime<Utc>, Option<DateTime<Utc>>);

async fn grants(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<Grant>> {
    let rows: Vec<GrantRow> = sqlx::query_as(
        "SELECT id, person_id, level_id, valid_from, valid_until FROM grants \
         WHERE tenant_id = $1 AND revoked_at IS NULL ORDER BY person_id, id",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    let grant = |(id, person, level, from, until): GrantRow| Grant {
        id: id.into(),
        person: person.into(),
        level: level.into(),
        valid: period(from, until),
    };
    Ok(rows.into_iter().map(grant).collect())
}

type BlockRow = (Uuid, Option<Uuid>, Option<Uuid>, DateTime<Utc>, Option<DateTime<Utc>>);

async fn blocks(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<Block>> {
    let rows: Vec<BlockRow> = sqlx::query_as(
        "SELECT id, person_id, credential_id, valid_from, valid_until FROM blocks \
         WHERE tenant_id = $1 AND lifted_at IS NULL ORDER BY id",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|(id, person, credential, from, until)| {
            let subject = match (person, credential) {
                (Some(person), _) => BlockSubject::Person(person.into()),
                (None, Some(credential)) => BlockSubject::Credential(credential.into()),
                (None, None) => anyhow::bail!("block {id} stops nothing"),
            };
            Ok(Block { id: id.into(), subject, valid: period(from, until) })
        })
        .collect()
}
