//! The power of readers and sensors that hang: taken away for a moment and given back, where it is wired so that it can be. A switch
//! is a file of the kernel's: a USB port's (`…/port3/disable`, or a device's `authorized`), or a line that the device tree declares
//! as a light (`/sys/class/leds/…/brightness`). Called by the [`run`](crate::run) loop, which never waits for it: each switch is worked
//! on a thread of its own.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use access_core::event::{Device, DeviceState};

use crate::devices::{Devices, Place};

/// How long the power is away.
const OFF: Duration = Duration::from_secs(2);
/// Giving the power back is tried so often.
const GIVEN_BACK_MAX: u32 = 30;
/// A device that still hangs is switched again after so long, in milliseconds: it may need some time to begin.
const AGAIN_MS: u64 = 60_000;

/// The switches that there are.
#[derive(Debug, Default)]
pub struct Switches(Vec<Switch>);

#[derive(Debug)]
struct Switch {
    device: Device,
    place: Place,
    path: PathBuf,
    switched_ms: Option<u64>,
}

impl Switches {
    /// A device's power is switched by this file.
    pub fn add(&mut self, device: Device, place: Place, path: PathBuf) {
        self.0.push(Switch { device, place, path, switched_ms: None });
    }

    /// The switches of devices that hang, and that were not worked of late.
    pub fn due(&mut self, now_ms: u64, devices: &Devices) -> Vec<PathBuf> {
        let is_due = |switch: &&mut Switch| {
            let hangs = devices.state(switch.device, switch.place) == Some(DeviceState::Silent);
            hangs && switch.switched_ms.is_none_or(|at_ms| now_ms.saturating_sub(at_ms) >= AGAIN_MS)
        };
        let due = self.0.iter_mut().filter(is_due).map(|switch| {
            switch.switched_ms = Some(now_ms);
            switch.path.clone()
        });
        due.collect()
    }
}

impl Switches {
    /// The switches of devices that are gone: perhaps since their power could not be given back.
    pub fn of_lost(&self, devices: &Devices) -> impl Iterator<Item = PathBuf> {
        let is_lost = |switch: &&Switch| devices.state(switch.device, switch.place) == Some(DeviceState::Lost);
        self.0.iter().filter(is_lost).map(|switch| switch.path.clone())
    }
}

/// Takes the power away and gives it back, on a thread of its own.
pub fn cycle(path: PathBuf) {
    let shown = path.display().to_string();
    tracing::warn!(switch = shown, "a device hangs: its power is taken away for a moment");
    let work = move || {
        let [off, on] = values(&path);
        if let Err(error) = write(&path, off) {
            tracing::error!(switch = %path.display(), %error, "the power could not be taken away");
        }
        // It is given back whatever became of the first.
        for _ in 0..GIVEN_BACK_MAX {
            #[expect(clippy::disallowed_methods, reason = "this thread is its own and nobody waits for it")]
            std::thread::sleep(OFF);
            match write(&path, on) {
                Ok(()) => return,
                Err(error) => tracing::error!(switch = %path.display(), %error, "the power could not be given back"),
            }
        }
    };
    if let Err(error) = std::thread::Builder::new().name("power".to_owned()).spawn(work) {
        tracing::error!(switch = shown, %error, "the power could not be switched");
    }
}

/// Gives the power back where it is away: a program that ended while it was switched could not.
pub fn restore(path: &Path) {
    let [off, on] = values(path);
    // A switch that is not there, or can't be read, is doctor's to tell.
    let is_away = std::fs::read_to_string(path).is_ok_and(|value| value.trim() == off);
    if is_away && let Err(error) = write(path, on) {
        tracing::error!(switch = %path.display(), %error, "the power could not be given back");
    }
}

/// What is written for off and for on.
fn values(path: &Path) -> [&'static str; 2] {
    match path.file_name().is_some_and(|name| name == "disable") {
        true => ["1", "0"],
        false => ["0", "1"],
    }
}

fn write(path: &Path, value: &str) -> io::Result<()> {
    // Not made if it is not there.
    use io::Write as _;
    std::fs::OpenOptions::new().write(true).truncate(true).open(path)?.write_all(value.as_bytes())
}

#[cfg(test)]
mod tests {
    use access_core::policy::Side;

    use super::*;

    #[test]
    fn only_what_hangs_is_switched_and_not_again_at_once() {
        let (mut switches, mut devices) = (Switches::default(), Devices::default());
        let place = |side| Place { door: None, side: Some(side) };
        switches.add(Device::Reader, place(Side::In), "in".into());
        switches.add(Device::Reader, place(Side::Out), "out".into());
        assert!(switches.due(0, &devices).is_empty(), "nothing is known of them");
        devices.change(Device::Reader, place(Side::In), DeviceState::Silent);
        devices.change(Device::Reader, place(Side::Out), DeviceState::Lost);
        assert_eq!(switches.due(0, &devices), [PathBuf::from("in")]);
        assert_eq!(switches.of_lost(&devices).collect::<Vec<_>>(), [PathBuf::from("out")]);
        assert!(switches.due(AGAIN_MS - 1, &devices).is_empty());
        assert_eq!(switches.due(AGAIN_MS, &devices), [PathBuf::from("in")]);
        devices.change(Device::Reader, place(Side::In), DeviceState::Working);
        assert!(switches.due(9 * AGAIN_MS, &devices).is_empty());
    }

    #[test]
    fn what_is_written_depends_on_the_switch() {
        assert_eq!(values(Path::new("/sys/bus/usb/devices/1-1.3/authorized")), ["0", "1"]);
        assert_eq!(values(Path::new("/sys/bus/usb/devices/1-1:1.0/1-1-port3/disable")), ["1", "0"]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("brightness");
        assert!(write(&path, "0").is_err() && !path.exists(), "a switch that is not there is not made");
        std::fs::write(&path, "1").unwrap();
        write(&path, "0").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "0");
        restore(&path);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1", "somebody ended while it was away");
        std::fs::write(&path, "255").unwrap();
        restore(&path);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "255", "it is there");
        restore(&folder.path().join("nothing"));
    }
}
