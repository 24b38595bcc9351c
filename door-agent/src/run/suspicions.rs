//! What is wrong with sensors beyond not working: each is an alarm of the door's, raised once and cleared when it is over for
//! all of the door's sensors.

use std::collections::BTreeSet;

use super::*;

/// What is wrong, with which sensor.
#[derive(Debug, Default)]
pub(super) struct Suspicions(BTreeSet<(Suspicion, usize)>);

const fn alarm_of(suspicion: Suspicion) -> AlarmKind {
    match suspicion {
        Suspicion::Changed => AlarmKind::SensorChanged,
        Suspicion::Lies => AlarmKind::SensorTampered,
        Suspicion::NotEmpty => AlarmKind::SensorNotEmpty,
    }
}

impl Agent {
    /// A sensor's task says whether something is wrong; given again and again, also when nothing changed.
    pub(super) fn suspect(&mut self, sensor: usize, suspicion: Suspicion, is_so: bool) {
        let door = self.place(self.sensors[sensor].spot).door;
        let was_so = self.is_suspected(suspicion, door);
        let known = &mut self.suspicions.0;
        if is_so {
            known.insert((suspicion, sensor));
        } else {
            known.remove(&(suspicion, sensor));
        }
        let kind = alarm_of(suspicion);
        match (was_so, self.is_suspected(suspicion, door)) {
            (false, true) => self.record(Event::AlarmRaised { kind, door, person: None }, Weight::Vital),
            (true, false) => self.record(Event::AlarmCleared { kind, door }, Weight::Vital),
            _ => {}
        }
    }

    fn is_suspected(&self, suspicion: Suspicion, door: Option<access_core::ids::DoorId>) -> bool {
        let of_door = |sensor: usize| self.place(self.sensors[sensor].spot).door == door;
        self.suspicions.0.iter().any(|(known, sensor)| *known == suspicion && of_door(*sensor))
    }
}
