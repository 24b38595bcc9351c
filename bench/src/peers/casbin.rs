//! Casbin, by roles of people and of doors.
//!
//! Its page "Performance Optimization" (casbin.org/docs/performance) says to grant to roles instead of users and to
//! bring the rules down to as few as the model allows, so that the tree of roles answers who holds what. So a level is
//! a role (`g`), its doors are a role of resources (`g2`, "RBAC with resource roles"), and there is one rule for each
//! level: 200, not 300,000. Role links that hold for a time are what its page "RBAC with Conditions" is for; the Rust
//! crate has no conditional role manager, so the period is asked by a function of ours, as "Functions" and the crate's
//! CUSTOM_FUNCTIONS.md describe. So are hours and blocks: that spares Casbin rules that deny, which would keep it from
//! stopping at the first rule that allows.
//!
//! A matcher ends at its first `false`, so what fails most often and costs least stands first. The enforcer that
//! remembers answers is not used: it is asked nothing twice, and ours remembers nothing either.

use std::sync::OnceLock;

use anyhow::ensure;
use casbin::function_map::OperatorFunction;
use casbin::rhai::Dynamic;
use casbin::{CoreApi as _, DefaultModel, Enforcer, MgmtApi as _};

use super::Peer;
use crate::plain::{Plain, PlainPlace, Stretch};
use crate::question::Question;

const MODEL: &str = "
[request_definition]
r = sub, obj, now, minute

[policy_definition]
p = sub, obj, hours

[role_definition]
g = _, _
g2 = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = g2(r.obj, p.obj) && g(r.sub, p.sub) && holds(r.sub, p.sub, r.now) && opens(p.hours, r.minute) && !blocks(r.sub, r.obj, r.now)
";

/// What the functions read. They are plain functions to Casbin and can carry nothing.
static KNOWN: OnceLock<Known> = OnceLock::new();

struct Known {
    /// By person: levels and when they are held.
    grants: Vec<Vec<(usize, Stretch)>>,
    /// By person.
    blocks: Vec<Option<(PlainPlace, Stretch)>>,
    /// By level.
    hours: Vec<Vec<Stretch>>,
    areas_of_doors: Vec<usize>,
}

/// One rule for each level.
pub(crate) struct Casbin {
    enforcer: Enforcer,
}

impl Peer for Casbin {
    const NAME: &str = "casbin";
    type Request = Vec<Dynamic>;

    fn new(plain: &Plain) -> anyhow::Result<Self> {
        let known = Known {
            grants: plain.persons.iter().map(|person| person.grants.clone()).collect(),
            blocks: plain
                .persons
                .iter()
                .map(|person| person.block.as_ref().map(|block| (block.place, block.valid)))
                .collect(),
            hours: plain.levels.iter().map(|level| level.hours.clone()).collect(),
            areas_of_doors: plain.areas_of_doors.clone(),
        };
        ensure!(KNOWN.set(known).is_ok(), "Casbin is set up once");
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        Ok(Self { enforcer: runtime.block_on(enforcer(plain))? })
    }

    fn request(&self, question: &Question) -> anyhow::Result<Self::Request> {
        let Question { person, door, at_s, minute, .. } = question;
        Ok(vec![format!("p{person}").into(), format!("d{door}").into(), (*at_s).into(), (*minute).into()])
    }

    fn is_allowed(&mut self, request: &Self::Request) -> anyhow::Result<bool> {
        Ok(self.enforcer.enforce(request.clone())?)
    }
}

async fn enforcer(plain: &Plain) -> anyhow::Result<Enforcer> {
    let mut enforcer = Enforcer::new(DefaultModel::from_str(MODEL).await?, ()).await?;
    let rule = |level| ["l", "g", "h"].map(|kind| format!("{kind}{level}")).to_vec();
    enforcer.add_policies((0..plain.levels.len()).map(rule).collect()).await?;
    let persons = plain.persons.iter().enumerate();
    let held = persons.flat_map(|(person, known)| known.grants.iter().map(move |(level, _)| (person, level)));
    enforcer
        .add_grouping_policies(held.map(|(person, level)| vec![format!("p{person}"), format!("l{level}")]).collect())
        .await?;
    let doors = plain.levels.iter().enumerate();
    let held = doors.flat_map(|(level, known)| known.doors.iter().map(move |door| (*door, level)));
    let mut links: Vec<Vec<String>> = held.map(|(door, level)| vec![format!("d{door}"), format!("g{level}")]).collect();
    // A name without any link is searched for among all names, one by one: each door has at least one.
    links.extend(
        plain.areas_of_doors.iter().enumerate().map(|(door, area)| vec![format!("d{door}"), format!("a{area}")]),
    );
    enforcer.add_named_grouping_policies("g2", links).await?;
    enforcer.add_function("holds", OperatorFunction::Arg3(holds));
    enforcer.add_function("opens", OperatorFunction::Arg2(opens));
    enforcer.add_function("blocks", OperatorFunction::Arg3(blocks));
    Ok(enforcer)
}

/// The number in a name that begins with a letter.
fn number(name: Dynamic) -> Option<usize> {
    name.into_immutable_string().ok()?.get(1..)?.parse().ok()
}

fn is_inside(stretch: Option<&Stretch>, at: &Dynamic) -> bool {
    stretch.zip(at.as_int().ok()).is_some_and(|(stretch, at)| stretch.holds(at))
}

fn holds(person: Dynamic, level: Dynamic, now: Dynamic) -> Dynamic {
    let valid = || {
        let grants = KNOWN.get()?.grants.get(number(person)?)?;
        let level = number(level)?;
        grants.iter().find(|(held, _)| *held == level).map(|(_, valid)| valid)
    };
    is_inside(valid(), &now).into()
}

fn opens(hours: Dynamic, minute: Dynamic) -> Dynamic {
    let hours = || KNOWN.get()?.hours.get(number(hours)?);
    hours().is_some_and(|hours| hours.iter().any(|stretch| is_inside(Some(stretch), &minute))).into()
}

fn blocks(person: Dynamic, door: Dynamic, now: Dynamic) -> Dynamic {
    let known = || {
        let known = KNOWN.get()?;
        let (place, valid) = known.blocks.get(number(person)?)?.as_ref()?;
        let door = number(door)?;
        let is_here = match *place {
            PlainPlace::Everywhere => true,
            PlainPlace::Area(area) => known.areas_of_doors.get(door) == Some(&area),
            PlainPlace::Door(blocked) => blocked == door,
        };
        is_here.then_some(valid)
    };
    is_inside(known(), &now).into()
}
