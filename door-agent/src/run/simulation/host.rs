//! One agent's machine: the program, started and cut down, on a disk, a boot and lines that outlive it.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use access_core::policy::Exit;
use ed25519_dalek::SigningKey;
use hardware::card::ReaderMatch;
use hardware::door_io::DoorIoConfig;
use zeroize::Zeroizing;

use super::dice::Dice;
use super::faults::{Kind, Step};
use super::judge::Judge;
use super::server::{Built, id};
use super::site::{Crash, Folder, Lines, Shared};
use super::world::OnReader;
use super::*;
use crate::config::{DoorConfig, SideConfig};
use crate::identity::tests::sample;
use crate::recorder::Writer;
use crate::run::start::{Outgoing, open_journal};

/// Small segments, so that they are begun, filled and reclaimed within minutes.
const LIMITS: Limits = Limits { segment_bytes: 12 * 1024, segments_max: 40, segments_reserved: 6 };

/// The program, while it runs.
pub(super) struct Program {
    pub(super) agent: Agent,
    pub(super) writer: Writer<Folder>,
    pub(super) has_journal: bool,
    pub(super) replies: mpsc::UnboundedReceiver<Reply>,
    pub(super) requests: mpsc::Receiver<(u64, LinkRequest)>,
    pub(super) sensors: Vec<mpsc::Receiver<SensorRequest>>,
    pub(super) bundles: watch::Receiver<Option<(PathBuf, Vec<u8>, u64)>>,
    pub(super) standings: watch::Receiver<Option<(PathBuf, Vec<u8>, u64)>>,
    pub(super) progress: watch::Receiver<Progress>,
    pub(super) notes: Notes,
    pub(super) clock: Clock,
}

/// A door's leaf and the people at it.
#[derive(Debug, Default, Clone)]
pub(super) struct Leaf {
    pub(super) is_open: bool,
    /// Somebody who was let in would open it, until then.
    pub(super) awaited_until_ms: u64,
    pub(super) was_energised: bool,
    pub(super) last_card: Option<(Side, usize)>,
    /// Cards on its readers, and whoever held the newest one there, by side.
    pub(super) on_reader: [Option<OnReader>; 2],
    pub(super) holders: [usize; 2],
    pub(super) is_rex_pressed: bool,
    /// The reader on side in is away, or silent.
    pub(super) is_reader_lost: bool,
}

pub(super) struct Host {
    pub(super) identity: Identity,
    pub(super) config: Config,
    folder: tempfile::TempDir,
    pub(super) site: Shared,
    pub(super) judge: Judge,
    pub(super) built: Vec<Built>,
    pub(super) leaves: Vec<Leaf>,
    pub(super) program: Option<Program>,
    /// How often the program was started.
    pub(super) life: u64,
    boot: u64,
    /// World time minus time since boot, in milliseconds: by it the agent's clock is told.
    pub(super) booted_ms: i64,
    /// The session that the link is in, and how many there were.
    pub(super) session: Option<u64>,
    pub(super) sessions: u64,
    pub(super) cut_off_until_ms: u64,
    /// The server refuses it until then, and at which step that came about, until it has come to bear.
    pub(super) refused_until_ms: u64,
    pub(super) refused_at: Option<Step>,
    /// It was refused, and has no rules of after that.
    pub(super) is_refused: bool,
    /// Faults that wait for the next message, the next word on the time, the next finger.
    pub(super) on_message: Vec<(Kind, Step)>,
    pub(super) on_time: Vec<Step>,
    pub(super) on_finger: Vec<(Kind, Step)>,
    pub(super) slow_disk: Option<(u64, Option<Step>)>,
    /// The newest messages each way arrive then: a link keeps their order.
    pub(super) arrives_ms: [u64; 2],
    /// Questions that no answer has come to yet.
    pub(super) asked: BTreeMap<AttemptId, u64>,
    pub(super) wanted: Option<(usize, AttemptId)>,
    pub(super) past_attempt: Option<AttemptId>,
    /// What is to go wrong when the program starts, and in the next session.
    pub(super) at_start: Option<Kind>,
    pub(super) on_session: Vec<(Kind, Step)>,
    /// Notes as they lay there before the newest was written.
    notes_before: BTreeMap<PathBuf, Vec<u8>>,
    /// A test's switch: the agent believes whoever signed a bundle.
    pub(super) believes_anybody: bool,
    /// What is planned for the program already.
    pub(super) wake_at_ms: Option<u64>,
    pub(super) is_write_planned: bool,
    pub(super) is_note_planned: bool,
    /// Bundles, and what operators set, are written one after the other: until then.
    pub(super) files_busy_ms: [u64; 2],
}

impl Host {
    pub(super) fn new(number: usize, dice: &mut Dice, switches: Switches) -> Self {
        // In memory where there is such a place: what lies there is replaced thousands of times.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let doors = if number == 0 { 2 } else { dice.between(1, 2) as usize };
        let built: Vec<Built> = (0..doors)
            .map(|door| Built {
                id: id(1 + (10 * number + door) as u128),
                exit: if dice.one_in(2) { Exit::BySystem } else { Exit::Mechanical },
                wants_finger: door == 1 || doors == 1,
            })
            .collect();
        let key = |of: u8| [of + number as u8; 32];
        let identity = Identity {
            agent: id(101 + number as u128),
            record_key: SigningKey::from_bytes(&key(10)),
            sealing_key: Zeroizing::new(key(20)),
            store_key: Zeroizing::new(key(30)),
            ..sample()
        };
        let side = |has_sensor: bool| SideConfig {
            reader: Some(ReaderMatch::Name("simulated".to_owned())),
            sensor: has_sensor.then(|| SensorConfig { path: "simulated".into(), baud: 57_600, password: 0 }),
            ..SideConfig::default()
        };
        let door = |(place, built): (usize, &Built)| DoorConfig {
            id: built.id,
            name: place.to_string(),
            io: DoorIoConfig::Virtual { socket: "simulated".into() },
            inward: side(built.wants_finger),
            outward: side(false),
        };
        let config = Config {
            data_folder: folder.path().to_owned(),
            server: String::new(),
            mode: identity.mode,
            crash_point: None,
            text: String::new(),
            wirings: std::collections::BTreeMap::new(),
            doors: built.iter().enumerate().map(door).collect(),
            station: None,
        };
        let site = Shared::new(doors, Dice::of(dice.next()), switches.has_sync, switches.has_relock);
        Self {
            identity,
            config,
            folder,
            site,
            judge: Judge::new(number, built.clone()),
            leaves: vec![Leaf::default(); doors],
            built,
            program: None,
            life: 0,
            boot: 1,
            booted_ms: -20_000,
            session: None,
            sessions: 0,
            cut_off_until_ms: 0,
            refused_until_ms: 0,
            refused_at: None,
            is_refused: false,
            on_message: Vec::new(),
            on_time: Vec::new(),
            on_finger: Vec::new(),
            slow_disk: None,
            arrives_ms: [0; 2],
            asked: BTreeMap::new(),
            wanted: None,
            past_attempt: None,
            at_start: None,
            on_session: Vec::new(),
            notes_before: BTreeMap::new(),
            believes_anybody: !switches.has_signatures,
            wake_at_ms: None,
            is_write_planned: false,
            is_note_planned: false,
            files_busy_ms: [0; 2],
        }
    }

    /// Lets the agent's clock follow the world's.
    pub(super) fn keep_time(&self, now_ms: u64) {
        let mono_ms = u64::try_from(now_ms as i64 - self.booted_ms).unwrap_or(0);
        let mut site = self.site.lock();
        site.mono_ms = site.mono_ms.max(mono_ms);
    }

    /// Starts the program as [`start`](crate::run::start) does; answers whether it got through.
    pub(super) fn start(&mut self) -> bool {
        self.life += 1;
        let mut site = self.site.lock();
        site.is_starting = true;
        // First of all: strikes to rest.
        if site.has_relock {
            site.strikes.iter_mut().for_each(|strike| strike.is_energised = false);
        }
        site.strikes.iter_mut().for_each(|strike| strike.is_lost = false);
        let doors = site.strikes.len();
        let seed = site.dice.next();
        drop(site);
        (self.wake_at_ms, self.is_write_planned, self.is_note_planned) = (None, false, false);
        self.files_busy_ms = [0; 2];
        let (site, config, identity) = (self.site.clone(), self.config.clone(), self.identity.clone());
        let (boot, believes_anybody) = (format!("boot {}", self.boot), self.believes_anybody);
        let started = unwinding(|| {
            let read = site.clone();
            let clock = Clock::told(&config.data_folder, &boot, move || read.since_boot());
            let (replies, replied) = mpsc::unbounded_channel();
            let (journal, before) = open_journal(&config, &identity, LIMITS, |_| Ok(Folder(site.clone())));
            let has_journal = journal.is_ok();
            let (recorder, writer) = Recorder::apart(journal, identity.author(), identity.record_key.clone(), replies);
            let (link, requests) = mpsc::channel(REQUESTS_MAX);
            let (bundles, bundles_to_write) = watch::channel(None);
            let (standings, standings_to_write) = watch::channel(None);
            let (progress_sender, progress) = watch::channel(before.progress());
            let mut dice = Dice::of(seed);
            let new_id = Box::new(move || Uuid::from_u64_pair(dice.next(), dice.next()));
            let outgoing = Outgoing { recorder, progress: progress_sender, link, bundles, standings, new_id };
            let mut agent = Agent::new(&config, &identity, clock.clone(), &before, outgoing);
            agent.policy.is_simulated(seed, believes_anybody);
            let notes = Notes::apart();
            let mut sensors = Vec::new();
            agent.wire(&config, &notes, |_, _, _, requests| sensors.push(requests));
            agent.begin(&before, &identity);
            for door in 0..doors {
                let lines = Lines { site: site.clone(), door };
                agent.take(Happened::Lines(door, LinesEvent::Open(Box::new(lines))));
            }
            Program {
                agent,
                writer,
                has_journal,
                replies: replied,
                requests,
                sensors,
                bundles: bundles_to_write,
                standings: standings_to_write,
                progress,
                notes,
                clock,
            }
        });
        self.site.lock().is_starting = false;
        self.program = started;
        self.program.is_some()
    }

    /// Has the program do something; none if it does not run, or ends over it.
    pub(super) fn run<R>(&mut self, what: impl FnOnce(&mut Program) -> R) -> Option<R> {
        let program = self.program.as_mut()?;
        unwinding(|| what(program))
    }

    /// The program is gone: cut down by itself, or with the power.
    pub(super) fn fall(&mut self, now_ms: u64, is_power_cut: bool) {
        self.program = None;
        self.session = None;
        self.asked.clear();
        self.wanted = None;
        self.leaves.iter_mut().for_each(|leaf| leaf.on_reader = [None, None]);
        let mut guard = self.site.lock();
        let site = &mut *guard;
        site.fuse = None;
        site.disk.next_write = None;
        // What the service manager does when the program ends; without power a strike is at rest by itself.
        if site.has_relock {
            site.strikes.iter_mut().for_each(|strike| strike.is_energised = false);
        }
        if !is_power_cut {
            return;
        }
        let removals = site.dice.below(site.disk.removals() as u64 + 1);
        site.disk.forget(removals as usize);
        self.boot += 1;
        let uptime_ms = site.dice.between(5_000, 25_000);
        site.mono_ms = uptime_ms;
        self.booted_ms = now_ms as i64 - uptime_ms as i64;
        // Notes are not synced: the newest may be there, be gone, or be there in part.
        for (path, before) in std::mem::take(&mut self.notes_before) {
            let Ok(mut content) = std::fs::read(&path) else { continue };
            match site.dice.below(3) {
                0 => content = before,
                1 => content.truncate(site.dice.below(content.len() as u64 + 1) as usize),
                _ => {}
            }
            std::fs::write(&path, content).unwrap();
        }
    }

    /// Writes what waits to be noted: which releases were carried out, and the time.
    pub(super) fn write_notes(&mut self) {
        let paths = self.built.iter().map(|door| self.folder.path().join(format!("carried-out-{}", door.id)));
        self.notes_before = paths.map(|path| (path.clone(), std::fs::read(&path).unwrap_or_default())).collect();
        if let Some(program) = &self.program {
            while program.notes.write_one() {}
            program.clock.write_note();
        }
    }

    /// What the agent is in the middle of.
    pub(super) fn step(&self, now_ms: u64) -> Option<Step> {
        let program = self.program.as_ref()?;
        let outflow = &program.agent.outflow;
        Some(if !program.agent.waiting.is_empty() {
            Step::Recording
        } else if self.wanted.is_some()
            || program.agent.doors.iter().any(|unit| unit.wanted.iter().any(Option::is_some))
        {
            Step::Finger
        } else if self.asked.values().any(|at_ms| at_ms + 500 > now_ms) {
            Step::Deciding
        } else if self.leaves.iter().any(|leaf| leaf.is_open) {
            Step::Open
        } else if self.site.lock().strikes.iter().any(|strike| strike.is_energised) {
            Step::Released
        } else if outflow.head() != outflow.acknowledged() {
            Step::Delivering
        } else {
            Step::Idle
        })
    }
}

/// Runs what may be cut down in the middle.
fn unwinding<R>(what: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(what)) {
        Ok(done) => Some(done),
        Err(why) if is_crash(&*why) => None,
        Err(why) => std::panic::resume_unwind(why),
    }
}

fn is_crash(why: &(dyn Any + Send)) -> bool {
    why.is::<Crash>()
}

/// Has a file replaced as the agent's writers do: wholly or not at all.
pub(super) fn replace(path: &Path, content: &[u8]) {
    std::fs::write(path, content).unwrap();
}
