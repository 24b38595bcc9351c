//! Access levels, with the places of their lines.

use std::collections::BTreeMap;

use access_core::ids::TenantId;
use access_core::policy::{AccessLevel, LevelLine};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::PlaceColumns;

#[derive(sqlx::FromRow)]
struct LineRow {
    id: Uuid,
    sides: Option<String>,
    schedule_id: Option<Uuid>,
    factors: Option<String>,
    places: Option<Json<Vec<PlaceColumns>>>,
}

pub(super) async fn levels(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<AccessLevel>> {
    let rows: Vec<LineRow> = sqlx::query_as(
        "SELECT level.id, line.sides, line.schedule_id, line.factors, \
         (SELECT jsonb_agg(jsonb_build_object('kind', held.kind, 'site_id', held.site_id, 'area_id', held.area_id, \
             'door_id', held.door_id) ORDER BY held.site_id, held.area_id, held.door_id) \
          FROM access_level_line_places held \
          WHERE held.tenant_id = line.tenant_id AND held.level_id = line.level_id AND held.place = line.place) AS places \
         FROM access_levels level LEFT JOIN access_level_lines line \
         ON line.tenant_id = level.tenant_id AND line.level_id = level.id \
         WHERE level.tenant_id = $1 ORDER BY level.id, line.place",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    let mut levels: BTreeMap<Uuid, Vec<LevelLine>> = BTreeMap::new();
    for row in rows {
        let lines = levels.entry(row.id).or_default();
        if let Some(sides) = row.sides {
            let places = row.places.map(|places| places.0).unwrap_or_default();
            lines.push(LevelLine {
                places: places.iter().map(PlaceColumns::place).collect::<anyhow::Result<_>>()?,
                sides: sides.parse()?,
                schedule: row.schedule_id.map(Into::into),
                factors: row.factors.map(|word| word.parse()).transpose()?,
            });
        }
    }
    Ok(levels.into_iter().map(|(id, lines)| AccessLevel { id: id.into(), lines }).collect())
}
