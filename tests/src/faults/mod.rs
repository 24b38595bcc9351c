//! Real programs under load, while things go wrong: agents, server, Postgres, card service, terminals, disks and links, each
//! broken at moments that follow from a seed, and counted by a [`model`] that watches the twins and the server's log.
//!
//! [`plan`] says what goes wrong; [`site`] is what it is done to, and plays the service manager; [`people`] are the load;
//! [`harm`] does it and heals it; [`judge`] counts what must never be. [`copies`] starts agents on damaged journals. The same
//! seed gives the same plan; real time is not repeated, so what comes of it may differ from run to run.
//! `pforte-faults` and a test stand on it.

use std::collections::BTreeMap;
use std::time::Duration;

use access_core::event::Event;
use access_core::ids::AgentId;
use access_core::verdict::Reason;
use anyhow::{Context as _, ensure};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

pub mod copies;
pub mod harm;
pub mod journal;
pub mod judge;
pub mod model;
pub mod people;
pub mod plan;
pub mod relay;
pub mod site;

use harm::Harm;
use judge::Findings;
use people::{DatabasePlace, Desk};
use plan::{Counts, Dice, Fault, Kind, Step};
use site::Site;

use crate::rules;

/// A fault whose step does not come is tried so often again.
const TRIES_AGAIN: usize = 25;
/// So long after the last fault people still come, so that what healed is used.
const AFTERWARDS: Duration = Duration::from_secs(3);
/// Then all that was recorded must have arrived within this.
const DELIVERY_WAIT: Duration = Duration::from_secs(60);
/// Between two looks at whether it has.
const LOOK_AGAIN: Duration = Duration::from_millis(300);
/// No strike is energised for so long without cause: longer than any release.
const AT_REST: Duration = Duration::from_secs(4);

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// All faults follow from it.
    pub seed: u64,
    /// How often each kind comes at each step.
    pub rounds: usize,
    /// This one alone, for a proof that it is noticed.
    pub only: Option<(Kind, Step)>,
    /// At most so many faults of these, if it is to be a small share.
    pub faults_max: usize,
    /// Copies of a journal that are damaged in each way.
    pub copies: usize,
    /// Longest pause between two faults.
    pub pause: Duration,
    /// Whether something puts strikes to rest when an agent ended or starts. Without it, it must be noticed.
    pub has_relock: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// What was injected.
    pub counts: Counts,
    /// What was found.
    pub findings: Findings,
    /// Records that the server has of the agents.
    pub records: usize,
    /// What attempts were decided by, and how often.
    pub reasons: BTreeMap<Reason, usize>,
    /// Faults whose step did not come: they were injected at another.
    pub elsewhere: Vec<Fault>,
}

/// Runs a plan to its end.
pub async fn run(options: Options, say: impl Fn(&str)) -> anyhow::Result<Outcome> {
    let mut dice = Dice::of(options.seed);
    let mut faults = plan::faults(&mut dice, options.rounds);
    faults.retain(|fault| options.only.is_none_or(|only| only == (fault.kind, fault.step)));
    faults.truncate(options.faults_max);
    let mut site = Site::start(options.has_relock).await?;
    let (goes_on, until_over) = watch::channel(true);
    let mut load = tokio::task::JoinSet::new();
    for door in 0..site.model.doors.len() {
        load.spawn(people::at_door(&site, door, Dice::of(dice.number()), until_over.clone()).await?);
    }
    let database = DatabasePlace { socket: site.folder.join("server/run"), tenant: site.tenant };
    let desk = Desk {
        staff: site.staff.clone(),
        model: site.model.clone(),
        holders: site.holders.clone(),
        database,
        dice: Dice::of(dice.number()),
    };
    load.spawn(desk.work(until_over));
    let watcher = tokio::spawn(people::leaves(&site).await?);

    let mut harm = Harm::to(&site);
    let mut missed = Vec::new();
    let planned = faults.len();
    for (number, fault) in faults.into_iter().enumerate() {
        let pause = options.pause.mul_f64(dice.between(0, 100) as f64 / 100.0);
        sleep(pause).await;
        ensure!(!site.has_broken(), "an agent is not started any more");
        if !harm.inject(fault).await.with_context(|| format!("{fault:?}"))? {
            missed.push(fault.at_another_moment());
        }
        if (number + 1) % 25 == 0 {
            say(&format!("{} of {planned} faults", number + 1));
        }
    }
    for _ in 0..TRIES_AGAIN {
        for fault in std::mem::take(&mut missed) {
            if !harm.inject(fault).await.with_context(|| format!("{fault:?}"))? {
                missed.push(fault.at_another_moment());
            }
        }
    }
    for fault in &missed {
        // A kind comes as often as planned in any case.
        harm.inject_now(*fault).await.with_context(|| format!("{fault:?}"))?;
    }
    harm.heal().await?;
    let mut counts = std::mem::take(&mut harm.counts);
    sleep(AFTERWARDS).await;
    goes_on.send_replace(false);
    while let Some(ended) = load.join_next().await {
        ended?;
    }
    // What was changed last may not have been read any more.
    let mut db = rules::database_at(&site.folder.join("server/run")).await?;
    let now = rules::read(&mut db, site.tenant).await?;
    site.model.see(|seen| _ = seen.rules.entry(now.version).or_insert((model::now_ms(), now)));
    let stored = settled(&site).await?;
    let agents = agents(&site).await?;
    let mut findings = judge::judge(&site.model.doors, &site.model.seen(), &agents, &stored)?;
    if !findings.is_clean() {
        site.plant.lock().await.keep_folder();
        findings.told.push(format!("what its programs said lies in {}", site.folder.display()));
    }
    let records = agents.iter().filter_map(|agent| stored.get(agent)).map(Vec::len).sum();
    let reasons = reasons(&stored)?;
    drop(harm);
    site.stop_machines().await?;
    findings.add(copies::damage(&site, options.copies, dice, &mut counts).await?);
    watcher.abort();
    site.stop().await?;
    Ok(Outcome { counts, findings, records, reasons, elsewhere: missed })
}

impl Outcome {
    /// Adds what came of another plant.
    pub fn add(&mut self, other: Self) {
        self.counts.add(&other.counts);
        self.findings.add(other.findings);
        self.records += other.records;
        self.elsewhere.extend(other.elsewhere);
        other.reasons.into_iter().for_each(|(reason, times)| *self.reasons.entry(reason).or_insert(0) += times);
    }
}

fn reasons(stored: &judge::Stored) -> anyhow::Result<BTreeMap<Reason, usize>> {
    let mut reasons = BTreeMap::new();
    for signed in stored.values().flatten() {
        if let Event::Decision(decision) = signed.read()?.event {
            *reasons.entry(decision.verdict.reason).or_insert(0) += 1;
        }
    }
    Ok(reasons)
}

async fn agents(site: &Site) -> anyhow::Result<Vec<AgentId>> {
    let plant = site.plant.lock().await;
    let id = |name: &str| anyhow::Ok(plant.made.agents.get(name).context("an agent")?.parse()?);
    site.machines.iter().map(|machine| id(machine.name)).collect()
}

/// Waits until all that lies on the agents' disks is stored, or it takes too long; answers what is stored then.
async fn settled(site: &Site) -> anyhow::Result<judge::Stored> {
    let agents = agents(site).await?;
    // Every strike has had its time.
    sleep(AT_REST).await;
    let deadline = Instant::now() + DELIVERY_WAIT;
    loop {
        let mut db = rules::database_at(&site.folder.join("server/run")).await?;
        let stored = judge::stored(&mut db, site.tenant).await?;
        let mut is_all = true;
        for (machine, agent) in site.machines.iter().zip(&agents) {
            let newest = journal::read(&machine.journal()?)?.pop().map(|found| found.signed.hash());
            is_all &= newest == stored.get(agent).and_then(|of| of.last()).map(|signed| signed.hash());
        }
        if is_all || Instant::now() > deadline {
            // What is not there by now counts as lost.
            site.machines.iter().try_for_each(|machine| machine.look_at_disk())?;
            return Ok(stored);
        }
        sleep(LOOK_AGAIN).await;
    }
}
