//! Random attempts at a random tenant's doors.

use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::{CARDS, DOORS, any_id, any_instant};
use crate::attempt::{Assurance, Attempt, ClockTrust, FactorResult};
use crate::policy::{CardToken, Side};
use crate::word::Word as _;

/// The token of the card with this number.
pub fn token(card: u128) -> CardToken {
    let mut token = [0; 32];
    token[..16].copy_from_slice(&card.to_be_bytes());
    CardToken(token)
}

prop_compose! {
    /// An attempt with one of a random tenant's cards, or an unknown one; sometimes at an unknown door.
    pub fn any_attempt()(
        id in (1u128..1_000).prop_map(|number| super::id(1_000_000 + number)),
        door in prop_oneof![30 => any_id(DOORS), 1 => any_id(DOORS + 1)],
        side in select(Side::ALL),
        at in any_instant(),
        clock in prop_oneof![8 => Just(ClockTrust::Trusted), 1 => Just(ClockTrust::Untrusted)],
        card in prop_oneof![40 => 1..=CARDS, 1 => Just(CARDS + 1)],
        assurance in prop_oneof![
            30 => Just(Assurance::Authenticated), 4 => Just(Assurance::WeakUid), 1 => Just(Assurance::NotAuthentic),
        ],
        finger in of(any_result()),
        pin in of(any_result()),
    ) -> Attempt {
        Attempt { id, door, side, at, clock, card: token(card), assurance, finger, pin }
    }
}

fn any_result() -> impl Strategy<Value = FactorResult> {
    prop_oneof![
        4 => Just(FactorResult::Matched), 1 => Just(FactorResult::NotMatched), 1 => Just(FactorResult::MatchedDuress),
    ]
}
