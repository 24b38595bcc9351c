//! What an entry is held against: a bare WebSocket echo over TLS, and one bare append to a file that reaches the disk.
//!
//! The echo is what the agents' link would be if it did nothing: axum's WebSocket over rustls, TLS 1.3, no delay, on
//! loopback, on a thread of its own as the server is a process of its own.

use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::extract::ws::{Message as Received, WebSocket, WebSocketUpgrade};
use axum::routing::any;
use axum::serve::Listener;
use futures_util::{SinkExt as _, StreamExt as _};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{Samples, ms};

/// Name in the echo's certificate.
const NAME: &str = "echo.pforte.internal";
/// Length of the file that is appended to: as long as a segment of the journal, and written before, as those are.
const FILE_BYTES: u64 = 256 * 1024;

/// A connection to an echo. The echo ends with it.
pub struct Echo {
    socket: WebSocketStream<client::TlsStream<TcpStream>>,
    _stop: oneshot::Sender<()>,
}

impl std::fmt::Debug for Echo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Echo")
    }
}

struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = server::TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let Ok((stream, address)) = self.tcp.accept().await else { continue };
            let Ok(()) = stream.set_nodelay(true) else { continue };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

async fn send_back(mut socket: WebSocket) {
    while let Some(Ok(Received::Binary(bytes))) = socket.recv().await {
        if socket.send(Received::Binary(bytes)).await.is_err() {
            return;
        }
    }
}

impl Echo {
    /// Starts an echo and connects to it.
    pub async fn start() -> anyhow::Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(vec![NAME.to_owned()])?;
        let key = PrivateKeyDer::try_from(signing_key.serialize_der())
            .map_err(|error| anyhow::anyhow!("the echo's key: {error}"))?;
        let serving = ServerConfig::builder_with_protocol_versions(&[&rustls::version::TLS13])
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)?;
        let (told, address) = oneshot::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::Builder::new().name("echo".to_owned()).spawn(move || serve(serving, told, stopped))?;
        let address = address.await.context("the echo did not start")?;
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone())?;
        let calling = ClientConfig::builder_with_protocol_versions(&[&rustls::version::TLS13])
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let tls = TlsConnector::from(Arc::new(calling)).connect(ServerName::try_from(NAME)?, stream).await?;
        let (socket, _) = client_async(format!("wss://{NAME}/"), tls).await?;
        Ok(Self { socket, _stop: stop })
    }

    /// One round trip; answers how long it took, in milliseconds.
    pub async fn round_trip_ms(&mut self, bytes: &[u8]) -> anyhow::Result<f64> {
        let began = Instant::now();
        self.socket.send(Message::Binary(bytes.to_vec().into())).await?;
        match self.socket.next().await.context("the echo ended")?? {
            Message::Binary(back) if back == bytes => Ok(ms(began.elapsed())),
            other => bail!("no echo: {other:?}"),
        }
    }
}

fn serve(config: ServerConfig, told: oneshot::Sender<SocketAddr>, stopped: oneshot::Receiver<()>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async move {
        let Ok(tcp) = TcpListener::bind("127.0.0.1:0").await else { return };
        let Ok(address) = tcp.local_addr() else { return };
        if told.send(address).is_err() {
            return;
        }
        let router = Router::new().route("/", any(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(send_back)));
        let listener = TlsListener { tcp, acceptor: TlsAcceptor::from(Arc::new(config)) };
        tokio::select! {
            _ = stopped => {}
            _ = async { axum::serve(listener, router).await } => {}
        }
    });
}

/// A file to append to, as bare as can be.
#[derive(Debug)]
pub struct Appended {
    file: File,
    at: u64,
}

impl Appended {
    /// A file in this folder, full of zeros that lie on the disk.
    pub fn make(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("appended");
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
        file.write_all_at(&vec![0; usize::try_from(FILE_BYTES)?], 0)?;
        file.sync_all()?;
        Ok(Self { file, at: 0 })
    }

    /// Writes and waits for the disk; answers how long that took, in milliseconds.
    pub fn append_ms(&mut self, bytes: &[u8]) -> anyhow::Result<f64> {
        if self.at + bytes.len() as u64 > FILE_BYTES {
            self.at = 0;
        }
        let began = Instant::now();
        self.file.write_all_at(bytes, self.at)?;
        self.file.sync_data()?;
        self.at += bytes.len() as u64;
        Ok(ms(began.elapsed()))
    }
}

/// What an entry is held against: one append and two round trips.
#[derive(Debug)]
pub struct EntryReference {
    echo: Echo,
    file: Appended,
    record: Vec<u8>,
    message: Vec<u8>,
    /// The appends alone, in milliseconds.
    pub appends: Samples,
    /// The round trips alone, in milliseconds.
    pub round_trips: Samples,
    /// Both together, in milliseconds.
    pub entries: Samples,
}

impl EntryReference {
    /// Appends to a file of this folder, and speaks with an echo: records and messages are of these lengths.
    pub async fn start(folder: &Path, record_bytes: usize, message_bytes: usize) -> anyhow::Result<Self> {
        Ok(Self {
            echo: Echo::start().await?,
            file: Appended::make(folder)?,
            record: vec![0xA5; record_bytes],
            message: vec![0x5A; message_bytes],
            appends: Samples::default(),
            round_trips: Samples::default(),
            entries: Samples::default(),
        })
    }

    /// Takes one sample.
    pub async fn measure(&mut self) -> anyhow::Result<()> {
        let there = self.echo.round_trip_ms(&self.message).await?;
        let again = self.echo.round_trip_ms(&self.message).await?;
        let append = self.file.append_ms(&self.record)?;
        self.appends.push(append);
        self.round_trips.push(there);
        self.round_trips.push(again);
        self.entries.push(append + there + again);
        Ok(())
    }
}
