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
