//! Drivers against a world of twins: the real card service, real terminals, real sockets.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends where it fails"
)]

mod desfire;
mod proof;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hardware::FaultKind;
use hardware::card::virtual_card::CardFault;
use hardware::card::{CardLookup, ReaderBinding, ReaderChange, ReaderEvent, ReaderMatch, Readers};
use hardware::door_io::{self, DoorInput, DoorIoConfig, WatchedInput};
use hardware::finger::{BAUD_DEFAULT, Capture, SerialSensor};
use hardware::world::{
    Client, ClientError, Order, Process, Ring, SensorWish, control_socket, door_socket, sensor_line,
};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Tells a test's second run where its world is.
const WORLD: &str = "PFORTE_TEST_WORLD";

const FILE: &str = r#"
[[reader]]
name = "in"
[[reader]]
name = "out"
is_paced = true
[[sensor]]
name = "in"
[[door]]
name = "lobby"
rex = true
watched = true
opens_ms = 5
[[card]]
name = "anna"
uid = "04A1B2C3D4E5F6"
[[card]]
name = "ben"
uid = "11223344"
[[card]]
name = "dora"
uid = "04D0D1D2D3D4D5"
desfire = {}
[[card]]
name = "dora-bare"
uid = "04D0D1D2D3D4D5"
[[card]]
name = "dora-blank"
uid = "04D0D1D2D3D4D5"
desfire = {}
[[card]]
name = "dora-old"
uid = "04D0D1D2D3D4D5"
desfire = { generation = "ev1" }
[[finger]]
name = "anna-right-index"
seed = 4711
[[place]]
name = "lobby-in"
door = "lobby"
reader = "in"
sensor = "in"
[[place]]
name = "lobby-out"
door = "lobby"
reader = "out"
"#;

const ANNA: [u8; 7] = [0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6];
const BEN: [u8; 4] = [0x11, 0x22, 0x33, 0x44];

struct World {
    process: Process,
    folder: tempfile::TempDir,
}

impl World {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("world.toml");
        std::fs::write(&file, FILE).unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_pforte-twin"));
        let process = Process::start(program, &file, &folder.path().join("w")).await.unwrap();
        Self { process, folder }
    }

    async fn client(&self) -> Client {
        self.process.client().await.unwrap()
    }
}

/// Runs a test's body with the readers of a world as its PC/SC. That is told by the environment, which a process can't
/// change safely for itself: so the test runs itself a second time.
async fn with_readers(name: &str, body: impl AsyncFnOnce(PathBuf)) {
    if let Some(folder) = std::env::var_os(WORLD) {
        return timeout(PATIENCE * 3, body(folder.into())).await.expect("the test hangs");
    }
    let world = World::start().await;
    let folder = world.process.folder();
    let again = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(WORLD, folder)
        .env("PCSCLITE_CSOCK_NAME", hardware::world::pcscd_socket(folder))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    print!("{said}{}", String::from_utf8_lossy(&again.stderr));
    assert!(again.status.success() && said.contains("1 passed"), "the second run failed");
    assert!(world.process.end().await.unwrap().success());
}

struct Bench {
    client: Client,
    events: mpsc::Receiver<ReaderEvent>,
    readers: Readers,
}

impl Bench {
    async fn new(folder: &Path) -> Self {
        Self::asking(folder, Arc::new(())).await
    }

    async fn asking(folder: &Path, lookup: Arc<dyn CardLookup>) -> Self {
        let binding =
            |name: &str, matches: &str| ReaderBinding { name: name.into(), matches: ReaderMatch::Name(matches.into()) };
        let (sender, events) = mpsc::channel(16);
        // One by its full name, one without index and slot.
        let bindings = vec![binding("in", "Pforte in 00 00"), binding("out", "Pforte out")];
        let readers = Readers::start(bindings, sender, lookup).unwrap();
        let mut bench = Self { client: Client::connect(folder).await.unwrap(), events, readers };
        let mut found = [bench.next().await, bench.next().await];
        found.sort_by_key(|(reader, _)| reader.clone());
        assert_eq!(found, [("in".into(), ReaderChange::Back), ("out".into(), ReaderChange::Back)]);
        bench
    }

    async fn next(&mut self) -> (String, ReaderChange) {
        let event = timeout(PATIENCE, self.events.recv()).await.expect("an event").expect("readers go on");
        (event.reader, event.change)
    }

    async fn expect_card(&mut self, reader: &str, uid: &[u8]) {
        match self.next().await {
            (at, ReaderChange::Card(read)) => assert_eq!((at.as_str(), read.as_bytes()), (reader, uid)),
            other => panic!("{other:?}"),
        }
    }

    async fn expect(&mut self, reader: &str, change: ReaderChange) {
        assert_eq!(self.next().await, (reader.to_owned(), change));
    }
}

#[tokio::test]
async fn a_card_is_read_and_its_leaving_seen() {
    with_readers("a_card_is_read_and_its_leaving_seen", async |folder| {
        let mut bench = Bench::new(&folder).await;
        for (card, uid) in [("anna", &ANNA[..]), ("ben", &BEN[..]), ("anna", &ANNA[..])] {
            let held = Instant::now();
            bench.client.tap("lobby-in", card).await.unwrap();
            bench.expect_card("in", uid).await;
            println!("tap to event: {} ms", held.elapsed().as_millis());
            bench.client.remove("lobby-in").await.unwrap();
            bench.expect("in", ReaderChange::Removed).await;
        }
        // Another card in the same place, and a card that wanders.
        bench.client.tap("lobby-out", "anna").await.unwrap();
        bench.expect_card("out", &ANNA).await;
        bench.client.tap("lobby-out", "ben").await.unwrap();
        bench.expect("out", ReaderChange::Removed).await;
        bench.expect_card("out", &BEN).await;
        bench.client.tap("lobby-in", "ben").await.unwrap();
        let (mut has_left, mut has_come) = (false, false);
        for _ in 0..2 {
            match bench.next().await {
                (at, ReaderChange::Removed) if at == "out" => has_left = true,
                (at, ReaderChange::Card(uid)) if at == "in" => has_come = uid.as_bytes() == BEN,
                other => panic!("{other:?}"),
            }
        }
        assert!(has_left && has_come);
    })
    .await;
}

#[tokio::test]
async fn a_command_takes_no_acknowledgement_delay() {
    with_readers("a_command_takes_no_acknowledgement_delay", async |folder| {
        let mut bench = Bench::new(&folder).await;
        bench.client.tap("lobby-in", "anna").await.unwrap();
        bench.expect_card("in", &ANNA).await;
        let timings = tokio::task::spawn_blocking(|| {
            let context = pcsc::Context::establish(pcsc::Scope::System).unwrap();
            let card = context.connect(c"Pforte in 00 00", pcsc::ShareMode::Shared, pcsc::Protocols::ANY).unwrap();
            let mut timings: Vec<_> = (0..200)
                .map(|_| {
                    let began = Instant::now();
                    let mut buffer = [0; pcsc::MAX_BUFFER_SIZE];
                    let answer = card.transmit(&[0xFF, 0xCA, 0, 0, 0], &mut buffer).unwrap();
                    assert_eq!(answer.len(), 9);
                    for unknown in [[0xFF, 0xB0, 0, 0, 0], [0x00, 0xA4, 4, 0, 0]] {
                        assert_eq!(card.transmit(&unknown, &mut buffer).unwrap().len(), 2);
                    }
                    began.elapsed() / 3
                })
                .collect();
            timings.sort();
            timings
        });
        let timings = timings.await.unwrap();
        println!("APDU: p50 {:?}, p99 {:?}", timings[100], timings[198]);
        assert!(timings[100] < Duration::from_millis(5), "44 ms each without quick acknowledgement");
    })
    .await;
}

#[tokio::test]
async fn a_dead_card_service_is_lost_and_found_again() {
    with_readers("a_dead_card_service_is_lost_and_found_again", async |folder| {
        let mut bench = Bench::new(&folder).await;
        bench.client.tap("lobby-in", "anna").await.unwrap();
        bench.expect_card("in", &ANNA).await;
        bench.client.order(&Order::KillPcscd {}).await.unwrap();
        assert!(!bench.client.state().await.unwrap().pcscd);
        let mut seen = [bench.next().await, bench.next().await, bench.next().await];
        seen.sort_by_key(|(reader, change)| (reader.clone(), *change != ReaderChange::Removed));
        let [(_, ReaderChange::Removed), (first, ReaderChange::Lost(_)), (second, ReaderChange::Lost(why))] = &seen
        else {
            panic!("{seen:?}");
        };
        assert_eq!((first.as_str(), second.as_str()), ("in", "out"));
        assert!(why.contains("pcscd"), "{why}");

        bench.client.order(&Order::StartPcscd {}).await.unwrap();
        assert!(bench.client.state().await.unwrap().pcscd);
        let mut changes = Vec::new();
        for _ in 0..3 {
            changes.push(bench.next().await);
        }
        assert_eq!(changes.iter().filter(|(_, change)| *change == ReaderChange::Back).count(), 2, "{changes:?}");
        let read = changes.iter().find_map(|(reader, change)| match change {
            ReaderChange::Card(uid) if reader == "in" => Some(uid.as_bytes().to_vec()),
            _ => None,
        });
        assert_eq!(read.as_deref(), Some(&ANNA[..]), "the card still lies there");
        bench.client.tap("lobby-out", "ben").await.unwrap();
        bench.expect_card("out", &BEN).await;
    })
    .await;
}

#[tokio::test]
async fn a_silent_card_is_reported_and_holds_up_nobody() {
    with_readers("a_silent_card_is_reported_and_holds_up_nobody", async |folder| {
        let mut bench = Bench::new(&folder).await;
        bench.client.order(&Order::Reader { at: "lobby-in".into(), fault: CardFault::Hang }).await.unwrap();
        // More often than workers may hang: each is freed by the card's leaving.
        for _ in 0..5 {
            bench.client.tap("lobby-in", "anna").await.unwrap();
            bench.expect("in", ReaderChange::Silent).await;
            bench.client.tap("lobby-out", "ben").await.unwrap();
            bench.expect_card("out", &BEN).await;
            bench.client.remove("lobby-out").await.unwrap();
            bench.expect("out", ReaderChange::Removed).await;
            bench.client.remove("lobby-in").await.unwrap();
            bench.expect("in", ReaderChange::Removed).await;
            bench.expect("in", ReaderChange::Back).await;
        }
        bench.client.order(&Order::Reader { at: "lobby-in".into(), fault: CardFault::None }).await.unwrap();
        bench.client.tap("lobby-in", "anna").await.unwrap();
        bench.expect_card("in", &ANNA).await;
    })
    .await;
}

#[tokio::test]
async fn a_card_service_that_stands_still_is_silent_and_then_back() {
    with_readers("a_card_service_that_stands_still_is_silent_and_then_back", async |folder| {
        let mut bench = Bench::new(&folder).await;
        let config = folder.join("pcscd/config");
        let is_ours = |process: &Path| {
            let line = std::fs::read(process.join("cmdline")).unwrap_or_default();
            line.starts_with(b"/usr/sbin/pcscd") && line.ends_with(format!("{}\0", config.display()).as_bytes())
        };
        let mut processes = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
        let process = processes.find(|process| is_ours(process)).expect("the card service");
        let id: i32 = process.file_name().unwrap().to_str().unwrap().parse().unwrap();
        let signal = |signal| nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), signal).unwrap();

        signal(nix::sys::signal::Signal::SIGSTOP);
        // Both readers fall silent, each once, however many workers hang meanwhile.
        let mut silent = [bench.next().await, bench.next().await];
        silent.sort_by_key(|(reader, _)| reader.clone());
        assert_eq!(silent, [("in".into(), ReaderChange::Silent), ("out".into(), ReaderChange::Silent)]);
        let more = timeout(Duration::from_secs(4), bench.events.recv()).await;
        assert!(more.is_err(), "{more:?}");
        signal(nix::sys::signal::Signal::SIGCONT);
        let mut back = Vec::new();
        while back.len() < 2 {
            match bench.next().await {
                (reader, ReaderChange::Back) => back.push(reader),
                (_, ReaderChange::Removed | ReaderChange::Lost(_)) => {}
                other => panic!("{other:?}"),
            }
        }
        bench.client.tap("lobby-in", "anna").await.unwrap();
        bench.expect_card("in", &ANNA).await;
    })
    .await;
}

#[tokio::test]
async fn an_odd_answer_is_unreadable() {
    with_readers("an_odd_answer_is_unreadable", async |folder| {
        let mut bench = Bench::new(&folder).await;
        bench.client.order(&Order::Reader { at: "lobby-in".into(), fault: CardFault::OddAnswer }).await.unwrap();
        bench.client.tap("lobby-in", "anna").await.unwrap();
        match bench.next().await {
            (at, ReaderChange::Unreadable(why)) => {
                println!("{why}");
                assert_eq!(at, "in");
            }
            other => panic!("{other:?}"),
        }
        bench.client.remove("lobby-in").await.unwrap();
        bench.expect("in", ReaderChange::Removed).await;
    })
    .await;
}

#[tokio::test]
async fn a_reader_that_is_not_there_is_lost_and_named() {
    with_readers("a_reader_that_is_not_there_is_lost_and_named", async |folder| {
        let (sender, mut events) = mpsc::channel(16);
        let matches = ReaderMatch::Serial("R-17".into());
        let garage = ReaderBinding { name: "garage".into(), matches: matches.clone() };
        let twice = Readers::start(
            vec![garage.clone(), ReaderBinding { name: "x".into(), matches }],
            sender.clone(),
            Arc::new(()),
        );
        assert!(twice.unwrap_err().to_string().contains("garage"));
        let readers = Readers::start(vec![garage], sender, Arc::new(())).unwrap();
        match timeout(PATIENCE, events.recv()).await.unwrap().unwrap() {
            ReaderEvent { reader, change: ReaderChange::Lost(why), .. } => {
                assert_eq!(reader, "garage");
                assert!(why.contains("R-17"), "{why}");
            }
            other => panic!("{other:?}"),
        }
        drop(readers);
        assert!(timeout(PATIENCE, events.recv()).await.unwrap().is_none(), "threads end when dropped");
        drop(folder);
    })
    .await;
}

#[tokio::test]
async fn a_door_opens_only_while_released_or_by_force() {
    let world = World::start().await;
    let mut client = world.client().await;
    let locked = client.push("lobby").await.unwrap_err();
    assert!(matches!(&locked, ClientError::Refused(why) if why == "locked"), "{locked:?}");
    let mut watch = world.client().await.watch().await.unwrap();

    let config = DoorIoConfig::Virtual { socket: door_socket(world.process.folder(), "lobby") };
    let (mut outputs, mut inputs) = door_io::open(&config).await.unwrap();
    outputs.strike(true).unwrap();
    timeout(PATIENCE, watch.until(|state| state.door("lobby").unwrap().view.is_energised)).await.unwrap().unwrap();
    client.push("lobby-out").await.expect("a place's name does as well");
    timeout(PATIENCE, watch.until(|state| state.door("lobby").unwrap().view.is_open)).await.unwrap().unwrap();
    client.order(&Order::Close { door: "lobby".into() }).await.unwrap();
    timeout(PATIENCE, watch.until(|state| !state.door("lobby").unwrap().view.is_open)).await.unwrap().unwrap();

    // The agent dies: the strike stays as it was.
    drop((outputs, inputs));
    client.push("lobby").await.unwrap();
    client.order(&Order::Close { door: "lobby".into() }).await.unwrap();
    assert!(client.state().await.unwrap().door("lobby").unwrap().view.is_energised);
    // It comes back: the strike rests.
    (outputs, inputs) = door_io::open(&config).await.unwrap();
    assert!(!client.state().await.unwrap().door("lobby").unwrap().view.is_energised);

    for _ in 0..3 + WatchedInput::ALL.len() {
        timeout(PATIENCE, inputs.recv()).await.unwrap().unwrap();
    }
    client.order(&Order::Force { door: "lobby".into() }).await.unwrap();
    assert_eq!(timeout(PATIENCE, inputs.recv()).await.unwrap(), Some(DoorInput::Contact { is_open: true }));
    assert!(client.state().await.unwrap().door("lobby").unwrap().view.was_forced);
    client.order(&Order::Rex { door: "lobby".into(), pressed: true }).await.unwrap();
    assert_eq!(timeout(PATIENCE, inputs.recv()).await.unwrap(), Some(DoorInput::Rex { is_pressed: true }));
    client.order(&Order::Tamper { door: "lobby".into(), tampered: true }).await.unwrap();
    assert_eq!(timeout(PATIENCE, inputs.recv()).await.unwrap(), Some(DoorInput::Tamper { is_tampered: true }));
    client.order(&Order::Input { door: "lobby".into(), input: WatchedInput::Fire, active: true }).await.unwrap();
    let fire = DoorInput::Watched { input: WatchedInput::Fire, is_active: true };
    assert_eq!(timeout(PATIENCE, inputs.recv()).await.unwrap(), Some(fire));
    assert_eq!(client.state().await.unwrap().door("lobby").unwrap().view.watched, [WatchedInput::Fire]);
    drop(outputs);
}

#[tokio::test]
async fn a_sensor_is_used_unplugged_and_used_again() {
    let world = World::start().await;
    let mut client = world.client().await;
    let line = sensor_line(world.process.folder(), "in");
    let mut sensor = SerialSensor::open_serial(&line, BAUD_DEFAULT, 0).await.unwrap();
    assert_eq!(sensor.look().await.unwrap(), Capture::NoFinger);
    client.finger("lobby-in", "anna-right-index").await.unwrap();
    assert_eq!(sensor.look().await.unwrap(), Capture::Taken);
    sensor.show(hardware::finger::Led::Good).await.unwrap();
    let state = client.state().await.unwrap();
    let seen = state.sensor("in").unwrap();
    assert_eq!((seen.finger.as_deref(), seen.ring), (Some("anna-right-index"), Ring::Green));

    let wish = |fault| Order::Sensor { at: "lobby-in".into(), fault };
    client.order(&wish(SensorWish::Unplug)).await.unwrap();
    assert_eq!(sensor.look().await.unwrap_err().kind(), FaultKind::Disconnected);
    assert!(!client.state().await.unwrap().sensor("in").unwrap().is_plugged);
    client.order(&wish(SensorWish::Plug)).await.unwrap();
    let mut sensor = SerialSensor::open_serial(&line, BAUD_DEFAULT, 0).await.unwrap();
    assert_eq!(sensor.look().await.unwrap(), Capture::Taken, "the finger still lies there");
    client.order(&wish(SensorWish::Hang)).await.unwrap();
    assert_eq!(sensor.look().await.unwrap_err().kind(), FaultKind::Timeout);
    client.order(&wish(SensorWish::None)).await.unwrap();
    client.lift("lobby-in").await.unwrap();
    assert_eq!(sensor.look().await.unwrap(), Capture::NoFinger);
}

#[tokio::test]
async fn what_is_wrong_with_an_order_is_named() {
    let world = World::start().await;
    let socket = control_socket(world.process.folder());
    let check = async |line: &str, named: &str| {
        let mut stream = BufReader::new(tokio::net::UnixStream::connect(&socket).await.unwrap());
        stream.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(PATIENCE, stream.read_line(&mut answer)).await.unwrap().unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["ok"], false, "{line}");
        assert!(answer["error"].as_str().unwrap().contains(named), "{line}: {answer}");
    };
    check("{\"do\":\"tap\"", "EOF").await;
    check("", "EOF").await;
    check("[]", "missing").await;
    check(r#"{"do":"open_everything"}"#, "open_everything").await;
    check(r#"{"do":"state","verbose":true}"#, "verbose").await;
    check(r#"{"do":"tap","at":"lobby-in","card":"anna","slot":1}"#, "slot").await;
    check(r#"{"do":"tap","at":"lobby-in"}"#, "card").await;
    check(r#"{"do":"tap","at":"lobby-in","card":"carla"}"#, "carla").await;
    check(r#"{"do":"tap","at":"cellar","card":"anna"}"#, "cellar").await;
    check(r#"{"do":"finger","at":"lobby-out","finger":"anna-right-index"}"#, "no sensor at \"lobby-out\"").await;
    check(r#"{"do":"finger","at":"lobby-in","finger":"toe"}"#, "toe").await;
    check(r#"{"do":"push","door":"cellar"}"#, "cellar").await;
    check(r#"{"do":"sensor","at":"lobby-in","fault":"melt"}"#, "melt").await;
    check(r#"{"do":"add_card","name":"anna","uid":"01020304"}"#, "already").await;
    check(r#"{"do":"add_card","name":"carla","uid":"0102"}"#, "4, 7 or 10").await;
    check(r#"{"do":"add_card","name":"../carla","uid":"01020304"}"#, "../carla").await;
    check(r#"{"do":"add_card","name":"carla","uid":"01020304","desfire":{}}"#, "7 bytes, not 4").await;
    check(r#"{"do":"add_card","name":"carla","uid":"01020304050607","desfire":{"size":"3k"}}"#, "3k").await;
    check(r#"{"do":"copy_card","of":"anna","name":"mallory"}"#, "\"anna\" is no DESFire").await;
    check(r#"{"do":"copy_card","of":"dora","name":"anna"}"#, "already").await;
    check(r#"{"do":"card","card":"anna","misdeed":{"at":1,"deed":"silence"}}"#, "no DESFire").await;
    check(r#"{"do":"card","card":"dora","misdeed":{"at":1,"deed":"dance"}}"#, "dance").await;
    check(r#"{"do":"card","card":"dora","misdeed":{"at":1,"deed":{"swap":{"card":"nobody"}}}}"#, "nobody").await;
    check(r#"{"do":"start_pcscd"}"#, "already").await;
    check(&"x".repeat(10_000), "expected").await;

    // And the world goes on; a card made now is one.
    let mut client = world.client().await;
    let carla =
        Order::AddCard { name: "carla".into(), uid: "01020304".into(), label: Some("Carla".into()), desfire: None };
    client.order(&carla).await.unwrap();
    client.tap("lobby", "carla").await.expect("a door's first place");
    let state = client.state().await.unwrap();
    assert_eq!(state.readers[0].card.as_deref(), Some("carla"));
    assert!(state.cards.iter().any(|card| card.label == "Carla"));
}

#[tokio::test]
async fn nothing_outlives_a_world_that_is_killed() {
    let world = World::start().await;
    let id = world.process.id().unwrap();
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    let children: Vec<u32> = children.split_whitespace().map(|child| child.parse().unwrap()).collect();
    let runs = |child: u32| {
        // Gone, or dead and not yet buried.
        let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
    };
    assert!(children.len() == 1 && runs(children[0]), "the card service: {children:?}");
    world.process.kill().await.unwrap();
    let deadline = Instant::now() + PATIENCE;
    while runs(children[0]) {
        assert!(Instant::now() < deadline, "the card service outlives its world");
        tokio::task::yield_now().await;
    }
    drop(world.folder);
}

#[tokio::test]
async fn a_world_that_cannot_be_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.toml");
    let program = Path::new(env!("CARGO_BIN_EXE_pforte-twin"));
    let check = async |text: &str, at: PathBuf, named: &str| {
        std::fs::write(&file, text).unwrap();
        let error = Process::start(program, &file, &at).await.err().unwrap().to_string();
        assert!(error.contains(named), "{error}");
    };
    check("[[reader]]\nname = \"a\"\ncolour = 1", folder.path().join("w"), "colour").await;
    check("[[place]]\nname = \"a\"\ndoor = \"b\"", folder.path().join("w"), "door \"b\"").await;
    check(FILE, folder.path().join("a folder"), "spaces").await;
    check(FILE, folder.path().join("x".repeat(90)), "100 bytes").await;
}
