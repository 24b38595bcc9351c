//! Routes of alarms. Everybody who is staff sees and acknowledges them.

use access_core::event::{ActKind, SubjectKind};
use access_core::word::UnknownWord;
use axum::Json;
use axum::extract::State;
use chrono::DateTime;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{Alarm, store};
use crate::audit::REASON_CHARS_MAX;
use crate::auth::Actor;
use crate::http::{ApiError, ApiJson, ApiPath, ApiQuery, ApiResult, Page, Problem};
use crate::state::AppState;

/// Most alarms of one page.
const PAGE_MAX: i64 = 200;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(acknowledge))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// `open` (the default): not acknowledged, by priority; `all`: newest first.
    #[param(inline, value_type = Option<Listed>)]
    state: Option<String>,
    /// Cursor: `next` of the page before.
    before: Option<String>,
    /// How many, 1 to 200.
    limit: Option<i64>,
}

access_core::words! {
    /// Which alarms are listed.
    pub enum Listed {
        /// Those that nobody acknowledged.
        Open = "open",
        /// All of them.
        All = "all",
    }
}

crate::describe_words!(Listed);

fn cursor(text: &str) -> Option<(i64, Uuid)> {
    let (position, id) = text.split_once('.')?;
    Some((position.parse().ok()?, id.parse().ok()?))
}

fn cursor_of_open(text: &str) -> Option<store::After> {
    let mut parts = text.split('.');
    let priority = parts.next()?.parse().ok()?;
    let raised_at = DateTime::from_timestamp_micros(parts.next()?.parse().ok()?)?;
    let id = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some(store::After { priority, raised_at, id })
}

fn after(alarm: &Alarm) -> String {
    format!("{}.{}.{}", alarm.priority, alarm.raised_at.timestamp_micros(), alarm.id)
}

/// The cursor that a request names, as its list reads them.
fn named<T>(which: &Which, read: fn(&str) -> Option<T>) -> ApiResult<Option<T>> {
    let Some(text) = &which.before else { return Ok(None) };
    let cursor =
        read(text).ok_or_else(|| ApiError::Malformed(format!("before: `{text}` is not a cursor of this list")))?;
    Ok(Some(cursor))
}

/// Alarms.
#[utoipa::path(get, path = "/alarms", tag = "alarms", params(Which),
    responses((status = 200, body = Page<Alarm>), (status = 400, body = Problem)))]
async fn list(
    actor: Actor,
    State(state): State<AppState>,
    ApiQuery(which): ApiQuery<Which>,
) -> ApiResult<Json<Page<Alarm>>> {
    let limit = which.limit.unwrap_or(PAGE_MAX);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(ApiError::Malformed(format!("limit: must be 1 to {PAGE_MAX}, not {limit}")));
    }
    let mut tx = state.read(&actor).await?;
    let listed = which.state.as_deref().map_or(Ok(Listed::Open), str::parse);
    let listed = listed.map_err(|error: UnknownWord| ApiError::Malformed(format!("state: {error}")))?;
    // One more than asked for tells whether there are more.
    let mut items = match listed {
        Listed::Open => store::open(&mut tx, actor.tenant, named(&which, cursor_of_open)?, limit + 1).await?,
        Listed::All => {
            let (position, id) = named(&which, cursor)?.unwrap_or((i64::MAX, Uuid::max()));
            store::before(&mut tx, actor.tenant, position, id, limit + 1).await?
        }
    };
    let is_more = items.len() as i64 > limit;
    items.truncate(usize::try_from(limit).unwrap_or_default());
    let next = items.last().filter(|_| is_more).map(|last| match listed {
        Listed::Open => after(last),
        Listed::All => format!("{}.{}", last.position, last.id),
    });
    Ok(Json(Page { items, next }))
}

/// What was done about an alarm.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Acknowledgement {
    /// 1 to 500 characters.
    note: String,
}

/// Acknowledges an alarm with a note.
#[utoipa::path(post, path = "/alarms/{id}/acknowledge", tag = "alarms", params(("id" = Uuid, Path)),
    request_body = Acknowledgement, responses((status = 200, body = Alarm), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn acknowledge(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(body): ApiJson<Acknowledgement>,
) -> ApiResult<Json<Alarm>> {
    let note = body.note.trim();
    if note.is_empty() || note.chars().count() > REASON_CHARS_MAX {
        return Err(ApiError::field("note", format!("must have 1 to {REASON_CHARS_MAX} characters")));
    }
    let mut tx = state.change(&actor).await?;
    let is_first = store::acknowledge(&mut tx, actor.tenant, id, actor.operator.as_uuid(), note, actor.now).await?;
    let alarm = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("alarm"))?;
    if !is_first {
        return Err(ApiError::Conflict("already_acknowledged", "Somebody acknowledged it already.".to_owned()));
    }
    tx.act(ActKind::Acknowledged, SubjectKind::Alarm, id).reason(note).commit().await?;
    Ok(Json(alarm))
}
