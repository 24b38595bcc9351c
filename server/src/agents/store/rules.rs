//! SQL of the rules that agents hold: which bundles were made for them, with which doors, and since when they decide by them. Of machines
//! that are out of use, too: nobody knows whether they do until they are heard, or taken away.

use std::collections::BTreeSet;

use access_core::ids::{AgentId, DoorId, TenantId};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::OUT_OF_USE;
use crate::certificates::AgentName;

/// Forgets what machines were sent that are another's by now and of which nobody needs to know.
pub(super) async fn forget_idle_rules(db: &mut PgConnection, tenant: TenantId, agent: Uuid) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM agent_rules rules WHERE tenant_id = $1 AND agent_id = $2 \
         AND epoch < (SELECT epoch FROM agents WHERE tenant_id = $1 AND id = $2) \
         AND NOT EXISTS (SELECT FROM agent_rule_doors held WHERE held.tenant_id = $1 AND held.agent_id = $2 \
             AND held.epoch = rules.epoch)",
    )
    .bind(tenant.as_uuid())
    .bind(agent)
    .execute(db)
    .await?;
    Ok(())
}

/// An agent's machines that are out of use were taken away: they hold no rules for any door. Answers whether one might have.
pub async fn taken_away(db: &mut PgConnection, tenant: TenantId, agent: Uuid) -> sqlx::Result<bool> {
    let sql = format!(
        "DELETE FROM agent_rule_doors held USING agents agent WHERE {OUT_OF_USE} AND held.tenant_id = $1 AND agent.id = $2"
    );
    let gone = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(agent).execute(&mut *db).await?;
    forget_idle_rules(db, tenant, agent).await?;
    Ok(gone.rows_affected() > 0)
}

/// The number of the next bundle, above `after`: what this server sent before, whatever the database says, which may have
/// been restored meanwhile.
pub async fn next_bundle(db: &mut PgConnection, tenant: TenantId, agent: AgentId, after: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "UPDATE agents SET bundle_sent = greatest(bundle_sent, $3) + 1 WHERE tenant_id = $1 AND id = $2 \
         RETURNING bundle_sent",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(after)
    .fetch_one(db)
    .await
}

/// How long it is kept since when an agent held which rules, in days.
const RULES_KEPT_DAYS: i64 = 180;

/// A bundle that is about to be signed.
#[derive(Debug, Clone, Copy)]
pub struct BundleMade {
    /// Version of the rules in it.
    pub version: u64,
    /// Its number.
    pub sequence: i64,
    /// When it is signed.
    pub made_at: DateTime<Utc>,
    /// When it is too old to be decided by.
    pub usable_until: DateTime<Utc>,
}

/// Takes note of a bundle before it is sent, and of the doors that are in it: whoever has it lets people in there.
pub async fn bundle_made(
    db: &mut PgConnection,
    tenant: TenantId,
    agent: AgentId,
    made: BundleMade,
    doors: &BTreeSet<DoorId>,
) -> anyhow::Result<()> {
    let doors: Vec<Uuid> = doors.iter().map(|door| door.as_uuid()).collect();
    for sql in [
        "UPDATE agent_rule_doors held SET until_bundle = $3 FROM agents agent WHERE agent.tenant_id = $1 AND agent.id = $2 \
         AND held.tenant_id = $1 AND held.agent_id = $2 AND held.epoch = agent.epoch AND held.until_bundle IS NULL \
         AND NOT held.door_id = ANY ($4)",
        "INSERT INTO agent_rule_doors (tenant_id, agent_id, epoch, door_id, from_bundle) \
         SELECT $1, $2, agent.epoch, door, $3 FROM agents agent, unnest($4::uuid[]) AS door \
         WHERE agent.tenant_id = $1 AND agent.id = $2 AND NOT EXISTS (SELECT FROM agent_rule_doors held \
             WHERE held.tenant_id = $1 AND held.agent_id = $2 AND held.epoch = agent.epoch AND held.door_id = door \
             AND held.until_bundle IS NULL)",
    ] {
        let noted = sqlx::query(sql).bind(tenant.as_uuid()).bind(agent.as_uuid()).bind(made.sequence).bind(&doors);
        noted.execute(&mut *db).await?;
    }
    sqlx::query(
        "INSERT INTO agent_rules AS kept (tenant_id, agent_id, epoch, version, first_bundle, newest_bundle, made_at, usable_until) \
         SELECT tenant_id, id, epoch, $3, $4, $4, $5, $6 FROM agents WHERE tenant_id = $1 AND id = $2 \
         ON CONFLICT (tenant_id, agent_id, epoch, version) DO UPDATE \
         SET newest_bundle = excluded.newest_bundle, usable_until = greatest(kept.usable_until, excluded.usable_until)",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(i64::try_from(made.version)?)
    .bind(made.sequence)
    .bind(made.made_at)
    .bind(made.usable_until)
    .execute(db)
    .await?;
    Ok(())
}

/// An agent decides by this bundle when alone: by its version of the rules, from now on if it did not say so before.
pub async fn bundle_in_force(
    db: &mut PgConnection,
    AgentName { tenant, agent, generation }: AgentName,
    sequence: u64,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
    let told = sqlx::query(
        "UPDATE agents SET bundle_in_force = $3 WHERE tenant_id = $1 AND id = $2 AND $3 <= bundle_sent \
         AND replaced_generation < $4",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(sequence)
    .bind(generation)
    .execute(&mut *db)
    .await?;
    // Said by a machine that another took the place of, or of a bundle that it was not sent: it proves nothing.
    if told.rows_affected() == 0 {
        return Ok(());
    }
    let noted = sqlx::query(
        "UPDATE agent_rules SET in_force_at = $4 WHERE tenant_id = $1 AND agent_id = $2 \
         AND epoch = (SELECT epoch FROM agents WHERE tenant_id = $1 AND id = $2) \
         AND $3 BETWEEN first_bundle AND newest_bundle AND in_force_at IS NULL",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(sequence)
    .bind(now)
    .execute(&mut *db)
    .await?;
    if noted.rows_affected() == 0 {
        return Ok(());
    }
    // It goes by rules without them: a door that moves away moves the version.
    sqlx::query(
        "DELETE FROM agent_rule_doors WHERE tenant_id = $1 AND agent_id = $2 \
         AND epoch = (SELECT epoch FROM agents WHERE tenant_id = $1 AND id = $2) \
         AND until_bundle <= $3 AND $3 <= (SELECT bundle_sent FROM agents WHERE tenant_id = $1 AND id = $2)",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(sequence)
    .execute(&mut *db)
    .await?;
    // What it held long ago, and has replaced since.
    sqlx::query(
        "DELETE FROM agent_rules WHERE tenant_id = $1 AND agent_id = $2 AND newest_bundle < $3 AND usable_until < $4 \
         AND epoch = (SELECT epoch FROM agents WHERE tenant_id = $1 AND id = $2)",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(sequence)
    .bind(now - TimeDelta::days(RULES_KEPT_DAYS))
    .execute(db)
    .await?;
    Ok(())
}
