//! Transactions that are dropped half-way, as axum drops a handler whose client left; and roles that are refused.

use std::pin::pin;
use std::task::Poll;

use access_core::ids::TenantId;
use axum::body::Body;
use axum::http::Request;
use futures_util::future::join_all;
use futures_util::poll;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use super::{Db, migrate};
use crate::testing::TestServer;

/// Lets a future run until it was polled so often, or is done, and drops it.
async fn cut_short(future: impl Future<Output = ()>, polls: usize) -> bool {
    let mut future = pin!(future);
    for _ in 0..polls {
        if let Poll::Ready(()) = poll!(future.as_mut()) {
            return true;
        }
        tokio::task::yield_now().await;
        // The runtime looks for answers of the database only now and then: give them a way in.
        tokio::time::sleep(std::time::Duration::from_micros(50)).await;
    }
    false
}

/// Connections of the service that are inside a transaction, once nothing runs any more.
async fn left_open(server: &TestServer) -> Vec<String> {
    let waiting = async {
        let busy = "SELECT pid::text FROM pg_stat_activity WHERE usename LIKE 'pforte%' AND state = 'active'";
        while !server.query(busy).await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::testing::PATIENCE, waiting).await.expect("the database to be idle");
    server
        .query("SELECT query FROM pg_stat_activity WHERE usename LIKE 'pforte%' AND state LIKE 'idle in transaction%'")
        .await
}

/// Insists that no connection is handed out with a transaction open: what is written on it would vanish.
async fn insist_on_fresh_connections(server: &TestServer) {
    let pool = &server.state.db.app;
    let mut connections = Vec::new();
    while connections.len() < pool.size() as usize {
        connections.push(pool.acquire().await.unwrap());
    }
    for connection in &mut connections {
        sqlx::query("SELECT 1").execute(&mut **connection).await.unwrap();
    }
    assert_eq!(left_open(server).await, Vec::<String>::new(), "of {} connections", connections.len());
}

#[tokio::test]
async fn what_is_cancelled_takes_no_later_write_along() {
    let server = TestServer::start().await;
    let (db, tenant) = (&server.state.db, server.own.tenant);
    let mut finished = 0;
    for round in 0..100 {
        let several = (0..4).map(async |number| {
            cut_short(async { drop(db.begin(tenant, None).await.unwrap()) }, (round + 2 * number) % 9).await
        });
        finished += join_all(several).await.into_iter().filter(|is_done| *is_done).count();
        if round % 5 == 0 {
            insist_on_fresh_connections(&server).await;
        }
    }
    assert!((1..400).contains(&finished), "{finished} of 400 ran to their end: the test cuts nothing short");
    let mut kept = Vec::new();
    for round in 0..200 {
        let name = format!("Cut {round}");
        let body = json!({ "name": name, "time_zone": "Europe/Berlin" });
        let request = async {
            let made = server.call(&server.own.administrator, "POST", "/sites", body).await;
            assert_eq!(made.status.as_u16(), 201, "{}", made.json);
        };
        if cut_short(request, round % 40).await {
            kept.push(name);
        }
        if round % 4 == 0 {
            let name = format!("Whole {round}");
            let body = json!({ "name": name, "time_zone": "Europe/Berlin" });
            server.call(&server.own.administrator, "POST", "/sites", body).await.is(201);
            kept.push(name);
        }
    }
    let there = server.query("SELECT name FROM sites").await;
    for name in &kept {
        assert!(there.contains(name), "{name} was answered with 201 and is not there");
    }
    let acts = server.query("SELECT count(*)::text FROM log_outbox").await;
    assert_eq!(acts, [there.len().to_string()], "as many acts as sites");
    insist_on_fresh_connections(&server).await;
}

#[tokio::test]
async fn a_role_that_steps_over_row_security_is_refused() {
    let server = TestServer::start().await;
    for (role, right) in [("pforte_app", "BYPASSRLS"), ("pforte_vault", "SUPERUSER"), ("pforte_sequencer", "BYPASSRLS")]
    {
        server.execute(&format!("ALTER ROLE {role} {right}")).await;
        let error = Db::connect(&server.options).await.unwrap_err();
        assert!(error.to_string().contains("row security"), "{error}");
        server.execute(&format!("ALTER ROLE {role} NO{right}")).await;
    }
    Db::connect(&server.options).await.unwrap().close().await;
    migrate(&server.options).await.unwrap();
}

#[tokio::test]
async fn nobody_sees_a_row_without_its_tenant() {
    let server = TestServer::start().await;
    let made = json!({ "name": "Plant", "time_zone": "Europe/Berlin" });
    server.call(&server.own.administrator, "POST", "/sites", made).await.is(201);
    let mut app = PgConnection::connect_with(&server.options.clone().username("pforte_app")).await.unwrap();
    for setting in ["", "SET app.tenant = ''", "SET app.tenant = '00000000-0000-0000-0000-000000000000'"] {
        sqlx::query(setting).execute(&mut app).await.unwrap();
        for table in ["tenants", "sites", "operators", "sessions"] {
            let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
            let rows: i64 = sqlx::query_scalar(sql).fetch_one(&mut app).await.unwrap();
            assert_eq!(rows, 0, "{table} after `{setting}`");
        }
    }
    app.close().await.unwrap();
    let nobody = TenantId::from_uuid(Uuid::now_v7());
    let mut tx = server.state.db.begin(nobody, None).await.unwrap();
    let foreign = sqlx::query("UPDATE sites SET name = 'mine'").execute(&mut *tx).await.unwrap();
    assert_eq!(foreign.rows_affected(), 0);
    drop(tx);
    let mut tx = server.state.db.begin(server.other.tenant, None).await.unwrap();
    let planted = sqlx::query("UPDATE operators SET tenant_id = $1").bind(server.own.tenant.as_uuid());
    assert!(planted.execute(&mut *tx).await.is_err(), "a row moved into another tenant");
}

#[tokio::test]
async fn a_tenant_in_one_transaction_is_forgotten_in_the_next() {
    let server = TestServer::start().await;
    let listed = async |cookie: &str| server.call(cookie, "GET", "/sites", Value::Null).await.is(200).json;
    for round in 0..20 {
        let body = json!({ "name": format!("Plant {round}"), "time_zone": "Europe/Berlin" });
        server.call(&server.own.administrator, "POST", "/sites", body).await.is(201);
        assert_eq!(listed(&server.other.guard).await["items"], json!([]));
    }
    let request = Request::builder().uri("/api/v1/sites").body(Body::empty()).unwrap();
    server.raw(request).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_transaction_that_only_reads_is_refused_a_write_and_the_next_one_is_not() {
    let server = TestServer::start().await;
    let tenant = server.own.tenant;
    // More than there are connections, so that one is used again after it was only read on.
    for _ in 0..2 * super::CONNECTIONS_MAX {
        let mut reading = server.state.db.read(tenant, None).await.unwrap();
        let refused = sqlx::query("UPDATE sites SET name = name").execute(&mut *reading).await.unwrap_err();
        assert_eq!(refused.as_database_error().and_then(|error| error.code()).as_deref(), Some("25006"), "{refused}");
        drop(reading);
        let mut writing = server.state.db.begin(tenant, None).await.unwrap();
        sqlx::query("UPDATE sites SET name = name").execute(&mut *writing).await.unwrap();
        writing.commit().await.unwrap();
    }
}
