//! The half of a reader's pair of threads that makes the calls into PC/SC, which may block for good.

use std::ffi::{CStr, CString};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use pcsc::{Attribute, Context, Disposition, Error, MAX_BUFFER_SIZE, Protocols, ReaderState, Scope, ShareMode, State};

use super::super::desfire::{self, ReadError};
use super::super::task::{Done, Job, Task, TaskError};
use super::super::{
    Asked, CardLookup, Proof, ReaderBinding, ReaderChange, ReaderMatch, TemplateRead, Uid, name_matches,
};
use super::session::{Broken, Desk, Session};
use super::{ReadersError, SEARCH_PAUSE, STATUS_WAIT};

/// A card that is just coming into the field fails easily: it is asked so many times.
const READ_ATTEMPTS: u32 = 3;

/// Pause before a card that pcscd speaks of, and that is not there, is asked for again.
const GONE_PAUSE: Duration = Duration::from_millis(50);

/// So many times, which is longer than pcscd takes to notice that a card has left.
const GONE_TRIES_MAX: u32 = 40;

/// Longest conversation at a door, for a proof and for a template apart. At 106 kbit/s the longest template takes about a
/// second.
const READ_TIME_MAX: Duration = Duration::from_secs(5);

/// Longest conversation at a station. A personalisation with the longest template takes a few seconds.
const TASK_TIME_MAX: Duration = Duration::from_secs(30);

/// What a worker saw.
pub(super) enum Report {
    /// Nothing new.
    Alive,
    /// The reader is there, with or without a card on it.
    Found { has_card: bool },
    /// The reader can't be used; why.
    Lost(String),
    /// What a card told that was held against the reader, or that it did not.
    Card(Instant, ReaderChange),
    /// What came after.
    More(ReaderChange),
    /// The card is gone.
    Removed(Instant),
}

/// Nobody wants events any more.
pub(super) struct Ended;

/// Makes the calls that may block.
pub(super) struct Work {
    pub(super) binding: ReaderBinding,
    pub(super) lookup: Arc<dyn CardLookup>,
    pub(super) desk: Arc<Desk>,
    pub(super) report: SyncSender<Report>,
    pub(super) supervisor: Receiver<()>,
    pub(super) is_card_ignored: bool,
    /// The supervisor was told of the card that lies there.
    pub(super) is_card_told: bool,
}

impl Work {
    pub(super) fn run(mut self) {
        loop {
            let Ok(why) = self.watch_reader() else { return };
            // Whatever lies on the reader when it is found again may be asked again.
            self.is_card_ignored = false;
            self.is_card_told = false;
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

    fn tell_of_card(&mut self, at: Instant, change: ReaderChange) -> Result<(), Ended> {
        self.is_card_told = true;
        self.tell(Report::Card(at, change))
    }

    /// Finds the reader and watches it until it or pcscd is gone: then says why.
    fn watch_reader(&mut self) -> Result<String, Ended> {
        let context = match Context::establish(Scope::System) {
            Ok(context) => context,
            Err(error) => return Ok(said(error)),
        };
        let name = match find(&context, &self.binding.matches) {
            Ok(name) => name,
            Err(why) => return Ok(why),
        };
        self.desk.is_watched_by(&context);
        let mut state = [ReaderState::new(name.clone(), State::UNAWARE)];
        // Counter of insertions and removals at the card that was dealt with.
        let mut dealt_with = None;
        let mut is_found = false;
        let mut gone_tries = 0;
        loop {
            if let Some(task) = self.desk.take() {
                match self.carry_out(&context, &name, task) {
                    Ok(()) => {}
                    // Whatever lies there now is looked at anew.
                    Err(Broken::Gone) => {
                        dealt_with = None;
                        state[0] = ReaderState::new(name.clone(), State::UNAWARE);
                    }
                    Err(Broken::Card(_) | Broken::Senseless(..)) => {}
                    Err(Broken::Service(error)) => return Ok(said(error)),
                    Err(Broken::Ended) => return Err(Ended),
                }
            }
            match context.get_status_change(STATUS_WAIT, &mut state) {
                Ok(()) => {}
                Err(Error::Timeout | Error::Cancelled) => {
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
                dealt_with = None;
                if std::mem::take(&mut self.is_card_told) {
                    self.tell(Report::Removed(at))?;
                }
            } else if dealt_with != Some(count) {
                let is_ignored = self.is_card_ignored && dealt_with.is_none();
                dealt_with = Some(count);
                if is_ignored {
                    self.is_card_told = true;
                    self.tell(Report::Alive)?;
                    continue;
                }
                let asked = if seen.contains(State::MUTE) {
                    Err(Broken::Card("the card does not say what it is".into()))
                } else {
                    self.ask(&context, &name, at)
                };
                match asked {
                    Ok(()) => {}
                    // pcscd looks a few times a second: it may speak of a card that has left, and take the next one for the
                    // same. Ask until either is settled.
                    Err(Broken::Gone) if gone_tries < GONE_TRIES_MAX => {
                        gone_tries += 1;
                        dealt_with = None;
                        state[0] = ReaderState::new(name.clone(), State::UNAWARE);
                        self.tell(Report::Alive)?;
                        if self.supervisor.recv_timeout(GONE_PAUSE) != Err(RecvTimeoutError::Timeout) {
                            return Err(Ended);
                        }
                        continue;
                    }
                    Err(Broken::Gone) => {
                        let why = "the card is there and answers nothing";
                        self.tell_of_card(at, ReaderChange::Unreadable(why.into()))?;
                    }
                    Err(Broken::Card(why)) => self.tell_of_card(at, ReaderChange::Unreadable(why))?,
                    Err(Broken::Senseless(uid, why)) => self.tell_of_card(at, ReaderChange::Senseless(uid, why))?,
                    Err(Broken::Service(error)) => return Ok(said(error)),
                    Err(Broken::Ended) => return Err(Ended),
                }
                gone_tries = 0;
            }
        }
    }

    /// Asks a card what it is to be asked, and tells what it says. A card that fails is asked again.
    fn ask(&mut self, context: &Context, name: &CStr, at: Instant) -> Result<(), Broken> {
        let mut attempt = 1;
        loop {
            let mut session = Session::open(context, name, self.report.clone())?;
            let asked = self.ask_in(&mut session, at);
            let has_failed = matches!(asked, Err(Broken::Card(_) | Broken::Senseless(..)));
            // Before anybody hears of it, who may want to speak with the card.
            session.close(has_failed);
            match asked {
                Ok(Some(change)) => return Ok(self.tell_of_card(at, change)?),
                Ok(None) => return Ok(()),
                Err(Broken::Card(_) | Broken::Senseless(..)) if attempt < READ_ATTEMPTS => {}
                Err(broken) => return Err(broken),
            }
            attempt += 1;
        }
    }

    /// What is to be told when the session is closed, if not all is told yet.
    fn ask_in(&mut self, session: &mut Session, at: Instant) -> Result<Option<ReaderChange>, Broken> {
        let uid = session.uid()?;
        let change = match self.lookup.look_up(&self.binding.name, &uid) {
            Asked::Nothing => ReaderChange::Card(uid),
            Asked::Kind if desfire::is_random(&uid) => ReaderChange::Kind(uid, desfire::CardKind::RandomUid),
            Asked::Kind => {
                let kind = session.hold(desfire::kind(), READ_TIME_MAX)?;
                ReaderChange::Kind(uid, kind.map_err(|error| Broken::Card(error.to_string()))?)
            }
            Asked::Proof(order, nonces) => {
                let identified = session.hold(desfire::identify(order, nonces), READ_TIME_MAX);
                if matches!(identified, Err(Broken::Gone)) {
                    // Whoever holds it there is told that it was too short.
                    self.tell_of_card(at, ReaderChange::Unreadable("the card left before it was read".into()))?;
                }
                match identified? {
                    Ok(identified) => return self.read_on(session, at, uid, identified).map(|()| None),
                    Err(error) => match ReaderChange::of_failed_proof(uid, error) {
                        // What may be the field's fault is asked again.
                        ReaderChange::Senseless(uid, why) => return Err(Broken::Senseless(uid, why)),
                        ReaderChange::Unreadable(why) if matches!(error, ReadError::Card(_)) => {
                            return Err(Broken::Card(why));
                        }
                        change => change,
                    },
                }
            }
        };
        Ok(Some(change))
    }

    /// Tells whose card it is, and reads on to the template in the same session. The card is not asked again whatever comes of
    /// that.
    fn read_on(
        &mut self,
        session: &mut Session,
        at: Instant,
        uid: Uid,
        identified: desfire::Identified,
    ) -> Result<(), Broken> {
        let proof = Proof::of(&identified);
        self.tell_of_card(at, ReaderChange::Proved(uid, proof))?;
        let held = session.hold(identified.read_template(), READ_TIME_MAX);
        let (read, broken) = match held {
            Ok(read) => (TemplateRead::of(read), None),
            Err(Broken::Card(why)) => (TemplateRead::Unreadable(why), None),
            Err(Broken::Ended) => return Err(Broken::Ended),
            Err(broken) => (TemplateRead::Gone, Some(broken)),
        };
        self.tell(Report::More(ReaderChange::Template(read)))?;
        broken.map_or(Ok(()), Err)
    }

    /// Does what a station wants with the card that lies there, and tells how it ended.
    fn carry_out(&self, context: &Context, name: &CStr, task: Task) -> Result<(), Broken> {
        let worked = Session::open(context, name, self.report.clone()).and_then(|mut session| {
            let worked = work_in(&mut session, task);
            session.close(matches!(worked, Err(Broken::Card(_))));
            worked
        });
        let (worked, broken) = match worked {
            Ok(worked) => (worked, None),
            Err(Broken::Ended) => return Err(Broken::Ended),
            Err(Broken::Card(why)) => (Err(TaskError::Unreadable(why)), None),
            Err(broken) => (Err(TaskError::Gone), Some(broken)),
        };
        self.tell(Report::More(ReaderChange::Worked(worked)))?;
        broken.map_or(Ok(()), Err)
    }
}

fn work_in(session: &mut Session, task: Task) -> Result<Result<Done, TaskError>, Broken> {
    let Task { uid, job, nonces } = task;
    if session.uid()? != uid {
        return Err(Broken::Gone);
    }
    Ok(match job {
        Job::Look(order) => {
            let looked = session.hold(desfire::look(order, nonces), TASK_TIME_MAX)?;
            looked.map(Done::Looked).map_err(TaskError::from)
        }
        Job::Personalise(plan, mut keys) => {
            let keys = move |role, version, input: &desfire::DiversificationInput| keys.key(role, version, input);
            let made = session.hold(desfire::personalise(*plan, keys, nonces), TASK_TIME_MAX)?;
            made.map(Done::Personalised).map_err(TaskError::from)
        }
        Job::Wipe(order, mut keys) => {
            let keys = move |role, version, input: &desfire::DiversificationInput| keys.key(role, version, input);
            let wiped = session.hold(desfire::wipe(*order, keys, nonces), TASK_TIME_MAX)?;
            wiped.map(Done::Wiped).map_err(TaskError::from)
        }
    })
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

pub(super) fn said(error: Error) -> String {
    match error {
        Error::NoService | Error::CommError | Error::ServiceStopped => "the card service (pcscd) does not run".into(),
        // Also what a service that dies while it is being greeted looks like.
        Error::SecurityViolation => "the card service (pcscd) refuses, or went away".into(),
        error => error.to_string(),
    }
}
