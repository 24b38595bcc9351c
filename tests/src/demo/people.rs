//! Synthetic people: names from lists, pictures drawn, levels by what they do. All chosen by a fixed seed, so that every
//! demo looks alike.

use access_core::ids::PersonId;
use anyhow::Context as _;
use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::StreamExt as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use uuid::Uuid;

use super::desk::{Desk, backdate};
use super::picture;
use crate::plant::{Plant, id};
use crate::rules;
use crate::staff::now_s;

const SEED: u64 = 20_261;
/// Requests at once.
const AT_ONCE: usize = 6;

const GIVEN: [&str; 40] = [
    "Amira", "Bruno", "Carla", "Deniz", "Elif", "Fynn", "Greta", "Hamid", "Ida", "Jonas", "Katja", "Luis", "Mara",
    "Nils", "Olga", "Pavel", "Quirin", "Rosa", "Selim", "Tamara", "Ugur", "Vera", "Wanda", "Xaver", "Yara", "Zeno",
    "Aylin", "Björn", "Chiara", "David", "Emma", "Farid", "Gesa", "Henrik", "Ines", "Jelena", "Karim", "Lotte",
    "Malik", "Noor",
];
const FAMILY: [&str; 32] = [
    "Adler",
    "Bäcker",
    "Celik",
    "Dahl",
    "Ernst",
    "Fuchs",
    "Graf",
    "Hoffmann",
    "Ivanov",
    "Jansen",
    "Kaya",
    "Lindner",
    "Moser",
    "Novak",
    "Öztürk",
    "Peters",
    "Quandt",
    "Richter",
    "Sommer",
    "Tanaka",
    "Ulrich",
    "Vogel",
    "Weiß",
    "Yilmaz",
    "Zimmer",
    "Arslan",
    "Brandt",
    "Conrad",
    "Demir",
    "Engel",
    "Friedrich",
    "Günther",
];

/// How somebody spends the day; what they may do is up to the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Habit {
    /// In and out by the main entrance, within the hours of their level.
    Office,
    /// The same, and too early at first.
    Early,
    /// The same, and longer than the schedule: leaves by the handle.
    Late,
    /// The same, and tries a door that is not theirs.
    Curious,
    /// Receives deliveries in the yard.
    Yard,
    /// Rounds in the server hall by day.
    Technician,
    /// Rounds in the server hall by night.
    Night,
    /// Comes once a day and is turned away.
    TurnedAway,
}

/// A synthetic person.
#[derive(Debug, Clone)]
pub(super) struct Somebody {
    pub(super) id: PersonId,
    /// Decides what is left open about their day.
    pub(super) number: usize,
    pub(super) habit: Habit,
}

/// What is unlike others about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Employed,
    /// Registered, and nothing granted yet.
    New,
    /// The grant ended last week.
    Gone,
    /// Under a block since last week.
    Barred,
    /// Lost a card and has a second one.
    LostCard,
}

fn standing(number: usize) -> Standing {
    match number % 48 {
        3 => Standing::New,
        5 => Standing::Gone,
        7 => Standing::Barred,
        9 => Standing::LostCard,
        _ => Standing::Employed,
    }
}

fn is_technician(number: usize) -> bool {
    number.is_multiple_of(5)
}

fn habit(number: usize) -> Habit {
    match (standing(number), number) {
        (Standing::New | Standing::Gone | Standing::Barred, _) => Habit::TurnedAway,
        _ if number.is_multiple_of(15) => Habit::Night,
        _ if is_technician(number) => Habit::Technician,
        _ => match number % 12 {
            1 | 7 => Habit::Yard,
            2 => Habit::Early,
            4 => Habit::Late,
            6 => Habit::Curious,
            _ => Habit::Office,
        },
    }
}

/// Levels that the demo's people hold.
struct Levels {
    staff: String,
    technicians: String,
    everything: String,
}

/// Makes people, the levels they hold, their pictures, cards and fingers.
pub(super) async fn make(plant: &Plant, count: usize) -> anyhow::Result<Vec<Somebody>> {
    let office = schedule(plant, "Office hours", &["mon", "tue", "wed", "thu", "fri"], "06:00", "20:00").await?;
    let levels = Levels {
        staff: plant.level("Staff", &["main", "yard"], Some(&office)).await?,
        technicians: plant.level("Technicians", &["main", "hall"], None).await?,
        everything: plant.level("Everything", &["main", "yard", "hall", "vault"], None).await?,
    };
    let mut random = StdRng::seed_from_u64(SEED);
    let wanted: Vec<(usize, &str, &str, u64)> = (0..count)
        .map(|number| {
            let given = GIVEN[random.random_range(0..GIVEN.len())];
            (number, given, FAMILY[random.random_range(0..FAMILY.len())], random.random())
        })
        .collect();
    let made = futures_util::stream::iter(wanted.iter().map(|&(number, given, family, seed)| {
        let levels = &levels;
        async move { registered(plant, levels, number, (given, family), seed).await }
    }));
    let made: Vec<anyhow::Result<String>> = made.buffered(AT_ONCE).collect().await;
    let made = made.into_iter().collect::<anyhow::Result<Vec<_>>>().context("synthetic people")?;
    let mut desk = Desk::open(plant).await?;
    let mut people = Vec::new();
    for ((number, _, _, seed), person) in wanted.into_iter().zip(made) {
        let uid = |which: u8| {
            let [.., high, low] = number.to_be_bytes();
            [0x04, 0xD0, 0x5E, 0x30, which, high, low]
        };
        let first = desk.card(&person, uid(0)).await?;
        if standing(number) == Standing::LostCard {
            let lost = json!({ "state": "lost", "reason": "Left on the train" });
            plant.staff.post(&format!("/credentials/{first}/state"), lost).await?;
            desk.card(&person, uid(1)).await?;
        }
        desk.finger(&person, seed).await?;
        people.push(Somebody { id: person.parse::<Uuid>()?.into(), number, habit: habit(number) });
    }
    desk.close().await?;
    // Three who can be played at once: enrolled at the desk's reader and sensor as anybody is.
    for (name, family, level, habit) in [
        ("amira", "Adler", &levels.everything, Habit::Technician),
        ("bruno", "Brandt", &levels.staff, Habit::Office),
        ("carla", "Celik", &levels.technicians, Habit::TurnedAway),
    ] {
        let id = enrolled(plant, name, family, level).await.with_context(|| format!("enrolling {name}"))?;
        if habit == Habit::TurnedAway {
            block(plant, &id, "House ban until the inventory is found").await?;
        }
        people.push(Somebody { id: id.parse::<Uuid>()?.into(), number: people.len(), habit });
    }
    Ok(people)
}

async fn registered(
    plant: &Plant,
    levels: &Levels,
    number: usize,
    (given, family): (&str, &str),
    seed: u64,
) -> anyhow::Result<String> {
    let body = json!({
        "name": { "given": given, "family": family }, "number": format!("N-{:04}", number + 1),
        "document": { "kind": "identity_card", "seen_at": "2026-06-01T08:00:00Z" },
    });
    let person = id(&plant.staff.post("/people", body).await?)?;
    plant.staff.put_photo(&person, picture::portrait(seed)?).await?;
    plant.consent(&person).await?;
    let standing = standing(number);
    if standing != Standing::New {
        let level = if is_technician(number) { &levels.technicians } else { &levels.staff };
        let grant =
            json!({ "level_id": level, "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2030-01-01T00:00:00Z" });
        let grant = id(&plant.staff.post(&format!("/people/{person}/grants"), grant).await?)?;
        if standing == Standing::Gone {
            rules::end_grant(plant, &grant, week_ago_at()?).await?;
        }
    }
    if standing == Standing::Barred {
        block(plant, &person, "Suspended from duty until the hearing").await?;
    }
    Ok(person)
}

async fn enrolled(plant: &Plant, name: &str, family: &str, level: &str) -> anyhow::Result<String> {
    let given = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let person = plant.register(&given, family).await?;
    let seed = name.bytes().fold(7, |seed: u64, byte| seed * 31 + u64::from(byte));
    plant.staff.put_photo(&person, picture::portrait(seed)?).await?;
    plant.consent(&person).await?;
    let card = plant.enrol_card(&person, name).await?;
    // Nobody has changed it yet.
    backdate(plant, &card, 1).await?;
    plant.enrol_finger(&person, name).await?;
    plant.grant(&person, level).await?;
    Ok(person)
}

async fn block(plant: &Plant, person: &str, reason: &str) -> anyhow::Result<()> {
    let block = json!({ "reason": reason, "valid_from": week_ago()?, "valid_until": null });
    plant.staff.post(&format!("/people/{person}/blocks"), block).await?;
    Ok(())
}

fn week_ago_at() -> anyhow::Result<DateTime<Utc>> {
    DateTime::from_timestamp(i64::try_from(now_s())? - 7 * 24 * 60 * 60, 0).context("the clock")
}

/// A week ago, as the API writes instants.
fn week_ago() -> anyhow::Result<String> {
    Ok(week_ago_at()?.to_rfc3339_opts(SecondsFormat::Secs, true))
}

async fn schedule(plant: &Plant, name: &str, days: &[&str], from: &str, to: &str) -> anyhow::Result<String> {
    let body: Value = json!({ "name": name, "windows": [{ "days": days, "from": from, "to": to }] });
    id(&plant.staff.post("/schedules", body).await?)
}
