//! The log: one gap-free order per tenant of agents' records and operators' acts.
//!
//! Whoever records something inserts into the outbox in its own transaction; its commit [`wakes`](Log::wake) the sequencer,
//! which alone gives positions and writes the log. Feed and search read by position.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use access_core::ids::TenantId;
use tokio::sync::{Notify, watch};

mod behind;
mod devices;
mod projection;
mod sequencer;
#[cfg(test)]
mod tests;
mod trials;

pub use projection::Alarm;
pub use sequencer::{Sequencer, run};

/// Priority of an alarm, 1 the highest.
pub use projection::priority;

#[derive(Debug)]
struct Line {
    wake: Arc<Notify>,
    newest: watch::Sender<u64>,
}

/// Where to wake the sequencer and to hear of new positions.
#[derive(Debug, Clone, Default)]
pub struct Log {
    lines: Arc<Mutex<HashMap<TenantId, Line>>>,
    /// A tenant that has no sequencer yet was woken.
    new_tenant: Arc<Notify>,
}

impl Log {
    fn line<T>(&self, tenant: TenantId, with: impl FnOnce(&Line) -> T) -> T {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.entry(tenant).or_insert_with(|| {
            self.new_tenant.notify_one();
            Line { wake: Arc::default(), newest: watch::Sender::new(0) }
        });
        with(line)
    }

    /// Something was committed to the tenant's outbox.
    pub fn wake(&self, tenant: TenantId) {
        self.line(tenant, |line| line.wake.notify_one());
    }

    /// The newest position, and when it moves. 0 until the sequencer has looked for the first time.
    pub fn subscribe(&self, tenant: TenantId) -> watch::Receiver<u64> {
        self.line(tenant, |line| line.newest.subscribe())
    }
}
