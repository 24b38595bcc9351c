//! An agent as the server sees one: joins over real TLS, holds a link, writes a chain of records. It decides nothing.

use std::net::SocketAddr;
use std::sync::Arc;

use access_core::attempt::ClockTrust;
use access_core::canonical;
use access_core::chain::{Head, SignedRecord};
use access_core::event::{Author, Event, Record};
use access_core::ids::{AgentId, InstallationId, TenantId};
use access_core::protocol::{
    AgentKind, Bundle, FromAgent, FromServer, Hello, InstallationMode, PROTOCOL_NEWEST, PROTOCOL_OLDEST, Refusal,
    SignedBundle, bundle_hash, read_message, write_message,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{SigningKey, VerifyingKey};
use futures_util::{SinkExt as _, StreamExt as _};
use hpke::kem::X25519HkdfSha256;
use hpke::{Kem, Serializable as _};
use rcgen::{KeyPair, PublicKeyData as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite;
use uuid::Uuid;

use super::{PATIENCE, TestServer};
use crate::certificates::{AGENT_PORT_NAME, AgentName, Authority, provider};

/// Keys and certificate of an agent that joined.
pub(crate) struct TestAgent {
    pub(crate) id: AgentId,
    pub(crate) tenant: TenantId,
    pub(crate) installation: InstallationId,
    pub(crate) mode: InstallationMode,
    pub(crate) kind: AgentKind,
    /// Certificate and its key.
    pub(crate) identity: (CertificateDer<'static>, PrivateKeyDer<'static>),
    pub(crate) record_key: SigningKey,
    pub(crate) sealing_key: <X25519HkdfSha256 as Kem>::PrivateKey,
    pub(crate) policy_key: VerifyingKey,
    /// Newest record of the machine whose place it took.
    pub(crate) previous: Option<Head>,
    /// Its newest record.
    pub(crate) head: Head,
    port: SocketAddr,
    authority: Arc<Authority>,
}

/// What an agent brings along to join: its keys.
pub(crate) struct AgentKeys {
    certificate: KeyPair,
    record: SigningKey,
    sealing: (<X25519HkdfSha256 as Kem>::PrivateKey, <X25519HkdfSha256 as Kem>::PublicKey),
}

impl AgentKeys {
    /// Fresh ones.
    pub(crate) fn new() -> Self {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).unwrap();
        let sealing = X25519HkdfSha256::gen_keypair();
        Self { certificate: KeyPair::generate().unwrap(), record: SigningKey::from_bytes(&seed), sealing }
    }

    /// The body of a request to join.
    pub(crate) fn request(&self, token: &str, kind: &str) -> Value {
        json!({
            "token": token, "build": "0.1.0", "kind": kind,
            "certificate_key": STANDARD.encode(self.certificate.subject_public_key_info()),
            "record_key": STANDARD.encode(self.record.verifying_key().as_bytes()),
            "sealing_key": STANDARD.encode(self.sealing.1.to_bytes()),
        })
    }
}

/// TLS of an agent: with a certificate, or none.
pub(crate) fn client(
    authority: &Authority,
    identity: Option<&(CertificateDer<'static>, PrivateKeyDer<'static>)>,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate().clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots);
    match identity {
        Some((certificate, key)) => builder.with_client_auth_cert(vec![certificate.clone()], key.clone_key()).unwrap(),
        None => builder.with_no_client_auth(),
    }
}

/// A TLS connection to the agents' port.
pub(crate) async fn connect(
    port: SocketAddr,
    authority: &Authority,
    identity: Option<&(CertificateDer<'static>, PrivateKeyDer<'static>)>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(port).await?;
    let connector = TlsConnector::from(Arc::new(client(authority, identity)));
    connector.connect(AGENT_PORT_NAME.try_into().unwrap(), stream).await
}

/// One request over a connection of its own; status and JSON of the answer.
pub(crate) async fn post(
    port: SocketAddr,
    authority: &Authority,
    identity: Option<&(CertificateDer<'static>, PrivateKeyDer<'static>)>,
    path: &str,
    body: &Value,
) -> std::io::Result<(u16, Value)> {
    let mut stream = connect(port, authority, identity).await?;
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {AGENT_PORT_NAME}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await??;
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Ok((status, serde_json::from_str(body).unwrap_or(Value::Null)))
}

pub(crate) fn identity_of(pem: &str, key: &KeyPair) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    (certificate, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
}

impl TestServer {
    /// Invites an agent of the own tenant: its id and token.
    pub(crate) async fn invite(&self, name: &str, kind: &str, doors: &[&str]) -> (String, String) {
        let body = json!({ "name": name, "kind": kind, "door_ids": doors });
        let invited = self.call(&self.own.administrator, "POST", "/agents", body).await.is(201).json;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&invited["agent"]["id"]), text(&invited["token"]))
    }

    /// Asks to join with this body.
    pub(crate) async fn join(&self, body: &Value) -> (u16, Value) {
        post(self.agents_port, &self.authority, None, "/join", body).await.unwrap()
    }

    /// An agent of the own tenant that joined.
    pub(crate) async fn agent(&self, name: &str, kind: AgentKind, doors: &[&str]) -> TestAgent {
        let (_, token) = self.invite(name, &kind.to_string(), doors).await;
        self.joined(&token, kind).await
    }

    /// The agent that joins with this token.
    pub(crate) async fn joined(&self, token: &str, kind: AgentKind) -> TestAgent {
        let keys = AgentKeys::new();
        let (status, answer) = self.join(&keys.request(token, &kind.to_string())).await;
        assert_eq!(status, 200, "{answer}");
        let id = |field: &str| answer[field].as_str().unwrap().parse::<Uuid>().unwrap();
        let policy_key: [u8; 32] = STANDARD.decode(answer["policy_key"].as_str().unwrap()).unwrap().try_into().unwrap();
        TestAgent {
            id: id("agent").into(),
            tenant: id("tenant").into(),
            installation: id("installation").into(),
            mode: answer["mode"].as_str().unwrap().parse().unwrap(),
            kind,
            identity: identity_of(answer["certificate"].as_str().unwrap(), &keys.certificate),
            record_key: keys.record,
            sealing_key: keys.sealing.0,
            policy_key: VerifyingKey::from_bytes(&policy_key).unwrap(),
            previous: answer["previous"]
                .as_str()
                .map(|text| canonical::decode("head", &STANDARD.decode(text).unwrap()).unwrap()),
            head: Head::start_of(answer["epoch"].as_u64().unwrap().try_into().unwrap()),
            port: self.agents_port,
            authority: Arc::clone(&self.authority),
        }
    }
}

impl TestAgent {
    /// What its certificate says.
    pub(crate) fn name(&self) -> AgentName {
        AgentName::read(&self.identity.0).unwrap().0
    }

    /// Its first message.
    pub(crate) fn hello(&self) -> Hello {
        Hello {
            oldest: PROTOCOL_OLDEST,
            newest: PROTOCOL_NEWEST,
            agent: self.id,
            tenant: self.tenant,
            installation: self.installation,
            mode: self.mode,
            build: "0.1.0".to_owned(),
            head: self.head,
            acknowledged: Head::start_of(0),
            bundle_sequence: 0,
            kind: self.kind,
        }
    }

    /// A connection that has not said anything yet; or the HTTP status that it was refused with.
    pub(crate) async fn dial(&self) -> Result<TestLink, u16> {
        let stream = connect(self.port, &self.authority, Some(&self.identity)).await.unwrap();
        dial_over(stream).await
    }

    /// A link that was welcomed.
    pub(crate) async fn link(&self) -> TestLink {
        let mut link = self.dial().await.expect("a connection");
        link.say(&FromAgent::Hello(self.hello())).await;
        match link.hear().await {
            FromServer::Welcome { .. } => link,
            other => panic!("not welcome: {other:?}"),
        }
    }

    /// Why the server does not speak with it.
    pub(crate) async fn refusal(&self, hello: Hello) -> Refusal {
        let mut link = self.dial().await.expect("a connection");
        link.say(&FromAgent::Hello(hello)).await;
        link.refusal().await
    }

    /// Its next record.
    pub(crate) fn record(&mut self, event: Event) -> SignedRecord {
        let record = self.next_record(event);
        let signed = SignedRecord::sign(&record, &self.record_key);
        self.head = signed.head(&record);
        signed
    }

    /// What its next record would be.
    pub(crate) fn next_record(&self, event: Event) -> Record {
        Record {
            author: Author::Agent(self.id),
            epoch: self.head.epoch,
            seq: self.head.seq + 1,
            previous: self.head.hash,
            at: crate::clock::unix_ms(crate::clock::now()),
            clock: ClockTrust::Trusted,
            event,
        }
    }

    /// A certificate of the authority for this agent, as issued at another time or of another generation.
    pub(crate) fn certificate_of(&self, generation: i32, now: chrono::DateTime<chrono::Utc>) -> Self {
        let key = KeyPair::generate().unwrap();
        let name = AgentName { tenant: self.tenant, agent: self.id, generation };
        let (pem, _) = self.authority.issue_agent(name, &key.subject_public_key_info(), now).unwrap();
        self.with_identity(identity_of(&pem, &key))
    }

    /// The same agent with another certificate.
    pub(crate) fn with_identity(&self, identity: (CertificateDer<'static>, PrivateKeyDer<'static>)) -> Self {
        Self {
            identity,
            record_key: self.record_key.clone(),
            sealing_key: self.sealing_key.clone(),
            authority: Arc::clone(&self.authority),
            ..*self
        }
    }

    /// Asks for a new certificate for a new key; the agent with it, or status and problem.
    pub(crate) async fn renew(&self) -> Result<Self, (u16, Value)> {
        self.renew_for(&KeyPair::generate().unwrap()).await
    }

    /// The same for this key.
    pub(crate) async fn renew_for(&self, key: &KeyPair) -> Result<Self, (u16, Value)> {
        let body = json!({ "certificate_key": STANDARD.encode(key.subject_public_key_info()) });
        let (status, answer) = post(self.port, &self.authority, Some(&self.identity), "/renew", &body)
            .await
            .map_err(|_| (0, Value::Null))?;
        match status {
            200 => Ok(self.with_identity(identity_of(answer["certificate"].as_str().unwrap(), key))),
            status => Err((status, answer)),
        }
    }
}

/// A link of an agent.
pub(crate) struct TestLink {
    pub(crate) socket: WebSocketStream<TlsStream<TcpStream>>,
    /// The newest bundle, which the next delta applies to.
    pub(crate) newest: Option<SignedBundle>,
    /// How many bundles came as deltas.
    pub(crate) deltas: usize,
    /// Length of the newest delta, in bytes.
    pub(crate) delta_bytes: usize,
}

/// Asks for a link over a TLS connection; or the HTTP status that it was refused with.
pub(crate) async fn dial_over(stream: TlsStream<TcpStream>) -> Result<TestLink, u16> {
    let url = format!("wss://{AGENT_PORT_NAME}/link");
    match timeout(PATIENCE, tokio_tungstenite::client_async(url, stream)).await.expect("an answer") {
        Ok((socket, _)) => Ok(TestLink { socket, newest: None, deltas: 0, delta_bytes: 0 }),
        Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("no link: {error}"),
    }
}

impl TestLink {
    /// Says something.
    pub(crate) async fn say(&mut self, message: &FromAgent) {
        self.send(tungstenite::Message::Binary(write_message(message).into())).await;
    }

    /// Sends a frame.
    pub(crate) async fn send(&mut self, frame: tungstenite::Message) {
        // The server may have hung up; what it said before is still to be heard.
        let _ = self.socket.send(frame).await;
    }

    /// The next message, a bundle whole as it comes of a delta; none if the link has ended.
    pub(crate) async fn next(&mut self) -> Option<FromServer> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("a message in time")? {
                Ok(tungstenite::Message::Binary(bytes)) => return Some(self.whole(read_message(&bytes).unwrap())),
                Ok(tungstenite::Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    fn whole(&mut self, message: FromServer) -> FromServer {
        let bundle = match message {
            FromServer::Bundle(bundle) => bundle,
            FromServer::BundleDelta(delta) => {
                self.deltas += 1;
                self.delta_bytes = canonical::encode(&delta).len();
                let base = &self.newest.as_ref().expect("a bundle before its delta").bytes;
                delta.apply(base, &bundle_hash(base)).expect("a delta of the newest bundle")
            }
            other => return other,
        };
        self.newest = Some(bundle.clone());
        FromServer::Bundle(bundle)
    }

    /// The next message that is no heartbeat.
    pub(crate) async fn hear(&mut self) -> FromServer {
        loop {
            match self.next().await.expect("a message, not the end") {
                FromServer::Heartbeat { .. } => {}
                message => return message,
            }
        }
    }

    /// The next message that `wanted` takes; others are passed over.
    pub(crate) async fn hear_of<T>(&mut self, wanted: impl Fn(FromServer) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(self.hear().await) {
                return found;
            }
        }
    }

    /// The next bundle, as the agent reads it.
    pub(crate) async fn bundle(&mut self, agent: &TestAgent) -> Bundle {
        let signed = self
            .hear_of(|message| match message {
                FromServer::Bundle(bundle) => Some(bundle),
                _ => None,
            })
            .await;
        signed.verify(&agent.policy_key).expect("a bundle of the policy key")
    }

    /// Sends records; up to where they are stored.
    pub(crate) async fn deliver(&mut self, records: Vec<SignedRecord>) -> Head {
        self.say(&FromAgent::Records(records)).await;
        self.hear_of(|message| match message {
            FromServer::Acknowledged(head) => Some(head),
            _ => None,
        })
        .await
    }

    /// Why the server ends the link; it must say so, and then end it.
    pub(crate) async fn refusal(&mut self) -> Refusal {
        let why = self
            .hear_of(|message| match message {
                FromServer::Refused { why } => Some(why),
                _ => None,
            })
            .await;
        assert_eq!(self.next().await, None, "heard after the end");
        why
    }
}
