//! When each version of a tenant's rules was in force, and whether a decision that names it can have been made by it. Called by
//! [`replay`](super::replay). It holds records against the history of the rules, never against a clock of its own.

use std::collections::BTreeMap;

use access_core::Policy;
use access_core::event::{Decided, Decision};
use access_core::time::UnixMs;
use access_core::verdict::Rule;

use super::again::{Again, decide_again};

/// A saved change is in force at the server so long after its last row was written, at the latest, in milliseconds: mostly a few.
/// But a large one must be committed, heard of, read and compiled, and the database's clock need not be the server's.
const TAKES_EFFECT_MS: i64 = 60_000;
/// An agent's trusted clock differs from the server's by so much at most, in milliseconds: it follows no greater leap, which is five
/// minutes. In the sixth lies what passes between an answer and its record, such as the wait for a finger.
const AGENTS_CLOCK_MS: i64 = 6 * 60_000;

/// First and last instant at which rows of a version were written.
pub type Written = (UnixMs, UnixMs);

/// When every version came into force.
#[derive(Debug)]
pub struct InForce(BTreeMap<u64, Written>);

/// When a version was in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// From when on.
    pub from: UnixMs,
    /// Until when, unless it still is.
    pub until: Option<UnixMs>,
}

impl InForce {
    /// Of versions by when their rows were written.
    pub fn of_versions(written: impl IntoIterator<Item = (u64, Written)>) -> Self {
        Self(written.into_iter().collect())
    }

    /// When a version was in force. One that changed no row counts with the one before.
    fn of(&self, version: u64) -> Option<Span> {
        let (_, (from, _)) = self.0.range(..=version).next_back()?;
        let until = self.0.range(version + 1..).next().map(|(_, (_, last))| *last);
        Some(Span { from: *from, until })
    }

    /// The span of the version that a decision names, if that can't have decided it: it was not in force where it was decided at the
    /// instants that the record tells. `policy` is what it was made again by.
    pub fn contradicts(&self, policy: &Policy, decision: &Decision, recorded_at: UnixMs) -> Option<Span> {
        let span = self.of(decision.verdict.policy_version)?;
        let is_possible = match decision.decided {
            Decided::Online => span.holds_online(decision.attempt.at, recorded_at),
            Decided::Offline => span.holds_offline(policy, decision, recorded_at),
        };
        (!is_possible).then_some(span)
    }
}

impl Span {
    fn is_around(self, at: UnixMs, margin_ms: i64) -> bool {
        at >= self.from.plus_ms(-margin_ms) && self.until.is_none_or(|until| at <= until.plus_ms(margin_ms))
    }

    /// The server decides by what is in force, and tells the attempt's instant; the agent records it at once, by its own clock.
    fn holds_online(self, decided_at: UnixMs, recorded_at: UnixMs) -> bool {
        self.is_around(decided_at, TAKES_EFFECT_MS) && self.is_around(recorded_at, AGENTS_CLOCK_MS)
    }

    /// An agent alone decides by a bundle that was signed while the version was in force, until that is too old. An untrusted clock
    /// shows an instant that has passed for certain, the bundle's signing among them, so this holds by it too.
    fn holds_offline(self, policy: &Policy, decision: &Decision, recorded_at: UnixMs) -> bool {
        let (at, verdict) = (decision.attempt.at, &decision.verdict);
        if at < self.from.plus_ms(-AGENTS_CLOCK_MS) {
            return false;
        }
        // As long as the tenant chose in that version.
        let bundle_age_ms = i64::from(policy.rules().alone_hours) * 60 * 60 * 1_000;
        if verdict.rule == Some(Rule::PolicyAge) {
            return at > self.from.plus_ms(bundle_age_ms - AGENTS_CLOCK_MS);
        }
        let Some(until) = self.until else { return true };
        let usable_until = until.plus_ms(bundle_age_ms + AGENTS_CLOCK_MS);
        // Recorded long after the attempt's instant, the attempt's is made up.
        let is_made_up = recorded_at > usable_until && recorded_at.since(at) > AGENTS_CLOCK_MS;
        // Responders, and whoever leaves, go on by rules that are too old.
        !is_made_up && decide_again(&policy.clone().usable_until(usable_until), decision) == Again::Same
    }
}
