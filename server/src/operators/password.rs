//! Passwords: argon2id, checked off the async threads and only a few at a time; length and common-password rules after
//! NIST SP 800-63B-4 (15 characters where it is set by the person, no composition rules).

use std::sync::Arc;

use anyhow::Context as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

use crate::http::{ApiError, ApiResult};

/// Fewest characters.
const CHARS_MIN: usize = 15;
/// Most characters.
const CHARS_MAX: usize = 128;
/// Fewest characters that must remain without names that everybody knows.
const REST_CHARS_MIN: usize = 8;
/// Memory of one hash, in KiB.
const MEMORY_KIB: u32 = 64 * 1024;
/// Passes over it.
const PASSES: u32 = 3;
/// Hashes computed at once: each takes 64 MiB and a core.
const AT_ONCE: usize = 2;
/// Passwords that may wait for their turn: some seconds' work. More than one address gets past the throttle at once.
const WAITING_MAX: usize = 64;

/// Hashes and checks passwords.
#[derive(Debug, Clone)]
pub struct Passwords {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    /// Hash of nothing in particular, checked when there is no such operator, so that the answer takes as long.
    decoy: Arc<str>,
}

/// A place among those whose password is looked at or waits for it; free again when dropped.
#[derive(Debug)]
pub struct Place {
    _place: OwnedSemaphorePermit,
    turns: Arc<Semaphore>,
    decoy: Arc<str>,
}

impl Passwords {
    /// Makes the decoy.
    pub fn new() -> anyhow::Result<Self> {
        let decoy = hash(b"a password that nobody has")?.into();
        let (places, turns) = (Semaphore::new(AT_ONCE + WAITING_MAX), Semaphore::new(AT_ONCE));
        Ok(Self { places: Arc::new(places), turns: Arc::new(turns), decoy })
    }

    /// A place; refused while too many wait. Whoever has none was not looked at, and must not be counted as a guess.
    pub fn place(&self) -> ApiResult<Place> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Err(ApiError::Unavailable(
                "Too many sign in at this moment; try again in a few seconds.".to_owned(),
            ));
        };
        Ok(Place { _place: place, turns: Arc::clone(&self.turns), decoy: Arc::clone(&self.decoy) })
    }
}

impl Place {
    /// The hash of a new password, in PHC form.
    pub async fn hash(self, password: Zeroizing<String>) -> anyhow::Result<String> {
        let _turn = self.turns.acquire().await?;
        tokio::task::spawn_blocking(move || hash(password.as_bytes())).await?
    }

    /// Whether a password fits a hash. Takes as long without one.
    pub async fn fits(self, password: Zeroizing<String>, kept: Option<String>) -> anyhow::Result<bool> {
        let _turn = self.turns.acquire().await?;
        let decoy = Arc::clone(&self.decoy);
        tokio::task::spawn_blocking(move || {
            let is_kept = kept.is_some();
            let text = kept.unwrap_or_else(|| decoy.to_string());
            let parsed = PasswordHash::new(&text).map_err(|error| anyhow::anyhow!("a kept password hash: {error}"))?;
            Ok(argon2()?.verify_password(password.as_bytes(), &parsed).is_ok() && is_kept)
        })
        .await?
    }
}

fn argon2() -> anyhow::Result<Argon2<'static>> {
    let parameters =
        Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|error| anyhow::anyhow!("argon2's parameters: {error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

fn hash(password: &[u8]) -> anyhow::Result<String> {
    let hash = argon2()?.hash_password(password).map_err(|error| anyhow::anyhow!("{error}")).context("argon2")?;
    Ok(hash.to_string())
}

/// What is wrong with a new password, if anything. `known` are words that it must not be made of: names of the operator.
pub(super) fn objection(password: &str, known: &[&str]) -> Option<String> {
    let characters = password.chars().count();
    if !(CHARS_MIN..=CHARS_MAX).contains(&characters) {
        return Some(format!("must have {CHARS_MIN} to {CHARS_MAX} characters; a sentence is fine"));
    }
    let mut without_names = password.to_lowercase();
    for word in known.iter().flat_map(|words| words.split_whitespace()).filter(|word| word.chars().count() > 2) {
        without_names = without_names.replace(&word.to_lowercase(), "");
    }
    let is_made_of_names = without_names.chars().count() < REST_CHARS_MIN;
    let strength = zxcvbn::zxcvbn(password, known);
    if is_made_of_names {
        return Some("is made of names that everybody knows".to_owned());
    }
    if strength.score() < zxcvbn::Score::Three {
        return Some("is among the common passwords, or easily guessed from them".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_common_and_own_names_are_refused() {
        for bad in [
            "short",
            "passwordpassword",
            "123456789012345",
            "qwertyuiopasdfgh",
            "aaaaaaaaaaaaaaaaaa",
            "pforteadminpforte",
        ] {
            assert!(objection(bad, &["pforte", "admin"]).is_some(), "{bad}");
        }
        assert!(objection(&"x1y".repeat(50), &[]).is_some(), "too long");
        assert_eq!(objection("seven green umbrellas at dawn", &["pforte"]), None);
    }

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let passwords = Passwords::new().unwrap();
        let password = |text: &str| Zeroizing::new(text.to_owned());
        let place = || passwords.place().unwrap();
        let kept = place().hash(password("seven green umbrellas")).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"), "{kept}");
        assert!(place().fits(password("seven green umbrellas"), Some(kept.clone())).await.unwrap());
        assert!(!place().fits(password("seven green umbrella"), Some(kept)).await.unwrap());
        assert!(!place().fits(password("a password that nobody has"), None).await.unwrap());
    }

    #[test]
    fn only_so_many_wait() {
        let passwords = Passwords::new().unwrap();
        let mut waiting: Vec<Place> = (0..AT_ONCE + WAITING_MAX).map(|_| passwords.place().unwrap()).collect();
        assert!(matches!(passwords.place(), Err(ApiError::Unavailable(_))));
        waiting.pop();
        passwords.place().unwrap();
    }
}
