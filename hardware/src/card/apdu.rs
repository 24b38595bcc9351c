//! The one command that a card is asked, and what may come back. Pure; every answer is treated as hostile.

use super::{Uid, UidLength};

/// PC/SC part 3, 3.2.2.1.3: Get Data, UID, all of it.
pub const GET_UID: [u8; 5] = [0xFF, 0xCA, 0x00, 0x00, 0x00];

/// Status of a command that went well.
const STATUS_OK: [u8; 2] = [0x90, 0x00];

/// Why an answer holds no UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApduError {
    /// An answer ends in two bytes of status; this one has not as many. A card that leaves in the middle looks like so.
    #[error("the answer has {0} bytes and no status")]
    Short(usize),
    /// The card or the reader refused.
    #[error("the card answered with status {0:04X}")]
    Status(u16),
    /// The data can't be a UID.
    #[error(transparent)]
    Uid(#[from] UidLength),
}

/// Takes the UID out of an answer to [`GET_UID`].
pub fn parse_uid(answer: &[u8]) -> Result<Uid, ApduError> {
    let Some((data, status)) = answer.split_last_chunk::<2>() else {
        return Err(ApduError::Short(answer.len()));
    };
    if *status != STATUS_OK {
        return Err(ApduError::Status(u16::from_be_bytes(*status)));
    }
    Ok(Uid::new(data)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(answer: &[u8], expected: Result<&[u8], ApduError>) {
        let parsed = parse_uid(answer);
        assert_eq!(parsed.as_ref().map(Uid::as_bytes).map_err(|error| *error), expected, "{answer:02X?}");
    }

    #[test]
    fn answers_one_by_one() {
        check(&[4, 1, 2, 3, 0x90, 0], Ok(&[4, 1, 2, 3]));
        check(&[4, 1, 2, 3, 4, 5, 6, 0x90, 0], Ok(&[4, 1, 2, 3, 4, 5, 6]));
        check(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0x90, 0], Ok(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
        check(&[], Err(ApduError::Short(0)));
        check(&[0x90], Err(ApduError::Short(1)));
        check(&[0x90, 0], Err(ApduError::Uid(UidLength(0))));
        check(&[4, 1, 2, 0x90, 0], Err(ApduError::Uid(UidLength(3))));
        check(&[0x6A, 0x81], Err(ApduError::Status(0x6A81)));
        check(&[4, 1, 2, 3, 0x63, 0], Err(ApduError::Status(0x6300)));
        check(&[0; 64], Err(ApduError::Status(0)));
    }

    proptest! {
        #[test]
        fn any_answer_is_taken_or_refused(answer in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(uid) = parse_uid(&answer) {
                prop_assert_eq!([uid.as_bytes(), &STATUS_OK].concat(), answer);
            }
        }

        #[test]
        fn every_uid_survives(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
            let answer = [&bytes[..], &STATUS_OK].concat();
            prop_assert_eq!(parse_uid(&answer).is_ok(), [4, 7, 10].contains(&bytes.len()));
        }
    }
}
