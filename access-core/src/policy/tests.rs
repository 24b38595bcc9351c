use super::samples::{attempt, doors, id, rows};
use super::*;
use crate::decide::{Reason, decide};
use crate::ids::{CredentialId, GrantId};
use crate::state::State;

#[test]
fn rows_that_name_what_is_not_there_are_refused() {
    type Spoil = fn(&mut PolicyRows);
    let cases: [(&str, Spoil); 7] = [
        ("names site", |rows| rows.doors[0].site = id(9)),
        ("names door", |rows| rows.levels[0].lines[0].doors.push(id(9))),
        ("names schedule", |rows| rows.levels[0].lines[0].schedule = Some(id(9))),
        ("names person", |rows| rows.grants[0].person = id(9)),
        ("two rows share door", |rows| rows.doors[1].id = id(1)),
        ("release time", |rows| rows.doors[0].release_ms = RELEASE_MS_MAX + 1),
        ("a window has no day", |rows| rows.schedules[0].windows[0].days = 0),
    ];
    for (expected, spoil) in cases {
        let mut rows = rows();
        spoil(&mut rows);
        let error = Policy::compile(rows).unwrap_err().to_string();
        assert!(error.contains(expected), "{error} should say: {expected}");
    }
}

#[test]
fn one_card_has_one_holder() {
    let mut rows = rows();
    let mut copy = rows.credentials[0];
    copy.id = CredentialId::from_uuid(uuid::Uuid::from_u128(2));
    rows.credentials.push(copy);
    assert!(matches!(Policy::compile(rows), Err(PolicyError::Doubled { .. })));
}

#[test]
fn a_cut_holds_nobody_who_may_not_use_its_doors() {
    let mut rows = rows();
    rows.levels[0].lines[0].doors = vec![id(1)];
    let whole = Policy::compile(rows).unwrap();
    let cut = Policy::compile(whole.for_doors(&doors(&[2]))).unwrap();
    assert_eq!((cut.rows().persons.len(), cut.rows().credentials.len(), cut.rows().grants.len()), (0, 0, 0));
    let mut elsewhere = attempt();
    elsewhere.door = id(2);
    assert_eq!(decide(&whole, &State::default(), &elsewhere).reason, Reason::DoorNotGranted);
    assert_eq!(decide(&cut, &State::default(), &elsewhere).reason, Reason::NotKnownHere);
}

#[test]
fn a_cut_decides_like_the_whole_at_its_doors() {
    let whole = Policy::compile(rows()).unwrap();
    let cut = Policy::compile(whole.for_doors(&doors(&[1]))).unwrap();
    assert_eq!(decide(&cut, &State::default(), &attempt()), decide(&whole, &State::default(), &attempt()));
    assert!(cut.door(id(2)).is_none());
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let mut first = rows();
    let mut second = first.grants[0];
    second.id = GrantId::from_uuid(uuid::Uuid::from_u128(2));
    first.grants.push(second);
    let mut turned = first.clone();
    turned.grants.reverse();
    assert_eq!(Policy::compile(first), Policy::compile(turned));
}
