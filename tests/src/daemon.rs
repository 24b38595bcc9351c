//! A process of the plant: its lines are kept and can be waited for, and it never outlives its starter.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

/// Longest wait for a line of a process.
pub const LINE_WAIT: Duration = Duration::from_secs(60);
/// Longest wait for a process that was asked to end.
const END_WAIT: Duration = Duration::from_secs(15);

/// A running process.
#[derive(Debug)]
pub struct Daemon {
    name: String,
    child: Child,
    lines: watch::Receiver<Arc<Vec<String>>>,
}

/// A program of this workspace, beside the one that runs, or one folder up when that is a test.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folders = own.ancestors().skip(1).take(2);
    folders
        .map(|folder| folder.join(name))
        .find(|path| path.exists())
        .with_context(|| format!("{name} is not built: cargo build --workspace --bins"))
}

fn collect(stream: impl AsyncRead + Unpin + Send + 'static, lines: watch::Sender<Arc<Vec<String>>>, mut log: File) {
    tokio::spawn(async move {
        let mut stream = BufReader::new(stream).lines();
        while let Ok(Some(line)) = stream.next_line().await {
            // A full disk must not stop the process whose lines these are.
            let _ = writeln!(log, "{line}");
            lines.send_modify(|lines| Arc::make_mut(lines).push(line));
        }
    });
}

impl Daemon {
    /// Starts a program whose lines go to `folder/name.log` too. It is told to end (SIGTERM) when the thread that called this ends: call it from one that lives on.
    pub fn start(
        name: &str,
        program: &Path,
        folder: &Path,
        configure: impl FnOnce(&mut Command),
    ) -> anyhow::Result<Self> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig=TERM", "--"]).arg(program);
        configure(&mut command);
        // Lines are read by tests: no colours.
        command
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("can't start {name}"))?;
        let log = File::options().create(true).append(true).open(folder.join(format!("{name}.log")))?;
        let (sender, lines) = watch::channel(Arc::new(Vec::new()));
        if let Some(stdout) = child.stdout.take() {
            collect(stdout, sender.clone(), log.try_clone()?);
        }
        if let Some(stderr) = child.stderr.take() {
            collect(stderr, sender, log);
        }
        Ok(Self { name: name.to_owned(), child, lines })
    }

    /// What it wrote so far.
    pub fn lines(&self) -> Arc<Vec<String>> {
        Arc::clone(&self.lines.borrow())
    }

    /// Waits for a line that holds `text`, after the first `skip` lines.
    pub async fn line_after(&self, skip: usize, text: &str) -> anyhow::Result<String> {
        self.line_that(skip, text, |line| line.contains(text)).await
    }

    /// Waits for a line that is `wanted`, after the first `skip` lines. `text` says what for.
    pub async fn line_that(&self, skip: usize, text: &str, wanted: impl Fn(&str) -> bool) -> anyhow::Result<String> {
        let mut lines = self.lines.clone();
        let find = |lines: &Arc<Vec<String>>| lines.iter().skip(skip).find(|line| wanted(line)).cloned();
        let waited = timeout(LINE_WAIT, lines.wait_for(|lines| find(lines).is_some())).await;
        match waited {
            Ok(Ok(lines)) => find(&lines).context("the line"),
            Ok(Err(_)) => bail!("{} ended without `{text}`:\n{}", self.name, self.tail()),
            Err(_) => bail!("{} did not say `{text}` in time:\n{}", self.name, self.tail()),
        }
    }

    /// Waits for a line that holds `text`.
    pub async fn line(&self, text: &str) -> anyhow::Result<String> {
        self.line_after(0, text).await
    }

    fn tail(&self) -> String {
        let lines = self.lines();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Its process id, while it runs.
    pub fn id(&self) -> Option<Pid> {
        self.child.id().and_then(|id| id.try_into().ok()).map(Pid::from_raw)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let id = self.id().with_context(|| format!("{} does not run", self.name))?;
        kill(id, signal).with_context(|| format!("can't signal {}", self.name))
    }

    /// Waits until it has ended.
    pub async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        let ended = timeout(END_WAIT, self.child.wait()).await;
        ended.with_context(|| format!("{} does not end:\n{}", self.name, self.tail()))?.context("wait")
    }

    /// Waits for its end, however long that takes.
    pub async fn wait(&mut self) {
        let _ = self.child.wait().await;
    }

    /// Asks it to end, if it runs.
    pub fn ask_to_end(&self) {
        if let Some(id) = self.id() {
            // It may have ended this very moment.
            let _ = kill(id, Signal::SIGTERM);
        }
    }

    /// Asks it to end, and waits for it.
    pub async fn stop(&mut self) -> anyhow::Result<ExitStatus> {
        self.ask_to_end();
        self.ended().await
    }

    /// Ends it as a power cut would.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        if self.id().is_some() {
            self.signal(Signal::SIGKILL)?;
        }
        self.ended().await?;
        Ok(())
    }
}
