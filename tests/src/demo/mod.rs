//! The demo: a plant with synthetic people, generated pictures and a day of history, for whoever looks at Pforte for the
//! first time.

mod history;
mod people;
mod picture;

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use crate::plant::{AgentPlan, DoorPlan, Plan, Plant, id};
use crate::recorder::Recorder;

/// How many people the demo has.
pub const PEOPLE: usize = 240;
/// Ports of staff and agents, so that a bookmark stays good.
pub const PORTS: (u16, u16) = (8460, 8461);

/// What the demo is made of.
pub fn plan(ports: (u16, u16)) -> Plan {
    let door = |name, label, areas, factors_in| DoorPlan { name, label, areas, factors_in, held_ms: 12_000 };
    let named =
        |what: &[(&str, &str)]| what.iter().map(|(name, label)| ((*name).to_owned(), (*label).to_owned())).collect();
    Plan {
        mode: "demo",
        tenants: vec![("plant", "Nordhafen data centre"), ("workshop", "Workshop Süd")],
        agents: vec![
            AgentPlan {
                name: "gate",
                label: "Gate house",
                doors: vec![
                    door("main", "Main entrance", ("Street", "Lobby"), "card_finger"),
                    door("yard", "Delivery yard", ("Street", "Yard"), "card"),
                ],
            },
            AgentPlan {
                name: "core",
                label: "Core building",
                doors: vec![
                    door("hall", "Server hall", ("Lobby", "Server hall"), "card_finger"),
                    door("vault", "Tape vault", ("Server hall", "Tape vault"), "card_finger"),
                ],
            },
            AgentPlan { name: "desk", label: "Enrolment desk", doors: Vec::new() },
        ],
        // Labels begin with whom they belong to: the page Virtual door then shows the face.
        cards: named(&[
            ("amira", "Amira Adler's card"),
            ("bruno", "Bruno Brandt's card"),
            ("carla", "Carla Celik's card"),
            ("card-4", "Blank card 4"),
            ("card-5", "Blank card 5"),
            ("card-6", "Blank card 6"),
        ]),
        fingers: named(&[
            ("amira", "Amira Adler's finger"),
            ("bruno", "Bruno Brandt's finger"),
            ("carla", "Carla Celik's finger"),
            ("deniz", "Your right index"),
            ("elif", "Your left index"),
            ("fynn", "Somebody else's finger"),
        ]),
        closes_ms: Some(2_500),
        ports,
    }
}

/// Starts the demo in a folder; makes people and history, if it is new. Says what it does meanwhile.
pub async fn start(folder: &Path, ports: (u16, u16), people: usize, say: impl Fn(&str)) -> anyhow::Result<Plant> {
    let is_made = folder.join("made").exists();
    let plant = Plant::start(plan(ports), folder).await?;
    if !is_made {
        say(&format!("making {people} synthetic people with pictures, and a day of history"));
        let people = people::make(&plant, people).await?;
        history::write(&plant, &people).await?;
        std::fs::write(folder.join("made"), "people and history are there\n")?;
    }
    Ok(plant)
}

/// An agent that delivers the history and is revoked afterwards: the one that was there before today's.
async fn predecessor(plant: &Plant) -> anyhow::Result<(Recorder, String)> {
    let invited = plant
        .staff
        .post("/agents", json!({ "name": "Gate house (until today)", "kind": "door_controller", "door_ids": [] }))
        .await?;
    let token = invited["token"].as_str().context("token")?;
    let recorder = Recorder::join(&plant.agents_address, &plant.folder().join("server"), token).await?;
    Ok((recorder, id(&invited["agent"])?))
}
