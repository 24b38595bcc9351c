//! SQL of groups and of who is in them.

use access_core::ids::{PersonId, TenantId};
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{Group, GroupName, Member};

const SELECT: &str = "SELECT g.id, g.name, g.is_responder, g.row_version, (SELECT count(*) FROM group_members m \
    WHERE m.tenant_id = g.tenant_id AND m.group_id = g.id) AS member_count FROM groups g WHERE g.tenant_id = $1";

/// Groups by name: those whose name holds `words`, after the one that is called `after`.
pub async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    words: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<Group>> {
    let sql = format!(
        "{SELECT} AND ($2::text IS NULL OR position(lower($2) IN lower(g.name)) > 0) AND ($3::text IS NULL OR g.name > $3) \
         ORDER BY g.name LIMIT $4"
    );
    sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(words).bind(after).bind(limit).fetch_all(db).await
}

/// One group.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Group>> {
    one(db, tenant, id, "").await
}

/// One group, locked against other changes until the transaction ends.
pub async fn get_locked(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<Group>> {
    one(db, tenant, id, "FOR UPDATE OF g").await
}

async fn one(db: &mut PgConnection, tenant: TenantId, id: Uuid, lock: &str) -> sqlx::Result<Option<Group>> {
    let sql = AssertSqlSafe(format!("{SELECT} AND g.id = $2 {lock}"));
    sqlx::query_as(sql).bind(tenant.as_uuid()).bind(id).fetch_optional(db).await
}

/// Groups that a person is in, by name.
pub async fn of_person(db: &mut PgConnection, tenant: TenantId, person: PersonId) -> sqlx::Result<Vec<GroupName>> {
    sqlx::query_as(
        "SELECT g.id, g.name, g.is_responder FROM group_members m \
         JOIN groups g ON g.tenant_id = m.tenant_id AND g.id = m.group_id \
         WHERE m.tenant_id = $1 AND m.person_id = $2 ORDER BY g.name",
    )
    .bind(tenant.as_uuid())
    .bind(person.as_uuid())
    .fetch_all(db)
    .await
}

/// What a group is called.
pub async fn name(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<Option<GroupName>> {
    sqlx::query_as("SELECT id, name, is_responder FROM groups WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Makes a group.
pub async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    name: &str,
    is_responder: bool,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO groups (tenant_id, id, name, is_responder) VALUES ($1, $2, $3, $4)")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(name)
        .bind(is_responder)
        .execute(db)
        .await?;
    Ok(())
}

/// Gives a group a name and a mark.
pub async fn update(
    db: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    name: &str,
    is_responder: bool,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE groups SET name = $3, is_responder = $4, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .bind(name)
    .bind(is_responder)
    .execute(db)
    .await?;
    Ok(())
}

/// Those who are in a group, after `after` in the order of their ids; only of `among`, if that is given.
pub async fn members(
    db: &mut PgConnection,
    tenant: TenantId,
    group: Uuid,
    among: Option<&[Uuid]>,
    after: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<Member>> {
    sqlx::query_as(
        "SELECT person_id FROM group_members WHERE tenant_id = $1 AND group_id = $2 \
         AND ($3::uuid[] IS NULL OR person_id = ANY ($3)) AND ($4::uuid IS NULL OR person_id > $4) ORDER BY person_id LIMIT $5",
    )
    .bind(tenant.as_uuid())
    .bind(group)
    .bind(among)
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// The first of `people` whom the tenant does not have.
pub async fn stranger(db: &mut PgConnection, tenant: TenantId, people: &[Uuid]) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar(
        "SELECT given.id FROM unnest($2::uuid[]) AS given (id) \
         WHERE NOT EXISTS (SELECT FROM persons p WHERE p.tenant_id = $1 AND p.id = given.id) LIMIT 1",
    )
    .bind(tenant.as_uuid())
    .bind(people)
    .fetch_optional(db)
    .await
}

/// Puts people into a group; those who were not in it before.
pub async fn add(db: &mut PgConnection, tenant: TenantId, group: Uuid, people: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "INSERT INTO group_members (tenant_id, group_id, person_id) \
         SELECT DISTINCT $1::uuid, $2::uuid, given.id FROM unnest($3::uuid[]) AS given (id) \
         ON CONFLICT DO NOTHING RETURNING person_id",
    )
    .bind(tenant.as_uuid())
    .bind(group)
    .bind(people)
    .fetch_all(db)
    .await
}

/// Takes people out of a group; those who were in it before.
pub async fn remove(db: &mut PgConnection, tenant: TenantId, group: Uuid, people: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "DELETE FROM group_members WHERE tenant_id = $1 AND group_id = $2 AND person_id = ANY ($3) RETURNING person_id",
    )
    .bind(tenant.as_uuid())
    .bind(group)
    .bind(people)
    .fetch_all(db)
    .await
}

/// Whether rules ask less of whoever is in a group: its people are responders, exempt from a threat level, an escort, or one of a pair.
pub async fn asks_less_of_members(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM groups WHERE tenant_id = $1 AND id = $2 AND is_responder) \
         OR EXISTS (SELECT FROM threat_level_exempt_groups WHERE tenant_id = $1 AND group_id = $2) \
         OR EXISTS (SELECT FROM areas WHERE tenant_id = $1 AND $2 IN (two_person_group_id, two_person_other_group_id)) \
         OR EXISTS (SELECT FROM persons WHERE tenant_id = $1 AND escort_group_id = $2)",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .fetch_one(db)
    .await
}

/// Whether a block stops a group now or will.
pub async fn is_blocked(db: &mut PgConnection, tenant: TenantId, id: Uuid, now: DateTime<Utc>) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM blocks WHERE tenant_id = $1 AND group_id = $2 AND lifted_at IS NULL \
         AND (valid_until IS NULL OR valid_until > $3))",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .bind(now)
    .fetch_one(db)
    .await
}

/// What still names a group at `now`, in words; people are counted, not named.
pub async fn uses(db: &mut PgConnection, tenant: TenantId, id: Uuid, now: DateTime<Utc>) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT DISTINCT 'a grant of access level “' || l.name || '”' FROM grants held \
            JOIN access_levels l ON l.tenant_id = held.tenant_id AND l.id = held.level_id \
            WHERE held.tenant_id = $1 AND held.group_id = $2 AND held.revoked_at IS NULL \
            AND (held.valid_until IS NULL OR held.valid_until > $3) \
         UNION SELECT 'a block: ' || reason FROM blocks WHERE tenant_id = $1 AND group_id = $2 AND lifted_at IS NULL \
            AND (valid_until IS NULL OR valid_until > $3) \
         UNION SELECT 'the two-person rule of area “' || name || '”' FROM areas \
            WHERE tenant_id = $1 AND $2 IN (two_person_group_id, two_person_other_group_id) \
         UNION SELECT 'threat level “' || t.name || '”' FROM threat_level_exempt_groups e \
            JOIN threat_levels t ON t.tenant_id = e.tenant_id AND t.level = e.level \
            WHERE e.tenant_id = $1 AND e.group_id = $2 \
         UNION SELECT 'the escort of ' || count(*) || ' persons' FROM persons \
            WHERE tenant_id = $1 AND escort_group_id = $2 HAVING count(*) > 0 ORDER BY 1",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .bind(now)
    .fetch_all(db)
    .await
}

/// Removes a group that nothing names, with its grants and blocks that are over: the log and the rules' history keep them.
pub async fn delete(db: &mut PgConnection, tenant: TenantId, id: Uuid) -> sqlx::Result<()> {
    for sql in [
        "DELETE FROM grants WHERE tenant_id = $1 AND group_id = $2",
        "DELETE FROM blocks WHERE tenant_id = $1 AND group_id = $2",
        "DELETE FROM groups WHERE tenant_id = $1 AND id = $2",
    ] {
        sqlx::query(sql).bind(tenant.as_uuid()).bind(id).execute(&mut *db).await?;
    }
    Ok(())
}
