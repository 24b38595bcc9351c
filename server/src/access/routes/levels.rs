//! Routes of access levels.

use access_core::event::{ActKind, SubjectKind};
use access_core::ids::TenantId;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::access::{AccessLevel, LevelSettings, checks, levels, place};
use crate::auth::Actor;
use crate::db::TenantTx;
use crate::http::{ApiError, ApiJson, ApiPath, ApiResult, IfMatch, Page, Problem, created, on_constraint, tagged};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_levels, create_level)).routes(routes!(
        get_level,
        replace_level,
        delete_level
    ))
}

/// Refuses places and schedules that the tenant does not have.
async fn require_known(tx: &mut TenantTx, tenant: TenantId, level: &LevelSettings) -> ApiResult<()> {
    for (number, line) in level.lines.iter().enumerate() {
        place::require(tx, tenant, &line.places, |place| format!("lines[{number}].places[{place}]")).await?;
    }
    levels::require_schedules(tx, tenant, &level.lines).await
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
    let (new, id) = (checks::level(new)?, Uuid::now_v7());
    let mut tx = state.change(&actor).await?;
    require_known(&mut tx, actor.tenant, &new).await?;
    levels::insert(&mut tx, actor.tenant, id, &new)
        .await
        .map_err(on_constraint([("access_levels_name_is_unique", ApiError::name_taken)]))?;
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
    let new = checks::level(new)?;
    let mut tx = state.change(&actor).await?;
    let before = levels::get_locked(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("access level"))?;
    version.check(before.version)?;
    require_known(&mut tx, actor.tenant, &new).await?;
    levels::replace(&mut tx, actor.tenant, id, &new)
        .await
        .map_err(on_constraint([("access_levels_name_is_unique", ApiError::name_taken)]))?;
    let after = levels::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("access level"))?;
    tx.act(ActKind::Changed, SubjectKind::AccessLevel, id).before(&before).after(&after).commit().await?;
    Ok(tagged(after.version, &after))
}

/// Removes an access level that nobody holds; who still does is named.
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
    let uses = levels::uses(&mut tx, actor.tenant, id, actor.now).await?;
    if !uses.is_empty() {
        return Err(ApiError::in_use(&uses));
    }
    levels::delete(&mut tx, actor.tenant, id).await?;
    tx.act(ActKind::Deleted, SubjectKind::AccessLevel, id).before(&before).commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
