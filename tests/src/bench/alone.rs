//! An agent that holds the rules of very many people: how much memory it takes, and how soon after its start it decides alone.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::time::timeout;

use super::memory::rss_mib;
use super::saved::crowd;
use super::{Figure, Samples};
use crate::plant::Plant;

const AGENT: &str = "east";
const DOOR: &str = "lab";
/// So often it is started.
const STARTS: usize = 3;
/// Longest wait for a door.
const DOOR_WAIT: Duration = Duration::from_secs(30);

/// Lets so many more people hold `level`, which opens the door, and starts the agent again and again without a server, each time
/// with a card at its reader already. The plant is without a server afterwards.
pub async fn run(plant: &mut Plant, card: &str, level: &str, people: usize) -> anyhow::Result<Vec<Figure>> {
    crowd(plant, people, level).await?;
    plant.rules_reach(AGENT).await?;
    let linked_mib = rss_mib(plant.agent(AGENT)?)?;
    plant.stop_server().await?;
    let mut starts = Samples::default();
    for _ in 0..STARTS {
        plant.agent_mut(AGENT)?.stop().await?;
        let mut twins = plant.twins().await?;
        let mut watch = plant.twins().await?.watch().await?;
        twins.tap(DOOR, card).await?;
        let began = Instant::now();
        plant.start_agent(AGENT, &[]).await?;
        let released = watch.until(|world| world.door(DOOR).is_some_and(|door| door.view.is_energised));
        timeout(DOOR_WAIT, released).await.context("the door stays shut")??;
        starts.push(began.elapsed().as_secs_f64());
        twins.remove(DOOR).await?;
    }
    let alone_mib = rss_mib(plant.agent(AGENT)?)?;
    Ok(vec![
        Figure::plain("agent.rss_mib", linked_mib.max(alone_mib), "MiB"),
        Figure::plain("agent.rss_linked_mib", linked_mib, "MiB"),
        Figure::plain("agent.cold_start_s", starts.median()?, "s"),
    ])
}
