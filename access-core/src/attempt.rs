//! The question: a person at a door, what was presented, where, and when.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::ids::{AttemptId, DoorId};
use crate::policy::{CardToken, FactorDemand, Side};
use crate::time::UnixMs;

/// A person at a door: what was presented, where, and when.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Attempt {
    /// Which presentation; one id from card to decision.
    pub id: AttemptId,
    /// At which door.
    pub door: DoorId,
    /// In or out.
    pub side: Side,
    /// When; whoever decides sets it to its own now.
    pub at: UnixMs,
    /// Whether that instant can be relied on.
    pub clock: ClockTrust,
    /// The card.
    pub card: CardToken,
    /// How sure it is that it is this card.
    pub assurance: Assurance,
    /// What the sensor said, once it was asked.
    pub finger: Option<FactorResult>,
    /// What the keypad said, once it was asked.
    pub pin: Option<FactorResult>,
}

impl Attempt {
    /// The most demanding that is met by what was shown.
    pub fn shown(&self) -> FactorDemand {
        let is_shown = |factor| matches!(factor, Some(FactorResult::Matched | FactorResult::MatchedDuress));
        match (is_shown(self.finger), is_shown(self.pin)) {
            (true, _) => FactorDemand::CardFinger,
            (false, true) => FactorDemand::CardPin,
            (false, false) => FactorDemand::Card,
        }
    }

    /// Whether the holder gave the sign that they are forced.
    pub fn is_under_duress(&self) -> bool {
        [self.finger, self.pin].contains(&Some(FactorResult::MatchedDuress))
    }
}

crate::words! {
    /// Whether a clock can be relied on.
    pub enum ClockTrust {
        /// Set from a trusted source since start.
        Trusted = "trusted",
        /// Not known to be right.
        Untrusted = "untrusted",
    }
}

crate::words! {
    /// How sure it is that the card is the one it says it is.
    pub enum Assurance {
        /// Only its UID was read, which can be copied.
        WeakUid = "weak_uid",
        /// It proved knowledge of its key.
        Authenticated = "authenticated",
        /// It should have proved its key and could not.
        NotAuthentic = "not_authentic",
    }
}

crate::words! {
    /// Outcome of one comparison of a finger or PIN with the holder's.
    pub enum FactorResult {
        /// It is the holder's.
        Matched = "matched",
        /// It is not.
        NotMatched = "not_matched",
        /// It is the one that the holder enrolled as a sign of being forced.
        MatchedDuress = "matched_duress",
    }
}

crate::words! {
    /// A second factor that is still to be shown.
    pub enum Factor {
        /// The holder's finger.
        Finger = "finger",
        /// The holder's PIN.
        Pin = "pin",
    }
}
