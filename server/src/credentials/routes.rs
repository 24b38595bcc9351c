//! Routes of cards. They are made at a station (see `enrolment`); here their state and period change.

use access_core::event::{ActKind, SubjectKind};
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{Credential, PeriodChange, StateChange, store};
use crate::audit::{checked_reason, reason_where};
use crate::auth::Actor;
use crate::http::{ApiError, ApiJson, ApiPath, ApiResult, IfMatch, Problem, tagged};
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(change_state)).routes(routes!(change_period))
}

/// Puts a card in another state. It takes effect at every linked agent at once.
#[utoipa::path(post, path = "/credentials/{id}/state", tag = "credentials", params(("id" = Uuid, Path)),
    request_body = StateChange,
    responses((status = 200, body = Credential), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change_state(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(change): ApiJson<StateChange>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let reason = checked_reason(&change.reason)?;
    let mut tx = state.change(&actor).await?;
    let before = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("card"))?;
    let after = store::set_state(&mut tx, actor.tenant, id, change.state).await?;
    tx.act(ActKind::Changed, SubjectKind::Credential, id).before(&before).after(&after).reason(reason).commit().await?;
    Ok(tagged(after.version, &after))
}

/// Gives a card another period; for a stated reason where it may be used earlier or longer.
#[utoipa::path(patch, path = "/credentials/{id}", tag = "credentials",
    params(("id" = Uuid, Path), ("If-Match" = String, Header)), request_body = PeriodChange,
    responses((status = 200, body = Credential), (status = 404, body = Problem), (status = 412, body = Problem),
    (status = 422, body = Problem)))]
async fn change_period(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
    ApiJson(period): ApiJson<PeriodChange>,
) -> ApiResult<Response> {
    actor.administrator()?;
    if period.valid_until.is_some_and(|until| until <= period.valid_from) {
        return Err(ApiError::field("valid_until", "must be after valid_from"));
    }
    let mut tx = state.change(&actor).await?;
    let before = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("card"))?;
    version.check(before.version)?;
    let reason = reason_where(period.extends(&before), period.reason.as_deref())?;
    let after = store::set_period(&mut tx, actor.tenant, id, &period).await?;
    tx.act(ActKind::Changed, SubjectKind::Credential, id)
        .before(&before)
        .after(&after)
        .reason_if(reason)
        .commit()
        .await?;
    Ok(tagged(after.version, &after))
}
