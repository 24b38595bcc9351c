//! A PIN is set by its holder at a station, told of to nobody, replaced and removed.

use access_core::protocol::{EnrolmentStep, EnrolmentWant, FromServer, PinSalt, SecretBytes};
use serde_json::{Value, json};

use crate::contract::{Desk, desk, person};
use crate::decisions::store::load;
use crate::testing::TestServer;

fn want(is_duress: bool) -> Value {
    json!({ "pin": { "is_duress": is_duress } })
}

fn hash(of: u8) -> SecretBytes {
    SecretBytes(vec![of; 32])
}

fn read(everyday: Option<u8>, new: u8) -> EnrolmentStep {
    EnrolmentStep::PinRead { everyday: everyday.map(hash), hash: hash(new) }
}

/// Has a PIN set at the station: the salt that it is told, and how the dialogue ends.
async fn set(
    server: &TestServer,
    desk: &mut Desk,
    person: &str,
    is_duress: bool,
    step: EnrolmentStep,
) -> (PinSalt, Value) {
    let body = json!({ "station_id": desk.station, "person_id": person, "want": want(is_duress) });
    let started = server.call(&server.own.administrator, "POST", "/enrolments", body).await.is(201);
    let Some(FromServer::Enrol(order)) = desk.orders.recv().await else { panic!("no order") };
    let EnrolmentWant::Pin { is_duress: wanted, salt } = order.want else { panic!("{order:?}") };
    assert_eq!(wanted, is_duress);
    let (tenant, now) = (server.own.tenant, crate::clock::now());
    server.state.stations.step(&server.state, tenant, desk.station, order.id, step, now).await;
    let path = format!("/enrolments/{}", started.id());
    (salt, server.call(&server.own.administrator, "GET", &path, Value::Null).await.is(200).json["last"].clone())
}

async fn has_pin(server: &TestServer) -> (bool, u64) {
    let mut tx = server.state.db.begin(server.own.tenant, None).await.unwrap();
    let rows = load(&mut tx, server.own.tenant, crate::clock::unix_ms(crate::clock::now())).await.unwrap();
    (rows.persons[0].has_pin, rows.version)
}

async fn kept(server: &TestServer) -> Vec<String> {
    server.query("SELECT is_duress::text FROM vault.pins ORDER BY is_duress").await
}

#[tokio::test]
async fn a_pin_is_set_replaced_and_removed_and_the_rules_follow() {
    let server = TestServer::start().await;
    server.sequence();
    let admin = &server.own.administrator;
    let anna = person(&server, "1").await;
    let mut desk = desk(&server).await;
    let early = json!({ "station_id": desk.station, "person_id": anna, "want": want(true) });
    server.call(admin, "POST", "/enrolments", early).await.problem(409, "pin_missing");
    let (without, before) = has_pin(&server).await;
    assert!(!without);

    // What the person sees on the page meanwhile.
    let body = json!({ "station_id": desk.station, "person_id": anna, "want": { "pin": {} } });
    let started = server.call(admin, "POST", "/enrolments", body).await.is(201);
    let Some(FromServer::Enrol(order)) = desk.orders.recv().await else { panic!("no order") };
    use access_core::protocol::{PinFault, PinPrompt};
    let steps = [
        (EnrolmentStep::TypePin { prompt: PinPrompt::Everyday }, "type_everyday_pin"),
        (EnrolmentStep::TypePin { prompt: PinPrompt::New }, "type_pin"),
        (EnrolmentStep::PinRefused { why: PinFault::TooSimple }, "pin_refused"),
        (EnrolmentStep::TypePin { prompt: PinPrompt::Again }, "type_pin_again"),
        (read(None, 1), "done"),
    ];
    for (step, word) in steps {
        let now = crate::clock::now();
        server.state.stations.step(&server.state, server.own.tenant, desk.station, order.id, step, now).await;
        let path = format!("/enrolments/{}", started.id());
        let last = server.call(admin, "GET", &path, Value::Null).await.is(200).json["last"].clone();
        assert_eq!(last["step"], word, "{last}");
        assert_eq!(last["reason"] == "too_simple", word == "pin_refused", "{last}");
    }
    let (with, first) = has_pin(&server).await;
    assert!(with && first > before, "{first} after {before}");
    assert_eq!(kept(&server).await, ["false"]);

    // Beside it a sign of duress, by whoever knows the PIN.
    for (everyday, new, reason) in
        [(Some(9), 2, "pin_not_theirs"), (None, 2, "pin_unusable"), (Some(1), 1, "pin_alike")]
    {
        let (_, last) = set(&server, &mut desk, &anna, true, read(everyday, new)).await;
        assert_eq!((&last["step"], &last["reason"]), (&json!("failed"), &json!(reason)));
    }
    let short = EnrolmentStep::PinRead { everyday: None, hash: SecretBytes(vec![1; 31]) };
    assert_eq!(set(&server, &mut desk, &anna, false, short).await.1["reason"], "pin_unusable");
    assert_eq!(kept(&server).await, ["false"], "nothing of that is kept");
    let (salt, last) = set(&server, &mut desk, &anna, true, read(Some(1), 2)).await;
    assert_eq!(last["step"], "done");
    assert_eq!(kept(&server).await, ["false", "true"]);
    let (_, second) = has_pin(&server).await;
    assert!(second > first, "agents get it too");
    let again = set(&server, &mut desk, &anna, true, read(Some(1), 3)).await;
    assert_eq!((again.0, &again.1["step"]), (salt, &json!("done")), "the same salt as the PIN beside it");

    // A new one for every day: another salt, and the sign goes.
    let (other, last) = set(&server, &mut desk, &anna, false, read(None, 4)).await;
    assert_eq!(last["step"], "done");
    assert_ne!(other, salt);
    assert_eq!(kept(&server).await, ["false"]);
    assert_eq!(set(&server, &mut desk, &anna, true, read(Some(4), 5)).await.1["step"], "done");

    let why = json!({ "reason": "asked for by the holder" });
    let (pin, sign) = (format!("/people/{anna}/pin"), format!("/people/{anna}/duress-pin"));
    for path in [&pin, &sign] {
        server.call(&server.own.guard, "DELETE", path, why.clone()).await.problem(403, "forbidden");
        server.call(&server.other.administrator, "DELETE", path, why.clone()).await.problem(404, "not_found");
        server.call(admin, "DELETE", path, json!({ "reason": "" })).await.problem(422, "invalid");
    }
    server.call(admin, "DELETE", &sign, why.clone()).await.is(204);
    server.call(admin, "DELETE", &sign, why.clone()).await.problem(404, "not_found");
    assert_eq!((kept(&server).await, has_pin(&server).await.0), (vec!["false".to_owned()], true));
    assert_eq!(set(&server, &mut desk, &anna, true, read(Some(4), 5)).await.1["step"], "done");
    server.call(admin, "DELETE", &pin, why.clone()).await.is(204);
    assert_eq!((kept(&server).await, has_pin(&server).await.0), (Vec::new(), false));
    server.call(admin, "DELETE", &pin, why).await.problem(404, "not_found");
}

#[tokio::test]
async fn administrators_alone_learn_of_a_sign_of_duress_and_nobody_a_hash() {
    let server = TestServer::start().await;
    server.sequence();
    let (admin, guard) = (&server.own.administrator, &server.own.guard);
    let anna = person(&server, "1").await;
    let mut desk = desk(&server).await;
    let page = format!("/people/{anna}");
    assert_eq!(server.call(admin, "GET", &page, Value::Null).await.is(200).json["pin"], Value::Null);
    set(&server, &mut desk, &anna, false, read(None, 1)).await;
    set(&server, &mut desk, &anna, true, read(Some(1), 2)).await;

    let told = server.call(admin, "GET", &page, Value::Null).await.is(200).json;
    assert_eq!((&told["rules"]["has_pin"], &told["pin"]["has_duress"]), (&json!(true), &json!(true)));
    let seen = server.call(guard, "GET", &page, Value::Null).await.is(200).json;
    assert_eq!((&seen["rules"]["has_pin"], &seen["pin"]["has_duress"]), (&json!(true), &Value::Null));
    assert!(seen["pin"]["changed_at"].is_string());

    let events = server.events("").await;
    let acts: Vec<_> = events.iter().filter(|event| event["act"]["subject_kind"] == "pin").collect();
    let kinds: Vec<_> = acts.iter().map(|event| event["act"]["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.len(), 2, "{events:?}");
    assert!(kinds.contains(&"created") && kinds.contains(&"changed"), "{kinds:?}");
    assert!(acts.iter().all(|event| event["act"]["subject_id"] == json!(anna)), "{acts:?}");
    let mut pages = vec!["/stations".to_owned(), "/people".to_owned(), "/policy/versions".to_owned()];
    pages.extend(events.iter().map(|event| format!("/events/{}", event["position"])));
    let versions = server.call(guard, "GET", "/policy/versions", Value::Null).await.is(200);
    let versions = versions.json["items"].as_array().unwrap().iter();
    pages.extend(versions.map(|version| format!("/policy/versions/{}", version["version"])));
    for page in &pages {
        let seen = server.call(guard, "GET", page, Value::Null).await.is(200);
        assert!(!seen.json.to_string().contains("duress"), "{page}: {}", seen.json);
    }
    // Sealed: neither hash lies there in clear.
    let sealed = server.query("SELECT encode(sealed, 'hex') FROM vault.pins").await;
    assert!(sealed.iter().all(|row| !row.contains("01010101") && !row.contains("02020202")), "{sealed:?}");
}
