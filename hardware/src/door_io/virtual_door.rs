//! A twin of a door: its strike, leaf, contact, request-to-exit and housing, behind a Unix socket.
//!
//! It opens only while it is released, closes behind whoever went through, can be forced, and keeps the strike as it was
//! when whoever drives it goes away, as a board's lines may. It runs in a thread of its own, so that a driver may wait
//! for its answer from any runtime.
//!
//! Wire: a JSON value per line. `{"strike":true}` and `{"show":{…}}` are answered by `{"ok":true}` once they hold;
//! `"inputs"` turns the connection into a stream of inputs, present levels first. Anything else is answered by what is
//! wrong with it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Handle;
use tokio::sync::{broadcast, oneshot, watch};

use super::line::{Input, Known};
use super::{Buzzer, DISPLAY_CHARS_MAX, DoorInput, Light, Signal, WatchedInput};

/// Longest line that is taken from a driver, in bytes.
const LINE_BYTES_MAX: u64 = 4_096;
/// Inputs that a slow driver may lag behind before it is told levels only.
const INPUTS_MAX: usize = 64;

/// How a door is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoorBuild {
    /// Whether it has a door position switch.
    pub has_contact: bool,
    /// Whether it has a request-to-exit.
    pub has_rex: bool,
    /// Whether pressing the request-to-exit draws the bolt (a handle), rather than asking for a release (a button).
    pub is_rex_mechanical: bool,
    /// Whether every input is wired that is only watched.
    pub has_watched: bool,
    /// From pushing to being open: the person's way to the leaf.
    pub opens: Duration,
    /// From being open to falling shut behind the person; `None`: stays open until closed.
    pub closes: Option<Duration>,
}

/// What can be seen of a door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorView {
    /// Whether the strike releases the leaf.
    pub is_energised: bool,
    /// Whether the leaf is open.
    pub is_open: bool,
    /// Light at the reader.
    pub light: Light,
    /// Sound at the reader.
    pub buzzer: Buzzer,
    /// Text at the reader.
    pub line: String,
    /// Whether it was opened by force, and not closed since.
    pub was_forced: bool,
    /// Whether the request-to-exit is pressed.
    pub is_rex_pressed: bool,
    /// Whether the housing is open.
    pub is_tampered: bool,
    /// Inputs that are only watched, and active.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watched: Vec<WatchedInput>,
}

/// What the door lets nobody do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// The strike holds the leaf.
    #[error("locked")]
    Locked,
    /// There is none to press.
    #[error("the door has no request-to-exit")]
    NoRex,
    /// There is no such input.
    #[error("the door has no such input")]
    NoInput,
}

/// The twin. Dropping it takes its socket away.
#[derive(Debug)]
pub struct VirtualDoor {
    door: Arc<Door>,
    path: PathBuf,
    runtime: Handle,
    thread: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

/// What a driver asks for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Request {
    Strike(bool),
    Show(Signal),
    Inputs,
}

/// What it is answered.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) ok: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

impl VirtualDoor {
    /// Hangs a door, closed and locked, whose lines end at the socket `path`.
    pub fn hang(path: &Path, build: DoorBuild) -> io::Result<Self> {
        let _ = std::fs::remove_file(path);
        let listener = std::os::unix::net::UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        let view = DoorView {
            is_energised: false,
            is_open: false,
            light: Light::Off,
            buzzer: Buzzer::Off,
            line: String::new(),
            was_forced: false,
            is_rex_pressed: false,
            is_tampered: false,
            watched: Vec::new(),
        };
        let door = Arc::new(Door { build, view: watch::channel(view).0, inputs: broadcast::channel(INPUTS_MAX).0 });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        let served = door.clone();
        let thread = std::thread::Builder::new().name("door twin".into()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    served = serve(listener, served) => if let Err(error) = served {
                        tracing::error!(%error, "a door twin takes no more connections");
                    },
                    _ = ended => {}
                }
            });
        })?;
        Ok(Self { door, path: path.to_owned(), runtime: handle, thread: Some((end, thread)) })
    }

    /// Pushes the leaf, if the strike releases it, and goes through. Ends once it is open.
    pub async fn push(&self) -> Result<(), DoorError> {
        self.door.check_released()?;
        tokio::time::sleep(self.door.build.opens).await;
        self.door.open_if_released()?;
        if let Some(closes) = self.door.build.closes {
            let door = self.door.clone();
            self.runtime.spawn(async move {
                tokio::time::sleep(closes).await;
                // Whoever forced it in the meantime left it broken open.
                if !door.view.borrow().was_forced {
                    door.set_open(false, false);
                }
            });
        }
        Ok(())
    }

    /// Closes the leaf.
    pub fn close(&self) {
        self.door.set_open(false, false);
    }

    /// Opens the leaf against the strike.
    pub fn force(&self) {
        self.door.set_open(true, true);
    }

    /// Presses or lets go of the request-to-exit.
    pub fn press_rex(&self, is_pressed: bool) -> Result<(), DoorError> {
        if !self.door.build.has_rex {
            return Err(DoorError::NoRex);
        }
        self.door.change(|view| view.is_rex_pressed = is_pressed);
        Ok(())
    }

    /// Opens or closes the housing.
    pub fn tamper(&self, is_tampered: bool) {
        self.door.change(|view| view.is_tampered = is_tampered);
    }

    /// Lets an input that is only watched say what it is named for, or no longer.
    pub fn set_watched(&self, input: WatchedInput, is_active: bool) -> Result<(), DoorError> {
        if !self.door.build.has_watched {
            return Err(DoorError::NoInput);
        }
        self.door.change(|view| {
            view.watched.retain(|active| *active != input);
            view.watched.extend(is_active.then_some(input));
            view.watched.sort();
        });
        Ok(())
    }

    /// What can be seen of it, now and from now on.
    pub fn watch(&self) -> watch::Receiver<DoorView> {
        self.door.view.subscribe()
    }
}

impl Drop for VirtualDoor {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.thread.take() {
            drop(end);
            let _ = thread.join();
        }
        let _ = std::fs::remove_file(&self.path);
    }
}

#[derive(Debug)]
struct Door {
    build: DoorBuild,
    view: watch::Sender<DoorView>,
    inputs: broadcast::Sender<DoorInput>,
}

impl Door {
    fn levels(&self, view: &DoorView) -> impl Iterator<Item = (Input, bool)> + use<> {
        let contact = self.build.has_contact.then_some((Input::Contact, view.is_open));
        let rex = self.build.has_rex.then_some((Input::Rex, view.is_rex_pressed));
        let watched: &[WatchedInput] = if self.build.has_watched { &WatchedInput::ALL } else { &[] };
        let watched: Vec<_> =
            watched.iter().map(|input| (Input::Watched(*input), view.watched.contains(input))).collect();
        [contact, rex, Some((Input::Tamper, view.is_tampered))].into_iter().flatten().chain(watched)
    }

    /// Changes the door, and tells the drivers in the order of the changes.
    fn change(&self, change: impl FnOnce(&mut DoorView)) {
        self.view.send_modify(|view| {
            let mut known = Known::default();
            for (input, level) in self.levels(view) {
                known.take(input, level);
            }
            change(view);
            for (input, level) in self.levels(view) {
                if let Some(news) = known.take(input, level) {
                    // Nobody may be listening.
                    let _ = self.inputs.send(news);
                }
            }
        });
    }

    fn set_open(&self, is_open: bool, is_forced: bool) {
        self.change(|view| {
            // A leaf that stands open can't be forced.
            view.was_forced = is_open && (view.was_forced || is_forced && !view.is_open);
            view.is_open = is_open;
        });
    }

    fn is_released(&self, view: &DoorView) -> bool {
        view.is_energised || view.is_open || self.build.is_rex_mechanical && view.is_rex_pressed
    }

    fn check_released(&self) -> Result<(), DoorError> {
        if self.is_released(&self.view.borrow()) { Ok(()) } else { Err(DoorError::Locked) }
    }

    /// The strike may have fallen back while the person was on the way.
    fn open_if_released(&self) -> Result<(), DoorError> {
        let mut is_released = false;
        self.change(|view| {
            is_released = self.is_released(view);
            view.is_open |= is_released;
        });
        if is_released { Ok(()) } else { Err(DoorError::Locked) }
    }

    fn show(&self, signal: Signal) {
        self.change(|view| {
            view.light = signal.light;
            view.buzzer = signal.buzzer;
            view.line = signal.line.chars().take(DISPLAY_CHARS_MAX).collect();
        });
    }
}

async fn serve(listener: std::os::unix::net::UnixListener, door: Arc<Door>) -> io::Result<()> {
    let listener = UnixListener::from_std(listener)?;
    loop {
        let (driver, _) = listener.accept().await?;
        let door = door.clone();
        tokio::spawn(async move {
            // A driver that goes away leaves everything as it is.
            if let Err(error) = serve_driver(driver, &door).await {
                tracing::debug!(%error, "a door's driver went away");
            }
        });
    }
}

async fn serve_driver(driver: UnixStream, door: &Door) -> io::Result<()> {
    let (reader, mut writer) = driver.into_split();
    let mut reader = BufReader::new(reader);
    let mut line = String::new();
    loop {
        line.clear();
        if (&mut reader).take(LINE_BYTES_MAX).read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = match serde_json::from_str(&line) {
            Ok(Request::Inputs) => return stream_inputs(reader, writer, door).await,
            Ok(Request::Strike(is_energised)) => {
                door.change(|view| view.is_energised = is_energised);
                Answer { ok: true, error: None }
            }
            Ok(Request::Show(signal)) => {
                door.show(signal);
                Answer { ok: true, error: None }
            }
            Err(error) => Answer { ok: false, error: Some(error.to_string()) },
        };
        write_line(&mut writer, &answer).await?;
        if !answer.ok {
            return Ok(());
        }
    }
}

async fn stream_inputs(
    mut reader: BufReader<OwnedReadHalf>,
    mut writer: OwnedWriteHalf,
    door: &Door,
) -> io::Result<()> {
    let mut inputs = door.inputs.subscribe();
    let mut known = Known::default();
    loop {
        let levels: Vec<_> = door.levels(&door.view.borrow()).collect();
        for (input, level) in levels {
            if let Some(news) = known.take(input, level) {
                write_line(&mut writer, &news).await?;
            }
        }
        loop {
            let received = tokio::select! {
                received = inputs.recv() => received,
                // The driver says nothing any more; it ends, or breaks the protocol.
                _ = reader.read_u8() => return Ok(()),
            };
            let news = match received {
                Ok(DoorInput::Contact { is_open }) => known.take(Input::Contact, is_open),
                Ok(DoorInput::Rex { is_pressed }) => known.take(Input::Rex, is_pressed),
                Ok(DoorInput::Tamper { is_tampered }) => known.take(Input::Tamper, is_tampered),
                Ok(DoorInput::Watched { input, is_active }) => known.take(Input::Watched(input), is_active),
                Ok(DoorInput::Lost(_) | DoorInput::Back) => None,
                Err(broadcast::error::RecvError::Lagged(_)) => break,
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            };
            if let Some(news) = news {
                write_line(&mut writer, &news).await?;
            }
        }
    }
}

async fn write_line(writer: &mut OwnedWriteHalf, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    writer.write_all(&line).await
}
