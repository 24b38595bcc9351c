//! The log decided again.

use access_core::attempt::Attempt;
use access_core::chain::SignedRecord;
use access_core::circumstances::Circumstances;
use access_core::decide::judge;
use access_core::event::{Decided, Decision, Event};
use access_core::ids::AttemptId;
use access_core::policy::{Policy, Side};
use access_core::verdict::{Outcome, Reason, Verdict};
use access_core::{RULES_VERSION, State};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::decisions::tests::{ANNA, Asked, BEN, Hall};
use crate::policy::replay::{Difference, Now, Replayed, Supposed, replay, suppose};

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

/// What comes out of it now: why.
fn reason(difference: &Difference) -> Option<Reason> {
    match difference.now {
        Now::Verdict(_, reason) => Some(reason),
        Now::OutOfForce(_) => None,
    }
}

/// What is decided by the rules in force on an attempt like another one: by an agent alone on its part of them, or by the server.
fn decided(hall: &Hall, like: &Asked, person: usize, decided: Decided) -> Decision {
    let id = AttemptId::from_uuid(uuid::Uuid::now_v7());
    let attempt = Attempt { id, card: hall.people[person].1, ..like.attempt.clone() };
    let whole = hall.server.state.policies.current(hall.server.own.tenant).unwrap();
    let (policy, state) = match decided {
        Decided::Online => ((*whole).clone(), State::default()),
        Decided::Offline => {
            let cut = whole.for_doors(&[attempt.door].into_iter().collect());
            (Policy::compile(cut).unwrap(), State::of_own_doors())
        }
    };
    let circumstances = state.circumstances(&policy, &attempt);
    let verdict = judge(&policy, &circumstances, &attempt);
    Decision { attempt, circumstances, verdict, rules_version: RULES_VERSION, decided }
}

fn alone(hall: &Hall, like: &Asked, person: usize) -> Event {
    Event::Decision(Box::new(decided(hall, like, person, Decided::Offline)))
}

/// The agent's record of a decision, written so many minutes from now.
async fn tell_later(hall: &mut Hall, door: usize, decision: Decision, minutes: i64) {
    let agent = &mut hall.agents[door];
    let mut record = agent.next_record(Event::Decision(Box::new(decision)));
    record.at = record.at.plus_ms(minutes * 60_000);
    let signed = SignedRecord::sign(&record, &agent.record_key);
    agent.head = signed.head(&record);
    hall.links[door].deliver(vec![signed]).await;
    hall.known().await;
}

async fn deactivate(hall: &mut Hall, person: usize) -> Asked {
    let gone = format!("/people/{}/deactivate", hall.people[person].0);
    let admin = hall.server.own.administrator.clone();
    hall.server.call(&admin, "POST", &gone, json!({ "reason": "left" })).await.is(204);
    loop {
        let asked = hall.ask(0, Side::In, person).await;
        if asked.verdict.reason == Reason::PersonInactive {
            return asked;
        }
    }
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
    let before = decided(&hall, &first, BEN, Decided::Online);
    assert!(before.verdict.is_grant());
    let refused = deactivate(&mut hall, BEN).await;
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
        told.iter().map(|difference| (difference.decision.verdict.reason, reason(difference))).collect();
    let inactive = Some(Reason::PersonInactive);
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
    // A grant by no rules, and what it may say without any.
    let no_rules = Verdict { policy_version: 0, reason: Reason::NoPolicy, ..first.verdict.clone() };
    let no_rules = first.record(&no_rules, Decided::Offline);
    let honest = first.record(&Verdict::refused(Reason::NoPolicy, 0), Decided::Offline);
    // One that says that it went by rules of another version of the server.
    let newer = Decision { rules_version: RULES_VERSION + 1, ..lie.clone() };
    let [lie, older, newer] = [lie, older, newer].map(|decision| Event::Decision(Box::new(decision)));
    hall.tell(0, vec![lie, older, excuse, no_rules, honest, newer]).await;
    // One that lets in, ten minutes after he was put out of use, by the rules of before.
    tell_later(&mut hall, 0, before.clone(), 10).await;
    let mut unheard = before;
    unheard.verdict.policy_version = u64::MAX;
    tell_later(&mut hall, 0, unheard, 0).await;
    let (caught, told) = replayed(&hall, None).await;
    let counted =
        Replayed { decisions: 14, by_agents: 2, by_other_rules: 1, without_rules: 1, different: 4, out_of_force: 1 };
    assert_eq!(caught, counted);
    let reasons: Vec<_> = told.iter().map(reason).collect();
    let inactive = Some(Reason::PersonInactive);
    assert_eq!(reasons, [inactive, Some(Reason::Granted), Some(Reason::NoPolicy), inactive, None]);
    assert!(told[0].to_string().contains("was granted (granted), is refused (person_inactive)"), "{}", told[0]);
    assert!(told[4].to_string().contains("was granted (granted), by rules in force from "), "{}", told[4]);
}

#[tokio::test]
async fn an_agent_alone_goes_by_rules_of_before_for_a_day() {
    let mut hall = Box::pin(Hall::new("anti_passback = 'off'")).await;
    let like = hall.ask(0, Side::In, ANNA).await;
    let granted = decided(&hall, &like, BEN, Decided::Offline);
    assert!(granted.verdict.is_grant());
    deactivate(&mut hall, BEN).await;
    hall.tell(0, vec![Event::Decision(Box::new(granted.clone()))]).await;
    let tenant = hall.server.own.tenant;
    let earlier = |hours: i64| {
        format!(
            "UPDATE policy_history SET changed_at = changed_at - interval '{hours} hours' WHERE tenant_id = '{tenant}'"
        )
    };
    let clean = Replayed { decisions: 1, ..Replayed::default() };
    assert_eq!(replayed(&hall, None).await.0, clean, "it has not heard of the change");
    hall.server.execute(&earlier(23)).await;
    assert_eq!(replayed(&hall, None).await.0, clean, "for less than a day");
    // Rules can't have been too old that were in force within the day.
    let mut too_old = granted;
    let cut = hall.server.state.rules_of(tenant, too_old.verdict.policy_version).await.unwrap().unwrap();
    let cut = cut.cut_of(&cut.policy, hall.agents[0].id).unwrap().usable_until(too_old.attempt.at.plus_ms(-1));
    too_old.verdict = judge(&cut, &too_old.circumstances, &too_old.attempt);
    assert_eq!(too_old.verdict.reason, Reason::PolicyTooOld);
    hall.tell(0, vec![Event::Decision(Box::new(too_old))]).await;
    let (early, told) = replayed(&hall, None).await;
    assert_eq!((early.different, early.out_of_force), (0, 1), "{told:?}");
    hall.server.execute(&earlier(2)).await;
    let (late, told) = replayed(&hall, None).await;
    assert_eq!((late.different, late.out_of_force), (0, 1), "{told:?}");
    assert!(told[0].decision.verdict.is_grant(), "by rules of more than a day ago");
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
        let record = SignedRecord { bytes, signature: [0; 64] }.read().unwrap();
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
