//! How the agent starts and stops: strikes to rest first, then the journal, then everything else.

use std::path::Path;
use std::sync::Arc;

use access_core::event::Record;
use hardware::card::{CardLookup, ReaderBinding, Readers, ReadersError};
use tokio::task::JoinHandle;

use super::*;
use crate::config::SideConfig;

/// Longest wait at start for a door's lines, so that a strike rests before anything else happens.
const LINES_WAIT: Duration = Duration::from_secs(3);
/// How often the service manager hears from us if it asks for nothing.
const WATCHDOG_DEFAULT: Duration = Duration::from_secs(10);
/// A bundle that could not be written is tried again after so long.
const WRITE_RETRY: Duration = Duration::from_secs(5);
/// Longest wait at the end for the journal.
const FINISH_WAIT: Duration = Duration::from_secs(5);

/// Why the agent can't run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It joined an installation of another mode.
    #[error("the configuration is for mode {configured}, and this agent joined an installation of mode {joined}")]
    Mode {
        /// As configured.
        configured: access_core::protocol::InstallationMode,
        /// As joined.
        joined: access_core::protocol::InstallationMode,
    },
    /// It joined as something else.
    #[error("the configuration is that of a {configured}, and this agent joined as a {joined}")]
    Kind {
        /// As configured.
        configured: access_core::protocol::AgentKind,
        /// As joined.
        joined: access_core::protocol::AgentKind,
    },
    /// The readers can't be watched.
    #[error("the card readers can't be watched: {0}")]
    Readers(#[source] ReadersError),
    /// A thread can't be started.
    #[error("a thread can't be started: {0}")]
    Thread(#[source] std::io::Error),
}

/// Runs the agent until `stop` is ready.
pub async fn run(config: Config, identity: Identity, stop: impl Future<Output = ()>) -> Result<(), RunError> {
    let start_readers = |bindings, events, lookup| {
        let readers = Readers::start(bindings, events, lookup)?;
        Ok(move |reader: &str, task: Task| readers.work(reader, task))
    };
    run_with(config, identity, Habits::standard(), Files::open, start_readers, stop).await
}

/// Runs the agent with sensors' habits, a journal's storage and readers of the caller's. What `start_readers` answers is kept until the end, and
/// given what is to be done with a card.
pub(super) async fn run_with<R: Fn(&str, Task) -> bool + Send + 'static, S: Storage + 'static>(
    config: Config,
    identity: Identity,
    habits: Habits,
    open_storage: impl FnOnce(&Path) -> std::io::Result<S>,
    start_readers: impl FnOnce(
        Vec<ReaderBinding>,
        mpsc::Sender<ReaderEvent>,
        Arc<dyn CardLookup>,
    ) -> Result<R, ReadersError>,
    stop: impl Future<Output = ()>,
) -> Result<(), RunError> {
    refuse_foreign(&config, &identity)?;
    let (lines_events, mut lines) = mpsc::channel(EVENTS_MAX);
    for (number, door) in config.doors.iter().enumerate() {
        tokio::spawn(lines::run(number, door.io.clone(), lines_events.clone()));
    }
    let first_lines = first_of_each(&mut lines, config.doors.len()).await;

    let clock = Clock::open(&config.data_folder);
    let (replies, recorder_replies) = mpsc::unbounded_channel();
    let (journal, before) = open_journal(&config, &identity, Limits::STANDARD, open_storage);
    let recorder = Recorder::start(journal, identity.author(), identity.record_key.clone(), replies);
    let (sensor_events, sensors_said) = mpsc::channel(EVENTS_MAX);
    let (keypad_events, keypads_said) = mpsc::channel(EVENTS_MAX);
    let (pin_work, pin_todo) = mpsc::channel(REQUESTS_MAX);
    let (pin_results, pins_done) = mpsc::channel(EVENTS_MAX);
    let (reader_events, readers_said) = mpsc::channel(EVENTS_MAX);
    let (link_requests, requests) = mpsc::channel(REQUESTS_MAX);
    let (link_events, link_said) = mpsc::channel(EVENTS_MAX);
    let (bundles, bundles_to_write) = watch::channel(None);
    let (standings, standings_to_write) = watch::channel(None);
    let (kept, standing_kept) = mpsc::unbounded_channel();
    let standing_writer = tokio::spawn(write_newest("what operators set", WRITE_RETRY, standings_to_write, kept));
    let (kept, bundle_kept) = mpsc::unbounded_channel();
    let bundle_writer = tokio::spawn(write_newest("the bundle", WRITE_RETRY, bundles_to_write, kept));
    let (progress_sender, progress) = watch::channel(before.progress());
    let outgoing = Outgoing {
        recorder: recorder.map_err(RunError::Thread)?,
        progress: progress_sender,
        link: link_requests,
        bundles,
        standings,
        new_id: Box::new(Uuid::now_v7),
    };
    let mut agent = Agent::new(&config, &identity, clock.clone(), &before, outgoing);
    let data_folder = config.data_folder.clone();
    agent.wire(&config, &Notes::start().map_err(RunError::Thread)?, |number, place, sensor, requests| {
        let files = SensorFiles::of(&data_folder, place);
        // A station compares captures with each other alone: there is nobody to deceive about.
        let decoys = if place.door.is_some() { habits.decoys } else { 0 };
        let task = SensorTask { number, config: sensor.clone(), files, habits: Habits { decoys, ..habits.clone() } };
        tokio::spawn(sensor::run(task, requests, sensor_events.clone()));
    });
    agent.wire_keypads(&config, pin_work, |number, keypad, requests| {
        tokio::spawn(crate::keypad::run(number, keypad.clone(), requests, keypad_events.clone()));
    });
    tokio::spawn(crate::pin::run(pin_todo, pin_results));
    agent.begin(&before, &identity);
    agent.tell_trials(&config, &identity, &before.records);
    for (number, event) in first_lines {
        agent.lines_said(number, event);
    }
    // The readers' threads end with the agent.
    let lookup = Arc::new(agent.policy.book());
    agent.card_desk = Box::new(start_readers(config.readers(), reader_events, lookup).map_err(RunError::Readers)?);
    let link = Link {
        address: config.server.clone(),
        identity,
        data_folder: config.data_folder.clone(),
        configuration: config.text.clone(),
        clock,
        progress,
        requests,
        events: link_events,
    };
    let link = tokio::spawn(link::run(link));
    let mut incoming = Incoming {
        readers: readers_said,
        lines,
        sensors: sensors_said,
        keypads: keypads_said,
        pins: pins_done,
        link: link_said,
        recorder: recorder_replies,
        bundle_kept,
        standing_kept,
    };
    notify(sd_notify::NotifyState::Ready);
    tracing::info!("agent ready");
    agent.serve(&mut incoming, stop).await;
    notify(sd_notify::NotifyState::Stopping);
    agent.stop();
    finish(agent, incoming, link, [bundle_writer, standing_writer]).await;
    Ok(())
}

fn refuse_foreign(config: &Config, identity: &Identity) -> Result<(), RunError> {
    if config.mode != identity.mode {
        return Err(RunError::Mode { configured: config.mode, joined: identity.mode });
    }
    if config.kind() != identity.kind {
        return Err(RunError::Kind { configured: config.kind(), joined: identity.kind });
    }
    Ok(())
}

/// The first word of every door's lines: by then its strike is at rest, or can't be reached.
async fn first_of_each(lines: &mut mpsc::Receiver<(usize, LinesEvent)>, doors: usize) -> Vec<(usize, LinesEvent)> {
    let mut events = Vec::new();
    let mut heard = std::collections::BTreeSet::new();
    let deadline = tokio::time::Instant::now() + LINES_WAIT;
    while heard.len() < doors
        && let Ok(Some((number, event))) = tokio::time::timeout_at(deadline, lines.recv()).await
    {
        heard.insert(number);
        events.push((number, event));
    }
    events
}

/// Where everything goes that the loop hands out.
pub(super) struct Outgoing {
    pub(super) recorder: Recorder,
    pub(super) progress: watch::Sender<Progress>,
    pub(super) link: mpsc::Sender<(u64, LinkRequest)>,
    pub(super) bundles: watch::Sender<Option<(PathBuf, Vec<u8>, u64)>>,
    pub(super) standings: watch::Sender<Option<(PathBuf, Vec<u8>, u64)>>,
    pub(super) new_id: Box<dyn FnMut() -> Uuid + Send>,
}

/// What the journal holds from before this start.
pub(super) struct Before {
    /// Of epoch 0 if it can't be read.
    head: Head,
    acknowledged: Head,
    history: History,
    /// The newest records, oldest first.
    records: Vec<Record>,
}

impl Before {
    pub(super) fn progress(&self) -> Progress {
        Progress { head: self.head, acknowledged: self.acknowledged, bundle_sequence: 0 }
    }
}

/// Opens the journal. One that can't be opened does not keep people from leaving: the agent runs without, and releases
/// nothing that must be recorded first.
pub(super) fn open_journal<S: Storage>(
    config: &Config,
    identity: &Identity,
    limits: Limits,
    open_storage: impl FnOnce(&Path) -> std::io::Result<S>,
) -> (Result<Journal<S>, String>, Before) {
    let start = Head::start_of(identity.epoch);
    let folder = config.data_folder.join("journal");
    let opened = open_storage(&folder)
        .map_err(|source| JournalError::Storage { name: folder.display().to_string(), source })
        .and_then(|storage| Journal::open(storage, limits, start))
        .and_then(|journal| {
            let head = journal.head();
            let after = Head { seq: head.seq.saturating_sub(history::RECORDS_MAX), ..head };
            let newest: Vec<SignedRecord> = journal.read_after(&after, usize::MAX)?;
            let records: Vec<Record> = newest.iter().filter_map(|signed| signed.read().ok()).collect();
            Ok((history::read(&records), records, journal))
        });
    match opened {
        Ok((history, records, journal)) => {
            let before = Before { head: journal.head(), acknowledged: journal.acknowledged(), history, records };
            (Ok(journal), before)
        }
        Err(error) => {
            tracing::error!(%error, "the journal can't be used: no door is released but for leaving");
            // Not the start of its epoch: that would tell the server of a journal that was lost.
            let unknown = Head::start_of(0);
            let (history, records) = (History::default(), Vec::new());
            (Err(error.to_string()), Before { head: unknown, acknowledged: unknown, history, records })
        }
    }
}

impl Agent {
    /// An agent without doors; [`Agent::wire`] hangs them.
    pub(super) fn new(config: &Config, identity: &Identity, clock: Clock, before: &Before, outgoing: Outgoing) -> Self {
        let Outgoing { recorder, progress, link, bundles, standings, new_id } = outgoing;
        Self {
            author: identity.author(),
            policy: PolicyStore::new(identity.clone(), &config.data_folder),
            state: State::of_own_doors(),
            standing: StandingStore::new(identity.clone(), &config.data_folder),
            own_locks: Vec::new(),
            recorder,
            recording: Recording::new(clock.now().unix),
            told: None,
            outflow: Outflow::new(before.head, before.acknowledged),
            progress,
            link,
            session: None,
            doors: Vec::new(),
            sensors: Vec::new(),
            keypads: Vec::new(),
            pin_work: None,
            throttle: Throttle::default(),
            readers: BTreeMap::new(),
            station: None,
            devices: Devices::default(),
            suspicions: Suspicions::default(),
            card_desk: Box::new(|_, _| false),
            switches: Switches::default(),
            waiting: BTreeMap::new(),
            telling: BTreeMap::new(),
            is_policy_aging: false,
            are_rules_ahead: before.history.were_rules_ahead,
            ntp: NtpState::Unknown,
            crash_point: config.crash_point,
            unsent: Vec::new(),
            bundle_kept: 0,
            bundles,
            standings,
            new_id,
            clock,
        }
    }

    /// Hangs doors, readers and sensors. `start_sensor` is given each sensor's number and what it is asked.
    pub(super) fn wire(
        &mut self,
        config: &Config,
        notes: &Notes,
        mut start_sensor: impl FnMut(usize, Place, &SensorConfig, mpsc::Receiver<SensorRequest>),
    ) {
        for (number, wired) in config.doors.iter().enumerate() {
            // The actions of a start are done: opening the lines has put the strike to rest.
            let (door, _) = Door::start(wired.id, Behaviour::unknown(true));
            let mut sensors = [None, None];
            for side in [Side::In, Side::Out] {
                let spot = Spot::Door(number, side);
                let place = Place { door: Some(wired.id), side: Some(side) };
                self.switch_by(place, wired.side(side));
                if wired.side(side).reader.is_some() {
                    self.readers.insert(config::reader_name(wired, side), spot);
                }
                let sensor = wired.side(side).sensor.as_ref();
                let place = Place { door: Some(wired.id), side: Some(side) };
                sensors[side as usize] =
                    sensor.map(|sensor| self.wire_sensor((spot, place), sensor, &mut start_sensor));
            }
            let carried_out = CarriedOut::open(&config.data_folder, wired.id, notes);
            self.doors.push(DoorUnit {
                door,
                outputs: None,
                sensors,
                keypads: [None; 2],
                carried_out,
                taps: BTreeMap::new(),
                senseless: Default::default(),
                on_reader: [None, None],
                wanted: [None, None],
            });
        }
        if let Some(station) = &config.station {
            let equipment = Equipment {
                has_reader: station.reader.is_some(),
                has_sensor: station.sensor.is_some(),
                has_keypad: station.keypad.is_some(),
            };
            self.station = Some(Station::new(equipment));
            self.switch_by(Place { door: None, side: None }, station);
            self.readers.insert(config::STATION_READER.to_owned(), Spot::Station);
            if let Some(sensor) = &station.sensor {
                let place = Place { door: None, side: None };
                self.wire_sensor((Spot::Station, place), sensor, &mut start_sensor);
            }
        }
    }

    fn switch_by(&mut self, place: Place, side: &SideConfig) {
        let powers = [(Device::Reader, &side.reader_power), (Device::Sensor, &side.sensor_power)];
        for (device, path) in powers {
            if let Some(path) = path {
                power::restore(path);
                self.switches.add(device, place, path.clone());
            }
        }
    }

    fn wire_sensor(
        &mut self,
        (spot, place): (Spot, Place),
        sensor: &SensorConfig,
        start_sensor: &mut impl FnMut(usize, Place, &SensorConfig, mpsc::Receiver<SensorRequest>),
    ) -> usize {
        let number = self.sensors.len();
        let (requests, incoming) = mpsc::channel(REQUESTS_MAX);
        start_sensor(number, place, sensor, incoming);
        self.sensors.push(SensorUnit { spot, requests });
        number
    }

    /// The first records of this start.
    pub(super) fn begin(&mut self, before: &Before, identity: &Identity) {
        if before.head == Head::start_of(identity.epoch) {
            self.record(Event::EpochBegan { cause: EpochCause::Joined, previous: identity.previous }, Weight::Vital);
        }
        if let Some(passed) = before.history.trusted_at {
            self.clock.not_before(passed);
        }
        let was_unclean = before.history.was_unclean;
        self.record(Event::AgentStarted { build: crate::BUILD.to_owned(), was_unclean }, Weight::Vital);
        for &(door, cause) in &before.history.unfinished {
            let was_carried_out = self.doors.iter().any(|unit| unit.door.id() == door && unit.carried_out.is(cause));
            if !was_carried_out {
                self.record(Event::ReleaseAbandoned { door, cause }, Weight::Vital);
            }
        }
        self.remember(&before.records);
        self.load_standing();
        match self.policy.load(self.clock.now().unix) {
            Ok(()) if self.policy.sequence() != 0 => {
                self.bundle_kept = self.policy.sequence();
                self.bundle_in_force(0);
            }
            Ok(()) => {
                if self.policy.is_withdrawn() {
                    tracing::warn!("the rules were given up when the server refused this agent: nobody enters");
                }
                self.behave();
            }
            Err(error) => {
                tracing::error!(%error, "the stored bundle can't be used");
                if matches!(error, StoreError::Refused { source: BundleRefused::Ahead { .. }, .. }) {
                    self.rules_are_ahead(true);
                }
            }
        }
        self.tell_progress();
    }
}

/// What is to be written: where, what, and its number.
type Newest = Option<(PathBuf, Vec<u8>, u64)>;

/// Writes files to the disk, one at a time, the newest in any case and again until it lies there, and tells its number then.
async fn write_newest(
    what: &'static str,
    again_after: Duration,
    mut newest: watch::Receiver<Newest>,
    kept: mpsc::UnboundedSender<u64>,
) {
    while newest.changed().await.is_ok() {
        loop {
            let Some((path, content, number)) = newest.borrow_and_update().clone() else { break };
            match tokio::task::spawn_blocking(move || crate::durable::replace(&path, &content)).await {
                Ok(Ok(())) => {
                    let _ = kept.send(number);
                    break;
                }
                Ok(Err(error)) => tracing::error!(%error, "{what} could not be written"),
                Err(_) => break,
            }
            tokio::select! {
                () = tokio::time::sleep(again_after) => {}
                changed = newest.changed() => if changed.is_err() { return },
            }
        }
    }
}

async fn finish(agent: Agent, incoming: Incoming, link: JoinHandle<()>, writers: [JoinHandle<()>; 2]) {
    let Agent { recorder, link: requests, bundles, standings, .. } = agent;
    let finished = tokio::time::timeout(FINISH_WAIT, tokio::task::spawn_blocking(|| recorder.finish())).await;
    if finished.is_err() {
        tracing::error!("the journal did not finish in time");
    }
    drop((requests, bundles, standings, incoming));
    for writer in writers {
        let _ = tokio::time::timeout(FINISH_WAIT, writer).await;
    }
    let _ = tokio::time::timeout(FINISH_WAIT, link).await;
    tracing::info!("agent stopped");
}

/// How often the service manager wants to hear from us: half of its limit.
pub(super) fn watchdog_interval() -> Duration {
    sd_notify::watchdog_enabled().map_or(WATCHDOG_DEFAULT, |limit| (limit / 2).max(Duration::from_millis(100)))
}

/// Tells the service manager, if there is one.
pub(super) fn notify(state: sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(%error, "the service manager was not told");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_could_not_be_written_is_written_once_it_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("standing");
        // In the way of the file's new name.
        std::fs::create_dir_all(path.join("something")).unwrap();
        let (newest, to_write) = watch::channel(None);
        let (kept, mut is_kept) = mpsc::unbounded_channel();
        let writer = tokio::spawn(write_newest("what operators set", Duration::from_millis(10), to_write, kept));
        newest.send_replace(Some((path.clone(), b"lockdown".to_vec(), 7)));
        while !folder.path().join("standing.fresh").exists() {
            tokio::task::yield_now().await;
        }
        assert!(is_kept.try_recv().is_err());
        std::fs::remove_dir_all(&path).unwrap();
        assert_eq!(is_kept.recv().await, Some(7), "nothing newer came");
        assert_eq!(std::fs::read(path).unwrap(), b"lockdown");
        drop(newest);
        writer.await.unwrap();
    }
}
