//! The one order: gap-free, whole, and verifiable, whoever writes and however many sequence.

use std::collections::HashSet;

use access_core::chain::{Head, SignedRecord, follows};
use access_core::event::{Author, Event};
use access_core::protocol::AgentKind;
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::agents::tests::door;
use crate::audit::append_event;
use crate::testing::TestServer;

async fn append(server: &TestServer, event: &Event) {
    let mut tx = server.state.db.begin(server.own.tenant, None).await.unwrap();
    append_event(&mut tx, event, crate::clock::now()).await.unwrap();
    tx.commit().await.unwrap();
}

/// Every record of the own tenant's log by position, checked to be whole: positions 1, 2, 3 …, each author's chain
/// unbroken from its start, the server's signed by the log's key.
async fn verified(server: &TestServer) -> Vec<Event> {
    server.settled().await;
    let mut superuser = PgConnection::connect_with(&server.options).await.unwrap();
    let rows: Vec<(i64, Vec<u8>, Vec<u8>)> =
        sqlx::query_as("SELECT position, record, signature FROM log_events WHERE tenant_id = $1 ORDER BY position")
            .bind(server.own.tenant.as_uuid())
            .fetch_all(&mut superuser)
            .await
            .unwrap();
    let key = server.state.keys.log_key().verifying_key();
    let own = Author::Server(server.state.installation.id);
    let mut heads = std::collections::HashMap::new();
    let mut events = Vec::new();
    for (expected, (position, bytes, signature)) in (1..).zip(rows) {
        assert_eq!(position, expected, "a gap");
        let signed = SignedRecord { bytes, signature: signature.try_into().unwrap() };
        let record = signed.read().unwrap();
        if record.author == own {
            signed.verify(own, &key).unwrap();
        }
        let head = heads.entry(record.author).or_insert(Head::start_of(record.epoch));
        follows(head, &record).unwrap();
        *head = signed.head(&record);
        events.push(record.event);
    }
    events
}

#[tokio::test]
async fn acts_and_records_stand_in_one_order_without_gaps() {
    let server = TestServer::serving().await;
    // A second process over the same database.
    server.sequence();
    let second = crate::log::Log::default();
    let (tenants, stop) = (server.state.tenants.clone(), server.state.stop.clone());
    tokio::spawn(crate::log::run(server.sequencer(), tenants, second.clone(), stop));
    let mut agents = Vec::new();
    for name in ["Gate 1", "Gate 2", "Gate 3"] {
        agents.push(server.agent(name, AgentKind::DoorController, &[]).await);
    }
    let delivering = agents.iter_mut().map(async |agent| {
        let mut link = agent.link().await;
        for _ in 0..10 {
            let records = (0..20).map(|_| agent.record(Event::AgentStopped)).collect();
            assert_eq!(link.deliver(records).await, agent.head);
            second.wake(server.own.tenant);
        }
    });
    let acting = (0..40).map(async |number: i32| {
        let body = json!({ "name": format!("Site {number}"), "time_zone": "Europe/Berlin" });
        server.call(&server.own.administrator, "POST", "/sites", body).await.is(201);
    });
    tokio::join!(join_all(delivering), join_all(acting));
    let events = verified(&server).await;
    let count = |wanted: fn(&Event) -> bool| events.iter().filter(|event| wanted(event)).count();
    assert_eq!(count(|event| matches!(event, Event::AgentStopped)), 600);
    assert_eq!(count(|event| matches!(event, Event::Act(_))), 40 + 3 + 3, "40 sites, 3 invitations, 3 joins");
    assert_eq!(count(|event| matches!(event, Event::LinkChanged { .. })), 3);
    // Whichever of the two took the last ones, the other is told a moment later.
    let mut newest = server.state.log.subscribe(server.own.tenant);
    let told = newest.wait_for(|newest| *newest >= events.len() as u64);
    assert_eq!(
        *tokio::time::timeout(std::time::Duration::from_secs(60), told).await.unwrap().unwrap(),
        events.len() as u64
    );
}

#[tokio::test]
async fn more_than_a_batch_that_waited_is_taken() {
    let server = TestServer::start().await;
    for _ in 0..3 {
        append(&server, &Event::AgentStopped).await;
    }
    let event = hex::encode(access_core::canonical::encode(&Event::AgentStopped));
    server
        .execute(&format!(
            "INSERT INTO log_outbox (tenant_id, at, event) SELECT '{}', now(), '\\x{event}' FROM generate_series(1, 1200)",
            server.own.tenant
        ))
        .await;
    server.sequence();
    assert_eq!(verified(&server).await.len(), 1203);
}

#[tokio::test]
async fn a_batch_that_fails_is_taken_whole_later() {
    let server = TestServer::start().await;
    for _ in 0..5 {
        append(&server, &Event::AgentStopped).await;
    }
    // The third insert of the batch fails until the trigger is gone, as a full disk would make it.
    server
        .execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN IF NEW.position = 3 THEN RAISE EXCEPTION ''no room''; END IF; RETURN NEW; END'; \
             CREATE TRIGGER refuse BEFORE INSERT ON log_events FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        .await;
    server.sequencer().take(server.own.tenant).await.map(|_| ()).unwrap_err();
    let waiting = "SELECT (SELECT count(*) FROM log_outbox) || '/' || (SELECT count(*) FROM log_events)";
    assert_eq!(server.query(waiting).await, ["5/0"], "all of it waits still");
    server.sequence();
    append(&server, &Event::AgentStopped).await;
    server.execute("DROP TRIGGER refuse ON log_events").await;
    assert_eq!(verified(&server).await.len(), 6);
}

#[tokio::test]
async fn tenants_have_orders_of_their_own() {
    let server = TestServer::start().await;
    server.sequence();
    append(&server, &Event::AgentStopped).await;
    for _ in 0..2 {
        let mut tx = server.state.db.begin(server.other.tenant, None).await.unwrap();
        append_event(&mut tx, &Event::AgentStopped, crate::clock::now()).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut other = server.state.log.subscribe(server.other.tenant);
    tokio::time::timeout(crate::testing::PATIENCE, other.wait_for(|newest| *newest == 2)).await.unwrap().unwrap();
    assert_eq!(verified(&server).await.len(), 1);
    let hashes: HashSet<String> =
        server.query("SELECT encode(hash, 'hex') FROM log_events").await.into_iter().collect();
    assert_eq!(hashes.len(), 3, "no tenant's record is another's");
}

#[tokio::test]
async fn a_record_can_be_read_and_not_be_changed() {
    let server = TestServer::start().await;
    server.sequence();
    append(&server, &Event::AgentStopped).await;
    server.settled().await;
    let refused = async |sql: &'static str| {
        let mut tx = server.state.db.begin(server.own.tenant, None).await.unwrap();
        let done = sqlx::query(sql).execute(&mut *tx).await;
        let code = done.unwrap_err().as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
        assert_eq!(code.as_deref(), Some("42501"), "{sql}: insufficient privilege");
        let mut tx = server.state.db.begin_sequencer(server.own.tenant).await.unwrap();
        if !sql.contains("log_outbox") && !sql.starts_with("INSERT") {
            assert!(sqlx::query(sql).execute(&mut *tx).await.is_err(), "{sql} by the sequencer");
        }
    };
    for sql in [
        "SELECT FROM log_outbox",
        "DELETE FROM log_outbox",
        "INSERT INTO log_events SELECT * FROM log_events",
        "UPDATE log_events SET kind = 'act'",
        "DELETE FROM log_events",
        "UPDATE log_heads SET tenant_id = tenant_id",
        "DELETE FROM alarms",
        "UPDATE alarms SET priority = 3",
        "DELETE FROM log_contents",
    ] {
        if sql.contains("log_heads") {
            // The sequencer's own to move.
            let mut tx = server.state.db.begin(server.own.tenant, None).await.unwrap();
            assert!(sqlx::query(sql).execute(&mut *tx).await.is_err(), "{sql}");
            continue;
        }
        refused(sql).await;
    }
    // The sequencer's directory is the list of tenants, and nothing else of any tenant.
    let directory = server.state.db.directory();
    let tenants: i64 = sqlx::query_scalar("SELECT count(*) FROM tenants").fetch_one(directory).await.unwrap();
    assert_eq!(tenants, 2);
    for table in ["log_events", "log_outbox", "log_heads", "log_event_persons", "alarms"] {
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(directory)
            .await
            .unwrap();
        assert_eq!(rows, 0, "{table} without a tenant");
    }
    for table in ["persons", "operators", "sessions", "agents", "credentials", "vault.identities"] {
        let sql = sqlx::AssertSqlSafe(format!("SELECT FROM {table}"));
        assert!(sqlx::query(sql).execute(directory).await.is_err(), "{table} is not the sequencer's");
    }
}

#[tokio::test]
async fn alarms_are_raised_cleared_and_acknowledged_once() {
    use access_core::event::AlarmKind;
    let server = TestServer::serving().await;
    let beside = door(&server, "Side").await;
    let door = door(&server, "Main").await;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[&door, &beside]).await;
    let mut link = agent.link().await;
    let door = door.parse::<uuid::Uuid>().unwrap().into();
    let raise = Event::AlarmRaised { kind: AlarmKind::DoorForced, door: Some(door), person: None };
    let fault = Event::AlarmRaised { kind: AlarmKind::ReaderFault, door: Some(door), person: None };
    let gone = Event::AlarmCleared { kind: AlarmKind::DoorForced, door: Some(door) };
    let records = vec![agent.record(fault), agent.record(raise.clone())];
    link.deliver(records).await;
    server.settled().await;
    let guard = &server.own.guard;
    let open = server.call(guard, "GET", "/alarms", Value::Null).await.is(200).json;
    let kinds: Vec<&Value> = open["items"].as_array().unwrap().iter().map(|alarm| &alarm["kind"]).collect();
    assert_eq!(kinds, ["door_forced", "reader_fault"], "by priority");
    let forced = &open["items"][0];
    assert_eq!((&forced["cleared_at"], &forced["agent_id"]), (&Value::Null, &json!(agent.id)));
    let cleared = vec![agent.record(gone.clone()), agent.record(raise.clone())];
    link.deliver(cleared).await;
    server.settled().await;
    let all = server.call(guard, "GET", "/alarms?state=all", Value::Null).await.is(200).json;
    let states: Vec<(&Value, bool)> =
        all["items"].as_array().unwrap().iter().map(|alarm| (&alarm["kind"], alarm["cleared_at"].is_null())).collect();
    assert_eq!(
        states,
        [(&json!("door_forced"), true), (&json!("reader_fault"), true)],
        "raised again, still one alarm"
    );
    let again = &all["items"][0];
    assert_eq!((&again["id"], &again["times"], again["raised_again_at"].is_string()), (&forced["id"], &json!(2), true));
    assert_eq!((&forced["times"], &forced["raised_again_at"]), (&json!(1), &Value::Null));

    let path = format!("/alarms/{}/acknowledge", forced["id"].as_str().unwrap());
    server.call(guard, "POST", &path, json!({ "note": " " })).await.problem(422, "invalid");
    server.call(&server.other.guard, "POST", &path, json!({ "note": "seen" })).await.problem(404, "not_found");
    let tries = join_all((0..4).map(|_| server.call(guard, "POST", &path, json!({ "note": "nobody there" })))).await;
    let mut statuses: Vec<u16> = tries.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
    assert_eq!(server.events("kind=act").await.iter().filter(|act| act["act"]["kind"] == "acknowledged").count(), 1);
    let beside = beside.parse::<uuid::Uuid>().unwrap().into();
    let elsewhere = Event::AlarmRaised { kind: AlarmKind::DoorForced, door: Some(beside), person: None };
    for _ in 0..3 {
        let flapping = vec![agent.record(raise.clone()), agent.record(gone.clone())];
        link.deliver(flapping).await;
    }
    let other = vec![agent.record(elsewhere)];
    link.deliver(other).await;
    server.settled().await;
    let open = server.call(guard, "GET", "/alarms", Value::Null).await.is(200).json;
    let of = |alarm: &Value| (alarm["kind"].clone(), alarm["times"].clone(), alarm["cleared_at"].is_null());
    let (forced, fault) = (json!("door_forced"), json!("reader_fault"));
    assert_eq!(
        open["items"].as_array().unwrap().iter().map(of).collect::<Vec<_>>(),
        [(forced.clone(), json!(3), false), (forced, json!(1), true), (fault, json!(1), true)],
        "acknowledged, it is another alarm when it comes again; elsewhere it always is"
    );

    let first = server.call(guard, "GET", "/alarms?state=all&limit=2", Value::Null).await.is(200).json;
    let next = first["next"].as_str().unwrap();
    let rest = server.call(guard, "GET", &format!("/alarms?state=all&limit=2&before={next}"), Value::Null).await.json;
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (2, &Value::Null));
    let mut paged = Vec::new();
    let mut path = "/alarms?limit=1".to_owned();
    loop {
        let page = server.call(guard, "GET", &path, Value::Null).await.is(200).json;
        paged.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/alarms?limit=1&before={next}");
    }
    assert_eq!(&paged, open["items"].as_array().unwrap(), "each open alarm once, in the same order");
    let next = first["next"].as_str().unwrap();
    server.call(guard, "GET", &format!("/alarms?before={next}"), Value::Null).await.problem(400, "malformed");
    for bad in ["state=new", "state=all&before=x", "before=x", "before=1.2.3", "limit=0", "limit=201", "colour=red"] {
        server.call(guard, "GET", &format!("/alarms?{bad}"), Value::Null).await.problem(400, "malformed");
    }
}

#[tokio::test]
async fn an_agent_that_starts_anew_ends_what_it_sensed_before() {
    use access_core::event::AlarmKind;
    let server = TestServer::serving().await;
    let (lobby, lab) = (door(&server, "Lobby").await, door(&server, "Lab").await);
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[&lobby, &lab]).await;
    let mut link = agent.link().await;
    let [lobby, lab] = [lobby, lab].map(|door| door.parse::<uuid::Uuid>().unwrap());
    let raise = |kind, door: uuid::Uuid| Event::AlarmRaised { kind, door: Some(door.into()), person: None };
    let records = [
        agent.record(raise(AlarmKind::DoorForced, lobby)),
        agent.record(raise(AlarmKind::DoorForced, lab)),
        agent.record(raise(AlarmKind::Tamper, lobby)),
        agent.record(Event::AlarmRaised { kind: AlarmKind::PolicyAging, door: None, person: None }),
        agent.record(Event::AgentStarted { build: "0.1.0".to_owned(), was_unclean: true }),
        agent.record(Event::DoorFound { door: lobby.into(), is_open: false }),
        agent.record(Event::DoorFound { door: lab.into(), is_open: true }),
        agent.record(raise(AlarmKind::RexStuck, lab)),
    ];
    link.deliver(records.to_vec()).await;
    server.settled().await;
    let open = server.call(&server.own.guard, "GET", "/alarms", Value::Null).await.is(200).json;
    let stand: Vec<_> = open["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|alarm| alarm["cleared_at"].is_null())
        .map(|alarm| (alarm["kind"].as_str().unwrap(), alarm["door_id"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(stand, [("door_forced", lab.to_string()), ("rex_stuck", lab.to_string())]);
    assert_eq!(open["items"].as_array().unwrap().len(), 5, "all are still to be acknowledged");
}

#[tokio::test]
async fn an_agent_that_stays_away_is_an_alarm_until_it_is_back() {
    let server = TestServer::serving().await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let link = agent.link().await;
    let mut newest = server.state.log.subscribe(server.own.tenant);
    let lost = async |state: &TestServer, wanted: usize| state.events("kind=link_changed").await.len() == wanted;
    drop(link);
    let waiting = async {
        while !lost(&server, 2).await {
            newest.changed().await.unwrap();
        }
    };
    tokio::time::timeout(crate::testing::PATIENCE, waiting).await.expect("the agent to be missed");
    let open = server.call(&server.own.guard, "GET", "/alarms", Value::Null).await.json;
    assert_eq!((&open["items"][0]["kind"], &open["items"][0]["agent_id"]), (&json!("agent_lost"), &json!(agent.id)));
    let _back = agent.link().await;
    let waiting = async {
        while !lost(&server, 3).await {
            newest.changed().await.unwrap();
        }
    };
    tokio::time::timeout(crate::testing::PATIENCE, waiting).await.expect("the agent's return");
    let open = server.call(&server.own.guard, "GET", "/alarms", Value::Null).await.json;
    assert!(!open["items"][0]["cleared_at"].is_null(), "back, and still to be acknowledged");
}

#[tokio::test]
async fn what_was_wrong_with_an_agent_is_over_when_it_joins_anew_or_is_revoked() {
    use access_core::event::{AlarmKind, ChainFault};
    let server = TestServer::serving().await;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[]).await;
    let uncleared = async || {
        server.settled().await;
        let all = server.call(&server.own.guard, "GET", "/alarms?state=all", Value::Null).await.is(200).json;
        let of = all["items"].as_array().unwrap().iter().filter(|alarm| alarm["cleared_at"].is_null());
        of.map(|alarm| alarm["kind"].as_str().unwrap().to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    let by_server = async |events: Vec<Event>| {
        let mut tx = server.state.db.begin(server.own.tenant, None).await.unwrap();
        for event in events {
            append_event(&mut tx, &event, crate::clock::now()).await.unwrap();
        }
        tx.commit().await.unwrap();
    };
    let id = agent.id;
    let hole = || Event::ChainBroken { agent: id, epoch: 1, seq: 7, fault: ChainFault::Hole };
    let own = |kind| Event::AlarmRaised { kind, door: None, person: None };
    let records = vec![agent.record(own(AlarmKind::RulesWithdrawn)), agent.record(own(AlarmKind::PolicyAging))];
    let mut link = agent.link().await;
    link.deliver(records).await;
    drop(link);
    by_server(vec![hole()]).await;
    assert_eq!(uncleared().await, ["policy_aging", "records_missing", "rules_withdrawn"].map(str::to_owned).into());

    let path = format!("/agents/{}/join-token", agent.id);
    let issued = server.call(&server.own.administrator, "POST", &path, json!({ "reason": "a new disk" })).await.is(200);
    server.joined(issued.json["token"].as_str().unwrap(), AgentKind::DoorController).await;
    assert_eq!(uncleared().await, ["policy_aging".to_owned()].into(), "it still has to get rules");

    by_server(vec![hole(), Event::LinkChanged { is_up: false, agent: Some(id) }]).await;
    assert_eq!(uncleared().await, ["agent_lost", "policy_aging", "records_missing"].map(str::to_owned).into());
    let path = format!("/agents/{}/revoke", agent.id);
    server.call(&server.own.administrator, "POST", &path, json!({ "reason": "stolen" })).await.is(200);
    assert_eq!(uncleared().await, std::collections::BTreeSet::new(), "it is not to come back");
}
