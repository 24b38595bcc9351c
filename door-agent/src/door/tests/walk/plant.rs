//! What stands around the machines: one door, or an airlock's two, as the agent's loop drives them.

use std::fmt;

use super::laws::{Ground, Ledger};
use super::*;

/// The walk's first instant, on both clocks: larger than every duration, so that instants are told from those.
pub(super) const BEGIN_MS: u64 = 1_000_000_000_000;

/// What may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    /// Anna's card.
    Card(Side),
    /// Ben's, outside.
    OtherCard,
    /// Answers to the newest question.
    Grant,
    Deny,
    NeedFinger,
    NeedPin,
    /// Refused until a second person comes; whoever is granted next passes with them. A visitor's wait for an escort is told in
    /// other words and by the same way.
    Wait,
    /// The template lies on a card that was taken away too early, or is there again.
    CardNeeded(bool),
    /// The sensor's answer.
    Finger(FingerOutcome),
    /// A PIN was typed at the side that waits for one.
    PinTyped,
    /// What came of checking it, or why none was typed.
    Pin(PinOutcome),
    /// The oldest record that waits comes to lie on the disk, or can't.
    Written,
    Unwritten,
    /// The contact changes.
    Leaf,
    /// It changes so often, within half a second, that no leaf could, and is as it was.
    Flutter,
    /// The request to exit changes.
    Rex,
    /// An input changes that is only watched.
    Watched(InputKind),
    /// Operators disarm zone 1, or arm it again.
    Disarm,
    /// An operator's release.
    Command,
    /// The mode in force.
    Mode(Setting),
    /// The link changes.
    Link,
    /// The next drive of the strike fails.
    DriveFails,
    LinesBack,
    /// The policy says that people leave the other way.
    Exit,
    /// So many milliseconds pass; whatever falls due in them happens at its instant. Past a bounce (30 ms), a grace after
    /// the release and a wait for the server (500), what is too late for a record or another try (2,000), a release and a
    /// request's grace (5,000), a finger (10,000), a PIN (20,000), a leaf that may stand open (30,000), a stuck request (60,000).
    Pass(u64),
}

impl Move {
    /// The same by an everyday finger or PIN, if it is by one that is a sign of duress.
    pub(super) fn without_duress(self) -> Option<Self> {
        match self {
            Self::Finger(FingerOutcome::MatchedDuress) => Some(Self::Finger(FingerOutcome::Matched)),
            Self::Pin(PinOutcome::MatchedDuress) => Some(Self::Pin(PinOutcome::Matched)),
            _ => None,
        }
    }
}

/// What the mode in force may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    Normal,
    Free,
    Lockdown,
}

impl Setting {
    fn in_force(self) -> ModeInForce {
        let is_free = self == Self::Free;
        let mode = if is_free { DoorMode::Free } else { DoorMode::Normal };
        ModeInForce { mode, is_free, is_locked_down: self == Self::Lockdown }
    }
}

/// One door with its lines.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    pub(super) door: Door,
    pub(super) exit: Exit,
    setting: Setting,
    is_link_up: bool,
    is_leaf_open: bool,
    is_rex_pressed: bool,
    /// The watched inputs that are not at rest.
    active: BTreeSet<InputKind>,
    is_disarmed: bool,
    pub(super) is_energised: bool,
    does_next_drive_fail: bool,
    /// Questions that wait for an answer, the newest last; at each side at most one.
    asked: Vec<Attempt>,
    wanted: Vec<(Side, AttemptId)>,
    wanted_pins: Vec<(Side, AttemptId)>,
    /// Who waits for somebody to pass with.
    waiting: Option<Passage>,
    pub(super) unwritten: Vec<(Ticket, Ground)>,
    ledger: Ledger,
}

/// Everything, and what is wrong with it.
#[derive(Clone)]
pub(super) struct Plant {
    pub(super) now_ms: u64,
    pub(super) units: Vec<Unit>,
    next_id: u128,
    pub(super) broken: Vec<String>,
    /// What the last move led to.
    pub(super) told: Vec<Action>,
}

impl fmt::Debug for Plant {
    /// What a state is: neither its names nor what led to it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.units.fmt(f)
    }
}

impl Plant {
    /// Doors that are closed and were looked at, linked.
    pub(super) fn new(exits: &[Exit]) -> Self {
        let unit = |(number, exit): (usize, &Exit)| {
            let (door, _) = Door::start(id(number as u128 + 1), behaviour(*exit, true));
            Unit {
                door,
                exit: *exit,
                setting: Setting::Normal,
                is_link_up: true,
                is_leaf_open: false,
                is_rex_pressed: false,
                active: BTreeSet::new(),
                is_disarmed: false,
                is_energised: false,
                does_next_drive_fail: false,
                asked: Vec::new(),
                wanted: Vec::new(),
                wanted_pins: Vec::new(),
                waiting: None,
                unwritten: Vec::new(),
                ledger: Ledger::default(),
            }
        };
        let units: Vec<Unit> = exits.iter().enumerate().map(unit).collect();
        let mut plant = Self { now_ms: BEGIN_MS, units, next_id: 1, broken: Vec::new(), told: Vec::new() };
        for door in 0..exits.len() {
            plant.feed(door, Input::Link { is_up: true });
            plant.feed(door, contact(false));
        }
        assert!(plant.broken.is_empty(), "{:?}", plant.broken);
        plant
    }

    /// What the last move led to, with signs of duress called by what they must look like.
    pub(super) fn told_unmarked(&self) -> String {
        format!("{:?}", self.told).replace("MatchedDuress", "Matched")
    }

    pub(super) fn doors(&self) -> usize {
        self.units.len()
    }

    /// Makes a move; answers whether it is one in this state.
    pub(super) fn make(&mut self, door: usize, step: Move) -> bool {
        self.told.clear();
        let unit = &mut self.units[door];
        let input = match step {
            Move::Pass(ms) => {
                self.pass(ms);
                return true;
            }
            Move::Card(side) => self.card(side, ANNA),
            Move::OtherCard => self.card(Side::In, BEN),
            Move::Grant | Move::Deny | Move::NeedFinger | Move::NeedPin | Move::Wait => {
                let Some(attempt) = unit.asked.pop() else { return false };
                let is_online = unit.is_link_up;
                unit.answer(self.now_ms, attempt, is_online, step)
            }
            Move::CardNeeded(is_needed) => {
                let Some(&(_, attempt)) = unit.wanted.last() else { return false };
                Input::CardNeeded { attempt, is_needed }
            }
            Move::Finger(outcome) => {
                let Some((_, attempt)) = unit.wanted.pop() else { return false };
                Input::Finger { attempt, outcome }
            }
            Move::PinTyped => {
                let Some(&(_, attempt)) = unit.wanted_pins.last() else { return false };
                Input::PinTyped { attempt }
            }
            Move::Pin(outcome) => {
                let Some((_, attempt)) = unit.wanted_pins.pop() else { return false };
                Input::Pin { attempt, outcome }
            }
            Move::Written | Move::Unwritten => {
                if unit.unwritten.is_empty() {
                    return false;
                }
                let (ticket, ground) = unit.unwritten.remove(0);
                if step == Move::Unwritten {
                    Input::RecordFailed(ticket)
                } else {
                    self.written(door, ground);
                    Input::Recorded(ticket)
                }
            }
            Move::Leaf => {
                unit.is_leaf_open = !unit.is_leaf_open;
                contact(unit.is_leaf_open)
            }
            Move::Flutter => {
                for change in 0..20 {
                    let is_open = self.units[door].is_leaf_open != (change % 2 == 0);
                    self.feed(door, contact(is_open));
                    self.pass(25);
                }
                return true;
            }
            Move::Rex => unit.press(self.now_ms, !unit.is_rex_pressed),
            Move::Watched(input) => {
                let is_active = unit.active.insert(input);
                if !is_active {
                    unit.active.remove(&input);
                }
                Input::Watched { input, is_active }
            }
            Move::Disarm => {
                unit.is_disarmed = !unit.is_disarmed;
                Input::Disarmed(unit.is_disarmed.then_some(DoorZone::Zone1).into_iter().collect())
            }
            Move::Command => {
                self.next_id += 1;
                let expires_at = self.now().unix.plus_ms(10_000);
                let (id, door, kind) = (id(self.next_id), id(door as u128 + 1), CommandKind::Release);
                Input::Command(Command { id, door, expires_at, kind, reason: Commitment([0; 32]) })
            }
            Move::Mode(setting) if unit.setting == setting => return false,
            Move::Mode(setting) => {
                unit.setting = setting;
                return self.feed(door, Input::Tick);
            }
            Move::Link => {
                unit.is_link_up = !unit.is_link_up;
                Input::Link { is_up: unit.is_link_up }
            }
            Move::DriveFails if unit.does_next_drive_fail => return false,
            Move::DriveFails => {
                unit.does_next_drive_fail = true;
                return true;
            }
            Move::LinesBack => Input::LinesBack,
            Move::Exit => unit.leave_otherwise(self.now_ms),
        };
        self.feed(door, input)
    }

    fn card(&mut self, side: Side, token: CardToken) -> Input {
        self.next_id += 1;
        card(self.next_id, side, token)
    }

    fn written(&mut self, door: usize, ground: Ground) {
        let contradicts = self.units.iter().filter(|unit| unit.is_leaf_open).count() >= 2;
        let unit = &mut self.units[door];
        unit.ledger.written(self.now_ms, ground, unit.setting == Setting::Free, contradicts);
    }

    /// As the agent's loop: an input and what comes of it, then the door's mode, then those of the others.
    fn feed(&mut self, door: usize, input: Input) -> bool {
        self.feed_one(door, input);
        self.look_at_mode(door);
        (0..self.doors()).filter(|other| *other != door).for_each(|other| self.look_at_mode(other));
        self.judge();
        true
    }

    fn look_at_mode(&mut self, door: usize) {
        let setting = self.units[door].setting;
        if setting != Setting::Free || self.beside(door).is_unsecured {
            self.units[door].ledger.mode_ends();
        }
        self.feed_one(door, Input::Mode(setting.in_force()));
    }

    fn feed_one(&mut self, door: usize, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let (now, beside) = (self.now(), self.beside(door));
            let unit = &mut self.units[door];
            unit.door.beside(beside);
            for action in unit.door.handle(now, input) {
                self.broken.extend(unit.carry_out(now.mono_ms, &action, &mut inputs));
                self.told.push(action);
            }
            unit.forget();
        }
    }

    fn beside(&self, door: usize) -> Beside {
        let others = || self.units.iter().enumerate().filter(|(other, _)| *other != door).map(|(_, unit)| &unit.door);
        Beside {
            open: others().filter(|other| other.is_open()).count(),
            is_unsecured: others().any(|other| !other.is_secured()),
        }
    }

    fn now(&self) -> Now {
        Now { mono_ms: self.now_ms, unix: UnixMs(self.now_ms as i64), clock: ClockTrust::Trusted }
    }

    fn judge(&mut self) {
        for unit in &self.units {
            self.broken.extend(unit.ledger.strike(self.now_ms, unit.exit, unit.is_energised));
            self.broken.extend(unit.ledger.watched(&unit.watched_alarms()));
        }
        let is_let_in = |unit: &&Unit| unit.is_energised && !unit.ledger.is_leaving(self.now_ms, unit.exit);
        let energised = self.units.iter().filter(|unit| unit.is_energised).count();
        if energised >= 2 && self.units.iter().filter(is_let_in).count() == energised {
            self.broken.push("two doors of an airlock are released".to_owned());
        }
    }

    fn pass(&mut self, ms: u64) {
        let until_ms = self.now_ms + ms;
        let next = |plant: &Self| {
            let wakes = plant.units.iter().enumerate().filter_map(|(door, unit)| Some((unit.door.wake_at_ms()?, door)));
            wakes.min().filter(|(wake_ms, _)| *wake_ms <= until_ms)
        };
        while let Some((wake_ms, door)) = next(self) {
            self.now_ms = self.now_ms.max(wake_ms);
            self.feed(door, Input::Tick);
            if self.units[door].door.wake_at_ms() == Some(wake_ms) {
                return self.broken.push("it wakes twice for one thing".to_owned());
            }
        }
        self.now_ms = until_ms;
        self.judge();
    }

    /// Each door is opened and closed as it should be; then nothing happens for long. What was wrong with it is over.
    fn be_used(&mut self) {
        for door in 0..self.doors() {
            for step in [Move::Command, Move::Written, Move::Leaf, Move::Pass(40), Move::Leaf, Move::Pass(40)] {
                self.make(door, step);
            }
        }
        self.pass(601_000);
    }

    /// Everything is let go of and every record written: what was begun ends.
    pub(super) fn come_to_rest(&mut self) {
        for door in 0..self.doors() {
            let unit = &mut self.units[door];
            unit.does_next_drive_fail = false;
            unit.setting = Setting::Normal;
            unit.is_leaf_open = false;
            let released = unit.press(self.now_ms, false);
            let active = unit.active.clone();
            for input in [released, contact(false)] {
                self.feed(door, input);
            }
            for input in active {
                self.make(door, Move::Watched(input));
            }
        }
        for _ in 0..2 {
            for door in 0..self.doors() {
                while self.make(door, Move::Written) {}
            }
            self.pass(61_000);
        }
        if self.units.iter().any(|unit| unit.ledger.has_alarms()) {
            self.be_used();
        }
        for unit in &self.units {
            self.broken.extend(unit.ledger.at_rest(unit.is_energised));
            if unit.door.wake_at_ms().is_some() || unit.door.lanes.iter().any(Lane::is_busy) {
                self.broken.push("something that was begun has no end".to_owned());
            }
        }
    }
}

impl Unit {
    fn press(&mut self, now_ms: u64, is_pressed: bool) -> Input {
        if self.is_rex_pressed && !is_pressed && self.exit == Exit::BySystem {
            self.ledger.leaves(now_ms);
        }
        if self.is_rex_pressed != is_pressed {
            self.ledger.rex(now_ms, is_pressed);
        }
        self.is_rex_pressed = is_pressed;
        Input::Rex { is_pressed }
    }

    fn leave_otherwise(&mut self, now_ms: u64) -> Input {
        let was_by_system = self.exit == Exit::BySystem;
        if was_by_system && self.is_rex_pressed {
            self.ledger.leaves(now_ms);
        }
        self.exit = if was_by_system { Exit::Mechanical } else { Exit::BySystem };
        Input::Behave(behaviour(self.exit, true))
    }

    fn answer(&mut self, now_ms: u64, attempt: Attempt, is_online: bool, step: Move) -> Input {
        let (outcome, reason) = match step {
            Move::Grant => (RELEASE, Reason::Granted),
            Move::NeedFinger => (Outcome::Need(Factor::Finger), Reason::FingerRequired),
            Move::NeedPin => (Outcome::Need(Factor::Pin), Reason::PinRequired),
            Move::Wait => (Outcome::Deny, Reason::SecondPersonRequired),
            _ => (Outcome::Deny, Reason::NoGrant),
        };
        if step == Move::Grant && attempt.side == Side::Out && self.exit == Exit::BySystem {
            self.ledger.leaves(now_ms);
        }
        let passage = Passage { person: id(7), attempt: attempt.id };
        let effects = match step {
            Move::Wait => {
                self.waiting = Some(passage);
                vec![Effect::Wait]
            }
            Move::Grant => self.waiting.take().map(|other| Effect::AdmitWith(vec![other])).into_iter().collect(),
            _ => Vec::new(),
        };
        let verdict = Verdict { outcome, person: Some(passage.person), effects, ..Verdict::refused(reason, 7) };
        let (circumstances, rules_version) = (Circumstances::default(), RULES_VERSION);
        let ruling = Box::new(Ruling { attempt, circumstances, verdict, rules_version });
        Input::Verdict { ruling, decided: if is_online { Decided::Online } else { Decided::Offline } }
    }

    /// Carries an action out; answers what is wrong with it.
    fn carry_out(&mut self, now_ms: u64, action: &Action, inputs: &mut VecDeque<Input>) -> Option<String> {
        match action {
            Action::Ask(attempt) => self.is_to_be_answered(attempt),
            // Alone it answers at once; what it answers first is open, what it is asked for a second time is refused.
            Action::DecideAlone(attempt) if self.is_link_up || self.is_asked(attempt) => {
                self.asked.retain(|asked| asked.side != attempt.side);
                inputs.push_back(self.answer(now_ms, attempt.clone(), false, Move::Deny));
            }
            Action::DecideAlone(attempt) => self.is_to_be_answered(attempt),
            Action::WantFinger { attempt, side, .. } => self.wanted.push((*side, *attempt)),
            Action::StopFinger { side } => self.wanted.retain(|(of, _)| of != side),
            Action::WantPin { attempt, side, .. } => self.wanted_pins.push((*side, *attempt)),
            Action::StopPin { side } => self.wanted_pins.retain(|(of, _)| of != side),
            Action::Show(_) => {}
            Action::Record { ticket, event, is_awaited, .. } => {
                if *is_awaited {
                    self.unwritten.push((*ticket, Ground::of(event)));
                }
                return self.ledger.told(now_ms, event, self.exit);
            }
            Action::Strike { is_energised } => {
                let has_failed = std::mem::take(&mut self.does_next_drive_fail);
                self.ledger.driven(now_ms, *is_energised, has_failed);
                if has_failed {
                    inputs.push_back(Input::StrikeFailed { is_energised: *is_energised });
                } else {
                    self.is_energised = *is_energised;
                }
            }
        }
        None
    }

    /// The alarms that there is cause for among those of inputs that are only watched.
    fn watched_alarms(&self) -> BTreeSet<AlarmKind> {
        let alarm = |input: &InputKind| match input {
            InputKind::BoxTamper | InputKind::ReaderTamper | InputKind::SensorTamper => Some(AlarmKind::Tamper),
            InputKind::Fire => Some(AlarmKind::Fire),
            InputKind::MainsLost => Some(AlarmKind::MainsLost),
            InputKind::BatteryLow => Some(AlarmKind::BatteryLow),
            InputKind::Zone1 => (!self.is_disarmed).then_some(AlarmKind::Zone),
            InputKind::Zone2 | InputKind::Zone3 | InputKind::Zone4 => Some(AlarmKind::Zone),
        };
        self.active.iter().filter_map(alarm).collect()
    }

    pub(super) fn attempts_and_commands(&self) -> usize {
        self.door.lanes.iter().filter(|lane| lane.is_busy()).count() + self.door.commanded.len()
    }

    pub(super) fn modes_being_recorded(&self) -> usize {
        self.unwritten.iter().filter(|(_, ground)| *ground == Ground::Free).count()
    }

    fn is_asked(&self, attempt: &Attempt) -> bool {
        self.asked.iter().any(|asked| (asked.id, asked.finger, asked.pin) == (attempt.id, attempt.finger, attempt.pin))
    }

    fn is_to_be_answered(&mut self, attempt: &Attempt) {
        self.asked.retain(|asked| asked.side != attempt.side);
        self.asked.push(attempt.clone());
    }

    /// Only the newest command is remembered, so that states don't differ by how many there were.
    fn forget(&mut self) {
        let past = self.door.commands.len().saturating_sub(1);
        self.door.commands.drain(..past);
    }
}
