//! What the demo's people set out to do on a day, by the wall clock of their site. Whether they may is decided elsewhere.

use access_core::ids::DoorId;
use access_core::policy::{BlockSubject, CardToken, CredentialRule, CredentialState, Policy, Side};
use access_core::time::{DAY_MS, UnixMs, Weekday, Zone};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::movements::{Deed, Holder, Step};
use super::people::{Habit, Somebody};

const SEED: u64 = 20_262;
const HOUR: i64 = 60;
/// When strangers try their cards, in minutes of the day.
const STRANGERS: [i64; 3] = [2 * HOUR + 41, 11 * HOUR + 7, 16 * HOUR + 33];
/// When the yard's door is broken open, and when a delivery holds it.
const FORCED: i64 = 3 * HOUR + 12;
const HELD: i64 = 10 * HOUR + 24;
/// When two change tapes in the vault, and when a visitor comes. More often than is likely, so that any 24 hours hold one of each.
const TAPES: [i64; 3] = [2 * HOUR, 9 * HOUR + 5, 16 * HOUR + 10];
const VISITS: [i64; 3] = [8 * HOUR + 40, 13 * HOUR + 25, 18 * HOUR + 15];
/// Between the end of these and now there is so much time, in milliseconds, that the last of it is told.
const OVER_MS: i64 = 3 * 60_000;

/// Doors that the day takes place at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doors {
    pub(super) main: DoorId,
    pub(super) yard: DoorId,
    pub(super) airlock: DoorId,
    pub(super) hall: DoorId,
    pub(super) vault: DoorId,
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

/// Somebody's day, with one of their cards.
struct Outing<'a, 'b> {
    day: &'a mut Day<'b>,
    person: &'a Somebody,
    card: CardToken,
}

impl Outing<'_, '_> {
    fn walk(&mut self, minute: i64, door: DoorId, side: Side) {
        self.attempt(minute, door, side, Manner::default());
    }

    fn insist(&mut self, minute: i64, door: DoorId, side: Side) {
        self.attempt(minute, door, side, Manner { insists: true, ..Manner::default() });
    }

    fn attempt(&mut self, minute: i64, door: DoorId, side: Side, how: Manner) {
        let (person, card) = (Some(self.person.id), self.card);
        let Manner { insists, open_ms, then } = how;
        self.day.push(minute, door, Deed::Walk { person, card, side, insists, open_ms, then });
    }

    /// Through the airlock into the server hall.
    fn enter_hall(&mut self, minute: i64, doors: &Doors) {
        self.attempt(minute, doors.airlock, Side::In, Manner { then: Some(doors.hall), ..Manner::default() });
    }

    fn leave_hall(&mut self, minute: i64, doors: &Doors) {
        self.attempt(minute, doors.hall, Side::Out, Manner { then: Some(doors.airlock), ..Manner::default() });
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
            self.enter_hall(begins, doors);
            let ends = self.day.about(begins + each / 4, each / 8);
            self.leave_hall(ends, doors);
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
                // The same minute every day, so that any 24 hours hold one, and not the same for all: that would be a crowd.
                let minute = 9 * HOUR + i64::try_from(self.person.number * 53 % 420).unwrap_or(0);
                self.insist(minute, doors.airlock, Side::In);
            }
            Habit::Yard => {
                for delivery in [7 * HOUR + 20, 9 * HOUR + 45, 14 * HOUR + 10] {
                    let comes = self.day.about(delivery, 40);
                    self.walk(comes, doors.yard, Side::In);
                    let goes = self.day.about(comes + 25, 10);
                    self.leave(goes, doors.yard);
                }
                if self.person.number == 1 {
                    let held = Manner { open_ms: Some(95_000), ..Manner::default() };
                    self.attempt(HELD, doors.yard, Side::In, held);
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
            // Those of whom more than one is needed: see `together`.
            Habit::Keeper | Habit::Host | Habit::Visitor => {}
            Habit::Away => {}
        }
    }
}

/// How somebody goes through a door, where it is not as everybody does.
#[derive(Debug, Clone, Copy, Default)]
struct Manner {
    insists: bool,
    open_ms: Option<i64>,
    then: Option<DoorId>,
}

/// What more than one is needed for: tapes are changed by two keepers, and a host brings a visitor in. Nobody of them is in the
/// house before or after; what would not be over by `end` is left out, so that they can be played from the street.
fn together(day: &mut Day<'_>, policy: &Policy, doors: &Doors, people: &[Somebody], end: UnixMs) {
    let of = |habit: Habit| -> Vec<(&Somebody, Holder)> {
        let own = people.iter().filter(|person| person.habit == habit);
        own.filter_map(|person| Some((person, Holder { person: person.id, card: usable_card(policy, person)? })))
            .collect()
    };
    let is_over = |day: &Day<'_>, last: i64| instant(day.zone, day.day, last + 1).plus_ms(OVER_MS) < end;
    let tapes: Vec<i64> = TAPES.into_iter().filter(|begins| is_over(day, begins + 40)).collect();
    let visits: Vec<i64> = VISITS.into_iter().filter(|begins| is_over(day, begins + 52)).collect();
    if let [(first, one), (second, other)] = of(Habit::Keeper)[..] {
        for begins in tapes {
            for ((person, holder), late) in [((first, one), 0), ((second, other), 2)] {
                let mut outing = Outing { day: &mut *day, person, card: holder.card };
                outing.walk(begins + late, doors.main, Side::In);
                outing.enter_hall(begins + 4 + late, doors);
                outing.leave_hall(begins + 30 + late, doors);
                outing.walk(begins + 36 + late, doors.main, Side::Out);
            }
            day.push(begins + 10, doors.vault, Deed::Together { waits: one, completes: other, side: Side::In });
            day.push(begins + 25, doors.vault, Deed::Together { waits: other, completes: one, side: Side::Out });
        }
    }
    if let (&[(host, completes)], &[(visitor, waits)]) = (&of(Habit::Host)[..], &of(Habit::Visitor)[..]) {
        for begins in visits {
            day.push(begins, doors.main, Deed::Together { waits, completes, side: Side::In });
            for ((person, holder), after) in [((visitor, waits), 45), ((host, completes), 50)] {
                Outing { day: &mut *day, person, card: holder.card }.walk(begins + after, doors.main, Side::Out);
            }
        }
    }
}

/// A card of theirs that nothing stops.
fn usable_card(policy: &Policy, person: &Somebody) -> Option<CardToken> {
    let holder = policy.person(person.id)?;
    let is_blocked =
        |card| policy.blocks_of(card, &holder).any(|block| block.subject == BlockSubject::Credential(card));
    let usable = |card: &CredentialRule| card.state == CredentialState::Active && !is_blocked(card.id);
    policy.cards_of(person.id).find(usable).map(|card| card.token)
}

/// A card in a hand that it is not known to belong to.
fn nobody(card: CardToken) -> Deed {
    Deed::Walk { person: None, card, side: Side::In, insists: true, open_ms: None, then: None }
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
                let mut outing = Outing { day: &mut day, person, card: card.token };
                match card.state {
                    CredentialState::Active => outing.spend(doors, is_weekend),
                    // Whoever found it tries it, wherever its holder is: the same minute every day, so that any 24 hours
                    // hold one, and not the same for all.
                    _ => {
                        let minute = 8 * HOUR + i64::try_from(person.number * 53 % 720).unwrap_or(0);
                        outing.day.push(minute, doors.main, nobody(card.token));
                    }
                }
            }
        }
        let random = StdRng::seed_from_u64(seed([day, -1]));
        let mut others = Day { zone, day, random, steps: &mut steps };
        for minute in STRANGERS {
            let card = CardToken(others.random.random());
            others.push(minute, doors.main, nobody(card));
        }
        others.push(FORCED, doors.yard, Deed::Force { open_ms: 9_000 });
        together(&mut others, policy, doors, people, end);
    }
    steps.sort_by_key(|step| step.at);
    steps
}
