//! A card is held to a door, again and again: how long until the strike is energised, and until a browser has seen it.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Samples;
use super::echo::EntryReference;
use crate::plant::Plant;
use crate::staff::Feed;

/// Longest wait for a door.
const DOOR_WAIT: Duration = Duration::from_secs(30);
/// How long everything rests before a sample of the reference: about as long as nothing happens between a card that is held to
/// a reader and the reader that has seen it. A processor and a disk that rested are slower than those just at work.
const REST: Duration = Duration::from_millis(400);
/// Taps before the first that counts.
const WARM_UP: usize = 10;
/// Name of the agent and of its door that wants no finger.
const AGENT: &str = "east";
const DOOR: &str = "lab";

/// What the taps took, in milliseconds.
#[derive(Debug)]
pub struct Taps {
    /// From the card that the agent saw to the strike, without what the person took to place a finger.
    pub tap_to_strike: Samples,
    /// Parts of the same: until it was asked, answered, recorded; each from the end of the one before.
    pub stages: [(&'static str, Samples); 3],
    /// From what happened at the door, by the agent's clock, to the same at a client of the feed.
    pub door_to_browser: Samples,
}

#[expect(clippy::disallowed_methods, reason = "a browser has a clock of its own")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// What happened at the door, as it comes: its kind, and how long it took from the agent, in milliseconds.
fn follow(mut feed: Feed) -> mpsc::UnboundedReceiver<(String, f64)> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((name, event)) = feed.next().await {
            let seen = now();
            if name != "log" || event["author"] != "agent" {
                continue;
            }
            let (Some(kind), Some(at)) = (event["kind"].as_str(), instant(&event)) else { return };
            let took = seen.signed_duration_since(at);
            let took_ms = took.num_microseconds().map_or(f64::NAN, |us| us as f64 / 1_000.0);
            if sender.send((kind.to_owned(), took_ms)).is_err() {
                return;
            }
        }
    });
    receiver
}

fn instant(event: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(event["at"].as_str()?).ok().map(|at| at.to_utc())
}

/// A field of a line of the log, in milliseconds.
fn field_ms(line: &str, name: &str) -> Option<f64> {
    let (_, rest) = line.split_once(name)?;
    Some(rest.split_whitespace().next()?.parse::<f64>().ok()? / 1_000.0)
}

/// Taps so many times. Between two taps the door comes to rest, so that nothing waits for anything but this one entry,
/// and one sample of the reference is taken: what goes on beside on this machine and its disk meets both alike.
pub async fn run(plant: &Plant, card: &str, count: usize, reference: &mut EntryReference) -> anyhow::Result<Taps> {
    let mut twins = plant.twins().await?;
    let mut watch = plant.twins().await?.watch().await?;
    let mut events = follow(plant.staff.feed(None).await?);
    let agent = plant.agent(AGENT)?;
    let mut lines_before = 0;
    let mut door_to_browser = Samples::default();
    for tap in 0..WARM_UP + count {
        if tap == WARM_UP {
            lines_before = agent.lines().len();
        }
        twins.tap(DOOR, card).await?;
        let released = watch.until(|world| world.door(DOOR).is_some_and(|door| door.view.is_energised));
        timeout(DOOR_WAIT, released).await.context("the door stays shut")??;
        twins.push(DOOR).await?;
        twins.remove(DOOR).await?;
        let at_rest =
            watch.until(|world| world.door(DOOR).is_some_and(|door| !door.view.is_energised && !door.view.is_open));
        timeout(DOOR_WAIT, at_rest).await.context("the door stays open")??;
        loop {
            let (kind, took_ms) =
                timeout(DOOR_WAIT, events.recv()).await.context("the feed is silent")?.context("the feed ended")?;
            if tap >= WARM_UP {
                door_to_browser.push(took_ms);
            }
            if kind == "door_closed" {
                break;
            }
        }
        if tap >= WARM_UP {
            tokio::time::sleep(REST).await;
            reference.measure().await?;
        }
    }
    let lines = agent.lines();
    let instants =
        |name: &str| -> Vec<f64> { lines[lines_before..].iter().filter_map(|line| field_ms(line, name)).collect() };
    let [strike, asked, answered, recorded] =
        ["tap_to_strike_us=", "asked_us=", "answered_us=", "recorded_us="].map(instants);
    ensure!(strike.len() == count, "{} of {count} taps were measured", strike.len());
    let between =
        |later: &[f64], earlier: &[f64]| later.iter().zip(earlier).map(|(later, earlier)| later - earlier).collect();
    let stages = [
        ("asked", asked.iter().copied().collect()),
        ("answered", between(&answered, &asked)),
        ("recorded", between(&recorded, &answered)),
    ];
    Ok(Taps { tap_to_strike: strike.into_iter().collect(), stages, door_to_browser })
}
