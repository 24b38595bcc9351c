//! Acts in a world, and watches it.

use std::io;
use std::path::Path;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::control::{Answer, Changed};
use super::control_socket;
use super::order::{Order, State};

/// An order was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No world listens there, or it went away.
    #[error("no world answers at {0}: {1}")]
    Gone(String, io::Error),
    /// The world refused; its own words.
    #[error("{0}")]
    Refused(String),
    /// The world answered what it must not.
    #[error("the world answered {0:?}")]
    Protocol(String),
}

/// A connection to a world's control socket.
#[derive(Debug)]
pub struct Client {
    place: String,
    answers: Lines<BufReader<OwnedReadHalf>>,
    orders: OwnedWriteHalf,
}

impl Client {
    /// Connects to the world in `folder`.
    pub async fn connect(folder: &Path) -> Result<Self, ClientError> {
        let socket = control_socket(folder);
        let place = socket.display().to_string();
        match UnixStream::connect(&socket).await {
            Ok(stream) => {
                let (answers, orders) = stream.into_split();
                Ok(Self { place, answers: BufReader::new(answers).lines(), orders })
            }
            Err(error) => Err(ClientError::Gone(place, error)),
        }
    }

    /// Has an order carried out.
    pub async fn order(&mut self, order: &Order) -> Result<(), ClientError> {
        self.ask(order).await.map(drop)
    }

    /// Asks how everything is.
    pub async fn state(&mut self) -> Result<State, ClientError> {
        let answer = self.ask(&Order::State {}).await?;
        answer.state.ok_or_else(|| ClientError::Protocol("no state".into()))
    }

    /// Watches from now on.
    pub async fn watch(mut self) -> Result<Watch, ClientError> {
        let answer = self.ask(&Order::Watch {}).await?;
        let state = answer.state.ok_or_else(|| ClientError::Protocol("no state".into()))?;
        Ok(Watch { client: self, state })
    }

    /// Holds a card against the reader at a place.
    pub async fn tap(&mut self, at: &str, card: &str) -> Result<(), ClientError> {
        self.order(&Order::Tap { at: at.into(), card: card.into() }).await
    }

    /// Takes the card at a place away.
    pub async fn remove(&mut self, at: &str) -> Result<(), ClientError> {
        self.order(&Order::Remove { at: at.into() }).await
    }

    /// Places a finger on the sensor at a place.
    pub async fn finger(&mut self, at: &str, finger: &str) -> Result<(), ClientError> {
        self.order(&Order::Finger { at: at.into(), finger: finger.into() }).await
    }

    /// Lifts the finger at a place.
    pub async fn lift(&mut self, at: &str) -> Result<(), ClientError> {
        self.order(&Order::Lift { at: at.into() }).await
    }

    /// Presses keys of the keypad at a place: digits, `#` for Enter, `*` for Clear, `!` for Cancel.
    pub async fn type_keys(&mut self, at: &str, keys: &str) -> Result<(), ClientError> {
        self.order(&Order::Type { at: at.into(), keys: keys.into() }).await
    }

    /// Pushes a door; an error unless it is released.
    pub async fn push(&mut self, door: &str) -> Result<(), ClientError> {
        self.order(&Order::Push { door: door.into() }).await
    }

    async fn ask(&mut self, order: &Order) -> Result<Answer, ClientError> {
        let mut line = serde_json::to_vec(order).map_err(|error| ClientError::Protocol(error.to_string()))?;
        line.push(b'\n');
        let gone = |error| ClientError::Gone(self.place.clone(), error);
        self.orders.write_all(&line).await.map_err(gone)?;
        let line = self.next_line().await?;
        match serde_json::from_str(&line) {
            Ok(Answer { ok: false, error, .. }) => Err(ClientError::Refused(error.unwrap_or_default())),
            Ok(answer) => Ok(answer),
            Err(_) => Err(ClientError::Protocol(line)),
        }
    }

    async fn next_line(&mut self) -> Result<String, ClientError> {
        let line = self.answers.next_line().await;
        let line = line.and_then(|line| line.ok_or_else(|| io::ErrorKind::UnexpectedEof.into()));
        line.map_err(|error| ClientError::Gone(self.place.clone(), error))
    }
}

/// Follows a world.
#[derive(Debug)]
pub struct Watch {
    client: Client,
    state: State,
}

impl Watch {
    /// How everything was when last heard of.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Waits for the next change.
    pub async fn changed(&mut self) -> Result<&State, ClientError> {
        let line = self.client.next_line().await?;
        let changed: Changed = serde_json::from_str(&line).map_err(|_| ClientError::Protocol(line))?;
        self.state = changed.state;
        Ok(&self.state)
    }

    /// Waits until everything is as wanted, which it may be already. Set a timeout around it.
    pub async fn until(&mut self, mut is_wanted: impl FnMut(&State) -> bool) -> Result<&State, ClientError> {
        while !is_wanted(&self.state) {
            self.changed().await?;
        }
        Ok(&self.state)
    }
}
