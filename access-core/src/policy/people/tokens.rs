//! Whose a card is: from the token to the person who holds it.
//!
//! Tokens are spread over many small lists by a few bits of a hash; a list holds, for each token, 32 other bits of it and where its
//! holder is, eight bytes in all, sorted by those bits. The token itself stands with its holder only: whoever looks one up compares it
//! there. Tokens that fall together make a list longer and a look-up slower, and no answer wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::PersonRef;
use crate::policy::CardToken;
use crate::policy::index::spread;

/// Tokens in one list, on average, when it is made.
const LIST_LENGTH: usize = 128;
/// Tokens in one list, on average, from which on there are to be more lists.
const LIST_LENGTH_MAX: usize = 512;

/// A token's holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    tag: u32,
    person: PersonRef,
}

/// Every token's holder.
#[derive(Debug, Clone)]
pub(super) struct Tokens {
    lists: Vec<Arc<[Entry]>>,
    /// Leading bits of the hash that choose the list.
    bits: u32,
    count: usize,
}

impl Tokens {
    /// `count` tokens, whoever tells them.
    pub(super) fn of(count: usize, tokens: impl Iterator<Item = (CardToken, PersonRef)>) -> Self {
        let bits = (count / LIST_LENGTH).next_power_of_two().trailing_zeros();
        let mut lists = vec![Vec::with_capacity(LIST_LENGTH / 2 * 3); 1 << bits];
        for (token, person) in tokens {
            let (list, tag) = place(&token, bits);
            lists[list].push(Entry { tag, person });
        }
        let sorted = |mut list: Vec<Entry>| {
            list.sort_unstable();
            Arc::from(list)
        };
        Self { lists: lists.into_iter().map(sorted).collect(), bits, count }
    }

    /// Who may hold a token: whoever does is among them.
    #[inline]
    pub(super) fn candidates(&self, token: &CardToken) -> impl Iterator<Item = PersonRef> {
        let (list, tag) = place(token, self.bits);
        let list = &self.lists[list];
        // Tags are spread evenly, so that the first guess is close.
        let mut first = ((u64::from(tag) * list.len() as u64) >> 32) as usize;
        while first > 0 && list[first - 1].tag >= tag {
            first -= 1;
        }
        let rest = list[first..].iter().skip_while(move |entry| entry.tag < tag);
        rest.take_while(move |entry| entry.tag == tag).map(|entry| entry.person)
    }

    /// The same without some entries and with others, or none if it has grown so much that it should be made anew.
    pub(super) fn with(&self, without: &[(CardToken, PersonRef)], with: &[(CardToken, PersonRef)]) -> Option<Self> {
        let count = self.count + with.len() - without.len();
        if count > self.lists.len() * LIST_LENGTH_MAX {
            return None;
        }
        let mut changed: BTreeMap<usize, Vec<Entry>> = BTreeMap::new();
        for (token, person) in without {
            let (list, tag) = place(token, self.bits);
            let list = changed.entry(list).or_insert_with(|| self.lists[list].to_vec());
            if let Ok(found) = list.binary_search(&Entry { tag, person: *person }) {
                list.remove(found);
            }
        }
        for (token, person) in with {
            let (list, tag) = place(token, self.bits);
            let list = changed.entry(list).or_insert_with(|| self.lists[list].to_vec());
            let entry = Entry { tag, person: *person };
            let at = list.partition_point(|known| *known < entry);
            list.insert(at, entry);
        }
        let mut lists = self.lists.clone();
        for (place, list) in changed {
            lists[place] = Arc::from(list);
        }
        Some(Self { lists, bits: self.bits, count })
    }
}

/// Which list, and the tag in it.
#[inline]
fn place(token: &CardToken, bits: u32) -> (usize, u32) {
    let (words, _) = token.0.as_chunks::<8>();
    let hash = words.iter().fold(0, |hash, word| spread(hash ^ u64::from_be_bytes(*word)));
    // A shift by all 64 bits is none to Rust.
    let list = hash.checked_shr(64 - bits).unwrap_or(0);
    (list as usize, (hash << bits >> 32) as u32)
}
