//! How many connections a port takes, in all and from one address. Whoever is over it is closed at once, not kept waiting:
//! one caller who opens many must not keep the others out.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// How many connections a port takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// In all.
    pub connections_max: usize,
    /// From one address; of IPv6, from one network of 64 bits, for that is what one caller has.
    pub connections_per_address_max: usize,
}

/// The connections that are open.
#[derive(Debug)]
pub(super) struct Places {
    limits: Limits,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: HashMap<IpAddr, usize>,
}

impl Places {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, taken: Mutex::default() })
    }

    /// A place for a connection from `address`, if there is one. From `is_proxy`, behind whom many stand, only those in all
    /// are counted.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr, is_proxy: bool) -> Option<Place> {
        let by = (!is_proxy).then(|| counted_as(address));
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_this = by.and_then(|by| taken.by.get(&by).copied()).unwrap_or(0);
        if taken.all >= self.limits.connections_max || of_this >= self.limits.connections_per_address_max {
            return None;
        }
        taken.all += 1;
        if let Some(by) = by {
            taken.by.insert(by, of_this + 1);
        }
        Some(Place { places: Arc::clone(self), by })
    }
}

fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

/// A place, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    by: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        let Some(by) = self.by else { return };
        match taken.by.get_mut(&by) {
            Some(count) if *count > 1 => *count -= 1,
            _ => _ = taken.by.remove(&by),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_gets_its_share_and_all_together_theirs() {
        let places = Places::new(Limits { connections_max: 4, connections_per_address_max: 2 });
        let (own, other) = (ip("192.0.2.1"), ip("192.0.2.2"));
        let first = places.take(own, false).unwrap();
        let _second = places.take(ip("::ffff:192.0.2.1"), false).unwrap();
        assert!(places.take(own, false).is_none(), "the third of one address");
        let _third = places.take(other, false).unwrap();
        drop(first);
        let _again = places.take(own, false).expect("a place that was given back");
        let last = places.take(other, false).unwrap();
        assert!(places.take(ip("192.0.2.3"), false).is_none(), "the fifth in all");
        drop(last);
        places.take(ip("192.0.2.3"), false).unwrap();
    }

    #[test]
    fn neighbours_of_one_ipv6_network_are_one_and_proxies_are_many() {
        let places = Places::new(Limits { connections_max: 3, connections_per_address_max: 1 });
        let _first = places.take(ip("2001:db8::1"), false).unwrap();
        assert!(places.take(ip("2001:db8::ffff:2"), false).is_none());
        let _second = places.take(ip("2001:db8:0:1::1"), false).unwrap();
        let proxied = places.take(ip("192.0.2.1"), true).unwrap();
        assert!(places.take(ip("192.0.2.1"), true).is_none(), "but not more than in all");
        drop(proxied);
        let _proxied = places.take(ip("192.0.2.1"), true).unwrap();
    }

    #[test]
    fn nothing_is_remembered_of_who_is_gone() {
        let places = Places::new(Limits { connections_max: 9, connections_per_address_max: 9 });
        let taken: Vec<_> = (0..3).map(|_| places.take(ip("192.0.2.1"), false).unwrap()).collect();
        drop(taken);
        let left = places.taken.lock().unwrap();
        assert_eq!((left.all, left.by.len()), (0, 0));
    }
}
