//! Bytes of one segment file: a header, then frames, then zeros. Pure: [`Journal`](super::Journal) reads and writes
//! the files.
//!
//! A frame holds everything of one append, so that an append is there as a whole or not at all. Its checksum covers the
//! segment's number and its own place: no stale bytes of another file or place can be taken for a frame.

use access_core::canonical;
use access_core::chain::{Head, SignedRecord};
use borsh::{BorshDeserialize, BorshSerialize};
use sha2::{Digest as _, Sha256};

/// First bytes of every segment.
const MAGIC: [u8; 8] = *b"PFORTEJ1";
/// Length of a checksum: SHA-256, cut.
const CHECKSUM_BYTES: usize = 16;
/// Length of the header with its checksum.
pub const HEADER_BYTES: usize = 8 + 8 + 8 + 44 + 44 + CHECKSUM_BYTES;
/// What stands before a frame's payload: its length and its checksum.
pub const FRAME_HEAD_BYTES: usize = 4 + CHECKSUM_BYTES;

/// What a segment says of itself and of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Header {
    /// Place of this segment among all.
    pub number: u64,
    /// Where the segment before it ends; whatever stands there after it was never acknowledged to anybody.
    pub previous_end: u64,
    /// Newest record before this segment.
    pub head_before: Head,
    /// Newest record that was known to be acknowledged when the segment was begun.
    pub acknowledged: Head,
}

/// What was known to lie on the disk, noted after it did and in another place: a frame that is not whole and ends no later was not torn by
/// a power cut, it was damaged afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Mark {
    /// In which segment the newest frame lies,
    pub number: u64,
    /// and its first byte after.
    pub end: u64,
}

/// Length of a mark with its checksum.
pub const MARK_BYTES: usize = 8 + 8 + CHECKSUM_BYTES;

/// The bytes of a mark.
pub fn write_mark(mark: &Mark) -> Vec<u8> {
    let mut bytes = canonical::encode(mark);
    let sum = checksum(b"mark", &[&bytes]);
    bytes.extend(sum);
    bytes
}

/// The mark that these bytes are; none if they are not whole. A mark that is lost proves nothing, and damages nothing.
pub fn read_mark(bytes: &[u8]) -> Option<Mark> {
    let (content, sum) = bytes.get(..MARK_BYTES)?.split_at(MARK_BYTES - CHECKSUM_BYTES);
    if checksum(b"mark", &[content]) != sum {
        return None;
    }
    canonical::decode("journal mark", content).ok()
}

/// What a segment holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// Its header.
    pub header: Header,
    /// Its records in order, with the place of the frame that each stands in.
    pub records: Vec<(usize, SignedRecord)>,
    /// First byte after the last whole frame.
    pub end: usize,
    /// Whether an append was cut short after that.
    pub is_torn: bool,
}

/// What is wrong with a segment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("damaged at byte {offset}: {why}")]
pub struct Damage {
    /// Where.
    pub offset: usize,
    /// What.
    pub why: String,
}

/// Reads a segment. `end` is where the next segment says that this one ends; none for the last one, whose torn last
/// append is cut off. Anything else that is not whole is damage.
pub fn scan(bytes: &[u8], end: Option<u64>) -> Result<Scanned, Damage> {
    let header = read_header(bytes)?;
    let mut scanned = Scanned { header, records: Vec::new(), end: HEADER_BYTES, is_torn: false };
    let limit = end.map_or(bytes.len(), |end| usize::try_from(end).unwrap_or(usize::MAX));
    if limit < HEADER_BYTES || limit > bytes.len() {
        let why = format!("the next segment says that this one ends at byte {limit} of {}", bytes.len());
        return Err(Damage { offset: HEADER_BYTES, why });
    }
    let frames = &bytes[..limit];
    while let Some(payload) = frame_at(frames, header.number, scanned.end) {
        let records: Vec<SignedRecord> = canonical::decode("journal frame", payload)
            .map_err(|error| Damage { offset: scanned.end, why: error.to_string() })?;
        let place = scanned.end;
        scanned.end += FRAME_HEAD_BYTES + payload.len();
        scanned.records.extend(records.into_iter().map(|record| (place, record)));
    }
    match end {
        Some(_) if scanned.end != limit => {
            let why = "no whole frame, and there must be one".to_owned();
            Err(Damage { offset: scanned.end, why })
        }
        Some(_) => Ok(scanned),
        None => {
            let rest = &frames[scanned.end..];
            scanned.is_torn = rest.iter().any(|&byte| byte != 0);
            if scanned.is_torn {
                refuse_frame_after(frames, header.number, scanned.end)?;
            }
            Ok(scanned)
        }
    }
}

/// A torn append is the last thing in the journal. A whole frame behind it means that the middle is damaged.
fn refuse_frame_after(bytes: &[u8], number: u64, torn: usize) -> Result<(), Damage> {
    match (torn + 1..bytes.len()).find(|&offset| frame_at(bytes, number, offset).is_some()) {
        Some(next) => Err(Damage { offset: torn, why: format!("no whole frame, and one follows at byte {next}") }),
        None => Ok(()),
    }
}

/// The payload of the whole frame that begins at `offset`, if there is one.
fn frame_at(bytes: &[u8], number: u64, offset: usize) -> Option<&[u8]> {
    let head = bytes.get(offset..offset.checked_add(FRAME_HEAD_BYTES)?)?;
    let (length, sum) = head.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    if length == 0 {
        return None;
    }
    let begin = offset + FRAME_HEAD_BYTES;
    let payload = bytes.get(begin..begin.checked_add(length)?)?;
    (checksum(b"frame", &[&number.to_le_bytes(), &(offset as u64).to_le_bytes(), payload]) == sum).then_some(payload)
}

/// The bytes of a header.
pub fn write_header(header: &Header) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(canonical::encode(header));
    let sum = checksum(b"header", &[&bytes]);
    bytes.extend(sum);
    bytes
}

fn read_header(bytes: &[u8]) -> Result<Header, Damage> {
    let damage = |why: &str| Damage { offset: 0, why: why.to_owned() };
    let header = bytes.get(..HEADER_BYTES).ok_or_else(|| damage("shorter than a header"))?;
    let (content, sum) = header.split_at(HEADER_BYTES - CHECKSUM_BYTES);
    if checksum(b"header", &[content]) != sum {
        return Err(damage("the header's checksum does not fit"));
    }
    let content = content.strip_prefix(&MAGIC).ok_or_else(|| damage("not a journal segment of this version"))?;
    canonical::decode("journal header", content).map_err(|error| damage(&error.to_string()))
}

/// What a frame of these records holds, wherever it lies.
pub fn write_payload(records: &[SignedRecord]) -> Vec<u8> {
    canonical::encode(records)
}

/// The bytes of a frame that begins at `offset` of segment `number`: [`FRAME_HEAD_BYTES`] more than its payload.
pub fn write_frame(number: u64, offset: usize, payload: &[u8]) -> Vec<u8> {
    let sum = checksum(b"frame", &[&number.to_le_bytes(), &(offset as u64).to_le_bytes(), payload]);
    let mut bytes = Vec::with_capacity(FRAME_HEAD_BYTES + payload.len());
    // Records are a few KiB at most and an append is bounded by the segment: the length fits.
    bytes.extend((payload.len() as u32).to_le_bytes());
    bytes.extend(sum);
    bytes.extend(payload);
    bytes
}

fn checksum(purpose: &[u8], parts: &[&[u8]]) -> [u8; CHECKSUM_BYTES] {
    let mut hasher = Sha256::new();
    hasher.update(b"pforte journal 1 ");
    hasher.update(purpose);
    parts.iter().for_each(|part| hasher.update(part));
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&hasher.finalize()[..CHECKSUM_BYTES]);
    sum
}
