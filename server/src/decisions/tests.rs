//! The state that rules read, made from a real log: two agents' doors see each other, an agent's detours leave nothing behind,
//! and what operators set reaches agents.

use access_core::attempt::{Assurance, Attempt, ClockTrust};
use access_core::chain::SignedRecord;
use access_core::circumstances::Circumstances;
use access_core::event::{Decided, Decision, Event, Passage, ReleaseCause, StateChange, StateSet};
use access_core::ids::{AreaId, AttemptId, DoorId, PersonId};
use access_core::policy::{CardToken, Place, Side};
use access_core::protocol::{AgentKind, FromAgent, FromServer, Standing};
use access_core::verdict::{Effect, Reason, Verdict};
use access_core::{RULES_VERSION, State, UnixMs};
use serde_json::json;
use uuid::Uuid;

use super::{States, history};
use crate::audit::append_event;
use crate::clock;
use crate::testing::{TestAgent, TestLink, TestServer};

mod edits;
mod steps;

/// A hall with two doors, each with an agent of its own, and two people who may use both by card alone.
pub(crate) struct Hall {
    pub(crate) server: TestServer,
    pub(crate) hall: Uuid,
    pub(crate) doors: [DoorId; 2],
    pub(crate) people: [(PersonId, CardToken); 2],
    pub(crate) agents: [TestAgent; 2],
    pub(crate) links: [TestLink; 2],
}

impl Hall {
    /// `rules`: what is set of the hall, as columns of its row.
    pub(crate) async fn new(rules: &str) -> Self {
        let server = TestServer::serving().await;
        let (admin, tenant) = (&server.own.administrator, server.own.tenant);
        let reason = json!("cards of before");
        let site =
            json!({ "name": "Plant", "time_zone": "UTC", "accepts_uid_only": true, "accepts_uid_only_reason": reason });
        let site = server.call(admin, "POST", "/sites", site).await.is(201).id();
        let mut areas = Vec::new();
        for name in ["Street", "Hall"] {
            let body = json!({ "site_id": site, "name": name });
            areas.push(server.call(admin, "POST", "/areas", body).await.is(201).id());
        }
        let mut doors = Vec::new();
        for name in ["North", "South"] {
            let body = json!({
                "name": name, "site_id": site, "area_outside_id": areas[0], "area_inside_id": areas[1], "factors_in": "card",
                "reason": "a card alone is what these tests hold",
            });
            doors.push(server.call(admin, "POST", "/doors", body).await.is(201).id());
        }
        let places: Vec<_> = doors.iter().map(|door| json!({ "kind": "door", "id": door })).collect();
        let lines = json!([{ "places": places, "side": "both", "schedule_id": null }]);
        let level = json!({ "name": "All", "lines": lines });
        let level = server.call(admin, "POST", "/access-levels", level).await.is(201).id();
        let people = [1, 2].map(|number| (PersonId::from_uuid(Uuid::new_v4()), CardToken([number; 32])));
        for (person, token) in &people {
            let (card, grant, token) = (Uuid::now_v7(), Uuid::now_v7(), hex::encode(token.0));
            server
                .execute(&format!(
                    "SET app.tenant = '{tenant}'; INSERT INTO persons (tenant_id, id) VALUES ('{tenant}', '{person}'); \
                     INSERT INTO credentials (tenant_id, id, person_id, token, label, valid_from) \
                     VALUES ('{tenant}', '{card}', '{person}', '\\x{token}', '…', '2020-01-01'); \
                     INSERT INTO grants (tenant_id, id, person_id, level_id, valid_from, no_end_reason) \
                     VALUES ('{tenant}', '{grant}', '{person}', '{level}', '2020-01-01', 'a test');"
                ))
                .await;
        }
        let hall = &areas[1];
        let set = format!(
            "SET app.tenant = '{tenant}'; UPDATE areas SET {rules} WHERE tenant_id = '{tenant}' AND id = '{hall}'"
        );
        server.execute(&set).await;
        let north = server.agent("North", AgentKind::DoorController, &[&doors[0]]).await;
        let south = server.agent("South", AgentKind::DoorController, &[&doors[1]]).await;
        let links = [north.link().await, south.link().await];
        let mut hall = Self {
            hall: hall.parse().unwrap(),
            doors: [0, 1].map(|door| doors[door].parse().unwrap()),
            people,
            agents: [north, south],
            links,
            server,
        };
        // With a bundle of the newest rules these are in force.
        hall.in_force().await;
        hall
    }

    /// Waits until the newest rules are in force, at the server and at both agents.
    pub(crate) async fn in_force(&mut self) {
        let tenant = self.server.own.tenant;
        let version = format!("SELECT version::text FROM policy_versions WHERE tenant_id = '{tenant}'");
        let version: u64 = self.server.query(&version).await[0].parse().unwrap();
        for door in [0, 1] {
            while self.links[door].bundle(&self.agents[door]).await.policy.version < version {}
        }
    }

    /// What the server says to a person's card at a door, known by its UID.
    pub(crate) async fn ask(&mut self, door: usize, side: Side, person: usize) -> Asked {
        self.ask_by(door, side, person, Assurance::WeakUid).await
    }

    /// The same, with how sure it is.
    pub(crate) async fn ask_by(&mut self, door: usize, side: Side, person: usize, assurance: Assurance) -> Asked {
        let attempt = Attempt {
            id: AttemptId::from_uuid(Uuid::now_v7()),
            door: self.doors[door],
            side,
            at: UnixMs(0),
            clock: ClockTrust::Untrusted,
            card: self.people[person].1,
            assurance,
            finger: None,
            pin: None,
        };
        self.links[door].say(&FromAgent::Ask(attempt)).await;
        let (attempt, circumstances, verdict) = self.links[door]
            .hear_of(|message| match message {
                FromServer::Answer { attempt, circumstances, verdict, .. } => Some((attempt, circumstances, verdict)),
                _ => None,
            })
            .await;
        Asked { door, attempt, circumstances: *circumstances, verdict }
    }

    /// Events of a door's agent reach the log, and with it the state.
    pub(crate) async fn tell(&mut self, door: usize, events: Vec<Event>) {
        let mut records = Vec::new();
        for event in events {
            records.push(self.agents[door].record(event));
        }
        self.links[door].deliver(records).await;
        self.known().await;
    }

    /// Waits until the state is as new as the log.
    pub(crate) async fn known(&self) {
        let newest = i64::try_from(self.server.settled().await).unwrap();
        let (states, tenant) = (&self.server.state.states, self.server.own.tenant);
        let known = async {
            while states.position(tenant) < Some(newest) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(crate::testing::PATIENCE, known).await.expect("a state as new as the log");
    }

    pub(crate) async fn set(&self, change: StateChange) {
        let tenant = self.server.own.tenant;
        let mut tx = self.server.state.db.begin(tenant, None).await.unwrap();
        let set = StateSet { operator: None, change, reason: None };
        append_event(&mut tx, &Event::StateSet(set), clock::now()).await.unwrap();
        tx.commit().await.unwrap();
        self.known().await;
    }
}

/// An answer, and where it was given.
pub(crate) struct Asked {
    pub(crate) door: usize,
    pub(crate) attempt: Attempt,
    pub(crate) circumstances: Circumstances,
    pub(crate) verdict: Verdict,
}

impl Asked {
    pub(crate) fn record(&self, verdict: &Verdict, decided: Decided) -> Event {
        Event::Decision(Box::new(Decision {
            attempt: self.attempt.clone(),
            circumstances: self.circumstances.clone(),
            verdict: verdict.clone(),
            rules_version: RULES_VERSION,
            decided,
        }))
    }

    pub(crate) fn decision(&self) -> Event {
        self.record(&self.verdict, Decided::Online)
    }

    pub(crate) fn entered(&self) -> Event {
        let passage = Passage { person: self.verdict.person.unwrap(), attempt: self.attempt.id };
        Event::Entered { door: self.attempt.door, side: self.attempt.side, persons: vec![passage] }
    }

    pub(crate) fn not_opened(&self) -> Event {
        Event::NotOpened { door: self.attempt.door, cause: ReleaseCause::Attempt(self.attempt.id) }
    }
}

pub(crate) const ANNA: usize = 0;
pub(crate) const BEN: usize = 1;

#[tokio::test]
async fn a_card_handed_back_over_the_fence_is_refused_at_the_other_agents_door() {
    let mut hall = Box::pin(Hall::new("anti_passback = 'hard'")).await;
    let first = hall.ask(0, Side::In, ANNA).await;
    assert_eq!(first.verdict.reason, Reason::Granted);
    assert_eq!(first.attempt.clock, ClockTrust::Trusted, "by the server's clock");
    // Before any record of it arrives.
    let second = hall.ask(1, Side::In, ANNA).await;
    assert_eq!(second.verdict.reason, Reason::PassedBack);
    assert_eq!(second.circumstances.whereabouts.map(|seen| seen.door), Some(hall.doors[0]));

    // She did not open: nothing is left of it.
    hall.tell(0, vec![first.decision(), first.not_opened()]).await;
    hall.tell(1, vec![second.decision()]).await;
    let third = hall.ask(1, Side::In, ANNA).await;
    assert_eq!(third.verdict.reason, Reason::Granted);
    hall.tell(1, vec![third.decision(), third.entered()]).await;
    assert_eq!(hall.ask(0, Side::In, ANNA).await.verdict.reason, Reason::PassedBack);
    assert_eq!(hall.ask(1, Side::In, ANNA).await.verdict.reason, Reason::PassedBack);

    // A guard forgives her; the restored state says the same as the one that was always there.
    hall.set(StateChange::Forgiven { person: hall.people[ANNA].0 }).await;
    let fourth = hall.ask(0, Side::In, ANNA).await;
    assert_eq!(fourth.verdict.reason, Reason::Granted);
    hall.tell(0, vec![fourth.decision(), fourth.entered()]).await;
    let out = hall.ask(1, Side::Out, ANNA).await;
    assert_eq!(out.verdict.reason, Reason::Granted);
}

/// As an agent would ask whose bundle is of before: it held the card for lost, and so gave its UID for what it is.
#[tokio::test]
async fn the_uid_of_a_card_with_a_chip_is_no_evidence_where_uids_are_taken() {
    let mut hall = Box::pin(Hall::new("persons_max = 9")).await;
    let (tenant, anna) = (hall.server.own.tenant, hall.people[ANNA].0);
    let with_chip = format!(
        "SET app.tenant = '{tenant}'; UPDATE credentials SET strength = 'authenticated' WHERE person_id = '{anna}'"
    );
    hall.server.execute(&with_chip).await;
    hall.in_force().await;
    let bare = hall.ask(0, Side::In, ANNA).await;
    assert_eq!((bare.verdict.reason, bare.verdict.is_grant()), (Reason::WeakCardNotAccepted, false));
    let copied = hall.ask_by(0, Side::In, ANNA, Assurance::NotAuthentic).await;
    assert_eq!(copied.verdict.reason, Reason::CardNotAuthentic);
    let proved = hall.ask_by(0, Side::In, ANNA, Assurance::Authenticated).await;
    assert_eq!(proved.verdict.reason, Reason::Granted);
    assert_eq!(hall.ask(1, Side::In, BEN).await.verdict.reason, Reason::Granted, "a card that has nothing but its UID");
}

#[tokio::test]
async fn the_last_place_is_given_once_and_an_agents_detour_gives_it_back() {
    let mut hall = Box::pin(Hall::new("persons_max = 1")).await;
    let anna = hall.ask(0, Side::In, ANNA).await;
    assert_eq!(anna.verdict.reason, Reason::Granted);
    assert_eq!(hall.ask(1, Side::In, BEN).await.verdict.reason, Reason::AreaFull);
    // Anna's agent could not record the grant: what it recorded is a refusal.
    let refused = Verdict { person: anna.verdict.person, ..Verdict::refused(Reason::NotRecorded, 1) };
    let told = anna.record(&refused, Decided::Online);
    hall.tell(anna.door, vec![told]).await;
    let ben = hall.ask(1, Side::In, BEN).await;
    assert_eq!(ben.verdict.reason, Reason::Granted);
    hall.tell(1, vec![ben.decision(), ben.entered()]).await;
    let full = hall.ask(0, Side::In, ANNA).await;
    assert_eq!((full.verdict.reason, full.circumstances.ahead.inside), (Reason::AreaFull, 1));
    // An area that is reset is empty, as far as anybody knows.
    let entrances = hall.doors.map(|door| (door, Side::In)).to_vec();
    hall.set(StateChange::AreaReset { area: AreaId::from_uuid(hall.hall), entrances }).await;
    assert_eq!(hall.ask(0, Side::In, ANNA).await.verdict.reason, Reason::Granted);
}

#[tokio::test]
async fn a_refusal_counts_by_its_record_and_an_answer_that_never_became_one_leaves_nothing() {
    let mut hall = Box::pin(Hall::new("persons_max = 9")).await;
    hall.people[BEN].1 = CardToken([9; 32]);
    let mut refused = Vec::new();
    for _ in 0..6 {
        let asked = hall.ask(0, Side::In, BEN).await;
        assert_eq!(asked.verdict.reason, Reason::UnknownCredential);
        assert_eq!(asked.circumstances.refusals_at_reader, 0, "the agent may have decided otherwise");
        refused.push(asked.decision());
    }
    hall.tell(0, refused).await;
    let asked = hall.ask(0, Side::In, BEN).await;
    assert!(asked.circumstances.refusals_at_reader >= 5);
    assert!(asked.verdict.effects.iter().any(|effect| matches!(effect, Effect::LockReader { .. })));
    assert_eq!(hall.ask(0, Side::In, ANNA).await.verdict.reason, Reason::Granted, "not locked by what is not recorded");
    hall.tell(0, vec![asked.decision()]).await;
    assert_eq!(hall.ask(0, Side::In, ANNA).await.verdict.reason, Reason::ReaderLocked);
}

#[tokio::test]
async fn a_start_from_a_snapshot_knows_what_the_whole_log_says() {
    let mut hall = Box::pin(Hall::new("anti_passback = 'soft'")).await;
    let (db, tenant) = (hall.server.state.db.clone(), hall.server.own.tenant);
    for (door, side, person) in [(0, Side::In, ANNA), (1, Side::In, BEN), (1, Side::Out, ANNA)] {
        let asked = hall.ask(door, side, person).await;
        assert!(asked.verdict.is_grant());
        hall.tell(door, vec![asked.decision(), asked.entered()]).await;
    }
    hall.set(StateChange::ThreatLevel { place: Place::Tenant, level: 3 }).await;
    let made_at = history::make_snapshot(&db, tenant).await.unwrap();
    let later = hall.ask(0, Side::Out, BEN).await;
    hall.tell(0, vec![later.decision(), later.entered()]).await;

    let from_snapshot = history::read(&db, tenant).await.unwrap();
    assert_eq!(from_snapshot.snapshot_at, made_at);
    hall.server.execute(&format!("DELETE FROM state_snapshots WHERE tenant_id = '{tenant}'")).await;
    let from_log = history::read(&db, tenant).await.unwrap();
    assert_eq!(from_log.snapshot_at, 0);
    assert_eq!(from_snapshot.state, from_log.state);
    assert_ne!(from_log.state, State::default());
    hall.server.state.states.read(tenant, |live| assert_eq!(live, &from_log.state)).unwrap();

    // One that does not open is of no use, and no harm.
    history::make_snapshot(&db, tenant).await.unwrap();
    hall.server.execute("UPDATE state_snapshots SET content = '\\x00'").await;
    assert_eq!(history::read(&db, tenant).await.unwrap().state, from_log.state);
    let built = States::default();
    assert!(built.read(tenant, |_| ()).is_none(), "nothing is known before the log was read");
    built.build(&db, tenant).await.unwrap();
    built.read(tenant, |state| assert_eq!(state, &from_log.state)).unwrap();
}

#[tokio::test]
async fn an_agent_whose_clock_was_ahead_outlasts_nothing() {
    let mut hall = Box::pin(Hall::new("anti_passback = 'hard'")).await;
    let (anna, tenant) = (hall.people[ANNA].0, hall.server.own.tenant);
    let years = 20 * 365 * 86_400_000_i64;
    let mut asked = hall.ask(0, Side::In, ANNA).await;
    assert!(asked.verdict.is_grant());
    // It did not hear the answer, decided alone, and believed it to be years later; and locked its reader for as long.
    asked.attempt.at = asked.attempt.at.plus_ms(years);
    let mut told = vec![asked.record(&asked.verdict, Decided::Offline), asked.entered()];
    asked.attempt.id = AttemptId::from_uuid(Uuid::now_v7());
    let lock = Effect::LockReader { until: UnixMs(i64::MAX) };
    let locking = Verdict { effects: vec![lock], ..Verdict::refused(Reason::WrongFinger, 1) };
    told.push(asked.record(&locking, Decided::Offline));
    for event in told {
        let agent = &mut hall.agents[0];
        let mut record = agent.next_record(event);
        record.at = record.at.plus_ms(years);
        let signed = SignedRecord::sign(&record, &agent.record_key);
        agent.head = signed.head(&record);
        hall.links[0].deliver(vec![signed]).await;
    }
    hall.known().await;
    let whereabouts = || hall.server.state.states.read(tenant, |state| state.whereabouts(anna)).unwrap();
    let seen = whereabouts().expect("that she passed counts");
    let now = clock::unix_ms(clock::now());
    assert!(seen.at <= now);
    let locked: Vec<_> = hall.server.state.states.read(tenant, |state| state.locked_readers(now).collect()).unwrap();
    assert!(matches!(locked[..], [(_, Side::In, _, until)] if until.since(now) <= 600_000), "{locked:?}");
    assert_eq!(history::read(&hall.server.state.db, tenant).await.unwrap().state.whereabouts(anna), Some(seen));

    hall.set(StateChange::Forgiven { person: anna }).await;
    hall.set(StateChange::ReaderUnlocked { door: hall.doors[0], side: Side::In }).await;
    let again = hall.ask(0, Side::In, ANNA).await;
    assert_eq!(again.verdict.reason, Reason::Granted, "forgiven, and the reader unlocked");
    hall.tell(0, vec![again.decision(), again.entered()]).await;
    assert_eq!(hall.ask(1, Side::In, ANNA).await.verdict.reason, Reason::PassedBack, "what is true now counts");
    let earlier = history::state_at(&hall.server.state.db, tenant, now).await.unwrap();
    assert_eq!(earlier.whereabouts(anna), Some(seen), "as it was before she was forgiven");
}

async fn standing(link: &mut TestLink) -> Standing {
    link.hear_of(|message| match message {
        FromServer::Standing(standing) => Some(standing),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn what_operators_set_reaches_every_agent_and_those_who_come_later() {
    let mut hall = Box::pin(Hall::new("persons_max = 9")).await;
    let (tenant, north) = (hall.server.own.tenant, hall.agents[0].id);
    hall.server
        .execute(&format!(
            "SET app.tenant = '{tenant}'; INSERT INTO threat_levels (tenant_id, level, name, locks) VALUES ('{tenant}', 1, 'Lockdown', true)"
        ))
        .await;
    let lockdown = StateChange::ThreatLevel { place: Place::Tenant, level: 1 };
    hall.set(lockdown.clone()).await;
    let mut numbers = Vec::new();
    for link in &mut hall.links {
        let told = standing(link).await;
        assert_eq!(told.set.iter().map(|(_, change)| change).collect::<Vec<_>>(), [&lockdown]);
        numbers.push(told.number);
    }
    hall.links[0].say(&FromAgent::StandingInForce { number: numbers[0] }).await;
    while hall.ask(0, Side::In, ANNA).await.verdict.reason != Reason::Lockdown {}
    assert_eq!(hall.server.state.agents.standing_in_force(tenant, north), Some(numbers[0]));
    assert!(hall.ask(0, Side::Out, ANNA).await.verdict.is_grant(), "a lockdown keeps nobody inside");

    let mut again = hall.agents[1].link().await;
    assert_eq!(standing(&mut again).await.number, numbers[0], "told after each welcome");
    hall.set(StateChange::ThreatLevel { place: Place::Tenant, level: 0 }).await;
    let over = standing(&mut again).await;
    assert!(over.set.is_empty() && over.number > numbers[0], "{over:?}");
    assert_eq!(hall.ask(0, Side::In, ANNA).await.verdict.reason, Reason::Granted);
}
