//! Routes that say how things stand. Every operator reads them.

use std::collections::{BTreeSet, HashMap};

use access_core::decide::{ModeInForce, mode_in_force};
use access_core::event::{DoorZone, StateChange, StateSet};
use access_core::ids::AgentId;
use access_core::policy::Place;
use access_core::protocol::Standing;
use access_core::time::UnixMs;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{
    Confirmation, Confirmations, DoorSituation, LockedCard, LockedReader, Locks, ModeSet, Situation, ThreatChange,
    ThreatInForce, ZoneDisarmed, ZoneNow, acts, muster, store,
};
use crate::auth::Actor;
use crate::clock::{from_unix_ms, unix_ms};
use crate::db::TenantTx;
use crate::events;
use crate::http::{ApiError, ApiResult, Page, Problem};
use crate::state::AppState;
use crate::threats::{self, ThreatLevel};

/// Changes of threat levels that are listed.
const CHANGES_MAX: usize = 50;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get))
        .routes(routes!(doors))
        .routes(routes!(locks))
        .routes(routes!(threat_changes))
        .merge(acts::routes())
        .merge(muster::routes())
}

/// The log is read at start; for that long nothing is known.
pub(super) fn not_known_yet() -> ApiError {
    ApiError::Unavailable("The log is being read; what is in force is known in a moment.".to_owned())
}

fn confirmation(state: &AppState, actor: &Actor, agent: Option<Uuid>, number: u64) -> Confirmation {
    let Some(agent) = agent.map(AgentId::from_uuid) else { return Confirmation::None };
    if state.agents.standing_in_force(actor.tenant, agent) == Some(number) {
        Confirmation::Confirmed
    } else if state.agents.is_connected(actor.tenant, agent) {
        Confirmation::Waiting
    } else {
        Confirmation::Offline
    }
}

fn counted(confirmations: impl Iterator<Item = Confirmation>) -> Confirmations {
    let mut counted = Confirmations::default();
    for confirmation in confirmations {
        counted.all += 1;
        *match confirmation {
            Confirmation::Confirmed => &mut counted.confirmed,
            Confirmation::Waiting => &mut counted.waiting,
            Confirmation::Offline => &mut counted.offline,
            Confirmation::None => &mut counted.none,
        } += 1;
    }
    counted
}

fn standing(state: &AppState, actor: &Actor) -> ApiResult<std::sync::Arc<Standing>> {
    state.states.standing(actor.tenant).borrow().clone().ok_or_else(not_known_yet)
}

/// What a level means: the highest description that is not above it.
fn described(levels: &[ThreatLevel], level: i16) -> Option<&ThreatLevel> {
    levels.iter().rev().find(|described| described.level <= level)
}

/// Who set it, and why.
struct Said {
    operator_id: Option<Uuid>,
    reason: Option<String>,
}

async fn said(state: &AppState, tx: &mut TenantTx, set: Option<&StateSet>) -> anyhow::Result<Said> {
    let Some(set) = set else { return Ok(Said { operator_id: None, reason: None }) };
    let tenant = tx.tenant();
    let reason = events::store::said(tx, &state.keys, tenant, set.reason).await?;
    Ok(Said { operator_id: set.operator.map(Into::into), reason })
}

/// What is in force beside the rules: threat levels, modes, locks; and how many doors confirmed it.
#[utoipa::path(get, path = "/state", tag = "state",
    responses((status = 200, body = Situation), (status = 503, body = Problem)))]
async fn get(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Situation>> {
    let standing = standing(&state, &actor)?;
    let now = unix_ms(actor.now);
    let locked_readers =
        state.states.read(actor.tenant, |known| known.locked_readers(now).count()).ok_or_else(not_known_yet)?;
    let mut tx = state.read(&actor).await?;
    let levels = threats::store::list(&mut tx, actor.tenant).await?;
    let records = store::sets(&mut tx, actor.tenant, &standing.set).await?;
    let record = |at: UnixMs, change: &StateChange| {
        records.iter().find(|(set_at, set)| *set_at == at && set.change == *change).map(|(_, set)| set)
    };
    let (mut threats, mut modes, mut zones, mut locked_cards) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for (at, change) in &standing.set {
        let since = from_unix_ms(*at);
        match change {
            StateChange::ThreatLevel { place, level } => {
                let Said { operator_id, reason } = said(&state, &mut tx, record(*at, change)).await?;
                let (place, level) = ((*place).into(), i16::from(*level));
                let rule = described(&levels, level);
                let name = rule.map(|rule| rule.settings.name.clone());
                let locks = rule.is_some_and(|rule| rule.settings.locks);
                threats.push(ThreatInForce { place, level, name, locks, since, operator_id, reason });
            }
            StateChange::DoorMode { door, set: Some(set) } if now < set.until => {
                let Said { operator_id, reason } = said(&state, &mut tx, record(*at, change)).await?;
                let (door_id, mode, until) = ((*door).into(), set.mode, from_unix_ms(set.until));
                modes.push(ModeSet { door_id, mode, since, until, operator_id, reason });
            }
            StateChange::ZoneArmed { door, zone, is_armed: false } => {
                let Said { operator_id, reason } = said(&state, &mut tx, record(*at, change)).await?;
                zones.push(ZoneDisarmed { door_id: (*door).into(), zone: *zone, since, operator_id, reason });
            }
            StateChange::CredentialLocked { .. } => locked_cards += 1,
            _ => {}
        }
    }
    threats.sort_by_key(|threat| (std::cmp::Reverse(threat.level), threat.since));
    modes.sort_by_key(|mode| (mode.until, mode.door_id));
    zones.sort_by_key(|disarmed| (disarmed.since, disarmed.door_id, disarmed.zone));
    let doors = store::doors(&mut tx, actor.tenant).await?;
    let confirmations = doors.iter().map(|(_, agent)| confirmation(&state, &actor, *agent, standing.number));
    Ok(Json(Situation {
        number: standing.number,
        threat_levels: threats,
        modes,
        disarmed_zones: zones,
        locked_cards,
        locked_readers,
        doors: counted(confirmations),
    }))
}

/// How every door stands by its rules and by what is set, and whether its agent confirmed it.
#[utoipa::path(get, path = "/state/doors", tag = "state",
    responses((status = 200, body = Page<DoorSituation>), (status = 503, body = Problem)))]
async fn doors(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<DoorSituation>>> {
    let standing = standing(&state, &actor)?;
    let policy = state.policies.current(actor.tenant).ok_or_else(not_known_yet)?;
    let mut tx = state.read(&actor).await?;
    let agents: HashMap<Uuid, Option<Uuid>> = store::doors(&mut tx, actor.tenant).await?.into_iter().collect();
    let mut wired: HashMap<Uuid, BTreeSet<DoorZone>> = HashMap::new();
    for (door, zone) in store::zones(&mut tx, actor.tenant).await? {
        wired.entry(door).or_default().insert(zone);
    }
    drop(tx);
    let now = unix_ms(actor.now);
    let view = |known: &access_core::State| {
        let one = |door: &access_core::policy::DoorRule| {
            let read = known.circumstances_of_door(door, now);
            let clock = access_core::attempt::ClockTrust::Trusted;
            let ModeInForce { mode, is_free, is_locked_down } = mode_in_force(&policy, door, &read, now, clock);
            let (door_id, threat_level) = (door.id.into(), read.threat_level);
            let agent_id = agents.get(&door_id).copied().flatten();
            let confirmation = confirmation(&state, &actor, agent_id, standing.number);
            let disarmed: BTreeSet<DoorZone> = known.disarmed_zones(door.id).collect();
            let mut zones = wired.get(&door_id).cloned().unwrap_or_default();
            zones.extend(&disarmed);
            let zones = zones.into_iter().map(|zone| ZoneNow { zone, is_armed: !disarmed.contains(&zone) }).collect();
            DoorSituation { door_id, agent_id, confirmation, mode, is_free, threat_level, is_locked_down, zones }
        };
        policy.doors().iter().map(one).collect()
    };
    Ok(Page::whole(state.states.read(actor.tenant, view).ok_or_else(not_known_yet)?))
}

/// Cards and readers that are locked on suspicion, and why.
#[utoipa::path(get, path = "/state/locks", tag = "state",
    responses((status = 200, body = Locks), (status = 503, body = Problem)))]
async fn locks(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Locks>> {
    let standing = standing(&state, &actor)?;
    let now = unix_ms(actor.now);
    let of_readers = |known: &access_core::State| known.locked_readers(now).collect::<Vec<_>>();
    let locked_readers = state.states.read(actor.tenant, of_readers).ok_or_else(not_known_yet)?;
    let mut tx = state.read(&actor).await?;
    let mut cards = Vec::new();
    for (at, change) in &standing.set {
        let StateChange::CredentialLocked { credential } = change else { continue };
        let card = store::card(&mut tx, actor.tenant, *credential).await?;
        let (person_id, label) = card.unzip();
        let by = match person_id {
            Some(person) => store::card_locked_by(&mut tx, actor.tenant, person, *credential).await?,
            None => None,
        };
        let by = by.unwrap_or_default();
        cards.push(LockedCard { credential_id: (*credential).into(), label, person_id, since: from_unix_ms(*at), by });
    }
    cards.sort_by_key(|card| std::cmp::Reverse((card.since, card.credential_id)));
    let mut readers = Vec::new();
    for (door, side, since, until) in locked_readers {
        let by = store::reader_locked_by(&mut tx, actor.tenant, door, side).await?.unwrap_or_default();
        let (since, until) = (from_unix_ms(since), from_unix_ms(until));
        readers.push(LockedReader { door_id: door.into(), side, since, until, by });
    }
    readers.sort_by_key(|reader| std::cmp::Reverse((reader.since, reader.door_id)));
    Ok(Json(Locks { cards, readers }))
}

/// Newest changes of threat levels, those that ended one too, newest first.
#[utoipa::path(get, path = "/state/threat-levels", tag = "state",
    responses((status = 200, body = Page<ThreatChange>)))]
async fn threat_changes(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<ThreatChange>>> {
    let mut tx = state.read(&actor).await?;
    let levels = threats::store::list(&mut tx, actor.tenant).await?;
    let mut changes = Vec::new();
    for (position, at, set) in store::newest_sets(&mut tx, actor.tenant).await? {
        let StateChange::ThreatLevel { place, level } = set.change else { continue };
        if changes.len() == CHANGES_MAX {
            break;
        }
        let Said { operator_id, reason } = said(&state, &mut tx, Some(&set)).await?;
        changes.push(change(&levels, (position, at), place, i16::from(level), operator_id, reason));
    }
    Ok(Page::whole(changes))
}

fn change(
    levels: &[ThreatLevel],
    (position, at): (i64, DateTime<Utc>),
    place: Place,
    level: i16,
    operator_id: Option<Uuid>,
    reason: Option<String>,
) -> ThreatChange {
    let name = described(levels, level).map(|rule| rule.settings.name.clone());
    ThreatChange { place: place.into(), level, name, at, operator_id, reason, position }
}
