//! Cedar, by roles that are groups.
//!
//! Its best practices (docs.cedarpolicy.com, "Using role-based access control", "Groups and resource-specific roles")
//! say that the recommended way is a group of principals for each role and one policy for each role and its group of
//! resources, both named in the policy's scope ("Populate the policy scope"). So a level is a group of people and a
//! group of doors, and one policy with its hours as condition. When a grant holds is kept with the person, who brings
//! it as an attribute ("Use attributes or templates to represent relationships": attributes, where the application
//! keeps the relationship itself); so is a block, which one `forbid` policy reads.
//!
//! "How Cedar authorization works" has the authorizer consider all policies and entities, and leaves it to the
//! application to find those that are relevant where all are too many. Entities are all given: they lie in memory and
//! are looked up by hash, so fewer would not be faster. Policies are not looked up: the authorizer evaluates each that
//! it is given. So both are measured: [`Cedar`] is given every policy, [`CedarPicked`] only the person's own levels'
//! and the `forbid`, picked by us while the clock runs.
//!
//! No schema is given: it is used for validating, and would not make deciding faster.

use std::collections::{HashMap, HashSet};

use anyhow::Context as _;
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet,
    Request, RestrictedExpression,
};

use super::Peer;
use crate::plain::{Plain, PlainLevel, PlainPerson, PlainPlace, Stretch};
use crate::question::Question;

/// Every policy is given.
pub(crate) struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
}

impl Peer for Cedar {
    const NAME: &str = "cedar";
    type Request = Request;

    fn new(plain: &Plain) -> anyhow::Result<Self> {
        let policies = PolicySet::from_policies(policies(plain)?)?;
        Ok(Self { authorizer: Authorizer::new(), policies, entities: entities(plain)? })
    }

    fn request(&self, question: &Question) -> anyhow::Result<Request> {
        request(question)
    }

    fn is_allowed(&mut self, request: &Request) -> anyhow::Result<bool> {
        let response = self.authorizer.is_authorized(request, &self.policies, &self.entities);
        Ok(response.decision() == Decision::Allow)
    }
}

/// Only policies are given that concern the person.
pub(crate) struct CedarPicked {
    authorizer: Authorizer,
    /// By level, and the `forbid`.
    policies: Vec<Policy>,
    entities: Entities,
    levels_of: Vec<Vec<usize>>,
}

impl Peer for CedarPicked {
    const NAME: &str = "cedar_picked";
    /// With the person's number.
    type Request = (Request, usize);

    fn new(plain: &Plain) -> anyhow::Result<Self> {
        let levels_of = |person: &PlainPerson| person.grants.iter().map(|(level, _)| *level).collect();
        Ok(Self {
            authorizer: Authorizer::new(),
            policies: policies(plain)?,
            entities: entities(plain)?,
            levels_of: plain.persons.iter().map(levels_of).collect(),
        })
    }

    fn request(&self, question: &Question) -> anyhow::Result<Self::Request> {
        Ok((request(question)?, question.person))
    }

    fn is_allowed(&mut self, (request, person): &Self::Request) -> anyhow::Result<bool> {
        let mut picked = PolicySet::new();
        for level in &self.levels_of[*person] {
            picked.add(self.policies[*level].clone())?;
        }
        picked.add(self.policies.last().context("the forbid policy")?.clone())?;
        let response = self.authorizer.is_authorized(request, &picked, &self.entities);
        Ok(response.decision() == Decision::Allow)
    }
}

/// One for each level, in their order, and one for blocks.
fn policies(plain: &Plain) -> anyhow::Result<Vec<Policy>> {
    let parse =
        |name: String, text: &str| -> anyhow::Result<Policy> { Ok(Policy::parse(Some(PolicyId::new(name)), text)?) };
    let levels = plain.levels.iter().enumerate();
    let levels = levels.map(|(number, level)| parse(format!("level{number}"), &permit(number, level)));
    let blocks = std::iter::once_with(|| parse("blocks".to_owned(), FORBID));
    levels.chain(blocks).collect()
}

const FORBID: &str = r#"
    forbid (principal, action, resource) when {
        principal has block
        && principal.block.from <= context.now && context.now < principal.block.until
        && resource in principal.block.place
    };"#;

fn permit(number: usize, level: &PlainLevel) -> String {
    let mut text = format!(
        r#"permit (principal in Level::"{number}", action == Action::"enter", resource in Doors::"{number}")
        when {{ principal.level{number}.from <= context.now && context.now < principal.level{number}.until }}
        when {{ false"#
    );
    for Stretch { from, until } in &level.hours {
        text.push_str(&format!(" || (context.minute >= {from} && context.minute < {until})"));
    }
    text.push_str(" };");
    text
}

fn uid(kind: &str, number: usize) -> anyhow::Result<EntityUid> {
    let name: EntityTypeName = kind.parse()?;
    Ok(EntityUid::from_type_name_and_id(name, EntityId::new(number.to_string())))
}

fn entities(plain: &Plain) -> anyhow::Result<Entities> {
    let mut all = Vec::new();
    let everywhere = uid("Everywhere", 0)?;
    all.push(Entity::new_no_attrs(everywhere.clone(), HashSet::new()));
    let mut groups_of_doors: Vec<HashSet<EntityUid>> = Vec::new();
    for area in &plain.areas_of_doors {
        groups_of_doors.push(HashSet::from([uid("Area", *area)?, everywhere.clone()]));
    }
    for (number, level) in plain.levels.iter().enumerate() {
        for door in &level.doors {
            groups_of_doors[*door].insert(uid("Doors", number)?);
        }
        all.push(Entity::new_no_attrs(uid("Doors", number)?, HashSet::new()));
        all.push(Entity::new_no_attrs(uid("Level", number)?, HashSet::new()));
    }
    for area in 0..=plain.areas_of_doors.iter().copied().max().unwrap_or(0) {
        all.push(Entity::new_no_attrs(uid("Area", area)?, HashSet::new()));
    }
    for (number, groups) in groups_of_doors.into_iter().enumerate() {
        all.push(Entity::new_no_attrs(uid("Door", number)?, groups));
    }
    for (number, person) in plain.persons.iter().enumerate() {
        let mut attributes = HashMap::new();
        let mut groups = HashSet::new();
        for (level, valid) in &person.grants {
            groups.insert(uid("Level", *level)?);
            attributes.insert(format!("level{level}"), RestrictedExpression::new_record(stretch(*valid))?);
        }
        if let Some(block) = &person.block {
            let place = match block.place {
                PlainPlace::Everywhere => everywhere.clone(),
                PlainPlace::Area(area) => uid("Area", area)?,
                PlainPlace::Door(door) => uid("Door", door)?,
            };
            let place = ("place".to_owned(), RestrictedExpression::new_entity_uid(place));
            let fields = stretch(block.valid).into_iter().chain([place]);
            attributes.insert("block".to_owned(), RestrictedExpression::new_record(fields)?);
        }
        all.push(Entity::new(uid("Person", number)?, attributes, groups)?);
    }
    Ok(Entities::from_entities(all, None)?)
}

fn stretch(valid: Stretch) -> [(String, RestrictedExpression); 2] {
    [("from", valid.from), ("until", valid.until)].map(|(name, at_s)| long(name, at_s))
}

fn long(name: &str, value: i32) -> (String, RestrictedExpression) {
    (name.to_owned(), RestrictedExpression::new_long(value.into()))
}

fn request(question: &Question) -> anyhow::Result<Request> {
    let action = EntityUid::from_type_name_and_id("Action".parse()?, EntityId::new("enter"));
    let context = Context::from_pairs([long("now", question.at_s), long("minute", question.minute)])?;
    Ok(Request::new(uid("Person", question.person)?, action, uid("Door", question.door)?, context, None)?)
}
