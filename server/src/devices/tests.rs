//! Devices as their agents reported them last.

use access_core::event::{Device, DeviceState, Event};
use access_core::policy::Side;
use access_core::protocol::AgentKind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::agents::tests::door;
use crate::testing::TestServer;

#[tokio::test]
async fn a_device_is_as_it_was_reported_last_and_unknown_after_a_start() {
    let server = TestServer::serving().await;
    let devices = async |server: &TestServer| {
        server.settled().await;
        let page = server.call(&server.own.guard, "GET", "/devices", Value::Null).await.is(200).json;
        let items = page["items"].as_array().unwrap().clone();
        items.iter().map(|item| json!([item["device"], item["side"], item["state"]])).collect::<Vec<_>>()
    };
    let door = door(&server, "Main").await;
    let mut agent = server.agent("Gate", AgentKind::DoorController, &[&door]).await;
    let mut link = agent.link().await;
    assert_eq!(devices(&server).await, Vec::<Value>::new());
    let door = Some(door.parse::<Uuid>().unwrap().into());
    let changed = |device, side, state| Event::DeviceChanged { device, door, side, state };
    let told = [
        changed(Device::Reader, Some(Side::In), DeviceState::Working),
        changed(Device::Reader, Some(Side::Out), DeviceState::Working),
        changed(Device::Reader, Some(Side::In), DeviceState::Lost),
        Event::DeviceChanged { device: Device::Journal, door: None, side: None, state: DeviceState::Faulty },
        Event::DeviceChanged { device: Device::Journal, door: None, side: None, state: DeviceState::Working },
    ];
    let records = told.map(|event| agent.record(event)).to_vec();
    link.deliver(records).await;
    // What happens meanwhile elsewhere says nothing of a device.
    let other = vec![agent.record(Event::PolicyInForce { version: 1 })];
    link.deliver(other).await;
    let expected =
        [json!(["reader", "in", "lost"]), json!(["reader", "out", "working"]), json!(["journal", null, "working"])];
    assert_eq!(devices(&server).await, expected);
    let started = vec![
        agent.record(Event::AgentStarted { build: "2".to_owned(), was_unclean: false }),
        agent.record(changed(Device::Reader, Some(Side::In), DeviceState::Working)),
    ];
    link.deliver(started).await;
    assert_eq!(devices(&server).await, [json!(["reader", "in", "working"])]);
    let foreign = server.call(&server.other.guard, "GET", "/devices", Value::Null).await.is(200).json;
    assert_eq!(foreign["items"], json!([]));
}
