//! SQL of what agents are known by, and whom they trust: certificates, by which authority, for which key.

use access_core::ids::{AgentId, TenantId};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::certificates::{AgentName, RENEWAL_GRACE_DAYS};

/// Which authority issued the certificate that an agent linked with.
pub async fn linked_by(
    db: &mut PgConnection,
    tenant: TenantId,
    agent: AgentId,
    authority: Option<[u8; 32]>,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE agents SET linked_by = $3 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(agent.as_uuid())
        .bind(authority.map(|sha256| sha256.to_vec()))
        .execute(db)
        .await?;
    Ok(())
}

/// An agent trusts these authorities.
pub async fn authorities_kept(
    db: &mut PgConnection,
    AgentName { tenant, agent, generation }: AgentName,
    digest: &[u8; 32],
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE agents SET authorities_kept = $3 WHERE tenant_id = $1 AND id = $2 AND replaced_generation < $4",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(digest.to_vec())
    .bind(generation)
    .execute(db)
    .await?;
    Ok(())
}

/// Names of agents in use that don't trust these authorities, as far as they said; or whose last link was not by the first of them.
pub async fn behind_in_trust(
    db: &mut PgConnection,
    tenant: TenantId,
    digest: &[u8; 32],
    linked_by: Option<&[u8; 32]>,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT name FROM agents WHERE tenant_id = $1 AND state IN ('joined', 'quarantined') \
         AND (authorities_kept IS DISTINCT FROM $2 OR ($3::bytea IS NOT NULL AND linked_by IS DISTINCT FROM $3)) ORDER BY name",
    )
    .bind(tenant.as_uuid())
    .bind(digest.to_vec())
    .bind(linked_by.map(|sha256| sha256.to_vec()))
    .fetch_all(db)
    .await
}

/// A certificate that an agent renewed for a key.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Issued {
    /// SHA-256 of the key.
    pub key_hash: Vec<u8>,
    /// When it was issued first.
    pub issued_at: DateTime<Utc>,
}

/// The certificate of this generation; none if the agent joined with it, or if it was too long ago to matter.
pub async fn issued(
    db: &mut PgConnection,
    tenant: TenantId,
    agent: AgentId,
    generation: i32,
) -> sqlx::Result<Option<Issued>> {
    sqlx::query_as(
        "SELECT key_hash, issued_at FROM agent_certificates WHERE tenant_id = $1 AND agent_id = $2 AND generation = $3",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(generation)
    .fetch_optional(db)
    .await
}

/// A certificate is good for so long and renewable for so long after; whoever could ask with the one before is then refused
/// by its age.
const CERTIFICATES_KEPT_DAYS: i64 = RENEWAL_GRACE_DAYS + 2;

/// An agent got a new certificate.
pub async fn renewed(
    db: &mut PgConnection,
    tenant: TenantId,
    agent: AgentId,
    generation: i32,
    key_hash: &[u8; 32],
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE agents SET certificate_generation = $3, certificate_expires_at = $4, \
         generation_used = greatest(generation_used, $3 - 1) WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(generation)
    .bind(expires_at)
    .execute(&mut *db)
    .await?;
    sqlx::query("DELETE FROM agent_certificates WHERE tenant_id = $1 AND agent_id = $2 AND issued_at < $3")
        .bind(tenant.as_uuid())
        .bind(agent.as_uuid())
        .bind(now - TimeDelta::days(CERTIFICATES_KEPT_DAYS))
        .execute(&mut *db)
        .await?;
    // The same again if an answer was lost.
    sqlx::query(
        "INSERT INTO agent_certificates (tenant_id, agent_id, generation, key_hash, issued_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT DO NOTHING",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(generation)
    .bind(key_hash.to_vec())
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}
