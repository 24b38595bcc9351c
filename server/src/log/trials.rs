//! How doors are wired and were tried, read off their agents' records: the newest word on each.

use access_core::event::{Author, DoorZone, Event};
use access_core::ids::{AgentId, DoorId};
use access_core::word::Word as _;

use super::sequencer::Placed;
use crate::db::TenantTx;

/// Takes one record, in its place in the order.
pub(super) async fn take(tx: &mut TenantTx, row: &Placed) -> anyhow::Result<()> {
    let Author::Agent(agent) = row.record.author else { return Ok(()) };
    match &row.record.event {
        // Another machine, or the same with an empty disk: its wires were tried by nobody yet.
        Event::EpochBegan { .. } => {
            sqlx::query("DELETE FROM door_trials WHERE tenant_id = $1 AND agent_id = $2")
                .bind(tx.tenant().as_uuid())
                .bind(agent.as_uuid())
                .execute(&mut **tx)
                .await?;
        }
        Event::DoorWired { door, wiring, zones } => wired(tx, row, (agent, *door), (&wiring.0, zones)).await?,
        Event::DoorTried(trial) => {
            sqlx::query(
                "INSERT INTO door_trials (tenant_id, door_id, agent_id, tried_position, tried_wiring, is_passed) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, door_id, agent_id) DO UPDATE SET \
                 tried_position = excluded.tried_position, tried_wiring = excluded.tried_wiring, is_passed = excluded.is_passed",
            )
            .bind(tx.tenant().as_uuid())
            .bind(trial.door.as_uuid())
            .bind(agent.as_uuid())
            .bind(row.position)
            .bind(trial.wiring.0.to_vec())
            .bind(trial.is_passed())
            .execute(&mut **tx)
            .await?;
        }
        _ => {}
    }
    Ok(())
}

async fn wired(
    tx: &mut TenantTx,
    row: &Placed,
    (agent, door): (AgentId, DoorId),
    (wiring, zones): (&[u8; 32], &[DoorZone]),
) -> anyhow::Result<()> {
    sqlx::query(
        "INSERT INTO door_trials (tenant_id, door_id, agent_id, wiring, wired_at, zones) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (tenant_id, door_id, agent_id) DO UPDATE SET wiring = excluded.wiring, wired_at = excluded.wired_at, \
         zones = excluded.zones",
    )
    .bind(tx.tenant().as_uuid())
    .bind(door.as_uuid())
    .bind(agent.as_uuid())
    .bind(wiring.to_vec())
    .bind(row.received_at)
    .bind(zones.iter().map(|zone| zone.as_str()).collect::<Vec<_>>())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
