//! SQL of blocks.

use access_core::ids::{PersonId, TenantId};
use access_core::policy::BlockSubject;
use access_core::word::Word as _;
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{Block, GrantState, NewBlock, Place, PlaceKind};
use crate::http::{ApiError, ApiResult};

#[derive(sqlx::FromRow)]
struct BlockRow {
    id: Uuid,
    person_id: Option<Uuid>,
    credential_id: Option<Uuid>,
    group_id: Option<Uuid>,
    place_kind: String,
    place_id: Option<Uuid>,
    reason: String,
    valid_from: DateTime<Utc>,
    valid_until: Option<DateTime<Utc>>,
    lifted_at: Option<DateTime<Utc>>,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
}

impl BlockRow {
    fn at(self, now: DateTime<Utc>) -> sqlx::Result<Block> {
        let kind = self.place_kind.parse::<PlaceKind>().map_err(|unknown| sqlx::Error::Decode(unknown.into()))?;
        Ok(Block {
            id: self.id,
            person_id: self.person_id,
            credential_id: self.credential_id,
            group_id: self.group_id,
            place: Place { kind, id: self.place_id },
            reason: self.reason,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            state: GrantState::of(self.valid_from, self.valid_until, self.lifted_at.is_some(), now),
            created_by: self.created_by,
            created_at: self.created_at,
        })
    }
}

const COLUMNS: &str = "id, person_id, credential_id, group_id, place_kind, \
    COALESCE(site_id, area_id, door_id) AS place_id, reason, valid_from, valid_until, lifted_at, created_by, created_at";

/// Blocks of a person and of their cards, newest first.
pub async fn of_person(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Block>> {
    let which = "(person_id = $2 OR credential_id IN (\
        SELECT card.id FROM credentials card WHERE card.tenant_id = $1 AND card.person_id = $2))";
    list(db, tenant, person.as_uuid(), which, now).await
}

/// Blocks of a group, newest first.
pub async fn of_group(
    db: &mut PgConnection,
    tenant: TenantId,
    group: Uuid,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Block>> {
    list(db, tenant, group, "group_id = $2", now).await
}

/// Blocks that are not over of the groups that a person is in, newest first.
pub async fn of_groups(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Block>> {
    let which = "group_id IN (SELECT held.group_id FROM group_members held \
        WHERE held.tenant_id = $1 AND held.person_id = $2)";
    let mut blocks = list(db, tenant, person.as_uuid(), which, now).await?;
    blocks.retain(|block| matches!(block.state, GrantState::Current | GrantState::Future));
    Ok(blocks)
}

async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    whose: Uuid,
    which: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Block>> {
    let sql = format!("SELECT {COLUMNS} FROM blocks WHERE tenant_id = $1 AND {which} ORDER BY created_at DESC, id");
    let rows: Vec<BlockRow> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(whose).fetch_all(db).await?;
    rows.into_iter().map(|row| row.at(now)).collect()
}

/// One block, locked against other changes until the transaction ends.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid, now: DateTime<Utc>) -> sqlx::Result<Option<Block>> {
    let sql = format!("SELECT {COLUMNS} FROM blocks WHERE tenant_id = $1 AND id = $2 FOR UPDATE");
    let row: Option<BlockRow> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id).fetch_optional(db).await?;
    row.map(|row| row.at(now)).transpose()
}

/// Refuses a subject that the tenant does not have.
pub async fn require_subject(db: &mut PgConnection, tenant: TenantId, subject: BlockSubject) -> ApiResult<()> {
    let (sql, id, what) = match subject {
        BlockSubject::Person(person) => {
            ("SELECT FROM persons WHERE tenant_id = $1 AND id = $2 FOR SHARE", person.as_uuid(), "person")
        }
        BlockSubject::Group(group) => {
            ("SELECT FROM groups WHERE tenant_id = $1 AND id = $2 FOR SHARE", group.as_uuid(), "group")
        }
        BlockSubject::Credential(card) => {
            ("SELECT FROM credentials WHERE tenant_id = $1 AND id = $2 FOR SHARE", card.as_uuid(), "card")
        }
    };
    let found = sqlx::query(sql).bind(tenant.as_uuid()).bind(id).fetch_optional(db).await?;
    found.map(|_| ()).ok_or(ApiError::NotFound(what))
}

/// Blocks a person, a group or a card.
pub async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    subject: BlockSubject,
    new: &NewBlock,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> sqlx::Result<Block> {
    let (person, group, card) = match subject {
        BlockSubject::Person(person) => (Some(person.as_uuid()), None, None),
        BlockSubject::Group(group) => (None, Some(group.as_uuid()), None),
        BlockSubject::Credential(card) => (None, None, Some(card.as_uuid())),
    };
    let sql = format!(
        "INSERT INTO blocks (tenant_id, id, person_id, group_id, credential_id, place_kind, site_id, area_id, door_id, \
         reason, valid_from, valid_until, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING {COLUMNS}"
    );
    let row: BlockRow = sqlx::query_as(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(person)
        .bind(group)
        .bind(card)
        .bind(new.place.kind.as_str())
        .bind(new.place.id_of(PlaceKind::Site))
        .bind(new.place.id_of(PlaceKind::Area))
        .bind(new.place.id_of(PlaceKind::Door))
        .bind(&new.reason)
        .bind(new.valid_from.unwrap_or(now))
        .bind(new.valid_until)
        .bind(by)
        .bind(now)
        .fetch_one(db)
        .await?;
    row.at(now)
}

/// Lifts a block.
pub async fn lift(db: &mut PgConnection, tenant: TenantId, id: Uuid, now: DateTime<Utc>) -> sqlx::Result<Block> {
    let sql = format!(
        "UPDATE blocks SET lifted_at = $3, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2 \
         RETURNING {COLUMNS}"
    );
    let row: BlockRow =
        sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id).bind(now).fetch_one(db).await?;
    row.at(now)
}
