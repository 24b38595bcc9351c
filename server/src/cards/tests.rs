//! Whole lives of cards that prove themselves, with a station that is played here: what the server asks of it, in which order, with
//! which keys, and what it keeps. No card is there: what real ones answer is tried where the drivers are.

use access_core::canonical;
use access_core::event::ActKind;
use access_core::ids::{FingerId, PersonId};
use access_core::protocol::{
    AgentKind, CardFault, CardKeyRole, CardKeysBefore, CardKind, CardMessaging, CardTask, CardTemplates, CardWork,
    EnrolmentOrder, EnrolmentStep, EnrolmentWant, FromServer, SecretBytes, TemplateContent, card_finger_binding,
};
use access_core::word::Word as _;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde_json::{Value, json};

use crate::contract::{Desk, consent, desk, person, weak_cards};
use crate::keys::CardKeys;
use crate::keys::cards::{KeyCheck, card_key};
use crate::keys::module::{KeyName, Module, Token, TokenError};
use crate::testing::token::{Place, with_token};
use crate::testing::{PATIENCE, TestAgent, TestServer};

mod due;

const UID: [u8; 7] = [0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6];
/// As long as an R503's.
const TEMPLATE_BYTES: usize = 1_536;

/// A station in a dialogue.
struct Dialogue<'a> {
    server: &'a TestServer,
    desk: &'a mut Desk,
    order: EnrolmentOrder,
    /// The page that follows it: without one it ends after seconds.
    _page: crate::enrolment::Followed,
}

/// What the station hears next.
async fn heard(desk: &mut Desk) -> Option<FromServer> {
    tokio::time::timeout(PATIENCE, desk.orders.recv()).await.expect("to hear of the server")
}

impl<'a> Dialogue<'a> {
    async fn start(server: &'a TestServer, desk: &'a mut Desk, person: &str, asked: Value) -> Self {
        let mut body = json!({ "station_id": desk.station, "person_id": person });
        body.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
        let started = server.call(&server.own.administrator, "POST", "/enrolments", body).await.is(201).json;
        let Some(FromServer::Enrol(order)) = heard(desk).await else { panic!("no order") };
        let operator = started["operator_id"].as_str().unwrap().parse().unwrap();
        let page = server.state.stations.hold(server.own.tenant, operator, order.id).expect("a dialogue");
        Self { server, desk, order, _page: page }
    }

    async fn say(&mut self, step: EnrolmentStep) {
        let (state, tenant) = (&self.server.state, self.server.own.tenant);
        state.stations.step(state, tenant, self.desk.station, self.order.id, step, crate::clock::now()).await;
    }

    async fn present(&mut self, uid: &[u8], kind: CardKind) {
        self.say(EnrolmentStep::CardPresented { uid: SecretBytes(uid.to_vec()), kind }).await;
    }

    /// What the station is to do.
    async fn work(&mut self) -> CardWork {
        match heard(self.desk).await {
            Some(FromServer::CardWork(work)) => {
                assert_eq!(work.enrolment, self.order.id);
                work
            }
            other => panic!("no work: {other:?}"),
        }
    }

    /// The station was told that it is over.
    fn is_stopped(&mut self) -> bool {
        matches!(self.desk.orders.try_recv(), Ok(FromServer::CancelEnrolment(id)) if id == self.order.id)
    }

    async fn last(&self) -> Value {
        let path = format!("/enrolments/{}", self.order.id);
        let mut seen = self.server.call(&self.server.own.administrator, "GET", &path, Value::Null).await.is(200).json;
        seen["last"].take()
    }

    async fn written(&mut self, version: u8) -> Value {
        self.say(EnrolmentStep::CardWritten { version, messaging: CardMessaging::Ev2, free_bytes: 1_000 }).await;
        self.last().await
    }

    /// Plays a whole reading and writing of the card in `lies`, which is what it becomes.
    async fn rewrite(&mut self, lies: &mut OnCard) -> Value {
        self.present(&UID, CardKind::DesfireEv3).await;
        let work = self.work().await;
        assert_eq!(work.task, CardTask::Read { is_ev1_allowed: false });
        assert!(versions(&work).contains(&lies.version), "the card opens");
        self.say(lies.content()).await;
        let CardTask::Write { credential, version, templates, .. } = self.work().await.task else { panic!("no write") };
        assert_eq!(credential.0, lies.number, "the same number");
        (lies.version, lies.templates) = (version, templates);
        self.written(version).await
    }
}

/// What a card holds that a station wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OnCard {
    number: Vec<u8>,
    version: u8,
    templates: Option<Vec<u8>>,
}

impl OnCard {
    fn of(work: &CardWork) -> Self {
        match &work.task {
            CardTask::Write { credential, version, templates, .. } => {
                Self { number: credential.0.clone(), version: *version, templates: templates.clone() }
            }
            other => panic!("no write: {other:?}"),
        }
    }

    fn content(&self) -> EnrolmentStep {
        EnrolmentStep::CardContent {
            credential: Some(SecretBytes(self.number.clone())),
            templates: self.templates.clone(),
            version: self.version,
            free_bytes: 1_000,
        }
    }

    fn fingers(&self) -> CardTemplates {
        self.templates.as_ref().map_or_else(CardTemplates::default, |bytes| canonical::decode("", bytes).unwrap())
    }
}

/// Versions of which the station has keys, all roles of each.
fn versions(work: &CardWork) -> Vec<u8> {
    let of = |role| work.keys.iter().filter(move |key| key.role == role).map(|key| key.version).collect::<Vec<_>>();
    assert_eq!(of(CardKeyRole::Card), of(CardKeyRole::Reading));
    assert_eq!(of(CardKeyRole::Application), of(CardKeyRole::Reading));
    assert_eq!(work.keys.len(), 3 * of(CardKeyRole::Reading).len());
    of(CardKeyRole::Reading)
}

/// Gives a person the card with this UID: the credential's id, and what lies on the card.
async fn made(server: &TestServer, desk: &mut Desk, person: &str, uid: [u8; 7]) -> (String, OnCard) {
    let mut dialogue = Dialogue::start(server, desk, person, json!({ "want": "card" })).await;
    dialogue.present(&uid, CardKind::DesfireEv2).await;
    let card = OnCard::of(&dialogue.work().await);
    let done = dialogue.written(card.version).await;
    assert_eq!(done["step"], "done", "{done}");
    (done["credential"]["id"].as_str().unwrap().to_owned(), card)
}

async fn card_of(server: &TestServer, person: &str) -> Value {
    let path = format!("/people/{person}");
    server.call(&server.own.administrator, "GET", &path, Value::Null).await.is(200).json["cards"].take()
}

fn failed(step: &Value) -> &str {
    assert_eq!(step["step"], "failed", "{step}");
    step["reason"].as_str().unwrap()
}

#[tokio::test]
async fn a_card_is_written_down_before_the_station_hears_of_it() {
    let server = TestServer::start().await;
    let (anna, mut desk) = (person(&server, "1").await, desk(&server).await);
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "card" })).await;
    assert_eq!(dialogue.order.want, EnrolmentWant::Card);
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    let work = dialogue.work().await;
    assert_eq!((work.uid.0.as_slice(), versions(&work)), (&UID[..], vec![1]));
    let CardTask::Write {
        credential,
        version,
        templates,
        templates_bytes_max,
        keeps_factory_key,
        replaces,
        is_ev1_allowed,
        keys_before,
    } = &work.task
    else {
        panic!("no write")
    };
    assert_eq!((*version, templates, *templates_bytes_max), (1, &None, 3_584));
    assert_eq!((*keeps_factory_key, *replaces, *is_ev1_allowed), (false, false, false));
    assert_eq!(*keys_before, CardKeysBefore::Any, "it comes from the factory");
    let begun = "SELECT count(*)::text FROM vault.cards_begun";
    assert_eq!(server.query(begun).await, ["1"]);
    assert_eq!(server.query("SELECT count(*)::text FROM credentials").await, ["0"]);
    let bare = format!(
        "SELECT count(*)::text FROM vault.cards_begun WHERE position('\\x{}'::bytea in sealed_number) > 0",
        hex::encode(&credential.0)
    );
    assert_eq!(server.query(&bare).await, ["0"], "sealed");
    dialogue.say(EnrolmentStep::CardWorking).await;
    assert_eq!(dialogue.last().await["step"], "card_working");
    // The card leaves too early, and is held there again.
    dialogue.say(EnrolmentStep::CardRefused { why: CardFault::Gone }).await;
    let told = dialogue.last().await;
    assert_eq!((&told["step"], &told["reason"]), (&json!("card_refused"), &json!("gone")));
    // What nobody asked for any more is not taken.
    assert_eq!(dialogue.written(1).await["step"], "card_refused");
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    assert_eq!(dialogue.work().await, work, "the same number, the same keys");
    // The link falls with the card half made: another dialogue goes on with it.
    let path = format!("/enrolments/{}/cancel", dialogue.order.id);
    server.call(&server.own.administrator, "POST", &path, Value::Null).await.is(200);
    assert!(dialogue.is_stopped());
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "card" })).await;
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    assert_eq!(OnCard::of(&dialogue.work().await), OnCard::of(&work));
    let done = dialogue.written(1).await;
    let card = &done["credential"];
    assert_eq!(
        (&done["step"], &card["label"], &card["strength"]),
        (&json!("done"), &json!("…E5F6"), &json!("authenticated"))
    );
    let chip = json!({ "messaging": "ev2", "key_version": 1, "is_renewal_due": false, "is_exchange_due": false,
        "free_bytes": 1_000, "fingers_fit": 2 });
    assert_eq!(card["chip"], chip);
    assert_eq!(server.query(begun).await, ["0"]);
    let token = crate::credentials::token(server.state.keys.card_key(server.own.tenant).bytes(), &credential.0);
    assert_eq!(server.query("SELECT encode(token, 'hex') FROM credentials").await, [hex::encode(token.0)]);
    assert_eq!(server.act_kinds().await.last(), Some(&ActKind::Created));
    assert!(!done.to_string().contains(&hex::encode(&credential.0)));
}

#[tokio::test]
async fn cards_that_cant_be_used_are_refused_with_a_word() {
    let server = TestServer::start().await;
    let (anna, mut desk) = (person(&server, "1").await, desk(&server).await);
    let cases: [(&[u8], CardKind, &str); 4] = [
        (&[8, 1, 2, 3], CardKind::RandomUid, "random_uid"),
        (&[4, 1, 2, 3], CardKind::UidOnly, "weak_cards_off"),
        (&UID, CardKind::DesfireEv1, "card_too_old"),
        (&UID[..4], CardKind::DesfireEv2, "card_unreadable"),
    ];
    for (uid, kind, word) in cases {
        let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "card" })).await;
        dialogue.present(uid, kind).await;
        assert_eq!(failed(&dialogue.last().await), word);
        assert!(dialogue.is_stopped(), "{word}: the station is told");
    }
    weak_cards(&server).await;
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "card" })).await;
    dialogue.present(&[4, 1, 2, 3], CardKind::UidOnly).await;
    let done = dialogue.last().await;
    assert_eq!((&done["step"], &done["credential"]["strength"]), (&json!("done"), &json!("weak_uid")));
    assert!(dialogue.is_stopped());
    // A card without room is tried with less of it, and one for EV1 once that is allowed.
    let etag = "\"0\"";
    let rules = json!({ "templates_on": "card", "takes_ev1": true, "leaves_factory_key": true, "reason": "old stock" });
    server.change(&server.own.guard, "PUT", "/card-rules", etag, rules.clone()).await.problem(403, "forbidden");
    let mut nameless = rules.clone();
    nameless["reason"] = json!(" ");
    server.change(&server.own.administrator, "PUT", "/card-rules", etag, nameless).await.problem(422, "invalid");
    server.change(&server.own.administrator, "PUT", "/card-rules", etag, rules.clone()).await.is(200);
    server.change(&server.own.administrator, "PUT", "/card-rules", etag, rules).await.problem(412, "changed_meanwhile");
    let others = server.call(&server.other.administrator, "GET", "/card-rules", Value::Null).await.is(200).json;
    assert_eq!(
        (&others["takes_ev1"], &others["templates_on"], &others["version"]),
        (&json!(false), &json!("card"), &json!(0))
    );
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "card" })).await;
    for room in [3_584, 1_728, 0, 0] {
        dialogue.present(&UID, CardKind::DesfireEv1).await;
        let work = dialogue.work().await;
        let CardTask::Write { templates_bytes_max, is_ev1_allowed: true, keeps_factory_key: true, .. } = work.task
        else {
            panic!("{:?}", work.task)
        };
        assert_eq!(templates_bytes_max, room);
        dialogue.say(EnrolmentStep::CardRefused { why: CardFault::NotEnoughMemory }).await;
    }
    dialogue.present(&UID, CardKind::DesfireEv1).await;
    dialogue.work().await;
    dialogue.say(EnrolmentStep::CardWritten { version: 1, messaging: CardMessaging::Ev1, free_bytes: 90 }).await;
    let done = dialogue.last().await;
    assert_eq!(
        (&done["credential"]["chip"]["fingers_fit"], &done["credential"]["chip"]["messaging"]),
        (&json!(0), &json!("ev1"))
    );
}

#[tokio::test]
async fn a_card_that_knew_newer_messages_is_never_spoken_to_by_the_older() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let (anna, mut desk) = (person(&server, "1").await, desk(&server).await);
    let old = json!({ "templates_on": "card", "takes_ev1": true, "leaves_factory_key": false, "reason": "old stock" });
    server.change(admin, "PUT", "/card-rules", "\"0\"", old).await.is(200);
    let (card, _) = made(&server, &mut desk, &anna, UID).await;
    let again = json!({ "want": "card", "replaces": true, "reason": "found again" });
    let wiped = json!({ "want": { "take_back_card": { "credential_id": card } }, "reason": "left" });
    for asked in [again.clone(), json!({ "want": "renew_card" }), wiped.clone()] {
        let mut dialogue = Dialogue::start(&server, &mut desk, &anna, asked.clone()).await;
        dialogue.present(&UID, CardKind::DesfireEv1).await;
        assert_eq!(failed(&dialogue.last().await), "card_downgraded", "{asked}");
        assert!(dialogue.is_stopped(), "{asked}: the station is told, and of no key");
    }
    // Nor is it forgotten with the card's credential.
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, wiped).await;
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    dialogue.work().await;
    dialogue.say(EnrolmentStep::CardWiped).await;
    assert_eq!(dialogue.last().await["step"], "done");
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "card" })).await;
    dialogue.present(&UID, CardKind::DesfireEv1).await;
    assert_eq!(failed(&dialogue.last().await), "card_downgraded");
    assert!(dialogue.is_stopped());
    // Another card is what it says.
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "card" })).await;
    dialogue.present(&[4, 9, 9, 9, 9, 9, 9], CardKind::DesfireEv1).await;
    assert!(matches!(dialogue.work().await.task, CardTask::Write { is_ev1_allowed: true, .. }));
}

#[tokio::test]
async fn a_uid_in_use_gets_keys_again_on_a_persons_word_alone() {
    let server = TestServer::start().await;
    let (anna, berta) = (person(&server, "1").await, person(&server, "2").await);
    let mut desk = desk(&server).await;
    let (first, annas) = made(&server, &mut desk, &anna, UID).await;
    let mut dialogue = Dialogue::start(&server, &mut desk, &berta, json!({ "want": "card" })).await;
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    assert_eq!(dialogue.last().await["step"], "card_in_use");
    assert!(dialogue.is_stopped());
    // A copy that tells the same UID and proves nothing is none either.
    weak_cards(&server).await;
    let mut dialogue = Dialogue::start(&server, &mut desk, &berta, json!({ "want": "card" })).await;
    dialogue.present(&UID, CardKind::UidOnly).await;
    assert_eq!(dialogue.last().await["step"], "card_in_use");
    assert!(dialogue.is_stopped());

    let admin = &server.own.administrator;
    let body = |reason: Value| json!({ "station_id": desk.station, "person_id": berta, "want": "card", "replaces": true, "reason": reason });
    server.call(admin, "POST", "/enrolments", body(Value::Null)).await.problem(422, "invalid");
    let word = json!({ "want": "card", "replaces": true, "reason": "Anna's came back with her locker" });
    let mut dialogue = Dialogue::start(&server, &mut desk, &berta, word).await;
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    let work = dialogue.work().await;
    assert!(matches!(work.task, CardTask::Write { replaces: true, .. }));
    let bertas = OnCard::of(&work);
    assert_ne!(bertas.number, annas.number);
    assert_eq!(card_of(&server, &anna).await[0]["state"], "active", "until it is done");
    assert_eq!(dialogue.written(1).await["step"], "done");
    let acts = server.acts().await;
    let [.., returned, created] = &acts[..] else { panic!("no acts") };
    assert_eq!((returned.kind, created.kind), (ActKind::Changed, ActKind::Created));
    assert!(returned.reason.is_some());
    let old = card_of(&server, &anna).await;
    assert_eq!((&old[0]["id"], &old[0]["state"], &old[0]["chip"]), (&json!(first), &json!("returned"), &Value::Null));

    // Begun for one and given to another: the next holder's number is another, and what lies there is replaced.
    let other = [4, 9, 9, 9, 9, 9, 9];
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "card" })).await;
    dialogue.present(&other, CardKind::DesfireEv2).await;
    let begun = OnCard::of(&dialogue.work().await);
    dialogue.say(EnrolmentStep::Failed { why: access_core::protocol::EnrolmentFault::ReaderFault }).await;
    let mut dialogue = Dialogue::start(&server, &mut desk, &berta, json!({ "want": "card" })).await;
    dialogue.present(&other, CardKind::DesfireEv2).await;
    let work = dialogue.work().await;
    assert!(matches!(work.task, CardTask::Write { replaces: true, .. }) && OnCard::of(&work).number != begun.number);
}

#[tokio::test]
async fn rotated_keys_reach_each_card_at_its_next_visit() {
    let server = TestServer::start().await;
    let (admin, anna) = (&server.own.administrator, person(&server, "1").await);
    let mut desk = desk(&server).await;
    let (_, mut card) = made(&server, &mut desk, &anna, UID).await;
    let why = json!({ "reason": "yearly" });
    server.call(&server.own.guard, "POST", "/card-rules/rotate", why.clone()).await.problem(403, "forbidden");
    let rotated = server.call(admin, "POST", "/card-rules/rotate", why.clone()).await.is(200).json;
    assert_eq!((&rotated["key_version"], &rotated["cards"], &rotated["cards_due"]), (&json!(2), &json!(1), &json!(1)));
    assert_eq!(card_of(&server, &anna).await[0]["chip"]["is_renewal_due"], true);
    // Once more before its visit: the card gets the newest at once.
    server.call(admin, "POST", "/card-rules/rotate", why.clone()).await.is(200);

    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
    assert_eq!(dialogue.order.want, EnrolmentWant::PresentCard);
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    assert_eq!(versions(&dialogue.work().await), [1, 3]);
    dialogue.say(card.content()).await;
    let work = dialogue.work().await;
    let keys_before = CardKeysBefore::Sites;
    assert!(
        matches!(work.task, CardTask::Write { version: 3, replaces: false, keys_before: told, .. } if told == keys_before),
        "{:?}",
        work.task
    );
    // It is written, and nobody hears of it; then the keys move on once more: it may have any of three versions.
    dialogue.say(EnrolmentStep::Failed { why: access_core::protocol::EnrolmentFault::ReaderFault }).await;
    card.version = 3;
    server.call(admin, "POST", "/card-rules/rotate", why).await.is(200);
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    assert_eq!(versions(&dialogue.work().await), [1, 3, 4]);
    dialogue.say(card.content()).await;
    dialogue.work().await;
    let done = dialogue.written(4).await;
    assert_eq!(
        (&done["credential"]["chip"]["key_version"], &done["credential"]["chip"]["is_renewal_due"]),
        (&json!(4), &json!(false))
    );
    card.version = 4;
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
    assert_eq!(dialogue.rewrite(&mut card).await["step"], "done", "once more does no harm");
    let rules = server.call(admin, "GET", "/card-rules", Value::Null).await.is(200).json;
    assert_eq!((&rules["key_version"], &rules["cards_due"]), (&json!(4), &json!(0)));

    // A card that holds another number is not the one it claims to be; another person's is not taken.
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    dialogue.work().await;
    dialogue.say(OnCard { number: vec![9; 16], ..card.clone() }.content()).await;
    assert_eq!(failed(&dialogue.last().await), "card_not_authentic");
    assert!(dialogue.is_stopped());
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
    dialogue.present(&[4, 8, 8, 8, 8, 8, 8], CardKind::DesfireEv2).await;
    assert_eq!(failed(&dialogue.last().await), "card_not_theirs");
    assert!(dialogue.is_stopped());
    server.execute(&format!("SET app.tenant = '{}'; UPDATE card_rules SET key_version = 255", server.own.tenant)).await;
    let spent = server.call(admin, "POST", "/card-rules/rotate", json!({ "reason": "again" })).await;
    let spent = spent.problem(409, "key_versions_used_up");
    assert!(spent.json["detail"].as_str().unwrap().contains("exchange this card"), "{}", spent.json);
}

/// Writes down that an agent was sent the reading keys of these cards in this version, as before a bundle goes out.
async fn sent(server: &TestServer, agent: &TestAgent, uids: &[[u8; 7]], version: u8) {
    let tenant = server.own.tenant;
    let hash = |uid: &[u8; 7]| crate::credentials::token(server.state.keys.card_key(tenant).bytes(), uid);
    let keys: Vec<_> = uids.iter().map(|uid| (hash(uid), version)).collect();
    let mut tx = server.state.db.begin(tenant, None).await.unwrap();
    crate::cards::store::note_held(&mut tx, tenant, agent.id, &keys).await.unwrap();
    tx.commit().await.unwrap();
}

async fn revoke(server: &TestServer, agent: &TestAgent) {
    let why = json!({ "reason": "stolen off the wall" });
    let path = format!("/agents/{}/revoke", agent.id);
    server.call(&server.own.administrator, "POST", &path, why).await.is(200);
}

async fn take_back(server: &TestServer, desk: &mut Desk, (person, card): (&str, &str), uid: [u8; 7]) {
    let back = json!({ "want": { "take_back_card": { "credential_id": card } }, "reason": "moved" });
    let mut dialogue = Dialogue::start(server, desk, person, back).await;
    dialogue.present(&uid, CardKind::DesfireEv2).await;
    assert_eq!(dialogue.work().await.task, CardTask::Wipe);
    dialogue.say(EnrolmentStep::CardWiped).await;
    assert_eq!(dialogue.last().await["step"], "done");
}

#[tokio::test]
async fn a_card_made_anew_has_no_key_that_a_lost_agent_knows() {
    const BEFORE: [u8; 7] = [4, 7, 7, 7, 7, 7, 7];
    let server = TestServer::serving().await;
    let (anna, berta) = (person(&server, "1").await, person(&server, "2").await);
    let mut desk = desk(&server).await;
    let gate = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let (first, _) = made(&server, &mut desk, &anna, UID).await;
    let (second, _) = made(&server, &mut desk, &anna, BEFORE).await;
    sent(&server, &gate, &[UID, BEFORE], 1).await;
    // One is wiped and somebody else's before the agent is lost, the other after: of neither was the agent sent anything since.
    take_back(&server, &mut desk, (&anna, &second), BEFORE).await;
    let (_, bertas) = made(&server, &mut desk, &berta, BEFORE).await;
    assert_eq!(bertas.version, 1, "known to no lost agent so far");
    take_back(&server, &mut desk, (&anna, &first), UID).await;
    revoke(&server, &gate).await;
    assert_eq!(card_of(&server, &berta).await[0]["chip"]["is_renewal_due"], true, "it has the key that Anna's had");
    let (id, anew) = made(&server, &mut desk, &berta, UID).await;
    assert_eq!(anew.version, 2);
    let cards = card_of(&server, &berta).await;
    let chip = &cards.as_array().unwrap().iter().find(|card| card["id"] == *id).unwrap()["chip"];
    assert_eq!((&chip["key_version"], &chip["is_renewal_due"]), (&json!(2), &json!(false)));
    let rules = server.call(&server.own.administrator, "GET", "/card-rules", Value::Null).await.is(200).json;
    assert_eq!((&rules["key_version"], &rules["cards_due"]), (&json!(1), &json!(1)), "{rules}");
    let (_, other) = made(&server, &mut desk, &anna, [4, 6, 6, 6, 6, 6, 6]).await;
    assert_eq!(other.version, 1, "others are made as ever");

    // Its new keys are lost as well, to two agents; on an administrator's word it becomes Anna's as it lies there.
    for name in ["Back", "Side"] {
        let agent = server.agent(name, AgentKind::DoorController, &[]).await;
        sent(&server, &agent, &[UID], 2).await;
        revoke(&server, &agent).await;
    }
    let word = json!({ "want": "card", "replaces": true, "reason": "found in a drawer" });
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, word).await;
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    let work = dialogue.work().await;
    assert_eq!((OnCard::of(&work).version, versions(&work)), (3, vec![2, 3]));
    assert_eq!(dialogue.written(3).await["step"], "done");
    // The other tenant's card of the same UID has other keys, which nobody knows.
    assert_eq!(server.query("SELECT count(DISTINCT tenant_id)::text FROM card_exposures").await, ["1"]);
}

#[tokio::test]
async fn a_card_whose_keys_are_lost_while_it_is_made_is_due_at_once() {
    let server = TestServer::serving().await;
    let anna = person(&server, "1").await;
    let mut desk = desk(&server).await;
    let gate = server.agent("Gate", AgentKind::DoorController, &[]).await;
    sent(&server, &gate, &[UID], 1).await;
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "card" })).await;
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    let mut card = OnCard::of(&dialogue.work().await);
    revoke(&server, &gate).await;
    let done = dialogue.written(card.version).await;
    assert_eq!(done["credential"]["chip"]["is_renewal_due"], true, "{done}");
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
    let done = dialogue.rewrite(&mut card).await;
    assert_eq!((card.version, &done["credential"]["chip"]["is_renewal_due"]), (2, &json!(false)));
}

#[tokio::test]
async fn a_card_that_is_ahead_gets_new_keys_with_all_others() {
    let server = TestServer::serving().await;
    let admin = &server.own.administrator;
    let (anna, berta) = (person(&server, "1").await, person(&server, "2").await);
    let mut desk = desk(&server).await;
    let (_, mut card) = made(&server, &mut desk, &anna, UID).await;
    made(&server, &mut desk, &berta, [4, 8, 8, 8, 8, 8, 8]).await;
    let gate = server.agent("Gate", AgentKind::DoorController, &[]).await;
    sent(&server, &gate, &[UID], 1).await;
    revoke(&server, &gate).await;
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
    dialogue.rewrite(&mut card).await;
    assert_eq!(card.version, 2, "by itself");
    let why = json!({ "reason": "somebody left who could read keys" });
    let rules = server.call(admin, "POST", "/card-rules/rotate", why).await.is(200).json;
    // Version 2 would be no change for a card that has it, and its master key is no new one.
    assert_eq!((&rules["key_version"], &rules["cards_due"]), (&json!(3), &json!(2)), "{rules}");
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
    dialogue.rewrite(&mut card).await;
    assert_eq!(card.version, 3);
}

#[tokio::test]
async fn a_card_whose_last_keys_are_known_to_others_is_to_be_exchanged() {
    let server = TestServer::serving().await;
    let (admin, tenant) = (&server.own.administrator, server.own.tenant);
    let (anna, berta) = (person(&server, "1").await, person(&server, "2").await);
    let mut desk = desk(&server).await;
    let (card, _) = made(&server, &mut desk, &anna, UID).await;
    made(&server, &mut desk, &berta, [4, 8, 8, 8, 8, 8, 8]).await;
    let gate = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let spent = "UPDATE card_chips SET key_version = 255, version_wanted = 255";
    server.execute(&format!("SET app.tenant = '{tenant}'; {spent}")).await;
    sent(&server, &gate, &[UID], 255).await;
    revoke(&server, &gate).await;
    let rules = server.call(admin, "GET", "/card-rules", Value::Null).await.is(200).json;
    assert_eq!((&rules["cards_due"], &rules["cards_to_exchange"]), (&json!(0), &json!(1)), "{rules}");
    let told = async |person: &str| card_of(&server, person).await[0]["chip"]["is_exchange_due"].clone();
    assert_eq!((told(&anna).await, told(&berta).await), (json!(true), json!(false)));
    // A visit to a station can't help it, nor can making it anew, and both say so.
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    assert_eq!(failed(&dialogue.last().await), "key_versions_used_up");
    assert!(dialogue.is_stopped());
    take_back(&server, &mut desk, (&anna, &card), UID).await;
    let mut dialogue = Dialogue::start(&server, &mut desk, &berta, json!({ "want": "card" })).await;
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    assert_eq!(failed(&dialogue.last().await), "key_versions_used_up");
    assert!(dialogue.is_stopped());
    // It alone has had them all: the others' keys go on.
    let rotated =
        server.call(admin, "POST", "/card-rules/rotate", json!({ "reason": "once a year" })).await.is(200).json;
    assert_eq!(rotated["key_version"], 2, "{rotated}");
}

#[tokio::test]
async fn a_card_whose_own_key_was_left_the_factorys_is_known_to_have_it_until_it_gets_another() {
    let server = TestServer::start().await;
    let (admin, anna) = (&server.own.administrator, person(&server, "1").await);
    let mut desk = desk(&server).await;
    let choose = async |leaves: bool, version: i64| {
        let rules =
            json!({ "templates_on": "card", "takes_ev1": false, "leaves_factory_key": leaves, "reason": "a test" });
        let etag = format!("\"{version}\"");
        server.change(admin, "PUT", "/card-rules", &etag, rules).await.is(200).json["version"].as_i64().unwrap()
    };
    let version = choose(true, 0).await;
    let (_, mut card) = made(&server, &mut desk, &anna, UID).await;
    choose(false, version).await;
    for expected in [CardKeysBefore::SitesApplication, CardKeysBefore::Sites] {
        let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
        dialogue.present(&UID, CardKind::DesfireEv2).await;
        dialogue.work().await;
        dialogue.say(card.content()).await;
        let CardTask::Write { keys_before, version, keeps_factory_key, .. } = dialogue.work().await.task else {
            panic!("no write")
        };
        assert_eq!((keys_before, keeps_factory_key), (expected, false));
        card.version = version;
        assert_eq!(dialogue.written(version).await["step"], "done");
    }
}

#[tokio::test]
async fn a_card_that_comes_back_is_wiped_and_can_be_anybodys() {
    let server = TestServer::start().await;
    let (admin, anna, berta) = (&server.own.administrator, person(&server, "1").await, person(&server, "2").await);
    let mut desk = desk(&server).await;
    let (id, _) = made(&server, &mut desk, &anna, UID).await;
    let back = json!({ "want": { "take_back_card": { "credential_id": id } }, "reason": "left" });
    let body = json!({ "station_id": desk.station, "person_id": anna, "want": back["want"] });
    server.call(admin, "POST", "/enrolments", body).await.problem(422, "invalid");
    let body = json!({ "station_id": desk.station, "person_id": berta, "want": back["want"], "reason": "left" });
    server.call(admin, "POST", "/enrolments", body).await.problem(404, "not_found");
    // Whoever left brings the card back, too.
    server.call(admin, "POST", &format!("/people/{anna}/deactivate"), json!({ "reason": "left" })).await.is(204);
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, back).await;
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    let work = dialogue.work().await;
    assert_eq!((work.task, dialogue.order.want), (CardTask::Wipe, EnrolmentWant::PresentCard));
    dialogue.say(EnrolmentStep::CardWiped).await;
    let done = dialogue.last().await;
    assert_eq!((&done["step"], &done["credential"]["state"]), (&json!("done"), &json!("returned")));
    let acts = server.acts().await;
    let last = acts.last().unwrap();
    assert!(last.kind == ActKind::Changed && last.reason.is_some());
    let (other, _) = made(&server, &mut desk, &berta, UID).await;
    assert_ne!(other, id);
}

fn finger(position: &str, is_duress: bool) -> Value {
    json!({ "want": { "finger": { "position": position, "is_duress": is_duress } } })
}

fn read(template: u8) -> EnrolmentStep {
    let template = SecretBytes(vec![template; TEMPLATE_BYTES]);
    EnrolmentStep::FingerRead { template, sensor_type: "zfm".to_owned(), quality: 88 }
}

/// Enrols a finger onto a card.
async fn onto(
    server: &TestServer,
    desk: &mut Desk,
    person: &str,
    want: Value,
    template: u8,
    card: &mut OnCard,
) -> Value {
    let mut dialogue = Dialogue::start(server, desk, person, want).await;
    dialogue.say(read(template)).await;
    let Some(FromServer::Enrol(order)) = heard(dialogue.desk).await else { panic!("no second order") };
    assert_eq!((order.id, order.want), (dialogue.order.id, EnrolmentWant::PresentCard));
    let told = dialogue.last().await;
    assert_eq!(told["step"], "hold_card");
    assert!(told["expires_at"].is_string());
    dialogue.rewrite(card).await
}

/// Opens a finger as a door does.
async fn open(server: &TestServer, person: &str, card: &OnCard, place: usize) -> Option<TemplateContent> {
    let person: PersonId = person.parse().unwrap();
    let mut tx = server.state.db.begin_vault(server.own.tenant, None).await.unwrap();
    let keys = crate::vault::cards::template_keys(&server.state.keys, &mut tx, &[person.as_uuid()]).await.unwrap();
    let (_, key) = keys.first()?;
    let finger = &card.fingers().fingers[place];
    let number: [u8; 16] = card.number.clone().try_into().unwrap();
    let binding = card_finger_binding(person, &number, finger.finger, &finger.sensor_type);
    let (nonce, ciphertext) = finger.sealed.split_first_chunk::<24>().unwrap();
    let plain = XChaCha20Poly1305::new(key.bytes().into())
        .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &binding })
        .ok()?;
    Some(canonical::decode("", &plain).unwrap())
}

#[tokio::test]
async fn fingers_lie_on_the_card_and_nowhere_else() {
    let server = TestServer::start().await;
    let (admin, anna) = (&server.own.administrator, person(&server, "1").await);
    consent(&server, &anna).await;
    let mut desk = desk(&server).await;
    let mut early = finger("right_index", false);
    early
        .as_object_mut()
        .unwrap()
        .extend([("station_id".to_owned(), json!(desk.station)), ("person_id".to_owned(), json!(anna))]);
    server.call(admin, "POST", "/enrolments", early).await.problem(409, "card_missing");
    let (id, mut card) = made(&server, &mut desk, &anna, UID).await;

    let done = onto(&server, &mut desk, &anna, finger("right_index", false), 1, &mut card).await;
    assert_eq!((&done["step"], &done["finger"]["credential_id"]), (&json!("done"), &json!(id)), "{done}");
    assert_eq!(done["credential"]["chip"]["fingers_fit"], 1);
    assert_eq!(server.query("SELECT count(*)::text FROM vault.templates").await, ["0"], "nowhere else");
    let content = open(&server, &anna, &card, 0).await.unwrap();
    assert_eq!((content.is_duress, &content.template.0), (false, &vec![1; TEMPLATE_BYTES]));
    let moved = OnCard { number: vec![7; 16], ..card.clone() };
    assert_eq!(open(&server, &anna, &moved, 0).await, None, "copied to another card it does not open");

    let done = onto(&server, &mut desk, &anna, finger("left_index", true), 2, &mut card).await;
    assert_eq!(
        (&done["finger"]["is_duress"], &done["credential"]["chip"]["fingers_fit"]),
        (&json!(true), &json!(0)),
        "{done}"
    );
    assert!(open(&server, &anna, &card, 1).await.unwrap().is_duress);
    let lengths: Vec<_> = card.fingers().fingers.iter().map(|finger| finger.sealed.len()).collect();
    assert_eq!(lengths[0], lengths[1], "the sign is as long");

    // Two of the longest fit, a third does not; the card stays as it is.
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, finger("right_thumb", false)).await;
    dialogue.say(read(3)).await;
    assert!(matches!(heard(dialogue.desk).await, Some(FromServer::Enrol(_))));
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    dialogue.work().await;
    dialogue.say(card.content()).await;
    assert_eq!(failed(&dialogue.last().await), "card_full");
    assert!(dialogue.is_stopped());

    // The same finger again takes the place of the one before, also where the first write was cut and spoiled the card.
    let before = card.fingers();
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, finger("right_index", false)).await;
    dialogue.say(read(4)).await;
    assert!(matches!(heard(dialogue.desk).await, Some(FromServer::Enrol(_))));
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    dialogue.work().await;
    dialogue.say(card.content()).await;
    dialogue.work().await;
    dialogue.say(EnrolmentStep::CardRefused { why: CardFault::Gone }).await;
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    dialogue.work().await;
    let spoiled = EnrolmentStep::CardContent { credential: None, templates: None, version: 1, free_bytes: 0 };
    dialogue.say(spoiled).await;
    card = OnCard::of(&dialogue.work().await);
    assert_eq!(dialogue.written(1).await["step"], "done");
    let after = card.fingers();
    assert_eq!((after.fingers.len(), &after.fingers[0]), (2, &before.fingers[1]), "the sign is still there");
    assert_eq!(open(&server, &anna, &card, 1).await.unwrap().template.0, vec![4; TEMPLATE_BYTES]);

    // Removing is done at a station, and not what would leave the sign alone.
    let ids: Vec<FingerId> = after.fingers.iter().map(|finger| finger.finger).collect();
    let why = json!({ "reason": "hurt" });
    server.call(admin, "DELETE", &format!("/fingers/{}", ids[0]), why.clone()).await.problem(409, "finger_on_card");
    let remove = |id: FingerId| json!({ "want": { "remove_finger": { "finger_id": id } }, "reason": "hurt" });
    let mut alone = remove(ids[1]);
    alone
        .as_object_mut()
        .unwrap()
        .extend([("station_id".to_owned(), json!(desk.station)), ("person_id".to_owned(), json!(anna))]);
    server.call(admin, "POST", "/enrolments", alone).await.problem(409, "duress_alone");
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, remove(ids[0])).await;
    let done = dialogue.rewrite(&mut card).await;
    assert_eq!((&done["step"], &done["finger"]["id"]), (&json!("done"), &json!(ids[0])));
    assert_eq!(card.fingers().fingers.iter().map(|finger| finger.finger).collect::<Vec<_>>(), [ids[1]]);
    let acts = server.acts().await;
    assert!(acts.last().is_some_and(|act| act.kind == ActKind::Deleted && act.reason.is_some()));

    // The card is lost: the finger can be forgotten without it, and with it the key that it needs.
    let lost = json!({ "state": "lost", "reason": "on the train" });
    server.call(admin, "POST", &format!("/credentials/{id}/state"), lost).await.is(200);
    server.call(admin, "DELETE", &format!("/fingers/{}", ids[1]), why).await.is(204);
    assert_eq!(open(&server, &anna, &card, 0).await, None, "it opens nowhere");
}

#[tokio::test]
async fn withdrawn_consent_shuts_fingers_on_cards() {
    let server = TestServer::start().await;
    let (admin, anna) = (&server.own.administrator, person(&server, "1").await);
    consent(&server, &anna).await;
    let mut desk = desk(&server).await;
    let (_, mut card) = made(&server, &mut desk, &anna, UID).await;
    onto(&server, &mut desk, &anna, finger("right_index", false), 1, &mut card).await;
    assert!(open(&server, &anna, &card, 0).await.is_some());
    let basis = format!("/people/{anna}/legal-basis");
    server.call(admin, "DELETE", &basis, json!({ "reason": "asked by letter" })).await.is(204);
    assert_eq!(open(&server, &anna, &card, 0).await, None);

    // Withdrawn while the next one is being written.
    consent(&server, &anna).await;
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, finger("left_index", false)).await;
    dialogue.say(read(2)).await;
    assert!(matches!(heard(dialogue.desk).await, Some(FromServer::Enrol(_))));
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    dialogue.work().await;
    dialogue.say(card.content()).await;
    card = OnCard::of(&dialogue.work().await);
    assert_eq!(card.fingers().fingers.len(), 1, "what was withdrawn is written over");
    server.call(admin, "DELETE", &basis, json!({ "reason": "changed their mind" })).await.is(204);
    assert_eq!(failed(&dialogue.written(1).await), "legal_basis_missing");
    assert_eq!(open(&server, &anna, &card, 0).await, None);
    assert_eq!(server.query("SELECT count(*)::text FROM fingers").await, ["0"]);
}

/// Keys of a card as the station gets them, of one version.
fn keys_of(work: &CardWork, version: u8) -> Vec<Vec<u8>> {
    work.keys.iter().filter(|key| key.version == version).map(|key| key.key.0.clone()).collect()
}

/// The same, as they follow from the key file.
fn keys_of_the_file(server: &TestServer, work: &CardWork, version: u8) -> Vec<Vec<u8>> {
    let (tenant, uid) = (server.own.tenant, work.uid.0.as_slice().try_into().unwrap());
    let key = |role: &CardKeyRole| {
        card_key(&*server.state.keys, tenant, &work.application, uid, (*role, version)).unwrap().key.0.clone()
    };
    CardKeyRole::ALL.iter().map(key).collect()
}

#[test]
fn cards_that_the_key_file_made_move_to_the_module_visit_by_visit() {
    let own = "cards::tests::cards_that_the_key_file_made_move_to_the_module_visit_by_visit";
    with_token(own, |place| tokio::runtime::Runtime::new().unwrap().block_on(moved_to_a_module(place)));
}

async fn moved_to_a_module(place: &Place) {
    let mut server = TestServer::start().await;
    let admin = server.own.administrator.clone();
    let (anna, mut desk) = (person(&server, "1").await, desk(&server).await);
    let (_, mut card) = made(&server, &mut desk, &anna, UID).await;
    let held = "SELECT version || ' ' || (module_check IS NOT NULL) FROM card_key_versions ORDER BY version";
    assert_eq!(server.query(held).await, ["1 false"]);

    server.take_module(place.module());
    server.call(&admin, "POST", "/card-rules/rotate", json!({ "reason": "to the module" })).await.is(200);
    assert_eq!(server.query(held).await, ["1 false", "2 true"]);
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    let work = dialogue.work().await;
    assert_eq!(versions(&work), [1, 2]);
    assert_eq!(keys_of(&work, 1), keys_of_the_file(&server, &work, 1), "the card opens by what it has");
    assert_ne!(keys_of(&work, 2), keys_of_the_file(&server, &work, 2));
    dialogue.say(card.content()).await;
    assert_eq!(keys_of(&dialogue.work().await, 2), keys_of(&work, 2), "always the same");
    assert_eq!(dialogue.written(2).await["step"], "done");
    card.version = 2;
    drop(dialogue);
    // As after a revocation, which waits for no module: a version that nobody made yet.
    server.execute("UPDATE card_chips SET version_wanted = 3").await;
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
    assert_eq!(dialogue.rewrite(&mut card).await["step"], "done");
    drop(dialogue);
    assert_eq!(server.query(held).await, ["1 false", "2 true", "3 true"]);
    // A tenant that begins with the module has nothing from the file.
    let other = server.other.administrator.clone();
    server.call(&other, "POST", "/card-rules/rotate", json!({ "reason": "begun" })).await.is(200);
    assert_eq!(server.query(held).await.len(), 4);

    // The module is gone: what needs it fails and says why, nothing is made up.
    server.state.card_keys = CardKeys::of_file(server.state.keys.clone());
    server.take_module(Module::over(Gone, PATIENCE).unwrap());
    let rotated = server.call(&admin, "POST", "/card-rules/rotate", json!({ "reason": "again" })).await;
    rotated.problem(409, "card_keys_away");
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    assert_eq!(failed(&dialogue.last().await), "card_keys_away");
    drop(dialogue);
    let rules = server.call(&admin, "GET", "/card-rules", Value::Null).await.is(200).json;
    assert_eq!((&rules["key_version"], server.query(held).await.len()), (&json!(2), 4));
}

/// A token that nobody reaches.
struct Gone;

impl Token for Gone {
    fn cmac(&mut self, _: &KeyName, _: KeyCheck, _: &[u8]) -> Result<zeroize::Zeroizing<[u8; 16]>, TokenError> {
        Err(TokenError::Lost("unplugged".to_owned()))
    }

    fn make(&mut self, _: &KeyName) -> Result<KeyCheck, TokenError> {
        Err(TokenError::Lost("unplugged".to_owned()))
    }

    fn look(&mut self) -> Result<String, TokenError> {
        Err(TokenError::Lost("unplugged".to_owned()))
    }
}
