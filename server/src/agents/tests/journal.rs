//! A journal that takes no records: one alarm a failure, whoever reconnects however often.

use access_core::event::JournalFault;
use access_core::protocol::{AgentKind, FromAgent, FromServer, Refusal};
use access_core::time::UnixMs;
use serde_json::{Value, json};

use super::seen;
use crate::testing::{TestAgent, TestLink, TestServer};

const FAILED_AT: UnixMs = UnixMs(1_700_000_000_000);

/// Says it, and waits until it was taken: messages are taken in order, and records are answered.
async fn say(link: &mut TestLink, fault: Option<JournalFault>) {
    link.say(&FromAgent::JournalState { fault, since: FAILED_AT }).await;
    link.say(&FromAgent::Records(Vec::new())).await;
    link.hear_of(|message| matches!(message, FromServer::Acknowledged(_)).then_some(())).await;
}

async fn alarms(server: &TestServer) -> Vec<Value> {
    server.settled().await;
    let alarms = server.call(&server.own.guard, "GET", "/alarms", Value::Null).await.is(200);
    alarms.json["items"].as_array().unwrap().clone()
}

async fn gate(server: &TestServer) -> (TestAgent, TestLink) {
    let agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let link = agent.link().await;
    (agent, link)
}

#[tokio::test]
async fn a_failure_is_one_alarm_until_it_is_over() {
    let server = TestServer::serving().await;
    let (agent, mut link) = gate(&server).await;
    say(&mut link, None).await;
    assert_eq!(alarms(&server).await, Vec::<Value>::new(), "a journal that works is no news");

    say(&mut link, Some(JournalFault::NoSpace)).await;
    let raised = alarms(&server).await;
    assert_eq!((raised.len(), &raised[0]["kind"]), (1, &json!("journal_fault")));
    assert_eq!(raised[0]["agent_id"], json!(agent.id), "it names the agent");
    assert_eq!(raised[0]["cleared_at"], Value::Null);
    let row = seen(&server, agent.id).await;
    assert_eq!((&row["journal_fault"], &row["journal_since"]), (&json!("no_space"), &json!("2023-11-14T22:13:20Z")));

    // Again after a reconnect, and for another reason: the same failure.
    drop(link);
    let mut link = agent.link().await;
    say(&mut link, Some(JournalFault::NoSpace)).await;
    say(&mut link, Some(JournalFault::Silent)).await;
    assert_eq!(alarms(&server).await, raised);
    assert_eq!(seen(&server, agent.id).await["journal_fault"], json!("silent"));

    say(&mut link, None).await;
    say(&mut link, None).await;
    let cleared = alarms(&server).await;
    assert_eq!(cleared.len(), 1, "it stays until it is acknowledged");
    assert!(cleared[0]["cleared_at"].is_string());
    assert_eq!(seen(&server, agent.id).await["journal_fault"], Value::Null);
    let told = server.events("kind=journal_changed").await;
    let told: Vec<_> = told.iter().map(|event| (&event["author"], &event["is_up"], &event["agent_id"])).collect();
    let (author, id) = (json!("server"), json!(agent.id));
    assert_eq!(told, [(&author, &json!(false), &id), (&author, &json!(true), &id)], "oldest first");

    say(&mut link, Some(JournalFault::DiskFault)).await;
    let again = alarms(&server).await;
    assert_eq!(
        (again.len(), &again[0]["times"], &again[0]["cleared_at"]),
        (1, &json!(2), &Value::Null),
        "raised again"
    );
}

#[tokio::test]
async fn a_revoked_agent_is_not_listened_to() {
    let server = TestServer::serving().await;
    let (agent, mut link) = gate(&server).await;
    say(&mut link, None).await;
    // Put out of use without its link being told: what it says next is looked at all the same.
    let mut tx = server.state.db.begin(agent.tenant, None).await.unwrap();
    crate::agents::store::set_state(&mut tx, agent.tenant, agent.id, crate::agents::Standing::Revoked).await.unwrap();
    tx.commit().await.unwrap();
    link.say(&FromAgent::JournalState { fault: Some(JournalFault::Full), since: FAILED_AT }).await;
    assert_eq!(link.refusal().await, Refusal::Revoked);
    assert_eq!(alarms(&server).await, Vec::<Value>::new());
    assert_eq!(seen(&server, agent.id).await["journal_fault"], Value::Null);
}

#[tokio::test]
async fn a_revoked_agent_is_not_put_in_quarantine_nor_sent_keys() {
    use crate::agents::{Standing, store};
    let server = TestServer::serving().await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let mut tx = server.state.db.begin(agent.tenant, None).await.unwrap();
    let key = [(access_core::policy::CardToken([7; 32]), 1)];
    crate::cards::store::note_held(&mut tx, agent.tenant, agent.id, &key).await.unwrap();
    assert!(store::quarantine(&mut tx, agent.name()).await.unwrap());
    store::set_state(&mut tx, agent.tenant, agent.id, Standing::Revoked).await.unwrap();
    assert!(!store::quarantine(&mut tx, agent.name()).await.unwrap(), "what an operator did stands");
    let state = store::get(&mut tx, agent.tenant, agent.id.into(), &server.state.agents).await.unwrap().unwrap().state;
    assert_eq!(state, crate::agents::AgentState::Revoked);
    let noted = crate::cards::store::note_held(&mut tx, agent.tenant, agent.id, &key).await;
    assert!(noted.is_err(), "its cards are marked already: it gets no more");
}

#[tokio::test]
async fn whoever_puts_an_agent_out_of_use_waits_for_what_it_is_being_sent() {
    use crate::{agents, cards};
    let server = TestServer::serving().await;
    for act in ["revoke", "replace"] {
        let agent = server.agent(act, AgentKind::DoorController, &[]).await;
        let uid = access_core::policy::CardToken([act.len() as u8; 32]);
        let mut sending = server.state.db.begin(agent.tenant, None).await.unwrap();
        cards::store::note_held(&mut sending, agent.tenant, agent.id, &[(uid, 1)]).await.unwrap();
        let path = format!("/agents/{}/{act}", agent.id);
        let reason = json!({ "reason": "stolen" });
        let out_of_use = server.call(&server.own.administrator, "POST", &path, reason);
        let send = async {
            // It waits, and holds nothing that the rest of the bundle needs.
            while server.query("SELECT count(*)::text FROM pg_locks WHERE NOT granted").await != ["1"] {
                tokio::task::yield_now().await;
            }
            agents::store::next_bundle(&mut sending, agent.tenant, agent.id, 0).await.unwrap();
            sending.commit().await.unwrap();
        };
        let (answer, ()) = tokio::join!(out_of_use, send);
        answer.is(200);
        let mut after = server.state.db.begin(agent.tenant, None).await.unwrap();
        let exposed = cards::store::exposed_version(&mut after, agent.tenant, &uid).await.unwrap();
        assert_eq!(exposed, Some(1), "{act}: it was sent, and is marked");
    }
}
