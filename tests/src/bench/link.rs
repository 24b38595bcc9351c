//! The agents' link: a question and its answer beside the bare echo, and how soon an agent decides without a card that
//! was revoked.

use std::time::Instant;

use access_core::attempt::{Assurance, Attempt, ClockTrust};
use access_core::canonical;
use access_core::event::{EpochCause, Event};
use access_core::ids::{AttemptId, DoorId, PersonId};
use access_core::policy::{CardToken, Side};
use access_core::protocol::{AgentKind, Bundle, FromAgent, write_message};
use access_core::time::UnixMs;
use access_core::{Outcome, Reason};
use anyhow::{Context as _, ensure};
use serde_json::json;
use uuid::Uuid;

use super::echo::Echo;
use super::{Figure, Samples, ms};
use crate::plant::{Plant, id};
use crate::recorder::{Recorder, RecorderLink};

/// Questions before the first that counts.
const WARM_UP: usize = 50;

/// An agent without a door of iron, but with one in the rules, and somebody who may enter it.
#[derive(Debug)]
pub struct Caller {
    /// Who writes its records.
    pub recorder: Recorder,
    /// Its connection.
    pub link: RecorderLink,
    /// Its door.
    pub door: DoorId,
    /// Who may enter there.
    pub person: PersonId,
    /// By this card.
    pub card: CardToken,
    /// For they hold this level,
    pub level: String,
    /// by this grant.
    pub grant: String,
}

impl Caller {
    /// Joins and connects; `person` holds a card and may enter its door from then on.
    pub async fn join(plant: &Plant, person: &str) -> anyhow::Result<Self> {
        let staff = &plant.staff;
        let beside = staff.get(&format!("/doors/{}", plant.door("lab")?)).await?;
        let door = json!({ "name": "Measured", "site_id": beside["site_id"], "area_outside_id": beside["area_outside_id"],
            "area_inside_id": beside["area_inside_id"], "factors_in": "card", "held_warning_ms": 30_000,
            "reason": "one message each way is what is measured" });
        let door = id(&staff.post("/doors", door).await?)?;
        let line = json!({ "places": [{ "kind": "door", "id": door }], "side": "both", "schedule_id": null });
        let level = id(&staff.post("/access-levels", json!({ "name": "Measured", "lines": [line] })).await?)?;
        let grant = plant.grant(person, &level).await?;
        let agent = json!({ "name": "Measured", "kind": "door_controller", "door_ids": [door] });
        let invited = staff.post("/agents", agent).await?;
        let token = invited["token"].as_str().context("token")?;
        let server = plant.folder().join("server");
        let mut recorder = Recorder::join(&plant.agents_address, &server, token, AgentKind::DoorController).await?;
        let began = recorder.record(UnixMs(0), Event::EpochBegan { cause: EpochCause::Joined, previous: None });
        let mut link = recorder.link().await?;
        link.deliver(&[began]).await?;
        let person: PersonId = person.parse::<Uuid>()?.into();
        let card = loop {
            let bundle = link.bundle().await?;
            let bundle: Bundle = canonical::decode("bundle", &bundle.bytes)?;
            if let Some(card) = bundle.policy.credentials.iter().find(|card| card.person == person) {
                break card.token;
            }
            link.bundle = None;
        };
        Ok(Self { recorder, link, door: door.parse::<Uuid>()?.into(), person, card, level, grant })
    }

    /// Ends its connection. A silent one would be ended by the server.
    pub fn leave(self) -> Away {
        let Self { recorder, door, person, card, level, grant, .. } = self;
        Away { recorder, door, person, card, level, grant }
    }

    /// Connects it anew: the server ends a link that was silent while something else was measured.
    pub async fn connect_anew(&mut self) -> anyhow::Result<()> {
        self.link = self.recorder.link().await?;
        Ok(())
    }

    /// A question about its door.
    pub fn attempt(&self) -> Attempt {
        Attempt {
            id: AttemptId::from_uuid(Uuid::new_v4()),
            door: self.door,
            side: Side::In,
            at: UnixMs(0),
            clock: ClockTrust::Trusted,
            card: self.card,
            assurance: Assurance::Authenticated,
            finger: None,
            pin: None,
        }
    }

    /// How long a question is on the wire, in bytes.
    pub fn question_bytes(&self) -> usize {
        write_message(&FromAgent::Ask(self.attempt())).len()
    }

    /// Asks so many times, in turns with the bare echo.
    pub async fn ask(&mut self, count: usize) -> anyhow::Result<Vec<Figure>> {
        let mut echo = Echo::start().await?;
        let message = vec![0x5A; self.question_bytes()];
        let (mut ours, mut bare) = (Samples::default(), Samples::default());
        for round in 0..WARM_UP + count {
            let attempt = self.attempt();
            let began = Instant::now();
            let verdict = self.link.ask(&attempt).await?;
            let took_ms = ms(began.elapsed());
            ensure!(
                matches!(verdict.outcome, Outcome::Grant { .. }) && verdict.reason == Reason::Granted,
                "a question that is not granted: {verdict:?}"
            );
            let echo_ms = echo.round_trip_ms(&message).await?;
            if round >= WARM_UP {
                ours.push(took_ms);
                bare.push(echo_ms);
            }
        }
        let (ours_ms, bare_ms) = (ours.median()?, bare.median()?);
        Ok(vec![
            Figure::plain("link.ask_ms", ours_ms, "ms"),
            Figure::plain("link.ask_p99_ms", ours.percentile(99)?, "ms"),
            Figure::against("link.vs_echo", 1_000.0 / ours_ms, "round trips/s", 1_000.0 / bare_ms),
        ])
    }
}

/// One that is not connected.
#[derive(Debug)]
pub struct Away {
    recorder: Recorder,
    door: DoorId,
    person: PersonId,
    card: CardToken,
    level: String,
    grant: String,
}

impl Away {
    /// Connects it again.
    pub async fn come_back(self) -> anyhow::Result<Caller> {
        let mut link = self.recorder.link().await?;
        // Until its first bundle, the server takes no door for this agent's.
        link.bundle().await?;
        let Self { recorder, door, person, card, level, grant } = self;
        Ok(Caller { recorder, link, door, person, card, level, grant })
    }
}

/// From the operator's order to suspend a card, or to take that back, to the bundle that a real agent decides by alone.
pub async fn revocations(plant: &Plant, credential: &str, rounds: usize) -> anyhow::Result<Samples> {
    let agent = plant.agent("east")?;
    let mut samples = Samples::default();
    for round in 0..rounds * 2 {
        let state = if round % 2 == 0 { "suspended" } else { "active" };
        let lines = agent.lines().len();
        let began = Instant::now();
        let change = json!({ "state": state, "reason": "measured" });
        plant.staff.post(&format!("/credentials/{credential}/state"), change).await?;
        agent.line_after(lines, "bundle in force").await?;
        samples.push(ms(began.elapsed()));
    }
    Ok(samples)
}
