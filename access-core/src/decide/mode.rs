//! Door modes and threat levels: rules 11 and 12, and the same question for a door machine, which asks without a card.

use super::case::{Answer, Case, Met, Objection};
use crate::attempt::ClockTrust;
use crate::circumstances::Circumstances;
use crate::event::SetMode;
use crate::policy::{DoorMode, DoorRule, Policy, Side, ThreatLevelRule};
use crate::time::UnixMs;
use crate::verdict::{Reason, RecordRef};

/// How a door behaves at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModeInForce {
    /// The mode.
    pub mode: DoorMode,
    /// Whether the door stands unlocked by it.
    pub is_free: bool,
    /// Whether a threat level locks the door on side in, whatever the mode.
    pub is_locked_down: bool,
}

/// The mode of a door at `at`, from what was read of the state: the operator's, the schedule's, or normal.
pub fn mode_in_force(
    policy: &Policy,
    door: &DoorRule,
    known: &Circumstances,
    at: UnixMs,
    clock: ClockTrust,
) -> ModeInForce {
    let is_locked_down = policy.threat_level(known.threat_level).is_some_and(|rule| locks(rule, door));
    let set = known.set_mode.filter(|set| at < set.until);
    let (mode, is_free) = match set {
        _ if clock == ClockTrust::Untrusted => (untold(door, set), false),
        Some(set) => (set.mode, is_free_by(set.mode, known.last_entered.is_some(), known.toggled_at.is_some())),
        None => by_schedule(policy, door, known, at),
    };
    ModeInForce { mode, is_free: is_free && !is_locked_down, is_locked_down }
}

/// The mode where the clock tells neither the end of an operator's nor the hour: nothing that frees the door, and everything that may
/// lock it.
fn untold(door: &DoorRule, set: Option<SetMode>) -> DoorMode {
    let mut modes = door.modes.iter().map(|line| line.mode).chain(set.map(|set| set.mode));
    if modes.any(|mode| mode == DoorMode::Locked) { DoorMode::Locked } else { DoorMode::Normal }
}

fn by_schedule(policy: &Policy, door: &DoorRule, known: &Circumstances, at: UnixMs) -> (DoorMode, bool) {
    let Some(zone) = policy.site(door.site).map(|site| &site.zone) else { return (DoorMode::Normal, false) };
    let now = zone.local(at);
    let open = door.modes.iter().find(|line| policy.is_open(line.schedule, door, Some(now)));
    let Some(line) = open else { return (DoorMode::Normal, false) };
    let in_window = |then: Option<UnixMs>| {
        let schedule = policy.schedule(line.schedule).zip(then.filter(|then| *then <= at));
        schedule
            .is_some_and(|(schedule, then)| schedule.share_a_window(policy.calendar_at(door), now, zone.local(then)))
    };
    (line.mode, is_free_by(line.mode, in_window(known.last_entered), in_window(known.toggled_at)))
}

fn is_free_by(mode: DoorMode, somebody_came: bool, is_toggled: bool) -> bool {
    match mode {
        DoorMode::Free => true,
        DoorMode::FirstPerson => somebody_came,
        DoorMode::Toggle => is_toggled,
        DoorMode::Normal | DoorMode::Locked => false,
    }
}

fn locks(rule: &ThreatLevelRule, door: &DoorRule) -> bool {
    rule.locks && (rule.places.is_empty() || rule.places.iter().any(|place| place.holds(door)))
}

impl Case<'_> {
    pub(super) fn threat_level(&mut self) -> Answer {
        if self.known.threat_level == 0 || self.attempt.side == Side::Out {
            return Ok(Met::NotApplicable);
        }
        let level = RecordRef::ThreatLevel(self.known.threat_level);
        match self.threat() {
            Some(rule) if locks(rule, self.door) => Err(Objection::by(Reason::Lockdown, level)),
            _ => Ok(Met::By(super::record(level))),
        }
    }

    pub(super) fn door_mode(&mut self) -> Answer {
        let mode = self.mode();
        if mode.mode == DoorMode::Locked && self.attempt.side == Side::In && !self.is_responder() {
            return Err(Objection::new(Reason::DoorLocked));
        }
        // A door that was toggled free is toggled back by a grant: its rules are asked.
        self.is_free = mode.is_free && mode.mode != DoorMode::Toggle;
        Ok(if mode.mode == DoorMode::Normal { Met::NotApplicable } else { Met::Passed })
    }

    fn mode(&self) -> ModeInForce {
        if self.door.modes.is_empty() && self.known.set_mode.is_none() {
            return ModeInForce { mode: DoorMode::Normal, is_free: false, is_locked_down: false };
        }
        mode_in_force(self.policy, self.door, self.known, self.attempt.at, self.attempt.clock)
    }

    /// Whether a grant turns the door free or back, where its mode is toggle.
    pub(super) fn toggles(&self) -> Option<bool> {
        let mode = self.mode();
        let can_toggle = mode.mode == DoorMode::Toggle && self.attempt.side == Side::In && !mode.is_locked_down;
        can_toggle.then_some(!mode.is_free)
    }
}
