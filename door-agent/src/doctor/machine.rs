//! The machine: its disk, its clocks, and what a Raspberry Pi must be set to so that no strike moves by itself.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use access_core::attempt::ClockTrust;
use access_core::protocol::InstallationMode;
use hardware::door_io::{DoorIoConfig, Level, LineId, OutputLine};
use nix::sys::statfs::{OVERLAYFS_SUPER_MAGIC, TMPFS_MAGIC, statfs};
use nix::sys::statvfs::{FsFlags, statvfs};
use tokio::process::Command;
use tokio::time::timeout;

use super::{Finding, Patient, Surroundings};
use crate::door::Now;
use crate::journal::Limits;

/// Room for the journal to grow to its full size, and as much again for bundles and what else is written.
const FREE_BYTES_MIN: u64 = 2 * (Limits::STANDARD.segment_bytes * Limits::STANDARD.segments_max) as u64;
const MIB: u64 = 1024 * 1024;
/// A release waits for the disk: beyond this, people wait at the door.
const SYNC_MAX: Duration = Duration::from_millis(250);
/// Longest wait for a disk or a program of the system.
const SYSTEM_WAIT: Duration = Duration::from_secs(5);
/// What is written to see how the disk does.
const PROBE: &str = "doctor.probe";
/// A board that hangs is reset within this time, in seconds.
const WATCHDOG_S_MAX: u64 = 15;
/// Lines of a Pi up to this number are pulled up from power-on until something sets them, the others down (BCM2835 ARM
/// Peripherals, table 6-31; the same on later boards).
const PULLED_UP_MAX: u32 = 8;

/// The data folder: there, writable, lasting, with room, and fast enough.
pub(super) async fn disk(patient: &Patient<'_>) -> Vec<Finding> {
    const WHAT: &str = "disk";
    let folder = &patient.config.data_folder;
    let shown = folder.display();
    let system = match statvfs(folder) {
        Ok(system) => system,
        Err(error) => {
            let to_do = format!("make it: install -d -m 700 -o pforte-agent -g pforte-agent {shown}");
            return vec![Finding::wrong(WHAT, format!("{shown}: {error}"), to_do)];
        }
    };
    if system.flags().contains(FsFlags::ST_RDONLY) {
        let to_do = "mount it for writing; a disk that went read-only by itself is failing (journalctl -k): change it";
        return vec![Finding::wrong(WHAT, format!("{shown} can't be written to"), to_do)];
    }
    let mut wrong = Vec::new();
    let is_volatile =
        statfs(folder).is_ok_and(|system| [TMPFS_MAGIC, OVERLAYFS_SUPER_MAGIC].contains(&system.filesystem_type()));
    if is_volatile && patient.config.mode == InstallationMode::Production {
        let to_do = "put it on a disk that keeps it; with a read-only root, give it a partition of its own";
        wrong.push(Finding::wrong(WHAT, format!("{shown} is lost when the power goes"), to_do));
    }
    let free = system.blocks_available().saturating_mul(system.fragment_size());
    if free < FREE_BYTES_MIN {
        let says = format!("{} MiB are free on {shown}; {} are the least", free / MIB, FREE_BYTES_MIN / MIB);
        wrong.push(Finding::wrong(
            WHAT,
            says,
            "make room (journalctl --vacuum-size=50M, apt-get clean), or take a larger card",
        ));
    }
    let probe = folder.join(PROBE);
    let tried = timeout(SYSTEM_WAIT, tokio::task::spawn_blocking(move || sync_time(&probe))).await;
    let took = match tried {
        Ok(Ok(Ok(took))) => took,
        Ok(Ok(Err(error))) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            let to_do = "run this as the agent's account: sudo -u pforte-agent pforte-agent doctor";
            wrong.push(Finding::unseen(WHAT, format!("{shown}: {error}"), to_do));
            return wrong;
        }
        Ok(Ok(Err(error))) => {
            wrong.push(Finding::wrong(WHAT, format!("{shown}: {error}"), "look for errors of the disk: journalctl -k"));
            return wrong;
        }
        _ => {
            wrong.push(Finding::wrong(
                WHAT,
                format!("{shown} takes nothing in time"),
                "the disk is failing: change it",
            ));
            return wrong;
        }
    };
    if took > SYNC_MAX {
        let says = format!("a record takes {} ms to be safe; people wait for that", took.as_millis());
        wrong.push(Finding::wrong(WHAT, says, "take a faster card (one that is made for writing), or an SSD"));
    }
    if wrong.is_empty() {
        let says = format!("{} MiB are free on {shown}; a record is safe after {} ms", free / MIB, took.as_millis());
        wrong.push(Finding::good(WHAT, says));
    }
    wrong
}

/// How long it takes until a few bytes are on the disk.
fn sync_time(probe: &Path) -> std::io::Result<Duration> {
    let written = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(probe).and_then(
        |mut file| {
            let begun = Instant::now();
            file.write_all(&[0; 512])?;
            file.sync_data()?;
            Ok(begun.elapsed())
        },
    );
    let _ = std::fs::remove_file(probe);
    written
}

/// The agent's own clock, which is the server's.
pub(super) fn agent_clock(now: Now) -> Finding {
    const WHAT: &str = "clock";
    match now.clock {
        ClockTrust::Trusted => Finding::good(WHAT, "the server has told the time since this boot"),
        ClockTrust::Untrusted => Finding::wrong(
            WHAT,
            "the server has not told the time since this boot: what depends on time is refused when the server is away",
            "start the agent and see that it reaches the server; after that this is good until the next boot",
        ),
    }
}

/// The system's clock: it dates messages of the system and the first certificate; the agent takes its time from the server.
pub(super) async fn time_service(surroundings: &Surroundings) -> Vec<Finding> {
    const WHAT: &str = "time service";
    let asked = Command::new(&surroundings.timedatectl)
        .args(["show", "--property=NTP,NTPSynchronized"])
        .kill_on_drop(true)
        .output();
    let said = match timeout(SYSTEM_WAIT, asked).await {
        Ok(Ok(said)) if said.status.success() => String::from_utf8_lossy(&said.stdout).into_owned(),
        _ => {
            let to_do = "look yourself whether the system's clock is set by NTP (chronyc tracking, ntpq -p)";
            return vec![Finding::unseen(WHAT, "timedatectl tells nothing", to_do)];
        }
    };
    let is = |key: &str| said.lines().any(|line| line.strip_prefix(key) == Some("=yes"));
    vec![if is("NTPSynchronized") {
        Finding::good(WHAT, "the system's clock is set by NTP")
    } else if is("NTP") {
        Finding::wrong(
            WHAT,
            "NTP is on and has not set the clock yet",
            "see that a time server is reached: timedatectl timesync-status",
        )
    } else {
        Finding::wrong(WHAT, "NTP is off", "timedatectl set-ntp true")
    }]
}

/// What a Raspberry Pi must be set to.
pub(super) fn pi(patient: &Patient<'_>) -> Vec<Finding> {
    const WHAT: &str = "Pi settings";
    let root = &patient.surroundings.root;
    let model = std::fs::read_to_string(root.join("proc/device-tree/model")).unwrap_or_default();
    let model = model.trim_end_matches('\0');
    if !model.starts_with("Raspberry Pi") {
        return vec![Finding::good(WHAT, "this is no Raspberry Pi: nothing to look at")];
    }
    let boot = ["boot/firmware/config.txt", "boot/config.txt"]
        .iter()
        .find_map(|name| std::fs::read_to_string(root.join(name)).ok())
        .unwrap_or_default();
    let mut findings = Vec::new();
    let strikes = patient.config.doors.iter().filter_map(|door| match &door.io {
        DoorIoConfig::Gpiocdev { strike, .. } => Some((door, strike)),
        _ => None,
    });
    let strikes: Vec<_> = strikes.collect();
    if !strikes.is_empty() {
        findings.push(strict_gpiod(root, &boot));
    }
    findings.extend(strikes.into_iter().filter_map(|(door, strike)| {
        let (says, to_do) = moves_at_boot(strike, &boot)?;
        Some(Finding::wrong(format!("{WHAT}, strike {}", door.name), says, to_do))
    }));
    if findings.is_empty() {
        findings.push(Finding::good(WHAT, model));
    }
    findings
}

/// Whether lines return to rest when the program that drove them ends, however it ends.
fn strict_gpiod(root: &Path, boot: &str) -> Finding {
    const WHAT: &str = "Pi settings, strict_gpiod";
    let to_do = "write dtparam=strict_gpiod into /boot/firmware/config.txt and reboot";
    // What the kernel goes by, where it tells; else what it was told to.
    let in_force = ["pinctrl_bcm2835", "pinctrl_rp1"].iter().find_map(|driver| {
        std::fs::read_to_string(root.join(format!("sys/module/{driver}/parameters/persist_gpio_outputs"))).ok()
    });
    match in_force.as_deref().map(str::trim) {
        Some("N" | "0") => Finding::good(WHAT, "lines go to rest when their program ends"),
        Some(_) => Finding::wrong(
            WHAT,
            "lines keep their last level when their program ends: a killed agent leaves a door open until its unit puts it to rest",
            to_do,
        ),
        None if asks_for(boot, "strict_gpiod") => {
            Finding::good(WHAT, "config.txt asks for it; this kernel does not tell more")
        }
        None => Finding::wrong(
            WHAT,
            "config.txt does not ask for it: lines may keep their last level when their program ends",
            to_do,
        ),
    }
}

/// Whether config.txt switches a parameter of the device tree on.
fn asks_for(boot: &str, parameter: &str) -> bool {
    let parameters =
        boot.lines().filter_map(|line| line.trim().strip_prefix("dtparam=")).flat_map(|line| line.split(','));
    // The last word counts.
    let last = parameters.filter_map(|word| word.strip_prefix(parameter)).next_back();
    matches!(last, Some("" | "=on" | "=yes" | "=true" | "=1"))
}

/// Why a strike would be energised between power-on and the agent's start, and what to do; none if nothing tells that.
fn moves_at_boot(strike: &OutputLine, boot: &str) -> Option<(String, &'static str)> {
    let number = match &strike.line {
        LineId::Offset(number) => *number,
        LineId::Name(name) => name.strip_prefix("GPIO")?.parse().ok()?,
    };
    // The firmware reads config.txt a moment after power-on: what it sets then does not undo what was before.
    let levels = [Some(number <= PULLED_UP_MAX), set_at_boot(boot, number)];
    match strike.active {
        Level::High if levels.contains(&Some(true)) => Some((
            format!("GPIO{number} is pulled up between power-on and the agent's start: the strike is energised"),
            "take a line from GPIO9 to GPIO27 that config.txt does not set high, and a pull-down resistor at the relay board",
        )),
        Level::Low if levels.contains(&Some(false)) => Some((
            format!(
                "the strike is active at low level, and GPIO{number} is low between power-on and the agent's start"
            ),
            "take a relay board that switches at high level",
        )),
        _ => None,
    }
}

/// What config.txt sets a line to: up or down. The firmware does so a moment after power-on.
fn set_at_boot(boot: &str, number: u32) -> Option<bool> {
    let is_meant = |lines: &str| {
        lines.split(',').any(|part| match part.split_once('-') {
            Some((first, last)) => {
                first.parse().is_ok_and(|first: u32| first <= number)
                    && last.parse().is_ok_and(|last: u32| number <= last)
            }
            None => part.parse() == Ok(number),
        })
    };
    let lines = boot.lines().filter_map(|line| line.trim().strip_prefix("gpio=")?.split_once('='));
    let words = lines.filter(|(lines, _)| is_meant(lines)).flat_map(|(_, words)| words.split(','));
    words
        .filter_map(|word| match word {
            "dh" | "pu" => Some(true),
            "dl" | "pd" => Some(false),
            _ => None,
        })
        .next_back()
}

/// Whether a board that hangs is reset in time.
pub(super) fn watchdog(surroundings: &Surroundings) -> Finding {
    const WHAT: &str = "watchdog";
    const TO_DO: &str =
        "RuntimeWatchdogSec=15s in /etc/systemd/system.conf.d (the package brings it), then systemctl daemon-reexec";
    let folder = surroundings.root.join("sys/class/watchdog/watchdog0");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok().map(|text| text.trim().to_owned());
    let Some(state) = read("state") else {
        return Finding::unseen(
            WHAT,
            "no hardware watchdog shows here",
            "on a Pi: dtparam=watchdog=on; elsewhere see that the board has one",
        );
    };
    let timeout_s: Option<u64> = read("timeout").and_then(|text| text.parse().ok());
    match (state.as_str(), timeout_s) {
        ("active", Some(seconds)) if seconds <= WATCHDOG_S_MAX => {
            Finding::good(WHAT, format!("a board that hangs is reset after {seconds} s"))
        }
        ("active", Some(seconds)) => Finding::wrong(
            WHAT,
            format!("a board that hangs is reset after {seconds} s; {WATCHDOG_S_MAX} are the most"),
            TO_DO,
        ),
        _ => Finding::wrong(WHAT, "it is off: a board that hangs stays as it is, with a strike as it is", TO_DO),
    }
}
