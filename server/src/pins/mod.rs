//! That a person has a PIN, and a sign of duress beside it. The PIN itself never comes here: a station makes
//! `argon2id(PIN, salt)` of it, which lies sealed in the vault and leaves it only as what an agent checks one by.

use access_core::canonical;
use access_core::event::ActKind;
use access_core::ids::{PersonId, TenantId};
use access_core::protocol::{PIN_HASH_BYTES, PinContent, PinSalt, SecretBytes};
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::db::TenantTx;
use crate::http::{ApiError, ApiResult};
use crate::keys::{Key, Keys};
use crate::vault::{self, PinHash};

pub mod routes;
pub mod store;
#[cfg(test)]
mod tests;

/// A person's PIN, as far as anybody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pin {
    /// When it, or the sign of duress beside it, was set or removed last.
    pub changed_at: DateTime<Utc>,
    /// Whether there is a sign of duress beside it; told to administrators alone.
    pub has_duress: Option<bool>,
}

/// A fresh salt, for a new PIN.
pub fn fresh_salt() -> anyhow::Result<PinSalt> {
    let mut salt = PinSalt::default();
    getrandom::fill(&mut salt).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(salt)
}

fn missing() -> ApiError {
    ApiError::Conflict(
        "pin_missing",
        "A sign of duress stands beside a PIN for every day. Have that one set first.".to_owned(),
    )
}

/// The salt that a station is to use: that of the PIN for every day for a sign of duress beside it, another one otherwise.
pub async fn salt_for(keys: &Keys, tx: &mut TenantTx, person: PersonId, is_duress: bool) -> ApiResult<PinSalt> {
    if !is_duress {
        return Ok(fresh_salt()?);
    }
    let kept = vault::pins_of(keys, tx, person).await?;
    Ok(kept.everyday.ok_or_else(missing)?.salt)
}

/// Keeps what a station made of a PIN, in place of what there was. A new one for every day ends the sign of duress: nobody
/// can tell whether the two are unlike each other enough. Answers how to call it in the log.
pub async fn keep(
    keys: &Keys,
    tx: &mut TenantTx,
    person: PersonId,
    is_duress: bool,
    salt: PinSalt,
    (everyday, hash): (Option<&SecretBytes>, &SecretBytes),
    now: DateTime<Utc>,
) -> ApiResult<ActKind> {
    let tenant = tx.tenant();
    let unusable = || ApiError::Conflict("pin_unusable", "The station's answer can't be kept.".to_owned());
    let bytes = |hash: &SecretBytes| -> Option<Zeroizing<[u8; PIN_HASH_BYTES]>> {
        hash.0.as_slice().try_into().ok().map(Zeroizing::new)
    };
    let hash = bytes(hash).ok_or_else(unusable)?;
    // Locked: another dialogue may be setting one too.
    let had_pin = store::has_pin_locked(tx, tenant, person).await?.ok_or(ApiError::NotFound("person"))?;
    if is_duress {
        let kept = vault::pins_of(keys, tx, person).await?.everyday.ok_or_else(missing)?;
        let typed = everyday.and_then(bytes).ok_or_else(unusable)?;
        if kept.salt != salt || !bool::from(kept.hash.ct_eq(&*typed)) {
            let detail = "What was typed first is not this person's PIN. Nothing was changed.";
            return Err(ApiError::Conflict("pin_not_theirs", detail.to_owned()));
        }
        if bool::from(kept.hash.ct_eq(&*hash)) {
            return Err(ApiError::Conflict("pin_alike", "The two PINs are one. Nothing was changed.".to_owned()));
        }
    } else {
        vault::store::delete_pins(tx, tenant, person, false).await?;
    }
    vault::put_pin(keys, tx, person, is_duress, &PinHash { salt, hash: *hash }).await?;
    store::set(tx, tenant, person, true, now).await?;
    Ok(if had_pin { ActKind::Changed } else { ActKind::Created })
}

/// What there is of a person's PINs; `is_administrator` says whether the sign of duress may be told.
pub async fn of_person(
    tx: &mut TenantTx,
    tenant: TenantId,
    person: PersonId,
    is_administrator: bool,
) -> sqlx::Result<Option<Pin>> {
    let Some(changed_at) = store::changed_at(tx, tenant, person).await? else { return Ok(None) };
    let has_duress = match is_administrator {
        true => Some(vault::store::has_duress_pin(tx, tenant, person).await?),
        false => None,
    };
    Ok(Some(Pin { changed_at, has_duress }))
}

/// What an agent with this pepper checks a person's PINs by.
pub fn content_for(pepper: &Key, kept: &vault::PinsKept) -> anyhow::Result<Option<Zeroizing<Vec<u8>>>> {
    let Some(everyday) = &kept.everyday else { return Ok(None) };
    let verifier = |hash: &[u8; PIN_HASH_BYTES]| -> anyhow::Result<[u8; 32]> {
        let mut mac = <Hmac<Sha256>>::new_from_slice(pepper.bytes()).context("HMAC takes a key of any length")?;
        mac.update(hash);
        Ok(mac.finalize().into_bytes().into())
    };
    let duress = match &kept.duress {
        Some(duress) => verifier(&duress.hash)?,
        None => *Key::random()?.bytes(),
    };
    let content = PinContent { salt: everyday.salt, everyday: verifier(&everyday.hash)?, duress };
    Ok(Some(Zeroizing::new(canonical::encode(&content))))
}
