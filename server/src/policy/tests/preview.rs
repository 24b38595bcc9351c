//! Previews.

use access_core::word::Word as _;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::unpreviewed::NOT_PREVIEWED;
use super::world::{self, World};
use crate::auth::{Actor, Role};
use crate::policy::preview::{ChangeKind, try_out};
use crate::testing::{Answer, PATIENCE, TestServer};

async fn preview(server: &TestServer, changes: Value) -> Answer {
    let monday = world::monday();
    let body = json!({ "changes": changes, "from": monday, "until": monday + TimeDelta::days(7) });
    server.call(&server.own.administrator, "POST", "/policy/preview", body).await
}

/// Everything that a preview must leave as it was.
async fn untouched(server: &TestServer) -> Vec<String> {
    let mut all = Vec::new();
    for what in [
        "SELECT version::text FROM policy_versions ORDER BY tenant_id",
        "SELECT count(*)::text FROM policy_history",
        "SELECT count(*)::text FROM log_outbox",
        "SELECT count(*)::text FROM log_contents",
        "SELECT count(*)::text FROM grants",
        "SELECT state FROM persons ORDER BY id",
    ] {
        all.extend(server.query(what).await);
    }
    all
}

#[tokio::test]
async fn a_preview_tells_who_gains_and_loses_and_saves_nothing() {
    let server = TestServer::start().await;
    let world = World::make(&server).await;
    let before = untouched(&server).await;

    // Anna has the level that opens at office hours; Berta gains it, Anna's hours shrink.
    let monday = world::monday();
    let wednesday = monday + TimeDelta::days(2);
    let grant =
        json!({ "level_id": world.level, "valid_from": wednesday, "valid_until": monday + TimeDelta::days(700) });
    let windows = json!([{ "days": ["mon"], "from": "08:00", "to": "12:00" }]);
    let changes = json!([
        { "kind": "grant_create", "id": world.berta, "body": grant },
        { "kind": "schedule_replace", "id": world.schedule, "version": 1, "body": { "name": "Office", "windows": windows } },
    ]);
    let told = preview(&server, changes).await.is(200).json;
    // Berta's grant begins on a Wednesday, and only Mondays are left: she gains nothing within this week.
    assert_eq!(told["counts"], json!({ "persons_gaining": 0, "persons_losing": 1, "gained": 0, "lost": 2 }), "{told}");
    let group = &told["groups"][0];
    assert_eq!((&group["person_ids"], &group["persons_count"]), (&json!([world.anna]), &json!(1)));
    assert_eq!(group["doors"][0]["door_id"], json!(world.door));
    // Monday keeps 8 to 12 of 7 to 19 o'clock.
    let lost = group["doors"][0]["lost"].as_array().unwrap();
    assert_eq!(lost[0], json!({ "from": monday + TimeDelta::hours(7), "until": monday + TimeDelta::hours(8) }));
    assert_eq!(lost.len(), 6, "{told}");
    let kinds: Vec<_> = told["rules"].as_array().unwrap().iter().map(|rule| rule["kind"].clone()).collect();
    assert_eq!(kinds, [json!("schedule"), json!("grant")]);
    let hours = |days: Value, from: &str, to: &str| json!([{ "parts": [{ "window": { "days": days, "day_types": [], "from": from, "to": to } }] }]);
    let was = hours(json!(["mon", "tue", "wed", "thu", "fri"]), "07:00", "19:00");
    let windows = json!([{ "field": "windows", "before": was, "after": hours(json!(["mon"]), "08:00", "12:00") }]);
    assert_eq!((&told["rules"][0]["facts"], &told["rules"][0]["name"]), (&windows, &json!("Office")), "{told}");
    assert_eq!((&told["rules"][1]["fate"], &told["rules"][1]["name"]), (&json!("added"), &json!("Staff")), "{told}");

    let gained = preview(&server, json!([{ "kind": "grant_create", "id": world.berta, "body": grant }])).await.is(200);
    assert_eq!(gained.json["counts"]["persons_gaining"], 1);
    let revoke = json!([{ "kind": "grant_revoke", "id": world.grant, "body": { "reason": "moved" } }]);
    assert_eq!(preview(&server, revoke).await.is(200).json["counts"]["lost"], 2);
    let block =
        json!([{ "kind": "block_create", "id": world.anna, "body": { "reason": "card gone", "valid_from": monday } }]);
    assert_eq!(preview(&server, block).await.is(200).json["counts"]["lost"], 2);
    let out = json!([{ "kind": "person_deactivate", "id": world.anna, "body": { "reason": "left" } }]);
    assert_eq!(preview(&server, out.clone()).await.is(200).json["counts"]["persons_losing"], 1);
    let and_back = json!([out[0], { "kind": "person_activate", "id": world.anna, "body": { "reason": "back" } }]);
    let nothing = preview(&server, and_back).await.is(200).json;
    assert_eq!((&nothing["counts"]["lost"], nothing["rules"].as_array().unwrap().len()), (&json!(0), 0));

    assert_eq!(untouched(&server).await, before);
    // And what it said comes true.
    let saved = server.call(&server.own.administrator, "POST", &format!("/people/{}/grants", world.berta), grant).await;
    saved.is(201);
}

#[tokio::test]
async fn a_preview_refuses_what_saving_would_refuse() {
    let server = TestServer::start().await;
    let world = World::make(&server).await;
    let revoke = |id: &str| json!([{ "kind": "grant_revoke", "id": id, "body": { "reason": "moved" } }]);
    let body = json!({ "changes": revoke(&world.grant) });
    server.call(&server.own.guard, "POST", "/policy/preview", body.clone()).await.problem(403, "forbidden");
    server.call("", "POST", "/policy/preview", body.clone()).await.problem(401, "unauthenticated");
    let other =
        server.call(&server.other.administrator, "POST", "/policy/preview", body).await.problem(404, "not_found");
    assert_eq!(other.json["detail"], "changes[0]: There is no such grant.");

    let unknown = preview(&server, json!([{ "kind": "grant_steal" }])).await.problem(422, "invalid");
    assert_eq!(unknown.json["errors"][0]["field"], "changes[0].kind");
    assert!(unknown.json["errors"][0]["message"].as_str().unwrap().contains("`grant_steal` is not one of site_create"));
    preview(&server, json!([])).await.problem(422, "invalid");
    let no_id = preview(&server, json!([{ "kind": "grant_revoke" }])).await.problem(422, "invalid");
    assert_eq!(no_id.json["errors"][0]["field"], "changes[0].id");
    let odd = preview(&server, revoke("../people")).await.problem(422, "invalid");
    assert_eq!(odd.json["errors"][0]["field"], "changes[0].id");
    preview(&server, revoke("nobody")).await.problem(400, "malformed");

    // Good, then bad: the one that is refused is named, as its own route names it.
    let bad = json!({ "level_id": world.level, "valid_from": world::monday() });
    let changes = json!([revoke(&world.grant)[0], { "kind": "grant_create", "id": world.berta, "body": bad }]);
    let named = preview(&server, changes).await.problem(422, "invalid");
    assert_eq!(named.json["errors"][0]["field"], "changes[1].body.no_end_reason");
    let twice = json!([revoke(&world.grant)[0], revoke(&world.grant)[0]]);
    preview(&server, twice).await.problem(409, "already_revoked");
    let delete = |version: Value| json!([{ "kind": "level_delete", "id": world.level, "version": version }]);
    preview(&server, delete(json!(1))).await.problem(409, "in_use");
    preview(&server, delete(json!(7))).await.problem(412, "changed_meanwhile");
    preview(&server, delete(Value::Null)).await.problem(428, "version_required");
    let long = json!({ "changes": revoke(&world.grant), "until": world::monday() + TimeDelta::days(500) });
    server.call(&server.own.administrator, "POST", "/policy/preview", long).await.problem(422, "invalid");
    let misspelt = json!({ "changes": revoke(&world.grant), "until_when": world::monday() });
    server.call(&server.own.administrator, "POST", "/policy/preview", misspelt).await.problem(422, "invalid");
}

#[tokio::test]
async fn previews_at_the_same_moment_do_not_disturb_each_other_or_saving() {
    let server = TestServer::start().await;
    let world = World::make(&server).await;
    let revoke = json!([{ "kind": "grant_revoke", "id": world.grant, "body": { "reason": "moved" } }]);
    let path = format!("/people/{}/blocks", world.berta);
    for _ in 0..5 {
        let (one, other, saved) = tokio::join!(
            preview(&server, revoke.clone()),
            preview(&server, revoke.clone()),
            server.call(&server.own.administrator, "POST", &path, json!({ "reason": "once more" })),
        );
        assert_eq!(
            (&one.is(200).json["counts"]["lost"], &other.is(200).json["counts"]["lost"]),
            (&json!(2), &json!(2))
        );
        saved.is(201);
    }
}

/// The one rule that differs: its fate, its name, and its facts as field, before and after.
fn only_rule(told: &Value) -> (Value, Value, Vec<(String, String, String)>) {
    let rules = told["rules"].as_array().unwrap();
    assert_eq!((rules.len(), &told["rules_count"]), (1, &json!(1)), "{told}");
    let said = |items: &Value| -> String {
        let parts = |item: &Value| -> Vec<String> { item["parts"].as_array().unwrap().iter().map(said_part).collect() };
        let items: Vec<_> = items.as_array().unwrap().iter().map(|item| parts(item).join(" ")).collect();
        items.join("; ")
    };
    let facts = rules[0]["facts"].as_array().unwrap();
    let fact = |fact: &Value| (fact["field"].as_str().unwrap().to_owned(), said(&fact["before"]), said(&fact["after"]));
    (rules[0]["fate"].clone(), rules[0]["name"].clone(), facts.iter().map(fact).collect())
}

fn said_part(part: &Value) -> String {
    let (_, said) = part.as_object().unwrap().iter().next().unwrap();
    match said {
        Value::String(name) => name.clone(),
        Value::Object(word) => word["word"].as_str().unwrap().to_owned(),
        other => other.to_string(),
    }
}

#[tokio::test]
async fn what_no_list_of_persons_shows_is_told_rule_by_rule() {
    let server = TestServer::start().await;
    let world = World::make(&server).await;
    let admin = &server.own.administrator;
    let area = |name: &str| format!("SELECT id::text FROM areas WHERE name = '{name}'");
    let hall = server.query(&area("Hall")).await.remove(0);
    let street = server.query(&area("Street")).await.remove(0);
    let site = server.query("SELECT id::text FROM sites").await.remove(0);
    let fact = |field: &str, before: &str, after: &str| (field.to_owned(), before.to_owned(), after.to_owned());
    let nobody = json!({ "persons_gaining": 0, "persons_losing": 0, "gained": 0, "lost": 0 });

    let body = json!({ "anti_passback": "timed", "anti_passback_s": 600, "persons_max": 4 });
    let told =
        preview(&server, json!([{ "kind": "area_change", "id": hall, "version": 1, "body": body }])).await.is(200);
    let facts = vec![fact("anti_passback", "off", "timed 600"), fact("persons_max", "", "4")];
    assert_eq!(only_rule(&told.json), (json!("changed"), json!("Hall"), facts));
    assert_eq!(told.json["counts"], nobody);

    let body = json!({ "factors_in": "card", "exit": "by_system", "reason": "a lobby" });
    let told = preview(&server, json!([{ "kind": "door_change", "id": world.door, "version": 1, "body": body }])).await;
    let facts = vec![fact("factors_in", "card_finger", "card"), fact("exit", "mechanical", "by_system")];
    assert_eq!(only_rule(&told.is(200).json), (json!("changed"), json!("Main"), facts));

    let body = json!({ "level": 9, "name": "Alert", "locks": true, "places": [{ "kind": "area", "id": hall }] });
    let told = preview(&server, json!([{ "kind": "threat_level_create", "body": body }])).await.is(200);
    let facts = vec![fact("locks", "", "true"), fact("places", "", "area Hall")];
    assert_eq!(only_rule(&told.json), (json!("added"), json!("Alert"), facts), "named though it is not saved");

    let level = server.call(admin, "POST", "/threat-levels", body).await.is(201);
    assert_eq!(level.json["version"], 1);
    let gone = json!([{ "kind": "threat_level_delete", "id": "9", "version": 1, "body": { "reason": "not used" } }]);
    let told = preview(&server, gone).await.is(200);
    let facts = vec![fact("locks", "true", ""), fact("places", "area Hall", "")];
    assert_eq!(only_rule(&told.json), (json!("removed"), json!("Alert"), facts));

    let body = json!({ "site_id": site, "other_site_id": site, "least_s": 20 });
    let told = preview(&server, json!([{ "kind": "travel_time_create", "body": body }])).await.is(200);
    let facts = vec![fact("between", "", "Plant Plant"), fact("least_s", "", "20")];
    assert_eq!(only_rule(&told.json), (json!("added"), Value::Null, facts));

    let exempt =
        json!({ "exemption": { "ground": "declined", "valid_from": "2020-01-01T00:00:00Z", "valid_until": null } });
    let told =
        preview(&server, json!([{ "kind": "person_rules", "id": world.anna, "version": 1, "body": exempt }])).await;
    assert_eq!(told.is(200).json["rules"][0]["facts"][0]["field"], "exemption");

    // A door made where a level holds the whole site is Anna's from the first moment.
    let place = json!({ "places": [{ "kind": "site", "id": site }], "side": "in", "schedule_id": null });
    let whole =
        server.call(admin, "POST", "/access-levels", json!({ "name": "Whole", "lines": [place] })).await.is(201);
    let grant =
        json!({ "level_id": whole.id(), "valid_from": "2020-01-01T00:00:00Z", "valid_until": "2999-01-01T00:00:00Z" });
    let grant = server.call(admin, "POST", &format!("/people/{}/grants", world.anna), grant).await.is(201);
    let side = json!({ "name": "Side", "site_id": site, "area_outside_id": street, "area_inside_id": hall });
    let told = preview(&server, json!([{ "kind": "door_create", "body": side }])).await.is(200).json;
    assert_eq!((&told["counts"]["persons_gaining"], &told["rules"][0]["name"]), (&json!(1), &json!("Side")), "{told}");

    let longer = json!({ "valid_from": "2020-01-01T00:00:00Z", "valid_until": world::monday() + TimeDelta::hours(1) });
    let told =
        preview(&server, json!([{ "kind": "grant_change", "id": grant.id(), "version": 1, "body": longer }])).await;
    assert_eq!(told.is(200).json["counts"]["persons_losing"], 1);
}

#[tokio::test]
async fn a_finger_that_goes_is_told() {
    let server = TestServer::start().await;
    let world = World::make(&server).await;
    let admin = &server.own.administrator;
    let basis = json!({ "kind": "consent", "consent_text_version": "2026-1", "given_at": "2026-01-02T03:04:05Z" });
    let recorded = json!([{ "kind": "legal_basis_record", "id": world.anna, "body": basis }]);
    assert_eq!(preview(&server, recorded).await.is(200).json["rules"], json!([]), "no rule asks for a legal basis");
    server.call(admin, "PUT", &format!("/people/{}/legal-basis", world.anna), basis).await.is(200);
    let finger = uuid::Uuid::now_v7();
    // Enrolling one takes a station, and nothing here is about that.
    let mut tx = server.state.db.begin(server.own.tenant, None).await.unwrap();
    sqlx::query(
        "INSERT INTO fingers (tenant_id, id, person_id, position, sensor_type, quality, enrolled_at) \
         VALUES ($1, $2, $3, 'right_index', 'sensor', 90, now())",
    )
    .bind(server.own.tenant.as_uuid())
    .bind(finger)
    .bind(world.anna.parse::<uuid::Uuid>().unwrap())
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let why = json!({ "reason": "they asked for it" });
    let alternative = json!({ "kind": "alternative", "given_at": "2026-01-02T03:04:05Z" });
    for changes in [
        json!([{ "kind": "finger_delete", "id": finger, "body": why }]),
        json!([{ "kind": "legal_basis_withdraw", "id": world.anna, "body": why }]),
        json!([{ "kind": "legal_basis_record", "id": world.anna, "body": alternative }]),
    ] {
        let told = preview(&server, changes).await.is(200).json;
        assert_eq!(
            only_rule(&told).2,
            vec![("has_finger".to_owned(), "true".to_owned(), "false".to_owned())],
            "{told}"
        );
    }
    assert_eq!(server.query("SELECT count(*)::text FROM fingers").await, ["1"]);
}

#[test]
fn every_route_that_changes_something_is_previewed_or_says_why_not() {
    let description = serde_json::to_value(crate::api::description()).unwrap();
    let kinds: Vec<(String, &str)> =
        ChangeKind::ALL.iter().map(|kind| kind.route()).map(|(method, path)| (method.to_string(), path)).collect();
    let mut left: Vec<_> = NOT_PREVIEWED.iter().map(|(method, path, _)| (*method, *path)).collect();
    for (path, methods) in description["paths"].as_object().unwrap() {
        let path = path.strip_prefix(crate::api::BASE).unwrap();
        for method in methods.as_object().unwrap().keys().map(|method| method.to_uppercase()) {
            let listed = left.iter().position(|known| *known == (&*method, path)).map(|place| left.remove(place));
            let is_previewed = kinds.contains(&(method.clone(), path));
            assert!(
                method == "GET" || is_previewed != listed.is_some(),
                "{method} {path}: previewed, or else why not?"
            );
        }
    }
    assert!(left.is_empty(), "there are no such routes: {left:?}");
}

#[test]
fn every_kind_names_a_route_that_there_is() {
    let description = serde_json::to_value(crate::api::description()).unwrap();
    for kind in ChangeKind::ALL {
        let (method, path) = kind.route();
        let route = &description["paths"][format!("{}{path}", crate::api::BASE)][method.as_str().to_lowercase()];
        assert!(route.is_object(), "{kind}: there is no {method} {path}");
    }
}

#[tokio::test]
async fn what_was_tried_keeps_nobody_waiting() {
    let server = TestServer::start().await;
    let world = World::make(&server).await;
    let operators =
        format!("SELECT id::text FROM operators WHERE tenant_id = '{}' AND name = 'administrator'", server.own.tenant);
    let operator: uuid::Uuid = server.query(&operators).await[0].parse().unwrap();
    let (tenant, now) = (server.own.tenant, crate::clock::now());
    let actor = Actor { tenant, operator: operator.into(), role: Role::Administrator, now };
    let revoke = json!([{ "kind": "grant_revoke", "id": world.grant, "body": { "reason": "moved" } }]);
    let changes: Vec<_> = serde_json::from_value(revoke).unwrap();
    let tried = try_out(&server.state, &crate::api::editors(), &actor, &changes).await.unwrap();
    let block = json!({ "reason": "saved before anybody compiled what was tried" });
    let path = format!("/people/{}/blocks", world.berta);
    let saving = server.call(&server.own.administrator, "POST", &path, block);
    tokio::time::timeout(PATIENCE, saving).await.expect("to be saved meanwhile").is(201);
    let after = tried.newer.unwrap().compile().unwrap();
    assert!(after.all_grants().next().is_none() && after.blocks().is_empty());
}
