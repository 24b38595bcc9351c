//! Keys of cards that prove themselves: one master key for each tenant and version, from which each card's own follow
//! (AN10922, AES-128). Used at stations' dialogues and for agents' bundles; what leaves the server is diversified, of use with
//! one card alone. A version's master key lies where it was made, for ever: in the key file, or in a module.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use access_core::canonical;
use access_core::ids::{InstallationId, TenantId};
use access_core::protocol::{CardApplication, CardKey, CardKeyRole, SecretBytes};
use aes::Aes128;
use cmac::{Cmac, KeyInit as _, Mac as _};
use hmac::Hmac;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Keys;
use super::module::{KeyName, Module};

/// Bytes of a DESFire card's own UID.
pub const CHIP_UID_BYTES: usize = 7;

/// Bytes of the system's identifier.
const SYSTEM_BYTES: usize = 16;

/// Why a card's key is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum CardKeyError {
    /// The input's length is one for which AN10922 is more than a CMAC.
    #[error("a key can't be diversified over {0} bytes")]
    InputLength(usize),
    /// What holds the master keys does not give it.
    #[error("the card's master key of version {version} is not to be had: {why}")]
    Unavailable {
        /// Of which version.
        version: u8,
        /// What the holder says.
        why: String,
    },
}

/// Who holds the master keys of cards: the installation's key file, or a module that never lets them out (PKCS#11). It may take
/// milliseconds: ask on a thread that may wait.
pub trait CardKeySource: fmt::Debug + Send + Sync {
    /// AES-CMAC of `message` under a tenant's master key of one version.
    fn cmac(&self, tenant: TenantId, version: u8, message: &[u8]) -> Result<Zeroizing<[u8; 16]>, CardKeyError>;
}

/// Tells a module's key from another without telling it: the first bytes of its CMAC over a message that no card's key follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyCheck(pub [u8; 4]);

/// Who holds a version's master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldBy {
    /// The installation's key file: it follows from the master key.
    File,
    /// The module, in which the key of this name must be this one.
    Module(KeyCheck),
}

/// Who holds master keys of cards here: the key file, and a module where the configuration names one.
#[derive(Debug, Clone)]
pub struct CardKeys {
    file: Arc<Keys>,
    module: Option<Arc<Module>>,
}

impl CardKeys {
    /// The key file alone.
    pub fn of_file(file: Arc<Keys>) -> Self {
        Self { file, module: None }
    }

    /// New versions are made in this module from now on.
    pub fn with_module(self, module: Arc<Module>) -> Self {
        Self { module: Some(module), ..self }
    }

    /// Makes the master key of a version that was never used, and says who holds it. Once more does no harm. Ask on a thread that
    /// may wait.
    pub fn make(&self, tenant: TenantId, version: u8) -> Result<HeldBy, CardKeyError> {
        let Some(module) = &self.module else { return Ok(HeldBy::File) };
        let made = module.make(KeyName { tenant, version });
        made.map(HeldBy::Module).map_err(|error| CardKeyError::Unavailable { version, why: error.to_string() })
    }

    /// A tenant's master keys of these versions.
    pub fn masters(&self, tenant: TenantId, held: BTreeMap<u8, HeldBy>) -> Masters {
        Masters { tenant, held, keys: self.clone() }
    }
}

/// A tenant's master keys of some versions, each asked of whoever holds it.
#[derive(Debug, Clone)]
pub struct Masters {
    tenant: TenantId,
    held: BTreeMap<u8, HeldBy>,
    keys: CardKeys,
}

impl CardKeySource for Masters {
    fn cmac(&self, tenant: TenantId, version: u8, message: &[u8]) -> Result<Zeroizing<[u8; 16]>, CardKeyError> {
        let unavailable = |why: String| CardKeyError::Unavailable { version, why };
        let held = self.held.get(&version).filter(|_| tenant == self.tenant);
        match held {
            None => Err(unavailable("it was never made".to_owned())),
            Some(HeldBy::File) => self.keys.file.cmac(tenant, version, message),
            Some(HeldBy::Module(check)) => match &self.keys.module {
                None => Err(unavailable("a module holds it, and the configuration names none".to_owned())),
                Some(module) => module
                    .cmac(KeyName { tenant, version }, *check, message)
                    .map_err(|error| unavailable(error.to_string())),
            },
        }
    }
}

impl CardKeySource for Keys {
    fn cmac(&self, tenant: TenantId, version: u8, message: &[u8]) -> Result<Zeroizing<[u8; 16]>, CardKeyError> {
        Ok(aes_cmac(&self.card_master(tenant, version), message))
    }
}

fn aes_cmac(key: &[u8; 16], message: &[u8]) -> Zeroizing<[u8; 16]> {
    let mut mac = Cmac::<Aes128>::new(key.into());
    mac.update(message);
    Zeroizing::new(mac.finalize().into_bytes().into())
}

impl Keys {
    /// A tenant's master key of one version. Never leaves this module.
    fn card_master(&self, tenant: TenantId, version: u8) -> Zeroizing<[u8; 16]> {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.master.bytes()).expect("HMAC takes any key");
        hmac::Mac::update(&mut mac, &canonical::encode(&("pforte card master key 1".to_owned(), tenant, version)));
        let whole: Zeroizing<[u8; 32]> = Zeroizing::new(hmac::Mac::finalize(mac).into_bytes().into());
        let mut key = Zeroizing::new([0; 16]);
        key.copy_from_slice(&whole[..16]);
        key
    }
}

/// Where a tenant's data lie on a card, and what its keys are diversified over beside the UID. No secret, and the same for ever.
pub fn application(installation: InstallationId, tenant: TenantId) -> CardApplication {
    let digest = Sha256::digest(canonical::encode(&("pforte card application 1".to_owned(), installation, tenant)));
    // The last byte, the first that people read, begins with F: so do numbers that a card's directory knows nothing of.
    let id = [digest[0], digest[1], 0xF0 | (digest[2] & 0x0F)];
    CardApplication { id, system: digest[3..3 + SYSTEM_BYTES].to_vec() }
}

/// What a key is diversified over: UID, application (zeros for the card's own key), system, number of the key. 16 to 31 bytes.
fn input(uid: &[u8; CHIP_UID_BYTES], application: &CardApplication, role: CardKeyRole) -> Zeroizing<Vec<u8>> {
    let (id, number) = match role {
        CardKeyRole::Card => ([0; 3], 0),
        CardKeyRole::Application => (application.id, 0),
        CardKeyRole::Reading => (application.id, 1),
    };
    Zeroizing::new([&uid[..], &id, &application.system, &[number]].concat())
}

/// One key of one card.
pub fn card_key(
    source: &dyn CardKeySource,
    tenant: TenantId,
    application: &CardApplication,
    uid: &[u8; CHIP_UID_BYTES],
    (role, version): (CardKeyRole, u8),
) -> Result<CardKey, CardKeyError> {
    let key = diversified(source, tenant, version, &input(uid, application, role))?;
    Ok(CardKey { role, version, key: SecretBytes(key.to_vec()) })
}

fn diversified(
    source: &dyn CardKeySource,
    tenant: TenantId,
    version: u8,
    input: &[u8],
) -> Result<Zeroizing<[u8; 16]>, CardKeyError> {
    // For less AN10922 pads to two blocks where CMAC takes one; for more it is not defined.
    if !(16..=31).contains(&input.len()) {
        return Err(CardKeyError::InputLength(input.len()));
    }
    source.cmac(tenant, version, &Zeroizing::new([&[0x01], input].concat()))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// A key that everybody knows, in place of any tenant's.
    #[derive(Debug)]
    struct Published;

    impl CardKeySource for Published {
        fn cmac(&self, _: TenantId, _: u8, message: &[u8]) -> Result<Zeroizing<[u8; 16]>, CardKeyError> {
            Ok(aes_cmac(&key("00112233445566778899AABBCCDDEEFF"), message))
        }
    }

    fn key(text: &str) -> [u8; 16] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    fn tenant(number: u128) -> TenantId {
        TenantId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn an10922_aes_128() {
        // The published example: its input has 16 bytes.
        let input = hex::decode("04782E21801D803042F54E585020416275").unwrap();
        let diversified = diversified(&Published, tenant(1), 1, &input[..]).unwrap();
        assert_eq!(*diversified, key("A8DD63A3B89D54B37CA802473FDA9175"));
    }

    #[test]
    fn nist_sp_800_38b() {
        let message =
            hex::decode("6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E5130C81C46A35CE411").unwrap();
        for (length, expected) in [
            (0, "BB1D6929E95937287FA37D129B756746"),
            (16, "070A16B46B4D4144F79BDD9DD04A287C"),
            (40, "DFA66747DE9AE63030CA32611497C827"),
        ] {
            let mac = aes_cmac(&key("2B7E151628AED2A6ABF7158809CF4F3C"), &message[..length]);
            assert_eq!(*mac, key(expected), "{length}");
        }
    }

    #[test]
    fn an_input_is_uid_application_system_and_key_number() {
        let uid = [0x04, 0x78, 0x2E, 0x21, 0x80, 0x1D, 0x80];
        let application = CardApplication { id: [0x30, 0x42, 0xF5], system: b"Pforte".to_vec() };
        let told = |role| hex::encode_upper(&*input(&uid, &application, role));
        assert_eq!(told(CardKeyRole::Reading), "04782E21801D803042F550666F72746501");
        assert_eq!(told(CardKeyRole::Application), "04782E21801D803042F550666F72746500");
        assert_eq!(told(CardKeyRole::Card), "04782E21801D8000000050666F72746500");
    }

    #[test]
    fn inputs_of_other_lengths_are_refused() {
        for length in 0..40 {
            let given = diversified(&Published, tenant(1), 1, &vec![7; length]);
            assert_eq!(given.is_ok(), (16..=31).contains(&length), "{length}");
        }
        let own = application(InstallationId::from_uuid(Uuid::from_u128(1)), tenant(1));
        assert!((16..=31).contains(&input(&[4; 7], &own, CardKeyRole::Card).len()));
    }

    #[test]
    fn keys_are_of_one_tenant_version_role_card_and_installation() {
        let (keys, others) = (Keys::fresh().unwrap(), Keys::fresh().unwrap());
        let (here, there) =
            (InstallationId::from_uuid(Uuid::from_u128(1)), InstallationId::from_uuid(Uuid::from_u128(2)));
        let made = |keys: &Keys, installation, tenant, uid: [u8; 7], key| {
            card_key(keys, tenant, &application(installation, tenant), &uid, key).unwrap().key.0.clone()
        };
        let reading = (CardKeyRole::Reading, 1);
        let own = made(&keys, here, tenant(1), [4; 7], reading);
        assert_eq!(made(&keys, here, tenant(1), [4; 7], reading), own, "always the same");
        for other in [
            made(&keys, here, tenant(1), [5; 7], reading),
            made(&keys, here, tenant(2), [4; 7], reading),
            made(&keys, there, tenant(1), [4; 7], reading),
            made(&others, here, tenant(1), [4; 7], reading),
            made(&keys, here, tenant(1), [4; 7], (CardKeyRole::Reading, 2)),
            made(&keys, here, tenant(1), [4; 7], (CardKeyRole::Application, 1)),
            made(&keys, here, tenant(1), [4; 7], (CardKeyRole::Card, 1)),
        ] {
            assert_ne!(other, own);
        }
        let application = application(here, tenant(1));
        assert!(application.id[2] >= 0xF0 && (5..=20).contains(&application.system.len()));
    }
}
