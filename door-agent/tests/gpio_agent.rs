//! The agent as a whole at a door on a real GPIO chip of the kernel, without any server: `make test-gpio` boots a small machine that
//! has one (`gpio-sim`) and runs these in it. Elsewhere they are ignored: no chip, no proof.
//!
//! The chip's other side, where a button would close and a relay would hang, is the folder `PFORTE_GPIO_SIM`. Its lines keep their
//! last level when their program ends if `PFORTE_GPIO_KEEPS`, a parameter of the chip's driver, says so, as a Raspberry Pi's do.

#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use access_core::chain::Head;
use access_core::event::Event;
use door_agent::identity::Identity;
use door_agent::journal::{Files, Journal, Limits, scan};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;
use uuid::Uuid;

mod stand_in;

use stand_in::stand_in;

/// A change that was made is seen within this time; the machine is emulated, and may be slow.
const SEEN_WITHIN: Duration = Duration::from_secs(10);
/// How long a door is released that has no rules yet.
const RELEASE: Duration = Duration::from_secs(5);
/// A release ends so much later at most.
const LATE: Duration = Duration::from_secs(2);
/// A strike that is watched for so long stays as it is.
const STILL: Duration = Duration::from_millis(500);

const STRIKE: u32 = 17;
const CONTACT: u32 = 22;
const REX: u32 = 27;

/// A door at the chip, closed, and an agent that joined a server which is not there.
struct Site {
    chip: PathBuf,
    folder: TempDir,
    agent: Option<Child>,
}

impl Site {
    fn new() -> Self {
        let chip = std::env::var("PFORTE_GPIO_SIM").unwrap().into();
        let site = Self { chip, folder: tempfile::tempdir().unwrap(), agent: None };
        let config = format!(
            "data_folder = {:?}\nserver = \"127.0.0.1:1\"\nmode = \"test\"\n[[door]]\nid = \"{}\"\nname = \"lobby\"\n[door.io]\n\
             backend = \"gpiocdev\"\nchip = {:?}\nstrike = {{ line = \"GPIO17\" }}\nled_green = {{ line = \"GPIO23\" }}\n\
             contact = {{ line = \"GPIO22\", active = \"high\", pull = \"none\" }}\n\
             rex = {{ line = \"GPIO27\", active = \"low\", pull = \"none\" }}\n",
            site.folder.path().join("data"),
            Uuid::from_u128(7),
            std::env::var("PFORTE_GPIO_CHIP").unwrap(),
        );
        std::fs::write(site.config(), config).unwrap();
        site.join();
        site.drive(CONTACT, false);
        site.press(false);
        site
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("agent.toml")
    }

    fn join(&self) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.not_after = rcgen::date_time_ymd(2099, 1, 1);
        let certificate = params.self_signed(&key).unwrap().der().to_vec();
        let identity = stand_in(certificate, key.serialize_der());
        let data = self.folder.path().join("data");
        std::fs::create_dir_all(&data).unwrap();
        identity.save(&data).unwrap();
    }

    /// The program, called like this.
    fn command(&self, word: &str) -> Command {
        let program = std::env::var_os("PFORTE_AGENT").map_or(env!("CARGO_BIN_EXE_pforte-agent").into(), PathBuf::from);
        let mut command = Command::new(program);
        command.args([word, "--config"]).arg(self.config()).stdin(Stdio::null());
        command
    }

    /// Starts the agent and waits until it is ready. Answers how long that took.
    fn start(&mut self) -> Duration {
        let began = Instant::now();
        let mut agent = self.command("run").stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(agent.stdout.take().unwrap()).lines();
        self.agent = Some(agent);
        assert!(said.by_ref().any(|line| line.unwrap().contains("agent ready")), "it ended before it was ready");
        let took = began.elapsed();
        // Read on, or the agent's own words would block it.
        std::thread::spawn(move || said.for_each(drop));
        took
    }

    /// Ends the agent.
    fn end(&mut self, signal: Signal) {
        let mut agent = self.agent.take().unwrap();
        kill(Pid::from_raw(agent.id().try_into().unwrap()), signal).unwrap();
        agent.wait().unwrap();
    }

    /// What the unit's ExecStopPost does.
    fn rest(&self) {
        assert!(self.command("rest").status().unwrap().success());
    }

    /// Drives an input.
    fn drive(&self, offset: u32, is_high: bool) {
        let pull = if is_high { "pull-up" } else { "pull-down" };
        std::fs::write(self.chip.join(format!("sim_gpio{offset}/pull")), pull).unwrap();
    }

    /// The exit button, which closes to ground.
    fn press(&self, is_pressed: bool) {
        self.drive(REX, !is_pressed);
    }

    fn is_released(&self) -> bool {
        std::fs::read_to_string(self.chip.join(format!("sim_gpio{STRIKE}/value"))).unwrap().trim() == "1"
    }

    /// Waits for the strike. Answers how long it took.
    fn until(&self, is_released: bool, within: Duration) -> Duration {
        let began = Instant::now();
        while self.is_released() != is_released {
            assert!(began.elapsed() < within, "the strike is not {is_released} within {within:?}");
            std::thread::yield_now();
        }
        began.elapsed()
    }

    /// The strike stays so.
    fn stays(&self, is_released: bool, time: Duration) {
        let began = Instant::now();
        while began.elapsed() < time {
            assert_eq!(self.is_released(), is_released, "after {:?}", began.elapsed());
            std::thread::yield_now();
        }
    }

    /// Whether the kernel leaves a line as it was when its program ends.
    fn lines_keep(&self, is_so: bool) {
        std::fs::write(std::env::var_os("PFORTE_GPIO_KEEPS").unwrap(), if is_so { "1" } else { "0" }).unwrap();
    }

    /// Everything that was recorded, once the agent has ended.
    fn recorded(&self) -> Vec<Event> {
        let start = Head::start_of(1);
        let files = Files::open(&self.journal()).unwrap();
        let journal = Journal::open(files, Limits::STANDARD, start).unwrap();
        journal.read_after(&start, usize::MAX).unwrap().iter().map(|signed| signed.read().unwrap().event).collect()
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("data/journal")
    }

    /// Waits until so many starts lie on the disk, while the agent runs: somebody who leaves is not kept waiting for the disk.
    fn recorded_starts(&self, count: usize) {
        let began = Instant::now();
        let newest = self.journal().join("00000000000000000001.segment");
        let starts = || {
            let records = std::fs::read(&newest).ok().and_then(|bytes| scan(&bytes, None).ok())?.records;
            let events = records.iter().map(|(_, signed)| signed.read().unwrap().event);
            Some(events.filter(|event| matches!(event, Event::AgentStarted { .. })).count())
        };
        while starts() != Some(count) {
            assert!(began.elapsed() < SEEN_WITHIN, "{:?} starts are recorded, and not {count}", starts());
            std::thread::yield_now();
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(mut agent) = self.agent.take() {
            let _ = agent.kill();
            let _ = agent.wait();
        }
    }
}

#[test]
#[ignore = "needs a GPIO chip: make test-gpio"]
fn somebody_leaves_without_any_server_and_the_door_locks_behind_them() {
    let mut site = Site::new();
    let ready = site.start();
    site.stays(false, STILL);
    site.press(true);
    let released = site.until(true, SEEN_WITHIN);
    site.press(false);
    site.drive(CONTACT, true);
    // Far longer than the contact is debounced.
    site.stays(true, STILL);
    site.drive(CONTACT, false);
    let locked = site.until(false, RELEASE - STILL - STILL);
    println!("ready after {ready:?}; button to strike {released:?}; closed to locked {locked:?}");
    site.stays(false, STILL);
    site.end(Signal::SIGTERM);
    let recorded = site.recorded();
    let opened = recorded.iter().filter(|event| matches!(event, Event::DoorOpened { .. })).count();
    assert_eq!(opened, 1, "{recorded:?}");
}

#[test]
#[ignore = "needs a GPIO chip: make test-gpio"]
fn a_release_that_nobody_uses_ends_and_one_that_is_asked_for_goes_on() {
    let mut site = Site::new();
    site.start();
    site.press(true);
    site.until(true, SEEN_WITHIN);
    // For as long as the button is pressed.
    site.stays(true, RELEASE + LATE);
    site.press(false);
    let ended = site.until(false, RELEASE + LATE);
    println!("button let go to strike at rest {ended:?}");
    // And an agent that is told to stop meanwhile puts it to rest itself.
    site.lines_keep(true);
    site.press(true);
    site.until(true, SEEN_WITHIN);
    site.end(Signal::SIGTERM);
    site.lines_keep(false);
    assert!(!site.is_released());
}

#[test]
#[ignore = "needs a GPIO chip: make test-gpio"]
fn an_agent_killed_in_a_release_leaves_a_strike_that_is_put_to_rest() {
    let mut site = Site::new();
    site.lines_keep(true);
    for (starts, is_rested) in [(1, true), (2, false)] {
        site.start();
        site.recorded_starts(starts);
        site.press(true);
        site.until(true, SEEN_WITHIN);
        site.press(false);
        site.end(Signal::SIGKILL);
        assert!(site.is_released(), "this kernel leaves the line as it was: somebody must put it to rest");
        let began = Instant::now();
        if is_rested {
            site.rest();
        } else {
            // Nobody did: the next start does so first.
            site.start();
        }
        let took = began.elapsed();
        site.stays(false, STILL);
        println!(
            "killed in a release: at rest by {} after {took:?}",
            if is_rested { "rest" } else { "the next start" }
        );
    }
    site.end(Signal::SIGTERM);
    site.lines_keep(false);
    let recorded = site.recorded();
    let unclean = |event: &&Event| matches!(event, Event::AgentStarted { was_unclean: true, .. });
    assert_eq!(recorded.iter().filter(unclean).count(), 2, "{recorded:?}");
}
