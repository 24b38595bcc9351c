//! SQL of sites and areas.

use access_core::ids::TenantId;
use access_core::word::Word as _;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Area, AreaSettings, NewArea, NewSite, Site};

const SITE: &str = "id, name, time_zone, accepts_uid_only, accepts_uid_only_reason, calendar_id, row_version";
const AREA: &str = "id, site_id, name, anti_passback, anti_passback_s, persons_max, two_person_s, two_person_group_id, \
                    two_person_other_group_id, row_version";

/// Every site; a tenant has few.
pub async fn list(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Vec<Site>> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!("SELECT {SITE} FROM sites WHERE tenant_id = $1 ORDER BY name")))
        .bind(tenant.as_uuid())
        .fetch_all(db)
        .await
}

/// One site, locked against other changes until the transaction ends.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Site>> {
    let sql = format!("SELECT {SITE} FROM sites WHERE tenant_id = $1 AND id = $2 FOR UPDATE");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id).fetch_optional(db).await
}

/// Makes a site.
pub async fn insert(db: &mut PgConnection, tenant: TenantId, id: Uuid, new: &NewSite) -> sqlx::Result<Site> {
    let sql = format!(
        "INSERT INTO sites (tenant_id, id, name, time_zone, accepts_uid_only, accepts_uid_only_reason, calendar_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING {SITE}"
    );
    bind_site(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id), new).fetch_one(db).await
}

/// Changes a site.
pub async fn update(db: &mut PgConnection, tenant: TenantId, id: Uuid, new: &NewSite) -> sqlx::Result<Site> {
    let sql = format!(
        "UPDATE sites SET name = $3, time_zone = $4, accepts_uid_only = $5, accepts_uid_only_reason = $6, \
         calendar_id = $7, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2 RETURNING {SITE}"
    );
    bind_site(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id), new).fetch_one(db).await
}

type SiteQuery<'q> = sqlx::query::QueryAs<'q, sqlx::Postgres, Site, sqlx::postgres::PgArguments>;

fn bind_site<'q>(query: SiteQuery<'q>, new: &'q NewSite) -> SiteQuery<'q> {
    query
        .bind(&new.name)
        .bind(&new.time_zone)
        .bind(new.accepts_uid_only)
        .bind(&new.accepts_uid_only_reason)
        .bind(new.calendar_id)
}

/// Every area.
pub async fn list_areas(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Vec<Area>> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!("SELECT {AREA} FROM areas WHERE tenant_id = $1 ORDER BY site_id, name")))
        .bind(tenant.as_uuid())
        .fetch_all(db)
        .await
}

/// One area, locked against other changes until the transaction ends.
pub async fn get_area(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Area>> {
    let sql = format!("SELECT {AREA} FROM areas WHERE tenant_id = $1 AND id = $2 FOR UPDATE");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id).fetch_optional(db).await
}

/// Makes an area.
pub async fn insert_area(db: &mut PgConnection, tenant: TenantId, id: Uuid, new: &NewArea) -> sqlx::Result<Area> {
    let sql = format!("INSERT INTO areas (tenant_id, id, site_id, name) VALUES ($1, $2, $3, $4) RETURNING {AREA}");
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(new.site_id)
        .bind(&new.name)
        .fetch_one(db)
        .await
}

/// Changes an area.
pub async fn update_area(db: &mut PgConnection, tenant: TenantId, id: Uuid, new: &AreaSettings) -> sqlx::Result<Area> {
    let sql = format!(
        "UPDATE areas SET name = $3, anti_passback = $4, anti_passback_s = $5, persons_max = $6, two_person_s = $7, \
         two_person_group_id = $8, two_person_other_group_id = $9, row_version = row_version + 1 \
         WHERE tenant_id = $1 AND id = $2 RETURNING {AREA}"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(&new.name)
        .bind(new.anti_passback.as_str())
        .bind(new.anti_passback_s)
        .bind(new.persons_max)
        .bind(new.two_person_s)
        .bind(new.two_person_group_id)
        .bind(new.two_person_other_group_id)
        .fetch_one(db)
        .await
}

/// Removes an area. Fails by a constraint while a door leads there, or a rule names it.
pub async fn delete_area(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM areas WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}
