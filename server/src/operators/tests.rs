//! Signing in, setting up and managing operators, on a real Postgres.

use std::net::IpAddr;

use access_core::event::ActKind;
use access_core::ids::OperatorId;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{COOKIE, SET_COOKIE};
use futures_util::future::join_all;
use serde_json::{Value, json};
use totp_rs::Builder;

use super::{Lost, Operator, SetupLink, first_operator_link};
use crate::http::PeerAddress;
use crate::testing::{PATIENCE, TestServer};

const PASSWORD: &str = "seven green umbrellas at dawn";
/// Length of a step of a one-time code, in seconds.
const STEP_S: u64 = 30;

/// The code that an authenticator shows so many steps from now.
fn code(server: &TestServer, link: &SetupLink, steps: u64) -> String {
    let secret = link.totp_secret(&server.state.keys);
    let totp = Builder::new().with_secret(secret.as_slice()).with_account_name("operator").build().unwrap();
    let now = u64::try_from(crate::clock::now().timestamp()).unwrap();
    totp.generate(now + steps * STEP_S).to_string()
}

fn link_in(setup_path: &str) -> (String, SetupLink) {
    let token = setup_path.strip_prefix("/setup#").expect("a path of a link");
    (token.to_owned(), SetupLink::read(token).unwrap())
}

/// An answer with the cookie that it sets.
struct Signed {
    status: u16,
    cookie: String,
    attributes: String,
    wait_s: Option<u64>,
    json: Value,
}

async fn post(server: &TestServer, address: &str, path: &str, body: &Value) -> Signed {
    let mut request = Request::builder()
        .method("POST")
        .uri(format!("/api/v1{path}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    request.extensions_mut().insert(PeerAddress(address.parse::<IpAddr>().unwrap()));
    let response = server.respond(request).await;
    let text = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let set = text(SET_COOKIE).unwrap_or_default();
    let (pair, attributes) = set.split_once("; ").unwrap_or_default();
    let cookie = pair.strip_prefix("__Host-pforte=").unwrap_or_default().to_owned();
    let wait_s = text(axum::http::header::RETRY_AFTER).map(|wait| wait.parse().unwrap());
    let (status, attributes) = (response.status().as_u16(), attributes.to_owned());
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    Signed { status, cookie, attributes, wait_s, json: serde_json::from_slice(&bytes).unwrap() }
}

/// An operator of the own tenant who set themselves up.
struct Somebody {
    id: String,
    name: String,
    link: SetupLink,
    cookie: String,
}

async fn somebody(server: &TestServer, name: &str, role: &str) -> Somebody {
    let body = json!({ "name": name, "display_name": "Some Body", "role": role });
    let invited = server.call(&server.own.administrator, "POST", "/operators", body).await.is(201).json;
    let (token, link) = link_in(invited["setup_path"].as_str().unwrap());
    let body = json!({ "token": token, "password": PASSWORD, "totp": code(server, &link, 0) });
    let set_up = post(server, "192.0.2.1", "/setup", &body).await;
    assert_eq!(set_up.status, 200, "{}", set_up.json);
    Somebody {
        id: invited["operator"]["id"].as_str().unwrap().to_owned(),
        name: name.to_owned(),
        link,
        cookie: set_up.cookie,
    }
}

fn sign_in(server: &TestServer, who: &Somebody, steps: u64) -> Value {
    json!({ "tenant": "plant", "name": who.name, "password": PASSWORD, "totp": code(server, &who.link, steps) })
}

#[tokio::test]
async fn the_first_operator_sets_themselves_up() {
    let server = TestServer::start().await;
    let now = crate::clock::now();
    let tenant = crate::tenants::add(&server.state.db, &server.state.keys, "works", "The Works", now).await.unwrap();
    crate::tenants::add(&server.state.db, &server.state.keys, "works", "Again", now).await.unwrap_err();
    let mut tx = server.state.db.begin(tenant.id, None).await.unwrap();
    let void = first_operator_link(&mut tx, now).await.unwrap().unwrap();
    let link = first_operator_link(&mut tx, now).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    let (void, _) = link_in(&void.path());
    let (token, link) = link_in(&link.path());
    let gone = post(&server, "192.0.2.1", "/setup/look", &json!({ "token": void })).await;
    assert_eq!((gone.status, &gone.json["code"]), (410, &json!("link_used_or_expired")), "a newer one replaced it");
    let look = post(&server, "192.0.2.1", "/setup/look", &json!({ "token": token })).await;
    assert_eq!(
        (look.status, &look.json["purpose"], &look.json["tenant"]["slug"]),
        (200, &json!("first_operator"), &json!("works"))
    );
    assert!(look.json["otpauth_url"].as_str().unwrap().starts_with("otpauth://totp/"), "{}", look.json);

    let good = json!({ "token": token, "name": "anna", "display_name": "Anna", "password": PASSWORD,
        "totp": code(&server, &link, 0) });
    let wrong = "000000";
    for (field, value) in [
        ("password", json!("passwordpassword")),
        ("name", json!("Anna!")),
        ("display_name", json!("")),
        ("totp", json!(wrong)),
        ("password", Value::Null),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let refused = post(&server, "192.0.2.1", "/setup", &body).await;
        assert_eq!((refused.status, &refused.json["errors"][0]["field"]), (422, &json!(field)), "{}", refused.json);
        assert!(refused.cookie.is_empty());
    }
    let signed = post(&server, "192.0.2.1", "/setup", &good).await;
    assert_eq!((signed.status, &signed.json["operator"]["role"]), (200, &json!("administrator")), "{}", signed.json);
    for attribute in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(signed.attributes.contains(attribute), "{}", signed.attributes);
    }
    assert!(!signed.attributes.contains("Domain"));
    let session = server.call(&signed.cookie, "GET", "/session", Value::Null).await.is(200).json;
    assert_eq!(
        (&session["operator"]["name"], &session["tenant"]["slug"], &session["mode"]),
        (&json!("anna"), &json!("works"), &json!("test"))
    );
    assert_eq!(post(&server, "192.0.2.1", "/setup", &good).await.status, 410, "used");
    let mut tx = server.state.db.begin(tenant.id, None).await.unwrap();
    assert!(first_operator_link(&mut tx, now).await.unwrap().is_none(), "there is an administrator");
    drop(tx);

    let body =
        |steps| json!({ "tenant": "works", "name": "anna", "password": PASSWORD, "totp": code(&server, &link, steps) });
    assert_eq!(post(&server, "192.0.2.1", "/session", &body(0)).await.status, 401, "the code of the set-up, again");
    let signed = post(&server, "192.0.2.1", "/session", &body(1)).await;
    assert_eq!(signed.status, 200, "{}", signed.json);
    assert_eq!(post(&server, "192.0.2.1", "/session", &body(1)).await.status, 401, "the same code again");
    server.call(&signed.cookie, "DELETE", "/session", Value::Null).await.is(204);
    server.call(&signed.cookie, "GET", "/session", Value::Null).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_link_ends_with_its_time() {
    let server = TestServer::start().await;
    let body = json!({ "name": "anna", "display_name": "Anna", "role": "guard" });
    let invited = server.call(&server.own.administrator, "POST", "/operators", body).await.is(201).json;
    let (token, link) = link_in(invited["setup_path"].as_str().unwrap());
    server.execute("UPDATE setup_links SET expires_at = now() - interval '1 second'").await;
    assert_eq!(post(&server, "192.0.2.1", "/setup/look", &json!({ "token": token })).await.status, 410);
    let body = json!({ "token": token, "password": PASSWORD, "totp": code(&server, &link, 0) });
    assert_eq!(post(&server, "192.0.2.1", "/setup", &body).await.status, 410);
    for bad in ["", "AAAA", "not base64!"] {
        assert_eq!(post(&server, "192.0.2.1", "/setup/look", &json!({ "token": bad })).await.status, 410, "{bad}");
    }
}

#[tokio::test]
async fn a_lost_link_is_replaced() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let body = json!({ "name": "anna", "display_name": "Anna", "role": "guard" });
    let invited = server.call(admin, "POST", "/operators", body).await.is(201).json;
    let path = format!("/operators/{}/setup-link", invited["operator"]["id"].as_str().unwrap());
    let why = json!({ "reason": "the first ran out" });
    server.call(&server.own.guard, "POST", &path, why.clone()).await.problem(403, "forbidden");
    server.call(&server.other.administrator, "POST", &path, why.clone()).await.problem(404, "not_found");
    server.call(admin, "POST", &path, json!({ "reason": " " })).await.problem(422, "invalid");
    server.execute("UPDATE setup_links SET expires_at = now() - interval '1 second'").await;
    let (old, _) = link_in(invited["setup_path"].as_str().unwrap());
    let second = server.call(admin, "POST", &path, why.clone()).await.is(200).json;
    let third = server.call(admin, "POST", &path, why.clone()).await.is(200).json;
    let ((second, _), (token, link)) =
        (link_in(second["setup_path"].as_str().unwrap()), link_in(third["setup_path"].as_str().unwrap()));
    for void in [old, second] {
        assert_eq!(post(&server, "192.0.2.1", "/setup/look", &json!({ "token": void })).await.status, 410);
    }
    let body = json!({ "token": token, "password": PASSWORD, "totp": code(&server, &link, 0) });
    assert_eq!(post(&server, "192.0.2.1", "/setup", &body).await.status, 200);
    server.call(admin, "POST", &path, why).await.problem(409, "not_invited");
    let issued = server.act_kinds().await.into_iter().filter(|kind| *kind == ActKind::SetupLinkIssued).count();
    assert_eq!(issued, 2);
}

#[tokio::test]
async fn nobody_learns_which_part_was_wrong() {
    let server = TestServer::start().await;
    let anna = somebody(&server, "anna", "guard").await;
    let blocked = somebody(&server, "blocked", "guard").await;
    let path = format!("/operators/{}/disable", blocked.id);
    server.call(&server.own.administrator, "POST", &path, json!({ "reason": "left" })).await.is(200);
    let good = sign_in(&server, &anna, 1);
    let mut answers = Vec::new();
    for (number, (field, value)) in [
        ("tenant", "nowhere"),
        ("tenant", "other"),
        ("name", "nobody"),
        ("password", "seven green umbrellas at dusk"),
        ("totp", "000000"),
        ("totp", ""),
        ("name", "blocked"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = good.clone();
        body[field] = json!(value);
        let refused = post(&server, &format!("192.0.2.{}", number + 10), "/session", &body).await;
        assert_eq!(refused.status, 401, "{field}: {value}");
        assert!(refused.cookie.is_empty());
        answers.push(refused.json);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer["code"] == "sign_in_failed"), "{answers:?}");
    let odd = json!({ "tenant": "plant", "name": "anna", "password": PASSWORD, "totp": "1", "remember": true });
    assert_eq!(post(&server, "192.0.2.9", "/session", &odd).await.status, 422, "a field that nobody knows");
    assert_eq!(post(&server, "192.0.2.9", "/session", &good).await.status, 200);
    let failed = server.act_kinds().await.into_iter().filter(|kind| *kind == ActKind::SignInFailed).count();
    assert_eq!(failed, 3, "each wrong password or code of an account is an act");
}

#[tokio::test]
async fn no_answer_tells_by_its_time_who_exists() {
    let server = TestServer::start().await;
    let anna = somebody(&server, "anna", "guard").await;
    let mut held = server.superuser().await;
    // While nothing can be recorded, who exists and who does not are answered all the same.
    sqlx::raw_sql("BEGIN; LOCK TABLE log_outbox IN ACCESS EXCLUSIVE MODE").execute(&mut held).await.unwrap();
    for (tenant, name) in [("plant", "anna"), ("plant", "nobody"), ("nowhere", "anna")] {
        let body = json!({ "tenant": tenant, "name": name, "password": "wrong", "totp": "000000" });
        let answered = tokio::time::timeout(PATIENCE, post(&server, "192.0.2.1", "/session", &body)).await;
        assert_eq!(answered.expect("an answer that waits for no record").status, 401, "{tenant} {name}");
    }
    sqlx::raw_sql("ROLLBACK").execute(&mut held).await.unwrap();
    let acts = server.acts().await;
    let failed: Vec<_> = acts.iter().filter(|act| act.kind == ActKind::SignInFailed).collect();
    assert_eq!(failed.len(), 1, "and then it is recorded");
    assert_eq!(failed[0].subject.map(|subject| subject.id.to_string()), Some(anna.id));
}

#[tokio::test]
async fn guessing_is_slowed_down_for_whoever_guesses() {
    let server = TestServer::start().await;
    let anna = somebody(&server, "anna", "guard").await;
    for (tenant, name) in [("plant", "anna"), ("plant", "nobody"), ("nowhere", "anna")] {
        let body = json!({ "tenant": tenant, "name": name, "password": "wrong", "totp": "000000" });
        let address = format!("198.51.100.{}", tenant.len() + name.len());
        let answers = join_all((0..8).map(|_| post(&server, &address, "/session", &body))).await;
        let refused = answers.iter().filter(|answer| answer.status == 401).count();
        let bodies: Vec<&Value> = answers.iter().map(|answer| &answer.json).collect();
        assert_eq!(refused, 5, "all at once: the first five are looked at: {bodies:?}");
        for slowed in answers.iter().filter(|answer| answer.status != 401) {
            assert_eq!((slowed.status, &slowed.json["code"]), (429, &json!("throttled")));
            assert!(slowed.wait_s.is_some_and(|wait_s| (1..=2).contains(&wait_s)), "{:?}", slowed.wait_s);
        }
    }
    let body = sign_in(&server, &anna, 1);
    assert_eq!(post(&server, "192.0.2.77", "/session", &body).await.status, 200, "anna herself, from elsewhere");
}

#[tokio::test]
async fn who_finds_no_place_to_wait_is_told_and_not_counted() {
    let server = TestServer::start().await;
    let anna = somebody(&server, "anna", "guard").await;
    let body = sign_in(&server, &anna, 1);
    let taken: Vec<_> = std::iter::from_fn(|| server.state.passwords.place().ok()).collect();
    for _ in 0..10 {
        let busy = post(&server, "192.0.2.1", "/session", &body).await;
        assert_eq!((busy.status, &busy.json["code"]), (503, &json!("unavailable")));
    }
    drop(taken);
    assert_eq!(post(&server, "192.0.2.1", "/session", &body).await.status, 200);
}

#[tokio::test]
async fn out_of_use_is_out_at_once() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let anna = somebody(&server, "anna", "guard").await;
    server.call(&anna.cookie, "GET", "/operators", Value::Null).await.is(200);
    let path = |what: &str| format!("/operators/{}/{what}", anna.id);
    server.call(&anna.cookie, "POST", &path("disable"), json!({ "reason": "?" })).await.problem(403, "forbidden");
    server
        .call(&server.other.administrator, "POST", &path("disable"), json!({ "reason": "?" }))
        .await
        .problem(404, "not_found");
    server.call(admin, "POST", &path("disable"), json!({ "reason": "" })).await.problem(422, "invalid");
    server.call(admin, "POST", &path("disable"), json!({ "reason": "left" })).await.is(200);
    server.call(&anna.cookie, "GET", "/session", Value::Null).await.problem(401, "unauthenticated");
    assert_eq!(post(&server, "192.0.2.1", "/session", &sign_in(&server, &anna, 1)).await.status, 401);
    server.call(admin, "POST", &path("reset-totp"), json!({ "reason": "?" })).await.problem(409, "operator_disabled");
    let enabled = server.call(admin, "POST", &path("enable"), json!({ "reason": "back" })).await.is(200);
    assert_eq!(enabled.json["state"], "active");
    server.call(admin, "POST", &path("enable"), json!({ "reason": "back" })).await.problem(409, "not_disabled");
    server.call(&anna.cookie, "GET", "/session", Value::Null).await.problem(401, "unauthenticated");
    assert_eq!(post(&server, "192.0.2.1", "/session", &sign_in(&server, &anna, 1)).await.status, 200);
}

#[tokio::test]
async fn an_administrator_remains() {
    let server = TestServer::start().await;
    let listed = server.call(&server.own.administrator, "GET", "/operators", Value::Null).await.is(200).json;
    let own = listed["items"].as_array().unwrap().iter().find(|who| who["role"] == "administrator").unwrap().clone();
    let own_path = format!("/operators/{}", own["id"].as_str().unwrap());
    let admin = &server.own.administrator;
    server
        .call(admin, "POST", &format!("{own_path}/disable"), json!({ "reason": "me" }))
        .await
        .problem(409, "last_administrator");
    let demoted = json!({ "role": "guard", "reason": "me" });
    server.change(admin, "PATCH", &own_path, "\"1\"", demoted.clone()).await.problem(409, "last_administrator");
    server
        .call(admin, "POST", &format!("{own_path}/reset-totp"), json!({ "reason": "me" }))
        .await
        .problem(409, "own_totp");
    // Two who remove each other at the same moment: one of them remains.
    for round in 0..8 {
        let second = somebody(&server, &format!("anna{round}"), "administrator").await;
        let second_path = format!("/operators/{}", second.id);
        let (reason, what) = (json!({ "reason": "you or me" }), if round % 2 == 0 { "disable" } else { "reset-totp" });
        let (second_path, own_what) = (format!("{second_path}/{what}"), format!("{own_path}/{what}"));
        let (one, other) = tokio::join!(
            server.call(admin, "POST", &second_path, reason.clone()),
            server.call(&second.cookie, "POST", &own_what, reason.clone()),
        );
        let statuses = [one.status.as_u16(), other.status.as_u16()];
        assert_eq!(
            statuses.iter().filter(|status| **status == 200).count(),
            1,
            "{statuses:?} {} {}",
            one.json,
            other.json
        );
        let active = format!(
            "SELECT count(*)::text FROM operators WHERE role = 'administrator' AND state = 'active' AND tenant_id = '{}'",
            server.own.tenant
        );
        let active = server.query(&active).await;
        assert_eq!(active, ["1"]);
        // As it was.
        server.execute("UPDATE operators SET state = 'active', totp_secret = '' WHERE name = 'administrator'").await;
        server.execute(&format!("UPDATE operators SET state = 'disabled' WHERE id = '{}'", second.id)).await;
        server.restore_session(admin).await;
    }
}

#[tokio::test]
async fn a_second_factor_is_set_anew_by_somebody_else() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let anna = somebody(&server, "anna", "guard").await;
    let path = format!("/operators/{}/reset-totp", anna.id);
    server.call(&anna.cookie, "POST", &path, json!({ "reason": "?" })).await.problem(403, "forbidden");
    let reset = server.call(admin, "POST", &path, json!({ "reason": "lost her telephone" })).await.is(200).json;
    server.call(&anna.cookie, "GET", "/session", Value::Null).await.problem(401, "unauthenticated");
    assert_eq!(
        post(&server, "192.0.2.1", "/session", &sign_in(&server, &anna, 1)).await.status,
        401,
        "the old telephone"
    );
    let (token, link) = link_in(reset["setup_path"].as_str().unwrap());
    let look = post(&server, "192.0.2.1", "/setup/look", &json!({ "token": token })).await;
    assert_eq!((&look.json["purpose"], &look.json["name"]), (&json!("totp_reset"), &json!("anna")));
    // Whoever reset it holds the link, and its secret with it: that alone signs nobody in.
    let right = code(&server, &link, 0);
    let body = json!({ "token": token, "totp": right });
    let refused = post(&server, "192.0.2.1", "/setup", &body).await;
    assert_eq!((refused.status, &refused.json["errors"][0]["field"]), (422, &json!("password")), "{}", refused.json);
    let mut answers = Vec::new();
    for (password, totp) in [("another password entirely", right.as_str()), (PASSWORD, "000000"), ("x", "000000")] {
        let body = json!({ "token": token, "password": password, "totp": totp });
        let refused = post(&server, "192.0.2.1", "/setup", &body).await;
        assert_eq!((refused.status, refused.cookie.as_str()), (401, ""), "{}", refused.json);
        answers.push(refused.json);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer["code"] == "set_up_refused"), "{answers:?}");
    let body = json!({ "token": token, "password": PASSWORD, "totp": right });
    assert_eq!(post(&server, "192.0.2.1", "/setup", &body).await.status, 200);
    let again = Somebody { link, cookie: String::new(), ..anna };
    assert_eq!(
        post(&server, "192.0.2.1", "/session", &sign_in(&server, &again, 1)).await.status,
        200,
        "her old password"
    );

    // On the server's command line, for who has nobody else.
    let (operator, link) = reset_on_the_server(&server, &again.id, Lost::Authenticator).await;
    assert_eq!(operator.name, "anna");
    let (token, link) = link_in(&link.path());
    let body = json!({ "token": token, "password": PASSWORD, "totp": code(&server, &link, 0) });
    assert_eq!(post(&server, "192.0.2.1", "/setup", &body).await.status, 200);
    let acts = server.acts().await;
    let resets: Vec<_> =
        acts.iter().filter(|act| act.kind == ActKind::TotpReset).map(|act| act.operator.is_some()).collect();
    assert_eq!(resets, [true, false]);
}

async fn reset_on_the_server(server: &TestServer, id: &str, lost: Lost) -> (Operator, SetupLink) {
    let id: OperatorId = id.parse::<uuid::Uuid>().unwrap().into();
    let mut tx = server.state.db.begin(server.own.tenant, None).await.unwrap();
    let (operator, link, _) =
        super::reset(&server.state.keys, &mut tx, id, lost, "lost", crate::clock::now()).await.unwrap();
    tx.commit().await.unwrap();
    (operator, link)
}

#[tokio::test]
async fn guesses_at_a_password_behind_a_link_are_counted_with_those_at_signing_in() {
    let server = TestServer::start().await;
    let anna = somebody(&server, "anna", "guard").await;
    let (_, link) = reset_on_the_server(&server, &anna.id, Lost::Authenticator).await;
    let (token, link) = link_in(&link.path());
    let guess = json!({ "token": token, "password": "wrong", "totp": code(&server, &link, 0) });
    let at_sign_in = json!({ "tenant": "plant", "name": "anna", "password": "wrong", "totp": "000000" });
    let tries = (0..8).map(|number| match number {
        0..4 => post(&server, "198.51.100.1", "/setup", &guess),
        _ => post(&server, "198.51.100.1", "/session", &at_sign_in),
    });
    let answers = join_all(tries).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429], "five in all, wherever they are made");
    let failed = server.act_kinds().await.into_iter().filter(|kind| *kind == ActKind::SignInFailed).count();
    // Who waits for a second factor can't sign in, so guesses there are of no account.
    let behind_the_link = answers[..4].iter().filter(|answer| answer.status == 401).count();
    assert_eq!(failed, behind_the_link, "each guess behind the link is an act");
}

#[tokio::test]
async fn who_lost_both_factors_is_invited_anew_and_the_log_says_so() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let anna = somebody(&server, "anna", "guard").await;
    let path = format!("/operators/{}/reset-factors", anna.id);
    let why = json!({ "reason": "lost telephone and notebook" });
    server.call(&anna.cookie, "POST", &path, why.clone()).await.problem(403, "forbidden");
    server.call(&server.other.administrator, "POST", &path, why.clone()).await.problem(404, "not_found");
    server.call(admin, "POST", &path, json!({ "reason": "" })).await.problem(422, "invalid");
    let reset = server.call(admin, "POST", &path, why).await.is(200).json;
    assert_eq!(reset["operator"]["state"], "invited");
    server.call(&anna.cookie, "GET", "/session", Value::Null).await.problem(401, "unauthenticated");
    let (token, link) = link_in(reset["setup_path"].as_str().unwrap());
    let look = post(&server, "192.0.2.1", "/setup/look", &json!({ "token": token })).await;
    assert_eq!((&look.json["purpose"], &look.json["name"]), (&json!("invitation"), &json!("anna")));
    let chosen = "eight copper kettles at noon";
    let body = json!({ "token": token, "password": chosen, "totp": code(&server, &link, 0) });
    assert_eq!(post(&server, "192.0.2.1", "/setup", &body).await.status, 200);
    let again = Somebody { link, cookie: String::new(), ..anna };
    let mut body = sign_in(&server, &again, 1);
    assert_eq!(post(&server, "192.0.2.1", "/session", &body).await.status, 401, "the old password");
    body["password"] = json!(chosen);
    assert_eq!(post(&server, "192.0.2.1", "/session", &body).await.status, 200);

    let (_, link) = reset_on_the_server(&server, &again.id, Lost::Both).await;
    let (token, _) = link_in(&link.path());
    let look = post(&server, "192.0.2.1", "/setup/look", &json!({ "token": token })).await;
    assert_eq!(look.json["purpose"], "invitation");
    let acts = server.acts().await;
    let resets: Vec<_> =
        acts.iter().filter(|act| act.kind == ActKind::FactorsReset).map(|act| act.operator.is_some()).collect();
    assert_eq!(resets, [true, false]);
}

#[tokio::test]
async fn a_session_ends_unused_and_in_any_case() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let lapse = async |column: &str| {
        server.execute(&format!("UPDATE sessions SET {column} = now() - interval '1 second'")).await;
        server.call(admin, "GET", "/session", Value::Null).await.problem(401, "unauthenticated");
        server.execute(&format!("UPDATE sessions SET {column} = now() + interval '1 minute'")).await;
    };
    lapse("idle_expires_at").await;
    lapse("expires_at").await;
    let used = server.call(admin, "GET", "/session", Value::Null).await.is(200).json;
    let idle = used["idle_expires_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let left = idle - crate::clock::now();
    assert!((14 * 60..=15 * 60).contains(&left.num_seconds()), "used, so 15 minutes again: {left}");
    let flipped = format!("{}{}", &admin[..admin.len() - 2], if admin.ends_with("AA") { "BB" } else { "AA" });
    for cookie in [flipped.as_str(), "x", "AAAA"] {
        server.call(cookie, "GET", "/session", Value::Null).await.problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn roles_bind_from_the_next_request_on() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let anna = somebody(&server, "anna", "administrator").await;
    let path = format!("/operators/{}", anna.id);
    let seen = server.call(admin, "GET", "/operators", Value::Null).await.is(200).json;
    let version =
        seen["items"].as_array().unwrap().iter().find(|who| who["name"] == "anna").unwrap()["version"].clone();
    let demoted = json!({ "role": "guard", "reason": "moved" });
    server.change(admin, "PATCH", &path, "\"99\"", demoted.clone()).await.problem(412, "changed_meanwhile");
    server.call(admin, "PATCH", &path, demoted.clone()).await.problem(428, "version_required");
    server.change(admin, "PATCH", &path, &format!("\"{version}\""), demoted).await.is(200);
    let body = json!({ "name": "berta", "display_name": "Berta", "role": "guard" });
    server.call(&anna.cookie, "POST", "/operators", body.clone()).await.problem(403, "forbidden");
    server.call(admin, "POST", "/operators", body.clone()).await.is(201);
    server.call(admin, "POST", "/operators", body).await.problem(409, "name_taken");
    assert_eq!(COOKIE.as_str(), "cookie");
    let mut request =
        Request::builder().method("POST").uri("/api/v1/operators").header(COOKIE, format!("__Host-pforte={admin}"));
    request = request.header("content-type", "application/json");
    let forged =
        request.body(Body::from(json!({ "name": "eve", "display_name": "Eve", "role": "administrator" }).to_string()));
    server.raw(forged.unwrap()).await.problem(403, "forbidden");
    assert!(!server.act_kinds().await.is_empty());
}
