//! One door's lines: opened at start, opened again when they could not be, their inputs passed on to the
//! [`run`](crate::run) loop.

use std::time::Duration;

use hardware::door_io::{self, DoorInput, DoorIoConfig, DoorOutputs};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// Pause between two tries to open.
const REOPEN_PAUSE: Duration = Duration::from_secs(1);

/// Longest wait for one door's lines when they are only put to rest.
const REST_WAIT: Duration = Duration::from_secs(3);

/// Puts a strike to rest, whatever became of the program that energised it.
pub async fn rest(config: &DoorIoConfig) -> Result<(), String> {
    match timeout(REST_WAIT, door_io::rest(config)).await {
        Ok(rested) => rested.map_err(|error| error.to_string()),
        Err(_) => Err("its lines do not answer".to_owned()),
    }
}

/// What a door's lines say.
pub enum LinesEvent {
    /// They are open; the strike is at rest.
    Open(Box<dyn DoorOutputs>),
    /// They can't be opened; they are tried again.
    NotThere(String),
    /// An input.
    Input(DoorInput),
}

/// Serves a door's lines until nobody listens any more. `number` comes back with every event.
pub async fn run(number: usize, config: DoorIoConfig, events: mpsc::Sender<(usize, LinesEvent)>) {
    while !events.is_closed() {
        match door_io::open(&config).await {
            Ok((outputs, mut inputs)) => {
                let _ = events.send((number, LinesEvent::Open(outputs))).await;
                while let Some(input) = inputs.recv().await {
                    if events.send((number, LinesEvent::Input(input))).await.is_err() {
                        return;
                    }
                }
                let _ = events.send((number, LinesEvent::NotThere("its inputs ended".to_owned()))).await;
            }
            Err(error) => {
                // A light that can't be had must not keep a strike energised that was so before.
                let _ = rest(&config).await;
                let _ = events.send((number, LinesEvent::NotThere(error.to_string()))).await;
            }
        }
        sleep(REOPEN_PAUSE).await;
    }
}
