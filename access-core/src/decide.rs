//! The one function that decides.
//!
//! The server calls it for every attempt; an agent calls the same on its signed policy when the server is out of reach.
//! It never fails: what it can't find is a reason to deny.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::event::AlarmKind;
use crate::ids::{AttemptId, BlockId, CredentialId, DoorId, GrantId, PersonId};
use crate::policy::{
    CardToken, CredentialRule, CredentialState, DoorRule, Exit, FactorDemand, Grant, LevelLine, Policy, PolicyScope,
    Side,
};
use crate::state::State;
use crate::time::{LocalTime, Place, UnixMs};

/// Version of the rules below. Every recorded decision names it.
pub const RULES_VERSION: u16 = 1;

/// A person at a door: what was presented, where, and when.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Attempt {
    /// Which presentation; one id from card to decision.
    pub id: AttemptId,
    /// At which door.
    pub door: DoorId,
    /// In or out.
    pub side: Side,
    /// When; whoever decides sets it to its own now.
    pub at: UnixMs,
    /// Whether that instant can be relied on.
    pub clock: ClockTrust,
    /// The card.
    pub card: CardToken,
    /// How sure it is that it is this card.
    pub assurance: Assurance,
    /// What the sensor said, once it was asked.
    pub finger: Option<FingerResult>,
}

crate::words! {
    /// Whether a clock can be relied on.
    pub enum ClockTrust {
        /// Set from a trusted source since start.
        Trusted = "trusted",
        /// Not known to be right.
        Untrusted = "untrusted",
    }
}

crate::words! {
    /// How sure it is that the card is the one it says it is.
    pub enum Assurance {
        /// Only its UID was read, which can be copied.
        WeakUid = "weak_uid",
        /// It proved knowledge of its key.
        Authenticated = "authenticated",
    }
}

crate::words! {
    /// Outcome of one comparison of a finger with the holder's templates.
    pub enum FingerResult {
        /// It is the holder's.
        Matched = "matched",
        /// It is not.
        NotMatched = "not_matched",
    }
}

crate::words! {
    /// A second factor that is still to be shown.
    pub enum Factor {
        /// The holder's finger.
        Finger = "finger",
    }
}

/// What follows from an attempt.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Verdict {
    /// Grant, ask for more, or deny.
    pub outcome: Outcome,
    /// The one most useful reason.
    pub reason: Reason,
    /// Whose card it is, if known.
    pub person: Option<PersonId>,
    /// Which card it is, if known.
    pub credential: Option<CredentialId>,
    /// What settled it, where a record did.
    pub settled_by: Option<SettledBy>,
    /// Alarms to raise.
    pub alarms: Vec<AlarmKind>,
    /// Version of the policy that was asked.
    pub policy_version: u64,
}

/// Grant, ask for more, or deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Outcome {
    /// Release the door for so long.
    Grant {
        /// Milliseconds.
        release_ms: u32,
    },
    /// Ask again with this factor.
    Need(Factor),
    /// Stay shut.
    Deny,
}

/// The record that settled a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum SettledBy {
    /// This grant allows it, or came nearest to allowing it.
    Grant(GrantId),
    /// This block forbids it.
    Block(BlockId),
}

crate::words! {
    /// Why a door was released or stayed shut. The same word in Rust, SQL, JSON and the user interface.
    pub enum Reason {
        /// Every rule is met.
        Granted = "granted",
        /// Every rule is met but for the finger.
        FingerRequired = "finger_required",
        /// Leaving is never refused where this system is the only way out; the alarm tells what rule objected.
        LeavingNotRefused = "leaving_not_refused",
        /// Request to exit: no card was needed.
        RequestToExit = "request_to_exit",
        /// An operator released the door for a moment.
        OperatorRelease = "operator_release",
        /// The door is not in the policy.
        UnknownDoor = "unknown_door",
        /// No such card.
        UnknownCredential = "unknown_credential",
        /// This door's agent, deciding alone, knows no such card; it may exist elsewhere.
        NotKnownHere = "not_known_here",
        /// The site takes no card by its UID alone.
        WeakCardNotAccepted = "weak_card_not_accepted",
        /// The card is out of use for a while.
        CredentialSuspended = "credential_suspended",
        /// The card was reported lost.
        CredentialLost = "credential_lost",
        /// The card was reported stolen.
        CredentialStolen = "credential_stolen",
        /// The card was given back.
        CredentialReturned = "credential_returned",
        /// The card's period has not begun.
        CredentialNotYetValid = "credential_not_yet_valid",
        /// The card's period is over.
        CredentialExpired = "credential_expired",
        /// The holder is not active.
        PersonInactive = "person_inactive",
        /// An explicit block, which beats any grant.
        Blocked = "blocked",
        /// The holder was granted nothing.
        NoGrant = "no_grant",
        /// The holder was granted something, but not this door and side.
        DoorNotGranted = "door_not_granted",
        /// The grant for this door has not begun.
        GrantNotYetValid = "grant_not_yet_valid",
        /// The grant for this door is over.
        GrantExpired = "grant_expired",
        /// The grant holds, but not at this hour.
        OutsideSchedule = "outside_schedule",
        /// The door wants a finger and none is enrolled.
        NoFingerEnrolled = "no_finger_enrolled",
        /// The finger is not the card holder's.
        WrongFinger = "wrong_finger",
        /// No finger was placed in time.
        FingerTimeout = "finger_timeout",
        /// The sensor could not compare.
        SensorFault = "sensor_fault",
        /// The agent, deciding alone, has no policy.
        NoPolicy = "no_policy",
        /// The agent, deciding alone, has a policy that is too old.
        PolicyTooOld = "policy_too_old",
        /// The agent's clock can't be relied on, and the rules depend on time.
        ClockNotTrusted = "clock_not_trusted",
        /// The decision could not be recorded, so the door stays shut.
        NotRecorded = "not_recorded",
        /// The door could not be driven.
        DoorFault = "door_fault",
        /// A lockdown is in force.
        Lockdown = "lockdown",
        /// The door is locked by an operator or by schedule.
        DoorLocked = "door_locked",
        /// The threat level demands more.
        ThreatLevel = "threat_level",
        /// The card was taken away before the decision.
        CardRemoved = "card_removed",
    }
}

/// Decides an attempt. Pure and total: the same values always give the same verdict.
///
/// `state` is what happened before; no rule of this version reads it.
pub fn decide(policy: &Policy, _state: &State, attempt: &Attempt) -> Verdict {
    let Some(door) = policy.door(attempt.door) else {
        return Found::nothing().deny(policy, Reason::UnknownDoor);
    };
    let is_leaving_by_system = attempt.side == Side::Out && door.exit == Exit::BySystem;
    let Some(card) = policy.credential(&attempt.card) else {
        let reason = match policy.scope() {
            PolicyScope::Whole => Reason::UnknownCredential,
            PolicyScope::Cut => Reason::NotKnownHere,
        };
        let refusal = Found::nothing().deny(policy, reason);
        // A cut holds only those who may enter here now: whoever is inside may be known elsewhere, or was until just now.
        return match policy.scope() {
            PolicyScope::Cut if is_leaving_by_system => let_leave(door, refusal),
            PolicyScope::Cut | PolicyScope::Whole => refusal,
        };
    };
    let verdict = decide_known_card(policy, door, card, attempt);
    if is_leaving_by_system && !matches!(verdict.outcome, Outcome::Grant { .. }) {
        return let_leave(door, verdict);
    }
    verdict
}

/// Nobody is kept inside by a rule: the objection becomes an alarm.
fn let_leave(door: &DoorRule, mut objection: Verdict) -> Verdict {
    objection.alarms.push(AlarmKind::LeftAgainstRule);
    Verdict { outcome: Outcome::Grant { release_ms: door.release_ms }, reason: Reason::LeavingNotRefused, ..objection }
}

fn decide_known_card(policy: &Policy, door: &DoorRule, card: &CredentialRule, attempt: &Attempt) -> Verdict {
    let found = Found::card(card);
    if !policy.is_usable(attempt.at) {
        return found.deny(policy, Reason::PolicyTooOld);
    }
    let site = policy.site(door.site);
    let accepts_uid_only = site.is_some_and(|site| site.accepts_uid_only);
    if attempt.assurance == Assurance::WeakUid && !accepts_uid_only {
        return found.deny(policy, Reason::WeakCardNotAccepted);
    }
    if let Some(refused) = refuse_card_state(card) {
        return found.deny(policy, refused).with_alarm(lost_card_alarm(card.state));
    }
    if attempt.clock == ClockTrust::Untrusted {
        return found.deny(policy, Reason::ClockNotTrusted);
    }
    match card.valid.place(attempt.at) {
        Place::Before => return found.deny(policy, Reason::CredentialNotYetValid),
        Place::After => return found.deny(policy, Reason::CredentialExpired),
        Place::Inside => {}
    }
    let Some(person) = policy.person(card.person).filter(|person| person.is_active) else {
        return found.deny(policy, Reason::PersonInactive);
    };
    if let Some(block) = policy.blocks(card).find(|block| block.valid.place(attempt.at) == Place::Inside) {
        return found.settled_by(SettledBy::Block(block.id)).deny(policy, Reason::Blocked);
    }
    let local = site.map(|site| site.zone.local(attempt.at));
    let nearest = nearest_grant(policy, door, card.person, attempt, local);
    let found = Found { settled_by: nearest.grant.map(SettledBy::Grant), ..found };
    if nearest.fit != Fit::Allows {
        return found.deny(policy, nearest.fit.reason());
    }
    match (door.factors(attempt.side), attempt.finger) {
        (FactorDemand::Card, _) | (FactorDemand::CardFinger, Some(FingerResult::Matched)) => {
            found.verdict(policy, Outcome::Grant { release_ms: door.release_ms }, Reason::Granted)
        }
        (FactorDemand::CardFinger, Some(FingerResult::NotMatched)) => found.deny(policy, Reason::WrongFinger),
        (FactorDemand::CardFinger, None) if person.has_finger => {
            found.verdict(policy, Outcome::Need(Factor::Finger), Reason::FingerRequired)
        }
        (FactorDemand::CardFinger, None) => found.deny(policy, Reason::NoFingerEnrolled),
    }
}

fn refuse_card_state(card: &CredentialRule) -> Option<Reason> {
    match card.state {
        CredentialState::Active => None,
        CredentialState::Suspended => Some(Reason::CredentialSuspended),
        CredentialState::Lost => Some(Reason::CredentialLost),
        CredentialState::Stolen => Some(Reason::CredentialStolen),
        CredentialState::Returned => Some(Reason::CredentialReturned),
    }
}

fn lost_card_alarm(state: CredentialState) -> Option<AlarmKind> {
    match state {
        CredentialState::Lost | CredentialState::Stolen => Some(AlarmKind::LostCardPresented),
        CredentialState::Active | CredentialState::Suspended | CredentialState::Returned => None,
    }
}

/// How near a grant comes to allowing an attempt, worst first: the best one gives the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    NothingGranted,
    OtherDoors,
    Ended,
    NotBegun,
    WrongHour,
    Allows,
}

impl Fit {
    fn reason(self) -> Reason {
        match self {
            Self::NothingGranted => Reason::NoGrant,
            Self::OtherDoors => Reason::DoorNotGranted,
            Self::Ended => Reason::GrantExpired,
            Self::NotBegun => Reason::GrantNotYetValid,
            Self::WrongHour => Reason::OutsideSchedule,
            Self::Allows => Reason::Granted,
        }
    }
}

struct Nearest {
    fit: Fit,
    grant: Option<GrantId>,
}

fn nearest_grant(
    policy: &Policy,
    door: &DoorRule,
    person: PersonId,
    attempt: &Attempt,
    local: Option<LocalTime>,
) -> Nearest {
    let mut nearest = Nearest { fit: Fit::NothingGranted, grant: None };
    for grant in policy.grants(person) {
        let fit = fit_of(policy, grant, door, attempt, local);
        if fit > nearest.fit {
            nearest = Nearest { fit, grant: (fit > Fit::OtherDoors).then_some(grant.id) };
        }
    }
    nearest
}

fn fit_of(policy: &Policy, grant: &Grant, door: &DoorRule, attempt: &Attempt, local: Option<LocalTime>) -> Fit {
    let lines = policy.level(grant.level).map_or(&[][..], |level| &level.lines);
    let holds = |line: &&LevelLine| line.sides.covers(attempt.side) && line.doors.contains(&door.id);
    if !lines.iter().any(|line| holds(&line)) {
        return Fit::OtherDoors;
    }
    match grant.valid.place(attempt.at) {
        Place::Before => return Fit::NotBegun,
        Place::After => return Fit::Ended,
        Place::Inside => {}
    }
    let is_open = |line: &LevelLine| match line.schedule {
        None => true,
        Some(schedule) => local.zip(policy.schedule(schedule)).is_some_and(|(local, schedule)| schedule.is_open(local)),
    };
    if lines.iter().filter(holds).any(is_open) { Fit::Allows } else { Fit::WrongHour }
}

/// What has been found out about an attempt so far.
#[derive(Clone, Copy)]
struct Found {
    person: Option<PersonId>,
    credential: Option<CredentialId>,
    settled_by: Option<SettledBy>,
}

impl Found {
    fn nothing() -> Self {
        Self { person: None, credential: None, settled_by: None }
    }

    fn card(card: &CredentialRule) -> Self {
        Self { person: Some(card.person), credential: Some(card.id), settled_by: None }
    }

    fn settled_by(self, settled_by: SettledBy) -> Self {
        Self { settled_by: Some(settled_by), ..self }
    }

    fn deny(self, policy: &Policy, reason: Reason) -> Verdict {
        self.verdict(policy, Outcome::Deny, reason)
    }

    fn verdict(self, policy: &Policy, outcome: Outcome, reason: Reason) -> Verdict {
        Verdict {
            outcome,
            reason,
            person: self.person,
            credential: self.credential,
            settled_by: self.settled_by,
            alarms: Vec::new(),
            policy_version: policy.version(),
        }
    }
}

impl Verdict {
    fn with_alarm(mut self, alarm: Option<AlarmKind>) -> Self {
        self.alarms.extend(alarm);
        self
    }

    /// A refusal by whoever could not ask the rules at all (no policy, sensor fault, nothing recorded).
    pub fn refused(reason: Reason, policy_version: u64) -> Self {
        Self {
            outcome: Outcome::Deny,
            reason,
            person: None,
            credential: None,
            settled_by: None,
            alarms: Vec::new(),
            policy_version,
        }
    }
}

#[cfg(test)]
mod tests;
