//! Who is inside, by area: for a roll call. Looking at names and whereabouts is an act in the log.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use access_core::State as Known;
use access_core::circumstances::Whereabouts;
use access_core::event::ActKind;
use access_core::ids::{AreaId, PersonId};
use access_core::policy::Policy;
use access_core::time::UnixMs;
use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::routes::not_known_yet;
use super::{Muster, MusterArea, MusterPerson};
use crate::audit::Look;
use crate::auth::Actor;
use crate::clock::from_unix_ms;
use crate::http::{ApiError, ApiQuery, ApiResult, Page, Problem};
use crate::state::AppState;
use crate::vault;

/// People of a page, unless the client says otherwise.
const LIMIT: usize = 50;
/// Most people of a page: who prints a list of thousands reads it in few pieces.
const LIMIT_MAX: usize = 500;
/// Longest search, in characters.
const QUERY_CHARS_MAX: usize = 200;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(muster)).routes(routes!(muster_people))
}

/// Areas that some door protects: the others are outside.
fn inside(policy: &Policy) -> BTreeSet<AreaId> {
    policy.doors().iter().map(|door| door.leads_to).collect()
}

fn area_of(policy: &Policy, seen: &Whereabouts) -> Option<AreaId> {
    policy.door(seen.door).map(|door| door.area_after(seen.side))
}

/// How many are inside, by area.
#[utoipa::path(get, path = "/muster", tag = "state",
    responses((status = 200, body = Muster), (status = 503, body = Problem)))]
async fn muster(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Muster>> {
    let policy = state.policies.current(actor.tenant).ok_or_else(not_known_yet)?;
    let mut counts: BTreeMap<AreaId, usize> = inside(&policy).into_iter().map(|area| (area, 0)).collect();
    let count = |known: &Known| {
        for (_, seen) in known.everybody() {
            if let Some(count) = area_of(&policy, &seen).and_then(|area| counts.get_mut(&area)) {
                *count += 1;
            }
        }
    };
    state.states.read(actor.tenant, count).ok_or_else(not_known_yet)?;
    let persons = counts.values().sum();
    let area = |(id, persons): (AreaId, usize)| {
        let rule = policy.area(id)?;
        Some(MusterArea { area_id: id.into(), site_id: rule.site.into(), persons, persons_max: rule.persons_max })
    };
    Ok(Json(Muster { at: actor.now, persons, areas: counts.into_iter().filter_map(area).collect() }))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MusterQuery {
    /// Only in this site.
    site_id: Option<Uuid>,
    /// Only in this area.
    area_id: Option<Uuid>,
    /// Beginnings of words of the name or number.
    q: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Most people of this page, 1 to 500; 50 if left out.
    limit: Option<usize>,
}

fn parse_cursor(cursor: &str) -> ApiResult<(UnixMs, PersonId)> {
    let parse = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (at, person) = text.split_once(' ')?;
        Some((UnixMs(at.parse().ok()?), person.parse().ok()?))
    };
    parse().ok_or_else(|| ApiError::Malformed("`cursor` is not one that this list gave out.".to_owned()))
}

/// Those who are inside, whoever passed a door last first; a look at their names and whereabouts.
#[utoipa::path(get, path = "/muster/people", tag = "state", params(MusterQuery),
    responses((status = 200, body = Page<MusterPerson>), (status = 400, body = Problem), (status = 422, body = Problem),
    (status = 503, body = Problem)))]
async fn muster_people(
    actor: Actor,
    State(state): State<AppState>,
    ApiQuery(query): ApiQuery<MusterQuery>,
) -> ApiResult<Json<Page<MusterPerson>>> {
    let limit = query.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(ApiError::field("limit", format!("must be 1 to {LIMIT_MAX}")));
    }
    let among: Option<HashSet<PersonId>> = match query.q.as_deref().map(str::trim).filter(|words| !words.is_empty()) {
        Some(words) if words.chars().count() > QUERY_CHARS_MAX => {
            return Err(ApiError::field("q", format!("must have {QUERY_CHARS_MAX} characters at most")));
        }
        Some(words) => {
            let names = state.names.read().map_err(|_| anyhow::anyhow!("the index of names is poisoned"))?;
            Some(names.search(actor.tenant, words).into_iter().collect())
        }
        None => None,
    };
    let before = query.cursor.as_deref().map(parse_cursor).transpose()?;
    let policy = state.policies.current(actor.tenant).ok_or_else(not_known_yet)?;
    let wanted: BTreeSet<AreaId> = inside(&policy)
        .into_iter()
        .filter(|area| query.area_id.is_none_or(|only| area.as_uuid() == only))
        .filter(|area| {
            query.site_id.is_none_or(|only| policy.area(*area).is_some_and(|rule| rule.site.as_uuid() == only))
        })
        .collect();
    let find = |known: &Known| {
        let found = known.everybody().filter(|(person, seen)| {
            area_of(&policy, seen).is_some_and(|area| wanted.contains(&area))
                && among.as_ref().is_none_or(|among| among.contains(person))
                && before.is_none_or(|before| (seen.at, *person) < before)
        });
        found.collect::<Vec<_>>()
    };
    let mut found = state.states.read(actor.tenant, find).ok_or_else(not_known_yet)?;
    found.sort_by_key(|(person, seen)| std::cmp::Reverse((seen.at, *person)));
    let is_more = found.len() > limit;
    found.truncate(limit);
    let next = found
        .last()
        .filter(|_| is_more)
        .map(|(person, seen)| URL_SAFE_NO_PAD.encode(format!("{} {person}", seen.at.0)));
    let items = named(&state, &actor, &policy, found).await?;
    Ok(Json(Page { items, next }))
}

/// With what they are called; the look is logged.
async fn named(
    state: &AppState,
    actor: &Actor,
    policy: &Policy,
    found: Vec<(PersonId, Whereabouts)>,
) -> ApiResult<Vec<MusterPerson>> {
    let ids: Vec<Uuid> = found.iter().map(|(person, _)| person.as_uuid()).collect();
    let mut tx = state.change_vault(actor).await?;
    let mut known = vault::identities(&state.keys, &mut tx, &ids).await?;
    let looks = [Look::Identity, Look::Movements];
    let is_new = |person: &Uuid| looks.iter().any(|look| state.looks.is_new(actor, *person, *look));
    let mut seen: Vec<Uuid> = ids.into_iter().filter(is_new).collect();
    seen.sort();
    if !seen.is_empty() {
        tx.act_on_many(ActKind::Viewed).after(&seen).commit().await?;
    }
    for (person, look) in seen.iter().flat_map(|person| looks.map(|look| (*person, look))) {
        state.looks.logged(actor, person, look);
    }
    let view = |(person, at): (PersonId, Whereabouts)| {
        let area = area_of(policy, &at)?;
        let (name, number, has_photo) = match known.remove(&person.as_uuid()) {
            Some(known) => (Some(known.identity.name), known.identity.number, known.has_photo),
            None => (None, None, false),
        };
        Some(MusterPerson {
            person_id: person.into(),
            name,
            number,
            has_photo,
            area_id: area.into(),
            site_id: policy.area(area)?.site.into(),
            door_id: at.door.into(),
            side: at.side,
            since: from_unix_ms(at.at),
        })
    };
    Ok(found.into_iter().filter_map(view).collect())
}
