//! Synthetic people: names from lists, pictures drawn, levels by what they do. All chosen by a fixed seed, so that every
//! demo looks alike.

use access_core::ids::PersonId;
use access_core::protocol::CardKind;
use anyhow::Context as _;
use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::StreamExt as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use uuid::Uuid;

use super::desk::Desk;
use super::picture;
use super::site::Site;
use crate::plant::{Plant, id};
use crate::rules;
use crate::staff::now_s;

mod played;

const SEED: u64 = 20_261;
const DAY_S: i64 = 24 * 60 * 60;
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
    /// Changes tapes in the vault, with another.
    Keeper,
    /// Brings visitors in.
    Host,
    /// Is brought in.
    Visitor,
    /// Does not come.
    Away,
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

/// Whether what they hold is their group's: technicians, unless something is the matter with them.
fn holds_by_group(number: usize) -> bool {
    is_technician(number) && matches!(standing(number), Standing::Employed | Standing::LostCard)
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

/// What kind of card somebody was given first. Those who are refused have cards of before, not exchanged yet: of a card that may
/// not use a door the door has no key, so one that proves itself would be an unknown one there.
fn first_card(number: usize) -> CardKind {
    match (standing(number), habit(number)) {
        (Standing::New | Standing::Gone | Standing::LostCard, _) | (_, Habit::Curious) => CardKind::UidOnly,
        _ => CardKind::DesfireEv3,
    }
}

/// Makes people with what they hold, their pictures, cards and fingers.
pub(super) async fn make(plant: &Plant, site: &Site, count: usize) -> anyhow::Result<Vec<Somebody>> {
    let mut random = StdRng::seed_from_u64(SEED);
    let wanted: Vec<(usize, &str, &str, u64)> = (0..count)
        .map(|number| {
            let given = GIVEN[random.random_range(0..GIVEN.len())];
            (number, given, FAMILY[random.random_range(0..FAMILY.len())], random.random())
        })
        .collect();
    let made = futures_util::stream::iter(wanted.iter().map(|&(number, given, family, seed)| async move {
        registered(plant, site, number, (given, family), seed).await
    }));
    let made: Vec<anyhow::Result<String>> = made.buffered(AT_ONCE).collect().await;
    let made = made.into_iter().collect::<anyhow::Result<Vec<_>>>().context("synthetic people")?;
    let of_group = |(number, person): (usize, &String)| holds_by_group(number).then(|| person.clone());
    let technicians: Vec<String> = made.iter().enumerate().filter_map(of_group).collect();
    put_into(plant, &site.technicians_group, &technicians).await?;
    // Of the many, whose cards nobody will hold anywhere, the server keeps the fingers; then they go to the cards.
    plant.keep_templates_on("server").await?;
    let mut desk = Desk::open(plant).await?;
    let mut people = Vec::new();
    for ((number, _, _, seed), person) in wanted.into_iter().zip(made) {
        let uid = |which: u8| {
            let [.., high, low] = number.to_be_bytes();
            [0x04, 0xD0, 0x5E, 0x30, which, high, low]
        };
        let first = desk.card(&person, uid(0), first_card(number)).await?;
        if standing(number) == Standing::LostCard {
            let lost = json!({ "state": "lost", "reason": "Left on the train" });
            plant.staff.post(&format!("/credentials/{first}/state"), lost).await?;
            desk.card(&person, uid(1), CardKind::DesfireEv3).await?;
        }
        desk.finger(&person, seed).await?;
        people.push(Somebody { id: person.parse::<Uuid>()?.into(), number, habit: habit(number) });
    }
    plant.keep_templates_on("card").await?;
    people.extend(played::make(plant, site, &mut desk, people.len()).await?);
    desk.close().await?;
    Ok(people)
}

async fn registered(
    plant: &Plant,
    site: &Site,
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
    if standing != Standing::New && !holds_by_group(number) {
        let level = if is_technician(number) { &site.technicians } else { &site.staff };
        let grant =
            json!({ "level_id": level, "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2030-01-01T00:00:00Z" });
        let grant = id(&plant.staff.post(&format!("/people/{person}/grants"), grant).await?)?;
        if standing == Standing::Gone {
            rules::end_grant(plant, &grant, days_from_now(-7)?).await?;
        }
    }
    if standing == Standing::Barred {
        block(plant, &person, "Suspended from duty until the hearing").await?;
    }
    Ok(person)
}

/// Puts people into a group.
async fn put_into(plant: &Plant, group: &str, people: &[String]) -> anyhow::Result<()> {
    plant
        .staff
        .post(&format!("/groups/{group}/members"), json!({ "add": people, "reason": "as their work demands" }))
        .await?;
    Ok(())
}

async fn block(plant: &Plant, person: &str, reason: &str) -> anyhow::Result<()> {
    let block = json!({ "reason": reason, "valid_from": in_days(-7)?, "valid_until": null });
    plant.staff.post(&format!("/people/{person}/blocks"), block).await?;
    Ok(())
}

fn days_from_now(days: i64) -> anyhow::Result<DateTime<Utc>> {
    DateTime::from_timestamp(i64::try_from(now_s())? + days * DAY_S, 0).context("the clock")
}

/// In so many days, or so many ago, as the API writes instants.
fn in_days(days: i64) -> anyhow::Result<String> {
    Ok(days_from_now(days)?.to_rfc3339_opts(SecondsFormat::Secs, true))
}
