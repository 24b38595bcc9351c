//! An agent that is revoked while it is connected: nobody enters by it from then on, also after a restart, and whoever is
//! inside gets out.

use hardware::world::Order;
use serde_json::json;
use tests::Plant;

/// Presses and lets go of the laboratory's exit button; waits for the strike each time.
async fn leave(plant: &Plant) -> anyhow::Result<()> {
    let mut twins = plant.twins().await?;
    let mut watch = plant.twins().await?.watch().await?;
    for pressed in [true, false] {
        twins.order(&Order::Rex { door: "lab".to_owned(), pressed }).await?;
        watch
            .until(|world| world.doors.iter().any(|door| door.name == "lab" && door.view.is_energised == pressed))
            .await?;
    }
    Ok(())
}

/// Anna's card at the laboratory; waits for the door's answer in words.
async fn tap(plant: &Plant, answer: &str) -> anyhow::Result<()> {
    let mut twins = plant.twins().await?;
    let mut watch = plant.twins().await?.watch().await?;
    twins.tap("lab", "anna").await?;
    watch.until(|world| world.doors.iter().any(|door| door.name == "lab" && door.view.line == answer)).await?;
    twins.remove("lab").await?;
    watch.until(|world| world.doors.iter().any(|door| door.name == "lab" && !door.view.is_energised)).await?;
    Ok(())
}

#[tokio::test]
async fn a_revoked_agent_lets_nobody_in_and_everybody_out() -> anyhow::Result<()> {
    let mut plant = Plant::small().await?;
    let anna = plant.register("Anna", "Groß").await?;
    plant.enrol_card(&anna, "anna").await?;
    let level = plant.level("Laboratory", &["lab"], None).await?;
    plant.grant(&anna, &level).await?;
    let exit = json!({ "exit": "by_system", "release_ms": 300, "reason": "no handle inside" });
    plant.staff.patch(&format!("/doors/{}", plant.door("lab")?), exit).await?;
    // The button opens as soon as the rule is in force, and with it the grant.
    leave(&plant).await?;
    tap(&plant, "Come in").await?;

    let east = plant.made.agents["east"].clone();
    plant.staff.post(&format!("/agents/{east}/revoke"), json!({ "reason": "stolen" })).await?;
    plant.agent("east")?.line("the rules were given up: nobody enters").await?;
    tap(&plant, "Not now").await?;
    leave(&plant).await?;

    plant.agent_mut("east")?.stop().await?;
    plant.start_agent("east", &[]).await?;
    plant.agent("east")?.line("the rules were given up when").await?;
    tap(&plant, "Not now").await?;
    leave(&plant).await?;
    plant.stop().await
}
