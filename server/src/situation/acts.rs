//! What operators set of the state that rules read, each with a reason: modes, threat levels, forgiven persons, reset areas,
//! lifted locks, zones. Guards act at the moment; what undoes evidence (a card's lock) or lasts for days takes an administrator.

use access_core::event::{SetMode, StateChange};
use access_core::ids::{AreaId, CredentialId, DoorId, PersonId};
use access_core::policy::{Place, Side};
use axum::extract::State;
use axum::http::StatusCode;
use chrono::TimeDelta;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::routes::not_known_yet;
use super::{NewMode, NewThreat, NewZone, ReaderUnlock, store};
use crate::audit::{Why, checked_reason};
use crate::auth::{Actor, Role};
use crate::clock::unix_ms;
use crate::http::{ApiError, ApiJson, ApiPath, ApiResult, Problem};
use crate::state::AppState;
use crate::{credentials, doors, people, sites, threats};

/// How far ahead a mode's end may lie that a guard sets: a shift.
const GUARDS_MODE_HOURS_MAX: i64 = 12;
/// How far ahead a mode's end may lie: what lasts longer is a rule.
const MODE_DAYS_MAX: i64 = 31;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(set_mode, end_mode))
        .routes(routes!(set_threat_level))
        .routes(routes!(forgive))
        .routes(routes!(reset_area))
        .routes(routes!(unlock_card))
        .routes(routes!(unlock_reader))
        .routes(routes!(set_zone))
}

/// Sets a door's mode until an instant.
#[utoipa::path(put, path = "/doors/{id}/mode", tag = "state", params(("id" = Uuid, Path)), request_body = NewMode,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn set_mode(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(new): ApiJson<NewMode>,
) -> ApiResult<StatusCode> {
    let reason = checked_reason(&new.reason)?;
    if new.until <= actor.now {
        return Err(ApiError::field("until", "must be in the future"));
    }
    if new.until - actor.now > TimeDelta::days(MODE_DAYS_MAX) {
        return Err(ApiError::field(
            "until",
            format!("must be within {MODE_DAYS_MAX} days; what lasts longer is a rule"),
        ));
    }
    if actor.role == Role::Guard && new.until - actor.now > TimeDelta::hours(GUARDS_MODE_HOURS_MAX) {
        return Err(ApiError::Forbidden("A guard sets a mode for 12 hours at most; an administrator, for longer."));
    }
    let mut tx = state.change(&actor).await?;
    doors::store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("door"))?;
    let set = Some(SetMode { mode: new.mode, until: unix_ms(new.until) });
    tx.set_state(StateChange::DoorMode { door: DoorId::from_uuid(id), set }, reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a mode that an operator set: the door goes back to its schedule's.
#[utoipa::path(delete, path = "/doors/{id}/mode", tag = "state", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn end_mode(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<StatusCode> {
    let reason = checked_reason(&why.reason)?;
    let door = DoorId::from_uuid(id);
    let mut tx = state.change(&actor).await?;
    doors::store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("door"))?;
    let now = unix_ms(actor.now);
    let is_set = |known: &access_core::State| {
        let standing = known.standing(now);
        standing.iter().any(|(_, change)| matches!(change, StateChange::DoorMode { door: at, .. } if *at == door))
    };
    if !state.states.read(actor.tenant, is_set).ok_or_else(not_known_yet)? {
        return Err(ApiError::Conflict("not_in_force", "No operator has set a mode at this door.".to_owned()));
    }
    tx.set_state(StateChange::DoorMode { door, set: None }, reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets the threat level of the tenant, a site or an area, or ends it by level 0. One that is in force may be set again.
#[utoipa::path(post, path = "/state/threat-level", tag = "state", request_body = NewThreat,
    responses((status = 204), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn set_threat_level(
    actor: Actor,
    State(state): State<AppState>,
    ApiJson(new): ApiJson<NewThreat>,
) -> ApiResult<StatusCode> {
    let reason = checked_reason(&new.reason)?;
    new.place.check("place")?;
    let place = match new.place.to_rule() {
        Some(place) if !matches!(place, Place::Door(_)) => place,
        _ => return Err(ApiError::field("place", "must be the tenant, a site or an area")),
    };
    let level = u8::try_from(new.level).map_err(|_| ApiError::field("level", "must be 0 to 255"))?;
    let mut tx = state.change(&actor).await?;
    let is_there = match place {
        Place::Site(site) => sites::store::get(&mut tx, actor.tenant, site.as_uuid()).await?.is_some(),
        Place::Area(area) => sites::store::get_area(&mut tx, actor.tenant, area.as_uuid()).await?.is_some(),
        Place::Tenant | Place::Door(_) => true,
    };
    if !is_there {
        return Err(ApiError::field("place", "there is no such site or area"));
    }
    if level > 0 && threats::store::get(&mut tx, actor.tenant, new.level).await?.is_none() {
        return Err(ApiError::field("level", "there is no such threat level"));
    }
    // Only an end is refused. A level is set whatever is known to be in force: that it was ended may not be known yet.
    let is_in_force = |known: &access_core::State| known.threat_levels().any(|(at, _)| at == place);
    if level == 0 && !state.states.read(actor.tenant, is_in_force).ok_or_else(not_known_yet)? {
        return Err(ApiError::Conflict("not_in_force", "No threat level is in force there.".to_owned()));
    }
    tx.set_state(StateChange::ThreatLevel { place, level }, reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets where a person is: the next door takes them as coming from where it leads from.
#[utoipa::path(post, path = "/people/{id}/forgive", tag = "state", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn forgive(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<StatusCode> {
    let reason = checked_reason(&why.reason)?;
    let person = PersonId::from_uuid(id);
    let mut tx = state.change(&actor).await?;
    people::store::get(&mut tx, actor.tenant, person, actor.now).await?.ok_or(ApiError::NotFound("person"))?;
    tx.set_state(StateChange::Forgiven { person }, reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets where everybody in an area is: it counts as empty.
#[utoipa::path(post, path = "/areas/{id}/reset", tag = "state", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn reset_area(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<StatusCode> {
    let reason = checked_reason(&why.reason)?;
    let mut tx = state.change(&actor).await?;
    sites::store::get_area(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("area"))?;
    let mut entrances = Vec::new();
    for door in doors::store::list(&mut tx, actor.tenant).await? {
        let into = [(door.rule.area_inside_id, Side::In), (door.rule.area_outside_id, Side::Out)];
        entrances
            .extend(into.iter().filter(|(area, _)| *area == id).map(|(_, side)| (DoorId::from_uuid(door.id), *side)));
    }
    entrances.sort();
    tx.set_state(StateChange::AreaReset { area: AreaId::from_uuid(id), entrances }, reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Unlocks a card that was locked on suspicion.
#[utoipa::path(post, path = "/credentials/{id}/unlock", tag = "state", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn unlock_card(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<StatusCode> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let credential = CredentialId::from_uuid(id);
    let mut tx = state.change(&actor).await?;
    credentials::store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("card"))?;
    let is_locked = |known: &access_core::State| known.locked_cards().any(|card| card == credential);
    if !state.states.read(actor.tenant, is_locked).ok_or_else(not_known_yet)? {
        return Err(ApiError::Conflict("not_locked", "This card is not locked.".to_owned()));
    }
    tx.set_state(StateChange::CredentialUnlocked { credential }, reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Unlocks a door's reader before its lock ends by itself.
#[utoipa::path(post, path = "/doors/{id}/unlock-reader", tag = "state", params(("id" = Uuid, Path)),
    request_body = ReaderUnlock, responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
async fn unlock_reader(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(unlock): ApiJson<ReaderUnlock>,
) -> ApiResult<StatusCode> {
    let reason = checked_reason(&unlock.reason)?;
    let (door, side, now) = (DoorId::from_uuid(id), unlock.side, unix_ms(actor.now));
    let mut tx = state.change(&actor).await?;
    doors::store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("door"))?;
    let is_locked = |known: &access_core::State| known.locked_readers(now).any(|(at, on, ..)| (at, on) == (door, side));
    if !state.states.read(actor.tenant, is_locked).ok_or_else(not_known_yet)? {
        return Err(ApiError::Conflict("not_locked", "This reader is not locked.".to_owned()));
    }
    tx.set_state(StateChange::ReaderUnlocked { door, side }, reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Arms or disarms a zone, until it is said otherwise. One that stands so already is set again: that it was set otherwise meanwhile may
/// not be known yet.
#[utoipa::path(put, path = "/doors/{id}/zones", tag = "state", params(("id" = Uuid, Path)), request_body = NewZone,
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn set_zone(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(new): ApiJson<NewZone>,
) -> ApiResult<StatusCode> {
    let NewZone { zone, is_armed, reason } = new;
    let reason = checked_reason(&reason)?;
    let door = DoorId::from_uuid(id);
    let mut tx = state.change(&actor).await?;
    doors::store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("door"))?;
    let is_wired = store::zones(&mut tx, actor.tenant).await?.contains(&(id, zone));
    // One that is wired no longer can be armed for whoever wires it again, and not be disarmed for them.
    if !is_armed && !is_wired {
        return Err(ApiError::field("zone", "no such zone hangs on this door's lines"));
    }
    tx.set_state(StateChange::ZoneArmed { door, zone, is_armed }, reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
