//! Removing PINs. They are set at a station (see `enrolment`), by the person alone.

use access_core::event::{ActKind, SubjectKind};
use access_core::ids::PersonId;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::store;
use crate::audit::{Why, checked_reason};
use crate::auth::Actor;
use crate::http::{ApiError, ApiJson, ApiPath, ApiResult, Problem};
use crate::state::AppState;
use crate::vault;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(delete)).routes(routes!(delete_duress))
}

/// Removes a person's PIN and the sign of duress beside it, here and at every agent with its next rules.
#[utoipa::path(delete, path = "/people/{id}/pin", tag = "pins", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn delete(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<StatusCode> {
    remove(&actor, &state, id, &why, false).await
}

/// Removes a person's sign of duress; the PIN for every day stays.
#[utoipa::path(delete, path = "/people/{id}/duress-pin", tag = "pins", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn delete_duress(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<StatusCode> {
    remove(&actor, &state, id, &why, true).await
}

async fn remove(actor: &Actor, state: &AppState, id: Uuid, why: &Why, only_duress: bool) -> ApiResult<StatusCode> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let person = PersonId::from_uuid(id);
    let mut tx = state.change_vault(actor).await?;
    store::has_pin_locked(&mut tx, actor.tenant, person).await?.ok_or(ApiError::NotFound("person"))?;
    let before = super::of_person(&mut tx, actor.tenant, person, true).await?.ok_or(ApiError::NotFound("PIN"))?;
    if !vault::store::delete_pins(&mut tx, actor.tenant, person, only_duress).await? {
        return Err(ApiError::NotFound("PIN"));
    }
    store::set(&mut tx, actor.tenant, person, only_duress, actor.now).await?;
    let kind = if only_duress { ActKind::Changed } else { ActKind::Deleted };
    tx.act(kind, SubjectKind::Pin, id).before(&before).reason(reason).commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
