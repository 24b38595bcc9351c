//! SQL of doors.

use access_core::ids::TenantId;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use uuid::Uuid;

use super::{Door, DoorSettings};

const DOOR: &str = "id, name, site_id, area_outside_id, area_inside_id, factors_in, factors_out, release_ms, held_ms, \
                    exit, has_contact, row_version, (SELECT served.agent_id FROM agent_doors served \
                    WHERE served.tenant_id = doors.tenant_id AND served.door_id = doors.id) AS agent_id";

fn door(row: PgRow) -> sqlx::Result<Door> {
    Ok(Door {
        id: row.try_get("id")?,
        version: row.try_get("row_version")?,
        agent_id: row.try_get("agent_id")?,
        rule: DoorSettings {
            name: row.try_get("name")?,
            site_id: row.try_get("site_id")?,
            area_outside_id: row.try_get("area_outside_id")?,
            area_inside_id: row.try_get("area_inside_id")?,
            factors_in: word(&row, "factors_in")?,
            factors_out: word(&row, "factors_out")?,
            release_ms: row.try_get("release_ms")?,
            held_warning_ms: row.try_get("held_ms")?,
            exit: word(&row, "exit")?,
            has_contact: row.try_get("has_contact")?,
        },
    })
}

fn word<W: access_core::word::Word>(row: &PgRow, column: &str) -> sqlx::Result<W> {
    let text: &str = row.try_get(column)?;
    W::from_word(text).ok_or_else(|| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("`{text}` is not a word of {}", W::NAME).into(),
    })
}

/// Every door, by name.
pub async fn list(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Vec<Door>> {
    sqlx::query(AssertSqlSafe(format!("SELECT {DOOR} FROM doors WHERE tenant_id = $1 ORDER BY name, id")))
        .bind(tenant.as_uuid())
        .try_map(door)
        .fetch_all(db)
        .await
}

/// One door, locked against other changes until the transaction ends.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Door>> {
    sqlx::query(AssertSqlSafe(format!("SELECT {DOOR} FROM doors WHERE tenant_id = $1 AND id = $2 FOR UPDATE OF doors")))
        .bind(tenant.as_uuid())
        .bind(id)
        .try_map(door)
        .fetch_optional(db)
        .await
}

/// Makes a door.
pub async fn insert(db: &mut PgConnection, tenant: TenantId, id: Uuid, new: &DoorSettings) -> sqlx::Result<Door> {
    let sql = format!(
        "INSERT INTO doors (tenant_id, id, name, site_id, area_outside_id, area_inside_id, factors_in, factors_out, \
         release_ms, held_ms, exit, has_contact) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING {DOOR}"
    );
    write(db, sql, tenant, id, new).await
}

/// Changes a door.
pub async fn update(db: &mut PgConnection, tenant: TenantId, id: Uuid, new: &DoorSettings) -> sqlx::Result<Door> {
    let sql = format!(
        "UPDATE doors SET name = $3, site_id = $4, area_outside_id = $5, area_inside_id = $6, factors_in = $7, \
         factors_out = $8, release_ms = $9, held_ms = $10, exit = $11, has_contact = $12, row_version = row_version + 1 \
         WHERE tenant_id = $1 AND id = $2 RETURNING {DOOR}"
    );
    write(db, sql, tenant, id, new).await
}

async fn write(
    db: &mut PgConnection,
    sql: String,
    tenant: TenantId,
    id: Uuid,
    settings: &DoorSettings,
) -> sqlx::Result<Door> {
    use access_core::word::Word as _;
    sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(&settings.name)
        .bind(settings.site_id)
        .bind(settings.area_outside_id)
        .bind(settings.area_inside_id)
        .bind(settings.factors_in.as_str())
        .bind(settings.factors_out.as_str())
        .bind(settings.release_ms)
        .bind(settings.held_warning_ms)
        .bind(settings.exit.as_str())
        .bind(settings.has_contact)
        .try_map(door)
        .fetch_one(db)
        .await
}
