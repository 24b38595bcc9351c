//! The strike's line on a Raspberry Pi's own registers (backend `rppal`): `make test-gpio` boots an emulated Raspberry Pi 3 and
//! runs these in it, as root. Elsewhere they are ignored. Inputs can't be driven there: the emulated board has no other side.

#![cfg(feature = "rppal")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hardware::door_io::{self, DoorIoConfig, DoorOutputs};

const STRIKE: u8 = 17;
/// Another program says that it has done something within this time; the machine is emulated, and slow.
const SAID_WITHIN: Duration = Duration::from_secs(30);
/// Tells a test that it is not one, but another's second program.
const ROLE: &str = "PFORTE_GPIO_ROLE";

/// Opens the line, as soon as whoever held it before in this program has let go.
async fn open(strike: &str) -> Box<dyn DoorOutputs> {
    let config: DoorIoConfig = toml::from_str(&format!("backend = \"rppal\"\nstrike = {strike}")).unwrap();
    let began = Instant::now();
    loop {
        match door_io::open(&config).await {
            Ok((outputs, _)) => return outputs,
            Err(error) => assert!(error.to_string().contains("in use") && began.elapsed() < SAID_WITHIN, "{error}"),
        }
        tokio::task::yield_now().await;
    }
}

/// This program a second time, as [`is_a_second_program`] in this role. It writes what it has to say to a file.
fn second(role: &str) -> (Child, PathBuf) {
    let told = std::env::temp_dir().join(role);
    let _ = std::fs::remove_file(&told);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "is_a_second_program"]).env(ROLE, role).stdout(Stdio::null());
    (command.spawn().unwrap(), told)
}

/// What the line shows, as a program sees it that does not hold it.
fn is_high() -> bool {
    let (mut reader, told) = second("reads");
    assert!(reader.wait().unwrap().success());
    std::fs::read_to_string(told).unwrap() == "High"
}

#[tokio::test]
#[ignore = "is started by other tests"]
async fn is_a_second_program() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let told = std::env::temp_dir().join(&role);
    if role == "reads" {
        // Taken as it is: neither its direction nor its level changes.
        let level = rppal::gpio::Gpio::new().unwrap().get(STRIKE).unwrap().read();
        return std::fs::write(told, format!("{level:?}")).unwrap();
    }
    let mut outputs = open("{ line = 17 }").await;
    outputs.strike(true).unwrap();
    std::fs::write(told, "energised").unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
#[ignore = "needs a Raspberry Pi: make test-gpio"]
async fn the_strike_is_at_rest_until_it_is_energised_and_again_afterwards() {
    for (strike, at_rest) in [("{ line = \"GPIO17\" }", false), ("{ line = 17, active = \"low\" }", true)] {
        let mut outputs = open(strike).await;
        assert_eq!(is_high(), at_rest, "opened at rest");
        for _ in 0..3 {
            outputs.strike(true).unwrap();
            assert_ne!(is_high(), at_rest);
            outputs.strike(false).unwrap();
            assert_eq!(is_high(), at_rest);
        }
    }
}

#[tokio::test]
#[ignore = "needs a Raspberry Pi: make test-gpio"]
async fn a_program_that_is_killed_leaves_the_line_as_it_was_and_the_next_puts_it_to_rest() {
    let (mut killed, told) = second("holds");
    let began = Instant::now();
    while !told.exists() {
        if let Some(ended) = killed.try_wait().unwrap() {
            panic!("ended before it was killed: {ended}");
        }
        assert!(began.elapsed() < SAID_WITHIN, "energised");
        std::thread::yield_now();
    }
    assert!(is_high(), "energised");
    killed.kill().unwrap();
    killed.wait().unwrap();
    // That is why nothing may depend on a program's end, and why starting begins with this.
    assert!(is_high(), "registers keep what they were told");
    let _outputs = open("{ line = 17 }").await;
    assert!(!is_high(), "at rest");
}
