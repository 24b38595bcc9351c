//! The state diagram in [docs/door-states.md](../../../../../docs/door-states.md), drawn from what a walk meets: what somebody
//! who stands before the door would call its states, and what leads from one to another.
//!
//! `PFORTE_WRITE_DIAGRAM=1 cargo test -p door-agent --lib diagram` writes it anew.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::*;

/// What is drawn: an entry, an exit, what an operator does, modes, and a leaf that is not where it should be. Faults of
/// lines and disks are walked too, and left out of the picture.
const DRAWN: [Move; 20] = [
    Move::Card(Side::In),
    Move::Grant,
    Move::Deny,
    Move::NeedFinger,
    Move::Finger(FingerOutcome::Matched),
    Move::NeedPin,
    Move::PinTyped,
    Move::Pin(PinOutcome::Matched),
    Move::Written,
    Move::Unwritten,
    Move::Leaf,
    Move::Rex,
    Move::Command,
    Move::Mode(Setting::Normal),
    Move::Mode(Setting::Free),
    Move::Pass(40),
    Move::Pass(600),
    Move::Pass(5_100),
    Move::Pass(20_500),
    Move::Pass(31_000),
];

/// What a door looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Look {
    Locked,
    Deciding,
    FingerAwaited,
    PinAwaited,
    BeingRecorded,
    Released,
    Open,
    OpenLong,
    Held,
    Forced,
    Unlocked,
    UnlockedOpen,
}

impl Look {
    const ALL: [Self; 12] = [
        Self::Locked,
        Self::Deciding,
        Self::FingerAwaited,
        Self::PinAwaited,
        Self::BeingRecorded,
        Self::Released,
        Self::Open,
        Self::OpenLong,
        Self::Held,
        Self::Forced,
        Self::Unlocked,
        Self::UnlockedOpen,
    ];

    fn of(plant: &Plant) -> Self {
        let unit = &plant.units[0];
        let door = &unit.door;
        let is_open = door.leaf.stands_open();
        match () {
            () if door.leaf.is_forced() => Self::Forced,
            () if door.leaf.is_alarmed() => Self::Held,
            () if is_open && door.free.is_free() => Self::UnlockedOpen,
            () if door.leaf.is_open_too_long() => Self::OpenLong,
            () if is_open => Self::Open,
            () if door.free.is_free() => Self::Unlocked,
            () if door.is_released() => Self::Released,
            () if !unit.unwritten.is_empty() => Self::BeingRecorded,
            () if door.lanes.iter().any(Lane::is_wanting_finger) => Self::FingerAwaited,
            () if door.lanes.iter().any(Lane::is_wanting_pin) => Self::PinAwaited,
            () if door.lanes.iter().any(Lane::is_busy) => Self::Deciding,
            () => Self::Locked,
        }
    }

    /// Whether nothing waits beside what it looks like.
    fn is_one_thing(plant: &Plant) -> bool {
        let unit = &plant.units[0];
        match Self::of(plant) {
            Self::Deciding | Self::FingerAwaited | Self::PinAwaited | Self::BeingRecorded => {
                unit.attempts_and_commands() + unit.modes_being_recorded() == 1
            }
            _ => unit.attempts_and_commands() == 0,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Locked => "closed, locked",
            Self::Deciding => "closed, deciding",
            Self::FingerAwaited => "closed, a finger is awaited",
            Self::PinAwaited => "closed, a PIN is awaited",
            Self::BeingRecorded => "closed, a release is being recorded",
            Self::Released => "closed, released",
            Self::Open => "open",
            Self::OpenLong => "open, asks to be closed",
            Self::Held => "held open (alarm)",
            Self::Forced => "forced (alarm)",
            Self::Unlocked => "closed, unlocked by mode",
            Self::UnlockedOpen => "open, unlocked by mode",
        }
    }
}

/// What led from one look to another: what was told of it, else what was done.
fn label(step: Move, told: &[Action]) -> &'static str {
    let events = || {
        told.iter().filter_map(|action| match action {
            Action::Record { event, .. } => Some(event),
            _ => None,
        })
    };
    for event in events() {
        match event {
            Event::DoorOpened { cause: Some(_), .. } => return "the leaf opens",
            Event::DoorOpened { cause: None, .. } => return "the leaf opens, released by nothing",
            Event::DoorClosed { .. } => return "the leaf closes",
            Event::AlarmRaised { kind: AlarmKind::DoorHeld, .. } => return "open for too long",
            Event::FreeEnded { .. } => return "the mode ends",
            Event::ReleaseAbandoned { .. } => return "recorded too late",
            _ => {}
        }
    }
    match step {
        Move::Card(_) => "a card",
        Move::Grant => "granted",
        Move::Deny => "refused",
        Move::NeedFinger | Move::NeedPin if events().next().is_some() => "refused",
        Move::NeedFinger => "a finger is needed",
        Move::Finger(_) => "a finger",
        Move::NeedPin => "a PIN is needed",
        Move::PinTyped | Move::Pin(_) => "a PIN",
        Move::Written => "recorded",
        Move::Unwritten => "can't be recorded",
        Move::Rex => "REX, where only this system opens",
        Move::Command => "an operator's release",
        Move::Mode(Setting::Free) => "a free mode begins",
        Move::Mode(_) => "the mode ends",
        Move::Pass(_) if told.iter().any(|action| matches!(action, Action::Show(Face::CloseDoor))) => "open for long",
        Move::Pass(_) => "time is over",
        _ => "otherwise",
    }
}

fn drawn() -> String {
    let mut edges: BTreeMap<(Look, Look), BTreeSet<&str>> = BTreeMap::new();
    for exit in [Exit::Mechanical, Exit::BySystem] {
        walk(beginnings(&[exit], &BEGINNINGS), &DRAWN, 3, |before, step, after| {
            let (from, to) = (Look::of(before), Look::of(after));
            // Time that is long enough for two things is drawn as the two, and two things at once as each alone.
            let is_one = after.told.iter().filter(|action| leads_on(action)).count() <= 1
                && [before, after].iter().all(|plant| Look::is_one_thing(plant));
            // What waits while a leaf moves waits on: nothing leads there but what begins it.
            let is_begun = to != Look::BeingRecorded || matches!(from, Look::Locked | Look::Deciding);
            if from != to && is_one && is_begun {
                edges.entry((from, to)).or_default().insert(label(step, &after.told));
            }
        });
    }
    let mut text = String::from("stateDiagram-v2\n");
    for look in Look::ALL {
        let _ = writeln!(text, "    {look:?}: {}", look.words());
    }
    let _ = writeln!(text, "    [*] --> Locked");
    for ((from, to), labels) in edges {
        let labels: Vec<&str> = labels.into_iter().collect();
        let _ = writeln!(text, "    {from:?} --> {to:?}: {}", labels.join(" / "));
    }
    text
}

/// Whether it is one of the things that make a door look otherwise.
fn leads_on(action: &Action) -> bool {
    match action {
        Action::Record { event, .. } => matches!(
            event,
            Event::DoorOpened { .. }
                | Event::DoorClosed { .. }
                | Event::FreeEnded { .. }
                | Event::AlarmRaised { kind: AlarmKind::DoorHeld, .. }
        ),
        Action::Show(Face::CloseDoor) => true,
        _ => false,
    }
}

#[test]
fn the_diagram_in_the_docs_is_that_of_the_machine() {
    const BEGIN: &str = "```mermaid\n";
    const END: &str = "```\n";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/door-states.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let fresh = format!("{before}{BEGIN}{}{END}{after}", drawn());
    if std::env::var_os("PFORTE_WRITE_DIAGRAM").is_some() {
        std::fs::write(&path, fresh).unwrap();
    } else {
        assert_eq!(page, fresh, "docs/door-states.md is out of date: PFORTE_WRITE_DIAGRAM=1 writes it anew");
    }
}
