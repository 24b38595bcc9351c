//! SQL of doors.

use access_core::canonical;
use access_core::event::{Event, Record};
use access_core::ids::TenantId;
use access_core::word::Word as _;
use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use uuid::Uuid;

use super::{Acceptance, AcceptanceState, Door, DoorAgentState, DoorSettings, DoorState, LeafPosition};
use crate::events::{Behind, LogEvent};

const DOOR: &str = "id, name, site_id, area_outside_id, area_inside_id, factors_in, factors_out, release_ms, held_ms, \
                    release_longer_ms, held_longer_ms, exit, has_contact, row_version, \
                    COALESCE((SELECT jsonb_agg(jsonb_build_object('side', line.side, 'schedule_id', line.schedule_id, \
                    'factors', line.factors) ORDER BY line.place) FROM door_factor_lines line \
                    WHERE line.tenant_id = doors.tenant_id AND line.door_id = doors.id), '[]') AS factor_lines, \
                    COALESCE((SELECT jsonb_agg(jsonb_build_object('schedule_id', line.schedule_id, 'mode', line.mode) \
                    ORDER BY line.place) FROM door_mode_lines line \
                    WHERE line.tenant_id = doors.tenant_id AND line.door_id = doors.id), '[]') AS mode_lines, (SELECT served.agent_id FROM agent_doors served \
                    WHERE served.tenant_id = doors.tenant_id AND served.door_id = doors.id) AS agent_id";

fn door(row: PgRow) -> sqlx::Result<Door> {
    Ok(Door {
        id: row.try_get("id")?,
        version: row.try_get("row_version")?,
        agent_id: row.try_get("agent_id")?,
        rule: DoorSettings {
            name: row.try_get("name")?,
            site_id: row.try_get("site_id")?,
            area_outside_id: row.try_get("area_outside_id")?,
            area_inside_id: row.try_get("area_inside_id")?,
            factors_in: word(&row, "factors_in")?,
            factors_out: word(&row, "factors_out")?,
            release_ms: row.try_get("release_ms")?,
            held_warning_ms: row.try_get("held_ms")?,
            exit: word(&row, "exit")?,
            has_contact: row.try_get("has_contact")?,
            release_longer_ms: row.try_get("release_longer_ms")?,
            held_longer_ms: row.try_get("held_longer_ms")?,
            factor_lines: row.try_get::<Json<_>, _>("factor_lines")?.0,
            mode_lines: row.try_get::<Json<_>, _>("mode_lines")?.0,
        },
    })
}

fn word<W: access_core::word::Word>(row: &PgRow, column: &str) -> sqlx::Result<W> {
    let text: &str = row.try_get(column)?;
    W::from_word(text).ok_or_else(|| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("`{text}` is not a word of {}", W::NAME).into(),
    })
}

/// Every door, by name.
pub async fn list(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Vec<Door>> {
    sqlx::query(AssertSqlSafe(format!("SELECT {DOOR} FROM doors WHERE tenant_id = $1 ORDER BY name, id")))
        .bind(tenant.as_uuid())
        .try_map(door)
        .fetch_all(db)
        .await
}

/// One door.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Door>> {
    one(db, tenant, id, "").await
}

/// One door, locked against other changes until the transaction ends.
pub async fn get_locked(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Door>> {
    one(db, tenant, id, "FOR UPDATE OF doors").await
}

async fn one(db: &mut PgConnection, tenant: TenantId, id: Uuid, lock: &str) -> sqlx::Result<Option<Door>> {
    let sql = AssertSqlSafe(format!("SELECT {DOOR} FROM doors WHERE tenant_id = $1 AND id = $2 {lock}"));
    sqlx::query(sql).bind(tenant.as_uuid()).bind(id).try_map(door).fetch_optional(db).await
}

/// Makes a door.
pub async fn insert(db: &mut PgConnection, tenant: TenantId, id: Uuid, new: &DoorSettings) -> sqlx::Result<Door> {
    let sql = "INSERT INTO doors (tenant_id, id, name, site_id, area_outside_id, area_inside_id, factors_in, factors_out, \
               release_ms, held_ms, exit, has_contact, release_longer_ms, held_longer_ms) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    write(db, sql, tenant, id, new).await
}

/// Changes a door.
pub async fn update(db: &mut PgConnection, tenant: TenantId, id: Uuid, new: &DoorSettings) -> sqlx::Result<Door> {
    let sql = "UPDATE doors SET name = $3, site_id = $4, area_outside_id = $5, area_inside_id = $6, factors_in = $7, \
               factors_out = $8, release_ms = $9, held_ms = $10, exit = $11, has_contact = $12, release_longer_ms = $13, \
               held_longer_ms = $14, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2";
    write(db, sql, tenant, id, new).await
}

async fn write(
    db: &mut PgConnection,
    sql: &'static str,
    tenant: TenantId,
    id: Uuid,
    settings: &DoorSettings,
) -> sqlx::Result<Door> {
    use access_core::word::Word as _;
    sqlx::query(sql)
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(&settings.name)
        .bind(settings.site_id)
        .bind(settings.area_outside_id)
        .bind(settings.area_inside_id)
        .bind(settings.factors_in.as_str())
        .bind(settings.factors_out.as_str())
        .bind(settings.release_ms)
        .bind(settings.held_warning_ms)
        .bind(settings.exit.as_str())
        .bind(settings.has_contact)
        .bind(settings.release_longer_ms)
        .bind(settings.held_longer_ms)
        .execute(&mut *db)
        .await?;
    write_lines(db, tenant, id, settings).await?;
    get(db, tenant, id).await?.ok_or(sqlx::Error::RowNotFound)
}

/// Puts lines in place of those before; what did not change leaves no trace in the history.
async fn write_lines(db: &mut PgConnection, tenant: TenantId, id: Uuid, settings: &DoorSettings) -> sqlx::Result<()> {
    use access_core::word::Word as _;
    let lines = &settings.factor_lines;
    sqlx::query("DELETE FROM door_factor_lines WHERE tenant_id = $1 AND door_id = $2 AND place >= $3")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(count(lines.len()))
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "INSERT INTO door_factor_lines (tenant_id, door_id, place, side, schedule_id, factors) \
         SELECT $1, $2, line.place - 1, line.side, line.schedule_id, line.factors \
         FROM unnest($3::text[], $4::uuid[], $5::text[]) WITH ORDINALITY AS line (side, schedule_id, factors, place) \
         ON CONFLICT (tenant_id, door_id, place) DO UPDATE \
         SET side = excluded.side, schedule_id = excluded.schedule_id, factors = excluded.factors",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .bind(lines.iter().map(|line| line.side.as_str()).collect::<Vec<_>>())
    .bind(lines.iter().map(|line| line.schedule_id).collect::<Vec<_>>())
    .bind(lines.iter().map(|line| line.factors.as_str()).collect::<Vec<_>>())
    .execute(&mut *db)
    .await?;
    let lines = &settings.mode_lines;
    sqlx::query("DELETE FROM door_mode_lines WHERE tenant_id = $1 AND door_id = $2 AND place >= $3")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(count(lines.len()))
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "INSERT INTO door_mode_lines (tenant_id, door_id, place, schedule_id, mode) \
         SELECT $1, $2, line.place - 1, line.schedule_id, line.mode \
         FROM unnest($3::uuid[], $4::text[]) WITH ORDINALITY AS line (schedule_id, mode, place) \
         ON CONFLICT (tenant_id, door_id, place) DO UPDATE SET schedule_id = excluded.schedule_id, mode = excluded.mode",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .bind(lines.iter().map(|line| line.schedule_id).collect::<Vec<_>>())
    .bind(lines.iter().map(|line| line.mode.as_str()).collect::<Vec<_>>())
    .execute(db)
    .await?;
    Ok(())
}

fn count(lines: usize) -> i16 {
    i16::try_from(lines).unwrap_or(i16::MAX)
}

/// What the log says of a door.
#[derive(Debug, sqlx::FromRow)]
pub struct StateRow {
    /// Which door.
    pub door_id: Uuid,
    /// Its agent.
    pub agent_id: Option<Uuid>,
    /// The agent is not one that the server would listen to, or its machine has not linked since it joined.
    pub is_agent_out_of_use: bool,
    /// The newest record of its contact.
    contact: Option<Vec<u8>>,
    position: Option<i64>,
    received_at: Option<DateTime<Utc>>,
    record: Option<Vec<u8>>,
    signature: Option<Vec<u8>>,
    operator_id: Option<Uuid>,
    command_id: Option<Uuid>,
    #[sqlx(flatten)]
    tried: TriedRow,
}

/// Whether a door was tried at its agent, and on which wiring.
#[derive(Debug, Default, sqlx::FromRow)]
struct TriedRow {
    wiring: Option<Vec<u8>>,
    tried_wiring: Option<Vec<u8>>,
    is_passed: Option<bool>,
}

impl TriedRow {
    fn state(&self) -> AcceptanceState {
        match self.is_passed {
            None => AcceptanceState::Untried,
            Some(false) => AcceptanceState::NotPassed,
            Some(true) if self.wiring == self.tried_wiring => AcceptanceState::Accepted,
            Some(true) => AcceptanceState::Changed,
        }
    }
}

/// Whether and how a door was accepted at the agent that controls it.
pub async fn acceptance(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> anyhow::Result<Acceptance> {
    #[derive(sqlx::FromRow)]
    struct Found {
        #[sqlx(flatten)]
        tried: TriedRow,
        wired_at: Option<DateTime<Utc>>,
        position: Option<i64>,
        received_at: Option<DateTime<Utc>>,
        record: Option<Vec<u8>>,
        signature: Option<Vec<u8>>,
    }
    let found: Option<Found> = sqlx::query_as(
        "SELECT trial.wiring, trial.tried_wiring, trial.is_passed, trial.wired_at, event.position, event.received_at, \
         event.record, event.signature FROM door_trials trial JOIN agent_doors controls ON controls.tenant_id = trial.tenant_id \
         AND controls.door_id = trial.door_id AND controls.agent_id = trial.agent_id LEFT JOIN log_events event \
         ON event.tenant_id = trial.tenant_id AND event.position = trial.tried_position \
         WHERE trial.tenant_id = $1 AND trial.door_id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .fetch_optional(db)
    .await?;
    let Some(found) = found else {
        let state = AcceptanceState::Untried.as_str();
        return Ok(Acceptance { state, wiring: None, wired_at: None, tried: None });
    };
    let tried = match (found.position, found.received_at, found.record, found.signature) {
        (Some(position), Some(received_at), Some(record), Some(signature)) => {
            Some(LogEvent::read(position, received_at, record, signature, Behind::default())?)
        }
        _ => None,
    };
    let state = found.tried.state().as_str();
    let wiring = found.tried.wiring.map(hex::encode);
    Ok(Acceptance { state, wiring, wired_at: found.wired_at, tried })
}

impl StateRow {
    /// The row as staff see it.
    pub fn view(self, agent_state: DoorAgentState) -> anyhow::Result<DoorState> {
        let last_event = match (self.position, self.received_at, self.record, self.signature) {
            (Some(position), Some(received_at), Some(record), Some(signature)) => {
                let behind = Behind { operator_id: self.operator_id, command_id: self.command_id };
                Some(LogEvent::read(position, received_at, record, signature, behind)?)
            }
            _ => None,
        };
        let contact = self.contact.map(|bytes| canonical::decode::<Record>("record", &bytes)).transpose()?;
        let position = match contact.map(|record| record.event) {
            Some(Event::DoorOpened { .. } | Event::DoorFound { is_open: true, .. }) => LeafPosition::Open,
            Some(Event::DoorClosed { .. } | Event::DoorFound { is_open: false, .. }) => LeafPosition::Closed,
            _ => LeafPosition::Unknown,
        };
        let acceptance = self.agent_id.map(|_| self.tried.state().as_str());
        Ok(DoorState { door_id: self.door_id, agent_id: self.agent_id, agent_state, position, last_event, acceptance })
    }
}

/// What the log says of every door: its newest event, and the newest of its contact.
pub async fn states(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Vec<StateRow>> {
    sqlx::query_as(
        "SELECT door.id AS door_id, controls.agent_id, \
         COALESCE(agent.state <> 'joined' OR agent.last_seen_at IS NULL OR agent.last_seen_at < agent.joined_at, false) \
            AS is_agent_out_of_use, contact.record AS contact, newest.position, newest.received_at, \
         newest.record, newest.signature, newest.operator_id, newest.command_id, trial.wiring, trial.tried_wiring, \
         trial.is_passed FROM doors door \
         LEFT JOIN agent_doors controls ON controls.tenant_id = door.tenant_id AND controls.door_id = door.id \
         LEFT JOIN agents agent ON agent.tenant_id = controls.tenant_id AND agent.id = controls.agent_id \
         LEFT JOIN door_trials trial ON trial.tenant_id = door.tenant_id AND trial.door_id = door.id \
            AND trial.agent_id = controls.agent_id \
         LEFT JOIN LATERAL (SELECT event.position, event.received_at, event.record, event.signature, event.operator_id, event.command_id FROM log_events event \
            WHERE event.tenant_id = door.tenant_id AND event.door_id = door.id ORDER BY event.position DESC LIMIT 1) newest ON true \
         LEFT JOIN LATERAL (SELECT event.record FROM log_events event WHERE event.tenant_id = door.tenant_id \
            AND event.door_id = door.id AND event.kind IN ('door_opened', 'door_closed', 'door_found') \
            ORDER BY event.position DESC LIMIT 1) contact ON true \
         WHERE door.tenant_id = $1 ORDER BY door.name",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await
}
