//! What the log is told of a door's wiring and of how it was tried: once each.

use super::*;
use crate::commission::{self, Acceptance, Outcome, Step, Tried};

/// What an agent that starts and stops leaves in its journal about the wiring and trials of doors, with what was there before.
async fn told(world: &World) -> Vec<String> {
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.in_force().await;
    agent.stop().await;
    let files = Files::open(&world.path("data").join("journal")).unwrap();
    let journal = Journal::open(files, Limits::STANDARD, Head::start_of(1)).unwrap();
    let records: Vec<SignedRecord> = journal.read_after(&Head::start_of(1), usize::MAX).unwrap();
    let said = |signed: &SignedRecord| match signed.read().unwrap().event {
        Event::DoorWired { door, wiring, .. } => Some(format!("{door} wired {}", &wiring.to_string()[..2])),
        Event::DoorTried(trial) => {
            let word = if trial.is_passed() { "passed" } else { "not passed" };
            Some(format!("{} tried {}: {word}", trial.door, &trial.wiring.to_string()[..2]))
        }
        _ => None,
    };
    let lobby = access_core::ids::DoorId::from(Uuid::from_u128(1)).to_string();
    records.iter().filter_map(said).map(|said| said.replace(&lobby, "lobby")).collect()
}

fn try_door(world: &World, outcome: Outcome) {
    let tried = [Tried { step: Step::Strike, outcome, device: None }];
    let identity = &world.identity;
    let mut acceptance = Acceptance::new(id(1), "lobby", identity.agent, identity.installation, &tried);
    acceptance.wiring.clone_from(&world.wirings[&id(1)]);
    commission::save(&world.path("data"), &acceptance, &identity.record_key).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn wiring_and_trials_are_told_once_each() {
    let mut world = World::new().await;
    assert!(told(&world).await.is_empty(), "nothing is known of its wiring");
    world.wirings.insert(id(1), "a1".repeat(32));
    let mut expected = vec!["lobby wired a1"];
    assert_eq!(told(&world).await, expected);
    try_door(&world, Outcome::Skipped);
    expected.push("lobby tried a1: not passed");
    for _ in 0..2 {
        assert_eq!(told(&world).await, expected, "once, however often it starts");
    }
    try_door(&world, Outcome::Passed);
    world.wirings.insert(id(1), "b2".repeat(32));
    expected.extend(["lobby wired b2", "lobby tried a1: passed"]);
    assert_eq!(told(&world).await, expected);
    world.wirings.insert(id(1), "a1".repeat(32));
    expected.push("lobby wired a1");
    assert_eq!(told(&world).await, expected, "as it was before is a change, too");
    let file = world.path("data").join(commission::FOLDER).join(format!("{}.json", Uuid::from_u128(1)));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("lobby", "gates")).unwrap();
    assert_eq!(told(&world).await, expected, "what this agent did not sign is not told");
}
