//! Routes of groups. Guards read; administrators change.

use access_core::event::{ActKind, SubjectKind};
use access_core::ids::GroupId;
use access_core::policy::Holder;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{
    Group, GroupChange, GroupDetail, MEMBERS_CHANGED_MAX, Member, MembersBefore, MembersChange, MembersChanged,
    NewGroup, store,
};
use crate::access;
use crate::audit::{checked_reason, reason_where};
use crate::auth::Actor;
use crate::http::{
    ApiError, ApiJson, ApiPath, ApiQuery, ApiResult, IfMatch, Page, Problem, checked_name, created, on_constraint,
    tagged,
};
use crate::state::AppState;

/// Rows in a piece of a list, unless the client says otherwise.
const LIMIT: i64 = 50;
/// Most rows in a piece of a list.
const LIMIT_MAX: i64 = 200;
/// Longest search, in characters.
const QUERY_CHARS_MAX: usize = 200;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, change, delete))
        .routes(routes!(members, change_members))
}

/// Which rows of a list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Of groups, a part of the name; of people, beginnings of words of the name or number.
    q: Option<String>,
    /// `next` of the piece before.
    cursor: Option<String>,
    /// Most rows in this piece, 1 to 200; 50 if left out.
    limit: Option<i64>,
}

impl ListQuery {
    fn limit(&self) -> ApiResult<i64> {
        let limit = self.limit.unwrap_or(LIMIT);
        match (1..=LIMIT_MAX).contains(&limit) {
            true => Ok(limit),
            false => Err(ApiError::field("limit", format!("must be 1 to {LIMIT_MAX}"))),
        }
    }

    fn words(&self) -> ApiResult<Option<&str>> {
        let words = self.q.as_deref().map(str::trim).filter(|words| !words.is_empty());
        match words.is_some_and(|words| words.chars().count() > QUERY_CHARS_MAX) {
            true => Err(ApiError::field("q", format!("must have {QUERY_CHARS_MAX} characters at most"))),
            false => Ok(words),
        }
    }

    fn after(&self) -> ApiResult<Option<String>> {
        let parse = |cursor: &String| String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok();
        let Some(cursor) = &self.cursor else { return Ok(None) };
        parse(cursor).map(Some).ok_or_else(unknown_cursor)
    }
}

fn unknown_cursor() -> ApiError {
    ApiError::Malformed("`cursor` is not one that this list gave out.".to_owned())
}

fn page<T>(mut rows: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Page<T> {
    let is_more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    let next = rows.last().filter(|_| is_more).map(|row| URL_SAFE_NO_PAD.encode(cursor(row)));
    Page { items: rows, next }
}

/// Groups, by name.
#[utoipa::path(get, path = "/groups", tag = "groups", params(ListQuery),
    responses((status = 200, body = Page<Group>), (status = 400, body = Problem), (status = 422, body = Problem)))]
async fn list(
    actor: Actor,
    State(state): State<AppState>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> ApiResult<Json<Page<Group>>> {
    let (limit, after) = (query.limit()?, query.after()?);
    let words = query.words()?;
    let mut tx = state.read(&actor).await?;
    let rows = store::list(&mut tx, actor.tenant, words, after.as_deref(), limit + 1).await?;
    Ok(Json(page(rows, limit, |group| group.name.clone())))
}

/// One group with what it was granted and what stops it.
#[utoipa::path(get, path = "/groups/{id}", tag = "groups", params(("id" = Uuid, Path)),
    responses((status = 200, body = GroupDetail), (status = 404, body = Problem)))]
async fn get(actor: Actor, State(state): State<AppState>, ApiPath(id): ApiPath<Uuid>) -> ApiResult<Response> {
    let mut tx = state.read(&actor).await?;
    let group = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("group"))?;
    let holder = Holder::Group(GroupId::from_uuid(id));
    let detail = GroupDetail {
        access: access::grants::of_holder(&mut tx, actor.tenant, holder, actor.now).await?,
        blocks: access::blocks::of_group(&mut tx, actor.tenant, id, actor.now).await?,
        group,
    };
    Ok(tagged(detail.group.version, &detail))
}

/// Why a group's people become responders; none if they do not.
fn reason_to_respond(begins: bool, reason: Option<&str>) -> ApiResult<Option<&str>> {
    match (begins, reason) {
        (true, reason) => checked_reason(reason.unwrap_or_default()).map(Some).map_err(|_| {
            ApiError::field("reason", "people are made responders only for a stated reason (1 to 500 characters)")
        }),
        (false, Some(_)) => Err(ApiError::field("reason", "is for making a group's people responders only")),
        (false, None) => Ok(None),
    }
}

/// Makes a group.
#[utoipa::path(post, path = "/groups", tag = "groups", request_body = NewGroup,
    responses((status = 201, body = Group), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create(actor: Actor, State(state): State<AppState>, ApiJson(new): ApiJson<NewGroup>) -> ApiResult<Response> {
    actor.administrator()?;
    let (name, id) = (checked_name(&new.name)?, Uuid::now_v7());
    let reason = reason_to_respond(new.is_responder, new.reason.as_deref())?;
    let mut tx = state.change(&actor).await?;
    store::insert(&mut tx, actor.tenant, id, &name, new.is_responder)
        .await
        .map_err(on_constraint([("groups_name_is_unique", ApiError::name_taken)]))?;
    let made = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("group"))?;
    let done = tx.act(ActKind::Created, SubjectKind::Group, id).after(&made);
    let done = match reason {
        Some(reason) => done.reason(reason),
        None => done,
    };
    done.commit().await?;
    Ok(created(made.version, &made))
}

/// Names a group anew, or makes its people responders or no longer.
#[utoipa::path(patch, path = "/groups/{id}", tag = "groups", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = GroupChange, responses((status = 200, body = Group), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn change(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
    ApiJson(change): ApiJson<GroupChange>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let name = change.name.as_deref().map(checked_name).transpose()?;
    let mut tx = state.change(&actor).await?;
    let before = store::get_locked(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("group"))?;
    version.check(before.version)?;
    let is_responder = change.is_responder.unwrap_or(before.is_responder);
    let reason = reason_to_respond(is_responder && !before.is_responder, change.reason.as_deref())?;
    store::update(&mut tx, actor.tenant, id, name.as_deref().unwrap_or(&before.name), is_responder)
        .await
        .map_err(on_constraint([("groups_name_is_unique", ApiError::name_taken)]))?;
    let after = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("group"))?;
    let done = tx.act(ActKind::Changed, SubjectKind::Group, id).before(&before).after(&after);
    let done = match reason {
        Some(reason) => done.reason(reason),
        None => done,
    };
    done.commit().await?;
    Ok(tagged(after.version, &after))
}

/// Removes a group that nothing names; what still does is said.
#[utoipa::path(delete, path = "/groups/{id}", tag = "groups", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
async fn delete(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
) -> ApiResult<StatusCode> {
    actor.administrator()?;
    let mut tx = state.change(&actor).await?;
    let before = store::get_locked(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("group"))?;
    version.check(before.version)?;
    let uses = store::uses(&mut tx, actor.tenant, id, actor.now).await?;
    if !uses.is_empty() {
        return Err(ApiError::in_use(&uses));
    }
    store::delete(&mut tx, actor.tenant, id).await?;
    tx.act(ActKind::Deleted, SubjectKind::Group, id).before(&before).commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who is in a group, by their pseudonyms. Names are the vault's to tell.
#[utoipa::path(get, path = "/groups/{id}/members", tag = "groups", params(("id" = Uuid, Path), ListQuery),
    responses((status = 200, body = Page<Member>), (status = 400, body = Problem), (status = 404, body = Problem),
    (status = 422, body = Problem)))]
async fn members(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> ApiResult<Json<Page<Member>>> {
    let limit = query.limit()?;
    let after = query.after()?.map(|cursor| cursor.parse::<Uuid>().map_err(|_| unknown_cursor())).transpose()?;
    let among: Option<Vec<Uuid>> = match query.words()? {
        Some(words) => {
            let names = state.names.read().map_err(|_| anyhow::anyhow!("the index of names is poisoned"))?;
            Some(names.search(actor.tenant, words).into_iter().map(Uuid::from).collect())
        }
        None => None,
    };
    let mut tx = state.read(&actor).await?;
    store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("group"))?;
    let rows = store::members(&mut tx, actor.tenant, id, among.as_deref(), after, limit + 1).await?;
    Ok(Json(page(rows, limit, |member| member.person_id.to_string())))
}

/// Puts people into a group and takes people out of it; for a stated reason where the rules then ask less of them.
#[utoipa::path(post, path = "/groups/{id}/members", tag = "groups", params(("id" = Uuid, Path)),
    request_body = MembersChange, responses((status = 200, body = MembersChanged), (status = 404, body = Problem),
    (status = 422, body = Problem)))]
async fn change_members(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(change): ApiJson<MembersChange>,
) -> ApiResult<Json<MembersChanged>> {
    actor.administrator()?;
    for (field, people) in [("add", &change.add), ("remove", &change.remove)] {
        if people.len() > MEMBERS_CHANGED_MAX {
            return Err(ApiError::field(field, format!("must name {MEMBERS_CHANGED_MAX} people at most")));
        }
    }
    if let Some(both) = change.add.iter().find(|person| change.remove.contains(person)) {
        return Err(ApiError::field("remove", format!("{both} is to come in and to go out")));
    }
    let mut tx = state.change(&actor).await?;
    let before = store::get_locked(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("group"))?;
    for (field, people) in [("add", &change.add), ("remove", &change.remove)] {
        if let Some(stranger) = store::stranger(&mut tx, actor.tenant, people).await? {
            return Err(ApiError::field(field, format!("there is no person {stranger}")));
        }
    }
    let added = store::add(&mut tx, actor.tenant, id, &change.add).await?;
    let removed = store::remove(&mut tx, actor.tenant, id, &change.remove).await?;
    let after = store::get(&mut tx, actor.tenant, id).await?.ok_or(ApiError::NotFound("group"))?;
    let done = MembersChanged { added, removed, member_count: after.member_count };
    if done.added.is_empty() && done.removed.is_empty() {
        return Ok(Json(done));
    }
    let loosens = (!done.added.is_empty() && store::asks_less_of_members(&mut tx, actor.tenant, id).await?)
        || (!done.removed.is_empty() && store::is_blocked(&mut tx, actor.tenant, id, actor.now).await?);
    let reason = reason_where(loosens, change.reason.as_deref())?;
    let was = MembersBefore { members: &done.removed, member_count: before.member_count };
    tx.act(ActKind::Changed, SubjectKind::Group, id).before(&was).after(&done).reason_if(reason).commit().await?;
    Ok(Json(done))
}
