//! SQL: what the log says of things that are in force, and which agent serves which door. Read only.

use access_core::canonical;
use access_core::event::{Decision, DoorZone, Event, EventKind, Record, StateChange, StateSet};
use access_core::ids::{CredentialId, DoorId, TenantId};
use access_core::policy::Side;
use access_core::time::UnixMs;
use access_core::verdict::Effect;
use access_core::word::Word as _;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::LockedBy;
use crate::clock::from_unix_ms;

/// Newest refusals that are looked through for the one that locked something.
const REFUSALS_MAX: i64 = 100;
/// Newest of what operators set that are looked through for changes of threat levels.
const SETS_MAX: i64 = 500;

/// Every door with its agent.
pub async fn doors(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Vec<(Uuid, Option<Uuid>)>> {
    sqlx::query_as(
        "SELECT door.id, served.agent_id FROM doors door \
         LEFT JOIN agent_doors served ON served.tenant_id = door.tenant_id AND served.door_id = door.id \
         WHERE door.tenant_id = $1",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await
}

/// Zones that hang on doors' lines, as the agents that control them said last.
pub async fn zones(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<(Uuid, DoorZone)>> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT wired.door_id, zone FROM door_trials wired JOIN agent_doors controls \
         ON controls.tenant_id = wired.tenant_id AND controls.door_id = wired.door_id AND controls.agent_id = wired.agent_id \
         CROSS JOIN unnest(wired.zones) zone WHERE wired.tenant_id = $1",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    rows.into_iter().map(|(door, zone)| Ok((door, zone.parse()?))).collect()
}

/// What operators set at the instants of what is in force, each with its instant.
pub async fn sets(
    db: &mut PgConnection,
    tenant: TenantId,
    in_force: &[(UnixMs, StateChange)],
) -> anyhow::Result<Vec<(UnixMs, StateSet)>> {
    let by_operators = |change: &StateChange| !matches!(change, StateChange::CredentialLocked { .. });
    let instants: Vec<DateTime<Utc>> =
        in_force.iter().filter(|(_, change)| by_operators(change)).map(|(at, _)| from_unix_ms(*at)).collect();
    if instants.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT record FROM log_events WHERE tenant_id = $1 AND kind = $2 AND at = ANY ($3)")
            .bind(tenant.as_uuid())
            .bind(EventKind::StateSet.as_str())
            .bind(instants)
            .fetch_all(db)
            .await?;
    let mut sets = Vec::new();
    for bytes in rows {
        let record: Record = canonical::decode("record", &bytes)?;
        if record.is_its_authors_to_say()
            && let Event::StateSet(set) = record.event
        {
            sets.push((record.at, set));
        }
    }
    Ok(sets)
}

/// What operators set of late, newest first, with place in the log and instant.
pub async fn newest_sets(
    db: &mut PgConnection,
    tenant: TenantId,
) -> anyhow::Result<Vec<(i64, DateTime<Utc>, StateSet)>> {
    let rows: Vec<(i64, DateTime<Utc>, Vec<u8>)> = sqlx::query_as(
        "SELECT position, at, record FROM log_events WHERE tenant_id = $1 AND kind = $2 ORDER BY position DESC LIMIT $3",
    )
    .bind(tenant.as_uuid())
    .bind(EventKind::StateSet.as_str())
    .bind(SETS_MAX)
    .fetch_all(db)
    .await?;
    let mut sets = Vec::new();
    for (position, at, bytes) in rows {
        let record: Record = canonical::decode("record", &bytes)?;
        if record.is_its_authors_to_say()
            && let Event::StateSet(set) = record.event
        {
            sets.push((position, at, set));
        }
    }
    Ok(sets)
}

/// Whose a card is, and its last digits.
pub async fn card(db: &mut PgConnection, tenant: TenantId, card: CredentialId) -> sqlx::Result<Option<(Uuid, String)>> {
    sqlx::query_as("SELECT person_id, label FROM credentials WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(card.as_uuid())
        .fetch_optional(db)
        .await
}

/// The refusal that locked a person's card.
pub async fn card_locked_by(
    db: &mut PgConnection,
    tenant: TenantId,
    person: Uuid,
    card: CredentialId,
) -> anyhow::Result<Option<LockedBy>> {
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT event.position, event.record FROM log_event_persons about \
         JOIN log_events event ON event.tenant_id = about.tenant_id AND event.position = about.position \
         WHERE about.tenant_id = $1 AND about.person_id = $2 AND event.outcome = 'refused' \
         ORDER BY about.position DESC LIMIT $3",
    )
    .bind(tenant.as_uuid())
    .bind(person)
    .bind(REFUSALS_MAX)
    .fetch_all(db)
    .await?;
    locked_by(rows, |decision| {
        decision.verdict.credential == Some(card) && decision.verdict.effects.contains(&Effect::LockCard)
    })
}

/// The refusal that locked a reader.
pub async fn reader_locked_by(
    db: &mut PgConnection,
    tenant: TenantId,
    door: DoorId,
    side: Side,
) -> anyhow::Result<Option<LockedBy>> {
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT position, record FROM log_events WHERE tenant_id = $1 AND door_id = $2 AND outcome = 'refused' \
         ORDER BY position DESC LIMIT $3",
    )
    .bind(tenant.as_uuid())
    .bind(door.as_uuid())
    .bind(REFUSALS_MAX)
    .fetch_all(db)
    .await?;
    let locks = |effect: &Effect| matches!(effect, Effect::LockReader { .. });
    locked_by(rows, |decision| decision.attempt.side == side && decision.verdict.effects.iter().any(locks))
}

/// The first of these records that is a decision which did it.
fn locked_by(rows: Vec<(i64, Vec<u8>)>, did_it: impl Fn(&Decision) -> bool) -> anyhow::Result<Option<LockedBy>> {
    for (position, bytes) in rows {
        let Event::Decision(decision) = canonical::decode::<Record>("record", &bytes)?.event else { continue };
        if did_it(&decision) {
            return Ok(Some(LockedBy {
                reason: Some(decision.verdict.reason),
                door_id: Some(decision.attempt.door.into()),
                side: Some(decision.attempt.side),
                person_id: decision.verdict.person.map(Into::into),
                position: Some(position),
            }));
        }
    }
    Ok(None)
}
