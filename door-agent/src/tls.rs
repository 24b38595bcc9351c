//! TLS to the agent port: version 1.3 only, no resumption, the installation's own authority and no other; two while one takes the
//! other's place.
//!
//! An agent without a trusted clock checks chain and name but not dates; it gets the time from the session.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use access_core::UnixMs;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroizing;

/// Longest wait for a connection with its handshake.
pub const CONNECT_WAIT: Duration = Duration::from_secs(5);

/// A connection to the agent port.
pub type Connection = TlsStream<TcpStream>;

/// What the server is recognised by.
#[derive(Debug, Clone)]
pub enum Trust {
    /// SHA-256 of the authority's certificate, which the server must present. For joining.
    Fingerprint([u8; 32]),
    /// Certificates of the authorities, any of which may have issued the server's, and the name in that. For all else.
    Authority {
        /// DER.
        certificates: Vec<Vec<u8>>,
        /// Name.
        server_name: String,
    },
}

/// An agent's certificate and its key.
#[derive(Clone)]
pub struct OwnCertificate {
    /// DER.
    pub certificate: Vec<u8>,
    /// PKCS #8 DER.
    pub key: Zeroizing<Vec<u8>>,
}

/// Connects to `address` (`host:port`). `now` is the time, if the clock can be relied on.
pub async fn connect(
    address: &str,
    trust: Trust,
    own: Option<&OwnCertificate>,
    now: Option<UnixMs>,
) -> io::Result<Connection> {
    let config = client_config(trust.clone(), own, now).map_err(io::Error::other)?;
    let name = match &trust {
        Trust::Fingerprint(_) => host_of(address),
        Trust::Authority { server_name, .. } => server_name,
    };
    let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
    let connected = tokio::time::timeout(CONNECT_WAIT, async {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    });
    connected.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

fn host_of(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

fn client_config(trust: Trust, own: Option<&OwnCertificate>, now: Option<UnixMs>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(OwnAuthorities { trust, now, provider: provider.clone() });
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match own {
        Some(own) => {
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.key.to_vec()));
            config.with_client_auth_cert(vec![CertificateDer::from(own.certificate.clone())], key)?
        }
        None => config.with_no_client_auth(),
    };
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Believes these authorities and no other.
#[derive(Debug)]
struct OwnAuthorities {
    trust: Trust,
    now: Option<UnixMs>,
    provider: Arc<CryptoProvider>,
}

impl OwnAuthorities {
    fn authorities(&self, presented: &[CertificateDer<'_>]) -> Result<Vec<CertificateDer<'static>>, Error> {
        match &self.trust {
            Trust::Authority { certificates, .. } => {
                Ok(certificates.iter().map(|certificate| CertificateDer::from(certificate.clone())).collect())
            }
            Trust::Fingerprint(fingerprint) => presented
                .iter()
                .find(|certificate| <[u8; 32]>::from(Sha256::digest(certificate)) == *fingerprint)
                .map(|certificate| vec![certificate.clone().into_owned()])
                .ok_or(Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        }
    }
}

impl ServerCertVerifier for OwnAuthorities {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut roots = RootCertStore::empty();
        for authority in self.authorities(intermediates)? {
            roots.add(authority)?;
        }
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let at = match self.now {
            Some(now) => now,
            None => validity(end_entity)
                .map(|validity| validity.middle())
                .ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))?,
        };
        let at = UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(at.0).unwrap_or(0)));
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&parsed, &roots, intermediates, at, algorithms)?;
        if let Trust::Authority { server_name, .. } = &self.trust {
            let name = ServerName::try_from(server_name.as_str())
                .map_err(|_| Error::InvalidCertificate(CertificateError::NotValidForName))?;
            verify_server_name(&parsed, &name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// When a certificate may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First instant.
    pub from: UnixMs,
    /// Last instant.
    pub until: UnixMs,
}

impl Validity {
    /// Half of it has passed here.
    pub fn middle(&self) -> UnixMs {
        self.from.plus_ms(self.until.since(self.from) / 2)
    }
}

/// When a certificate may be used, if it is one.
pub fn validity(certificate: &[u8]) -> Option<Validity> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let ms = |at: x509_parser::time::ASN1Time| UnixMs(at.timestamp().saturating_mul(1_000));
    Some(Validity { from: ms(certificate.validity().not_before), until: ms(certificate.validity().not_after) })
}
