//! What an installer types, at a door of twins: `doctor` and `commission` as programs, through real pcscd, a serial line and a
//! terminal, with the agent running and stopped.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use access_core::UnixMs;
use access_core::policy::Side;
use door_agent::commission;
use door_agent::devices::Place;
use door_agent::identity::Identity;
use door_agent::sensor::SensorFiles;
use ed25519_dalek::SigningKey;
use hardware::world::{Client, Order, Process, door_socket, pcscd_socket, sensor_line};
use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;
use uuid::Uuid;

mod stand_in;

use stand_in::stand_in;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
const AGENT: &str = env!("CARGO_BIN_EXE_pforte-agent");
const DOOR: u128 = 0x0191_d4c2_0000_7000_8000_0000_0000_0001;

const WORLD: &str = r#"
[[reader]]
name = "lobby-in"
[[reader]]
name = "lobby-out"
[[sensor]]
name = "lobby-in"
[[door]]
name = "lobby"
rex = true
opens_ms = 5
[[card]]
name = "anna"
uid = "04A1B2C3D4E5F6"
[[finger]]
name = "anna-right-index"
seed = 4711
[[place]]
name = "lobby-in"
door = "lobby"
reader = "lobby-in"
sensor = "lobby-in"
[[place]]
name = "lobby-out"
door = "lobby"
reader = "lobby-out"
"#;

/// A door of twins, and an agent that has joined a server which is not there.
struct Site {
    world: Process,
    twins: Client,
    folder: TempDir,
}

impl Site {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world_file = folder.path().join("world.toml");
        std::fs::write(&world_file, WORLD).unwrap();
        let twin = Path::new(AGENT).with_file_name("pforte-twin");
        assert!(twin.exists(), "pforte-twin is not built: cargo build --workspace --bins");
        let world = Process::start(&twin, &world_file, &folder.path().join("w")).await.unwrap();
        let twins = world.client().await.unwrap();
        let site = Self { world, twins, folder };
        site.join();
        std::fs::write(site.config(), site.wiring()).unwrap();
        site
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("agent.toml")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn wiring(&self) -> String {
        let world = self.world.folder();
        format!(
            "data_folder = {:?}\nserver = \"127.0.0.1:1\"\nmode = \"test\"\n[[door]]\nid = \"{}\"\nname = \"lobby\"\n\
             io = {{ backend = \"virtual\", socket = {:?} }}\n[door.in]\nreader = {{ name = \"Pforte lobby-in\" }}\n\
             sensor = {{ path = {:?} }}\n[door.out]\nreader = {{ name = \"Pforte lobby-out\" }}\n",
            self.data(),
            Uuid::from_u128(DOOR),
            door_socket(world, "lobby"),
            sensor_line(world, "lobby-in"),
        )
    }

    fn join(&self) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.not_after = rcgen::date_time_ymd(2099, 1, 1);
        let certificate = params.self_signed(&key).unwrap().der().to_vec();
        let identity = stand_in(certificate, key.serialize_der());
        std::fs::create_dir_all(self.data()).unwrap();
        identity.save(&self.data()).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(AGENT);
        command.args(arguments).arg("--config").arg(self.config());
        command.env("PCSCLITE_CSOCK_NAME", pcscd_socket(self.world.folder())).kill_on_drop(true).stdin(Stdio::null());
        command
    }

    /// The agent, once it is ready.
    async fn run(&self) -> Child {
        let mut agent = self.command(&["run"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(agent.stdout.take().unwrap()).lines();
        timeout(PATIENCE, async { while !lines.next_line().await.unwrap().unwrap().contains("agent ready") {} })
            .await
            .unwrap();
        // Read on, or the agent's own words would block it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        agent
    }

    /// What the doctor says of each thing.
    async fn doctor(&self) -> Vec<(String, String, String)> {
        let said = timeout(PATIENCE, self.command(&["doctor", "--json"]).output()).await.unwrap().unwrap();
        let report: Value = serde_json::from_slice(&said.stdout).unwrap();
        // The link is away, whatever else this machine is like.
        assert_eq!(said.status.code(), Some(1), "{report:#}");
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        let findings = report["findings"].as_array().unwrap().iter();
        findings.map(|finding| (text(finding, "what"), text(finding, "verdict"), text(finding, "says"))).collect()
    }
}

#[track_caller]
fn is(report: &[(String, String, String)], what: &str, verdict: &str, says: &str) {
    let found = report.iter().any(|(is, how, said)| is == what && how == verdict && said.contains(says));
    assert!(found, "{what} is not {verdict} ({says}): {report:#?}");
}

/// A program at a terminal.
struct Terminal {
    child: Child,
    master: std::fs::File,
    screen: mpsc::UnboundedReceiver<String>,
    shown: String,
}

impl Terminal {
    fn open(mut command: Command) -> Self {
        let terminal = nix::pty::openpty(None, None).unwrap();
        let slave = std::fs::File::from(terminal.slave);
        command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave);
        let child = command.spawn().unwrap();
        // The slave's last copies are the program's: its end ends the reading.
        drop(command);
        let master = std::fs::File::from(terminal.master);
        let mut reading = master.try_clone().unwrap();
        let (shown, screen) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 1_024];
            while let Ok(count @ 1..) = reading.read(&mut bytes) {
                let _ = shown.send(String::from_utf8_lossy(&bytes[..count]).into_owned());
            }
        });
        Self { child, master, screen, shown: String::new() }
    }

    /// The first of these that shows from here on; what was read up to it is not read again.
    async fn shows(&mut self, any: &[&'static str]) -> &'static str {
        loop {
            let places = any.iter().filter_map(|wanted| Some((self.shown.find(wanted)?, *wanted)));
            if let Some((place, wanted)) = places.min() {
                self.shown.drain(..place + wanted.len());
                return wanted;
            }
            match timeout(PATIENCE, self.screen.recv()).await {
                Ok(Some(more)) => self.shown.push_str(&more),
                _ => panic!("none of {any:?} is shown: {}", self.shown),
            }
        }
    }

    fn types(&mut self, line: &str) {
        writeln!(self.master, "{line}").unwrap();
    }

    async fn ended(&mut self) -> Option<i32> {
        timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap().code()
    }
}

#[tokio::test]
async fn a_running_agent_is_looked_at_and_not_disturbed() {
    let mut site = Site::new().await;
    let mut agent = site.run().await;
    let report = site.doctor().await;
    is(&report, "agent", "good", "runs (process");
    is(&report, "key", "good", "");
    is(&report, "disk", "good", "");
    is(&report, "reader lobby in", "good", "Pforte lobby-in 00 00");
    is(&report, "reader lobby out", "good", "Pforte lobby-out 00 00");
    is(&report, "sensor lobby in", "in_use", "the running agent's");
    is(&report, "lines lobby", "good", "");
    is(&report, "link", "wrong", "127.0.0.1:1");
    is(&report, "acceptance lobby", "unseen", "");

    // It is there as before: a card is answered.
    let mut watch = site.world.client().await.unwrap().watch().await.unwrap();
    site.twins.tap("lobby-in", "anna").await.unwrap();
    let shown = watch.until(|world| world.doors.iter().any(|door| door.view.line == "Not now"));
    timeout(PATIENCE, shown).await.unwrap().unwrap();

    for arguments in [&["run"][..], &["commission"]] {
        let said = timeout(PATIENCE, site.command(arguments).output()).await.unwrap().unwrap();
        let said_all = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
        assert!(!said.status.success() && said_all.contains("drives the doors"), "{arguments:?}: {said_all}");
    }

    site.twins.order(&Order::KillPcscd {}).await.unwrap();
    is(&site.doctor().await, "readers", "wrong", "pcscd");
    site.twins.order(&Order::StartPcscd {}).await.unwrap();
    std::fs::write(site.config(), site.wiring().replace("Pforte lobby-out", "Pforte lab-out")).unwrap();
    is(&site.doctor().await, "reader lobby out", "wrong", "no reader named");

    agent.kill().await.unwrap();
    std::fs::write(site.config(), site.wiring()).unwrap();
    let report = site.doctor().await;
    is(&report, "agent", "good", "does not run");
    is(&report, "sensor lobby in", "good", "its own memory is empty");
    assert!(site.world.end().await.unwrap().success());
}

#[tokio::test]
async fn an_installer_is_walked_through_a_door_and_it_is_accepted() {
    let mut site = Site::new().await;
    let mut terminal = Terminal::open(site.command(&["commission", "--door", "lobby", "--by", "the installer"]));
    let press = |pressed| Order::Rex { door: "lobby".into(), pressed };
    let tamper = |tampered| Order::Tamper { door: "lobby".into(), tampered };
    let (mut was_swapped, mut tries) = (false, 0);
    loop {
        let prompts = [
            "is it heard?",
            "hold it open",
            "fall shut",
            "stay shut?",
            "Press the exit button",
            "Let the exit button go",
            "Open the housing",
            "Close the housing again",
            "and nothing else?",
            "sound once?",
            "reader outside",
            "reader inside",
            "sensor outside",
            "Enter: once more",
            "is accepted",
            "NOT accepted",
        ];
        let twins = &mut site.twins;
        match terminal.shows(&prompts).await {
            "is it heard?" | "stay shut?" | "and nothing else?" | "sound once?" => terminal.types("y"),
            "hold it open" => twins.push("lobby").await.unwrap(),
            "fall shut" => twins.order(&Order::Close { door: "lobby".into() }).await.unwrap(),
            "Press the exit button" => twins.order(&press(true)).await.unwrap(),
            "Let the exit button go" => twins.order(&press(false)).await.unwrap(),
            "Open the housing" => twins.order(&tamper(true)).await.unwrap(),
            "Close the housing again" => twins.order(&tamper(false)).await.unwrap(),
            // First at the wrong one: as it comes when the two are mixed up in the configuration.
            "reader outside" if !was_swapped => {
                was_swapped = true;
                twins.tap("lobby-out", "anna").await.unwrap();
                terminal.shows(&["WRONG: the card was read at the other reader"]).await;
            }
            "reader outside" => twins.tap("lobby-in", "anna").await.unwrap(),
            "reader inside" => twins.tap("lobby-out", "anna").await.unwrap(),
            "sensor outside" => twins.finger("lobby-in", "anna-right-index").await.unwrap(),
            "Enter: once more" => {
                tries += 1;
                assert!(tries == 1, "a step fails: {}", terminal.shown);
                twins.remove("lobby-out").await.unwrap();
                terminal.types("");
            }
            "is accepted" => break,
            end => panic!("{end}: {}", terminal.shown),
        }
    }
    assert_eq!(terminal.ended().await, Some(0));
    assert!(was_swapped);
    let key = SigningKey::from_bytes(&[4; 32]).verifying_key();
    let record = commission::load(&site.data(), Uuid::from_u128(DOOR).into(), &key).unwrap().unwrap();
    assert!(record.is_accepted && record.by == "the installer" && !record.is_time_told, "{record:?}");
    assert!(record.at > UnixMs(0) && record.steps.iter().any(|step| step.step == "card_out"), "{record:?}");
    is(&site.doctor().await, "acceptance lobby", "good", "18 steps passed");
    // Who the sensor is lies where the agent looks it up, and stands in the record.
    let place = Place { door: Some(Uuid::from_u128(DOOR).into()), side: Some(Side::In) };
    let known = SensorFiles::of(&site.data(), place).known().unwrap().unwrap();
    let finger = record.steps.iter().find(|step| step.step == "finger_in").unwrap();
    assert_eq!(finger.device, Some(known.identity.to_string()));

    // Whoever stops it in the middle records nothing and leaves no strike energised.
    let mut watch = site.world.client().await.unwrap().watch().await.unwrap();
    let mut terminal = Terminal::open(site.command(&["commission"]));
    terminal.shows(&["is it heard?"]).await;
    timeout(PATIENCE, watch.until(|world| world.doors[0].view.is_energised)).await.unwrap().unwrap();
    // Ctrl-C, as a terminal sends it to whoever has it.
    let pid = i32::try_from(terminal.child.id().unwrap()).unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGINT).unwrap();
    terminal.shows(&["nothing was recorded"]).await;
    assert_eq!(terminal.ended().await, Some(1));
    timeout(PATIENCE, watch.until(|world| !world.doors[0].view.is_energised)).await.unwrap().unwrap();
    let again = commission::load(&site.data(), Uuid::from_u128(DOOR).into(), &key).unwrap();
    assert_eq!(again, Some(record));
    assert!(site.world.end().await.unwrap().success());
}
