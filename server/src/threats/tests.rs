//! Descriptions of threat levels: made, changed, removed, and refused.

use access_core::event::ActKind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::testing::TestServer;

fn lockdown() -> Value {
    json!({ "level": 50, "name": "Intruder", "locks": true, "places": [{ "kind": "tenant" }], "exempt_group_ids": [] })
}

#[tokio::test]
async fn a_level_is_described_changed_and_removed_with_reasons() {
    let server = TestServer::start().await;
    let (admin, guard, stranger) = (&server.own.administrator, &server.own.guard, &server.other.administrator);
    server.call(guard, "POST", "/threat-levels", lockdown()).await.problem(403, "forbidden");
    let made = server.call(admin, "POST", "/threat-levels", lockdown()).await.is(201);
    assert_eq!((&made.json["level"], &made.json["factors"]), (&json!(50), &Value::Null));
    let everywhere = json!({ "kind": "tenant", "id": null });
    assert_eq!(made.json["places"], json!([everywhere]));
    server.call(admin, "POST", "/threat-levels", lockdown()).await.problem(409, "level_taken");
    server
        .call(admin, "POST", "/threat-levels", json!({ "level": 51, "name": "Intruder", "locks": false }))
        .await
        .problem(409, "name_taken");

    let tenant = server.own.tenant;
    let group = Uuid::now_v7();
    server
        .execute(&format!(
            "SET app.tenant = '{tenant}'; INSERT INTO groups (tenant_id, id, name, is_responder) VALUES ('{tenant}', '{group}', 'Fire', true)"
        ))
        .await;
    let change = json!({
        "name": "Intruder", "locks": true, "places": [], "factors": "card_finger", "exempt_group_ids": [group, group],
        "reason": "the fire brigade comes in",
    });
    let etag = made.etag.unwrap();
    let path = "/threat-levels/50";
    server.call(admin, "PUT", path, change.clone()).await.problem(428, "version_required");
    server.change(guard, "PUT", path, &etag, change.clone()).await.problem(403, "forbidden");
    server.change(stranger, "PUT", path, &etag, change.clone()).await.problem(404, "not_found");
    server.change(admin, "PUT", "/threat-levels/49", &etag, change.clone()).await.problem(404, "not_found");
    let changed = server.change(admin, "PUT", path, &etag, change.clone()).await.is(200);
    assert_eq!((&changed.json["exempt_group_ids"], &changed.json["factors"]), (&json!([group]), &json!("card_finger")));
    server.change(admin, "PUT", path, &etag, change).await.problem(412, "changed_meanwhile");
    let listed = server.call(guard, "GET", "/threat-levels", Value::Null).await.is(200).json;
    assert_eq!(listed["items"], json!([changed.json]));
    let none = server.call(stranger, "GET", "/threat-levels", Value::Null).await.is(200).json;
    assert_eq!(none["items"], json!([]));

    let etag = changed.etag.unwrap();
    server.change(admin, "DELETE", path, &etag, json!({ "reason": " " })).await.problem(422, "invalid");
    let why = json!({ "reason": "no longer used" });
    server.change(guard, "DELETE", path, &etag, why.clone()).await.problem(403, "forbidden");
    server.change(admin, "DELETE", path, &etag, why.clone()).await.is(204);
    server.change(admin, "DELETE", path, &etag, why).await.problem(404, "not_found");
    use ActKind::{Changed, Created, Deleted};
    assert_eq!(server.act_kinds().await, [Created, Changed, Deleted]);
    assert!(server.acts().await.iter().all(|act| act.kind == Created || act.reason.is_some()));
}

#[tokio::test]
async fn what_makes_no_level_is_refused_by_its_field() {
    let server = TestServer::start().await;
    let unknown = Uuid::now_v7();
    let cases = [
        (json!({ "level": 0 }), "level"),
        (json!({ "level": 256 }), "level"),
        (json!({ "name": "" }), "name"),
        (json!({ "places": [{ "kind": "site" }] }), "places[0]"),
        (json!({ "places": [{ "kind": "tenant", "id": unknown }] }), "places[0]"),
        (json!({ "places": [{ "kind": "area", "id": unknown }] }), "places"),
        (json!({ "locks": false }), "places"),
        (json!({ "exempt_group_ids": [unknown] }), "exempt_group_ids"),
        (json!({ "factors": "nothing" }), "body"),
        (json!({ "colour": "red" }), "body"),
    ];
    for (wrong, field) in cases {
        let mut body = lockdown();
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let refused =
            server.call(&server.own.administrator, "POST", "/threat-levels", body).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["field"], field, "{wrong}");
    }
}

#[tokio::test]
async fn every_new_tenant_can_lock_all_doors() {
    let server = TestServer::start().await;
    let made =
        crate::tenants::add(&server.state.db, &server.state.keys, "fresh", "Fresh", crate::clock::now()).await.unwrap();
    let mut tx = server.state.db.begin(made.id, None).await.unwrap();
    let levels = super::store::list(&mut tx, made.id).await.unwrap();
    assert_eq!(levels.len(), 1);
    assert!(
        levels[0].settings.locks
            && levels[0].settings.places.is_empty()
            && levels[0].settings.exempt_group_ids.is_empty()
    );
}
