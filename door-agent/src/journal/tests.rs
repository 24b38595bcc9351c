use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use access_core::UnixMs;
use access_core::attempt::ClockTrust;
use access_core::event::{Author, Event, Record};
use access_core::ids::AgentId;
use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const SMALL: Limits = Limits { segment_bytes: 2_048, segments_max: 6, segments_reserved: 2 };
const START: Head = Head::start_of(1);

/// What becomes of the next write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Works,
    /// Nothing of it is there.
    Fails,
    /// All of it is there, and the caller hears that it failed.
    FailsButPersists,
    /// So many bytes of it are there.
    Torn(usize),
    DiskFull,
}

/// A disk that breaks on purpose. Clones share it, as a restart would.
#[derive(Debug, Clone, Default)]
struct Broken {
    disk: Arc<Mutex<BTreeMap<u64, Vec<u8>>>>,
    fates: Arc<Mutex<Vec<Fate>>>,
}

impl Broken {
    fn next_is(&self, fates: &[Fate]) {
        *self.fates.lock().unwrap() = fates.iter().rev().copied().collect();
    }

    fn fate(&self) -> Fate {
        self.fates.lock().unwrap().pop().unwrap_or(Fate::Works)
    }

    fn finish(fate: Fate) -> io::Result<()> {
        match fate {
            Fate::Works => Ok(()),
            Fate::DiskFull => Err(io::ErrorKind::StorageFull.into()),
            Fate::Fails | Fate::FailsButPersists | Fate::Torn(_) => Err(io::Error::other("broken on purpose")),
        }
    }
}

impl Storage for Broken {
    fn list(&self) -> io::Result<Vec<u64>> {
        Ok(self.disk.lock().unwrap().keys().copied().collect())
    }

    fn read(&self, number: u64) -> io::Result<Vec<u8>> {
        Ok(self.disk.lock().unwrap()[&number].clone())
    }

    fn create(&mut self, number: u64, header: &[u8], bytes: usize) -> io::Result<()> {
        let fate = self.fate();
        if matches!(fate, Fate::Works | Fate::FailsButPersists) {
            let mut content = vec![0; bytes];
            content[..header.len()].copy_from_slice(header);
            self.disk.lock().unwrap().insert(number, content);
        }
        Self::finish(fate)
    }

    fn write(&mut self, number: u64, offset: usize, bytes: &[u8]) -> io::Result<()> {
        let fate = self.fate();
        let length = match fate {
            Fate::Works | Fate::FailsButPersists => bytes.len(),
            Fate::Torn(length) => length.min(bytes.len()),
            Fate::Fails | Fate::DiskFull => 0,
        };
        self.disk.lock().unwrap().get_mut(&number).unwrap()[offset..offset + length].copy_from_slice(&bytes[..length]);
        Self::finish(fate)
    }

    fn remove(&mut self, number: u64) -> io::Result<()> {
        self.disk.lock().unwrap().remove(&number);
        Ok(())
    }

    fn name(&self, number: u64) -> String {
        format!("segment {number}")
    }

    fn note(&mut self, _mark: &[u8]) {}

    fn noted(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// The records that follow `head`, told apart by `mark`.
fn records(mut head: Head, count: usize, mark: i64) -> Vec<SignedRecord> {
    (0..count)
        .map(|_| {
            let record = Record {
                author: Author::Agent(AgentId::from_uuid(Uuid::from_u128(1))),
                epoch: head.epoch,
                seq: head.seq + 1,
                previous: head.hash,
                at: UnixMs(mark),
                clock: ClockTrust::Trusted,
                event: Event::AgentStopped,
            };
            let signed = SignedRecord::sign(&record, &key());
            head = signed.head(&record);
            signed
        })
        .collect()
}

fn open(disk: &Broken) -> Journal<Broken> {
    Journal::open(disk.clone(), SMALL, START).unwrap()
}

fn append(journal: &mut Journal<Broken>, count: usize, mark: i64) -> Result<Vec<SignedRecord>, JournalError> {
    let made = records(journal.head(), count, mark);
    journal.append(&made, Weight::Vital).map(|()| made)
}

fn all(journal: &Journal<Broken>) -> Vec<SignedRecord> {
    journal.read_after(&START, usize::MAX).unwrap()
}

#[test]
fn what_was_appended_is_there_after_a_restart() {
    let disk = Broken::default();
    let mut journal = open(&disk);
    let mut written = Vec::new();
    for round in 0..20 {
        written.extend(append(&mut journal, 1 + round % 3, 0).unwrap());
    }
    let again = open(&disk);
    assert_eq!(again.head(), journal.head());
    assert_eq!(all(&again), written);
    assert_eq!(again.read_after(&again.head(), 9).unwrap(), []);
    assert_eq!(again.read_after(&START, 4).unwrap(), written[..4]);
}

#[test]
fn a_failed_append_leaves_nothing_behind_whatever_became_of_it() {
    for fate in [Fate::Fails, Fate::FailsButPersists, Fate::Torn(30), Fate::DiskFull] {
        let disk = Broken::default();
        let mut journal = open(&disk);
        let mut written = append(&mut journal, 2, 0).unwrap();
        let head = journal.head();
        disk.next_is(&[fate]);
        assert!(append(&mut journal, 1, 1).is_err(), "{fate:?}");
        assert_eq!(journal.head(), head, "{fate:?}");
        written.extend(append(&mut journal, 1, 2).unwrap());
        assert_eq!(all(&journal), written, "{fate:?}");
        assert_eq!(all(&open(&disk)), written, "{fate:?}: after a restart");
    }
}

#[test]
fn a_segment_that_cannot_be_begun_is_tried_again() {
    for fate in [Fate::Fails, Fate::FailsButPersists, Fate::DiskFull] {
        let disk = Broken::default();
        let mut journal = open(&disk);
        let mut written = append(&mut journal, 1, 0).unwrap();
        disk.next_is(&[Fate::FailsButPersists, fate]);
        assert!(append(&mut journal, 1, 1).is_err());
        assert!(append(&mut journal, 1, 2).is_err(), "{fate:?}");
        written.extend(append(&mut journal, 1, 3).unwrap());
        assert_eq!(all(&open(&disk)), written, "{fate:?}");
    }
}

#[test]
fn a_torn_last_append_is_cut_off() {
    let disk = Broken::default();
    let mut journal = open(&disk);
    let whole = append(&mut journal, 2, 0).unwrap();
    for length in [1, 5, 20, 60] {
        disk.next_is(&[Fate::Torn(length)]);
        let mut torn = open(&disk);
        assert!(append(&mut torn, 2, 1).is_err());
        assert_eq!(all(&open(&disk)), whole, "{length} bytes");
    }
    let mut after = open(&disk);
    let more = append(&mut after, 1, 2).unwrap();
    assert_eq!(all(&open(&disk)), [whole, more].concat());
}

#[test]
fn a_damaged_middle_is_named_with_file_and_place() {
    let disk = Broken::default();
    let mut journal = open(&disk);
    append(&mut journal, 1, 0).unwrap();
    let second = journal.segments[0].end;
    append(&mut journal, 1, 0).unwrap();
    append(&mut journal, 1, 0).unwrap();
    disk.disk.lock().unwrap().get_mut(&1).unwrap()[second + 40] ^= 1;
    let error = Journal::open(disk.clone(), SMALL, START).unwrap_err().to_string();
    assert!(error.starts_with(&format!("segment 1: damaged at byte {second}: no whole frame")), "{error}");

    disk.disk.lock().unwrap().get_mut(&1).unwrap()[20] ^= 1;
    let error = Journal::open(disk.clone(), SMALL, START).unwrap_err().to_string();
    assert_eq!(error, "segment 1: damaged at byte 0: the header's checksum does not fit");
}

#[test]
fn a_full_journal_keeps_room_for_what_matters_and_then_refuses() {
    let disk = Broken::default();
    let mut journal = open(&disk);
    let fill = |journal: &mut Journal<Broken>, weight| {
        (0..1_000).find_map(|_| journal.append(&records(journal.head(), 1, 0), weight).err()).unwrap()
    };
    assert!(matches!(fill(&mut journal, Weight::Routine), JournalError::Full { segments: 4 }));
    assert!(matches!(fill(&mut journal, Weight::Vital), JournalError::Full { segments: 6 }));
    let full = journal.head();
    assert!(matches!(fill(&mut journal, Weight::Routine), JournalError::Full { segments: 6 }));
    assert_eq!(journal.head(), full);

    journal.acknowledge(full);
    assert_eq!(disk.list().unwrap().len(), SEGMENTS_KEPT);
    journal.append(&records(journal.head(), 1, 0), Weight::Routine).unwrap();
    let again = open(&disk);
    assert_eq!(again.head(), journal.head());
    assert_eq!(again.acknowledged(), full, "the next segment remembers what was acknowledged");
}

#[test]
fn what_the_server_has_not_stored_is_never_removed() {
    let disk = Broken::default();
    let mut journal = open(&disk);
    while journal.segments.len() < 4 {
        append(&mut journal, 1, 0).unwrap();
    }
    let waiting = journal.segments[1].head;
    journal.acknowledge(Head { seq: waiting.seq - 1, ..waiting });
    let rest = journal.read_after(&journal.acknowledged(), usize::MAX).unwrap();
    assert_eq!(rest.len() as u64, journal.head().seq - waiting.seq + 1);
    journal.acknowledge(Head { seq: journal.head().seq + 1, ..waiting });
    assert_eq!(journal.acknowledged().seq, waiting.seq - 1, "an acknowledgement of what was never written");
}

#[test]
fn only_the_next_record_is_taken() {
    let mut journal = open(&Broken::default());
    let made = records(START, 3, 0);
    let error = journal.append(&made[1..], Weight::Vital).unwrap_err();
    assert!(matches!(error, JournalError::OutOfOrder(ChainError::Hole { seq: 2, .. })), "{error}");
    assert!(matches!(
        journal.append(&records(START, 40, 0), Weight::Vital),
        Err(JournalError::TooLong { segment_bytes: 2_048, .. })
    ));
}

#[test]
fn files_keep_what_they_were_given() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("journal");
    let mut journal = Journal::open(Files::open(&folder).unwrap(), SMALL, START).unwrap();
    for _ in 0..30 {
        journal.append(&records(journal.head(), 1, 0), Weight::Routine).unwrap();
    }
    std::fs::write(folder.join("unfinished"), "left by a power cut").unwrap();
    let again = Journal::open(Files::open(&folder).unwrap(), SMALL, START).unwrap();
    assert_eq!(again.head(), journal.head());
    assert_eq!(again.read_after(&START, usize::MAX).unwrap().len(), 30);
    assert!(!folder.join("unfinished").exists());
}

fn any_fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Fate::Works),
        1 => Just(Fate::Fails),
        1 => Just(Fate::FailsButPersists),
        1 => (0usize..400).prop_map(Fate::Torn),
        1 => Just(Fate::DiskFull),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Append(usize, Vec<Fate>),
    Acknowledge(u64),
    Restart,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1usize..4, proptest::collection::vec(any_fate(), 0..3)).prop_map(|(count, fates)| Step::Append(count, fates)),
        1 => (0u64..30).prop_map(Step::Acknowledge),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    /// Whatever breaks: every append that returned `Ok` is there, in order, until it is acknowledged; and a failed one
    /// is either gone for good or, only if the program restarted right after it, there as a whole.
    #[test]
    fn no_acknowledged_append_is_lost(steps in proptest::collection::vec(any_step(), 1..60)) {
        let disk = Broken::default();
        let mut journal = open(&disk);
        let mut expected: Vec<SignedRecord> = Vec::new();
        let mut acknowledged = START;
        let mut failed: Vec<Vec<SignedRecord>> = Vec::new();
        for (mark, step) in steps.into_iter().enumerate() {
            match step {
                Step::Append(count, fates) => {
                    let made = records(journal.head(), count, mark as i64);
                    disk.next_is(&fates);
                    match journal.append(&made, Weight::Vital) {
                        Ok(()) => { expected.extend(made); failed.clear(); }
                        Err(JournalError::Full { .. }) => {}
                        Err(_) => failed.push(made),
                    }
                    disk.next_is(&[]);
                }
                Step::Acknowledge(back) => {
                    let seq = journal.head().seq.saturating_sub(back);
                    if seq > acknowledged.seq {
                        let signed = &expected[seq as usize - 1];
                        acknowledged = signed.head(&signed.read().unwrap());
                        journal.acknowledge(acknowledged);
                    }
                }
                Step::Restart => {
                    journal = open(&disk);
                    let surplus = journal.read_after(&acknowledged, usize::MAX).unwrap()
                        [expected.len() - acknowledged.seq as usize..].to_vec();
                    prop_assert!(surplus.is_empty() || failed.contains(&surplus));
                    expected.extend(surplus);
                    failed.clear();
                }
            }
            prop_assert_eq!(journal.head().seq as usize, expected.len());
            let waiting = journal.read_after(&acknowledged, usize::MAX).unwrap();
            prop_assert_eq!(&waiting[..], &expected[acknowledged.seq as usize..]);
        }
    }

    #[test]
    fn scanning_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..600), end in any::<Option<u64>>()) {
        let _ = scan(&bytes, end);
        let mut with_header = write_header(&Header { number: 1, previous_end: 0, head_before: START, acknowledged: START });
        prop_assert_eq!(with_header.len(), HEADER_BYTES);
        with_header.extend(&bytes);
        if let Ok(scanned) = scan(&with_header, None) {
            prop_assert!(scanned.records.is_empty());
        }
    }
}

#[test]
fn files_keep_the_newest_note_in_two_places() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Files::open(folder.path()).unwrap();
    assert!(files.noted().is_empty());
    let mark = |end| Mark { number: 1, end };
    for end in 1..=5 {
        files.note(&write_mark(&mark(end)));
    }
    let newest = |files: &Files| files.noted().iter().filter_map(|bytes| read_mark(bytes)).max();
    let mut files = Files::open(folder.path()).unwrap();
    assert_eq!(newest(&files), Some(mark(5)));
    // The write of the next one was torn: it took one place along.
    let path = folder.path().join("synced");
    let mut content = std::fs::read(&path).unwrap();
    content[3] ^= 1;
    std::fs::write(&path, content).unwrap();
    assert_eq!(newest(&files), Some(mark(4)));
    files.note(&write_mark(&mark(6)));
    assert_eq!(newest(&files), Some(mark(6)));
}
