//! The rules as they are stored and sent: plain rows, each naming others by id. [`Policy`](super::Policy) is their
//! compiled form.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use super::schedule::Schedule;
use crate::canonical::write_hex;
use crate::ids::{AccessLevelId, BlockId, CredentialId, DoorId, GrantId, PersonId, ScheduleId, SiteId, TenantId};
use crate::time::{Period, Zone};

/// Everything that decisions of one tenant depend on, in one version.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PolicyRows {
    /// Whose rules.
    pub tenant: TenantId,
    /// Counts up with every change.
    pub version: u64,
    /// The whole, or what one agent needs of it.
    pub scope: PolicyScope,
    /// Places.
    pub sites: Vec<SiteRule>,
    /// Doors.
    pub doors: Vec<DoorRule>,
    /// Weekly windows.
    pub schedules: Vec<Schedule>,
    /// Access levels.
    pub levels: Vec<AccessLevel>,
    /// Card holders.
    pub persons: Vec<PersonRule>,
    /// Cards.
    pub credentials: Vec<CredentialRule>,
    /// Who holds which level.
    pub grants: Vec<Grant>,
    /// Who is refused whatever was granted.
    pub blocks: Vec<Block>,
}

/// How much of a tenant's rules a policy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum PolicyScope {
    /// All: a card that is not in it does not exist.
    Whole,
    /// What some doors need: a card that is not in it may exist elsewhere.
    Cut,
}

/// A place with one time zone.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SiteRule {
    /// Which site.
    pub id: SiteId,
    /// What its clocks show.
    pub zone: Zone,
    /// Whether cards known only by their UID, which can be copied, are taken here. A recorded loosening.
    pub accepts_uid_only: bool,
}

/// What one door demands and how it behaves.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct DoorRule {
    /// Which door.
    pub id: DoorId,
    /// Where it stands.
    pub site: SiteId,
    /// Factors to enter.
    pub factors_in: FactorDemand,
    /// Factors to leave.
    pub factors_out: FactorDemand,
    /// How long the strike is energised for an entry, in milliseconds.
    pub release_ms: u32,
    /// How long the door may stand open after an entry before an alarm, in milliseconds.
    pub held_ms: u32,
    /// How people leave.
    pub exit: Exit,
    /// Whether a contact tells the leaf's position.
    pub has_contact: bool,
}

impl DoorRule {
    /// Factors that a side demands.
    pub fn factors(&self, side: Side) -> FactorDemand {
        match side {
            Side::In => self.factors_in,
            Side::Out => self.factors_out,
        }
    }
}

crate::words! {
    /// Direction of a passage: into the protected area, or out of it.
    pub enum Side {
        /// Into the area that the door protects.
        In = "in",
        /// Out of it.
        Out = "out",
    }
}

crate::words! {
    /// What a door demands on one side.
    pub enum FactorDemand {
        /// A known card.
        Card = "card",
        /// A known card and its holder's finger.
        CardFinger = "card_finger",
    }
}

crate::words! {
    /// How one leaves through a door.
    pub enum Exit {
        /// By handle, panic bar or a wired button: this software only observes it.
        Mechanical = "mechanical",
        /// By this system: REX input or reader on side out. Leaving is then never refused to a known card.
        BySystem = "by_system",
    }
}

/// Doors × sides × schedules, granted together.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccessLevel {
    /// Which level.
    pub id: AccessLevelId,
    /// Holds a door when any of these does.
    pub lines: Vec<LevelLine>,
}

/// One line of an access level.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct LevelLine {
    /// These doors,
    pub doors: Vec<DoorId>,
    /// on these sides,
    pub sides: Sides,
    /// within this schedule; none means always.
    pub schedule: Option<ScheduleId>,
}

crate::words! {
    /// Sides of a door that a level's line covers.
    pub enum Sides {
        /// Entering only.
        In = "in",
        /// Leaving only.
        Out = "out",
        /// Both.
        Both = "both",
    }
}

impl Sides {
    /// Whether `side` is among these.
    pub fn covers(self, side: Side) -> bool {
        matches!((self, side), (Self::Both, _) | (Self::In, Side::In) | (Self::Out, Side::Out))
    }
}

/// A card holder, as far as rules go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PersonRule {
    /// The pseudonym.
    pub id: PersonId,
    /// Whether the person may use anything at all.
    pub is_active: bool,
    /// Whether a finger of theirs is enrolled.
    pub has_finger: bool,
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

/// A person holds a level for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Grant {
    /// Which grant.
    pub id: GrantId,
    /// Who.
    pub person: PersonId,
    /// What.
    pub level: AccessLevelId,
    /// When.
    pub valid: Period,
}

/// A refusal that beats every grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Block {
    /// Which block.
    pub id: BlockId,
    /// Whom or what it stops.
    pub subject: BlockSubject,
    /// When.
    pub valid: Period,
}

/// What a block stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum BlockSubject {
    /// A person, with every card.
    Person(PersonId),
    /// One card.
    Credential(CredentialId),
}
