//! Reads a journal's files a second time, without the agent's code: what lies on the disk is what counts, whatever the agent
//! says of it. Written from what the format is: a header, then frames, then zeros; a frame is there wholly or not at all.

use std::path::{Path, PathBuf};

use access_core::canonical;
use access_core::chain::SignedRecord;
use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

/// First bytes of a segment, its number, where the one before ends, and two heads.
const HEADER_BYTES: usize = 8 + 8 + 8 + 44 + 44 + 16;
/// A frame's length and its checksum.
const FRAME_HEAD_BYTES: usize = 4 + 16;

/// A record, and where the frame ends that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The record.
    pub signed: SignedRecord,
    /// Place of its segment among those that are there.
    pub segment: usize,
    /// First byte after its frame.
    pub end: usize,
}

/// The segments of a journal, oldest first.
pub fn segments(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let files = std::fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    let mut paths: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "segment"));
    paths.sort();
    Ok(paths)
}

/// Every record in a journal's folder, in order. A frame that is not whole ends its segment.
pub fn read(folder: &Path) -> anyhow::Result<Vec<Found>> {
    let paths = segments(folder)?;
    let contents = paths.iter().map(std::fs::read).collect::<std::io::Result<Vec<_>>>()?;
    let mut found = Vec::new();
    for (segment, bytes) in contents.iter().enumerate() {
        // The next segment says where this one ends; whatever stands behind that was never part of it.
        let next = contents.get(segment + 1).and_then(|next| next.get(16..24)?.first_chunk::<8>().copied());
        let limit = next.map_or(bytes.len(), |end| usize::try_from(u64::from_le_bytes(end)).unwrap_or(usize::MAX));
        let mut place = HEADER_BYTES;
        let number = bytes.get(8..16).unwrap_or_default();
        while let Some((records, end)) = frame(bytes.get(..limit).unwrap_or(bytes), number, place) {
            found.extend(records.into_iter().map(|signed| Found { signed, segment, end }));
            place = end;
        }
    }
    Ok(found)
}

/// The records of the frame at `place` of the segment with this number, and where it ends.
fn frame(bytes: &[u8], number: &[u8], place: usize) -> Option<(Vec<SignedRecord>, usize)> {
    let head = bytes.get(place..place.checked_add(FRAME_HEAD_BYTES)?)?;
    let (length, sum) = head.split_first_chunk::<4>()?;
    let (begin, length) = (place + FRAME_HEAD_BYTES, u32::from_le_bytes(*length) as usize);
    let payload = bytes.get(begin..begin.checked_add(length)?).filter(|payload| !payload.is_empty())?;
    let place = (place as u64).to_le_bytes();
    let parts: [&[u8]; 5] = [b"pforte journal 1 ", b"frame", number, &place, payload];
    let whole = parts.iter().fold(Sha256::new(), |hasher, part| hasher.chain_update(part)).finalize();
    (whole.get(..sum.len()) == Some(sum)).then_some(())?;
    Some((canonical::decode("frame", payload).ok()?, begin + length))
}
