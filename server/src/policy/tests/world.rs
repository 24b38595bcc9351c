//! A site with one door, a level for it at office hours, Anna who holds it, Berta who holds nothing.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::testing::TestServer;

/// The beginning of a Monday that is not here yet.
pub(super) fn monday() -> DateTime<Utc> {
    let today = crate::clock::now().date_naive();
    let days = 7 + 7 - i64::from(today.weekday().num_days_from_monday());
    (today + TimeDelta::days(days)).and_hms_opt(0, 0, 0).unwrap().and_utc()
}

/// Ids of what was made.
pub(super) struct World {
    pub(super) door: String,
    pub(super) schedule: String,
    /// At office hours.
    pub(super) level: String,
    /// At all hours; nobody holds it.
    pub(super) always: String,
    pub(super) anna: String,
    pub(super) berta: String,
    pub(super) grant: String,
}

impl World {
    pub(super) async fn make(server: &TestServer) -> Self {
        let make = async |path: &str, body: Value| {
            server.call(&server.own.administrator, "POST", path, body).await.is(201).id()
        };
        let site = make("/sites", json!({ "name": "Plant", "time_zone": "UTC" })).await;
        let street = make("/areas", json!({ "site_id": site, "name": "Street" })).await;
        let hall = make("/areas", json!({ "site_id": site, "name": "Hall" })).await;
        let door = json!({ "name": "Main", "site_id": site, "area_outside_id": street, "area_inside_id": hall });
        let door = make("/doors", door).await;
        let days = ["mon", "tue", "wed", "thu", "fri"];
        let windows = json!([{ "days": days, "from": "07:00", "to": "19:00" }]);
        let schedule = make("/schedules", json!({ "name": "Office", "windows": windows })).await;
        let line = json!({ "places": [{ "kind": "door", "id": door }], "side": "both", "schedule_id": schedule });
        let level = make("/access-levels", json!({ "name": "Staff", "lines": [line] })).await;
        let line = json!({ "places": [{ "kind": "door", "id": door }], "side": "both", "schedule_id": null });
        let always = make("/access-levels", json!({ "name": "Always", "lines": [line] })).await;
        let person = |given: &str, number: &str| {
            json!({ "name": { "given": given, "family": "Groß" }, "number": number,
                "document": { "kind": "passport", "seen_at": "2026-01-02T03:04:05Z" } })
        };
        let anna = make("/people", person("Anna", "1")).await;
        let berta = make("/people", person("Berta", "2")).await;
        let grant = json!({ "level_id": level, "valid_from": "2020-01-01T00:00:00Z", "valid_until": monday() + TimeDelta::days(700) });
        let grant = make(&format!("/people/{anna}/grants"), grant).await;
        let world = Self { door, schedule, level, always, anna, berta, grant };
        for (person, byte) in [(&world.anna, 1), (&world.berta, 2)] {
            world.card(server, person, byte).await;
        }
        world
    }

    /// A card of a person's: enrolling one takes a station, and nothing here is about that.
    async fn card(&self, server: &TestServer, person: &str, byte: u8) {
        let mut tx = server.state.db.begin(server.own.tenant, None).await.unwrap();
        sqlx::query(
            "INSERT INTO credentials (tenant_id, id, person_id, token, label, valid_from) \
             VALUES ($1, gen_random_uuid(), $2, $3, 'card', '2020-01-01')",
        )
        .bind(server.own.tenant.as_uuid())
        .bind(person.parse::<uuid::Uuid>().unwrap())
        .bind([byte; 32].to_vec())
        .execute(&mut *tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }
}
