//! Keys, their versions and the system's identifier. Key material is never printed and is wiped when dropped.

use std::fmt;
use std::num::NonZeroU8;

use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::cipher;
use super::data::{ApplicationId, CardUid};

/// An AES-128 key.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct AesKey([u8; 16]);

impl AesKey {
    /// What a card's AES keys are before anybody changed them.
    pub const FACTORY: Self = Self([0; 16]);

    /// Takes key material; the caller wipes its own copy.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The key material, for sealing it or for another cipher.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl PartialEq for AesKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for AesKey {}

impl fmt::Debug for AesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AesKey([redacted])")
    }
}

/// A 2K3DES key, as a card comes from the factory with; two equal halves are single DES.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct DesKey([u8; 16]);

impl DesKey {
    /// The factory's key of the card itself (hardware facts, DESFire: 2K3DES, all zero).
    pub const FACTORY: Self = Self([0; 16]);

    /// Takes key material; the caller wipes its own copy.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for DesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DesKey([redacted])")
    }
}

/// Version of a site's keys, as a card tells it to anybody who asks. Never 0: that is how a key says that nobody has
/// changed it since the factory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyVersion(NonZeroU8);

impl KeyVersion {
    /// Takes a version from 1 to 255; 0 is none.
    pub fn new(version: u8) -> Option<Self> {
        NonZeroU8::new(version).map(Self)
    }

    /// The version as a card stores it.
    pub fn get(self) -> u8 {
        self.0.get()
    }
}

impl fmt::Display for KeyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a key is for. Each role of a card has a diversified key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyRole {
    /// The card itself: who has it creates and deletes applications, and formats.
    Card,
    /// The application: writes files and changes keys. Only enrolment stations use it.
    Application,
    /// Reads the credential and the template. The only one that a door needs.
    Reading,
}

impl KeyRole {
    /// Number of the key in its application.
    pub fn number(self) -> u8 {
        match self {
            Self::Card | Self::Application => 0,
            Self::Reading => 1,
        }
    }
}

impl fmt::Display for KeyRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Card => "the card's key",
            Self::Application => "the application's key",
            Self::Reading => "the reading key",
        })
    }
}

/// What tells one installation's diversified keys from another's: 5 to 20 bytes, not secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemId(Vec<u8>);

/// Bytes that can't be a system's identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a system's identifier has 5 to 20 bytes, not {0}")]
pub struct SystemIdLength(pub usize);

impl SystemId {
    /// Takes an identifier.
    pub fn new(bytes: &[u8]) -> Result<Self, SystemIdLength> {
        // With them the input has 16 to 31 bytes: see [`DiversificationInput`].
        if (5..=20).contains(&bytes.len()) { Ok(Self(bytes.to_vec())) } else { Err(SystemIdLength(bytes.len())) }
    }
}

/// What a key is diversified over: UID, application, system, key number. 16 to 31 bytes, where AN10922 is plain CMAC over
/// `01` and the input, so that a PKCS#11 module can do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiversificationInput(Vec<u8>);

impl DiversificationInput {
    /// The input for `role` on one card. The card's own key belongs to no application: zeros stand for it.
    pub fn new(uid: &CardUid, application: ApplicationId, system: &SystemId, role: KeyRole) -> Self {
        let application = if role == KeyRole::Card { ApplicationId::CARD } else { application };
        Self([&uid.as_bytes()[..], &application.to_bytes(), &system.0, &[role.number()]].concat())
    }

    /// The bytes: M of AN10922.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Diversifies a master key (AN10922, AES-128): CMAC over the constant `01` and the input.
pub fn diversify(master: &AesKey, input: &DiversificationInput) -> AesKey {
    diversify_bytes(master, &input.0)
}

/// Only right from 16 bytes on: for less, AN10922 pads to two blocks where CMAC takes one.
fn diversify_bytes(master: &AesKey, input: &[u8]) -> AesKey {
    AesKey(cipher::cmac(master, &[&[0x01], input]))
}

/// Where diversified keys come from: a server's key file, a PKCS#11 module, or keys fetched beforehand for one card. Who
/// implements it need not have a master key, and nothing here ever sees one.
pub trait CardKeys: Send {
    /// The key of `role` in `version` for the card of which `input` tells.
    fn key(
        &mut self,
        role: KeyRole,
        version: KeyVersion,
        input: &DiversificationInput,
    ) -> Result<AesKey, KeyUnavailable>;
}

impl<F> CardKeys for F
where
    F: FnMut(KeyRole, KeyVersion, &DiversificationInput) -> Result<AesKey, KeyUnavailable> + Send,
{
    fn key(
        &mut self,
        role: KeyRole,
        version: KeyVersion,
        input: &DiversificationInput,
    ) -> Result<AesKey, KeyUnavailable> {
        self(role, version, input)
    }
}

/// Nobody has that key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{role} in version {version} is not to be had")]
pub struct KeyUnavailable {
    /// What the key is for.
    pub role: KeyRole,
    /// In which version.
    pub version: KeyVersion,
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, key};
    use super::*;

    #[test]
    fn an10922_aes_128() {
        let diversified =
            diversify_bytes(&key("00112233445566778899AABBCCDDEEFF"), &hex("04782E21801D803042F54E585020416275"));
        assert_eq!(diversified, key("A8DD63A3B89D54B37CA802473FDA9175"));
    }

    #[test]
    fn an_input_is_uid_application_system_and_key_number() {
        let uid = CardUid::new(&hex("04782E21801D80")).unwrap();
        let application = ApplicationId::new([0x30, 0x42, 0xF5]).unwrap();
        let system = SystemId::new(b"Pforte").unwrap();
        let input = |role| DiversificationInput::new(&uid, application, &system, role).0;
        assert_eq!(input(KeyRole::Reading), hex("04782E21801D80 3042F5 50666F727465 01"));
        assert_eq!(input(KeyRole::Application), hex("04782E21801D80 3042F5 50666F727465 00"));
        assert_eq!(input(KeyRole::Card), hex("04782E21801D80 000000 50666F727465 00"));
    }

    #[test]
    fn every_input_is_16_to_31_bytes_long() {
        let uid = CardUid::new(&[4; 7]).unwrap();
        let application = ApplicationId::new([1, 2, 3]).unwrap();
        for length in 0..40 {
            match SystemId::new(&vec![7; length]) {
                Ok(system) => {
                    let input = DiversificationInput::new(&uid, application, &system, KeyRole::Reading);
                    assert!((16..=31).contains(&input.as_bytes().len()), "{length}");
                }
                Err(error) => assert!(error == SystemIdLength(length) && !(5..=20).contains(&length)),
            }
        }
    }

    #[test]
    fn keys_never_print() {
        let printed = format!("{:?} {:?}", AesKey::new([0xA7; 16]), DesKey::new([0xA7; 16]));
        assert_eq!(printed, "AesKey([redacted]) DesKey([redacted])");
    }
}
