//! The rules of a tenant as they stand in its plant's Postgres, read past the server: what the demo's history is decided
//! by, and what recorded decisions are held against. Of the rules it reads what a demo has; the rest is as a tenant begins.

use std::collections::BTreeMap;

use access_core::ids::TenantId;
use access_core::policy::{
    AccessLevel, AntiPassback, AreaRule, Block, BlockSubject, CardToken, CredentialRule, DoorRule, Grant, HELD_MS_MAX,
    Holder, LevelLine, PersonRule, Place, PolicyRows, RELEASE_MS_MAX, Schedule, SiteRule, Span, Window,
};
use access_core::time::{Period, UnixMs, Zone, ZoneOffset};
use anyhow::{Context as _, ensure};
use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::plant::Plant;

/// The cluster's own administrator.
const SUPERUSER: &str = "cluster";

/// Connects to a plant's Postgres, past row security.
pub async fn database(plant: &Plant) -> anyhow::Result<PgConnection> {
    let socket = plant.folder().join("server/run");
    let options = PgConnectOptions::new().socket(socket).database("pforte").username(SUPERUSER);
    PgConnection::connect_with(&options).await.context("the plant's Postgres")
}

/// The id of a tenant by its short name.
pub async fn tenant(db: &mut PgConnection, slug: &str) -> anyhow::Result<TenantId> {
    let id: Uuid = sqlx::query_scalar("SELECT id FROM tenants WHERE slug = $1").bind(slug).fetch_one(db).await?;
    Ok(id.into())
}

/// Lets a grant have ended at an instant. The server makes none that has: days must have gone by.
pub async fn end_grant(plant: &Plant, grant: &str, at: DateTime<Utc>) -> anyhow::Result<()> {
    let mut db = database(plant).await?;
    let tenant = tenant(&mut db, &plant.staff.account.tenant).await?;
    let mut tx = db.begin().await?;
    // The history of rules is kept by a trigger, which writes for one tenant.
    sqlx::query("SELECT set_config('app.tenant', $1, true)").bind(tenant.to_string()).execute(&mut *tx).await?;
    let ended = sqlx::query("UPDATE grants SET valid_until = $2, no_end_reason = NULL WHERE id = $1")
        .bind(grant.parse::<Uuid>()?)
        .bind(at)
        .execute(&mut *tx)
        .await?;
    ensure!(ended.rows_affected() == 1, "there is no grant {grant}");
    Ok(tx.commit().await?)
}

/// Every rule of a tenant. Nobody changes them meanwhile: it is not looked whether they are of one version.
pub async fn read(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<PolicyRows> {
    let version: i64 = sqlx::query_scalar("SELECT version FROM policy_versions WHERE tenant_id = $1")
        .bind(tenant.as_uuid())
        .fetch_one(&mut *db)
        .await?;
    Ok(PolicyRows {
        version: version.try_into()?,
        sites: sites(db, tenant).await?,
        areas: areas(db, tenant).await?,
        doors: doors(db, tenant).await?,
        schedules: schedules(db, tenant).await?,
        levels: levels(db, tenant).await?,
        persons: persons(db, tenant).await?,
        credentials: credentials(db, tenant).await?,
        grants: grants(db, tenant).await?,
        blocks: blocks(db, tenant).await?,
        ..PolicyRows::empty(tenant)
    })
}

fn instant(at: DateTime<Utc>) -> UnixMs {
    UnixMs(at.timestamp_millis())
}

fn period(from: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Period {
    Period { from: instant(from), until: until.map(instant) }
}

/// A zone's offsets, by the hour for the days around now: clocks change on the hour.
fn zone(name: String, hours: &[DateTime<Utc>], offsets_s: &[i32]) -> anyhow::Result<Zone> {
    let first_offset_s = *offsets_s.first().with_context(|| format!("no offsets of {name}"))?;
    let mut offsets = Vec::new();
    let mut before_s = first_offset_s;
    for (hour, &offset_s) in hours.iter().zip(offsets_s) {
        if offset_s != before_s {
            offsets.push(ZoneOffset { from: instant(*hour), offset_s });
            before_s = offset_s;
        }
    }
    Ok(Zone { name, first_offset_s, offsets })
}

type SiteRow = (Uuid, String, bool, Vec<DateTime<Utc>>, Vec<i32>);

async fn sites(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<SiteRule>> {
    let rows: Vec<SiteRow> = sqlx::query_as(
        "SELECT site.id, site.time_zone, site.accepts_uid_only, array_agg(hour ORDER BY hour), \
         array_agg((extract(epoch FROM hour AT TIME ZONE site.time_zone) - extract(epoch FROM hour))::integer \
         ORDER BY hour) FROM sites site, \
         generate_series(date_trunc('hour', now()) - interval '5 days', now() + interval '2 days', interval '1 hour') hour \
         WHERE site.tenant_id = $1 GROUP BY site.id, site.time_zone, site.accepts_uid_only",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|(id, name, accepts_uid_only, hours, offsets_s)| {
            let zone = zone(name, &hours, &offsets_s)?;
            Ok(SiteRule { id: id.into(), zone, accepts_uid_only, calendar: None })
        })
        .collect()
}

async fn areas(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<AreaRule>> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as("SELECT id, site_id FROM areas WHERE tenant_id = $1")
        .bind(tenant.as_uuid())
        .fetch_all(db)
        .await?;
    let area = |(id, site): (Uuid, Uuid)| AreaRule {
        id: id.into(),
        site: site.into(),
        anti_passback: AntiPassback::Off,
        persons_max: None,
        two_person: None,
    };
    Ok(rows.into_iter().map(area).collect())
}

type DoorRow = (Uuid, Uuid, Uuid, Uuid, String, String, i32, i32, String, bool);

async fn doors(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<DoorRule>> {
    let rows: Vec<DoorRow> = sqlx::query_as(
        "SELECT id, site_id, area_outside_id, area_inside_id, factors_in, factors_out, release_ms, held_ms, exit, has_contact FROM doors \
         WHERE tenant_id = $1",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|(id, site, outside, inside, factors_in, factors_out, release_ms, held_ms, exit, has_contact)| {
            let (release_ms, held_ms) = (u32::try_from(release_ms)?, u32::try_from(held_ms)?);
            Ok(DoorRule {
                id: id.into(),
                site: site.into(),
                leads_from: outside.into(),
                leads_to: inside.into(),
                factors_in: factors_in.parse()?,
                factors_out: factors_out.parse()?,
                factor_lines: Vec::new(),
                modes: Vec::new(),
                release_ms,
                held_ms,
                release_longer_ms: (release_ms * 2).min(RELEASE_MS_MAX),
                held_longer_ms: (held_ms * 2).min(HELD_MS_MAX),
                exit: exit.parse()?,
                has_contact,
            })
        })
        .collect()
}

async fn schedules(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<Schedule>> {
    let rows: Vec<(Uuid, i16, i16, i16)> = sqlx::query_as(
        "SELECT schedule_id, days, from_minute, to_minute FROM schedule_windows WHERE tenant_id = $1 ORDER BY place",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    let mut windows: BTreeMap<Uuid, Vec<Window>> = BTreeMap::new();
    for (id, days, from_minute, to_minute) in rows {
        windows.entry(id).or_default().push(Window {
            days: days.try_into()?,
            day_types: 0,
            span: Span { from_minute: from_minute.try_into()?, to_minute: to_minute.try_into()? },
        });
    }
    Ok(windows.into_iter().map(|(id, windows)| Schedule { id: id.into(), windows, exceptions: Vec::new() }).collect())
}

async fn levels(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<AccessLevel>> {
    let rows: Vec<(Uuid, String, Option<Uuid>, Vec<Uuid>)> = sqlx::query_as(
        "SELECT line.level_id, line.sides, line.schedule_id, array_agg(door.door_id) FROM access_level_lines line \
         JOIN access_level_line_places door USING (tenant_id, level_id, place) WHERE line.tenant_id = $1 AND door.kind = 'door' \
         GROUP BY line.level_id, line.place, line.sides, line.schedule_id ORDER BY line.place",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    let mut levels: BTreeMap<Uuid, Vec<LevelLine>> = BTreeMap::new();
    for (id, sides, schedule, doors) in rows {
        levels.entry(id).or_default().push(LevelLine {
            places: doors.into_iter().map(|door| Place::Door(door.into())).collect(),
            sides: sides.parse()?,
            schedule: schedule.map(Into::into),
            factors: None,
        });
    }
    Ok(levels.into_iter().map(|(id, lines)| AccessLevel { id: id.into(), lines }).collect())
}

async fn persons(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<PersonRule>> {
    let rows: Vec<(Uuid, bool, bool)> = sqlx::query_as(
        "SELECT id, state = 'active', id IN (SELECT person_id FROM fingers WHERE tenant_id = $1 \
         AND NOT is_duress) FROM persons WHERE tenant_id = $1",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, is_active, has_finger)| PersonRule {
            id: id.into(),
            is_active,
            has_finger,
            has_pin: false,
            needs_longer: false,
            exemption: None,
            escort: None,
            groups: Vec::new(),
        })
        .collect())
}

type CardRow = (Uuid, Uuid, Vec<u8>, String, DateTime<Utc>, Option<DateTime<Utc>>);

async fn credentials(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<CredentialRule>> {
    let rows: Vec<CardRow> = sqlx::query_as(
        "SELECT id, person_id, token, state, valid_from, valid_until FROM credentials WHERE tenant_id = $1",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|(id, person, token, state, from, until)| {
            Ok(CredentialRule {
                id: id.into(),
                person: person.into(),
                token: CardToken(token.as_slice().try_into().context("a card's token")?),
                state: state.parse()?,
                valid: period(from, until),
            })
        })
        .collect()
}

type GrantRow = (Uuid, Uuid, Uuid, DateTime<Utc>, Option<DateTime<Utc>>);

async fn grants(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<Grant>> {
    let rows: Vec<GrantRow> = sqlx::query_as(
        "SELECT id, person_id, level_id, valid_from, valid_until FROM grants WHERE tenant_id = $1 AND revoked_at IS NULL",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    let grant = |(id, person, level, from, until): GrantRow| Grant {
        id: id.into(),
        holder: Holder::Person(person.into()),
        level: level.into(),
        valid: period(from, until),
    };
    Ok(rows.into_iter().map(grant).collect())
}

type BlockRow = (Uuid, Option<Uuid>, Option<Uuid>, DateTime<Utc>, Option<DateTime<Utc>>);

async fn blocks(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<Block>> {
    let rows: Vec<BlockRow> = sqlx::query_as(
        "SELECT id, person_id, credential_id, valid_from, valid_until FROM blocks WHERE tenant_id = $1 AND lifted_at IS NULL",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|(id, person, credential, from, until)| {
            let person = person.map(|person| BlockSubject::Person(person.into()));
            let subject = person.or(credential.map(|card| BlockSubject::Credential(card.into())));
            let subject = subject.context("a block of nothing")?;
            Ok(Block { id: id.into(), subject, place: Place::Tenant, valid: period(from, until) })
        })
        .collect()
}
