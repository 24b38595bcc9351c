//! SQL of airlocks.

use access_core::ids::TenantId;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::Interlock;

const SELECT: &str = "SELECT interlock.id, interlock.name, interlock.row_version, ARRAY(SELECT held.door_id \
    FROM interlock_doors held WHERE held.tenant_id = interlock.tenant_id AND held.interlock_id = interlock.id \
    ORDER BY held.door_id) AS door_ids FROM interlocks interlock WHERE interlock.tenant_id = $1";

/// Every airlock, by name.
pub async fn list(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Vec<Interlock>> {
    let sql = AssertSqlSafe(format!("{SELECT} ORDER BY interlock.name"));
    sqlx::query_as(sql).bind(tenant.as_uuid()).fetch_all(db).await
}

/// One airlock, locked against other changes until the transaction ends.
pub async fn get_locked(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Interlock>> {
    one(db, tenant, id, "FOR UPDATE OF interlock").await
}

async fn one(db: &mut PgConnection, tenant: TenantId, id: Uuid, lock: &str) -> sqlx::Result<Option<Interlock>> {
    let sql = AssertSqlSafe(format!("{SELECT} AND interlock.id = $2 {lock}"));
    sqlx::query_as(sql).bind(tenant.as_uuid()).bind(id).fetch_optional(db).await
}

/// Makes an airlock.
pub async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    name: &str,
    doors: &[Uuid],
) -> sqlx::Result<Interlock> {
    sqlx::query("INSERT INTO interlocks (tenant_id, id, name) VALUES ($1, $2, $3)")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(name)
        .execute(&mut *db)
        .await?;
    write_doors(db, tenant, id, doors).await
}

/// Puts a name and doors in place of those before.
pub async fn replace(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    name: &str,
    doors: &[Uuid],
) -> sqlx::Result<Interlock> {
    sqlx::query("UPDATE interlocks SET name = $3, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(name)
        .execute(&mut *db)
        .await?;
    sqlx::query("DELETE FROM interlock_doors WHERE tenant_id = $1 AND interlock_id = $2 AND door_id <> ALL ($3)")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(doors)
        .execute(&mut *db)
        .await?;
    write_doors(db, tenant, id, doors).await
}

async fn write_doors(db: &mut PgConnection, tenant: TenantId, id: Uuid, doors: &[Uuid]) -> sqlx::Result<Interlock> {
    sqlx::query(
        "INSERT INTO interlock_doors (tenant_id, interlock_id, door_id) SELECT $1, $2, unnest($3::uuid[]) \
         EXCEPT SELECT tenant_id, interlock_id, door_id FROM interlock_doors WHERE tenant_id = $1",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .bind(doors)
    .execute(&mut *db)
    .await?;
    one(db, tenant, id, "").await?.ok_or(sqlx::Error::RowNotFound)
}

/// Removes an airlock.
pub async fn delete(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM interlocks WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// The name of an airlock whose doors hang on several agents, if there is one. Doors that hang on none yet don't count.
pub async fn split(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "SELECT interlock.name FROM interlocks interlock \
         JOIN interlock_doors held ON held.tenant_id = interlock.tenant_id AND held.interlock_id = interlock.id \
         JOIN agent_doors served ON served.tenant_id = held.tenant_id AND served.door_id = held.door_id \
         WHERE interlock.tenant_id = $1 GROUP BY interlock.name HAVING count(DISTINCT served.agent_id) > 1 LIMIT 1",
    )
    .bind(tenant.as_uuid())
    .fetch_optional(db)
    .await
}

/// The names of a door without a contact and of the airlock that it is in, if there is one.
pub async fn without_contact(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Option<(String, String)>> {
    sqlx::query_as(
        "SELECT door.name, interlock.name FROM interlocks interlock \
         JOIN interlock_doors held ON held.tenant_id = interlock.tenant_id AND held.interlock_id = interlock.id \
         JOIN doors door ON door.tenant_id = held.tenant_id AND door.id = held.door_id \
         WHERE interlock.tenant_id = $1 AND NOT door.has_contact ORDER BY interlock.name, door.name LIMIT 1",
    )
    .bind(tenant.as_uuid())
    .fetch_optional(db)
    .await
}
