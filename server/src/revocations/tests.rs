//! Since when each door knows of what was taken from a person.

use access_core::protocol::{AgentKind, FromAgent};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::agents::tests::door;
use crate::testing::{TestAgent, TestLink, TestServer};

const UNTIL: &str = "2999-01-01T00:00:00Z";

async fn person(server: &TestServer) -> String {
    let body = json!({
        "name": { "given": "Anna", "family": "Groß" }, "number": "1",
        "document": { "kind": "passport", "seen_at": "2026-01-02T03:04:05Z" },
    });
    server.call(&server.own.administrator, "POST", "/people", body).await.is(201).id()
}

async fn grant(server: &TestServer, person: &str, door: &str) -> String {
    let admin = &server.own.administrator;
    let lines = json!([{ "places": [{ "kind": "door", "id": door }], "side": "both", "schedule_id": null }]);
    let level = json!({ "name": "Day", "lines": lines });
    let level = server.call(admin, "POST", "/access-levels", level).await.is(201).id();
    let body = json!({ "level_id": level, "valid_from": "2026-01-01T00:00:00Z", "valid_until": UNTIL });
    server.call(admin, "POST", &format!("/people/{person}/grants"), body).await.is(201).id()
}

/// Takes bundles until one is of this version of the rules or a newer one, and says that it is in force.
async fn takes(link: &mut TestLink, agent: &TestAgent, version: i64) {
    loop {
        let bundle = link.bundle(agent).await;
        if bundle.policy.version.cast_signed() >= version {
            link.say(&FromAgent::BundleInForce { sequence: bundle.sequence }).await;
            // Deliveries are taken in order: with the acknowledgement, what was said before is done.
            link.deliver(Vec::new()).await;
            return;
        }
    }
}

async fn revocations(server: &TestServer, person: &str) -> Vec<Value> {
    let path = format!("/people/{person}/revocations");
    let page = server.call(&server.own.guard, "GET", &path, Value::Null).await.is(200).json;
    page["items"].as_array().unwrap().clone()
}

/// What is told of a door by the newest revocation, which must be this.
async fn is_told(server: &TestServer, person: &str, door: &str, holding: &str) -> Value {
    let told = revocations(server, person).await;
    let doors = told[0]["doors"].as_array().unwrap().clone();
    let told = doors.into_iter().find(|told| told["door_id"] == door && told["is_former"] == false).unwrap();
    assert_eq!(told["holding"], holding, "{told}");
    told
}

#[tokio::test]
async fn each_door_tells_since_when_it_knows_of_a_revocation() {
    let server = TestServer::serving().await;
    let admin = &server.own.administrator;
    let (front, back) = (door(&server, "Front").await, door(&server, "Back").await);
    let gate = server.agent("Gate", AgentKind::DoorController, &[&front]).await;
    let shed = server.agent("Shed", AgentKind::DoorController, &[&back]).await;
    let anna = person(&server).await;
    let grant = grant(&server, &anna, &front).await;
    assert_eq!(revocations(&server, &anna).await, [] as [Value; 0]);

    let (mut at_gate, mut at_shed) = (gate.link().await, shed.link().await);
    takes(&mut at_gate, &gate, 0).await;
    takes(&mut at_shed, &shed, 0).await;
    let why = json!({ "reason": "left" });
    server.call(admin, "POST", &format!("/grants/{grant}/revoke"), why.clone()).await.is(200);
    let told = revocations(&server, &anna).await;
    assert_eq!((&told[0]["kind"], &told[0]["subject_id"]), (&json!("grant"), &json!(grant)));
    let waits = is_told(&server, &anna, &front, "waiting").await;
    assert_eq!(waits["since"], Value::Null);
    let at = told[0]["at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let until = waits["older_until"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let hours = (until - at).num_seconds();
    assert!((86_300..=86_400).contains(&hours), "a day from the last signing: {hours} s");

    let version = told[0]["version"].as_i64().unwrap();
    takes(&mut at_gate, &gate, version).await;
    let holds = is_told(&server, &anna, &front, "in_force").await;
    assert!(holds["since"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap() >= at);
    assert_eq!(is_told(&server, &anna, &back, "waiting").await["agent_id"], shed.id.to_string());
    assert_eq!(revocations(&server, &anna).await[0]["doors"][0]["door_id"], back, "who waits comes first");

    // A newer version holds the revocation too, and the proof stays that of the first.
    let block = json!({ "place": { "kind": "tenant" }, "valid_from": "2026-01-01T00:00:00Z", "valid_until": UNTIL, "reason": "x" });
    server.call(admin, "POST", &format!("/people/{anna}/blocks"), block).await.is(201);
    server.call(admin, "POST", &format!("/people/{anna}/deactivate"), why).await.is(204);
    let told = revocations(&server, &anna).await;
    let kinds: Vec<&str> = told.iter().map(|told| told["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["person", "block", "grant"]);
    takes(&mut at_gate, &gate, told[0]["version"].as_i64().unwrap()).await;
    is_told(&server, &anna, &front, "in_force").await;
    let told = revocations(&server, &anna).await;
    let of_grant = told[2]["doors"].as_array().unwrap().iter().find(|told| told["door_id"] == front).unwrap().clone();
    assert_eq!(of_grant["since"], holds["since"]);

    // One that joins anew holds nothing of what it was sent before.
    let path = format!("/agents/{}/join-token", gate.id);
    let issued = server.call(admin, "POST", &path, json!({ "reason": "new card" })).await.is(200).json;
    let _again = server.joined(issued["token"].as_str().unwrap(), AgentKind::DoorController).await;
    is_told(&server, &anna, &front, "no_older").await;

    let path = format!("/people/{anna}/revocations");
    server.call(&server.other.administrator, "GET", &path, Value::Null).await.problem(404, "not_found");
    let path = format!("/people/{}/revocations", Uuid::new_v4());
    server.call(admin, "GET", &path, Value::Null).await.problem(404, "not_found");
}

/// What is told of machines that drive no door any more: door, agent, holding.
async fn former(server: &TestServer, person: &str) -> Vec<[String; 3]> {
    let told = revocations(server, person).await;
    let doors = told[0]["doors"].as_array().unwrap().iter().filter(|told| told["is_former"] == true);
    let word = |told: &Value, name: &str| told[name].as_str().unwrap().to_owned();
    doors.map(|told| ["door_id", "agent_id", "holding"].map(|name| word(told, name))).collect()
}

async fn give(server: &TestServer, agent: &TestAgent, doors: &[&str]) {
    let path = format!("/agents/{}", agent.id);
    let before = server.call(&server.own.administrator, "GET", &path, Value::Null).await.is(200).json;
    let etag = format!("\"{}\"", before["version"]);
    let body = json!({ "door_ids": doors });
    server.change(&server.own.administrator, "PATCH", &path, &etag, body).await.is(200);
}

async fn is_taken_away(server: &TestServer, agent: &TestAgent) {
    let path = format!("/agents/{}", agent.id);
    let before = server.call(&server.own.administrator, "GET", &path, Value::Null).await.is(200).json;
    assert_eq!(before["has_machine_away"], true);
    let why = json!({ "reason": "fetched from the wall and wiped" });
    let taken_away = format!("{path}/taken-away");
    server.call(&server.own.guard, "POST", &taken_away, why.clone()).await.problem(403, "forbidden");
    server.call(&server.own.administrator, "POST", &taken_away, why.clone()).await.is(204);
    server.call(&server.own.administrator, "POST", &taken_away, why).await.problem(409, "no_machine_away");
    let after = server.call(&server.own.administrator, "GET", &path, Value::Null).await.is(200).json;
    assert_eq!(after["has_machine_away"], false);
    let acts = server.events("kind=act").await;
    assert_eq!(acts.iter().filter(|act| act["act"]["kind"] == "taken_away").count(), 1);
}

#[tokio::test]
async fn a_door_that_moved_is_told_of_the_agent_that_was_away_until_that_has_dropped_it() {
    let server = TestServer::serving().await;
    let admin = &server.own.administrator;
    let (front, back) = (door(&server, "Front").await, door(&server, "Back").await);
    let gate = server.agent("Gate", AgentKind::DoorController, &[&front, &back]).await;
    let shed = server.agent("Shed", AgentKind::DoorController, &[]).await;
    let anna = person(&server).await;
    let grant = grant(&server, &anna, &front).await;
    let mut at_gate = gate.link().await;
    takes(&mut at_gate, &gate, 0).await;
    drop(at_gate);
    // While it is away the door becomes another's, who never had older rules for it.
    give(&server, &gate, &[&back]).await;
    give(&server, &shed, &[&front]).await;
    let mut at_shed = shed.link().await;
    let revoke = format!("/grants/{grant}/revoke");
    server.call(admin, "POST", &revoke, json!({ "reason": "left" })).await.is(200);
    let version = revocations(&server, &anna).await[0]["version"].as_i64().unwrap();
    takes(&mut at_shed, &shed, version).await;
    assert_eq!(is_told(&server, &anna, &front, "in_force").await["agent_id"], shed.id.to_string());
    let waits = [front.clone(), gate.id.to_string(), "waiting".to_owned()];
    assert_eq!(former(&server, &anna).await, [waits]);
    is_told(&server, &anna, &back, "waiting").await;
    // Rules that are too old by now are still rules that it may have.
    server
        .execute("UPDATE agent_rules SET usable_until = now() - interval '1 second' WHERE in_force_at IS NOT NULL")
        .await;
    assert_eq!(former(&server, &anna).await[0][2], "too_old");
    // It is in use: its coming, and no operator's word, ends this.
    let path = format!("/agents/{}/taken-away", gate.id);
    server.call(admin, "POST", &path, json!({ "reason": "x" })).await.problem(409, "no_machine_away");

    let mut at_gate = gate.link().await;
    takes(&mut at_gate, &gate, version).await;
    assert_eq!(former(&server, &anna).await, [] as [[String; 3]; 0]);
    assert_eq!(server.query("SELECT count(*)::text FROM agent_rule_doors").await, ["2"], "one door each");
}

/// A door that Anna may pass, by a grant, and its agent, which has the rules that say so.
async fn held(server: &TestServer) -> (String, TestAgent, String, String, TestLink) {
    let front = door(server, "Front").await;
    let gate = server.agent("Gate", AgentKind::DoorController, &[&front]).await;
    let anna = person(server).await;
    let grant = grant(server, &anna, &front).await;
    let mut at_gate = gate.link().await;
    takes(&mut at_gate, &gate, 0).await;
    (front, gate, anna, grant, at_gate)
}

#[tokio::test]
async fn a_revoked_agent_is_told_until_it_was_taken_away() {
    let server = TestServer::serving().await;
    let admin = &server.own.administrator;
    let (front, gate, anna, grant, _at_gate) = held(&server).await;
    let why = json!({ "reason": "stolen" });
    server.call(admin, "POST", &format!("/agents/{}/revoke", gate.id), why.clone()).await.is(200);
    server.call(admin, "POST", &format!("/grants/{grant}/revoke"), why).await.is(200);
    let told = revocations(&server, &anna).await;
    assert_eq!(told[0]["doors"].as_array().unwrap().len(), 1, "the door has no agent");
    assert_eq!(former(&server, &anna).await, [[front, gate.id.to_string(), "waiting".to_owned()]]);
    is_taken_away(&server, &gate).await;
    assert_eq!(revocations(&server, &anna).await[0]["doors"], json!([]));
}

#[tokio::test]
async fn a_machine_whose_place_another_took_is_told_beside_it() {
    let server = TestServer::serving().await;
    let admin = &server.own.administrator;
    let (front, gate, anna, grant, at_gate) = held(&server).await;
    drop(at_gate);
    let why = json!({ "reason": "broken" });
    let path = format!("/agents/{}/replace", gate.id);
    let issued = server.call(admin, "POST", &path, why.clone()).await.is(200).json;
    let spare = server.joined(issued["token"].as_str().unwrap(), AgentKind::DoorController).await;
    server.call(admin, "POST", &format!("/grants/{grant}/revoke"), why).await.is(200);
    let version = revocations(&server, &anna).await[0]["version"].as_i64().unwrap();
    let mut at_spare = spare.link().await;
    takes(&mut at_spare, &spare, version).await;
    is_told(&server, &anna, &front, "in_force").await;
    assert_eq!(former(&server, &anna).await, [[front.clone(), gate.id.to_string(), "waiting".to_owned()]]);
    is_taken_away(&server, &spare).await;
    assert_eq!(former(&server, &anna).await, [] as [[String; 3]; 0]);
    is_told(&server, &anna, &front, "in_force").await;
}
