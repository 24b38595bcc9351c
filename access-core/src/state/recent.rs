//! What counts for a while only, and is then forgotten.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};

use crate::time::UnixMs;

/// Entries of the last so many milliseconds before the newest instant that was noted. In which order they come, and whether twice,
/// makes no difference.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Recent<Key, Value> {
    age_max_ms: i64,
    newest: UnixMs,
    #[borsh(bound(deserialize = "Key: BorshDeserialize + Ord, Value: BorshDeserialize"))]
    entries: BTreeMap<Key, (UnixMs, Value)>,
    #[borsh(bound(deserialize = "Key: BorshDeserialize + Ord"))]
    by_age: BTreeSet<(UnixMs, Key)>,
}

impl<Key: Ord + Copy, Value> Recent<Key, Value> {
    pub(super) const fn new(age_max_ms: i64) -> Self {
        Self { age_max_ms, newest: UnixMs(i64::MIN), entries: BTreeMap::new(), by_age: BTreeSet::new() }
    }

    /// Takes note of `value`, unless there is one for this key that is newer.
    pub(super) fn note(&mut self, key: Key, at: UnixMs, value: Value) {
        if let Some((known, _)) = self.entries.get(&key) {
            if *known > at {
                return;
            }
            self.by_age.remove(&(*known, key));
        }
        self.entries.insert(key, (at, value));
        self.by_age.insert((at, key));
        self.pass(at);
    }

    /// It is `at` by now, at least.
    pub(super) fn pass(&mut self, at: UnixMs) {
        self.newest = self.newest.max(at);
        while let Some(&(oldest, key)) = self.by_age.first()
            && self.newest.since(oldest) > self.age_max_ms
        {
            self.by_age.pop_first();
            self.entries.remove(&key);
        }
    }

    /// When a key was noted last.
    pub(super) fn when(&self, key: Key) -> Option<UnixMs> {
        self.entries.get(&key).map(|(at, _)| *at)
    }

    /// Entries that are not too old at `at`, by key.
    pub(super) fn at(&self, at: UnixMs) -> impl Iterator<Item = (Key, UnixMs, &Value)> {
        let young = move |since: UnixMs| at.since(since) <= self.age_max_ms;
        self.entries
            .iter()
            .filter(move |(_, (since, _))| young(*since))
            .map(|(key, (since, value))| (*key, *since, value))
    }
}
