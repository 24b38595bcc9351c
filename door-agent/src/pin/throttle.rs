//! How often PINs may be guessed: after each wrong one, a person's and a reader's next is asked for ever later.
//!
//! Nobody is locked out for good: the longest delay is five minutes, and it shrinks by itself. A card that was copied by its UID
//! can make its holder wait so long and no longer. Doors that ask for no PIN, and leaving where only this system lets people out,
//! are not touched.

use std::collections::BTreeMap;

use access_core::ids::PersonId;
use access_core::policy::Side;

/// Wrong PINs without a delay.
const FREE: u32 = 2;
/// The first delay, in milliseconds; each further wrong PIN doubles it.
const DELAY_MS: u64 = 10_000;
/// The longest delay, in milliseconds.
pub const DELAY_MS_MAX: u64 = 5 * 60_000;
/// So many wrong PINs raise an alarm, and from there on the delay is the longest.
pub const WRONG_MAX: u32 = 10;
/// One wrong PIN of a person is forgotten after so long, in milliseconds.
const PERSON_FORGETS_MS: u64 = 20 * 60_000;
/// One wrong PIN at a reader is forgotten after so long, in milliseconds: many people use it, and some of them slip.
const READER_FORGETS_MS: u64 = 60_000;

/// A comparison that is not answered is given up after so long, in milliseconds.
const CHECK_MS_MAX: u64 = 10_000;

/// A reader: number of its door in the configuration, and side.
type Reader = (usize, Side);

/// Wrong PINs, of persons and at readers.
#[derive(Debug, Default)]
pub struct Throttle {
    persons: BTreeMap<PersonId, Wrong>,
    /// Whose PIN is compared this moment, and until when that is waited for: see [`Throttle::may_check`].
    under_way: BTreeMap<PersonId, u64>,
    readers: BTreeMap<Reader, Wrong>,
}

/// Wrong PINs that are not forgotten yet.
#[derive(Debug, Clone, Copy, Default)]
struct Wrong {
    count: u32,
    /// When the newest came.
    at_ms: u64,
    /// No PIN is asked for until then.
    until_ms: u64,
}

impl Wrong {
    fn left(&self, now_ms: u64, forgets_ms: u64) -> u32 {
        let forgotten = now_ms.saturating_sub(self.at_ms) / forgets_ms;
        self.count.saturating_sub(u32::try_from(forgotten).unwrap_or(u32::MAX))
    }

    /// One more; answers whether it is the one that raises an alarm.
    fn add(&mut self, now_ms: u64, forgets_ms: u64) -> bool {
        let before = self.left(now_ms, forgets_ms);
        self.count = before + 1;
        self.at_ms = now_ms;
        self.until_ms = now_ms + delay_ms(self.count);
        before < WRONG_MAX && self.count >= WRONG_MAX
    }
}

/// How long no PIN is asked for after so many wrong ones.
fn delay_ms(wrong: u32) -> u64 {
    match wrong {
        0..=FREE => 0,
        WRONG_MAX.. => DELAY_MS_MAX,
        wrong => (DELAY_MS << (wrong - FREE - 1)).min(DELAY_MS_MAX),
    }
}

impl Throttle {
    /// Whether no PIN is to be asked for now.
    pub fn is_delayed(&self, person: PersonId, reader: Reader, now_ms: u64) -> bool {
        let is_delayed = |wrong: Option<&Wrong>| wrong.is_some_and(|wrong| now_ms < wrong.until_ms);
        is_delayed(self.persons.get(&person)) || is_delayed(self.readers.get(&reader))
    }

    /// Whether what was typed may be compared now. What is asked for at several keypads at once is compared one after the other,
    /// each after what came of the one before: as many guesses as one keypad gives.
    pub fn may_check(&mut self, person: PersonId, reader: Reader, now_ms: u64) -> bool {
        self.under_way.retain(|_, until_ms| now_ms < *until_ms);
        if self.is_delayed(person, reader, now_ms) || self.under_way.contains_key(&person) {
            return false;
        }
        self.under_way.insert(person, now_ms + CHECK_MS_MAX);
        true
    }

    /// Nothing is compared for this person any more.
    pub fn is_checked(&mut self, person: PersonId) {
        self.under_way.remove(&person);
    }

    /// A wrong PIN was typed; answers whether an alarm is due.
    pub fn wrong(&mut self, person: PersonId, reader: Reader, now_ms: u64) -> bool {
        self.persons.retain(|_, wrong| wrong.left(now_ms, PERSON_FORGETS_MS) > 0);
        let of_person = self.persons.entry(person).or_default().add(now_ms, PERSON_FORGETS_MS);
        let at_reader = self.readers.entry(reader).or_default().add(now_ms, READER_FORGETS_MS);
        of_person || at_reader
    }

    /// The person's own PIN was typed. Of the reader nothing is forgotten: whoever has a PIN could guess another's in between.
    pub fn right(&mut self, person: PersonId) {
        self.persons.remove(&person);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const HERE: Reader = (0, Side::In);
    const THERE: Reader = (1, Side::In);

    fn person(number: u128) -> PersonId {
        Uuid::from_u128(number).into()
    }

    #[test]
    fn what_is_typed_at_two_keypads_at_once_is_one_guess() {
        let mut throttle = Throttle::default();
        for wrong in 0..FREE {
            assert!(throttle.may_check(person(1), HERE, 0), "{wrong}");
            assert!(!throttle.may_check(person(1), THERE, 0), "the first is not answered");
            assert!(throttle.may_check(person(2), THERE, 0), "somebody else's");
            throttle.wrong(person(1), HERE, 0);
            throttle.is_checked(person(1));
            throttle.is_checked(person(2));
        }
        assert!(throttle.may_check(person(1), HERE, 0));
        throttle.wrong(person(1), HERE, 0);
        throttle.is_checked(person(1));
        assert!(!throttle.may_check(person(1), THERE, DELAY_MS - 1), "asked for before the delay, typed in it");
        assert!(throttle.may_check(person(1), THERE, DELAY_MS));
        assert!(throttle.may_check(person(1), THERE, DELAY_MS + CHECK_MS_MAX), "one that was never answered");
    }

    #[test]
    fn delays_grow_and_end() {
        let delays: Vec<u64> = (0..=12).map(|wrong| delay_ms(wrong) / 1_000).collect();
        assert_eq!(delays, [0, 0, 0, 10, 20, 40, 80, 160, 300, 300, 300, 300, 300]);
    }

    #[test]
    fn a_person_is_delayed_everywhere_and_never_for_good() {
        let mut throttle = Throttle::default();
        for _ in 0..3 {
            assert!(!throttle.is_delayed(person(1), HERE, 0));
            assert!(!throttle.wrong(person(1), HERE, 0));
        }
        assert!(throttle.is_delayed(person(1), THERE, 9_999), "at another reader too");
        assert!(!throttle.is_delayed(person(1), THERE, 10_000));
        assert!(throttle.is_delayed(person(2), HERE, 9_999), "the reader itself");
        assert!(!throttle.is_delayed(person(2), THERE, 0));
        throttle.right(person(1));
        assert!(!throttle.is_delayed(person(1), THERE, 0));
        assert!(throttle.is_delayed(person(1), HERE, 0), "of the reader nothing is forgotten");
    }

    #[test]
    fn the_tenth_raises_an_alarm_once() {
        let mut throttle = Throttle::default();
        // Ten persons at one reader: the reader's tenth.
        let alarms: Vec<u128> = (1..=15).filter(|number| throttle.wrong(person(*number), HERE, 0)).collect();
        assert_eq!(alarms, [10]);
        assert!(throttle.is_delayed(person(99), HERE, DELAY_MS_MAX - 1));
        assert!(!throttle.is_delayed(person(99), HERE, DELAY_MS_MAX));
        // One person at many readers, one each time: the person's tenth.
        let alarms: Vec<usize> = (1..=15).filter(|door| throttle.wrong(person(50), (*door, Side::Out), 0)).collect();
        assert_eq!(alarms, [10]);
    }

    #[test]
    fn slips_at_a_busy_door_are_forgotten() {
        let mut throttle = Throttle::default();
        for minute in 0..200 {
            let now_ms = minute * 60_000;
            assert!(!throttle.is_delayed(person(minute.into()), HERE, now_ms), "minute {minute}");
            assert!(!throttle.wrong(person(minute.into()), HERE, now_ms));
        }
        assert!(throttle.persons.len() <= 20, "{}", throttle.persons.len());
    }

    proptest! {
        /// Whoever guesses as often as is allowed gets no more than a few hundred tries a day, by whatever pauses.
        #[test]
        fn guesses_of_one_pin_are_few(pauses in prop::collection::vec(0..400_000_u64, 600)) {
            let (mut throttle, mut now_ms, mut tries) = (Throttle::default(), 0, 0);
            for (number, pause) in pauses.into_iter().enumerate() {
                now_ms += pause;
                if now_ms > 24 * 3_600_000 {
                    break;
                }
                let reader = (number, Side::In);
                if !throttle.is_delayed(person(1), reader, now_ms) {
                    tries += 1;
                    throttle.wrong(person(1), reader, now_ms);
                }
            }
            prop_assert!(tries <= 12 + 24 * 12, "{tries} in {now_ms} ms");
        }

        #[test]
        fn nobody_waits_longer_than_the_longest_delay(times in prop::collection::vec(0..1_000_000_u64, 0..60)) {
            let (mut throttle, mut now_ms) = (Throttle::default(), 0);
            for time in times {
                now_ms += time;
                throttle.wrong(person(1), HERE, now_ms);
                prop_assert!(!throttle.is_delayed(person(1), HERE, now_ms + DELAY_MS_MAX));
            }
        }
    }
}
