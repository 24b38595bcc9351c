//! Inputs that are only watched.

use super::*;

#[test]
fn each_is_recorded_and_one_alarm_stands_for_all_of_a_kind() {
    check(
        "three switches, one alarm",
        mechanical(),
        vec![
            (0, watched(InputKind::ReaderTamper, true), "reader_tamper active, alarm tamper"),
            (1, watched(InputKind::SensorTamper, true), "sensor_tamper active"),
            (2, watched(InputKind::ReaderTamper, false), "reader_tamper at rest"),
            (3, watched(InputKind::SensorTamper, false), "sensor_tamper at rest, clear tamper"),
        ],
    );
    check(
        "the supply",
        mechanical(),
        vec![
            (0, watched(InputKind::MainsLost, true), "mains_lost active, alarm mains_lost"),
            (1, watched(InputKind::BatteryLow, true), "battery_low active, alarm battery_low"),
            (2, watched(InputKind::MainsLost, false), "mains_lost at rest, clear mains_lost"),
        ],
    );
}

#[test]
fn fire_is_told_and_moves_no_strike() {
    check(
        "before, during and after a release",
        mechanical(),
        vec![
            (0, watched(InputKind::Fire, true), "fire active, alarm fire"),
            (10, In(card(1, Side::In, ANNA)), "ask"),
            (11, In(grant(1)), "granted true"),
            (12, Written, "on"),
            (20, watched(InputKind::Fire, false), "fire at rest, clear fire"),
            (30, watched(InputKind::Fire, true), "fire active, alarm fire"),
            (60_000, In(Input::Tick), "off, not_opened"),
        ],
    );
}

fn zones(armed: ZonesArmed) -> impl FnMut(u64, Input) -> Vec<String> {
    let (mut door, _) = Door::start(id(1), mechanical());
    door.arm_zones(armed);
    door.handle(at(0), contact(false));
    move |ms, input| {
        let done = door.handle(at(ms), input);
        done.iter().filter(|action| !matches!(action, Action::Show(_))).map(words).collect()
    }
}

#[test]
fn a_zone_is_an_alarm_only_while_it_is_armed() {
    let zone = |is_active| Input::Watched { input: InputKind::Zone2, is_active };
    let mut always = zones(ZonesArmed::Always);
    assert_eq!(always(1, zone(true)), ["zone_2 active", "alarm zone"]);
    assert_eq!(always(2, zone(false)), ["zone_2 at rest", "clear zone"]);
    let mut never = zones(ZonesArmed::Never);
    assert_eq!(never(1, zone(true)), ["zone_2 active"]);
    let mut locked = zones(ZonesArmed::WhileLocked);
    assert_eq!(locked(1, free(true)), ["free_began"]);
    assert_eq!(locked(2, Input::Recorded(Ticket(2))), ["on"]);
    assert_eq!(locked(3, zone(true)), ["zone_2 active"], "the door stands unlocked");
    assert_eq!(locked(4, free(false)), ["off", "free_ended", "alarm zone"], "what is open when it is locked");
    assert_eq!(locked(5, free(true)), ["free_began"]);
    assert_eq!(locked(6, Input::Recorded(Ticket(6))), ["on", "clear zone"]);
}

#[test]
fn what_is_active_when_it_is_first_looked_at_is_told() {
    let (mut door, _) = Door::start(id(1), mechanical());
    let mut told = |input, is_active| {
        let done = door.handle(at(0), Input::Watched { input, is_active });
        done.iter().filter(|action| !matches!(action, Action::Show(_))).map(words).collect::<Vec<_>>()
    };
    assert_eq!(told(InputKind::MainsLost, false), [""; 0]);
    assert_eq!(told(InputKind::BatteryLow, true), ["battery_low active", "alarm battery_low"]);
}
