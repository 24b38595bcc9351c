//! Rules about where people are and what other doors do: travel, anti-passback, occupancy, interlock.

use super::case::{Answer, Case, Met, Objection};
use super::record;
use crate::circumstances::Knowledge;
use crate::event::AlarmKind;
use crate::policy::{Alone, AntiPassback, Side, WaivableRule};
use crate::verdict::{Reason, RecordRef};

impl Case<'_> {
    /// How a rule that needs the state of other doors answers an agent that does not know them; none if it judges by what is known.
    pub(super) fn alone(&self, choice: Alone) -> Option<Answer> {
        match (self.known.knowledge, self.attempt.side, choice) {
            (Knowledge::Everything, _, _) | (Knowledge::OwnDoors, Side::In, Alone::AsKnown) => None,
            (Knowledge::OwnDoors, Side::Out, _) => Some(Ok(Met::Passed)),
            (Knowledge::OwnDoors, Side::In, Alone::Deny) => Some(Err(Objection::new(Reason::ServerNeeded))),
        }
    }

    pub(super) fn travel(&mut self) -> Answer {
        if !self.policy.travel_concerns(self.door) || self.is_waived(WaivableRule::Travel) {
            return Ok(Met::NotApplicable);
        }
        if let Some(answer) = self.alone(self.policy.rules().alone.travel) {
            return answer;
        }
        let Some(seen) = self.known.last_seen else { return Ok(Met::Passed) };
        let Some(least_s) = self.policy.travel_s(seen.door, self.door.id) else { return Ok(Met::NotApplicable) };
        let since_ms = self.attempt.at.since(seen.at);
        if (0..i64::from(least_s) * 1_000).contains(&since_ms) {
            let alarm = Some(AlarmKind::ImpossibleTravel);
            return Err(Objection { alarm, ..Objection::by(Reason::TooFast, RecordRef::Door(seen.door)) });
        }
        Ok(Met::By(record(RecordRef::Door(seen.door))))
    }

    pub(super) fn anti_passback(&mut self) -> Answer {
        let side = self.attempt.side;
        let areas = [self.door.area_before(side), self.door.area_after(side)];
        let settings = areas.iter().filter_map(|id| self.policy.area(*id)).map(|area| (area.anti_passback, area.id));
        let Some((setting, area)) = settings.max().filter(|(setting, _)| *setting != AntiPassback::Off) else {
            return Ok(Met::NotApplicable);
        };
        if self.is_waived(WaivableRule::AntiPassback) {
            return Ok(Met::NotApplicable);
        }
        if let Some(answer) = self.alone(self.policy.rules().alone.anti_passback) {
            return answer;
        }
        let by = record(RecordRef::Area(area));
        let Some(seen) = self.known.whereabouts else { return Ok(Met::By(by)) };
        // A door that is no more leads nowhere: unknown whereabouts trap nobody.
        let Some(is_in) = self.policy.door(seen.door).map(|door| door.area_after(seen.side)) else {
            return Ok(Met::By(by));
        };
        if is_in == areas[0] {
            return Ok(Met::By(by));
        }
        let is_refused = match setting {
            AntiPassback::Hard => true,
            AntiPassback::Timed { within_s } => self.attempt.at.since(seen.at) < i64::from(within_s) * 1_000,
            AntiPassback::Soft | AntiPassback::Off => false,
        };
        if is_refused {
            let records = [Some(RecordRef::Area(area)), Some(RecordRef::Door(seen.door))];
            return Err(Objection { records, ..Objection::new(Reason::PassedBack) });
        }
        if setting == AntiPassback::Soft {
            self.soft = Some(AlarmKind::PassedBack);
        }
        Ok(Met::By(by))
    }

    pub(super) fn occupancy(&mut self) -> Answer {
        let area = self.policy.area(self.door.area_after(self.attempt.side));
        let Some((area, persons_max)) = area.and_then(|area| Some((area.id, area.persons_max?))) else {
            return Ok(Met::NotApplicable);
        };
        if self.is_waived(WaivableRule::Occupancy) {
            return Ok(Met::NotApplicable);
        }
        if let Some(answer) = self.alone(self.policy.rules().alone.occupancy) {
            return answer;
        }
        if self.known.ahead.inside >= persons_max {
            return Err(Objection::by(Reason::AreaFull, RecordRef::Area(area)));
        }
        Ok(Met::By(record(RecordRef::Area(area))))
    }

    pub(super) fn interlock(&mut self) -> Answer {
        if self.policy.interlock_of(self.door.id).is_none() {
            return Ok(Met::NotApplicable);
        }
        let Some(first) = self.known.not_secured.iter().map(|leaf| leaf.door).min() else { return Ok(Met::Passed) };
        let others_open = self.known.not_secured.iter().filter(|leaf| leaf.is_open).count();
        if others_open + usize::from(self.known.is_open) >= 2 {
            let alarm = Some(AlarmKind::InterlockContradiction);
            if self.attempt.side == Side::Out {
                self.contradiction = alarm;
                return Ok(Met::By(record(RecordRef::Door(first))));
            }
            return Err(Objection { alarm, ..Objection::by(Reason::Interlock, RecordRef::Door(first)) });
        }
        Err(Objection::by(Reason::Interlock, RecordRef::Door(first)))
    }
}
