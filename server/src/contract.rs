//! Every feature's routes, tried: allowed, denied, unknown, of another tenant, malformed; and what is left behind.

use access_core::event::ActKind;
use access_core::ids::AgentId;
use access_core::protocol::{EnrolmentStep, FromServer, SecretBytes};
use access_core::word::Word;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::testing::TestServer;

pub(crate) async fn site(server: &TestServer) -> String {
    let body = json!({ "name": "Plant", "time_zone": "Europe/Berlin" });
    server.call(&server.own.administrator, "POST", "/sites", body).await.is(201).id()
}

/// Lets cards be taken that are known by their UID alone, at a site of their own.
pub(crate) async fn weak_cards(server: &TestServer) {
    let body = json!({
        "name": "Old cards", "time_zone": "UTC", "accepts_uid_only": true, "accepts_uid_only_reason": "until June",
    });
    server.call(&server.own.administrator, "POST", "/sites", body).await.is(201);
}

/// Has templates kept on the server from now on.
pub(crate) async fn templates_on_server(server: &TestServer) {
    let admin = &server.own.administrator;
    let etag = server.call(admin, "GET", "/card-rules", Value::Null).await.is(200).etag.unwrap();
    let body = json!({
        "templates_on": "server", "takes_ev1": false, "leaves_factory_key": false, "reason": "cards without room",
    });
    server.change(admin, "PUT", "/card-rules", &etag, body).await.is(200);
}

pub(crate) async fn door(server: &TestServer, site: &str) -> String {
    let admin = &server.own.administrator;
    let mut areas = Vec::new();
    for name in ["Street", "Hall"] {
        let body = json!({ "site_id": site, "name": name });
        areas.push(server.call(admin, "POST", "/areas", body).await.is(201).id());
    }
    let body = json!({ "name": "Main", "site_id": site, "area_outside_id": areas[0], "area_inside_id": areas[1] });
    server.call(admin, "POST", "/doors", body).await.is(201).id()
}

fn anna(number: &str) -> Value {
    json!({
        "name": { "given": "Anna", "family": "Groß" }, "number": number,
        "document": { "kind": "passport", "seen_at": "2026-01-02T03:04:05Z" },
    })
}

pub(crate) async fn person(server: &TestServer, number: &str) -> String {
    server.call(&server.own.administrator, "POST", "/people", anna(number)).await.is(201).id()
}

pub(crate) async fn consent(server: &TestServer, person: &str) {
    let body = json!({ "kind": "consent", "consent_text_version": "2026-1", "given_at": "2026-01-02T03:04:05Z" });
    let path = format!("/people/{person}/legal-basis");
    server.call(&server.own.administrator, "PUT", &path, body).await.is(200);
}

/// What can be asked without a session: signing in, what stands behind a one-time link, and what outsiders may know.
const OPEN: [(&str, &str); 5] =
    [("POST", "/session"), ("POST", "/setup"), ("POST", "/setup/look"), ("GET", "/health"), ("GET", "/installation")];

#[tokio::test]
async fn nobody_does_anything_unasked() {
    let server = TestServer::start().await;
    let description = serde_json::to_value(crate::api::description()).unwrap();
    let nobody = Uuid::now_v7().to_string();
    let mut tried = 0;
    for (path, methods) in description["paths"].as_object().unwrap() {
        let path =
            path.replace("{id}", &nobody).replace("{position}", "1").replace("{number}", "1").replace("{level}", "1");
        for method in methods.as_object().unwrap().keys().map(|method| method.to_uppercase()) {
            if OPEN.contains(&(&*method, path.strip_prefix("/api/v1").unwrap())) {
                continue;
            }
            let request = |with_header: bool, cookie: &str| {
                let mut request =
                    Request::builder().method(&*method).uri(&path).header("cookie", format!("__Host-pforte={cookie}"));
                if with_header {
                    request = request.header("x-pforte", "1");
                }
                request.body(Body::empty()).unwrap()
            };
            server.raw(request(true, "")).await.problem(401, "unauthenticated");
            server.raw(request(true, "AAAA")).await.problem(401, "unauthenticated");
            if method != "GET" {
                server.raw(request(false, &server.own.administrator)).await.problem(403, "forbidden");
            }
            tried += 1;
        }
    }
    assert!(tried >= 35, "only {tried} operations are described");
    assert!(server.act_kinds().await.is_empty());
}

#[tokio::test]
async fn guards_read_and_do_not_change() {
    let server = TestServer::start().await;
    let guard = &server.own.guard;
    let site = site(&server).await;
    let door = door(&server, &site).await;
    let person = person(&server, "1").await;
    for path in [
        "/sites",
        "/areas",
        "/doors",
        "/schedules",
        "/access-levels",
        "/people",
        "/stations",
        "/consent-texts",
        "/groups",
        "/calendars",
        "/day-types",
    ] {
        server.call(guard, "GET", path, Value::Null).await.is(200);
    }
    let why = json!({ "reason": "because" });
    let cases = [
        ("POST", "/sites".to_owned(), json!({ "name": "X", "time_zone": "UTC" })),
        ("POST", "/areas".to_owned(), json!({ "name": "X", "site_id": site })),
        ("POST", "/schedules".to_owned(), json!({ "name": "X", "windows": [] })),
        (
            "POST",
            "/access-levels".to_owned(),
            json!({ "name": "X", "lines": [{ "places": [{ "kind": "door", "id": door }], "side": "in", "schedule_id": null }] }),
        ),
        ("POST", "/people".to_owned(), anna("2")),
        ("POST", format!("/people/{person}/deactivate"), why.clone()),
        ("DELETE", format!("/people/{person}/legal-basis"), why.clone()),
        ("POST", format!("/people/{person}/blocks"), why.clone()),
        ("POST", "/enrolments".to_owned(), json!({ "station_id": person, "person_id": person, "want": "card" })),
    ];
    for (method, path, body) in cases {
        server.call(guard, method, &path, body).await.problem(403, "forbidden");
    }
}

#[tokio::test]
async fn tenants_see_nothing_of_each_other() {
    let server = TestServer::start().await;
    let site = site(&server).await;
    let door = door(&server, &site).await;
    let person = person(&server, "1").await;
    let stranger = &server.other.administrator;
    for path in ["/sites", "/areas", "/doors", "/people", "/people?q=anna"] {
        let answer = server.call(stranger, "GET", path, Value::Null).await.is(200);
        assert_eq!(answer.json["items"], json!([]), "{path}");
    }
    let names = server.call(stranger, "POST", "/vault/names", json!({ "person_ids": [person] })).await.is(200);
    assert_eq!(names.json["items"], json!([]));
    server.call(stranger, "GET", &format!("/doors/{door}"), Value::Null).await.problem(404, "not_found");
    server.call(stranger, "GET", &format!("/people/{person}"), Value::Null).await.problem(404, "not_found");
    let why = json!({ "reason": "because" });
    for path in [format!("/people/{person}/deactivate"), format!("/people/{person}/blocks")] {
        server.call(stranger, "POST", &path, why.clone()).await.problem(404, "not_found");
    }
    server
        .change(stranger, "PATCH", &format!("/sites/{site}"), "\"1\"", json!({ "name": "X" }))
        .await
        .problem(404, "not_found");
    // An id of another tenant is no better than one that does not exist.
    let body = json!({ "site_id": site, "name": "Yard" });
    server.call(stranger, "POST", "/areas", body).await.problem(422, "invalid");
    let line = json!({ "name": "All", "lines": [{ "places": [{ "kind": "door", "id": door }], "side": "both", "schedule_id": null }] });
    server.call(stranger, "POST", "/access-levels", line).await.problem(422, "invalid");
    // The same number may be another's in another tenant.
    server.call(stranger, "POST", "/people", anna("1")).await.is(201);
}

#[tokio::test]
async fn places_change_with_their_version_only() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let site = site(&server).await;
    let door = door(&server, &site).await;
    let path = format!("/doors/{door}");
    let read = server.call(admin, "GET", &path, Value::Null).await.is(200);
    assert_eq!(read.json["factors_in"], "card_finger", "the strictest is the default");
    let etag = read.etag.unwrap();
    server.call(admin, "PATCH", &path, json!({ "release_ms": 3000 })).await.problem(428, "version_required");
    let changed = server.change(admin, "PATCH", &path, &etag, json!({ "release_ms": 3000 })).await.is(200);
    assert_eq!(changed.json["release_ms"], 3000);
    server.change(admin, "PATCH", &path, &etag, json!({ "release_ms": 4000 })).await.problem(412, "changed_meanwhile");
    let etag = changed.etag.unwrap();
    for body in [
        json!({ "release_ms": 0 }),
        json!({ "release_ms": 60001 }),
        json!({ "factors_in": "nothing" }),
        json!({ "area_inside_id": Uuid::nil() }),
        json!({ "colour": "red" }),
    ] {
        server.change(admin, "PATCH", &path, &etag, body).await.problem(422, "invalid");
    }
    let body = json!({ "name": "Plant 2", "time_zone": "Europe/Nowhere" });
    let wrong = server.call(admin, "POST", "/sites", body).await.problem(422, "invalid");
    assert_eq!(wrong.json["errors"][0]["field"], "time_zone");
    let body = json!({ "name": "Plant", "time_zone": "UTC" });
    server.call(admin, "POST", "/sites", body).await.problem(409, "name_taken");
    let site_path = format!("/sites/{site}");
    let loosen = json!({ "accepts_uid_only": true });
    server.change(admin, "PATCH", &site_path, "\"1\"", loosen).await.problem(422, "invalid");
    let loosen = json!({ "accepts_uid_only": true, "accepts_uid_only_reason": "old cards until June" });
    server.change(admin, "PATCH", &site_path, "\"1\"", loosen).await.is(200);
    server.call(admin, "GET", "/doors/none", Value::Null).await.problem(400, "malformed");
    use ActKind::{Changed, Created};
    assert_eq!(server.act_kinds().await, [Created, Created, Created, Created, Changed, Changed]);
}

#[tokio::test]
async fn access_is_granted_blocked_and_taken_back() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let site = site(&server).await;
    let door = door(&server, &site).await;
    let windows = json!([{ "days": ["mon", "fri"], "day_types": [], "from": "22:00", "to": "06:00" }]);
    let body = json!({ "name": "Nights", "windows": windows });
    let schedule = server.call(admin, "POST", "/schedules", body).await.is(201);
    assert_eq!(schedule.json["windows"], windows);
    let wrong = json!({ "name": "Odd", "windows": [{ "days": [], "from": "22:00", "to": "06:00" }] });
    server.call(admin, "POST", "/schedules", wrong).await.problem(422, "invalid");
    let lines = json!([{ "places": [{ "kind": "door", "id": door }], "side": "both", "schedule_id": schedule.id(), "factors": null }]);
    let level = server.call(admin, "POST", "/access-levels", json!({ "name": "Hall", "lines": lines })).await.is(201);
    assert_eq!(level.json["lines"], lines);
    let path = format!("/schedules/{}", schedule.id());
    server.change(admin, "DELETE", &path, "\"1\"", Value::Null).await.problem(409, "in_use");

    let person = person(&server, "1").await;
    let grants = format!("/people/{person}/grants");
    let endless = json!({ "level_id": level.id(), "valid_from": "2026-01-01T00:00:00Z" });
    server.call(admin, "POST", &grants, endless).await.problem(422, "invalid");
    let nothing =
        json!({ "level_id": door, "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2999-01-01T00:00:00Z" });
    server.call(admin, "POST", &grants, nothing).await.problem(422, "invalid");
    // Wholly in the past it would open nothing, whatever it looks like.
    let over =
        json!({ "level_id": level.id(), "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2026-01-02T00:00:00Z" });
    let refused = server.call(admin, "POST", &grants, over).await.problem(422, "invalid");
    assert_eq!(refused.json["errors"][0], json!({ "field": "valid_until", "message": "must be in the future" }));
    let body =
        json!({ "level_id": level.id(), "valid_from": "2026-01-01T00:00:00Z", "no_end_reason": "permanent staff" });
    let grant = server.call(admin, "POST", &grants, body).await.is(201);
    assert_eq!(grant.json["state"], "current");
    grants_change_their_period(&server, &grant.json).await;
    let why = json!({ "reason": "left the company" });
    let revoke = format!("/grants/{}/revoke", grant.id());
    server.call(admin, "POST", &revoke, json!({ "reason": " " })).await.problem(422, "invalid");
    assert_eq!(server.call(admin, "POST", &revoke, why.clone()).await.is(200).json["state"], "revoked");
    server.call(admin, "POST", &revoke, why.clone()).await.problem(409, "already_revoked");
    let late = json!({ "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2999-01-01T00:00:00Z" });
    let path = format!("/grants/{}", grant.id());
    server.change(admin, "PATCH", &path, "\"4\"", late).await.problem(409, "already_revoked");

    let block = server.call(admin, "POST", &format!("/people/{person}/blocks"), why.clone()).await.is(201);
    let detail = server.call(admin, "GET", &format!("/people/{person}"), Value::Null).await.is(200);
    assert_eq!(detail.json["blocks"][0]["state"], "current");
    let lift = format!("/blocks/{}/lift", block.id());
    assert_eq!(server.call(admin, "POST", &lift, why).await.is(200).json["state"], "revoked");

    let moved = server.query("SELECT version::text FROM policy_versions ORDER BY version DESC").await;
    let kept = server.query("SELECT count(DISTINCT version)::text FROM policy_history").await;
    assert_eq!(moved[0], kept[0], "every version of the rules has its history");
    let told = server
        .query("SELECT count(*)::text FROM policy_history WHERE before::text || after::text LIKE '%permanent staff%'")
        .await;
    assert_eq!(told[0], "0", "history holds no free text");
    let unnamed = server.query("SELECT count(*)::text FROM policy_history WHERE operator_id IS NULL").await;
    assert_eq!(unnamed[0], "0", "every change has its operator");
}

async fn grants_change_their_period(server: &TestServer, grant: &Value) {
    let admin = &server.own.administrator;
    let path = format!("/grants/{}", grant["id"].as_str().unwrap());
    let until = |until: &str| json!({ "valid_from": "2026-01-01T00:00:00Z", "valid_until": until });
    let ends = until("2998-01-01T00:00:00Z");
    assert_eq!(grant["version"], 1);
    server.call(admin, "PATCH", &path, ends.clone()).await.problem(428, "version_required");
    server.change(&server.own.guard, "PATCH", &path, "\"1\"", ends.clone()).await.problem(403, "forbidden");
    let stranger = &server.other.administrator;
    server.change(stranger, "PATCH", &path, "\"1\"", ends.clone()).await.problem(404, "not_found");
    let changed = server.change(admin, "PATCH", &path, "\"1\"", ends.clone()).await.is(200);
    assert_eq!((&changed.json["state"], &changed.json["no_end_reason"]), (&json!("current"), &Value::Null));
    assert_eq!(changed.json["valid_until"], "2998-01-01T00:00:00Z");
    server.change(admin, "PATCH", &path, "\"1\"", ends).await.problem(412, "changed_meanwhile");
    let past = until("2026-01-02T00:00:00Z");
    let endless = json!({ "valid_from": "2026-01-01T00:00:00Z" });
    for (body, field) in [(past, "valid_until"), (endless, "no_end_reason")] {
        let refused = server.change(admin, "PATCH", &path, "\"2\"", body.clone()).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["field"], field, "{body}");
    }
    let rules = server.call(admin, "GET", "/tenant-rules", Value::Null).await.is(200);
    let mut longest = rules.json.clone();
    longest.as_object_mut().unwrap().remove("version");
    longest["grant_days_max"] = json!(365);
    longest["reason"] = json!("a year at most");
    let etag = rules.etag.unwrap();
    let limited = server.change(admin, "PUT", "/tenant-rules", &etag, longest.clone()).await.is(200);
    let refused = server.change(admin, "PATCH", &path, "\"2\"", until("2999-01-01T00:00:00Z")).await;
    assert_eq!(refused.problem(422, "invalid").json["errors"][0]["field"], "valid_until");
    longest["grant_days_max"] = Value::Null;
    server.change(admin, "PUT", "/tenant-rules", &limited.etag.unwrap(), longest).await.is(200);
    let endless = json!({ "valid_from": "2026-01-01T00:00:00Z", "no_end_reason": "permanent staff" });
    server.change(admin, "PATCH", &path, "\"2\"", endless).await.is(200);
    let acts = server.acts().await;
    let last = acts.last().unwrap();
    assert!(last.kind == ActKind::Changed && last.before.is_some() && last.after.is_some() && last.reason.is_some());
}

#[tokio::test]
async fn names_are_found_sealed_and_each_look_is_an_act() {
    let server = TestServer::start().await;
    let (admin, guard) = (&server.own.administrator, &server.own.guard);
    let first = person(&server, "A-17").await;
    server.call(admin, "POST", "/people", anna("a-17")).await.problem(409, "number_taken");
    let nameless = json!({ "name": { "given": "", "family": "x" }, "number": null, "document": { "kind": "other", "seen_at": "2026-01-02T03:04:05Z" } });
    server.call(admin, "POST", "/people", nameless).await.problem(422, "invalid");
    for number in ["2", "3"] {
        person(&server, number).await;
    }
    let found = server.call(guard, "GET", "/people?q=gross%20a-17", Value::Null).await.is(200);
    assert_eq!(found.json["items"][0]["id"], json!(first));
    assert_eq!(found.json["items"][0]["missing"], json!(["card", "access", "legal_basis"]));

    let page = server.call(guard, "GET", "/people?limit=2", Value::Null).await.is(200);
    let cursor = page.json["next"].as_str().unwrap().to_owned();
    let rest = server.call(guard, "GET", &format!("/people?limit=2&cursor={cursor}"), Value::Null).await.is(200);
    assert_eq!((rest.json["items"].as_array().unwrap().len(), &rest.json["next"]), (1, &Value::Null));
    assert_eq!(rest.json["items"][0]["id"], json!(first));
    server.call(guard, "GET", "/people?cursor=none", Value::Null).await.problem(400, "malformed");
    server.call(guard, "GET", "/people?limit=0", Value::Null).await.problem(422, "invalid");

    let before = server.act_kinds().await.len();
    server.call(guard, "POST", "/vault/names", json!({ "person_ids": [first] })).await.is(200);
    let acts = server.acts().await;
    assert_eq!(acts.len(), before + 1);
    assert_eq!(acts.last().unwrap().kind, ActKind::Viewed);

    let path = format!("/people/{first}");
    let etag = server.call(admin, "GET", &path, Value::Null).await.etag.unwrap();
    let renamed = json!({ "name": { "given": "Berta", "family": "Klein" } });
    server.change(admin, "PATCH", &path, &etag, renamed.clone()).await.is(200);
    server.change(admin, "PATCH", &path, &etag, renamed).await.problem(412, "changed_meanwhile");
    let found = server.call(guard, "GET", "/people?q=berta", Value::Null).await;
    assert_eq!(found.json["items"][0]["id"], json!(first));
    let index = crate::vault::build_index(&server.state.db, &server.state.keys, server.own.tenant).await.unwrap();
    assert_eq!(index.search(server.own.tenant, "anna").len(), 2, "the index can be built anew");

    // Neither names nor numbers lie anywhere in clear; the ordinary role can't even look.
    for (schema, table) in
        [("vault", "identities"), ("public", "log_contents"), ("public", "log_outbox"), ("public", "policy_history")]
    {
        for clear in ["Anna", "Berta", "A-17"] {
            let told = server
                .query(&format!("SELECT count(*)::text FROM {schema}.{table} t WHERE position(encode('{clear}', 'hex') in t::text) > 0 OR t::text LIKE '%{clear}%'"))
                .await;
            assert_eq!(told[0], "0", "{schema}.{table} tells {clear}");
        }
    }
    let mut tx = server.state.db.begin(server.own.tenant, None).await.unwrap();
    assert!(sqlx::query("SELECT FROM vault.identities").execute(&mut *tx).await.is_err());
}

#[tokio::test]
async fn photos_are_rewritten_and_sealed() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let person = person(&server, "1").await;
    let path = format!("/people/{person}/photo");
    let upload = |cookie: &str, person: &str, bytes: Vec<u8>| {
        Request::builder()
            .method("PUT")
            .uri(format!("/api/v1/people/{person}/photo"))
            .header("cookie", format!("__Host-pforte={cookie}"))
            .header("x-pforte", "1")
            .body(Body::from(bytes))
            .unwrap()
    };
    let mut png = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(600, 300).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let png = png.into_inner();
    server.call(admin, "GET", &path, Value::Null).await.problem(404, "not_found");
    server.raw(upload(&server.own.guard, &person, png.clone())).await.problem(403, "forbidden");
    server.raw(upload(&server.other.administrator, &person, png.clone())).await.problem(404, "not_found");
    server.raw(upload(admin, &person, b"not a picture".to_vec())).await.problem(422, "invalid");
    server.raw(upload(admin, &person, vec![0; 4 * 1024 * 1024 + 1])).await.problem(413, "too_large");
    server.raw(upload(admin, &person, png)).await.is(204);
    let kept = server.call(&server.own.guard, "GET", &path, Value::Null).await.is(200);
    let picture = image::load_from_memory_with_format(&kept.bytes, image::ImageFormat::Jpeg).unwrap();
    assert_eq!((picture.width(), picture.height()), (512, 256));
    let lies_in_clear =
        server.query("SELECT (position('\\xffd8ff'::bytea in sealed) > 0)::text FROM vault.photos").await;
    assert_eq!(lies_in_clear, ["false"]);
    server.call(admin, "DELETE", &path, Value::Null).await.is(204);
    server.call(admin, "GET", &path, Value::Null).await.problem(404, "not_found");
}

pub(crate) struct Desk {
    pub(crate) station: AgentId,
    pub(crate) orders: mpsc::Receiver<FromServer>,
    _linked: crate::enrolment::Linked,
}

pub(crate) async fn desk(server: &TestServer) -> Desk {
    let station = AgentId::from_uuid(Uuid::now_v7());
    let mut tx = server.state.db.begin(server.own.tenant, None).await.unwrap();
    let joined = "INSERT INTO agents (tenant_id, id, name, kind, state, record_key, sealing_key) \
                  VALUES ($1, $2, 'Desk', 'station', 'joined', $3, $3)";
    sqlx::query(joined)
        .bind(server.own.tenant.as_uuid())
        .bind(station.as_uuid())
        .bind([1_u8; 32].as_slice())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let (link, orders) = mpsc::channel(8);
    let linked = server.state.stations.link(server.own.tenant, station, link);
    Desk { station, orders, _linked: linked }
}

pub(crate) async fn enrol(
    server: &TestServer,
    desk: &mut Desk,
    person: &str,
    want: Value,
    result: EnrolmentStep,
) -> Value {
    let body = json!({ "station_id": desk.station, "person_id": person, "want": want });
    let started = server.call(&server.own.administrator, "POST", "/enrolments", body.clone()).await.is(201);
    server.call(&server.own.administrator, "POST", "/enrolments", body).await.problem(409, "station_busy");
    let Some(FromServer::Enrol(order)) = desk.orders.recv().await else { panic!("no order") };
    assert_eq!(order.id.to_string(), started.id());
    let (tenant, now) = (server.own.tenant, crate::clock::now());
    server.state.stations.step(&server.state, tenant, desk.station, order.id, result, now).await;
    // The stream of an ended dialogue is whole, and ends.
    let steps = server
        .call(&server.own.administrator, "GET", &format!("/enrolments/{}/steps", started.id()), Value::Null)
        .await
        .is(200);
    let text = String::from_utf8(steps.bytes).unwrap();
    let last = text.lines().filter_map(|line| line.strip_prefix("data: ")).next_back().unwrap().to_owned();
    serde_json::from_str(&last).unwrap()
}

#[tokio::test]
async fn a_card_is_one_persons() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let (first, second) = (person(&server, "1").await, person(&server, "2").await);
    let offline = json!({ "station_id": Uuid::now_v7(), "person_id": first, "want": "card" });
    server.call(admin, "POST", "/enrolments", offline).await.problem(409, "station_offline");
    let mut desk = desk(&server).await;
    let early = EnrolmentStep::CardRead { uid: SecretBytes(vec![0x04, 0xa1, 0xb2, 0xc3]) };
    let refused = enrol(&server, &mut desk, &first, json!("card"), early).await;
    assert_eq!((&refused["step"], &refused["reason"]), (&json!("failed"), &json!("weak_cards_off")));
    weak_cards(&server).await;
    let listed = server.call(admin, "GET", "/stations", Value::Null).await;
    assert_eq!(listed.json["items"][0]["state"], "online");
    let read = || EnrolmentStep::CardRead { uid: SecretBytes(vec![0x04, 0xa1, 0xb2, 0xc3]) };
    let done = enrol(&server, &mut desk, &first, json!("card"), read()).await;
    assert_eq!((&done["step"], &done["credential"]["label"]), (&json!("done"), &json!("…B2C3")));
    let again = enrol(&server, &mut desk, &second, json!("card"), read()).await;
    assert_eq!(again["step"], "card_in_use");
    let odd =
        enrol(&server, &mut desk, &second, json!("card"), EnrolmentStep::CardRead { uid: SecretBytes(vec![1]) }).await;
    assert_eq!((&odd["step"], &odd["reason"]), (&json!("failed"), &json!("card_unreadable")));

    let id = done["credential"]["id"].as_str().unwrap();
    let lost = json!({ "state": "lost", "reason": "on the train" });
    let state = format!("/credentials/{id}/state");
    server.call(&server.own.guard, "POST", &state, lost.clone()).await.problem(403, "forbidden");
    server.call(&server.other.administrator, "POST", &state, lost.clone()).await.problem(404, "not_found");
    let changed = server.call(admin, "POST", &state, lost).await.is(200);
    let period = json!({ "valid_from": "2026-02-01T00:00:00Z", "valid_until": "2026-01-01T00:00:00Z" });
    let path = format!("/credentials/{id}");
    let etag = changed.etag.unwrap();
    server.change(admin, "PATCH", &path, &etag, period).await.problem(422, "invalid");
    // To end is no loosening; to begin sooner and to last longer are.
    let until = |year: &str| json!({ "valid_from": changed.json["valid_from"], "valid_until": format!("{year}-01-01T00:00:00Z") });
    let ends = server.change(admin, "PATCH", &path, &etag, until("2998")).await.is(200);
    server.change(admin, "PATCH", &path, &etag, until("2997")).await.problem(412, "changed_meanwhile");
    let etag = ends.etag.unwrap();
    let sooner = json!({ "valid_from": "2020-01-01T00:00:00Z", "valid_until": "2998-01-01T00:00:00Z" });
    let endless = json!({ "valid_from": changed.json["valid_from"], "valid_until": null });
    for loosened in [until("2999"), sooner, endless] {
        let refused = server.change(admin, "PATCH", &path, &etag, loosened.clone()).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["field"], "reason", "{loosened}");
    }
    let mut longer = until("2999");
    longer["reason"] = json!("the project goes on");
    server.change(admin, "PATCH", &path, &etag, longer).await.is(200);
    let acts = server.acts().await;
    let last = acts.last().unwrap();
    assert!(last.before.is_some() && last.after.is_some() && last.reason.is_some(), "{last:?}");
    let clear = server
        .query("SELECT count(*)::text FROM vault.card_uids WHERE position('\\x04a1b2c3'::bytea in sealed) > 0")
        .await;
    assert_eq!(clear, ["0"]);
}

#[tokio::test]
async fn a_dialogue_is_known_to_administrators_and_stopped_by_an_act() {
    let server = TestServer::start().await;
    let (admin, guard) = (&server.own.administrator, &server.own.guard);
    let ada = person(&server, "1").await;
    let mut desk = desk(&server).await;
    let body = json!({ "station_id": desk.station, "person_id": ada, "want": "card" });
    let started = server.call(admin, "POST", "/enrolments", body.clone()).await.is(201);
    let Some(FromServer::Enrol(order)) = desk.orders.recv().await else { panic!("no order") };

    let busy = server.call(admin, "GET", "/stations", Value::Null).await.is(200);
    let running = &busy.json["items"][0]["dialogue"];
    assert_eq!((&running["id"], &running["person_id"]), (&json!(started.id()), &json!(ada)));
    assert_eq!((&running["want"], &running["operator_id"]), (&json!("card"), &started.json["operator_id"]));
    let seen = server.call(guard, "GET", "/stations", Value::Null).await.is(200);
    assert_eq!((&seen.json["items"][0]["state"], &seen.json["items"][0]["dialogue"]), (&json!("busy"), &Value::Null));

    let cancel = format!("/enrolments/{}/cancel", started.id());
    server.call(guard, "POST", &cancel, Value::Null).await.problem(403, "forbidden");
    server.call(&server.other.administrator, "POST", &cancel, Value::Null).await.problem(404, "not_found");
    let stopped = server.call(admin, "POST", &cancel, Value::Null).await.is(200);
    assert_eq!(stopped.json["last"]["step"], "cancelled");
    assert!(matches!(desk.orders.recv().await, Some(FromServer::CancelEnrolment(id)) if id == order.id));
    server.call(admin, "POST", &cancel, Value::Null).await.is(200);
    let acts = server.act_kinds().await;
    assert_eq!(acts[acts.len() - 2..], [ActKind::EnrolmentStarted, ActKind::EnrolmentStopped], "once");

    // A card that comes after that is nobody's.
    let read = EnrolmentStep::CardRead { uid: SecretBytes(vec![0x04, 0xa1, 0xb2, 0xc3]) };
    let now = crate::clock::now();
    server.state.stations.step(&server.state, server.own.tenant, desk.station, order.id, read, now).await;
    assert_eq!(server.query("SELECT count(*)::text FROM credentials").await, ["0"]);
}

#[tokio::test]
async fn a_finger_needs_consent_and_goes_with_it() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let person = person(&server, "1").await;
    let mut desk = desk(&server).await;
    let want = json!({ "finger": { "position": "right_index" } });
    templates_on_server(&server).await;
    let early = json!({ "station_id": desk.station, "person_id": person, "want": want });
    server.call(admin, "POST", "/enrolments", early).await.problem(409, "legal_basis_missing");
    let basis = format!("/people/{person}/legal-basis");
    let unknown = json!({ "kind": "consent", "consent_text_version": "1999-1", "given_at": "2026-01-02T03:04:05Z" });
    server.call(admin, "PUT", &basis, unknown).await.problem(422, "invalid");
    consent(&server, &person).await;

    let template = b"template of a finger".to_vec();
    let read = || EnrolmentStep::FingerRead {
        template: SecretBytes(template.clone()),
        sensor_type: "zfm20".to_owned(),
        quality: 88,
    };
    let done = enrol(&server, &mut desk, &person, want.clone(), read()).await;
    assert_eq!((&done["step"], &done["finger"]["quality"]), (&json!("done"), &json!(88)));
    assert!(!done.to_string().contains("template of"));
    let fingers = [done["finger"]["id"].as_str().unwrap().parse::<Uuid>().unwrap()];
    let mut tx = server.state.db.begin_vault(server.own.tenant, None).await.unwrap();
    let kept = crate::vault::templates_of(&server.state.keys, &mut tx, &fingers).await.unwrap();
    assert_eq!(*kept[0].template, template);
    drop(tx);

    server.call(admin, "DELETE", &basis, json!({ "reason": "asked by letter" })).await.is(204);
    let left = server.query("SELECT (SELECT count(*) FROM vault.templates)::text || (SELECT count(*) FROM fingers)::text || (SELECT count(*) FROM vault.person_keys WHERE purpose = 'template')::text").await;
    assert_eq!(left, ["000"]);
    let acts = server.act_kinds().await;
    assert_eq!(acts.last(), Some(&ActKind::LegalBasisWithdrawn));

    // Withdrawn while the finger lies on the sensor: nothing is kept.
    consent(&server, &person).await;
    let body = json!({ "station_id": desk.station, "person_id": person, "want": want });
    let started = server.call(admin, "POST", "/enrolments", body).await.is(201);
    server.call(admin, "DELETE", &basis, json!({ "reason": "changed their mind" })).await.is(204);
    let id = started.id().parse().unwrap();
    server.state.stations.step(&server.state, server.own.tenant, desk.station, id, read(), crate::clock::now()).await;
    let ended = server.call(admin, "GET", &format!("/enrolments/{}", started.id()), Value::Null).await.is(200);
    assert_eq!(ended.json["last"]["reason"], "legal_basis_missing");
}

#[tokio::test]
async fn every_table_is_a_tenants_and_every_word_is_known() {
    let server = TestServer::start().await;
    let loose = server
        .query(
            "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'vault') AND c.relname NOT IN ('_sqlx_migrations', 'installation') \
             AND NOT (c.relrowsecurity AND c.relforcerowsecurity \
                 AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) \
                 AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnotnull))",
        )
        .await;
    assert_eq!(loose, Vec::<String>::new(), "tables without forced row security by tenant");
    let single = server
        .query(
            "SELECT conname::text FROM pg_constraint f WHERE contype = 'f' AND confrelid <> 'tenants'::regclass \
             AND NOT EXISTS (SELECT FROM unnest(f.conkey) k JOIN pg_attribute a ON a.attrelid = f.conrelid \
                 AND a.attnum = k WHERE a.attname = 'tenant_id')",
        )
        .await;
    assert_eq!(single, Vec::<String>::new(), "foreign keys without the tenant");

    fn words<W: Word>() -> Vec<&'static str> {
        W::ALL.iter().map(|word| word.as_str()).collect()
    }
    use access_core::attempt::Assurance;
    use access_core::policy::{
        Alone, CredentialState, DoorMode, ExemptionGround, Exit, FactorDemand, Side, Sides, WaivableRule,
    };
    use access_core::protocol::AgentKind;
    let vocabularies = [
        ("doors_factors_in_words", words::<FactorDemand>()),
        ("doors_factors_out_words", words::<FactorDemand>()),
        ("doors_exit_words", words::<Exit>()),
        ("access_level_lines_sides_words", words::<Sides>()),
        ("access_level_lines_factors_words", words::<FactorDemand>()),
        ("access_level_line_places_kind_words", words::<crate::access::PlaceKind>()),
        ("areas_anti_passback_words", words::<crate::sites::AntiPassbackKind>()),
        ("threat_level_places_kind_words", words::<crate::access::PlaceKind>()),
        ("blocks_place_kind_words", words::<crate::access::PlaceKind>()),
        ("door_mode_lines_mode_words", words::<DoorMode>()),
        ("door_factor_lines_side_words", words::<Side>()),
        ("door_factor_lines_factors_words", words::<FactorDemand>()),
        ("threat_levels_factors_words", words::<FactorDemand>()),
        ("tenant_rules_alone_travel_words", words::<Alone>()),
        ("tenant_rules_alone_anti_passback_words", words::<Alone>()),
        ("tenant_rules_alone_occupancy_words", words::<Alone>()),
        ("tenant_rules_alone_two_person_words", words::<Alone>()),
        ("tenant_rules_waived_words", words::<WaivableRule>()),
        ("card_rules_templates_on_words", words::<crate::cards::TemplatesOn>()),
        ("card_chips_messaging_words", words::<access_core::protocol::CardMessaging>()),
        ("persons_exemption_ground_words", words::<ExemptionGround>()),
        ("credentials_state_words", words::<CredentialState>()),
        ("credentials_strength_words", words::<Assurance>()),
        ("persons_state_words", words::<crate::people::PersonState>()),
        ("legal_bases_kind_words", words::<crate::people::LegalBasisKind>()),
        ("fingers_position_words", words::<crate::fingers::FingerPosition>()),
        ("operators_role_words", words::<crate::auth::Role>()),
        ("agents_kind_words", words::<AgentKind>()),
        ("person_keys_purpose_words", words::<crate::vault::KeyPurpose>()),
        ("agents_journal_fault_words", words::<access_core::event::JournalFault>()),
        ("agents_state_words", words::<crate::agents::Standing>()),
        ("operators_state_words", words::<crate::operators::OperatorState>()),
        ("setup_links_purpose_words", words::<crate::operators::SetupPurpose>()),
        ("installation_mode_words", words::<access_core::protocol::InstallationMode>()),
        ("log_events_outcome_words", words::<crate::events::Outcome>()),
        ("device_states_device_words", words::<access_core::event::Device>()),
        ("device_states_side_words", words::<Side>()),
        ("device_states_state_words", words::<access_core::event::DeviceState>()),
    ];
    let mut listed =
        server.query("SELECT conname::text FROM pg_constraint WHERE conname LIKE '%\\_words' ORDER BY conname").await;
    listed.retain(|constraint| !vocabularies.iter().any(|(known, _)| known == constraint));
    assert_eq!(listed, Vec::<String>::new(), "vocabularies of the schema that this test does not know");
    for (constraint, expected) in vocabularies {
        let check = server
            .query(&format!("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '{constraint}'"))
            .await;
        let listed: Vec<&str> = check[0].split('\'').skip(1).step_by(2).collect();
        assert_eq!(listed, expected, "{constraint}");
    }
}
