//! What an agent decides by when alone: only its own doors' people, openable by nobody else, new at once when rules change.

use access_core::canonical;
use access_core::policy::CardToken;
use access_core::protocol::{
    AgentKind, Bundle, EnrolmentOrder, EnrolmentStep, FromAgent, FromServer, Hello, SealedTemplate, SecretBytes,
    TemplateContent, template_binding,
};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem, OpModeR};
use serde_json::{Value, json};

use super::door;
use crate::testing::{TestAgent, TestLink, TestServer};

pub(super) async fn person(server: &TestServer, number: &str) -> String {
    let body = json!({
        "name": { "given": "Anna", "family": "Groß" }, "number": number,
        "document": { "kind": "passport", "seen_at": "2026-01-02T03:04:05Z" },
    });
    let admin = &server.own.administrator;
    let person = server.call(admin, "POST", "/people", body).await.is(201).id();
    let body = json!({ "kind": "consent", "consent_text_version": "2026-1", "given_at": "2026-01-02T03:04:05Z" });
    server.call(admin, "PUT", &format!("/people/{person}/legal-basis"), body).await.is(200);
    person
}

pub(super) async fn order(desk: &mut TestLink) -> EnrolmentOrder {
    desk.hear_of(|message| match message {
        FromServer::Enrol(order) => Some(order),
        _ => None,
    })
    .await
}

/// Enrols something of a person at a real station; what came of it.
async fn enrol(server: &TestServer, desk: (&TestAgent, &mut TestLink), person: &str, want: Value, step: EnrolmentStep) {
    let (station, link) = desk;
    let body = json!({ "station_id": station.id, "person_id": person, "want": want });
    let started = server.call(&server.own.administrator, "POST", "/enrolments", body).await.is(201);
    let order = order(link).await;
    assert_eq!((order.id.to_string(), order.person.to_string()), (started.id(), person.to_owned()));
    link.say(&FromAgent::EnrolmentStep { enrolment: order.id, step }).await;
    let path = format!("/enrolments/{}/steps", started.id());
    let steps = server.call(&server.own.administrator, "GET", &path, Value::Null).await.is(200);
    let steps = String::from_utf8(steps.bytes).unwrap();
    assert!(steps.contains("\"step\":\"done\""), "{steps}");
}

pub(super) async fn grant(server: &TestServer, person: &str, door: &str) -> String {
    let admin = &server.own.administrator;
    let lines = json!([{ "places": [{ "kind": "door", "id": door }], "side": "both", "schedule_id": null }]);
    let level = json!({ "name": format!("{person} at {door}"), "lines": lines });
    let level = server.call(admin, "POST", "/access-levels", level).await.is(201).id();
    let body =
        json!({ "level_id": level, "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2999-01-01T00:00:00Z" });
    let answer = server.call(admin, "POST", &format!("/people/{person}/grants"), body).await;
    answer.is(201).id()
}

fn open(agent: &TestAgent, template: &SealedTemplate) -> Option<TemplateContent> {
    let (key, ciphertext) = template.sealed.split_first_chunk::<32>()?;
    let content = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &agent.sealing_key,
        &<X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(key).ok()?,
        b"pforte template 1",
        ciphertext,
        &template_binding(agent.id, template.person, template.finger),
    )
    .ok()?;
    Some(canonical::decode("template", &content).unwrap())
}

fn people(bundle: &Bundle) -> Vec<String> {
    bundle.policy.persons.iter().map(|person| person.id.to_string()).collect()
}

/// The next bundle that satisfies a condition; those before it may be of rules in between.
pub(super) async fn bundle_with(link: &mut TestLink, agent: &TestAgent, wanted: impl Fn(&Bundle) -> bool) -> Bundle {
    loop {
        let bundle = link.bundle(agent).await;
        if wanted(&bundle) {
            return bundle;
        }
    }
}

#[tokio::test]
async fn a_bundle_holds_what_its_agent_needs_and_no_more() {
    let server = TestServer::serving().await;
    let (front, back) = (door(&server, "Front").await, door(&server, "Back").await);
    let gate = server.agent("Gate", AgentKind::DoorController, &[&front]).await;
    let other = server.agent("Other", AgentKind::DoorController, &[&back]).await;
    let station = server.agent("Desk", AgentKind::Station, &[]).await;
    let mut desk = station.link().await;
    crate::contract::weak_cards(&server).await;
    crate::contract::templates_on_server(&server).await;
    let (anna, berta) = (person(&server, "1").await, person(&server, "2").await);
    for (person, uid, template) in [(&anna, 1, b"finger of anna"), (&berta, 2, b"finger of bert")] {
        let card = EnrolmentStep::CardRead { uid: SecretBytes(vec![4, 5, 6, uid]) };
        enrol(&server, (&station, &mut desk), person, json!("card"), card).await;
        let finger = EnrolmentStep::FingerRead {
            template: SecretBytes(template.to_vec()),
            sensor_type: "zfm20".to_owned(),
            quality: 80,
        };
        let want = json!({ "finger": { "position": "right_index" } });
        enrol(&server, (&station, &mut desk), person, want, finger).await;
    }
    let annas = grant(&server, &anna, &front).await;
    grant(&server, &berta, &back).await;

    let mut link = gate.link().await;
    let has_anna = |bundle: &Bundle| people(bundle) == std::slice::from_ref(&anna) && bundle.templates.len() == 1;
    let bundle = bundle_with(&mut link, &gate, has_anna).await;
    assert_eq!((bundle.agent, bundle.installation, bundle.mode), (gate.id, gate.installation, gate.mode));
    assert_eq!(bundle.age_max_s, 24 * 60 * 60);
    assert_eq!(
        bundle.policy.doors.iter().map(|door| door.id.to_string()).collect::<Vec<_>>(),
        std::slice::from_ref(&front)
    );
    let token: CardToken = crate::credentials::token(&bundle.card_key.0, &[4, 5, 6, 1]);
    assert_eq!(bundle.policy.credentials.iter().map(|card| card.token).collect::<Vec<_>>(), [token]);
    let template = &bundle.templates[0];
    assert_eq!(template.person.to_string(), anna);
    let content = TemplateContent { is_duress: false, template: SecretBytes(b"finger of anna".to_vec()) };
    assert_eq!(open(&gate, template), Some(content));
    assert_eq!(open(&other, template), None, "another agent's key");
    let mut moved = template.clone();
    moved.person = berta.parse::<uuid::Uuid>().unwrap().into();
    assert_eq!(open(&gate, &moved), None, "as another person's");

    // A sign of duress comes with the others, marked inside the seal alone.
    let sign = EnrolmentStep::FingerRead {
        template: SecretBytes(b"thumb of anna!".to_vec()),
        sensor_type: "zfm20".to_owned(),
        quality: 80,
    };
    let want = json!({ "finger": { "position": "left_thumb", "is_duress": true } });
    enrol(&server, (&station, &mut desk), &anna, want, sign).await;
    let marked = bundle_with(&mut link, &gate, |bundle| bundle.templates.len() == 2).await;
    let signs: Vec<_> = marked.templates.iter().map(|sealed| open(&gate, sealed).unwrap().is_duress).collect();
    assert_eq!(signs, [false, true]);
    assert_eq!(canonical::encode(&marked.templates[0]).len(), canonical::encode(&marked.templates[1]).len());

    // Every change of rules brings the next, whose number is higher.
    let why = json!({ "reason": "left" });
    server.call(&server.own.administrator, "POST", &format!("/grants/{annas}/revoke"), why).await.is(200);
    let without = bundle_with(&mut link, &gate, |bundle| people(bundle).is_empty()).await;
    assert!(without.sequence > bundle.sequence && without.policy.version > bundle.policy.version);
    assert_eq!((without.templates.len(), without.policy.credentials.len()), (0, 0));
    let back_too = json!({ "door_ids": [front, back] });
    let path = format!("/agents/{}", other.id);
    let version = super::seen(&server, other.id).await["version"].to_string();
    let taken = server.change(&server.own.administrator, "PATCH", &path, &format!("\"{version}\""), back_too).await;
    taken.problem(409, "door_taken");

    // Numbers go on over links.
    drop(link);
    let mut link = gate.link().await;
    assert!(link.bundle(&gate).await.sequence > without.sequence);
}

#[tokio::test]
async fn a_restored_database_numbers_no_bundle_again() {
    let server = TestServer::serving().await;
    let front = door(&server, "Front").await;
    let gate = server.agent("Gate", AgentKind::DoorController, &[&front]).await;
    let mut link = gate.link().await;
    server.execute("UPDATE agents SET bundle_sent = 700").await;
    // The bundle of rules that moved just now, and of no earlier ones that are still on their way.
    let next = async |link: &mut TestLink| {
        let tenant = server.own.tenant;
        server
            .execute(&format!("SELECT set_config('app.tenant', '{tenant}', false); SELECT policy_moves('{tenant}')"))
            .await;
        let sql = format!("SELECT version::text FROM policy_versions WHERE tenant_id = '{tenant}'");
        let version: u64 = server.query(&sql).await[0].parse().unwrap();
        bundle_with(link, &gate, |bundle| bundle.policy.version >= version).await.sequence
    };
    let held = next(&mut link).await;
    assert!(held > 700);
    // An older database, while the link goes on: what was sent over it is known.
    server.execute("UPDATE agents SET bundle_sent = 3, bundle_in_force = 3").await;
    let later = next(&mut link).await;
    assert!(later > held, "{later} after {held}, on the link that went on");
    drop(link);
    // And after the server was started on it: the agent says which it holds.
    server.execute("UPDATE agents SET bundle_sent = 3, bundle_in_force = 3").await;
    let mut again = gate.dial().await.unwrap();
    again.say(&FromAgent::Hello(Hello { bundle_sequence: later, ..gate.hello() })).await;
    let first = again.bundle(&gate).await.sequence;
    assert!(first > later, "{first} after {later}, on a new link");
}
