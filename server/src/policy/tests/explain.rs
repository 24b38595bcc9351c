//! Why?

use access_core::event::{Decided, Event};
use access_core::policy::{CardToken, Side};
use access_core::verdict::{Reason, Rule, Verdict};
use access_core::word::Word as _;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::world::{World, monday};
use crate::decisions::tests::{ANNA, Hall};
use crate::testing::{Answer, TestServer};

async fn explain(server: &TestServer, wanted: Value) -> Answer {
    server.call(&server.own.guard, "POST", "/explain", wanted).await
}

fn rule<'a>(told: &'a Value, name: &str) -> &'a Value {
    told["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == name).unwrap()
}

fn remedies(told: &Value) -> Vec<&str> {
    told["remedies"].as_array().unwrap().iter().map(|remedy| remedy["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_rule_is_told_with_the_records_that_settled_it() {
    let server = TestServer::start().await;
    let world = World::make(&server).await;
    let noon = monday() + TimeDelta::hours(12);
    let asked = |person: &str, at| {
        json!({ "person_id": person, "door_id": world.door, "side": "in", "at": at, "state": "neutral",
            "factors": { "finger": "matched" } })
    };
    let granted = explain(&server, asked(&world.anna, noon)).await.is(200).json;
    assert_eq!((&granted["outcome"], &granted["reason"]), (&json!("granted"), &json!("granted")), "{granted}");
    let names: Vec<&str> =
        granted["rules"].as_array().unwrap().iter().map(|rule| rule["rule"].as_str().unwrap()).collect();
    assert_eq!(names, Rule::ALL.iter().map(|rule| rule.as_str()).collect::<Vec<_>>());
    let by = &rule(&granted, "grant")["records"][0];
    assert_eq!((&by["kind"], &by["id"], &by["name"]), (&json!("grant"), &json!(world.grant), &json!("Staff")));
    assert_eq!(by["person_id"], json!(world.anna));

    let night = monday() + TimeDelta::hours(3);
    let refused = explain(&server, asked(&world.anna, night)).await.is(200).json;
    assert_eq!((&refused["reason"], &refused["rule"]), (&json!("outside_schedule"), &json!("schedule")));
    assert_eq!(rule(&refused, "schedule")["answer"], "failed");
    assert_eq!(rule(&refused, "two_person")["answer"], "not_reached");
    assert_eq!(remedies(&refused), ["grant_level", "wait_until"]);
    assert_eq!(refused["remedies"][0]["level_id"], json!(world.always));
    assert_eq!(refused["remedies"][0]["name"], "Always");
    assert_eq!(refused["remedies"][1]["until"], json!(monday() + TimeDelta::hours(7)));

    let nothing = explain(&server, asked(&world.berta, noon)).await.is(200).json;
    assert_eq!((&nothing["reason"], remedies(&nothing)), (&json!("no_grant"), vec!["grant_level", "grant_level"]));
    // Without the finger it is asked for.
    let bare = json!({ "person_id": world.anna, "door_id": world.door, "at": noon, "state": "neutral" });
    let bare = explain(&server, bare).await.is(200).json;
    assert_eq!((&bare["outcome"], &bare["reason"]), (&json!("refused"), &json!("no_finger_enrolled")));
}

#[tokio::test]
async fn a_card_is_told_by_its_mark() {
    let server = TestServer::start().await;
    let world = World::make(&server).await;
    let asked = json!({ "person_id": world.anna, "door_id": world.door, "state": "neutral" });
    let told = explain(&server, asked.clone()).await.is(200).json;
    let card = told["credential_id"].as_str().unwrap().to_owned();
    let admin = &server.own.administrator;
    let block = json!({ "place": { "kind": "tenant" }, "reason": "left in a taxi" });
    server.call(admin, "POST", &format!("/credentials/{card}/blocks"), block).await.is(201);
    let told = explain(&server, asked.clone()).await.is(200).json;
    let block = &rule(&told, "block")["records"][0];
    assert_eq!((&block["credential_id"], &block["name"]), (&json!(card), &json!("card")), "{told}");

    let why = json!({ "state": "suspended", "reason": "looked for" });
    server.call(admin, "POST", &format!("/credentials/{card}/state"), why).await.is(200);
    let told = explain(&server, asked).await.is(200).json;
    let record = &rule(&told, "card_state")["records"][0];
    assert_eq!((&record["kind"], &record["id"], &record["name"]), (&json!("credential"), &json!(card), &json!("card")));
}

#[tokio::test]
async fn the_past_is_told_by_the_rules_that_were_in_force_then() {
    let server = TestServer::start().await;
    let world = World::make(&server).await;
    let admin = &server.own.administrator;
    let before = crate::clock::now();
    let grant = json!({ "level_id": world.always, "valid_from": "2020-01-01T00:00:00Z", "valid_until": monday() });
    let grant = server.call(admin, "POST", &format!("/people/{}/grants", world.berta), grant).await.is(201).id();
    let then = crate::clock::now();
    let why = json!({ "reason": "moved on" });
    server.call(admin, "POST", &format!("/grants/{grant}/revoke"), why).await.is(200);
    let asked = |at: Option<_>| json!({ "person_id": world.berta, "door_id": world.door, "at": at, "state": "neutral", "factors": { "finger": "matched" } });
    let versions: Vec<u64> = {
        let told = server.call(admin, "GET", "/policy/versions?limit=3", Value::Null).await.is(200).json;
        told["items"].as_array().unwrap().iter().map(|version| version["version"].as_u64().unwrap()).collect()
    };
    for (at, reason, version) in
        [(Some(before), "no_grant", versions[2]), (Some(then), "granted", versions[1]), (None, "no_grant", versions[0])]
    {
        let told = explain(&server, asked(at)).await.is(200).json;
        assert_eq!((&told["reason"], &told["policy_version"]), (&json!(reason), &json!(version)), "{at:?}");
    }
    let long_ago = json!("2001-01-01T00:00:00Z");
    let mut none = asked(None);
    none["at"] = long_ago;
    explain(&server, none).await.problem(422, "invalid");
}

#[tokio::test]
async fn what_is_asked_wrongly_is_named() {
    let server = TestServer::start().await;
    let world = World::make(&server).await;
    let nobody = uuid::Uuid::new_v4();
    let good = json!({ "person_id": world.anna, "door_id": world.door, "state": "neutral" });
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    explain(&server, good.clone()).await.is(200);
    for (body, field) in [
        (with("person_id", json!(nobody)), "person_id"),
        (with("credential_id", json!(nobody)), "person_id"),
        (with("door_id", json!(nobody)), "door_id"),
        (with("door_id", Value::Null), "door_id"),
        (with("position", json!(1)), "position"),
        (with("attempt_id", json!(nobody)), "attempt_id"),
        (with("state", json!("recorded")), "state"),
        (with("state", json!("guessed")), "body"),
        (with("side", json!("up")), "body"),
        (with("at", json!(crate::clock::now() + TimeDelta::days(731))), "at"),
        (with("colour", json!("red")), "body"),
    ] {
        let told = explain(&server, body).await.problem(422, "invalid");
        assert_eq!(told.json["errors"][0]["field"], field, "{}", told.json);
    }
    explain(&server, json!({ "position": 7_000 })).await.problem(404, "not_found");
    explain(&server, json!({ "attempt_id": uuid::Uuid::now_v7() })).await.problem(404, "not_found");
    server.call("", "POST", "/explain", good.clone()).await.problem(401, "unauthenticated");
    // Another tenant's door and people are not there.
    server.call(&server.other.guard, "POST", "/explain", good).await.problem(422, "invalid");
}

#[tokio::test]
async fn a_logged_decision_is_explained_from_its_record() {
    let mut hall = Box::pin(Hall::new("anti_passback = 'hard'")).await;
    let first = hall.ask(0, Side::In, ANNA).await;
    hall.tell(0, vec![first.decision(), first.entered()]).await;
    let second = hall.ask(1, Side::In, ANNA).await;
    assert_eq!(second.verdict.reason, Reason::PassedBack);
    let unrecorded = hall.ask(0, Side::Out, ANNA).await;
    let not_recorded =
        Verdict { reason: Reason::NotRecorded, outcome: access_core::Outcome::Deny, ..unrecorded.verdict.clone() };
    let not_recorded = unrecorded.record(&not_recorded, Decided::Online);
    hall.tell(1, vec![second.decision()]).await;
    hall.tell(0, vec![not_recorded, Event::AgentStopped]).await;

    let server = &hall.server;
    let decisions = server.events("kind=decision").await;
    let position = |place: usize| decisions[place]["position"].as_i64().unwrap();
    let told = explain(server, json!({ "position": position(1) })).await.is(200).json;
    assert_eq!((&told["reason"], &told["rule"]), (&json!("passed_back"), &json!("anti_passback")), "{told}");
    assert_eq!((&told["is_reproduced"], &told["state"]), (&json!(true), &json!("recorded")));
    assert_eq!((&told["decided"], rule(&told, "anti_passback")["answer"].as_str()), (&json!("online"), Some("failed")));
    assert_eq!(remedies(&told), ["forgive_person"]);
    let by_attempt = explain(server, json!({ "attempt_id": second.attempt.id.as_uuid() })).await.is(200).json;
    assert_eq!(by_attempt, told);

    let detour = explain(server, json!({ "position": position(2) })).await.is(200).json;
    assert_eq!((&detour["reason"], &detour["is_by_rules"]), (&json!("not_recorded"), &json!(false)), "{detour}");
    assert_eq!(rule(&detour, "anti_passback")["answer"], "passed");

    // The same question as the log says it of that instant, and of now.
    let person = hall.people[ANNA].0;
    let asked = |at: Value, state: &str| json!({ "person_id": person.as_uuid(), "door_id": hall.doors[1].as_uuid(), "at": at, "state": state });
    let then = explain(server, asked(told["at"].clone(), "as_logged")).await.is(200).json;
    assert_eq!(then["reason"], "passed_back", "{then}");
    assert_eq!(explain(server, asked(told["at"].clone(), "neutral")).await.is(200).json["reason"], "granted");
    let first: chrono::DateTime<chrono::Utc> = decisions[0]["at"].as_str().unwrap().parse().unwrap();
    let before = json!(first - TimeDelta::milliseconds(1));
    assert_eq!(explain(server, asked(before, "as_logged")).await.is(200).json["reason"], "granted");
    assert_eq!(explain(server, asked(Value::Null, "now")).await.is(200).json["reason"], "passed_back");
    // Whose whereabouts that told is an act, once.
    let looks = server.events("act=viewed").await;
    assert_eq!(looks.len(), 1, "{looks:?}");
}

/// A chip for a person's card, with a UID of its own.
async fn put_chip(hall: &Hall, who: usize, uid: u8) {
    let (tenant, person) = (hall.server.own.tenant, hall.people[who].0);
    let uid = hex::encode([uid; 32]);
    hall.server
        .execute(&format!(
            "SET app.tenant = '{tenant}'; UPDATE credentials SET strength = 'authenticated' WHERE person_id = '{person}'; \
             INSERT INTO card_chips (tenant_id, credential_id, uid_hash, messaging, key_version, version_wanted, free_bytes, \
             templates_bytes_max, written_at, has_factory_key) SELECT '{tenant}', id, '\\x{uid}', 'ev2', 1, 1, 0, 0, now(), false \
             FROM credentials WHERE person_id = '{person}'"
        ))
        .await;
}

#[tokio::test]
async fn a_card_without_keys_at_a_door_is_told_as_what_it_claims_to_be() {
    let mut hall = Box::pin(Hall::new("persons_max = 9")).await;
    let number = hall.people[ANNA].1;
    put_chip(&hall, ANNA, 0xAA).await;
    hall.people[ANNA].1 = CardToken([0xAA; 32]);
    let may = hall.ask(0, Side::In, ANNA).await;
    assert_eq!(may.verdict.reason, Reason::UnknownCredential);
    let (tenant, person) = (hall.server.own.tenant, hall.people[ANNA].0);
    let end = format!(
        "SET app.tenant = '{tenant}'; UPDATE grants SET valid_until = now(), no_end_reason = NULL WHERE person_id = '{person}'"
    );
    hall.server.execute(&end).await;
    hall.in_force().await;
    let ended = hall.ask(0, Side::In, ANNA).await;
    hall.people[ANNA].1 = CardToken([0xBB; 32]);
    let unknown = hall.ask(0, Side::In, ANNA).await;
    hall.tell(0, vec![may.decision(), ended.decision(), unknown.decision()]).await;

    let server = &hall.server;
    let decisions = server.events("kind=decision").await;
    let mut told = Vec::new();
    for event in &decisions {
        told.push(explain(server, json!({ "position": event["position"] })).await.is(200).json);
    }
    told.sort_by_key(|told| told["at"].as_str().unwrap().to_owned());
    for (told, reason) in told.iter().zip([Value::Null, json!("grant_expired")]) {
        assert_eq!((&told["reason"], &told["person_id"]), (&json!("unknown_credential"), &Value::Null));
        assert_eq!((&told["claimed"]["person_id"], &told["claimed"]["reason"]), (&json!(person.as_uuid()), &reason));
    }
    assert_eq!(told[2]["claimed"], Value::Null, "nobody's UID");
    // No movement, no evidence: nothing of it is found under the person, and the number is nobody's to be told.
    assert_eq!(server.events(&format!("kind=decision&person_id={person}")).await, Vec::<Value>::new());
    assert!(!told[1].to_string().contains(&hex::encode(number.0)));
}
