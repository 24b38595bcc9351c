//! SQL of alarms.

use access_core::ids::TenantId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Alarm;

const ALARM: &str = "SELECT id, kind, priority, door_id, agent_id, person_id, raised_at, times, raised_again_at, position, cleared_at, \
     acknowledged_at, acknowledged_by, note FROM alarms WHERE tenant_id = $1";

/// Where a list of alarms that nobody acknowledged goes on: after this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// Its priority.
    pub priority: i16,
    /// Since when it stands.
    pub raised_at: DateTime<Utc>,
    /// Which one it is.
    pub id: Uuid,
}

/// Alarms that nobody acknowledged: by priority, then the oldest first.
pub async fn open(
    db: &mut PgConnection,
    tenant: TenantId,
    after: Option<After>,
    limit: i64,
) -> sqlx::Result<Vec<Alarm>> {
    let sql = format!(
        "{ALARM} AND acknowledged_at IS NULL AND ($2::smallint IS NULL OR (priority, raised_at, id) > ($2, $3, $4)) \
         ORDER BY priority, raised_at, id LIMIT $5"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(after.map(|after| after.priority))
        .bind(after.map(|after| after.raised_at))
        .bind(after.map(|after| after.id))
        .bind(limit)
        .fetch_all(db)
        .await
}

/// All alarms raised before a position, newest first.
pub async fn before(
    db: &mut PgConnection,
    tenant: TenantId,
    position: i64,
    id: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<Alarm>> {
    let sql = format!("{ALARM} AND (position, id) < ($2, $3) ORDER BY position DESC, id DESC LIMIT $4");
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(position)
        .bind(id)
        .bind(limit)
        .fetch_all(db)
        .await
}

/// One alarm, locked until the transaction ends.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Alarm>> {
    let sql = format!("{ALARM} AND id = $2");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id).fetch_optional(db).await
}

/// Acknowledges an alarm, unless somebody did.
pub async fn acknowledge(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    by: Uuid,
    note: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE alarms SET acknowledged_at = $3, acknowledged_by = $4, note = $5 \
         WHERE tenant_id = $1 AND id = $2 AND acknowledged_at IS NULL",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .bind(now)
    .bind(by)
    .bind(note)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
