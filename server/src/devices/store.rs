//! SQL of devices.

use access_core::ids::TenantId;
use access_core::word::Word;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use super::DeviceHealth;

/// Every device that has reported since its agent started. Agents that were revoked have none.
pub(super) async fn list(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Vec<DeviceHealth>> {
    sqlx::query(
        "SELECT device.agent_id, device.device, device.door_id, device.side, device.state, device.since \
         FROM device_states device JOIN agents agent ON agent.tenant_id = device.tenant_id AND agent.id = device.agent_id \
         WHERE device.tenant_id = $1 AND agent.state <> 'revoked' \
         ORDER BY device.agent_id, device.door_id, device.device, device.side",
    )
    .bind(tenant.as_uuid())
    .try_map(|row: PgRow| {
        Ok(DeviceHealth {
            agent_id: row.try_get("agent_id")?,
            device: word("device", row.try_get("device")?)?,
            door_id: row.try_get("door_id")?,
            side: row.try_get::<Option<&str>, _>("side")?.map(|text| word("side", text)).transpose()?,
            state: word("state", row.try_get("state")?)?,
            since: row.try_get("since")?,
        })
    })
    .fetch_all(db)
    .await
}

fn word<W: Word>(column: &str, text: &str) -> sqlx::Result<W> {
    W::from_word(text).ok_or_else(|| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("`{text}` is not a word of {}", W::NAME).into(),
    })
}
