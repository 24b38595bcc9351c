//! The one route of fingers: removing one, and its template with it. They are made at a station (see `enrolment`).

use access_core::event::{ActKind, SubjectKind};
use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{may_be_removed, store};
use crate::audit::{Why, checked_reason};
use crate::auth::Actor;
use crate::http::{ApiError, ApiJson, ApiPath, ApiResult, Problem};
use crate::state::AppState;
use crate::vault;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(delete))
}

/// Removes an enrolled finger and its template, here and at every agent. Signs of duress are not left alone. One that lies on a card in
/// use is taken off it at a station; with the last finger of a person goes the key that those on lost cards need.
#[utoipa::path(delete, path = "/fingers/{id}", tag = "fingers", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
async fn delete(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<StatusCode> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let mut tx = state.change_vault(&actor).await?;
    let person = store::lock_person_of(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("finger"))?;
    let before = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("finger"))?;
    let all = store::of_person(&mut tx, actor.tenant, person).await?;
    may_be_removed(&all, id)?;
    if store::is_on_card_in_use(&mut tx, actor.tenant, id).await? {
        let detail = "It lies on a card in use: hold the card to a station to remove it, or report the card.";
        return Err(ApiError::Conflict("finger_on_card", detail.to_owned()));
    }
    store::delete(&mut tx, actor.tenant, id).await?;
    if all.len() == 1 {
        // What lies on a card that is lost opens nowhere any more, whatever becomes of the card.
        vault::store::destroy_person_key(&mut tx, actor.tenant, person, vault::KeyPurpose::Template).await?;
    }
    tx.act(ActKind::Deleted, SubjectKind::Finger, id).before(&before).reason(reason).commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
