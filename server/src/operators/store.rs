//! SQL of operators, their sessions and set-up links.

use access_core::ids::{OperatorId, TenantId};
use access_core::word::Word as _;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Lost, NewOperator, Operator, OperatorState, SetupPurpose};
use crate::auth::Role;

const OPERATOR: &str = "SELECT id, name, display_name, role, state, created_at, last_sign_in_at, row_version FROM operators WHERE tenant_id = $1";

/// Everybody, by name.
pub async fn list(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Vec<Operator>> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{OPERATOR} ORDER BY name"))).bind(tenant.as_uuid()).fetch_all(db).await
}

/// One operator.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Operator>> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{OPERATOR} AND id = $2 FOR UPDATE")))
        .bind(tenant.as_uuid())
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Whether this is an administrator who is in use. For the vault's role, too.
pub async fn is_administrator(db: &mut PgConnection, tenant: TenantId, operator: OperatorId) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM operators WHERE tenant_id = $1 AND id = $2 AND role = $3 AND state = $4)",
    )
    .bind(tenant.as_uuid())
    .bind(operator.as_uuid())
    .bind(Role::Administrator.as_str())
    .bind(OperatorState::Active.as_str())
    .fetch_one(db)
    .await
}

/// Makes an operator who still has to set themselves up.
pub async fn insert(db: &mut PgConnection, tenant: TenantId, id: Uuid, new: &NewOperator) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO operators (tenant_id, id, name, display_name, role, state) VALUES ($1, $2, $3, $4, $5, 'invited')",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .bind(&new.name)
    .bind(new.display_name.trim())
    .bind(new.role.as_str())
    .execute(db)
    .await?;
    Ok(())
}

/// Changes name to show and role.
pub async fn update(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    display_name: &str,
    role: Role,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE operators SET display_name = $3, role = $4, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .bind(display_name)
    .bind(role.as_str())
    .execute(db)
    .await?;
    Ok(())
}

/// Puts an operator out of use or back to it; out of use, every session ends.
pub async fn set_state(db: &mut PgConnection, tenant: TenantId, id: Uuid, state: OperatorState) -> sqlx::Result<()> {
    sqlx::query("UPDATE operators SET state = $3, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(state.as_str())
        .execute(&mut *db)
        .await?;
    if state != OperatorState::Active {
        end_sessions(db, tenant, id).await?;
    }
    Ok(())
}

async fn end_sessions(db: &mut PgConnection, tenant: TenantId, operator: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sessions WHERE tenant_id = $1 AND operator_id = $2")
        .bind(tenant.as_uuid())
        .bind(operator)
        .execute(db)
        .await?;
    Ok(())
}

/// What an operator signs in with.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Factors {
    /// Who.
    pub id: Uuid,
    /// Hash of the password.
    pub password_hash: String,
    /// Sealed secret of the one-time code.
    pub totp_secret: Vec<u8>,
    /// Newest step that was used.
    pub totp_step: i64,
}

/// What an active operator signs in with.
pub async fn factors(db: &mut PgConnection, tenant: TenantId, name: &str) -> sqlx::Result<Option<Factors>> {
    sqlx::query_as(
        "SELECT id, password_hash, totp_secret, totp_step FROM operators \
         WHERE tenant_id = $1 AND name = $2 AND state = 'active'",
    )
    .bind(tenant.as_uuid())
    .bind(name)
    .fetch_optional(db)
    .await
}

/// Takes note of a sign-in, unless that step was used in the meantime.
pub async fn use_step(
    db: &mut PgConnection,
    tenant: TenantId,
    operator: OperatorId,
    step: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE operators SET totp_step = $3, last_sign_in_at = $4 \
         WHERE tenant_id = $1 AND id = $2 AND totp_step < $3 AND state = 'active'",
    )
    .bind(tenant.as_uuid())
    .bind(operator.as_uuid())
    .bind(step)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lets changes of a tenant's operators pass one after the other: two administrators who disable each other at the same
/// moment would both find that the other remains.
pub async fn one_at_a_time(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('operators of ' || $1, 0))")
        .bind(tenant.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Whether somebody can administer the tenant.
pub async fn has_administrator(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM operators WHERE tenant_id = $1 AND role = 'administrator' AND state = 'active')",
    )
    .bind(tenant.as_uuid())
    .fetch_one(db)
    .await
}

/// Whether anybody but `but` can administer the tenant.
pub async fn has_another_administrator(db: &mut PgConnection, tenant: TenantId, but: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM operators WHERE tenant_id = $1 AND id <> $2 AND role = 'administrator' AND state = 'active')",
    )
    .bind(tenant.as_uuid())
    .bind(but)
    .fetch_one(db)
    .await
}

/// Whether an operator has a password.
pub async fn has_password(db: &mut PgConnection, tenant: TenantId, operator: OperatorId) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT password_hash IS NOT NULL FROM operators WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(operator.as_uuid())
        .fetch_one(db)
        .await
}

/// Forgets the second factor, and the password too if that is lost; nobody signs in without both.
pub async fn forget(db: &mut PgConnection, tenant: TenantId, operator: OperatorId, lost: Lost) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE operators SET totp_secret = NULL, password_hash = CASE WHEN $3 THEN NULL ELSE password_hash END, \
         state = 'invited', row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(operator.as_uuid())
    .bind(lost == Lost::Both)
    .execute(&mut *db)
    .await?;
    end_sessions(db, tenant, operator.as_uuid()).await
}

/// Keeps a new link in place of older ones of the same operator.
pub async fn replace_link(
    db: &mut PgConnection,
    tenant: TenantId,
    hash: &[u8],
    purpose: SetupPurpose,
    operator: Option<OperatorId>,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM setup_links WHERE tenant_id = $1 AND operator_id IS NOT DISTINCT FROM $2")
        .bind(tenant.as_uuid())
        .bind(operator.map(OperatorId::as_uuid))
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "INSERT INTO setup_links (tenant_id, token_hash, purpose, operator_id, expires_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(tenant.as_uuid())
    .bind(hash)
    .bind(purpose.as_str())
    .bind(operator.map(OperatorId::as_uuid))
    .bind(expires_at)
    .execute(db)
    .await?;
    Ok(())
}

/// A link that can still be used.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct OpenLink {
    /// What it is for.
    pub purpose: String,
    /// Whose.
    pub operator_id: Option<Uuid>,
    /// Their name to sign in with.
    pub name: Option<String>,
    /// Their name to show.
    pub display_name: Option<String>,
    /// Hash of the password that they have.
    pub password_hash: Option<String>,
}

/// A link that is neither used nor too old; locked until the transaction ends.
pub async fn open_link(
    db: &mut PgConnection,
    tenant: TenantId,
    hash: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<OpenLink>> {
    sqlx::query_as(
        "SELECT link.purpose, link.operator_id, operator.name, operator.display_name, operator.password_hash FROM setup_links link \
         LEFT JOIN operators operator ON operator.tenant_id = link.tenant_id AND operator.id = link.operator_id \
         WHERE link.tenant_id = $1 AND link.token_hash = $2 AND link.used_at IS NULL AND link.expires_at > $3 \
         AND operator.state IS DISTINCT FROM 'disabled' FOR UPDATE OF link",
    )
    .bind(tenant.as_uuid())
    .bind(hash)
    .bind(now)
    .fetch_optional(db)
    .await
}

/// Marks a link as used.
pub async fn use_link(db: &mut PgConnection, tenant: TenantId, hash: &[u8], now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query("UPDATE setup_links SET used_at = $3 WHERE tenant_id = $1 AND token_hash = $2")
        .bind(tenant.as_uuid())
        .bind(hash)
        .bind(now)
        .execute(db)
        .await?;
    Ok(())
}

/// Gives an operator both factors and lets them sign in. Without a new password the old one stays.
pub async fn set_up(
    db: &mut PgConnection,
    tenant: TenantId,
    operator: OperatorId,
    password_hash: Option<&str>,
    totp_secret: &[u8],
    totp_step: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE operators SET password_hash = coalesce($3, password_hash), totp_secret = $4, totp_step = $5, \
         state = 'active', row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(operator.as_uuid())
    .bind(password_hash)
    .bind(totp_secret)
    .bind(totp_step)
    .execute(db)
    .await?;
    Ok(())
}

/// Whether an operator has both factors.
pub async fn has_both_factors(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT password_hash IS NOT NULL AND totp_secret IS NOT NULL FROM operators WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .fetch_one(db)
    .await
}
