use std::time::Duration;

use tokio::time::timeout;

use super::*;
use crate::FaultKind;
use crate::door_io::virtual_door::{DoorBuild, DoorError, DoorView, VirtualDoor};
use crate::door_io::{Buzzer, DoorIoConfig, Light, WatchedInput};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
const BUILD: DoorBuild = DoorBuild {
    has_contact: true,
    has_rex: true,
    is_rex_mechanical: false,
    has_watched: false,
    opens: Duration::from_millis(5),
    closes: None,
};

struct Bench {
    door: VirtualDoor,
    outputs: Box<dyn DoorOutputs>,
    inputs: mpsc::Receiver<DoorInput>,
    folder: tempfile::TempDir,
}

impl Bench {
    async fn new(build: DoorBuild) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("door.sock");
        let door = VirtualDoor::hang(&socket, build).unwrap();
        let (outputs, inputs) = crate::door_io::open(&DoorIoConfig::Virtual { socket }).await.unwrap();
        Self { door, outputs, inputs, folder }
    }

    async fn next(&mut self) -> DoorInput {
        timeout(PATIENCE, self.inputs.recv()).await.expect("an input").expect("inputs go on")
    }

    fn view(&self) -> DoorView {
        self.door.watch().borrow().clone()
    }
}

const fn contact(is_open: bool) -> DoorInput {
    DoorInput::Contact { is_open }
}

#[tokio::test]
async fn present_levels_come_first() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("door.sock");
    let door = VirtualDoor::hang(&socket, BUILD).unwrap();
    door.force();
    door.tamper(true);
    let (_outputs, mut inputs) = crate::door_io::open(&DoorIoConfig::Virtual { socket }).await.unwrap();
    let mut levels = Vec::new();
    for _ in 0..3 {
        levels.push(timeout(PATIENCE, inputs.recv()).await.unwrap().unwrap());
    }
    let expected = [contact(true), DoorInput::Rex { is_pressed: false }, DoorInput::Tamper { is_tampered: true }];
    assert_eq!(levels, expected);
}

#[tokio::test]
async fn it_opens_only_while_released_and_closes_behind_the_person() {
    let mut bench = Bench::new(DoorBuild { closes: Some(Duration::from_millis(5)), ..BUILD }).await;
    for _ in 0..3 {
        bench.next().await;
    }
    assert_eq!(bench.door.push().await, Err(DoorError::Locked));
    bench.outputs.strike(true).unwrap();
    assert!(bench.view().is_energised, "the level holds when the call returns");
    bench.door.push().await.unwrap();
    assert_eq!(bench.next().await, contact(true));
    bench.outputs.strike(false).unwrap();
    assert_eq!(bench.next().await, contact(false));
    assert!(!bench.view().was_forced);
    assert_eq!(bench.door.push().await, Err(DoorError::Locked));
    assert!(!bench.view().is_open);
}

#[tokio::test]
async fn a_strike_that_falls_back_meanwhile_keeps_it_shut() {
    let mut bench = Bench::new(DoorBuild { opens: Duration::from_millis(200), ..BUILD }).await;
    bench.outputs.strike(true).unwrap();
    let push = bench.door.push();
    let relock = async { bench.outputs.strike(false).unwrap() };
    let (pushed, ()) = tokio::join!(biased; push, relock);
    assert_eq!(pushed, Err(DoorError::Locked));
    assert!(!bench.door.watch().borrow().is_open);
}

#[tokio::test]
async fn force_rex_and_tamper_are_inputs() {
    let mut bench = Bench::new(BUILD).await;
    for _ in 0..3 {
        bench.next().await;
    }
    bench.door.force();
    assert_eq!(bench.next().await, contact(true));
    assert!(bench.view().was_forced);
    bench.door.close();
    assert_eq!(bench.next().await, contact(false));
    assert!(!bench.view().was_forced);
    bench.door.press_rex(true).unwrap();
    bench.door.press_rex(false).unwrap();
    assert_eq!(bench.next().await, DoorInput::Rex { is_pressed: true }, "however short");
    assert_eq!(bench.next().await, DoorInput::Rex { is_pressed: false });
    assert_eq!(bench.door.push().await, Err(DoorError::Locked), "a button draws no bolt");
    bench.door.tamper(true);
    assert_eq!(bench.next().await, DoorInput::Tamper { is_tampered: true });
}

#[tokio::test]
async fn what_is_only_watched_is_told_and_moves_nothing() {
    let mut bench = Bench::new(DoorBuild { has_watched: true, ..BUILD }).await;
    for _ in 0..3 {
        bench.next().await;
    }
    for input in WatchedInput::ALL {
        assert_eq!(bench.next().await, DoorInput::Watched { input, is_active: false }, "present levels");
    }
    for input in WatchedInput::ALL {
        bench.door.set_watched(input, true).unwrap();
        assert_eq!(bench.next().await, DoorInput::Watched { input, is_active: true });
    }
    assert_eq!(bench.view().watched, WatchedInput::ALL);
    assert!(!bench.view().is_energised);
    assert_eq!(bench.door.push().await, Err(DoorError::Locked), "not even fire: its panel has a wire of its own");
    bench.door.set_watched(WatchedInput::Fire, false).unwrap();
    assert_eq!(bench.next().await, DoorInput::Watched { input: WatchedInput::Fire, is_active: false });
    let bare = Bench::new(BUILD).await;
    assert_eq!(bare.door.set_watched(WatchedInput::Fire, true), Err(DoorError::NoInput));
}

#[tokio::test]
async fn a_handle_draws_the_bolt_and_a_bare_door_has_no_inputs_but_its_housing() {
    let bench = Bench::new(DoorBuild { is_rex_mechanical: true, ..BUILD }).await;
    assert_eq!(bench.door.push().await, Err(DoorError::Locked));
    bench.door.press_rex(true).unwrap();
    assert_eq!(bench.door.push().await, Ok(()));

    let mut bench = Bench::new(DoorBuild { has_contact: false, has_rex: false, ..BUILD }).await;
    assert_eq!(bench.next().await, DoorInput::Tamper { is_tampered: false });
    assert_eq!(bench.door.press_rex(true), Err(DoorError::NoRex));
    bench.door.force();
    bench.door.tamper(true);
    assert_eq!(bench.next().await, DoorInput::Tamper { is_tampered: true }, "and nothing of the leaf");
}

#[tokio::test]
async fn the_strike_stays_as_it_was_when_the_driver_goes_and_rests_when_one_comes() {
    let bench = Bench::new(BUILD).await;
    let Bench { door, mut outputs, inputs, folder } = bench;
    outputs.strike(true).unwrap();
    drop((outputs, inputs));
    assert_eq!(door.push().await, Ok(()), "still released");
    assert!(door.watch().borrow().is_energised);
    let socket = folder.path().join("door.sock");
    let _opened = crate::door_io::open(&DoorIoConfig::Virtual { socket }).await.unwrap();
    assert!(!door.watch().borrow().is_energised);
}

#[tokio::test]
async fn what_is_shown_is_seen_and_cut_to_the_display() {
    let mut bench = Bench::new(BUILD).await;
    let line = "ä".repeat(40);
    bench.outputs.show(&Signal { light: Light::Waiting, buzzer: Buzzer::Long, line: line.clone() }).unwrap();
    let mut watch = bench.door.watch();
    let shown = watch.wait_for(|view| view.line == "ä".repeat(32));
    let view = timeout(PATIENCE, shown).await.unwrap().unwrap().clone();
    assert_eq!((view.light, view.buzzer), (Light::Waiting, Buzzer::Long));
    // However much is shown, the strike's level holds when its call returns.
    for number in 0..100 {
        bench.outputs.show(&Signal { line: number.to_string(), ..Signal::default() }).unwrap();
    }
    bench.outputs.strike(true).unwrap();
    let view = bench.view();
    assert!(view.is_energised && view.line == "99", "{view:?}");
}

#[tokio::test]
async fn a_twin_that_goes_is_lost_and_one_that_comes_is_back_with_its_levels() {
    let mut bench = Bench::new(BUILD).await;
    for _ in 0..3 {
        bench.next().await;
    }
    let socket = bench.folder.path().join("door.sock");
    let Bench { door, mut outputs, mut inputs, folder } = bench;
    drop(door);
    let lost = timeout(PATIENCE, inputs.recv()).await.unwrap().unwrap();
    assert!(matches!(lost, DoorInput::Lost(_)), "{lost:?}");
    let error = outputs.strike(true).unwrap_err();
    assert_eq!(error.kind(), FaultKind::Disconnected);
    assert!(error.to_string().contains("door.sock"), "{error}");

    let door = VirtualDoor::hang(&socket, BUILD).unwrap();
    assert_eq!(timeout(PATIENCE, inputs.recv()).await.unwrap().unwrap(), DoorInput::Back);
    assert_eq!(timeout(PATIENCE, inputs.recv()).await.unwrap().unwrap(), contact(false));
    outputs.strike(true).unwrap();
    assert!(door.watch().borrow().is_energised);
    drop(folder);
}

#[tokio::test]
async fn a_twin_that_is_not_there_is_named() {
    let socket = PathBuf::from("/nowhere/door-lobby.sock");
    let error = crate::door_io::open(&DoorIoConfig::Virtual { socket }).await.err().unwrap();
    assert!(error.to_string().contains("/nowhere/door-lobby.sock"), "{error}");
}

#[tokio::test]
async fn a_driver_that_talks_nonsense_is_told() {
    let bench = Bench::new(BUILD).await;
    for (line, named) in [("{\"strike\":2}", "boolean"), ("{\"unlock\":true}", "unlock"), ("strike", "expected")] {
        let mut connection = connect(&bench.folder.path().join("door.sock")).unwrap();
        connection.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_line(&mut answer).unwrap();
        let answer: Answer = serde_json::from_str(&answer).unwrap();
        assert!(!answer.ok && answer.error.as_ref().is_some_and(|error| error.contains(named)), "{answer:?}");
    }
    assert!(!bench.view().is_energised);
}
