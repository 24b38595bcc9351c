//! Schedules and calendars.

use std::collections::BTreeMap;

use access_core::ids::TenantId;
use access_core::policy::{Calendar, CalendarDay, ExceptionDay, Schedule, Span, Window};
use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use super::day;

pub(super) async fn calendars(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<Calendar>> {
    let rows: Vec<(Uuid, Option<NaiveDate>, Option<i16>)> = sqlx::query_as(
        "SELECT calendar.id, held.day, held.day_type FROM calendars calendar \
         LEFT JOIN calendar_days held ON held.tenant_id = calendar.tenant_id AND held.calendar_id = calendar.id \
         WHERE calendar.tenant_id = $1 ORDER BY calendar.id, held.day",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    let mut calendars: BTreeMap<Uuid, Vec<CalendarDay>> = BTreeMap::new();
    for (id, date, day_type) in rows {
        let days = calendars.entry(id).or_default();
        if let (Some(date), Some(day_type)) = (date, day_type) {
            days.push(CalendarDay { day: day(date)?, day_type: day_type.try_into()? });
        }
    }
    Ok(calendars.into_iter().map(|(id, days)| Calendar { id: id.into(), days }).collect())
}

#[derive(sqlx::FromRow)]
struct WindowRow {
    id: Uuid,
    days: Option<i16>,
    day_types: Option<i16>,
    from_minute: Option<i16>,
    to_minute: Option<i16>,
}

pub(super) async fn schedules(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<Schedule>> {
    let rows: Vec<WindowRow> = sqlx::query_as(
        "SELECT schedule.id, span.days, span.day_types, span.from_minute, span.to_minute FROM schedules schedule \
         LEFT JOIN schedule_windows span ON span.tenant_id = schedule.tenant_id AND span.schedule_id = schedule.id \
         WHERE schedule.tenant_id = $1 ORDER BY schedule.id, span.place",
    )
    .bind(tenant.as_uuid())
    .fetch_all(&mut *db)
    .await?;
    let mut schedules: BTreeMap<Uuid, Vec<Window>> = BTreeMap::new();
    for row in rows {
        let windows = schedules.entry(row.id).or_default();
        if let (Some(days), Some(day_types), Some(from), Some(to)) =
            (row.days, row.day_types, row.from_minute, row.to_minute)
        {
            windows.push(Window { days: days.try_into()?, day_types: day_types.try_into()?, span: span(from, to)? });
        }
    }
    let mut exceptions = exceptions(db, tenant).await?;
    Ok(schedules
        .into_iter()
        .map(|(id, windows)| Schedule {
            id: id.into(),
            windows,
            exceptions: exceptions.remove(&id).unwrap_or_default(),
        })
        .collect())
}

type ExceptionRow = (Uuid, NaiveDate, Option<i16>, Option<i16>);

/// Exception days by schedule, ascending.
async fn exceptions(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<BTreeMap<Uuid, Vec<ExceptionDay>>> {
    let rows: Vec<ExceptionRow> = sqlx::query_as(
        "SELECT exception.schedule_id, exception.day, span.from_minute, span.to_minute \
         FROM schedule_exceptions exception LEFT JOIN schedule_exception_windows span \
         ON span.tenant_id = exception.tenant_id AND span.schedule_id = exception.schedule_id AND span.day = exception.day \
         WHERE exception.tenant_id = $1 ORDER BY exception.schedule_id, exception.day, span.place",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    let mut exceptions: BTreeMap<Uuid, Vec<ExceptionDay>> = BTreeMap::new();
    for (schedule, date, from, to) in rows {
        let (days, day) = (exceptions.entry(schedule).or_default(), day(date)?);
        if days.last().is_none_or(|last| last.day != day) {
            days.push(ExceptionDay { day, spans: Vec::new() });
        }
        if let (Some(last), Some(from), Some(to)) = (days.last_mut(), from, to) {
            last.spans.push(span(from, to)?);
        }
    }
    Ok(exceptions)
}

fn span(from: i16, to: i16) -> anyhow::Result<Span> {
    Ok(Span { from_minute: from.try_into()?, to_minute: to.try_into()? })
}
