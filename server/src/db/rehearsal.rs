//! A rehearsal: several transactions of a tenant as parts of one that is never committed. What routes do to the database can so be
//! tried with the routes themselves, to see what would come of it.

use std::sync::Arc;

use sqlx::{Executor as _, PgConnection, Postgres, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Where the parts are played, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Stage(Arc<Mutex<Scene>>);

#[derive(Debug)]
struct Scene {
    tx: Transaction<'static, Postgres>,
    /// A part was begun and not kept: what it did is undone before the next.
    is_open: bool,
}

/// One transaction of a rehearsal. Dropped before it is [kept](Part::keep), the parts after it see nothing of it.
#[derive(Debug)]
pub(super) struct Part(OwnedMutexGuard<Scene>);

impl Stage {
    /// The parts of this transaction.
    pub(super) fn new(tx: Transaction<'static, Postgres>) -> Self {
        Self(Arc::new(Mutex::new(Scene { tx, is_open: false })))
    }

    /// Begins a part. Refused while another goes on: whoever waited for it here would wait for themselves.
    pub(super) async fn begin(&self) -> sqlx::Result<Part> {
        let mut scene = Arc::clone(&self.0).try_lock_owned().map_err(|_| sqlx::Error::PoolTimedOut)?;
        if scene.is_open {
            scene.tx.execute("ROLLBACK TO SAVEPOINT part").await?;
        }
        scene.tx.execute("SAVEPOINT part").await?;
        scene.is_open = true;
        Ok(Part(scene))
    }
}

impl Part {
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.0.tx
    }

    pub(super) fn connection_ref(&self) -> &PgConnection {
        &self.0.tx
    }

    /// Lets the parts after it see what was done in it.
    pub(super) async fn keep(mut self) -> sqlx::Result<()> {
        self.0.tx.execute("RELEASE SAVEPOINT part").await?;
        self.0.is_open = false;
        Ok(())
    }
}
