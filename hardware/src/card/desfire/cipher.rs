//! The primitives under all three kinds of secure messaging: CBC, CMAC, the checksums. Pure, and no protocol in here.

use aes::Aes128;
use cbc::cipher::array::Array;
use cbc::cipher::{
    BlockCipherDecrypt as _, BlockModeDecrypt as _, BlockModeEncrypt as _, KeyInit as _, KeyIvInit as _,
};
use cmac::{Cmac, Mac as _};
use des::TdesEde2;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::key::{AesKey, DesKey};

/// Block of AES.
pub(super) const AES_BLOCK: usize = 16;
/// Block of DES.
pub(super) const DES_BLOCK: usize = 8;

/// AES-CMAC (NIST SP 800-38B) over all parts in their order.
pub(super) fn cmac(key: &AesKey, parts: &[&[u8]]) -> [u8; AES_BLOCK] {
    let mut mac = Cmac::<Aes128>::new(key.as_bytes().into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// AES-CMAC that goes on from `iv`, where it leaves the whole result: how EV1 binds each message to all before it.
pub(super) fn cmac_chained(key: &AesKey, iv: &mut [u8; AES_BLOCK], message: &[u8]) {
    let mut subkey = [0; AES_BLOCK];
    encrypt(key, &[0; AES_BLOCK], &mut subkey);
    let mut padded = Zeroizing::new(message.to_vec());
    subkey = double(subkey);
    if padded.is_empty() || !padded.len().is_multiple_of(AES_BLOCK) {
        pad(&mut padded);
        subkey = double(subkey);
    }
    if let Some(last) = padded.last_chunk_mut::<AES_BLOCK>() {
        xor(last, &subkey);
    }
    encrypt(key, &iv.clone(), &mut padded);
    if let Some(last) = padded.last_chunk::<AES_BLOCK>() {
        *iv = *last;
    }
}

/// Doubling in GF(2^128), by which CMAC's subkeys come about (NIST SP 800-38B, 6.1).
fn double(block: [u8; AES_BLOCK]) -> [u8; AES_BLOCK] {
    let value = u128::from_be_bytes(block);
    (value << 1 ^ ((value >> 127) * 0x87)).to_be_bytes()
}

/// Encrypts whole blocks in place, AES-CBC. What is no whole block at the end stays as it is: callers pad before.
pub(super) fn encrypt(key: &AesKey, iv: &[u8; AES_BLOCK], data: &mut [u8]) {
    let (blocks, _) = Array::slice_as_chunks_mut(data);
    cbc::Encryptor::<Aes128>::new(key.as_bytes().into(), iv.into()).encrypt_blocks(blocks);
}

/// Decrypts whole blocks in place, AES-CBC. What is no whole block at the end stays as it is: callers refuse it before.
pub(super) fn decrypt(key: &AesKey, iv: &[u8; AES_BLOCK], data: &mut [u8]) {
    let (blocks, _) = Array::slice_as_chunks_mut(data);
    cbc::Decryptor::<Aes128>::new(key.as_bytes().into(), iv.into()).decrypt_blocks(blocks);
}

/// What a reader of the first generation sends: chained like CBC, with zeros to begin with, but by *decrypting* each
/// block, since such a card only ever encrypts.
pub(super) fn des_send(key: &DesKey, data: &mut [u8]) {
    let des = TdesEde2::new(key.as_bytes().into());
    let mut chained = [0; DES_BLOCK];
    let (blocks, _) = data.as_chunks_mut::<DES_BLOCK>();
    for block in blocks {
        xor(block, &chained);
        des.decrypt_block(block.into());
        chained = *block;
    }
}

/// What a reader of the first generation receives: CBC decryption, with zeros to begin with.
pub(super) fn des_receive(key: &DesKey, data: &mut [u8]) {
    let des = TdesEde2::new(key.as_bytes().into());
    let mut chained = [0; DES_BLOCK];
    let (blocks, _) = data.as_chunks_mut::<DES_BLOCK>();
    for block in blocks {
        let received = *block;
        des.decrypt_block(block.into());
        xor(block, &chained);
        chained = received;
    }
}

/// Pads to whole blocks of AES: `80`, then zeros; always at least one byte (ISO/IEC 9797-1, method 2).
pub(super) fn pad(data: &mut Vec<u8>) {
    data.push(0x80);
    pad_with_zeros(data, AES_BLOCK);
}

/// Takes such padding off again, or says that there is none.
pub(super) fn unpad(data: &mut Vec<u8>) -> Result<(), ()> {
    let last = data.iter().rposition(|byte| *byte != 0).ok_or(())?;
    if data[last] != 0x80 || data.len() - last > AES_BLOCK {
        return Err(());
    }
    data.truncate(last);
    Ok(())
}

/// Fills up to whole blocks with zeros; none if it fits.
pub(super) fn pad_with_zeros(data: &mut Vec<u8>, block: usize) {
    data.resize(data.len().next_multiple_of(block), 0);
}

/// Compares without telling by its time where the first difference is.
pub(super) fn is_same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// Puts the first byte last, as each side proves that it could read the other's random number.
pub(super) fn rotate<const N: usize>(mut bytes: [u8; N]) -> [u8; N] {
    bytes.rotate_left(1);
    bytes
}

/// Exclusive or, into the left; of the shorter length.
pub(super) fn xor(left: &mut [u8], right: &[u8]) {
    for (left, right) in left.iter_mut().zip(right) {
        *left ^= right;
    }
}

/// CRC-32 without the final inversion (JAMCRC), least byte first.
pub(super) fn crc32(parts: &[&[u8]]) -> [u8; 4] {
    let mut crc = u32::MAX;
    for byte in parts.iter().copied().flatten() {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0xEDB8_8320 * (crc & 1));
        }
    }
    crc.to_le_bytes()
}

/// CRC_A of ISO/IEC 14443-3, annex B, least byte first.
pub(super) fn crc16(data: &[u8]) -> [u8; 2] {
    let mut crc = 0x6363_u16;
    for byte in data {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0x8408 * (crc & 1));
        }
    }
    crc.to_le_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{hex, key};
    use super::*;

    #[test]
    fn an12196_table_25_checksum_of_the_new_key() {
        assert_eq!(crc32(&[&hex("F3847D627727ED3BC9C4CC050489B966")])[..], hex("789DFADC"));
    }

    #[test]
    fn iso_14443_3_annex_b_checksums() {
        assert_eq!(crc16(&[0, 0]), [0xA0, 0x1E]);
        assert_eq!(crc16(&[0x12, 0x34]), [0x26, 0xCF]);
    }

    #[test]
    fn nist_sp_800_38b_cmac_of_both_kinds() {
        let k = key("2B7E151628AED2A6ABF7158809CF4F3C");
        let message = hex("6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E5130C81C46A35CE411");
        for (length, expected) in [
            (0, "BB1D6929E95937287FA37D129B756746"),
            (16, "070A16B46B4D4144F79BDD9DD04A287C"),
            (40, "DFA66747DE9AE63030CA32611497C827"),
        ] {
            assert_eq!(cmac(&k, &[&message[..length]])[..], hex(expected), "{length}");
            let mut iv = [0; AES_BLOCK];
            cmac_chained(&k, &mut iv, &message[..length]);
            assert_eq!(iv[..], hex(expected), "{length}");
        }
    }

    proptest! {
        #[test]
        fn a_chain_that_begins_with_zeros_is_plain_cmac(message in prop::collection::vec(any::<u8>(), 0..70), k: [u8; 16]) {
            let mut iv = [0; AES_BLOCK];
            cmac_chained(&AesKey::new(k), &mut iv, &message);
            prop_assert_eq!(iv, cmac(&AesKey::new(k), &[&message]));
        }

        #[test]
        fn padding_comes_off_as_it_went_on(message in prop::collection::vec(any::<u8>(), 0..70)) {
            let mut padded = message.clone();
            pad(&mut padded);
            prop_assert!(padded.len().is_multiple_of(AES_BLOCK) && padded.len() > message.len());
            unpad(&mut padded).unwrap();
            prop_assert_eq!(padded, message);
        }

        #[test]
        fn taking_padding_off_never_panics(mut data in prop::collection::vec(prop_oneof![Just(0), Just(0x80), any::<u8>()], 0..40)) {
            let whole = data.clone();
            if unpad(&mut data).is_ok() {
                prop_assert_eq!(whole[data.len()], 0x80);
            }
        }

        #[test]
        fn what_is_encrypted_decrypts(blocks in prop::collection::vec(any::<[u8; 16]>(), 0..5), k: [u8; 16], iv: [u8; 16]) {
            let plain = blocks.concat();
            let mut data = plain.clone();
            encrypt(&AesKey::new(k), &iv, &mut data);
            decrypt(&AesKey::new(k), &iv, &mut data);
            prop_assert_eq!(data, plain);
        }
    }
}
