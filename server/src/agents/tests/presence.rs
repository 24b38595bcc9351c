//! What the log says of an agent that comes and stays away.

use std::time::Duration;

use access_core::protocol::AgentKind;
use serde_json::{Value, json};

use crate::agents::Links;
use crate::agents::presence::report_absence;
use crate::state::AppState;
use crate::testing::{TestAgent, TestServer};

/// How often an agent was missed.
async fn lost_alarms(server: &TestServer) -> i64 {
    server.settled().await;
    let alarms = server.call(&server.own.guard, "GET", "/alarms?state=all", Value::Null).await.is(200).json;
    let lost = alarms["items"].as_array().unwrap().iter().filter(|alarm| alarm["kind"] == "agent_lost");
    lost.map(|alarm| alarm["times"].as_i64().unwrap()).sum()
}

/// The state of a server that starts anew on the same database.
fn restarted(server: &TestServer) -> AppState {
    AppState { agents: Links::default(), ..server.state.clone() }
}

async fn absent(state: AppState, agent: &TestAgent) {
    report_absence(state, agent.tenant, agent.id, Duration::ZERO).await;
}

#[tokio::test]
async fn a_lost_agent_is_one_alarm_however_often_the_server_starts() {
    let server = TestServer::serving().await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    absent(restarted(&server), &agent).await;
    absent(restarted(&server), &agent).await;
    assert_eq!(lost_alarms(&server).await, 1);

    let link = agent.link().await;
    link_changes(&server, 2).await;
    absent(server.state.clone(), &agent).await;
    assert_eq!(lost_alarms(&server).await, 1, "it is linked");
    // As far as a server knows that starts now, it is not; and it was not lost before.
    absent(restarted(&server), &agent).await;
    absent(restarted(&server), &agent).await;
    assert_eq!(lost_alarms(&server).await, 2);
    drop(link);
}

/// Waits until the log says so many things of links, since a link is noted after its welcome.
async fn link_changes(server: &TestServer, count: usize) {
    let mut newest = server.state.log.subscribe(server.own.tenant);
    let waiting = async {
        while server.events("kind=link_changed").await.len() != count {
            newest.changed().await.unwrap();
        }
    };
    tokio::time::timeout(crate::testing::PATIENCE, waiting).await.expect("the log to say so");
}

#[tokio::test]
async fn the_alarm_for_a_lost_agent_is_tried_until_it_is_written() {
    let server = TestServer::serving().await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    // A sequence does not go back with the transaction that failed: it counts the tries.
    server
        .execute(
            "CREATE SEQUENCE tries; GRANT USAGE ON tries TO PUBLIC; \
             CREATE FUNCTION refuse_first() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN IF nextval(''tries'') = 1 THEN RAISE EXCEPTION ''away''; END IF; RETURN NEW; END'; \
             CREATE TRIGGER refuse_first BEFORE INSERT ON log_outbox FOR EACH ROW EXECUTE FUNCTION refuse_first()",
        )
        .await;
    absent(server.state.clone(), &agent).await;
    assert_eq!(server.query("SELECT last_value::text FROM tries").await, ["2"], "refused once, then taken");
    assert_eq!(lost_alarms(&server).await, 1);
    let events = server.events("kind=link_changed").await;
    assert_eq!((events.len(), &events[0]["is_up"]), (1, &json!(false)));
}
