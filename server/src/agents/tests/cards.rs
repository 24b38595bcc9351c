//! What a bundle carries of cards that prove themselves: their reading keys for its agent alone, in each version that they may have;
//! and what becomes of them when that agent is lost. The station is an agent on a real link.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use access_core::canonical;
use access_core::ids::{AgentId, CredentialId, PersonId};
use access_core::policy::{CardToken, CredentialRule, CredentialState, PolicyRows};
use access_core::protocol::{
    AgentKind, Bundle, CardKeyRole, CardKind, CardMessaging, CardTask, CardTemplates, EnrolmentStep, FromAgent,
    FromServer, ReadingKeys, SealedCard, SecretBytes, TemplateKey, card_binding, content_key_binding,
    template_key_binding,
};
use access_core::time::Period;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem, OpModeR, Serializable as _};
use serde_json::{Value, json};
use uuid::Uuid;

use super::bundle::{bundle_with, grant, order, person};
use super::door;
use crate::agents::card_secrets::CardSealer;
use crate::enrolment::Step;
use crate::keys::cards::{KeyCheck, application, card_key};
use crate::keys::module::{KeyName, Module, Token, TokenError};
use crate::keys::{Binding, Key};
use crate::testing::{PATIENCE, TestAgent, TestLink, TestServer};

const UID: [u8; 7] = [0x04, 1, 2, 3, 4, 5, 6];

pub(super) async fn start(
    server: &TestServer,
    (station, link): (&TestAgent, &mut TestLink),
    person: &str,
    want: Value,
) {
    let body = json!({ "station_id": station.id, "person_id": person, "want": want });
    server.call(&server.own.administrator, "POST", "/enrolments", body).await.is(201);
    let order = order(link).await;
    link.say(&FromAgent::EnrolmentStep { enrolment: order.id, step: EnrolmentStep::WaitingForCard }).await;
}

async fn task(link: &mut TestLink, step: EnrolmentStep, enrolment: access_core::ids::EnrolmentId) -> CardTask {
    link.say(&FromAgent::EnrolmentStep { enrolment, step }).await;
    link.hear_of(|message| match message {
        FromServer::CardWork(work) => Some(work.task),
        _ => None,
    })
    .await
}

/// The dialogue that the only station is in.
pub(super) async fn running(server: &TestServer) -> access_core::ids::EnrolmentId {
    running_at(server, None).await
}

/// The dialogue that a station is in.
async fn running_at(server: &TestServer, station: Option<&TestAgent>) -> access_core::ids::EnrolmentId {
    let stations = server.call(&server.own.administrator, "GET", "/stations", Value::Null).await.is(200).json;
    let mut items = stations["items"].as_array().unwrap().iter();
    let station = items.find(|item| station.is_none_or(|station| item["agent_id"] == json!(station.id))).unwrap();
    station["dialogue"]["id"].as_str().unwrap().parse().unwrap()
}

/// How a dialogue ended.
async fn ended(server: &TestServer, id: access_core::ids::EnrolmentId) -> Value {
    let path = format!("/enrolments/{id}/steps");
    let steps = server.call(&server.own.administrator, "GET", &path, Value::Null).await.is(200);
    let text = String::from_utf8(steps.bytes).unwrap();
    let last = text.lines().filter_map(|line| line.strip_prefix("data: ")).next_back().unwrap();
    serde_json::from_str(last).unwrap()
}

async fn make_card(server: &TestServer, desk: (&TestAgent, &mut TestLink), person: &str, uid: [u8; 7]) -> Value {
    let (station, link) = desk;
    start(server, (station, link), person, json!("card")).await;
    let id = running_at(server, Some(station)).await;
    let presented = EnrolmentStep::CardPresented { uid: SecretBytes(uid.to_vec()), kind: CardKind::DesfireEv2 };
    let CardTask::Write { version, .. } = task(link, presented, id).await else { panic!("no write") };
    let step = EnrolmentStep::CardWritten { version, messaging: CardMessaging::Ev2, free_bytes: 1_000 };
    link.say(&FromAgent::EnrolmentStep { enrolment: id, step }).await;
    ended(server, id).await["credential"].take()
}

fn content_key(agent: &TestAgent, bundle: &Bundle) -> Option<Vec<u8>> {
    let (key, ciphertext) = bundle.cards.content_key.split_first_chunk::<32>()?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &agent.sealing_key,
        &<X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(key).ok()?,
        b"pforte template 1",
        ciphertext,
        &content_key_binding(agent.id),
    )
    .ok()
}

fn open(key: &[u8], sealed: &[u8], binding: &[u8]) -> Option<Vec<u8>> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<24>()?;
    let payload = Payload { msg: ciphertext, aad: binding };
    XChaCha20Poly1305::new_from_slice(key).ok()?.decrypt(&XNonce::from(*nonce), payload).ok()
}

fn reading_keys(agent: &TestAgent, bundle: &Bundle, card: &SealedCard) -> Option<ReadingKeys> {
    let binding = card_binding(agent.id, &card.uid, &card.card, card.messaging);
    let plain = open(&content_key(agent, bundle)?, card.keys.as_ref()?, &binding)?;
    Some(canonical::decode("reading keys", &plain).unwrap())
}

#[tokio::test]
async fn a_bundle_carries_reading_keys_for_its_agent_alone() {
    let server = TestServer::serving().await;
    let admin = &server.own.administrator;
    let (front, back) = (door(&server, "Front").await, door(&server, "Back").await);
    let gate = server.agent("Gate", AgentKind::DoorController, &[&front]).await;
    let other = server.agent("Other", AgentKind::DoorController, &[&back]).await;
    let station = server.agent("Desk", AgentKind::Station, &[]).await;
    let (mut desk, mut link, mut others) = (station.link().await, gate.link().await, other.link().await);
    let first = link.bundle(&gate).await;
    assert_eq!((first.cards.application, first.cards.content_key.len()), (None, 0), "no such cards, nothing sealed");

    let anna = person(&server, "1").await;
    let card = make_card(&server, (&station, &mut desk), &anna, UID).await;
    let id = card["id"].as_str().unwrap().to_owned();
    grant(&server, &anna, &front).await;
    let bundle = bundle_with(&mut link, &gate, |bundle| !bundle.cards.cards.is_empty()).await;
    let own = application(server.state.installation.id, server.own.tenant);
    assert_eq!(bundle.cards.application.as_ref(), Some(&own));
    let [sealed] = &bundle.cards.cards[..] else { panic!("{:?}", bundle.cards) };
    let uid: CardToken = crate::credentials::token(&bundle.card_key.0, &UID);
    assert_eq!((sealed.uid, sealed.messaging), (uid, CardMessaging::Ev2));
    assert_eq!(bundle.policy.credentials.iter().map(|card| card.token).collect::<Vec<_>>(), [sealed.card]);
    let key = |version| {
        let which = (CardKeyRole::Reading, version);
        (version, card_key(&*server.state.keys, server.own.tenant, &own, &UID, which).unwrap().key)
    };
    assert_eq!(reading_keys(&gate, &bundle, sealed).unwrap().keys, [key(1)], "the reading key, and no other");
    assert_eq!(reading_keys(&other, &bundle, sealed), None, "for this agent alone");
    let moved = SealedCard { uid: sealed.card, ..sealed.clone() };
    assert_eq!(reading_keys(&gate, &bundle, &moved), None, "for this card alone");
    let talked_down = SealedCard { messaging: CardMessaging::Ev1, ..sealed.clone() };
    assert_eq!(reading_keys(&gate, &bundle, &talked_down), None, "spoken to no other way");
    assert!(bundle.cards.template_keys.is_empty());
    let elsewhere = bundle_with(&mut others, &other, |other| other.policy.version >= bundle.policy.version).await;
    assert!(elsewhere.cards.cards.is_empty(), "no card of it may use its doors");
    assert_eq!(elsewhere.cards.content_key.len(), 0);

    // Sealed once: what did not change is the same in the next.
    let sealed = sealed.clone();
    grant(&server, &person(&server, "2").await, &front).await;
    let next = bundle_with(&mut link, &gate, |bundle| bundle.policy.persons.len() == 2).await;
    assert_eq!((&next.cards.cards, &next.cards.content_key), (&vec![sealed.clone()], &bundle.cards.content_key));

    // Both versions while it is to get another.
    server.call(admin, "POST", "/card-rules/rotate", json!({ "reason": "yearly" })).await.is(200);
    let two = |bundle: &Bundle| bundle.cards.cards.first().is_some_and(|card| *card != sealed);
    let bundle = bundle_with(&mut link, &gate, two).await;
    assert_eq!(reading_keys(&gate, &bundle, &bundle.cards.cards[0]).unwrap().keys, [key(1), key(2)]);

    // With a finger on the card goes its holder's template key.
    start(&server, (&station, &mut desk), &anna, json!({ "finger": { "position": "right_index" } })).await;
    let enrolment = running(&server).await;
    let read =
        EnrolmentStep::FingerRead { template: SecretBytes(vec![7; 512]), sensor_type: "zfm".to_owned(), quality: 80 };
    desk.say(&FromAgent::EnrolmentStep { enrolment, step: read }).await;
    assert_eq!(order(&mut desk).await.id, enrolment);
    let presented = EnrolmentStep::CardPresented { uid: SecretBytes(UID.to_vec()), kind: CardKind::DesfireEv2 };
    assert!(matches!(task(&mut desk, presented, enrolment).await, CardTask::Read { .. }));
    let content = EnrolmentStep::CardContent { credential: None, templates: None, version: 1, free_bytes: 1_000 };
    let CardTask::Write { version: 2, templates: Some(_), .. } = task(&mut desk, content, enrolment).await else {
        panic!("no write")
    };
    let step = EnrolmentStep::CardWritten { version: 2, messaging: CardMessaging::Ev2, free_bytes: 400 };
    desk.say(&FromAgent::EnrolmentStep { enrolment, step }).await;
    assert_eq!(ended(&server, enrolment).await["step"], "done");
    let bundle = bundle_with(&mut link, &gate, |bundle| !bundle.cards.template_keys.is_empty()).await;
    assert_eq!(reading_keys(&gate, &bundle, &bundle.cards.cards[0]).unwrap().keys, [key(2)]);
    let template_key = &bundle.cards.template_keys[0];
    assert_eq!(template_key.person.to_string(), anna);
    let opened = |agent: &TestAgent| {
        let binding = template_key_binding(gate.id, template_key.person);
        open(&content_key(agent, &bundle)?, &template_key.sealed, &binding)
    };
    let content = |bundle: &Bundle| {
        let [sealed] = &bundle.cards.template_keys[..] else { panic!("{:?}", bundle.cards.template_keys) };
        let binding = template_key_binding(gate.id, sealed.person);
        let opened = open(&content_key(&gate, bundle)?, &sealed.sealed, &binding)?;
        Some(canonical::decode::<TemplateKey>("template key", &opened).unwrap())
    };
    let holders = content(&bundle).unwrap();
    assert!(holders.key.0.len() == 32 && opened(&other).is_none());
    let recorded = "SELECT id::text FROM fingers ORDER BY id";
    let told = |key: &TemplateKey| key.fingers.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(told(&holders), server.query(recorded).await, "the finger that is on record");
    assert!(bundle.templates.is_empty(), "no template of it is on the server");

    // A finger that goes to the card is told to the doors as soon as it is on record, and not before.
    start(&server, (&station, &mut desk), &anna, json!({ "finger": { "position": "left_index" } })).await;
    let enrolment = running(&server).await;
    let read =
        EnrolmentStep::FingerRead { template: SecretBytes(vec![8; 512]), sensor_type: "zfm".to_owned(), quality: 80 };
    desk.say(&FromAgent::EnrolmentStep { enrolment, step: read }).await;
    assert_eq!(order(&mut desk).await.id, enrolment);
    let presented = EnrolmentStep::CardPresented { uid: SecretBytes(UID.to_vec()), kind: CardKind::DesfireEv2 };
    assert!(matches!(task(&mut desk, presented, enrolment).await, CardTask::Read { .. }));
    let before = EnrolmentStep::CardContent { credential: None, templates: None, version: 2, free_bytes: 1_000 };
    let CardTask::Write { templates: Some(written), .. } = task(&mut desk, before, enrolment).await else {
        panic!("no write")
    };
    let written: CardTemplates = canonical::decode("fingers on a card", &written).unwrap();
    let added = written.fingers.last().unwrap().finger.to_string();
    assert!(!server.query(recorded).await.contains(&added), "a station that writes now may fall silent");
    let step = EnrolmentStep::CardWritten { version: 2, messaging: CardMessaging::Ev2, free_bytes: 400 };
    desk.say(&FromAgent::EnrolmentStep { enrolment, step }).await;
    assert_eq!(ended(&server, enrolment).await["step"], "done");
    let is_told = |bundle: &Bundle| content(bundle).is_some_and(|key| told(&key).contains(&added));
    let bundle = bundle_with(&mut link, &gate, is_told).await;
    assert_eq!(told(&content(&bundle).unwrap()), server.query(recorded).await);

    // Lost: found by its UID everywhere, and read nowhere.
    let lost = json!({ "state": "lost", "reason": "on the train" });
    server.call(admin, "POST", &format!("/credentials/{id}/state"), lost).await.is(200);
    let is_lost = |bundle: &Bundle| bundle.cards.cards.first().is_some_and(|card| card.keys.is_none());
    bundle_with(&mut link, &gate, is_lost).await;
    let told = bundle_with(&mut others, &other, is_lost).await;
    assert_eq!(told.cards.cards[0].uid, uid);
}

#[tokio::test]
async fn revoking_an_agent_marks_the_cards_whose_keys_it_held() {
    Box::pin(cards_are_marked_by("revoke")).await;
}

#[tokio::test]
async fn replacing_an_agent_marks_the_cards_whose_keys_it_held() {
    Box::pin(cards_are_marked_by("replace")).await;
}

/// An administrator's act on an agent that had cards' keys marks those, and no others.
async fn cards_are_marked_by(act: &str) {
    let server = TestServer::serving().await;
    let admin = &server.own.administrator;
    let (front, back) = (door(&server, "Front").await, door(&server, "Back").await);
    let gate = server.agent("Gate", AgentKind::DoorController, &[&front]).await;
    let other = server.agent("Other", AgentKind::DoorController, &[&back]).await;
    let station = server.agent("Desk", AgentKind::Station, &[]).await;
    let (mut desk, mut link, mut others) = (station.link().await, gate.link().await, other.link().await);
    let (anna, berta) = (person(&server, "1").await, person(&server, "2").await);
    make_card(&server, (&station, &mut desk), &anna, UID).await;
    make_card(&server, (&station, &mut desk), &berta, [4, 9, 9, 9, 9, 9, 9]).await;
    let annas = grant(&server, &anna, &front).await;
    grant(&server, &anna, &back).await;
    grant(&server, &berta, &back).await;
    bundle_with(&mut link, &gate, |bundle| bundle.cards.cards.len() == 1).await;
    bundle_with(&mut others, &other, |bundle| bundle.cards.cards.len() == 2).await;
    // Taken from it before, and still known to whoever has it.
    server.call(admin, "POST", &format!("/grants/{annas}/revoke"), json!({ "reason": "moved" })).await.is(200);
    bundle_with(&mut link, &gate, |bundle| bundle.cards.cards.is_empty()).await;

    let why = json!({ "reason": "stolen off the wall" });
    server.call(admin, "POST", &format!("/agents/{}/{act}", gate.id), why).await.is(200);
    let wanted = "SELECT label || ' ' || key_version || ' ' || version_wanted FROM card_chips chip \
                  JOIN credentials card ON card.id = chip.credential_id ORDER BY card.created_at";
    assert_eq!(server.query(wanted).await, ["…0506 1 2", "…0909 1 1"]);
    let due = server.call(admin, "GET", "/card-rules", Value::Null).await.is(200).json;
    assert_eq!((&due["cards"], &due["cards_due"], &due["key_version"]), (&json!(2), &json!(1), &json!(1)));
    // The doors that are left know the next key before the card has it.
    let both = |bundle: &Bundle| {
        let keys = bundle.cards.cards.iter().filter_map(|card| reading_keys(&other, bundle, card));
        keys.map(|keys| keys.keys.len()).sum::<usize>() == 3
    };
    bundle_with(&mut others, &other, both).await;
}

#[tokio::test]
async fn an_operator_who_was_put_out_of_use_in_a_dialogue_enrols_nothing() {
    let server = TestServer::serving().await;
    let desk = server.agent("Desk", AgentKind::Station, &[]).await;
    let mut link = desk.link().await;
    let anna = person(&server, "1").await;
    for change in ["state = 'disabled'", "role = 'guard'"] {
        start(&server, (&desk, &mut link), &anna, json!("card")).await;
        let id = running(&server).await;
        let presented = EnrolmentStep::CardPresented { uid: SecretBytes(UID.to_vec()), kind: CardKind::DesfireEv2 };
        let CardTask::Write { version, .. } = task(&mut link, presented, id).await else { panic!("no write") };
        server.execute(&format!("UPDATE operators SET {change} WHERE name = 'administrator'")).await;
        let step = EnrolmentStep::CardWritten { version, messaging: CardMessaging::Ev2, free_bytes: 1_000 };
        link.say(&FromAgent::EnrolmentStep { enrolment: id, step }).await;
        let mut steps = server.state.stations.follow(server.own.tenant, id).expect("a dialogue");
        let is_over = |steps: &Vec<Step>| steps.last().is_some_and(|step| step.step.is_last());
        tokio::time::timeout(PATIENCE, steps.wait_for(is_over)).await.expect("the end").unwrap();
        let back = "UPDATE operators SET state = 'active', role = 'administrator' WHERE name = 'administrator'";
        server.execute(back).await;
        let last = ended(&server, id).await;
        assert_eq!((&last["step"], &last["reason"]), (&json!("failed"), &json!("operator_out_of_use")), "{change}");
        assert_eq!(server.query("SELECT count(*)::text FROM credentials").await, ["0"], "{change}");
    }
    assert_eq!(make_card(&server, (&desk, &mut link), &anna, UID).await["strength"], "authenticated");
}

#[tokio::test]
async fn an_agent_that_was_copied_marks_the_cards_whose_keys_it_held() {
    let server = TestServer::serving().await;
    let front = door(&server, "Front").await;
    let gate = server.agent("Gate", AgentKind::DoorController, &[&front]).await;
    let station = server.agent("Desk", AgentKind::Station, &[]).await;
    let (mut desk, mut link) = (station.link().await, gate.link().await);
    let anna = person(&server, "1").await;
    make_card(&server, (&station, &mut desk), &anna, UID).await;
    grant(&server, &anna, &front).await;
    bundle_with(&mut link, &gate, |bundle| bundle.cards.cards.len() == 1).await;
    let wanted = "SELECT version_wanted::text FROM card_chips";
    gate.renew().await.map_err(|(status, _)| status).unwrap();
    assert_eq!(server.query(wanted).await, ["1"]);
    assert!(gate.renew().await.is_err(), "for another key");
    assert_eq!(server.query(wanted).await, ["2"], "at once");

    // However it came to be in quarantine, and once.
    server.execute("UPDATE card_chips SET version_wanted = 1").await;
    for _ in 0..2 {
        let path = format!("/agents/{}/join-token", gate.id);
        server.call(&server.own.administrator, "POST", &path, json!({ "reason": "found" })).await.is(200);
        assert_eq!(server.query(wanted).await, ["2"]);
    }
}

#[tokio::test]
async fn revoking_a_station_marks_the_cards_whose_keys_it_was_sent() {
    let server = TestServer::serving().await;
    let admin = &server.own.administrator;
    let (desk, other) = (
        server.agent("Desk", AgentKind::Station, &[]).await,
        server.agent("Other desk", AgentKind::Station, &[]).await,
    );
    let (mut link, mut others) = (desk.link().await, other.link().await);
    let uids = [UID, [4, 9, 9, 9, 9, 9, 9], [4, 8, 8, 8, 8, 8, 8]];
    let (anna, berta, cora) = (person(&server, "1").await, person(&server, "2").await, person(&server, "3").await);
    make_card(&server, (&desk, &mut link), &anna, uids[0]).await;
    // Berta's is made elsewhere, and read here: that is enough to know its keys. Cora's was never here.
    make_card(&server, (&other, &mut others), &berta, uids[1]).await;
    make_card(&server, (&other, &mut others), &cora, uids[2]).await;
    start(&server, (&desk, &mut link), &berta, json!("renew_card")).await;
    let id = running_at(&server, Some(&desk)).await;
    let presented = EnrolmentStep::CardPresented { uid: SecretBytes(uids[1].to_vec()), kind: CardKind::DesfireEv2 };
    assert!(matches!(task(&mut link, presented, id).await, CardTask::Read { .. }));

    let why = json!({ "reason": "stolen off the desk" });
    server.call(admin, "POST", &format!("/agents/{}/revoke", desk.id), why).await.is(200);
    let wanted = "SELECT label || ' ' || version_wanted FROM card_chips chip \
                  JOIN credentials card ON card.id = chip.credential_id ORDER BY card.created_at";
    assert_eq!(server.query(wanted).await, ["…0506 2", "…0909 2", "…0808 1"]);
}

/// So many cards: `PFORTE_CARDS=50000` measures what a large site costs.
const CARDS: usize = 300;

#[tokio::test]
async fn cards_are_sealed_once_however_many() {
    let count = std::env::var("PFORTE_CARDS").map_or(CARDS, |count| count.parse().expect("PFORTE_CARDS is a number"));
    let server = TestServer::start().await;
    let (state, tenant) = (&server.state, server.own.tenant);
    // Nobody follows the rules here, and a large site is analysed by itself.
    server
        .execute("ALTER TABLE persons DISABLE TRIGGER history; ALTER TABLE credentials DISABLE TRIGGER history")
        .await;
    let rows = seed(&server, count).await;
    server.execute("ANALYZE").await;
    let (_, public) = X25519HkdfSha256::gen_keypair();
    let sealing_key = crate::keys::SealingKey::from_bytes(&public.to_bytes()).unwrap();
    let agent = AgentId::from_uuid(Uuid::now_v7());
    server
        .execute(&format!(
            "SET app.tenant = '{tenant}'; INSERT INTO agents (tenant_id, id, name, kind, state, record_key, sealing_key) \
             VALUES ('{tenant}', '{agent}', 'Gate', 'door_controller', 'joined', sha256('1'), sha256('2'))"
        ))
        .await;
    let mut sealer = CardSealer::new(tenant, agent, &sealing_key).unwrap();
    let mut sealed = Vec::new();
    for _ in 0..2 {
        let began = std::time::Instant::now();
        let mut tx = state.db.begin_vault(tenant, None).await.unwrap();
        let found = sealer.find(state, &mut tx, &rows).await.unwrap();
        drop(tx);
        let read = began.elapsed();
        let secrets;
        (sealer, secrets) = sealer.seal(state, found).await.unwrap();
        let secrets = secrets.unwrap();
        let made = began.elapsed();
        let new = sealer.unnoted().len();
        let mut tx = state.db.begin(tenant, None).await.unwrap();
        crate::cards::store::note_held(&mut tx, tenant, agent, sealer.unnoted()).await.unwrap();
        tx.commit().await.unwrap();
        sealer.noted();
        let bytes = canonical::encode(&secrets).len();
        println!(
            "{count} cards: read {read:?}, sealed by {made:?}, {new} noted by {:?}; {bytes} bytes",
            began.elapsed()
        );
        assert_eq!(secrets.cards.len(), count);
        // Two hashes, messaging, length; nonce, list, version and key, tag.
        assert!(bytes <= count * 140 + 200, "{bytes} bytes");
        sealed.push((secrets, new));
    }
    let [(first, all), (second, none)] = &sealed[..] else { panic!("two") };
    assert_eq!((first, *all, *none), (second, count, 0), "sealed once");
}

/// So many people with a finger on their card.
const HOLDERS: usize = 1_000;
/// A change for one person may take so much, in bytes.
const DELTA_BYTES_MAX: usize = 6 * 1024;

#[tokio::test]
async fn a_grant_is_a_small_delta_however_many_fingers_lie_on_cards() {
    let server = TestServer::serving().await;
    let tenant = server.own.tenant;
    let front = door(&server, "Front").await;
    let gate = server.agent("Gate", AgentKind::DoorController, &[&front]).await;
    let mut link = gate.link().await;
    let (anna, berta) = (person(&server, "1").await, person(&server, "2").await);
    grant(&server, &anna, &front).await;
    let rows = seed(&server, HOLDERS).await;
    put_fingers_on_cards(&server, &rows).await;
    server
        .execute(&format!(
            "SELECT set_config('app.tenant', '{tenant}', false); \
             INSERT INTO grants (tenant_id, id, person_id, level_id, valid_from, no_end_reason) \
             SELECT tenant_id, gen_random_uuid(), finger.person_id, level_id, valid_from, 'always' \
             FROM fingers finger JOIN grants USING (tenant_id)"
        ))
        .await;
    let all = |bundle: &Bundle| bundle.policy.persons.len() == HOLDERS + 1;
    let before = bundle_with(&mut link, &gate, all).await;
    assert_eq!(before.cards.template_keys.len(), HOLDERS);
    let deltas = link.deltas;
    grant(&server, &berta, &front).await;
    let after = bundle_with(&mut link, &gate, |bundle| bundle.policy.persons.len() == HOLDERS + 2).await;
    assert_eq!(after.cards.template_keys, before.cards.template_keys, "sealed once");
    let whole = canonical::encode(&after).len();
    println!("{HOLDERS} people with a finger on their card: {whole} bytes whole, {} for one grant", link.delta_bytes);
    assert!(link.deltas > deltas && link.delta_bytes <= DELTA_BYTES_MAX, "{} bytes", link.delta_bytes);

    // A key that was destroyed and made anew is another: sealed anew, alone, and under another nonce.
    let changed = rows.credentials[0].person;
    let mut tx = server.state.db.begin_vault(tenant, None).await.unwrap();
    let key = server.state.keys.wrap(tenant, changed, "person template key", &Key::random().unwrap()).unwrap();
    sqlx::query("UPDATE vault.person_keys SET wrapped = $1 WHERE person_id = $2 AND purpose = 'template'")
        .bind(key)
        .bind(changed.as_uuid())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    server
        .execute(&format!("SELECT set_config('app.tenant', '{tenant}', false); SELECT policy_moves('{tenant}')"))
        .await;
    let anew = bundle_with(&mut link, &gate, |bundle| bundle.cards != after.cards).await;
    let differ = anew.cards.template_keys.iter().zip(&after.cards.template_keys).filter(|(new, old)| new != old);
    let differ: Vec<_> = differ.collect();
    let [(new, old)] = &differ[..] else { panic!("{}", differ.len()) };
    assert_eq!((new.person, old.person), (changed, changed));
    assert_ne!(new.sealed[..24], old.sealed[..24], "the nonce");
}

/// Notes a finger on each card, under a template key of its holder's.
async fn put_fingers_on_cards(server: &TestServer, rows: &PolicyRows) {
    let (state, tenant) = (&server.state, server.own.tenant);
    let cards: Vec<Uuid> = rows.credentials.iter().map(|card| card.id.as_uuid()).collect();
    let persons: Vec<Uuid> = rows.credentials.iter().map(|card| card.person.as_uuid()).collect();
    let key = |card: &CredentialRule| {
        state.keys.wrap(tenant, card.person, "person template key", &Key::random().unwrap()).unwrap()
    };
    let keys: Vec<Vec<u8>> = rows.credentials.iter().map(key).collect();
    let mut tx = state.db.begin_vault(tenant, None).await.unwrap();
    for sql in [
        "INSERT INTO vault.person_keys (tenant_id, person_id, purpose, wrapped) \
         SELECT $1, person, 'template', wrapped FROM unnest($3::uuid[], $4::bytea[]) AS new (person, wrapped)",
        "INSERT INTO fingers (tenant_id, id, person_id, position, quality, sensor_type, enrolled_at, credential_id) \
         SELECT $1, gen_random_uuid(), person, 'right_index', 80, 'zfm', now(), card \
         FROM unnest($2::uuid[], $3::uuid[]) AS new (card, person)",
    ] {
        let sql = format!("WITH given AS (SELECT $2::uuid[], $3::uuid[], $4::bytea[]) {sql}");
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(tenant.as_uuid())
            .bind(&cards)
            .bind(&persons)
            .bind(&keys)
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
}

/// Makes cards of as many persons, as the dialogues would; the rules as far as they name them.
async fn seed(server: &TestServer, count: usize) -> PolicyRows {
    let (state, tenant) = (&server.state, server.own.tenant);
    let mut rows = PolicyRows::empty(tenant);
    let (mut ids, mut persons, mut hashes, mut tokens) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut wrapped, mut sealed) = (Vec::new(), Vec::new());
    for number in 0..count {
        let (id, person) = (CredentialId::from_uuid(Uuid::now_v7()), PersonId::from_uuid(Uuid::now_v7()));
        let mut uid = [4; 7];
        uid[3..].copy_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
        let key = Key::random().unwrap();
        wrapped.push(state.keys.wrap(tenant, person, "person vault key", &key).unwrap());
        let binding = Binding { tenant, purpose: "card uid", row: id.as_uuid() };
        sealed.push(key.seal(&binding, &uid).unwrap());
        let hash = crate::credentials::token(b"hash", &uid);
        let token = crate::credentials::token(b"token", &uid);
        hashes.push(hash.0.to_vec());
        tokens.push(token.0.to_vec());
        let valid = Period::ALWAYS;
        let (state, proves_itself) = (CredentialState::Active, true);
        rows.credentials.push(CredentialRule { id, person, token, state, valid, proves_itself });
        ids.push(id.as_uuid());
        persons.push(person.as_uuid());
    }
    let mut tx = state.db.begin_vault(tenant, None).await.unwrap();
    for sql in [
        "INSERT INTO persons (tenant_id, id, created_at) SELECT $1, person, now() FROM unnest($3::uuid[]) AS person",
        "INSERT INTO vault.person_keys (tenant_id, person_id, purpose, wrapped) \
         SELECT $1, person, 'vault', wrapped FROM unnest($3::uuid[], $6::bytea[]) AS new (person, wrapped)",
        "INSERT INTO credentials (tenant_id, id, person_id, token, label, strength, valid_from) \
         SELECT $1, id, person, token, 'card', 'authenticated', now() \
         FROM unnest($2::uuid[], $3::uuid[], $5::bytea[]) AS new (id, person, token)",
        "INSERT INTO card_chips (tenant_id, credential_id, uid_hash, messaging, key_version, version_wanted, free_bytes, \
         templates_bytes_max, written_at, has_factory_key) SELECT $1, id, hash, 'ev2', 1, 1, 1000, 3584, now(), false \
         FROM unnest($2::uuid[], $4::bytea[]) AS new (id, hash)",
        "INSERT INTO vault.card_uids (tenant_id, credential_id, person_id, sealed) SELECT $1, id, person, sealed \
         FROM unnest($2::uuid[], $3::uuid[], $7::bytea[]) AS new (id, person, sealed)",
    ] {
        // Every statement names every parameter, so that all are of a known type.
        let sql = format!(
            "WITH given AS (SELECT $2::uuid[], $3::uuid[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[]) {sql}"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(tenant.as_uuid())
            .bind(&ids)
            .bind(&persons)
            .bind(&hashes)
            .bind(&tokens)
            .bind(&wrapped)
            .bind(&sealed)
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    rows
}

/// A token in memory that can be away.
struct Fleeting {
    is_away: Arc<AtomicBool>,
}

impl Fleeting {
    fn is_there(&self) -> Result<(), TokenError> {
        let is_away = self.is_away.load(Ordering::SeqCst);
        if is_away { Err(TokenError::Lost("unplugged".to_owned())) } else { Ok(()) }
    }
}

impl Token for Fleeting {
    fn cmac(&mut self, key: &KeyName, _: KeyCheck, message: &[u8]) -> Result<zeroize::Zeroizing<[u8; 16]>, TokenError> {
        self.is_there()?;
        let mut mac = zeroize::Zeroizing::new([key.version; 16]);
        mac[1..7].copy_from_slice(&message[1..7]);
        Ok(mac)
    }

    fn make(&mut self, key: &KeyName) -> Result<KeyCheck, TokenError> {
        self.is_there()?;
        Ok(KeyCheck([key.version; 4]))
    }

    fn look(&mut self) -> Result<String, TokenError> {
        Ok("fleeting".to_owned())
    }
}

/// Versions of reading keys in a bundle, card by card.
fn versions(agent: &TestAgent, bundle: &Bundle) -> Vec<Vec<u8>> {
    let of = |card| reading_keys(agent, bundle, card).unwrap().keys.iter().map(|(version, _)| *version).collect();
    bundle.cards.cards.iter().map(of).collect()
}

#[tokio::test]
async fn a_module_that_is_away_keeps_no_rule_from_an_agent_that_has_its_cards() {
    let mut server = TestServer::start().await;
    let is_away = Arc::new(AtomicBool::new(false));
    server.take_module(Module::over(Fleeting { is_away: Arc::clone(&is_away) }, PATIENCE).unwrap());
    let server = server.serve().await;
    let (front, back) = (door(&server, "Front").await, door(&server, "Back").await);
    let gate = server.agent("Gate", AgentKind::DoorController, &[&front]).await;
    let station = server.agent("Desk", AgentKind::Station, &[]).await;
    let (mut desk, mut link) = (station.link().await, gate.link().await);
    link.bundle(&gate).await;
    let (anna, berta) = (person(&server, "1").await, person(&server, "2").await);
    make_card(&server, (&station, &mut desk), &anna, UID).await;
    make_card(&server, (&station, &mut desk), &berta, [4, 9, 9, 9, 9, 9, 9]).await;
    grant(&server, &berta, &back).await;
    grant(&server, &anna, &front).await;
    bundle_with(&mut link, &gate, |bundle| versions(&gate, bundle) == [[1]]).await;

    // As after a revocation: her card is to get a version that nobody can make now. What else changed goes out.
    is_away.store(true, Ordering::SeqCst);
    server.execute("UPDATE card_chips SET version_wanted = 2").await;
    grant(&server, &berta, &front).await;
    let bundle = bundle_with(&mut link, &gate, |bundle| bundle.policy.persons.len() == 2).await;
    assert_eq!(versions(&gate, &bundle), [[1]], "what it has stays, and a card whose keys it never had waits");
    // One that comes anew may have better than nothing: it is sent nothing.
    drop(link);
    let mut anew = gate.link().await;
    grant(&server, &anna, &back).await;
    let made = "SELECT count(*)::text FROM card_key_versions";
    assert_eq!(server.query(made).await, ["1"]);

    is_away.store(false, Ordering::SeqCst);
    // The module may come back in the middle of a try: then the version that nobody has yet follows.
    bundle_with(&mut anew, &gate, |bundle| versions(&gate, bundle) == [[1, 2], [1, 2]]).await;
    assert_eq!(server.query(made).await, ["2"]);
}
