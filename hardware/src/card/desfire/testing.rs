//! What the tests of several modules need: bytes from hexadecimal, and a counterpart to speak with.

pub(super) mod counterpart;

use super::key::AesKey;

/// Bytes from hexadecimal digits, blanks between them left out.
pub(super) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap()).collect();
    assert!(digits.len().is_multiple_of(2), "{text}");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// As many bytes as are wanted.
pub(super) fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex(text).try_into().unwrap()
}

pub(super) fn key(text: &str) -> AesKey {
    AesKey::new(bytes(text))
}
