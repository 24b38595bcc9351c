//! Everything around the agents, in one order: people, operators, messages, time, and what goes wrong. One seed, one course.

use std::collections::BTreeMap;

use access_core::protocol::{Command, HEARTBEAT_MS, SILENCE_MAX_MS, Standing};
use sha2::{Digest as _, Sha256};

use super::dice::Dice;
use super::faults::{Counts, Kind, Step};
use super::host::{Host, replace};
use super::judge::Findings;
use super::server::{BEGIN, Ingested, PERSONS, Server, token, uid};
use super::*;

/// How long things go wrong, in milliseconds.
const FAULTS_MS: u64 = 150_000;
/// After that everything heals, and all must have arrived within this, in milliseconds.
const HEALING_MS: u64 = 60_000;
/// A place for a fault that does not come is given up, in milliseconds.
const PATIENCE_MS: u64 = 4_000;

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
    Beat(u64),
    Silence(u64),
    ToServer(u64, LinkRequest),
    ToAgent(u64, Said),
    Finger(usize, AttemptId, FingerOutcome),
    SensorWorks(usize),
    Tap(usize),
    Card(usize, Side, usize),
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
    is_healing: bool,
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
        is_healing: false,
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
                self.take(agent, Happened::BundleKept(number));
            }
            Due::StandingLies(path, content, number) => {
                replace(&path, &content);
                self.take(agent, Happened::StandingKept(number));
            }
            Due::Connect => self.connect(agent),
            Due::Beat(session) => self.beat(agent, session),
            Due::Silence(session) => {
                if self.hosts[agent].session == Some(session) && self.is_cut_off(agent) {
                    self.hang_up(agent);
                }
            }
            Due::ToServer(session, request) => self.server_hears(agent, session, request),
            Due::ToAgent(session, said) => self.agent_hears(agent, session, said),
            Due::Finger(sensor, attempt, outcome) => {
                let host = &mut self.hosts[agent];
                if host.wanted == Some((sensor, attempt)) {
                    host.wanted = None;
                    host.past_attempt = Some(attempt);
                    if outcome.is_match() {
                        host.judge.matches.insert(attempt);
                    }
                    self.take(agent, Happened::Sensor(sensor, SensorEvent::Verified { attempt, outcome }));
                }
            }
            Due::SensorWorks(sensor) => {
                self.take(agent, Happened::Sensor(sensor, SensorEvent::State(DeviceState::Working)));
            }
            Due::Tap(door) => self.somebody_comes(agent, door),
            Due::Card(door, side, person) => self.card(agent, door, side, person),
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
                self.say(agent, Said::Bundle(bundle));
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

    // The program.

    fn start(&mut self, agent: usize) {
        if self.hosts[agent].program.is_some() {
            return;
        }
        let at_start = self.hosts[agent].at_start.take();
        if let Some(kind) = at_start.filter(|kind| kind.lies_in_wait()) {
            self.fault(agent, kind, Step::Starting);
        }
        let has_started = self.hosts[agent].start();
        self.look_at_strikes(agent);
        if !has_started {
            return self.fallen(agent);
        }
        self.plan_now(agent, 0, Due::ModeLook);
        self.plan_now(agent, 0, Due::AgeLook);
        self.plan_now(agent, 0, Due::JournalRetry);
        self.plan_now(agent, 100, Due::Connect);
        if let Some(kind) = at_start.filter(|kind| !kind.lies_in_wait()) {
            self.fault(agent, kind, Step::Starting);
        }
        // A journal that could not be read: somebody sees to it that the program starts again.
        if self.hosts[agent].program.as_ref().is_some_and(|run| !run.has_journal) {
            self.hosts[agent].site.lock().fuse = None;
            let again_ms = self.dice.between(3_000, 8_000);
            self.plan_now(agent, again_ms, Due::Start);
        }
        for door in 0..self.hosts[agent].built.len() {
            let is_open = self.hosts[agent].leaves[door].is_open;
            self.take(agent, Happened::Lines(door, LinesEvent::Input(DoorInput::Contact { is_open })));
            let is_pressed = self.hosts[agent].leaves[door].is_rex_pressed;
            self.take(agent, Happened::Lines(door, LinesEvent::Input(DoorInput::Rex { is_pressed })));
        }
        self.pump(agent);
    }

    /// Has the agent take something, and carries on what it hands out.
    fn take(&mut self, agent: usize, happened: Happened) {
        if self.hosts[agent].program.is_none() {
            return;
        }
        let done = self.hosts[agent].run(|run| run.agent.take(happened));
        self.look_at_strikes(agent);
        match done {
            Some(()) => self.pump(agent),
            None => self.fallen(agent),
        }
    }

    /// The program ended by what it was about to do.
    fn fallen(&mut self, agent: usize) {
        let fuse = self.hosts[agent].site.lock().fuse.take();
        let kind = fuse.map_or(Kind::Killed, |(_, kind, _)| kind);
        if let Some((_, kind, step)) = fuse {
            self.counts.note(kind, step);
        }
        self.fall(agent, kind != Kind::Killed);
    }

    fn fall(&mut self, agent: usize, is_power_cut: bool) {
        let now_ms = self.now_ms;
        self.hosts[agent].fall(now_ms, is_power_cut);
        self.look_at_strikes(agent);
        let again_ms = self.dice.between(100, 1_500);
        self.plan(agent, 0, again_ms, Due::Start);
        // After a boot the network may be long in coming.
        if is_power_cut && !self.is_healing && self.dice.one_in(2) {
            self.hosts[agent].cut_off_until_ms = now_ms + self.dice.between(3_000, 15_000);
        }
    }

    /// The program ends in order.
    fn stop(&mut self, agent: usize) {
        let done = self.hosts[agent].run(|run| run.agent.stop());
        self.look_at_strikes(agent);
        match done {
            Some(()) => {
                self.write(agent);
                if self.hosts[agent].program.is_some() {
                    self.fall(agent, false);
                }
            }
            None => self.fallen(agent),
        }
    }

    /// Tells the judge what was done to the strikes, and people at the door that it is open to them.
    fn look_at_strikes(&mut self, agent: usize) {
        let now_ms = self.now_ms;
        let host = &mut self.hosts[agent];
        let mut site = host.site.lock();
        let levels: Vec<bool> = site.strikes.iter().map(|strike| strike.is_energised).collect();
        let (driven, bitten) = (std::mem::take(&mut site.driven), std::mem::take(&mut site.bitten));
        drop(site);
        for (kind, step) in bitten {
            self.counts.note(kind, step);
        }
        for (door, is_energised) in driven {
            self.course.update([door as u8, u8::from(is_energised)]);
            host.judge.strike(now_ms, host.life, door, is_energised, &self.server);
        }
        for (door, is_energised) in levels.into_iter().enumerate() {
            let host = &mut self.hosts[agent];
            if !is_energised {
                host.judge.strike(now_ms, host.life, door, false, &self.server);
            }
            let leaf = &mut host.leaves[door];
            let has_risen = is_energised && !std::mem::replace(&mut leaf.was_energised, is_energised);
            if has_risen && !leaf.is_open && leaf.awaited_until_ms > now_ms {
                let in_ms = self.dice.between(200, 1_500);
                self.plan(agent, 0, in_ms, Due::LeafMoves(door, true));
            }
        }
    }

    /// Takes what the agent handed out to where it goes.
    fn pump(&mut self, agent: usize) {
        let Some(run) = self.hosts[agent].program.as_mut() else { return };
        let mut requests = Vec::new();
        while let Ok(request) = run.requests.try_recv() {
            requests.push(request);
        }
        let mut fingers = Vec::new();
        for (number, asked) in run.sensors.iter_mut().enumerate() {
            while let Ok(request) = asked.try_recv() {
                fingers.push((number, request));
            }
        }
        let bundle = run.bundles.has_changed().unwrap_or(false).then(|| run.bundles.borrow_and_update().clone());
        let standing = run.standings.has_changed().unwrap_or(false).then(|| run.standings.borrow_and_update().clone());
        for (session, request) in requests {
            if self.hosts[agent].session == Some(session) {
                self.agent_says(agent, session, request);
            }
        }
        for (number, request) in fingers {
            self.sensor_is_asked(agent, number, request);
        }
        if let Some((path, content, number)) = bundle.flatten() {
            let in_ms = self.file_ms(agent, 0);
            self.plan_now(agent, in_ms, Due::BundleLies(path, content, number));
        }
        if let Some((path, content, number)) = standing.flatten() {
            let in_ms = self.file_ms(agent, 1);
            self.plan_now(agent, in_ms, Due::StandingLies(path, content, number));
        }
        let (write_ms, note_ms) = (self.dice.between(1, 12), self.dice.between(1, 30));
        let host = &mut self.hosts[agent];
        let slow_ms = host.slow_disk.map_or(0, |(until_ms, _)| until_ms.saturating_sub(self.now_ms));
        if !std::mem::replace(&mut host.is_write_planned, true) {
            self.plan_now(agent, write_ms + slow_ms, Due::Write);
        }
        if !std::mem::replace(&mut self.hosts[agent].is_note_planned, true) {
            self.plan_now(agent, note_ms, Due::Notes);
        }
        let Some(wake) = self.hosts[agent].run(|run| run.agent.wake_in()) else { return self.fallen(agent) };
        let Some(wait_ms) = wake.map(|wait| (wait.as_millis() as u64).max(1)) else { return };
        let at_ms = self.now_ms + wait_ms;
        if self.hosts[agent].wake_at_ms.is_none_or(|planned_ms| at_ms < planned_ms) {
            self.hosts[agent].wake_at_ms = Some(at_ms);
            self.plan_now(agent, wait_ms, Due::Wake);
        }
    }

    /// How long it takes until a file that was handed out lies on the disk.
    fn file_ms(&mut self, agent: usize, which: usize) -> u64 {
        let takes_ms = if self.dice.one_in(4) { self.dice.between(300, 5_000) } else { self.dice.between(3, 300) };
        let busy_ms = &mut self.hosts[agent].files_busy_ms[which];
        *busy_ms = (*busy_ms).max(self.now_ms) + takes_ms;
        *busy_ms - self.now_ms
    }

    fn write(&mut self, agent: usize) {
        self.hosts[agent].is_write_planned = false;
        if self.hosts[agent].slow_disk.is_some_and(|(until_ms, _)| until_ms > self.now_ms) {
            return;
        }
        let done = self.hosts[agent].run(|run| while run.writer.run_once() {});
        self.look_at_strikes(agent);
        let now_ms = self.now_ms;
        let host = &mut self.hosts[agent];
        let taken = std::mem::take(&mut host.site.lock().disk.taken);
        host.judge.synced(now_ms, host.life, &taken);
        for signed in &taken {
            self.course.update(signed.hash().0);
        }
        match done {
            Some(()) => {
                let in_ms = self.dice.below(3);
                self.plan_now(agent, in_ms, Due::Reply);
            }
            None => self.fallen(agent),
        }
    }

    // The link.

    fn is_cut_off(&self, agent: usize) -> bool {
        self.hosts[agent].cut_off_until_ms > self.now_ms
    }

    fn connect(&mut self, agent: usize) {
        let retry_ms = self.dice.between(200, 2_000);
        if self.hosts[agent].session.is_some() {
            return;
        }
        let progress = self.hosts[agent].program.as_ref().map(|run| *run.progress.borrow());
        let Some(progress) = progress.filter(|_| !self.is_cut_off(agent)) else {
            return self.plan_now(agent, retry_ms, Due::Connect);
        };
        let stored = self.server.agents[agent].head;
        let is_set_back =
            progress.head.epoch != 0 && (progress.head.epoch, progress.head.seq) < (stored.epoch, stored.seq);
        if is_set_back {
            let now_ms = self.now_ms;
            self.hosts[agent].judge.contradicted(now_ms, "its journal ends before what is stored");
            return;
        }
        let host = &mut self.hosts[agent];
        host.sessions += 1;
        host.arrives_ms = [0; 2];
        let session = host.sessions;
        host.session = Some(session);
        let now = self.time_as_told(agent);
        // Nothing may come before the welcome, and it is waited for.
        self.plan_now(agent, retry_ms / 10, Due::ToAgent(session, Said::Welcome { acknowledged: stored, now }));
        self.hosts[agent].arrives_ms[TO_AGENT] = self.now_ms + retry_ms / 10;
        let bundle = self.server.newest_bundle(agent);
        self.say(agent, Said::Bundle(bundle));
        let standing = self.server.standing_now(self.unix());
        self.say(agent, Said::Standing(standing));
        for (kind, step) in std::mem::take(&mut self.hosts[agent].on_session) {
            self.strange_bundle(agent, kind, step);
        }
        self.plan_now(agent, HEARTBEAT_MS, Due::Beat(session));
    }

    /// What the server says is the time.
    fn time_as_told(&mut self, agent: usize) -> UnixMs {
        match self.hosts[agent].on_time.pop() {
            Some(step) => {
                self.counts.note(Kind::ServerTimeJumps, step);
                let jump_ms = self.dice.between(2_000, 120_000) as i64;
                self.unix().plus_ms(if self.dice.one_in(2) { jump_ms } else { -jump_ms })
            }
            None => self.unix(),
        }
    }

    fn beat(&mut self, agent: usize, session: u64) {
        if self.hosts[agent].session == Some(session) {
            let now = self.time_as_told(agent);
            self.say(agent, Said::Heartbeat { now });
            self.plan_now(agent, HEARTBEAT_MS, Due::Beat(session));
        }
    }

    /// The agent notices that the link is gone.
    fn hang_up(&mut self, agent: usize) {
        if self.hosts[agent].session.take().is_none() {
            return;
        }
        self.hosts[agent].asked.clear();
        let again_ms = self.dice.between(200, 2_000);
        self.plan_now(agent, again_ms, Due::Connect);
        self.take(agent, Happened::Link(LinkEvent::Down));
    }

    /// When a message arrives: never, or at these instants from now.
    fn arrivals(&mut self, agent: usize, way: usize) -> Vec<u64> {
        if self.is_cut_off(agent) {
            return Vec::new();
        }
        let travel_ms = self.dice.between(1, 15);
        let host = &mut self.hosts[agent];
        let fault = host.on_message.pop();
        if let Some((kind, step)) = fault {
            self.counts.note(kind, step);
        }
        let behind_ms = host.arrives_ms[way].saturating_sub(self.now_ms).max(travel_ms);
        match fault.map(|(kind, _)| kind) {
            Some(Kind::MessageLost) => return Vec::new(),
            Some(Kind::MessageReordered) => return vec![behind_ms + self.dice.between(50, 1_500)],
            Some(Kind::MessageRepeated) => {
                host.arrives_ms[way] = self.now_ms + behind_ms;
                return vec![behind_ms, behind_ms + self.dice.between(1, 2_000)];
            }
            Some(Kind::MessageDelayed) => {
                let late_ms = behind_ms + self.dice.between(200, 6_000);
                host.arrives_ms[way] = self.now_ms + late_ms;
                return vec![late_ms];
            }
            _ => {}
        }
        host.arrives_ms[way] = self.now_ms + behind_ms;
        vec![behind_ms]
    }

    fn say(&mut self, agent: usize, said: Said) {
        let Some(session) = self.hosts[agent].session else { return };
        for in_ms in self.arrivals(agent, TO_AGENT) {
            self.plan_now(agent, in_ms, Due::ToAgent(session, said.clone()));
        }
    }

    fn agent_says(&mut self, agent: usize, session: u64, request: LinkRequest) {
        if let LinkRequest::Ask(attempt) = &request {
            self.hosts[agent].asked.insert(attempt.id, self.now_ms);
        }
        for in_ms in self.arrivals(agent, TO_SERVER) {
            self.plan(agent, 0, in_ms, Due::ToServer(session, request.clone()));
        }
    }

    fn server_hears(&mut self, agent: usize, session: u64, request: LinkRequest) {
        if self.hosts[agent].session != Some(session) || self.is_cut_off(agent) {
            return;
        }
        match request {
            LinkRequest::Ask(attempt) => {
                let ruling = self.server.decide(agent, attempt);
                self.say(agent, Said::Answer(Box::new(ruling)));
            }
            LinkRequest::Records(records) => match self.server.ingest(agent, records) {
                Ingested::Stored(head) => self.say(agent, Said::Acknowledged(head)),
                Ingested::Hole => self.hang_up(agent),
                Ingested::Broken(why) => {
                    let now_ms = self.now_ms;
                    self.hosts[agent].judge.contradicted(now_ms, &why);
                    self.hang_up(agent);
                }
            },
            LinkRequest::BundleInForce(sequence) => {
                self.server.agents[agent].confirmed.push((self.now_ms, sequence));
            }
            LinkRequest::StandingInForce(number) => {
                let confirmed = &mut self.server.agents[agent].confirmed_standing;
                *confirmed = (*confirmed).max(number);
            }
            LinkRequest::JournalState(_) | LinkRequest::EnrolmentStep { .. } => {}
        }
    }

    fn agent_hears(&mut self, agent: usize, session: u64, said: Said) {
        if self.hosts[agent].session != Some(session) || self.is_cut_off(agent) {
            return;
        }
        let event = match said {
            Said::Welcome { acknowledged, now } => {
                if self.hosts[agent].run(|run| run.clock.heard(now)).is_none() {
                    return self.fallen(agent);
                }
                LinkEvent::Up { session, acknowledged }
            }
            Said::Heartbeat { now } => {
                if self.hosts[agent].run(|run| run.clock.heard(now)).is_none() {
                    self.fallen(agent);
                }
                return;
            }
            Said::Answer(ruling) => {
                self.hosts[agent].asked.remove(&ruling.attempt.id);
                LinkEvent::Answer(ruling)
            }
            Said::Acknowledged(head) => LinkEvent::Acknowledged(head),
            Said::Bundle(bundle) => LinkEvent::Bundle(bundle),
            Said::Command(command) => LinkEvent::Command(command),
            Said::Standing(standing) => LinkEvent::Standing(standing),
        };
        self.take(agent, Happened::Link(event));
    }

    // People.

    fn reader(&mut self, agent: usize, door: usize, side: Side, change: ReaderChange) {
        let reader = format!("{door} {side}");
        self.take(agent, Happened::Reader(ReaderEvent { reader, at: Instant::now(), change }));
    }

    fn somebody_comes(&mut self, agent: usize, door: usize) {
        if !self.is_healing {
            let again_ms = self.dice.between(1_200, 5_000);
            self.plan(agent, 0, again_ms, Due::Tap(door));
        }
        let side = if self.dice.one_in(6) { Side::Out } else { Side::In };
        let person = self.dice.below(PERSONS as u64 + 1) as usize;
        self.card(agent, door, side, person);
    }

    fn card(&mut self, agent: usize, door: usize, side: Side, person: usize) {
        let now_ms = self.now_ms;
        let host = &mut self.hosts[agent];
        let leaf = &mut host.leaves[door];
        if leaf.is_reader_lost {
            return;
        }
        leaf.awaited_until_ms = now_ms + 10_000;
        leaf.last_card = Some((side, person));
        host.judge.card(now_ms, door, side, token(&uid(person)));
        self.reader(agent, door, side, ReaderChange::Card(Uid::new(&uid(person)).unwrap()));
    }

    fn leaf_moves(&mut self, agent: usize, door: usize, is_open: bool) {
        let leaf = &mut self.hosts[agent].leaves[door];
        if leaf.is_open == is_open || (is_open && !leaf.was_energised) {
            return;
        }
        self.leaf_is(agent, door, is_open);
    }

    fn leaf_is(&mut self, agent: usize, door: usize, is_open: bool) {
        self.hosts[agent].leaves[door].is_open = is_open;
        if is_open {
            let in_ms = if self.dice.one_in(12) { 17_000 } else { self.dice.between(500, 6_000) };
            self.plan(agent, 0, in_ms, Due::LeafMoves(door, false));
        }
        if !self.hosts[agent].site.lock().strikes[door].is_lost {
            self.take(agent, Happened::Lines(door, LinesEvent::Input(DoorInput::Contact { is_open })));
        }
    }

    fn rex(&mut self, agent: usize, door: usize, is_pressed: bool) {
        let now_ms = self.now_ms;
        let host = &mut self.hosts[agent];
        host.judge.rex(now_ms, door, is_pressed);
        host.leaves[door].is_rex_pressed = is_pressed;
        host.leaves[door].awaited_until_ms = now_ms + 5_000;
        if !host.site.lock().strikes[door].is_lost {
            self.take(agent, Happened::Lines(door, LinesEvent::Input(DoorInput::Rex { is_pressed })));
        }
    }

    fn sensor_is_asked(&mut self, agent: usize, number: usize, request: SensorRequest) {
        let SensorRequest::Verify { attempt, .. } = request else {
            let past = self.hosts[agent].wanted.take().map(|(_, attempt)| attempt);
            self.hosts[agent].past_attempt = past.or(self.hosts[agent].past_attempt);
            return;
        };
        self.hosts[agent].wanted = Some((number, attempt));
        let mut outcome = match self.dice.below(20) {
            0 => FingerOutcome::NotMatched,
            1 => FingerOutcome::NoFinger,
            2 => FingerOutcome::MatchedDuress,
            _ => FingerOutcome::Matched,
        };
        let in_ms = self.dice.between(400, 3_000);
        match self.hosts[agent].on_finger.pop() {
            Some((Kind::SensorSilent, step)) => {
                self.counts.note(Kind::SensorSilent, step);
                self.plan_now(agent, in_ms + 4_000, Due::SensorWorks(number));
                self.take(agent, Happened::Sensor(number, SensorEvent::State(DeviceState::Silent)));
                return;
            }
            Some((kind, step)) => {
                self.counts.note(kind, step);
                outcome = FingerOutcome::NotMatched;
            }
            None => {}
        }
        self.plan_now(agent, in_ms, Due::Finger(number, attempt, outcome));
    }

    fn operator_acts(&mut self) {
        let (unix, again_ms) = (self.unix(), self.dice.between(4_000, 15_000));
        self.plan(0, 0, again_ms, Due::Operator);
        let agent = self.dice.below(self.hosts.len() as u64) as usize;
        let door = self.dice.pick(&self.hosts[agent].built).id;
        let freed = self.server.freed.iter().find(|(_, _, ended)| ended.is_none()).map(|(door, _, _)| *door);
        match (self.server.locked_since, freed, self.dice.below(3)) {
            (Some(_), _, _) => self.server.lock(false, unix),
            (None, _, 0) => self.server.lock(true, unix),
            (None, Some(door), _) => self.server.free(door, false, unix),
            (None, None, _) => self.server.free(door, true, unix),
        }
        for agent in 0..self.hosts.len() {
            let standing = self.server.standing_now(unix);
            self.say(agent, Said::Standing(standing));
        }
    }

    // What goes wrong.

    fn want_another(&mut self) {
        self.wanted = (self.dice.pick(Kind::ALL), self.dice.pick(Step::ALL));
        self.wanted_since_ms = self.now_ms;
    }

    /// The next fault comes where it is wanted, as soon as an agent is there.
    fn go_wrong(&mut self) {
        let (kind, step) = self.wanted;
        if step == Step::Starting {
            let agent = self.dice.below(self.hosts.len() as u64) as usize;
            if self.hosts[agent].program.is_some() {
                self.stop(agent);
                self.hosts[agent].at_start = Some(kind);
                self.want_another();
            }
            return;
        }
        let place = (0..self.hosts.len()).find(|agent| self.hosts[*agent].step(self.now_ms) == Some(step));
        if let Some(agent) = place {
            self.fault(agent, kind, step);
            self.want_another();
        } else if self.wanted_since_ms + PATIENCE_MS < self.now_ms {
            self.want_another();
        }
    }

    fn fault(&mut self, agent: usize, kind: Kind, step: Step) {
        let doors = self.hosts[agent].built.len() as u64;
        let door = self.dice.below(doors) as usize;
        let happens_now = match kind {
            Kind::MessageLost | Kind::MessageDelayed | Kind::MessageReordered | Kind::MessageRepeated => {
                self.hosts[agent].on_message.push((kind, step));
                false
            }
            Kind::ServerTimeJumps => {
                self.hosts[agent].on_time.push(step);
                false
            }
            Kind::Killed | Kind::PowerCut => {
                let things = self.dice.below(16);
                self.hosts[agent].site.lock().fuse.get_or_insert((things, kind, step));
                false
            }
            Kind::WriteTorn | Kind::WriteReordered | Kind::WriteForgotten | Kind::WriteFails => {
                self.hosts[agent].site.lock().disk.next_write.get_or_insert((kind, step));
                false
            }
            Kind::ReadFails => {
                self.hosts[agent].site.lock().disk.next_read.get_or_insert(step);
                // A journal is read after a link was cut.
                self.hang_up(agent);
                false
            }
            Kind::DiskFull => {
                let mut site = self.hosts[agent].site.lock();
                let for_ms = site.dice.between(500, 4_000);
                site.disk.full_until_ms = site.mono_ms + for_ms;
                site.disk.full_since = Some(step);
                false
            }
            Kind::StrikeFails => {
                let mut site = self.hosts[agent].site.lock();
                let times = site.dice.between(1, 3);
                site.strikes[door].fails = times;
                site.strikes[door].fails_since = Some(step);
                false
            }
            Kind::FingerWrong | Kind::SensorSilent => {
                self.hosts[agent].on_finger.push((kind, step));
                false
            }
            Kind::DiskSlow => {
                let until_ms = self.now_ms + self.dice.between(500, 5_000);
                self.hosts[agent].slow_disk = Some((until_ms, step));
                self.plan_now(agent, until_ms - self.now_ms, Due::Write);
                true
            }
            Kind::Partition => {
                let for_ms = self.dice.between(1_000, 20_000);
                self.hosts[agent].cut_off_until_ms = self.now_ms + for_ms;
                if let Some(session) = self.hosts[agent].session {
                    self.plan_now(agent, SILENCE_MAX_MS.min(for_ms - 1), Due::Silence(session));
                }
                true
            }
            Kind::LinkCut => {
                self.hang_up(agent);
                true
            }
            Kind::ClockLeaps => {
                self.hosts[agent].booted_ms -= self.dice.between(500, 3_000) as i64;
                true
            }
            Kind::BundleLate | Kind::BundleOld | Kind::BundleForeign | Kind::BundleForged => {
                self.strange_bundle(agent, kind, step);
                false
            }
            Kind::CardRepeated => match self.hosts[agent].leaves[door].last_card {
                Some((side, person)) => {
                    (0..3).for_each(|time| self.plan(agent, 0, time * 150, Due::Card(door, side, person)));
                    true
                }
                None => false,
            },
            Kind::CardUnreadable => {
                self.reader(agent, door, Side::In, ReaderChange::Unreadable("fault".to_owned()));
                true
            }
            Kind::ReaderLost => {
                let back_ms = self.dice.between(500, 5_000);
                self.hosts[agent].leaves[door].is_reader_lost = true;
                self.plan(agent, 0, back_ms, Due::ReaderBack(door));
                self.reader(agent, door, Side::In, ReaderChange::Lost("fault".to_owned()));
                true
            }
            Kind::FingerStray => match self.hosts[agent].past_attempt {
                Some(attempt) => {
                    let outcome = FingerOutcome::Matched;
                    self.take(agent, Happened::Sensor(0, SensorEvent::Verified { attempt, outcome }));
                    true
                }
                None => false,
            },
            Kind::LinesLost => {
                let back_ms = self.dice.between(300, 4_000);
                let mut site = self.hosts[agent].site.lock();
                site.strikes[door].is_lost = true;
                site.strikes[door].is_energised = false;
                drop(site);
                self.hosts[agent].judge.lines_lost(door);
                self.plan(agent, 0, back_ms, Due::LinesBack(door));
                self.take(agent, Happened::Lines(door, LinesEvent::Input(DoorInput::Lost("fault".to_owned()))));
                true
            }
            Kind::DoorForced => {
                if !self.hosts[agent].leaves[door].is_open {
                    self.leaf_is(agent, door, true);
                }
                true
            }
            Kind::ContactBounces => {
                for _ in 0..3 {
                    let is_open = self.hosts[agent].leaves[door].is_open;
                    for is_open in [!is_open, is_open] {
                        self.take(agent, Happened::Lines(door, LinesEvent::Input(DoorInput::Contact { is_open })));
                    }
                }
                true
            }
        };
        if happens_now {
            self.counts.note(kind, step);
        }
    }

    /// A bundle that is late, old, another's or nobody's, as soon as there is a link for it.
    fn strange_bundle(&mut self, agent: usize, kind: Kind, step: Step) {
        let unix = self.unix();
        let Some(session) = self.hosts[agent].session else {
            self.hosts[agent].on_session.push((kind, step));
            return;
        };
        self.counts.note(kind, step);
        let bundle = match kind {
            Kind::BundleLate => self.server.change_rules(agent, unix, &mut self.dice),
            Kind::BundleOld => {
                let all: Vec<&SignedBundle> = self.server.agents[agent].bundles.values().collect();
                self.dice.pick(&all).clone()
            }
            Kind::BundleForeign => self.server.foreign_bundle(agent, unix),
            _ => self.server.forged_bundle(agent, unix),
        };
        let behind_ms = self.hosts[agent].arrives_ms[TO_AGENT].saturating_sub(self.now_ms) + 1;
        let late_ms = if kind == Kind::BundleLate { self.dice.between(1_000, 9_000) } else { 0 };
        self.plan_now(agent, behind_ms + late_ms, Due::ToAgent(session, Said::Bundle(bundle)));
    }

    // The end.

    /// Nothing goes wrong any more; whatever is broken is mended, and programs that lost their journal start again.
    fn heal(&mut self) {
        self.is_healing = true;
        for agent in 0..self.hosts.len() {
            let host = &mut self.hosts[agent];
            host.cut_off_until_ms = 0;
            (host.on_message, host.on_time, host.on_finger) = (Vec::new(), Vec::new(), Vec::new());
            host.slow_disk = None;
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
                let head = host.program.as_ref().map(|run| run.agent.outflow.head());
                head == Some(self.server.agents[agent].head)
            })
    }

    fn end(mut self) -> Outcome {
        let mut findings = Findings::default();
        for host in &mut self.hosts {
            host.judge.end(self.now_ms, &self.server);
            findings.add(&host.judge.findings);
        }
        for known in &self.server.agents {
            known.stored.iter().for_each(|(_, hash)| self.course.update(hash.0));
        }
        Outcome { counts: self.counts, findings, course: self.course.finalize().into() }
    }
}
