//! The rules alone, in memory: one decision among 10,000 people.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

use access_core::attempt::{Assurance, Attempt, ClockTrust, FactorResult};
use access_core::ids::{AttemptId, CredentialId, GrantId};
use access_core::policy::{
    AccessLevel, AntiPassback, AreaRule, CardToken, CredentialRule, CredentialState, DoorRule, Exit, FactorDemand,
    Grant, Holder, LevelLine, PersonRule, Place, Policy, PolicyRows, Schedule, Side, Sides, SiteRule, Span, Window,
};
use access_core::time::{Period, UnixMs, Zone};
use access_core::{Reason, State, decide};
use anyhow::ensure;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use uuid::Uuid;

use super::{Figure, Samples};

const SEED: u64 = 10_000;
const PEOPLE: u128 = 10_000;
const DOORS: u128 = 100;
const LEVELS: u128 = 40;
/// Monday 5 January 1970, 12:00 UTC.
const AT: UnixMs = UnixMs((4 * 24 + 12) * 3_600_000);
/// Decisions of one sample, so that reading the clock does not count.
const BATCH: usize = 100;
const BATCHES: usize = 2_000;

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

fn token(number: u128) -> CardToken {
    // As spread as the hashes that real ones are.
    let mut random = StdRng::seed_from_u64(SEED ^ u64::try_from(number).unwrap_or(0));
    CardToken(random.random())
}

fn area(number: u128) -> AreaRule {
    let anti_passback = AntiPassback::Off;
    AreaRule { id: id(number), site: id(1), anti_passback, persons_max: None, two_person: None }
}

fn person(number: u128) -> PersonRule {
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

fn rows() -> PolicyRows {
    let always = Period { from: UnixMs(0), until: None };
    let door = |number| DoorRule {
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
        exit: Exit::Mechanical,
        has_contact: true,
    };
    let level = |number: u128| AccessLevel {
        id: id(number),
        lines: vec![LevelLine {
            places: (0..10).map(|at| Place::Door(id((number * 7 + at * 3) % DOORS + 1))).collect(),
            sides: Sides::Both,
            schedule: number.is_multiple_of(2).then(|| id(1)),
            factors: None,
        }],
    };
    let grant = |number: u128| Grant {
        id: GrantId::from_uuid(Uuid::from_u128(number)),
        holder: Holder::Person(id(number % PEOPLE + 1)),
        level: id(number * 13 % LEVELS + 1),
        valid: always,
    };
    PolicyRows {
        version: 1,
        sites: vec![SiteRule { id: id(1), zone: Zone::utc(), accepts_uid_only: true, calendar: None }],
        areas: vec![area(1), area(2)],
        doors: (1..=DOORS).map(door).collect(),
        schedules: vec![Schedule {
            id: id(1),
            windows: vec![Window {
                days: 0b1_1111,
                day_types: 0,
                span: Span { from_minute: 7 * 60, to_minute: 19 * 60 },
            }],
            exceptions: Vec::new(),
        }],
        levels: (1..=LEVELS).map(level).collect(),
        persons: (1..=PEOPLE).map(person).collect(),
        credentials: (1..=PEOPLE)
            .map(|number| CredentialRule {
                id: CredentialId::from_uuid(Uuid::from_u128(number)),
                person: id(number),
                token: token(number),
                state: CredentialState::Active,
                valid: always,
            })
            .collect(),
        grants: (1..=PEOPLE * 2).map(grant).collect(),
        ..PolicyRows::empty(id(1))
    }
}

fn attempts() -> Vec<Attempt> {
    let mut random = StdRng::seed_from_u64(SEED);
    let mut attempt = |number: usize| Attempt {
        id: AttemptId::from_uuid(Uuid::from_u128(number as u128)),
        door: id(random.random_range(1..=DOORS)),
        side: Side::In,
        at: AT,
        clock: ClockTrust::Trusted,
        card: token(random.random_range(1..=PEOPLE)),
        assurance: Assurance::WeakUid,
        finger: Some(FactorResult::Matched),
        pin: None,
    };
    (0..BATCH * 50).map(&mut attempt).collect()
}

fn per_call_us(attempts: &[Attempt], mut call: impl FnMut(&Attempt)) -> anyhow::Result<f64> {
    let batches: Vec<&[Attempt]> = attempts.chunks(BATCH).collect();
    let mut samples = Samples::default();
    for batch in batches.iter().cycle().take(BATCHES) {
        let began = Instant::now();
        for attempt in *batch {
            call(attempt);
        }
        samples.push(began.elapsed().as_secs_f64() * 1e6 / batch.len() as f64);
    }
    samples.median()
}

/// One decision, and beside it one look-up of a card in a plain hash map: less than that no decision can do.
pub fn run() -> anyhow::Result<Vec<Figure>> {
    let rows = rows();
    let map: HashMap<CardToken, usize> =
        rows.credentials.iter().enumerate().map(|(place, card)| (card.token, place)).collect();
    let policy = Policy::compile(rows)?;
    let attempts = attempts();
    let state = State::default();
    let granted = attempts.iter().filter(|attempt| decide(&policy, &state, attempt).reason == Reason::Granted).count();
    ensure!(granted > 0 && granted < attempts.len(), "{granted} of {} are granted: no mixture", attempts.len());
    let ours = per_call_us(&attempts, |attempt| {
        black_box(decide(black_box(&policy), &state, black_box(attempt)));
    })?;
    let lookup = per_call_us(&attempts, |attempt| {
        black_box(black_box(&map).get(black_box(&attempt.card)));
    })?;
    Ok(vec![Figure::plain("decide.p50_us", ours, "µs"), Figure::against("decide.vs_hashmap", ours, "µs", lookup)])
}
