//! What every route shares: problem details, bodies and paths that are refused clearly, ETags. Never imports a feature.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{ETAG, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

mod error;
mod input;
mod proxies;
pub mod words;

pub use error::{ApiError, ApiResult, FieldError, OnConstraint, Problem, on_constraint};
pub use input::{ApiJson, ApiPath, ApiQuery, IfMatch, PeerAddress, checked_name, nullable};
pub use proxies::{Network, NotANetwork, Proxies, ProxyHeader};

/// A list in pieces.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// This piece.
    pub items: Vec<T>,
    /// Where the next piece begins; none if this is the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A list that is always whole.
    pub fn whole(items: Vec<T>) -> Json<Self> {
        Json(Self { items, next: None })
    }
}

/// A piece of a list, with how long it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Counted<T> {
    /// How many there are in all.
    pub count: usize,
    /// This piece.
    pub items: Vec<T>,
    /// Where the next piece begins; none if this is the last.
    pub next: Option<String>,
}

impl<T> Counted<T> {
    /// The piece of `all` that begins at `from`.
    pub fn piece(all: Vec<T>, from: usize, limit: usize) -> Self {
        let count = all.len();
        let items: Vec<T> = all.into_iter().skip(from).take(limit).collect();
        let next = from + items.len();
        Self { count, items, next: (next < count).then(|| next.to_string()) }
    }
}

/// 201: what was created, with its version as the `ETag`.
pub fn created<T: Serialize>(version: i64, body: T) -> Response {
    (StatusCode::CREATED, tagged(version, body)).into_response()
}

/// A body with its version as the `ETag`.
pub fn tagged<T: Serialize>(version: i64, body: T) -> Response {
    let mut response = Json(body).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}
