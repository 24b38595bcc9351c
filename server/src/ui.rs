//! The user interface in the binary, the API beside it, and the headers that both answer with.

use std::any::Any;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

use crate::api;
use crate::http::ApiError;
use crate::state::AppState;

/// Longest body of a request, in bytes; photos have a limit of their own.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// What a page may load: its own scripts and pictures, nothing of anybody else's. The component library writes its styles
/// into the page, hence inline styles.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; media-src 'self' blob:; manifest-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Everything that the staff port serves.
pub fn with_api(state: AppState) -> Router {
    let description = api::description().to_json().unwrap_or_default();
    let pages = memory_serve::load!()
        .index_file(Some("/index.html"))
        .fallback(Some("/index.html"))
        .fallback_status(StatusCode::OK)
        .into_router();
    let interface = api::router(state)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .route("/api/openapi.json", get(move || async move { ([("content-type", "application/json")], description) }))
        .route("/api/{*rest}", axum::routing::any(|| async { ApiError::NotFound("route").into_response() }));
    let pages = pages.method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed });
    served(Router::new().merge(guarded_interface(interface)).merge(pages.layer(middleware::from_fn(missing_assets))))
}

/// What the API answers that is no success is a problem, and nothing of it is kept: also where no route was asked, or it
/// panicked.
fn guarded_interface(routes: Router) -> Router {
    routes
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::map_response(never_stored))
}

/// What every answer carries, also one to a panic.
fn served(routes: Router) -> Router {
    routes
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::map_response(guarded))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
}

/// A fault of the server like any other: the log has where, from the panic's own message.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    ApiError::Internal(anyhow::anyhow!("a request panicked")).into_response()
}

fn span(request: &Request) -> tracing::Span {
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    // The path holds ids at most; query and headers may hold more and are left out.
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), id)
}

/// A file that is not there is not the page either: the browser would run it as a script.
async fn missing_assets(request: Request, next: Next) -> Response {
    let is_asset = request.uri().path().starts_with("/assets/");
    let response = next.run(request).await;
    let is_page = response.headers().get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_asset && is_page {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut response = response;
    if is_page {
        // It names this version's files: one kept from before an upgrade would ask for files that are gone.
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    response
}

/// Answers of the API are nobody's to keep.
async fn never_stored(mut response: Response) -> Response {
    response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let guards: [(HeaderName, &'static str); 8] = [
        (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(self), microphone=(), geolocation=()"),
    ];
    for (name, value) in guards {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests;
