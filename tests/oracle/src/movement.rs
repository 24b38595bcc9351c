//! Rules 15 to 18: what depends on where people and doors' leaves are.

use access_core::event::AlarmKind;
use access_core::ids::{AreaId, DoorId, SiteId};
use access_core::policy::{AntiPassback, PersonRule, Side, TravelEnds, WaivableRule};
use access_core::verdict::{Reason, RecordRef};

use crate::answer::Said;
use crate::rules::Case;

impl Case<'_> {
    /// 15.
    pub(crate) fn travel(&mut self, _: &PersonRule) -> Said {
        let (door, site) = (self.door.id, self.door.site);
        let applies = self.rows.travel.iter().any(|time| match time.between {
            TravelEnds::Doors(one, other) => one == door || other == door,
            TravelEnds::Sites(one, other) => one == site || other == site,
        });
        if !applies || self.is_waived(WaivableRule::Travel) {
            return Said::NotApplicable;
        }
        if let Some(said) = self.alone(self.rows.rules.alone.travel) {
            return said;
        }
        let Some(seen) = self.known.last_seen else { return Said::Passes };
        let between =
            |ends: TravelEnds| self.rows.travel.iter().find(|time| time.between == ends).map(|time| time.least_s);
        let of_doors = between(TravelEnds::Doors(door.min(seen.door), door.max(seen.door)));
        let other_site: Option<SiteId> =
            self.rows.doors.iter().find(|known| known.id == seen.door).map(|known| known.site);
        let of_sites = other_site.and_then(|other| between(TravelEnds::Sites(site.min(other), site.max(other))));
        let Some(least_s) = of_doors.or(of_sites) else { return Said::NotApplicable };
        let ago_ms = self.ago_ms(seen.at);
        if ago_ms >= 0 && ago_ms < i64::from(least_s) * 1000 {
            self.answer.alarm(AlarmKind::ImpossibleTravel);
            self.answer.settled_by.push(RecordRef::Door(seen.door));
            Said::Refuses(Reason::TooFast)
        } else {
            self.by.push(RecordRef::Door(seen.door));
            Said::Passes
        }
    }

    /// 16.
    pub(crate) fn anti_passback(&mut self, _: &PersonRule) -> Said {
        let (from, to) = match self.attempt.side {
            Side::In => (self.door.leads_from, self.door.leads_to),
            Side::Out => (self.door.leads_to, self.door.leads_from),
        };
        let settings = [self.area(from).anti_passback, self.area(to).anti_passback];
        if settings == [AntiPassback::Off; 2] || self.is_waived(WaivableRule::AntiPassback) {
            return Said::NotApplicable;
        }
        if let Some(said) = self.alone(self.rows.rules.alone.anti_passback) {
            return said;
        }
        let strictness = |setting: &AntiPassback| match setting {
            AntiPassback::Off => (0, 0),
            AntiPassback::Soft => (1, 0),
            AntiPassback::Timed { within_s } => (2, *within_s),
            AntiPassback::Hard => (3, 0),
        };
        let areas = [(settings[0], from), (settings[1], to)];
        let Some((asked, area)) = areas.into_iter().max_by_key(|(setting, area)| (strictness(setting), *area)) else {
            return Said::Passes;
        };
        self.by.push(RecordRef::Area(area));
        let Some(last) = self.known.whereabouts else { return Said::Passes };
        let Some(led_to) = self.led_to(last.door, last.side) else { return Said::Passes };
        if led_to == from {
            return Said::Passes;
        }
        let is_refused = match asked {
            AntiPassback::Hard => true,
            AntiPassback::Timed { within_s } => self.ago_ms(last.at) < i64::from(within_s) * 1000,
            AntiPassback::Soft => {
                self.answer.alarm(AlarmKind::PassedBack);
                false
            }
            AntiPassback::Off => false,
        };
        if is_refused {
            self.answer.settled_by.extend([RecordRef::Area(area), RecordRef::Door(last.door)]);
            Said::Refuses(Reason::PassedBack)
        } else {
            Said::Passes
        }
    }

    /// Where a side of a door leads; none if the policy does not know the door.
    fn led_to(&self, door: DoorId, side: Side) -> Option<AreaId> {
        let door = self.rows.doors.iter().find(|known| known.id == door)?;
        Some(match side {
            Side::In => door.leads_to,
            Side::Out => door.leads_from,
        })
    }

    /// 17.
    pub(crate) fn occupancy(&mut self, _: &PersonRule) -> Said {
        let Some(most) = self.led_to_area().persons_max else { return Said::NotApplicable };
        if self.is_waived(WaivableRule::Occupancy) {
            return Said::NotApplicable;
        }
        if let Some(said) = self.alone(self.rows.rules.alone.occupancy) {
            return said;
        }
        let area = RecordRef::Area(self.led_to_area().id);
        if self.known.ahead.inside >= most {
            self.answer.settled_by.push(area);
            Said::Refuses(Reason::AreaFull)
        } else {
            self.by.push(area);
            Said::Passes
        }
    }

    /// How many more may come in, the holder not counted: as many as there are where rule 17 does not apply.
    pub(crate) fn room(&self) -> i64 {
        match self.led_to_area().persons_max {
            Some(most) if !self.is_waived(WaivableRule::Occupancy) => {
                i64::from(most) - i64::from(self.known.ahead.inside) - 1
            }
            _ => i64::MAX,
        }
    }

    /// 18.
    pub(crate) fn interlock(&mut self) -> Said {
        if !self.rows.interlocks.iter().any(|group| group.doors.contains(&self.door.id)) {
            return Said::NotApplicable;
        }
        let in_the_way = self.known.not_secured.iter().map(|leaf| leaf.door).min();
        let mut open: Vec<DoorId> =
            self.known.not_secured.iter().filter(|leaf| leaf.is_open).map(|leaf| leaf.door).collect();
        open.extend(Some(self.door.id).filter(|_| self.known.is_open));
        if in_the_way.is_some() && open.len() > 1 {
            self.answer.alarm(AlarmKind::InterlockContradiction);
            if self.attempt.side == Side::Out {
                self.by.extend(in_the_way.map(RecordRef::Door));
                return Said::Passes;
            }
        }
        match in_the_way {
            Some(door) => {
                self.answer.settled_by.push(RecordRef::Door(door));
                Said::Refuses(Reason::Interlock)
            }
            None => Said::Passes,
        }
    }
}
