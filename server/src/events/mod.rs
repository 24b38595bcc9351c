//! What happened, as staff read it: the log searched and paged by position, one event whole, and the live feed.

use access_core::attempt::ClockTrust;
use access_core::chain::SignedRecord;
use access_core::event::{Act, Author, Decision, Event, ReleaseCause, StateChange, StateSet, Trial};
use access_core::policy::Place;
use access_core::word::Word;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::words;

pub mod feed;
pub mod routes;
pub mod store;
#[cfg(test)]
mod tests;

access_core::words! {
    /// Whose record an event is.
    pub enum EventAuthor {
        /// An agent's.
        Agent = "agent",
        /// The server's own.
        Server = "server",
    }
}

access_core::words! {
    /// How a decision ended.
    pub enum Outcome {
        /// The door was released.
        Granted = "granted",
        /// It was not.
        Refused = "refused",
    }
}

crate::describe_words!(EventAuthor, Outcome);

/// One event of the log. What does not apply is null. People are pseudonyms; names come from the vault.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct LogEvent {
    /// Place in the tenant's one order, without gaps.
    pub position: i64,
    /// When, by the author's clock.
    pub at: DateTime<Utc>,
    /// When the server wrote it down.
    pub received_at: DateTime<Utc>,
    /// `agent` or `server`.
    #[schema(value_type = EventAuthor)]
    pub author: &'static str,
    /// Whose record, or whom it concerns.
    pub agent_id: Option<Uuid>,
    /// The author's sequence.
    pub epoch: u32,
    /// Place in it.
    pub seq: u64,
    /// What kind of event.
    #[schema(value_type = words::EventKind)]
    pub kind: String,
    /// Where.
    pub door_id: Option<Uuid>,
    /// `in` or `out`.
    #[schema(value_type = Option<words::Side>)]
    pub side: Option<&'static str>,
    /// Who.
    pub person_id: Option<Uuid>,
    /// By which card.
    pub credential_id: Option<Uuid>,
    /// `granted` or `refused`.
    #[schema(value_type = Option<Outcome>)]
    pub outcome: Option<&'static str>,
    /// Why.
    #[schema(value_type = Option<words::Reason>)]
    pub reason: Option<&'static str>,
    /// The rule that settled it: the one that objected or asked.
    #[schema(value_type = Option<words::Rule>)]
    pub rule: Option<&'static str>,
    /// `online` or `offline`.
    #[schema(value_type = Option<words::Decided>)]
    pub decided: Option<&'static str>,
    /// What the sensor said.
    #[schema(value_type = Option<words::FactorResult>)]
    pub finger: Option<&'static str>,
    /// What the keypad said.
    #[schema(value_type = Option<words::FactorResult>)]
    pub pin: Option<&'static str>,
    /// How sure it is that it was this card.
    #[schema(value_type = Option<words::Assurance>)]
    pub assurance: Option<&'static str>,
    /// How long the door was released, in milliseconds.
    pub release_ms: Option<u32>,
    /// Version of the policy that was asked or came into force.
    pub policy_version: Option<u64>,
    /// The alarm that this is.
    #[schema(value_type = Option<words::AlarmKind>)]
    pub alarm: Option<&'static str>,
    /// Alarms that a decision raised.
    #[schema(value_type = Vec<words::AlarmKind>)]
    pub alarms: Vec<&'static str>,
    /// One presentation of a card, from card to passage.
    pub attempt_id: Option<Uuid>,
    /// Everybody who passed.
    pub persons: Vec<Uuid>,
    /// Device that changed.
    #[schema(value_type = Option<words::Device>)]
    pub device: Option<&'static str>,
    /// How it is now.
    #[schema(value_type = Option<words::DeviceState>)]
    pub device_state: Option<&'static str>,
    /// Input that changed.
    #[schema(value_type = Option<words::InputKind>)]
    pub input: Option<&'static str>,
    /// Whether it says what it is named for.
    pub is_active: Option<bool>,
    /// Whether a link came up, a journal works, or a door was released for a request to exit.
    pub is_up: Option<bool>,
    /// Whether a door was found open when its contact was first read.
    pub is_open: Option<bool>,
    /// How long a door stood open, in milliseconds.
    pub open_ms: Option<u64>,
    /// Whose act it is, or by whose command it happened; none means neither, or the command line on the server.
    pub operator_id: Option<Uuid>,
    /// Operator's command.
    pub command_id: Option<Uuid>,
    /// What became of it.
    #[schema(value_type = Option<words::CommandOutcome>)]
    pub command_outcome: Option<&'static str>,
    /// An operator's act.
    pub act: Option<ActView>,
    /// Mode by which a door stands unlocked.
    #[schema(value_type = Option<words::DoorMode>)]
    pub mode: Option<&'static str>,
    /// What an operator set of the state that rules read.
    pub state_set: Option<StateSetView>,
    /// How a chain of records is broken.
    #[schema(value_type = Option<words::ChainFault>)]
    pub chain_fault: Option<&'static str>,
    /// Why an agent's journal takes no records.
    #[schema(value_type = Option<words::JournalFault>)]
    pub journal_fault: Option<&'static str>,
    /// How many events of one kind this stands for, where only their number was kept.
    pub count: Option<u32>,
    /// Of which kind they were.
    #[schema(value_type = Option<words::EventKind>)]
    pub folded_kind: Option<&'static str>,
    /// When the last of them happened.
    pub until: Option<DateTime<Utc>>,
    /// Whether an enrolment station read what it was asked for.
    pub was_completed: Option<bool>,
    /// Whose the finger is already that was to be enrolled for a person: perhaps the same person's, another of theirs.
    pub holder_id: Option<Uuid>,
    /// Whose fingers' templates went to a station, each person once.
    pub holder_ids: Option<Vec<Uuid>>,
    /// What tells a copied agent.
    #[schema(value_type = Option<words::CopySign>)]
    pub copy_sign: Option<&'static str>,
    /// How far the server's clock was ahead of the agent's, in milliseconds.
    pub clock_ahead_ms: Option<i64>,
    /// Whether the agent's clock was set by the server's.
    pub clock_was_set: Option<bool>,
    /// Whether time servers keep the clock of the agent's machine.
    #[schema(value_type = Option<words::NtpState>)]
    pub ntp: Option<&'static str>,
    /// SHA-256 of the record, hexadecimal: the next one of its author holds it.
    pub hash: String,
    /// Of `door_wired` and `door_tried`: SHA-256 of the door's wiring, in hexadecimal.
    pub wiring: Option<String>,
    /// How an installer tried the door.
    pub trial: Option<TrialView>,
}

/// What an operator did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActView {
    /// Who; none means the command line on the server, or somebody unknown.
    pub operator_id: Option<Uuid>,
    /// What.
    #[schema(value_type = words::ActKind)]
    pub kind: &'static str,
    /// To what kind of thing.
    #[schema(value_type = Option<words::SubjectKind>)]
    pub subject_kind: Option<&'static str>,
    /// To which.
    pub subject_id: Option<Uuid>,
}

access_core::words! {
    /// What an operator set of the state that rules read.
    pub enum StateSetKind {
        /// A door's mode.
        DoorMode = "door_mode",
        /// A threat level.
        ThreatLevel = "threat_level",
        /// A person's whereabouts are forgotten.
        Forgiven = "forgiven",
        /// The whereabouts of everybody in an area are forgotten.
        AreaReset = "area_reset",
        /// A card is locked.
        CredentialLocked = "credential_locked",
        /// A card is unlocked.
        CredentialUnlocked = "credential_unlocked",
        /// A reader is unlocked.
        ReaderUnlocked = "reader_unlocked",
        /// A zone is armed.
        ZoneArmed = "zone_armed",
        /// A zone is disarmed.
        ZoneDisarmed = "zone_disarmed",
    }
}

crate::describe_words!(StateSetKind);

/// What an operator set of the state that rules read. What does not apply is null.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct StateSetView {
    /// Who; none means the command line on the server.
    pub operator_id: Option<Uuid>,
    /// What.
    #[schema(value_type = StateSetKind)]
    pub what: &'static str,
    /// Mode of a door; none: back to its schedule's.
    #[schema(value_type = Option<words::DoorMode>)]
    pub mode: Option<&'static str>,
    /// End of the mode.
    pub until: Option<DateTime<Utc>>,
    /// Threat level; 0 is the normal one.
    pub level: Option<u8>,
    /// At this site; without site, area and door: everywhere.
    pub site_id: Option<Uuid>,
    /// At this area.
    pub area_id: Option<Uuid>,
    /// At this door.
    pub door_id: Option<Uuid>,
    /// Whose whereabouts.
    pub person_id: Option<Uuid>,
    /// Which card.
    pub credential_id: Option<Uuid>,
    /// Which reader of the event's door.
    #[schema(value_type = Option<words::Side>)]
    pub side: Option<&'static str>,
    /// Which zone of the event's door.
    #[schema(value_type = Option<words::DoorZone>)]
    pub zone: Option<&'static str>,
}

/// One event with what stands behind its commitments.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LogEventDetail {
    /// The event.
    #[serde(flatten)]
    pub event: LogEvent,
    /// What an act changed and why, where it was not erased; for administrators.
    pub content: Option<Content>,
    /// The momentary release that this event is a part of, from the act to what the door did.
    pub release: Option<Release>,
}

/// An operator's momentary release of a door, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Release {
    /// Which command.
    pub command_id: Uuid,
    /// Who released it.
    pub operator_id: Uuid,
    /// Which door.
    pub door_id: Uuid,
    /// When.
    pub sent_at: DateTime<Utc>,
    /// Why, where it was not erased; for administrators and for whoever gave it.
    pub reason: Option<String>,
    /// What the door answered; none: nothing so far.
    #[schema(value_type = Option<words::CommandOutcome>)]
    pub outcome: Option<&'static str>,
    /// When the door answered, by its agent's clock.
    pub answered_at: Option<DateTime<Utc>>,
    /// How long it was released, in milliseconds.
    pub release_ms: Option<u32>,
    /// Whether it was opened then; none: not known so far, or it has no contact.
    pub was_opened: Option<bool>,
    /// Place in the log of the operator's act.
    pub act_position: Option<i64>,
    /// Place in the log of the door's answer.
    pub answer_position: Option<i64>,
}

/// What stands behind an act's commitments.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Content {
    /// How it was.
    pub before: Option<String>,
    /// How it is after.
    pub after: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Who stands behind an event, as the log found out when it took it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Behind {
    /// Whose act or command.
    pub operator_id: Option<Uuid>,
    /// Which command.
    pub command_id: Option<Uuid>,
}

/// How an installer tried a door, step by step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrialView {
    /// When it ended, by the agent's clock.
    pub at: DateTime<Utc>,
    /// Whether that clock had been told the time.
    pub is_time_told: bool,
    /// Whether every step passed.
    pub is_passed: bool,
    /// Every step, in order.
    pub steps: Vec<TriedStepView>,
    /// SHA-256 of the acceptance record that lies with the agent, in hexadecimal: the text above its signature.
    pub paper: String,
}

/// One step of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TriedStepView {
    /// What was tried.
    #[schema(value_type = words::TrialStep)]
    pub step: &'static str,
    /// How it came out.
    #[schema(value_type = words::TrialOutcome)]
    pub outcome: &'static str,
    /// What the device said it is, where one was asked.
    pub device: Option<String>,
}

impl TrialView {
    fn of(trial: &Trial) -> Self {
        let steps = trial.steps.iter().map(|tried| TriedStepView {
            step: tried.step.as_str(),
            outcome: tried.outcome.as_str(),
            device: tried.device.clone(),
        });
        Self {
            at: crate::clock::from_unix_ms(trial.at),
            is_time_told: trial.clock == ClockTrust::Trusted,
            is_passed: trial.is_passed(),
            steps: steps.collect(),
            paper: trial.paper.to_string(),
        }
    }
}

impl Outcome {
    /// How a decision ended.
    pub fn of(decision: &Decision) -> Self {
        if decision.verdict.is_grant() { Self::Granted } else { Self::Refused }
    }
}

fn word<W: Word>(word: W) -> Option<&'static str> {
    Some(word.as_str())
}

impl LogEvent {
    /// An event as it lies in the log.
    pub fn read(
        position: i64,
        received_at: DateTime<Utc>,
        record: Vec<u8>,
        signature: Vec<u8>,
        behind: Behind,
    ) -> anyhow::Result<Self> {
        let signature = signature.try_into().map_err(|_| anyhow::anyhow!("event {position} has no signature"))?;
        let signed = SignedRecord { bytes: record, signature };
        let record = signed.read()?;
        let (author, agent_id) = match record.author {
            Author::Agent(agent) => (EventAuthor::Agent, Some(agent.as_uuid())),
            Author::Server(_) => (EventAuthor::Server, None),
        };
        let mut view = Self {
            position,
            at: crate::clock::from_unix_ms(record.at),
            received_at,
            author: author.as_str(),
            agent_id,
            epoch: record.epoch,
            seq: record.seq,
            kind: record.event.kind().to_string(),
            door_id: record.event.door().map(Into::into),
            hash: signed.hash().to_string(),
            operator_id: behind.operator_id,
            command_id: behind.command_id,
            ..Self::default()
        };
        // What its author may not say is shown as what it is, a record of that kind, and says nothing.
        if record.is_its_authors_to_say() {
            view.take(record.event);
        }
        Ok(view)
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Decision(decision) => self.take_decision(*decision),
            Event::Act(act) => {
                self.operator_id = act.operator.map(Into::into);
                self.act = Some(ActView::of(&act));
            }
            Event::Entered { side, persons, .. } => {
                self.side = word(side);
                self.person_id = persons.first().map(|passage| passage.person.into());
                self.attempt_id = persons.first().map(|passage| passage.attempt.into());
                self.persons = persons.iter().map(|passage| passage.person.into()).collect();
            }
            Event::DoorClosed { open_ms, .. } => self.open_ms = Some(open_ms),
            Event::DoorFound { is_open, .. } => self.is_open = Some(is_open),
            Event::ExitRequested { was_released, .. } => self.is_up = Some(was_released),
            Event::AlarmRaised { kind, person, .. } => {
                self.alarm = word(kind);
                self.person_id = person.map(Into::into);
            }
            Event::AlarmCleared { kind, .. } => self.alarm = word(kind),
            Event::DeviceChanged { device, side, state, .. } => {
                self.device = word(device);
                self.device_state = word(state);
                self.side = side.and_then(word);
            }
            Event::LinkChanged { is_up, agent } => {
                self.is_up = Some(is_up);
                self.agent_id = agent.map(Into::into).or(self.agent_id);
            }
            Event::PolicyInForce { version } => self.policy_version = Some(version),
            Event::CommandDone { command, outcome, release_ms, .. } => {
                self.command_id = Some(command.into());
                self.command_outcome = word(outcome);
                self.release_ms = Some(release_ms).filter(|ms| *ms > 0);
            }
            Event::EnrolmentEnded { person, was_completed, .. } => {
                self.person_id = Some(person.into());
                self.was_completed = Some(was_completed);
            }
            Event::FingerInUse { person, holder, .. } => {
                self.person_id = Some(person.into());
                self.holder_id = Some(holder.into());
            }
            Event::FingersSent { person, station, fingers, holders, .. } => {
                self.holder_ids = Some(holders.into_iter().map(Into::into).collect());
                self.person_id = Some(person.into());
                self.agent_id = Some(station.into());
                self.count = u32::try_from(fingers.len()).ok();
            }
            Event::ChainBroken { agent, fault, .. } => {
                self.agent_id = Some(agent.into());
                self.chain_fault = word(fault);
            }
            Event::JournalChanged { agent, fault, .. } => {
                self.agent_id = Some(agent.into());
                self.journal_fault = fault.and_then(word);
                self.is_up = Some(fault.is_none());
            }
            Event::Folded { kind, alarm, count, until, .. } => {
                self.folded_kind = word(kind);
                self.alarm = alarm.and_then(word);
                self.count = Some(count);
                self.until = Some(crate::clock::from_unix_ms(until));
            }
            Event::StateSet(set) => {
                self.operator_id = set.operator.map(Into::into);
                self.state_set = Some(StateSetView::of(&set));
            }
            Event::FreeBegan { mode, .. } => self.mode = word(mode),
            Event::InputChanged { input, is_active, .. } => {
                self.input = word(input);
                self.is_active = Some(is_active);
            }
            Event::AgentCopied { agent, sign, .. } => {
                self.agent_id = Some(agent.into());
                self.copy_sign = word(sign);
            }
            Event::ClockChanged { by_ms, was_followed, ntp } => {
                self.clock_ahead_ms = Some(by_ms);
                self.clock_was_set = Some(was_followed);
                self.ntp = word(ntp);
            }
            Event::DoorWired { wiring, .. } => self.wiring = Some(wiring.to_string()),
            Event::DoorTried(trial) => {
                self.wiring = Some(trial.wiring.to_string());
                self.trial = Some(TrialView::of(&trial));
            }
            Event::EpochBegan { .. }
            | Event::AgentStarted { .. }
            | Event::AgentStopped
            | Event::FreeEnded { .. }
            | Event::DoorOpened { cause: None, .. } => {}
            Event::ReleaseAbandoned { cause, .. }
            | Event::NotOpened { cause, .. }
            | Event::DoorOpened { cause: Some(cause), .. } => self.take_cause(cause),
        }
    }

    fn take_cause(&mut self, cause: ReleaseCause) {
        match cause {
            ReleaseCause::Attempt(attempt) => self.attempt_id = Some(attempt.into()),
            ReleaseCause::Command(command) => self.command_id = Some(command.into()),
            ReleaseCause::ExitRequest | ReleaseCause::Free => {}
        }
    }

    fn take_decision(&mut self, decision: Decision) {
        let release_ms = decision.release_ms();
        let outcome = Outcome::of(&decision);
        let Decision { attempt, verdict, decided, .. } = decision;
        self.side = word(attempt.side);
        self.person_id = verdict.person.map(Into::into);
        self.credential_id = verdict.credential.map(Into::into);
        self.outcome = word(outcome);
        self.reason = word(verdict.reason);
        self.rule = verdict.rule.and_then(word);
        self.decided = word(decided);
        self.finger = attempt.finger.and_then(word);
        self.pin = attempt.pin.and_then(word);
        self.assurance = word(attempt.assurance);
        self.release_ms = release_ms;
        self.policy_version = Some(verdict.policy_version);
        self.alarms = verdict.alarms.iter().map(|alarm| alarm.as_str()).collect();
        self.attempt_id = Some(attempt.id.into());
    }
}

impl StateSetView {
    fn of(set: &StateSet) -> Self {
        let mut view = Self { operator_id: set.operator.map(Into::into), ..Self::default() };
        match &set.change {
            StateChange::DoorMode { set, .. } => {
                view.what = StateSetKind::DoorMode.as_str();
                view.mode = set.and_then(|set| word(set.mode));
                view.until = set.map(|set| crate::clock::from_unix_ms(set.until));
            }
            StateChange::ThreatLevel { place, level } => {
                view.what = StateSetKind::ThreatLevel.as_str();
                view.level = Some(*level);
                match place {
                    Place::Tenant => {}
                    Place::Site(site) => view.site_id = Some((*site).into()),
                    Place::Area(area) => view.area_id = Some((*area).into()),
                    Place::Door(door) => view.door_id = Some((*door).into()),
                }
            }
            StateChange::Forgiven { person } => {
                view.what = StateSetKind::Forgiven.as_str();
                view.person_id = Some((*person).into());
            }
            StateChange::AreaReset { area, .. } => {
                view.what = StateSetKind::AreaReset.as_str();
                view.area_id = Some((*area).into());
            }
            StateChange::CredentialLocked { credential } => {
                view.what = StateSetKind::CredentialLocked.as_str();
                view.credential_id = Some((*credential).into());
            }
            StateChange::CredentialUnlocked { credential } => {
                view.what = StateSetKind::CredentialUnlocked.as_str();
                view.credential_id = Some((*credential).into());
            }
            StateChange::ReaderUnlocked { side, .. } => {
                view.what = StateSetKind::ReaderUnlocked.as_str();
                view.side = word(*side);
            }
            StateChange::ZoneArmed { zone, is_armed, .. } => {
                let kind = if *is_armed { StateSetKind::ZoneArmed } else { StateSetKind::ZoneDisarmed };
                view.what = kind.as_str();
                view.zone = word(*zone);
            }
        }
        view
    }
}

impl ActView {
    fn of(act: &Act) -> Self {
        Self {
            operator_id: act.operator.map(Into::into),
            kind: act.kind.as_str(),
            subject_kind: act.subject.and_then(|subject| word(subject.kind)),
            subject_id: act.subject.map(|subject| subject.id),
        }
    }
}
