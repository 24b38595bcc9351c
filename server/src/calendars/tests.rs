//! Calendars and day types over HTTP, and the sites and schedules that go by them.

use access_core::event::ActKind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::contract::site;
use crate::testing::TestServer;

#[tokio::test]
async fn days_have_types_that_have_names() {
    let server = TestServer::start().await;
    let (admin, guard) = (&server.own.administrator, &server.own.guard);
    let christmas = json!([{ "day": "2026-12-25", "day_type": 0 }, { "day": "2026-12-24", "day_type": 1 }]);
    let new = json!({ "name": "Berlin", "days": christmas });
    let unnamed = server.call(admin, "POST", "/calendars", new.clone()).await.problem(422, "invalid");
    assert!(unnamed.json["detail"].as_str().unwrap().contains("day type 0"), "{}", unnamed.json);
    for (number, name) in [(0, "Holiday"), (1, "Half day")] {
        server.call(admin, "PUT", &format!("/day-types/{number}"), json!({ "name": name })).await.is(200);
    }
    server.call(admin, "PUT", "/day-types/2", json!({ "name": "Holiday" })).await.problem(409, "name_taken");
    server.call(admin, "PUT", "/day-types/8", json!({ "name": "Ninth" })).await.problem(404, "not_found");
    server.call(guard, "PUT", "/day-types/2", json!({ "name": "Third" })).await.problem(403, "forbidden");
    server.call(guard, "POST", "/calendars", new.clone()).await.problem(403, "forbidden");
    let made = server.call(admin, "POST", "/calendars", new.clone()).await.is(201);
    assert_eq!(made.json["days"][0], json!({ "day": "2026-12-24", "day_type": 1 }), "days ascend");
    server.call(admin, "POST", "/calendars", new).await.problem(409, "name_taken");
    for days in [
        json!([{ "day": "2026-12-25", "day_type": 0 }, { "day": "2026-12-25", "day_type": 1 }]),
        json!([{ "day": "1969-12-31", "day_type": 0 }]),
        json!([{ "day": "2026-02-29", "day_type": 0 }]),
        json!([{ "day": "2026-12-25", "day_type": 8 }]),
    ] {
        let wrong = json!({ "name": "Odd", "days": days });
        server.call(admin, "POST", "/calendars", wrong).await.problem(422, "invalid");
    }

    let path = format!("/calendars/{}", made.id());
    let later = json!({ "name": "Berlin", "days": [{ "day": "2026-12-24", "day_type": 0 }] });
    let etag = made.etag.unwrap();
    server.change(admin, "PUT", &path, &etag, later.clone()).await.is(200);
    server.change(admin, "PUT", &path, &etag, later.clone()).await.problem(412, "changed_meanwhile");
    let stranger = &server.other.administrator;
    server.change(stranger, "PUT", &path, "\"2\"", later).await.problem(404, "not_found");
    let read = server.call(guard, "GET", &path, Value::Null).await.is(200);
    assert_eq!(read.json["days"], json!([{ "day": "2026-12-24", "day_type": 0 }]));
    // The half day is nobody's any more, the holiday is.
    let in_use = server.call(admin, "DELETE", "/day-types/0", Value::Null).await.problem(409, "in_use");
    assert!(in_use.json["detail"].as_str().unwrap().contains("calendar “Berlin”"));
    server.call(guard, "DELETE", "/day-types/1", Value::Null).await.problem(403, "forbidden");
    server.call(admin, "DELETE", "/day-types/1", Value::Null).await.is(204);
    server.call(admin, "DELETE", "/day-types/1", Value::Null).await.problem(404, "not_found");
    let types = server.call(guard, "GET", "/day-types", Value::Null).await.is(200);
    assert_eq!(types.json["items"], json!([{ "number": 0, "name": "Holiday" }]));
    let kept = server.query("SELECT count(*)::text FROM policy_history WHERE table_name = 'calendar_days'").await;
    assert_eq!(kept, ["4"], "two came, one became another, one went");
}

#[tokio::test]
async fn a_site_goes_by_a_calendar_until_it_says_otherwise() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let new = json!({ "name": "Berlin", "days": [] });
    let calendar = server.call(admin, "POST", "/calendars", new).await.is(201).id();
    let path = format!("/sites/{}", site(&server).await);
    for unknown in [json!(Uuid::new_v4()), json!("Berlin")] {
        server.change(admin, "PATCH", &path, "\"1\"", json!({ "calendar_id": unknown })).await.problem(422, "invalid");
    }
    let set = server.change(admin, "PATCH", &path, "\"1\"", json!({ "calendar_id": calendar })).await.is(200);
    assert_eq!(set.json["calendar_id"], json!(calendar));
    let kept = server.change(admin, "PATCH", &path, "\"2\"", json!({ "name": "Plant 1" })).await.is(200);
    assert_eq!(kept.json["calendar_id"], json!(calendar), "what is left out stays");
    let listed = server.call(admin, "GET", "/calendars", Value::Null).await.is(200);
    assert_eq!(listed.json["items"][0]["sites"], json!(["Plant 1"]));

    let calendar_path = format!("/calendars/{calendar}");
    let in_use = server.change(admin, "DELETE", &calendar_path, "\"1\"", Value::Null).await.problem(409, "in_use");
    assert!(in_use.json["detail"].as_str().unwrap().contains("site “Plant 1”"));
    let none = server.change(admin, "PATCH", &path, "\"3\"", json!({ "calendar_id": null })).await.is(200);
    assert_eq!(none.json["calendar_id"], Value::Null);
    server.change(&server.own.guard, "DELETE", &calendar_path, "\"1\"", Value::Null).await.problem(403, "forbidden");
    server.change(admin, "DELETE", &calendar_path, "\"1\"", Value::Null).await.is(204);
    assert_eq!(server.act_kinds().await.last(), Some(&ActKind::Deleted));
    server.call(admin, "GET", &calendar_path, Value::Null).await.problem(404, "not_found");
}
