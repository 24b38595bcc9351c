//! Who may open a door now, and what a change of a level changes: over everybody, at once.

use std::collections::BTreeSet;
use std::hint::black_box;

use access_core::diff::diff;
use access_core::ids::{DoorId, PersonId};
use access_core::policy::{Holder, Place, Policy, PolicyChange, PolicyRow, PolicyRows, Side};
use access_core::time::UnixMs;
use access_core::who::who;
use access_core::{State, decide};
use anyhow::{Context as _, ensure};
use figures::{Figure, Samples, ms};

use crate::clock::Began;
use crate::question::Question;
use crate::world::{DOOR, DOORS, HOLDS_FIRST_LEVEL, LEVEL, WEEK, WEEK_MS, id};

/// Doors that are asked about.
const ASKED: usize = 50;
/// Times that the change is looked at.
const LOOKS: usize = 20;
/// Wednesday, 10:30 in Berlin.
const NOW: UnixMs = UnixMs(WEEK.0 + ((2 * 24 + 9) * 60 + 30) * 60_000);

/// Who may open a door now.
pub(crate) fn explain_door(policy: &Policy, rows: &PolicyRows, questions: &[Question]) -> anyhow::Result<Figure> {
    let mut samples = Samples::default();
    let mut found = 0;
    for nth in 0..ASKED {
        let door: DoorId = id(DOOR, nth * (DOORS / ASKED));
        let began = Began::now()?;
        let persons = black_box(who(black_box(policy), None, door, Side::In, NOW));
        samples.push(ms(began.elapsed()?));
        found += persons.len();
        if nth == 0 {
            let listed: BTreeSet<PersonId> = persons.iter().map(|may| may.person).collect();
            ensure!(listed == one_by_one(policy, rows, questions, door)?, "who and decide differ at door {nth}");
        }
    }
    crate::say(&format!("who may open a door, ms: {}; {} persons on average", samples.summary()?, found / ASKED))?;
    Ok(Figure::plain("explain_door.ms", samples.median()?, "ms"))
}

/// The same by asking for each card.
fn one_by_one(
    policy: &Policy,
    rows: &PolicyRows,
    questions: &[Question],
    door: DoorId,
) -> anyhow::Result<BTreeSet<PersonId>> {
    let mut attempt = questions.first().context("a question")?.attempt.clone();
    (attempt.door, attempt.at) = (door, NOW);
    let mut persons = BTreeSet::new();
    for card in &rows.credentials {
        attempt.card = card.token;
        if decide(policy, &State::default(), &attempt).is_grant() {
            persons.insert(card.person);
        }
    }
    Ok(persons)
}

/// The first level, which 10,000 hold, gets another schedule and another door.
pub(crate) fn change_level(policy: &Policy, rows: &PolicyRows) -> anyhow::Result<Figure> {
    let holders: BTreeSet<PersonId> = rows
        .grants
        .iter()
        .filter(|grant| grant.level == id(LEVEL, 0))
        .filter_map(|grant| match grant.holder {
            Holder::Person(person) => Some(person),
            Holder::Group(_) => None,
        })
        .collect();
    ensure!(holders.len() == rows.persons.len() / HOLDS_FIRST_LEVEL, "{} hold the level", holders.len());
    let mut level = rows.levels[0].clone();
    let line = level.lines.first_mut().context("a level's line")?;
    let mut schedules = rows.schedules.iter().map(|schedule| Some(schedule.id));
    line.schedule = schedules.find(|other| *other != line.schedule).context("another schedule")?;
    let mut doors = rows.doors.iter().map(|door| Place::Door(door.id));
    line.places[0] = doors.find(|door| !line.places.contains(door)).context("another door")?;
    let changed = policy.with(&[PolicyChange::Put(PolicyRow::Level(level))])?;
    let mut samples = Samples::default();
    let mut counts = None;
    for _ in 0..LOOKS {
        let began = Began::now()?;
        let found = black_box(diff(black_box(policy), black_box(&changed), WEEK, WEEK.plus_ms(WEEK_MS)));
        samples.push(ms(began.elapsed()?));
        let concerned: BTreeSet<PersonId> = found.groups.iter().flat_map(|group| group.persons.clone()).collect();
        ensure!(concerned.is_subset(&holders), "somebody is concerned who does not hold the level");
        ensure!(concerned.len() > holders.len() / 2, "{} of {} are concerned", concerned.len(), holders.len());
        counts = Some((concerned.len(), found.counts));
    }
    let (concerned, counts) = counts.context("nothing was measured")?;
    crate::say(&format!("a level changed, ms: {}; {concerned} persons, {counts:?}", samples.summary()?))?;
    Ok(Figure::plain("diff.ms", samples.median()?, "ms"))
}
