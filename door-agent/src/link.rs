//! The connection to the server: mutual TLS, one WebSocket, messages of `access_core::protocol`.
//!
//! [`run`] keeps it up for as long as the agent lives and renews the certificate when half of its life has passed. It
//! passes on what comes and what goes; what is in it is the [`run`](crate::run) loop's business. Every session has a
//! number: a request that was meant for another session is dropped, so that nothing stale is ever sent.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use access_core::attempt::{Attempt, ClockTrust};
use access_core::chain::{Head, SignedRecord};
use access_core::ids::EnrolmentId;
use access_core::protocol::{
    self, AUTHORITIES_MAX, BundleDelta, CONFIGURATION_BYTES_MAX, CardWork, Command, EnrolmentOrder, EnrolmentStep,
    FingersToCompare, FromAgent, FromServer, HEARTBEAT_MS, Hello, MESSAGE_BYTES_MAX, MessageError, PROTOCOL_NEWEST,
    PROTOCOL_OLDEST, Refusal, SILENCE_MAX_MS, SignedBundle, Standing,
};
use futures_util::{SinkExt as _, StreamExt as _};
use rand::RngExt as _;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::clock::Clock;
use crate::door::Ruling;
use crate::identity::Identity;
use crate::join;
use crate::recording::JournalState;
use crate::tls::{self, Connection, Trust};

/// Pause after the first failure, and the longest, in milliseconds. Each is shortened by up to half at random.
const BACKOFF_MS_MIN: u64 = 200;
const BACKOFF_MS_MAX: u64 = 5_000;
/// Longest wait for the WebSocket and for the answer to the first message.
const WELCOME_WAIT: Duration = Duration::from_secs(10);
/// Longest wait for the server to take a message.
const SEND_WAIT: Duration = Duration::from_secs(10);
/// A renewal that failed is tried again after so long.
const RENEW_RETRY: Duration = Duration::from_secs(60);
/// Read buffer of the WebSocket: what an idle connection costs.
const READ_BUFFER_BYTES: usize = 4_096;

/// What the link tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEvent {
    /// A session began.
    Up {
        /// Its number, for requests.
        session: u64,
        /// Newest record that the server holds.
        acknowledged: Head,
    },
    /// The session ended.
    Down,
    /// A verdict.
    Answer(Box<Ruling>),
    /// The server stored everything up to here.
    Acknowledged(Head),
    /// A bundle.
    Bundle(SignedBundle),
    /// What differs in the next bundle.
    BundleDelta(Box<BundleDelta>),
    /// A command.
    Command(Command),
    /// State that operators set.
    Standing(Standing),
    /// A dialogue at the station.
    Enrol(EnrolmentOrder),
    /// The end of one.
    CancelEnrolment(EnrolmentId),
    /// What an enrolment station is to do with the card on its reader.
    CardWork(Box<CardWork>),
    /// What an enrolment station is to compare the finger with that waits there.
    CompareFingers(FingersToCompare),
    /// The server will not speak with this agent, for now.
    Refused(Refusal),
}

/// What the link is to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkRequest {
    /// Asks for a verdict.
    Ask(Attempt),
    /// Records in order.
    Records(Vec<SignedRecord>),
    /// The bundle that the agent decides by.
    BundleInForce(u64),
    /// The next bundle is to come whole; the number of the newest that was taken.
    BundleWanted(u64),
    /// The state set by operators that the agent goes by.
    StandingInForce(u64),
    /// A step of a dialogue.
    EnrolmentStep {
        /// Which dialogue.
        enrolment: EnrolmentId,
        /// The step.
        step: EnrolmentStep,
    },
    /// How the journal is.
    JournalState(JournalState),
}

impl LinkRequest {
    fn into_message(self) -> FromAgent {
        match self {
            Self::Ask(attempt) => FromAgent::Ask(attempt),
            Self::Records(records) => FromAgent::Records(records),
            Self::BundleInForce(sequence) => FromAgent::BundleInForce { sequence },
            Self::BundleWanted(sequence) => FromAgent::BundleWanted { sequence },
            Self::StandingInForce(number) => FromAgent::StandingInForce { number },
            Self::EnrolmentStep { enrolment, step } => FromAgent::EnrolmentStep { enrolment, step },
            Self::JournalState(JournalState { fault, since }) => FromAgent::JournalState { fault, since },
        }
    }
}

/// How far the agent is, for the first message of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Newest record in the journal.
    pub head: Head,
    /// Newest record known to be acknowledged.
    pub acknowledged: Head,
    /// Number of the bundle in force.
    pub bundle_sequence: u64,
}

/// What [`run`] works with.
pub struct Link {
    /// `host:port` of the agent port.
    pub address: String,
    /// Who this is. Kept current when the certificate is renewed.
    pub identity: Identity,
    /// Where the identity lies.
    pub data_folder: PathBuf,
    /// The configuration file, to be told in every session; empty if there is none.
    pub configuration: String,
    /// The clock, which is set by the session.
    pub clock: Clock,
    /// How far the agent is.
    pub progress: watch::Receiver<Progress>,
    /// Requests with the number of the session that they are meant for.
    pub requests: mpsc::Receiver<(u64, LinkRequest)>,
    /// Where events go.
    pub events: mpsc::Sender<LinkEvent>,
}

/// Why a session ended or did not begin.
#[derive(Debug, thiserror::Error)]
enum SessionError {
    #[error("{address}: {source}")]
    Connect { address: String, source: io::Error },
    #[error("the connection broke: {0}")]
    Broken(#[from] Box<tungstenite::Error>),
    #[error("the server closed the connection")]
    Closed,
    #[error("the server says nothing")]
    Silent,
    #[error("the server refused: {0}")]
    Refused(Refusal),
    #[error("the server said what it must not: {0}")]
    Protocol(String),
    #[error(transparent)]
    Message(#[from] MessageError),
    #[error("the agent is stopping")]
    Stopping,
}

impl From<tungstenite::Error> for SessionError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => Self::Closed,
            other => Self::Broken(Box::new(other)),
        }
    }
}

type Socket = WebSocketStream<Connection>;
/// A renewal that is under way.
type Renewal = Pin<Box<dyn Future<Output = Result<Identity, join::JoinError>> + Send>>;

/// Keeps the link up until nobody listens any more.
pub async fn run(mut link: Link) {
    let mut session = 0;
    let mut pause_ms = BACKOFF_MS_MIN;
    let mut renewed_at: Option<Instant> = None;
    while !link.events.is_closed() {
        if let Some(renewal) = link.begin_renewal(&mut renewed_at) {
            link.renewed(renewal.await);
        }
        session += 1;
        let error = match link.open().await {
            Ok((socket, acknowledged)) => {
                pause_ms = BACKOFF_MS_MIN;
                let error = link.serve(socket, session, acknowledged, &mut renewed_at).await;
                tracing::info!(%error, "link down");
                let _ = link.events.send(LinkEvent::Down).await;
                error
            }
            Err(error) => {
                tracing::info!(%error, "no link");
                error
            }
        };
        if let SessionError::Refused(why) = error {
            // These pass by themselves; anything else takes an operator.
            if !matches!(why, Refusal::Stopping | Refusal::AlreadyConnected) {
                pause_ms = BACKOFF_MS_MAX;
            }
            let _ = link.events.send(LinkEvent::Refused(why)).await;
        }
        let pause = Duration::from_millis(rand::rng().random_range(pause_ms / 2..=pause_ms));
        pause_ms = (pause_ms * 2).min(BACKOFF_MS_MAX);
        tokio::select! {
            () = sleep(pause) => {}
            () = link.events.closed() => {}
        }
    }
}

impl Link {
    fn trusted_now(&self) -> Option<access_core::UnixMs> {
        let now = self.clock.now();
        (now.clock == ClockTrust::Trusted).then_some(now.unix)
    }

    /// Begins to renew the certificate when half of its life has passed, by what the clock says, trusted or not. What comes of it
    /// is to be told to [`Link::renewed`].
    fn begin_renewal(&mut self, tried_at: &mut Option<Instant>) -> Option<Renewal> {
        let is_due = tls::validity(&self.identity.certificate)
            .is_some_and(|validity| self.clock.now().unix >= validity.middle());
        let was_just_tried = tried_at.is_some_and(|at| at.elapsed() < RENEW_RETRY);
        if !is_due || was_just_tried {
            return None;
        }
        *tried_at = Some(Instant::now());
        // The key lies on the disk before the server is asked: asked for another one after a crash, it would take this agent
        // for a copy of itself.
        let prepared = join::prepare_renewal(&self.identity).and_then(|prepared| {
            prepared.save(&self.data_folder)?;
            Ok(prepared)
        });
        match prepared {
            Ok(prepared) => self.identity = prepared,
            Err(error) => {
                self.renewed(Err(error));
                return None;
            }
        }
        let (address, identity, now) = (self.address.clone(), self.identity.clone(), self.trusted_now());
        Some(Box::pin(async move { join::renew(&address, &identity, now).await }))
    }

    /// Takes the renewed certificate, once it lies on the disk.
    fn renewed(&mut self, renewed: Result<Identity, join::JoinError>) {
        let kept = renewed.and_then(|renewed| {
            renewed.save(&self.data_folder)?;
            self.identity = renewed;
            Ok(())
        });
        match kept {
            Ok(()) => tracing::info!("certificate renewed"),
            Err(error) => tracing::warn!(%error, "the certificate could not be renewed"),
        }
    }

    async fn open(&mut self) -> Result<(Socket, Head), SessionError> {
        let Trust::Authority { server_name, .. } = &join::trust(&self.identity) else {
            return Err(SessionError::Protocol("no authority".to_owned()));
        };
        let own = join::own_certificate(&self.identity);
        let stream = tls::connect(&self.address, join::trust(&self.identity), Some(&own), self.trusted_now())
            .await
            .map_err(|source| SessionError::Connect { address: self.address.clone(), source })?;
        let mut config = WebSocketConfig::default();
        config.read_buffer_size = READ_BUFFER_BYTES;
        config.write_buffer_size = 0;
        config.max_message_size = Some(MESSAGE_BYTES_MAX);
        config.max_frame_size = Some(MESSAGE_BYTES_MAX);
        let greeted = timeout(WELCOME_WAIT, async {
            let (mut socket, _) =
                client_async_with_config(format!("wss://{server_name}/link"), stream, Some(config)).await?;
            self.greet(&mut socket).await.map(|acknowledged| (socket, acknowledged))
        });
        greeted.await.map_err(|_| SessionError::Silent)?
    }

    async fn greet(&self, socket: &mut Socket) -> Result<Head, SessionError> {
        let progress = *self.progress.borrow();
        let hello = Hello {
            oldest: PROTOCOL_OLDEST,
            newest: PROTOCOL_NEWEST,
            agent: self.identity.agent,
            tenant: self.identity.tenant,
            installation: self.identity.installation,
            mode: self.identity.mode,
            build: crate::BUILD.to_owned(),
            head: progress.head,
            acknowledged: progress.acknowledged,
            bundle_sequence: progress.bundle_sequence,
            kind: self.identity.kind,
        };
        send(socket, FromAgent::Hello(hello)).await?;
        match receive(socket).await? {
            FromServer::Welcome { version, now, acknowledged } => {
                if !(PROTOCOL_OLDEST..=PROTOCOL_NEWEST).contains(&version) {
                    return Err(SessionError::Protocol(format!("version {version}")));
                }
                self.clock.heard(now);
                Ok(acknowledged)
            }
            FromServer::Refused { why } => Err(SessionError::Refused(why)),
            _ => Err(SessionError::Protocol("no welcome".to_owned())),
        }
    }

    async fn serve(
        &mut self,
        mut socket: Socket,
        session: u64,
        acknowledged: Head,
        renewed_at: &mut Option<Instant>,
    ) -> SessionError {
        tracing::info!("link up");
        if self.events.send(LinkEvent::Up { session, acknowledged }).await.is_err() {
            return SessionError::Stopping;
        }
        if (1..=CONFIGURATION_BYTES_MAX).contains(&self.configuration.len())
            && let Err(error) = send(&mut socket, FromAgent::Configuration { toml: self.configuration.clone() }).await
        {
            return error;
        }
        let beat = Duration::from_millis(HEARTBEAT_MS);
        let silence_max = Duration::from_millis(SILENCE_MAX_MS);
        let mut beats = interval_at(Instant::now() + beat, beat);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut silent_at = Instant::now() + silence_max;
        // Beside everything else: the port that renews may take longer to answer than the server bears silence.
        let mut renewal: Option<Renewal> = None;
        loop {
            let done = tokio::select! {
                message = receive(&mut socket) => {
                    silent_at = Instant::now() + silence_max;
                    match message {
                        Ok(FromServer::Authorities(authorities)) => self.trust(&mut socket, &authorities).await,
                        Ok(message) => self.pass_on(message).await,
                        Err(error) => Err(error),
                    }
                }
                request = self.requests.recv() => match request {
                    Some((of, request)) if of == session => send(&mut socket, request.into_message()).await,
                    Some(_) => Ok(()),
                    None => {
                        // In order: the server need not wait for the silence to know.
                        let _ = timeout(SEND_WAIT, socket.close(None)).await;
                        Err(SessionError::Stopping)
                    }
                },
                _ = beats.tick() => {
                    if renewal.is_none() {
                        renewal = self.begin_renewal(renewed_at);
                    }
                    send(&mut socket, FromAgent::Heartbeat).await
                }
                renewed = finished(&mut renewal), if renewal.is_some() => {
                    renewal = None;
                    self.renewed(renewed);
                    Ok(())
                }
                () = sleep_until(silent_at) => Err(SessionError::Silent),
            };
            if let Err(error) = done {
                return error;
            }
        }
    }

    /// Trusts these authorities from now on, and says so once it is written down.
    async fn trust(&mut self, socket: &mut Socket, authorities: &[Vec<u8>]) -> Result<(), SessionError> {
        let are_certificates = authorities.iter().all(|certificate| tls::validity(certificate).is_some());
        let trusting = self.identity.trusting(authorities);
        let Some(trusting) = trusting.filter(|_| are_certificates && authorities.len() <= AUTHORITIES_MAX) else {
            return Err(SessionError::Protocol("authorities that are none".to_owned()));
        };
        if trusting.authorities().ne(self.identity.authorities()) {
            if let Err(error) = trusting.save(&self.data_folder) {
                tracing::error!(%error, "the authorities could not be written down");
                return Ok(());
            }
            tracing::info!(count = authorities.len(), "authorities taken");
            self.identity = trusting;
        }
        let digest = protocol::authorities_digest(authorities.iter().map(Vec::as_slice));
        send(socket, FromAgent::AuthoritiesKept { digest }).await
    }

    async fn pass_on(&self, message: FromServer) -> Result<(), SessionError> {
        let event = match message {
            FromServer::Answer { attempt, circumstances, verdict, rules_version } => {
                LinkEvent::Answer(Box::new(Ruling { attempt, circumstances: *circumstances, verdict, rules_version }))
            }
            FromServer::Standing(standing) => LinkEvent::Standing(standing),
            FromServer::Acknowledged(head) => LinkEvent::Acknowledged(head),
            FromServer::Bundle(bundle) => LinkEvent::Bundle(bundle),
            FromServer::BundleDelta(delta) => LinkEvent::BundleDelta(Box::new(delta)),
            FromServer::Command(command) => LinkEvent::Command(command),
            FromServer::Enrol(order) => LinkEvent::Enrol(order),
            FromServer::CancelEnrolment(enrolment) => LinkEvent::CancelEnrolment(enrolment),
            FromServer::Heartbeat { now } => {
                self.clock.heard(now);
                return Ok(());
            }
            FromServer::Refused { why } => return Err(SessionError::Refused(why)),
            // Taken where there is something to answer by.
            FromServer::Authorities(_) => return Ok(()),
            FromServer::Welcome { .. } => return Err(SessionError::Protocol("a second welcome".to_owned())),
            FromServer::CardWork(work) => LinkEvent::CardWork(Box::new(work)),
            FromServer::CompareFingers(next) => LinkEvent::CompareFingers(next),
        };
        self.events.send(event).await.map_err(|_| SessionError::Stopping)
    }
}

/// What comes of a renewal; never anything if there is none. Dropping the future loses nothing.
async fn finished(renewal: &mut Option<Renewal>) -> Result<Identity, join::JoinError> {
    match renewal {
        Some(renewal) => renewal.await,
        None => std::future::pending().await,
    }
}

async fn send(socket: &mut Socket, message: FromAgent) -> Result<(), SessionError> {
    let bytes = protocol::write_message(&message);
    let sent = timeout(SEND_WAIT, socket.send(Message::binary(bytes))).await;
    Ok(sent.map_err(|_| SessionError::Silent)??)
}

/// The next message. Dropping the future loses nothing.
async fn receive(socket: &mut Socket) -> Result<FromServer, SessionError> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(bytes))) => return Ok(protocol::read_message(&bytes)?),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(_))) | None => return Err(SessionError::Closed),
            Some(Ok(Message::Text(_) | Message::Frame(_))) => {
                return Err(SessionError::Protocol("a frame that is not binary".to_owned()));
            }
            Some(Err(error)) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests;
