//! A person's photo. Guards look, each look an act in the log; administrators change.

use access_core::event::{ActKind, SubjectKind};
use access_core::ids::PersonId;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::store;
use crate::audit::Look;
use crate::auth::Actor;
use crate::http::{ApiError, ApiPath, ApiResult, Problem};
use crate::state::AppState;
use crate::vault;
use crate::vault::photo::{PhotoError, UPLOAD_BYTES_MAX, rewrite};

/// The photo's routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_photo, put_photo, delete_photo))
        // One byte more, so that the limit's own message is the one that is seen.
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX + 1))
}

/// A person's photo.
#[utoipa::path(get, path = "/people/{id}/photo", tag = "people", params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "image/jpeg"), (status = 404, body = Problem)))]
async fn get_photo(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
) -> ApiResult<impl IntoResponse> {
    let mut tx = state.change_vault(&actor).await?;
    let jpeg = vault::photo(&state.keys, &mut tx, id.into()).await?.ok_or(ApiError::NotFound("photo"))?;
    if state.looks.is_new(&actor, id, Look::Identity) {
        tx.act(ActKind::Viewed, SubjectKind::Person, id).commit().await?;
        state.looks.logged(&actor, id, Look::Identity);
    }
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
    let mut tx = state.change_vault(&actor).await?;
    store::get(&mut tx, actor.tenant, person, actor.now).await?.ok_or(ApiError::NotFound("person"))?;
    vault::put_photo(&state.keys, &mut tx, person, &jpeg).await?;
    store::touch(&mut tx, actor.tenant, person, None).await?;
    tx.act(ActKind::Changed, SubjectKind::Person, id)
        .after(&serde_json::json!({ "photo_bytes": jpeg.len() }))
        .commit()
        .await?;
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
    let mut tx = state.change_vault(&actor).await?;
    if !vault::store::delete_photo(&mut tx, actor.tenant, person).await? {
        return Err(ApiError::NotFound("photo"));
    }
    store::touch(&mut tx, actor.tenant, person, None).await?;
    tx.act(ActKind::Changed, SubjectKind::Person, id).after(&serde_json::json!({ "photo_bytes": 0 })).commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
