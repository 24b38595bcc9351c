//! The private Postgres cluster: made in the data folder at first start, reached by Unix socket only, never run as root,
//! ended with the server, started again when it dies. Used when no database URL is configured.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User, chown};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};

use crate::db::ROLES;

/// The cluster's own administrator; reaches it by socket as the service's account or root.
const SUPERUSER: &str = "cluster";
/// Account that Postgres runs as when the server was started by root.
const ACCOUNT: &str = "postgres";
/// Longest path of a Unix socket, in bytes.
const SOCKET_PATH_BYTES_MAX: usize = 107;
/// How long Postgres may take to come up, in tries.
const READY_TRIES: u32 = 600;
const READY_PAUSE: Duration = Duration::from_millis(50);
/// Pause before it is started again.
const RESTART_PAUSE: Duration = Duration::from_millis(200);

/// A running private cluster. Dropping it stops Postgres cleanly and waits for it.
#[derive(Debug)]
pub struct Cluster {
    socket_folder: PathBuf,
    is_stopping: Arc<AtomicBool>,
    postmaster: Arc<AtomicI32>,
    keeper: Option<std::thread::JoinHandle<()>>,
}

impl Cluster {
    /// Makes the cluster if there is none, starts it, and waits until it answers.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        let data = folder.join("cluster");
        let socket_folder = folder.join("run");
        let socket = socket_folder.join(".s.PGSQL.5432");
        ensure!(
            socket.as_os_str().len() <= SOCKET_PATH_BYTES_MAX,
            "the path of the database's socket, {}, is longer than {SOCKET_PATH_BYTES_MAX} bytes: choose a shorter data_folder",
            socket.display()
        );
        for own in [&data, &socket_folder] {
            make_private(own)?;
        }
        if !data.join("PG_VERSION").exists() {
            initialise(&data)?;
        }
        write_access_rules(&data)?;
        let is_stopping = Arc::new(AtomicBool::new(false));
        let postmaster = Arc::new(AtomicI32::new(0));
        // The signal at the parent's death follows the thread that spawned the child: this one lives as long as the server.
        let keeper = {
            let (data, socket_folder) = (data.clone(), socket_folder.clone());
            let (is_stopping, postmaster) = (Arc::clone(&is_stopping), Arc::clone(&postmaster));
            std::thread::Builder::new()
                .name("postgres".to_owned())
                .spawn(move || keep_running(&data, &socket_folder, &is_stopping, &postmaster))?
        };
        let cluster = Self { socket_folder, is_stopping, postmaster, keeper: Some(keeper) };
        cluster.wait_until_ready(&data).await?;
        cluster.prepare().await?;
        Ok(cluster)
    }

    /// How to reach it; the role is still to be named.
    pub fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new().socket(&self.socket_folder).database("pforte").username(SUPERUSER)
    }

    /// How to reach the cluster of a data folder, if it runs.
    pub fn options_in(folder: &Path) -> PgConnectOptions {
        PgConnectOptions::new().socket(folder.join("run")).database("pforte").username(SUPERUSER)
    }

    async fn wait_until_ready(&self, data: &Path) -> anyhow::Result<()> {
        let options = self.options().database("postgres");
        let mut last = None;
        for _ in 0..READY_TRIES {
            match PgConnection::connect_with(&options).await {
                Ok(connection) => {
                    connection.close().await?;
                    return Ok(());
                }
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(READY_PAUSE).await;
        }
        let log = std::fs::read_to_string(data.join("server.log")).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(5).collect();
        let why = last.map_or_else(String::new, |error| error.to_string());
        bail!(
            "Postgres does not start: {why}; its log ends: {}",
            tail.into_iter().rev().collect::<Vec<_>>().join(" | ")
        )
    }

    async fn prepare(&self) -> anyhow::Result<()> {
        let mut superuser = PgConnection::connect_with(&self.options().database("postgres")).await?;
        sqlx::raw_sql(ROLES).execute(&mut superuser).await.context("can't make the database's roles")?;
        let is_there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'pforte')")
            .fetch_one(&mut superuser)
            .await?;
        if !is_there {
            sqlx::raw_sql("CREATE DATABASE pforte OWNER pforte_owner").execute(&mut superuser).await?;
        }
        superuser.close().await?;
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::SeqCst);
        let postmaster = self.postmaster.load(Ordering::SeqCst);
        if postmaster > 0 {
            // SIGINT is Postgres's fast stop: sessions end, a checkpoint is written.
            let _ = kill(Pid::from_raw(postmaster), Signal::SIGINT);
        }
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

/// Runs on a thread of its own: starts Postgres, waits for its end, starts it again unless the server is stopping.
fn keep_running(data: &Path, socket_folder: &Path, is_stopping: &AtomicBool, postmaster: &AtomicI32) {
    while !is_stopping.load(Ordering::SeqCst) {
        match spawn(data, socket_folder) {
            Ok(mut child) => {
                // A process id is positive and fits.
                postmaster.store(child.id().try_into().unwrap_or(0), Ordering::SeqCst);
                if is_stopping.load(Ordering::SeqCst) {
                    let _ = kill(Pid::from_raw(postmaster.load(Ordering::SeqCst)), Signal::SIGINT);
                }
                let ended = child.wait();
                postmaster.store(0, Ordering::SeqCst);
                if !is_stopping.load(Ordering::SeqCst) {
                    let signal = ended.as_ref().ok().and_then(std::process::ExitStatus::signal);
                    tracing::error!(?ended, ?signal, "Postgres ended; starting it again");
                }
            }
            Err(error) => tracing::error!(error = format!("{error:#}"), "can't start Postgres"),
        }
        if !is_stopping.load(Ordering::SeqCst) {
            std::thread::park_timeout(RESTART_PAUSE);
        }
    }
}

fn spawn(data: &Path, socket_folder: &Path) -> anyhow::Result<Child> {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(data.join("server.log"))?;
    let mut command = unprivileged("postgres", true)?;
    command
        .arg("-D")
        .arg(data)
        .args(["-c", "listen_addresses="])
        .args(["-c", "unix_socket_permissions=0700"])
        .arg("-c")
        .arg(format!("unix_socket_directories={}", socket_folder.display()))
        .args(["-c", "max_connections=100", "-c", "password_encryption=scram-sha-256"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    command.spawn().context("can't run postgres")
}

fn initialise(data: &Path) -> anyhow::Result<()> {
    let made = unprivileged("initdb", false)?
        .args(["-U", SUPERUSER, "-A", "peer", "--no-locale", "-E", "UTF8", "--data-checksums", "-D"])
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .context("can't run initdb")?;
    ensure!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr).trim());
    Ok(())
}

/// Only the service's own account and root reach the cluster, as any of its roles.
fn write_access_rules(data: &Path) -> anyhow::Result<()> {
    let account = User::from_uid(Uid::effective())?.context("the service's account has no name")?.name;
    let roles = [SUPERUSER, "pforte_owner", "pforte_app", "pforte_vault", "pforte_sequencer"];
    let map: String = roles.iter().map(|role| format!("pforte {account} {role}\n")).collect();
    for (file, text) in [("pg_hba.conf", "local all all peer map=pforte\n".to_owned()), ("pg_ident.conf", map)] {
        std::fs::write(data.join(file), text).with_context(|| format!("can't write {file}"))?;
    }
    Ok(())
}

/// Makes a folder that is Postgres's alone.
fn make_private(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    if let Some(account) = account()? {
        chown(folder, Some(account.uid), Some(account.gid))?;
    }
    Ok(())
}

/// The account that Postgres runs as instead of root; none if the server does not run as root.
fn account() -> anyhow::Result<Option<User>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    User::from_name(ACCOUNT)?.map(Some).with_context(|| format!("there is no account {ACCOUNT} to run Postgres as"))
}

/// A program of Postgres's, never as root; if `is_tied`, told to stop when the thread that spawned it ends.
fn unprivileged(program: &str, is_tied: bool) -> anyhow::Result<Command> {
    let mut command = Command::new("setpriv");
    if let Some(account) = account()? {
        command.arg(format!("--reuid={}", account.uid)).arg(format!("--regid={}", account.gid)).arg("--init-groups");
    }
    if is_tied {
        command.arg("--pdeathsig=INT");
    }
    command.arg("--").arg(program_path(program)?).current_dir("/");
    Ok(command)
}

/// The newest installed Postgres's program.
fn program_path(program: &str) -> anyhow::Result<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").context("Postgres is not installed")?;
    let mut versions: Vec<(u32, PathBuf)> = installed
        .flatten()
        .filter_map(|version| {
            Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin").join(program)))
        })
        .filter(|(_, path): &(u32, PathBuf)| path.exists())
        .collect();
    versions.sort();
    let (version, path) = versions.pop().with_context(|| format!("Postgres is not installed: no {program}"))?;
    ensure!(version >= 15, "Postgres {version} is too old: 15 or newer is needed");
    Ok(path)
}

#[cfg(test)]
mod tests;
