//! The chain of rules in RULES.md's order, and rules 1 to 11.

use access_core::attempt::{Assurance, Attempt, ClockTrust, FactorResult};
use access_core::circumstances::{Circumstances, Knowledge};
use access_core::event::AlarmKind;
use access_core::explain;
use access_core::ids::{CredentialId, GroupId};
use access_core::policy::{
    Alone, AreaRule, Block, BlockSubject, CredentialRule, CredentialState, DoorMode, DoorRule, Exit, MissingCard,
    PersonRule, Place, PolicyRows, PolicyScope, Side, SiteRule, ThreatLevelRule, WaivableRule,
};
use access_core::time::{Period, UnixMs};
use access_core::verdict::{Outcome, Reason, RecordRef, Rule};

use crate::answer::{Answer, Asked, Said};

/// The rules of one tenant, as rows.
#[derive(Debug, Clone, Copy)]
pub struct Oracle<'a> {
    /// The rows.
    pub rows: &'a PolicyRows,
    /// Last instant at which an agent's part may be used.
    pub usable_until: Option<UnixMs>,
}

/// One attempt while it is judged.
pub(crate) struct Case<'a> {
    pub(crate) rows: &'a PolicyRows,
    pub(crate) known: &'a Circumstances,
    pub(crate) attempt: &'a Attempt,
    pub(crate) door: &'a DoorRule,
    usable_until: Option<UnixMs>,
    /// The card and its holder, if the policy has both.
    card: Option<(&'a CredentialRule, &'a PersonRule)>,
    /// The card, if a cut knows no more of it than that it is lost or stolen.
    missing: Option<&'a MissingCard>,
    pub(crate) answer: Answer,
    /// Records by which the rule that is asked passes.
    pub(crate) by: Vec<RecordRef>,
    asked: Vec<Asked>,
}

/// A rule of those that need a holder.
pub(crate) type Holders = fn(&mut Case<'_>, &PersonRule) -> Said;

/// Rules 8 to 21.
pub(crate) const OF_HOLDERS: [(Rule, Holders); 14] = [
    (Rule::Person, |_, holder| if holder.is_active { Said::Passes } else { Said::Refuses(Reason::PersonInactive) }),
    (Rule::PolicyAge, |case, holder| case.policy_age(holder)),
    (Rule::Block, |case, holder| case.block(holder)),
    (Rule::ThreatLevel, |case, holder| case.threat_level(holder)),
    (Rule::DoorMode, |case, holder| case.door_mode(holder)),
    (Rule::Grant, |case, holder| case.grant(holder)),
    (Rule::Schedule, |case, holder| case.schedule(holder)),
    (Rule::Travel, |case, holder| case.travel(holder)),
    (Rule::AntiPassback, |case, holder| case.anti_passback(holder)),
    (Rule::Occupancy, |case, holder| case.occupancy(holder)),
    (Rule::Interlock, |case, _| case.interlock()),
    (Rule::Factors, |case, holder| case.factors(holder)),
    (Rule::Escort, |case, holder| case.escort(holder)),
    (Rule::TwoPerson, |case, holder| case.two_person(holder)),
];

impl Oracle<'_> {
    /// Judges an attempt by what is known of doors and people.
    pub fn judge(&self, known: &Circumstances, attempt: &Attempt) -> Answer {
        self.explain(known, attempt).0
    }

    /// Judges an attempt, and says how each rule answered that was asked.
    pub fn explain(&self, known: &Circumstances, attempt: &Attempt) -> (Answer, Vec<Asked>) {
        let mut answer = Answer::denial(Reason::UnknownDoor);
        if is_duress(attempt) {
            answer.alarm(AlarmKind::Duress);
        }
        let Some(door) = self.rows.doors.iter().find(|door| door.id == attempt.door) else {
            answer.rule = Some(Rule::DoorKnown);
            return (answer, vec![asked(Rule::DoorKnown, explain::Answer::Failed, &[])]);
        };
        let asked = vec![asked(Rule::DoorKnown, explain::Answer::Passed, &[])];
        let card = self.rows.credentials.iter().find(|card| card.token == attempt.card);
        let card =
            card.and_then(|card| Some((card, self.rows.persons.iter().find(|person| person.id == card.person)?)));
        let missing = self.rows.missing_cards.iter().find(|missing| missing.token == attempt.card);
        let missing = missing.filter(|_| card.is_none());
        answer.person = card.map(|(_, holder)| holder.id);
        answer.credential = card.map(|(card, _)| card.id).or(missing.map(|missing| missing.id));
        let (rows, usable_until) = (self.rows, self.usable_until);
        Case { rows, known, attempt, door, usable_until, card, missing, answer, by: Vec::new(), asked }.judge()
    }
}

impl Oracle<'_> {
    /// How the door of an attempt stands then, whoever comes: its mode, whether it is unlocked, and whether a threat level locks it
    /// on side in. None of a door that is not known.
    pub fn stands(&self, known: &Circumstances, attempt: &Attempt) -> Option<(DoorMode, bool, bool)> {
        let door = self.rows.doors.iter().find(|door| door.id == attempt.door)?;
        let (rows, usable_until) = (self.rows, self.usable_until);
        let answer = Answer::denial(Reason::UnknownDoor);
        let (by, asked) = (Vec::new(), Vec::new());
        let case = Case { rows, known, attempt, door, usable_until, card: None, missing: None, answer, by, asked };
        let (mode, is_locked) = (case.mode().0, case.is_locked_by_threat());
        let is_turned = mode == DoorMode::Toggle && case.is_within_mode(known.toggled_at) && !is_locked;
        Some((mode, case.is_free() || is_turned, is_locked))
    }
}

impl<'a> Case<'a> {
    /// The same door and moment for another card and its holder.
    pub(crate) fn of_another<'b>(
        &self,
        attempt: &'b Attempt,
        card: &'b CredentialRule,
        holder: &'b PersonRule,
    ) -> Case<'b>
    where
        'a: 'b,
    {
        let mut answer = Answer::denial(Reason::UnknownDoor);
        (answer.person, answer.credential) = (Some(holder.id), Some(card.id));
        let (card, by, asked) = (Some((card, holder)), Vec::new(), Vec::new());
        let Case { rows, known, door, usable_until, .. } = *self;
        Case { rows, known, attempt, door, usable_until, card, missing: None, answer, by, asked }
    }

    fn judge(mut self) -> (Answer, Vec<Asked>) {
        let (rule, said) = self.first_that_does_not_pass();
        if self.is_card_lost_or_stolen() {
            self.answer.alarm(AlarmKind::LostCardPresented);
        }
        match said {
            Said::Passes | Said::NotApplicable => {
                self.release(Reason::Granted);
                self.toggle();
                self.admit_visitors();
                self.rest_on_grant();
            }
            Said::Free => {
                self.release(Reason::DoorFree);
                self.rest_on_grant();
            }
            Said::Refuses(_) | Said::Asks(..) if self.is_leaving_by_this_system() && self.is_card_known() => {
                self.answer.rule = rule;
                self.release(Reason::LeavingNotRefused);
                if self.proof_is_refused() || self.is_card_lost_or_stolen() {
                    self.answer.person = None;
                }
                self.answer.alarm(AlarmKind::LeftAgainstRule);
            }
            Said::Refuses(reason) => {
                self.answer.rule = rule;
                (self.answer.outcome, self.answer.reason) = (Outcome::Deny, reason);
                self.answer.waits = [Reason::EscortRequired, Reason::SecondPersonRequired].contains(&reason);
                self.suspect(reason);
            }
            Said::Asks(factor, reason) => {
                self.answer.rule = rule;
                (self.answer.outcome, self.answer.reason) = (Outcome::Need(factor), reason);
            }
        }
        (self.answer, self.asked)
    }

    fn first_that_does_not_pass(&mut self) -> (Option<Rule>, Said) {
        type OfCards = fn(&mut Case<'_>) -> Said;
        let of_cards: [(Rule, OfCards); 6] = [
            (Rule::CardKnown, |case| case.card_known()),
            (Rule::ReaderLock, |case| case.reader_lock()),
            (Rule::CardGenuine, |case| case.card_genuine()),
            (Rule::CardState, |case| case.card_state()),
            (Rule::CardLock, |case| case.card_lock()),
            (Rule::CardPeriod, |case| case.card_period()),
        ];
        for (rule, ask) in of_cards {
            let said = ask(self);
            let is_of_card = [Rule::CardState, Rule::CardLock, Rule::CardPeriod].contains(&rule);
            if is_of_card && said != Said::Passes {
                self.answer.settled_by.extend(self.answer.credential.map(RecordRef::Credential));
            }
            if self.goes_on(rule, said) {
                continue;
            }
            return (Some(rule), said);
        }
        let Some((_, holder)) = self.card else {
            return (Some(Rule::CardKnown), Said::Refuses(Reason::UnknownCredential));
        };
        for (rule, ask) in OF_HOLDERS {
            let said = ask(self, holder);
            if self.goes_on(rule, said) {
                continue;
            }
            return (Some(rule), said);
        }
        (None, Said::Passes)
    }

    /// Takes note of what a rule said; whether the next is asked.
    fn goes_on(&mut self, rule: Rule, said: Said) -> bool {
        let by = std::mem::take(&mut self.by);
        let (answer, records) = match said {
            Said::Passes | Said::Free => (explain::Answer::Passed, by),
            Said::NotApplicable => (explain::Answer::NotApplicable, Vec::new()),
            Said::Refuses(_) | Said::Asks(..) => (explain::Answer::Failed, self.answer.settled_by.clone()),
        };
        self.asked.push(asked(rule, answer, &records));
        matches!(said, Said::Passes | Said::NotApplicable)
    }

    /// A grant rests on the holder's grant and level, and on who completes it.
    fn rest_on_grant(&mut self) {
        let Some((_, holder)) = self.card else { return };
        if let Some((grant, level)) = self.nearest(holder).grant {
            self.answer.settled_by = vec![RecordRef::Grant(grant), RecordRef::Level(level)];
        }
        let admitted = self.answer.admitted.iter().map(|passage| RecordRef::Person(passage.person));
        self.answer.settled_by.extend(admitted);
    }

    fn release(&mut self, reason: Reason) {
        let needs_longer = self.card.is_some_and(|(_, holder)| holder.needs_longer);
        let (release_ms, held_ms) = if needs_longer {
            (self.door.release_longer_ms, self.door.held_longer_ms)
        } else {
            (self.door.release_ms, self.door.held_ms)
        };
        (self.answer.outcome, self.answer.reason) = (Outcome::Grant { release_ms, held_ms }, reason);
    }

    /// 2.
    fn card_known(&mut self) -> Said {
        if let Some(card) = self.answer.credential {
            self.by.push(RecordRef::Credential(card));
            Said::Passes
        } else {
            Said::Refuses(match self.rows.scope {
                PolicyScope::Whole => Reason::UnknownCredential,
                PolicyScope::Cut => Reason::NotKnownHere,
            })
        }
    }

    /// As "Leaving" means it: in an agent's part every card counts as known.
    fn is_card_known(&self) -> bool {
        self.card.is_some() || self.missing.is_some() || self.rows.scope == PolicyScope::Cut
    }

    fn is_leaving_by_this_system(&self) -> bool {
        self.attempt.side == Side::Out && self.door.exit == Exit::BySystem
    }

    /// 3.
    fn reader_lock(&self) -> Said {
        match self.known.reader_locked_until {
            Some(until) if self.attempt.at < until => Said::Refuses(Reason::ReaderLocked),
            _ => Said::Passes,
        }
    }

    /// 4.
    fn card_genuine(&mut self) -> Said {
        match self.attempt.assurance {
            Assurance::Authenticated => Said::Passes,
            Assurance::NotAuthentic => {
                self.answer.alarm(AlarmKind::CloneSuspected);
                Said::Refuses(Reason::CardNotAuthentic)
            }
            Assurance::WeakUid if self.proof_is_refused() => Said::Refuses(Reason::WeakCardNotAccepted),
            Assurance::WeakUid => Said::Passes,
        }
    }

    /// Whether rule 4 refuses what the card showed, whichever rule speaks first.
    fn proof_is_refused(&self) -> bool {
        let could_do_better = self.card.is_some_and(|(card, _)| card.proves_itself);
        match self.attempt.assurance {
            Assurance::Authenticated => false,
            Assurance::NotAuthentic => true,
            Assurance::WeakUid if !self.site().accepts_uid_only => true,
            Assurance::WeakUid => could_do_better && !self.is_card_lost_or_stolen(),
        }
    }

    /// "Lost and stolen cards".
    fn is_card_lost_or_stolen(&self) -> bool {
        let by_state = |(card, _): (&CredentialRule, _)| {
            card.state == CredentialState::Lost || card.state == CredentialState::Stolen
        };
        self.card.map_or(self.missing.is_some(), by_state)
    }

    /// 5.
    pub(crate) fn card_state(&mut self) -> Said {
        match (self.card, self.missing) {
            (None, Some(missing)) if missing.is_stolen => Said::Refuses(Reason::CredentialStolen),
            (None, _) => Said::Refuses(Reason::CredentialLost),
            (Some((card, _)), _) => match card.state {
                CredentialState::Active => Said::Passes,
                CredentialState::Issued => Said::Refuses(Reason::CredentialNotActive),
                CredentialState::Suspended => Said::Refuses(Reason::CredentialSuspended),
                CredentialState::Lost => Said::Refuses(Reason::CredentialLost),
                CredentialState::Stolen => Said::Refuses(Reason::CredentialStolen),
                CredentialState::Returned => Said::Refuses(Reason::CredentialReturned),
                CredentialState::Expired => Said::Refuses(Reason::CredentialExpired),
            },
        }
    }

    /// 6.
    fn card_lock(&self) -> Said {
        if self.known.is_card_locked { Said::Refuses(Reason::CredentialLocked) } else { Said::Passes }
    }

    /// 7.
    pub(crate) fn card_period(&self) -> Said {
        let Some((card, _)) = self.card else { return Said::Passes };
        if self.is_past(card.valid) {
            Said::Refuses(Reason::CredentialExpired)
        } else if self.is_before(card.valid) {
            Said::Refuses(Reason::CredentialNotYetValid)
        } else if self.is_inside(card.valid) {
            Said::Passes
        } else {
            Said::Refuses(Reason::ClockNotTrusted)
        }
    }

    /// 9.
    fn policy_age(&mut self, holder: &PersonRule) -> Said {
        if self.rows.scope == PolicyScope::Whole {
            return Said::NotApplicable;
        }
        let is_past_its_age = self.usable_until.is_some_and(|until| self.attempt.at > until);
        if is_past_its_age && !self.is_responder(holder) { Said::Refuses(Reason::PolicyTooOld) } else { Said::Passes }
    }

    /// 10.
    fn block(&mut self, holder: &PersonRule) -> Said {
        let concerns = |block: &&Block| match block.subject {
            BlockSubject::Person(person) => person == holder.id,
            BlockSubject::Credential(card) => Some(card) == self.credential(),
            BlockSubject::Group(group) => holder.groups.contains(&group),
        };
        let is_told_not_to_hold = |block: &&Block| self.is_before(block.valid) || self.is_past(block.valid);
        let in_force = self.rows.blocks.iter().filter(concerns).filter(|block| self.is_held_by(block.place));
        match in_force.filter(|block| !is_told_not_to_hold(block)).map(|block| block.id).min() {
            Some(block) => {
                self.answer.settled_by.push(RecordRef::Block(block));
                Said::Refuses(Reason::Blocked)
            }
            None => Said::Passes,
        }
    }

    /// 11.
    fn threat_level(&mut self, holder: &PersonRule) -> Said {
        if self.attempt.side == Side::Out || self.known.threat_level == 0 {
            return Said::NotApplicable;
        }
        let set = RecordRef::ThreatLevel(self.known.threat_level);
        if self.is_locked_by_threat() && !self.is_exempt_from_threat(holder) {
            self.answer.settled_by.push(set);
            Said::Refuses(Reason::Lockdown)
        } else {
            self.by.push(set);
            Said::Passes
        }
    }

    /// The description in force here.
    pub(crate) fn threat(&self) -> Option<&'a ThreatLevelRule> {
        let not_above = self.rows.threat_levels.iter().filter(|rule| rule.level <= self.known.threat_level);
        not_above.max_by_key(|rule| rule.level)
    }

    /// Whether the threat level in force locks this door, whoever comes.
    pub(crate) fn is_locked_by_threat(&self) -> bool {
        self.threat().is_some_and(|rule| {
            rule.locks && (rule.places.is_empty() || rule.places.iter().any(|place| self.is_held_by(*place)))
        })
    }

    pub(crate) fn is_exempt_from_threat(&self, holder: &PersonRule) -> bool {
        self.threat().is_some_and(|rule| rule.exempt.iter().any(|group| holder.groups.contains(group)))
    }

    /// 22. Only after a refusal.
    fn suspect(&mut self, reason: Reason) {
        if !counts_as_suspicious(reason) {
            return;
        }
        let suspicion = self.rows.rules.suspicion;
        let lock_reader = Some(UnixMs(self.attempt.at.0 + i64::from(suspicion.reader_lock_s) * 1000));
        let has_proved_its_key = self.attempt.assurance == Assurance::Authenticated;
        if reason == Reason::CardNotAuthentic || (reason == Reason::TooFast && !has_proved_its_key) {
            self.answer.reader_locked_until = lock_reader;
        }
        if reason == Reason::TooFast && has_proved_its_key {
            self.answer.card_is_locked = true;
        }
        if self.known.refusals_of_card + 1 >= suspicion.refusals && self.credential().is_some() {
            self.answer.alarm(AlarmKind::RepeatedRefusals);
            if has_proved_its_key {
                self.answer.card_is_locked = true;
            } else {
                self.answer.reader_locked_until = lock_reader;
            }
        }
        let was_reader_locked = self.reader_lock() != Said::Passes;
        if self.known.refusals_at_reader + 1 >= suspicion.refusals && !was_reader_locked {
            self.answer.alarm(AlarmKind::RepeatedRefusals);
            self.answer.reader_locked_until = lock_reader;
        }
    }

    fn credential(&self) -> Option<CredentialId> {
        self.answer.credential
    }

    /// What a rule marked ◐ does where not all is known; none: it judges.
    pub(crate) fn alone(&self, choice: Alone) -> Option<Said> {
        match (self.known.knowledge, self.attempt.side, choice) {
            (Knowledge::Everything, _, _) | (Knowledge::OwnDoors, Side::In, Alone::AsKnown) => None,
            (Knowledge::OwnDoors, Side::In, Alone::Deny) => Some(Said::Refuses(Reason::ServerNeeded)),
            (Knowledge::OwnDoors, Side::Out, _) => Some(Said::Passes),
        }
    }

    /// Whether the tenant waived a rule for entries under duress and this is one.
    pub(crate) fn is_waived(&self, rule: WaivableRule) -> bool {
        is_duress(self.attempt) && self.rows.rules.waived_for_duress.contains(&rule)
    }

    pub(crate) fn is_clock_trusted(&self) -> bool {
        self.attempt.clock == ClockTrust::Trusted
    }

    pub(crate) fn is_inside(&self, period: Period) -> bool {
        let has_begun = period.from <= self.attempt.at;
        match period.until {
            None => has_begun,
            Some(until) => has_begun && self.attempt.at < until && self.is_clock_trusted(),
        }
    }

    pub(crate) fn is_past(&self, period: Period) -> bool {
        period.until.is_some_and(|until| self.attempt.at >= until)
    }

    /// With an untrusted clock nobody can tell: the instant may be later.
    pub(crate) fn is_before(&self, period: Period) -> bool {
        self.is_clock_trusted() && self.attempt.at < period.from && !self.is_past(period)
    }

    /// How long ago something was, in milliseconds.
    pub(crate) fn ago_ms(&self, then: UnixMs) -> i64 {
        self.attempt.at.0 - then.0
    }

    /// Whether this door is one of a place's.
    pub(crate) fn is_held_by(&self, place: Place) -> bool {
        match place {
            Place::Tenant => true,
            Place::Site(site) => self.door.site == site,
            Place::Area(area) => self.door.leads_to == area,
            Place::Door(door) => self.door.id == door,
        }
    }

    pub(crate) fn is_responder(&self, holder: &PersonRule) -> bool {
        self.rows.groups.iter().any(|group| group.is_responder && holder.groups.contains(&group.id))
    }

    pub(crate) fn site(&self) -> &'a SiteRule {
        let site = self.rows.sites.iter().find(|site| site.id == self.door.site);
        #[expect(clippy::expect_used, reason = "rows that make a policy hold every site that a door names")]
        site.expect("the door's site")
    }

    /// The area that the door and this side lead to.
    pub(crate) fn led_to_area(&self) -> &'a AreaRule {
        self.area(match self.attempt.side {
            Side::In => self.door.leads_to,
            Side::Out => self.door.leads_from,
        })
    }

    /// The area that they lead from.
    pub(crate) fn led_from_area(&self) -> &'a AreaRule {
        self.area(match self.attempt.side {
            Side::In => self.door.leads_from,
            Side::Out => self.door.leads_to,
        })
    }

    pub(crate) fn area(&self, id: access_core::ids::AreaId) -> &'a AreaRule {
        let area = self.rows.areas.iter().find(|area| area.id == id);
        #[expect(clippy::expect_used, reason = "rows that make a policy hold every area that a door names")]
        area.expect("the door's area")
    }

    /// Groups of a person; none of one whom the rows do not hold.
    pub(crate) fn groups_of(&self, person: access_core::ids::PersonId) -> &'a [GroupId] {
        let person = self.rows.persons.iter().find(|known| known.id == person);
        person.map_or(&[], |person| &person.groups)
    }

    /// Rule 12's effect: a grant for entering turns a door in mode toggle.
    fn toggle(&mut self) {
        let (mode, _) = self.mode();
        if self.attempt.side == Side::In && mode == DoorMode::Toggle && !self.is_locked_by_threat() {
            self.answer.toggled = Some(!self.is_within_mode(self.known.toggled_at));
        }
    }
}

fn asked(rule: Rule, answer: explain::Answer, records: &[RecordRef]) -> Asked {
    Asked { rule, answer, records: records.to_vec() }
}

/// Rule 22's list.
pub fn counts_as_suspicious(reason: Reason) -> bool {
    let word = reason.to_string();
    let named = [
        "unknown_credential",
        "weak_card_not_accepted",
        "card_not_authentic",
        "person_inactive",
        "blocked",
        "no_grant",
        "door_not_granted",
        "outside_schedule",
        "too_fast",
        "passed_back",
        "wrong_finger",
        "wrong_pin",
    ];
    let by_beginning = word.starts_with("credential_") || word.starts_with("grant_");
    word != "credential_locked" && (by_beginning || named.contains(&word.as_str()))
}

/// Whether the holder gave the sign that they are forced.
fn is_duress(attempt: &Attempt) -> bool {
    attempt.finger == Some(FactorResult::MatchedDuress) || attempt.pin == Some(FactorResult::MatchedDuress)
}
