//! A short journal, cut at every byte and with every bit another in turn. Cut, it is refused, and nobody enters by it, unless nothing stood behind the cut. With a bit
//! that is another it is refused, too; or what is read is a beginning of what was written, with everything that stands wholly
//! before that bit.
//!
//! The newest append alone, until it is noted beside the segments, can't be told from one that the power cut short: damage to it takes it
//! away. Had the server acknowledged it, the server notices. Once it is noted, damage to it is refused as any other.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use access_core::UnixMs;
use access_core::attempt::ClockTrust;
use access_core::chain::{Head, SignedRecord};
use access_core::event::{Author, Event, Record};
use ed25519_dalek::SigningKey;
use uuid::Uuid;

use super::{Journal, JournalError, Limits, Storage, Weight};

const LIMITS: Limits = Limits { segment_bytes: 700, segments_max: 8, segments_reserved: 2 };
const START: Head = Head::start_of(1);

/// A disk in memory; clones share it.
#[derive(Debug, Clone, Default)]
struct Disk(Arc<Mutex<BTreeMap<u64, Vec<u8>>>>, Arc<Mutex<Vec<u8>>>);

impl Storage for Disk {
    fn list(&self) -> io::Result<Vec<u64>> {
        Ok(self.0.lock().unwrap().keys().copied().collect())
    }

    fn read(&self, number: u64) -> io::Result<Vec<u8>> {
        self.0.lock().unwrap().get(&number).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn create(&mut self, number: u64, header: &[u8], bytes: usize) -> io::Result<()> {
        let mut content = vec![0; bytes];
        content[..header.len()].copy_from_slice(header);
        self.0.lock().unwrap().insert(number, content);
        Ok(())
    }

    fn write(&mut self, number: u64, offset: usize, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().get_mut(&number).unwrap()[offset..offset + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn remove(&mut self, number: u64) -> io::Result<()> {
        self.0.lock().unwrap().remove(&number);
        Ok(())
    }

    fn name(&self, number: u64) -> String {
        format!("segment {number}")
    }

    fn note(&mut self, mark: &[u8]) {
        *self.1.lock().unwrap() = mark.to_vec();
    }

    fn noted(&self) -> Vec<Vec<u8>> {
        vec![self.1.lock().unwrap().clone()]
    }
}

fn append(journal: &mut Journal<Disk>) -> SignedRecord {
    let head = journal.head();
    let record = Record {
        author: Author::Agent(Uuid::from_u128(1).into()),
        epoch: head.epoch,
        seq: head.seq + 1,
        previous: head.hash,
        at: UnixMs(7),
        clock: ClockTrust::Trusted,
        event: Event::AgentStopped,
    };
    let signed = SignedRecord::sign(&record, &SigningKey::from_bytes(&[7; 32]));
    journal.append(std::slice::from_ref(&signed), Weight::Vital).unwrap();
    signed
}

/// A journal of some segments, with where each record's frame ends.
struct Written {
    files: BTreeMap<u64, Vec<u8>>,
    records: Vec<SignedRecord>,
    ends: Vec<(u64, usize)>,
    note: Vec<u8>,
}

/// A journal, of which the newest append is noted, or that before it.
fn written(is_newest_noted: bool) -> Written {
    let disk = Disk::default();
    let mut journal = Journal::open(disk.clone(), LIMITS, START).unwrap();
    let (mut records, mut ends) = (Vec::new(), Vec::new());
    for number in 1..=9 {
        records.push(append(&mut journal));
        if number < 9 || is_newest_noted {
            journal.note_end();
        }
        let files = disk.0.lock().unwrap();
        let (number, newest) = files.last_key_value().unwrap();
        // Behind the frame all is zero; so may be its own last bytes, which then are not damaged by being cut.
        ends.push((*number, newest.iter().rposition(|byte| *byte != 0).unwrap() + 1));
    }
    let files = disk.0.lock().unwrap().clone();
    assert!(files.len() >= 3, "damage is tried in the middle too");
    let note = disk.1.lock().unwrap().clone();
    Written { files, records, ends, note }
}

/// What came of damage.
#[derive(Debug, Default)]
struct Tally {
    refused: usize,
    whole: usize,
    shorter: usize,
}

impl Written {
    fn tried(&self, number: u64, byte: usize, damage: impl FnOnce(&mut Vec<u8>), tally: &mut Tally) {
        let mut files = self.files.clone();
        damage(files.get_mut(&number).unwrap());
        let disk = Disk(Arc::new(Mutex::new(files)), Arc::new(Mutex::new(self.note.clone())));
        let place = format!("segment {number}, byte {byte}");
        let mut journal = match Journal::open(disk.clone(), LIMITS, START) {
            Ok(journal) => journal,
            Err(JournalError::Damaged { .. }) => {
                tally.refused += 1;
                return;
            }
            Err(other) => panic!("{place}: {other}"),
        };
        let kept = journal.read_after(&START, usize::MAX).unwrap();
        assert_eq!(kept, self.records[..kept.len()], "{place}: other records than were written");
        let intact = self.ends.iter().take_while(|end| **end <= (number, byte)).count();
        assert!(kept.len() >= intact, "{place}: {intact} records were whole, and {} are left", kept.len());
        assert!(kept.len() + 1 >= self.records.len(), "{place}: more than the newest append is gone, unnoticed");
        match kept.len() == self.records.len() {
            true => tally.whole += 1,
            false => tally.shorter += 1,
        }
        // What follows lies well, also after the next start.
        let more = append(&mut journal);
        let again = Journal::open(disk, LIMITS, START).unwrap().read_after(&START, usize::MAX).unwrap();
        assert_eq!(again, [kept, vec![more]].concat(), "{place}: after the next start");
    }
}

#[test]
fn cut_at_every_byte_it_is_whole_or_refused() {
    let (written, mut tally) = (written(false), Tally::default());
    for (number, bytes) in &written.files {
        for byte in 0..bytes.len() {
            written.tried(*number, byte, |bytes| bytes.truncate(byte), &mut tally);
        }
    }
    println!("{tally:?}");
    assert!(tally.refused > 0 && tally.shorter == 0, "{tally:?}");
}

#[test]
fn with_every_bit_another_it_is_a_beginning_or_refused() {
    let (written, mut tally) = (written(false), Tally::default());
    for (number, bytes) in &written.files {
        for (byte, bit) in (0..bytes.len()).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
            written.tried(*number, byte, |bytes| bytes[byte] ^= 1 << bit, &mut tally);
        }
    }
    println!("{tally:?}");
    assert!(tally.refused > 0 && tally.whole > 0 && tally.shorter > 0, "{tally:?}");
}

#[test]
fn what_is_noted_is_never_taken_for_torn() {
    let (written, mut tally) = (written(true), Tally::default());
    for (number, bytes) in &written.files {
        for byte in 0..bytes.len() {
            written.tried(*number, byte, |bytes| bytes[byte] ^= 0x10, &mut tally);
        }
    }
    println!("{tally:?}");
    assert!(tally.refused > 0 && tally.whole > 0 && tally.shorter == 0, "{tally:?}");
    // A last segment that is gone as a whole, too.
    let mut files = written.files.clone();
    files.pop_last().unwrap();
    let disk = |note: Vec<u8>| Disk(Arc::new(Mutex::new(files.clone())), Arc::new(Mutex::new(note)));
    assert!(matches!(Journal::open(disk(written.note.clone()), LIMITS, START), Err(JournalError::Damaged { .. })));
    // A note that is damaged itself says nothing.
    for byte in 0..written.note.len() {
        let mut note = written.note.clone();
        note[byte] ^= 1;
        assert!(Journal::open(disk(note), LIMITS, START).is_ok(), "byte {byte}");
    }
}
