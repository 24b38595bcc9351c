//! Joining a server, once, and renewing the certificate, daily.
//!
//! The token names the authority that the server's certificate must come from, so that nobody in between can take the
//! server's place. The agent makes its keys itself; only their public halves leave it.

use std::path::Path;

use access_core::UnixMs;
use access_core::ids::{AgentId, InstallationId, TenantId};
use access_core::protocol::{AgentKind, InstallationMode};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
use ed25519_dalek::{SigningKey, VerifyingKey};
use hpke::{Kem as _, Serializable as _};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::identity::{Identity, IdentityError, head};
use crate::tls::{self, Connection, OwnCertificate, Trust};

/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Longest wait for an answer.
const ANSWER_WAIT: std::time::Duration = std::time::Duration::from_secs(20);
/// Name of the file in the data folder with the configuration of the machine whose place this one took.
pub const TAKEN_OVER: &str = "agent.toml.taken-over";
/// What a token begins with.
const TOKEN_PREFIX: &str = "pforte-join-1";

/// A join token: names tenant and authority in clear, and holds a secret. Never printed.
pub struct JoinToken {
    text: Zeroizing<String>,
    authority_sha256: [u8; 32],
}

impl std::fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JoinToken([redacted])")
    }
}

/// Why the agent could not join, or not renew its certificate.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The token was copied incompletely, or is none.
    #[error("this is no join token: {0}. Copy it whole from the page that showed it")]
    Token(&'static str),
    /// The server's address is not of the right form.
    #[error("`{0}` is no server's address; it must look like https://pforte.example.org:8444")]
    Address(String),
    /// There is, or can be, no identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The data folder can't be made.
    #[error("the data folder can't be made: {0}")]
    Folder(#[source] std::io::Error),
    /// No connection.
    #[error("{address} can't be reached: {source}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The server said no.
    #[error("the server refused: {0}")]
    Refused(String),
    /// The server's answer makes no sense.
    #[error("the server's answer can't be used: {0}")]
    Answer(String),
    /// A key could not be made.
    #[error("a key could not be made: {0}")]
    Key(String),
}

impl JoinToken {
    /// Reads a token. White space around it does not matter.
    pub fn parse(text: &str) -> Result<Self, JoinError> {
        let text = text.trim();
        let parts: Vec<&str> = text.split('.').collect();
        let [prefix, tenant, secret, authority] = parts[..] else {
            return Err(JoinError::Token("it does not have four parts"));
        };
        if prefix != TOKEN_PREFIX {
            return Err(JoinError::Token("it does not begin with pforte-join-1"));
        }
        Uuid::try_parse(tenant).map_err(|_| JoinError::Token("its second part names no tenant"))?;
        let bytes_32 = |part: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(part).map(Zeroizing::new).ok()?;
            <[u8; 32]>::try_from(bytes.as_slice()).ok()
        };
        bytes_32(secret).map(Zeroizing::new).ok_or(JoinError::Token("its third part is incomplete"))?;
        let authority_sha256 = bytes_32(authority).ok_or(JoinError::Token("its last part is incomplete"))?;
        Ok(Self { text: Zeroizing::new(text.to_owned()), authority_sha256 })
    }
}

#[derive(Serialize)]
struct JoinRequest<'a> {
    token: &'a str,
    certificate_key: String,
    record_key: String,
    sealing_key: String,
    build: &'a str,
    kind: AgentKind,
}

#[derive(Deserialize)]
struct JoinAnswer {
    agent: AgentId,
    tenant: TenantId,
    installation: InstallationId,
    mode: InstallationMode,
    certificate: String,
    chain: String,
    policy_key: String,
    server_name: String,
    epoch: u32,
    #[serde(default)]
    previous: Option<String>,
    #[serde(default)]
    configuration: Option<String>,
}

#[derive(Serialize)]
struct RenewRequest {
    certificate_key: String,
}

#[derive(Deserialize)]
struct RenewAnswer {
    certificate: String,
}

/// RFC 9457.
#[derive(Deserialize)]
struct Problem {
    title: Option<String>,
    detail: Option<String>,
}

/// The address of `https://HOST:PORT`, as `HOST:PORT`.
pub fn parse_server(server: &str) -> Result<String, JoinError> {
    let error = || JoinError::Address(server.to_owned());
    let address = server.strip_prefix("https://").ok_or_else(error)?.trim_end_matches('/');
    let (host, port) = address.rsplit_once(':').ok_or_else(error)?;
    let is_whole = !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok_and(|port| port != 0);
    if is_whole { Ok(address.to_owned()) } else { Err(error()) }
}

/// Joins the server at `address` and writes the identity into `folder`.
pub async fn join(
    address: &str,
    token: &JoinToken,
    folder: &Path,
    kind: AgentKind,
    now: UnixMs,
) -> Result<Identity, JoinError> {
    Identity::refuse_if_joined(folder)?;
    std::fs::create_dir_all(folder).map_err(JoinError::Folder)?;
    let keys = Keys::make()?;
    let trust = Trust::Fingerprint(token.authority_sha256);
    // The clock of a machine that joins is not to be relied on.
    let connection = tls::connect(address, trust, None, None).await.map_err(|source| unreachable(address, source))?;
    let request = JoinRequest {
        token: &token.text,
        certificate_key: BASE64.encode(keys.certificate_key.subject_public_key_info()),
        record_key: BASE64.encode(keys.record_key.verifying_key().as_bytes()),
        sealing_key: BASE64.encode(keys.sealing_public),
        build: crate::BUILD,
        kind,
    };
    let answer: JoinAnswer = post(connection, address, "/join", &request).await?;
    let authority = certificate("chain", &answer.chain)?;
    let fingerprint: [u8; 32] =
        sha2::Digest::finalize(sha2::Digest::chain_update(sha2::Sha256::default(), &authority)).into();
    if fingerprint != token.authority_sha256 {
        return Err(JoinError::Answer("its certificate authority is not the token's".to_owned()));
    }
    let identity = Identity {
        agent: answer.agent,
        tenant: answer.tenant,
        installation: answer.installation,
        mode: answer.mode,
        kind,
        server_name: answer.server_name,
        epoch: answer.epoch,
        policy_key: policy_key(&answer.policy_key)?,
        authority,
        certificate: certificate("certificate", &answer.certificate)?,
        certificate_key: Zeroizing::new(keys.certificate_key.serialize_der()),
        pending_key: None,
        record_key: keys.record_key,
        sealing_key: keys.sealing_key,
        store_key: keys.store_key,
        other_authorities: Vec::new(),
        previous: answer.previous.as_deref().map(head).transpose().map_err(JoinError::Answer)?,
        machine: None,
    };
    tracing::info!(agent = %identity.agent, at = now.0, "joined");
    identity.save(folder)?;
    if let Some(configuration) = answer.configuration {
        // Of the machine whose place this one takes: it must not be lost, and is not this machine's until somebody has looked.
        crate::durable::replace(&folder.join(TAKEN_OVER), configuration.as_bytes()).map_err(JoinError::Folder)?;
    }
    Ok(identity)
}

/// Takes the key that the certificate is to be renewed for into the identity, unless one is there: after a crash or a lost
/// answer the server is asked for the same again. The caller saves what comes back before it calls [`renew`].
pub fn prepare_renewal(identity: &Identity) -> Result<Identity, JoinError> {
    let kept = identity.pending_key.as_deref().filter(|key| read_key(key).is_ok());
    let pending = match kept {
        Some(key) => Zeroizing::new(key.clone()),
        None => Zeroizing::new(make_certificate_key()?.serialize_der()),
    };
    Ok(Identity { pending_key: Some(pending), ..identity.clone() })
}

/// Gets a new certificate for the pending key of [`prepare_renewal`]. The caller saves the identity that comes back before
/// it uses it.
pub async fn renew(address: &str, identity: &Identity, now: Option<UnixMs>) -> Result<Identity, JoinError> {
    let pending = identity.pending_key.as_ref().ok_or_else(|| JoinError::Key("none was prepared".to_owned()))?;
    let key = read_key(pending)?;
    let own = own_certificate(identity);
    let connection =
        tls::connect(address, trust(identity), Some(&own), now).await.map_err(|source| unreachable(address, source))?;
    let request = RenewRequest { certificate_key: BASE64.encode(key.subject_public_key_info()) };
    let answer: RenewAnswer = post(connection, address, "/renew", &request).await?;
    Ok(Identity {
        certificate: certificate("certificate", &answer.certificate)?,
        certificate_key: pending.clone(),
        pending_key: None,
        ..identity.clone()
    })
}

/// What an agent that has joined recognises its server by.
pub fn trust(identity: &Identity) -> Trust {
    let certificates = identity.authorities().cloned().collect();
    Trust::Authority { certificates, server_name: identity.server_name.clone() }
}

/// What it shows itself.
pub fn own_certificate(identity: &Identity) -> OwnCertificate {
    OwnCertificate { certificate: identity.certificate.clone(), key: identity.certificate_key.clone() }
}

struct Keys {
    certificate_key: KeyPair,
    record_key: SigningKey,
    sealing_key: Zeroizing<[u8; 32]>,
    sealing_public: [u8; 32],
    store_key: Zeroizing<[u8; 32]>,
}

impl Keys {
    fn make() -> Result<Self, JoinError> {
        let (sealing_key, sealing_public) = hpke::kem::X25519HkdfSha256::gen_keypair();
        Ok(Self {
            certificate_key: make_certificate_key()?,
            record_key: SigningKey::from_bytes(&*random()?),
            sealing_key: Zeroizing::new(sealing_key.to_bytes().into()),
            sealing_public: sealing_public.to_bytes().into(),
            store_key: random()?,
        })
    }
}

fn make_certificate_key() -> Result<KeyPair, JoinError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|error| JoinError::Key(error.to_string()))
}

fn read_key(der: &[u8]) -> Result<KeyPair, JoinError> {
    KeyPair::try_from(der).map_err(|error| JoinError::Key(error.to_string()))
}

fn random() -> Result<Zeroizing<[u8; 32]>, JoinError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(|error| JoinError::Key(error.to_string()))?;
    Ok(bytes)
}

fn certificate(what: &str, pem: &str) -> Result<Vec<u8>, JoinError> {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes());
    certificate.map(|der| der.to_vec()).map_err(|_| JoinError::Answer(format!("its {what} is no certificate")))
}

fn policy_key(text: &str) -> Result<VerifyingKey, JoinError> {
    let bytes = BASE64.decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes
        .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())
        .ok_or_else(|| JoinError::Answer("its policy key is no key".to_owned()))
}

fn unreachable(address: &str, source: std::io::Error) -> JoinError {
    JoinError::Unreachable { address: address.to_owned(), source }
}

/// One request with its answer, in JSON.
async fn post<Answer: DeserializeOwned>(
    connection: Connection,
    address: &str,
    path: &str,
    request: &impl Serialize,
) -> Result<Answer, JoinError> {
    let body = serde_json::to_vec(request).map_err(|error| JoinError::Answer(error.to_string()))?;
    let exchange = tokio::time::timeout(ANSWER_WAIT, exchange(connection, address, path, body));
    let (status, body) = exchange
        .await
        .map_err(|_| unreachable(address, std::io::ErrorKind::TimedOut.into()))?
        .map_err(|error| unreachable(address, std::io::Error::other(error)))?;
    if status == StatusCode::OK {
        // The error names a field at most, never its content.
        return serde_json::from_slice(&body).map_err(|error| JoinError::Answer(error.to_string()));
    }
    let problem: Option<Problem> = serde_json::from_slice(&body).ok();
    let words = problem.map(|problem| [problem.title, problem.detail].into_iter().flatten().collect::<Vec<_>>());
    match words {
        Some(words) if !words.is_empty() => Err(JoinError::Refused(words.join(": "))),
        _ => Err(JoinError::Refused(status.to_string())),
    }
}

async fn exchange(
    connection: Connection,
    address: &str,
    path: &str,
    body: Vec<u8>,
) -> Result<(StatusCode, Bytes), Box<dyn std::error::Error + Send + Sync>> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(connection)).await?;
    let request = Request::post(path)
        .header(header::HOST, address)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))?;
    let answer = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await?;
        Ok((status, body.to_bytes()))
    };
    tokio::pin!(answer);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        // The connection ends by itself only when the server closes it; what was read until then still counts.
        ended = connection => match ended {
            Ok(()) => answer.await,
            Err(error) => Err(error.into()),
        },
    }
}

#[cfg(test)]
mod tests;
