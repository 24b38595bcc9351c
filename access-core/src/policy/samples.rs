//! A small tenant for tests: one site on UTC, two doors, one office-hours level, one person with one card.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::*;
use crate::attempt::{Assurance, Attempt, ClockTrust, FactorResult};
use crate::ids::{AttemptId, CredentialId, GrantId};
use crate::time::{Period, Zone};

pub(crate) fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

/// Monday 5 January 1970, 12:00 UTC.
pub(crate) const MONDAY_NOON: UnixMs = UnixMs((4 * 24 + 12) * 3_600_000);
/// The sample card.
pub(crate) const CARD: CardToken = CardToken([1; 32]);

pub(crate) fn door(number: u128, exit: Exit) -> DoorRule {
    DoorRule {
        id: id(number),
        site: id(1),
        leads_from: id(1),
        leads_to: id(2),
        factors_in: FactorDemand::CardFinger,
        factors_out: FactorDemand::Card,
        factor_lines: Vec::new(),
        modes: Vec::new(),
        release_ms: 5_000,
        held_ms: 30_000,
        release_longer_ms: 10_000,
        held_longer_ms: 60_000,
        exit,
        has_contact: true,
    }
}

pub(crate) fn area(number: u128) -> AreaRule {
    AreaRule { id: id(number), site: id(1), anti_passback: AntiPassback::Off, persons_max: None, two_person: None }
}

pub(crate) fn person(number: u128) -> PersonRule {
    PersonRule {
        id: id(number),
        is_active: true,
        has_finger: true,
        has_pin: false,
        needs_longer: false,
        exemption: None,
        escort: None,
        groups: Vec::new(),
    }
}

/// Door 1 is left mechanically, door 2 by this system. Person 1 holds level 1: door 1 and 2, both sides, Mon 07–19.
pub(crate) fn rows() -> PolicyRows {
    PolicyRows {
        version: 7,
        sites: vec![SiteRule { id: id(1), zone: Zone::utc(), accepts_uid_only: true, calendar: None }],
        areas: vec![area(1), area(2)],
        doors: vec![door(1, Exit::Mechanical), door(2, Exit::BySystem)],
        schedules: vec![Schedule {
            id: id(1),
            windows: vec![Window { days: 1, day_types: 0, span: Span { from_minute: 7 * 60, to_minute: 19 * 60 } }],
            exceptions: Vec::new(),
        }],
        levels: vec![AccessLevel {
            id: id(1),
            lines: vec![LevelLine {
                places: vec![Place::Door(id(1)), Place::Door(id(2))],
                sides: Sides::Both,
                schedule: Some(id(1)),
                factors: None,
            }],
        }],
        persons: vec![person(1)],
        credentials: vec![CredentialRule {
            id: CredentialId::from_uuid(Uuid::from_u128(1)),
            person: id(1),
            token: CARD,
            state: CredentialState::Active,
            valid: Period { from: UnixMs(0), until: None },
            proves_itself: false,
        }],
        grants: vec![Grant {
            id: GrantId::from_uuid(Uuid::from_u128(1)),
            holder: Holder::Person(id(1)),
            level: id(1),
            valid: Period { from: UnixMs(0), until: Some(MONDAY_NOON.plus_ms(1_000_000)) },
        }],
        ..PolicyRows::empty(id(1))
    }
}

pub(crate) fn attempt() -> Attempt {
    Attempt {
        id: AttemptId::from_uuid(Uuid::from_u128(1)),
        door: id(1),
        side: Side::In,
        at: MONDAY_NOON,
        clock: ClockTrust::Trusted,
        card: CARD,
        assurance: Assurance::WeakUid,
        finger: Some(FactorResult::Matched),
        pin: None,
    }
}

pub(crate) fn doors(numbers: &[u128]) -> BTreeSet<DoorId> {
    numbers.iter().map(|&number| id(number)).collect()
}
