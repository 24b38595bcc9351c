//! The one loop: everything that happens comes in here, goes to the pure machines, and what they want is carried out.
//!
//! Nothing in here blocks but the strike's own line: the journal has its thread ([`recorder`](crate::recorder)), every
//! sensor, every door's lines and the link have their task. Whatever hangs holds up nothing else.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use access_core::State;
use access_core::chain::{Head, SignedRecord};
use access_core::event::{
    AlarmKind, Author, CommandOutcome, Decided, Device, DeviceState, EpochCause, Event, InputKind, NtpState,
    ReleaseCause,
};
use access_core::ids::{AttemptId, PersonId};
use access_core::policy::{CardToken, Side};
use access_core::protocol::{BundleDelta, CardKind, Refusal, SignedBundle};
use hardware::card::task::Task;
use hardware::card::{ReaderChange, ReaderEvent};
use hardware::door_io::{DoorInput, DoorOutputs, WatchedInput};
use hardware::keypad::{KeypadConfig, Typed};
use tokio::sync::{mpsc, watch};
use tokio::time::{interval, sleep_until};
use uuid::Uuid;

use crate::clock::{Change, Clock};
use crate::commission::Told;
use crate::config::{self, Config, CrashPoint, SensorConfig};
use crate::devices::{Devices, Place};
use crate::door::{Action, Behaviour, Door, FingerOutcome, Input, PinOutcome, Ticket};
use crate::face;
use crate::history::{self, CarriedOut, History, Notes};
use crate::identity::Identity;
use crate::journal::{Files, Journal, JournalError, Limits, Storage, Weight};
use crate::keypad::{KeypadEvent, KeypadRequest, TypedFor};
use crate::lines::{self, LinesEvent};
use crate::link::{self, Link, LinkEvent, LinkRequest, Progress};
use crate::outflow::{Flow, Outflow};
use crate::pin::throttle::Throttle;
use crate::pin::{PinDone, PinWork};
use crate::policy_store::{BundleRefused, PolicyStore, StoreError};
use crate::power::{self, Switches};
use crate::recorder::{Recorder, Reply};
use crate::recording::{self, JournalState, Recording, Taken, released_by};
use crate::sensor::{self, Habits, SensorEvent, SensorFiles, SensorRequest, SensorTask, Suspicion};
use crate::standing::StandingStore;
use crate::station::{self, Equipment, Station, StationAction};

mod cards;
mod effects;
mod knowledge;
mod pins;
mod records;
mod senseless;
mod start;
mod suspicions;
mod trials;

use cards::{OnReader, WantedFinger};
use knowledge::OwnLock;
use senseless::Senseless;
use suspicions::Suspicions;

pub use start::{RunError, run};

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

/// Events that wait for the loop, of each kind.
const EVENTS_MAX: usize = 256;
/// Requests that wait for the link.
const REQUESTS_MAX: usize = 64;
/// A journal that failed is tried again after so long.
const JOURNAL_RETRY: Duration = Duration::from_secs(2);
/// Doors' modes are looked at so often: schedules begin and end by themselves.
const MODE_LOOK: Duration = Duration::from_secs(1);
/// Looked at so often: the age of the bundle, whether the time is to be written down, who keeps the machine's clock, what hangs.
const AGE_LOOK: Duration = Duration::from_secs(60);

/// A door with what it is wired to.
struct DoorUnit {
    door: Door,
    outputs: Option<Box<dyn DoorOutputs>>,
    sensors: [Option<usize>; 2],
    keypads: [Option<usize>; 2],
    carried_out: CarriedOut,
    taps: BTreeMap<AttemptId, Tap>,
    /// Cards that answered to no sense of late, by side.
    senseless: [Senseless; 2],
    /// The card that proved itself last, by side.
    on_reader: [Option<OnReader>; 2],
    /// A finger that is wanted and waits for its template on the card, by side.
    wanted: [Option<WantedFinger>; 2],
}

/// How long an attempt has taken, for the measurement.
#[derive(Debug, Clone, Copy)]
struct Tap {
    card_at: Instant,
    token: CardToken,
    finger_since: Option<Instant>,
    finger: Duration,
    /// When each stage was done, since the card; zero if it was not gone through.
    asked: Duration,
    answered: Duration,
    recorded: Duration,
}

impl Tap {
    fn of(card_at: Instant, token: CardToken) -> Self {
        let none = Duration::ZERO;
        Self { card_at, token, finger_since: None, finger: none, asked: none, answered: none, recorded: none }
    }
}

/// The door whose machine waits for a record, and what it will release.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    door: usize,
    ticket: Ticket,
    cause: Option<ReleaseCause>,
}

/// What the log calls an input that is only watched.
const fn kind_of(input: WatchedInput) -> InputKind {
    match input {
        WatchedInput::ReaderTamper => InputKind::ReaderTamper,
        WatchedInput::SensorTamper => InputKind::SensorTamper,
        WatchedInput::Fire => InputKind::Fire,
        WatchedInput::MainsLost => InputKind::MainsLost,
        WatchedInput::BatteryLow => InputKind::BatteryLow,
        WatchedInput::Zone1 => InputKind::Zone1,
        WatchedInput::Zone2 => InputKind::Zone2,
        WatchedInput::Zone3 => InputKind::Zone3,
        WatchedInput::Zone4 => InputKind::Zone4,
    }
}

/// Where a reader or a sensor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spot {
    Door(usize, Side),
    Station,
}

struct SensorUnit {
    spot: Spot,
    requests: mpsc::Sender<SensorRequest>,
}

struct KeypadUnit {
    spot: Spot,
    requests: mpsc::Sender<KeypadRequest>,
}

/// Everything the loop works with.
struct Agent {
    clock: Clock,
    author: Author,
    policy: PolicyStore,
    /// What happened at the agent's own doors, for deciding alone and for modes.
    state: State,
    standing: StandingStore,
    /// Cards locked by decisions of this agent that the server may not know of yet.
    own_locks: Vec<OwnLock>,
    recorder: Recorder,
    recording: Recording,
    /// What the server was told of the journal last, and in which session.
    told: Option<(u64, JournalState)>,
    outflow: Outflow,
    progress: watch::Sender<Progress>,
    link: mpsc::Sender<(u64, LinkRequest)>,
    session: Option<u64>,
    /// What the link had no place for in this session: it is sent before anything else happens.
    unsent: Vec<LinkRequest>,
    doors: Vec<DoorUnit>,
    sensors: Vec<SensorUnit>,
    keypads: Vec<KeypadUnit>,
    /// Where PINs are checked and hashed; none without a keypad.
    pin_work: Option<mpsc::Sender<PinWork>>,
    throttle: Throttle,
    readers: BTreeMap<String, Spot>,
    station: Option<Station>,
    devices: Devices,
    /// What is wrong with sensors beyond not working.
    suspicions: Suspicions,
    /// Has a reader do something with the card on it.
    card_desk: CardDesk,
    switches: Switches,
    waiting: BTreeMap<u64, Waiting>,
    /// Notes to be written once their records lie on the disk.
    telling: BTreeMap<u64, Told>,
    is_policy_aging: bool,
    /// The newest rules that came are dated ahead of this clock, and that was said, in this run of the program or before.
    are_rules_ahead: bool,
    /// Whether time servers keep the machine's own clock, as it was looked at last.
    ntp: NtpState,
    crash_point: Option<CrashPoint>,
    /// Number of the bundle that came to lie on the disk last; 0 if none did.
    bundle_kept: u64,
    bundles: watch::Sender<Option<(PathBuf, Vec<u8>, u64)>>,
    standings: watch::Sender<Option<(PathBuf, Vec<u8>, u64)>>,
    /// Names for attempts, never the same one again.
    new_id: Box<dyn FnMut() -> Uuid + Send>,
}

/// Gives a reader something to do with the card on it; answers whether there is such a reader.
type CardDesk = Box<dyn Fn(&str, Task) -> bool + Send>;

/// What the loop takes, one at a time.
enum Happened {
    /// [`Agent::wake_in`] has passed.
    Wake,
    /// The journal answered.
    Reply(Reply),
    Link(LinkEvent),
    Sensor(usize, SensorEvent),
    Keypad(usize, KeypadEvent),
    Pin(PinDone),
    Lines(usize, LinesEvent),
    Reader(ReaderEvent),
    /// A bundle lies on the disk: its number.
    BundleKept(u64),
    /// What operators set lies on the disk: its number.
    StandingKept(u64),
    /// [`MODE_LOOK`] has passed.
    ModeLook,
    /// [`AGE_LOOK`] has passed.
    AgeLook,
    /// [`JOURNAL_RETRY`] has passed.
    JournalRetry,
}

/// Everything that comes in.
struct Incoming {
    readers: mpsc::Receiver<ReaderEvent>,
    lines: mpsc::Receiver<(usize, LinesEvent)>,
    sensors: mpsc::Receiver<(usize, SensorEvent)>,
    keypads: mpsc::Receiver<(usize, KeypadEvent)>,
    pins: mpsc::Receiver<PinDone>,
    link: mpsc::Receiver<LinkEvent>,
    recorder: mpsc::UnboundedReceiver<Reply>,
    /// Numbers of bundles, as they come to lie on the disk.
    bundle_kept: mpsc::UnboundedReceiver<u64>,
    /// Numbers of what operators set, as they come to lie on the disk.
    standing_kept: mpsc::UnboundedReceiver<u64>,
}

impl Agent {
    async fn serve(&mut self, incoming: &mut Incoming, stop: impl Future<Output = ()>) {
        let mut age_look = interval(AGE_LOOK);
        let mut journal_retry = interval(JOURNAL_RETRY);
        let mut mode_look = interval(MODE_LOOK);
        let mut watchdog = interval(start::watchdog_interval());
        tokio::pin!(stop);
        loop {
            let wake = self.wake_in().map(|pause| tokio::time::Instant::now() + pause);
            let happened = tokio::select! {
                biased;
                () = &mut stop => return,
                // A strike whose time is over comes to rest before anything else is looked at.
                () = sleep_until(wake.unwrap_or_else(tokio::time::Instant::now)), if wake.is_some() => Happened::Wake,
                // What was written comes first: a person waits at the door for it.
                Some(reply) = incoming.recorder.recv() => Happened::Reply(reply),
                Some(event) = incoming.link.recv() => Happened::Link(event),
                Some((number, event)) = incoming.sensors.recv() => Happened::Sensor(number, event),
                Some((number, event)) = incoming.keypads.recv() => Happened::Keypad(number, event),
                Some(done) = incoming.pins.recv() => Happened::Pin(done),
                Some((number, event)) = incoming.lines.recv() => Happened::Lines(number, event),
                Some(event) = incoming.readers.recv() => Happened::Reader(event),
                Some(number) = incoming.bundle_kept.recv() => Happened::BundleKept(number),
                Some(number) = incoming.standing_kept.recv() => Happened::StandingKept(number),
                _ = mode_look.tick() => Happened::ModeLook,
                _ = age_look.tick() => Happened::AgeLook,
                _ = journal_retry.tick() => Happened::JournalRetry,
                _ = watchdog.tick() => {
                    start::notify(sd_notify::NotifyState::Watchdog);
                    continue;
                }
            };
            self.take(happened);
        }
    }

    /// Takes one thing, and carries out all that comes of it.
    fn take(&mut self, happened: Happened) {
        for request in std::mem::take(&mut self.unsent) {
            self.send_surely(request);
        }
        match happened {
            Happened::Wake => self.tick(),
            Happened::Reply(reply) => self.replied(reply),
            Happened::Link(event) => self.link_said(event),
            Happened::Sensor(number, event) => self.sensor_said(number, event),
            Happened::Keypad(number, event) => self.keypad_said(number, event),
            Happened::Pin(done) => self.pin_done(done),
            Happened::Lines(number, event) => self.lines_said(number, event),
            Happened::Reader(event) => self.reader_said(event),
            Happened::BundleKept(number) => {
                self.bundle_kept = number;
                self.confirm_bundle();
            }
            Happened::StandingKept(number) => {
                self.send_surely(LinkRequest::StandingInForce(number));
            }
            Happened::ModeLook => self.look_at_modes(),
            Happened::AgeLook => {
                self.clock.keep();
                self.look_at_ntp();
                self.switch_what_hangs();
                self.restore_power();
                self.look_at_age();
            }
            Happened::JournalRetry => {
                self.probe_journal();
                let flow = self.outflow.resume();
                self.flow(flow);
            }
        }
        while let Some(Change { by_ms, was_followed }) = self.clock.take_change() {
            self.record(Event::ClockChanged { by_ms, was_followed, ntp: self.ntp }, Weight::Vital);
        }
        self.tell_journal();
    }

    fn wake_in(&self) -> Option<Duration> {
        let now = self.clock.now();
        let doors = self.doors.iter().filter_map(|unit| unit.door.wake_at_ms());
        let door_ms = doors.min().map(|at_ms| at_ms.saturating_sub(now.mono_ms));
        let journal_ms = self.recording.look_at_ms().map(|at_ms| at_ms.saturating_sub(now.mono_ms));
        let expires_at = self.station.as_ref().and_then(Station::expires_at);
        let station_ms = expires_at.map(|at| u64::try_from(at.since(now.unix)).unwrap_or(0));
        door_ms.into_iter().chain(station_ms).chain(journal_ms).min().map(Duration::from_millis)
    }

    fn tick(&mut self) {
        self.look_at_journal();
        for door in 0..self.doors.len() {
            self.feed(door, Input::Tick);
        }
        let now = self.clock.now().unix;
        let actions = self.station.as_mut().map(|station| station.tick(now));
        self.station_acts(actions.unwrap_or_default());
    }

    fn reader_said(&mut self, event: ReaderEvent) {
        let Some(&spot) = self.readers.get(&event.reader) else { return };
        let state = match &event.change {
            ReaderChange::Silent => Some(DeviceState::Silent),
            ReaderChange::Lost(_) => Some(DeviceState::Lost),
            ReaderChange::Removed | ReaderChange::Worked(_) => None,
            _ => Some(DeviceState::Working),
        };
        match &event.change {
            ReaderChange::Lost(why) => tracing::warn!(reader = event.reader, why, "reader lost"),
            ReaderChange::Silent => tracing::warn!(reader = event.reader, "reader silent"),
            ReaderChange::Unreadable(why) => tracing::info!(reader = event.reader, why, "card unreadable"),
            ReaderChange::Senseless(_, why) => tracing::info!(reader = event.reader, why, "card answers to no sense"),
            ReaderChange::NotAuthentic(_, why) => tracing::warn!(reader = event.reader, why, "card not authentic"),
            _ => {}
        }
        if let Some(state) = state {
            self.device_is(Device::Reader, spot, state);
        }
        match spot {
            Spot::Door(door, side) => match event.change {
                ReaderChange::Unreadable(_) => self.feed(door, Input::CardUnreadable),
                change => self.card_at_door(door, side, change, event.at),
            },
            Spot::Station => {
                let Some(station) = &mut self.station else { return };
                let actions = match event.change {
                    ReaderChange::Card(uid) => station.card(&uid, CardKind::UidOnly),
                    ReaderChange::Kind(uid, kind) => station.card(&uid, station::card_kind(kind)),
                    ReaderChange::Worked(worked) => station.worked(worked),
                    ReaderChange::Unreadable(_) => station.card_unreadable(),
                    ReaderChange::Removed => {
                        station.card_removed();
                        Vec::new()
                    }
                    ReaderChange::Silent | ReaderChange::Lost(_) => station.reader(true),
                    ReaderChange::Back => station.reader(false),
                    // A station asks for no proof.
                    ReaderChange::Proved(..)
                    | ReaderChange::NotAuthentic(..)
                    | ReaderChange::Senseless(..)
                    | ReaderChange::Template(_) => Vec::new(),
                };
                self.station_acts(actions);
            }
        }
    }

    fn lines_said(&mut self, number: usize, event: LinesEvent) {
        match event {
            LinesEvent::Open(outputs) => {
                self.doors[number].outputs = Some(outputs);
                self.lines_are(number, DeviceState::Working);
                self.feed(number, Input::LinesBack);
            }
            LinesEvent::NotThere(why) => {
                tracing::warn!(door = %self.doors[number].door.id(), why, "door lines lost");
                self.doors[number].outputs = None;
                self.lines_are(number, DeviceState::Lost);
            }
            LinesEvent::Input(DoorInput::Contact { is_open }) => self.feed(number, Input::Contact { is_open }),
            LinesEvent::Input(DoorInput::Rex { is_pressed }) => self.feed(number, Input::Rex { is_pressed }),
            LinesEvent::Input(DoorInput::Tamper { is_tampered: is_active }) => {
                self.feed(number, Input::Watched { input: InputKind::BoxTamper, is_active });
            }
            LinesEvent::Input(DoorInput::Watched { input, is_active }) => {
                self.feed(number, Input::Watched { input: kind_of(input), is_active });
            }
            LinesEvent::Input(DoorInput::Lost(why)) => {
                tracing::warn!(door = %self.doors[number].door.id(), why, "door lines lost");
                self.lines_are(number, DeviceState::Lost);
            }
            LinesEvent::Input(DoorInput::Back) => {
                self.lines_are(number, DeviceState::Working);
                self.feed(number, Input::LinesBack);
            }
        }
    }

    fn sensor_said(&mut self, number: usize, event: SensorEvent) {
        let spot = self.sensors[number].spot;
        match event {
            SensorEvent::State(state) => self.device_is(Device::Sensor, spot, state),
            SensorEvent::Suspicion { suspicion, is_so } => self.suspect(number, suspicion, is_so),
            SensorEvent::Verified { attempt, outcome } => {
                if let Spot::Door(door, _) = spot {
                    if let Some(tap) = self.doors[door].taps.get_mut(&attempt) {
                        tap.finger += tap.finger_since.take().map_or(Duration::ZERO, |since| since.elapsed());
                    }
                    self.feed(door, Input::Finger { attempt, outcome });
                }
            }
            SensorEvent::Progress { enrolment, progress } => {
                let actions = self.station.as_ref().map(|station| station.progress(enrolment, progress));
                self.station_acts(actions.unwrap_or_default());
            }
            SensorEvent::Enrolled { enrolment, result } => {
                let actions = self.station.as_mut().map(|station| station.enrolled(enrolment, result));
                self.station_acts(actions.unwrap_or_default());
            }
            SensorEvent::Comparing { enrolment, compared } => {
                let actions = self.station.as_ref().map(|station| station.comparing(enrolment, compared));
                self.station_acts(actions.unwrap_or_default());
            }
            SensorEvent::Compared { enrolment, result } => {
                let actions = self.station.as_mut().map(|station| station.compared(enrolment, result));
                self.station_acts(actions.unwrap_or_default());
            }
        }
    }

    fn link_said(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Up { session, acknowledged } => {
                self.session = Some(session);
                self.unsent.clear();
                self.standing.session_began();
                self.record(Event::LinkChanged { is_up: true, agent: None }, Weight::Routine);
                let flow = self.outflow.up(acknowledged);
                self.recorder.acknowledge(self.outflow.acknowledged());
                self.forget_own_locks();
                self.flow(flow);
                self.confirm_bundle();
                self.feed_all(&Input::Link { is_up: true });
            }
            LinkEvent::Down => {
                self.session = None;
                self.outflow.down();
                self.recording.link_lost(self.clock.now());
                self.record(Event::LinkChanged { is_up: false, agent: None }, Weight::Routine);
                self.feed_all(&Input::Link { is_up: false });
                let actions = self.station.as_mut().map(Station::link_down);
                self.station_acts(actions.unwrap_or_default());
            }
            LinkEvent::Answer(ruling) => {
                let door = self.doors.iter().position(|unit| unit.door.id() == ruling.attempt.door);
                if let Some(door) = door {
                    if let Some(tap) = self.doors[door].taps.get_mut(&ruling.attempt.id) {
                        tap.answered = tap.card_at.elapsed();
                    }
                    self.feed(door, Input::Verdict { ruling, decided: Decided::Online });
                }
            }
            LinkEvent::Standing(standing) => self.take_standing(standing),
            LinkEvent::Acknowledged(head) => {
                let flow = self.outflow.acknowledge(head);
                self.recorder.acknowledge(self.outflow.acknowledged());
                self.forget_own_locks();
                self.tell_progress();
                self.flow(flow);
            }
            LinkEvent::Bundle(bundle) => {
                self.take_bundle(&bundle);
            }
            LinkEvent::BundleDelta(delta) => self.take_delta(&delta),
            LinkEvent::Command(command) => match self.doors.iter().position(|unit| unit.door.id() == command.door) {
                Some(door) => self.feed(door, Input::Command(command)),
                None => {
                    let outcome = CommandOutcome::UnknownDoor;
                    let done = Event::CommandDone { command: command.id, door: command.door, outcome, release_ms: 0 };
                    self.record(done, Weight::Vital);
                }
            },
            LinkEvent::Enrol(order) => {
                let equipment = Equipment { has_reader: false, has_sensor: false, has_keypad: false };
                let actions = self.station.get_or_insert_with(|| Station::new(equipment)).start(order);
                self.station_acts(actions);
            }
            LinkEvent::CancelEnrolment(enrolment) => {
                let actions = self.station.as_mut().map(|station| station.cancel(enrolment));
                self.station_acts(actions.unwrap_or_default());
            }
            LinkEvent::CompareFingers(next) => {
                let actions = self.station.as_mut().map(|station| station.compare(next));
                self.station_acts(actions.unwrap_or_default());
            }
            LinkEvent::CardWork(work) => {
                let actions = self.station.as_mut().map(|station| station.work(*work));
                self.station_acts(actions.unwrap_or_default());
            }
            LinkEvent::Refused(why) => self.refused(why),
        }
    }

    /// The server, whose certificate was verified, will not speak with this agent. Only what an operator or the server's
    /// own evidence says about this very agent costs it its rules; anything else (another installation's server at the
    /// address, a copy of the installation put up for a test, a version that is too old) may be a mistake of today.
    fn refused(&mut self, why: Refusal) {
        tracing::warn!(%why, "the server refuses this agent");
        if !matches!(why, Refusal::Revoked | Refusal::Quarantined) {
            return;
        }
        let Some(remains) = self.policy.withdraw() else { return };
        tracing::error!(%why, "the rules were given up: nobody enters");
        self.bundles.send_replace(Some(remains));
        // A door that stands unlocked by them is locked first.
        self.look_at_modes();
        self.record(Event::AlarmRaised { kind: AlarmKind::RulesWithdrawn, door: None, person: None }, Weight::Vital);
        self.look_at_age();
        self.tell_progress();
    }

    /// Takes the bundle that comes of a delta as one that came whole. If none does, for whatever cause, one is to come whole: the rules in
    /// force stay until then.
    fn take_delta(&mut self, delta: &BundleDelta) {
        let is_taken = match self.policy.rebuilt(delta) {
            Ok(Some(bundle)) => self.take_bundle(&bundle),
            Ok(None) => true,
            Err(error) => {
                tracing::warn!(%error, "no bundle comes of a delta");
                false
            }
        };
        if !is_taken {
            self.send_surely(LinkRequest::BundleWanted(self.policy.newest_sequence()));
        }
    }

    /// Puts a bundle in force and has it written. Answers whether it is in force.
    fn take_bundle(&mut self, bundle: &SignedBundle) -> bool {
        let version_before = self.policy.version();
        let was_withdrawn = self.policy.is_withdrawn();
        match self.policy.take(bundle, self.clock.now()) {
            Ok(true) => self.bundle_in_force(version_before),
            Ok(false) => return true,
            Err(error) => {
                tracing::error!(%error, "bundle refused");
                if matches!(error, BundleRefused::Ahead { .. }) {
                    self.rules_are_ahead(true);
                }
                return false;
            }
        }
        self.rules_are_ahead(false);
        if was_withdrawn {
            self.record(Event::AlarmCleared { kind: AlarmKind::RulesWithdrawn, door: None }, Weight::Vital);
        }
        self.tell_progress();
        // If the disk is slow an older one may be left out, the newest never.
        if let Some(sealed) = self.policy.sealed(bundle) {
            self.bundles.send_replace(Some(sealed));
        }
        true
    }

    /// Tells the server which bundle is in force, once it lies on the disk: what the server takes for revoked must not open a
    /// door again because the power went.
    fn confirm_bundle(&mut self) {
        let sequence = self.policy.sequence();
        if sequence != 0 && sequence == self.bundle_kept {
            self.send_surely(LinkRequest::BundleInForce(sequence));
        }
    }

    /// A bundle was put in force, from the link or from the disk.
    fn bundle_in_force(&mut self, version_before: u64) {
        let (sequence, version) = (self.policy.sequence(), self.policy.version());
        tracing::info!(sequence, version, "bundle in force");
        // As when a door became another agent's. To refuse such a bundle would leave those in force that let people in there.
        let doors = self.doors.iter().map(|unit| unit.door.id());
        for door in doors.filter(|door| !self.policy.names(*door)) {
            tracing::warn!(%door, "the bundle does not name a door that is wired here: nobody enters there");
        }
        if let Some(taken_at) = self.policy.taken_at() {
            self.clock.not_before(taken_at);
        }
        if version != version_before {
            self.record(Event::PolicyInForce { version }, Weight::Routine);
        }
        self.behave();
        self.look_at_age();
    }

    /// Doors behave as the rules say, those in force or those that were given up.
    fn behave(&mut self) {
        let version = self.policy.version();
        for door in 0..self.doors.len() {
            if let Some(rule) = self.policy.door(self.doors[door].door.id()) {
                let behaviour = Behaviour::of(rule, version);
                self.feed(door, Input::Behave(behaviour));
            }
        }
        self.look_at_modes();
    }

    fn look_at_age(&mut self) {
        let is_aging = self.policy.is_aging(self.clock.now().unix);
        if is_aging != std::mem::replace(&mut self.is_policy_aging, is_aging) {
            let kind = AlarmKind::PolicyAging;
            let event = match is_aging {
                true => Event::AlarmRaised { kind, door: None, person: None },
                false => Event::AlarmCleared { kind, door: None },
            };
            self.record(event, Weight::Vital);
        }
    }

    /// The server's rules are dated ahead of this agent's clock and were not taken, or some were taken.
    fn rules_are_ahead(&mut self, are_ahead: bool) {
        if are_ahead != std::mem::replace(&mut self.are_rules_ahead, are_ahead) {
            let kind = AlarmKind::RulesDatedAhead;
            let event = match are_ahead {
                true => Event::AlarmRaised { kind, door: None, person: None },
                false => Event::AlarmCleared { kind, door: None },
            };
            self.record(event, Weight::Vital);
        }
    }

    /// Has the power of what hangs switched, where that is wired.
    fn restore_power(&self) {
        for path in self.switches.of_lost(&self.devices) {
            // Beside the loop: a switch is a file of a driver's.
            tokio::task::spawn_blocking(move || power::restore(&path));
        }
    }

    fn switch_what_hangs(&mut self) {
        self.switches.due(self.clock.now().mono_ms, &self.devices).into_iter().for_each(power::cycle);
    }

    fn look_at_ntp(&mut self) {
        let ntp = self.clock.ntp();
        if ntp != std::mem::replace(&mut self.ntp, ntp) {
            self.record(Event::ClockChanged { by_ms: 0, was_followed: false, ntp }, Weight::Routine);
        }
    }

    /// Puts everything to rest and says so.
    fn stop(&mut self) {
        for unit in &mut self.doors {
            if let Some(outputs) = &mut unit.outputs
                && let Err(error) = outputs.strike(false)
            {
                tracing::error!(door = %unit.door.id(), %error, "the strike could not be put to rest");
            }
        }
        self.record(Event::AgentStopped, Weight::Vital);
        self.submit_last();
    }
}
