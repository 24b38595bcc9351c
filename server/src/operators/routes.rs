//! Routes of operators and of signing in. Administrators manage operators; everybody sees who they are.

use access_core::event::{ActKind, SubjectKind};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{
    Lost, NewOperator, Operator, OperatorChange, OperatorState, SetupPurpose, check_names, links, session, setup, store,
};
use crate::audit::{Why, checked_reason};
use crate::auth::{Actor, Role};
use crate::http::{ApiError, ApiJson, ApiPath, ApiResult, IfMatch, Page, Problem, on_constraint, tagged};
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(session::get, session::sign_in, session::sign_out))
        .routes(routes!(setup::look))
        .routes(routes!(setup::set_up))
        .routes(routes!(list, invite))
        .routes(routes!(change))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(reset_totp))
        .routes(routes!(reset_factors))
        .routes(routes!(issue_link))
}

/// An operator with the link that they set themselves up by. It is shown this once.
#[derive(Debug, Serialize, ToSchema)]
struct Invited {
    /// The operator.
    operator: Operator,
    /// Path and fragment of the link.
    setup_path: String,
    /// When the link is void.
    expires_at: DateTime<Utc>,
}

/// Everybody.
#[utoipa::path(get, path = "/operators", tag = "operators", responses((status = 200, body = Page<Operator>)))]
async fn list(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<Operator>>> {
    let mut tx = state.read(&actor).await?;
    Ok(Page::whole(store::list(&mut tx, actor.tenant).await?))
}

/// Invites an operator.
#[utoipa::path(post, path = "/operators", tag = "operators", request_body = NewOperator,
    responses((status = 201, body = Invited), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn invite(
    actor: Actor,
    State(state): State<AppState>,
    ApiJson(new): ApiJson<NewOperator>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let errors = check_names(Some(&new.name), Some(&new.display_name));
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let mut tx = state.change(&actor).await?;
    let id = Uuid::now_v7();
    store::insert(&mut tx, actor.tenant, id, &new)
        .await
        .map_err(on_constraint([("operators_name_is_unique", || {
            ApiError::Conflict("name_taken", "Another operator has this name.".to_owned())
        })]))?;
    let (link, expires_at) =
        links::issue(&mut tx, actor.tenant, SetupPurpose::Invitation, Some(id.into()), actor.now).await?;
    let operator = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("operator"))?;
    tx.act(ActKind::Created, SubjectKind::Operator, id).after(&operator).commit().await?;
    let body = Invited { operator, setup_path: link.path(), expires_at };
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// Changes name to show or role.
#[utoipa::path(patch, path = "/operators/{id}", tag = "operators", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = OperatorChange, responses((status = 200, body = Operator), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 412, body = Problem)))]
async fn change(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
    ApiJson(change): ApiJson<OperatorChange>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let reason = checked_reason(&change.reason)?;
    let errors = check_names(None, change.display_name.as_deref());
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let mut tx = state.change(&actor).await?;
    store::one_at_a_time(&mut tx, actor.tenant).await?;
    let before = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("operator"))?;
    version.check(before.version)?;
    let role = change.role.unwrap_or(before.role.0);
    if role != Role::Administrator {
        keep_an_administrator(&mut tx, &actor, &before).await?;
    }
    let display_name = change.display_name.as_deref().unwrap_or(&before.display_name).trim();
    store::update(&mut tx, actor.tenant, id, display_name, role).await?;
    let after = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("operator"))?;
    tx.act(ActKind::Changed, SubjectKind::Operator, id).before(&before).after(&after).reason(reason).commit().await?;
    Ok(tagged(after.version, &after))
}

/// A tenant without an administrator could not be helped but on the server itself.
async fn keep_an_administrator(tx: &mut crate::db::TenantTx, actor: &Actor, operator: &Operator) -> ApiResult<()> {
    let is_last = operator.role.0 == Role::Administrator
        && operator.state == "active"
        && !store::has_another_administrator(tx, actor.tenant, operator.id).await?;
    match is_last {
        true => Err(ApiError::Conflict("last_administrator", "This is the last active administrator.".to_owned())),
        false => Ok(()),
    }
}

/// Puts an operator out of use; their sessions end at once.
#[utoipa::path(post, path = "/operators/{id}/disable", tag = "operators", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 200, body = Operator), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn disable(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<Json<Operator>> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let mut tx = state.change(&actor).await?;
    store::one_at_a_time(&mut tx, actor.tenant).await?;
    let before = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("operator"))?;
    keep_an_administrator(&mut tx, &actor, &before).await?;
    store::set_state(&mut tx, actor.tenant, id, OperatorState::Disabled).await?;
    let after = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("operator"))?;
    tx.act(ActKind::Disabled, SubjectKind::Operator, id).reason(reason).commit().await?;
    state.sessions_ended.send_replace(());
    Ok(Json(after))
}

/// Puts an operator back to use. One who never set themselves up is invited again.
#[utoipa::path(post, path = "/operators/{id}/enable", tag = "operators", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 200, body = Operator), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn enable(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<Json<Operator>> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let mut tx = state.change(&actor).await?;
    store::one_at_a_time(&mut tx, actor.tenant).await?;
    let before = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("operator"))?;
    if before.state != "disabled" {
        return Err(ApiError::Conflict("not_disabled", "This operator is not disabled.".to_owned()));
    }
    let has_both = store::has_both_factors(&mut tx, actor.tenant, id).await?;
    store::set_state(&mut tx, actor.tenant, id, if has_both { OperatorState::Active } else { OperatorState::Invited })
        .await?;
    let after = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("operator"))?;
    tx.act(ActKind::Enabled, SubjectKind::Operator, id).reason(reason).commit().await?;
    state.sessions_ended.send_replace(());
    Ok(Json(after))
}

/// Lets another operator set a new second factor; their link demands the password. Nobody resets their own.
#[utoipa::path(post, path = "/operators/{id}/reset-totp", tag = "operators", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 200, body = Invited), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn reset_totp(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<Json<Invited>> {
    reset(&actor, &state, id, &why, Lost::Authenticator).await
}

/// Voids another operator's password and second factor and invites them anew: whoever holds the link becomes them.
#[utoipa::path(post, path = "/operators/{id}/reset-factors", tag = "operators", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 200, body = Invited), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn reset_factors(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<Json<Invited>> {
    reset(&actor, &state, id, &why, Lost::Both).await
}

async fn reset(actor: &Actor, state: &AppState, id: Uuid, why: &Why, lost: Lost) -> ApiResult<Json<Invited>> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    if id == actor.operator.as_uuid() {
        return Err(ApiError::Conflict("own_totp", "Another administrator must reset your second factor.".to_owned()));
    }
    let mut tx = state.change(actor).await?;
    store::one_at_a_time(&mut tx, actor.tenant).await?;
    let before = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("operator"))?;
    keep_an_administrator(&mut tx, actor, &before).await?;
    let (operator, link, expires_at) = links::begin_anew(&mut tx, id.into(), lost, actor.now).await?;
    tx.act(lost.act(), SubjectKind::Operator, id).reason(reason).commit().await?;
    state.sessions_ended.send_replace(());
    Ok(Json(Invited { operator, setup_path: link.path(), expires_at }))
}

/// Issues a new link to an operator who has not set themselves up: the one before was lost, or ran out. It is void at once.
#[utoipa::path(post, path = "/operators/{id}/setup-link", tag = "operators", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 200, body = Invited), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn issue_link(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<Json<Invited>> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let mut tx = state.change(&actor).await?;
    store::one_at_a_time(&mut tx, actor.tenant).await?;
    let operator = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("operator"))?;
    if operator.state != "invited" {
        return Err(ApiError::Conflict("not_invited", "This operator has no set-up to finish.".to_owned()));
    }
    let (link, expires_at) = links::issue_anew(&mut tx, id.into(), actor.now).await?;
    tx.act(ActKind::SetupLinkIssued, SubjectKind::Operator, id).reason(reason).commit().await?;
    Ok(Json(Invited { operator, setup_path: link.path(), expires_at }))
}
