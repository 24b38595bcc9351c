//! A Postgres cluster for one test. Making one takes a second and two; it is made and migrated once, and copied from there.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};
use sha2::{Digest as _, Sha256};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

use super::PATIENCE;
use crate::db::{self, MIGRATIONS, ROLES};

/// Superuser of a test's cluster.
const SUPERUSER: &str = "cluster";

/// A running cluster; it stops when dropped, and with the thread that started it.
pub(super) struct Cluster {
    folder: TempDir,
    postgres: Child,
}

fn program(name: &str, is_tied: bool) -> Command {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = installed.map(|version| version.path().join("bin")).collect();
    folders.sort();
    let path = folders.pop().expect("Postgres").join(name);
    let mut command = Command::new("setpriv");
    // Postgres refuses to run as root.
    if Uid::effective().is_root() {
        let account = User::from_name("postgres").unwrap().expect("account postgres");
        command.arg(format!("--reuid={}", account.uid)).arg(format!("--regid={}", account.gid)).arg("--init-groups");
    }
    if is_tied {
        command.arg("--pdeathsig=QUIT");
    }
    command.arg("--").arg(path).current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A folder that the account which Postgres runs as can use.
fn make_folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").unwrap();
    give_away(folder.path());
    folder
}

fn give_away(path: &Path) {
    if Uid::effective().is_root() {
        let account = User::from_name("postgres").unwrap().expect("account postgres");
        std::os::unix::fs::lchown(path, Some(account.uid.as_raw()), Some(account.gid.as_raw())).unwrap();
    }
}

/// Copies a folder with everything in it.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success(), "{} was not copied", from.display());
}

impl Cluster {
    /// Starts one that is migrated and empty.
    pub(super) async fn start() -> Self {
        let folder = make_folder();
        copy(&Self::template().await, &folder.path().join("data"));
        let mut cluster = Self { postgres: Self::spawn(folder.path()), folder };
        cluster.wait("pforte").await;
        cluster
    }

    /// How its superuser reaches it.
    pub(super) fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new().socket(self.folder.path()).database("pforte").username(SUPERUSER)
    }

    fn spawn(folder: &Path) -> Child {
        program("postgres", true)
            .arg("-D")
            .arg(folder.join("data"))
            .arg("-k")
            .arg(folder)
            .args([
                "-c",
                "listen_addresses=",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=60",
                "-c",
                "shared_buffers=16MB",
            ])
            .spawn()
            .unwrap()
    }

    async fn wait(&mut self, database: &str) {
        let options = self.options().database(database);
        let connecting = async {
            loop {
                match PgConnection::connect_with(&options).await {
                    Ok(connection) => break connection.close().await.unwrap(),
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                }
                assert!(self.postgres.try_wait().unwrap().is_none(), "Postgres ended");
            }
        };
        tokio::time::timeout(PATIENCE, connecting).await.expect("Postgres to start");
    }

    /// The folder of a stopped cluster with these very migrations, made by whichever test comes first. It lies beside the
    /// tests' program.
    async fn template() -> PathBuf {
        let mut hash = Sha256::new();
        hash.update(ROLES);
        for migration in MIGRATIONS.iter() {
            hash.update(&migration.checksum);
        }
        let place = std::env::current_exe().unwrap().parent().unwrap().to_owned();
        let template = place.join(format!("test-cluster-{}", &hex::encode(hash.finalize())[..16]));
        if template.exists() {
            return template;
        }
        let file = File::create(place.join("test-cluster.lock")).unwrap();
        let lock = tokio::task::spawn_blocking(|| Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, why)| why));
        let _lock = lock.await.unwrap().unwrap();
        if !template.exists() {
            let folder = make_folder();
            let data = folder.path().join("data");
            let made = program("initdb", false)
                .args([
                    "--no-sync",
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--wal-segsize=1",
                    "--username",
                    SUPERUSER,
                ])
                .arg("-D")
                .arg(&data)
                .status()
                .unwrap();
            assert!(made.success(), "initdb failed");
            let mut cluster = Self { postgres: Self::spawn(folder.path()), folder };
            cluster.wait("postgres").await;
            let mut superuser = PgConnection::connect_with(&cluster.options().database("postgres")).await.unwrap();
            sqlx::raw_sql(ROLES).execute(&mut superuser).await.unwrap();
            sqlx::raw_sql("CREATE DATABASE pforte OWNER pforte_owner").execute(&mut superuser).await.unwrap();
            superuser.close().await.unwrap();
            db::migrate(&cluster.options()).await.unwrap();
            cluster.stop(Signal::SIGINT);
            let half = place.join("test-cluster.half");
            let _ = std::fs::remove_dir_all(&half);
            copy(&data, &half);
            std::fs::rename(&half, &template).unwrap();
        }
        template
    }

    fn stop(&mut self, how: Signal) {
        let _ = kill(Pid::from_raw(self.postgres.id().try_into().unwrap()), how);
        let _ = self.postgres.wait();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop(Signal::SIGQUIT);
    }
}
