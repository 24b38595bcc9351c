//! Records on their way in: stored once, in order, or not at all.

use access_core::chain::{Digest, Head, SignedRecord};
use access_core::event::{Act, ActKind, AlarmKind, Author, Event, SetMode, StateChange, StateSet};
use access_core::policy::{DoorMode, Place};
use access_core::protocol::{AgentKind, FromAgent, Refusal};
use access_core::time::UnixMs;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{door, seen};
use crate::agents::ingest::{Ingested, ingest};
use crate::certificates::AgentName;
use crate::testing::{TestAgent, TestServer};

fn stopped(agent: &mut TestAgent, count: usize) -> Vec<SignedRecord> {
    (0..count).map(|_| agent.record(Event::AgentStopped)).collect()
}

async fn stored(server: &TestServer, agent: &TestAgent) -> Vec<u64> {
    let events = server.events(&format!("agent_id={}&kind=agent_stopped", agent.id)).await;
    events.iter().map(|event| event["seq"].as_u64().unwrap()).collect()
}

async fn open_alarms(server: &TestServer) -> Vec<Value> {
    server.settled().await;
    let alarms = server.call(&server.own.guard, "GET", "/alarms", Value::Null).await.is(200);
    alarms.json["items"].as_array().unwrap().iter().map(|alarm| alarm["kind"].clone()).collect()
}

#[tokio::test]
async fn records_are_stored_once_however_often_they_come() {
    let server = TestServer::serving().await;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let mut link = agent.link().await;
    let first = stopped(&mut agent, 3);
    let after_first = agent.head;
    assert_eq!(link.deliver(first.clone()).await, after_first);
    let second = stopped(&mut agent, 2);
    let overlapping = [first[1..].to_vec(), second.clone()].concat();
    assert_eq!(link.deliver(overlapping).await, agent.head);
    assert_eq!(link.deliver(first).await, agent.head);
    assert_eq!(link.deliver(Vec::new()).await, agent.head);
    drop(link);
    let mut again = agent.dial().await.unwrap();
    again.say(&FromAgent::Hello(agent.hello())).await;
    let welcome = again.hear().await;
    assert!(
        matches!(welcome, access_core::protocol::FromServer::Welcome { acknowledged, .. } if acknowledged == agent.head),
        "{welcome:?}"
    );
    assert_eq!(again.deliver(second).await, agent.head);
    assert_eq!(stored(&server, &agent).await, [1, 2, 3, 4, 5]);
    assert_eq!(seen(&server, agent.id).await["acknowledged_seq"], 5);
}

#[tokio::test]
async fn a_hole_is_one_alarm_and_nothing_after_it_is_taken() {
    let server = TestServer::serving().await;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let records = stopped(&mut agent, 5);
    for _ in 0..2 {
        let mut link = agent.link().await;
        link.say(&FromAgent::Records(vec![records[0].clone(), records[1].clone(), records[3].clone()])).await;
        assert_eq!(link.refusal().await, Refusal::Protocol);
    }
    assert_eq!(stored(&server, &agent).await, [1, 2]);
    let broken = server.events("kind=chain_broken").await;
    assert_eq!((broken.len(), &broken[0]["chain_fault"]), (1, &json!("hole")));
    assert_eq!(open_alarms(&server).await, [json!("records_missing")]);
    // It is in use all the same, and what was missing may still come.
    let mut link = agent.link().await;
    assert_eq!(link.deliver(records[2..].to_vec()).await, agent.head);
    assert_eq!(stored(&server, &agent).await, [1, 2, 3, 4, 5]);
}

/// What must put an agent into quarantine: the records are made from the agent after it delivered two good ones.
async fn quarantines(what: &str, records: impl Fn(&mut TestAgent) -> Vec<SignedRecord>, kept: &[u64], fault: &str) {
    let alarm = if fault == "foreign_kind" { "records_foreign" } else { "records_forked" };
    let server = TestServer::serving().await;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let mut link = agent.link().await;
    let good = stopped(&mut agent, 2);
    link.deliver(good).await;
    link.say(&FromAgent::Records(records(&mut agent))).await;
    assert_eq!(link.refusal().await, Refusal::Quarantined, "{what}");
    assert_eq!(stored(&server, &agent).await, kept, "{what}");
    let broken = server.events("kind=chain_broken").await;
    assert_eq!((broken.len(), &broken[0]["chain_fault"]), (1, &json!(fault)), "{what}");
    assert_eq!(open_alarms(&server).await, [json!(alarm)], "{what}");
    assert_eq!(seen(&server, agent.id).await["state"], "quarantined", "{what}");
    assert_eq!(agent.refusal(agent.hello()).await, Refusal::Quarantined, "{what}");
    assert_eq!(agent.renew().await.err().map(|(status, _)| status), Some(401), "{what}");
}

fn signed(agent: &TestAgent, change: impl Fn(&mut access_core::event::Record)) -> SignedRecord {
    let mut record = agent.next_record(Event::AgentStopped);
    change(&mut record);
    SignedRecord::sign(&record, &agent.record_key)
}

#[tokio::test]
async fn the_same_number_with_other_bytes_is_a_fork() {
    let rewritten = |agent: &mut TestAgent| {
        agent.head = Head::start_of(1);
        vec![signed(agent, |record| record.at = UnixMs(1))]
    };
    quarantines("rewritten", rewritten, &[1, 2], "fork").await;
    let grafted = |agent: &mut TestAgent| {
        let mut records = stopped(agent, 1);
        records.push(signed(agent, |record| record.previous = Digest([1; 32])));
        records
    };
    quarantines("grafted", grafted, &[1, 2, 3], "fork").await;
}

#[tokio::test]
async fn what_the_agent_did_not_write_is_not_taken() {
    let forged = |agent: &mut TestAgent| {
        let record = agent.next_record(Event::AgentStopped);
        vec![SignedRecord::sign(&record, &SigningKey::from_bytes(&[3; 32]))]
    };
    quarantines("another key's signature", forged, &[1, 2], "signature").await;
    let foreign =
        |agent: &mut TestAgent| vec![signed(agent, |record| record.author = Author::Agent(Uuid::now_v7().into()))];
    quarantines("another agent's record", foreign, &[1, 2], "signature").await;
    let servers = |agent: &mut TestAgent| {
        let installation = agent.installation;
        vec![signed(agent, |record| record.author = Author::Server(installation))]
    };
    quarantines("the server's record", servers, &[1, 2], "signature").await;
}

#[tokio::test]
async fn what_is_not_an_agents_to_say_is_not_taken() {
    let act = Act {
        operator: Some(Uuid::now_v7().into()),
        kind: ActKind::Disabled,
        subject: None,
        before: None,
        after: None,
        reason: None,
    };
    let cleared = Event::AlarmCleared { kind: AlarmKind::RecordsMissing, door: None };
    let foreign = [("an operator's act", Event::Act(act)), ("the server's alarm", cleared)];
    for (what, event) in foreign {
        let records = |agent: &mut TestAgent| {
            let mut records = stopped(agent, 1);
            records.push(agent.record(event.clone()));
            records.extend(stopped(agent, 1));
            records
        };
        quarantines(what, records, &[1, 2, 3], "foreign_kind").await;
    }
}

#[tokio::test]
async fn no_agent_sets_what_operators_set() {
    let server = TestServer::serving().await;
    let vault = door(&server, "Vault").await;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[&vault]).await;
    let admin = &server.own.administrator;
    let level = json!({ "level": 100, "name": "Lockdown", "locks": true });
    server.call(admin, "POST", "/threat-levels", level).await.is(201);
    let lockdown = json!({ "level": 100, "place": { "kind": "tenant" }, "reason": "drill" });
    server.call(admin, "POST", "/state/threat-level", lockdown).await.is(204);
    let tenant = agent.tenant;
    let read = async || {
        let newest = i64::try_from(server.settled().await).unwrap();
        let mut standing = server.state.states.standing(tenant);
        while server.state.states.position(tenant) < Some(newest) {
            tokio::task::yield_now().await;
        }
        standing.borrow_and_update().clone().expect("the log was read")
    };
    let before = read().await;
    assert_eq!(before.set.len(), 1, "the lockdown");
    let set = SetMode { mode: DoorMode::Free, until: UnixMs(4_102_444_800_000) };
    let changes = [
        StateChange::DoorMode { door: vault.parse::<Uuid>().unwrap().into(), set: Some(set) },
        StateChange::ThreatLevel { place: Place::Tenant, level: 0 },
    ];
    let set = |change: &StateChange| StateSet { operator: None, change: change.clone(), reason: None };
    let mut link = agent.link().await;
    let records = changes.iter().map(|change| agent.record(Event::StateSet(set(change)))).collect();
    link.say(&FromAgent::Records(records)).await;
    assert_eq!(link.refusal().await, Refusal::Quarantined);
    assert_eq!(read().await, before);
    assert_eq!(server.events("kind=state_set").await.len(), 1, "the lockdown");
}

#[tokio::test]
async fn a_door_that_was_never_its_own_is_an_alarm_and_its_record_waits() {
    let server = TestServer::serving().await;
    let (lobby, vault) = (door(&server, "Lobby").await, door(&server, "Vault").await);
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[&lobby]).await;
    let open = |door: &str| Event::DoorOpened { door: door.parse::<Uuid>().unwrap().into(), cause: None };
    let mut records = vec![agent.record(open(&lobby)), agent.record(open(&vault)), agent.record(open(&lobby))];
    for _ in 0..2 {
        let mut link = agent.link().await;
        link.say(&FromAgent::Records(records.clone())).await;
        assert_eq!(link.refusal().await, Refusal::Protocol);
    }
    let opened = async || server.events("kind=door_opened").await.len();
    assert_eq!(opened().await, 1, "what came before it, and nothing else");
    let broken = server.events("kind=chain_broken").await;
    assert_eq!((broken.len(), &broken[0]["chain_fault"]), (1, &json!("foreign_door")));
    assert_eq!(open_alarms(&server).await, [json!("records_foreign")]);
    assert_eq!(seen(&server, agent.id).await["state"], "offline", "a door wired too early costs it nothing");

    let give = async |doors: Value| {
        let path = format!("/agents/{}", agent.id);
        let version = seen(&server, agent.id).await["version"].as_i64().unwrap();
        let body = json!({ "door_ids": doors });
        server.change(&server.own.administrator, "PATCH", &path, &format!("\"{version}\""), body).await.is(200);
    };
    give(json!([lobby, vault])).await;
    let head = agent.head;
    assert_eq!(agent.link().await.deliver(records.clone()).await, head);
    assert_eq!(opened().await, 3);

    // It lost the door, and tells late what happened there before.
    give(json!([lobby])).await;
    records = vec![agent.record(open(&vault))];
    let head = agent.head;
    assert_eq!(agent.link().await.deliver(records).await, head);
    assert_eq!(opened().await, 4);
}

#[tokio::test]
async fn what_is_no_record_of_this_sequence_is_not_taken() {
    let newer = |agent: &mut TestAgent| {
        agent.head = Head::start_of(2);
        stopped(agent, 1)
    };
    quarantines("an epoch that was never begun", newer, &[1, 2], "signature").await;
    let malformed = |agent: &mut TestAgent| {
        let mut record = agent.record(Event::AgentStopped);
        record.bytes.push(0);
        vec![record]
    };
    quarantines("bytes after the end", malformed, &[1, 2], "signature").await;
    let long = |_: &mut TestAgent| vec![SignedRecord { bytes: vec![0; 5_000], signature: [0; 64] }];
    quarantines("too long", long, &[1, 2], "signature").await;
}

#[tokio::test]
async fn too_many_at_once_are_not_taken() {
    let server = TestServer::serving().await;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let records = stopped(&mut agent, 257);
    let mut link = agent.link().await;
    link.say(&FromAgent::Records(records.clone())).await;
    assert_eq!(link.refusal().await, Refusal::Protocol);
    assert_eq!(stored(&server, &agent).await, Vec::<u64>::new());
    let mut link = agent.link().await;
    assert_eq!(link.deliver(records[..256].to_vec()).await.seq, 256);
    // All of them again, at once: told apart from a fork, and taken as what they are.
    assert_eq!(link.deliver(records[..256].to_vec()).await.seq, 256);
}

#[tokio::test]
async fn a_mad_clock_does_not_stop_the_log() {
    let server = TestServer::serving().await;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let mut link = agent.link().await;
    for at in [i64::MIN, i64::MAX, -8_000_000_000_000_000, 8_000_000_000_000_000, 0] {
        let mut record = agent.next_record(Event::AgentStopped);
        record.at = UnixMs(at);
        let record_of_then = SignedRecord::sign(&record, &agent.record_key);
        agent.head = record_of_then.head(&record);
        assert_eq!(link.deliver(vec![record_of_then]).await, agent.head, "{at}");
    }
    assert_eq!(stored(&server, &agent).await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_revoked_agents_records_are_not_taken() {
    let server = TestServer::serving().await;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let records = stopped(&mut agent, 1);
    server.execute(&format!("UPDATE agents SET state = 'revoked' WHERE id = '{}'", agent.id)).await;
    let taken = ingest(&server.state, agent.name(), records.clone()).await.unwrap();
    assert_eq!(taken, Ingested::NotJoined);
    let named_elsewhere = AgentName { tenant: server.other.tenant, ..agent.name() };
    let of_other = ingest(&server.state, named_elsewhere, records).await.unwrap();
    assert_eq!(of_other, Ingested::NotJoined, "another tenant's agent");
    assert_eq!(stored(&server, &agent).await, Vec::<u64>::new());
}
