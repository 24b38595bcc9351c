//! What breaks and comes back: an agent between journal and strike, Postgres, the card service, a sensor.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hardware::door_io::virtual_door::DoorView;
use hardware::world::{Order, SensorWish, State};
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
    plant.rules_reach("east").await?;
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

/// An agent that ends itself at this point of a granted entry, and is started again. The plant after it decided once more, and the
/// releases that were called abandoned meanwhile.
async fn crashes_at(point: &str) -> anyhow::Result<(Plant, Vec<Value>)> {
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
    assert_eq!(is_energised, point != "before_strike");
    plant.start_agent("east", &[]).await?;
    let world = twins.state().await?;
    assert!(world.doors.iter().all(|door| !door.view.is_energised), "strikes come to rest first of all");
    let mut feed = plant.staff.feed(seen).await?;
    let decision = feed.decision().await?;
    assert_eq!(decision["outcome"], "granted", "what was decided is not lost: {decision}");
    assert_eq!(tap_lab(&plant).await?["outcome"], "granted", "and it works again");
    // An agent's records come in order: what it had to say of before its start came before that decision.
    let told = plant.staff.get("/events?kind=release_abandoned").await?;
    let abandoned = told["items"].as_array().cloned().unwrap_or_default();
    for told in &abandoned {
        assert_eq!((&told["door_id"], &told["attempt_id"]), (&json!(plant.door("lab")?), &decision["attempt_id"]));
    }
    Ok((plant, abandoned))
}

#[tokio::test]
async fn an_agent_killed_between_journal_and_strike_does_not_open_afterwards() -> anyhow::Result<()> {
    let (plant, abandoned) = crashes_at("before_strike").await?;
    assert_eq!(abandoned.len(), 1, "what was not carried out is never passed over: {abandoned:?}");
    plant.stop().await
}

#[tokio::test]
async fn an_agent_killed_after_the_strike_leaves_no_door_open() -> anyhow::Result<()> {
    let (plant, abandoned) = crashes_at("after_strike").await?;
    // The note may have been written or not: nobody waited for it.
    assert!(abandoned.len() <= 1, "{abandoned:?}");
    plant.stop().await
}

#[tokio::test]
async fn an_agent_of_which_a_part_breaks_off_ends_as_a_whole() -> anyhow::Result<()> {
    let (plant, abandoned) = crashes_at("in_a_task").await?;
    assert!(abandoned.len() <= 1, "{abandoned:?}");
    plant.stop().await
}

#[tokio::test]
async fn a_release_that_was_noted_as_carried_out_is_not_called_abandoned() -> anyhow::Result<()> {
    let (plant, abandoned) = crashes_at("after_note").await?;
    assert_eq!(abandoned, Vec::<Value>::new());
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

/// Becomes the agent, with its journal on a disk of 1 MiB: memory that the kernel bounds, mounted where only this process sees
/// it, so that no rights are needed. Segments lose their preallocated zeros, so that each record needs space.
const ON_A_SMALL_DISK: &str = r#"
    set -e
    cp --recursive --sparse=always "$1" "$1.before"
    mount -t tmpfs -o size=1m,mode=0700 tmpfs "$1"
    cp --sparse=always "$1.before"/* "$1"
    shift
    exec setpriv --pdeathsig=TERM -- "$@"
"#;

/// What fills the disk that an agent sees at `folder`.
fn filler(agent: Pid, folder: &Path) -> PathBuf {
    Path::new(&format!("/proc/{agent}/root")).join(folder.strip_prefix("/").unwrap_or(folder)).join("filler")
}

fn fill(filler: &Path) -> anyhow::Result<()> {
    let mut file = std::fs::File::create(filler)?;
    match std::io::copy(&mut std::io::repeat(1), &mut file) {
        Err(error) if error.kind() == std::io::ErrorKind::StorageFull => Ok(()),
        other => anyhow::bail!("a disk of 1 MiB took {other:?}"),
    }
}

/// Waits until the laboratory's door is as wanted. Looks anew: what was heard of it before may be long over.
async fn lab_is(plant: &Plant, wanted: impl Fn(&DoorView) -> bool) -> anyhow::Result<DoorView> {
    let mut watch = plant.twins().await?.watch().await?;
    let lab = |world: &State| world.doors.iter().find(|door| door.name == "lab").map(|door| door.view.clone());
    let world = tokio::time::timeout(LINE_WAIT, watch.until(|world| lab(world).is_some_and(|view| wanted(&view))));
    lab(world.await??).context("the laboratory's door")
}

#[tokio::test]
async fn a_full_disk_is_seen_by_staff_and_what_happened_comes_later() -> anyhow::Result<()> {
    let mut plant = Plant::small().await?;
    anna(&plant).await?;
    let lab = plant.door("lab")?.to_owned();
    let said = plant.agent("east")?.lines().len();
    plant.staff.patch(&format!("/doors/{lab}"), json!({ "exit": "by_system", "reason": "no handle inside" })).await?;
    plant.agent("east")?.line_after(said, "bundle in force").await?;
    plant.agent_mut("east")?.stop().await?;
    let journal = plant.folder().join("east/journal");
    let becoming = ["unshare", "-rm", "--", "sh", "-c", ON_A_SMALL_DISK, "sh", journal.to_str().context("a path")?];
    plant.start_agent_by(&becoming, "east", &[]).await?;
    let filler = filler(plant.agent("east")?.id().context("the agent runs")?, &journal);
    plant.agent("east")?.line("link up").await?;
    plant.agent("east")?.line("bundle in force").await?;
    assert_eq!(tap_lab(&plant).await?["outcome"], "granted");
    let is_at_rest = |view: &DoorView| !view.is_energised && view.line == "Card, please";
    let mut twins = plant.twins().await?;
    let mut feed = plant.staff.feed(None).await?;
    fill(&filler)?;

    // What is left of a page takes a few records more; then no door is released.
    let failed = loop {
        lab_is(&plant, is_at_rest).await?;
        twins.tap("lab", "anna").await?;
        let event = feed.until(|event| event["kind"] == "decision" || event["kind"] == "journal_changed").await?;
        twins.remove("lab").await?;
        if event["kind"] == "journal_changed" {
            break event;
        }
    };
    assert_eq!((&failed["journal_fault"], &failed["author"]), (&json!("no_space"), &json!("server")));
    assert_eq!(failed["agent_id"], json!(plant.made.agents["east"]));
    let alarms = plant.staff.get("/alarms").await?;
    let alarm = alarms["items"].as_array().unwrap().iter().find(|alarm| alarm["kind"] == "journal_fault").unwrap();
    assert_eq!(alarm["cleared_at"], Value::Null);
    lab_is(&plant, is_at_rest).await?;
    // Together: a refusal is shown for a moment only.
    let refused = lab_is(&plant, |view| view.line == "Out of order" || view.is_energised);
    let (refused, ()) = tokio::try_join!(refused, async { Ok(twins.tap("lab", "anna").await?) })?;
    twins.remove("lab").await?;
    assert!(!refused.is_energised, "no record, no release");
    twins.order(&Order::Rex { door: "lab".to_owned(), pressed: true }).await?;
    lab_is(&plant, |view| view.is_energised).await?;
    twins.order(&Order::Rex { door: "lab".to_owned(), pressed: false }).await?;

    std::fs::remove_file(&filler)?;
    let mut later = plant.staff.feed(failed["position"].as_i64()).await?;
    let mut decisions = Vec::new();
    let (mut last, mut exits): (Option<(u64, chrono::DateTime<chrono::Utc>)>, _) = (None, 0);
    loop {
        let event = later.until(|event| event["agent_id"] == failed["agent_id"]).await?;
        if event["author"] == "server" {
            assert_eq!((&event["kind"], &event["is_up"]), (&json!("journal_changed"), &json!(true)), "{event}");
            continue;
        }
        let (seq, at) = (event["seq"].as_u64().unwrap(), event["at"].as_str().unwrap().parse()?);
        if let Some((seq_before, at_before)) = last {
            assert_eq!(seq, seq_before + 1, "each once: {event}");
            assert!(at >= at_before, "in the order in which it happened: {event}");
        }
        last = Some((seq, at));
        match event["kind"].as_str() {
            Some("decision") => decisions.push(event["reason"].clone()),
            Some("exit_requested") => exits += 1,
            Some("device_changed") if event["device"] == "journal" && event["device_state"] == "working" => break,
            _ => {}
        }
    }
    assert!(!decisions.is_empty() && decisions.iter().all(|reason| reason == "not_recorded"), "{decisions:?}");
    assert_eq!(exits, 1);
    feed.until(|event| event["kind"] == "journal_changed" && event["is_up"] == true).await?;
    let alarms = plant.staff.get("/alarms").await?;
    let alarms: Vec<&Value> =
        alarms["items"].as_array().unwrap().iter().filter(|alarm| alarm["kind"] == "journal_fault").collect();
    assert!(alarms.len() == 1 && alarms[0]["cleared_at"].is_string(), "one alarm, and its cause is gone: {alarms:?}");
    lab_is(&plant, is_at_rest).await?;
    assert_eq!(tap_lab(&plant).await?["outcome"], "granted");
    plant.stop().await
}
