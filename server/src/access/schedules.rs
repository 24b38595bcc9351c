//! SQL of schedules.

use access_core::ids::TenantId;
use access_core::policy::{ExceptionDay, Span, Window};
use chrono::NaiveDate;
use serde::Deserialize;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{DayWindow, Schedule, ScheduleException, WeekWindow};

#[derive(sqlx::FromRow)]
struct ScheduleRow {
    id: Uuid,
    name: String,
    row_version: i64,
    windows: Json<Vec<WindowRow>>,
    exceptions: Json<Vec<ExceptionRow>>,
}

#[derive(Deserialize)]
struct WindowRow {
    days: u8,
    day_types: u8,
    #[serde(flatten)]
    span: SpanRow,
}

#[derive(Deserialize)]
struct SpanRow {
    from_minute: u16,
    to_minute: u16,
}

#[derive(Deserialize)]
struct ExceptionRow {
    day: NaiveDate,
    windows: Vec<SpanRow>,
}

impl SpanRow {
    fn span(&self) -> Span {
        Span { from_minute: self.from_minute, to_minute: self.to_minute }
    }
}

impl From<ScheduleRow> for Schedule {
    fn from(row: ScheduleRow) -> Self {
        let window = |row: &WindowRow| {
            WeekWindow::from_rule(&Window { days: row.days, day_types: row.day_types, span: row.span.span() })
        };
        let exception = |row: &ExceptionRow| ScheduleException {
            day: row.day,
            windows: row.windows.iter().map(|span| DayWindow::from_rule(&span.span())).collect(),
        };
        Self {
            id: row.id,
            name: row.name,
            version: row.row_version,
            windows: row.windows.iter().map(window).collect(),
            exceptions: row.exceptions.iter().map(exception).collect(),
        }
    }
}

const SELECT: &str = "SELECT s.id, s.name, s.row_version, COALESCE((\
        SELECT jsonb_agg(jsonb_build_object('days', held.days, 'day_types', held.day_types, 'from_minute', held.from_minute, \
            'to_minute', held.to_minute) ORDER BY held.place) \
        FROM schedule_windows held WHERE held.tenant_id = s.tenant_id AND held.schedule_id = s.id), '[]') AS windows, COALESCE((\
        SELECT jsonb_agg(jsonb_build_object('day', other.day, 'windows', COALESCE((\
            SELECT jsonb_agg(jsonb_build_object('from_minute', held.from_minute, 'to_minute', held.to_minute) ORDER BY held.place) \
            FROM schedule_exception_windows held WHERE held.tenant_id = other.tenant_id \
            AND held.schedule_id = other.schedule_id AND held.day = other.day), '[]')) ORDER BY other.day) \
        FROM schedule_exceptions other WHERE other.tenant_id = s.tenant_id AND other.schedule_id = s.id), '[]') AS exceptions \
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

/// When a schedule is open, as its tables hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// Its windows.
    pub windows: Vec<Window>,
    /// Its exception days, ascending.
    pub exceptions: Vec<ExceptionDay>,
}

/// Makes a schedule.
pub async fn insert(db: &mut PgConnection, tenant: TenantId, id: Uuid, name: &str, hours: &Hours) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO schedules (tenant_id, id, name) VALUES ($1, $2, $3)")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(name)
        .execute(&mut *db)
        .await?;
    insert_hours(db, tenant, id, hours).await
}

/// Puts a name and hours in place of what a schedule had.
pub async fn replace(db: &mut PgConnection, tenant: TenantId, id: Uuid, name: &str, hours: &Hours) -> sqlx::Result<()> {
    for sql in [
        "DELETE FROM schedule_windows WHERE tenant_id = $1 AND schedule_id = $2",
        "DELETE FROM schedule_exceptions WHERE tenant_id = $1 AND schedule_id = $2",
    ] {
        sqlx::query(sql).bind(tenant.as_uuid()).bind(id).execute(&mut *db).await?;
    }
    sqlx::query("UPDATE schedules SET name = $3, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(name)
        .execute(&mut *db)
        .await?;
    insert_hours(db, tenant, id, hours).await
}

async fn insert_hours(db: &mut PgConnection, tenant: TenantId, id: Uuid, hours: &Hours) -> sqlx::Result<()> {
    let numbers = |number: fn(&Window) -> i16| hours.windows.iter().map(number).collect::<Vec<i16>>();
    // Minutes of a well-formed span are at most 1440.
    sqlx::query(
        "INSERT INTO schedule_windows (tenant_id, schedule_id, place, days, day_types, from_minute, to_minute) \
         SELECT $1, $2, given.place - 1, given.days, given.day_types, given.from_minute, given.to_minute \
         FROM unnest($3::smallint[], $4::smallint[], $5::smallint[], $6::smallint[]) \
         WITH ORDINALITY AS given (days, day_types, from_minute, to_minute, place)",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .bind(numbers(|window| i16::from(window.days)))
    .bind(numbers(|window| i16::from(window.day_types)))
    .bind(numbers(|window| window.span.from_minute as i16))
    .bind(numbers(|window| window.span.to_minute as i16))
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "INSERT INTO schedule_exceptions (tenant_id, schedule_id, day) \
         SELECT $1, $2, date '1970-01-01' + unnest($3::integer[])",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .bind(hours.exceptions.iter().map(|exception| exception.day).collect::<Vec<_>>())
    .execute(&mut *db)
    .await?;
    let spans: Vec<(i32, i16, &Span)> = hours
        .exceptions
        .iter()
        .flat_map(|exception| (0i16..).zip(&exception.spans).map(|(place, span)| (exception.day, place, span)))
        .collect();
    sqlx::query(
        "INSERT INTO schedule_exception_windows (tenant_id, schedule_id, day, place, from_minute, to_minute) \
         SELECT $1, $2, date '1970-01-01' + given.day, given.place, given.from_minute, given.to_minute \
         FROM unnest($3::integer[], $4::smallint[], $5::smallint[], $6::smallint[]) \
         AS given (day, place, from_minute, to_minute)",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .bind(spans.iter().map(|(day, _, _)| *day).collect::<Vec<_>>())
    .bind(spans.iter().map(|(_, place, _)| *place).collect::<Vec<_>>())
    .bind(spans.iter().map(|(_, _, span)| span.from_minute as i16).collect::<Vec<_>>())
    .bind(spans.iter().map(|(_, _, span)| span.to_minute as i16).collect::<Vec<_>>())
    .execute(db)
    .await?;
    Ok(())
}

/// What goes by a schedule, in words.
pub async fn uses(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT DISTINCT 'access level “' || l.name || '”' FROM access_level_lines line \
            JOIN access_levels l ON l.tenant_id = line.tenant_id AND l.id = line.level_id \
            WHERE line.tenant_id = $1 AND line.schedule_id = $2 \
         UNION SELECT 'modes of door “' || d.name || '”' FROM door_mode_lines line \
            JOIN doors d ON d.tenant_id = line.tenant_id AND d.id = line.door_id \
            WHERE line.tenant_id = $1 AND line.schedule_id = $2 \
         UNION SELECT 'factors of door “' || d.name || '”' FROM door_factor_lines line \
            JOIN doors d ON d.tenant_id = line.tenant_id AND d.id = line.door_id \
            WHERE line.tenant_id = $1 AND line.schedule_id = $2 ORDER BY 1",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .fetch_all(db)
    .await
}

/// Removes a schedule that nothing uses.
pub async fn delete(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM schedules WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}
