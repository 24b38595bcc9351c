//! Which secure messaging protects a conversation right now, if any, and what it does to one command and its answer.

use zeroize::Zeroizing;

use super::frame::malformed;
use super::key::AesKey;
use super::status::{DesfireError, Instruction, Malformation};
use super::{cipher, d40, ev1, ev2};

/// How one command and its answer travel once somebody is authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Plain,
    Mac,
    Full,
}

/// The secure messaging that a card was spoken to with. Whoever stores what came of it keeps this beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Messaging {
    /// That of EV2 and EV3.
    Ev2,
    /// The older one, since the card knows no better: a fallback that a site allows or not.
    Ev1Fallback,
}

/// State of a conversation's protection.
pub(super) enum Channel {
    /// Nobody is authenticated.
    Open,
    /// By the factory's DES key.
    D40(d40::Session),
    Ev1(ev1::Session),
    Ev2(ev2::Session),
}

/// A key that another is changed to, and what else the card must be told for it.
pub(super) struct NewKey<'a> {
    /// Number of the key, with the kind of key in its upper bits where the card's own is changed.
    pub(super) number: u8,
    pub(super) key: &'a AesKey,
    /// None where it becomes a DES key, whose version lies in its parity bits.
    pub(super) version: Option<u8>,
    /// The key that it replaces, if it is another than the one that authenticated.
    pub(super) replaced: Option<&'a AesKey>,
}

impl Channel {
    pub(super) fn protect(
        &mut self,
        command: Instruction,
        header: &[u8],
        data: &[u8],
        mode: Mode,
    ) -> Result<Vec<u8>, DesfireError> {
        match self {
            // What would have to be enciphered never leaves without.
            Self::Open if mode == Mode::Full => Err(DesfireError::Unsendable { command }),
            Self::D40(session) if mode == Mode::Full && !data.is_empty() => Ok(session.encipher(header, data)),
            Self::D40(_) if mode == Mode::Full => Err(DesfireError::Unsendable { command }),
            Self::Open | Self::D40(_) => Ok([header, data].concat()),
            Self::Ev1(session) => Ok(session.protect(command, header, data, mode)),
            Self::Ev2(session) => session.protect(command, header, data, mode),
        }
    }

    /// Takes an answer of `data_bytes` bytes, or of any length where that is `None`.
    pub(super) fn open(
        &mut self,
        command: Instruction,
        answer: &[u8],
        mode: Mode,
        data_bytes: Option<usize>,
    ) -> Result<Zeroizing<Vec<u8>>, DesfireError> {
        let data = match self {
            Self::Open | Self::D40(_) => Zeroizing::new(answer.to_vec()),
            Self::Ev1(session) => session.open(command, answer, mode, data_bytes.unwrap_or(0))?,
            Self::Ev2(session) => session.open(command, answer, mode)?,
        };
        match data_bytes {
            Some(expected) if expected != data.len() => {
                Err(malformed(command, Malformation::Length { expected, got: data.len() }))
            }
            _ => Ok(data),
        }
    }

    /// Makes ChangeKey's data.
    pub(super) fn protect_new_key(&mut self, new: &NewKey<'_>) -> Result<Vec<u8>, DesfireError> {
        let command = Instruction::ChangeKey;
        let mut data = Zeroizing::new(new.key.as_bytes().to_vec());
        if let Some(replaced) = new.replaced {
            cipher::xor(&mut data, replaced.as_bytes());
        }
        data.extend(new.version);
        let checksum = new.replaced.map(|_| cipher::crc32(&[new.key.as_bytes()]));
        let checksum = checksum.as_ref().map_or(&[][..], |checksum| &checksum[..]);
        match self {
            Self::D40(session) if new.replaced.is_none() => Ok(session.encipher(&[new.number], &data)),
            Self::Ev1(session) => Ok(session.encipher(command, &[new.number], &data, checksum)),
            Self::Ev2(session) => {
                data.extend_from_slice(checksum);
                session.protect(command, &[new.number], &data, Mode::Full)
            }
            Self::Open | Self::D40(_) => Err(DesfireError::Unsendable { command }),
        }
    }
}
