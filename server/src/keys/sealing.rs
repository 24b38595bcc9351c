//! Sealing to one agent, by the key that it made when it joined (HPKE, RFC 9180). What opens it never leaves the agent.

use anyhow::Context as _;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem, OpModeS, Serializable as _};

/// What HPKE's key schedule is bound to.
const HPKE_INFO: &[u8] = b"pforte template 1";

/// An agent's key that things are sealed to.
pub struct SealingKey(<X25519HkdfSha256 as Kem>::PublicKey);

impl SealingKey {
    /// Reads an agent's key, as it is kept.
    pub fn from_bytes(bytes: &[u8]) -> anyhow::Result<Self> {
        let key = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(bytes);
        key.map(Self).map_err(|error| anyhow::anyhow!("an agent's sealing key: {error}"))
    }

    /// Seals bytes to the agent: HPKE's encapsulated key, then the ciphertext.
    pub fn seal(&self, plain: &[u8], binding: &[u8]) -> anyhow::Result<Vec<u8>> {
        let (encapsulated, ciphertext) = hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &self.0,
            HPKE_INFO,
            plain,
            binding,
        )
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context("can't seal to an agent")?;
        Ok([encapsulated.to_bytes().as_slice(), &ciphertext].concat())
    }
}
