//! What is wrong with a door's sensor beyond not working, as the server hears of it.

use super::*;

/// The next thing that is said of this alarm.
async fn said_of(session: &mut Session, kind: AlarmKind) -> &'static str {
    session
        .record(|event| match event {
            Event::AlarmRaised { kind: raised, door, .. } if *raised == kind => {
                assert_eq!(*door, Some(id(1)));
                Some("raised")
            }
            Event::AlarmCleared { kind: cleared, door } if *cleared == kind => {
                assert_eq!(*door, Some(id(1)));
                Some("cleared")
            }
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_sensor_is_raised_once_and_cleared_when_it_is_over() {
    let mut world = World::new().await;
    let [look_every, check_every] = [Duration::from_millis(20), Duration::from_millis(50)];
    world.habits = Habits { look_every, check_every, ..world.habits };
    world.finger.rebuild(|build| build.stored = 3);
    let agent = world.start();
    let mut session = world.session(Head::start_of(0)).await;
    assert_eq!(said_of(&mut session, AlarmKind::SensorNotEmpty).await, "raised");
    let mut commands = world.finger.listen();
    // Looked at twice again: what is known is not told once more.
    for _ in 0..2 {
        while timeout(WAIT, commands.recv()).await.unwrap().unwrap() != [0x1D] {}
    }
    world.finger.rebuild(|build| build.stored = 0);
    assert_eq!(said_of(&mut session, AlarmKind::SensorNotEmpty).await, "cleared");
    world.finger.rebuild(|build| build.serial = "another".to_owned());
    assert_eq!(said_of(&mut session, AlarmKind::SensorChanged).await, "raised");
    let place = Place { door: Some(id(1)), side: Some(Side::In) };
    let files = SensorFiles::of(&world.path("data"), place);
    // It is written down right after it was told.
    while files.found().unwrap().is_none() {
        while timeout(WAIT, commands.recv()).await.unwrap().unwrap() != [0x3C] {}
    }
    assert!(matches!(files.accept().unwrap(), sensor::Accepted::Another(_)));
    assert_eq!(said_of(&mut session, AlarmKind::SensorChanged).await, "cleared");
    agent.stop().await;
}
