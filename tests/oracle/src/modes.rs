//! Rule 12, the door's mode.

use access_core::ids::ScheduleId;
use access_core::policy::{Calendar, DoorMode, PersonRule, Schedule, Side};
use access_core::time::UnixMs;
use access_core::verdict::Reason;

use crate::answer::Said;
use crate::rules::Case;
use crate::wall::{open, wall};

/// Where a mode comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// An operator set it, or none is in force.
    NoSchedule,
    /// This schedule is open.
    Schedule(ScheduleId),
}

impl<'a> Case<'a> {
    /// 12.
    pub(crate) fn door_mode(&mut self, holder: &PersonRule) -> Said {
        match self.mode().0 {
            DoorMode::Normal => Said::NotApplicable,
            DoorMode::Locked if self.attempt.side == Side::In && !self.is_responder(holder) => {
                Said::Refuses(Reason::DoorLocked)
            }
            DoorMode::Locked | DoorMode::Free | DoorMode::FirstPerson | DoorMode::Toggle => Said::Passes,
        }
    }

    /// The mode in force.
    pub(crate) fn mode(&self) -> (DoorMode, Source) {
        let of_operator = self.known.set_mode.filter(|set| self.attempt.at < set.until).map(|set| set.mode);
        if !self.is_clock_trusted() {
            let may_be_locked = self.door.modes.iter().any(|line| line.mode == DoorMode::Locked);
            let is_locked = may_be_locked || of_operator == Some(DoorMode::Locked);
            return (if is_locked { DoorMode::Locked } else { DoorMode::Normal }, Source::NoSchedule);
        }
        if let Some(mode) = of_operator {
            return (mode, Source::NoSchedule);
        }
        for line in &self.door.modes {
            if self.is_open(line.schedule) {
                return (line.mode, Source::Schedule(line.schedule));
            }
        }
        (DoorMode::Normal, Source::NoSchedule)
    }

    /// Whether whom rule 13 lets pass is granted at once.
    pub(crate) fn is_free(&self) -> bool {
        if self.is_locked_by_threat() {
            return false;
        }
        match self.mode().0 {
            DoorMode::Free => true,
            DoorMode::FirstPerson => self.is_within_mode(self.known.last_entered),
            DoorMode::Normal | DoorMode::Locked | DoorMode::Toggle => false,
        }
    }

    /// Whether something happened within the mode in force. With an operator's mode only what came after it was set is told.
    pub(crate) fn is_within_mode(&self, then: Option<UnixMs>) -> bool {
        match (then, self.mode().1) {
            (None, _) => false,
            (Some(_), Source::NoSchedule) => true,
            (Some(then), Source::Schedule(schedule)) => {
                let (schedule, calendar) = (self.hours(schedule), self.calendar());
                let open_now = open(schedule, calendar, wall(&self.site().zone, self.attempt.at));
                let open_then = open(schedule, calendar, wall(&self.site().zone, then));
                then <= self.attempt.at && open_now.iter().any(|window| open_then.contains(window))
            }
        }
    }

    /// Whether a schedule is open at the door's site. Only asked where the clock can be relied on.
    pub(crate) fn is_open(&self, schedule: ScheduleId) -> bool {
        !open(self.hours(schedule), self.calendar(), wall(&self.site().zone, self.attempt.at)).is_empty()
    }

    fn hours(&self, schedule: ScheduleId) -> &'a Schedule {
        let schedule = self.rows.schedules.iter().find(|known| known.id == schedule);
        #[expect(clippy::expect_used, reason = "rows that make a policy hold every schedule that is named")]
        schedule.expect("the schedule")
    }

    fn calendar(&self) -> Option<&'a Calendar> {
        let named = self.site().calendar?;
        self.rows.calendars.iter().find(|calendar| calendar.id == named)
    }
}
