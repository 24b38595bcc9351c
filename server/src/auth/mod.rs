//! Who asks: every route takes an [`Actor`], which exists only for a request with a live session.

use access_core::ids::{OperatorId, TenantId};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum_extra::extract::CookieJar;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::http::ApiError;
use crate::state::AppState;

/// Name of the session's cookie. The prefix makes browsers insist on `Secure`, `Path=/` and no domain.
pub const COOKIE: &str = "__Host-pforte";
/// Header that a foreign page can't make a browser send; demanded of what changes something.
pub const CSRF_HEADER: &str = "x-pforte";
/// How long a session lasts, in hours.
pub const SESSION_HOURS: i64 = 12;
/// How long a session lasts unused, in minutes.
pub const IDLE_MINUTES: i64 = 15;

access_core::words! {
    /// What an operator may do.
    pub enum Role {
        /// Everything.
        Administrator = "administrator",
        /// Watch, acknowledge, release a door for a moment, look people up.
        Guard = "guard",
    }
}

/// An operator with a live session.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Whose staff.
    pub tenant: TenantId,
    /// Who.
    pub operator: OperatorId,
    /// With which rights.
    pub role: Role,
    /// When they asked.
    pub now: DateTime<Utc>,
}

impl Actor {
    /// Refuses everyone but administrators.
    pub fn administrator(&self) -> Result<(), ApiError> {
        match self.role {
            Role::Administrator => Ok(()),
            Role::Guard => Err(ApiError::Forbidden("Only an administrator may do this.")),
        }
    }

    /// The operator, as tables name them.
    pub fn by(&self) -> Option<Uuid> {
        Some(self.operator.as_uuid())
    }
}

/// A session's token: the tenant in clear, so that its rows can be looked up, and 256 random bits.
#[derive(Clone)]
pub struct SessionToken {
    tenant: TenantId,
    secret: [u8; 32],
}

impl SessionToken {
    /// A fresh one.
    pub fn new(tenant: TenantId) -> anyhow::Result<Self> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        Ok(Self { tenant, secret })
    }

    /// As the cookie carries it.
    pub fn to_cookie(&self) -> String {
        URL_SAFE_NO_PAD.encode([self.tenant.as_uuid().as_bytes().as_slice(), &self.secret].concat())
    }

    pub(crate) fn from_cookie(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (tenant, secret) = bytes.split_first_chunk::<16>()?;
        Some(Self { tenant: Uuid::from_bytes(*tenant).into(), secret: secret.try_into().ok()? })
    }

    fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.secret).to_vec()
    }
}

/// Begins a session of an operator who has proven who they are.
pub async fn begin_session(
    db: &mut PgConnection,
    token: &SessionToken,
    operator: OperatorId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO sessions (tenant_id, token_hash, operator_id, created_at, expires_at, idle_expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(token.tenant.as_uuid())
    .bind(token.hash())
    .bind(operator.as_uuid())
    .bind(now)
    .bind(now + TimeDelta::hours(SESSION_HOURS))
    .bind(now + TimeDelta::minutes(IDLE_MINUTES))
    .execute(db)
    .await?;
    Ok(())
}

fn token_in(jar: &CookieJar) -> Option<SessionToken> {
    jar.get(COOKIE).and_then(|cookie| SessionToken::from_cookie(cookie.value()))
}

/// When the session of this cookie ends: at the latest, and unless it is used.
pub async fn session_ends(
    db: &mut PgConnection,
    jar: &CookieJar,
) -> sqlx::Result<Option<(DateTime<Utc>, DateTime<Utc>)>> {
    let Some(token) = token_in(jar) else { return Ok(None) };
    sqlx::query_as("SELECT expires_at, idle_expires_at FROM sessions WHERE tenant_id = $1 AND token_hash = $2")
        .bind(token.tenant.as_uuid())
        .bind(token.hash())
        .fetch_optional(db)
        .await
}

/// Ends the session of this cookie.
pub async fn end_session(db: &mut PgConnection, jar: &CookieJar) -> sqlx::Result<()> {
    if let Some(token) = token_in(jar) {
        sqlx::query("DELETE FROM sessions WHERE tenant_id = $1 AND token_hash = $2")
            .bind(token.tenant.as_uuid())
            .bind(token.hash())
            .execute(db)
            .await?;
    }
    Ok(())
}

/// Most sessions that are forgotten at once.
const FORGOTTEN_MAX: i64 = 1_000;

/// Forgets sessions that ended by themselves.
pub async fn forget_ended(db: &mut PgConnection, tenant: TenantId, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM sessions WHERE tenant_id = $1 AND token_hash IN (SELECT token_hash FROM sessions \
         WHERE tenant_id = $1 AND least(expires_at, idle_expires_at) <= $2 LIMIT $3)",
    )
    .bind(tenant.as_uuid())
    .bind(now)
    .bind(FORGOTTEN_MAX)
    .execute(db)
    .await?;
    Ok(())
}

/// What the table knows the session of these headers by.
pub fn token_hash(headers: &HeaderMap) -> Option<Vec<u8>> {
    token_in(&CookieJar::from_headers(headers)).map(|token| token.hash())
}

/// Whether a session is still good; if so, it counts as used.
pub async fn keep_session(
    db: &mut PgConnection,
    tenant: TenantId,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE sessions SET idle_expires_at = $4 FROM operators \
         WHERE sessions.tenant_id = $1 AND token_hash = $2 AND expires_at > $3 AND idle_expires_at > $3 \
         AND operators.tenant_id = sessions.tenant_id AND operators.id = sessions.operator_id \
         AND operators.state = 'active'",
    )
    .bind(tenant.as_uuid())
    .bind(token_hash)
    .bind(now)
    .bind(now + TimeDelta::minutes(IDLE_MINUTES))
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

impl FromRequestParts<AppState> for Actor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let is_safe = matches!(parts.method, Method::GET | Method::HEAD);
        if !is_safe && !parts.headers.contains_key(CSRF_HEADER) {
            return Err(ApiError::Forbidden("A request that changes something needs the header X-Pforte: 1."));
        }
        // Known already: a request that this server makes itself, for whoever asked it to.
        if let Some(actor) = parts.extensions.get::<Self>() {
            return Ok(actor.clone());
        }
        let jar = CookieJar::from_headers(&parts.headers);
        let token = token_in(&jar).ok_or(ApiError::Unauthenticated)?;
        let now = crate::clock::now();
        let mut tx = state.db.begin(token.tenant, None).await?;
        let found: Option<(Uuid, String)> = sqlx::query_as(
            "UPDATE sessions SET idle_expires_at = $4 FROM operators \
             WHERE sessions.tenant_id = $1 AND token_hash = $2 AND expires_at > $3 AND idle_expires_at > $3 \
             AND operators.tenant_id = sessions.tenant_id AND operators.id = sessions.operator_id \
             AND operators.state = 'active' RETURNING operators.id, operators.role",
        )
        .bind(token.tenant.as_uuid())
        .bind(token.hash())
        .bind(now)
        .bind(now + TimeDelta::minutes(IDLE_MINUTES))
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        let (operator, role) = found.ok_or(ApiError::Unauthenticated)?;
        let role = role.parse::<Role>().map_err(anyhow::Error::from)?;
        Ok(Self { tenant: token.tenant, operator: operator.into(), role, now })
    }
}
