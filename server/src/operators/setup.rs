//! What stands behind a one-time link: an operator chooses a password and sets up the second factor, and is signed in. Where
//! only the second factor is set anew, the link alone opens nothing: whoever issued it could use it. It takes the password too.

use access_core::event::{ActKind, SubjectKind};
use access_core::ids::OperatorId;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::store::OpenLink;
use super::{NewOperator, SetupLink, SetupPurpose, check_names, password, session, store, totp};
use crate::audit::Entry;
use crate::auth::{Actor, Role};
use crate::http::{ApiError, ApiJson, ApiResult, FieldError, PeerAddress, Problem, on_constraint};
use crate::state::AppState;
use crate::tenants::Tenant;

/// A link, to be looked at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Look {
    /// What stands after `#` in the link.
    token: String,
}

/// What a link is for, and what to put into the authenticator.
#[derive(Serialize, ToSchema)]
pub(super) struct Setup {
    /// `first_operator`, `invitation` or `totp_reset`.
    #[schema(value_type = SetupPurpose)]
    purpose: String,
    /// Whose staff.
    tenant: Tenant,
    /// The operator's name; none if they name themselves.
    name: Option<String>,
    /// Their name to show.
    display_name: Option<String>,
    /// The second factor's secret, to be typed.
    totp_secret: String,
    /// The same, for a picture to be scanned.
    otpauth_url: String,
}

/// What the operator chose.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetUp {
    /// What stands after `#` in the link.
    token: String,
    /// Name to sign in with: the first operator only.
    name: Option<String>,
    /// Name to show: the first operator only.
    display_name: Option<String>,
    /// A new password; the one that they have when only the second factor is set anew.
    password: Option<String>,
    /// The code that the authenticator shows now.
    totp: String,
}

fn used_up() -> ApiError {
    ApiError::Gone(
        "link_used_or_expired",
        "This link was used, has expired, or was replaced by a newer one.".to_owned(),
    )
}

/// Says what a link is for.
#[utoipa::path(post, path = "/setup/look", tag = "session", request_body = Look,
    responses((status = 200, body = Setup), (status = 410, body = Problem)))]
pub(super) async fn look(State(state): State<AppState>, ApiJson(body): ApiJson<Look>) -> ApiResult<Json<Setup>> {
    let link = SetupLink::read(&body.token).ok_or_else(used_up)?;
    let mut tx = state.db.begin(link.tenant, None).await?;
    let open = store::open_link(&mut tx, link.tenant, &link.hash(), crate::clock::now()).await?.ok_or_else(used_up)?;
    let tenant = state.tenants.get(link.tenant).await?.ok_or_else(used_up)?;
    let account = format!("{}@{}", open.name.as_deref().unwrap_or("administrator"), tenant.slug);
    let (totp_secret, otpauth_url) = totp::for_people(&link.totp_secret(&state.keys), &account)?;
    Ok(Json(Setup {
        purpose: open.purpose,
        tenant,
        name: open.name,
        display_name: open.display_name,
        totp_secret,
        otpauth_url,
    }))
}

/// What becomes of the password.
enum Password {
    /// It is set.
    New(Zeroizing<String>),
    /// It stays, and is shown.
    Shown(Zeroizing<String>),
}

/// Who is set up: an operator who is there, or the first one, who is to be made.
struct Subject {
    id: OperatorId,
    new: Option<NewOperator>,
    role: Role,
    password: Password,
}

fn subject(open: &OpenLink, body: &mut SetUp, existing_role: Option<Role>) -> ApiResult<Subject> {
    let purpose = open.purpose.parse::<SetupPurpose>().map_err(anyhow::Error::from)?;
    let password = body.password.take().map(Zeroizing::new);
    let mut errors = Vec::new();
    let new = match purpose {
        SetupPurpose::FirstOperator => {
            let name = body.name.take().unwrap_or_default();
            let display_name = body.display_name.take().unwrap_or_default().trim().to_owned();
            errors.extend(check_names(Some(&name), Some(&display_name)));
            Some(NewOperator { name, display_name, role: Role::Administrator })
        }
        SetupPurpose::Invitation | SetupPurpose::TotpReset => None,
    };
    let names = new.as_ref().map(|new| (new.name.as_str(), new.display_name.as_str()));
    let (name, shown) =
        names.unwrap_or((open.name.as_deref().unwrap_or(""), open.display_name.as_deref().unwrap_or("")));
    let objection = match (purpose, &password) {
        (_, None) => Some("is missing".to_owned()),
        (SetupPurpose::TotpReset, Some(_)) => None,
        (_, Some(password)) => password::objection(password, &["pforte", name, shown]),
    };
    if let Some(message) = objection {
        errors.push(FieldError { field: "password".to_owned(), message });
    }
    let (true, Some(password)) = (errors.is_empty(), password) else {
        return Err(ApiError::Invalid(errors));
    };
    let password = match purpose {
        SetupPurpose::TotpReset => Password::Shown(password),
        SetupPurpose::FirstOperator | SetupPurpose::Invitation => Password::New(password),
    };
    let id = open.operator_id.unwrap_or_else(Uuid::now_v7).into();
    Ok(Subject { id, new, role: existing_role.unwrap_or(Role::Administrator), password })
}

/// The same whichever of the two is wrong: whoever holds the link knows the code, and would learn the password alone.
fn refused() -> ApiError {
    ApiError::Refused("set_up_refused", "The password is not yours, or the code is not the one shown now.".to_owned())
}

/// Sets an operator up and signs them in. Where only the second factor is set anew, the password is looked at as at signing in,
/// and failures are counted with those.
#[utoipa::path(post, path = "/setup", tag = "session", request_body = SetUp, responses((status = 200, body = session::Session),
    (status = 401, body = Problem), (status = 410, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn set_up(
    State(state): State<AppState>,
    PeerAddress(address): PeerAddress,
    ApiJson(mut body): ApiJson<SetUp>,
) -> ApiResult<Response> {
    let now = crate::clock::now();
    let link = SetupLink::read(&body.token).ok_or_else(used_up)?;
    let tenant = link.tenant;
    // Only looked at: nothing is held while a password waits for its turn.
    let mut tx = state.db.begin(tenant, None).await?;
    let open = store::open_link(&mut tx, tenant, &link.hash(), now).await?.ok_or_else(used_up)?;
    let existing = match open.operator_id {
        Some(id) => store::get(&mut tx, tenant, id).await?.map(|operator| operator.role.0),
        None => None,
    };
    tx.commit().await?;
    let Subject { id, new, role, password } = subject(&open, &mut body, existing)?;
    let secret = link.totp_secret(&state.keys);
    // The code of a link can be guessed too.
    let guessed = match (&password, &open.name) {
        (Password::Shown(_), Some(name)) => name.as_str(),
        _ => "setup link",
    };
    let place = state.passwords.place()?;
    let admitted = state.throttle.admit(tenant, guessed, address, now);
    let admitted = admitted.map_err(|wait_s| ApiError::Throttled { wait_s })?;
    let step = totp::step_of(&secret, &body.totp, 0, now)?;
    let (step, password_hash) = match (password, step) {
        (Password::New(password), Some(step)) => (step, Some(place.hash(password).await?)),
        (Password::New(_), None) => {
            return Err(ApiError::field("totp", "is not the code that the authenticator shows now; check its clock"));
        }
        (Password::Shown(password), step) => match (place.fits(password, open.password_hash).await?, step) {
            (true, Some(step)) => (step, None),
            _ => {
                session::note_failure(&state, tenant, id, now);
                return Err(refused());
            }
        },
    };
    let mut tx = state.db.begin(tenant, None).await?;
    store::open_link(&mut tx, tenant, &link.hash(), now).await?.ok_or_else(used_up)?;
    if let Some(new) = &new {
        store::insert(&mut tx, tenant, id.as_uuid(), new)
            .await
            .map_err(on_constraint([("operators_name_is_unique", || ApiError::field("name", "is taken"))]))?;
    }
    let sealed = totp::seal(&state.keys, tenant, id, &secret)?;
    store::set_up(&mut tx, tenant, id, password_hash.as_deref(), &sealed, step).await?;
    store::use_link(&mut tx, tenant, &link.hash(), now).await?;
    let (jar, session) = session::begin(&state, &mut tx, id, now).await?;
    let actor = Actor { tenant, operator: id, role, now };
    Entry::new(&state.keys, &actor, ActKind::SetUp, SubjectKind::Operator, id.as_uuid()).append(&mut tx).await?;
    tx.commit().await?;
    state.throttle.succeeded(admitted);
    Ok((jar, Json(session)).into_response())
}
