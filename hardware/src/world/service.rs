//! The card service of a world: the real pcscd, with a virtual reader per entry.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use command_fds::{CommandFdExt as _, FdMapping};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::time::{Instant, timeout};

use super::{WorldFile, pcscd_socket, reader_name};
use crate::card;

const PCSCD: &str = "/usr/sbin/pcscd";
/// The virtual reader's driver. It keeps its slots in static memory: each reader needs a copy of its own.
const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
/// Port of the first reader; each takes two, one per slot. They are ours alone in a network of our own.
const PORT_FIRST: u16 = 35_963;
/// How long pcscd may take to know all readers.
const START_WAIT: Duration = Duration::from_secs(20);
/// Pause between two looks whether it does.
const START_PAUSE: Duration = Duration::from_millis(20);
/// How long it may take to end before it is killed.
const END_WAIT: Duration = Duration::from_secs(2);

/// The card service can't run.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Its files can't be laid out.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system says.
        source: io::Error,
    },
    /// It ended, or does not come up.
    #[error("pcscd {what}; its last words:\n{log}")]
    Failed {
        /// What it did.
        what: String,
        /// End of its log.
        log: String,
    },
    /// It runs already.
    #[error("pcscd runs already")]
    Running,
}

/// pcscd, while it runs and while it does not.
#[derive(Debug)]
pub(super) struct CardService {
    folder: PathBuf,
    readers: Vec<String>,
    child: Option<Child>,
}

impl CardService {
    /// Lays out the configuration and starts it; returns once it knows all readers.
    pub(super) async fn start(folder: &Path, world: &WorldFile) -> Result<Self, ServiceError> {
        let readers: Vec<_> = world.reader.iter().map(|reader| reader.name.clone()).collect();
        let home = folder.join("pcscd");
        // pcscd takes every file of its configuration folder for configuration: drivers lie elsewhere.
        for sub in ["config", "drivers"] {
            let sub = home.join(sub);
            fs::create_dir_all(&sub).map_err(failed(&sub))?;
        }
        let mut config = String::new();
        for (name, port) in readers.iter().zip(ports()) {
            let driver = home.join(format!("drivers/{name}.so"));
            fs::copy(DRIVER, &driver).map_err(failed(Path::new(DRIVER)))?;
            let _ = writeln!(
                config,
                "FRIENDLYNAME \"Pforte {name}\"\nDEVICENAME /dev/null:0x{port:04X}\nLIBPATH {}\nCHANNELID 0x{port:04X}\n",
                driver.display()
            );
        }
        let path = home.join("config/readers");
        fs::write(&path, config).map_err(failed(&path))?;
        let mut service = Self { folder: folder.to_owned(), readers, child: None };
        service.start_again().await?;
        Ok(service)
    }

    /// Starts it, if it does not run.
    pub(super) async fn start_again(&mut self) -> Result<(), ServiceError> {
        if self.is_running() {
            return Err(ServiceError::Running);
        }
        let mut child = self.spawn()?;
        let what = tokio::select! {
            ended = child.wait() => format!("ended ({})", ended.map_or_else(|error| error.to_string(), |status| status.to_string())),
            is_ready = self.knows_readers() => {
                self.child = Some(child);
                if is_ready {
                    return Ok(());
                }
                self.kill().await;
                "does not find its readers".to_owned()
            }
        };
        Err(ServiceError::Failed { what, log: self.last_words() })
    }

    /// Kills it as a crash would. Nobody can connect to its socket until it is started again.
    pub(super) async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill().await;
        }
        let _ = fs::remove_file(pcscd_socket(&self.folder));
    }

    /// Ends it in good order.
    pub(super) async fn end(&mut self) {
        if let Some(child) = &mut self.child {
            if let Some(id) = child.id().and_then(|id| i32::try_from(id).ok()) {
                let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
            }
            let _ = timeout(END_WAIT, child.wait()).await;
        }
        self.kill().await;
    }

    pub(super) fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// pcscd takes a socket that listens already as systemd would pass it: file 3, and told so by its process id. A
    /// shell puts that into the environment, since an id is known only once the process is there.
    fn spawn(&self) -> Result<Child, ServiceError> {
        let socket = pcscd_socket(&self.folder);
        let _ = fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).map_err(failed(&socket))?;
        let home = self.folder.join("pcscd");
        let log = fs::File::create(home.join("pcscd.log")).map_err(failed(&home.join("pcscd.log")))?;
        let log_too = log.try_clone().map_err(failed(&home.join("pcscd.log")))?;
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--", "sh", "-c", "LISTEN_PID=$$ exec \"$0\" \"$@\"", PCSCD, "-f", "-c"])
            .arg(home.join("config"))
            .env("LISTEN_FDS", "1")
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(log_too);
        command
            .fd_mappings(vec![FdMapping { parent_fd: listener.into(), child_fd: 3 }])
            .map_err(|error| ServiceError::Io { what: "passing a socket".into(), source: io::Error::other(error) })?;
        tokio::process::Command::from(command).kill_on_drop(true).spawn().map_err(failed(Path::new("setpriv")))
    }

    async fn knows_readers(&self) -> bool {
        let wanted: Vec<_> = self.readers.iter().map(|name| reader_name(name)).collect();
        let deadline = Instant::now() + START_WAIT;
        while Instant::now() < deadline {
            let names = tokio::task::spawn_blocking(card::list_names).await;
            if let Ok(Ok(names)) = names
                && wanted.iter().all(|name| names.contains(name))
            {
                return true;
            }
            tokio::time::sleep(START_PAUSE).await;
        }
        false
    }

    fn last_words(&self) -> String {
        let log = fs::read(self.folder.join("pcscd/pcscd.log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

/// Where the drivers of the readers listen for a card, in the order of the readers.
pub(super) fn fields() -> impl Iterator<Item = SocketAddr> {
    ports().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

fn ports() -> impl Iterator<Item = u16> {
    (PORT_FIRST..).step_by(2)
}

fn failed(what: &Path) -> impl FnOnce(io::Error) -> ServiceError {
    let what = what.display().to_string();
    |source| ServiceError::Io { what, source }
}
