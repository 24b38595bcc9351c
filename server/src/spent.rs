//! What is over and serves nobody any more, forgotten now and then: sessions that ended, links and tokens that were used or ran
//! out. `main` runs it. It never touches what the log knows: who signed in and who was invited stays there.

use std::time::Duration;

use access_core::ids::TenantId;
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection};
use tokio_util::sync::CancellationToken;

use crate::auth;
use crate::db::Db;
use crate::tenants::Tenants;

/// How often.
const EVERY: Duration = Duration::from_secs(60 * 60);
/// Tables of secrets that are used once: links for operators, tokens for agents.
const ONE_TIME: [&str; 2] = ["setup_links", "join_tokens"];
/// Most of a table that are forgotten at once.
const FORGOTTEN_MAX: i64 = 1_000;

/// Forgets what is over, of every tenant, until told to stop.
pub async fn run(db: Db, tenants: Tenants, stop: CancellationToken) {
    loop {
        if let Err(error) = forget(&db, &tenants, crate::clock::now()).await {
            tracing::warn!(%error, "what is over is not forgotten for the moment");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn forget(db: &Db, tenants: &Tenants, now: DateTime<Utc>) -> sqlx::Result<()> {
    for tenant in tenants.refresh().await? {
        let mut tx = db.begin(tenant.id, None).await?;
        auth::forget_ended(&mut tx, tenant.id, now).await?;
        for table in ONE_TIME {
            forget_one_time(&mut tx, table, tenant.id, now).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Forgets secrets that were used or ran out.
async fn forget_one_time(db: &mut PgConnection, table: &str, tenant: TenantId, now: DateTime<Utc>) -> sqlx::Result<()> {
    let statement = format!(
        "DELETE FROM {table} WHERE tenant_id = $1 AND token_hash IN (SELECT token_hash FROM {table} \
         WHERE tenant_id = $1 AND (used_at IS NOT NULL OR expires_at <= $2) LIMIT $3)"
    );
    sqlx::query(AssertSqlSafe(statement)).bind(tenant.as_uuid()).bind(now).bind(FORGOTTEN_MAX).execute(db).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::TestServer;

    #[tokio::test]
    async fn what_is_over_is_forgotten_and_nothing_else() {
        let server = TestServer::start().await;
        let admin = &server.own.administrator;
        for name in ["anna", "berta", "carla"] {
            let body = json!({ "name": name, "display_name": name, "role": "guard" });
            server.call(admin, "POST", "/operators", body).await.is(201);
            server.invite(name, "station", &[]).await;
        }
        // Of each table: one over by time, one used, the rest still good. Sessions end in two ways.
        server
            .execute(
                "WITH two AS (SELECT token_hash, row_number() OVER (ORDER BY token_hash) AS n FROM setup_links)
                 UPDATE setup_links l SET expires_at = CASE two.n WHEN 1 THEN now() - interval '1 s' ELSE expires_at END,
                 used_at = CASE two.n WHEN 2 THEN now() END FROM two WHERE two.token_hash = l.token_hash;
                 WITH two AS (SELECT token_hash, row_number() OVER (ORDER BY token_hash) AS n FROM join_tokens)
                 UPDATE join_tokens t SET expires_at = CASE two.n WHEN 1 THEN now() - interval '1 s' ELSE expires_at END,
                 used_at = CASE two.n WHEN 2 THEN now() END FROM two WHERE two.token_hash = t.token_hash;
                 UPDATE sessions s SET idle_expires_at = now() - interval '1 s' FROM operators o
                 WHERE o.id = s.operator_id AND o.name = 'guard';
                 UPDATE sessions s SET expires_at = now() - interval '1 s' FROM operators o, tenants t
                 WHERE o.id = s.operator_id AND o.name = 'administrator' AND t.id = s.tenant_id AND t.slug = 'other'",
            )
            .await;
        let count = async |table: &str| server.query(&format!("SELECT count(*)::text FROM {table}")).await[0].clone();
        let all = async || [count("setup_links").await, count("join_tokens").await, count("sessions").await];
        assert_eq!(all().await, ["3", "3", "4"]);
        forget(&server.state.db, &server.state.tenants, crate::clock::now()).await.unwrap();
        assert_eq!(all().await, ["1", "1", "1"]);
        server.call(admin, "GET", "/session", Value::Null).await.is(200);
    }
}
