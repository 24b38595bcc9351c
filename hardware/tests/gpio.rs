//! A door's lines on a real GPIO chip of the kernel: `make test-gpio` boots a small machine that has one (`gpio-sim`) and runs
//! these in it. Elsewhere they are ignored: no chip, no proof.
//!
//! The chip's other side, where a switch would close and a relay would hang, is the folder `PFORTE_GPIO_SIM`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hardware::door_io::{self, Buzzer, DoorInput, DoorIoConfig, DoorOutputs, Light, Signal};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// A change that was made is seen within this time; the machine is emulated, and may be slow.
const SEEN_WITHIN: Duration = Duration::from_secs(5);
/// A change that must not be seen is waited for so long: ten times as long as the kernel debounces.
const UNSEEN_FOR: Duration = Duration::from_millis(200);
/// Contacts bounce so many times before they lie still.
const BOUNCES: usize = 11;

/// Offsets of the first door's lines; the second door's are 16 higher.
const STRIKE: u32 = 17;
const GREEN: u32 = 23;
const RED: u32 = 24;
const CONTACT: u32 = 22;
const REX: u32 = 27;
const TAMPER: u32 = 5;

/// The other side of the chip.
struct Bench(PathBuf);

impl Bench {
    fn open() -> Self {
        Self(std::env::var("PFORTE_GPIO_SIM").unwrap().into())
    }

    /// Drives an input.
    fn drive(&self, offset: u32, is_high: bool) {
        let pull = if is_high { "pull-up" } else { "pull-down" };
        std::fs::write(self.line(offset).join("pull"), pull).unwrap();
    }

    /// What an output drives.
    fn is_high(&self, offset: u32) -> bool {
        std::fs::read_to_string(self.line(offset).join("value")).unwrap().trim() == "1"
    }

    fn line(&self, offset: u32) -> PathBuf {
        self.0.join(format!("sim_gpio{offset}"))
    }
}

fn chip() -> String {
    std::env::var("PFORTE_GPIO_CHIP").unwrap()
}

fn config(strike: &str) -> DoorIoConfig {
    let text = format!(
        r#"
        backend = "gpiocdev"
        chip = "{}"
        strike = {strike}
        led_green = {{ line = "GPIO23" }}
        led_red = {{ line = 24 }}
        contact = {{ line = "GPIO22", active = "high", pull = "none" }}
        rex = {{ line = "GPIO27", active = "low", pull = "none" }}
        tamper = {{ line = "GPIO5", active = "high", pull = "none" }}
        "#,
        chip()
    );
    toml::from_str(&text).unwrap()
}

/// Opens the lines, as soon as whoever held them before has let go: a watch of inputs ends some time after its receiver.
async fn open(strike: &str) -> (Box<dyn DoorOutputs>, mpsc::Receiver<DoorInput>) {
    let began = Instant::now();
    loop {
        match door_io::open(&config(strike)).await {
            Ok(opened) => return opened,
            Err(error) => assert!(error.to_string().contains("busy") && began.elapsed() < SEEN_WITHIN, "{error}"),
        }
        tokio::task::yield_now().await;
    }
}

/// A door at rest: closed, nobody presses.
async fn door(bench: &Bench) -> (Box<dyn DoorOutputs>, mpsc::Receiver<DoorInput>) {
    bench.drive(CONTACT, false);
    bench.drive(REX, true);
    bench.drive(TAMPER, false);
    let (outputs, mut inputs) = open(r#"{ line = "GPIO17" }"#).await;
    let mut first = Vec::new();
    for _ in 0..3 {
        first.push(next(&mut inputs).await);
    }
    let at_rest = [
        DoorInput::Contact { is_open: false },
        DoorInput::Rex { is_pressed: false },
        DoorInput::Tamper { is_tampered: false },
    ];
    for input in at_rest {
        assert!(first.contains(&input), "{input:?} is not among {first:?}");
    }
    (outputs, inputs)
}

async fn next(inputs: &mut mpsc::Receiver<DoorInput>) -> DoorInput {
    match timeout(SEEN_WITHIN, inputs.recv()).await {
        Ok(Some(input)) => input,
        unseen => panic!("nothing was seen: {unseen:?}"),
    }
}

#[tokio::test]
#[ignore = "needs a GPIO chip: make test-gpio"]
async fn the_strike_is_at_rest_until_it_is_energised_and_again_afterwards() {
    let bench = Bench::open();
    let (mut outputs, _inputs) = door(&bench).await;
    assert!(!bench.is_high(STRIKE), "opened at rest");
    for _ in 0..100 {
        outputs.strike(true).unwrap();
        assert!(bench.is_high(STRIKE));
        outputs.strike(false).unwrap();
        assert!(!bench.is_high(STRIKE));
    }
}

#[tokio::test]
#[ignore = "needs a GPIO chip: make test-gpio"]
async fn a_board_that_is_active_low_rests_high() {
    let bench = Bench::open();
    let (mut outputs, _inputs) = open(r#"{ line = 17, active = "low" }"#).await;
    assert!(bench.is_high(STRIKE), "opened at rest");
    outputs.strike(true).unwrap();
    assert!(!bench.is_high(STRIKE));
    outputs.strike(false).unwrap();
    assert!(bench.is_high(STRIKE));
}

#[tokio::test]
#[ignore = "needs a GPIO chip: make test-gpio"]
async fn lights_are_lit_and_the_strike_is_not_touched_by_them() {
    let bench = Bench::open();
    let (mut outputs, _inputs) = door(&bench).await;
    let mut shown = |light| {
        outputs.show(&Signal { light, buzzer: Buzzer::Off, line: String::new() }).unwrap();
        (bench.is_high(GREEN), bench.is_high(RED), bench.is_high(STRIKE))
    };
    assert_eq!(shown(Light::Green), (true, false, false));
    assert_eq!(shown(Light::Red), (false, true, false));
    assert_eq!(shown(Light::Amber), (true, true, false));
    assert_eq!(shown(Light::Off), (false, false, false));
}

#[tokio::test]
#[ignore = "needs a GPIO chip: make test-gpio"]
async fn what_is_pressed_forced_or_opened_is_seen_once() {
    let bench = Bench::open();
    let (_outputs, mut inputs) = door(&bench).await;
    let mut took = Vec::new();
    for _ in 0..20 {
        for (offset, is_high, expected) in [
            (REX, false, DoorInput::Rex { is_pressed: true }),
            (CONTACT, true, DoorInput::Contact { is_open: true }),
            (REX, true, DoorInput::Rex { is_pressed: false }),
            (TAMPER, true, DoorInput::Tamper { is_tampered: true }),
            (CONTACT, false, DoorInput::Contact { is_open: false }),
            (TAMPER, false, DoorInput::Tamper { is_tampered: false }),
        ] {
            let began = Instant::now();
            bench.drive(offset, is_high);
            assert_eq!(next(&mut inputs).await, expected);
            took.push(began.elapsed());
        }
    }
    took.sort_unstable();
    println!(
        "edge to event, the debouncing among it: p50 {:?}, p99 {:?}",
        took[took.len() / 2],
        took[took.len() * 99 / 100]
    );
    assert!(timeout(UNSEEN_FOR, inputs.recv()).await.is_err(), "seen twice");
}

#[tokio::test]
#[ignore = "needs a GPIO chip: make test-gpio"]
async fn a_contact_that_bounces_is_one_change() {
    let bench = Bench::open();
    let (_outputs, mut inputs) = door(&bench).await;
    for is_open in [true, false, true, false] {
        for _ in 0..BOUNCES {
            bench.drive(CONTACT, is_open);
            bench.drive(CONTACT, !is_open);
        }
        bench.drive(CONTACT, is_open);
        assert_eq!(next(&mut inputs).await, DoorInput::Contact { is_open });
        assert!(timeout(UNSEEN_FOR, inputs.recv()).await.is_err(), "one change, however it bounced");
    }
}

#[tokio::test]
#[ignore = "needs a GPIO chip: make test-gpio"]
async fn a_line_belongs_to_one_program() {
    let bench = Bench::open();
    let (mut outputs, _inputs) = door(&bench).await;
    let refused = door_io::open(&config(r#"{ line = "GPIO17" }"#)).await.err().unwrap().to_string();
    assert!(refused.contains(&chip()) && refused.contains("GPIO17"), "{refused}");
    outputs.strike(true).unwrap();
    assert!(bench.is_high(STRIKE), "whoever came second changed nothing");
    outputs.strike(false).unwrap();
    let unknown = door_io::open(&config(r#"{ line = "GPIO99" }"#)).await.err().unwrap().to_string();
    assert!(unknown.contains("GPIO99"), "{unknown}");
}

/// Not a test of its own: the program that [`a_program_that_is_killed_leaves_no_strike_energised`] kills.
#[tokio::test]
#[ignore = "is started by another test, and killed"]
async fn energises_and_waits_to_be_killed() {
    let Some(told) = std::env::var_os("PFORTE_GPIO_TOLD") else { return };
    let (mut outputs, _inputs) = open(r#"{ line = "GPIO17" }"#).await;
    outputs.strike(true).unwrap();
    std::fs::write(told, "energised").unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
#[ignore = "needs a GPIO chip: make test-gpio"]
async fn a_program_that_is_killed_leaves_no_strike_energised_once_another_opens() {
    let bench = Bench::open();
    let told = std::env::temp_dir().join("energised");
    let mut killed = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "energises_and_waits_to_be_killed"])
        .env("PFORTE_GPIO_TOLD", &told)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !told.exists() && began.elapsed() < SEEN_WITHIN {
        tokio::task::yield_now().await;
    }
    assert!(bench.is_high(STRIKE), "energised");
    killed.kill().unwrap();
    killed.wait().unwrap();
    println!(
        "after the kill this kernel drives the strike {}",
        if bench.is_high(STRIKE) { "still" } else { "no more" }
    );
    // The first thing that the next start does.
    let (_outputs, _inputs) = door(&bench).await;
    assert!(!bench.is_high(STRIKE), "at rest");
}
