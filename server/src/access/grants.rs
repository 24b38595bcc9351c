//! SQL of grants.

use access_core::ids::{PersonId, TenantId};
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{Grant, GrantState, NewGrant};
use crate::http::{ApiError, ApiResult};

#[derive(sqlx::FromRow)]
struct GrantRow {
    id: Uuid,
    person_id: Uuid,
    level_id: Uuid,
    valid_from: DateTime<Utc>,
    valid_until: Option<DateTime<Utc>>,
    no_end_reason: Option<String>,
    revoked_at: Option<DateTime<Utc>>,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
}

impl GrantRow {
    fn at(self, now: DateTime<Utc>) -> Grant {
        Grant {
            id: self.id,
            person_id: self.person_id,
            level_id: self.level_id,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            no_end_reason: self.no_end_reason,
            state: GrantState::of(self.valid_from, self.valid_until, self.revoked_at.is_some(), now),
            created_by: self.created_by,
            created_at: self.created_at,
        }
    }
}

const COLUMNS: &str =
    "id, person_id, level_id, valid_from, valid_until, no_end_reason, revoked_at, created_by, created_at";

/// What a person holds and held, newest first.
pub async fn of_person(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Grant>> {
    let sql =
        format!("SELECT {COLUMNS} FROM grants WHERE tenant_id = $1 AND person_id = $2 ORDER BY valid_from DESC, id");
    let rows: Vec<GrantRow> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(person.as_uuid()).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| row.at(now)).collect())
}

/// One grant, locked against other changes until the transaction ends.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid, now: DateTime<Utc>) -> sqlx::Result<Option<Grant>> {
    let sql =
        format!("SELECT {COLUMNS} FROM grants WHERE tenant_id = $1 AND id = $2 AND person_id IS NOT NULL FOR UPDATE");
    let row: Option<GrantRow> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id).fetch_optional(db).await?;
    Ok(row.map(|row| row.at(now)))
}

/// Makes a grant.
pub async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    person: PersonId,
    new: &NewGrant,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> sqlx::Result<Grant> {
    let sql = format!(
        "INSERT INTO grants (tenant_id, id, person_id, level_id, valid_from, valid_until, no_end_reason, created_by, \
         created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING {COLUMNS}"
    );
    let row: GrantRow = sqlx::query_as(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(person.as_uuid())
        .bind(new.level_id)
        .bind(new.valid_from)
        .bind(new.valid_until)
        .bind(&new.no_end_reason)
        .bind(by)
        .bind(now)
        .fetch_one(db)
        .await?;
    Ok(row.at(now))
}

/// Takes a grant back.
pub async fn revoke(db: &mut PgConnection, tenant: TenantId, id: Uuid, now: DateTime<Utc>) -> sqlx::Result<Grant> {
    let sql = format!(
        "UPDATE grants SET revoked_at = $3, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2 \
         RETURNING {COLUMNS}"
    );
    let row: GrantRow =
        sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id).bind(now).fetch_one(db).await?;
    Ok(row.at(now))
}

/// Refuses a person that the tenant does not have.
pub async fn require_person(db: &mut PgConnection, tenant: TenantId, person: PersonId) -> ApiResult<()> {
    let is_there: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM persons WHERE tenant_id = $1 AND id = $2 FOR SHARE)")
            .bind(tenant.as_uuid())
            .bind(person.as_uuid())
            .fetch_one(db)
            .await?;
    if is_there { Ok(()) } else { Err(ApiError::NotFound("person")) }
}
