//! Routes of grants, to people and to groups.

use access_core::event::{ActKind, SubjectKind};
use access_core::policy::Holder;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::access::{Grant, GrantChange, GrantState, NewGrant, checks, grants};
use crate::audit::{Why, checked_reason};
use crate::auth::Actor;
use crate::http::{ApiError, ApiJson, ApiPath, ApiResult, IfMatch, Problem, on_constraint, tagged};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(grant))
        .routes(routes!(grant_to_group))
        .routes(routes!(change_grant))
        .routes(routes!(revoke_grant))
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
    grant_to(actor, state, Holder::Person(person.into()), new).await
}

/// Grants an access level to everybody who is in a group, for as long as they are.
#[utoipa::path(post, path = "/groups/{id}/grants", tag = "access", params(("id" = Uuid, Path)), request_body = NewGrant,
    responses((status = 201, body = Grant), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn grant_to_group(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(group): ApiPath<Uuid>,
    ApiJson(new): ApiJson<NewGrant>,
) -> ApiResult<(StatusCode, Json<Grant>)> {
    grant_to(actor, state, Holder::Group(group.into()), new).await
}

async fn grant_to(
    actor: Actor,
    state: AppState,
    holder: Holder,
    new: NewGrant,
) -> ApiResult<(StatusCode, Json<Grant>)> {
    actor.administrator()?;
    let mut tx = state.change(&actor).await?;
    grants::require_holder(&mut tx, actor.tenant, holder).await?;
    let new = checks::grant(new, grants::days_max(&mut tx, actor.tenant).await?, actor.now)?;
    let made =
        grants::insert(&mut tx, actor.tenant, Uuid::now_v7(), holder, &new, actor.by(), actor.now).await.map_err(
            on_constraint([("grants_level_exists", || ApiError::field("level_id", "there is no such access level"))]),
        )?;
    tx.act(ActKind::Created, SubjectKind::Grant, made.id).after(&made).commit().await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Gives a grant another period: its end is put off, or it begins sooner. One that is over holds again; one that was revoked does not.
#[utoipa::path(patch, path = "/grants/{id}", tag = "access", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = GrantChange, responses((status = 200, body = Grant), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn change_grant(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
    ApiJson(change): ApiJson<GrantChange>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let mut tx = state.change(&actor).await?;
    let before = grants::get(&mut tx, actor.tenant, id, actor.now).await?.ok_or(ApiError::NotFound("grant"))?;
    version.check(before.version)?;
    if before.state == GrantState::Revoked {
        return Err(ApiError::Conflict("already_revoked", "This grant was revoked; grant the level anew.".to_owned()));
    }
    let GrantChange { valid_from, valid_until, no_end_reason } = change;
    let new = NewGrant { level_id: before.level_id, valid_from, valid_until, no_end_reason };
    let new = checks::grant(new, grants::days_max(&mut tx, actor.tenant).await?, actor.now)?;
    let after = grants::set_period(&mut tx, actor.tenant, id, &new, actor.now).await?;
    let reason = after.no_end_reason.as_deref();
    tx.act(ActKind::Changed, SubjectKind::Grant, id).before(&before).after(&after).reason_if(reason).commit().await?;
    Ok(tagged(after.version, &after))
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
