//! One-time links: how an operator sets up their own password and second factor, so that nobody else ever knows them.

use access_core::event::{ActKind, SubjectKind};
use access_core::ids::{OperatorId, TenantId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Operator, store, totp};
use crate::audit::Entry;
use crate::db::TenantTx;
use crate::http::{ApiError, ApiResult};
use crate::keys::Keys;

/// How long a link is good for, in hours.
const LINK_HOURS: i64 = 24;

access_core::words! {
    /// What a link is for.
    pub enum SetupPurpose {
        /// A tenant's first administrator.
        FirstOperator = "first_operator",
        /// An invited operator.
        Invitation = "invitation",
        /// A new second factor.
        TotpReset = "totp_reset",
    }
}

/// What of theirs an operator no longer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The second factor: the password stays, and is what the link demands.
    Authenticator,
    /// The password too: whoever holds the link becomes this operator, as with an invitation.
    Both,
}

impl Lost {
    /// What the log calls it that they are set anew.
    pub(super) fn act(self) -> ActKind {
        match self {
            Self::Authenticator => ActKind::TotpReset,
            Self::Both => ActKind::FactorsReset,
        }
    }
}

/// The secret in a link: the tenant in clear, and 256 random bits.
#[derive(Clone)]
pub struct SetupLink {
    /// Whose.
    pub tenant: TenantId,
    secret: [u8; 32],
}

impl SetupLink {
    fn new(tenant: TenantId) -> anyhow::Result<Self> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        Ok(Self { tenant, secret })
    }

    /// Path and fragment in the user interface. A fragment is never sent to a server, so no log holds it.
    pub fn path(&self) -> String {
        format!(
            "/setup#{}",
            URL_SAFE_NO_PAD.encode([self.tenant.as_uuid().as_bytes().as_slice(), &self.secret].concat())
        )
    }

    /// Reads what stands after `#`.
    pub fn read(token: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (tenant, secret) = bytes.split_first_chunk::<16>()?;
        Some(Self { tenant: Uuid::from_bytes(*tenant).into(), secret: secret.try_into().ok()? })
    }

    /// What the table knows it by.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.secret).to_vec()
    }

    /// The second factor's secret that this link sets up: the same at every look, and not to be had from the link alone.
    pub fn totp_secret(&self, keys: &Keys) -> Zeroizing<Vec<u8>> {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac =
            <Hmac<Sha256>>::new_from_slice(keys.of_tenant(self.tenant, "setup totp").bytes()).expect("any key");
        mac.update(&self.secret);
        Zeroizing::new(mac.finalize().into_bytes()[..totp::SECRET_BYTES].to_vec())
    }
}

/// A new link for an operator, or for the first. Older ones of the same operator are void. Returns its end too.
pub(super) async fn issue(
    db: &mut PgConnection,
    tenant: TenantId,
    purpose: SetupPurpose,
    operator: Option<OperatorId>,
    now: DateTime<Utc>,
) -> anyhow::Result<(SetupLink, DateTime<Utc>)> {
    let link = SetupLink::new(tenant)?;
    let expires_at = now + TimeDelta::hours(LINK_HOURS);
    store::replace_link(db, tenant, &link.hash(), purpose, operator, expires_at).await?;
    Ok((link, expires_at))
}

/// A new link for an operator who is there: for both factors, or for the second alone if they have a password.
pub(super) async fn issue_anew(
    tx: &mut TenantTx,
    operator: OperatorId,
    now: DateTime<Utc>,
) -> anyhow::Result<(SetupLink, DateTime<Utc>)> {
    let tenant = tx.tenant();
    let purpose = match store::has_password(tx, tenant, operator).await? {
        true => SetupPurpose::TotpReset,
        false => SetupPurpose::Invitation,
    };
    issue(tx, tenant, purpose, Some(operator), now).await
}

/// A link for the tenant's first administrator, unless the tenant has somebody who can sign in.
pub async fn first_operator_link(tx: &mut TenantTx, now: DateTime<Utc>) -> anyhow::Result<Option<SetupLink>> {
    let tenant = tx.tenant();
    if store::has_administrator(tx, tenant).await? {
        return Ok(None);
    }
    Ok(Some(issue(tx, tenant, SetupPurpose::FirstOperator, None, now).await?.0))
}

/// Lets an operator set anew what they lost: their sessions end, and they can't sign in until they used the link. The act
/// is the caller's.
pub(super) async fn begin_anew(
    tx: &mut TenantTx,
    operator: OperatorId,
    lost: Lost,
    now: DateTime<Utc>,
) -> ApiResult<(Operator, SetupLink, DateTime<Utc>)> {
    let tenant = tx.tenant();
    let before = store::get(tx, tenant, operator.as_uuid()).await?.ok_or(ApiError::NotFound("operator"))?;
    if before.state == "disabled" {
        return Err(ApiError::Conflict(
            "operator_disabled",
            "This operator is disabled; enable them first.".to_owned(),
        ));
    }
    store::forget(tx, tenant, operator, lost).await?;
    let (link, expires_at) = issue_anew(tx, operator, now).await?;
    let after = store::get(tx, tenant, operator.as_uuid()).await?.ok_or(ApiError::NotFound("operator"))?;
    Ok((after, link, expires_at))
}

/// The server's command line lets an operator set anew what they lost, with its act in the same transaction.
pub async fn reset(
    keys: &Keys,
    tx: &mut TenantTx,
    operator: OperatorId,
    lost: Lost,
    reason: &str,
    now: DateTime<Utc>,
) -> ApiResult<(Operator, SetupLink, DateTime<Utc>)> {
    let reset = begin_anew(tx, operator, lost, now).await?;
    Entry::by_command_line(keys, lost.act(), SubjectKind::Operator, operator.as_uuid(), now)
        .reason(reason)
        .append(tx)
        .await?;
    Ok(reset)
}
