//! The durable queue between doors and server: no record, no release.
//!
//! [`Journal::append`] returns when the records lie on the disk; only then may a strike be energised. Records wait here
//! until the server has acknowledged them. The [`recorder`](crate::recorder) calls this from its own thread, because
//! every call may block on the disk. It never decides anything, and it never alters a record.

use std::collections::VecDeque;
use std::io;

use access_core::chain::{self, ChainError, Head, Run, SignedRecord};

pub mod segment;
mod storage;

pub use segment::{Damage, scan};
pub use storage::{Files, Storage};

use segment::{
    FRAME_HEAD_BYTES, HEADER_BYTES, Header, Mark, read_mark, write_frame, write_header, write_mark, write_payload,
};

/// How large a journal may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Length of one segment, in bytes.
    pub segment_bytes: usize,
    /// Most segments.
    pub segments_max: usize,
    /// The last so many segments are for grants and alarms only.
    pub segments_reserved: usize,
}

impl Limits {
    /// 64 MiB, some 150,000 records; the last 4 MiB for what matters.
    pub const STANDARD: Self = Self { segment_bytes: 256 * 1024, segments_max: 256, segments_reserved: 16 };
}

/// How much a record matters when space runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// May be refused while there is still space for grants and alarms.
    Routine,
    /// A grant or an alarm.
    Vital,
}

/// Why the journal does not take or give records.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Everything is full of records that the server has not acknowledged.
    #[error("the journal is full: {segments} segments wait for the server")]
    Full {
        /// How many there are.
        segments: usize,
    },
    /// One append may not be longer than a segment.
    #[error("{bytes} bytes do not fit into a segment of {segment_bytes}")]
    TooLong {
        /// Length of the append.
        bytes: usize,
        /// Length of a segment.
        segment_bytes: usize,
    },
    /// It could not be opened.
    #[error("the journal could not be opened: {0}")]
    Unusable(String),
    /// It takes nothing until it is told to go on: an earlier record failed, and none may overtake it.
    #[error("the journal waits, for an earlier record failed")]
    Stopped,
    /// A record is not the one that follows.
    #[error("the record does not extend the journal: {0}")]
    OutOfOrder(#[source] ChainError),
    /// The disk failed.
    #[error("the journal's storage failed at {name}: {source}")]
    Storage {
        /// Which file.
        name: String,
        /// How.
        source: io::Error,
    },
    /// A file is damaged in the middle.
    #[error("{name}: {damage}")]
    Damaged {
        /// Which file.
        name: String,
        /// Where and how.
        damage: Damage,
    },
}

/// A durable queue of records.
#[derive(Debug)]
pub struct Journal<S> {
    storage: S,
    limits: Limits,
    /// Oldest first. The last one is written to.
    segments: VecDeque<Segment>,
    head: Head,
    acknowledged: Head,
    /// The last segment must not be written to any more: an append to it failed or was torn.
    is_last_sealed: bool,
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    number: u64,
    end: usize,
    head_before: Head,
    head: Head,
}

impl<S: Storage> Journal<S> {
    /// Opens the journal that lies in `storage`; an empty one begins after `start`. A torn last append is cut off, unless it was noted to
    /// have been whole ([`Journal::note_end`]): then something damaged it.
    pub fn open(storage: S, limits: Limits, start: Head) -> Result<Self, JournalError> {
        let mut journal = Self {
            storage,
            limits,
            segments: VecDeque::new(),
            head: start,
            acknowledged: start,
            is_last_sealed: false,
        };
        let numbers = journal.storage.list().map_err(|source| journal.failed(0, source))?;
        for (place, &number) in numbers.iter().enumerate() {
            let end = match numbers.get(place + 1) {
                Some(&next) => Some(journal.load(next, Some(HEADER_BYTES as u64), true)?.header.previous_end),
                None => None,
            };
            let scanned = journal.load(number, end, false)?;
            journal.take_segment(number, place == 0, &scanned)?;
            journal.is_last_sealed = scanned.is_torn;
        }
        journal.refuse_damaged_end()?;
        Ok(journal)
    }

    /// Of the newest frame nothing that follows says that it was whole; the note does. Without any segment there is nothing to hold it
    /// against: that a journal is gone as a whole the server notices.
    fn refuse_damaged_end(&self) -> Result<(), JournalError> {
        let newest = self.storage.noted().iter().filter_map(|bytes| read_mark(bytes)).max();
        let (Some(mark), Some(last)) = (newest, self.segments.back()) else { return Ok(()) };
        if mark <= (Mark { number: last.number, end: last.end as u64 }) {
            return Ok(());
        }
        let why = format!("segment {} was written up to byte {}, and is not whole", mark.number, mark.end);
        Err(self.damaged(last.number, Damage { offset: last.end, why }))
    }

    /// Notes beside the records how far they lie on the disk, without waiting for it: to be called after an append when nobody waits. What
    /// is noted can't be taken for an append that a power cut tore any more.
    pub fn note_end(&mut self) {
        if let Some(&Segment { number, end, .. }) = self.segments.back() {
            self.storage.note(&write_mark(&Mark { number, end: end as u64 }));
        }
    }

    fn load(&self, number: u64, end: Option<u64>, is_header_only: bool) -> Result<segment::Scanned, JournalError> {
        let mut bytes = self.storage.read(number).map_err(|source| self.failed(number, source))?;
        // A segment has its whole length from the beginning. The last one says nowhere else that something was cut off it.
        if end.is_none() && bytes.len() < self.limits.segment_bytes {
            let why = format!("the file is cut short: a segment is {} bytes long", self.limits.segment_bytes);
            return Err(self.damaged(number, Damage { offset: bytes.len(), why }));
        }
        if is_header_only {
            bytes.truncate(HEADER_BYTES);
        }
        scan(&bytes, end).map_err(|damage| self.damaged(number, damage))
    }

    fn take_segment(&mut self, number: u64, is_first: bool, scanned: &segment::Scanned) -> Result<(), JournalError> {
        let header = scanned.header;
        let damaged = |this: &Self, offset, why: String| Err(this.damaged(number, Damage { offset, why }));
        if header.number != number {
            return damaged(self, 0, format!("it is segment {}", header.number));
        }
        if !is_first && header.head_before != self.head {
            return damaged(self, 0, "it does not follow the segment before it".to_owned());
        }
        let mut head = header.head_before;
        for (offset, signed) in &scanned.records {
            match extend(&head, signed) {
                Ok(next) => head = next,
                Err(error) => return damaged(self, *offset, error.to_string()),
            }
        }
        self.segments.push_back(Segment { number, end: scanned.end, head_before: header.head_before, head });
        self.head = head;
        if is_newer(&header.acknowledged, &self.acknowledged) || is_first {
            self.acknowledged = header.acknowledged;
        }
        Ok(())
    }

    /// Newest record.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Newest record that is known to be acknowledged.
    pub fn acknowledged(&self) -> Head {
        self.acknowledged
    }

    /// Whether nothing was ever written.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Writes records, all or none. They are on the disk when this returns `Ok`; after an error they are not part of the
    /// journal, and the next append begins a new segment.
    pub fn append(&mut self, records: &[SignedRecord], weight: Weight) -> Result<(), JournalError> {
        let head = records
            .iter()
            .try_fold(self.head, |head, record| extend(&head, record))
            .map_err(JournalError::OutOfOrder)?;
        self.write(records, head, weight)
    }

    /// The same with records of which it is known that they follow each other.
    pub fn append_run(&mut self, run: &Run, weight: Weight) -> Result<(), JournalError> {
        match run.before() == self.head {
            true => self.write(run.records(), run.head(), weight),
            // Then it is told which of them does not follow, and why.
            false => self.append(run.records(), weight),
        }
    }

    fn write(&mut self, records: &[SignedRecord], head: Head, weight: Weight) -> Result<(), JournalError> {
        let bytes_max = self.limits.segment_bytes - HEADER_BYTES;
        let payload = write_payload(records);
        let bytes = FRAME_HEAD_BYTES + payload.len();
        if bytes > bytes_max {
            return Err(JournalError::TooLong { bytes, segment_bytes: self.limits.segment_bytes });
        }
        if weight == Weight::Routine && self.segments.len() > self.routine_segments_max() {
            return Err(JournalError::Full { segments: self.segments.len() });
        }
        let has_room = self
            .segments
            .back()
            .is_some_and(|last| last.end + bytes <= self.limits.segment_bytes && !self.is_last_sealed);
        if !has_room {
            self.begin_segment(weight)?;
        }
        let Some(last) = self.segments.back_mut() else {
            return Err(JournalError::Full { segments: 0 });
        };
        let (number, end) = (last.number, last.end);
        if let Err(source) = self.storage.write(number, end, &write_frame(number, end, &payload)) {
            self.is_last_sealed = true;
            return Err(self.failed(number, source));
        }
        last.end += bytes;
        last.head = head;
        self.head = head;
        Ok(())
    }

    fn routine_segments_max(&self) -> usize {
        self.limits.segments_max.saturating_sub(self.limits.segments_reserved)
    }

    fn begin_segment(&mut self, weight: Weight) -> Result<(), JournalError> {
        self.reclaim();
        let segments_max = match weight {
            Weight::Routine => self.routine_segments_max(),
            Weight::Vital => self.limits.segments_max,
        };
        if self.segments.len() >= segments_max {
            return Err(JournalError::Full { segments: self.segments.len() });
        }
        let last = self.segments.back();
        let number = last.map_or(1, |last| last.number + 1);
        let header = Header {
            number,
            previous_end: last.map_or(0, |last| last.end as u64),
            head_before: self.head,
            acknowledged: self.acknowledged,
        };
        if let Err(source) = self.storage.create(number, &write_header(&header), self.limits.segment_bytes) {
            // It may be there in spite of the error. Nothing may follow the last segment as long as that is not known.
            self.is_last_sealed = true;
            let _ = self.storage.remove(number);
            return Err(self.failed(number, source));
        }
        self.segments.push_back(Segment { number, end: HEADER_BYTES, head_before: self.head, head: self.head });
        self.is_last_sealed = false;
        Ok(())
    }

    /// Takes note of what the server has stored for good. Segments of which nothing is waiting any more are removed,
    /// except the last two: a start looks back at what happened before it.
    pub fn acknowledge(&mut self, head: Head) {
        if is_newer(&head, &self.acknowledged) && !is_newer(&head, &self.head) {
            self.acknowledged = head;
            self.reclaim();
        }
    }

    fn reclaim(&mut self) {
        while self.segments.len() > SEGMENTS_KEPT
            && let Some(&oldest) = self.segments.front()
            && !is_newer(&oldest.head, &self.acknowledged)
        {
            // What can't be removed now is tried again; the records are with the server.
            if self.storage.remove(oldest.number).is_err() {
                return;
            }
            self.segments.pop_front();
        }
    }

    /// At most `records_max` records that follow `after`, oldest first.
    pub fn read_after(&self, after: &Head, records_max: usize) -> Result<Vec<SignedRecord>, JournalError> {
        let mut found = Vec::new();
        for segment in self.segments.iter().filter(|segment| is_newer(&segment.head, after)) {
            let scanned = self.load(segment.number, Some(segment.end as u64), false)?;
            let mut head = segment.head_before;
            for (offset, signed) in scanned.records {
                if found.len() == records_max {
                    return Ok(found);
                }
                head = extend(&head, &signed)
                    .map_err(|error| self.damaged(segment.number, Damage { offset, why: error.to_string() }))?;
                if is_newer(&head, after) {
                    found.push(signed);
                }
            }
        }
        Ok(found)
    }

    fn failed(&self, number: u64, source: io::Error) -> JournalError {
        JournalError::Storage { name: self.storage.name(number), source }
    }

    fn damaged(&self, number: u64, damage: Damage) -> JournalError {
        JournalError::Damaged { name: self.storage.name(number), damage }
    }
}

/// So many segments stay when everything is acknowledged.
const SEGMENTS_KEPT: usize = 2;

fn extend(head: &Head, signed: &SignedRecord) -> Result<Head, ChainError> {
    let record = signed.read()?;
    chain::follows(head, &record)?;
    Ok(signed.head(&record))
}

/// Whether `head` is a later place than `other`.
pub fn is_newer(head: &Head, other: &Head) -> bool {
    (head.epoch, head.seq) > (other.epoch, other.seq)
}

#[cfg(test)]
mod damaged;
#[cfg(test)]
mod tests;
