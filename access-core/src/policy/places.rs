//! Where rules hold: sites, areas, doors, and what is demanded there.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::ids::{AreaId, CalendarId, DoorId, GroupId, InterlockId, ScheduleId, SiteId};
use crate::time::Zone;

/// A door, or all doors of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Place {
    /// Every door of the tenant.
    Tenant,
    /// Every door of a site.
    Site(SiteId),
    /// Every door that protects an area: leads into it on side in.
    Area(AreaId),
    /// One door.
    Door(DoorId),
}

impl Place {
    /// Whether `door` is one of its doors.
    pub fn holds(self, door: &DoorRule) -> bool {
        match self {
            Self::Tenant => true,
            Self::Site(site) => door.site == site,
            Self::Area(area) => door.leads_to == area,
            Self::Door(id) => door.id == id,
        }
    }
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
    /// Which days are no common ones here.
    pub calendar: Option<CalendarId>,
}

/// A part of a site.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AreaRule {
    /// Which area.
    pub id: AreaId,
    /// Where it is.
    pub site: SiteId,
    /// What happens when somebody passes who is known to be elsewhere.
    pub anti_passback: AntiPassback,
    /// Most persons in it.
    pub persons_max: Option<u32>,
    /// Whether nobody may be alone in it.
    pub two_person: Option<TwoPerson>,
}

/// What happens when somebody passes who is known to be elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum AntiPassback {
    /// Nothing.
    Off,
    /// An alarm.
    Soft,
    /// A refusal, until so long after the last passage.
    Timed {
        /// Seconds.
        within_s: u32,
    },
    /// A refusal.
    Hard,
}

/// Nobody is alone in an area: people enter it empty, and leave it last, in pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TwoPerson {
    /// Most time between the two of a pair, in seconds.
    pub within_s: u32,
    /// One of a pair that enters must be of the one group, the other of the other.
    pub groups: Option<(GroupId, GroupId)>,
}

/// What one door demands and how it behaves.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct DoorRule {
    /// Which door.
    pub id: DoorId,
    /// Where it stands.
    pub site: SiteId,
    /// Area on its unprotected side.
    pub leads_from: AreaId,
    /// Area that it protects: where side in leads.
    pub leads_to: AreaId,
    /// Factors to enter.
    pub factors_in: FactorDemand,
    /// Factors to leave.
    pub factors_out: FactorDemand,
    /// Other demands at some hours: the first open line of a side counts.
    pub factor_lines: Vec<FactorLine>,
    /// Modes at some hours: the first open line counts.
    pub modes: Vec<ModeLine>,
    /// How long the strike is energised for an entry, in milliseconds.
    pub release_ms: u32,
    /// How long the door may stand open after an entry before an alarm, in milliseconds.
    pub held_ms: u32,
    /// `release_ms` for a person who needs longer.
    pub release_longer_ms: u32,
    /// `held_ms` for a person who needs longer.
    pub held_longer_ms: u32,
    /// How people leave.
    pub exit: Exit,
    /// Whether a contact tells the leaf's position.
    pub has_contact: bool,
}

impl DoorRule {
    /// Factors that a side demands when no line says otherwise.
    pub fn factors(&self, side: Side) -> FactorDemand {
        match side {
            Side::In => self.factors_in,
            Side::Out => self.factors_out,
        }
    }

    /// Where a side starts from.
    pub fn area_before(&self, side: Side) -> AreaId {
        match side {
            Side::In => self.leads_from,
            Side::Out => self.leads_to,
        }
    }

    /// Where a side leads to.
    pub fn area_after(&self, side: Side) -> AreaId {
        match side {
            Side::In => self.leads_to,
            Side::Out => self.leads_from,
        }
    }
}

/// Other factors than the door's own, at some hours.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FactorLine {
    /// On this side,
    pub side: Side,
    /// while this schedule is open.
    pub schedule: ScheduleId,
    /// What is demanded.
    pub factors: FactorDemand,
}

/// A mode at some hours.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ModeLine {
    /// While this schedule is open.
    pub schedule: ScheduleId,
    /// How the door behaves.
    pub mode: DoorMode,
}

crate::words! {
    /// How a door behaves for a while.
    pub enum DoorMode {
        /// By its rules.
        Normal = "normal",
        /// Responders only.
        Locked = "locked",
        /// Unlocked.
        Free = "free",
        /// Unlocked once somebody has come in.
        FirstPerson = "first_person",
        /// Every entry that is granted unlocks it or locks it again.
        Toggle = "toggle",
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
    /// What a door demands on one side. A later one demands more: compare with `<`.
    pub enum FactorDemand {
        /// A known card.
        Card = "card",
        /// A known card and its holder's PIN.
        CardPin = "card_pin",
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

/// Doors of which at most one may be open or released: an airlock.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct InterlockRule {
    /// Which group.
    pub id: InterlockId,
    /// Its doors, ascending. A door is in one group at most.
    pub doors: Vec<DoorId>,
}

/// Least time to walk between two places, either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TravelTime {
    /// The places.
    pub between: TravelEnds,
    /// Seconds.
    pub least_s: u32,
}

/// Two doors, or two sites: any door of the one and any of the other. A site with itself means any two of its doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum TravelEnds {
    /// The smaller id first.
    Doors(DoorId, DoorId),
    /// The smaller id first.
    Sites(SiteId, SiteId),
}

/// What is in force where an operator has set this threat level.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ThreatLevelRule {
    /// Its number, from 1; the higher, the graver. 0 is the normal one and has no rule.
    pub level: u8,
    /// Whether doors are locked on side in.
    pub locks: bool,
    /// Which; none means every door of the place where the level was set.
    pub places: Vec<Place>,
    /// Factors that are demanded at least, on side in.
    pub factors: Option<FactorDemand>,
    /// Groups for whom neither holds.
    pub exempt: Vec<GroupId>,
}
