//! Groups over HTTP: paged, renamed, filled and emptied; one that something names stays.

use access_core::event::ActKind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::contract::{person, site};
use crate::testing::TestServer;

async fn group(server: &TestServer, name: &str) -> String {
    server.call(&server.own.administrator, "POST", "/groups", json!({ "name": name })).await.is(201).id()
}

#[tokio::test]
async fn groups_are_found_renamed_and_marked_for_a_reason() {
    let server = TestServer::start().await;
    let (admin, guard) = (&server.own.administrator, &server.own.guard);
    for name in ["Staff", "Night staff", "Fire brigade"] {
        group(&server, name).await;
    }
    server.call(admin, "POST", "/groups", json!({ "name": "Staff" })).await.problem(409, "name_taken");
    server.call(guard, "POST", "/groups", json!({ "name": "Guests" })).await.problem(403, "forbidden");
    let names = |answer: &Value| -> Vec<String> {
        let items = answer["items"].as_array().unwrap();
        items.iter().map(|group| group["name"].as_str().unwrap().to_owned()).collect()
    };
    let first = server.call(guard, "GET", "/groups?limit=2", Value::Null).await.is(200);
    assert_eq!(names(&first.json), ["Fire brigade", "Night staff"]);
    let cursor = first.json["next"].as_str().unwrap();
    let rest = server.call(guard, "GET", &format!("/groups?limit=2&cursor={cursor}"), Value::Null).await.is(200);
    assert_eq!((names(&rest.json), &rest.json["next"]), (vec!["Staff".to_owned()], &Value::Null));
    let found = server.call(guard, "GET", "/groups?q=STAFF", Value::Null).await.is(200);
    assert_eq!(names(&found.json), ["Night staff", "Staff"]);
    server.call(guard, "GET", "/groups?limit=201", Value::Null).await.problem(422, "invalid");
    server.call(guard, "GET", "/groups?cursor=%21", Value::Null).await.problem(400, "malformed");

    let path = format!("/groups/{}", first.json["items"][0]["id"].as_str().unwrap());
    server.call(&server.other.administrator, "GET", &path, Value::Null).await.problem(404, "not_found");
    let respond = json!({ "is_responder": true });
    let why = server.change(admin, "PATCH", &path, "\"1\"", respond).await.problem(422, "invalid");
    assert_eq!(why.json["errors"][0]["field"], "reason");
    let respond = json!({ "is_responder": true, "name": "Fire", "reason": "they come when all is locked" });
    server.change(guard, "PATCH", &path, "\"1\"", respond.clone()).await.problem(403, "forbidden");
    let changed = server.change(admin, "PATCH", &path, "\"1\"", respond.clone()).await.is(200);
    assert_eq!((&changed.json["is_responder"], &changed.json["name"]), (&json!(true), &json!("Fire")));
    server.change(admin, "PATCH", &path, "\"1\"", respond).await.problem(412, "changed_meanwhile");
    let acts = server.acts().await;
    let last = acts.last().unwrap();
    assert!(last.kind == ActKind::Changed && last.before.is_some() && last.after.is_some() && last.reason.is_some());
}

#[tokio::test]
async fn people_come_and_go_many_at_once() {
    let server = TestServer::start().await;
    let (admin, guard) = (&server.own.administrator, &server.own.guard);
    let path = format!("/groups/{}", group(&server, "Staff").await);
    let members = format!("{path}/members");
    let mut people = Vec::new();
    for number in ["1", "2", "3"] {
        people.push(person(&server, number).await);
    }
    let put = |add: Value, remove: Value| json!({ "add": add, "remove": remove });
    server.call(guard, "POST", &members, put(json!(people), json!([]))).await.problem(403, "forbidden");
    let all = server.call(admin, "POST", &members, put(json!(people), json!([]))).await.is(200);
    assert_eq!((all.json["added"].as_array().unwrap().len(), &all.json["member_count"]), (3, &json!(3)));
    // Who is in it already is not put in again, and that is no act.
    let acts = server.acts().await.len();
    let again = server.call(admin, "POST", &members, put(json!([people[0]]), json!([]))).await.is(200);
    assert_eq!((&again.json["added"], server.acts().await.len()), (&json!([]), acts));

    let nobody = Uuid::new_v4();
    for (add, remove) in
        [(json!([nobody]), json!([])), (json!([]), json!([nobody])), (json!(people), json!([people[0]]))]
    {
        server.call(admin, "POST", &members, put(add, remove)).await.problem(422, "invalid");
    }
    let too_many = json!(vec![nobody; 1_001]);
    server.call(admin, "POST", &members, put(too_many, json!([]))).await.problem(422, "invalid");
    let nowhere = format!("/groups/{nobody}/members");
    server.call(admin, "POST", &nowhere, put(json!([]), json!([]))).await.problem(404, "not_found");
    let stranger = &server.other.administrator;
    server.call(stranger, "POST", &members, put(json!([]), json!(people))).await.problem(404, "not_found");
    server.call(stranger, "GET", &members, Value::Null).await.problem(404, "not_found");

    let first = server.call(guard, "GET", &format!("{members}?limit=2"), Value::Null).await.is(200);
    let cursor = first.json["next"].as_str().unwrap();
    let rest = server.call(guard, "GET", &format!("{members}?limit=2&cursor={cursor}"), Value::Null).await.is(200);
    let listed = [&first, &rest].map(|piece| piece.json["items"].as_array().unwrap().clone()).concat();
    let mut expected = people.clone();
    expected.sort();
    assert_eq!(
        listed.iter().map(|member| &member["person_id"]).collect::<Vec<_>>(),
        expected.iter().collect::<Vec<_>>()
    );
    let found = server.call(guard, "GET", &format!("{members}?q=anna%202"), Value::Null).await.is(200);
    assert_eq!(found.json["items"], json!([{ "person_id": people[1] }]));
    server.call(guard, "GET", &format!("{members}?cursor=AAAA"), Value::Null).await.problem(400, "malformed");

    let out = server.call(admin, "POST", &members, put(json!([]), json!([people[1]]))).await.is(200);
    assert_eq!((&out.json["removed"], &out.json["member_count"]), (&json!([people[1]]), &json!(2)));
    let detail = server.call(guard, "GET", &format!("/people/{}", people[0]), Value::Null).await.is(200);
    assert_eq!(detail.json["groups"][0]["name"], "Staff");
}

#[tokio::test]
async fn a_group_that_something_names_stays() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let (id, site) = (group(&server, "Staff").await, site(&server).await);
    let path = format!("/groups/{id}");
    let visitor = person(&server, "1").await;
    let put = json!({ "add": [visitor] });
    server.call(admin, "POST", &format!("{path}/members"), put).await.is(200);
    let level = json!({ "name": "Site", "lines": [{ "places": [{ "kind": "site", "id": site }], "side": "in" }] });
    let level = server.call(admin, "POST", "/access-levels", level).await.is(201).id();
    let grant = json!({ "level_id": level, "valid_from": "2026-01-01T00:00:00Z", "no_end_reason": "they work here" });
    let grant = server.call(admin, "POST", &format!("{path}/grants"), grant).await.is(201);
    assert_eq!((&grant.json["group_id"], &grant.json["person_id"]), (&json!(id), &Value::Null));
    let block = json!({ "reason": "strike", "place": { "kind": "site", "id": site } });
    let block = server.call(admin, "POST", &format!("{path}/blocks"), block).await.is(201).id();
    let person_path = format!("/people/{visitor}");
    let detail = server.call(admin, "GET", &person_path, Value::Null).await.is(200);
    assert_eq!(detail.json["group_access"][0]["level_id"], json!(level));
    assert_eq!(detail.json["group_blocks"][0]["place"], json!({ "kind": "site", "id": site }));
    let escorted = json!({ "escort": { "group_id": id, "within_s": 30 } });
    let escorted = server.change(admin, "PUT", &format!("{person_path}/rules"), &detail.etag.unwrap(), escorted).await;
    let held = server.call(admin, "GET", &path, Value::Null).await.is(200);
    assert_eq!((held.json["access"].as_array().unwrap().len(), held.json["blocks"].as_array().unwrap().len()), (1, 1));

    let refused = server.change(admin, "DELETE", &path, "\"1\"", Value::Null).await.problem(409, "in_use");
    let said = refused.json["detail"].as_str().unwrap();
    for named in ["access level “Site”", "a block: strike", "the escort of 1 persons"] {
        assert!(said.contains(named), "{said} does not name {named}");
    }
    let why = json!({ "reason": "over" });
    let level_path = format!("/access-levels/{level}");
    let refused = server.change(admin, "DELETE", &level_path, "\"1\"", Value::Null).await.problem(409, "in_use");
    assert!(refused.json["detail"].as_str().unwrap().contains("group “Staff”"));
    server.call(admin, "POST", &format!("/grants/{}/revoke", grant.id()), why.clone()).await.is(200);
    server.call(admin, "POST", &format!("/blocks/{block}/lift"), why).await.is(200);
    let alone = json!({ "reason": "no visitor any more" });
    server.change(admin, "PUT", &format!("{person_path}/rules"), &escorted.etag.unwrap(), alone).await.is(200);
    server.change(&server.own.guard, "DELETE", &path, "\"1\"", Value::Null).await.problem(403, "forbidden");
    server.change(&server.other.administrator, "DELETE", &path, "\"1\"", Value::Null).await.problem(404, "not_found");
    server.change(admin, "DELETE", &path, "\"2\"", Value::Null).await.problem(412, "changed_meanwhile");
    server.change(admin, "DELETE", &path, "\"1\"", Value::Null).await.is(204);
    server.change(admin, "DELETE", &level_path, "\"1\"", Value::Null).await.is(204);
    assert_eq!(server.act_kinds().await.last(), Some(&ActKind::Deleted));
    let left = server.query("SELECT count(*)::text FROM group_members").await;
    assert_eq!(left, ["0"]);
}

#[tokio::test]
async fn who_is_asked_for_less_comes_in_for_a_reason_only() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let (anna, berta) = (person(&server, "1").await, person(&server, "2").await);
    let site = site(&server).await;
    let common = group(&server, "Common").await;
    let responders = json!({ "name": "Fire", "is_responder": true, "reason": "they come when all is locked" });
    let responders = server.call(admin, "POST", "/groups", responders).await.is(201).id();
    let (exempt, escorts, pair) =
        (group(&server, "Exempt").await, group(&server, "Escorts").await, group(&server, "Pair").await);
    let level = json!({ "level": 7, "name": "Alert", "locks": true, "exempt_group_ids": [exempt] });
    server.call(admin, "POST", "/threat-levels", level).await.is(201);
    let rules = json!({ "escort": { "group_id": escorts, "within_s": 30 } });
    server.change(admin, "PUT", &format!("/people/{berta}/rules"), "\"1\"", rules).await.is(200);
    let area = server.call(admin, "POST", "/areas", json!({ "site_id": site, "name": "Vault" })).await.is(201).id();
    let rules = json!({ "two_person_s": 30, "two_person_group_id": pair, "two_person_other_group_id": common });
    server.change(admin, "PATCH", &format!("/areas/{area}"), "\"1\"", rules).await.is(200);

    let nobody_else = group(&server, "Nobody else's").await;
    let members = |group: &str| format!("/groups/{group}/members");
    let (put, out) = (json!({ "add": [anna] }), json!({ "remove": [anna] }));
    server.call(admin, "POST", &members(&nobody_else), put.clone()).await.is(200);
    for (group, what) in [(&responders, "responders"), (&exempt, "exempt"), (&escorts, "escorts"), (&pair, "a pair")] {
        let refused = server.call(admin, "POST", &members(group), put.clone()).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["field"], "reason", "{what}");
        let said = json!({ "add": [anna], "reason": "on call" });
        server.call(admin, "POST", &members(group), said).await.is(200);
        let acts = server.acts().await;
        let last = acts.last().unwrap();
        assert!(last.before.is_some() && last.after.is_some() && last.reason.is_some(), "{what}");
        // Who is in it already gains nothing, and going needs no reason.
        server.call(admin, "POST", &members(group), put.clone()).await.is(200);
        server.call(admin, "POST", &members(group), out.clone()).await.is(200);
    }
    // A block stops whoever is in the group: out of it they are free.
    let block =
        server.call(admin, "POST", &format!("/groups/{nobody_else}/blocks"), json!({ "reason": "strike" })).await;
    let refused = server.call(admin, "POST", &members(&nobody_else), out.clone()).await.problem(422, "invalid");
    assert_eq!(refused.json["errors"][0]["field"], "reason");
    let lift = format!("/blocks/{}/lift", block.is(201).id());
    server.call(admin, "POST", &lift, json!({ "reason": "agreed" })).await.is(200);
    server.call(admin, "POST", &members(&nobody_else), out).await.is(200);
}
