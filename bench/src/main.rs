//! `pforte-bench-rules`: measures the rules alone, in memory, in one thread, beside others that decide. `make bench` runs it before
//! `pforte-bench`, which puts both reports together.
//!
//! Times are of this thread's own computing ([`clock`]). Everything is asked of the public API of `access-core` only. A peer
//! that answers one question otherwise than we do ends the run: then one of the two was set up wrongly, and no figure means
//! anything. What is measured against what stands in [`decisions`], how each peer is set up in `peers`.

#![cfg_attr(not(feature = "peers"), expect(dead_code, reason = "some of a question is told to peers only"))]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use access_core::Policy;
use clap::Parser;
use figures::Figure;

mod clock;
mod counting;
mod decisions;
mod lists;
mod million;
#[cfg(feature = "peers")]
mod peers;
mod plain;
mod question;
mod world;

use plain::Plain;

#[derive(Parser)]
#[command(about = "Measures Pforte's rules, and others that decide on the same questions")]
struct Arguments {
    /// Where the report goes.
    #[arg(long, default_value = "target/bench/rules.json")]
    report: PathBuf,
    /// Each peer is asked for so many seconds at most.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Only one part is measured, and no report is written.
    #[arg(long)]
    only: Option<Part>,
}

/// What can be measured by itself.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// One decision of ours.
    Decide,
    /// Who may open a door.
    ExplainDoor,
    /// What a changed level changes.
    Diff,
    /// The peers.
    Peers,
    /// A tenant of a million people.
    Policy,
}

/// A line for whoever looks on.
fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "pforte-bench-rules: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let began = Instant::now();
    say(&format!("rules alone, one thread; {}, ours and the peers' alike; load {}", build(), load()))?;
    let is_asked = |part: Part| arguments.only.is_none_or(|only| only == part);
    let mut figures = Vec::new();
    if arguments.only != Some(Part::Policy) {
        figures.extend(at_a_site(is_asked, Duration::from_secs(arguments.seconds))?);
    }
    if is_asked(Part::Policy) {
        figures.extend(million::run()?);
    }

    figures.sort_by(|one, other| one.name.cmp(&other.name));
    say(&format!("\n{}", figures::heading()))?;
    for figure in &figures {
        say(&figure.line())?;
    }
    let report = if arguments.only.is_none() {
        figures::write(figures, &arguments.report)?;
        arguments.report.display().to_string()
    } else {
        "no report".to_owned()
    };
    say(&format!("\n{} s, load {} at the end; {report}", began.elapsed().as_secs(), load()))
}

/// Everything but the million: at a site with its questions.
fn at_a_site(is_asked: impl Fn(Part) -> bool, most: Duration) -> anyhow::Result<Vec<Figure>> {
    let rows = world::rows(world::PERSONS);
    let plain = Plain::of(&rows)?;
    let policy = Policy::compile(rows.clone())?;
    let questions = question::draw(&rows, &plain, &policy)?;
    say(&format!("seed {}, {} questions: {:?}", world::SEED, questions.len(), question::reasons(&questions)))?;

    let mut figures = Vec::new();
    if is_asked(Part::Decide) {
        figures.extend(decisions::ours(&policy, &rows, &plain, &questions)?);
    }
    if is_asked(Part::ExplainDoor) {
        figures.push(lists::explain_door(&policy, &rows, &questions)?);
    }
    if is_asked(Part::Diff) {
        figures.push(lists::change_level(&policy, &rows)?);
    }
    if is_asked(Part::Peers) {
        figures.extend(of_peers(&policy, &plain, &questions, most)?);
    }
    Ok(figures)
}

#[cfg(feature = "peers")]
use peers::measure as of_peers;

#[cfg(not(feature = "peers"))]
fn of_peers(_: &Policy, _: &Plain, _: &[question::Question], _: Duration) -> anyhow::Result<Vec<Figure>> {
    anyhow::bail!("built without the peers: name what is wanted by --only")
}

fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// How it was built.
fn build() -> &'static str {
    if cfg!(debug_assertions) {
        "built with debug assertions, not optimised"
    } else {
        "built for release (opt-level 3, thin LTO)"
    }
}
