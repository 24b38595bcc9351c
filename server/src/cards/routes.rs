//! Routes of a tenant's choices for cards, and of the versions of their keys. Guards read; administrators change, with a reason.

use access_core::event::{ActKind, SubjectKind};
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{CardRules, CardRulesChange, KEY_VERSION_MAX, masters, store};
use crate::audit::{Why, checked_reason};
use crate::auth::Actor;
use crate::http::{ApiError, ApiJson, ApiResult, IfMatch, Problem, tagged};
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get, replace)).routes(routes!(rotate))
}

/// What the tenant chose for cards that prove themselves, and how many of them wait for other keys.
#[utoipa::path(get, path = "/card-rules", tag = "cards", responses((status = 200, body = CardRules)))]
async fn get(actor: Actor, State(state): State<AppState>) -> ApiResult<Response> {
    let mut tx = state.read(&actor).await?;
    let rules = store::rules(&mut tx, actor.tenant).await?;
    Ok(tagged(rules.version, &rules))
}

/// Puts choices in place of the tenant's. They count for cards and fingers that are made from then on.
#[utoipa::path(put, path = "/card-rules", tag = "cards", params(("If-Match" = String, Header)), request_body = CardRulesChange,
    responses((status = 200, body = CardRules), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn replace(
    actor: Actor,
    State(state): State<AppState>,
    version: IfMatch,
    ApiJson(change): ApiJson<CardRulesChange>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let reason = checked_reason(&change.reason)?;
    let mut tx = state.change(&actor).await?;
    let before = store::rules(&mut tx, actor.tenant).await?;
    version.check(before.version)?;
    if !store::put_rules(&mut tx, actor.tenant, &change, before.version).await? {
        return Err(ApiError::ChangedMeanwhile);
    }
    let after = store::rules(&mut tx, actor.tenant).await?;
    tx.act(ActKind::Changed, SubjectKind::TenantRules, actor.tenant.as_uuid())
        .before(&before)
        .after(&after)
        .reason(reason)
        .commit()
        .await?;
    Ok(tagged(after.version, &after))
}

/// Gives the tenant's card keys their next version: new cards get it, and each card at its next visit to a station. Until then all
/// cards work, by the keys that they have.
#[utoipa::path(post, path = "/card-rules/rotate", tag = "cards", request_body = Why,
    responses((status = 200, body = CardRules), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn rotate(actor: Actor, State(state): State<AppState>, ApiJson(why): ApiJson<Why>) -> ApiResult<Response> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let mut tx = state.change(&actor).await?;
    let before = store::rules(&mut tx, actor.tenant).await?;
    let Some(version) = store::next_version(&mut tx, actor.tenant).await? else {
        return Err(ApiError::Conflict(
            "key_versions_used_up",
            format!(
                "Card keys have had {KEY_VERSION_MAX} versions, and a card can tell no more of them. All cards go on opening by the keys \
                 that they have. A card whose keys somebody else may know gets no others: exchange this card for another."
            ),
        ));
    };
    // Here and now, so that nobody finds out at a station that it can't be made.
    let made = u8::try_from(version).map_err(anyhow::Error::from)?;
    masters::provide(&state.card_keys, &mut tx, actor.tenant, [made], actor.now).await.map_err(masters::refused)?;
    store::rotate(&mut tx, actor.tenant, version, actor.now).await?;
    let after = store::rules(&mut tx, actor.tenant).await?;
    tx.act(ActKind::Changed, SubjectKind::TenantRules, actor.tenant.as_uuid())
        .before(&before)
        .after(&after)
        .reason(reason)
        .commit()
        .await?;
    Ok(tagged(after.version, &after))
}
