//! Records of agents on their way into the log: chain and signature checked, stored exactly once, acknowledged after the
//! commit. The same number with other bytes puts the agent into quarantine; a hole is an alarm.

use std::time::Duration;

use access_core::chain::{ChainError, Head, SignedRecord, follows};
use access_core::event::{Author, ChainFault, Event};
use access_core::ids::{AgentId, TenantId};
use access_core::time::UnixMs;
use anyhow::Context as _;
use ed25519_dalek::VerifyingKey;
use tokio::time::{Instant, timeout_at};

use super::Standing;
use super::store::{self, RecordColumns};
use crate::audit::append_event;
use crate::clock;
use crate::db::TenantTx;
use crate::state::AppState;

/// How long to wait for the sequencer to place a record that comes a second time.
const PLACED_WAIT: Duration = Duration::from_secs(5);

/// What became of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ingested {
    /// Everything up to here is stored for good.
    Stored(Head),
    /// Records are missing; the newest that is stored.
    Hole(Head),
    /// They contradict what is stored, or are not this agent's: no more is taken of it.
    Quarantined,
    /// The agent is not one that records are taken of.
    NotJoined,
}

struct Batch {
    head: Head,
    fresh: Vec<(SignedRecord, UnixMs)>,
    repeats: Vec<(u32, u64, SignedRecord)>,
    fault: Option<(u32, u64, ChainFault)>,
}

/// Takes records that an agent sent.
pub(super) async fn ingest(
    state: &AppState,
    tenant: TenantId,
    agent: AgentId,
    records: Vec<SignedRecord>,
) -> anyhow::Result<Ingested> {
    let now = clock::now();
    let mut tx = state.db.begin(tenant, None).await?;
    let Some(row) = store::for_link(&mut tx, tenant, agent, true).await? else { return Ok(Ingested::NotJoined) };
    let (Some(key), Standing::Joined) = (&row.record_key, row.standing()?) else { return Ok(Ingested::NotJoined) };
    let key = VerifyingKey::from_bytes(key.as_slice().try_into()?).context("an agent's record key")?;
    let epoch: u32 = row.epoch.try_into()?;
    let stored = row.head()?;
    let batch = check(agent, &key, epoch, stored, records);
    if !batch.fresh.is_empty() {
        let mut columns = RecordColumns::default();
        for (signed, at) in batch.fresh {
            columns.bytes.push(signed.bytes);
            columns.signatures.push(signed.signature.to_vec());
            columns.at.push(clock::from_unix_ms(at));
        }
        store::keep_records(&mut tx, tenant, agent, columns, &batch.head, now).await?;
        tx.note_for_log();
    }
    if let Some((epoch, seq, fault)) = batch.fault {
        return broken(state, tx, agent, batch.head, (epoch, seq, fault)).await;
    }
    tx.commit().await?;
    if let Some((epoch, seq)) = first_fork(state, tenant, agent, &batch.repeats).await? {
        let tx = state.db.begin(tenant, None).await?;
        return broken(state, tx, agent, batch.head, (epoch, seq, ChainFault::Fork)).await;
    }
    Ok(Ingested::Stored(batch.head))
}

/// Goes through records until the first that is not the next one. What came before it is good.
fn check(agent: AgentId, key: &VerifyingKey, epoch_max: u32, stored: Head, records: Vec<SignedRecord>) -> Batch {
    // An agent may join, deliver nothing and join anew: the epochs between are no hole, for nobody can write them any more.
    let before_current = Head::start_of(epoch_max.saturating_sub(1));
    let head = if stored.epoch < before_current.epoch { before_current } else { stored };
    let mut batch = Batch { head, fresh: Vec::new(), repeats: Vec::new(), fault: None };
    for signed in records {
        let next = (batch.head.epoch, batch.head.seq + 1);
        let record = match signed.verify(Author::Agent(agent), key) {
            Ok(record) if record.epoch <= epoch_max => record,
            Ok(record) => {
                batch.fault = Some((record.epoch, record.seq, ChainFault::Signature));
                break;
            }
            Err(ChainError::BadSignature { epoch, seq }) => {
                batch.fault = Some((epoch, seq, ChainFault::Signature));
                break;
            }
            Err(_) => {
                batch.fault = Some((next.0, next.1, ChainFault::Signature));
                break;
            }
        };
        match follows(&batch.head, &record) {
            Ok(()) => {
                batch.head = signed.head(&record);
                batch.fresh.push((signed, record.at));
            }
            Err(ChainError::Old { epoch, seq }) => batch.repeats.push((epoch, seq, signed)),
            Err(ChainError::Hole { epoch, seq, .. }) => {
                batch.fault = Some((epoch, seq, ChainFault::Hole));
                break;
            }
            Err(_) => {
                batch.fault = Some((record.epoch, record.seq, ChainFault::Fork));
                break;
            }
        }
    }
    batch
}

/// The first of the records that come a second time that is not, byte for byte, the one that is stored.
async fn first_fork(
    state: &AppState,
    tenant: TenantId,
    agent: AgentId,
    repeats: &[(u32, u64, SignedRecord)],
) -> anyhow::Result<Option<(u32, u64)>> {
    let places: Vec<(u32, u64)> = repeats.iter().map(|(epoch, seq, _)| (*epoch, *seq)).collect();
    if places.is_empty() {
        return Ok(None);
    }
    let mut newest = state.log.subscribe(tenant);
    let patience = Instant::now() + PLACED_WAIT;
    loop {
        newest.mark_unchanged();
        let mut tx = state.db.begin(tenant, None).await?;
        let stored = store::stored_hashes(&mut tx, tenant, agent, &places).await?;
        drop(tx);
        let differs = repeats.iter().find(|(epoch, seq, signed)| {
            stored.get(&(*epoch, *seq)).is_some_and(|hash| hash.as_slice() != signed.hash().0)
        });
        if let Some((epoch, seq, _)) = differs {
            return Ok(Some((*epoch, *seq)));
        }
        if places.iter().all(|place| stored.contains_key(place)) {
            return Ok(None);
        }
        timeout_at(patience, newest.changed())
            .await
            .context("records that come a second time are acknowledged and not in the log")??;
    }
}

async fn broken(
    state: &AppState,
    mut tx: TenantTx,
    agent: AgentId,
    head: Head,
    (epoch, seq, fault): (u32, u64, ChainFault),
) -> anyhow::Result<Ingested> {
    let tenant = tx.tenant();
    let is_hole = fault == ChainFault::Hole;
    tracing::error!(%tenant, %agent, epoch, seq, %fault, "an agent's records are not one chain");
    // An agent that lost records sends the same again and again: one alarm is enough.
    if !is_hole || state.agents.note_hole(tenant, agent, epoch, seq) {
        append_event(&mut tx, &Event::ChainBroken { agent, epoch, seq, fault }, clock::now()).await?;
    }
    if !is_hole {
        store::set_state(&mut tx, tenant, agent, Standing::Quarantined).await?;
    }
    tx.commit().await?;
    Ok(if is_hole { Ingested::Hole(head) } else { Ingested::Quarantined })
}
