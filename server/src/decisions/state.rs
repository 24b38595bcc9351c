//! What happened before, per tenant and in memory, as far as rules ask for it: made from the log at start, then kept current by
//! what the sequencer appends, and at once by the grants that were given here, so that two attempts within the time until their
//! records arrive see each other.
//!
//! Only kinds of records that [`State`] takes note of are read. A start reads them from the newest snapshot on; snapshots are
//! made from the one before and the log alone, so nothing that never became a record can get into one.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use access_core::attempt::Attempt;
use access_core::circumstances::Circumstances;
use access_core::event::{Author, Decision, Event, Record, ReleaseCause, StateChange};
use access_core::ids::{AttemptId, TenantId};
use access_core::policy::Policy;
use access_core::protocol::Standing;
use access_core::verdict::{Effect, Verdict};
use access_core::{State, UnixMs, decide};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::history;
use crate::clock;
use crate::db::Db;
use crate::log::Log;

/// A grant that was given here waits so long for its record, in milliseconds.
const AWAITED_MS_MAX: i64 = 3_600_000;
/// So many grants wait for their records, in one tenant.
const AWAITED_MAX: usize = 65_536;
/// The log is looked at so often even if nobody says that it moved.
const LOOK_ANYWAY: Duration = Duration::from_secs(5);
/// Pause before the database is tried again.
const RETRY: Duration = Duration::from_millis(250);
/// A snapshot is made when the log has grown by so many positions since the one before.
const SNAPSHOT_EVERY: i64 = 20_000;

/// What is in force of what operators set, once it is known.
type InForce = Option<Arc<Standing>>;

/// The state of every tenant.
#[derive(Debug, Clone, Default)]
pub struct States {
    by_tenant: Arc<Mutex<HashMap<TenantId, Arc<Tenant>>>>,
}

#[derive(Debug)]
struct Tenant {
    live: Mutex<Option<Live>>,
    standing: watch::Sender<InForce>,
}

/// One tenant's state.
#[derive(Debug)]
struct Live {
    state: State,
    /// Newest position of the log that is in it.
    position: i64,
    /// Where the newest snapshot was made.
    snapshot_at: i64,
    /// Grants that were given here and have no record yet.
    awaited: HashSet<AttemptId>,
    /// The same, oldest first, each with its instant.
    awaited_since: VecDeque<(UnixMs, AttemptId)>,
}

/// A verdict with everything that it was made from.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What was asked, by the server's clock.
    pub attempt: Attempt,
    /// What was read of the state.
    pub circumstances: Circumstances,
    /// What follows.
    pub verdict: Verdict,
}

impl States {
    fn tenant(&self, tenant: TenantId) -> Arc<Tenant> {
        let mut by_tenant = self.by_tenant.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Tenant { live: Mutex::new(None), standing: watch::Sender::new(None) });
        Arc::clone(by_tenant.entry(tenant).or_insert_with(new))
    }

    /// What operators set and is in force, and when it changes. None until the log was read for the first time.
    pub fn standing(&self, tenant: TenantId) -> watch::Receiver<InForce> {
        self.tenant(tenant).standing.subscribe()
    }

    /// Reads something of the state. None until the log was read for the first time.
    pub fn read<T>(&self, tenant: TenantId, read: impl FnOnce(&State) -> T) -> Option<T> {
        self.tenant(tenant).with(|live| read(&live.state))
    }

    /// Newest position of the log that is in the state.
    pub fn position(&self, tenant: TenantId) -> Option<i64> {
        self.tenant(tenant).with(|live| live.position)
    }

    /// Decides an attempt by these rules and takes note of whom it lets in. None until the log was read for the first time.
    pub fn decide(&self, policy: &Policy, attempt: Attempt) -> Option<Answer> {
        let tenant = self.tenant(policy.tenant());
        tenant.with(|live| {
            let circumstances = live.state.circumstances(policy, &attempt);
            let verdict = decide::judge(policy, &circumstances, &attempt);
            let answer = Answer { attempt, circumstances, verdict };
            live.granted_here(&answer);
            answer
        })
    }

    /// Makes a tenant's state from the log, unless it is there.
    pub async fn build(&self, db: &Db, tenant: TenantId) -> anyhow::Result<()> {
        let of = self.tenant(tenant);
        if of.with(|_| ()).is_some() {
            return Ok(());
        }
        let history::Read { state, position, snapshot_at } = history::read(db, tenant).await?;
        let live = Live { state, position, snapshot_at, awaited: HashSet::new(), awaited_since: VecDeque::new() };
        of.lock().get_or_insert(live);
        of.tell_standing();
        Ok(())
    }

    /// Takes in what was appended to the log since; at most some thousand records. Says whether there may be more.
    async fn follow_once(&self, db: &Db, tenant: TenantId) -> anyhow::Result<bool> {
        let of = self.tenant(tenant);
        let Some(position) = of.with(|live| live.position) else { return Ok(false) };
        let more = history::after(db, tenant, position).await?;
        let is_standing_moved = of.with(|live| {
            let mut is_moved = false;
            for record in &more.records {
                is_moved |= live.recorded(record);
            }
            live.position = more.position;
            is_moved
        });
        if is_standing_moved == Some(true) {
            of.tell_standing();
        }
        if of.with(|live| live.position - live.snapshot_at >= SNAPSHOT_EVERY) == Some(true) {
            let snapshot_at = history::make_snapshot(db, tenant).await?;
            of.with(|live| live.snapshot_at = snapshot_at);
        }
        Ok(!more.is_end)
    }
}

impl Tenant {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, with: impl FnOnce(&mut Live) -> T) -> Option<T> {
        self.lock().as_mut().map(with)
    }

    /// Numbers and tells what is in force of what operators set, if that changed.
    fn tell_standing(&self) {
        let now = clock::unix_ms(clock::now());
        // Under the lock: what is told later was read later.
        let live = self.lock();
        let Some(live) = live.as_ref() else { return };
        let set = live.state.standing(now);
        self.standing.send_if_modified(|current| {
            let is_new = current.as_ref().is_none_or(|current| current.set != set);
            if is_new {
                let before = current.as_ref().map_or(0, |current| current.number);
                let number = (before + 1).max(live.position.unsigned_abs());
                *current = Some(Arc::new(Standing { number, set }));
            }
            is_new
        });
    }
}

impl Live {
    /// Takes note of whom a grant that was given here lets in, before its record arrives: they must not be let in twice. Everything else
    /// that follows from a decision (refusals that count, locks, waits, a door turned free) follows from its record alone, for an
    /// answer that comes too late never becomes one.
    fn granted_here(&mut self, answer: &Answer) {
        let Answer { attempt, circumstances, verdict } = answer;
        if !verdict.is_grant() {
            return;
        }
        self.await_record(attempt);
        let mut verdict = verdict.clone();
        verdict.effects.retain(|effect| matches!(effect, Effect::AdmitWith(_)));
        let decision = Decision {
            attempt: attempt.clone(),
            circumstances: circumstances.clone(),
            verdict,
            rules_version: decide::RULES_VERSION,
            decided: access_core::event::Decided::Online,
        };
        self.state.apply(&unsigned(attempt, Event::Decision(Box::new(decision))));
    }

    fn await_record(&mut self, attempt: &Attempt) {
        while self.awaited_since.len() >= AWAITED_MAX
            || self.awaited_since.front().is_some_and(|(since, _)| attempt.at.since(*since) > AWAITED_MS_MAX)
        {
            let Some((_, oldest)) = self.awaited_since.pop_front() else { break };
            self.awaited.remove(&oldest);
        }
        if self.awaited.insert(attempt.id) {
            self.awaited_since.push_back((attempt.at, attempt.id));
        }
    }

    /// Takes note of a record of the log. A record of what was decided here changes nothing: the state counts each once. Says whether it may change what operators set, or locks a card.
    fn recorded(&mut self, record: &Record) -> bool {
        if let Event::Decision(decision) = &record.event
            && self.awaited.remove(&decision.attempt.id)
            && !decision.verdict.is_grant()
        {
            // The agent went another way: it had decided alone already, or could not record. Nobody was let in by ours.
            let cause = ReleaseCause::Attempt(decision.attempt.id);
            let lapsed = Event::NotOpened { door: decision.attempt.door, cause };
            self.state.apply(&unsigned(&decision.attempt, lapsed));
        }
        self.state.apply(record);
        match &record.event {
            Event::Decision(decision) => locks_a_card(&decision.verdict),
            Event::StateSet(set) => !matches!(set.change, StateChange::Forgiven { .. }),
            _ => false,
        }
    }
}

fn locks_a_card(verdict: &Verdict) -> bool {
    verdict.effects.contains(&Effect::LockCard)
}

/// An event as a record that never was one, for the state alone.
fn unsigned(attempt: &Attempt, event: Event) -> Record {
    Record {
        author: Author::Server(uuid::Uuid::nil().into()),
        epoch: 0,
        seq: 0,
        previous: access_core::chain::Digest([0; 32]),
        at: attempt.at,
        clock: attempt.clock,
        event,
    }
}

/// Keeps one tenant's state current until told to stop. It was built before.
pub(super) async fn follow(states: States, db: Db, tenant: TenantId, log: Log, stop: CancellationToken) {
    let mut newest = log.subscribe(tenant);
    loop {
        newest.mark_unchanged();
        match states.follow_once(&db, tenant).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%tenant, error = format!("{error:#}"), "the log can't be read for the moment");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(RETRY) => continue,
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            changed = newest.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(LOOK_ANYWAY) => {}
        }
    }
}
