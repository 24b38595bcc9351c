//! Real agents on damaged copies of a real journal: cut at some byte, or with a bit that is another. Whatever the damage, a
//! strike is energised only with a record of it on that disk, and nothing that lay wholly before the damage is lost.
//!
//! An agent on a copy is alone: there is no server, its door is a twin of its own, and it reads the plant's cards.

use std::path::{Path, PathBuf};
use std::time::Duration;

use access_core::chain::{SignedRecord, follows};
use access_core::event::Event;
use anyhow::{Context as _, ensure};
use hardware::door_io::Light;
use hardware::door_io::virtual_door::{DoorBuild, VirtualDoor};
use hardware::world;

use super::journal::{self, Found};
use super::judge::Findings;
use super::plan::{Counts, Dice, Kind, Step};
use super::site::{Site, card};
use crate::daemon::{Daemon, program};

/// The door whose agent's journal is damaged; it wants a card alone.
const DOOR: &str = "yard";
/// An address that nobody answers at.
const NO_SERVER: &str = "127.0.0.1:9";
/// Longest wait for what a card brings.
const ANSWER_WAIT: Duration = Duration::from_secs(20);
/// Of a segment's bytes behind the last record so many may be damaged too.
const BEHIND_BYTES: usize = 64;

/// A journal that is whole: its files, and its records.
struct Whole {
    files: Vec<(PathBuf, Vec<u8>)>,
    records: Vec<Found>,
}

/// Damage to one of its files.
#[derive(Debug, Clone, Copy)]
struct Damage {
    kind: Kind,
    segment: usize,
    byte: usize,
    bit: u8,
}

/// Damages so many copies in each way, and lets an agent start on each. The site's own agents have ended.
pub async fn damage(site: &Site, each: usize, mut dice: Dice, counts: &mut Counts) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let place = site.model.doors.iter().position(|door| door.name == DOOR).context("the door")?;
    let machine = &site.machines[site.model.doors[place].agent];
    let whole = Whole::read(&machine.journal()?)?;
    ensure!(!whole.records.is_empty(), "nothing was recorded");
    // When nobody may pass, somebody tries all the same.
    let admitted = site.admitted(place).unwrap_or(0);
    let copy = site.folder.join("copy");
    for number in 0..2 * each {
        let kind = if number % 2 == 0 { Kind::JournalCut } else { Kind::BitFlipped };
        let segment = dice.below(whole.files.len());
        let used = whole.records.iter().filter(|found| found.segment == segment).map(|found| found.end).max();
        let byte = dice.below(used.unwrap_or(0) + BEHIND_BYTES);
        let damage = Damage { kind, segment, byte, bit: 1 << dice.below(8) };
        let data = site.folder.join(machine.name);
        let config = site.folder.join(format!("{}.toml", machine.name));
        whole.lay(&data, &copy, damage)?;
        let alone = alone(&std::fs::read_to_string(&config)?, &data, &copy, DOOR)?;
        let what = Tried { site, copy: &copy, config: alone, whole: &whole, damage };
        findings.add(what.run(&card(DOOR, admitted)).await.with_context(|| format!("{damage:?}"))?);
        counts.note(kind, Step::Starting);
        std::fs::remove_dir_all(&copy)?;
    }
    Ok(findings)
}

impl Whole {
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let paths = journal::segments(folder)?;
        let files = paths.into_iter().map(|path| Ok((path.clone(), std::fs::read(path)?)));
        Ok(Self { files: files.collect::<anyhow::Result<_>>()?, records: journal::read(folder)? })
    }

    /// Lays a copy of an agent's data folder, with a damaged journal.
    fn lay(&self, data: &Path, copy: &Path, damage: Damage) -> anyhow::Result<()> {
        let folder = copy.join("journal");
        std::fs::create_dir_all(&folder)?;
        for file in std::fs::read_dir(data)?.flatten().filter(|file| file.path().is_file()) {
            std::fs::copy(file.path(), copy.join(file.file_name()))?;
        }
        for (place, (path, bytes)) in self.files.iter().enumerate() {
            let mut bytes = bytes.clone();
            if place == damage.segment {
                match damage.kind {
                    Kind::JournalCut => bytes.truncate(damage.byte),
                    _ => bytes.get_mut(damage.byte).into_iter().for_each(|byte| *byte ^= damage.bit),
                }
            }
            std::fs::write(folder.join(path.file_name().context("a name")?), bytes)?;
        }
        Ok(())
    }

    /// How many of its records stand wholly before the damage.
    fn intact(&self, damage: Damage) -> usize {
        let is_before = |found: &&Found| {
            (found.segment, found.end) <= (damage.segment, damage.byte) || found.segment < damage.segment
        };
        self.records.iter().take_while(is_before).count()
    }
}

/// The configuration of an agent that is alone with one of its doors.
fn alone(config: &str, data: &Path, copy: &Path, door: &str) -> anyhow::Result<String> {
    let mut table: toml::Table = config.parse()?;
    table.insert("data_folder".to_owned(), copy.display().to_string().into());
    table.insert("server".to_owned(), NO_SERVER.into());
    let doors = table.get_mut("door").and_then(toml::Value::as_array_mut).context("doors")?;
    doors.retain(|of| of.get("name").and_then(toml::Value::as_str) == Some(door));
    let io = doors.first_mut().and_then(|of| of.get_mut("io")).and_then(toml::Value::as_table_mut).context("io")?;
    io.insert("socket".to_owned(), lines(copy).display().to_string().into());
    ensure!(data != copy, "a copy is another folder");
    Ok(table.to_string())
}

fn lines(copy: &Path) -> PathBuf {
    copy.join("lines.sock")
}

/// An agent on a copy.
struct Tried<'a> {
    site: &'a Site,
    copy: &'a Path,
    config: String,
    whole: &'a Whole,
    damage: Damage,
}

impl Tried<'_> {
    async fn run(self, card: &str) -> anyhow::Result<Findings> {
        let build = DoorBuild {
            has_contact: true,
            has_rex: true,
            is_rex_mechanical: true,
            has_watched: false,
            opens: Duration::ZERO,
            closes: None,
        };
        let twin = VirtualDoor::hang(&lines(self.copy), build)?;
        let mut door = twin.watch();
        let file = self.copy.join("alone.toml");
        std::fs::write(&file, &self.config)?;
        let socket = world::pcscd_socket(&self.site.world());
        let mut agent = Daemon::start("alone", &program("pforte-agent")?, self.copy, |command| {
            command.arg("run").arg("--config").arg(&file).env("PCSCLITE_CSOCK_NAME", socket);
        })?;
        agent.line("agent ready").await?;
        let mut twins = self.site.twins().await?;
        twins.tap(DOOR, card).await?;
        let answered = door.wait_for(|view| view.is_energised || matches!(view.light, Light::Red | Light::Amber));
        let is_released = tokio::time::timeout(ANSWER_WAIT, answered).await.context("no answer")??.is_energised;
        twins.remove(DOOR).await?;
        agent.kill().await?;
        self.judge(is_released)
    }

    fn judge(&self, is_released: bool) -> anyhow::Result<Findings> {
        let mut findings = Findings::default();
        let mut tell = |what: &str| findings.told.push(format!("{:?}: {what}", self.damage));
        let now = journal::read(&self.copy.join("journal"))?;
        let (before, intact) = (&self.whole.records, self.whole.intact(self.damage));
        let kept = before.iter().zip(&now).take_while(|(old, new)| old.signed == new.signed).count();
        let (mut unrecorded, mut lost) = (0, 0);
        // Of a file that is damaged in the middle this reads no more than is whole: it must be as it was laid.
        if kept < intact {
            lost += (intact - kept) as u64;
            tell(&format!("{intact} records were whole, and {kept} are left"));
        }
        let added = now.get(kept..).unwrap_or_default();
        let grants = added
            .iter()
            .filter_map(|found| found.signed.read().ok())
            .filter(|record| matches!(&record.event, Event::Decision(decision) if decision.verdict.is_grant()));
        let is_grounded = grants.count() == 1 && extends(before.get(..kept).unwrap_or_default(), added)?;
        if is_released && !is_grounded {
            unrecorded += 1;
            tell("released, and no record on that disk says why");
        }
        if is_released {
            findings.opens[0] += 1;
        }
        (findings.unrecorded, findings.lost) = (unrecorded, lost);
        Ok(findings)
    }
}

/// Whether what was added follows what was kept.
fn extends(kept: &[Found], added: &[Found]) -> anyhow::Result<bool> {
    let head = |signed: &SignedRecord| anyhow::Ok(signed.head(&signed.read()?));
    let mut before = kept.last().map(|found| head(&found.signed)).transpose()?;
    for found in added {
        let record = found.signed.read()?;
        if before.is_some_and(|before| follows(&before, &record).is_err()) {
            return Ok(false);
        }
        before = Some(found.signed.head(&record));
    }
    Ok(true)
}
