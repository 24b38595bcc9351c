//! What rules say, fact by fact, so that a preview or a comparison tells how each one that differs was and how it is. Most of it no
//! list of who may pass shows: anti-passback, airlocks, travel times, what threat levels mean, factors. Pages make sentences of it; here
//! are words, numbers and names. Called by [`AccessDiff::of`](super::AccessDiff::of) alone.

use std::collections::BTreeMap;

use access_core::policy::{AccessLevel, AreaRule, Calendar};
use access_core::policy::{
    AntiPassback, Block, BlockSubject, CalendarDay, CredentialRule, DoorRule, EscortBy, Grant, GroupRule, Holder,
    InterlockRule, PersonRule, Place, PolicyChange, PolicyRow, PolicyRowId, Schedule, SiteRule, TenantRules,
    ThreatLevelRule, TravelEnds, TravelTime,
};
use access_core::time::{Period, UnixMs};
use access_core::word::Word;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::Names;
use crate::access::{DayWindow, PlaceKind, WeekWindow};
use crate::clock;
use crate::people::PersonState;
use crate::sites::AntiPassbackKind;

/// Most items that are told of a list, such as the doors of an airlock.
const ITEMS_MAX: usize = 24;

access_core::words! {
    /// What of a rule a fact is about.
    pub enum RuleField {
        /// Of a travel time: its two ends.
        Between = "between",
        /// Least seconds.
        LeastSeconds = "least_s",
        /// A site.
        Site = "site",
        /// A time zone.
        TimeZone = "time_zone",
        /// Whether cards are taken that can be copied.
        AcceptsUidOnly = "accepts_uid_only",
        /// A calendar.
        Calendar = "calendar",
        /// Days with a type.
        Days = "days",
        /// What happens to somebody who is known to be elsewhere.
        AntiPassback = "anti_passback",
        /// Most persons.
        PersonsMax = "persons_max",
        /// Nobody alone: the seconds between the two of a pair, and their groups.
        TwoPerson = "two_person",
        /// The area outside.
        Outside = "outside",
        /// The area inside.
        Inside = "inside",
        /// Factors to enter.
        FactorsIn = "factors_in",
        /// Factors to leave.
        FactorsOut = "factors_out",
        /// Other factors at some hours.
        FactorLines = "factor_lines",
        /// Modes at some hours.
        ModeLines = "mode_lines",
        /// Milliseconds that a strike is energised.
        Release = "release_ms",
        /// Milliseconds until an open door is an alarm.
        Held = "held_ms",
        /// The same for persons who need longer.
        ReleaseLonger = "release_longer_ms",
        /// The same for persons who need longer.
        HeldLonger = "held_longer_ms",
        /// How people leave.
        Exit = "exit",
        /// Whether a contact tells the leaf's position.
        HasContact = "has_contact",
        /// Doors.
        Doors = "doors",
        /// Whether doors are locked.
        Locks = "locks",
        /// Places.
        Places = "places",
        /// Factors that are demanded at least.
        Factors = "factors",
        /// Groups that are exempt.
        Exempt = "exempt",
        /// Weekly windows.
        Windows = "windows",
        /// Days with other windows.
        Exceptions = "exceptions",
        /// Lines of an access level.
        Lines = "lines",
        /// Whether a group's people are responders.
        IsResponder = "is_responder",
        /// A state.
        State = "state",
        /// Whether a finger is enrolled.
        HasFinger = "has_finger",
        /// Whether a PIN is enrolled.
        HasPin = "has_pin",
        /// Whether somebody needs longer.
        NeedsLonger = "needs_longer",
        /// Why and while no finger is shown.
        Exemption = "exemption",
        /// Who must come too, and within how many seconds.
        Escort = "escort",
        /// Groups that somebody is in.
        Groups = "groups",
        /// Whose it is.
        Holder = "holder",
        /// An access level.
        Level = "level",
        /// From when until when.
        Valid = "valid",
        /// Whom it stops.
        Subject = "subject",
        /// Where.
        Place = "place",
        /// Refusals until suspicion.
        Refusals = "refusals",
        /// Within so many seconds.
        RefusalsWithin = "refusals_within_s",
        /// Seconds that a reader is locked.
        ReaderLock = "reader_lock_s",
        /// What an agent alone does about travel times.
        AloneTravel = "alone_travel",
        /// The same for anti-passback.
        AloneAntiPassback = "alone_anti_passback",
        /// The same for occupancy.
        AloneOccupancy = "alone_occupancy",
        /// The same for the two-person rule.
        AloneTwoPerson = "alone_two_person",
        /// Rules that are not asked under duress.
        WaivedForDuress = "waived_for_duress",
        /// Hours that an agent decides alone.
        AloneHours = "alone_hours",
    }
}

crate::describe_words!(RuleField);

/// How one thing of a rule was and how it is. Nothing said is an empty list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RuleFact {
    /// What it is about.
    pub field: RuleField,
    /// How it was.
    pub before: Vec<RuleItem>,
    /// How it is.
    pub after: Vec<RuleItem>,
}

/// One item of what a rule says, such as a line of an access level: its parts belong together.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RuleItem {
    /// In the order in which they are read.
    pub parts: Vec<RulePart>,
}

/// A part of an item. Exactly one thing is said.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RulePart {
    /// A word of a closed vocabulary.
    Word(RuleWord),
    /// A number; the field says of what.
    Number(i64),
    /// Yes or no.
    Is(bool),
    /// What something is called.
    Name(String),
    /// Somebody, by their pseudonym.
    PersonId(Uuid),
    /// A card.
    CredentialId(Uuid),
    /// From when until when.
    Period(RulePeriod),
    /// A window of a schedule.
    Window(WeekWindow),
    /// A day.
    Day(NaiveDate),
    /// A window of a day.
    DayWindow(DayWindow),
    /// The number of a day type.
    DayType(u8),
    /// At any hour.
    Always(bool),
    /// So many more that are not listed.
    More(usize),
}

/// A word and its vocabulary.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RuleWord {
    /// The vocabulary, as the API's description calls it.
    pub of: &'static str,
    /// The word.
    pub word: &'static str,
}

/// A stretch of time that may have no end.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RulePeriod {
    /// First instant; none means that it always was.
    pub from: Option<DateTime<Utc>>,
    /// First instant after it.
    pub until: Option<DateTime<Utc>>,
}

type Said = Vec<(RuleField, Vec<RuleItem>)>;

/// Facts of rules that differ.
pub(super) struct Facts<'a> {
    /// What would make the new rules the old ones again: rows as they were.
    back: &'a [PolicyChange],
    speaker: Speaker<'a>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(back: &'a [PolicyChange], names: &'a Names) -> Self {
        Self { back, speaker: Speaker { names } }
    }

    /// The row as it was, if it was there.
    fn was(&self, id: Option<PolicyRowId>) -> Option<&'a PolicyRow> {
        self.back.iter().find_map(|change| match change {
            PolicyChange::Put(row) if id_of(row) == id => Some(row),
            _ => None,
        })
    }

    /// Whether the rule was there before, what it is called, and what of it differs.
    pub(super) fn of(&self, change: &PolicyChange) -> (bool, Option<String>, Vec<RuleFact>) {
        let (id, now) = match change {
            PolicyChange::Put(row) => (id_of(row), Some(row)),
            PolicyChange::Remove(id) => (Some(*id), None),
        };
        let was = self.was(id);
        let said = |row: Option<&PolicyRow>| row.map(|row| self.speaker.row(row)).unwrap_or_default();
        let facts = match (was, now) {
            // It has hundreds of days.
            (Some(PolicyRow::Calendar(was)), Some(PolicyRow::Calendar(now))) => different_days(&was.days, &now.days),
            _ => different(said(was), said(now)),
        };
        (was.is_some(), now.or(was).and_then(|row| self.speaker.called(row)), facts)
    }
}

/// Which row it is; none for the tenant's choices, of which there is one row.
pub(super) fn id_of(row: &PolicyRow) -> Option<PolicyRowId> {
    Some(match row {
        PolicyRow::TenantRules(_) => return None,
        PolicyRow::Site(row) => PolicyRowId::Site(row.id),
        PolicyRow::Area(row) => PolicyRowId::Area(row.id),
        PolicyRow::Door(row) => PolicyRowId::Door(row.id),
        PolicyRow::Interlock(row) => PolicyRowId::Interlock(row.id),
        PolicyRow::Travel(row) => PolicyRowId::Travel(row.between),
        PolicyRow::ThreatLevel(row) => PolicyRowId::ThreatLevel(row.level),
        PolicyRow::Calendar(row) => PolicyRowId::Calendar(row.id),
        PolicyRow::Schedule(row) => PolicyRowId::Schedule(row.id),
        PolicyRow::Level(row) => PolicyRowId::Level(row.id),
        PolicyRow::Group(row) => PolicyRowId::Group(row.id),
        PolicyRow::Person(row) => PolicyRowId::Person(row.id),
        PolicyRow::Credential(row) => PolicyRowId::Credential(row.id),
        PolicyRow::Grant(row) => PolicyRowId::Grant(row.id),
        PolicyRow::Block(row) => PolicyRowId::Block(row.id),
    })
}

/// What is said otherwise; both name their fields in the same order.
fn different(before: Said, after: Said) -> Vec<RuleFact> {
    let mut facts: BTreeMap<RuleField, (Vec<RuleItem>, Vec<RuleItem>)> = BTreeMap::new();
    for (field, items) in before {
        facts.entry(field).or_default().0 = items;
    }
    for (field, items) in after {
        facts.entry(field).or_default().1 = items;
    }
    let differs = |(_, (before, after)): &(RuleField, (Vec<RuleItem>, Vec<RuleItem>))| before != after;
    let fact = |(field, (before, after))| RuleFact { field, before: cut(before), after: cut(after) };
    facts.into_iter().filter(differs).map(fact).collect()
}

/// A calendar has hundreds of days: only those are told that differ.
fn different_days(before: &[CalendarDay], after: &[CalendarDay]) -> Vec<RuleFact> {
    let only = |these: &[CalendarDay], those: &[CalendarDay]| {
        let items = these.iter().filter(|day| !those.contains(day));
        items.map(|entry| item([RulePart::Day(day(entry.day)), RulePart::DayType(entry.day_type)])).collect()
    };
    different(vec![(RuleField::Days, only(before, after))], vec![(RuleField::Days, only(after, before))])
}

fn cut(mut items: Vec<RuleItem>) -> Vec<RuleItem> {
    let more = items.len().saturating_sub(ITEMS_MAX);
    if more > 0 {
        items.truncate(ITEMS_MAX);
        items.push(item([RulePart::More(more)]));
    }
    items
}

fn item<const PARTS: usize>(parts: [RulePart; PARTS]) -> RuleItem {
    RuleItem { parts: parts.into() }
}

fn one(part: RulePart) -> Vec<RuleItem> {
    vec![item([part])]
}

fn word<W: Word>(word: W) -> RulePart {
    RulePart::Word(RuleWord { of: W::NAME, word: word.as_str() })
}

fn number(value: impl Into<i64>) -> Vec<RuleItem> {
    one(RulePart::Number(value.into()))
}

fn is(holds: bool) -> Vec<RuleItem> {
    one(RulePart::Is(holds))
}

fn period(valid: Period) -> RulePart {
    let from = (valid.from != UnixMs(i64::MIN)).then(|| clock::from_unix_ms(valid.from));
    RulePart::Period(RulePeriod { from, until: valid.until.map(clock::from_unix_ms) })
}

fn day(number: i32) -> NaiveDate {
    NaiveDate::default().checked_add_signed(TimeDelta::days(number.into())).unwrap_or(NaiveDate::MAX)
}

/// Says what rows say.
struct Speaker<'a> {
    names: &'a Names,
}

impl Speaker<'_> {
    /// What a rule is called, a grant by its level; none for what has no name, or is a person.
    fn called(&self, row: &PolicyRow) -> Option<String> {
        let id: Uuid = match row {
            PolicyRow::Site(row) => row.id.into(),
            PolicyRow::Area(row) => row.id.into(),
            PolicyRow::Door(row) => row.id.into(),
            PolicyRow::Interlock(row) => row.id.into(),
            PolicyRow::ThreatLevel(row) => return self.names.of_threat_level(row.level),
            PolicyRow::Calendar(row) => row.id.into(),
            PolicyRow::Schedule(row) => row.id.into(),
            PolicyRow::Level(row) => row.id.into(),
            PolicyRow::Group(row) => row.id.into(),
            PolicyRow::Grant(row) => row.level.into(),
            PolicyRow::TenantRules(_)
            | PolicyRow::Travel(_)
            | PolicyRow::Person(_)
            | PolicyRow::Credential(_)
            | PolicyRow::Block(_) => return None,
        };
        self.names.of(id)
    }

    fn row(&self, row: &PolicyRow) -> Said {
        match row {
            PolicyRow::TenantRules(rules) => tenant_rules(rules),
            PolicyRow::Site(row) => self.site(row),
            PolicyRow::Area(row) => self.area(row),
            PolicyRow::Door(row) => self.door(row),
            PolicyRow::Interlock(row) => self.airlock(row),
            PolicyRow::Travel(row) => self.travel(row),
            PolicyRow::ThreatLevel(row) => self.threat_level(row),
            PolicyRow::Calendar(row) => calendar(row),
            PolicyRow::Schedule(row) => schedule(row),
            PolicyRow::Level(row) => self.level(row),
            PolicyRow::Group(row) => group(row),
            PolicyRow::Person(row) => self.person(row),
            PolicyRow::Credential(row) => card(row),
            PolicyRow::Grant(row) => self.grant(row),
            PolicyRow::Block(row) => self.block(row),
        }
    }

    /// What is called nothing, since it went long ago, is told by the beginning of its id.
    fn name(&self, id: impl Into<Uuid>) -> RulePart {
        let id = id.into();
        RulePart::Name(self.names.of(id).unwrap_or_else(|| id.to_string().chars().take(8).collect()))
    }

    fn named<Id: Into<Uuid>>(&self, ids: impl IntoIterator<Item = Id>) -> Vec<RuleItem> {
        ids.into_iter().map(|id| item([self.name(id)])).collect()
    }

    fn place(&self, place: Place) -> Vec<RulePart> {
        match place {
            Place::Tenant => vec![word(PlaceKind::Tenant)],
            Place::Site(id) => vec![word(PlaceKind::Site), self.name(id)],
            Place::Area(id) => vec![word(PlaceKind::Area), self.name(id)],
            Place::Door(id) => vec![word(PlaceKind::Door), self.name(id)],
        }
    }

    fn site(&self, site: &SiteRule) -> Said {
        vec![
            (RuleField::TimeZone, one(RulePart::Name(site.zone.name.clone()))),
            (RuleField::AcceptsUidOnly, is(site.accepts_uid_only)),
            (RuleField::Calendar, self.named(site.calendar)),
        ]
    }

    fn area(&self, area: &AreaRule) -> Said {
        let anti_passback = match area.anti_passback {
            AntiPassback::Off => one(word(AntiPassbackKind::Off)),
            AntiPassback::Soft => one(word(AntiPassbackKind::Soft)),
            AntiPassback::Hard => one(word(AntiPassbackKind::Hard)),
            AntiPassback::Timed { within_s } => {
                vec![item([word(AntiPassbackKind::Timed), RulePart::Number(within_s.into())])]
            }
        };
        let pair = area.two_person.map(|rule| {
            let groups = rule.groups.into_iter().flat_map(|(one, other)| [one, other]);
            let parts = std::iter::once(RulePart::Number(rule.within_s.into()));
            RuleItem { parts: parts.chain(groups.map(|group| self.name(group))).collect() }
        });
        vec![
            (RuleField::Site, one(self.name(area.site))),
            (RuleField::AntiPassback, anti_passback),
            (RuleField::PersonsMax, area.persons_max.map(number).unwrap_or_default()),
            (RuleField::TwoPerson, pair.into_iter().collect()),
        ]
    }

    fn door(&self, door: &DoorRule) -> Said {
        let factors = door.factor_lines.iter();
        let factors = factors.map(|line| item([word(line.side), word(line.factors), self.name(line.schedule)]));
        let modes = door.modes.iter().map(|line| item([word(line.mode), self.name(line.schedule)]));
        vec![
            (RuleField::Site, one(self.name(door.site))),
            (RuleField::Outside, one(self.name(door.leads_from))),
            (RuleField::Inside, one(self.name(door.leads_to))),
            (RuleField::FactorsIn, one(word(door.factors_in))),
            (RuleField::FactorsOut, one(word(door.factors_out))),
            (RuleField::FactorLines, factors.collect()),
            (RuleField::ModeLines, modes.collect()),
            (RuleField::Release, number(door.release_ms)),
            (RuleField::Held, number(door.held_ms)),
            (RuleField::ReleaseLonger, number(door.release_longer_ms)),
            (RuleField::HeldLonger, number(door.held_longer_ms)),
            (RuleField::Exit, one(word(door.exit))),
            (RuleField::HasContact, is(door.has_contact)),
        ]
    }

    fn airlock(&self, airlock: &InterlockRule) -> Said {
        vec![(RuleField::Doors, self.named(airlock.doors.iter().copied()))]
    }

    fn travel(&self, travel: &TravelTime) -> Said {
        let ends = match travel.between {
            TravelEnds::Doors(one, other) => [self.name(one), self.name(other)],
            TravelEnds::Sites(one, other) => [self.name(one), self.name(other)],
        };
        vec![(RuleField::Between, vec![item(ends)]), (RuleField::LeastSeconds, number(travel.least_s))]
    }

    fn threat_level(&self, level: &ThreatLevelRule) -> Said {
        // None named are all of them.
        let all = (level.locks && level.places.is_empty()).then_some(Place::Tenant);
        let places = level.places.iter().copied().chain(all);
        let places = places.map(|place| RuleItem { parts: self.place(place) });
        vec![
            (RuleField::Locks, is(level.locks)),
            (RuleField::Places, places.collect()),
            (RuleField::Factors, level.factors.map(|factors| one(word(factors))).unwrap_or_default()),
            (RuleField::Exempt, self.named(level.exempt.iter().copied())),
        ]
    }

    fn level(&self, level: &AccessLevel) -> Said {
        let lines = level.lines.iter().map(|line| {
            let mut parts: Vec<RulePart> =
                line.places.iter().take(ITEMS_MAX).flat_map(|place| self.place(*place)).collect();
            let more = line.places.len().saturating_sub(ITEMS_MAX);
            parts.extend((more > 0).then_some(RulePart::More(more)));
            parts.push(word(line.sides));
            parts.push(line.schedule.map_or(RulePart::Always(true), |schedule| self.name(schedule)));
            parts.extend(line.factors.map(word));
            RuleItem { parts }
        });
        vec![(RuleField::Lines, lines.collect())]
    }

    fn person(&self, person: &PersonRule) -> Said {
        let state = if person.is_active { PersonState::Active } else { PersonState::Inactive };
        let exemption = person.exemption.map(|exempt| item([word(exempt.ground), period(exempt.valid)]));
        let escort = person.escort.map(|escort| {
            let by = match escort.by {
                EscortBy::Person(person) => RulePart::PersonId(person.into()),
                EscortBy::Group(group) => self.name(group),
            };
            item([by, RulePart::Number(escort.within_s.into())])
        });
        vec![
            (RuleField::State, one(word(state))),
            (RuleField::HasFinger, is(person.has_finger)),
            (RuleField::HasPin, is(person.has_pin)),
            (RuleField::NeedsLonger, is(person.needs_longer)),
            (RuleField::Exemption, exemption.into_iter().collect()),
            (RuleField::Escort, escort.into_iter().collect()),
            (RuleField::Groups, self.named(person.groups.iter().copied())),
        ]
    }

    fn grant(&self, grant: &Grant) -> Said {
        let holder = match grant.holder {
            Holder::Person(person) => RulePart::PersonId(person.into()),
            Holder::Group(group) => self.name(group),
        };
        vec![
            (RuleField::Holder, one(holder)),
            (RuleField::Level, one(self.name(grant.level))),
            (RuleField::Valid, one(period(grant.valid))),
        ]
    }

    fn block(&self, block: &Block) -> Said {
        let subject = match block.subject {
            BlockSubject::Person(person) => RulePart::PersonId(person.into()),
            BlockSubject::Credential(card) => RulePart::CredentialId(card.into()),
            BlockSubject::Group(group) => self.name(group),
        };
        vec![
            (RuleField::Subject, one(subject)),
            (RuleField::Place, vec![RuleItem { parts: self.place(block.place) }]),
            (RuleField::Valid, one(period(block.valid))),
        ]
    }
}

fn tenant_rules(rules: &TenantRules) -> Said {
    let TenantRules { suspicion, alone, waived_for_duress, alone_hours } = rules;
    vec![
        (RuleField::Refusals, number(suspicion.refusals)),
        (RuleField::RefusalsWithin, number(suspicion.within_s)),
        (RuleField::ReaderLock, number(suspicion.reader_lock_s)),
        (RuleField::AloneTravel, one(word(alone.travel))),
        (RuleField::AloneAntiPassback, one(word(alone.anti_passback))),
        (RuleField::AloneOccupancy, one(word(alone.occupancy))),
        (RuleField::AloneTwoPerson, one(word(alone.two_person))),
        (RuleField::WaivedForDuress, waived_for_duress.iter().map(|rule| item([word(*rule)])).collect()),
        (RuleField::AloneHours, number(*alone_hours)),
    ]
}

fn calendar(calendar: &Calendar) -> Said {
    let days = calendar.days.iter();
    let days = days.map(|entry| item([RulePart::Day(day(entry.day)), RulePart::DayType(entry.day_type)]));
    vec![(RuleField::Days, days.collect())]
}

fn schedule(schedule: &Schedule) -> Said {
    let windows = schedule.windows.iter().map(|window| item([RulePart::Window(WeekWindow::from_rule(window))]));
    let exceptions = schedule.exceptions.iter().map(|exception| {
        let spans = exception.spans.iter().map(|span| RulePart::DayWindow(DayWindow::from_rule(span)));
        RuleItem { parts: std::iter::once(RulePart::Day(day(exception.day))).chain(spans).collect() }
    });
    vec![(RuleField::Windows, windows.collect()), (RuleField::Exceptions, exceptions.collect())]
}

fn group(group: &GroupRule) -> Said {
    vec![(RuleField::IsResponder, is(group.is_responder))]
}

fn card(card: &CredentialRule) -> Said {
    vec![
        (RuleField::Holder, one(RulePart::PersonId(card.person.into()))),
        (RuleField::State, one(word(card.state))),
        (RuleField::Valid, one(period(card.valid))),
    ]
}
