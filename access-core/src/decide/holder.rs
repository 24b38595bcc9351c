//! Rules about the card, its holder, what they were granted, and what they must show.

use super::case::{Answer, Case, Met, Objection};
use super::{need, record};
use crate::attempt::{Assurance, Attempt, ClockTrust, Factor};
use crate::event::AlarmKind;
use crate::policy::{Allowed, CredentialState, FactorDemand, Fit, Hours, PolicyScope, Side, WaivableRule};
use crate::time::{Period, Place};
use crate::verdict::{Reason, RecordRef};

/// Where the attempt's instant lies in a period; none if the clock can't tell. An untrusted clock shows the earliest that it can be.
pub(super) fn place(period: &Period, attempt: &Attempt) -> Option<Place> {
    let place = period.place(attempt.at);
    match (attempt.clock, place) {
        (ClockTrust::Trusted, _) | (ClockTrust::Untrusted, Place::After) => Some(place),
        (ClockTrust::Untrusted, Place::Inside) if period.until.is_none() => Some(Place::Inside),
        (ClockTrust::Untrusted, Place::Inside | Place::Before) => None,
    }
}

impl Case<'_> {
    pub(super) fn card_known(&mut self) -> Answer {
        match (self.card, self.policy.scope()) {
            (Some(card), _) => Ok(Met::By(record(RecordRef::Credential(card.id)))),
            (None, PolicyScope::Whole) => Err(Objection::new(Reason::UnknownCredential)),
            (None, PolicyScope::Cut) => Err(Objection::new(Reason::NotKnownHere)),
        }
    }

    pub(super) fn reader_lock(&mut self) -> Answer {
        match self.known.reader_locked_until {
            Some(until) if self.attempt.at < until => Err(Objection::new(Reason::ReaderLocked)),
            _ => Ok(Met::Passed),
        }
    }

    pub(super) fn card_genuine(&mut self) -> Answer {
        match self.attempt.assurance {
            Assurance::NotAuthentic => {
                Err(Objection { alarm: Some(AlarmKind::CloneSuspected), ..Objection::new(Reason::CardNotAuthentic) })
            }
            Assurance::WeakUid if !self.is_uid_enough() => Err(Objection::new(Reason::WeakCardNotAccepted)),
            Assurance::WeakUid | Assurance::Authenticated => Ok(Met::Passed),
        }
    }

    /// Whether the card's UID alone is taken for it. That of a lost or stolen card is taken for the reason's sake: the next rule
    /// refuses it, and no agent has the keys by which it could prove itself.
    fn is_uid_enough(&self) -> bool {
        let accepts_uid_only = self.policy.site(self.door.site).is_some_and(|site| site.accepts_uid_only);
        let must_prove = self.card.is_some_and(|card| card.proves_itself) && !self.is_card_missing();
        accepts_uid_only && !must_prove
    }

    /// Whether the card is lost or stolen, whatever it proved: that raises an alarm, and opens nothing.
    pub(super) fn is_card_missing(&self) -> bool {
        self.card.is_some_and(|card| matches!(card.state, CredentialState::Lost | CredentialState::Stolen))
    }

    /// Whether the card says where its holder is: not one that anybody may have, or only claim to be.
    pub(super) fn tells_of_holder(&self) -> bool {
        let is_believed = match self.attempt.assurance {
            Assurance::Authenticated => true,
            Assurance::WeakUid => self.is_uid_enough(),
            Assurance::NotAuthentic => false,
        };
        is_believed && !self.is_card_missing()
    }

    pub(super) fn card_state(&mut self) -> Answer {
        let Some(card) = self.card else { return Ok(Met::NotApplicable) };
        let reason = match card.state {
            CredentialState::Active => return Ok(Met::Passed),
            CredentialState::Issued => Reason::CredentialNotActive,
            CredentialState::Suspended => Reason::CredentialSuspended,
            CredentialState::Lost => Reason::CredentialLost,
            CredentialState::Stolen => Reason::CredentialStolen,
            CredentialState::Returned => Reason::CredentialReturned,
            CredentialState::Expired => Reason::CredentialExpired,
        };
        Err(Objection::by(reason, RecordRef::Credential(card.id)))
    }

    pub(super) fn card_lock(&mut self) -> Answer {
        match self.card {
            Some(card) if self.known.is_card_locked => {
                Err(Objection::by(Reason::CredentialLocked, RecordRef::Credential(card.id)))
            }
            _ => Ok(Met::Passed),
        }
    }

    pub(super) fn card_period(&mut self) -> Answer {
        let Some(card) = self.card else { return Ok(Met::NotApplicable) };
        let reason = match self.place(&card.valid) {
            Some(Place::Inside) => return Ok(Met::Passed),
            Some(Place::Before) => Reason::CredentialNotYetValid,
            Some(Place::After) => Reason::CredentialExpired,
            None => Reason::ClockNotTrusted,
        };
        Err(Objection::by(reason, RecordRef::Credential(card.id)))
    }

    pub(super) fn person(&mut self) -> Answer {
        match self.holder {
            Some(person) if person.is_active => Ok(Met::Passed),
            _ => Err(Objection::new(Reason::PersonInactive)),
        }
    }

    pub(super) fn policy_age(&mut self) -> Answer {
        if self.policy.scope() == PolicyScope::Whole {
            return Ok(Met::NotApplicable);
        }
        if self.policy.is_usable(self.attempt.at) || self.is_responder() {
            return Ok(Met::Passed);
        }
        Err(Objection::new(Reason::PolicyTooOld))
    }

    pub(super) fn block(&mut self) -> Answer {
        let (Some(card), Some(person)) = (self.card, self.holder) else { return Ok(Met::NotApplicable) };
        let in_force = |place: Option<Place>| matches!(place, Some(Place::Inside) | None);
        let blocks = self.policy.blocks_of(card.id, &person);
        let here = blocks.filter(|block| block.place.holds(self.door) && in_force(self.place(&block.valid)));
        match here.map(|block| block.id).min() {
            Some(block) => Err(Objection::by(Reason::Blocked, RecordRef::Block(block))),
            None => Ok(Met::Passed),
        }
    }

    pub(super) fn grant(&mut self) -> Answer {
        let Some(person) = self.holder else { return Ok(Met::NotApplicable) };
        let hours = if self.is_waived(WaivableRule::Schedule) { Hours::Waived } else { Hours::Asked };
        let nearest = self.policy.nearest_grant(&person, self.door, self.attempt, self.local(), hours);
        let records = [nearest.allowed.map(|allowed| RecordRef::Grant(allowed.grant)), None];
        let refused = |reason| Err(Objection { records, ..Objection::new(reason) });
        match nearest.fit {
            Fit::NothingGranted => refused(Reason::NoGrant),
            Fit::OtherDoors => refused(Reason::DoorNotGranted),
            Fit::Ended => refused(Reason::GrantExpired),
            Fit::NotBegun => refused(Reason::GrantNotYetValid),
            Fit::Untold => refused(Reason::ClockNotTrusted),
            Fit::WrongHour | Fit::UntoldHour | Fit::Allows => {
                self.allowed = nearest.allowed;
                self.outside = self.hour_objection(nearest.fit, nearest.allowed);
                Ok(Met::By(records))
            }
        }
    }

    fn hour_objection(&self, fit: Fit, allowed: Option<Allowed>) -> Option<Objection> {
        let reason = match fit {
            Fit::WrongHour => Reason::OutsideSchedule,
            Fit::UntoldHour => Reason::ClockNotTrusted,
            _ => return None,
        };
        let grant = allowed.map(|allowed| RecordRef::Grant(allowed.grant));
        let schedule = allowed.and_then(|allowed| allowed.schedule).map(RecordRef::Schedule);
        Some(Objection { records: [grant, schedule], ..Objection::new(reason) })
    }

    pub(super) fn schedule(&mut self) -> Answer {
        match self.outside {
            Some(objection) => Err(objection),
            None if self.is_waived(WaivableRule::Schedule) => Ok(Met::NotApplicable),
            None => match self.allowed.and_then(|allowed| allowed.schedule) {
                Some(schedule) => Ok(Met::By(record(RecordRef::Schedule(schedule)))),
                None => Ok(Met::NotApplicable),
            },
        }
    }

    pub(super) fn factors(&mut self) -> Answer {
        let Some(person) = self.holder else { return Ok(Met::NotApplicable) };
        let is_exempt = person.exemption.is_some_and(|exemption| self.place(&exemption.valid) == Some(Place::Inside));
        let demand = match self.demand() {
            FactorDemand::CardFinger if is_exempt => FactorDemand::CardPin,
            demand => demand,
        };
        let Attempt { finger, pin, .. } = *self.attempt;
        // The finger is the stronger: it meets a demand for the PIN as well.
        let is_met = self.attempt.shown() >= demand;
        let shows_finger = demand == FactorDemand::CardFinger || (person.has_finger && !person.has_pin && !is_exempt);
        match (is_met, shows_finger) {
            (true, _) => Ok(Met::Passed),
            (_, true) if finger.is_some() => Err(Objection::new(Reason::WrongFinger)),
            (_, true) if person.has_finger => Err(need(Factor::Finger)),
            (_, true) => Err(Objection::new(Reason::NoFingerEnrolled)),
            (_, false) if pin.is_some() => Err(Objection::new(Reason::WrongPin)),
            (_, false) if person.has_pin => Err(need(Factor::Pin)),
            (_, false) => Err(Objection::new(Reason::NoPinEnrolled)),
        }
    }

    /// The greatest of what door, level and threat level demand.
    fn demand(&self) -> FactorDemand {
        let of_level = self.allowed.and_then(|allowed| allowed.factors);
        let of_threat = self.threat_factors().filter(|_| self.attempt.side == Side::In);
        self.door_demand().max(of_level.unwrap_or(FactorDemand::Card)).max(of_threat.unwrap_or(FactorDemand::Card))
    }

    fn door_demand(&self) -> FactorDemand {
        let side = self.attempt.side;
        let own = self.door.factors(side);
        let mut lines = self.door.factor_lines.iter().filter(|line| line.side == side);
        match self.attempt.clock {
            ClockTrust::Trusted => {
                let open = lines.find(|line| self.policy.is_open(line.schedule, self.door, self.local()));
                open.map_or(own, |line| line.factors)
            }
            ClockTrust::Untrusted => lines.map(|line| line.factors).fold(own, FactorDemand::max),
        }
    }
}
