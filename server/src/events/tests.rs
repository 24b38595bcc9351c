//! The feed as a browser reads it, and the log's pages.

use access_core::event::Event;
use access_core::protocol::{AgentKind, FromAgent, FromServer};
use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::audit::append_event;
use crate::testing::{PATIENCE, TestServer};

/// A feed that is read.
struct Feed {
    body: BodyDataStream,
    text: String,
}

/// One message of it.
#[derive(Debug)]
struct Message {
    event: String,
    id: Option<u64>,
    data: Value,
}

impl Feed {
    async fn open(server: &TestServer, cookie: &str, query: &str, last_event_id: Option<u64>) -> Self {
        let mut request =
            Request::builder().uri(format!("/api/v1/feed{query}")).header("cookie", format!("__Host-pforte={cookie}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id.to_string());
        }
        let response = server.respond(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next message but those of what operators set, which come at the server's start too; none at the feed's end.
    async fn next(&mut self) -> Option<Message> {
        loop {
            match self.any().await {
                Some(message) if message.event == "state" => {}
                message => return message,
            }
        }
    }

    /// The next message of what operators set that a test is looking for.
    async fn state(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.any().await.expect("not the end");
            if message.event == "state" && fits(&message.data) {
                return message.data;
            }
        }
    }

    async fn any(&mut self) -> Option<Message> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(ToOwned::to_owned))
                };
                let message = field("data").map(|data| Message {
                    event: field("event").unwrap_or_default(),
                    id: field("id").map(|id| id.parse().unwrap()),
                    data: serde_json::from_str(&data).unwrap(),
                });
                self.text = rest.to_owned();
                match message {
                    Some(message) => return Some(message),
                    None => continue,
                }
            }
            let bytes = timeout(PATIENCE, self.body.next()).await.expect("a message in time")?.unwrap();
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// Positions of events up to the message that is no event of the log.
    async fn logged(&mut self) -> (Vec<u64>, Message) {
        let mut positions = Vec::new();
        loop {
            match self.next().await.expect("not the end") {
                message if message.event == "log" => {
                    assert_eq!(message.id, message.data["position"].as_u64());
                    positions.push(message.id.unwrap());
                }
                message => return (positions, message),
            }
        }
    }
}

async fn append(server: &TestServer, count: usize) {
    let mut tx = server.state.db.begin(server.own.tenant, None).await.unwrap();
    for _ in 0..count {
        append_event(&mut tx, &Event::AgentStopped, crate::clock::now()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn the_feed_catches_up_and_goes_on_without_gap_or_double() {
    let server = TestServer::start().await;
    server.sequence();
    append(&server, 5).await;
    server.settled().await;
    let guard = &server.own.guard;
    let mut feed = Feed::open(&server, guard, "?after=2", None).await;
    let (caught_up, ready) = feed.logged().await;
    assert_eq!((caught_up, ready.event.as_str()), (vec![3, 4, 5], "ready"));
    assert_eq!(ready.data, json!({ "position": 5, "replayed": 3 }));
    // More than a batch, while somebody else writes too.
    let mut seen = Vec::new();
    for _ in 0..6 {
        append(&server, 100).await;
    }
    while seen.last() != Some(&605) {
        let message = feed.next().await.unwrap();
        assert_eq!(message.event, "log");
        seen.push(message.id.unwrap());
    }
    assert_eq!(seen, (6..=605).collect::<Vec<_>>());

    let mut resumed = Feed::open(&server, guard, "?after=1", Some(604)).await;
    let (missed, ready) = resumed.logged().await;
    assert_eq!((missed, ready.event.as_str()), (vec![605], "ready"), "Last-Event-ID goes before the address");
    let mut fresh = Feed::open(&server, guard, "", None).await;
    let (missed, ready) = fresh.logged().await;
    assert_eq!((missed, ready.data["position"].as_u64()), (vec![], Some(605)));
    let mut ahead = Feed::open(&server, guard, "?after=9999", None).await;
    assert_eq!(ahead.logged().await.1.data["position"], 605, "a position that was never given");
    for bad in ["?after=x", "?after=-1", "?since=1"] {
        server.call(guard, "GET", &format!("/feed{bad}"), Value::Null).await.problem(400, "malformed");
    }
}

#[tokio::test]
async fn whoever_missed_too_much_is_told() {
    let server = TestServer::start().await;
    let event = hex::encode(access_core::canonical::encode(&Event::AgentStopped));
    server
        .execute(&format!(
            "INSERT INTO log_outbox (tenant_id, at, event) SELECT '{}', now(), '\\x{event}' FROM generate_series(1, 5001)",
            server.own.tenant
        ))
        .await;
    server.sequence();
    assert_eq!(server.settled().await, 5_001);
    let mut feed = Feed::open(&server, &server.own.guard, "?after=0", None).await;
    let (missed, gap) = feed.logged().await;
    assert_eq!((missed, gap.event.as_str(), gap.data), (vec![], "gap", json!({ "from": 1, "to": 5_001 })));
    assert_eq!(feed.next().await.unwrap().data, json!({ "position": 5_001, "replayed": 0 }));
    append(&server, 1).await;
    assert_eq!(feed.next().await.unwrap().id, Some(5_002));
    let mut just = Feed::open(&server, &server.own.guard, "?after=2", None).await;
    assert_eq!(just.logged().await.0.len(), 5_000);
}

#[tokio::test]
async fn the_feed_tells_of_agents_and_alarms_of_the_own_tenant_only() {
    let server = TestServer::serving().await;
    let mut foreign = Feed::open(&server, &server.other.guard, "?after=0", None).await;
    assert_eq!(foreign.next().await.unwrap().data, json!({ "position": 0, "replayed": 0 }));
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    server.settled().await;
    let mut feed = Feed::open(&server, &server.own.guard, "", None).await;
    feed.logged().await;
    let mut link = agent.link().await;
    let alarm = Event::AlarmRaised { kind: access_core::event::AlarmKind::Tamper, door: None, person: None };
    let records = vec![agent.record(alarm)];
    link.deliver(records).await;
    let (mut online, mut alarms, mut logged) = (0, 0, 0);
    while (online, logged) != (1, 2) || alarms == 0 {
        let message = feed.next().await.unwrap();
        match message.event.as_str() {
            "agent" => {
                assert_eq!(message.data, json!({ "id": agent.id, "state": "online" }));
                online += 1;
            }
            "alarm" => alarms += 1,
            "log" => logged += 1,
            other => panic!("{other}: {message:?}"),
        }
    }
    drop(link);
    loop {
        let message = feed.next().await.unwrap();
        if message.event == "agent" {
            assert_eq!(message.data["state"], "offline");
            break;
        }
    }
    // What the other tenant sees next is its own.
    let body = json!({ "name": "Plant", "time_zone": "Europe/Berlin" });
    server.call(&server.other.administrator, "POST", "/sites", body).await.is(201);
    let first = foreign.next().await.unwrap();
    assert_eq!((first.event.as_str(), first.id, &first.data["act"]["kind"]), ("log", Some(1), &json!("created")));
}

#[tokio::test]
async fn the_feed_tells_what_operators_set_and_which_agents_confirmed_it() {
    let server = TestServer::serving().await;
    let (admin, guard) = (&server.own.administrator, &server.own.guard);
    let mut foreign = Feed::open(&server, &server.other.guard, "", None).await;
    let mut feed = Feed::open(&server, guard, "", None).await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let mut link = agent.link().await;
    let lockdown = json!({ "level": 9, "name": "Lockdown", "locks": true });
    server.call(admin, "POST", "/threat-levels", lockdown).await.is(201);
    while server.state.states.position(server.own.tenant).is_none() {
        tokio::task::yield_now().await;
    }
    let set = json!({ "place": { "kind": "tenant" }, "level": 9, "reason": "a drill" });
    server.call(guard, "POST", "/state/threat-level", set).await.is(204);
    let told = link
        .hear_of(|message| match message {
            FromServer::Standing(standing) if !standing.set.is_empty() => Some(standing.number),
            _ => None,
        })
        .await;
    feed.state(|data| data["number"] == told && data["agent_id"].is_null()).await;
    link.say(&FromAgent::StandingInForce { number: told }).await;
    let confirmed = feed.state(|data| data["agent_id"].is_string()).await;
    assert_eq!(confirmed, json!({ "agent_id": agent.id, "number": told }));
    // The other tenant hears of nothing but its own.
    server
        .call(&server.other.administrator, "POST", "/sites", json!({ "name": "A", "time_zone": "UTC" }))
        .await
        .is(201);
    loop {
        let message = foreign.any().await.unwrap();
        match message.event.as_str() {
            "log" => break,
            "state" => assert!(message.data["number"] != told && message.data["agent_id"].is_null(), "{message:?}"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn the_feed_ends_with_its_session() {
    let server = TestServer::start().await;
    server.sequence();
    let mut leaving = Feed::open(&server, &server.own.guard, "", None).await;
    let mut staying = Feed::open(&server, &server.own.administrator, "", None).await;
    assert_eq!(leaving.next().await.unwrap().event, "ready");
    assert_eq!(staying.next().await.unwrap().event, "ready");
    server.call(&server.own.guard, "DELETE", "/session", Value::Null).await.is(204);
    while let Some(message) = leaving.next().await {
        assert_eq!(message.event, "log", "the last that it hears is at most the end itself");
    }
    assert_eq!(staying.next().await.unwrap().data["act"]["kind"], "signed_out");
    let stop = &server.state.stop;
    stop.cancel();
    assert!(staying.next().await.is_none(), "the server stops");
}

#[tokio::test]
async fn the_log_is_searched_and_paged() {
    let server = TestServer::start().await;
    server.sequence();
    let guard = &server.own.guard;
    append(&server, 7).await;
    let body = json!({ "name": "Plant", "time_zone": "Europe/Berlin" });
    let site = server.call(&server.own.administrator, "POST", "/sites", body).await.is(201).id();
    assert_eq!(server.settled().await, 8);
    let (mut seen, mut path) = (Vec::new(), "/events?limit=3".to_owned());
    loop {
        let page = server.call(guard, "GET", &path, Value::Null).await.is(200).json;
        seen.extend(page["items"].as_array().unwrap().iter().map(|event| event["position"].as_u64().unwrap()));
        match page["next"].as_str() {
            Some(next) => path = format!("/events?limit=3&before={next}"),
            None => break,
        }
    }
    assert_eq!(seen, (1..=8).rev().collect::<Vec<_>>());
    let acts = server.events("kind=act").await;
    assert_eq!((acts.len(), &acts[0]["act"]["subject_id"]), (1, &json!(site)));
    let foreign = server.call(&server.other.guard, "GET", "/events", Value::Null).await.is(200).json;
    assert_eq!(foreign["items"], json!([]));
    server.call(&server.other.guard, "GET", "/events/8", Value::Null).await.problem(404, "not_found");
    server.call(guard, "GET", "/events/9", Value::Null).await.problem(404, "not_found");
    let act = server.call(&server.own.administrator, "GET", "/events/8", Value::Null).await.is(200).json;
    assert!(act["content"]["after"].as_str().unwrap().contains("Europe/Berlin"), "{act}");
    let act = server.call(guard, "GET", "/events/8", Value::Null).await.is(200).json;
    assert_eq!(act["content"], Value::Null, "what stands behind is the administrators' to read");
    for bad in [
        "before=x",
        "before=0",
        "limit=0",
        "limit=201",
        "limit=x",
        "kind=x",
        "act=x",
        "operator_id=x",
        "looks=maybe",
        "outcome=maybe",
        "reason=because",
        "door_id=x",
        "from=yesterday",
        "colour=red",
    ] {
        server.call(guard, "GET", &format!("/events?{bad}"), Value::Null).await.problem(400, "malformed");
    }
    // Who looks at one person's way is in the log too.
    let person = uuid::Uuid::new_v4();
    server.call(guard, "GET", &format!("/events?person_id={person}"), Value::Null).await.is(200);
    let looked = server.events("kind=act").await.pop().unwrap();
    assert_eq!((&looked["act"]["kind"], &looked["act"]["subject_id"]), (&json!("viewed"), &json!(person)));
    // Looks are many; whoever reads the log may leave them out.
    assert_eq!(server.events("looks=false").await.len(), 8);
    assert_eq!(server.events("looks=true").await.len(), 9);
    assert_eq!(server.events("act=viewed").await, [looked]);
    let created = server.events("act=created").await;
    let administrator = created[0]["operator_id"].as_str().unwrap();
    assert_eq!(server.events(&format!("operator_id={administrator}")).await, created);
}
