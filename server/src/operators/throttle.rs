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

#[derive(Debug, Clone, Copy)]
struct Count {
    failures: u32,
    last: DateTime<Utc>,
    open_at: DateTime<Utc>,
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
    /// How long this try has to wait, if it must; in whole seconds, at least one.
    pub fn wait_s(&self, tenant: TenantId, name: &str, address: IpAddr, now: DateTime<Utc>) -> Option<i64> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let open_at = guesses(tenant, name, address)
            .iter()
            .filter_map(|guess| counts.get(guess))
            .map(|count| count.open_at)
            .max()?;
        (open_at > now).then(|| (open_at - now).num_seconds() + 1)
    }

    /// Counts a failure.
    pub fn failed(&self, tenant: TenantId, name: &str, address: IpAddr, now: DateTime<Utc>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for guess in guesses(tenant, name, address) {
            let (free, longest_s) = guess.limits();
            let count = counts.entry(guess).or_insert(Count { failures: 0, last: now, open_at: now });
            count.failures = count.failures.saturating_add(1);
            count.last = now;
            let over = count.failures.saturating_sub(free);
            if over > 0 {
                let wait_s = 2_i64.saturating_pow(over.min(16) - 1).min(longest_s);
                count.open_at = now + TimeDelta::seconds(wait_s);
            }
        }
        if counts.len() > COUNTS_MAX {
            counts.retain(|_, count| now - count.last < TimeDelta::minutes(FORGOTTEN_MINUTES));
        }
        if counts.len() > COUNTS_MAX {
            let mut ages: Vec<DateTime<Utc>> = counts.values().map(|count| count.last).collect();
            ages.sort_unstable();
            let oldest_kept = ages[ages.len() / 2];
            counts.retain(|_, count| count.last > oldest_kept);
        }
    }

    /// Forgets the failures of this account from this address.
    pub fn succeeded(&self, tenant: TenantId, name: &str, address: IpAddr) {
        let [both, ..] = guesses(tenant, name, address);
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).remove(&both);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn guesses_wait_ever_longer_and_strangers_lock_nobody_out() {
        let throttle = Throttle::default();
        let tenant = TenantId::from_uuid(Uuid::from_u128(1));
        let (stranger, own): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        for _ in 0..4 {
            throttle.failed(tenant, "anna", stranger, now);
            assert_eq!(throttle.wait_s(tenant, "anna", stranger, now), None);
        }
        throttle.failed(tenant, "anna", stranger, now);
        assert_eq!(throttle.wait_s(tenant, "anna", stranger, now), Some(2));
        for _ in 0..1_000 {
            throttle.failed(tenant, "anna", stranger, now);
        }
        assert_eq!(throttle.wait_s(tenant, "anna", stranger, now), Some(301));
        assert!(throttle.wait_s(tenant, "anna", own, now).unwrap() <= 11, "from elsewhere the wait is short");
        let later = now + TimeDelta::seconds(11);
        assert_eq!(throttle.wait_s(tenant, "anna", own, later), None);
        assert_eq!(throttle.wait_s(tenant, "berta", own, now), None);
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::default();
        let tenant = TenantId::from_uuid(Uuid::from_u128(1));
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        for guess in 0..20_000_u32 {
            let address = IpAddr::from(guess.to_be_bytes());
            throttle.failed(tenant, &guess.to_string(), address, start + TimeDelta::milliseconds(i64::from(guess)));
        }
        assert!(throttle.counts.lock().unwrap().len() <= COUNTS_MAX);
    }
}
