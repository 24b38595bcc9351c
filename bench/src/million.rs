//! A tenant of a million people: how long its rules take to load, how much memory they hold, and how soon a change is in force.

use std::hint::black_box;

use access_core::attempt::{Assurance, Attempt, ClockTrust};
use access_core::policy::{Grant, Policy, PolicyChange, PolicyRow, Side};
use access_core::time::Period;
use access_core::verdict::RecordRef;
use access_core::{State, decide};
use anyhow::{Context as _, ensure};
use figures::{Figure, Samples, ms};

use crate::clock::Began;
use crate::counting::bytes_held;
use crate::world::{self, DOOR, DOORS, WEEK, id};

/// People.
const PERSONS: usize = 1_000_000;
/// Times that the rules are loaded.
const LOADS: usize = 3;
/// Grants that are changed, one after another.
const CHANGES: usize = 7;

/// Loads, changes, and drops them.
pub(crate) fn run() -> anyhow::Result<Vec<Figure>> {
    let rows = world::rows(PERSONS);
    let mut loads = Samples::default();
    let mut loaded = None;
    for _ in 0..LOADS {
        drop(loaded.take());
        let copy = rows.clone();
        let began = Began::now()?;
        let policy = Policy::compile(copy)?;
        loads.push(began.elapsed()?.as_secs_f64());
        loaded = Some(policy);
    }
    let policy = loaded.context("nothing was loaded")?;
    crate::say(&format!("{PERSONS} persons loaded, s: {}", loads.summary()?))?;
    let mut updates = Samples::default();
    for nth in 0..CHANGES {
        let (attempt, grant) = somebody_let_in(&policy, &rows.credentials[nth * (PERSONS / CHANGES)..], &rows.grants)?;
        let ended = Grant { valid: Period { from: grant.valid.from, until: Some(WEEK) }, ..grant };
        let began = Began::now()?;
        let changed = policy.with(&[PolicyChange::Put(PolicyRow::Grant(ended))])?;
        let verdict = black_box(decide(&changed, &State::default(), &attempt));
        updates.push(ms(began.elapsed()?));
        let is_settled = verdict.is_grant() && verdict.settled_by.contains(&RecordRef::Grant(grant.id));
        ensure!(!is_settled, "a grant that ended still opens a door");
    }
    crate::say(&format!("one grant changed, ms: {}", updates.summary()?))?;
    drop(rows);
    let bytes = bytes_held(policy) as f64;
    Ok(vec![
        Figure::plain("policy.bytes_per_person", bytes / PERSONS as f64, "B"),
        Figure::plain("policy.load_s", loads.median()?, "s"),
        Figure::plain("policy.update_ms", updates.median()?, "ms"),
    ])
}

/// The first of these cards that opens some door in the middle of the week, and the grant by which it does.
fn somebody_let_in(
    policy: &Policy,
    cards: &[access_core::policy::CredentialRule],
    grants: &[Grant],
) -> anyhow::Result<(Attempt, Grant)> {
    for card in cards {
        for door in 0..DOORS {
            let attempt = Attempt {
                id: id(9, door),
                door: id(DOOR, door),
                side: Side::In,
                at: WEEK.plus_ms(world::WEEK_MS / 2),
                clock: ClockTrust::Trusted,
                card: card.token,
                assurance: Assurance::Authenticated,
                finger: None,
                pin: None,
            };
            let verdict = decide(policy, &State::default(), &attempt);
            let settled = verdict.settled_by.iter().find_map(|record| match record {
                RecordRef::Grant(grant) => Some(*grant),
                _ => None,
            });
            if let Some(id) = settled.filter(|_| verdict.is_grant()) {
                let grant = grants.iter().find(|grant| grant.id == id).context("the grant")?;
                return Ok((attempt, *grant));
            }
        }
    }
    anyhow::bail!("nobody is let in anywhere")
}
