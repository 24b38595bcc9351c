//! Records of agents on their way into the log: looked at by [`delivery`](access_core::delivery), stored exactly once, acknowledged
//! after the commit. The same number with other bytes puts the agent into quarantine, and so does what only
//! the server or an operator may say; a hole is an alarm, and so is a door that the agent never drove.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use access_core::chain::{Digest, Head, SignedRecord};
use access_core::delivery::{Delivered, Fault, Fresh, Sequence};
pub(super) use access_core::delivery::{is_set_back, is_unread};
use access_core::event::{ChainFault, Event};
use access_core::ids::{AgentId, DoorId, TenantId};
use anyhow::Context as _;
use ed25519_dalek::VerifyingKey;
use tokio::time::{Instant, timeout_at};

use super::Standing;
use super::store::{self, RecordColumns};
use crate::audit::append_event;
use crate::certificates::AgentName;
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
    /// Records are missing, or the next is about a door that the agent never drove: nothing is taken until that is
    /// mended. The newest that is stored.
    Held(Head),
    /// They contradict what is stored, are not this agent's, or say what no agent may: no more is taken of it.
    Quarantined,
    /// The agent is not one that records are taken of.
    NotJoined,
}

/// Takes records that an agent sent.
pub(super) async fn ingest(state: &AppState, name: AgentName, records: Vec<SignedRecord>) -> anyhow::Result<Ingested> {
    let AgentName { tenant, agent, generation } = name;
    let now = clock::now();
    let mut tx = state.db.begin(tenant, None).await?;
    let Some(row) = store::for_link(&mut tx, tenant, agent, true).await? else { return Ok(Ingested::NotJoined) };
    let (Some(key), Standing::Joined) = (&row.record_key, row.standing()?) else { return Ok(Ingested::NotJoined) };
    // What is left of a machine that another took the place of meanwhile: it says nothing against the other one.
    if row.is_replaced(generation) {
        return Ok(Ingested::NotJoined);
    }
    let key = VerifyingKey::from_bytes(key.as_slice().try_into()?).context("an agent's record key")?;
    let epoch: u32 = row.epoch.try_into()?;
    let stored = row.head()?;
    let mut delivered = Sequence { agent, key: &key, epoch, stored }.take(records);
    let doors: HashSet<DoorId> = delivered.fresh.iter().filter_map(|fresh| fresh.record.event.door()).collect();
    let doors = store::drives_or_drove(&mut tx, tenant, agent, &doors).await?;
    delivered.keep_to(|door| doors.contains(&door));
    let head = delivered.head;
    if !delivered.fresh.is_empty() {
        let mut columns = RecordColumns::default();
        for Fresh { signed, record, .. } in std::mem::take(&mut delivered.fresh) {
            columns.bytes.push(signed.bytes);
            columns.signatures.push(signed.signature.to_vec());
            columns.at.push(clock::from_unix_ms(record.at));
        }
        store::keep_records(&mut tx, tenant, agent, columns, &head, now).await?;
        tx.note_for_log();
    }
    if let Some(fault) = delivered.fault {
        return broken(state, tx, name, head, fault).await;
    }
    tx.commit().await?;
    if let Some(fork) = first_fork(state, tenant, agent, &delivered).await? {
        let tx = state.db.begin(tenant, None).await?;
        return broken(state, tx, name, head, fork).await;
    }
    Ok(Ingested::Stored(head))
}

/// Shuts out an agent whose journal was set back, with an alarm. What it would record must not go on reaching nobody unnoticed.
/// Answers whether it was: not one that is out of use by now, or whose place another machine took.
pub(super) async fn shut_out_set_back(
    state: &AppState,
    tx: TenantTx,
    name: AgentName,
    stored: Head,
    theirs: Head,
) -> anyhow::Result<bool> {
    let seq = if theirs.epoch == stored.epoch { (theirs.seq + 1).min(stored.seq) } else { stored.seq };
    let fork = Fault { place: (stored.epoch, seq), kind: ChainFault::Fork };
    Ok(broken(state, tx, name, stored, fork).await? == Ingested::Quarantined)
}

/// What is wrong with the first of the records that come a second time that is not the one that is stored.
async fn first_fork(
    state: &AppState,
    tenant: TenantId,
    agent: AgentId,
    delivered: &Delivered,
) -> anyhow::Result<Option<Fault>> {
    let places: Vec<(u32, u64)> = delivered.repeats.iter().map(|repeat| repeat.place).collect();
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
        let digest = |(place, hash): (_, Vec<u8>)| anyhow::Ok((place, Digest(hash.as_slice().try_into()?)));
        let stored = stored.into_iter().map(digest).collect::<Result<HashMap<(u32, u64), Digest>, _>>()?;
        if let Some(fork) = delivered.fork(|place| stored.get(&place).copied()) {
            return Ok(Some(fork));
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
    name: AgentName,
    head: Head,
    fault: Fault,
) -> anyhow::Result<Ingested> {
    let AgentName { tenant, agent, .. } = name;
    // The agent keeps its rules.
    let is_held = fault.is_mendable();
    let Fault { place: (epoch, seq), kind: fault } = fault;
    if !is_held && !store::quarantine(&mut tx, name).await? {
        // Out of use meanwhile, or another machine's: what an operator did stands.
        return Ok(Ingested::NotJoined);
    }
    tracing::error!(%tenant, %agent, epoch, seq, %fault, "an agent's records can't be taken");
    // It sends the same again and again: one alarm is enough.
    if !is_held || state.agents.note_held(tenant, agent, epoch, seq) {
        append_event(&mut tx, &Event::ChainBroken { agent, epoch, seq, fault }, clock::now()).await?;
    }
    tx.commit().await?;
    Ok(if is_held { Ingested::Held(head) } else { Ingested::Quarantined })
}
