//! Agents over real TLS on a real Postgres: joining, the link, records on their way in.

use serde_json::{Value, json};

use crate::testing::TestServer;

mod bundle;
mod cards;
mod ingest;
mod intake;
mod join;
mod journal;
mod link;
mod presence;
mod station;

/// A door in a new site.
pub(crate) async fn door(server: &TestServer, name: &str) -> String {
    let admin = &server.own.administrator;
    let body = json!({ "name": format!("Site of {name}"), "time_zone": "Europe/Berlin" });
    let site = server.call(admin, "POST", "/sites", body).await.is(201).id();
    let mut areas = Vec::new();
    for name in ["Street", "Hall"] {
        let body = json!({ "site_id": site, "name": name });
        areas.push(server.call(admin, "POST", "/areas", body).await.is(201).id());
    }
    let body = json!({ "name": name, "site_id": site, "area_outside_id": areas[0], "area_inside_id": areas[1] });
    server.call(admin, "POST", "/doors", body).await.is(201).id()
}

/// An agent as staff see it.
async fn seen(server: &TestServer, agent: impl std::fmt::Display) -> Value {
    server.call(&server.own.guard, "GET", &format!("/agents/{agent}"), Value::Null).await.is(200).json
}
