//! SQL of cards.

use access_core::ids::{CredentialId, PersonId, TenantId};
use access_core::policy::{CardToken, CredentialState};
use access_core::word::Word;
use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use uuid::Uuid;

use super::{Credential, PeriodChange};

const COLUMNS: &str = "id, person_id, label, strength, state, valid_from, valid_until, created_at, row_version";

fn credential(row: PgRow) -> sqlx::Result<Credential> {
    Ok(Credential {
        id: row.try_get("id")?,
        person_id: row.try_get("person_id")?,
        label: row.try_get("label")?,
        strength: word(&row, "strength")?,
        state: word(&row, "state")?,
        valid_from: row.try_get("valid_from")?,
        valid_until: row.try_get("valid_until")?,
        created_at: row.try_get("created_at")?,
        version: row.try_get("row_version")?,
    })
}

fn word<W: Word>(row: &PgRow, column: &str) -> sqlx::Result<W> {
    let text: &str = row.try_get(column)?;
    W::from_word(text).ok_or_else(|| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("`{text}` is not a word of {}", W::NAME).into(),
    })
}

/// A person's cards, newest first.
pub async fn of_person(db: &mut PgConnection, tenant: TenantId, person: PersonId) -> sqlx::Result<Vec<Credential>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM credentials WHERE tenant_id = $1 AND person_id = $2 ORDER BY created_at DESC, id"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(person.as_uuid())
        .try_map(credential)
        .fetch_all(db)
        .await
}

/// One card, locked against other changes until the transaction ends.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Credential>> {
    let sql = format!("SELECT {COLUMNS} FROM credentials WHERE tenant_id = $1 AND id = $2 FOR UPDATE");
    sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id).try_map(credential).fetch_optional(db).await
}

/// Gives a card to a person. Fails by constraint `credentials_card_is_unique` if it is anybody's already.
pub async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    id: CredentialId,
    person: PersonId,
    card: (CardToken, &str),
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> sqlx::Result<Credential> {
    let sql = format!(
        "INSERT INTO credentials (tenant_id, id, person_id, token, label, valid_from, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $6) RETURNING {COLUMNS}"
    );
    let (token, label) = card;
    sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .bind(person.as_uuid())
        .bind(token.0.to_vec())
        .bind(label)
        .bind(now)
        .bind(by)
        .try_map(credential)
        .fetch_one(db)
        .await
}

/// Puts a card in another state.
pub async fn set_state(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    state: CredentialState,
) -> sqlx::Result<Credential> {
    let sql = format!(
        "UPDATE credentials SET state = $3, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2 \
         RETURNING {COLUMNS}"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(state.as_str())
        .try_map(credential)
        .fetch_one(db)
        .await
}

/// Gives a card another period.
pub async fn set_period(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    period: &PeriodChange,
) -> sqlx::Result<Credential> {
    let sql = format!(
        "UPDATE credentials SET valid_from = $3, valid_until = $4, row_version = row_version + 1 \
         WHERE tenant_id = $1 AND id = $2 RETURNING {COLUMNS}"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(period.valid_from)
        .bind(period.valid_until)
        .try_map(credential)
        .fetch_one(db)
        .await
}
