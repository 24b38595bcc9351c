//! Which cards are told to be due for other keys, why, and when they no longer are.

use super::*;

/// Uids that tell apart by their last byte.
fn uid(last: u8) -> [u8; 7] {
    [4, 7, 7, 7, 7, 7, last]
}

/// The list that staff see, by this query.
async fn due(server: &TestServer, query: &str) -> Value {
    let path = format!("/card-rules/due{query}");
    server.call(&server.own.guard, "GET", &path, Value::Null).await.is(200).json
}

/// Which cards are on a list, and why.
fn told(list: &Value) -> Vec<(&str, &str)> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|card| (card["credential_id"].as_str().unwrap(), card["reason"].as_str().unwrap())).collect()
}

async fn rotate(server: &TestServer) {
    let why = json!({ "reason": "yearly" });
    server.call(&server.own.administrator, "POST", "/card-rules/rotate", why).await.is(200);
}

/// An agent that was sent the keys of these cards is stolen.
async fn lose_agent(server: &TestServer, name: &str, uids: &[[u8; 7]], version: u8) {
    let agent = server.agent(name, AgentKind::DoorController, &[]).await;
    sent(server, &agent, uids, version).await;
    revoke(server, &agent).await;
}

/// Cards that are to get other keys, and such as have to be exchanged, as the tenant's choices count them.
async fn counted(server: &TestServer) -> (Value, Value) {
    let mut rules = server.call(&server.own.guard, "GET", "/card-rules", Value::Null).await.is(200).json;
    (rules["cards_due"].take(), rules["cards_to_exchange"].take())
}

#[tokio::test]
async fn each_card_that_is_due_is_told_with_why_the_most_pressing_first() {
    let server = TestServer::serving().await;
    let (anna, berta) = (person(&server, "1").await, person(&server, "2").await);
    let mut desk = desk(&server).await;
    let (old, _) = made(&server, &mut desk, &anna, uid(1)).await;
    let (older, _) = made(&server, &mut desk, &anna, uid(2)).await;
    let (exposed, _) = made(&server, &mut desk, &berta, uid(3)).await;
    let (spent, _) = made(&server, &mut desk, &berta, uid(4)).await;
    assert_eq!(due(&server, "").await, json!({ "count": 0, "items": [], "next": null }));

    rotate(&server).await;
    made(&server, &mut desk, &anna, uid(5)).await;
    lose_agent(&server, "Gate", &[uid(3)], 1).await;
    let (tenant, last) = (server.own.tenant, "key_version = 255, version_wanted = 255");
    let sql = format!("SET app.tenant = '{tenant}'; UPDATE card_chips SET {last} WHERE credential_id = '{spent}'");
    server.execute(&sql).await;
    lose_agent(&server, "Back", &[uid(4)], 255).await;
    let all = due(&server, "").await;
    let expected = [(&*spent, "exchange"), (&*exposed, "exposed"), (&*old, "old_keys"), (&*older, "old_keys")];
    assert_eq!((told(&all), &all["count"], &all["next"]), (expected.to_vec(), &json!(4), &Value::Null));
    // Of the holder the pseudonym alone: a name is a look.
    let whole = json!({ "credential_id": exposed, "label": "…0703", "state": "active", "person_id": berta, "key_version": 1,
        "reason": "exposed" });
    assert_eq!(all["items"][1], whole);
    assert_eq!(counted(&server).await, (json!(3), json!(1)));

    for (reason, count) in [("exchange", 1), ("exposed", 1), ("old_keys", 2)] {
        let some = due(&server, &format!("?reason={reason}")).await;
        let of_it: Vec<_> = expected.into_iter().filter(|(_, why)| *why == reason).collect();
        assert_eq!((told(&some), &some["count"]), (of_it, &json!(count)));
    }
    let mut pieces = Vec::new();
    let mut cursor = String::new();
    loop {
        let piece = due(&server, &format!("?limit=1{cursor}")).await;
        assert_eq!(piece["count"], 4, "in all");
        pieces.extend(told(&piece).into_iter().map(|(card, _)| card.to_owned()));
        let Some(next) = piece["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(pieces, [spent, exposed, old.clone(), older]);
    let guard = &server.own.guard;
    for wrong in ["reason=worn", "cursor=2", &format!("cursor=worn.{old}"), "page=2"] {
        let path = format!("/card-rules/due?{wrong}");
        server.call(guard, "GET", &path, Value::Null).await.problem(400, "malformed");
    }
    for wrong in ["limit=0", "limit=201"] {
        let path = format!("/card-rules/due?{wrong}");
        server.call(guard, "GET", &path, Value::Null).await.problem(422, "invalid");
    }
    let others = server.call(&server.other.administrator, "GET", "/card-rules/due", Value::Null).await.is(200).json;
    assert_eq!(others, json!({ "count": 0, "items": [], "next": null }));
}

#[tokio::test]
async fn a_card_leaves_the_list_by_its_visit_and_takes_no_other_with_it() {
    let server = TestServer::serving().await;
    let anna = person(&server, "1").await;
    let mut desk = desk(&server).await;
    let (first, mut card) = made(&server, &mut desk, &anna, UID).await;
    let (second, _) = made(&server, &mut desk, &anna, uid(1)).await;
    rotate(&server).await;
    let piece = due(&server, "?limit=1").await;
    assert_eq!((told(&piece), &piece["count"]), (vec![(&*first, "old_keys")], &json!(2)));
    // A station began and was not heard of again: it is due until it is known to have its keys.
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
    dialogue.present(&UID, CardKind::DesfireEv2).await;
    dialogue.work().await;
    dialogue.say(card.content()).await;
    dialogue.work().await;
    dialogue.say(EnrolmentStep::Failed { why: access_core::protocol::EnrolmentFault::ReaderFault }).await;
    assert_eq!(due(&server, "").await["count"], 2);
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
    assert_eq!(dialogue.rewrite(&mut card).await["step"], "done");
    drop(dialogue);
    // Who went on reading from the first card finds the second.
    let cursor = piece["next"].as_str().unwrap();
    let piece = due(&server, &format!("?limit=1&cursor={cursor}")).await;
    assert_eq!((told(&piece), &piece["next"]), (vec![(&*second, "old_keys")], &Value::Null));
    assert_eq!(told(&due(&server, "").await), [(&*second, "old_keys")]);

    // Its new keys are lost as well: it is due again, and more pressing than before.
    lose_agent(&server, "Gate", &[UID], 2).await;
    assert_eq!(told(&due(&server, "").await), [(&*first, "exposed"), (&*second, "old_keys")]);
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
    assert_eq!(dialogue.rewrite(&mut card).await["step"], "done");
    drop(dialogue);
    take_back(&server, &mut desk, (&anna, &second), uid(1)).await;
    assert_eq!(due(&server, "").await, json!({ "count": 0, "items": [], "next": null }));
}

#[tokio::test]
async fn only_a_card_that_somebody_has_and_that_may_open_is_due() {
    let server = TestServer::serving().await;
    let (admin, anna) = (&server.own.administrator, person(&server, "1").await);
    let mut desk = desk(&server).await;
    let (card, _) = made(&server, &mut desk, &anna, UID).await;
    rotate(&server).await;
    let check = async |is_due: bool, when: &str| {
        let list = due(&server, "").await;
        assert_eq!(list["count"], u8::from(is_due), "{when}: {list}");
        assert_eq!(counted(&server).await, (json!(u8::from(is_due)), json!(0)), "{when}: told alike");
    };
    for (state, is_due) in [
        ("suspended", true),
        ("lost", false),
        ("active", true),
        ("stolen", false),
        ("issued", true),
        ("expired", false),
        ("returned", false),
        ("active", true),
    ] {
        let change = json!({ "state": state, "reason": "a test" });
        server.call(admin, "POST", &format!("/credentials/{card}/state"), change).await.is(200);
        check(is_due, state).await;
        if is_due {
            assert_eq!(due(&server, "").await["items"][0]["state"], state);
        }
    }
    // A block has an end, and the holder has the card.
    let block = json!({ "place": { "kind": "tenant" }, "reason": "under inquiry" });
    server.call(admin, "POST", &format!("/credentials/{card}/blocks"), block).await.is(201);
    check(true, "blocked").await;
    let why = json!({ "reason": "left" });
    server.call(admin, "POST", &format!("/people/{anna}/deactivate"), why.clone()).await.is(204);
    check(false, "out of use").await;
    server.call(admin, "POST", &format!("/people/{anna}/activate"), why).await.is(204);
    check(true, "in use again").await;
}

#[tokio::test]
async fn a_card_whose_own_key_was_left_the_factorys_is_due_once_that_was_taken_back() {
    let server = TestServer::serving().await;
    let (admin, anna) = (&server.own.administrator, person(&server, "1").await);
    let mut desk = desk(&server).await;
    let choose = async |leaves: bool| {
        let rules = server.call(admin, "GET", "/card-rules", Value::Null).await.is(200).json;
        let rules_then =
            json!({ "templates_on": "card", "takes_ev1": false, "leaves_factory_key": leaves, "reason": "a test" });
        server.change(admin, "PUT", "/card-rules", &format!("\"{}\"", rules["version"]), rules_then).await.is(200);
    };
    let is_marked = async |card: &str| {
        let cards = card_of(&server, &anna).await;
        let of_it = cards.as_array().unwrap().iter().find(|shown| shown["id"] == card).unwrap();
        of_it["chip"]["is_renewal_due"] == true
    };
    choose(true).await;
    let (left, mut card) = made(&server, &mut desk, &anna, UID).await;
    assert_eq!(
        (counted(&server).await, is_marked(&left).await),
        ((json!(0), json!(0)), false),
        "it is as it was chosen"
    );
    choose(false).await;
    let (changed, _) = made(&server, &mut desk, &anna, uid(1)).await;
    assert_eq!(told(&due(&server, "").await), [(&*left, "factory_key")]);
    assert_eq!(told(&due(&server, "?reason=factory_key").await), [(&*left, "factory_key")]);
    assert_eq!((counted(&server).await, is_marked(&left).await), ((json!(1), json!(0)), true));
    assert!(!is_marked(&changed).await);
    choose(true).await;
    assert_eq!((due(&server, "").await["count"].clone(), is_marked(&left).await), (json!(0), false));

    // Whatever else it is due for, it is counted once, and told by what presses most.
    choose(false).await;
    rotate(&server).await;
    assert_eq!(told(&due(&server, "").await), [(&*left, "factory_key"), (&*changed, "old_keys")]);
    assert_eq!(counted(&server).await, (json!(2), json!(0)));
    lose_agent(&server, "Gate", &[UID], 1).await;
    assert_eq!(told(&due(&server, "").await), [(&*left, "exposed"), (&*changed, "old_keys")]);
    let mut dialogue = Dialogue::start(&server, &mut desk, &anna, json!({ "want": "renew_card" })).await;
    assert_eq!(dialogue.rewrite(&mut card).await["step"], "done");
    assert_eq!(told(&due(&server, "").await), [(&*changed, "old_keys")]);
    assert!(!is_marked(&left).await);
}
