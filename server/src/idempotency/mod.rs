//! Requests that may be sent twice: with the header `Idempotency-Key`, a POST is carried out once, and whoever sends it
//! again gets the same answer. A layer around all routes; none of them knows of it.
//!
//! The key is taken before the request is carried out and its answer kept after. Should the server die between the two, the
//! key stays taken: the request is then never carried out twice, and its sender is told to look.

use std::time::Duration;

use access_core::ids::TenantId;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::auth::Actor;
use crate::db::Db;
use crate::http::{ApiError, ApiResult};
use crate::keys::Binding;
use crate::state::AppState;
use crate::tenants::Tenants;

mod store;
#[cfg(test)]
mod tests;

/// The header.
pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says of an answer that it was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Longest key, in bytes.
const KEY_BYTES_MAX: usize = 100;
/// How long an answer is kept, in hours.
const KEPT_HOURS: i64 = 24;
/// Longest request and answer that are kept, in bytes.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// How often old answers are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);

/// Carries a POST with a key out once.
pub async fn once(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match request.headers().get(KEY).cloned() {
        Some(key) if request.method() == Method::POST => {
            take(state, &key, request, next).await.unwrap_or_else(|error| error.into_response())
        }
        _ => next.run(request).await,
    }
}

/// A request whose key is taken.
struct Taken {
    actor: Actor,
    key: String,
    id: Uuid,
}

async fn take(state: AppState, key: &HeaderValue, request: Request, next: Next) -> ApiResult<Response> {
    let is_fit = |key: &&str| (1..=KEY_BYTES_MAX).contains(&key.len());
    let key = key.to_str().ok().filter(is_fit);
    let key = key.ok_or_else(|| ApiError::Malformed(format!("{KEY}: must have 1 to {KEY_BYTES_MAX} characters")))?;
    let (mut parts, body) = request.into_parts();
    // The route says who may not ask.
    let Ok(actor) = Actor::from_request_parts(&mut parts, &state).await else {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    };
    let body = to_bytes(body, BODY_BYTES_MAX).await;
    let body = body.map_err(|_| ApiError::TooLarge("The body is too long.".to_owned()))?;
    let request_hash =
        Sha256::new().chain_update(parts.uri.to_string()).chain_update([0]).chain_update(&body).finalize();
    let taken = Taken { key: key.to_owned(), id: Uuid::now_v7(), actor };
    let request = Request::from_parts(parts, Body::from(body));
    // On a task of its own: a client that leaves does not stop it half-way, with its key taken for nothing.
    let carried_out = tokio::spawn(async move { carry_out(&state, &taken, &request_hash, request, next).await });
    carried_out.await.map_err(|error| anyhow::anyhow!("a request ended: {error}"))?
}

/// Takes the key, carries the request out and keeps the answer; or answers as before.
async fn carry_out(
    state: &AppState,
    taken: &Taken,
    request_hash: &[u8],
    request: Request,
    next: Next,
) -> ApiResult<Response> {
    let Actor { tenant, operator, now, .. } = taken.actor;
    let mut tx = state.db.begin(tenant, Some(operator)).await?;
    store::forget(&mut tx, tenant, now - TimeDelta::hours(KEPT_HOURS)).await?;
    if !store::take(&mut tx, taken, request_hash).await? {
        let kept = store::get(&mut tx, taken).await?;
        return replay(state, taken, kept, request_hash);
    }
    tx.commit().await?;
    let response = next.run(request).await;
    keep(state, taken, response).await
}

/// Answers as before.
fn replay(state: &AppState, taken: &Taken, kept: Option<store::Kept>, request_hash: &[u8]) -> ApiResult<Response> {
    let unknown = || {
        let detail = "The same request is being carried out, or its outcome is not known: look before you repeat it.";
        ApiError::Conflict("in_progress", detail.to_owned())
    };
    let kept = kept.ok_or_else(unknown)?;
    if kept.request_hash != request_hash {
        return Err(ApiError::field(KEY.as_str(), "was used for another request"));
    }
    let (Some(status), Some(answer)) = (kept.status, kept.answer) else { return Err(unknown()) };
    let tenant = taken.actor.tenant;
    let body = state.keys.of_tenant(tenant, PURPOSE).open(&binding(tenant, kept.id), &answer);
    let body = Bytes::copy_from_slice(&body.map_err(anyhow::Error::from)?);
    let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = (status.unwrap_or(StatusCode::OK), body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    if let Some(etag) = kept.etag.and_then(|etag| HeaderValue::from_str(&etag).ok()) {
        headers.insert(ETAG, etag);
    }
    Ok(response)
}

/// Keeps the answer of a request that was carried out. One that was refused may be sent again.
async fn keep(state: &AppState, taken: &Taken, response: Response) -> ApiResult<Response> {
    let tenant = taken.actor.tenant;
    let mut tx = state.db.begin(tenant, Some(taken.actor.operator)).await?;
    if !response.status().is_success() {
        store::give_back(&mut tx, taken).await?;
        tx.commit().await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(|error| anyhow::anyhow!("an answer to keep: {error}"))?;
    let answer = state.keys.of_tenant(tenant, PURPOSE).seal(&binding(tenant, taken.id), &body)?;
    let etag = parts.headers.get(ETAG).and_then(|etag| etag.to_str().ok());
    store::keep(&mut tx, taken, parts.status, etag, &answer).await?;
    tx.commit().await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

const PURPOSE: &str = "kept answer";

fn binding(tenant: TenantId, row: Uuid) -> Binding {
    Binding { tenant, purpose: PURPOSE, row }
}

/// Forgets old answers, also of tenants where nobody asks, until told to stop.
pub async fn run(db: Db, tenants: Tenants, stop: CancellationToken) {
    loop {
        let before = crate::clock::now() - TimeDelta::hours(KEPT_HOURS);
        if let Err(error) = forget_all(&db, &tenants, before).await {
            tracing::warn!(%error, "old answers are not forgotten for the moment");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(FORGET_EVERY) => {}
        }
    }
}

async fn forget_all(db: &Db, tenants: &Tenants, before: DateTime<Utc>) -> sqlx::Result<()> {
    for tenant in tenants.refresh().await? {
        let mut tx = db.begin(tenant.id, None).await?;
        store::forget(&mut tx, tenant.id, before).await?;
        tx.commit().await?;
    }
    Ok(())
}
