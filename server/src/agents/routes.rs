//! Routes of agents, for staff. Guards read; administrators invite, change and revoke.

use access_core::event::{ActKind, SubjectKind};
use access_core::protocol::AgentKind;
use access_core::word::Word as _;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::join::JoinToken;
use super::{Agent, AgentChange, AgentState, Configuration, NewAgent, Standing, configuration, store};
use crate::audit::{Why, checked_reason};
use crate::auth::Actor;
use crate::cards;
use crate::db::TenantTx;
use crate::http::{ApiError, ApiJson, ApiPath, ApiResult, IfMatch, Page, Problem, checked_name, on_constraint, tagged};
use crate::interlocks;
use crate::state::AppState;

/// How long a join token is good for, in minutes.
const TOKEN_MINUTES: i64 = 15;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, invite))
        .routes(routes!(get, change))
        .routes(routes!(configuration))
        .routes(routes!(issue_token))
        .routes(routes!(replace))
        .routes(routes!(revoke))
        .routes(routes!(taken_away))
}

/// An agent that is invited. The token is shown this once.
#[derive(Debug, Serialize, ToSchema)]
struct InvitedAgent {
    /// The agent.
    agent: Agent,
    /// The token.
    #[serde(flatten)]
    token: IssuedToken,
}

/// A token to join with. It is shown this once.
#[derive(Debug, Serialize, ToSchema)]
struct IssuedToken {
    /// The token.
    token: String,
    /// When it is void.
    expires_at: DateTime<Utc>,
    /// What to type at the agent.
    command: String,
}

fn refused(error: sqlx::Error) -> ApiError {
    on_constraint([
        ("agents_name_is_unique", || ApiError::Conflict("name_taken", "Another agent has this name.".to_owned())),
        ("agent_doors_door_exists", || ApiError::field("door_ids", "there is no such door")),
        ("agent_doors_pkey", || {
            ApiError::Conflict("door_taken", "Another agent controls one of these doors.".to_owned())
        }),
    ])(error)
}

async fn issue(state: &AppState, tx: &mut TenantTx, actor: &Actor, agent: &Agent) -> ApiResult<IssuedToken> {
    let token = JoinToken::new(actor.tenant)?;
    let expires_at = actor.now + TimeDelta::minutes(TOKEN_MINUTES);
    store::replace_token(tx, actor.tenant, &token.hash(), agent.id, actor.operator.as_uuid(), expires_at).await?;
    let text = token.write(&state.agents_port.authority);
    let kind = if agent.kind == "station" { " --kind station" } else { "" };
    // Without the token: other users of that machine could read it off the command line. The agent asks for it.
    let command =
        format!("sudo -u pforte-agent pforte-agent join --server https://{}{kind}", state.agents_port.address);
    Ok(IssuedToken { token: text, expires_at, command })
}

/// All agents.
#[utoipa::path(get, path = "/agents", tag = "agents", responses((status = 200, body = Page<Agent>)))]
async fn list(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<Agent>>> {
    let mut tx = state.read(&actor).await?;
    Ok(Page::whole(store::list(&mut tx, actor.tenant, &state.agents).await?))
}

/// One agent.
#[utoipa::path(get, path = "/agents/{id}", tag = "agents", params(("id" = Uuid, Path)),
    responses((status = 200, body = Agent), (status = 404, body = Problem)))]
async fn get(actor: Actor, State(state): State<AppState>, ApiPath(id): ApiPath<Uuid>) -> ApiResult<Response> {
    let mut tx = state.read(&actor).await?;
    let agent = store::get(&mut tx, actor.tenant, id, &state.agents).await?.ok_or(ApiError::NotFound("agent"))?;
    Ok(tagged(agent.version, &agent))
}

/// What an agent's configuration file holds of the server's side: where it connects, and the ids of its doors.
#[utoipa::path(get, path = "/agents/{id}/configuration", tag = "agents", params(("id" = Uuid, Path)),
    responses((status = 200, body = Configuration), (status = 404, body = Problem)))]
async fn configuration(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
) -> ApiResult<Json<Configuration>> {
    let mut tx = state.read(&actor).await?;
    let agent = store::get(&mut tx, actor.tenant, id, &state.agents).await?.ok_or(ApiError::NotFound("agent"))?;
    let doors = store::named_doors(&mut tx, actor.tenant, id).await?;
    let is_station = agent.kind == AgentKind::Station.as_str();
    let mode = state.installation.mode;
    let toml = configuration::write(&state.agents_port.address, mode, is_station, &doors);
    let in_use = store::configuration(&mut tx, actor.tenant, id).await?;
    Ok(Json(Configuration { toml, in_use }))
}

/// Invites an agent: it gets a token that is good for 15 minutes and once.
#[utoipa::path(post, path = "/agents", tag = "agents", request_body = NewAgent, responses((status = 201, body = InvitedAgent),
    (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn invite(
    actor: Actor,
    State(state): State<AppState>,
    ApiJson(mut new): ApiJson<NewAgent>,
) -> ApiResult<Response> {
    actor.administrator()?;
    new.name = checked_name(&new.name)?;
    if new.kind == AgentKind::Station && !new.door_ids.is_empty() {
        return Err(ApiError::field("door_ids", "an enrolment station controls no doors"));
    }
    let mut tx = state.change(&actor).await?;
    let id = Uuid::now_v7();
    store::insert(&mut tx, actor.tenant, id, &new).await.map_err(refused)?;
    interlocks::check_agents(&mut tx).await?;
    let agent = store::get(&mut tx, actor.tenant, id, &state.agents).await?.ok_or(ApiError::NotFound("agent"))?;
    let token = issue(&state, &mut tx, &actor, &agent).await?;
    tx.act(ActKind::Created, SubjectKind::Agent, id).after(&new).commit().await?;
    Ok((StatusCode::CREATED, Json(InvitedAgent { agent, token })).into_response())
}

/// Issues a new token: for an agent that did not join in time, or that has to join anew.
#[utoipa::path(post, path = "/agents/{id}/join-token", tag = "agents", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 200, body = IssuedToken), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn issue_token(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<Json<IssuedToken>> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let mut tx = state.change(&actor).await?;
    let agent = store::get(&mut tx, actor.tenant, id, &state.agents).await?.ok_or(ApiError::NotFound("agent"))?;
    if agent.state == AgentState::Revoked {
        return Err(ApiError::Conflict(
            "agent_revoked",
            "A revoked agent does not come back; invite a new one.".to_owned(),
        ));
    }
    if agent.state == AgentState::Quarantined {
        // Two machines may have its keys: those of its cards are worth nothing once they have others.
        cards::store::rekey_held_by(&mut tx, actor.tenant, id.into(), actor.now).await?;
    }
    let token = issue(&state, &mut tx, &actor, &agent).await?;
    tx.act(ActKind::JoinTokenIssued, SubjectKind::Agent, id).reason(reason).commit().await?;
    Ok(Json(token))
}

/// Another machine is to take an agent's place, with its name, its doors and its configuration: the one so far is out of use at
/// once, and the new one joins with the token. Its records go on from the newest that is stored.
#[utoipa::path(post, path = "/agents/{id}/replace", tag = "agents", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 200, body = IssuedToken), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn replace(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<Json<IssuedToken>> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let mut tx = state.change(&actor).await?;
    cards::store::lock_held(&mut tx, id.into()).await?;
    let agent = store::get(&mut tx, actor.tenant, id, &state.agents).await?.ok_or(ApiError::NotFound("agent"))?;
    match agent.state {
        AgentState::Revoked => {
            let detail = "A revoked agent does not come back; invite a new one.".to_owned();
            return Err(ApiError::Conflict("agent_revoked", detail));
        }
        AgentState::Invited => {
            let detail = "No machine has joined as this agent; issue a new token.".to_owned();
            return Err(ApiError::Conflict("agent_invited", detail));
        }
        AgentState::Online | AgentState::Offline | AgentState::Quarantined => {}
    }
    store::replace(&mut tx, actor.tenant, id).await?;
    // Where the broken machine is, and who opens it, nobody knows.
    cards::store::rekey_held_by(&mut tx, actor.tenant, id.into(), actor.now).await?;
    let token = issue(&state, &mut tx, &actor, &agent).await?;
    tx.act(ActKind::Replaced, SubjectKind::Agent, id).reason(reason).commit().await?;
    state.agents.end(actor.tenant, id.into());
    Ok(Json(token))
}

/// Changes an agent's name or doors.
#[utoipa::path(patch, path = "/agents/{id}", tag = "agents", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = AgentChange, responses((status = 200, body = Agent), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn change(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
    ApiJson(change): ApiJson<AgentChange>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let mut tx = state.change(&actor).await?;
    let before = store::get(&mut tx, actor.tenant, id, &state.agents).await?.ok_or(ApiError::NotFound("agent"))?;
    version.check(before.version)?;
    store::rename(&mut tx, actor.tenant, id, &checked_name(change.name.as_deref().unwrap_or(&before.name))?)
        .await
        .map_err(refused)?;
    if let Some(doors) = &change.door_ids {
        if before.kind == "station" && !doors.is_empty() {
            return Err(ApiError::field("door_ids", "an enrolment station controls no doors"));
        }
        store::set_doors(&mut tx, actor.tenant, id, doors).await.map_err(refused)?;
        interlocks::check_agents(&mut tx).await?;
    }
    let after = store::get(&mut tx, actor.tenant, id, &state.agents).await?.ok_or(ApiError::NotFound("agent"))?;
    tx.act(ActKind::Changed, SubjectKind::Agent, id).before(&before).after(&after).commit().await?;
    Ok(tagged(after.version, &after))
}

/// Revokes an agent: its link ends at once, and its certificate is worth nothing from here on.
#[utoipa::path(post, path = "/agents/{id}/revoke", tag = "agents", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 200, body = Agent), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn revoke(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<Json<Agent>> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let mut tx = state.change(&actor).await?;
    cards::store::lock_held(&mut tx, id.into()).await?;
    let before = store::get(&mut tx, actor.tenant, id, &state.agents).await?.ok_or(ApiError::NotFound("agent"))?;
    if before.state == AgentState::Revoked {
        return Err(ApiError::Conflict("agent_revoked", "This agent is revoked already.".to_owned()));
    }
    store::set_state(&mut tx, actor.tenant, id.into(), Standing::Revoked).await?;
    store::set_doors(&mut tx, actor.tenant, id, &[]).await?;
    // Whoever has it has the reading keys that it was sent; they are worth nothing once the cards have others.
    cards::store::rekey_held_by(&mut tx, actor.tenant, id.into(), actor.now).await?;
    tx.act(ActKind::Revoked, SubjectKind::Agent, id).reason(reason).commit().await?;
    state.agents.end(actor.tenant, id.into());
    let mut tx = state.change(&actor).await?;
    let after = store::get(&mut tx, actor.tenant, id, &state.agents).await?.ok_or(ApiError::NotFound("agent"))?;
    Ok(Json(after))
}

/// States that an agent's machines which are out of use, revoked or replaced, were taken away or destroyed: no revocation waits for
/// them any more. Nothing proves it but the operator's word, which is recorded.
#[utoipa::path(post, path = "/agents/{id}/taken-away", tag = "agents", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn taken_away(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<StatusCode> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let mut tx = state.change(&actor).await?;
    store::get(&mut tx, actor.tenant, id, &state.agents).await?.ok_or(ApiError::NotFound("agent"))?;
    if !store::taken_away(&mut tx, actor.tenant, id).await? {
        let detail = "No machine of this agent that is out of use may hold rules.".to_owned();
        return Err(ApiError::Conflict("no_machine_away", detail));
    }
    tx.act(ActKind::TakenAway, SubjectKind::Agent, id).reason(reason).commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
