//! What outlives an agent that ends or is killed, and what it does first when it starts again.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_strike_is_energised() {
    let world = World::new().await;
    let mut agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.in_force().await;
    // Leaving needs no record; the grant below does.
    world.door.press_rex(true).unwrap();
    world.door_shows(|view| view.is_energised).await;
    session.kind("exit_requested").await;
    agent.task.abort();
    // Gone before it could be told to stop in order.
    let _ = timeout(WAIT, &mut agent.task).await.unwrap();
    drop(agent.stop);
    assert!(world.door.watch().borrow().is_energised, "the line keeps its level");
    world.door.press_rex(false).unwrap();

    let again = world.start();
    world.door_shows(|view| !view.is_energised).await;
    let mut session = world.session(session.head).await;
    let was_unclean = session
        .record(|event| match event {
            Event::AgentStarted { was_unclean, .. } => Some(*was_unclean),
            _ => None,
        })
        .await;
    assert!(was_unclean);
    again.stop().await;
}

/// Records in the journal of an agent that does not run.
fn leave_records(world: &World, events: impl IntoIterator<Item = Event>) {
    leave_records_at(world, UnixMs(0), events);
}

/// The same, of an instant.
fn leave_records_at(world: &World, at: UnixMs, events: impl IntoIterator<Item = Event>) {
    let data = world.path("data");
    std::fs::create_dir_all(&data).unwrap();
    let journal = Journal::open(Files::open(&data.join("journal")).unwrap(), Limits::STANDARD, Head::start_of(1));
    let (replies, _answers) = mpsc::unbounded_channel();
    let key = world.identity.record_key.clone();
    let recorder = Recorder::start(Ok(journal.unwrap()), world.identity.author(), key, replies).unwrap();
    for (number, event) in events.into_iter().enumerate() {
        let clock = ClockTrust::Trusted;
        recorder.record(Entry { number: number as u64, at, clock, event, weight: Weight::Vital });
    }
    recorder.finish();
}

/// What an agent leaves behind that was killed after it had recorded a release.
fn leave_unfinished(world: &World, was_carried_out: bool) -> ReleaseCause {
    let (command, outcome) = (id(1), CommandOutcome::CarriedOut);
    leave_records(
        world,
        [
            Event::EpochBegan { cause: EpochCause::Joined, previous: None },
            Event::AgentStarted { build: "1".to_owned(), was_unclean: false },
            Event::CommandDone { command, door: id(1), outcome, release_ms: 5_000 },
        ],
    );
    let cause = ReleaseCause::Command(command);
    if was_carried_out {
        let notes = Notes::start().unwrap();
        CarriedOut::open(&world.path("data"), id(1), &notes).note(cause);
        notes.settle();
    }
    cause
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_release_is_never_carried_out_after_a_restart() {
    for was_carried_out in [false, true] {
        let world = World::new().await;
        let unfinished = leave_unfinished(&world, was_carried_out);
        let mut view = world.door.watch();
        let agent = world.start();
        let mut session = world.session(Head::start_of(1)).await;
        session.in_force().await;
        let event = |event: &Event| match event {
            Event::ReleaseAbandoned { cause, .. } => Some(Some(*cause)),
            Event::LinkChanged { .. } => Some(None),
            _ => None,
        };
        let abandoned = session.record(event).await;
        assert_eq!(abandoned, (!was_carried_out).then_some(unfinished));
        agent.stop().await;
        assert!(!view.borrow_and_update().is_energised);
    }
}

/// What operators set: this threat level, everywhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_lockdown_outlives_the_server_and_a_restart() {
    let mut world = World::new().await;
    world.rules = anna_and_ben;
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.in_force().await;
    say(&mut session.socket, &standing(7, 1)).await;
    session.stands(7).await;
    // An older one of the same session came late.
    say(&mut session.socket, &standing(6, 0)).await;
    // With the answer to this, what was said before is done.
    let (want, expires_at) = (EnrolmentWant::Card, crate::clock::machine_time().plus_ms(60_000));
    let order = EnrolmentOrder { id: id(1), person: id(1), want, expires_at };
    say(&mut session.socket, &FromServer::Enrol(order)).await;
    session.step().await;
    drop(session.socket);
    agent.stop().await;

    let mut agent = world.start();
    agent.tap().await;
    world.door_shows(|view| view.line == "No entry").await;
    let mut session = world.session(session.head).await;
    let decision = session.decision().await;
    assert_eq!((decision.verdict.reason, decision.decided), (Reason::Lockdown, Decided::Offline));
    assert_eq!(decision.circumstances.threat_level, 1);
    // The first of a session counts whatever its number: the server may have been restored.
    say(&mut session.socket, &standing(3, 0)).await;
    session.stands(3).await;
    drop(session.socket);
    agent.tap().await;
    world.door_shows(|view| view.is_energised).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_it_locked_alone_stays_locked_over_a_restart_until_the_server_knows() {
    let mut world = World::new().await;
    world.rules = anna_and_ben;
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.in_force().await;
    say(&mut session.socket, &standing(7, 0)).await;
    session.stands(7).await;
    drop(session.socket);
    agent.stop().await;
    // Cut off, it locked Anna's card, and was ended before the server heard of it.
    let attempt = Attempt {
        id: id(77),
        door: id(1),
        side: Side::In,
        at: crate::clock::machine_time(),
        clock: ClockTrust::Trusted,
        card: CardToken([0; 32]),
        assurance: Assurance::Authenticated,
        finger: None,
        pin: None,
    };
    let refused = Verdict::refused(Reason::WrongFinger, 5);
    let verdict = Verdict { person: Some(id(1)), credential: Some(id(1)), effects: vec![Effect::LockCard], ..refused };
    let (circumstances, rules_version, decided) = (Circumstances::default(), RULES_VERSION, Decided::Offline);
    leave_records(
        &world,
        [Event::Decision(Box::new(Decision { attempt, circumstances, verdict, rules_version, decided }))],
    );

    let mut agent = world.start();
    agent.tap().await;
    let mut session = world.session(session.head).await;
    let locking = session.decision().await;
    assert_eq!(locking.verdict.effects, [Effect::LockCard]);
    let refused = session.decision().await;
    assert_eq!((refused.verdict.reason, refused.decided), (Reason::CredentialLocked, Decided::Offline));
    // The server knows it now, and an operator has unlocked it.
    say(&mut session.socket, &standing(8, 0)).await;
    session.stands(8).await;
    drop(session.socket);
    agent.tap().await;
    world.door_shows(|view| view.is_energised).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strike_is_put_to_rest_without_an_agent() {
    let world = World::new().await;
    let io = DoorIoConfig::Virtual { socket: world.path("door.sock") };
    let (mut outputs, inputs) = hardware::door_io::open(&io).await.unwrap();
    outputs.strike(true).unwrap();
    drop((outputs, inputs));
    assert!(world.door.watch().borrow().is_energised);
    lines::rest(&io).await.unwrap();
    assert!(!world.door.watch().borrow().is_energised);
    let nowhere = DoorIoConfig::Virtual { socket: world.path("nowhere.sock") };
    assert!(lines::rest(&nowhere).await.unwrap_err().contains("nowhere.sock"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_revoked_lets_nobody_in_and_everybody_out_until_it_is_accepted_again() {
    let world = World::new().await;
    let mut agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.in_force().await;
    // What may be a mistake of today costs no rules.
    let head = session.head;
    session.refuse(Refusal::WrongInstallation).await;
    let mut session = world.session(head).await;
    session.in_force().await;
    agent.tap().await;
    let asked = session.asked().await;
    assert_ne!(asked.card, CardToken([0; 32]), "the card's key is still there");
    session.answer(&asked, Outcome::Deny, Reason::NoGrant).await;
    session.decision().await;

    let alarm = |event: &Event| match event {
        Event::AlarmRaised { kind: AlarmKind::RulesWithdrawn, .. } => Some(true),
        Event::AlarmCleared { kind: AlarmKind::RulesWithdrawn, .. } => Some(false),
        _ => None,
    };
    // Refused at its next coming, too: by then the first refusal has been taken.
    let head = session.head;
    session.refuse(Refusal::Revoked).await;
    world.refuse(Refusal::Quarantined).await;
    agent.tap().await;
    world.door_shows(|view| view.line == "Not now").await;
    world.door.press_rex(true).unwrap();
    world.door_shows(|view| view.is_energised).await;
    world.door.press_rex(false).unwrap();
    agent.stop().await;

    let mut again = world.start();
    again.tap().await;
    world.door_shows(|view| view.line == "Not now").await;
    world.door.press_rex(true).unwrap();
    world.door_shows(|view| view.is_energised).await;
    world.door.press_rex(false).unwrap();
    let mut session = world.session(head).await;
    assert!(session.record(alarm).await, "it is told when somebody listens again");
    let refused = session.decision().await;
    assert_eq!((refused.verdict.reason, refused.decided), (Reason::NoPolicy, Decided::Offline));
    assert!(!session.record(alarm).await, "a new bundle has come");
    again.tap().await;
    assert_ne!(session.asked().await.card, CardToken([0; 32]));
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_are_dated_ahead_are_refused_and_told_until_others_come() {
    let world = World::new().await;
    let told = |event: &Event| match event {
        Event::AlarmRaised { kind: AlarmKind::RulesDatedAhead, .. } => Some(true),
        Event::AlarmCleared { kind: AlarmKind::RulesDatedAhead, .. } => Some(false),
        _ => None,
    };
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.in_force().await;
    let now = crate::clock::machine_time();
    let mut ahead = world.bundle(now.plus_ms(86_400_000)).await;
    ahead.policy.version = 6;
    let key = SigningKey::from_bytes(&[3; 32]);
    say(&mut session.socket, &FromServer::Bundle(SignedBundle::sign(&ahead, &key))).await;
    assert!(session.record(told).await);
    let head = session.head;
    drop(session.socket);
    agent.stop().await;

    // After a start too: what lies on the disk is the one that was taken.
    let agent = world.start();
    let mut session = world.session(head).await;
    let in_force = |event: &Event| match event {
        Event::PolicyInForce { version } => Some(*version),
        _ => None,
    };
    assert_eq!(session.record(in_force).await, 5);
    assert!(!session.record(told).await, "one that is not ahead has come");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_put_back_with_an_older_clock_are_as_old_as_the_journal_knows() {
    let hours = |count: i64| count * 60 * 60_000;
    for (newest_record_h, reason) in [(1, Reason::Granted), (25, Reason::PolicyTooOld)] {
        let world = World { mode_of_exit: Exit::Mechanical, rules: anna_and_ben, ..World::new().await };
        let taken_at = crate::clock::machine_time().plus_ms(-hours(30));
        leave_records_at(
            &world,
            taken_at.plus_ms(hours(newest_record_h)),
            [
                Event::EpochBegan { cause: EpochCause::Joined, previous: None },
                Event::AgentStarted { build: "1".to_owned(), was_unclean: false },
                Event::AgentStopped,
            ],
        );
        let bundle = SignedBundle::sign(&world.bundle(taken_at).await, &SigningKey::from_bytes(&[3; 32]));
        let mut store = PolicyStore::new(world.identity.clone(), &world.path("data"));
        let now = crate::door::Now { mono_ms: 0, unix: taken_at, clock: ClockTrust::Trusted };
        store.take(&bundle, now).unwrap();
        let (path, content, _) = store.sealed(&bundle).unwrap();
        std::fs::write(path, content).unwrap();
        let note = format!(r#"{{"boot_id":"earlier","mono_ms":0,"unix":{},"is_trusted":true}}"#, taken_at.0);
        std::fs::write(world.path("data").join("clock.json"), note).unwrap();

        let mut agent = world.start();
        agent.tap().await;
        world.door_shows(|view| view.is_energised || view.line == "Not now").await;
        let mut session = world.session(Head::start_of(1)).await;
        let decision = session.decision().await;
        assert_eq!((decision.decided, decision.verdict.reason), (Decided::Offline, reason), "{newest_record_h} h");
        agent.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_door_stands_at_the_start_is_told() {
    let world = World::new().await;
    let found = |event: &Event| match event {
        Event::DoorFound { is_open, .. } => Some(*is_open),
        _ => None,
    };
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    assert!(!session.record(found).await);
    agent.stop().await;
    world.door.force();
    let agent = world.start();
    let mut session = world.session(session.head).await;
    assert!(session.record(found).await);
    world.door.close();
    let closed = session
        .record(|event| match event {
            Event::DoorClosed { .. } => Some(true),
            Event::AlarmRaised { kind: AlarmKind::DoorForced, .. } => Some(false),
            _ => None,
        })
        .await;
    assert!(closed, "it is not known to have been forced");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_is_confirmed_only_once_it_lies_on_the_disk() {
    let world = World::new().await;
    // Something is in the way where it is written first.
    std::fs::create_dir_all(world.path("data").join("bundle.fresh").join("in the way")).unwrap();
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    let is_in_force = |signed: &SignedRecord| matches!(signed.read().unwrap().event, Event::PolicyInForce { .. });
    loop {
        match session.next().await {
            FromAgent::BundleInForce { .. } => panic!("the next power cut takes it away"),
            FromAgent::Records(records) if records.iter().any(is_in_force) => break,
            _ => {}
        }
    }
    agent.stop().await;
}
