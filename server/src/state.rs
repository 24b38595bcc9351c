//! What every handler can reach.

use std::path::Path;
use std::sync::{Arc, RwLock};

use access_core::ids::TenantId;
use access_core::{Policy, UnixMs};
use anyhow::Context as _;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agents::Links;
use crate::audit::{Change, Looks};
use crate::auth::Actor;
use crate::db::{Db, TenantTx};
use crate::decisions;
use crate::decisions::{Keeper, PastRules, Policies, RulesOfVersion, States};
use crate::enrolment::Stations;
use crate::installation::Installation;
use crate::keys::{CardKeys, Keys};
use crate::log::Log;
use crate::operators::{Passwords, Throttle};
use crate::tenants::Tenants;
use crate::vault::NameIndex;

/// Shared by all requests; cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState {
    /// Which installation this is.
    pub installation: Installation,
    /// The database.
    pub db: Db,
    /// The installation's keys.
    pub keys: Arc<Keys>,
    /// Who holds the master keys of cards: the same file, and a module where the configuration names one.
    pub card_keys: CardKeys,
    /// Which tenants there are.
    pub tenants: Tenants,
    /// Who is called what.
    pub names: Arc<RwLock<NameIndex>>,
    /// The one order of everything that happened.
    pub log: Log,
    /// The rules in force.
    pub policies: Policies,
    /// Rules of versions before.
    pub past_rules: PastRules,
    /// What happened before, as far as rules ask for it.
    pub states: States,
    /// Linked agents.
    pub agents: Links,
    /// How agents find this server.
    pub agents_port: Arc<AgentsAddress>,
    /// Enrolment stations and the dialogues at them.
    pub stations: Arc<Stations>,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// Who looked at whom of late.
    pub looks: Arc<Looks>,
    /// Guesses of late.
    pub throttle: Arc<Throttle>,
    /// Told when sessions were ended: feeds look at theirs.
    pub sessions_ended: watch::Sender<()>,
    /// Control socket of the virtual doors, in a demo or test.
    pub demo: Option<Arc<Path>>,
    /// Work that no answer waits for. The server waits for it before it ends.
    pub unanswered: TaskTracker,
    /// Cancelled when the server stops.
    pub stop: CancellationToken,
}

/// How agents find this server and know it.
#[derive(Debug, Clone, Default)]
pub struct AgentsAddress {
    /// Host and port as agents write them.
    pub address: String,
    /// SHA-256 of the authority's certificate.
    pub authority: [u8; 32],
}

impl AppState {
    /// The state of a server over this database.
    pub fn new(installation: Installation, db: Db, keys: Keys, agents_port: AgentsAddress) -> anyhow::Result<Self> {
        let log = Log::default();
        let bell = log.clone();
        let db = db.ringing(move |tenant| bell.wake(tenant));
        let keys = Arc::new(keys);
        Ok(Self {
            installation,
            tenants: Tenants::new(db.clone()),
            db,
            card_keys: CardKeys::of_file(Arc::clone(&keys)),
            keys,
            names: Arc::default(),
            log,
            policies: Policies::default(),
            past_rules: PastRules::default(),
            states: States::default(),
            agents: Links::default(),
            agents_port: Arc::new(agents_port),
            stations: Arc::default(),
            passwords: Passwords::new()?,
            looks: Arc::default(),
            throttle: Arc::default(),
            sessions_ended: watch::Sender::new(()),
            demo: None,
            unanswered: TaskTracker::new(),
            stop: CancellationToken::new(),
        })
    }

    /// What keeps rules and states current.
    pub fn keeper(&self) -> Keeper {
        Keeper {
            policies: self.policies.clone(),
            states: self.states.clone(),
            db: self.db.clone(),
            tenants: self.tenants.clone(),
            log: self.log.clone(),
            stop: self.stop.clone(),
        }
    }

    /// What routes reach in a rehearsal: [the same database](Db::rehearsal), of which nothing lasts, and nothing in memory that
    /// somebody else could notice.
    pub async fn rehearsal(&self) -> sqlx::Result<Self> {
        Ok(Self {
            db: self.db.rehearsal().await?,
            names: Arc::default(),
            agents: Links::default(),
            stations: Arc::default(),
            looks: Arc::default(),
            throttle: Arc::default(),
            sessions_ended: watch::Sender::new(()),
            ..self.clone()
        })
    }

    /// The rules in force, as the database has them now.
    pub async fn rules_in_force(&self, tenant: TenantId) -> anyhow::Result<Arc<Policy>> {
        self.policies.refresh(&self.db, tenant).await?;
        self.policies.current(tenant).context("rules were read a moment ago")
    }

    /// The rules of a version; none if the tenant never was at it.
    pub async fn rules_of(&self, tenant: TenantId, version: u64) -> anyhow::Result<Option<Arc<RulesOfVersion>>> {
        self.past_rules.of(&self.db, tenant, version).await
    }

    /// The state that rules read, as the log says it up to an instant.
    pub async fn state_at(&self, tenant: TenantId, at: UnixMs) -> anyhow::Result<access_core::State> {
        decisions::state_at(&self.db, tenant, at).await
    }

    /// Where an operator reads; what is written there Postgres refuses.
    pub async fn read(&self, actor: &Actor) -> sqlx::Result<TenantTx> {
        self.db.read(actor.tenant, Some(actor.operator)).await
    }

    /// Where an operator changes something, which is committed with its act alone.
    pub async fn change<'a>(&'a self, actor: &'a Actor) -> sqlx::Result<Change<'a>> {
        let tx = self.db.begin_change(actor.tenant, Some(actor.operator)).await?;
        Ok(Change::new(&self.keys, actor, tx))
    }

    /// Where an operator changes something that reaches into the vault, or looks into it: a look is an act too.
    pub async fn change_vault<'a>(&'a self, actor: &'a Actor) -> sqlx::Result<Change<'a>> {
        let tx = self.db.begin_vault(actor.tenant, Some(actor.operator)).await?;
        Ok(Change::new(&self.keys, actor, tx))
    }
}
