//! Inputs that are only watched: switches of housings, the fire panel, the supply, zones. What they say is recorded and raises
//! alarms. None of them releases the door or keeps it shut: a fire panel cuts the lock's power by wire, past this system.

use std::collections::BTreeSet;

use access_core::event::{AlarmKind, Event, InputKind};
use serde::Deserialize;

use super::Door;
use crate::journal::Weight;

/// When a door's zones are armed: only then what they report is an alarm. It is recorded in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZonesArmed {
    /// Day and night.
    #[default]
    Always,
    /// While the door does not stand unlocked by its mode.
    WhileLocked,
    /// Never: observed only.
    Never,
}

/// What they say, and which alarms stand for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Watched {
    active: BTreeSet<InputKind>,
    alarmed: BTreeSet<AlarmKind>,
    zones: ZonesArmed,
}

impl Watched {
    pub(super) fn is_tampered(&self) -> bool {
        self.alarmed.contains(&AlarmKind::Tamper)
    }
}

impl Door {
    /// When its zones are armed; from the wiring. Until told, always.
    pub fn arm_zones(&mut self, zones: ZonesArmed) {
        self.watched.zones = zones;
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
        let are_zones_armed = match self.watched.zones {
            ZonesArmed::Always => true,
            ZonesArmed::WhileLocked => !self.free.is_free(),
            ZonesArmed::Never => false,
        };
        let kinds = self.watched.active.iter().map(|input| input.alarm());
        let alarms: BTreeSet<AlarmKind> = kinds.filter(|kind| are_zones_armed || *kind != AlarmKind::Zone).collect();
        let before = std::mem::replace(&mut self.watched.alarmed, alarms.clone());
        before.difference(&alarms).for_each(|kind| self.clear(*kind));
        alarms.difference(&before).for_each(|kind| self.alarm(*kind));
    }
}
