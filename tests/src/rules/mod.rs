//! The rules of a tenant as they stand in its plant's Postgres, read past the server: what the demo's history is decided
//! by, and what recorded decisions are held against.

use std::collections::BTreeMap;
use std::path::Path;

use access_core::ids::TenantId;
use access_core::policy::{
    AccessLevel, AloneRules, AntiPassback, AreaRule, Block, BlockSubject, Calendar, CalendarDay, CardToken,
    CredentialRule, DoorRule, Escort, EscortBy, ExceptionDay, Exemption, FactorLine, Grant, GroupRule, HELD_MS_MAX,
    Holder, InterlockRule, LevelLine, ModeLine, PersonRule, Place, PolicyRows, RELEASE_MS_MAX, Schedule, SiteRule,
    Span, Suspicion, TenantRules, ThreatLevelRule, TravelEnds, TravelTime, TwoPerson, Window,
};
use access_core::time::{Period, UnixMs, Zone, ZoneOffset};
use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

mod tables;

use tables::{
    AreaRow, BlockRow, CalendarDayRow, CredentialRow, DoorRow, ExceptionRow, ExceptionWindowRow, FactorLineRow,
    FingerRow, GrantRow, GroupRow, IdRow, InterlockDoorRow, LinePlaceRow, LineRow, MemberRow, ModeLineRow, PersonRow,
    PlaceColumns, TenantRulesRow, ThreatExemptRow, ThreatPlaceRow, ThreatRow, TravelRow, WindowRow, all,
};

use crate::plant::Plant;

/// The cluster's own administrator.
const SUPERUSER: &str = "cluster";

/// Connects to a plant's Postgres, past row security.
pub async fn database(plant: &Plant) -> anyhow::Result<PgConnection> {
    database_at(&plant.folder().join("server/run")).await
}

/// The same by the folder of its socket.
pub async fn database_at(socket: &Path) -> anyhow::Result<PgConnection> {
    let options = PgConnectOptions::new().socket(socket).database("pforte").username(SUPERUSER);
    PgConnection::connect_with(&options).await.context("the plant's Postgres")
}

/// The id of a tenant by its short name.
pub async fn tenant(db: &mut PgConnection, slug: &str) -> anyhow::Result<TenantId> {
    let id: Uuid = sqlx::query_scalar("SELECT id FROM tenants WHERE slug = $1").bind(slug).fetch_one(db).await?;
    Ok(id.into())
}

/// Lets all versions of a tenant's rules have been saved so many days earlier.
pub async fn saved_earlier(db: &mut PgConnection, tenant: TenantId, days: i32) -> anyhow::Result<()> {
    let moved = sqlx::query(
        "UPDATE policy_history SET changed_at = changed_at - make_interval(days => $2) WHERE tenant_id = $1 AND version > 0",
    )
    .bind(tenant.as_uuid())
    .bind(days)
    .execute(db)
    .await?;
    ensure!(moved.rows_affected() > 0, "the tenant has no rules");
    Ok(())
}

/// Forgets which cards' keys an agent was sent that was only played: nobody has them, and its end is no reason for new ones.
pub async fn forget_card_keys(db: &mut PgConnection, tenant: TenantId, agent: &str) -> anyhow::Result<()> {
    sqlx::query("DELETE FROM agent_card_keys WHERE tenant_id = $1 AND agent_id = $2")
        .bind(tenant.as_uuid())
        .bind(agent.parse::<Uuid>()?)
        .execute(db)
        .await?;
    Ok(())
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
        rules: choices(db, tenant).await?,
        sites: sites(db, tenant).await?,
        areas: areas(db, tenant).await?,
        doors: doors(db, tenant).await?,
        interlocks: interlocks(db, tenant).await?,
        travel: travel(db, tenant).await?,
        threat_levels: threat_levels(db, tenant).await?,
        calendars: calendars(db, tenant).await?,
        schedules: schedules(db, tenant).await?,
        levels: levels(db, tenant).await?,
        groups: groups(db, tenant).await?,
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

fn days_since_1970(day: NaiveDate) -> anyhow::Result<i32> {
    Ok(day.signed_duration_since(NaiveDate::default()).num_days().try_into()?)
}

fn place(of: &PlaceColumns) -> anyhow::Result<Place> {
    Ok(match (of.kind.as_str(), of.site_id, of.area_id, of.door_id) {
        ("tenant", ..) => Place::Tenant,
        ("site", Some(site), ..) => Place::Site(site.into()),
        ("area", _, Some(area), _) => Place::Area(area.into()),
        ("door", .., Some(door)) => Place::Door(door.into()),
        _ => bail!("a place that is none: {of:?}"),
    })
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

type SiteRow = (Uuid, String, bool, Option<Uuid>, Vec<DateTime<Utc>>, Vec<i32>);

async fn sites(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<SiteRule>> {
    let rows: Vec<SiteRow> = sqlx::query_as(
        "SELECT site.id, site.time_zone, site.accepts_uid_only, site.calendar_id, array_agg(hour ORDER BY hour), \
         array_agg((extract(epoch FROM hour AT TIME ZONE site.time_zone) - extract(epoch FROM hour))::integer \
         ORDER BY hour) FROM sites site, \
         generate_series(date_trunc('hour', now()) - interval '5 days', now() + interval '2 days', interval '1 hour') hour \
         WHERE site.tenant_id = $1 GROUP BY site.id, site.time_zone, site.accepts_uid_only, site.calendar_id",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|(id, name, accepts_uid_only, calendar, hours, offsets_s)| {
            let zone = zone(name, &hours, &offsets_s)?;
            Ok(SiteRule { id: id.into(), zone, accepts_uid_only, calendar: calendar.map(Into::into) })
        })
        .collect()
}

async fn choices(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<TenantRules> {
    let rows: Vec<TenantRulesRow> = all(db, tenant, "tenant_rules", "held.tenant_id").await?;
    let rules = |row: TenantRulesRow| TenantRules {
        suspicion: Suspicion {
            refusals: row.refusals,
            within_s: row.refusals_within_s,
            reader_lock_s: row.reader_lock_s,
        },
        alone: AloneRules {
            travel: row.alone_travel,
            anti_passback: row.alone_anti_passback,
            occupancy: row.alone_occupancy,
            two_person: row.alone_two_person,
        },
        waived_for_duress: row.waived_for_duress,
        alone_hours: row.alone_hours,
    };
    Ok(rows.into_iter().next().map(rules).unwrap_or_default())
}

async fn areas(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<AreaRule>> {
    let rows: Vec<AreaRow> = all(db, tenant, "areas", "held.id").await?;
    let area = |row: AreaRow| {
        let anti_passback = match (row.anti_passback.as_str(), row.anti_passback_s) {
            ("off", None) => AntiPassback::Off,
            ("soft", None) => AntiPassback::Soft,
            ("timed", Some(within_s)) => AntiPassback::Timed { within_s },
            ("hard", None) => AntiPassback::Hard,
            (kind, time) => bail!("anti-passback {kind}, {time:?} s"),
        };
        let pair = row.two_person_group_id.zip(row.two_person_other_group_id);
        let groups = pair.map(|(one, other)| (one.into(), other.into()));
        Ok(AreaRule {
            id: row.id.into(),
            site: row.site_id.into(),
            anti_passback,
            persons_max: row.persons_max,
            two_person: row.two_person_s.map(|within_s| TwoPerson { within_s, groups }),
        })
    };
    rows.into_iter().map(area).collect()
}

async fn doors(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<DoorRule>> {
    let rows: Vec<DoorRow> = all(db, tenant, "doors", "held.id").await?;
    let modes: Vec<ModeLineRow> = all(db, tenant, "door_mode_lines", "held.door_id, held.place").await?;
    let factors: Vec<FactorLineRow> = all(db, tenant, "door_factor_lines", "held.door_id, held.place").await?;
    let door = |row: DoorRow| {
        let modes = modes.iter().filter(|line| line.door_id == row.id);
        let factors = factors.iter().filter(|line| line.door_id == row.id);
        DoorRule {
            id: row.id.into(),
            site: row.site_id.into(),
            leads_from: row.area_outside_id.into(),
            leads_to: row.area_inside_id.into(),
            factors_in: row.factors_in,
            factors_out: row.factors_out,
            factor_lines: factors
                .map(|line| FactorLine { side: line.side, schedule: line.schedule_id.into(), factors: line.factors })
                .collect(),
            modes: modes.map(|line| ModeLine { schedule: line.schedule_id.into(), mode: line.mode }).collect(),
            release_ms: row.release_ms,
            held_ms: row.held_ms,
            release_longer_ms: longer(row.release_ms, row.release_longer_ms, RELEASE_MS_MAX),
            held_longer_ms: longer(row.held_ms, row.held_longer_ms, HELD_MS_MAX),
            exit: row.exit,
            has_contact: row.has_contact,
        }
    };
    Ok(rows.into_iter().map(door).collect())
}

/// For persons who need longer: as chosen, else twice the ordinary time; never less than that.
fn longer(ordinary_ms: u32, chosen_ms: Option<u32>, max_ms: u32) -> u32 {
    chosen_ms.unwrap_or_else(|| (ordinary_ms * 2).min(max_ms)).max(ordinary_ms)
}

async fn interlocks(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<InterlockRule>> {
    let rows: Vec<IdRow> = all(db, tenant, "interlocks", "held.id").await?;
    let doors: Vec<InterlockDoorRow> = all(db, tenant, "interlock_doors", "held.door_id").await?;
    let group = |row: IdRow| InterlockRule {
        id: row.id.into(),
        doors: doors.iter().filter(|door| door.interlock_id == row.id).map(|door| door.door_id.into()).collect(),
    };
    Ok(rows.into_iter().map(group).collect())
}

async fn travel(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<TravelTime>> {
    let rows: Vec<TravelRow> = all(db, tenant, "travel_times", "held.id").await?;
    let time = |row: TravelRow| {
        let doors = row.door_id.zip(row.other_door_id).map(|(one, other)| TravelEnds::Doors(one.into(), other.into()));
        let sites = row.site_id.zip(row.other_site_id).map(|(one, other)| TravelEnds::Sites(one.into(), other.into()));
        let between = doors.or(sites).context("a travel time without two ends")?;
        Ok(TravelTime { between, least_s: row.least_s })
    };
    rows.into_iter().map(time).collect()
}

async fn threat_levels(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<ThreatLevelRule>> {
    let rows: Vec<ThreatRow> = all(db, tenant, "threat_levels", "held.level").await?;
    let places: Vec<ThreatPlaceRow> = all(db, tenant, "threat_level_places", "held.level").await?;
    let exempt: Vec<ThreatExemptRow> =
        all(db, tenant, "threat_level_exempt_groups", "held.level, held.group_id").await?;
    let level = |row: ThreatRow| {
        let places = places.iter().filter(|of| of.level == row.level);
        let exempt = exempt.iter().filter(|of| of.level == row.level);
        Ok(ThreatLevelRule {
            level: row.level,
            locks: row.locks,
            places: places.map(|of| place(&of.place)).collect::<anyhow::Result<_>>()?,
            factors: row.factors,
            exempt: exempt.map(|of| of.group_id.into()).collect(),
        })
    };
    rows.into_iter().map(level).collect()
}

async fn calendars(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<Calendar>> {
    let rows: Vec<IdRow> = all(db, tenant, "calendars", "held.id").await?;
    let days: Vec<CalendarDayRow> = all(db, tenant, "calendar_days", "held.day").await?;
    let day = |of: &CalendarDayRow| Ok(CalendarDay { day: days_since_1970(of.day)?, day_type: of.day_type });
    let calendar = |row: IdRow| {
        let own = days.iter().filter(|day| day.calendar_id == row.id);
        Ok(Calendar { id: row.id.into(), days: own.map(day).collect::<anyhow::Result<_>>()? })
    };
    rows.into_iter().map(calendar).collect()
}

async fn schedules(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<Schedule>> {
    let rows: Vec<IdRow> = all(db, tenant, "schedules", "held.id").await?;
    let windows: Vec<WindowRow> = all(db, tenant, "schedule_windows", "held.place").await?;
    let exceptions: Vec<ExceptionRow> = all(db, tenant, "schedule_exceptions", "held.day").await?;
    let excepted: Vec<ExceptionWindowRow> = all(db, tenant, "schedule_exception_windows", "held.place").await?;
    let window = |row: &WindowRow| Window {
        days: row.days,
        day_types: row.day_types,
        span: Span { from_minute: row.from_minute, to_minute: row.to_minute },
    };
    let exception = |row: &ExceptionRow| {
        let own = excepted.iter().filter(|of| (of.schedule_id, of.day) == (row.schedule_id, row.day));
        let spans = own.map(|of| Span { from_minute: of.from_minute, to_minute: of.to_minute }).collect();
        Ok(ExceptionDay { day: days_since_1970(row.day)?, spans })
    };
    let schedule = |row: IdRow| {
        let exceptions = exceptions.iter().filter(|of| of.schedule_id == row.id);
        Ok(Schedule {
            id: row.id.into(),
            windows: windows.iter().filter(|of| of.schedule_id == row.id).map(window).collect(),
            exceptions: exceptions.map(exception).collect::<anyhow::Result<_>>()?,
        })
    };
    rows.into_iter().map(schedule).collect()
}

async fn levels(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<AccessLevel>> {
    let rows: Vec<IdRow> = all(db, tenant, "access_levels", "held.id").await?;
    let lines: Vec<LineRow> = all(db, tenant, "access_level_lines", "held.place").await?;
    let places: Vec<LinePlaceRow> = all(db, tenant, "access_level_line_places", "held.place").await?;
    let line = |row: &LineRow| {
        let own = places.iter().filter(|of| (of.level_id, of.line) == (row.level_id, row.place));
        Ok(LevelLine {
            places: own.map(|of| place(&of.place)).collect::<anyhow::Result<_>>()?,
            sides: row.sides,
            schedule: row.schedule_id.map(Into::into),
            factors: row.factors,
        })
    };
    let level = |row: IdRow| {
        let own = lines.iter().filter(|of| of.level_id == row.id);
        Ok(AccessLevel { id: row.id.into(), lines: own.map(line).collect::<anyhow::Result<_>>()? })
    };
    rows.into_iter().map(level).collect()
}

async fn groups(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<GroupRule>> {
    let rows: Vec<GroupRow> = all(db, tenant, "groups", "held.id").await?;
    Ok(rows.into_iter().map(|row| GroupRule { id: row.id.into(), is_responder: row.is_responder }).collect())
}

async fn persons(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<PersonRule>> {
    let rows: Vec<PersonRow> = all(db, tenant, "persons", "held.id").await?;
    let fingers: Vec<FingerRow> = all(db, tenant, "fingers", "held.id").await?;
    let members: Vec<MemberRow> = all(db, tenant, "group_members", "held.group_id").await?;
    let mut groups: BTreeMap<Uuid, Vec<_>> = BTreeMap::new();
    for row in members {
        groups.entry(row.person_id).or_default().push(row.group_id.into());
    }
    let person = |row: PersonRow| {
        let by_person = row.escort_person_id.map(|person| EscortBy::Person(person.into()));
        let by = by_person.or(row.escort_group_id.map(|group| EscortBy::Group(group.into())));
        let exemption = row.exemption_ground.zip(row.exemption_from);
        PersonRule {
            id: row.id.into(),
            is_active: row.state == "active",
            has_finger: fingers.iter().any(|finger| finger.person_id == row.id && !finger.is_duress),
            has_pin: row.has_pin,
            needs_longer: row.needs_longer,
            exemption: exemption.map(|(ground, from)| Exemption { ground, valid: period(from, row.exemption_until) }),
            escort: by.zip(row.escort_within_s).map(|(by, within_s)| Escort { by, within_s }),
            groups: groups.remove(&row.id).unwrap_or_default(),
        }
    };
    Ok(rows.into_iter().map(person).collect())
}

async fn credentials(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<CredentialRule>> {
    let rows: Vec<CredentialRow> = all(db, tenant, "credentials", "held.id").await?;
    let card = |row: CredentialRow| CredentialRule {
        id: row.id.into(),
        person: row.person_id.into(),
        token: CardToken(row.token),
        state: row.state,
        valid: period(row.valid_from, row.valid_until),
        proves_itself: row.strength == "authenticated",
    };
    Ok(rows.into_iter().map(card).collect())
}

async fn grants(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<Grant>> {
    let rows: Vec<GrantRow> = all(db, tenant, "grants", "held.id").await?;
    let grant = |row: GrantRow| {
        let by_person = row.person_id.map(|person| Holder::Person(person.into()));
        let holder =
            by_person.or(row.group_id.map(|group| Holder::Group(group.into()))).context("a grant to nobody")?;
        let valid = period(row.valid_from, row.valid_until);
        Ok(Grant { id: row.id.into(), holder, level: row.level_id.into(), valid })
    };
    rows.into_iter().filter(|row| row.revoked_at.is_none()).map(grant).collect()
}

async fn blocks(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<Block>> {
    let rows: Vec<BlockRow> = all(db, tenant, "blocks", "held.id").await?;
    let block = |row: BlockRow| {
        let person = row.person_id.map(|person| BlockSubject::Person(person.into()));
        let card = row.credential_id.map(|card| BlockSubject::Credential(card.into()));
        let group = row.group_id.map(|group| BlockSubject::Group(group.into()));
        let subject = person.or(card).or(group).context("a block of nothing")?;
        let valid = period(row.valid_from, row.valid_until);
        Ok(Block { id: row.id.into(), subject, place: place(&row.place)?, valid })
    };
    rows.into_iter().filter(|row| row.lifted_at.is_none()).map(block).collect()
}
