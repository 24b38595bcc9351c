//! What the journal says of the time before this start: was the program stopped in order, and which release was recorded
//! and never carried out.
//!
//! Whether the strike was energised is noted beside the journal, by a thread of its own that nobody waits for: a disk that
//! stalls holds up no door. The note is handed over after the strike took its level, so a release that was not carried out
//! is never called so. One that was may be called abandoned: if power or program end before the note is written. That
//! errs on the side that asks a person to look, and the contact's own records say whether the door opened.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use access_core::UnixMs;
use access_core::attempt::ClockTrust;
use access_core::canonical;
use access_core::event::{AlarmKind, CommandOutcome, Event, Record, ReleaseCause};
use access_core::ids::DoorId;

use crate::newest::Newest;

/// So many of the newest records are looked at.
pub const RECORDS_MAX: u64 = 2_000;
/// Length of a cause's canonical bytes, at most.
const NOTE_BYTES_MAX: usize = 32;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The program was not stopped in order.
    pub was_unclean: bool,
    /// Instant of the newest record whose clock could be relied on.
    pub trusted_at: Option<UnixMs>,
    /// It was told that rules are dated ahead, and not yet that others were taken.
    pub were_rules_ahead: bool,
    /// Releases that were recorded and have no sequel.
    pub unfinished: Vec<(DoorId, ReleaseCause)>,
}

/// Reads the newest records, oldest first.
pub fn read(records: &[Record]) -> History {
    let mut unfinished: BTreeMap<DoorId, Vec<ReleaseCause>> = BTreeMap::new();
    let mut is_running = false;
    let mut trusted_at = None;
    let mut were_rules_ahead = false;
    for record in records {
        if record.clock == ClockTrust::Trusted {
            trusted_at = trusted_at.max(Some(record.at));
        }
        match &record.event {
            Event::AgentStarted { .. } => {
                is_running = true;
                unfinished.clear();
            }
            Event::AgentStopped => is_running = false,
            Event::AlarmRaised { kind: AlarmKind::RulesDatedAhead, .. } => were_rules_ahead = true,
            Event::AlarmCleared { kind: AlarmKind::RulesDatedAhead, .. } => were_rules_ahead = false,
            Event::Decision(decision) if decision.verdict.is_grant() => {
                let cause = ReleaseCause::Attempt(decision.attempt.id);
                unfinished.entry(decision.attempt.door).or_default().push(cause);
            }
            Event::CommandDone { command, door, outcome: CommandOutcome::CarriedOut, .. } => {
                unfinished.entry(*door).or_default().push(ReleaseCause::Command(*command));
            }
            Event::DoorOpened { door, .. }
            | Event::Entered { door, .. }
            | Event::NotOpened { door, .. }
            | Event::ReleaseAbandoned { door, .. } => {
                unfinished.remove(door);
            }
            _ => {}
        }
    }
    History {
        was_unclean: is_running,
        trusted_at,
        were_rules_ahead,
        unfinished: match is_running {
            true => unfinished.into_iter().flat_map(|(door, of)| of.into_iter().map(move |one| (door, one))).collect(),
            false => Vec::new(),
        },
    }
}

/// The thread that writes the notes of all doors.
#[derive(Debug, Clone)]
pub struct Notes(Arc<Newest<DoorId, (Arc<File>, ReleaseCause)>>);

impl Notes {
    /// Starts it.
    pub fn start() -> std::io::Result<Self> {
        Ok(Self(Arc::new(Newest::start("carried-out", |_, note| write_note(&note))?)))
    }

    /// The same without a thread: the caller has them written.
    #[cfg(test)]
    pub(crate) fn apart() -> Self {
        Self(Arc::new(Newest::apart()))
    }

    /// Writes the next note that waits; answers whether there was one.
    #[cfg(test)]
    pub(crate) fn write_one(&self) -> bool {
        self.0.take().map(|(_, note)| write_note(&note)).is_some()
    }

    /// Waits until everything is written; only where a test wants the program to end itself.
    pub(crate) fn settle(&self) {
        self.0.settle();
    }
}

fn write_note((file, cause): &(Arc<File>, ReleaseCause)) {
    if let Err(error) = file.write_all_at(&canonical::encode(cause), 0) {
        tracing::warn!(%error, "a release can't be noted");
    }
}

/// The newest release of one door that was carried out.
#[derive(Debug)]
pub struct CarriedOut {
    door: DoorId,
    file: Option<Arc<File>>,
    notes: Notes,
}

impl CarriedOut {
    /// Opens a door's note. Without it every unfinished release counts as abandoned.
    pub fn open(folder: &Path, door: DoorId, notes: &Notes) -> Self {
        let path = folder.join(format!("carried-out-{door}"));
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        if let Err(error) = &opened {
            tracing::warn!(path = %path.display(), %error, "releases can't be noted");
        }
        Self { door, file: opened.ok().map(Arc::new), notes: notes.clone() }
    }

    /// Whether this was the newest when the program started.
    pub fn is(&self, cause: ReleaseCause) -> bool {
        let expected = canonical::encode(&cause);
        let mut note = [0; NOTE_BYTES_MAX];
        let Some(file) = &self.file else { return false };
        let read = file.read_at(&mut note, 0).unwrap_or(0);
        note[..read].starts_with(&expected)
    }

    /// The strike was energised for this. Returns at once; it is written as soon as the disk takes it.
    pub fn note(&self, cause: ReleaseCause) {
        if let Some(file) = &self.file {
            self.notes.0.put(self.door, (Arc::clone(file), cause));
        }
    }

    /// Waits until it is written; only where a test wants the program to end itself.
    pub(crate) fn settle(&self) {
        self.notes.settle();
    }
}

#[cfg(test)]
mod tests {
    use access_core::chain::Head;
    use access_core::event::Author;
    use uuid::Uuid;

    use super::*;

    fn cause(number: u128) -> ReleaseCause {
        ReleaseCause::Command(Uuid::from_u128(number).into())
    }

    fn check(events: Vec<Event>, was_unclean: bool, unfinished: &[ReleaseCause]) {
        let author = Author::Agent(Uuid::from_u128(1).into());
        let mut head = Head::start_of(1);
        let mut records = Vec::new();
        for event in events {
            let (at, clock) = (UnixMs(0), ClockTrust::Trusted);
            let record =
                Record { author, epoch: 1, seq: head.seq + 1, previous: head.hash, at, clock, event: event.clone() };
            head.seq += 1;
            records.push(record);
        }
        let history = read(&records);
        let causes: Vec<ReleaseCause> = history.unfinished.iter().map(|(_, cause)| *cause).collect();
        assert_eq!((history.was_unclean, &causes[..]), (was_unclean, unfinished), "{records:?}");
    }

    #[test]
    fn a_release_without_a_sequel_is_found() {
        let door = Uuid::from_u128(1).into();
        let started = || Event::AgentStarted { build: "1".to_owned(), was_unclean: false };
        let command = |number: u128| Event::CommandDone {
            command: Uuid::from_u128(number).into(),
            door,
            outcome: CommandOutcome::CarriedOut,
            release_ms: 1,
        };
        let opened = || Event::DoorOpened { door, cause: None };
        check(vec![], false, &[]);
        check(vec![started()], true, &[]);
        check(vec![started(), Event::AgentStopped], false, &[]);
        check(vec![started(), command(1)], true, &[cause(1)]);
        check(vec![started(), command(1), opened()], true, &[]);
        check(vec![started(), command(1), opened(), command(2)], true, &[cause(2)]);
        check(vec![started(), command(1), started()], true, &[]);
        check(vec![started(), command(1), Event::AgentStopped], false, &[]);
    }

    #[test]
    fn a_note_outlives_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let door = Uuid::from_u128(1).into();
        let notes = Notes::start().unwrap();
        let note = CarriedOut::open(folder.path(), door, &notes);
        assert!(!note.is(cause(1)));
        note.note(cause(1));
        note.note(cause(2));
        notes.settle();
        let again = CarriedOut::open(folder.path(), door, &notes);
        assert!(again.is(cause(2)) && !again.is(cause(1)));
        assert!(!CarriedOut::open(Path::new("/nowhere"), door, &notes).is(cause(1)));
    }

    #[test]
    fn without_a_thread_a_note_is_written_when_the_caller_does_it() {
        let folder = tempfile::tempdir().unwrap();
        let notes = Notes::apart();
        let note = CarriedOut::open(folder.path(), Uuid::from_u128(1).into(), &notes);
        note.note(cause(1));
        assert!(!note.is(cause(1)));
        assert!(notes.write_one() && note.is(cause(1)));
        assert!(!notes.write_one());
    }
}
