//! Routes of sites and areas. Guards read; administrators change.

use access_core::event::{ActKind, SubjectKind};
use access_core::policy::PAIR_S_MAX;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{
    AntiPassbackKind, Area, AreaChange, AreaSettings, NewArea, NewSite, Site, SiteChange, is_time_zone, store,
};
use crate::audit::reason_where;
use crate::auth::Actor;
use crate::http::{
    ApiError, ApiJson, ApiPath, ApiResult, IfMatch, Page, Problem, checked_name, created, on_constraint, tagged,
};
use crate::state::AppState;

/// Longest time of timed anti-passback, in seconds: a week.
const ANTI_PASSBACK_S_MAX: i32 = 604_800;
/// Most persons that an area can be said to hold.
const PERSONS_MAX: i32 = 1_000_000;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(change))
        .routes(routes!(list_areas, create_area))
        .routes(routes!(change_area, delete_area))
}

fn checked(mut site: NewSite) -> ApiResult<NewSite> {
    site.name = checked_name(&site.name)?;
    if !is_time_zone(&site.time_zone) {
        return Err(ApiError::field("time_zone", format!("`{}` is not the IANA name of a time zone", site.time_zone)));
    }
    site.accepts_uid_only_reason = site.accepts_uid_only_reason.filter(|_| site.accepts_uid_only);
    if site.accepts_uid_only {
        let reason = site.accepts_uid_only_reason.as_deref().unwrap_or_default();
        let reason = crate::audit::checked_reason(reason).map_err(|_| {
            ApiError::field(
                "accepts_uid_only_reason",
                "copyable cards are taken only for a stated reason (1 to 500 characters)",
            )
        })?;
        site.accepts_uid_only_reason = Some(reason.to_owned());
    }
    Ok(site)
}

fn checked_area(mut area: AreaSettings) -> ApiResult<AreaSettings> {
    area.name = checked_name(&area.name)?;
    let bounded = |field, value: Option<i32>, most| match value {
        Some(value) if !(1..=most).contains(&value) => Err(ApiError::field(field, format!("must be 1 to {most}"))),
        _ => Ok(()),
    };
    bounded("anti_passback_s", area.anti_passback_s, ANTI_PASSBACK_S_MAX)?;
    bounded("persons_max", area.persons_max, PERSONS_MAX)?;
    bounded("two_person_s", area.two_person_s, PAIR_S_MAX.cast_signed())?;
    if (area.anti_passback == AntiPassbackKind::Timed) != area.anti_passback_s.is_some() {
        return Err(ApiError::field("anti_passback_s", "is said for timed anti-passback, and only then"));
    }
    let groups = [area.two_person_group_id, area.two_person_other_group_id];
    if groups.iter().flatten().count() == 1 {
        return Err(ApiError::field("two_person_other_group_id", "a pair is of two groups, or of any"));
    }
    if groups[0].is_some() && area.two_person_s.is_none() {
        return Err(ApiError::field("two_person_s", "must be said where a pair is of two groups"));
    }
    if area.two_person_s.is_some() && area.persons_max == Some(1) {
        return Err(ApiError::field("persons_max", "two persons would have no room: nobody could ever come in"));
    }
    Ok(area)
}

fn site_refused(error: sqlx::Error) -> ApiError {
    on_constraint([
        ("sites_name_is_unique", ApiError::name_taken),
        ("sites_calendar_exists", || ApiError::field("calendar_id", "there is no such calendar")),
    ])(error)
}

/// Every site.
#[utoipa::path(get, path = "/sites", tag = "sites", responses((status = 200, body = Page<Site>)))]
async fn list(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<Site>>> {
    let mut tx = state.read(&actor).await?;
    Ok(Page::whole(store::list(&mut tx, actor.tenant).await?))
}

/// Makes a site.
#[utoipa::path(post, path = "/sites", tag = "sites", request_body = NewSite,
    responses((status = 201, body = Site), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create(actor: Actor, State(state): State<AppState>, ApiJson(new): ApiJson<NewSite>) -> ApiResult<Response> {
    actor.administrator()?;
    let new = checked(new)?;
    let mut tx = state.change(&actor).await?;
    let site = store::insert(&mut tx, actor.tenant, Uuid::now_v7(), &new).await.map_err(site_refused)?;
    tx.act(ActKind::Created, SubjectKind::Site, site.id).after(&site).commit().await?;
    Ok(created(site.version, &site))
}

/// Changes a site.
#[utoipa::path(patch, path = "/sites/{id}", tag = "sites", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = SiteChange, responses((status = 200, body = Site), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn change(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
    ApiJson(change): ApiJson<SiteChange>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let mut tx = state.change(&actor).await?;
    let before = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("site"))?;
    version.check(before.version)?;
    let after =
        store::update(&mut tx, actor.tenant, id, &checked(before.changed(change))?).await.map_err(site_refused)?;
    tx.act(ActKind::Changed, SubjectKind::Site, id).before(&before).after(&after).commit().await?;
    Ok(tagged(after.version, &after))
}

/// Every area.
#[utoipa::path(get, path = "/areas", tag = "sites", responses((status = 200, body = Page<Area>)))]
async fn list_areas(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<Area>>> {
    let mut tx = state.read(&actor).await?;
    Ok(Page::whole(store::list_areas(&mut tx, actor.tenant).await?))
}

/// Makes an area.
#[utoipa::path(post, path = "/areas", tag = "sites", request_body = NewArea,
    responses((status = 201, body = Area), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create_area(
    actor: Actor,
    State(state): State<AppState>,
    ApiJson(mut new): ApiJson<NewArea>,
) -> ApiResult<Response> {
    actor.administrator()?;
    new.name = checked_name(&new.name)?;
    let mut tx = state.change(&actor).await?;
    let area = store::insert_area(&mut tx, actor.tenant, Uuid::now_v7(), &new).await.map_err(on_constraint([
        ("areas_name_is_unique", ApiError::name_taken),
        ("areas_site_exists", || ApiError::field("site_id", "there is no such site")),
    ]))?;
    tx.act(ActKind::Created, SubjectKind::Area, area.id).after(&area).commit().await?;
    Ok(created(area.version, &area))
}

/// Changes an area: its name, anti-passback, most persons, two-person rule.
#[utoipa::path(patch, path = "/areas/{id}", tag = "sites", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = AreaChange, responses((status = 200, body = Area), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn change_area(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
    ApiJson(change): ApiJson<AreaChange>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let mut tx = state.change(&actor).await?;
    let before = store::get_area(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("area"))?;
    version.check(before.version)?;
    let reason = change.reason.clone();
    let new = checked_area(before.settings.changed(change))?;
    let reason = reason_where(new.may_be_looser_than(&before.settings), reason.as_deref())?;
    let after = store::update_area(&mut tx, actor.tenant, id, &new).await.map_err(on_constraint([
        ("areas_name_is_unique", ApiError::name_taken),
        ("areas_two_person_group_exists", || ApiError::field("two_person_group_id", "there is no such group")),
        ("areas_two_person_other_group_exists", || {
            ApiError::field("two_person_other_group_id", "there is no such group")
        }),
    ]))?;
    tx.act(ActKind::Changed, SubjectKind::Area, id).before(&before).after(&after).reason_if(reason).commit().await?;
    Ok(tagged(after.version, &after))
}

/// Removes an area that no door leads to or from, and no rule names.
#[utoipa::path(delete, path = "/areas/{id}", tag = "sites", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
async fn delete_area(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
) -> ApiResult<StatusCode> {
    actor.administrator()?;
    let mut tx = state.change(&actor).await?;
    let before = store::get_area(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("area"))?;
    version.check(before.version)?;
    let in_use = || {
        ApiError::Conflict(
            "in_use",
            "A door leads there, or an access level, block or threat level names it.".to_owned(),
        )
    };
    store::delete_area(&mut tx, actor.tenant, id).await.map_err(|error| match error.as_database_error() {
        Some(database) if database.is_foreign_key_violation() => in_use(),
        _ => error.into(),
    })?;
    tx.act(ActKind::Deleted, SubjectKind::Area, id).before(&before).commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
