//! SQL of access levels.

use access_core::ids::TenantId;
use access_core::word::Word as _;
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{AccessLevel, LevelLine, LevelSettings, PlaceKind};
use crate::http::{ApiError, ApiResult};

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
        SELECT jsonb_agg(jsonb_build_object('side', line.sides, 'schedule_id', line.schedule_id, 'factors', line.factors, \
            'places', COALESCE((\
            SELECT jsonb_agg(jsonb_build_object('kind', held.kind, 'id', COALESCE(held.site_id, held.area_id, held.door_id)) \
                ORDER BY held.kind, held.site_id, held.area_id, held.door_id) FROM access_level_line_places held \
            WHERE held.tenant_id = line.tenant_id AND held.level_id = line.level_id AND held.place = line.place), '[]')) \
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
            "INSERT INTO access_level_lines (tenant_id, level_id, place, sides, schedule_id, factors) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(place)
        .bind(line.side.as_str())
        .bind(line.schedule_id)
        .bind(line.factors.map(|factors| factors.as_str()))
        .execute(&mut *db)
        .await?;
        let ids = |kind: PlaceKind| line.places.iter().map(|held| held.id_of(kind)).collect::<Vec<_>>();
        sqlx::query(
            "INSERT INTO access_level_line_places (tenant_id, level_id, place, kind, site_id, area_id, door_id) \
             SELECT $1, $2, $3, given.* FROM unnest($4::text[], $5::uuid[], $6::uuid[], $7::uuid[]) AS given",
        )
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(place)
        .bind(line.places.iter().map(|held| held.kind.as_str()).collect::<Vec<_>>())
        .bind(ids(PlaceKind::Site))
        .bind(ids(PlaceKind::Area))
        .bind(ids(PlaceKind::Door))
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// Refuses the first line whose schedule the tenant does not have.
pub async fn require_schedules(db: &mut PgConnection, tenant: TenantId, lines: &[LevelLine]) -> ApiResult<()> {
    let known: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM schedules WHERE tenant_id = $1 AND id = ANY ($2)")
        .bind(tenant.as_uuid())
        .bind(lines.iter().filter_map(|line| line.schedule_id).collect::<Vec<_>>())
        .fetch_all(db)
        .await?;
    for (place, line) in lines.iter().enumerate() {
        if let Some(unknown) = line.schedule_id.filter(|id| !known.contains(id)) {
            let field = format!("lines[{place}].schedule_id");
            return Err(ApiError::field(&field, format!("there is no schedule {unknown}")));
        }
    }
    Ok(())
}

/// Who holds a level at `now` or will, in words; people are counted, not named.
pub async fn uses(db: &mut PgConnection, tenant: TenantId, id: Uuid, now: DateTime<Utc>) -> sqlx::Result<Vec<String>> {
    let held = "held.tenant_id = $1 AND held.level_id = $2 AND held.revoked_at IS NULL \
                AND (held.valid_until IS NULL OR held.valid_until > $3)";
    let sql = format!(
        "SELECT DISTINCT 'group “' || g.name || '”' FROM grants held \
            JOIN groups g ON g.tenant_id = held.tenant_id AND g.id = held.group_id WHERE {held} \
         UNION SELECT count(DISTINCT held.person_id) || ' persons' FROM grants held \
            WHERE held.person_id IS NOT NULL AND {held} HAVING count(*) > 0 ORDER BY 1"
    );
    sqlx::query_scalar(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id).bind(now).fetch_all(db).await
}

/// Removes an access level that nobody holds, and the grants of it that are over: the log and the rules' history keep them.
pub async fn delete(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<()> {
    for sql in [
        "DELETE FROM grants WHERE tenant_id = $1 AND level_id = $2",
        "DELETE FROM access_levels WHERE tenant_id = $1 AND id = $2",
    ] {
        sqlx::query(sql).bind(tenant.as_uuid()).bind(id).execute(&mut *db).await?;
    }
    Ok(())
}
