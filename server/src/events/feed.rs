//! The live feed: every event after a position, in order and each once, as server-sent events. Whoever was away names
//! the last position they saw and gets what came since.

use std::convert::Infallible;
use std::time::Duration;

use access_core::ids::TenantId;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use futures_util::Stream;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{LogEvent, store};
use crate::agents::AgentNews;
use crate::auth::{self, Actor};
use crate::http::{ApiError, ApiQuery, ApiResult, Problem};
use crate::state::AppState;

/// Events sent at most to somebody who was away; who missed more reads the pages.
const CATCH_UP_MAX: i64 = 5_000;
/// Events read at once.
const BATCH: i64 = 500;
/// Events that wait for a slow browser.
const WAITING_MAX: usize = 64;
/// How often a silent feed says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How often the session behind it is looked at again, and kept from lapsing: watching is using.
const SESSION_LOOK: Duration = Duration::from_secs(30);

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct After {
    /// Events after this position; the header `Last-Event-ID` counts before it. None means from now on.
    after: Option<String>,
}

fn position(named: &str, text: &str) -> ApiResult<i64> {
    text.parse::<i64>()
        .ok()
        .filter(|position| *position >= 0)
        .ok_or_else(|| ApiError::Malformed(format!("{named}: `{text}` is not a position of this feed")))
}

/// Follows the log: `log` events with their position as id, `ready` once caught up, `alarm` and `agent` when one changed,
/// `state` when what operators set changed or an agent confirmed it, `gap` when too much was missed.
#[utoipa::path(get, path = "/feed", tag = "events", params(After), responses(
    (status = 200, content_type = "text/event-stream", body = String), (status = 400, body = Problem)))]
pub(super) async fn follow(
    actor: Actor,
    State(state): State<AppState>,
    headers: HeaderMap,
    ApiQuery(query): ApiQuery<After>,
) -> ApiResult<impl IntoResponse> {
    let last_seen = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let after = match (last_seen, &query.after) {
        (Some(id), _) => Some(position("Last-Event-ID", id)?),
        (None, Some(after)) => Some(position("after", after)?),
        (None, None) => None,
    };
    let session = auth::token_hash(&headers);
    let (out, stream) = mpsc::channel(WAITING_MAX);
    tokio::spawn(async move {
        if let Err(error) = run(&state, &actor, after, session, &out).await {
            tracing::warn!(error = format!("{error:#}"), "a feed ended");
        }
    });
    Ok(Sse::new(infallible(ReceiverStream::new(stream))).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

fn infallible(stream: impl Stream<Item = SseEvent>) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    use futures_util::StreamExt as _;
    stream.map(Ok)
}

/// Sends until the browser is gone, the session ends or the server stops.
async fn run(
    state: &AppState,
    actor: &Actor,
    after: Option<i64>,
    session: Option<Vec<u8>>,
    out: &mpsc::Sender<SseEvent>,
) -> anyhow::Result<()> {
    let tenant = actor.tenant;
    // Subscribed before the first look, so that nothing falls between.
    let mut newest = state.log.subscribe(tenant);
    let mut agents = state.agents.watch(tenant);
    let mut standing = state.states.standing(tenant);
    let mut sessions_ended = state.sessions_ended.subscribe();
    let mut position = {
        let mut tx = state.db.begin(tenant, None).await?;
        let head = store::newest(&mut tx, tenant).await?;
        let start = after.unwrap_or(head).min(head);
        if head - start > CATCH_UP_MAX {
            let gap = json!({ "from": start + 1, "to": head });
            if out.send(SseEvent::default().event("gap").data(gap.to_string())).await.is_err() {
                return Ok(());
            }
            head
        } else {
            start
        }
    };
    let first = position;
    let mut is_ready = false;
    let mut session_look = tokio::time::interval(SESSION_LOOK);
    session_look.reset();
    loop {
        newest.mark_unchanged();
        loop {
            let mut tx = state.db.begin(tenant, None).await?;
            let events = store::after(&mut tx, tenant, position, BATCH).await?;
            drop(tx);
            let is_last = (events.len() as i64) < BATCH;
            for event in events {
                position = event.position;
                let data = serde_json::to_string(&event)?;
                let message = SseEvent::default().event("log").id(position.to_string()).data(data);
                if out.send(message).await.is_err() {
                    return Ok(());
                }
                if touches_alarms(&event) {
                    let hint = json!({ "position": position });
                    if out.send(SseEvent::default().event("alarm").data(hint.to_string())).await.is_err() {
                        return Ok(());
                    }
                }
            }
            if is_last {
                break;
            }
        }
        if !is_ready {
            is_ready = true;
            let ready = json!({ "position": position, "replayed": position - first });
            let message = SseEvent::default().event("ready").id(position.to_string()).data(ready.to_string());
            if out.send(message).await.is_err() {
                return Ok(());
            }
        }
        tokio::select! {
            changed = newest.changed() => changed?,
            news = agents.recv() => {
                // Whoever lags behind sees the same in the log, or when it asks.
                if let Ok(news) = news && out.send(told(news)).await.is_err() {
                    return Ok(());
                }
            }
            changed = standing.changed() => {
                changed?;
                let number = standing.borrow_and_update().as_ref().map(|standing| standing.number);
                let data = json!({ "number": number });
                if out.send(SseEvent::default().event("state").data(data.to_string())).await.is_err() {
                    return Ok(());
                }
            }
            _ = session_look.tick() => {
                if !is_live(state, tenant, session.as_deref()).await? {
                    return Ok(());
                }
            }
            ended = sessions_ended.changed() => {
                ended?;
                if !is_live(state, tenant, session.as_deref()).await? {
                    return Ok(());
                }
            }
            () = out.closed() => return Ok(()),
            () = state.stop.cancelled() => return Ok(()),
        }
    }
}

/// News of an agent, as a browser gets it.
fn told(news: AgentNews) -> SseEvent {
    let (event, data) = match news {
        AgentNews::Presence { agent, is_online } => {
            ("agent", json!({ "id": agent, "state": if is_online { "online" } else { "offline" } }))
        }
        AgentNews::StandingInForce { agent, number } => ("state", json!({ "agent_id": agent, "number": number })),
    };
    SseEvent::default().event(event).data(data.to_string())
}

/// Whether the session behind a feed goes on; if so, it counts as used.
async fn is_live(state: &AppState, tenant: TenantId, session: Option<&[u8]>) -> anyhow::Result<bool> {
    let Some(session) = session else { return Ok(false) };
    let mut tx = state.db.begin(tenant, None).await?;
    let is_live = auth::keep_session(&mut tx, tenant, session, crate::clock::now()).await?;
    tx.commit().await?;
    Ok(is_live)
}

/// Whether an event may have changed the list of alarms.
fn touches_alarms(event: &LogEvent) -> bool {
    let is_acknowledgement = event.act.as_ref().is_some_and(|act| act.kind == "acknowledged");
    let kinds = ["alarm_raised", "alarm_cleared", "chain_broken", "agent_copied", "journal_changed", "link_changed"];
    let raises = kinds.contains(&event.kind.as_str());
    !event.alarms.is_empty() || is_acknowledgement || raises
}
