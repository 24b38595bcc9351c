//! Everybody who holds one of some levels, by themselves or in a group, and who of them is treated alike.

use super::people::{HeldGrant, Member};
use super::{CardToken, CardView, Grant, PersonView, Policy};
use crate::ids::{AccessLevelId, DoorId};
use crate::policy::Side;
use crate::time::UnixMs;

/// Levels that are looked for, as what persons and grants are of them.
#[derive(Debug)]
pub(crate) struct Holders<'a> {
    policy: &'a Policy,
    /// By number.
    levels: Vec<bool>,
    /// By number of what a person is: whether a group of theirs holds one.
    is_in_group: Vec<bool>,
}

/// A person who holds one of the levels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holding<'a> {
    policy: &'a Policy,
    member: Member<'a>,
}

/// Persons of the same likeness have cards of the same state and period and the same levels of those that are looked for, each alike not yet
/// begun, in force or over; and they are alike in everything but who they are. Nothing else stops or lets any of them at that instant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Likeness(Vec<u32>);

impl Policy {
    /// Levels that hold a door on a side.
    pub(crate) fn holders_of_door(&self, door: DoorId, side: Side) -> Holders<'_> {
        let door = self.frame.known.doors.place(door);
        self.holders(|level| door.is_some_and(|door| self.frame.reach.holds(level, door, side)))
    }

    /// Levels for which `wanted` says so.
    pub(crate) fn holders_of_levels(&self, wanted: impl Fn(AccessLevelId) -> bool) -> Holders<'_> {
        self.holders(|level| wanted(self.frame.levels.ids()[level as usize]))
    }

    fn holders(&self, wanted: impl Fn(u32) -> bool) -> Holders<'_> {
        let frame = &self.frame;
        let levels: Vec<bool> = (0..frame.levels.ids().len() as u32).map(wanted).collect();
        let is_wanted = |grant: &Grant| frame.level_number(grant.level).is_some_and(|level| levels[level as usize]);
        let mut groups: Vec<_> = frame.rows.grants.iter().filter(|grant| is_wanted(grant)).collect();
        groups.dedup_by_key(|grant| grant.holder);
        let holds = |group| groups.iter().any(|grant| grant.holder == super::Holder::Group(group));
        let is_in_group = self.people.person_kinds();
        let is_in_group = is_in_group.map(|kind| kind.groups.iter().any(|group| holds(*group))).collect();
        Holders { policy: self, levels, is_in_group }
    }
}

impl<'a> Holders<'a> {
    /// Whoever holds one, by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Holding<'a>> + '_ {
        let policy = self.policy;
        let holds = |member: &Member<'_>| {
            self.is_in_group[member.kind_number() as usize]
                || member.grants().any(|grant| self.levels[grant.level() as usize])
        };
        policy.people.iter().filter(holds).map(move |member| Holding { policy, member })
    }

    /// What a person holds of the levels by themselves, by id.
    fn grants(&self, holding: &Holding<'a>) -> impl Iterator<Item = HeldGrant<'a>> + '_ {
        holding.member.grants().filter(|grant| self.levels[grant.level() as usize])
    }

    /// The likeness of a person with their card of this number at `at`. None if a block names them or it, or a group of theirs holds
    /// anything.
    pub(crate) fn likeness(&self, holding: &Holding<'a>, card: usize, at: UnixMs) -> Option<Likeness> {
        let (member, frame) = (&holding.member, &self.policy.frame);
        let card = &member.cards()[card];
        let in_groups = member.kind().groups.iter().any(|group| !frame.held_by(*group).is_empty());
        let is_named = || self.policy.blocks_of(card.id, &holding.person()).next().is_some();
        if in_groups || is_named() {
            return None;
        }
        let grants = self.grants(holding).flat_map(|grant| [grant.level(), grant.valid().place(at) as u32]);
        Some(Likeness([member.kind_number(), card.kind].into_iter().chain(grants).collect()))
    }

    /// What a person holds of the levels by themselves: the grant with this number among these.
    pub(crate) fn grant(&self, holding: &Holding<'a>, number: usize) -> Option<Grant> {
        let held = self.grants(holding).nth(number)?;
        let (level, valid) = (self.policy.frame.levels.ids()[held.level() as usize], held.valid());
        Some(Grant { id: held.id(), holder: super::Holder::Person(holding.member.id()), level, valid })
    }
}

impl<'a> Holding<'a> {
    /// Who.
    pub(crate) fn person(&self) -> PersonView<'a> {
        PersonView::of(&self.member)
    }

    /// Their cards, by id, with what readers see of them.
    pub(crate) fn cards(&self) -> impl Iterator<Item = (CardToken, CardView<'a>)> + use<'a> {
        self.policy.views_of_cards(self.member)
    }
}
