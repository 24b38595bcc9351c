//! The sequencer: takes what waits in a tenant's outbox, gives each row the next position under the lock of the tenant's
//! head, signs the server's own records, and writes the log with what is read off it, all in one transaction.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use access_core::attempt::ClockTrust;
use access_core::canonical;
use access_core::chain::{Digest, Head, SignedRecord};
use access_core::event::{Author, Event, EventKind, Record};
use access_core::ids::{InstallationId, TenantId};
use access_core::time::UnixMs;
use access_core::word::Word as _;
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use ed25519_dalek::SigningKey;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Log, projection};
use crate::clock;
use crate::db::{Db, TenantTx};
use crate::tenants::Tenants;
use crate::vital::vital;

/// Rows taken at once.
const BATCH: i64 = 512;
/// An outbox that nobody spoke of is looked at all the same: another process may have written to it.
const LOOK_ANYWAY: Duration = Duration::from_secs(5);
/// Pause after a failure, such as a database that is restarting.
const RETRY: Duration = Duration::from_millis(250);
/// Epoch of the server's own records. A new one would begin with a new key.
const SERVER_EPOCH: u32 = 1;

/// What the sequencer needs.
#[derive(Debug, Clone)]
pub struct Sequencer {
    /// The database.
    pub db: Db,
    /// Author of the server's own records.
    pub installation: InstallationId,
    /// Their key.
    pub key: Arc<SigningKey>,
}

#[derive(sqlx::FromRow)]
struct Waiting {
    place: i64,
    at: DateTime<Utc>,
    event: Option<Vec<u8>>,
    record: Option<Vec<u8>>,
    signature: Option<Vec<u8>>,
}

/// A record with its place in the one order.
pub(super) struct Placed {
    pub(super) position: i64,
    pub(super) record: Record,
    pub(super) signed: SignedRecord,
    pub(super) received_at: DateTime<Utc>,
}

/// Runs a sequencer for every tenant, also for those who come, until told to stop.
pub async fn run(sequencer: Sequencer, tenants: Tenants, log: Log, stop: CancellationToken) {
    let tasks = TaskTracker::new();
    let mut served: HashSet<TenantId> = HashSet::new();
    loop {
        match tenants.refresh().await {
            Ok(all) => {
                for tenant in all {
                    if served.insert(tenant.id) {
                        let serving = serve(sequencer.clone(), tenant.id, log.clone(), stop.clone());
                        tasks.spawn(vital(stop.clone(), serving));
                    }
                }
            }
            Err(error) => tracing::warn!(error = format!("{error:#}"), "can't list the tenants"),
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = log.new_tenant.notified() => {}
            () = tokio::time::sleep(LOOK_ANYWAY) => {}
        }
    }
    tasks.close();
    tasks.wait().await;
}

async fn serve(sequencer: Sequencer, tenant: TenantId, log: Log, stop: CancellationToken) {
    let (wake, newest) = log.line(tenant, |line| (Arc::clone(&line.wake), line.newest.clone()));
    loop {
        match sequencer.take(tenant).await {
            Ok(taken) => {
                newest.send_if_modified(|position| {
                    let moved = *position != taken.newest;
                    *position = taken.newest;
                    moved
                });
                if taken.is_full {
                    continue;
                }
            }
            Err(error) => {
                tracing::warn!(%tenant, error = format!("{error:#}"), "the log can't be written for the moment");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(RETRY) => continue,
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = wake.notified() => {}
            () = tokio::time::sleep(LOOK_ANYWAY) => {}
        }
    }
}

pub(super) struct Taken {
    newest: u64,
    is_full: bool,
}

impl Sequencer {
    /// Takes what waits, at most [`BATCH`] rows.
    pub(super) async fn take(&self, tenant: TenantId) -> anyhow::Result<Taken> {
        let mut tx = self.db.begin_sequencer(tenant).await?;
        let (position, server) = lock_head(&mut tx).await?;
        let waiting: Vec<Waiting> = sqlx::query_as(
            "DELETE FROM log_outbox WHERE tenant_id = $1 AND place IN \
             (SELECT place FROM log_outbox WHERE tenant_id = $1 ORDER BY place LIMIT $2) \
             RETURNING place, at, event, record, signature",
        )
        .bind(tenant.as_uuid())
        .bind(BATCH)
        .fetch_all(&mut *tx)
        .await?;
        if waiting.is_empty() {
            return Ok(Taken { newest: position.unsigned_abs(), is_full: false });
        }
        let is_full = waiting.len() as i64 == BATCH;
        let set_at = match waiting.iter().any(|row| row.event.is_some()) {
            true => newest_set_at(&mut tx).await?,
            false => None,
        };
        let (placed, server) = self.place(waiting, position, server, set_at)?;
        projection::write(&mut tx, &placed).await?;
        let newest = placed.last().map_or(position, |last| last.position);
        sqlx::query("UPDATE log_heads SET position = $2, server_seq = $3, server_hash = $4 WHERE tenant_id = $1")
            .bind(tenant.as_uuid())
            .bind(newest)
            .bind(i64::try_from(server.seq)?)
            .bind(server.hash.0.to_vec())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Taken { newest: newest.unsigned_abs(), is_full })
    }

    fn place(
        &self,
        mut waiting: Vec<Waiting>,
        after: i64,
        mut server: Head,
        mut set_at: Option<UnixMs>,
    ) -> anyhow::Result<(Vec<Placed>, Head)> {
        waiting.sort_unstable_by_key(|row| row.place);
        let received_at = clock::now();
        let mut placed = Vec::with_capacity(waiting.len());
        for (position, row) in (after + 1..).zip(waiting) {
            let (record, signed) = match (row.event, row.record, row.signature) {
                (Some(event), _, _) => {
                    let mut record = self.own_record(&server, &event, row.at)?;
                    if let Event::StateSet(_) = record.event {
                        record.at = after_set(record.at, set_at);
                        set_at = Some(record.at);
                    }
                    let signed = SignedRecord::sign(&record, &self.key);
                    server = signed.head(&record);
                    (record, signed)
                }
                (None, Some(bytes), Some(signature)) => {
                    let signature = signature.try_into().map_err(|_| anyhow::anyhow!("a signature in the outbox"))?;
                    let signed = SignedRecord { bytes, signature };
                    (signed.read().context("a record in the outbox")?, signed)
                }
                _ => anyhow::bail!("a row of the outbox holds neither event nor record"),
            };
            placed.push(Placed { position, record, signed, received_at });
        }
        Ok((placed, server))
    }

    fn own_record(&self, head: &Head, event: &[u8], at: DateTime<Utc>) -> anyhow::Result<Record> {
        let event: Event = canonical::decode("event", event).context("an event in the outbox")?;
        Ok(Record {
            author: Author::Server(self.installation),
            epoch: SERVER_EPOCH,
            seq: head.seq + 1,
            previous: head.hash,
            at: clock::unix_ms(at),
            clock: ClockTrust::Trusted,
            event,
        })
    }
}

/// The instant of what is set now. Of what operators set the newest counts, by its instant: if the clock was ahead and was set back,
/// a lockdown would count for older than what was set before it, and have no effect.
fn after_set(at: UnixMs, newest: Option<UnixMs>) -> UnixMs {
    newest.map_or(at, |newest| at.max(newest.plus_ms(1)))
}

/// The instant of what was set last of the state that rules read: the latest of all, since each was dated after the one before. The
/// head is locked.
async fn newest_set_at(tx: &mut TenantTx) -> anyhow::Result<Option<UnixMs>> {
    let tenant = tx.tenant();
    let at: Option<DateTime<Utc>> =
        sqlx::query_scalar(
            "SELECT at FROM log_events WHERE tenant_id = $1 AND kind = $2 AND agent_id IS NULL ORDER BY position DESC LIMIT 1",
        )
            .bind(tenant.as_uuid())
            .bind(EventKind::StateSet.as_str())
            .fetch_optional(&mut **tx)
            .await?;
    Ok(at.map(clock::unix_ms))
}

/// Locks the tenant's head: positions are given one transaction after the other.
async fn lock_head(tx: &mut TenantTx) -> anyhow::Result<(i64, Head)> {
    let tenant = tx.tenant();
    let select = "SELECT position, server_seq, server_hash FROM log_heads WHERE tenant_id = $1 FOR UPDATE";
    let mut head: Option<(i64, i64, Vec<u8>)> =
        sqlx::query_as(select).bind(tenant.as_uuid()).fetch_optional(&mut **tx).await?;
    if head.is_none() {
        sqlx::query("INSERT INTO log_heads (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(tenant.as_uuid())
            .execute(&mut **tx)
            .await?;
        head = sqlx::query_as(select).bind(tenant.as_uuid()).fetch_optional(&mut **tx).await?;
    }
    let (position, seq, hash) = head.context("the log's head")?;
    let hash = Digest(hash.try_into().map_err(|_| anyhow::anyhow!("the log's head has no hash"))?);
    Ok((position, Head { epoch: SERVER_EPOCH, seq: seq.try_into()?, hash }))
}
