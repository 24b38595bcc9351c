//! The only place that reads clocks.
//!
//! A Pi has no battery-backed clock. The time of day is therefore taken from the authenticated session with the server
//! and counted on by the clock that runs since boot; a restart of the program within the same boot keeps it. Until the
//! first session after a boot the time is the newest instant that is known to have passed, counted on, and it is marked as
//! untrusted: never more than has certainly passed, whatever the system's own clock says. The time is written down as it
//! passes, linked or not, so that no series of boots makes a bundle last longer than the time that the agent ran.

use std::collections::VecDeque;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use access_core::UnixMs;
use access_core::attempt::ClockTrust;
use access_core::event::NtpState;
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::door::Now;
use crate::durable;
use crate::newest::Newest;

/// No release of this program is older: 1 November 2026, 00:00 UTC.
const BUILT_AFTER: UnixMs = UnixMs(1_793_491_200_000);
/// A clock that is trusted follows the server's ahead by so much at once, in milliseconds.
pub const LEAP_MAX_MS: i64 = 5 * 60 * 1000;
/// The time is written down at most so often, in milliseconds.
const PERSIST_EVERY_MS: u64 = 10 * 60_000;
/// So far apart the server's clock and this one are worth a record, in milliseconds.
const JUMP_MS: i64 = 2_000;
/// Most changes that wait to be recorded.
const CHANGES_MAX: usize = 8;
/// Where the machine's time service tells that it goes by time servers; the folder is there where the service is.
const TIMESYNC: &str = "/run/systemd/timesync";
/// Where the kernel tells one boot from another.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The agent's clock, shared by its tasks.
#[derive(Debug, Clone)]
pub struct Clock {
    inner: Arc<Mutex<Inner>>,
    notes: Option<Arc<Newest<(), Note>>>,
    since_boot: SinceBoot,
    /// Where its machine's time service says how it is; none if nobody is to look.
    timesync: Option<&'static str>,
}

/// The server's clock and this one were apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// How far the server's was ahead, in milliseconds.
    pub by_ms: i64,
    /// Whether this one was set by it.
    pub was_followed: bool,
}

/// Milliseconds since boot.
#[derive(Clone)]
struct SinceBoot(Arc<dyn Fn() -> u64 + Send + Sync>);

impl fmt::Debug for SinceBoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SinceBoot")
    }
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
    /// Oldest first.
    changes: VecDeque<Change>,
    /// The server's clock is apart and not followed, and that was said.
    is_apart: bool,
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
    /// Whether a session had told the time in that boot. Notes of before said so by being there.
    #[serde(default = "was_told")]
    is_trusted: bool,
}

const fn was_told() -> bool {
    true
}

impl Clock {
    /// Opens the clock of a data folder. What can't be read there only costs trust.
    pub fn open(folder: &Path) -> Self {
        let boot_id = std::fs::read_to_string(BOOT_ID).unwrap_or_default();
        let notes = Newest::start("clock", |(), note: Note| note.write())
            .inspect_err(|error| tracing::warn!(%error, "the time will not be written down"));
        Self { timesync: Some(TIMESYNC), ..Self::with(folder, boot_id.trim(), boottime_ms, notes.ok()) }
    }

    /// A clock that is told its time and its boot. Its notes are written by whoever calls [`Clock::write_note`].
    #[cfg(test)]
    pub(crate) fn told(folder: &Path, boot_id: &str, since_boot: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self::with(folder, boot_id, since_boot, Some(Newest::apart()))
    }

    /// Writes down the time that waits to be.
    #[cfg(test)]
    pub(crate) fn write_note(&self) {
        if let Some(((), note)) = self.notes.as_ref().and_then(|notes| notes.take()) {
            note.write();
        }
    }

    fn with(
        folder: &Path,
        boot_id: &str,
        since_boot: impl Fn() -> u64 + Send + Sync + 'static,
        notes: Option<Newest<(), Note>>,
    ) -> Self {
        let mono_ms = since_boot();
        let path = folder.join("clock.json");
        let stored = durable::read(&path).ok().flatten();
        let stored: Option<Stored> = stored.and_then(|content| serde_json::from_slice(&content).ok());
        let floor = stored.as_ref().map_or(BUILT_AFTER, |stored| stored.unix.max(BUILT_AFTER));
        let same_boot = stored.filter(|stored| !boot_id.is_empty() && stored.boot_id == boot_id);
        let (anchor, trust) = match same_boot {
            Some(stored) => {
                let trust = if stored.is_trusted { ClockTrust::Trusted } else { ClockTrust::Untrusted };
                (Anchor { mono_ms: stored.mono_ms, unix: stored.unix }, trust)
            }
            None => (Anchor { mono_ms, unix: floor }, ClockTrust::Untrusted),
        };
        let boot_id = boot_id.to_owned();
        let (changes, is_apart) = (VecDeque::new(), false);
        let inner = Inner { path, boot_id, anchor, trust, floor, persisted_ms: None, changes, is_apart };
        let since_boot = SinceBoot(Arc::new(since_boot));
        Self { inner: Arc::new(Mutex::new(inner)), notes: notes.map(Arc::new), since_boot, timesync: None }
    }

    /// The present instant.
    pub fn now(&self) -> Now {
        self.lock().now(self.mono_ms())
    }

    /// The server's time, from an authenticated session. A trusted clock goes forward only; an untrusted one is set, but
    /// never before what is known to have passed.
    pub fn heard(&self, server: UnixMs) {
        let note = self.lock().heard(server, self.mono_ms());
        self.write_down(note);
    }

    /// Whether time servers keep the machine's own clock, by its time service.
    pub fn ntp(&self) -> NtpState {
        self.timesync.map_or(NtpState::Unknown, |folder| ntp_by(Path::new(folder)))
    }

    /// The next change that was not asked for yet.
    pub fn take_change(&self) -> Option<Change> {
        self.lock().changes.pop_front()
    }

    /// Has the time written down if that is due. To be called again and again.
    pub fn keep(&self) {
        let note = self.lock().keep(self.mono_ms());
        self.write_down(note);
    }

    fn write_down(&self, note: Option<Note>) {
        // On a thread of its own: neither the link nor whoever asks for the time waits for a disk.
        if let (Some(note), Some(notes)) = (note, &self.notes) {
            notes.put((), note);
        }
    }

    /// An instant that has certainly passed, by this agent's own clock when it was trusted: a bundle was taken then, a record was
    /// written then. Never a date that somebody else wrote: an untrusted clock is not set back behind it by any session.
    pub fn not_before(&self, passed: UnixMs) {
        let mut inner = self.lock();
        let now = inner.now(self.mono_ms());
        if inner.trust == ClockTrust::Trusted && passed.since(now.unix) > LEAP_MAX_MS {
            return;
        }
        inner.floor = inner.floor.max(passed);
        if now.unix < passed {
            inner.anchor = Anchor { mono_ms: now.mono_ms, unix: passed };
        }
    }

    fn mono_ms(&self) -> u64 {
        (self.since_boot.0)()
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
            self.note(server.since(now.unix), false);
            return None;
        }
        let is_set = match self.trust {
            ClockTrust::Trusted => server > now.unix,
            ClockTrust::Untrusted => true,
        };
        if is_set {
            self.anchor = Anchor { mono_ms, unix: server.max(self.floor) };
        }
        let by_ms = if is_set { self.anchor.unix.since(now.unix) } else { server.since(now.unix) };
        self.note(by_ms, is_set);
        let was_trusted = std::mem::replace(&mut self.trust, ClockTrust::Trusted) == ClockTrust::Trusted;
        if !was_trusted {
            self.persisted_ms = None;
        }
        self.keep(mono_ms)
    }

    /// Takes note of clocks that are apart: one that is not followed once, until they agree again.
    fn note(&mut self, by_ms: i64, was_followed: bool) {
        let is_jump = by_ms.abs() >= JUMP_MS;
        let was_apart = std::mem::replace(&mut self.is_apart, is_jump && !was_followed);
        if is_jump && (was_followed || !was_apart) && self.changes.len() < CHANGES_MAX {
            self.changes.push_back(Change { by_ms, was_followed });
        }
    }

    /// Answers what is to be written down, if it is time for that.
    fn keep(&mut self, mono_ms: u64) -> Option<Note> {
        if self.persisted_ms.is_some_and(|at_ms| mono_ms.saturating_sub(at_ms) < PERSIST_EVERY_MS) {
            return None;
        }
        self.persisted_ms = Some(mono_ms);
        let Now { unix, clock, .. } = self.now(mono_ms);
        let is_trusted = clock == ClockTrust::Trusted;
        let stored = Stored { boot_id: self.boot_id.clone(), mono_ms, unix, is_trusted };
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

fn ntp_by(folder: &Path) -> NtpState {
    // Both lie in memory: nobody waits for a disk.
    match (folder.join("synchronized").exists(), folder.exists()) {
        (true, _) => NtpState::Synchronised,
        (false, true) => NtpState::Unsynchronised,
        (false, false) => NtpState::Unknown,
    }
}

fn boottime_ms() -> u64 {
    // Every Linux since 2.6.39 has it; without it the program would stand at boot time, untrusted, and grant nothing.
    let Ok(since_boot) = clock_gettime(ClockId::CLOCK_BOOTTIME) else { return 0 };
    let ms = since_boot.tv_sec().saturating_mul(1_000).saturating_add(since_boot.tv_nsec() / 1_000_000);
    u64::try_from(ms).unwrap_or(0)
}

/// The machine's own clock, which stands for the world's in tests. The agent never asks it.
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
pub(crate) fn machine_time() -> UnixMs {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60_000;

    fn booted(folder: &tempfile::TempDir, boot_id: &str, mono_ms: u64) -> Clock {
        Clock::told(folder.path(), boot_id, move || mono_ms)
    }

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

    /// The agent runs from one instant of its boot to another, without a session.
    fn runs_alone(clock: &Clock, from_ms: u64, until_ms: u64) {
        for mono_ms in (from_ms..=until_ms).step_by(60_000) {
            let note = clock.lock().keep(mono_ms);
            if let Some(note) = note {
                note.write();
            }
        }
    }

    #[test]
    fn no_series_of_boots_without_a_session_stops_the_time() {
        let folder = tempfile::tempdir().unwrap();
        let hours = |count: u64| count * 60 * 60_000;
        let told = BUILT_AFTER.plus_ms(DAY);
        let linked = booted(&folder, "boot 1", 0);
        heard(&linked, told, 0);
        runs_alone(&linked, 0, hours(13));

        let alone = booted(&folder, "boot 2", 0);
        assert_eq!(now(&alone, 0), (told.plus_ms(hours(13) as i64), ClockTrust::Untrusted));
        runs_alone(&alone, 0, hours(12));
        let again = booted(&folder, "boot 3", 0);
        assert!(now(&again, 0).0 > told.plus_ms(DAY), "a bundle of the last session is too old by now");
        let restarted = booted(&folder, "boot 2", hours(13));
        assert_eq!(
            now(&restarted, hours(13)),
            (told.plus_ms(hours(26) as i64), ClockTrust::Untrusted),
            "the same boot"
        );
        heard(&restarted, told.plus_ms(2 * DAY), hours(13));
        let restarted = booted(&folder, "boot 2", hours(14));
        assert_eq!(now(&restarted, hours(14)).1, ClockTrust::Trusted, "written down at once");
    }

    #[test]
    fn a_boot_without_a_session_is_untrusted_and_never_in_the_past() {
        let folder = tempfile::tempdir().unwrap();
        let clock = booted(&folder, "boot 1", 5_000);
        assert_eq!(now(&clock, 5_000), (BUILT_AFTER, ClockTrust::Untrusted));
        assert_eq!(now(&clock, 6_000), (BUILT_AFTER.plus_ms(1_000), ClockTrust::Untrusted));

        let server = BUILT_AFTER.plus_ms(DAY);
        heard(&clock, server, 7_000);
        assert_eq!(now(&clock, 7_500), (server.plus_ms(500), ClockTrust::Trusted));

        let after_restart = booted(&folder, "boot 1", 9_000);
        assert_eq!(now(&after_restart, 9_000), (server.plus_ms(2_000), ClockTrust::Trusted), "same boot");
        let after_reboot = booted(&folder, "boot 2", 10);
        assert_eq!(now(&after_reboot, 10), (server, ClockTrust::Untrusted), "another boot");
    }

    #[test]
    fn a_trusted_clock_goes_forward_only() {
        let folder = tempfile::tempdir().unwrap();
        let ahead = BUILT_AFTER.plus_ms(9 * DAY);
        let clock = booted(&folder, "boot", 0);
        clock.lock().anchor.unix = ahead;
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
        assert_eq!(now(&clock, 0).0, soon, "nor anything else that is that far ahead");
        runs_alone(&clock, 0, PERSIST_EVERY_MS);

        let rebooted = booted(&folder, "another boot", 0);
        let waited = soon.plus_ms(PERSIST_EVERY_MS as i64);
        assert_eq!(now(&rebooted, 0), (waited, ClockTrust::Untrusted));
        let corrected = waited.plus_ms(DAY);
        heard(&rebooted, corrected, 0);
        assert_eq!(now(&rebooted, 0), (corrected, ClockTrust::Trusted), "nothing of the leap is left");
    }

    #[test]
    fn clocks_that_are_apart_are_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let clock = booted(&folder, "boot", 0);
        let told = |at: UnixMs| {
            heard(&clock, at, 0);
            let changes: Vec<_> = std::iter::from_fn(|| clock.take_change()).collect();
            changes.into_iter().map(|change| (change.by_ms, change.was_followed)).collect::<Vec<_>>()
        };
        let first = BUILT_AFTER.plus_ms(DAY);
        assert_eq!(told(first), [(DAY, true)], "set for the first time");
        assert_eq!(told(first.plus_ms(1_999)), []);
        assert_eq!(told(first.plus_ms(3_999)), [(2_000, true)]);
        assert_eq!(told(first.plus_ms(2_000)), []);
        assert_eq!(told(first.plus_ms(1_999)), [(-2_000, false)], "it is not turned back");
        assert_eq!(told(first), [], "said already");
        assert_eq!(told(first.plus_ms(3_999)), []);
        assert_eq!(told(first), [(-3_999, false)], "they agreed in between");
        assert_eq!(told(first.plus_ms(DAY)), [], "still apart, now the other way");
        assert_eq!(told(first.plus_ms(4_000)), []);
        assert_eq!(told(first.plus_ms(DAY)), [(DAY - 4_000, false)]);
    }

    #[test]
    fn whether_time_servers_keep_the_machines_clock() {
        let folder = tempfile::tempdir().unwrap();
        let service = folder.path().join("timesync");
        assert_eq!(ntp_by(&service), NtpState::Unknown);
        std::fs::create_dir(&service).unwrap();
        assert_eq!(ntp_by(&service), NtpState::Unsynchronised);
        std::fs::write(service.join("synchronized"), "").unwrap();
        assert_eq!(ntp_by(&service), NtpState::Synchronised);
    }

    #[test]
    fn what_has_passed_moves_the_clock() {
        let folder = tempfile::tempdir().unwrap();
        let clock = booted(&folder, "boot", 0);
        let signed = clock.now().unix.plus_ms(DAY);
        clock.not_before(signed);
        assert!(clock.now().unix >= signed);
        clock.heard(BUILT_AFTER);
        assert!(clock.now().unix >= signed, "not even the session turns it back behind that");
        clock.write_note();
        let again = booted(&folder, "boot", 0);
        assert_eq!(now(&again, 0), now(&clock, 0), "what was heard was written down");
    }
}
