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
    let told = doors.into_iter().find(|told| told["door_id"] == door).unwrap();
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
