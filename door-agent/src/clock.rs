//! The only place that reads clocks.
//!
//! A Pi has no battery-backed clock. The time of day is therefore taken from the authenticated session with the server
//! and counted on by the clock that runs since boot; a restart of the program within the same boot keeps it. Until the
//! first session after a boot the time is a guess that is never before the newest instant that is known to have passed,
//! and it is marked as untrusted.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use access_core::UnixMs;
use access_core::attempt::ClockTrust;
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::door::Now;
use crate::durable;
use crate::newest::Newest;

/// No release of this program is older: 1 November 2026, 00:00 UTC.
const BUILT_AFTER: UnixMs = UnixMs(1_793_491_200_000);
/// A clock that is trusted follows the server's ahead by so much at once, in milliseconds.
const LEAP_MAX_MS: i64 = 5 * 60 * 1000;
/// The time is written down at most so often, in milliseconds.
const PERSIST_EVERY_MS: u64 = 10 * 60_000;
/// Where the kernel tells one boot from another.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The agent's clock, shared by its tasks.
#[derive(Debug, Clone)]
pub struct Clock {
    inner: Arc<Mutex<Inner>>,
    notes: Option<Arc<Newest<(), Note>>>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    boot_id: String,
    /// An instant on both clocks.
    anchor: Anchor,
    trust: ClockTrust,
    floor: UnixMs,
    persisted_ms: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Anchor {
    mono_ms: u64,
    unix: UnixMs,
}

/// What is written down.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    boot_id: String,
    mono_ms: u64,
    unix: UnixMs,
}

impl Clock {
    /// Opens the clock of a data folder. What can't be read there only costs trust.
    pub fn open(folder: &Path) -> Self {
        let boot_id = std::fs::read_to_string(BOOT_ID).unwrap_or_default();
        Self::with(folder, boot_id.trim(), boottime_ms(), system_time())
    }

    fn with(folder: &Path, boot_id: &str, mono_ms: u64, system: UnixMs) -> Self {
        let path = folder.join("clock.json");
        let stored = durable::read(&path).ok().flatten();
        let stored: Option<Stored> = stored.and_then(|content| serde_json::from_slice(&content).ok());
        let floor = stored.as_ref().map_or(BUILT_AFTER, |stored| stored.unix.max(BUILT_AFTER));
        let same_boot = stored.filter(|stored| !boot_id.is_empty() && stored.boot_id == boot_id);
        let (anchor, trust) = match same_boot {
            Some(stored) => (Anchor { mono_ms: stored.mono_ms, unix: stored.unix }, ClockTrust::Trusted),
            None => (Anchor { mono_ms, unix: system.max(floor) }, ClockTrust::Untrusted),
        };
        let boot_id = boot_id.to_owned();
        let inner = Inner { path, boot_id, anchor, trust, floor, persisted_ms: None };
        let notes = Newest::start("clock", |(), note: Note| note.write())
            .inspect_err(|error| tracing::warn!(%error, "the time will not be written down"));
        Self { inner: Arc::new(Mutex::new(inner)), notes: notes.ok().map(Arc::new) }
    }

    /// The present instant.
    pub fn now(&self) -> Now {
        self.lock().now(boottime_ms())
    }

    /// The server's time, from an authenticated session. A trusted clock goes forward only; an untrusted one is set, but
    /// never before what is known to have passed.
    pub fn heard(&self, server: UnixMs) {
        let note = self.lock().heard(server, boottime_ms());
        // On a thread of its own: neither the link nor whoever asks for the time waits for a disk.
        if let (Some(note), Some(notes)) = (note, &self.notes) {
            notes.put((), note);
        }
    }

    /// An instant that has certainly passed: a bundle was signed then, a record was written then.
    pub fn not_before(&self, passed: UnixMs) {
        let mut inner = self.lock();
        inner.floor = inner.floor.max(passed);
        let now = inner.now(boottime_ms());
        let is_leap = inner.trust == ClockTrust::Trusted && passed.since(now.unix) > LEAP_MAX_MS;
        if now.unix < passed && !is_leap {
            inner.anchor = Anchor { mono_ms: now.mono_ms, unix: passed };
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn now(&self, mono_ms: u64) -> Now {
        let passed_ms = mono_ms.saturating_sub(self.anchor.mono_ms);
        let unix = self.anchor.unix.plus_ms(i64::try_from(passed_ms).unwrap_or(i64::MAX));
        Now { mono_ms, unix, clock: self.trust }
    }

    /// Answers what is to be written down, if it is time for that.
    fn heard(&mut self, server: UnixMs, mono_ms: u64) -> Option<Note> {
        let now = self.now(mono_ms);
        // A server whose clock is wrong must not take this one along: what it pushes past certificates and bundles no
        // reboot brings back.
        let is_leap = self.trust == ClockTrust::Trusted && server.since(now.unix) > LEAP_MAX_MS;
        if is_leap {
            tracing::error!(ahead_ms = server.since(now.unix), "the server's clock leapt ahead; it is not followed");
            return None;
        }
        let is_set = match self.trust {
            ClockTrust::Trusted => server > now.unix,
            ClockTrust::Untrusted => true,
        };
        if is_set {
            self.anchor = Anchor { mono_ms, unix: server.max(self.floor) };
        }
        let was_trusted = std::mem::replace(&mut self.trust, ClockTrust::Trusted) == ClockTrust::Trusted;
        let is_due = self.persisted_ms.is_none_or(|at_ms| mono_ms.saturating_sub(at_ms) >= PERSIST_EVERY_MS);
        if was_trusted && !is_due {
            return None;
        }
        self.persisted_ms = Some(mono_ms);
        let stored = Stored { boot_id: self.boot_id.clone(), mono_ms, unix: self.now(mono_ms).unix };
        Some(Note { path: self.path.clone(), stored })
    }
}

/// A time to be written down.
#[derive(Debug)]
#[must_use]
struct Note {
    path: PathBuf,
    stored: Stored,
}

impl Note {
    fn write(&self) {
        let written = serde_json::to_vec(&self.stored)
            .map_err(std::io::Error::from)
            .and_then(|content| durable::replace(&self.path, &content));
        if let Err(error) = written {
            tracing::warn!(%error, "the time could not be written down");
        }
    }
}

fn boottime_ms() -> u64 {
    // Every Linux since 2.6.39 has it; without it the program would stand at boot time, untrusted, and grant nothing.
    let Ok(since_boot) = clock_gettime(ClockId::CLOCK_BOOTTIME) else { return 0 };
    let ms = since_boot.tv_sec().saturating_mul(1_000).saturating_add(since_boot.tv_nsec() / 1_000_000);
    u64::try_from(ms).unwrap_or(0)
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
fn system_time() -> UnixMs {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60_000;

    fn heard(clock: &Clock, server: UnixMs, mono_ms: u64) {
        let note = clock.lock().heard(server, mono_ms);
        if let Some(note) = note {
            note.write();
        }
    }

    fn now(clock: &Clock, mono_ms: u64) -> (UnixMs, ClockTrust) {
        let now = clock.lock().now(mono_ms);
        (now.unix, now.clock)
    }

    #[test]
    fn a_boot_without_a_session_is_untrusted_and_never_in_the_past() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::with(folder.path(), "boot 1", 5_000, UnixMs(0));
        assert_eq!(now(&clock, 5_000), (BUILT_AFTER, ClockTrust::Untrusted));
        assert_eq!(now(&clock, 6_000), (BUILT_AFTER.plus_ms(1_000), ClockTrust::Untrusted));

        let server = BUILT_AFTER.plus_ms(DAY);
        heard(&clock, server, 7_000);
        assert_eq!(now(&clock, 7_500), (server.plus_ms(500), ClockTrust::Trusted));

        let after_restart = Clock::with(folder.path(), "boot 1", 9_000, UnixMs(0));
        assert_eq!(now(&after_restart, 9_000), (server.plus_ms(2_000), ClockTrust::Trusted), "same boot");
        let after_reboot = Clock::with(folder.path(), "boot 2", 10, UnixMs(0));
        assert_eq!(now(&after_reboot, 10), (server, ClockTrust::Untrusted), "another boot");
    }

    #[test]
    fn a_trusted_clock_goes_forward_only() {
        let folder = tempfile::tempdir().unwrap();
        let ahead = BUILT_AFTER.plus_ms(9 * DAY);
        let clock = Clock::with(folder.path(), "boot", 0, ahead);
        let server = BUILT_AFTER.plus_ms(DAY);
        heard(&clock, server, 0);
        assert_eq!(now(&clock, 0).0, server, "an untrusted clock that ran ahead is set back");
        heard(&clock, BUILT_AFTER, 0);
        assert_eq!(now(&clock, 0).0, server);
        let soon = server.plus_ms(LEAP_MAX_MS);
        heard(&clock, soon, 0);
        assert_eq!(now(&clock, 0).0, soon);
        heard(&clock, ahead, 0);
        assert_eq!(now(&clock, 0).0, soon, "a server whose clock leapt is not followed");
        clock.not_before(ahead);
        assert!(now(&clock, 0).0 < ahead, "nor is a bundle that it signed");
    }

    #[test]
    fn what_has_passed_moves_the_clock() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::with(folder.path(), "boot", 0, UnixMs(0));
        let signed = clock.now().unix.plus_ms(DAY);
        clock.not_before(signed);
        assert!(clock.now().unix >= signed);
        clock.heard(BUILT_AFTER);
        assert!(clock.now().unix >= signed, "not even the session turns it back behind that");
    }
}
