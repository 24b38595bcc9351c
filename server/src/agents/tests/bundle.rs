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
use crate::agents::bundle::SEALED_AT_ONCE_MAX;
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
    grant_all(server, person, &[door]).await
}

async fn grant_all(server: &TestServer, person: &str, doors: &[&str]) -> String {
    let admin = &server.own.administrator;
    let places: Vec<_> = doors.iter().map(|door| json!({ "kind": "door", "id": door })).collect();
    let lines = json!([{ "places": places, "side": "both", "schedule_id": null }]);
    let level = json!({ "name": format!("{person} at {}", doors[0]), "lines": lines });
    let level = server.call(admin, "POST", "/access-levels", level).await.is(201).id();
    let body =
        json!({ "level_id": level, "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2999-01-01T00:00:00Z" });
    let answer = server.call(admin, "POST", &format!("/people/{person}/grants"), body).await;
    answer.is(201).id()
}

/// What is sealed to an agent, opened.
fn opened(agent: &TestAgent, sealed: &[u8], binding: &[u8]) -> Option<Vec<u8>> {
    let (key, ciphertext) = sealed.split_first_chunk::<32>()?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &agent.sealing_key,
        &<X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(key).ok()?,
        b"pforte template 1",
        ciphertext,
        binding,
    )
    .ok()
}

fn open(agent: &TestAgent, template: &SealedTemplate) -> Option<TemplateContent> {
    let binding = template_binding(agent.id, template.person, template.finger);
    opened(agent, &template.sealed, &binding).map(|content| canonical::decode("template", &content).unwrap())
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
async fn what_changes_is_sent_as_a_delta_and_whole_to_an_agent_that_asks() {
    let server = TestServer::serving().await;
    let front = door(&server, "Front").await;
    let gate = server.agent("Gate", AgentKind::DoorController, &[&front]).await;
    let mut link = gate.link().await;
    let (anna, last) = (person(&server, "1").await, person(&server, "2").await);
    grant(&server, &anna, &front).await;
    let lasts = grant(&server, &last, &front).await;
    // Long enough that less than half of it differs by one change.
    server
        .execute(&format!(
            "SELECT set_config('app.tenant', '{}', false); \
             INSERT INTO grants (tenant_id, id, person_id, level_id, valid_from, no_end_reason) \
             SELECT tenant_id, gen_random_uuid(), person_id, level_id, valid_from, 'always' \
             FROM grants, generate_series(1, 1000) WHERE person_id = '{anna}'",
            server.own.tenant
        ))
        .await;
    let all = |bundle: &Bundle| people(bundle).len() == 2 && bundle.policy.grants.len() == 1_002;
    bundle_with(&mut link, &gate, all).await;
    let deltas = link.deltas;
    let why = json!({ "reason": "left" });
    server.call(&server.own.administrator, "POST", &format!("/grants/{lasts}/revoke"), why).await.is(200);
    let without = bundle_with(&mut link, &gate, |bundle| !people(bundle).contains(&last)).await;
    assert!(link.deltas > deltas, "the revocation came as a delta");

    // It has other bytes, or says so: the next is whole, newer, and of the same rules; when it asks again, too.
    for _ in 0..2 {
        let deltas = link.deltas;
        link.say(&FromAgent::BundleWanted { sequence: without.sequence }).await;
        let whole = link.bundle(&gate).await;
        assert_eq!((link.deltas, people(&whole)), (deltas, people(&without)));
        assert!(whole.sequence > without.sequence);
    }

    // A new link begins with the whole.
    drop(link);
    let mut link = gate.link().await;
    assert_eq!(people(&link.bundle(&gate).await), people(&without));
    assert_eq!(link.deltas, 0);
}

#[tokio::test]
async fn rules_go_out_before_all_of_many_templates_are_sealed() {
    let server = TestServer::serving().await;
    let (tenant, admin) = (server.own.tenant, &server.own.administrator);
    let front = door(&server, "Front").await;
    let gate = server.agent("Gate", AgentKind::DoorController, &[&front]).await;
    let mut link = gate.link().await;
    let (anna, last) = (person(&server, "1").await, person(&server, "2").await);
    grant(&server, &anna, &front).await;
    let lasts = grant(&server, &last, &front).await;
    let both = bundle_with(&mut link, &gate, |bundle| people(bundle).len() == 2).await;
    // More than are sealed for one bundle, of people who all may pass from one instant on.
    let count = SEALED_AT_ONCE_MAX * 2 + 10;
    let persons: Vec<uuid::Uuid> = (0..count).map(|_| uuid::Uuid::now_v7()).collect();
    let mut tx = server.state.db.begin_vault(tenant, None).await.unwrap();
    for sql in [
        "INSERT INTO persons (tenant_id, id, created_at) SELECT $1, person, now() FROM unnest($2::uuid[]) AS person",
        // A finger has its person's number here.
        "INSERT INTO fingers (tenant_id, id, person_id, position, quality, sensor_type, enrolled_at) \
         SELECT $1, person, person, 'right_index', 80, 'zfm20', now() FROM unnest($2::uuid[]) AS person",
        "INSERT INTO grants (tenant_id, id, person_id, level_id, valid_from, no_end_reason) \
         SELECT $1, gen_random_uuid(), person, level_id, valid_from, 'always' \
         FROM unnest($2::uuid[]) AS person, (SELECT level_id, valid_from FROM grants LIMIT 1) AS one",
    ] {
        sqlx::query(sql).bind(tenant.as_uuid()).bind(&persons).execute(&mut *tx).await.unwrap();
    }
    for id in &persons {
        let (person, finger) = ((*id).into(), (*id).into());
        crate::vault::put_template(&server.state.keys, &mut tx, person, finger, b"a finger").await.unwrap();
    }
    tx.commit().await.unwrap();
    let first = bundle_with(&mut link, &gate, |bundle| bundle.policy.version > both.policy.version).await;
    assert_eq!((people(&first).len(), first.templates.len()), (count + 2, SEALED_AT_ONCE_MAX), "the rest comes later");
    // What is revoked meanwhile waits for none of the rest.
    let why = json!({ "reason": "left" });
    server.call(admin, "POST", &format!("/grants/{lasts}/revoke"), why).await.is(200);
    let mut all = first;
    while all.templates.len() < count || people(&all).contains(&last) {
        let next = link.bundle(&gate).await;
        assert!(next.sequence > all.sequence);
        assert!(next.templates.len() <= all.templates.len() + SEALED_AT_ONCE_MAX);
        all = next;
    }
    assert_eq!((people(&all).len(), all.templates.len()), (count + 1, count));
    drop(link);
    // A session's first holds all of them: the agent had none.
    let mut link = gate.link().await;
    assert_eq!(link.bundle(&gate).await.templates.len(), count);
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

#[tokio::test]
async fn pins_come_to_the_agents_of_their_holders_doors_each_by_a_pepper_of_its_own() {
    use access_core::protocol::{EnrolmentWant, PinContent, pepper_binding, pin_binding};
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use sha2::Sha256;

    let server = TestServer::serving().await;
    let (front, back) = (door(&server, "Front").await, door(&server, "Back").await);
    let gate = server.agent("Gate", AgentKind::DoorController, &[&front]).await;
    let other = server.agent("Other", AgentKind::DoorController, &[&back]).await;
    let station = server.agent("Desk", AgentKind::Station, &[]).await;
    let mut desk = station.link().await;
    let (anna, berta) = (person(&server, "1").await, person(&server, "2").await);
    let mut salts = Vec::new();
    for (person, everyday, hash, is_duress) in
        [(&anna, None, 1, false), (&anna, Some(1), 2, true), (&berta, None, 3, false)]
    {
        let want = json!({ "pin": { "is_duress": is_duress } });
        let body = json!({ "station_id": station.id, "person_id": person, "want": want });
        let started = server.call(&server.own.administrator, "POST", "/enrolments", body).await.is(201);
        let order = order(&mut desk).await;
        let EnrolmentWant::Pin { salt, .. } = order.want else { panic!("{order:?}") };
        salts.push(salt);
        let secret = |byte: u8| SecretBytes(vec![byte; 32]);
        let step = EnrolmentStep::PinRead { everyday: everyday.map(secret), hash: secret(hash) };
        desk.say(&FromAgent::EnrolmentStep { enrolment: order.id, step }).await;
        let path = format!("/enrolments/{}/steps", started.id());
        let steps = server.call(&server.own.administrator, "GET", &path, Value::Null).await.is(200);
        assert!(String::from_utf8(steps.bytes).unwrap().contains("\"step\":\"done\""));
    }
    grant_all(&server, &anna, &[&front, &back]).await;
    grant(&server, &berta, &back).await;
    let mut link = gate.link().await;
    let bundle = bundle_with(&mut link, &gate, |bundle| bundle.pins.of_persons.len() == 1).await;
    let pin = &bundle.pins.of_persons[0];
    assert_eq!(pin.person.to_string(), anna);
    assert!(bundle.policy.persons[0].has_pin);
    let mut back_link = other.link().await;
    let of_back = bundle_with(&mut back_link, &other, |bundle| bundle.pins.of_persons.len() == 2).await;

    let content = |agent: &TestAgent, bundle: &Bundle, person: &str| {
        let pepper = opened(agent, &bundle.pins.pepper, &pepper_binding(agent.id)).unwrap();
        let pin = bundle.pins.of_persons.iter().find(|pin| pin.person.to_string() == person).unwrap();
        let opened = opened(agent, &pin.sealed, &pin_binding(agent.id, pin.person)).unwrap();
        (pepper, canonical::decode::<PinContent>("PIN", &opened).unwrap())
    };
    let verifier = |pepper: &[u8], hash: u8| -> [u8; 32] {
        let mut mac = <Hmac<Sha256>>::new_from_slice(pepper).unwrap();
        mac.update(&[hash; 32]);
        mac.finalize().into_bytes().into()
    };
    let (pepper, annas) = content(&gate, &bundle, &anna);
    assert_eq!((pepper.len(), annas.salt, salts[0]), (32, salts[1], salts[1]));
    assert_eq!((annas.everyday, annas.duress), (verifier(&pepper, 1), verifier(&pepper, 2)));
    let (back_pepper, annas_there) = content(&other, &of_back, &anna);
    assert_ne!(back_pepper, pepper);
    assert_eq!(annas_there.everyday, verifier(&back_pepper, 1));
    let (_, bertas) = content(&other, &of_back, &berta);
    assert_eq!(bertas.everyday, verifier(&back_pepper, 3));
    // Who has no sign of duress has as much sealed as who has one.
    let lengths: Vec<_> = of_back.pins.of_persons.iter().map(|pin| pin.sealed.len()).collect();
    assert_eq!(lengths[0], lengths[1]);
    assert!((0..=255).all(|byte| bertas.duress != verifier(&back_pepper, byte)));

    // For nobody else: not another agent, another person, or whoever holds the bundle alone.
    assert!(opened(&other, &pin.sealed, &pin_binding(gate.id, pin.person)).is_none());
    assert!(opened(&gate, &pin.sealed, &pin_binding(other.id, pin.person)).is_none());
    assert!(opened(&gate, &pin.sealed, &pin_binding(gate.id, berta.parse::<uuid::Uuid>().unwrap().into())).is_none());
    let bytes = canonical::encode(&bundle);
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(!holds(&pepper) && !holds(&annas.everyday) && !holds(&[1; 32]) && !holds(&annas.salt));

    // A PIN that is removed goes with the next bundle.
    let why = json!({ "reason": "has a finger again" });
    server.call(&server.own.administrator, "DELETE", &format!("/people/{anna}/pin"), why).await.is(204);
    let without = bundle_with(&mut link, &gate, |bundle| bundle.pins.of_persons.is_empty()).await;
    assert!(!without.policy.persons[0].has_pin && without.sequence > bundle.sequence);
}
