//! Signing in and out.

use std::sync::Arc;

use access_core::event::{ActKind, SubjectKind};
use access_core::ids::{OperatorId, TenantId};
use access_core::protocol::InstallationMode;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{store, totp};
use crate::audit::Entry;
use crate::auth::{self, Actor, COOKIE, Role, SessionToken};
use crate::db::TenantTx;
use crate::http::words;
use crate::http::{ApiError, ApiJson, ApiResult, PeerAddress, Problem};
use crate::state::AppState;
use crate::tenants::Tenant;

/// Who is signed in, and where.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Session {
    /// Whose staff.
    pub tenant: Tenant,
    /// Who.
    pub operator: SignedIn,
    /// What the installation is for: `production`, `demo` or `test`.
    #[schema(value_type = words::InstallationMode)]
    pub mode: InstallationMode,
    /// The server's version.
    pub build: &'static str,
    /// When the session ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// When it ends unless it is used.
    pub idle_expires_at: DateTime<Utc>,
}

/// The operator who is signed in.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SessionOperator)]
pub(super) struct SignedIn {
    /// Which operator.
    pub id: Uuid,
    /// Name to sign in with.
    pub name: String,
    /// Name to show.
    pub display_name: String,
    /// `administrator` or `guard`.
    pub role: Role,
}

/// What it takes to sign in: always all of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    /// The tenant's short name.
    pub tenant: String,
    /// The operator's name.
    pub name: String,
    /// The password.
    pub password: String,
    /// The code that the authenticator shows now.
    pub totp: String,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignIn({}, {}, [redacted])", self.tenant, self.name)
    }
}

fn refused() -> ApiError {
    ApiError::Refused(
        "sign_in_failed",
        "Tenant, name, password or code is wrong, or the code was used before.".to_owned(),
    )
}

/// Begins a session and answers with its cookie.
pub(super) async fn begin(
    state: &AppState,
    tx: &mut TenantTx,
    operator: OperatorId,
    now: DateTime<Utc>,
) -> ApiResult<(CookieJar, Session)> {
    let tenant = tx.tenant();
    let token = SessionToken::new(tenant)?;
    auth::begin_session(tx, &token, operator, now).await?;
    let cookie = Cookie::build((COOKIE, token.to_cookie()))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
        .build();
    let operator = store::get(tx, tenant, operator.as_uuid()).await?.ok_or(ApiError::Unauthenticated)?;
    let session = Session {
        tenant: state.tenants.get(tenant).await?.ok_or(ApiError::Unauthenticated)?,
        operator: SignedIn {
            id: operator.id,
            name: operator.name,
            display_name: operator.display_name,
            role: operator.role.0,
        },
        mode: state.installation.mode,
        build: crate::BUILD,
        expires_at: now + chrono::TimeDelta::hours(auth::SESSION_HOURS),
        idle_expires_at: now + chrono::TimeDelta::minutes(auth::IDLE_MINUTES),
    };
    Ok((CookieJar::new().add(cookie), session))
}

/// Signs in. A wrong tenant, name, password or code gets the same answer after the same work: whoever does not exist is looked
/// up and compared like anybody else, and no answer waits for a failure to be recorded.
#[utoipa::path(post, path = "/session", tag = "session", request_body = SignIn, responses((status = 200, body = Session),
    (status = 401, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn sign_in(
    State(state): State<AppState>,
    PeerAddress(address): PeerAddress,
    ApiJson(body): ApiJson<SignIn>,
) -> ApiResult<Response> {
    let now = crate::clock::now();
    let password = Zeroizing::new(body.password);
    // Guesses at tenants that nobody has count as those of one that nobody is.
    let tenant = state.tenants.by_slug(&body.tenant).await?.map_or(TenantId::from_uuid(Uuid::nil()), |known| known.id);
    let place = state.passwords.place()?;
    let admitted = state.throttle.admit(tenant, &body.name, address, now);
    let admitted = admitted.map_err(|wait_s| ApiError::Throttled { wait_s })?;
    let mut tx = state.db.begin(tenant, None).await?;
    let factors = store::factors(&mut tx, tenant, &body.name).await?;
    tx.commit().await?;
    let fits = place.fits(password, factors.as_ref().map(|factors| factors.password_hash.clone())).await?;
    let Some(factors) = factors else {
        // Nobody's secret costs what somebody's does.
        let nobody = OperatorId::from_uuid(Uuid::nil());
        let sealed = totp::seal(&state.keys, tenant, nobody, &[0; totp::SECRET_BYTES])?;
        totp::step_of(&totp::open(&state.keys, tenant, nobody, &sealed)?, &body.totp, 0, now)?;
        return Err(refused());
    };
    let operator = OperatorId::from_uuid(factors.id);
    let secret = totp::open(&state.keys, tenant, operator, &factors.totp_secret)?;
    let step = totp::step_of(&secret, &body.totp, factors.totp_step, now)?;
    if let (true, Some(step)) = (fits, step) {
        let mut tx = state.db.begin(tenant, None).await?;
        if store::use_step(&mut tx, tenant, operator, step, now).await? {
            let (jar, session) = begin(&state, &mut tx, operator, now).await?;
            let actor = Actor { tenant, operator, role: session.operator.role, now };
            Entry::new(&state.keys, &actor, ActKind::SignedIn, SubjectKind::Operator, factors.id)
                .append(&mut tx)
                .await?;
            tx.commit().await?;
            state.throttle.succeeded(admitted);
            return Ok((jar, Json(session)).into_response());
        }
    }
    note_failure(&state, tenant, operator, now);
    Err(refused())
}

/// Records that somebody failed to prove that they are this operator. Who guesses is not known: the account is the subject,
/// nobody the author. The answer does not wait for it: only who exists has failures, and the disk would tell.
pub(super) fn note_failure(state: &AppState, tenant: TenantId, operator: OperatorId, now: DateTime<Utc>) {
    let (db, keys) = (state.db.clone(), Arc::clone(&state.keys));
    state.unanswered.spawn(async move {
        let noted: anyhow::Result<()> = async {
            let mut tx = db.begin(tenant, None).await?;
            Entry::by_command_line(&keys, ActKind::SignInFailed, SubjectKind::Operator, operator.as_uuid(), now)
                .append(&mut tx)
                .await?;
            Ok(tx.commit().await?)
        }
        .await;
        if let Err(error) = noted {
            tracing::error!(error = format!("{error:#}"), "a failed sign-in was not recorded");
        }
    });
}

/// Who is signed in.
#[utoipa::path(get, path = "/session", tag = "session", responses((status = 200, body = Session), (status = 401, body = Problem)))]
pub(super) async fn get(actor: Actor, jar: CookieJar, State(state): State<AppState>) -> ApiResult<Json<Session>> {
    let mut tx = state.db.begin(actor.tenant, None).await?;
    let operator =
        store::get(&mut tx, actor.tenant, actor.operator.as_uuid()).await?.ok_or(ApiError::Unauthenticated)?;
    let (expires_at, idle_expires_at) = auth::session_ends(&mut tx, &jar).await?.ok_or(ApiError::Unauthenticated)?;
    Ok(Json(Session {
        tenant: state.tenants.get(actor.tenant).await?.ok_or(ApiError::Unauthenticated)?,
        operator: SignedIn {
            id: operator.id,
            name: operator.name,
            display_name: operator.display_name,
            role: actor.role,
        },
        mode: state.installation.mode,
        build: crate::BUILD,
        expires_at,
        idle_expires_at,
    }))
}

/// Signs out.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = 204), (status = 401, body = Problem)))]
pub(super) async fn sign_out(actor: Actor, jar: CookieJar, State(state): State<AppState>) -> ApiResult<Response> {
    let mut tx = state.db.begin(actor.tenant, Some(actor.operator)).await?;
    auth::end_session(&mut tx, &jar).await?;
    let id = actor.operator.as_uuid();
    Entry::new(&state.keys, &actor, ActKind::SignedOut, SubjectKind::Operator, id).append(&mut tx).await?;
    tx.commit().await?;
    state.sessions_ended.send_replace(());
    let removal =
        Cookie::build((COOKIE, "")).path("/").secure(true).http_only(true).max_age(time::Duration::ZERO).build();
    Ok((CookieJar::new().add(removal), StatusCode::NO_CONTENT).into_response())
}
