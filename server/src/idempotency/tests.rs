//! Requests that are sent again.

use std::task::Poll;

use axum::body::Body;
use axum::http::Request;
use futures_util::future::join_all;
use futures_util::poll;
use serde_json::{Value, json};

use crate::testing::{Answer, PATIENCE, TestServer};

async fn post(server: &TestServer, cookie: &str, key: &str, path: &str, body: &Value) -> Answer {
    let request = Request::builder()
        .method("POST")
        .uri(format!("/api/v1{path}"))
        .header("cookie", format!("__Host-pforte={cookie}"))
        .header("x-pforte", "1")
        .header("idempotency-key", key)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    server.raw(request).await
}

fn site(name: &str) -> Value {
    json!({ "name": name, "time_zone": "Europe/Berlin" })
}

async fn sites(server: &TestServer) -> usize {
    let listed = server.call(&server.own.guard, "GET", "/sites", Value::Null).await.is(200).json;
    listed["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn what_is_sent_again_is_answered_again_and_done_once() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let first = post(&server, admin, "k1", "/sites", &site("Plant")).await.is(201);
    let again = post(&server, admin, "k1", "/sites", &site("Plant")).await.is(201);
    assert_eq!((&again.bytes, &again.etag), (&first.bytes, &first.etag));
    assert_eq!(sites(&server).await, 1);
    assert_eq!(server.act_kinds().await.len(), 1);
    let other = post(&server, admin, "k1", "/sites", &site("Other")).await.problem(422, "invalid");
    assert_eq!(other.json["errors"][0]["field"], "idempotency-key");
    let elsewhere = json!({ "name": "Plant", "site_id": first.id() });
    post(&server, admin, "k1", "/areas", &elsewhere).await.problem(422, "invalid");
    // Another operator's keys are their own.
    post(&server, &server.own.guard, "k1", "/sites", &site("Plant")).await.problem(403, "forbidden");
    post(&server, &server.other.administrator, "k1", "/sites", &site("Plant")).await.is(201);
    // A secret that is shown once is shown to whoever lost the answer, and lies nowhere in clear.
    let agent = json!({ "name": "Gate", "kind": "door_controller", "door_ids": [] });
    let invited = post(&server, admin, "k2", "/agents", &agent).await.is(201);
    assert_eq!(post(&server, admin, "k2", "/agents", &agent).await.is(201).bytes, invited.bytes);
    let clear = server
        .query("SELECT count(*)::text FROM idempotency_keys WHERE position('pforte-join'::bytea in answer) > 0")
        .await;
    assert_eq!(clear, ["0"]);
    let long = "k".repeat(101);
    for bad in ["", long.as_str()] {
        post(&server, admin, bad, "/sites", &site("Plant")).await.problem(400, "malformed");
    }
    post(&server, "nobody", "k3", "/sites", &site("Plant")).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn what_was_refused_may_be_sent_again_and_what_is_old_is_forgotten() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    post(&server, admin, "k1", "/sites", &site("")).await.problem(422, "invalid");
    let first = post(&server, admin, "k1", "/sites", &site("Plant")).await.is(201);
    server.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'").await;
    super::forget_all(&server.state.db, &server.state.tenants, crate::clock::now()).await.unwrap();
    assert_eq!(server.query("SELECT count(*)::text FROM idempotency_keys").await, ["0"]);
    let later = post(&server, admin, "k1", "/sites", &site("Plant 2")).await.is(201);
    assert_ne!(first.id(), later.id());
    server.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'").await;
    post(&server, admin, "k1", "/sites", &site("Plant 3")).await.is(201);
    // The server died before it kept the answer: not again without looking.
    server.execute("UPDATE idempotency_keys SET status = NULL, answer = NULL").await;
    post(&server, admin, "k1", "/sites", &site("Plant 3")).await.problem(409, "in_progress");
    assert_eq!(sites(&server).await, 3);
}

#[tokio::test]
async fn the_same_at_the_same_moment_is_done_once() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    for round in 0..10 {
        let body = site(&format!("Plant {round}"));
        let key = format!("k{round}");
        let answers = join_all((0..6).map(|_| post(&server, admin, &key, "/sites", &body))).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        assert!(statuses.contains(&201) && statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
        assert_eq!(sites(&server).await, round + 1);
    }
}

#[tokio::test]
async fn a_client_that_left_gets_the_answer_later() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    for round in 0..20 {
        let (key, body) = (format!("k{round}"), site(&format!("Plant {round}")));
        {
            let mut request = std::pin::pin!(post(&server, admin, &key, "/sites", &body));
            for _ in 0..round {
                if let Poll::Ready(answer) = poll!(request.as_mut()) {
                    answer.is(201);
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        }
        let asking = async {
            loop {
                let answer = post(&server, admin, &key, "/sites", &body).await;
                match answer.status.as_u16() {
                    409 => tokio::task::yield_now().await,
                    _ => break answer.is(201),
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("the answer");
        assert_eq!(sites(&server).await, round + 1);
    }
}
