//! Deliveries beside the link: whoever stands at a door does not wait for a commit.

use access_core::event::Event;
use access_core::policy::CardToken;
use access_core::protocol::{AgentKind, FromAgent, FromServer};
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
