//! Who is who over years: another authority, another machine in a broken one's place, and what an agent shows the network.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::json;
use tests::Plant;
use tests::daemon::{LINE_WAIT, program};
use tokio::process::Command;

/// What the plant's agents are called.
const NAMES: [&str; 2] = ["East wing", "Enrolment desk"];

/// Anna has a card for the laboratory.
async fn anna(plant: &Plant) -> anyhow::Result<()> {
    let anna = plant.register("Anna", "Groß").await?;
    plant.enrol_card(&anna, "anna").await?;
    let level = plant.level("Laboratory", &["lab"], None).await?;
    plant.grant(&anna, &level).await?;
    plant.rules_reach("east").await
}

/// Her card opens it.
async fn enters(plant: &Plant) -> anyhow::Result<()> {
    let mut twins = plant.twins().await?;
    let mut watch = plant.twins().await?.watch().await?;
    twins.tap("lab", "anna").await?;
    watch.until(|world| world.doors.iter().any(|door| door.name == "lab" && door.view.is_energised)).await?;
    twins.remove("lab").await?;
    watch.until(|world| world.doors.iter().any(|door| door.name == "lab" && !door.view.is_energised)).await?;
    Ok(())
}

/// A step of a change of the authority: what it said.
async fn authority(plant: &Plant, step: &str) -> anyhow::Result<Result<String, String>> {
    let mut command = Command::new(program("pforte-server")?);
    command.args(["authority", step, "--config"]).arg(plant.folder().join("server.toml"));
    let output = command.output().await?;
    let (said, wrong) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    Ok(if output.status.success() { Ok(said) } else { Err(wrong) })
}

#[tokio::test]
async fn another_authority_takes_over_without_a_visit_to_any_door() -> anyhow::Result<()> {
    let mut plant = Plant::small().await?;
    anna(&plant).await?;
    let agents: Vec<String> = plant.made.agents.keys().cloned().collect();
    let agents: Vec<&str> = agents.iter().map(String::as_str).collect();
    let too_early = authority(&plant, "switch").await?;
    assert!(too_early.is_err_and(|why| why.contains("no next authority was made")));
    authority(&plant, "next").await?.map_err(anyhow::Error::msg)?;
    let unheard = authority(&plant, "switch").await?.unwrap_err();
    assert!(NAMES.iter().all(|name| unheard.contains(name)), "none has heard of it: {unheard}");

    plant.restart_server(&agents).await?;
    let told = async {
        loop {
            match authority(&plant, "switch").await? {
                Ok(_) => return anyhow::Ok(()),
                Err(why) => ensure!(why.contains("not ready"), "{why}"),
            }
        }
    };
    tokio::time::timeout(LINE_WAIT, told).await.context("every agent to know the next authority")??;
    // Each came with a certificate of the one before, and knows the new one already.
    plant.restart_server(&agents).await?;
    enters(&plant).await?;
    let left = authority(&plant, "finish").await?.unwrap_err();
    assert!(NAMES.iter().all(|name| left.contains(name)), "their certificates are of the one before: {left}");
    plant.stop().await
}

/// Inodes of the sockets on which a process listens.
fn listens(process: u32) -> anyhow::Result<BTreeSet<String>> {
    let process = Path::new("/proc").join(process.to_string());
    let mut listening = BTreeSet::new();
    for table in ["net/tcp", "net/tcp6"] {
        let table = std::fs::read_to_string(process.join(table)).unwrap_or_default();
        let columns = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
        // State 0A is LISTEN; the tenth column is the inode.
        listening.extend(columns.filter(|line| line[3] == "0A").map(|line| format!("socket:[{}]", line[9])));
    }
    let mut own = BTreeSet::new();
    for file in std::fs::read_dir(process.join("fd"))? {
        if let Ok(target) = std::fs::read_link(file?.path()) {
            own.insert(target.display().to_string());
        }
    }
    Ok(listening.intersection(&own).cloned().collect())
}

#[tokio::test]
async fn a_spare_takes_the_place_of_a_broken_agent() -> anyhow::Result<()> {
    let mut plant = Plant::small().await?;
    anna(&plant).await?;
    enters(&plant).await?;
    let pid = |daemon: &tests::Daemon| daemon.id().map(|id| id.as_raw().unsigned_abs()).context("it runs");
    assert_eq!(listens(pid(plant.agent("east")?)?)?, BTreeSet::new(), "an agent keeps no port open");
    assert!(!listens(pid(plant.server()?)?)?.is_empty(), "and the server does: the test can see it");

    let east = plant.made.agents["east"].clone();
    let issued =
        plant.staff.post(&format!("/agents/{east}/replace"), json!({ "reason": "its disk is broken" })).await?;
    plant.agent("east")?.line("the rules were given up: nobody enters").await?;
    plant.agent_mut("east")?.kill().await?;

    let (token, data) = (plant.folder().join("spare.token"), plant.folder().join("spare"));
    std::fs::write(&token, issued["token"].as_str().context("token")?)?;
    let mut join = Command::new(program("pforte-agent")?);
    join.args(["join", "--server", &format!("https://{}", plant.agents_address)]);
    let joined = join.arg("--token-file").arg(&token).arg("--data").arg(&data).output().await?;
    ensure!(joined.status.success(), "{}", String::from_utf8_lossy(&joined.stderr));
    let taken_over = std::fs::read_to_string(data.join("agent.toml.taken-over"))?;
    assert_eq!(taken_over, std::fs::read_to_string(plant.folder().join("east.toml"))?);

    let data = data.display().to_string();
    plant.start_agent("east", &[("PFORTE_AGENT__DATA_FOLDER", &data)]).await?;
    plant.rules_reach("east").await?;
    enters(&plant).await?;
    let began = plant.staff.get("/events?kind=epoch_began&limit=50").await?;
    let epochs: Vec<_> =
        began["items"].as_array().into_iter().flatten().filter(|event| event["agent_id"] == east).collect();
    assert_eq!(epochs.len(), 2, "{began}");
    plant.stop().await
}
