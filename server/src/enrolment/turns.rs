//! What a station says over one link, taken beside it: a dialogue's turn that waits for the database holds up neither heartbeats
//! nor the end of the link. One step after the other, in the order they came; the agents' link hands them over.
//!
//! A turn that has begun when the link ends is finished, and the dialogue with it: what still waits then is nobody's, and stores nothing.

use access_core::ids::{AgentId, EnrolmentId, TenantId};
use access_core::protocol::EnrolmentStep;
use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use super::Linked;
use crate::state::AppState;

/// Steps that wait for the one before them. Nobody comes near it who waits for the server where it is asked: a dialogue for a
/// finger has some twenty, and one step more for each other finger of a lot that it is compared with.
pub const STEPS_WAITING_MAX: usize = 64;

struct Heard {
    enrolment: EnrolmentId,
    step: EnrolmentStep,
    at: DateTime<Utc>,
}

/// Where a station's link hands over steps. Dropped, the station is no longer linked.
#[derive(Debug)]
pub struct Turns {
    waiting: mpsc::Sender<Heard>,
    _linked: Linked,
}

/// A station said more than it was asked for: its link is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManySteps;

impl Turns {
    /// Takes a station's steps from here on.
    pub fn start(state: AppState, linked: Linked) -> Self {
        let (waiting, steps) = mpsc::channel(STEPS_WAITING_MAX);
        tokio::spawn(take_all(state, linked.key, steps));
        Self { waiting, _linked: linked }
    }

    /// Hands over a step that was heard at this time.
    pub fn hand_over(
        &self,
        enrolment: EnrolmentId,
        step: EnrolmentStep,
        at: DateTime<Utc>,
    ) -> Result<(), TooManySteps> {
        self.waiting.try_send(Heard { enrolment, step, at }).map_err(|_| TooManySteps)
    }
}

async fn take_all(state: AppState, (tenant, station): (TenantId, AgentId), mut steps: mpsc::Receiver<Heard>) {
    while let Some(Heard { enrolment, step, at }) = steps.recv().await {
        state.stations.step(&state, tenant, station, enrolment, step, at).await;
    }
}
