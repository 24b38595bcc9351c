//! Deliveries beside the link: whoever stands at a door does not wait for a commit.

use access_core::event::{Event, JournalFault};
use access_core::policy::CardToken;
use access_core::protocol::{AgentKind, FromAgent, FromServer};
use access_core::time::UnixMs;
use serde_json::json;
use sqlx::Connection as _;

use super::door;
use super::link::ask;
use crate::testing::{TestLink, TestServer};

/// Waits until everything up to a record is acknowledged, in order.
async fn acknowledged(link: &mut TestLink, seq: u64) {
    let mut newest = 0;
    while newest < seq {
        let head = link
            .hear_of(|message| match message {
                FromServer::Acknowledged(head) => Some(head),
                _ => None,
            })
            .await;
        assert!(head.seq > newest, "{} after {newest}", head.seq);
        newest = head.seq;
    }
    assert_eq!(newest, seq);
}

#[tokio::test]
async fn a_slow_commit_keeps_no_question_waiting() {
    let server = TestServer::serving().await;
    let door = door(&server, "Main").await;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[&door]).await;
    let mut link = agent.link().await;
    link.bundle(&agent).await;
    let mut elsewhere = server.superuser().await;
    let mut hold = elsewhere.begin().await.unwrap();
    sqlx::query("SELECT FROM agents WHERE id = $1 FOR UPDATE")
        .bind(agent.id.as_uuid())
        .execute(&mut *hold)
        .await
        .unwrap();
    // As many as an agent has under way, one by one: no worse case for the room that they take.
    let records: Vec<_> = (0..1_024).map(|_| agent.record(Event::AgentStopped)).collect();
    for record in records {
        link.say(&FromAgent::Records(vec![record])).await;
    }
    for _ in 0..3 {
        link.say(&ask(&agent, &door, CardToken([7; 32]))).await;
        let heard = link
            .hear_of(|message| match message {
                FromServer::Answer { .. } => Some("the answer"),
                FromServer::Acknowledged(_) => Some("an acknowledgement before the commit"),
                _ => None,
            })
            .await;
        assert_eq!(heard, "the answer");
    }
    hold.rollback().await.unwrap();
    acknowledged(&mut link, agent.head.seq).await;
}

#[tokio::test]
async fn without_the_database_questions_are_answered_and_the_rest_waits() {
    let server = TestServer::serving().await;
    let door = door(&server, "Main").await;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[&door]).await;
    let mut link = agent.link().await;
    link.bundle(&agent).await;
    let records = vec![agent.record(Event::AgentStopped)];
    // No table of agents: nothing is taken, no bundle is numbered, no journal noted.
    server.execute("ALTER TABLE agents RENAME TO agents_away").await;
    link.say(&FromAgent::JournalState { fault: Some(JournalFault::Full), since: UnixMs(0) }).await;
    link.say(&FromAgent::Records(records)).await;
    link.say(&FromAgent::BundleInForce { sequence: 1 }).await;
    let site = server.query("SELECT id::text FROM sites").await.remove(0);
    let tenant = agent.tenant;
    let moved = format!("SET app.tenant = '{tenant}'; UPDATE sites SET time_zone = 'Europe/Paris' WHERE id = '{site}'");
    server.execute(&moved).await;
    let version = format!("SELECT version::text FROM policy_versions WHERE tenant_id = '{tenant}'");
    let version: u64 = server.query(&version).await[0].parse().unwrap();
    for _ in 0..3 {
        // Long enough for the new rules to be known, and for their bundle to have failed: it is asked for at once.
        let mut policy = server.state.policies.subscribe(tenant);
        policy.wait_for(|policy| policy.as_ref().is_some_and(|policy| policy.version() >= version)).await.unwrap();
        link.say(&ask(&agent, &door, CardToken([7; 32]))).await;
        link.hear_of(|message| match message {
            FromServer::Answer { .. } => Some(()),
            FromServer::Acknowledged(_) | FromServer::Bundle(_) => panic!("without the database"),
            _ => None,
        })
        .await;
    }
    server.execute("ALTER TABLE agents_away RENAME TO agents").await;
    let (mut is_acknowledged, mut has_bundle) = (false, false);
    while !is_acknowledged || !has_bundle {
        match link.hear().await {
            FromServer::Acknowledged(head) => is_acknowledged = head == agent.head,
            FromServer::Bundle(bundle) => {
                has_bundle = bundle.verify(&agent.policy_key).unwrap().policy.version >= version;
            }
            _ => {}
        }
    }
    let told = server.events("kind=journal_changed").await;
    assert_eq!((told.len(), &told[0]["journal_fault"]), (1, &json!("full")));
}

#[tokio::test]
async fn who_delivers_more_than_there_is_room_for_is_read_later() {
    let server = TestServer::serving().await;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let mut link = agent.link().await;
    for _ in 0..20 {
        let records = (0..256).map(|_| agent.record(Event::AgentStopped)).collect();
        link.say(&FromAgent::Records(records)).await;
    }
    acknowledged(&mut link, agent.head.seq).await;
    server.settled().await;
    let stored = format!("SELECT count(*)::text FROM log_events WHERE agent_id = '{}'", agent.id);
    assert_eq!(server.query(&stored).await, ["5120"], "all of them, once");
}
