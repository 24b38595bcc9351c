//! SQL of schedules.

use access_core::ids::TenantId;
use access_core::policy::{Span, Window};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{Schedule, WeekWindow};

#[derive(sqlx::FromRow)]
struct ScheduleRow {
    id: Uuid,
    name: String,
    row_version: i64,
    days: Vec<i16>,
    from_minutes: Vec<i16>,
    to_minutes: Vec<i16>,
}

impl From<ScheduleRow> for Schedule {
    fn from(row: ScheduleRow) -> Self {
        let windows = row.days.iter().zip(&row.from_minutes).zip(&row.to_minutes).map(|((&days, &from), &to)| {
            // The table's checks keep these within their types.
            let span = Span { from_minute: from as u16, to_minute: to as u16 };
            WeekWindow::from_rule(&Window { days: days as u8, day_types: 0, span })
        });
        Self { id: row.id, name: row.name, version: row.row_version, windows: windows.collect() }
    }
}

const SELECT: &str = "SELECT s.id, s.name, s.row_version, \
    ARRAY(SELECT days FROM schedule_windows w WHERE w.tenant_id = s.tenant_id AND w.schedule_id = s.id ORDER BY place) AS days, \
    ARRAY(SELECT from_minute FROM schedule_windows w WHERE w.tenant_id = s.tenant_id AND w.schedule_id = s.id ORDER BY place) AS from_minutes, \
    ARRAY(SELECT to_minute FROM schedule_windows w WHERE w.tenant_id = s.tenant_id AND w.schedule_id = s.id ORDER BY place) AS to_minutes \
    FROM schedules s WHERE s.tenant_id = $1";

/// Every schedule, by name; a tenant has few.
pub async fn list(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Vec<Schedule>> {
    let sql = format!("{SELECT} ORDER BY s.name");
    let rows: Vec<ScheduleRow> = sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).fetch_all(db).await?;
    Ok(rows.into_iter().map(Schedule::from).collect())
}

/// One schedule.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Schedule>> {
    one(db, tenant, id, "").await
}

/// One schedule, locked against other changes until the transaction ends.
pub async fn get_locked(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Schedule>> {
    one(db, tenant, id, "FOR UPDATE OF s").await
}

async fn one(db: &mut PgConnection, tenant: TenantId, id: Uuid, lock: &str) -> sqlx::Result<Option<Schedule>> {
    let sql = AssertSqlSafe(format!("{SELECT} AND s.id = $2 {lock}"));
    let row: Option<ScheduleRow> = sqlx::query_as(sql).bind(tenant.as_uuid()).bind(id).fetch_optional(db).await?;
    Ok(row.map(Schedule::from))
}

/// Makes a schedule.
pub async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    name: &str,
    windows: &[Window],
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO schedules (tenant_id, id, name) VALUES ($1, $2, $3)")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(name)
        .execute(&mut *db)
        .await?;
    insert_windows(db, tenant, id, windows).await
}

/// Puts a name and windows in place of what a schedule had.
pub async fn replace(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    name: &str,
    windows: &[Window],
) -> sqlx::Result<()> {
    sqlx::query("UPDATE schedules SET name = $3, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(name)
        .execute(&mut *db)
        .await?;
    sqlx::query("DELETE FROM schedule_windows WHERE tenant_id = $1 AND schedule_id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .execute(&mut *db)
        .await?;
    insert_windows(db, tenant, id, windows).await
}

async fn insert_windows(db: &mut PgConnection, tenant: TenantId, id: Uuid, windows: &[Window]) -> sqlx::Result<()> {
    let numbers = |number: fn(&Window) -> i16| windows.iter().map(number).collect::<Vec<i16>>();
    sqlx::query(
        "INSERT INTO schedule_windows (tenant_id, schedule_id, place, days, from_minute, to_minute) \
         SELECT $1, $2, given.place - 1, given.days, given.from_minute, given.to_minute \
         FROM unnest($3::smallint[], $4::smallint[], $5::smallint[]) \
         WITH ORDINALITY AS given (days, from_minute, to_minute, place)",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .bind(numbers(|window| i16::from(window.days)))
    .bind(numbers(|window| window.span.from_minute as i16))
    .bind(numbers(|window| window.span.to_minute as i16))
    .execute(db)
    .await?;
    Ok(())
}

/// Removes a schedule. Fails by constraint `access_level_lines_schedule_exists` while a level uses it.
pub async fn delete(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM schedules WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}
