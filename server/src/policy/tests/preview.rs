//! Previews.

use access_core::word::Word as _;
use chrono::TimeDelta;
use serde_json::{Value, json};

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
    assert!(tried.rows.is_some_and(|rows| rows.grants.is_empty() && rows.blocks.is_empty()));
}
