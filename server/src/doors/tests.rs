//! How doors stand, and their release by an operator.

use access_core::event::{AlarmKind, CommandOutcome, Event, ReleaseCause};
use access_core::protocol::{AgentKind, CommandKind, FromServer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::testing::TestServer;

async fn door(server: &TestServer) -> String {
    let admin = &server.own.administrator;
    let site = json!({ "name": "Plant", "time_zone": "Europe/Berlin" });
    let site = server.call(admin, "POST", "/sites", site).await.is(201).id();
    let mut areas = Vec::new();
    for name in ["Street", "Hall"] {
        areas.push(server.call(admin, "POST", "/areas", json!({ "site_id": site, "name": name })).await.is(201).id());
    }
    let body = json!({ "name": "Main", "site_id": site, "area_outside_id": areas[0], "area_inside_id": areas[1] });
    server.call(admin, "POST", "/doors", body).await.is(201).id()
}

#[tokio::test]
async fn a_door_is_accepted_on_the_wiring_that_it_was_tried_on() {
    use access_core::attempt::ClockTrust;
    use access_core::chain::{Digest, Head};
    use access_core::event::{EpochCause, Trial, TrialOutcome, TrialStep, TriedStep};
    let server = TestServer::serving().await;
    let id = door(&server).await;
    let path = format!("/doors/{id}/acceptance");
    let state = async || {
        server.settled().await;
        let states = server.call(&server.own.guard, "GET", "/doors/states", Value::Null).await.is(200).json;
        let acceptance = server.call(&server.own.guard, "GET", &path, Value::Null).await.is(200).json;
        let word = states["items"][0]["acceptance"].clone();
        assert!(word.is_null() || word == acceptance["state"], "{states} {acceptance}");
        acceptance
    };
    assert_eq!(state().await, json!({ "state": "untried", "wiring": null, "wired_at": null, "tried": null }));
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[&id]).await;
    let mut link = agent.link().await;
    let door = id.parse::<Uuid>().unwrap().into();
    let wired = |byte| Event::DoorWired { door, wiring: Digest([byte; 32]), zones: Vec::new() };
    let tried = |byte, outcome| {
        let step = |step, outcome| TriedStep { step, outcome, device: None };
        Event::DoorTried(Box::new(Trial {
            door,
            wiring: Digest([byte; 32]),
            paper: Digest([9; 32]),
            at: access_core::UnixMs(1_800_000_000_000),
            clock: ClockTrust::Untrusted,
            steps: vec![step(TrialStep::Strike, TrialOutcome::Passed), step(TrialStep::CardIn, outcome)],
        }))
    };
    let first = vec![agent.record(wired(1))];
    link.deliver(first).await;
    assert_eq!(state().await["state"], "untried");
    let skipped = vec![agent.record(tried(1, TrialOutcome::Skipped))];
    link.deliver(skipped).await;
    let found = state().await;
    assert_eq!((&found["state"], &found["wiring"]), (&json!("not_passed"), &json!("01".repeat(32))));
    let trial = &found["tried"]["trial"];
    assert_eq!((&trial["is_passed"], &trial["is_time_told"]), (&json!(false), &json!(false)));
    assert_eq!(trial["steps"][1], json!({ "step": "card_in", "outcome": "skipped", "device": null }));
    assert_eq!(found["tried"]["wiring"], "01".repeat(32));
    let passed = vec![agent.record(tried(1, TrialOutcome::Passed))];
    link.deliver(passed).await;
    assert_eq!(state().await["state"], "accepted");
    let changed = vec![agent.record(wired(2))];
    link.deliver(changed).await;
    assert_eq!(state().await["state"], "changed");
    let back = vec![agent.record(wired(1))];
    link.deliver(back).await;
    assert_eq!(state().await["state"], "accepted", "the wiring is again as it was tried");
    server.call(&server.other.guard, "GET", &path, Value::Null).await.problem(404, "not_found");
    let unknown = format!("/doors/{}/acceptance", Uuid::now_v7());
    server.call(&server.own.guard, "GET", &unknown, Value::Null).await.problem(404, "not_found");
    // What another machine begins, nobody has tried.
    let began = Event::EpochBegan { cause: EpochCause::Joined, previous: None::<Head> };
    let began = vec![agent.record(began)];
    link.deliver(began).await;
    assert_eq!(state().await["state"], "untried");
}

#[tokio::test]
async fn a_door_stands_as_its_records_say() {
    let server = TestServer::serving().await;
    let id = door(&server).await;
    let state = async || {
        server.settled().await;
        let states = server.call(&server.own.guard, "GET", "/doors/states", Value::Null).await.is(200).json;
        assert_eq!(states["items"].as_array().unwrap().len(), 1);
        states["items"][0].clone()
    };
    let bare = json!({ "door_id": id, "agent_id": null, "agent_state": "none", "position": "unknown", "last_event": null, "acceptance": null });
    assert_eq!(state().await, bare);
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[&id]).await;
    assert_eq!(state().await["agent_state"], "out_of_use", "it joined, and nobody heard of it yet");
    let mut link = agent.link().await;
    let door = id.parse::<Uuid>().unwrap().into();
    for (is_open, position) in [(true, "open"), (false, "closed")] {
        let found = vec![agent.record(Event::DoorFound { door, is_open })];
        link.deliver(found).await;
        let found = state().await;
        assert_eq!((&found["position"], &found["last_event"]["is_open"]), (&json!(position), &json!(is_open)));
    }
    let opened = vec![agent.record(Event::DoorOpened { door, cause: None })];
    link.deliver(opened).await;
    let open = state().await;
    assert_eq!((&open["agent_state"], &open["position"]), (&json!("online"), &json!("open")));
    assert_eq!(open["last_event"]["kind"], "door_opened");
    let closed = vec![
        agent.record(Event::DoorClosed { door, open_ms: 7 }),
        agent.record(Event::AlarmRaised { kind: AlarmKind::DoorForced, door: Some(door), person: None }),
    ];
    link.deliver(closed).await;
    let closed = state().await;
    assert_eq!((&closed["position"], &closed["last_event"]["alarm"]), (&json!("closed"), &json!("door_forced")));
    let foreign = server.call(&server.other.guard, "GET", "/doors/states", Value::Null).await.is(200).json;
    assert_eq!(foreign["items"], json!([]));
}

#[tokio::test]
async fn a_release_that_can_not_be_sent_is_not_recorded_as_done() {
    let server = TestServer::serving().await;
    let id = door(&server).await;
    let agent = server.agent("Gate", AgentKind::DoorController, &[&id]).await;
    let (out, mut queue) = tokio::sync::mpsc::channel(1);
    let _link = server.state.agents.link(server.own.tenant, agent.id, out.clone());
    out.try_send(FromServer::Acknowledged(agent.head)).unwrap();
    let (guard, path, why) = (&server.own.guard, format!("/doors/{id}/release"), json!({ "reason": "a delivery" }));
    server.call(guard, "POST", &path, why.clone()).await.problem(409, "agent_busy");
    let released = async || {
        let acts = server.events("kind=act").await;
        acts.iter().filter(|act| act["act"]["kind"] == "door_released").count()
    };
    assert_eq!(released().await, 0, "nothing was released");
    queue.try_recv().unwrap();
    server.call(guard, "POST", &path, why).await.is(202);
    assert!(matches!(queue.try_recv(), Ok(FromServer::Command(_))));
    assert_eq!(released().await, 1);
}

#[tokio::test]
async fn a_release_reaches_the_door_and_is_recorded() {
    let server = TestServer::serving().await;
    let id = door(&server).await;
    let guard = &server.own.guard;
    let path = format!("/doors/{id}/release");
    let why = json!({ "reason": "a delivery" });
    server.call(guard, "POST", &path, json!({ "reason": "" })).await.problem(422, "invalid");
    server
        .call(guard, "POST", &format!("/doors/{}/release", Uuid::now_v7()), why.clone())
        .await
        .problem(404, "not_found");
    server.call(&server.other.guard, "POST", &path, why.clone()).await.problem(404, "not_found");
    server.call(guard, "POST", &path, why.clone()).await.problem(409, "agent_offline");
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[&id]).await;
    server.call(guard, "POST", &path, why.clone()).await.problem(409, "agent_offline");
    let kinds = server.events("kind=act").await;
    assert!(kinds.iter().all(|act| act["act"]["kind"] != "door_released"), "nothing was released so far");
    let mut link = agent.link().await;
    let sent = server.call(guard, "POST", &path, why).await.is(202).json;
    let command = link
        .hear_of(|message| match message {
            FromServer::Command(command) => Some(command),
            _ => None,
        })
        .await;
    assert_eq!(
        (command.id.to_string(), command.door.to_string()),
        (sent["command_id"].as_str().unwrap().to_owned(), id)
    );
    assert_eq!(command.kind, CommandKind::Release);
    let left_ms = command.expires_at.0 - crate::clock::unix_ms(crate::clock::now()).0;
    assert!((1..=10_000).contains(&left_ms), "{left_ms}");
    let done = Event::CommandDone {
        command: command.id,
        door: command.door,
        outcome: CommandOutcome::CarriedOut,
        release_ms: 5_000,
    };
    let cause = ReleaseCause::Command(command.id);
    let opened = Event::DoorOpened { door: command.door, cause: Some(cause) };
    let path_of = |event: &Value| format!("/events/{}", event["position"]);
    let act = server.events("act=door_released").await.remove(0);
    let waiting = server.call(guard, "GET", &path_of(&act), Value::Null).await.is(200).json["release"].clone();
    assert_eq!(
        (&waiting["outcome"], &waiting["was_opened"]),
        (&Value::Null, &Value::Null),
        "the door is silent so far"
    );
    let records = vec![agent.record(done), agent.record(opened)];
    link.deliver(records).await;
    let done = server.events("kind=command_done").await;
    assert_eq!((done.len(), &done[0]["command_id"], &done[0]["release_ms"]), (1, &sent["command_id"], &json!(5_000)));
    let act = server.events("kind=act").await.into_iter().find(|act| act["act"]["kind"] == "door_released").unwrap();
    assert_eq!(act["door_id"], Value::Null);
    let path = format!("/events/{}", act["position"]);
    let content =
        server.call(&server.own.administrator, "GET", &path, Value::Null).await.is(200).json["content"].clone();
    assert_eq!(content["reason"], "a delivery");
    assert!(content["after"].as_str().unwrap().contains(sent["command_id"].as_str().unwrap()));

    // Whichever of its events one looks at: the whole release.
    let whole = async |cookie: &str, event: &Value| {
        server.call(cookie, "GET", &path_of(event), Value::Null).await.is(200).json["release"].clone()
    };
    let opened = server.events("kind=door_opened").await.remove(0);
    let expected = whole(guard, &act).await;
    assert_eq!(expected["command_id"], sent["command_id"]);
    assert_eq!((&expected["outcome"], &expected["release_ms"]), (&json!("carried_out"), &json!(5_000)));
    assert_eq!((&expected["reason"], &expected["was_opened"]), (&json!("a delivery"), &json!(true)), "the guard's own");
    assert_eq!((&expected["act_position"], &expected["answer_position"]), (&act["position"], &done[0]["position"]));
    for event in [&act, &done[0], &opened] {
        assert_eq!(whole(&server.own.administrator, event).await, expected);
        assert_eq!((&event["operator_id"], &event["command_id"]), (&expected["operator_id"], &expected["command_id"]));
    }
    let of_guard = server.events(&format!("operator_id={}", expected["operator_id"].as_str().unwrap())).await;
    let kinds: Vec<_> = of_guard.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["act", "command_done", "door_opened"]);
    // Another guard learns who and what, not the words.
    server.execute("UPDATE door_commands SET operator_id = gen_random_uuid()").await;
    let of_another = whole(guard, &done[0]).await;
    assert_eq!((&of_another["outcome"], &of_another["reason"]), (&json!("carried_out"), &Value::Null));
    let unrelated = server.events("act=created").await.remove(0);
    assert_eq!(whole(guard, &unrelated).await, Value::Null);
}

#[tokio::test]
async fn hours_and_longer_times_are_a_doors_own() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let path = format!("/doors/{}", door(&server).await);
    let windows = json!([{ "days": ["mon"], "from": "08:00", "to": "18:00" }]);
    let schedule = json!({ "name": "Office hours", "windows": windows });
    let schedule = server.call(admin, "POST", "/schedules", schedule).await.is(201).id();
    let factors = json!([
        { "side": "in", "schedule_id": schedule, "factors": "card" },
        { "side": "out", "schedule_id": schedule, "factors": "card_pin" },
    ]);
    let modes = json!([{ "schedule_id": schedule, "mode": "first_person" }]);
    let lines = json!({ "factor_lines": factors, "mode_lines": modes, "release_longer_ms": 12_000, "reason": "the lobby is staffed" });
    let unsaid = json!({ "mode_lines": modes });
    let refused = server.change(admin, "PATCH", &path, "\"1\"", unsaid).await.problem(422, "invalid");
    assert_eq!(refused.json["errors"][0]["field"], "reason");
    server.change(&server.own.guard, "PATCH", &path, "\"1\"", lines.clone()).await.problem(403, "forbidden");
    let changed = server.change(admin, "PATCH", &path, "\"1\"", lines).await.is(200);
    assert_eq!((&changed.json["factor_lines"], &changed.json["mode_lines"]), (&factors, &modes));
    assert_eq!((&changed.json["release_longer_ms"], &changed.json["held_longer_ms"]), (&json!(12_000), &Value::Null));
    let read = server.call(&server.own.guard, "GET", &path, Value::Null).await.is(200);
    assert_eq!(read.json, changed.json);
    let unknown = json!([{ "schedule_id": Uuid::now_v7(), "mode": "free" }]);
    for (body, field) in [
        (json!({ "release_longer_ms": 4_999 }), "release_longer_ms"),
        (json!({ "held_longer_ms": 3_600_001 }), "held_longer_ms"),
        (json!({ "mode_lines": unknown, "reason": "x" }), "mode_lines"),
        (json!({ "factors_in": "card" }), "reason"),
        (json!({ "mode_lines": [{ "schedule_id": schedule, "mode": "ajar" }] }), "body"),
    ] {
        let refused = server.change(admin, "PATCH", &path, "\"2\"", body.clone()).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["field"], field, "{body}");
    }
    let back = json!({ "release_longer_ms": null, "factor_lines": [factors[1]], "reason": "no longer staffed" });
    let back = server.change(admin, "PATCH", &path, "\"2\"", back).await.is(200);
    assert_eq!((&back.json["release_longer_ms"], &back.json["factor_lines"]), (&Value::Null, &json!([factors[1]])));
    assert_eq!(back.json["mode_lines"], modes, "what is left out stays");
    // What the rules are made of says the same.
    let tenant = server.own.tenant;
    let mut tx = server.state.db.begin(tenant, None).await.unwrap();
    let rows = crate::decisions::store::load(&mut tx, tenant, access_core::UnixMs(0)).await.unwrap();
    assert_eq!((rows.doors[0].factor_lines.len(), rows.doors[0].modes.len()), (1, 1));
    assert_eq!((rows.doors[0].release_longer_ms, rows.doors[0].held_longer_ms), (10_000, 60_000), "twice as long");
}

#[tokio::test]
async fn each_loosening_of_a_door_says_why() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let id = door(&server).await;
    let path = format!("/doors/{id}");
    let read = server.call(admin, "GET", &path, Value::Null).await.is(200).json;
    let yard = json!({ "site_id": read["site_id"], "name": "Yard" });
    let yard = server.call(admin, "POST", "/areas", yard).await.is(201).id();
    let mut version = 1;
    for loosened in [
        json!({ "area_inside_id": yard }),
        json!({ "exit": "by_system" }),
        json!({ "has_contact": false }),
        json!({ "release_longer_ms": 10_001 }),
        json!({ "held_warning_ms": 30_001 }),
        json!({ "release_ms": 5_001 }),
        json!({ "factors_in": "card_pin" }),
    ] {
        let etag = format!("\"{version}\"");
        let refused = server.change(admin, "PATCH", &path, &etag, loosened.clone()).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["field"], "reason", "{loosened}");
        let mut said = loosened;
        said["reason"] = json!("deliveries");
        server.change(admin, "PATCH", &path, &etag, said).await.is(200);
        version += 1;
    }
    // The way back needs none.
    let strict = json!({ "exit": "mechanical", "has_contact": true, "release_ms": 1_000, "factors_in": "card_finger" });
    server.change(admin, "PATCH", &path, &format!("\"{version}\""), strict).await.is(200);

    let new = |name: &str, more: (&str, Value)| {
        let mut body = json!({ "name": name, "site_id": read["site_id"], "area_outside_id": yard,
            "area_inside_id": read["area_inside_id"] });
        body[more.0] = more.1;
        body
    };
    for (field, value) in [
        ("factors_in", json!("card")),
        ("exit", json!("by_system")),
        ("has_contact", json!(false)),
        ("release_ms", json!(6_000)),
    ] {
        let mut body = new(field, (field, value));
        let refused = server.call(admin, "POST", "/doors", body.clone()).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["field"], "reason", "{body}");
        body["reason"] = json!("a lobby");
        server.call(admin, "POST", "/doors", body).await.is(201);
        assert!(server.acts().await.last().unwrap().reason.is_some());
    }
    server.call(admin, "POST", "/doors", new("Strict", ("factors_out", json!("card_finger")))).await.is(201);
    let unknown = new("Odd", ("colour", json!("red")));
    assert_eq!(
        server.call(admin, "POST", "/doors", unknown).await.problem(422, "invalid").json["errors"][0]["field"],
        "body"
    );
}
