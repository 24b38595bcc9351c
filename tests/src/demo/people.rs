//! Synthetic people: names from lists, pictures drawn, levels by what they do. All chosen by a fixed seed, so that every
//! demo looks alike.

use anyhow::Context as _;
use futures_util::StreamExt as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use super::picture;
use crate::plant::{Plant, id};

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

/// A synthetic person.
#[derive(Debug, Clone)]
pub(super) struct Somebody {
    pub(super) id: String,
    /// Whether they may enter the server hall.
    pub(super) is_technician: bool,
}

/// Makes people, the levels they hold, and their pictures.
pub(super) async fn make(plant: &Plant, count: usize) -> anyhow::Result<Vec<Somebody>> {
    let office = schedule(plant, "Office hours", &["mon", "tue", "wed", "thu", "fri"], "06:00", "20:00").await?;
    let staff_level = plant.level("Staff", &["main", "yard"], Some(&office)).await?;
    let technicians = plant.level("Technicians", &["main", "hall"], None).await?;
    let everything = plant.level("Everything", &["main", "yard", "hall", "vault"], None).await?;
    let mut random = StdRng::seed_from_u64(SEED);
    let wanted: Vec<(usize, String, String, bool, u64)> = (0..count)
        .map(|number| {
            let pick = |list: &[&str], at: usize| list[at % list.len()].to_owned();
            let (given, family) = (random.random_range(0..GIVEN.len()), random.random_range(0..FAMILY.len()));
            (number, pick(&GIVEN, given), pick(&FAMILY, family), random.random_ratio(1, 5), random.random())
        })
        .collect();
    let made = futures_util::stream::iter(wanted).map(|(number, given, family, is_technician, seed)| {
        let level = if is_technician { technicians.clone() } else { staff_level.clone() };
        async move {
            let body = json!({
                "name": { "given": given, "family": family }, "number": format!("N-{:04}", number + 1),
                "document": { "kind": "identity_card", "seen_at": "2026-06-01T08:00:00Z" },
            });
            let person = id(&plant.staff.post("/people", body).await?)?;
            plant.staff.put_photo(&person, picture::portrait(seed)?).await?;
            let grant = json!({ "level_id": level, "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2030-01-01T00:00:00Z" });
            plant.staff.post(&format!("/people/{person}/grants"), grant).await?;
            anyhow::Ok(Somebody { id: person, is_technician })
        }
    });
    let made: Vec<anyhow::Result<Somebody>> = made.buffered(AT_ONCE).collect().await;
    let made = made.into_iter().collect::<anyhow::Result<Vec<_>>>().context("synthetic people")?;
    // Three who can be played at once: enrolled at the desk's reader and sensor as anybody is.
    for (name, family, level, is_blocked) in [
        ("amira", "Adler", &everything, false),
        ("bruno", "Brandt", &staff_level, false),
        ("carla", "Celik", &staff_level, true),
    ] {
        enrolled(plant, name, family, level, is_blocked).await.with_context(|| format!("enrolling {name}"))?;
    }
    Ok(made)
}

async fn enrolled(plant: &Plant, name: &str, family: &str, level: &str, is_blocked: bool) -> anyhow::Result<()> {
    let given = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let person = plant.register(&given, family).await?;
    let seed = name.bytes().fold(7, |seed: u64, byte| seed * 31 + u64::from(byte));
    plant.staff.put_photo(&person, picture::portrait(seed)?).await?;
    plant.consent(&person).await?;
    plant.enrol_card(&person, name).await?;
    plant.enrol_finger(&person, name).await?;
    plant.grant(&person, level).await?;
    if is_blocked {
        let reason = json!({ "reason": "House ban until the inventory is found" });
        plant.staff.post(&format!("/people/{person}/blocks"), reason).await?;
    }
    Ok(())
}

async fn schedule(plant: &Plant, name: &str, days: &[&str], from: &str, to: &str) -> anyhow::Result<String> {
    let body: Value = json!({ "name": name, "windows": [{ "days": days, "from": from, "to": to }] });
    id(&plant.staff.post("/schedules", body).await?)
}
