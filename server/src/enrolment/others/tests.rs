//! What a station gets of other people's fingers and what not, and what becomes of the finger that is compared with them. The station is
//! played here: what a sensor says is tried where its driver is.

use access_core::canonical;
use access_core::event::ActKind;
use access_core::protocol::{
    EnrolmentOrder, EnrolmentStep, EnrolmentWant, FingersToCompare, FromServer, SecretBytes, TemplateContent,
    template_binding,
};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem, OpModeR, Serializable as _};
use serde_json::{Value, json};
use sqlx::Connection as _;
use tokio::sync::mpsc;

use super::*;
use crate::enrolment::Linked;
use crate::testing::{PATIENCE, Staff, TestServer};

/// A station of one tenant, and what it hears.
struct Desk<'a> {
    server: &'a TestServer,
    staff: &'a Staff,
    station: AgentId,
    key: <X25519HkdfSha256 as Kem>::PrivateKey,
    heard: mpsc::Receiver<FromServer>,
    _linked: Linked,
}

/// A dialogue at it, followed by its page.
struct Dialogue {
    order: EnrolmentOrder,
    _page: crate::enrolment::Followed,
}

impl<'a> Desk<'a> {
    async fn new(server: &'a TestServer, staff: &'a Staff) -> Self {
        let station = AgentId::from_uuid(Uuid::now_v7());
        let (key, public) = X25519HkdfSha256::gen_keypair();
        let mut tx = server.state.db.begin(staff.tenant, None).await.unwrap();
        let joined = "INSERT INTO agents (tenant_id, id, name, kind, state, record_key, sealing_key) \
                      VALUES ($1, $2, $2::text, 'station', 'joined', $3, $3)";
        sqlx::query(joined)
            .bind(staff.tenant.as_uuid())
            .bind(station.as_uuid())
            .bind(public.to_bytes().as_slice())
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let (link, heard) = mpsc::channel(64);
        let linked = server.state.stations.link(staff.tenant, station, link);
        Self { server, staff, station, key, heard, _linked: linked }
    }

    async fn person(&self, number: &str) -> String {
        let body = json!({
            "name": { "given": "Anna", "family": "Groß" }, "number": number,
            "document": { "kind": "passport", "seen_at": "2026-01-02T03:04:05Z" },
        });
        let admin = &self.staff.administrator;
        let person = self.server.call(admin, "POST", "/people", body).await.is(201).id();
        self.consents(&person, "2026-3").await;
        person
    }

    /// They consent to the text of this version, in place of the one before.
    async fn consents(&self, person: &str, version: &str) {
        let basis = json!({ "kind": "consent", "consent_text_version": version, "given_at": "2026-01-02T03:04:05Z" });
        let path = format!("/people/{person}/legal-basis");
        self.server.call(&self.staff.administrator, "PUT", &path, basis).await.is(200);
    }

    async fn choose(&self, templates_on: &str, compares: bool) -> crate::testing::Answer {
        let admin = &self.staff.administrator;
        let etag = self.server.call(admin, "GET", "/card-rules", Value::Null).await.is(200).etag.unwrap();
        let body = json!({
            "templates_on": templates_on, "compares_fingers": compares, "takes_ev1": false, "leaves_factory_key": false,
            "reason": "one person, one finger",
        });
        self.server.change(admin, "PUT", "/card-rules", &etag, body).await
    }

    async fn start(&mut self, person: &str, position: &str, is_duress: bool) -> Dialogue {
        let want = json!({ "finger": { "position": position, "is_duress": is_duress } });
        let body = json!({ "station_id": self.station, "person_id": person, "want": want });
        let started = self.server.call(&self.staff.administrator, "POST", "/enrolments", body).await.is(201).json;
        // What it was still told of the dialogue before is over.
        let order = loop {
            if let Some(FromServer::Enrol(order)) = self.hears().await {
                break order;
            }
        };
        let operator = started["operator_id"].as_str().unwrap().parse().unwrap();
        let page = self.server.state.stations.hold(self.staff.tenant, operator, order.id).unwrap();
        Dialogue { order, _page: page }
    }

    async fn hears(&mut self) -> Option<FromServer> {
        tokio::time::timeout(PATIENCE, self.heard.recv()).await.expect("to hear of the server")
    }

    async fn says(&self, dialogue: &Dialogue, step: EnrolmentStep) {
        let (state, now) = (&self.server.state, crate::clock::now());
        state.stations.step(state, self.staff.tenant, self.station, dialogue.order.id, step, now).await;
    }

    async fn next(&mut self) -> FingersToCompare {
        match self.hears().await {
            Some(FromServer::CompareFingers(next)) => next,
            other => panic!("nothing to compare: {other:?}"),
        }
    }

    /// What was sent, opened, with whether it is told to be a sign of duress.
    fn opened(&self, next: &FingersToCompare) -> Vec<(Vec<u8>, bool)> {
        let open = |sealed: &SealedTemplate| {
            let (key, ciphertext) = sealed.sealed.split_first_chunk::<32>().unwrap();
            let content = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
                &OpModeR::Base,
                &self.key,
                &<X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(key).unwrap(),
                b"pforte template 1",
                ciphertext,
                &template_binding(self.station, sealed.person, sealed.finger),
            );
            let content = canonical::decode::<TemplateContent>("template", &content.unwrap()).unwrap();
            (content.template.0.clone(), content.is_duress)
        };
        next.templates.iter().map(open).collect()
    }

    async fn last(&self, dialogue: &Dialogue) -> Value {
        let path = format!("/enrolments/{}", dialogue.order.id);
        self.server.call(&self.staff.administrator, "GET", &path, Value::Null).await.is(200).json["last"].take()
    }

    /// Enrols a finger; the templates that it was compared with.
    async fn enrol(&mut self, person: &str, position: &str, is_duress: bool, template: &str) -> Vec<(Vec<u8>, bool)> {
        let dialogue = self.start(person, position, is_duress).await;
        let mut compared = Vec::new();
        if let EnrolmentWant::ComparedFinger { .. } = dialogue.order.want {
            self.says(&dialogue, made("zfm")).await;
            loop {
                let next = self.next().await;
                if next.templates.is_empty() {
                    break;
                }
                compared.extend(self.opened(&next));
                self.says(&dialogue, EnrolmentStep::FingersCompared).await;
            }
        }
        self.says(&dialogue, read(template)).await;
        let last = self.last(&dialogue).await;
        assert_eq!(last["step"], "done", "{last}");
        compared
    }

    /// How many fingers and templates are kept, of all tenants.
    async fn kept(&self) -> Vec<String> {
        self.server
            .query("SELECT (SELECT count(*) FROM fingers)::text || '/' || (SELECT count(*) FROM vault.templates)::text")
            .await
    }
}

fn made(sensor_type: &str) -> EnrolmentStep {
    EnrolmentStep::FingerMade { sensor_type: sensor_type.to_owned() }
}

fn read(template: &str) -> EnrolmentStep {
    let template = SecretBytes(template.as_bytes().to_vec());
    EnrolmentStep::FingerRead { template, sensor_type: "zfm".to_owned(), quality: 80 }
}

fn words(step: &Value) -> (&str, &str) {
    (step["step"].as_str().unwrap(), step["reason"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn comparing_is_chosen_only_where_templates_lie_on_the_server() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let desk = Desk::new(&server, &server.own).await;
    let chosen = async || server.call(admin, "GET", "/card-rules", Value::Null).await.is(200).json;
    assert_eq!(chosen().await["compares_fingers"], false, "off unless it is chosen");
    let refused = desk.choose("card", true).await.problem(422, "invalid");
    assert_eq!(refused.json["errors"][0]["field"], "compares_fingers");
    assert_eq!(desk.choose("server", true).await.is(200).json["compares_fingers"], true);
    desk.choose("card", true).await.problem(422, "invalid");
    assert_eq!(chosen().await["templates_on"], "server", "not changed by what was refused");
    let back = desk.choose("card", false).await.is(200).json;
    assert_eq!((&back["templates_on"], &back["compares_fingers"]), (&json!("card"), &json!(false)));
    // What leaves it out switches it off.
    desk.choose("server", true).await.is(200);
    crate::contract::templates_on_server(&server).await;
    assert_eq!(chosen().await["compares_fingers"], false);
    let acts = server.acts().await;
    assert!(acts.last().is_some_and(|act| act.kind == ActKind::Changed && act.reason.is_some()), "{acts:?}");
    // Nor by any other way.
    let by_hand = format!(
        "SET app.tenant = '{}'; UPDATE card_rules SET compares_fingers = true, templates_on = 'card'",
        server.own.tenant
    );
    let mut database = server.superuser().await;
    let error = sqlx::raw_sql(sqlx::AssertSqlSafe(by_hand)).execute(&mut database).await.unwrap_err();
    assert!(error.to_string().contains("card_rules_fingers_are_comparable"), "{error}");
}

#[tokio::test]
async fn where_it_is_not_chosen_no_template_goes_to_a_station() {
    let server = TestServer::start().await;
    server.sequence();
    let mut desk = Desk::new(&server, &server.own).await;
    desk.choose("server", false).await.is(200);
    let (anna, ben) = (desk.person("1").await, desk.person("2").await);
    assert!(desk.enrol(&anna, "right_index", false, "anna").await.is_empty());
    // Whatever a station says.
    for asks in [made("zfm"), EnrolmentStep::FingersCompared] {
        let dialogue = desk.start(&ben, "right_index", false).await;
        assert_eq!(dialogue.order.want, EnrolmentWant::Finger { captures: 3 });
        desk.says(&dialogue, asks).await;
        assert_eq!(words(&desk.last(&dialogue).await), ("failed", "not_wanted"));
        assert!(matches!(desk.hears().await, Some(FromServer::CancelEnrolment(id)) if id == dialogue.order.id));
    }
    // Nor once it is no longer chosen.
    desk.choose("server", true).await.is(200);
    let dialogue = desk.start(&ben, "right_index", false).await;
    desk.choose("server", false).await.is(200);
    desk.says(&dialogue, made("zfm")).await;
    assert_eq!(words(&desk.last(&dialogue).await), ("failed", "fingers_not_compared"));
    assert!(matches!(desk.hears().await, Some(FromServer::CancelEnrolment(id)) if id == dialogue.order.id));
    assert!(desk.heard.try_recv().is_err());
    assert_eq!(desk.kept().await, ["1/1"]);
    assert_eq!(server.events("kind=fingers_sent").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_finger_is_compared_with_all_others_of_its_tenant_and_sensor() {
    let server = TestServer::start().await;
    server.sequence();
    let mut desk = Desk::new(&server, &server.own).await;
    let mut others = Desk::new(&server, &server.other).await;
    others.choose("server", true).await.is(200);
    let stranger = others.person("1").await;
    assert!(others.enrol(&stranger, "right_index", false, "stranger").await.is_empty(), "the first of all");

    desk.choose("server", true).await.is(200);
    let (anna, ben) = (desk.person("1").await, desk.person("2").await);
    assert!(desk.enrol(&anna, "right_index", false, "anna").await.is_empty(), "nor another tenant's");
    let plain = |template: &str| (template.as_bytes().to_vec(), false);
    assert_eq!(desk.enrol(&ben, "right_index", false, "ben").await, [plain("anna")]);
    // Their own other fingers come first; a sign of duress is told to nobody.
    let compared = desk.enrol(&anna, "left_index", true, "sign").await;
    assert_eq!(compared, [plain("anna"), plain("ben")]);
    let compared = desk.enrol(&anna, "left_thumb", false, "thumb").await;
    assert_eq!(compared, [plain("anna"), plain("sign"), plain("ben")]);
    // Not the one that is replaced.
    let compared = desk.enrol(&anna, "left_thumb", false, "thumb anew").await;
    assert_eq!(compared, [plain("anna"), plain("sign"), plain("ben")]);

    // Each lot is in the log, with how many went where and whose; of other tenants' nothing.
    let sent = server.events("kind=fingers_sent").await;
    let told: Vec<_> = sent.iter().map(|event| (&event["person_id"], &event["count"], &event["holder_ids"])).collect();
    let mut both = [&anna, &ben];
    both.sort_unstable();
    let (anna_alone, both) = (json!([anna]), json!(both));
    let (annas, bens) = (json!(anna), json!(ben));
    let wanted = [
        (&bens, &json!(1), &anna_alone),
        (&annas, &json!(2), &both),
        (&annas, &json!(3), &both),
        (&annas, &json!(3), &both),
    ];
    assert_eq!(told, wanted);
    assert!(sent.iter().all(|event| event["agent_id"] == json!(desk.station)), "{sent:?}");

    // Another sensor can't compare these, nor this one what another made.
    let of_other_sensor = format!(
        "SET app.tenant = '{}'; UPDATE fingers SET sensor_type = 'other' WHERE position = 'left_index'",
        server.own.tenant
    );
    server.execute(&of_other_sensor).await;
    let compared = desk.enrol(&ben, "left_index", false, "bens left").await;
    assert_eq!(compared, [plain("ben"), plain("anna"), plain("thumb anew")]);
}

#[tokio::test]
async fn only_fingers_of_people_who_consented_to_it_are_compared() {
    let server = TestServer::start().await;
    server.sequence();
    let admin = &server.own.administrator;
    let mut desk = Desk::new(&server, &server.own).await;
    desk.choose("server", true).await.is(200);
    let (anna, ben, carl) = (desk.person("1").await, desk.person("2").await, desk.person("3").await);
    for (person, template) in [(&anna, "anna"), (&ben, "ben")] {
        desk.enrol(person, "right_index", false, template).await;
    }
    let left_out = async || {
        server.call(admin, "GET", "/card-rules", Value::Null).await.is(200).json["people_not_compared"].clone()
    };
    assert_eq!(left_out().await, 0);
    // By the texts of before a finger opens doors, and serves no other purpose.
    for earlier in ["2026-1", "2026-2"] {
        desk.consents(&anna, earlier).await;
        assert_eq!(left_out().await, 1);
        let compared = desk.enrol(&carl, "right_index", false, "carl").await;
        assert_eq!(compared, [(b"ben".to_vec(), false)]);
        let want = json!({ "finger": { "position": "left_index", "is_duress": false } });
        let body = json!({ "station_id": desk.station, "person_id": anna, "want": want });
        server.call(admin, "POST", "/enrolments", body).await.problem(409, "consent_lacks_comparing");
    }
    // Nor is anything sent or stored if that is what they consent to meanwhile.
    for steps_before in [0, 1] {
        desk.consents(&carl, "2026-3").await;
        let dialogue = desk.start(&carl, "left_index", false).await;
        if steps_before == 1 {
            desk.says(&dialogue, made("zfm")).await;
            let fingers = desk.next().await.templates;
            assert_eq!(fingers.len(), 2);
            desk.says(&dialogue, EnrolmentStep::FingersCompared).await;
            assert_eq!(desk.next().await.templates, []);
        }
        desk.consents(&carl, "2026-2").await;
        let step = if steps_before == 0 { made("zfm") } else { read("carl's left") };
        desk.says(&dialogue, step).await;
        assert_eq!(words(&desk.last(&dialogue).await), ("failed", "consent_lacks_comparing"));
    }
    assert_eq!(desk.kept().await, ["3/3"]);
    // Whoever consents while another is compared is compared with them, too.
    desk.consents(&carl, "2026-3").await;
    let dialogue = desk.start(&carl, "left_index", false).await;
    desk.says(&dialogue, made("zfm")).await;
    assert_eq!(desk.next().await.templates.len(), 2);
    desk.consents(&anna, "2026-3").await;
    desk.says(&dialogue, EnrolmentStep::FingersCompared).await;
    let next = desk.next().await;
    assert_eq!(desk.opened(&next), [(b"anna".to_vec(), false)]);
}

#[tokio::test]
async fn what_can_t_be_recorded_is_not_sent() {
    let server = TestServer::start().await;
    let mut desk = Desk::new(&server, &server.own).await;
    desk.choose("server", true).await.is(200);
    let (anna, ben) = (desk.person("1").await, desk.person("2").await);
    desk.enrol(&anna, "right_index", false, "anna").await;
    let dialogue = desk.start(&ben, "right_index", false).await;
    server
        .execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''full''; END'; \
             CREATE TRIGGER refuse BEFORE INSERT ON log_outbox FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        .await;
    desk.says(&dialogue, made("zfm")).await;
    assert_eq!(words(&desk.last(&dialogue).await), ("failed", "not_stored"));
    assert!(matches!(desk.hears().await, Some(FromServer::CancelEnrolment(id)) if id == dialogue.order.id));
    assert!(desk.heard.try_recv().is_err());
}

#[tokio::test]
async fn it_goes_on_lot_by_lot_with_a_new_end_each_time() {
    let server = TestServer::start().await;
    let mut desk = Desk::new(&server, &server.own).await;
    desk.choose("server", false).await.is(200);
    let positions = ["right_thumb", "right_index", "right_middle", "right_ring", "right_little", "left_thumb"];
    for number in 0..7 {
        let person = desk.person(&format!("{number}")).await;
        for position in positions {
            desk.enrol(&person, position, false, &format!("{number} {position}")).await;
        }
    }
    desk.choose("server", true).await.is(200);
    let anna = desk.person("anna").await;
    let dialogue = desk.start(&anna, "right_index", false).await;
    assert_eq!(dialogue.order.want, EnrolmentWant::ComparedFinger { captures: 3 });
    let began = crate::clock::now();
    let later = began + chrono::TimeDelta::seconds(100);
    let (state, tenant) = (&server.state, server.own.tenant);
    state.stations.step(state, tenant, desk.station, dialogue.order.id, made("zfm"), later).await;
    let first = desk.next().await;
    assert_eq!(first.templates.len(), FINGERS_COMPARED_AT_ONCE_MAX);
    let written = server.query("SELECT encode(event, 'hex') FROM log_outbox ORDER BY place DESC LIMIT 1").await;
    let written = canonical::decode::<Event>("event", &hex::decode(&written[0]).unwrap()).unwrap();
    let Event::FingersSent { fingers, .. } = written else { panic!("{written:?}") };
    assert!(fingers.iter().eq(first.templates.iter().map(|template| &template.finger)), "which they are");
    assert!(first.expires_at.since(dialogue.order.expires_at) > 90_000, "long after the first end");
    let shown = async |desk: &Desk<'_>| {
        let last = desk.last(&dialogue).await;
        assert_eq!((&last["step"], &last["to_compare"]), (&json!("comparing"), &json!(42)), "{last}");
        last["compared"].as_u64().unwrap()
    };
    assert_eq!(shown(&desk).await, 0);
    for compared in [1, 2, 2, 40] {
        desk.says(&dialogue, EnrolmentStep::Comparing { compared }).await;
        assert_eq!(shown(&desk).await, u64::from(compared).min(32), "no more than it has");
    }
    // One is enrolled at another desk meanwhile: it is compared as well.
    desk.says(&dialogue, EnrolmentStep::FingersCompared).await;
    let second = desk.next().await;
    assert_eq!((second.templates.len(), shown(&desk).await), (10, 32));
    let mut second_desk = Desk::new(&server, &server.own).await;
    let ben = desk.person("ben").await;
    assert_eq!(second_desk.enrol(&ben, "right_index", false, "ben").await.len(), 42);
    desk.says(&dialogue, EnrolmentStep::FingersCompared).await;
    let third = desk.next().await;
    assert_eq!(desk.opened(&third), [(b"ben".to_vec(), false)]);
    let all: HashSet<_> =
        [&first, &second, &third].iter().flat_map(|lot| lot.templates.iter().map(|one| one.finger)).collect();
    assert_eq!(all.len(), 43, "each once");
    desk.says(&dialogue, EnrolmentStep::FingersCompared).await;
    assert!(desk.next().await.templates.is_empty());
    // And one more that comes too late to be compared: nobody knows whether it is the same.
    let carl = desk.person("carl").await;
    assert_eq!(second_desk.enrol(&carl, "right_index", false, "carl").await.len(), 43);
    desk.says(&dialogue, read("anna")).await;
    assert_eq!(words(&desk.last(&dialogue).await), ("failed", "fingers_not_compared"));
    assert_eq!(desk.kept().await, ["44/44"]);
}

#[tokio::test]
async fn the_same_finger_is_not_stored_and_the_log_says_whose_it_is() {
    let server = TestServer::start().await;
    server.sequence();
    let mut desk = Desk::new(&server, &server.own).await;
    desk.choose("server", true).await.is(200);
    let (anna, ben) = (desk.person("1").await, desk.person("2").await);
    desk.enrol(&anna, "right_index", false, "anna").await;
    for (person, position, whose) in [(&ben, "right_index", "anothers_finger"), (&anna, "left_index", "own_finger")] {
        let dialogue = desk.start(person, position, false).await;
        desk.says(&dialogue, made("zfm")).await;
        let finger = desk.next().await.templates[0].finger;
        desk.says(&dialogue, EnrolmentStep::FingerSame { finger }).await;
        let last = desk.last(&dialogue).await;
        assert_eq!(words(&last), ("finger_in_use", whose));
        assert!(last["finger"].is_null() && !last.to_string().contains(&anna), "whose it is, the log says: {last}");
        // What comes after that is nobody's.
        desk.says(&dialogue, read("anna")).await;
        assert_eq!(desk.kept().await, ["1/1"]);
        let told = server.events("kind=finger_in_use").await;
        let told = told.last().unwrap();
        assert_eq!((&told["person_id"], &told["holder_id"]), (&json!(person), &json!(anna)));
        assert_eq!(told["author"], "server");
    }
    // Found by either of them.
    let of = async |person: &str| server.events(&format!("kind=finger_in_use&person_id={person}")).await.len();
    assert_eq!((of(&anna).await, of(&ben).await), (2, 1));
    // A finger that was not sent is no answer.
    let dialogue = desk.start(&ben, "right_index", false).await;
    desk.says(&dialogue, made("zfm")).await;
    desk.next().await;
    desk.says(&dialogue, EnrolmentStep::FingerSame { finger: FingerId::from_uuid(Uuid::now_v7()) }).await;
    assert_eq!(words(&desk.last(&dialogue).await), ("failed", "not_wanted"));
    assert_eq!((desk.kept().await, server.events("kind=finger_in_use").await.len()), (vec!["1/1".to_owned()], 2));
}

#[tokio::test]
async fn nothing_passes_for_compared_that_was_not() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let mut desk = Desk::new(&server, &server.own).await;
    desk.choose("server", false).await.is(200);
    let (anna, ben) = (desk.person("1").await, desk.person("2").await);
    desk.enrol(&anna, "right_index", false, "anna").await;
    // Begun before it was chosen.
    let dialogue = desk.start(&ben, "right_index", false).await;
    desk.choose("server", true).await.is(200);
    desk.says(&dialogue, read("ben")).await;
    assert_eq!(words(&desk.last(&dialogue).await), ("failed", "fingers_not_compared"));
    // Read without a word of the others, in the middle of them, of another sensor than was said, and twice made.
    let steps: [(Vec<EnrolmentStep>, &str); 4] = [
        (vec![read("ben")], "fingers_not_compared"),
        (vec![made("zfm"), read("ben")], "fingers_not_compared"),
        (vec![made("other"), read("ben")], "fingers_not_compared"),
        (vec![made("zfm"), EnrolmentStep::FingersCompared, made("other")], "not_wanted"),
    ];
    for (steps, why) in steps {
        let dialogue = desk.start(&ben, "right_index", false).await;
        for step in steps {
            desk.says(&dialogue, step).await;
        }
        assert_eq!(words(&desk.last(&dialogue).await), ("failed", why));
    }
    // Whatever fails at the station, and whoever cancels.
    let failed = EnrolmentStep::Failed { why: access_core::protocol::EnrolmentFault::NotComparable };
    let dialogue = desk.start(&ben, "right_index", false).await;
    desk.says(&dialogue, made("zfm")).await;
    desk.says(&dialogue, failed).await;
    assert_eq!(words(&desk.last(&dialogue).await), ("failed", "not_comparable"));
    let dialogue = desk.start(&ben, "right_index", false).await;
    desk.says(&dialogue, made("zfm")).await;
    let cancel = format!("/enrolments/{}/cancel", dialogue.order.id);
    server.call(admin, "POST", &cancel, Value::Null).await.is(200);
    desk.says(&dialogue, EnrolmentStep::FingersCompared).await;
    desk.says(&dialogue, read("ben")).await;
    assert_eq!(words(&desk.last(&dialogue).await), ("cancelled", ""));
    assert_eq!(desk.kept().await, ["1/1"]);
}

#[tokio::test]
async fn of_two_fingers_at_two_stations_at_once_one_is_compared_with_the_other_or_not_stored() {
    let server = TestServer::start().await;
    let (mut east, mut west) = (Desk::new(&server, &server.own).await, Desk::new(&server, &server.own).await);
    east.choose("server", true).await.is(200);
    let (anna, ben) = (east.person("1").await, east.person("2").await);
    let (annas, bens) = (east.start(&anna, "right_index", false).await, west.start(&ben, "right_index", false).await);
    for (desk, dialogue) in [(&mut east, &annas), (&mut west, &bens)] {
        desk.says(dialogue, made("zfm")).await;
        assert_eq!(desk.next().await.templates, [], "there is no other finger yet");
    }
    let mut elsewhere = server.superuser().await;
    let mut held = elsewhere.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(format!("fingers of tenant {}", server.own.tenant))
        .execute(&mut *held)
        .await
        .unwrap();
    let both_wait = async {
        let waiting = "SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        while server.query(waiting).await != ["2"] {}
        held.rollback().await.unwrap();
    };
    let at_once = async { tokio::join!(east.says(&annas, read("one")), west.says(&bens, read("one")), both_wait) };
    tokio::time::timeout(PATIENCE, Box::pin(at_once)).await.expect("both to be stored or not");
    let (annas, bens) = (east.last(&annas).await, west.last(&bens).await);
    let mut ends = [words(&annas), words(&bens)];
    ends.sort_unstable();
    assert_eq!(ends, [("done", ""), ("failed", "fingers_not_compared")]);
    assert_eq!(east.kept().await, ["1/1"]);
}
