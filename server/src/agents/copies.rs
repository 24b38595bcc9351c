//! Signs that an agent was copied: two machines that use its keys. Called where a certificate is renewed and where a link
//! gives way to a newer one.
//!
//! A certificate is renewed for one key. The agent keeps that key before it asks, so whoever asks again for another key with
//! the same certificate is a second machine, however often the first renewed since: both are shut out, since nothing here
//! tells which is the true one. The other signs have innocent causes too (a disk put back, a bad network): they are alarms, once an hour, and shut nobody out.

use access_core::event::{CopySign, Event};
use access_core::ids::{AgentId, TenantId};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::Standing;
use super::store::{self, Issued, LinkRow};
use crate::audit::append_event;
use crate::cards;
use crate::certificates::{AGENT_CERTIFICATE_HOURS, AgentName};
use crate::db::TenantTx;
use crate::state::AppState;

/// How long signs of a copy that shut nobody out are no new alarm, in minutes.
const REPORT_MINUTES: i64 = 60;
/// A renewed certificate is not renewed again before so many hours are over. An agent asks at half of its life, twelve hours,
/// by its own clock, which may be ahead.
const RENEWAL_HOURS_MIN: i64 = AGENT_CERTIFICATE_HOURS / 4;

/// What becomes of a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renewal {
    /// A certificate of this generation is issued: the first time, or again because the answer was lost.
    Issue(i32),
    /// It was renewed just now. Nothing is amiss but perhaps the agent's clock: it asks again later.
    TooEarly,
    /// The certificate was renewed for another key: there are two machines.
    RenewedTwice,
    /// The certificate's successor is in use already.
    OldCertificate,
    /// The authority issued this, yet the agent's row knows no such generation: the database is older.
    NeverIssued,
}

/// SHA-256 of a certificate's public key, as it was asked for.
pub(super) fn key_hash(spki: &[u8]) -> [u8; 32] {
    Sha256::digest(spki).into()
}

/// What becomes of a renewal for this key with a certificate of this generation, by what is known of this certificate and of
/// its successor.
pub(super) fn judge(
    row: &LinkRow,
    generation: i32,
    key: &[u8; 32],
    (own, successor): (Option<&Issued>, Option<&Issued>),
    now: DateTime<Utc>,
) -> Renewal {
    let newest = row.certificate_generation;
    if generation == newest {
        // One that was issued later than now says that this clock was put back: the agent's certificate ends all the same.
        let since = own.map(|own| now - own.issued_at).filter(|since| *since >= TimeDelta::zero());
        let is_early = since.is_some_and(|since| since < TimeDelta::hours(RENEWAL_HOURS_MIN));
        return if is_early { Renewal::TooEarly } else { Renewal::Issue(newest.saturating_add(1)) };
    }
    if generation > newest {
        return Renewal::NeverIssued;
    }
    match successor {
        Some(successor) if successor.key_hash != key => Renewal::RenewedTwice,
        // Who asks again for the same key did not get the answer; who used it did.
        _ if generation < newest - 1 || row.generation_used >= newest => Renewal::OldCertificate,
        _ => Renewal::Issue(newest),
    }
}

/// Shuts an agent out, both copies of it, with an alarm. The caller commits, and then ends its link.
pub(super) async fn quarantine(tx: &mut TenantTx, name: AgentName, now: DateTime<Utc>) -> anyhow::Result<()> {
    let AgentName { tenant, agent, generation } = name;
    tracing::error!(%tenant, %agent, generation, "a certificate was renewed for two keys: the agent was copied");
    store::set_state(tx, tenant, agent, Standing::Quarantined).await?;
    // One of the two is somebody else's, with the reading keys that the agent was sent.
    cards::store::rekey_held_by(tx, tenant, agent, now).await?;
    append_event(tx, &copied(agent, generation, CopySign::RenewedTwice), now).await
}

/// Raises an alarm, unless there was one within the hour.
pub(super) async fn report(
    state: &AppState,
    AgentName { tenant, agent, generation }: AgentName,
    sign: CopySign,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let mut tx = state.db.begin(tenant, None).await?;
    if take_turn(&mut tx, tenant, agent, now).await? {
        tracing::error!(%tenant, %agent, generation, %sign, "the agent may have been copied");
        append_event(&mut tx, &copied(agent, generation, sign), now).await?;
        tx.commit().await?;
    }
    Ok(())
}

fn copied(agent: AgentId, generation: i32, sign: CopySign) -> Event {
    Event::AgentCopied { agent, generation: generation.unsigned_abs(), sign }
}

async fn take_turn(db: &mut PgConnection, tenant: TenantId, agent: AgentId, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let taken = sqlx::query(
        "UPDATE agents SET copy_reported_at = $3 WHERE tenant_id = $1 AND id = $2 \
         AND (copy_reported_at IS NULL OR copy_reported_at <= $4)",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(now)
    .bind(now - TimeDelta::minutes(REPORT_MINUTES))
    .execute(db)
    .await?;
    Ok(taken.rows_affected() == 1)
}
