//! Everything of a person that their doors depend on: persons with equal holdings may open the same doors at the same times.

use crate::intervals::{Interval, Intervals};
use crate::policy::{CredentialState, DoorRule, PersonView, Place};
use crate::time::Period;
use crate::who::OpenTimes;

/// What a person holds in a stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Holding {
    /// Cards that may be used, each with where and when it, its holder or a group of theirs is blocked.
    cards: Vec<(Interval, Vec<(Place, Interval)>)>,
    /// Numbers of levels, each with when it is held.
    pub(super) levels: Vec<(u32, Interval)>,
}

impl Holding {
    /// What a person holds of those levels that are `wanted`, by number.
    pub(super) fn of(open: &OpenTimes<'_>, person: &PersonView<'_>, wanted: impl Fn(u32) -> bool) -> Self {
        if !person.is_active {
            return Self::default();
        }
        let policy = open.policy;
        let inside = |period: &Period| Interval::of_period(period, open.within);
        let held = policy.levels_held(person).filter(|(level, _)| wanted(*level));
        let mut levels: Vec<_> = held.filter_map(|(level, valid)| Some((level, inside(&valid)?))).collect();
        levels.sort_unstable();
        let active = policy.cards_seen(person).filter(|(_, card)| card.state == CredentialState::Active);
        let with_blocks = active.filter_map(|(_, card)| {
            let blocks = policy.blocks_of(card.id, person);
            let mut blocks: Vec<_> = blocks.filter_map(|block| Some((block.place, inside(&block.valid)?))).collect();
            blocks.sort_unstable();
            Some((inside(&card.valid)?, blocks))
        });
        let mut cards: Vec<_> = with_blocks.collect();
        cards.sort_unstable();
        Self { cards, levels }
    }

    /// Whether a block stops them somewhere, so that not every door is the same to their cards.
    pub(super) fn is_blocked(&self) -> bool {
        self.cards.iter().any(|(_, blocks)| !blocks.is_empty())
    }

    /// When some card of theirs may be used at a door.
    pub(super) fn usable_at(&self, door: &DoorRule) -> Intervals {
        self.cards.iter().fold(Intervals::none(), |times, (valid, blocks)| {
            let here = blocks.iter().filter(|(place, _)| place.holds(door)).map(|(_, times)| *times);
            times.or(&Intervals::of(vec![*valid]).without(&Intervals::of(here.collect())))
        })
    }
}
