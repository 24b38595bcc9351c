//! The way of one entry, and what may come between: through real pcscd, serial line, Postgres and two agents' programs.

use std::time::{Duration, Instant};

use hardware::door_io::Light;
use hardware::world::Order;
use serde_json::{Value, json};
use tests::Plant;

/// A registered person with card, finger and access to lobby and laboratory.
async fn anna(plant: &Plant) -> anyhow::Result<(String, String)> {
    let anna = plant.register("Anna", "Groß").await?;
    plant.consent(&anna).await?;
    let card = plant.enrol_card(&anna, "anna").await?;
    plant.enrol_finger(&anna, "anna-right-index").await?;
    let level = plant.level("Everywhere", &["lobby", "lab"], None).await?;
    plant.grant(&anna, &level).await?;
    plant.rules_reach("east").await?;
    Ok((anna, card))
}

fn is(event: &Value, outcome: &str, reason: &str) {
    assert_eq!((&event["outcome"], &event["reason"]), (&json!(outcome), &json!(reason)), "{event}");
}

/// Holds a card to a door that wants no finger and waits for the decision.
async fn tap_lab(plant: &Plant, card: &str) -> anyhow::Result<Value> {
    plant.rules_reach("east").await?;
    let mut feed = plant.staff.feed(None).await?;
    let mut twins = plant.twins().await?;
    twins.tap("lab", card).await?;
    let decision = feed.decision().await?;
    twins.remove("lab").await?;
    Ok(decision)
}

#[tokio::test]
async fn whoever_is_forced_gets_in_as_ever_and_only_the_alarms_say_so() -> anyhow::Result<()> {
    let plant = Plant::small().await?;
    let (person, _) = anna(&plant).await?;
    plant.enrol_duress_finger(&person, "anna-left-index").await?;
    let mut twins = plant.twins().await?;
    let mut watch = plant.twins().await?.watch().await?;
    let mut feed = plant.staff.feed(None).await?;
    let mut seen = Vec::new();
    for finger in ["anna-right-index", "anna-left-index"] {
        watch.until(|world| world.doors.iter().all(|door| door.view.line == "Card, please")).await?;
        twins.tap("lobby", "anna").await?;
        twins.finger("lobby", finger).await?;
        let decision = feed.decision().await?;
        is(&decision, "granted", "granted");
        let world = watch
            .until(|world| world.doors.iter().any(|door| door.view.is_energised && door.view.line == "Come in"))
            .await?;
        seen.push(world.doors.iter().map(|door| (door.name.clone(), door.view.clone())).collect::<Vec<_>>());
        let open = plant.staff.get("/alarms").await?;
        let open: Vec<_> = open["items"].as_array().into_iter().flatten().map(|alarm| &alarm["kind"]).collect();
        if finger == "anna-left-index" {
            assert_eq!((&decision["finger"], &decision["alarms"]), (&json!("matched_duress"), &json!(["duress"])));
            assert_eq!(open, ["duress"]);
        } else {
            assert_eq!((&decision["finger"], &decision["alarms"]), (&json!("matched"), &json!([])));
            assert!(open.is_empty(), "{open:?}");
        }
        twins.push("lobby").await?;
        feed.kind("entered").await?;
        twins.lift("lobby").await?;
        twins.remove("lobby").await?;
        feed.kind("door_closed").await?;
    }
    assert_eq!(seen[0], seen[1], "the doors show the same");
    let alarm = &plant.staff.get("/alarms").await?["items"][0];
    assert_eq!((&alarm["person_id"], &alarm["priority"]), (&json!(person), &json!(1)), "{alarm}");
    assert_eq!(alarm["door_id"], json!(plant.door("lobby")?));
    Ok(())
}

#[tokio::test]
async fn whoever_has_no_finger_comes_in_with_card_and_pin() -> anyhow::Result<()> {
    let mut plant = Plant::small().await?;
    let person = plant.register("Anna", "Groß").await?;
    plant.enrol_card(&person, "anna").await?;
    plant.exempt(&person).await?;
    let level = plant.level("Everywhere", &["lobby", "lab"], None).await?;
    plant.grant(&person, &level).await?;
    plant.rules_reach("east").await?;
    let mut twins = plant.twins().await?;
    let mut watch = plant.twins().await?.watch().await?;
    let mut feed = plant.staff.feed(None).await?;
    twins.tap("lobby", "anna").await?;
    is(&feed.decision().await?, "refused", "no_pin_enrolled");
    twins.remove("lobby").await?;

    // Set by the person at the station, and nobody is told what it is.
    plant.set_pin(&person, "204816").await?;
    plant.set_duress_pin(&person, "204816", "975310").await?;
    plant.rules_reach("east").await?;

    let mut feed = plant.staff.feed(None).await?;
    let mut seen = Vec::new();
    for (keys, result) in [("204816#", "matched"), ("975310#", "matched_duress")] {
        watch.until(|world| world.doors.iter().all(|door| door.view.line == "Card, please")).await?;
        twins.tap("lobby", "anna").await?;
        watch.until(|world| world.door("lobby").is_some_and(|door| door.view.line == "PIN, please")).await?;
        twins.type_keys("lobby", keys).await?;
        let decision = feed.decision().await?;
        is(&decision, "granted", "granted");
        assert_eq!((&decision["pin"], &decision["finger"]), (&json!(result), &Value::Null), "{decision}");
        assert_eq!((&decision["decided"], &decision["person_id"]), (&json!("online"), &json!(person)));
        let world = watch
            .until(|world| world.doors.iter().any(|door| door.view.is_energised && door.view.line == "Come in"))
            .await?;
        seen.push(world.doors.iter().map(|door| (door.name.clone(), door.view.clone())).collect::<Vec<_>>());
        let open = plant.staff.get("/alarms").await?;
        let open: Vec<_> = open["items"].as_array().into_iter().flatten().map(|alarm| &alarm["kind"]).collect();
        let is_forced = result == "matched_duress";
        assert_eq!(open, if is_forced { vec!["duress"] } else { vec![] });
        twins.push("lobby").await?;
        feed.kind("entered").await?;
        twins.remove("lobby").await?;
        feed.kind("door_closed").await?;
    }
    assert_eq!(seen[0], seen[1], "the doors show the same");

    // A wrong one, and none.
    watch.until(|world| world.doors.iter().all(|door| door.view.line == "Card, please")).await?;
    twins.tap("lobby", "anna").await?;
    watch.until(|world| world.door("lobby").is_some_and(|door| door.view.line == "PIN, please")).await?;
    twins.type_keys("lobby", "204817#").await?;
    is(&feed.decision().await?, "refused", "wrong_pin");
    assert_eq!(twins.push("lobby").await.unwrap_err().to_string(), "locked");
    twins.remove("lobby").await?;
    watch.until(|world| world.doors.iter().all(|door| door.view.line == "Card, please")).await?;
    twins.tap("lobby", "anna").await?;
    watch.until(|world| world.door("lobby").is_some_and(|door| door.view.line == "PIN, please")).await?;
    twins.type_keys("lobby", "2048!").await?;
    is(&feed.decision().await?, "refused", "pin_timeout");
    twins.remove("lobby").await?;

    // Without the server the agent decides alone.
    let east = plant.agent("east")?.lines().len();
    plant.stop_server().await?;
    plant.agent("east")?.line_after(east, "link down").await?;
    watch.until(|world| world.doors.iter().all(|door| door.view.line == "Card, please")).await?;
    twins.tap("lobby", "anna").await?;
    watch.until(|world| world.door("lobby").is_some_and(|door| door.view.line == "PIN, please")).await?;
    twins.type_keys("lobby", "204816#").await?;
    watch.until(|world| world.door("lobby").is_some_and(|door| door.view.is_energised)).await?;

    // No PIN in any log.
    for lines in [plant.agent("east")?.lines(), plant.agent("desk")?.lines()] {
        assert!(!lines.iter().any(|line| line.contains("204816") || line.contains("975310")), "{lines:?}");
    }
    plant.stop().await
}

#[tokio::test]
async fn a_person_is_registered_and_walks_in_and_others_do_not() -> anyhow::Result<()> {
    let plant = Plant::small().await?;
    let (person, card) = anna(&plant).await?;
    let mut twins = plant.twins().await?;
    let mut feed = plant.staff.feed(None).await?;

    // Card and finger: in.
    twins.tap("lobby", "anna").await?;
    let mut watch = plant.twins().await?.watch().await?;
    twins.finger("lobby", "anna-right-index").await?;
    let decision = feed.decision().await?;
    is(&decision, "granted", "granted");
    assert_eq!(decision["person_id"], json!(person));
    assert_eq!(decision["finger"], "matched");
    assert_eq!((&decision["decided"], &decision["assurance"]), (&json!("online"), &json!("authenticated")));
    watch.until(|world| world.doors.iter().any(|door| door.name == "lobby" && door.view.is_energised)).await?;
    twins.push("lobby").await?;
    let opened = feed.kind("door_opened").await?;
    let entered = feed.kind("entered").await?;
    assert_eq!(entered["persons"], json!([person]));
    assert!(opened["position"].as_i64() < entered["position"].as_i64());
    twins.lift("lobby").await?;
    twins.remove("lobby").await?;
    feed.kind("door_closed").await?;
    watch.until(|world| world.doors.iter().all(|door| !door.view.is_energised && !door.view.is_open)).await?;

    // A stranger's finger.
    twins.tap("lobby", "anna").await?;
    twins.finger("lobby", "berta-right-index").await?;
    is(&feed.decision().await?, "refused", "wrong_finger");
    assert_eq!(twins.push("lobby").await.unwrap_err().to_string(), "locked");
    twins.lift("lobby").await?;
    twins.remove("lobby").await?;

    // A card that nobody has.
    is(&tap_lab(&plant, "stranger").await?, "refused", "unknown_credential");

    // Blocked beats granted; lifted, the grant holds again.
    is(&tap_lab(&plant, "anna").await?, "granted", "granted");
    let block = plant.staff.post(&format!("/people/{person}/blocks"), json!({ "reason": "house ban" })).await?;
    is(&tap_lab(&plant, "anna").await?, "refused", "blocked");
    let block = block["id"].as_str().unwrap();
    plant.staff.post(&format!("/blocks/{block}/lift"), json!({ "reason": "it was a mistake" })).await?;
    is(&tap_lab(&plant, "anna").await?, "granted", "granted");

    // A grant that is over, and one outside its hours.
    let berta = plant.register("Berta", "Klein").await?;
    let always = plant.level("Laboratory", &["lab"], None).await?;
    let over = plant.grant(&berta, &always).await?;
    let ended_at = "2026-01-02T00:00:00Z".parse()?;
    tests::rules::end_grant(&plant, &over, ended_at).await?;
    plant.enrol_card(&berta, "berta").await?;
    is(&tap_lab(&plant, "berta").await?, "refused", "grant_expired");
    let never = plant.staff.post("/schedules", json!({ "name": "Never", "windows": [] })).await?;
    let level = plant.level("Never", &["lab"], never["id"].as_str()).await?;
    plant.grant(&berta, &level).await?;
    is(&tap_lab(&plant, "berta").await?, "refused", "outside_schedule");

    // A card that is revoked while everything is connected: how long until it no longer opens.
    let said = plant.agent("east")?.lines().len();
    let revoked = Instant::now();
    let lost = json!({ "state": "lost", "reason": "left on the train" });
    plant.staff.post(&format!("/credentials/{card}/state"), lost).await?;
    let answered = revoked.elapsed();
    plant.agent("east")?.line_after(said, "bundle in force").await?;
    let in_force = revoked.elapsed();
    // At the lobby: the laboratory's reader was refused at so often that once more would lock it.
    let mut feed = plant.staff.feed(None).await?;
    twins.tap("lobby", "anna").await?;
    let refused = feed.decision().await?;
    is(&refused, "refused", "credential_lost");
    assert_eq!(refused["alarms"], json!(["lost_card_presented"]));
    println!("revoked: {} ms until the answer, {} ms until in force", answered.as_millis(), in_force.as_millis());

    // Nobody of the other tenant saw anything of it.
    let other = tests::Staff::sign_in(&plant.staff_url, &plant.made.accounts["other"]).await?;
    let events = other.get("/events?limit=200").await?;
    assert!(events["items"].as_array().unwrap().iter().all(|event| event["author"] == "server"), "{events}");
    plant.stop().await
}

#[tokio::test]
async fn doors_that_are_forced_held_or_released_by_hand_are_told() -> anyhow::Result<()> {
    let mut plan = tests::Plan::small();
    plan.closes_ms = None;
    plan.agents[0].doors[1].held_ms = 700;
    let plant = Plant::temporary(plan).await?;
    let mut twins = plant.twins().await?;
    let mut feed = plant.staff.feed(None).await?;

    twins.order(&Order::Force { door: "lab".to_owned() }).await?;
    let alarm = feed.kind("alarm_raised").await?;
    assert_eq!(alarm["alarm"], "door_forced");
    twins.order(&Order::Close { door: "lab".to_owned() }).await?;
    feed.kind("door_closed").await?;

    // Released by an operator: recorded, carried out once, and told.
    let lab = plant.door("lab")?.to_owned();
    let mut watch = plant.twins().await?.watch().await?;
    let sent = plant.staff.post(&format!("/doors/{lab}/release"), json!({ "reason": "a parcel" })).await?;
    watch.until(|world| world.doors.iter().any(|door| door.name == "lab" && door.view.is_energised)).await?;
    let done = feed.kind("command_done").await?;
    assert_eq!((&done["command_id"], &done["command_outcome"]), (&sent["command_id"], &json!("carried_out")));

    // Through it, and left open.
    twins.push("lab").await?;
    let held = feed.until(|event| event["kind"] == "alarm_raised").await?;
    assert_eq!(held["alarm"], "door_held");
    let open = plant.staff.get("/alarms").await?;
    let kinds: Vec<&str> =
        open["items"].as_array().unwrap().iter().filter_map(|alarm| alarm["kind"].as_str()).collect();
    assert!(kinds.contains(&"door_forced") && kinds.contains(&"door_held"), "{kinds:?}");
    let states = plant.staff.get("/doors/states").await?;
    let state = states["items"].as_array().unwrap().iter().find(|state| state["door_id"] == json!(lab)).unwrap();
    assert_eq!((&state["position"], &state["agent_state"]), (&json!("open"), &json!("online")));
    twins.order(&Order::Close { door: "lab".to_owned() }).await?;
    feed.until(|event| event["kind"] == "alarm_cleared" && event["alarm"] == "door_held").await?;

    // Acknowledged with a note, once.
    let alarm = open["items"][0]["id"].as_str().unwrap();
    let note = json!({ "note": "looked, nobody there" });
    plant.staff.post(&format!("/alarms/{alarm}/acknowledge"), note.clone()).await?;
    assert!(plant.staff.post(&format!("/alarms/{alarm}/acknowledge"), note).await.is_err());
    plant.stop().await
}

#[tokio::test]
async fn without_the_server_agents_decide_alone_and_nothing_is_lost() -> anyhow::Result<()> {
    let mut plant = Plant::small().await?;
    let (person, _) = anna(&plant).await?;
    is(&tap_lab(&plant, "anna").await?, "granted", "granted");
    let seen = plant.staff.get("/events?limit=1").await?["items"][0]["position"].as_i64().unwrap();

    // The server dies while a finger is awaited: the agent finishes alone.
    let mut twins = plant.twins().await?;
    let mut watch = plant.twins().await?.watch().await?;
    twins.tap("lobby", "anna").await?;
    watch
        .until(|world| world.doors.iter().any(|door| door.name == "lobby" && door.view.light == Light::Waiting))
        .await?;
    let east = plant.agent("east")?.lines().len();
    plant.stop_server().await?;
    plant.agent("east")?.line_after(east, "link down").await?;
    twins.finger("lobby", "anna-right-index").await?;
    watch.until(|world| world.doors.iter().any(|door| door.name == "lobby" && door.view.is_energised)).await?;
    twins.push("lobby").await?;
    twins.lift("lobby").await?;
    twins.remove("lobby").await?;
    watch.until(|world| world.doors.iter().all(|door| !door.view.is_energised && !door.view.is_open)).await?;
    // And a stranger is refused alone.
    twins.tap("lab", "stranger").await?;
    watch.until(|world| world.doors.iter().any(|door| door.name == "lab" && door.view.light == Light::Red)).await?;
    twins.remove("lab").await?;

    // The server is back: everything comes, once each and in order.
    plant.start_server().await?;
    let mut feed = plant.staff.feed(Some(seen)).await?;
    let mut positions = Vec::new();
    let mut agent = Vec::new();
    loop {
        let event = feed.until(|_| true).await?;
        positions.push(event["position"].as_i64().unwrap());
        if event["author"] == "agent" && event["agent_id"] == json!(plant.made.agents["east"]) {
            agent.push((event["seq"].as_i64().unwrap(), event.clone()));
        }
        if event["reason"] == "not_known_here" {
            break;
        }
    }
    assert!(positions.windows(2).all(|pair| pair[1] == pair[0] + 1), "{positions:?}");
    assert!(agent.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1), "{agent:?}");
    let alone: Vec<&Value> =
        agent.iter().map(|(_, event)| event).filter(|event| event["decided"] == "offline").collect();
    assert_eq!(alone.len(), 2, "{alone:?}");
    is(alone[0], "granted", "granted");
    assert_eq!(alone[0]["person_id"], json!(person));
    is(alone[1], "refused", "not_known_here");
    plant.stop().await
}

#[tokio::test]
async fn revoked_while_away_takes_effect_with_the_link() -> anyhow::Result<()> {
    let mut plant = Plant::small().await?;
    let (person, _) = anna(&plant).await?;
    is(&tap_lab(&plant, "anna").await?, "granted", "granted");
    plant.agent_mut("east")?.stop().await?;
    plant.staff.post(&format!("/people/{person}/deactivate"), json!({ "reason": "left the company" })).await?;
    plant.start_agent("east", &[]).await?;
    plant.agent("east")?.line("link up").await?;
    let linked = Instant::now();
    // The first is the one that lay on the disk.
    let of_disk = plant.agent("east")?.lines().iter().position(|line| line.contains("bundle in force")).unwrap_or(0);
    plant.agent("east")?.line_after(of_disk + 1, "bundle in force").await?;
    println!("revoked while away: {} ms from link to bundle", linked.elapsed().as_millis());
    is(&tap_lab(&plant, "anna").await?, "refused", "person_inactive");
    // Alone too: the bundle that came names nobody who may not enter.
    let east = plant.agent("east")?.lines().len();
    plant.stop_server().await?;
    plant.agent("east")?.line_after(east, "link down").await?;
    let mut watch = plant.twins().await?.watch().await?;
    let mut twins = plant.twins().await?;
    twins.tap("lab", "anna").await?;
    let shown = watch.until(|world| world.doors.iter().any(|door| door.name == "lab" && door.view.light == Light::Red));
    tokio::time::timeout(Duration::from_secs(20), shown).await??;
    plant.stop().await
}
