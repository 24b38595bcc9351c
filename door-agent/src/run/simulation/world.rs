//! Everything around the agents, in one order: people, operators, messages, time, and what goes wrong. One seed, one course.

use std::collections::BTreeMap;

use access_core::protocol::{BundleDelta, BundleIndex, Command, HEARTBEAT_MS, SILENCE_MAX_MS, Standing};
use hardware::card::TemplateRead;
use sha2::{Digest as _, Sha256};

use super::cards::token_of;
use super::dice::Dice;
use super::faults::{Counts, Kind, Step};
use super::host::{Host, replace};
use super::judge::Findings;
use super::server::{BEGIN, Ingested, PERSONS, Server};
use super::*;

mod cards;
mod harm;
mod link;
mod people;
mod program;

pub(super) use cards::OnReader;
use harm::Came;

/// How long things go wrong, in milliseconds.
const FAULTS_MS: u64 = 150_000;
/// After that everything heals, and all must have arrived within this, in milliseconds.
const HEALING_MS: u64 = 60_000;
/// A place for a fault that does not come is given up, in milliseconds.
const PATIENCE_MS: u64 = 4_000;
/// Where there was nothing to break, it is tried again after so long, in milliseconds.
const AGAIN_MS: u64 = 100;

const TO_SERVER: usize = 0;
const TO_AGENT: usize = 1;

/// What a server says.
#[derive(Debug, Clone)]
enum Said {
    Welcome { acknowledged: Head, now: UnixMs },
    Heartbeat { now: UnixMs },
    Answer(Box<Ruling>),
    Acknowledged(Head),
    Bundle(SignedBundle),
    BundleDelta(Box<BundleDelta>),
    Command(Command),
    Standing(Standing),
}

#[derive(Debug)]
enum Due {
    Start,
    Wake,
    ModeLook,
    AgeLook,
    JournalRetry,
    Write,
    Reply,
    Notes,
    BundleLies(PathBuf, Vec<u8>, u64),
    StandingLies(PathBuf, Vec<u8>, u64),
    Connect,
    /// A fault of that step: the session ends.
    Cut(u64, Step),
    Beat(u64),
    Silence(u64),
    ToServer(u64, LinkRequest),
    ToAgent(u64, Said),
    Finger(usize, AttemptId, FingerOutcome, usize, Option<(Kind, Step)>),
    SensorWorks(usize),
    Tap(usize),
    Card(usize, Side, usize),
    OfCard((usize, Side), u64, ReaderChange, (Option<CardToken>, bool)),
    TakenAway(usize, Side, u64),
    LeafMoves(usize, bool),
    Rex(usize),
    RexLetGo(usize),
    LinesBack(usize),
    ReaderBack(usize),
    NewRules,
    Operator,
    Commands,
}

pub(super) struct World {
    now_ms: u64,
    dice: Dice,
    server: Server,
    hosts: Vec<Host>,
    /// By instant and number: which agent, in which run of its program (0: in any), and what.
    due: BTreeMap<(u64, u64), (usize, u64, Due)>,
    number: u64,
    counts: Counts,
    wanted: (Kind, Step),
    wanted_since_ms: u64,
    /// Where there was nothing to break it is tried again from then on.
    wanted_again_ms: u64,
    is_healing: bool,
    /// A test's switch: readers ask cards for a proof and look at it.
    has_proofs: bool,
    /// All that happens is told.
    is_told: bool,
    /// Hash of all that happened.
    course: Sha256,
}

/// What came of a seed.
pub(super) struct Outcome {
    pub(super) counts: Counts,
    pub(super) findings: Findings,
    pub(super) course: [u8; 32],
}

/// Runs one seed from beginning to end.
pub(super) fn run(seed: u64, switches: Switches) -> Outcome {
    let mut dice = Dice::of(seed);
    let mut server = Server::new(switches.has_dedup);
    let hosts: Vec<Host> =
        (0..dice.between(1, 3) as usize).map(|number| Host::new(number, &mut dice, switches)).collect();
    for host in &hosts {
        server.join(&host.identity, host.built.clone(), &mut dice);
    }
    let mut world = World {
        now_ms: 0,
        dice,
        server,
        hosts,
        due: BTreeMap::new(),
        number: 0,
        counts: Counts::default(),
        wanted: (Kind::MessageLost, Step::Idle),
        wanted_since_ms: 0,
        wanted_again_ms: 0,
        is_healing: false,
        has_proofs: switches.has_proofs,
        is_told: std::env::var_os("PFORTE_SIM_TRACE").is_some(),
        course: Sha256::new(),
    };
    world.begin();
    while world.now_ms < FAULTS_MS && world.next() {}
    world.heal();
    while world.now_ms < FAULTS_MS + HEALING_MS && !world.is_delivered() && world.next() {}
    world.end()
}

impl World {
    fn begin(&mut self) {
        self.want_another();
        for agent in 0..self.hosts.len() {
            self.plan(agent, 0, 0, Due::Start);
            self.plan(agent, 0, 9_000, Due::NewRules);
            self.plan(agent, 0, 7_000, Due::Commands);
            for door in 0..self.hosts[agent].built.len() {
                let (tap, rex) = (self.dice.between(500, 4_000), self.dice.between(2_000, 20_000));
                self.plan(agent, 0, tap, Due::Tap(door));
                self.plan(agent, 0, rex, Due::Rex(door));
            }
        }
        self.plan(0, 0, 12_000, Due::Operator);
    }

    fn plan(&mut self, agent: usize, life: u64, in_ms: u64, due: Due) {
        self.number += 1;
        self.due.insert((self.now_ms + in_ms, self.number), (agent, life, due));
    }

    /// For the program as it runs now.
    fn plan_now(&mut self, agent: usize, in_ms: u64, due: Due) {
        let life = self.hosts[agent].life;
        self.plan(agent, life, in_ms, due);
    }

    fn unix(&self) -> UnixMs {
        BEGIN.plus_ms(self.now_ms as i64)
    }

    /// The next thing that is due; answers whether there was one.
    fn next(&mut self) -> bool {
        let Some(((at_ms, _), (agent, life, due))) = self.due.pop_first() else { return false };
        self.now_ms = self.now_ms.max(at_ms);
        for host in &self.hosts {
            host.keep_time(self.now_ms);
        }
        if !self.is_healing {
            self.go_wrong();
        }
        if life == 0 || (life == self.hosts[agent].life && self.hosts[agent].program.is_some()) {
            self.course.update(format!("{} {agent} {}", self.now_ms, self.hosts[agent].life));
            if self.is_told {
                let told: String = format!("{due:?}").chars().take(160).collect();
                eprintln!("{} ms, agent {agent}/{}: {told}", self.now_ms, self.hosts[agent].life);
            }
            self.happens(agent, due);
        }
        for host in &mut self.hosts {
            host.judge.look(self.now_ms, host.life, &self.server);
        }
        true
    }

    fn happens(&mut self, agent: usize, due: Due) {
        match due {
            Due::Start => self.start(agent),
            Due::Wake => {
                let host = &mut self.hosts[agent];
                if host.wake_at_ms == Some(self.now_ms) {
                    host.wake_at_ms = None;
                    self.take(agent, Happened::Wake);
                }
            }
            Due::ModeLook => {
                self.take(agent, Happened::ModeLook);
                self.plan_now(agent, MODE_LOOK.as_millis() as u64, Due::ModeLook);
            }
            Due::AgeLook => {
                self.take(agent, Happened::AgeLook);
                self.plan_now(agent, AGE_LOOK.as_millis() as u64, Due::AgeLook);
            }
            Due::JournalRetry => {
                self.take(agent, Happened::JournalRetry);
                self.plan_now(agent, JOURNAL_RETRY.as_millis() as u64, Due::JournalRetry);
            }
            Due::Write => self.write(agent),
            Due::Reply => {
                while let Some(reply) = self.hosts[agent].program.as_mut().and_then(|run| run.replies.try_recv().ok()) {
                    self.take(agent, Happened::Reply(reply));
                }
            }
            Due::Notes => {
                self.hosts[agent].is_note_planned = false;
                self.hosts[agent].write_notes();
            }
            Due::BundleLies(path, content, number) => {
                replace(&path, &content);
                if number == 0 {
                    let host = &mut self.hosts[agent];
                    host.judge.gave_up(host.life);
                }
                self.take(agent, Happened::BundleKept(number));
            }
            Due::StandingLies(path, content, number) => {
                replace(&path, &content);
                self.take(agent, Happened::StandingKept(number));
            }
            Due::Connect => self.connect(agent),
            Due::Cut(session, step) => {
                if self.hosts[agent].session == Some(session) && self.hang_up(agent) {
                    self.counts.note(Kind::LinkCut, step);
                }
            }
            Due::Beat(session) => self.beat(agent, session),
            Due::Silence(session) => {
                if self.hosts[agent].session == Some(session) && self.is_cut_off(agent) {
                    self.hang_up(agent);
                }
            }
            Due::ToServer(session, request) => self.server_hears(agent, session, request),
            Due::ToAgent(session, said) => self.agent_hears(agent, session, said),
            Due::Finger(sensor, attempt, outcome, holder, fault) => {
                let host = &mut self.hosts[agent];
                if host.wanted == Some((sensor, attempt)) {
                    host.wanted = None;
                    host.past_attempt = Some(attempt);
                    if outcome.is_match() {
                        host.judge.matches.insert(attempt, token_of(holder));
                    }
                    if let Some((kind, step)) = fault {
                        self.counts.note(kind, step);
                    }
                    self.take(agent, Happened::Sensor(sensor, SensorEvent::Verified { attempt, outcome }));
                }
            }
            Due::SensorWorks(sensor) => {
                self.take(agent, Happened::Sensor(sensor, SensorEvent::State(DeviceState::Working)));
            }
            Due::Tap(door) => self.somebody_comes(agent, door),
            Due::Card(door, side, person) => drop(self.card(agent, door, side, person)),
            Due::OfCard(place, number, change, card) => self.is_told(agent, place, number, change, card),
            Due::TakenAway(door, side, number) => self.lies_no_more(agent, door, side, number),
            Due::LeafMoves(door, is_open) => self.leaf_moves(agent, door, is_open),
            Due::Rex(door) => {
                let pressed_ms = self.dice.between(200, 3_000);
                self.plan(agent, 0, pressed_ms, Due::RexLetGo(door));
                if !self.is_healing {
                    let again_ms = self.dice.between(15_000, 60_000);
                    self.plan(agent, 0, pressed_ms + again_ms, Due::Rex(door));
                }
                self.rex(agent, door, true);
            }
            Due::RexLetGo(door) => self.rex(agent, door, false),
            Due::LinesBack(door) => {
                self.hosts[agent].site.lock().strikes[door].is_lost = false;
                self.take(agent, Happened::Lines(door, LinesEvent::Input(DoorInput::Back)));
                let is_open = self.hosts[agent].leaves[door].is_open;
                self.take(agent, Happened::Lines(door, LinesEvent::Input(DoorInput::Contact { is_open })));
                let is_pressed = self.hosts[agent].leaves[door].is_rex_pressed;
                self.take(agent, Happened::Lines(door, LinesEvent::Input(DoorInput::Rex { is_pressed })));
            }
            Due::ReaderBack(door) => {
                self.hosts[agent].leaves[door].is_reader_lost = false;
                self.reader(agent, door, Side::In, ReaderChange::Back);
            }
            Due::NewRules => {
                let (unix, again_ms) = (self.unix(), self.dice.between(6_000, 20_000));
                let bundle = self.server.change_rules(agent, unix, &mut self.dice);
                let said = self.as_it_is_sent(agent, bundle);
                self.say(agent, said);
                self.plan(agent, 0, again_ms, Due::NewRules);
            }
            Due::Operator => self.operator_acts(),
            Due::Commands => {
                let (unix, again_ms) = (self.unix(), self.dice.between(5_000, 20_000));
                if !self.is_healing {
                    let door = self.dice.pick(&self.hosts[agent].built).id;
                    let command = self.server.command(agent, door, unix, &mut self.dice);
                    self.say(agent, Said::Command(command));
                    self.plan(agent, 0, again_ms, Due::Commands);
                }
            }
        }
    }

    /// Nothing goes wrong any more; whatever is broken is mended, and programs that lost their journal start again.
    fn heal(&mut self) {
        self.is_healing = true;
        for agent in 0..self.hosts.len() {
            let host = &mut self.hosts[agent];
            host.cut_off_until_ms = 0;
            (host.refused_until_ms, host.refused_at) = (0, None);
            (host.on_message, host.on_time, host.on_finger) = (Vec::new(), Vec::new(), Vec::new());
            (host.slow_disk, host.at_start) = (None, None);
            let mut site = host.site.lock();
            (site.fuse, site.disk.next_write, site.disk.next_read, site.disk.full_until_ms) = (None, None, None, 0);
            site.strikes.iter_mut().for_each(|strike| (strike.is_lost, strike.fails) = (false, 0));
            drop(site);
            let has_journal = host.program.as_ref().is_none_or(|run| run.has_journal);
            match host.program.is_some() {
                true if !has_journal => self.fall(agent, false),
                true => {
                    self.hang_up(agent);
                    self.plan_now(agent, 0, Due::Connect);
                    self.plan_now(agent, 0, Due::Write);
                }
                false => self.plan(agent, 0, 0, Due::Start),
            }
        }
    }

    fn is_delivered(&self) -> bool {
        let has_healed = self.now_ms > FAULTS_MS + 15_000;
        has_healed
            && self.hosts.iter().enumerate().all(|(agent, host)| {
                let stored = self.server.agents[agent].head;
                let head = host.program.as_ref().map(|run| run.agent.outflow.head());
                // What lies on the disk is due before the agent hears that it does.
                head == Some(stored) && host.judge.newest_due() <= stored.seq
            })
    }

    fn end(mut self) -> Outcome {
        let mut findings = Findings::default();
        for (host, known) in self.hosts.iter_mut().zip(&self.server.agents) {
            host.judge.end(self.now_ms, &known.log);
            findings.add(&host.judge.findings);
        }
        for known in &self.server.agents {
            known.log.iter().for_each(|signed| self.course.update(signed.hash().0));
        }
        Outcome { counts: self.counts, findings, course: self.course.finalize().into() }
    }
}
