//! Signs what happens, chains it and writes it to the journal, on a thread of its own: a disk may take its time, and
//! doors must not wait for another's record.
//!
//! Whatever waits when the disk is free again is written by one append; it is chained and signed while the disk writes what came
//! before it. The [`run`](crate::run) loop asks and is answered in order. After a record that could not be written none is, until the
//! loop says so: none may overtake it.

use std::sync::mpsc as blocking;
use std::thread::JoinHandle;

use access_core::UnixMs;
use access_core::attempt::ClockTrust;
use access_core::chain::{Chaining, Head, Run, SignedRecord};
use access_core::event::{Author, Event};
use ed25519_dalek::SigningKey;
use tokio::sync::mpsc;

use crate::journal::{Journal, JournalError, Storage, Weight};

mod signers;

use signers::{Signers, Signing};

/// Most records in one append.
const BATCH_RECORDS_MAX: usize = 64;

/// What is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Comes back with the answer.
    pub number: u64,
    /// When it happened.
    pub at: UnixMs,
    /// Whether that instant can be relied on.
    pub clock: ClockTrust,
    /// What happened.
    pub event: Event,
    /// How much it matters.
    pub weight: Weight,
}

/// What the recorder answers.
#[derive(Debug)]
pub enum Reply {
    /// These entries lie on the disk.
    Written {
        /// Their numbers.
        numbers: Vec<u64>,
        /// Their records.
        records: Vec<SignedRecord>,
        /// Newest record before them.
        before: Head,
        /// The last of them.
        head: Head,
    },
    /// This entry is not part of the journal.
    Failed {
        /// Its number.
        number: u64,
        /// Why.
        error: JournalError,
    },
    /// The answer to [`Recorder::read_after`].
    Records {
        /// What was asked.
        after: Head,
        /// What follows, oldest first; empty at the end or on an error, which is logged.
        records: Vec<SignedRecord>,
        /// The last of them; none if there are none.
        head: Option<Head>,
    },
}

enum Request {
    Record(Entry),
    Resume,
    Acknowledge(Head),
    ReadAfter(Head, usize),
}

/// The loop's end. The thread, if there is one, ends when this is dropped, after everything that was asked.
#[derive(Debug)]
pub struct Recorder {
    requests: Option<blocking::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Starts the thread. A journal that can't be used is stood in for by why: everything fails, and says so.
    pub fn start<S: Storage + 'static>(
        journal: Result<Journal<S>, String>,
        author: Author,
        key: SigningKey,
        replies: mpsc::UnboundedSender<Reply>,
    ) -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let signers = Signers::start(key.clone(), cores);
        let (mut recorder, mut writer) = Self::apart(journal, author, key, replies);
        writer.signers = signers;
        recorder.thread = Some(std::thread::Builder::new().name("recorder".to_owned()).spawn(move || writer.run())?);
        Ok(recorder)
    }

    /// The same without a thread: the caller has the [`Writer`] do what is asked.
    pub(crate) fn apart<S: Storage>(
        journal: Result<Journal<S>, String>,
        author: Author,
        key: SigningKey,
        replies: mpsc::UnboundedSender<Reply>,
    ) -> (Self, Writer<S>) {
        let (requests, incoming) = blocking::channel();
        let signers = Signers::start(key, 0);
        let writer = Writer { journal, author, signers, incoming, replies, is_stopped: false };
        (Self { requests: Some(requests), thread: None }, writer)
    }

    /// Records something. Answered by [`Reply::Written`] or [`Reply::Failed`].
    pub fn record(&self, entry: Entry) {
        self.ask(Request::Record(entry));
    }

    /// After a failure: records are to be tried again from here on.
    pub fn resume(&self) {
        self.ask(Request::Resume);
    }

    /// The server has stored everything up to here.
    pub fn acknowledge(&self, head: Head) {
        self.ask(Request::Acknowledge(head));
    }

    /// Asks for what follows. Answered by [`Reply::Records`].
    pub fn read_after(&self, head: Head, records_max: usize) {
        self.ask(Request::ReadAfter(head, records_max));
    }

    fn ask(&self, request: Request) {
        // The thread ends only after this handle; without it no answer comes and no door is released.
        if let Some(requests) = &self.requests {
            let _ = requests.send(request);
        }
    }

    /// Waits until everything that was asked is done.
    pub fn finish(mut self) {
        self.join();
    }

    fn join(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.join();
    }
}

/// The other end: chains, has signed and writes.
pub(crate) struct Writer<S> {
    /// Or why there is none.
    journal: Result<Journal<S>, String>,
    author: Author,
    signers: Signers,
    incoming: blocking::Receiver<Request>,
    replies: mpsc::UnboundedSender<Reply>,
    /// A record could not be written: none is until the loop says so.
    is_stopped: bool,
}

/// What is written by one append.
struct Batch {
    entries: Vec<Entry>,
    chaining: Chaining,
    signing: Signing,
}

impl<S: Storage> Writer<S> {
    fn run(&mut self) {
        while let Ok(request) = self.incoming.recv() {
            self.take(request);
        }
    }

    /// Does what waits, up to one append; answers whether anything did. Never waits.
    #[cfg(test)]
    pub(crate) fn run_once(&mut self) -> bool {
        self.incoming.try_recv().map(|request| self.take(request)).is_ok()
    }

    fn take(&mut self, request: Request) {
        let (entries, other) = self.gather(Some(request));
        match self.write(entries, other) {
            Some(Request::Resume) => self.is_stopped = false,
            Some(Request::ReadAfter(head, records_max)) => self.read_after(&head, records_max),
            Some(Request::Acknowledge(_) | Request::Record(_)) | None => {}
        }
    }

    /// What waits, up to one append; and what ends it, if that is neither a record nor an acknowledgement.
    fn gather(&mut self, first: Option<Request>) -> (Vec<Entry>, Option<Request>) {
        let mut entries = Vec::new();
        let mut next = first;
        while entries.len() < BATCH_RECORDS_MAX
            && let Some(request) = next.take().or_else(|| self.incoming.try_recv().ok())
        {
            match (request, &mut self.journal) {
                (Request::Record(entry), _) => entries.push(entry),
                // What was acknowledged was written before: nothing here waits for it.
                (Request::Acknowledge(head), Ok(journal)) => journal.acknowledge(head),
                (Request::Acknowledge(_), Err(_)) => {}
                (other, _) => return (entries, Some(other)),
            }
        }
        (entries, None)
    }

    /// Writes all entries at once, then what came meanwhile, and so on until nothing waits or something that is no record does, which it
    /// answers. If an append fails, each entry is written on its own, so that one that may not be written keeps no other.
    fn write(&mut self, entries: Vec<Entry>, mut other: Option<Request>) -> Option<Request> {
        let head = match &self.journal {
            Ok(journal) => journal.head(),
            Err(why) => {
                for Entry { number, .. } in entries {
                    self.reply(Reply::Failed { number, error: JournalError::Unusable(why.clone()) });
                }
                return other;
            }
        };
        if self.is_stopped {
            entries.into_iter().for_each(|entry| self.write_one(entry));
            return other;
        }
        let mut next = self.begin(head, entries, 0);
        while let Some(Batch { entries, chaining, signing }) = next {
            let run = chaining.signed(signing.finish());
            next = None;
            if other.is_none() && self.signers.are_there() {
                let waiting;
                (waiting, other) = self.gather(None);
                next = self.begin(run.head(), waiting, 1);
            }
            if let Err(error) = self.append(&entries, run) {
                match <[Entry; 1]>::try_from(entries) {
                    Ok([entry]) => self.failed(&entry, error),
                    Err(entries) => entries.into_iter().for_each(|entry| self.write_one(entry)),
                }
                // They were chained to what is not part of the journal.
                let waiting = next.take().map(|batch| batch.entries).unwrap_or_default();
                waiting.into_iter().for_each(|entry| self.write_one(entry));
            }
        }
        other
    }

    fn write_one(&mut self, entry: Entry) {
        if let Err(error) = self.append_one(&entry) {
            self.failed(&entry, error);
        }
    }

    fn append_one(&mut self, entry: &Entry) -> Result<(), JournalError> {
        if self.is_stopped {
            return Err(JournalError::Stopped);
        }
        let head = self.journal.as_ref().map_err(|why| JournalError::Unusable(why.clone()))?.head();
        match self.begin(head, vec![entry.clone()], 0) {
            Some(Batch { chaining, signing, .. }) => {
                self.append(std::slice::from_ref(entry), chaining.signed(signing.finish()))
            }
            None => Ok(()),
        }
    }

    fn failed(&mut self, entry: &Entry, error: JournalError) {
        // Room that is reserved for others, or a record that can never be written, is no reason to stop.
        let concerns_others = match &error {
            JournalError::Full { .. } => entry.weight == Weight::Vital,
            JournalError::TooLong { .. } => false,
            _ => true,
        };
        self.is_stopped |= concerns_others;
        self.reply(Reply::Failed { number: entry.number, error });
    }

    /// Chains entries and has them signed, on at least so many other threads. Nothing, if there are none: no thread is woken for a
    /// record that comes alone.
    fn begin(&self, after: Head, entries: Vec<Entry>, threads_min: usize) -> Option<Batch> {
        if entries.is_empty() {
            return None;
        }
        let mut chaining = Chaining::after(after);
        for Entry { at, clock, event, .. } in &entries {
            chaining.push(self.author, *at, *clock, event.clone());
        }
        let signing = self.signers.begin(chaining.hashes(), threads_min);
        Some(Batch { entries, chaining, signing })
    }

    fn append(&mut self, entries: &[Entry], run: Run) -> Result<(), JournalError> {
        let journal = self.journal.as_mut().map_err(|why| JournalError::Unusable(why.clone()))?;
        // A batch is as vital as its least vital part: the others go alone if that does not fit any more.
        let weight = entries.iter().map(|entry| entry.weight).min().unwrap_or(Weight::Routine);
        journal.append_run(&run, weight)?;
        let numbers = entries.iter().map(|entry| entry.number).collect();
        self.reply(Reply::Written { numbers, before: run.before(), head: run.head(), records: run.into_records() });
        // Whoever waited has been told.
        if let Ok(journal) = &mut self.journal {
            journal.note_end();
        }
        Ok(())
    }

    fn read_after(&self, after: &Head, records_max: usize) {
        let read = self.journal.as_ref().ok().map(|journal| journal.read_after(after, records_max));
        let records = read.unwrap_or(Ok(Vec::new())).unwrap_or_else(|error| {
            tracing::error!(%error, "the journal can't be read");
            Vec::new()
        });
        let head = records.last().and_then(|signed| signed.read().ok().map(|record| signed.head(&record)));
        self.reply(Reply::Records { after: *after, records, head });
    }

    fn reply(&self, reply: Reply) {
        let _ = self.replies.send(reply);
    }
}

#[cfg(test)]
mod tests {
    use access_core::chain;
    use access_core::ids::AgentId;
    use uuid::Uuid;

    use super::*;
    use crate::journal::{Files, Limits};

    const START: Head = Head::start_of(1);

    fn entry(number: u64, weight: Weight) -> Entry {
        Entry { number, at: UnixMs(0), clock: ClockTrust::Trusted, event: Event::AgentStopped, weight }
    }

    fn author() -> Author {
        Author::Agent(AgentId::from_uuid(Uuid::from_u128(1)))
    }

    fn start(folder: &std::path::Path, limits: Limits) -> (Recorder, mpsc::UnboundedReceiver<Reply>) {
        let journal = Journal::open(Files::open(folder).unwrap(), limits, START).unwrap();
        let (replies, answers) = mpsc::unbounded_channel();
        (Recorder::start(Ok(journal), author(), SigningKey::from_bytes(&[1; 32]), replies).unwrap(), answers)
    }

    #[test]
    fn every_entry_is_answered_in_order_and_the_chain_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (recorder, mut answers) = start(folder.path(), Limits::STANDARD);
        (0..500).for_each(|number| recorder.record(entry(number, Weight::Vital)));
        recorder.finish();
        let (mut head, mut next) = (START, 0);
        while let Ok(reply) = answers.try_recv() {
            let Reply::Written { numbers, records, before, head: after } = reply else { panic!("{reply:?}") };
            assert_eq!(before, head);
            for (number, signed) in numbers.into_iter().zip(records) {
                assert_eq!(number, next);
                next += 1;
                let record = signed.verify(author(), &SigningKey::from_bytes(&[1; 32]).verifying_key()).unwrap();
                chain::follows(&head, &record).unwrap();
                head = signed.head(&record);
            }
            assert_eq!(after, head);
        }
        assert_eq!(next, 500);

        let (recorder, mut answers) = start(folder.path(), Limits::STANDARD);
        recorder.read_after(Head { seq: 498, ..START }, 10);
        recorder.finish();
        let Some(Reply::Records { records, head: last, .. }) = answers.blocking_recv() else { panic!("no records") };
        assert_eq!((records.len(), last), (2, Some(head)));
    }

    #[test]
    fn how_far_the_disk_is_gets_noted_so_that_damage_to_the_newest_is_no_torn_append() {
        for is_noted in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let (recorder, _answers) = start(folder.path(), Limits::STANDARD);
            (0..2).for_each(|number| recorder.record(entry(number, Weight::Vital)));
            recorder.finish();
            let segment = folder.path().join("00000000000000000001.segment");
            let mut bytes = std::fs::read(&segment).unwrap();
            let newest = bytes.iter().rposition(|byte| *byte != 0).unwrap();
            bytes[newest] ^= 1;
            std::fs::write(&segment, bytes).unwrap();
            if !is_noted {
                std::fs::remove_file(folder.path().join("synced")).unwrap();
            }
            let opened = Journal::open(Files::open(folder.path()).unwrap(), Limits::STANDARD, START);
            assert_eq!(matches!(opened, Err(JournalError::Damaged { .. })), is_noted, "{opened:?}");
        }
    }

    /// A disk that waits before each write to be told whether it works.
    struct Told {
        files: Files,
        words: blocking::Receiver<bool>,
    }

    impl Storage for Told {
        fn list(&self) -> std::io::Result<Vec<u64>> {
            self.files.list()
        }

        fn read(&self, number: u64) -> std::io::Result<Vec<u8>> {
            self.files.read(number)
        }

        fn create(&mut self, number: u64, header: &[u8], bytes: usize) -> std::io::Result<()> {
            self.files.create(number, header, bytes)
        }

        fn write(&mut self, number: u64, offset: usize, bytes: &[u8]) -> std::io::Result<()> {
            match self.words.recv().unwrap() {
                true => self.files.write(number, offset, bytes),
                false => Err(std::io::Error::other("told so")),
            }
        }

        fn remove(&mut self, number: u64) -> std::io::Result<()> {
            self.files.remove(number)
        }

        fn name(&self, number: u64) -> String {
            self.files.name(number)
        }

        fn note(&mut self, mark: &[u8]) {
            self.files.note(mark);
        }

        fn noted(&self) -> Vec<Vec<u8>> {
            self.files.noted()
        }
    }

    /// Which of 101 entries that come at once, and of one more after that, are written when the disk is told this first; and which are
    /// not. What waits beside the first 64 is signed while these are written.
    fn told(words: &[bool]) -> (Vec<u64>, Vec<u64>) {
        let folder = tempfile::tempdir().unwrap();
        let (say, heard) = blocking::channel();
        words.iter().chain(&[true; 110]).for_each(|word| say.send(*word).unwrap());
        let storage = Told { files: Files::open(folder.path()).unwrap(), words: heard };
        let journal = Journal::open(storage, Limits::STANDARD, START).unwrap();
        let (replies, mut answers) = mpsc::unbounded_channel();
        let key = SigningKey::from_bytes(&[1; 32]);
        let (recorder, mut writer) = Recorder::apart(Ok(journal), author(), key.clone(), replies);
        writer.signers = Signers::start(key.clone(), 2);
        (0..=100).for_each(|number| recorder.record(entry(number, Weight::Vital)));
        recorder.resume();
        recorder.record(entry(101, Weight::Vital));
        drop(recorder);
        writer.run();
        let (mut head, mut written, mut failed) = (START, Vec::new(), Vec::new());
        while let Ok(reply) = answers.try_recv() {
            match reply {
                Reply::Written { numbers, records, before, head: after } => {
                    assert_eq!(before, head);
                    for signed in records {
                        let record = signed.verify(author(), &key.verifying_key()).unwrap();
                        chain::follows(&head, &record).unwrap();
                        head = signed.head(&record);
                    }
                    assert_eq!(head, after);
                    written.extend(numbers);
                }
                Reply::Failed { number, .. } => failed.push(number),
                other => panic!("{other:?}"),
            }
        }
        let again = Journal::open(Files::open(folder.path()).unwrap(), Limits::STANDARD, START).unwrap();
        assert_eq!((again.head(), head.seq), (head, written.len() as u64), "the journal is what was answered");
        (written, failed)
    }

    #[test]
    fn what_was_signed_ahead_of_an_append_that_fails_is_chained_anew() {
        let all: Vec<u64> = (0..=101).collect();
        for words in [&[][..], &[false], &[true, false]] {
            assert_eq!(told(words), (all.clone(), vec![]), "{words:?}");
        }
    }

    #[test]
    fn after_a_record_that_failed_nothing_that_was_signed_ahead_is_written() {
        for (words, first) in
            [(&[false, false][..], 0), (&[false, true, false], 1), (&[true, false, false], BATCH_RECORDS_MAX as u64)]
        {
            let (written, failed) = told(words);
            assert_eq!(failed, (first..=100).collect::<Vec<_>>(), "{words:?}");
            assert_eq!(written, (0..first).chain([101]).collect::<Vec<_>>(), "{words:?}");
        }
    }

    #[test]
    fn without_a_thread_the_caller_has_it_written_and_a_journal_that_is_not_there_says_so() {
        let folder = tempfile::tempdir().unwrap();
        for why in [None, Some("why")] {
            let journal = Journal::open(Files::open(folder.path()).unwrap(), Limits::STANDARD, START);
            let journal = why.map_or(Ok(journal.unwrap()), |why| Err(why.to_owned()));
            let (replies, mut answers) = mpsc::unbounded_channel();
            let (recorder, mut writer) = Recorder::apart(journal, author(), SigningKey::from_bytes(&[1; 32]), replies);
            (0..2).for_each(|number| recorder.record(entry(number, Weight::Vital)));
            assert!(answers.try_recv().is_err());
            assert!(writer.run_once() && !writer.run_once());
            let replies: Vec<Reply> = std::iter::from_fn(|| answers.try_recv().ok()).collect();
            match (&replies[..], why) {
                ([Reply::Written { numbers, .. }], None) => assert_eq!(numbers, &[0, 1]),
                ([Reply::Failed { number: 0, error }, Reply::Failed { number: 1, .. }], Some(why)) => {
                    assert!(matches!(error, JournalError::Unusable(said) if said == why));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn what_does_not_matter_makes_room_for_what_does() {
        let folder = tempfile::tempdir().unwrap();
        let limits = Limits { segment_bytes: 2_048, segments_max: 3, segments_reserved: 1 };
        let (recorder, mut answers) = start(folder.path(), limits);
        (0..60).for_each(|number| recorder.record(entry(number, Weight::Routine)));
        recorder.record(entry(60, Weight::Vital));
        recorder.finish();
        let (mut written, mut failed) = (Vec::new(), Vec::new());
        while let Ok(reply) = answers.try_recv() {
            match reply {
                Reply::Written { numbers, .. } => written.extend(numbers),
                Reply::Failed { number, error: JournalError::Full { .. }, .. } => failed.push(number),
                other => panic!("{other:?}"),
            }
        }
        assert!(written.contains(&60), "{written:?}");
        assert!(!failed.is_empty() && !failed.contains(&60));
        assert_eq!(written.len() + failed.len(), 61);
    }
}
