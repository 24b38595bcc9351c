//! What breaks and comes back: an agent between journal and strike, Postgres, the card service, a sensor.

use std::path::Path;

use hardware::world::{Order, SensorWish};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tests::Plant;
use tests::daemon::LINE_WAIT;

/// Somebody with a card and access to the laboratory, which wants no finger.
async fn anna(plant: &Plant) -> anyhow::Result<String> {
    let anna = plant.register("Anna", "Groß").await?;
    plant.enrol_card(&anna, "anna").await?;
    let level = plant.level("Laboratory", &["lab"], None).await?;
    plant.grant(&anna, &level).await?;
    plant.agent("east")?.line("bundle in force").await?;
    Ok(anna)
}

async fn tap_lab(plant: &Plant) -> anyhow::Result<Value> {
    let mut feed = plant.staff.feed(None).await?;
    let mut twins = plant.twins().await?;
    twins.tap("lab", "anna").await?;
    let decision = feed.decision().await?;
    twins.remove("lab").await?;
    Ok(decision)
}

async fn crashes_at(point: &str) -> anyhow::Result<(Plant, Value)> {
    let mut plant = Plant::small().await?;
    anna(&plant).await?;
    assert_eq!(tap_lab(&plant).await?["outcome"], "granted");
    plant.agent_mut("east")?.stop().await?;
    plant.start_agent("east", &[("PFORTE_AGENT__CRASH_POINT", point)]).await?;
    plant.agent("east")?.line("link up").await?;
    plant.agent("east")?.line("bundle in force").await?;
    let seen = plant.staff.get("/events?limit=1").await?["items"][0]["position"].as_i64();
    let mut twins = plant.twins().await?;
    twins.tap("lab", "anna").await?;
    plant.agent_mut("east")?.ended().await?;
    let world = twins.state().await?;
    let is_energised = world.doors.iter().any(|door| door.name == "lab" && door.view.is_energised);
    twins.remove("lab").await?;
    // A Pi may keep the strike's level when its program dies: so does the twin.
    assert_eq!(is_energised, point == "after_strike");
    plant.start_agent("east", &[]).await?;
    let world = twins.state().await?;
    assert!(world.doors.iter().all(|door| !door.view.is_energised), "strikes come to rest first of all");
    let mut feed = plant.staff.feed(seen).await?;
    let decision = feed.decision().await?;
    assert_eq!(decision["outcome"], "granted", "what was decided is not lost: {decision}");
    let started = feed.until(|event| event["kind"] == "release_abandoned" || event["kind"] == "agent_started").await?;
    Ok((plant, started))
}

#[tokio::test]
async fn an_agent_killed_between_journal_and_strike_does_not_open_afterwards() -> anyhow::Result<()> {
    let (plant, first) = crashes_at("before_strike").await?;
    let mut feed = plant.staff.feed(first["position"].as_i64().map(|position| position - 1)).await?;
    let abandoned = feed.kind("release_abandoned").await?;
    assert_eq!(abandoned["door_id"], json!(plant.door("lab")?));
    assert_eq!(tap_lab(&plant).await?["outcome"], "granted", "and it works again");
    plant.stop().await
}

#[tokio::test]
async fn an_agent_killed_after_the_strike_leaves_no_door_open() -> anyhow::Result<()> {
    let (plant, _) = crashes_at("after_strike").await?;
    assert_eq!(tap_lab(&plant).await?["outcome"], "granted", "and it works again");
    plant.stop().await
}

fn postmaster(folder: &Path) -> anyhow::Result<Pid> {
    let file = std::fs::read_to_string(folder.join("server/cluster/postmaster.pid"))?;
    Ok(Pid::from_raw(file.lines().next().unwrap_or_default().trim().parse()?))
}

#[tokio::test]
async fn postgres_killed_comes_back_and_nothing_is_lost() -> anyhow::Result<()> {
    let plant = Plant::small().await?;
    anna(&plant).await?;
    assert_eq!(tap_lab(&plant).await?["outcome"], "granted");
    let seen = plant.staff.get("/events?limit=1").await?["items"][0]["position"].as_i64();
    let mut watch = plant.twins().await?.watch().await?;
    plant.twins().await?.push("lab").await?;
    watch.until(|world| world.doors.iter().all(|door| !door.view.is_energised && !door.view.is_open)).await?;
    kill(postmaster(plant.folder())?, Signal::SIGKILL)?;
    // The door opens all the same, now: decided by rules in memory or by the agent alone.
    let mut twins = plant.twins().await?;
    twins.tap("lab", "anna").await?;
    watch.until(|world| world.doors.iter().any(|door| door.name == "lab" && door.view.is_energised)).await?;
    twins.remove("lab").await?;
    plant.server()?.line("Postgres ended; starting it again").await?;
    let back = async {
        loop {
            match plant.staff.feed(seen).await {
                Ok(feed) => break feed,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    let mut feed = tokio::time::timeout(LINE_WAIT, back).await?;
    assert_eq!(feed.decision().await?["outcome"], "granted");
    assert_eq!(tap_lab(&plant).await?["outcome"], "granted");
    plant.stop().await
}

#[tokio::test]
async fn a_card_service_that_dies_and_a_sensor_that_is_unplugged_are_told_and_come_back() -> anyhow::Result<()> {
    let plant = Plant::small().await?;
    anna(&plant).await?;
    let mut twins = plant.twins().await?;
    let mut feed = plant.staff.feed(None).await?;
    twins.order(&Order::KillPcscd {}).await?;
    let lost = feed.until(|event| event["kind"] == "device_changed" && event["device"] == "reader").await?;
    assert_eq!(lost["device_state"], "lost");
    twins.order(&Order::StartPcscd {}).await?;
    feed.until(|event| event["device"] == "reader" && event["device_state"] == "working").await?;
    feed.until(|event| event["device"] == "reader" && event["device_state"] == "working").await?;
    assert_eq!(tap_lab(&plant).await?["outcome"], "granted");

    twins.order(&Order::Sensor { at: "lobby".to_owned(), fault: SensorWish::Unplug }).await?;
    let lost = feed.until(|event| event["device"] == "sensor" && event["device_state"] == "lost").await?;
    assert_eq!(lost["door_id"], json!(plant.door("lobby")?));
    twins.order(&Order::Sensor { at: "lobby".to_owned(), fault: SensorWish::Plug }).await?;
    feed.until(|event| event["device"] == "sensor" && event["device_state"] == "working").await?;
    feed.until(|event| event["kind"] == "alarm_cleared" && event["alarm"] == "sensor_fault").await?;
    let alarms = plant.staff.get("/alarms").await?;
    let alarm = alarms["items"].as_array().unwrap().iter().find(|alarm| alarm["kind"] == "sensor_fault").unwrap();
    assert!(!alarm["cleared_at"].is_null(), "its cause is gone, and it waits to be acknowledged: {alarm}");
    plant.stop().await
}
