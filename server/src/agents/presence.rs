//! Comings and goings of agents in the log: a link that begins, and an alarm for an agent that stays away. What the log said
//! last stands in the agent's row, so that a server that starts anew does not say it again.

use std::time::Duration;

use access_core::event::Event;
use access_core::ids::{AgentId, TenantId};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Standing;
use super::store;
use crate::audit::append_event;
use crate::clock;
use crate::state::AppState;
use crate::vital::vital;

/// How long an agent may be away before it is an alarm.
pub(super) const ABSENCE: Duration = Duration::from_secs(10);
/// Pause before an alarm that could not be written is tried again.
const ABSENCE_RETRY: Duration = Duration::from_secs(2);
/// How long an agent may be away after the server's start, when all agents connect at once.
const ABSENCE_AT_START: Duration = Duration::from_secs(30);

/// That an agent was heard is noted so often at most: it says so every five seconds, or as often as it likes.
const SEEN_EVERY: Duration = Duration::from_secs(3);

/// Notes of one link that the agent was heard: one at a time, and not more often than every [`SEEN_EVERY`]. What comes in between is
/// left out, since a later one says the same.
#[derive(Debug, Default)]
pub(super) struct SeenNotes {
    begun: Option<(Instant, JoinHandle<()>)>,
}

impl SeenNotes {
    /// Begins one beside the link, unless it is too early; tells whether it did.
    pub(super) fn begin(&mut self, now: Instant, note: impl Future<Output = ()> + Send + 'static) -> bool {
        let is_due = match &self.begun {
            Some((at, under_way)) => under_way.is_finished() && now.duration_since(*at) >= SEEN_EVERY,
            None => true,
        };
        if is_due {
            self.begun = Some((now, tokio::spawn(note)));
        }
        is_due
    }
}

/// Takes note that an agent was heard.
pub(super) async fn note_seen(state: AppState, tenant: TenantId, agent: AgentId) {
    let noted = async {
        let mut tx = state.db.begin(tenant, None).await?;
        store::seen(&mut tx, tenant, agent, clock::now()).await?;
        tx.commit().await
    };
    if let Err(error) = noted.await {
        tracing::debug!(%tenant, %agent, %error, "that an agent was heard is not noted");
    }
}

/// Writes into the log that an agent came, unless the log says so already.
pub(super) async fn note_coming(state: &AppState, tenant: TenantId, agent: AgentId) -> anyhow::Result<()> {
    let mut tx = state.db.begin(tenant, None).await?;
    if store::note_link(&mut tx, tenant, agent, true).await? {
        append_event(&mut tx, &Event::LinkChanged { is_up: true, agent: Some(agent) }, clock::now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// An agent that stays away is an alarm.
pub(super) async fn report_absence(state: AppState, tenant: TenantId, agent: AgentId, patience: Duration) {
    let mut pause = patience;
    loop {
        tokio::select! {
            () = state.stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        // The database may be what is away: the alarm waits for it, and is not given up.
        match note_absence(&state, tenant, agent).await {
            Ok(()) => return,
            Err(error) => {
                tracing::error!(%tenant, %agent, error = format!("{error:#}"), "a lost agent could not be logged");
                pause = ABSENCE_RETRY;
            }
        }
    }
}

/// Writes into the log that an agent is away, unless it is back or the log says so already.
async fn note_absence(state: &AppState, tenant: TenantId, agent: AgentId) -> anyhow::Result<()> {
    if state.agents.is_connected(tenant, agent) {
        return Ok(());
    }
    let mut tx = state.db.begin(tenant, None).await?;
    let row = store::for_link(&mut tx, tenant, agent, true).await?;
    let is_joined = row.map(|row| row.standing()).transpose()? == Some(Standing::Joined);
    // Once more, while the row is locked: whoever links does so under the same lock, and says afterwards that it came.
    if is_joined && !state.agents.is_connected(tenant, agent) && store::note_link(&mut tx, tenant, agent, false).await?
    {
        append_event(&mut tx, &Event::LinkChanged { is_up: false, agent: Some(agent) }, clock::now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// After a start: agents that joined and don't come are alarms.
pub async fn watch_for_absence(state: AppState) -> anyhow::Result<()> {
    for tenant in state.tenants.all() {
        let mut tx = state.db.begin(tenant.id, None).await?;
        for agent in store::joined(&mut tx, tenant.id).await? {
            let reporting = report_absence(state.clone(), tenant.id, agent, ABSENCE_AT_START);
            tokio::spawn(vital(state.stop.clone(), reporting));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_agent_that_says_it_lives_without_end_is_noted_one_at_a_time() {
        let (mut notes, start) = (SeenNotes::default(), Instant::now());
        let (go_on, waits) = tokio::sync::oneshot::channel::<()>();
        assert!(notes.begin(start, async move { drop(waits.await) }), "the first, at once");
        assert!(!notes.begin(start + 9 * SEEN_EVERY, async {}), "the database is away: none beside it");
        go_on.send(()).unwrap();
        let (_, first) = notes.begun.as_mut().unwrap();
        first.await.unwrap();
        assert!(!notes.begin(start + SEEN_EVERY - Duration::from_millis(1), async {}), "too early");
        assert!(notes.begin(start + SEEN_EVERY, async {}));
    }
}
