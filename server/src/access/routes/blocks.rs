//! Routes of blocks, of people, groups and cards.

use access_core::event::{ActKind, SubjectKind};
use access_core::policy::BlockSubject;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::access::{Block, GrantState, NewBlock, blocks, checks, place};
use crate::audit::{Why, checked_reason};
use crate::auth::Actor;
use crate::http::{ApiError, ApiJson, ApiPath, ApiResult, Problem};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(block))
        .routes(routes!(block_group))
        .routes(routes!(block_card))
        .routes(routes!(lift_block))
}

/// Blocks a person at a place or everywhere, whatever they were granted.
#[utoipa::path(post, path = "/people/{id}/blocks", tag = "access", params(("id" = Uuid, Path)), request_body = NewBlock,
    responses((status = 201, body = Block), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn block(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(person): ApiPath<Uuid>,
    ApiJson(new): ApiJson<NewBlock>,
) -> ApiResult<(StatusCode, Json<Block>)> {
    block_subject(actor, state, BlockSubject::Person(person.into()), new).await
}

/// Blocks everybody who is in a group, at a place or everywhere.
#[utoipa::path(post, path = "/groups/{id}/blocks", tag = "access", params(("id" = Uuid, Path)), request_body = NewBlock,
    responses((status = 201, body = Block), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn block_group(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(group): ApiPath<Uuid>,
    ApiJson(new): ApiJson<NewBlock>,
) -> ApiResult<(StatusCode, Json<Block>)> {
    block_subject(actor, state, BlockSubject::Group(group.into()), new).await
}

/// Blocks one card at a place or everywhere; its holder's other cards work on.
#[utoipa::path(post, path = "/credentials/{id}/blocks", tag = "access", params(("id" = Uuid, Path)), request_body = NewBlock,
    responses((status = 201, body = Block), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn block_card(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(card): ApiPath<Uuid>,
    ApiJson(new): ApiJson<NewBlock>,
) -> ApiResult<(StatusCode, Json<Block>)> {
    block_subject(actor, state, BlockSubject::Credential(card.into()), new).await
}

async fn block_subject(
    actor: Actor,
    state: AppState,
    subject: BlockSubject,
    new: NewBlock,
) -> ApiResult<(StatusCode, Json<Block>)> {
    actor.administrator()?;
    let new = checks::block(new, actor.now)?;
    let mut tx = state.change(&actor).await?;
    blocks::require_subject(&mut tx, actor.tenant, subject).await?;
    place::require(&mut tx, actor.tenant, &[new.place], |_| "place".to_owned()).await?;
    let made = blocks::insert(&mut tx, actor.tenant, Uuid::now_v7(), subject, &new, actor.by(), actor.now).await?;
    tx.act(ActKind::Created, SubjectKind::Block, made.id).after(&made).reason(&new.reason).commit().await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Lifts a block.
#[utoipa::path(post, path = "/blocks/{id}/lift", tag = "access", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 200, body = Block), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn lift_block(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<Json<Block>> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let mut tx = state.change(&actor).await?;
    let before = blocks::get(&mut tx, actor.tenant, id, actor.now).await?.ok_or(ApiError::NotFound("block"))?;
    if before.state == GrantState::Revoked {
        return Err(ApiError::Conflict("already_lifted", "This block was lifted before.".to_owned()));
    }
    let after = blocks::lift(&mut tx, actor.tenant, id, actor.now).await?;
    tx.act(ActKind::Revoked, SubjectKind::Block, id).before(&before).after(&after).reason(reason).commit().await?;
    Ok(Json(after))
}
