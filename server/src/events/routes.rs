//! Routes of the log. Every look at one person's events is an act.

use access_core::event::{ActKind, EventKind, SubjectKind};
use access_core::verdict::Reason;
use access_core::word::Word;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::store::Filter;
use super::{LogEvent, LogEventDetail, Outcome, feed, store};
use crate::audit::Look;
use crate::auth::{Actor, Role};
use crate::http::words;
use crate::http::{ApiError, ApiPath, ApiQuery, ApiResult, Page, Problem};
use crate::state::AppState;

/// Most events of one page.
const PAGE_MAX: i64 = 200;
const PAGE_DEFAULT: i64 = 50;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(search)).routes(routes!(get)).routes(routes!(feed::follow))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Search {
    /// Cursor: `next` of the page before.
    before: Option<String>,
    /// How many, 1 to 200.
    limit: Option<i64>,
    /// Of this kind.
    #[param(inline, value_type = Option<words::EventKind>)]
    kind: Option<String>,
    /// Acts of this kind.
    #[param(inline, value_type = Option<words::ActKind>)]
    act: Option<String>,
    /// Acts of this operator's, and what doors did by their command.
    operator_id: Option<Uuid>,
    /// `false` leaves out looks at personal data; they are many.
    looks: Option<bool>,
    /// At this door.
    door_id: Option<Uuid>,
    /// About this person. Such a look is itself logged.
    person_id: Option<Uuid>,
    /// Of this agent's.
    agent_id: Option<Uuid>,
    /// `granted` or `refused`.
    #[param(inline, value_type = Option<Outcome>)]
    outcome: Option<String>,
    /// Decided for this reason.
    #[param(inline, value_type = Option<words::Reason>)]
    reason: Option<String>,
    /// From this instant on.
    from: Option<DateTime<Utc>>,
    /// Before this instant.
    until: Option<DateTime<Utc>>,
}

fn known<W: Word>(field: &str, word: Option<String>) -> ApiResult<Option<String>> {
    match word {
        Some(text) if W::from_word(&text).is_none() => {
            Err(ApiError::Malformed(format!("{field}: `{text}` is not a word of {}", W::NAME)))
        }
        word => Ok(word),
    }
}

fn filter(query: Search) -> ApiResult<(Filter, i64)> {
    let before = match &query.before {
        None => None,
        Some(cursor) => Some(
            cursor
                .parse::<i64>()
                .ok()
                .filter(|position| *position > 0)
                .ok_or_else(|| ApiError::Malformed(format!("before: `{cursor}` is not a cursor of this list")))?,
        ),
    };
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(ApiError::Malformed(format!("limit: must be 1 to {PAGE_MAX}, not {limit}")));
    }
    let filter = Filter {
        before,
        kind: known::<EventKind>("kind", query.kind)?,
        act: known::<ActKind>("act", query.act)?,
        operator_id: query.operator_id,
        without_looks: query.looks == Some(false),
        door_id: query.door_id,
        person_id: query.person_id,
        agent_id: query.agent_id,
        outcome: known::<Outcome>("outcome", query.outcome)?,
        reason: known::<Reason>("reason", query.reason)?,
        from: query.from,
        until: query.until,
    };
    Ok((filter, limit))
}

/// Events, newest first.
#[utoipa::path(get, path = "/events", tag = "events", params(Search),
    responses((status = 200, body = Page<LogEvent>), (status = 400, body = Problem)))]
async fn search(
    actor: Actor,
    State(state): State<AppState>,
    ApiQuery(query): ApiQuery<Search>,
) -> ApiResult<Json<Page<LogEvent>>> {
    let (filter, limit) = filter(query)?;
    let mut tx = state.change(&actor).await?;
    let items = store::search(&mut tx, actor.tenant, &filter, limit).await?;
    if let Some(person) = filter.person_id
        && state.looks.is_new(&actor, person, Look::Movements)
    {
        tx.act(ActKind::Viewed, SubjectKind::Person, person).commit().await?;
        state.looks.logged(&actor, person, Look::Movements);
    }
    let is_full = items.len() as i64 == limit;
    let next = items.last().filter(|last| is_full && last.position > 1).map(|last| last.position.to_string());
    Ok(Json(Page { items, next }))
}

/// One event; for administrators with what stands behind an act's commitments.
#[utoipa::path(get, path = "/events/{position}", tag = "events", params(("position" = i64, Path)),
    responses((status = 200, body = LogEventDetail), (status = 404, body = Problem)))]
async fn get(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(position): ApiPath<i64>,
) -> ApiResult<Json<LogEventDetail>> {
    let mut tx = state.read(&actor).await?;
    let (event, act) = store::get(&mut tx, actor.tenant, position).await?.ok_or(ApiError::NotFound("event"))?;
    let content = match (act, actor.role) {
        (Some(act), Role::Administrator) => Some(store::content(&mut tx, &state.keys, actor.tenant, &act).await?),
        _ => None,
    };
    let release = store::release(&mut tx, &state.keys, &actor, position).await?;
    Ok(Json(LogEventDetail { event, content, release }))
}
