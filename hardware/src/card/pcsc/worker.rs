//! The half of a reader's pair of threads that makes the calls into PC/SC, which may block for good.

use std::ffi::{CStr, CString};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use pcsc::{
    Attribute, Card, Context, Disposition, Error, MAX_BUFFER_SIZE, Protocols, ReaderState, Scope, ShareMode, State,
};
use zeroize::Zeroize as _;

use super::super::{ReaderMatch, Uid, apdu, name_matches};
use super::{ReadersError, SEARCH_PAUSE, STATUS_WAIT};

/// A card that is just coming into the field fails easily: it is asked so many times.
const READ_ATTEMPTS: u32 = 3;

/// Pause before a card that pcscd speaks of, and that is not there, is asked for again.
const GONE_PAUSE: Duration = Duration::from_millis(50);

/// So many times, which is longer than pcscd takes to notice that a card has left.
const GONE_TRIES_MAX: u32 = 40;

/// What a worker saw.
pub(super) enum Report {
    /// Nothing new.
    Alive,
    /// The reader is there, with or without a card on it.
    Found { has_card: bool },
    /// The reader can't be used; why.
    Lost(String),
    /// A card was read, or not.
    Card(Instant, Result<Uid, String>),
    /// The card is gone.
    Removed(Instant),
}

/// Nobody wants events any more.
pub(super) struct Ended;

/// Makes the calls that may block.
pub(super) struct Work {
    pub(super) matches: ReaderMatch,
    pub(super) report: SyncSender<Report>,
    pub(super) supervisor: Receiver<()>,
    pub(super) is_card_ignored: bool,
}

impl Work {
    pub(super) fn run(mut self) {
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
        let mut is_found = false;
        let mut gone_tries = 0;
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
            if seen.intersects(State::UNKNOWN | State::UNAVAILABLE | State::IGNORE) {
                return Ok("the reader was unplugged".into());
            }
            state[0].sync_current_state();
            let has_card = seen.contains(State::PRESENT);
            if !is_found {
                is_found = true;
                self.tell(Report::Found { has_card })?;
            }
            if !has_card {
                gone_tries = 0;
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
                        // pcscd looks a few times a second: it may speak of a card that has left, and take the next one
                        // for the same. Ask until either is settled.
                        Err(ReadError::Gone) if gone_tries < GONE_TRIES_MAX => {
                            gone_tries += 1;
                            dealt_with = None;
                            state[0] = ReaderState::new(name.clone(), State::UNAWARE);
                            self.tell(Report::Alive)?;
                            if self.supervisor.recv_timeout(GONE_PAUSE) != Err(RecvTimeoutError::Timeout) {
                                return Err(Ended);
                            }
                            continue;
                        }
                        Err(ReadError::Gone) => Err("the card is there and answers nothing".into()),
                        Err(ReadError::Service(error)) => return Ok(said(error)),
                        Err(ReadError::Card(why)) => Err(why),
                    }
                };
                gone_tries = 0;
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
            // A card that leaves in mid-command: hardware facts, PC/SC, (e).
            Error::NoSmartcard | Error::RemovedCard | Error::NotTransacted => Self::Gone,
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

fn read_uid(context: &Context, name: &CStr) -> Result<Uid, ReadError> {
    let mut attempt = 1;
    loop {
        let read = context.connect(name, ShareMode::Shared, Protocols::ANY).map_err(ReadError::from).and_then(ask_uid);
        match read {
            Err(ReadError::Card(_)) if attempt < READ_ATTEMPTS => attempt += 1,
            read => return read,
        }
    }
}

fn ask_uid(card: Card) -> Result<Uid, ReadError> {
    let mut buffer = [0; MAX_BUFFER_SIZE];
    let read = match card.transmit(&apdu::GET_UID, &mut buffer) {
        Ok(answer) => apdu::parse_uid(answer).map_err(|error| ReadError::Card(error.to_string())),
        Err(error) => Err(error.into()),
    };
    buffer.zeroize();
    // After a failure the next attempt begins with a card just powered. One that has left is not reset: that fails, and
    // pcscd then takes the reader for empty until the next card leaves it.
    let is_there = matches!(read, Err(ReadError::Card(_)));
    let _ = card.disconnect(if is_there { Disposition::ResetCard } else { Disposition::LeaveCard });
    read
}

/// Full names of all readers that PC/SC knows now.
pub fn list_names() -> Result<Vec<String>, ReadersError> {
    let unlisted = |error| ReadersError::Service(said(error));
    let context = Context::establish(Scope::System).map_err(unlisted)?;
    let names = list(&context).map_err(unlisted)?;
    Ok(names.iter().map(|name| name.to_string_lossy().into_owned()).collect())
}

/// The full name of the reader that is meant, if it is there and can be told from others; else why not. Looks, and disturbs
/// nobody who uses it.
pub fn look_for(matches: &ReaderMatch) -> Result<String, String> {
    let context = Context::establish(Scope::System).map_err(said)?;
    find(&context, matches).map(|name| name.to_string_lossy().into_owned())
}

/// Serial number of a reader, if it tells one.
pub fn serial_of(name: &str) -> Option<String> {
    serial(&Context::establish(Scope::System).ok()?, &CString::new(name).ok()?)
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
        // Also what a service that dies while it is being greeted looks like.
        Error::SecurityViolation => "the card service (pcscd) refuses, or went away".into(),
        error => error.to_string(),
    }
}
