//! Agents: door controllers and enrolment stations. They join with a one-time token, hold a link over mutual TLS, ask for
//! verdicts, deliver records, and get policy, commands and enrolment orders.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use access_core::ids::{AgentId, TenantId};
use access_core::protocol::{AgentKind, FromServer};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::words;

mod bundle;
mod card_secrets;
mod commands;
mod configuration;
mod copies;
mod ingest;
mod intake;
mod join;
mod journal;
mod link;
pub mod port;
mod presence;
pub mod routes;
pub mod store;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::release;
pub use presence::watch_for_absence;

/// News of agents that wait for a slow listener.
const NEWS_WAITING_MAX: usize = 1_024;
/// So many links of one agent that lived and gave way to a newer one, within so long, are a sign of two machines.
const DISPLACED_MAX: usize = 5;
const DISPLACED_WITHIN: Duration = Duration::from_secs(60);
/// So many Hellos of one agent that would shut it out, of nobody who stays to be judged, within so long: the network brings one late, or two.
const UNHEARD_MAX: usize = 4;
const UNHEARD_WITHIN: Duration = Duration::from_secs(60 * 60);

access_core::words! {
    /// How an agent stands, as staff see it.
    pub enum AgentState {
        /// Has a token and has not joined.
        Invited = "invited",
        /// Is linked.
        Online = "online",
        /// Joined and is not linked.
        Offline = "offline",
        /// Was revoked: it can't come back.
        Revoked = "revoked",
        /// Its records contradict those that the server holds, or it was copied: it has to join anew.
        Quarantined = "quarantined",
    }
}

access_core::words! {
    /// How an agent stands, as its row says.
    pub enum Standing {
        /// Has a token and has not joined.
        Invited = "invited",
        /// Joined: records are taken of it.
        Joined = "joined",
        /// Was revoked: it can't come back.
        Revoked = "revoked",
        /// Its records contradict those that the server holds, or it was copied: it has to join anew.
        Quarantined = "quarantined",
    }
}

crate::describe_words!(AgentState);

/// A door controller or enrolment station.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Agent {
    /// Which agent.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// `door_controller` or `station`.
    #[schema(value_type = words::AgentKind)]
    pub kind: String,
    /// `invited`, `online`, `offline`, `revoked` or `quarantined`.
    pub state: AgentState,
    /// Version of its program.
    pub build: Option<String>,
    /// Doors that it controls.
    pub door_ids: Vec<Uuid>,
    /// When it joined.
    pub joined_at: Option<DateTime<Utc>>,
    /// When it was last heard.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// When its certificate ends, unless it is renewed before.
    pub certificate_expires_at: Option<DateTime<Utc>>,
    /// Number of the bundle that it decides by when alone; 0 if it has none.
    pub bundle_version: i64,
    /// Why its journal takes no records, as it said last; none if it takes them or has said nothing yet.
    #[schema(value_type = Option<words::JournalFault>)]
    pub journal_fault: Option<String>,
    /// Since when its journal is as it is, by the agent's clock.
    pub journal_since: Option<DateTime<Utc>>,
    /// Place of its newest stored record.
    pub acknowledged_seq: i64,
    /// Whether a machine of it that is out of use may hold rules for doors: nobody has stated that it was taken away.
    pub has_machine_away: bool,
    /// Counts its changes; the `ETag`.
    pub version: i64,
}

/// What an agent's configuration file holds of the server's side.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Configuration {
    /// The file, to be copied; how things are wired is left to be filled in.
    pub toml: String,
    /// The file as the agent's machine has it, for one that takes its place; none if it has not said.
    pub in_use: Option<String>,
}

/// An agent to be invited.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgent {
    /// Its name.
    pub name: String,
    /// `door_controller` or `station`.
    #[schema(value_type = words::AgentKind)]
    pub kind: AgentKind,
    /// Doors that it is to control; a station has none.
    #[serde(default)]
    pub door_ids: Vec<Uuid>,
}

/// What of an agent is to change; what is left out stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentChange {
    /// Its name.
    pub name: Option<String>,
    /// Doors that it is to control.
    pub door_ids: Option<Vec<Uuid>>,
}

/// What whoever watches agents is told at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentNews {
    /// An agent came or went.
    Presence {
        /// Which.
        agent: AgentId,
        /// Whether it is linked now.
        is_online: bool,
    },
    /// An agent goes by what operators set.
    StandingInForce {
        /// Which.
        agent: AgentId,
        /// Number of what is set.
        number: u64,
    },
}

#[derive(Debug)]
struct Session {
    id: Uuid,
    out: mpsc::Sender<FromServer>,
    end: CancellationToken,
}

#[derive(Debug, Default)]
struct Inner {
    sessions: HashMap<(TenantId, AgentId), Session>,
    news: HashMap<TenantId, broadcast::Sender<AgentNews>>,
    /// When live links of an agent gave way to newer ones of late.
    displaced: HashMap<(TenantId, AgentId), VecDeque<Instant>>,
    unheard: HashMap<(TenantId, AgentId), VecDeque<Instant>>,
    /// Number of the state set by operators that an agent said to go by.
    standing: HashMap<(TenantId, AgentId), u64>,
    /// Records that are not taken as they are, and that an alarm was raised for.
    held: HashMap<(TenantId, AgentId), (u32, u64)>,
}

/// Linked agents.
#[derive(Debug, Clone, Default)]
pub struct Links {
    inner: Arc<Mutex<Inner>>,
}

/// Takes a link off the list when it is dropped.
#[derive(Debug)]
pub struct Linked {
    links: Links,
    key: (TenantId, AgentId),
    session: Uuid,
    /// Cancelled when the link must end: a newer one came, or the agent was revoked.
    pub end: CancellationToken,
}

impl Drop for Linked {
    fn drop(&mut self) {
        let mut inner = self.links.lock();
        if inner.sessions.get(&self.key).is_some_and(|session| session.id == self.session) {
            inner.sessions.remove(&self.key);
            inner.tell(self.key, false);
        }
    }
}

impl Inner {
    fn news(&mut self, tenant: TenantId) -> &broadcast::Sender<AgentNews> {
        self.news.entry(tenant).or_insert_with(|| broadcast::Sender::new(NEWS_WAITING_MAX))
    }

    fn tell(&mut self, (tenant, agent): (TenantId, AgentId), is_online: bool) {
        // Nobody may be listening.
        let _ = self.news(tenant).send(AgentNews::Presence { agent, is_online });
    }
}

/// Takes note of what happens now; tells whether it did so often within so long.
fn again(times: &mut VecDeque<Instant>, often: usize, within: Duration) -> bool {
    let now = Instant::now();
    times.push_back(now);
    while times.len() > often || times.front().is_some_and(|at| now - *at > within) {
        times.pop_front();
    }
    times.len() == often
}

impl Links {
    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // Nothing inside is left half done by a panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An agent is linked. An older link of the same agent ends: it may hang on a dead connection.
    pub fn link(&self, tenant: TenantId, agent: AgentId, out: mpsc::Sender<FromServer>) -> Linked {
        let mut inner = self.lock();
        let (key, session, end) = ((tenant, agent), Uuid::now_v7(), CancellationToken::new());
        if let Some(older) = inner.sessions.insert(key, Session { id: session, out, end: end.clone() }) {
            older.end.cancel();
        }
        // It says so anew, by what it is told in this session.
        inner.standing.remove(&key);
        inner.tell(key, true);
        drop(inner);
        Linked { links: self.clone(), key, session, end }
    }

    /// Whether an agent is linked.
    pub fn is_connected(&self, tenant: TenantId, agent: AgentId) -> bool {
        self.lock().sessions.contains_key(&(tenant, agent))
    }

    /// A place for one message to an agent that is linked: taken before what it tells of is recorded, so that nothing is
    /// recorded that could not be sent. None while its queue is full.
    pub fn reserve(&self, tenant: TenantId, agent: AgentId) -> Option<mpsc::OwnedPermit<FromServer>> {
        let out = self.lock().sessions.get(&(tenant, agent))?.out.clone();
        out.try_reserve_owned().ok()
    }

    /// Ends an agent's link.
    pub fn end(&self, tenant: TenantId, agent: AgentId) {
        if let Some(session) = self.lock().sessions.get(&(tenant, agent)) {
            session.end.cancel();
        }
    }

    /// Every agent of a tenant that comes, goes, or confirms what operators set, from here on.
    pub fn watch(&self, tenant: TenantId) -> broadcast::Receiver<AgentNews> {
        self.lock().news(tenant).subscribe()
    }

    /// Takes note that a live link gave way to a newer one; tells whether that happens so often that it is a sign of two
    /// machines.
    fn note_displaced(&self, tenant: TenantId, agent: AgentId) -> bool {
        again(self.lock().displaced.entry((tenant, agent)).or_default(), DISPLACED_MAX, DISPLACED_WITHIN)
    }

    /// Takes note of a Hello that would have shut the agent out, of nobody who was there to be judged; tells whether that happens so
    /// often that somebody tries.
    fn note_unheard(&self, tenant: TenantId, agent: AgentId) -> bool {
        again(self.lock().unheard.entry((tenant, agent)).or_default(), UNHEARD_MAX, UNHEARD_WITHIN)
    }

    /// Takes note of the state set by operators that an agent goes by.
    fn note_standing(&self, tenant: TenantId, agent: AgentId, number: u64) {
        let mut inner = self.lock();
        inner.standing.insert((tenant, agent), number);
        let _ = inner.news(tenant).send(AgentNews::StandingInForce { agent, number });
    }

    /// Number of the state set by operators that an agent said to go by in its newest session.
    pub fn standing_in_force(&self, tenant: TenantId, agent: AgentId) -> Option<u64> {
        self.lock().standing.get(&(tenant, agent)).copied()
    }

    /// Takes note of a record that is not taken as it is; tells whether that is new.
    fn note_held(&self, tenant: TenantId, agent: AgentId, epoch: u32, seq: u64) -> bool {
        self.lock().held.insert((tenant, agent), (epoch, seq)) != Some((epoch, seq))
    }
}
