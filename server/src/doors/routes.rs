//! Routes of doors. Guards read; administrators change.

use access_core::event::{ActKind, SubjectKind};
use access_core::policy::{HELD_MS_MAX, RELEASE_MS_MAX};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{Acceptance, Door, DoorAgentState, DoorChange, DoorSettings, DoorState, NewDoor, Released, store};
use crate::access::PARTS_MAX;
use crate::agents;
use crate::audit::{Why, checked_reason, reason_where};
use crate::auth::Actor;
use crate::http::{
    ApiError, ApiJson, ApiPath, ApiResult, IfMatch, Page, Problem, checked_name, created, on_constraint, tagged,
};
use crate::interlocks;
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(states))
        .routes(routes!(get, change))
        .routes(routes!(release))
        .routes(routes!(acceptance))
}

fn checked(mut door: DoorSettings) -> ApiResult<DoorSettings> {
    door.name = checked_name(&door.name)?;
    let bounded = |value: i32, max: u32| u32::try_from(value).is_ok_and(|value| (1..=max).contains(&value));
    if !bounded(door.release_ms, RELEASE_MS_MAX) {
        return Err(ApiError::field("release_ms", format!("must be 1 to {RELEASE_MS_MAX} milliseconds")));
    }
    if !bounded(door.held_warning_ms, HELD_MS_MAX) {
        return Err(ApiError::field("held_warning_ms", format!("must be 1 to {HELD_MS_MAX} milliseconds")));
    }
    for (field, longer, ordinary, max) in [
        ("release_longer_ms", door.release_longer_ms, door.release_ms, RELEASE_MS_MAX),
        ("held_longer_ms", door.held_longer_ms, door.held_warning_ms, HELD_MS_MAX),
    ] {
        if longer.is_some_and(|longer| longer < ordinary || !bounded(longer, max)) {
            let message = format!("must be {ordinary}, the ordinary time, to {max} milliseconds");
            return Err(ApiError::field(field, message));
        }
    }
    for (field, lines) in [("factor_lines", door.factor_lines.len()), ("mode_lines", door.mode_lines.len())] {
        if lines > PARTS_MAX {
            return Err(ApiError::field(field, format!("a door has {PARTS_MAX} of these lines at most")));
        }
    }
    if door.area_inside_id == door.area_outside_id {
        return Err(ApiError::field("area_inside_id", "a door leads from one area to another"));
    }
    Ok(door)
}

fn refused(error: sqlx::Error) -> ApiError {
    on_constraint([
        ("doors_name_is_unique", || {
            ApiError::Conflict("name_taken", "Another door of this site has this name.".to_owned())
        }),
        ("doors_site_exists", || ApiError::field("site_id", "there is no such site")),
        ("doors_area_outside_exists", || ApiError::field("area_outside_id", "there is no such area at this site")),
        ("doors_area_inside_exists", || ApiError::field("area_inside_id", "there is no such area at this site")),
        ("door_factor_lines_schedule_exists", || ApiError::field("factor_lines", "one of the schedules is not there")),
        ("door_mode_lines_schedule_exists", || ApiError::field("mode_lines", "one of the schedules is not there")),
    ])(error)
}

/// Every door.
#[utoipa::path(get, path = "/doors", tag = "doors", responses((status = 200, body = Page<Door>)))]
async fn list(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<Door>>> {
    let mut tx = state.read(&actor).await?;
    Ok(Page::whole(store::list(&mut tx, actor.tenant).await?))
}

/// One door.
#[utoipa::path(get, path = "/doors/{id}", tag = "doors", params(("id" = Uuid, Path)),
    responses((status = 200, body = Door), (status = 404, body = Problem)))]
async fn get(actor: Actor, State(state): State<AppState>, ApiPath(id): ApiPath<Uuid>) -> ApiResult<Response> {
    let mut tx = state.read(&actor).await?;
    let door = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("door"))?;
    Ok(tagged(door.version, &door))
}

/// Makes a door.
#[utoipa::path(post, path = "/doors", tag = "doors", request_body = NewDoor,
    responses((status = 201, body = Door), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create(
    actor: Actor,
    State(state): State<AppState>,
    ApiJson(NewDoor { rule, reason }): ApiJson<NewDoor>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let new = checked(rule)?;
    let reason = reason_where(new.is_loosened(), reason.as_deref())?;
    let mut tx = state.change(&actor).await?;
    let door = store::insert(&mut tx, actor.tenant, Uuid::now_v7(), &new).await.map_err(refused)?;
    tx.act(ActKind::Created, SubjectKind::Door, door.id).after(&door).reason_if(reason).commit().await?;
    Ok(created(door.version, &door))
}

/// Changes a door.
#[utoipa::path(patch, path = "/doors/{id}", tag = "doors", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = DoorChange, responses((status = 200, body = Door), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn change(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
    ApiJson(change): ApiJson<DoorChange>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let mut tx = state.change(&actor).await?;
    let before = store::get_locked(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("door"))?;
    version.check(before.version)?;
    let reason = change.reason.clone();
    let new = checked(before.rule.changed(change))?;
    let reason = reason_where(new.may_be_looser_than(&before.rule), reason.as_deref())?;
    let after = store::update(&mut tx, actor.tenant, id, &new).await.map_err(refused)?;
    if !new.has_contact {
        interlocks::check_contacts(&mut tx).await?;
    }
    tx.act(ActKind::Changed, SubjectKind::Door, id).before(&before).after(&after).reason_if(reason).commit().await?;
    Ok(tagged(after.version, &after))
}

/// How every door stands, by the newest records of it.
#[utoipa::path(get, path = "/doors/states", tag = "doors", responses((status = 200, body = Page<DoorState>)))]
async fn states(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<DoorState>>> {
    let mut tx = state.read(&actor).await?;
    let mut doors = Vec::new();
    for row in store::states(&mut tx, actor.tenant).await? {
        let agent_state = match row.agent_id {
            None => DoorAgentState::None,
            Some(agent) if state.agents.is_connected(actor.tenant, agent.into()) => DoorAgentState::Online,
            Some(_) if row.is_agent_out_of_use => DoorAgentState::OutOfUse,
            Some(_) => DoorAgentState::Offline,
        };
        doors.push(row.view(agent_state)?);
    }
    Ok(Page::whole(doors))
}

/// Whether and how an installer accepted the door, by its agent's records.
#[utoipa::path(get, path = "/doors/{id}/acceptance", tag = "doors", params(("id" = Uuid, Path)),
    responses((status = 200, body = Acceptance), (status = 404, body = Problem)))]
async fn acceptance(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
) -> ApiResult<Json<Acceptance>> {
    let mut tx = state.read(&actor).await?;
    store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("door"))?;
    Ok(Json(store::acceptance(&mut tx, actor.tenant, id).await?))
}

/// Releases a door for a moment. What became of it comes as an event `command_done`.
#[utoipa::path(post, path = "/doors/{id}/release", tag = "doors", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 202, body = Released), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
async fn release(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<Response> {
    let reason = checked_reason(&why.reason)?;
    let mut tx = state.read(&actor).await?;
    store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("door"))?;
    drop(tx);
    let command_id = agents::release(&state, &actor, id, reason).await?.into();
    Ok((StatusCode::ACCEPTED, Json(Released { command_id })).into_response())
}
