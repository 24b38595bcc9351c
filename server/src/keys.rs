//! The installation's master key and what is derived from or wrapped by it.
//!
//! The master key lies in a file of mode 0600 outside the database. It wraps each person's keys; those seal names,
//! photos, card numbers and templates (XChaCha20-Poly1305). Sealed bytes: format byte, 24 bytes nonce, ciphertext with
//! tag. The associated data binds them to key, tenant, purpose and row, so that none can be put in another's place.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use access_core::canonical;
use access_core::ids::{AgentId, PersonId, TenantId};
use anyhow::{Context as _, ensure};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use ed25519_dalek::SigningKey;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::{Zeroize as _, Zeroizing};

pub mod cards;
pub mod module;
mod sealing;

pub use cards::{CardKeyError, CardKeySource, CardKeys};
pub use sealing::SealingKey;

const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 24;

/// Sealed bytes that don't open: another key, another row, or altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed bytes don't open: they belong to another key or row, or were altered")]
pub struct NotOpened;

/// A 256-bit key. Prints as `[redacted]`; wiped when dropped.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What sealed bytes are bound to.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Whose tenant's.
    pub tenant: TenantId,
    /// What they are for, such as `identity`.
    pub purpose: &'static str,
    /// The row that holds them.
    pub row: Uuid,
}

impl Key {
    /// A fresh random key.
    pub fn random() -> anyhow::Result<Self> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        Ok(Self(key))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Tells keys apart without telling them.
    fn id(&self) -> [u8; 8] {
        let mut id = [0; 8];
        id.copy_from_slice(&Sha256::digest([b"pforte key id 1".as_slice(), &*self.0].concat())[..8]);
        id
    }

    fn associated_data(&self, binding: &Binding) -> Vec<u8> {
        canonical::encode(&(self.id(), binding.tenant, binding.purpose.to_owned(), binding.row))
    }

    /// Takes key material.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Seals bytes as others than the server open them: nonce (24 bytes), then ciphertext, bound to whatever they agreed on.
    pub fn seal_for_others(&self, binding: &[u8], plain: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let sealed = XChaCha20Poly1305::new(&(*self.0).into())
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: binding })
            .map_err(|_| anyhow::anyhow!("too long to seal"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Seals bytes.
    pub fn seal(&self, binding: &Binding, plain: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let payload = Payload { msg: plain, aad: &self.associated_data(binding) };
        let sealed = XChaCha20Poly1305::new(&(*self.0).into())
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| anyhow::anyhow!("too long to seal"))?;
        Ok([&[FORMAT], nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`seal`](Key::seal) sealed with the same binding.
    pub fn open(&self, binding: &Binding, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        let (&format, rest) = sealed.split_first().ok_or(NotOpened)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(NotOpened)?;
        if format != FORMAT {
            return Err(NotOpened);
        }
        let payload = Payload { msg: ciphertext, aad: &self.associated_data(binding) };
        XChaCha20Poly1305::new(&(*self.0).into())
            .decrypt(&XNonce::from(*nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| NotOpened)
    }
}

/// Has the entry of a new file in its folder survive a power cut.
pub(crate) fn sync_entry(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("can't sync {}", folder.display()))
}

/// The installation's master key.
#[derive(Debug, Clone)]
pub struct Keys {
    master: Key,
}

impl Keys {
    /// Keys of a fresh installation that lie nowhere; for tests.
    pub fn fresh() -> anyhow::Result<Self> {
        Ok(Self { master: Key::random()? })
    }

    /// Makes a new master key at `path`, readable by the service's account only. Fails if there is one.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let keys = Self::fresh()?;
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("can't make the master key {}", path.display()))?;
        file.write_all(keys.master.bytes())?;
        file.sync_all()?;
        // The database is made next, and what is sealed in it is lost without this file.
        sync_entry(path)?;
        Ok(keys)
    }

    /// Reads the master key.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        let context = || format!("can't read the master key {}", path.display());
        let file = std::fs::File::open(path).with_context(context)?;
        let mode = file.metadata()?.permissions().mode() & 0o777;
        ensure!(mode & 0o077 == 0, "the master key {} is readable by others (mode {mode:o})", path.display());
        let mut bytes = Zeroizing::new(Vec::with_capacity(33));
        file.take(33).read_to_end(&mut bytes).with_context(context)?;
        let mut key = Zeroizing::new([0; 32]);
        ensure!(bytes.len() == key.len(), "the master key {} does not have 32 bytes", path.display());
        key.copy_from_slice(&bytes);
        bytes.zeroize();
        Ok(Self { master: Key(key) })
    }

    /// Wraps a person's key.
    pub fn wrap(
        &self,
        tenant: TenantId,
        person: PersonId,
        purpose: &'static str,
        key: &Key,
    ) -> anyhow::Result<Vec<u8>> {
        self.master.seal(&Binding { tenant, purpose, row: person.as_uuid() }, key.bytes())
    }

    /// Unwraps a person's key.
    pub fn unwrap(
        &self,
        tenant: TenantId,
        person: PersonId,
        purpose: &'static str,
        wrapped: &[u8],
    ) -> Result<Key, NotOpened> {
        let bytes = self.master.open(&Binding { tenant, purpose, row: person.as_uuid() }, wrapped)?;
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(bytes.get(..32).filter(|_| bytes.len() == 32).ok_or(NotOpened)?);
        Ok(Key(key))
    }

    /// The tenant's own key for one purpose, derived from the master key.
    pub fn of_tenant(&self, tenant: TenantId, purpose: &str) -> Key {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.master.bytes()).expect("HMAC takes any key");
        mac.update(&canonical::encode(&("pforte tenant key 1".to_owned(), tenant, purpose.to_owned())));
        Key(Zeroizing::new(mac.finalize().into_bytes().into()))
    }

    /// The installation's own signing key for one purpose, derived from the master key.
    pub fn signing(&self, purpose: &str) -> SigningKey {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.master.bytes()).expect("HMAC takes any key");
        mac.update(&canonical::encode(&("pforte signing key 1".to_owned(), purpose.to_owned())));
        SigningKey::from_bytes(&Zeroizing::new(mac.finalize().into_bytes().into()))
    }

    /// Signs bundles: what agents decide by when alone.
    pub fn policy_key(&self) -> SigningKey {
        self.signing("policy")
    }

    /// Signs the server's own records.
    pub fn log_key(&self) -> SigningKey {
        self.signing("log")
    }

    /// Tells the master key apart from others without telling it.
    pub fn id(&self) -> [u8; 8] {
        self.master.id()
    }

    /// An agent's pepper: what its verifiers of PINs are made with.
    pub fn pin_pepper(&self, tenant: TenantId, agent: AgentId) -> Key {
        self.of_tenant(tenant, &format!("pin pepper {}", agent.as_uuid()))
    }

    /// Key of the hash that makes card tokens.
    pub fn card_key(&self, tenant: TenantId) -> Key {
        self.of_tenant(tenant, "card token")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn sealed_bytes_open_in_their_own_place_only() {
        let key = Key::random().unwrap();
        let own = Binding { tenant: TenantId::from_uuid(Uuid::from_u128(1)), purpose: "identity", row: Uuid::nil() };
        let sealed = key.seal(&own, b"Anna").unwrap();
        assert_eq!(key.open(&own, &sealed).unwrap().as_slice(), b"Anna");
        assert_ne!(key.seal(&own, b"Anna").unwrap(), sealed, "a nonce is used once");
        let others = [
            Binding { tenant: TenantId::from_uuid(Uuid::from_u128(2)), ..own },
            Binding { purpose: "photo", ..own },
            Binding { row: Uuid::from_u128(1), ..own },
        ];
        for other in others {
            assert_eq!(key.open(&other, &sealed), Err(NotOpened), "{other:?}");
        }
        assert_eq!(Key::random().unwrap().open(&own, &sealed), Err(NotOpened));
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(key.open(&own, &altered), Err(NotOpened), "byte {at}");
            assert_eq!(key.open(&own, &sealed[..at]), Err(NotOpened), "cut at {at}");
        }
    }

    #[test]
    fn the_master_key_is_made_once_and_is_nobody_elses_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let keys = Keys::create(&path).unwrap();
        assert!(Keys::create(&path).is_err());
        assert_eq!(Keys::read(&path).unwrap().master.bytes(), keys.master.bytes());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Keys::read(&path).unwrap_err().to_string().contains("readable by others"));
    }

    #[test]
    fn tenants_have_keys_of_their_own() {
        let keys = Keys::fresh().unwrap();
        let tenant = |n| TenantId::from_uuid(Uuid::from_u128(n));
        assert_ne!(keys.card_key(tenant(1)).bytes(), keys.card_key(tenant(2)).bytes());
        assert_ne!(keys.of_tenant(tenant(1), "a").bytes(), keys.of_tenant(tenant(1), "b").bytes());
        let agent = |n| AgentId::from_uuid(Uuid::from_u128(n));
        let pepper = |tenant_number, n| *keys.pin_pepper(tenant(tenant_number), agent(n)).bytes();
        assert_ne!(pepper(1, 1), pepper(1, 2));
        assert_ne!(pepper(1, 1), pepper(2, 1));
        assert_eq!(pepper(1, 1), pepper(1, 1));
    }
}
