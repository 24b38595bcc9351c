//! A door at the first look at its contact.

use super::*;

fn found(is_open: bool) -> (Door, Vec<String>) {
    let (mut door, _) = Door::start(id(1), mechanical());
    let told = door.handle(at(0), contact(is_open)).iter().map(words).collect();
    (door, told)
}

fn told(door: &mut Door, until_ms: u64, input: Input) -> Vec<String> {
    let mut actions = Vec::new();
    while let Some(wake_ms) = door.wake_at_ms().filter(|&wake_ms| wake_ms <= until_ms) {
        actions.extend(door.handle(at(wake_ms), Input::Tick));
    }
    actions.extend(door.handle(at(until_ms), input));
    actions.iter().filter(|action| !matches!(action, Action::Show(_))).map(words).collect()
}

#[test]
fn a_door_found_open_is_not_forced_and_becomes_held() {
    let (mut door, at_start) = found(true);
    assert_eq!(at_start, ["found open"]);
    assert_eq!(told(&mut door, 29_999, Input::Tick), [""; 0]);
    assert_eq!(told(&mut door, 30_000, Input::Tick), ["alarm door_held"]);
    assert_eq!(told(&mut door, 40_000, contact(false)), [""; 0]);
    assert_eq!(told(&mut door, 40_030, Input::Tick), ["door_closed", "clear door_held"]);
    assert_eq!(told(&mut door, 50_000, contact(true)), [""; 0]);
    assert_eq!(told(&mut door, 50_030, Input::Tick), ["opened alone", "alarm door_forced"], "from here on it is known");
}

#[test]
fn a_door_found_closed_says_so_once() {
    let (mut door, at_start) = found(false);
    assert_eq!(at_start, ["found closed"]);
    assert_eq!(told(&mut door, 10, Input::LinesBack), ["off"]);
    assert_eq!(told(&mut door, 20, contact(false)), [""; 0]);
}
