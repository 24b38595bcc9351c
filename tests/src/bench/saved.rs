//! How soon a saved change decides, beside some thousands of persons whom it does not concern.

use std::time::Instant;

use access_core::Outcome;
use anyhow::bail;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _};
use uuid::Uuid;

use super::link::Caller;
use super::{Samples, ms};
use crate::plant::{Plant, id};
use crate::rules;

/// Questions until a change that was saved is missed for good.
const QUESTIONS_MAX: usize = 10_000;

/// Persons with a card and a grant each, of a level that opens nothing: no agent's part of the rules grows by them.
pub async fn beside(plant: &Plant, persons: usize) -> anyhow::Result<()> {
    let level = id(&plant.staff.post("/access-levels", json!({ "name": "Nowhere", "lines": [] })).await?)?;
    crowd(plant, persons, &level).await
}

/// Persons with a card and a grant of this level each.
pub async fn crowd(plant: &Plant, persons: usize, level: &str) -> anyhow::Result<()> {
    let level: Uuid = level.parse()?;
    let mut db = rules::database(plant).await?;
    let tenant = rules::tenant(&mut db, &plant.staff.account.tenant).await?;
    let mut tx = db.begin().await?;
    let all = format!(
        "SELECT set_config('app.tenant', '{tenant}', true); \
         CREATE TEMP TABLE crowd ON COMMIT DROP AS SELECT gen_random_uuid() AS id FROM generate_series(1, {persons}); \
         INSERT INTO persons (tenant_id, id) SELECT '{tenant}', id FROM crowd; \
         INSERT INTO credentials (tenant_id, id, person_id, token, label, valid_from) \
             SELECT '{tenant}', gen_random_uuid(), id, sha256(id::text::bytea), 'crowd', '2026-01-01' FROM crowd; \
         INSERT INTO grants (tenant_id, id, person_id, level_id, valid_from, no_end_reason) \
             SELECT '{tenant}', gen_random_uuid(), id, '{level}', '2026-01-01', 'measured' FROM crowd"
    );
    sqlx::raw_sql(AssertSqlSafe(all)).execute(&mut *tx).await?;
    Ok(tx.commit().await?)
}

/// Grants the caller's person its level and takes it back, so many times. From the answer that it was saved to the first question
/// that is decided by it, in milliseconds.
pub async fn run(plant: &Plant, caller: &mut Caller, rounds: usize) -> anyhow::Result<Samples> {
    caller.connect_anew().await?;
    // Until its first bundle, the server takes no door for this agent's.
    caller.link.bundle().await?;
    let person = caller.person.to_string();
    let mut samples = Samples::default();
    for _ in 0..rounds {
        plant.staff.post(&format!("/grants/{}/revoke", caller.grant), json!({ "reason": "measured" })).await?;
        samples.push(decided(caller, false).await?);
        caller.grant = plant.grant(&person, &caller.level).await?;
        samples.push(decided(caller, true).await?);
    }
    Ok(samples)
}

async fn decided(caller: &mut Caller, as_granted: bool) -> anyhow::Result<f64> {
    let began = Instant::now();
    for _ in 0..QUESTIONS_MAX {
        let verdict = caller.link.ask(&caller.attempt()).await?;
        if matches!(verdict.outcome, Outcome::Grant { .. }) == as_granted {
            return Ok(ms(began.elapsed()));
        }
    }
    bail!("a saved change does not decide")
}
