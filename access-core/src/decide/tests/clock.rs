//! An agent that does not know the time keeps doors as locked as any hour may want them.

use super::*;
use crate::event::SetMode;
use crate::policy::{DoorMode, ModeLine};

/// Door 1 with these modes by schedule, and this one set by an operator whose end the clock does not show.
fn mode(by_schedule: &[DoorMode], set: Option<DoorMode>, clock: ClockTrust) -> ModeInForce {
    let mut rows = rows();
    rows.doors[0].modes = by_schedule.iter().map(|mode| ModeLine { schedule: id(1), mode: *mode }).collect();
    let policy = Policy::compile(rows).unwrap();
    let set_mode = set.map(|mode| SetMode { mode, until: MONDAY_NOON.plus_ms(1) });
    let (last_entered, toggled_at) = (Some(MONDAY_NOON), Some(MONDAY_NOON));
    let known = Circumstances { set_mode, last_entered, toggled_at, ..Circumstances::default() };
    mode_in_force(&policy, policy.door(id(1)).unwrap(), &known, MONDAY_NOON, clock)
}

#[test]
fn an_untrusted_clock_frees_no_door() {
    use DoorMode::{FirstPerson, Free, Locked, Normal, Toggle};
    for freeing in [Free, FirstPerson, Toggle] {
        for (by_schedule, set) in [(&[][..], Some(freeing)), (&[freeing], None), (&[freeing], Some(freeing))] {
            let trusted = mode(by_schedule, set, ClockTrust::Trusted);
            assert_eq!((trusted.mode, trusted.is_free), (freeing, true));
            let untold = mode(by_schedule, set, ClockTrust::Untrusted);
            assert_eq!((untold.mode, untold.is_free), (Normal, false));
        }
    }
    for (by_schedule, set) in [
        (&[][..], Some(Locked)),
        (&[Free], Some(Locked)),
        (&[Free, Locked], None),
        (&[Free, Locked], Some(Free)),
        (&[Locked], Some(Normal)),
    ] {
        let untold = mode(by_schedule, set, ClockTrust::Untrusted);
        assert_eq!((untold.mode, untold.is_free), (Locked, false), "{by_schedule:?} {set:?}");
    }
}

#[test]
fn a_door_that_is_locked_at_night_is_locked_where_the_hour_is_not_known() {
    let at_clock = |clock| {
        let (mut rows, mut attempt) = (rows(), attempt());
        rows.levels[0].lines[0].schedule = None;
        rows.grants[0].valid.until = None;
        // Open at another hour than now.
        let mut night = rows.schedules[0].clone();
        (night.id, night.windows[0].span.from_minute, night.windows[0].span.to_minute) = (id(2), 22 * 60, 6 * 60);
        rows.schedules.push(night);
        rows.doors[0].modes.push(ModeLine { schedule: id(2), mode: DoorMode::Locked });
        attempt.clock = clock;
        decide(&Policy::compile(rows).unwrap(), &State::default(), &attempt).reason
    };
    assert_eq!(at_clock(ClockTrust::Trusted), Reason::Granted);
    assert_eq!(at_clock(ClockTrust::Untrusted), Reason::DoorLocked);
}
