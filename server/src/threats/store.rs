//! SQL of threat levels' descriptions.

use access_core::ids::TenantId;
use access_core::policy::FactorDemand;
use access_core::word::Word as _;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{ThreatLevel, ThreatLevelSettings};
use crate::access::{Place, PlaceKind};

#[derive(sqlx::FromRow)]
struct Row {
    level: i16,
    name: String,
    locks: bool,
    factors: Option<Json<FactorDemand>>,
    places: Json<Vec<Place>>,
    exempt: Vec<Uuid>,
    row_version: i64,
}

impl From<Row> for ThreatLevel {
    fn from(row: Row) -> Self {
        let settings = ThreatLevelSettings {
            name: row.name,
            locks: row.locks,
            places: row.places.0,
            factors: row.factors.map(|factors| factors.0),
            exempt_group_ids: row.exempt,
        };
        Self { level: row.level, version: row.row_version, settings }
    }
}

const SELECT: &str = "SELECT threat.level, threat.name, threat.locks, to_jsonb(threat.factors) AS factors, threat.row_version, \
    COALESCE((SELECT jsonb_agg(jsonb_build_object('kind', held.kind, \
        'id', COALESCE(held.site_id, held.area_id, held.door_id))) FROM threat_level_places held \
        WHERE held.tenant_id = threat.tenant_id AND held.level = threat.level), '[]') AS places, \
    ARRAY(SELECT exempt.group_id FROM threat_level_exempt_groups exempt WHERE exempt.tenant_id = threat.tenant_id \
        AND exempt.level = threat.level ORDER BY exempt.group_id) AS exempt \
    FROM threat_levels threat WHERE threat.tenant_id = $1";

/// Every threat level that is described, the least grave first.
pub async fn list(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Vec<ThreatLevel>> {
    let sql = AssertSqlSafe(format!("{SELECT} ORDER BY threat.level"));
    let rows: Vec<Row> = sqlx::query_as(sql).bind(tenant.as_uuid()).fetch_all(db).await?;
    Ok(rows.into_iter().map(ThreatLevel::from).collect())
}

/// One threat level.
pub async fn get(db: &mut PgConnection, tenant: TenantId, level: i16) -> sqlx::Result<Option<ThreatLevel>> {
    one(db, tenant, level, "").await
}

/// One threat level, locked against other changes until the transaction ends.
pub async fn get_locked(db: &mut PgConnection, tenant: TenantId, level: i16) -> sqlx::Result<Option<ThreatLevel>> {
    one(db, tenant, level, "FOR UPDATE OF threat").await
}

async fn one(db: &mut PgConnection, tenant: TenantId, level: i16, lock: &str) -> sqlx::Result<Option<ThreatLevel>> {
    let sql = AssertSqlSafe(format!("{SELECT} AND threat.level = $2 {lock}"));
    let row: Option<Row> = sqlx::query_as(sql).bind(tenant.as_uuid()).bind(level).fetch_optional(db).await?;
    Ok(row.map(ThreatLevel::from))
}

/// Describes a threat level.
pub async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    level: i16,
    new: &ThreatLevelSettings,
) -> sqlx::Result<ThreatLevel> {
    sqlx::query("INSERT INTO threat_levels (tenant_id, level, name, locks, factors) VALUES ($1, $2, $3, $4, $5)")
        .bind(tenant.as_uuid())
        .bind(level)
        .bind(&new.name)
        .bind(new.locks)
        .bind(new.factors.map(FactorDemand::as_str))
        .execute(&mut *db)
        .await?;
    write_parts(db, tenant, level, new).await?;
    get(db, tenant, level).await?.ok_or(sqlx::Error::RowNotFound)
}

/// Puts a description in place of the one before.
pub async fn replace(
    db: &mut PgConnection,
    tenant: TenantId,
    level: i16,
    new: &ThreatLevelSettings,
) -> sqlx::Result<ThreatLevel> {
    sqlx::query(
        "UPDATE threat_levels SET name = $3, locks = $4, factors = $5, row_version = row_version + 1 \
         WHERE tenant_id = $1 AND level = $2",
    )
    .bind(tenant.as_uuid())
    .bind(level)
    .bind(&new.name)
    .bind(new.locks)
    .bind(new.factors.map(FactorDemand::as_str))
    .execute(&mut *db)
    .await?;
    for table in ["threat_level_places", "threat_level_exempt_groups"] {
        sqlx::query(AssertSqlSafe(format!("DELETE FROM {table} WHERE tenant_id = $1 AND level = $2")))
            .bind(tenant.as_uuid())
            .bind(level)
            .execute(&mut *db)
            .await?;
    }
    write_parts(db, tenant, level, new).await?;
    get(db, tenant, level).await?.ok_or(sqlx::Error::RowNotFound)
}

async fn write_parts(
    db: &mut PgConnection,
    tenant: TenantId,
    level: i16,
    new: &ThreatLevelSettings,
) -> sqlx::Result<()> {
    let places = &new.places;
    sqlx::query(
        "INSERT INTO threat_level_places (tenant_id, level, kind, site_id, area_id, door_id) \
         SELECT $1, $2, * FROM unnest($3::text[], $4::uuid[], $5::uuid[], $6::uuid[])",
    )
    .bind(tenant.as_uuid())
    .bind(level)
    .bind(places.iter().map(|place| place.kind.as_str()).collect::<Vec<_>>())
    .bind(places.iter().map(|place| place.id_of(PlaceKind::Site)).collect::<Vec<_>>())
    .bind(places.iter().map(|place| place.id_of(PlaceKind::Area)).collect::<Vec<_>>())
    .bind(places.iter().map(|place| place.id_of(PlaceKind::Door)).collect::<Vec<_>>())
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "INSERT INTO threat_level_exempt_groups (tenant_id, level, group_id) SELECT $1, $2, unnest($3::uuid[])",
    )
    .bind(tenant.as_uuid())
    .bind(level)
    .bind(&new.exempt_group_ids)
    .execute(db)
    .await?;
    Ok(())
}

/// Removes a description.
pub async fn delete(db: &mut PgConnection, tenant: TenantId, level: i16) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM threat_levels WHERE tenant_id = $1 AND level = $2")
        .bind(tenant.as_uuid())
        .bind(level)
        .execute(db)
        .await?;
    Ok(())
}
