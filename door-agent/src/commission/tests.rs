//! The walk at a door's twin, a sensor's and a keypad's: everything good, and each thing that can be wired wrongly. Cards need a card
//! service: they are in door-agent/tests/installer.rs, where the program is driven by its terminal.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use hardware::door_io::virtual_door::{DoorBuild, DoorView, VirtualDoor};
use hardware::door_io::{Buzzer, DoorIoConfig, Light};
use hardware::finger::virtual_sensor::VirtualSensor;
use hardware::keypad::KeypadConfig;
use hardware::keypad::virtual_keypad::VirtualKeypad;
use tempfile::TempDir;

use super::script::{begin, judge, steps};
use super::*;
use crate::config::{SensorConfig, SideConfig};
use crate::sensor::{self, Accepted, Habits, SensorEvent, SensorTask, Suspicion};

const WAIT: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(60);

/// What the installer reads, as the test sees it.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<String>>, Arc<tokio::sync::Notify>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().push_str(std::str::from_utf8(bytes).unwrap());
        self.1.notify_one();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A door, and somebody in front of it with a keyboard.
struct Installer {
    folder: TempDir,
    door: VirtualDoor,
    sensor: VirtualSensor,
    screen: Screen,
    read: usize,
    keyboard: mpsc::Sender<String>,
}

impl Installer {
    fn new() -> (Self, Dialogue) {
        let folder = tempfile::tempdir().unwrap();
        let build = DoorBuild {
            has_watched: false,
            has_contact: true,
            has_rex: true,
            is_rex_mechanical: false,
            opens: Duration::ZERO,
            closes: None,
        };
        let door = VirtualDoor::hang(&folder.path().join("door.sock"), build).unwrap();
        let sensor = VirtualSensor::plug(&folder.path().join("sensor")).unwrap();
        let screen = Screen::default();
        let (keyboard, answers) = mpsc::channel(4);
        let dialogue = Dialogue { answers, out: Box::new(screen.clone()) };
        (Self { folder, door, sensor, screen, read: 0, keyboard }, dialogue)
    }

    fn wired(&self) -> DoorConfig {
        wired(self.folder.path())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Reads on until this is said.
    async fn reads(&mut self, expected: &str) {
        loop {
            let more = self.screen.1.notified();
            {
                let screen = self.screen.0.lock().unwrap();
                if let Some(place) = screen[self.read..].find(expected) {
                    self.read += place + expected.len();
                    return;
                }
            }
            timeout(PATIENCE, more)
                .await
                .unwrap_or_else(|_| panic!("{expected:?} is not said: {}", self.screen.0.lock().unwrap()));
        }
    }

    async fn types(&self, line: &str) {
        self.keyboard.send(line.to_owned()).await.unwrap();
    }

    async fn answers(&mut self, question: &str, answer: &str) {
        self.reads(question).await;
        self.types(answer).await;
    }

    fn is_energised(&self) -> bool {
        self.door.watch().borrow().is_energised
    }

    /// Waits until the reader shows this.
    async fn shows(&self, is_it: impl FnMut(&DoorView) -> bool) {
        timeout(PATIENCE, self.door.watch().wait_for(is_it)).await.unwrap().unwrap();
    }

    /// From the strike to the door that holds again.
    async fn tries_the_strike(&mut self) {
        self.reads("is it heard?").await;
        assert!(self.is_energised());
        self.types("y").await;
        self.reads("hold it open").await;
        self.door.push().await.unwrap();
        self.reads("fall shut").await;
        assert!(!self.is_energised(), "an open door needs no strike");
        self.door.close();
        self.answers("stay shut?", "y").await;
    }

    async fn tries_lights(&mut self) {
        for (question, light) in [("green", Light::Green), ("red", Light::Red), ("blue", Light::Waiting)] {
            self.reads(question).await;
            self.shows(|view| view.light == light).await;
            self.types("y").await;
        }
        self.reads("sound once?").await;
        self.shows(|view| view.buzzer == Buzzer::Long).await;
        self.types("y").await;
    }
}

fn wired(folder: &Path) -> DoorConfig {
    let sensor = SensorConfig { path: folder.join("sensor"), baud: 57_600, password: 0 };
    DoorConfig {
        id: uuid::Uuid::from_u128(7).into(),
        name: "lobby".into(),
        io: DoorIoConfig::Virtual { socket: folder.join("door.sock") },
        inward: SideConfig { sensor: Some(sensor), ..SideConfig::default() },
        outward: SideConfig::default(),
    }
}

/// A door as it is being tried, without readers.
async fn site<'a>(door: &'a DoorConfig, data_folder: &'a Path, dialogue: &'a mut Dialogue) -> Site<'a> {
    let (outputs, inputs) = door_io::open(&door.io).await.unwrap();
    let (levels, reader_events) = (Levels::default(), mpsc::channel(1).1);
    Site { door, outputs, inputs, reader_events, levels, wait: WAIT, data_folder, device: None, dialogue }
}

/// Has a walk and its installer go on beside each other; both must end.
async fn beside<T>(walk: impl Future<Output = T>, installer: impl Future<Output = ()>) -> T {
    timeout(PATIENCE, async { tokio::join!(walk, installer).0 }).await.unwrap()
}

#[tokio::test]
async fn a_door_without_fault_passes_every_step() {
    let (mut installer, mut dialogue) = Installer::new();
    let mut door = installer.wired();
    let pipe = installer.folder.path().join("keypad");
    let keypad = VirtualKeypad::plug(&pipe).unwrap();
    door.inward.keypad = Some(KeypadConfig::Virtual { pipe });
    let data = installer.data();
    let tried = beside(walk(&door, WAIT, &data, &mut dialogue), async {
        installer.tries_the_strike().await;
        installer.reads("Press the exit button").await;
        installer.door.press_rex(true).unwrap();
        installer.reads("Let the exit button go").await;
        installer.door.press_rex(false).unwrap();
        installer.reads("Open the housing").await;
        installer.door.tamper(true);
        installer.reads("Close the housing again").await;
        installer.door.tamper(false);
        installer.tries_lights().await;
        installer.reads("Place a finger on the sensor outside").await;
        installer.sensor.place(Some(5));
        installer.reads("on the keypad outside").await;
        // Enter alone, and what is taken back, are no digits.
        keypad.press("#7*12#").unwrap();
        installer.reads("good").await;
    })
    .await
    .unwrap();
    assert!(tried.iter().all(|tried| tried.outcome == Outcome::Passed), "{tried:?}");
    let words: Vec<String> = tried.iter().map(|tried| tried.step.word().to_string()).collect();
    assert_eq!(
        words,
        [
            "contact_rests",
            "rex_rests",
            "tamper_rests",
            "strike",
            "opens",
            "shuts",
            "holds",
            "rex_acts",
            "rex_ends",
            "tamper_acts",
            "tamper_ends",
            "light_green",
            "light_red",
            "light_blue",
            "sound",
            "finger_in",
            "keypad_in"
        ]
    );
    assert!(!installer.is_energised());
    installer.shows(|view| view.light == Light::Off).await;
}

#[tokio::test]
async fn what_fails_is_named_tried_again_or_left_and_the_strike_rests_meanwhile() {
    let (mut installer, mut dialogue) = Installer::new();
    let door = installer.wired();
    let data = installer.data();
    let tried = beside(walk(&door, WAIT, &data, &mut dialogue), async {
        installer.answers("is it heard?", "n").await;
        installer.reads("WRONG: the strike is not heard: check the relay").await;
        assert!(!installer.is_energised(), "nobody reads in front of a released door");
        installer.types("").await;
        installer.tries_the_strike().await;
        installer.reads("Press the exit button").await;
        // The wires of button and housing are mixed up: a button that is pressed arrives as the housing.
        installer.door.tamper(true);
        installer.door.tamper(false);
        installer.types("s").await;
        installer.reads("WRONG: given up").await;
        installer.types("s").await;
        installer.reads("Let the exit button go").await;
        installer.reads("good").await;
        installer.reads("Open the housing").await;
        installer.door.tamper(true);
        installer.reads("Close the housing again").await;
        installer.door.tamper(false);
        installer.tries_lights().await;
        installer.reads("Place a finger").await;
        installer.types("s").await;
        installer.answers("Enter: once more", "s").await;
    })
    .await
    .unwrap();
    let failed: Vec<String> = tried
        .iter()
        .filter(|tried| tried.outcome != Outcome::Passed)
        .map(|tried| tried.step.word().to_string())
        .collect();
    assert_eq!(failed, ["rex_acts", "finger_in"]);
    assert!(tried.iter().filter(|tried| tried.outcome == Outcome::Skipped).count() == 2, "{tried:?}");
}

#[tokio::test]
async fn what_is_typed_before_a_question_is_no_answer_to_it() {
    let (mut installer, mut dialogue) = Installer::new();
    let mut door = installer.wired();
    door.inward = SideConfig::default();
    let data = installer.data();
    let stopped = beside(walk(&door, WAIT, &data, &mut dialogue), async {
        installer.tries_the_strike().await;
        installer.reads("Press the exit button").await;
        installer.door.press_rex(true).unwrap();
        installer.reads("Let the exit button go").await;
        installer.door.press_rex(false).unwrap();
        installer.reads("Open the housing").await;
        installer.door.tamper(true);
        installer.reads("Close the housing again").await;
        installer.door.tamper(false);
        installer.reads("green").await;
        installer.types("y").await;
        installer.types("y").await;
        installer.reads("red").await;
        installer.types("n").await;
        installer.reads("WRONG: the light").await;
        installer.types("q").await;
    })
    .await;
    assert!(matches!(stopped, Err(CommissionError::Stopped)));
}

#[tokio::test]
async fn a_keypad_that_is_not_there_or_says_nothing_fails() {
    let (installer, mut dialogue) = Installer::new();
    let mut door = installer.wired();
    let pipe = installer.folder.path().join("keypad");
    door.inward.keypad = Some(KeypadConfig::Virtual { pipe: pipe.clone() });
    let data = installer.data();
    let mut site = site(&door, &data, &mut dialogue).await;
    site.wait = Duration::ZERO;
    let Outcome::Failed(why) = site.try_one(Step::Keypad(Side::In)).await.unwrap() else { panic!() };
    assert!(why.contains("keypad: No such file"), "{why}");
    let keypad = VirtualKeypad::plug(&pipe).unwrap();
    let Outcome::Failed(why) = site.try_one(Step::Keypad(Side::In)).await.unwrap() else { panic!() };
    assert!(why.contains("no digits and Enter came"), "{why}");
    site.wait = WAIT;
    installer.types("s").await;
    assert_eq!(site.try_one(Step::Keypad(Side::In)).await.unwrap(), Outcome::Skipped);
    keypad.press("4#").unwrap();
    assert_eq!(site.try_one(Step::Keypad(Side::In)).await.unwrap(), Outcome::Passed);
    assert!(matches!(site.try_one(Step::Keypad(Side::Out)).await.unwrap(), Outcome::Failed(_)), "none is wired there");
}

/// Whether the agent that starts now finds another sensor outside than it knows.
async fn does_the_agent_find_another(door: &DoorConfig, data: &Path) -> bool {
    let (requests, incoming) = mpsc::channel(1);
    let (told, mut events) = mpsc::channel(64);
    let (config, files) = (door.inward.sensor.clone().unwrap(), files_of(data, door.id, Side::In));
    let task = tokio::spawn(sensor::run(
        SensorTask { number: 0, config, files, habits: Habits { decoys: 0, ..Habits::standard() } },
        incoming,
        told,
    ));
    let found = timeout(PATIENCE, async {
        loop {
            if let (_, SensorEvent::Suspicion { suspicion: Suspicion::Changed, is_so }) = events.recv().await.unwrap() {
                return is_so;
            }
        }
    });
    let found = found.await.unwrap();
    drop((requests, events));
    task.await.unwrap();
    found
}

/// The sensor outside, unplugged.
fn away(door: &DoorConfig) -> Option<SensorConfig> {
    let sensor = door.inward.sensor.clone()?;
    Some(SensorConfig { path: sensor.path.with_extension("away"), ..sensor })
}

#[tokio::test]
async fn the_sensor_of_the_walk_is_the_agents_and_another_is_none_until_it_is_accepted() {
    let (installer, mut dialogue) = Installer::new();
    let (door, data) = (installer.wired(), installer.data());
    let (step, files) = (Step::Finger(Side::In), files_of(&data, door.id, Side::In));
    let mut site = site(&door, &data, &mut dialogue).await;
    installer.sensor.place(Some(5));

    // One that the agent would not use is none to begin with.
    installer.sensor.rebuild(|build| build.security_level = 2);
    let outcome = site.try_one(step).await.unwrap();
    assert!(matches!(&outcome, Outcome::Failed(why) if why.contains("security level is 2")), "{outcome:?}");
    keep_sensors(&data, door.id, &[Tried { step, outcome, device: site.device.take() }]).unwrap();
    assert_eq!(files.known().unwrap(), None);

    installer.sensor.rebuild(|build| build.security_level = 3);
    let outcome = site.try_one(step).await.unwrap();
    assert_eq!(outcome, Outcome::Passed);
    assert_eq!(files.known().unwrap(), None, "whoever stops now has recorded nothing");
    keep_sensors(&data, door.id, &[Tried { step, outcome, device: site.device.clone() }]).unwrap();
    let known = files.known().unwrap().unwrap();
    assert_eq!(Some(&known.identity), site.device.as_ref());
    assert!(!does_the_agent_find_another(&door, &data).await);

    // Exchanged before the agent starts, and tried once more.
    let mut serial = String::new();
    installer.sensor.rebuild(|build| serial = std::mem::replace(&mut build.serial, "00000002".to_owned()));
    assert!(does_the_agent_find_another(&door, &data).await);
    files.forget_found().unwrap();
    let outcome = site.try_one(step).await.unwrap();
    let Outcome::Failed(why) = &outcome else { panic!("{outcome:?}") };
    assert!(why.contains("knows another sensor here") && why.contains(r#"accept-sensor "lobby in""#), "{why}");
    keep_sensors(&data, door.id, &[Tried { step, outcome, device: site.device.clone() }]).unwrap();
    assert_eq!(files.known().unwrap(), Some(known.clone()), "trying is not accepting");
    // The right one is back: the other is nobody's to accept any more.
    installer.sensor.rebuild(|build| build.serial = serial.clone());
    assert_eq!(site.try_one(step).await.unwrap(), Outcome::Passed);
    assert!(matches!(files.accept().unwrap(), Accepted::Nothing));
    installer.sensor.rebuild(|build| build.serial = "00000002".to_owned());
    assert!(matches!(site.try_one(step).await.unwrap(), Outcome::Failed(_)));
    assert!(matches!(files.accept().unwrap(), Accepted::Another(_)));
    assert_eq!(site.try_one(step).await.unwrap(), Outcome::Passed);
    assert!(!does_the_agent_find_another(&door, &data).await);

    // One that does not open says nothing, and what the one before said is not its word.
    let unplugged = DoorConfig { inward: SideConfig { sensor: away(&door), ..door.inward.clone() }, ..door.clone() };
    site.door = &unplugged;
    assert!(matches!(site.try_one(step).await.unwrap(), Outcome::Failed(_)));
    assert_eq!(site.device, None);
    site.door = &door;

    let mut caught = files.known().unwrap().unwrap();
    caught.was_caught = true;
    files.keep(&caught).unwrap();
    let outcome = site.try_one(step).await.unwrap();
    assert!(matches!(&outcome, Outcome::Failed(why) if why.contains("false finger")), "{outcome:?}");
}

#[tokio::test]
async fn the_time_passes_and_whoever_stops_leaves_the_strike_at_rest() {
    let (mut installer, mut dialogue) = Installer::new();
    let door = installer.wired();
    let data = installer.data();
    let stopped = beside(walk(&door, Duration::from_millis(50), &data, &mut dialogue), async {
        installer.reads("WRONG: nobody answered").await;
        installer.types("q").await;
    })
    .await;
    assert!(matches!(stopped, Err(CommissionError::Stopped)));
    assert!(!installer.is_energised());

    let (mut installer, mut dialogue) = Installer::new();
    let door = installer.wired();
    let data = installer.data();
    let stopped = beside(walk(&door, WAIT, &data, &mut dialogue), async {
        installer.reads("is it heard?").await;
        assert!(installer.is_energised());
        // The terminal goes away.
        installer.keyboard = mpsc::channel(1).0;
    })
    .await;
    assert!(matches!(stopped, Err(CommissionError::Stopped)));
    assert!(!installer.is_energised());
}

#[tokio::test]
async fn a_door_that_stands_open_says_so_until_it_is_closed() {
    let (mut installer, mut dialogue) = Installer::new();
    installer.door.force();
    let door = installer.wired();
    let data = installer.data();
    let _ = beside(walk(&door, WAIT, &data, &mut dialogue), async {
        installer.reads("Close lobby.").await;
        installer.door.close();
        installer.reads("good").await;
        installer.types("q").await;
    })
    .await;
}

#[tokio::test]
async fn lines_that_are_not_there_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let (_keyboard, answers) = mpsc::channel(1);
    let mut dialogue = Dialogue { answers, out: Box::new(std::io::sink()) };
    let ended = walk(&wired(folder.path()), WAIT, folder.path(), &mut dialogue).await;
    assert!(matches!(ended, Err(CommissionError::Lines(_))), "{ended:?}");
}

#[test]
fn only_what_is_wired_is_tried() {
    let mut door = wired(Path::new("/nowhere"));
    door.inward = SideConfig::default();
    let io = "backend = \"gpiocdev\"\nchip = \"/c\"\nstrike = { line = 17 }\nled_red = { line = 4 }";
    door.io = toml_of(io);
    let words: Vec<String> = steps(&door, &Levels::default()).into_iter().map(|step| step.word().to_string()).collect();
    assert_eq!(words, ["strike", "holds", "light_red"]);
    let levels = Levels { contact: Some(false), rex: None, tamper: None };
    let words: Vec<String> = steps(&door, &levels).into_iter().map(|step| step.word().to_string()).collect();
    assert_eq!(words, ["contact_rests", "strike", "opens", "shuts", "holds", "light_red"]);
}

fn toml_of(text: &str) -> DoorIoConfig {
    config::Config::builder()
        .add_source(config::File::from_str(text, config::FileFormat::Toml))
        .build()
        .and_then(config::Config::try_deserialize)
        .unwrap()
}

#[test]
fn what_happens_means_what_it_must() {
    let check = |step: Step, seen: Seen, expected: Option<&str>| match (judge(step, &seen), expected) {
        (Judgement::Wait, None) => {}
        (Judgement::Done(Outcome::Passed), Some("")) => {}
        (Judgement::Done(Outcome::Failed(why)) | Judgement::Note(why), Some(expected)) if !expected.is_empty() => {
            assert!(why.contains(expected), "{why}");
        }
        (judgement, expected) => panic!("{step:?}: {judgement:?}, not {expected:?}"),
    };
    let contact = |is_open| Seen::Input(DoorInput::Contact { is_open });
    let rex = |is_pressed| Seen::Input(DoorInput::Rex { is_pressed });
    let said = |answer: &str| Seen::Answer(answer.into());
    check(Step::Opens, contact(true), Some(""));
    check(Step::Opens, contact(false), None);
    check(Step::Holds, contact(true), Some("opened with the strike at rest"));
    check(Step::Holds, said("N"), Some("does not stay shut"));
    check(Step::Holds, said("what?"), None);
    check(Step::Acts(Line::Rex), rex(true), Some(""));
    check(Step::Acts(Line::Rex), contact(true), Some("the contact changed instead of the exit button"));
    check(Step::Acts(Line::Rex), Seen::Input(DoorInput::Lost("gone".into())), Some("can't be read: gone"));
    check(Step::Ends(Line::Rex), rex(false), Some(""));
    check(Step::Card(Side::In), Seen::Card(Side::In), Some(""));
    check(Step::Card(Side::In), Seen::Card(Side::Out), Some("mixed up"));
    check(Step::Card(Side::In), Seen::Unreadable(Side::In, "mute".into()), Some("not read: mute"));
    check(Step::Card(Side::In), Seen::Unreadable(Side::Out, "mute".into()), None);
    check(Step::Card(Side::In), Seen::ReaderGone(Side::In, "unplugged".into()), Some("unplugged"));
    check(Step::Card(Side::In), said("y"), None);
    check(Step::Strike, Seen::Card(Side::In), None);

    let pressed = Levels { rex: Some(true), ..Levels::default() };
    assert!(matches!(begin(Step::Acts(Line::Rex), &pressed), Judgement::Done(Outcome::Failed(_))));
    assert_eq!(begin(Step::Rests(Line::Rex), &pressed), Judgement::Wait);
}

#[test]
fn a_record_is_read_as_it_was_signed_and_by_its_own_door_and_key_only() {
    let folder = tempfile::tempdir().unwrap();
    let identity = crate::identity::tests::sample();
    let (door, other): (access_core::ids::DoorId, _) =
        (uuid::Uuid::from_u128(7).into(), uuid::Uuid::from_u128(8).into());
    let key = identity.record_key.verifying_key();
    assert_eq!(load(folder.path(), door, &key).unwrap(), None);
    let tried = |outcome| vec![Tried { step: Step::Strike, outcome, device: None }];
    let record = |tried: &[Tried]| Acceptance::new(door, "lobby", identity.agent, identity.installation, tried);
    let good = record(&tried(Outcome::Passed));
    assert!(good.is_accepted && !record(&[]).is_accepted && !record(&tried(Outcome::Failed("no".into()))).is_accepted);
    let path = save(folder.path(), &good, &identity.record_key).unwrap();
    assert_eq!(load(folder.path(), door, &key).unwrap(), Some(good.clone()));
    let stranger = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    assert!(load(folder.path(), door, &stranger.verifying_key()).is_err());
    std::fs::copy(&path, path.with_file_name(format!("{other}.json"))).unwrap();
    assert!(load(folder.path(), other, &key).unwrap_err().to_string().contains("is that of door"));
    let text = std::fs::read_to_string(&path).unwrap();
    for (from, to) in [("lobby", "gates"), ("\nsigned: ", "\nsealed: "), ("true", "true ")] {
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        assert!(load(folder.path(), door, &key).is_err(), "{to}");
    }
}
