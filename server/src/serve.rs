//! Listeners: connections accepted, TLS spoken, requests passed to a router with what the listener knows of the caller.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::agents::port::PeerCertificate;
use crate::certificates::{Identity, Renewing, provider};
use crate::http::{PeerAddress, Proxies};

mod places;
#[cfg(test)]
mod tests;

pub use places::Limits;
use places::Places;

/// How long a TLS handshake may take.
const HANDSHAKE_WAIT: Duration = Duration::from_secs(10);
/// How long a request's head may take.
const HEAD_WAIT: Duration = Duration::from_secs(10);
/// How often a silent HTTP/2 connection is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// How long connections get to end when the server stops.
const END_WAIT: Duration = Duration::from_secs(3);
/// Pause after an accept failed, such as for want of file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Binds a listener.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("can't listen on {address}"))
}

/// What the staff port shows browsers.
pub enum StaffCertificate {
    /// One of the operator's own, read at the start.
    Given(Identity),
    /// A self-made one.
    SelfMade(Renewing),
}

/// TLS of the staff port: 1.3 and 1.2, HTTP/2 and 1.1.
pub fn staff_tls(certificate: StaffCertificate) -> anyhow::Result<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth();
    let mut config = match certificate {
        StaffCertificate::Given(identity) => builder
            .with_single_cert(identity.chain, identity.key)
            .context("the staff port's certificate and key don't fit together")?,
        StaffCertificate::SelfMade(renewing) => builder.with_cert_resolver(Arc::new(renewing)),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// A port that is listened on, and how it is to be served.
pub struct Port {
    /// Where connections come from.
    pub listener: TcpListener,
    /// TLS; none is plain HTTP.
    pub tls: Option<ServerConfig>,
    /// How many connections it takes.
    pub limits: Limits,
    /// Who in front of it is believed.
    pub proxies: Proxies,
}

/// Serves a router until told to stop; connections then get a moment to end.
pub async fn run(port: Port, router: Router, stop: CancellationToken) {
    let Port { listener, tls, limits, proxies } = port;
    let acceptor = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
    let places = Places::new(limits);
    let proxies = Arc::new(proxies);
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(place) = places.take(address.ip(), proxies.trusts(address.ip())) else {
            tracing::debug!(%address, "too many connections: this one is closed");
            continue;
        };
        let caller = Caller { address, proxies: Arc::clone(&proxies), certificate: None };
        let (router, acceptor, stop) = (router.clone(), acceptor.clone(), stop.clone());
        connections.spawn(async move {
            let _place = place;
            if let Err(error) = connection(stream, caller, acceptor, router, stop).await {
                tracing::debug!(%address, error = format!("{error:#}"), "a connection ended");
            }
        });
    }
    connections.close();
    let _ = tokio::time::timeout(END_WAIT, connections.wait()).await;
}

/// What the listener knows of whoever is at the other end.
struct Caller {
    address: SocketAddr,
    proxies: Arc<Proxies>,
    certificate: Option<PeerCertificate>,
}

impl Caller {
    /// Tells the routes.
    fn introduce(&self, request: &mut hyper::Request<Incoming>) {
        let address = self.proxies.client(self.address.ip(), request.headers());
        request.extensions_mut().insert(PeerAddress(address));
        if let Some(certificate) = &self.certificate {
            request.extensions_mut().insert(certificate.clone());
        }
    }
}

async fn connection(
    stream: TcpStream,
    mut caller: Caller,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let Some(acceptor) = acceptor else { return speak(stream, caller, Version::Http1, router, stop).await };
    let stream = tokio::time::timeout(HANDSHAKE_WAIT, acceptor.accept(stream)).await.context("TLS took too long")??;
    let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    caller.certificate = certificate.map(|certificate| PeerCertificate(certificate.clone().into_owned()));
    let version = match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => Version::Http2,
        _ => Version::Http1,
    };
    speak(stream, caller, version, router, stop).await
}

/// What a connection speaks.
#[derive(Debug, Clone, Copy)]
enum Version {
    Http1,
    Http2,
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    caller: Caller,
    version: Version,
    router: Router,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        caller.introduce(&mut request);
        router.clone().oneshot(request)
    });
    // Which of the two is settled by TLS. Left open, the builder would wait for first bytes without an end.
    let mut builder = match version {
        Version::Http1 => Builder::new(TokioExecutor::new()).http1_only(),
        Version::Http2 => Builder::new(TokioExecutor::new()).http2_only(),
    };
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WAIT);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(KEEP_ALIVE).keep_alive_timeout(HEAD_WAIT);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => ended.map_err(|error| anyhow::anyhow!("{error}")),
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await.map_err(|error| anyhow::anyhow!("{error}"))
        }
    }
}
