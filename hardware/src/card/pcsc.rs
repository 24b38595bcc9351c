//! Readers behind pcscd.
//!
//! Calls into PC/SC block, some of them for good: a card that falls silent is waited for without end, and nothing
//! interrupts that. So each reader has a pair of threads. The worker makes the calls and reports at least every
//! [`STATUS_WAIT`]; the supervisor turns reports into events, and when none comes for [`SILENCE_MAX`] it leaves the worker
//! to its fate and starts another. A reader in trouble never holds up the others.

use std::ffi::{CStr, CString};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pcsc::{
    Attribute, Card, Context, Disposition, Error, MAX_BUFFER_SIZE, Protocols, ReaderState, Scope, ShareMode, State,
};
use zeroize::Zeroize as _;

use super::{ReaderBinding, ReaderChange, ReaderEvent, ReaderMatch, apdu, name_matches};

/// A wait for a change of the reader's status returns at the latest after this time.
const STATUS_WAIT: Duration = Duration::from_millis(500);
/// A worker that does not report for so long is given up. An exchange with a card takes some milliseconds.
const SILENCE_MAX: Duration = Duration::from_secs(2);
/// Pause before a reader or pcscd that is not there is looked for again.
const SEARCH_PAUSE: Duration = Duration::from_millis(250);
/// A card that is just coming into the field fails easily: it is asked so many times.
const READ_ATTEMPTS: u32 = 3;
/// Most workers of one reader that may hang at a time. Beyond that, no further one is started until one ends.
const HANGING_MAX: usize = 4;

/// The readers being watched. Dropping it ends the watch.
#[derive(Debug)]
pub struct Readers {
    is_ended: Arc<AtomicBool>,
}

/// The watch could not begin.
#[derive(Debug, thiserror::Error)]
pub enum ReadersError {
    /// Two bindings have the same name.
    #[error("two readers are bound by the name {0:?}")]
    NameTwice(String),
    /// Two bindings mean the same reader.
    #[error("readers {0:?} and {1:?} match the same device")]
    DeviceTwice(String, String),
    /// The system gives no more threads.
    #[error("can't start a thread for reader {0:?}")]
    Thread(String, #[source] std::io::Error),
    /// PC/SC can't be asked.
    #[error("the readers can't be listed: {0}")]
    Service(String),
}

impl Readers {
    /// Begins to watch. Events of all readers arrive in `events`; when it is full, readers wait.
    pub fn start(
        bindings: Vec<ReaderBinding>,
        events: tokio::sync::mpsc::Sender<ReaderEvent>,
    ) -> Result<Self, ReadersError> {
        for (index, binding) in bindings.iter().enumerate() {
            for other in &bindings[..index] {
                if other.name == binding.name {
                    return Err(ReadersError::NameTwice(binding.name.clone()));
                }
                if other.matches == binding.matches {
                    return Err(ReadersError::DeviceTwice(other.name.clone(), binding.name.clone()));
                }
            }
        }
        let readers = Self { is_ended: Arc::new(AtomicBool::new(false)) };
        for binding in bindings {
            let name = binding.name.clone();
            let supervisor = Supervisor {
                binding,
                events: events.clone(),
                is_ended: readers.is_ended.clone(),
                has_card: false,
                trouble: None,
                hanging: Vec::new(),
            };
            std::thread::Builder::new()
                .name(format!("reader {name}"))
                .spawn(|| supervisor.run())
                .map_err(|error| ReadersError::Thread(name, error))?;
        }
        Ok(readers)
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.is_ended.store(true, Ordering::Relaxed);
    }
}

/// Full names of all readers that PC/SC knows now.
pub fn list_names() -> Result<Vec<String>, ReadersError> {
    let unlisted = |error| ReadersError::Service(said(error));
    let context = Context::establish(Scope::System).map_err(unlisted)?;
    let names = list(&context).map_err(unlisted)?;
    Ok(names.iter().map(|name| name.to_string_lossy().into_owned()).collect())
}

/// Serial number of a reader, if it tells one.
pub fn serial_of(name: &str) -> Option<String> {
    serial(&Context::establish(Scope::System).ok()?, &CString::new(name).ok()?)
}

/// What a worker saw.
enum Report {
    /// Nothing new.
    Alive,
    /// The reader is there, with or without a card on it.
    Found { has_card: bool },
    /// The reader can't be used; why.
    Lost(String),
    /// A card was read, or not.
    Card(Instant, Result<super::Uid, String>),
    /// The card is gone.
    Removed(Instant),
}

/// Why a reader gives no cards now.
#[derive(PartialEq, Eq)]
enum Trouble {
    Lost,
    Silent,
}

struct Supervisor {
    binding: ReaderBinding,
    events: tokio::sync::mpsc::Sender<ReaderEvent>,
    is_ended: Arc<AtomicBool>,
    has_card: bool,
    trouble: Option<Trouble>,
    hanging: Vec<JoinHandle<()>>,
}

/// A worker as its supervisor holds it. Dropping it ends the worker, unless that hangs.
struct Worker {
    reports: Receiver<Report>,
    thread: JoinHandle<()>,
    _alive: Sender<()>,
}

/// Nobody wants events any more.
struct Ended;

impl Supervisor {
    fn run(mut self) {
        let mut is_card_ignored = false;
        while let Ok(()) = self.follow_worker(is_card_ignored) {
            // The card that silenced a worker stays unasked until it was taken away.
            is_card_ignored = true;
        }
    }

    /// Starts a worker and turns its reports into events until it falls silent.
    fn follow_worker(&mut self, is_card_ignored: bool) -> Result<(), Ended> {
        let worker = loop {
            self.hanging.retain(|thread| !thread.is_finished());
            if self.hanging.len() < HANGING_MAX
                && let Some(worker) = self.start_worker(is_card_ignored)
            {
                break worker;
            }
            self.check_ended()?;
            std::thread::park_timeout(STATUS_WAIT);
        };
        loop {
            self.check_ended()?;
            match worker.reports.recv_timeout(SILENCE_MAX) {
                Ok(report) => self.take(report)?,
                Err(RecvTimeoutError::Timeout) => {
                    self.hanging.push(worker.thread);
                    if self.trouble != Some(Trouble::Silent) {
                        self.trouble = Some(Trouble::Silent);
                        // Whatever lies on it has not been taken away yet.
                        self.has_card = true;
                        self.send(Instant::now(), ReaderChange::Silent)?;
                    }
                    return Ok(());
                }
                // A worker never ends on its own; if one does after all, another one takes over.
                Err(RecvTimeoutError::Disconnected) => {
                    std::thread::park_timeout(SEARCH_PAUSE);
                    return Ok(());
                }
            }
        }
    }

    fn start_worker(&self, is_card_ignored: bool) -> Option<Worker> {
        // The worker waits when the supervisor does, so that a stuck consumer stops the reader and not the memory.
        let (report, reports) = sync_channel(1);
        let (alive, supervisor) = channel();
        let task = Work { matches: self.binding.matches.clone(), report, supervisor, is_card_ignored };
        let thread = std::thread::Builder::new().name(format!("pcsc {}", self.binding.name)).spawn(|| task.run());
        Some(Worker { reports, thread: thread.ok()?, _alive: alive })
    }

    fn check_ended(&self) -> Result<(), Ended> {
        if self.is_ended.load(Ordering::Relaxed) || self.events.is_closed() { Err(Ended) } else { Ok(()) }
    }

    fn take(&mut self, report: Report) -> Result<(), Ended> {
        match report {
            Report::Alive => Ok(()),
            Report::Found { has_card: true } if self.trouble == Some(Trouble::Silent) => Ok(()),
            Report::Found { has_card } => {
                if !has_card {
                    self.remove_card(Instant::now())?;
                }
                self.recover()
            }
            Report::Lost(why) => {
                self.remove_card(Instant::now())?;
                if self.trouble.replace(Trouble::Lost) == Some(Trouble::Lost) {
                    return Ok(());
                }
                self.send(Instant::now(), ReaderChange::Lost(why))
            }
            Report::Card(at, read) => {
                self.remove_card(at)?;
                self.recover()?;
                self.has_card = true;
                self.send(at, read.map_or_else(ReaderChange::Unreadable, ReaderChange::Card))
            }
            Report::Removed(at) => {
                self.remove_card(at)?;
                self.recover()
            }
        }
    }

    fn remove_card(&mut self, at: Instant) -> Result<(), Ended> {
        if std::mem::take(&mut self.has_card) { self.send(at, ReaderChange::Removed) } else { Ok(()) }
    }

    fn recover(&mut self) -> Result<(), Ended> {
        if self.trouble.take().is_some() { self.send(Instant::now(), ReaderChange::Back) } else { Ok(()) }
    }

    fn send(&self, at: Instant, change: ReaderChange) -> Result<(), Ended> {
        let event = ReaderEvent { reader: self.binding.name.clone(), at, change };
        self.events.blocking_send(event).map_err(|_closed| Ended)
    }
}

/// Makes the calls that may block.
struct Work {
    matches: ReaderMatch,
    report: SyncSender<Report>,
    supervisor: Receiver<()>,
    is_card_ignored: bool,
}

impl Work {
    fn run(mut self) {
        loop {
            let Ok(why) = self.watch_reader() else { return };
            // Whatever lies on the reader when it is found again may be asked again.
            self.is_card_ignored = false;
            if self.tell(Report::Lost(why)).is_err()
                || self.supervisor.recv_timeout(SEARCH_PAUSE) != Err(RecvTimeoutError::Timeout)
            {
                return;
            }
        }
    }

    fn tell(&self, report: Report) -> Result<(), Ended> {
        self.report.send(report).map_err(|_gone| Ended)
    }

    /// Finds the reader and watches it until it or pcscd is gone: then says why.
    fn watch_reader(&mut self) -> Result<String, Ended> {
        let context = match Context::establish(Scope::System) {
            Ok(context) => context,
            Err(error) => return Ok(said(error)),
        };
        let name = match find(&context, &self.matches) {
            Ok(name) => name,
            Err(why) => return Ok(why),
        };
        let mut state = [ReaderState::new(name.clone(), State::UNAWARE)];
        // Counter of insertions and removals at the card that was dealt with.
        let mut dealt_with = None;
        loop {
            match context.get_status_change(STATUS_WAIT, &mut state) {
                Ok(()) => {}
                Err(Error::Timeout) => {
                    self.tell(Report::Alive)?;
                    continue;
                }
                Err(error) => return Ok(said(error)),
            }
            let (seen, count, at) = (state[0].event_state(), state[0].event_count(), Instant::now());
            let is_first = state[0].current_state() == State::UNAWARE;
            if seen.intersects(State::UNKNOWN | State::UNAVAILABLE | State::IGNORE) {
                return Ok("the reader was unplugged".into());
            }
            state[0].sync_current_state();
            let has_card = seen.contains(State::PRESENT);
            if is_first {
                self.tell(Report::Found { has_card })?;
            }
            if !has_card {
                self.is_card_ignored = false;
                if dealt_with.take().is_some() {
                    self.tell(Report::Removed(at))?;
                }
            } else if dealt_with != Some(count) {
                let is_ignored = self.is_card_ignored && dealt_with.is_none();
                dealt_with = Some(count);
                if is_ignored {
                    self.tell(Report::Alive)?;
                    continue;
                }
                let read = if seen.contains(State::MUTE) {
                    Err("the card does not say what it is".into())
                } else {
                    match read_uid(&context, &name) {
                        Ok(uid) => Ok(uid),
                        Err(ReadError::Gone) => continue,
                        Err(ReadError::Service(error)) => return Ok(said(error)),
                        Err(ReadError::Card(why)) => Err(why),
                    }
                };
                self.tell(Report::Card(at, read))?;
            }
        }
    }
}

/// Why a card told no UID.
enum ReadError {
    /// It left in the meantime.
    Gone,
    /// pcscd or the reader left.
    Service(Error),
    /// The card itself; why.
    Card(String),
}

impl From<Error> for ReadError {
    fn from(error: Error) -> Self {
        match error {
            Error::NoSmartcard | Error::RemovedCard => Self::Gone,
            Error::CommError
            | Error::NoService
            | Error::ServiceStopped
            | Error::InvalidHandle
            | Error::ReaderUnavailable
            | Error::UnknownReader => Self::Service(error),
            _ => Self::Card(said(error)),
        }
    }
}

fn read_uid(context: &Context, name: &CStr) -> Result<super::Uid, ReadError> {
    let mut attempt = 1;
    loop {
        let read = context.connect(name, ShareMode::Shared, Protocols::ANY).map_err(ReadError::from).and_then(ask_uid);
        match read {
            Err(ReadError::Card(_)) if attempt < READ_ATTEMPTS => attempt += 1,
            read => return read,
        }
    }
}

fn ask_uid(card: Card) -> Result<super::Uid, ReadError> {
    let mut buffer = [0; MAX_BUFFER_SIZE];
    let read = match card.transmit(&apdu::GET_UID, &mut buffer) {
        Ok(answer) => apdu::parse_uid(answer).map_err(|error| ReadError::Card(error.to_string())),
        Err(error) => Err(error.into()),
    };
    buffer.zeroize();
    // After a failure the next attempt begins with a card just powered. If this fails, the card has left already.
    let _ = card.disconnect(if read.is_ok() { Disposition::LeaveCard } else { Disposition::ResetCard });
    read
}

fn find(context: &Context, matches: &ReaderMatch) -> Result<CString, String> {
    let names = match list(context) {
        Ok(names) => names,
        Err(error) => return Err(said(error)),
    };
    let (wanted, found): (_, Vec<CString>) = match matches {
        ReaderMatch::Name(wanted) => {
            let is_meant = |name: &CString| name_matches(wanted, &name.to_string_lossy());
            (format!("named {wanted:?}"), names.into_iter().filter(is_meant).collect())
        }
        ReaderMatch::Serial(wanted) => {
            let is_meant = |name: &CString| serial(context, name).as_ref() == Some(wanted);
            (format!("with serial number {wanted:?}"), names.into_iter().filter(is_meant).take(1).collect())
        }
    };
    match found.len() {
        0 => Err(format!("no reader {wanted} is plugged in")),
        1 => found.into_iter().next().ok_or_else(String::new),
        count => Err(format!("{count} readers are {wanted}: match by serial number, or by the full name")),
    }
}

fn list(context: &Context) -> Result<Vec<CString>, Error> {
    match context.list_readers_owned() {
        Err(Error::NoReadersAvailable) => Ok(Vec::new()),
        names => names,
    }
}

/// Serial number as the reader tells it; most tell it in ASCII, some with a zero at the end.
fn serial(context: &Context, name: &CStr) -> Option<String> {
    let card = context.connect(name, ShareMode::Direct, Protocols::UNDEFINED).ok()?;
    let mut buffer = [0; MAX_BUFFER_SIZE];
    let serial = card
        .get_attribute(Attribute::VendorIfdSerialNo, &mut buffer)
        .ok()
        .map(|bytes| String::from_utf8_lossy(bytes).trim_end_matches('\0').trim().to_owned());
    let _ = card.disconnect(Disposition::LeaveCard);
    serial.filter(|serial| !serial.is_empty())
}

fn said(error: Error) -> String {
    match error {
        Error::NoService | Error::CommError | Error::ServiceStopped => "the card service (pcscd) does not run".into(),
        error => error.to_string(),
    }
}
