//! How devices are, read off their agents' records: the newest word on each. An agent that starts has said nothing yet.

use access_core::event::{Author, Event};
use access_core::ids::DoorId;
use access_core::word::Word as _;

use super::sequencer::Placed;
use crate::clock;
use crate::db::TenantTx;

/// Takes one record, in its place in the order.
pub(super) async fn take(tx: &mut TenantTx, row: &Placed) -> anyhow::Result<()> {
    let Author::Agent(agent) = row.record.author else { return Ok(()) };
    let tenant = tx.tenant().as_uuid();
    match row.record.event {
        Event::AgentStarted { .. } => {
            sqlx::query("DELETE FROM device_states WHERE tenant_id = $1 AND agent_id = $2")
                .bind(tenant)
                .bind(agent.as_uuid())
                .execute(&mut **tx)
                .await?;
        }
        Event::DeviceChanged { device, door, side, state } => {
            sqlx::query(
                "INSERT INTO device_states (tenant_id, agent_id, device, door_id, side, state, since) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT ON CONSTRAINT device_states_one_of_each \
                 DO UPDATE SET state = excluded.state, since = excluded.since",
            )
            .bind(tenant)
            .bind(agent.as_uuid())
            .bind(device.as_str())
            .bind(door.map(DoorId::as_uuid))
            .bind(side.map(|side| side.as_str()))
            .bind(state.as_str())
            .bind(clock::from_unix_ms(row.record.at))
            .execute(&mut **tx)
            .await?;
        }
        _ => {}
    }
    Ok(())
}
