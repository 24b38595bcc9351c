//! The one clock that measures: the time that this thread was computing, as the kernel counts it. On a quiet machine that is the time
//! that passed; on a busy one, what others computed meanwhile is not in it, which would otherwise strike whoever takes longest.

use std::time::Duration;

use anyhow::Context as _;
use nix::sys::time::TimeSpec;
use nix::time::ClockId;

/// When something began.
pub(crate) struct Began(TimeSpec);

impl Began {
    /// Now.
    pub(crate) fn now() -> anyhow::Result<Self> {
        read().map(Self)
    }

    /// What this thread has computed since. Reading it costs some hundred nanoseconds.
    pub(crate) fn elapsed(&self) -> anyhow::Result<Duration> {
        Ok(Duration::from(read()? - self.0))
    }
}

fn read() -> anyhow::Result<TimeSpec> {
    ClockId::CLOCK_THREAD_CPUTIME_ID.now().context("can't read the thread's clock")
}
