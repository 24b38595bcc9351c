//! Signs what happens, chains it and writes it to the journal, on a thread of its own: a disk may take its time, and
//! doors must not wait for another's record.
//!
//! Whatever waits when the disk is free again is written by one append. The [`run`](crate::run) loop asks and is answered
//! in order. After a record that could not be written none is, until the loop says so: none may overtake it.

use std::sync::mpsc as blocking;
use std::thread::JoinHandle;

use access_core::UnixMs;
use access_core::attempt::ClockTrust;
use access_core::chain::{Head, SignedRecord, Unsigned};
use access_core::event::{Author, Event, Record};
use ed25519_dalek::SigningKey;
use tokio::sync::mpsc;

use crate::journal::{Journal, JournalError, Storage, Weight};

/// Most records in one append.
const BATCH_RECORDS_MAX: usize = 64;

/// A thread more signs no fewer records than this: to start one takes as long as about two signatures.
const SIGNATURES_MIN: usize = 8;

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
        let (mut recorder, mut writer) = Self::apart(journal, author, key, replies);
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
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let writer = Writer { journal, author, key, cores, incoming, replies, is_stopped: false };
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

/// The other end: signs, chains and writes.
pub(crate) struct Writer<S> {
    /// Or why there is none.
    journal: Result<Journal<S>, String>,
    author: Author,
    key: SigningKey,
    /// How many threads may sign at once.
    cores: usize,
    incoming: blocking::Receiver<Request>,
    replies: mpsc::UnboundedSender<Reply>,
    /// A record could not be written: none is until the loop says so.
    is_stopped: bool,
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
        let mut entries = Vec::new();
        let mut other = self.sort_in(request, &mut entries);
        while other.is_none() && entries.len() < BATCH_RECORDS_MAX {
            let Ok(request) = self.incoming.try_recv() else { break };
            other = self.sort_in(request, &mut entries);
        }
        self.write(entries);
        match (other, &mut self.journal) {
            (Some(Request::Resume), _) => self.is_stopped = false,
            (Some(Request::Acknowledge(head)), Ok(journal)) => journal.acknowledge(head),
            (Some(Request::ReadAfter(head, records_max)), _) => self.read_after(&head, records_max),
            (Some(Request::Acknowledge(_) | Request::Record(_)) | None, _) => {}
        }
    }

    fn sort_in(&self, request: Request, entries: &mut Vec<Entry>) -> Option<Request> {
        match request {
            Request::Record(entry) => {
                entries.push(entry);
                None
            }
            other => Some(other),
        }
    }

    /// Writes all entries at once; if that fails, each on its own, so that one that may not be written keeps no other.
    fn write(&mut self, entries: Vec<Entry>) {
        if let Err(why) = &self.journal {
            for Entry { number, .. } in entries {
                self.reply(Reply::Failed { number, error: JournalError::Unusable(why.clone()) });
            }
            return;
        }
        match entries.len() {
            0 => {}
            1 => entries.into_iter().for_each(|entry| self.write_one(entry)),
            _ => {
                if self.is_stopped || self.append(&entries).is_err() {
                    entries.into_iter().for_each(|entry| self.write_one(entry));
                }
            }
        }
    }

    fn write_one(&mut self, entry: Entry) {
        let (number, weight) = (entry.number, entry.weight);
        let written = if self.is_stopped { Err(JournalError::Stopped) } else { self.append(&[entry]) };
        if let Err(error) = written {
            // Room that is reserved for others, or a record that can never be written, is no reason to stop.
            let concerns_others = match &error {
                JournalError::Full { .. } => weight == Weight::Vital,
                JournalError::TooLong { .. } => false,
                _ => true,
            };
            self.is_stopped |= concerns_others;
            self.reply(Reply::Failed { number, error });
        }
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), JournalError> {
        let journal = self.journal.as_mut().map_err(|why| JournalError::Unusable(why.clone()))?;
        let before = journal.head();
        let mut head = before;
        let mut chained = Vec::with_capacity(entries.len());
        for entry in entries {
            let record = Record {
                author: self.author,
                epoch: head.epoch,
                seq: head.seq + 1,
                previous: head.hash,
                at: entry.at,
                clock: entry.clock,
                event: entry.event.clone(),
            };
            let unsigned = Unsigned::of(&record);
            head = unsigned.head();
            chained.push(unsigned);
        }
        let signatures = sign(&chained, &self.key, self.cores);
        let records: Vec<SignedRecord> =
            chained.into_iter().zip(signatures).map(|(unsigned, signature)| unsigned.signed(signature)).collect();
        // A batch is as vital as its least vital part: the others go alone if that does not fit any more.
        let weight = entries.iter().map(|entry| entry.weight).min().unwrap_or(Weight::Routine);
        journal.append(&records, weight)?;
        let numbers = entries.iter().map(|entry| entry.number).collect();
        self.reply(Reply::Written { numbers, records, before, head });
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

/// Signs each of these, in order; a burst on several cores, since signing is what takes longest.
fn sign(chained: &[Unsigned], key: &SigningKey, cores: usize) -> Vec<[u8; 64]> {
    let signers = cores.min(chained.len() / SIGNATURES_MIN).max(1);
    let (own, rest) = chained.split_at(chained.len().div_ceil(signers));
    let here = |part: &[Unsigned]| part.iter().map(|unsigned| unsigned.signature(key)).collect::<Vec<_>>();
    if rest.is_empty() {
        return here(own);
    }
    std::thread::scope(|scope| {
        let others = std::thread::Builder::new().spawn_scoped(scope, || sign(rest, key, signers - 1));
        let mut signatures = here(own);
        // A thread that can't be had, or broke off, leaves its part to this one.
        let others = others.ok().and_then(|others| others.join().ok());
        signatures.extend(others.unwrap_or_else(|| here(rest)));
        signatures
    })
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
    fn a_burst_is_signed_in_order_however_many_sign() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let chained = |count: u64| -> Vec<Unsigned> {
            let record = |seq| Record {
                author: author(),
                epoch: 1,
                seq,
                previous: START.hash,
                at: UnixMs(0),
                clock: ClockTrust::Trusted,
                event: Event::AgentStopped,
            };
            (1..=count).map(|seq| Unsigned::of(&record(seq))).collect()
        };
        for (count, cores) in [(0, 4), (1, 4), (15, 2), (16, 2), (17, 2), (64, 1), (64, 3), (64, 64)] {
            let chained = chained(count);
            let signatures = sign(&chained, &key, cores);
            let alone: Vec<[u8; 64]> = chained.iter().map(|unsigned| unsigned.signature(&key)).collect();
            assert_eq!(signatures, alone, "{count} on {cores}");
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
