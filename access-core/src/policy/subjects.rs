//! Whom rules are about: people, groups, cards, what they were granted, and what stops them.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use super::places::Place;
use crate::canonical::write_hex;
use crate::ids::{AccessLevelId, BlockId, CredentialId, GrantId, GroupId, PersonId};
use crate::time::Period;

/// A card holder, as far as rules go.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PersonRule {
    /// The pseudonym.
    pub id: PersonId,
    /// Whether the person may use anything at all.
    pub is_active: bool,
    /// Whether a finger of theirs is enrolled, beside any that is a sign of duress.
    pub has_finger: bool,
    /// Whether a PIN of theirs is enrolled.
    pub has_pin: bool,
    /// Whether doors stay released and may stand open longer for them.
    pub needs_longer: bool,
    /// Why and while they show a PIN where a finger is demanded.
    pub exemption: Option<Exemption>,
    /// Who must let them in, for a visitor.
    pub escort: Option<Escort>,
    /// Groups they are in, ascending.
    pub groups: Vec<GroupId>,
}

/// A person shows a PIN where a finger is demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Exemption {
    /// On which ground; never a medical one in words.
    pub ground: ExemptionGround,
    /// While.
    pub valid: Period,
}

crate::words! {
    /// Why a person shows no finger.
    pub enum ExemptionGround {
        /// They declined, which must not be to their disadvantage.
        Declined = "declined",
        /// No finger of theirs gives a usable template.
        NotUsable = "not_usable",
        /// For a while.
        Temporary = "temporary",
    }
}

/// A visitor comes in only with one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Escort {
    /// Who counts.
    pub by: EscortBy,
    /// Most time between the two at the same door, in seconds.
    pub within_s: u32,
}

/// Who may escort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub enum EscortBy {
    /// This person.
    Person(PersonId),
    /// Anyone of this group.
    Group(GroupId),
}

/// Persons that rules treat alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct GroupRule {
    /// Which group.
    pub id: GroupId,
    /// Whether its persons are responders: locked doors open for them.
    pub is_responder: bool,
}

/// A card, as far as rules go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CredentialRule {
    /// Which card.
    pub id: CredentialId,
    /// Its one holder.
    pub person: PersonId,
    /// What a reader sees of it.
    pub token: CardToken,
    /// Whether it may be used.
    pub state: CredentialState,
    /// When it may be used.
    pub valid: Period,
    /// Whether it can prove that it is itself: then its UID alone says nothing, whatever a site takes.
    pub proves_itself: bool,
}

crate::words! {
    /// What became of a card.
    pub enum CredentialState {
        /// In use.
        Active = "active",
        /// Out of use for a while.
        Suspended = "suspended",
        /// Reported lost.
        Lost = "lost",
        /// Reported stolen.
        Stolen = "stolen",
        /// Given back.
        Returned = "returned",
        /// Made, and not yet handed over.
        Issued = "issued",
        /// Put out of use at its end.
        Expired = "expired",
    }
}

/// A card as policies and records know it: a hash of what the reader saw, under a key of the tenant's, so that neither
/// tells the card's number to whoever reads them.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct CardToken(pub [u8; 32]);

impl fmt::Debug for CardToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardToken(")?;
        write_hex(f, &self.0[..4])?;
        f.write_str("…)")
    }
}

/// A lost or stolen card of somebody whom a cut does not hold, so that its use is noticed there all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MissingCard {
    /// What a reader sees of it.
    pub token: CardToken,
    /// Which card.
    pub id: CredentialId,
    /// Whether it was stolen, rather than lost.
    pub is_stolen: bool,
}

/// A person or group holds a level for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Grant {
    /// Which grant.
    pub id: GrantId,
    /// Who.
    pub holder: Holder,
    /// What.
    pub level: AccessLevelId,
    /// When.
    pub valid: Period,
}

/// Who holds a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Holder {
    /// This person.
    Person(PersonId),
    /// Every person of this group.
    Group(GroupId),
}

/// A refusal that beats every grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Block {
    /// Which block.
    pub id: BlockId,
    /// Whom or what it stops.
    pub subject: BlockSubject,
    /// Where.
    pub place: Place,
    /// When.
    pub valid: Period,
}

/// What a block stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum BlockSubject {
    /// A person, with every card.
    Person(PersonId),
    /// One card.
    Credential(CredentialId),
    /// Every person of a group.
    Group(GroupId),
}
