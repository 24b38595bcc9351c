//! Cards that tell the UID of one that must prove itself, and answer to no sense: an emulator that knows a UID looks like so, and a chip
//! that fails. Counted at each reader by the [`cards`](super::cards), never by what was torn from the field or held badly.
//!
//! A genuine card that was read takes back what it was counted for, so that one which fails now and then locks nobody out: only cards of
//! which none ever proves itself come to the count.

use access_core::policy::CardToken;

/// So many at one reader,
const SENSELESS_MAX: usize = 5;
/// of them of the UID itself: a genuine card that is read badly once after another's four is not to blame,
const OWN_MIN: usize = 2;
/// within so long, in milliseconds, are taken for a copy: as many as refusals lock a reader for where a tenant chose nothing else.
const WITHIN_MS: u64 = 60_000;

/// What was counted at one reader.
#[derive(Debug, Clone, Default)]
pub(super) struct Senseless(Vec<(u64, CardToken)>);

impl Senseless {
    /// A card answered to no sense. Whether that is once too often; then the count begins anew.
    pub(super) fn is_suspicious(&mut self, token: CardToken, now_ms: u64) -> bool {
        self.0.retain(|(at_ms, _)| now_ms.saturating_sub(*at_ms) < WITHIN_MS);
        self.0.push((now_ms, token));
        let own = self.0.iter().filter(|(_, counted)| *counted == token).count();
        let is_too_often = self.0.len() >= SENSELESS_MAX && own >= OWN_MIN;
        if is_too_often {
            self.0.clear();
        }
        is_too_often
    }

    /// A card proved itself: whatever it was counted for was a bad contact.
    pub(super) fn proved(&mut self, token: CardToken) {
        self.0.retain(|(_, counted)| *counted != token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: CardToken = CardToken([1; 32]);
    const BEN: CardToken = CardToken([2; 32]);

    #[test]
    fn the_fifth_within_a_minute_is_suspicious_whatever_uid_it_tells() {
        let mut known = Senseless::default();
        let told: Vec<bool> = (0..10).map(|time| known.is_suspicious([ANNA, BEN][time % 2], time as u64)).collect();
        let fifth = |place: usize| place % 5 == 4;
        assert_eq!(told, (0..10).map(fifth).collect::<Vec<_>>());
    }

    #[test]
    fn one_bad_read_after_anothers_is_not_to_blame() {
        let mut known = Senseless::default();
        assert!(!(0..4).any(|time| known.is_suspicious(ANNA, time)));
        assert!(!known.is_suspicious(BEN, 4));
        assert!(known.is_suspicious(ANNA, 5));
    }

    #[test]
    fn what_is_a_minute_old_counts_no_more() {
        let mut known = Senseless::default();
        assert!(!(0..100).any(|time| known.is_suspicious(ANNA, time * 15_000)));
        assert!((0..5).any(|time| known.is_suspicious(ANNA, 1_500_000 + time * 14_999)));
    }

    #[test]
    fn a_card_that_is_read_at_last_was_held_badly() {
        let mut known = Senseless::default();
        for time in 0..100 {
            assert!(!known.is_suspicious(ANNA, time));
            if time % 4 == 3 {
                known.proved(ANNA);
            }
        }
        assert!(!(0..4).any(|_| known.is_suspicious(BEN, 200)));
        known.proved(ANNA);
        assert!(known.is_suspicious(BEN, 201), "what another card proves excuses none");
    }
}
