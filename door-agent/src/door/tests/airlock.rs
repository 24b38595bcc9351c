//! A door of an airlock: what is asked once more before a release, what ends a free period, and contacts that contradict each other.

use super::*;

const SECURED: Beside = Beside { open: 0, is_unsecured: false };
const RELEASED: Beside = Beside { open: 0, is_unsecured: true };
const OPEN: Beside = Beside { open: 1, is_unsecured: true };

/// A door with its lines, whose newest record waits for the disk.
struct Scene {
    door: Door,
    newest: Ticket,
}

impl Scene {
    fn new(exit: Exit) -> Self {
        let (mut door, _) = Door::start(id(1), behaviour(exit, true));
        door.handle(at(0), Input::Link { is_up: true });
        door.handle(at(0), contact(false));
        Self { door, newest: Ticket(0) }
    }

    /// What comes of an input, with how the other doors stand then.
    fn step(&mut self, ms: u64, beside: Beside, input: Input) -> String {
        self.door.beside(beside);
        let done = self.door.handle(at(ms), input);
        let mut tickets = done.iter().filter_map(|action| match action {
            Action::Record { ticket, .. } => Some(*ticket),
            _ => None,
        });
        self.newest = tickets.next_back().unwrap_or(self.newest);
        done.iter().map(words).collect::<Vec<_>>().join(", ")
    }

    fn written(&mut self, ms: u64, beside: Beside) -> String {
        self.step(ms, beside, Input::Recorded(self.newest))
    }
}

fn mode(mode: DoorMode, is_free: bool, is_locked_down: bool) -> Input {
    Input::Mode(ModeInForce { mode, is_free, is_locked_down })
}

fn lockdown() -> Input {
    mode(DoorMode::Normal, false, true)
}

#[test]
fn a_grant_is_abandoned_where_another_door_was_opened_or_released_meanwhile() {
    for beside in [RELEASED, OPEN] {
        let mut scene = Scene::new(Exit::Mechanical);
        scene.step(0, SECURED, card(1, Side::In, ANNA));
        assert_eq!(scene.step(1, SECURED, grant(1)), "granted true");
        assert_eq!(scene.written(2, beside), "release_abandoned, Refused(Interlock)");
        assert!(!scene.door.is_released());
        assert_eq!(scene.step(60_000, SECURED, Input::Tick), "Ready", "and not made up for later");
    }
}

#[test]
fn contacts_that_contradict_the_rule_keep_nobody_from_leaving() {
    const TWO_OPEN: Beside = Beside { open: 2, is_unsecured: true };
    let written = |own_is_open, side, beside| {
        let mut scene = Scene::new(Exit::Mechanical);
        scene.step(0, SECURED, contact(own_is_open));
        scene.step(50, SECURED, Input::Tick);
        scene.step(100, SECURED, card(1, side, ANNA));
        scene.step(101, SECURED, if side == Side::Out { grant_out(1) } else { grant(1) });
        scene.written(102, beside).contains("on, ")
    };
    assert!(written(true, Side::Out, OPEN), "this one and another");
    assert!(written(false, Side::Out, TWO_OPEN), "two others");
    assert!(!written(false, Side::Out, OPEN), "one that is open contradicts nothing");
    assert!(!written(true, Side::Out, RELEASED), "nor one that is released");
    assert!(!written(true, Side::In, OPEN) && !written(false, Side::In, TWO_OPEN), "nobody comes in");
    let mut scene = Scene::new(Exit::Mechanical);
    scene.step(1, SECURED, command(2, CommandKind::Release));
    assert_eq!(
        scene.written(2, TWO_OPEN),
        "release_abandoned, Refused(Interlock)",
        "an operator lets nobody in either"
    );
}

#[test]
fn an_operator_releases_no_door_beside_one_that_is_not_secured() {
    let mut scene = Scene::new(Exit::Mechanical);
    assert_eq!(scene.step(0, OPEN, command(1, CommandKind::Release)), "command interlock");
    assert_eq!(scene.step(1, SECURED, command(2, CommandKind::Release)), "command carried_out");
    assert_eq!(scene.written(2, RELEASED), "release_abandoned, Refused(Interlock)");
    assert_eq!(scene.step(3, SECURED, command(3, CommandKind::Release)), "command carried_out");
    assert_eq!(scene.written(4, SECURED), "on, Granted");
}

#[test]
fn a_lock_that_came_after_the_decision_keeps_the_door_shut() {
    let locked = || mode(DoorMode::Locked, false, false);
    for (lock, face) in [(lockdown as fn() -> Input, "Lockdown"), (locked, "DoorLocked")] {
        let mut scene = Scene::new(Exit::Mechanical);
        scene.step(0, SECURED, card(1, Side::In, ANNA));
        scene.step(1, SECURED, grant(1));
        scene.step(2, SECURED, lock());
        assert_eq!(scene.written(3, SECURED), format!("release_abandoned, Refused({face})"));
        // A decision that knew of it is a responder's.
        scene.step(5_000, SECURED, card(2, Side::In, ANNA));
        scene.step(5_001, SECURED, grant(2));
        assert_eq!(scene.written(5_002, SECURED), "on, Granted");
    }
    let mut scene = Scene::new(Exit::Mechanical);
    scene.step(0, SECURED, card(1, Side::In, ANNA));
    scene.step(1, SECURED, locked());
    scene.step(2, SECURED, grant(1));
    scene.step(3, SECURED, lockdown());
    assert_eq!(scene.written(4, SECURED), "release_abandoned, Refused(Lockdown)", "a graver lock");
    let mut scene = Scene::new(Exit::Mechanical);
    scene.step(0, SECURED, card(1, Side::Out, ANNA));
    scene.step(1, SECURED, grant_out(1));
    scene.step(2, SECURED, lockdown());
    assert_eq!(scene.written(3, SECURED), "on, Granted", "leaving is not touched by it");
    let mut scene = Scene::new(Exit::Mechanical);
    scene.step(0, SECURED, command(1, CommandKind::Release));
    scene.step(1, SECURED, lockdown());
    assert_eq!(scene.written(2, SECURED), "on, Granted", "nor are operators");
}

#[test]
fn whoever_leaves_by_this_system_is_let_out_beside_an_open_door() {
    let mut scene = Scene::new(Exit::BySystem);
    let pressed = scene.step(0, OPEN, Input::Rex { is_pressed: true });
    assert_eq!(pressed, "on, exit_requested, alarm left_against_rule, Granted");
    scene.step(500, OPEN, Input::Rex { is_pressed: false });
    assert_eq!(scene.step(600, OPEN, Input::Rex { is_pressed: true }), "", "the same request");
    let mut scene = Scene::new(Exit::BySystem);
    assert_eq!(scene.step(0, SECURED, Input::Rex { is_pressed: true }), "on, exit_requested, Granted");
    let mut scene = Scene::new(Exit::Mechanical);
    assert_eq!(scene.step(0, OPEN, Input::Rex { is_pressed: true }), "exit_requested", "a handle asks nobody");
    let mut scene = Scene::new(Exit::BySystem);
    scene.step(0, OPEN, card(1, Side::Out, ANNA));
    assert_eq!(scene.step(1, OPEN, grant_out(1)), "on, granted true, Granted", "by card, too");
}

#[test]
fn a_lock_that_came_while_the_lines_were_away_keeps_the_strike_at_rest() {
    let back = |side, decided_under: Option<fn() -> Input>| {
        let mut scene = Scene::new(Exit::Mechanical);
        decided_under.map(|lock| scene.step(0, SECURED, lock()));
        scene.step(1, SECURED, card(1, side, ANNA));
        scene.step(2, SECURED, if side == Side::Out { grant_out(1) } else { grant(1) });
        assert_eq!(scene.written(3, SECURED), "on, Granted");
        assert!(scene.step(4, SECURED, Input::LinesBack).starts_with("on"), "nothing came between");
        scene.step(5, SECURED, lockdown());
        scene.step(6, SECURED, Input::LinesBack)
    };
    assert_eq!(back(Side::In, None), "off, Ready");
    assert_eq!(back(Side::In, Some(lockdown)), "on, Granted", "a responder");
    assert_eq!(back(Side::Out, None), "on, Granted", "somebody leaves");
}

#[test]
fn lines_that_come_back_beside_an_open_door_let_nobody_in() {
    let back = |side, beside| {
        let mut scene = Scene::new(Exit::Mechanical);
        scene.step(1, SECURED, card(1, side, ANNA));
        scene.step(2, SECURED, if side == Side::Out { grant_out(1) } else { grant(1) });
        assert_eq!(scene.written(3, SECURED), "on, Granted");
        scene.step(4, beside, Input::LinesBack)
    };
    assert_eq!(back(Side::In, SECURED), "on, Granted");
    assert_eq!(back(Side::In, OPEN), "off, Ready");
    assert_eq!(back(Side::In, RELEASED), "off, Ready");
    assert_eq!(back(Side::Out, OPEN), "on, Granted", "whoever was let out goes on");
    for (beside, becomes) in [(SECURED, "on, Granted"), (OPEN, "off, Ready"), (RELEASED, "off, Ready")] {
        let mut scene = Scene::new(Exit::Mechanical);
        scene.step(1, SECURED, command(1, CommandKind::Release));
        assert_eq!(scene.written(2, SECURED), "on, Granted");
        assert_eq!(scene.step(3, beside, Input::LinesBack), becomes, "nor does an operator");
    }
}

#[test]
fn a_door_stands_unlocked_only_while_the_others_are_secured() {
    let free = || mode(DoorMode::Free, true, false);
    let mut scene = Scene::new(Exit::Mechanical);
    assert_eq!(scene.step(0, RELEASED, free()), "");
    assert_eq!(scene.step(1, SECURED, free()), "free_began");
    assert_eq!(scene.step(2, OPEN, free()), "", "it is being written");
    assert_eq!(scene.written(3, OPEN), "free_ended");
    assert_eq!(scene.step(4, SECURED, free()), "free_began");
    assert_eq!(scene.written(5, SECURED), "on, Free");
    assert_eq!(scene.step(6, RELEASED, free()), "off, free_ended, Ready");
    assert_eq!(scene.step(7, SECURED, free()), "free_began");
}

#[test]
fn contacts_that_contradict_each_other_raise_an_alarm_until_one_is_closed() {
    let opens = |scene: &mut Scene, beside| {
        scene.step(0, SECURED, Input::Rex { is_pressed: true });
        scene.step(10, beside, contact(true));
        scene.step(50, beside, Input::Tick)
    };
    let mut scene = Scene::new(Exit::Mechanical);
    assert_eq!(opens(&mut scene, OPEN), "opened released, alarm interlock_contradiction");
    assert_eq!(scene.step(60, OPEN, Input::Tick), "", "once");
    assert_eq!(scene.step(70, SECURED, Input::Tick), "clear interlock_contradiction", "the other was closed");
    assert_eq!(scene.step(80, OPEN, Input::Tick), "", "the other one that opens raises it");
    let mut scene = Scene::new(Exit::Mechanical);
    opens(&mut scene, OPEN);
    scene.step(100, OPEN, contact(false));
    assert_eq!(scene.step(150, OPEN, Input::Tick), "door_closed, clear interlock_contradiction");
    let mut scene = Scene::new(Exit::Mechanical);
    assert_eq!(opens(&mut scene, RELEASED), "opened released", "a released door is not open");
    let (mut door, _) = Door::start(id(1), mechanical());
    door.beside(OPEN);
    let found: Vec<String> = door.handle(at(0), contact(true)).iter().map(words).collect();
    assert!(found.contains(&"alarm interlock_contradiction".to_owned()), "{found:?}");
}

#[test]
fn a_door_is_secured_when_it_is_closed_and_its_strike_at_rest() {
    let mut scene = Scene::new(Exit::BySystem);
    assert!(scene.door.is_secured() && !scene.door.is_open());
    scene.step(0, SECURED, contact(true));
    assert!(scene.door.is_open() && !scene.door.is_secured(), "though it may only bounce");
    scene.step(10, SECURED, contact(false));
    assert!(scene.door.is_secured());
    scene.step(100, SECURED, Input::Rex { is_pressed: true });
    assert!(!scene.door.is_open() && !scene.door.is_secured(), "released");
    scene.step(200, SECURED, Input::Rex { is_pressed: false });
    scene.step(6_000, SECURED, Input::Tick);
    assert!(scene.door.is_secured());
    scene.step(6_001, SECURED, Input::StrikeFailed { is_energised: false });
    assert!(!scene.door.is_secured(), "it may not be at rest");
}
