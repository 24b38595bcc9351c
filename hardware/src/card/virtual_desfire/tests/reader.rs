//! A small reader, for these tests alone: written for itself, by another library's CMAC where there is one, so that a mistake
//! of the card is not made twice.

use aes::Aes128;
use aes::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _};
use cmac::{Cmac, KeyInit as _, Mac as _};
use des::TdesEde2;

use super::super::{Card, content::Mode};

/// What is left of a command in each frame; below what a frame takes.
const PART_BYTES: usize = 50;

pub(super) type Key = [u8; 16];

#[derive(Clone)]
pub(super) enum Talk {
    Open,
    Ev2 { enc: Key, mac: Key, ti: [u8; 4], counter: u16 },
    Ev1 { key: Key, iv: [u8; 16] },
    Old { key: Key },
}

/// A reader that trusts nothing: it panics where a card proves itself wrongly.
pub(super) struct Reader<'card> {
    pub(super) card: &'card mut Card,
    pub(super) talk: Talk,
}

fn cbc(key: &Key, iv: [u8; 16], bytes: &[u8], encrypt: bool) -> Vec<u8> {
    let cipher = Aes128::new(&(*key).into());
    let mut before = u128::from_be_bytes(iv);
    let mut done = Vec::new();
    for block in bytes.as_chunks::<16>().0 {
        let block = u128::from_be_bytes(*block);
        if encrypt {
            let mut next = (block ^ before).to_be_bytes().into();
            cipher.encrypt_block(&mut next);
            before = u128::from_be_bytes(next.into());
            done.extend(before.to_be_bytes());
        } else {
            let mut next = block.to_be_bytes().into();
            cipher.decrypt_block(&mut next);
            done.extend((u128::from_be_bytes(next.into()) ^ before).to_be_bytes());
            before = block;
        }
    }
    done
}

fn mac(key: &Key, message: &[u8]) -> [u8; 16] {
    let mut mac = Cmac::<Aes128>::new(&(*key).into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// CMAC whose chain goes on.
fn chained_mac(key: &Key, iv: &mut [u8; 16], message: &[u8]) -> [u8; 8] {
    let double = |number: u128| number << 1 ^ if number >> 127 == 1 { 0x87 } else { 0 };
    let zero = u128::from_be_bytes(cbc(key, [0; 16], &[0; 16], true).try_into().unwrap());
    let mut padded = message.to_vec();
    let mut subkey = double(zero);
    if padded.is_empty() || !padded.len().is_multiple_of(16) {
        padded.push(0x80);
        while !padded.len().is_multiple_of(16) {
            padded.push(0);
        }
        subkey = double(subkey);
    }
    let last = padded.last_chunk_mut::<16>().unwrap();
    *last = (u128::from_be_bytes(*last) ^ subkey).to_be_bytes();
    *iv = *cbc(key, *iv, &padded, true).last_chunk().unwrap();
    *iv.first_chunk().unwrap()
}

/// CRC32 without the last inversion, bit by bit from the highest, over mirrored bytes.
fn crc32(bytes: &[u8]) -> [u8; 4] {
    let mut register = u32::MAX;
    for bit in bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1)) {
        let out = register >> 31 ^ u32::from(bit);
        register = register << 1 ^ if out == 1 { 0x04C1_1DB7 } else { 0 };
    }
    register.reverse_bits().to_le_bytes()
}

fn crc16(bytes: &[u8]) -> [u8; 2] {
    let mut register = 0x6363_u16.reverse_bits();
    for bit in bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1)) {
        let out = register >> 15 ^ u16::from(bit);
        register = register << 1 ^ if out == 1 { 0x1021 } else { 0 };
    }
    register.reverse_bits().to_le_bytes()
}

fn des_block(key: &Key, block: u64, encrypt: bool) -> u64 {
    let cipher = TdesEde2::new(&(*key).into());
    let mut block = block.to_be_bytes().into();
    if encrypt {
        cipher.encrypt_block(&mut block)
    } else {
        cipher.decrypt_block(&mut block)
    };
    u64::from_be_bytes(block.into())
}

/// As readers of the first generation send: deciphered, in a chain.
fn old_send(key: &Key, bytes: &[u8]) -> Vec<u8> {
    let mut before = 0;
    let blocks = bytes.as_chunks::<8>().0.iter().flat_map(|block| {
        before = des_block(key, u64::from_be_bytes(*block) ^ before, false);
        before.to_be_bytes()
    });
    blocks.collect()
}

fn old_receive(key: &Key, bytes: &[u8]) -> Vec<u8> {
    let mut before = 0;
    let blocks = bytes.as_chunks::<8>().0.iter().flat_map(|block| {
        let block = u64::from_be_bytes(*block);
        let plain = des_block(key, block, false) ^ before;
        before = block;
        plain.to_be_bytes()
    });
    blocks.collect()
}

fn old_mac(key: &Key, bytes: &[u8]) -> [u8; 4] {
    let mut padded = bytes.to_vec();
    padded.resize(padded.len().next_multiple_of(8), 0);
    let mac =
        padded.as_chunks::<8>().0.iter().fold(0, |mac, block| des_block(key, mac ^ u64::from_be_bytes(*block), true));
    *mac.to_be_bytes().first_chunk().unwrap()
}

fn left(bytes: &[u8]) -> Vec<u8> {
    [&bytes[1..], &bytes[..1]].concat()
}

impl<'card> Reader<'card> {
    pub(super) fn new(card: &'card mut Card) -> Self {
        Self { card, talk: Talk::Open }
    }

    /// One command with all its frames.
    pub(super) fn exchange(&mut self, command: u8, data: &[u8]) -> Result<Vec<u8>, u8> {
        let mut parts = data.chunks(PART_BYTES);
        let mut answer = self.frame(command, parts.next().unwrap_or_default());
        for part in parts {
            match answer {
                Ok((bytes, true)) if bytes.is_empty() => answer = self.frame(0xAF, part),
                other => return other.map(|_| panic!("the card did not wait for more")),
            }
        }
        let mut whole = Vec::new();
        loop {
            let (bytes, is_more) = answer?;
            whole.extend(bytes);
            if !is_more {
                return Ok(whole);
            }
            answer = self.frame(0xAF, &[]);
        }
    }

    fn frame(&mut self, command: u8, data: &[u8]) -> Result<(Vec<u8>, bool), u8> {
        let mut answer = super::send(self.card, &[&[command], data].concat());
        assert!(answer.len() <= 61, "a frame of 64 bytes");
        let status = answer.split_off(answer.len() - 2);
        assert_eq!(status[0], 0x91);
        match status[1] {
            0x00 => Ok((answer, false)),
            0xAF => Ok((answer, true)),
            other => Err(other),
        }
    }

    fn two_steps(&mut self, command: u8, data: &[u8], prove: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Result<Vec<u8>, u8> {
        self.talk = Talk::Open;
        let (challenge, is_more) = self.frame(command, data)?;
        assert!(is_more);
        let proof = prove(challenge);
        self.frame(0xAF, &proof).map(|(answer, _)| answer)
    }

    fn ev2(&mut self, command: u8, data: &[u8], key: &Key) -> Result<(Vec<u8>, Key, Key), u8> {
        let a: Key = std::array::from_fn(|index| index as u8 * 7 + 1);
        let mut b = Vec::new();
        let answer = self.two_steps(command, data, |challenge| {
            b = cbc(key, [0; 16], &challenge, false);
            cbc(key, [0; 16], &[&a[..], &left(&b)].concat(), true)
        })?;
        let plain = cbc(key, [0; 16], &answer, false);
        let middle: Vec<u8> = (0..6).map(|index| a[2 + index] ^ b[index]).collect();
        let derive =
            |label: [u8; 2]| mac(key, &[&label[..], &[0, 1, 0, 0x80], &a[..2], &middle, &b[6..], &a[8..]].concat());
        let turned = if plain.len() == 32 { &plain[4..20] } else { &plain[..] };
        assert_eq!(turned, left(&a), "the card proves that it knows the key");
        Ok((plain, derive([0xA5, 0x5A]), derive([0x5A, 0xA5])))
    }

    pub(super) fn first(&mut self, number: u8, key: &Key) -> Result<(), u8> {
        let (plain, enc, mac) = self.ev2(0x71, &[number, 2, 0xAB, 0xCD], key)?;
        assert_eq!(plain[20..], [0, 0, 0, 0, 0, 0, 0xAB, 0xCD, 0, 0, 0, 0]);
        self.talk = Talk::Ev2 { enc, mac, ti: *plain.first_chunk().unwrap(), counter: 0 };
        Ok(())
    }

    pub(super) fn non_first(&mut self, number: u8, key: &Key) -> Result<(), u8> {
        let kept = self.talk.clone();
        let (_, enc, mac) = self.ev2(0x77, &[number], key)?;
        let Talk::Ev2 { ti, counter, .. } = kept else { panic!("a session before") };
        self.talk = Talk::Ev2 { enc, mac, ti, counter };
        Ok(())
    }

    pub(super) fn aes(&mut self, number: u8, key: &Key) -> Result<(), u8> {
        let a: Key = std::array::from_fn(|index| index as u8 * 3 + 5);
        let (mut b, mut iv) = (Vec::new(), [0; 16]);
        let answer = self.two_steps(0xAA, &[number], |challenge| {
            b = cbc(key, [0; 16], &challenge, false);
            let proof = cbc(key, *challenge.first_chunk().unwrap(), &[&a[..], &left(&b)].concat(), true);
            iv = *proof.last_chunk().unwrap();
            proof
        })?;
        assert_eq!(cbc(key, iv, &answer, false), left(&a));
        let key = [&a[..4], &b[..4], &a[12..], &b[12..]].concat().try_into().unwrap();
        self.talk = Talk::Ev1 { key, iv: [0; 16] };
        Ok(())
    }

    pub(super) fn old(&mut self, number: u8, key: &Key) -> Result<(), u8> {
        let a = *b"reader's";
        let mut b = Vec::new();
        let answer = self.two_steps(0x0A, &[number], |challenge| {
            b = old_receive(key, &challenge);
            old_send(key, &[&a[..], &left(&b)].concat())
        })?;
        assert_eq!(old_receive(key, &answer), left(&a));
        let (one, two) = ([&a[..4], &b[..4]].concat(), [&a[4..], &b[4..]].concat());
        let halves = if key[..8] == key[8..] { [&one[..], &one] } else { [&one[..], &two] };
        self.talk = Talk::Old { key: halves.concat().try_into().unwrap() };
        Ok(())
    }

    /// A command that administers.
    pub(super) fn admin(&mut self, command: u8, data: &[u8]) -> Result<Vec<u8>, u8> {
        match self.talk {
            Talk::Ev2 { .. } => self.data(command, data, &[], Mode::Mac),
            _ => self.data(command, data, &[], Mode::Plain),
        }
    }

    /// A command with header and body under a mode, or one that reads if the body is empty.
    pub(super) fn data(&mut self, command: u8, header: &[u8], body: &[u8], mode: Mode) -> Result<Vec<u8>, u8> {
        self.send(command, header, body, mode, &[])
    }

    fn send(&mut self, command: u8, header: &[u8], body: &[u8], mode: Mode, more: &[u8]) -> Result<Vec<u8>, u8> {
        let open = [header, body].concat();
        match self.talk.clone() {
            Talk::Open => self.exchange(command, &open),
            Talk::Ev2 { enc, mac: key, ti, counter } => {
                let block = |label: [u8; 2], counter: u16| {
                    let block = [&label[..], &ti, &counter.to_le_bytes(), &[0; 8]].concat();
                    let iv: [u8; 16] = cbc(&enc, [0; 16], &block, true).try_into().unwrap();
                    iv
                };
                let tag = |first: u8, counter: u16, bytes: &[u8]| -> Vec<u8> {
                    let mac = mac(&key, &[&[first], &counter.to_le_bytes()[..], &ti, bytes].concat());
                    (0..8).map(|index| mac[2 * index + 1]).collect()
                };
                let mut sent = open;
                if mode == Mode::Full && !body.is_empty() {
                    let mut padded = [body, more, &[0x80]].concat();
                    padded.resize(padded.len().next_multiple_of(16), 0);
                    sent = [header, &cbc(&enc, block([0xA5, 0x5A], counter), &padded, true)].concat();
                }
                if mode != Mode::Plain {
                    sent.extend(tag(command, counter, &sent.clone()));
                }
                let answer = self.exchange(command, &sent)?;
                self.talk = Talk::Ev2 { enc, mac: key, ti, counter: counter + 1 };
                if mode == Mode::Plain {
                    return Ok(answer);
                }
                if answer.is_empty() && command == 0xC4 {
                    self.talk = Talk::Open;
                    return Ok(answer);
                }
                let (data, found) = answer.split_at(answer.len() - 8);
                assert_eq!(found, tag(0, counter + 1, data), "MAC of the answer to {command:02X}");
                if mode != Mode::Full && command != 0x51 || data.is_empty() {
                    return Ok(data.to_vec());
                }
                let mut plain = cbc(&enc, block([0x5A, 0xA5], counter + 1), data, false);
                while plain.pop() == Some(0) {}
                Ok(plain)
            }
            Talk::Ev1 { key, mut iv } => {
                let whole = [&[command], &open[..]].concat();
                let mut sent = open;
                if mode == Mode::Full && !body.is_empty() {
                    let mut plain = [body, &crc32(&whole), more].concat();
                    plain.resize(plain.len().next_multiple_of(16), 0);
                    let secret = cbc(&key, iv, &plain, true);
                    iv = *secret.last_chunk().unwrap();
                    sent = [header, &secret].concat();
                } else {
                    let mac = chained_mac(&key, &mut iv, &whole);
                    if mode == Mode::Mac && !body.is_empty() {
                        sent.extend(mac);
                    }
                }
                let answer = self.exchange(command, &sent)?;
                if answer.is_empty() && command == 0xC4 {
                    self.talk = Talk::Open;
                    return Ok(answer);
                }
                let read = if (mode == Mode::Full && body.is_empty()) || command == 0x51 {
                    let plain = cbc(&key, iv, &answer, false);
                    iv = *answer.last_chunk().unwrap();
                    let end = (0..=plain.len() - 4).rev().find(|end| {
                        let is_sum = plain[*end..*end + 4] == crc32(&[&plain[..*end], &[0]].concat());
                        is_sum && plain[*end + 4..].iter().all(|byte| *byte == 0)
                    });
                    plain[..end.expect("a checksum")].to_vec()
                } else {
                    let (data, found) = answer.split_at(answer.len() - 8);
                    assert_eq!(found, chained_mac(&key, &mut iv, &[data, &[0]].concat()), "after {command:02X}");
                    data.to_vec()
                };
                self.talk = Talk::Ev1 { key, iv };
                Ok(read)
            }
            Talk::Old { key } => {
                let is_written = !body.is_empty();
                let sent = match mode {
                    Mode::Full if is_written => {
                        let mut plain = [body, &crc16(body), more].concat();
                        plain.resize(plain.len().next_multiple_of(8), 0);
                        [header, &old_send(&key, &plain)].concat()
                    }
                    Mode::Mac if is_written => [&open[..], &old_mac(&key, body)].concat(),
                    _ => open,
                };
                let answer = self.exchange(command, &sent)?;
                match mode {
                    Mode::Full if !is_written => {
                        let plain = old_receive(&key, &answer);
                        // From the front: data followed by its own checksum has the checksum zero.
                        let end = (0..=plain.len() - 2).find(|end| {
                            plain[*end..*end + 2] == crc16(&plain[..*end])
                                && plain[*end + 2..].iter().all(|byte| *byte == 0)
                        });
                        Ok(plain[..end.expect("a checksum")].to_vec())
                    }
                    Mode::Mac if !is_written => {
                        let (data, found) = answer.split_at(answer.len() - 4);
                        assert_eq!(found, old_mac(&key, data));
                        Ok(data.to_vec())
                    }
                    _ => Ok(answer),
                }
            }
        }
    }

    pub(super) fn select(&mut self, id: u32) -> Result<Vec<u8>, u8> {
        self.talk = Talk::Open;
        self.exchange(0x5A, &id.to_le_bytes()[..3])
    }

    /// Sets a key for AES: one's own, or another of which `old` is known.
    pub(super) fn set_key(&mut self, number: u8, old: Option<&Key>, new: &Key, version: u8) -> Result<(), u8> {
        let body: Vec<u8> = new.iter().zip(old.unwrap_or(&[0; 16])).map(|(new, old)| new ^ old).collect();
        let more = match (old, &self.talk) {
            (None, _) => Vec::new(),
            (_, Talk::Old { .. }) => crc16(new).to_vec(),
            _ => crc32(new).to_vec(),
        };
        self.send(0xC4, &[number], &[&body[..], &[version]].concat(), Mode::Full, &more).map(drop)
    }

    pub(super) fn create_application(&mut self, id: u32, settings: u8, second: u8) -> Result<(), u8> {
        self.admin(0xCA, &[&id.to_le_bytes()[..3], &[settings, second]].concat()).map(drop)
    }

    pub(super) fn create_file(&mut self, number: u8, mode: u8, access: u16, size: u32) -> Result<(), u8> {
        let data = [&[number, mode], &access.to_le_bytes()[..], &size.to_le_bytes()[..3]].concat();
        self.admin(0xCD, &data).map(drop)
    }

    pub(super) fn read(&mut self, number: u8, offset: u32, length: u32, mode: Mode) -> Result<Vec<u8>, u8> {
        self.data(0xAD, &header(number, offset, length), &[], mode)
    }

    pub(super) fn write(&mut self, number: u8, offset: u32, data: &[u8], mode: Mode) -> Result<(), u8> {
        self.data(0x8D, &header(number, offset, data.len() as u32), data, mode).map(drop)
    }
}

fn header(number: u8, offset: u32, length: u32) -> Vec<u8> {
    [&[number], &offset.to_le_bytes()[..3], &length.to_le_bytes()[..3]].concat()
}
