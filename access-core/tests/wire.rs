//! Every released version's bytes are frozen under `tests/wire/`. A change here breaks agents in the field: append new
//! kinds at the end instead. `PFORTE_FREEZE=1 cargo test -p access-core --test wire` writes files that are missing.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use std::path::PathBuf;

use access_core::canonical;
use access_core::chain::{Digest, Head, SignedRecord};
use access_core::decide::{Assurance, Attempt, ClockTrust, Factor, FingerResult, Outcome, Reason, SettledBy, Verdict};
use access_core::event::{
    Act, ActKind, AlarmKind, Author, ChainFault, CommandOutcome, Commitment, CopySign, Decided, Decision, Device,
    DeviceState, EpochCause, Event, EventKind, JournalFault, Passage, Record, ReleaseCause, Subject, SubjectKind,
};
use access_core::policy::{
    AccessLevel, Block, BlockSubject, CardToken, CredentialRule, CredentialState, DoorRule, Exit, FactorDemand, Grant,
    LevelLine, PersonRule, PolicyRows, PolicyScope, Schedule, Side, Sides, SiteRule, Window,
};
use access_core::protocol::{
    AgentKind, Bundle, CaptureFault, Command, CommandKind, DoorMode, EnrolmentFault, EnrolmentOrder, EnrolmentStep,
    EnrolmentWant, FromAgent, FromServer, Hello, InstallationMode, Refusal, SealedTemplate, SecretBytes, SignedBundle,
};
use access_core::time::{Period, UnixMs, Zone, ZoneOffset};
use borsh::{BorshDeserialize, BorshSerialize};
use uuid::Uuid;

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

fn check<T: BorshSerialize + BorshDeserialize + PartialEq + std::fmt::Debug>(name: &str, value: &T) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire").join(format!("v1_{name}.hex"));
    let bytes = canonical::encode(value);
    if std::env::var_os("PFORTE_FREEZE").is_some() && !path.exists() {
        std::fs::write(&path, format!("{}\n", hex::encode(&bytes))).unwrap();
    }
    let frozen = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(hex::encode(&bytes), frozen.trim(), "the bytes of {name} have changed");
    assert_eq!(&canonical::decode::<T>("frozen value", &bytes).unwrap(), value, "{name}");
}

fn head() -> Head {
    Head { epoch: 1, seq: 2, hash: Digest([3; 32]) }
}

fn attempt() -> Attempt {
    Attempt {
        id: id(1),
        door: id(2),
        side: Side::In,
        at: UnixMs(3),
        clock: ClockTrust::Trusted,
        card: CardToken([4; 32]),
        assurance: Assurance::WeakUid,
        finger: Some(FingerResult::Matched),
    }
}

fn verdict() -> Verdict {
    Verdict {
        outcome: Outcome::Need(Factor::Finger),
        reason: Reason::FingerRequired,
        person: Some(id(1)),
        credential: Some(id(2)),
        settled_by: Some(SettledBy::Grant(id(3))),
        alarms: vec![AlarmKind::LostCardPresented],
        policy_version: 4,
    }
}

fn policy() -> PolicyRows {
    let period = Period { from: UnixMs(0), until: Some(UnixMs(9)) };
    PolicyRows {
        tenant: id(1),
        version: 2,
        scope: PolicyScope::Cut,
        sites: vec![SiteRule {
            id: id(1),
            zone: Zone {
                name: "Europe/Berlin".to_owned(),
                first_offset_s: 3600,
                offsets: vec![ZoneOffset { from: UnixMs(5), offset_s: 7200 }],
            },
            accepts_uid_only: true,
        }],
        doors: vec![DoorRule {
            id: id(1),
            site: id(1),
            factors_in: FactorDemand::CardFinger,
            factors_out: FactorDemand::Card,
            release_ms: 5000,
            held_ms: 30000,
            exit: Exit::BySystem,
            has_contact: true,
        }],
        schedules: vec![Schedule { id: id(1), windows: vec![Window { days: 31, from_minute: 420, to_minute: 1140 }] }],
        levels: vec![AccessLevel {
            id: id(1),
            lines: vec![LevelLine { doors: vec![id(1)], sides: Sides::Both, schedule: Some(id(1)) }],
        }],
        persons: vec![PersonRule { id: id(1), is_active: true, has_finger: true }],
        credentials: vec![CredentialRule {
            id: id(1),
            person: id(1),
            token: CardToken([7; 32]),
            state: CredentialState::Active,
            valid: period,
        }],
        grants: vec![Grant { id: id(1), person: id(1), level: id(1), valid: period }],
        blocks: vec![Block { id: id(1), subject: BlockSubject::Credential(id(1)), valid: period }],
    }
}

fn bundle() -> Bundle {
    Bundle {
        installation: id(1),
        mode: InstallationMode::Test,
        agent: id(2),
        sequence: 3,
        signed_at: UnixMs(4),
        age_max_s: 86_400,
        card_key: SecretBytes(vec![5; 32]),
        policy: policy(),
        templates: vec![SealedTemplate {
            finger: id(1),
            person: id(2),
            sensor_type: "r503".to_owned(),
            sealed: vec![1, 2, 3],
        }],
    }
}

fn decision() -> Decision {
    Decision {
        attempt: id(1),
        door: id(2),
        side: Side::Out,
        card: CardToken([3; 32]),
        assurance: Assurance::Authenticated,
        person: Some(id(4)),
        credential: None,
        finger: Some(FingerResult::NotMatched),
        release_ms: Some(5000),
        reason: Reason::Granted,
        decided: Decided::Offline,
        rules_version: 1,
        policy_version: 6,
        alarms: vec![AlarmKind::LeftAgainstRule],
    }
}

#[test]
fn events_keep_their_bytes() {
    let cause = ReleaseCause::Attempt(id(1));
    let events = [
        Event::EpochBegan { cause: EpochCause::Joined, previous: Some(head()) },
        Event::AgentStarted { build: "0.1.0".to_owned(), was_unclean: true },
        Event::AgentStopped,
        Event::Decision(decision()),
        Event::ReleaseAbandoned { door: id(1), cause },
        Event::DoorOpened { door: id(1), cause: Some(ReleaseCause::Command(id(2))) },
        Event::DoorClosed { door: id(1), open_ms: 7 },
        Event::Entered { door: id(1), side: Side::In, persons: vec![Passage { person: id(1), attempt: id(2) }] },
        Event::NotOpened { door: id(1), cause: ReleaseCause::ExitRequest },
        Event::ExitRequested { door: id(1), was_released: true },
        Event::AlarmRaised { kind: AlarmKind::DoorForced, door: Some(id(1)), person: None },
        Event::AlarmCleared { kind: AlarmKind::DoorForced, door: Some(id(1)) },
        Event::DeviceChanged {
            device: Device::Reader,
            door: Some(id(1)),
            side: Some(Side::In),
            state: DeviceState::Silent,
        },
        Event::LinkChanged { is_up: true, agent: Some(id(1)) },
        Event::PolicyInForce { version: 3 },
        Event::CommandDone { command: id(1), door: id(2), outcome: CommandOutcome::CarriedOut, release_ms: 5000 },
        Event::EnrolmentEnded { enrolment: id(1), person: id(2), was_completed: true },
        Event::Act(Act {
            operator: Some(id(1)),
            kind: ActKind::Changed,
            subject: Some(Subject { kind: SubjectKind::Person, id: Uuid::from_u128(2) }),
            before: Some(Commitment([1; 32])),
            after: Some(Commitment([2; 32])),
            reason: None,
        }),
        Event::ChainBroken { agent: id(1), epoch: 2, seq: 3, fault: ChainFault::Fork },
        Event::JournalChanged { agent: id(1), fault: Some(JournalFault::Silent), since: UnixMs(5) },
        Event::Folded {
            kind: EventKind::AlarmRaised,
            door: Some(id(1)),
            alarm: Some(AlarmKind::DoorHeld),
            count: 9,
            until: UnixMs(6),
        },
        Event::DoorFound { door: id(1), is_open: true },
        Event::AgentCopied { agent: id(1), generation: 2, sign: CopySign::OldCertificate },
    ];
    for (place, event) in events.into_iter().enumerate() {
        let name = format!("record_{place:02}_{}", event.kind());
        let author = if place % 2 == 0 { Author::Agent(id(1)) } else { Author::Server(id(2)) };
        let record = Record {
            author,
            epoch: 1,
            seq: 2,
            previous: Digest([3; 32]),
            at: UnixMs(4),
            clock: ClockTrust::Untrusted,
            event,
        };
        assert_eq!(canonical::encode(&record.event)[0] as usize, place, "{name} stands in the order of the enum");
        check(&name, &record);
    }
}

#[test]
fn messages_of_the_agent_keep_their_bytes() {
    let hello = Hello {
        oldest: 1,
        newest: 1,
        agent: id(1),
        tenant: id(2),
        installation: id(3),
        mode: InstallationMode::Production,
        build: "0.1.0".to_owned(),
        head: head(),
        acknowledged: Head::start_of(1),
        bundle_sequence: 4,
        kind: AgentKind::DoorController,
    };
    check("agent_hello", &FromAgent::Hello(hello));
    check("agent_ask", &FromAgent::Ask(attempt()));
    let record = SignedRecord { bytes: vec![1, 2, 3], signature: [4; 64] };
    check("agent_records", &FromAgent::Records(vec![record]));
    check("agent_bundle_in_force", &FromAgent::BundleInForce { sequence: 5 });
    check("agent_heartbeat", &FromAgent::Heartbeat);
    check("agent_journal_works", &FromAgent::JournalState { fault: None, since: UnixMs(5) });
    let fault = Some(JournalFault::NoSpace);
    check("agent_journal_fails", &FromAgent::JournalState { fault, since: UnixMs(6) });
    let steps = [
        EnrolmentStep::WaitingForCard,
        EnrolmentStep::CardRead { uid: SecretBytes(vec![1, 2, 3, 4]) },
        EnrolmentStep::CardUnreadable,
        EnrolmentStep::PlaceFinger { capture: 1 },
        EnrolmentStep::LiftFinger { capture: 1 },
        EnrolmentStep::Again { capture: 2, why: CaptureFault::DifferentFinger },
        EnrolmentStep::Captured { capture: 2, quality: 80 },
        EnrolmentStep::Verifying,
        EnrolmentStep::FingerRead { template: SecretBytes(vec![9; 4]), sensor_type: "r503".to_owned(), quality: 77 },
        EnrolmentStep::Failed { why: EnrolmentFault::TimedOut },
    ];
    for (place, step) in steps.into_iter().enumerate() {
        check(&format!("agent_step_{place:02}"), &FromAgent::EnrolmentStep { enrolment: id(1), step });
    }
}

#[test]
fn messages_of_the_server_keep_their_bytes() {
    check("server_welcome", &FromServer::Welcome { version: 1, now: UnixMs(2), acknowledged: head() });
    check("server_refused", &FromServer::Refused { why: Refusal::Quarantined });
    check("server_answer", &FromServer::Answer { attempt: id(1), verdict: verdict() });
    check("server_acknowledged", &FromServer::Acknowledged(head()));
    let signed = SignedBundle { bytes: canonical::encode(&bundle()), signature: [8; 64] };
    check("server_bundle", &FromServer::Bundle(signed));
    let kinds = [
        CommandKind::Release,
        CommandKind::SetMode { mode: DoorMode::Locked, until: UnixMs(9) },
        CommandKind::SetLockdown { is_on: true },
        CommandKind::SetThreatLevel { level: 2 },
    ];
    for (place, kind) in kinds.into_iter().enumerate() {
        let command = Command { id: id(1), door: id(2), expires_at: UnixMs(3), kind, reason: Commitment([4; 32]) };
        check(&format!("server_command_{place}"), &FromServer::Command(command));
    }
    for (name, want) in [("card", EnrolmentWant::Card), ("finger", EnrolmentWant::Finger { captures: 3 })] {
        let order = EnrolmentOrder { id: id(1), person: id(2), want, expires_at: UnixMs(3) };
        check(&format!("server_enrol_{name}"), &FromServer::Enrol(order));
    }
    check("server_cancel_enrolment", &FromServer::CancelEnrolment(id(1)));
    check("server_heartbeat", &FromServer::Heartbeat { now: UnixMs(1) });
}
