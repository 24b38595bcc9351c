//! Names for pseudonyms, and photos. Each look is one act in the log, however many people it shows.

use access_core::event::{ActKind, SubjectKind};
use access_core::ids::PersonId;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::photo::{PhotoError, UPLOAD_BYTES_MAX, rewrite};
use crate::audit::Entry;
use crate::auth::Actor;
use crate::http::{ApiError, ApiJson, ApiPath, ApiResult, Page, Problem};
use crate::people::{self, Name};
use crate::state::AppState;

/// Most people named at once.
pub const NAMES_MAX: usize = 200;

/// The vault's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(names)).merge(
        OpenApiRouter::new()
            .routes(routes!(get_photo, put_photo, delete_photo))
            // One byte more, so that the limit's own message is the one that is seen.
            .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX + 1)),
    )
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
    let mut tx = state.db.begin_vault(actor.tenant, Some(actor.operator)).await?;
    let known = super::identities(&state.keys, &mut tx, &wanted.person_ids).await?;
    let mut seen: Vec<Uuid> = known.keys().copied().collect();
    seen.sort();
    if !seen.is_empty() {
        Entry::many(&state.keys, &actor, ActKind::Viewed).after(&seen)?.append(&mut tx).await?;
    }
    tx.commit().await?;
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

/// A person's photo.
#[utoipa::path(get, path = "/people/{id}/photo", tag = "people", params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "image/jpeg"), (status = 404, body = Problem)))]
async fn get_photo(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
) -> ApiResult<impl IntoResponse> {
    let mut tx = state.db.begin_vault(actor.tenant, Some(actor.operator)).await?;
    let jpeg = super::photo(&state.keys, &mut tx, id.into()).await?.ok_or(ApiError::NotFound("photo"))?;
    Entry::new(&state.keys, &actor, ActKind::Viewed, SubjectKind::Person, id).append(&mut tx).await?;
    tx.commit().await?;
    Ok(([(CONTENT_TYPE, "image/jpeg"), (CACHE_CONTROL, "private, no-store")], jpeg))
}

/// Keeps a photo: JPEG or PNG, at most 4 MiB; it is scaled to 512 pixels and rewritten.
#[utoipa::path(put, path = "/people/{id}/photo", tag = "people", params(("id" = Uuid, Path)),
    request_body(content = Vec<u8>, content_type = "image/jpeg"),
    responses((status = 204), (status = 404, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
async fn put_photo(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    upload: Bytes,
) -> ApiResult<StatusCode> {
    actor.administrator()?;
    let jpeg = tokio::task::spawn_blocking(move || rewrite(&upload)).await.map_err(anyhow::Error::from)?;
    let jpeg = jpeg.map_err(|error| match error {
        PhotoError::TooLong => ApiError::TooLarge(error.to_string()),
        _ => ApiError::field("body", error.to_string()),
    })?;
    let person = PersonId::from_uuid(id);
    let mut tx = state.db.begin_vault(actor.tenant, Some(actor.operator)).await?;
    people::store::get(&mut tx, actor.tenant, person, actor.now).await?.ok_or(ApiError::NotFound("person"))?;
    super::put_photo(&state.keys, &mut tx, person, &jpeg).await?;
    people::store::touch(&mut tx, actor.tenant, person, None).await?;
    Entry::new(&state.keys, &actor, ActKind::Changed, SubjectKind::Person, id)
        .after(&serde_json::json!({ "photo_bytes": jpeg.len() }))?
        .append(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a photo.
#[utoipa::path(delete, path = "/people/{id}/photo", tag = "people", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn delete_photo(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
) -> ApiResult<StatusCode> {
    actor.administrator()?;
    let person = PersonId::from_uuid(id);
    let mut tx = state.db.begin_vault(actor.tenant, Some(actor.operator)).await?;
    if !super::store::delete_photo(&mut tx, actor.tenant, person).await? {
        return Err(ApiError::NotFound("photo"));
    }
    people::store::touch(&mut tx, actor.tenant, person, None).await?;
    Entry::new(&state.keys, &actor, ActKind::Changed, SubjectKind::Person, id)
        .after(&serde_json::json!({ "photo_bytes": 0 }))?
        .append(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
