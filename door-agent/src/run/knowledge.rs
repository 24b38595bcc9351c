//! What the agent knows beside its rules: the state of its own doors, fed by every record that it writes, and what operators
//! set, as the server sent it last. Both are read when it decides alone, and for the modes of its doors.

use access_core::chain::Digest;
use access_core::decide::ModeInForce;
use access_core::event::{Decision, Record};
use access_core::ids::CredentialId;
use access_core::policy::DoorMode;
use access_core::protocol::Standing;
use access_core::verdict::Effect;

use super::*;
use crate::door::{Beside, Now};

/// A card that a decision of this agent locked.
#[derive(Debug, Clone, Copy)]
pub(super) struct OwnLock {
    credential: CredentialId,
    at: access_core::UnixMs,
    /// The newest record when it was locked: the decision's own comes after.
    after: Head,
}

impl OwnLock {
    /// The card that a record of this agent locked, if it did.
    fn of(record: &Record) -> Option<Self> {
        let Event::Decision(decision) = &record.event else { return None };
        let credential = locked_by(decision)?;
        let after = Head { epoch: record.epoch, seq: record.seq.saturating_sub(1), hash: record.previous };
        Some(Self { credential, at: decision.attempt.at, after })
    }
}

/// The card that a decision locks.
fn locked_by(decision: &Decision) -> Option<CredentialId> {
    decision.verdict.credential.filter(|_| decision.verdict.effects.contains(&Effect::LockCard))
}

impl Agent {
    /// Takes note of an event that is on its way to the journal.
    pub(super) fn learn(&mut self, event: &Event, now: Now) {
        if !State::KINDS.contains(&event.kind()) {
            return;
        }
        if let Event::Decision(decision) = event
            && let Some(credential) = locked_by(decision)
        {
            let (at, after) = (decision.attempt.at, self.outflow.head());
            self.own_locks.push(OwnLock { credential, at, after });
        }
        // The state asks for instant and event alone.
        self.state.apply(&Record {
            author: self.author,
            epoch: 0,
            seq: 0,
            previous: Digest([0; 32]),
            at: now.unix,
            clock: now.clock,
            event: event.clone(),
        });
    }

    /// A release that could not be recorded admits nobody, and turns no door.
    pub(super) fn unlearn(&mut self, door: usize, cause: Option<ReleaseCause>) {
        if let Some(cause) = cause {
            let (door, now) = (self.doors[door].door.id(), self.clock.now());
            self.learn(&Event::ReleaseAbandoned { door, cause }, now);
        }
    }

    /// Records of before this start, oldest first.
    pub(super) fn remember(&mut self, records: &[Record]) {
        records.iter().for_each(|record| self.state.apply(record));
        self.own_locks.extend(records.iter().filter_map(OwnLock::of));
        self.forget_own_locks();
    }

    /// What operators set, from the link.
    pub(super) fn take_standing(&mut self, standing: Standing) {
        let number = standing.number;
        let set = standing.set.clone();
        if !self.standing.take(standing) {
            return;
        }
        tracing::info!(number, "what operators set is in force");
        self.stand(&set);
        // If the disk is slow an older one may be left out, the newest never.
        self.standings.send_replace(self.standing.sealed());
        self.look_at_modes();
    }

    /// What operators set, from the disk.
    pub(super) fn load_standing(&mut self) {
        match self.standing.load() {
            Ok(Some(standing)) => {
                let set = standing.set.clone();
                self.stand(&set);
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "what operators set can't be read"),
        }
    }

    /// Cards that were locked here stay locked until the server knows of it.
    fn stand(&mut self, set: &[(access_core::UnixMs, access_core::event::StateChange)]) {
        let own = self
            .own_locks
            .iter()
            .map(|lock| (lock.at, access_core::event::StateChange::CredentialLocked { credential: lock.credential }));
        let whole: Vec<_> = set.iter().cloned().chain(own).collect();
        self.state.stand(&whole);
        (0..self.doors.len()).for_each(|door| {
            let disarmed = self.state.disarmed_zones(self.doors[door].door.id()).collect();
            self.feed(door, Input::Disarmed(disarmed));
        });
    }

    /// The server has the records of these locks.
    pub(super) fn forget_own_locks(&mut self) {
        let acknowledged = self.outflow.acknowledged();
        self.own_locks.retain(|lock| (lock.after.epoch, lock.after.seq) >= (acknowledged.epoch, acknowledged.seq));
    }

    pub(super) fn look_at_modes(&mut self) {
        (0..self.doors.len()).for_each(|door| self.look_at_mode(door));
    }

    /// Tells a door its mode, as it is now.
    pub(super) fn look_at_mode(&mut self, door: usize) {
        let (id, now) = (self.doors[door].door.id(), self.clock.now());
        let in_force = self.policy.mode(&self.state, id, now.unix, now.clock);
        let none = ModeInForce { mode: DoorMode::Normal, is_free: false, is_locked_down: false };
        let mut inputs = VecDeque::from([Input::Mode(in_force.unwrap_or(none))]);
        while let Some(input) = inputs.pop_front() {
            self.feed_one(door, input, None, &mut inputs);
        }
    }

    /// How the other doors of a door's airlock stand: all of them hang on this agent.
    pub(super) fn beside(&self, door: usize) -> Beside {
        let others = || self.others_of_airlock(door).map(|other| &self.doors[other].door);
        let open = others().filter(|other| other.is_open()).count();
        Beside { open, is_unsecured: others().any(|other| !other.is_secured()) }
    }

    /// The other doors of an airlock look at what became of this one.
    pub(super) fn look_beside(&mut self, door: usize) {
        let others: Vec<usize> = self.others_of_airlock(door).collect();
        others.into_iter().for_each(|other| self.look_at_mode(other));
    }

    fn others_of_airlock(&self, door: usize) -> impl Iterator<Item = usize> {
        let doors = self.policy.airlock(self.doors[door].door.id());
        let is_other = move |(number, unit): &(usize, &DoorUnit)| *number != door && doors.contains(&unit.door.id());
        self.doors.iter().enumerate().filter(is_other).map(|(number, _)| number)
    }
}
