//! Master keys of the versions that cards' keys are made from: where each lies, and the making of one that was never used. For
//! stations' dialogues, bundles and the rotation.

use std::collections::BTreeMap;

use access_core::ids::TenantId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::store;
use crate::http::ApiError;
use crate::keys::cards::{HeldBy, Masters};
use crate::keys::{CardKeyError, CardKeys};

/// The tenant's master keys of these versions. One that was never used is made, and is written down in this transaction, before
/// anything follows from it; the module, if it makes it, is waited for on another thread. The error may be a [`CardKeyError`].
pub async fn provide(
    keys: &CardKeys,
    db: &mut PgConnection,
    tenant: TenantId,
    versions: impl IntoIterator<Item = u8>,
    now: DateTime<Utc>,
) -> anyhow::Result<Masters> {
    let mut held = store::key_holders(db, tenant).await?;
    let missing: Vec<u8> = versions.into_iter().filter(|version| !held.contains_key(version)).collect();
    if !missing.is_empty() {
        let keys = keys.clone();
        let make = move || -> Result<BTreeMap<u8, HeldBy>, CardKeyError> {
            missing.into_iter().map(|version| Ok((version, keys.make(tenant, version)?))).collect()
        };
        let made = tokio::task::spawn_blocking(make).await??;
        for (version, holder) in made {
            store::put_key_holder(db, tenant, version, holder, now).await?;
        }
        // By whoever was first.
        held = store::key_holders(db, tenant).await?;
    }
    Ok(keys.masters(tenant, held))
}

/// The same without those that can't be made for the moment: for bundles, which must not wait for a version that no card has.
pub async fn known(keys: &CardKeys, db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Masters> {
    Ok(keys.masters(tenant, store::key_holders(db, tenant).await?))
}

/// An answer for what keys were not to be had for.
pub fn refused(error: anyhow::Error) -> ApiError {
    if error.downcast_ref::<CardKeyError>().is_none() {
        return error.into();
    }
    tracing::warn!(error = format!("{error:#}"), "no keys of cards");
    ApiError::Conflict("card_keys_away", "The module that holds the keys of cards is out of reach.".to_owned())
}
