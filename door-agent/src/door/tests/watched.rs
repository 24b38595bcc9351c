//! Inputs that are only watched.

use access_core::event::DoorZone;

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

#[test]
fn a_zone_is_an_alarm_unless_operators_disarmed_it() {
    let zone = |input, is_active| watched(input, is_active);
    let disarmed = |zones: &[DoorZone]| In(Input::Disarmed(zones.iter().copied().collect()));
    check(
        "armed, until it is said otherwise",
        mechanical(),
        vec![
            (0, zone(InputKind::Zone2, true), "zone_2 active, alarm zone"),
            (1, zone(InputKind::Zone2, false), "zone_2 at rest, clear zone"),
            (2, disarmed(&[DoorZone::Zone2]), ""),
            (3, zone(InputKind::Zone2, true), "zone_2 active"),
            (4, zone(InputKind::Zone3, true), "zone_3 active, alarm zone"),
            (5, zone(InputKind::Zone3, false), "zone_3 at rest, clear zone"),
            (6, disarmed(&[]), "alarm zone"),
            (7, disarmed(&[DoorZone::Zone2, DoorZone::Zone3]), "clear zone"),
            (8, disarmed(&[DoorZone::Zone3]), "alarm zone"),
            (9, zone(InputKind::Zone2, false), "zone_2 at rest, clear zone"),
        ],
    );
    check(
        "nothing else is ever disarmed",
        mechanical(),
        vec![
            (0, disarmed(&[DoorZone::Zone1, DoorZone::Zone2, DoorZone::Zone3, DoorZone::Zone4]), ""),
            (1, watched(InputKind::BoxTamper, true), "box_tamper active, alarm tamper"),
            (2, watched(InputKind::Fire, true), "fire active, alarm fire"),
            (3, In(free(true)), "free_began"),
            (4, Written, "on"),
            (5, zone(InputKind::Zone1, true), "zone_1 active"),
        ],
    );
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
