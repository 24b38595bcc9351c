use std::convert::Infallible;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use rcgen::{ExtendedKeyUsagePurpose, SubjectPublicKeyInfo};
use serde_json::{Value, json};

use super::*;
use crate::testing::{SERVER_NAME, Server};

const WAIT: Duration = Duration::from_secs(30);

/// The test server's own clock is the machine's.
fn now() -> UnixMs {
    crate::clock::machine_time()
}

fn token(authority_sha256: &[u8]) -> String {
    let tenant = Uuid::from_u128(1).simple();
    format!("{TOKEN_PREFIX}.{tenant}.{}.{}", URL_SAFE_NO_PAD.encode([7; 32]), URL_SAFE_NO_PAD.encode(authority_sha256))
}

/// Serves one connection; `answer` makes status and body of path and request.
async fn serve_one(server: &Server, answer: impl Fn(&str, Value) -> (u16, Value)) -> std::io::Result<()> {
    let stream = server.accept().await?;
    let answer = &answer;
    let service = service_fn(move |request: Request<Incoming>| async move {
        let path = request.uri().path().to_owned();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let (status, body) = answer(&path, serde_json::from_slice(&body).unwrap());
        let response = Response::builder().status(status).body(Full::new(Bytes::from(body.to_string())));
        Ok::<_, Infallible>(response.unwrap())
    });
    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    served.await.map_err(std::io::Error::other)
}

fn certify(server: &Server, request: &Value) -> String {
    let spki = BASE64.decode(request["certificate_key"].as_str().unwrap()).unwrap();
    let key = SubjectPublicKeyInfo::from_der(&spki).unwrap();
    pem("CERTIFICATE", &server.certify(&key, now().plus_ms(-60_000)))
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64.encode(der))
}

fn welcome(server: &Server, request: &Value) -> Value {
    let id = Uuid::from_u128(3);
    json!({
        "agent": id, "tenant": id, "installation": id, "mode": "test", "epoch": 1, "server_name": SERVER_NAME,
        "certificate": certify(server, request), "chain": pem("CERTIFICATE", server.authority.der()),
        "policy_key": BASE64.encode(SigningKey::from_bytes(&[3; 32]).verifying_key().as_bytes()),
        "previous": BASE64.encode(access_core::canonical::encode(&previous())), "configuration": "mode = \"test\"",
    })
}

fn previous() -> access_core::chain::Head {
    access_core::chain::Head { seq: 41, ..access_core::chain::Head::start_of(1) }
}

async fn join_to(server: &Server, token: &JoinToken, folder: &Path) -> Result<Identity, JoinError> {
    tokio::time::timeout(WAIT, join(&server.address, token, folder, AgentKind::DoorController, now())).await.unwrap()
}

#[tokio::test]
async fn joining_and_renewing() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("data");
    let token = JoinToken::parse(&format!(" {}\n", token(&server.authority_sha256()))).unwrap();
    let serving = serve_one(&server, |path, request| {
        assert_eq!(path, "/join");
        assert!(request["token"].as_str().unwrap().starts_with(TOKEN_PREFIX));
        assert_eq!(request["kind"], "door_controller");
        for key in ["record_key", "sealing_key"] {
            assert_eq!(BASE64.decode(request[key].as_str().unwrap()).unwrap().len(), 32);
        }
        (200, welcome(&server, &request))
    });
    let (joined, served) = tokio::join!(join_to(&server, &token, &folder), serving);
    served.unwrap();
    let joined = joined.unwrap();
    assert_eq!(joined.agent, Uuid::from_u128(3).into());
    let loaded = Identity::load(&folder, None).unwrap();
    assert_eq!(loaded.certificate, joined.certificate);
    assert_eq!(loaded.previous, Some(previous()), "the record that its own begin after");
    assert_eq!(std::fs::read_to_string(folder.join(TAKEN_OVER)).unwrap(), "mode = \"test\"");
    let validity = tls::validity(&loaded.certificate).unwrap();
    assert_eq!(validity.until.since(validity.from), 24 * 3_600_000);

    assert!(matches!(renew(&server.address, &loaded, Some(now())).await, Err(JoinError::Key(_))), "no key was kept");
    let prepared = prepare_renewal(&loaded).unwrap();
    prepared.save(&folder).unwrap();
    let asked = std::sync::Mutex::new(Vec::new());
    let serving = serve_one(&server, |path, request| {
        assert_eq!(path, "/renew");
        asked.lock().unwrap().push(request["certificate_key"].clone());
        (503, json!(null))
    });
    let (lost, _) = tokio::join!(renew(&server.address, &prepared, Some(now())), serving);
    assert!(matches!(lost, Err(JoinError::Refused(_))), "{lost:?}");

    // It starts anew, knows what lies on its disk, and asks for the same key.
    let again = prepare_renewal(&Identity::load(&folder, None).unwrap()).unwrap();
    assert_eq!(again.pending_key, prepared.pending_key);
    let serving = serve_one(&server, |_, request| {
        asked.lock().unwrap().push(request["certificate_key"].clone());
        (200, json!({ "certificate": certify(&server, &request), "chain": "" }))
    });
    let (renewed, served) = tokio::join!(renew(&server.address, &again, Some(now())), serving);
    served.unwrap();
    let renewed = renewed.unwrap();
    let asked = asked.into_inner().unwrap();
    assert_eq!((asked.len(), &asked[0]), (2, &asked[1]));
    assert_ne!(renewed.certificate_key, loaded.certificate_key);
    assert_eq!((Some(&renewed.certificate_key), &renewed.pending_key), (prepared.pending_key.as_ref(), &None));
    assert_eq!(renewed.record_key, loaded.record_key);
    assert_ne!(prepare_renewal(&renewed).unwrap().pending_key, prepared.pending_key, "each renewal has its own key");

    let again = join_to(&server, &token, &folder).await;
    assert!(matches!(again, Err(JoinError::Identity(IdentityError::AlreadyJoined(_)))), "{again:?}");
}

#[tokio::test]
async fn what_the_server_says_no_with_is_told_in_its_words() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let token = JoinToken::parse(&token(&server.authority_sha256())).unwrap();
    let serving = serve_one(&server, |_, _| (403, json!({ "title": "Token used", "detail": "Ask for a new one." })));
    let (refused, _) = tokio::join!(join_to(&server, &token, folder.path()), serving);
    assert_eq!(refused.unwrap_err().to_string(), "the server refused: Token used: Ask for a new one.");
    let serving = serve_one(&server, |_, _| (500, json!(null)));
    let (refused, _) = tokio::join!(join_to(&server, &token, folder.path()), serving);
    assert_eq!(refused.unwrap_err().to_string(), "the server refused: 500 Internal Server Error");
    let serving = serve_one(&server, |_, request| {
        let mut answer = welcome(&server, &request);
        answer["chain"] = json!(pem("CERTIFICATE", crate::testing::authority().der()));
        (200, answer)
    });
    let (refused, _) = tokio::join!(join_to(&server, &token, folder.path()), serving);
    assert!(refused.unwrap_err().to_string().contains("not the token's"));
    assert!(matches!(Identity::load(folder.path(), None), Err(IdentityError::Missing(_))), "nothing was written");
}

#[tokio::test]
async fn a_server_that_the_token_does_not_name_never_sees_it() {
    let folder = tempfile::tempdir().unwrap();
    let other = Server::start().await;
    let server = Server::start().await;
    let foreign = JoinToken::parse(&token(&other.authority_sha256())).unwrap();
    let serving = serve_one(&server, |_, _| panic!("it was asked"));
    let (refused, served) = tokio::join!(join_to(&server, &foreign, folder.path()), serving);
    assert!(matches!(refused, Err(JoinError::Unreachable { .. })) && served.is_err(), "another authority");

    let agent = Server::start_as(SERVER_NAME, ExtendedKeyUsagePurpose::ClientAuth).await;
    let token = JoinToken::parse(&token(&agent.authority_sha256())).unwrap();
    let serving = serve_one(&agent, |_, _| panic!("it was asked"));
    let (refused, served) = tokio::join!(join_to(&agent, &token, folder.path()), serving);
    assert!(matches!(refused, Err(JoinError::Unreachable { .. })) && served.is_err(), "an agent plays the server");
}

#[test]
fn tokens_and_addresses_that_are_none() {
    let whole = token(&[1; 32]);
    for (text, expected) in [
        ("", "four parts"),
        ("a.b.c", "four parts"),
        (&whole.replace("join-1", "join-2"), "begin with"),
        (&whole[..whole.len() - 4], "last part"),
        (&whole.replace(".00000000", ".x"), "names no tenant"),
        (&whole.replace(".BwcH", "."), "third part"),
    ] {
        let error = JoinToken::parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    assert_eq!(format!("{:?}", JoinToken::parse(&whole).unwrap()), "JoinToken([redacted])");
    assert_eq!(parse_server("https://pforte.example.org:8444/").unwrap(), "pforte.example.org:8444");
    assert_eq!(parse_server("https://[::1]:8444").unwrap(), "[::1]:8444");
    for wrong in
        ["pforte:8444", "http://pforte:8444", "https://pforte", "https://pforte:0", "https://a/b:1", "https://:1"]
    {
        assert!(matches!(parse_server(wrong), Err(JoinError::Address(_))), "{wrong}");
    }
}
