//! Each tenant's rules in memory, compiled, with the state that they read beside them ([`state`]), and what they decide. Rules
//! are kept current by notices of the database; a notice is only a hint, so versions are compared after every reconnect and
//! from time to time. What was saved is [read alone](store::newer) and follows from the rules before, so that it is in force as
//! soon with a million persons as with ten.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use access_core::attempt::{Attempt, ClockTrust};
use access_core::ids::TenantId;
use access_core::policy::{Policy, PolicyError};
use access_core::time::UnixMs;
use anyhow::Context as _;
use sqlx::postgres::PgListener;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::clock;
use crate::db::Db;
use crate::log::Log;
use crate::tenants::Tenants;
use crate::vital::vital;

use store::Newer;

mod history;
mod past;
mod state;
pub mod store;
#[cfg(test)]
pub(crate) mod tests;

pub use history::state_at;
pub use past::{PastRules, RulesOfVersion, version_at};
pub use state::{Answer, States};

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
    by_tenant: Arc<Mutex<HashMap<TenantId, Kept>>>,
}

/// A tenant's.
#[derive(Debug, Clone)]
struct Kept {
    in_force: watch::Sender<InForce>,
    /// Whoever reads newer rules: what one has read, another need not.
    reading: Arc<tokio::sync::Mutex<()>>,
}

impl Policies {
    fn of(&self, tenant: TenantId) -> Kept {
        let mut by_tenant = self.by_tenant.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Kept { in_force: watch::Sender::new(None), reading: Arc::default() };
        by_tenant.entry(tenant).or_insert_with(new).clone()
    }

    /// The rules in force, and when they change. None until they were read for the first time.
    pub fn subscribe(&self, tenant: TenantId) -> watch::Receiver<InForce> {
        self.of(tenant).in_force.subscribe()
    }

    /// The rules in force.
    pub fn current(&self, tenant: TenantId) -> InForce {
        self.of(tenant).in_force.borrow().clone()
    }

    /// Decides an attempt by the rules in force, the state and the server's clock. None while there are no rules or no
    /// state: the agent then decides alone.
    pub fn decide(&self, states: &States, tenant: TenantId, attempt: Attempt, now: UnixMs) -> Option<Answer> {
        let policy = self.current(tenant)?;
        states.decide(&policy, Attempt { at: now, clock: ClockTrust::Trusted, ..attempt })
    }

    /// Reads what changed in a tenant's rules if their version moved. After an error those before stay in force.
    pub async fn refresh(&self, db: &Db, tenant: TenantId) -> anyhow::Result<()> {
        let Kept { in_force, reading } = self.of(tenant);
        let _alone = reading.lock().await;
        let known = in_force.borrow().clone();
        let mut tx = db.snapshot(tenant).await?;
        let now = clock::unix_ms(clock::now());
        let Some(newer) = store::newer(&mut tx, tenant, known.as_deref(), now).await? else { return Ok(()) };
        let is_step = matches!(newer, Newer::Step(_));
        let policy = match compile(newer).await? {
            Err(error) if is_step => {
                tracing::warn!(%tenant, %error, "what changed in the rules makes no sense alone: all are read");
                compile(Newer::Whole(Box::new(store::load(&mut tx, tenant, now).await?))).await?
            }
            compiled => compiled,
        };
        let policy = policy.context("the rules in the database")?;
        tracing::debug!(%tenant, version = policy.version(), is_step, "rules in force");
        in_force.send_replace(Some(Arc::new(policy)));
        Ok(())
    }
}

/// Beside the runtime's own threads: with many persons it takes its time.
async fn compile(newer: Newer) -> anyhow::Result<Result<Policy, PolicyError>> {
    tokio::task::spawn_blocking(|| newer.compile()).await.context("the rules are compiled")
}

/// What [`run`] works with.
#[derive(Debug, Clone)]
pub struct Keeper {
    /// Rules to be kept current.
    pub policies: Policies,
    /// States to be kept current.
    pub states: States,
    /// The database.
    pub db: Db,
    /// Whose.
    pub tenants: Tenants,
    /// Where to hear of new records.
    pub log: Log,
    /// Until then.
    pub stop: CancellationToken,
}

/// Keeps every tenant's rules and state current until told to stop, each by a task of its own: no tenant waits for another's.
pub async fn run(keeper: Keeper) {
    let mut kept = Tasks { keeper: keeper.clone(), looks: HashMap::new(), tasks: TaskTracker::new() };
    let mut listener: Option<PgListener> = None;
    loop {
        if listener.is_none() {
            match listen(&keeper.db).await {
                Ok(connected) => {
                    listener = Some(connected);
                    kept.look_at_all().await;
                }
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "no notices of the database for the moment");
                    tokio::select! {
                        () = keeper.stop.cancelled() => break,
                        () = tokio::time::sleep(RETRY) => continue,
                    }
                }
            }
        }
        let Some(connected) = listener.as_mut() else { continue };
        tokio::select! {
            () = keeper.stop.cancelled() => break,
            () = tokio::time::sleep(LOOK_ANYWAY) => kept.look_at_all().await,
            notice = connected.try_recv() => match notice {
                Ok(Some(notice)) => {
                    if let Ok(tenant) = notice.payload().parse::<Uuid>() {
                        kept.look_at(tenant.into());
                    }
                }
                // The connection was lost and may have taken notices with it.
                Ok(None) => kept.look_at_all().await,
                Err(_) => listener = None,
            },
        }
    }
    kept.tasks.close();
    kept.tasks.wait().await;
}

async fn listen(db: &Db) -> sqlx::Result<PgListener> {
    let mut listener = db.listener().await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// A task for each tenant.
struct Tasks {
    keeper: Keeper,
    /// Tells a tenant's task that its rules may have changed; one that is busy looks once more when it is done.
    looks: HashMap<TenantId, Arc<Notify>>,
    tasks: TaskTracker,
}

impl Tasks {
    async fn look_at_all(&mut self) {
        match self.keeper.tenants.refresh().await {
            Ok(all) => all.into_iter().for_each(|tenant| self.look_at(tenant.id)),
            Err(error) => tracing::warn!(error = format!("{error:#}"), "can't list the tenants"),
        }
    }

    fn look_at(&mut self, tenant: TenantId) {
        let look = self.looks.entry(tenant).or_insert_with(|| {
            let look = Arc::new(Notify::new());
            let keeping = self.keeper.clone().keep(tenant, Arc::clone(&look), self.tasks.clone());
            self.tasks.spawn(vital(self.keeper.stop.clone(), keeping));
            look
        });
        look.notify_one();
    }
}

impl Keeper {
    /// Keeps a tenant's. The state first: whoever has rules of a tenant finds its state there.
    async fn keep(self, tenant: TenantId, look: Arc<Notify>, tasks: TaskTracker) {
        let mut has_state = false;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = look.notified() => {}
            }
            if !has_state {
                match self.states.build(&self.db, tenant).await {
                    Ok(()) => {
                        has_state = true;
                        let (states, db, log) = (self.states.clone(), self.db.clone(), self.log.clone());
                        let following = state::follow(states, db, tenant, log, self.stop.clone());
                        tasks.spawn(vital(self.stop.clone(), following));
                    }
                    Err(error) => {
                        let error = format!("{error:#}");
                        tracing::error!(%tenant, error, "the state can't be read: agents decide alone");
                    }
                }
            }
            if let Err(error) = self.policies.refresh(&self.db, tenant).await {
                tracing::error!(%tenant, error = format!("{error:#}"), "the rules can't be read; those before stay in force");
            }
        }
    }
}
