//! SQL of enrolled fingers.

use access_core::ids::{PersonId, TenantId};
use access_core::word::Word as _;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use uuid::Uuid;

use super::{Finger, FingerPosition};

const COLUMNS: &str = "id, person_id, position, quality, enrolled_at, sensor_type, credential_id, is_duress";

fn finger(row: PgRow) -> sqlx::Result<Finger> {
    let position: &str = row.try_get("position")?;
    Ok(Finger {
        id: row.try_get("id")?,
        person_id: row.try_get("person_id")?,
        position: FingerPosition::from_word(position).ok_or_else(|| sqlx::Error::ColumnDecode {
            index: "position".to_owned(),
            source: format!("`{position}` is not a finger").into(),
        })?,
        quality: row.try_get("quality")?,
        enrolled_at: row.try_get("enrolled_at")?,
        sensor_type: row.try_get("sensor_type")?,
        credential_id: row.try_get("credential_id")?,
        is_duress: Some(row.try_get("is_duress")?),
    })
}

/// A person's enrolled fingers.
pub async fn of_person(db: &mut PgConnection, tenant: TenantId, person: PersonId) -> sqlx::Result<Vec<Finger>> {
    let sql = format!("SELECT {COLUMNS} FROM fingers WHERE tenant_id = $1 AND person_id = $2 ORDER BY enrolled_at, id");
    sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(person.as_uuid()).try_map(finger).fetch_all(db).await
}

/// Whose a finger is; their fingers stay as they are until the transaction ends.
pub async fn lock_person_of(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<PersonId>> {
    let person: Option<Uuid> = sqlx::query_scalar(
        "SELECT person.id FROM persons person JOIN fingers finger ON finger.tenant_id = person.tenant_id \
         AND finger.person_id = person.id WHERE finger.tenant_id = $1 AND finger.id = $2 FOR UPDATE OF person",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .fetch_optional(db)
    .await?;
    Ok(person.map(Into::into))
}

/// One finger, locked against other changes until the transaction ends.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Finger>> {
    let sql = format!("SELECT {COLUMNS} FROM fingers WHERE tenant_id = $1 AND id = $2 FOR UPDATE");
    sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id).try_map(finger).fetch_optional(db).await
}

/// Notes an enrolled finger, in place of an earlier one of the same position (whose template goes with it).
pub async fn insert(db: &mut PgConnection, tenant: TenantId, new: &Finger, by: Option<Uuid>) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM fingers WHERE tenant_id = $1 AND person_id = $2 AND position = $3")
        .bind(tenant.as_uuid())
        .bind(new.person_id)
        .bind(new.position.as_str())
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "INSERT INTO fingers (tenant_id, id, person_id, position, quality, sensor_type, enrolled_at, enrolled_by, \
         is_duress, credential_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(tenant.as_uuid())
    .bind(new.id)
    .bind(new.person_id)
    .bind(new.position.as_str())
    .bind(new.quality)
    .bind(&new.sensor_type)
    .bind(new.enrolled_at)
    .bind(by)
    .bind(new.is_duress == Some(true))
    .bind(new.credential_id)
    .execute(db)
    .await?;
    Ok(())
}

/// Whether a finger lies on a card that is in use: it can be taken off only at a station.
pub async fn is_on_card_in_use(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM fingers finger JOIN credentials card ON card.tenant_id = finger.tenant_id \
         AND card.id = finger.credential_id WHERE finger.tenant_id = $1 AND finger.id = $2 \
         AND card.state NOT IN ('lost', 'stolen', 'returned'))",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .fetch_one(db)
    .await
}

/// Removes a finger and, by the tables' own rule, its template.
pub async fn delete(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM fingers WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes all of a person's fingers and their templates; returns which.
pub async fn delete_of_person(db: &mut PgConnection, tenant: TenantId, person: PersonId) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar("DELETE FROM fingers WHERE tenant_id = $1 AND person_id = $2 RETURNING id")
        .bind(tenant.as_uuid())
        .bind(person.as_uuid())
        .fetch_all(db)
        .await
}
