//! Readers, sensors, keypads, switches of power and lines, each as far as it can be looked at without disturbing whoever has it.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use access_core::policy::Side;
use hardware::FaultKind;
use hardware::card;
use hardware::door_io::{self, CONSUMER, DoorIoConfig, DoorIoError, LineView};
use hardware::finger::{Refusal, SensorError, SerialSensor};
use hardware::keypad::{Keypad, KeypadConfig, KeypadError};
use tokio::time::timeout;

use super::{Finding, Patient};
use crate::config::{STATION_READER, SensorConfig, reader_name};
use crate::sensor::SECURITY_LEVEL_MIN;

/// Longest wait for pcscd, and for a sensor.
const DEVICE_WAIT: Duration = Duration::from_secs(5);

/// Every reader, as pcscd tells of it; that disturbs nobody.
pub(super) async fn readers(patient: &Patient<'_>) -> Vec<Finding> {
    let bindings = patient.config.readers();
    if bindings.is_empty() {
        return Vec::new();
    }
    // Calls into PC/SC block; one that hangs must not hold up everything else.
    let known = timeout(DEVICE_WAIT, tokio::task::spawn_blocking(card::list_names)).await;
    let known = match known {
        Ok(Ok(Ok(known))) => known,
        Ok(Ok(Err(error))) => {
            let to_do = "systemctl start pcscd.socket; if it refuses, see that /etc/polkit-1/rules.d or \
                         /usr/share/polkit-1/rules.d has 60-pforte-pcsc.rules";
            return vec![Finding::wrong("readers", error.to_string(), to_do)];
        }
        _ => return vec![Finding::wrong("readers", "pcscd does not answer", "systemctl restart pcscd.service")],
    };
    let mut findings = Vec::new();
    for binding in bindings {
        let what = format!("reader {}", binding.name);
        let matches = binding.matches.clone();
        let found = timeout(DEVICE_WAIT, tokio::task::spawn_blocking(move || card::look_for(&matches))).await;
        findings.push(match found {
            Ok(Ok(Ok(name))) => Finding::good(what, format!("{name:?} is plugged in")),
            Ok(Ok(Err(why))) => {
                Finding::wrong(what, why, format!("plug it in, or name it as it is: {}", listed(&known)))
            }
            _ => {
                Finding::wrong(what, "pcscd does not answer", "replug the reader, then systemctl restart pcscd.service")
            }
        });
    }
    findings
}

fn listed(known: &[String]) -> String {
    match known {
        [] => {
            "pcscd sees no reader at all (is it a model that Debian's libccid drives? lsusb lists what is plugged in)"
                .into()
        }
        known => {
            let known: Vec<String> = known
                .iter()
                .map(|name| match card::serial_of(name) {
                    Some(serial) => format!("{{ serial = {serial:?} }} is {name:?}"),
                    None => format!("{{ name = {name:?} }}"),
                })
                .collect();
            known.join(", ")
        }
    }
}

/// Every sensor. A serial line takes one program at a time: one that is in use is not opened.
pub(super) async fn sensors(patient: &Patient<'_>) -> Vec<Finding> {
    let doors =
        patient.config.doors.iter().flat_map(|door| {
            [Side::In, Side::Out].map(|side| (reader_name(door, side), door.side(side).sensor.as_ref()))
        });
    let station = patient.config.station.iter().map(|side| (STATION_READER.to_owned(), side.sensor.as_ref()));
    let mut findings = Vec::new();
    for (place, sensor) in doors.chain(station) {
        let Some(sensor) = sensor else { continue };
        let what = format!("sensor {place}");
        let shown = sensor.path.display().to_string();
        findings.push(if !sensor.path.exists() {
            let to_do =
                "plug it in, switch the Pi's serial line on, or write the path that ls /dev/serial/by-path shows";
            Finding::wrong(what, format!("{shown} is not there"), to_do)
        } else if let Some(console) = console_on(patient, &sensor.path) {
            let to_do =
                format!("take console={console} off /boot/firmware/cmdline.txt (raspi-config: serial port) and reboot");
            Finding::wrong(what, format!("the kernel's console talks on {shown}"), to_do)
        } else if patient.driven_by.is_some() {
            Finding::in_use(what, format!("{shown} is the running agent's; its page on the server says how it is"))
        } else if let Some(other) = holder_of(&patient.surroundings.root, &sensor.path) {
            Finding::wrong(what, format!("{other} has {shown} open"), "stop that program: a sensor takes one at a time")
        } else {
            try_sensor(what, sensor).await
        });
    }
    findings
}

async fn try_sensor(what: String, config: &SensorConfig) -> Finding {
    let tried = timeout(DEVICE_WAIT, async {
        let mut sensor = SerialSensor::open_serial(&config.path, config.baud, config.password).await?;
        let parameters = sensor.parameters().await?;
        Ok((parameters.security_level, sensor.count_stored().await?))
    });
    match tried.await {
        Ok(Ok((level, stored))) => judge_sensor(what, level, stored),
        Ok(Err(error)) => {
            let to_do = remedy(&error, config);
            Finding::wrong(what, error.to_string(), to_do)
        }
        Err(_) => Finding::wrong(what, "it does not answer in time", SILENT),
    }
}

const SILENT: &str =
    "cut its power for a moment; then check its wires (its TX to our RX, ground, 3.3 V) and its baud rate";

/// What a sensor that answers must be like.
pub(super) fn judge_sensor(what: String, security_level: u16, stored: u16) -> Finding {
    if stored > 0 {
        let says = format!("{stored} templates lie in its own memory, which Pforte keeps empty");
        return Finding::wrong(what, says, "find out who used it, then empty it with its maker's tool or change it");
    }
    if security_level < SECURITY_LEVEL_MIN {
        let says = format!("its security level is {security_level}; {SECURITY_LEVEL_MIN} is the least");
        return Finding::wrong(what, says, "set it with its maker's tool, or change the sensor");
    }
    Finding::good(what, format!("answers; security level {security_level}, its own memory is empty"))
}

fn remedy(error: &SensorError, config: &SensorConfig) -> String {
    match error {
        SensorError::Refused { refusal: Refusal::WrongPassword, .. } => "give its password in agent.toml (password = …)".into(),
        error => match error.kind() {
            FaultKind::Disconnected => {
                "check the plug and whether this account may open the line (60-pforte.rules of udev gives it to pforte-agent)".into()
            }
            FaultKind::Timeout => SILENT.into(),
            FaultKind::Protocol => {
                format!("check its baud rate ({} is configured) and its wires; cut its power for a moment", config.baud)
            }
        },
    }
}

/// Every keypad. Opening one takes it from whoever else would read it, for a moment; a running agent's is left alone.
pub(super) fn keypads(patient: &Patient<'_>) -> Vec<Finding> {
    let doors =
        patient.config.doors.iter().flat_map(|door| {
            [Side::In, Side::Out].map(|side| (reader_name(door, side), door.side(side).keypad.as_ref()))
        });
    let station = patient.config.station.iter().map(|side| (STATION_READER.to_owned(), side.keypad.as_ref()));
    let wired = doors.chain(station).filter_map(|(place, keypad)| Some((format!("keypad {place}"), keypad?)));
    let look = |(what, keypad): (String, &KeypadConfig)| {
        let shown = keypad.path().display().to_string();
        if !keypad.path().exists() {
            let to_do =
                "plug it in, or write the path that ls /dev/input/by-path shows, with -event-kbd or -event at its end";
            return Finding::wrong(what, format!("{shown} is not there"), to_do);
        }
        if patient.driven_by.is_some() {
            let says = format!("{shown} is the running agent's; its page on the server says how it is");
            return Finding::in_use(what, says);
        }
        match Keypad::open(keypad) {
            Ok(_) => Finding::good(what, format!("{shown} is plugged in, and this program's alone")),
            Err(error) => {
                let to_do = match error {
                    KeypadError::Gone { .. } => {
                        "see whether this account may open it (60-pforte.rules of udev gives it to pforte-agent)"
                    }
                    KeypadError::Taken { .. } => "stop the program that holds it",
                    KeypadError::NotOne { .. } => "write the path that ls /dev/input/by-path shows",
                };
                Finding::wrong(what, error.to_string(), to_do)
            }
        }
    };
    wired.map(look).collect()
}

/// Every switch of a reader's or sensor's power: there, and to be written to by this account and by the running agent, from whom its
/// unit keeps whatever it does not name. None is worked.
pub(super) fn powers(patient: &Patient<'_>) -> Vec<Finding> {
    let doors = patient
        .config
        .doors
        .iter()
        .flat_map(|door| [Side::In, Side::Out].map(|side| (reader_name(door, side), door.side(side))));
    let station = patient.config.station.iter().map(|side| (STATION_READER.to_owned(), side));
    let wired = doors.chain(station).flat_map(|(place, side)| {
        let of = |device: &str, path: &Option<PathBuf>| Some((format!("power of {device} {place}"), path.clone()?));
        [of("reader", &side.reader_power), of("sensor", &side.sensor_power)].into_iter().flatten()
    });
    let look = |(what, path): (String, PathBuf)| {
        let shown = path.display();
        let allow = "let the agent write it by a file in /etc/systemd/system/pforte-agent.service.d: installer.md, Power of what hangs";
        // Opening does not work it.
        match OpenOptions::new().write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Finding::wrong(what, format!("{shown}: {error}"), allow)
            }
            Err(error) => {
                let to_do = "write the path as it is below /sys, or take the line out: then nothing is switched";
                Finding::wrong(what, format!("{shown}: {error}"), to_do)
            }
            Ok(_) if patient.driven_by.is_some_and(|pid| is_read_only(&patient.surroundings.root, pid, &path)) => {
                Finding::wrong(what, format!("{shown} is read-only for the running agent"), allow)
            }
            Ok(_) => Finding::good(what, format!("{shown} can be written to")),
        }
    };
    wired.map(look).collect()
}

/// Whether a process sees a file on a mount that it can only read from, as far as this account may see that.
fn is_read_only(root: &Path, pid: i32, path: &Path) -> bool {
    let Ok(path) = std::fs::canonicalize(path) else { return false };
    let mounts = std::fs::read_to_string(root.join(format!("proc/{pid}/mountinfo"))).unwrap_or_default();
    // The fifth word is where, the sixth how (proc(5)); the longest place counts, and of the same place the last one.
    let above = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(4);
        let (place, how) = (words.next()?, words.next()?);
        path.starts_with(place).then_some((place.len(), how))
    });
    above.max_by_key(|(length, _)| *length).is_some_and(|(_, how)| how.split(',').any(|word| word == "ro"))
}

/// The kernel's console, if it is on this line, as the kernel was told of it.
fn console_on(patient: &Patient<'_>, path: &Path) -> Option<String> {
    let line = std::fs::canonicalize(path).ok()?;
    let told = std::fs::read_to_string(patient.surroundings.root.join("proc/cmdline")).ok()?;
    let consoles = told.split_whitespace().filter_map(|word| word.strip_prefix("console="));
    consoles
        .map(|console| (console, console.split(',').next().unwrap_or(console)))
        .find(|(_, name)| std::fs::canonicalize(Path::new("/dev").join(name)).is_ok_and(|device| device == line))
        .map(|(console, _)| console.to_owned())
}

/// Another program that has a serial line open, as far as this account may see.
fn holder_of(root: &Path, path: &Path) -> Option<String> {
    let line = std::fs::canonicalize(path).ok()?;
    // A twin holds its own pseudo-terminal.
    if line.starts_with("/dev/pts") {
        return None;
    }
    let own = std::process::id().to_string();
    let processes = std::fs::read_dir(root.join("proc")).ok()?.flatten();
    let other = processes.filter(|process| process.file_name().to_string_lossy() != own).find(|process| {
        let files = std::fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten();
        files.into_iter().any(|file| std::fs::read_link(file.path()).is_ok_and(|open| open == line))
    })?;
    let name = std::fs::read_to_string(other.path().join("comm")).unwrap_or_default();
    Some(format!("{} (process {})", name.trim(), other.file_name().to_string_lossy()))
}

/// Every door's lines.
pub(super) async fn lines(patient: &Patient<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for door in &patient.config.doors {
        let what = format!("lines {}", door.name);
        match door_io::inspect(&door.io).await {
            Ok(lines) if lines.is_empty() => {
                findings.push(Finding::unseen(
                    what,
                    "registers show nobody who uses them",
                    "try the door: pforte-agent commission",
                ));
            }
            Ok(lines) => findings.extend(judge_lines(&what, &lines, patient.driven_by)),
            Err(error) => {
                let to_do = remedy_of_lines(&error, &door.io);
                findings.push(Finding::wrong(what, error.to_string(), to_do));
            }
        }
    }
    findings
}

/// What a door's lines must be like: each there, and free or the agent's.
pub(super) fn judge_lines(what: &str, lines: &[Result<LineView, DoorIoError>], driven_by: Option<i32>) -> Vec<Finding> {
    let mut wrong = Vec::new();
    let mut fine = Vec::new();
    let mut is_used = false;
    for line in lines {
        match line {
            Err(error) => wrong.push(Finding::wrong(what, error.to_string(), "write it as gpioinfo shows it")),
            Ok(LineView { purpose, line, held_by: None }) => fine.push(format!("{purpose} {line}")),
            Ok(LineView { purpose, line, held_by: Some(by) }) if by == CONSUMER && driven_by.is_some() => {
                is_used = true;
                fine.push(format!("{purpose} {line}"));
            }
            Ok(LineView { purpose, line, held_by: Some(by) }) => {
                let by = if by.is_empty() { "the kernel or a program that gives no name" } else { by };
                let to_do =
                    "stop that program, or take the overlay that uses the line out of config.txt; gpioinfo lists all";
                wrong.push(Finding::wrong(what, format!("{purpose} {line} is held by {by}"), to_do));
            }
        }
    }
    if wrong.is_empty() {
        let fine = fine.join(", ");
        wrong.push(match is_used {
            true => Finding::in_use(what, format!("{fine}: the running agent's")),
            false => Finding::good(what, format!("{fine}: there")),
        });
    }
    wrong
}

fn remedy_of_lines(error: &DoorIoError, config: &DoorIoConfig) -> &'static str {
    match (error, config) {
        (DoorIoError::NotBuilt { .. }, _) => "use backend = \"gpiocdev\", or a build with that feature",
        (_, DoorIoConfig::Virtual { .. }) => "start the twin of that door",
        _ => "write the chip as gpiodetect shows it; this account needs it by 60-pforte.rules of udev",
    }
}
