//! Wrong fingers at one reader: whoever shows several in a row waits, longer each time, and after many of them that reader asks
//! for no finger for some minutes.
//!
//! Counted twice: of everybody at the reader, so that nobody tries one card after another, and of each person there, so that
//! others who come in between do not hide who tries with somebody's card. A right finger takes back that person's own wrong ones
//! and nobody else's: whoever has a finger here could try others' cards in between. Nothing of it lasts: what is refused in a
//! pause does not count and makes no pause longer, and what happened long ago is forgotten. So a stranger with a found card keeps
//! its holder from this one reader for minutes, and only while they go on at it.

use access_core::ids::PersonId;

/// From so many in a row on, each makes the reader wait.
const DELAYED_FROM: u8 = 5;
/// The first wait, in milliseconds; each that follows is twice as long, up to [`DELAY_MS_MAX`].
const DELAY_MS: u64 = 5_000;
const DELAY_MS_MAX: u64 = 60_000;
/// So many in a row are an alarm, and close the reader's fingers for [`LOCK_MS`]. Half of them count from then on.
const LOCKED_FROM: u8 = 10;
const LOCK_MS: u64 = 300_000;
/// Forgotten so long after the newest of them, and not before its pause is over; in milliseconds.
const FORGOTTEN_MS: u64 = 900_000;
/// One wrong finger at a reader is forgotten after so long, in milliseconds: many people use it, and some give up.
const READER_FORGETS_MS: u64 = 180_000;
/// Persons of whom something is known at once; of more, those go first whose newest is the oldest.
const PERSONS_MAX: usize = 32;

/// What one reader knows.
#[derive(Debug, Clone, Default)]
pub(super) struct WrongFingers {
    of_all: Row,
    of_persons: Vec<(PersonId, Row)>,
}

/// Wrong fingers in a row.
#[derive(Debug, Default, Clone, Copy)]
struct Row {
    count: u8,
    newest_ms: u64,
    paused_until_ms: u64,
}

impl Row {
    fn is_paused(&self, now_ms: u64) -> bool {
        now_ms < self.paused_until_ms
    }

    /// Forgets one for each so long since the newest.
    fn forget(&mut self, now_ms: u64, forgets_ms: u64) {
        let forgotten = now_ms.saturating_sub(self.newest_ms) / forgets_ms;
        self.count = self.count.saturating_sub(u8::try_from(forgotten).unwrap_or(u8::MAX));
    }

    /// Takes so many back, and ends the pause if what is left makes none.
    fn take_back(&mut self, count: u8) {
        self.count = self.count.saturating_sub(count);
        if count > 0 && self.count < DELAYED_FROM {
            self.paused_until_ms = 0;
        }
    }

    /// One more; answers whether it was one too many.
    fn add(&mut self, now_ms: u64) -> bool {
        let is_old = now_ms.saturating_sub(self.newest_ms) >= FORGOTTEN_MS;
        self.count = if is_old { 1 } else { self.count.saturating_add(1) };
        self.newest_ms = now_ms;
        if self.count >= LOCKED_FROM {
            self.count = DELAYED_FROM;
            self.paused_until_ms = now_ms + LOCK_MS;
            return true;
        }
        if let Some(further) = self.count.checked_sub(DELAYED_FROM) {
            self.paused_until_ms = now_ms + (DELAY_MS << further).min(DELAY_MS_MAX);
        }
        false
    }
}

impl WrongFingers {
    /// Whether no finger of this person is asked for now.
    pub(super) fn is_paused(&self, person: PersonId, now_ms: u64) -> bool {
        self.of_all.is_paused(now_ms) || self.of(person).is_some_and(|row| row.is_paused(now_ms))
    }

    /// A wrong finger was shown with this person's card; answers whether it was one too many.
    pub(super) fn wrong(&mut self, person: Option<PersonId>, now_ms: u64) -> bool {
        self.of_all.forget(now_ms, READER_FORGETS_MS);
        let of_all = self.of_all.add(now_ms);
        let Some(person) = person else { return of_all };
        if self.of(person).is_none() {
            self.of_persons.push((person, Row::default()));
        }
        let row = self.of_persons.iter_mut().find(|(of, _)| *of == person);
        let of_person = row.is_some_and(|(_, row)| row.add(now_ms));
        let oldest = self.of_persons.iter().enumerate().min_by_key(|(_, (_, row))| row.newest_ms);
        if let Some((oldest, _)) = oldest.filter(|_| self.of_persons.len() > PERSONS_MAX) {
            self.of_persons.remove(oldest);
        }
        of_all || of_person
    }

    /// This person was let in.
    pub(super) fn right(&mut self, person: Option<PersonId>) {
        let own = person.and_then(|person| self.of(person)).map_or(0, |row| row.count);
        self.of_all.take_back(own);
        self.of_persons.retain(|(of, _)| Some(*of) != person);
    }

    fn of(&self, person: PersonId) -> Option<&Row> {
        self.of_persons.iter().find(|(of, _)| *of == person).map(|(_, row)| row)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn person(number: u128) -> PersonId {
        Uuid::from_u128(number).into()
    }

    /// How long the wrong finger at `now_ms` makes this person wait.
    fn wait(fingers: &WrongFingers, of: PersonId, now_ms: u64) -> u64 {
        let row = fingers.of(of).copied().unwrap_or_default();
        fingers.of_all.paused_until_ms.max(row.paused_until_ms).saturating_sub(now_ms)
    }

    #[test]
    fn five_wait_and_ten_close_the_reader_and_nothing_lasts() {
        let (mut fingers, mut now_ms) = (WrongFingers::default(), 1_000_000);
        let mut waits = Vec::new();
        let mut alarms = Vec::new();
        for number in 1..=15 {
            assert!(!fingers.is_paused(person(1), now_ms), "the pause is over");
            if fingers.wrong(Some(person(1)), now_ms) {
                alarms.push(number);
            }
            let waited = wait(&fingers, person(1), now_ms);
            assert_eq!(fingers.is_paused(person(1), now_ms), waited > 0);
            assert_eq!(fingers.is_paused(person(2), now_ms), waited > 0, "it is the reader that waits");
            waits.push(waited / 1_000);
            now_ms += waited;
        }
        assert_eq!(waits, [0, 0, 0, 0, 5, 10, 20, 40, 60, 300, 10, 20, 40, 60, 300]);
        assert_eq!(alarms, [10, 15]);
        // Long after: as if nothing had been.
        now_ms += FORGOTTEN_MS;
        assert!(!fingers.wrong(Some(person(1)), now_ms));
        assert!(!fingers.is_paused(person(1), now_ms));
    }

    #[test]
    fn a_right_finger_takes_back_its_own_persons_wrong_ones_alone() {
        let mut fingers = WrongFingers::default();
        for now_ms in 1..=4 {
            fingers.wrong(Some(person(1)), now_ms);
            // Somebody else comes in each time: that takes nothing back.
            fingers.right(Some(person(2)));
        }
        assert!(!fingers.is_paused(person(1), 5));
        fingers.wrong(Some(person(1)), 5);
        fingers.right(Some(person(2)));
        assert!(fingers.is_paused(person(1), 6) && fingers.is_paused(person(2), 6));
        fingers.right(Some(person(1)));
        assert!(!fingers.is_paused(person(1), 6) && !fingers.is_paused(person(2), 6));
    }

    #[test]
    fn ones_own_finger_does_not_hide_tries_with_others_cards() {
        let mut fingers = WrongFingers::default();
        let alarms = (0..10).map(|number| {
            // Another card each time, and one's own after each fourth.
            let is_one_too_many = fingers.wrong(Some(person(100 + u128::from(number))), number * 61_000);
            if number % 4 == 3 {
                fingers.right(Some(person(1)));
            }
            is_one_too_many
        });
        assert_eq!(alarms.filter(|is_one_too_many| *is_one_too_many).count(), 1);
    }

    #[test]
    fn people_who_give_up_now_and_then_are_forgotten() {
        let mut fingers = WrongFingers::default();
        for number in 0..200 {
            let now_ms = number * READER_FORGETS_MS;
            assert!(!fingers.wrong(Some(person(number.into())), now_ms));
            assert!(!fingers.is_paused(person(0), now_ms));
        }
    }

    #[test]
    fn ten_of_a_person_between_others_are_too_many() {
        let mut fingers = WrongFingers::default();
        let alarms = (0..10).map(|number| {
            let is_one_too_many = fingers.wrong(Some(person(1)), number * 61_000);
            fingers.right(Some(person(2)));
            is_one_too_many
        });
        assert_eq!(alarms.collect::<Vec<_>>(), [false, false, false, false, false, false, false, false, false, true]);
        assert!(fingers.is_paused(person(1), 9 * 61_000 + LOCK_MS - 1));
        assert!(!fingers.is_paused(person(1), 9 * 61_000 + LOCK_MS));
    }

    #[test]
    fn what_is_known_of_persons_stays_small() {
        let mut fingers = WrongFingers::default();
        for number in 0..100 {
            fingers.wrong(Some(person(number)), 1_000 + number as u64);
        }
        assert_eq!(fingers.of_persons.len(), PERSONS_MAX);
        assert!(fingers.of(person(99)).is_some() && fingers.of(person(0)).is_none());
    }
}
