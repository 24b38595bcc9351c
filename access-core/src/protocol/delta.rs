//! What differs between two bundles, as pieces of their canonical bytes. The server makes it ([`BundleIndex::delta_to`]), the agent
//! applies it ([`BundleDelta::apply`]) and then holds the very bytes that the policy key signed, so that whatever is checked of a bundle that
//! comes whole is checked of this one too. Nothing here knows what is in a bundle, nor decides whether one is taken.
//!
//! Both are cut where their content says so: a row that comes or goes moves no cut but those beside it. The server keeps a hash of
//! each piece of what it sent, not the bytes.

use borsh::{BorshDeserialize, BorshSerialize};
use sha2::{Digest as _, Sha256};

use super::{MESSAGE_BYTES_MAX, SignedBundle};

/// Shortest piece that is looked for, in bytes; the last of a bundle may be shorter.
const PIECE_BYTES_MIN: usize = 64;
/// Longest piece that is looked for, in bytes.
const PIECE_BYTES_MAX: usize = 1_024;
/// A cut is where so many bits of the rolling hash are zero: every 256 bytes, past the shortest.
const CUT_BITS: u32 = 8;

/// What turns one bundle into the next. Not signed itself: the signature is that of the result.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BundleDelta {
    /// SHA-256 of the bytes that it applies to.
    pub base: [u8; 32],
    /// SHA-256 of the bytes that come of it.
    pub result: [u8; 32],
    /// What they are put together from, in order; at most [`PIECES_MAX`].
    #[borsh(deserialize_with = "few_pieces")]
    pub pieces: Vec<Piece>,
    /// The policy key's signature over the bundle that comes of it.
    pub signature: [u8; 64],
}

/// Pieces of the longest bundle: more of them say nothing and take memory.
const PIECES_MAX: u32 = (MESSAGE_BYTES_MAX / PIECE_BYTES_MIN) as u32;

fn few_pieces<R: borsh::io::Read>(reader: &mut R) -> borsh::io::Result<Vec<Piece>> {
    let count = u32::deserialize_reader(reader)?;
    if count > PIECES_MAX {
        let why = format!("a delta has {count} pieces, at most {PIECES_MAX}");
        return Err(borsh::io::Error::new(borsh::io::ErrorKind::InvalidData, why));
    }
    // Grows as they come: a count alone takes nothing.
    (0..count).map(|_| Piece::deserialize_reader(reader)).collect()
}

/// A piece of a bundle's bytes.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Piece {
    /// As in the base.
    Same {
        /// Where it begins there, in bytes.
        at: u32,
        /// How long it is, in bytes.
        bytes: u32,
    },
    /// New.
    New(Vec<u8>),
}

/// Why a delta gives no bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeltaError {
    /// It applies to other bytes.
    #[error("the delta is one of another bundle")]
    OtherBase,
    /// It takes something from where the base has nothing.
    #[error("the delta reaches beyond its base")]
    BeyondBase,
    /// More would come of it than any message may hold.
    #[error("the delta makes a bundle of more than {MESSAGE_BYTES_MAX} bytes")]
    TooLong,
    /// Other bytes come of it than it says.
    #[error("the delta makes another bundle than it says")]
    OtherResult,
}

/// What stands for a bundle's bytes in a delta: SHA-256.
pub fn bundle_hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl BundleDelta {
    /// The bundle that comes of it. `base_hash` is [`bundle_hash`] of `base`. Its signature is still to be checked.
    pub fn apply(&self, base: &[u8], base_hash: &[u8; 32]) -> Result<SignedBundle, DeltaError> {
        if self.base != *base_hash {
            return Err(DeltaError::OtherBase);
        }
        // Looked through first: what a stranger wrote must not take memory.
        let mut length = 0_usize;
        for piece in &self.pieces {
            length = length.saturating_add(piece.of(base)?.len());
            if length > MESSAGE_BYTES_MAX {
                return Err(DeltaError::TooLong);
            }
        }
        let mut bytes = Vec::with_capacity(length);
        for piece in &self.pieces {
            bytes.extend_from_slice(piece.of(base)?);
        }
        if bundle_hash(&bytes) != self.result {
            return Err(DeltaError::OtherResult);
        }
        Ok(SignedBundle { bytes, signature: self.signature })
    }
}

impl Piece {
    fn of<'a>(&'a self, base: &'a [u8]) -> Result<&'a [u8], DeltaError> {
        match self {
            Self::Same { at, bytes } => {
                let begin = usize::try_from(*at).map_err(|_| DeltaError::BeyondBase)?;
                let end = usize::try_from(*bytes).ok().and_then(|bytes| begin.checked_add(bytes));
                end.and_then(|end| base.get(begin..end)).ok_or(DeltaError::BeyondBase)
            }
            Self::New(bytes) => Ok(bytes),
        }
    }
}

/// What is kept of a bundle that was sent, to tell later what differs: 24 bytes for each piece of some 300.
#[derive(Debug, Clone)]
pub struct BundleIndex {
    hash: [u8; 32],
    /// By the piece's hash: where it begins and how long it is. A hash that two pieces shared would give another result than the delta
    /// says, which the agent refuses.
    pieces: Vec<([u8; 16], u32, u32)>,
}

impl BundleIndex {
    /// Of a bundle's bytes, at most [`MESSAGE_BYTES_MAX`] of them.
    pub fn of(bundle: &SignedBundle) -> Self {
        let mut at = 0_u32;
        let mut pieces: Vec<_> = cut(&bundle.bytes)
            .map(|piece| {
                let (begin, length) = (at, piece.len() as u32);
                at = at.wrapping_add(length);
                (piece_hash(piece), begin, length)
            })
            .collect();
        pieces.sort_unstable();
        pieces.dedup_by_key(|(hash, ..)| *hash);
        pieces.shrink_to_fit();
        Self { hash: bundle_hash(&bundle.bytes), pieces }
    }

    /// What turns this bundle into the next.
    pub fn delta_to(&self, next: &SignedBundle) -> BundleDelta {
        let mut pieces: Vec<Piece> = Vec::new();
        for piece in cut(&next.bytes) {
            let hash = piece_hash(piece);
            let known =
                self.pieces.binary_search_by_key(&hash, |(hash, ..)| *hash).ok().map(|found| self.pieces[found]);
            match (known, pieces.last_mut()) {
                (Some((_, begin, length)), Some(Piece::Same { at, bytes })) if *at + *bytes == begin => {
                    *bytes += length
                }
                (Some((_, at, bytes)), _) => pieces.push(Piece::Same { at, bytes }),
                (None, Some(Piece::New(bytes))) => bytes.extend_from_slice(piece),
                (None, _) => pieces.push(Piece::New(piece.to_vec())),
            }
        }
        BundleDelta { base: self.hash, result: bundle_hash(&next.bytes), pieces, signature: next.signature }
    }

    /// What it takes in memory, in bytes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.pieces.capacity() * size_of::<([u8; 16], u32, u32)>()
    }
}

fn piece_hash(piece: &[u8]) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(piece).into();
    let mut hash = [0; 16];
    hash.copy_from_slice(&digest[..16]);
    hash
}

/// Cuts bytes where their content says so.
fn cut(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, left) = rest.split_at(first_cut(rest));
        rest = left;
        Some(piece)
    })
}

/// Where the first piece ends. The hash is of the 64 bytes before, as those shift out of it.
fn first_cut(bytes: &[u8]) -> usize {
    let mut hash = 0_u64;
    for (place, byte) in bytes.iter().enumerate().take(PIECE_BYTES_MAX) {
        hash = (hash << 1).wrapping_add(GEAR[usize::from(*byte)]);
        if place + 1 >= PIECE_BYTES_MIN && hash >> (u64::BITS - CUT_BITS) == 0 {
            return place + 1;
        }
    }
    bytes.len().min(PIECE_BYTES_MAX)
}

/// A number for each byte that looks like chance. Both sides need not have the same: the agent cuts nothing.
const GEAR: [u64; 256] = {
    let mut gear = [0; 256];
    let mut place = 0;
    let mut state = 0_u64;
    while place < gear.len() {
        // splitmix64, its constants.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        gear[place] = mixed ^ (mixed >> 31);
        place += 1;
    }
    gear
};

#[cfg(test)]
mod tests;
