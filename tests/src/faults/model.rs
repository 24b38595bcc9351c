//! What was seen from outside: cards and fingers at readers and sensors, strikes and leaves of the twins, what staff saved and
//! asked for, what lay on disks when a program had ended. Nothing in it is an agent's own word.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use access_core::chain::Digest;
use access_core::ids::{CommandId, DoorId, PersonId};
use access_core::policy::PolicyRows;
use tokio::sync::watch;

use super::plan::Step;

/// Milliseconds since 1970, by the clock of the machine that all of the programs run on.
#[expect(clippy::disallowed_methods, reason = "a watcher outside of all programs has a clock of its own")]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// From one instant to another, or still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Name of what it was: a card, a finger.
    pub what: String,
    /// First instant, in milliseconds since 1970.
    pub from: i64,
    /// Last instant; none while it lasts.
    pub to: Option<i64>,
}

impl Span {
    /// Whether any of it lay between two instants.
    pub fn meets(&self, from: i64, to: i64) -> bool {
        self.from <= to && self.to.is_none_or(|end| end >= from)
    }
}

/// What was seen at a door.
#[derive(Debug, Clone, Default)]
pub struct AtDoor {
    /// Times for which the strike was energised.
    pub releases: Vec<Span>,
    /// Cards at its reader.
    pub cards: Vec<Span>,
    /// Fingers on its sensor.
    pub fingers: Vec<Span>,
    /// Times for which the request to exit was pressed.
    pub exits: Vec<Span>,
    /// When its lines were cut.
    pub cuts: Vec<i64>,
    /// Whether its leaf stands open.
    pub is_open: bool,
    /// Whether a card waits for a decision.
    pub is_awaited: bool,
}

/// A door as it was made.
#[derive(Debug, Clone)]
pub struct Door {
    /// Its name, and that of reader and sensor.
    pub name: &'static str,
    /// Its id.
    pub id: DoorId,
    /// Place of its agent among all.
    pub agent: usize,
    /// Whether people leave by this system only: then a request to exit energises the strike.
    pub is_left_by_system: bool,
}

/// All that was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// At each door.
    pub doors: Vec<AtDoor>,
    /// Whether each agent's program is up.
    pub is_up: Vec<bool>,
    /// When each agent's program ended.
    pub ends: Vec<Vec<i64>>,
    /// What lay on each agent's disk whenever its program had ended: place and hash of each record.
    pub on_disk: Vec<BTreeSet<(u32, u64, Digest)>>,
    /// By version: when it was known to be saved, and the rules.
    pub rules: BTreeMap<u64, (i64, PolicyRows)>,
    /// Releases that staff ordered.
    pub commands: BTreeSet<CommandId>,
    /// Whose card is the one with this number at a door.
    pub persons: BTreeMap<(DoorId, usize), PersonId>,
    /// Orders of which no answer came: they may have been taken.
    pub commands_unsure: usize,
}

/// What is seen, shared by whoever sees and acts.
#[derive(Debug)]
pub struct Model {
    /// Doors, of all agents.
    pub doors: Vec<Door>,
    seen: Mutex<Seen>,
    changes: watch::Sender<u64>,
}

impl Model {
    /// Nothing was seen yet.
    pub fn new(doors: Vec<Door>, agents: usize) -> Self {
        let seen = Seen {
            doors: vec![AtDoor::default(); doors.len()],
            is_up: vec![false; agents],
            ends: vec![Vec::new(); agents],
            on_disk: vec![BTreeSet::new(); agents],
            ..Seen::default()
        };
        Self { doors, seen: Mutex::new(seen), changes: watch::channel(0).0 }
    }

    /// What was seen so far.
    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was seen.
    pub fn see<R>(&self, what: impl FnOnce(&mut Seen) -> R) -> R {
        let done = what(&mut self.seen());
        self.changes.send_modify(|number| *number += 1);
        done
    }

    /// A command to a strike reached the twin.
    pub fn strike(&self, door: usize, is_energised: bool) {
        let now = now_ms();
        self.see(|seen| {
            let releases = &mut seen.doors[door].releases;
            let last = releases.last_mut().filter(|release| release.to.is_none());
            match (is_energised, last) {
                (true, None) => releases.push(Span { what: "strike".to_owned(), from: now, to: None }),
                (false, Some(release)) => release.to = Some(now),
                _ => {}
            }
        });
    }

    /// What an agent is in the middle of.
    pub fn step(&self, agent: usize) -> Step {
        let seen = self.seen();
        let doors = || self.doors.iter().zip(&seen.doors).filter(|(door, _)| door.agent == agent).map(|(_, at)| at);
        let is_released = |at: &AtDoor| at.releases.last().is_some_and(|release| release.to.is_none()) && !at.is_open;
        if !seen.is_up[agent] {
            Step::Starting
        } else if doors().any(is_released) {
            Step::Released
        } else if doors().any(|at| at.is_awaited) {
            Step::Deciding
        } else if doors().any(|at| at.is_open) {
            Step::Open
        } else {
            Step::Idle
        }
    }

    /// Tells that something changed, from here on.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Waits until an agent is at a step.
    pub async fn until(&self, agent: usize, step: Step) {
        let mut changes = self.changes.subscribe();
        while self.step(agent) != step {
            // The sender lives as long as this.
            let _ = changes.changed().await;
        }
    }
}
