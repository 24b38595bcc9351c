//! Secure messaging as the card does it: opens what a reader sent, protects what the card answers.
//!
//! Three ways, by the authentication that came before: EV2, EV1, and that of the first generation. Each keeps its chain or
//! counter here. An error ends the session; the caller drops it then.

use zeroize::Zeroizing;

use super::Status;
use super::content::Mode;
use super::crypto::{Cipher, KEY_BYTES, KeyKind, crc16, crc32, fill, is_same, pad, unpad};

/// Bytes of a MAC in EV2 and EV1 messages; in those of the first generation.
const MAC_BYTES: usize = 8;
const OLD_MAC_BYTES: usize = 4;

/// How a command and its answer are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protection {
    /// A command that administers: MAC both ways in EV2, of the answer in EV1, open before.
    Admin,
    /// Data of a file, or a key, by this mode.
    Data(Mode),
}

/// What was sent after the header, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// What followed the body under the cipher: a second checksum when a key is changed, padding.
    pub(super) rest: Zeroizing<Vec<u8>>,
}

impl Body {
    fn open(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec().into(), rest: Vec::new().into() }
    }
}

/// A session, and which key began it.
pub(super) struct Session {
    pub(super) key_number: u8,
    pub(super) way: Way,
}

pub(super) enum Way {
    Ev2(Ev2),
    Ev1(Ev1),
    /// The session key of the first generation's messages.
    Old(Cipher),
}

pub(super) struct Ev2 {
    pub(super) enc: Cipher,
    pub(super) mac: Cipher,
    pub(super) ti: [u8; 4],
    pub(super) counter: u16,
}

pub(super) struct Ev1 {
    cipher: Cipher,
    iv: Vec<u8>,
}

impl Ev2 {
    pub(super) fn new(keys: &[[u8; KEY_BYTES]; 2], ti: [u8; 4], counter: u16) -> Self {
        let [enc, mac] = keys;
        Self { enc: Cipher::new(KeyKind::Aes, enc), mac: Cipher::new(KeyKind::Aes, mac), ti, counter }
    }

    fn mac(&self, first: u8, bytes: &[u8]) -> Vec<u8> {
        let counter = self.counter.to_le_bytes();
        let mac = self.mac.cmac_alone(&[&[first], &counter[..], &self.ti, bytes].concat());
        mac.into_iter().skip(1).step_by(2).collect()
    }

    fn iv(&self, label: [u8; 2]) -> Vec<u8> {
        let mut iv = [&label[..], &self.ti, &self.counter.to_le_bytes(), &[0; 8]].concat();
        self.enc.encrypt(&mut [0; 16], &mut iv);
        iv
    }

    fn open(
        &self,
        command: u8,
        header: usize,
        length: usize,
        protection: Protection,
        sent: &[u8],
    ) -> Result<Body, Status> {
        if protection == Protection::Data(Mode::Plain) {
            return Ok(Body::open(sent.get(header..).ok_or(Status::LENGTH)?));
        }
        let (message, mac) = sent.split_at_checked(sent.len().wrapping_sub(MAC_BYTES)).ok_or(Status::LENGTH)?;
        let secret = message.get(header..).ok_or(Status::LENGTH)?;
        if !is_same(&self.mac(command, message), mac) {
            return Err(Status::INTEGRITY);
        }
        if protection != Protection::Data(Mode::Full) || secret.is_empty() {
            return Ok(Body::open(secret));
        }
        if !secret.len().is_multiple_of(self.enc.block()) {
            return Err(Status::LENGTH);
        }
        let mut plain = Zeroizing::new(secret.to_vec());
        self.enc.decrypt(&mut self.iv([0xA5, 0x5A]), &mut plain);
        unpad(&mut plain).ok_or(Status::INTEGRITY)?;
        let end = plain.len().min(length);
        let rest = plain.split_off(end);
        Ok(Body { bytes: plain, rest: rest.into() })
    }

    fn close(&mut self, protection: Protection, mut answer: Vec<u8>) -> Option<Vec<u8>> {
        self.counter = self.counter.checked_add(1)?;
        if protection == Protection::Data(Mode::Plain) {
            return Some(answer);
        }
        if protection == Protection::Data(Mode::Full) && !answer.is_empty() {
            pad(&mut answer, self.enc.block());
            self.enc.encrypt(&mut self.iv([0x5A, 0xA5]), &mut answer);
        }
        let mac = self.mac(0x00, &answer);
        Some([answer, mac].concat())
    }
}

impl Ev1 {
    pub(super) fn new(kind: KeyKind, key: &[u8; KEY_BYTES]) -> Self {
        let cipher = Cipher::new(kind, key);
        Self { iv: vec![0; cipher.block()], cipher }
    }

    fn mac(&mut self, parts: &[&[u8]]) -> Vec<u8> {
        self.cipher.cmac(&mut self.iv, &parts.concat());
        self.iv[..MAC_BYTES].to_vec()
    }

    fn open(
        &mut self,
        command: u8,
        header: usize,
        length: usize,
        protection: Protection,
        sent: &[u8],
    ) -> Result<Body, Status> {
        let (head, secret) = sent.split_at_checked(header).ok_or(Status::LENGTH)?;
        match protection {
            Protection::Data(Mode::Full) if length > 0 => {
                let mut plain = Zeroizing::new(secret.to_vec());
                if plain.is_empty() || !plain.len().is_multiple_of(self.cipher.block()) {
                    return Err(Status::LENGTH);
                }
                self.cipher.decrypt(&mut self.iv, &mut plain);
                take_checked(plain, length, 4, |body| crc32(&[&[command], head, body]).to_vec())
            }
            Protection::Data(Mode::Mac) if length > 0 => {
                let (body, mac) = secret.split_at_checked(length).ok_or(Status::LENGTH)?;
                if is_same(&self.mac(&[&[command], head, body]), mac) {
                    Ok(Body::open(body))
                } else {
                    Err(Status::INTEGRITY)
                }
            }
            _ => {
                self.mac(&[&[command], sent]);
                Ok(Body::open(secret))
            }
        }
    }

    fn close(&mut self, protection: Protection, mut answer: Vec<u8>) -> Vec<u8> {
        if protection == Protection::Data(Mode::Full) && !answer.is_empty() {
            answer.extend(crc32(&[&answer, &[0x00]]));
            fill(&mut answer, self.cipher.block());
            self.cipher.encrypt(&mut self.iv, &mut answer);
            return answer;
        }
        let mac = self.mac(&[&answer, &[0x00]]);
        [answer, mac].concat()
    }
}

impl Way {
    /// Opens what was sent after the command: a header that is never enciphered, then a body of `length` bytes.
    pub(super) fn open(
        &mut self,
        command: u8,
        header: usize,
        length: usize,
        protection: Protection,
        sent: &[u8],
    ) -> Result<Body, Status> {
        let cipher = match self {
            Self::Ev2(ev2) => return ev2.open(command, header, length, protection, sent),
            Self::Ev1(ev1) => return ev1.open(command, header, length, protection, sent),
            Self::Old(cipher) => cipher,
        };
        let secret = sent.get(header..).ok_or(Status::LENGTH)?;
        match protection {
            Protection::Data(Mode::Full) if length > 0 => {
                let mut plain = Zeroizing::new(secret.to_vec());
                if plain.is_empty() || !plain.len().is_multiple_of(cipher.block()) {
                    return Err(Status::LENGTH);
                }
                cipher.undo_deciphered(&mut plain);
                take_checked(plain, length, 2, |body| crc16(body).to_vec())
            }
            Protection::Data(Mode::Mac) if length > 0 => {
                let (body, mac) = secret.split_at_checked(length).ok_or(Status::LENGTH)?;
                if is_same(&old_mac(cipher, body), mac) { Ok(Body::open(body)) } else { Err(Status::INTEGRITY) }
            }
            _ => Ok(Body::open(secret)),
        }
    }

    /// Protects an answer; none if the counter is at its end.
    pub(super) fn close(&mut self, protection: Protection, mut answer: Vec<u8>) -> Option<Vec<u8>> {
        match self {
            Self::Ev2(ev2) => ev2.close(protection, answer),
            Self::Ev1(ev1) => Some(ev1.close(protection, answer)),
            Self::Old(_) if answer.is_empty() => Some(answer),
            Self::Old(cipher) => {
                match protection {
                    Protection::Data(Mode::Full) => {
                        answer.extend(crc16(&answer));
                        fill(&mut answer, cipher.block());
                        cipher.encrypt(&mut [0; 8], &mut answer);
                    }
                    Protection::Data(Mode::Mac) => answer.extend(old_mac(cipher, &answer)),
                    _ => {}
                }
                Some(answer)
            }
        }
    }

    /// Bytes after the command, when a header and a body of `length` bytes are sent under `mode`.
    pub(super) fn sent_bytes(&self, header: usize, length: usize, mode: Mode) -> usize {
        let block = |cipher: &Cipher| cipher.block();
        let body = match (self, mode) {
            (_, Mode::Plain) => length,
            (Self::Ev2(_), Mode::Mac) => length + MAC_BYTES,
            (Self::Ev2(ev2), Mode::Full) => (length + 1).next_multiple_of(block(&ev2.enc)) + MAC_BYTES,
            (Self::Ev1(_), Mode::Mac) => length + MAC_BYTES,
            (Self::Ev1(ev1), Mode::Full) => (length + 4).next_multiple_of(block(&ev1.cipher)),
            (Self::Old(_), Mode::Mac) => length + OLD_MAC_BYTES,
            (Self::Old(cipher), Mode::Full) => (length + 2).next_multiple_of(block(cipher)),
        };
        header + body
    }

    /// Whether `rest` is what follows a body when a key is changed: the checksum of that key, if one is due, and padding.
    pub(super) fn is_end(&self, rest: &[u8], key: Option<&[u8]>) -> bool {
        let (sum, block) = match self {
            Self::Ev2(_) => (key.map(|key| crc32(&[key]).to_vec()), 1),
            Self::Ev1(ev1) => (key.map(|key| crc32(&[key]).to_vec()), ev1.cipher.block()),
            Self::Old(cipher) => (key.map(|key| crc16(key).to_vec()), cipher.block()),
        };
        let sum = sum.unwrap_or_default();
        let Some((found, padding)) = rest.split_at_checked(sum.len()) else { return false };
        is_same(found, &sum) && padding.len() < block && padding.iter().all(|byte| *byte == 0)
    }

    /// Whether an answer of so many bytes is given anything that proves it.
    pub(super) fn proves(&self, protection: Protection, answer_bytes: usize) -> bool {
        match self {
            Self::Ev2(_) => protection != Protection::Data(Mode::Plain),
            Self::Ev1(_) => true,
            Self::Old(_) => answer_bytes > 0 && matches!(protection, Protection::Data(Mode::Mac | Mode::Full)),
        }
    }
}

/// Takes a body and its checksum out of what was deciphered.
fn take_checked(
    mut plain: Zeroizing<Vec<u8>>,
    length: usize,
    sum_bytes: usize,
    sum: impl Fn(&[u8]) -> Vec<u8>,
) -> Result<Body, Status> {
    if plain.len() < length + sum_bytes {
        return Err(Status::LENGTH);
    }
    let rest = Zeroizing::new(plain.split_off(length + sum_bytes));
    let found = plain.split_off(length);
    if is_same(&found, &sum(&plain)) { Ok(Body { bytes: plain, rest }) } else { Err(Status::INTEGRITY) }
}

fn old_mac(cipher: &Cipher, body: &[u8]) -> Vec<u8> {
    let (mut mac, mut padded) = ([0; 8], body.to_vec());
    fill(&mut padded, cipher.block());
    cipher.encrypt(&mut mac, &mut padded);
    mac[..OLD_MAC_BYTES].to_vec()
}
