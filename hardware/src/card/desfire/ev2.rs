//! Secure messaging of EV2 and EV3: AuthenticateEV2First and NonFirst with AES-128, and what they protect (hardware facts,
//! DESFire; AN12343 and AN12196 show the same by example). Pure: bytes in, bytes out.

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::channel::Mode;
use super::cipher::{self, AES_BLOCK};
use super::frame::{self, malformed};
use super::key::AesKey;
use super::status::{DesfireError, Instruction, Malformation};

/// Bytes of a MAC as it is sent.
const MAC_BYTES: usize = 8;

/// An authentication of which the card has sent its random number and waits for ours.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Handshake {
    key: AesKey,
    rnd_a: [u8; 16],
    rnd_b: [u8; 16],
}

impl Handshake {
    /// Takes the card's enciphered random number and gives what to send: both numbers, the card's turned by a byte.
    pub(super) fn answer(key: &AesKey, enciphered: [u8; 16], rnd_a: [u8; 16]) -> (Self, [u8; 32]) {
        let mut rnd_b = enciphered;
        cipher::decrypt(key, &[0; AES_BLOCK], &mut rnd_b);
        let mut token = [0; 32];
        token[..16].copy_from_slice(&rnd_a);
        token[16..].copy_from_slice(&cipher::rotate(rnd_b));
        cipher::encrypt(key, &[0; AES_BLOCK], &mut token);
        (Self { key: key.clone(), rnd_a, rnd_b }, token)
    }

    /// Takes the card's proof after AuthenticateEV2First: TI, our number turned by a byte, what card and reader can do.
    pub(super) fn finish_first(self, enciphered: &[u8]) -> Result<Session, DesfireError> {
        let command = Instruction::AuthenticateEv2First;
        let mut proof = Zeroizing::new(frame::proof::<32>(command, enciphered)?);
        cipher::decrypt(&self.key, &[0; AES_BLOCK], &mut proof[..]);
        let [t0, t1, t2, t3, rest @ ..] = *proof;
        self.check(command, &rest[..16])?;
        Ok(self.session([t0, t1, t2, t3], 0))
    }

    /// Takes the card's proof after AuthenticateEV2NonFirst, which goes on within the transaction of `before`: TI and counter
    /// stay as they are (not verified on a real card).
    pub(super) fn finish_non_first(self, before: &Session, enciphered: &[u8]) -> Result<Session, DesfireError> {
        let command = Instruction::AuthenticateEv2NonFirst;
        let mut proof = Zeroizing::new(frame::proof::<16>(command, enciphered)?);
        cipher::decrypt(&self.key, &[0; AES_BLOCK], &mut proof[..]);
        self.check(command, &proof[..])?;
        Ok(self.session(before.transaction, before.counter))
    }

    fn check(&self, command: Instruction, turned: &[u8]) -> Result<(), DesfireError> {
        let is_authentic = cipher::is_same(turned, &cipher::rotate(self.rnd_a));
        if is_authentic { Ok(()) } else { Err(DesfireError::NotAuthentic { command }) }
    }

    fn session(&self, transaction: [u8; 4], counter: u16) -> Session {
        let (a, b) = (&self.rnd_a, &self.rnd_b);
        let mut mixed = Zeroizing::new([0; 6]);
        mixed.copy_from_slice(&a[2..8]);
        cipher::xor(&mut mixed[..], &b[..6]);
        let derive = |label: [u8; 2]| {
            let parts: [&[u8]; 6] = [&label, &[0x00, 0x01, 0x00, 0x80], &a[..2], &mixed[..], &b[6..], &a[8..]];
            AesKey::new(cipher::cmac(&self.key, &parts))
        };
        Session { enciphering: derive([0xA5, 0x5A]), mac: derive([0x5A, 0xA5]), transaction, counter }
    }
}

/// What both sides share after an authentication.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Session {
    enciphering: AesKey,
    mac: AesKey,
    /// TI.
    transaction: [u8; 4],
    /// Commands sent in the transaction: the number of the next one, and of the answer to the last.
    counter: u16,
}

impl Session {
    /// Makes a command's data: `header` travels as it is, `data` as `mode` says. Counts it.
    pub(super) fn protect(
        &mut self,
        command: Instruction,
        header: &[u8],
        data: &[u8],
        mode: Mode,
    ) -> Result<Vec<u8>, DesfireError> {
        let next = self.counter.checked_add(1).ok_or(DesfireError::CounterExhausted)?;
        let mut sent = header.to_vec();
        if mode == Mode::Full && !data.is_empty() {
            let mut padded = Zeroizing::new(data.to_vec());
            cipher::pad(&mut padded);
            cipher::encrypt(&self.enciphering, &self.iv([0xA5, 0x5A]), &mut padded);
            sent.extend_from_slice(&padded);
        } else {
            sent.extend_from_slice(data);
        }
        if mode != Mode::Plain {
            let mac = self.mac_over(command.code(), &sent);
            sent.extend_from_slice(&mac);
        }
        self.counter = next;
        Ok(sent)
    }

    /// Takes the data of the answer to the command that was sent last. After an error the session is over: the caller
    /// drops it.
    pub(super) fn open(
        &self,
        command: Instruction,
        answer: &[u8],
        mode: Mode,
    ) -> Result<Zeroizing<Vec<u8>>, DesfireError> {
        if mode == Mode::Plain {
            return Ok(Zeroizing::new(answer.to_vec()));
        }
        let Some((sent, mac)) = answer.split_last_chunk::<MAC_BYTES>() else {
            return Err(DesfireError::NotAuthentic { command });
        };
        // Status 00: any other carries no data and never gets here.
        if !cipher::is_same(&self.mac_over(0x00, sent), mac) {
            return Err(DesfireError::NotAuthentic { command });
        }
        let mut data = Zeroizing::new(sent.to_vec());
        if mode == Mode::Full && !data.is_empty() {
            if !data.len().is_multiple_of(AES_BLOCK) {
                return Err(malformed(command, Malformation::Padding));
            }
            cipher::decrypt(&self.enciphering, &self.iv([0x5A, 0xA5]), &mut data);
            cipher::unpad(&mut data).map_err(|()| malformed(command, Malformation::Padding))?;
        }
        Ok(data)
    }

    /// Bytes 1, 3, …, 15 of the CMAC over command or status, counter, TI and what is sent.
    fn mac_over(&self, code: u8, sent: &[u8]) -> [u8; MAC_BYTES] {
        let whole = cipher::cmac(&self.mac, &[&[code], &self.counter.to_le_bytes(), &self.transaction, sent]);
        std::array::from_fn(|index| whole[2 * index + 1])
    }

    fn iv(&self, label: [u8; 2]) -> [u8; AES_BLOCK] {
        let mut iv = [0; AES_BLOCK];
        iv[..2].copy_from_slice(&label);
        iv[2..6].copy_from_slice(&self.transaction);
        iv[6..8].copy_from_slice(&self.counter.to_le_bytes());
        cipher::encrypt(&self.enciphering, &[0; AES_BLOCK], &mut iv);
        iv
    }

    #[cfg(test)]
    fn for_test(enciphering: AesKey, mac: AesKey, transaction: [u8; 4], counter: u16) -> Self {
        Self { enciphering, mac, transaction, counter }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::frame::wrap;
    use super::super::testing::{bytes, hex, key};
    use super::*;

    const NOT_AUTHENTIC: DesfireError = DesfireError::NotAuthentic { command: Instruction::ReadData };

    #[test]
    fn an12343_session_keys() {
        let handshake = Handshake {
            key: AesKey::FACTORY,
            rnd_a: bytes("B04D0787C93EE0CC8CACC8E86F16C6FE"),
            rnd_b: bytes("FA659AD0DCA738DD65DC7DC38612AD81"),
        };
        let session = handshake.session([0; 4], 0);
        assert_eq!(session.enciphering, key("63DC07286289A7A6C0334CA31C314A04"));
        assert_eq!(session.mac, key("774F26743ECE6AF5033B6AE8522946F6"));
    }

    #[test]
    fn an12343_macs_of_a_write_and_a_read() {
        let mut session =
            Session::for_test(AesKey::FACTORY, key("9366FA195EB566F5BD2BAD4020B83002"), bytes("E2D3AF69"), 0);
        let written = [0x22; 25];
        let sent = session.protect(Instruction::WriteData, &hex("00000000190000"), &written, Mode::Mac).unwrap();
        assert_eq!(sent, hex(&format!("00000000190000{}68F2C28C575A1628", "22".repeat(25))));
        let answer = session.open(Instruction::WriteData, &hex("0820F68898C2A7F1"), Mode::Mac).unwrap();
        assert!(answer.is_empty());
        let sent = session.protect(Instruction::ReadData, &hex("00000000300000"), &[], Mode::Mac).unwrap();
        assert_eq!(sent, hex("000000003000000D9BE191D5960834"));
        let content = [&[0x22; 25][..], &[0x00; 23]].concat();
        let answer = [&content[..], &hex("A49A44222D926666")].concat();
        assert_eq!(*session.open(Instruction::ReadData, &answer, Mode::Mac).unwrap(), content);
    }

    #[test]
    fn an12343_a_plain_command_counts_too() {
        let mut session =
            Session::for_test(AesKey::FACTORY, key("9366FA195EB566F5BD2BAD4020B83002"), bytes("E2D3AF69"), 0);
        let plain = session.protect(Instruction::WriteData, &[7], &[8], Mode::Plain).unwrap();
        assert_eq!(plain, [7, 8]);
        assert_eq!(*session.open(Instruction::WriteData, &[9], Mode::Plain).unwrap(), [9]);
        let sent = session.protect(Instruction::ReadData, &hex("00000000300000"), &[], Mode::Mac).unwrap();
        assert_eq!(sent, hex("000000003000000D9BE191D5960834"));
    }

    #[test]
    fn an12196_table_14_authentication() {
        let rnd_a = bytes("13C5DB8A5930439FC3DEF9A4C675360F");
        let (handshake, token) = Handshake::answer(&AesKey::FACTORY, bytes("A04C124213C186F22399D33AC2A30215"), rnd_a);
        assert_eq!(token[..], hex("35C3E05A752E0144BAC0DE51C1F22C56B34408A23D8AEA266CAB947EA8E0118D"));
        let proof = hex("3FA64DB5446D1F34CD6EA311167F5E4985B89690C04A05F17FA7AB2F08120663");
        let session = handshake.finish_first(&proof).unwrap();
        assert_eq!(session.transaction, bytes("9D00C4DF"));
        assert_eq!(session.enciphering, key("1309C877509E5A215007FF0ED19CA564"));
        assert_eq!(session.mac, key("4C6626F5E72EA694202139295C7A7FC7"));
        assert_eq!(session.counter, 0);
    }

    #[test]
    fn an12196_table_14_with_any_bit_flipped_is_refused() {
        let rnd_a = bytes("13C5DB8A5930439FC3DEF9A4C675360F");
        let proof = hex("3FA64DB5446D1F34CD6EA311167F5E4985B89690C04A05F17FA7AB2F08120663");
        // Both blocks hold a part of our number: a flip garbles the whole block.
        for bit in 0..proof.len() * 8 {
            let mut flipped = proof.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let (handshake, _) = Handshake::answer(&AesKey::FACTORY, bytes("A04C124213C186F22399D33AC2A30215"), rnd_a);
            let refused = handshake.finish_first(&flipped).err();
            assert_eq!(
                refused,
                Some(DesfireError::NotAuthentic { command: Instruction::AuthenticateEv2First }),
                "{bit}"
            );
        }
    }

    #[test]
    fn an12196_table_25_change_of_another_key() {
        let mut session = Session::for_test(
            key("4CF3CB41A22583A61E89B158D252FC53"),
            key("5529860B2FC5FB6154B7F28361D30BF9"),
            bytes("7614281A"),
            2,
        );
        let new = hex("F3847D627727ED3BC9C4CC050489B966");
        // The old key is all zero: the new one stands for its difference.
        let cryptogram = [&new[..], &[0x01], &cipher::crc32(&[&new])].concat();
        let sent = session.protect(Instruction::ChangeKey, &[0x02], &cryptogram, Mode::Full).unwrap();
        assert_eq!(
            wrap(Instruction::ChangeKey, &sent).unwrap(),
            hex("90C4000029022CF362B7BF4311FF3BE1DAA295E8C68DE09050560D19B9E16C2393AE9CD1FAC75D0CE20BCD1D06E600")
        );
        assert!(session.open(Instruction::ChangeKey, &hex("203BB55D1089D587"), Mode::Full).unwrap().is_empty());
    }

    #[test]
    fn the_counter_ends_and_never_starts_over() {
        let mut session = Session::for_test(AesKey::FACTORY, AesKey::FACTORY, [0; 4], u16::MAX - 1);
        assert!(session.protect(Instruction::ReadData, &[], &[], Mode::Mac).is_ok());
        let refused = session.protect(Instruction::ReadData, &[], &[], Mode::Mac);
        assert_eq!(refused, Err(DesfireError::CounterExhausted));
    }

    /// What a card of the same session answers: the reverse of [`Session::open`], for content of any length.
    fn card_answers(session: &Session, content: &[u8], mode: Mode) -> Vec<u8> {
        let mut sent = content.to_vec();
        if mode == Mode::Full && !sent.is_empty() {
            cipher::pad(&mut sent);
            cipher::encrypt(&session.enciphering, &session.iv([0x5A, 0xA5]), &mut sent);
        }
        let mac = session.mac_over(0x00, &sent);
        [sent, mac.to_vec()].concat()
    }

    fn session_from(enciphering: [u8; 16], mac: [u8; 16], transaction: [u8; 4], counter: u16) -> Session {
        Session::for_test(AesKey::new(enciphering), AesKey::new(mac), transaction, counter)
    }

    fn protected() -> impl Strategy<Value = Mode> {
        prop_oneof![Just(Mode::Mac), Just(Mode::Full)]
    }

    proptest! {
        // Each case tries every bit.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn an_answer_is_taken_once_and_with_no_bit_flipped(
            keys: [[u8; 16]; 2],
            transaction: [u8; 4],
            counter in 0..u16::MAX - 2,
            content in prop::collection::vec(any::<u8>(), 0..80),
            mode in protected(),
        ) {
            let mut session = session_from(keys[0], keys[1], transaction, counter);
            session.protect(Instruction::ReadData, &[0; 7], &[], mode).unwrap();
            let answer = card_answers(&session, &content, mode);
            prop_assert_eq!(&*session.open(Instruction::ReadData, &answer, mode).unwrap(), &content);
            for bit in 0..answer.len() * 8 {
                let mut flipped = answer.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                prop_assert_eq!(session.open(Instruction::ReadData, &flipped, mode).err(), Some(NOT_AUTHENTIC));
            }
            // The same command again has another counter: the old answer does not fit.
            session.protect(Instruction::ReadData, &[0; 7], &[], mode).unwrap();
            prop_assert_eq!(session.open(Instruction::ReadData, &answer, mode).err(), Some(NOT_AUTHENTIC));
        }

        #[test]
        fn no_answer_panics_and_none_that_is_made_up_is_taken(
            answer in prop::collection::vec(any::<u8>(), 0..80),
            mode in protected(),
        ) {
            let mut session = session_from([1; 16], [2; 16], [3; 4], 4);
            session.protect(Instruction::ReadData, &[0; 7], &[], mode).unwrap();
            prop_assert_eq!(session.open(Instruction::ReadData, &answer, mode).err(), Some(NOT_AUTHENTIC));
        }

        #[test]
        fn no_proof_that_is_made_up_is_taken(proof in prop::collection::vec(any::<u8>(), 0..40), rnd: [[u8; 16]; 2]) {
            let answer = || Handshake::answer(&AesKey::FACTORY, rnd[0], rnd[1]).0;
            prop_assert!(answer().finish_first(&proof).is_err());
            prop_assert!(answer().finish_non_first(&session_from([1; 16], [2; 16], [3; 4], 4), &proof).is_err());
        }
    }
}
