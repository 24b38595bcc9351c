//! A station's dialogue beside its link: what waits for the database holds up nothing else.

use access_core::ids::EnrolmentId;
use access_core::protocol::{AgentKind, CardKind, EnrolmentStep, FromAgent, FromServer, Refusal, SecretBytes};
use serde_json::json;
use sqlx::{Connection as _, PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::bundle::person;
use super::cards::{running, start};
use crate::enrolment::{Followed, STEPS_WAITING_MAX, StationState, StepWord};
use crate::testing::{PATIENCE, TestAgent, TestLink, TestServer};

struct Desk {
    server: TestServer,
    agent: TestAgent,
    link: TestLink,
    id: EnrolmentId,
    _page: Followed,
}

impl Desk {
    /// A station in a dialogue for a card.
    async fn new() -> Self {
        let server = TestServer::serving().await;
        let agent = server.agent("Desk", AgentKind::Station, &[]).await;
        let mut link = agent.link().await;
        let anna = person(&server, "1").await;
        start(&server, (&agent, &mut link), &anna, json!("card")).await;
        let id = running(&server).await;
        let seen = server.state.stations.get(agent.tenant, id, crate::clock::now()).expect("a dialogue");
        let page = server.state.stations.hold(agent.tenant, seen.operator_id.into(), id).expect("a dialogue");
        Self { server, agent, link, id, _page: page }
    }

    async fn say(&mut self, step: EnrolmentStep) {
        self.link.say(&FromAgent::EnrolmentStep { enrolment: self.id, step }).await;
    }

    /// Holds a card there, whose turn waits for what `elsewhere` holds.
    async fn present<'a>(&mut self, elsewhere: &'a mut PgConnection) -> Transaction<'a, Postgres> {
        let mut held = elsewhere.begin().await.unwrap();
        sqlx::query("LOCK TABLE operators IN ACCESS EXCLUSIVE MODE").execute(&mut *held).await.unwrap();
        let uid = SecretBytes(vec![4, 1, 2, 3, 4, 5, 6]);
        self.say(EnrolmentStep::CardPresented { uid, kind: CardKind::DesfireEv2 }).await;
        let waits = "SELECT count(*)::text FROM pg_locks WHERE NOT granted AND relation = 'operators'::regclass";
        let until_it_waits = async { while self.server.query(waits).await != ["1"] {} };
        tokio::time::timeout(PATIENCE, until_it_waits).await.expect("a turn that waits");
        held
    }

    async fn heard(&self, word: StepWord) {
        let mut steps = self.server.state.stations.follow(self.agent.tenant, self.id).expect("a dialogue");
        let told = steps.wait_for(|steps| steps.last().is_some_and(|step| step.step == word));
        tokio::time::timeout(PATIENCE, told).await.expect("the step").unwrap();
    }

    fn last(&self) -> StepWord {
        let seen = self.server.state.stations.get(self.agent.tenant, self.id, crate::clock::now());
        seen.expect("a dialogue").last.expect("a step").step
    }
}

/// Bundles and what is set come when they come.
fn of_dialogue(message: FromServer) -> Option<FromServer> {
    matches!(message, FromServer::CancelEnrolment(_) | FromServer::CardWork(_)).then_some(message)
}

#[tokio::test]
async fn a_turn_that_waits_for_the_database_holds_up_nothing_else_and_comes_first() {
    let mut desk = Desk::new().await;
    desk.heard(StepWord::WaitingForCard).await;
    let mut elsewhere = desk.server.superuser().await;
    let held = desk.present(&mut elsewhere).await;
    desk.say(EnrolmentStep::CardUnreadable).await;
    // Another dialogue's, as a sign that the link goes on.
    let other = EnrolmentId::from_uuid(Uuid::now_v7());
    let place = desk.server.state.agents.reserve(desk.agent.tenant, desk.agent.id).expect("a place");
    place.send(FromServer::CancelEnrolment(other));
    let heard = desk.link.hear_of(of_dialogue).await;
    assert!(matches!(heard, FromServer::CancelEnrolment(id) if id == other), "{heard:?}");
    assert_eq!(desk.last(), StepWord::WaitingForCard, "what came later waits its turn");
    held.rollback().await.unwrap();
    let heard = desk.link.hear_of(of_dialogue).await;
    assert!(matches!(&heard, FromServer::CardWork(work) if work.enrolment == desk.id), "{heard:?}");
    desk.heard(StepWord::CardUnreadable).await;
}

#[tokio::test]
async fn a_link_ends_while_a_turn_waits_and_the_dialogue_with_it() {
    let mut desk = Desk::new().await;
    let mut elsewhere = desk.server.superuser().await;
    let held = desk.present(&mut elsewhere).await;
    desk.say(EnrolmentStep::CardUnreadable).await;
    desk.server.state.agents.end(desk.agent.tenant, desk.agent.id);
    while desk.link.next().await.is_some() {}
    let (stations, tenant, agent) = (&desk.server.state.stations, desk.agent.tenant, desk.agent.id);
    let until_offline = async {
        while stations.state(tenant, agent, crate::clock::now()) != StationState::Offline {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, until_offline).await.expect("the end of the link");
    held.rollback().await.unwrap();
    desk.heard(StepWord::Failed).await;
}

#[tokio::test]
async fn a_station_that_says_more_than_it_was_asked_for_is_cut_off() {
    let mut desk = Desk::new().await;
    let mut elsewhere = desk.server.superuser().await;
    let held = desk.present(&mut elsewhere).await;
    for _ in 0..=STEPS_WAITING_MAX {
        desk.say(EnrolmentStep::CardUnreadable).await;
    }
    assert_eq!(desk.link.refusal().await, Refusal::Protocol);
    held.rollback().await.unwrap();
}
