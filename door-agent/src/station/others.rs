//! A finger that was read and is compared with those of others before the server gets it. It waits here until the server says that
//! there are no more of them; whatever keeps one of them from being compared ends the dialogue.

use access_core::ids::{EnrolmentId, FingerId};
use access_core::protocol::{
    EnrolmentFault, EnrolmentStep, EnrolmentWant, FINGERS_COMPARED_AT_ONCE_MAX, FingersToCompare, SecretBytes,
};
use hardware::FaultKind;
use hardware::finger::Enrolled;

use super::{SENSOR_TYPE, Station, StationAction};

/// The finger that waits, and those that it is compared with now.
#[derive(Debug)]
pub(super) struct Waiting {
    finger: Enrolled,
    /// Which these are, in the order in which the sensor has them. None between two lots.
    others: Vec<FingerId>,
}

impl Station {
    /// A finger was read that is to be compared first.
    pub(super) fn made(&mut self, enrolment: EnrolmentId, finger: Enrolled) -> Vec<StationAction> {
        self.waiting = Some(Waiting { finger, others: Vec::new() });
        let sensor_type = SENSOR_TYPE.to_owned();
        vec![StationAction::Step(enrolment, EnrolmentStep::FingerMade { sensor_type })]
    }

    /// The server sends the next of the others, or says that there are no more: then the finger is read.
    pub fn compare(&mut self, next: FingersToCompare) -> Vec<StationAction> {
        let order = self
            .current
            .as_mut()
            .filter(|order| order.id == next.enrolment && matches!(order.want, EnrolmentWant::ComparedFinger { .. }));
        let (Some(order), Some(waiting)) = (order, &mut self.waiting) else { return Vec::new() };
        if !waiting.others.is_empty() {
            // Nothing is read out before those are done with.
            return Vec::new();
        }
        if next.templates.is_empty() {
            let Enrolled { template, quality } = &waiting.finger;
            let (template, quality) = (SecretBytes(template.as_bytes().to_vec()), *quality);
            let sensor_type = SENSOR_TYPE.to_owned();
            return self.end(EnrolmentStep::FingerRead { template, sensor_type, quality }, true);
        }
        let is_comparable = next.templates.len() <= FINGERS_COMPARED_AT_ONCE_MAX
            && next.templates.iter().all(|other| other.sensor_type == SENSOR_TYPE);
        if !is_comparable {
            return self.fail(EnrolmentFault::NotComparable);
        }
        order.expires_at = next.expires_at;
        waiting.others = next.templates.iter().map(|other| other.finger).collect();
        let finger = waiting.finger.template.clone();
        vec![StationAction::Compare { enrolment: next.enrolment, finger, others: next.templates }]
    }

    /// What the server sent does not open here.
    pub fn not_comparable(&mut self, enrolment: EnrolmentId) -> Vec<StationAction> {
        if self.is_comparing(enrolment) { self.fail(EnrolmentFault::NotComparable) } else { Vec::new() }
    }

    /// The sensor has compared so many, and none of them is the same.
    pub fn comparing(&self, enrolment: EnrolmentId, compared: usize) -> Vec<StationAction> {
        if !self.is_comparing(enrolment) {
            return Vec::new();
        }
        let compared = u16::try_from(compared).unwrap_or(u16::MAX);
        vec![StationAction::Step(enrolment, EnrolmentStep::Comparing { compared })]
    }

    /// The sensor has compared all of them, or found one that is the same: its place among them.
    pub fn compared(&mut self, enrolment: EnrolmentId, result: Result<Option<usize>, FaultKind>) -> Vec<StationAction> {
        if !self.is_comparing(enrolment) {
            return Vec::new();
        }
        let others = self.waiting.as_mut().map(|waiting| std::mem::take(&mut waiting.others)).unwrap_or_default();
        match result {
            Ok(None) => vec![StationAction::Step(enrolment, EnrolmentStep::FingersCompared)],
            Ok(Some(place)) => match others.get(place) {
                Some(&finger) => self.end(EnrolmentStep::FingerSame { finger }, false),
                None => self.fail(EnrolmentFault::SensorFault),
            },
            Err(_) => self.fail(EnrolmentFault::SensorFault),
        }
    }

    fn is_comparing(&self, enrolment: EnrolmentId) -> bool {
        let is_current = self.current.as_ref().is_some_and(|order| order.id == enrolment);
        is_current && self.waiting.as_ref().is_some_and(|waiting| !waiting.others.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use access_core::UnixMs;
    use access_core::protocol::SealedTemplate;
    use hardware::finger::{EnrolError, Template};
    use uuid::Uuid;

    use super::super::tests::{WHOLE, order, words};
    use super::*;

    const WANT: EnrolmentWant = EnrolmentWant::ComparedFinger { captures: 3 };

    fn id(number: u128) -> EnrolmentId {
        Uuid::from_u128(number).into()
    }

    fn finger() -> Enrolled {
        Enrolled { template: Template::new(vec![1]).unwrap(), quality: 80 }
    }

    fn others(number: u128, fingers: &[u128], sensor_type: &str) -> FingersToCompare {
        let sealed = |finger: &u128| SealedTemplate {
            finger: Uuid::from_u128(*finger).into(),
            person: Uuid::from_u128(1).into(),
            sensor_type: sensor_type.to_owned(),
            sealed: vec![1],
        };
        let templates = fingers.iter().map(sealed).collect();
        FingersToCompare { enrolment: id(number), expires_at: UnixMs(9_000), templates }
    }

    /// A station at which a finger waits in dialogue 1.
    fn waiting() -> Station {
        let mut station = Station::new(WHOLE);
        assert_eq!(words(&station.start(order(1, WANT))), "sensor 3");
        assert_eq!(words(&station.enrolled(id(1), Ok(finger()))), "FingerMade { sensor_type: \"zfm\" }");
        station
    }

    #[test]
    fn a_finger_is_read_when_there_is_none_left_to_compare_it_with() {
        let mut station = waiting();
        assert_eq!(words(&station.compare(others(1, &[5, 6], "zfm"))), "compare 2");
        assert_eq!(words(&station.tick(UnixMs(8_999))), "", "more time with each lot");
        assert_eq!(words(&station.comparing(id(1), 1)), "Comparing { compared: 1 }");
        assert_eq!(words(&station.compare(others(1, &[], "zfm"))), "", "not before those are done with");
        assert_eq!(words(&station.compared(id(9), Ok(None))), "", "of another dialogue");
        assert_eq!(words(&station.compared(id(1), Ok(None))), "FingersCompared");
        assert_eq!(words(&station.compared(id(1), Ok(None))), "", "once");
        assert_eq!(words(&station.compare(others(2, &[], "zfm"))), "", "of another dialogue");
        let read = words(&station.compare(others(1, &[], "zfm")));
        assert!(read.starts_with("FingerRead { template: [redacted]") && read.ends_with("ended true"), "{read}");
        assert!(station.waiting.is_none(), "nothing stays here");
        assert_eq!(words(&station.compare(others(1, &[], "zfm"))), "", "nor twice");
    }

    #[test]
    fn one_that_is_the_same_and_whatever_keeps_it_from_being_known_end_it() {
        let comparing = || {
            let mut station = waiting();
            station.compare(others(1, &[5, 6], "zfm"));
            station
        };
        let check = |mut station: Station, act: &dyn Fn(&mut Station) -> Vec<StationAction>, expected: &str| {
            let told = words(&act(&mut station));
            assert!(told.starts_with(expected) && told.ends_with(", stop, ended false"), "{told}");
            assert!(station.waiting.is_none(), "nothing stays here");
            assert_eq!(words(&station.compare(others(1, &[], "zfm"))), "", "{expected}: it is read by nobody");
        };
        let same = format!("FingerSame {{ finger: {:?} }}", FingerId::from(Uuid::from_u128(6)));
        check(comparing(), &|station| station.compared(id(1), Ok(Some(1))), &same);
        check(comparing(), &|station| station.compared(id(1), Ok(Some(2))), "sensor_fault");
        check(comparing(), &|station| station.compared(id(1), Err(FaultKind::Timeout)), "sensor_fault");
        check(comparing(), &|station| station.not_comparable(id(1)), "not_comparable");
        check(comparing(), &|station| station.cancel(id(1)), "cancelled");
        check(comparing(), &|station| station.tick(UnixMs(9_000)), "timed_out");
        check(comparing(), &Station::link_down, "cancelled");
        check(waiting(), &|station| station.compare(others(1, &[5], "other")), "not_comparable");
        let too_many: Vec<u128> = (1..=33).collect();
        check(waiting(), &|station| station.compare(others(1, &too_many, "zfm")), "not_comparable");
        check(waiting(), &|station| station.cancel(id(1)), "cancelled");
    }

    #[test]
    fn nothing_is_compared_where_that_was_not_asked_for() {
        let mut station = Station::new(WHOLE);
        station.start(order(1, EnrolmentWant::Finger { captures: 3 }));
        assert_eq!(words(&station.compare(others(1, &[5], "zfm"))), "");
        let read = words(&station.enrolled(id(1), Ok(finger())));
        assert!(read.starts_with("FingerRead"), "{read}");
        // Nor before there is a finger.
        station.start(order(2, WANT));
        assert_eq!(words(&station.compare(others(2, &[], "zfm"))), "");
        let failed = station.enrolled(id(2), Err(EnrolError::DoesNotCombine));
        assert_eq!(words(&failed), "does_not_combine, stop, ended false");
    }
}
