//! A request to exit that is held, wedged or loose.

use super::*;

fn rex(is_pressed: bool) -> Do {
    In(Input::Rex { is_pressed })
}

fn by_system() -> Behaviour {
    behaviour(Exit::BySystem, true)
}

#[test]
fn a_wedged_button_excuses_openings_for_a_minute_and_then_none() {
    check(
        "mechanical exit",
        mechanical(),
        vec![
            (0, rex(true), "exit_requested"),
            (50_000, In(contact(true)), ""),
            (51_000, In(contact(false)), "opened released"),
            (59_999, In(Input::Tick), "door_closed"),
            (60_000, In(Input::Tick), "alarm rex_stuck"),
            (70_000, In(contact(true)), ""),
            (71_000, In(contact(false)), "opened alone, alarm door_forced"),
            (80_000, rex(false), "door_closed, clear door_forced"),
            (80_010, In(contact(true)), ""),
            // Letting go of what was stuck is no request.
            (80_100, In(Input::Tick), "opened alone, alarm door_forced"),
            (81_000, In(Input::Tick), "clear rex_stuck"),
            (90_000, In(contact(false)), ""),
            (91_000, rex(true), "door_closed, clear door_forced, exit_requested"),
            (91_200, In(contact(true)), ""),
            (91_300, rex(false), "opened released"),
        ],
    );
}

#[test]
fn a_loose_contact_at_the_button_is_one_request() {
    let mut steps = vec![(0, rex(true), "exit_requested")];
    for ms in (5_000..60_000).step_by(5_000) {
        steps.push((ms, rex(false), ""));
        steps.push((ms + 900, rex(true), ""));
    }
    steps.push((60_100, rex(false), "alarm rex_stuck"));
    steps.push((60_500, rex(true), ""));
    steps.push((60_600, rex(false), ""));
    steps.push((61_600, In(Input::Tick), "clear rex_stuck"));
    check("breaks of less than a second", mechanical(), steps);
    check(
        "stuck during a break is noticed at its end",
        mechanical(),
        vec![
            (0, rex(true), "exit_requested"),
            (59_900, rex(false), ""),
            (60_400, rex(true), "alarm rex_stuck"),
            (60_500, rex(false), ""),
            (61_500, In(Input::Tick), "clear rex_stuck"),
        ],
    );
}

#[test]
fn where_only_this_system_opens_a_held_button_keeps_the_door_released() {
    check(
        "held past the release, then let go",
        by_system(),
        vec![
            (0, rex(true), "on, exit_requested"),
            (30_000, In(Input::Tick), ""),
            (31_000, rex(false), ""),
            (35_999, In(Input::Tick), ""),
            (36_000, In(Input::Tick), "off"),
            (37_000, In(Input::Tick), "not_opened"),
        ],
    );
    check(
        "stuck for hours, and people leave",
        by_system(),
        vec![
            (0, rex(true), "on, exit_requested"),
            (60_000, In(Input::Tick), "alarm rex_stuck"),
            (7_200_000, In(contact(true)), ""),
            (7_201_000, In(contact(false)), "opened released"),
            (7_202_000, In(contact(true)), "door_closed"),
            (7_203_000, In(contact(false)), "opened released"),
            (7_204_000, rex(false), "door_closed"),
            (7_206_000, In(contact(true)), "clear rex_stuck"),
            (7_207_000, In(contact(false)), "opened released"),
            (7_210_000, In(Input::Tick), "door_closed, off"),
        ],
    );
    check(
        "a release of a millisecond does not keep the agent busy",
        Behaviour { release_ms: 1, ..by_system() },
        vec![(0, rex(true), "on, exit_requested"), (10_000, In(Input::Tick), ""), (10_001, rex(false), "")],
    );
    let (mut door, _) = Door::start(id(1), Behaviour { release_ms: 1, ..by_system() });
    door.handle(at(0), Input::Rex { is_pressed: true });
    let mut wakes = 0;
    while let Some(wake_ms) = door.wake_at_ms().filter(|&wake_ms| wake_ms <= 30_000) {
        door.handle(at(wake_ms), Input::Tick);
        wakes += 1;
    }
    assert!((1..=61).contains(&wakes), "{wakes}");
}

#[test]
fn a_strike_that_fails_is_tried_again_while_somebody_asks() {
    let failed = || In(Input::StrikeFailed { is_energised: true });
    check(
        "and that is recorded once",
        by_system(),
        vec![
            (0, rex(true), "on, exit_requested"),
            (0, failed(), "off, release_abandoned"),
            (2_000, In(Input::Tick), "on"),
            (2_000, failed(), "off"),
            (3_000, In(Input::LinesBack), "off, on"),
            (20_000, rex(false), ""),
            (30_000, rex(true), "off, not_opened, on, exit_requested"),
            (30_000, failed(), "off, release_abandoned"),
            (30_100, rex(false), ""),
            (59_000, In(Input::Tick), ""),
        ],
    );
}

#[test]
fn the_way_out_may_change_while_the_button_is_held() {
    check(
        "to this system and back",
        mechanical(),
        vec![
            (0, rex(true), "exit_requested"),
            (10, In(Input::Behave(by_system())), "on"),
            (20_000, In(Input::Behave(mechanical())), ""),
            (30_000, In(Input::Tick), "off, not_opened"),
            (40_000, In(contact(true)), ""),
            (40_100, In(Input::Tick), "opened released"),
        ],
    );
    check(
        "away from this system, and the lines come back",
        by_system(),
        vec![
            (0, rex(true), "on, exit_requested"),
            (1_000, In(Input::LinesBack), "on"),
            (2_000, In(Input::Behave(mechanical())), ""),
            (3_000, In(Input::LinesBack), "off"),
            (3_100, In(contact(true)), ""),
            (3_200, In(Input::Tick), "opened released"),
        ],
    );
    check(
        "and a command was recorded for it too",
        by_system(),
        vec![
            (0, rex(true), "on, exit_requested"),
            (100, In(command(1, CommandKind::Release)), "command carried_out"),
            (200, Written, ""),
            (2_000, In(Input::Behave(mechanical())), ""),
            (3_000, In(Input::LinesBack), "on"),
        ],
    );
}
