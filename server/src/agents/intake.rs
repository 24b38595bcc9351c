//! What an agent delivers, taken beside its link: a commit that takes long keeps nobody waiting at a door. One delivery after
//! the other, in the order they came; what waits is taken together, in one transaction.
//!
//! The link parks a delivery that finds no room and reads no further until it does. An agent that keeps to its window of
//! records under way never fills the room, so its questions are never among what is not read. While the database is away what
//! was delivered is tried again and again, and the link goes on.

use std::sync::Arc;
use std::time::Duration;

use access_core::chain::SignedRecord;
use access_core::event::JournalFault;
use access_core::protocol::RECORDS_PER_MESSAGE_MAX;
use access_core::time::UnixMs;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::ingest::{Ingested, ingest};
use super::{journal, store};
use crate::certificates::AgentName;
use crate::clock;
use crate::state::AppState;

/// Records that wait to be taken; each delivery counts as one at least. Twice what an agent has under way.
const ROOM: usize = 8 * RECORDS_PER_MESSAGE_MAX;
/// Records that are taken in one transaction.
const TOGETHER_MAX: usize = 4 * RECORDS_PER_MESSAGE_MAX;
/// Deliveries that are looked at together.
const DELIVERIES_MAX: usize = 64;

/// A delivery that the database did not take is tried again after so long.
const RETRY: Duration = Duration::from_secs(1);

/// Something that is stored and then acknowledged, if at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Delivery {
    /// Records, [`RECORDS_PER_MESSAGE_MAX`] at most.
    Records(Vec<SignedRecord>),
    /// The bundle that the agent decides by.
    BundleInForce(u64),
    /// Its configuration.
    Configuration(String),
    /// What stands for the authorities that it trusts.
    AuthoritiesKept([u8; 32]),
    /// How its journal is.
    JournalState {
        /// Why it takes no records; none if it does.
        fault: Option<JournalFault>,
        /// Since when.
        since: UnixMs,
    },
}

impl Delivery {
    fn size(&self) -> u32 {
        let records = match self {
            Self::Records(records) => records.len(),
            Self::BundleInForce(_) | Self::Configuration(_) | Self::AuthoritiesKept(_) | Self::JournalState { .. } => 1,
        };
        u32::try_from(records.clamp(1, RECORDS_PER_MESSAGE_MAX)).unwrap_or(1)
    }
}

type Waiting = (Delivery, OwnedSemaphorePermit);

/// Where a link hands over deliveries and hears what became of records. Dropped, it takes no more of what still waits.
#[derive(Debug)]
pub(super) struct Intake {
    waiting: mpsc::UnboundedSender<Waiting>,
    room: Arc<Semaphore>,
    parked: Option<Delivery>,
    /// As many as deliveries that found room, at most.
    taken: mpsc::UnboundedReceiver<anyhow::Result<Ingested>>,
}

impl Intake {
    /// Takes an agent's deliveries from here on.
    pub(super) fn start(state: AppState, name: AgentName) -> Self {
        let (waiting, deliveries) = mpsc::unbounded_channel();
        let (done, taken) = mpsc::unbounded_channel();
        tokio::spawn(take_all(state, name, deliveries, done));
        Self { waiting, room: Arc::new(Semaphore::new(ROOM)), parked: None, taken }
    }

    /// Hands over a delivery, or parks it. Not to be called while one is parked.
    pub(super) fn hand_over(&mut self, delivery: Delivery) {
        match Arc::clone(&self.room).try_acquire_many_owned(delivery.size()) {
            Ok(permit) => self.pass_on(delivery, permit),
            Err(_) => self.parked = Some(delivery),
        }
    }

    /// Whether a delivery found no room.
    pub(super) fn is_full(&self) -> bool {
        self.parked.is_some()
    }

    /// What became of the next records, or none when a parked delivery found room. Dropping the future loses
    /// nothing.
    pub(super) async fn progress(&mut self) -> Option<anyhow::Result<Ingested>> {
        let room = Arc::clone(&self.room).acquire_many_owned(self.parked.as_ref().map_or(0, Delivery::size));
        tokio::select! {
            taken = self.taken.recv() => {
                Some(taken.unwrap_or_else(|| Err(anyhow::anyhow!("records are not taken any more"))))
            }
            permit = room, if self.parked.is_some() => {
                if let (Ok(permit), Some(delivery)) = (permit, self.parked.take()) {
                    self.pass_on(delivery, permit);
                }
                None
            }
        }
    }

    fn pass_on(&self, delivery: Delivery, permit: OwnedSemaphorePermit) {
        // Nobody takes it after a failure, which the link hears of by `next`.
        let _ = self.waiting.send((delivery, permit));
    }
}

async fn take_all(
    state: AppState,
    name: AgentName,
    mut deliveries: mpsc::UnboundedReceiver<Waiting>,
    done: mpsc::UnboundedSender<anyhow::Result<Ingested>>,
) {
    let mut waiting = Vec::new();
    while deliveries.recv_many(&mut waiting, DELIVERIES_MAX).await > 0 {
        for (together, _permits) in gathered(waiting.drain(..)) {
            let Some(taken) = take_until_done(&state, name, together, &done).await else { return };
            let goes_on = matches!(taken, None | Some(Ingested::Stored(_)));
            if let Some(taken) = taken {
                let _ = done.send(Ok(taken));
            }
            if !goes_on {
                return;
            }
        }
    }
}

/// What became of a delivery, if the link is to hear of it. Tried until it is taken, or the link is gone, which is none.
async fn take_until_done(
    state: &AppState,
    name: AgentName,
    delivery: Delivery,
    done: &mpsc::UnboundedSender<anyhow::Result<Ingested>>,
) -> Option<Option<Ingested>> {
    loop {
        if done.is_closed() {
            return None;
        }
        match take(state, name, delivery.clone()).await {
            Ok(taken) => return Some(taken),
            Err(error) => {
                let AgentName { tenant, agent, .. } = name;
                tracing::warn!(%tenant, %agent, error = format!("{error:#}"), "a delivery is not taken for the moment");
            }
        }
        tokio::select! {
            () = done.closed() => return None,
            () = tokio::time::sleep(RETRY) => {}
        }
    }
}

async fn take(state: &AppState, name: AgentName, delivery: Delivery) -> anyhow::Result<Option<Ingested>> {
    let tenant = name.tenant;
    match delivery {
        Delivery::Records(records) => ingest(state, name, records).await.map(Some),
        Delivery::BundleInForce(sequence) => note_bundle(state, name, sequence).await.map(|()| None),
        Delivery::Configuration(toml) => {
            let mut tx = state.db.begin(tenant, None).await?;
            store::keep_configuration(&mut tx, name, &toml).await?;
            tx.commit().await?;
            Ok(None)
        }
        Delivery::AuthoritiesKept(digest) => {
            let mut tx = state.db.begin(tenant, None).await?;
            store::authorities_kept(&mut tx, name, &digest).await?;
            tx.commit().await?;
            Ok(None)
        }
        Delivery::JournalState { fault, since } => {
            let is_listened_to = journal::note(state, name, fault, since).await?;
            Ok((!is_listened_to).then_some(Ingested::NotJoined))
        }
    }
}

/// Joins neighbouring deliveries of records, each result with the room that it takes.
fn gathered(waiting: impl Iterator<Item = Waiting>) -> Vec<(Delivery, Vec<OwnedSemaphorePermit>)> {
    let mut all: Vec<(Delivery, Vec<OwnedSemaphorePermit>)> = Vec::new();
    for (delivery, permit) in waiting {
        match (all.last_mut(), delivery) {
            (Some((Delivery::Records(before), permits)), Delivery::Records(mut records))
                if before.len() + records.len() <= TOGETHER_MAX =>
            {
                before.append(&mut records);
                permits.push(permit);
            }
            (_, delivery) => all.push((delivery, vec![permit])),
        }
    }
    all
}

async fn note_bundle(state: &AppState, name: AgentName, sequence: u64) -> anyhow::Result<()> {
    let mut tx = state.db.begin(name.tenant, None).await?;
    store::bundle_in_force(&mut tx, name, sequence, clock::now()).await?;
    Ok(tx.commit().await?)
}
