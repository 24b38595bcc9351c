//! `make bench`: measures a plant of real processes on a real disk, and what it is held against in the same run. Prints
//! a table and writes the report.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use access_core::canonical;
use access_core::time::UnixMs;
use anyhow::{Context as _, ensure};
use clap::Parser;
use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use tests::bench::echo::EntryReference;
use tests::bench::link::Caller;
use tests::bench::{self, Figure};
use tests::staff::now_s;
use tests::{Plan, Plant};

/// Length and checksum that stand before each append to the journal.
const JOURNAL_FRAME_BYTES: usize = 20;
/// How long a pushed door stays open, in milliseconds: not what is measured.
const DOOR_OPEN_MS: u64 = 80;
/// Card holders of the door by whose agent memory and start are measured.
const HOLDERS: usize = 50_000;
/// Of the server's last lines, when something could not be measured.
const LINES_SHOWN: usize = 15;

#[derive(Parser)]
#[command(about = "Measures Pforte: figures and what they are held against, in one run")]
struct Arguments {
    /// On the disk that is measured; a folder is made in it and removed.
    #[arg(long, default_value = "/var/tmp")]
    folder: PathBuf,
    /// Where the report goes.
    #[arg(long, default_value = "target/bench/report.json")]
    report: PathBuf,
    /// Figures of other programs, to stand in the same report.
    #[arg(long)]
    with: Vec<PathBuf>,
    /// Entries.
    #[arg(long, default_value_t = 200)]
    taps: usize,
    /// Comparisons of a finger, of each kind.
    #[arg(long, default_value_t = 10)]
    fingers: usize,
    /// DESFire cards read.
    #[arg(long, default_value_t = 20)]
    cards: usize,
    /// Questions over the link.
    #[arg(long, default_value_t = 1_000)]
    questions: usize,
    /// Cards suspended and taken back.
    #[arg(long, default_value_t = 20)]
    revocations: usize,
    /// Persons beside whom a grant is saved.
    #[arg(long, default_value_t = 5_000)]
    crowd: usize,
    /// Card holders of one door, whose rules its agent holds.
    #[arg(long, default_value_t = HOLDERS)]
    holders: usize,
    /// Grants saved and taken back.
    #[arg(long, default_value_t = 20)]
    grants: usize,
}

fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Processes of the plant are told to end when the thread that started them does: this one stays.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = runtime.context("can't start").and_then(|runtime| runtime.block_on(measure(&arguments)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "pforte-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

async fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let began = Instant::now();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    say(&format!("{cores} cores, load {} at the start; {}", load(), build()))?;
    // Short, since the paths of sockets are bounded, and to be entered by the database's account.
    let folder = tempfile::Builder::new().prefix("pfb").tempdir_in(&arguments.folder)?;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    let filesystem = statfs(folder.path())?.filesystem_type();
    ensure!(filesystem != TMPFS_MAGIC, "{} lies in memory: nothing there waits for a disk", arguments.folder.display());

    // Read first: a report that is not there must not be found missing at the end.
    let mut figures = Vec::new();
    for report in &arguments.with {
        figures.extend(figures::read(report)?);
    }
    // Before anything waits to be answered: it keeps the thread.
    figures.extend(bench::card::run(arguments.cards)?);
    let mut plan = Plan::small();
    plan.closes_ms = Some(DOOR_OPEN_MS);
    let mut plant = Plant::start(plan, folder.path()).await?;
    // A plant that is not stopped in order is ended with this process; its folder goes in any case.
    let measured = Box::pin(figures_of(&mut plant, arguments, folder.path(), &mut figures)).await;
    if measured.is_err() {
        let said = plant.server().map(tests::Daemon::lines).unwrap_or_default();
        let mut errors = std::io::stderr();
        for line in said.iter().skip(said.len().saturating_sub(LINES_SHOWN)) {
            writeln!(errors, "pforte-server: {line}")?;
        }
    }
    let stopped = plant.stop().await;
    measured?;
    stopped?;

    figures.sort_by(|one, other| one.name.cmp(&other.name));
    say(&format!("\n{}", figures::heading()))?;
    for figure in &figures {
        say(&figure.line())?;
    }
    say(&format!("\n{}", figures::met(&figures)))?;
    if arguments.holders != HOLDERS {
        say(&format!("with {} card holders, not the {HOLDERS} that agent.rss_mib is wanted with", arguments.holders))?;
    }
    figures::write(figures, &arguments.report)?;
    say(&format!("\n{} s, load {} at the end; {}", began.elapsed().as_secs(), load(), arguments.report.display()))
}

/// How it was built; `make bench` sees to it that it is optimised.
fn build() -> &'static str {
    if cfg!(debug_assertions) { "built with debug assertions" } else { "built without debug assertions" }
}

async fn figures_of(
    plant: &mut Plant,
    arguments: &Arguments,
    folder: &Path,
    figures: &mut Vec<Figure>,
) -> anyhow::Result<()> {
    let person = plant.register("Anna", "Groß").await?;
    let credential = plant.enrol_card(&person, "anna").await?;
    let level = plant.level("Laboratory", &["lab"], None).await?;
    plant.grant(&person, &level).await?;
    // A question's and a record's length, as they will be; then the caller is away, so that the plant is quiet.
    let mut caller = Caller::join(plant, &person).await?;
    let message_bytes = caller.question_bytes();
    let sample = bench::ingest::entry(&mut caller, UnixMs(i64::try_from(now_s())? * 1_000));
    let record_bytes = canonical::encode(&vec![sample[0].clone()]).len() + JOURNAL_FRAME_BYTES;
    caller.link.deliver(&sample).await?;
    let caller = caller.leave();
    plant.agent("east")?.line("bundle in force").await?;

    let mut reference = EntryReference::start(folder, record_bytes, message_bytes).await?;
    let taps = bench::taps::run(plant, "anna", arguments.taps, &mut reference).await?;
    say(&format!("tap to strike, ms: {}", taps.tap_to_strike.summary()?))?;
    for (stage, samples) in &taps.stages {
        say(&format!("  until it was {stage}, ms: {}", samples.summary()?))?;
    }
    say(&format!("door to browser, ms: {}", taps.door_to_browser.summary()?))?;
    say(&format!("bare append of {record_bytes} bytes, ms: {}", reference.appends.summary()?))?;
    say(&format!("bare round trip of {message_bytes} bytes, ms: {}", reference.round_trips.summary()?))?;
    let tap_ms = taps.tap_to_strike.median()?;
    figures.extend([
        Figure::plain("tap_to_strike.online_ms", tap_ms, "ms"),
        Figure::plain("tap_to_strike.online_p99_ms", taps.tap_to_strike.percentile(99)?, "ms"),
        Figure::against("tap_to_strike.vs_reference", tap_ms, "ms", reference.entries.median()?),
        Figure::plain("feed.door_to_browser_ms", taps.door_to_browser.median()?, "ms"),
        Figure::plain("feed.door_to_browser_p99_ms", taps.door_to_browser.percentile(99)?, "ms"),
    ]);

    // As modelled: the sensor's line, and no computing in it.
    figures.extend(bench::finger::run(folder, arguments.fingers).await?);

    let revocations = bench::link::revocations(plant, &credential, arguments.revocations).await?;
    say(&format!("revocation to bundle, ms: {}", revocations.summary()?))?;
    figures.push(Figure::plain("revocation.to_bundle_ms", revocations.median()?, "ms"));

    let mut caller = caller.come_back().await?;
    figures.extend(caller.ask(arguments.questions).await?);
    figures.extend(bench::ingest::run(plant, &mut caller).await?);
    figures.push(Figure::plain("agent.rss_small_mib", bench::memory::rss_mib(plant.agent("east")?)?, "MiB"));
    figures.push(Figure::plain("server.rss_mib", bench::memory::rss_mib(plant.server()?)?, "MiB"));

    // Last: so many persons weigh on everything else.
    bench::saved::beside(plant, arguments.crowd).await?;
    let live = bench::saved::run(plant, &mut caller, arguments.grants).await?;
    say(&format!("saved to live beside {} persons, ms: {}", arguments.crowd, live.summary()?))?;
    figures.push(Figure::plain("policy.saved_to_live_ms", live.median()?, "ms"));
    drop(caller);
    figures.extend(bench::alone::run(plant, "anna", &level, arguments.holders).await?);
    Ok(())
}
