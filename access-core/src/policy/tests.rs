use super::samples::{attempt, doors, id, rows};
use super::*;
use crate::decide::decide;
use crate::ids::{CredentialId, GrantId};
use crate::state::State;
use crate::verdict::Reason;

#[test]
fn rows_that_name_what_is_not_there_are_refused() {
    type Spoil = fn(&mut PolicyRows);
    let cases: [(&str, Spoil); 7] = [
        ("names site", |rows| rows.doors[0].site = id(9)),
        ("names door", |rows| rows.levels[0].lines[0].places.push(Place::Door(id(9)))),
        ("names schedule", |rows| rows.levels[0].lines[0].schedule = Some(id(9))),
        ("names person", |rows| rows.grants[0].holder = Holder::Person(id(9))),
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
    rows.levels[0].lines[0].places = vec![Place::Door(id(1))];
    let whole = Policy::compile(rows).unwrap();
    let part = whole.for_doors(&doors(&[2]));
    assert_eq!((part.persons.len(), part.credentials.len(), part.grants.len()), (0, 0, 0));
    let cut = Policy::compile(part).unwrap();
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

#[test]
fn changes_put_in_replace_and_take_out() {
    let policy = Policy::compile(rows()).unwrap();
    let mut person = rows().persons.remove(0);
    person.is_active = false;
    let changes = [
        PolicyChange::Put(PolicyRow::Person(person)),
        PolicyChange::Remove(PolicyRowId::Grant(id(1))),
        PolicyChange::Put(PolicyRow::Group(GroupRule { id: id(5), is_responder: false })),
    ];
    let changed = policy.with(&changes).unwrap();
    let mut expected = rows();
    expected.persons[0].is_active = false;
    expected.grants.clear();
    expected.groups.push(GroupRule { id: id(5), is_responder: false });
    assert_eq!(changed, Policy::compile(expected).unwrap());
    assert_eq!(policy, Policy::compile(rows()).unwrap(), "the old one stays");
    assert_eq!((changed.version(), changed.at_version(9).version()), (7, 9));
}

#[test]
fn changes_that_leave_no_policy_are_refused_by_name() {
    let policy = Policy::compile(rows()).unwrap();
    let no_such = policy.with(&[PolicyChange::Remove(PolicyRowId::Grant(id(9)))]).unwrap_err();
    assert_eq!(no_such.to_string(), "there is no grant 00000000-0000-0000-0000-000000000009");
    let still_named = policy.with(&[PolicyChange::Remove(PolicyRowId::Level(id(1)))]).unwrap_err();
    assert!(matches!(still_named, PolicyError::Dangling { what: "access level", .. }), "{still_named}");
    let both = [PolicyChange::Remove(PolicyRowId::Level(id(1))), PolicyChange::Remove(PolicyRowId::Grant(id(1)))];
    assert!(policy.with(&both).is_ok(), "only the outcome must make sense");
}
