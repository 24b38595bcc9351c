//! The demo: a plant with synthetic people, generated pictures and a day of history, for whoever looks at Pforte for the
//! first time.

mod day;
mod desk;
mod history;
mod movements;
mod people;
mod picture;
mod site;

use std::net::SocketAddr;
use std::path::Path;

use access_core::protocol::AgentKind;
use anyhow::{Context as _, ensure};
use serde_json::json;

use crate::plant::{AgentPlan, DoorPlan, Made, Plan, Plant, id};
use crate::recorder::Recorder;

/// How many people the demo has.
pub const PEOPLE: usize = 240;
/// Ports of staff and agents, so that a bookmark stays good.
pub const PORTS: (u16, u16) = (8460, 8461);

/// The area that is nobody's.
const STREET: &str = "Street";

/// What is worth trying at each door; `docs/demo.md` has all of it.
const MAIN: &str = "Emil, a visitor, is let in only with Bruno or Amira, within a minute. Gita has no finger that reads and types 246810, \
     or 135790 if she is forced. Who went in can't once more for 30 s.";
const YARD: &str = "Locked by night, but for Dora, a responder. She is asked for a finger, others are not.";
const OFFICE: &str = "Free by day, once the first person went in. By night each card turns it free and back.";
const AIRLOCK: &str = "Never open together with the server hall, and holds one person.";
const HALL: &str = "Never open together with the airlock. Who goes in twice raises an alarm.";
const VAULT: &str = "Nobody is alone in it: Amira and Dora within 30 s, in and out.";

/// What the demo is made of.
pub fn plan(ports: (u16, u16)) -> Plan {
    let door = |name, label, areas, factors_in, hint| DoorPlan {
        held_ms: 12_000,
        hint: Some(hint),
        ..DoorPlan::plain(name, label, areas, factors_in)
    };
    // Time to try the other door of the airlock.
    let airlock = |door| DoorPlan { closes_ms: Some(6_000), ..door };
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
                    DoorPlan {
                        has_keypad: true,
                        ..door("main", "Main entrance", (STREET, "Lobby"), "card_finger", MAIN)
                    },
                    door("yard", "Delivery yard", (STREET, "Yard"), "card", YARD),
                    DoorPlan { has_keypad: true, ..door("office", "Office", ("Lobby", "Office"), "card", OFFICE) },
                ],
            },
            AgentPlan {
                name: "core",
                label: "Core building",
                doors: vec![
                    airlock(door("airlock", "Airlock", ("Lobby", "Airlock"), "card", AIRLOCK)),
                    airlock(door("hall", "Server hall", ("Airlock", "Server hall"), "card_finger", HALL)),
                    DoorPlan {
                        is_read_inside: true,
                        ..door("vault", "Tape vault", ("Server hall", "Tape vault"), "card_finger", VAULT)
                    },
                ],
            },
            AgentPlan { name: "desk", label: "Enrolment desk", doors: Vec::new() },
        ],
        // Labels begin with whom they belong to: the page Virtual door then shows the face.
        cards: named(&[
            ("amira", "Amira Adler's card"),
            ("bruno", "Bruno Brandt's card"),
            ("carla", "Carla Celik's card"),
            ("dora", "Dora Demir's card"),
            ("emil", "Emil Engel's card"),
            ("gita", "Gita Graf's card"),
            ("bruno-spare", "Bruno Brandt's spare card"),
            ("dora-lost", "Dora Demir's lost card"),
            ("card-4", "Blank card 4"),
            ("card-5", "Blank card 5"),
            ("card-6", "Blank card 6"),
        ]),
        // Two of before, which a site still takes that switched it on with a reason.
        uid_only: vec!["bruno-spare", "dora-lost"],
        fingers: named(&[
            ("amira", "Amira Adler's finger"),
            ("bruno", "Bruno Brandt's finger"),
            ("carla", "Carla Celik's finger"),
            ("dora", "Dora Demir's finger"),
            ("emil", "Emil Engel's finger"),
            ("deniz", "Your right index"),
            ("elif", "Your left index"),
            ("fynn", "Somebody else's finger"),
        ]),
        closes_ms: Some(2_500),
        ports,
    }
}

/// The ports that the demo in a folder had last; none if there is no demo yet. Agents and browsers know them.
pub fn ports_of(folder: &Path) -> anyhow::Result<Option<(u16, u16)>> {
    if !folder.join("plant.json").exists() {
        return Ok(None);
    }
    let file = folder.join("server.toml");
    let text = std::fs::read_to_string(&file).with_context(|| format!("can't read {}", file.display()))?;
    let server: toml::Table = text.parse().with_context(|| format!("can't read {}", file.display()))?;
    let port = |section: &str| -> anyhow::Result<u16> {
        let listen = server.get(section).and_then(|section| section.get("listen")).and_then(toml::Value::as_str);
        let listen = listen.with_context(|| format!("{}: no {section}.listen", file.display()))?;
        Ok(listen.parse::<SocketAddr>()?.port())
    };
    Ok(Some((port("staff")?, port("agents")?)))
}

/// Starts the demo in a folder; makes people and history, if it is new. Says what it does meanwhile.
pub async fn start(folder: &Path, ports: (u16, u16), people: usize, say: impl Fn(&str)) -> anyhow::Result<Plant> {
    let is_made = folder.join("made").exists();
    if is_made {
        check_doors(folder, &plan(ports))?;
    }
    let plant = Plant::start(plan(ports), folder).await?;
    if !is_made {
        say(&format!(
            "making {people} synthetic people with pictures, cards and fingers, and a day of history: about a minute"
        ));
        Box::pin(fill(&plant, people)).await?;
        std::fs::write(folder.join("made"), "people and history are there\n")?;
    }
    Ok(plant)
}

/// A demo that was made for other doors can't be shown by this one.
fn check_doors(folder: &Path, plan: &Plan) -> anyhow::Result<()> {
    let made: Made = serde_json::from_slice(&std::fs::read(folder.join("plant.json"))?).context("plant.json")?;
    let doors = plan.agents.iter().flat_map(|agent| &agent.doors).map(|door| door.name);
    let (mut planned, made): (Vec<_>, Vec<_>) = (doors.collect(), made.doors.keys().map(String::as_str).collect());
    planned.sort_unstable();
    ensure!(
        planned == made,
        "the demo in {} has other doors, from an earlier version: make demo-clean, then make demo",
        folder.display()
    );
    Ok(())
}

/// The demo in a folder of its own that goes with it, for tests.
pub async fn temporary(people: usize) -> anyhow::Result<Plant> {
    of_plan(plan((0, 0)), people).await
}

/// The same with something about the plan changed, such as how long doors stay open.
pub async fn of_plan(plan: Plan, people: usize) -> anyhow::Result<Plant> {
    let plant = Plant::temporary(plan).await?;
    Box::pin(fill(&plant, people)).await?;
    Ok(plant)
}

async fn fill(plant: &Plant, people: usize) -> anyhow::Result<()> {
    let site = site::make(plant).await?;
    let people = people::make(plant, &site, people).await?;
    history::write(plant, &people).await
}

/// An agent that was there before one of today's: it delivers what is told of the time until now.
async fn predecessor(plant: &Plant, name: &str, kind: AgentKind) -> anyhow::Result<(Recorder, String)> {
    let body = json!({ "name": format!("{name} (until today)"), "kind": kind, "door_ids": [] });
    let invited = plant.staff.post("/agents", body).await?;
    let token = invited["token"].as_str().context("token")?;
    let server = plant.folder().join("server");
    let recorder = Recorder::join(&plant.agents_address, &server, token, kind).await?;
    Ok((recorder, id(&invited["agent"])?))
}

/// Puts such an agent out of use.
async fn retire(plant: &Plant, agent: &str) -> anyhow::Result<()> {
    let reason = json!({ "reason": "replaced by today's agent" });
    plant.staff.post(&format!("/agents/{agent}/revoke"), reason).await?;
    Ok(())
}
