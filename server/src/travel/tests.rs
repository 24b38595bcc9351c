//! Travel times: between two doors or two sites, once each.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::testing::TestServer;

#[tokio::test]
async fn a_time_is_said_once_whichever_way_round() {
    let server = TestServer::start().await;
    let (admin, guard, stranger) = (&server.own.administrator, &server.own.guard, &server.other.administrator);
    let mut sites = Vec::new();
    for name in ["North", "South"] {
        sites
            .push(server.call(admin, "POST", "/sites", json!({ "name": name, "time_zone": "UTC" })).await.is(201).id());
    }
    sites.sort();
    let between = |one: &str, other: &str| json!({ "site_id": one, "other_site_id": other, "least_s": 600 });
    server.call(guard, "POST", "/travel-times", between(&sites[0], &sites[1])).await.problem(403, "forbidden");
    server.call(stranger, "POST", "/travel-times", between(&sites[0], &sites[1])).await.problem(422, "invalid");
    let made = server.call(admin, "POST", "/travel-times", between(&sites[1], &sites[0])).await.is(201);
    assert_eq!((&made.json["site_id"], &made.json["other_site_id"]), (&json!(sites[0]), &json!(sites[1])));
    server.call(admin, "POST", "/travel-times", between(&sites[0], &sites[1])).await.problem(409, "known_already");
    server.call(admin, "POST", "/travel-times", between(&sites[0], &sites[0])).await.is(201);
    let wrong = [
        json!({ "site_id": sites[0], "least_s": 5 }),
        json!({ "least_s": 5 }),
        json!({ "site_id": sites[0], "other_site_id": sites[1], "door_id": sites[0], "other_door_id": sites[1], "least_s": 5 }),
        json!({ "door_id": sites[0], "other_door_id": sites[0], "least_s": 5 }),
        json!({ "door_id": Uuid::now_v7(), "other_door_id": Uuid::now_v7(), "least_s": 5 }),
        json!({ "site_id": sites[0], "other_site_id": sites[1], "least_s": 0 }),
        json!({ "site_id": sites[0], "other_site_id": sites[1], "least_s": 604801 }),
        json!({ "site_id": sites[0], "other_site_id": sites[1], "least_s": 5, "speed": 3 }),
    ];
    for body in wrong {
        server.call(admin, "POST", "/travel-times", body).await.problem(422, "invalid");
    }

    let (path, etag) = (format!("/travel-times/{}", made.id()), made.etag.clone().unwrap());
    server.change(guard, "PATCH", &path, &etag, json!({ "least_s": 700 })).await.problem(403, "forbidden");
    server.change(stranger, "PATCH", &path, &etag, json!({ "least_s": 700 })).await.problem(404, "not_found");
    let longer = server.change(admin, "PATCH", &path, &etag, json!({ "least_s": 700 })).await.is(200);
    let etag = longer.etag.unwrap();
    server.change(admin, "PATCH", &path, &etag, json!({ "least_s": 300 })).await.problem(422, "invalid");
    let faster = json!({ "least_s": 300, "reason": "a new bridge" });
    let shorter = server.change(admin, "PATCH", &path, &etag, faster.clone()).await.is(200);
    server.change(admin, "PATCH", &path, &etag, faster).await.problem(412, "changed_meanwhile");
    let listed = server.call(guard, "GET", "/travel-times", Value::Null).await.is(200).json;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let etag = shorter.etag.unwrap();
    server.change(admin, "DELETE", &path, &etag, json!({ "reason": "" })).await.problem(422, "invalid");
    server.change(admin, "DELETE", &path, &etag, json!({ "reason": "one site now" })).await.is(204);
    let of = format!(
        "SELECT count(*)::text FROM policy_history WHERE table_name = 'travel_times' AND row_key ->> 'id' = '{}'",
        made.id()
    );
    assert_eq!(server.query(&of).await, ["4"], "made, changed twice, removed");
}
