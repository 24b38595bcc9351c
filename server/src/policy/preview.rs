//! Changes tried, not made: each is sent to the very route that would make it, on a [rehearsal](crate::db::Db::rehearsal) of the
//! database, and the rules that come of them are read there. So a preview refuses what saving would refuse, in the same words,
//! and can't show anything else than what saving would do.

use std::sync::Arc;

use access_core::Policy;
use access_core::word::Word as _;
use anyhow::Context as _;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, IF_MATCH};
use axum::http::{Method, Request};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower::ServiceExt as _;
use utoipa::ToSchema;

use super::Editors;
use super::store::{self as told, Names};
use crate::auth::{Actor, CSRF_HEADER};
use crate::clock;
use crate::decisions::store::{self, Newer};
use crate::http::{ApiError, ApiResult, Problem};
use crate::state::AppState;

/// Most changes of one preview.
pub const CHANGES_MAX: usize = 100;
/// Longest answer of a route that is looked at, in bytes.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Declares the kinds of changes that can be previewed, each with the route that makes it.
macro_rules! editors {
    ($($(#[$meta:meta])* $kind:ident = $word:literal: $method:ident $path:literal;)+) => {
        access_core::words! {
            /// A kind of change that can be previewed.
            pub enum ChangeKind { $($(#[$meta])* $kind = $word,)+ }
        }

        impl ChangeKind {
            /// The route that makes such changes, which takes the same body.
            pub fn route(self) -> (Method, &'static str) {
                match self { $(Self::$kind => (Method::$method, $path),)+ }
            }
        }
    };
}

// A new kind is one line here. Its route must change nothing but the database, and nothing in it that is not the tenant's.
editors! {
    /// A new site.
    SiteCreate = "site_create": POST "/sites";
    /// A site's settings.
    SiteChange = "site_change": PATCH "/sites/{id}";
    /// An area's name and rules.
    AreaChange = "area_change": PATCH "/areas/{id}";
    /// A new door.
    DoorCreate = "door_create": POST "/doors";
    /// A door's settings.
    DoorChange = "door_change": PATCH "/doors/{id}";
    /// An area goes.
    AreaDelete = "area_delete": DELETE "/areas/{id}";
    /// A new airlock.
    InterlockCreate = "interlock_create": POST "/interlocks";
    /// An airlock's name and doors.
    InterlockReplace = "interlock_replace": PUT "/interlocks/{id}";
    /// An airlock goes.
    InterlockDelete = "interlock_delete": DELETE "/interlocks/{id}";
    /// A new travel time.
    TravelTimeCreate = "travel_time_create": POST "/travel-times";
    /// A travel time's seconds.
    TravelTimeChange = "travel_time_change": PATCH "/travel-times/{id}";
    /// A travel time goes.
    TravelTimeDelete = "travel_time_delete": DELETE "/travel-times/{id}";
    /// A new threat level.
    ThreatLevelCreate = "threat_level_create": POST "/threat-levels";
    /// A threat level's meaning; the id is its number.
    ThreatLevelReplace = "threat_level_replace": PUT "/threat-levels/{level}";
    /// A threat level goes.
    ThreatLevelDelete = "threat_level_delete": DELETE "/threat-levels/{level}";
    /// What holds for all doors.
    TenantRules = "tenant_rules": PUT "/tenant-rules";
    /// A new calendar.
    CalendarCreate = "calendar_create": POST "/calendars";
    /// A calendar's name and days.
    CalendarReplace = "calendar_replace": PUT "/calendars/{id}";
    /// A calendar goes.
    CalendarDelete = "calendar_delete": DELETE "/calendars/{id}";
    /// A new schedule.
    ScheduleCreate = "schedule_create": POST "/schedules";
    /// A schedule's name and windows.
    ScheduleReplace = "schedule_replace": PUT "/schedules/{id}";
    /// A schedule goes.
    ScheduleDelete = "schedule_delete": DELETE "/schedules/{id}";
    /// A new access level.
    LevelCreate = "level_create": POST "/access-levels";
    /// An access level's name and lines.
    LevelReplace = "level_replace": PUT "/access-levels/{id}";
    /// An access level goes.
    LevelDelete = "level_delete": DELETE "/access-levels/{id}";
    /// A person is granted a level; the id is the person's.
    GrantCreate = "grant_create": POST "/people/{id}/grants";
    /// A group is granted a level; the id is the group's.
    GroupGrantCreate = "group_grant_create": POST "/groups/{id}/grants";
    /// A grant's period.
    GrantChange = "grant_change": PATCH "/grants/{id}";
    /// A grant is taken back.
    GrantRevoke = "grant_revoke": POST "/grants/{id}/revoke";
    /// A person is blocked; the id is the person's.
    BlockCreate = "block_create": POST "/people/{id}/blocks";
    /// A group is blocked; the id is the group's.
    GroupBlockCreate = "group_block_create": POST "/groups/{id}/blocks";
    /// A card is blocked; the id is the card's.
    CredentialBlockCreate = "credential_block_create": POST "/credentials/{id}/blocks";
    /// A block is lifted.
    BlockLift = "block_lift": POST "/blocks/{id}/lift";
    /// A new group.
    GroupCreate = "group_create": POST "/groups";
    /// A group's settings.
    GroupChange = "group_change": PATCH "/groups/{id}";
    /// A group goes.
    GroupDelete = "group_delete": DELETE "/groups/{id}";
    /// Persons come into a group and leave it.
    GroupMembers = "group_members": POST "/groups/{id}/members";
    /// A person's exemption, escort and longer times.
    PersonRules = "person_rules": PUT "/people/{id}/rules";
    /// A person is put out of use.
    PersonDeactivate = "person_deactivate": POST "/people/{id}/deactivate";
    /// A person is put back to use.
    PersonActivate = "person_activate": POST "/people/{id}/activate";
    /// A card's state.
    CredentialState = "credential_state": POST "/credentials/{id}/state";
    /// A card's period.
    CredentialChange = "credential_change": PATCH "/credentials/{id}";
    /// A finger goes, with its template.
    FingerDelete = "finger_delete": DELETE "/fingers/{id}";
    /// A person's PIN goes; the id is the person's.
    PinDelete = "pin_delete": DELETE "/people/{id}/pin";
    /// Why templates of a person may be kept; the id is the person's.
    LegalBasisRecord = "legal_basis_record": PUT "/people/{id}/legal-basis";
    /// They may be kept no longer; the id is the person's.
    LegalBasisWithdraw = "legal_basis_withdraw": DELETE "/people/{id}/legal-basis";
}

crate::describe_words!(ChangeKind);

/// A change to be tried.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyChangeWanted {
    /// Which change.
    #[schema(value_type = ChangeKind)]
    pub kind: String,
    /// Of which thing: what stands in the path of the route that makes it.
    pub id: Option<String>,
    /// The version that is changed, where the route asks for `If-Match`.
    pub version: Option<i64>,
    /// What the route that makes it takes as its body.
    #[schema(value_type = Option<Object>)]
    pub body: Option<Value>,
}

/// The rules in force, and as they would be after these changes, made in their order; and what things are called in both.
pub async fn rehearse(
    state: &AppState,
    editors: &Editors,
    actor: &Actor,
    changes: &[PolicyChangeWanted],
) -> ApiResult<(Arc<Policy>, Arc<Policy>, Names)> {
    let Tried { before, newer, names } = try_out(state, editors, actor, changes).await?;
    let Some(newer) = newer else { return Ok((Arc::clone(&before), before, names)) };
    let after = newer.compile();
    Ok((before, Arc::new(after.map_err(|error| ApiError::field("changes", error.to_string()))?), names))
}

/// What came of trying changes. Nothing of the rehearsal is left: other changes of the tenant's rules wait no longer.
pub(super) struct Tried {
    /// The rules in force when it was tried.
    pub(super) before: Arc<Policy>,
    /// What comes of them; none if no rule is touched.
    pub(super) newer: Option<Newer>,
    /// What things are called afterwards, or were until then.
    pub(super) names: Names,
}

pub(super) async fn try_out(
    state: &AppState,
    editors: &Editors,
    actor: &Actor,
    changes: &[PolicyChangeWanted],
) -> ApiResult<Tried> {
    if changes.is_empty() || changes.len() > CHANGES_MAX {
        return Err(ApiError::field("changes", format!("must be 1 to {CHANGES_MAX} changes")));
    }
    let requests = changes.iter().enumerate().map(|(place, change)| request(place, change, actor));
    let requests: Vec<Request<Body>> = requests.collect::<ApiResult<_>>()?;
    let rehearsed = state.rehearsal().await?;
    let old_names = told::names(&mut *rehearsed.read(actor).await?, actor.tenant).await?;
    let router = editors.0.clone().with_state(rehearsed.clone());
    for (place, request) in requests.into_iter().enumerate() {
        let response = match router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if !response.status().is_success() {
            return Err(refused(place, response).await?);
        }
    }
    let mut tx = rehearsed.read(actor).await?;
    // Until the rehearsal ends nobody else changes the rules: these are the ones that it began with.
    let before = state.rules_in_force(actor.tenant).await?;
    let newer = match store::is_moved_here(&mut tx, actor.tenant).await? {
        true => store::newer(&mut tx, actor.tenant, Some(&before), clock::unix_ms(actor.now)).await?,
        false => None,
    };
    let names = told::names(&mut tx, actor.tenant).await?.or(old_names);
    Ok(Tried { before, names, newer })
}

fn request(place: usize, change: &PolicyChangeWanted, actor: &Actor) -> ApiResult<Request<Body>> {
    let field = |name: &str| format!("changes[{place}].{name}");
    let kind = ChangeKind::from_word(&change.kind).ok_or_else(|| {
        let known: Vec<&str> = ChangeKind::ALL.iter().map(|kind| kind.as_str()).collect();
        ApiError::field(&field("kind"), format!("`{}` is not one of {}", change.kind, known.join(", ")))
    })?;
    let (method, path) = kind.route();
    let named = path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?.1)));
    let path = match (&change.id, named) {
        (Some(id), Some((before, after))) if is_fit_for_path(id) => format!("{before}{id}{after}"),
        (Some(_), Some(_)) => return Err(ApiError::field(&field("id"), "is not an id")),
        (None, Some(_)) => {
            return Err(ApiError::field(&field("id"), format!("is missing: `{kind}` changes something")));
        }
        (None, None) => path.to_owned(),
        (Some(_), None) => return Err(ApiError::field(&field("id"), format!("is nothing that `{kind}` has"))),
    };
    let mut request = Request::builder().method(method).uri(path).header(CSRF_HEADER, "1").extension(actor.clone());
    if let Some(version) = change.version {
        request = request.header(IF_MATCH, format!("\"{version}\""));
    }
    let body = match &change.body {
        None => Body::empty(),
        Some(body) => {
            request = request.header(CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        }
    };
    Ok(request.body(body).context("a request of a preview")?)
}

fn is_fit_for_path(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What a route said against a change, with the change named.
async fn refused(place: usize, response: Response) -> ApiResult<ApiError> {
    let status = response.status();
    let body = to_bytes(response.into_body(), ANSWER_BYTES_MAX).await.context("an answer to a preview")?;
    let mut problem: Problem =
        serde_json::from_slice(&body).with_context(|| format!("a route answered a preview with {status}"))?;
    problem.detail = format!("changes[{place}]: {}", problem.detail);
    for error in &mut problem.errors {
        let field = if error.field == "body" { String::new() } else { format!(".{}", error.field) };
        error.field = format!("changes[{place}].body{field}");
    }
    Ok(ApiError::Passed(Box::new(problem)))
}
