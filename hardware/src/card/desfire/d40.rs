//! The first generation's authentication with DES, which a card from the factory still wants: just enough to give it an AES
//! key (hardware facts, DESFire: 0A). Whoever listens while a factory key is in use can read along, so a station that
//! personalises cards must stand where nobody does. Pure: bytes in, bytes out.
//!
//! The exchange in the tests was published by its owner: a card accepted it.

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::cipher::{self, DES_BLOCK};
use super::frame;
use super::key::DesKey;
use super::status::{DesfireError, Instruction};

/// An authentication of which the card has sent its random number and waits for ours.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Handshake {
    key: DesKey,
    rnd_a: [u8; 8],
    rnd_b: [u8; 8],
}

impl Handshake {
    /// Takes the card's enciphered random number and gives what to send: both numbers, the card's turned by a byte.
    pub(super) fn answer(key: &DesKey, enciphered: [u8; 8], rnd_a: [u8; 8]) -> (Self, [u8; 16]) {
        let mut rnd_b = enciphered;
        cipher::des_receive(key, &mut rnd_b);
        let mut token = [0; 16];
        token[..8].copy_from_slice(&rnd_a);
        token[8..].copy_from_slice(&cipher::rotate(rnd_b));
        cipher::des_send(key, &mut token);
        (Self { key: key.clone(), rnd_a, rnd_b }, token)
    }

    /// Takes the card's proof: our number, turned by a byte.
    pub(super) fn finish(self, enciphered: &[u8]) -> Result<Session, DesfireError> {
        let command = Instruction::AuthenticateD40;
        let mut proof = Zeroizing::new(frame::proof::<8>(command, enciphered)?);
        cipher::des_receive(&self.key, &mut proof[..]);
        if !cipher::is_same(&proof[..], &cipher::rotate(self.rnd_a)) {
            return Err(DesfireError::NotAuthentic { command });
        }
        // A key of two equal halves is single DES, and so is its session's; parity bits don't count.
        let is_single = {
            let (left, right) = self.key.as_bytes().split_at(8);
            left.iter().zip(right).all(|(left, right)| (left ^ right) & 0xFE == 0)
        };
        let (a, b) = (&self.rnd_a, &self.rnd_b);
        let second = if is_single { [&a[..4], &b[..4]] } else { [&a[4..], &b[4..]] };
        let mut key = [0; 16];
        for (target, part) in key.chunks_mut(4).zip([&a[..4], &b[..4]].into_iter().chain(second)) {
            target.copy_from_slice(part);
        }
        let session = Session { key: DesKey::new(key) };
        key.zeroize();
        Ok(session)
    }
}

/// What both sides share after an authentication. Answers are not protected at all.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Session {
    key: DesKey,
}

impl Session {
    /// Makes the data of a command whose `data` is enciphered: with its checksum and zeros behind.
    pub(super) fn encipher(&self, header: &[u8], data: &[u8]) -> Vec<u8> {
        let mut padded = Zeroizing::new([data, &cipher::crc16(data)].concat());
        cipher::pad_with_zeros(&mut padded, DES_BLOCK);
        cipher::des_send(&self.key, &mut padded);
        [header, &padded].concat()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{bytes, hex};
    use super::*;

    #[test]
    fn published_d40_exchange_authentication_and_change_of_settings() {
        let (handshake, token) =
            Handshake::answer(&DesKey::FACTORY, bytes("63C54DCF6F3A6FC9"), bytes("0001020304050607"));
        assert_eq!(token[..], hex("491E890DE9ACE9329C5C6D55D9FA36D7"));
        let session = handshake.finish(&hex("B7D1DA7CE0DD986B")).unwrap();
        assert_eq!(session.key.as_bytes()[..], hex("00010203F6B0333900010203F6B03339"));
        assert_eq!(cipher::crc16(&[0x0F]), [0x09, 0xA9]);
        assert_eq!(session.encipher(&[], &[0x0F]), hex("CB643FD030E687DA"));
    }

    #[test]
    fn a_key_of_two_halves_gives_a_session_of_two_halves() {
        let key = DesKey::new(bytes("00102030405060708090A0B0C0D0E0F0"));
        let (mut handshake, _) = Handshake::answer(&key, [0; 8], bytes("A0A1A2A3A4A5A6A7"));
        handshake.rnd_b = bytes("B0B1B2B3B4B5B6B7");
        let mut proof: [u8; 8] = bytes("A1A2A3A4A5A6A7A0");
        let des = <des::TdesEde2 as cbc::cipher::KeyInit>::new(key.as_bytes().into());
        cbc::cipher::BlockCipherEncrypt::encrypt_block(&des, (&mut proof).into());
        let session = handshake.finish(&proof).unwrap();
        assert_eq!(session.key.as_bytes()[..], hex("A0A1A2A3B0B1B2B3A4A5A6A7B4B5B6B7"));
    }

    proptest! {
        #[test]
        fn no_proof_that_is_made_up_is_taken(proof in prop::collection::vec(any::<u8>(), 0..20), rnd: [[u8; 8]; 2]) {
            prop_assert!(Handshake::answer(&DesKey::FACTORY, rnd[0], rnd[1]).0.finish(&proof).is_err());
        }
    }
}
