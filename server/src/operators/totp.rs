//! One-time codes (RFC 6238): SHA-1, six digits, 30 seconds, what every authenticator app speaks. Each step is good once.

use access_core::ids::{OperatorId, TenantId};
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::keys::{Binding, Keys};

/// Length of a secret, in bytes: SHA-1's own.
pub(super) const SECRET_BYTES: usize = 20;
/// Steps before and after now that are still taken: clocks of telephones differ.
const SKEW_STEPS: u16 = 1;

fn totp(secret: &[u8], account: &str) -> anyhow::Result<Totp> {
    Builder::new()
        .with_secret(secret)
        .with_skew(SKEW_STEPS)
        .with_account_name(account)
        .with_issuer(Some("Pforte"))
        .build()
        .map_err(|error| anyhow::anyhow!("{error:?}"))
        .context("a one-time code's secret")
}

/// The step that a code is of, if it is right and its step comes after `newest_used`.
pub(super) fn step_of(secret: &[u8], code: &str, newest_used: i64, now: DateTime<Utc>) -> anyhow::Result<Option<i64>> {
    let now_s = u64::try_from(now.timestamp()).context("the clock stands before 1970")?;
    let step = totp(secret, "operator")?.check(code.trim(), now_s);
    Ok(step.and_then(|step| i64::try_from(step).ok()).filter(|step| *step > newest_used))
}

/// The secret as people type it, and as apps read it from a picture.
pub(super) fn for_people(secret: &[u8], account: &str) -> anyhow::Result<(String, String)> {
    let url = totp(secret, account)?.to_url().map_err(|error| anyhow::anyhow!("{error:?}"))?;
    Ok((Secret::from(secret).to_base32(), url))
}

fn binding(tenant: TenantId, operator: OperatorId) -> Binding {
    Binding { tenant, purpose: "operator totp", row: operator.as_uuid() }
}

/// Seals a secret for its row.
pub(super) fn seal(keys: &Keys, tenant: TenantId, operator: OperatorId, secret: &[u8]) -> anyhow::Result<Vec<u8>> {
    keys.of_tenant(tenant, "operator totp").seal(&binding(tenant, operator), secret)
}

/// Opens a sealed secret.
pub(super) fn open(
    keys: &Keys,
    tenant: TenantId,
    operator: OperatorId,
    sealed: &[u8],
) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    Ok(keys.of_tenant(tenant, "operator totp").open(&binding(tenant, operator), sealed)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238_and_good_once() {
        // RFC 6238, appendix B: secret "12345678901234567890", time 1111111109, SHA-1, last six of eight digits.
        let secret = b"12345678901234567890";
        let at = DateTime::from_timestamp(1_111_111_109, 0).unwrap();
        let step = step_of(secret, "081804", 0, at).unwrap().unwrap();
        assert_eq!(step, 1_111_111_109 / 30);
        assert_eq!(step_of(secret, "081804", step, at).unwrap(), None, "used once");
        assert_eq!(step_of(secret, "081805", 0, at).unwrap(), None);
        assert_eq!(step_of(secret, "", 0, at).unwrap(), None);
        let late = DateTime::from_timestamp(1_111_111_109 + 90, 0).unwrap();
        assert_eq!(step_of(secret, "081804", 0, late).unwrap(), None, "too late");
    }
}
