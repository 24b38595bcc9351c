//! A key of the machine that the agent runs on: what lies in the data folder is sealed under it, so that a copy of the folder is of no
//! use elsewhere. Made of a secret that the service manager hands to this service alone (a file that only root can read, or one that
//! it opens with the machine's TPM) and of the board's serial number, which does not lie on the disk. Called by the program's start.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Name of the credential.
const CREDENTIAL: &str = "machine-key";
/// A shorter secret is none.
const SECRET_BYTES_MIN: usize = 16;
/// Where a board tells its serial number; a machine without one is bound by the secret alone.
const SERIAL: &str = "/sys/firmware/devicetree/base/serial-number";
const NONCE_BYTES: usize = 24;

/// The key.
#[derive(Clone)]
pub struct MachineKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for MachineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MachineKey([redacted])")
    }
}

/// Why there is no key although a secret was handed over.
#[derive(Debug, thiserror::Error)]
pub enum MachineKeyError {
    /// It can't be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is too short.
    #[error("{0}: shorter than {SECRET_BYTES_MIN} bytes")]
    TooShort(PathBuf),
}

impl MachineKey {
    /// The key of this machine; none if the service manager hands over no secret.
    pub fn of_this_machine() -> Result<Option<Self>, MachineKeyError> {
        let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY") else { return Ok(None) };
        Self::handed_over(Path::new(&folder), &std::fs::read(SERIAL).unwrap_or_default())
    }

    fn handed_over(folder: &Path, serial: &[u8]) -> Result<Option<Self>, MachineKeyError> {
        let path = folder.join(CREDENTIAL);
        let secret = match std::fs::read(&path) {
            Ok(secret) => Zeroizing::new(secret),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(MachineKeyError::Unreadable { path, source }),
        };
        Self::of(&secret, serial).map(Some).ok_or(MachineKeyError::TooShort(path))
    }

    /// The key of a machine with this secret and serial number.
    pub(crate) fn of(secret: &[u8], serial: &[u8]) -> Option<Self> {
        if secret.len() < SECRET_BYTES_MIN {
            return None;
        }
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(secret).ok()?;
        mac.update(b"pforte machine 1");
        mac.update(serial);
        Some(Self(Zeroizing::new(mac.finalize().into_bytes().into())))
    }

    /// Seals something, bound to what it is.
    pub(crate) fn seal(&self, binding: &[u8], content: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).ok()?;
        let payload = Payload { msg: content, aad: binding };
        let sealed = self.cipher()?.encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed for the same.
    pub(crate) fn unseal(&self, binding: &[u8], content: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = content.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: binding };
        self.cipher()?.decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
    }

    fn cipher(&self) -> Option<XChaCha20Poly1305> {
        XChaCha20Poly1305::new_from_slice(&*self.0).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_and_board_make_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let handed = |serial: &[u8]| MachineKey::handed_over(folder.path(), serial);
        assert!(handed(b"1").unwrap().is_none(), "none was handed over");
        std::fs::write(folder.path().join(CREDENTIAL), [1; 15]).unwrap();
        assert!(matches!(handed(b"1"), Err(MachineKeyError::TooShort(_))));
        std::fs::write(folder.path().join(CREDENTIAL), [1; 32]).unwrap();
        let key = handed(b"1").unwrap().unwrap();
        let sealed = key.seal(b"this", b"content").unwrap();
        let opens = |key: &MachineKey, binding: &[u8]| key.unseal(binding, &sealed).map(|content| content.to_vec());
        assert_eq!(opens(&key, b"this"), Some(b"content".to_vec()));
        assert_eq!(
            opens(&handed(b"1").unwrap().unwrap(), b"this"),
            Some(b"content".to_vec()),
            "the same at the next start"
        );
        assert_eq!(opens(&key, b"that"), None);
        assert_eq!(opens(&handed(b"2").unwrap().unwrap(), b"this"), None, "another board");
        std::fs::write(folder.path().join(CREDENTIAL), [2; 32]).unwrap();
        assert_eq!(opens(&handed(b"1").unwrap().unwrap(), b"this"), None, "another secret");
        assert!(!format!("{key:?}").contains('1'));
    }
}
