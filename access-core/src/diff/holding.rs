//! Everything of a person that their doors depend on: persons with equal holdings may open the same doors at the same times.

use crate::ids::{AccessLevelId, PersonId};
use crate::intervals::{Interval, Intervals};
use crate::policy::{CredentialState, Place, Policy};
use crate::time::Period;
use crate::who::OpenTimes;

/// What a person holds in a stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Holding {
    /// Cards that may be used, each with where and when it, its holder or a group of theirs is blocked.
    cards: Vec<(Interval, Vec<(Place, Interval)>)>,
    levels: Vec<(AccessLevelId, Interval)>,
}

impl Holding {
    /// What a person holds of those levels that are `wanted`.
    pub(super) fn of(open: &OpenTimes<'_>, person: PersonId, wanted: impl Fn(AccessLevelId) -> bool) -> Self {
        let policy: &Policy = open.policy;
        let Some(person) = policy.person(person).filter(|person| person.is_active) else { return Self::default() };
        let inside = |period: &Period| Intervals::of_period(period, open.within).as_slice().first().copied();
        let grants = policy.grants_of(&person).filter(|grant| wanted(grant.level));
        let mut levels: Vec<_> = grants.filter_map(|grant| Some((grant.level, inside(&grant.valid)?))).collect();
        levels.sort_unstable();
        let active = policy.cards_of(person.id).filter(|card| card.state == CredentialState::Active);
        let with_blocks = active.filter_map(|card| {
            let blocks = policy.blocks_of(card.id, &person);
            let mut blocks: Vec<_> = blocks.filter_map(|block| Some((block.place, inside(&block.valid)?))).collect();
            blocks.sort_unstable();
            Some((inside(&card.valid)?, blocks))
        });
        let mut cards: Vec<_> = with_blocks.collect();
        cards.sort_unstable();
        Self { cards, levels }
    }
}
