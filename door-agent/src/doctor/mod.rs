//! `pforte-agent doctor`: looks at everything that an agent needs, and says of each whether it is good, or what is wrong and
//! what to do about it.
//!
//! It looks and changes nothing: no line is taken, no strike moved, no journal opened, no session begun. A device that the
//! running agent has is left to it and said to be in use. Called by `main` alone.

mod devices;
mod machine;
#[cfg(test)]
mod tests;
mod upstream;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::clock::Clock;
use crate::commission;
use crate::config::Config;
use crate::identity::Identity;
use crate::lock;
use crate::machine::MachineKey;

/// Nothing is wrong.
pub const EXIT_GOOD: u8 = 0;
/// Something is wrong.
pub const EXIT_WRONG: u8 = 1;
/// Nothing is known to be wrong, and something could not be looked at.
pub const EXIT_UNSEEN: u8 = 3;

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it must be.
    Good,
    /// The running agent has it, and was not disturbed.
    InUse,
    /// It could not be looked at.
    Unseen,
    /// Not as it must be.
    Wrong,
}

/// What was found out about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, such as `reader lobby in`.
    pub what: String,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen.
    pub says: String,
    /// What to do, unless it is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_do: Option<String>,
}

impl Finding {
    fn good(what: impl Into<String>, says: impl Into<String>) -> Self {
        Self { what: what.into(), verdict: Verdict::Good, says: says.into(), to_do: None }
    }

    fn in_use(what: impl Into<String>, says: impl Into<String>) -> Self {
        Self { what: what.into(), verdict: Verdict::InUse, says: says.into(), to_do: None }
    }

    fn unseen(what: impl Into<String>, says: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { what: what.into(), verdict: Verdict::Unseen, says: says.into(), to_do: Some(to_do.into()) }
    }

    fn wrong(what: impl Into<String>, says: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { what: what.into(), verdict: Verdict::Wrong, says: says.into(), to_do: Some(to_do.into()) }
    }
}

/// Everything that was found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// In the order in which it was looked at.
    pub findings: Vec<Finding>,
}

impl Report {
    /// How the program ends.
    pub fn exit_code(&self) -> u8 {
        let any = |verdict| self.findings.iter().any(|finding| finding.verdict == verdict);
        match (any(Verdict::Wrong), any(Verdict::Unseen)) {
            (true, _) => EXIT_WRONG,
            (false, true) => EXIT_UNSEEN,
            (false, false) => EXIT_GOOD,
        }
    }

    /// For people: a line for each thing, with what to do below it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            let verdict = match finding.verdict {
                Verdict::Good => "good",
                Verdict::InUse => "in use",
                Verdict::Unseen => "unseen",
                Verdict::Wrong => "WRONG",
            };
            // Writing to a string does not fail.
            let _ = writeln!(text, "{verdict:7} {}: {}", finding.what, finding.says);
            if let Some(to_do) = &finding.to_do {
                let _ = writeln!(text, "        -> {to_do}");
            }
        }
        let of = |verdict| self.findings.iter().filter(|finding| finding.verdict == verdict).count();
        let (wrong, unseen) = (of(Verdict::Wrong), of(Verdict::Unseen));
        let _ = match (wrong, unseen) {
            (0, 0) => writeln!(text, "Everything is good."),
            _ => writeln!(text, "{wrong} wrong, {unseen} could not be looked at."),
        };
        text
    }
}

/// Where the machine is looked at; tests lay out one of their own.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Above `proc`, `sys` and `boot`.
    pub root: PathBuf,
    /// The program that tells of the system's time service.
    pub timedatectl: PathBuf,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self { root: PathBuf::from("/"), timedatectl: PathBuf::from("timedatectl") }
    }
}

/// What every look needs.
struct Patient<'a> {
    config: &'a Config,
    surroundings: &'a Surroundings,
    /// The process that drives the doors now.
    driven_by: Option<i32>,
}

/// Looks at everything.
pub async fn examine(config_path: &Path, surroundings: &Surroundings) -> Report {
    let config = match Config::load(config_path) {
        Ok(config) => config,
        Err(error) => {
            let to_do = "mend that line; the comments in agent.example.toml explain every key";
            let mut findings = vec![Finding::wrong("configuration", error.to_string(), to_do)];
            findings.extend(machine::time_service(surroundings).await);
            findings.push(machine::watchdog(surroundings));
            return Report { findings };
        }
    };
    let of = match config.doors.len() {
        0 => "an enrolment station".to_owned(),
        1 => "one door".to_owned(),
        count => format!("{count} doors"),
    };
    let mut findings = vec![Finding::good("configuration", format!("{}, for {of}", config_path.display()))];
    let (driven_by, program) = driver(&config.data_folder);
    findings.push(program);
    let patient = Patient { config: &config, surroundings, driven_by };
    let clock = Clock::open(&config.data_folder);
    let identity = Identity::load(&config.data_folder, MachineKey::of_this_machine().ok().flatten());
    findings.extend(upstream::key(&patient, &identity, clock.now()));
    findings.extend(machine::disk(&patient).await);
    findings.push(machine::agent_clock(clock.now()));
    findings.extend(machine::time_service(surroundings).await);
    findings.extend(upstream::link(&patient, identity.as_ref().ok(), clock.now()).await);
    findings.extend(devices::readers(&patient).await);
    findings.extend(devices::sensors(&patient).await);
    findings.extend(devices::keypads(&patient));
    findings.extend(devices::powers(&patient));
    findings.extend(devices::lines(&patient).await);
    findings.extend(acceptances(&config, identity.as_ref().ok()));
    findings.extend(machine::pi(&patient));
    findings.push(machine::watchdog(surroundings));
    Report { findings }
}

/// Whether each door was tried on the wiring that it has now.
fn acceptances(config: &Config, identity: Option<&Identity>) -> Vec<Finding> {
    let Some(identity) = identity else { return Vec::new() };
    let key = identity.record_key.verifying_key();
    let judged = config.doors.iter().map(|door| {
        let what = format!("acceptance {}", door.name);
        let again = format!("systemctl stop pforte-agent, then pforte-agent commission --door {:?}", door.name);
        match commission::load(&config.data_folder, door.id, &key) {
            Ok(None) => Finding::unseen(what, "nobody has tried this door and kept the outcome", again),
            Err(error) => Finding::wrong(what, error.to_string(), again),
            Ok(Some(record)) if config.wirings.get(&door.id) != Some(&record.wiring) => {
                Finding::wrong(what, "the door's wiring in agent.toml was changed after it was tried", again)
            }
            Ok(Some(record)) => match record.steps.iter().find(|step| !step.is_passed) {
                None => Finding::good(what, format!("{} steps passed", record.steps.len())),
                Some(step) => {
                    let why = step.why.as_deref().unwrap_or("not passed");
                    Finding::wrong(what, format!("it was not accepted: {}: {why}", step.step), again)
                }
            },
        }
    });
    judged.collect()
}

/// Who drives the doors now.
fn driver(data_folder: &Path) -> (Option<i32>, Finding) {
    const WHAT: &str = "agent";
    match lock::holder(data_folder) {
        Ok(Some(pid)) => (Some(pid), Finding::good(WHAT, format!("runs (process {pid}); its devices are left to it"))),
        Ok(None) => (None, Finding::good(WHAT, "does not run; its devices are tried")),
        Err(error) => {
            // Taken for running: better to have tried too little than to have talked into a line in use.
            let says = format!("{}: {error}", data_folder.join(lock::FILE).display());
            (
                Some(0),
                Finding::unseen(
                    WHAT,
                    says,
                    "run this as the agent's account: sudo -u pforte-agent pforte-agent doctor",
                ),
            )
        }
    }
}
