//! SQL of access levels.

use access_core::ids::TenantId;
use access_core::word::Word as _;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{AccessLevel, LevelLine, LevelSettings};

#[derive(sqlx::FromRow)]
struct LevelRow {
    id: Uuid,
    name: String,
    row_version: i64,
    lines: Json<Vec<LevelLine>>,
}

impl From<LevelRow> for AccessLevel {
    fn from(row: LevelRow) -> Self {
        Self { id: row.id, name: row.name, version: row.row_version, lines: row.lines.0 }
    }
}

const SELECT: &str = "SELECT l.id, l.name, l.row_version, COALESCE((\
        SELECT jsonb_agg(jsonb_build_object('side', line.sides, 'schedule_id', line.schedule_id, 'door_ids', COALESCE((\
            SELECT jsonb_agg(held.door_id ORDER BY held.door_id) FROM access_level_line_places held \
            WHERE held.tenant_id = line.tenant_id AND held.level_id = line.level_id AND held.place = line.place AND held.kind = 'door'), '[]')) \
            ORDER BY line.place) \
        FROM access_level_lines line WHERE line.tenant_id = l.tenant_id AND line.level_id = l.id), '[]') AS lines \
    FROM access_levels l WHERE l.tenant_id = $1";

/// Every access level, by name; a tenant has few.
pub async fn list(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Vec<AccessLevel>> {
    let sql = format!("{SELECT} ORDER BY l.name");
    let rows: Vec<LevelRow> = sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).fetch_all(db).await?;
    Ok(rows.into_iter().map(AccessLevel::from).collect())
}

/// One access level.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<AccessLevel>> {
    one(db, tenant, id, "").await
}

/// One access level, locked against other changes until the transaction ends.
pub async fn get_locked(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<AccessLevel>> {
    one(db, tenant, id, "FOR UPDATE OF l").await
}

async fn one(db: &mut PgConnection, tenant: TenantId, id: Uuid, lock: &str) -> sqlx::Result<Option<AccessLevel>> {
    let sql = AssertSqlSafe(format!("{SELECT} AND l.id = $2 {lock}"));
    let row: Option<LevelRow> = sqlx::query_as(sql).bind(tenant.as_uuid()).bind(id).fetch_optional(db).await?;
    Ok(row.map(AccessLevel::from))
}

/// Makes an access level.
pub async fn insert(db: &mut PgConnection, tenant: TenantId, id: Uuid, level: &LevelSettings) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO access_levels (tenant_id, id, name) VALUES ($1, $2, $3)")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(&level.name)
        .execute(&mut *db)
        .await?;
    insert_lines(db, tenant, id, &level.lines).await
}

/// Puts a name and lines in place of what a level had.
pub async fn replace(db: &mut PgConnection, tenant: TenantId, id: Uuid, level: &LevelSettings) -> sqlx::Result<()> {
    sqlx::query("UPDATE access_levels SET name = $3, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(&level.name)
        .execute(&mut *db)
        .await?;
    sqlx::query("DELETE FROM access_level_lines WHERE tenant_id = $1 AND level_id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .execute(&mut *db)
        .await?;
    insert_lines(db, tenant, id, &level.lines).await
}

async fn insert_lines(db: &mut PgConnection, tenant: TenantId, id: Uuid, lines: &[LevelLine]) -> sqlx::Result<()> {
    for (place, line) in (0i16..).zip(lines) {
        sqlx::query(
            "INSERT INTO access_level_lines (tenant_id, level_id, place, sides, schedule_id) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(place)
        .bind(line.side.as_str())
        .bind(line.schedule_id)
        .execute(&mut *db)
        .await?;
        sqlx::query(
            "INSERT INTO access_level_line_places (tenant_id, level_id, place, kind, door_id) \
             SELECT $1, $2, $3, 'door', door_id FROM unnest($4::uuid[]) AS door_id",
        )
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(place)
        .bind(&line.door_ids)
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// Removes an access level. Fails by constraint `grants_level_exists` while anyone holds or held it.
pub async fn delete(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM access_levels WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}
