//! PINs: what may be one, what is made of one, and whether one is the holder's.
//!
//! argon2id fills 16 MiB and takes some hundred milliseconds on a Pi: it runs on a blocking thread, one at a time, and never in
//! the [`run`](crate::run) loop. Whatever is typed is checked alike: one hash, one HMAC, two comparisons in constant time,
//! the sign of duress among them whether or not there is one. Nothing here is printed or logged.

use access_core::ids::{AttemptId, EnrolmentId, PersonId};
use access_core::policy::Side;
use access_core::protocol::{
    PIN_DIGITS_MAX, PIN_DIGITS_MIN, PIN_HASH_BYTES, PIN_HASH_MIB, PIN_HASH_PASSES, PinContent, PinFault, PinSalt,
};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use hardware::keypad::Digits;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq as _};
use tokio::sync::mpsc;
use zeroize::{Zeroize as _, Zeroizing};

use crate::door::PinOutcome;

pub mod throttle;

/// Different digits that a PIN has at least.
const DIFFERENT_MIN: usize = 3;

/// What argon2id made of a PIN.
pub type PinHash = Zeroizing<[u8; PIN_HASH_BYTES]>;

/// What a person's PINs are checked by; opened for one check and wiped after it.
pub struct PinCheck {
    /// Salt and verifiers.
    pub content: PinContent,
    /// The agent's pepper.
    pub pepper: Zeroizing<[u8; 32]>,
}

/// What is to be computed.
pub enum PinWork {
    /// Whether what was typed at a door is the holder's.
    Check {
        /// At which door, by its number in the configuration.
        door: usize,
        /// On which side.
        side: Side,
        /// Whose.
        person: PersonId,
        /// For which attempt.
        attempt: AttemptId,
        /// By what.
        check: Box<PinCheck>,
        /// What was typed.
        digits: Digits,
    },
    /// What the server keeps of what was typed at a station.
    Hash {
        /// Which dialogue.
        enrolment: EnrolmentId,
        /// Salt of the person's PINs.
        salt: PinSalt,
        /// The PIN for every day, where a sign of duress is set beside it.
        everyday: Option<Digits>,
        /// The new one.
        new: Digits,
    },
}

/// What came of it.
pub enum PinDone {
    /// Of [`PinWork::Check`].
    Checked {
        /// At which door.
        door: usize,
        /// On which side.
        side: Side,
        /// Whose.
        person: PersonId,
        /// For which attempt.
        attempt: AttemptId,
        /// Whether it is theirs.
        outcome: PinOutcome,
    },
    /// Of [`PinWork::Hash`]; none if it failed.
    Hashed {
        /// Which dialogue.
        enrolment: EnrolmentId,
        /// Of the PIN for every day, if it was typed, and of the new one.
        hashes: Option<(Option<PinHash>, PinHash)>,
    },
}

/// Works off what comes, one after the other, until nobody asks any more.
pub async fn run(mut work: mpsc::Receiver<PinWork>, done: mpsc::Sender<PinDone>) {
    while let Some(next) = work.recv().await {
        let computed = tokio::task::spawn_blocking(move || compute(next)).await;
        // A check that panicked is never answered: the lane gives it up by itself.
        let Ok(computed) = computed else { continue };
        if done.send(computed).await.is_err() {
            return;
        }
    }
}

fn compute(work: PinWork) -> PinDone {
    match work {
        PinWork::Check { door, side, person, attempt, check, digits } => {
            let outcome = check.outcome(&digits);
            PinDone::Checked { door, side, person, attempt, outcome }
        }
        PinWork::Hash { enrolment, salt, everyday, new } => {
            let everyday = everyday.map(|digits| hash(&digits, &salt)).transpose();
            let hashes = everyday.and_then(|everyday| Ok((everyday, hash(&new, &salt)?)));
            if let Err(error) = &hashes {
                tracing::error!(%error, "a PIN could not be hashed");
            }
            PinDone::Hashed { enrolment, hashes: hashes.ok() }
        }
    }
}

/// What argon2id makes of digits. Takes long.
pub fn hash(digits: &Digits, salt: &PinSalt) -> Result<PinHash, argon2::Error> {
    let params = Params::new(PIN_HASH_MIB * 1024, PIN_HASH_PASSES, 1, Some(PIN_HASH_BYTES))?;
    let mut memory = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut made = PinHash::default();
    let hashed = argon2.hash_password_into_with_memory(digits.as_bytes(), salt, &mut *made, &mut memory);
    memory.iter_mut().for_each(Block::zeroize);
    hashed.map(|()| made)
}

/// What an agent compares: `HMAC-SHA-256(pepper, hash)`.
pub fn verifier(pepper: &[u8; 32], hash: &[u8; PIN_HASH_BYTES]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = <Hmac<Sha256>>::new_from_slice(pepper).expect("any key");
    mac.update(hash);
    mac.finalize().into_bytes().into()
}

impl PinCheck {
    /// Whether the digits are the holder's. Takes as long whatever they are.
    fn outcome(&self, digits: &Digits) -> PinOutcome {
        let hash = match hash(digits, &self.content.salt) {
            Ok(hash) => hash,
            Err(error) => {
                tracing::error!(%error, "a PIN could not be checked");
                return PinOutcome::Fault;
            }
        };
        let shown = Zeroizing::new(verifier(&self.pepper, &hash));
        let everyday: Choice = shown.ct_eq(&self.content.everyday);
        let duress: Choice = shown.ct_eq(&self.content.duress);
        match (bool::from(everyday), bool::from(duress)) {
            (_, true) => PinOutcome::MatchedDuress,
            (true, false) => PinOutcome::Matched,
            (false, false) => PinOutcome::NotMatched,
        }
    }
}

/// Why digits can't be a PIN, if they can't: 6 to 12 of them, at least three different ones, no run up or down.
pub fn fault_of(digits: &Digits) -> Option<PinFault> {
    let digits = digits.as_bytes();
    if digits.len() < PIN_DIGITS_MIN {
        return Some(PinFault::TooShort);
    }
    if digits.len() > PIN_DIGITS_MAX {
        return Some(PinFault::TooLong);
    }
    let different = (b'0'..=b'9').filter(|digit| digits.contains(digit)).count();
    // 9 is followed by 0: 789012 is a run too.
    let is_run = |step: u8| digits.windows(2).all(|pair| (pair[0] - b'0' + step) % 10 == pair[1] - b'0');
    (different < DIFFERENT_MIN || is_run(1) || is_run(9)).then_some(PinFault::TooSimple)
}

/// Whether one slip of the finger makes one of the other: they are equal, or one digit is another, is missing, is typed once
/// too often, or two neighbours are swapped. An everyday slip must raise no silent alarm, and a sign of duress must not fail.
pub fn is_too_like(one: &Digits, other: &Digits) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let at = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short, long) = (&short[at..], &long[at..]);
    match long.len() - short.len() {
        0 => match (short, long) {
            ([], []) => true,
            ([a, b, rest @ ..], [c, d, other @ ..]) if rest == other => (a, b) == (d, c) || b == d,
            ([_, rest @ ..], [_, other @ ..]) => rest == other,
            _ => false,
        },
        1 => *short == long[1..],
        _ => false,
    }
}

#[cfg(test)]
mod tests;
