//! A world as a child process: how tests and the demo start one.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::{Client, ClientError, READY};

/// How long a world may take to be ready.
const READY_WAIT: Duration = Duration::from_secs(60);
/// How long a world may take to end.
const END_WAIT: Duration = Duration::from_secs(10);

/// A world did not come up, or not end.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The program can't be started.
    #[error("{0}: {1}")]
    Start(String, io::Error),
    /// It ended, or said something else than that it is ready.
    #[error("the world is not ready: {0}")]
    NotReady(String),
    /// It does not end.
    #[error("the world does not end")]
    NotEnded,
}

/// A running world. It ends when this is dropped, and also when this process dies.
#[derive(Debug)]
pub struct Process {
    child: Child,
    folder: PathBuf,
}

impl Process {
    /// Starts `program` (`pforte-twin`) with a world file; returns once everything is usable. What
    /// it complains of goes to `world.log` in the folder.
    pub async fn start(program: &Path, world: &Path, folder: &Path) -> Result<Self, ProcessError> {
        let started = |error| ProcessError::Start(program.display().to_string(), error);
        std::fs::create_dir_all(folder).map_err(started)?;
        let log = folder.join("world.log");
        let mut child = Command::new(program)
            .arg("serve")
            .arg("--world")
            .arg(world)
            .arg("--folder")
            .arg(folder)
            .arg("--end-with-stdin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).map_err(started)?)
            .kill_on_drop(true)
            .spawn()
            .map_err(started)?;
        let said = match child.stdout.take() {
            Some(stdout) => {
                let mut lines = BufReader::new(stdout).lines();
                timeout(READY_WAIT, async move { lines.next_line().await.ok().flatten() }).await.ok().flatten()
            }
            None => None,
        };
        if said.as_deref() != Some(READY) {
            let complaint = std::fs::read_to_string(&log).unwrap_or_default();
            return Err(ProcessError::NotReady(format!("{} {}", said.unwrap_or_default(), complaint.trim_end())));
        }
        Ok(Self { child, folder: folder.to_owned() })
    }

    /// Where its sockets are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Connects to its control socket.
    pub async fn client(&self) -> Result<Client, ClientError> {
        Client::connect(&self.folder).await
    }

    /// Ends it in good order.
    pub async fn end(mut self) -> Result<ExitStatus, ProcessError> {
        if let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        match timeout(END_WAIT, self.child.wait()).await {
            Ok(Ok(status)) => Ok(status),
            _ => Err(ProcessError::NotEnded),
        }
    }

    /// Kills it as a crash would.
    pub async fn kill(mut self) -> Result<(), ProcessError> {
        self.child.kill().await.map_err(|_error| ProcessError::NotEnded)
    }
}
