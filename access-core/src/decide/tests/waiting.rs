//! Whoever waits is admitted by another's attempt: whatever forbids it by then counts.

use super::*;
use crate::event::{Author, Decided, Decision, Event, Passage, Record, ReleaseCause, SetMode, StateChange, StateSet};
use crate::ids::PersonId;
use crate::policy::{DoorMode, Escort, EscortBy, ThreatLevelRule, TwoPerson};

const MINUTE_MS: i64 = 60_000;

/// Person 2 is a visitor whom person 1 escorts.
fn visit() -> PolicyRows {
    let mut rows = two();
    rows.persons[1].escort = Some(Escort { by: EscortBy::Person(id(1)), within_s: 3_600 });
    rows
}

/// The doors protect a vault that is entered in pairs.
fn vault() -> PolicyRows {
    let mut rows = two();
    rows.areas[1].two_person = Some(TwoPerson { within_s: 3_600, groups: None });
    rows
}

/// What happens at door 1.
struct Scene {
    state: State,
    attempts: u128,
    /// What everybody shows.
    shown: FactorDemand,
}

impl Scene {
    fn new() -> Self {
        Self { state: State::default(), attempts: 0, shown: FactorDemand::CardFinger }
    }

    fn shows(&mut self, rows: &PolicyRows, card: u8, after_ms: i64) -> Verdict {
        let policy = Policy::compile(rows.clone()).unwrap();
        self.attempts += 1;
        let (card, at) = (CardToken([card; 32]), MONDAY_NOON.plus_ms(after_ms));
        let matched = |shown| (self.shown == shown).then_some(FactorResult::Matched);
        let (finger, pin) = (matched(FactorDemand::CardFinger), matched(FactorDemand::CardPin));
        let attempt = Attempt { id: id(self.attempts), card, at, finger, pin, ..attempt() };
        let circumstances = self.state.circumstances(&policy, &attempt);
        let verdict = judge(&policy, &circumstances, &attempt);
        let (rules_version, decided) = (RULES_VERSION, Decided::Online);
        let decision = Decision { attempt, circumstances, verdict: verdict.clone(), rules_version, decided };
        self.happens(Event::Decision(Box::new(decision)), after_ms);
        verdict
    }

    fn happens(&mut self, event: Event, after_ms: i64) {
        self.happens_by(Author::Agent(id(1)), event, after_ms);
    }

    fn happens_by(&mut self, author: Author, event: Event, after_ms: i64) {
        let (at, previous) = (MONDAY_NOON.plus_ms(after_ms), crate::chain::Digest([0; 32]));
        let clock = ClockTrust::Trusted;
        self.state.apply(&Record { author, epoch: 1, seq: 1, previous, at, clock, event });
    }

    fn set(&mut self, change: StateChange, after_ms: i64) {
        let event = Event::StateSet(StateSet { operator: None, change, reason: None });
        self.happens_by(Author::Server(id(1)), event, after_ms);
    }
}

fn admitted(verdict: &Verdict) -> Vec<PersonId> {
    let passages = verdict.effects.iter().filter_map(|effect| match effect {
        Effect::AdmitWith(passages) => Some(passages),
        _ => None,
    });
    passages.flatten().map(|Passage { person, .. }| *person).collect()
}

/// Something that forbids it to person 2, with their card, after they began to wait.
type Forbids = fn(&mut PolicyRows, &mut Scene);

const FORBIDS: [(&str, Forbids); 11] = [
    ("blocked", |rows, _| rows.blocks.push(block(BlockSubject::Person(id(2)), ALWAYS))),
    ("card blocked", |rows, _| rows.blocks.push(block(BlockSubject::Credential(id(2)), ALWAYS))),
    ("card lost", |rows, _| rows.credentials[1].state = CredentialState::Lost),
    ("card over", |rows, _| rows.credentials[1].valid.until = Some(MONDAY_NOON.plus_ms(MINUTE_MS))),
    ("card another's", |rows, _| rows.credentials[1].person = id(1)),
    ("card locked", |_, scene| scene.set(StateChange::CredentialLocked { credential: id(2) }, MINUTE_MS)),
    ("inactive", |rows, _| rows.persons[1].is_active = false),
    ("nothing granted", |rows, _| rows.grants.truncate(1)),
    ("grant over", |rows, _| rows.grants[1].valid.until = Some(MONDAY_NOON.plus_ms(MINUTE_MS))),
    ("refused there", |rows, scene| {
        let mut inactive = rows.clone();
        inactive.persons[1].is_active = false;
        assert_eq!(scene.shows(&inactive, 2, MINUTE_MS).reason, Reason::PersonInactive);
    }),
    ("outside hours", |rows, _| {
        // The first person's level is open at all hours.
        let mut always = rows.levels[0].clone();
        (always.id, always.lines[0].schedule) = (id(2), None);
        rows.levels.push(always);
        rows.grants[0].level = id(2);
        rows.schedules[0].windows[0].span.to_minute = 12 * 60 + 1;
    }),
];

#[test]
fn an_escort_brings_no_visitor_who_may_not_pass_any_more() {
    for (name, forbids) in FORBIDS {
        let (mut rows, mut scene) = (visit(), Scene::new());
        assert_eq!(scene.shows(&rows, 2, 0).reason, Reason::EscortRequired, "{name}");
        forbids(&mut rows, &mut scene);
        let escort = scene.shows(&rows, 1, 10 * MINUTE_MS);
        assert_eq!((escort.reason, admitted(&escort)), (Reason::Granted, Vec::new()), "{name}");
    }
    let (rows, mut scene) = (visit(), Scene::new());
    scene.shows(&rows, 2, 0);
    assert_eq!(admitted(&scene.shows(&rows, 1, 10 * MINUTE_MS)), [id(2)]);
}

#[test]
fn nobody_makes_a_pair_who_may_not_pass_any_more() {
    for (name, forbids) in FORBIDS {
        let (mut rows, mut scene) = (vault(), Scene::new());
        assert_eq!(scene.shows(&rows, 2, 0).reason, Reason::SecondPersonRequired, "{name}");
        forbids(&mut rows, &mut scene);
        assert_eq!(scene.shows(&rows, 1, 10 * MINUTE_MS).reason, Reason::SecondPersonRequired, "{name}");
    }
    let (rows, mut scene) = (vault(), Scene::new());
    scene.shows(&rows, 2, 0);
    assert_eq!(admitted(&scene.shows(&rows, 1, 10 * MINUTE_MS)), [id(2)]);
}

#[test]
fn a_lockdown_or_a_locked_door_lets_responders_in_and_nobody_with_them() {
    let lockdown =
        |scene: &mut Scene| scene.set(StateChange::ThreatLevel { place: Place::Tenant, level: 1 }, MINUTE_MS);
    let locked = |scene: &mut Scene| {
        let set = SetMode { mode: DoorMode::Locked, until: MONDAY_NOON.plus_ms(HOUR_MS) };
        scene.set(StateChange::DoorMode { door: id(1), set: Some(set) }, MINUTE_MS);
    };
    for begins in [lockdown as fn(&mut Scene), locked] {
        let (mut rows, mut scene) = (visit(), Scene::new());
        rows.groups.push(GroupRule { id: id(1), is_responder: true });
        rows.persons[0].groups.push(id(1));
        let (level, places, exempt) = (1, Vec::new(), vec![id(1)]);
        rows.threat_levels.push(ThreatLevelRule { level, locks: true, places, factors: None, exempt });
        scene.shows(&rows, 2, 0);
        begins(&mut scene);
        let escort = scene.shows(&rows, 1, 10 * MINUTE_MS);
        assert_eq!((escort.reason, admitted(&escort)), (Reason::Granted, Vec::new()));
    }
}

#[test]
fn a_refusal_that_waits_for_something_else_begins_another_wait() {
    let (mut rows, mut scene) = (visit(), Scene::new());
    rows.areas[1].two_person = Some(TwoPerson { within_s: 3_600, groups: None });
    scene.shows(&rows, 2, 0);
    scene.shows(&rows, 2, MINUTE_MS);
    assert_eq!(admitted(&scene.shows(&rows, 1, 2 * MINUTE_MS)), [id(2)], "the visitor is the second person");
}

#[test]
fn of_two_refusals_of_one_instant_the_one_that_ends_the_wait_counts() {
    let (rows, mut blocked) = (visit(), visit());
    blocked.blocks.push(block(BlockSubject::Person(id(2)), ALWAYS));
    for order in [[&rows, &blocked], [&blocked, &rows]] {
        let mut scene = Scene::new();
        order.iter().for_each(|rows| drop(scene.shows(rows, 2, 0)));
        assert_eq!(admitted(&scene.shows(&rows, 1, MINUTE_MS)), []);
        // A newer one that says so begins another wait.
        scene.shows(&rows, 2, 2 * MINUTE_MS);
        assert_eq!(scene.shows(&rows, 1, 3 * MINUTE_MS).reason, Reason::Granted);
    }
}

/// Somebody comes to demand so much of person 2, at the door, by their grant, or by a threat level.
type Demands = fn(&mut PolicyRows, &mut Scene, FactorDemand);

const DEMANDS: [(&str, Demands); 3] = [
    ("door", |rows, _, demanded| rows.doors[0].factors_in = demanded),
    ("grant", |rows, _, demanded| {
        let mut level = rows.levels[0].clone();
        (level.id, level.lines[0].factors) = (id(2), Some(demanded));
        rows.levels.push(level);
        rows.grants[1].level = id(2);
    }),
    ("threat level", |rows, scene, demanded| {
        let (level, factors) = (1, Some(demanded));
        rows.threat_levels.push(ThreatLevelRule { level, locks: false, places: vec![], factors, exempt: vec![] });
        scene.set(StateChange::ThreatLevel { place: Place::Tenant, level: 1 }, MINUTE_MS);
    }),
];

#[test]
fn whoever_waits_has_shown_what_is_demanded_by_then() {
    let factors = [FactorDemand::Card, FactorDemand::CardPin, FactorDemand::CardFinger];
    let both = factors.iter().flat_map(|shown| factors.iter().map(move |demanded| (*shown, *demanded)));
    for ((shown, demanded), (by, demands)) in both.flat_map(|both| DEMANDS.map(|demands| (both, demands))) {
        let (mut rows, mut scene) = (visit(), Scene::new());
        (rows.persons[1].has_finger, rows.persons[1].has_pin) = (true, true);
        rows.doors[0].factors_in = FactorDemand::Card;
        scene.shown = shown;
        assert_eq!(scene.shows(&rows, 2, 0).reason, Reason::EscortRequired);
        demands(&mut rows, &mut scene, demanded);
        scene.shown = FactorDemand::CardFinger;
        let is_admitted = !admitted(&scene.shows(&rows, 1, 2 * MINUTE_MS)).is_empty();
        assert_eq!(is_admitted, shown >= demanded, "{shown} shown, {demanded} demanded by {by}");
    }
}

/// The escort's grant, told to have come to nothing; and one that was used.
#[test]
fn an_escort_who_did_not_come_in_lets_no_visitor_in() {
    let (door, cause) = (id(1), ReleaseCause::Attempt(id(1)));
    let ends: [(Event, Reason); 4] = [
        (Event::NotOpened { door, cause }, Reason::EscortRequired),
        (Event::ReleaseAbandoned { door, cause }, Reason::EscortRequired),
        (
            Event::Entered { door, side: Side::In, persons: vec![Passage { person: id(1), attempt: id(1) }] },
            Reason::Granted,
        ),
        (Event::NotOpened { door, cause: ReleaseCause::Attempt(id(99)) }, Reason::Granted),
    ];
    for (end, expected) in ends {
        let (rows, mut scene) = (visit(), Scene::new());
        assert_eq!(scene.shows(&rows, 1, 0).reason, Reason::Granted);
        scene.happens(end.clone(), 5_000);
        // Long after grants that nobody used are forgotten.
        assert_eq!(scene.shows(&rows, 2, 15 * MINUTE_MS).reason, expected, "{end:?}");
    }
    // The server's answer came too late, and the agent refused the same attempt.
    let (rows, mut scene) = (visit(), Scene::new());
    scene.shows(&rows, 1, 0);
    scene.attempts = 0;
    let mut blocked = rows.clone();
    blocked.blocks.push(block(BlockSubject::Person(id(1)), ALWAYS));
    assert_eq!(scene.shows(&blocked, 1, 2_000).reason, Reason::Blocked);
    scene.attempts = 1;
    assert_eq!(scene.shows(&rows, 2, 3_000).reason, Reason::EscortRequired);
}
