//! Every state that a door, or an airlock's two, comes into by so many moves, in whatever order: the laws hold in each.
//!
//! [`plant`] is what stands around the machines: strikes, contacts, a journal, a loop that carries out what they want. [`laws`]
//! judges by that alone and asks no machine. [`normal`] tells states apart. In each state that is walked from everything is let go
//! of once, and the doors must come to rest. [`diagram`] draws what is met.
//!
//! What only is told of a door and moves nothing (fire, supply, zones, waits, duress) is walked by itself: beside the rest it would
//! multiply every state.
//!
//! The walk is by breadth: each state is met first by the fewest moves, so those that are met again are not walked from
//! twice. `PFORTE_WALK_MOVES=4` walks further than every run does.

use std::collections::HashSet;
use std::rc::Rc;

use super::*;

mod diagram;
mod laws;
mod normal;
mod plant;

use plant::{Move, Plant, Setting};

/// What moves a door and its strike. Times are a little more than what they are for: see [`Move::Pass`].
const WHOLE: [Move; 33] = [
    Move::Card(Side::In),
    Move::Card(Side::Out),
    Move::OtherCard,
    Move::Grant,
    Move::Deny,
    Move::NeedFinger,
    Move::Finger(FingerOutcome::Matched),
    Move::Finger(FingerOutcome::NotMatched),
    Move::NeedPin,
    Move::PinTyped,
    Move::Pin(PinOutcome::Matched),
    Move::Written,
    Move::Unwritten,
    Move::Leaf,
    Move::Flutter,
    Move::Rex,
    Move::Watched(InputKind::BoxTamper),
    Move::Command,
    Move::Mode(Setting::Normal),
    Move::Mode(Setting::Free),
    Move::Mode(Setting::Lockdown),
    Move::Link,
    Move::DriveFails,
    Move::LinesBack,
    Move::Exit,
    Move::Pass(10),
    Move::Pass(40),
    Move::Pass(600),
    Move::Pass(2_100),
    Move::Pass(5_100),
    Move::Pass(11_000),
    Move::Pass(31_000),
    Move::Pass(61_000),
];

/// What bears on another door of an airlock.
const BESIDE: [Move; 14] = [
    Move::Card(Side::In),
    Move::Card(Side::Out),
    Move::Grant,
    Move::Written,
    Move::Leaf,
    Move::Rex,
    Move::Command,
    Move::Mode(Setting::Normal),
    Move::Mode(Setting::Free),
    Move::DriveFails,
    Move::LinesBack,
    Move::Pass(40),
    Move::Pass(600),
    Move::Pass(5_100),
];

/// Where walks begin, by the moves that lead there: so that the few moves of a walk are not spent on opening a door.
/// Moves that are none in a state are left out.
const BEGINNINGS: [&[Move]; 18] = [
    &[],
    &[Move::Card(Side::In), Move::NeedFinger],
    &[Move::Card(Side::In), Move::NeedPin],
    &[Move::Card(Side::In), Move::Grant],
    &[Move::Card(Side::Out), Move::Grant],
    &[Move::Command],
    &[Move::Card(Side::In), Move::Grant, Move::Written],
    &[Move::Card(Side::In), Move::Grant, Move::Written, Move::Leaf, Move::Pass(40)],
    &[Move::Card(Side::In), Move::Grant, Move::Written, Move::Leaf, Move::Pass(40), Move::Pass(20_500)],
    &[Move::Card(Side::In), Move::Grant, Move::Written, Move::Leaf, Move::Pass(40), Move::Pass(31_000)],
    &[Move::Card(Side::In), Move::Grant, Move::Written, Move::Pass(5_100)],
    &[Move::Leaf, Move::Pass(40)],
    &[Move::Mode(Setting::Free), Move::Written],
    &[Move::Mode(Setting::Free), Move::Written, Move::Leaf, Move::Pass(40)],
    &[Move::Rex],
    &[Move::Rex, Move::Leaf, Move::Pass(40)],
    &[Move::Rex, Move::Pass(61_000)],
    &[
        Move::Command,
        Move::Written,
        Move::Pass(11_000),
        Move::Command,
        Move::Written,
        Move::Pass(11_000),
        Move::Command,
        Move::Written,
        Move::Pass(11_000),
    ],
];

/// What is told of a door beside that: every kind of input that is only watched (low battery alone is left out: it goes the way of
/// lost mains), somebody who waits for another, signs of duress, a card that is needed again.
const TOLD: [Move; 26] = [
    Move::Card(Side::In),
    Move::OtherCard,
    Move::Grant,
    Move::Wait,
    Move::NeedFinger,
    Move::CardNeeded(true),
    Move::CardNeeded(false),
    Move::Finger(FingerOutcome::MatchedDuress),
    Move::NeedPin,
    Move::PinTyped,
    Move::Pin(PinOutcome::MatchedDuress),
    Move::Written,
    Move::Unwritten,
    Move::Leaf,
    Move::Rex,
    Move::Watched(InputKind::BoxTamper),
    Move::Watched(InputKind::ReaderTamper),
    Move::Watched(InputKind::Fire),
    Move::Watched(InputKind::MainsLost),
    Move::Watched(InputKind::Zone1),
    Move::Disarm,
    Move::Mode(Setting::Lockdown),
    Move::Pass(40),
    Move::Pass(5_100),
    Move::Pass(11_000),
    Move::Pass(31_000),
];

/// Where walks over that begin.
const TELLING: [&[Move]; 13] = [
    &[],
    &[Move::Card(Side::In), Move::NeedFinger],
    &[Move::Card(Side::In), Move::NeedFinger, Move::Finger(FingerOutcome::MatchedDuress)],
    &[Move::Card(Side::In), Move::NeedPin],
    &[Move::Card(Side::In), Move::Wait],
    &[Move::Card(Side::In), Move::Wait, Move::OtherCard],
    &[Move::Card(Side::In), Move::Wait, Move::OtherCard, Move::Grant, Move::Written],
    &[Move::Card(Side::In), Move::Grant, Move::Written, Move::Leaf, Move::Pass(40)],
    &[Move::Leaf, Move::Pass(40)],
    &[Move::Watched(InputKind::Fire)],
    &[Move::Watched(InputKind::MainsLost), Move::Watched(InputKind::BoxTamper)],
    &[Move::Watched(InputKind::Zone1)],
    &[Move::Disarm, Move::Watched(InputKind::Zone1)],
];

/// How far the walks of every run go.
const MOVES: usize = 3;
/// Less of states and steps is no walk through a door.
const FAR: (usize, usize) = (2_000, 50_000);

/// A state with the moves that lead to it first.
struct Met {
    plant: Plant,
    way: Rc<Way>,
}

/// The newest move, and those before it, back to the beginning of this number.
struct Way {
    number: usize,
    step: Option<(usize, Move)>,
    before: Option<Rc<Way>>,
}

impl Way {
    fn told(&self) -> String {
        let before = self.before.as_ref().map_or(format!(" beginning {}", self.number), |before| before.told());
        self.step.map_or(before.clone(), |(door, step)| format!("{before}\n  door {door}: {step:?}"))
    }
}

/// How far a walk came.
#[derive(Debug, Default)]
struct Walked {
    /// States in each of which every move was made, and everything was let go of.
    states: usize,
    /// Moves that were made, after each of which the laws were judged.
    steps: usize,
}

/// The plant at each beginning.
fn beginnings(exits: &[Exit], from: &[&[Move]]) -> Vec<Plant> {
    let begin = |moves: &&[Move]| {
        let mut plant = Plant::new(exits);
        for step in *moves {
            plant.make(0, *step);
        }
        plant
    };
    from.iter().map(begin).collect()
}

/// Walks so many moves from the beginnings, and tells `look` each step: the plant before and after it.
fn walk(from: Vec<Plant>, alphabet: &[Move], moves: usize, mut look: impl FnMut(&Plant, Move, &Plant)) -> Walked {
    let mut seen: HashSet<u128> = from.iter().map(normal::of).collect();
    let begin = |(number, plant)| Met { plant, way: Rc::new(Way { number, step: None, before: None }) };
    let mut edge: Vec<Met> = from.into_iter().enumerate().map(begin).collect();
    let mut walked = Walked::default();
    for made in 1..=moves {
        let mut next = Vec::new();
        for met in &edge {
            let mut rested = met.plant.clone();
            rested.come_to_rest();
            assert!(rested.broken.is_empty(), "{:?} at rest after{}", rested.broken, met.way.told());
            for (door, step) in steps(&met.plant, alphabet) {
                let mut plant = met.plant.clone();
                if !plant.make(door, step) {
                    continue;
                }
                walked.steps += 1;
                let way =
                    || Rc::new(Way { number: met.way.number, step: Some((door, step)), before: Some(met.way.clone()) });
                assert!(plant.broken.is_empty(), "{:?} after{}", plant.broken, way().told());
                look(&met.plant, step, &plant);
                if made < moves && seen.insert(normal::of(&plant)) {
                    next.push(Met { plant, way: way() });
                }
            }
        }
        walked.states += edge.len();
        edge = next;
    }
    walked
}

/// Each move at each door; time passes for all.
fn steps(plant: &Plant, alphabet: &[Move]) -> Vec<(usize, Move)> {
    let at_each = |step: &Move| {
        let doors = if matches!(step, Move::Pass(_)) { 1 } else { plant.doors() };
        (0..doors).map(|door| (door, *step)).collect::<Vec<_>>()
    };
    alphabet.iter().flat_map(at_each).collect()
}

/// Walks from so many doors, says how far, and that it is far enough.
fn walks(exits: &[Exit], alphabet: &[Move], from: &[&[Move]], (states_min, steps_min): (usize, usize)) {
    let moves = std::env::var("PFORTE_WALK_MOVES").ok().and_then(|text| text.parse().ok()).unwrap_or(MOVES);
    let mut signs = 0;
    let walked = walk(beginnings(exits, from), alphabet, moves, |before, step, after| {
        let Some(plain) = step.without_duress() else { return };
        signs += 1;
        let mut unmarked = before.clone();
        unmarked.make(0, plain);
        assert_eq!(after.told_unmarked(), unmarked.told_unmarked(), "a sign of duress shows at the door");
    });
    println!(
        "walk: {exits:?}, {moves} moves from {} beginnings: {} states, {} steps, {signs} signs of duress",
        from.len(),
        walked.states,
        walked.steps
    );
    assert_eq!(signs > 0, alphabet.iter().any(|step| step.without_duress().is_some()));
    assert!(walked.states > states_min && walked.steps > steps_min, "it has hardly been anywhere: {walked:?}");
}

#[test]
fn the_laws_hold_in_every_state_of_a_door_with_a_handle() {
    walks(&[Exit::Mechanical], &WHOLE, &BEGINNINGS, FAR);
}

#[test]
fn the_laws_hold_in_every_state_of_a_door_that_only_this_system_opens() {
    walks(&[Exit::BySystem], &WHOLE, &BEGINNINGS, FAR);
}

#[test]
fn the_laws_hold_in_every_state_of_an_airlock() {
    walks(&[Exit::Mechanical, Exit::Mechanical], &BESIDE, &BEGINNINGS, FAR);
}

#[test]
fn the_laws_hold_in_every_state_of_an_airlock_with_a_way_out() {
    walks(&[Exit::BySystem, Exit::Mechanical], &BESIDE, &BEGINNINGS, FAR);
}

#[test]
fn the_laws_hold_whatever_else_is_told_of_a_door() {
    for exit in [Exit::Mechanical, Exit::BySystem] {
        walks(&[exit], &TOLD, &TELLING, (1_000, 20_000));
    }
}
