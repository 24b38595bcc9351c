//! SQL of the log: read only.

use access_core::chain::SignedRecord;
use access_core::event::{ActKind, Commitment, Event, EventKind};
use access_core::ids::TenantId;
use access_core::word::Word as _;
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{Behind, Content, LogEvent, Release};
use crate::auth::{Actor, Role};
use crate::keys::{Binding, Keys};

/// What to look for. What is left out does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// At positions below this.
    pub before: Option<i64>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Acts of this kind.
    pub act: Option<String>,
    /// Acts of this operator's, what they set, and what their commands did.
    pub operator_id: Option<Uuid>,
    /// Without looks at personal data.
    pub without_looks: bool,
    /// At this door.
    pub door_id: Option<Uuid>,
    /// About this person.
    pub person_id: Option<Uuid>,
    /// Of this agent's.
    pub agent_id: Option<Uuid>,
    /// Decisions with this outcome.
    pub outcome: Option<String>,
    /// Decisions with this reason.
    pub reason: Option<String>,
    /// From this instant on.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub until: Option<DateTime<Utc>>,
}

type Row = (i64, DateTime<Utc>, Vec<u8>, Vec<u8>, Option<Uuid>, Option<Uuid>);

fn read((position, received_at, record, signature, operator_id, command_id): Row) -> anyhow::Result<LogEvent> {
    LogEvent::read(position, received_at, record, signature, Behind { operator_id, command_id })
}

/// The newest `limit` events that the filter takes, newest first.
pub async fn search(
    db: &mut PgConnection,
    tenant: TenantId,
    filter: &Filter,
    limit: i64,
) -> anyhow::Result<Vec<LogEvent>> {
    let mut sql: QueryBuilder<Postgres> = QueryBuilder::new(
        "SELECT event.position, event.received_at, event.record, event.signature, event.operator_id, event.command_id FROM log_events event",
    );
    if filter.person_id.is_some() {
        sql.push(
            " JOIN log_event_persons about ON about.tenant_id = event.tenant_id AND about.position = event.position",
        );
    }
    sql.push(" WHERE event.tenant_id = ").push_bind(tenant.as_uuid());
    if let Some(person) = filter.person_id {
        sql.push(" AND about.tenant_id = ").push_bind(tenant.as_uuid());
        sql.push(" AND about.person_id = ").push_bind(person);
    }
    if let Some(before) = filter.before {
        sql.push(" AND event.position < ").push_bind(before);
    }
    if let Some(kind) = &filter.kind {
        sql.push(" AND event.kind = ").push_bind(kind);
    }
    if let Some(act) = &filter.act {
        sql.push(" AND event.act_kind = ").push_bind(act);
    }
    if let Some(operator) = filter.operator_id {
        sql.push(" AND event.operator_id = ").push_bind(operator);
    }
    if filter.without_looks {
        sql.push(" AND event.act_kind IS DISTINCT FROM ").push_bind(ActKind::Viewed.as_str());
    }
    if let Some(door) = filter.door_id {
        sql.push(" AND event.door_id = ").push_bind(door);
    }
    if let Some(agent) = filter.agent_id {
        sql.push(" AND event.agent_id = ").push_bind(agent);
    }
    if let Some(outcome) = &filter.outcome {
        sql.push(" AND event.outcome = ").push_bind(outcome);
    }
    if let Some(reason) = &filter.reason {
        sql.push(" AND event.reason = ").push_bind(reason);
    }
    if let Some(from) = filter.from {
        sql.push(" AND event.at >= ").push_bind(from);
    }
    if let Some(until) = filter.until {
        sql.push(" AND event.at < ").push_bind(until);
    }
    sql.push(" ORDER BY event.position DESC LIMIT ").push_bind(limit);
    let rows: Vec<Row> = sql.build_query_as().fetch_all(db).await?;
    rows.into_iter().map(read).collect()
}

/// At most `limit` events after a position, in order.
pub async fn after(
    db: &mut PgConnection,
    tenant: TenantId,
    position: i64,
    limit: i64,
) -> anyhow::Result<Vec<LogEvent>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT position, received_at, record, signature, operator_id, command_id FROM log_events \
         WHERE tenant_id = $1 AND position > $2 ORDER BY position LIMIT $3",
    )
    .bind(tenant.as_uuid())
    .bind(position)
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.into_iter().map(read).collect()
}

/// The newest position; 0 before the first event.
pub async fn newest(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<i64> {
    let position: Option<i64> = sqlx::query_scalar("SELECT position FROM log_heads WHERE tenant_id = $1")
        .bind(tenant.as_uuid())
        .fetch_optional(db)
        .await?;
    Ok(position.unwrap_or(0))
}

/// One event, and what it commits to, if it is an operator's.
pub async fn get(
    db: &mut PgConnection,
    tenant: TenantId,
    position: i64,
) -> anyhow::Result<Option<(LogEvent, Option<Commitments>)>> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT position, received_at, record, signature, operator_id, command_id FROM log_events WHERE tenant_id = $1 AND position = $2",
    )
    .bind(tenant.as_uuid())
    .bind(position)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let behind = match (SignedRecord { bytes: row.2.clone(), signature: [0; 64] }).read()?.event {
        Event::Act(act) => Some(Commitments { before: act.before, after: act.after, reason: act.reason }),
        Event::StateSet(set) => Some(Commitments { reason: set.reason, ..Commitments::default() }),
        _ => None,
    };
    Ok(Some((read(row)?, behind)))
}

/// What an operator's record commits to, and is kept elsewhere.
#[derive(Debug, Clone, Copy, Default)]
pub struct Commitments {
    before: Option<Commitment>,
    after: Option<Commitment>,
    reason: Option<Commitment>,
}

/// What stands behind an operator's record, where it was not erased.
pub async fn content(
    db: &mut PgConnection,
    keys: &Keys,
    tenant: TenantId,
    at: &Commitments,
) -> anyhow::Result<Content> {
    Ok(Content {
        before: said(db, keys, tenant, at.before).await?,
        after: said(db, keys, tenant, at.after).await?,
        reason: said(db, keys, tenant, at.reason).await?,
    })
}

/// What stands behind one commitment, where it was not erased.
pub async fn said(
    db: &mut PgConnection,
    keys: &Keys,
    tenant: TenantId,
    commitment: Option<Commitment>,
) -> anyhow::Result<Option<String>> {
    let Some(commitment) = commitment else { return Ok(None) };
    let row: Option<(Option<Uuid>, Vec<u8>)> =
        sqlx::query_as("SELECT subject_id, content FROM log_contents WHERE tenant_id = $1 AND commitment = $2")
            .bind(tenant.as_uuid())
            .bind(commitment.0.to_vec())
            .fetch_optional(db)
            .await?;
    let Some((subject, sealed)) = row else { return Ok(None) };
    let binding = Binding { tenant, purpose: "log content", row: subject.unwrap_or_default() };
    let plain = keys.of_tenant(tenant, "log content").open(&binding, &sealed)?;
    Ok(Some(String::from_utf8_lossy(&plain).into_owned()))
}

#[derive(sqlx::FromRow)]
struct CommandRow {
    id: Uuid,
    door_id: Uuid,
    operator_id: Uuid,
    sent_at: DateTime<Utc>,
    reason: Vec<u8>,
}

/// The momentary release that an event is a part of, with everything that the log knows of it.
pub async fn release(
    db: &mut PgConnection,
    keys: &Keys,
    actor: &Actor,
    position: i64,
) -> anyhow::Result<Option<Release>> {
    let tenant = actor.tenant;
    let command: Option<CommandRow> = sqlx::query_as(
        "SELECT command.id, command.door_id, command.operator_id, command.sent_at, command.reason FROM log_events event \
         JOIN door_commands command ON command.tenant_id = event.tenant_id AND command.id = event.command_id \
         WHERE event.tenant_id = $1 AND event.position = $2",
    )
    .bind(tenant.as_uuid())
    .bind(position)
    .fetch_optional(&mut *db)
    .await?;
    let Some(command) = command else { return Ok(None) };
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT position, received_at, record, signature, operator_id, command_id FROM log_events \
         WHERE tenant_id = $1 AND command_id = $2 ORDER BY position",
    )
    .bind(tenant.as_uuid())
    .bind(command.id)
    .fetch_all(&mut *db)
    .await?;
    let events = rows.into_iter().map(read).collect::<anyhow::Result<Vec<_>>>()?;
    let of = |kind: EventKind| events.iter().find(|event| event.kind == kind.as_str());
    let may_read = actor.role == Role::Administrator || command.operator_id == actor.operator.as_uuid();
    let commitment = Commitment(command.reason.try_into().map_err(|_| anyhow::anyhow!("a commitment has 32 bytes"))?);
    let reason = said(db, keys, tenant, Some(commitment).filter(|_| may_read)).await?;
    let answer = of(EventKind::CommandDone);
    let was_opened = match (of(EventKind::DoorOpened), of(EventKind::NotOpened)) {
        (Some(_), _) => Some(true),
        (None, Some(_)) => Some(false),
        (None, None) => None,
    };
    Ok(Some(Release {
        command_id: command.id,
        operator_id: command.operator_id,
        door_id: command.door_id,
        sent_at: command.sent_at,
        reason,
        outcome: answer.and_then(|answer| answer.command_outcome),
        answered_at: answer.map(|answer| answer.at),
        release_ms: answer.and_then(|answer| answer.release_ms),
        was_opened,
        act_position: of(EventKind::Act).map(|act| act.position),
        answer_position: answer.map(|answer| answer.position),
    }))
}
