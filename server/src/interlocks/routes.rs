//! Routes of airlocks. Guards read; administrators change.

use access_core::event::{ActKind, SubjectKind};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{DOORS_MAX, Interlock, InterlockChange, NewInterlock, check_agents, check_contacts, store};
use crate::audit::{Why, checked_reason, reason_where};
use crate::auth::Actor;
use crate::http::{
    ApiError, ApiJson, ApiPath, ApiResult, IfMatch, Page, Problem, checked_name, created, on_constraint, tagged,
};
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(replace, delete))
}

fn checked(name: &str, mut doors: Vec<Uuid>) -> ApiResult<(String, Vec<Uuid>)> {
    doors.sort();
    doors.dedup();
    if !(2..=DOORS_MAX).contains(&doors.len()) {
        return Err(ApiError::field("door_ids", format!("must name 2 to {DOORS_MAX} doors")));
    }
    Ok((checked_name(name)?, doors))
}

fn refused(error: sqlx::Error) -> ApiError {
    on_constraint([
        ("interlocks_name_is_unique", || {
            ApiError::Conflict("name_taken", "Another airlock has this name already.".to_owned())
        }),
        ("interlock_doors_one_group", || {
            ApiError::Conflict("door_in_airlock", "One of the doors is in another airlock.".to_owned())
        }),
        ("interlock_doors_door_exists", || ApiError::field("door_ids", "one of the doors is not there")),
    ])(error)
}

/// Every airlock.
#[utoipa::path(get, path = "/interlocks", tag = "interlocks", responses((status = 200, body = Page<Interlock>)))]
async fn list(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<Interlock>>> {
    let mut tx = state.read(&actor).await?;
    Ok(Page::whole(store::list(&mut tx, actor.tenant).await?))
}

/// Makes an airlock of doors.
#[utoipa::path(post, path = "/interlocks", tag = "interlocks", request_body = NewInterlock,
    responses((status = 201, body = Interlock), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create(
    actor: Actor,
    State(state): State<AppState>,
    ApiJson(new): ApiJson<NewInterlock>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let (name, doors) = checked(&new.name, new.door_ids)?;
    let mut tx = state.change(&actor).await?;
    let made = store::insert(&mut tx, actor.tenant, Uuid::now_v7(), &name, &doors).await.map_err(refused)?;
    check_agents(&mut tx).await?;
    check_contacts(&mut tx).await?;
    tx.act(ActKind::Created, SubjectKind::Interlock, made.id).after(&made).commit().await?;
    Ok(created(made.version, &made))
}

/// Puts a name and doors in place of an airlock's.
#[utoipa::path(put, path = "/interlocks/{id}", tag = "interlocks",
    params(("id" = Uuid, Path), ("If-Match" = String, Header)), request_body = InterlockChange,
    responses((status = 200, body = Interlock), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn replace(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
    ApiJson(change): ApiJson<InterlockChange>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let (name, doors) = checked(&change.name, change.door_ids)?;
    let mut tx = state.change(&actor).await?;
    let before = store::get_locked(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("airlock"))?;
    version.check(before.version)?;
    let loses_one = before.door_ids.iter().any(|door| !doors.contains(door));
    let reason = reason_where(loses_one, change.reason.as_deref())?;
    let after = store::replace(&mut tx, actor.tenant, id, &name, &doors).await.map_err(refused)?;
    check_agents(&mut tx).await?;
    check_contacts(&mut tx).await?;
    tx.act(ActKind::Changed, SubjectKind::Interlock, id)
        .before(&before)
        .after(&after)
        .reason_if(reason)
        .commit()
        .await?;
    Ok(tagged(after.version, &after))
}

/// Removes an airlock: its doors no longer wait for each other.
#[utoipa::path(delete, path = "/interlocks/{id}", tag = "interlocks",
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
    let before = store::get_locked(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("airlock"))?;
    version.check(before.version)?;
    store::delete(&mut tx, actor.tenant, id).await?;
    tx.act(ActKind::Deleted, SubjectKind::Interlock, id).before(&before).reason(reason).commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
