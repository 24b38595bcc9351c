//! SQL of travel times.

use access_core::ids::TenantId;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{NewTravelTime, TravelTime};

const COLUMNS: &str = "id, door_id, other_door_id, site_id, other_site_id, least_s, row_version";

/// Every travel time: sites first, then doors.
pub async fn list(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Vec<TravelTime>> {
    let sql = format!("SELECT {COLUMNS} FROM travel_times WHERE tenant_id = $1 ORDER BY site_id, other_site_id, id");
    sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).fetch_all(db).await
}

/// One travel time, locked against other changes until the transaction ends.
pub async fn get_locked(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<TravelTime>> {
    let sql = format!("SELECT {COLUMNS} FROM travel_times WHERE tenant_id = $1 AND id = $2 FOR UPDATE");
    sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id).fetch_optional(db).await
}

/// Makes a travel time.
pub async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    new: &NewTravelTime,
) -> sqlx::Result<TravelTime> {
    let sql = format!(
        "INSERT INTO travel_times (tenant_id, id, door_id, other_door_id, site_id, other_site_id, least_s) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING {COLUMNS}"
    );
    sqlx::query_as(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(new.door_id)
        .bind(new.other_door_id)
        .bind(new.site_id)
        .bind(new.other_site_id)
        .bind(new.least_s)
        .fetch_one(db)
        .await
}

/// Says another time.
pub async fn update(db: &mut PgConnection, tenant: TenantId, id: Uuid, least_s: i32) -> sqlx::Result<TravelTime> {
    let sql = format!(
        "UPDATE travel_times SET least_s = $3, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2 \
         RETURNING {COLUMNS}"
    );
    sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id).bind(least_s).fetch_one(db).await
}

/// Removes a travel time.
pub async fn delete(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM travel_times WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}
