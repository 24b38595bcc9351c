//! Rules 13 and 14: what was granted, and at what hour.

use access_core::ids::{AccessLevelId, GrantId, ScheduleId};
use access_core::policy::{AccessLevel, FactorDemand, Grant, Holder, LevelLine, PersonRule, Side, Sides, WaivableRule};
use access_core::verdict::{Reason, RecordRef};

use crate::answer::Said;
use crate::rules::Case;

/// How near a grant comes to allowing it. A later one is nearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Near {
    NothingGranted,
    OtherDoors,
    Ended,
    NotBegun,
    Untold,
    WrongHour,
    UntoldHour,
    Allows,
}

/// The nearest grant.
pub(crate) struct Nearest {
    near: Near,
    /// Which one is named, and its level.
    pub(crate) grant: Option<(GrantId, AccessLevelId)>,
    /// The schedule of the first of its level's least demanding lines.
    schedule: Option<ScheduleId>,
    /// What it demands.
    pub(crate) demands: FactorDemand,
}

impl<'a> Case<'a> {
    /// 13.
    pub(crate) fn grant(&mut self, holder: &PersonRule) -> Said {
        let nearest = self.nearest(holder);
        let reason = match nearest.near {
            Near::NothingGranted => Reason::NoGrant,
            Near::OtherDoors => Reason::DoorNotGranted,
            Near::Ended => Reason::GrantExpired,
            Near::NotBegun => Reason::GrantNotYetValid,
            Near::Untold => Reason::ClockNotTrusted,
            Near::WrongHour | Near::UntoldHour | Near::Allows => {
                self.by.extend(nearest.grant.map(|(grant, _)| RecordRef::Grant(grant)));
                return if self.is_free() { Said::Free } else { Said::Passes };
            }
        };
        self.answer.settled_by.extend(nearest.grant.map(|(grant, _)| RecordRef::Grant(grant)));
        Said::Refuses(reason)
    }

    /// 14.
    pub(crate) fn schedule(&mut self, holder: &PersonRule) -> Said {
        let nearest = self.nearest(holder);
        let reason = match nearest.near {
            Near::WrongHour => Reason::OutsideSchedule,
            Near::UntoldHour => Reason::ClockNotTrusted,
            _ if self.is_waived(WaivableRule::Schedule) => return Said::NotApplicable,
            _ => {
                self.by.extend(nearest.schedule.map(RecordRef::Schedule));
                return if nearest.schedule.is_some() { Said::Passes } else { Said::NotApplicable };
            }
        };
        self.answer.settled_by.extend(nearest.grant.map(|(grant, _)| RecordRef::Grant(grant)));
        self.answer.settled_by.extend(nearest.schedule.map(RecordRef::Schedule));
        Said::Refuses(reason)
    }

    /// The nearest of the holder's grants.
    pub(crate) fn nearest(&self, holder: &PersonRule) -> Nearest {
        let mut nearest =
            Nearest { near: Near::NothingGranted, grant: None, schedule: None, demands: FactorDemand::Card };
        for grant in &self.rows.grants {
            let is_theirs = match grant.holder {
                Holder::Person(person) => person == holder.id,
                Holder::Group(group) => holder.groups.contains(&group),
            };
            if !is_theirs {
                continue;
            }
            let (near, demands, schedule) = self.nearness(grant);
            let is_better = match near.cmp(&nearest.near) {
                std::cmp::Ordering::Less => false,
                std::cmp::Ordering::Greater => true,
                std::cmp::Ordering::Equal if near == Near::Allows && demands != nearest.demands => {
                    demands < nearest.demands
                }
                std::cmp::Ordering::Equal => nearest.grant.is_none_or(|(other, _)| grant.id < other),
            };
            if is_better {
                nearest = Nearest { near, grant: Some((grant.id, grant.level)), schedule, demands };
            }
        }
        if nearest.near == Near::OtherDoors {
            nearest.grant = None;
        }
        nearest
    }

    fn nearness(&self, grant: &Grant) -> (Near, FactorDemand, Option<ScheduleId>) {
        let lines: Vec<&LevelLine> = self.level(grant).lines.iter().filter(|line| self.is_held_by_line(line)).collect();
        let open: Vec<&LevelLine> = lines.iter().copied().filter(|line| self.is_line_open(line)).collect();
        let saying = if open.is_empty() { &lines } else { &open };
        let of_line = |line: &LevelLine| line.factors.unwrap_or(FactorDemand::Card);
        let mut demands = FactorDemand::CardFinger;
        for line in saying {
            demands = demands.min(of_line(line));
        }
        let least = saying.iter().find(|line| of_line(line) == demands);
        let near = if lines.is_empty() {
            Near::OtherDoors
        } else if self.is_past(grant.valid) {
            Near::Ended
        } else if self.is_before(grant.valid) {
            Near::NotBegun
        } else if !self.is_inside(grant.valid) {
            Near::Untold
        } else if !open.is_empty() {
            Near::Allows
        } else if self.is_clock_trusted() {
            Near::WrongHour
        } else {
            Near::UntoldHour
        };
        (near, demands, least.and_then(|line| line.schedule))
    }

    fn level(&self, grant: &Grant) -> &'a AccessLevel {
        let level = self.rows.levels.iter().find(|level| level.id == grant.level);
        #[expect(clippy::expect_used, reason = "rows that make a policy hold every level that is granted")]
        level.expect("the level")
    }

    fn is_held_by_line(&self, line: &LevelLine) -> bool {
        let covers_side = match line.sides {
            Sides::Both => true,
            Sides::In => self.attempt.side == Side::In,
            Sides::Out => self.attempt.side == Side::Out,
        };
        covers_side && line.places.iter().any(|place| self.is_held_by(*place))
    }

    fn is_line_open(&self, line: &LevelLine) -> bool {
        match line.schedule {
            None => true,
            Some(_) if self.is_waived(WaivableRule::Schedule) => true,
            Some(schedule) => self.is_clock_trusted() && self.is_open(schedule),
        }
    }
}
