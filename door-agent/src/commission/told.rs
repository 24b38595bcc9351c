//! What the log was told of a door: its wiring, and how it was tried. The agent asks at its start what is still to be told.
//!
//! Told once: whatever of this lies in the journal is told, and a note beside the acceptance records remembers it for longer than
//! the journal keeps it. The note is written after the record. A program that ends in between finds the record in the journal.

use std::path::{Path, PathBuf};

use access_core::chain::Digest;
use access_core::event::{DoorZone, Event, Record, Trial};
use access_core::ids::DoorId;

use super::record::FOLDER;
use crate::durable;

/// SHA-256 of a door's wiring, and the zones that hang on it.
type Wiring = (Digest, Vec<DoorZone>);

/// A note to be written once its record lies on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    path: PathBuf,
    note: String,
}

impl Told {
    fn new(data_folder: &Path, epoch: u32, door: DoorId, what: &str, digest: Digest) -> Self {
        let path = data_folder.join(FOLDER).join(format!("{door}-{what}.told"));
        // An epoch has a journal and keys of its own: what was told in the one before was another machine's.
        Self { path, note: format!("{epoch} {digest}\n") }
    }

    fn is_noted(&self) -> bool {
        matches!(durable::read(&self.path), Ok(Some(note)) if note == self.note.as_bytes())
    }

    /// Writes the note. Waits for the disk.
    pub(crate) fn write(&self) -> std::io::Result<()> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
            durable::sync_entry(folder)?;
        }
        durable::replace(&self.path, self.note.as_bytes())
    }
}

/// What is still to be told of a door, each with the note that follows it: its wiring with the zones that hang on it, and how it was
/// tried. `before` are the newest records of the journal.
pub(crate) fn untold(
    (data_folder, epoch): (&Path, u32),
    (door, wiring, trial): (DoorId, Option<Wiring>, Option<Trial>),
    before: &[Record],
) -> Vec<(Event, Told)> {
    let mut untold = Vec::new();
    let of_epoch = || before.iter().rev().filter(|record| record.epoch == epoch).map(|record| &record.event);
    let mut look = |event: Event, what: &str, digest: Digest, in_journal: Option<Digest>| {
        let told = Told::new(data_folder, epoch, door, what, digest);
        let is_told = in_journal.map_or_else(|| told.is_noted(), |newest| newest == digest);
        if !is_told {
            untold.push((event, told));
        }
    };
    if let Some((wiring, zones)) = wiring {
        let newest = of_epoch().find_map(|event| match event {
            Event::DoorWired { door: of, wiring, .. } if *of == door => Some(*wiring),
            _ => None,
        });
        look(Event::DoorWired { door, wiring, zones }, "wiring", wiring, newest);
    }
    if let Some(trial) = trial {
        let newest = of_epoch().find_map(|event| match event {
            Event::DoorTried(trial) if trial.door == door => Some(trial.paper),
            _ => None,
        });
        let paper = trial.paper;
        look(Event::DoorTried(Box::new(trial)), "trial", paper, newest);
    }
    untold
}

#[cfg(test)]
mod tests {
    use access_core::UnixMs;
    use access_core::attempt::ClockTrust;
    use access_core::event::Author;
    use uuid::Uuid;

    use super::*;

    fn record(epoch: u32, event: Event) -> Record {
        let author = Author::Agent(Uuid::from_u128(1).into());
        Record { author, epoch, seq: 1, previous: Digest::ZERO, at: UnixMs(0), clock: ClockTrust::Trusted, event }
    }

    #[test]
    fn what_lies_in_the_journal_or_is_noted_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let door: DoorId = Uuid::from_u128(7).into();
        let [old, new] = [1, 2].map(|byte| Digest([byte; 32]));
        let wired = |wiring| Event::DoorWired { door, wiring, zones: vec![DoorZone::Zone1] };
        let untold = |wiring, epoch, before: &[Record]| {
            let wiring = Some((wiring, vec![DoorZone::Zone1]));
            untold((folder.path(), epoch), (door, wiring, None), before)
        };
        let (event, note) = untold(new, 1, &[]).remove(0);
        assert_eq!(event, wired(new));
        // The program fell between the record and the note.
        assert!(untold(new, 1, &[record(1, wired(old)), record(1, wired(new))]).is_empty());
        assert_eq!(untold(old, 1, &[record(1, wired(old)), record(1, wired(new))]).len(), 1, "the newest counts");
        let elsewhere = Event::DoorWired { door: Uuid::from_u128(8).into(), wiring: new, zones: Vec::new() };
        assert_eq!(untold(new, 1, &[record(1, elsewhere)]).len(), 1);
        assert_eq!(untold(new, 2, &[record(1, wired(new))]).len(), 1, "told by another machine");
        note.write().unwrap();
        assert!(untold(new, 1, &[]).is_empty(), "the journal forgot it long ago");
        assert_eq!(untold(new, 2, &[]).len(), 1, "noted by another machine");
        assert_eq!(untold(old, 1, &[]).len(), 1);
        assert_eq!(untold(new, 1, &[record(1, wired(old))]).len(), 1, "the journal is newer than the note");
    }
}
