//! The agents' port: TLS 1.3 with client certificates of the installation's own authority, and no session resumption: a
//! resumed session would not be looked at again, and a revoked agent would come back with it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts};
use axum::http::request::Parts;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme};

use super::{join, link};
use crate::certificates::{AGENT_PORT_NAME, AgentName, Authority, RENEWAL_GRACE_DAYS, Renewing, provider};
use crate::http::ApiError;
use crate::state::AppState;

/// Longest body of a request outside the link, in bytes.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// What the port's routes reach.
#[derive(Debug, Clone)]
pub struct AgentPort {
    /// The server's state.
    pub state: AppState,
    /// Who issues agents' certificates.
    pub authority: Arc<Authority>,
}

/// The port's routes.
pub fn router(port: AgentPort) -> Router {
    Router::new()
        .route("/join", post(join::join))
        .route("/renew", post(join::renew))
        .route("/link", get(link::connect))
        .fallback(|| async { ApiError::NotFound("route") })
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(port)
}

/// The certificate that a connection was made with, put there by the listener.
#[derive(Debug, Clone)]
pub struct PeerCertificate(pub CertificateDer<'static>);

/// The agent that calls, by a certificate that the authority issued.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// Which agent, and which of its certificates.
    pub name: AgentName,
    /// When that certificate ends or ended.
    pub ends_at: DateTime<Utc>,
    /// SHA-256 of the authority's certificate that issued it.
    pub issued_by: Option<[u8; 32]>,
}

impl FromRequestParts<AgentPort> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, port: &AgentPort) -> Result<Self, ApiError> {
        let Some(PeerCertificate(certificate)) = parts.extensions.get() else {
            return Err(ApiError::Refused("certificate_missing", "Call with the agent's certificate.".to_owned()));
        };
        let (name, ends_at) = AgentName::read(certificate).map_err(|error| {
            tracing::warn!(error = format!("{error:#}"), "a certificate of the authority that names no agent");
            ApiError::Refused("certificate_refused", "The certificate names no agent.".to_owned())
        })?;
        Ok(Self { name, ends_at, issued_by: port.authority.issuer_of(certificate) })
    }
}

/// The port's TLS. `now` is the clock by which its certificate is made anew.
pub fn tls(authority: &Arc<Authority>, now: fn() -> DateTime<Utc>) -> anyhow::Result<ServerConfig> {
    let shown = Renewing::new(Arc::clone(authority), vec![AGENT_PORT_NAME.to_owned()], now)?;
    let mut roots = RootCertStore::empty();
    for certificate in authority.trusted() {
        roots.add(certificate.clone())?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
        // Joining needs no certificate; every other route asks for one.
        .allow_unauthenticated()
        .build()
        .context("the agents' verifier")?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(ExpiredForRenewal(verifier)))
        .with_cert_resolver(Arc::new(shown));
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Takes certificates of the authority also for a while after their end: they still serve for renewal, and the link
/// refuses them itself.
#[derive(Debug)]
struct ExpiredForRenewal(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for ExpiredForRenewal {
    fn offer_client_auth(&self) -> bool {
        self.0.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.0.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let grace_s = u64::try_from(RENEWAL_GRACE_DAYS).unwrap_or(0) * 24 * 60 * 60;
        let end_s = AgentName::read(end_entity).ok().and_then(|(_, ends_at)| u64::try_from(ends_at.timestamp()).ok());
        let at = match end_s {
            Some(end_s) if now.as_secs() > end_s && now.as_secs() - end_s <= grace_s => {
                UnixTime::since_unix_epoch(Duration::from_secs(end_s.saturating_sub(1)))
            }
            _ => now,
        };
        self.0.verify_client_cert(end_entity, intermediates, at)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
