//! SQL of agents: their rows, tokens, links and records.

use std::collections::{HashMap, HashSet};

use access_core::chain::{Digest, Head};
use access_core::event::Commitment;
use access_core::ids::{AgentId, CommandId, DoorId, TenantId};
use access_core::word::Word as _;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Agent, AgentState, Links, NewAgent, Standing};
use crate::auth::Actor;
use crate::certificates::AgentName;

mod rules;
mod trust;

use rules::forget_idle_rules;
pub use rules::{BundleMade, bundle_in_force, bundle_made, next_bundle, taken_away};
pub use trust::{Issued, authorities_kept, behind_in_trust, issued, linked_by, renewed};

#[derive(sqlx::FromRow)]
struct AgentRow {
    id: Uuid,
    name: String,
    kind: String,
    state: String,
    build: Option<String>,
    door_ids: Vec<Uuid>,
    joined_at: Option<DateTime<Utc>>,
    last_seen_at: Option<DateTime<Utc>>,
    certificate_expires_at: Option<DateTime<Utc>>,
    has_machine_away: bool,
    bundle_in_force: i64,
    journal_fault: Option<String>,
    journal_since: Option<DateTime<Utc>>,
    head_seq: i64,
    row_version: i64,
}

/// A machine of the agent that is out of use, and may hold rules for a door.
const OUT_OF_USE: &str = "held.tenant_id = agent.tenant_id AND held.agent_id = agent.id \
     AND (held.epoch < agent.epoch OR agent.state = 'revoked')";

const AGENT: &str = "SELECT id, name, kind, state, build, ARRAY(SELECT door_id FROM agent_doors door \
     WHERE door.tenant_id = agent.tenant_id AND door.agent_id = agent.id ORDER BY door_id) AS door_ids, joined_at, \
     last_seen_at, certificate_expires_at, bundle_in_force, journal_fault, journal_since, head_seq, row_version, \
     EXISTS (SELECT FROM agent_rule_doors held WHERE {out_of_use}) AS has_machine_away FROM agents agent WHERE tenant_id = $1";

fn view(row: AgentRow, tenant: TenantId, links: &Links) -> Agent {
    let state = match Standing::from_word(&row.state) {
        Some(Standing::Invited) => AgentState::Invited,
        Some(Standing::Revoked) => AgentState::Revoked,
        Some(Standing::Quarantined) => AgentState::Quarantined,
        _ if links.is_connected(tenant, row.id.into()) => AgentState::Online,
        _ => AgentState::Offline,
    };
    Agent {
        id: row.id,
        name: row.name,
        kind: row.kind,
        state,
        build: row.build,
        door_ids: row.door_ids,
        joined_at: row.joined_at,
        last_seen_at: row.last_seen_at,
        certificate_expires_at: row.certificate_expires_at,
        bundle_version: row.bundle_in_force,
        journal_fault: row.journal_fault,
        journal_since: row.journal_since,
        acknowledged_seq: row.head_seq,
        has_machine_away: row.has_machine_away,
        version: row.row_version,
    }
}

/// All agents, by name.
pub async fn list(db: &mut PgConnection, tenant: TenantId, links: &Links) -> sqlx::Result<Vec<Agent>> {
    let sql = format!("{} ORDER BY name", AGENT.replace("{out_of_use}", OUT_OF_USE));
    let rows: Vec<AgentRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(tenant.as_uuid()).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| view(row, tenant, links)).collect())
}

/// One agent.
pub async fn get(db: &mut PgConnection, tenant: TenantId, id: Uuid, links: &Links) -> sqlx::Result<Option<Agent>> {
    let sql = format!("{} AND id = $2", AGENT.replace("{out_of_use}", OUT_OF_USE));
    let row: Option<AgentRow> =
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(id).fetch_optional(db).await?;
    Ok(row.map(|row| view(row, tenant, links)))
}

/// Makes an agent that is invited.
pub async fn insert(db: &mut PgConnection, tenant: TenantId, id: Uuid, new: &NewAgent) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO agents (tenant_id, id, name, kind) VALUES ($1, $2, $3, $4)")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(new.name.trim())
        .bind(new.kind.as_str())
        .execute(&mut *db)
        .await?;
    set_doors(db, tenant, id, &new.door_ids).await
}

/// Changes an agent's name.
pub async fn rename(db: &mut PgConnection, tenant: TenantId, id: Uuid, name: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE agents SET name = $3, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(name)
        .execute(db)
        .await?;
    Ok(())
}

/// Gives an agent these doors and no others. Which doors it drives is a part of the rules: their version moves when that changes.
pub async fn set_doors(db: &mut PgConnection, tenant: TenantId, id: Uuid, doors: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM agent_doors WHERE tenant_id = $1 AND agent_id = $2 AND NOT door_id = ANY ($3)")
        .bind(tenant.as_uuid())
        .bind(id)
        .bind(doors)
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "INSERT INTO agent_doors (tenant_id, door_id, agent_id) SELECT $1, unnest($3::uuid[]), $2 \
         EXCEPT SELECT tenant_id, door_id, agent_id FROM agent_doors WHERE tenant_id = $1",
    )
    .bind(tenant.as_uuid())
    .bind(id)
    .bind(doors)
    .execute(db)
    .await?;
    Ok(())
}

/// Doors of an agent.
pub async fn doors(db: &mut PgConnection, tenant: TenantId, agent: AgentId) -> sqlx::Result<Vec<DoorId>> {
    let ids: Vec<Uuid> =
        sqlx::query_scalar("SELECT door_id FROM agent_doors WHERE tenant_id = $1 AND agent_id = $2 ORDER BY door_id")
            .bind(tenant.as_uuid())
            .bind(agent.as_uuid())
            .fetch_all(db)
            .await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Those of these doors that an agent drives, or drove once: what happened there before it lost a door may come late.
pub async fn drives_or_drove(
    db: &mut PgConnection,
    tenant: TenantId,
    agent: AgentId,
    doors: &HashSet<DoorId>,
) -> sqlx::Result<HashSet<DoorId>> {
    if doors.is_empty() {
        return Ok(HashSet::new());
    }
    let asked: Vec<Uuid> = doors.iter().map(|door| door.as_uuid()).collect();
    let driven: Vec<Uuid> = sqlx::query_scalar(
        "SELECT door_id FROM unnest($3::uuid[]) AS asked (door_id) \
         WHERE EXISTS (SELECT FROM agent_doors WHERE tenant_id = $1 AND agent_id = $2 AND agent_doors.door_id = asked.door_id) \
         OR EXISTS (SELECT FROM policy_history WHERE tenant_id = $1 AND table_name = 'agent_doors' \
         AND row_key = jsonb_build_object('door_id', asked.door_id) AND after ->> 'agent_id' = $2::text)",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(asked)
    .fetch_all(db)
    .await?;
    Ok(driven.into_iter().map(Into::into).collect())
}

/// The agent of a door.
pub async fn of_door(db: &mut PgConnection, tenant: TenantId, door: Uuid) -> sqlx::Result<Option<AgentId>> {
    let id: Option<Uuid> = sqlx::query_scalar("SELECT agent_id FROM agent_doors WHERE tenant_id = $1 AND door_id = $2")
        .bind(tenant.as_uuid())
        .bind(door)
        .fetch_optional(db)
        .await?;
    Ok(id.map(Into::into))
}

/// Every agent that joined and was not revoked.
pub async fn joined(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Vec<AgentId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM agents WHERE tenant_id = $1 AND state = 'joined'")
        .bind(tenant.as_uuid())
        .fetch_all(db)
        .await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Puts an agent that is in use in quarantine; answers whether it was in use, by the machine of this certificate.
pub async fn quarantine(db: &mut PgConnection, name: AgentName) -> sqlx::Result<bool> {
    let AgentName { tenant, agent, generation } = name;
    let in_use = sqlx::query(
        "SELECT FROM agents WHERE tenant_id = $1 AND id = $2 AND state = $3 AND replaced_generation < $4 FOR UPDATE",
    );
    let is_in_use = in_use
        .bind(tenant.as_uuid())
        .bind(agent.as_uuid())
        .bind(Standing::Joined.as_str())
        .bind(generation)
        .fetch_optional(&mut *db)
        .await?
        .is_some();
    if is_in_use {
        set_state(db, tenant, agent, Standing::Quarantined).await?;
    }
    Ok(is_in_use)
}

/// Puts an agent out of use.
pub async fn set_state(db: &mut PgConnection, tenant: TenantId, agent: AgentId, state: Standing) -> sqlx::Result<()> {
    sqlx::query("UPDATE agents SET state = $3, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(agent.as_uuid())
        .bind(state.as_str())
        .execute(&mut *db)
        .await?;
    sqlx::query("DELETE FROM join_tokens WHERE tenant_id = $1 AND agent_id = $2 AND used_at IS NULL")
        .bind(tenant.as_uuid())
        .bind(agent.as_uuid())
        .execute(db)
        .await?;
    Ok(())
}

/// Keeps a new token in place of an unused older one of the same agent.
pub async fn replace_token(
    db: &mut PgConnection,
    tenant: TenantId,
    hash: &[u8],
    agent: Uuid,
    by: Uuid,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM join_tokens WHERE tenant_id = $1 AND agent_id = $2 AND used_at IS NULL")
        .bind(tenant.as_uuid())
        .bind(agent)
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "INSERT INTO join_tokens (tenant_id, token_hash, agent_id, issued_by, expires_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(tenant.as_uuid())
    .bind(hash)
    .bind(agent)
    .bind(by)
    .bind(expires_at)
    .execute(db)
    .await?;
    Ok(())
}

/// Uses a token up: the agent it is for, its kind and state. None if it was used or is too old.
pub async fn use_token(
    db: &mut PgConnection,
    tenant: TenantId,
    hash: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<(Uuid, String, Option<Uuid>)>> {
    sqlx::query_as(
        "UPDATE join_tokens token SET used_at = $3 FROM agents agent \
         WHERE token.tenant_id = $1 AND token.token_hash = $2 AND token.used_at IS NULL AND token.expires_at > $3 \
         AND agent.tenant_id = token.tenant_id AND agent.id = token.agent_id AND agent.state <> 'revoked' \
         RETURNING agent.id, agent.kind, token.issued_by",
    )
    .bind(tenant.as_uuid())
    .bind(hash)
    .bind(now)
    .fetch_optional(db)
    .await
}

/// What an agent joins with.
#[derive(Debug)]
pub struct Joining<'a> {
    /// Key of its records.
    pub record_key: &'a [u8; 32],
    /// Key that templates are sealed to.
    pub sealing_key: &'a [u8; 32],
    /// Version of its program.
    pub build: &'a str,
    /// End of its certificate.
    pub certificate_expires_at: DateTime<Utc>,
    /// What stands for the one authority that it trusts.
    pub authorities: [u8; 32],
}

/// Which sequence of records and which certificate an agent gets when it joins now.
pub async fn next_epoch(db: &mut PgConnection, tenant: TenantId, agent: Uuid) -> sqlx::Result<(i32, i32)> {
    sqlx::query_as(
        "SELECT epoch + 1, certificate_generation + 1 FROM agents WHERE tenant_id = $1 AND id = $2 FOR UPDATE",
    )
    .bind(tenant.as_uuid())
    .bind(agent)
    .fetch_one(db)
    .await
}

/// An agent joins. Whatever certificate it had before is superseded at once, and whoever has one hears that another took their place.
pub async fn join(
    db: &mut PgConnection,
    tenant: TenantId,
    agent: Uuid,
    joining: &Joining<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let epoch: i32 = sqlx::query_scalar(
        "UPDATE agents SET state = 'joined', joined_at = $3, build = $4, record_key = $5, sealing_key = $6, \
         epoch = epoch + 1, replaced_generation = certificate_generation, \
         certificate_generation = certificate_generation + 1, \
         generation_used = certificate_generation + 1, certificate_expires_at = $7, bundle_in_force = 0, authorities_kept = $8, \
         row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2 RETURNING epoch",
    )
    .bind(tenant.as_uuid())
    .bind(agent)
    .bind(now)
    .bind(joining.build)
    .bind(joining.record_key.to_vec())
    .bind(joining.sealing_key.to_vec())
    .bind(joining.certificate_expires_at)
    .bind(joining.authorities.to_vec())
    .fetch_one(&mut *db)
    .await?;
    // What earlier machines renewed says nothing about this one: theirs are refused, and shut it out no more.
    sqlx::query("DELETE FROM agent_certificates WHERE tenant_id = $1 AND agent_id = $2")
        .bind(tenant.as_uuid())
        .bind(agent)
        .execute(&mut *db)
        .await?;
    // The machine that joins holds none of the rules that this agent was sent before; whoever has the one before may.
    forget_idle_rules(db, tenant, agent).await?;
    sqlx::query(
        "INSERT INTO agent_epochs (tenant_id, agent_id, epoch, record_key, began_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(tenant.as_uuid())
    .bind(agent)
    .bind(epoch)
    .bind(joining.record_key.to_vec())
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// What the link needs to know of an agent.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LinkRow {
    state: String,
    /// `door_controller` or `station`.
    pub kind: String,
    /// Key of its records.
    pub record_key: Option<Vec<u8>>,
    /// Key that templates are sealed to.
    pub sealing_key: Option<Vec<u8>>,
    /// Its newest certificate.
    pub certificate_generation: i32,
    /// Newest that was used.
    pub generation_used: i32,
    /// Its current sequence of records.
    pub epoch: i32,
    head_epoch: i32,
    head_seq: i64,
    head_hash: Vec<u8>,
    replaced_generation: i32,
    retired_generation: i32,
    /// What stands for the authorities that it trusts, as it said last.
    pub authorities_kept: Option<Vec<u8>>,
}

impl LinkRow {
    /// Newest record that was stored.
    pub fn head(&self) -> anyhow::Result<Head> {
        Ok(Head {
            epoch: self.head_epoch.try_into()?,
            seq: self.head_seq.try_into()?,
            hash: Digest(
                self.head_hash.clone().try_into().map_err(|_| anyhow::anyhow!("an agent's head has no hash"))?,
            ),
        })
    }

    /// Whether it joined, or why not.
    pub fn standing(&self) -> anyhow::Result<Standing> {
        Ok(self.state.parse()?)
    }

    /// Whether a certificate of this generation belongs to a machine that another took the place of.
    pub fn is_replaced(&self, generation: i32) -> bool {
        generation <= self.replaced_generation
    }

    /// Whether a certificate of this generation was superseded in an agent that is in use, while nobody had its machine replaced:
    /// somebody holds on to it.
    pub fn is_held_on_to(&self, generation: i32) -> bool {
        self.standing().is_ok_and(|standing| standing == Standing::Joined)
            && generation > self.retired_generation
            && generation < self.certificate_generation
            && !self.takes_generation(generation)
    }

    /// Whether a certificate of this generation is still good: the newest, or the one before while that was not used.
    pub fn takes_generation(&self, generation: i32) -> bool {
        generation == self.certificate_generation
            || (generation == self.certificate_generation - 1 && self.generation_used < self.certificate_generation)
    }
}

/// An agent for its link; locked until the transaction ends if `is_locked`.
pub async fn for_link(
    db: &mut PgConnection,
    tenant: TenantId,
    agent: AgentId,
    is_locked: bool,
) -> sqlx::Result<Option<LinkRow>> {
    let lock = if is_locked { " FOR UPDATE" } else { "" };
    let sql = format!(
        "SELECT state, kind, record_key, sealing_key, certificate_generation, generation_used, epoch, head_epoch, \
         head_seq, head_hash, replaced_generation, retired_generation, authorities_kept FROM agents WHERE tenant_id = $1 AND id = $2{lock}"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(agent.as_uuid()).fetch_optional(db).await
}

/// Further than this an agent's bundle is not ahead of a database that was restored, as a number.
const BUNDLES_AHEAD_MAX: i64 = 1_000_000;

/// An agent linked with a certificate of this generation. A bundle that it holds is never numbered again: after a restore
/// of the database it would refuse every bundle as older than its own.
pub async fn linked(
    db: &mut PgConnection,
    tenant: TenantId,
    agent: AgentId,
    generation: i32,
    (build, bundle_sequence): (&str, u64),
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE agents SET generation_used = greatest(generation_used, $3), build = $4, last_seen_at = $5, \
         bundle_sent = CASE WHEN $6 - bundle_sent BETWEEN 1 AND $7 THEN $6 ELSE bundle_sent END \
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(generation)
    .bind(build)
    .bind(now)
    .bind(i64::try_from(bundle_sequence).unwrap_or(0))
    .bind(BUNDLES_AHEAD_MAX)
    .execute(db)
    .await?;
    Ok(())
}

/// An agent's configuration, as it says.
pub async fn keep_configuration(
    db: &mut PgConnection,
    AgentName { tenant, agent, generation }: AgentName,
    toml: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE agents SET configuration = $3 WHERE tenant_id = $1 AND id = $2 AND replaced_generation < $4 \
         AND configuration IS DISTINCT FROM $3",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(toml)
    .bind(generation)
    .execute(db)
    .await?;
    Ok(())
}

/// An agent's configuration, as it said last.
pub async fn configuration(db: &mut PgConnection, tenant: TenantId, agent: Uuid) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT configuration FROM agents WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(agent)
        .fetch_one(db)
        .await
}

/// Puts an agent's machine out of use: whatever certificate it has is worth nothing from here on, and another may join in its place.
pub async fn replace(db: &mut PgConnection, tenant: TenantId, agent: Uuid) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE agents SET state = 'invited', replaced_generation = certificate_generation, \
         retired_generation = certificate_generation, row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(agent)
    .execute(db)
    .await?;
    Ok(())
}

/// An agent was heard.
pub async fn seen(db: &mut PgConnection, tenant: TenantId, agent: AgentId, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query("UPDATE agents SET last_seen_at = $3 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant.as_uuid())
        .bind(agent.as_uuid())
        .bind(now)
        .execute(db)
        .await?;
    Ok(())
}

/// Takes note of what the log is about to say of an agent's link; tells whether that is new.
pub async fn note_link(db: &mut PgConnection, tenant: TenantId, agent: AgentId, is_up: bool) -> sqlx::Result<bool> {
    let noted = sqlx::query(
        "UPDATE agents SET is_link_logged = $3 WHERE tenant_id = $1 AND id = $2 AND is_link_logged IS DISTINCT FROM $3",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(is_up)
    .execute(db)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Takes note of how an agent's journal is; answers whether it failed before, by what was known.
pub async fn note_journal(
    db: &mut PgConnection,
    tenant: TenantId,
    agent: AgentId,
    fault: Option<&'static str>,
    since: DateTime<Utc>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "UPDATE agents agent SET journal_fault = $3, journal_since = $4 \
         FROM (SELECT tenant_id, id, journal_fault FROM agents WHERE tenant_id = $1 AND id = $2 FOR UPDATE) before \
         WHERE agent.tenant_id = before.tenant_id AND agent.id = before.id RETURNING before.journal_fault IS NOT NULL",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(fault)
    .bind(since)
    .fetch_one(db)
    .await
}

/// Records, by column.
#[derive(Debug, Default)]
pub struct RecordColumns {
    /// Canonical bytes.
    pub bytes: Vec<Vec<u8>>,
    /// Their signatures.
    pub signatures: Vec<Vec<u8>>,
    /// When, by the agent's clock.
    pub at: Vec<DateTime<Utc>>,
}

/// Takes records into the outbox and moves the agent's head to the newest of them.
pub async fn keep_records(
    db: &mut PgConnection,
    tenant: TenantId,
    agent: AgentId,
    records: RecordColumns,
    head: &Head,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let RecordColumns { bytes, signatures, at } = records;
    sqlx::query(
        "INSERT INTO log_outbox (tenant_id, at, record, signature) \
         SELECT $1, * FROM unnest($2::timestamptz[], $3::bytea[], $4::bytea[])",
    )
    .bind(tenant.as_uuid())
    .bind(at)
    .bind(bytes)
    .bind(signatures)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "UPDATE agents SET head_epoch = $3, head_seq = $4, head_hash = $5, last_seen_at = $6 \
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(i32::try_from(head.epoch)?)
    .bind(i64::try_from(head.seq)?)
    .bind(head.hash.0.to_vec())
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// Hashes of those of an agent's records, named by epoch and place, that the sequencer placed already.
pub async fn stored_hashes(
    db: &mut PgConnection,
    tenant: TenantId,
    agent: AgentId,
    places: &[(u32, u64)],
) -> anyhow::Result<HashMap<(u32, u64), Vec<u8>>> {
    let epochs = places.iter().map(|(epoch, _)| i32::try_from(*epoch)).collect::<Result<Vec<_>, _>>()?;
    let seqs = places.iter().map(|(_, seq)| i64::try_from(*seq)).collect::<Result<Vec<_>, _>>()?;
    let rows: Vec<(i32, i64, Vec<u8>)> = sqlx::query_as(
        "SELECT epoch, seq, hash FROM log_events WHERE tenant_id = $1 AND agent_id = $2 \
         AND (epoch, seq) IN (SELECT * FROM unnest($3::integer[], $4::bigint[]))",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(epochs)
    .bind(seqs)
    .fetch_all(db)
    .await?;
    rows.into_iter().map(|(epoch, seq, hash)| Ok(((epoch.try_into()?, seq.try_into()?), hash))).collect()
}

/// A door as an agent's configuration names it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct NamedDoor {
    /// Which door.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Name of its site.
    pub site: String,
}

/// An agent's doors, by site and name.
pub async fn named_doors(db: &mut PgConnection, tenant: TenantId, agent: Uuid) -> sqlx::Result<Vec<NamedDoor>> {
    sqlx::query_as(
        "SELECT door.id, door.name, site.name AS site FROM agent_doors controls \
         JOIN doors door ON door.tenant_id = controls.tenant_id AND door.id = controls.door_id \
         JOIN sites site ON site.tenant_id = door.tenant_id AND site.id = door.site_id \
         WHERE controls.tenant_id = $1 AND controls.agent_id = $2 ORDER BY site.name, door.name",
    )
    .bind(tenant.as_uuid())
    .bind(agent)
    .fetch_all(db)
    .await
}

/// Keeps a command, so that what the door did is found with the operator who sent it. `reason` is what the act commits to.
pub async fn insert_command(
    db: &mut PgConnection,
    actor: &Actor,
    id: CommandId,
    door: Uuid,
    reason: Commitment,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO door_commands (tenant_id, id, door_id, operator_id, sent_at, reason) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(actor.tenant.as_uuid())
    .bind(id.as_uuid())
    .bind(door)
    .bind(actor.operator.as_uuid())
    .bind(actor.now)
    .bind(reason.0.to_vec())
    .execute(db)
    .await?;
    Ok(())
}
