//! A finger at a station and those of others: where the tenant chose so, it is compared with every one that lies here before it is
//! stored, one to one, at the station. The station gets them lot by lot, sealed to it, and none at all where that was not chosen.
//! Only fingers of people who consented to that are among them, and only theirs are compared with others.
//!
//! Nothing passes for compared that was not: whatever goes wrong ends the dialogue. Which fingers were is kept in memory, for this
//! dialogue alone.

use std::collections::{BTreeSet, HashSet};

use access_core::event::Event;
use access_core::ids::{AgentId, FingerId, PersonId, TenantId};
use access_core::protocol::{FINGERS_COMPARED_AT_ONCE_MAX, SealedTemplate};
use access_core::word::Word as _;
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::outcome::{Order, Turn, actor};
use super::{Step, StepWord, Want};
use crate::consent;
use crate::db::TenantTx;
use crate::http::{ApiError, ApiResult};
use crate::keys::SealingKey;
use crate::state::AppState;
use crate::{audit, cards, people, vault};

/// How far a finger is compared. Lives in a dialogue, never outlives it.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// Kind of sensor that made the finger. None before it is made.
    sensor_type: Option<String>,
    /// Compared, and of another finger.
    passed: HashSet<Uuid>,
    /// At the station, with whose they are.
    sent: Vec<(Uuid, Uuid)>,
    /// How many there are to be compared with, as far as is known.
    of: usize,
    /// Hundredths that the page knows of.
    shown: usize,
    /// The station was told that there are no more.
    is_complete: bool,
}

/// What a station gets.
pub(super) struct Lot {
    /// To be compared; none: that was all.
    pub(super) templates: Vec<SealedTemplate>,
    /// How far it is.
    pub(super) step: Step,
}

fn not_wanted() -> ApiError {
    ApiError::Conflict("not_wanted", "The station answered what nobody asked.".to_owned())
}

fn not_compared() -> ApiError {
    let why = "The finger was not compared with all others: what was chosen changed meanwhile, or another finger was enrolled.";
    ApiError::Conflict("fingers_not_compared", why.to_owned())
}

/// Refuses to compare the finger of a person who did not consent to that.
pub(super) async fn consents(db: &mut PgConnection, tenant: TenantId, person: PersonId) -> ApiResult<()> {
    let basis = people::store::legal_basis(db, tenant, person).await?;
    let version = basis.and_then(|basis| basis.consent_text_version);
    if version.is_some_and(|version| consent::covers_comparing(&version)) {
        return Ok(());
    }
    let why =
        "Fingers are compared with those of others here, and what the person consented to does not speak of that.";
    Err(ApiError::Conflict("consent_lacks_comparing", why.to_owned()))
}

impl Comparison {
    fn step(&self, compared: usize, now: DateTime<Utc>) -> Step {
        let count = |fingers| u32::try_from(fingers).ok();
        Step { compared: count(compared), to_compare: count(self.of), ..Step::new(StepWord::Comparing, now) }
    }

    /// The station has compared so many of those that it has; a step each hundredth.
    pub(super) fn goes_on(&mut self, compared: u16, now: DateTime<Utc>) -> Option<Turn> {
        let compared = self.passed.len() + usize::from(compared).min(self.sent.len());
        let hundredths = compared * 100 / self.of.max(1);
        if self.sent.is_empty() || hundredths <= self.shown {
            return None;
        }
        self.shown = hundredths;
        Some(Turn::Show(self.step(compared, now)))
    }
}

/// A finger waits at the station.
pub(super) async fn made(
    state: &AppState,
    order: &Order,
    comparison: &mut Comparison,
    sensor_type: String,
    now: DateTime<Utc>,
) -> ApiResult<Turn> {
    if !order.asked.is_compared || comparison.sensor_type.is_some() {
        return Err(not_wanted());
    }
    comparison.sensor_type = Some(sensor_type);
    next(state, order, comparison, now).await
}

/// None of those that were sent is the same.
pub(super) async fn passed(
    state: &AppState,
    order: &Order,
    comparison: &mut Comparison,
    now: DateTime<Utc>,
) -> ApiResult<Turn> {
    if comparison.sent.is_empty() {
        return Err(not_wanted());
    }
    comparison.passed.extend(comparison.sent.drain(..).map(|(finger, _)| finger));
    next(state, order, comparison, now).await
}

/// Those that come next; with none, the finger is to be read.
async fn next(state: &AppState, order: &Order, comparison: &mut Comparison, now: DateTime<Utc>) -> ApiResult<Turn> {
    let mut tx = state.db.begin_vault(order.tenant, Some(order.operator)).await?;
    actor(&mut tx, order, now).await?;
    if !cards::store::compares_fingers(&mut tx, order.tenant).await? {
        return Err(not_compared());
    }
    consents(&mut tx, order.tenant, order.person).await?;
    let mut left = left(&mut tx, order, comparison).await?;
    comparison.of = comparison.passed.len() + left.len();
    left.truncate(FINGERS_COMPARED_AT_ONCE_MAX);
    comparison.is_complete = left.is_empty();
    let mut templates = Vec::with_capacity(left.len());
    if !left.is_empty() {
        let key = sealing_key(&mut tx, order.tenant, order.station).await?;
        let fingers: Vec<Uuid> = left.iter().map(|(finger, _)| *finger).collect();
        for open in vault::templates_of(&state.keys, &mut tx, &fingers).await? {
            // Whose they are, and which of them are signs of duress, is nothing to a station.
            let open = vault::OpenTemplate { person: order.person, ..open };
            templates.push(open.sealed_to(order.station, &key, false)?);
        }
        // One that was removed this moment is not missed.
        left.retain(|(finger, _)| templates.iter().any(|template| template.finger.as_uuid() == *finger));
        if left.is_empty() {
            return Err(not_compared());
        }
        templates.sort_by_key(|template| left.iter().position(|(finger, _)| template.finger.as_uuid() == *finger));
        let fingers = templates.iter().map(|template| template.finger).collect();
        let holders = left.iter().map(|(_, holder)| PersonId::from_uuid(*holder));
        let holders = holders.collect::<BTreeSet<_>>().into_iter().collect();
        let sent =
            Event::FingersSent { enrolment: order.id, person: order.person, station: order.station, fingers, holders };
        audit::append_event(&mut tx, &sent, now).await?;
        tx.commit().await?;
    }
    comparison.sent = left;
    let step = comparison.step(comparison.passed.len(), now);
    Ok(Turn::Compare(Lot { templates, step }))
}

/// Fingers that are still to be compared: one may have been enrolled meanwhile, or somebody consented.
async fn left(tx: &mut TenantTx, order: &Order, comparison: &Comparison) -> ApiResult<Vec<(Uuid, Uuid)>> {
    let (Want::Finger { position, .. }, Some(sensor_type)) = (order.asked.want, &comparison.sensor_type) else {
        return Err(not_wanted());
    };
    let own = (order.person, position.as_str());
    let mut all =
        vault::store::comparable_fingers(tx, order.tenant, sensor_type, own, &consent::comparing_versions()).await?;
    all.retain(|(finger, _)| !comparison.passed.contains(finger));
    Ok(all)
}

/// The key that things are sealed to for a station in use.
async fn sealing_key(db: &mut PgConnection, tenant: TenantId, station: AgentId) -> ApiResult<SealingKey> {
    let key: Option<Vec<u8>> = sqlx::query_scalar(
        "SELECT sealing_key FROM agents WHERE tenant_id = $1 AND id = $2 AND kind = 'station' AND state = 'joined'",
    )
    .bind(tenant.as_uuid())
    .bind(station.as_uuid())
    .fetch_optional(db)
    .await?
    .flatten();
    Ok(SealingKey::from_bytes(&key.context("the station is not in use")?)?)
}

/// Refuses a finger that was not compared with all others, where that is chosen. Until the transaction ends no other finger is stored
/// that this one was not compared with.
pub(super) async fn is_compared(
    tx: &mut TenantTx,
    order: &Order,
    comparison: &Comparison,
    sensor_type: &str,
) -> ApiResult<()> {
    if !cards::store::compares_fingers(tx, order.tenant).await? {
        return Ok(());
    }
    consents(tx, order.tenant, order.person).await?;
    if !comparison.is_complete || comparison.sensor_type.as_deref() != Some(sensor_type) {
        return Err(not_compared());
    }
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(format!("fingers of tenant {}", order.tenant))
        .execute(&mut **tx)
        .await?;
    if left(tx, order, comparison).await?.is_empty() { Ok(()) } else { Err(not_compared()) }
}

/// The finger is the same as one that was sent: it is not stored, and the log says whose it is.
pub(super) async fn same(
    state: &AppState,
    order: &Order,
    comparison: &Comparison,
    finger: FingerId,
    now: DateTime<Utc>,
) -> ApiResult<Step> {
    let sent = comparison.sent.iter().find(|(sent, _)| *sent == finger.as_uuid());
    let holder = sent.ok_or_else(not_wanted)?.1.into();
    let mut tx = state.db.begin(order.tenant, Some(order.operator)).await?;
    let event = Event::FingerInUse { enrolment: order.id, person: order.person, finger, holder };
    audit::append_event(&mut tx, &event, now).await?;
    tx.commit().await?;
    let whose = if holder == order.person { "own_finger" } else { "anothers_finger" };
    Ok(Step { reason: Some(whose.to_owned()), ..Step::new(StepWord::FingerInUse, now) })
}

#[cfg(test)]
mod tests;
