//! Recorded decisions, decided again.

use access_core::chain::SignedRecord;
use access_core::decide::{Attempt, ClockTrust, Outcome, RULES_VERSION, decide};
use access_core::event::{Decision, Event, Record};
use access_core::ids::TenantId;
use access_core::policy::Policy;
use access_core::state::State;
use access_core::time::UnixMs;
use anyhow::Context as _;
use sqlx::PgConnection;

/// How a decision differs from what these rules say of the same attempt; none if it does not.
pub fn differs(policy: &Policy, at: UnixMs, decision: &Decision) -> Option<String> {
    let attempt = Attempt {
        id: decision.attempt,
        door: decision.door,
        side: decision.side,
        at,
        clock: ClockTrust::Trusted,
        card: decision.card,
        assurance: decision.assurance,
        finger: decision.finger,
    };
    let verdict = decide(policy, &State::default(), &attempt);
    let release_ms = match verdict.outcome {
        Outcome::Grant { release_ms } => Some(release_ms),
        Outcome::Need(_) | Outcome::Deny => None,
    };
    let again = Decision {
        person: verdict.person,
        credential: verdict.credential,
        release_ms,
        reason: verdict.reason,
        rules_version: RULES_VERSION,
        policy_version: verdict.policy_version,
        alarms: verdict.alarms,
        ..decision.clone()
    };
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

/// The decisions among records, each with its instant.
pub fn decisions(records: &[Record]) -> impl Iterator<Item = (UnixMs, &Decision)> {
    records.iter().filter_map(|record| match &record.event {
        Event::Decision(decision) => Some((record.at, decision)),
        _ => None,
    })
}
