//! Every released version's bytes are frozen under `tests/wire/`. A change to them breaks agents in the field: append new
//! kinds at the end instead. `PFORTE_FREEZE=1 cargo test -p access-core --test wire` writes files that are missing.
//!
//! Version 1 is not released yet: until it is, a changed file may be deleted and written anew.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use std::path::PathBuf;

use access_core::State;
use access_core::attempt::{Assurance, Attempt, ClockTrust, Factor, FactorResult};
use access_core::canonical;
use access_core::chain::{Digest, Head, SignedRecord};
use access_core::circumstances::{Circumstances, Knowledge, LeafState, Others, Sighting, Waiting, Wanted, Whereabouts};
use access_core::event::{
    Act, ActKind, AlarmKind, Author, ChainFault, CommandOutcome, Commitment, CopySign, Decided, Decision, Device,
    DeviceState, DoorZone, EpochCause, Event, EventKind, InputKind, JournalFault, NtpState, Passage, Record,
    ReleaseCause, SetMode, StateChange, StateSet, Subject, SubjectKind, Trial, TrialOutcome, TrialStep, TriedStep,
};
use access_core::policy::{
    AccessLevel, Alone, AloneRules, AntiPassback, AreaRule, Block, BlockSubject, Calendar, CalendarDay, CardToken,
    CredentialRule, CredentialState, DoorMode, DoorRule, Escort, EscortBy, ExceptionDay, Exemption, ExemptionGround,
    Exit, FactorDemand, FactorLine, Grant, GroupRule, Holder, InterlockRule, LevelLine, MissingCard, ModeLine,
    PersonRule, Place, PolicyRows, PolicyScope, Schedule, Side, Sides, SiteRule, Span, Suspicion, TenantRules,
    ThreatLevelRule, TravelEnds, TravelTime, TwoPerson, WaivableRule, Window,
};
use access_core::protocol::{
    AgentKind, Bundle, BundleDelta, CaptureFault, CardApplication, CardFault, CardFinger, CardKey, CardKeyRole,
    CardKeysBefore, CardKind, CardMessaging, CardSecrets, CardTask, CardTemplates, CardWork, Command, CommandKind,
    EnrolmentFault, EnrolmentOrder, EnrolmentStep, EnrolmentWant, FingersToCompare, FromAgent, FromServer, Hello,
    InstallationMode, Piece, PinContent, PinFault, PinPrompt, ReadingKeys, Refusal, SealedCard, SealedPin, SealedPins,
    SealedTemplate, SealedTemplateKey, SecretBytes, SignedBundle, Standing, TemplateContent, TemplateKey, card_binding,
    card_finger_binding, content_key_binding, pepper_binding, pin_binding, template_binding, template_key_binding,
};
use access_core::time::{Period, UnixMs, Zone, ZoneOffset};
use access_core::verdict::{Effect, Outcome, Reason, RecordRef, Rule, Verdict};
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
        finger: Some(FactorResult::Matched),
        pin: Some(FactorResult::MatchedDuress),
    }
}

fn verdict() -> Verdict {
    Verdict {
        outcome: Outcome::Need(Factor::Finger),
        reason: Reason::FingerRequired,
        person: Some(id(1)),
        credential: Some(id(2)),
        rule: Some(Rule::Factors),
        settled_by: vec![RecordRef::Grant(id(3)), RecordRef::ThreatLevel(2)],
        alarms: vec![AlarmKind::LostCardPresented],
        effects: vec![Effect::Wait],
        policy_version: 4,
    }
}

fn circumstances() -> Circumstances {
    Circumstances {
        knowledge: Knowledge::OwnDoors,
        reader_locked_until: Some(UnixMs(1)),
        is_card_locked: true,
        threat_level: 2,
        set_mode: Some(SetMode { mode: DoorMode::FirstPerson, until: UnixMs(3) }),
        last_entered: Some(UnixMs(4)),
        toggled_at: Some(UnixMs(5)),
        last_seen: Some(Sighting { person: id(6), door: id(7), at: UnixMs(8) }),
        whereabouts: Some(Whereabouts { door: id(9), side: Side::Out, at: UnixMs(10) }),
        ahead: Others { inside: 11, leaving: 12 },
        behind: Others { inside: 23, leaving: 24 },
        is_open: true,
        not_secured: vec![LeafState { door: id(13), is_open: true }],
        escort_seen: Some(Sighting { person: id(14), door: id(15), at: UnixMs(16) }),
        waiting: vec![Waiting {
            attempt: id(17),
            person: id(18),
            credential: id(22),
            since: UnixMs(19),
            wants: Wanted::SecondPerson,
            shown: FactorDemand::CardPin,
        }],
        refusals_of_card: 20,
        refusals_at_reader: 21,
    }
}

fn period() -> Period {
    Period { from: UnixMs(0), until: Some(UnixMs(9)) }
}

fn policy() -> PolicyRows {
    PolicyRows {
        tenant: id(1),
        version: 2,
        scope: PolicyScope::Cut,
        rules: TenantRules {
            suspicion: Suspicion { refusals: 5, within_s: 60, reader_lock_s: 30 },
            alone: AloneRules {
                travel: Alone::Deny,
                anti_passback: Alone::AsKnown,
                occupancy: Alone::Deny,
                two_person: Alone::AsKnown,
            },
            waived_for_duress: vec![WaivableRule::Schedule, WaivableRule::TwoPerson],
            alone_hours: 24,
        },
        sites: vec![SiteRule {
            id: id(1),
            zone: Zone {
                name: "Europe/Berlin".to_owned(),
                first_offset_s: 3600,
                offsets: vec![ZoneOffset { from: UnixMs(5), offset_s: 7200 }],
            },
            accepts_uid_only: true,
            calendar: Some(id(1)),
        }],
        areas: vec![AreaRule {
            id: id(1),
            site: id(1),
            anti_passback: AntiPassback::Timed { within_s: 300 },
            persons_max: Some(20),
            two_person: Some(TwoPerson { within_s: 30, groups: Some((id(1), id(2))) }),
        }],
        doors: vec![door()],
        interlocks: vec![InterlockRule { id: id(1), doors: vec![id(1), id(2)] }],
        travel: vec![
            TravelTime { between: TravelEnds::Doors(id(1), id(2)), least_s: 20 },
            TravelTime { between: TravelEnds::Sites(id(1), id(1)), least_s: 5 },
        ],
        threat_levels: vec![ThreatLevelRule {
            level: 3,
            locks: true,
            places: vec![Place::Tenant, Place::Site(id(1)), Place::Area(id(1)), Place::Door(id(1))],
            factors: Some(FactorDemand::CardPin),
            exempt: vec![id(1)],
        }],
        calendars: vec![Calendar { id: id(1), days: vec![CalendarDay { day: 20_000, day_type: 2 }] }],
        schedules: vec![Schedule {
            id: id(1),
            windows: vec![Window { days: 31, day_types: 4, span: Span { from_minute: 420, to_minute: 1140 } }],
            exceptions: vec![ExceptionDay { day: 20_001, spans: vec![Span { from_minute: 1320, to_minute: 120 }] }],
        }],
        levels: vec![AccessLevel {
            id: id(1),
            lines: vec![LevelLine {
                places: vec![Place::Door(id(1))],
                sides: Sides::Both,
                schedule: Some(id(1)),
                factors: Some(FactorDemand::CardFinger),
            }],
        }],
        groups: vec![GroupRule { id: id(1), is_responder: true }],
        persons: vec![PersonRule {
            id: id(1),
            is_active: true,
            has_finger: true,
            has_pin: true,
            needs_longer: true,
            exemption: Some(Exemption { ground: ExemptionGround::NotUsable, valid: period() }),
            escort: Some(Escort { by: EscortBy::Group(id(1)), within_s: 60 }),
            groups: vec![id(1), id(2)],
        }],
        credentials: vec![CredentialRule {
            id: id(1),
            person: id(1),
            token: CardToken([7; 32]),
            state: CredentialState::Active,
            valid: period(),
            proves_itself: true,
        }],
        missing_cards: vec![MissingCard { token: CardToken([8; 32]), id: id(2), is_stolen: true }],
        grants: vec![Grant { id: id(1), holder: Holder::Group(id(1)), level: id(1), valid: period() }],
        blocks: vec![Block {
            id: id(1),
            subject: BlockSubject::Credential(id(1)),
            place: Place::Area(id(1)),
            valid: period(),
        }],
    }
}

fn door() -> DoorRule {
    DoorRule {
        id: id(1),
        site: id(1),
        leads_from: id(1),
        leads_to: id(2),
        factors_in: FactorDemand::CardFinger,
        factors_out: FactorDemand::Card,
        factor_lines: vec![FactorLine { side: Side::In, schedule: id(1), factors: FactorDemand::Card }],
        modes: vec![ModeLine { schedule: id(1), mode: DoorMode::Toggle }],
        release_ms: 5000,
        held_ms: 30000,
        release_longer_ms: 10000,
        held_longer_ms: 60000,
        exit: Exit::BySystem,
        has_contact: true,
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
        cards: CardSecrets {
            application: Some(CardApplication { id: [1, 2, 3], system: vec![4; 16] }),
            content_key: vec![5; 4],
            cards: vec![SealedCard {
                uid: CardToken([6; 32]),
                card: CardToken([7; 32]),
                messaging: CardMessaging::Ev2,
                keys: Some(vec![8; 4]),
            }],
            template_keys: vec![SealedTemplateKey { person: id(2), sealed: vec![9; 4] }],
        },
        pins: SealedPins {
            pepper: vec![4, 5, 6],
            of_persons: vec![SealedPin { person: id(2), sealed: vec![7, 8, 9] }],
        },
    }
}

fn decision() -> Decision {
    let passage = Passage { person: id(18), attempt: id(17) };
    let mut attempt = attempt();
    attempt.finger = Some(FactorResult::NotMatched);
    attempt.assurance = Assurance::Authenticated;
    Decision {
        attempt,
        circumstances: circumstances(),
        verdict: Verdict {
            outcome: Outcome::Grant { release_ms: 5000, held_ms: 30000 },
            reason: Reason::LeavingNotRefused,
            rule: Some(Rule::TwoPerson),
            settled_by: records(),
            person: Some(id(4)),
            credential: None,
            alarms: vec![AlarmKind::LeftAgainstRule, AlarmKind::InterlockContradiction],
            effects: vec![
                Effect::AdmitWith(vec![passage]),
                Effect::Wait,
                Effect::LockReader { until: UnixMs(9) },
                Effect::LockCard,
                Effect::Toggle { is_free: true },
            ],
            policy_version: 6,
        },
        rules_version: 3,
        decided: Decided::Offline,
    }
}

fn records() -> Vec<RecordRef> {
    vec![
        RecordRef::Grant(id(1)),
        RecordRef::Block(id(2)),
        RecordRef::Level(id(3)),
        RecordRef::Schedule(id(4)),
        RecordRef::Door(id(5)),
        RecordRef::Area(id(6)),
        RecordRef::ThreatLevel(7),
        RecordRef::Person(id(8)),
        RecordRef::Credential(id(9)),
    ]
}

fn changes() -> Vec<StateChange> {
    vec![
        StateChange::DoorMode { door: id(1), set: Some(SetMode { mode: DoorMode::Locked, until: UnixMs(2) }) },
        StateChange::ThreatLevel { place: Place::Site(id(1)), level: 2 },
        StateChange::Forgiven { person: id(1) },
        StateChange::AreaReset { area: id(1), entrances: vec![(id(2), Side::In), (id(3), Side::Out)] },
        StateChange::CredentialLocked { credential: id(1) },
        StateChange::CredentialUnlocked { credential: id(1) },
        StateChange::ReaderUnlocked { door: id(1), side: Side::Out },
        StateChange::ZoneArmed { door: id(1), zone: DoorZone::Zone2, is_armed: false },
    ]
}

#[test]
fn events_keep_their_bytes() {
    let cause = ReleaseCause::Attempt(id(1));
    let events = [
        Event::EpochBegan { cause: EpochCause::Joined, previous: Some(head()) },
        Event::AgentStarted { build: "0.1.0".to_owned(), was_unclean: true },
        Event::AgentStopped,
        Event::Decision(Box::new(decision())),
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
        Event::StateSet(StateSet {
            operator: Some(id(1)),
            change: StateChange::DoorMode { door: id(2), set: None },
            reason: Some(Commitment([4; 32])),
        }),
        Event::FreeBegan { door: id(1), mode: DoorMode::FirstPerson },
        Event::FreeEnded { door: id(1) },
        Event::InputChanged { input: InputKind::SensorTamper, door: id(1), is_active: true },
        Event::ClockChanged { by_ms: -2_000, was_followed: false, ntp: NtpState::Synchronised },
        Event::DoorWired { door: id(1), wiring: Digest([2; 32]), zones: vec![DoorZone::Zone1, DoorZone::Zone4] },
        Event::DoorTried(Box::new(Trial {
            door: id(1),
            wiring: Digest([2; 32]),
            paper: Digest([3; 32]),
            at: UnixMs(4),
            clock: ClockTrust::Trusted,
            steps: vec![
                TriedStep { step: TrialStep::Strike, outcome: TrialOutcome::Passed, device: None },
                TriedStep {
                    step: TrialStep::FingerIn,
                    outcome: TrialOutcome::Skipped,
                    device: Some("R503".to_owned()),
                },
            ],
        })),
        Event::FingerInUse { enrolment: id(1), person: id(2), finger: id(3), holder: id(4) },
        Event::FingersSent {
            enrolment: id(1),
            person: id(2),
            station: id(3),
            fingers: vec![id(4), id(5)],
            holders: vec![id(6)],
        },
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
fn changes_of_state_keep_their_bytes() {
    for (place, change) in changes().into_iter().enumerate() {
        assert_eq!(canonical::encode(&change)[0] as usize, place, "changes stand in the order of the enum");
        check(&format!("state_change_{place}"), &change);
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
    check("agent_standing_in_force", &FromAgent::StandingInForce { number: 6 });
    check("agent_configuration", &FromAgent::Configuration { toml: "a = 1".to_owned() });
    check("agent_bundle_wanted", &FromAgent::BundleWanted { sequence: 5 });
    check("agent_authorities_kept", &FromAgent::AuthoritiesKept { digest: [7; 32] });
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
        EnrolmentStep::CardPresented { uid: SecretBytes(vec![4; 7]), kind: CardKind::DesfireEv3 },
        EnrolmentStep::CardWorking,
        EnrolmentStep::CardContent {
            credential: Some(SecretBytes(vec![5; 16])),
            templates: Some(vec![6; 4]),
            version: 1,
            free_bytes: 2_000,
        },
        EnrolmentStep::CardWritten { version: 2, messaging: CardMessaging::Ev2, free_bytes: 1_000 },
        EnrolmentStep::CardWiped,
        EnrolmentStep::CardRefused { why: CardFault::ForeignCard },
        EnrolmentStep::TypePin { prompt: PinPrompt::Again },
        EnrolmentStep::PinRefused { why: PinFault::TooLike },
        EnrolmentStep::PinRead { everyday: Some(SecretBytes(vec![8; 4])), hash: SecretBytes(vec![9; 4]) },
        EnrolmentStep::FingerMade { sensor_type: "r503".to_owned() },
        EnrolmentStep::Comparing { compared: 40 },
        EnrolmentStep::FingersCompared,
        EnrolmentStep::FingerSame { finger: id(2) },
    ];
    for (place, step) in steps.into_iter().enumerate() {
        check(&format!("agent_step_{place:02}"), &FromAgent::EnrolmentStep { enrolment: id(1), step });
    }
}

#[test]
fn messages_of_the_server_keep_their_bytes() {
    check("server_welcome", &FromServer::Welcome { version: 1, now: UnixMs(2), acknowledged: head() });
    check("server_refused", &FromServer::Refused { why: Refusal::Quarantined });
    let answer = FromServer::Answer {
        attempt: attempt(),
        circumstances: Box::new(circumstances()),
        verdict: verdict(),
        rules_version: 3,
    };
    check("server_answer", &answer);
    check("server_acknowledged", &FromServer::Acknowledged(head()));
    let signed = SignedBundle { bytes: canonical::encode(&bundle()), signature: [8; 64] };
    check("server_bundle", &FromServer::Bundle(signed));
    let pieces = vec![Piece::Same { at: 1, bytes: 2 }, Piece::New(vec![3; 4])];
    let delta = BundleDelta { base: [5; 32], result: [6; 32], pieces, signature: [7; 64] };
    check("server_bundle_delta", &FromServer::BundleDelta(delta));
    let kind = CommandKind::Release;
    let command = Command { id: id(1), door: id(2), expires_at: UnixMs(3), kind, reason: Commitment([4; 32]) };
    check("server_command_0", &FromServer::Command(command));
    let set = changes().into_iter().map(|change| (UnixMs(7), change)).collect();
    check("server_standing", &FromServer::Standing(Standing { number: 3, set }));
    let wants = [
        ("card", EnrolmentWant::Card),
        ("finger", EnrolmentWant::Finger { captures: 3 }),
        ("present_card", EnrolmentWant::PresentCard),
        ("pin", EnrolmentWant::Pin { is_duress: true, salt: [5; 16] }),
        ("compared_finger", EnrolmentWant::ComparedFinger { captures: 3 }),
    ];
    for (name, want) in wants {
        let order = EnrolmentOrder { id: id(1), person: id(2), want, expires_at: UnixMs(3) };
        check(&format!("server_enrol_{name}"), &FromServer::Enrol(order));
    }
    check("server_authorities", &FromServer::Authorities(vec![vec![1, 2], vec![3]]));
    let sealed = SealedTemplate { finger: id(1), person: id(2), sensor_type: "r503".to_owned(), sealed: vec![3; 4] };
    let fingers = FingersToCompare { enrolment: id(1), expires_at: UnixMs(3), templates: vec![sealed] };
    check("server_compare_fingers", &FromServer::CompareFingers(fingers));
    check("server_cancel_enrolment", &FromServer::CancelEnrolment(id(1)));
    check("server_heartbeat", &FromServer::Heartbeat { now: UnixMs(1) });
    let tasks = [
        CardTask::Read { is_ev1_allowed: true },
        CardTask::Write {
            credential: SecretBytes(vec![1; 16]),
            version: 2,
            templates: Some(vec![3; 4]),
            templates_bytes_max: 3_200,
            keeps_factory_key: false,
            replaces: true,
            is_ev1_allowed: false,
            keys_before: CardKeysBefore::SitesApplication,
        },
        CardTask::Wipe,
    ];
    for (place, task) in tasks.into_iter().enumerate() {
        let work = CardWork {
            enrolment: id(1),
            uid: SecretBytes(vec![4; 7]),
            application: CardApplication { id: [1, 2, 3], system: vec![4; 16] },
            keys: vec![CardKey { role: CardKeyRole::Reading, version: 1, key: SecretBytes(vec![5; 16]) }],
            task,
        };
        check(&format!("server_card_work_{place}"), &FromServer::CardWork(work));
    }
}

#[test]
fn what_is_sealed_keeps_its_bytes() {
    let content = |is_duress| TemplateContent { is_duress, template: SecretBytes(vec![9; 4]) };
    check("template_content", &content(true));
    assert_eq!(canonical::encode(&content(true)).len(), canonical::encode(&content(false)).len());
    assert_eq!(template_binding(id(1), id(2), id(3)).len(), 4 + "pforte template 2".len() + 3 * 16);
    check("template_key", &TemplateKey { key: SecretBytes(vec![1; 32]), fingers: vec![id(2), id(3)] });
    check("reading_keys", &ReadingKeys { keys: vec![(1, SecretBytes(vec![1; 16]))] });
    let finger = CardFinger { finger: id(1), sensor_type: "zfm".to_owned(), sealed: vec![2; 4] };
    check("card_templates", &CardTemplates { fingers: vec![finger] });
    check("content_key_binding", &content_key_binding(id(1)));
    let (uid, card) = (CardToken([1; 32]), CardToken([2; 32]));
    check("card_binding", &card_binding(id(1), &uid, &card, CardMessaging::Ev1));
    check("template_key_binding", &template_key_binding(id(1), id(2)));
    check("card_finger_binding", &card_finger_binding(id(1), &[2; 16], id(3), "zfm"));
    check("pin_content", &PinContent { salt: [1; 16], everyday: [2; 32], duress: [3; 32] });
    assert_eq!(pin_binding(id(1), id(2)).len(), 4 + "pforte pin 1".len() + 2 * 16);
    assert_eq!(pepper_binding(id(1)).len(), 4 + "pforte pin pepper 1".len() + 16);
}

/// Of another form, a state that was kept is made anew: what is kept may change, with `State::FORMAT`.
#[test]
fn a_state_that_is_kept_has_the_bytes_of_its_form() {
    let mut refused = decision();
    (refused.attempt.id, refused.verdict) = (id(31), Verdict { outcome: Outcome::Deny, ..verdict() });
    let passage = Passage { person: id(4), attempt: id(1) };
    let told = [
        Event::AgentStarted { build: String::new(), was_unclean: false },
        Event::Decision(Box::new(decision())),
        Event::Decision(Box::new(refused)),
        Event::DoorOpened { door: id(2), cause: None },
        Event::Entered { door: id(2), side: Side::In, persons: vec![passage] },
        Event::ReleaseAbandoned { door: id(2), cause: ReleaseCause::Attempt(id(32)) },
        Event::CommandDone { command: id(1), door: id(2), outcome: CommandOutcome::CarriedOut, release_ms: 9 },
        Event::ExitRequested { door: id(2), was_released: true },
        Event::FreeBegan { door: id(2), mode: DoorMode::Free },
    ];
    let set = |change| Event::StateSet(StateSet { operator: None, change, reason: None });
    let by_agent = told.into_iter().map(|event| (Author::Agent(id(1)), event));
    let by_server = changes().into_iter().map(|change| (Author::Server(id(2)), set(change)));
    let mut state = State::default();
    for (author, event) in by_agent.chain(by_server) {
        let (previous, at, clock) = (Digest([3; 32]), UnixMs(4), ClockTrust::Trusted);
        state.apply(&Record { author, epoch: 1, seq: 2, previous, at, clock, event });
    }
    check(&format!("state_format_{}", State::FORMAT), &state);
}
