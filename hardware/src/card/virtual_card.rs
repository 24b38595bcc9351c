//! A twin of a card in a reader's field: speaks to vpcd, the reader driver of the virtual smart card project, as that
//! driver expects it.
//!
//! Frames are a length (16 bits, big-endian) and so many bytes; a frame of one byte is control. Whoever closes the
//! connection takes the card away.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

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

/// Holds a card into the field of the reader whose driver listens at `reader`, for as long as this runs: dropping it
/// takes the card away. When the driver goes away and comes back, the card is still there.
pub async fn hold(reader: SocketAddr, uid: Uid, mut fault: watch::Receiver<CardFault>) {
    loop {
        if let Ok(mut field) = TcpStream::connect(reader).await
            && let Err(error) = answer(&mut field, &uid, &mut fault).await
        {
            tracing::debug!(%error, "the reader's driver went away");
        }
        tokio::time::sleep(CONNECT_PAUSE).await;
    }
}

async fn answer(field: &mut TcpStream, uid: &Uid, fault: &mut watch::Receiver<CardFault>) -> io::Result<()> {
    field.set_nodelay(true)?;
    let mut frame = Vec::new();
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
            [_control] => {}
            _ => {
                // If nobody can end the fault any more, this card hangs until it is taken away.
                while *fault.borrow_and_update() == CardFault::Hang {
                    if fault.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
                let is_odd = *fault.borrow() == CardFault::OddAnswer;
                write_frame(field, &if is_odd { vec![0x90] } else { execute(&frame, uid) }).await?;
            }
        }
    }
}

fn execute(command: &[u8], uid: &Uid) -> Vec<u8> {
    match command {
        _ if command == apdu::GET_UID => [uid.as_bytes(), &[0x90, 0x00]].concat(),
        // ISO/IEC 7816-4: instruction not supported; class not supported.
        [0xFF, ..] => vec![0x6D, 0x00],
        _ => vec![0x6E, 0x00],
    }
}

async fn write_frame(field: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
    field.write_all(&[&length.to_be_bytes(), bytes].concat()).await
}
