//! Secure messaging of EV1 with AES: the fallback for cards that know no better (hardware facts, DESFire). Its messages are
//! bound together by an IV that goes on from one to the next in both directions; what is enciphered has a checksum inside
//! instead of a MAC. Pure: bytes in, bytes out.
//!
//! The exchanges in the tests were recorded at a real card and published with an open library for door locks; the
//! facts above were held against them.

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::channel::Mode;
use super::cipher::{self, AES_BLOCK};
use super::frame;
use super::key::AesKey;
use super::status::{DesfireError, Instruction};

/// Bytes of a MAC as it is sent: the first of the CMAC.
const MAC_BYTES: usize = 8;
/// Bytes of the checksum inside what is enciphered.
const CHECKSUM_BYTES: usize = 4;

/// An authentication of which the card has sent its random number and waits for ours.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Handshake {
    key: AesKey,
    rnd_a: [u8; 16],
    rnd_b: [u8; 16],
    iv: [u8; AES_BLOCK],
}

impl Handshake {
    /// Takes the card's enciphered random number and gives what to send. The IV chains through the exchange.
    pub(super) fn answer(key: &AesKey, enciphered: [u8; 16], rnd_a: [u8; 16]) -> (Self, [u8; 32]) {
        let mut rnd_b = enciphered;
        cipher::decrypt(key, &[0; AES_BLOCK], &mut rnd_b);
        let mut token = [0; 32];
        token[..16].copy_from_slice(&rnd_a);
        token[16..].copy_from_slice(&cipher::rotate(rnd_b));
        cipher::encrypt(key, &enciphered, &mut token);
        let mut iv = [0; AES_BLOCK];
        iv.copy_from_slice(&token[16..]);
        (Self { key: key.clone(), rnd_a, rnd_b, iv }, token)
    }

    /// Takes the card's proof: our number, turned by a byte.
    pub(super) fn finish(self, enciphered: &[u8]) -> Result<Session, DesfireError> {
        let command = Instruction::AuthenticateEv1;
        let mut proof = Zeroizing::new(frame::proof::<16>(command, enciphered)?);
        cipher::decrypt(&self.key, &self.iv, &mut proof[..]);
        if !cipher::is_same(&proof[..], &cipher::rotate(self.rnd_a)) {
            return Err(DesfireError::NotAuthentic { command });
        }
        let (a, b) = (&self.rnd_a, &self.rnd_b);
        let mut key = [0; 16];
        for (target, part) in key.chunks_mut(4).zip([&a[..4], &b[..4], &a[12..], &b[12..]]) {
            target.copy_from_slice(part);
        }
        let session = Session { key: AesKey::new(key), iv: [0; AES_BLOCK] };
        key.zeroize();
        Ok(session)
    }
}

/// What both sides share after an authentication.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Session {
    key: AesKey,
    iv: [u8; AES_BLOCK],
}

impl Session {
    /// Makes a command's data. In [`Mode::Mac`] only `data` is followed by a MAC: commands that are all header travel as
    /// they are, and are counted into the IV.
    pub(super) fn protect(&mut self, command: Instruction, header: &[u8], data: &[u8], mode: Mode) -> Vec<u8> {
        if mode == Mode::Full && !data.is_empty() {
            return self.encipher(command, header, data, &[]);
        }
        let mut sent = [header, data].concat();
        let message = Zeroizing::new([&[command.code()], &sent[..]].concat());
        cipher::cmac_chained(&self.key, &mut self.iv, &message);
        if mode == Mode::Mac && !data.is_empty() {
            sent.extend_from_slice(&self.iv[..MAC_BYTES]);
        }
        sent
    }

    /// Makes the data of a command whose `data` is enciphered: then the checksum over all of the command, then `tail`, zeros.
    pub(super) fn encipher(&mut self, command: Instruction, header: &[u8], data: &[u8], tail: &[u8]) -> Vec<u8> {
        let checksum = cipher::crc32(&[&[command.code()], header, data]);
        let mut padded = Zeroizing::new([data, &checksum, tail].concat());
        cipher::pad_with_zeros(&mut padded, AES_BLOCK);
        cipher::encrypt(&self.key, &self.iv, &mut padded);
        self.chain(&padded);
        [header, &padded].concat()
    }

    /// Takes the data of an answer. Of an enciphered one the length must be known, since its padding does not tell it; 0
    /// where the answer has no data and so only a MAC. After an error the session is over: the caller drops it.
    pub(super) fn open(
        &mut self,
        command: Instruction,
        answer: &[u8],
        mode: Mode,
        enciphered_bytes: usize,
    ) -> Result<Zeroizing<Vec<u8>>, DesfireError> {
        if mode == Mode::Full && enciphered_bytes > 0 {
            return self.decipher(command, answer, enciphered_bytes);
        }
        let Some((data, mac)) = answer.split_last_chunk::<MAC_BYTES>() else {
            return Err(DesfireError::NotAuthentic { command });
        };
        // Behind the data stands the status, 00: any other carries none and never gets here.
        let message = Zeroizing::new([data, &[0x00]].concat());
        cipher::cmac_chained(&self.key, &mut self.iv, &message);
        if !cipher::is_same(&self.iv[..MAC_BYTES], mac) {
            return Err(DesfireError::NotAuthentic { command });
        }
        Ok(Zeroizing::new(data.to_vec()))
    }

    fn decipher(
        &mut self,
        command: Instruction,
        answer: &[u8],
        data_bytes: usize,
    ) -> Result<Zeroizing<Vec<u8>>, DesfireError> {
        if answer.len() != (data_bytes + CHECKSUM_BYTES).next_multiple_of(AES_BLOCK) {
            return Err(DesfireError::NotAuthentic { command });
        }
        let mut data = Zeroizing::new(answer.to_vec());
        cipher::decrypt(&self.key, &self.iv, &mut data);
        self.chain(answer);
        let (content, rest) = data.split_at(data_bytes);
        let (checksum, padding) = rest.split_at(CHECKSUM_BYTES);
        // Zeros, or 80 and zeros where the card padded as if the length were not known.
        let is_padded = padding.iter().enumerate().all(|(index, byte)| *byte == 0 || index == 0 && *byte == 0x80);
        if !cipher::is_same(&cipher::crc32(&[content, &[0x00]]), checksum) || !is_padded {
            return Err(DesfireError::NotAuthentic { command });
        }
        data.truncate(data_bytes);
        Ok(data)
    }

    fn chain(&mut self, enciphered: &[u8]) {
        if let Some(last) = enciphered.last_chunk::<AES_BLOCK>() {
            self.iv = *last;
        }
    }

    #[cfg(test)]
    fn for_test(key: AesKey) -> Self {
        Self { key, iv: [0; AES_BLOCK] }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{bytes, hex, key};
    use super::*;

    fn check_authentication(
        k: &AesKey,
        challenge: &str,
        rnd_a: &str,
        token: &str,
        proof: &str,
        session: &str,
    ) -> Session {
        let (handshake, sent) = Handshake::answer(k, bytes(challenge), bytes(rnd_a));
        assert_eq!(sent[..], hex(token));
        let opened = handshake.finish(&hex(proof)).unwrap();
        assert_eq!(opened.key, key(session));
        opened
    }

    #[test]
    fn recorded_ev1_card_authentications() {
        check_authentication(
            &AesKey::FACTORY,
            "B969FDFE56FD91FC9DE6F6F213B8FD1E",
            "F44B26F5686F3A391CD38EBD10772281",
            "36AAD7DF6E436BA08D18613830A70D5AD43E3D3F4A8D47541EEE623A934E4774",
            "800DB680BC146BD121D6578F2D2E2059",
            "F44B26F5C05DDD7110772281C4D066E8",
        );
    }

    #[test]
    fn recorded_ev1_card_files_and_the_chain_of_macs() {
        let mut session = check_authentication(
            &key("10182028303840485058606870788088"),
            "B351CB2465D4F33AC627FD6E87A168F2",
            "40E7D27174CBA675E8EFBAB99C530E3D",
            "044B6CAC343A0865895149649CA8DDE1F5AC4EC67BD208900AF02F049E05F0B0",
            "A2EE144B1012FBEB7B2F11132D95A454",
            "40E7D271626FFBD49C530E3D304F5B17",
        );
        let mut check = |command, header: &str, data: &[u8], answer: &str, content: &[u8]| {
            let sent = session.protect(command, &hex(header), data, Mode::Plain);
            assert_eq!(sent, [&hex(header), data].concat(), "{command}");
            let answer = [content, &hex(answer)].concat();
            assert_eq!(*session.open(command, &answer, Mode::Plain, 0).unwrap(), content, "{command}");
        };
        let content: Vec<u8> = (0..0x50).collect();
        check(Instruction::CreateStdDataFile, "05001100500000", &[], "A75316AD1596B953", &[]);
        check(Instruction::GetFileIds, "", &[], "2D5FF67FFEC9D2D3", &[0x05]);
        check(Instruction::GetFileSettings, "05", &[], "2AAC7517024E09DC", &hex("00001100500000"));
        check(Instruction::WriteDataEv1, "05000000340000", &content[..0x34], "765C9DAA50ECB62F", &[]);
        check(Instruction::WriteDataEv1, "053400001C0000", &content[0x34..], "3E0AED986B8B0F37", &[]);
        check(Instruction::ReadDataEv1, "05000000300000", &[], "4C65F1F842262BAC", &content[..0x30]);
        check(Instruction::ReadDataEv1, "05300000200000", &[], "F02205CF913C03C9", &content[0x30..]);
    }

    #[test]
    fn recorded_ev1_card_change_of_ones_own_key() {
        let mut session = Session::for_test(key("F44B26F5C05DDD7110772281C4D066E8"));
        let data = hex("00102030405060708090A0B0B0A0908010");
        let sent = session.protect(Instruction::ChangeKey, &[0x00], &data, Mode::Full);
        assert_eq!(sent, hex("00E9F85E219496C2B58C1090DC3935FAE9E840CF61B383D9531946256B1F110C10"));
    }

    #[test]
    fn recorded_ev1_card_change_of_another_key() {
        let mut session = Session::for_test(key("C2A1E47BD8100044FE6D00A74D7AB17C"));
        let new = hex("00102030405060708090A0B0B0A09080");
        let data = [&new[..], &[0x10]].concat();
        let sent = session.encipher(Instruction::ChangeKey, &[0x01], &data, &cipher::crc32(&[&new]));
        assert_eq!(sent, hex("01E7ECCB6BD1CA64BC161A12B1C024F714303374 08C8A87EACAB7A1FF18951FCA3"));
        assert!(session.open(Instruction::ChangeKey, &hex("2128D3CD9C9ACFFF"), Mode::Full, 0).unwrap().is_empty());
    }

    /// What a card of the same session answers; leaves the card's IV in `card`.
    fn card_answers(card: &mut Session, content: &[u8], mode: Mode) -> Vec<u8> {
        if mode == Mode::Full && !content.is_empty() {
            let mut sent = [content, &cipher::crc32(&[content, &[0x00]])].concat();
            cipher::pad_with_zeros(&mut sent, AES_BLOCK);
            cipher::encrypt(&card.key, &card.iv, &mut sent);
            card.chain(&sent);
            return sent;
        }
        cipher::cmac_chained(&card.key, &mut card.iv, &[content, &[0x00]].concat());
        [content, &card.iv[..MAC_BYTES]].concat()
    }

    fn any_mode() -> impl Strategy<Value = Mode> {
        prop_oneof![Just(Mode::Plain), Just(Mode::Mac), Just(Mode::Full)]
    }

    proptest! {
        // Each case tries every bit.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn an_answer_is_taken_once_and_with_no_bit_flipped(
            k: [u8; 16],
            content in prop::collection::vec(any::<u8>(), 0..60),
            mode in any_mode(),
        ) {
            let begun = || {
                let mut session = Session::for_test(AesKey::new(k));
                session.protect(Instruction::ReadDataEv1, &[0; 7], &[], mode);
                session
            };
            let answer = card_answers(&mut begun(), &content, mode);
            let open = |session: &mut Session, answer: &[u8]| {
                session.open(Instruction::ReadDataEv1, answer, mode, content.len())
            };
            let mut session = begun();
            prop_assert_eq!(&*open(&mut session, &answer).unwrap(), &content);
            session.protect(Instruction::ReadDataEv1, &[0; 7], &[], mode);
            prop_assert!(open(&mut session, &answer).is_err());
            for bit in 0..answer.len() * 8 {
                let mut flipped = answer.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(open(&mut begun(), &flipped).is_err(), "bit {}", bit);
            }
        }

        #[test]
        fn no_answer_panics_and_none_that_is_made_up_is_taken(
            answer in prop::collection::vec(any::<u8>(), 0..80),
            mode in any_mode(),
            expected in 0_usize..80,
        ) {
            let mut session = Session::for_test(AesKey::new([1; 16]));
            session.protect(Instruction::ReadDataEv1, &[0; 7], &[], mode);
            let refused = DesfireError::NotAuthentic { command: Instruction::ReadDataEv1 };
            prop_assert_eq!(session.open(Instruction::ReadDataEv1, &answer, mode, expected).err(), Some(refused));
        }

        #[test]
        fn no_proof_that_is_made_up_is_taken(proof in prop::collection::vec(any::<u8>(), 0..40), rnd: [[u8; 16]; 2]) {
            prop_assert!(Handshake::answer(&AesKey::FACTORY, rnd[0], rnd[1]).0.finish(&proof).is_err());
        }
    }
}
