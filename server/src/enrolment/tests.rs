//! Dialogues without a database: who may begin, follow and end one.

use super::others::Lot;
use super::outcome::Turn;
use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

struct Desk {
    stations: Arc<Stations>,
    tenant: TenantId,
    station: AgentId,
    orders: mpsc::Receiver<FromServer>,
    linked: Option<Linked>,
}

impl Desk {
    fn new() -> Self {
        let stations = Arc::new(Stations::default());
        let (tenant, station) = (TenantId::from_uuid(Uuid::from_u128(1)), AgentId::from_uuid(Uuid::from_u128(2)));
        let (link, orders) = mpsc::channel(4);
        let linked = Some(stations.link(tenant, station, link));
        Self { stations, tenant, station, orders, linked }
    }

    fn start(&self, now: DateTime<Utc>) -> Result<EnrolmentId, NotStarted> {
        let operator = OperatorId::from_uuid(Uuid::from_u128(3));
        let person = PersonId::from_uuid(Uuid::from_u128(4));
        let asked = Asked { want: Want::Card, replaces: false, reason: None, salt: [0; 16], is_compared: false };
        let begun = self.stations.start(self.tenant, operator, self.station, person, asked, now);
        begun.map(|enrolment| enrolment.id.into())
    }

    fn hold(&self, operator: u128, id: EnrolmentId) -> Option<Followed> {
        self.stations.hold(self.tenant, OperatorId::from_uuid(Uuid::from_u128(operator)), id)
    }

    fn last(&self, id: EnrolmentId, now: DateTime<Utc>) -> Option<StepWord> {
        self.stations.get(self.tenant, id, now)?.last.map(|step| step.step)
    }
}

#[test]
fn a_station_is_in_one_dialogue_at_a_time() {
    let mut desk = Desk::new();
    let first = desk.start(at(0)).unwrap();
    assert_eq!(desk.start(at(1)), Err(NotStarted::Busy));
    assert!(matches!(desk.orders.try_recv(), Ok(FromServer::Enrol(order)) if order.id == first));
    desk.stations.cancel(desk.tenant, first, at(2));
    assert!(matches!(desk.orders.try_recv(), Ok(FromServer::CancelEnrolment(id)) if id == first));
    assert_eq!(desk.last(first, at(2)), Some(StepWord::Cancelled));
    assert!(desk.start(at(3)).is_ok());
}

#[test]
fn a_silent_station_times_out_and_is_free_again() {
    let desk = Desk::new();
    let first = desk.start(at(0)).unwrap();
    let _held = desk.hold(3, first).unwrap();
    assert_eq!(desk.last(first, at(DIALOGUE_SECONDS_MAX - 1)), None);
    assert_eq!(desk.last(first, at(DIALOGUE_SECONDS_MAX)), Some(StepWord::TimedOut));
    assert!(desk.start(at(DIALOGUE_SECONDS_MAX)).is_ok());
    assert_eq!(desk.last(first, at(DIALOGUE_SECONDS_MAX + KEPT_SECONDS)), None, "forgotten");
}

#[test]
fn a_dialogue_that_nobody_follows_is_cancelled_at_the_station() {
    let mut desk = Desk::new();
    let first = desk.start(at(0)).unwrap();
    assert!(desk.hold(9, first).is_none(), "another operator's look holds nothing");
    assert_eq!(desk.last(first, at(LEASE_SECONDS - 1)), None);
    let held = desk.hold(3, first).unwrap();
    assert_eq!(desk.last(first, at(LEASE_SECONDS + 30)), None, "followed");
    // The page is loaded again and follows on, then it is gone for good.
    std::mem::forget(held);
    desk.stations.let_go(first, at(50));
    let again = desk.hold(3, first).unwrap();
    assert_eq!(desk.last(first, at(50 + LEASE_SECONDS)), None);
    std::mem::forget(again);
    desk.stations.let_go(first, at(70));
    assert_eq!(desk.stations.running(desk.tenant, desk.station, at(79)).unwrap().id, first.as_uuid());
    assert!(desk.stations.running(desk.tenant, desk.station, at(70 + LEASE_SECONDS)).is_none());
    assert_eq!(desk.last(first, at(80)), Some(StepWord::Cancelled));
    assert!(matches!(desk.orders.try_recv(), Ok(FromServer::Enrol(_))));
    assert!(matches!(desk.orders.try_recv(), Ok(FromServer::CancelEnrolment(id)) if id == first));
    assert!(desk.start(at(80)).is_ok(), "the station is free");
}

#[test]
fn a_lost_station_ends_its_dialogue() {
    let mut desk = Desk::new();
    let first = desk.start(at(0)).unwrap();
    desk.linked = None;
    assert_eq!(desk.last(first, at(1)), Some(StepWord::Failed));
    assert_eq!(desk.start(at(2)), Err(NotStarted::Offline));
    assert_eq!(desk.stations.state(desk.tenant, desk.station, at(2)), StationState::Offline);
}

#[test]
fn an_older_link_does_not_take_a_newer_one_away() {
    let mut desk = Desk::new();
    let (link, _orders) = mpsc::channel(4);
    let newer = desk.stations.link(desk.tenant, desk.station, link);
    desk.linked = None;
    assert_eq!(desk.stations.state(desk.tenant, desk.station, at(0)), StationState::Online);
    drop(newer);
    assert_eq!(desk.stations.state(desk.tenant, desk.station, at(0)), StationState::Offline);
}

#[test]
fn another_tenant_sees_no_dialogue() {
    let desk = Desk::new();
    let first = desk.start(at(0)).unwrap();
    let stranger = TenantId::from_uuid(Uuid::from_u128(9));
    assert!(desk.stations.get(stranger, first, at(0)).is_none());
    assert!(desk.stations.follow(stranger, first).is_none());
    assert!(desk.stations.cancel(stranger, first, at(0)).is_none());
    assert_eq!(desk.last(first, at(0)), None, "and ends none");
}

#[test]
fn a_dialogue_that_is_cancelled_while_a_step_is_stored_ends_after_it() {
    let mut desk = Desk::new();
    let settle = |desk: &Desk, turn: Turn| {
        let id = desk.start(at(0)).unwrap();
        desk.stations.lock().dialogues.get_mut(&id).unwrap().is_settling = true;
        desk.stations.cancel(desk.tenant, id, at(1));
        assert_eq!(desk.last(id, at(1)), None, "what is being stored is");
        desk.stations.settled(id, Default::default(), Some(turn), at(2));
        (id, desk.last(id, at(2)))
    };
    let (first, last) = settle(&desk, Turn::Show(Step::new(StepWord::Comparing, at(2))));
    assert_eq!(last, Some(StepWord::Cancelled));
    assert!(matches!(desk.orders.try_recv(), Ok(FromServer::Enrol(_))));
    assert!(matches!(desk.orders.try_recv(), Ok(FromServer::CancelEnrolment(id)) if id == first));
    let lot = Lot { templates: Vec::new(), step: Step::new(StepWord::Comparing, at(2)) };
    let (_, last) = settle(&desk, Turn::Compare(lot));
    assert_eq!(last, Some(StepWord::Cancelled));
    assert!(matches!(desk.orders.try_recv(), Ok(FromServer::Enrol(_))));
    assert!(matches!(desk.orders.try_recv(), Ok(FromServer::CancelEnrolment(_))), "and no fingers of others");
    let (_, last) = settle(&desk, Turn::End(Step::new(StepWord::Done, at(2))));
    assert_eq!(last, Some(StepWord::Done));
    assert!(matches!(desk.orders.try_recv(), Ok(FromServer::Enrol(_))));
    assert!(desk.orders.try_recv().is_err(), "the station knows");
}

#[tokio::test]
async fn a_dialogue_whose_step_breaks_off_ends_and_the_station_is_told() {
    let mut desk = Desk::new();
    let id = desk.start(at(0)).unwrap();
    desk.stations.lock().dialogues.get_mut(&id).unwrap().is_settling = true;
    let turn = outcome::whole(async { panic!("as a fault of this program does") }, at(1)).await;
    desk.stations.settled(id, Default::default(), turn, at(1));
    assert_eq!(desk.last(id, at(1)), Some(StepWord::Failed));
    assert!(matches!(desk.orders.try_recv(), Ok(FromServer::Enrol(_))));
    assert!(matches!(desk.orders.try_recv(), Ok(FromServer::CancelEnrolment(stopped)) if stopped == id));
    assert!(desk.start(at(2)).is_ok(), "the station is free");
}

#[test]
fn a_station_that_links_anew_knows_no_dialogue_of_before() {
    let mut desk = Desk::new();
    let relink = |desk: &mut Desk| {
        let (link, orders) = mpsc::channel(4);
        desk.linked = Some(desk.stations.link(desk.tenant, desk.station, link));
        desk.orders = orders;
    };
    let first = desk.start(at(0)).unwrap();
    relink(&mut desk);
    assert_eq!(desk.last(first, at(1)), Some(StepWord::Failed));

    // One whose step is being stored ends after it, whatever would follow at a station that knew of it.
    let settle = |desk: &mut Desk, turn: Turn| {
        let id = desk.start(at(2)).unwrap();
        desk.stations.lock().dialogues.get_mut(&id).unwrap().is_settling = true;
        relink(desk);
        assert_eq!(desk.last(id, at(2)), None);
        desk.stations.settled(id, Default::default(), Some(turn), at(3));
        desk.last(id, at(3))
    };
    let lot = Lot { templates: Vec::new(), step: Step::new(StepWord::Comparing, at(3)) };
    assert_eq!(settle(&mut desk, Turn::Compare(lot)), Some(StepWord::Failed));
    assert!(desk.orders.try_recv().is_err(), "it is asked for nothing");
    assert_eq!(settle(&mut desk, Turn::Show(Step::new(StepWord::CardUnreadable, at(3)))), Some(StepWord::Failed));
    assert_eq!(settle(&mut desk, Turn::End(Step::new(StepWord::Done, at(3)))), Some(StepWord::Done));
    // The card that a finger goes to is asked for by a new order.
    assert_eq!(settle(&mut desk, Turn::HoldCard), Some(StepWord::HoldCard));
    assert!(matches!(desk.orders.try_recv(), Ok(FromServer::Enrol(_))));
}
