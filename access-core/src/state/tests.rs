use super::*;
use crate::policy::samples::{MONDAY_NOON, id};

#[test]
fn whoever_passes_is_where_the_newest_passage_led() {
    let mut state = State::default();
    let passage = Passage { person: id(1), attempt: id(1) };
    state.passed(passage, id(1), Side::In, MONDAY_NOON);
    state.passed(passage, id(1), Side::Out, MONDAY_NOON.plus_ms(-1));
    let seen = Whereabouts { door: id(1), side: Side::In, at: MONDAY_NOON };
    assert_eq!(state.whereabouts(id(1)), Some(seen), "a late record overwrites nothing newer");
}
