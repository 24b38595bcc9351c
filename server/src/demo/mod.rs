//! The virtual doors of a demo or test, for the page that shows them: what they do is told, and what is clicked is passed
//! on to the twins, which play it through the real drivers. Not there in production.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Actor;
use crate::http::{ApiError, ApiJson, ApiResult, Problem};
use crate::state::AppState;

/// How long the twins may take for an answer.
const ANSWER_WAIT: Duration = Duration::from_secs(5);
/// Pause before they are called again.
const RETRY: Duration = Duration::from_millis(500);
/// States that wait for a slow browser; newer ones make older ones worthless.
const WAITING_MAX: usize = 8;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(watch)).routes(routes!(command))
}

fn socket(state: &AppState) -> ApiResult<Arc<Path>> {
    state.demo.clone().ok_or(ApiError::NotFound("virtual door"))
}

/// How the virtual doors stand, again whenever something changed.
#[utoipa::path(get, path = "/demo/watch", tag = "demo", responses(
    (status = 200, content_type = "text/event-stream", body = String), (status = 404, body = Problem)))]
async fn watch(_: Actor, State(state): State<AppState>) -> ApiResult<impl IntoResponse> {
    let socket = socket(&state)?;
    let (out, stream) = mpsc::channel(WAITING_MAX);
    tokio::spawn(async move {
        while !out.is_closed() {
            let told = tokio::select! {
                () = state.stop.cancelled() => return,
                () = out.closed() => return,
                told = tell(&socket, &out) => told,
            };
            if let Err(error) = told {
                tracing::debug!(error = format!("{error:#}"), "the virtual doors are away");
            }
            tokio::time::sleep(RETRY).await;
        }
    });
    let stream = ReceiverStream::new(stream).map(Ok::<SseEvent, Infallible>);
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

async fn tell(socket: &Path, out: &mpsc::Sender<SseEvent>) -> anyhow::Result<()> {
    let mut twins = BufReader::new(UnixStream::connect(socket).await?);
    twins.write_all(b"{\"do\":\"watch\"}\n").await?;
    let mut line = String::new();
    while twins.read_line(&mut line).await? > 0 {
        let answer: Value = serde_json::from_str(&line)?;
        if let Some(state) = answer.get("state") {
            out.send(SseEvent::default().data(state.to_string())).await?;
        }
        line.clear();
    }
    Ok(())
}

/// Does something at a virtual door.
#[utoipa::path(post, path = "/demo/command", tag = "demo", request_body = Object, responses((status = 200, body = Object),
    (status = 404, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
async fn command(_: Actor, State(state): State<AppState>, ApiJson(body): ApiJson<Value>) -> ApiResult<Json<Value>> {
    let socket = socket(&state)?;
    if body.get("do").and_then(Value::as_str).is_none_or(|what| what == "watch") {
        return Err(ApiError::field("do", "must name something that can be done at a virtual door"));
    }
    let asked = timeout(ANSWER_WAIT, ask(&socket, &body)).await;
    let answer = asked
        .map_err(|_| anyhow::anyhow!("no answer"))
        .flatten()
        .map_err(|_| ApiError::Unavailable("The virtual doors are away; nothing was done.".to_owned()))?;
    match answer.get("ok") {
        Some(Value::Bool(true)) => Ok(Json(answer)),
        _ => {
            let why = answer.get("error").and_then(Value::as_str).unwrap_or("no reason given");
            Err(ApiError::field("do", why))
        }
    }
}

async fn ask(socket: &Path, body: &Value) -> anyhow::Result<Value> {
    let mut twins = BufReader::new(UnixStream::connect(socket).await?);
    twins.write_all(json!(body).to_string().as_bytes()).await?;
    twins.write_all(b"\n").await?;
    let mut line = String::new();
    twins.read_line(&mut line).await?;
    Ok(serde_json::from_str(&line)?)
}
