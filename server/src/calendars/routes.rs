//! Routes of calendars and day types. Guards read; administrators change.

use access_core::event::{ActKind, SubjectKind};
use access_core::policy::DAY_TYPES_MAX;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::Datelike as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{Calendar, CalendarSettings, CalendarSummary, DAYS_MAX, DayType, DayTypeName, store};
use crate::auth::Actor;
use crate::http::{
    ApiError, ApiJson, ApiPath, ApiResult, IfMatch, Page, Problem, checked_name, created, on_constraint, tagged,
};
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, replace, delete))
        .routes(routes!(list_types))
        .routes(routes!(name_type, delete_type))
}

fn checked(mut new: CalendarSettings) -> ApiResult<(CalendarSettings, Vec<u8>)> {
    new.name = checked_name(&new.name)?;
    if new.days.len() > DAYS_MAX {
        return Err(ApiError::field("days", format!("a calendar has {DAYS_MAX} days at most")));
    }
    new.days.sort();
    if let Some(odd) = new.days.iter().find(|day| !(1970..=9999).contains(&day.day.year())) {
        return Err(ApiError::field("days", format!("{} is not a day of 1970 to 9999", odd.day)));
    }
    if let Some(pair) = new.days.windows(2).find(|pair| pair[0].day == pair[1].day) {
        return Err(ApiError::field("days", format!("{} stands there twice", pair[0].day)));
    }
    let mut types: Vec<u8> = new.days.iter().map(|day| day.day_type).collect();
    types.sort_unstable();
    types.dedup();
    Ok((new, types))
}

/// Every calendar, without its days.
#[utoipa::path(get, path = "/calendars", tag = "calendars", responses((status = 200, body = Page<CalendarSummary>)))]
async fn list(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<CalendarSummary>>> {
    let mut tx = state.read(&actor).await?;
    Ok(Page::whole(store::list(&mut tx, actor.tenant).await?))
}

/// One calendar with its days.
#[utoipa::path(get, path = "/calendars/{id}", tag = "calendars", params(("id" = Uuid, Path)),
    responses((status = 200, body = Calendar), (status = 404, body = Problem)))]
async fn get(actor: Actor, State(state): State<AppState>, ApiPath(id): ApiPath<Uuid>) -> ApiResult<Response> {
    let mut tx = state.read(&actor).await?;
    let calendar = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("calendar"))?;
    Ok(tagged(calendar.version, &calendar))
}

/// Makes a calendar.
#[utoipa::path(post, path = "/calendars", tag = "calendars", request_body = CalendarSettings,
    responses((status = 201, body = Calendar), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create(
    actor: Actor,
    State(state): State<AppState>,
    ApiJson(new): ApiJson<CalendarSettings>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let ((new, types), id) = (checked(new)?, Uuid::now_v7());
    let mut tx = state.change(&actor).await?;
    store::require_types(&mut tx, actor.tenant, &types).await?;
    store::insert(&mut tx, actor.tenant, id, &new)
        .await
        .map_err(on_constraint([("calendars_name_is_unique", ApiError::name_taken)]))?;
    let made = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("calendar"))?;
    tx.act(ActKind::Created, SubjectKind::Calendar, id).after(&made).commit().await?;
    Ok(created(made.version, &made))
}

/// Puts a name and days in place of a calendar's.
#[utoipa::path(put, path = "/calendars/{id}", tag = "calendars", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = CalendarSettings, responses((status = 200, body = Calendar), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn replace(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
    ApiJson(new): ApiJson<CalendarSettings>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let (new, types) = checked(new)?;
    let mut tx = state.change(&actor).await?;
    let before = store::get_locked(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("calendar"))?;
    version.check(before.version)?;
    store::require_types(&mut tx, actor.tenant, &types).await?;
    store::replace(&mut tx, actor.tenant, id, &new)
        .await
        .map_err(on_constraint([("calendars_name_is_unique", ApiError::name_taken)]))?;
    let after = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("calendar"))?;
    tx.act(ActKind::Changed, SubjectKind::Calendar, id).before(&before).after(&after).commit().await?;
    Ok(tagged(after.version, &after))
}

/// Removes a calendar that no site goes by; sites that do are named.
#[utoipa::path(delete, path = "/calendars/{id}", tag = "calendars",
    params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
async fn delete(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
) -> ApiResult<StatusCode> {
    actor.administrator()?;
    let mut tx = state.change(&actor).await?;
    let before = store::get_locked(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("calendar"))?;
    version.check(before.version)?;
    let uses = store::uses(&mut tx, actor.tenant, id).await?;
    if !uses.is_empty() {
        return Err(ApiError::in_use(&uses));
    }
    store::delete(&mut tx, actor.tenant, id).await?;
    tx.act(ActKind::Deleted, SubjectKind::Calendar, id).before(&before).commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Day types that have a name.
#[utoipa::path(get, path = "/day-types", tag = "calendars", responses((status = 200, body = Page<DayType>)))]
async fn list_types(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<DayType>>> {
    let mut tx = state.read(&actor).await?;
    Ok(Page::whole(store::types(&mut tx, actor.tenant).await?))
}

fn checked_number(number: u8) -> ApiResult<u8> {
    if number < DAY_TYPES_MAX { Ok(number) } else { Err(ApiError::NotFound("day type: they are numbered 0 to 7")) }
}

/// Names a day type: gives it its first name, or another.
#[utoipa::path(put, path = "/day-types/{number}", tag = "calendars", params(("number" = u8, Path)),
    request_body = DayTypeName, responses((status = 200, body = DayType), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn name_type(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(number): ApiPath<u8>,
    ApiJson(new): ApiJson<DayTypeName>,
) -> ApiResult<Json<DayType>> {
    actor.administrator()?;
    let after = DayType { number: checked_number(number)?, name: checked_name(&new.name)? };
    let mut tx = state.change(&actor).await?;
    let before = store::type_locked(&mut tx, actor.tenant, number).await?;
    store::name_type(&mut tx, actor.tenant, number, &after.name)
        .await
        .map_err(on_constraint([("day_types_name_is_unique", ApiError::name_taken)]))?;
    // Names of day types belong to the tenant's choices, which is what there is one of.
    tx.act(ActKind::Changed, SubjectKind::TenantRules, actor.tenant.as_uuid())
        .before(&before)
        .after(&after)
        .commit()
        .await?;
    Ok(Json(after))
}

/// Takes the name of a day type away that no calendar and no schedule uses; those that do are named.
#[utoipa::path(delete, path = "/day-types/{number}", tag = "calendars", params(("number" = u8, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn delete_type(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(number): ApiPath<u8>,
) -> ApiResult<StatusCode> {
    actor.administrator()?;
    let number = checked_number(number)?;
    let mut tx = state.change(&actor).await?;
    let before =
        store::type_locked(&mut tx, actor.tenant, number).await?.ok_or(ApiError::NotFound("day type with a name"))?;
    let uses = store::uses_of_type(&mut tx, actor.tenant, number).await?;
    if !uses.is_empty() {
        return Err(ApiError::in_use(&uses));
    }
    store::delete_type(&mut tx, actor.tenant, number).await?;
    tx.act(ActKind::Changed, SubjectKind::TenantRules, actor.tenant.as_uuid()).before(&before).commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
