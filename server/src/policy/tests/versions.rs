//! Versions of the rules.

use access_core::Policy;
use serde_json::{Value, json};

use super::world::{World, monday};
use crate::decisions::{store, version_at};
use crate::testing::TestServer;

#[tokio::test]
async fn any_version_is_rebuilt_as_it_was() {
    let server = TestServer::start().await;
    let world = World::make(&server).await;
    let (admin, tenant) = (&server.own.administrator, server.own.tenant);
    let mut kept: Vec<Policy> = Vec::new();
    let mut keep = async || {
        let mut tx = server.state.db.begin(tenant, None).await.unwrap();
        let now = crate::clock::unix_ms(crate::clock::now());
        let mut rows = store::load(&mut tx, tenant, now).await.unwrap();
        // A zone's changes are looked up as of the version, or as of now.
        rows.sites.iter_mut().for_each(|site| site.zone.offsets.clear());
        kept.push(Policy::compile(rows).unwrap());
    };
    keep().await;
    let revoke = format!("/grants/{}/revoke", world.grant);
    server.call(admin, "POST", &revoke, json!({ "reason": "moved" })).await.is(200);
    keep().await;
    let windows = json!({ "name": "Office", "windows": [{ "days": ["sun"], "from": "22:00", "to": "02:00" }] });
    server.change(admin, "PUT", &format!("/schedules/{}", world.schedule), "\"1\"", windows).await.is(200);
    keep().await;
    let level = json!({ "name": "Always", "lines": [] });
    server.change(admin, "PUT", &format!("/access-levels/{}", world.always), "\"1\"", level).await.is(200);
    keep().await;
    server.change(admin, "DELETE", &format!("/access-levels/{}", world.always), "\"2\"", Value::Null).await.is(204);
    keep().await;
    let block = json!({ "reason": "card gone", "valid_from": "2026-01-01T00:00:00Z" });
    server.call(admin, "POST", &format!("/people/{}/blocks", world.anna), block).await.is(201);
    keep().await;
    assert!(kept.windows(2).all(|pair| pair[0].version() + 1 == pair[1].version()));

    // In any order, on connections that read the rules in force in between.
    for _ in 0..2 {
        for policy in kept.iter().rev().chain(&kept) {
            let past = crate::decisions::PastRules::default();
            let found = past.of(&server.state.db, tenant, policy.version()).await.unwrap().unwrap();
            let mut rows = found.policy.to_rows();
            rows.sites.iter_mut().for_each(|site| site.zone.offsets.clear());
            assert_eq!(rows, policy.to_rows(), "version {}", policy.version());
            let in_force = server.state.rules_in_force(tenant).await.unwrap();
            assert_eq!(in_force.version(), kept.last().unwrap().version());
            let mut rows = in_force.to_rows();
            rows.sites.iter_mut().for_each(|site| site.zone.offsets.clear());
            assert_eq!(rows, kept.last().unwrap().to_rows());
        }
    }
    let later = kept.last().unwrap().version() + 1;
    assert!(server.state.rules_of(tenant, later).await.unwrap().is_none());
    assert!(server.state.rules_of(server.other.tenant, 1).await.unwrap().is_none());
}

#[tokio::test]
async fn a_save_that_waited_was_not_in_force_when_it_began() {
    let server = TestServer::start().await;
    let world = World::make(&server).await;
    let tenant = server.own.tenant;
    let mut waiting = server.state.db.begin(tenant, None).await.unwrap();
    sqlx::query("SELECT 1").execute(&mut *waiting).await.unwrap();
    let began = crate::clock::now();
    let revoke = format!("/grants/{}/revoke", world.grant);
    server.call(&server.own.administrator, "POST", &revoke, json!({ "reason": "moved" })).await.is(200);
    let between = crate::clock::now();
    sqlx::query("UPDATE schedules SET name = 'Later' WHERE id = $1")
        .bind(world.schedule.parse::<uuid::Uuid>().unwrap())
        .execute(&mut *waiting)
        .await
        .unwrap();
    waiting.commit().await.unwrap();
    let mut tx = server.state.db.begin(tenant, None).await.unwrap();
    let mut version = async |at| version_at(&mut tx, tenant, at).await.unwrap().unwrap();
    let newest = version(crate::clock::now()).await;
    assert_eq!([version(began).await, version(between).await], [newest - 2, newest - 1]);
}

#[tokio::test]
async fn versions_say_who_changed_what_and_why_and_can_be_compared() {
    let server = TestServer::start().await;
    let world = World::make(&server).await;
    let (admin, guard) = (&server.own.administrator, &server.own.guard);
    let revoke = format!("/grants/{}/revoke", world.grant);
    server.call(admin, "POST", &revoke, json!({ "reason": "moved to Hamburg" })).await.is(200);
    let told = server.call(guard, "GET", "/policy/versions?limit=2", Value::Null).await.is(200).json;
    let newest = &told["items"][0];
    let version = newest["version"].as_i64().unwrap();
    assert_eq!((&newest["act"], &newest["subject_kind"]), (&json!("revoked"), &json!("grant")), "{told}");
    assert_eq!((&newest["subject_id"], &newest["tables"]), (&json!(world.grant), &json!(["grants"])));
    assert!(newest["operator_id"].is_string());
    assert_eq!(told["next"], json!((version - 1).to_string()));
    let rest =
        server.call(guard, "GET", &format!("/policy/versions?before={}", version - 1), Value::Null).await.is(200);
    assert_eq!(rest.json["items"].as_array().unwrap().len() as i64, version - 2);
    assert_eq!(rest.json["next"], Value::Null);

    let path = format!("/policy/versions/{version}");
    let detail = server.call(admin, "GET", &path, Value::Null).await.is(200).json;
    assert_eq!(detail["reason"], "moved to Hamburg");
    let row = &detail["rows"][0];
    assert_eq!((&row["table"], &row["before"]["revoked_at"]), (&json!("grants"), &Value::Null));
    assert!(row["after"]["revoked_at"].is_string(), "{row}");
    assert_eq!(server.call(guard, "GET", &path, Value::Null).await.is(200).json["reason"], Value::Null);
    server.call(guard, "GET", "/policy/versions/99999", Value::Null).await.problem(404, "not_found");
    server.call(&server.other.guard, "GET", &path, Value::Null).await.problem(404, "not_found");
    let tokens = server.call(admin, "GET", "/policy/versions?limit=200", Value::Null).await.is(200).json;
    for version in tokens["items"].as_array().unwrap() {
        let detail = server.call(admin, "GET", &format!("/policy/versions/{}", version["version"]), Value::Null).await;
        assert!(!detail.is(200).json.to_string().contains("\"token\""), "what a card's token is nobody is told");
    }

    let week = format!(
        "from={}&until={}",
        monday().format("%FT%TZ"),
        (monday() + chrono::TimeDelta::days(7)).format("%FT%TZ")
    );
    let compare = async |old: i64, new: i64| {
        server.call(guard, "GET", &format!("/policy/compare?old={old}&new={new}&{week}"), Value::Null).await
    };
    let lost = compare(version - 1, version).await.is(200).json;
    assert_eq!(lost["counts"], json!({ "persons_gaining": 0, "persons_losing": 1, "gained": 0, "lost": 2 }), "{lost}");
    assert_eq!(compare(version, version - 1).await.is(200).json["counts"]["gained"], 2);
    compare(version, version + 1).await.problem(404, "not_found");
}
