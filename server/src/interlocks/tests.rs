//! Airlocks: their doors are of one group and hang on one agent.

use access_core::event::ActKind;
use access_core::protocol::AgentKind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::testing::TestServer;

async fn doors(server: &TestServer, count: usize) -> Vec<String> {
    let admin = &server.own.administrator;
    let site = json!({ "name": "Plant", "time_zone": "UTC" });
    let site = server.call(admin, "POST", "/sites", site).await.is(201).id();
    let mut areas = Vec::new();
    for name in ["Street", "Lock"] {
        areas.push(server.call(admin, "POST", "/areas", json!({ "site_id": site, "name": name })).await.is(201).id());
    }
    let mut doors = Vec::new();
    for number in 0..count {
        let body = json!({
            "name": format!("Door {number}"), "site_id": site, "area_outside_id": areas[0], "area_inside_id": areas[1],
        });
        doors.push(server.call(admin, "POST", "/doors", body).await.is(201).id());
    }
    doors.sort();
    doors
}

#[tokio::test]
async fn an_airlock_is_made_changed_and_removed() {
    let server = TestServer::start().await;
    let (admin, guard, stranger) = (&server.own.administrator, &server.own.guard, &server.other.administrator);
    let doors = doors(&server, 4).await;
    let body = json!({ "name": "Lock", "door_ids": [doors[1], doors[0], doors[1]] });
    server.call(guard, "POST", "/interlocks", body.clone()).await.problem(403, "forbidden");
    server.call(stranger, "POST", "/interlocks", body.clone()).await.problem(422, "invalid");
    let made = server.call(admin, "POST", "/interlocks", body).await.is(201);
    assert_eq!(made.json["door_ids"], json!([doors[0], doors[1]]));
    let refused = [
        (json!({ "name": "One", "door_ids": [doors[2], doors[2]] }), 422, "invalid"),
        (json!({ "name": "Odd", "door_ids": [doors[2], Uuid::now_v7()] }), 422, "invalid"),
        (json!({ "name": "Lock", "door_ids": [doors[2], doors[3]] }), 409, "name_taken"),
        (json!({ "name": "Two", "door_ids": [doors[1], doors[2]] }), 409, "door_in_airlock"),
    ];
    for (body, status, code) in refused {
        server.call(admin, "POST", "/interlocks", body).await.problem(status, code);
    }
    let (path, etag) = (format!("/interlocks/{}", made.id()), made.etag.clone().unwrap());
    let more = json!({ "name": "Lock", "door_ids": doors });
    server.change(stranger, "PUT", &path, &etag, more.clone()).await.problem(404, "not_found");
    let wider = server.change(admin, "PUT", &path, &etag, more.clone()).await.is(200);
    server.change(admin, "PUT", &path, &etag, more).await.problem(412, "changed_meanwhile");
    let fewer = json!({ "name": "Lock", "door_ids": [doors[0], doors[3]] });
    let etag = wider.etag.unwrap();
    let unsaid = server.change(admin, "PUT", &path, &etag, fewer.clone()).await.problem(422, "invalid");
    assert_eq!(unsaid.json["errors"][0]["field"], "reason");
    let mut fewer = fewer;
    fewer["reason"] = json!("the others were walled up");
    let narrower = server.change(admin, "PUT", &path, &etag, fewer).await.is(200);
    let listed = server.call(guard, "GET", "/interlocks", Value::Null).await.is(200).json;
    assert_eq!(listed["items"], json!([narrower.json]));
    let etag = narrower.etag.unwrap();
    server.change(admin, "DELETE", &path, &etag, json!({ "reason": "" })).await.problem(422, "invalid");
    server.change(admin, "DELETE", &path, &etag, json!({ "reason": "rebuilt" })).await.is(204);
    server.change(admin, "DELETE", &path, &etag, json!({ "reason": "rebuilt" })).await.problem(404, "not_found");
    let kinds = server.act_kinds().await;
    use ActKind::{Changed, Created, Deleted};
    assert_eq!(kinds[kinds.len() - 4..], [Created, Changed, Changed, Deleted]);
}

#[tokio::test]
async fn all_doors_of_an_airlock_hang_on_one_agent() {
    let server = TestServer::serving().await;
    let admin = &server.own.administrator;
    let doors = doors(&server, 3).await;
    let agent = server.agent("Lock", AgentKind::DoorController, &[&doors[0]]).await;
    let other = server.agent("Other", AgentKind::DoorController, &[&doors[1]]).await;
    let split = json!({ "name": "Lock", "door_ids": [doors[0], doors[1]] });
    server.call(admin, "POST", "/interlocks", split).await.problem(409, "several_agents");
    let whole = json!({ "name": "Lock", "door_ids": [doors[0], doors[2]] });
    server.call(admin, "POST", "/interlocks", whole).await.is(201);
    let path = format!("/agents/{}", other.id);
    let etag = server.call(admin, "GET", &path, Value::Null).await.is(200).etag.unwrap();
    let takes = json!({ "door_ids": [doors[1], doors[2]] });
    server.change(admin, "PATCH", &path, &etag, takes).await.problem(409, "several_agents");
    let path = format!("/agents/{}", agent.id);
    let etag = server.call(admin, "GET", &path, Value::Null).await.is(200).etag.unwrap();
    server.change(admin, "PATCH", &path, &etag, json!({ "door_ids": [doors[0], doors[2]] })).await.is(200);
}

#[tokio::test]
async fn all_doors_of_an_airlock_have_a_contact() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let doors = doors(&server, 3).await;
    let contact = async |door: &str, has_contact: bool| {
        let path = format!("/doors/{door}");
        let etag = server.call(admin, "GET", &path, Value::Null).await.is(200).etag.unwrap();
        let change = json!({ "has_contact": has_contact, "reason": "rewired" });
        server.change(admin, "PATCH", &path, &etag, change).await
    };
    contact(&doors[1], false).await.is(200);
    let body = json!({ "name": "Lock", "door_ids": [doors[0], doors[1]] });
    let refused = server.call(admin, "POST", "/interlocks", body).await.problem(409, "no_contact");
    assert!(refused.json["detail"].as_str().unwrap().contains("Door "), "{refused:?}");
    let body = json!({ "name": "Lock", "door_ids": [doors[0], doors[2]] });
    let made = server.call(admin, "POST", "/interlocks", body).await.is(201);
    let wider = json!({ "name": "Lock", "door_ids": doors });
    let etag = made.etag.clone().unwrap();
    server.change(admin, "PUT", &format!("/interlocks/{}", made.id()), &etag, wider).await.problem(409, "no_contact");
    contact(&doors[2], false).await.problem(409, "no_contact");
    contact(&doors[1], true).await.is(200);
}
