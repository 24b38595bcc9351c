//! One card on a reader in conversation, and what lies ready to be done with it.

use std::ffi::CStr;
use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pcsc::{Card, Context, Disposition, Error, MAX_BUFFER_SIZE, Protocols, ShareMode};
use zeroize::Zeroize as _;

use super::super::desfire::Dialogue;
use super::super::task::Task;
use super::super::{Uid, apdu};
use super::STATUS_WAIT;
use super::worker::{Ended, Report, said};

/// What a reader is to do with the card on it, and how its worker is woken for that.
#[derive(Default)]
pub(super) struct Desk {
    task: Mutex<Option<Task>>,
    context: Mutex<Option<Context>>,
}

impl Desk {
    /// Lays a task down; one that was not begun is replaced.
    pub(super) fn give(&self, task: Task) {
        *lock(&self.task) = Some(task);
        if let Some(context) = &*lock(&self.context) {
            // If nobody waits just now, the worker looks after its next wait: see its longest.
            let _ = context.cancel();
        }
    }

    pub(super) fn take(&self) -> Option<Task> {
        lock(&self.task).take()
    }

    /// A worker waits for the reader with this from now on.
    pub(super) fn is_watched_by(&self, context: &Context) {
        *lock(&self.context) = Some(context.clone());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a conversation broke off.
pub(super) enum Broken {
    /// Nobody wants to know any more.
    Ended,
    /// The card left in the meantime.
    Gone,
    /// pcscd or the reader left.
    Service(Error),
    /// The card itself; why.
    Card(String),
    /// The card of this UID answers whole and to no sense; what.
    Senseless(Uid, String),
}

impl From<Ended> for Broken {
    fn from(_: Ended) -> Self {
        Self::Ended
    }
}

impl From<Error> for Broken {
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

/// A card in conversation. Says that it lives between two commands.
pub(super) struct Session {
    card: Card,
    report: SyncSender<Report>,
    reported_at: Instant,
}

impl Session {
    pub(super) fn open(context: &Context, name: &CStr, report: SyncSender<Report>) -> Result<Self, Broken> {
        let card = context.connect(name, ShareMode::Shared, Protocols::ANY)?;
        Ok(Self { card, report, reported_at: Instant::now() })
    }

    pub(super) fn uid(&mut self) -> Result<Uid, Broken> {
        let mut answer = self.exchange(&apdu::GET_UID)?;
        let uid = apdu::parse_uid(&answer).map_err(|error| Broken::Card(error.to_string()));
        answer.zeroize();
        uid
    }

    /// Holds a conversation to its end, if that comes within `time_max`: a card that answers ever so slowly does not keep the
    /// reader.
    pub(super) fn hold<T>(&mut self, dialogue: Dialogue<'_, T>, time_max: Duration) -> Result<T, Broken> {
        let began = Instant::now();
        dialogue.hold(|apdu| {
            if began.elapsed() > time_max {
                return Err(Broken::Card("the card takes too long".into()));
            }
            let answer = self.exchange(apdu)?;
            // A card that leaves may be answered for by nothing at all: hardware facts, PC/SC, (d).
            if answer.is_empty() { Err(Broken::Gone) } else { Ok(answer) }
        })
    }

    fn exchange(&mut self, apdu: &[u8]) -> Result<Vec<u8>, Broken> {
        if self.reported_at.elapsed() >= STATUS_WAIT {
            self.report.send(Report::Alive).map_err(|_gone| Broken::Ended)?;
            self.reported_at = Instant::now();
        }
        let mut buffer = [0; MAX_BUFFER_SIZE];
        let answer = self.card.transmit(apdu, &mut buffer).map(<[u8]>::to_vec);
        buffer.zeroize();
        Ok(answer?)
    }

    /// Ends it. After a failure of the card the next conversation begins with a card just powered. One that has left is not
    /// reset: that fails, and pcscd then takes the reader for empty until the next card leaves it. A card that is left as it is
    /// may stay authenticated, in a session of which nobody has the keys any more.
    pub(super) fn close(self, has_card_failed: bool) {
        let _ = self.card.disconnect(if has_card_failed { Disposition::ResetCard } else { Disposition::LeaveCard });
    }
}
