//! PINs on the wire: what a station makes of one, what an agent checks one by, and the words of the dialogue.
//!
//! A PIN itself is never sent. A station makes `argon2id(PIN, salt)` of it, which the server keeps sealed; each agent gets
//! `HMAC-SHA-256(pepper, argon2id(PIN, salt))` for the people who may use its doors, by a pepper that is this agent's alone.

use borsh::{BorshDeserialize, BorshSerialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::canonical;
use crate::ids::{AgentId, PersonId};

/// Fewest digits of a PIN.
pub const PIN_DIGITS_MIN: usize = 6;
/// Most digits of a PIN.
pub const PIN_DIGITS_MAX: usize = 12;
/// Length of the salt, in bytes.
pub const PIN_SALT_BYTES: usize = 16;
/// Memory that argon2id (RFC 9106, version 0x13) fills for a PIN, in MiB.
pub const PIN_HASH_MIB: u32 = 16;
/// How often it passes over that memory, by one lane.
pub const PIN_HASH_PASSES: u32 = 3;
/// What it makes of a PIN, in bytes.
pub const PIN_HASH_BYTES: usize = 32;

/// Salt of a person's PINs: another with each new one for every day, the same for the sign of duress beside it, so that one
/// hash of what was typed is compared with both.
pub type PinSalt = [u8; PIN_SALT_BYTES];

crate::words! {
    /// Which PIN a person is to type.
    pub enum PinPrompt {
        /// The one for every day, which they have.
        Everyday = "everyday",
        /// The new one.
        New = "new",
        /// The new one once more.
        Again = "again",
    }
}

crate::words! {
    /// Why what was typed can't be a PIN.
    pub enum PinFault {
        /// It has too few digits.
        TooShort = "too_short",
        /// It has too many digits.
        TooLong = "too_long",
        /// Fewer than three different digits, or a run up or down.
        TooSimple = "too_simple",
        /// A sign of duress that one slip makes of the one for every day, or the other way round.
        TooLike = "too_like",
        /// The second time it was another.
        Different = "different",
    }
}

/// What an agent checks PINs by. Nothing in it can be read without the agent's sealing key, which lies in another file.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SealedPins {
    /// The agent's pepper, sealed to its key as templates are. Associated data: [`pepper_binding`]. Empty where nobody has a PIN.
    pub pepper: Vec<u8>,
    /// One for each person with a PIN.
    pub of_persons: Vec<SealedPin>,
}

/// What one person's PINs are checked by, sealed to one agent.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SealedPin {
    /// Whose.
    pub person: PersonId,
    /// HPKE's encapsulated key, then the ciphertext of a [`PinContent`]. Associated data: [`pin_binding`].
    pub sealed: Vec<u8>,
}

/// What is sealed of a person's PINs. As long, and checked alike, whether or not there is a sign of duress.
#[derive(Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Zeroize, ZeroizeOnDrop)]
pub struct PinContent {
    /// Salt of both.
    pub salt: PinSalt,
    /// `HMAC-SHA-256(pepper, hash)` of the one for every day.
    pub everyday: [u8; 32],
    /// The same of the sign of duress; random bytes where there is none.
    pub duress: [u8; 32],
}

impl std::fmt::Debug for PinContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What a sealed [`PinContent`] is bound to: it opens for this agent and person only.
pub fn pin_binding(agent: AgentId, person: PersonId) -> Vec<u8> {
    canonical::encode(&("pforte pin 1".to_owned(), agent, person))
}

/// What a sealed pepper is bound to.
pub fn pepper_binding(agent: AgentId) -> Vec<u8> {
    canonical::encode(&("pforte pin pepper 1".to_owned(), agent))
}
