//! An enrolment station: its dialogues with the desk.

use super::*;

/// Follows a finger's dialogue as a person would; the step that is none of theirs.
async fn led_on(session: &mut Session, number: u128, finger: &VirtualSensor) -> EnrolmentStep {
    loop {
        match session.next().await {
            FromAgent::EnrolmentStep { enrolment, step } if enrolment == id(number) => match step {
                EnrolmentStep::PlaceFinger { .. } => finger.place(Some(ANNA)),
                EnrolmentStep::LiftFinger { .. } | EnrolmentStep::Again { .. } => finger.place(None),
                EnrolmentStep::Captured { .. } => {}
                other => return other,
            },
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialogue_that_is_stopped_while_captures_are_compared_is_no_fault_of_the_sensor() {
    let mut world = World::new().await;
    world.has_station = true;
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.record(|event| matches!(event, Event::DeviceChanged { device: Device::Sensor, .. }).then_some(())).await;
    let expires_at = crate::clock::machine_time().plus_ms(60_000);
    let want = EnrolmentWant::Finger { captures: 2 };
    let order = |number| FromServer::Enrol(EnrolmentOrder { id: id(number), person: id(1), want, expires_at });
    let of_sensor_or_end = |event: &Event| match event {
        Event::DeviceChanged { device: Device::Sensor, .. } | Event::EnrolmentEnded { .. } => Some(event.clone()),
        _ => None,
    };
    for number in 1..=4 {
        say(&mut session.socket, &order(number)).await;
        assert_eq!(led_on(&mut session, number, &world.finger).await, EnrolmentStep::Verifying);
        // Another moment each time: templates go to the sensor and come back for a second at least.
        tokio::time::sleep(Duration::from_millis(90) * number as u32).await;
        say(&mut session.socket, &FromServer::CancelEnrolment(id(number))).await;
        let ended = session.record(of_sensor_or_end).await;
        assert!(matches!(ended, Event::EnrolmentEnded { was_completed: false, .. }), "{ended:?}");
    }
    // It goes on as if nothing had been, and nobody was told of a fault meanwhile.
    say(&mut session.socket, &order(9)).await;
    assert_eq!(led_on(&mut session, 9, &world.finger).await, EnrolmentStep::Verifying);
    assert!(matches!(led_on(&mut session, 9, &world.finger).await, EnrolmentStep::FingerRead { .. }));
    let ended = session.record(of_sensor_or_end).await;
    assert!(matches!(ended, Event::EnrolmentEnded { was_completed: true, .. }), "{ended:?}");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_reads_a_card_and_a_finger() {
    let mut world = World::new().await;
    world.has_station = true;
    let mut agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.record(|event| matches!(event, Event::DeviceChanged { device: Device::Sensor, .. }).then_some(())).await;
    let expires_at = crate::clock::machine_time().plus_ms(60_000);
    let order = |number, want| FromServer::Enrol(EnrolmentOrder { id: id(number), person: id(1), want, expires_at });
    say(&mut session.socket, &order(1, EnrolmentWant::Card)).await;
    assert_eq!(session.step().await, EnrolmentStep::WaitingForCard);
    agent.reader("station", ReaderChange::Card(Uid::new(&UID).unwrap())).await;
    assert_eq!(session.step().await, EnrolmentStep::CardRead { uid: SecretBytes(UID.to_vec()) });
    session.kind("enrolment_ended").await;

    say(&mut session.socket, &order(2, EnrolmentWant::Finger { captures: 2 })).await;
    loop {
        match session.step().await {
            EnrolmentStep::PlaceFinger { .. } => world.finger.place(Some(ANNA)),
            EnrolmentStep::LiftFinger { .. } | EnrolmentStep::Again { .. } => world.finger.place(None),
            EnrolmentStep::Captured { .. } | EnrolmentStep::Verifying => {}
            EnrolmentStep::FingerRead { template, .. } => {
                assert!(!template.0.is_empty());
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    session.kind("enrolment_ended").await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_does_with_a_card_what_the_server_says() {
    let mut world = World::new().await;
    world.has_station = true;
    let mut agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    let uid = Uid::new(&[4, 1, 2, 3, 4, 5, 6]).unwrap();
    let expires_at = crate::clock::machine_time().plus_ms(60_000);
    let (person, want) = (id(1), EnrolmentWant::PresentCard);
    say(&mut session.socket, &FromServer::Enrol(EnrolmentOrder { id: id(1), person, want, expires_at })).await;
    assert_eq!(session.step().await, EnrolmentStep::WaitingForCard);
    let kind = hardware::card::desfire::CardKind::Desfire(hardware::card::desfire::Generation::Ev2);
    agent.reader("station", ReaderChange::Kind(uid.clone(), kind)).await;
    let presented =
        EnrolmentStep::CardPresented { uid: SecretBytes(uid.as_bytes().to_vec()), kind: CardKind::DesfireEv2 };
    assert_eq!(session.step().await, presented);
    let key = protocol::CardKey { role: protocol::CardKeyRole::Card, version: 1, key: SecretBytes(vec![1; 16]) };
    let work = |keys| {
        FromServer::CardWork(protocol::CardWork {
            enrolment: id(1),
            uid: SecretBytes(uid.as_bytes().to_vec()),
            application: protocol::CardApplication { id: [1, 2, 3], system: b"a site".to_vec() },
            keys,
            task: protocol::CardTask::Wipe,
        })
    };
    // A key of no length: nothing is done by it, and the dialogue goes on.
    let spoilt = protocol::CardKey { key: SecretBytes(Vec::new()), ..key.clone() };
    say(&mut session.socket, &work(vec![spoilt])).await;
    assert_eq!(session.step().await, EnrolmentStep::CardWorking);
    let refused = EnrolmentStep::CardRefused { why: protocol::CardFault::Unreadable };
    assert_eq!(session.step().await, refused);
    say(&mut session.socket, &work(vec![key])).await;
    assert_eq!(session.step().await, EnrolmentStep::CardWorking);
    let task = timeout(WAIT, agent.tasks.recv()).await.unwrap().unwrap();
    assert_eq!((task.uid.clone(), format!("{task:?}").as_str()), (uid.clone(), "Task(wipe)"));
    let own = hardware::card::desfire::CardUid::new(uid.as_bytes()).unwrap();
    let wiped = hardware::card::desfire::Wiped { uid: own, was_there: true, free_bytes: 5_000 };
    agent.reader("station", ReaderChange::Worked(Ok(hardware::card::task::Done::Wiped(wiped)))).await;
    assert_eq!(session.step().await, EnrolmentStep::CardWiped);
    let was_completed = session
        .record(|event| match event {
            Event::EnrolmentEnded { was_completed, .. } => Some(*was_completed),
            _ => None,
        })
        .await;
    assert!(was_completed);
    agent.stop().await;
}

const BEN: u64 = 815;
const CARL: u64 = 816;
const COMPARED: EnrolmentWant = EnrolmentWant::ComparedFinger { captures: 2 };

/// Until the finger of dialogue `number` waits to be compared.
async fn made(session: &mut Session, number: u128, finger: &VirtualSensor) {
    let expires_at = crate::clock::machine_time().plus_ms(60_000);
    let order = EnrolmentOrder { id: id(number), person: id(1), want: COMPARED, expires_at };
    say(&mut session.socket, &FromServer::Enrol(order)).await;
    assert_eq!(led_on(session, number, finger).await, EnrolmentStep::Verifying);
    let waits = EnrolmentStep::FingerMade { sensor_type: "zfm".to_owned() };
    assert_eq!(led_on(session, number, finger).await, waits);
}

async fn compare(session: &mut Session, number: u128, templates: &[SealedTemplate]) {
    let expires_at = crate::clock::machine_time().plus_ms(60_000);
    let next = protocol::FingersToCompare { enrolment: id(number), expires_at, templates: templates.to_vec() };
    say(&mut session.socket, &FromServer::CompareFingers(next)).await;
}

async fn was_completed(session: &mut Session) -> bool {
    session
        .record(|event| match event {
            Event::EnrolmentEnded { was_completed, .. } => Some(*was_completed),
            _ => None,
        })
        .await
}

/// How often the sensor compared, and whether both buffers were overwritten and read back after the last time.
async fn comparisons(commands: &mut mpsc::UnboundedReceiver<Vec<u8>>) -> usize {
    // One to each buffer and one from it: whatever a wipe finds left, it sends more.
    let mut missing = Vec::new();
    let mut compared = 0;
    loop {
        let command = timeout(WAIT, commands.recv()).await.unwrap().unwrap();
        assert!(![0x04, 0x06, 0x07].contains(&command[0]), "neither searched nor stored: {command:?}");
        if command == [0x03] {
            compared += 1;
            missing = vec![vec![0x09, 1], vec![0x09, 2], vec![0x08, 1], vec![0x08, 2]];
        }
        missing.retain(|wanted| *wanted != command);
        // It is asked whether it is still there when nothing else is to be done.
        if command == [0x0F] {
            assert!(missing.is_empty(), "not wiped: {missing:?}");
            return compared;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finger_is_compared_with_others_before_it_is_read() {
    let mut world = World::new().await;
    world.has_station = true;
    let (bens, carls) = (world.template_of(BEN, 20, false).await, world.template_of(CARL, 21, false).await);
    let annas = world.template_of(ANNA, 22, false).await;
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.record(|event| matches!(event, Event::DeviceChanged { device: Device::Sensor, .. }).then_some(())).await;

    made(&mut session, 1, &world.finger).await;
    let mut commands = world.finger.listen();
    compare(&mut session, 1, &[bens.clone(), carls.clone()]).await;
    assert_eq!(session.step().await, EnrolmentStep::Comparing { compared: 1 });
    assert_eq!(session.step().await, EnrolmentStep::Comparing { compared: 2 });
    assert_eq!(session.step().await, EnrolmentStep::FingersCompared);
    assert_eq!(comparisons(&mut commands).await, 2);
    compare(&mut session, 1, &[]).await;
    assert!(matches!(session.step().await, EnrolmentStep::FingerRead { .. }));
    assert!(was_completed(&mut session).await);

    // The same finger as one of them: nothing is read, and what comes after it is not compared.
    made(&mut session, 2, &world.finger).await;
    let mut commands = world.finger.listen();
    compare(&mut session, 2, &[bens.clone(), annas.clone(), carls.clone()]).await;
    assert_eq!(session.step().await, EnrolmentStep::Comparing { compared: 1 });
    assert_eq!(session.step().await, EnrolmentStep::FingerSame { finger: id(22) });
    assert_eq!(comparisons(&mut commands).await, 2);
    assert!(!was_completed(&mut session).await);
    compare(&mut session, 2, &[]).await;

    // One that was sealed to another agent, or for another finger, is no reason to leave it out.
    made(&mut session, 3, &world.finger).await;
    let mut commands = world.finger.listen();
    compare(&mut session, 3, &[bens.clone(), SealedTemplate { finger: id(99), ..carls.clone() }]).await;
    assert_eq!(session.step().await, EnrolmentStep::Failed { why: protocol::EnrolmentFault::NotComparable });
    assert!(!was_completed(&mut session).await);
    assert_eq!(comparisons(&mut commands).await, 0);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cuts_a_comparison_short_ends_the_dialogue() {
    let mut world = World::new().await;
    world.has_station = true;
    let (bens, carls) = (world.template_of(BEN, 20, false).await, world.template_of(CARL, 21, false).await);
    let lot = [bens.clone(), carls.clone(), bens, carls];
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.record(|event| matches!(event, Event::DeviceChanged { device: Device::Sensor, .. }).then_some(())).await;

    // The operator ends it in the middle: what was compared is wiped, and the station goes on.
    made(&mut session, 1, &world.finger).await;
    let mut commands = world.finger.listen();
    compare(&mut session, 1, &lot).await;
    assert_eq!(session.step().await, EnrolmentStep::Comparing { compared: 1 });
    say(&mut session.socket, &FromServer::CancelEnrolment(id(1))).await;
    while session.step().await != (EnrolmentStep::Failed { why: protocol::EnrolmentFault::Cancelled }) {}
    assert!(!was_completed(&mut session).await);
    assert!(comparisons(&mut commands).await < lot.len());

    // The sensor hangs in the middle: failed, and not read.
    made(&mut session, 2, &world.finger).await;
    compare(&mut session, 2, &lot).await;
    assert_eq!(session.step().await, EnrolmentStep::Comparing { compared: 1 });
    world.finger.misbehave(SensorFault::Hang);
    let hung_at = tokio::time::Instant::now();
    let failed = EnrolmentStep::Failed { why: protocol::EnrolmentFault::SensorFault };
    assert_eq!(session.step().await, failed);
    assert!(hung_at.elapsed() < Duration::from_secs(5), "{:?}", hung_at.elapsed());
    assert!(!was_completed(&mut session).await);
    compare(&mut session, 2, &[]).await;

    // It is wiped before it is used again.
    let mut commands = world.finger.listen();
    world.finger.misbehave(SensorFault::None);
    let is_working = |event: &Event| match event {
        Event::DeviceChanged { device: Device::Sensor, state, .. } => (*state == DeviceState::Working).then_some(()),
        _ => None,
    };
    session.record(is_working).await;
    let asked: Vec<_> = std::iter::from_fn(|| commands.try_recv().ok()).collect();
    for wiped in [[0x09, 1], [0x09, 2], [0x08, 1], [0x08, 2]] {
        assert!(asked.iter().any(|command| *command == wiped), "{asked:?}");
    }
    made(&mut session, 3, &world.finger).await;
    compare(&mut session, 3, &[]).await;
    assert!(matches!(session.step().await, EnrolmentStep::FingerRead { .. }), "there is nobody else");
    agent.stop().await;
}
