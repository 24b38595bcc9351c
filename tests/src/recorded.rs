//! Recorded decisions, decided again.

use access_core::chain::SignedRecord;
use access_core::decide::{RULES_VERSION, judge};
use access_core::event::{Decision, Event, Record};
use access_core::ids::TenantId;
use access_core::policy::Policy;
use anyhow::Context as _;
use sqlx::PgConnection;

/// How a decision differs from what these rules say of the same attempt, in the same circumstances; none if it does not.
pub fn differs(policy: &Policy, decision: &Decision) -> Option<String> {
    let verdict = judge(policy, &decision.circumstances, &decision.attempt);
    let again = Decision { verdict, rules_version: RULES_VERSION, ..decision.clone() };
    (again != *decision).then(|| format!("recorded {decision:?}, decided again {again:?}"))
}

/// Every record of a tenant's log, in its order.
pub async fn all(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<Record>> {
    let rows: Vec<(Vec<u8>, Vec<u8>)> =
        sqlx::query_as("SELECT record, signature FROM log_events WHERE tenant_id = $1 ORDER BY position")
            .bind(tenant.as_uuid())
            .fetch_all(db)
            .await?;
    rows.into_iter()
        .map(|(bytes, signature)| {
            let signature = signature.as_slice().try_into().context("a signature's length")?;
            Ok(SignedRecord { bytes, signature }.read()?)
        })
        .collect()
}

/// The decisions among records.
pub fn decisions(records: &[Record]) -> impl Iterator<Item = &Decision> {
    records.iter().filter_map(|record| match &record.event {
        Event::Decision(decision) => Some(decision.as_ref()),
        _ => None,
    })
}
