//! What doors need: the rules of one tenant, compiled for deciding.
//!
//! The server compiles it from its tables, an agent from its signed bundle; both get the same answers from
//! [`decide`](crate::decide::decide). A policy never changes: a new version is a new policy.

use std::collections::{BTreeMap, BTreeSet};

mod change;
mod check;
mod cut;
mod levels;
mod nearest;
mod places;
mod rows;
mod schedule;
mod subjects;
mod tenant;
mod times;

pub use change::{PolicyChange, PolicyRow, PolicyRowId};
pub use check::PolicyError;
pub use levels::{AccessLevel, LevelLine, Sides};
pub use nearest::{Allowed, Fit, Hours, Nearest};
pub use places::{
    AntiPassback, AreaRule, DoorMode, DoorRule, Exit, FactorDemand, FactorLine, InterlockRule, ModeLine, Place, Side,
    SiteRule, ThreatLevelRule, TravelEnds, TravelTime, TwoPerson,
};
pub use rows::{PolicyRows, PolicyScope};
pub use schedule::{
    Calendar, CalendarDay, DAY_TYPES_MAX, ExceptionDay, MINUTES_PER_DAY, OpenWindow, Schedule, Span, Window,
};
pub use subjects::{
    Block, BlockSubject, CardToken, CredentialRule, CredentialState, Escort, EscortBy, Exemption, ExemptionGround,
    Grant, GroupRule, Holder, MissingCard, PersonRule,
};
pub use tenant::{Alone, AloneRules, Suspicion, TenantRules, WaivableRule};
pub use times::STRETCH_MS_MAX;
pub(crate) use times::stretch;

use crate::ids::{
    AccessLevelId, AreaId, CalendarId, CredentialId, DoorId, GroupId, InterlockId, PersonId, ScheduleId, SiteId,
    TenantId,
};
use crate::time::{LocalTime, Period, UnixMs};

/// Longest release that a door may have, in milliseconds.
pub const RELEASE_MS_MAX: u32 = 60_000;
/// Longest time that a door may stand open without an alarm, in milliseconds.
pub const HELD_MS_MAX: u32 = 60 * 60_000;

/// Longest time between two who need each other, in seconds.
pub const PAIR_S_MAX: u32 = 60 * 60;

/// The rules of one tenant, checked and indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    rows: PolicyRows,
    usable_until: Option<UnixMs>,
    sites: BTreeMap<SiteId, usize>,
    areas: BTreeMap<AreaId, usize>,
    doors: BTreeMap<DoorId, usize>,
    interlocks: BTreeMap<InterlockId, usize>,
    interlock_of: BTreeMap<DoorId, usize>,
    travel: BTreeMap<TravelEnds, u32>,
    calendars: BTreeMap<CalendarId, usize>,
    schedules: BTreeMap<ScheduleId, usize>,
    levels: BTreeMap<AccessLevelId, usize>,
    groups: BTreeMap<GroupId, usize>,
    persons: BTreeMap<PersonId, usize>,
    credentials: BTreeMap<CardToken, usize>,
    /// Places in `rows.credentials`, by holder.
    cards_of: BTreeMap<PersonId, Vec<usize>>,
    missing_cards: BTreeMap<CardToken, usize>,
    /// Places in `rows.grants`, which is sorted by holder.
    grants: BTreeMap<Holder, std::ops::Range<usize>>,
}

/// A card as the policy knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardView<'a> {
    /// Which card.
    pub id: CredentialId,
    /// What became of it.
    pub state: CredentialState,
    /// When it may be used.
    pub valid: Period,
    /// Its holder; none for a lost or stolen card of somebody who is not in the cut.
    pub person: Option<PersonView<'a>>,
}

/// A card holder as the policy knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonView<'a> {
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
    pub groups: &'a [GroupId],
}

impl PersonView<'_> {
    /// The row.
    pub fn to_rule(&self) -> PersonRule {
        PersonRule {
            id: self.id,
            is_active: self.is_active,
            has_finger: self.has_finger,
            has_pin: self.has_pin,
            needs_longer: self.needs_longer,
            exemption: self.exemption,
            escort: self.escort,
            groups: self.groups.to_vec(),
        }
    }
}

impl Policy {
    /// Checks and indexes rows. Their order does not matter.
    pub fn compile(mut rows: PolicyRows) -> Result<Self, PolicyError> {
        check::put_in_order(&mut rows);
        check::check(&rows)?;
        let policy = Self {
            sites: places_of(&rows.sites, |site| site.id),
            areas: places_of(&rows.areas, |area| area.id),
            doors: places_of(&rows.doors, |door| door.id),
            interlocks: places_of(&rows.interlocks, |interlock| interlock.id),
            interlock_of: rows
                .interlocks
                .iter()
                .enumerate()
                .flat_map(|(place, interlock)| interlock.doors.iter().map(move |door| (*door, place)))
                .collect(),
            travel: rows.travel.iter().map(|time| (time.between, time.least_s)).collect(),
            calendars: places_of(&rows.calendars, |calendar| calendar.id),
            schedules: places_of(&rows.schedules, |schedule| schedule.id),
            levels: places_of(&rows.levels, |level| level.id),
            groups: places_of(&rows.groups, |group| group.id),
            persons: places_of(&rows.persons, |person| person.id),
            credentials: places_of(&rows.credentials, |card| card.token),
            cards_of: places_by_holder(&rows.credentials),
            missing_cards: places_of(&rows.missing_cards, |card| card.token),
            grants: ranges_by_holder(&rows.grants),
            usable_until: None,
            rows,
        };
        Ok(policy)
    }

    /// The same policy, to be used no later than `until` (an agent's copy ages; see `policy_too_old`).
    #[must_use]
    pub fn usable_until(mut self, until: UnixMs) -> Self {
        self.usable_until = Some(until);
        self
    }

    /// Whether the policy has not aged out at `at`.
    pub fn is_usable(&self, at: UnixMs) -> bool {
        self.usable_until.is_none_or(|until| at <= until)
    }

    /// Whose rules.
    pub fn tenant(&self) -> TenantId {
        self.rows.tenant
    }

    /// Which version.
    pub fn version(&self) -> u64 {
        self.rows.version
    }

    /// The whole, or a cut.
    pub fn scope(&self) -> PolicyScope {
        self.rows.scope
    }

    /// The tenant's choices.
    pub fn rules(&self) -> &TenantRules {
        &self.rows.rules
    }

    /// The rows it was compiled from, in order.
    pub fn rows(&self) -> &PolicyRows {
        &self.rows
    }

    /// A site.
    pub fn site(&self, id: SiteId) -> Option<&SiteRule> {
        self.sites.get(&id).map(|&at| &self.rows.sites[at])
    }

    /// An area.
    pub fn area(&self, id: AreaId) -> Option<&AreaRule> {
        self.areas.get(&id).map(|&at| &self.rows.areas[at])
    }

    /// A door.
    pub fn door(&self, id: DoorId) -> Option<&DoorRule> {
        self.doors.get(&id).map(|&at| &self.rows.doors[at])
    }

    /// Every access level, by id.
    pub fn levels(&self) -> &[AccessLevel] {
        &self.rows.levels
    }

    /// Every door, by id.
    pub fn doors(&self) -> &[DoorRule] {
        &self.rows.doors
    }

    /// The interlock group of a door.
    pub fn interlock_of(&self, door: DoorId) -> Option<&InterlockRule> {
        self.interlock_of.get(&door).map(|&at| &self.rows.interlocks[at])
    }

    /// An access level.
    pub fn level(&self, id: AccessLevelId) -> Option<&AccessLevel> {
        self.levels.get(&id).map(|&at| &self.rows.levels[at])
    }

    /// A schedule.
    pub fn schedule(&self, id: ScheduleId) -> Option<&Schedule> {
        self.schedules.get(&id).map(|&at| &self.rows.schedules[at])
    }

    /// A calendar.
    pub fn calendar(&self, id: CalendarId) -> Option<&Calendar> {
        self.calendars.get(&id).map(|&at| &self.rows.calendars[at])
    }

    /// What a threat level means: the highest description that is not above it, so that raising a level never loosens
    /// anything. 0 means nothing.
    pub fn threat_level(&self, level: u8) -> Option<&ThreatLevelRule> {
        self.rows.threat_levels.iter().rev().find(|rule| rule.level <= level)
    }

    /// Whether a group's persons are responders.
    pub fn is_responder(&self, group: GroupId) -> bool {
        self.groups.get(&group).is_some_and(|&at| self.rows.groups[at].is_responder)
    }

    /// A card, by what the reader saw of it.
    pub fn card(&self, token: &CardToken) -> Option<CardView<'_>> {
        if let Some(&at) = self.credentials.get(token) {
            let CredentialRule { id, person, state, valid, .. } = self.rows.credentials[at];
            return Some(CardView { id, state, valid, person: self.person(person) });
        }
        let missing = &self.rows.missing_cards[*self.missing_cards.get(token)?];
        let state = if missing.is_stolen { CredentialState::Stolen } else { CredentialState::Lost };
        Some(CardView { id: missing.id, state, valid: Period::ALWAYS, person: None })
    }

    /// A card, with its token, by its id.
    pub fn credential(&self, id: CredentialId) -> Option<CredentialRule> {
        let place = self.rows.credentials.binary_search_by_key(&id, |card| card.id).ok()?;
        Some(self.rows.credentials[place])
    }

    /// The cards of a person, by id.
    pub fn cards_of(&self, person: PersonId) -> impl Iterator<Item = CredentialRule> {
        self.cards_of.get(&person).into_iter().flatten().map(|&at| self.rows.credentials[at])
    }

    /// A card holder.
    pub fn person(&self, id: PersonId) -> Option<PersonView<'_>> {
        self.persons.get(&id).map(|&at| view(&self.rows.persons[at]))
    }

    /// Every card holder, by id.
    pub fn persons(&self) -> impl Iterator<Item = PersonView<'_>> {
        self.rows.persons.iter().map(view)
    }

    /// What a person or group holds by itself, by id.
    pub fn grants(&self, holder: Holder) -> &[Grant] {
        self.grants.get(&holder).map_or(&[], |range| &self.rows.grants[range.clone()])
    }

    /// What a person holds, by themselves or in their groups.
    pub fn grants_of<'a>(&'a self, person: &PersonView<'a>) -> impl Iterator<Item = &'a Grant> {
        let in_groups = person.groups.iter().flat_map(|group| self.grants(Holder::Group(*group)));
        self.grants(Holder::Person(person.id)).iter().chain(in_groups)
    }

    /// Blocks that stop this card, its holder, or a group of theirs, anywhere and at any time.
    pub fn blocks_of<'a>(&'a self, card: CredentialId, person: &PersonView<'a>) -> impl Iterator<Item = &'a Block> {
        let (person_id, groups) = (person.id, person.groups);
        self.rows.blocks.iter().filter(move |block| match block.subject {
            BlockSubject::Person(blocked) => blocked == person_id,
            BlockSubject::Credential(blocked) => blocked == card,
            BlockSubject::Group(blocked) => groups.contains(&blocked),
        })
    }

    /// Whether the table of travel times names this door or its site.
    pub fn travel_concerns(&self, door: &DoorRule) -> bool {
        !self.travel.is_empty()
            && self.travel.keys().any(|ends| match *ends {
                TravelEnds::Doors(one, other) => one == door.id || other == door.id,
                TravelEnds::Sites(one, other) => one == door.site || other == door.site,
            })
    }

    /// Least seconds to walk from one door to another, if the table tells.
    pub fn travel_s(&self, from: DoorId, to: DoorId) -> Option<u32> {
        let doors = TravelEnds::Doors(from.min(to), from.max(to));
        let sites = || {
            let (from, to) = (self.door(from)?.site, self.door(to)?.site);
            self.travel.get(&TravelEnds::Sites(from.min(to), from.max(to)))
        };
        self.travel.get(&doors).or_else(sites).copied()
    }

    /// Whether a schedule is open at a door when the wall there shows `local`.
    pub fn is_open(&self, schedule: ScheduleId, door: &DoorRule, local: Option<LocalTime>) -> bool {
        let (Some(local), Some(schedule)) = (local, self.schedule(schedule)) else { return false };
        schedule.is_open(self.calendar_at(door), local)
    }

    /// The calendar of a door's site.
    pub fn calendar_at(&self, door: &DoorRule) -> Option<&Calendar> {
        self.calendar(self.site(door.site)?.calendar?)
    }

    /// What an agent that serves `doors` needs of it. See [`cut`].
    pub fn for_doors(&self, doors: &BTreeSet<DoorId>) -> PolicyRows {
        cut::for_doors(self, doors)
    }
}

fn view(person: &PersonRule) -> PersonView<'_> {
    PersonView {
        id: person.id,
        is_active: person.is_active,
        has_finger: person.has_finger,
        has_pin: person.has_pin,
        needs_longer: person.needs_longer,
        exemption: person.exemption,
        escort: person.escort,
        groups: &person.groups,
    }
}

fn places_of<Row, Id: Ord>(rows: &[Row], id: impl Fn(&Row) -> Id) -> BTreeMap<Id, usize> {
    rows.iter().enumerate().map(|(place, row)| (id(row), place)).collect()
}

fn places_by_holder(cards: &[CredentialRule]) -> BTreeMap<PersonId, Vec<usize>> {
    let mut places: BTreeMap<PersonId, Vec<usize>> = BTreeMap::new();
    for (place, card) in cards.iter().enumerate() {
        places.entry(card.person).or_default().push(place);
    }
    places
}

fn ranges_by_holder(grants: &[Grant]) -> BTreeMap<Holder, std::ops::Range<usize>> {
    let mut ranges: BTreeMap<Holder, std::ops::Range<usize>> = BTreeMap::new();
    for (place, grant) in grants.iter().enumerate() {
        ranges.entry(grant.holder).or_insert(place..place).end = place + 1;
    }
    ranges
}

#[cfg(test)]
pub(crate) mod samples;

#[cfg(test)]
mod tests;
