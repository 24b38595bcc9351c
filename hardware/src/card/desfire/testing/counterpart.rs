//! A counterpart for the operations: as much of a card as they meet, from the hardware facts. It shares the primitives with
//! the reader's side and nothing above them. It is there for interruptions: what it has stored outlives them, what it only
//! had in mind does not.

use std::collections::BTreeMap;

use cbc::cipher::{BlockCipherEncrypt as _, KeyInit as _};

use super::super::cipher;
use super::super::data::FileSettings;
use super::super::key::AesKey;
use super::super::status::Instruction;

type Refused = u8;
type Outcome = Result<Vec<u8>, Refused>;

const PERMISSION: Refused = 0x9D;
const AUTHENTICATION: Refused = 0xAE;
const INTEGRITY: Refused = 0x1E;
const LENGTH: Refused = 0x7E;
const NO_APPLICATION: Refused = 0xA0;
const NO_FILE: Refused = 0xF0;
const BOUNDARY: Refused = 0xBE;
const ILLEGAL: Refused = 0x1C;
/// What a file takes beside its content: nobody says how much, so nobody may count on it.
const FILE_BYTES: u32 = 32;
/// Most data of one part of an answer.
const PART_BYTES: usize = 59;

#[derive(Clone)]
pub(in super::super) struct Counterpart {
    pub(in super::super) uid: [u8; 7],
    /// Hardware version: 01, 12, 33.
    pub(in super::super) major: u8,
    pub(in super::super) free_bytes: u32,
    pub(in super::super) card_key: CardKey,
    pub(in super::super) settings: u8,
    pub(in super::super) applications: BTreeMap<[u8; 3], Application>,
    /// The next write stores its first half only.
    pub(in super::super) is_write_torn: bool,
    selected: [u8; 3],
    begun: Option<Begun>,
    session: Session,
    answer: Vec<u8>,
    sent: (u8, Vec<u8>),
    randoms: u8,
}

#[derive(Clone, PartialEq, Debug)]
pub(in super::super) enum CardKey {
    Des,
    Aes(AesKey, u8),
}

#[derive(Clone)]
pub(in super::super) struct Application {
    settings: u8,
    pub(in super::super) keys: Vec<(AesKey, u8)>,
    pub(in super::super) files: BTreeMap<u8, (FileSettings, Vec<u8>)>,
}

#[derive(Clone)]
struct Begun {
    command: u8,
    number: u8,
    key: AesKey,
    rnd_b: [u8; 16],
    iv: [u8; 16],
}

#[derive(Clone)]
enum Session {
    None,
    D40([u8; 16]),
    Ev1 { number: u8, key: AesKey, iv: [u8; 16] },
    Ev2 { number: u8, enciphering: AesKey, mac: AesKey, transaction: [u8; 4], counter: u16 },
}

impl Counterpart {
    pub(in super::super) fn from_factory(major: u8) -> Self {
        Self {
            uid: [0x04, 0x78, 0x2E, 0x21, 0x80, 0x1D, 0x80],
            major,
            free_bytes: 4864,
            card_key: CardKey::Des,
            settings: 0x0F,
            applications: BTreeMap::new(),
            is_write_torn: false,
            selected: [0; 3],
            begun: None,
            session: Session::None,
            answer: Vec::new(),
            sent: (0, Vec::new()),
            randoms: 0,
        }
    }

    /// Out of the field and in again.
    pub(in super::super) fn power_cycle(&mut self) {
        self.selected = [0; 3];
        self.session = Session::None;
        self.begun = None;
        self.answer.clear();
        self.sent = (0, Vec::new());
    }

    pub(in super::super) fn hear(&mut self, apdu: &[u8]) -> Vec<u8> {
        let outcome = match apdu {
            [0x90, command, 0, 0, 0] => self.take(*command, &[]),
            [0x90, command, 0, 0, length, data @ .., 0] if usize::from(*length) == data.len() => {
                self.take(*command, data)
            }
            _ => return vec![0x67, 0x00],
        };
        match outcome {
            Ok((mut data, is_more)) => {
                data.extend([0x91, if is_more { 0xAF } else { 0x00 }]);
                data
            }
            Err(status) => {
                self.session = Session::None;
                vec![0x91, status]
            }
        }
    }

    fn take(&mut self, command: u8, data: &[u8]) -> Result<(Vec<u8>, bool), Refused> {
        if command == 0xAF {
            if let Some(begun) = self.begun.take() {
                return Ok((self.finish_authentication(&begun, data)?, false));
            }
            if !self.answer.is_empty() {
                return Ok(self.next_part());
            }
            self.sent.1.extend_from_slice(data);
        } else {
            (self.begun, self.sent) = (None, (command, data.to_vec()));
            if matches!(command, 0x0A | 0xAA | 0x71 | 0x77) {
                return Ok((self.begin_authentication(command, data)?, true));
            }
        }
        let (command, data) = self.sent.clone();
        if command == Instruction::WriteDataEv1.code() && !self.is_write_whole(&data) {
            return Ok((Vec::new(), true));
        }
        self.answer = self.carry_out(command, &data)?;
        Ok(self.next_part())
    }

    fn next_part(&mut self) -> (Vec<u8>, bool) {
        let part: Vec<u8> = self.answer.drain(..self.answer.len().min(PART_BYTES)).collect();
        (part, !self.answer.is_empty())
    }

    /// Enciphered by EV1: content, checksum, zeros.
    fn is_write_whole(&self, data: &[u8]) -> bool {
        data.len() >= 7 + (usize::from(data[4]) + 4).next_multiple_of(16)
    }

    fn begin_authentication(&mut self, command: u8, data: &[u8]) -> Outcome {
        let number = *data.first().ok_or(LENGTH)?;
        self.randoms += 1;
        let rnd_b = cipher::cmac(&AesKey::new([0x5B; 16]), &[&[self.randoms]]);
        if command == 0x0A {
            if self.selected != [0; 3] || self.card_key != CardKey::Des {
                return Err(AUTHENTICATION);
            }
            self.session = Session::None;
            self.begun = Some(Begun { command, number, key: AesKey::FACTORY, rnd_b, iv: [0; 16] });
            let mut sent = rnd_b[..8].to_vec();
            des_encrypt(&[0; 16], &mut sent);
            return Ok(sent);
        }
        if self.major == 0x01 && command != 0xAA {
            return Err(ILLEGAL);
        }
        let key = if self.selected == [0; 3] {
            match &self.card_key {
                CardKey::Aes(key, _) if number == 0 => key.clone(),
                _ => return Err(AUTHENTICATION),
            }
        } else {
            self.application()?.keys.get(usize::from(number)).ok_or(0x40)?.0.clone()
        };
        let mut sent = rnd_b;
        cipher::encrypt(&key, &[0; 16], &mut sent);
        self.begun = Some(Begun { command, number, key, rnd_b, iv: sent });
        Ok(sent.to_vec())
    }

    fn finish_authentication(&mut self, begun: &Begun, token: &[u8]) -> Outcome {
        let mut token = token.to_vec();
        let rnd_b = begun.rnd_b;
        if begun.command == 0x0A {
            des_decrypt_sent(&[0; 16], &mut token);
            if token.len() != 16 || token[8..15] != rnd_b[1..8] || token[15] != rnd_b[0] {
                return Err(AUTHENTICATION);
            }
            let half = [&token[..4], &rnd_b[..4]].concat();
            self.session = Session::D40([&half[..], &half].concat().try_into().unwrap());
            let mut proof = [&token[1..8], &token[..1]].concat();
            des_encrypt(&[0; 16], &mut proof);
            return Ok(proof);
        }
        let last: [u8; 16] = *token.last_chunk().ok_or(LENGTH)?;
        let iv = if begun.command == 0xAA { begun.iv } else { [0; 16] };
        cipher::decrypt(&begun.key, &iv, &mut token);
        if token.len() != 32 || token[16..31] != rnd_b[1..] || token[31] != rnd_b[0] {
            return Err(AUTHENTICATION);
        }
        let a = &token[..16];
        let turned = [&a[1..], &a[..1]].concat();
        if begun.command == 0xAA {
            let key = [&a[..4], &rnd_b[..4], &a[12..], &rnd_b[12..]].concat().try_into().unwrap();
            self.session = Session::Ev1 { number: begun.number, key: AesKey::new(key), iv: [0; 16] };
            let mut proof = turned;
            cipher::encrypt(&begun.key, &last, &mut proof);
            return Ok(proof);
        }
        let (transaction, counter) = match self.session {
            Session::Ev2 { transaction, counter, .. } if begun.command == 0x77 => (transaction, counter),
            _ if begun.command == 0x77 => return Err(PERMISSION),
            _ => ([0xC4, self.randoms, 0x11, 0x7F], 0),
        };
        let middle: Vec<u8> = a[2..8].iter().zip(&rnd_b[..6]).map(|(a, b)| a ^ b).collect();
        let derive = |first, second| {
            let vector = [&[first, second, 0, 1, 0, 0x80], &a[..2], &middle, &rnd_b[6..], &a[8..]].concat();
            AesKey::new(cipher::cmac(&begun.key, &[&vector]))
        };
        let (enciphering, mac) = (derive(0xA5, 0x5A), derive(0x5A, 0xA5));
        self.session = Session::Ev2 { number: begun.number, enciphering, mac, transaction, counter };
        let mut proof = if begun.command == 0x71 { [&transaction[..], &turned, &[0; 12]].concat() } else { turned };
        cipher::encrypt(&begun.key, &[0; 16], &mut proof);
        Ok(proof)
    }

    fn carry_out(&mut self, command: u8, data: &[u8]) -> Outcome {
        if command == 0x5A {
            let wanted: [u8; 3] = data.try_into().map_err(|_| LENGTH)?;
            if wanted != [0; 3] && !self.applications.contains_key(&wanted) {
                return Err(NO_APPLICATION);
            }
            (self.selected, self.session) = (wanted, Session::None);
            return Ok(Vec::new());
        }
        // How much of the command is header; what follows is enciphered.
        let enciphered_from = match command {
            0xC4 => Some(1),
            0x54 => Some(0),
            0x8D | 0x3D => Some(7),
            _ => None,
        };
        let data = self.open(command, data, enciphered_from)?;
        let is_own_key = command == 0xC4 && self.number() == Some(data[0] & 0x0F);
        let answer = self.act(command, &data)?;
        if is_own_key {
            self.session = Session::None;
            return Ok(Vec::new());
        }
        Ok(self.protect(&answer, matches!(command, 0xAD | 0xBD)))
    }

    fn number(&self) -> Option<u8> {
        match self.session {
            Session::None => None,
            Session::D40(_) => Some(0),
            Session::Ev1 { number, .. } | Session::Ev2 { number, .. } => Some(number),
        }
    }

    fn act(&mut self, command: u8, data: &[u8]) -> Outcome {
        let is_master = self.number() == Some(0);
        let is_card = self.selected == [0; 3];
        let need = |is_allowed| if is_allowed { Ok(()) } else { Err(PERMISSION) };
        match command {
            0x60 => {
                let head = [0x04, 0x01, 0x01, self.major, 0x00, 0x18, 0x05];
                Ok([&head[..], &head, &self.uid, &[0xBA, 0x45, 0x19, 0xE3, 0x20, 0x49, 0x13]].concat())
            }
            0x6A => {
                need(is_card && (is_master || self.settings & 2 != 0))?;
                Ok(self.applications.keys().copied().flatten().collect())
            }
            0x6E => Ok(self.free_bytes.to_le_bytes()[..3].to_vec()),
            0x64 if is_card => Ok(vec![if let CardKey::Aes(_, version) = self.card_key { version } else { 0 }]),
            0x64 => Ok(vec![self.application()?.keys.get(usize::from(data[0])).ok_or(0x40)?.1]),
            0x45 if is_card => Ok(vec![self.settings, if self.card_key == CardKey::Des { 0x01 } else { 0x81 }]),
            0x45 => {
                let application = self.application()?;
                Ok(vec![application.settings, 0x80 | u8::try_from(application.keys.len()).unwrap()])
            }
            0x54 => {
                need(is_card && is_master)?;
                self.settings = data[0];
                Ok(Vec::new())
            }
            0xCA => {
                need(is_card && (is_master || self.settings & 4 != 0))?;
                let id: [u8; 3] = data[..3].try_into().unwrap();
                if self.applications.contains_key(&id) {
                    return Err(0xDE);
                }
                let keys = vec![(AesKey::FACTORY, 0); usize::from(data[4] & 0x0F)];
                self.applications.insert(id, Application { settings: data[3], keys, files: BTreeMap::new() });
                Ok(Vec::new())
            }
            0xDA => {
                need(is_card && is_master)?;
                let id: [u8; 3] = data.try_into().map_err(|_| LENGTH)?;
                self.applications.remove(&id).ok_or(NO_APPLICATION)?;
                Ok(Vec::new())
            }
            0xFC => {
                need(is_card && is_master)?;
                self.applications.clear();
                self.free_bytes = 4864;
                Ok(Vec::new())
            }
            0xC4 => self.change_key(data[0], &data[1..]),
            0xCD => {
                need(is_master)?;
                let settings = FileSettings::parse(&[&[0], &data[1..]].concat()).map_err(|_| 0x9E)?;
                let taken = settings.size_bytes.next_multiple_of(32) + FILE_BYTES;
                self.free_bytes = self.free_bytes.checked_sub(taken).ok_or(0x0E)?;
                let content = vec![0; usize::try_from(settings.size_bytes).unwrap()];
                self.application()?.files.insert(data[0], (settings, content));
                Ok(Vec::new())
            }
            0xF5 => {
                need(is_master)?;
                let (settings, _) = self.application()?.files.get(&data[0]).ok_or(NO_FILE)?;
                Ok([&[0], &settings.to_bytes()[..]].concat())
            }
            0xAD | 0xBD => {
                let range = range(data);
                let number = self.number();
                let (settings, content) = self.application()?.files.get(&data[0]).ok_or(NO_FILE)?;
                need(number == Some(settings.rights.read) || number == Some(settings.rights.read_write))?;
                content.get(range).map(<[u8]>::to_vec).ok_or(BOUNDARY)
            }
            0x8D | 0x3D => {
                let range = range(data);
                let (number, is_torn) = (self.number(), std::mem::take(&mut self.is_write_torn));
                let (settings, content) = self.application()?.files.get_mut(&data[0]).ok_or(NO_FILE)?;
                need(number == Some(settings.rights.write))?;
                let target = content.get_mut(range).ok_or(BOUNDARY)?;
                let stored = if is_torn { target.len() / 2 } else { target.len() };
                target[..stored].copy_from_slice(&data[7..7 + stored]);
                Ok(Vec::new())
            }
            _ => Err(ILLEGAL),
        }
    }

    fn application(&mut self) -> Result<&mut Application, Refused> {
        self.applications.get_mut(&self.selected).ok_or(PERMISSION)
    }

    /// `data` is as the session's kind arranges it, its checksums already held against it but that of the new key.
    fn change_key(&mut self, number: u8, data: &[u8]) -> Outcome {
        if self.number() != Some(0) {
            return Err(PERMISSION);
        }
        let mut key: [u8; 16] = *data.first_chunk().ok_or(LENGTH)?;
        if self.selected == [0; 3] {
            self.card_key = match (number & 0x80 != 0, data.get(16)) {
                (true, Some(version)) => CardKey::Aes(AesKey::new(key), *version),
                (false, _) if key == [0; 16] => CardKey::Des,
                _ => return Err(0x9E),
            };
            return Ok(Vec::new());
        }
        let version = *data.get(16).ok_or(LENGTH)?;
        let slot = self.application()?.keys.get_mut(usize::from(number)).ok_or(0x40)?;
        if number != 0 {
            cipher::xor(&mut key, slot.0.as_bytes());
            if data[17..21] != cipher::crc32(&[&key]) {
                return Err(INTEGRITY);
            }
        }
        *slot = (AesKey::new(key), version);
        Ok(Vec::new())
    }

    /// Takes the session's protection off a command.
    fn open(&mut self, command: u8, data: &[u8], enciphered_from: Option<usize>) -> Outcome {
        match &mut self.session {
            Session::None if enciphered_from.is_some() => Err(AUTHENTICATION),
            Session::None => Ok(data.to_vec()),
            Session::D40(key) => {
                let Some(from) = enciphered_from else { return Ok(data.to_vec()) };
                let mut opened = data.to_vec();
                des_decrypt_sent(key, &mut opened[from..]);
                let content = if command == 0x54 { 1 } else { 17 };
                let (content, checksum) = opened[from..].split_at(content);
                if checksum[..2] != cipher::crc16(content) {
                    return Err(INTEGRITY);
                }
                Ok([&data[..from], content].concat())
            }
            Session::Ev1 { key, iv, .. } => {
                let Some(from) = enciphered_from else {
                    cipher::cmac_chained(key, iv, &[&[command], data].concat());
                    return Ok(data.to_vec());
                };
                let mut opened = data.to_vec();
                cipher::decrypt(key, iv, &mut opened[from..]);
                *iv = *data.last_chunk().ok_or(LENGTH)?;
                let content = match command {
                    0x54 => 1,
                    0xC4 => 17,
                    _ => usize::from(data[4]),
                };
                let (covered, rest) = opened.split_at(from + content);
                if rest[..4] != cipher::crc32(&[&[command], covered]) {
                    return Err(INTEGRITY);
                }
                Ok([covered, &rest[4..]].concat())
            }
            Session::Ev2 { enciphering, mac, transaction, counter, .. } => {
                let (sent, received) = data.split_last_chunk::<8>().ok_or(INTEGRITY)?;
                let whole = cipher::cmac(mac, &[&[command], &counter.to_le_bytes(), transaction, sent]);
                if whole.chunks(2).map(|pair| pair[1]).ne(received.iter().copied()) {
                    return Err(INTEGRITY);
                }
                let mut opened = sent.to_vec();
                if let Some(from) = enciphered_from {
                    let iv = iv(enciphering, [0xA5, 0x5A], *transaction, *counter);
                    cipher::decrypt(enciphering, &iv, &mut opened[from..]);
                    cipher::unpad(&mut opened).map_err(|()| INTEGRITY)?;
                }
                *counter += 1;
                Ok(opened)
            }
        }
    }

    /// Puts it on an answer.
    fn protect(&mut self, answer: &[u8], is_enciphered: bool) -> Vec<u8> {
        let mut sent = answer.to_vec();
        match &mut self.session {
            Session::None | Session::D40(_) => {}
            Session::Ev1 { key, iv, .. } if is_enciphered => {
                sent.extend(cipher::crc32(&[answer, &[0]]));
                cipher::pad_with_zeros(&mut sent, 16);
                cipher::encrypt(key, iv, &mut sent);
                *iv = *sent.last_chunk().unwrap();
            }
            Session::Ev1 { key, iv, .. } => {
                cipher::cmac_chained(key, iv, &[answer, &[0]].concat());
                sent.extend_from_slice(&iv[..8]);
            }
            Session::Ev2 { enciphering, mac, transaction, counter, .. } => {
                if is_enciphered {
                    cipher::pad(&mut sent);
                    let iv = iv(enciphering, [0x5A, 0xA5], *transaction, *counter);
                    cipher::encrypt(enciphering, &iv, &mut sent);
                }
                let whole = cipher::cmac(mac, &[&[0], &counter.to_le_bytes(), transaction, &sent]);
                sent.extend(whole.chunks(2).map(|pair| pair[1]));
            }
        }
        sent
    }
}

fn range(data: &[u8]) -> std::ops::Range<usize> {
    let three = |at: usize| usize::from(data[at]) | usize::from(data[at + 1]) << 8 | usize::from(data[at + 2]) << 16;
    three(1)..three(1) + three(4)
}

fn iv(key: &AesKey, label: [u8; 2], transaction: [u8; 4], counter: u16) -> [u8; 16] {
    let mut iv: [u8; 16] = [&label[..], &transaction, &counter.to_le_bytes(), &[0; 8]].concat().try_into().unwrap();
    cipher::encrypt(key, &[0; 16], &mut iv);
    iv
}

fn des_encrypt(key: &[u8; 16], data: &mut [u8]) {
    let des = des::TdesEde2::new(key.into());
    for block in data.as_chunks_mut::<8>().0 {
        des.encrypt_block(block.into());
    }
}

/// What a reader sent by decrypting, a card reads by encrypting.
fn des_decrypt_sent(key: &[u8; 16], data: &mut [u8]) {
    let mut before = [0; 8];
    for block in data.as_chunks_mut::<8>().0 {
        let received = *block;
        des_encrypt(key, block);
        cipher::xor(block, &before);
        before = received;
    }
}
