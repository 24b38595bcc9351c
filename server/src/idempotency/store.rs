//! SQL of keys and kept answers.

use access_core::ids::TenantId;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Taken;

/// What is known of a key.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Kept {
    pub(super) id: Uuid,
    pub(super) request_hash: Vec<u8>,
    pub(super) status: Option<i16>,
    pub(super) etag: Option<String>,
    pub(super) answer: Option<Vec<u8>>,
}

/// Forgets what is older.
pub(super) async fn forget(db: &mut PgConnection, tenant: TenantId, before: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM idempotency_keys WHERE tenant_id = $1 AND created_at < $2")
        .bind(tenant.as_uuid())
        .bind(before)
        .execute(db)
        .await?;
    Ok(())
}

/// Takes a key; tells whether it was free. Waits for whoever is taking it at this moment.
pub(super) async fn take(db: &mut PgConnection, taken: &Taken, request_hash: &[u8]) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO idempotency_keys (tenant_id, operator_id, key, id, request_hash, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(taken.actor.tenant.as_uuid())
    .bind(taken.actor.operator.as_uuid())
    .bind(&taken.key)
    .bind(taken.id)
    .bind(request_hash)
    .bind(taken.actor.now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What is known of a key that is taken; none if it was given back meanwhile.
pub(super) async fn get(db: &mut PgConnection, taken: &Taken) -> sqlx::Result<Option<Kept>> {
    sqlx::query_as(
        "SELECT id, request_hash, status, etag, answer FROM idempotency_keys \
         WHERE tenant_id = $1 AND operator_id = $2 AND key = $3",
    )
    .bind(taken.actor.tenant.as_uuid())
    .bind(taken.actor.operator.as_uuid())
    .bind(&taken.key)
    .fetch_optional(db)
    .await
}

/// Keeps the answer.
pub(super) async fn keep(
    db: &mut PgConnection,
    taken: &Taken,
    status: StatusCode,
    etag: Option<&str>,
    answer: &[u8],
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE idempotency_keys SET status = $4, etag = $5, answer = $6 \
         WHERE tenant_id = $1 AND operator_id = $2 AND key = $3",
    )
    .bind(taken.actor.tenant.as_uuid())
    .bind(taken.actor.operator.as_uuid())
    .bind(&taken.key)
    .bind(i16::try_from(status.as_u16()).unwrap_or_default())
    .bind(etag)
    .bind(answer)
    .execute(db)
    .await?;
    Ok(())
}

/// Frees a key whose request was refused.
pub(super) async fn give_back(db: &mut PgConnection, taken: &Taken) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM idempotency_keys WHERE tenant_id = $1 AND operator_id = $2 AND key = $3")
        .bind(taken.actor.tenant.as_uuid())
        .bind(taken.actor.operator.as_uuid())
        .bind(&taken.key)
        .execute(db)
        .await?;
    Ok(())
}
