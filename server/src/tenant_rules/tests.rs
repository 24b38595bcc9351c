//! A tenant's choices: the strictest until it chooses, and every choice with a reason.

use access_core::event::ActKind;
use access_core::policy::{Alone, TenantRules, WaivableRule};
use serde_json::{Value, json};

use crate::testing::TestServer;

fn looser() -> Value {
    json!({
        "refusals": 10, "refusals_within_s": 120, "reader_lock_s": 15, "alone_travel": "as_known", "alone_anti_passback": "deny",
        "alone_occupancy": "deny", "alone_two_person": "deny", "waived_for_duress": ["two_person", "schedule"],
        "alone_hours": 72, "grant_days_max": 365, "reason": "agreed with the works council",
    })
}

#[tokio::test]
async fn choices_begin_strict_and_reach_the_policy() {
    let server = TestServer::start().await;
    let (admin, guard) = (&server.own.administrator, &server.own.guard);
    let tenant = server.own.tenant;
    let policy = async || {
        let mut tx = server.state.db.begin(tenant, None).await.unwrap();
        crate::decisions::store::load(&mut tx, tenant, access_core::UnixMs(0)).await.unwrap().rules
    };
    let before = server.call(guard, "GET", "/tenant-rules", Value::Null).await.is(200);
    assert_eq!(policy().await, TenantRules::default());
    assert_eq!((&before.json["refusals"], &before.json["version"]), (&json!(5), &json!(0)));

    let etag = before.etag.unwrap();
    server.change(guard, "PUT", "/tenant-rules", &etag, looser()).await.problem(403, "forbidden");
    for (field, wrong) in [
        ("refusals", json!(1)),
        ("refusals", json!(21)),
        ("refusals_within_s", json!(0)),
        ("reader_lock_s", json!(601)),
        ("alone_hours", json!(0)),
        ("alone_hours", json!(73)),
        ("grant_days_max", json!(0)),
        ("reason", json!("")),
        ("alone_travel", json!("perhaps")),
        ("waived_for_duress", json!(["blocks"])),
    ] {
        let mut body = looser();
        body[field] = wrong;
        server.change(admin, "PUT", "/tenant-rules", &etag, body).await.problem(422, "invalid");
    }
    let chosen = server.change(admin, "PUT", "/tenant-rules", &etag, looser()).await.is(200);
    assert_eq!((&chosen.json["version"], &chosen.json["grant_days_max"]), (&json!(1), &json!(365)));
    server.change(admin, "PUT", "/tenant-rules", &etag, looser()).await.problem(412, "changed_meanwhile");
    let again = server.change(admin, "PUT", "/tenant-rules", &chosen.etag.unwrap(), looser()).await.is(200);
    assert_eq!(again.json["version"], 2);
    let in_force = policy().await;
    assert_eq!((in_force.suspicion.refusals, in_force.alone.travel, in_force.alone_hours), (10, Alone::AsKnown, 72));
    assert_eq!(in_force.waived_for_duress, [WaivableRule::Schedule, WaivableRule::TwoPerson]);
    let others = server.call(&server.other.administrator, "GET", "/tenant-rules", Value::Null).await.is(200);
    assert_eq!(others.json["refusals"], 5);
    let acts = server.acts().await;
    assert_eq!(acts.len(), 2);
    assert!(acts.iter().all(|act| act.kind == ActKind::Changed && act.reason.is_some()));
}
