//! Names for pseudonyms. Each look is one act in the log, however many people it shows.

use access_core::event::ActKind;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::Name;
use crate::audit::Look;
use crate::auth::Actor;
use crate::http::{ApiError, ApiJson, ApiResult, Page, Problem};
use crate::state::AppState;

/// Most people named at once.
pub const NAMES_MAX: usize = 200;

/// The vault's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(names))
}

/// Whose names are wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NamesWanted {
    /// At most 200 people.
    person_ids: Vec<Uuid>,
}

/// What a person is called.
#[derive(Debug, Serialize, ToSchema)]
struct Named {
    /// Who.
    person_id: Uuid,
    /// Name.
    name: Name,
    /// Personnel number.
    number: Option<String>,
    /// Whether there is a photo.
    has_photo: bool,
}

/// Names for pseudonyms. People who are not there, or were erased, are left out.
#[utoipa::path(post, path = "/vault/names", tag = "people", request_body = NamesWanted,
    responses((status = 200, body = Page<Named>), (status = 422, body = Problem)))]
async fn names(
    actor: Actor,
    State(state): State<AppState>,
    ApiJson(wanted): ApiJson<NamesWanted>,
) -> ApiResult<Json<Page<Named>>> {
    if wanted.person_ids.len() > NAMES_MAX {
        return Err(ApiError::field("person_ids", format!("must name {NAMES_MAX} people at most")));
    }
    let mut tx = state.change_vault(&actor).await?;
    let known = super::identities(&state.keys, &mut tx, &wanted.person_ids).await?;
    let mut seen: Vec<Uuid> =
        known.keys().copied().filter(|person| state.looks.is_new(&actor, *person, Look::Identity)).collect();
    seen.sort();
    if !seen.is_empty() {
        tx.act_on_many(ActKind::Viewed).after(&seen).commit().await?;
    }
    seen.iter().for_each(|person| state.looks.logged(&actor, *person, Look::Identity));
    let mut items: Vec<Named> = known
        .into_iter()
        .map(|(person_id, known)| Named {
            person_id,
            name: known.identity.name,
            number: known.identity.number,
            has_photo: known.has_photo,
        })
        .collect();
    items.sort_by_key(|named| named.person_id);
    Ok(Page::whole(items))
}
