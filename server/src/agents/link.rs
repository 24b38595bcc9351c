//! The link: one WebSocket per agent, one message in canonical bytes a frame. Hello first; then questions are answered,
//! records taken, policy, commands and orders sent, until either side falls silent, the agent is revoked or a newer link
//! of the same agent comes. Once it stands it never waits for the database: without it questions are answered all the same,
//! and everything else is tried until it is back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use access_core::RULES_VERSION;
use access_core::event::{CopySign, JournalFault};
use access_core::ids::DoorId;
use access_core::policy::Policy;
use access_core::protocol::{
    AgentKind, CONFIGURATION_BYTES_MAX, FromAgent, FromServer, HEARTBEAT_MS, Hello, MESSAGE_BYTES_MAX,
    RECORDS_PER_MESSAGE_MAX, Refusal, SILENCE_MAX_MS, common_version, read_message, write_message,
};
use anyhow::{Context as _, bail};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, timeout};

use super::Standing;
use super::bundle::{Bundler, Made};
use super::copies;
use super::ingest::{Ingested, is_set_back, is_unread, shut_out_set_back};
use super::intake::{Delivery, Intake};
use super::journal;
use super::port::{AgentPort, Caller};
use super::presence::{ABSENCE, SeenNotes, note_coming, note_seen, report_absence};
use super::store::{self, LinkRow};
use crate::certificates::{AgentName, Authority};
use crate::clock;
use crate::decisions::Answer;
use crate::enrolment::{TooManySteps, Turns};
use crate::http::{ApiError, ApiResult};
use crate::state::AppState;
use crate::vital::vital;

/// How long an agent may take for its first message.
const HELLO_WAIT: Duration = Duration::from_secs(10);
/// How long a message may take to be sent before the connection counts as dead.
const SEND_WAIT: Duration = Duration::from_secs(10);
/// How often the bundle is signed anew: its age counts from there.
const BUNDLE_REFRESH: Duration = Duration::from_secs(10 * 60);
/// A bundle that could not be made is tried again after so long.
const BUNDLE_RETRY: Duration = Duration::from_secs(2);
/// One that lacks keys of cards is made anew after so long.
const BUNDLE_COMPLETION: Duration = Duration::from_secs(60);
/// Messages that wait to be sent.
const WAITING_MAX: usize = 64;
/// Longest message that an agent sends, in bytes: 256 records of 4 KiB, and some.
const FROM_AGENT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Read buffer of a connection, in bytes: there are many.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// How long an agent whose link gave way to a newer one may take to hang up, if it lives.
const HANG_UP_WAIT: Duration = Duration::from_secs(2);
/// How long an agent may take to show that it is there, before it is shut out for what it said. It waits longer for its welcome.
const THERE_WAIT: Duration = Duration::from_secs(5);

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
    let AgentPort { state, authority } = port;
    Ok(upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(FROM_AGENT_BYTES_MAX)
        .max_frame_size(FROM_AGENT_BYTES_MAX)
        .on_upgrade(move |socket| async move {
            let AgentName { tenant, agent, .. } = caller.name;
            match serve(&state, &authority, caller, socket).await {
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

/// Whether somebody still waits at the other end for an answer to what was said: its kernel may deliver what a program said before it was
/// killed, when the one that was started after it has long said more. An agent speaks over one connection at a time.
async fn is_there(socket: &mut WebSocket) -> bool {
    let sign = Bytes::from_static(b"there?");
    let answered = timeout(THERE_WAIT, async {
        socket.send(Message::Ping(sign.clone())).await.ok()?;
        loop {
            match socket.recv().await?.ok()? {
                Message::Pong(answer) if answer == sign => return Some(()),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    });
    matches!(answered.await, Ok(Some(())))
}

/// Judges nobody by what was said by a program that is not there any more. A copy that does not answer would never be judged: where it
/// happens again and again it is an alarm.
async fn said_before(state: &AppState, name: AgentName) -> anyhow::Result<&'static str> {
    let AgentName { tenant, agent, generation } = name;
    tracing::warn!(%tenant, %agent, generation, "a journal that was set back or is unread was claimed, by nobody who is there to be judged");
    if state.agents.note_unheard(tenant, agent) {
        copies::report(state, name, CopySign::SetBackUnheard, clock::now()).await?;
    }
    Ok("said before, by nobody who is still there")
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
    if row.is_replaced(name.generation) {
        return Err(Refusal::Revoked);
    }
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

async fn serve(
    state: &AppState,
    authority: &Authority,
    caller: Caller,
    mut socket: WebSocket,
) -> anyhow::Result<&'static str> {
    let name = caller.name;
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
            let by_certificate = matches!(why, Refusal::WrongAgent | Refusal::Revoked);
            if by_certificate && row.is_some_and(|row| row.is_held_on_to(generation)) {
                copies::report(state, name, CopySign::OldCertificate, clock::now()).await?;
            }
            return refuse(&mut socket, why).await;
        }
    };
    let row = row.context("the agent's row")?;
    let stored = row.head()?;
    if is_set_back(&stored, &hello.head) {
        // Nothing is held meanwhile. Whoever is there now, and said less than was stored before, is set back, whatever comes between.
        drop(tx);
        if !is_there(&mut socket).await {
            return said_before(state, name).await;
        }
        let tx = state.db.begin(tenant, None).await?;
        if !shut_out_set_back(state, tx, name, stored, hello.head).await? {
            let why = why_ended(state, name).await?;
            return refuse(&mut socket, why).await;
        }
        state.agents.end(tenant, agent);
        return refuse(&mut socket, Refusal::Quarantined).await;
    }
    if is_unread(&stored, row.epoch.try_into()?, &hello.head) {
        drop(tx);
        if !is_there(&mut socket).await {
            return said_before(state, name).await;
        }
        return refuse_unread(state, name, &mut socket).await;
    }
    store::linked(&mut tx, tenant, agent, generation, (&hello.build, hello.bundle_sequence), clock::now()).await?;
    store::linked_by(&mut tx, tenant, agent, caller.issued_by).await?;
    let (out, waiting) = mpsc::channel(WAITING_MAX);
    // While the row is locked: whoever revokes the agent comes before, and it is refused, or after, and finds the link.
    let linked = state.agents.link(tenant, agent, out.clone());
    tx.commit().await?;
    // What it knows already is not told again.
    let news = (row.authorities_kept.as_deref() != Some(&authority.trusted_digest()))
        .then(|| authority.trusted().map(|certificate| certificate.to_vec()).collect());
    if let Some(authorities) = news {
        out.try_send(FromServer::Authorities(authorities)).context("a link that has just begun")?;
    }
    let ended = speak(state, name, &row, version, socket, (out, waiting), &linked).await;
    drop(linked);
    // Off the task of this connection: an agent that comes back at once is not lost.
    tokio::spawn(vital(state.stop.clone(), report_absence(state.clone(), tenant, agent, ABSENCE)));
    ended
}

/// Refuses an agent whose journal can't be read, with an alarm, and tells it nothing: it can record nothing, so that it lets nobody in
/// whatever it is told, and a copy of its keys without a journal would listen. It keeps its rules, and is welcome once it can read it.
async fn refuse_unread(state: &AppState, name: AgentName, socket: &mut WebSocket) -> anyhow::Result<&'static str> {
    let AgentName { tenant, agent, .. } = name;
    let now = clock::now();
    if state.agents.is_connected(tenant, agent) {
        copies::report(state, name, CopySign::JournalUnread, now).await?;
    } else {
        journal::note(state, name, Some(JournalFault::Unusable), clock::unix_ms(now)).await?;
    }
    refuse(socket, Refusal::JournalUnread).await
}

/// Welcomes an agent and speaks with it until the link ends.
async fn speak(
    state: &AppState,
    name: AgentName,
    row: &LinkRow,
    version: u16,
    mut socket: WebSocket,
    (out, waiting): (mpsc::Sender<FromServer>, mpsc::Receiver<FromServer>),
    linked: &super::Linked,
) -> anyhow::Result<&'static str> {
    let AgentName { tenant, agent, .. } = name;
    let turns = match row.kind.parse::<AgentKind>()? {
        AgentKind::Station => Some(Turns::start(state.clone(), state.stations.link(tenant, agent, out))),
        AgentKind::DoorController => None,
    };
    let now = clock::unix_ms(clock::now());
    send(&mut socket, &FromServer::Welcome { version, now, acknowledged: row.head()? }).await?;
    note_coming(state, tenant, agent).await?;
    // Before the first bundle is made somebody may stand at a door already.
    let doors = {
        let mut tx = state.db.begin(tenant, None).await?;
        store::doors(&mut tx, tenant, agent).await?.into_iter().collect()
    };
    let key = row.sealing_key.as_deref().context("the agent's sealing key")?;
    let bundler = Bundler::new(tenant, agent, key, doors)?;
    let doors = bundler.doors().clone();
    let bundling =
        Bundling { bundler: Some(bundler), made: None, is_due: false, wanted_whole_at: None, is_wanted_whole: false };
    let intake = Intake::start(state.clone(), name);
    let seen = SeenNotes::default();
    Session { state, name, socket, doors, bundling, intake, turns, seen }.run(waiting, linked).await
}

struct Session<'a> {
    state: &'a AppState,
    name: AgentName,
    socket: WebSocket,
    /// Doors of the newest bundle, at first those when it linked: no verdict is given for another's.
    doors: BTreeSet<DoorId>,
    bundling: Bundling,
    intake: Intake,
    /// A station's.
    turns: Option<Turns>,
    seen: SeenNotes,
}

/// Bundles are made beside the link, one after the other.
struct Bundling {
    /// Not while one is made.
    bundler: Option<Bundler>,
    made: Option<JoinHandle<(Bundler, anyhow::Result<Made>)>>,
    /// Another is to be made.
    is_due: bool,
    /// When the agent asked last for a whole one, not having been able to put the newest together.
    wanted_whole_at: Option<Instant>,
    /// The next one is sent whole, and due after [`Bundling::pause_before_whole`].
    is_wanted_whole: bool,
}

impl Bundling {
    /// Begins to make one of these rules, if one is due and none is under way.
    fn go_on(&mut self, state: &AppState, policy: &mut watch::Receiver<Option<Arc<Policy>>>) {
        if !self.is_due {
            return;
        }
        let Some(mut bundler) = self.bundler.take() else { return };
        self.is_due = false;
        if std::mem::take(&mut self.is_wanted_whole) {
            bundler.forget_sent();
        }
        let Some(current) = policy.borrow_and_update().clone() else {
            self.bundler = Some(bundler);
            return;
        };
        let state = state.clone();
        self.made = Some(tokio::spawn(async move {
            let made = bundler.make(&state, &current).await;
            (bundler, made)
        }));
    }

    /// How long an agent that asks for a whole bundle is kept waiting: not at all, unless it asks again and again.
    fn pause_before_whole(&mut self) -> Duration {
        let now = Instant::now();
        match self.wanted_whole_at.replace(now) {
            Some(before) if now < before + BUNDLE_RETRY => BUNDLE_RETRY,
            _ => Duration::ZERO,
        }
    }

    /// The bundle that was made, or why it could not be, with the doors that it is about. Dropping the future loses nothing.
    async fn made(&mut self) -> anyhow::Result<(BTreeSet<DoorId>, anyhow::Result<Made>)> {
        let Some(making) = &mut self.made else { return std::future::pending().await };
        let (bundler, made) = making.await?;
        self.made = None;
        let doors = bundler.doors().clone();
        self.bundler = Some(bundler);
        Ok((doors, made))
    }
}

impl Session<'_> {
    async fn run(
        &mut self,
        mut waiting: mpsc::Receiver<FromServer>,
        linked: &super::Linked,
    ) -> anyhow::Result<&'static str> {
        let mut policy = self.state.policies.subscribe(self.name.tenant);
        policy.mark_changed();
        let mut standing = self.state.states.standing(self.name.tenant);
        standing.mark_changed();
        let mut refresh = interval(BUNDLE_REFRESH);
        refresh.reset();
        let mut heartbeat = interval(Duration::from_millis(HEARTBEAT_MS));
        let mut last_heard = Instant::now();
        loop {
            let silence = last_heard + Duration::from_millis(SILENCE_MAX_MS);
            self.bundling.go_on(self.state, &mut policy);
            tokio::select! {
                // Questions first: somebody stands at a door.
                biased;
                () = linked.end.cancelled() => {
                    let why = why_ended(self.state, self.name).await?;
                    let ended = refuse(&mut self.socket, why).await;
                    if why == Refusal::AlreadyConnected && ended.is_ok() {
                        self.gave_way().await?;
                    }
                    return ended;
                }
                message = receive(&mut self.socket), if !self.intake.is_full() => {
                    last_heard = Instant::now();
                    match message {
                        Ok(Some(FromAgent::BundleWanted { sequence })) => {
                            let AgentName { tenant, agent, .. } = self.name;
                            tracing::warn!(%tenant, %agent, sequence, "no bundle came of a delta: the next is sent whole");
                            self.bundling.is_wanted_whole = true;
                            refresh.reset_after(self.bundling.pause_before_whole());
                        }
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
                taken = self.intake.progress() => {
                    last_heard = Instant::now();
                    if let Some(taken) = taken && let Some(why) = self.answer(taken).await? {
                        return refuse(&mut self.socket, why).await;
                    }
                }
                Some(message) = waiting.recv() => send(&mut self.socket, &message).await?,
                // Before the bundle: a lockdown must not wait for templates to be sealed.
                changed = standing.changed() => {
                    changed?;
                    let current = standing.borrow_and_update().clone();
                    if let Some(current) = current {
                        send(&mut self.socket, &FromServer::Standing(current.as_ref().clone())).await?;
                    }
                }
                changed = policy.changed() => {
                    changed?;
                    self.bundling.is_due = true;
                }
                _ = refresh.tick() => self.bundling.is_due = true,
                made = self.bundling.made() => {
                    let (doors, made) = made?;
                    match made {
                        Ok(bundle) => {
                            self.doors = doors;
                            // At once, by the rules as they are then.
                            self.bundling.is_due |= bundle.is_partial;
                            self.send_bundle(bundle).await?;
                            if self.bundling.bundler.as_ref().is_some_and(Bundler::is_incomplete) {
                                refresh.reset_after(BUNDLE_COMPLETION);
                            }
                        }
                        Err(error) => {
                            let AgentName { tenant, agent, .. } = self.name;
                            tracing::warn!(%tenant, %agent, error = format!("{error:#}"), "no bundle for the moment");
                            refresh.reset_after(BUNDLE_RETRY);
                        }
                    }
                }
                _ = heartbeat.tick() => {
                    let now = clock::unix_ms(clock::now());
                    send(&mut self.socket, &FromServer::Heartbeat { now }).await?;
                }
                () = tokio::time::sleep_until(silence), if !self.intake.is_full() => return Ok("silent"),
                () = self.state.stop.cancelled() => return refuse(&mut self.socket, Refusal::Stopping).await,
            }
        }
    }

    /// Tells the agent what became of records; says why the link must end, if it must.
    async fn answer(&mut self, taken: anyhow::Result<Ingested>) -> anyhow::Result<Option<Refusal>> {
        match taken {
            Ok(Ingested::Stored(head)) => send(&mut self.socket, &FromServer::Acknowledged(head)).await.map(|()| None),
            Ok(Ingested::Held(_)) => Ok(Some(Refusal::Protocol)),
            Ok(Ingested::Quarantined) => Ok(Some(Refusal::Quarantined)),
            Ok(Ingested::NotJoined) => Ok(Some(why_ended(self.state, self.name).await?)),
            Err(error) => Err(error),
        }
    }

    /// After a newer link took this one's place. One that hangs up was alive: where that happens again and again, two
    /// machines take turns. A connection that is dead says nothing.
    async fn gave_way(&mut self) -> anyhow::Result<()> {
        let hung_up = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        let was_alive = timeout(HANG_UP_WAIT, hung_up).await.is_ok();
        if was_alive && self.state.agents.note_displaced(self.name.tenant, self.name.agent) {
            copies::report(self.state, self.name, CopySign::LinksInTurn, clock::now()).await?;
        }
        Ok(())
    }

    async fn send_bundle(&mut self, Made { message, whole_bytes: bytes, .. }: Made) -> anyhow::Result<()> {
        if bytes >= MESSAGE_BYTES_MAX {
            bail!("the bundle of {bytes} bytes is longer than a message may be: give the agent fewer doors");
        }
        send(&mut self.socket, &message).await
    }

    /// Takes one message; says why the link must end, if it must.
    async fn take(&mut self, message: FromAgent) -> anyhow::Result<Option<Refusal>> {
        let (state, AgentName { tenant, agent, .. }) = (self.state, self.name);
        match message {
            FromAgent::Hello(_) => return Ok(Some(Refusal::Protocol)),
            FromAgent::Heartbeat => {
                // Not waited for: the database may be away, and questions about doors come over this link.
                self.seen.begin(Instant::now(), note_seen(state.clone(), tenant, agent));
            }
            // Not its door: it gets no verdict, and by its own rules none but a refusal.
            FromAgent::Ask(attempt) if !self.doors.contains(&attempt.door) => {
                tracing::warn!(%tenant, %agent, door = %attempt.door, "asked about a door that is not the agent's");
            }
            FromAgent::Ask(attempt) => {
                let now = clock::unix_ms(clock::now());
                if let Some(answer) = state.policies.decide(&state.states, tenant, attempt, now) {
                    let Answer { attempt, circumstances, verdict } = answer;
                    let (circumstances, rules_version) = (Box::new(circumstances), RULES_VERSION);
                    let answer = FromServer::Answer { attempt, circumstances, verdict, rules_version };
                    send(&mut self.socket, &answer).await?;
                }
            }
            FromAgent::Records(records) if records.len() > RECORDS_PER_MESSAGE_MAX => {
                return Ok(Some(Refusal::Protocol));
            }
            FromAgent::JournalState { fault, since } => self.intake.hand_over(Delivery::JournalState { fault, since }),
            FromAgent::Records(records) => self.intake.hand_over(Delivery::Records(records)),
            FromAgent::BundleInForce { sequence } => self.intake.hand_over(Delivery::BundleInForce(sequence)),
            // Taken where the next bundle is due.
            FromAgent::BundleWanted { .. } => {}
            FromAgent::Configuration { toml } if toml.len() > CONFIGURATION_BYTES_MAX => {
                return Ok(Some(Refusal::Protocol));
            }
            FromAgent::Configuration { toml } => self.intake.hand_over(Delivery::Configuration(toml)),
            FromAgent::AuthoritiesKept { digest } => self.intake.hand_over(Delivery::AuthoritiesKept(digest)),
            FromAgent::StandingInForce { number } => state.agents.note_standing(tenant, agent, number),
            FromAgent::EnrolmentStep { enrolment, step } => {
                let handed_over = self.turns.as_ref().map(|turns| turns.hand_over(enrolment, step, clock::now()));
                if let Some(Err(TooManySteps)) = handed_over {
                    return Ok(Some(Refusal::Protocol));
                }
            }
        }
        Ok(None)
    }
}

/// Why a link was ended. A database that does not answer is no reason to call an agent revoked: it would give up its rules.
async fn why_ended(state: &AppState, AgentName { tenant, agent, generation }: AgentName) -> anyhow::Result<Refusal> {
    let mut tx = state.db.begin(tenant, None).await?;
    let row = store::for_link(&mut tx, tenant, agent, false).await?;
    if row.as_ref().is_some_and(|row| row.is_replaced(generation)) {
        return Ok(Refusal::Revoked);
    }
    Ok(match row.map(|row| row.standing()).transpose()? {
        Some(Standing::Joined) => Refusal::AlreadyConnected,
        Some(Standing::Quarantined) => Refusal::Quarantined,
        Some(Standing::Revoked) => Refusal::Revoked,
        Some(Standing::Invited) | None => Refusal::WrongAgent,
    })
}
