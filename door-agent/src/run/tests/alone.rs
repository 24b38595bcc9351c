//! What an agent does without the server: an airlock's doors, and modes that somebody's entry changes.

use access_core::event::DoorZone;
use access_core::ids::DoorId;
use access_core::policy::InterlockRule;

use super::*;

/// Anna and Ben may pass both doors, which are one airlock.
fn airlock(rows: &mut PolicyRows) {
    anna_and_ben(rows);
    rows.doors.push(DoorRule { id: id(2), ..rows.doors[0].clone() });
    rows.levels[0].lines[0].places.push(Where::Door(id(2)));
    rows.interlocks.push(InterlockRule { id: id(1), doors: vec![id(1), id(2)] });
}

fn alarm(wanted: AlarmKind) -> impl Fn(&Event) -> Option<DoorId> {
    move |event| match event {
        Event::AlarmRaised { kind, door, .. } if *kind == wanted => *door,
        _ => None,
    }
}

/// Rules under which the lobby stands unlocked and Anna may enter it, if she comes when it does not.
fn free(rows: &mut PolicyRows) {
    anna_and_ben(rows);
    let whole_day = Window { days: 127, day_types: 0, span: Span { from_minute: 0, to_minute: 1_440 } };
    rows.schedules = vec![Schedule { id: id(1), windows: vec![whole_day], exceptions: Vec::new() }];
    rows.doors[0].modes = vec![ModeLine { schedule: id(1), mode: DoorMode::Free }];
}

/// The same for a door that is not wired here.
fn elsewhere(rows: &mut PolicyRows) {
    free(rows);
    rows.doors[0].id = id(9);
    rows.levels[0].lines[0].places = vec![Where::Door(id(9))];
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_enters_by_rules_for_other_doors_and_leaving_goes_on() {
    let mut world = World::new().await;
    world.rules = free;
    world.has_way_out = true;
    let mut agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.kind("free_began").await;
    world.door_shows(|view| view.is_energised).await;

    // The door became another agent's, and nobody took its wires off this one.
    world.rules = elsewhere;
    let bundle = world.bundle(crate::clock::machine_time().plus_ms(1)).await;
    say(&mut session.socket, &FromServer::Bundle(SignedBundle::sign(&bundle, &SigningKey::from_bytes(&[3; 32])))).await;
    session.kind("free_ended").await;
    world.door_shows(|view| !view.is_energised).await;
    for uid in [UID, BENS_UID] {
        agent.hold(&uid).await;
        let refused = session.decision().await;
        assert_eq!((refused.verdict.reason, refused.decided), (Reason::UnknownDoor, Decided::Offline));
        assert!(!world.door.watch().borrow().is_energised);
    }
    // By card as well as by button, as long as nobody took the reader away; also once the agent was started anew.
    let leaves = async |agent: &mut Running, session: &mut Session, world: &World| {
        agent.reader("lobby out", ReaderChange::Card(Uid::new(&UID).unwrap())).await;
        let left = session.decision().await;
        assert_eq!((left.verdict.reason, left.decided), (Reason::LeavingNotRefused, Decided::Offline));
        assert!(left.verdict.alarms.contains(&AlarmKind::LeftAgainstRule), "{:?}", left.verdict.alarms);
        world.door_shows(|view| view.is_energised).await;
    };
    leaves(&mut agent, &mut session, &world).await;
    agent.stop().await;
    let mut agent = world.start();
    let mut session = world.session(session.head).await;
    leaves(&mut agent, &mut session, &world).await;
    world.door_shows(|view| !view.is_energised).await;
    world.door.press_rex(true).unwrap();
    world.door_shows(|view| view.is_energised).await;
    agent.stop().await;
}

/// An airlock whose outer door was forced and stands open: the agent, the inner door, and what the server hears.
async fn beside_an_open_door() -> (World, Running, VirtualDoor, Session) {
    let mut world = World::new().await;
    world.rules = airlock;
    let inner = world.hang_inner();
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.in_force().await;
    world.door.force();
    session.record(alarm(AlarmKind::DoorForced)).await;
    (world, agent, inner, session)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_airlock_is_kept_without_the_server_and_contradictions_are_told() {
    let mut world = World::new().await;
    world.mode_of_exit = Exit::Mechanical;
    world.rules = airlock;
    let inner = world.hang_inner();
    let mut agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    // From here on the server answers nothing.
    session.in_force().await;

    let shows = async |door: &VirtualDoor, wanted: fn(&DoorView) -> bool| {
        let mut view = door.watch();
        timeout(WAIT, view.wait_for(wanted)).await.unwrap().unwrap();
    };
    agent.tap().await;
    world.door_shows(|view| view.is_energised).await;
    world.door.push().await.unwrap();
    let opened = |door: u128| {
        move |event: &Event| matches!(event, Event::DoorOpened { door: of, .. } if *of == id(door)).then_some(())
    };
    session.record(opened(1)).await;
    let ben = || ReaderChange::Card(Uid::new(&BENS_UID).unwrap());
    agent.reader("inner in", ben()).await;
    shows(&inner, |view| view.line == "Other door first").await;
    assert!(!inner.watch().borrow().is_energised);
    world.door.close();
    world.door_shows(|view| !view.is_energised).await;
    agent.reader("inner in", ben()).await;
    shows(&inner, |view| view.is_energised).await;
    inner.push().await.unwrap();
    let refused = session
        .record(|event| match event {
            Event::Decision(decision) if decision.verdict.reason == Reason::Interlock => Some(decision.clone()),
            _ => None,
        })
        .await;
    assert_eq!((refused.attempt.door, refused.decided), (id(2), Decided::Offline));
    session.record(opened(2)).await;
    world.door.force();
    assert_eq!(session.record(alarm(AlarmKind::InterlockContradiction)).await, id(1), "the one that opened last");
    inner.close();
    let cleared = |event: &Event| match event {
        Event::AlarmCleared { kind: AlarmKind::InterlockContradiction, door } => *door,
        _ => None,
    };
    assert_eq!(session.record(cleared).await, id(1));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_releases_no_door_of_an_airlock_beside_an_open_one() {
    let (_world, agent, inner, mut session) = beside_an_open_door().await;
    let expires_at = crate::clock::machine_time().plus_ms(60_000);
    let (kind, reason) = (CommandKind::Release, Commitment([0; 32]));
    say(&mut session.socket, &FromServer::Command(Command { id: id(1), door: id(2), expires_at, kind, reason })).await;
    let outcome = session
        .record(|event| match event {
            Event::CommandDone { outcome, .. } => Some(*outcome),
            _ => None,
        })
        .await;
    assert_eq!(outcome, CommandOutcome::Interlock);
    assert!(!inner.watch().borrow().is_energised);
    // Whoever leaves by this system is let out all the same, and that is seen.
    inner.press_rex(true).unwrap();
    assert_eq!(session.record(alarm(AlarmKind::LeftAgainstRule)).await, id(2));
    assert!(inner.watch().borrow().is_energised);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_airlock_stays_one_when_the_rules_are_given_up() {
    let (world, agent, inner, session) = beside_an_open_door().await;
    // Refused at its next coming, too: by then the first refusal has been taken.
    let head = session.head;
    session.refuse(Refusal::Revoked).await;
    world.refuse(Refusal::Quarantined).await;
    inner.press_rex(true).unwrap();
    let mut view = inner.watch();
    timeout(WAIT, view.wait_for(|view| view.is_energised)).await.unwrap().unwrap();
    let mut session = world.session(head).await;
    let told = session.record(alarm(AlarmKind::LeftAgainstRule)).await;
    assert_eq!(told, id(2), "the other door is known to stand open");
    agent.stop().await;
}

/// A door with a handle, which Anna and Ben may pass.
async fn world() -> World {
    World { mode_of_exit: Exit::Mechanical, rules: anna_and_ben, ..World::new().await }
}

/// An agent whose door an operator set to a mode, and its session.
async fn in_mode(world: &World, mode: DoorMode) -> (Running, Session) {
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.in_force().await;
    say(&mut session.socket, &set_mode(mode, crate::clock::machine_time())).await;
    session.stands(1).await;
    (agent, session)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_person_frees_the_door_without_the_server() {
    let world = world().await;
    let (mut agent, session) = in_mode(&world, DoorMode::FirstPerson).await;
    drop(session.socket);

    agent.tap().await;
    world.door_shows(|view| view.is_energised).await;
    world.door.push().await.unwrap();
    let mut session = world.session(session.head).await;
    session.kind("entered").await;
    let mode = session
        .record(|event| match event {
            Event::FreeBegan { mode, .. } => Some(*mode),
            _ => None,
        })
        .await;
    assert_eq!(mode, DoorMode::FirstPerson);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_turns_the_door_free_and_back_without_the_server() {
    let world = world().await;
    let (mut agent, session) = in_mode(&world, DoorMode::Toggle).await;
    drop(session.socket);

    agent.tap().await;
    world.door_shows(|view| view.is_energised).await;
    let mut session = world.session(session.head).await;
    session.kind("free_began").await;
    drop(session.socket);
    world.door.push().await.unwrap();
    world.door.close();
    agent.hold(&BENS_UID).await;
    let mut session = world.session(session.head).await;
    session.kind("free_ended").await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_free_door_is_locked_after_a_restart_until_the_time_is_known() {
    let world = world().await;
    let (agent, mut session) = in_mode(&world, DoorMode::Free).await;
    session.kind("free_began").await;
    drop(session.socket);
    // The time is written down once; without that it is as after a boot.
    let clock = world.path("data").join("clock.json");
    let written = async {
        while !clock.exists() {
            tokio::task::yield_now().await;
        }
    };
    timeout(WAIT, written).await.unwrap();
    agent.stop().await;
    std::fs::remove_file(clock).unwrap();

    // Nobody tells the time, and the mode may have ended long ago.
    let mut agent = world.start();
    agent.tap().await;
    world.door_shows(|view| view.is_energised).await;
    let mut session = world.session(session.head).await;
    session.kind("agent_started").await;
    // What comes first after the start: one of the two.
    let first = session.record(|event| match event {
        Event::FreeBegan { .. } => Some(None),
        Event::Decision(decision) => Some(Some(decision.clone())),
        _ => None,
    });
    let decision = first.await.expect("it stands locked");
    assert_eq!((decision.attempt.clock, decision.verdict.reason), (ClockTrust::Untrusted, Reason::Granted));
    session.kind("free_began").await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disarmed_zone_stays_so_without_the_server_until_it_is_armed() {
    let world = World::new().await;
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.in_force().await;
    let disarmed = StateChange::ZoneArmed { door: id(1), zone: DoorZone::Zone1, is_armed: false };
    let set = vec![(UnixMs(1), disarmed)];
    say(&mut session.socket, &FromServer::Standing(Standing { number: 1, set })).await;
    session.stands(1).await;
    agent.stop().await;
    drop(session.socket);

    // Nobody says anything of zones any more. What reports already when it starts is no alarm either.
    world.door.set_watched(WatchedInput::Zone1, true).unwrap();
    let agent = world.start();
    let mut session = world.session(session.head).await;
    let raised = |event: &Event| match event {
        Event::AlarmRaised { kind, .. } => Some(*kind),
        _ => None,
    };
    let reported = |event: &Event| match event {
        Event::InputChanged { input, is_active, .. } => Some((*input, *is_active)),
        _ => None,
    };
    assert_eq!(session.record(reported).await, (InputKind::Zone1, true));
    world.door.set_watched(WatchedInput::ReaderTamper, true).unwrap();
    assert_eq!(session.record(raised).await, AlarmKind::Tamper, "which nobody disarms");
    say(&mut session.socket, &FromServer::Standing(Standing { number: 2, set: Vec::new() })).await;
    assert_eq!(session.record(raised).await, AlarmKind::Zone, "it reports still");
    agent.stop().await;
}
