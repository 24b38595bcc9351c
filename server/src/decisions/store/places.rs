//! Sites, areas, doors, and what is demanded there.

use std::collections::BTreeMap;

use access_core::ids::TenantId;
use access_core::policy::{
    AntiPassback, AreaRule, DoorRule, FactorLine, HELD_MS_MAX, InterlockRule, ModeLine, RELEASE_MS_MAX, SiteRule,
    ThreatLevelRule, TravelEnds, TravelTime, TwoPerson,
};
use access_core::time::UnixMs;
use anyhow::Context as _;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::PlaceColumns;
use crate::sites;

pub(super) async fn sites(db: &mut PgConnection, tenant: TenantId, now: UnixMs) -> anyhow::Result<Vec<SiteRule>> {
    let rows: Vec<(Uuid, String, bool, Option<Uuid>)> = sqlx::query_as(
        "SELECT id, time_zone, accepts_uid_only, calendar_id FROM sites WHERE tenant_id = $1 ORDER BY id",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|(id, zone, accepts_uid_only, calendar)| {
            let zone = sites::zone(&zone, now)?;
            Ok(SiteRule { id: id.into(), zone, accepts_uid_only, calendar: calendar.map(Into::into) })
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct AreaRow {
    id: Uuid,
    site_id: Uuid,
    anti_passback: String,
    anti_passback_s: Option<i32>,
    persons_max: Option<i32>,
    two_person_s: Option<i32>,
    two_person_group_id: Option<Uuid>,
    two_person_other_group_id: Option<Uuid>,
}

pub(super) async fn areas(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<AreaRule>> {
    let rows: Vec<AreaRow> = sqlx::query_as(
        "SELECT id, site_id, anti_passback, anti_passback_s, persons_max, two_person_s, two_person_group_id, \
         two_person_other_group_id FROM areas WHERE tenant_id = $1 ORDER BY id",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    rows.into_iter().map(area).collect()
}

fn area(row: AreaRow) -> anyhow::Result<AreaRule> {
    let anti_passback = match (row.anti_passback.as_str(), row.anti_passback_s) {
        ("off", _) => AntiPassback::Off,
        ("soft", _) => AntiPassback::Soft,
        ("hard", _) => AntiPassback::Hard,
        ("timed", Some(seconds)) => AntiPassback::Timed { within_s: seconds.try_into()? },
        (word, _) => anyhow::bail!("area {}: anti-passback `{word}`", row.id),
    };
    let groups = row.two_person_group_id.zip(row.two_person_other_group_id);
    let groups = groups.map(|(one, other)| (one.into(), other.into()));
    let two_person = match row.two_person_s {
        Some(seconds) => Some(TwoPerson { within_s: seconds.try_into()?, groups }),
        None => None,
    };
    Ok(AreaRule {
        id: row.id.into(),
        site: row.site_id.into(),
        anti_passback,
        persons_max: row.persons_max.map(TryInto::try_into).transpose()?,
        two_person,
    })
}

#[derive(sqlx::FromRow)]
struct DoorRow {
    id: Uuid,
    site_id: Uuid,
    area_outside_id: Uuid,
    area_inside_id: Uuid,
    factors_in: String,
    factors_out: String,
    release_ms: i32,
    held_ms: i32,
    release_longer_ms: Option<i32>,
    held_longer_ms: Option<i32>,
    exit: String,
    has_contact: bool,
}

pub(super) async fn doors(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<DoorRule>> {
    let rows: Vec<DoorRow> = sqlx::query_as(
        "SELECT id, site_id, area_outside_id, area_inside_id, factors_in, factors_out, release_ms, held_ms, \
         release_longer_ms, held_longer_ms, exit, has_contact FROM doors WHERE tenant_id = $1 ORDER BY id",
    )
    .bind(tenant.as_uuid())
    .fetch_all(&mut *db)
    .await?;
    let mut modes = mode_lines(db, tenant).await?;
    let mut factors = factor_lines(db, tenant).await?;
    rows.into_iter()
        .map(|row| {
            let (release_ms, held_ms) = (row.release_ms.try_into()?, row.held_ms.try_into()?);
            Ok(DoorRule {
                id: row.id.into(),
                site: row.site_id.into(),
                leads_from: row.area_outside_id.into(),
                leads_to: row.area_inside_id.into(),
                factors_in: row.factors_in.parse()?,
                factors_out: row.factors_out.parse()?,
                factor_lines: factors.remove(&row.id).unwrap_or_default(),
                modes: modes.remove(&row.id).unwrap_or_default(),
                release_ms,
                held_ms,
                release_longer_ms: longer(release_ms, row.release_longer_ms, RELEASE_MS_MAX)?,
                held_longer_ms: longer(held_ms, row.held_longer_ms, HELD_MS_MAX)?,
                exit: row.exit.parse()?,
                has_contact: row.has_contact,
            })
        })
        .collect()
}

/// The time for a person who needs longer: as set, twice the ordinary one where nothing is set, and never less than that.
fn longer(ordinary_ms: u32, set_ms: Option<i32>, max_ms: u32) -> anyhow::Result<u32> {
    let longer_ms = match set_ms {
        Some(ms) => ms.try_into()?,
        None => ordinary_ms.saturating_mul(2).min(max_ms),
    };
    Ok(longer_ms.max(ordinary_ms))
}

async fn mode_lines(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<BTreeMap<Uuid, Vec<ModeLine>>> {
    let rows: Vec<(Uuid, Uuid, String)> = sqlx::query_as(
        "SELECT door_id, schedule_id, mode FROM door_mode_lines WHERE tenant_id = $1 ORDER BY door_id, place",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    let mut lines: BTreeMap<Uuid, Vec<ModeLine>> = BTreeMap::new();
    for (door, schedule, mode) in rows {
        lines.entry(door).or_default().push(ModeLine { schedule: schedule.into(), mode: mode.parse()? });
    }
    Ok(lines)
}

async fn factor_lines(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<BTreeMap<Uuid, Vec<FactorLine>>> {
    let rows: Vec<(Uuid, String, Uuid, String)> = sqlx::query_as(
        "SELECT door_id, side, schedule_id, factors FROM door_factor_lines WHERE tenant_id = $1 ORDER BY door_id, place",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    let mut lines: BTreeMap<Uuid, Vec<FactorLine>> = BTreeMap::new();
    for (door, side, schedule, factors) in rows {
        let line = FactorLine { side: side.parse()?, schedule: schedule.into(), factors: factors.parse()? };
        lines.entry(door).or_default().push(line);
    }
    Ok(lines)
}

pub(super) async fn interlocks(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<InterlockRule>> {
    let rows: Vec<(Uuid, Vec<Uuid>)> = sqlx::query_as(
        "SELECT interlock.id, ARRAY(SELECT held.door_id FROM interlock_doors held \
         WHERE held.tenant_id = interlock.tenant_id AND held.interlock_id = interlock.id ORDER BY held.door_id) \
         FROM interlocks interlock WHERE interlock.tenant_id = $1 ORDER BY interlock.id",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    let interlock = |(id, doors): (Uuid, Vec<Uuid>)| InterlockRule {
        id: id.into(),
        doors: doors.into_iter().map(Into::into).collect(),
    };
    Ok(rows.into_iter().map(interlock).collect())
}

type TravelRow = (Option<Uuid>, Option<Uuid>, Option<Uuid>, Option<Uuid>, i32);

pub(super) async fn travel_times(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<TravelTime>> {
    let rows: Vec<TravelRow> = sqlx::query_as(
        "SELECT door_id, other_door_id, site_id, other_site_id, least_s FROM travel_times WHERE tenant_id = $1",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|(door, other_door, site, other_site, least_s)| {
            let doors = door.zip(other_door).map(|(one, other)| TravelEnds::Doors(one.into(), other.into()));
            let sites = site.zip(other_site).map(|(one, other)| TravelEnds::Sites(one.into(), other.into()));
            let between = doors.or(sites).context("a travel time has no two ends")?;
            Ok(TravelTime { between, least_s: least_s.try_into()? })
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct ThreatLevelRow {
    level: i16,
    locks: bool,
    factors: Option<String>,
    places: Json<Vec<PlaceColumns>>,
    exempt: Vec<Uuid>,
}

pub(super) async fn threat_levels(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<ThreatLevelRule>> {
    let rows: Vec<ThreatLevelRow> = sqlx::query_as(
        "SELECT threat.level, threat.locks, threat.factors, COALESCE((SELECT jsonb_agg(jsonb_build_object('kind', held.kind, \
             'site_id', held.site_id, 'area_id', held.area_id, 'door_id', held.door_id) \
             ORDER BY held.site_id, held.area_id, held.door_id) FROM threat_level_places held \
             WHERE held.tenant_id = threat.tenant_id AND held.level = threat.level), '[]') AS places, \
         ARRAY(SELECT exempt.group_id FROM threat_level_exempt_groups exempt WHERE exempt.tenant_id = threat.tenant_id \
             AND exempt.level = threat.level ORDER BY exempt.group_id) AS exempt \
         FROM threat_levels threat WHERE threat.tenant_id = $1 ORDER BY threat.level",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ThreatLevelRule {
                level: row.level.try_into()?,
                locks: row.locks,
                places: row.places.0.iter().map(PlaceColumns::place).collect::<anyhow::Result<_>>()?,
                factors: row.factors.map(|word| word.parse()).transpose()?,
                exempt: row.exempt.into_iter().map(Into::into).collect(),
            })
        })
        .collect()
}
