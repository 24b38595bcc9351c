//! Rule 19: what must be shown beside the card.

use access_core::attempt::{Factor, FactorResult};
use access_core::policy::{FactorDemand, PersonRule, Side};
use access_core::verdict::Reason;

use crate::answer::Said;
use crate::rules::Case;

impl Case<'_> {
    /// 19.
    pub(crate) fn factors(&mut self, holder: &PersonRule) -> Said {
        let exemption_counts = holder.exemption.is_some_and(|exemption| self.is_inside(exemption.valid));
        match self.demand(holder) {
            FactorDemand::Card => Said::Passes,
            FactorDemand::CardFinger if !exemption_counts => self.finger(holder),
            FactorDemand::CardFinger | FactorDemand::CardPin => {
                let is_there = |shown| matches!(shown, Some(FactorResult::Matched | FactorResult::MatchedDuress));
                if is_there(self.attempt.pin) || is_there(self.attempt.finger) {
                    Said::Passes
                } else if holder.has_finger && !holder.has_pin && !exemption_counts {
                    self.finger(holder)
                } else {
                    match (self.attempt.pin, holder.has_pin) {
                        (Some(_), _) => Said::Refuses(Reason::WrongPin),
                        (None, true) => Said::Asks(Factor::Pin, Reason::PinRequired),
                        (None, false) => Said::Refuses(Reason::NoPinEnrolled),
                    }
                }
            }
        }
    }

    fn finger(&self, holder: &PersonRule) -> Said {
        match (self.attempt.finger, holder.has_finger) {
            (Some(FactorResult::Matched | FactorResult::MatchedDuress), _) => Said::Passes,
            (Some(FactorResult::NotMatched), _) => Said::Refuses(Reason::WrongFinger),
            (None, true) => Said::Asks(Factor::Finger, Reason::FingerRequired),
            (None, false) => Said::Refuses(Reason::NoFingerEnrolled),
        }
    }

    /// The greatest of what door, grant and threat level demand.
    fn demand(&self, holder: &PersonRule) -> FactorDemand {
        let side = self.attempt.side;
        let mut demands = vec![self.of_door(side), self.nearest(holder).demands];
        if side == Side::In && !self.is_exempt_from_threat(holder) {
            demands.extend(self.threat().and_then(|rule| rule.factors));
        }
        let by_weight = |demand: &FactorDemand| match demand {
            FactorDemand::Card => 0,
            FactorDemand::CardPin => 1,
            FactorDemand::CardFinger => 2,
        };
        demands.into_iter().max_by_key(by_weight).unwrap_or(FactorDemand::CardFinger)
    }

    fn of_door(&self, side: Side) -> FactorDemand {
        let own = match side {
            Side::In => self.door.factors_in,
            Side::Out => self.door.factors_out,
        };
        let mut of_side = self.door.factor_lines.iter().filter(|line| line.side == side);
        if self.is_clock_trusted() {
            of_side.find(|line| self.is_open(line.schedule)).map_or(own, |line| line.factors)
        } else {
            of_side.map(|line| line.factors).fold(own, FactorDemand::max)
        }
    }
}
