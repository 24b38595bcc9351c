//! The answer: what follows from an attempt, and why. Words and order as in RULES.md.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::attempt::Factor;
use crate::event::{AlarmKind, Passage};
use crate::ids::{AccessLevelId, AreaId, BlockId, CredentialId, DoorId, GrantId, PersonId, ScheduleId};
use crate::time::UnixMs;

/// What follows from an attempt.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Verdict {
    /// Grant, ask for more, or deny.
    pub outcome: Outcome,
    /// The one most useful reason.
    pub reason: Reason,
    /// The rule that settled it: the one that objected or asked; none if all passed.
    pub rule: Option<Rule>,
    /// Records that settled it.
    pub settled_by: Vec<RecordRef>,
    /// Whose card it is, if known.
    pub person: Option<PersonId>,
    /// Which card it is, if known.
    pub credential: Option<CredentialId>,
    /// Alarms to raise.
    pub alarms: Vec<AlarmKind>,
    /// What else follows, to be carried out with the outcome.
    pub effects: Vec<Effect>,
    /// Version of the policy that was asked.
    pub policy_version: u64,
}

impl Verdict {
    /// A refusal by whoever could not ask the rules at all (no policy, sensor fault, nothing recorded).
    pub fn refused(reason: Reason, policy_version: u64) -> Self {
        Self {
            outcome: Outcome::Deny,
            reason,
            rule: None,
            settled_by: Vec::new(),
            person: None,
            credential: None,
            alarms: Vec::new(),
            effects: Vec::new(),
            policy_version,
        }
    }

    /// Whether the door is released.
    pub fn is_grant(&self) -> bool {
        matches!(self.outcome, Outcome::Grant { .. })
    }
}

/// Grant, ask for more, or deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Outcome {
    /// Release the door.
    Grant {
        /// For so long, in milliseconds.
        release_ms: u32,
        /// It may stand open for so long, in milliseconds.
        held_ms: u32,
    },
    /// Ask again with this factor.
    Need(Factor),
    /// Stay shut.
    Deny,
}

/// What else follows from a verdict.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Effect {
    /// These have waited and pass with the holder.
    AdmitWith(Vec<Passage>),
    /// The holder waits at this door for somebody to complete them.
    Wait,
    /// The reader is locked.
    LockReader {
        /// First instant at which it is not.
        until: UnixMs,
    },
    /// The card is locked until an operator unlocks it.
    LockCard,
    /// A door in mode toggle changes.
    Toggle {
        /// Whether it is free from here on.
        is_free: bool,
    },
}

/// A record of the policy that settled a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum RecordRef {
    /// A grant that allows it, or came nearest to allowing it.
    Grant(GrantId),
    /// A block that forbids it.
    Block(BlockId),
    /// The level of that grant.
    Level(AccessLevelId),
    /// A schedule that is not open.
    Schedule(ScheduleId),
    /// A door that stands in the way, or where the holder was seen.
    Door(DoorId),
    /// The area whose rule it is.
    Area(AreaId),
    /// The threat level in force.
    ThreatLevel(u8),
    /// The person who is waited with, or who escorts.
    Person(PersonId),
    /// The card.
    Credential(CredentialId),
}

crate::words! {
    /// The rules, in the order in which they are asked. See RULES.md.
    pub enum Rule {
        /// 1.
        DoorKnown = "door_known",
        /// 2.
        CardKnown = "card_known",
        /// 3.
        ReaderLock = "reader_lock",
        /// 4.
        CardGenuine = "card_genuine",
        /// 5.
        CardState = "card_state",
        /// 6.
        CardLock = "card_lock",
        /// 7.
        CardPeriod = "card_period",
        /// 8.
        Person = "person",
        /// 9.
        PolicyAge = "policy_age",
        /// 10.
        Block = "block",
        /// 11.
        ThreatLevel = "threat_level",
        /// 12.
        DoorMode = "door_mode",
        /// 13.
        Grant = "grant",
        /// 14.
        Schedule = "schedule",
        /// 15.
        Travel = "travel",
        /// 16.
        AntiPassback = "anti_passback",
        /// 17.
        Occupancy = "occupancy",
        /// 18.
        Interlock = "interlock",
        /// 19.
        Factors = "factors",
        /// 20.
        Escort = "escort",
        /// 21.
        TwoPerson = "two_person",
    }
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
        /// The card was taken away before the decision.
        CardRemoved = "card_removed",
        /// The reader is locked for some seconds.
        ReaderLocked = "reader_locked",
        /// The card could not prove its key: it may be a copy.
        CardNotAuthentic = "card_not_authentic",
        /// The card was made and not yet handed over.
        CredentialNotActive = "credential_not_active",
        /// The card was locked on suspicion.
        CredentialLocked = "credential_locked",
        /// The door stands unlocked.
        DoorFree = "door_free",
        /// The rule needs what only the server knows, and the agent decided alone.
        ServerNeeded = "server_needed",
        /// The holder was at another door too short a time ago to have walked here.
        TooFast = "too_fast",
        /// The holder is known to be elsewhere than where the door leads from.
        PassedBack = "passed_back",
        /// The area is full.
        AreaFull = "area_full",
        /// Another door of the airlock is not closed and locked.
        Interlock = "interlock",
        /// Every rule is met but for the PIN.
        PinRequired = "pin_required",
        /// The door wants a PIN and none is enrolled.
        NoPinEnrolled = "no_pin_enrolled",
        /// The PIN is not the card holder's.
        WrongPin = "wrong_pin",
        /// A visitor waits for the escort.
        EscortRequired = "escort_required",
        /// Nobody enters or stays alone here: a second person is waited for.
        SecondPersonRequired = "second_person_required",
        /// Too many wrong fingers, at this reader or of this person there: none is asked for until a pause is over.
        FingerPaused = "finger_paused",
        /// No PIN was typed in time, or its typing was given up.
        PinTimeout = "pin_timeout",
        /// The keypad does not work, or what was typed could not be checked.
        KeypadFault = "keypad_fault",
        /// Too many wrong PINs by this card or at this reader: for a while none is asked for.
        PinDelayed = "pin_delayed",
        /// The finger on the card is none that the server has a record of.
        FingerNotRecorded = "finger_not_recorded",
    }
}
