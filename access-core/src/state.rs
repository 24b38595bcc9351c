//! What happened before, as far as rules and screens ask for it. It changes only by [`State::apply`], so that it can be
//! rebuilt from the log.

use std::collections::BTreeMap;

use crate::event::{Event, Record};
use crate::ids::{DoorId, PersonId};
use crate::policy::Side;
use crate::time::UnixMs;

/// Where people were last seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    whereabouts: BTreeMap<PersonId, Whereabouts>,
}

/// The newest passage of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whereabouts {
    /// Through which door.
    pub door: DoorId,
    /// In or out.
    pub side: Side,
    /// When.
    pub at: UnixMs,
}

impl State {
    /// Takes note of a record. A late one never overwrites a newer passage.
    pub fn apply(&mut self, record: &Record) {
        if let Event::Entered { door, side, persons } = &record.event {
            for passage in persons {
                let seen = Whereabouts { door: *door, side: *side, at: record.at };
                let newest = self.whereabouts.entry(passage.person).or_insert(seen);
                if (seen.at, seen.door, seen.side) > (newest.at, newest.door, newest.side) {
                    *newest = seen;
                }
            }
        }
    }

    /// Where a person was last seen to pass.
    pub fn whereabouts(&self, person: PersonId) -> Option<Whereabouts> {
        self.whereabouts.get(&person).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::chain::Digest;
    use crate::decide::ClockTrust;
    use crate::event::{Author, Passage};
    use crate::ids::{AgentId, AttemptId};

    fn entered(person: u128, door: u128, at: i64) -> Record {
        Record {
            author: Author::Agent(AgentId::from_uuid(Uuid::from_u128(1))),
            epoch: 1,
            seq: 1,
            previous: Digest::ZERO,
            at: UnixMs(at),
            clock: ClockTrust::Trusted,
            event: Event::Entered {
                door: DoorId::from_uuid(Uuid::from_u128(door)),
                side: Side::In,
                persons: vec![Passage {
                    person: PersonId::from_uuid(Uuid::from_u128(person)),
                    attempt: AttemptId::from_uuid(Uuid::from_u128(1)),
                }],
            },
        }
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_does_not_matter(
            mut passages in proptest::collection::vec((0u128..3, 0u128..3, 0i64..10), 0..20),
            seed in any::<u64>(),
        ) {
            let build = |passages: &[(u128, u128, i64)]| {
                let mut state = State::default();
                passages.iter().for_each(|&(person, door, at)| state.apply(&entered(person, door, at)));
                state
            };
            let in_order = build(&passages);
            let turn = seed as usize % passages.len().max(1);
            passages.rotate_left(turn);
            passages.reverse();
            prop_assert_eq!(build(&passages), in_order);
        }
    }
}
