//! An agent without a door: it joins and speaks as any other, and delivers records of its own making. The demo's history,
//! the benches and tests of the server under load stand on it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use access_core::attempt::{Attempt, ClockTrust};
use access_core::chain::{Head, SignedRecord};
use access_core::event::{Author, Event, Record};
use access_core::ids::AgentId;
use access_core::protocol::{
    AgentKind, CardWork, EnrolmentOrder, FromAgent, FromServer, Hello, InstallationMode, PROTOCOL_NEWEST,
    PROTOCOL_OLDEST, RECORDS_PER_MESSAGE_MAX, SignedBundle, bundle_hash, read_message, write_message,
};
use access_core::time::UnixMs;
use access_core::verdict::Verdict;
use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use futures_util::{SinkExt as _, StreamExt as _};
use rcgen::{KeyPair, PublicKeyData as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};
use uuid::Uuid;

/// Name that the agents' port goes by.
const PORT_NAME: &str = "agents.pforte.internal";
/// Longest wait for a message.
const MESSAGE_WAIT: Duration = Duration::from_secs(60);
/// Version that it says it is of.
const BUILD: &str = "recorder";

#[derive(Debug, Deserialize)]
struct Joined {
    agent: Uuid,
    tenant: Uuid,
    installation: Uuid,
    mode: InstallationMode,
    certificate: String,
    chain: String,
    epoch: u32,
}

/// An agent that joined.
pub struct Recorder {
    joined: Joined,
    address: SocketAddr,
    certificate_key: KeyPair,
    key: SigningKey,
    head: Head,
    kind: AgentKind,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recorder({})", self.joined.agent)
    }
}

impl Recorder {
    /// Joins the server that keeps its authority in `server_folder`.
    pub async fn join(address: &str, server_folder: &Path, token: &str, kind: AgentKind) -> anyhow::Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let authority = std::fs::read(server_folder.join("agents/ca.pem")).context("the agents' authority")?;
        let address: SocketAddr = address.parse().context("the agents' address")?;
        let certificate_key = KeyPair::generate()?;
        let key = SigningKey::from_bytes(&rand::random());
        let body = json!({
            "token": token,
            "certificate_key": STANDARD.encode(certificate_key.subject_public_key_info()),
            "record_key": STANDARD.encode(key.verifying_key().as_bytes()),
            // Any point is an X25519 key; nothing is ever opened with this one.
            "sealing_key": STANDARD.encode(rand::random::<[u8; 32]>()),
            "build": BUILD, "kind": kind,
        });
        let http = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(&authority)?])
            .resolve(PORT_NAME, address)
            .build()?;
        let url = format!("https://{PORT_NAME}:{}/join", address.port());
        let response = http.post(url).json(&body).send().await?;
        if !response.status().is_success() {
            bail!("joining was refused: {}", response.text().await?);
        }
        let joined: Joined = response.json().await?;
        let head = Head::start_of(joined.epoch);
        Ok(Self { joined, address, certificate_key, key, head, kind })
    }

    /// Which agent it is.
    pub fn agent(&self) -> AgentId {
        self.joined.agent.into()
    }

    /// Writes the next record of its chain.
    pub fn record(&mut self, at: UnixMs, event: Event) -> SignedRecord {
        let record = Record {
            author: Author::Agent(self.agent()),
            epoch: self.head.epoch,
            seq: self.head.seq + 1,
            previous: self.head.hash,
            at,
            clock: ClockTrust::Trusted,
            event,
        };
        let signed = SignedRecord::sign(&record, &self.key);
        self.head = signed.head(&record);
        signed
    }

    /// Connects its link.
    pub async fn link(&self) -> anyhow::Result<RecorderLink> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.joined.chain.as_bytes())?)?;
        let certificate = CertificateDer::from_pem_slice(self.joined.certificate.as_bytes())?;
        let key = PrivateKeyDer::try_from(self.certificate_key.serialize_der())
            .map_err(|error| anyhow::anyhow!("the certificate's key: {error}"))?;
        let config = ClientConfig::builder_with_protocol_versions(&[&rustls::version::TLS13])
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![certificate], key)?;
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let tls = TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(PORT_NAME)?, stream).await?;
        let (socket, _) = client_async(format!("wss://{PORT_NAME}/link"), tls).await?;
        let mut link = RecorderLink { socket, bundle: None, base: None };
        link.send(&FromAgent::Hello(Hello {
            oldest: PROTOCOL_OLDEST,
            newest: PROTOCOL_NEWEST,
            agent: self.agent(),
            tenant: self.joined.tenant.into(),
            installation: self.joined.installation.into(),
            mode: self.joined.mode,
            build: BUILD.to_owned(),
            head: self.head,
            acknowledged: Head::start_of(self.joined.epoch),
            bundle_sequence: 0,
            kind: self.kind,
        }))
        .await?;
        match link.receive().await? {
            FromServer::Welcome { .. } => Ok(link),
            other => bail!("no welcome: {other:?}"),
        }
    }
}

/// Its connection.
pub struct RecorderLink {
    socket: WebSocketStream<TlsStream<TcpStream>>,
    /// The newest bundle that came.
    pub bundle: Option<SignedBundle>,
    /// The same, for the next delta, whatever became of it.
    base: Option<SignedBundle>,
}

impl std::fmt::Debug for RecorderLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecorderLink")
    }
}

impl RecorderLink {
    /// Sends a message.
    pub async fn send(&mut self, message: &FromAgent) -> anyhow::Result<()> {
        Ok(self.socket.send(Message::Binary(write_message(message).into())).await?)
    }

    /// The next message, bundles and heartbeats too: a bundle whole, as it comes of a delta.
    pub async fn receive(&mut self) -> anyhow::Result<FromServer> {
        loop {
            let message =
                tokio::time::timeout(MESSAGE_WAIT, self.socket.next()).await.context("the server is silent")?;
            match message.context("the link ended")?? {
                Message::Binary(bytes) => return self.whole(read_message(&bytes)?),
                Message::Close(_) => bail!("the server closed the link"),
                _ => {}
            }
        }
    }

    fn whole(&mut self, message: FromServer) -> anyhow::Result<FromServer> {
        let bundle = match message {
            FromServer::Bundle(bundle) => bundle,
            FromServer::BundleDelta(delta) => {
                let base = &self.base.as_ref().context("a delta before any bundle")?.bytes;
                delta.apply(base, &bundle_hash(base))?
            }
            other => return Ok(other),
        };
        self.base = Some(bundle.clone());
        Ok(FromServer::Bundle(bundle))
    }

    async fn wanted<T>(&mut self, mut take: impl FnMut(FromServer) -> Option<T>) -> anyhow::Result<T> {
        loop {
            match self.receive().await? {
                FromServer::Bundle(bundle) => self.bundle = Some(bundle),
                FromServer::Heartbeat { .. } => {}
                FromServer::Refused { why } => bail!("refused: {why}"),
                other => {
                    if let Some(taken) = take(other) {
                        return Ok(taken);
                    }
                }
            }
        }
    }

    /// Waits until a dialogue is ordered of it, as a station.
    pub async fn order(&mut self) -> anyhow::Result<EnrolmentOrder> {
        self.wanted(|message| match message {
            FromServer::Enrol(order) => Some(order),
            _ => None,
        })
        .await
    }

    /// Waits until it is told what to do with the card on its reader, as a station.
    pub async fn card_work(&mut self) -> anyhow::Result<CardWork> {
        self.wanted(|message| match message {
            FromServer::CardWork(work) => Some(work),
            _ => None,
        })
        .await
    }

    /// Waits for a bundle, unless one came.
    pub async fn bundle(&mut self) -> anyhow::Result<SignedBundle> {
        loop {
            if let Some(bundle) = &self.bundle {
                return Ok(bundle.clone());
            }
            if let FromServer::Bundle(bundle) = self.receive().await? {
                self.bundle = Some(bundle);
            }
        }
    }

    /// Delivers records and waits until all are stored for good.
    pub async fn deliver(&mut self, records: &[SignedRecord]) -> anyhow::Result<()> {
        let Some(last) = records.last() else { return Ok(()) };
        let last = last.head(&last.read()?);
        for batch in records.chunks(RECORDS_PER_MESSAGE_MAX) {
            self.send(&FromAgent::Records(batch.to_vec())).await?;
        }
        loop {
            let head = self
                .wanted(|message| match message {
                    FromServer::Acknowledged(head) => Some(head),
                    _ => None,
                })
                .await?;
            if head == last {
                return Ok(());
            }
        }
    }

    /// Asks for a verdict.
    pub async fn ask(&mut self, attempt: &Attempt) -> anyhow::Result<Verdict> {
        self.send(&FromAgent::Ask(attempt.clone())).await?;
        self.wanted(|message| match message {
            FromServer::Answer { attempt: answered, verdict, .. } if answered.id == attempt.id => Some(verdict),
            _ => None,
        })
        .await
    }
}
