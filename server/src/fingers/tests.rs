//! A sign of duress: beside which fingers it stands, and who learns which one it is.

use access_core::protocol::{EnrolmentStep, SecretBytes};
use serde_json::{Value, json};

use crate::contract::{Desk, consent, desk, enrol, person, templates_on_server};
use crate::decisions::store::load;
use crate::testing::TestServer;

fn want(position: &str, is_duress: bool) -> Value {
    json!({ "finger": { "position": position, "is_duress": is_duress } })
}

fn read(template: &str) -> EnrolmentStep {
    let template = SecretBytes(template.as_bytes().to_vec());
    EnrolmentStep::FingerRead { template, sensor_type: "zfm20".to_owned(), quality: 80 }
}

fn path(done: &Value) -> String {
    assert_eq!(done["step"], "done", "{done}");
    format!("/fingers/{}", done["finger"]["id"].as_str().unwrap())
}

async fn refused(server: &TestServer, desk: &Desk, person: &str, want: Value, code: &str) {
    let body = json!({ "station_id": desk.station, "person_id": person, "want": want });
    server.call(&server.own.administrator, "POST", "/enrolments", body).await.problem(409, code);
}

#[tokio::test]
async fn a_sign_of_duress_stands_beside_another_finger_and_becomes_none() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let anna = person(&server, "1").await;
    let mut desk = desk(&server).await;
    templates_on_server(&server).await;
    consent(&server, &anna).await;
    refused(&server, &desk, &anna, want("left_index", true), "finger_missing").await;
    let unmarked = json!({ "finger": { "position": "right_index" } });
    let daily = enrol(&server, &mut desk, &anna, unmarked, read("daily")).await;
    assert_eq!(daily["finger"]["is_duress"], false);
    refused(&server, &desk, &anna, want("right_index", true), "finger_taken").await;

    // The finger for every day is removed while the other one lies on the sensor.
    let body = json!({ "station_id": desk.station, "person_id": anna, "want": want("left_index", true) });
    let started = server.call(admin, "POST", "/enrolments", body).await.is(201);
    desk.orders.recv().await.unwrap();
    let why = json!({ "reason": "hurt" });
    server.call(admin, "DELETE", &path(&daily), why.clone()).await.is(204);
    let (id, now) = (started.id().parse().unwrap(), crate::clock::now());
    server.state.stations.step(&server.state, server.own.tenant, desk.station, id, read("sign"), now).await;
    let ended = server.call(admin, "GET", &format!("/enrolments/{}", started.id()), Value::Null).await.is(200);
    assert_eq!(ended.json["last"]["reason"], "finger_missing");

    let daily = enrol(&server, &mut desk, &anna, want("right_index", false), read("daily")).await;
    let sign = enrol(&server, &mut desk, &anna, want("left_index", true), read("sign")).await;
    assert_eq!(sign["finger"]["is_duress"], true);
    refused(&server, &desk, &anna, want("left_index", false), "finger_taken").await;
    server.call(admin, "DELETE", &path(&daily), why.clone()).await.problem(409, "duress_alone");
    // Taken anew, each stays what it is.
    let daily = enrol(&server, &mut desk, &anna, want("right_index", false), read("daily anew")).await;
    let sign = enrol(&server, &mut desk, &anna, want("left_index", true), read("sign anew")).await;

    server.call(&server.own.guard, "DELETE", &path(&sign), why.clone()).await.problem(403, "forbidden");
    server.call(&server.other.administrator, "DELETE", &path(&sign), why.clone()).await.problem(404, "not_found");
    server.call(admin, "DELETE", &path(&sign), why.clone()).await.is(204);
    server.call(admin, "DELETE", &path(&sign), why.clone()).await.problem(404, "not_found");
    server.call(admin, "DELETE", &path(&daily), why).await.is(204);
}

#[tokio::test]
async fn administrators_alone_learn_which_finger_it_is() {
    let server = TestServer::start().await;
    server.sequence();
    let (admin, guard) = (&server.own.administrator, &server.own.guard);
    let anna = person(&server, "1").await;
    let mut desk = desk(&server).await;
    templates_on_server(&server).await;
    consent(&server, &anna).await;
    enrol(&server, &mut desk, &anna, want("right_index", false), read("daily")).await;
    enrol(&server, &mut desk, &anna, want("left_index", true), read("sign")).await;

    let page = format!("/people/{anna}");
    let marks = |answer: Value| -> Vec<(Value, Value)> {
        let fingers = answer["enrolled_fingers"].as_array().unwrap().iter();
        fingers.map(|finger| (finger["position"].clone(), finger["is_duress"].clone())).collect()
    };
    let told = server.call(admin, "GET", &page, Value::Null).await.is(200);
    assert_eq!(marks(told.json), [(json!("right_index"), json!(false)), (json!("left_index"), json!(true))]);
    let seen = server.call(guard, "GET", &page, Value::Null).await.is(200);
    assert_eq!(marks(seen.json), [(json!("right_index"), Value::Null), (json!("left_index"), Value::Null)]);

    // Nor by what is told of acts, dialogues and versions of the rules.
    let events = server.events("").await;
    let mut pages = vec!["/stations".to_owned(), "/people".to_owned(), "/policy/versions".to_owned()];
    pages.extend(events.iter().map(|event| format!("/events/{}", event["position"])));
    let versions = server.call(guard, "GET", "/policy/versions", Value::Null).await.is(200);
    let versions = versions.json["items"].as_array().unwrap().iter();
    pages.extend(versions.map(|version| format!("/policy/versions/{}", version["version"])));
    for page in &pages {
        let seen = server.call(guard, "GET", page, Value::Null).await.is(200);
        assert!(!seen.json.to_string().contains("duress"), "{page}: {}", seen.json);
    }
    let enrolled = events.iter().rfind(|event| event["act"]["subject_kind"] == "finger").unwrap();
    let act = server.call(admin, "GET", &format!("/events/{}", enrolled["position"]), Value::Null).await.is(200);
    let after: Value = serde_json::from_str(act.json["content"]["after"].as_str().unwrap()).unwrap();
    assert_eq!(after["is_duress"], true);
}

#[tokio::test]
async fn rules_count_on_no_sign_of_duress_and_it_goes_with_the_consent() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let anna = person(&server, "1").await;
    let mut desk = desk(&server).await;
    templates_on_server(&server).await;
    consent(&server, &anna).await;
    enrol(&server, &mut desk, &anna, want("right_index", false), read("daily")).await;
    enrol(&server, &mut desk, &anna, want("left_index", true), read("sign")).await;
    let has_finger = async || {
        let mut tx = server.state.db.begin(server.own.tenant, None).await.unwrap();
        let now = crate::clock::unix_ms(crate::clock::now());
        load(&mut tx, server.own.tenant, now).await.unwrap().persons[0].has_finger
    };
    assert!(has_finger().await);
    let marked = format!("SET app.tenant = '{}'; UPDATE fingers SET is_duress = true", server.own.tenant);
    server.execute(&marked).await;
    assert!(!has_finger().await, "no route leads here; whoever has no other finger can't be asked for one");

    let why = json!({ "reason": "asked by letter" });
    server.call(admin, "DELETE", &format!("/people/{anna}/legal-basis"), why).await.is(204);
    let left = "SELECT (SELECT count(*) FROM vault.templates)::text || (SELECT count(*) FROM fingers)::text";
    assert_eq!(server.query(left).await, ["00"]);
}
