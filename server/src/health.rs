//! What anybody may know without signing in: whether the server works, which mode it is of.

use access_core::protocol::InstallationMode;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::words;
use crate::state::AppState;

/// The routes. None of them asks who calls.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(installation))
}

/// Whether the server works.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok` or `failing`.
    status: &'static str,
    /// `ok` or `failing`.
    database: &'static str,
    /// `production`, `demo` or `test`.
    #[schema(value_type = words::InstallationMode)]
    mode: InstallationMode,
    /// The server's version.
    build: &'static str,
}

/// Says whether the server works; 503 if it does not.
#[utoipa::path(get, path = "/health", tag = "health", responses((status = 200, body = Health), (status = 503, body = Health)))]
async fn health(State(state): State<AppState>) -> Response {
    let asked = sqlx::query("SELECT 1").execute(state.db.directory()).await;
    let (code, word) = match asked {
        Ok(_) => (StatusCode::OK, "ok"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "failing"),
    };
    let body = Health { status: word, database: word, mode: state.installation.mode, build: crate::BUILD };
    (code, Json(body)).into_response()
}

/// Which installation this is.
#[derive(Debug, Serialize, ToSchema)]
struct InstallationView {
    /// `production`, `demo` or `test`.
    #[schema(value_type = words::InstallationMode)]
    mode: InstallationMode,
    /// The server's version.
    build: &'static str,
    /// Tenants to choose from at sign-in; none in production, where outsiders must not learn who is a client.
    tenants: Vec<TenantName>,
}

/// A tenant to choose.
#[derive(Debug, Serialize, ToSchema)]
struct TenantName {
    /// Short name.
    slug: String,
    /// Name.
    name: String,
}

/// Says which installation this is.
#[utoipa::path(get, path = "/installation", tag = "health", responses((status = 200, body = InstallationView)))]
async fn installation(State(state): State<AppState>) -> Json<InstallationView> {
    let mode = state.installation.mode;
    let mut tenants: Vec<TenantName> = match mode {
        InstallationMode::Production => Vec::new(),
        InstallationMode::Demo | InstallationMode::Test => {
            state.tenants.all().into_iter().map(|tenant| TenantName { slug: tenant.slug, name: tenant.name }).collect()
        }
    };
    tenants.sort_by(|one, other| one.slug.cmp(&other.slug));
    Json(InstallationView { mode, build: crate::BUILD, tenants })
}
