//! One keypad: opened, watched, opened again when it was away, and asked by the [`run`](crate::run) loop.
//!
//! What is typed while nobody is asked for a PIN is dropped here. Digits go on only whole, in memory that is wiped.

use std::time::Duration;

use access_core::event::DeviceState;
use access_core::ids::{AttemptId, EnrolmentId, PersonId};
use hardware::FaultKind;
use hardware::keypad::{Entry, Keypad, KeypadConfig, KeypadError, Pressed, Typed};
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Pause between two tries to open.
const REOPEN_PAUSE: Duration = Duration::from_millis(500);

/// For whom somebody types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypedFor {
    /// At a door, for this attempt of this person.
    Attempt(AttemptId, PersonId),
    /// At a station.
    Enrolment(EnrolmentId),
}

/// What a keypad is to do.
#[derive(Debug)]
pub enum KeypadRequest {
    /// Take what is typed from now on, once.
    Want(TypedFor),
    /// Drop what is typed.
    Stop,
}

/// What a keypad says.
#[derive(Debug)]
pub enum KeypadEvent {
    /// How it is.
    State(DeviceState),
    /// What was wanted.
    Typed {
        /// For whom.
        wanted: TypedFor,
        /// What came of it; none if the keypad is gone.
        typed: Option<Typed>,
    },
}

/// Serves a keypad until nobody asks any more. `number` comes back with every event.
pub async fn run(
    number: usize,
    config: KeypadConfig,
    mut requests: mpsc::Receiver<KeypadRequest>,
    events: mpsc::Sender<(usize, KeypadEvent)>,
) {
    let mut task = Task { number, events, wanted: None };
    // A keypad that is not there is looked for often, and told of once.
    let mut told = None;
    loop {
        let error = match Keypad::open(&config) {
            Ok(mut keypad) => {
                told = None;
                task.tell(KeypadEvent::State(DeviceState::Working)).await;
                match task.serve(&mut keypad, &mut requests).await {
                    Some(error) => error,
                    None => return,
                }
            }
            Err(error) => error,
        };
        if told.as_ref() != Some(&error.to_string()) {
            tracing::warn!(%error, "keypad");
            told = Some(error.to_string());
        }
        task.tell(KeypadEvent::State(state_of(&error))).await;
        if task.refuse_for(REOPEN_PAUSE, &mut requests).await.is_none() {
            return;
        }
    }
}

fn state_of(error: &KeypadError) -> DeviceState {
    match error.kind() {
        FaultKind::Timeout => DeviceState::Silent,
        FaultKind::Disconnected => DeviceState::Lost,
        FaultKind::Protocol => DeviceState::Faulty,
    }
}

struct Task {
    number: usize,
    events: mpsc::Sender<(usize, KeypadEvent)>,
    wanted: Option<TypedFor>,
}

impl Task {
    async fn tell(&self, event: KeypadEvent) {
        let _ = self.events.send((self.number, event)).await;
    }

    /// Serves an open keypad until it fails; none when nobody asks any more.
    async fn serve(
        &mut self,
        keypad: &mut Keypad,
        requests: &mut mpsc::Receiver<KeypadRequest>,
    ) -> Option<KeypadError> {
        let mut entry = Entry::default();
        loop {
            tokio::select! {
                biased;
                request = requests.recv() => {
                    entry.clear();
                    self.wanted = match request? {
                        KeypadRequest::Want(wanted) => Some(wanted),
                        KeypadRequest::Stop => None,
                    };
                }
                pressed = keypad.pressed() => match pressed {
                    Ok(Pressed::Key(key)) if self.wanted.is_some() => {
                        if let Some(typed) = entry.press(key)
                            && let Some(wanted) = self.wanted.take()
                        {
                            self.tell(KeypadEvent::Typed { wanted, typed: Some(typed) }).await;
                        }
                    }
                    Ok(Pressed::Key(_)) => {}
                    Ok(Pressed::Lost) if self.wanted.is_some() => entry.lose(),
                    Ok(Pressed::Lost) => {}
                    Err(error) => return Some(error),
                },
            }
        }
    }

    /// Answers whatever is wanted with nothing, for a while; none when nobody asks any more.
    async fn refuse_for(&mut self, pause: Duration, requests: &mut mpsc::Receiver<KeypadRequest>) -> Option<()> {
        let wait = sleep(pause);
        tokio::pin!(wait);
        loop {
            if let Some(wanted) = self.wanted.take() {
                self.tell(KeypadEvent::Typed { wanted, typed: None }).await;
            }
            tokio::select! {
                () = &mut wait => return Some(()),
                request = requests.recv() => self.wanted = match request? {
                    KeypadRequest::Want(wanted) => Some(wanted),
                    KeypadRequest::Stop => None,
                },
            }
        }
    }
}
