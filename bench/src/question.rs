//! Who is asked about, at which door and when: persons drawn uniformly, half of them let in.

use std::collections::BTreeMap;

use access_core::attempt::{Assurance, Attempt, ClockTrust};
use access_core::policy::{Policy, PolicyRows, Side};
use access_core::verdict::Reason;
use access_core::{State, decide};
use anyhow::{Context as _, ensure};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::plain::Plain;
use crate::world::{SEED, WEEK, WEEK_MS, id};

/// How many are drawn.
pub(crate) const QUESTIONS: usize = 20_000;
/// So often an instant and a door are drawn anew for a person, until the answer is the one that is wanted.
const DRAWS: usize = 60;

/// One question, as we are asked it and as the peers are.
pub(crate) struct Question {
    /// Ours.
    pub(crate) attempt: Attempt,
    /// The person's number.
    pub(crate) person: usize,
    /// The door's number.
    pub(crate) door: usize,
    /// When, in Unix seconds.
    pub(crate) at_s: i32,
    /// When, in minutes of the week that the wall clock at the door shows. We find that ourselves.
    pub(crate) minute: i32,
    /// Our answer.
    pub(crate) reason: Reason,
}

impl Question {
    /// Whether we let them in.
    pub(crate) fn is_allowed(&self) -> bool {
        self.reason == Reason::Granted
    }

    /// The question in words.
    pub(crate) fn words(&self) -> String {
        let Self { person, door, at_s, minute, reason, .. } = self;
        format!("person {person} at door {door}, Unix second {at_s} (minute {minute} of the week): we say {reason:?}")
    }
}

/// Draws the questions. Fails unless half of them are allowed, and every reason that needs no state is met.
pub(crate) fn draw(rows: &PolicyRows, plain: &Plain, policy: &Policy) -> anyhow::Result<Vec<Question>> {
    let mut random = StdRng::seed_from_u64(SEED + 1);
    let drawn = (0..QUESTIONS).map(|number| about_somebody(number, rows, plain, policy, &mut random));
    let questions = drawn.collect::<anyhow::Result<Vec<Question>>>()?;
    let reasons = reasons(&questions);
    let allowed = questions.iter().filter(|question| question.is_allowed()).count();
    ensure!((45..=55).contains(&(allowed * 100 / QUESTIONS)), "{allowed} of {QUESTIONS} are allowed: not half");
    for reason in [
        Reason::Blocked,
        Reason::DoorNotGranted,
        Reason::GrantExpired,
        Reason::GrantNotYetValid,
        Reason::OutsideSchedule,
    ] {
        ensure!(reasons.contains_key(format!("{reason:?}").as_str()), "nobody is refused with {reason:?}");
    }
    Ok(questions)
}

/// How often each answer is given.
pub(crate) fn reasons(questions: &[Question]) -> BTreeMap<String, usize> {
    let mut reasons = BTreeMap::new();
    for question in questions {
        *reasons.entry(format!("{:?}", question.reason)).or_default() += 1;
    }
    reasons
}

fn about_somebody(
    number: usize,
    rows: &PolicyRows,
    plain: &Plain,
    policy: &Policy,
    random: &mut StdRng,
) -> anyhow::Result<Question> {
    let person = random.random_range(0..rows.persons.len());
    let is_wanted = random.random_bool(0.5);
    let mut last = None;
    for _ in 0..DRAWS {
        let at = WEEK.plus_ms(random.random_range(0..WEEK_MS / 1_000) * 1_000);
        // Half of those who shall be refused stand before a door of theirs, at the wrong time.
        let door = if is_wanted || random.random_bool(0.5) {
            let grants = &plain.persons[person].grants;
            let doors = &plain.levels[grants[random.random_range(0..grants.len())].0].doors;
            doors[random.random_range(0..doors.len())]
        } else {
            random.random_range(0..rows.doors.len())
        };
        let attempt = Attempt {
            id: id(9, number),
            door: rows.doors[door].id,
            side: Side::In,
            at,
            clock: ClockTrust::Trusted,
            card: rows.credentials[person].token,
            assurance: Assurance::Authenticated,
            finger: None,
            pin: None,
        };
        let site = policy.site(rows.doors[door].site).context("a door's site")?;
        let local = site.zone.local(at);
        let minute = i64::from(local.weekday() as u8) * 24 * 60 + local.ms_of_day / 60_000;
        let verdict = decide(policy, &State::default(), &attempt);
        let question = Question {
            reason: verdict.reason,
            person,
            door,
            at_s: i32::try_from(at.0 / 1_000)?,
            minute: i32::try_from(minute)?,
            attempt,
        };
        let is_found = question.is_allowed() == is_wanted;
        last = Some(question);
        if is_found {
            break;
        }
    }
    last.context("nothing was drawn")
}
