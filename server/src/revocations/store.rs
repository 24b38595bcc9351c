//! SQL of revocations.

use access_core::ids::TenantId;
use access_core::word::Word;
use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::{DoorHolding, Holding, Revocation};

/// Most revocations that are told.
const REVOCATIONS_MAX: i64 = 20;

/// Whether there is such a person.
pub(super) async fn is_person(db: &mut PgConnection, tenant: TenantId, person: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM persons WHERE tenant_id = $1 AND id = $2)")
        .bind(tenant.as_uuid())
        .bind(person)
        .fetch_one(db)
        .await
}

/// What was taken from a person since an instant, the newest first; without the doors. What a group of theirs loses, they lose.
pub(super) async fn of_person(
    db: &mut PgConnection,
    tenant: TenantId,
    person: Uuid,
    since: DateTime<Utc>,
) -> sqlx::Result<Vec<Revocation>> {
    sqlx::query(
        "WITH cards AS (SELECT id FROM credentials WHERE tenant_id = $1 AND person_id = $2), \
         joined AS (SELECT group_id FROM group_members WHERE tenant_id = $1 AND person_id = $2), \
         subjects AS ( \
             SELECT 'card' AS kind, 'credentials' AS table_name, id, jsonb_build_object('id', id) AS row_key FROM cards \
             UNION ALL SELECT 'grant', 'grants', id, jsonb_build_object('id', id) FROM grants \
                 WHERE tenant_id = $1 AND (person_id = $2 OR group_id IN (SELECT group_id FROM joined)) \
             UNION ALL SELECT 'block', 'blocks', id, jsonb_build_object('id', id) FROM blocks WHERE tenant_id = $1 \
                 AND (person_id = $2 OR credential_id IN (SELECT id FROM cards) OR group_id IN (SELECT group_id FROM joined)) \
             UNION ALL SELECT 'person', 'persons', id, jsonb_build_object('id', id) FROM persons WHERE tenant_id = $1 AND id = $2 \
             UNION ALL SELECT 'group', 'group_members', id, jsonb_build_object('group_id', id, 'person_id', $2) \
                 FROM groups WHERE tenant_id = $1), \
         ends AS (SELECT subjects.kind, subjects.id, history.version, history.place, history.changed_at, history.before, history.after, \
             coalesce((history.after ->> 'valid_until')::timestamptz, 'infinity') \
                 < coalesce((history.before ->> 'valid_until')::timestamptz, 'infinity') AS is_shorter \
             FROM subjects JOIN policy_history history ON history.tenant_id = $1 AND history.table_name = subjects.table_name \
             AND history.row_key = subjects.row_key AND history.changed_at > $3) \
         SELECT kind, id, version, changed_at FROM ends WHERE CASE kind \
             WHEN 'card' THEN before ->> 'state' = 'active' AND (after ->> 'state' <> 'active' OR is_shorter) \
             WHEN 'grant' THEN before IS NOT NULL AND before ->> 'revoked_at' IS NULL \
                 AND (after ->> 'revoked_at' IS NOT NULL OR is_shorter) \
             WHEN 'block' THEN before IS NULL \
             WHEN 'person' THEN before ->> 'state' = 'active' AND after ->> 'state' <> 'active' \
             ELSE after IS NULL END \
         ORDER BY version DESC, place DESC LIMIT $4",
    )
    .bind(tenant.as_uuid())
    .bind(person)
    .bind(since)
    .bind(REVOCATIONS_MAX)
    .try_map(|row: PgRow| {
        Ok(Revocation {
            kind: word("kind", row.try_get("kind")?)?,
            subject_id: row.try_get("id")?,
            at: row.try_get("changed_at")?,
            version: row.try_get("version")?,
            doors: Vec::new(),
        })
    })
    .fetch_all(db)
    .await
}

fn word<W: Word>(column: &str, text: &str) -> sqlx::Result<W> {
    W::from_word(text).ok_or_else(|| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("`{text}` is not a word of {}", W::NAME).into(),
    })
}

/// At which doors rules of this version or newer ones are in force at an agent that decides alone, and which machines that drive a
/// door no more may hold older ones for it; those that wait first.
pub(super) async fn doors(
    db: &mut PgConnection,
    tenant: TenantId,
    version: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<DoorHolding>> {
    let mut doors = sqlx::query(
        "WITH known AS (SELECT agent_id, epoch, min(in_force_at) FILTER (WHERE version >= $2) AS since \
             FROM agent_rules WHERE tenant_id = $1 GROUP BY agent_id, epoch), \
         older AS (SELECT held.agent_id, held.epoch, held.door_id, max(rules.usable_until) AS until FROM agent_rule_doors held \
             JOIN agent_rules rules ON rules.tenant_id = held.tenant_id AND rules.agent_id = held.agent_id AND rules.epoch = held.epoch \
             WHERE held.tenant_id = $1 AND rules.version < $2 AND rules.newest_bundle >= held.from_bundle \
             AND (held.until_bundle IS NULL OR rules.first_bundle < held.until_bundle) \
             GROUP BY held.agent_id, held.epoch, held.door_id) \
         SELECT controls.door_id, controls.agent_id, false AS is_former, known.since, older.until AS older_until \
         FROM agent_doors controls JOIN agents agent ON agent.tenant_id = controls.tenant_id AND agent.id = controls.agent_id \
         LEFT JOIN known ON known.agent_id = agent.id AND known.epoch = agent.epoch \
         LEFT JOIN older ON older.agent_id = agent.id AND older.epoch = agent.epoch AND older.door_id = controls.door_id \
         WHERE controls.tenant_id = $1 AND (agent.state IN ('joined', 'quarantined') OR known.agent_id IS NOT NULL) \
         UNION ALL SELECT older.door_id, older.agent_id, true, NULL, max(older.until) \
         FROM older JOIN agents agent ON agent.tenant_id = $1 AND agent.id = older.agent_id \
         JOIN known ON known.agent_id = older.agent_id AND known.epoch = older.epoch \
         WHERE known.since IS NULL AND (older.epoch < agent.epoch OR NOT EXISTS (SELECT FROM agent_doors controls \
             WHERE controls.tenant_id = $1 AND controls.agent_id = older.agent_id AND controls.door_id = older.door_id)) \
         GROUP BY older.door_id, older.agent_id ORDER BY 1, 3, 2",
    )
    .bind(tenant.as_uuid())
    .bind(version)
    .try_map(|row: PgRow| {
        let (since, older_until): (Option<DateTime<Utc>>, Option<DateTime<Utc>>) =
            (row.try_get("since")?, row.try_get("older_until")?);
        let holding = match (since, older_until) {
            (Some(_), _) => Holding::InForce,
            (None, Some(until)) if until > now => Holding::Waiting,
            (None, Some(_)) => Holding::TooOld,
            (None, None) => Holding::NoOlder,
        };
        let (door_id, agent_id) = (row.try_get("door_id")?, row.try_get("agent_id")?);
        Ok(DoorHolding { door_id, agent_id, is_former: row.try_get("is_former")?, holding, since, older_until })
    })
    .fetch_all(db)
    .await?;
    doors.sort_by_key(|door| door.holding != Holding::Waiting);
    Ok(doors)
}
