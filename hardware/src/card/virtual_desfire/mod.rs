//! A twin of a MIFARE DESFire card: the card's side of its protocol, whole, with keys, counters and files of its own.
//!
//! Worlds and tests hold it into a field by [`Twin`], which can also misbehave; [`Card`] alone is the card as it should be:
//! commands in, answers out, no I/O, no clock, randomness from whoever made it. It is written from published facts and shares
//! no code with the reader's side, nor may it ever: both are held against the same published vectors, apart.
//!
//! Where nothing published says what a card does, this one takes the stricter way: any error ends the session, whatever
//! comes instead of a frame that is due is `CA`, and memory comes back by formatting alone.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

mod applications;
mod authenticate;
mod content;
mod crypto;
mod files;
mod keys;
mod pace;
mod session;
mod twin;

#[cfg(test)]
mod tests;

pub use content::{Application, Content, File, FileKind, Generation, Key, Mode, Model, Size, UID_BYTES};
pub use crypto::KeyKind;
pub use pace::exchange_time;
pub use twin::{Deed, Misdeed, Twin, TwinError};

use authenticate::Handshake;
use files::Writing;
use session::{Protection, Session};

/// Where randomness comes from.
pub type Random = Box<dyn FnMut(&mut [u8]) + Send>;

/// What ISO commands call the card itself.
const CARD_NAME: [u8; 7] = [0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x00];

/// Second byte of a status `91xx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Status(u8);

impl Status {
    const OK: Self = Self(0x00);
    const NO_CHANGES: Self = Self(0x0C);
    const OUT_OF_MEMORY: Self = Self(0x0E);
    const ILLEGAL_COMMAND: Self = Self(0x1C);
    const INTEGRITY: Self = Self(0x1E);
    const NO_SUCH_KEY: Self = Self(0x40);
    const LENGTH: Self = Self(0x7E);
    const PERMISSION: Self = Self(0x9D);
    const PARAMETER: Self = Self(0x9E);
    const NO_APPLICATION: Self = Self(0xA0);
    const AUTHENTICATION: Self = Self(0xAE);
    const MORE: Self = Self(0xAF);
    const BOUNDARY: Self = Self(0xBE);
    const ABORTED: Self = Self(0xCA);
    const COUNT: Self = Self(0xCE);
    const DUPLICATE: Self = Self(0xDE);
    const NO_FILE: Self = Self(0xF0);
}

/// Commands, as native instructions.
mod command {
    pub(super) const AUTHENTICATE_OLD: u8 = 0x0A;
    pub(super) const AUTHENTICATE_ISO: u8 = 0x1A;
    pub(super) const WRITE_DATA_OLD: u8 = 0x3D;
    pub(super) const GET_KEY_SETTINGS: u8 = 0x45;
    pub(super) const GET_CARD_UID: u8 = 0x51;
    pub(super) const CHANGE_KEY_SETTINGS: u8 = 0x54;
    pub(super) const SELECT_APPLICATION: u8 = 0x5A;
    pub(super) const GET_VERSION: u8 = 0x60;
    pub(super) const GET_KEY_VERSION: u8 = 0x64;
    pub(super) const GET_APPLICATION_IDS: u8 = 0x6A;
    pub(super) const GET_FREE_MEMORY: u8 = 0x6E;
    pub(super) const GET_FILE_IDS: u8 = 0x6F;
    pub(super) const AUTHENTICATE_EV2_FIRST: u8 = 0x71;
    pub(super) const AUTHENTICATE_EV2_NON_FIRST: u8 = 0x77;
    pub(super) const WRITE_DATA: u8 = 0x8D;
    pub(super) const ABORT_TRANSACTION: u8 = 0xA7;
    pub(super) const AUTHENTICATE_AES: u8 = 0xAA;
    pub(super) const READ_DATA: u8 = 0xAD;
    pub(super) const MORE: u8 = 0xAF;
    pub(super) const READ_DATA_OLD: u8 = 0xBD;
    pub(super) const CHANGE_KEY: u8 = 0xC4;
    pub(super) const COMMIT_TRANSACTION: u8 = 0xC7;
    pub(super) const CREATE_APPLICATION: u8 = 0xCA;
    pub(super) const CREATE_BACKUP_DATA_FILE: u8 = 0xCB;
    pub(super) const CREATE_STD_DATA_FILE: u8 = 0xCD;
    pub(super) const DELETE_APPLICATION: u8 = 0xDA;
    pub(super) const DELETE_FILE: u8 = 0xDF;
    pub(super) const GET_FILE_SETTINGS: u8 = 0xF5;
    pub(super) const FORMAT_PICC: u8 = 0xFC;
}

/// A card, as it should be.
pub struct Card {
    content: Content,
    /// Counts changes of the content.
    writes: u64,
    random: Random,
    /// What a reader's anticollision finds, where that is not the card's own UID.
    random_uid: [u8; 4],
    /// Application that is selected; 0 is the card itself.
    selected: u32,
    session: Option<Session>,
    pending: Pending,
    /// Backup files as they will be once the reader commits.
    uncommitted: BTreeMap<u8, Vec<u8>>,
    was_protected: bool,
}

/// What the card waits for.
#[derive(Default)]
enum Pending {
    #[default]
    Nothing,
    /// The second half of an authentication.
    Proof(Handshake),
    /// More data to be written.
    Data(Writing),
    /// Being asked for the rest of an answer.
    Rest { frames: VecDeque<Vec<u8>>, is_protected: bool },
}

type Outcome = Result<(Vec<u8>, Status), Status>;

impl Card {
    /// A card without power. Randomness is drawn from `random`: challenges, transaction identifiers, random UIDs.
    pub fn new(content: Content, random: Random) -> Self {
        let mut card = Self {
            content,
            writes: 0,
            random,
            random_uid: [0; 4],
            selected: 0,
            session: None,
            pending: Pending::Nothing,
            uncommitted: BTreeMap::new(),
            was_protected: false,
        };
        card.power();
        card
    }

    /// Gets power, or loses it and gets it again: only what is kept without power is left.
    pub fn power(&mut self) {
        self.forget();
        self.selected = 0;
        self.random_uid[0] = 0x08;
        (self.random)(&mut self.random_uid[1..]);
    }

    /// What the card keeps.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// How often the content changed.
    pub fn writes(&self) -> u64 {
        self.writes
    }

    /// What a reader's anticollision finds: the UID, or a random one of four bytes that begins with `08`.
    pub fn told_uid(&self) -> &[u8] {
        if self.content.model.has_random_uid { &self.random_uid } else { &self.content.uid }
    }

    /// Whether the last answer ended in something that proves where it comes from: a MAC, or a checksum under a cipher.
    pub fn was_protected(&self) -> bool {
        self.was_protected
    }

    /// Ends the session as a refusal would.
    fn refuse(&mut self) {
        self.was_protected = false;
        self.forget();
    }

    /// Puts other content in its place, as after a write that was torn.
    fn restore(&mut self, content: Content) {
        *self.change() = content;
        self.forget();
    }

    /// Answers an APDU: a native command in ISO's wrapping (`90 CMD 00 00 Lc data 00`), or ISO SELECT by name.
    pub fn answer(&mut self, apdu: &[u8]) -> Vec<u8> {
        self.was_protected = false;
        let (&[class, instruction, one, two], tail) = match apdu.split_first_chunk::<4>() {
            Some(split) => split,
            None => return vec![0x67, 0x00],
        };
        let Some(data) = data_of(tail) else { return vec![0x67, 0x00] };
        match (class, instruction, one, two) {
            (0x90, command, 0x00, 0x00) => {
                let (mut answer, status) = self.native(command, data);
                answer.extend([0x91, status.0]);
                answer
            }
            (0x00, 0xA4, 0x04, 0x00 | 0x0C) => self.select_by_name(data),
            (0x90, ..) | (0x00, 0xA4, ..) => vec![0x6A, 0x86],
            (0x00, ..) => vec![0x6D, 0x00],
            _ => vec![0x6E, 0x00],
        }
    }

    fn native(&mut self, command: u8, data: &[u8]) -> (Vec<u8>, Status) {
        self.continued(command, data).unwrap_or_else(|status| {
            self.forget();
            (Vec::new(), status)
        })
    }

    /// Ends the session and whatever was begun.
    fn forget(&mut self) {
        self.session = None;
        self.pending = Pending::Nothing;
        self.uncommitted.clear();
    }

    fn continued(&mut self, command: u8, data: &[u8]) -> Outcome {
        let is_long = data.len() > self.content.model.frame_data_bytes();
        // WriteData 8D comes in frames of ISO/IEC 14443-4, which a reader puts together by itself.
        if is_long && command != command::WRITE_DATA {
            return Err(Status::LENGTH);
        }
        match (std::mem::take(&mut self.pending), command) {
            (Pending::Nothing, command::MORE) => Err(Status::ILLEGAL_COMMAND),
            (Pending::Nothing, command) => self.begin(command, data),
            (Pending::Proof(handshake), command::MORE) => self.prove(handshake, data),
            (Pending::Data(writing), command::MORE) => self.write_on(writing, data),
            (Pending::Rest { frames, is_protected }, command::MORE) if data.is_empty() => {
                Ok(self.next_frame(frames, is_protected))
            }
            (Pending::Rest { .. }, command::MORE) => Err(Status::LENGTH),
            _ => Err(Status::ABORTED),
        }
    }

    fn begin(&mut self, command: u8, data: &[u8]) -> Outcome {
        match command {
            command::AUTHENTICATE_OLD
            | command::AUTHENTICATE_ISO
            | command::AUTHENTICATE_AES
            | command::AUTHENTICATE_EV2_FIRST
            | command::AUTHENTICATE_EV2_NON_FIRST => self.challenge(command, data),
            command::SELECT_APPLICATION => self.select_application(data),
            command::GET_VERSION => self.get_version(data),
            command::GET_CARD_UID => self.get_card_uid(data),
            command::GET_FREE_MEMORY => self.get_free_memory(data),
            command::GET_APPLICATION_IDS => self.get_application_ids(data),
            command::CREATE_APPLICATION => self.create_application(data),
            command::DELETE_APPLICATION => self.delete_application(data),
            command::FORMAT_PICC => self.format(data),
            command::GET_KEY_SETTINGS => self.get_key_settings(data),
            command::CHANGE_KEY_SETTINGS => self.change_key_settings(data),
            command::GET_KEY_VERSION => self.get_key_version(data),
            command::CHANGE_KEY => self.change_key(data),
            command::CREATE_STD_DATA_FILE => self.create_file(command, FileKind::Standard, data),
            command::CREATE_BACKUP_DATA_FILE => self.create_file(command, FileKind::Backup, data),
            command::DELETE_FILE => self.delete_file(data),
            command::GET_FILE_IDS => self.get_file_ids(data),
            command::GET_FILE_SETTINGS => self.get_file_settings(data),
            command::READ_DATA | command::READ_DATA_OLD => self.read_data(command, data),
            command::WRITE_DATA | command::WRITE_DATA_OLD => self.write_data(command, data),
            command::COMMIT_TRANSACTION => self.commit_transaction(data),
            command::ABORT_TRANSACTION => self.abort_transaction(data),
            _ => Err(Status::ILLEGAL_COMMAND),
        }
    }

    /// Opens a command that administers.
    fn open_admin(&mut self, command: u8, data: &[u8]) -> Result<Vec<u8>, Status> {
        match &mut self.session {
            Some(session) => Ok(session.way.open(command, 0, data.len(), Protection::Admin, data)?.bytes.to_vec()),
            None => Ok(data.to_vec()),
        }
    }

    /// Opens one of exactly `N` bytes.
    fn open_exact<const N: usize>(&mut self, command: u8, data: &[u8]) -> Result<[u8; N], Status> {
        self.open_admin(command, data)?.try_into().map_err(|_| Status::LENGTH)
    }

    /// Answers by `answer`, cut where `cuts` say and where a frame is full.
    fn reply(&mut self, protection: Protection, answer: Vec<u8>, cuts: &[usize]) -> Outcome {
        let mut is_protected = false;
        let answer = match &mut self.session {
            Some(session) => {
                is_protected = session.way.proves(protection, answer.len());
                session.way.close(protection, answer).ok_or(Status::AUTHENTICATION)?
            }
            None => answer,
        };
        let frame_bytes = self.content.model.frame_data_bytes();
        let (mut frames, mut rest) = (VecDeque::new(), &answer[..]);
        let mut cuts = cuts.iter().copied();
        loop {
            let cut = cuts.next().unwrap_or(frame_bytes).min(rest.len());
            let (frame, left) = rest.split_at(cut);
            frames.push_back(frame.to_vec());
            rest = left;
            if rest.is_empty() {
                return Ok(self.next_frame(frames, is_protected));
            }
        }
    }

    fn next_frame(&mut self, mut frames: VecDeque<Vec<u8>>, is_protected: bool) -> (Vec<u8>, Status) {
        let frame = frames.pop_front().unwrap_or_default();
        if frames.is_empty() {
            self.was_protected = is_protected;
            return (frame, Status::OK);
        }
        self.pending = Pending::Rest { frames, is_protected };
        (frame, Status::MORE)
    }

    /// The content, to be changed: the one way to do so.
    fn change(&mut self) -> &mut Content {
        self.writes += 1;
        &mut self.content
    }

    fn is_authenticated_by(&self, number: u8) -> bool {
        self.session.as_ref().is_some_and(|session| session.key_number == number)
    }

    /// The application that is selected; refused if it is the card itself.
    fn application(&self) -> Result<&Application, Status> {
        self.content.application(self.selected).ok_or(Status::PERMISSION)
    }

    /// Key settings of what is selected.
    fn settings(&self) -> u8 {
        self.application().map_or(self.content.settings, |application| application.settings)
    }

    /// Whether what `bit` of the settings lets everybody do is allowed now; the master key always may.
    fn require(&self, bit: u8) -> Result<(), Status> {
        if self.settings() & bit != 0 || self.is_authenticated_by(0) { Ok(()) } else { Err(Status::AUTHENTICATION) }
    }

    fn require_card_level(&self) -> Result<(), Status> {
        if self.selected == 0 { Ok(()) } else { Err(Status::PERMISSION) }
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card").field("content", &self.content).field("selected", &self.selected).finish_non_exhaustive()
    }
}

/// The data of an APDU after its first four bytes: nothing, `Le`, `Lc data`, or `Lc data Le`; none if it is cut.
fn data_of(tail: &[u8]) -> Option<&[u8]> {
    let Some((length, data)) = tail.split_first() else { return Some(&[]) };
    let length = usize::from(*length);
    match data.len() {
        0 => Some(&[]),
        _ if length == 0 => None,
        bytes if bytes == length || bytes == length + 1 => Some(&data[..length]),
        _ => None,
    }
}

fn id_of(bytes: [u8; 3]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0])
}

fn three(number: usize) -> [u8; 3] {
    // Files and memory are far smaller than 2^24.
    let [a, b, c, ..] = number.to_le_bytes();
    [a, b, c]
}
