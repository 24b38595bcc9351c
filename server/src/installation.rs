//! Which installation this is: its id, its mode and its keys, which database and data folder must agree on.

use std::path::Path;

use access_core::ids::InstallationId;
use access_core::protocol::InstallationMode;
use anyhow::{Context as _, bail, ensure};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::keys::Keys;

/// File of the master key in the data folder.
pub const MASTER_KEY: &str = "master.key";

/// Which installation this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Installation {
    /// Its id.
    pub id: InstallationId,
    /// What it is for.
    pub mode: InstallationMode,
}

/// Finds the installation that database and data folder belong to, or makes it if both are new. Refuses a database whose
/// keys are missing, keys of another database, and another mode.
pub async fn open(
    server: &PgConnectOptions,
    folder: &Path,
    mode: InstallationMode,
) -> anyhow::Result<(Installation, Keys)> {
    let path = folder.join(MASTER_KEY);
    let has_keys = path.try_exists().with_context(|| format!("can't look for {}", path.display()))?;
    let mut owner = PgConnection::connect_with(&server.clone().username("pforte_owner")).await?;
    let found: Option<(Uuid, String, Vec<u8>)> =
        sqlx::query_as("SELECT id, mode, key_id FROM installation").fetch_optional(&mut owner).await?;
    let opened = match (found, has_keys) {
        (None, _) => {
            // Keys without a row: the first start was cut short between the two.
            let keys = if has_keys { Keys::read(&path)? } else { Keys::create(&path)? };
            let id = InstallationId::from_uuid(Uuid::now_v7());
            sqlx::query("INSERT INTO installation (id, mode, key_id) VALUES ($1, $2, $3)")
                .bind(id.as_uuid())
                .bind(mode.to_string())
                .bind(keys.id().to_vec())
                .execute(&mut owner)
                .await?;
            (Installation { id, mode }, keys)
        }
        (Some(_), false) => bail!(
            "the database holds an installation whose master key is missing: put its backup at {}",
            path.display()
        ),
        (Some((id, kept_mode, key_id)), true) => {
            let keys = Keys::read(&path)?;
            ensure!(key_id == keys.id(), "the master key {} is not this database's", path.display());
            let kept_mode = kept_mode.parse::<InstallationMode>()?;
            ensure!(kept_mode == mode, "this is a {kept_mode} installation; the configuration says {mode}");
            (Installation { id: id.into(), mode }, keys)
        }
    };
    owner.close().await?;
    Ok(opened)
}
