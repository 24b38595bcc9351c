//! What one agent needs of a policy: its doors, and only people who may use them.

use std::collections::BTreeSet;

use super::{
    AccessLevel, BlockSubject, CredentialRule, CredentialState, DoorRule, EscortBy, Grant, Holder, LevelLine,
    MissingCard, PersonRule, PersonView, Place, Policy, PolicyRows, PolicyScope, TravelEnds,
};
use crate::ids::{AccessLevelId, AreaId, DoorId, GroupId, PersonId, ScheduleId, SiteId};

/// What an agent that serves `doors` needs: those doors, the levels' lines that hold them, and only the people who hold such a
/// level (at any time), with their cards, groups, grants and blocks. Of others only the tokens of lost and stolen cards.
pub(super) fn for_doors(policy: &Policy, doors: &BTreeSet<DoorId>) -> PolicyRows {
    let rows = &policy.frame.rows;
    let kept: Vec<&DoorRule> = rows.doors.iter().filter(|door| doors.contains(&door.id)).collect();
    let areas: BTreeSet<AreaId> = kept.iter().flat_map(|door| [door.leads_from, door.leads_to]).collect();
    let sites_of_areas = rows.areas.iter().filter(|area| areas.contains(&area.id)).map(|area| area.site);
    let sites: BTreeSet<SiteId> = kept.iter().map(|door| door.site).chain(sites_of_areas).collect();
    let levels: Vec<AccessLevel> = rows
        .levels
        .iter()
        .filter_map(|level| {
            let lines: Vec<LevelLine> = level.lines.iter().filter_map(|line| cut_line(line, &kept)).collect();
            (!lines.is_empty()).then_some(AccessLevel { id: level.id, lines })
        })
        .collect();
    let People { persons, credentials, missing_cards, grants } = People::who_hold(policy, &levels);
    let person_ids: BTreeSet<PersonId> = persons.iter().map(|person| person.id).collect();
    let groups: BTreeSet<GroupId> = persons.iter().flat_map(groups_of).chain(grants.iter().filter_map(group)).collect();
    let credential_ids: BTreeSet<_> = credentials.iter().map(|card| card.id).collect();
    let schedules: BTreeSet<ScheduleId> = levels
        .iter()
        .flat_map(|level| &level.lines)
        .filter_map(|line| line.schedule)
        .chain(kept.iter().flat_map(|door| door.modes.iter().map(|line| line.schedule)))
        .chain(kept.iter().flat_map(|door| door.factor_lines.iter().map(|line| line.schedule)))
        .collect();
    let sites_kept: Vec<_> = rows.sites.iter().filter(|site| sites.contains(&site.id)).cloned().collect();
    let calendars: BTreeSet<_> = sites_kept.iter().filter_map(|site| site.calendar).collect();
    let mut areas_kept: Vec<_> = rows.areas.iter().filter(|area| areas.contains(&area.id)).cloned().collect();
    let named = |groups: &BTreeSet<GroupId>, id: &GroupId| groups.contains(id);
    let mut all_groups = groups;
    all_groups
        .extend(areas_kept.iter_mut().filter_map(|area| area.two_person?.groups).flat_map(|(one, other)| [one, other]));
    let threat_levels = rows
        .threat_levels
        .iter()
        .map(|rule| {
            let mut rule = rule.clone();
            // A level that names only places elsewhere locks nothing here; one that names none locks every door.
            let named_some = !rule.places.is_empty();
            rule.places.retain(|place| place.holds_any(&kept));
            rule.locks &= !named_some || !rule.places.is_empty();
            rule.exempt.retain(|group| named(&all_groups, group));
            rule
        })
        .collect();
    let interlocks = rows
        .interlocks
        .iter()
        .filter(|interlock| interlock.doors.iter().any(|door| doors.contains(door)))
        .map(|interlock| {
            let mut interlock = interlock.clone();
            interlock.doors.retain(|door| doors.contains(door));
            interlock
        })
        .collect();
    PolicyRows {
        tenant: rows.tenant,
        version: policy.version(),
        scope: PolicyScope::Cut,
        rules: rows.rules.clone(),
        travel: rows.travel.iter().copied().filter(|time| concerns(time.between, doors, &sites)).collect(),
        threat_levels,
        interlocks,
        calendars: rows.calendars.iter().filter(|row| calendars.contains(&row.id)).cloned().collect(),
        schedules: rows.schedules.iter().filter(|row| schedules.contains(&row.id)).cloned().collect(),
        groups: rows.groups.iter().copied().filter(|row| all_groups.contains(&row.id)).collect(),
        blocks: rows
            .blocks
            .iter()
            .copied()
            .filter(|block| block.place.holds_any(&kept))
            .filter(|block| match block.subject {
                BlockSubject::Person(person) => person_ids.contains(&person),
                BlockSubject::Credential(credential) => credential_ids.contains(&credential),
                BlockSubject::Group(group) => all_groups.contains(&group),
            })
            .collect(),
        missing_cards,
        sites: sites_kept,
        areas: areas_kept,
        doors: kept.into_iter().cloned().collect(),
        levels,
        persons,
        credentials,
        grants,
    }
}

/// A line as the doors need it: places become those of the doors that it holds, so that it names none that is not there.
fn cut_line(line: &LevelLine, kept: &[&DoorRule]) -> Option<LevelLine> {
    let is_held = |door: &&&DoorRule| line.places.iter().any(|place| place.holds(door));
    let places: Vec<Place> = kept.iter().filter(is_held).map(|door| Place::Door(door.id)).collect();
    (!places.is_empty()).then(|| LevelLine { places, ..line.clone() })
}

/// People with their rows, in order.
struct People {
    persons: Vec<PersonRule>,
    credentials: Vec<CredentialRule>,
    /// Of everybody else.
    missing_cards: Vec<MissingCard>,
    /// Of levels that are kept, those of groups, too.
    grants: Vec<Grant>,
}

impl People {
    /// Persons who hold one of these levels, by themselves or in a group.
    fn who_hold(policy: &Policy, levels: &[AccessLevel]) -> Self {
        let frame = &policy.frame;
        let mut is_kept = vec![false; frame.levels.ids().len()];
        levels.iter().filter_map(|level| frame.level_number(level.id)).for_each(|level| is_kept[level as usize] = true);
        let is_kept = |level: AccessLevelId| frame.level_number(level).is_some_and(|level| is_kept[level as usize]);
        let of_groups: Vec<Grant> = frame.rows.grants.iter().copied().filter(|grant| is_kept(grant.level)).collect();
        let groups: BTreeSet<GroupId> = of_groups.iter().filter_map(group).collect();
        let (persons, credentials, missing_cards, grants) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut kept = Self { persons, credentials, missing_cards, grants };
        for member in policy.people.iter() {
            let before = kept.grants.len();
            kept.grants.extend(member.grant_rows(&frame.levels).filter(|grant| is_kept(grant.level)));
            let is_in_group = || member.kind().groups.iter().any(|group| groups.contains(group));
            if kept.grants.len() > before || is_in_group() {
                kept.persons.push(PersonView::of(&member).to_rule());
                kept.credentials.extend(member.card_rules());
            } else {
                kept.missing_cards.extend(member.card_rules().filter_map(missing));
            }
        }
        kept.grants.extend(of_groups);
        kept.credentials.sort_unstable_by_key(|card| card.id);
        kept.missing_cards.sort_unstable_by_key(|card| card.id);
        kept
    }
}

/// Groups that a person is in, or is escorted by.
fn groups_of(person: &PersonRule) -> impl Iterator<Item = GroupId> {
    let escorts = person.escort.and_then(|escort| match escort.by {
        EscortBy::Group(group) => Some(group),
        EscortBy::Person(_) => None,
    });
    person.groups.iter().copied().chain(escorts)
}

fn group(grant: &Grant) -> Option<GroupId> {
    match grant.holder {
        Holder::Group(group) => Some(group),
        Holder::Person(_) => None,
    }
}

fn concerns(ends: TravelEnds, doors: &BTreeSet<DoorId>, sites: &BTreeSet<SiteId>) -> bool {
    match ends {
        TravelEnds::Doors(one, other) => doors.contains(&one) || doors.contains(&other),
        TravelEnds::Sites(one, other) => sites.contains(&one) || sites.contains(&other),
    }
}

fn missing(card: CredentialRule) -> Option<MissingCard> {
    let is_stolen = card.state == CredentialState::Stolen;
    let is_missing = is_stolen || card.state == CredentialState::Lost;
    is_missing.then_some(MissingCard { token: card.token, id: card.id, is_stolen })
}
