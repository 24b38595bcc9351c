//! Routes of a tenant's choices for cards, and of the versions of their keys. Guards read; administrators change, with a reason.

use access_core::event::{ActKind, SubjectKind};
use access_core::word::Word as _;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::due::After;
use super::{CardDue, CardDueReason, CardRules, CardRulesChange, KEY_VERSION_MAX, TemplatesOn, masters, store};
use crate::audit::{Why, checked_reason};
use crate::auth::Actor;
use crate::http::{ApiError, ApiJson, ApiQuery, ApiResult, Counted, IfMatch, Problem, tagged};
use crate::state::AppState;

/// Cards in a piece of the list of those that are due, unless the client says otherwise.
const PIECE: i64 = 50;
/// Most cards in a piece of it.
const PIECE_MAX: i64 = 200;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get, replace)).routes(routes!(rotate)).routes(routes!(due))
}

/// What the tenant chose for cards that prove themselves, and how many of them wait for other keys.
#[utoipa::path(get, path = "/card-rules", tag = "cards", responses((status = 200, body = CardRules)))]
async fn get(actor: Actor, State(state): State<AppState>) -> ApiResult<Response> {
    let mut tx = state.read(&actor).await?;
    let rules = store::rules(&mut tx, actor.tenant).await?;
    Ok(tagged(rules.version, &rules))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DueQuery {
    /// Only for this reason.
    #[param(inline)]
    reason: Option<CardDueReason>,
    /// `next` of the piece before.
    cursor: Option<String>,
    /// How many, 1 to 200; 50 if left out.
    limit: Option<i64>,
}

fn cursor_of(card: &CardDue) -> String {
    format!("{}.{}", card.reason.as_str(), card.credential_id)
}

fn parse_cursor(cursor: &str) -> ApiResult<After> {
    let parse = || {
        let (reason, id) = cursor.split_once('.')?;
        Some(After { reason: CardDueReason::from_word(reason)?, id: id.parse().ok()? })
    };
    parse().ok_or_else(|| ApiError::Malformed("`cursor` is not one that this list gave out.".to_owned()))
}

/// Cards in circulation that are due for other keys, and why: first those that have to be exchanged, then those whose keys whoever has
/// a lost agent knows.
#[utoipa::path(get, path = "/card-rules/due", tag = "cards", params(DueQuery),
    responses((status = 200, body = Counted<CardDue>), (status = 400, body = Problem), (status = 422, body = Problem)))]
async fn due(
    actor: Actor,
    State(state): State<AppState>,
    ApiQuery(query): ApiQuery<DueQuery>,
) -> ApiResult<Json<Counted<CardDue>>> {
    let limit = query.limit.unwrap_or(PIECE);
    if !(1..=PIECE_MAX).contains(&limit) {
        return Err(ApiError::field("limit", format!("must be 1 to {PIECE_MAX}")));
    }
    let after = query.cursor.as_deref().map(parse_cursor).transpose()?;
    let mut tx = state.read(&actor).await?;
    // One more than asked for tells whether there are more.
    let (count, mut items) = store::due::list(&mut tx, actor.tenant, query.reason, after, limit + 1).await?;
    let is_more = items.len() as i64 > limit;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| is_more).map(cursor_of);
    Ok(Json(Counted { count: usize::try_from(count).unwrap_or_default(), items, next }))
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
    if change.compares_fingers && change.templates_on != TemplatesOn::Server {
        return Err(ApiError::field("compares_fingers", "only where templates are kept on the server"));
    }
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
