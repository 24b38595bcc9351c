//! What every answer of the staff port carries, and what is refused before any feature sees it.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use serde_json::{Value, json};

use crate::testing::TestServer;

fn get(path: &str) -> Request<Body> {
    Request::builder().uri(path).body(Body::empty()).unwrap()
}

/// Every header that answers of the port carry; what the API refuses is a problem.
fn assert_guarded(path: &str, response: &Response) {
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let policy = header("content-security-policy").unwrap_or_default();
    for part in
        ["default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]
    {
        assert!(policy.contains(part), "{path}: {part} in {policy}");
    }
    assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
    assert_eq!(header("x-frame-options").as_deref(), Some("DENY"), "{path}");
    assert_eq!(header("referrer-policy").as_deref(), Some("no-referrer"), "{path}");
    assert_eq!(header("cross-origin-resource-policy").as_deref(), Some("same-origin"), "{path}");
    assert!(header("strict-transport-security").is_some_and(|value| value.starts_with("max-age=")), "{path}");
    assert!(header("x-request-id").is_some(), "{path}");
    if path.starts_with("/api/") {
        assert_eq!(header("cache-control").as_deref(), Some("no-store"), "{path}");
    }
    if path.starts_with("/api/") && response.status().as_u16() >= 400 {
        assert_eq!(header("content-type").as_deref(), Some("application/problem+json"), "{path}");
    }
    assert_eq!(header("access-control-allow-origin"), None, "{path}: no other site reads it");
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let server = TestServer::start().await;
    for (path, status) in [
        ("/", 200),
        ("/people/1", 200),
        ("/api/v1/health", 200),
        ("/api/openapi.json", 200),
        ("/api/v1/session", 401),
        ("/api/v1/nothing", 404),
        ("/api/v2/people", 404),
        ("/assets/none.js", 404),
    ] {
        let response = server.respond(get(path)).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
        assert_guarded(path, &response);
    }
    for (method, path) in [("PUT", "/api/v1/doors"), ("DELETE", "/api/v1/health"), ("POST", "/api/openapi.json")] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = server.respond(request).await;
        assert_eq!(response.status().as_u16(), 405, "{path}");
        assert!(response.headers().contains_key("allow"), "{path}: says what it takes");
        assert_guarded(path, &response);
    }
}

#[tokio::test]
async fn a_panic_is_a_problem_with_every_header() {
    async fn panicking() {
        panic!("on purpose");
    }
    let routes = super::guarded_interface(Router::new().route("/api/v1/broken", axum::routing::get(panicking)));
    let response = tower::ServiceExt::oneshot(super::served(routes), get("/api/v1/broken")).await.unwrap();
    assert_eq!(response.status().as_u16(), 500);
    assert_guarded("/api/v1/broken", &response);
    let body = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
    let problem = serde_json::from_slice::<Value>(&body).unwrap();
    assert_eq!((&problem["code"], &problem["status"]), (&json!("internal"), &json!(500)));
    assert!(!problem.to_string().contains("on purpose"), "{problem}");
}

#[tokio::test]
async fn what_is_no_request_of_ours_is_refused() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let long = json!({ "name": "x".repeat(300 * 1024), "time_zone": "UTC" });
    server.call(admin, "POST", "/sites", long).await.problem(413, "too_large");
    let unknown = json!({ "name": "Plant", "time_zone": "UTC", "colour": "red" });
    server.call(admin, "POST", "/sites", unknown).await.problem(422, "invalid");
    let send = |content_type: Option<&str>, body: &'static str| {
        let mut request = Request::builder()
            .method("POST")
            .uri("/api/v1/sites")
            .header("cookie", format!("__Host-pforte={admin}"))
            .header("x-pforte", "1");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        server.raw(request.body(Body::from(body)).unwrap())
    };
    send(Some("application/json"), "{").await.problem(400, "malformed");
    send(Some("text/plain"), "{}").await.problem(400, "malformed");
    send(None, "{}").await.problem(400, "malformed");
    server.call(admin, "GET", "/doors/1", Value::Null).await.problem(400, "malformed");
    server.call(admin, "PUT", "/doors", Value::Null).await.problem(405, "method_not_allowed");
    let hostile =
        Request::builder().uri("/api/v1/sites").header("cookie", "__Host-pforte=\u{ff}; a=b").body(Body::empty());
    server.raw(hostile.unwrap()).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn outsiders_learn_little() {
    use access_core::protocol::InstallationMode;
    let server = TestServer::start().await;
    server.state.tenants.refresh().await.unwrap();
    let health = server.raw(get("/api/v1/health")).await.is(200).json;
    assert_eq!((&health["status"], &health["database"], &health["mode"]), (&json!("ok"), &json!("ok"), &json!("test")));
    let shown = server.raw(get("/api/v1/installation")).await.is(200).json;
    assert_eq!(shown["tenants"], json!([{ "slug": "other", "name": "other" }, { "slug": "plant", "name": "plant" }]));
    let mut state = server.state.clone();
    state.installation.mode = InstallationMode::Production;
    let production = super::with_api(state);
    let response = tower::ServiceExt::oneshot(production, get("/api/v1/installation")).await.unwrap();
    let body = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&body).unwrap()["tenants"],
        json!([]),
        "who is a client is nobody's to know"
    );
    server.state.db.close().await;
    let failing = server.raw(get("/api/v1/health")).await.is(503).json;
    assert_eq!(failing["database"], "failing");
}
