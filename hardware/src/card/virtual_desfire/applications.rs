//! Commands about the card itself and its applications.

use super::content::{Generation, Key, Mode, application_bytes};
use super::crypto::KeyKind;
use super::session::Protection;
use super::{Application, CARD_NAME, Card, Outcome, Status, command, id_of, three};

/// Settings: everybody may list; everybody may create and delete.
pub(super) const FREE_LISTING: u8 = 0x02;
pub(super) const FREE_CREATION: u8 = 0x04;
/// Second byte of an application's key settings: kind of its keys, ISO identifiers of files, a third byte follows.
const KEYS_AES: u8 = 0x80;
const KEYS_TRIPLE_DES: u8 = 0x40;
const ISO_FILES: u8 = 0x20;
const THIRD_BYTE: u8 = 0x10;
/// Most keys of an application.
const KEYS_MAX: u8 = 14;
/// Longest name of an application.
const NAME_BYTES_MAX: usize = 16;
/// Most applications of an EV1; later cards are bounded by memory alone.
const APPLICATIONS_MAX_EV1: usize = 28;
/// Applications' identifiers come in whole ones per frame: 19.
const IDS_FRAME_BYTES: usize = 57;
/// Batch, week and year of making, as GetVersion tells them: those of a real card whose exchanges are published.
const MADE: [u8; 7] = [0xBA, 0x45, 0x19, 0xE3, 0x20, 0x49, 0x13];

impl Card {
    pub(super) fn select_application(&mut self, data: &[u8]) -> Outcome {
        let id = id_of(data.try_into().map_err(|_| Status::LENGTH)?);
        if id != 0 && self.content.application(id).is_none() {
            return Err(Status::NO_APPLICATION);
        }
        self.forget();
        self.selected = id;
        self.reply(Protection::Admin, Vec::new(), &[])
    }

    pub(super) fn select_by_name(&mut self, name: &[u8]) -> Vec<u8> {
        self.forget();
        let mut applications = self.content.applications.iter();
        let named = applications.find(|application| !name.is_empty() && application.name == name);
        match named.map(|application| application.id).or((name == CARD_NAME).then_some(0)) {
            Some(id) => {
                self.selected = id;
                vec![0x90, 0x00]
            }
            None => vec![0x6A, 0x82],
        }
    }

    pub(super) fn get_version(&mut self, data: &[u8]) -> Outcome {
        self.open_exact::<0>(command::GET_VERSION, data)?;
        let model = self.content.model;
        let (hardware, software) = match model.generation {
            Generation::Ev1 => ([0x01, 0x00], [0x01, 0x04]),
            Generation::Ev2 => ([0x12, 0x00], [0x02, 0x01]),
            Generation::Ev3 => ([0x33, 0x00], [0x03, 0x00]),
        };
        let part = |[major, minor]: [u8; 2]| [0x04, 0x01, 0x01, major, minor, model.size.code(), 0x05];
        // Who has a random UID does not tell its own to everybody.
        let uid = if model.has_random_uid { [0; 7] } else { self.content.uid };
        let answer = [part(hardware), part(software), uid, MADE].concat();
        self.reply(Protection::Admin, answer, &[7, 7])
    }

    pub(super) fn get_card_uid(&mut self, data: &[u8]) -> Outcome {
        if self.session.is_none() {
            return Err(Status::AUTHENTICATION);
        }
        self.open_exact::<0>(command::GET_CARD_UID, data)?;
        self.reply(Protection::Data(Mode::Full), self.content.uid.to_vec(), &[])
    }

    pub(super) fn get_free_memory(&mut self, data: &[u8]) -> Outcome {
        self.open_exact::<0>(command::GET_FREE_MEMORY, data)?;
        self.reply(Protection::Admin, three(self.content.free_bytes()).to_vec(), &[])
    }

    pub(super) fn get_application_ids(&mut self, data: &[u8]) -> Outcome {
        self.require_card_level()?;
        self.require(FREE_LISTING)?;
        self.open_exact::<0>(command::GET_APPLICATION_IDS, data)?;
        let ids = self.content.applications.iter().flat_map(|application| three(application.id as usize));
        let ids: Vec<u8> = ids.collect();
        let cuts = vec![IDS_FRAME_BYTES; ids.len().saturating_sub(1) / IDS_FRAME_BYTES];
        self.reply(Protection::Admin, ids, &cuts)
    }

    pub(super) fn create_application(&mut self, data: &[u8]) -> Outcome {
        self.require_card_level()?;
        self.require(FREE_CREATION)?;
        let wanted = application_of(&self.open_admin(command::CREATE_APPLICATION, data)?)?;
        let others = &self.content.applications;
        let is_taken = |other: &Application| {
            other.id == wanted.id
                || (other.iso_id.is_some() && other.iso_id == wanted.iso_id)
                || (!other.name.is_empty() && other.name == wanted.name)
        };
        if others.iter().any(is_taken) || wanted.name == CARD_NAME {
            return Err(Status::DUPLICATE);
        }
        if self.content.model.generation == Generation::Ev1 && others.len() >= APPLICATIONS_MAX_EV1 {
            return Err(Status::COUNT);
        }
        let bytes = application_bytes(wanted.keys.len());
        if bytes > self.content.free_bytes() {
            return Err(Status::OUT_OF_MEMORY);
        }
        let content = self.change();
        content.used_bytes += bytes;
        content.applications.push(wanted);
        self.reply(Protection::Admin, Vec::new(), &[])
    }

    /// By the card's master key; where creating is free, also by the application's own.
    pub(super) fn delete_application(&mut self, data: &[u8]) -> Outcome {
        let is_own = self.selected != 0 && self.content.settings & FREE_CREATION != 0;
        if !self.is_authenticated_by(0) || (self.selected != 0 && !is_own) {
            return Err(Status::AUTHENTICATION);
        }
        let id = id_of(self.open_exact(command::DELETE_APPLICATION, data)?);
        if id == 0 || self.content.application(id).is_none() {
            return Err(Status::NO_APPLICATION);
        }
        if is_own && id != self.selected {
            return Err(Status::PERMISSION);
        }
        self.change().applications.retain(|application| application.id != id);
        let reply = self.reply(Protection::Admin, Vec::new(), &[]);
        if is_own {
            self.forget();
            self.selected = 0;
        }
        reply
    }

    pub(super) fn format(&mut self, data: &[u8]) -> Outcome {
        self.require_card_level()?;
        if !self.is_authenticated_by(0) {
            return Err(Status::AUTHENTICATION);
        }
        self.open_exact::<0>(command::FORMAT_PICC, data)?;
        let content = self.change();
        content.applications.clear();
        content.used_bytes = 0;
        self.reply(Protection::Admin, Vec::new(), &[])
    }
}

/// Second byte of the key settings, as GetKeySettings tells it.
pub(super) fn second_byte(application: &Application) -> u8 {
    let kind = if application.kind() == KeyKind::Aes { KEYS_AES } else { 0 };
    let iso = if application.has_iso_files { ISO_FILES } else { 0 };
    // At most 14.
    kind | iso | u8::try_from(application.keys.len()).unwrap_or(KEYS_MAX)
}

/// Identifier, two bytes of settings, perhaps a third, perhaps ISO identifier and name.
fn application_of(bytes: &[u8]) -> Result<Application, Status> {
    let (&[a, b, c, settings, second], mut rest) = bytes.split_first_chunk::<5>().ok_or(Status::LENGTH)?;
    if second & THIRD_BYTE != 0 {
        // Key sets and keys of files' own: not here.
        let (third, left) = rest.split_first().ok_or(Status::LENGTH)?;
        if *third != 0 {
            return Err(Status::PARAMETER);
        }
        rest = left;
    }
    let (iso_id, name) = match rest.split_first_chunk::<2>() {
        Some((id, name)) if name.len() <= NAME_BYTES_MAX => (Some(u16::from_le_bytes(*id)), name),
        None if rest.is_empty() => (None, rest),
        _ => return Err(Status::LENGTH),
    };
    let keys = second & 0x0F;
    let (id, kind) = (id_of([a, b, c]), if second & KEYS_AES != 0 { KeyKind::Aes } else { KeyKind::Des });
    if id == 0 || keys == 0 || keys > KEYS_MAX || second & KEYS_TRIPLE_DES != 0 {
        return Err(Status::PARAMETER);
    }
    Ok(Application {
        id,
        iso_id,
        name: name.to_vec(),
        settings,
        has_iso_files: second & ISO_FILES != 0,
        keys: vec![Key::blank(kind); usize::from(keys)],
        files: Vec::new(),
    })
}
