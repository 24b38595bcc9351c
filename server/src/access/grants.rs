//! SQL of grants.

use access_core::ids::{PersonId, TenantId};
use access_core::policy::Holder;
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{Grant, GrantState, NewGrant};
use crate::http::{ApiError, ApiResult};

#[derive(sqlx::FromRow)]
struct GrantRow {
    id: Uuid,
    person_id: Option<Uuid>,
    group_id: Option<Uuid>,
    level_id: Uuid,
    valid_from: DateTime<Utc>,
    valid_until: Option<DateTime<Utc>>,
    no_end_reason: Option<String>,
    revoked_at: Option<DateTime<Utc>>,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    row_version: i64,
}

impl GrantRow {
    fn at(self, now: DateTime<Utc>) -> Grant {
        Grant {
            id: self.id,
            person_id: self.person_id,
            group_id: self.group_id,
            level_id: self.level_id,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            no_end_reason: self.no_end_reason,
            state: GrantState::of(self.valid_from, self.valid_until, self.revoked_at.is_some(), now),
            created_by: self.created_by,
            created_at: self.created_at,
            version: self.row_version,
        }
    }
}

const COLUMNS: &str = "id, person_id, group_id, level_id, valid_from, valid_until, no_end_reason, revoked_at, created_by, created_at, row_version";

/// What a person or a group holds and held itself, newest first.
pub async fn of_holder(
    db: &mut PgConnection,
    tenant: TenantId,
    holder: Holder,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Grant>> {
    let (person, group) = columns(holder);
    let sql = format!(
        "SELECT {COLUMNS} FROM grants WHERE tenant_id = $1 AND (person_id = $2 OR group_id = $3) \
         ORDER BY valid_from DESC, id"
    );
    let rows: Vec<GrantRow> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(person).bind(group).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| row.at(now)).collect())
}

/// What the groups hold that a person is in, as long as it is not over; newest first.
pub async fn of_groups(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Grant>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM grants WHERE tenant_id = $1 AND group_id IN (\
            SELECT held.group_id FROM group_members held WHERE held.tenant_id = $1 AND held.person_id = $2) \
         AND revoked_at IS NULL AND (valid_until IS NULL OR valid_until > $3) ORDER BY valid_from DESC, id"
    );
    let rows: Vec<GrantRow> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(person.as_uuid())
        .bind(now)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.at(now)).collect())
}

fn columns(holder: Holder) -> (Option<Uuid>, Option<Uuid>) {
    match holder {
        Holder::Person(person) => (Some(person.as_uuid()), None),
        Holder::Group(group) => (None, Some(group.as_uuid())),
    }
}

/// One grant, locked against other changes until the transaction ends.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid, now: DateTime<Utc>) -> sqlx::Result<Option<Grant>> {
    let sql = format!("SELECT {COLUMNS} FROM grants WHERE tenant_id = $1 AND id = $2 FOR UPDATE");
    let row: Option<GrantRow> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id).fetch_optional(db).await?;
    Ok(row.map(|row| row.at(now)))
}

/// Makes a grant.
pub async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    holder: Holder,
    new: &NewGrant,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> sqlx::Result<Grant> {
    let sql = format!(
        "INSERT INTO grants (tenant_id, id, person_id, group_id, level_id, valid_from, valid_until, no_end_reason, created_by, \
         created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING {COLUMNS}"
    );
    let (person, group) = columns(holder);
    let row: GrantRow = sqlx::query_as(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(person)
        .bind(group)
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

/// Gives a grant the period of `new`.
pub async fn set_period(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    new: &NewGrant,
    now: DateTime<Utc>,
) -> sqlx::Result<Grant> {
    let sql = format!(
        "UPDATE grants SET valid_from = $3, valid_until = $4, no_end_reason = $5, row_version = row_version + 1 \
         WHERE tenant_id = $1 AND id = $2 RETURNING {COLUMNS}"
    );
    let row: GrantRow = sqlx::query_as(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(new.valid_from)
        .bind(new.valid_until)
        .bind(&new.no_end_reason)
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

/// Refuses a holder that the tenant does not have.
pub async fn require_holder(db: &mut PgConnection, tenant: TenantId, holder: Holder) -> ApiResult<()> {
    let (sql, id, what) = match holder {
        Holder::Person(person) => {
            ("SELECT FROM persons WHERE tenant_id = $1 AND id = $2 FOR SHARE", person.as_uuid(), "person")
        }
        Holder::Group(group) => {
            ("SELECT FROM groups WHERE tenant_id = $1 AND id = $2 FOR SHARE", group.as_uuid(), "group")
        }
    };
    let found = sqlx::query(sql).bind(tenant.as_uuid()).bind(id).fetch_optional(db).await?;
    found.map(|_| ()).ok_or(ApiError::NotFound(what))
}

/// Longest time that the tenant lets a grant last, in days; none means any.
pub async fn days_max(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Option<i32>> {
    let row: Option<Option<i32>> = sqlx::query_scalar("SELECT grant_days_max FROM tenant_rules WHERE tenant_id = $1")
        .bind(tenant.as_uuid())
        .fetch_optional(db)
        .await?;
    Ok(row.flatten())
}
