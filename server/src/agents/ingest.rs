//! Records of agents on their way into the log: chain, signature, and whether it is the agent's to say checked, stored exactly
//! once, acknowledged after the commit. The same number with other bytes puts the agent into quarantine, and so does what only
//! the server or an operator may say; a hole is an alarm, and so is a door that the agent never drove.

use std::collections::HashSet;
use std::time::Duration;

use access_core::chain::{ChainError, Head, SignedRecord, follows};
use access_core::event::{Author, ChainFault, Event};
use access_core::ids::{AgentId, DoorId, TenantId};
use access_core::time::UnixMs;
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

struct Batch {
    head: Head,
    fresh: Vec<Fresh>,
    repeats: Vec<(u32, u64, SignedRecord)>,
    fault: Option<(u32, u64, ChainFault)>,
}

/// A record that follows what is stored.
struct Fresh {
    signed: SignedRecord,
    at: UnixMs,
    door: Option<DoorId>,
    /// Its epoch and number.
    place: (u32, u64),
    /// What it follows.
    after: Head,
}

impl Batch {
    /// Leaves out everything from the first record on that is about a door which the agent never drove.
    fn keep_to(&mut self, is_its_own: impl Fn(DoorId) -> bool) {
        let foreign = self.fresh.iter().position(|fresh| fresh.door.is_some_and(|door| !is_its_own(door)));
        if let Some(Fresh { place: (epoch, seq), after, .. }) =
            foreign.and_then(|first| self.fresh.drain(first..).next())
        {
            self.head = after;
            self.fault = Some((epoch, seq, ChainFault::ForeignDoor));
        }
    }
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
    let mut batch = check(agent, &key, epoch, stored, records);
    let doors: HashSet<DoorId> = batch.fresh.iter().filter_map(|fresh| fresh.door).collect();
    let doors = store::drives_or_drove(&mut tx, tenant, agent, &doors).await?;
    batch.keep_to(|door| doors.contains(&door));
    if !batch.fresh.is_empty() {
        let mut columns = RecordColumns::default();
        for Fresh { signed, at, .. } in batch.fresh {
            columns.bytes.push(signed.bytes);
            columns.signatures.push(signed.signature.to_vec());
            columns.at.push(clock::from_unix_ms(at));
        }
        store::keep_records(&mut tx, tenant, agent, columns, &batch.head, now).await?;
        tx.note_for_log();
    }
    if let Some((epoch, seq, fault)) = batch.fault {
        return broken(state, tx, name, batch.head, (epoch, seq, fault)).await;
    }
    tx.commit().await?;
    if let Some((epoch, seq)) = first_fork(state, tenant, agent, &batch.repeats).await? {
        let tx = state.db.begin(tenant, None).await?;
        return broken(state, tx, name, batch.head, (epoch, seq, ChainFault::Fork)).await;
    }
    Ok(Ingested::Stored(batch.head))
}

/// Whether an agent's journal, by its Hello, ends before what is stored of it, or with another record in the same place: it was
/// lost, set back or swapped, and what it writes next claims places that are taken. An agent that can't read its journal names no
/// sequence; that the server holds less says nothing against the agent.
pub(super) fn is_set_back(stored: &Head, theirs: &Head) -> bool {
    let (ours, place) = ((stored.epoch, stored.seq), (theirs.epoch, theirs.seq));
    theirs.epoch != 0 && (place < ours || (place == ours && theirs.hash != stored.hash))
}

/// Whether an agent says that it can't read its journal, and records of its present sequence are stored. One that joined and was never
/// heard to record anything may say so: nothing can have been set back.
pub(super) fn is_unread(stored: &Head, epoch: u32, theirs: &Head) -> bool {
    theirs.epoch == 0 && stored.epoch == epoch && stored.seq > 0
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
    let done = broken(state, tx, name, stored, (stored.epoch, seq, ChainFault::Fork)).await?;
    Ok(done == Ingested::Quarantined)
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
            Ok(()) if !record.is_its_authors_to_say() => {
                batch.fault = Some((record.epoch, record.seq, ChainFault::ForeignKind));
                break;
            }
            Ok(()) if !names_the_end_of(&stored, &record.event) => {
                batch.fault = Some((record.epoch, record.seq, ChainFault::Fork));
                break;
            }
            Ok(()) => {
                let after = std::mem::replace(&mut batch.head, signed.head(&record));
                let place = (record.epoch, record.seq);
                batch.fresh.push(Fresh { signed, at: record.at, door: record.event.door(), place, after });
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

/// Whether an event that begins a sequence tells truly which record of the one before was the last that is stored. Programs of before
/// named none.
fn names_the_end_of(stored: &Head, event: &Event) -> bool {
    match event {
        Event::EpochBegan { previous: Some(previous), .. } => previous == stored,
        _ => true,
    }
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
    name: AgentName,
    head: Head,
    (epoch, seq, fault): (u32, u64, ChainFault),
) -> anyhow::Result<Ingested> {
    let AgentName { tenant, agent, .. } = name;
    // A door may have been wired before it was assigned. The records wait at the agent, and it keeps its rules.
    let is_held = matches!(fault, ChainFault::Hole | ChainFault::ForeignDoor);
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
