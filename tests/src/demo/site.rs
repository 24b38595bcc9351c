//! The rules of the demo's site, as an administrator sets them through the API: hours and holidays, groups, access levels, what
//! doors and areas demand, the airlock, threat levels. So that every rule there is can be tried at some door.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Datelike as _, Utc};
use serde_json::{Value, json};

use crate::plant::{Plant, id};
use crate::staff::now_s;

/// Whoever went in by the main entrance can't go in once more for so long, in seconds: the card was handed back.
const LOBBY_PASSBACK_S: u32 = 30;
/// Most time between the two of a pair at the vault, in seconds.
const PAIR_S: u32 = 30;
/// Nobody walks from the main entrance to the vault in less, in seconds.
const WALK_TO_VAULT_S: u32 = 15;
/// Numbers of the day types.
const HOLIDAY: u8 = 0;
const HALF_DAY: u8 = 1;
const HOLIDAYS: [(u32, u32); 5] = [(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)];
const HALF_DAYS: [(u32, u32); 2] = [(12, 24), (12, 31)];
/// Inventory is taken: other hours on one day of the year.
const INVENTORY: (u32, u32) = (12, 30);
const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// What people are put into and granted.
pub(super) struct Site {
    /// Main entrance and yard, in office hours.
    pub(super) staff: String,
    /// Every door of the site.
    pub(super) everything: String,
    /// Main entrance and office at any hour, the yard in office hours.
    pub(super) house: String,
    /// The tape vault.
    pub(super) vault: String,
    /// The yard at any hour, with a finger that the door itself does not ask for.
    pub(super) deliveries: String,
    /// The main entrance; whoever holds it comes in with somebody.
    pub(super) visitors: String,
    /// Hold the level Technicians: main entrance, airlock and server hall.
    pub(super) technicians_group: String,
    /// That level itself, for whom it was granted in person.
    pub(super) technicians: String,
    /// May bring visitors in.
    pub(super) hosts_group: String,
    /// Are brought in, and kept out of the airlock.
    pub(super) visitors_group: String,
    /// Locked doors open for them.
    pub(super) responders_group: String,
}

/// Makes them.
pub(super) async fn make(plant: &Plant) -> anyhow::Result<Site> {
    let hours = hours(plant).await?;
    let areas = areas(plant).await?;
    let group = |name| async move { id(&plant.staff.post("/groups", json!({ "name": name })).await?) };
    let responders = json!({ "name": "Responders", "is_responder": true, "reason": "Fire service and first aid" });
    let groups = [group("Technicians").await?, group("Hosts").await?, group("Visitors").await?];
    let [technicians_group, hosts_group, visitors_group] = groups;
    let responders_group = id(&plant.staff.post("/groups", responders).await?)?;

    let area = |name: &str| json!({ "kind": "area", "id": areas[name] });
    let door = |name| anyhow::Ok(json!({ "kind": "door", "id": plant.door(name)? }));
    let line = |places: &[Value]| json!({ "places": places, "side": "both" });
    let within = |schedule: &str, mut line: Value| {
        line["schedule_id"] = json!(schedule);
        line
    };
    let with_finger = |mut line: Value| {
        line["factors"] = json!("card_finger");
        line
    };
    let level = |name: &'static str, lines: Vec<Value>| async move {
        id(&plant.staff.post("/access-levels", json!({ "name": name, "lines": lines })).await?)
    };
    let in_office_hours = within(&hours.office, line(&[door("main")?, door("yard")?]));
    let of_technicians = line(&[area("Lobby"), area("Airlock"), area("Server hall")]);
    let of_house = line(&[area("Lobby"), area("Office")]);
    let site = Site {
        staff: level("Staff", vec![in_office_hours]).await?,
        everything: level("Everything", vec![line(&[json!({ "kind": "site", "id": plant.made.site })])]).await?,
        house: level("House", vec![of_house, within(&hours.office, line(&[door("yard")?]))]).await?,
        vault: level("Tape vault", vec![line(&[area("Tape vault")])]).await?,
        deliveries: level("Deliveries at any hour", vec![with_finger(line(&[door("yard")?]))]).await?,
        visitors: level("Visitors", vec![line(&[door("main")?])]).await?,
        technicians: level("Technicians", vec![of_technicians]).await?,
        technicians_group,
        hosts_group,
        visitors_group,
        responders_group,
    };
    let grant = json!({ "level_id": site.technicians, "valid_from": "2026-01-01T00:00:00Z", "valid_until": null,
        "no_end_reason": "For as long as somebody is in the group" });
    plant.staff.post(&format!("/groups/{}/grants", site.technicians_group), grant).await?;
    let stay_out = json!({ "reason": "Visitors stay out of the core building", "place": area("Airlock") });
    plant.staff.post(&format!("/groups/{}/blocks", site.visitors_group), stay_out).await?;

    doors(plant, &hours).await?;
    area_rules(plant, &areas).await?;
    threats(plant, &site, [area("Server hall"), area("Tape vault")]).await?;
    choices(plant).await?;
    Ok(site)
}

struct Hours {
    office: String,
    days: String,
    nights: String,
}

async fn hours(plant: &Plant) -> anyhow::Result<Hours> {
    for (number, name) in [(HOLIDAY, "Public holiday"), (HALF_DAY, "Half day")] {
        plant.staff.put(&format!("/day-types/{number}"), json!({ "name": name })).await?;
    }
    let today: DateTime<Utc> = DateTime::from_timestamp(i64::try_from(now_s())?, 0).context("the clock")?;
    let years = today.year() - 1..=today.year() + 2;
    let each_year = |(month, day): (u32, u32)| years.clone().map(move |year| format!("{year}-{month:02}-{day:02}"));
    let of_type = |days: &[(u32, u32)], day_type: u8| -> Vec<Value> {
        let dates = days.iter().flat_map(|&day| each_year(day));
        dates.map(|date| json!({ "day": date, "day_type": day_type })).collect()
    };
    let days = [of_type(&HOLIDAYS, HOLIDAY), of_type(&HALF_DAYS, HALF_DAY)].concat();
    let calendar = plant.staff.post("/calendars", json!({ "name": "Nordhafen", "days": days })).await?;
    let sites = plant.staff.get("/sites").await?;
    let version = sites["items"][0]["version"].as_i64().context("the site's version")?;
    let calendar = json!({ "calendar_id": id(&calendar)? });
    plant.staff.patch_version(&format!("/sites/{}", plant.made.site), version, calendar).await?;

    let window = |days: &[&str], day_types: &[u8], from: &str, to: &str| json!({ "days": days, "day_types": day_types, "from": from, "to": to });
    let schedule = |name: &'static str, windows: Vec<Value>, exceptions: Vec<Value>| async move {
        let body = json!({ "name": name, "windows": windows, "exceptions": exceptions });
        id(&plant.staff.post("/schedules", body).await?)
    };
    let every = |from: &str, to: &str| vec![window(&WEEK, &[], from, to), window(&[], &[HOLIDAY, HALF_DAY], from, to)];
    let inventory = each_year(INVENTORY);
    let inventory = inventory.map(|day| json!({ "day": day, "windows": [{ "from": "06:00", "to": "12:00" }] }));
    let office = vec![window(&WEEK[..5], &[], "06:00", "20:00"), window(&[], &[HALF_DAY], "06:00", "13:00")];
    Ok(Hours {
        office: schedule("Office hours", office, inventory.collect()).await?,
        days: schedule("By day", every("06:00", "20:00"), Vec::new()).await?,
        nights: schedule("By night", every("20:00", "06:00"), Vec::new()).await?,
    })
}

/// Ids of the areas by name.
async fn areas(plant: &Plant) -> anyhow::Result<BTreeMap<String, String>> {
    let areas = plant.staff.get("/areas").await?;
    let areas = areas["items"].as_array().context("areas")?;
    areas.iter().map(|area| Ok((area["name"].as_str().context("its name")?.to_owned(), id(area)?))).collect()
}

async fn doors(plant: &Plant, hours: &Hours) -> anyhow::Result<()> {
    let mode = |schedule: &str, mode: &str| json!({ "schedule_id": schedule, "mode": mode });
    let office = json!({
        "mode_lines": [mode(&hours.days, "first_person"), mode(&hours.nights, "toggle")],
        "factor_lines": [{ "side": "in", "schedule_id": hours.nights, "factors": "card_finger" }],
        "reason": "Free by day once somebody is there to look after it",
    });
    let yard = json!({ "mode_lines": [mode(&hours.nights, "locked")], "reason": "No deliveries by night" });
    for (name, rules) in [("office", office), ("yard", yard)] {
        plant.staff.patch(&format!("/doors/{}", plant.door(name)?), rules).await?;
    }
    let airlock = json!({ "name": "Airlock", "door_ids": [plant.door("airlock")?, plant.door("hall")?] });
    plant.staff.post("/interlocks", airlock).await?;
    let walk = json!({ "door_id": plant.door("main")?, "other_door_id": plant.door("vault")?,
        "least_s": WALK_TO_VAULT_S });
    plant.staff.post("/travel-times", walk).await?;
    Ok(())
}

async fn area_rules(plant: &Plant, areas: &BTreeMap<String, String>) -> anyhow::Result<()> {
    for (name, rules) in [
        ("Lobby", json!({ "anti_passback": "timed", "anti_passback_s": LOBBY_PASSBACK_S })),
        ("Airlock", json!({ "persons_max": 1 })),
        ("Server hall", json!({ "anti_passback": "soft" })),
        ("Tape vault", json!({ "two_person_s": PAIR_S })),
    ] {
        // Nobody has changed them yet.
        plant.staff.patch_version(&format!("/areas/{}", areas[name]), 1, rules).await?;
    }
    Ok(())
}

async fn threats(plant: &Plant, site: &Site, core: [Value; 2]) -> anyhow::Result<()> {
    let exempt = [&site.responders_group];
    for level in [
        json!({ "level": 20, "name": "Finger everywhere", "locks": false, "factors": "card_finger",
            "exempt_group_ids": exempt }),
        json!({ "level": 60, "name": "Core building closed", "locks": true, "places": core,
            "exempt_group_ids": exempt }),
    ] {
        plant.staff.post("/threat-levels", level).await?;
    }
    let levels = plant.staff.get("/threat-levels").await?;
    let count = levels["items"].as_array().map(Vec::len);
    ensure!(count == Some(3), "a lockdown and two of the demo's own were expected: {levels}");
    Ok(())
}

async fn choices(plant: &Plant) -> anyhow::Result<()> {
    let before = plant.staff.get("/tenant-rules").await?;
    let version = before["version"].as_i64().context("the choices' version")?;
    let choices = json!({
        "refusals": 5, "refusals_within_s": 60, "reader_lock_s": 20,
        "alone_travel": "deny", "alone_anti_passback": "as_known", "alone_occupancy": "as_known",
        "alone_two_person": "deny", "waived_for_duress": ["schedule", "anti_passback", "two_person"],
        "alone_hours": 24, "grant_days_max": null, "reason": "As the site's security concept has it",
    });
    plant.staff.put_version("/tenant-rules", version, choices).await?;
    Ok(())
}
