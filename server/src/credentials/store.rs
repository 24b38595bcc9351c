//! SQL of cards.

use access_core::attempt::Assurance;
use access_core::ids::{CredentialId, PersonId, TenantId};
use access_core::policy::{CardToken, CredentialState};
use access_core::word::Word;
use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use uuid::Uuid;

use super::{Credential, PeriodChange};
use crate::cards;
use crate::cards::store::CHIP;

const COLUMNS: &str = "card.id, card.person_id, card.label, card.strength, card.state, card.valid_from, card.valid_until, \
                       card.created_at, card.row_version";

/// Cards with their chips, if they have one, beside `card` as the name of the table.
fn select(condition: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!(
        "SELECT {COLUMNS}, {CHIP} FROM credentials card \
         LEFT JOIN card_chips chip ON chip.tenant_id = card.tenant_id AND chip.credential_id = card.id \
         WHERE card.tenant_id = $1 AND {condition}"
    ))
}

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
        chip: cards::store::chip(&row)?.map(|chip| chip.view()),
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
    sqlx::query(select("card.person_id = $2 ORDER BY card.created_at DESC, card.id"))
        .bind(tenant.as_uuid())
        .bind(person.as_uuid())
        .try_map(credential)
        .fetch_all(db)
        .await
}

/// One card, locked against other changes until the transaction ends.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Credential>> {
    let one = select("card.id = $2 FOR UPDATE OF card");
    sqlx::query(one).bind(tenant.as_uuid()).bind(id).try_map(credential).fetch_optional(db).await
}

/// A card that was written a moment ago, as it is now.
async fn written(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Credential> {
    sqlx::query(select("card.id = $2")).bind(tenant.as_uuid()).bind(id).try_map(credential).fetch_one(db).await
}

/// A card to be given to somebody.
#[derive(Debug, Clone, Copy)]
pub struct NewCredential<'a> {
    /// What it will be.
    pub id: CredentialId,
    /// To whom.
    pub person: PersonId,
    /// What rules know it by.
    pub token: CardToken,
    /// Last digits of its UID.
    pub label: &'a str,
    /// What it can prove.
    pub strength: Assurance,
}

/// Gives a card to a person. Fails by constraint `credentials_card_is_unique` if it is anybody's already.
pub async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    new: NewCredential<'_>,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> sqlx::Result<Credential> {
    sqlx::query(
        "INSERT INTO credentials (tenant_id, id, person_id, token, label, strength, valid_from, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7)",
    )
    .bind(tenant.as_uuid())
    .bind(new.id.as_uuid())
    .bind(new.person.as_uuid())
    .bind(new.token.0.to_vec())
    .bind(new.label)
    .bind(new.strength.as_str())
    .bind(now)
    .bind(by)
    .execute(&mut *db)
    .await?;
    written(db, tenant, new.id.as_uuid()).await
}

/// Puts a card in another state.
pub async fn set_state(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    state: CredentialState,
) -> sqlx::Result<Credential> {
    sqlx::query("UPDATE credentials SET state = $3, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(state.as_str())
        .execute(&mut *db)
        .await?;
    written(db, tenant, id).await
}

/// Gives a card another period.
pub async fn set_period(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    period: &PeriodChange,
) -> sqlx::Result<Credential> {
    sqlx::query(
        "UPDATE credentials SET valid_from = $3, valid_until = $4, row_version = row_version + 1 \
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .bind(period.valid_from)
    .bind(period.valid_until)
    .execute(&mut *db)
    .await?;
    written(db, tenant, id).await
}
