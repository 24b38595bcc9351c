//! Random attempts at a random tenant's doors, and random circumstances for them.

use access_core::attempt::{Assurance, Attempt, ClockTrust, FactorResult};
use access_core::circumstances::{Circumstances, Knowledge, LeafState, Others, Sighting, Waiting, Wanted, Whereabouts};
use access_core::event::SetMode;
use access_core::ids::{DoorId, PersonId};
use access_core::policy::{EscortBy, FactorDemand, PolicyRows, Side};
use access_core::time::UnixMs;

use crate::dice::Dice;
use crate::tenant::{CARDS, DOORS, HALF_HOUR_MS, MISSING, PERSONS, holder_of, id, instant, mode, token};

/// How many numbers an attempt and its circumstances need.
pub const NUMBERS: usize = 100;

/// An attempt, sometimes with an unknown card or at an unknown door.
pub fn attempt(dice: &mut Dice) -> Attempt {
    let result = |dice: &mut Dice| match dice.below(8) {
        6 => FactorResult::NotMatched,
        7 => FactorResult::MatchedDuress,
        _ => FactorResult::Matched,
    };
    Attempt {
        id: id(1_000_000),
        door: id(if dice.one_in(60) { DOORS + 1 } else { dice.number(DOORS) }),
        side: dice.pick(&[Side::In, Side::In, Side::Out]),
        at: instant(dice),
        clock: if dice.one_in(6) { ClockTrust::Untrusted } else { ClockTrust::Trusted },
        card: token(if dice.one_in(30) { CARDS + dice.number(MISSING + 1) } else { dice.number(CARDS) }),
        assurance: match dice.below(40) {
            39 => Assurance::NotAuthentic,
            32..39 => Assurance::WeakUid,
            _ => Assurance::Authenticated,
        },
        finger: dice.some_in(2, result),
        pin: dice.some_in(2, result),
    }
}

/// An instant so long before `at` (or after it) that a rule may just count it, or just not.
fn before(dice: &mut Dice, at: UnixMs) -> UnixMs {
    let around = dice.pick(&[60, 30, 600, 3_600, 0, -60]) * 1000;
    UnixMs(at.0 - around + dice.pick(&[0, 1, -1]))
}

/// What may be known at an attempt.
pub fn circumstances(dice: &mut Dice, rows: &PolicyRows, attempt: &Attempt) -> Circumstances {
    let at = attempt.at;
    let card = rows.credentials.iter().find(|card| card.token == attempt.card);
    let holder = card.map(|card| card.person);
    let has_card = card.is_some() || rows.missing_cards.iter().any(|missing| missing.token == attempt.card);
    let long_before =
        |dice: &mut Dice| UnixMs(at.0 - i64::from(dice.below(60)) * HALF_HOUR_MS + dice.pick(&[0, HALF_HOUR_MS]));
    let refusals = |dice: &mut Dice| {
        if dice.one_in(2) { u32::from(dice.below(1 + rows.rules.suspicion.refusals as u16)) } else { 0 }
    };
    let knowledge = if dice.one_in(6) { Knowledge::OwnDoors } else { Knowledge::Everything };
    let reader_locked_until = dice.some_in(25, |dice| UnixMs(at.0 + dice.pick(&[1, 0, -1, 30_000])));
    let is_card_locked = dice.one_in(40) && has_card;
    let threat_level = if dice.one_in(4) { dice.below(6) as u8 } else { 0 };
    let set_mode = dice
        .some_in(8, |dice| SetMode { mode: mode(dice), until: UnixMs(at.0 + dice.pick(&[1, 0, -1, HALF_HOUR_MS])) });
    let last_entered = dice.some_in(2, long_before);
    let toggled_at = dice.some_in(2, long_before);
    let last_seen = dice.some_in(2, |dice| {
        let door: DoorId = id(dice.number(DOORS + 1));
        Sighting { person: holder.unwrap_or(id(1)), door, at: before(dice, at) }
    });
    let side = |dice: &mut Dice| dice.pick(&[Side::In, Side::Out]);
    let whereabouts = dice.some_in(2, |dice| Whereabouts {
        door: id(dice.number(DOORS + 1)),
        side: side(dice),
        at: before(dice, at),
    });
    let others = |dice: &mut Dice| {
        let inside = dice.pick(&[0_u32, 1, 2, 3, 1, 0]);
        Others { inside, leaving: u32::from(dice.below(4)).min(inside) }
    };
    let (ahead, behind) = (others(dice), others(dice));
    Circumstances {
        knowledge,
        reader_locked_until,
        is_card_locked,
        threat_level,
        set_mode,
        last_entered,
        toggled_at,
        last_seen: last_seen.filter(|seen| holder.is_some() && seen.door != attempt.door),
        whereabouts: whereabouts.filter(|_| holder.is_some()),
        ahead,
        behind,
        is_open: dice.one_in(3),
        not_secured: not_secured(dice, rows, attempt),
        escort_seen: escort_seen(dice, rows, attempt, holder),
        waiting: waiting(dice, attempt),
        refusals_of_card: if has_card { refusals(dice) } else { 0 },
        refusals_at_reader: refusals(dice),
    }
}

fn not_secured(dice: &mut Dice, rows: &PolicyRows, attempt: &Attempt) -> Vec<LeafState> {
    let groups = rows.interlocks.iter().filter(|group| group.doors.contains(&attempt.door));
    let others = groups.flat_map(|group| &group.doors).filter(|door| **door != attempt.door);
    others.filter_map(|door| dice.some_in(4, |dice| LeafState { door: *door, is_open: dice.one_in(2) })).collect()
}

fn escort_seen(dice: &mut Dice, rows: &PolicyRows, attempt: &Attempt, holder: Option<PersonId>) -> Option<Sighting> {
    let number = dice.number(PERSONS);
    let at = before(dice, attempt.at);
    let visitor = rows.persons.iter().find(|person| Some(person.id) == holder)?;
    let person = match visitor.escort?.by {
        EscortBy::Person(person) => person,
        EscortBy::Group(group) => rows.persons.iter().find(|person| person.groups.contains(&group))?.id,
    };
    (number > 2 && person != visitor.id).then_some(Sighting { person, door: attempt.door, at })
}

fn waiting(dice: &mut Dice, attempt: &Attempt) -> Vec<Waiting> {
    let mut waiting = Vec::new();
    let holders: Vec<PersonId> =
        (1..=CARDS).filter(|card| token(*card) == attempt.card).filter_map(holder_of).collect();
    // Now and then everybody has just begun to wait for the same.
    let together = dice.some_in(3, |dice| (dice.pick(&[Wanted::Escort, Wanted::SecondPerson]), attempt.at));
    for number in 1..=PERSONS + 1 {
        let attempt_id = id(if dice.one_in(2) { 100 + number } else { 200 - number });
        let apart = (dice.pick(&[Wanted::Escort, Wanted::SecondPerson]), before(dice, attempt.at));
        let (wants, since) = together.unwrap_or(apart);
        // The first person has two cards; now and then it is somebody else's by now, or nobody's.
        let credential = id(match dice.below(16) {
            15 => dice.number(CARDS + MISSING),
            other if number == 1 && other % 2 == 1 => CARDS,
            _ => number,
        });
        if (together.is_some() || dice.one_in(2)) && !holders.contains(&id(number)) {
            let shown = match dice.below(8) {
                6 => FactorDemand::CardPin,
                7 => FactorDemand::Card,
                _ => FactorDemand::CardFinger,
            };
            waiting.push(Waiting { attempt: attempt_id, person: id(number), credential, since, wants, shown });
        }
    }
    waiting.sort_by_key(|waiting| waiting.attempt);
    waiting
}
