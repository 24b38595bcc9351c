//! A day of history: what people did at the doors and what the rules said to it, written by signed agents and delivered
//! through ingest as it would have been.

use std::collections::BTreeMap;

use access_core::event::{AlarmKind, EpochCause, Event};
use access_core::ids::DoorId;
use access_core::policy::Policy;
use access_core::protocol::AgentKind;
use access_core::time::{DAY_MS, UnixMs};
use access_core::word::Word as _;
use anyhow::Context as _;
use serde_json::json;
use uuid::Uuid;

use super::day::{self, Doors};
use super::movements::{Areas, Movements};
use super::people::Somebody;
use super::{predecessor, retire};
use crate::plant::Plant;
use crate::recorder::{Recorder, RecorderLink};
use crate::rules;
use crate::staff::now_s;

const SEED: u64 = 20_263;
/// What happens at the very end belongs to the next day; the first minutes make up for it.
const OVERLAP_MS: i64 = 5 * 60_000;
/// Agents take turns after so long.
const TURN_MS: i64 = 2 * 60_000;

/// What happened in the 24 hours before `end`, decided by these rules.
fn happened(
    policy: &Policy,
    areas: &Areas<'_>,
    doors: &Doors,
    people: &[Somebody],
    end: UnixMs,
) -> anyhow::Result<Vec<(UnixMs, Event)>> {
    let site = policy.door(doors.main).and_then(|door| policy.site(door.site)).context("the doors' site")?;
    let begin = end.plus_ms(-DAY_MS - OVERLAP_MS);
    let mut movements = Movements::new(policy, areas, SEED);
    let mut all = Vec::new();
    for step in day::steps(policy, &site.zone, doors, people, end) {
        let happened = movements.take(&step);
        let is_told = happened.first().is_some_and(|(at, _)| *at >= begin);
        let is_over = happened.last().is_some_and(|(at, _)| *at < end);
        if is_told && is_over {
            all.extend(happened);
        }
    }
    all.sort_by_key(|(at, _)| *at);
    Ok(all)
}

/// Delivers the day. Its forced door was looked after; other alarms are left for the guard.
pub(super) async fn write(plant: &Plant, people: &[Somebody]) -> anyhow::Result<()> {
    let mut database = rules::database(plant).await?;
    let tenant = rules::tenant(&mut database, &plant.staff.account.tenant).await?;
    let policy = Policy::compile(rules::read(&mut database, tenant).await?)?;
    // The day went by these rules: they are no younger than it.
    rules::saved_earlier(&mut database, tenant, 2).await?;
    let door = |name: &str| -> anyhow::Result<DoorId> { Ok(plant.door(name)?.parse::<Uuid>()?.into()) };
    let doors = Doors {
        main: door("main")?,
        yard: door("yard")?,
        airlock: door("airlock")?,
        hall: door("hall")?,
        vault: door("vault")?,
    };
    let plan = super::plan((0, 0));
    let mut areas = BTreeMap::new();
    for plan in plan.agents.iter().flat_map(|agent| &agent.doors) {
        areas.insert(door(plan.name)?, plan.areas);
    }
    let end = UnixMs(i64::try_from(now_s())? * 1000);
    let events = happened(&policy, &areas, &doors, people, end)?;
    let mut tellers = Vec::new();
    for agent in plan.agents.iter().filter(|agent| !agent.doors.is_empty()) {
        let own = agent.doors.iter().map(|plan| door(plan.name)).collect::<anyhow::Result<_>>()?;
        tellers.push(Teller::join(plant, (agent.name, agent.label), own, end.plus_ms(-DAY_MS - OVERLAP_MS)).await?);
    }
    // By turns, since the log keeps the order in which records come.
    for part in events.chunk_by(|(one, _), (next, _)| one.0.div_euclid(TURN_MS) == next.0.div_euclid(TURN_MS)) {
        for teller in &mut tellers {
            teller.tell(part).await?;
        }
    }
    for teller in tellers {
        teller.retire(plant, end).await?;
    }
    acknowledge(plant).await
}

/// An agent that tells what happened at its doors.
struct Teller {
    recorder: Recorder,
    link: RecorderLink,
    agent: String,
    doors: Vec<DoorId>,
}

impl Teller {
    async fn join(
        plant: &Plant,
        (name, label): (&str, &str),
        doors: Vec<DoorId>,
        began: UnixMs,
    ) -> anyhow::Result<Self> {
        let (mut recorder, agent) = predecessor(plant, label, AgentKind::DoorController).await?;
        // For a moment they are its doors: of others' it may not tell.
        let today = plant.made.agents.get(name).context("today's agent")?;
        let give = async |agent: &str, doors: &[DoorId]| {
            plant.staff.patch(&format!("/agents/{agent}"), json!({ "door_ids": doors })).await
        };
        give(today, &[]).await?;
        give(&agent, &doors).await?;
        give(&agent, &[]).await?;
        give(today, &doors).await?;
        let mut link = recorder.link().await?;
        let event = Event::EpochBegan { cause: EpochCause::Joined, previous: None };
        link.deliver(&[recorder.record(began, event)]).await?;
        Ok(Self { recorder, link, agent, doors })
    }

    async fn tell(&mut self, happened: &[(UnixMs, Event)]) -> anyhow::Result<()> {
        let is_own = |event: &Event| event.door().is_some_and(|door| self.doors.contains(&door));
        let own = happened.iter().filter(|(_, event)| is_own(event));
        let records: Vec<_> = own.map(|(at, event)| self.recorder.record(*at, event.clone())).collect();
        self.link.deliver(&records).await
    }

    /// Puts it out of use, when its last record is in the log: so are those before it.
    async fn retire(mut self, plant: &Plant, end: UnixMs) -> anyhow::Result<()> {
        let mut feed = plant.staff.feed(None).await?;
        self.link.deliver(&[self.recorder.record(end, Event::AgentStopped)]).await?;
        let agent = self.agent.as_str();
        feed.until(|event| event["kind"] == "agent_stopped" && event["agent_id"] == agent).await?;
        drop(self.link);
        retire(plant, agent).await
    }
}

async fn acknowledge(plant: &Plant) -> anyhow::Result<()> {
    let open = plant.staff.get("/alarms").await?;
    let alarms = open["items"].as_array().cloned().unwrap_or_default();
    let of = |kind: AlarmKind| alarms.iter().filter(move |alarm| alarm["kind"] == kind.as_str());
    let forced = of(AlarmKind::DoorForced)
        .map(|alarm| (alarm, "Wind had pulled the yard's door open; bolt looked after, nothing missing"));
    // The newest is left for whoever looks first.
    let newest = of(AlarmKind::LostCardPresented).map(|alarm| alarm["raised_at"].to_string()).max();
    let lost = of(AlarmKind::LostCardPresented)
        .filter(|alarm| Some(alarm["raised_at"].to_string()) != newest)
        .map(|alarm| (alarm, "Nobody there any more when the patrol came; pictures asked for"));
    for (alarm, note) in forced.chain(lost) {
        let note = json!({ "note": note });
        let id = alarm["id"].as_str().context("the alarm's id")?;
        plant.staff.post(&format!("/alarms/{id}/acknowledge"), note).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
