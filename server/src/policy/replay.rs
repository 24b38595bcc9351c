//! The log decided again, from its records alone: does each verdict follow from the rules that it names, and were these in force? And
//! with changes: which past entries would have gone otherwise? Called by `pforte-server replay`.

use std::sync::Arc;

use access_core::Policy;
use access_core::decide::{RULES_VERSION, judge};
use access_core::event::Decision;
use access_core::ids::TenantId;
use access_core::policy::{PolicyChange, PolicyRows};
use access_core::time::UnixMs;
use access_core::verdict::{Outcome, Reason};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

use super::Editors;
use super::again::{Again, decide_again, is_without_rules, policy_of};
use super::force::{InForce, Span};
use super::preview::{PolicyChangeWanted, rehearse};
use super::store::{self, Logged};
use crate::auth::{Actor, Role};
use crate::clock;
use crate::decisions::RulesOfVersion;
use crate::state::AppState;

/// Records read at once.
const BATCH: i64 = 1_000;

/// Changes that are supposed, as a file holds them: what a preview takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supposed {
    /// In this order.
    pub changes: Vec<PolicyChangeWanted>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Decisions that were looked at.
    pub decisions: u64,
    /// Those that rules did not end: a device failed, a card was taken away, nothing could be recorded.
    pub by_agents: u64,
    /// Those by an older version of RULES.md, which can't be made again.
    pub by_other_rules: u64,
    /// Those whose version of the tenant's rules is not known.
    pub without_rules: u64,
    /// Those that come out differently.
    pub different: u64,
    /// Those that follow from the version of the tenant's rules that they name, while this was not in force.
    pub out_of_force: u64,
}

/// What is wrong with a decision, or would be different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Now {
    /// This comes out: released or not, and why.
    Verdict(Outcome, Reason),
    /// The same comes out, by rules that were in force at another time.
    OutOfForce(Span),
}

/// A decision that comes out differently, or follows from rules that were not in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its place in the log.
    pub position: i64,
    /// What was decided.
    pub decision: Box<Decision>,
    /// What comes out now.
    pub now: Now,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { position, decision, now } = self;
        let word = |outcome: &Outcome| match outcome {
            Outcome::Grant { .. } => "granted",
            Outcome::Need(_) => "need",
            Outcome::Deny => "refused",
        };
        let (attempt, was) = (&decision.attempt, &decision.verdict);
        let person = was.person.map_or_else(|| "-".to_owned(), |person| person.to_string());
        write!(
            f,
            "{position} {} door {} {} person {person} version {}: was {} ({}), ",
            clock::from_unix_ms(attempt.at).to_rfc3339(),
            attempt.door,
            attempt.side,
            was.policy_version,
            word(&was.outcome),
            was.reason,
        )?;
        match now {
            Now::Verdict(outcome, reason) => write!(f, "is {} ({reason})", word(outcome)),
            Now::OutOfForce(Span { from, until }) => {
                let told = |at: &UnixMs| clock::from_unix_ms(*at).to_rfc3339();
                let until = until.as_ref().map_or_else(|| "now".to_owned(), told);
                write!(f, "by rules in force from {} to {until}", told(from))
            }
        }
    }
}

/// Decides everything again that was decided from `from` on and before `until`, and tells what comes out differently or follows from
/// rules that were not in force. With changes, the rules of each version are taken as if they had been made.
pub async fn replay(
    state: &AppState,
    tenant: TenantId,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    changes: Option<&[PolicyChange]>,
    tell: &mut (dyn FnMut(Difference) + Send),
) -> anyhow::Result<Replayed> {
    let mut replayed = Replayed::default();
    let mut rules: Option<Rules> = None;
    let in_force = InForce::of_versions(store::written(&mut *state.db.read(tenant, None).await?, tenant).await?);
    let mut position = 0;
    loop {
        let mut tx = state.db.read(tenant, None).await?;
        let batch = store::decisions_after(&mut tx, tenant, position, (from, until), BATCH).await?;
        drop(tx);
        let Some((last, _)) = batch.last() else { return Ok(replayed) };
        position = *last;
        for (position, logged) in batch {
            replayed.decisions += 1;
            let decision = &logged.decision;
            // By newer ones of an agent that was updated first: what these say of it is the same, or is told.
            if decision.rules_version < RULES_VERSION {
                replayed.by_other_rules += 1;
                continue;
            }
            let version = decision.verdict.policy_version;
            if version == 0 {
                if is_without_rules(&decision.verdict) {
                    replayed.by_agents += 1;
                } else {
                    replayed.different += 1;
                    let now = Now::Verdict(Outcome::Deny, Reason::NoPolicy);
                    tell(Difference { position, decision: logged.decision, now });
                }
                continue;
            }
            if rules.as_ref().is_none_or(|rules| rules.of.policy.version() != version) {
                rules = match state.rules_of(tenant, version).await? {
                    Some(of) => Some(Rules::new(of, changes)?),
                    None => None,
                };
            }
            match &rules {
                Some(rules) => rules.look(position, logged, &in_force, &mut replayed, tell)?,
                None => replayed.without_rules += 1,
            }
        }
    }
}

/// The rules of a version, and as they would be with the changes.
struct Rules {
    of: Arc<RulesOfVersion>,
    changed: Option<Policy>,
}

impl Rules {
    fn new(of: Arc<RulesOfVersion>, changes: Option<&[PolicyChange]>) -> anyhow::Result<Self> {
        let changed = match changes {
            None => None,
            Some(changes) => {
                let mut rows: PolicyRows = of.policy.to_rows();
                for change in changes {
                    // What was not there yet, or is gone already, can't be taken out.
                    let _ = rows.change(change);
                }
                let version = of.policy.version();
                Some(Policy::compile(rows).map_err(|error| {
                    anyhow::anyhow!("the changes can't be supposed in version {version} of the rules: {error}")
                })?)
            }
        };
        Ok(Self { of, changed })
    }

    fn look(
        &self,
        position: i64,
        Logged { decision, author, at }: Logged,
        in_force: &InForce,
        replayed: &mut Replayed,
        tell: &mut (dyn FnMut(Difference) + Send),
    ) -> anyhow::Result<()> {
        let as_it_was = policy_of(&self.of, &self.of.policy, author, &decision)?;
        let again = decide_again(&as_it_was, &decision);
        if again == Again::ByAgent {
            replayed.by_agents += 1;
            return Ok(());
        }
        let now = match (&self.changed, again) {
            (None, Again::Different(verdict)) => Now::Verdict(verdict.outcome, verdict.reason),
            (None, _) => match in_force.contradicts(&as_it_was, &decision, at) {
                Some(span) => Now::OutOfForce(span),
                None => return Ok(()),
            },
            (Some(changed), _) => {
                let policy = policy_of(&self.of, changed, author, &decision)?;
                let verdict = judge(&policy, &decision.circumstances, &decision.attempt);
                let was = (&decision.verdict.outcome, decision.verdict.reason);
                if (&verdict.outcome, verdict.reason) == was {
                    return Ok(());
                }
                Now::Verdict(verdict.outcome, verdict.reason)
            }
        };
        match now {
            Now::Verdict(..) => replayed.different += 1,
            Now::OutOfForce(_) => replayed.out_of_force += 1,
        }
        tell(Difference { position, decision, now });
        Ok(())
    }
}

/// What the changes would make of the rules in force: rows put in and taken out.
pub async fn suppose(
    state: &AppState,
    editors: &Editors,
    tenant: TenantId,
    supposed: &Supposed,
) -> anyhow::Result<Vec<PolicyChange>> {
    // Nobody is signed in; what this actor does is never kept.
    let actor = Actor { tenant, operator: Uuid::nil().into(), role: Role::Administrator, now: clock::now() };
    let rehearsed = rehearse(state, editors, &actor, &supposed.changes).await;
    let (before, after, _) = rehearsed.map_err(|error| anyhow::anyhow!("{}", error.detail()))?;
    Ok(before.changes_to(&after))
}
