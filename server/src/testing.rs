//! A server to test against: a Postgres cluster of its own, two tenants, an administrator and a guard of each.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use access_core::canonical;
use access_core::event::{Act, ActKind, Event};
use access_core::ids::{OperatorId, TenantId};
use access_core::protocol::InstallationMode;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use nix::unistd::{Uid, User};
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::auth::{COOKIE, CSRF_HEADER, SessionToken, begin_session};
use crate::db::{self, Db, ROLES};
use crate::installation::Installation;
use crate::keys::Keys;
use crate::state::{AgentsAddress, AppState};

/// Superuser of a test's cluster.
const SUPERUSER: &str = "cluster";

struct Cluster {
    folder: TempDir,
}

fn postgres(program: &str) -> Command {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = installed.map(|version| version.path().join("bin")).collect();
    folders.sort();
    let path = folders.pop().map_or_else(|| PathBuf::from(program), |folder| folder.join(program));
    let mut command = Command::new(path);
    // Postgres refuses to run as root.
    if Uid::effective().is_root() {
        let account = User::from_name("postgres").unwrap().expect("account postgres");
        command.uid(account.uid.as_raw()).gid(account.gid.as_raw());
    }
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

impl Cluster {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").unwrap();
        if Uid::effective().is_root() {
            let account = User::from_name("postgres").unwrap().expect("account postgres");
            std::os::unix::fs::chown(folder.path(), Some(account.uid.as_raw()), Some(account.gid.as_raw())).unwrap();
        }
        let cluster = Self { folder };
        let made = postgres("initdb")
            .args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username", SUPERUSER, "-D"])
            .arg(cluster.data())
            .status()
            .unwrap();
        assert!(made.success(), "initdb failed");
        let options = format!(
            "-k {} -c listen_addresses='' -c fsync=off -c max_connections=40 -c shared_buffers=16MB",
            cluster.folder.path().display()
        );
        let started = postgres("pg_ctl")
            .args(["-w", "-s", "-D"])
            .arg(cluster.data())
            .args(["-o", &options, "-l"])
            .arg(cluster.folder.path().join("log"))
            .arg("start")
            .status()
            .unwrap();
        assert!(started.success(), "Postgres did not start");
        cluster
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn options(socket: &Path) -> PgConnectOptions {
        PgConnectOptions::new().socket(socket).database("pforte").username(SUPERUSER)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = postgres("pg_ctl").args(["-m", "immediate", "-s", "-D"]).arg(self.data()).arg("stop").status();
    }
}

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
    router: Router,
    options: PgConnectOptions,
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
        let cluster = Cluster::start();
        let options = Cluster::options(cluster.folder.path());
        let mut superuser = PgConnection::connect_with(&options.clone().database("postgres")).await.unwrap();
        sqlx::raw_sql(ROLES).execute(&mut superuser).await.unwrap();
        sqlx::raw_sql("CREATE DATABASE pforte OWNER pforte_owner").execute(&mut superuser).await.unwrap();
        superuser.close().await.unwrap();
        db::migrate(&options).await.unwrap();
        let database = Db::connect(&options).await.unwrap();
        let installation = Installation { id: Uuid::now_v7().into(), mode: InstallationMode::Test };
        let state = AppState::new(installation, database, Keys::fresh().unwrap(), AgentsAddress::default()).unwrap();
        let own = Self::staff(&state, "plant").await;
        let other = Self::staff(&state, "other").await;
        Self { router: crate::api::router(state.clone()), state, own, other, options, _cluster: cluster }
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
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", crate::api::BASE))
            .header("cookie", format!("{COOKIE}={cookie}"))
            .header(CSRF_HEADER, "1");
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
        self.raw(request.body(body).unwrap()).await
    }

    /// Sends a request as it is.
    pub(crate) async fn raw(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let etag = response.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
        let bytes = axum::body::to_bytes(response.into_body(), 16 << 20).await.unwrap().to_vec();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status, etag, json, bytes }
    }

    /// What one query yields as text, asked by the cluster's superuser, whom row security does not bind.
    pub(crate) async fn query(&self, sql: &str) -> Vec<String> {
        let mut superuser = PgConnection::connect_with(&self.options).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&mut superuser).await.unwrap()
    }

    /// Acts of the own tenant in the outbox, oldest first.
    pub(crate) async fn acts(&self) -> Vec<Act> {
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
