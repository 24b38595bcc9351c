//! Routes of threat levels' descriptions. Guards read; administrators change, with a reason.

use access_core::event::{ActKind, SubjectKind};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{NewThreatLevel, PARTS_MAX, ThreatLevel, ThreatLevelChange, ThreatLevelSettings, store};
use crate::audit::{Why, checked_reason};
use crate::auth::Actor;
use crate::http::{
    ApiError, ApiJson, ApiPath, ApiResult, IfMatch, Page, Problem, checked_name, created, on_constraint, tagged,
};
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(replace, delete))
}

/// What an act on a level is about: its number, as an id.
fn subject(level: i16) -> Uuid {
    Uuid::from_u128(u128::from(level.unsigned_abs()))
}

fn checked(mut settings: ThreatLevelSettings) -> ApiResult<ThreatLevelSettings> {
    settings.name = checked_name(&settings.name)?;
    for (field, parts) in [("places", settings.places.len()), ("exempt_group_ids", settings.exempt_group_ids.len())] {
        if parts > PARTS_MAX {
            return Err(ApiError::field(field, format!("must name {PARTS_MAX} at most")));
        }
    }
    for (number, place) in settings.places.iter().enumerate() {
        place.check(&format!("places[{number}]"))?;
    }
    if !settings.locks && !settings.places.is_empty() {
        return Err(ApiError::field("places", "says which doors are locked, and none is"));
    }
    settings.places.sort();
    settings.places.dedup();
    settings.exempt_group_ids.sort();
    settings.exempt_group_ids.dedup();
    Ok(settings)
}

fn refused(error: sqlx::Error) -> ApiError {
    let no_place = || ApiError::field("places", "one of the places is not there");
    on_constraint([
        ("threat_levels_pkey", || ApiError::Conflict("level_taken", "This level is described already.".to_owned())),
        ("threat_levels_name_is_unique", || {
            ApiError::Conflict("name_taken", "Another level has this name already.".to_owned())
        }),
        ("threat_level_places_site_exists", no_place),
        ("threat_level_places_area_exists", no_place),
        ("threat_level_places_door_exists", no_place),
        ("threat_level_exempt_groups_group_exists", || {
            ApiError::field("exempt_group_ids", "one of the groups is not there")
        }),
    ])(error)
}

/// Every threat level that is described, the least grave first.
#[utoipa::path(get, path = "/threat-levels", tag = "threat_levels",
    responses((status = 200, body = Page<ThreatLevel>)))]
async fn list(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<ThreatLevel>>> {
    let mut tx = state.read(&actor).await?;
    Ok(Page::whole(store::list(&mut tx, actor.tenant).await?))
}

/// Describes a threat level.
#[utoipa::path(post, path = "/threat-levels", tag = "threat_levels", request_body = NewThreatLevel,
    responses((status = 201, body = ThreatLevel), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create(
    actor: Actor,
    State(state): State<AppState>,
    ApiJson(new): ApiJson<NewThreatLevel>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let NewThreatLevel { level, name, locks, places, factors, exempt_group_ids } = new;
    if !(1..=255).contains(&level) {
        return Err(ApiError::field("level", "must be 1 to 255; 0 is the normal one"));
    }
    let new = checked(ThreatLevelSettings { name, locks, places, factors, exempt_group_ids })?;
    let mut tx = state.change(&actor).await?;
    let made = store::insert(&mut tx, actor.tenant, level, &new).await.map_err(refused)?;
    tx.act(ActKind::Created, SubjectKind::ThreatLevel, subject(level)).after(&made).commit().await?;
    Ok(created(made.version, &made))
}

/// Puts a description in place of a threat level's. Where it is in force, doors go by the new one at once.
#[utoipa::path(put, path = "/threat-levels/{level}", tag = "threat_levels",
    params(("level" = i16, Path), ("If-Match" = String, Header)), request_body = ThreatLevelChange,
    responses((status = 200, body = ThreatLevel), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn replace(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(level): ApiPath<i16>,
    version: IfMatch,
    ApiJson(change): ApiJson<ThreatLevelChange>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let ThreatLevelChange { name, locks, places, factors, exempt_group_ids, reason } = change;
    let reason = checked_reason(&reason)?;
    let new = checked(ThreatLevelSettings { name, locks, places, factors, exempt_group_ids })?;
    let mut tx = state.change(&actor).await?;
    let before = store::get_locked(&mut tx, actor.tenant, level).await?.ok_or(ApiError::NotFound("threat level"))?;
    version.check(before.version)?;
    let after = store::replace(&mut tx, actor.tenant, level, &new).await.map_err(refused)?;
    tx.act(ActKind::Changed, SubjectKind::ThreatLevel, subject(level))
        .before(&before)
        .after(&after)
        .reason(reason)
        .commit()
        .await?;
    Ok(tagged(after.version, &after))
}

/// Removes a threat level's description; not while it is in force anywhere.
#[utoipa::path(delete, path = "/threat-levels/{level}", tag = "threat_levels",
    params(("level" = i16, Path), ("If-Match" = String, Header)), request_body = Why,
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem),
    (status = 422, body = Problem)))]
async fn delete(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(level): ApiPath<i16>,
    version: IfMatch,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<StatusCode> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let mut tx = state.change(&actor).await?;
    let before = store::get_locked(&mut tx, actor.tenant, level).await?.ok_or(ApiError::NotFound("threat level"))?;
    version.check(before.version)?;
    let is_in_force = |known: &access_core::State| known.threat_levels().any(|(_, set)| i16::from(set) == level);
    if state.states.read(actor.tenant, is_in_force) == Some(true) {
        return Err(ApiError::Conflict("in_force", "This level is in force; end it first.".to_owned()));
    }
    store::delete(&mut tx, actor.tenant, level).await?;
    tx.act(ActKind::Deleted, SubjectKind::ThreatLevel, subject(level)).before(&before).reason(reason).commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
