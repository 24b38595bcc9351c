//! A PIN at a door: wanted, typed, checked, given up.

use super::laws::PIN_OUTCOMES;
use super::*;

fn need_pin(attempt: u128) -> Input {
    verdict(attempt, Outcome::Need(Factor::Pin), Reason::PinRequired)
}

fn pin(attempt: u128, outcome: PinOutcome) -> Input {
    Input::Pin { attempt: id(attempt), outcome }
}

fn typed(attempt: u128) -> Input {
    Input::PinTyped { attempt: id(attempt) }
}

#[test]
fn a_pin_is_asked_for_and_the_rules_again_with_it() {
    for (outcome, result) in
        [(PinOutcome::Matched, FactorResult::Matched), (PinOutcome::MatchedDuress, FactorResult::MatchedDuress)]
    {
        check(
            "card and PIN",
            behaviour(Exit::Mechanical, true),
            vec![
                (0, In(card(1, Side::In, ANNA)), "ask"),
                (1, In(need_pin(1)), "pin"),
                (4_000, In(typed(1)), ""),
                (4_200, In(pin(1, outcome)), "ask"),
                (4_201, In(grant(1)), ""),
                (4_202, In(with_pin(Some(result), grant(1))), "granted true"),
                (4_210, Written, "on"),
            ],
        );
    }
    check(
        "a wrong PIN",
        behaviour(Exit::Mechanical, true),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (1, In(need_pin(1)), "pin"),
            (2, In(pin(1, PinOutcome::NotMatched)), "ask"),
            (3, In(with_pin(Some(FactorResult::NotMatched), deny(1, Reason::WrongPin))), "wrong_pin false"),
        ],
    );
}

#[test]
fn a_pin_is_not_waited_for_without_end() {
    check(
        "nobody types",
        behaviour(Exit::Mechanical, true),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (0, In(need_pin(1)), "pin"),
            (19_999, In(Input::Tick), ""),
            (20_000, In(Input::Tick), "stop pin, pin_timeout false"),
            (20_001, In(pin(1, PinOutcome::Matched)), ""),
        ],
    );
    check(
        "typed in the last moment, and never checked",
        behaviour(Exit::Mechanical, true),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (0, In(need_pin(1)), "pin"),
            (19_999, In(typed(1)), ""),
            (24_998, In(Input::Tick), ""),
            (24_999, In(Input::Tick), "stop pin, keypad_fault false"),
        ],
    );
    check(
        "another card",
        behaviour(Exit::Mechanical, true),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (0, In(need_pin(1)), "pin"),
            (5, In(card(2, Side::In, ANNA)), ""),
            (6, In(card(3, Side::In, BEN)), "stop pin, card_removed false, ask"),
            (7, In(pin(1, PinOutcome::Matched)), ""),
            (8, In(need_pin(3)), "pin"),
        ],
    );
    for (outcome, reason) in PIN_OUTCOMES {
        let Some(reason) = reason else { continue };
        let told = format!("stop pin, {reason} false");
        check(
            "nothing was shown",
            behaviour(Exit::Mechanical, true),
            vec![(0, In(card(1, Side::In, ANNA)), "ask"), (0, In(need_pin(1)), "pin"), (5, In(pin(1, outcome)), &told)],
        );
    }
}

#[test]
fn the_door_shows_the_same_for_a_sign_of_duress() {
    let shown = |outcome, result| {
        let (mut door, _) = Door::start(id(1), behaviour(Exit::Mechanical, true));
        door.handle(at(0), Input::Link { is_up: true });
        let steps = [card(1, Side::In, ANNA), need_pin(1), typed(1), pin(1, outcome), with_pin(Some(result), grant(1))];
        let mut faces = Vec::new();
        for (place, step) in steps.into_iter().enumerate() {
            let faced = door.handle(at(place as u64), step).into_iter();
            faces.extend(faced.filter(|action| matches!(action, Action::Show(_))).map(|action| words(&action)));
        }
        faces
    };
    let everyday = shown(PinOutcome::Matched, FactorResult::Matched);
    assert_eq!(everyday, ["Wait", "TypePin", "Wait"]);
    assert_eq!(shown(PinOutcome::MatchedDuress, FactorResult::MatchedDuress), everyday);
}

#[test]
fn what_was_read_of_a_card_is_wanted_until_its_attempt_is_decided() {
    let (mut door, _) = Door::start(id(1), behaviour(Exit::Mechanical, true));
    assert!(!door.is_about(Side::In, ANNA));
    door.handle(at(0), Input::Link { is_up: true });
    door.handle(at(1), card(1, Side::In, ANNA));
    assert!(door.is_about(Side::In, ANNA) && !door.is_about(Side::Out, ANNA) && !door.is_about(Side::In, BEN));
    door.handle(at(2), grant(1));
    assert!(!door.is_about(Side::In, ANNA), "being recorded");
    door.handle(at(3), card(2, Side::In, ANNA));
    assert!(!door.is_about(Side::In, ANNA), "laid there once more: nothing comes of it");
    door.handle(at(4), card(3, Side::In, BEN));
    assert!(door.is_about(Side::In, BEN), "its attempt is still to begin");
}
