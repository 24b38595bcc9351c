//! Areas' rules: changed by their version, refused by their field, with a reason where they get looser.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::testing::TestServer;

async fn area(server: &TestServer) -> String {
    let admin = &server.own.administrator;
    let site = server.call(admin, "POST", "/sites", json!({ "name": "Plant", "time_zone": "UTC" })).await.is(201).id();
    server.call(admin, "POST", "/areas", json!({ "site_id": site, "name": "Vault" })).await.is(201).id()
}

#[tokio::test]
async fn an_area_gets_stricter_freely_and_looser_with_a_reason() {
    let server = TestServer::start().await;
    let (admin, guard) = (&server.own.administrator, &server.own.guard);
    let path = format!("/areas/{}", area(&server).await);
    let group = Uuid::now_v7();
    let tenant = server.own.tenant;
    server
        .execute(&format!("SET app.tenant = '{tenant}'; INSERT INTO groups (tenant_id, id, name) VALUES ('{tenant}', '{group}', 'Cashiers')"))
        .await;
    let strict = json!({
        "anti_passback": "timed", "anti_passback_s": 600, "persons_max": 4, "two_person_s": 30,
        "two_person_group_id": group, "two_person_other_group_id": group,
    });
    server.change(guard, "PATCH", &path, "\"1\"", strict.clone()).await.problem(403, "forbidden");
    server.change(&server.other.administrator, "PATCH", &path, "\"1\"", strict.clone()).await.problem(404, "not_found");
    let changed = server.change(admin, "PATCH", &path, "\"1\"", strict.clone()).await.is(200);
    for (field, value) in strict.as_object().unwrap() {
        assert_eq!(&changed.json[field], value, "{field}");
    }
    server.change(admin, "PATCH", &path, "\"1\"", strict).await.problem(412, "changed_meanwhile");
    let unknown = Uuid::now_v7();
    for (body, field) in [
        (json!({ "anti_passback_s": null }), "anti_passback_s"),
        (json!({ "anti_passback_s": 0 }), "anti_passback_s"),
        (json!({ "anti_passback": "hard", "anti_passback_s": 5 }), "anti_passback_s"),
        (json!({ "persons_max": 0 }), "persons_max"),
        (json!({ "persons_max": 1 }), "persons_max"),
        (json!({ "two_person_s": 3601 }), "two_person_s"),
        (json!({ "two_person_group_id": null }), "two_person_other_group_id"),
        (json!({ "two_person_group_id": unknown, "reason": "x" }), "two_person_group_id"),
        (
            json!({ "two_person_s": null, "two_person_group_id": group, "two_person_other_group_id": group }),
            "two_person_s",
        ),
        (json!({ "persons_max": 5 }), "reason"),
        (json!({ "anti_passback": "soft" }), "reason"),
        (json!({ "two_person_s": null }), "reason"),
        (json!({ "colour": "red" }), "body"),
    ] {
        let refused = server.change(admin, "PATCH", &path, "\"2\"", body.clone()).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["field"], field, "{body}");
    }
    let looser = json!({ "anti_passback": "hard", "two_person_s": null, "reason": "a camera watches it now" });
    let looser = server.change(admin, "PATCH", &path, "\"2\"", looser).await.is(200);
    assert_eq!((&looser.json["anti_passback_s"], &looser.json["two_person_group_id"]), (&Value::Null, &Value::Null));
    let acts = server.acts().await;
    assert!(acts[acts.len() - 2].reason.is_none() && acts[acts.len() - 1].reason.is_some());
}

#[tokio::test]
async fn an_area_goes_when_nothing_leads_there() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let vault = area(&server).await;
    let areas = server.call(admin, "GET", "/areas", Value::Null).await.is(200).json;
    let site = areas["items"][0]["site_id"].clone();
    let hall = server.call(admin, "POST", "/areas", json!({ "site_id": site, "name": "Hall" })).await.is(201).id();
    let spare = server.call(admin, "POST", "/areas", json!({ "site_id": site, "name": "Spare" })).await.is(201).id();
    let door = json!({ "name": "Vault door", "site_id": site, "area_outside_id": hall, "area_inside_id": vault });
    server.call(admin, "POST", "/doors", door).await.is(201);
    let delete = async |cookie: &str, area: &str| {
        server.change(cookie, "DELETE", &format!("/areas/{area}"), "\"1\"", Value::Null).await
    };
    delete(admin, &vault).await.problem(409, "in_use");
    delete(&server.own.guard, &spare).await.problem(403, "forbidden");
    delete(&server.other.administrator, &spare).await.problem(404, "not_found");
    delete(admin, &spare).await.is(204);
    delete(admin, &spare).await.problem(404, "not_found");
}
