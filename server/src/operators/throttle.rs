//! Guesses, counted: each failure makes the next try wait longer, for the account from that address, for the address and
//! for the account as a whole. Waits are bounded and end by themselves: no stranger can lock an operator out for good.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use access_core::ids::TenantId;
use chrono::{DateTime, TimeDelta, Utc};

/// Counts that are kept at most; when more come, the oldest go.
const COUNTS_MAX: usize = 10_000;
/// A count without a failure for so long is forgotten, in minutes.
const FORGOTTEN_MINUTES: i64 = 30;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Guess {
    /// This account, from this address.
    Both(TenantId, String, IpAddr),
    /// Any account, from this address.
    Address(IpAddr),
    /// This account, from anywhere.
    Account(TenantId, String),
}

impl Guess {
    /// Failures that cost nothing, and the longest wait after that, in seconds.
    fn limits(&self) -> (u32, i64) {
        match self {
            Self::Both(..) => (4, 300),
            Self::Address(_) => (20, 60),
            Self::Account(..) => (30, 10),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Count {
    failures: u32,
    last: DateTime<Utc>,
    open_at: DateTime<Utc>,
}

/// A try that is counted as a failure until it succeeds: many at once get no further than one after the other.
#[derive(Debug)]
pub struct Try {
    guesses: [Guess; 3],
    before: [Option<Count>; 3],
}

/// Failures of late.
#[derive(Debug, Default)]
pub struct Throttle {
    counts: Mutex<HashMap<Guess, Count>>,
}

fn guesses(tenant: TenantId, name: &str, address: IpAddr) -> [Guess; 3] {
    // A name that can't be an operator's must not fill the memory.
    let name: String = name.chars().take(63).collect();
    [Guess::Both(tenant, name.clone(), address), Guess::Address(address), Guess::Account(tenant, name)]
}

impl Throttle {
    /// Takes note of a try; or says how long it has to wait, in whole seconds, at least one.
    pub fn admit(&self, tenant: TenantId, name: &str, address: IpAddr, now: DateTime<Utc>) -> Result<Try, i64> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let guesses = guesses(tenant, name, address);
        let is_fresh = |count: &Count| now - count.last < TimeDelta::minutes(FORGOTTEN_MINUTES);
        let before = guesses.each_ref().map(|guess| counts.get(guess).copied().filter(is_fresh));
        if let Some(open_at) = before.iter().flatten().map(|count| count.open_at).max().filter(|open_at| *open_at > now)
        {
            return Err((open_at - now).num_seconds() + 1);
        }
        for (guess, before) in guesses.iter().zip(before) {
            let (free, longest_s) = guess.limits();
            let failures = before.map_or(0, |count| count.failures).saturating_add(1);
            let over = failures.saturating_sub(free);
            // Tries at the same moment come in any order: one that is free must not close the door to an earlier one.
            let open_at = match over {
                0 => DateTime::UNIX_EPOCH,
                over => now + TimeDelta::seconds(2_i64.saturating_pow(over.min(16) - 1).min(longest_s)),
            };
            let count = Count { failures, last: now, open_at };
            counts.insert(guess.clone(), count);
        }
        if counts.len() > COUNTS_MAX {
            counts.retain(|_, count| is_fresh(count));
        }
        if counts.len() > COUNTS_MAX {
            let mut ages: Vec<DateTime<Utc>> = counts.values().map(|count| count.last).collect();
            ages.sort_unstable();
            let oldest_kept = ages[ages.len() / 2];
            counts.retain(|_, count| count.last > oldest_kept);
        }
        Ok(Try { guesses, before })
    }

    /// A try was none too many: it no longer counts, and neither do failures of this account from this address.
    pub fn succeeded(&self, done: Try) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for (guess, before) in done.guesses.into_iter().zip(done.before) {
            let is_own = matches!(guess, Guess::Both(..));
            let Some(count) = counts.get_mut(&guess) else { continue };
            count.failures -= 1;
            match before {
                _ if is_own => _ = counts.remove(&guess),
                // Nobody failed meanwhile: as it was before.
                Some(before) if count.failures == before.failures => *count = before,
                None if count.failures == 0 => _ = counts.remove(&guess),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    struct Guessing {
        throttle: Throttle,
        tenant: TenantId,
        now: DateTime<Utc>,
    }

    impl Guessing {
        fn new() -> Self {
            let tenant = TenantId::from_uuid(Uuid::from_u128(1));
            Self { throttle: Throttle::default(), tenant, now: DateTime::from_timestamp(1_700_000_000, 0).unwrap() }
        }

        fn guess(&self, name: &str, address: &str) -> Result<Try, i64> {
            self.throttle.admit(self.tenant, name, address.parse().unwrap(), self.now)
        }

        fn pass(&mut self, seconds: i64) {
            self.now += TimeDelta::seconds(seconds);
        }
    }

    const STRANGER: &str = "192.0.2.1";
    const OWN: &str = "192.0.2.2";

    #[test]
    fn guesses_wait_ever_longer_and_strangers_lock_nobody_out() {
        let mut guessing = Guessing::new();
        for _ in 0..5 {
            guessing.guess("anna", STRANGER).unwrap();
        }
        assert_eq!(guessing.guess("anna", STRANGER).unwrap_err(), 2);
        let mut tries = 0;
        for _ in 0..24 * 60 * 60 {
            guessing.pass(1);
            tries += u32::from(guessing.guess("anna", STRANGER).is_ok());
        }
        assert!(tries < 320, "{tries} guesses in a day");
        guessing.guess("anna", STRANGER).unwrap_err();
        let wait_s = guessing.guess("anna", OWN).err().unwrap_or(0);
        assert!(wait_s <= 11, "from elsewhere the wait is short, not {wait_s} s");
        guessing.guess("berta", OWN).unwrap();
    }

    #[test]
    fn many_at_once_get_no_further_than_one_after_the_other() {
        let mut guessing = Guessing::new();
        let mut admitted = 0;
        for _ in 0..100 {
            // Each read its clock a little before the one that came first.
            guessing.now -= TimeDelta::microseconds(1);
            admitted += u32::from(guessing.guess("anna", STRANGER).is_ok());
        }
        assert_eq!(admitted, 5);
    }

    #[test]
    fn whoever_signs_in_costs_nobody_a_wait() {
        let guessing = Guessing::new();
        for _ in 0..500 {
            let shift = guessing.guess("anna", OWN).unwrap();
            guessing.throttle.succeeded(shift);
        }
        guessing.guess("berta", OWN).unwrap();
    }

    #[test]
    fn mistakes_of_long_ago_are_forgotten() {
        let mut guessing = Guessing::new();
        for person in 0..40 {
            guessing.pass(FORGOTTEN_MINUTES * 60);
            guessing.guess(&format!("person {person}"), OWN).unwrap();
            guessing.guess(&format!("person {person}"), OWN).unwrap();
        }
        guessing.guess("anna", OWN).unwrap();
    }

    #[test]
    fn memory_is_bounded() {
        let mut guessing = Guessing::new();
        for guess in 0..20_000_u32 {
            guessing.now += TimeDelta::milliseconds(1);
            let _ = guessing.guess(&guess.to_string(), &IpAddr::from(guess.to_be_bytes()).to_string());
        }
        assert!(guessing.throttle.counts.lock().unwrap().len() <= COUNTS_MAX + 3);
    }
}
