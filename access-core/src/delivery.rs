//! What a server makes of records that an agent delivers, pure: which are new and follow what is stored, which come a second time,
//! and what is wrong with the first that is neither; and what an agent's head tells of its journal when it links.
//!
//! The server that runs stands on it, and the one of the agent's simulation, so that faults there meet the very steps that keep a
//! record from being stored twice. It must never call a record new whose place is taken.

use ed25519_dalek::VerifyingKey;

use crate::chain::{ChainError, Digest, Head, SignedRecord, follows};
use crate::event::{Author, ChainFault, Event, Record};
use crate::ids::{AgentId, DoorId};

/// Whose records are taken, and what of them is stored.
#[derive(Debug, Clone, Copy)]
pub struct Sequence<'a> {
    /// Whose.
    pub agent: AgentId,
    /// What it signs records with.
    pub key: &'a VerifyingKey,
    /// The newest epoch that it was let begin.
    pub epoch: u32,
    /// The newest record that is stored for good.
    pub stored: Head,
}

/// What records are.
#[derive(Debug)]
pub struct Delivered {
    /// The newest that is stored once all new ones are.
    pub head: Head,
    /// New ones, in order: the first follows what is stored, each other the one before.
    pub fresh: Vec<Fresh>,
    /// Those whose place is taken. They are not stored again, and must be what is stored: [`Delivered::fork`].
    pub repeats: Vec<Repeat>,
    /// What is wrong with the first that is none of these. It and all after it are left out.
    pub fault: Option<Fault>,
}

/// A record that follows what is stored.
#[derive(Debug)]
pub struct Fresh {
    /// As it came.
    pub signed: SignedRecord,
    /// What it says.
    pub record: Record,
    /// What it follows.
    pub after: Head,
}

/// A record whose place is taken.
#[derive(Debug)]
pub struct Repeat {
    /// Its epoch and number.
    pub place: (u32, u64),
    /// As it came.
    pub signed: SignedRecord,
}

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The epoch and number that it claims; those it should have if it can't be read.
    pub place: (u32, u64),
    /// What it is.
    pub kind: ChainFault,
}

/// What one record is.
enum Is {
    New(Record),
    Repeated((u32, u64)),
    Wrong(Fault),
}

impl Sequence<'_> {
    /// Goes through records until the first that is neither new nor comes a second time.
    pub fn take(&self, records: Vec<SignedRecord>) -> Delivered {
        // An agent may join, deliver nothing and join anew: the epochs between are no hole, for nobody can write them any more.
        let before_current = Head::start_of(self.epoch.saturating_sub(1));
        let head = if self.stored.epoch < before_current.epoch { before_current } else { self.stored };
        let mut delivered = Delivered { head, fresh: Vec::new(), repeats: Vec::new(), fault: None };
        for signed in records {
            match self.look_at(&delivered.head, &signed) {
                Is::New(record) => {
                    let after = std::mem::replace(&mut delivered.head, signed.head(&record));
                    delivered.fresh.push(Fresh { signed, record, after });
                }
                Is::Repeated(place) => delivered.repeats.push(Repeat { place, signed }),
                Is::Wrong(fault) => {
                    delivered.fault = Some(fault);
                    break;
                }
            }
        }
        delivered
    }

    fn look_at(&self, head: &Head, signed: &SignedRecord) -> Is {
        let wrong = |place, kind| Is::Wrong(Fault { place, kind });
        let record = match signed.verify(Author::Agent(self.agent), self.key) {
            Ok(record) => record,
            Err(ChainError::BadSignature { epoch, seq }) => return wrong((epoch, seq), ChainFault::Signature),
            Err(_) => return wrong((head.epoch, head.seq.saturating_add(1)), ChainFault::Signature),
        };
        let place = (record.epoch, record.seq);
        if record.epoch > self.epoch {
            return wrong(place, ChainFault::Signature);
        }
        match follows(head, &record) {
            Ok(()) if !record.is_its_authors_to_say() => wrong(place, ChainFault::ForeignKind),
            Ok(()) if !names_the_end_of(&self.stored, &record.event) => wrong(place, ChainFault::Fork),
            Ok(()) => Is::New(record),
            Err(ChainError::Old { .. }) => Is::Repeated(place),
            Err(ChainError::Hole { .. }) => wrong(place, ChainFault::Hole),
            Err(_) => wrong(place, ChainFault::Fork),
        }
    }
}

impl Delivered {
    /// Leaves out everything from the first new record on that is about a door which the agent never drove.
    pub fn keep_to(&mut self, is_its_own: impl Fn(DoorId) -> bool) {
        let foreign =
            self.fresh.iter().position(|fresh| fresh.record.event.door().is_some_and(|door| !is_its_own(door)));
        if let Some(Fresh { record, after, .. }) = foreign.and_then(|first| self.fresh.drain(first..).next()) {
            self.head = after;
            self.fault = Some(Fault { place: (record.epoch, record.seq), kind: ChainFault::ForeignDoor });
        }
    }

    /// The first of those that come a second time that is not, byte for byte, the one that is stored there, by the hashes of what is
    /// stored. Of a place for which there is none nothing is said.
    pub fn fork(&self, stored: impl Fn((u32, u64)) -> Option<Digest>) -> Option<Fault> {
        let differs = |repeat: &&Repeat| stored(repeat.place).is_some_and(|hash| hash != repeat.signed.hash());
        let place = self.repeats.iter().find(differs)?.place;
        Some(Fault { place, kind: ChainFault::Fork })
    }
}

impl Fault {
    /// Whether the records wait at the agent until what is wrong is mended, for it may be: what is missing still comes, or a door was
    /// wired before it was assigned. Otherwise the agent is not to be believed.
    pub const fn is_mendable(&self) -> bool {
        matches!(self.kind, ChainFault::Hole | ChainFault::ForeignDoor)
    }
}

/// Whether an event that begins a sequence tells truly which record of the one before was the last that is stored. Programs of before
/// named none.
fn names_the_end_of(stored: &Head, event: &Event) -> bool {
    match event {
        Event::EpochBegan { previous: Some(previous), .. } => previous == stored,
        _ => true,
    }
}

/// Whether an agent's journal, by its Hello, ends before what is stored of it, or with another record in the same place: it was
/// lost, set back or swapped, and what it writes next claims places that are taken. An agent that can't read its journal names no
/// sequence; that the server holds less says nothing against the agent.
pub fn is_set_back(stored: &Head, theirs: &Head) -> bool {
    let (ours, place) = ((stored.epoch, stored.seq), (theirs.epoch, theirs.seq));
    theirs.epoch != 0 && (place < ours || (place == ours && theirs.hash != stored.hash))
}

/// Whether an agent says that it can't read its journal, and records of its present sequence are stored. One that joined and was never
/// heard to record anything may say so: nothing can have been set back.
pub fn is_unread(stored: &Head, epoch: u32, theirs: &Head) -> bool {
    theirs.epoch == 0 && stored.epoch == epoch && stored.seq > 0
}

#[cfg(test)]
mod tests;
