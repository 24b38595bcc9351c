//! Joining and renewing, over TLS.

use access_core::event::{EpochCause, Event, JournalFault};
use access_core::protocol::{AgentKind, FromAgent, FromServer, Refusal};
use chrono::TimeDelta;
use rcgen::PublicKeyData as _;
use serde_json::{Value, json};

use super::{door, seen};
use crate::agents::ingest::{Ingested, ingest};
use crate::agents::{journal, store};
use crate::certificates::{AgentName, Authority};
use crate::testing::{AgentKeys, TestLink, TestServer, connect, dial_over, identity_of, post};

#[tokio::test]
async fn a_token_is_good_once() {
    let server = TestServer::serving().await;
    let (id, token) = server.invite("Gate", "door_controller", &[]).await;
    assert_eq!(seen(&server, &id).await["state"], "invited");
    let keys = AgentKeys::new();
    let (status, _) = server.join(&keys.request(&token, "station")).await;
    assert_eq!(status, 422, "a token for the other kind");
    let (status, joined) = server.join(&keys.request(&token, "door_controller")).await;
    assert_eq!((status, joined["agent"].as_str(), &joined["epoch"]), (200, Some(&*id), &json!(1)), "{joined}");
    assert_eq!(seen(&server, &id).await["state"], "offline");
    let (status, refused) = server.join(&AgentKeys::new().request(&token, "door_controller")).await;
    assert_eq!((status, &refused["code"]), (401, &json!("join_token_refused")), "a token that was used");
}

#[tokio::test]
async fn what_is_no_token_any_more_is_refused() {
    let server = TestServer::serving().await;
    let admin = &server.own.administrator;
    let (id, first) = server.invite("Gate", "door_controller", &[]).await;
    let again = server.call(admin, "POST", &format!("/agents/{id}/join-token"), json!({ "reason": "lost" })).await;
    let token = again.is(200).json["token"].as_str().unwrap().to_owned();
    let refused = async |token: &str, why: &str| {
        let (status, answer) = server.join(&AgentKeys::new().request(token, "door_controller")).await;
        assert_eq!((status, &answer["code"]), (401, &json!("join_token_refused")), "{why}: {answer}");
    };
    refused(&first, "replaced by a newer one").await;
    let parts: Vec<&str> = token.split('.').collect();
    let other = server.other.tenant.as_uuid().simple().to_string();
    refused(&[parts[0], &other, parts[2], parts[3]].join("."), "another tenant's").await;
    let flipped = format!("{}{}", if parts[2].starts_with('A') { 'B' } else { 'A' }, &parts[2][1..]);
    refused(&[parts[0], parts[1], &flipped, parts[3]].join("."), "tampered with").await;
    refused("pforte-join-1", "cut").await;
    server.execute("UPDATE join_tokens SET expires_at = now() - interval '1 second'").await;
    refused(&token, "too old").await;
    server.execute("UPDATE join_tokens SET expires_at = now() + interval '1 minute'").await;
    server.call(admin, "POST", &format!("/agents/{id}/revoke"), json!({ "reason": "stolen" })).await.is(200);
    refused(&token, "of a revoked agent").await;
    server
        .call(admin, "POST", &format!("/agents/{id}/join-token"), json!({ "reason": "back again" }))
        .await
        .problem(409, "agent_revoked");
}

#[tokio::test]
async fn malformed_keys_are_named() {
    let server = TestServer::serving().await;
    let (_, token) = server.invite("Gate", "door_controller", &[]).await;
    let good = AgentKeys::new().request(&token, "door_controller");
    for (field, value) in [
        ("record_key", json!("AAAA")),
        ("sealing_key", json!("not base64!")),
        ("certificate_key", json!("AAAA")),
        ("build", json!("")),
        ("build", json!("x".repeat(101))),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let (status, answer) = server.join(&body).await;
        assert_eq!((status, &answer["errors"][0]["field"]), (422, &json!(field)), "{answer}");
    }
    let mut body = good.clone();
    body["epoch"] = json!(7);
    assert_eq!(server.join(&body).await.0, 422, "a field that nobody knows");
    let mut body = good.clone();
    body["build"] = json!("x".repeat(20_000));
    assert_eq!(server.join(&body).await.0, 413, "too long a body");
    let (status, joined) = server.join(&good).await;
    assert_eq!(status, 200, "what was refused used nothing up: {joined}");
}

#[tokio::test]
async fn an_agent_that_joins_anew_supersedes_itself() {
    let server = TestServer::serving().await;
    let mut old = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let mut link = old.link().await;
    let path = format!("/agents/{}/join-token", old.id);
    let issued = server.call(&server.own.administrator, "POST", &path, json!({ "reason": "new card" })).await.is(200);
    let mut new = server.joined(issued.json["token"].as_str().unwrap(), AgentKind::DoorController).await;
    assert_eq!((new.id, new.head.epoch), (old.id, 2));
    link.refusal().await;
    assert_eq!(old.renew().await.err().map(|(status, _)| status), Some(401));
    assert_eq!(old.refusal(old.hello()).await, Refusal::Revoked, "it gives up its rules");
    // What it sent before and is looked at only now, or says against itself, shuts out nobody.
    let late = old.record(Event::AgentStopped);
    assert_eq!(ingest(&server.state, old.name(), vec![late]).await.unwrap(), Ingested::NotJoined);
    let mut tx = server.state.db.begin(old.tenant, None).await.unwrap();
    assert!(!store::quarantine(&mut tx, old.name()).await.unwrap(), "the other machine is innocent");
    drop(tx);
    // It delivered nothing before: its second sequence is the first that the log holds.
    let mut link = new.link().await;
    let records = vec![new.record(Event::AgentStopped)];
    assert_eq!(link.deliver(records).await, new.head);
    assert_eq!(server.events("kind=chain_broken").await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_link_asks_for_a_good_certificate() {
    let server = TestServer::serving().await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let now = crate::clock::now();
    let bare = connect(server.agents_port, &server.authority, None).await.unwrap();
    assert_eq!(dial_over(bare).await.err(), Some(401), "no certificate");
    let (status, _) = post(server.agents_port, &server.authority, None, "/renew", &json!({})).await.unwrap();
    assert_eq!(status, 401, "no certificate");

    let folder = tempfile::tempdir().unwrap();
    let stranger = Authority::open(folder.path(), now).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let name = AgentName { tenant: agent.tenant, agent: agent.id, generation: 1 };
    let (pem, _) = stranger.issue_agent(name, &key.subject_public_key_info(), now).unwrap();
    let forged = agent.with_identity(identity_of(&pem, &key));
    assert_eq!(forged.renew().await.err().map(|(status, _)| status), Some(0), "another authority's certificate");

    // The certificate of the server itself names no agent.
    let own = server.authority.issue_server(&["localhost".to_owned()], now).unwrap();
    let server_like = agent.with_identity((own.chain[0].clone(), own.key));
    assert_eq!(server_like.renew().await.err().map(|(status, _)| status), Some(0), "a server's certificate");

    let expired = agent.certificate_of(1, now - TimeDelta::days(29));
    assert_eq!(expired.dial().await.err(), Some(401), "expired: no link");
    let renewed = expired.renew().await.unwrap_or_else(|(status, answer)| panic!("{status} {answer}"));
    renewed.link().await;
    let ancient = agent.certificate_of(2, now - TimeDelta::days(32));
    assert_eq!(ancient.renew().await.err().map(|(status, _)| status), Some(0), "expired too long ago");
    let early = agent.certificate_of(2, now + TimeDelta::days(1));
    assert_eq!(early.renew().await.err().map(|(status, _)| status), Some(0), "not valid yet");
}

#[tokio::test]
async fn an_older_certificate_is_good_until_the_newer_was_used() {
    let server = TestServer::serving().await;
    let first = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let key = rcgen::KeyPair::generate().unwrap();
    let lost = first.renew_for(&key).await.map_err(|(status, _)| status).unwrap();
    // The answer was lost on the way: the agent links with its first certificate, and asks again for the same key.
    drop(first.link().await);
    let second = first.renew_for(&key).await.map_err(|(status, _)| status).unwrap();
    assert_eq!(lost.name().generation, second.name().generation, "one renewal, answered twice");
    drop(first.link().await);
    drop(second.link().await);
    assert_eq!(
        first.renew_for(&key).await.err().map(|(status, problem)| (status, problem["code"].clone())),
        Some((401, json!("certificate_superseded")))
    );
    assert_eq!(first.refusal(first.hello()).await, Refusal::WrongAgent, "the older one is refused");
    let future = first.certificate_of(9, crate::clock::now());
    assert_eq!(future.refusal(first.hello()).await, Refusal::WrongAgent, "never issued");
    assert!(future.renew().await.is_err(), "never issued");
    assert_eq!(seen(&server, first.id).await["state"], "offline", "nobody was shut out");
    hours_pass(&server).await;
    second.renew().await.map_err(|(status, _)| status).unwrap();
}

async fn signs(server: &TestServer) -> Vec<Value> {
    server.events("kind=agent_copied").await.iter().map(|event| event["copy_sign"].clone()).collect()
}

async fn copied_alarms(server: &TestServer) -> Vec<(Value, bool)> {
    server.settled().await;
    let alarms = server.call(&server.own.guard, "GET", "/alarms?state=all", Value::Null).await.is(200).json;
    let items = alarms["items"].as_array().unwrap().iter().filter(|alarm| alarm["kind"] == "agent_copied");
    items.map(|alarm| (alarm["agent_id"].clone(), alarm["cleared_at"].is_null())).collect()
}

#[tokio::test]
async fn two_copies_that_renew_are_both_shut_out_until_one_joins_anew() {
    let server = TestServer::serving().await;
    let original = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let copy = original.with_identity((original.identity.0.clone(), original.identity.1.clone_key()));
    let renewed = original.renew().await.map_err(|(status, _)| status).unwrap();
    let mut link = renewed.link().await;
    let refused = copy.renew().await.err().map(|(status, problem)| (status, problem["code"].clone()));
    assert_eq!(refused, Some((401, json!("certificate_superseded"))));
    assert_eq!(link.refusal().await, Refusal::Quarantined, "the link of the one that renewed first");
    assert_eq!(seen(&server, original.id).await["state"], "quarantined");
    for (who, agent) in [("the first", &renewed), ("the second", &copy)] {
        assert_eq!(agent.refusal(agent.hello()).await, Refusal::Quarantined, "{who}");
        assert_eq!(agent.renew().await.err().map(|(status, _)| status), Some(401), "{who}");
    }
    assert_eq!(signs(&server).await, ["renewed_twice"]);
    assert_eq!(copied_alarms(&server).await, [(json!(original.id), true)]);

    let path = format!("/agents/{}/join-token", original.id);
    let why = json!({ "reason": "the copy was found and is off" });
    let issued = server.call(&server.own.administrator, "POST", &path, why).await.is(200);
    let anew = server.joined(issued.json["token"].as_str().unwrap(), AgentKind::DoorController).await;
    assert_eq!((anew.id, anew.head.epoch), (original.id, 2));
    let _link = anew.link().await;
    assert_eq!(seen(&server, original.id).await["state"], "online");
    assert_eq!(copied_alarms(&server).await, [(json!(original.id), false)], "its cause is gone");
    // Neither goes on by the rules that it has, and that one is still there is told.
    for machine in [&copy, &renewed] {
        assert_eq!(machine.refusal(machine.hello()).await, Refusal::Revoked);
        assert_eq!(machine.renew().await.err().map(|(status, _)| status), Some(401));
    }
    assert_eq!(signs(&server).await, ["renewed_twice", "old_certificate"], "one within the hour");
    assert_eq!(seen(&server, original.id).await["state"], "online");
}

/// As if every certificate had been issued long enough ago to be renewed.
async fn hours_pass(server: &TestServer) {
    server.execute("UPDATE agent_certificates SET issued_at = issued_at - interval '6 hours'").await;
}

#[tokio::test]
async fn a_certificate_from_long_ago_is_one_alarm_and_shuts_nobody_out() {
    let server = TestServer::serving().await;
    let first = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let key = rcgen::KeyPair::generate().unwrap();
    let second = first.renew_for(&key).await.map_err(|(status, _)| status).unwrap();
    hours_pass(&server).await;
    let third = second.renew().await.map_err(|(status, _)| status).unwrap();
    // A disk that was put back asks for the key that it kept.
    for _ in 0..3 {
        assert_eq!(first.renew_for(&key).await.err().map(|(status, _)| status), Some(401));
        assert_eq!(first.refusal(first.hello()).await, Refusal::WrongAgent);
    }
    third.link().await;
    assert_eq!(signs(&server).await, ["old_certificate"], "one within the hour");
    server.execute("UPDATE agents SET copy_reported_at = copy_reported_at - interval '1 hour'").await;
    assert_eq!(first.renew_for(&key).await.err().map(|(status, _)| status), Some(401));
    assert_eq!(signs(&server).await.len(), 2);
    assert_eq!(seen(&server, first.id).await["state"], "offline", "nobody was shut out");
}

#[tokio::test]
async fn a_copy_that_renews_again_and_again_is_told_from_the_original() {
    let server = TestServer::serving().await;
    let original = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let copy = original.with_identity((original.identity.0.clone(), original.identity.1.clone_key()));
    let mut newest = copy.renew().await.map_err(|(status, _)| status).unwrap();
    for _ in 0..3 {
        let early = newest.renew().await.err().map(|(status, problem)| (status, problem["code"].clone()));
        assert_eq!(early, Some((409, json!("renewal_too_early"))));
        hours_pass(&server).await;
        newest = newest.renew().await.map_err(|(status, _)| status).unwrap();
    }
    let mut link = newest.link().await;
    assert_eq!(original.refusal(original.hello()).await, Refusal::WrongAgent);
    assert_eq!(seen(&server, original.id).await["state"], "online", "not yet");

    assert_eq!(original.renew().await.err().map(|(status, _)| status), Some(401));
    assert_eq!(link.refusal().await, Refusal::Quarantined, "the copy's link");
    assert_eq!(original.refusal(original.hello()).await, Refusal::Quarantined);
    assert_eq!(newest.renew().await.err().map(|(status, _)| status), Some(401));
    assert_eq!(signs(&server).await, ["old_certificate", "renewed_twice"]);

    // The machine that joins anew is not shut out again by the one that was thrown out.
    let path = format!("/agents/{}/join-token", original.id);
    let issued = server.call(&server.own.administrator, "POST", &path, json!({ "reason": "found" })).await.is(200);
    let anew = server.joined(issued.json["token"].as_str().unwrap(), AgentKind::DoorController).await;
    assert_eq!(original.renew().await.err().map(|(status, _)| status), Some(401));
    assert_eq!(newest.renew().await.err().map(|(status, _)| status), Some(401));
    let _link = anew.link().await;
    assert_eq!(seen(&server, original.id).await["state"], "online");
}

#[tokio::test]
async fn a_servers_clock_that_was_put_back_keeps_no_agent_from_its_certificate() {
    let server = TestServer::serving().await;
    let first = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let second = first.renew().await.map_err(|(status, _)| status).unwrap();
    server.execute("UPDATE agent_certificates SET issued_at = issued_at + interval '1 day'").await;
    second.renew().await.map_err(|(status, _)| status).unwrap();
}

#[tokio::test]
async fn renewals_of_one_certificate_at_the_same_moment_are_told_apart() {
    let server = TestServer::serving().await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let (one, other) = tokio::join!(agent.renew(), agent.renew());
    assert!(one.is_ok() != other.is_ok(), "one of two keys gets a certificate");
    assert_eq!(seen(&server, agent.id).await["state"], "quarantined");
    assert_eq!(signs(&server).await, ["renewed_twice"]);
}

#[tokio::test]
async fn tls_sessions_are_not_resumed() {
    let server = TestServer::serving().await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let config = std::sync::Arc::new(crate::testing::client(&server.authority, Some(&agent.identity)));
    for _ in 0..3 {
        let stream = tokio::net::TcpStream::connect(server.agents_port).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::clone(&config));
        let name = crate::certificates::AGENT_PORT_NAME.try_into().unwrap();
        let stream = connector.connect(name, stream).await.unwrap();
        let link = dial_over(stream).await.map_err(|status| panic!("{status}"));
        let kind = link.unwrap().socket.get_ref().get_ref().1.handshake_kind();
        assert_eq!(kind, Some(rustls::HandshakeKind::Full));
    }
}

#[tokio::test]
async fn an_agent_is_offered_its_configuration() {
    let server = TestServer::start().await;
    let (id, _) = server.invite("Desk", "station", &[]).await;
    let path = format!("/agents/{id}/configuration");
    let toml = server.call(&server.own.guard, "GET", &path, Value::Null).await.is(200).json["toml"].clone();
    let toml: toml::Table = toml.as_str().unwrap().parse().unwrap();
    assert_eq!((toml["server"].as_str(), toml["mode"].as_str()), (Some("localhost:1"), Some("test")));
    assert!(toml.contains_key("station"));
    server.call(&server.other.administrator, "GET", &path, Value::Null).await.problem(404, "not_found");

    let door = door(&server, "Main").await;
    let (id, _) = server.invite("Gate", "door_controller", &[&door]).await;
    let path = format!("/agents/{id}/configuration");
    let toml = server.call(&server.own.guard, "GET", &path, Value::Null).await.is(200).json["toml"].clone();
    let toml: toml::Table = toml.as_str().unwrap().parse().unwrap();
    assert_eq!(toml["door"][0]["id"].as_str(), Some(door.as_str()));
}

#[tokio::test]
async fn another_machine_takes_the_place_of_one() {
    let server = TestServer::serving().await;
    let (admin, guard) = (&server.own.administrator, &server.own.guard);
    let door = door(&server, "Main").await;
    let mut old = server.agent("Gate", AgentKind::DoorController, &[&door]).await;
    let mut link = old.link().await;
    link.say(&FromAgent::Configuration { toml: "mode = \"test\"".to_owned() }).await;
    let began = old.record(Event::EpochBegan { cause: EpochCause::Joined, previous: None });
    let head = link.deliver(vec![began]).await;
    let path = format!("/agents/{}/configuration", old.id);
    let in_use = server.call(guard, "GET", &path, Value::Null).await.is(200).json["in_use"].clone();
    assert_eq!(in_use, "mode = \"test\"");

    let path = format!("/agents/{}/replace", old.id);
    let why = || json!({ "reason": "its disk is broken" });
    server.call(guard, "POST", &path, why()).await.problem(403, "forbidden");
    server.call(&server.other.administrator, "POST", &path, why()).await.problem(404, "not_found");
    server.call(admin, "POST", &path, json!({ "reason": "" })).await.problem(422, "invalid");
    let issued = server.call(admin, "POST", &path, why()).await.is(200).json;
    assert_eq!(link.refusal().await, Refusal::Revoked, "its link ends at once, and it is told to give up its rules");
    assert_eq!(old.refusal(old.hello()).await, Refusal::Revoked);
    assert_eq!(old.renew().await.err().map(|(status, _)| status), Some(401));
    server.call(admin, "POST", &path, why()).await.problem(409, "agent_invited");
    let acts = server.events("kind=act").await;
    assert!(acts.iter().any(|event| event["act"]["kind"] == "replaced"), "{acts:?}");

    let of_door = async || {
        let states = server.call(guard, "GET", "/doors/states", Value::Null).await.is(200).json;
        states["items"][0]["agent_state"].clone()
    };
    assert_eq!(of_door().await, "out_of_use");
    let mut new = server.joined(issued["token"].as_str().unwrap(), AgentKind::DoorController).await;
    let acts = server.events("kind=act").await;
    let joined = acts.iter().rfind(|event| event["act"]["kind"] == "joined").unwrap();
    assert!(joined["operator_id"].is_string(), "by whoever gave out the token: {joined}");
    assert_eq!(of_door().await, "out_of_use", "let in, and not heard of yet");
    assert_eq!((new.id, new.previous, new.head.epoch), (old.id, Some(head), head.epoch + 1));
    assert_eq!(seen(&server, new.id).await["door_ids"], json!([door]));
    let mut link = new.link().await;
    assert_eq!(of_door().await, "online");
    let began = new.record(Event::EpochBegan { cause: EpochCause::Joined, previous: new.previous });
    link.deliver(vec![began]).await;
    assert_eq!(old.refusal(old.hello()).await, Refusal::Revoked, "the one so far hears it still");
    assert!(signs(&server).await.is_empty(), "and is no copy");
    // What it sent before and is looked at only now is not taken, and shuts out nobody.
    let late = old.record(Event::AgentStopped);
    let taken = ingest(&server.state, old.name(), vec![late]).await.unwrap();
    assert_eq!(taken, Ingested::NotJoined);
    let mut tx = server.state.db.begin(old.tenant, None).await.unwrap();
    assert!(!store::quarantine(&mut tx, old.name()).await.unwrap(), "the other machine is innocent");
    let of_row =
        "SELECT configuration || ' ' || coalesce(bundle_in_force, 0) || ' ' || (authorities_kept IS NULL) FROM agents";
    sqlx::query("UPDATE agents SET bundle_sent = 9, authorities_kept = NULL").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    for (machine, is_taken) in [(&old, false), (&new, true)] {
        let before = server.query(of_row).await;
        let now = crate::clock::now();
        let mut tx = server.state.db.begin(old.tenant, None).await.unwrap();
        store::keep_configuration(&mut tx, machine.name(), "mode = \"demo\"").await.unwrap();
        store::authorities_kept(&mut tx, machine.name(), &[1; 32]).await.unwrap();
        store::bundle_in_force(&mut tx, machine.name(), 9, now).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(server.query(of_row).await != before, is_taken, "{before:?}");
        let fault = Some(JournalFault::DiskFault);
        let is_heard = journal::note(&server.state, machine.name(), fault, crate::clock::unix_ms(now)).await.unwrap();
        assert_eq!(is_heard, is_taken);
    }
    assert_eq!(seen(&server, new.id).await["state"], "online");

    // One that names another end of the sequence before hides something.
    let issued = server.call(admin, "POST", &path, why()).await.is(200).json;
    let mut liar = server.joined(issued["token"].as_str().unwrap(), AgentKind::DoorController).await;
    let mut link = liar.link().await;
    let began = liar.record(Event::EpochBegan { cause: EpochCause::Joined, previous: Some(head) });
    link.say(&FromAgent::Records(vec![began])).await;
    assert_eq!(link.refusal().await, Refusal::Quarantined);
    server.call(admin, "POST", &format!("/agents/{}/revoke", liar.id), why()).await.is(200);
    server.call(admin, "POST", &path, why()).await.problem(409, "agent_revoked");
}

#[tokio::test]
async fn an_agent_hears_of_authorities_until_it_says_that_it_trusts_them() {
    let server = TestServer::serving().await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let told = async |link: &mut TestLink| {
        link.hear_of(|message| match message {
            FromServer::Authorities(authorities) => Some(Some(authorities)),
            FromServer::Bundle(_) => Some(None),
            _ => None,
        })
        .await
    };
    assert_eq!(told(&mut agent.link().await).await, None, "it joined by the one that there is");
    server.execute("UPDATE agents SET authorities_kept = sha256('those of before')").await;
    let mut link = agent.link().await;
    let own = vec![server.authority.certificate().to_vec()];
    assert_eq!(told(&mut link).await, Some(own.clone()));
    assert_eq!(told(&mut agent.link().await).await, Some(own), "again, for it said nothing");
    let mut link = agent.link().await;
    link.say(&FromAgent::AuthoritiesKept { digest: server.authority.trusted_digest() }).await;
    link.deliver(Vec::new()).await;
    assert_eq!(told(&mut agent.link().await).await, None);
    let issuer = server.query("SELECT encode(linked_by, 'hex') FROM agents").await;
    assert_eq!(issuer, [server.authority.fingerprint().map(|byte| format!("{byte:02x}")).concat()]);
}
