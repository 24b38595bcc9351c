//! The same rules as the peers are given them: read from the rows alone, with places resolved to doors and schedules to minutes
//! of the week, so that nobody has to do while asked what can be done before.

use std::collections::HashMap;
use std::hash::Hash;

use access_core::policy::{BlockSubject, Holder, Place, PolicyRows, Schedule};
use access_core::time::Period;
use anyhow::{Context as _, ensure};

/// Minutes of a week.
pub(crate) const WEEK_MINUTES: i32 = 7 * 24 * 60;
/// Later than everything that is asked; fits the 32 bits that one of the peers counts with.
const NEVER_S: i32 = i32::MAX;

/// From a number up to and excluding another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stretch {
    /// First inside.
    pub(crate) from: i32,
    /// First no longer inside.
    pub(crate) until: i32,
}

impl Stretch {
    /// Whether it is inside.
    pub(crate) fn holds(self, number: i32) -> bool {
        (self.from..self.until).contains(&number)
    }
}

/// Everything by its number.
pub(crate) struct Plain {
    /// In the order of the rows.
    pub(crate) persons: Vec<PlainPerson>,
    /// In the order of the rows.
    pub(crate) levels: Vec<PlainLevel>,
    /// The area that each door protects.
    pub(crate) areas_of_doors: Vec<usize>,
}

/// A person.
pub(crate) struct PlainPerson {
    /// Levels, each once, and when they are held, in Unix seconds.
    pub(crate) grants: Vec<(usize, Stretch)>,
    /// One at most.
    pub(crate) block: Option<PlainBlock>,
}

/// A block.
pub(crate) struct PlainBlock {
    /// Where.
    pub(crate) place: PlainPlace,
    /// When, in Unix seconds.
    pub(crate) valid: Stretch,
}

/// Where a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlainPlace {
    /// At every door.
    Everywhere,
    /// At the doors of an area.
    Area(usize),
    /// At a door.
    Door(usize),
}

/// A level.
pub(crate) struct PlainLevel {
    /// Ascending.
    pub(crate) doors: Vec<usize>,
    /// Minutes of the week on the wall clock at which it is open, ascending.
    pub(crate) hours: Vec<Stretch>,
}

impl Plain {
    /// Fails on rows that say more than grants, weekly schedules and blocks of persons.
    pub(crate) fn of(rows: &PolicyRows) -> anyhow::Result<Self> {
        ensure!(rows.calendars.is_empty() && rows.groups.is_empty(), "the peers are told of no calendars and groups");
        let persons = numbers(rows.persons.iter().map(|person| person.id));
        let doors = numbers(rows.doors.iter().map(|door| door.id));
        let areas = numbers(rows.areas.iter().map(|area| area.id));
        let levels = numbers(rows.levels.iter().map(|level| level.id));
        let schedules: HashMap<_, _> = rows.schedules.iter().map(|schedule| (schedule.id, schedule)).collect();
        let mut plain = Self { persons: Vec::new(), levels: Vec::new(), areas_of_doors: Vec::new() };
        for door in &rows.doors {
            plain.areas_of_doors.push(number(&areas, door.leads_to)?);
        }
        for level in &rows.levels {
            let [line] = level.lines.as_slice() else { anyhow::bail!("the peers are told of levels of one line") };
            let held = rows.doors.iter().filter(|door| line.places.iter().any(|place| place.holds(door)));
            let doors = held.map(|door| number(&doors, door.id)).collect::<anyhow::Result<_>>()?;
            let always = || vec![Stretch { from: 0, until: WEEK_MINUTES }];
            let hours = line.schedule.map(|id| schedules.get(&id).context("a schedule")).transpose()?;
            plain.levels.push(PlainLevel { doors, hours: hours.map_or_else(always, |schedule| hours_of(schedule)) });
        }
        plain.persons.resize_with(rows.persons.len(), || PlainPerson { grants: Vec::new(), block: None });
        for grant in &rows.grants {
            let Holder::Person(holder) = grant.holder else { anyhow::bail!("the peers are told of persons' grants") };
            let person = &mut plain.persons[number(&persons, holder)?];
            let level = number(&levels, grant.level)?;
            ensure!(person.grants.iter().all(|(known, _)| *known != level), "somebody holds a level twice");
            person.grants.push((level, seconds(&grant.valid)?));
        }
        for block in &rows.blocks {
            let BlockSubject::Person(person) = block.subject else { anyhow::bail!("the peers are told of persons") };
            let place = match block.place {
                Place::Tenant => PlainPlace::Everywhere,
                Place::Area(area) => PlainPlace::Area(number(&areas, area)?),
                Place::Door(door) => PlainPlace::Door(number(&doors, door)?),
                Place::Site(_) => anyhow::bail!("the peers are told of no sites"),
            };
            let known = &mut plain.persons[number(&persons, person)?].block;
            ensure!(known.is_none(), "somebody is blocked twice");
            *known = Some(PlainBlock { place, valid: seconds(&block.valid)? });
        }
        Ok(plain)
    }
}

fn numbers<Id: Eq + Hash>(ids: impl Iterator<Item = Id>) -> HashMap<Id, usize> {
    ids.enumerate().map(|(number, id)| (id, number)).collect()
}

fn number<Id: Eq + Hash>(numbers: &HashMap<Id, usize>, id: Id) -> anyhow::Result<usize> {
    numbers.get(&id).copied().context("a row names one that is not there")
}

fn seconds(period: &Period) -> anyhow::Result<Stretch> {
    let whole = |ms: i64| {
        ensure!(ms % 1_000 == 0, "the peers are told of whole seconds");
        i32::try_from(ms / 1_000).context("the peers are told of this century")
    };
    Ok(Stretch { from: whole(period.from.0)?, until: period.until.map_or(Ok(NEVER_S), |until| whole(until.0))? })
}

/// A window over midnight on Sunday goes on at the week's beginning.
fn hours_of(schedule: &Schedule) -> Vec<Stretch> {
    let mut hours = Vec::new();
    for window in &schedule.windows {
        for day in (0..7).filter(|day| window.days & 1 << day != 0) {
            let midnight = day * 24 * 60;
            let from = midnight + i32::from(window.span.from_minute);
            let end = midnight + i32::from(window.span.to_minute);
            let until = if end <= from { end + 24 * 60 } else { end };
            hours.push(Stretch { from, until: until.min(WEEK_MINUTES) });
            if until > WEEK_MINUTES {
                hours.push(Stretch { from: 0, until: until - WEEK_MINUTES });
            }
        }
    }
    hours.sort_unstable();
    hours
}
