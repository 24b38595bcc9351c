//! The card's own arithmetic: block ciphers in chains, CMAC, checksums, session keys.
//!
//! Used by the virtual card alone. The reader's side has its own, written apart: neither may ever use the other's, so that a
//! mistake in one shows at the other.

use aes::Aes128;
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser, KeyInit};
use des::TdesEde2;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

/// Bytes of every key here: AES-128, or two keys of DES.
pub(super) const KEY_BYTES: usize = 16;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// DES, or triple DES with two keys: the factory's.
    Des,
    /// AES-128.
    Aes,
}

/// A block cipher with its key.
pub(super) enum Cipher {
    Aes(Box<Aes128>),
    Des(Box<TdesEde2>),
}

impl Cipher {
    pub(super) fn new(kind: KeyKind, key: &[u8; KEY_BYTES]) -> Self {
        match kind {
            KeyKind::Aes => Self::Aes(Box::new(Aes128::new(&(*key).into()))),
            KeyKind::Des => Self::Des(Box::new(TdesEde2::new(&(*key).into()))),
        }
    }

    /// Bytes of a block.
    pub(super) const fn block(&self) -> usize {
        match self {
            Self::Aes(_) => 16,
            Self::Des(_) => 8,
        }
    }

    fn encipher(&self, block: &mut [u8]) {
        match self {
            Self::Aes(cipher) => on_block(&**cipher, block, Aes128::encrypt_block),
            Self::Des(cipher) => on_block(&**cipher, block, TdesEde2::encrypt_block),
        }
    }

    fn decipher(&self, block: &mut [u8]) {
        match self {
            Self::Aes(cipher) => on_block(&**cipher, block, Aes128::decrypt_block),
            Self::Des(cipher) => on_block(&**cipher, block, TdesEde2::decrypt_block),
        }
    }

    /// Enciphers whole blocks in a chain that begins with `iv`, which holds the last of them afterwards.
    pub(super) fn encrypt(&self, iv: &mut [u8], bytes: &mut [u8]) {
        for block in bytes.chunks_exact_mut(self.block()) {
            xor(block, iv);
            self.encipher(block);
            iv.copy_from_slice(block);
        }
    }

    /// Undoes [`encrypt`](Self::encrypt).
    pub(super) fn decrypt(&self, iv: &mut [u8], bytes: &mut [u8]) {
        for block in bytes.chunks_exact_mut(self.block()) {
            let kept = block.to_vec();
            self.decipher(block);
            xor(block, iv);
            iv.copy_from_slice(&kept);
        }
    }

    /// Undoes what readers of the first generation do, who decipher whatever they send: such a chain is taken apart by
    /// enciphering.
    pub(super) fn undo_deciphered(&self, bytes: &mut [u8]) {
        let mut before = vec![0; self.block()];
        for block in bytes.chunks_exact_mut(self.block()) {
            let kept = block.to_vec();
            self.encipher(block);
            xor(block, &before);
            before = kept;
        }
    }

    /// CMAC (NIST SP 800-38B) whose chain begins with `iv` instead of zeros; `iv` holds the whole MAC afterwards.
    pub(super) fn cmac(&self, iv: &mut [u8], message: &[u8]) {
        let size = self.block();
        let mut subkey = vec![0; size];
        self.encipher(&mut subkey);
        double(&mut subkey);
        let mut padded = message.to_vec();
        if padded.is_empty() || !padded.len().is_multiple_of(size) {
            double(&mut subkey);
            pad(&mut padded, size);
        }
        let last = padded.len() - size;
        xor(&mut padded[last..], &subkey);
        self.encrypt(iv, &mut padded);
    }

    /// CMAC with a chain of its own.
    pub(super) fn cmac_alone(&self, message: &[u8]) -> Vec<u8> {
        let mut mac = vec![0; self.block()];
        self.cmac(&mut mac, message);
        mac
    }
}

/// `block` has the cipher's size wherever this is called: chunks of it, or a vector made for it.
fn on_block<C: BlockSizeUser>(cipher: &C, block: &mut [u8], act: impl Fn(&C, &mut Array<u8, C::BlockSize>)) {
    if let Ok(block) = <&mut Array<u8, C::BlockSize>>::try_from(block) {
        act(cipher, block);
    }
}

/// Appends `80`, then zeros, to a multiple of `size`; always something.
pub(super) fn pad(bytes: &mut Vec<u8>, size: usize) {
    bytes.push(0x80);
    fill(bytes, size);
}

/// Appends zeros to a multiple of `size`.
pub(super) fn fill(bytes: &mut Vec<u8>, size: usize) {
    bytes.resize(bytes.len().next_multiple_of(size), 0);
}

/// Takes the padding of [`pad`] away; none if there is none.
pub(super) fn unpad(bytes: &mut Vec<u8>) -> Option<()> {
    let end = bytes.iter().rposition(|byte| *byte != 0)?;
    (bytes[end] == 0x80).then(|| bytes.truncate(end))
}

pub(super) fn xor(into: &mut [u8], with: &[u8]) {
    into.iter_mut().zip(with).for_each(|(byte, with)| *byte ^= with);
}

/// Whether both are the same, in a time that does not depend on where they differ.
pub(super) fn is_same(one: &[u8], other: &[u8]) -> bool {
    bool::from(one.ct_eq(other))
}

/// Multiplies by x in the field of 128 or 64 bits.
fn double(block: &mut [u8]) {
    let polynomial = if block.len() == 16 { 0x87 } else { 0x1B };
    let carry = block.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut low = 0;
    for byte in block.iter_mut().rev() {
        let high = *byte >> 7;
        *byte = *byte << 1 | low;
        low = high;
    }
    if carry && let Some(last) = block.last_mut() {
        *last ^= polynomial;
    }
}

/// CRC32 as DESFire has it: IEEE 802.3 without the inversion at its end, least significant byte first.
pub(super) fn crc32(parts: &[&[u8]]) -> [u8; 4] {
    let bytes = parts.iter().copied().flatten();
    let crc = bytes.fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    });
    crc.to_le_bytes()
}

/// CRC_A of ISO/IEC 14443-3, least significant byte first.
pub(super) fn crc16(bytes: &[u8]) -> [u8; 2] {
    let crc = bytes.iter().fold(0x6363_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 })
    });
    crc.to_le_bytes()
}

/// The version that a DES key carries in the lowest bits of its first eight bytes.
pub(super) fn des_version(key: &[u8; KEY_BYTES]) -> u8 {
    key[..8].iter().fold(0, |version, byte| version << 1 | byte & 1)
}

/// Session keys of EV2 secure messaging: for enciphering, for MACs.
pub(super) fn ev2_keys(key: &[u8; KEY_BYTES], a: &[u8; 16], b: &[u8; 16]) -> [[u8; KEY_BYTES]; 2] {
    let cipher = Cipher::new(KeyKind::Aes, key);
    [[0xA5, 0x5A], [0x5A, 0xA5]].map(|label| {
        let mut vector = [&label[..], &[0x00, 0x01, 0x00, 0x80], &a[..8], &b[6..], &a[8..]].concat();
        xor(&mut vector[8..14], &b[..6]);
        sized(&cipher.cmac_alone(&vector))
    })
}

/// The session key of EV1 secure messaging after an authentication by AES.
pub(super) fn ev1_aes_key(a: &[u8], b: &[u8]) -> [u8; KEY_BYTES] {
    sized(&[&a[..4], &b[..4], &a[12..16], &b[12..16]].concat())
}

/// The session key after an authentication by DES. A key of two equal halves is a single key, and makes a single one.
pub(super) fn des_key(key: &[u8; KEY_BYTES], a: &[u8], b: &[u8]) -> [u8; KEY_BYTES] {
    let (one, other) = key.split_at(8);
    let is_single = one.iter().zip(other).all(|(one, other)| one >> 1 == other >> 1);
    let second = if is_single { 0 } else { 4 };
    sized(&[&a[..4], &b[..4], &a[second..second + 4], &b[second..second + 4]].concat())
}

fn sized(bytes: &[u8]) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    key.copy_from_slice(bytes);
    key
}
