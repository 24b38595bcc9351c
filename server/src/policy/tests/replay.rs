//! The log decided again.

use access_core::State;
use access_core::attempt::Attempt;
use access_core::circumstances::Circumstances;
use access_core::decide::judge;
use access_core::event::{Decided, Decision, Event};
use access_core::ids::AttemptId;
use access_core::policy::{Policy, Side};
use access_core::verdict::{Outcome, Reason, Verdict};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::decisions::tests::{ANNA, Asked, BEN, Hall};
use crate::policy::replay::{Difference, Replayed, Supposed, replay, suppose};

async fn replayed(hall: &Hall, supposed: Option<serde_json::Value>) -> (Replayed, Vec<Difference>) {
    let (state, tenant) = (&hall.server.state, hall.server.own.tenant);
    let changes = match supposed {
        Some(changes) => {
            let supposed: Supposed = serde_json::from_value(json!({ "changes": changes })).unwrap();
            Some(suppose(state, &crate::api::editors(), tenant, &supposed).await.unwrap())
        }
        None => None,
    };
    let mut told = Vec::new();
    let always = (DateTime::<Utc>::UNIX_EPOCH, crate::clock::now() + TimeDelta::days(1));
    let mut tell = |difference| told.push(difference);
    let replayed = replay(state, tenant, always, changes.as_deref(), &mut tell).await.unwrap();
    (replayed, told)
}

/// What an agent decides alone, by its part of the rules in force, on an attempt like another one.
fn alone(hall: &Hall, like: &Asked, person: usize) -> Event {
    let id = AttemptId::from_uuid(uuid::Uuid::now_v7());
    let attempt = Attempt { id, card: hall.people[person].1, ..like.attempt.clone() };
    let policy = hall.server.state.policies.current(hall.server.own.tenant).unwrap();
    let cut = Policy::compile(policy.for_doors(&[attempt.door].into_iter().collect())).unwrap();
    let circumstances = State::of_own_doors().circumstances(&cut, &attempt);
    let verdict = judge(&cut, &circumstances, &attempt);
    Asked { door: like.door, attempt, circumstances, verdict: verdict.clone() }.record(&verdict, Decided::Offline)
}

#[tokio::test]
async fn what_was_decided_follows_from_its_rules_and_a_lie_shows() {
    let mut hall = Box::pin(Hall::new("anti_passback = 'hard', persons_max = 5")).await;
    let first = hall.ask(0, Side::In, ANNA).await;
    hall.tell(0, vec![first.decision(), first.entered()]).await;
    let back = hall.ask(1, Side::In, ANNA).await;
    assert_eq!(back.verdict.reason, Reason::PassedBack);
    let offline = alone(&hall, &back, BEN);
    hall.tell(1, vec![back.decision(), offline]).await;
    let out = hall.ask(1, Side::Out, ANNA).await;
    hall.tell(1, vec![out.decision(), out.entered()]).await;
    // The rules move on: what was decided before follows from those before.
    let gone = format!("/people/{}/deactivate", hall.people[BEN].0);
    let admin = hall.server.own.administrator.clone();
    hall.server.call(&admin, "POST", &gone, json!({ "reason": "left" })).await.is(204);
    let refused = loop {
        let asked = hall.ask(0, Side::In, BEN).await;
        if asked.verdict.reason == Reason::PersonInactive {
            break asked;
        }
    };
    let missed = Verdict {
        outcome: Outcome::Deny,
        reason: Reason::NotRecorded,
        effects: Vec::new(),
        alarms: Vec::new(),
        ..first.verdict.clone()
    };
    hall.tell(0, vec![refused.decision(), first.record(&missed, Decided::Online)]).await;

    let (clean, told) = replayed(&hall, None).await;
    assert_eq!(told, [], "nothing may differ");
    assert_eq!(clean, Replayed { decisions: 6, by_agents: 1, ..Replayed::default() });

    // Applying the log in its order gives what the server read for each of its decisions.
    in_order(&hall).await;

    // Supposed that Anna had been out of use: what was granted to her would have been refused.
    let supposed = json!([{ "kind": "person_deactivate", "id": hall.people[ANNA].0, "body": { "reason": "what if" } }]);
    let (otherwise, told) = replayed(&hall, Some(supposed)).await;
    let of_anna: Vec<_> =
        told.iter().map(|difference| (difference.decision.verdict.reason, difference.now.1)).collect();
    let inactive = Reason::PersonInactive;
    assert_eq!(of_anna, [(Reason::Granted, inactive), (Reason::PassedBack, inactive), (Reason::Granted, inactive)]);
    assert_eq!(otherwise.different, 3);

    // An agent that let somebody in against the rules, and one of another time.
    let Event::Decision(lie) = refused.record(&first.verdict, Decided::Online) else { panic!("not a decision") };
    let lie =
        Decision { verdict: Verdict { policy_version: refused.verdict.policy_version, ..lie.verdict.clone() }, ..*lie };
    let older = Decision { rules_version: 1, ..lie.clone() };
    // One that says that no finger was enrolled, where none was asked for.
    let excuse = Verdict {
        outcome: Outcome::Deny,
        reason: Reason::NoFingerEnrolled,
        rule: None,
        settled_by: Vec::new(),
        ..first.verdict.clone()
    };
    let excuse = first.record(&excuse, Decided::Online);
    hall.tell(0, vec![Event::Decision(Box::new(lie)), Event::Decision(Box::new(older)), excuse]).await;
    let (caught, told) = replayed(&hall, None).await;
    assert_eq!((caught.different, caught.by_other_rules), (2, 1));
    assert_eq!(told[1].now.1, Reason::Granted);
    assert_eq!(told[0].now.1, Reason::PersonInactive);
    assert!(told[0].to_string().contains("was granted (granted), is refused (person_inactive)"), "{}", told[0]);
}

/// Insists that the state, made record by record in the log's order, gives the circumstances that each of the server's own decisions
/// recorded.
async fn in_order(hall: &Hall) {
    let (db, tenant) = (&hall.server.state.db, hall.server.own.tenant);
    let mut tx = db.read(tenant, None).await.unwrap();
    let records: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT record FROM log_events WHERE tenant_id = $1 ORDER BY position")
            .bind(tenant.as_uuid())
            .fetch_all(&mut *tx)
            .await
            .unwrap();
    drop(tx);
    let mut state = State::default();
    let mut checked = 0;
    for bytes in records {
        let record = access_core::chain::SignedRecord { bytes, signature: [0; 64] }.read().unwrap();
        if let Event::Decision(decision) = &record.event
            && decision.decided == Decided::Online
            && decision.verdict.reason != Reason::NotRecorded
        {
            let rules = hall.server.state.rules_of(tenant, decision.verdict.policy_version).await.unwrap().unwrap();
            let read = state.circumstances(&rules.policy, &decision.attempt);
            assert_eq!(read, decision.circumstances, "{decision:?}");
            checked += usize::from(read != Circumstances::default());
        }
        state.apply(&record);
    }
    assert!(checked >= 2, "circumstances that say something");
}
