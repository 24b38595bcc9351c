//! The route of revocations, for all staff.

use axum::Json;
use axum::extract::State;
use chrono::TimeDelta;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{Revocation, store};
use crate::auth::Actor;
use crate::http::{ApiError, ApiPath, ApiResult, Page, Problem};
use crate::state::AppState;

/// How far back revocations are told, in days.
const DAYS: i64 = 30;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(of_person))
}

/// What was taken from a person within 30 days, the newest first, 20 at most: for each, at which doors it holds, and since when, and
/// where an agent that decides alone may not know of it yet.
#[utoipa::path(get, path = "/people/{id}/revocations", tag = "revocations", params(("id" = Uuid, Path)),
    responses((status = 200, body = Page<Revocation>), (status = 404, body = Problem)))]
async fn of_person(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(person): ApiPath<Uuid>,
) -> ApiResult<Json<Page<Revocation>>> {
    let mut tx = state.read(&actor).await?;
    if !store::is_person(&mut tx, actor.tenant, person).await? {
        return Err(ApiError::NotFound("person"));
    }
    let since = actor.now - TimeDelta::days(DAYS);
    let mut revocations = store::of_person(&mut tx, actor.tenant, person, since).await?;
    for revocation in &mut revocations {
        revocation.doors = store::doors(&mut tx, actor.tenant, revocation.version, actor.now).await?;
    }
    Ok(Page::whole(revocations))
}
