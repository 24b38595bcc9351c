//! A token behind PKCS#11. Its keys are AES-128, never to be taken out, and good for signing alone: a card's key is an AES-CMAC
//! under one of them. Called by the module's one thread; may hang for as long as the module does.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use super::{KeyName, Token, TokenError};
use crate::keys::cards::KeyCheck;

/// Bytes of an AES-128 key.
const KEY_BYTES: u64 = 16;

/// What a key's check is made over. Cards' keys are made over messages that begin with 0x01 (AN10922).
const CHECK_MESSAGE: &[u8] = b"pforte card key check 1";

/// After a failure to open it the token is left alone for so long.
const REST: Duration = Duration::from_secs(5);

/// A token that is opened when it is needed, and anew when it was lost.
pub struct Pkcs11Token {
    context: Pkcs11,
    label: String,
    pin: AuthPin,
    open: Option<Open>,
    /// Why the PIN is not tried any more.
    pin_refused: Option<String>,
    /// Since when it can't be opened, and why.
    failed: Option<(Instant, TokenError)>,
}

/// An open session, logged in.
struct Open {
    slot: Slot,
    session: Session,
    /// Keys that were found, by their name, with what tells them from others.
    keys: HashMap<String, (ObjectHandle, KeyCheck)>,
}

/// What went wrong in the module itself: the session is not trusted any more.
impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        Self::Lost(error.to_string())
    }
}

impl Pkcs11Token {
    /// Loads a module's library; the token is opened at the first question.
    pub fn load(module: &Path, label: &str, pin: &str) -> anyhow::Result<Self> {
        // Before the loader, whose message for a missing file is hard to read.
        std::fs::metadata(module).with_context(|| format!("there is no PKCS#11 module {}", module.display()))?;
        let context =
            Pkcs11::new(module).with_context(|| format!("can't load the PKCS#11 module {}", module.display()))?;
        let (label, pin) = (label.to_owned(), AuthPin::from(pin.to_owned()));
        Ok(Self { context, label, pin, open: None, pin_refused: None, failed: None })
    }

    /// Does something with an open token. One that was open and is lost is opened anew, once.
    fn with<R>(&mut self, act: impl Fn(&Pkcs11, &mut Open) -> Result<R, TokenError>) -> Result<R, TokenError> {
        let was_open = self.open.is_some();
        match self.once(&act) {
            Err(TokenError::Lost(_)) if was_open => self.once(&act),
            done => done,
        }
    }

    fn once<R>(&mut self, act: impl Fn(&Pkcs11, &mut Open) -> Result<R, TokenError>) -> Result<R, TokenError> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.opened()?,
        };
        let done = act(&self.context, &mut open);
        if matches!(done, Err(TokenError::Lost(_))) {
            drop(open);
            self.finish();
        } else {
            self.open = Some(open);
        }
        done
    }

    /// Has the library forget everything: some find a token again only so.
    fn finish(&self) {
        if let Err(error) = self.context.clone().finalize() {
            tracing::debug!(%error, "the module was not to be ended");
        }
    }

    fn opened(&mut self) -> Result<Open, TokenError> {
        if let Some(why) = &self.pin_refused {
            return Err(TokenError::Pin(why.clone()));
        }
        if let Some((since, why)) = &self.failed
            && since.elapsed() < REST
        {
            return Err(why.clone());
        }
        let opened = self.try_to_open();
        match &opened {
            Ok(_) => self.failed = None,
            Err(TokenError::Pin(why)) => self.pin_refused = Some(why.clone()),
            Err(error) => {
                self.failed = Some((Instant::now(), error.clone()));
                self.finish();
            }
        }
        opened
    }

    fn try_to_open(&self) -> Result<Open, TokenError> {
        match self.context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(error.into()),
        }
        let slot = self.slot()?;
        if !self.context.get_mechanism_list(slot)?.contains(&MechanismType::AES_CMAC) {
            return Err(TokenError::Refused(format!("the token `{}` does not know CKM_AES_CMAC", self.label)));
        }
        let session = self.context.open_ro_session(slot)?;
        self.log_in(slot, &session)?;
        Ok(Open { slot, session, keys: HashMap::new() })
    }

    fn slot(&self) -> Result<Slot, TokenError> {
        let mut found = Vec::new();
        for slot in self.context.get_slots_with_initialized_token()? {
            if self.context.get_token_info(slot)?.label() == self.label {
                found.push(slot);
            }
        }
        match found[..] {
            [slot] => Ok(slot),
            [] => Err(TokenError::Lost(format!("no token is called `{}`", self.label))),
            _ => Err(TokenError::Refused(format!("more than one token is called `{}`", self.label))),
        }
    }

    /// Never by a try that could be the last: a token that locks itself takes all cards' keys with it.
    fn log_in(&self, slot: Slot, session: &Session) -> Result<(), TokenError> {
        let token = self.context.get_token_info(slot)?;
        if token.user_pin_locked() {
            return Err(TokenError::Pin("it is locked".to_owned()));
        }
        if token.user_pin_final_try() {
            let why = "wrong ones left one try; log in once by the vendor's own tool, which gives the others back";
            return Err(TokenError::Pin(why.to_owned()));
        }
        match session.login(UserType::User, Some(&self.pin)) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(Error::Pkcs11(
                error @ (RvError::PinIncorrect
                | RvError::PinInvalid
                | RvError::PinLenRange
                | RvError::PinExpired
                | RvError::PinLocked
                | RvError::UserPinNotInitialized),
                _,
            )) => Err(TokenError::Pin(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Pkcs11Token {
    fn drop(&mut self) {
        if self.open.take().is_some() {
            self.finish();
        }
    }
}

impl Open {
    fn cmac(&self, key: ObjectHandle, message: &[u8]) -> Result<Zeroizing<[u8; 16]>, TokenError> {
        let told = Zeroizing::new(self.session.sign(&Mechanism::AesCMac, key, message)?);
        let mut mac = Zeroizing::new([0; 16]);
        if told.len() != mac.len() {
            return Err(TokenError::Lost(format!("a CMAC of {} bytes", told.len())));
        }
        mac.copy_from_slice(&told);
        Ok(mac)
    }

    /// The one key of this name, if there is one. One that could be taken out, or is of another kind, is not ours.
    fn find(&mut self, name: &str) -> Result<Option<(ObjectHandle, KeyCheck)>, TokenError> {
        if let Some(found) = self.keys.get(name) {
            return Ok(Some(*found));
        }
        let called = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::Token(true),
            Attribute::Label(name.as_bytes().to_vec()),
        ];
        let key = match self.session.find_objects(&called)?[..] {
            [] => return Ok(None),
            [key] => key,
            _ => return Err(TokenError::Refused(format!("more than one key in the module is called `{name}`"))),
        };
        let asked =
            [AttributeType::KeyType, AttributeType::ValueLen, AttributeType::Sensitive, AttributeType::Extractable];
        let told = self.session.get_attributes(key, &asked)?;
        let is_ours = [
            Attribute::KeyType(KeyType::AES),
            Attribute::ValueLen(KEY_BYTES.into()),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
        ]
        .iter()
        .all(|wanted| told.contains(wanted));
        if !is_ours {
            let why = format!("the module's key `{name}` is not an AES-128 key that can't be taken out");
            return Err(TokenError::Refused(why));
        }
        let mac = self.cmac(key, CHECK_MESSAGE)?;
        let found = (key, KeyCheck([mac[0], mac[1], mac[2], mac[3]]));
        self.keys.insert(name.to_owned(), found);
        Ok(Some(found))
    }
}

/// As a key is made: of use for CMACs alone, for ever.
fn template(key: &KeyName) -> Vec<Attribute> {
    let id = [key.tenant.as_uuid().as_bytes().as_slice(), &[key.version]].concat();
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::ValueLen(KEY_BYTES.into()),
        Attribute::Label(key.to_string().into_bytes()),
        Attribute::Id(id),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Verify(false),
        Attribute::Encrypt(false),
        Attribute::Decrypt(false),
        Attribute::Wrap(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
    ]
}

impl Token for Pkcs11Token {
    fn cmac(&mut self, key: &KeyName, check: KeyCheck, message: &[u8]) -> Result<Zeroizing<[u8; 16]>, TokenError> {
        let name = key.to_string();
        self.with(|_, open| match open.find(&name)? {
            Some((handle, found)) if found == check => open.cmac(handle, message),
            Some(_) => {
                Err(TokenError::Refused(format!("the module's key `{name}` is another than cards were made by")))
            }
            None => Err(TokenError::Refused(format!("the module has no key `{name}`"))),
        })
    }

    fn make(&mut self, key: &KeyName) -> Result<KeyCheck, TokenError> {
        let name = key.to_string();
        self.with(|context, open| {
            if let Some((_, check)) = open.find(&name)? {
                return Ok(check);
            }
            let writing = context.open_rw_session(open.slot)?;
            writing.generate_key(&Mechanism::AesKeyGen, &template(key))?;
            drop(writing);
            let made = open.find(&name)?;
            made.map(|(_, check)| check)
                .ok_or_else(|| TokenError::Lost(format!("the key `{name}` was made and is not there")))
        })
    }

    fn look(&mut self) -> Result<String, TokenError> {
        self.with(|context, open| {
            let token = context.get_token_info(open.slot)?;
            let prefix = "pforte card ";
            let mut keys = 0;
            for key in
                open.session.find_objects(&[Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Token(true)])?
            {
                let told = open.session.get_attributes(key, &[AttributeType::Label])?;
                let is_ours =
                    |label: &Attribute| matches!(label, Attribute::Label(text) if text.starts_with(prefix.as_bytes()));
                keys += usize::from(told.iter().any(is_ours));
            }
            Ok(format!(
                "token `{}` ({}, {}): {keys} keys of cards",
                token.label(),
                token.manufacturer_id(),
                token.model()
            ))
        })
    }
}
