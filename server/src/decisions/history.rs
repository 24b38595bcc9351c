//! SQL: what the log holds of the state that rules read, and snapshots of it.

use access_core::chain::SignedRecord;
use access_core::event::{Author, Event, Record};
use access_core::ids::TenantId;
use access_core::policy::Suspicion;
use access_core::verdict::Effect;
use access_core::word::Word as _;
use access_core::{State, UnixMs, canonical};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::clock;
use crate::db::Db;

/// Records read at once.
const BATCH: i64 = 2_000;
/// Form of a snapshot's content. One of another form is made anew.
const FORMAT: i16 = State::FORMAT;

/// A state as the log says it up to a position.
pub(super) struct Read {
    pub(super) state: State,
    pub(super) position: i64,
    pub(super) snapshot_at: i64,
}

/// What follows a position.
pub(super) struct More {
    pub(super) records: Vec<Record>,
    /// Newest position that was looked at.
    pub(super) position: i64,
    pub(super) is_end: bool,
}

/// A tenant's state: the newest snapshot, and what the log holds since.
pub(super) async fn read(db: &Db, tenant: TenantId) -> anyhow::Result<Read> {
    let mut tx = db.begin(tenant, None).await?;
    let (mut state, snapshot_at) = snapshot(&mut tx, tenant).await?;
    drop(tx);
    let mut position = snapshot_at;
    loop {
        let more = after(db, tenant, position).await?;
        more.records.iter().for_each(|record| state.apply(record));
        position = more.position;
        if more.is_end {
            return Ok(Read { state, position, snapshot_at });
        }
    }
}

/// Records after a position that a state takes note of.
pub(super) async fn after(db: &Db, tenant: TenantId, position: i64) -> anyhow::Result<More> {
    let mut tx = db.begin(tenant, None).await?;
    let head: Option<i64> = sqlx::query_scalar("SELECT position FROM log_heads WHERE tenant_id = $1")
        .bind(tenant.as_uuid())
        .fetch_optional(&mut *tx)
        .await?;
    let head = head.unwrap_or(0);
    if head <= position {
        return Ok(More { records: Vec::new(), position, is_end: true });
    }
    let kinds: Vec<&str> = State::KINDS.iter().map(|kind| kind.as_str()).collect();
    let rows: Vec<(i64, Vec<u8>, DateTime<Utc>)> = sqlx::query_as(
        "SELECT position, record, received_at FROM log_events WHERE tenant_id = $1 AND position > $2 AND position <= $3 \
         AND kind = ANY ($4) ORDER BY position LIMIT $5",
    )
    .bind(tenant.as_uuid())
    .bind(position)
    .bind(head)
    .bind(kinds)
    .bind(BATCH)
    .fetch_all(&mut *tx)
    .await?;
    drop(tx);
    let is_end = (rows.len() as i64) < BATCH;
    let position = if is_end { head } else { rows.last().map_or(head, |(position, ..)| *position) };
    let record = |(_, bytes, received_at): (i64, Vec<u8>, DateTime<Utc>)| {
        SignedRecord { bytes, signature: [0; 64] }.read().map(|record| bounded(record, clock::unix_ms(received_at)))
    };
    Ok(More { records: rows.into_iter().map(record).collect::<Result<_, _>>()?, position, is_end })
}

/// The record as the state takes it: nothing that an agent tells happened later than it was received, whatever the agent's clock
/// said. Otherwise one clock that was ahead would outlast everything that is told until then, and no operator could undo it.
fn bounded(mut record: Record, received_at: UnixMs) -> Record {
    if let Author::Server(_) = record.author {
        return record;
    }
    record.at = record.at.min(received_at);
    if let Event::Decision(decision) = &mut record.event {
        decision.attempt.at = decision.attempt.at.min(received_at);
        let longest = decision.attempt.at.plus_ms(i64::from(Suspicion::READER_LOCK_S_MAX) * 1_000);
        for effect in &mut decision.verdict.effects {
            if let Effect::LockReader { until } = effect {
                *until = (*until).min(longest);
            }
        }
    }
    record
}

/// A tenant's state as the log says it up to and at an instant. The newest snapshot helps if nothing in it is younger; otherwise the
/// log is read from its beginning.
pub async fn state_at(db: &Db, tenant: TenantId, at: UnixMs) -> anyhow::Result<State> {
    let mut tx = db.begin(tenant, None).await?;
    let (mut state, mut position) = snapshot(&mut tx, tenant).await?;
    let is_younger: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM log_events WHERE tenant_id = $1 AND at > $2 AND received_at > $2 AND position <= $3)",
    )
    .bind(tenant.as_uuid())
    .bind(clock::from_unix_ms(at))
    .bind(position)
    .fetch_one(&mut *tx)
    .await?;
    drop(tx);
    if is_younger {
        (state, position) = (State::default(), 0);
    }
    loop {
        let more = after(db, tenant, position).await?;
        more.records.iter().filter(|record| record.at <= at).for_each(|record| state.apply(record));
        if more.is_end {
            return Ok(state);
        }
        position = more.position;
    }
}

/// The newest snapshot and its position; an empty state before the first record if there is none of use.
async fn snapshot(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<(State, i64)> {
    let row: Option<(i64, i16, Vec<u8>)> =
        sqlx::query_as("SELECT position, format, content FROM state_snapshots WHERE tenant_id = $1")
            .bind(tenant.as_uuid())
            .fetch_optional(db)
            .await?;
    let Some((position, FORMAT, content)) = row else { return Ok((State::default(), 0)) };
    match canonical::decode("state", &content) {
        Ok(state) => Ok((state, position)),
        Err(error) => {
            tracing::warn!(%tenant, %error, "the state's snapshot is of no use; the log is read from its beginning");
            Ok((State::default(), 0))
        }
    }
}

/// Makes a snapshot of the state as the log says it, and says where. What is in memory has no part in it.
pub(super) async fn make_snapshot(db: &Db, tenant: TenantId) -> anyhow::Result<i64> {
    let Read { state, position, .. } = read(db, tenant).await?;
    let mut tx = db.begin(tenant, None).await?;
    sqlx::query(
        "INSERT INTO state_snapshots AS kept (tenant_id, position, format, content, taken_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (tenant_id) DO UPDATE SET position = excluded.position, format = excluded.format, \
         content = excluded.content, taken_at = excluded.taken_at \
         WHERE kept.position < excluded.position OR kept.format <> excluded.format",
    )
    .bind(tenant.as_uuid())
    .bind(position)
    .bind(FORMAT)
    .bind(canonical::encode(&state))
    .bind(clock::now())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(position)
}
