//! What an agent says of its journal: one that takes no records is an alarm, once a failure, and cleared when it works
//! again. The server is the author, since the agent could not record it.

use access_core::event::{Event, JournalFault};
use access_core::time::UnixMs;
use access_core::word::Word as _;

use super::{Standing, store};
use crate::audit::append_event;
use crate::certificates::AgentName;
use crate::clock;
use crate::state::AppState;

/// Takes note of it; answers whether the agent is one that is listened to.
pub(super) async fn note(
    state: &AppState,
    AgentName { tenant, agent, generation }: AgentName,
    fault: Option<JournalFault>,
    since: UnixMs,
) -> anyhow::Result<bool> {
    let mut tx = state.db.begin(tenant, None).await?;
    let row = store::for_link(&mut tx, tenant, agent, true).await?;
    let is_its_place_taken = row.as_ref().is_some_and(|row| row.is_replaced(generation));
    if is_its_place_taken || row.map(|row| row.standing()).transpose()? != Some(Standing::Joined) {
        return Ok(false);
    }
    let word = fault.map(JournalFault::as_str);
    let was_failing = store::note_journal(&mut tx, tenant, agent, word, clock::from_unix_ms(since)).await?;
    // The same once more, after a reconnect, or another reason for the same failure, is no news.
    if was_failing != fault.is_some() {
        append_event(&mut tx, &Event::JournalChanged { agent, fault, since }, clock::now()).await?;
    }
    tx.commit().await?;
    match fault {
        Some(fault) => tracing::warn!(%tenant, %agent, %fault, "an agent's journal takes no records"),
        None => tracing::debug!(%tenant, %agent, "an agent's journal takes records"),
    }
    Ok(true)
}
