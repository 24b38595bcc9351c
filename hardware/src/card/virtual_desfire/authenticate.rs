//! Authentication, all five ways: the reader is challenged, proves that it knows a key, and is given proof in return.

use zeroize::Zeroizing;

use super::content::Generation;
use super::crypto::{Cipher, KEY_BYTES, KeyKind, des_key, ev1_aes_key, ev2_keys, is_same};
use super::session::{Ev1, Ev2, Session, Way};
use super::{Card, Outcome, Pending, Status, command};

/// Most bytes of capabilities that a reader may tell.
const CAPABILITIES_BYTES: usize = 6;

/// Between the challenge and the proof.
pub(super) struct Handshake {
    scheme: Scheme,
    key_number: u8,
    key: Zeroizing<[u8; KEY_BYTES]>,
    /// As many bytes as the cipher's block has.
    challenge: Vec<u8>,
    /// Where the chain stands, if it goes through the exchange; zeros if each message begins anew.
    iv: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Scheme {
    Old,
    Iso,
    Aes,
    First {
        /// What the reader told of itself, to be repeated.
        capabilities: [u8; CAPABILITIES_BYTES],
    },
    NonFirst {
        ti: [u8; 4],
        counter: u16,
    },
}

impl Scheme {
    fn kind(self) -> KeyKind {
        match self {
            Self::Old | Self::Iso => KeyKind::Des,
            Self::Aes | Self::First { .. } | Self::NonFirst { .. } => KeyKind::Aes,
        }
    }
}

impl Card {
    pub(super) fn challenge(&mut self, instruction: u8, data: &[u8]) -> Outcome {
        let (&key_number, more) = data.split_first().ok_or(Status::LENGTH)?;
        let is_ev2 = matches!(instruction, command::AUTHENTICATE_EV2_FIRST | command::AUTHENTICATE_EV2_NON_FIRST);
        if is_ev2 && self.content.model.generation == Generation::Ev1 {
            return Err(Status::ILLEGAL_COMMAND);
        }
        let scheme = match (instruction, more) {
            (command::AUTHENTICATE_EV2_FIRST, more) => Scheme::First { capabilities: capabilities(more)? },
            (_, [_, ..]) => return Err(Status::LENGTH),
            (command::AUTHENTICATE_OLD, _) => Scheme::Old,
            (command::AUTHENTICATE_ISO, _) => Scheme::Iso,
            (command::AUTHENTICATE_AES, _) => Scheme::Aes,
            _ => match &self.session {
                Some(Session { way: Way::Ev2(ev2), .. }) => Scheme::NonFirst { ti: ev2.ti, counter: ev2.counter },
                _ => return Err(Status::AUTHENTICATION),
            },
        };
        let key = self.content.key(self.selected, key_number).ok_or(Status::NO_SUCH_KEY)?;
        if key.kind != scheme.kind() {
            return Err(Status::AUTHENTICATION);
        }
        let key = Zeroizing::new(key.bytes);
        let cipher = Cipher::new(scheme.kind(), &key);
        let mut challenge = vec![0; cipher.block()];
        (self.random)(&mut challenge);
        let (mut iv, mut answer) = (vec![0; cipher.block()], challenge.clone());
        cipher.encrypt(&mut iv, &mut answer);
        if !matches!(scheme, Scheme::Iso | Scheme::Aes) {
            iv.fill(0);
        }
        self.session = None;
        self.pending = Pending::Proof(Handshake { scheme, key_number, key, challenge, iv });
        Ok((answer, Status::MORE))
    }

    pub(super) fn prove(&mut self, handshake: Handshake, data: &[u8]) -> Outcome {
        let Handshake { scheme, key_number, key, challenge: b, mut iv } = handshake;
        let cipher = Cipher::new(scheme.kind(), &key);
        let size = cipher.block();
        if data.len() != 2 * size {
            return Err(Status::LENGTH);
        }
        let mut proof = data.to_vec();
        match scheme {
            Scheme::Old => cipher.undo_deciphered(&mut proof),
            _ => cipher.decrypt(&mut iv, &mut proof),
        }
        let (a, turned) = proof.split_at(size);
        if !is_same(turned, &rotated(&b)) {
            return Err(Status::AUTHENTICATION);
        }
        if !matches!(scheme, Scheme::Iso | Scheme::Aes) {
            iv.fill(0);
        }
        let mut answer = rotated(a);
        let way = match scheme {
            Scheme::Old => Way::Old(Cipher::new(KeyKind::Des, &des_key(&key, a, &b))),
            Scheme::Iso => Way::Ev1(Ev1::new(KeyKind::Des, &des_key(&key, a, &b))),
            Scheme::Aes => Way::Ev1(Ev1::new(KeyKind::Aes, &ev1_aes_key(a, &b))),
            Scheme::First { capabilities } => {
                let mut ti = [0; 4];
                (self.random)(&mut ti);
                // The card tells nothing of its own capabilities.
                answer = [&ti[..], &answer, &[0; CAPABILITIES_BYTES], &capabilities].concat();
                Way::Ev2(Ev2::new(&ev2_keys(&key, &block(a), &block(&b)), ti, 0))
            }
            Scheme::NonFirst { ti, counter } => Way::Ev2(Ev2::new(&ev2_keys(&key, &block(a), &block(&b)), ti, counter)),
        };
        cipher.encrypt(&mut iv, &mut answer);
        self.session = Some(Session { key_number, way });
        self.was_protected = true;
        Ok((answer, Status::OK))
    }
}

/// Their length, then so many.
fn capabilities(told: &[u8]) -> Result<[u8; CAPABILITIES_BYTES], Status> {
    let mut capabilities = [0; CAPABILITIES_BYTES];
    match told.split_first() {
        Some((length, bytes)) if usize::from(*length) == bytes.len() && bytes.len() <= CAPABILITIES_BYTES => {
            capabilities[..bytes.len()].copy_from_slice(bytes);
            Ok(capabilities)
        }
        _ => Err(Status::LENGTH),
    }
}

fn rotated(bytes: &[u8]) -> Vec<u8> {
    let mut turned = bytes.to_vec();
    turned.rotate_left(1);
    turned
}

/// `bytes` is a block of AES wherever this is called.
fn block(bytes: &[u8]) -> [u8; 16] {
    let mut block = [0; 16];
    block.copy_from_slice(bytes);
    block
}
