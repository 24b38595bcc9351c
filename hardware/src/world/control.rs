//! The control socket: an order per line in, an answer per line out.

use std::io;
use std::path::Path;

use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

use super::order::{Order, State};
use super::stage::Stage;

/// Longest order, in bytes.
pub(super) const ORDER_BYTES_MAX: u64 = 4_096;

/// What an order is answered.
#[derive(Debug, Default, Serialize, serde::Deserialize)]
pub(super) struct Answer {
    pub(super) ok: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<State>,
}

/// What is said after every change to whoever watches.
#[derive(Debug, Serialize, serde::Deserialize)]
pub(super) struct Changed {
    pub(super) state: State,
}

pub(super) struct Control {
    listener: UnixListener,
    stage: Stage,
}

impl Control {
    pub(super) fn listen(socket: &Path, stage: Stage) -> io::Result<Self> {
        let _ = std::fs::remove_file(socket);
        Ok(Self { listener: UnixListener::bind(socket)?, stage })
    }

    pub(super) async fn run(self) {
        loop {
            let (client, _) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::error!(%error, "the control socket takes no more connections");
                    return;
                }
            };
            let stage = self.stage.clone();
            tokio::spawn(async move {
                if let Err(error) = serve(client, &stage).await {
                    tracing::debug!(%error, "a client went away");
                }
            });
        }
    }
}

async fn serve(client: UnixStream, stage: &Stage) -> io::Result<()> {
    let (reader, mut writer) = client.into_split();
    let mut reader = BufReader::new(reader);
    let mut line = String::new();
    loop {
        line.clear();
        if (&mut reader).take(ORDER_BYTES_MAX).read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = match serde_json::from_str::<Order>(&line) {
            Err(error) => Answer { error: Some(error.to_string()), ..Answer::default() },
            Ok(Order::State {}) => Answer { ok: true, state: Some(stage.state().await), ..Answer::default() },
            Ok(Order::Watch {}) => return stream(reader, writer, stage).await,
            Ok(order) => match stage.obey(order).await {
                Ok(()) => Answer { ok: true, ..Answer::default() },
                Err(error) => Answer { error: Some(error), ..Answer::default() },
            },
        };
        write_line(&mut writer, &answer).await?;
        if !line.ends_with('\n') {
            // Too long, or cut off: what follows would be the middle of something.
            return Ok(());
        }
    }
}

async fn stream(mut reader: BufReader<OwnedReadHalf>, mut writer: OwnedWriteHalf, stage: &Stage) -> io::Result<()> {
    let mut changes = stage.changes();
    changes.mark_unchanged();
    let mut told = stage.state().await;
    write_line(&mut writer, &Answer { ok: true, state: Some(told.clone()), ..Answer::default() }).await?;
    loop {
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return Ok(()) },
            // Whoever watches says nothing any more.
            _ = reader.read_u8() => return Ok(()),
        }
        let state = stage.state().await;
        if state != told {
            told = state.clone();
            write_line(&mut writer, &Changed { state }).await?;
        }
    }
}

async fn write_line(writer: &mut OwnedWriteHalf, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    writer.write_all(&line).await
}
