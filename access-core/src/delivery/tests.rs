use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::attempt::ClockTrust;
use crate::event::{AlarmKind, EpochCause};
use crate::time::UnixMs;

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

/// An agent's journal, from which everything can be delivered.
struct Journal {
    head: Head,
    records: Vec<SignedRecord>,
}

impl Journal {
    fn of(epoch: u32, length: usize) -> Self {
        let mut journal = Self { head: Head::start_of(epoch), records: Vec::new() };
        (0..length).for_each(|_| journal.write(Event::AgentStopped));
        journal
    }

    fn next(&self, event: Event) -> Record {
        let Head { epoch, seq, hash: previous } = self.head;
        let (author, at) = (Author::Agent(id(7)), UnixMs(seq as i64));
        Record { author, epoch, seq: seq + 1, previous, at, clock: ClockTrust::Trusted, event }
    }

    fn write(&mut self, event: Event) {
        let record = self.next(event);
        let signed = SignedRecord::sign(&record, &key());
        self.head = signed.head(&record);
        self.records.push(signed);
    }

    /// The head after so many records.
    fn head_at(&self, count: usize) -> Head {
        count.checked_sub(1).map_or(Head::start_of(self.head.epoch), |last| {
            let signed = &self.records[last];
            signed.head(&signed.read().unwrap())
        })
    }
}

fn take(epoch: u32, stored: Head, records: Vec<SignedRecord>) -> Delivered {
    Sequence { agent: id(7), key: &key().verifying_key(), epoch, stored }.take(records)
}

fn places(delivered: &Delivered) -> (Vec<u64>, Vec<u64>) {
    let fresh = delivered.fresh.iter().map(|fresh| fresh.record.seq).collect();
    (fresh, delivered.repeats.iter().map(|repeat| repeat.place.1).collect())
}

#[test]
fn what_comes_a_second_time_is_not_new() {
    let journal = Journal::of(1, 5);
    let delivered = take(1, journal.head_at(3), journal.records[1..].to_vec());
    assert_eq!(places(&delivered), (vec![4, 5], vec![2, 3]));
    assert_eq!((delivered.head, delivered.fault), (journal.head, None));
    assert_eq!(delivered.fresh[0].after, journal.head_at(3));
    let all = take(1, journal.head, journal.records.clone());
    assert_eq!((places(&all), all.head), ((vec![], vec![1, 2, 3, 4, 5]), journal.head));
    // Twice in what is delivered together.
    let twice = [&journal.records[..3], &journal.records[1..]].concat();
    let delivered = take(1, Head::start_of(1), twice);
    assert_eq!((places(&delivered), delivered.head), ((vec![1, 2, 3, 4, 5], vec![2, 3]), journal.head));
}

#[test]
fn a_repeat_with_other_bytes_is_a_fork() {
    let journal = Journal::of(1, 3);
    let mut delivered = take(1, journal.head, journal.records.clone());
    let stored = |place: (u32, u64)| journal.records.get(place.1 as usize - 1).map(SignedRecord::hash);
    assert_eq!(delivered.fork(stored), None);
    assert_eq!(delivered.fork(|_| None), None, "what is not placed yet tells nothing");
    let mut other = journal.records[1].read().unwrap();
    other.at = UnixMs(77);
    delivered.repeats[1].signed = SignedRecord::sign(&other, &key());
    assert_eq!(delivered.fork(stored), Some(Fault { place: (1, 2), kind: ChainFault::Fork }));
}

/// Of five records the third is made other; the first two are good in any case.
fn wrong(what: &str, made: impl FnOnce(&Journal) -> SignedRecord, place: (u32, u64), kind: ChainFault) {
    let mut journal = Journal::of(2, 2);
    let third = made(&journal);
    journal.records.push(third);
    (0..2).for_each(|_| journal.write(Event::AgentStopped));
    let delivered = take(2, Head::start_of(2), journal.records.clone());
    assert_eq!((places(&delivered).0, delivered.head), (vec![1, 2], journal.head_at(2)), "{what}");
    assert_eq!(delivered.fault, Some(Fault { place, kind }), "{what}");
}

#[test]
fn the_first_that_is_wrong_ends_it() {
    let changed = |change: fn(&mut Record)| {
        move |journal: &Journal| {
            let mut record = journal.next(Event::AgentStopped);
            change(&mut record);
            SignedRecord::sign(&record, &key())
        }
    };
    let signature = ChainFault::Signature;
    wrong("a hole", changed(|record| record.seq += 1), (2, 4), ChainFault::Hole);
    wrong("grafted", changed(|record| record.previous = Digest([1; 32])), (2, 3), ChainFault::Fork);
    wrong("another's", changed(|record| record.author = Author::Agent(id(8))), (2, 3), signature);
    wrong("the server's", changed(|record| record.author = Author::Server(id(7))), (2, 3), signature);
    let ahead = |record: &mut Record| (record.epoch, record.seq, record.previous) = (3, 1, Digest::ZERO);
    wrong("of a sequence that was not begun", changed(ahead), (3, 1), signature);
    let other_key = SigningKey::from_bytes(&[3; 32]);
    let forged = |journal: &Journal| SignedRecord::sign(&journal.next(Event::AgentStopped), &other_key);
    wrong("another key's", forged, (2, 3), signature);
    wrong("no record", |_| SignedRecord { bytes: vec![1], signature: [0; 64] }, (2, 3), signature);
    let servers = |record: &mut Record| {
        record.event = Event::AlarmCleared { kind: AlarmKind::RecordsMissing, door: None };
    };
    wrong("not its to say", changed(servers), (2, 3), ChainFault::ForeignKind);
}

#[test]
fn a_sequence_names_the_end_of_the_one_before() {
    let before = Journal::of(1, 3);
    let begun = |previous| {
        let mut journal = Journal::of(2, 0);
        journal.write(Event::EpochBegan { cause: EpochCause::Joined, previous });
        take(2, before.head, journal.records)
    };
    for told in [Some(before.head), None] {
        assert_eq!((places(&begun(told)).0, begun(told).fault), (vec![1], None), "{told:?}");
    }
    let short = begun(Some(before.head_at(2)));
    assert_eq!((places(&short).0, short.head), (vec![], before.head));
    assert_eq!(short.fault, Some(Fault { place: (2, 1), kind: ChainFault::Fork }));
}

#[test]
fn epochs_in_which_nothing_was_delivered_are_no_hole() {
    let [before, after] = [Journal::of(1, 2), Journal::of(4, 2)];
    let delivered = take(4, before.head, after.records.clone());
    assert_eq!((places(&delivered).0, delivered.head, delivered.fault), (vec![1, 2], after.head, None));
    let delivered = take(4, before.head, after.records[1..].to_vec());
    assert_eq!(delivered.fault, Some(Fault { place: (4, 2), kind: ChainFault::Hole }));
}

#[test]
fn what_is_about_anothers_door_waits_and_all_after_it() {
    let mut journal = Journal::of(1, 1);
    journal.write(Event::DoorClosed { door: id(1), open_ms: 5 });
    journal.write(Event::DoorClosed { door: id(2), open_ms: 5 });
    journal.write(Event::AgentStopped);
    let mut delivered = take(1, Head::start_of(1), journal.records.clone());
    delivered.keep_to(|door| [id(1), id(2)].contains(&door));
    assert_eq!((places(&delivered).0, delivered.fault), (vec![1, 2, 3, 4], None));
    delivered.keep_to(|door| door == id(1));
    assert_eq!((places(&delivered).0, delivered.head), (vec![1, 2], journal.head_at(2)));
    assert_eq!(delivered.fault, Some(Fault { place: (1, 3), kind: ChainFault::ForeignDoor }));
}

#[test]
fn what_is_missing_or_not_assigned_can_be_mended() {
    let fault = |kind| Fault { place: (1, 1), kind };
    assert!([ChainFault::Hole, ChainFault::ForeignDoor].into_iter().all(|kind| fault(kind).is_mendable()));
    let others = [ChainFault::Fork, ChainFault::Signature, ChainFault::ForeignKind];
    assert!(!others.into_iter().any(|kind| fault(kind).is_mendable()));
}

#[test]
fn a_journal_that_ends_before_what_is_stored_was_set_back() {
    let head = |epoch, seq, hash| Head { epoch, seq, hash: Digest([hash; 32]) };
    let stored = head(2, 5, 1);
    for theirs in [head(2, 4, 9), head(1, 9, 9), head(2, 5, 9), Head::start_of(2)] {
        assert!(is_set_back(&stored, &theirs), "{theirs:?}");
    }
    for theirs in [stored, head(2, 6, 9), head(3, 0, 0), Head::start_of(0)] {
        assert!(!is_set_back(&stored, &theirs), "{theirs:?}");
    }
}

#[test]
fn a_journal_that_is_not_read_counts_once_something_of_it_is_stored() {
    let unread = Head::start_of(0);
    let stored = Head { epoch: 2, seq: 5, hash: Digest([1; 32]) };
    assert!(is_unread(&stored, 2, &unread));
    assert!(!is_unread(&stored, 3, &unread), "it joined anew");
    assert!(!is_unread(&Head::start_of(2), 2, &unread), "nothing is stored");
    assert!(!is_unread(&stored, 2, &stored), "it is read");
}

proptest! {
    /// Windows of a journal that come in any order, as often as they like: what is taken is the journal from its start, once.
    #[test]
    fn whatever_comes_how_often_is_new_once(windows in prop::collection::vec((0usize..12, 1usize..6), 1..20)) {
        let journal = Journal::of(1, 12);
        let (mut head, mut log) = (Head::start_of(1), Vec::new());
        for (from, length) in windows {
            let records = journal.records[from..(from + length).min(12)].to_vec();
            let delivered = take(1, head, records);
            let is_hole = from > log.len();
            prop_assert_eq!(delivered.fault.map(|fault| fault.kind), is_hole.then_some(ChainFault::Hole));
            log.extend(delivered.fresh.into_iter().map(|fresh| fresh.signed));
            head = delivered.head;
            prop_assert_eq!(&log[..], &journal.records[..log.len()]);
            prop_assert_eq!(head, journal.head_at(log.len()));
        }
    }
}
