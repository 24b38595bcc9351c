//! One decision: ours, and the least that is possible, on the same questions. Peers are measured in the same way.

use std::collections::HashMap;
use std::hint::black_box;

use access_core::policy::{CardToken, Policy, PolicyRows};
use access_core::{State, decide};
use figures::{Figure, Samples};

use crate::clock::Began;
use crate::plain::{Plain, PlainPerson};
use crate::question::Question;
use crate::world::DOORS;

/// Questions of one sample, so that reading the clock does not count.
pub(crate) const BATCH: usize = 100;
/// Times that we go through all questions, before others do and after.
pub(crate) const PASSES: usize = 5;
/// Bits of a word.
const WORD: usize = 64;

/// The doors that a person was granted, whenever, as a set.
type Doors = [u64; DOORS.div_ceil(WORD)];

/// One decision of ours, and beside it the least that any can do: one look-up of the card in a standard hash map, and
/// one test of a bit. That knows neither hours nor periods nor blocks.
pub(crate) fn ours(
    policy: &Policy,
    rows: &PolicyRows,
    plain: &Plain,
    questions: &[Question],
) -> anyhow::Result<Vec<Figure>> {
    let map: HashMap<CardToken, Doors> =
        rows.credentials.iter().zip(&plain.persons).map(|(card, person)| (card.token, doors(person, plain))).collect();
    let (mut decisions, mut lookups) = (Samples::default(), Samples::default());
    // By turns, so that a noise of the machine meets both.
    for _ in 0..PASSES * 2 {
        decide_all(policy, questions, &mut decisions)?;
        for batch in questions.chunks(BATCH) {
            lookups.push(per_item_us(batch, |question| {
                let doors = black_box(&map).get(black_box(&question.attempt.card));
                black_box(doors.is_some_and(|doors| doors[question.door / WORD] >> (question.door % WORD) & 1 == 1));
            })?);
        }
    }
    let (median, least) = (decisions.median()?, lookups.median()?);
    crate::say(&format!("decision, µs: {}", decisions.summary()?))?;
    crate::say(&format!("look-up and bit, µs: {}", lookups.summary()?))?;
    Ok(vec![Figure::plain("decide.p50_us", median, "µs"), Figure::against("decide.vs_hashmap", median, "µs", least)])
}

fn doors(person: &PlainPerson, plain: &Plain) -> Doors {
    let mut doors = Doors::default();
    for door in person.grants.iter().flat_map(|(level, _)| &plain.levels[*level].doors) {
        doors[door / WORD] |= 1 << (door % WORD);
    }
    doors
}

/// Puts every question to us.
pub(crate) fn decide_all(policy: &Policy, questions: &[Question], samples: &mut Samples) -> anyhow::Result<()> {
    let state = State::default();
    for batch in questions.chunks(BATCH) {
        samples.push(per_item_us(batch, |question| {
            black_box(decide(black_box(policy), &state, black_box(&question.attempt)));
        })?);
    }
    Ok(())
}

/// Microseconds for each of what was asked.
pub(crate) fn per_item_us<Item>(batch: &[Item], ask: impl FnMut(&Item)) -> anyhow::Result<f64> {
    let began = Began::now()?;
    batch.iter().for_each(ask);
    Ok(began.elapsed()?.as_secs_f64() * 1e6 / batch.len() as f64)
}
