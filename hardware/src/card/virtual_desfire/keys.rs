//! Commands about keys and their settings.

use zeroize::Zeroizing;

use super::applications::{FREE_LISTING, second_byte};
use super::content::{Key, Mode};
use super::crypto::{KEY_BYTES, KeyKind, xor};
use super::session::Protection;
use super::{Card, Outcome, Status, command};

/// Settings: the master key may be changed; the settings may be.
const MASTER_CHANGEABLE: u8 = 0x01;
const SETTINGS_CHANGEABLE: u8 = 0x08;
/// Upper half of an application's settings, where it is no key: each key changes itself; none is changed.
const BY_ITSELF: u8 = 0xE;
const FROZEN: u8 = 0xF;
/// With the number of the card's master key: the new one is for AES.
const TO_AES: u8 = 0x80;

impl Card {
    pub(super) fn get_key_settings(&mut self, data: &[u8]) -> Outcome {
        self.require(FREE_LISTING)?;
        self.open_exact::<0>(command::GET_KEY_SETTINGS, data)?;
        let second = match self.application() {
            Ok(application) => second_byte(application),
            Err(_) if self.content.master.kind == KeyKind::Aes => TO_AES | 1,
            Err(_) => 1,
        };
        self.reply(Protection::Admin, vec![self.settings(), second], &[])
    }

    pub(super) fn change_key_settings(&mut self, data: &[u8]) -> Outcome {
        let Some(session) = self.session.as_mut().filter(|session| session.key_number == 0) else {
            return Err(Status::AUTHENTICATION);
        };
        let body = session.way.open(command::CHANGE_KEY_SETTINGS, 0, 1, Protection::Data(Mode::Full), data)?;
        let [settings] = body.bytes[..] else { return Err(Status::LENGTH) };
        if !session.way.is_end(&body.rest, None) {
            return Err(Status::LENGTH);
        }
        if self.settings() & SETTINGS_CHANGEABLE == 0 {
            return Err(Status::PERMISSION);
        }
        let selected = self.selected;
        if selected == 0 && settings > 0x0F {
            return Err(Status::PARAMETER);
        }
        let content = self.change();
        match content.application_mut(selected) {
            Some(application) => application.settings = settings,
            None => content.settings = settings,
        }
        self.reply(Protection::Admin, Vec::new(), &[])
    }

    pub(super) fn get_key_version(&mut self, data: &[u8]) -> Outcome {
        let [number] = self.open_exact(command::GET_KEY_VERSION, data)?;
        let key = self.content.key(self.selected, number).ok_or(Status::NO_SUCH_KEY)?;
        self.reply(Protection::Admin, vec![key.told_version()], &[])
    }

    pub(super) fn change_key(&mut self, data: &[u8]) -> Outcome {
        let by = self.session.as_ref().ok_or(Status::AUTHENTICATION)?.key_number;
        let told = *data.first().ok_or(Status::LENGTH)?;
        let (number, kind) = match self.application() {
            Ok(application) => (told, application.kind()),
            Err(_) if told == TO_AES => (0, KeyKind::Aes),
            Err(_) => (told, KeyKind::Des),
        };
        let old = self.content.key(self.selected, number).ok_or(Status::NO_SUCH_KEY)?;
        self.may_change_key(number, by)?;
        let (is_own, old) = (number == by, Zeroizing::new(old.bytes));

        let session = self.session.as_mut().ok_or(Status::AUTHENTICATION)?;
        let length = if kind == KeyKind::Aes { KEY_BYTES + 1 } else { KEY_BYTES };
        let body = session.way.open(command::CHANGE_KEY, 1, length, Protection::Data(Mode::Full), data)?;
        let mut new = Key::blank(kind);
        let (bytes, version) = body.bytes.split_at_checked(KEY_BYTES).ok_or(Status::INTEGRITY)?;
        new.bytes.copy_from_slice(bytes);
        if !is_own {
            xor(&mut new.bytes, &old[..]);
        }
        match (kind, version) {
            (KeyKind::Aes, [version]) => new.version = *version,
            (KeyKind::Des, []) => {}
            _ => return Err(Status::INTEGRITY),
        }
        if !session.way.is_end(&body.rest, (!is_own).then_some(&new.bytes[..])) {
            return Err(Status::INTEGRITY);
        }

        let selected = self.selected;
        let content = self.change();
        match content.application_mut(selected) {
            Some(application) => application.keys[usize::from(number)] = new,
            None => content.master = new,
        }
        if is_own {
            // Who changed the key it stands on is a stranger again: nothing is left to make a MAC with.
            self.forget();
        }
        self.reply(Protection::Admin, Vec::new(), &[])
    }

    fn may_change_key(&self, number: u8, by: u8) -> Result<(), Status> {
        let settings = self.settings();
        if number == 0 && settings & MASTER_CHANGEABLE == 0 {
            return Err(Status::PERMISSION);
        }
        let needed = match settings >> 4 {
            _ if number == 0 => 0,
            FROZEN => return Err(Status::PERMISSION),
            BY_ITSELF => number,
            // Whoever changes the others is changed by the master key.
            key if key == number => 0,
            key => key,
        };
        if by == needed { Ok(()) } else { Err(Status::AUTHENTICATION) }
    }
}
