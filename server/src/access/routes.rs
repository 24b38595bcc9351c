//! Routes of schedules, access levels, grants and blocks. Guards read; administrators change.

use access_core::event::{ActKind, SubjectKind};
use access_core::ids::PersonId;
use access_core::policy::Window;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{
    AccessLevel, Block, DOORS_PER_LINE_MAX, Grant, GrantState, LevelSettings, NewBlock, NewGrant, PARTS_MAX, Schedule,
    ScheduleSettings, blocks, grants, levels, schedules,
};
use crate::audit::{Why, checked_reason};
use crate::auth::Actor;
use crate::http::{
    ApiError, ApiJson, ApiPath, ApiResult, IfMatch, Page, Problem, checked_name, created, on_constraint, tagged,
};
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_schedules, create_schedule))
        .routes(routes!(get_schedule, replace_schedule, delete_schedule))
        .routes(routes!(list_levels, create_level))
        .routes(routes!(get_level, replace_level, delete_level))
        .routes(routes!(grant))
        .routes(routes!(revoke_grant))
        .routes(routes!(block))
        .routes(routes!(lift_block))
}

fn name_taken() -> ApiError {
    ApiError::Conflict("name_taken", "Another has this name already.".to_owned())
}

fn checked_windows(schedule: &ScheduleSettings) -> ApiResult<Vec<Window>> {
    if schedule.windows.len() > PARTS_MAX {
        return Err(ApiError::field("windows", format!("a schedule has {PARTS_MAX} windows at most")));
    }
    let rule = |(place, window): (usize, &super::WeekWindow)| {
        window.to_rule().map_err(|error| ApiError::field(&format!("windows[{place}]"), error.to_string()))
    };
    schedule.windows.iter().enumerate().map(rule).collect()
}

fn checked_level(mut level: LevelSettings) -> ApiResult<LevelSettings> {
    level.name = checked_name(&level.name)?;
    if level.lines.len() > PARTS_MAX {
        return Err(ApiError::field("lines", format!("an access level has {PARTS_MAX} lines at most")));
    }
    for (place, line) in level.lines.iter_mut().enumerate() {
        line.door_ids.sort();
        line.door_ids.dedup();
        if line.door_ids.is_empty() || line.door_ids.len() > DOORS_PER_LINE_MAX {
            let field = format!("lines[{place}].door_ids");
            return Err(ApiError::field(&field, format!("must name 1 to {DOORS_PER_LINE_MAX} doors")));
        }
    }
    Ok(level)
}

fn level_refused(error: sqlx::Error) -> ApiError {
    on_constraint([
        ("access_levels_name_is_unique", name_taken),
        ("access_level_line_places_door_exists", || ApiError::field("lines", "one of the doors is not there")),
        ("access_level_lines_schedule_exists", || ApiError::field("lines", "one of the schedules is not there")),
    ])(error)
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
    let (name, windows, id) = (checked_name(&new.name)?, checked_windows(&new)?, Uuid::now_v7());
    let mut tx = state.change(&actor).await?;
    schedules::insert(&mut tx, actor.tenant, id, &name, &windows)
        .await
        .map_err(on_constraint([("schedules_name_is_unique", name_taken)]))?;
    let made = schedules::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("schedule"))?;
    tx.act(ActKind::Created, SubjectKind::Schedule, id).after(&made).commit().await?;
    Ok(created(made.version, &made))
}

/// Puts a name and windows in place of a schedule's.
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
    let (name, windows) = (checked_name(&new.name)?, checked_windows(&new)?);
    let mut tx = state.change(&actor).await?;
    let before = schedules::get_locked(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("schedule"))?;
    version.check(before.version)?;
    schedules::replace(&mut tx, actor.tenant, id, &name, &windows)
        .await
        .map_err(on_constraint([("schedules_name_is_unique", name_taken)]))?;
    let after = schedules::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("schedule"))?;
    tx.act(ActKind::Changed, SubjectKind::Schedule, id).before(&before).after(&after).commit().await?;
    Ok(tagged(after.version, &after))
}

/// Removes a schedule that no access level uses.
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
    schedules::delete(&mut tx, actor.tenant, id)
        .await
        .map_err(on_constraint([("access_level_lines_schedule_exists", || {
            ApiError::Conflict("in_use", "An access level uses this schedule.".to_owned())
        })]))?;
    tx.act(ActKind::Deleted, SubjectKind::Schedule, id).before(&before).commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Every access level.
#[utoipa::path(get, path = "/access-levels", tag = "access", responses((status = 200, body = Page<AccessLevel>)))]
async fn list_levels(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<AccessLevel>>> {
    let mut tx = state.read(&actor).await?;
    Ok(Page::whole(levels::list(&mut tx, actor.tenant).await?))
}

/// One access level.
#[utoipa::path(get, path = "/access-levels/{id}", tag = "access", params(("id" = Uuid, Path)),
    responses((status = 200, body = AccessLevel), (status = 404, body = Problem)))]
async fn get_level(actor: Actor, State(state): State<AppState>, ApiPath(id): ApiPath<Uuid>) -> ApiResult<Response> {
    let mut tx = state.read(&actor).await?;
    let level = levels::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("access level"))?;
    Ok(tagged(level.version, &level))
}

/// Makes an access level.
#[utoipa::path(post, path = "/access-levels", tag = "access", request_body = LevelSettings,
    responses((status = 201, body = AccessLevel), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create_level(
    actor: Actor,
    State(state): State<AppState>,
    ApiJson(new): ApiJson<LevelSettings>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let (new, id) = (checked_level(new)?, Uuid::now_v7());
    let mut tx = state.change(&actor).await?;
    levels::insert(&mut tx, actor.tenant, id, &new).await.map_err(level_refused)?;
    let made = levels::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("access level"))?;
    tx.act(ActKind::Created, SubjectKind::AccessLevel, id).after(&made).commit().await?;
    Ok(created(made.version, &made))
}

/// Puts a name and lines in place of an access level's.
#[utoipa::path(put, path = "/access-levels/{id}", tag = "access", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = LevelSettings, responses((status = 200, body = AccessLevel), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn replace_level(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
    ApiJson(new): ApiJson<LevelSettings>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let new = checked_level(new)?;
    let mut tx = state.change(&actor).await?;
    let before = levels::get_locked(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("access level"))?;
    version.check(before.version)?;
    levels::replace(&mut tx, actor.tenant, id, &new).await.map_err(level_refused)?;
    let after = levels::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("access level"))?;
    tx.act(ActKind::Changed, SubjectKind::AccessLevel, id).before(&before).after(&after).commit().await?;
    Ok(tagged(after.version, &after))
}

/// Removes an access level that nobody holds or held.
#[utoipa::path(delete, path = "/access-levels/{id}", tag = "access", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
async fn delete_level(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
) -> ApiResult<StatusCode> {
    actor.administrator()?;
    let mut tx = state.change(&actor).await?;
    let before = levels::get_locked(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("access level"))?;
    version.check(before.version)?;
    levels::delete(&mut tx, actor.tenant, id).await.map_err(on_constraint([("grants_level_exists", || {
        ApiError::Conflict("in_use", "Somebody holds or held this access level.".to_owned())
    })]))?;
    tx.act(ActKind::Deleted, SubjectKind::AccessLevel, id).before(&before).commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn checked_grant(mut new: NewGrant) -> ApiResult<NewGrant> {
    match (&new.valid_until, new.no_end_reason.as_deref()) {
        (Some(until), None) if *until <= new.valid_from => {
            Err(ApiError::field("valid_until", "must be after valid_from"))
        }
        (Some(_), None) => Ok(new),
        (Some(_), Some(_)) => Err(ApiError::field("no_end_reason", "is for a grant without an end only")),
        (None, reason) => {
            let reason = checked_reason(reason.unwrap_or_default()).map_err(|_| {
                ApiError::field("no_end_reason", "a grant has an end, or a reason to have none (1 to 500 characters)")
            })?;
            new.no_end_reason = Some(reason.to_owned());
            Ok(new)
        }
    }
}

/// Grants an access level to a person.
#[utoipa::path(post, path = "/people/{id}/grants", tag = "access", params(("id" = Uuid, Path)), request_body = NewGrant,
    responses((status = 201, body = Grant), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn grant(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(person): ApiPath<Uuid>,
    ApiJson(new): ApiJson<NewGrant>,
) -> ApiResult<(StatusCode, Json<Grant>)> {
    actor.administrator()?;
    let new = checked_grant(new)?;
    let person = PersonId::from_uuid(person);
    let mut tx = state.change(&actor).await?;
    grants::require_person(&mut tx, actor.tenant, person).await?;
    let made =
        grants::insert(&mut tx, actor.tenant, Uuid::now_v7(), person, &new, actor.by(), actor.now).await.map_err(
            on_constraint([("grants_level_exists", || ApiError::field("level_id", "there is no such access level"))]),
        )?;
    tx.act(ActKind::Created, SubjectKind::Grant, made.id).after(&made).commit().await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Takes a grant back.
#[utoipa::path(post, path = "/grants/{id}/revoke", tag = "access", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 200, body = Grant), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn revoke_grant(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<Json<Grant>> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let mut tx = state.change(&actor).await?;
    let before = grants::get(&mut tx, actor.tenant, id, actor.now).await?.ok_or(ApiError::NotFound("grant"))?;
    if before.state == GrantState::Revoked {
        return Err(ApiError::Conflict("already_revoked", "This grant was revoked before.".to_owned()));
    }
    let after = grants::revoke(&mut tx, actor.tenant, id, actor.now).await?;
    tx.act(ActKind::Revoked, SubjectKind::Grant, id).before(&before).after(&after).reason(reason).commit().await?;
    Ok(Json(after))
}

/// Blocks a person, whatever they were granted.
#[utoipa::path(post, path = "/people/{id}/blocks", tag = "access", params(("id" = Uuid, Path)), request_body = NewBlock,
    responses((status = 201, body = Block), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn block(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(person): ApiPath<Uuid>,
    ApiJson(mut new): ApiJson<NewBlock>,
) -> ApiResult<(StatusCode, Json<Block>)> {
    actor.administrator()?;
    new.reason = checked_reason(&new.reason)?.to_owned();
    if new.valid_until.is_some_and(|until| until <= new.valid_from.unwrap_or(actor.now)) {
        return Err(ApiError::field("valid_until", "must be after valid_from, and not past"));
    }
    let person = PersonId::from_uuid(person);
    let mut tx = state.change(&actor).await?;
    grants::require_person(&mut tx, actor.tenant, person).await?;
    let made = blocks::insert(&mut tx, actor.tenant, Uuid::now_v7(), person, &new, actor.by(), actor.now).await?;
    tx.act(ActKind::Created, SubjectKind::Block, made.id).after(&made).reason(&new.reason).commit().await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Lifts a block.
#[utoipa::path(post, path = "/blocks/{id}/lift", tag = "access", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 200, body = Block), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn lift_block(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<Json<Block>> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let mut tx = state.change(&actor).await?;
    let before = blocks::get(&mut tx, actor.tenant, id, actor.now).await?.ok_or(ApiError::NotFound("block"))?;
    if before.state == GrantState::Revoked {
        return Err(ApiError::Conflict("already_lifted", "This block was lifted before.".to_owned()));
    }
    let after = blocks::lift(&mut tx, actor.tenant, id, actor.now).await?;
    tx.act(ActKind::Revoked, SubjectKind::Block, id).before(&before).after(&after).reason(reason).commit().await?;
    Ok(Json(after))
}
