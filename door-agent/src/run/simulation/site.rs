//! What an agent has hold of and does not own: the disk under its journal, its strikes, its clock. Whatever it does to
//! them is seen here, and any of it can be the last thing that it does.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access_core::canonical;
use access_core::chain::SignedRecord;
use hardware::door_io::{DoorIoError, DoorOutputs, Signal};

use super::dice::Dice;
use super::faults::{Kind, Step};
use crate::journal::Storage;
use crate::journal::segment::FRAME_HEAD_BYTES;

/// A write reaches the disk in pieces of so many bytes, in any order.
const PIECE_BYTES: usize = 64;

/// What a program that is cut down unwinds with.
pub(super) struct Crash;

/// The site of one agent, shared with the handles that it holds.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Site>>);

pub(super) struct Site {
    /// Since the agent's boot, in milliseconds.
    pub(super) mono_ms: u64,
    pub(super) disk: Disk,
    /// One of each door.
    pub(super) strikes: Vec<Strike>,
    /// What was done to the strikes since it was looked at last: which, whether the lines took it, and the level then.
    pub(super) driven: Vec<(usize, bool)>,
    /// The program ends after so many more things.
    pub(super) fuse: Option<(u64, Kind, Step)>,
    /// Faults that have come to bear since it was looked at last.
    pub(super) bitten: Vec<(Kind, Step)>,
    pub(super) dice: Dice,
    /// A test's switch: nothing puts a strike to rest when the program starts.
    pub(super) has_relock: bool,
    pub(super) is_starting: bool,
}

/// As many as real ones have.
const NOTE_PLACES: usize = 2;

#[derive(Debug, Default)]
pub(super) struct Strike {
    pub(super) is_energised: bool,
    /// The lines are not there.
    pub(super) is_lost: bool,
    /// So many more times it can't be driven.
    pub(super) fails: u64,
    /// When that came about, until it has come to bear.
    pub(super) fails_since: Option<Step>,
}

/// The disk: what programs see of it, and what is left of that when the power goes.
pub(super) struct Disk {
    seen: BTreeMap<u64, Vec<u8>>,
    synced: BTreeMap<u64, Vec<u8>>,
    /// Segments that were removed since the folder was synced last, oldest first.
    removed: Vec<u64>,
    /// Notes beside the segments, and what of them the system has written to the disk by itself.
    notes: [Vec<u8>; NOTE_PLACES],
    notes_written: [Vec<u8>; NOTE_PLACES],
    next_note: usize,
    /// Records that were written and synced without an error, since it was looked at last.
    pub(super) taken: Vec<SignedRecord>,
    /// What becomes of the next write.
    pub(super) next_write: Option<(Kind, Step)>,
    pub(super) next_read: Option<Step>,
    /// It is full until then.
    pub(super) full_until_ms: u64,
    pub(super) full_since: Option<Step>,
    /// A test's switch: nothing that is written is synced.
    pub(super) has_sync: bool,
}

impl Disk {
    /// The power went: what was not synced is forgotten, and so many removals had reached the disk. Of the notes those survived that had been written.
    pub(super) fn forget(&mut self, removals: usize) {
        self.notes.clone_from(&self.notes_written);
        for number in self.removed.drain(..).take(removals) {
            self.synced.remove(&number);
        }
        self.seen = self.synced.clone();
    }

    /// How many removals a power cut may undo.
    pub(super) fn removals(&self) -> usize {
        self.removed.len()
    }

    /// What programs see after an error is what the disk says, too.
    fn see_what_is_synced(&mut self) {
        self.seen = self.synced.clone();
        self.removed.iter().for_each(|number| drop(self.seen.remove(number)));
    }
}

impl Shared {
    pub(super) fn new(doors: usize, dice: Dice, has_sync: bool, has_relock: bool) -> Self {
        let (seen, synced, taken) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let disk = Disk {
            seen,
            synced,
            removed: Vec::new(),
            notes: Default::default(),
            notes_written: Default::default(),
            next_note: 0,
            taken,
            next_write: None,
            next_read: None,
            full_until_ms: 0,
            full_since: None,
            has_sync,
        };
        Self(Arc::new(Mutex::new(Site {
            mono_ms: 20_000,
            disk,
            strikes: (0..doors).map(|_| Strike::default()).collect(),
            driven: Vec::new(),
            fuse: None,
            bitten: Vec::new(),
            dice,
            has_relock,
            is_starting: false,
        })))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Site> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is about to be done, or was: here the program may end.
    fn point(&self) {
        let mut site = self.lock();
        match &mut site.fuse {
            Some((0, _, _)) => {}
            Some((left, _, _)) => {
                *left -= 1;
                return;
            }
            None => return,
        }
        drop(site);
        self.end();
    }

    fn end(&self) -> ! {
        std::panic::resume_unwind(Box::new(Crash))
    }

    /// The agent's clock: read before and after whatever it does.
    pub(super) fn since_boot(&self) -> u64 {
        self.point();
        self.lock().mono_ms
    }
}

/// A door's lines, in the agent's hand.
pub(super) struct Lines {
    pub(super) site: Shared,
    pub(super) door: usize,
}

impl DoorOutputs for Lines {
    fn strike(&mut self, is_energised: bool) -> Result<(), DoorIoError> {
        self.site.point();
        let gone = || DoorIoError::Gone { place: "simulated".to_owned(), why: "fault".to_owned() };
        {
            let mut guard = self.site.lock();
            let site = &mut *guard;
            if site.is_starting && !site.has_relock && !is_energised {
                return Ok(());
            }
            let strike = &mut site.strikes[self.door];
            if strike.is_lost {
                return Err(gone());
            }
            if strike.fails > 0 {
                strike.fails -= 1;
                site.bitten.extend(strike.fails_since.take().map(|step| (Kind::StrikeFails, step)));
                // It may have taken the level in spite of the error.
                if site.dice.one_in(2) {
                    strike.is_energised = is_energised;
                    site.driven.push((self.door, is_energised));
                }
                return Err(gone());
            }
            strike.is_energised = is_energised;
            site.driven.push((self.door, is_energised));
        }
        self.site.point();
        Ok(())
    }

    fn show(&mut self, _: &Signal) -> Result<(), DoorIoError> {
        self.site.point();
        Ok(())
    }
}

/// The journal's folder, in the agent's hand. Keeps what [`Storage`] promises, and no more.
pub(super) struct Folder(pub(super) Shared);

impl Folder {
    fn failing(&self) -> io::Result<()> {
        let mut guard = self.0.lock();
        let site = &mut *guard;
        if site.mono_ms < site.disk.full_until_ms {
            site.bitten.extend(site.disk.full_since.take().map(|step| (Kind::DiskFull, step)));
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn reading(&self) -> io::Result<()> {
        let mut site = self.0.lock();
        match site.disk.next_read.take() {
            Some(step) => {
                site.bitten.push((Kind::ReadFails, step));
                Err(io::ErrorKind::Other.into())
            }
            None => Ok(()),
        }
    }

    /// What becomes of the next write, apart from a fault that only a whole write can have.
    fn fate(&self) -> Option<(Kind, Step)> {
        self.0.lock().disk.next_write.take()
    }
}

impl Storage for Folder {
    fn list(&self) -> io::Result<Vec<u64>> {
        self.reading()?;
        Ok(self.0.lock().disk.seen.keys().copied().collect())
    }

    fn read(&self, number: u64) -> io::Result<Vec<u8>> {
        self.reading()?;
        self.0.lock().disk.seen.get(&number).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn create(&mut self, number: u64, header: &[u8], bytes: usize) -> io::Result<()> {
        self.0.point();
        self.failing()?;
        let mut content = vec![0; bytes.max(header.len())];
        content[..header.len()].copy_from_slice(header);
        let fate = self.fate();
        let mut site = self.0.lock();
        if fate.is_none() || site.dice.one_in(2) {
            // The folder is synced, and so is what was removed before.
            for removed in std::mem::take(&mut site.disk.removed) {
                site.disk.synced.remove(&removed);
            }
            site.disk.seen.insert(number, content.clone());
            site.disk.synced.insert(number, content);
        }
        site.bitten.extend(fate.filter(|(kind, _)| *kind == Kind::WriteFails));
        match fate {
            None => {}
            Some((Kind::WriteFails, _)) => return Err(io::ErrorKind::Other.into()),
            Some((kind, step)) => {
                site.fuse = Some((0, kind, step));
                drop(site);
                self.0.end();
            }
        }
        drop(site);
        self.0.point();
        Ok(())
    }

    fn write(&mut self, number: u64, offset: usize, bytes: &[u8]) -> io::Result<()> {
        self.0.point();
        self.failing()?;
        let fate = self.fate();
        let mut guard = self.0.lock();
        let site = &mut *guard;
        let pieces = bytes.chunks(PIECE_BYTES).count();
        let (dice, disk) = (&mut site.dice, &mut site.disk);
        let reached: Vec<bool> = match fate {
            None => vec![disk.has_sync; pieces],
            Some((Kind::WriteForgotten, _)) => vec![false; pieces],
            Some((Kind::WriteTorn, _)) => {
                let whole = dice.below(pieces as u64) as usize;
                (0..pieces).map(|piece| piece < whole).collect()
            }
            Some(_) => (0..pieces).map(|_| dice.one_in(2)).collect(),
        };
        let seen = disk.seen.get_mut(&number).ok_or(io::ErrorKind::NotFound)?;
        seen[offset..offset + bytes.len()].copy_from_slice(bytes);
        if let Some(synced) = disk.synced.get_mut(&number) {
            for ((place, piece), _) in
                bytes.chunks(PIECE_BYTES).enumerate().zip(&reached).filter(|(_, reached)| **reached)
            {
                let begin = offset + place * PIECE_BYTES;
                synced[begin..begin + piece.len()].copy_from_slice(piece);
            }
        }
        match fate {
            None => {}
            Some((Kind::WriteFails, step)) => {
                disk.see_what_is_synced();
                site.bitten.push((Kind::WriteFails, step));
                return Err(io::ErrorKind::Other.into());
            }
            Some((kind, step)) => {
                site.fuse = Some((0, kind, step));
                drop(guard);
                self.0.end();
            }
        }
        if disk.has_sync {
            let records: Result<Vec<SignedRecord>, _> = canonical::decode("frame", &bytes[FRAME_HEAD_BYTES..]);
            disk.taken.extend(records.unwrap_or_default());
        }
        drop(guard);
        self.0.point();
        Ok(())
    }

    fn remove(&mut self, number: u64) -> io::Result<()> {
        self.0.point();
        let mut site = self.0.lock();
        site.disk.seen.remove(&number);
        site.disk.removed.push(number);
        drop(site);
        self.0.point();
        Ok(())
    }

    fn name(&self, number: u64) -> String {
        format!("segment {number}")
    }

    fn note(&mut self, mark: &[u8]) {
        self.0.point();
        let mut guard = self.0.lock();
        let Site { disk, dice, .. } = &mut *guard;
        disk.notes[disk.next_note] = mark.to_vec();
        disk.next_note = (disk.next_note + 1) % NOTE_PLACES;
        // Some time later, and each place by itself.
        for (noted, written) in disk.notes.iter().zip(&mut disk.notes_written) {
            if dice.one_in(2) {
                written.clone_from(noted);
            }
        }
        drop(guard);
        self.0.point();
    }

    fn noted(&self) -> Vec<Vec<u8>> {
        self.0.lock().disk.notes.to_vec()
    }
}
