//! SQL of blocks.

use access_core::ids::{PersonId, TenantId};
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{Block, GrantState, NewBlock};

#[derive(sqlx::FromRow)]
struct BlockRow {
    id: Uuid,
    person_id: Option<Uuid>,
    credential_id: Option<Uuid>,
    reason: String,
    valid_from: DateTime<Utc>,
    valid_until: Option<DateTime<Utc>>,
    lifted_at: Option<DateTime<Utc>>,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
}

impl BlockRow {
    fn at(self, now: DateTime<Utc>) -> Block {
        Block {
            id: self.id,
            person_id: self.person_id,
            credential_id: self.credential_id,
            reason: self.reason,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            state: GrantState::of(self.valid_from, self.valid_until, self.lifted_at.is_some(), now),
            created_by: self.created_by,
            created_at: self.created_at,
        }
    }
}

const COLUMNS: &str =
    "id, person_id, credential_id, reason, valid_from, valid_until, lifted_at, created_by, created_at";

/// Blocks of a person, newest first.
pub async fn of_person(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Block>> {
    let sql =
        format!("SELECT {COLUMNS} FROM blocks WHERE tenant_id = $1 AND person_id = $2 ORDER BY created_at DESC, id");
    let rows: Vec<BlockRow> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(person.as_uuid()).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| row.at(now)).collect())
}

/// One block, locked against other changes until the transaction ends.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid, now: DateTime<Utc>) -> sqlx::Result<Option<Block>> {
    let sql = format!("SELECT {COLUMNS} FROM blocks WHERE tenant_id = $1 AND id = $2 FOR UPDATE");
    let row: Option<BlockRow> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id).fetch_optional(db).await?;
    Ok(row.map(|row| row.at(now)))
}

/// Blocks a person.
pub async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    person: PersonId,
    new: &NewBlock,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> sqlx::Result<Block> {
    let sql = format!(
        "INSERT INTO blocks (tenant_id, id, person_id, reason, valid_from, valid_until, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING {COLUMNS}"
    );
    let row: BlockRow = sqlx::query_as(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(person.as_uuid())
        .bind(&new.reason)
        .bind(new.valid_from.unwrap_or(now))
        .bind(new.valid_until)
        .bind(by)
        .bind(now)
        .fetch_one(db)
        .await?;
    Ok(row.at(now))
}

/// Lifts a block.
pub async fn lift(db: &mut PgConnection, tenant: TenantId, id: Uuid, now: DateTime<Utc>) -> sqlx::Result<Block> {
    let sql = format!(
        "UPDATE blocks SET lifted_at = $3, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2 \
         RETURNING {COLUMNS}"
    );
    let row: BlockRow =
        sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id).bind(now).fetch_one(db).await?;
    Ok(row.at(now))
}
