//! The private cluster, killed and refused; and the installation in it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use access_core::protocol::InstallationMode;
use tokio::time::timeout;

use super::*;
use crate::db::{self, Db};
use crate::installation::{self, MASTER_KEY};
use crate::testing::PATIENCE;

fn data_folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("pf").tempdir_in("/tmp").unwrap();
    // Postgres's own account must get at its part of it.
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Processes that have a folder among their arguments.
fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap().to_owned();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).into_owned()).filter(|line| line.contains(&folder)).collect()
}

async fn stop(cluster: Cluster) {
    tokio::task::spawn_blocking(move || drop(cluster)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_comes_back_when_it_is_killed_and_ends_with_the_server() {
    let folder = data_folder();
    let cluster = Cluster::start(folder.path()).await.unwrap();
    db::migrate(&cluster.options()).await.unwrap();
    let (installed, keys) =
        installation::open(&cluster.options(), folder.path(), InstallationMode::Test).await.unwrap();
    let db = Db::connect(&cluster.options()).await.unwrap();
    let now = crate::clock::now();
    let tenant = crate::tenants::add(&db, &keys, "plant", "Plant", now).await.unwrap();
    let count = async || -> sqlx::Result<i64> {
        let mut tx = db.begin(tenant.id, None).await?;
        sqlx::query_scalar("SELECT count(*) FROM tenants").fetch_one(&mut *tx).await
    };
    assert_eq!(count().await.unwrap(), 1);

    let killed = cluster.postmaster.load(Ordering::SeqCst);
    assert!(killed > 0);
    kill(Pid::from_raw(killed), Signal::SIGKILL).unwrap();
    let recovering = async {
        while count().await.ok() != Some(1) || cluster.postmaster.load(Ordering::SeqCst) == killed {
            tokio::time::sleep(RESTART_PAUSE).await;
        }
    };
    timeout(PATIENCE, recovering).await.expect("Postgres to come back, and the pools with it");
    for _ in 0..20 {
        assert_eq!(count().await.unwrap(), 1, "every connection works again");
    }
    db.close().await;
    assert!(!processes_of(folder.path()).is_empty());
    stop(cluster).await;
    assert_eq!(processes_of(folder.path()), Vec::<String>::new());

    // The second start finds everything; what contradicts it is refused.
    let cluster = Cluster::start(folder.path()).await.unwrap();
    let reopen = async |mode| installation::open(&cluster.options(), folder.path(), mode).await;
    assert_eq!(reopen(InstallationMode::Test).await.unwrap().0, installed);
    let refused = async |mode, named: &str| {
        let error = format!("{:#}", reopen(mode).await.unwrap_err());
        assert!(error.contains(named), "{named}: {error}");
    };
    refused(InstallationMode::Production, "test installation").await;
    let key = folder.path().join(MASTER_KEY);
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    refused(InstallationMode::Test, "master key is missing").await;
    crate::keys::Keys::create(&key).unwrap();
    refused(InstallationMode::Test, "is not this database's").await;
    std::fs::write(&key, kept).unwrap();
    reopen(InstallationMode::Test).await.unwrap();
    stop(cluster).await;
    assert_eq!(processes_of(folder.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_socket_that_nobody_could_reach_is_refused() {
    let folder = data_folder();
    let deep = folder.path().join("d".repeat(100));
    let error = Cluster::start(&deep).await.unwrap_err();
    assert!(error.to_string().contains("choose a shorter data_folder"), "{error}");
    assert!(!deep.exists(), "nothing was made");
}
