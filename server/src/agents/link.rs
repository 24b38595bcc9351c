//! The link: one WebSocket per agent, one message in canonical bytes a frame. Hello first; then questions are answered,
//! records taken, policy, commands and orders sent, until either side falls silent, the agent is revoked or a newer link
//! of the same agent comes.

use std::sync::Arc;
use std::time::Duration;

use access_core::event::Event;
use access_core::ids::{AgentId, TenantId};
use access_core::policy::Policy;
use access_core::protocol::{
    AgentKind, FromAgent, FromServer, HEARTBEAT_MS, Hello, MESSAGE_BYTES_MAX, Refusal, SILENCE_MAX_MS, common_version,
    read_message, write_message,
};
use anyhow::{Context as _, bail};
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, interval, timeout};

use super::Standing;
use super::bundle::Bundler;
use super::ingest::{Ingested, ingest};
use super::port::{AgentPort, Caller};
use super::store::{self, LinkRow};
use crate::audit::append_event;
use crate::certificates::AgentName;
use crate::clock;
use crate::http::{ApiError, ApiResult};
use crate::state::AppState;

/// How long an agent may take for its first message.
const HELLO_WAIT: Duration = Duration::from_secs(10);
/// How long a message may take to be sent before the connection counts as dead.
const SEND_WAIT: Duration = Duration::from_secs(10);
/// How often the bundle is signed anew: its age counts from there.
const BUNDLE_REFRESH: Duration = Duration::from_secs(10 * 60);
/// Messages that wait to be sent.
const WAITING_MAX: usize = 64;
/// Longest message that an agent sends, in bytes: 256 records of 4 KiB, and some.
const FROM_AGENT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Read buffer of a connection, in bytes: there are many.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// How long an agent may be away before it is an alarm.
const ABSENCE: Duration = Duration::from_secs(10);
/// Pause before an alarm that could not be written is tried again.
const ABSENCE_RETRY: Duration = Duration::from_secs(2);
/// The same after the server's start, when all agents connect at once.
const ABSENCE_AT_START: Duration = Duration::from_secs(30);

/// An agent connects.
pub(super) async fn connect(
    State(port): State<AgentPort>,
    caller: Caller,
    upgrade: WebSocketUpgrade,
) -> ApiResult<Response> {
    if clock::now() >= caller.ends_at {
        let detail = "The certificate has expired; it serves for renewal only.".to_owned();
        return Err(ApiError::Refused("certificate_expired", detail));
    }
    let state = port.state;
    Ok(upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(FROM_AGENT_BYTES_MAX)
        .max_frame_size(FROM_AGENT_BYTES_MAX)
        .on_upgrade(move |socket| async move {
            let AgentName { tenant, agent, .. } = caller.name;
            match serve(&state, caller.name, socket).await {
                Ok(why) => tracing::info!(%tenant, %agent, why, "link ended"),
                Err(error) => tracing::warn!(%tenant, %agent, error = format!("{error:#}"), "link ended"),
            }
        }))
}

async fn send(socket: &mut WebSocket, message: &FromServer) -> anyhow::Result<()> {
    let bytes = write_message(message);
    timeout(SEND_WAIT, socket.send(Message::Binary(bytes.into()))).await.context("the agent takes nothing")??;
    Ok(())
}

async fn refuse(socket: &mut WebSocket, why: Refusal) -> anyhow::Result<&'static str> {
    send(socket, &FromServer::Refused { why }).await?;
    let _ = timeout(SEND_WAIT, socket.send(Message::Close(None))).await;
    use access_core::word::Word as _;
    Ok(why.as_str())
}

/// The next message, if the connection is there.
async fn receive(socket: &mut WebSocket) -> anyhow::Result<Option<FromAgent>> {
    loop {
        match socket.recv().await {
            None | Some(Ok(Message::Close(_))) => return Ok(None),
            Some(Ok(Message::Binary(bytes))) => return Ok(Some(read_message(&bytes)?)),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Text(_))) => bail!("a text frame: messages are binary"),
            Some(Err(error)) => return Err(error.into()),
        }
    }
}

/// Whether a Hello fits the certificate, this installation and the agent's row.
fn admit(state: &AppState, name: AgentName, row: Option<&LinkRow>, hello: &Hello) -> Result<u16, Refusal> {
    if (hello.tenant, hello.agent) != (name.tenant, name.agent) {
        return Err(Refusal::WrongAgent);
    }
    if (hello.installation, hello.mode) != (state.installation.id, state.installation.mode) {
        return Err(Refusal::WrongInstallation);
    }
    let row = row.ok_or(Refusal::WrongAgent)?;
    match row.standing() {
        Ok(Standing::Joined) => {}
        Ok(Standing::Quarantined) => return Err(Refusal::Quarantined),
        Ok(Standing::Revoked) => return Err(Refusal::Revoked),
        // Not said to be revoked: an agent that hears so gives up its rules.
        Ok(Standing::Invited) | Err(_) => return Err(Refusal::WrongAgent),
    }
    if !row.takes_generation(name.generation) {
        return Err(Refusal::WrongAgent);
    }
    common_version(hello.oldest, hello.newest).ok_or(Refusal::NoCommonVersion)
}

async fn serve(state: &AppState, name: AgentName, mut socket: WebSocket) -> anyhow::Result<&'static str> {
    let AgentName { tenant, agent, generation } = name;
    let first = timeout(HELLO_WAIT, receive(&mut socket)).await.context("no Hello in time")?;
    let hello = match first {
        Ok(Some(FromAgent::Hello(hello))) => hello,
        Ok(Some(_)) => return refuse(&mut socket, Refusal::Protocol).await,
        Ok(None) => return Ok("no Hello"),
        Err(error) => {
            refuse(&mut socket, Refusal::Protocol).await?;
            return Err(error);
        }
    };
    let mut tx = state.db.begin(tenant, None).await?;
    let row = store::for_link(&mut tx, tenant, agent, true).await?;
    let version = match admit(state, name, row.as_ref(), &hello) {
        Ok(version) => version,
        Err(why) => {
            drop(tx);
            return refuse(&mut socket, why).await;
        }
    };
    let row = row.context("the agent's row")?;
    store::linked(&mut tx, tenant, agent, generation, (&hello.build, hello.bundle_sequence), clock::now()).await?;
    let (out, waiting) = mpsc::channel(WAITING_MAX);
    // While the row is locked: whoever revokes the agent comes before, and it is refused, or after, and finds the link.
    let linked = state.agents.link(tenant, agent, out.clone());
    tx.commit().await?;
    let ended = speak(state, name, &row, version, socket, (out, waiting), &linked).await;
    drop(linked);
    // Off the task of this connection: an agent that comes back at once is not lost.
    tokio::spawn(report_absence(state.clone(), tenant, agent, ABSENCE));
    ended
}

/// Welcomes an agent and speaks with it until the link ends.
async fn speak(
    state: &AppState,
    AgentName { tenant, agent, .. }: AgentName,
    row: &LinkRow,
    version: u16,
    mut socket: WebSocket,
    (out, waiting): (mpsc::Sender<FromServer>, mpsc::Receiver<FromServer>),
    linked: &super::Linked,
) -> anyhow::Result<&'static str> {
    let _station = match row.kind.parse::<AgentKind>()? {
        AgentKind::Station => Some(state.stations.link(tenant, agent, out)),
        AgentKind::DoorController => None,
    };
    let now = clock::unix_ms(clock::now());
    send(&mut socket, &FromServer::Welcome { version, now, acknowledged: row.head()? }).await?;
    note_presence(state, tenant, agent, true).await?;
    // Before the first bundle is made somebody may stand at a door already.
    let doors = {
        let mut tx = state.db.begin(tenant, None).await?;
        store::doors(&mut tx, tenant, agent).await?.into_iter().collect()
    };
    let key = row.sealing_key.as_deref().context("the agent's sealing key")?;
    let bundler = Bundler::new(tenant, agent, key, doors)?;
    Session { state, tenant, agent, socket, bundler }.run(waiting, linked).await
}

struct Session<'a> {
    state: &'a AppState,
    tenant: TenantId,
    agent: AgentId,
    socket: WebSocket,
    bundler: Bundler,
}

impl Session<'_> {
    async fn run(
        &mut self,
        mut waiting: mpsc::Receiver<FromServer>,
        linked: &super::Linked,
    ) -> anyhow::Result<&'static str> {
        let mut policy = self.state.policies.subscribe(self.tenant);
        policy.mark_changed();
        let mut refresh = interval(BUNDLE_REFRESH);
        refresh.reset();
        let mut heartbeat = interval(Duration::from_millis(HEARTBEAT_MS));
        let mut last_heard = Instant::now();
        loop {
            let silence = last_heard + Duration::from_millis(SILENCE_MAX_MS);
            tokio::select! {
                // Questions first: somebody stands at a door.
                biased;
                () = linked.end.cancelled() => {
                    let why = why_ended(self.state, self.tenant, self.agent).await?;
                    return refuse(&mut self.socket, why).await;
                }
                message = receive(&mut self.socket) => {
                    last_heard = Instant::now();
                    match message {
                        Ok(Some(message)) => if let Some(why) = self.take(message).await? {
                            return refuse(&mut self.socket, why).await;
                        },
                        Ok(None) => return Ok("closed by the agent"),
                        Err(error) => {
                            let _ = refuse(&mut self.socket, Refusal::Protocol).await;
                            return Err(error);
                        }
                    }
                }
                Some(message) = waiting.recv() => send(&mut self.socket, &message).await?,
                changed = policy.changed() => {
                    changed?;
                    self.send_bundle(&mut policy).await?;
                }
                _ = refresh.tick() => self.send_bundle(&mut policy).await?,
                _ = heartbeat.tick() => {
                    let now = clock::unix_ms(clock::now());
                    send(&mut self.socket, &FromServer::Heartbeat { now }).await?;
                }
                () = tokio::time::sleep_until(silence) => return Ok("silent"),
                () = self.state.stop.cancelled() => return refuse(&mut self.socket, Refusal::Stopping).await,
            }
        }
    }

    async fn send_bundle(&mut self, policy: &mut watch::Receiver<Option<Arc<Policy>>>) -> anyhow::Result<()> {
        let Some(current) = policy.borrow_and_update().clone() else { return Ok(()) };
        let bundle = self.bundler.make(self.state, &current).await?;
        let bytes = Bundler::bytes(&bundle);
        if bytes >= MESSAGE_BYTES_MAX {
            bail!("the bundle of {bytes} bytes is longer than a message may be: give the agent fewer doors");
        }
        send(&mut self.socket, &FromServer::Bundle(bundle)).await
    }

    /// Takes one message; says why the link must end, if it must.
    async fn take(&mut self, message: FromAgent) -> anyhow::Result<Option<Refusal>> {
        let (state, tenant, agent) = (self.state, self.tenant, self.agent);
        match message {
            FromAgent::Hello(_) => return Ok(Some(Refusal::Protocol)),
            FromAgent::Heartbeat => {
                // Not waited for: the database may be away, and questions about doors come over this link.
                tokio::spawn(note_seen(state.clone(), tenant, agent));
            }
            // Not its door: it gets no verdict, and by its own rules none but a refusal.
            FromAgent::Ask(attempt) if !self.bundler.has_door(attempt.door) => {
                tracing::warn!(%tenant, %agent, door = %attempt.door, "asked about a door that is not the agent's");
            }
            FromAgent::Ask(attempt) => {
                let now = clock::unix_ms(clock::now());
                if let Some(verdict) = state.policies.decide(tenant, &attempt, now) {
                    send(&mut self.socket, &FromServer::Answer { attempt: attempt.id, verdict }).await?;
                }
            }
            FromAgent::Records(records) => match ingest(state, tenant, agent, records).await {
                Ok(Ingested::Stored(head)) => send(&mut self.socket, &FromServer::Acknowledged(head)).await?,
                Ok(Ingested::Hole(_) | Ingested::TooMany) => return Ok(Some(Refusal::Protocol)),
                Ok(Ingested::Quarantined) => return Ok(Some(Refusal::Quarantined)),
                Ok(Ingested::NotJoined) => return Ok(Some(Refusal::Revoked)),
                // Not acknowledged: the agent keeps them and sends them again.
                Err(error) => {
                    tracing::warn!(%tenant, %agent, error = format!("{error:#}"), "records were not taken");
                    return Err(error);
                }
            },
            FromAgent::BundleInForce { sequence } => {
                let mut tx = state.db.begin(tenant, None).await?;
                store::bundle_in_force(&mut tx, tenant, agent, sequence).await?;
                tx.commit().await?;
            }
            FromAgent::JournalState { fault, since } => {
                if let Some(why) = super::journal::note(state, tenant, agent, fault, since).await? {
                    return Ok(Some(why));
                }
            }
            FromAgent::EnrolmentStep { enrolment, step } => {
                state.stations.step(state, tenant, agent, enrolment, step, clock::now()).await;
            }
        }
        Ok(None)
    }
}

/// Why a link was ended. A database that does not answer is no reason to call an agent revoked: it would give up its rules.
async fn why_ended(state: &AppState, tenant: TenantId, agent: AgentId) -> anyhow::Result<Refusal> {
    let mut tx = state.db.begin(tenant, None).await?;
    let row = store::for_link(&mut tx, tenant, agent, false).await?;
    Ok(match row.map(|row| row.standing()).transpose()? {
        Some(Standing::Joined) => Refusal::AlreadyConnected,
        Some(Standing::Quarantined) => Refusal::Quarantined,
        Some(Standing::Revoked) => Refusal::Revoked,
        Some(Standing::Invited) | None => Refusal::WrongAgent,
    })
}

/// Takes note that an agent was heard.
async fn note_seen(state: AppState, tenant: TenantId, agent: AgentId) {
    let noted = async {
        let mut tx = state.db.begin(tenant, None).await?;
        store::seen(&mut tx, tenant, agent, clock::now()).await?;
        tx.commit().await
    };
    if let Err(error) = noted.await {
        tracing::debug!(%tenant, %agent, %error, "that an agent was heard is not noted");
    }
}

/// Writes into the log that an agent came or went, unless the log says so already.
async fn note_presence(state: &AppState, tenant: TenantId, agent: AgentId, is_up: bool) -> anyhow::Result<()> {
    if !state.agents.is_logged(tenant, agent, is_up) {
        let mut tx = state.db.begin(tenant, None).await?;
        append_event(&mut tx, &Event::LinkChanged { is_up, agent: Some(agent) }, clock::now()).await?;
        tx.commit().await?;
        state.agents.note_logged(tenant, agent, is_up);
    }
    Ok(())
}

/// An agent that stays away is an alarm.
async fn report_absence(state: AppState, tenant: TenantId, agent: AgentId, patience: Duration) {
    let mut pause = patience;
    loop {
        tokio::select! {
            () = state.stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        if state.agents.is_connected(tenant, agent) {
            return;
        }
        // The database may be what is away: the alarm waits for it, and is not given up.
        match log_absence(&state, tenant, agent).await {
            Ok(()) => return,
            Err(error) => {
                tracing::error!(%tenant, %agent, error = format!("{error:#}"), "a lost agent could not be logged");
                pause = ABSENCE_RETRY;
            }
        }
    }
}

async fn log_absence(state: &AppState, tenant: TenantId, agent: AgentId) -> anyhow::Result<()> {
    let mut tx = state.db.begin(tenant, None).await?;
    let row = store::for_link(&mut tx, tenant, agent, false).await?;
    drop(tx);
    match row.map(|row| row.standing()).transpose()? {
        Some(Standing::Joined) => note_presence(state, tenant, agent, false).await,
        _ => Ok(()),
    }
}

/// After a start: agents that joined and don't come are alarms.
pub async fn watch_for_absence(state: AppState) -> anyhow::Result<()> {
    for tenant in state.tenants.all() {
        let mut tx = state.db.begin(tenant.id, None).await?;
        for agent in store::joined(&mut tx, tenant.id).await? {
            tokio::spawn(report_absence(state.clone(), tenant.id, agent, ABSENCE_AT_START));
        }
    }
    Ok(())
}
