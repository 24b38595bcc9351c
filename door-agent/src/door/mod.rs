//! What happens at one door, as a pure state machine: [`Input`] in, [`Action`]s out, time as a value.
//!
//! The [`run`](crate::run) loop feeds it and carries its actions out. It never decides who may pass, never reads a clock
//! and never waits. Two laws hold whatever comes in: apart from leaving a door that only this system opens, the strike is
//! energised only after the grant behind it was recorded; and every attempt ends in exactly one recorded decision. Where
//! only this system opens, the strike is energised for as long as a request to exit is pressed.
//!
//! A door of an airlock asks the others once more before a release that was recorded is carried out ([`Beside`]).
//!
//! [`lane`] follows the attempts of one side from card to decision, [`leaf`] the strike and the door's leaf, [`rex`] the
//! request to exit, [`free`] the times while it stands unlocked, [`feedback`] what the contact tells of strike and contact
//! themselves, [`watched`] the inputs that nothing depends on.

use std::collections::BTreeSet;

use access_core::UnixMs;
use access_core::attempt::{Assurance, Attempt, ClockTrust};
use access_core::circumstances::Circumstances;
use access_core::decide::ModeInForce;
use access_core::event::{AlarmKind, CommandOutcome, Decided, DoorZone, Event, InputKind, Passage, ReleaseCause};
use access_core::ids::{AttemptId, CommandId, DoorId, PersonId};
use access_core::policy::{CardToken, DoorMode, DoorRule, Exit, RELEASE_MS_MAX, Side};
use access_core::protocol::{Command, CommandKind};
use access_core::verdict::{Reason, Verdict};

use crate::journal::Weight;

mod feedback;
mod free;
mod lane;
mod leaf;
mod rex;
mod watched;
mod wrong_fingers;

use feedback::Feedback;
use free::Free;
use lane::Lane;
use leaf::Leaf;
use rex::Rex;
use watched::Watched;

/// How long somebody has to place a finger, in milliseconds.
pub const FINGER_WAIT_MS: u64 = 10_000;
/// How long somebody has to type a PIN, in milliseconds.
pub const PIN_WAIT_MS: u64 = 20_000;
/// How long it may take to check one that was typed, in milliseconds.
const PIN_CHECK_MS: u64 = 5_000;
/// A grant that was recorded later than this after the decision is not carried out: its person may be gone.
pub const RELEASE_LATE_MS: u64 = 2_000;
/// So many of the newest commands are remembered, so that none is carried out twice.
const COMMANDS_REMEMBERED_MAX: usize = 64;

/// The instant of an input, on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// A clock that only goes forward, in milliseconds.
    pub mono_ms: u64,
    /// The time of day.
    pub unix: UnixMs,
    /// Whether that time of day can be relied on.
    pub clock: ClockTrust,
}

/// Names a [`Action::Record`], so that its outcome can be told apart from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// How a door behaves; from the policy in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behaviour {
    /// How long an operator's release or a request to exit energises the strike, in milliseconds.
    pub release_ms: u32,
    /// How long the door may stand open, in milliseconds.
    pub held_ms: u32,
    /// How people leave.
    pub exit: Exit,
    /// Whether a contact tells the leaf's position.
    pub has_contact: bool,
    /// Version of the policy that says so; 0 without one.
    pub policy_version: u64,
}

impl Behaviour {
    /// How a door behaves of which no policy says anything: it may be one that only this system lets people out of, so
    /// a request to exit releases it. Nobody enters.
    pub const fn unknown(has_contact: bool) -> Self {
        Self { release_ms: 5_000, held_ms: 30_000, exit: Exit::BySystem, has_contact, policy_version: 0 }
    }

    /// How the policy wants it.
    pub const fn of(rule: &DoorRule, policy_version: u64) -> Self {
        Self {
            release_ms: rule.release_ms,
            held_ms: rule.held_ms,
            exit: rule.exit,
            has_contact: rule.has_contact,
            policy_version,
        }
    }
}

/// A verdict with everything that it was made from: what its record holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// What was asked, by the clock of whoever decided.
    pub attempt: Attempt,
    /// What was read of the state of doors and people.
    pub circumstances: Circumstances,
    /// The verdict.
    pub verdict: Verdict,
    /// By which rules.
    pub rules_version: u16,
}

/// What a comparison brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FingerOutcome {
    /// The finger is the holder's.
    Matched,
    /// It is the holder's, shown as a sign of duress. Whoever stands at the door must see and hear the same as for
    /// [`FingerOutcome::Matched`].
    MatchedDuress,
    /// It is not.
    NotMatched,
    /// Nobody placed a finger.
    NoFinger,
    /// There is nothing to compare with.
    NoTemplate,
    /// What lies on the card the server has no record of, and there is nothing else to compare with.
    NotRecorded,
    /// The sensor is not there or failed.
    Fault,
}

impl FingerOutcome {
    /// Whether the finger is the holder's.
    pub const fn is_match(self) -> bool {
        matches!(self, Self::Matched | Self::MatchedDuress)
    }
}

/// What asking for a PIN brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinOutcome {
    /// The PIN is the holder's.
    Matched,
    /// It is the holder's sign of duress. Whoever stands at the door must see and hear the same as for [`PinOutcome::Matched`].
    MatchedDuress,
    /// It is not.
    NotMatched,
    /// Nobody typed one, or whoever did gave it up.
    NotTyped,
    /// There is nothing to compare with.
    NoPin,
    /// No keypad is wired here.
    NoKeypad,
    /// Too many wrong ones were typed: none is asked for now.
    Delayed,
    /// The keypad failed, or the check did.
    Fault,
}

/// How the other doors of the airlock stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Beside {
    /// How many of them stand open.
    pub open: usize,
    /// Whether one of them stands open or is released: until it is closed and locked, this one stays so.
    pub is_unsecured: bool,
}

/// What comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Time passed; see [`Door::wake_at_ms`].
    Tick,
    /// A card was held to a reader.
    Card {
        /// Which.
        side: Side,
        /// Name for what follows from it.
        attempt: AttemptId,
        /// The card.
        token: CardToken,
        /// How sure it is.
        assurance: Assurance,
    },
    /// There is a card at a reader, and it can't be read.
    CardUnreadable,
    /// The template for [`Action::WantFinger`] lies on the card, which was taken away too early; or it is there now.
    CardNeeded {
        /// For which attempt.
        attempt: AttemptId,
        /// Whether the card must be held there again.
        is_needed: bool,
    },
    /// The answer to [`Action::Ask`] or [`Action::DecideAlone`].
    Verdict {
        /// The verdict, and on what.
        ruling: Box<Ruling>,
        /// Whose verdict it is.
        decided: Decided,
    },
    /// The answer to [`Action::WantFinger`].
    Finger {
        /// For which attempt.
        attempt: AttemptId,
        /// What came of it.
        outcome: FingerOutcome,
    },
    /// Somebody typed what [`Action::WantPin`] wanted; it is being checked.
    PinTyped {
        /// For which attempt.
        attempt: AttemptId,
    },
    /// The answer to [`Action::WantPin`].
    Pin {
        /// For which attempt.
        attempt: AttemptId,
        /// What came of it.
        outcome: PinOutcome,
    },
    /// A record lies on the disk.
    Recorded(Ticket),
    /// A record could not be written.
    RecordFailed(Ticket),
    /// The strike could not be driven.
    StrikeFailed {
        /// What it should have been.
        is_energised: bool,
    },
    /// The door's lines are back after they had been lost.
    LinesBack,
    /// The contact changed.
    Contact {
        /// How it is now.
        is_open: bool,
    },
    /// The request-to-exit line changed.
    Rex {
        /// How it is now.
        is_pressed: bool,
    },
    /// An input changed that is only watched.
    Watched {
        /// Which.
        input: InputKind,
        /// How it is now.
        is_active: bool,
    },
    /// Operators disarmed these zones, and no others. Until told, all are armed.
    Disarmed(BTreeSet<DoorZone>),
    /// An operator's command for this door.
    Command(Command),
    /// The policy in force says how the door behaves.
    Behave(Behaviour),
    /// The mode in force says whether the door stands unlocked. Given again and again, also when nothing changed.
    Mode(ModeInForce),
    /// The server came into reach or went out of it.
    Link {
        /// How it is now.
        is_up: bool,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Ask the server. Answered by [`Input::Verdict`], or never.
    Ask(Attempt),
    /// Decide by the agent's own policy, now. Answered by [`Input::Verdict`].
    DecideAlone(Attempt),
    /// Compare a finger with a person's templates. Answered by [`Input::Finger`].
    WantFinger {
        /// For which attempt.
        attempt: AttemptId,
        /// At which sensor.
        side: Side,
        /// Whose templates.
        person: PersonId,
        /// Given up from here on.
        until_ms: u64,
    },
    /// The comparison is no longer wanted.
    StopFinger {
        /// At which sensor.
        side: Side,
    },
    /// Have a PIN typed and checked. Answered by [`Input::PinTyped`] and [`Input::Pin`], or by the latter alone.
    WantPin {
        /// For which attempt.
        attempt: AttemptId,
        /// At which keypad.
        side: Side,
        /// Whose PIN.
        person: PersonId,
    },
    /// The PIN is no longer wanted.
    StopPin {
        /// At which keypad.
        side: Side,
    },
    /// Write to the journal. Answered by [`Input::Recorded`] or [`Input::RecordFailed`].
    Record {
        /// Its name.
        ticket: Ticket,
        /// What.
        event: Event,
        /// How much it matters.
        weight: Weight,
        /// Whether something is done only once it is written. If not, it has happened already: nothing waits for the
        /// journal, and no answer is needed.
        is_awaited: bool,
    },
    /// Drive the strike. A failure is answered by [`Input::StrikeFailed`].
    Strike {
        /// Energised means released.
        is_energised: bool,
    },
    /// Show this to the person at the door.
    Show(Face),
}

/// What the person at the door sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// Hold a card to the reader.
    Ready,
    /// A moment.
    Wait,
    /// Place the finger.
    PlaceFinger,
    /// Hold the card to the reader once more, and longer: the finger's template is on it.
    HoldCard,
    /// Type the PIN.
    TypePin,
    /// Come in.
    Granted,
    /// Whoever comes may pass: the door stands unlocked.
    Free,
    /// No.
    Refused(Reason),
    /// Not yet: an escort or a second person is waited for.
    WaitFor(Reason),
    /// The card can't be read: once more.
    NotRead,
    /// Close the door.
    CloseDoor,
    /// The door raised an alarm.
    Alarm,
}

/// A door. Feed it with [`Door::handle`], and with [`Input::Tick`] when [`Door::wake_at_ms`] has come.
#[derive(Debug, Clone)]
pub struct Door {
    id: DoorId,
    behaviour: Behaviour,
    is_link_up: bool,
    lanes: [Lane; 2],
    leaf: Leaf,
    rex: Rex,
    free: Free,
    feedback: Feedback,
    watched: Watched,
    beside: Beside,
    /// Two doors of the airlock stand open, and the alarm for it was raised here.
    is_contradicted: bool,
    /// Why nobody but responders comes in, if so.
    lock: Option<Reason>,
    commands: Vec<CommandId>,
    /// Commands whose record is being written.
    commanded: Vec<(Ticket, CommandId, u64)>,
    refused: Option<(Face, u64)>,
    /// Somebody waits for another, and until when that is shown.
    wait: Option<(Reason, u64)>,
    shown: Option<Face>,
    out: Outbox,
}

/// Collects what one input leads to.
#[derive(Debug, Clone, Default)]
struct Outbox {
    actions: Vec<Action>,
    tickets: u64,
}

impl Outbox {
    fn push(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// Something happened.
    fn record(&mut self, event: Event, weight: Weight) {
        self.push_record(event, weight, false);
    }

    /// Something is to happen, once this is recorded.
    fn record_first(&mut self, event: Event, weight: Weight) -> Ticket {
        self.push_record(event, weight, true)
    }

    fn push_record(&mut self, event: Event, weight: Weight, is_awaited: bool) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.actions.push(Action::Record { ticket, event, weight, is_awaited });
        ticket
    }
}

/// What releases the door.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Release {
    cause: ReleaseCause,
    side: Side,
    /// Who passes by it: the holder, and whoever was admitted with them.
    passages: Vec<Passage>,
    release_ms: u32,
    held_ms: u32,
    /// That it happens lay on the disk first; if not, somebody leaves a door that only this system opens.
    is_recorded: bool,
}

impl Door {
    /// A door whose leaf and strike are not known yet. The first action puts the strike to rest.
    pub fn start(id: DoorId, behaviour: Behaviour) -> (Self, Vec<Action>) {
        let mut door = Self {
            id,
            behaviour,
            is_link_up: false,
            lanes: [Lane::new(Side::In), Lane::new(Side::Out)],
            leaf: Leaf::default(),
            rex: Rex::default(),
            free: Free::default(),
            feedback: Feedback::default(),
            watched: Watched::default(),
            beside: Beside::default(),
            is_contradicted: false,
            lock: None,
            commands: Vec::new(),
            commanded: Vec::new(),
            refused: None,
            wait: None,
            shown: None,
            out: Outbox::default(),
        };
        door.out.push(Action::Strike { is_energised: false });
        door.show();
        let actions = std::mem::take(&mut door.out.actions);
        (door, actions)
    }

    /// Which door.
    pub fn id(&self) -> DoorId {
        self.id
    }

    /// Whether the strike is energised.
    pub fn is_released(&self) -> bool {
        self.is_energised()
    }

    /// Whether it may stand open: its contact says so, or has just begun to.
    pub fn is_open(&self) -> bool {
        self.leaf.may_be_open()
    }

    /// Whether an attempt with this card at this side is not decided yet, or is still to begin.
    pub fn is_about(&self, side: Side, token: CardToken) -> bool {
        self.lanes.iter().any(|lane| lane.is_of(side) && lane.is_about(token))
    }

    /// Whether it is closed and locked, for the other doors of its airlock.
    pub fn is_secured(&self) -> bool {
        !self.is_open() && !self.is_energised() && !self.leaf.may_be_energised()
    }

    /// How the other doors of its airlock stand, as of the next input.
    pub fn beside(&mut self, beside: Beside) {
        self.beside = beside;
    }

    /// When the next [`Input::Tick`] is due, if one is.
    pub fn wake_at_ms(&self) -> Option<u64> {
        let lanes = self.lanes.iter().filter_map(Lane::wake_at_ms);
        let face = self.refused.map(|(_, until_ms)| until_ms);
        let wait = self.wait.map(|(_, until_ms)| until_ms);
        let leaf = self.leaf.wake_at_ms(self.free.is_free());
        lanes.chain(leaf).chain(self.rex.wake_at_ms()).chain(self.feedback.wake_at_ms()).chain(face).chain(wait).min()
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Action> {
        self.tick(now);
        match input {
            Input::Tick => {}
            Input::Card { side, attempt, token, assurance } => self.card(now, side, attempt, token, assurance),
            Input::CardUnreadable => self.refuse_on_face(now, Face::NotRead),
            Input::CardNeeded { attempt, is_needed } => self.card_needed(attempt, is_needed),
            Input::Verdict { ruling, decided } => self.verdict(now, *ruling, decided),
            Input::Finger { attempt, outcome } => self.finger(now, attempt, outcome),
            Input::PinTyped { attempt } => self.pin_typed(now, attempt),
            Input::Pin { attempt, outcome } => self.pin(now, attempt, outcome),
            Input::Recorded(ticket) => self.recorded(now, ticket),
            Input::RecordFailed(ticket) => self.record_failed(now, ticket),
            Input::StrikeFailed { is_energised } => self.strike_failed(now, is_energised),
            Input::LinesBack => {
                self.end_unfounded();
                let is_energised = self.is_energised();
                self.out.push(Action::Strike { is_energised });
                self.shown = None;
                self.rex.try_at_once();
                self.tick_rex(now);
            }
            Input::Contact { is_open } => self.contact(now, is_open),
            Input::Rex { is_pressed } => self.rex(now, is_pressed),
            Input::Watched { input, is_active } => self.watched(input, is_active),
            Input::Disarmed(zones) => self.disarmed(zones),
            Input::Command(command) => self.command(now, &command),
            Input::Behave(behaviour) => {
                self.behaviour = behaviour;
                self.tick_rex(now);
            }
            Input::Mode(in_force) => {
                self.lock = match in_force {
                    ModeInForce { is_locked_down: true, .. } => Some(Reason::Lockdown),
                    ModeInForce { mode: DoorMode::Locked, .. } => Some(Reason::DoorLocked),
                    _ => None,
                };
                self.mode(now, in_force.mode, in_force.is_free);
            }
            Input::Link { is_up } => self.link(now, is_up),
        }
        self.end_contradiction();
        self.tell_feedback();
        self.tell_watched();
        self.show();
        std::mem::take(&mut self.out.actions)
    }

    fn tick(&mut self, now: Now) {
        self.tick_lanes(now);
        self.tick_feedback(now);
        self.tick_leaf(now);
        self.tick_rex(now);
        if self.refused.is_some_and(|(_, until_ms)| now.mono_ms >= until_ms) {
            self.refused = None;
        }
        if self.wait.is_some_and(|(_, until_ms)| now.mono_ms >= until_ms) {
            self.wait = None;
        }
    }

    fn recorded(&mut self, now: Now, ticket: Ticket) {
        if let Some((release, since_ms, lock)) = self.take_recorded_grant(ticket) {
            // Nobody comes in by a decision that knew of no lock.
            let lock = self.lock.filter(|_| release.side == Side::In && self.lock != lock);
            self.release_in_time(now, release, since_ms, lock);
        } else if let Some(place) = self.commanded.iter().position(|(waiting, _, _)| *waiting == ticket) {
            let (_, command, since_ms) = self.commanded.swap_remove(place);
            let release = self.plain_release(ReleaseCause::Command(command));
            self.release_in_time(now, release, since_ms, None);
        } else {
            self.free_recorded(ticket);
        }
        self.start_waiting(now);
    }

    /// What was recorded is carried out, unless it is too late for it, a lock came between, or another door of the airlock is not
    /// closed and locked any more.
    fn release_in_time(&mut self, now: Now, release: Release, since_ms: u64, lock: Option<Reason>) {
        let is_late = now.mono_ms.saturating_sub(since_ms) > RELEASE_LATE_MS;
        let in_the_way = lock.or(self.is_kept_shut(&release).then_some(Reason::Interlock));
        if !is_late && in_the_way.is_none() {
            return self.release(now, release);
        }
        self.out.record(Event::ReleaseAbandoned { door: self.id, cause: release.cause }, Weight::Vital);
        if let Some(reason) = in_the_way {
            self.refuse_on_face(now, Face::Refused(reason));
        }
    }

    /// Rule 18, asked again: whether another door of the airlock keeps this one shut. Two leaves that stand open at once contradict the
    /// rule, and keep nobody from leaving by their card.
    fn is_kept_shut(&self, release: &Release) -> bool {
        let is_contradiction = self.beside.open + usize::from(self.is_open()) >= 2;
        let is_leaving = release.side == Side::Out && matches!(release.cause, ReleaseCause::Attempt(_));
        self.beside.is_unsecured && !(is_leaving && is_contradiction)
    }

    /// It was opened, or found open: if another door of the airlock is too, the contacts contradict the rule.
    fn begin_contradiction(&mut self) {
        if self.beside.open > 0 && !self.is_contradicted {
            self.is_contradicted = true;
            self.alarm(AlarmKind::InterlockContradiction);
        }
    }

    fn end_contradiction(&mut self) {
        if self.is_contradicted && !(self.beside.open > 0 && self.is_open()) {
            self.is_contradicted = false;
            self.clear(AlarmKind::InterlockContradiction);
        }
    }

    fn record_failed(&mut self, now: Now, ticket: Ticket) {
        if let Some(place) = self.commanded.iter().position(|(waiting, _, _)| *waiting == ticket) {
            let (_, command, _) = self.commanded.swap_remove(place);
            self.command_done(command, CommandOutcome::NotRecorded);
        } else if !self.free_not_recorded(now, ticket) {
            self.grant_not_recorded(now, ticket);
        }
        self.start_waiting(now);
    }

    fn command(&mut self, now: Now, command: &Command) {
        if self.commands.contains(&command.id) {
            return self.command_done(command.id, CommandOutcome::Repeated);
        }
        if self.commands.len() == COMMANDS_REMEMBERED_MAX {
            self.commands.remove(0);
        }
        self.commands.push(command.id);
        if now.unix >= command.expires_at {
            return self.command_done(command.id, CommandOutcome::Expired);
        }
        match command.kind {
            CommandKind::Release if self.beside.is_unsecured => {
                self.command_done(command.id, CommandOutcome::Interlock);
            }
            CommandKind::Release => {
                let release_ms = self.behaviour.release_ms.min(RELEASE_MS_MAX);
                let outcome = CommandOutcome::CarriedOut;
                let done = Event::CommandDone { command: command.id, door: self.id, outcome, release_ms };
                let ticket = self.out.record_first(done, Weight::Vital);
                self.commanded.push((ticket, command.id, now.mono_ms));
            }
        }
    }

    /// A release by which nobody known passes.
    fn plain_release(&self, cause: ReleaseCause) -> Release {
        let Behaviour { release_ms, held_ms, .. } = self.behaviour;
        let is_recorded = cause != ReleaseCause::ExitRequest;
        Release { cause, side: Side::Out, passages: Vec::new(), release_ms, held_ms, is_recorded }
    }

    fn command_done(&mut self, command: CommandId, outcome: CommandOutcome) {
        self.out.record(Event::CommandDone { command, door: self.id, outcome, release_ms: 0 }, Weight::Vital);
    }

    fn refuse_on_face(&mut self, now: Now, face: Face) {
        if let Face::Refused(reason @ (Reason::EscortRequired | Reason::SecondPersonRequired)) = face {
            self.wait = Some((reason, now.mono_ms + WAIT_SHOWN_MS));
            return;
        }
        self.refused = Some((face, now.mono_ms + REFUSED_SHOWN_MS));
    }

    fn show(&mut self) {
        let face = self.face();
        if self.shown != Some(face) {
            self.shown = Some(face);
            self.out.push(Action::Show(face));
        }
    }

    /// What matters most to the person who stands there.
    fn face(&self) -> Face {
        if self.leaf.is_alarmed() || self.watched.is_tampered() {
            Face::Alarm
        } else if self.leaf.is_open_too_long() {
            Face::CloseDoor
        } else if self.leaf.is_released() {
            Face::Granted
        } else if self.lanes.iter().any(Lane::is_wanting_card) {
            Face::HoldCard
        } else if self.lanes.iter().any(Lane::is_wanting_finger) {
            Face::PlaceFinger
        } else if self.lanes.iter().any(Lane::is_wanting_pin) {
            Face::TypePin
        } else if self.lanes.iter().any(Lane::is_busy) {
            Face::Wait
        } else if let Some((face, _)) = self.refused {
            face
        } else if let Some((reason, _)) = self.wait {
            Face::WaitFor(reason)
        } else if self.free.is_free() {
            Face::Free
        } else {
            Face::Ready
        }
    }
}

/// How long a refusal is shown, in milliseconds.
const REFUSED_SHOWN_MS: u64 = 2_500;
/// How long it is shown that somebody waits for another, in milliseconds, unless the door is released before. How long the wait
/// counts is the rules' business.
const WAIT_SHOWN_MS: u64 = 30_000;

#[cfg(test)]
mod tests;
