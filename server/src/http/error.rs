//! The one error of routes, and its problem details (RFC 9457).

use axum::Json;
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a route answers.
pub type ApiResult<T> = Result<T, ApiError>;

/// Most things that a sentence names of those that still use something.
const USES_MAX: usize = 10;

/// Why a request was not carried out.
#[derive(Debug)]
pub enum ApiError {
    /// 400: the request itself is malformed.
    Malformed(String),
    /// 401: nobody is signed in.
    Unauthenticated,
    /// 401: who signs in did not prove who they are.
    Refused(&'static str, String),
    /// 403: the operator's role does not allow it.
    Forbidden(&'static str),
    /// 404: there is no such thing in this tenant.
    NotFound(&'static str),
    /// 405: there is such a route, and it does not take this method.
    MethodNotAllowed,
    /// 409: it contradicts what is there. A word for programs, a sentence for people.
    Conflict(&'static str, String),
    /// 410: it was there, and is no more.
    Gone(&'static str, String),
    /// 429: too many tries; the next one in so many seconds.
    Throttled {
        /// Seconds to wait.
        wait_s: i64,
    },
    /// 503: what is needed for it is not there for the moment.
    Unavailable(String),
    /// 412: it was changed by someone else in the meantime.
    ChangedMeanwhile,
    /// 413: too many bytes.
    TooLarge(String),
    /// 422: fields that can't be taken.
    Invalid(Vec<FieldError>),
    /// 428: the version that is to be changed must be named.
    VersionRequired,
    /// As another route refused a part of it.
    Passed(Box<Problem>),
    /// 500: a fault of the server. The client learns no more.
    Internal(anyhow::Error),
}

/// A field that can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Which, as a path in the body.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// Problem details.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` says which problem it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What is wrong, for people.
    pub detail: String,
    /// What is wrong, for programs.
    pub code: String,
    /// Fields that can't be taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl ApiError {
    /// One field that can't be taken.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.to_owned(), message: message.into() }])
    }

    /// Another of its kind has this name.
    pub fn name_taken() -> Self {
        Self::Conflict("name_taken", "Another has this name already.".to_owned())
    }

    /// It can't be removed: these things, in words, still use it.
    pub fn in_use(uses: &[String]) -> Self {
        let named = uses.iter().take(USES_MAX).cloned().collect::<Vec<_>>().join(", ");
        let more = match uses.len().saturating_sub(USES_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Self::Conflict("in_use", format!("Still used by {named}{more}."))
    }

    /// What is wrong, for people.
    pub fn detail(&self) -> String {
        self.parts().2
    }

    fn parts(&self) -> (StatusCode, &'static str, String) {
        match self {
            Self::Malformed(detail) => (StatusCode::BAD_REQUEST, "malformed", detail.clone()),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated", "Sign in first.".to_owned()),
            Self::Refused(code, detail) => (StatusCode::UNAUTHORIZED, code, detail.clone()),
            Self::Gone(code, detail) => (StatusCode::GONE, code, detail.clone()),
            Self::Throttled { wait_s } => {
                (StatusCode::TOO_MANY_REQUESTS, "throttled", format!("Too many tries; try again in {wait_s} s."))
            }
            Self::Unavailable(detail) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail.clone()),
            Self::Forbidden(detail) => (StatusCode::FORBIDDEN, "forbidden", (*detail).to_owned()),
            Self::NotFound(what) => (StatusCode::NOT_FOUND, "not_found", format!("There is no such {what}.")),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This route does not take this method.".to_owned(),
            ),
            Self::Conflict(code, detail) => (StatusCode::CONFLICT, code, detail.clone()),
            Self::ChangedMeanwhile => (
                StatusCode::PRECONDITION_FAILED,
                "changed_meanwhile",
                "It was changed in the meantime; read it again.".to_owned(),
            ),
            Self::TooLarge(detail) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail.clone()),
            Self::Invalid(fields) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                fields.iter().map(|wrong| format!("{}: {}", wrong.field, wrong.message)).collect::<Vec<_>>().join("; "),
            ),
            Self::VersionRequired => (
                StatusCode::PRECONDITION_REQUIRED,
                "version_required",
                "Send the ETag that you read as If-Match.".to_owned(),
            ),
            Self::Passed(problem) => (
                StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                "refused",
                problem.detail.clone(),
            ),
            Self::Internal(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "internal", "The server failed; its log says why.".to_owned())
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code, detail) = self.parts();
        if let Self::Internal(error) = &self {
            tracing::error!(error = format!("{error:#}"), "request failed");
        }
        let wait_s = match &self {
            Self::Throttled { wait_s } => Some(*wait_s),
            _ => None,
        };
        let (errors, passed) = match self {
            Self::Invalid(fields) => (fields, None),
            Self::Passed(problem) => (Vec::new(), Some(*problem)),
            _ => (Vec::new(), None),
        };
        let problem = passed.unwrap_or_else(|| Problem {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail,
            code: code.to_owned(),
            errors,
        });
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait_s) = wait_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait_s));
        }
        (status, headers, Json(problem)).into_response()
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        anyhow::Error::from(error).into()
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        if error.chain().any(is_undone) {
            let detail = "Something else was changed at the same moment, and this was undone: try again.".to_owned();
            return Self::Conflict("at_once", detail);
        }
        Self::Internal(error)
    }
}

/// Whether Postgres undid a transaction for another's sake: they waited for each other.
fn is_undone(error: &(dyn std::error::Error + 'static)) -> bool {
    let database = error.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
    database.and_then(|error| error.code()).is_some_and(|code| matches!(&*code, "40P01" | "40001"))
}

/// A constraint's name, and the answer that its violation deserves.
pub type OnConstraint = (&'static str, fn() -> ApiError);

/// Turns the violation of a named constraint into the answer that it deserves; beside the query that can violate it.
pub fn on_constraint<const N: usize>(answers: [OnConstraint; N]) -> impl FnOnce(sqlx::Error) -> ApiError {
    move |error| {
        let violated = error.as_database_error().and_then(|database| database.constraint());
        match answers.into_iter().find(|(constraint, _)| Some(*constraint) == violated) {
            Some((_, answer)) => answer(),
            None => error.into(),
        }
    }
}
