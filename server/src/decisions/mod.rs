//! Each tenant's rules in memory, compiled, and what they decide. Kept current by notices of the database; a notice is only
//! a hint, so versions are compared after every reconnect and from time to time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use access_core::decide::{Attempt, ClockTrust, Verdict, decide};
use access_core::ids::TenantId;
use access_core::policy::Policy;
use access_core::state::State;
use access_core::time::UnixMs;
use anyhow::Context as _;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::clock;
use crate::db::Db;
use crate::tenants::Tenants;

pub mod store;

/// Channel of the database's notices.
const CHANNEL: &str = "pforte_policy";
/// Versions are compared this often, notice or not.
const LOOK_ANYWAY: Duration = Duration::from_secs(5);
/// Pause before the database is tried again.
const RETRY: Duration = Duration::from_millis(250);

/// Rules, once they were read.
type InForce = Option<Arc<Policy>>;

/// Rules in force, by tenant.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    by_tenant: Arc<Mutex<HashMap<TenantId, watch::Sender<InForce>>>>,
}

impl Policies {
    fn sender(&self, tenant: TenantId) -> watch::Sender<InForce> {
        let mut by_tenant = self.by_tenant.lock().unwrap_or_else(PoisonError::into_inner);
        by_tenant.entry(tenant).or_insert_with(|| watch::Sender::new(None)).clone()
    }

    /// The rules in force, and when they change. None until they were read for the first time.
    pub fn subscribe(&self, tenant: TenantId) -> watch::Receiver<InForce> {
        self.sender(tenant).subscribe()
    }

    /// The rules in force.
    pub fn current(&self, tenant: TenantId) -> InForce {
        self.sender(tenant).borrow().clone()
    }

    /// Decides an attempt by the rules in force and the server's clock. None while there are no rules: the agent then
    /// decides alone.
    pub fn decide(&self, tenant: TenantId, attempt: &Attempt, now: UnixMs) -> Option<Verdict> {
        let policy = self.current(tenant)?;
        let attempt = Attempt { at: now, clock: ClockTrust::Trusted, ..attempt.clone() };
        Some(decide(&policy, &State::default(), &attempt))
    }

    /// Reads a tenant's rules if their version moved.
    pub async fn refresh(&self, db: &Db, tenant: TenantId) -> anyhow::Result<()> {
        let sender = self.sender(tenant);
        let known = sender.borrow().as_ref().map(|policy| policy.version());
        let mut tx = db.begin(tenant, None).await?;
        let Some(rows) = store::load(&mut tx, tenant, known, clock::unix_ms(clock::now())).await? else {
            return Ok(());
        };
        let policy = Policy::compile(rows).context("the rules in the database")?;
        sender.send_if_modified(|current| {
            let is_newer = current.as_ref().is_none_or(|current| current.version() < policy.version());
            if is_newer {
                tracing::debug!(%tenant, version = policy.version(), "rules in force");
                *current = Some(Arc::new(policy));
            }
            is_newer
        });
        Ok(())
    }
}

/// Keeps every tenant's rules current until told to stop.
pub async fn run(policies: Policies, db: Db, tenants: Tenants, stop: CancellationToken) {
    let mut listener: Option<PgListener> = None;
    loop {
        if listener.is_none() {
            match listen(&db).await {
                Ok(connected) => {
                    listener = Some(connected);
                    refresh_all(&policies, &db, &tenants).await;
                }
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "no notices of the database for the moment");
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = tokio::time::sleep(RETRY) => continue,
                    }
                }
            }
        }
        let Some(connected) = listener.as_mut() else { continue };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_ANYWAY) => refresh_all(&policies, &db, &tenants).await,
            notice = connected.try_recv() => match notice {
                Ok(Some(notice)) => {
                    if let Ok(tenant) = notice.payload().parse::<Uuid>() {
                        refresh_one(&policies, &db, tenant.into()).await;
                    }
                }
                // The connection was lost and may have taken notices with it.
                Ok(None) => refresh_all(&policies, &db, &tenants).await,
                Err(_) => listener = None,
            },
        }
    }
}

async fn listen(db: &Db) -> sqlx::Result<PgListener> {
    let mut listener = db.listener().await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

async fn refresh_all(policies: &Policies, db: &Db, tenants: &Tenants) {
    match tenants.refresh().await {
        Ok(all) => {
            for tenant in all {
                refresh_one(policies, db, tenant.id).await;
            }
        }
        Err(error) => tracing::warn!(error = format!("{error:#}"), "can't list the tenants"),
    }
}

async fn refresh_one(policies: &Policies, db: &Db, tenant: TenantId) {
    if let Err(error) = policies.refresh(db, tenant).await {
        tracing::error!(%tenant, error = format!("{error:#}"), "the rules can't be read; those before stay in force");
    }
}
