//! The attempts of one side, one after another: card read, deciding, wanting a finger or a PIN, recording the grant.

use access_core::RULES_VERSION;
use access_core::attempt::{Assurance, Attempt, Factor, FactorResult};
use access_core::circumstances::Circumstances;
use access_core::event::{AlarmKind, Decided, Decision, Event, Passage, ReleaseCause};
use access_core::ids::AttemptId;
use access_core::policy::{CardToken, Exit, RELEASE_MS_MAX, Side};
use access_core::protocol::ANSWER_WAIT_MS;
use access_core::verdict::{Effect, Outcome, Reason, Verdict};

use super::wrong_fingers::WrongFingers;
use super::{
    Action, Door, FINGER_WAIT_MS, Face, FingerOutcome, Now, PIN_CHECK_MS, PIN_WAIT_MS, PinOutcome, Release, Ruling,
    Ticket,
};
use crate::journal::Weight;

/// An unknown card that is held to the same reader again within this time is the same presentation, in milliseconds.
const REPEAT_MS: u64 = 3_000;

/// One side of a door.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    side: Side,
    current: Option<Current>,
    /// A card that came while a grant was being recorded.
    waiting: Option<Presented>,
    /// An unknown card, and until when it is not looked at again.
    folded: Option<(CardToken, Face, u64)>,
    wrong_fingers: WrongFingers,
}

#[derive(Debug, Clone, Copy)]
struct Presented {
    attempt: AttemptId,
    token: CardToken,
    assurance: Assurance,
}

/// The attempt that is under way.
#[derive(Debug, Clone)]
struct Current {
    card: Presented,
    finger: Option<FactorResult>,
    pin: Option<FactorResult>,
    /// Its template lies on the card, which was taken away too early.
    needs_card: bool,
    /// The verdict that asked for a finger or a PIN, or granted.
    ruling: Option<(Ruling, Decided)>,
    phase: Phase,
}

#[derive(Debug, Clone)]
enum Phase {
    /// Until then the server may answer.
    Deciding { until_ms: u64 },
    /// Until then a finger may be placed.
    WantingFinger { until_ms: u64 },
    /// Until then a PIN may be typed, or, once it is, checked.
    WantingPin { until_ms: u64, is_typed: bool },
    /// The grant is on its way to the disk.
    Recording {
        ticket: Ticket,
        release: Release,
        since_ms: u64,
        /// The lock that was known of when the verdict came.
        lock: Option<Reason>,
    },
}

impl Lane {
    pub(super) fn new(side: Side) -> Self {
        Self { side, current: None, waiting: None, folded: None, wrong_fingers: WrongFingers::default() }
    }

    pub(super) fn wake_at_ms(&self) -> Option<u64> {
        match self.current.as_ref()?.phase {
            Phase::Deciding { until_ms } | Phase::WantingFinger { until_ms } | Phase::WantingPin { until_ms, .. } => {
                Some(until_ms)
            }
            Phase::Recording { .. } => None,
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.current.is_some()
    }

    pub(super) fn is_of(&self, side: Side) -> bool {
        self.side == side
    }

    /// Whether an attempt with this card is not decided yet, or is still to begin.
    pub(super) fn is_about(&self, token: CardToken) -> bool {
        let is_undecided = |current: &Current| !matches!(current.phase, Phase::Recording { .. });
        self.current.as_ref().is_some_and(|current| current.card.token == token && is_undecided(current))
            || self.waiting.as_ref().is_some_and(|card| card.token == token)
    }

    pub(super) fn is_wanting_finger(&self) -> bool {
        self.current.as_ref().is_some_and(|current| matches!(current.phase, Phase::WantingFinger { .. }))
    }

    pub(super) fn is_wanting_card(&self) -> bool {
        self.is_wanting_finger() && self.current.as_ref().is_some_and(|current| current.needs_card)
    }

    pub(super) fn is_wanting_pin(&self) -> bool {
        let is_wanting = |current: &Current| matches!(current.phase, Phase::WantingPin { is_typed: false, .. });
        self.current.as_ref().is_some_and(is_wanting)
    }

    fn ask(&self, door: &Door, now: Now) -> Option<Attempt> {
        let current = self.current.as_ref()?;
        Some(Attempt {
            id: current.card.attempt,
            door: door.id,
            side: self.side,
            at: now.unix,
            clock: now.clock,
            card: current.card.token,
            assurance: current.card.assurance,
            finger: current.finger,
            pin: current.pin,
        })
    }
}

const fn place(side: Side) -> usize {
    match side {
        Side::In => 0,
        Side::Out => 1,
    }
}

impl Door {
    pub(super) fn card(&mut self, now: Now, side: Side, attempt: AttemptId, token: CardToken, assurance: Assurance) {
        let card = Presented { attempt, token, assurance };
        let lane = &mut self.lanes[place(side)];
        match &lane.current {
            // People take the card away and hold it there again while they look for the sensor. One that proves more or less than
            // before is another.
            Some(current) if (current.card.token, current.card.assurance) == (token, assurance) => return,
            Some(Current { phase: Phase::Recording { .. }, .. }) => {
                lane.waiting = Some(card);
                return;
            }
            Some(_) => self.refuse(now, side, Reason::CardRemoved),
            None => {}
        }
        if let Some((_, face, _)) =
            self.lanes[place(side)].folded.filter(|(folded, _, until_ms)| *folded == token && now.mono_ms < *until_ms)
        {
            self.refuse_on_face(now, face);
            return;
        }
        self.begin(now, side, card);
    }

    fn begin(&mut self, now: Now, side: Side, card: Presented) {
        let until_ms = now.mono_ms + ANSWER_WAIT_MS;
        let phase = Phase::Deciding { until_ms };
        self.refused = None;
        self.lanes[place(side)].folded = None;
        self.lanes[place(side)].current =
            Some(Current { card, finger: None, pin: None, needs_card: false, ruling: None, phase });
        self.ask(now, side);
    }

    /// Begins what came while a grant was being recorded.
    pub(super) fn start_waiting(&mut self, now: Now) {
        for side in [Side::In, Side::Out] {
            let lane = &mut self.lanes[place(side)];
            if lane.current.is_none()
                && let Some(card) = lane.waiting.take()
            {
                self.begin(now, side, card);
            }
        }
    }

    fn ask(&mut self, now: Now, side: Side) {
        if let Some(attempt) = self.lanes[place(side)].ask(self, now) {
            self.out.push(if self.is_link_up { Action::Ask(attempt) } else { Action::DecideAlone(attempt) });
        }
    }

    pub(super) fn link(&mut self, now: Now, is_up: bool) {
        let went_down = self.is_link_up && !is_up;
        self.is_link_up = is_up;
        if went_down {
            for side in [Side::In, Side::Out] {
                let lane = &self.lanes[place(side)];
                if matches!(lane.current, Some(Current { phase: Phase::Deciding { .. }, .. })) {
                    self.ask(now, side);
                }
            }
        }
    }

    pub(super) fn tick_lanes(&mut self, now: Now) {
        for side in [Side::In, Side::Out] {
            match self.lanes[place(side)].current.as_mut().map(|current| &mut current.phase) {
                Some(Phase::Deciding { until_ms }) if now.mono_ms >= *until_ms => {
                    *until_ms = now.mono_ms + ANSWER_WAIT_MS;
                    let attempt = self.lanes[place(side)].ask(self, now);
                    self.out.actions.extend(attempt.map(Action::DecideAlone));
                }
                Some(Phase::WantingFinger { until_ms }) if now.mono_ms >= *until_ms => {
                    self.refuse(now, side, Reason::FingerTimeout);
                }
                Some(Phase::WantingPin { until_ms, is_typed }) if now.mono_ms >= *until_ms => {
                    let reason = if *is_typed { Reason::KeypadFault } else { Reason::PinTimeout };
                    self.refuse(now, side, reason);
                }
                _ => {}
            }
        }
    }

    fn lane_of(&self, attempt: AttemptId) -> Option<Side> {
        let is_current = |lane: &&Lane| lane.current.as_ref().is_some_and(|current| current.card.attempt == attempt);
        self.lanes.iter().find(is_current).map(|lane| lane.side)
    }

    pub(super) fn verdict(&mut self, now: Now, ruling: Ruling, decided: Decided) {
        let attempt = ruling.attempt.id;
        let Some(side) = self.lane_of(attempt) else { return };
        let lane = &mut self.lanes[place(side)];
        let Some(current) = &mut lane.current else { return };
        // What is answered is what was asked: a grant for another's card, door or side is none for whoever stands here.
        let (asked, answered) = (&current.card, &ruling.attempt);
        let is_anothers = (answered.door, answered.side, answered.card) != (self.id, side, asked.token)
            || answered.assurance != asked.assurance;
        // A late answer to the question without the finger or PIN; the answer to the one with it is still to come.
        let is_stale = (decided == Decided::Online && answered.finger != current.finger) || answered.pin != current.pin;
        if is_anothers || is_stale || !matches!(current.phase, Phase::Deciding { .. }) {
            return;
        }
        match (ruling.verdict.outcome, ruling.verdict.person) {
            (Outcome::Grant { release_ms, held_ms }, _) => {
                self.grant(now, side, ruling, decided, (release_ms, held_ms))
            }
            (Outcome::Deny, _) => self.deny(now, side, ruling, decided),
            (Outcome::Need(Factor::Finger), Some(person)) if lane.wrong_fingers.is_paused(person, now.mono_ms) => {
                current.ruling = Some((ruling, decided));
                self.refuse(now, side, Reason::FingerPaused);
            }
            (Outcome::Need(Factor::Finger), Some(person)) if current.finger.is_none() => {
                let until_ms = now.mono_ms + FINGER_WAIT_MS;
                current.ruling = Some((ruling, decided));
                current.phase = Phase::WantingFinger { until_ms };
                self.out.push(Action::WantFinger { attempt, side, person, until_ms });
            }
            (Outcome::Need(Factor::Finger), _) => self.refuse(now, side, Reason::SensorFault),
            (Outcome::Need(Factor::Pin), Some(person)) if current.pin.is_none() => {
                current.ruling = Some((ruling, decided));
                current.phase = Phase::WantingPin { until_ms: now.mono_ms + PIN_WAIT_MS, is_typed: false };
                self.out.push(Action::WantPin { attempt, side, person });
            }
            (Outcome::Need(Factor::Pin), _) => self.refuse(now, side, Reason::KeypadFault),
        }
    }

    pub(super) fn card_needed(&mut self, attempt: AttemptId, is_needed: bool) {
        let Some(side) = self.lane_of(attempt) else { return };
        if let Some(current) = &mut self.lanes[place(side)].current {
            current.needs_card = is_needed;
        }
    }

    pub(super) fn finger(&mut self, now: Now, attempt: AttemptId, outcome: FingerOutcome) {
        let Some(side) = self.lane_of(attempt) else { return };
        let Some(current) = &mut self.lanes[place(side)].current else { return };
        if !matches!(current.phase, Phase::WantingFinger { .. }) {
            return;
        }
        let result = match outcome {
            FingerOutcome::Matched => FactorResult::Matched,
            FingerOutcome::MatchedDuress => FactorResult::MatchedDuress,
            FingerOutcome::NotMatched => FactorResult::NotMatched,
            FingerOutcome::NoFinger => return self.refuse(now, side, Reason::FingerTimeout),
            FingerOutcome::NoTemplate => return self.refuse(now, side, Reason::NoFingerEnrolled),
            FingerOutcome::NotRecorded => return self.refuse(now, side, Reason::FingerNotRecorded),
            FingerOutcome::Fault => return self.refuse(now, side, Reason::SensorFault),
        };
        current.finger = Some(result);
        current.phase = Phase::Deciding { until_ms: now.mono_ms + ANSWER_WAIT_MS };
        self.ask(now, side);
    }

    pub(super) fn pin_typed(&mut self, now: Now, attempt: AttemptId) {
        let Some(side) = self.lane_of(attempt) else { return };
        if let Some(current) = &mut self.lanes[place(side)].current
            && matches!(current.phase, Phase::WantingPin { .. })
        {
            current.phase = Phase::WantingPin { until_ms: now.mono_ms + PIN_CHECK_MS, is_typed: true };
        }
    }

    pub(super) fn pin(&mut self, now: Now, attempt: AttemptId, outcome: PinOutcome) {
        let Some(side) = self.lane_of(attempt) else { return };
        let Some(current) = &mut self.lanes[place(side)].current else { return };
        if !matches!(current.phase, Phase::WantingPin { .. }) {
            return;
        }
        let result = match outcome {
            PinOutcome::Matched => FactorResult::Matched,
            PinOutcome::MatchedDuress => FactorResult::MatchedDuress,
            PinOutcome::NotMatched => FactorResult::NotMatched,
            PinOutcome::NotTyped => return self.refuse(now, side, Reason::PinTimeout),
            PinOutcome::NoPin => return self.refuse(now, side, Reason::NoPinEnrolled),
            PinOutcome::NoKeypad => return self.refuse(now, side, Reason::PinRequired),
            PinOutcome::Delayed => return self.refuse(now, side, Reason::PinDelayed),
            PinOutcome::Fault => return self.refuse(now, side, Reason::KeypadFault),
        };
        current.pin = Some(result);
        current.phase = Phase::Deciding { until_ms: now.mono_ms + ANSWER_WAIT_MS };
        self.ask(now, side);
    }

    fn grant(&mut self, now: Now, side: Side, ruling: Ruling, decided: Decided, (release_ms, held_ms): (u32, u32)) {
        let attempt = ruling.attempt.id;
        let mut passages: Vec<Passage> =
            ruling.verdict.person.map(|person| Passage { person, attempt }).into_iter().collect();
        for effect in &ruling.verdict.effects {
            if let Effect::AdmitWith(others) = effect {
                passages.extend(others);
            }
        }
        let release_ms = release_ms.min(RELEASE_MS_MAX);
        let cause = ReleaseCause::Attempt(attempt);
        let is_recorded = side == Side::In || self.behaviour.exit != Exit::BySystem;
        let release = Release { cause, side, passages, release_ms, held_ms, is_recorded };
        let decision = Event::Decision(decision(ruling.clone(), decided));
        if !is_recorded {
            // Nobody is kept inside by a disk: recorded if it can be, never waited for.
            self.release(now, release);
            self.out.record(decision, Weight::Vital);
            self.lanes[place(side)].current = None;
            return;
        }
        let ticket = self.out.record_first(decision, Weight::Vital);
        let lock = self.lock;
        let lane = &mut self.lanes[place(side)];
        // A door that wants no finger proves nothing about fingers.
        if ruling.attempt.finger.is_some_and(|finger| finger != FactorResult::NotMatched) {
            lane.wrong_fingers.right(ruling.verdict.person);
        }
        if let Some(current) = &mut lane.current {
            current.ruling = Some((ruling, decided));
            current.phase = Phase::Recording { ticket, release, since_ms: now.mono_ms, lock };
        }
    }

    /// The release whose grant was just recorded, with the instant of the decision and the lock that was known of then.
    pub(super) fn take_recorded_grant(&mut self, ticket: Ticket) -> Option<(Release, u64, Option<Reason>)> {
        let is_waiting = |lane: &&mut Lane| match lane.current.as_ref().map(|current| &current.phase) {
            Some(Phase::Recording { ticket: waiting, .. }) => *waiting == ticket,
            _ => false,
        };
        match self.lanes.iter_mut().find(is_waiting)?.current.take()?.phase {
            Phase::Recording { release, since_ms, lock, .. } => Some((release, since_ms, lock)),
            Phase::Deciding { .. } | Phase::WantingFinger { .. } | Phase::WantingPin { .. } => None,
        }
    }

    pub(super) fn grant_not_recorded(&mut self, now: Now, ticket: Ticket) {
        let is_recording = |lane: &&Lane| match lane.current.as_ref().map(|current| &current.phase) {
            Some(Phase::Recording { ticket: waiting, .. }) => *waiting == ticket,
            _ => false,
        };
        if let Some(side) = self.lanes.iter().find(is_recording).map(|lane| lane.side) {
            self.refuse(now, side, Reason::NotRecorded);
        }
    }

    /// Ends the attempt for a reason that the rules did not give.
    pub(super) fn refuse(&mut self, now: Now, side: Side, reason: Reason) {
        let Some(current) = &self.lanes[place(side)].current else { return };
        if matches!(current.phase, Phase::WantingFinger { .. }) {
            self.out.push(Action::StopFinger { side });
        }
        if matches!(current.phase, Phase::WantingPin { .. }) {
            self.out.push(Action::StopPin { side });
        }
        let asked = current.ruling.clone().or_else(|| {
            let verdict = Verdict::refused(reason, self.behaviour.policy_version);
            let (circumstances, rules_version) = (Circumstances::default(), RULES_VERSION);
            let attempt = self.lanes[place(side)].ask(self, now)?;
            Some((Ruling { attempt, circumstances, verdict, rules_version }, Decided::Offline))
        });
        let Some((mut ruling, decided)) = asked else { return };
        let (outcome, alarms, effects) = (Outcome::Deny, Vec::new(), Vec::new());
        ruling.verdict = Verdict { outcome, reason, alarms, effects, ..ruling.verdict };
        self.deny(now, side, ruling, decided);
    }

    fn deny(&mut self, now: Now, side: Side, ruling: Ruling, decided: Decided) {
        let (reason, person) = (ruling.verdict.reason, ruling.verdict.person);
        let lane = &mut self.lanes[place(side)];
        let is_wrong = reason == Reason::WrongFinger;
        let is_one_too_many = is_wrong && lane.wrong_fingers.wrong(person, now.mono_ms);
        let must_wait = is_wrong && person.is_some_and(|person| lane.wrong_fingers.is_paused(person, now.mono_ms));
        let face = Face::Refused(if must_wait { Reason::FingerPaused } else { reason });
        if let Some(current) = lane.current.take()
            && is_foldable(reason)
        {
            lane.folded = Some((current.card.token, face, now.mono_ms + REPEAT_MS));
        }
        let is_routine = ruling.verdict.alarms.is_empty() && ruling.verdict.effects.is_empty();
        let weight = if is_routine { Weight::Routine } else { Weight::Vital };
        self.out.record(Event::Decision(decision(ruling, decided)), weight);
        if is_one_too_many {
            let kind = AlarmKind::WrongFingers;
            self.out.record(Event::AlarmRaised { kind, door: Some(self.id), person }, Weight::Vital);
        }
        self.refuse_on_face(now, face);
    }
}

/// The record of a ruling.
fn decision(ruling: Ruling, decided: Decided) -> Box<Decision> {
    let Ruling { attempt, circumstances, verdict, rules_version } = ruling;
    Box::new(Decision { attempt, circumstances, verdict, rules_version, decided })
}

/// Whether the card, held there again at once, can only be refused again.
fn is_foldable(reason: Reason) -> bool {
    matches!(reason, Reason::UnknownCredential | Reason::NotKnownHere | Reason::UnknownDoor | Reason::NoPolicy)
}
