//! The staff port over real sockets: TLS, HTTP/2, the feed on it, who is believed and how many get in.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{Limits, Port, StaffCertificate, bind, run, staff_tls};
use crate::certificates::{Renewing, provider};
use crate::http::Proxies;
use crate::testing::{LIMITS, PATIENCE, TestServer};

/// Serves the staff port until the server's test ends; where.
async fn serve(server: &TestServer, with_tls: bool, limits: Limits, proxies: Proxies) -> SocketAddr {
    let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = with_tls.then(|| {
        let names = vec!["localhost".to_owned()];
        let renewing = Renewing::new(Arc::clone(&server.authority), names, crate::clock::now).unwrap();
        staff_tls(StaffCertificate::SelfMade(renewing)).unwrap()
    });
    let router = crate::ui::with_api(server.state.clone());
    tokio::spawn(run(Port { listener, tls, limits, proxies }, router, server.state.stop.clone()));
    address
}

/// What a handshake settles on when the client offers these.
async fn settled_on(server: &TestServer, port: SocketAddr, offered: &[&str]) -> Option<Vec<u8>> {
    let mut roots = RootCertStore::empty();
    roots.add(server.authority.certificate().clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(port).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec)
}

#[tokio::test]
async fn staff_speak_http_2_over_tls_and_the_feed_streams_on_it() {
    let server = TestServer::start().await;
    server.sequence();
    let port = serve(&server, true, LIMITS, Proxies::default()).await;
    assert_eq!(settled_on(&server, port, &["h2", "http/1.1"]).await.as_deref(), Some(b"h2".as_slice()));
    assert_eq!(settled_on(&server, port, &["http/1.1"]).await.as_deref(), Some(b"http/1.1".as_slice()));
    assert_eq!(settled_on(&server, port, &[]).await, None);

    let _ = rustls::crypto::ring::default_provider().install_default();
    let authority = reqwest::Certificate::from_der(server.authority.certificate()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([authority]).resolve("localhost", port).build().unwrap();
    let base = format!("https://localhost:{}/api/v1", port.port());
    let cookie = format!("__Host-pforte={}", server.own.administrator);
    let mut feed = client.get(format!("{base}/feed?after=0")).header("cookie", &cookie).send().await.unwrap();
    assert_eq!((feed.status().as_u16(), feed.version()), (200, reqwest::Version::HTTP_2));
    // Another request on the same connection, while the feed is open: what it changes is told by the feed.
    let site = json!({ "name": "Plant", "time_zone": "Europe/Berlin" });
    let request = client.post(format!("{base}/sites")).header("cookie", &cookie).header("x-pforte", "1").json(&site);
    let made = request.send().await.unwrap();
    assert_eq!((made.status().as_u16(), made.version()), (201, reqwest::Version::HTTP_2));
    let made: Value = made.json().await.unwrap();
    let mut text = String::new();
    let told = async {
        while !text.contains(made["id"].as_str().unwrap()) {
            let chunk = feed.chunk().await.unwrap().expect("the feed goes on");
            text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    };
    timeout(PATIENCE, told).await.expect("the act in the feed");
}

/// A request on a connection that stays open: the connection with the status, or none if it was closed instead.
async fn ask(port: SocketAddr, from: [u8; 4], head: &str, body: &str) -> Option<(TcpStream, u16)> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let mut stream = socket.connect(port).await.unwrap();
    let text = format!("{head}\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    // A connection that is closed at once may refuse the bytes, or take them for nothing.
    stream.write_all(text.as_bytes()).await.ok()?;
    let mut line = [0; 12];
    let answered = timeout(PATIENCE, stream.read_exact(&mut line)).await.expect("an answer, or the end");
    answered.ok()?;
    let status = std::str::from_utf8(&line[9..]).unwrap().parse().unwrap();
    Some((stream, status))
}

const HEALTH: &str = "GET /api/v1/health HTTP/1.1";
const ONE: [u8; 4] = [127, 0, 0, 1];
const TWO: [u8; 4] = [127, 0, 0, 2];
const THREE: [u8; 4] = [127, 0, 0, 3];

#[tokio::test]
async fn one_address_does_not_take_every_connection() {
    let server = TestServer::start().await;
    let limits = Limits { connections_max: 3, connections_per_address_max: 2 };
    let port = serve(&server, false, limits, Proxies::default()).await;
    let (first, status) = ask(port, ONE, HEALTH, "").await.unwrap();
    assert_eq!(status, 200);
    let _second = ask(port, ONE, HEALTH, "").await.unwrap();
    assert!(ask(port, ONE, HEALTH, "").await.is_none(), "a third of this address");
    let _other = ask(port, TWO, HEALTH, "").await.expect("another address");
    assert!(ask(port, THREE, HEALTH, "").await.is_none(), "a fourth in all");
    drop(first);
    let freed = async {
        while ask(port, THREE, HEALTH, "").await.is_none() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, freed).await.expect("the place that was given back");

    let proxies = Proxies { trusted: vec!["127.0.0.1".parse().unwrap()], ..Proxies::default() };
    let port = serve(&server, false, limits, proxies).await;
    let mut proxied = Vec::new();
    for _ in 0..3 {
        proxied.push(ask(port, ONE, HEALTH, "").await.expect("many stand behind a proxy"));
    }
    assert!(ask(port, ONE, HEALTH, "").await.is_none(), "but no more than in all");
}

#[tokio::test]
async fn guesses_behind_a_proxy_cost_the_one_who_guesses() {
    let server = TestServer::start().await;
    let proxies = Proxies { trusted: vec!["127.0.0.1".parse().unwrap()], ..Proxies::default() };
    let port = serve(&server, false, LIMITS, proxies).await;
    let body = json!({ "tenant": "plant", "name": "anna", "password": "wrong", "totp": "000000" }).to_string();
    let guess = async |from: [u8; 4], forwarded: &str| {
        let head = format!(
            "POST /api/v1/session HTTP/1.1\r\nx-pforte: 1\r\ncontent-type: application/json\r\n\
             x-forwarded-for: {forwarded}"
        );
        ask(port, from, &head, &body).await.unwrap().1
    };
    // What the guesser writes of itself changes with every guess, and helps nothing.
    for number in 0..5 {
        assert_eq!(guess(ONE, &format!("192.0.2.{number}, 203.0.113.9")).await, 401);
    }
    assert_eq!(guess(ONE, "192.0.2.99, 203.0.113.9").await, 429);
    assert_eq!(guess(ONE, "203.0.113.10").await, 401, "somebody else behind the same proxy");
    // Who is no proxy speaks for itself alone.
    for number in 0..5 {
        assert_eq!(guess(TWO, &format!("192.0.2.{number}")).await, 401);
    }
    assert_eq!(guess(TWO, "192.0.2.99").await, 429);
}
