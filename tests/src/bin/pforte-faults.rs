//! `make test-faults`: real programs under load while things go wrong, after the simulation whose counts it is given. Ends with
//! one line, and with an error unless all its counts but the first are 0, and the first is what a whole run must come to.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Parser;
use serde::Deserialize;
use tests::faults::{self, Options};

/// In a whole run every kind comes at each step at least so often.
const MET_MIN: u64 = 20;

/// A whole run injects so many faults at least, the simulation's and those at real programs together.
const INJECTED_MIN: u64 = 10_000;
/// Seeds that a whole run simulates, as `make test-faults` has it.
const SEEDS: u64 = 400;
/// What a whole run does to real programs: see [`Arguments`].
const ROUNDS: usize = 5;
const PLANTS: u64 = 4;
const COPIES: usize = 5;

#[derive(Parser)]
#[command(about = "Breaks a plant of real programs while it is used, and counts what must never be")]
struct Arguments {
    /// All faults follow from it; when each comes, real time decides.
    #[arg(long, env = "PFORTE_FAULTS_SEED", default_value_t = 1)]
    seed: u64,
    /// How often each kind of fault comes at each step of one plant.
    #[arg(long, env = "PFORTE_FAULTS_ROUNDS", default_value_t = ROUNDS)]
    rounds: usize,
    /// Plants that are broken beside each other, each by a seed of its own.
    #[arg(long, env = "PFORTE_FAULTS_PLANTS", default_value_t = PLANTS)]
    plants: u64,
    /// Copies of each plant's journals that are damaged in each way.
    #[arg(long, default_value_t = COPIES)]
    copies: usize,
    /// Longest pause between two faults, in milliseconds.
    #[arg(long, default_value_t = 1_200)]
    pause_ms: u64,
    /// Counts of the simulation, to be added in the last line.
    #[arg(long)]
    with: Option<PathBuf>,
}

/// What was counted.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counted {
    injected: u64,
    wrong_opens: u64,
    unrecorded: u64,
    lost: u64,
    twice: u64,
}

impl Arguments {
    /// Whether nobody asked for less than a whole run: of real programs, or, by what stands in the environment, of the simulation, in
    /// seeds or for one seed alone. A run without the simulation is not whole.
    fn is_whole(&self, seeds: Option<&str>, seed: Option<&str>) -> bool {
        // Set to nothing, it is not set; what is no number the simulation refuses.
        let asked = |set: Option<&str>| set.filter(|text| !text.is_empty()).map(|text| text.parse().unwrap_or(SEEDS));
        self.with.is_some()
            && (self.rounds >= ROUNDS && self.plants >= PLANTS && self.copies >= COPIES)
            && asked(seeds).is_none_or(|seeds| seeds >= SEEDS)
            && asked(seed).is_none()
    }
}

/// What is to be said of a whole run that did not inject enough; none if it did.
fn too_few(injected: u64) -> Option<String> {
    let is_enough = injected >= INJECTED_MIN;
    (!is_enough).then(|| {
        format!("error: {injected} faults were injected, and a whole run injects {INJECTED_MIN} at least: it proves too little")
    })
}

fn say(line: &str) {
    // Whoever does not read any more is not told.
    let _ = writeln!(std::io::stdout(), "{line}");
}

// One thread: programs end with the thread that started them.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<bool> {
    let began = Instant::now();
    let simulated = match &arguments.with {
        Some(path) => {
            let text = std::fs::read(path).with_context(|| format!("the simulation left no {}", path.display()))?;
            serde_json::from_slice(&text).with_context(|| format!("{}", path.display()))?
        }
        None => Counted::default(),
    };
    let options = |plant| Options {
        seed: arguments.seed + plant,
        rounds: arguments.rounds,
        only: None,
        faults_max: usize::MAX,
        copies: arguments.copies,
        pause: Duration::from_millis(arguments.pause_ms),
        has_relock: true,
    };
    // Mostly they wait: for a step to come, for a program to start.
    let plants = (0..arguments.plants.max(1))
        .map(|plant| Box::pin(faults::run(options(plant), move |line| say(&format!("plant {}: {line}", plant + 1)))));
    let mut outcomes = futures_util::future::try_join_all(plants).await?.into_iter();
    let mut outcome = outcomes.next().context("a plant")?;
    outcomes.for_each(|other| outcome.add(other));
    let (counts, found) = (&outcome.counts, &outcome.findings);
    for told in &found.told {
        say(&format!("seed {}: {told}", arguments.seed));
    }
    say(&format!("real programs, {} plants, seeds from {}:\n{counts}", arguments.plants, arguments.seed));
    let [by_card, by_command, leaving] = found.opens;
    say(&format!(
        "releases: {by_card} by card, {by_command} by command, {leaving} for leaving; {} records",
        outcome.records
    ));
    let reasons: Vec<String> = outcome.reasons.iter().map(|(reason, times)| format!("{reason} {times}")).collect();
    say(&format!("decisions: {}", reasons.join(", ")));
    say(&format!("at another step than planned: {}; {} s", outcome.elsewhere.len(), began.elapsed().as_secs()));
    ensure!(found.opens.iter().all(|opens| *opens > 0), "doors do open");
    let injected = simulated.injected + counts.total();
    let wrong_opens = simulated.wrong_opens + found.wrong_opens;
    let unrecorded = simulated.unrecorded + found.unrecorded;
    let (lost, twice) = (simulated.lost + found.lost, simulated.twice + found.twice);
    let rare = counts.rarer_than(MET_MIN);
    let is_often = arguments.rounds as u64 * arguments.plants >= MET_MIN;
    let is_met = !is_often || rare.is_empty();
    if !is_met {
        say(&format!("injected less often than {MET_MIN} times: {rare:?}"));
    }
    let [seeds, seed] = ["PFORTE_SIM_SEEDS", "PFORTE_SIM_SEED"].map(|name| std::env::var(name).ok());
    let is_whole = arguments.is_whole(seeds.as_deref(), seed.as_deref());
    let too_few = too_few(injected).filter(|_| is_whole);
    if let Some(told) = &too_few {
        say(told);
    }
    say(&format!(
        "faults: {injected} injected, wrong opens {wrong_opens}, opens without a record {unrecorded}, records lost {lost}, records twice {twice}"
    ));
    Ok(is_met && too_few.is_none() && wrong_opens + unrecorded + lost + twice == 0)
}

#[cfg(test)]
mod of_whole_runs {
    use super::*;

    fn is_whole(arguments: &str, seeds: Option<&str>, seed: Option<&str>) -> bool {
        let arguments = ["pforte-faults"].into_iter().chain(arguments.split(' '));
        Arguments::try_parse_from(arguments).unwrap().is_whole(seeds, seed)
    }

    #[test]
    fn a_run_is_whole_unless_less_was_asked_for() {
        let whole = "--with simulated.json --rounds 5 --plants 4";
        assert!(is_whole(whole, None, None));
        assert!(is_whole(whole, Some(""), Some("")), "as make takes it");
        assert!(is_whole("--with simulated.json --rounds 6 --plants 8 --copies 6", Some("2000"), None), "more");
        for less in ["--rounds 4 --plants 4", "--rounds 5 --plants 3", "--rounds 5 --plants 4 --copies 1"] {
            assert!(!is_whole(&format!("--with simulated.json {less}"), None, None), "{less}");
        }
        assert!(!is_whole("--rounds 5 --plants 4", None, None), "real programs alone");
        assert!(!is_whole(whole, Some("399"), None));
        assert!(!is_whole(whole, None, Some("7")));
    }

    #[test]
    fn a_whole_run_of_too_few_faults_is_refused() {
        assert_eq!(too_few(10_000), None);
        let told = too_few(9_999).unwrap();
        assert!(told.contains("9999 faults") && told.contains("10000 at least"), "{told}");
    }

    #[test]
    fn a_whole_run_is_what_make_runs() {
        let makefile = include_str!("../../../Makefile");
        assert!(makefile.contains(&format!("PFORTE_SIM_SEEDS:-{SEEDS}}}")), "seeds");
    }
}
