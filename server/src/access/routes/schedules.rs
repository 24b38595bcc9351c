//! Routes of schedules.

use access_core::event::{ActKind, SubjectKind};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::access::{Schedule, ScheduleSettings, checks, schedules};
use crate::auth::Actor;
use crate::calendars;
use crate::http::{ApiError, ApiJson, ApiPath, ApiResult, IfMatch, Page, Problem, created, on_constraint, tagged};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_schedules, create_schedule)).routes(routes!(
        get_schedule,
        replace_schedule,
        delete_schedule
    ))
}

/// Every schedule.
#[utoipa::path(get, path = "/schedules", tag = "access", responses((status = 200, body = Page<Schedule>)))]
async fn list_schedules(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<Schedule>>> {
    let mut tx = state.read(&actor).await?;
    Ok(Page::whole(schedules::list(&mut tx, actor.tenant).await?))
}

/// One schedule.
#[utoipa::path(get, path = "/schedules/{id}", tag = "access", params(("id" = Uuid, Path)),
    responses((status = 200, body = Schedule), (status = 404, body = Problem)))]
async fn get_schedule(actor: Actor, State(state): State<AppState>, ApiPath(id): ApiPath<Uuid>) -> ApiResult<Response> {
    let mut tx = state.read(&actor).await?;
    let schedule = schedules::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("schedule"))?;
    Ok(tagged(schedule.version, &schedule))
}

/// Makes a schedule.
#[utoipa::path(post, path = "/schedules", tag = "access", request_body = ScheduleSettings,
    responses((status = 201, body = Schedule), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create_schedule(
    actor: Actor,
    State(state): State<AppState>,
    ApiJson(new): ApiJson<ScheduleSettings>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let ((name, hours), id) = (checks::schedule(&new)?, Uuid::now_v7());
    let mut tx = state.change(&actor).await?;
    calendars::store::require_types(&mut tx, actor.tenant, &checks::day_types(&new)).await?;
    schedules::insert(&mut tx, actor.tenant, id, &name, &hours)
        .await
        .map_err(on_constraint([("schedules_name_is_unique", ApiError::name_taken)]))?;
    let made = schedules::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("schedule"))?;
    tx.act(ActKind::Created, SubjectKind::Schedule, id).after(&made).commit().await?;
    Ok(created(made.version, &made))
}

/// Puts a name, windows and exception days in place of a schedule's.
#[utoipa::path(put, path = "/schedules/{id}", tag = "access", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = ScheduleSettings, responses((status = 200, body = Schedule), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn replace_schedule(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
    ApiJson(new): ApiJson<ScheduleSettings>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let (name, hours) = checks::schedule(&new)?;
    let mut tx = state.change(&actor).await?;
    let before = schedules::get_locked(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("schedule"))?;
    version.check(before.version)?;
    calendars::store::require_types(&mut tx, actor.tenant, &checks::day_types(&new)).await?;
    schedules::replace(&mut tx, actor.tenant, id, &name, &hours)
        .await
        .map_err(on_constraint([("schedules_name_is_unique", ApiError::name_taken)]))?;
    let after = schedules::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("schedule"))?;
    tx.act(ActKind::Changed, SubjectKind::Schedule, id).before(&before).after(&after).commit().await?;
    Ok(tagged(after.version, &after))
}

/// Removes a schedule that nothing uses; what still does is named.
#[utoipa::path(delete, path = "/schedules/{id}", tag = "access", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
async fn delete_schedule(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
) -> ApiResult<StatusCode> {
    actor.administrator()?;
    let mut tx = state.change(&actor).await?;
    let before = schedules::get_locked(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("schedule"))?;
    version.check(before.version)?;
    let uses = schedules::uses(&mut tx, actor.tenant, id).await?;
    if !uses.is_empty() {
        return Err(ApiError::in_use(&uses));
    }
    schedules::delete(&mut tx, actor.tenant, id).await?;
    tx.act(ActKind::Deleted, SubjectKind::Schedule, id).before(&before).commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
