//! Canonical bytes: every value has one and only one byte form, and bytes that are not such a form are refused.
//!
//! The encoding is Borsh with strict order: fixed-width little-endian integers, length-prefixed sequences, one byte for
//! an enum's variant, sets and maps sorted. [`decode`] takes the whole input, so nothing can hide behind a value.

use borsh::{BorshDeserialize, BorshSerialize};

/// Bytes that are no canonical form of the wanted value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a canonical {what}: {why}")]
pub struct NotCanonical {
    /// What was expected.
    pub what: &'static str,
    /// What is wrong.
    pub why: String,
}

/// The canonical bytes of a value.
pub fn encode<T: BorshSerialize + ?Sized>(value: &T) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "memory takes every byte; borsh refuses only sequences of empty elements, \
                                            which no type here has (every one is written in a test), or over 2^32 long"
    )]
    borsh::to_vec(value).expect("every value has a canonical form")
}

/// Reads one value that must take up all of `bytes`. `what` names it in the error.
pub fn decode<T: BorshDeserialize>(what: &'static str, bytes: &[u8]) -> Result<T, NotCanonical> {
    T::try_from_slice(bytes).map_err(|error| NotCanonical { what, why: error.to_string() })
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn write_hex(f: &mut std::fmt::Formatter<'_>, bytes: &[u8]) -> std::fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn refuses_a_second_form_of_the_same_value() {
        let cases: &[(&str, Vec<u8>)] = &[("trailing byte", vec![1, 0]), ("boolean two", vec![2]), ("nothing", vec![])];
        for (name, bytes) in cases {
            assert!(decode::<bool>("bool", bytes).is_err(), "{name}");
        }
        let sorted = encode(&BTreeSet::from([1u8, 2]));
        assert_eq!(sorted, [2, 0, 0, 0, 1, 2]);
        assert!(decode::<BTreeSet<u8>>("set", &[2, 0, 0, 0, 2, 1]).is_err(), "unsorted set");
        assert!(decode::<BTreeSet<u8>>("set", &[2, 0, 0, 0, 1, 1]).is_err(), "doubled element");
        assert!(decode::<Vec<u64>>("list", &[255, 255, 255, 255, 1]).is_err(), "length that is not there");
    }
}
