//! What doors need: the rules of one tenant, compiled for deciding.
//!
//! The server compiles it from its tables, an agent from its signed bundle; both get the same answers from
//! [`decide`](crate::decide::decide). A policy never changes: a new version is a new policy, which shares with the old one what did not
//! change ([`Policy::with`]).
//!
//! [`people`] holds persons with their cards and grants, compactly; [`frame`], everything else, with what was worked out for it.

use std::collections::BTreeSet;
use std::sync::Arc;

mod between;
mod change;
mod check;
mod cut;
mod draft;
mod frame;
mod holders;
mod index;
mod levels;
mod nearest;
mod people;
mod places;
mod reach;
mod rows;
mod schedule;
mod stops;
mod subjects;
mod tenant;
mod times;
mod views;

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
pub use views::{CardView, PersonView};

pub(crate) use holders::{Holders, Holding, Likeness};

use check::Known;
use frame::Frame;
use people::{Bulk, CardKind, Member, People};

use crate::ids::{
    AccessLevelId, AreaId, BlockId, CalendarId, CredentialId, DoorId, GrantId, GroupId, PersonId, ScheduleId, SiteId,
    TenantId,
};
use crate::time::{LocalTime, Period, UnixMs};

/// Longest release that a door may have, in milliseconds.
pub const RELEASE_MS_MAX: u32 = 60_000;
/// Longest time that a door may stand open without an alarm, in milliseconds.
pub const HELD_MS_MAX: u32 = 60 * 60_000;

/// Longest time between two who need each other, in seconds.
pub const PAIR_S_MAX: u32 = 60 * 60;

/// The rules of one tenant, checked and compiled. A copy shares everything.
#[derive(Debug, Clone)]
pub struct Policy {
    version: u64,
    usable_until: Option<UnixMs>,
    frame: Arc<Frame>,
    people: Arc<People>,
}

/// Two are equal that have the same rows and age alike.
impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        (self.version, self.usable_until) == (other.version, other.usable_until)
            && self.frame.rows == other.frame.rows
            && self.people_differing(other).next().is_none()
    }
}

impl Eq for Policy {}

impl Policy {
    /// Checks and compiles rows. Their order does not matter.
    pub fn compile(mut rows: PolicyRows) -> Result<Self, PolicyError> {
        let (persons, cards) = (std::mem::take(&mut rows.persons), std::mem::take(&mut rows.credentials));
        let bulk = Bulk::new(persons, cards, std::mem::take(&mut rows.grants));
        rows.grants.extend(bulk.nobodys_grants());
        check::put_in_order(&mut rows);
        let known = Known::of(&rows);
        check::check(&rows, &known)?;
        check::check_subjects(&bulk, &rows, &known)?;
        let version = std::mem::take(&mut rows.version);
        let frame = Frame::of(rows, known, &[]);
        let people = People::load(&bulk, &frame.levels);
        Ok(Self { version, usable_until: None, frame: Arc::new(frame), people: Arc::new(people) })
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
        self.frame.rows.tenant
    }

    /// Which version.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The same policy under another version.
    #[must_use]
    pub fn at_version(mut self, version: u64) -> Self {
        self.version = version;
        self
    }

    /// The whole, or a cut.
    pub fn scope(&self) -> PolicyScope {
        self.frame.rows.scope
    }

    /// The tenant's choices.
    pub fn rules(&self) -> &TenantRules {
        &self.frame.rows.rules
    }

    /// The rows that it would be compiled from, in order. They are made anew each time, and far larger than the policy.
    pub fn to_rows(&self) -> PolicyRows {
        let mut rows = self.frame.rows.clone();
        rows.version = self.version;
        let of_groups = std::mem::take(&mut rows.grants);
        rows.persons.extend(self.persons().map(|person| person.to_rule()));
        rows.credentials.extend(self.people.iter().flat_map(|member| member.card_rules().collect::<Vec<_>>()));
        rows.credentials.sort_unstable_by_key(|card| card.id);
        rows.grants.extend(self.all_grants());
        debug_assert!(rows.grants.ends_with(&of_groups));
        rows
    }

    /// Every site, by id.
    pub fn sites(&self) -> &[SiteRule] {
        &self.frame.rows.sites
    }

    /// A site.
    #[inline]
    pub fn site(&self, id: SiteId) -> Option<&SiteRule> {
        self.frame.known.sites.place(id).map(|at| &self.frame.rows.sites[at])
    }

    /// Every area, by id.
    pub fn areas(&self) -> &[AreaRule] {
        &self.frame.rows.areas
    }

    /// An area.
    #[inline]
    pub fn area(&self, id: AreaId) -> Option<&AreaRule> {
        self.frame.known.areas.place(id).map(|at| &self.frame.rows.areas[at])
    }

    /// Every door, by id.
    pub fn doors(&self) -> &[DoorRule] {
        &self.frame.rows.doors
    }

    /// A door.
    #[inline]
    pub fn door(&self, id: DoorId) -> Option<&DoorRule> {
        self.frame.known.doors.place(id).map(|at| &self.frame.rows.doors[at])
    }

    /// Every airlock, by id.
    pub fn interlocks(&self) -> &[InterlockRule] {
        &self.frame.rows.interlocks
    }

    /// The interlock group of a door.
    pub fn interlock_of(&self, door: DoorId) -> Option<&InterlockRule> {
        self.frame.interlock_of.get(&door).map(|&at| &self.frame.rows.interlocks[at])
    }

    /// Every access level, by id.
    pub fn levels(&self) -> &[AccessLevel] {
        &self.frame.rows.levels
    }

    /// An access level.
    pub fn level(&self, id: AccessLevelId) -> Option<&AccessLevel> {
        self.frame.known.levels.place(id).map(|at| &self.frame.rows.levels[at])
    }

    /// Every schedule, by id.
    pub fn schedules(&self) -> &[Schedule] {
        &self.frame.rows.schedules
    }

    /// A schedule.
    #[inline]
    pub fn schedule(&self, id: ScheduleId) -> Option<&Schedule> {
        self.frame.known.schedules.place(id).map(|at| &self.frame.rows.schedules[at])
    }

    /// Every calendar, by id.
    pub fn calendars(&self) -> &[Calendar] {
        &self.frame.rows.calendars
    }

    /// A calendar.
    pub fn calendar(&self, id: CalendarId) -> Option<&Calendar> {
        self.frame.calendars.place(id).map(|at| &self.frame.rows.calendars[at])
    }

    /// Every threat level that is described, by its number.
    pub fn threat_levels(&self) -> &[ThreatLevelRule] {
        &self.frame.rows.threat_levels
    }

    /// What a threat level means: the highest description that is not above it, so that raising a level never loosens
    /// anything. 0 means nothing.
    pub fn threat_level(&self, level: u8) -> Option<&ThreatLevelRule> {
        self.frame.rows.threat_levels.iter().rev().find(|rule| rule.level <= level)
    }

    /// Every group, by id.
    pub fn groups(&self) -> &[GroupRule] {
        &self.frame.rows.groups
    }

    /// Whether a group's persons are responders.
    pub fn is_responder(&self, group: GroupId) -> bool {
        self.frame.known.groups.place(group).is_some_and(|at| self.frame.rows.groups[at].is_responder)
    }

    /// A card, by what the reader saw of it.
    #[inline]
    pub fn card(&self, token: &CardToken) -> Option<CardView<'_>> {
        if let Some((member, card)) = self.people.card(token) {
            let &CardKind { state, valid, proves_itself } = self.people.card_kind(card);
            let person = Some(PersonView::of(&member));
            return Some(CardView { id: card.id, state, valid, proves_itself, person });
        }
        let missing = &self.frame.rows.missing_cards;
        let missing = missing[missing.binary_search_by_key(token, |card| card.token).ok()?];
        let state = if missing.is_stolen { CredentialState::Stolen } else { CredentialState::Lost };
        // Whether it proves itself is not told: it is refused either way.
        Some(CardView { id: missing.id, state, valid: Period::ALWAYS, proves_itself: false, person: None })
    }

    /// A card, with its token, by its id. Looks through all cards: [`Policy::cards_of`] does not, where the holder is known.
    pub fn credential(&self, id: CredentialId) -> Option<CredentialRule> {
        let holder = self.people.holder_of_card(id)?;
        holder.card_rules().find(|card| card.id == id)
    }

    /// The cards of a person, by id.
    pub fn cards_of(&self, person: PersonId) -> impl Iterator<Item = CredentialRule> {
        let cards = self.people.find(person).map(|member| member.card_rules());
        cards.into_iter().flatten()
    }

    /// The cards of a person, by id, as doors see them.
    fn views_of_cards<'a>(&'a self, member: Member<'a>) -> impl Iterator<Item = (CardToken, CardView<'a>)> + use<'a> {
        member.cards().iter().map(move |card| {
            let &CardKind { state, valid, proves_itself } = self.people.card_kind(card);
            let person = Some(PersonView::of(&member));
            (card.token, CardView { id: card.id, state, valid, proves_itself, person })
        })
    }

    /// The cards of a person, by id, with what readers see of them.
    pub(crate) fn cards_seen<'a>(
        &'a self,
        person: &PersonView<'a>,
    ) -> impl Iterator<Item = (CardToken, CardView<'a>)> + use<'a> {
        self.member(person).into_iter().flat_map(|member| self.views_of_cards(member))
    }

    /// A card holder.
    pub fn person(&self, id: PersonId) -> Option<PersonView<'_>> {
        self.people.find(id).map(|member| PersonView::of(&member))
    }

    /// Every card holder, by id.
    pub fn persons(&self) -> impl Iterator<Item = PersonView<'_>> {
        self.people.iter().map(|member| PersonView::of(&member))
    }

    /// A grant, by its id. Looks through all grants: [`Policy::grants_of`] does not, where the holder is known.
    pub fn grant(&self, id: GrantId) -> Option<Grant> {
        let of_group = self.frame.rows.grants.iter().find(|grant| grant.id == id).copied();
        let of_person = || self.people.holder_of_grant(id)?.grant_rows(&self.frame.levels).find(|grant| grant.id == id);
        of_group.or_else(of_person)
    }

    /// Every grant: those of persons, by person and id, then those of groups, by group and id.
    pub fn all_grants(&self) -> impl Iterator<Item = Grant> {
        let of_persons = self.people.iter().flat_map(|member| member.grant_rows(&self.frame.levels));
        of_persons.chain(self.frame.rows.grants.iter().copied())
    }

    /// Grants of groups, by group and id.
    pub fn grants_of_groups(&self) -> &[Grant] {
        &self.frame.rows.grants
    }

    /// What a person holds, by themselves, by id, or in their groups.
    pub fn grants_of<'a>(&'a self, person: &PersonView<'a>) -> impl Iterator<Item = Grant> + use<'a> {
        let own = self.member(person).map(|member| member.grant_rows(&self.frame.levels));
        let in_groups = person.groups.iter().flat_map(|group| self.frame.held_by(*group)).copied();
        own.into_iter().flatten().chain(in_groups)
    }

    /// Numbers of the levels that a person holds, by themselves or in their groups, each with when.
    pub(crate) fn levels_held<'a>(&'a self, person: &PersonView<'a>) -> impl Iterator<Item = (u32, Period)> + use<'a> {
        let own = self.member(person).into_iter().flat_map(|member| member.grants());
        let own = own.map(|grant| (grant.level(), grant.valid()));
        let in_groups = person.groups.iter().flat_map(|group| self.frame.held_by(*group));
        own.chain(in_groups.filter_map(|grant| Some((self.frame.level_number(grant.level)?, grant.valid))))
    }

    /// The number of a level in this policy.
    pub(crate) fn level_number(&self, id: AccessLevelId) -> Option<u32> {
        self.frame.level_number(id)
    }

    /// Where a person stands.
    #[inline]
    fn member(&self, person: &PersonView<'_>) -> Option<Member<'_>> {
        self.people.at_or_find(person.at, person.id)
    }

    /// Every block, by id.
    pub fn blocks(&self) -> &[Block] {
        &self.frame.rows.blocks
    }

    /// A block, by its id.
    pub fn block(&self, id: BlockId) -> Option<&Block> {
        let blocks = &self.frame.rows.blocks;
        blocks.binary_search_by_key(&id, |block| block.id).ok().map(|at| &blocks[at])
    }

    /// Blocks that stop this card, its holder, or a group of theirs, anywhere and at any time.
    pub fn blocks_of<'a>(&'a self, card: CredentialId, person: &PersonView<'a>) -> impl Iterator<Item = &'a Block> {
        let groups = if self.frame.rows.blocks.is_empty() { &[][..] } else { person.groups };
        let own = [BlockSubject::Person(person.id), BlockSubject::Credential(card)];
        let subjects = own.into_iter().chain(groups.iter().map(|group| BlockSubject::Group(*group)));
        subjects.flat_map(|subject| self.frame.stops.of_subject(subject)).map(|at| &self.frame.rows.blocks[at])
    }

    /// Whether the table of travel times names this door or its site.
    pub fn travel_concerns(&self, door: &DoorRule) -> bool {
        !self.frame.travel.is_empty()
            && self.frame.travel.keys().any(|ends| match *ends {
                TravelEnds::Doors(one, other) => one == door.id || other == door.id,
                TravelEnds::Sites(one, other) => one == door.site || other == door.site,
            })
    }

    /// Every travel time, by its ends.
    pub fn travel_times(&self) -> &[TravelTime] {
        &self.frame.rows.travel
    }

    /// Least seconds to walk from one door to another, if the table tells.
    pub fn travel_s(&self, from: DoorId, to: DoorId) -> Option<u32> {
        let doors = TravelEnds::Doors(from.min(to), from.max(to));
        let sites = || {
            let (from, to) = (self.door(from)?.site, self.door(to)?.site);
            self.frame.travel.get(&TravelEnds::Sites(from.min(to), from.max(to)))
        };
        self.frame.travel.get(&doors).or_else(sites).copied()
    }

    /// Whether a schedule is open at a door when the wall there shows `local`.
    pub fn is_open(&self, schedule: ScheduleId, door: &DoorRule, local: Option<LocalTime>) -> bool {
        let (Some(local), Some(schedule)) = (local, self.schedule(schedule)) else { return false };
        schedule.is_open(self.calendar_at(door), local)
    }

    /// How many doors a level holds, on some side at some hour.
    pub(crate) fn doors_reached(&self, level: AccessLevelId) -> u32 {
        self.frame.level_number(level).map_or(0, |level| self.frame.reach.doors(level))
    }

    /// Whether some line of a level holds a door on a side, at some hour.
    pub fn holds(&self, level: AccessLevelId, door: DoorId, side: Side) -> bool {
        let level = self.frame.level_number(level).zip(self.frame.known.doors.place(door));
        level.is_some_and(|(level, door)| self.frame.reach.holds(level, door, side))
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

#[cfg(test)]
pub(crate) mod samples;

#[cfg(test)]
mod tests;
