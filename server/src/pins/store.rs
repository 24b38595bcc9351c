//! SQL of PINs outside the vault: that there is one, and when it was changed.

use access_core::ids::{PersonId, TenantId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Whether a person has a PIN, locked against other changes until the transaction ends; none without such a person.
pub async fn has_pin_locked(db: &mut PgConnection, tenant: TenantId, person: PersonId) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar("SELECT has_pin FROM persons WHERE tenant_id = $1 AND id = $2 FOR UPDATE")
        .bind(tenant.as_uuid())
        .bind(person.as_uuid())
        .fetch_optional(db)
        .await
}

/// When a person's PIN was changed last; none if there is none.
pub async fn changed_at(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar("SELECT pin_changed_at FROM persons WHERE tenant_id = $1 AND id = $2 AND has_pin")
        .bind(tenant.as_uuid())
        .bind(person.as_uuid())
        .fetch_optional(db)
        .await
        .map(Option::flatten)
}

/// Says whether a person has a PIN from now on, and that it changed.
pub async fn set(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    has_pin: bool,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE persons SET has_pin = $3, pin_changed_at = $4, row_version = row_version + 1 \
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(person.as_uuid())
    .bind(has_pin)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}
