//! The driver of a door twin: commands over one connection, inputs over another. The strike's level is waited for, as a line's
//! is; what is shown costs no more than a line would, and is not.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;

use super::virtual_door::{Answer, Request};
use super::{DoorInput, DoorIoError, DoorOutputs, LineView, Signal};

/// A twin answers within a millisecond unless it is gone.
const ANSWER_WAIT: Duration = Duration::from_secs(1);
/// Longest answer that is taken, in bytes.
const ANSWER_BYTES_MAX: u64 = 4_096;
/// Most answers that are left to be read later.
const UNREAD_MAX: usize = 16;
/// Pause before a twin whose inputs ended is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Connects to a twin and puts its strike to rest.
pub(super) async fn open(socket: &Path, inputs: mpsc::Sender<DoorInput>) -> Result<VirtualOutputs, DoorIoError> {
    let mut outputs = VirtualOutputs { socket: socket.to_owned(), connection: None, unread: 0 };
    outputs.strike(false)?;
    let watch = InputWatch::connect(socket).await.map_err(|error| gone(socket, &error))?;
    tokio::spawn(forward(watch, socket.to_owned(), inputs));
    Ok(outputs)
}

/// Looks whether a twin tells its inputs, and orders nothing.
pub(super) async fn inspect(socket: &Path) -> Result<Vec<Result<LineView, DoorIoError>>, DoorIoError> {
    let mut watch = InputWatch::connect(socket).await.map_err(|error| gone(socket, &error))?;
    match tokio::time::timeout(ANSWER_WAIT, watch.next()).await {
        Err(_) => Err(DoorIoError::Timeout { place: shown(socket) }),
        Ok(Err(why)) => Err(DoorIoError::Gone { place: shown(socket), why }),
        Ok(Ok(_)) => Ok(vec![Ok(LineView { purpose: "twin", line: shown(socket), held_by: None })]),
    }
}

/// Commands to a twin.
pub(super) struct VirtualOutputs {
    socket: PathBuf,
    connection: Option<BufReader<UnixStream>>,
    /// Answers to what was shown that were not read yet.
    unread: usize,
}

impl DoorOutputs for VirtualOutputs {
    fn strike(&mut self, is_energised: bool) -> Result<(), DoorIoError> {
        self.order(&Request::Strike(is_energised), 0)
    }

    fn show(&mut self, signal: &Signal) -> Result<(), DoorIoError> {
        self.order(&Request::Show(signal.clone()), UNREAD_MAX)
    }
}

impl VirtualOutputs {
    /// Orders something, and leaves at most so many answers unread.
    fn order(&mut self, request: &Request, unread_max: usize) -> Result<(), DoorIoError> {
        // A connection left from a twin that was hung anew meanwhile fails once.
        let is_fresh = self.connection.is_none();
        match self.exchange(request, unread_max) {
            Err(DoorIoError::Gone { .. }) if !is_fresh => self.exchange(request, unread_max),
            done => done,
        }
    }

    fn exchange(&mut self, request: &Request, unread_max: usize) -> Result<(), DoorIoError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                self.unread = 0;
                connect(&self.socket).map_err(|error| gone(&self.socket, &error))?
            }
        };
        let broken = |error: io::Error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => DoorIoError::Timeout { place: shown(&self.socket) },
            _ => gone(&self.socket, &error),
        };
        send(&mut connection, request).map_err(broken)?;
        self.unread += 1;
        if self.unread > unread_max {
            // The last is this request's; those before it are of what was shown, which a twin does not refuse.
            let mut answer = String::new();
            for _ in 0..self.unread {
                answer = read(&mut connection).map_err(broken)?;
            }
            self.unread = 0;
            if !matches!(serde_json::from_str(&answer), Ok(Answer { ok: true, .. })) {
                let answer = answer.trim_end().to_owned();
                return Err(DoorIoError::Protocol { place: shown(&self.socket), answer });
            }
        }
        self.connection = Some(connection);
        Ok(())
    }
}

fn connect(socket: &Path) -> io::Result<BufReader<UnixStream>> {
    let connection = UnixStream::connect(socket)?;
    connection.set_read_timeout(Some(ANSWER_WAIT))?;
    connection.set_write_timeout(Some(ANSWER_WAIT))?;
    Ok(BufReader::new(connection))
}

fn send(connection: &mut BufReader<UnixStream>, request: &Request) -> io::Result<()> {
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    connection.get_mut().write_all(&line)
}

fn read(connection: &mut BufReader<UnixStream>) -> io::Result<String> {
    let mut answer = String::new();
    if connection.take(ANSWER_BYTES_MAX).read_line(&mut answer)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(answer)
}

/// A connection that brings inputs.
struct InputWatch(tokio::io::Lines<tokio::io::BufReader<tokio::net::UnixStream>>);

impl InputWatch {
    async fn connect(socket: &Path) -> io::Result<Self> {
        let mut connection = tokio::net::UnixStream::connect(socket).await?;
        let mut line = serde_json::to_vec(&Request::Inputs)?;
        line.push(b'\n');
        connection.write_all(&line).await?;
        Ok(Self(tokio::io::BufReader::new(connection).lines()))
    }

    /// The next input, or why there is none.
    async fn next(&mut self) -> Result<DoorInput, String> {
        match self.0.next_line().await {
            Ok(Some(line)) => serde_json::from_str(&line).map_err(|error| error.to_string()),
            Ok(None) => Err("the twin closed the connection".into()),
            Err(error) => Err(error.to_string()),
        }
    }
}

async fn forward(mut watch: InputWatch, socket: PathBuf, inputs: mpsc::Sender<DoorInput>) {
    loop {
        let next = tokio::select! {
            next = watch.next() => next,
            () = inputs.closed() => return,
        };
        let is_lost = next.is_err();
        if inputs.send(next.unwrap_or_else(DoorInput::Lost)).await.is_err() {
            return;
        }
        if is_lost {
            watch = loop {
                tokio::select! {
                    () = tokio::time::sleep(RETRY_PAUSE) => {}
                    () = inputs.closed() => return,
                }
                if let Ok(watch) = InputWatch::connect(&socket).await {
                    break watch;
                }
            };
            if inputs.send(DoorInput::Back).await.is_err() {
                return;
            }
        }
    }
}

fn gone(socket: &Path, error: &io::Error) -> DoorIoError {
    DoorIoError::Gone { place: shown(socket), why: error.to_string() }
}

fn shown(socket: &Path) -> String {
    socket.display().to_string()
}

#[cfg(test)]
mod tests;
