//! Whatever may happen, in whatever order: what holds at a door all the same.

use proptest::prelude::*;

use super::*;

/// One thing that may happen, whatever state the door is in.
#[derive(Debug, Clone, Copy)]
enum Chance {
    Card(bool, bool),
    Verdict(u8),
    Finger(u8),
    PinTyped,
    Pin(u8),
    Recorded(bool),
    Contact(bool),
    Rex(bool),
    Tamper(bool),
    Command,
    Link(bool),
    StrikeFails,
    LinesBack,
    Mode(bool),
    Beside(usize, bool),
}

/// Each, and how it ends the attempt unless it is asked again with it.
pub(super) const PIN_OUTCOMES: [(PinOutcome, Option<Reason>); 8] = [
    (PinOutcome::Matched, None),
    (PinOutcome::MatchedDuress, None),
    (PinOutcome::NotMatched, None),
    (PinOutcome::NotTyped, Some(Reason::PinTimeout)),
    (PinOutcome::NoPin, Some(Reason::NoPinEnrolled)),
    (PinOutcome::NoKeypad, Some(Reason::PinRequired)),
    (PinOutcome::Delayed, Some(Reason::PinDelayed)),
    (PinOutcome::Fault, Some(Reason::KeypadFault)),
];

fn any_chance() -> impl Strategy<Value = (u64, Chance)> {
    let chance = prop_oneof![
        4 => any::<(bool, bool)>().prop_map(|(side, card)| Chance::Card(side, card)),
        4 => (0u8..5).prop_map(Chance::Verdict),
        3 => (0u8..5).prop_map(Chance::Finger),
        1 => Just(Chance::PinTyped),
        3 => (0u8..8).prop_map(Chance::Pin),
        4 => any::<bool>().prop_map(Chance::Recorded),
        3 => any::<bool>().prop_map(Chance::Contact),
        1 => any::<bool>().prop_map(Chance::Rex),
        1 => any::<bool>().prop_map(Chance::Tamper),
        1 => Just(Chance::Command),
        1 => any::<bool>().prop_map(Chance::Link),
        1 => Just(Chance::StrikeFails),
        1 => Just(Chance::LinesBack),
        2 => any::<bool>().prop_map(Chance::Mode),
        2 => (0usize..3, any::<bool>()).prop_map(|(open, is_unsecured)| Chance::Beside(open, is_unsecured)),
    ];
    (prop_oneof![3 => 0u64..50, 1 => 0u64..12_000], chance)
}

/// A shell that carries nothing out and watches everything.
struct Watch {
    door: Door,
    now_ms: u64,
    exit: Exit,
    next_id: u128,
    begun: BTreeSet<AttemptId>,
    /// What was asked of each.
    attempts: BTreeMap<AttemptId, Attempt>,
    asked: Vec<Attempt>,
    wanted: Vec<AttemptId>,
    wanted_pins: Vec<AttemptId>,
    /// Records on their way to the disk.
    unwritten: BTreeMap<Ticket, Event>,
    decided: BTreeMap<AttemptId, usize>,
    is_energised: bool,
    next_strike_fails: bool,
    is_rex_pressed: bool,
    /// Since when the strike has failed somebody who asks to leave; it is tried again.
    failed_at_ms: Option<u64>,
    beside: Beside,
}

impl Watch {
    fn new(exit: Exit, has_contact: bool) -> Self {
        let (door, _) = Door::start(id(1), behaviour(exit, has_contact));
        Self {
            door,
            now_ms: 0,
            exit,
            next_id: 1,
            begun: BTreeSet::new(),
            attempts: BTreeMap::new(),
            asked: Vec::new(),
            wanted: Vec::new(),
            wanted_pins: Vec::new(),
            unwritten: BTreeMap::new(),
            decided: BTreeMap::new(),
            is_energised: false,
            next_strike_fails: false,
            is_rex_pressed: false,
            failed_at_ms: None,
            beside: Beside::default(),
        }
    }

    fn feed(&mut self, input: Input) {
        let taken = self.takes_grant(&input);
        let is_recorded = taken.is_some();
        if let Input::Rex { is_pressed } = input {
            self.is_rex_pressed = is_pressed;
        }
        let is_held = self.exit == Exit::BySystem && self.is_rex_pressed;
        let is_leaving = is_held || (self.exit == Exit::BySystem && matches!(input, Input::Verdict { .. }));
        let is_driving = matches!(input, Input::LinesBack);
        // Contacts that contradict the rule keep nobody from leaving by their card.
        let is_let_out = taken == Some(Side::Out) && self.beside.open + usize::from(self.door.is_open()) >= 2;
        let actions = self.door.handle(at(self.now_ms), fitted(input, &self.attempts));
        for action in actions {
            match action {
                Action::Ask(attempt) => {
                    self.begun.insert(attempt.id);
                    self.attempts.insert(attempt.id, attempt.clone());
                    self.asked.push(attempt);
                }
                Action::DecideAlone(attempt) => {
                    self.begun.insert(attempt.id);
                    self.attempts.insert(attempt.id, attempt.clone());
                    let verdict = Verdict::refused(Reason::NoGrant, 1);
                    let mut ruling = Box::new(ruling(attempt.id, attempt.finger, verdict));
                    ruling.attempt.pin = attempt.pin;
                    self.feed(Input::Verdict { ruling, decided: Decided::Offline });
                }
                Action::WantFinger { attempt, .. } => self.wanted.push(attempt),
                Action::WantPin { attempt, .. } => self.wanted_pins.push(attempt),
                Action::StopFinger { .. } | Action::StopPin { .. } | Action::Show(_) => {}
                Action::Record { ticket, event, .. } => {
                    if let Event::Decision(decision) = &event {
                        *self.decided.entry(decision.attempt.id).or_default() += 1;
                    }
                    self.unwritten.insert(ticket, event);
                }
                Action::Strike { is_energised: true } => {
                    assert!(
                        is_recorded || is_leaving || (is_driving && self.is_energised),
                        "released without a record"
                    );
                    let is_alone = !self.beside.is_unsecured || is_leaving || is_let_out || is_driving;
                    assert!(is_alone, "released beside a door that is not secured");
                    self.is_energised = true;
                    self.failed_at_ms = None;
                    if std::mem::take(&mut self.next_strike_fails) {
                        self.failed_at_ms = Some(self.now_ms);
                        self.feed(Input::StrikeFailed { is_energised: true });
                    }
                }
                Action::Strike { is_energised: false } => {
                    if std::mem::take(&mut self.next_strike_fails) {
                        self.feed(Input::StrikeFailed { is_energised: false });
                    } else {
                        self.is_energised = false;
                    }
                }
            }
        }
        if is_held && self.is_rex_pressed {
            let is_tried_soon = self.failed_at_ms.is_some_and(|at_ms| self.now_ms <= at_ms + 2_000);
            assert!(self.is_energised || is_tried_soon, "somebody asks to leave and is kept inside");
        }
    }

    /// For which side the grant or release is that the input says is on the disk.
    fn takes_grant(&mut self, input: &Input) -> Option<Side> {
        let Input::Recorded(ticket) = input else { return None };
        match self.unwritten.remove(ticket)? {
            Event::Decision(decision) => decision.verdict.is_grant().then_some(decision.attempt.side),
            Event::FreeBegan { .. } => Some(Side::In),
            Event::CommandDone { outcome, .. } => (outcome == CommandOutcome::CarriedOut).then_some(Side::In),
            _ => None,
        }
    }

    fn answer_record(&mut self, works: bool) {
        let Some((&ticket, _)) = self.unwritten.first_key_value() else { return };
        if works {
            return self.feed(Input::Recorded(ticket));
        }
        if let Some(Event::Decision(decision)) = self.unwritten.remove(&ticket)
            && decision.verdict.is_grant()
            && !(self.attempts.get(&decision.attempt.id).is_some_and(|attempt| attempt.side == Side::Out)
                && self.exit == Exit::BySystem)
        {
            // What could not be written does not count; another decision must follow.
            *self.decided.entry(decision.attempt.id).or_default() -= 1;
        }
        self.feed(Input::RecordFailed(ticket));
    }

    fn happen(&mut self, chance: Chance) {
        match chance {
            Chance::Card(is_in, is_anna) => {
                let side = if is_in { Side::In } else { Side::Out };
                self.next_id += 1;
                self.feed(card(self.next_id, side, if is_anna { ANNA } else { BEN }));
            }
            Chance::Verdict(kind) => {
                let Some(attempt) = self.asked.pop() else { return };
                let number = attempt.id.as_uuid().as_u128();
                let (outcome, reason) = match kind {
                    0 => (Outcome::Deny, Reason::NoGrant),
                    1 => (Outcome::Need(Factor::Finger), Reason::FingerRequired),
                    2 => (Outcome::Need(Factor::Pin), Reason::PinRequired),
                    _ => (RELEASE, Reason::Granted),
                };
                self.feed(with_pin(attempt.pin, after(attempt.finger, number, outcome, reason)));
            }
            Chance::Finger(kind) => {
                let Some(attempt) = self.wanted.pop() else { return };
                let outcomes = [
                    FingerOutcome::Matched,
                    FingerOutcome::NotMatched,
                    FingerOutcome::NoFinger,
                    FingerOutcome::NoTemplate,
                    FingerOutcome::Fault,
                ];
                self.feed(Input::Finger { attempt, outcome: outcomes[kind as usize] });
            }
            Chance::PinTyped => {
                if let Some(&attempt) = self.wanted_pins.last() {
                    self.feed(Input::PinTyped { attempt });
                }
            }
            Chance::Pin(kind) => {
                let Some(attempt) = self.wanted_pins.pop() else { return };
                self.feed(Input::Pin { attempt, outcome: PIN_OUTCOMES[kind as usize].0 });
            }
            Chance::Recorded(works) => self.answer_record(works),
            Chance::Contact(is_open) => self.feed(contact(is_open)),
            Chance::Rex(is_pressed) => self.feed(Input::Rex { is_pressed }),
            Chance::Tamper(is_tampered) => {
                self.feed(Input::Watched { input: InputKind::ReaderTamper, is_active: is_tampered })
            }
            Chance::Command => {
                self.next_id += 1;
                self.feed(command(self.next_id, CommandKind::Release));
            }
            Chance::Link(is_up) => self.feed(Input::Link { is_up }),
            Chance::StrikeFails => self.next_strike_fails = true,
            Chance::LinesBack => self.feed(Input::LinesBack),
            Chance::Mode(is_free) => self.feed(free(is_free)),
            Chance::Beside(open, is_unsecured) => self.stand_beside(open, is_unsecured),
        }
    }

    fn stand_beside(&mut self, open: usize, is_unsecured: bool) {
        self.beside = Beside { open, is_unsecured: open > 0 || is_unsecured };
        self.door.beside(self.beside);
    }

    fn pass(&mut self, ms: u64) {
        let until_ms = self.now_ms + ms;
        while let Some(wake_ms) = self.door.wake_at_ms().filter(|&wake_ms| wake_ms <= until_ms) {
            assert!(wake_ms >= self.now_ms, "it woke in the past");
            self.now_ms = wake_ms;
            self.feed(Input::Tick);
            assert_ne!(self.door.wake_at_ms(), Some(wake_ms), "it wakes twice for one thing");
        }
        self.now_ms = until_ms;
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_two_laws_hold(
        chances in proptest::collection::vec(any_chance(), 1..120),
        is_by_system: bool,
        has_contact: bool,
    ) {
        let exit = if is_by_system { Exit::BySystem } else { Exit::Mechanical };
        let mut watch = Watch::new(exit, has_contact);
        for (ms, chance) in chances {
            watch.pass(ms);
            watch.happen(chance);
            prop_assert!(watch.decided.values().all(|&count| count <= 1), "decided twice");
        }
        watch.next_strike_fails = false;
        watch.happen(Chance::Rex(false));
        watch.feed(Input::Mode(ModeInForce { mode: DoorMode::Normal, is_free: false, is_locked_down: false }));
        while !watch.unwritten.is_empty() {
            watch.answer_record(true);
        }
        watch.pass(200_000);
        while !watch.unwritten.is_empty() {
            watch.answer_record(true);
        }
        watch.pass(200_000);
        prop_assert!(!watch.is_energised, "the strike stays energised");
        for attempt in &watch.begun {
            prop_assert_eq!(watch.decided.get(attempt), Some(&1), "{:?}", attempt);
        }
        prop_assert_eq!(watch.decided.len(), watch.begun.len());
    }
}
