//! Rules of past versions, made from the history of the tables: which were in force at an instant, and what they were.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use access_core::Policy;
use access_core::ids::{AgentId, DoorId, TenantId};
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::store;
use crate::clock;
use crate::db::Db;

/// So many versions that were asked for are remembered.
const REMEMBERED_MAX: usize = 4;

/// The rules of one version.
#[derive(Debug)]
pub struct RulesOfVersion {
    /// The whole of them.
    pub policy: Arc<Policy>,
    /// Which doors each agent drove: its part of the rules is the cut for them.
    pub doors: BTreeMap<AgentId, BTreeSet<DoorId>>,
}

impl RulesOfVersion {
    /// An agent's part of rules, which are these or others: for the doors that it drove by this version.
    pub fn cut_of(&self, policy: &Policy, agent: AgentId) -> anyhow::Result<Policy> {
        let none = BTreeSet::new();
        let rows = policy.for_doors(self.doors.get(&agent).unwrap_or(&none));
        Policy::compile(rows).context("an agent's part of past rules")
    }
}

/// Versions that were made from history of late, oldest first.
#[derive(Debug, Clone, Default)]
pub struct PastRules(Arc<Mutex<VecDeque<Remembered>>>);

type Remembered = ((TenantId, u64), Arc<RulesOfVersion>);

impl PastRules {
    /// The rules of a version; none if the tenant never was at it.
    pub async fn of(&self, db: &Db, tenant: TenantId, version: u64) -> anyhow::Result<Option<Arc<RulesOfVersion>>> {
        let key = (tenant, version);
        if let Some((_, known)) = self.lock().iter().find(|(known, _)| *known == key) {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(rules) = read(db, tenant, version).await? else { return Ok(None) };
        let rules = Arc::new(rules);
        let mut remembered = self.lock();
        remembered.push_back((key, Arc::clone(&rules)));
        if remembered.len() > REMEMBERED_MAX {
            remembered.pop_front();
        }
        Ok(Some(rules))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Remembered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The version that was in force at an instant; none before the first.
pub async fn version_at(db: &mut PgConnection, tenant: TenantId, at: DateTime<Utc>) -> anyhow::Result<Option<u64>> {
    let version: Option<i64> = sqlx::query_scalar(
        "SELECT version FROM policy_history WHERE tenant_id = $1 AND changed_at <= $2 AND version > 0 \
         ORDER BY version DESC LIMIT 1",
    )
    .bind(tenant.as_uuid())
    .bind(at)
    .fetch_optional(db)
    .await?;
    Ok(version.map(u64::try_from).transpose()?)
}

async fn read(db: &Db, tenant: TenantId, version: u64) -> anyhow::Result<Option<RulesOfVersion>> {
    // Whoever writes a record may name any.
    let Ok(number) = i64::try_from(version) else { return Ok(None) };
    // Never committed: what is laid over the tables is gone with it.
    let mut tx = db.begin(tenant, None).await?;
    let newest: Option<i64> = sqlx::query_scalar("SELECT version FROM policy_versions WHERE tenant_id = $1")
        .bind(tenant.as_uuid())
        .fetch_optional(&mut *tx)
        .await?;
    if !(1..=newest.unwrap_or(0)).contains(&number) {
        return Ok(None);
    }
    let moved_at: Option<DateTime<Utc>> = sqlx::query_scalar(
        "SELECT changed_at FROM policy_history WHERE tenant_id = $1 AND version BETWEEN 1 AND $2 ORDER BY version DESC LIMIT 1",
    )
    .bind(tenant.as_uuid())
    .bind(number)
    .fetch_optional(&mut *tx)
    .await?;
    sqlx::query("SELECT lay_policy_of($1)").bind(number).execute(&mut *tx).await?;
    let rows = store::load_once(&mut tx, tenant, version, clock::unix_ms(moved_at.unwrap_or_else(clock::now))).await?;
    let driven: Vec<(Uuid, Uuid)> = sqlx::query_as("SELECT agent_id, door_id FROM agent_doors WHERE tenant_id = $1")
        .bind(tenant.as_uuid())
        .fetch_all(&mut *tx)
        .await?;
    drop(tx);
    let mut doors: BTreeMap<AgentId, BTreeSet<DoorId>> = BTreeMap::new();
    for (agent, door) in driven {
        doors.entry(agent.into()).or_default().insert(door.into());
    }
    let policy = Policy::compile(rows).with_context(|| format!("the rules of version {version}"))?;
    Ok(Some(RulesOfVersion { policy: Arc::new(policy), doors }))
}
