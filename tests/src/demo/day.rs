//! What the demo's people set out to do on a day, by the wall clock of their site. Whether they may is decided elsewhere.

use access_core::ids::DoorId;
use access_core::policy::{CardToken, CredentialState, Policy, Side};
use access_core::time::{DAY_MS, UnixMs, Weekday, Zone};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::movements::{Deed, Step};
use super::people::{Habit, Somebody};

const SEED: u64 = 20_262;
const HOUR: i64 = 60;
/// When strangers try their cards, in minutes of the day.
const STRANGERS: [i64; 3] = [2 * HOUR + 41, 11 * HOUR + 7, 16 * HOUR + 33];
/// When the yard's door is broken open, and when a delivery holds it.
const FORCED: i64 = 3 * HOUR + 12;
const HELD: i64 = 10 * HOUR + 24;

/// Doors that the day takes place at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doors {
    pub(super) main: DoorId,
    pub(super) yard: DoorId,
    pub(super) hall: DoorId,
}

/// The instant at which clocks in a zone show `minute` of a day, but for the hour in which they are changed.
fn instant(zone: &Zone, day: i64, minute: i64) -> UnixMs {
    let as_utc = UnixMs(day * DAY_MS + minute * 60_000);
    let local = zone.local(as_utc);
    UnixMs(as_utc.0 - (local.day * DAY_MS + local.ms_of_day - as_utc.0))
}

/// One person's day, or what happens without anybody's.
struct Day<'a> {
    zone: &'a Zone,
    day: i64,
    random: StdRng,
    steps: &'a mut Vec<Step>,
}

impl Day<'_> {
    /// Some minutes more or less.
    fn about(&mut self, minute: i64, either_way: i64) -> i64 {
        minute + self.random.random_range(-either_way..=either_way)
    }

    fn push(&mut self, minute: i64, door: DoorId, deed: Deed) {
        // Nobody comes on the full minute.
        let at = instant(self.zone, self.day, minute).plus_ms(self.random.random_range(0..60_000));
        self.steps.push(Step { at, door, deed });
    }
}

/// Somebody with a card in hand.
struct Holder<'a, 'b> {
    day: &'a mut Day<'b>,
    person: &'a Somebody,
    card: CardToken,
}

impl Holder<'_, '_> {
    fn walk(&mut self, minute: i64, door: DoorId, side: Side) {
        self.attempt(minute, door, side, false, None);
    }

    fn insist(&mut self, minute: i64, door: DoorId, side: Side) {
        self.attempt(minute, door, side, true, None);
    }

    fn attempt(&mut self, minute: i64, door: DoorId, side: Side, insists: bool, open_ms: Option<i64>) {
        let (person, card) = (Some(self.person.id), self.card);
        self.day.push(minute, door, Deed::Walk { person, card, side, insists, open_ms });
    }

    fn leave(&mut self, minute: i64, door: DoorId) {
        self.day.push(minute, door, Deed::Leave { person: self.person.id });
    }

    /// In, perhaps out for lunch, until the way home.
    fn work(&mut self, doors: &Doors, from: i64, until: i64) {
        self.walk(from, doors.main, Side::In);
        if self.day.random.random_ratio(2, 5) {
            let lunch = self.day.about(12 * HOUR + 20, 35);
            self.walk(lunch, doors.main, Side::Out);
            let back = self.day.about(lunch + 40, 15);
            self.walk(back, doors.main, Side::In);
        }
        self.walk(until, doors.main, Side::Out);
    }

    /// Into the server hall and out again, `count` times from `from` to `until`.
    fn rounds(&mut self, doors: &Doors, count: i64, from: i64, until: i64) {
        let each = (until - from) / count;
        for round in 0..count {
            let begins = self.day.about(from + round * each + each / 3, each / 5);
            self.walk(begins, doors.hall, Side::In);
            let ends = self.day.about(begins + each / 4, each / 8);
            self.walk(ends, doors.hall, Side::Out);
        }
    }

    fn spend(&mut self, doors: &Doors, is_weekend: bool) {
        let (comes, goes) = (self.day.about(8 * HOUR, 65), self.day.about(16 * HOUR + 50, 60));
        let is_away = match self.person.habit {
            Habit::TurnedAway => false,
            _ => self.day.random.random_ratio(if is_weekend { 3 } else { 1 }, if is_weekend { 5 } else { 11 }),
        };
        if is_away {
            return;
        }
        match self.person.habit {
            Habit::Office => self.work(doors, comes, goes),
            Habit::Early => {
                let early = self.day.about(5 * HOUR + 46, 9);
                self.insist(early, doors.main, Side::In);
                self.work(doors, 6 * HOUR + 1, goes - 2 * HOUR);
            }
            Habit::Late => {
                self.walk(comes, doors.main, Side::In);
                let late = self.day.about(20 * HOUR + 25, 18);
                self.insist(late, doors.main, Side::Out);
                self.leave(late + 1, doors.main);
            }
            Habit::Curious => {
                self.work(doors, comes, goes);
                self.insist(10 * HOUR + 15, doors.hall, Side::In);
            }
            Habit::Yard => {
                for delivery in [7 * HOUR + 20, 9 * HOUR + 45, 14 * HOUR + 10] {
                    let comes = self.day.about(delivery, 40);
                    self.walk(comes, doors.yard, Side::In);
                    let goes = self.day.about(comes + 25, 10);
                    self.leave(goes, doors.yard);
                }
                if self.person.number == 1 {
                    self.attempt(HELD, doors.yard, Side::In, false, Some(95_000));
                    self.leave(HELD + 20, doors.yard);
                }
            }
            Habit::Technician => {
                self.walk(comes, doors.main, Side::In);
                self.rounds(doors, 3, comes + 5, goes - 5);
                self.walk(goes, doors.main, Side::Out);
            }
            Habit::Night => {
                let (comes, goes) = (self.day.about(21 * HOUR + 45, 12), 30 * HOUR + 5);
                self.walk(comes, doors.main, Side::In);
                self.rounds(doors, 4, comes + 10, goes - 15);
                self.walk(goes, doors.main, Side::Out);
            }
            // The same minute every day, so that any 24 hours hold one.
            Habit::TurnedAway => {
                let minute = 7 * HOUR + 30 + i64::try_from(self.person.number * 37 % 600).unwrap_or(0);
                self.insist(minute, doors.main, Side::In);
            }
        }
    }
}

fn seed(parts: [i64; 2]) -> u64 {
    parts.iter().fold(SEED, |seed, part| seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(part.unsigned_abs()))
}

/// Everything that is set out for in the days that touch the time until `end`, in order: from two days before, so that it
/// is known who is inside when the last day begins.
pub(super) fn steps(policy: &Policy, zone: &Zone, doors: &Doors, people: &[Somebody], end: UnixMs) -> Vec<Step> {
    let mut steps = Vec::new();
    let last = zone.local(end).day;
    for day in last - 3..=last {
        let is_weekend = matches!(Weekday::of_day(day), Weekday::Saturday | Weekday::Sunday);
        for person in people {
            for card in policy.cards_of(person.id) {
                let random = StdRng::seed_from_u64(seed([day, i64::try_from(person.number).unwrap_or(0)]));
                let mut day = Day { zone, day, random, steps: &mut steps };
                let mut holder = Holder { day: &mut day, person, card: card.token };
                match card.state {
                    CredentialState::Active => holder.spend(doors, is_weekend),
                    // Whoever found it tries it, wherever its holder is: the same minute every day, so that any 24 hours
                    // hold one, and not the same for all.
                    _ => {
                        let minute = 8 * HOUR + i64::try_from(person.number * 53 % 720).unwrap_or(0);
                        let deed =
                            Deed::Walk { person: None, card: card.token, side: Side::In, insists: true, open_ms: None };
                        holder.day.push(minute, doors.main, deed);
                    }
                }
            }
        }
        let random = StdRng::seed_from_u64(seed([day, -1]));
        let mut nobody = Day { zone, day, random, steps: &mut steps };
        for minute in STRANGERS {
            let card = CardToken(nobody.random.random());
            let deed = Deed::Walk { person: None, card, side: Side::In, insists: true, open_ms: None };
            nobody.push(minute, doors.main, deed);
        }
        nobody.push(FORCED, doors.yard, Deed::Force { open_ms: 9_000 });
    }
    steps.sort_by_key(|step| step.at);
    steps
}
