//! A server to test against: a Postgres cluster of its own, two tenants, an administrator and a guard of each; on demand
//! its log's sequencer, its rules and its agents' port.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use access_core::canonical;
use access_core::event::{Act, ActKind, Event};
use access_core::ids::{OperatorId, TenantId};
use access_core::protocol::InstallationMode;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::auth::{COOKIE, CSRF_HEADER, SessionToken, begin_session};
use crate::certificates::Authority;
use crate::db::Db;
use crate::http::Proxies;
use crate::installation::Installation;
use crate::keys::Keys;
use crate::log::Sequencer;
use crate::policy::tests::unpreviewed::touches_no_rule;
use crate::serve::{Limits, Port};
use crate::state::{AgentsAddress, AppState};

mod agent;
mod cluster;
pub(crate) mod token;

pub(crate) use agent::{AgentKeys, TestAgent, TestLink, client, connect, dial_over, identity_of, post};
use cluster::Cluster;

/// How long anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Connections that a test's port takes.
pub(crate) const LIMITS: Limits = Limits { connections_max: 4_096, connections_per_address_max: 4_096 };

/// How often the rules of each tenant changed.
const RULES_VERSIONS: &str = "SELECT tenant_id || ' ' || version FROM policy_versions ORDER BY tenant_id";

/// Staff of one tenant.
pub(crate) struct Staff {
    /// Whose.
    pub(crate) tenant: TenantId,
    /// Cookie of a session of the administrator.
    pub(crate) administrator: String,
    /// Cookie of a session of a guard.
    pub(crate) guard: String,
}

/// A server with two tenants.
pub(crate) struct TestServer {
    /// Its state.
    pub(crate) state: AppState,
    /// The tenant of most tests.
    pub(crate) own: Staff,
    /// Another, who must see nothing of it.
    pub(crate) other: Staff,
    /// Who issues its agents' certificates.
    pub(crate) authority: Arc<Authority>,
    /// Where its agents connect, once [`TestServer::serve`] was called.
    pub(crate) agents_port: SocketAddr,
    router: Router,
    pub(crate) options: PgConnectOptions,
    _folder: TempDir,
    // Last, so that it stops after the connections are closed.
    _cluster: Cluster,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Its `ETag`.
    pub(crate) etag: Option<String>,
    /// Its body, if JSON.
    pub(crate) json: Value,
    /// Its body.
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// Insists on a status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.json);
        self
    }

    /// Insists on a problem with this code.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Self {
        let answer = self.is(status);
        assert_eq!(answer.json["code"], code, "{}", answer.json);
        answer
    }

    /// The id of what was made.
    #[track_caller]
    pub(crate) fn id(&self) -> String {
        self.json["id"].as_str().expect("an id").to_owned()
    }
}

impl TestServer {
    /// Starts one.
    pub(crate) async fn start() -> Self {
        let cluster = Cluster::start().await;
        let options = cluster.options();
        let database = Db::connect(&options).await.unwrap();
        let installation = Installation { id: Uuid::now_v7().into(), mode: InstallationMode::Test };
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::open(folder.path(), crate::clock::now()).unwrap();
        let address = AgentsAddress { address: "localhost:1".to_owned(), authority: authority.fingerprint() };
        let state = AppState::new(installation, database, Keys::fresh().unwrap(), address).unwrap();
        let own = Self::staff(&state, "plant").await;
        let other = Self::staff(&state, "other").await;
        Self {
            router: crate::ui::with_api(state.clone()),
            state,
            own,
            other,
            authority: Arc::new(authority),
            agents_port: SocketAddr::from(([127, 0, 0, 1], 0)),
            options,
            _folder: folder,
            _cluster: cluster,
        }
    }

    /// Starts one that does everything: sequences its log, follows its rules, and listens for agents.
    pub(crate) async fn serving() -> Self {
        Self::start().await.serve().await
    }

    /// Has one do everything.
    pub(crate) async fn serve(mut self) -> Self {
        let server = &mut self;
        server.sequence();
        server.state.tenants.refresh().await.unwrap();
        tokio::spawn(crate::decisions::run(server.state.keeper()));
        let listener = crate::serve::bind(server.agents_port).await.unwrap();
        server.agents_port = listener.local_addr().unwrap();
        let tls = crate::agents::port::tls(&server.authority, crate::clock::now).unwrap();
        let port =
            crate::agents::port::AgentPort { state: server.state.clone(), authority: Arc::clone(&server.authority) };
        let router = crate::agents::port::router(port);
        let port = Port { listener, tls: Some(tls), limits: LIMITS, proxies: Proxies::default() };
        tokio::spawn(crate::serve::run(port, router, server.state.stop.clone()));
        self
    }

    /// Makes master keys of cards in this module from now on: before it serves agents.
    pub(crate) fn take_module(&mut self, module: crate::keys::module::Module) {
        self.state.card_keys = self.state.card_keys.clone().with_module(Arc::new(module));
        self.router = crate::ui::with_api(self.state.clone());
    }

    /// Starts the log's sequencer, or one more.
    pub(crate) fn sequence(&self) {
        let state = self.state.clone();
        tokio::spawn(crate::log::run(self.sequencer(), state.tenants, state.log, state.stop));
    }

    /// The log's sequencer.
    pub(crate) fn sequencer(&self) -> Sequencer {
        let (db, installation) = (self.state.db.clone(), self.state.installation.id);
        Sequencer { db, installation, key: Arc::new(self.state.keys.log_key()) }
    }

    /// Waits until everything in the own tenant's outbox has its place in the log; the newest position.
    pub(crate) async fn settled(&self) -> u64 {
        let mut newest = self.state.log.subscribe(self.own.tenant);
        let settling = async {
            loop {
                newest.mark_unchanged();
                self.state.log.wake(self.own.tenant);
                let waiting = format!("SELECT count(*)::text FROM log_outbox WHERE tenant_id = '{}'", self.own.tenant);
                if self.query(&waiting).await == ["0"] {
                    let head = format!("SELECT position::text FROM log_heads WHERE tenant_id = '{}'", self.own.tenant);
                    return self.query(&head).await.first().map_or(0, |position| position.parse().unwrap());
                }
                // A position that another sequencer gave is not told here.
                let _ = tokio::time::timeout(Duration::from_millis(100), newest.changed()).await;
            }
        };
        tokio::time::timeout(PATIENCE, settling).await.expect("the log to be written")
    }

    /// Events of the own tenant's log, oldest first, as staff read them.
    pub(crate) async fn events(&self, query: &str) -> Vec<Value> {
        self.settled().await;
        let path = format!("/events?limit=200&{query}");
        let mut events = self.call(&self.own.guard, "GET", &path, Value::Null).await.is(200).json;
        let mut events = std::mem::take(events["items"].as_array_mut().unwrap());
        events.reverse();
        events
    }

    async fn staff(state: &AppState, slug: &str) -> Staff {
        let tenant = TenantId::from_uuid(Uuid::now_v7());
        let now = crate::clock::now();
        let mut tx = state.db.begin(tenant, None).await.unwrap();
        sqlx::query("INSERT INTO tenants (id, slug, name) VALUES ($1, $2, $2)")
            .bind(tenant.as_uuid())
            .bind(slug)
            .execute(&mut *tx)
            .await
            .unwrap();
        let mut cookies = Vec::new();
        for role in ["administrator", "guard"] {
            let operator = OperatorId::from_uuid(Uuid::now_v7());
            sqlx::query(
                "INSERT INTO operators (tenant_id, id, name, display_name, role, state, password_hash, totp_secret) \
                 VALUES ($1, $2, $3, $3, $3, 'active', 'none', '')",
            )
            .bind(tenant.as_uuid())
            .bind(operator.as_uuid())
            .bind(role)
            .execute(&mut *tx)
            .await
            .unwrap();
            let token = SessionToken::new(tenant).unwrap();
            begin_session(&mut tx, &token, operator, now).await.unwrap();
            cookies.push(token.to_cookie());
        }
        tx.commit().await.unwrap();
        let guard = cookies.pop().unwrap();
        Staff { tenant, administrator: cookies.pop().unwrap(), guard }
    }

    /// Sends a request with a JSON body, or none if it is null.
    pub(crate) async fn call(&self, cookie: &str, method: &str, path: &str, body: Value) -> Answer {
        self.send(cookie, method, path, None, body).await
    }

    /// Sends a change of the version that `etag` names.
    pub(crate) async fn change(&self, cookie: &str, method: &str, path: &str, etag: &str, body: Value) -> Answer {
        self.send(cookie, method, path, Some(etag), body).await
    }

    async fn send(&self, cookie: &str, method: &str, path: &str, etag: Option<&str>, body: Value) -> Answer {
        let mut request =
            Request::builder().method(method).uri(format!("{}{path}", crate::api::BASE)).header(CSRF_HEADER, "1");
        if !cookie.is_empty() {
            request = request.header("cookie", format!("{COOKIE}={cookie}"));
        }
        if let Some(etag) = etag {
            request = request.header("if-match", etag);
        }
        let body = match body {
            Value::Null => Body::empty(),
            body => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
        };
        if !touches_no_rule(method, path) {
            return self.raw(request.body(body).unwrap()).await;
        }
        let before = self.query(RULES_VERSIONS).await;
        let answer = self.raw(request.body(body).unwrap()).await;
        assert_eq!(self.query(RULES_VERSIONS).await, before, "{method} {path} is said to touch no rule");
        answer
    }

    /// Sends a request as it is.
    pub(crate) async fn raw(&self, request: Request<Body>) -> Answer {
        let response = self.respond(request).await;
        let status = response.status();
        let etag = response.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
        let bytes = axum::body::to_bytes(response.into_body(), 16 << 20).await.unwrap().to_vec();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status, etag, json, bytes }
    }

    /// Sends a request as it is; the answer before its body is read.
    pub(crate) async fn respond(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// What one query yields as text, asked by the cluster's superuser, whom row security does not bind.
    pub(crate) async fn query(&self, sql: &str) -> Vec<String> {
        let mut superuser = PgConnection::connect_with(&self.options).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&mut superuser).await.unwrap()
    }

    /// A connection of the cluster's superuser, whom row security does not bind.
    pub(crate) async fn superuser(&self) -> PgConnection {
        PgConnection::connect_with(&self.options).await.unwrap()
    }

    /// Does something as the cluster's superuser.
    pub(crate) async fn execute(&self, sql: &str) {
        let mut superuser = PgConnection::connect_with(&self.options).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut superuser).await.unwrap();
    }

    /// Lets a session of the own tenant's administrator or guard begin again with the same cookie.
    pub(crate) async fn restore_session(&self, cookie: &str) {
        let token = SessionToken::from_cookie(cookie).unwrap();
        let name = if cookie == self.own.guard { "guard" } else { "administrator" };
        let id = format!("SELECT id::text FROM operators WHERE tenant_id = '{}' AND name = '{name}'", self.own.tenant);
        let operator: Uuid = self.query(&id).await[0].parse().unwrap();
        let mut tx = self.state.db.begin(self.own.tenant, None).await.unwrap();
        // It may go on still.
        if begin_session(&mut tx, &token, operator.into(), crate::clock::now()).await.is_ok() {
            tx.commit().await.unwrap();
        }
    }

    /// Acts of the own tenant in the outbox, oldest first, with those that no answer waited for.
    pub(crate) async fn acts(&self) -> Vec<Act> {
        self.state.unanswered.close();
        tokio::time::timeout(PATIENCE, self.state.unanswered.wait()).await.expect("unanswered work to end");
        self.state.unanswered.reopen();
        let mut superuser = PgConnection::connect_with(&self.options).await.unwrap();
        let events: Vec<Vec<u8>> =
            sqlx::query_scalar("SELECT event FROM log_outbox WHERE tenant_id = $1 ORDER BY place")
                .bind(self.own.tenant.as_uuid())
                .fetch_all(&mut superuser)
                .await
                .unwrap();
        let act = |bytes: &Vec<u8>| match canonical::decode::<Event>("event", bytes).unwrap() {
            Event::Act(act) => act,
            event => panic!("not an act: {event:?}"),
        };
        events.iter().map(act).collect()
    }

    /// Kinds of the own tenant's acts, oldest first.
    pub(crate) async fn act_kinds(&self) -> Vec<ActKind> {
        self.acts().await.iter().map(|act| act.kind).collect()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.state.stop.cancel();
    }
}
