//! Who stands behind a record: the operator whose act it is, who set the state, or by whose command a door did it.
//! Called by the projection; reads commands and writes nothing.

use std::collections::HashMap;

use access_core::event::{Commitment, Event, Record, ReleaseCause};
use access_core::ids::{CommandId, OperatorId};
use access_core::word::Word as _;
use uuid::Uuid;

use super::sequencer::Placed;
use crate::db::TenantTx;

/// What is searched by of an act or of what a command did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Behind {
    /// The kind of act.
    pub(super) act_kind: Option<&'static str>,
    /// Whose act or command.
    pub(super) operator: Option<Uuid>,
    /// Which command.
    pub(super) command: Option<Uuid>,
}

/// The command that an event speaks of.
fn command(event: &Event) -> Option<CommandId> {
    match event {
        Event::CommandDone { command, .. } => Some(*command),
        Event::NotOpened { cause: ReleaseCause::Command(command), .. }
        | Event::ReleaseAbandoned { cause: ReleaseCause::Command(command), .. }
        | Event::DoorOpened { cause: Some(ReleaseCause::Command(command)), .. } => Some(*command),
        _ => None,
    }
}

/// What an act commits to as its reason: a command's act is found by it.
fn reason(event: &Event) -> Option<Commitment> {
    match event {
        Event::Act(act) => act.reason,
        _ => None,
    }
}

/// Who stands behind each of these records, in their order.
pub(super) async fn of(tx: &mut TenantTx, placed: &[Placed]) -> anyhow::Result<Vec<Behind>> {
    let commands: Vec<Uuid> = placed.iter().filter_map(|row| command(&row.record.event)).map(Into::into).collect();
    let reasons: Vec<Vec<u8>> =
        placed.iter().filter_map(|row| reason(&row.record.event)).map(|reason| reason.0.to_vec()).collect();
    // Most batches hold neither: they cost no query.
    let known: Vec<(Uuid, Uuid, Vec<u8>)> = match commands.is_empty() && reasons.is_empty() {
        true => Vec::new(),
        false => {
            sqlx::query_as(
                "SELECT id, operator_id, reason FROM door_commands \
                 WHERE tenant_id = $1 AND (id = ANY($2) OR reason = ANY($3))",
            )
            .bind(tx.tenant().as_uuid())
            .bind(commands)
            .bind(reasons)
            .fetch_all(&mut **tx)
            .await?
        }
    };
    let operators: HashMap<Uuid, Uuid> = known.iter().map(|(id, operator, _)| (*id, *operator)).collect();
    let by_reason: HashMap<&[u8], Uuid> = known.iter().map(|(id, _, reason)| (reason.as_slice(), *id)).collect();
    let behind = |record: &Record| match &record.event {
        // Nobody stands behind what its author may not say.
        _ if !record.is_its_authors_to_say() => Behind::default(),
        Event::Act(act) => Behind {
            act_kind: Some(act.kind.as_str()),
            operator: act.operator.map(OperatorId::as_uuid),
            command: act.reason.and_then(|reason| by_reason.get(reason.0.as_slice()).copied()),
        },
        Event::StateSet(set) => {
            Behind { act_kind: None, operator: set.operator.map(OperatorId::as_uuid), command: None }
        }
        event => {
            let command = command(event).map(CommandId::as_uuid);
            let operator = command.and_then(|command| operators.get(&command).copied());
            Behind { act_kind: None, operator, command }
        }
    };
    Ok(placed.iter().map(|row| behind(&row.record)).collect())
}
