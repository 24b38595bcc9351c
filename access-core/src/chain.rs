//! The chain of an author's records: hash, signature, sequence.
//!
//! A record's hash covers its canonical bytes, which hold the hash of the one before; the author signs the hash. Whoever
//! holds a [`Head`] can tell for any next record whether it extends the chain, leaves a hole, or is a fork.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::attempt::ClockTrust;
use crate::canonical::{self, NotCanonical, write_hex};
use crate::event::{Author, Event, Record};
use crate::time::UnixMs;

/// Longest record that is taken, in bytes. The largest made by Pforte is far below.
pub const RECORD_BYTES_MAX: usize = 4 * 1024;

/// A SHA-256 value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// What the first record of an epoch has before it.
    pub const ZERO: Self = Self([0; 32]);
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(")?;
        write_hex(f, &self.0)?;
        f.write_str(")")
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

/// The newest record of an author's chain: what the next one must extend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Head {
    /// Which sequence.
    pub epoch: u32,
    /// Place of the newest record; 0 before the first.
    pub seq: u64,
    /// Hash of the newest record; zero before the first.
    pub hash: Digest,
}

impl Head {
    /// The head of an epoch without records.
    pub const fn start_of(epoch: u32) -> Self {
        Self { epoch, seq: 0, hash: Digest::ZERO }
    }
}

/// A record's canonical bytes and its author's signature over their hash.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SignedRecord {
    /// Canonical bytes of the [`Record`].
    pub bytes: Vec<u8>,
    /// Ed25519 signature over [`SignedRecord::hash`].
    pub signature: [u8; 64],
}

/// Why a record is not the next one of a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The bytes are no record.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// Longer than any record may be.
    #[error("a record of {bytes} bytes is longer than {RECORD_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Written by another author than the one who sends it.
    #[error("the record's author is not the sender")]
    WrongAuthor,
    /// The signature does not fit.
    #[error("the signature of record {epoch}/{seq} does not fit")]
    BadSignature {
        /// Epoch it claims.
        epoch: u32,
        /// Place it claims.
        seq: u64,
    },
    /// Records are missing before it.
    #[error("record {epoch}/{seq} does not follow {after_epoch}/{after_seq}: records are missing")]
    Hole {
        /// Its epoch.
        epoch: u32,
        /// Its place.
        seq: u64,
        /// Epoch of the head.
        after_epoch: u32,
        /// Place of the head.
        after_seq: u64,
    },
    /// Its place is right, but it was not made after the head's record.
    #[error("record {epoch}/{seq} does not hold the hash of the one before it")]
    Fork {
        /// Its epoch.
        epoch: u32,
        /// Its place.
        seq: u64,
    },
    /// Its place was taken before.
    #[error("record {epoch}/{seq} stands at or before the head")]
    Old {
        /// Its epoch.
        epoch: u32,
        /// Its place.
        seq: u64,
    },
}

/// Records that are being chained: each gets its place after the one before, and its hash. Signatures don't depend on each other, so
/// that several can be made at once when all have theirs.
#[derive(Debug)]
pub struct Chaining {
    before: Head,
    head: Head,
    records: Vec<Vec<u8>>,
    hashes: Vec<Digest>,
}

impl Chaining {
    /// Begins after this head.
    pub const fn after(head: Head) -> Self {
        Self { before: head, head, records: Vec::new(), hashes: Vec::new() }
    }

    /// Gives an event the next place.
    pub fn push(&mut self, author: Author, at: UnixMs, clock: ClockTrust, event: Event) {
        let Head { epoch, seq, hash: previous } = self.head;
        let record = Record { author, epoch, seq: seq + 1, previous, at, clock, event };
        let bytes = canonical::encode(&record);
        self.head = Head { epoch, seq: record.seq, hash: hash_record(&bytes) };
        self.records.push(bytes);
        self.hashes.push(self.head.hash);
    }

    /// The newest of them.
    pub const fn head(&self) -> Head {
        self.head
    }

    /// What is to be signed of each, in order.
    pub fn hashes(&self) -> &[Digest] {
        &self.hashes
    }

    /// The records with their signatures, in order: one for each.
    pub fn signed(self, signatures: Vec<[u8; 64]>) -> Run {
        debug_assert_eq!(self.records.len(), signatures.len(), "one for each");
        let records =
            self.records.into_iter().zip(signatures).map(|(bytes, signature)| SignedRecord { bytes, signature });
        Run { before: self.before, head: self.head, records: records.collect() }
    }
}

/// The author's signature of a record with this hash.
pub fn signature(hash: &Digest, key: &SigningKey) -> [u8; 64] {
    key.sign(&hash.0).to_bytes()
}

/// Records that follow each other, from whoever chained and signed them: nothing need be read to know that they do.
#[derive(Debug)]
pub struct Run {
    before: Head,
    head: Head,
    records: Vec<SignedRecord>,
}

impl Run {
    /// What the first of them extends.
    pub const fn before(&self) -> Head {
        self.before
    }

    /// The last of them.
    pub const fn head(&self) -> Head {
        self.head
    }

    /// The records, oldest first.
    pub fn records(&self) -> &[SignedRecord] {
        &self.records
    }

    /// The records, oldest first.
    pub fn into_records(self) -> Vec<SignedRecord> {
        self.records
    }
}

impl SignedRecord {
    /// Writes and signs a record.
    pub fn sign(record: &Record, key: &SigningKey) -> Self {
        let bytes = canonical::encode(record);
        let signature = signature(&hash_record(&bytes), key);
        Self { bytes, signature }
    }

    /// The hash that the next record holds.
    pub fn hash(&self) -> Digest {
        hash_record(&self.bytes)
    }

    /// Reads the record without believing it.
    pub fn read(&self) -> Result<Record, ChainError> {
        if self.bytes.len() > RECORD_BYTES_MAX {
            return Err(ChainError::TooLong { bytes: self.bytes.len() });
        }
        Ok(canonical::decode("record", &self.bytes)?)
    }

    /// Reads the record and checks author and signature, not its place.
    pub fn verify(&self, author: Author, key: &VerifyingKey) -> Result<Record, ChainError> {
        let record = self.read()?;
        if record.author != author {
            return Err(ChainError::WrongAuthor);
        }
        key.verify(&self.hash().0, &Signature::from_bytes(&self.signature))
            .map_err(|_| ChainError::BadSignature { epoch: record.epoch, seq: record.seq })?;
        Ok(record)
    }

    /// The head of a chain whose newest record is this one.
    pub fn head(&self, record: &Record) -> Head {
        Head { epoch: record.epoch, seq: record.seq, hash: self.hash() }
    }
}

/// Checks that `record` is the one that follows `head`.
pub fn follows(head: &Head, record: &Record) -> Result<(), ChainError> {
    let (epoch, seq) = (record.epoch, record.seq);
    if epoch < head.epoch || (epoch == head.epoch && seq <= head.seq) {
        return Err(ChainError::Old { epoch, seq });
    }
    let expected = if epoch == head.epoch { *head } else { Head::start_of(epoch) };
    let skips_an_epoch = epoch > head.epoch.saturating_add(1);
    if skips_an_epoch || seq != expected.seq.saturating_add(1) {
        return Err(ChainError::Hole { epoch, seq, after_epoch: head.epoch, after_seq: head.seq });
    }
    if record.previous != expected.hash {
        return Err(ChainError::Fork { epoch, seq });
    }
    Ok(())
}

fn hash_record(bytes: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(b"pforte record 1");
    hasher.update(bytes);
    Digest(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ids::{AgentId, DoorId};

    const AGENT: Author = Author::Agent(AgentId::from_uuid(uuid::Uuid::from_u128(7)));

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[9; 32])
    }

    fn record(head: &Head, at: i64) -> Record {
        Record {
            author: AGENT,
            epoch: head.epoch,
            seq: head.seq + 1,
            previous: head.hash,
            at: UnixMs(at),
            clock: ClockTrust::Trusted,
            event: Event::DoorClosed { door: DoorId::from_uuid(uuid::Uuid::from_u128(1)), open_ms: 5 },
        }
    }

    fn chain(length: usize) -> Vec<SignedRecord> {
        let mut head = Head::start_of(1);
        (0..length)
            .map(|at| {
                let record = record(&head, at as i64);
                let signed = SignedRecord::sign(&record, &key());
                head = signed.head(&record);
                signed
            })
            .collect()
    }

    #[test]
    fn a_chain_verifies_from_its_start() {
        let mut head = Head::start_of(1);
        for signed in chain(20) {
            let record = signed.verify(AGENT, &key().verifying_key()).unwrap();
            follows(&head, &record).unwrap();
            head = signed.head(&record);
        }
        assert_eq!(head.seq, 20);
    }

    #[test]
    fn what_is_chained_together_is_what_is_chained_one_by_one() {
        let before = Head { epoch: 3, seq: 41, hash: Digest([5; 32]) };
        let mut chaining = Chaining::after(before);
        let event = || Event::DoorClosed { door: DoorId::from_uuid(uuid::Uuid::from_u128(1)), open_ms: 5 };
        (0..3).for_each(|at| chaining.push(AGENT, UnixMs(at), ClockTrust::Trusted, event()));
        let signatures = chaining.hashes().iter().map(|hash| signature(hash, &key())).collect();
        let run = chaining.signed(signatures);
        let mut head = before;
        let alone: Vec<SignedRecord> = (0..3)
            .map(|at| {
                let record = record(&head, at);
                let signed = SignedRecord::sign(&record, &key());
                head = signed.head(&record);
                signed
            })
            .collect();
        assert_eq!((run.before(), run.head(), run.records()), (before, head, &alone[..]));
    }

    #[test]
    fn what_is_not_the_next_record_is_named() {
        let records = chain(3);
        let read: Vec<Record> = records.iter().map(|signed| signed.read().unwrap()).collect();
        let head = records[0].head(&read[0]);
        assert_eq!(follows(&head, &read[0]), Err(ChainError::Old { epoch: 1, seq: 1 }));
        assert_eq!(follows(&head, &read[2]), Err(ChainError::Hole { epoch: 1, seq: 3, after_epoch: 1, after_seq: 1 }));
        let mut forked = read[1].clone();
        forked.previous = Digest([1; 32]);
        assert_eq!(follows(&head, &forked), Err(ChainError::Fork { epoch: 1, seq: 2 }));
        let mut next_epoch = record(&Head::start_of(2), 0);
        assert_eq!(follows(&head, &next_epoch), Ok(()));
        next_epoch.epoch = 3;
        assert!(matches!(follows(&head, &next_epoch), Err(ChainError::Hole { .. })), "an epoch left out");
    }

    #[test]
    fn another_author_and_an_overlong_record_are_refused() {
        let signed = chain(1).remove(0);
        let other = Author::Agent(AgentId::from_uuid(uuid::Uuid::from_u128(8)));
        assert_eq!(signed.verify(other, &key().verifying_key()), Err(ChainError::WrongAuthor));
        let long = SignedRecord { bytes: vec![0; RECORD_BYTES_MAX + 1], ..signed };
        assert_eq!(long.read(), Err(ChainError::TooLong { bytes: RECORD_BYTES_MAX + 1 }));
    }

    proptest! {
        #[test]
        fn no_flipped_bit_survives(place in 0usize..1_000, bit in 0u8..8) {
            let mut signed = chain(2).remove(1);
            let length = signed.bytes.len() + signed.signature.len();
            let place = place % length;
            match place.checked_sub(signed.bytes.len()) {
                None => signed.bytes[place] ^= 1 << bit,
                Some(place) => signed.signature[place] ^= 1 << bit,
            }
            prop_assert!(signed.verify(AGENT, &key().verifying_key()).is_err());
        }
    }
}
