use std::collections::{BTreeMap, BTreeSet, VecDeque};

use access_core::RULES_VERSION;
use access_core::attempt::{Factor, FactorResult};
use access_core::event::{AlarmKind, Commitment, Decision};
use access_core::verdict::{Effect, Outcome};
use uuid::Uuid;

use super::*;

mod airlock;
mod feedback;
mod found;
mod laws;
mod pin;
mod rex;
mod walk;
mod watched;

const ANNA: CardToken = CardToken([1; 32]);
const BEN: CardToken = CardToken([2; 32]);

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

fn behaviour(exit: Exit, has_contact: bool) -> Behaviour {
    Behaviour { release_ms: 5_000, held_ms: 30_000, exit, has_contact, policy_version: 7 }
}

fn at(mono_ms: u64) -> Now {
    Now { mono_ms, unix: UnixMs(1_000_000).plus_ms(mono_ms as i64), clock: ClockTrust::Trusted }
}

fn card(attempt: u128, side: Side, token: CardToken) -> Input {
    Input::Card { side, attempt: id(attempt), token, assurance: Assurance::WeakUid }
}

fn verdict(attempt: u128, outcome: Outcome, reason: Reason) -> Input {
    after(None, attempt, outcome, reason)
}

/// The server's answer to an attempt with this finger.
fn after(finger: Option<FactorResult>, attempt: u128, outcome: Outcome, reason: Reason) -> Input {
    let verdict = Verdict { outcome, person: Some(id(attempt + 100)), ..Verdict::refused(reason, 7) };
    let ruling = Box::new(ruling(id(attempt), finger, verdict));
    Input::Verdict { ruling, decided: Decided::Online }
}

/// The same to what was asked with this PIN.
fn with_pin(pin: Option<FactorResult>, input: Input) -> Input {
    let Input::Verdict { mut ruling, decided } = input else { panic!("no verdict") };
    ruling.attempt.pin = pin;
    Input::Verdict { ruling, decided }
}

fn ruling(attempt: AttemptId, finger: Option<FactorResult>, verdict: Verdict) -> Ruling {
    let attempt = Attempt {
        id: attempt,
        door: id(1),
        side: Side::In,
        at: UnixMs(9),
        clock: ClockTrust::Trusted,
        card: ANNA,
        assurance: Assurance::WeakUid,
        finger,
        pin: None,
    };
    Ruling { attempt, circumstances: Circumstances::default(), verdict, rules_version: RULES_VERSION }
}

/// An answer is to what was asked: side and card of the attempt.
fn fitted(input: Input, asked: &BTreeMap<AttemptId, Attempt>) -> Input {
    match input {
        Input::Verdict { mut ruling, decided } => {
            if let Some(asked) = asked.get(&ruling.attempt.id) {
                (ruling.attempt.side, ruling.attempt.card) = (asked.side, asked.card);
            }
            Input::Verdict { ruling, decided }
        }
        input => input,
    }
}

const RELEASE: Outcome = Outcome::Grant { release_ms: 5_000, held_ms: 30_000 };

fn grant(attempt: u128) -> Input {
    verdict(attempt, RELEASE, Reason::Granted)
}

/// The same to whoever goes out.
fn grant_out(attempt: u128) -> Input {
    let Input::Verdict { mut ruling, decided } = grant(attempt) else { panic!("no verdict") };
    ruling.attempt.side = Side::Out;
    Input::Verdict { ruling, decided }
}

/// Granted after the finger.
fn grant_by_finger(attempt: u128) -> Input {
    after(Some(FactorResult::Matched), attempt, RELEASE, Reason::Granted)
}

fn need(attempt: u128) -> Input {
    verdict(attempt, Outcome::Need(Factor::Finger), Reason::FingerRequired)
}

fn deny(attempt: u128, reason: Reason) -> Input {
    verdict(attempt, Outcome::Deny, reason)
}

fn finger(attempt: u128, outcome: FingerOutcome) -> Input {
    Input::Finger { attempt: id(attempt), outcome }
}

fn contact(is_open: bool) -> Input {
    Input::Contact { is_open }
}

/// The door's mode is free, or free and something stands against it.
fn free(is_free: bool) -> Input {
    Input::Mode(ModeInForce { mode: DoorMode::Free, is_free, is_locked_down: false })
}

fn command(number: u128, kind: CommandKind) -> Input {
    let expires_at = at(10_000).unix;
    Input::Command(Command { id: id(number), door: id(1), expires_at, kind, reason: Commitment([0; 32]) })
}

fn watched(input: InputKind, is_active: bool) -> Do {
    In(Input::Watched { input, is_active })
}

/// An action in few words; what is shown is looked at on its own.
fn words(action: &Action) -> String {
    match action {
        Action::Ask(_) => "ask".to_owned(),
        Action::DecideAlone(_) => "alone".to_owned(),
        Action::WantFinger { .. } => "finger".to_owned(),
        Action::StopFinger { .. } => "stop".to_owned(),
        Action::WantPin { .. } => "pin".to_owned(),
        Action::StopPin { .. } => "stop pin".to_owned(),
        Action::Strike { is_energised } => if *is_energised { "on" } else { "off" }.to_owned(),
        Action::Show(face) => format!("{face:?}"),
        Action::Record { event, .. } => match event {
            Event::Decision(decision) => format!("{} {:?}", decision.verdict.reason, decision.verdict.is_grant()),
            Event::AlarmRaised { kind, .. } => format!("alarm {kind}"),
            Event::AlarmCleared { kind, .. } => format!("clear {kind}"),
            Event::CommandDone { outcome, .. } => format!("command {outcome}"),
            Event::Entered { persons, side, .. } => format!("{} entered {side}", persons.len()),
            Event::DoorOpened { cause, .. } => format!("opened {}", if cause.is_some() { "released" } else { "alone" }),
            Event::InputChanged { input, is_active, .. } => {
                format!("{input} {}", if *is_active { "active" } else { "at rest" })
            }
            Event::DoorFound { is_open, .. } => format!("found {}", if *is_open { "open" } else { "closed" }),
            other => other.kind().to_string(),
        },
    }
}

/// What is done to the door at an instant.
enum Do {
    In(Input),
    /// The newest record is on the disk.
    Written,
    /// The newest record could not be written.
    Unwritten,
}
use Do::{In, Unwritten, Written};

/// Plays a door from start, link up; each step names everything that was done since the step before.
fn check(name: &str, behaviour: Behaviour, steps: Vec<(u64, Do, &str)>) {
    let (mut door, _) = Door::start(id(1), behaviour);
    door.handle(at(0), Input::Link { is_up: true });
    door.handle(at(0), contact(false));
    let mut newest = Ticket(0);
    let mut asked = BTreeMap::new();
    for (place, (ms, step, expected)) in steps.into_iter().enumerate() {
        let mut done = Vec::new();
        while let Some(wake_ms) = door.wake_at_ms().filter(|&wake_ms| wake_ms <= ms) {
            done.extend(door.handle(at(wake_ms), Input::Tick));
            assert_ne!(door.wake_at_ms(), Some(wake_ms), "{name}: it wakes twice for one thing");
        }
        let input = match step {
            In(input) => fitted(input, &asked),
            Written => Input::Recorded(newest),
            Unwritten => Input::RecordFailed(newest),
        };
        done.extend(door.handle(at(ms), input));
        for action in &done {
            match action {
                Action::Record { ticket, .. } => newest = *ticket,
                Action::Ask(attempt) | Action::DecideAlone(attempt) => drop(asked.insert(attempt.id, attempt.clone())),
                _ => {}
            }
        }
        let told: Vec<String> = done.iter().filter(|action| !matches!(action, Action::Show(_))).map(words).collect();
        assert_eq!(told.join(", "), expected, "{name}, step {place} at {ms} ms");
    }
}

fn mechanical() -> Behaviour {
    behaviour(Exit::Mechanical, true)
}

#[test]
fn an_entry_from_card_to_closed_door() {
    check(
        "card and finger",
        mechanical(),
        vec![
            (10, In(card(1, Side::In, ANNA)), "ask"),
            (15, In(need(1)), "finger"),
            (2_000, In(finger(1, FingerOutcome::Matched)), "ask"),
            (2_005, In(grant_by_finger(1)), "granted true"),
            (2_010, Written, "on"),
            (3_000, In(contact(true)), ""),
            (3_100, In(Input::Tick), "opened released, 1 entered in"),
            (4_000, In(contact(false)), ""),
            (4_100, In(Input::Tick), "door_closed, off"),
            (60_000, In(Input::Tick), ""),
        ],
    );
    check(
        "card alone, nobody opens",
        mechanical(),
        vec![
            (10, In(card(1, Side::In, ANNA)), "ask"),
            (20, In(grant(1)), "granted true"),
            (30, Written, "on"),
            (60_000, In(Input::Tick), "off, not_opened"),
        ],
    );
    check(
        "without a contact the grant counts",
        behaviour(Exit::Mechanical, false),
        vec![
            (10, In(card(1, Side::In, ANNA)), "ask"),
            (20, In(grant(1)), "granted true"),
            (30, Written, "on, 1 entered in"),
            (60_000, In(Input::Tick), "off"),
        ],
    );
    check(
        "pulled at the last instant",
        mechanical(),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (0, In(grant(1)), "granted true"),
            (0, Written, "on"),
            (5_400, In(contact(true)), "off"),
            (5_500, In(Input::Tick), "opened released, 1 entered in"),
        ],
    );
}

/// Everything that is done to the door and shown at it while somebody comes with this finger, and the decision's record.
fn seen_at_the_door(outcome: FingerOutcome, is_link_up: bool, settled: (Outcome, Reason)) -> (Vec<String>, Decision) {
    let result = if outcome == FingerOutcome::Matched { FactorResult::Matched } else { FactorResult::MatchedDuress };
    let alarms = if outcome == FingerOutcome::Matched { Vec::new() } else { vec![AlarmKind::Duress] };
    let answer = |finger: Option<FactorResult>, verdict: Verdict| Input::Verdict {
        ruling: Box::new(ruling(id(1), finger, verdict)),
        decided: if is_link_up { Decided::Online } else { Decided::Offline },
    };
    let needed = Verdict { outcome: Outcome::Need(Factor::Finger), ..Verdict::refused(Reason::FingerRequired, 7) };
    let verdict = Verdict { outcome: settled.0, alarms, ..Verdict::refused(settled.1, 7) };
    let mut inputs = VecDeque::from([
        (10, card(1, Side::In, ANNA)),
        (20, answer(None, Verdict { person: Some(id(101)), ..needed })),
        (900, finger(1, outcome)),
        (950, answer(Some(result), Verdict { person: Some(id(101)), ..verdict })),
    ]);
    let (mut door, _) = Door::start(id(1), mechanical());
    door.handle(at(0), Input::Link { is_up: is_link_up });
    door.handle(at(0), contact(false));
    let (mut seen, mut decided) = (Vec::new(), None);
    while let Some((ms, input)) = inputs.pop_front() {
        for action in door.handle(at(ms), input) {
            seen.push(format!("{ms}: {}", words(&action)));
            if let Action::Record { ticket, event: Event::Decision(decision), is_awaited, .. } = action {
                decided = Some(*decision);
                if is_awaited {
                    inputs.push_back((ms + 10, Input::Recorded(ticket)));
                    inputs.push_back((2_000, contact(true)));
                    inputs.push_back((3_000, contact(false)));
                }
                inputs.push_back((60_000, Input::Tick));
            }
        }
    }
    (seen, decided.unwrap())
}

#[test]
fn duress_looks_at_the_door_like_any_other_entry() {
    let settled = [(RELEASE, Reason::Granted), (Outcome::Deny, Reason::OutsideSchedule)];
    for (is_link_up, settled) in [true, false].into_iter().flat_map(|is_up| settled.map(|settled| (is_up, settled))) {
        let (usual, usually) = seen_at_the_door(FingerOutcome::Matched, is_link_up, settled);
        let (duress, under_duress) = seen_at_the_door(FingerOutcome::MatchedDuress, is_link_up, settled);
        assert_eq!(usual, duress, "link {is_link_up}, {settled:?}");
        assert_eq!(usual.iter().any(|seen| seen.ends_with(": on")), settled.0 == RELEASE, "{usual:?}");
        assert_eq!((usually.attempt.finger, usually.verdict.alarms), (Some(FactorResult::Matched), Vec::new()));
        let alarm = vec![AlarmKind::Duress];
        let told = (under_duress.attempt.finger, under_duress.verdict.alarms);
        assert_eq!(told, (Some(FactorResult::MatchedDuress), alarm), "the record says it");
    }
}

#[test]
fn refusals_and_time_outs() {
    check(
        "denied",
        mechanical(),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (9, In(deny(1, Reason::Blocked)), "blocked false"),
            (10, In(grant(1)), ""),
        ],
    );
    check(
        "wrong finger",
        mechanical(),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (1, In(need(1)), "finger"),
            (2, In(finger(1, FingerOutcome::NotMatched)), "ask"),
            (3, In(after(Some(FactorResult::NotMatched), 1, Outcome::Deny, Reason::WrongFinger)), "wrong_finger false"),
        ],
    );
    check(
        "no finger in time",
        mechanical(),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (0, In(need(1)), "finger"),
            (9_999, In(Input::Tick), ""),
            (10_000, In(Input::Tick), "stop, finger_timeout false"),
            (10_001, In(finger(1, FingerOutcome::Matched)), ""),
        ],
    );
    for (outcome, reason) in [
        (FingerOutcome::Fault, "stop, sensor_fault false"),
        (FingerOutcome::NoTemplate, "stop, no_finger_enrolled false"),
        (FingerOutcome::NotRecorded, "stop, finger_not_recorded false"),
        (FingerOutcome::NoFinger, "stop, finger_timeout false"),
    ] {
        check(
            "the sensor says nothing",
            mechanical(),
            vec![
                (0, In(card(1, Side::In, ANNA)), "ask"),
                (0, In(need(1)), "finger"),
                (5, In(finger(1, outcome)), reason),
            ],
        );
    }
    check(
        "another card while a finger is wanted",
        mechanical(),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (0, In(need(1)), "finger"),
            (5, In(card(2, Side::In, ANNA)), ""),
            (6, In(card(3, Side::In, BEN)), "stop, card_removed false, ask"),
            (7, In(finger(1, FingerOutcome::Matched)), ""),
            (8, In(deny(3, Reason::NoGrant)), "no_grant false"),
        ],
    );
    check(
        "an unknown card held again",
        mechanical(),
        vec![
            (0, In(card(1, Side::In, BEN)), "ask"),
            (0, In(deny(1, Reason::UnknownCredential)), "unknown_credential false"),
            (900, In(card(2, Side::In, BEN)), ""),
            (1_000, In(card(3, Side::In, ANNA)), "ask"),
            (1_000, In(deny(3, Reason::NoGrant)), "no_grant false"),
            (1_100, In(card(4, Side::In, ANNA)), "ask"),
            (1_100, In(deny(4, Reason::NoGrant)), "no_grant false"),
            (4_000, In(card(5, Side::In, BEN)), "ask"),
        ],
    );
    let mut steps = Vec::new();
    for attempt in 1..=5 {
        steps.push((attempt as u64, In(card(attempt, Side::In, ANNA)), "ask"));
        steps.push((attempt as u64, In(deny(attempt, Reason::WrongFinger)), "wrong_finger false"));
    }
    steps.extend([
        (5_004, In(card(6, Side::In, ANNA)), "ask"),
        (5_004, In(need(6)), "finger_paused false"),
        (5_005, In(card(7, Side::In, ANNA)), "ask"),
        (5_005, In(need(7)), "finger"),
    ]);
    check("wrong fingers in a row", mechanical(), steps);
}

#[test]
fn the_fifth_wrong_finger_makes_one_wait_and_the_tenth_raises_an_alarm() {
    let (mut door, _) = Door::start(id(1), mechanical());
    let told: Vec<(bool, bool)> = (1..=12)
        .map(|attempt| {
            door.handle(at(0), card(attempt, Side::In, ANNA));
            let actions = door.handle(at(0), deny(attempt, Reason::WrongFinger));
            let is_alarm = |action: &Action| match action {
                Action::Record { event: Event::AlarmRaised { kind, person, .. }, .. } => {
                    *kind == AlarmKind::WrongFingers && *person == Some(id(attempt + 100))
                }
                _ => false,
            };
            let is_wait = |action: &Action| *action == Action::Show(Face::Refused(Reason::FingerPaused));
            (actions.iter().any(is_wait), actions.iter().any(is_alarm))
        })
        .collect();
    let expected: Vec<_> = (1..=12).map(|attempt| (attempt >= 5, attempt == 10)).collect();
    assert_eq!(told, expected);
}

#[test]
fn out_of_reach_of_the_server_the_agent_decides_alone() {
    let offline = |attempt, outcome, reason| match verdict(attempt, outcome, reason) {
        Input::Verdict { ruling, .. } => Input::Verdict { ruling, decided: Decided::Offline },
        other => other,
    };
    check(
        "no answer in time",
        mechanical(),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (499, In(Input::Tick), ""),
            (500, In(Input::Tick), "alone"),
            (500, In(offline(1, RELEASE, Reason::Granted)), "granted true"),
            (510, In(deny(1, Reason::Blocked)), ""),
            (510, Written, "on"),
        ],
    );
    check(
        "the link breaks",
        mechanical(),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (10, In(Input::Link { is_up: false }), "alone"),
            (10, In(offline(1, Outcome::Deny, Reason::NotKnownHere)), "not_known_here false"),
            (20, In(card(2, Side::Out, BEN)), "alone"),
        ],
    );
    check(
        "a late answer to the question before",
        mechanical(),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (0, In(need(1)), "finger"),
            (5, In(finger(1, FingerOutcome::Matched)), "ask"),
            (6, In(need(1)), ""),
            (7, In(grant_by_finger(1)), "granted true"),
        ],
    );
}

#[test]
fn no_record_no_release() {
    check(
        "the journal fails",
        mechanical(),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (0, In(grant(1)), "granted true"),
            (5, Unwritten, "not_recorded false"),
            (60_000, In(Input::Tick), ""),
        ],
    );
    check(
        "the disk is slow",
        mechanical(),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (0, In(grant(1)), "granted true"),
            (2_001, Written, "release_abandoned"),
        ],
    );
    check(
        "the strike fails",
        mechanical(),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (0, In(grant(1)), "granted true"),
            (1, Written, "on"),
            (1, In(Input::StrikeFailed { is_energised: true }), "off, release_abandoned"),
            (2, In(Input::StrikeFailed { is_energised: false }), ""),
            (600, In(Input::Tick), "off"),
        ],
    );
    check(
        "a card that comes while the grant is written waits",
        mechanical(),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (0, In(grant(1)), "granted true"),
            (1, In(card(2, Side::In, BEN)), ""),
            (2, Written, "on, ask"),
            (3, In(grant(2)), "granted true"),
            (4, Written, ""),
            (1_000, In(contact(true)), ""),
            (1_030, In(Input::Tick), "opened released, 2 entered in"),
        ],
    );
}

#[test]
fn leaves_that_are_open_and_should_not_be() {
    check(
        "forced",
        mechanical(),
        vec![
            (0, In(contact(true)), ""),
            (30, In(Input::Tick), "opened alone, alarm door_forced"),
            (90_000, In(contact(false)), ""),
            (90_030, In(Input::Tick), "door_closed, clear door_forced"),
        ],
    );
    check(
        "held",
        mechanical(),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (0, In(grant(1)), "granted true"),
            (0, Written, "on"),
            (100, In(contact(true)), ""),
            (20_000, In(Input::Tick), "opened released, 1 entered in, off"),
            (30_100, In(Input::Tick), "alarm door_held"),
            (40_000, In(contact(false)), ""),
            (40_030, In(Input::Tick), "door_closed, clear door_held"),
        ],
    );
    check(
        "a contact that bounces",
        mechanical(),
        vec![(0, In(contact(true)), ""), (10, In(contact(false)), ""), (90, In(Input::Tick), "")],
    );
    check(
        "a second person through the open door",
        mechanical(),
        vec![
            (0, In(card(1, Side::In, ANNA)), "ask"),
            (0, In(grant(1)), "granted true"),
            (0, Written, "on"),
            (100, In(contact(true)), ""),
            (200, In(card(2, Side::In, BEN)), "opened released, 1 entered in, ask"),
            (200, In(grant(2)), "granted true"),
            (210, Written, "1 entered in"),
            (300, In(contact(false)), ""),
            (400, In(Input::Tick), "door_closed, off"),
        ],
    );
    check(
        "tamper",
        mechanical(),
        vec![
            (0, watched(InputKind::BoxTamper, false), ""),
            (1, watched(InputKind::BoxTamper, true), "box_tamper active, alarm tamper"),
            (2, watched(InputKind::BoxTamper, true), ""),
            (3, watched(InputKind::BoxTamper, false), "box_tamper at rest, clear tamper"),
        ],
    );
}

#[test]
fn leaving() {
    let rex = |is_pressed| In(Input::Rex { is_pressed });
    check(
        "by the handle",
        mechanical(),
        vec![
            (0, rex(true), "exit_requested"),
            (200, In(contact(true)), ""),
            (230, rex(false), "opened released"),
            (900, In(contact(false)), ""),
            (1_000, In(Input::Tick), "door_closed"),
            (7_000, In(contact(true)), ""),
            (7_100, In(Input::Tick), "opened alone, alarm door_forced"),
        ],
    );
    check(
        "the contact is a little before the handle",
        mechanical(),
        vec![(0, In(contact(true)), ""), (20, rex(true), "exit_requested"), (40, In(Input::Tick), "opened released")],
    );
    let by_system = behaviour(Exit::BySystem, true);
    check(
        "by button, whatever the journal says",
        by_system,
        vec![
            (0, rex(true), "on, exit_requested"),
            (1, Unwritten, ""),
            (10, rex(false), ""),
            (20, rex(true), ""),
            (30, rex(false), ""),
            (60_000, In(Input::Tick), "off, not_opened"),
        ],
    );
    check(
        "by card, whatever the journal says",
        by_system,
        vec![
            (0, In(card(1, Side::Out, ANNA)), "ask"),
            (
                1,
                In(verdict(1, Outcome::Grant { release_ms: 500, held_ms: 30_000 }, Reason::LeavingNotRefused)),
                "on, leaving_not_refused true",
            ),
            (2, Unwritten, ""),
            (300, In(contact(true)), ""),
            (330, In(Input::Tick), "opened released, 1 entered out"),
        ],
    );
    check(
        "entering the same door waits for the record",
        by_system,
        vec![(0, In(card(1, Side::In, ANNA)), "ask"), (1, In(grant(1)), "granted true"), (2, Written, "on")],
    );
}

#[test]
fn operators_commands() {
    check(
        "release",
        mechanical(),
        vec![
            (0, In(command(1, CommandKind::Release)), "command carried_out"),
            (5, Written, "on"),
            (100, In(contact(true)), ""),
            (130, In(Input::Tick), "opened released"),
            (200, In(command(1, CommandKind::Release)), "command repeated"),
            (10_000, In(command(3, CommandKind::Release)), "off, command expired"),
        ],
    );
    check(
        "not recorded",
        mechanical(),
        vec![
            (0, In(command(1, CommandKind::Release)), "command carried_out"),
            (5, Unwritten, "command not_recorded"),
            (60_000, In(Input::Tick), ""),
        ],
    );
}

#[test]
fn the_person_at_the_door_sees_what_to_do() {
    let (mut door, start) = Door::start(id(1), mechanical());
    assert_eq!(start, [Action::Strike { is_energised: false }, Action::Show(Face::Ready)]);
    let mut faces = Vec::new();
    let steps = [
        (0, contact(false)),
        (0, card(1, Side::In, ANNA)),
        (10, need(1)),
        (20, finger(1, FingerOutcome::Matched)),
        (30, grant_by_finger(1)),
        (40, Input::Recorded(Ticket(2))),
        (100, contact(true)),
        (130, Input::Tick),
        (5_040, Input::Tick),
        (20_200, Input::Tick),
        (30_200, Input::Tick),
        (31_000, contact(false)),
        (31_030, Input::CardUnreadable),
        (33_530, Input::Tick),
        (34_000, card(2, Side::In, ANNA)),
        (34_000, deny(2, Reason::NoGrant)),
    ];
    for (ms, input) in steps {
        faces.extend(door.handle(at(ms), input).into_iter().filter_map(|action| match action {
            Action::Show(face) => Some(face),
            _ => None,
        }));
    }
    assert_eq!(
        faces,
        [
            Face::Wait,
            Face::PlaceFinger,
            Face::Wait,
            Face::Granted,
            Face::Ready,
            Face::CloseDoor,
            Face::Alarm,
            Face::NotRead,
            Face::Ready,
            Face::Wait,
            Face::Refused(Reason::NoGrant),
        ]
    );
}

#[test]
fn an_unlocked_door_says_so_and_still_refuses_to_ones_face() {
    let (mut door, _) = Door::start(id(1), mechanical());
    let mut faces = Vec::new();
    let steps = [
        (0, contact(false)),
        (0, free(true)),
        (10, Input::Recorded(Ticket(2))),
        (1_000, card(1, Side::In, ANNA)),
        (1_010, deny(1, Reason::Blocked)),
        (3_510, Input::Tick),
        (4_000, free(false)),
    ];
    for (ms, input) in steps {
        faces.extend(door.handle(at(ms), input).into_iter().filter_map(|action| match action {
            Action::Show(face) => Some(face),
            _ => None,
        }));
    }
    let refused = Face::Refused(Reason::Blocked);
    assert_eq!(faces, [Face::Free, Face::Wait, refused, Face::Free, Face::Ready]);
}

#[test]
fn a_wait_for_another_is_shown_until_somebody_is_let_in() {
    let faces = |steps: &[(u64, Input)]| {
        let (mut door, _) = Door::start(id(1), mechanical());
        let mut faces = Vec::new();
        for (ms, input) in steps {
            while let Some(wake_ms) = door.wake_at_ms().filter(|wake_ms| wake_ms <= ms) {
                faces.extend(door.handle(at(wake_ms), Input::Tick));
                assert_ne!(door.wake_at_ms(), Some(wake_ms), "it wakes twice for one thing");
            }
            faces.extend(door.handle(at(*ms), input.clone()));
        }
        let shown = |action| match action {
            Action::Show(face) => Some(face),
            _ => None,
        };
        faces.into_iter().filter_map(shown).collect::<Vec<_>>()
    };
    for reason in [Reason::SecondPersonRequired, Reason::EscortRequired] {
        let waits = Face::WaitFor(reason);
        let refused = Face::Refused(Reason::Blocked);
        let first = [(0, contact(false)), (0, card(1, Side::In, ANNA)), (10, deny(1, reason))];
        let other = [(4_000, card(2, Side::In, ANNA)), (4_010, deny(2, Reason::Blocked))];
        let second = [(8_000, card(3, Side::In, ANNA)), (8_010, grant(3)), (8_020, Input::Recorded(Ticket(4)))];
        let both = faces(&[&first[..], &other, &second, &[(20_000, Input::Tick)]].concat());
        let expected = [Face::Wait, waits, Face::Wait, refused, waits, Face::Wait, Face::Granted, Face::Ready];
        assert_eq!(both, expected);
        let alone = faces(&[&first[..], &[(60_000, Input::Tick)]].concat());
        assert_eq!(alone, [Face::Wait, waits, Face::Ready], "nobody came");
        let signal = crate::face::signal(waits);
        assert_eq!(signal.light, hardware::door_io::Light::Waiting, "it is no refusal");
        assert!(signal.line.starts_with("Wait for"), "{}", signal.line);
    }
}

#[test]
fn an_answer_to_something_else_than_was_asked_is_none() {
    type Change = fn(&mut Attempt);
    let changes: [(&str, Change); 5] = [
        ("another door", |attempt| attempt.door = id(2)),
        ("the other side", |attempt| attempt.side = Side::Out),
        ("another card", |attempt| attempt.card = BEN),
        ("a card that proved itself", |attempt| attempt.assurance = Assurance::Authenticated),
        ("with a PIN", |attempt| attempt.pin = Some(FactorResult::Matched)),
    ];
    for (what, change) in changes {
        let (mut door, _) = Door::start(id(1), mechanical());
        door.handle(at(0), Input::Link { is_up: true });
        door.handle(at(0), contact(false));
        door.handle(at(0), card(2, Side::In, ANNA));
        let answer = |change: Change| {
            let verdict = Verdict { outcome: RELEASE, person: Some(id(102)), ..Verdict::refused(Reason::Granted, 7) };
            let mut ruling = Box::new(ruling(id(2), None, verdict));
            change(&mut ruling.attempt);
            Input::Verdict { ruling, decided: Decided::Online }
        };
        let done = door.handle(at(1), answer(change));
        assert!(done.iter().all(|action| !matches!(action, Action::Record { .. })), "{what}: {done:?}");
        let done = door.handle(at(2), answer(|_| ()));
        assert!(
            done.iter().any(|action| matches!(action, Action::Record { .. })),
            "{what}: what was asked is answered"
        );
    }
}

#[test]
fn whoever_was_admitted_passes_with_the_holder_and_has_the_holders_time() {
    let (mut door, _) = Door::start(id(1), mechanical());
    door.handle(at(0), Input::Link { is_up: true });
    door.handle(at(0), contact(false));
    door.handle(at(0), card(2, Side::In, ANNA));
    let other = Passage { person: id(55), attempt: id(1) };
    let outcome = Outcome::Grant { release_ms: 10_000, held_ms: 60_000 };
    let effects = vec![Effect::AdmitWith(vec![other])];
    let verdict = Verdict { outcome, person: Some(id(102)), effects, ..Verdict::refused(Reason::Granted, 7) };
    let ruling = Box::new(ruling(id(2), None, verdict));
    let decided = door.handle(at(1), Input::Verdict { ruling: ruling.clone(), decided: Decided::Online });
    let Some(Action::Record { ticket, event: Event::Decision(decision), .. }) = decided.first() else {
        panic!("{decided:?}")
    };
    assert_eq!(
        (&decision.attempt, &decision.verdict, &decision.circumstances),
        (&ruling.attempt, &ruling.verdict, &ruling.circumstances),
        "the record holds just what was answered"
    );
    door.handle(at(2), Input::Recorded(*ticket));
    assert!(door.is_released());
    door.handle(at(9_000), Input::Tick);
    assert!(door.is_released(), "the release time is the verdict's");
    door.handle(at(9_000), contact(true));
    let opened = door.handle(at(9_030), Input::Tick);
    let entered = opened.iter().find_map(|action| match action {
        Action::Record { event: Event::Entered { persons, .. }, .. } => Some(persons.clone()),
        _ => None,
    });
    assert_eq!(entered, Some(vec![Passage { person: id(102), attempt: id(2) }, other]));
    assert!(!door.handle(at(68_000), Input::Tick).iter().any(is_held));
    assert!(door.handle(at(69_000), Input::Tick).iter().any(is_held), "so is the time that it may stand open");
}

fn is_held(action: &Action) -> bool {
    words(action) == "alarm door_held"
}

#[test]
fn a_door_stands_unlocked_while_its_mode_says_so() {
    let mode = |is_free| In(free(is_free));
    check(
        "a free period",
        mechanical(),
        vec![
            (0, mode(false), ""),
            (10, mode(true), "free_began"),
            (11, mode(true), ""),
            (20, Written, "on"),
            (30, mode(true), ""),
            (100, In(contact(true)), ""),
            (90_000, In(Input::Tick), "opened released"),
            (90_000, In(contact(false)), ""),
            (91_000, mode(false), "door_closed, off, free_ended"),
            (92_000, In(contact(true)), ""),
            (93_000, In(Input::Tick), "opened alone, alarm door_forced"),
        ],
    );
    check(
        "a card while it is free, and a mode that ends during its release",
        mechanical(),
        vec![
            (0, mode(true), "free_began"),
            (1, Written, "on"),
            (10, In(card(1, Side::In, ANNA)), "ask"),
            (11, In(grant(1)), "granted true"),
            (12, Written, ""),
            (100, In(contact(true)), ""),
            (200, In(Input::Tick), "opened released, 1 entered in"),
            (300, In(contact(false)), ""),
            (400, In(Input::Tick), "door_closed"),
            (10_000, In(card(2, Side::In, BEN)), "ask"),
            (10_001, In(grant(2)), "granted true"),
            (10_002, Written, ""),
            (10_003, mode(false), "free_ended"),
            (60_000, In(Input::Tick), "off, not_opened"),
        ],
    );
    check(
        "what can't be recorded is not unlocked, and not tried at once again",
        mechanical(),
        vec![
            (0, mode(true), "free_began"),
            (1, Unwritten, ""),
            (1_000, mode(true), ""),
            (30_001, mode(true), "free_began"),
            (30_002, mode(false), ""),
            (30_003, Written, "free_ended"),
        ],
    );
    check(
        "a leaf that stands open when the mode ends",
        mechanical(),
        vec![
            (0, mode(true), "free_began"),
            (1, Written, "on"),
            (100, In(contact(true)), ""),
            (500_000, mode(false), "opened released, off, free_ended"),
            (529_000, In(Input::Tick), ""),
            (530_000, In(Input::Tick), "alarm door_held"),
        ],
    );
    check(
        "the strike fails",
        mechanical(),
        vec![
            (0, mode(true), "free_began"),
            (1, Written, "on"),
            (1, In(Input::StrikeFailed { is_energised: true }), "off, free_ended"),
        ],
    );
}
