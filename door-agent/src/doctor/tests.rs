//! The doctor at twins and at a machine laid out in a folder: everything good, and each thing bad in its ways. Readers need a
//! card service: they are in door-agent/tests/installer.rs, but for the service that does not run.

use std::os::unix::fs::PermissionsExt as _;

use access_core::UnixMs;
use access_core::attempt::ClockTrust;
use hardware::door_io::virtual_door::{DoorBuild, VirtualDoor};
use hardware::door_io::{CONSUMER, DoorIoError, LineView};
use hardware::finger::virtual_sensor::{SensorFault, VirtualSensor};
use hardware::keypad::virtual_keypad::VirtualKeypad;
use rcgen::KeyPair;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use zeroize::Zeroizing;

use super::*;
use crate::commission::{Acceptance, Outcome, Step, Tried};
use crate::identity;
use crate::testing::{SERVER_NAME, Server};

const DAY_MS: i64 = 24 * 3_600_000;
/// Some instant of December 2026.
const NOW: UnixMs = UnixMs(1_796_000_000_000);

/// An agent with a door and a sensor, its server, and the machine around it; all good until a test spoils it.
struct Bench {
    folder: TempDir,
    server: Server,
    sensor: VirtualSensor,
    door: Option<VirtualDoor>,
    surroundings: Surroundings,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let server = Server::start().await;
        let sensor = VirtualSensor::plug(&at("sensor")).unwrap();
        let build = DoorBuild {
            has_watched: false,
            has_contact: true,
            has_rex: true,
            is_rex_mechanical: false,
            opens: std::time::Duration::ZERO,
            closes: None,
        };
        let door = VirtualDoor::hang(&at("door.sock"), build).unwrap();
        let surroundings = Surroundings { root: at("root"), timedatectl: at("timedatectl") };
        let bench = Self { folder, server, sensor, door: Some(door), surroundings };
        bench.write("root/sys/class/watchdog/watchdog0/state", "active\n");
        bench.write("root/sys/class/watchdog/watchdog0/timeout", "15\n");
        bench.write("root/proc/cmdline", "console=tty1 root=/dev/mmcblk0p2\n");
        bench.time_service("NTP=yes\nNTPSynchronized=yes");
        bench.configure(&bench.wiring());
        bench.join(NOW);
        bench.tell_time(NOW);
        bench.accept(Outcome::Passed);
        bench
    }

    /// The door was tried on the wiring that it has.
    fn accept(&self, outcome: Outcome) {
        let wiring = Config::load(&self.at("agent.toml")).unwrap().wirings;
        let (door, wiring) = wiring.into_iter().next().unwrap();
        let identity = identity::tests::sample();
        let tried = [Tried { step: Step::Strike, outcome, device: None }];
        let mut record = Acceptance::new(door, "lobby", identity.agent, identity.installation, &tried);
        record.wiring = wiring;
        commission::save(&self.at("data"), &record, &identity.record_key).unwrap();
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn wiring(&self) -> String {
        format!(
            "data_folder = {:?}\nserver = {:?}\nmode = \"test\"\n[[door]]\nid = \"0191d4c2-0000-7000-8000-000000000001\"\n\
             name = \"lobby\"\nio = {{ backend = \"virtual\", socket = {:?} }}\n[door.in]\nsensor = {{ path = {:?} }}\n",
            self.at("data"),
            self.server.address,
            self.at("door.sock"),
            self.at("sensor")
        )
    }

    fn configure(&self, text: &str) {
        self.write("agent.toml", text);
    }

    fn time_service(&self, says: &str) {
        self.write("timedatectl", &format!("#!/bin/sh\ncat <<'.'\n{says}\n.\n"));
        std::fs::set_permissions(self.at("timedatectl"), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Has a certificate of a day that begins at `from`.
    fn join(&self, from: UnixMs) {
        let key = KeyPair::generate().unwrap();
        let identity = Identity {
            server_name: SERVER_NAME.to_owned(),
            authority: self.server.authority.der().to_vec(),
            certificate: self.server.certify(&key, from).to_vec(),
            certificate_key: Zeroizing::new(key.serialize_der()),
            pending_key: None,
            ..identity::tests::sample()
        };
        std::fs::create_dir_all(self.at("data")).unwrap();
        identity.save(&self.at("data")).unwrap();
    }

    /// The server told the time in this boot.
    fn tell_time(&self, now: UnixMs) {
        let clock = Clock::open(&self.at("data"));
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        let stored = serde_json::json!({
            "boot_id": boot.trim(), "mono_ms": clock.now().mono_ms, "unix": now, "is_trusted": true
        });
        self.write("data/clock.json", &stored.to_string());
    }

    /// What the doctor says while the server answers.
    async fn examine(&self) -> Report {
        let config = self.at("agent.toml");
        tokio::select! {
            report = examine(&config, &self.surroundings) => report,
            () = self.answer() => panic!("the server ends"),
        }
    }

    async fn answer(&self) {
        loop {
            if let Ok(mut connection) = self.server.accept().await {
                let mut asked = [0; 5];
                if connection.read_exact(&mut asked).await.is_ok() && &asked == b"GET /" {
                    let _ = connection.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").await;
                }
            }
        }
    }

    /// What is said of one thing, which must be the only thing said of it.
    async fn of(&self, what: &str) -> Finding {
        let report = self.examine().await;
        let mut said: Vec<Finding> = report.findings.into_iter().filter(|finding| finding.what == what).collect();
        assert_eq!(said.len(), 1, "{what}: {said:#?}");
        said.remove(0)
    }

    async fn is_wrong(&self, what: &str, says: &str, to_do: &str) {
        wrong(&self.of(what).await, says, to_do);
    }
}

#[track_caller]
fn wrong(finding: &Finding, says: &str, to_do: &str) {
    let advice = finding.to_do.as_deref().unwrap_or_default();
    assert!(finding.verdict == Verdict::Wrong && finding.says.contains(says) && advice.contains(to_do), "{finding:#?}");
}

#[tokio::test]
async fn all_is_good_and_nothing_was_touched() {
    let bench = Bench::new().await;
    let view = bench.door.as_ref().unwrap().watch();
    let before = std::fs::read(bench.at("data/identity.json")).unwrap();
    let report = bench.examine().await;
    assert_eq!(report.exit_code(), EXIT_GOOD, "{}", report.text());
    for what in
        ["configuration", "agent", "key", "disk", "clock", "time service", "link", "sensor lobby in", "lines lobby"]
    {
        assert!(report.findings.iter().any(|finding| finding.what == what), "{what}: {}", report.text());
    }
    assert!(report.text().ends_with("Everything is good.\n"));
    assert!(!view.has_changed().unwrap(), "no line moved");
    assert_eq!(std::fs::read(bench.at("data/identity.json")).unwrap(), before);
    assert!(!bench.at("data/doctor.probe").exists() && !bench.at("data/agent.lock").exists());
    let said: serde_json::Value = serde_json::to_value(&report).unwrap();
    assert_eq!(said["findings"][0]["what"], "configuration");
    assert_eq!(said["findings"][0]["verdict"], "good");
    assert!(said["findings"][0].get("to_do").is_none());
}

#[tokio::test]
async fn a_configuration_that_is_not_read_leaves_the_machine_to_look_at() {
    let bench = Bench::new().await;
    bench.configure(&bench.wiring().replace("server", "sever"));
    let report = bench.examine().await;
    wrong(&report.findings[0], "sever", "agent.example.toml");
    assert_eq!(report.exit_code(), EXIT_WRONG);
    assert!(report.findings.iter().any(|finding| finding.what == "watchdog"));
}

#[tokio::test]
async fn keys_of_every_bad_kind() {
    let bench = Bench::new().await;
    let path = bench.at("data/identity.json");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    bench.is_wrong("key", "644", "chmod 600").await;
    bench.configure(&bench.wiring().replace("\"test\"", "\"demo\""));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    bench.is_wrong("key", "in mode demo", "mend agent.toml").await;
    bench.configure(&bench.wiring());
    bench.join(NOW.plus_ms(-2 * DAY_MS));
    bench.is_wrong("key", "ended 1440 minutes ago", "renews it by itself").await;
    bench.join(NOW.plus_ms(-DAY_MS + 3_600_000));
    bench.is_wrong("key", "ends in 59 minutes", "half life").await;
    std::fs::write(&path, "{}").unwrap();
    bench.is_wrong("key", "missing field", "join anew").await;
    let machine = MachineKey::of(&[1; 32], b"");
    Identity { machine, ..identity::tests::sample() }.save(&bench.at("data")).unwrap();
    let finding = bench.of("key").await;
    assert_eq!(finding.verdict, Verdict::Unseen, "{finding:?}");
    assert!(finding.says.contains("was not handed over") && finding.to_do.unwrap().contains("SEALED KEYS"));
    let (config, surroundings) = (Config::load(&bench.at("agent.toml")).unwrap(), Surroundings::default());
    let patient = Patient { config: &config, surroundings: &surroundings, driven_by: None };
    let now = crate::door::Now { mono_ms: 0, unix: NOW, clock: ClockTrust::Trusted };
    let changed = upstream::key(&patient, &Err(identity::IdentityError::Changed(path.clone())), now);
    assert_eq!(changed[0].verdict, Verdict::Wrong);
    assert!(changed[0].says.contains("was changed by another"), "{changed:?}");
    std::fs::remove_file(&path).unwrap();
    bench.is_wrong("key", "has not joined", "invites the agent").await;
    let link = bench.of("link").await;
    assert_eq!(link.verdict, Verdict::Unseen, "{link:?}");
}

#[tokio::test]
async fn links_of_every_bad_kind() {
    let mut bench = Bench::new().await;
    bench.configure(&bench.wiring().replace(&bench.server.address, "no-such-host.invalid:8444"));
    bench.is_wrong("link", "no-such-host.invalid", "getent hosts").await;
    bench.configure(&bench.wiring());
    // Another server at the same place: its authority is not the one that the agent joined.
    let identity = std::fs::read(bench.at("data/identity.json")).unwrap();
    bench.server = Server::start().await;
    bench.configure(&bench.wiring());
    std::fs::write(bench.at("data/identity.json"), identity).unwrap();
    bench.is_wrong("link", "certificate", "another server answers there").await;
    let address = bench.server.address.clone();
    let report = {
        // Nobody listens any more.
        let Bench { server, folder, surroundings, sensor: _sensor, door: _door } = bench;
        drop(server);
        examine(&folder.path().join("agent.toml"), &surroundings).await
    };
    let link = report.findings.iter().find(|finding| finding.what == "link").unwrap();
    wrong(link, &address, "start the server");
}

#[tokio::test]
async fn clocks_of_every_bad_kind() {
    let bench = Bench::new().await;
    bench.time_service("NTP=yes\nNTPSynchronized=no");
    bench.is_wrong("time service", "has not set the clock", "timesync-status").await;
    bench.time_service("NTP=no\nNTPSynchronized=no");
    bench.is_wrong("time service", "NTP is off", "set-ntp true").await;
    std::fs::remove_file(bench.at("timedatectl")).unwrap();
    assert_eq!(bench.of("time service").await.verdict, Verdict::Unseen);
    assert_eq!(bench.examine().await.exit_code(), EXIT_UNSEEN);
    std::fs::remove_file(bench.at("data/clock.json")).unwrap();
    bench.is_wrong("clock", "has not told the time", "start the agent").await;
}

#[tokio::test]
async fn sensors_of_every_bad_kind() {
    let bench = Bench::new().await;
    bench.configure(&bench.wiring().replace("sensor = { path", "sensor = { password = 7, path"));
    bench.is_wrong("sensor lobby in", "wrong password", "password").await;
    bench.configure(&bench.wiring());
    bench.sensor.misbehave(SensorFault::Hang);
    bench.is_wrong("sensor lobby in", "in time", "cut its power").await;
    bench.sensor.unplug();
    bench.is_wrong("sensor lobby in", "is not there", "by-path").await;
    let judged = |level, stored| devices::judge_sensor("sensor".into(), level, stored);
    wrong(&judged(3, 2), "2 templates", "empty it");
    wrong(&judged(2, 0), "security level is 2", "change the sensor");
    assert_eq!(judged(3, 0).verdict, Verdict::Good);
}

#[tokio::test]
async fn keypads_there_not_there_and_no_keypads() {
    let bench = Bench::new().await;
    let with = |keypad: &str| bench.configure(&bench.wiring().replace("sensor = {", &format!("{keypad}\nsensor = {{")));
    let pipe = bench.at("keypad");
    with(&format!("keypad = {{ backend = \"virtual\", pipe = {pipe:?} }}"));
    bench.is_wrong("keypad lobby in", "is not there", "by-path").await;
    bench.write("keypad", "no pipe");
    bench.is_wrong("keypad lobby in", "is not the pipe", "by-path").await;
    let _keypad = VirtualKeypad::plug(&pipe).unwrap();
    let config = Config::load(&bench.at("agent.toml")).unwrap();
    let patient = Patient { config: &config, surroundings: &bench.surroundings, driven_by: None };
    assert_eq!(devices::keypads(&patient)[0].verdict, Verdict::Good);
    let driven = Patient { driven_by: Some(1), ..patient };
    assert_eq!(devices::keypads(&driven)[0].verdict, Verdict::InUse);
    with(&format!("keypad = {{ backend = \"evdev\", device = {pipe:?} }}"));
    bench.is_wrong("keypad lobby in", "is not an event device", "by-path").await;
}

#[tokio::test]
async fn switches_of_power_that_the_agent_may_and_may_not_work() {
    let bench = Bench::new().await;
    let switch = bench.at("sys/port/disable");
    let line = format!("sensor_power = {switch:?}\nsensor = {{");
    bench.configure(&bench.wiring().replace("sensor = {", &line));
    bench.is_wrong("power of sensor lobby in", "No such file", "below /sys").await;
    bench.write("sys/port/disable", "0\n");
    let config = Config::load(&bench.at("agent.toml")).unwrap();
    let found = |driven_by| {
        let patient = Patient { config: &config, surroundings: &bench.surroundings, driven_by };
        devices::powers(&patient).remove(0)
    };
    assert_eq!(found(None).verdict, Verdict::Good);
    let mounts = |of_sys: &str, of_port: &str| {
        let (sys, port) = (bench.at("sys"), bench.at("sys/port"));
        let (sys, port) = (sys.display(), port.display());
        bench.write(
            "root/proc/7/mountinfo",
            &format!("1 0 0:1 / / rw - x x rw\n3 1 0:2 / {port} {of_port},nosuid - x x rw\n2 1 0:2 / {sys} {of_sys} - x x rw\n"),
        );
        found(Some(7))
    };
    wrong(&mounts("ro", "ro"), "read-only for the running agent", "pforte-agent.service.d");
    assert_eq!(mounts("ro", "rw").verdict, Verdict::Good);
    assert_eq!(std::fs::read_to_string(&switch).unwrap(), "0\n", "looked at, not worked");
}

#[tokio::test]
async fn a_service_of_cards_that_does_not_run() {
    let bench = Bench::new().await;
    bench.configure(&bench.wiring().replace("sensor = {", "reader = { name = \"any\" }\nsensor = {"));
    // Either there is no card service here, or it has no such reader.
    let report = bench.examine().await;
    let said = report.findings.iter().find(|finding| finding.what.starts_with("reader")).unwrap();
    wrong(said, "", "");
    assert!(said.says.contains("pcscd") || said.says.contains("no reader named"), "{said:?}");
}

#[tokio::test]
async fn lines_of_every_bad_kind() {
    let mut bench = Bench::new().await;
    bench.door = None;
    bench.is_wrong("lines lobby", "door.sock is not there", "start the twin").await;
    bench.configure(&bench.wiring().replace(
        &format!("backend = \"virtual\", socket = {:?}", bench.at("door.sock")),
        "backend = \"gpiocdev\", chip = \"/dev/gpiochip-of-no-board\", strike = { line = 17 }",
    ));
    bench.is_wrong("lines lobby", "gpiochip-of-no-board", "gpiodetect").await;

    let view = |held_by: Option<&str>| {
        Ok(LineView { purpose: "strike", line: "GPIO17".into(), held_by: held_by.map(str::to_owned) })
    };
    let judged = |lines: Vec<Result<LineView, DoorIoError>>, driven_by| {
        let mut findings = devices::judge_lines("lines", &lines, driven_by);
        assert_eq!(findings.len(), 1, "{findings:?}");
        findings.remove(0)
    };
    assert_eq!(judged(vec![view(None)], None).verdict, Verdict::Good);
    assert_eq!(judged(vec![view(Some(CONSUMER))], Some(1)).verdict, Verdict::InUse);
    wrong(&judged(vec![view(Some(CONSUMER))], None), "held by pforte", "stop that program");
    wrong(&judged(vec![view(Some("w1-gpio")), view(None)], Some(1)), "held by w1-gpio", "overlay");
    wrong(&judged(vec![view(Some(""))], Some(1)), "gives no name", "gpioinfo");
    let absent = DoorIoError::Line { place: "c".into(), line: "GPIO99".into(), purpose: "rex", why: "none".into() };
    wrong(&judged(vec![view(None), Err(absent)], None), "GPIO99 (rex)", "gpioinfo");
}

#[tokio::test]
async fn acceptances_of_every_bad_kind() {
    let bench = Bench::new().await;
    bench.accept(Outcome::Failed("it sticks".into()));
    bench.is_wrong("acceptance lobby", "strike: it sticks", "commission --door").await;
    bench.accept(Outcome::Passed);
    bench.configure(&bench.wiring().replace("sensor = {", "sensor = { baud = 57600,"));
    bench.is_wrong("acceptance lobby", "changed after it was tried", "commission").await;
    bench.configure(&bench.wiring());
    let folder = bench.at("data").join(commission::FOLDER);
    let path = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("lobby", "gates")).unwrap();
    bench.is_wrong("acceptance lobby", "not as this agent signed it", "commission").await;
    std::fs::remove_file(&path).unwrap();
    assert_eq!(bench.of("acceptance lobby").await.verdict, Verdict::Unseen);
}

#[tokio::test]
async fn disks_of_every_bad_kind() {
    let bench = Bench::new().await;
    // Not even the greatest account writes into that.
    bench.configure(&bench.wiring().replace(&format!("{:?}", bench.at("data")), "\"/proc/self\""));
    let report = bench.examine().await;
    assert!(
        report.findings.iter().any(|finding| finding.what == "disk" && finding.verdict != Verdict::Good),
        "{report:?}"
    );
    bench.configure(&bench.wiring().replace(&format!("{:?}", bench.at("data")), "\"/no/such/folder\""));
    bench.is_wrong("disk", "/no/such/folder", "install -d").await;
}

#[tokio::test]
async fn a_running_agent_keeps_its_sensor() {
    let bench = Bench::new().await;
    let mut commands = bench.sensor.listen();
    let config = Config::load(&bench.at("agent.toml")).unwrap();
    let patient = Patient { config: &config, surroundings: &bench.surroundings, driven_by: Some(1) };
    let said = devices::sensors(&patient).await;
    assert_eq!(said[0].verdict, Verdict::InUse, "{said:?}");
    assert!(commands.try_recv().is_err(), "it was asked nothing");
    let idle = Patient { driven_by: None, ..patient };
    assert_eq!(devices::sensors(&idle).await[0].verdict, Verdict::Good);
    assert!(commands.try_recv().is_ok());
}

#[test]
fn a_pi_whose_settings_move_a_strike() {
    let folder = tempfile::tempdir().unwrap();
    let surroundings = Surroundings { root: folder.path().to_owned(), timedatectl: PathBuf::new() };
    let write = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    let config = |strike: &str| {
        let path = folder.path().join("agent.toml");
        let text = format!(
            "data_folder = \"/d\"\nserver = \"s:1\"\nmode = \"production\"\n[[door]]\n\
             id = \"0191d4c2-0000-7000-8000-000000000001\"\nname = \"lobby\"\n\
             io = {{ backend = \"gpiocdev\", chip = \"/dev/gpiochip0\", strike = {{ {strike} }} }}\n"
        );
        std::fs::write(&path, text).unwrap();
        Config::load(&path).unwrap()
    };
    let look = |strike: &str| {
        let config = config(strike);
        let findings = machine::pi(&Patient { config: &config, surroundings: &surroundings, driven_by: None });
        let wrong = findings.into_iter().filter(|finding| finding.verdict == Verdict::Wrong);
        wrong.map(|finding| format!("{}: {}", finding.what, finding.says)).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(look("line = \"GPIO4\""), "", "no Pi, nothing to look at");
    write("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0");
    assert!(look("line = \"GPIO17\"").contains("strict_gpiod"));
    write("boot/firmware/config.txt", "# dtparam=strict_gpiod\ndtparam=i2c_arm=on,strict_gpiod\n");
    assert_eq!(look("line = \"GPIO17\""), "");
    write("sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs", "Y\n");
    assert!(look("line = 17").contains("keep their last level"), "what is in force counts");
    write("sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs", "N\n");
    assert_eq!(look("line = 17"), "");
    assert!(look("line = \"GPIO4\"").contains("GPIO4 is pulled up"));
    assert_eq!(look("line = \"GPIO4\", active = \"low\""), "");
    assert!(look("line = 17, active = \"low\"").contains("active at low level"));
    write("boot/firmware/config.txt", "gpio=16-18=op,dh\n");
    assert!(look("line = 17").contains("GPIO17 is pulled up"));
    assert_eq!(look("line = 19"), "");
}

#[test]
fn watchdogs_of_every_bad_kind() {
    let folder = tempfile::tempdir().unwrap();
    let surroundings = Surroundings { root: folder.path().to_owned(), timedatectl: PathBuf::new() };
    let set = |state: &str, timeout: &str| {
        let dog = folder.path().join("sys/class/watchdog/watchdog0");
        std::fs::create_dir_all(&dog).unwrap();
        std::fs::write(dog.join("state"), state).unwrap();
        std::fs::write(dog.join("timeout"), timeout).unwrap();
        machine::watchdog(&surroundings)
    };
    assert_eq!(machine::watchdog(&surroundings).verdict, Verdict::Unseen);
    wrong(&set("inactive\n", "15\n"), "it is off", "RuntimeWatchdogSec=15s");
    wrong(&set("active\n", "60\n"), "60 s", "RuntimeWatchdogSec=15s");
    assert_eq!(set("active\n", "15\n").verdict, Verdict::Good);
}

#[test]
fn a_clock_that_was_told_and_one_that_was_not() {
    let now = |clock| crate::door::Now { mono_ms: 0, unix: NOW, clock };
    assert_eq!(machine::agent_clock(now(ClockTrust::Trusted)).verdict, Verdict::Good);
    assert_eq!(machine::agent_clock(now(ClockTrust::Untrusted)).verdict, Verdict::Wrong);
}
