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
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::agents::port::PeerCertificate;
use crate::certificates::{Identity, provider};
use crate::http::PeerAddress;

/// Connections of one listener at once.
const CONNECTIONS_MAX: usize = 4_096;
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

/// TLS of the staff port: 1.3 and 1.2, HTTP/2 and 1.1.
pub fn staff_tls(identity: Identity) -> anyhow::Result<ServerConfig> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(identity.chain, identity.key)
        .context("the staff port's certificate and key don't fit together")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Serves a router until told to stop; connections then get a moment to end.
pub async fn run(listener: TcpListener, tls: Option<ServerConfig>, router: Router, stop: CancellationToken) {
    let acceptor = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
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
        // Too many at once: this one is closed instead of kept waiting.
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let (router, acceptor, stop) = (router.clone(), acceptor.clone(), stop.clone());
        connections.spawn(async move {
            let _place = place;
            if let Err(error) = connection(stream, address, acceptor, router, stop).await {
                tracing::debug!(%address, error = format!("{error:#}"), "a connection ended");
            }
        });
    }
    connections.close();
    let _ = tokio::time::timeout(END_WAIT, connections.wait()).await;
}

async fn connection(
    stream: TcpStream,
    address: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let Some(acceptor) = acceptor else { return speak(stream, address, None, Version::Http1, router, stop).await };
    let stream = tokio::time::timeout(HANDSHAKE_WAIT, acceptor.accept(stream)).await.context("TLS took too long")??;
    let peer = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let peer = peer.map(|certificate| PeerCertificate(certificate.clone().into_owned()));
    let version = match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => Version::Http2,
        _ => Version::Http1,
    };
    speak(stream, address, peer, version, router, stop).await
}

/// What a connection speaks.
#[derive(Debug, Clone, Copy)]
enum Version {
    Http1,
    Http2,
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    address: SocketAddr,
    peer: Option<PeerCertificate>,
    version: Version,
    router: Router,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(PeerAddress(address.ip()));
        if let Some(peer) = &peer {
            request.extensions_mut().insert(peer.clone());
        }
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
