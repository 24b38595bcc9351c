//! Inputs that are only watched: switches of housings, the fire panel, the supply, zones. What they say is recorded and raises
//! alarms. None of them releases the door or keeps it shut: a fire panel cuts the lock's power by wire, past this system.

use std::collections::BTreeSet;

use access_core::event::{AlarmKind, DoorZone, Event, InputKind};

use super::Door;
use crate::journal::Weight;

/// What they say, and which alarms stand for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Watched {
    active: BTreeSet<InputKind>,
    alarmed: BTreeSet<AlarmKind>,
    /// Zones that operators disarmed: what they report is recorded and no alarm.
    disarmed: BTreeSet<DoorZone>,
}

impl Watched {
    pub(super) fn is_tampered(&self) -> bool {
        self.alarmed.contains(&AlarmKind::Tamper)
    }
}

impl Door {
    /// Operators disarmed these of its zones, and no others.
    pub(super) fn disarmed(&mut self, zones: BTreeSet<DoorZone>) {
        self.watched.disarmed = zones;
    }

    /// An input changed, or stands so at the beginning.
    pub(super) fn watched(&mut self, input: InputKind, is_active: bool) {
        let active = &mut self.watched.active;
        let is_news = if is_active { active.insert(input) } else { active.remove(&input) };
        if is_news {
            self.out.record(Event::InputChanged { input, door: self.id, is_active }, Weight::Vital);
        }
    }

    /// Raises an alarm with the first input of its kind, and ends it with the last.
    pub(super) fn tell_watched(&mut self) {
        let Watched { active, disarmed, .. } = &self.watched;
        let is_armed = |input: &&InputKind| input.zone().is_none_or(|zone| !disarmed.contains(&zone));
        let alarms: BTreeSet<AlarmKind> = active.iter().filter(is_armed).map(|input| input.alarm()).collect();
        let before = std::mem::replace(&mut self.watched.alarmed, alarms.clone());
        before.difference(&alarms).for_each(|kind| self.clear(*kind));
        alarms.difference(&before).for_each(|kind| self.alarm(*kind));
    }
}
