//! SQL of calendars and day types.

use access_core::ids::TenantId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Calendar, CalendarDay, CalendarSettings, CalendarSummary, DayType};
use crate::http::{ApiError, ApiResult};

/// Every calendar, by name; a tenant has few.
pub async fn list(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Vec<CalendarSummary>> {
    sqlx::query_as(
        "SELECT c.id, c.name, c.row_version, (SELECT count(*) FROM calendar_days d \
            WHERE d.tenant_id = c.tenant_id AND d.calendar_id = c.id) AS day_count, \
         ARRAY(SELECT s.name FROM sites s WHERE s.tenant_id = c.tenant_id AND s.calendar_id = c.id ORDER BY s.name) AS sites \
         FROM calendars c WHERE c.tenant_id = $1 ORDER BY c.name",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await
}

/// One calendar.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Calendar>> {
    one(db, tenant, id, "SELECT name, row_version FROM calendars WHERE tenant_id = $1 AND id = $2").await
}

/// One calendar, locked against other changes until the transaction ends.
pub async fn get_locked(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Calendar>> {
    one(db, tenant, id, "SELECT name, row_version FROM calendars WHERE tenant_id = $1 AND id = $2 FOR UPDATE").await
}

async fn one(db: &mut PgConnection, tenant: TenantId, id: Uuid, sql: &'static str) -> sqlx::Result<Option<Calendar>> {
    let row: Option<(String, i64)> =
        sqlx::query_as(sql).bind(tenant.as_uuid()).bind(id).fetch_optional(&mut *db).await?;
    let Some((name, version)) = row else { return Ok(None) };
    let days = sqlx::query_as(
        "SELECT day, day_type FROM calendar_days WHERE tenant_id = $1 AND calendar_id = $2 ORDER BY day",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .fetch_all(db)
    .await?;
    Ok(Some(Calendar { id, name, days, version }))
}

/// Makes a calendar.
pub async fn insert(db: &mut PgConnection, tenant: TenantId, id: Uuid, new: &CalendarSettings) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO calendars (tenant_id, id, name) VALUES ($1, $2, $3)")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(&new.name)
        .execute(&mut *db)
        .await?;
    put_days(db, tenant, id, &new.days).await
}

/// Puts a name and days in place of what a calendar had. Days that stay as they are leave no history.
pub async fn replace(db: &mut PgConnection, tenant: TenantId, id: Uuid, new: &CalendarSettings) -> sqlx::Result<()> {
    sqlx::query("UPDATE calendars SET name = $3, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(&new.name)
        .execute(&mut *db)
        .await?;
    sqlx::query("DELETE FROM calendar_days WHERE tenant_id = $1 AND calendar_id = $2 AND day <> ALL ($3)")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(new.days.iter().map(|day| day.day).collect::<Vec<_>>())
        .execute(&mut *db)
        .await?;
    put_days(db, tenant, id, &new.days).await
}

async fn put_days(db: &mut PgConnection, tenant: TenantId, id: Uuid, days: &[CalendarDay]) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO calendar_days AS held (tenant_id, calendar_id, day, day_type) \
         SELECT $1, $2, given.* FROM unnest($3::date[], $4::smallint[]) AS given \
         ON CONFLICT (tenant_id, calendar_id, day) DO UPDATE SET day_type = excluded.day_type \
         WHERE held.day_type <> excluded.day_type",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .bind(days.iter().map(|day| day.day).collect::<Vec<_>>())
    .bind(days.iter().map(|day| i16::from(day.day_type)).collect::<Vec<_>>())
    .execute(db)
    .await?;
    Ok(())
}

/// Sites that go by a calendar, in words.
pub async fn uses(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT 'site “' || name || '”' FROM sites WHERE tenant_id = $1 AND calendar_id = $2 ORDER BY name",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .fetch_all(db)
    .await
}

/// Removes a calendar that no site goes by.
pub async fn delete(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM calendars WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Day types that have a name, by number.
pub async fn types(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Vec<DayType>> {
    sqlx::query_as("SELECT day_type, name FROM day_types WHERE tenant_id = $1 ORDER BY day_type")
        .bind(tenant.as_uuid())
        .fetch_all(db)
        .await
}

/// The name of a day type, locked against other changes until the transaction ends.
pub async fn type_locked(db: &mut PgConnection, tenant: TenantId, number: u8) -> sqlx::Result<Option<DayType>> {
    sqlx::query_as("SELECT day_type, name FROM day_types WHERE tenant_id = $1 AND day_type = $2 FOR UPDATE")
        .bind(tenant.as_uuid())
        .bind(i16::from(number))
        .fetch_optional(db)
        .await
}

/// Names a day type.
pub async fn name_type(db: &mut PgConnection, tenant: TenantId, number: u8, name: &str) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO day_types (tenant_id, day_type, name) VALUES ($1, $2, $3) \
         ON CONFLICT (tenant_id, day_type) DO UPDATE SET name = excluded.name",
    )
    .bind(tenant.as_uuid())
    .bind(i16::from(number))
    .bind(name)
    .execute(db)
    .await?;
    Ok(())
}

/// Calendars and schedules that name a day type, in words.
pub async fn uses_of_type(db: &mut PgConnection, tenant: TenantId, number: u8) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT DISTINCT 'calendar “' || c.name || '”' FROM calendar_days d \
            JOIN calendars c ON c.tenant_id = d.tenant_id AND c.id = d.calendar_id \
            WHERE d.tenant_id = $1 AND d.day_type = $2 \
         UNION SELECT 'schedule “' || s.name || '”' FROM schedule_windows w \
            JOIN schedules s ON s.tenant_id = w.tenant_id AND s.id = w.schedule_id \
            WHERE w.tenant_id = $1 AND (w.day_types & (1 << $2::integer)) <> 0 ORDER BY 1",
    )
    .bind(tenant.as_uuid())
    .bind(i16::from(number))
    .fetch_all(db)
    .await
}

/// Takes the name of a day type away.
pub async fn delete_type(db: &mut PgConnection, tenant: TenantId, number: u8) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM day_types WHERE tenant_id = $1 AND day_type = $2")
        .bind(tenant.as_uuid())
        .bind(i16::from(number))
        .execute(db)
        .await?;
    Ok(())
}

/// Refuses day types that have no name; those that have keep it until the transaction ends.
pub async fn require_types(db: &mut PgConnection, tenant: TenantId, numbers: &[u8]) -> ApiResult<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    let known: Vec<i16> =
        sqlx::query_scalar("SELECT day_type FROM day_types WHERE tenant_id = $1 AND day_type = ANY ($2) FOR SHARE")
            .bind(tenant.as_uuid())
            .bind(numbers.iter().map(|number| i16::from(*number)).collect::<Vec<_>>())
            .fetch_all(db)
            .await?;
    match numbers.iter().find(|number| !known.contains(&i16::from(**number))) {
        Some(unknown) => Err(ApiError::field("day_type", format!("day type {unknown} has no name; name it first"))),
        None => Ok(()),
    }
}
