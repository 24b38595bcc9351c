//! Routes of people. Guards look people up, each look an act in the log; administrators change.

use access_core::event::{ActKind, SubjectKind};
use access_core::ids::PersonId;
use access_core::policy::Holder;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::store::{self, PeopleFilter};
use super::{LegalBasis, LegalBasisKind, NewLegalBasis, Person, PersonDetail, PersonState};
use crate::audit::{Why, checked_reason};
use crate::auth::Actor;
use crate::consent::{self, ConsentText};
use crate::db::TenantTx;
use crate::fingers::{self, Finger};
use crate::http::{
    ApiError, ApiJson, ApiPath, ApiQuery, ApiResult, FieldError, IfMatch, Page, Problem, created, tagged,
};
use crate::state::AppState;
use crate::vault::{Identity, IdentityChange};
use crate::{access, credentials, groups, pins, vault};

/// People in a piece of the list, unless the client says otherwise.
const LIMIT: i64 = 50;
/// Most people in a piece of the list.
const LIMIT_MAX: i64 = 200;
/// Longest search, in characters.
const QUERY_CHARS_MAX: usize = 200;
/// Longest note on a legal basis, in characters.
const NOTE_CHARS_MAX: usize = 1_000;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, change))
        .routes(routes!(deactivate))
        .routes(routes!(activate))
        .routes(routes!(record_legal_basis, withdraw_legal_basis))
        .routes(routes!(consent_texts))
        .merge(super::photo::routes())
        .merge(super::rules::routes())
}

/// Which people to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PeopleQuery {
    /// Beginnings of words of the name or number.
    q: Option<String>,
    /// `active` or `inactive`.
    #[param(inline)]
    state: Option<PersonState>,
    /// `next` of the piece before.
    cursor: Option<String>,
    /// Most people in this piece, 1 to 200; 50 if left out.
    limit: Option<i64>,
}

fn cursor_of(row: &store::PersonRow) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {}", row.created_at.timestamp_micros(), row.id))
}

fn parse_cursor(cursor: &str) -> ApiResult<(DateTime<Utc>, Uuid)> {
    let parse = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (micros, id) = text.split_once(' ')?;
        Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, id.parse().ok()?))
    };
    parse().ok_or_else(|| ApiError::Malformed("`cursor` is not one that this list gave out.".to_owned()))
}

/// People, newest first; a look at their names.
#[utoipa::path(get, path = "/people", tag = "people", params(PeopleQuery),
    responses((status = 200, body = Page<Person>), (status = 400, body = Problem), (status = 422, body = Problem)))]
async fn list(
    actor: Actor,
    State(state): State<AppState>,
    ApiQuery(query): ApiQuery<PeopleQuery>,
) -> ApiResult<Json<Page<Person>>> {
    let limit = query.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(ApiError::field("limit", format!("must be 1 to {LIMIT_MAX}")));
    }
    let among = match query.q.as_deref().map(str::trim).filter(|words| !words.is_empty()) {
        Some(words) if words.chars().count() > QUERY_CHARS_MAX => {
            return Err(ApiError::field("q", format!("must have {QUERY_CHARS_MAX} characters at most")));
        }
        Some(words) => {
            let names = state.names.read().map_err(|_| anyhow::anyhow!("the index of names is poisoned"))?;
            Some(names.search(actor.tenant, words).into_iter().map(Uuid::from).collect())
        }
        None => None,
    };
    let before = query.cursor.as_deref().map(parse_cursor).transpose()?;
    let filter = PeopleFilter { among, state: query.state, before };
    let mut tx = state.change_vault(&actor).await?;
    let mut rows = store::list(&mut tx, actor.tenant, &filter, limit + 1, actor.now).await?;
    let is_more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| is_more).map(cursor_of);
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let known = vault::identities(&state.keys, &mut tx, &ids).await?;
    if !ids.is_empty() {
        tx.act_on_many(ActKind::Viewed).after(&ids).commit().await?;
    }
    let person = |row: &store::PersonRow| {
        let known = known.get(&row.id);
        Person::of(row, known.map(|known| &known.identity), known.is_some_and(|known| known.has_photo))
    };
    Ok(Json(Page { items: rows.iter().map(person).collect(), next }))
}

fn checked(identity: Identity) -> ApiResult<Identity> {
    identity.checked().map_err(|wrong| {
        let field = |(field, message): (&str, String)| FieldError { field: field.to_owned(), message };
        ApiError::Invalid(wrong.into_iter().map(field).collect())
    })
}

fn note_name(state: &AppState, actor: &Actor, person: PersonId, identity: &Identity) -> ApiResult<()> {
    let mut names = state.names.write().map_err(|_| anyhow::anyhow!("the index of names is poisoned"))?;
    names.put(actor.tenant, person, &vault::words(identity));
    Ok(())
}

/// Registers a person, after their identity was checked on a document.
#[utoipa::path(post, path = "/people", tag = "people", request_body = Identity,
    responses((status = 201, body = Person), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create(
    actor: Actor,
    State(state): State<AppState>,
    ApiJson(identity): ApiJson<Identity>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let identity = checked(identity)?;
    let person = PersonId::from_uuid(Uuid::new_v4());
    let mut tx = state.change_vault(&actor).await?;
    store::insert(&mut tx, actor.tenant, person, actor.by(), actor.now).await?;
    vault::put_identity(&state.keys, &mut tx, person, &identity).await?;
    let row = store::get(&mut tx, actor.tenant, person, actor.now).await?.ok_or(ApiError::NotFound("person"))?;
    tx.act(ActKind::Created, SubjectKind::Person, person.as_uuid()).after(&identity).commit().await?;
    note_name(&state, &actor, person, &identity)?;
    let made = Person::of(&row, Some(&identity), false);
    Ok(created(made.version, &made))
}

async fn read(state: &AppState, actor: &Actor, tx: &mut TenantTx, person: PersonId) -> ApiResult<PersonDetail> {
    let (tenant, now) = (actor.tenant, actor.now);
    let row = store::get(tx, tenant, person, now).await?.ok_or(ApiError::NotFound("person"))?;
    let known = vault::identities(&state.keys, tx, &[row.id]).await?.remove(&row.id);
    let rules = store::rules_locked(tx, tenant, person).await?.ok_or(ApiError::NotFound("person"))?;
    let has_photo = known.as_ref().is_some_and(|known| known.has_photo);
    let identity = known.map(|known| known.identity);
    let fingers = fingers::store::of_person(tx, tenant, person).await?;
    Ok(PersonDetail {
        person: Person::of(&row, identity.as_ref(), has_photo),
        document: identity.map(|identity| identity.document),
        created_by: row.created_by,
        cards: credentials::store::of_person(tx, tenant, person).await?,
        enrolled_fingers: match actor.administrator() {
            Ok(()) => fingers,
            Err(_) => fingers.into_iter().map(Finger::without_sign).collect(),
        },
        pin: pins::of_person(tx, tenant, person, actor.administrator().is_ok()).await?,
        legal_basis: store::legal_basis(tx, tenant, person).await?,
        escort_group: match rules.escort.and_then(|escort| escort.group_id) {
            Some(group) => groups::store::name(tx, tenant, group).await?,
            None => None,
        },
        rules,
        groups: groups::store::of_person(tx, tenant, person).await?,
        access: access::grants::of_holder(tx, tenant, Holder::Person(person), now).await?,
        group_access: access::grants::of_groups(tx, tenant, person, now).await?,
        blocks: access::blocks::of_person(tx, tenant, person, now).await?,
        group_blocks: access::blocks::of_groups(tx, tenant, person, now).await?,
    })
}

/// A person with everything about them; a look at their name.
#[utoipa::path(get, path = "/people/{id}", tag = "people", params(("id" = Uuid, Path)),
    responses((status = 200, body = PersonDetail), (status = 404, body = Problem)))]
async fn get(actor: Actor, State(state): State<AppState>, ApiPath(id): ApiPath<Uuid>) -> ApiResult<Response> {
    let mut tx = state.change_vault(&actor).await?;
    let detail = read(&state, &actor, &mut tx, id.into()).await?;
    tx.act(ActKind::Viewed, SubjectKind::Person, id).commit().await?;
    Ok(tagged(detail.person.version, &detail))
}

/// Changes what a person is called, their number or the document that was seen.
#[utoipa::path(patch, path = "/people/{id}", tag = "people", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = IdentityChange, responses((status = 200, body = PersonDetail), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn change(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
    ApiJson(change): ApiJson<IdentityChange>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let person = PersonId::from_uuid(id);
    let mut tx = state.change_vault(&actor).await?;
    let row = store::get(&mut tx, actor.tenant, person, actor.now).await?.ok_or(ApiError::NotFound("person"))?;
    version.check(row.row_version)?;
    let known = vault::identities(&state.keys, &mut tx, &[id]).await?.remove(&id);
    let before = known.ok_or(ApiError::NotFound("person"))?.identity;
    let after = checked(before.changed(change))?;
    vault::put_identity(&state.keys, &mut tx, person, &after).await?;
    store::touch(&mut tx, actor.tenant, person, None).await?;
    let detail = read(&state, &actor, &mut tx, person).await?;
    tx.act(ActKind::Changed, SubjectKind::Person, id).before(&before).after(&after).commit().await?;
    note_name(&state, &actor, person, &after)?;
    Ok(tagged(detail.person.version, &detail))
}

async fn set_state(
    state: AppState,
    actor: Actor,
    id: Uuid,
    why: Why,
    to: PersonState,
    kind: ActKind,
) -> ApiResult<StatusCode> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let person = PersonId::from_uuid(id);
    let mut tx = state.change(&actor).await?;
    let before = store::get(&mut tx, actor.tenant, person, actor.now).await?.ok_or(ApiError::NotFound("person"))?;
    if before.state() != to {
        store::touch(&mut tx, actor.tenant, person, Some(to)).await?;
        tx.act(kind, SubjectKind::Person, id).reason(reason).commit().await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Puts a person out of use: no card of theirs opens anything.
#[utoipa::path(post, path = "/people/{id}/deactivate", tag = "people", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn deactivate(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<StatusCode> {
    set_state(state, actor, id, why, PersonState::Inactive, ActKind::Disabled).await
}

/// Puts a person back to use.
#[utoipa::path(post, path = "/people/{id}/activate", tag = "people", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn activate(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<StatusCode> {
    set_state(state, actor, id, why, PersonState::Active, ActKind::Enabled).await
}

fn checked_basis(mut basis: NewLegalBasis, now: DateTime<Utc>) -> ApiResult<NewLegalBasis> {
    basis.note = basis.note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    if basis.note.as_ref().is_some_and(|note| note.chars().count() > NOTE_CHARS_MAX) {
        return Err(ApiError::field("note", format!("must have {NOTE_CHARS_MAX} characters at most")));
    }
    if basis.given_at > now {
        return Err(ApiError::field("given_at", "must not be in the future"));
    }
    match (basis.kind, basis.consent_text_version.as_deref()) {
        (LegalBasisKind::Consent, Some(version)) if consent::is_version(version) => Ok(basis),
        (LegalBasisKind::Alternative, None) => Ok(basis),
        (LegalBasisKind::Consent, _) => {
            Err(ApiError::field("consent_text_version", "a consent names the version of a text from /consent-texts"))
        }
        (LegalBasisKind::Alternative, Some(_)) => Err(ApiError::field("consent_text_version", "is for a consent only")),
    }
}

/// Records why a person's templates may be kept, or that an alternative was chosen. To choose the alternative after a
/// consent deletes the person's templates.
#[utoipa::path(put, path = "/people/{id}/legal-basis", tag = "people", params(("id" = Uuid, Path)),
    request_body = NewLegalBasis,
    responses((status = 200, body = LegalBasis), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn record_legal_basis(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(basis): ApiJson<NewLegalBasis>,
) -> ApiResult<Json<LegalBasis>> {
    actor.administrator()?;
    let basis = checked_basis(basis, actor.now)?;
    let person = PersonId::from_uuid(id);
    let mut tx = state.change_vault(&actor).await?;
    store::get(&mut tx, actor.tenant, person, actor.now).await?.ok_or(ApiError::NotFound("person"))?;
    let before = store::legal_basis(&mut tx, actor.tenant, person).await?;
    if basis.kind == LegalBasisKind::Alternative {
        delete_templates(&mut tx, &actor, person).await?;
    }
    store::put_legal_basis(&mut tx, actor.tenant, person, &basis, actor.by(), actor.now).await?;
    let kept = store::legal_basis(&mut tx, actor.tenant, person).await?.ok_or(ApiError::NotFound("legal basis"))?;
    tx.act(ActKind::LegalBasisRecorded, SubjectKind::Person, id).before(&before).after(&kept).commit().await?;
    Ok(Json(kept))
}

async fn delete_templates(tx: &mut TenantTx, actor: &Actor, person: PersonId) -> ApiResult<Vec<Uuid>> {
    let deleted = fingers::store::delete_of_person(tx, actor.tenant, person).await?;
    vault::store::destroy_person_key(tx, actor.tenant, person, vault::KeyPurpose::Template).await?;
    Ok(deleted)
}

/// Withdraws the legal basis: the person's templates and their key are deleted, here at once and at agents with the
/// next policy.
#[utoipa::path(delete, path = "/people/{id}/legal-basis", tag = "people", params(("id" = Uuid, Path)), request_body = Why,
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn withdraw_legal_basis(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(why): ApiJson<Why>,
) -> ApiResult<StatusCode> {
    actor.administrator()?;
    let reason = checked_reason(&why.reason)?;
    let person = PersonId::from_uuid(id);
    let mut tx = state.change_vault(&actor).await?;
    store::get(&mut tx, actor.tenant, person, actor.now).await?.ok_or(ApiError::NotFound("person"))?;
    let before = store::legal_basis(&mut tx, actor.tenant, person).await?.ok_or(ApiError::NotFound("legal basis"))?;
    let deleted = delete_templates(&mut tx, &actor, person).await?;
    store::withdraw_legal_basis(&mut tx, actor.tenant, person, actor.now).await?;
    tx.act(ActKind::LegalBasisWithdrawn, SubjectKind::Person, id)
        .before(&before)
        .after(&serde_json::json!({ "deleted_fingers": deleted }))
        .reason(reason)
        .commit()
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The texts that people consent to.
#[utoipa::path(get, path = "/consent-texts", tag = "people", responses((status = 200, body = Vec<ConsentText>)))]
async fn consent_texts(_actor: Actor) -> Json<&'static [ConsentText]> {
    Json(consent::TEXTS)
}
