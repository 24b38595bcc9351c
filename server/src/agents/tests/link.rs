//! The link, over TLS.

use access_core::attempt::{Assurance, Attempt, ClockTrust};
use access_core::chain::{Digest, Head};
use access_core::event::Event;
use access_core::ids::{AttemptId, DoorId};
use access_core::policy::{CardToken, Side};
use access_core::protocol::{AgentKind, FromAgent, FromServer, Hello, InstallationMode, Refusal};
use access_core::verdict::{Outcome, Reason};
use serde_json::{Value, json};
use sqlx::Connection as _;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use super::{door, seen};
use crate::agents::AgentNews;
use crate::testing::{PATIENCE, TestAgent, TestServer};

#[tokio::test]
async fn a_hello_must_fit() {
    let server = TestServer::serving().await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let refused = async |change: &dyn Fn(&mut Hello), why: Refusal| {
        let mut hello = agent.hello();
        change(&mut hello);
        assert_eq!(agent.refusal(hello).await, why);
    };
    refused(&|hello| hello.agent = Uuid::now_v7().into(), Refusal::WrongAgent).await;
    refused(&|hello| hello.tenant = server.other.tenant, Refusal::WrongAgent).await;
    refused(&|hello| hello.installation = Uuid::now_v7().into(), Refusal::WrongInstallation).await;
    refused(&|hello| hello.mode = InstallationMode::Production, Refusal::WrongInstallation).await;
    refused(&|hello| (hello.oldest, hello.newest) = (900, 901), Refusal::NoCommonVersion).await;
    refused(&|hello| (hello.oldest, hello.newest) = (0, 0), Refusal::NoCommonVersion).await;
    let mut link = agent.dial().await.unwrap();
    link.say(&FromAgent::Heartbeat).await;
    assert_eq!(link.refusal().await, Refusal::Protocol, "something before the Hello");
    assert_eq!(seen(&server, agent.id).await["state"], "offline");
    assert_eq!(server.events("kind=link_changed").await, Vec::<Value>::new(), "none of these was a link");
}

/// How a journal ends that delivered three records, and whether that shuts the agent out.
async fn set_back(server: &TestServer, what: &str, head: impl Fn(&mut TestAgent), is_shut_out: bool) {
    let mut agent = server.agent(what, AgentKind::DoorController, &[]).await;
    let records = (0..3).map(|_| agent.record(Event::AgentStopped)).collect();
    let mut link = agent.link().await;
    link.deliver(records).await;
    head(&mut agent);
    let mut again = agent.dial().await.unwrap();
    again.say(&FromAgent::Hello(agent.hello())).await;
    let (wanted, faults, alarms, state) = match is_shut_out {
        true => (Refusal::Quarantined, vec![json!("fork")], vec![json!("records_forked")], "quarantined"),
        false => (Refusal::AlreadyConnected, Vec::new(), Vec::new(), "online"),
    };
    match again.hear().await {
        FromServer::Welcome { .. } => assert!(!is_shut_out, "{what}"),
        FromServer::Refused { why } => assert_eq!(why, wanted, "{what}"),
        other => panic!("{what}: {other:?}"),
    }
    assert_eq!(link.refusal().await, wanted, "{what}: the link that stood before");
    let of_agent = |items: &[Value], word: &str| {
        let own = items.iter().filter(|item| item["agent_id"] == json!(agent.id));
        own.map(|item| item[word].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of_agent(&server.events("kind=chain_broken").await, "chain_fault"), faults, "{what}");
    let open = server.call(&server.own.guard, "GET", "/alarms", Value::Null).await.is(200).json;
    assert_eq!(of_agent(open["items"].as_array().unwrap(), "kind"), alarms, "{what}");
    assert_eq!(seen(server, agent.id).await["state"], state, "{what}");
}

#[tokio::test]
async fn a_journal_that_was_set_back_shuts_the_agent_out_before_it_is_welcome() {
    let server = TestServer::serving().await;
    set_back(&server, "lost", |agent| agent.head = Head::start_of(1), true).await;
    set_back(&server, "an older disk", |agent| agent.head.seq = 2, true).await;
    set_back(&server, "another chain", |agent| agent.head.hash = Digest([9; 32]), true).await;
    let written_meanwhile = |agent: &mut TestAgent| drop(agent.record(Event::AgentStopped));
    set_back(&server, "the server holds less", written_meanwhile, false).await;
}

#[tokio::test]
async fn what_a_program_said_before_it_was_killed_shuts_nobody_out() {
    let server = TestServer::serving().await;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let said_before = agent.hello();
    let mut before = agent.dial().await.unwrap();
    let records = (0..3).map(|_| agent.record(Event::AgentStopped)).collect();
    let mut link = agent.link().await;
    link.deliver(records).await;

    // What it said comes late, and is looked at before whoever connects next: that the row is held shows in which order they wait.
    let mut elsewhere = server.superuser().await;
    let mut held = elsewhere.begin().await.unwrap();
    sqlx::query("SELECT FROM agents FOR UPDATE").execute(&mut *held).await.unwrap();
    let wait = async |count: &str| {
        let waiting = "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() \
                       AND wait_event_type = 'Lock' AND query LIKE '%replaced_generation%FOR UPDATE'";
        let until = async { while server.query(waiting).await != [count] {} };
        timeout(PATIENCE, until).await.expect("somebody who waits");
    };
    before.say(&FromAgent::Hello(said_before)).await;
    wait("1").await;
    drop(before);
    let mut next = agent.dial().await.unwrap();
    next.say(&FromAgent::Hello(agent.hello())).await;
    wait("2").await;
    held.rollback().await.unwrap();
    assert!(matches!(next.hear().await, FromServer::Welcome { .. }));
    assert_eq!(server.events("kind=chain_broken").await, Vec::<Value>::new());
    assert_eq!(server.events("kind=agent_copied").await, Vec::<Value>::new());

    // Again and again it is somebody who tries, and answers nothing.
    let set_back = FromAgent::Hello(Hello { head: Head::start_of(1), ..agent.hello() });
    let mut silent = Vec::new();
    for _ in 0..3 {
        let mut link = agent.dial().await.unwrap();
        link.say(&set_back).await;
        silent.push(link);
    }
    let until_alarm = async {
        loop {
            let signs = server.events("kind=agent_copied").await;
            if let [sign] = &signs[..] {
                break sign["copy_sign"].clone();
            }
        }
    };
    assert_eq!(timeout(PATIENCE, until_alarm).await.expect("an alarm"), "set_back_unheard");
    assert_eq!(server.events("kind=chain_broken").await, Vec::<Value>::new());
    assert_eq!(seen(&server, agent.id).await["state"], "online", "the true one goes on");
    drop(silent);
}

/// Alarms of an agent that nobody acknowledged, by kind.
async fn alarms_of(server: &TestServer, agent: &TestAgent) -> Vec<Value> {
    server.settled().await;
    let open = server.call(&server.own.guard, "GET", "/alarms", Value::Null).await.is(200).json;
    let own = open["items"].as_array().unwrap().iter().filter(|alarm| alarm["agent_id"] == json!(agent.id));
    own.map(|alarm| alarm["kind"].clone()).collect()
}

#[tokio::test]
async fn whoever_can_not_read_a_journal_that_was_written_is_told_nothing() {
    let server = TestServer::serving().await;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let unread = |agent: &TestAgent| {
        let mut hello = agent.hello();
        hello.head = Head::start_of(0);
        hello
    };
    // It joined and recorded nothing yet: there is nothing that it could have lost.
    let mut link = agent.dial().await.unwrap();
    link.say(&FromAgent::Hello(unread(&agent))).await;
    assert!(matches!(link.hear().await, FromServer::Welcome { .. }));
    drop(link);
    let mut link = agent.link().await;
    let records = vec![agent.record(Event::AgentStopped)];
    link.deliver(records).await;

    // A copy, while the agent is linked: that link stays.
    assert_eq!(agent.refusal(unread(&agent)).await, Refusal::JournalUnread);
    assert_eq!(alarms_of(&server, &agent).await, ["agent_copied"]);
    let signs = server.events("kind=agent_copied").await;
    assert_eq!((signs.len(), &signs[0]["copy_sign"]), (1, &json!("journal_unread")));
    assert!(server.state.agents.is_connected(agent.tenant, agent.id));
    let records = vec![agent.record(Event::AgentStopped)];
    link.deliver(records).await;

    // Alone: a disk that failed, or a copy while the agent is off. It keeps its rules, and nobody is shut out for good.
    let mut presence = server.state.agents.watch(agent.tenant);
    drop(link);
    timeout(PATIENCE, presence.recv()).await.unwrap().unwrap();
    for _ in 0..2 {
        assert_eq!(agent.refusal(unread(&agent)).await, Refusal::JournalUnread);
    }
    assert_eq!(server.events("kind=journal_changed").await.len(), 1, "one alarm is enough");
    assert!(alarms_of(&server, &agent).await.contains(&json!("journal_fault")));
    assert_eq!(seen(&server, agent.id).await["journal_fault"], "unusable");
    let mut link = agent.link().await;
    link.say(&FromAgent::JournalState { fault: None, since: access_core::UnixMs(0) }).await;
    let records = vec![agent.record(Event::AgentStopped)];
    link.deliver(records).await;
    assert_eq!(seen(&server, agent.id).await["journal_fault"], Value::Null);
}

#[tokio::test]
async fn what_is_no_message_ends_the_link() {
    let server = TestServer::serving().await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let frames = [
        ("garbage", Message::Binary(vec![0xff; 40].into())),
        ("nothing", Message::Binary(Vec::new().into())),
        ("a cut message", Message::Binary(vec![2, 255, 255, 255, 255].into())),
        ("text", Message::Text("hello".into())),
        ("too much", Message::Binary(vec![0; 2 * 1024 * 1024 + 1].into())),
    ];
    for (what, frame) in frames {
        let mut early = agent.dial().await.unwrap();
        early.send(frame.clone()).await;
        assert_eq!(early.refusal().await, Refusal::Protocol, "{what} before the Hello");
        let mut link = agent.link().await;
        link.send(frame).await;
        assert_eq!(link.refusal().await, Refusal::Protocol, "{what}");
    }
    let mut link = agent.link().await;
    link.say(&FromAgent::Hello(agent.hello())).await;
    assert_eq!(link.refusal().await, Refusal::Protocol, "a second Hello");
}

#[tokio::test]
async fn the_newest_link_wins() {
    let server = TestServer::serving().await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let mut first = agent.link().await;
    let second = agent.link().await;
    assert_eq!(first.refusal().await, Refusal::AlreadyConnected);
    assert!(server.state.agents.is_connected(agent.tenant, agent.id));
    let mut presence = server.state.agents.watch(agent.tenant);
    drop(second);
    let gone = timeout(PATIENCE, presence.recv()).await.unwrap().unwrap();
    assert_eq!(gone, AgentNews::Presence { agent: agent.id, is_online: false });
    assert!(!server.state.agents.is_connected(agent.tenant, agent.id));
}

#[tokio::test]
async fn links_that_end_each_other_in_turn_are_one_alarm() {
    let server = TestServer::serving().await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let mut presence = server.state.log.subscribe(agent.tenant);
    let mut link = agent.link().await;
    let signs = async || server.events("kind=agent_copied").await;
    for turn in 0..5 {
        assert_eq!(signs().await.len(), 0, "turn {turn}");
        let next = agent.link().await;
        assert_eq!(link.refusal().await, Refusal::AlreadyConnected, "turn {turn}");
        link = next;
    }
    let told = async {
        while signs().await.is_empty() {
            presence.changed().await.unwrap();
        }
    };
    timeout(PATIENCE, told).await.expect("an alarm");
    let open = server.call(&server.own.guard, "GET", "/alarms", Value::Null).await.is(200).json;
    assert_eq!((&open["items"][0]["kind"], &open["items"][0]["agent_id"]), (&json!("agent_copied"), &json!(agent.id)));
    for _ in 0..5 {
        let next = agent.link().await;
        assert_eq!(link.refusal().await, Refusal::AlreadyConnected);
        link = next;
    }
    let events = signs().await;
    assert_eq!((events.len(), &events[0]["copy_sign"]), (1, &json!("links_in_turn")));
    assert_eq!(seen(&server, agent.id).await["state"], "online", "a bad network does the same: nobody is shut out");
}

#[tokio::test]
async fn a_revoked_agent_is_cut_off_at_once() {
    let server = TestServer::serving().await;
    let admin = &server.own.administrator;
    let door = door(&server, "Main").await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[&door]).await;
    let mut link = agent.link().await;
    let path = format!("/agents/{}/revoke", agent.id);
    let revoked = server.call(admin, "POST", &path, json!({ "reason": "stolen" })).await.is(200);
    assert_eq!((&revoked.json["state"], &revoked.json["door_ids"]), (&json!("revoked"), &json!([])));
    assert_eq!(link.refusal().await, Refusal::Revoked);
    assert_eq!(agent.refusal(agent.hello()).await, Refusal::Revoked);
    assert_eq!(agent.renew().await.err().map(|(status, _)| status), Some(401));
    server.call(admin, "POST", &path, json!({ "reason": "again" })).await.problem(409, "agent_revoked");
    // Its door is free for another.
    server.agent("Gate 2", AgentKind::DoorController, &[&door]).await;
}

#[tokio::test]
async fn no_link_slips_past_a_revocation() {
    let server = TestServer::serving().await;
    for round in 0..12 {
        let agent = server.agent(&format!("Gate {round}"), AgentKind::DoorController, &[]).await;
        let mut link = agent.dial().await.unwrap();
        let path = format!("/agents/{}/revoke", agent.id);
        let revoke = server.call(&server.own.administrator, "POST", &path, json!({ "reason": "stolen" }));
        let hello = FromAgent::Hello(agent.hello());
        let (revoked, ()) = tokio::join!(revoke, link.say(&hello));
        revoked.is(200);
        assert_eq!(link.refusal().await, Refusal::Revoked, "round {round}");
        assert!(!server.state.agents.is_connected(agent.tenant, agent.id), "round {round}");
    }
}

#[tokio::test]
async fn a_silent_agent_is_taken_for_gone() {
    let server = TestServer::serving().await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let mut link = agent.link().await;
    let began = tokio::time::Instant::now();
    let mut heartbeats = 0;
    while let Some(message) = link.next().await {
        heartbeats += u32::from(matches!(message, FromServer::Heartbeat { .. }));
    }
    let silence = std::time::Duration::from_millis(access_core::protocol::SILENCE_MAX_MS);
    assert!(began.elapsed() >= silence - std::time::Duration::from_millis(500), "{:?}", began.elapsed());
    assert!(heartbeats >= 2, "{heartbeats}");
    assert!(!server.state.agents.is_connected(agent.tenant, agent.id));
}

#[tokio::test]
async fn what_an_agent_reports_is_seen() {
    let server = TestServer::serving().await;
    let door = door(&server, "Main").await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[&door]).await;
    let mut link = agent.dial().await.unwrap();
    link.say(&FromAgent::Hello(agent.hello())).await;
    let FromServer::Welcome { version, acknowledged, now } = link.hear().await else { panic!("not welcome") };
    assert_eq!((version, acknowledged), (1, Head::start_of(0)));
    assert!((now.0 - crate::clock::unix_ms(crate::clock::now()).0).abs() < 60_000);
    let bundle = link.bundle(&agent).await;
    let online = seen(&server, agent.id).await;
    assert_eq!(
        (&online["state"], &online["build"], &online["bundle_version"]),
        (&json!("online"), &json!("0.1.0"), &json!(0))
    );
    link.say(&FromAgent::BundleInForce { sequence: bundle.sequence + 100 }).await;
    link.say(&FromAgent::BundleInForce { sequence: bundle.sequence }).await;
    // Deliveries are taken in order: with the acknowledgement, what was said before is done.
    link.deliver(Vec::new()).await;
    assert_eq!(seen(&server, agent.id).await["bundle_version"], json!(bundle.sequence), "not one that was never sent");
    let up = server.events("kind=link_changed").await;
    assert_eq!((up.len(), &up[0]["is_up"], &up[0]["agent_id"]), (1, &json!(true), &json!(agent.id)));
}

pub(super) fn ask(_: &TestAgent, door: &str, card: CardToken) -> FromAgent {
    FromAgent::Ask(Attempt {
        id: AttemptId::from_uuid(Uuid::now_v7()),
        door: door.parse::<DoorId>().unwrap(),
        side: Side::In,
        card,
        assurance: Assurance::WeakUid,
        finger: None,
        pin: None,
        at: crate::clock::unix_ms(crate::clock::now()),
        clock: ClockTrust::Untrusted,
    })
}

#[tokio::test]
async fn questions_about_own_doors_are_answered() {
    let server = TestServer::serving().await;
    let (own, foreign) = (door(&server, "Main").await, door(&server, "Back").await);
    let agent = server.agent("Gate", AgentKind::DoorController, &[&own]).await;
    server.agent("Gate 2", AgentKind::DoorController, &[&foreign]).await;
    let mut link = agent.link().await;
    let bundle = link.bundle(&agent).await;
    assert_eq!(
        bundle.policy.doors.iter().map(|door| door.id.to_string()).collect::<Vec<_>>(),
        std::slice::from_ref(&own)
    );
    link.say(&ask(&agent, &foreign, CardToken([7; 32]))).await;
    let question = ask(&agent, &own, CardToken([7; 32]));
    let FromAgent::Ask(attempt) = &question else { panic!() };
    link.say(&question).await;
    // The first answer is the second question's: the first, about another agent's door, gets none.
    let (answered, verdict) = link
        .hear_of(|message| match message {
            FromServer::Answer { attempt, verdict, .. } => Some((attempt, verdict)),
            _ => None,
        })
        .await;
    assert_eq!((answered.id, answered.clock), (attempt.id, ClockTrust::Trusted), "by the server's clock");
    assert_eq!((verdict.outcome, verdict.reason), (Outcome::Deny, Reason::UnknownCredential));
}
