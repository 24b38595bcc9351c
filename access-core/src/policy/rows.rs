//! The rules as they are stored and sent: plain rows, each naming others by id. [`Policy`](super::Policy) is their
//! compiled form.

use borsh::{BorshDeserialize, BorshSerialize};

use super::levels::AccessLevel;
use super::places::{AreaRule, DoorRule, InterlockRule, SiteRule, ThreatLevelRule, TravelTime};
use super::schedule::{Calendar, Schedule};
use super::subjects::{Block, CredentialRule, Grant, GroupRule, MissingCard, PersonRule};
use super::tenant::TenantRules;
use crate::ids::TenantId;

/// Everything that decisions of one tenant depend on, in one version.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PolicyRows {
    /// Whose rules.
    pub tenant: TenantId,
    /// Counts up with every change.
    pub version: u64,
    /// The whole, or what one agent needs of it.
    pub scope: PolicyScope,
    /// Choices for all doors.
    pub rules: TenantRules,
    /// Places.
    pub sites: Vec<SiteRule>,
    /// Parts of sites.
    pub areas: Vec<AreaRule>,
    /// Doors.
    pub doors: Vec<DoorRule>,
    /// Airlocks.
    pub interlocks: Vec<InterlockRule>,
    /// Least times between doors.
    pub travel: Vec<TravelTime>,
    /// What threat levels mean.
    pub threat_levels: Vec<ThreatLevelRule>,
    /// Uncommon days.
    pub calendars: Vec<Calendar>,
    /// Weekly windows.
    pub schedules: Vec<Schedule>,
    /// Access levels.
    pub levels: Vec<AccessLevel>,
    /// Groups.
    pub groups: Vec<GroupRule>,
    /// Card holders.
    pub persons: Vec<PersonRule>,
    /// Cards.
    pub credentials: Vec<CredentialRule>,
    /// Lost and stolen cards of people who are not in a cut. Empty in the whole.
    pub missing_cards: Vec<MissingCard>,
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

impl PolicyRows {
    /// A tenant without rules: nobody, nowhere.
    pub fn empty(tenant: TenantId) -> Self {
        Self {
            tenant,
            version: 0,
            scope: PolicyScope::Whole,
            rules: TenantRules::default(),
            sites: Vec::new(),
            areas: Vec::new(),
            doors: Vec::new(),
            interlocks: Vec::new(),
            travel: Vec::new(),
            threat_levels: Vec::new(),
            calendars: Vec::new(),
            schedules: Vec::new(),
            levels: Vec::new(),
            groups: Vec::new(),
            persons: Vec::new(),
            credentials: Vec::new(),
            missing_cards: Vec::new(),
            grants: Vec::new(),
            blocks: Vec::new(),
        }
    }
}
