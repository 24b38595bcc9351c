//! What stands between agents and what they are connected to, under a test's control: the link to the server, and a door's
//! lines. Of the lines every command to the strike is told to the [`Model`], as it reaches the door's twin.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;

use super::model::Model;

/// Most bytes that are passed on at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// After a connection that could not be taken the next is waited for so long.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// How what is passed on fares.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    /// How often all connections were cut.
    cuts: u64,
    is_stalled: bool,
    /// Every chunk waits for so long.
    delay: Duration,
}

/// A way whose traffic can be cut, stopped and slowed.
#[derive(Debug)]
pub struct Relay(watch::Sender<Way>);

impl Relay {
    fn new() -> Self {
        Self(watch::channel(Way::default()).0)
    }

    /// A port that leads to `target`.
    pub async fn to_port(target: SocketAddr) -> io::Result<(SocketAddr, Self)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, relay) = (listener.local_addr()?, Self::new());
        let way = relay.0.subscribe();
        tokio::spawn(async move {
            loop {
                let Some(near) = taken(listener.accept().await).await else { continue };
                tokio::spawn(pass(near, target, way.clone()));
            }
        });
        Ok((address, relay))
    }

    /// A door's lines at `socket` that lead to the twin at `target`. Without `has_relock` nobody who connects puts the
    /// strike to rest by that: such commands are answered and forgotten until the first release.
    pub fn to_lines(
        socket: &Path,
        target: PathBuf,
        door: usize,
        model: Arc<Model>,
        has_relock: bool,
    ) -> io::Result<Self> {
        let (listener, relay) = (UnixListener::bind(socket)?, Self::new());
        let way = relay.0.subscribe();
        tokio::spawn(async move {
            loop {
                let Some(near) = taken(listener.accept().await).await else { continue };
                let lines = Lines { target: target.clone(), door, model: model.clone(), has_relock };
                let mut way = way.clone();
                let born = way.borrow_and_update().cuts;
                tokio::spawn(async move {
                    tokio::select! {
                        _ = way.wait_for(|way| way.cuts != born) => {}
                        _ = lines.pass(near) => {}
                    }
                });
            }
        });
        Ok(relay)
    }

    /// Ends every connection.
    pub fn cut(&self) {
        self.0.send_modify(|way| way.cuts += 1);
    }

    /// Lets nothing through, or all that waits.
    pub fn stall(&self, is_stalled: bool) {
        self.0.send_modify(|way| way.is_stalled = is_stalled);
    }

    /// Lets every chunk wait for so long.
    pub fn slow(&self, delay: Duration) {
        self.0.send_modify(|way| way.delay = delay);
    }

    /// All is well from here on.
    pub fn heal(&self) {
        self.0.send_modify(|way| *way = Way { cuts: way.cuts, ..Way::default() });
    }
}

/// A connection that came. One that can't be taken, because the program has too many files open, say, is no reason to take none any more.
async fn taken<S, A>(came: io::Result<(S, A)>) -> Option<S> {
    if came.is_err() {
        tokio::time::sleep(ACCEPT_AGAIN).await;
    }
    came.ok().map(|(near, _)| near)
}

async fn pass(near: TcpStream, target: SocketAddr, mut way: watch::Receiver<Way>) -> io::Result<()> {
    let born = way.borrow_and_update().cuts;
    let far = TcpStream::connect(target).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::select! {
        _ = pump(near_in, far_out, way.clone()) => {}
        _ = pump(far_in, near_out, way.clone()) => {}
        _ = way.wait_for(|way| way.cuts != born) => {}
    }
    Ok(())
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut way: watch::Receiver<Way>,
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = from.read(&mut chunk).await?;
        if length == 0 {
            return Ok(());
        }
        let Ok(delay) = way.wait_for(|way| !way.is_stalled).await.map(|way| way.delay) else { return Ok(()) };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        to.write_all(&chunk[..length]).await?;
    }
}

struct Lines {
    target: PathBuf,
    door: usize,
    model: Arc<Model>,
    has_relock: bool,
}

impl Lines {
    async fn pass(self, near: UnixStream) -> io::Result<()> {
        let far = UnixStream::connect(&self.target).await?;
        let ((near_in, mut near_out), (far_in, mut far_out)) = (near.into_split(), far.into_split());
        let (mut asked, mut answers) = (BufReader::new(near_in), BufReader::new(far_in));
        let mut has_released = false;
        loop {
            let mut line = String::new();
            if asked.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let level = strike_level(&line);
            has_released |= level == Some(true);
            if !self.has_relock && !has_released && level == Some(false) {
                near_out.write_all(b"{\"ok\":true}\n").await?;
                continue;
            }
            far_out.write_all(line.as_bytes()).await?;
            if line.trim() == "\"inputs\"" {
                tokio::io::copy(&mut answers, &mut near_out).await?;
                return Ok(());
            }
            // Before its answer: an agent that hears it may do the next thing at once.
            if let Some(is_energised) = level {
                self.model.strike(self.door, is_energised);
            }
            let mut answer = String::new();
            if answers.read_line(&mut answer).await? == 0 {
                return Ok(());
            }
            near_out.write_all(answer.as_bytes()).await?;
        }
    }
}

/// What a line wants of the strike, if it is a command to it.
fn strike_level(line: &str) -> Option<bool> {
    serde_json::from_str::<serde_json::Value>(line).ok()?.get("strike")?.as_bool()
}
