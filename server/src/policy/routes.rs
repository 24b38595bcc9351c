//! Routes that ask the rules. What they answer of people are pseudonyms; names come from the vault, whose looks are acts.

use std::sync::Arc;

use access_core::Policy;
use access_core::diff::diff;
use access_core::policy::Side;
use access_core::time::UnixMs;
use access_core::word::Word as _;
use anyhow::Context as _;
use axum::extract::State;
use axum::{Extension, Json};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::explain::{ExplainWanted, ExplanationView, answer, rules_at};
use super::lists::{MayPass, UnusedGrant, When};
use super::preview::{PolicyChangeWanted, rehearse};
use super::store::Names;
use super::versions::{ChangedRow, PolicyVersion, PolicyVersionDetail};
use super::{AccessDiff, Editors, beside, lists, not_too_far_ahead, store};
use crate::auth::{Actor, Role};
use crate::http::{ApiError, ApiJson, ApiPath, ApiQuery, ApiResult, Counted, Page, Problem, words};
use crate::state::AppState;
use crate::{clock, events};

/// Longest stretch of time that is looked at, in days.
const DAYS_MAX: i64 = 400;
/// Stretch that is looked at unless it is told otherwise, in days.
const DAYS: i64 = 7;
/// Items in a piece of a list, unless the client says otherwise.
const PIECE: usize = 50;
/// Most items in a piece of a list.
const PIECE_MAX: usize = 200;
/// A grant counts as unused after so many days, unless the client says otherwise.
const UNUSED_DAYS: i64 = 90;
/// Most days that can be asked for.
const UNUSED_DAYS_MAX: i64 = 3_650;
/// Most changed rows of a version that are told.
const ROWS_MAX: i64 = 200;
/// So many previews and comparisons are worked out at once; the others wait.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// So many are told at once why, who or where, each perhaps by rules of the past that are made anew; the others wait, but for no preview.
static ASKED_AT_ONCE: Semaphore = Semaphore::const_new(2);

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(explain))
        .routes(routes!(preview))
        .routes(routes!(who))
        .routes(routes!(where_to))
        .routes(routes!(unused_grants))
        .routes(routes!(versions))
        .routes(routes!(version))
        .routes(routes!(compare))
}

/// Changes to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PreviewWanted {
    /// What would be saved, in this order; 1 to 100.
    changes: Vec<PolicyChangeWanted>,
    /// From when on to look; now if left out.
    from: Option<DateTime<Utc>>,
    /// Until when; a week later if left out, at most 400 days.
    until: Option<DateTime<Utc>>,
}

/// The stretch of time to look at.
fn stretch(actor: &Actor, from: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> ApiResult<(UnixMs, UnixMs)> {
    let from = from.unwrap_or(actor.now);
    not_too_far_ahead("from", from, actor.now)?;
    let until = until.unwrap_or(from + TimeDelta::days(DAYS));
    not_too_far_ahead("until", until, actor.now)?;
    if until <= from || until - from > TimeDelta::days(DAYS_MAX) {
        return Err(ApiError::field("until", format!("must be after `from`, by {DAYS_MAX} days at most")));
    }
    Ok((clock::unix_ms(from), clock::unix_ms(until)))
}

/// Who would gain and who would lose which door, and when, and which rules would differ, if these changes were saved. Each has the body of the route that makes it,
/// and is refused as that route refuses it. Nothing is saved.
#[utoipa::path(post, path = "/policy/preview", tag = "policy", request_body = PreviewWanted,
    responses((status = 200, body = AccessDiff), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 412, body = Problem), (status = 422, body = Problem), (status = 428, body = Problem)))]
async fn preview(
    actor: Actor,
    State(state): State<AppState>,
    Extension(editors): Extension<Editors>,
    ApiJson(wanted): ApiJson<PreviewWanted>,
) -> ApiResult<Json<AccessDiff>> {
    actor.administrator()?;
    let (from, until) = stretch(&actor, wanted.from, wanted.until)?;
    let _turn = AT_ONCE.acquire().await.context("previews")?;
    let (before, after, names) = rehearse(&state, &editors, &actor, &wanted.changes).await?;
    Ok(Json(compared(before, after, names, from, until).await?))
}

/// Why a door opened to somebody or stayed shut: every rule's answer, what settled it, and single changes that would grant it. Names a
/// decision of the log, or a person or card at a door.
#[utoipa::path(post, path = "/explain", tag = "policy", request_body = ExplainWanted,
    responses((status = 200, body = ExplanationView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn explain(
    actor: Actor,
    State(state): State<AppState>,
    ApiJson(wanted): ApiJson<ExplainWanted>,
) -> ApiResult<Json<ExplanationView>> {
    let _turn = ASKED_AT_ONCE.acquire().await.context("explanations")?;
    Ok(Json(answer(&state, &actor, wanted).await?))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// At this instant, instead of over a stretch of time.
    at: Option<DateTime<Utc>>,
    /// From when on to look; now if left out.
    from: Option<DateTime<Utc>>,
    /// Until when; a week later if left out, at most 400 days.
    until: Option<DateTime<Utc>>,
    /// Only this side; of a door.
    #[param(inline, value_type = Option<words::Side>)]
    side: Option<Side>,
    /// `next` of the piece before.
    cursor: Option<String>,
    /// How many, 1 to 200; 50 if left out.
    limit: Option<usize>,
}

impl ListQuery {
    fn when(&self, actor: &Actor) -> ApiResult<(DateTime<Utc>, When)> {
        match self.at {
            Some(_) if self.from.is_some() || self.until.is_some() => {
                Err(ApiError::field("at", "is an instant: name it, or a stretch by `from` and `until`"))
            }
            Some(at) => {
                not_too_far_ahead("at", at, actor.now)?;
                Ok((at, When::At(clock::unix_ms(at))))
            }
            None => {
                let (from, until) = stretch(actor, self.from, self.until)?;
                Ok((clock::from_unix_ms(from), When::Within(from, until)))
            }
        }
    }

    fn piece(&self) -> ApiResult<(usize, usize)> {
        piece(self.cursor.as_deref(), self.limit)
    }
}

/// Where a piece of a list begins, and how long it is.
fn piece(cursor: Option<&str>, limit: Option<usize>) -> ApiResult<(usize, usize)> {
    let limit = limit.unwrap_or(PIECE);
    if !(1..=PIECE_MAX).contains(&limit) {
        return Err(ApiError::field("limit", format!("must be 1 to {PIECE_MAX}")));
    }
    let from = cursor.map_or(Ok(0), str::parse);
    let from = from.map_err(|_| ApiError::Malformed("`cursor` is not one that this list gave out.".to_owned()))?;
    Ok((from, limit))
}

/// Who may pass a door at an instant or within a stretch of time, by the rules in force then (of a stretch: when it begins), as if
/// nothing had happened.
#[utoipa::path(get, path = "/doors/{id}/who", tag = "policy", params(("id" = Uuid, Path), ListQuery),
    responses((status = 200, body = Counted<MayPass>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn who(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> ApiResult<Json<Counted<MayPass>>> {
    let ((at, when), (from, limit)) = (query.when(&actor)?, query.piece()?);
    let _turn = ASKED_AT_ONCE.acquire().await.context("lists")?;
    let policy = rules_at(&state, &actor, at).await?;
    let door = policy.door(id.into()).ok_or(ApiError::NotFound("door"))?.id;
    let sides = query.side.map_or(Side::ALL.to_vec(), |side| vec![side]);
    let all = beside(move || lists::of_door(&policy, door, &sides, when)).await?;
    Ok(Json(Counted::piece(all, from, limit)))
}

/// Which doors a person may pass at an instant or within a stretch of time, by the rules in force then (of a stretch: when it begins), as if
/// nothing had happened.
#[utoipa::path(get, path = "/people/{id}/where", tag = "policy", params(("id" = Uuid, Path), ListQuery),
    responses((status = 200, body = Counted<MayPass>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn where_to(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> ApiResult<Json<Counted<MayPass>>> {
    let ((at, when), (from, limit)) = (query.when(&actor)?, query.piece()?);
    let _turn = ASKED_AT_ONCE.acquire().await.context("lists")?;
    let policy = rules_at(&state, &actor, at).await?;
    let person = policy.person(id.into()).ok_or(ApiError::NotFound("person"))?.id;
    let mut all = beside(move || lists::of_person(&policy, person, when)).await?;
    all.retain(|may| query.side.is_none_or(|side| side.as_str() == may.side));
    Ok(Json(Counted::piece(all, from, limit)))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UnusedQuery {
    /// For so many days, 1 to 3650; 90 if left out.
    days: Option<i64>,
    /// `next` of the piece before.
    cursor: Option<String>,
    /// How many, 1 to 200; 50 if left out.
    limit: Option<usize>,
}

/// Grants that were in force for so many days and by which nobody was let through a door; the oldest first.
#[utoipa::path(get, path = "/grants/unused", tag = "policy", params(UnusedQuery),
    responses((status = 200, body = Counted<UnusedGrant>), (status = 422, body = Problem)))]
async fn unused_grants(
    actor: Actor,
    State(state): State<AppState>,
    ApiQuery(query): ApiQuery<UnusedQuery>,
) -> ApiResult<Json<Counted<UnusedGrant>>> {
    let days = query.days.unwrap_or(UNUSED_DAYS);
    if !(1..=UNUSED_DAYS_MAX).contains(&days) {
        return Err(ApiError::field("days", format!("must be 1 to {UNUSED_DAYS_MAX}")));
    }
    let (from, limit) = piece(query.cursor.as_deref(), query.limit)?;
    let since = actor.now - TimeDelta::days(days);
    let mut tx = state.read(&actor).await?;
    let granted = store::last_granted(&mut tx, actor.tenant, since).await?;
    drop(tx);
    let policy = state.rules_in_force(actor.tenant).await?;
    let (since, now) = (clock::unix_ms(since), clock::unix_ms(actor.now));
    let all = beside(move || lists::unused(&policy, &granted, since, now)).await?;
    Ok(Json(Counted::piece(all, from, limit)))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct VersionsQuery {
    /// `next` of the piece before.
    before: Option<i64>,
    /// How many, 1 to 200; 50 if left out.
    limit: Option<usize>,
}

/// Versions of the rules, newest first.
#[utoipa::path(get, path = "/policy/versions", tag = "policy", params(VersionsQuery),
    responses((status = 200, body = Page<PolicyVersion>), (status = 422, body = Problem)))]
async fn versions(
    actor: Actor,
    State(state): State<AppState>,
    ApiQuery(query): ApiQuery<VersionsQuery>,
) -> ApiResult<Json<Page<PolicyVersion>>> {
    let (_, limit) = piece(None, query.limit)?;
    let mut tx = state.read(&actor).await?;
    let rows = store::versions(&mut tx, actor.tenant, query.before, limit as i64).await?;
    let next = rows.last().filter(|row| row.version > 1).map(|row| row.version.to_string());
    Ok(Json(Page { items: rows.into_iter().map(PolicyVersion::from).collect(), next }))
}

/// One version of the rules with what it changed, and for administrators why.
#[utoipa::path(get, path = "/policy/versions/{version}", tag = "policy", params(("version" = i64, Path)),
    responses((status = 200, body = PolicyVersionDetail), (status = 404, body = Problem)))]
async fn version(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(version): ApiPath<i64>,
) -> ApiResult<Json<PolicyVersionDetail>> {
    let mut tx = state.read(&actor).await?;
    let row = store::version(&mut tx, actor.tenant, version).await?.ok_or(ApiError::NotFound("version"))?;
    let rows = store::rows_of(&mut tx, actor.tenant, version, ROWS_MAX).await?;
    let reason = match actor.role {
        Role::Administrator => store::reason_of(&mut tx, actor.tenant, version).await?,
        Role::Guard => None,
    };
    let reason = events::store::said(&mut tx, &state.keys, actor.tenant, reason).await?;
    Ok(Json(PolicyVersionDetail {
        version: row.into(),
        reason,
        rows: rows.into_iter().map(ChangedRow::from).collect(),
    }))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CompareQuery {
    /// One version.
    old: u64,
    /// Another.
    new: u64,
    /// From when on to look; now if left out.
    from: Option<DateTime<Utc>>,
    /// Until when; a week later if left out, at most 400 days.
    until: Option<DateTime<Utc>>,
}

/// Who gained and who lost which door from one version of the rules to another, looked at in the same stretch of time.
#[utoipa::path(get, path = "/policy/compare", tag = "policy", params(CompareQuery),
    responses((status = 200, body = AccessDiff), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn compare(
    actor: Actor,
    State(state): State<AppState>,
    ApiQuery(query): ApiQuery<CompareQuery>,
) -> ApiResult<Json<AccessDiff>> {
    let (from, until) = stretch(&actor, query.from, query.until)?;
    let _turn = AT_ONCE.acquire().await.context("comparisons")?;
    let rules = async |version| state.rules_of(actor.tenant, version).await?.ok_or(ApiError::NotFound("version"));
    let (old, new) = (rules(query.old).await?, rules(query.new).await?);
    let names = store::names(&mut *state.read(&actor).await?, actor.tenant).await?;
    Ok(Json(compared(Arc::clone(&old.policy), Arc::clone(&new.policy), names, from, until).await?))
}

/// What is different by the second of these rules.
async fn compared(
    before: Arc<Policy>,
    after: Arc<Policy>,
    names: Names,
    from: UnixMs,
    until: UnixMs,
) -> ApiResult<AccessDiff> {
    let work = move || {
        let changes = before.changes_to(&after);
        let back = after.changes_to(&before);
        AccessDiff::of(diff(&before, &after, from, until), &changes, &back, &names, from, until)
    };
    beside(work).await
}
