//! Readers behind pcscd.
//!
//! Calls into PC/SC block, some of them for good: a card that falls silent is waited for without end, and nothing
//! interrupts that. So each reader has a pair of threads. The worker makes the calls and reports at least every
//! [`STATUS_WAIT`]; the supervisor turns reports into events, and when none comes for [`SILENCE_MAX`] it leaves the worker
//! to its fate and starts another. A reader in trouble never holds up the others. A conversation of many commands reports
//! between them, so that only a card or reader that has fallen silent in one of them is given up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::task::Task;
use super::{CardLookup, ReaderBinding, ReaderChange, ReaderEvent};

mod session;
#[cfg(test)]
mod tests;
mod worker;

use session::Desk;
use worker::{Ended, Report, Work};
pub use worker::{list_names, look_for, serial_of};

/// A wait for a change of the reader's status returns at the latest after this time.
const STATUS_WAIT: Duration = Duration::from_millis(500);
/// A worker that does not report for so long is given up. An exchange with a card takes some milliseconds.
const SILENCE_MAX: Duration = Duration::from_secs(3);
/// Pause before a reader or pcscd that is not there is looked for again.
const SEARCH_PAUSE: Duration = Duration::from_millis(250);
/// Most workers of one reader that may hang at a time. Beyond that, no further one is started until one ends.
const HANGING_MAX: usize = 4;

/// The readers being watched. Dropping it ends the watch.
pub struct Readers {
    is_ended: Arc<AtomicBool>,
    desks: BTreeMap<String, Arc<Desk>>,
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
    /// Begins to watch. Events of all readers arrive in `events`; when it is full, readers wait. `lookup` says what is asked
    /// of cards.
    pub fn start(
        bindings: Vec<ReaderBinding>,
        events: tokio::sync::mpsc::Sender<ReaderEvent>,
        lookup: Arc<dyn CardLookup>,
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
        let mut readers = Self { is_ended: Arc::new(AtomicBool::new(false)), desks: BTreeMap::new() };
        for binding in bindings {
            let name = binding.name.clone();
            let desk = Arc::new(Desk::default());
            readers.desks.insert(name.clone(), desk.clone());
            let supervisor = Supervisor {
                binding,
                lookup: lookup.clone(),
                desk,
                events: events.clone(),
                is_ended: readers.is_ended.clone(),
                has_card: false,
                trouble: None,
                was_found: false,
                hanging: Vec::new(),
            };
            std::thread::Builder::new()
                .name(format!("reader {name}"))
                .spawn(|| supervisor.run())
                .map_err(|error| ReadersError::Thread(name, error))?;
        }
        Ok(readers)
    }

    /// Has a reader do something with the card that lies on it: answered by [`ReaderChange::Worked`], unless the reader is in
    /// trouble, which other events tell, or another task comes before it was begun. Answers whether there is such a reader.
    pub fn work(&self, reader: &str, task: Task) -> bool {
        let desk = self.desks.get(reader);
        if let Some(desk) = desk {
            desk.give(task);
        }
        desk.is_some()
    }
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.desks.keys()).finish()
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.is_ended.store(true, Ordering::Relaxed);
    }
}

/// Why a reader gives no cards now.
#[derive(PartialEq, Eq)]
enum Trouble {
    Lost,
    Silent,
}

struct Supervisor {
    binding: ReaderBinding,
    lookup: Arc<dyn CardLookup>,
    desk: Arc<Desk>,
    events: tokio::sync::mpsc::Sender<ReaderEvent>,
    is_ended: Arc<AtomicBool>,
    has_card: bool,
    trouble: Option<Trouble>,
    /// It has been seen to be usable, and that was said.
    was_found: bool,
    hanging: Vec<JoinHandle<()>>,
}

/// A worker as its supervisor holds it. Dropping it ends the worker, unless that hangs.
struct Worker {
    reports: Receiver<Report>,
    thread: JoinHandle<()>,
    _alive: Sender<()>,
}

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
        self.follow(worker, Receiver::recv_timeout)
    }

    /// Turns a worker's reports into events until it falls silent. `receive` waits for one, for so long at most.
    fn follow(
        &mut self,
        worker: Worker,
        mut receive: impl FnMut(&Receiver<Report>, Duration) -> Result<Report, RecvTimeoutError>,
    ) -> Result<(), Ended> {
        loop {
            self.check_ended()?;
            match receive(&worker.reports, SILENCE_MAX) {
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
        let work = Work {
            binding: self.binding.clone(),
            lookup: self.lookup.clone(),
            desk: self.desk.clone(),
            report,
            supervisor,
            is_card_ignored,
            is_card_told: false,
        };
        let thread = std::thread::Builder::new().name(format!("pcsc {}", self.binding.name)).spawn(|| work.run());
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
            Report::Card(at, change) => {
                self.remove_card(at)?;
                self.recover()?;
                self.has_card = true;
                self.send(at, change)
            }
            Report::More(change) => self.send(Instant::now(), change),
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
        let had_trouble = self.trouble.take().is_some();
        let was_found = std::mem::replace(&mut self.was_found, true);
        if had_trouble || !was_found { self.send(Instant::now(), ReaderChange::Back) } else { Ok(()) }
    }

    fn send(&self, at: Instant, change: ReaderChange) -> Result<(), Ended> {
        let event = ReaderEvent { reader: self.binding.name.clone(), at, change };
        self.events.blocking_send(event).map_err(|_closed| Ended)
    }
}
