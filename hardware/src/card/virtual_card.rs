//! A twin of a card in a reader's field: speaks to vpcd, the reader driver of the virtual smart card project, as that
//! driver expects it.
//!
//! Frames are a length (16 bits, big-endian) and so many bytes; a frame of one byte is control. Whoever closes the
//! connection takes the card away.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::{Uid, apdu};

/// Control frames of vpcd: off, on and reset want no answer.
const CONTROL_ATR: u8 = 4;
/// What a MIFARE DESFire answers to reset behind a contactless reader.
const ATR: [u8; 6] = [0x3B, 0x81, 0x80, 0x01, 0x80, 0x80];
/// Pause before a driver that does not listen yet is tried again.
const CONNECT_PAUSE: Duration = Duration::from_millis(20);

/// How a card in this field misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardFault {
    /// Not at all.
    #[default]
    None,
    /// Takes commands and never answers, until the fault ends.
    Hang,
    /// Answers commands with half a status.
    OddAnswer,
}

/// A card that lies in a field.
pub trait FieldCard: Send {
    /// Gets power, or loses it and gets it again.
    fn power(&mut self);
    /// What the reader finds before any command: the UID, or a random one.
    fn uid(&self) -> Vec<u8>;
    /// Takes a command for the card itself.
    fn react(&mut self, command: &[u8]) -> Reaction;
}

/// What a card does about a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reaction {
    /// Answers.
    Answer(Vec<u8>),
    /// Answers so much later.
    Late(Duration, Vec<u8>),
    /// Says nothing any more, until it is taken away.
    Silence,
    /// Is out of the field before it answers.
    Leaves,
}

/// A card that knows its UID and no command.
impl FieldCard for Uid {
    fn power(&mut self) {}

    fn uid(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn react(&mut self, _command: &[u8]) -> Reaction {
        // ISO/IEC 7816-4: class not supported.
        Reaction::Answer(vec![0x6E, 0x00])
    }
}

/// How long an exchange with bytes of command and answer takes; nothing is slower than that.
pub type Pace = fn(command_bytes: usize, answer_bytes: usize) -> Duration;

/// Holds a card into the field of the reader whose driver listens at `reader`, until the card leaves by itself or this is
/// dropped, which takes it away. When the driver goes away and comes back, the card is still there.
pub async fn hold(
    reader: SocketAddr,
    mut card: impl FieldCard,
    mut fault: watch::Receiver<CardFault>,
    pace: Option<Pace>,
) {
    loop {
        if let Ok(mut field) = TcpStream::connect(reader).await {
            match answer(&mut field, &mut card, &mut fault, pace).await {
                Ok(()) => return,
                Err(error) => tracing::debug!(%error, "the reader's driver went away"),
            }
        }
        tokio::time::sleep(CONNECT_PAUSE).await;
    }
}

/// Ends when the card leaves.
async fn answer(
    field: &mut TcpStream,
    card: &mut impl FieldCard,
    fault: &mut watch::Receiver<CardFault>,
    pace: Option<Pace>,
) -> io::Result<()> {
    field.set_nodelay(true)?;
    let mut frame = Vec::new();
    card.power();
    loop {
        // The driver writes length and bytes apart: without this, each command waits 40 ms for an acknowledgement.
        field.set_quickack(true)?;
        let length = field.read_u16().await?;
        field.set_quickack(true)?;
        frame.resize(usize::from(length), 0);
        field.read_exact(&mut frame).await?;
        match frame[..] {
            [] => {}
            [CONTROL_ATR] => write_frame(field, &ATR).await?,
            [_control] => card.power(),
            _ => {
                // If nobody can end the fault any more, this card hangs until it is taken away.
                while *fault.borrow_and_update() == CardFault::Hang {
                    if fault.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
                let is_odd = *fault.borrow() == CardFault::OddAnswer;
                let began = Instant::now();
                let reaction = if is_odd { Reaction::Answer(vec![0x90]) } else { execute(&frame, card) };
                let (answer, late) = match reaction {
                    Reaction::Answer(answer) => (answer, Duration::ZERO),
                    Reaction::Late(late, answer) => (answer, late),
                    Reaction::Silence => std::future::pending().await,
                    Reaction::Leaves => return Ok(()),
                };
                let paced = pace.map_or(Duration::ZERO, |pace| pace(frame.len(), answer.len()));
                wait(paced.saturating_sub(began.elapsed())).await;
                if !late.is_zero() {
                    tokio::time::sleep(late).await;
                }
                write_frame(field, &answer).await?;
            }
        }
    }
}

fn execute(command: &[u8], card: &mut impl FieldCard) -> Reaction {
    match command {
        _ if command == apdu::GET_UID => Reaction::Answer([&card.uid()[..], &[0x90, 0x00]].concat()),
        // ISO/IEC 7816-4: instruction not supported. These are for the reader and reach no card.
        [0xFF, ..] => Reaction::Answer(vec![0x6D, 0x00]),
        _ => card.react(command),
    }
}

/// Waits to the tenth of a millisecond, for milliseconds: the runtime's own clock counts whole ones, and its end would
/// wait for this.
async fn wait(time: Duration) {
    if time.is_zero() {
        return;
    }
    #[expect(clippy::disallowed_methods, reason = "on a thread that is there to be blocked")]
    let _ = tokio::task::spawn_blocking(move || std::thread::sleep(time)).await;
}

async fn write_frame(field: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
    field.write_all(&[&length.to_be_bytes(), bytes].concat()).await
}
