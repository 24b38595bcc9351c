//! What operators set, who reads it, who is inside: over a real log and with real links of agents.

use access_core::attempt::{Assurance, Attempt, ClockTrust};
use access_core::event::{DoorZone, Event, Passage, StateChange, StateSet};
use access_core::ids::{AttemptId, DoorId, PersonId};
use access_core::policy::{CardToken, Place, Side};
use access_core::protocol::{AgentKind, FromAgent, FromServer};
use access_core::verdict::{Reason, Verdict};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::audit::append_event;
use crate::clock;
use crate::testing::{PATIENCE, TestLink, TestServer};

/// A street, a hall behind it with two doors, and a vault behind the hall with one.
struct Plant {
    server: TestServer,
    site: String,
    street: String,
    hall: String,
    vault: String,
    doors: [String; 3],
}

impl Plant {
    async fn new() -> Self {
        let server = TestServer::serving().await;
        let admin = &server.own.administrator;
        let reason = json!("cards of before");
        let site =
            json!({ "name": "Plant", "time_zone": "UTC", "accepts_uid_only": true, "accepts_uid_only_reason": reason });
        let site = server.call(admin, "POST", "/sites", site).await.is(201).id();
        let mut areas = Vec::new();
        for name in ["Street", "Hall", "Vault"] {
            let body = json!({ "site_id": site, "name": name });
            areas.push(server.call(admin, "POST", "/areas", body).await.is(201).id());
        }
        let mut doors = Vec::new();
        for (name, outside, inside) in [("North", 0, 1), ("South", 0, 1), ("Vault", 1, 2)] {
            let body = json!({
                "name": name, "site_id": site, "area_outside_id": areas[outside], "area_inside_id": areas[inside],
                "factors_in": "card", "reason": "a card alone is what these tests hold",
            });
            doors.push(server.call(admin, "POST", "/doors", body).await.is(201).id());
        }
        let lockdown = json!({ "level": 100, "name": "Lockdown", "locks": true });
        server.call(admin, "POST", "/threat-levels", lockdown).await.is(201);
        let [street, hall, vault] = areas.try_into().unwrap();
        let plant = Self { server, site, street, hall, vault, doors: doors.try_into().unwrap() };
        plant.known().await;
        plant
    }

    /// Waits until rules and state are as new as the database.
    async fn known(&self) {
        let newest = i64::try_from(self.server.settled().await).unwrap();
        let (state, tenant) = (&self.server.state, self.server.own.tenant);
        let version = format!("SELECT version::text FROM policy_versions WHERE tenant_id = '{tenant}'");
        let version: u64 = self.server.query(&version).await[0].parse().unwrap();
        let known = async {
            let mut policy = state.policies.subscribe(tenant);
            policy.wait_for(|policy| policy.as_ref().is_some_and(|policy| policy.version() >= version)).await.unwrap();
            while state.states.position(tenant) < Some(newest) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, known).await.expect("rules and state as new as the database");
    }

    async fn person(&self, given: &str, number: &str) -> String {
        let body = json!({
            "name": { "given": given, "family": "Groß" }, "number": number,
            "document": { "kind": "passport", "seen_at": "2026-01-02T03:04:05Z" },
        });
        self.server.call(&self.server.own.administrator, "POST", "/people", body).await.is(201).id()
    }

    /// People pass a door, so many seconds ago.
    async fn pass(&self, door: usize, side: Side, people: &[&str], seconds_ago: i64) {
        let tenant = self.server.own.tenant;
        let attempt = AttemptId::from_uuid(Uuid::now_v7());
        let persons = people.iter().map(|person| Passage { person: person.parse().unwrap(), attempt }).collect();
        let entered = Event::Entered { door: self.door(door), side, persons };
        let mut tx = self.server.state.db.begin(tenant, None).await.unwrap();
        append_event(&mut tx, &entered, clock::now() - TimeDelta::seconds(seconds_ago)).await.unwrap();
        tx.commit().await.unwrap();
        self.known().await;
    }

    fn door(&self, door: usize) -> DoorId {
        self.doors[door].parse().unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        self.server.call(&self.server.own.guard, "GET", path, Value::Null).await.is(200).json
    }

    /// How many are inside: in the hall, in the vault.
    async fn inside(&self) -> (u64, u64) {
        let muster = self.get("/muster").await;
        let areas = muster["areas"].as_array().unwrap();
        assert!(areas.iter().all(|area| area["area_id"] != json!(self.street)), "the street is outside");
        let of = |id: &str| areas.iter().find(|area| area["area_id"] == id).unwrap()["persons"].as_u64().unwrap();
        let (hall, vault) = (of(&self.hall), of(&self.vault));
        assert_eq!(muster["persons"], json!(hall + vault));
        (hall, vault)
    }
}

fn because() -> Value {
    json!({ "reason": "because" })
}

fn in_hours(hours: i64) -> DateTime<Utc> {
    clock::now() + TimeDelta::hours(hours)
}

#[tokio::test]
async fn a_mode_has_an_end_a_reason_and_an_author() {
    let plant = Plant::new().await;
    let server = &plant.server;
    let (admin, guard) = (&server.own.administrator, &server.own.guard);
    let path = format!("/doors/{}/mode", plant.doors[0]);
    let free = |hours: i64| json!({ "mode": "free", "until": in_hours(hours), "reason": "a delivery" });
    server.call(guard, "DELETE", &path, because()).await.problem(409, "not_in_force");
    server.call(guard, "PUT", &path, free(-1)).await.problem(422, "invalid");
    server.call(guard, "PUT", &path, free(13)).await.problem(403, "forbidden");
    server.call(admin, "PUT", &path, free(24 * 32)).await.problem(422, "invalid");
    server.call(guard, "PUT", &path, json!({ "mode": "free", "reason": "no end" })).await.problem(422, "invalid");
    server
        .call(guard, "PUT", &path, json!({ "mode": "ajar", "until": in_hours(1), "reason": "x" }))
        .await
        .problem(422, "invalid");
    server.call(guard, "PUT", &format!("/doors/{}/mode", Uuid::now_v7()), free(1)).await.problem(404, "not_found");
    server.call(&server.other.guard, "PUT", &path, free(1)).await.problem(404, "not_found");
    server.call(guard, "PUT", &path, free(1)).await.is(204);
    plant.known().await;

    let state = plant.get("/state").await;
    let mode = &state["modes"][0];
    assert_eq!(
        (&mode["door_id"], &mode["mode"], &mode["reason"]),
        (&json!(plant.doors[0]), &json!("free"), &json!("a delivery"))
    );
    let set = server.events("kind=state_set").await.remove(0);
    assert_eq!((&mode["operator_id"], &mode["since"]), (&set["operator_id"], &set["at"]));
    let doors = plant.get("/state/doors").await;
    let of =
        |door: &str| doors["items"].as_array().unwrap().iter().find(|found| found["door_id"] == door).unwrap().clone();
    let free = of(&plant.doors[0]);
    assert_eq!(
        (&free["mode"], &free["is_free"], &free["confirmation"]),
        (&json!("free"), &json!(true), &json!("none"))
    );
    assert_eq!(of(&plant.doors[1])["mode"], "normal");
    let others = server.call(&server.other.guard, "GET", "/state", Value::Null).await.is(200).json;
    assert_eq!(others["modes"], json!([]));

    server.call(guard, "DELETE", &path, json!({ "reason": "" })).await.problem(422, "invalid");
    server.call(guard, "DELETE", &path, because()).await.is(204);
    plant.known().await;
    assert_eq!(plant.get("/state").await["modes"], json!([]));
}

#[tokio::test]
async fn a_lockdown_is_set_confirmed_door_by_door_and_ended() {
    let plant = Plant::new().await;
    let server = &plant.server;
    let (admin, guard) = (&server.own.administrator, &server.own.guard);
    let agent = server.agent("Gate", AgentKind::DoorController, &[&plant.doors[0], &plant.doors[1]]).await;
    let mut link = agent.link().await;
    let at = |place: Value, level: i64| json!({ "place": place, "level": level, "reason": "intruder in the yard" });
    let site = json!({ "kind": "site", "id": plant.site });
    for (body, field) in [
        (at(json!({ "kind": "site" }), 100), "place"),
        (at(json!({ "kind": "site", "id": Uuid::now_v7() }), 100), "place"),
        (at(json!({ "kind": "area", "id": Uuid::now_v7() }), 100), "place"),
        (at(json!({ "kind": "door", "id": plant.doors[0] }), 100), "place"),
        (at(site.clone(), 99), "level"),
        (at(site.clone(), 256), "level"),
        (json!({ "place": site, "level": 100, "reason": "" }), "reason"),
    ] {
        let refused = server.call(guard, "POST", "/state/threat-level", body).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["field"], field);
    }
    server
        .call(&server.other.guard, "POST", "/state/threat-level", at(site.clone(), 100))
        .await
        .problem(422, "invalid");
    server.call(guard, "POST", "/state/threat-level", at(site.clone(), 0)).await.problem(409, "not_in_force");
    server.call(guard, "POST", "/state/threat-level", at(site.clone(), 100)).await.is(204);
    plant.known().await;
    server.call(guard, "POST", "/state/threat-level", at(site.clone(), 100)).await.is(204);
    plant.known().await;
    let gone = json!({ "reason": "unused" });
    server.change(admin, "DELETE", "/threat-levels/100", "\"1\"", gone.clone()).await.problem(409, "in_force");

    let state = plant.get("/state").await;
    let threat = &state["threat_levels"][0];
    assert_eq!((&threat["level"], &threat["name"], &threat["locks"]), (&json!(100), &json!("Lockdown"), &json!(true)));
    assert_eq!((&threat["place"]["id"], &threat["reason"]), (&json!(plant.site), &json!("intruder in the yard")));
    assert_eq!(state["doors"], json!({ "all": 3, "confirmed": 0, "waiting": 2, "offline": 0, "none": 1 }));

    // The agent is told, and says that it goes by it; whoever watches hears of it.
    let mut news = server.state.agents.watch(server.own.tenant);
    let number = state["number"].as_u64().unwrap();
    let told = link.hear_of(|message| match message {
        FromServer::Standing(standing) if standing.number == number => Some(standing),
        _ => None,
    });
    assert_eq!(told.await.set.len(), 1);
    link.say(&FromAgent::StandingInForce { number }).await;
    let confirmed = tokio::time::timeout(PATIENCE, news.recv()).await.unwrap().unwrap();
    assert_eq!(confirmed, crate::agents::AgentNews::StandingInForce { agent: agent.id, number });
    let counts = async || plant.get("/state").await["doors"].clone();
    assert_eq!(counts().await, json!({ "all": 3, "confirmed": 2, "waiting": 0, "offline": 0, "none": 1 }));
    let doors = plant.get("/state/doors").await;
    assert!(doors["items"].as_array().unwrap().iter().all(|door| door["is_locked_down"] == json!(true)));
    // One that comes back says once more what it goes by.
    drop(link);
    let mut link = agent.link().await;
    assert_eq!(counts().await["waiting"], 2);
    link.say(&FromAgent::StandingInForce { number }).await;
    tokio::time::timeout(PATIENCE, async { while counts().await["confirmed"] != 2 {} }).await.unwrap();

    server
        .call(guard, "POST", "/state/threat-level", json!({ "place": site, "level": 0, "reason": "caught" }))
        .await
        .is(204);
    plant.known().await;
    assert_eq!(plant.get("/state").await["threat_levels"], json!([]));
    let changes = plant.get("/state/threat-levels").await;
    let told: Vec<_> =
        changes["items"].as_array().unwrap().iter().map(|change| (&change["level"], &change["reason"])).collect();
    let begun = (&json!(100), &json!("intruder in the yard"));
    assert_eq!(told, [(&json!(0), &json!("caught")), begun, begun], "set twice");
    assert!(changes["items"][0]["operator_id"].is_string());
    server.change(admin, "DELETE", "/threat-levels/100", "\"1\"", gone).await.is(204);
}

#[tokio::test]
async fn zones_that_are_wired_are_disarmed_and_armed_with_a_reason() {
    let plant = Plant::new().await;
    let server = &plant.server;
    let guard = &server.own.guard;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[&plant.doors[0], &plant.doors[1]]).await;
    let mut link = agent.link().await;
    let wiring = access_core::chain::Digest([1; 32]);
    let wired = |zones| Event::DoorWired { door: plant.door(0), wiring, zones };
    let records = vec![agent.record(wired(vec![DoorZone::Zone1, DoorZone::Zone3]))];
    link.deliver(records).await;
    plant.known().await;
    let zones = async || {
        let doors = plant.get("/state/doors").await;
        let doors = doors["items"].as_array().unwrap();
        doors.iter().find(|door| door["door_id"] == json!(plant.doors[0])).unwrap()["zones"].clone()
    };
    let now = |zone: &str, is_armed: bool| json!({ "zone": zone, "is_armed": is_armed });
    assert_eq!(zones().await, json!([now("zone_1", true), now("zone_3", true)]), "armed, until it is said otherwise");

    let path = format!("/doors/{}/zones", plant.doors[0]);
    let set = |zone: &str, is_armed: bool| json!({ "zone": zone, "is_armed": is_armed, "reason": "a painter" });
    for (body, field) in
        [(json!({ "zone": "zone_1", "is_armed": false, "reason": " " }), "reason"), (set("zone_2", false), "zone")]
    {
        let refused = server.call(guard, "PUT", &path, body).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["field"], field);
    }
    server.call(guard, "PUT", &path, set("box_tamper", false)).await.problem(422, "invalid");
    let unknown = format!("/doors/{}/zones", Uuid::now_v7());
    server.call(guard, "PUT", &unknown, set("zone_1", false)).await.problem(404, "not_found");
    server.call(&server.other.guard, "PUT", &path, set("zone_1", false)).await.problem(404, "not_found");
    server.call(guard, "PUT", &path, set("zone_1", false)).await.is(204);
    plant.known().await;
    assert_eq!(zones().await, json!([now("zone_1", false), now("zone_3", true)]));
    let state = plant.get("/state").await;
    let disarmed = &state["disarmed_zones"][0];
    let act = server.events("kind=state_set").await.remove(0);
    assert_eq!((&act["state_set"]["what"], &act["state_set"]["zone"]), (&json!("zone_disarmed"), &json!("zone_1")));
    assert_eq!(act["door_id"], json!(plant.doors[0]));
    assert_eq!((&disarmed["zone"], &disarmed["reason"]), (&json!("zone_1"), &json!("a painter")));
    assert_eq!((&disarmed["operator_id"], &disarmed["since"]), (&act["operator_id"], &act["at"]));
    let told = link.hear_of(|message| match message {
        FromServer::Standing(standing) if !standing.set.is_empty() => Some(standing.set[0].1.clone()),
        _ => None,
    });
    assert_eq!(told.await, StateChange::ZoneArmed { door: plant.door(0), zone: DoorZone::Zone1, is_armed: false });

    // Taken off its lines it is still shown, until it is armed.
    let records = vec![agent.record(wired(vec![DoorZone::Zone3]))];
    link.deliver(records).await;
    plant.known().await;
    assert_eq!(zones().await, json!([now("zone_1", false), now("zone_3", true)]));
    server.call(guard, "PUT", &path, set("zone_1", true)).await.is(204);
    plant.known().await;
    assert_eq!(zones().await, json!([now("zone_3", true)]));
    assert_eq!(plant.get("/state").await["disarmed_zones"], json!([]));
    let told = link.hear_of(|message| match message {
        FromServer::Standing(standing) => Some(standing.set),
        _ => None,
    });
    assert_eq!(told.await, [], "what is not said to be disarmed is armed");
}

#[tokio::test]
async fn who_is_inside_is_known_by_area_and_looked_at_in_the_log() {
    let plant = Plant::new().await;
    let server = &plant.server;
    let (anna, ben, cleo) =
        (plant.person("Anna", "1").await, plant.person("Ben", "2").await, plant.person("Cleo", "3").await);
    assert_eq!(plant.inside().await, (0, 0));
    plant.pass(0, Side::In, &[&anna, &ben], 30).await;
    plant.pass(1, Side::In, &[&cleo], 20).await;
    plant.pass(2, Side::In, &[&ben], 10).await;
    assert_eq!(plant.inside().await, (2, 1));
    let looks = async || server.events("act=viewed").await.len();
    let before = looks().await;
    let people = plant.get("/muster/people").await;
    let names: Vec<_> =
        people["items"].as_array().unwrap().iter().map(|one| one["name"]["given"].as_str().unwrap()).collect();
    assert_eq!(names, ["Ben", "Cleo", "Anna"], "the newest passage first");
    let first = &people["items"][0];
    assert_eq!(
        (&first["area_id"], &first["door_id"], &first["side"]),
        (&json!(plant.vault), &json!(plant.doors[2]), &json!("in"))
    );
    assert_eq!(looks().await, before + 1, "one act for all");
    plant.get("/muster/people").await;
    assert_eq!(looks().await, before + 1, "within the hour");

    let count =
        async |query: &str| plant.get(&format!("/muster/people?{query}")).await["items"].as_array().unwrap().len();
    assert_eq!(count(&format!("area_id={}", plant.hall)).await, 2);
    assert_eq!(count(&format!("area_id={}", plant.street)).await, 0);
    assert_eq!(count(&format!("site_id={}", plant.site)).await, 3);
    assert_eq!(count(&format!("site_id={}", Uuid::now_v7())).await, 0);
    assert_eq!(count("q=ann").await, 1);
    let page = plant.get("/muster/people?limit=2").await;
    let rest = plant.get(&format!("/muster/people?limit=2&cursor={}", page["next"].as_str().unwrap())).await;
    assert_eq!((&rest["items"][0]["person_id"], &rest["next"]), (&json!(anna), &Value::Null));
    let guard = &server.own.guard;
    server.call(guard, "GET", "/muster/people?limit=501", Value::Null).await.problem(422, "invalid");
    server.call(guard, "GET", "/muster/people?cursor=x", Value::Null).await.problem(400, "malformed");
    server.call(guard, "GET", "/muster/people?colour=red", Value::Null).await.problem(400, "malformed");
    let others = server.call(&server.other.guard, "GET", "/muster", Value::Null).await;
    assert!(others.status == 503 || others.json["persons"] == 0, "{}", others.json);

    // Leaving, being forgiven, a reset.
    plant.pass(0, Side::Out, &[&cleo], 5).await;
    assert_eq!(plant.inside().await, (1, 1));
    let forgive = format!("/people/{anna}/forgive");
    server.call(guard, "POST", &forgive, json!({ "reason": "" })).await.problem(422, "invalid");
    server.call(&server.other.guard, "POST", &forgive, because()).await.problem(404, "not_found");
    server
        .call(guard, "POST", &format!("/people/{}/forgive", Uuid::now_v7()), because())
        .await
        .problem(404, "not_found");
    server.call(guard, "POST", &forgive, because()).await.is(204);
    plant.known().await;
    assert_eq!(plant.inside().await, (0, 1));
    let reset = format!("/areas/{}/reset", plant.vault);
    server.call(&server.other.guard, "POST", &reset, because()).await.problem(404, "not_found");
    server.call(guard, "POST", &reset, because()).await.is(204);
    plant.known().await;
    assert_eq!(plant.inside().await, (0, 0));
    let told: Vec<_> =
        server.events("kind=state_set").await.iter().map(|set| set["state_set"]["what"].clone()).collect();
    assert_eq!(told, ["forgiven", "area_reset"]);
}

async fn ask(link: &mut TestLink, door: DoorId, card: u8, assurance: Assurance) -> (Attempt, Verdict) {
    let attempt = Attempt {
        id: AttemptId::from_uuid(Uuid::now_v7()),
        door,
        side: Side::In,
        at: access_core::UnixMs(0),
        clock: ClockTrust::Untrusted,
        card: CardToken([card; 32]),
        assurance,
        finger: None,
        pin: None,
    };
    link.say(&FromAgent::Ask(attempt)).await;
    link.hear_of(|message| match message {
        FromServer::Answer { attempt, verdict, .. } => Some((attempt, verdict)),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn locked_cards_and_readers_say_why_and_are_unlocked() {
    let plant = Plant::new().await;
    let server = &plant.server;
    let (admin, guard, tenant) = (&server.own.administrator, &server.own.guard, server.own.tenant);
    let anna = plant.person("Anna", "1").await;
    let card = Uuid::now_v7();
    server
        .execute(&format!(
            "SET app.tenant = '{tenant}'; INSERT INTO credentials (tenant_id, id, person_id, token, label, valid_from) \
             VALUES ('{tenant}', '{card}', '{anna}', '\\x{}', '…B2C3', '2020-01-01')",
            hex::encode([1; 32])
        ))
        .await;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[&plant.doors[0], &plant.doors[1]]).await;
    let mut link = agent.link().await;
    plant.known().await;
    // Five refusals of a card that proved its key lock it, and the fifth at one reader locks that.
    for number in 1..=5 {
        let (attempt, verdict) = ask(&mut link, plant.door(0), 1, Assurance::Authenticated).await;
        assert_eq!(verdict.reason, Reason::NoGrant, "{number}");
        let decision = Event::Decision(Box::new(access_core::event::Decision {
            attempt,
            circumstances: access_core::circumstances::Circumstances::default(),
            verdict,
            rules_version: access_core::RULES_VERSION,
            decided: access_core::event::Decided::Online,
        }));
        let records = vec![agent.record(decision)];
        link.deliver(records).await;
        // It counts from then on.
        plant.known().await;
    }
    let locks = plant.get("/state/locks").await;
    let locked = &locks["cards"][0];
    assert_eq!(
        (&locked["credential_id"], &locked["label"], &locked["person_id"]),
        (&json!(card), &json!("…B2C3"), &json!(anna))
    );
    assert_eq!((&locked["by"]["reason"], &locked["by"]["door_id"]), (&json!("no_grant"), &json!(plant.doors[0])));
    assert!(locked["by"]["position"].as_i64().unwrap() > 0);
    let reader = &locks["readers"][0];
    assert_eq!(
        (&reader["door_id"], &reader["side"], &reader["by"]["person_id"]),
        (&json!(plant.doors[0]), &json!("in"), &json!(anna))
    );
    let state = plant.get("/state").await;
    assert_eq!((&state["locked_cards"], &state["locked_readers"]), (&json!(1), &json!(1)));
    assert_eq!(ask(&mut link, plant.door(0), 1, Assurance::Authenticated).await.1.reason, Reason::ReaderLocked);
    assert_eq!(ask(&mut link, plant.door(1), 1, Assurance::Authenticated).await.1.reason, Reason::CredentialLocked);

    let unlock_card = format!("/credentials/{card}/unlock");
    server.call(guard, "POST", &unlock_card, because()).await.problem(403, "forbidden");
    server
        .call(admin, "POST", &format!("/credentials/{}/unlock", Uuid::now_v7()), because())
        .await
        .problem(404, "not_found");
    server.call(&server.other.administrator, "POST", &unlock_card, because()).await.problem(404, "not_found");
    server.call(admin, "POST", &unlock_card, json!({ "reason": "" })).await.problem(422, "invalid");
    server.call(admin, "POST", &unlock_card, because()).await.is(204);
    let unlock_reader = format!("/doors/{}/unlock-reader", plant.doors[0]);
    let inner = json!({ "side": "in", "reason": "she forgot her new hours" });
    let outer = json!({ "side": "out", "reason": "she forgot her new hours" });
    server.call(guard, "POST", &unlock_reader, outer).await.problem(409, "not_locked");
    server.call(&server.other.guard, "POST", &unlock_reader, inner.clone()).await.problem(404, "not_found");
    server.call(guard, "POST", &unlock_reader, inner.clone()).await.is(204);
    plant.known().await;
    assert_eq!(plant.get("/state/locks").await, json!({ "cards": [], "readers": [] }));
    server.call(admin, "POST", &unlock_card, because()).await.problem(409, "not_locked");
    server.call(guard, "POST", &unlock_reader, inner).await.problem(409, "not_locked");
    assert_eq!(ask(&mut link, plant.door(0), 1, Assurance::Authenticated).await.1.reason, Reason::NoGrant);
}

#[tokio::test]
async fn a_lockdown_that_is_ordered_is_in_force_whatever_the_clock_was_before() {
    let plant = Plant::new().await;
    let (server, tenant) = (&plant.server, plant.server.own.tenant);
    let order = async |level: i64| {
        let body = json!({ "place": { "kind": "tenant" }, "level": level, "reason": "a drill" });
        server.call(&server.own.guard, "POST", "/state/threat-level", body).await.is(204);
    };
    let levels = async || {
        plant.known().await;
        plant.get("/state").await["threat_levels"].as_array().unwrap().len()
    };
    // All clear, by a clock that is set back now.
    let change = StateChange::ThreatLevel { place: Place::Tenant, level: 0 };
    let set = Event::StateSet(StateSet { operator: None, change, reason: None });
    let mut tx = server.state.db.begin(tenant, None).await.unwrap();
    append_event(&mut tx, &set, clock::now() + TimeDelta::minutes(4)).await.unwrap();
    tx.commit().await.unwrap();
    plant.known().await;
    order(100).await;
    assert_eq!(levels().await, 1);
    order(0).await;
    assert_eq!(levels().await, 0);
    order(100).await;
    assert_eq!(levels().await, 1);
    // One guard ends it; another, who does not know of it yet, orders it.
    order(0).await;
    order(100).await;
    assert_eq!(levels().await, 1);
}

#[tokio::test]
async fn nothing_is_said_to_be_in_force_before_the_log_was_read() {
    let server = TestServer::start().await;
    let nobody: PersonId = Uuid::new_v4().into();
    assert!(server.state.states.read(server.own.tenant, |known| known.whereabouts(nobody)).is_none());
    for path in ["/state", "/state/doors", "/state/locks", "/muster", "/muster/people"] {
        server.call(&server.own.guard, "GET", path, Value::Null).await.problem(503, "unavailable");
    }
}
