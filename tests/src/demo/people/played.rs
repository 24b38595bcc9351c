//! Those who can be played at once on the page Virtual door: enrolled at the desk's reader and sensor as anybody is, each with
//! something that others have not.

use access_core::protocol::CardKind;
use anyhow::Context as _;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::desk::{Desk, backdate};
use super::super::picture;
use super::super::site::Site;
use super::{Habit, Somebody, block, in_days, put_into};
use crate::plant::{Plant, id};

/// A visitor and their host come in within so much time, in seconds.
const ESCORT_S: u32 = 60;

/// What Gita types in place of a finger, and if she is forced; the door's hint tells it.
const PIN: &str = "246810";
const SIGN_OF_DURESS: &str = "135790";

/// Makes them; they are numbered from `first` on.
pub(super) async fn make(
    plant: &Plant,
    site: &Site,
    desk: &mut Desk<'_>,
    first: usize,
) -> anyhow::Result<Vec<Somebody>> {
    let no_end = |level: &str| json!({ "level_id": level, "valid_until": null, "no_end_reason": "employed" });
    let until = |level: &str, days| anyhow::Ok(json!({ "level_id": level, "valid_until": in_days(days)? }));

    let amira = enrolled(plant, "amira", "Adler", true).await?;
    grant(plant, &amira, no_end(&site.everything)).await?;
    put_into(plant, &site.hosts_group, std::slice::from_ref(&amira)).await?;

    let bruno = enrolled(plant, "bruno", "Brandt", true).await?;
    grant(plant, &bruno, no_end(&site.house)).await?;
    put_into(plant, &site.hosts_group, std::slice::from_ref(&bruno)).await?;
    let spare = desk.card(&bruno, plant.uid("bruno-spare")?, CardKind::UidOnly).await?;
    let mislaid = json!({ "reason": "Mislaid at home; not to be used until it is found" });
    plant.staff.post(&format!("/credentials/{spare}/blocks"), mislaid).await?;

    let carla = enrolled(plant, "carla", "Celik", true).await?;
    grant(plant, &carla, no_end(&site.house)).await?;
    block(plant, &carla, "House ban until the inventory is found").await?;

    let dora = enrolled(plant, "dora", "Demir", true).await?;
    for group in [&site.technicians_group, &site.responders_group] {
        put_into(plant, group, std::slice::from_ref(&dora)).await?;
    }
    grant(plant, &dora, until(&site.vault, 180)?).await?;
    grant(plant, &dora, until(&site.deliveries, 180)?).await?;
    let lost = desk.card(&dora, plant.uid("dora-lost")?, CardKind::UidOnly).await?;
    let reason = json!({ "state": "lost", "reason": "Left in a taxi" });
    plant.staff.post(&format!("/credentials/{lost}/state"), reason).await?;

    let emil = enrolled(plant, "emil", "Engel", true).await?;
    grant(plant, &emil, until(&site.visitors, 30)?).await?;
    put_into(plant, &site.visitors_group, std::slice::from_ref(&emil)).await?;
    let escort = json!({ "escort": { "group_id": site.hosts_group, "within_s": ESCORT_S } });
    person_rules(plant, &emil, escort).await?;

    let gita = enrolled(plant, "gita", "Graf", false).await?;
    grant(plant, &gita, no_end(&site.house)).await?;
    let exemption = json!({ "ground": "temporary", "valid_from": in_days(-7)?, "valid_until": in_days(60)? });
    person_rules(plant, &gita, json!({ "exemption": exemption, "needs_longer": true })).await?;
    let alternative = json!({ "kind": "alternative", "given_at": "2026-01-02T03:04:05Z" });
    plant.staff.put(&format!("/people/{gita}/legal-basis"), alternative).await?;
    plant.set_pin(&gita, PIN).await.context("a PIN for gita")?;
    plant.set_duress_pin(&gita, PIN, SIGN_OF_DURESS).await.context("gita's sign of duress")?;

    let habits = [
        (amira, Habit::Keeper),
        (bruno, Habit::Host),
        (carla, Habit::TurnedAway),
        (dora, Habit::Keeper),
        (emil, Habit::Visitor),
        (gita, Habit::Away),
    ];
    let numbered = habits.into_iter().zip(first..);
    numbered.map(|((id, habit), number)| Ok(Somebody { id: id.parse::<Uuid>()?.into(), number, habit })).collect()
}

/// Registers somebody and gives them the card, and if wanted the finger, that have their name.
async fn enrolled(plant: &Plant, name: &str, family: &str, with_finger: bool) -> anyhow::Result<String> {
    let given = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let person = plant.register(&given, family).await?;
    let seed = name.bytes().fold(7, |seed: u64, byte| seed * 31 + u64::from(byte));
    plant.staff.put_photo(&person, picture::portrait(seed)?).await?;
    let card = plant.make_card(&person, name).await.with_context(|| format!("a card for {name}"))?;
    let version = card["version"].as_i64().context("the card's version")?;
    backdate(plant, &id(&card)?, version).await?;
    if with_finger {
        plant.consent(&person).await?;
        plant.enrol_finger(&person, name).await.with_context(|| format!("a finger of {name}"))?;
    }
    Ok(person)
}

async fn grant(plant: &Plant, person: &str, mut grant: Value) -> anyhow::Result<()> {
    grant["valid_from"] = json!("2026-01-01T00:00:00Z");
    plant.staff.post(&format!("/people/{person}/grants"), grant).await?;
    Ok(())
}

async fn person_rules(plant: &Plant, person: &str, new: Value) -> anyhow::Result<()> {
    let before = plant.staff.get(&format!("/people/{person}")).await?;
    let version = before["rules"]["version"].as_i64().context("the version of their rules")?;
    plant.staff.put_version(&format!("/people/{person}/rules"), version, new).await?;
    Ok(())
}
