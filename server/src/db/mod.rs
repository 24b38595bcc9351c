//! The database: three pools of different roles, and [`TenantTx`], the only way to a connection.
//!
//! Every table's row security reads `app.tenant`, which a [`TenantTx`] sets for its transaction alone; without one, a
//! query sees no row at all.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use access_core::ids::{OperatorId, TenantId};
use anyhow::{Context as _, ensure};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool, Postgres, Transaction};

mod rehearsal;
#[cfg(test)]
mod tests;

use rehearsal::Stage;

/// The migrations, in the binary.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");
/// Makes the roles; run by the cluster's administrator.
pub const ROLES: &str = include_str!("roles.sql");

/// Most connections of each role.
const CONNECTIONS_MAX: u32 = 16;

/// How long a request waits for a connection: while the database is away, it is refused soon.
const ACQUIRE_WAIT: Duration = Duration::from_secs(5);

/// Rung for a tenant when something for its log was committed.
#[derive(Clone)]
struct Bell(Arc<dyn Fn(TenantId) + Send + Sync>);

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bell")
    }
}

/// Whether Postgres takes writes in a transaction.
#[derive(Debug, Clone, Copy)]
enum Writes {
    Allowed,
    Refused,
}

impl Writes {
    /// As Postgres's `transaction_read_only` has it.
    fn as_read_only(self) -> &'static str {
        match self {
            Self::Allowed => "off",
            Self::Refused => "on",
        }
    }
}

/// The service's connections.
#[derive(Debug, Clone)]
pub struct Db {
    app: PgPool,
    vault: PgPool,
    sequencer: PgPool,
    bell: Option<Bell>,
    /// Where everything is tried and nothing lasts, if this is a rehearsal.
    stage: Option<Stage>,
}

impl Db {
    /// Connects as `pforte_app` and `pforte_vault` to the database that `server` names. Refuses a role that could step
    /// over row security.
    pub async fn connect(server: &PgConnectOptions) -> anyhow::Result<Self> {
        let pool = async |role: &str| -> anyhow::Result<PgPool> {
            let pool = PgPoolOptions::new()
                .max_connections(CONNECTIONS_MAX)
                .acquire_timeout(ACQUIRE_WAIT)
                // A handler that was dropped in mid-transaction can leave it open on the connection: later writes
                // would vanish with it. Alone, ROLLBACK would have Postgres warn in its log each time that nothing is open,
                // which is nearly always. A transaction that failed takes no BEGIN.
                .before_acquire(|connection, _| {
                    Box::pin(async move {
                        if connection.execute("BEGIN; ROLLBACK").await.is_err() {
                            connection.execute("ROLLBACK").await?;
                        }
                        Ok(true)
                    })
                })
                .connect_with(server.clone().username(role).options([("client_min_messages", "error")]))
                .await
                .with_context(|| format!("can't connect to Postgres as {role}"))?;
            let steps_over: bool =
                sqlx::query_scalar("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
                    .fetch_one(&pool)
                    .await?;
            ensure!(!steps_over, "database role {role} could step over row security; the service refuses to run as it");
            Ok(pool)
        };
        Ok(Self {
            app: pool("pforte_app").await?,
            vault: pool("pforte_vault").await?,
            sequencer: pool("pforte_sequencer").await?,
            bell: None,
            stage: None,
        })
    }

    /// The same connections, which call `ring` when a transaction that put something into a tenant's outbox is committed.
    #[must_use]
    pub fn ringing(self, ring: impl Fn(TenantId) + Send + Sync + 'static) -> Self {
        Self { bell: Some(Bell(Arc::new(ring))), ..self }
    }

    /// The same database for a rehearsal: each transaction that is begun in it sees what those before did, what it "commits" nobody
    /// else ever sees, and all of it is gone with the last copy. One transaction at a time.
    pub async fn rehearsal(&self) -> sqlx::Result<Self> {
        let stage = Stage::new(self.vault.begin().await?);
        Ok(Self { bell: None, stage: Some(stage), ..self.clone() })
    }

    /// Begins a transaction that sees and writes one tenant's rows, the vault's excepted.
    pub async fn begin(&self, tenant: TenantId, operator: Option<OperatorId>) -> sqlx::Result<TenantTx> {
        self.begin_on(&self.app, Writes::Allowed, tenant, operator).await
    }

    /// Begins a transaction in which staff change something. Those of one tenant come one after another: they lock rows in whatever
    /// order they need them, and two at once could wait for each other.
    pub async fn begin_change(&self, tenant: TenantId, operator: Option<OperatorId>) -> sqlx::Result<TenantTx> {
        let mut tx = self.begin(tenant, operator).await?;
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind(tenant.to_string())
            .execute(&mut *tx)
            .await?;
        Ok(tx)
    }

    /// Begins a transaction that sees one tenant's rows, the vault's excepted; Postgres refuses to write in it.
    pub async fn read(&self, tenant: TenantId, operator: Option<OperatorId>) -> sqlx::Result<TenantTx> {
        self.begin_on(&self.app, Writes::Refused, tenant, operator).await
    }

    /// Begins a transaction that sees one tenant's rows, the vault's excepted, all as they are at one moment; Postgres refuses to write
    /// in it. (A rehearsal has no such moment.)
    pub async fn snapshot(&self, tenant: TenantId) -> sqlx::Result<TenantTx> {
        self.begin_by("BEGIN ISOLATION LEVEL REPEATABLE READ", &self.app, Writes::Refused, tenant, None).await
    }

    /// Begins a transaction that reaches the tenant's vault too.
    pub async fn begin_vault(&self, tenant: TenantId, operator: Option<OperatorId>) -> sqlx::Result<TenantTx> {
        self.begin_on(&self.vault, Writes::Allowed, tenant, operator).await
    }

    /// Begins a transaction of the sequencer's, which alone writes the log.
    pub async fn begin_sequencer(&self, tenant: TenantId) -> sqlx::Result<TenantTx> {
        self.begin_on(&self.sequencer, Writes::Allowed, tenant, None).await
    }

    async fn begin_on(
        &self,
        pool: &PgPool,
        writes: Writes,
        tenant: TenantId,
        operator: Option<OperatorId>,
    ) -> sqlx::Result<TenantTx> {
        self.begin_by("BEGIN", pool, writes, tenant, operator).await
    }

    async fn begin_by(
        &self,
        statement: &'static str,
        pool: &PgPool,
        writes: Writes,
        tenant: TenantId,
        operator: Option<OperatorId>,
    ) -> sqlx::Result<TenantTx> {
        let mut tx = match &self.stage {
            None => Tx::Own(pool.begin_with(statement).await?),
            Some(stage) => Tx::Rehearsed(stage.begin().await?),
        };
        sqlx::query(
            "SELECT set_config('app.tenant', $1, true), set_config('app.operator', $2, true), \
             set_config('transaction_read_only', $3, true)",
        )
        .bind(tenant.to_string())
        .bind(operator.map(|operator| operator.to_string()).unwrap_or_default())
        // What a transaction may not do any more, a part of it can't be allowed again.
        .bind(if self.stage.is_some() { Writes::Allowed } else { writes }.as_read_only())
        .execute(tx.connection())
        .await?;
        Ok(TenantTx { tx, tenant, is_for_log: false, bell: self.bell.clone() })
    }

    /// Where the tenants can be listed, and nothing else without a [`TenantTx`].
    pub fn directory(&self) -> &PgPool {
        &self.sequencer
    }

    /// A connection that hears notices.
    pub async fn listener(&self) -> sqlx::Result<PgListener> {
        PgListener::connect_with(&self.app).await
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.app.close().await;
        self.vault.close().await;
        self.sequencer.close().await;
    }
}

/// Brings the schema up to date, as the owner role.
pub async fn migrate(server: &PgConnectOptions) -> anyhow::Result<()> {
    let mut owner = PgConnection::connect_with(&server.clone().username("pforte_owner")).await?;
    MIGRATIONS.run(&mut owner).await.context("can't bring the database's schema up to date")?;
    owner.close().await?;
    Ok(())
}

/// A transaction of its own, or a part of a rehearsal.
#[derive(Debug)]
enum Tx {
    Own(Transaction<'static, Postgres>),
    Rehearsed(rehearsal::Part),
}

impl Tx {
    fn connection(&mut self) -> &mut PgConnection {
        match self {
            Self::Own(tx) => tx,
            Self::Rehearsed(part) => part.connection(),
        }
    }

    async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Own(tx) => tx.commit().await,
            Self::Rehearsed(part) => part.keep().await,
        }
    }
}

/// A transaction bound to one tenant. Dropped without [`commit`](TenantTx::commit), it leaves nothing.
#[derive(Debug)]
pub struct TenantTx {
    tx: Tx,
    tenant: TenantId,
    is_for_log: bool,
    bell: Option<Bell>,
}

impl TenantTx {
    /// Whose rows it sees.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Something was put into the tenant's outbox: once it is committed, the sequencer is woken.
    pub fn note_for_log(&mut self) {
        self.is_for_log = true;
    }

    /// Makes everything done in it last.
    pub async fn commit(self) -> sqlx::Result<()> {
        self.tx.commit().await?;
        if let (true, Some(Bell(ring))) = (self.is_for_log, &self.bell) {
            ring(self.tenant);
        }
        Ok(())
    }
}

impl Deref for TenantTx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match &self.tx {
            Tx::Own(tx) => tx,
            Tx::Rehearsed(part) => part.connection_ref(),
        }
    }
}

impl DerefMut for TenantTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.tx.connection()
    }
}
