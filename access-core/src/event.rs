//! What can happen at a door or at the server's desk, as a record.
//!
//! A [`Record`] names its author, stands in the author's gap-free sequence, and holds the hash of the one before it
//! (see [`chain`](crate::chain)). Names, numbers and free text never stand in a record: people are pseudonyms, and what
//! is personal stands behind a [`Commitment`].

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::attempt::{Attempt, ClockTrust};
use crate::canonical::write_hex;
use crate::chain::{Digest, Head};
use crate::circumstances::Circumstances;
use crate::ids::{
    AgentId, AreaId, AttemptId, CommandId, CredentialId, DoorId, EnrolmentId, FingerId, InstallationId, OperatorId,
    PersonId,
};
use crate::policy::{DoorMode, Place, Side};
use crate::time::UnixMs;
use crate::verdict::{Outcome, Verdict};

mod vocabulary;

pub use vocabulary::{
    AlarmKind, ChainFault, CopySign, Device, DeviceState, DoorZone, InputKind, JournalFault, NtpState,
};

/// One thing that happened, in its author's sequence.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Record {
    /// Who says so.
    pub author: Author,
    /// Counts the author's sequences; a new one begins by joining or by an operator's act only.
    pub epoch: u32,
    /// Place in the epoch: 1, 2, 3 … without a gap.
    pub seq: u64,
    /// Hash of the record before it in the epoch; all zero for the first.
    pub previous: Digest,
    /// When, by the author's clock.
    pub at: UnixMs,
    /// Whether that clock can be relied on.
    pub clock: ClockTrust,
    /// What.
    pub event: Event,
}

/// Who writes a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Author {
    /// A door controller or enrolment station.
    Agent(AgentId),
    /// The server, for its operators and for what it notices itself.
    Server(InstallationId),
}

/// What happened. New kinds go at the end: the place is the byte.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Event {
    /// A sequence of records begins.
    EpochBegan {
        /// Why.
        cause: EpochCause,
        /// Last acknowledged record of the epoch before, so that a reset can't hide records.
        previous: Option<Head>,
    },
    /// The agent's program started.
    AgentStarted {
        /// Its version.
        build: String,
        /// Whether it had not been stopped in order.
        was_unclean: bool,
    },
    /// The agent's program was stopped in order.
    AgentStopped,
    /// An attempt was decided. Every attempt ends in exactly one of these.
    Decision(Box<Decision>),
    /// A decision or command was recorded but never carried out: the agent restarted before it energised the strike.
    ReleaseAbandoned {
        /// Which door stayed shut.
        door: DoorId,
        /// What would have released it.
        cause: ReleaseCause,
    },
    /// The contact reports the door open.
    DoorOpened {
        /// Which door.
        door: DoorId,
        /// What had released it, unless nothing had.
        cause: Option<ReleaseCause>,
    },
    /// The contact reports the door closed.
    DoorClosed {
        /// Which door.
        door: DoorId,
        /// How long it was open, in milliseconds.
        open_ms: u64,
    },
    /// Persons who had been granted passage used it.
    Entered {
        /// Which door.
        door: DoorId,
        /// In or out.
        side: Side,
        /// Who, with the attempt each was granted.
        persons: Vec<Passage>,
    },
    /// A door was released and not opened; nobody moved.
    NotOpened {
        /// Which door.
        door: DoorId,
        /// What had released it.
        cause: ReleaseCause,
    },
    /// Somebody asked to leave by button or handle.
    ExitRequested {
        /// Which door.
        door: DoorId,
        /// Whether this system released the door for it.
        was_released: bool,
    },
    /// Something that a guard must see.
    AlarmRaised {
        /// What.
        kind: AlarmKind,
        /// Where, if at a door.
        door: Option<DoorId>,
        /// Whose card or finger was involved, if known.
        person: Option<PersonId>,
    },
    /// Its cause is gone. The alarm stays until it is acknowledged.
    AlarmCleared {
        /// What.
        kind: AlarmKind,
        /// Where.
        door: Option<DoorId>,
    },
    /// A device works, or stopped working.
    DeviceChanged {
        /// What kind of device.
        device: Device,
        /// At which door, if it belongs to one.
        door: Option<DoorId>,
        /// On which side, if it belongs to one.
        side: Option<Side>,
        /// How it is now.
        state: DeviceState,
    },
    /// The connection between agent and server came up or went down.
    LinkChanged {
        /// Whether it is up.
        is_up: bool,
        /// Whose: given when the server is the author.
        agent: Option<AgentId>,
    },
    /// The agent decides by this version when alone.
    PolicyInForce {
        /// Version of the policy.
        version: u64,
    },
    /// An operator's command was carried out or refused.
    CommandDone {
        /// Which command.
        command: CommandId,
        /// At which door.
        door: DoorId,
        /// Whether it was carried out, and why not.
        outcome: CommandOutcome,
        /// How long the door is released, in milliseconds; 0 if it is not.
        release_ms: u32,
    },
    /// A dialogue at an enrolment station ended.
    EnrolmentEnded {
        /// Which dialogue.
        enrolment: EnrolmentId,
        /// For whom.
        person: PersonId,
        /// Whether it brought what it was for.
        was_completed: bool,
    },
    /// An operator, or the command line on the server, changed or looked at something.
    Act(Act),
    /// The server found an agent's records not to be one unbroken chain.
    ChainBroken {
        /// Whose records.
        agent: AgentId,
        /// In which epoch.
        epoch: u32,
        /// At which place.
        seq: u64,
        /// How.
        fault: ChainFault,
    },
    /// An agent told the server that its journal takes records again, or no longer does.
    JournalChanged {
        /// Whose journal.
        agent: AgentId,
        /// Why it does not; none if it does.
        fault: Option<JournalFault>,
        /// Since when, by the agent's clock.
        since: UnixMs,
    },
    /// So many events of one kind, of which only their number is kept: they happened while the journal took none, and
    /// there was no more room to keep each. The record's instant is that of the first.
    Folded {
        /// Of which kind they were.
        kind: EventKind,
        /// At which door, if at one.
        door: Option<DoorId>,
        /// Which alarm they raised or cleared, if they did.
        alarm: Option<AlarmKind>,
        /// How many.
        count: u32,
        /// When the last of them happened.
        until: UnixMs,
    },
    /// How a door stood when its contact was first read after a start: nobody saw it move, so nothing is said of how it
    /// came to stand so.
    DoorFound {
        /// Which door.
        door: DoorId,
        /// Whether it stood open.
        is_open: bool,
    },
    /// An agent's keys are used by more than one machine, as far as can be told. Only the server says so.
    AgentCopied {
        /// Whose.
        agent: AgentId,
        /// Generation of the certificate by which it was noticed.
        generation: u32,
        /// What it was noticed by.
        sign: CopySign,
    },
    /// An operator changed the state that rules read.
    StateSet(StateSet),
    /// A door stands unlocked from here on. Recorded before the strike is energised.
    FreeBegan {
        /// Which door.
        door: DoorId,
        /// By which mode.
        mode: DoorMode,
    },
    /// A door stands unlocked no longer.
    FreeEnded {
        /// Which door.
        door: DoorId,
    },
    /// One of the inputs changed that are only watched, or was found active at a start. None of them releases a door or keeps
    /// one shut.
    InputChanged {
        /// Which input.
        input: InputKind,
        /// The door whose lines it is among.
        door: DoorId,
        /// Whether it says what it is named for.
        is_active: bool,
    },
    /// The agent's clock and the server's were two seconds or more apart, or what keeps its machine's own clock changed.
    ClockChanged {
        /// How far the server's was ahead, in milliseconds; 0 if they agreed.
        by_ms: i64,
        /// Whether the agent's clock was set by it. One that is trusted is never set back, nor far ahead.
        was_followed: bool,
        /// Whether time servers keep its machine's own clock, which the agent does not go by.
        ntp: NtpState,
    },
    /// What a door is wired to, as its agent is configured: said when it is not what was said before.
    DoorWired {
        /// Which door.
        door: DoorId,
        /// SHA-256 of its wiring.
        wiring: Digest,
        /// Zones that hang on its lines.
        zones: Vec<DoorZone>,
    },
    /// An installer tried a door step by step: its acceptance record. Recorded when the agent starts next.
    DoorTried(Box<Trial>),
    /// A finger that was to be enrolled is the same as one that is: it was not. Only the server says so.
    FingerInUse {
        /// In which dialogue.
        enrolment: EnrolmentId,
        /// For whom.
        person: PersonId,
        /// The finger that it is the same as.
        finger: FingerId,
        /// Whose that is; perhaps the same person's, another of theirs.
        holder: PersonId,
    },
    /// Templates of others went to a station, sealed to it, to be compared with a finger that is to be enrolled. Recorded before they are
    /// sent; only the server says so.
    FingersSent {
        /// In which dialogue.
        enrolment: EnrolmentId,
        /// For whom.
        person: PersonId,
        /// To which station.
        station: AgentId,
        /// Which fingers' they are.
        fingers: Vec<FingerId>,
        /// Whose these are, each person once.
        holders: Vec<PersonId>,
    },
}

/// How an attempt was decided, with everything the decision was made from: deciding it again must give the same.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Decision {
    /// What was asked. Its instant is that of whoever decided.
    pub attempt: Attempt,
    /// What was read of the state of doors and people.
    pub circumstances: Circumstances,
    /// What followed.
    pub verdict: Verdict,
    /// By which rules.
    pub rules_version: u16,
    /// Who decided.
    pub decided: Decided,
}

impl Decision {
    /// For how long the door is released, in milliseconds, if it is.
    pub fn release_ms(&self) -> Option<u32> {
        match self.verdict.outcome {
            Outcome::Grant { release_ms, .. } => Some(release_ms),
            Outcome::Need(_) | Outcome::Deny => None,
        }
    }
}

/// A person's passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Passage {
    /// Who.
    pub person: PersonId,
    /// By which granted attempt.
    pub attempt: AttemptId,
}

/// What released a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum ReleaseCause {
    /// A granted attempt.
    Attempt(AttemptId),
    /// An operator's command.
    Command(CommandId),
    /// A request to exit.
    ExitRequest,
    /// Nothing at that moment: the door stood unlocked.
    Free,
}

/// An operator changed the state that rules read, with a reason.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct StateSet {
    /// Who; none means the command line on the server.
    pub operator: Option<OperatorId>,
    /// What.
    pub change: StateChange,
    /// Why, in the operator's words.
    pub reason: Option<Commitment>,
}

/// A change of the state that rules read.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum StateChange {
    /// A door has a mode until then, or goes back to its schedule's.
    DoorMode {
        /// Which door.
        door: DoorId,
        /// Which mode, and until when.
        set: Option<SetMode>,
    },
    /// A threat level is in force at a place; 0 ends it there.
    ThreatLevel {
        /// Where.
        place: Place,
        /// Which.
        level: u8,
    },
    /// A person's whereabouts are forgotten.
    Forgiven {
        /// Whose.
        person: PersonId,
    },
    /// The whereabouts of everybody in an area are forgotten.
    AreaReset {
        /// Which area.
        area: AreaId,
        /// Doors and sides that lead into it.
        entrances: Vec<(DoorId, Side)>,
    },
    /// A card is locked. Rules lock by themselves; an agent gets it so from the server.
    CredentialLocked {
        /// Which.
        credential: CredentialId,
    },
    /// A card that was locked on suspicion is unlocked.
    CredentialUnlocked {
        /// Which.
        credential: CredentialId,
    },
    /// A reader that was locked on suspicion is unlocked.
    ReaderUnlocked {
        /// At which door.
        door: DoorId,
        /// On which side.
        side: Side,
    },
    /// A zone is armed or disarmed, until it is said otherwise. One of which nothing was ever said is armed.
    ZoneArmed {
        /// At which door.
        door: DoorId,
        /// Which of its zones.
        zone: DoorZone,
        /// Whether what it reports is an alarm from now on.
        is_armed: bool,
    },
}

/// A mode that an operator set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SetMode {
    /// Which.
    pub mode: DoorMode,
    /// First instant at which it is not in force.
    pub until: UnixMs,
}

/// How a door was tried by an installer, and what came of it. Who it was and what was said of a step that did not pass stand in
/// the paper that lies with the agent.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Trial {
    /// Which door.
    pub door: DoorId,
    /// SHA-256 of the wiring that it was tried on.
    pub wiring: Digest,
    /// SHA-256 of that paper.
    pub paper: Digest,
    /// When it ended.
    pub at: UnixMs,
    /// Whether that instant can be relied on.
    pub clock: ClockTrust,
    /// Every step, in order.
    pub steps: Vec<TriedStep>,
}

impl Trial {
    /// Whether everything passed.
    pub fn is_passed(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.outcome == TrialOutcome::Passed)
    }
}

/// One step of a trial.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TriedStep {
    /// What was tried.
    pub step: TrialStep,
    /// How it came out.
    pub outcome: TrialOutcome,
    /// What the device said it is, where one was asked: a sensor's parameters and versions.
    pub device: Option<String>,
}

crate::words! {
    /// What is tried at a door.
    pub enum TrialStep {
        /// The contact says closed at the beginning.
        ContactRests = "contact_rests",
        /// The exit button says let go at the beginning.
        RexRests = "rex_rests",
        /// The housing says closed at the beginning.
        TamperRests = "tamper_rests",
        /// The strike is energised and heard.
        Strike = "strike",
        /// The released door opens.
        Opens = "opens",
        /// It falls shut.
        Shuts = "shuts",
        /// With the strike at rest it stays shut.
        Holds = "holds",
        /// The contact says open.
        ContactActs = "contact_acts",
        /// And closed again.
        ContactEnds = "contact_ends",
        /// The exit button says pressed.
        RexActs = "rex_acts",
        /// And let go.
        RexEnds = "rex_ends",
        /// The housing says opened.
        TamperActs = "tamper_acts",
        /// And closed again.
        TamperEnds = "tamper_ends",
        /// The green light.
        LightGreen = "light_green",
        /// The red light.
        LightRed = "light_red",
        /// The blue light.
        LightBlue = "light_blue",
        /// The amber light.
        LightAmber = "light_amber",
        /// No light.
        LightOff = "light_off",
        /// The sounder.
        Sound = "sound",
        /// A card at the outer reader.
        CardIn = "card_in",
        /// A card at the inner reader.
        CardOut = "card_out",
        /// A finger at the outer sensor.
        FingerIn = "finger_in",
        /// A finger at the inner sensor.
        FingerOut = "finger_out",
        /// Digits at the outer keypad.
        KeypadIn = "keypad_in",
        /// Digits at the inner keypad.
        KeypadOut = "keypad_out",
    }
}

crate::words! {
    /// How a step of a trial came out.
    pub enum TrialOutcome {
        /// As it must be.
        Passed = "passed",
        /// Not so.
        Failed = "failed",
        /// The installer left it out.
        Skipped = "skipped",
    }
}

crate::words! {
    /// Who decided.
    pub enum Decided {
        /// The server.
        Online = "online",
        /// The agent alone.
        Offline = "offline",
    }
}

crate::words! {
    /// Why a sequence of records begins.
    pub enum EpochCause {
        /// The agent joined.
        Joined = "joined",
        /// An operator told it to begin anew.
        OperatorReset = "operator_reset",
    }
}

crate::words! {
    /// Whether a command was carried out.
    pub enum CommandOutcome {
        /// Yes.
        CarriedOut = "carried_out",
        /// It came after its time.
        Expired = "expired",
        /// It was carried out before.
        Repeated = "repeated",
        /// This agent has no such door.
        UnknownDoor = "unknown_door",
        /// This agent can't do that.
        NotSupported = "not_supported",
        /// It could not be recorded.
        NotRecorded = "not_recorded",
        /// The door could not be driven.
        DoorFault = "door_fault",
        /// Another door of the airlock is not closed and locked.
        Interlock = "interlock",
    }
}

/// An operator's act.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Act {
    /// Who; none means the command line on the server, or the server itself at first start.
    pub operator: Option<OperatorId>,
    /// What.
    pub kind: ActKind,
    /// On what.
    pub subject: Option<Subject>,
    /// How it was before, where that can be said.
    pub before: Option<Commitment>,
    /// How it is after.
    pub after: Option<Commitment>,
    /// Why, in the operator's words.
    pub reason: Option<Commitment>,
}

/// What an act is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Subject {
    /// Kind of thing.
    pub kind: SubjectKind,
    /// Which one.
    pub id: Uuid,
}

crate::words! {
    /// Kinds of things that operators act on.
    pub enum SubjectKind {
        /// A tenant.
        Tenant = "tenant",
        /// An operator.
        Operator = "operator",
        /// A card holder.
        Person = "person",
        /// A card.
        Credential = "credential",
        /// An enrolled finger.
        Finger = "finger",
        /// An access level.
        AccessLevel = "access_level",
        /// A schedule.
        Schedule = "schedule",
        /// A grant.
        Grant = "grant",
        /// A block.
        Block = "block",
        /// A site.
        Site = "site",
        /// An area.
        Area = "area",
        /// A door.
        Door = "door",
        /// An agent.
        Agent = "agent",
        /// An alarm.
        Alarm = "alarm",
        /// A command.
        Command = "command",
        /// An enrolment.
        Enrolment = "enrolment",
        /// A group.
        Group = "group",
        /// A calendar.
        Calendar = "calendar",
        /// An airlock.
        Interlock = "interlock",
        /// A threat level's description.
        ThreatLevel = "threat_level",
        /// A tenant's choices for all doors.
        TenantRules = "tenant_rules",
        /// A travel time.
        TravelTime = "travel_time",
        /// A person's PIN; its id is the person's.
        Pin = "pin",
    }
}

crate::words! {
    /// What operators do.
    pub enum ActKind {
        /// Made something.
        Created = "created",
        /// Changed something.
        Changed = "changed",
        /// Removed something.
        Deleted = "deleted",
        /// Signed in.
        SignedIn = "signed_in",
        /// Failed to sign in.
        SignInFailed = "sign_in_failed",
        /// Signed out.
        SignedOut = "signed_out",
        /// Finished the set-up of an own account.
        SetUp = "set_up",
        /// Let another set a new second factor.
        TotpReset = "totp_reset",
        /// Changed a password.
        PasswordChanged = "password_changed",
        /// Put out of use.
        Disabled = "disabled",
        /// Put back to use.
        Enabled = "enabled",
        /// Looked at personal data.
        Viewed = "viewed",
        /// Withdrew what had been given.
        Revoked = "revoked",
        /// Acknowledged an alarm.
        Acknowledged = "acknowledged",
        /// Released a door for a moment.
        DoorReleased = "door_released",
        /// Issued a token to join.
        JoinTokenIssued = "join_token_issued",
        /// An agent joined with it.
        Joined = "joined",
        /// Recorded a legal basis.
        LegalBasisRecorded = "legal_basis_recorded",
        /// Withdrew a legal basis.
        LegalBasisWithdrawn = "legal_basis_withdrawn",
        /// Started an enrolment.
        EnrolmentStarted = "enrolment_started",
        /// Issued a new link for an account to be set up by.
        SetupLinkIssued = "setup_link_issued",
        /// Stopped an enrolment.
        EnrolmentStopped = "enrolment_stopped",
        /// Voided another's password and second factor and invited them anew.
        FactorsReset = "factors_reset",
        /// Put a machine out of use, for another to take its place.
        Replaced = "replaced",
        /// Stated that machines which are out of use were taken away or destroyed.
        TakenAway = "taken_away",
    }
}

/// Stands for personal content that is kept elsewhere and can be erased: SHA-256 over a fresh random value and it.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Commitment(pub [u8; 32]);

impl Commitment {
    /// Commits to `content` with 32 fresh random bytes.
    pub fn to(random: &[u8; 32], content: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"pforte commitment 1");
        hasher.update(random);
        hasher.update(content);
        Self(hasher.finalize().into())
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Commitment(")?;
        write_hex(f, &self.0)?;
        f.write_str(")")
    }
}

crate::words! {
    /// The kind of an [`Event`], as tables and filters know it.
    pub enum EventKind {
        /// See [`Event::EpochBegan`].
        EpochBegan = "epoch_began",
        /// See [`Event::AgentStarted`].
        AgentStarted = "agent_started",
        /// See [`Event::AgentStopped`].
        AgentStopped = "agent_stopped",
        /// See [`Event::Decision`].
        Decision = "decision",
        /// See [`Event::ReleaseAbandoned`].
        ReleaseAbandoned = "release_abandoned",
        /// See [`Event::DoorOpened`].
        DoorOpened = "door_opened",
        /// See [`Event::DoorClosed`].
        DoorClosed = "door_closed",
        /// See [`Event::Entered`].
        Entered = "entered",
        /// See [`Event::NotOpened`].
        NotOpened = "not_opened",
        /// See [`Event::ExitRequested`].
        ExitRequested = "exit_requested",
        /// See [`Event::AlarmRaised`].
        AlarmRaised = "alarm_raised",
        /// See [`Event::AlarmCleared`].
        AlarmCleared = "alarm_cleared",
        /// See [`Event::DeviceChanged`].
        DeviceChanged = "device_changed",
        /// See [`Event::LinkChanged`].
        LinkChanged = "link_changed",
        /// See [`Event::PolicyInForce`].
        PolicyInForce = "policy_in_force",
        /// See [`Event::CommandDone`].
        CommandDone = "command_done",
        /// See [`Event::EnrolmentEnded`].
        EnrolmentEnded = "enrolment_ended",
        /// See [`Event::Act`].
        Act = "act",
        /// See [`Event::ChainBroken`].
        ChainBroken = "chain_broken",
        /// See [`Event::JournalChanged`].
        JournalChanged = "journal_changed",
        /// See [`Event::Folded`].
        Folded = "folded",
        /// See [`Event::DoorFound`].
        DoorFound = "door_found",
        /// See [`Event::AgentCopied`].
        AgentCopied = "agent_copied",
        /// See [`Event::StateSet`].
        StateSet = "state_set",
        /// See [`Event::FreeBegan`].
        FreeBegan = "free_began",
        /// See [`Event::FreeEnded`].
        FreeEnded = "free_ended",
        /// See [`Event::InputChanged`].
        InputChanged = "input_changed",
        /// See [`Event::ClockChanged`].
        ClockChanged = "clock_changed",
        /// See [`Event::DoorWired`].
        DoorWired = "door_wired",
        /// See [`Event::DoorTried`].
        DoorTried = "door_tried",
        /// See [`Event::FingerInUse`].
        FingerInUse = "finger_in_use",
        /// See [`Event::FingersSent`].
        FingersSent = "fingers_sent",
    }
}

impl Record {
    /// Whether its author may say such a thing: an agent tells what happens at its doors, and nothing in an operator's or the
    /// server's name.
    pub fn is_its_authors_to_say(&self) -> bool {
        match self.author {
            Author::Agent(_) => self.event.is_of_agent(),
            Author::Server(_) => true,
        }
    }
}

impl Event {
    /// Whether an agent may say so.
    pub fn is_of_agent(&self) -> bool {
        match self {
            Self::EpochBegan { .. }
            | Self::AgentStarted { .. }
            | Self::AgentStopped
            | Self::Decision(_)
            | Self::ReleaseAbandoned { .. }
            | Self::DoorOpened { .. }
            | Self::DoorClosed { .. }
            | Self::Entered { .. }
            | Self::NotOpened { .. }
            | Self::ExitRequested { .. }
            | Self::DeviceChanged { .. }
            | Self::PolicyInForce { .. }
            | Self::CommandDone { .. }
            | Self::EnrolmentEnded { .. }
            | Self::DoorFound { .. }
            | Self::FreeBegan { .. }
            | Self::FreeEnded { .. }
            | Self::InputChanged { .. }
            | Self::ClockChanged { .. }
            | Self::DoorWired { .. }
            | Self::DoorTried(_) => true,
            Self::AlarmRaised { kind, .. } | Self::AlarmCleared { kind, .. } => !kind.is_of_server(),
            Self::Folded { alarm, .. } => !alarm.is_some_and(AlarmKind::is_of_server),
            // Its own link; whose, the server says.
            Self::LinkChanged { agent, .. } => agent.is_none(),
            Self::Act(_)
            | Self::ChainBroken { .. }
            | Self::JournalChanged { .. }
            | Self::AgentCopied { .. }
            | Self::StateSet(_)
            | Self::FingerInUse { .. }
            | Self::FingersSent { .. } => false,
        }
    }

    /// Its kind.
    pub fn kind(&self) -> EventKind {
        match self {
            Self::EpochBegan { .. } => EventKind::EpochBegan,
            Self::AgentStarted { .. } => EventKind::AgentStarted,
            Self::AgentStopped => EventKind::AgentStopped,
            Self::Decision(_) => EventKind::Decision,
            Self::ReleaseAbandoned { .. } => EventKind::ReleaseAbandoned,
            Self::DoorOpened { .. } => EventKind::DoorOpened,
            Self::DoorClosed { .. } => EventKind::DoorClosed,
            Self::Entered { .. } => EventKind::Entered,
            Self::NotOpened { .. } => EventKind::NotOpened,
            Self::ExitRequested { .. } => EventKind::ExitRequested,
            Self::AlarmRaised { .. } => EventKind::AlarmRaised,
            Self::AlarmCleared { .. } => EventKind::AlarmCleared,
            Self::DeviceChanged { .. } => EventKind::DeviceChanged,
            Self::LinkChanged { .. } => EventKind::LinkChanged,
            Self::PolicyInForce { .. } => EventKind::PolicyInForce,
            Self::CommandDone { .. } => EventKind::CommandDone,
            Self::EnrolmentEnded { .. } => EventKind::EnrolmentEnded,
            Self::Act(_) => EventKind::Act,
            Self::ChainBroken { .. } => EventKind::ChainBroken,
            Self::JournalChanged { .. } => EventKind::JournalChanged,
            Self::Folded { .. } => EventKind::Folded,
            Self::DoorFound { .. } => EventKind::DoorFound,
            Self::AgentCopied { .. } => EventKind::AgentCopied,
            Self::StateSet(_) => EventKind::StateSet,
            Self::FreeBegan { .. } => EventKind::FreeBegan,
            Self::FreeEnded { .. } => EventKind::FreeEnded,
            Self::InputChanged { .. } => EventKind::InputChanged,
            Self::ClockChanged { .. } => EventKind::ClockChanged,
            Self::DoorWired { .. } => EventKind::DoorWired,
            Self::DoorTried(_) => EventKind::DoorTried,
            Self::FingerInUse { .. } => EventKind::FingerInUse,
            Self::FingersSent { .. } => EventKind::FingersSent,
        }
    }

    /// The door it happened at, if at one.
    pub fn door(&self) -> Option<DoorId> {
        match self {
            Self::Decision(decision) => Some(decision.attempt.door),
            Self::DoorTried(trial) => Some(trial.door),
            Self::ReleaseAbandoned { door, .. }
            | Self::DoorOpened { door, .. }
            | Self::DoorClosed { door, .. }
            | Self::Entered { door, .. }
            | Self::NotOpened { door, .. }
            | Self::ExitRequested { door, .. }
            | Self::CommandDone { door, .. }
            | Self::DoorFound { door, .. }
            | Self::FreeBegan { door, .. }
            | Self::FreeEnded { door }
            | Self::InputChanged { door, .. }
            | Self::DoorWired { door, .. } => Some(*door),
            Self::AlarmRaised { door, .. }
            | Self::AlarmCleared { door, .. }
            | Self::DeviceChanged { door, .. }
            | Self::Folded { door, .. } => *door,
            Self::StateSet(set) => match &set.change {
                StateChange::DoorMode { door, .. }
                | StateChange::ReaderUnlocked { door, .. }
                | StateChange::ZoneArmed { door, .. } => Some(*door),
                StateChange::ThreatLevel { .. }
                | StateChange::Forgiven { .. }
                | StateChange::AreaReset { .. }
                | StateChange::CredentialLocked { .. }
                | StateChange::CredentialUnlocked { .. } => None,
            },
            Self::EpochBegan { .. }
            | Self::AgentStarted { .. }
            | Self::AgentStopped
            | Self::LinkChanged { .. }
            | Self::PolicyInForce { .. }
            | Self::EnrolmentEnded { .. }
            | Self::Act(_)
            | Self::ChainBroken { .. }
            | Self::JournalChanged { .. }
            | Self::AgentCopied { .. }
            | Self::ClockChanged { .. }
            | Self::FingerInUse { .. }
            | Self::FingersSent { .. } => None,
        }
    }
}
