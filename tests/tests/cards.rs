//! Cards that prove themselves, through real pcscd, a serial line, Postgres and the agents' programs: made at a station, with the
//! finger on them, and what a door makes of them and of what only looks like them.

use hardware::card::virtual_desfire::{Deed, Misdeed};
use hardware::world::Order;
use serde_json::{Value, json};
use tests::Plant;
use tests::staff::Feed;

fn is(event: &Value, outcome: &str, reason: &str, assurance: &str) {
    let told = (&event["outcome"], &event["reason"], &event["assurance"]);
    assert_eq!(told, (&json!(outcome), &json!(reason), &json!(assurance)), "{event}");
}

/// Holds a card to the laboratory's door, which wants no finger, and waits for the decision.
async fn tap_lab(plant: &Plant, feed: &mut Feed, card: &str) -> anyhow::Result<Value> {
    let mut twins = plant.twins().await?;
    twins.tap("lab", card).await?;
    let decision = feed.decision().await?;
    twins.remove("lab").await?;
    Ok(decision)
}

/// A guard unlocks the laboratory's reader, which is locked for seconds.
async fn unlock_lab(plant: &Plant) -> anyhow::Result<()> {
    let unlock = json!({ "side": "in", "reason": "looked at on the spot" });
    plant.staff.post(&format!("/doors/{}/unlock-reader", plant.door("lab")?), unlock).await?;
    Ok(())
}

#[tokio::test]
async fn a_card_with_the_finger_on_it_opens_and_what_looks_like_it_does_not() -> anyhow::Result<()> {
    let plant = Plant::small().await?;
    let person = plant.register("Anna", "Groß").await?;
    plant.consent(&person).await?;
    let card = plant.enrol_card(&person, "anna").await?;
    plant.enrol_finger(&person, "anna-right-index").await?;
    let level = plant.level("Everywhere", &["lobby", "lab"], None).await?;
    plant.grant(&person, &level).await?;
    plant.rules_reach("east").await?;
    let mut twins = plant.twins().await?;
    let mut watch = plant.twins().await?.watch().await?;
    let mut feed = plant.staff.feed(None).await?;

    // The finger lies on the card and nowhere else.
    twins.tap("lobby", "anna").await?;
    twins.finger("lobby", "anna-right-index").await?;
    let decision = feed.decision().await?;
    is(&decision, "granted", "granted", "authenticated");
    assert_eq!((&decision["finger"], &decision["person_id"]), (&json!("matched"), &json!(person)));
    watch.until(|world| world.doors.iter().any(|door| door.name == "lobby" && door.view.is_energised)).await?;
    twins.push("lobby").await?;
    feed.kind("entered").await?;
    twins.lift("lobby").await?;
    twins.remove("lobby").await?;
    feed.kind("door_closed").await?;

    // A copy has the UID and what is readable, and none of the keys.
    let copy = Order::CopyCard { of: "anna".into(), name: "copy".into(), label: None };
    twins.order(&copy).await?;
    let decision = tap_lab(&plant, &mut feed, "copy").await?;
    is(&decision, "refused", "card_not_authentic", "not_authentic");
    assert_eq!(decision["alarms"], json!(["clone_suspected"]));
    is(&tap_lab(&plant, &mut feed, "anna").await?, "refused", "reader_locked", "authenticated");
    unlock_lab(&plant).await?;
    is(&tap_lab(&plant, &mut feed, "anna").await?, "granted", "granted", "authenticated");

    // Her own card, and somebody in between who changes what it says.
    let misdeed = Some(Misdeed { at: 1, deed: Deed::WrongMac });
    twins.order(&Order::Card { card: "anna".into(), misdeed }).await?;
    let decision = tap_lab(&plant, &mut feed, "anna").await?;
    is(&decision, "refused", "card_not_authentic", "not_authentic");
    twins.order(&Order::Card { card: "anna".into(), misdeed: None }).await?;
    unlock_lab(&plant).await?;
    is(&tap_lab(&plant, &mut feed, "anna").await?, "granted", "granted", "authenticated");

    // Lost: refused with its alarm, whoever holds it.
    let lost = json!({ "state": "lost", "reason": "left on the train" });
    plant.staff.post(&format!("/credentials/{card}/state"), lost).await?;
    plant.rules_reach("east").await?;
    let decision = tap_lab(&plant, &mut feed, "anna").await?;
    is(&decision, "refused", "credential_lost", "weak_uid");
    assert_eq!(decision["alarms"], json!(["lost_card_presented"]));
    plant.stop().await
}

/// A card that the key file's keys were made for moves to a token's at its next visit, and one is made from the token's at once: the
/// door reads both, at each step, and what the server is told of the module is in its command line.
#[tokio::test]
async fn cards_whose_master_key_lies_in_a_module_open() -> anyhow::Result<()> {
    let mut plant = Plant::small().await?;
    let (anna, berta) = (plant.register("Anna", "Groß").await?, plant.register("Berta", "Klein").await?);
    let card = plant.enrol_card(&anna, "anna").await?;
    let level = plant.level("Laboratory", &["lab"], None).await?;
    plant.grant(&anna, &level).await?;
    plant.grant(&berta, &level).await?;
    plant.make_token().await?;
    plant.restart_server(&["east", "desk"]).await?;
    plant.staff.post("/card-rules/rotate", json!({ "reason": "into the module" })).await?;
    let made = plant.make_card(&berta, "berta").await?;
    assert_eq!(made["chip"]["key_version"], 2, "{made}");
    plant.rules_reach("east").await?;
    let mut feed = plant.staff.feed(None).await?;
    is(&tap_lab(&plant, &mut feed, "berta").await?, "granted", "granted", "authenticated");
    is(&tap_lab(&plant, &mut feed, "anna").await?, "granted", "granted", "authenticated");

    let mut twins = plant.twins().await?;
    let started = plant.start_enrolment(&anna, json!("renew_card")).await?;
    twins.tap("desk", "anna").await?;
    let renewed = plant.enrolment_result(&started).await?;
    twins.remove("desk").await?;
    assert_eq!((&renewed["step"], &renewed["credential"]["id"]), (&json!("done"), &json!(card)), "{renewed}");
    assert_eq!(renewed["credential"]["chip"]["key_version"], 2, "{renewed}");
    plant.rules_reach("east").await?;
    is(&tap_lab(&plant, &mut feed, "anna").await?, "granted", "granted", "authenticated");
    assert!(plant.token_told().await?.contains("1 keys of cards"));
    plant.stop().await
}
