//! Routes of travel times. Guards read; administrators change.

use access_core::event::{ActKind, SubjectKind};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{LEAST_S_MAX, NewTravelTime, TravelTime, TravelTimeChange, store};
use crate::audit::{Why, checked_reason, reason_where};
use crate::auth::Actor;
use crate::http::{ApiError, ApiJson, ApiPath, ApiResult, IfMatch, Page, Problem, created, on_constraint, tagged};
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(change, delete))
}

fn checked_time(least_s: i32) -> ApiResult<i32> {
    match least_s {
        1..=LEAST_S_MAX => Ok(least_s),
        _ => Err(ApiError::field("least_s", format!("must be 1 to {LEAST_S_MAX} seconds"))),
    }
}

/// The two ends, the smaller first: it is the same way back.
fn checked(new: NewTravelTime) -> ApiResult<NewTravelTime> {
    let in_order = |one: Uuid, other: Uuid| (Some(one.min(other)), Some(one.max(other)));
    checked_time(new.least_s)?;
    match (new.door_id, new.other_door_id, new.site_id, new.other_site_id) {
        (Some(one), Some(other), None, None) if one != other => {
            let (door_id, other_door_id) = in_order(one, other);
            Ok(NewTravelTime { door_id, other_door_id, ..new })
        }
        (Some(_), Some(_), None, None) => Err(ApiError::field("other_door_id", "must be another door")),
        (None, None, Some(one), Some(other)) => {
            let (site_id, other_site_id) = in_order(one, other);
            Ok(NewTravelTime { site_id, other_site_id, ..new })
        }
        _ => Err(ApiError::field("door_id", "name two doors, or two sites, and nothing else")),
    }
}

fn refused(error: sqlx::Error) -> ApiError {
    on_constraint([
        ("travel_times_are_unique", || {
            ApiError::Conflict("known_already", "There is a time between these two already.".to_owned())
        }),
        ("travel_times_door_exists", || ApiError::field("door_id", "one of the doors is not there")),
        ("travel_times_other_door_exists", || ApiError::field("other_door_id", "one of the doors is not there")),
        ("travel_times_site_exists", || ApiError::field("site_id", "one of the sites is not there")),
        ("travel_times_other_site_exists", || ApiError::field("other_site_id", "one of the sites is not there")),
    ])(error)
}

/// Every travel time.
#[utoipa::path(get, path = "/travel-times", tag = "travel_times", responses((status = 200, body = Page<TravelTime>)))]
async fn list(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<TravelTime>>> {
    let mut tx = state.read(&actor).await?;
    Ok(Page::whole(store::list(&mut tx, actor.tenant).await?))
}

/// Says the least time between two doors, or between any doors of two sites.
#[utoipa::path(post, path = "/travel-times", tag = "travel_times", request_body = NewTravelTime,
    responses((status = 201, body = TravelTime), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create(
    actor: Actor,
    State(state): State<AppState>,
    ApiJson(new): ApiJson<NewTravelTime>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let new = checked(new)?;
    let mut tx = state.change(&actor).await?;
    let made = store::insert(&mut tx, actor.tenant, Uuid::now_v7(), &new).await.map_err(refused)?;
    tx.act(ActKind::Created, SubjectKind::TravelTime, made.id).after(&made).commit().await?;
    Ok(created(made.version, &made))
}

/// Says another time between the same two.
#[utoipa::path(patch, path = "/travel-times/{id}", tag = "travel_times",
    params(("id" = Uuid, Path), ("If-Match" = String, Header)), request_body = TravelTimeChange,
    responses((status = 200, body = TravelTime), (status = 404, body = Problem), (status = 412, body = Problem),
    (status = 422, body = Problem)))]
async fn change(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
    ApiJson(change): ApiJson<TravelTimeChange>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let least_s = checked_time(change.least_s)?;
    let mut tx = state.change(&actor).await?;
    let before = store::get_locked(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("travel time"))?;
    version.check(before.version)?;
    let reason = reason_where(least_s < before.least_s, change.reason.as_deref())?;
    let after = store::update(&mut tx, actor.tenant, id, least_s).await?;
    tx.act(ActKind::Changed, SubjectKind::TravelTime, id)
        .before(&before)
        .after(&after)
        .reason_if(reason)
        .commit()
        .await?;
    Ok(tagged(after.version, &after))
}

/// Removes a travel time.
#[utoipa::path(delete, path = "/travel-times/{id}", tag = "travel_times",
    params(("id" = Uuid, Path), ("If-Match" = String, Header)), request_body = Why,
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn delete(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<StatusCode> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let mut tx = state.change(&actor).await?;
    let before = store::get_locked(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("travel time"))?;
    version.check(before.version)?;
    store::delete(&mut tx, actor.tenant, id).await?;
    tx.act(ActKind::Deleted, SubjectKind::TravelTime, id).before(&before).reason(reason).commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
