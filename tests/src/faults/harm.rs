//! Does harm to the plant: each fault of the plan as soon as an agent is at its step, and heals it a while later, beside
//! whatever else is broken by then.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use hardware::world::{Client as Twins, Order, SensorWish};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::journal;
use super::model::now_ms;
use super::plan::{Counts, Dice, Fault, Kind, Step};
use super::site::{Machine, Site, WITH_FINGER};

/// A step that no agent comes to within this is given up, and tried again at the end.
const STEP_WAIT: Duration = Duration::from_secs(4);

/// What is broken at a time, and by whom it is healed.
pub struct Harm<'a> {
    site: &'a Site,
    /// Each heals what it broke.
    healing: JoinSet<anyhow::Result<()>>,
    /// One at a time: the card service, as an order to the world.
    card_service: Arc<Mutex<()>>,
    /// What was injected.
    pub counts: Counts,
    /// Servers that were killed once more while they started: whatever an agent is in the middle of by then.
    starts_killed: Arc<AtomicU64>,
}

fn ms(dice: &mut Dice, least: u64, most: u64) -> Duration {
    Duration::from_millis(dice.between(least, most))
}

impl<'a> Harm<'a> {
    /// Nothing is broken.
    pub fn to(site: &'a Site) -> Self {
        Self {
            site,
            healing: JoinSet::new(),
            card_service: Arc::default(),
            counts: Counts::default(),
            starts_killed: Arc::default(),
        }
    }

    /// Injects a fault when its step comes; answers whether it came.
    pub async fn inject(&mut self, fault: Fault) -> anyhow::Result<bool> {
        let mut dice = Dice::of(fault.draw);
        let machine = self.victim(fault.kind, &mut dice);
        if fault.step == Step::Starting {
            machine.signal(Signal::SIGKILL);
        }
        if timeout(STEP_WAIT, self.site.model.until(machine.number, fault.step)).await.is_err() {
            return Ok(false);
        }
        // While it starts there is a while without a program, which nothing can be done to.
        if (fault.kind, fault.step) == (Kind::AgentKilled, Step::Starting)
            && timeout(STEP_WAIT, machine.runs()).await.is_err()
        {
            return Ok(false);
        }
        // Anywhere within the step. If it is over by then, another one has to come.
        let within_ms = match (fault.step, fault.kind) {
            (Step::Starting, Kind::AgentKilled) => 60,
            (Step::Starting, _) => 800,
            _ => 120,
        };
        sleep(ms(&mut dice, 0, within_ms)).await;
        if self.site.model.step(machine.number) != fault.step {
            return Ok(false);
        }
        self.breaks(fault.kind, machine, dice).await
    }

    /// Injects a fault whatever its agent is in the middle of.
    pub async fn inject_now(&mut self, fault: Fault) -> anyhow::Result<()> {
        let mut dice = Dice::of(fault.draw);
        let machine = self.victim(fault.kind, &mut dice);
        self.breaks(fault.kind, machine, dice).await.map(|_| ())
    }

    fn victim(&self, kind: Kind, dice: &mut Dice) -> Arc<Machine> {
        let any = dice.below(self.site.machines.len());
        self.site.machines[if kind == Kind::PtyClosed { self.agent_with_finger() } else { any }].clone()
    }

    fn agent_with_finger(&self) -> usize {
        let doors = &self.site.model.doors;
        doors.iter().find(|door| door.name == WITH_FINGER).map_or(0, |door| door.agent)
    }

    /// Breaks it, and counts it at the step that its agent is at; answers whether there was anything to break.
    async fn breaks(&mut self, kind: Kind, machine: Arc<Machine>, mut dice: Dice) -> anyhow::Result<bool> {
        let step = self.site.model.step(machine.number);
        let mut has_bitten = true;
        while let Some(healed) = self.healing.try_join_next() {
            healed??;
        }
        match kind {
            Kind::AgentKilled => has_bitten = machine.signal(Signal::SIGKILL),
            Kind::ServerKilled => {
                let once_more = dice.one_in(3).then(|| ms(&mut dice, 0, 1_500));
                let (plant, starts_killed) = (self.site.plant.clone(), self.starts_killed.clone());
                self.healing.spawn(async move {
                    if Site::kill_server(&plant, once_more).await? {
                        starts_killed.fetch_add(1, Ordering::SeqCst);
                    }
                    Ok(())
                });
            }
            Kind::PostgresKilled => {
                let file = self.site.folder.join("server/cluster/postmaster.pid");
                // Not there: it died a moment ago, with the server or by a fault before. Then another moment has to come.
                has_bitten = false;
                if let Some(id) = std::fs::read_to_string(file).ok().and_then(|text| text.lines().next()?.parse().ok())
                {
                    has_bitten = kill(Pid::from_raw(id), Signal::SIGKILL).is_ok();
                }
            }
            Kind::PcscdKilled => {
                let (world, one_at_a_time) = (self.site.world(), self.card_service.clone());
                let for_a_while = ms(&mut dice, 200, 2_500);
                self.healing.spawn(async move {
                    let _alone = one_at_a_time.lock().await;
                    let mut twins = Twins::connect(&world).await?;
                    twins.order(&Order::KillPcscd {}).await?;
                    sleep(for_a_while).await;
                    Ok(twins.order(&Order::StartPcscd {}).await?)
                });
            }
            Kind::PtyClosed => {
                let mut twins = self.site.twins().await?;
                let wish = |fault| Order::Sensor { at: WITH_FINGER.to_owned(), fault };
                twins.order(&wish(SensorWish::Unplug)).await?;
                let for_a_while = ms(&mut dice, 100, 2_500);
                self.healing.spawn(async move {
                    sleep(for_a_while).await;
                    Ok(twins.order(&wish(SensorWish::Plug)).await?)
                });
            }
            Kind::LinesCut => {
                let (door, lines) = &machine.lines[dice.below(machine.lines.len())];
                self.site.model.see(|seen| seen.doors[*door].cuts.push(now_ms()));
                lines.cut();
            }
            Kind::DiskFull => {
                let for_a_while = ms(&mut dice, 1_000, 4_000);
                fill(&machine).await?;
                self.healing.spawn(async move {
                    sleep(for_a_while).await;
                    empty(&machine)
                });
            }
            Kind::LinkCut => machine.link.cut(),
            Kind::LinkStalled | Kind::LinkSlow => {
                let is_slow = kind == Kind::LinkSlow;
                let (for_a_while, delay) = (ms(&mut dice, 500, 6_000), ms(&mut dice, 20, 900));
                let is_cut = dice.one_in(2);
                match is_slow {
                    true => machine.link.slow(delay),
                    false => machine.link.stall(true),
                }
                self.healing.spawn(async move {
                    sleep(for_a_while).await;
                    machine.link.heal();
                    if is_cut {
                        machine.link.cut();
                    }
                    Ok(())
                });
            }
            Kind::JournalCut | Kind::BitFlipped => anyhow::bail!("{kind:?} is done to copies"),
        }
        if has_bitten {
            self.counts.note(kind, step);
        }
        Ok(has_bitten)
    }

    /// Waits until everything is healed.
    pub async fn heal(&mut self) -> anyhow::Result<()> {
        while let Some(healed) = self.healing.join_next().await {
            healed??;
        }
        for machine in &self.site.machines {
            machine.link.heal();
            empty(machine)?;
        }
        self.counts.starts_killed += self.starts_killed.swap(0, Ordering::SeqCst);
        Ok(())
    }
}

/// Fills the disk under a journal, so that each record needs space that is not there: preallocated zeros are given back while
/// the program stands still.
async fn fill(machine: &Machine) -> anyhow::Result<()> {
    let folder = machine.journal()?;
    machine.signal(Signal::SIGSTOP);
    let filled = fill_stopped(&folder).await;
    machine.signal(Signal::SIGCONT);
    filled
}

async fn fill_stopped(folder: &Path) -> anyhow::Result<()> {
    for segment in journal::segments(folder)? {
        let dug = Command::new("fallocate").arg("--dig-holes").arg(&segment).status().await?;
        ensure!(dug.success() || !segment.exists(), "{}: no holes can be dug", segment.display());
    }
    let mut filler = std::fs::File::create(folder.join(FILLER))?;
    match std::io::copy(&mut std::io::repeat(1), &mut filler) {
        Err(error) if error.kind() == std::io::ErrorKind::StorageFull => Ok(()),
        other => anyhow::bail!("a small disk took {other:?}"),
    }
}

/// What takes the space up.
const FILLER: &str = "filler";

fn empty(machine: &Machine) -> anyhow::Result<()> {
    match std::fs::remove_file(machine.journal()?.join(FILLER)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).context("the filler"),
        _ => Ok(()),
    }
}
