//! Operators' commands to doors: bound to one door, carried out at most once, void after ten seconds.

use access_core::event::{ActKind, SubjectKind};
use access_core::ids::CommandId;
use access_core::protocol::{Command, CommandKind, FromServer};
use chrono::TimeDelta;
use uuid::Uuid;

use super::store;
use crate::audit;
use crate::auth::Actor;
use crate::clock::unix_ms;
use crate::http::{ApiError, ApiResult};
use crate::state::AppState;

/// How long a command is good for, in seconds.
const COMMAND_SECONDS: i64 = 10;

/// Releases a door for a moment. Its place in the agent's queue is taken first, and the act stands in the log before the command
/// is sent: what is refused here was not recorded as done. What became of it comes back as a record of the agent; a link that
/// ends meanwhile takes the command with it, and the act stays without an answer.
pub async fn release(state: &AppState, actor: &Actor, door: Uuid, reason: &str) -> ApiResult<CommandId> {
    let offline = || {
        ApiError::Conflict("agent_offline", "The door's agent is not connected; the door was not released.".to_owned())
    };
    let mut tx = state.change(actor).await?;
    let agent = store::of_door(&mut tx, actor.tenant, door).await?.ok_or_else(offline)?;
    if !state.agents.is_connected(actor.tenant, agent) {
        return Err(offline());
    }
    let place = state.agents.reserve(actor.tenant, agent).ok_or_else(|| {
        let detail = "The door's agent does not take commands at this moment; the door was not released.";
        ApiError::Conflict("agent_busy", detail.to_owned())
    })?;
    let id = CommandId::from_uuid(Uuid::now_v7());
    let commitment = audit::commit(&state.keys, &mut tx, Some(door), reason.as_bytes()).await?;
    store::insert_command(&mut tx, actor, id, door, commitment).await?;
    tx.act(ActKind::DoorReleased, SubjectKind::Door, door)
        .after(&serde_json::json!({ "command_id": id }))
        .reason_kept(commitment)
        .commit()
        .await?;
    let expires_at = unix_ms(actor.now + TimeDelta::seconds(COMMAND_SECONDS));
    let command = Command { id, door: door.into(), expires_at, kind: CommandKind::Release, reason: commitment };
    place.send(FromServer::Command(command));
    Ok(id)
}
