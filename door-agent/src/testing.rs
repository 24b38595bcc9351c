//! A small server for tests: a certificate authority, TLS as the real agent port does it, and what a test makes of it.

use std::net::SocketAddr;
use std::sync::Arc;

use access_core::UnixMs;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PublicKeyData,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use sha2::Digest as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The name in the server's certificate.
pub(crate) const SERVER_NAME: &str = "agents.pforte.internal";

/// A certificate authority with a listening server.
pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) authority: CertifiedIssuer<'static, KeyPair>,
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

pub(crate) fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Pforte test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_as(SERVER_NAME, ExtendedKeyUsagePurpose::ServerAuth).await
    }

    pub(crate) async fn start_as(name: &str, usage: ExtendedKeyUsagePurpose) -> Self {
        let authority = authority();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        let certificate = params.signed_by(&key, &authority).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .allow_unauthenticated()
            .build()
            .unwrap();
        let chain = vec![certificate.der().clone(), authority.der().clone()];
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(chain, PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())))
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        Self { address: address.to_string(), authority, listener, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    pub(crate) async fn accept(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let (stream, _) = self.listener.accept().await?;
        self.acceptor.accept(stream).await
    }

    /// A connection that is taken and never spoken to.
    pub(crate) async fn ignore(&self) -> std::io::Result<TcpStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }

    pub(crate) fn authority_sha256(&self) -> [u8; 32] {
        sha2::Sha256::digest(self.authority.der()).into()
    }

    /// A certificate for an agent's key, valid for a day around `from`.
    pub(crate) fn certify(&self, key: &impl PublicKeyData, from: UnixMs) -> CertificateDer<'static> {
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let at = |ms: UnixMs| {
            let day = rcgen::date_time_ymd(1970, 1, 1);
            day + std::time::Duration::from_millis(ms.0 as u64)
        };
        params.not_before = at(from);
        params.not_after = at(from.plus_ms(24 * 3_600_000));
        params.signed_by(key, &self.authority).unwrap().der().clone()
    }
}
