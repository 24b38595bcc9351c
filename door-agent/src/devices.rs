//! How each device is, and what a change of that means: an event, and an alarm if it stopped working.

use std::collections::BTreeMap;

use access_core::event::{AlarmKind, Device, DeviceState, Event};
use access_core::ids::DoorId;
use access_core::policy::Side;

use crate::journal::Weight;

/// Where a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// At which door; none for the station's and the agent's own.
    pub door: Option<DoorId>,
    /// On which side.
    pub side: Option<Side>,
}

/// States of all devices that have said anything.
#[derive(Debug, Default)]
pub struct Devices {
    states: BTreeMap<(u8, Place), (Device, DeviceState)>,
}

impl Devices {
    /// How a device is, if it is known.
    pub fn state(&self, device: Device, place: Place) -> Option<DeviceState> {
        self.states.get(&(device as u8, place)).map(|(_, state)| *state)
    }

    /// Takes note of how a device is; answers what is to be recorded.
    pub fn change(&mut self, device: Device, place: Place, state: DeviceState) -> Vec<(Event, Weight)> {
        let before = self.states.insert((device as u8, place), (device, state)).map(|(_, state)| state);
        if before == Some(state) {
            return Vec::new();
        }
        let changed = Event::DeviceChanged { device, door: place.door, side: place.side, state };
        let kind = alarm_of(device);
        let worked = before.is_none_or(|before| before == DeviceState::Working);
        let works = state == DeviceState::Working;
        if worked && !works {
            let raised = Event::AlarmRaised { kind, door: place.door, person: None };
            vec![(changed, Weight::Vital), (raised, Weight::Vital)]
        } else if !worked && works && self.all_work(device, place.door) {
            vec![(changed, Weight::Vital), (Event::AlarmCleared { kind, door: place.door }, Weight::Vital)]
        } else {
            vec![(changed, Weight::Routine)]
        }
    }

    /// Whether every device of a kind at a door works: they share one alarm.
    fn all_work(&self, device: Device, door: Option<DoorId>) -> bool {
        let mut alike = self.states.iter().filter(|((kind, place), _)| *kind == device as u8 && place.door == door);
        alike.all(|(_, (_, state))| *state == DeviceState::Working)
    }
}

const fn alarm_of(device: Device) -> AlarmKind {
    match device {
        Device::Reader => AlarmKind::ReaderFault,
        Device::Sensor => AlarmKind::SensorFault,
        Device::DoorIo => AlarmKind::DoorIoFault,
        Device::Journal => AlarmKind::JournalFault,
        Device::Keypad => AlarmKind::KeypadFault,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn one_alarm_for_all_devices_of_a_kind_at_a_door() {
        let mut devices = Devices::default();
        let at = |side| Place { door: Some(Uuid::from_u128(1).into()), side: Some(side) };
        let mut change = |side, state| -> Vec<String> {
            let events = devices.change(Device::Reader, at(side), state);
            events.iter().map(|(event, _)| event.kind().to_string()).collect()
        };
        assert_eq!(change(Side::In, DeviceState::Working), ["device_changed"]);
        assert_eq!(change(Side::In, DeviceState::Working), [""; 0]);
        assert_eq!(change(Side::In, DeviceState::Lost), ["device_changed", "alarm_raised"]);
        assert_eq!(change(Side::Out, DeviceState::Silent), ["device_changed", "alarm_raised"]);
        assert_eq!(change(Side::Out, DeviceState::Lost), ["device_changed"]);
        assert_eq!(change(Side::Out, DeviceState::Working), ["device_changed"], "the other is still lost");
        assert_eq!(change(Side::In, DeviceState::Working), ["device_changed", "alarm_cleared"]);
    }
}
