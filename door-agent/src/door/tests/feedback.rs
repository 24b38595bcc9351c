//! What the contact tells of the strike and of itself.

use super::*;

/// A card that is granted at this instant, on this side, to this person, and nobody opens; then six seconds pass.
struct Course {
    door: Door,
    now_ms: u64,
    next: u128,
}

impl Course {
    fn new() -> Self {
        Self::of(mechanical())
    }

    fn of(behaviour: Behaviour) -> Self {
        let (mut door, _) = Door::start(id(1), behaviour);
        door.handle(at(0), Input::Link { is_up: true });
        door.handle(at(0), contact(false));
        Self { door, now_ms: 0, next: 0 }
    }

    /// Alarms that begin and end with an input and by so long after it.
    fn step(&mut self, input: Input, pause_ms: u64) -> Vec<String> {
        let until_ms = self.now_ms + pause_ms;
        let mut done = self.door.handle(at(self.now_ms), input);
        while let Some(wake_ms) = self.door.wake_at_ms().filter(|wake_ms| *wake_ms <= until_ms) {
            done.extend(self.door.handle(at(wake_ms), Input::Tick));
            assert_ne!(self.door.wake_at_ms(), Some(wake_ms), "it wakes twice for one thing");
        }
        self.now_ms = until_ms;
        let told = done.iter().map(words);
        told.filter(|told| told.starts_with("alarm") || told.starts_with("clear")).collect()
    }

    /// Somebody is let through and nobody opens.
    fn unopened(&mut self, person: u128, side: Side) -> Vec<String> {
        self.next += 1;
        self.step(card(self.next, side, ANNA), 0);
        let Input::Verdict { mut ruling, decided } = grant(self.next) else { panic!("no verdict") };
        ruling.attempt.side = side;
        ruling.verdict.person = Some(id(person));
        let answer = Input::Verdict { ruling, decided };
        let done = self.door.handle(at(self.now_ms), answer);
        let Some(Action::Record { ticket, .. }) = done.first() else { panic!("{done:?}") };
        self.step(Input::Recorded(*ticket), 6_000)
    }

    fn leaf(&mut self, is_open: bool) -> Vec<String> {
        self.step(contact(is_open), 100)
    }
}

#[test]
fn three_releases_in_a_row_that_nobody_opens_are_a_strike_that_does_not_let_go() {
    let mut course = Course::new();
    assert!(course.unopened(1, Side::In).is_empty() && course.unopened(1, Side::In).is_empty(), "who went away again");
    assert_eq!(course.unopened(2, Side::In), ["alarm strike_fault"]);
    assert!(course.unopened(3, Side::In).is_empty(), "once");
    course.step(Input::Rex { is_pressed: true }, 100);
    assert_eq!(course.leaf(true), ["clear strike_fault"]);
    course.leaf(false);
    course.unopened(1, Side::In);
    course.unopened(1, Side::In);
    course.step(Input::Rex { is_pressed: false }, 2_000);
    course.step(Input::Rex { is_pressed: true }, 100);
    assert!(course.leaf(true).is_empty() && course.leaf(false).is_empty());
    assert!(course.unopened(1, Side::In).is_empty(), "counted anew since the leaf moved");
}

#[test]
fn requests_to_exit_and_free_modes_say_nothing_of_a_strike() {
    let mut course = Course::of(behaviour(Exit::BySystem, true));
    for _ in 0..5 {
        assert!(course.step(Input::Rex { is_pressed: true }, 100).is_empty());
        assert!(course.step(Input::Rex { is_pressed: false }, 10_000).is_empty(), "a detector, and somebody walks by");
    }
    let mut course = Course::new();
    let done = course.door.handle(at(0), free(true));
    let Some(Action::Record { ticket, .. }) = done.first() else { panic!("{done:?}") };
    assert!(course.step(Input::Recorded(*ticket), 10_000_000).is_empty(), "a night with nobody there");
}

#[test]
fn openings_by_nothing_again_and_again_are_a_strike_that_does_not_hold() {
    let mut course = Course::new();
    for _ in 0..2 {
        assert_eq!(course.leaf(true), ["alarm door_forced"]);
        assert_eq!(course.leaf(false), ["clear door_forced"]);
    }
    assert_eq!(course.leaf(true), ["alarm door_forced", "alarm strike_fault"]);
    assert_eq!(course.leaf(false), ["clear door_forced"]);
    assert!(course.step(Input::Tick, 599_000).is_empty());
    assert_eq!(course.step(Input::Tick, 2_000), ["clear strike_fault"]);
    for _ in 0..5 {
        course.leaf(true);
        course.leaf(false);
        assert!(course.step(Input::Tick, 400_000).is_empty(), "now and then is no such thing");
    }
}

#[test]
fn people_who_come_back_from_where_nobody_saw_them_go_are_a_contact_that_is_stuck() {
    let mut course = Course::new();
    course.unopened(1, Side::In);
    course.unopened(2, Side::In);
    assert_eq!(course.unopened(3, Side::In), ["alarm strike_fault"], "so far it may be the strike");
    assert!(course.unopened(1, Side::Out).is_empty(), "somebody may have come in elsewhere");
    assert_eq!(course.unopened(2, Side::Out), ["alarm contact_fault", "clear strike_fault"]);
    course.step(Input::Rex { is_pressed: true }, 100);
    assert_eq!(course.leaf(true), ["clear contact_fault"]);
}

#[test]
fn a_contact_that_changes_faster_than_a_leaf_can_move_bounces_and_is_believed_more_slowly() {
    let mut course = Course::new();
    let mut told = Vec::new();
    for change in 0..40 {
        told.extend(course.step(contact(change % 2 == 0), 25));
    }
    assert_eq!(told, ["alarm contact_fault"], "too quick to be openings");
    assert!(course.door.is_open() && !course.door.is_secured(), "nobody knows");
    assert!(course.step(Input::Tick, 9_000).is_empty());
    assert_eq!(course.step(Input::Tick, 2_000), ["clear contact_fault"]);
    assert!(course.door.is_secured());

    let mut course = Course::new();
    let mut told = Vec::new();
    for change in 0..200 {
        told.extend(course.step(contact(change % 2 == 0), 100));
    }
    let bounces = told.iter().position(|told| told == "alarm contact_fault").unwrap();
    assert!(bounces <= 21, "{told:?}");
    assert!(told.len() <= bounces + 2, "and then no more openings are told: {told:?}");
    course.step(contact(false), 1_100);
    assert_eq!(course.step(contact(true), 1_100), ["alarm door_forced"], "what it keeps for a second counts");

    let mut course = Course::new();
    for _ in 0..20 {
        assert!(!course.step(contact(true), 400).contains(&"alarm contact_fault".to_owned()), "a lively door");
        assert!(!course.step(contact(false), 400).contains(&"alarm contact_fault".to_owned()));
    }
}

#[test]
fn without_a_contact_nothing_is_told_of_it() {
    let mut course = Course::new();
    (0..3).for_each(|_| drop(course.unopened(1, Side::In)));
    let bare = Behaviour { has_contact: false, ..mechanical() };
    assert_eq!(course.step(Input::Behave(bare), 0), ["clear strike_fault"]);
    assert!((0..5).all(|_| course.unopened(1, Side::In).is_empty()));
}
