//! The agent in a world of faults that follows from a seed: the very machines, journal, outflow and stores that run in
//! production, driven without threads, sockets, real time or chance.
//!
//! [`world`] keeps the one order of all that happens, and does harm; [`host`] starts the agent as
//! [`start`](super::start) does and lets it fall between any two things it does; [`site`] is what it has hold of: disk,
//! strikes and clock; [`server`] is what it speaks with, and [`cards`] are what people hold to its readers. [`judge`] counts what must never be, from the strikes, the disk and
//! the server's store. A seed reruns exactly: `PFORTE_SIM_SEED=7` runs that one, with `PFORTE_SIM_TRACE=1` it is told what
//! happens; `PFORTE_SIM_SEEDS=400` runs so many. `PFORTE_SIM_REPORT` names a file for the counts, which `pforte-faults` adds to its own.

use access_core::UnixMs;
use access_core::ids::AttemptId;

use super::*;
use crate::door::Ruling;

mod cards;
mod dice;
mod faults;
mod host;
mod judge;
mod server;
mod site;
mod world;

use faults::Counts;
use judge::Findings;

/// Seeds of a usual run.
const SEEDS: u64 = 6;
/// With so many seeds every kind of fault is met at every step so often.
const SEEDS_FULL: u64 = 400;
const MET_MIN: u64 = 20;

/// What a test may switch off, to see that it is missed.
#[derive(Debug, Clone, Copy)]
struct Switches {
    /// The journal's writes are synced.
    has_sync: bool,
    /// The server stores what comes twice once.
    has_dedup: bool,
    /// The agent checks who signed a bundle.
    has_signatures: bool,
    /// Strikes are put to rest when the program starts, and when it ended.
    has_relock: bool,
    /// A card's proof is looked at.
    has_proofs: bool,
}

const ALL_ON: Switches =
    Switches { has_sync: true, has_dedup: true, has_signatures: true, has_relock: true, has_proofs: true };

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Runs seeds on all cores; answers what came of each, in their order.
fn run_all(seeds: &[u64], switches: Switches) -> Vec<(u64, world::Outcome)> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let run_every = |first: usize| {
        seeds.iter().skip(first).step_by(workers).map(|seed| (*seed, world::run(*seed, switches))).collect::<Vec<_>>()
    };
    let mut outcomes = std::thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|first| scope.spawn(move || run_every(first))).collect();
        running.into_iter().flat_map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    outcomes.sort_by_key(|(seed, _)| *seed);
    outcomes
}

#[test]
fn no_fault_opens_a_door_wrongly_or_loses_a_record() {
    let began = Instant::now();
    let count = number("PFORTE_SIM_SEEDS").unwrap_or(SEEDS);
    let seeds: Vec<u64> = number("PFORTE_SIM_SEED").map_or_else(|| (1..=count).collect(), |seed| vec![seed]);
    let (mut counts, mut findings) = (Counts::default(), Findings::default());
    for (seed, outcome) in run_all(&seeds, ALL_ON) {
        counts.add(&outcome.counts);
        findings.add(&outcome.findings);
        for told in &outcome.findings.told {
            println!("seed {seed}: {told}   (PFORTE_SIM_SEED={seed} runs it again)");
        }
    }
    println!("{counts}");
    let [by_card, by_command, by_mode, leaving] = findings.opens;
    println!("releases: {by_card} by card, {by_command} by command, {by_mode} by mode, {leaving} for leaving");
    println!("{} seeds in {} s", seeds.len(), began.elapsed().as_secs());
    println!(
        "faults: {} injected, wrong opens {}, opens without a record {}, records lost {}, records twice {}",
        counts.total(),
        findings.wrong_opens,
        findings.unrecorded,
        findings.lost,
        findings.twice
    );
    if let Some(report) = std::env::var_os("PFORTE_SIM_REPORT") {
        let Findings { wrong_opens, unrecorded, lost, twice, .. } = findings;
        let counted = serde_json::json!({ "injected": counts.total(), "wrong_opens": wrong_opens,
            "unrecorded": unrecorded, "lost": lost, "twice": twice });
        std::fs::write(report, counted.to_string()).unwrap();
    }
    assert!(findings.is_clean(), "{:#?}", findings.told);
    assert!(findings.opens.iter().all(|opens| *opens > 0), "doors do open: {:?}", findings.opens);
    if seeds.len() as u64 >= SEEDS_FULL {
        let rare = counts.rarer_than(MET_MIN);
        assert!(rare.is_empty(), "met less often than {MET_MIN} times: {rare:?}");
    }
}

#[test]
fn a_seed_runs_again_exactly() {
    let [first, second] = [world::run(3, ALL_ON), world::run(3, ALL_ON)];
    assert_eq!((first.counts, first.course), (second.counts, second.course));
}

/// With something switched off, a few seeds tell.
fn is_missed(switches: Switches, counted: impl Fn(&Findings) -> u64) {
    let found = (1..=20).any(|seed| counted(&world::run(seed, switches).findings) > 0);
    assert!(found, "nobody notices: {switches:?}");
}

#[test]
fn without_the_journals_sync_doors_open_without_a_record() {
    is_missed(Switches { has_sync: false, ..ALL_ON }, |found| found.unrecorded);
}

#[test]
fn without_the_servers_dedup_records_are_stored_twice() {
    is_missed(Switches { has_dedup: false, ..ALL_ON }, |found| found.twice);
}

#[test]
fn without_the_check_of_signatures_doors_open_wrongly() {
    is_missed(Switches { has_signatures: false, ..ALL_ON }, |found| found.wrong_opens);
}

#[test]
fn without_the_cards_proof_doors_open_wrongly() {
    is_missed(Switches { has_proofs: false, ..ALL_ON }, |found| found.wrong_opens);
}

#[test]
fn without_the_relock_at_start_doors_stay_released() {
    is_missed(Switches { has_relock: false, ..ALL_ON }, |found| found.wrong_opens);
}
