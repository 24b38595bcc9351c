//! Single changes that would grant an attempt. Each is applied and the attempt judged again; only those that grant are told.

use super::{judge_with_factors, wait};
use crate::attempt::{Assurance, Attempt, ClockTrust, Factor, FactorResult};
use crate::circumstances::{Circumstances, Sighting, Waiting, Wanted};
use crate::decide::may_still_pass;
use crate::ids::{AccessLevelId, AreaId, BlockId, CredentialId, DoorId, GrantId, GroupId, PersonId};
use crate::policy::{
    CredentialState, DoorRule, EscortBy, FactorDemand, Grant, Holder, PersonView, Policy, PolicyChange, PolicyRow,
    PolicyRowId,
};
use crate::time::{Period, Place as Lies, UnixMs};
use crate::verdict::{Outcome, Reason, Verdict};

/// Most levels that are proposed: those that hold the fewest doors.
const LEVELS_MAX: usize = 8;

/// A single change that would grant an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Show this factor, the holder's own.
    ShowFactor(Factor),
    /// Wait until this instant, the first at which it would be granted if nothing else happened.
    WaitUntil(UnixMs),
    /// Grant the holder this level.
    GrantLevel(AccessLevelId),
    /// Let this grant go on.
    ExtendGrant(GrantId),
    /// Let this grant begin now.
    BeginGrant(GrantId),
    /// Make the card active.
    ActivateCard(CredentialId),
    /// Let the card's period go on.
    ExtendCard(CredentialId),
    /// Let the card's period begin now.
    BeginCard(CredentialId),
    /// Unlock the card, which was locked on suspicion.
    UnlockCard(CredentialId),
    /// Use a card that proves its key.
    ProveCard,
    /// Unlock the reader.
    UnlockReader,
    /// Make the person active.
    ActivatePerson(PersonId),
    /// Enrol this factor of the person's.
    EnrolFactor(Factor, PersonId),
    /// Lift this block.
    LiftBlock(BlockId),
    /// Go back to the normal threat level: this one is in force, and others may be set beneath it, for the site or for everything.
    EndThreatLevel(u8),
    /// End the mode that an operator set at the door.
    EndMode(DoorId),
    /// Forgive the person: forget where they are.
    ForgivePerson(PersonId),
    /// Somebody leaves this area.
    SomebodyLeaves(AreaId),
    /// Close this door.
    CloseDoor(DoorId),
    /// The escort comes in first.
    BringEscort,
    /// A second person comes along.
    BringSecondPerson,
    /// Give the agent a clock that can be relied on.
    TrustClock,
    /// Give the agent a fresh policy.
    RenewPolicy,
}

crate::words! {
    /// The kind of a [`Remedy`].
    pub enum RemedyKind {
        /// See [`Remedy::ShowFactor`].
        ShowFactor = "show_factor",
        /// See [`Remedy::WaitUntil`].
        WaitUntil = "wait_until",
        /// See [`Remedy::GrantLevel`].
        GrantLevel = "grant_level",
        /// See [`Remedy::ExtendGrant`].
        ExtendGrant = "extend_grant",
        /// See [`Remedy::BeginGrant`].
        BeginGrant = "begin_grant",
        /// See [`Remedy::ActivateCard`].
        ActivateCard = "activate_card",
        /// See [`Remedy::ExtendCard`].
        ExtendCard = "extend_card",
        /// See [`Remedy::BeginCard`].
        BeginCard = "begin_card",
        /// See [`Remedy::UnlockCard`].
        UnlockCard = "unlock_card",
        /// See [`Remedy::ProveCard`].
        ProveCard = "prove_card",
        /// See [`Remedy::UnlockReader`].
        UnlockReader = "unlock_reader",
        /// See [`Remedy::ActivatePerson`].
        ActivatePerson = "activate_person",
        /// See [`Remedy::EnrolFactor`].
        EnrolFactor = "enrol_factor",
        /// See [`Remedy::LiftBlock`].
        LiftBlock = "lift_block",
        /// See [`Remedy::EndThreatLevel`].
        EndThreatLevel = "end_threat_level",
        /// See [`Remedy::EndMode`].
        EndMode = "end_mode",
        /// See [`Remedy::ForgivePerson`].
        ForgivePerson = "forgive_person",
        /// See [`Remedy::SomebodyLeaves`].
        SomebodyLeaves = "somebody_leaves",
        /// See [`Remedy::CloseDoor`].
        CloseDoor = "close_door",
        /// See [`Remedy::BringEscort`].
        BringEscort = "bring_escort",
        /// See [`Remedy::BringSecondPerson`].
        BringSecondPerson = "bring_second_person",
        /// See [`Remedy::TrustClock`].
        TrustClock = "trust_clock",
        /// See [`Remedy::RenewPolicy`].
        RenewPolicy = "renew_policy",
    }
}

impl Remedy {
    /// Its kind.
    pub fn kind(&self) -> RemedyKind {
        match self {
            Self::ShowFactor(_) => RemedyKind::ShowFactor,
            Self::WaitUntil(_) => RemedyKind::WaitUntil,
            Self::GrantLevel(_) => RemedyKind::GrantLevel,
            Self::ExtendGrant(_) => RemedyKind::ExtendGrant,
            Self::BeginGrant(_) => RemedyKind::BeginGrant,
            Self::ActivateCard(_) => RemedyKind::ActivateCard,
            Self::ExtendCard(_) => RemedyKind::ExtendCard,
            Self::BeginCard(_) => RemedyKind::BeginCard,
            Self::UnlockCard(_) => RemedyKind::UnlockCard,
            Self::ProveCard => RemedyKind::ProveCard,
            Self::UnlockReader => RemedyKind::UnlockReader,
            Self::ActivatePerson(_) => RemedyKind::ActivatePerson,
            Self::EnrolFactor(..) => RemedyKind::EnrolFactor,
            Self::LiftBlock(_) => RemedyKind::LiftBlock,
            Self::EndThreatLevel(_) => RemedyKind::EndThreatLevel,
            Self::EndMode(_) => RemedyKind::EndMode,
            Self::ForgivePerson(_) => RemedyKind::ForgivePerson,
            Self::SomebodyLeaves(_) => RemedyKind::SomebodyLeaves,
            Self::CloseDoor(_) => RemedyKind::CloseDoor,
            Self::BringEscort => RemedyKind::BringEscort,
            Self::BringSecondPerson => RemedyKind::BringSecondPerson,
            Self::TrustClock => RemedyKind::TrustClock,
            Self::RenewPolicy => RemedyKind::RenewPolicy,
        }
    }
}

/// What an attempt is judged from.
struct Question<'a> {
    policy: &'a Policy,
    known: &'a Circumstances,
    attempt: &'a Attempt,
    door: &'a DoorRule,
    verdict: &'a Verdict,
}

/// Single changes that would grant an attempt that was not.
pub(super) fn remedies(policy: &Policy, known: &Circumstances, attempt: &Attempt, verdict: &Verdict) -> Vec<Remedy> {
    let Some(door) = policy.door(attempt.door).filter(|_| !verdict.is_grant()) else { return Vec::new() };
    let question = Question { policy, known, attempt, door, verdict };
    let mut remedies = question.candidates();
    remedies.retain(|remedy| question.is_granted_by(remedy));
    if verdict.outcome == Outcome::Deny {
        remedies.extend(wait::wait_until(policy, known, attempt).map(Remedy::WaitUntil));
    }
    remedies
}

impl Question<'_> {
    /// Changes that answer the objection, likeliest first. Whether they grant is another question.
    fn candidates(&self) -> Vec<Remedy> {
        if let Outcome::Need(factor) = self.verdict.outcome {
            return vec![Remedy::ShowFactor(factor)];
        }
        let card = |remedy: fn(CredentialId) -> Remedy| self.verdict.credential.map(remedy).into_iter().collect();
        let person = |remedy: fn(PersonId) -> Remedy| self.verdict.person.map(remedy).into_iter().collect();
        let enrol = |factor| self.verdict.person.map(|person| Remedy::EnrolFactor(factor, person));
        let lower = Remedy::EndThreatLevel(self.known.threat_level);
        match self.verdict.reason {
            Reason::ReaderLocked => vec![Remedy::UnlockReader],
            Reason::WeakCardNotAccepted => vec![Remedy::ProveCard],
            Reason::CredentialNotActive
            | Reason::CredentialSuspended
            | Reason::CredentialLost
            | Reason::CredentialStolen
            | Reason::CredentialReturned => card(Remedy::ActivateCard),
            Reason::CredentialLocked => card(Remedy::UnlockCard),
            Reason::CredentialNotYetValid => card(Remedy::BeginCard),
            // By its state, or by its period.
            Reason::CredentialExpired => [card(Remedy::ActivateCard), card(Remedy::ExtendCard)].concat(),
            Reason::ClockNotTrusted => vec![Remedy::TrustClock],
            Reason::PersonInactive => person(Remedy::ActivatePerson),
            Reason::PolicyTooOld => vec![Remedy::RenewPolicy],
            Reason::Blocked => self.blocks(),
            Reason::Lockdown => vec![lower],
            // By an operator, or by a schedule whose hours an untrusted clock does not tell.
            Reason::DoorLocked => vec![Remedy::EndMode(self.door.id), Remedy::TrustClock],
            Reason::NoGrant
            | Reason::DoorNotGranted
            | Reason::GrantExpired
            | Reason::GrantNotYetValid
            | Reason::OutsideSchedule => [self.grants(), self.levels()].concat(),
            Reason::PassedBack | Reason::TooFast => person(Remedy::ForgivePerson),
            Reason::AreaFull => vec![Remedy::SomebodyLeaves(self.door.area_after(self.attempt.side))],
            Reason::Interlock => self.known.not_secured.iter().map(|leaf| Remedy::CloseDoor(leaf.door)).collect(),
            Reason::WrongFinger => vec![Remedy::ShowFactor(Factor::Finger)],
            Reason::WrongPin => vec![Remedy::ShowFactor(Factor::Pin)],
            Reason::NoFingerEnrolled => enrol(Factor::Finger).into_iter().chain([lower]).collect(),
            Reason::NoPinEnrolled => enrol(Factor::Pin).into_iter().chain([lower]).collect(),
            Reason::EscortRequired => vec![Remedy::BringEscort],
            Reason::SecondPersonRequired => vec![Remedy::BringSecondPerson],
            _ => Vec::new(),
        }
    }

    fn person(&self) -> Option<PersonView<'_>> {
        self.policy.person(self.verdict.person?)
    }

    fn blocks(&self) -> Vec<Remedy> {
        let Some((card, person)) = self.verdict.credential.zip(self.person()) else { return Vec::new() };
        self.policy.blocks_of(card, &person).map(|block| Remedy::LiftBlock(block.id)).collect()
    }

    fn grants(&self) -> Vec<Remedy> {
        let Some(person) = self.person() else { return Vec::new() };
        let grants = self.policy.grants_of(&person);
        let change = |grant: Grant| match grant.valid.place(self.attempt.at) {
            Lies::After => Some(Remedy::ExtendGrant(grant.id)),
            Lies::Before => Some(Remedy::BeginGrant(grant.id)),
            Lies::Inside => None,
        };
        grants.filter(|grant| self.holds(grant.level)).filter_map(change).collect()
    }

    fn holds(&self, level: AccessLevelId) -> bool {
        self.policy.holds(level, self.door.id, self.attempt.side)
    }

    /// Levels that hold the door, those that hold the fewest doors first: the least that is necessary.
    fn levels(&self) -> Vec<Remedy> {
        let levels = self.policy.levels().iter().map(|level| level.id).filter(|level| self.holds(*level));
        let mut levels: Vec<_> = levels.map(|level| (self.policy.doors_reached(level), level)).collect();
        levels.sort_unstable();
        let remedies = levels.into_iter().map(|(_, level)| Remedy::GrantLevel(level));
        remedies.filter(|remedy| self.is_granted_by(remedy)).take(LEVELS_MAX).collect()
    }

    /// Whether the attempt is granted with this one change, the person then showing what is asked for.
    fn is_granted_by(&self, remedy: &Remedy) -> bool {
        let (mut known, mut attempt) = (self.known.clone(), self.attempt.clone());
        let policy = match self.policy_change(remedy) {
            Some(change) => self.policy.with(&[change]).ok(),
            None => self.other_change(remedy, &mut known, &mut attempt),
        };
        let Some(policy) = policy else { return false };
        judge_with_factors(&policy, &known, &attempt).is_grant()
    }

    fn policy_change(&self, remedy: &Remedy) -> Option<PolicyChange> {
        let at = self.attempt.at;
        let grant = |id: GrantId| {
            let person = self.person()?;
            self.policy.grants_of(&person).find(|grant| grant.id == id)
        };
        let person = |id: PersonId, change: &dyn Fn(&mut crate::policy::PersonRule)| {
            let mut person = self.policy.person(id)?.to_rule();
            change(&mut person);
            Some(PolicyRow::Person(person))
        };
        let card = |id: CredentialId, change: &dyn Fn(&mut crate::policy::CredentialRule)| {
            let mut card = self.policy.cards_of(self.verdict.person?).find(|card| card.id == id)?;
            change(&mut card);
            Some(PolicyRow::Credential(card))
        };
        let row =
            match *remedy {
                Remedy::LiftBlock(block) => return Some(PolicyChange::Remove(PolicyRowId::Block(block))),
                Remedy::GrantLevel(level) => {
                    let id = GrantId::from_uuid(uuid::Uuid::max());
                    let holder = Holder::Person(self.verdict.person?);
                    Some(PolicyRow::Grant(Grant { id, holder, level, valid: Period::ALWAYS }))
                }
                Remedy::ExtendGrant(id) => grant(id)
                    .map(|grant| PolicyRow::Grant(Grant { valid: Period { until: None, ..grant.valid }, ..grant })),
                Remedy::BeginGrant(id) => grant(id)
                    .map(|grant| PolicyRow::Grant(Grant { valid: Period { from: at, ..grant.valid }, ..grant })),
                Remedy::ActivateCard(id) => card(id, &|card| card.state = CredentialState::Active),
                Remedy::ExtendCard(id) => card(id, &|card| card.valid.until = None),
                Remedy::BeginCard(id) => card(id, &|card| card.valid.from = at),
                Remedy::ActivatePerson(id) => person(id, &|person| person.is_active = true),
                Remedy::EnrolFactor(Factor::Finger, id) => person(id, &|person| person.has_finger = true),
                Remedy::EnrolFactor(Factor::Pin, id) => person(id, &|person| person.has_pin = true),
                _ => None,
            };
        row.map(PolicyChange::Put)
    }

    /// Changes of what happened or was shown. None if the change makes no sense here.
    fn other_change(&self, remedy: &Remedy, known: &mut Circumstances, attempt: &mut Attempt) -> Option<Policy> {
        match *remedy {
            Remedy::ShowFactor(Factor::Finger) => attempt.finger = Some(FactorResult::Matched),
            Remedy::ShowFactor(Factor::Pin) => attempt.pin = Some(FactorResult::Matched),
            Remedy::ProveCard => attempt.assurance = Assurance::Authenticated,
            Remedy::TrustClock => attempt.clock = ClockTrust::Trusted,
            Remedy::UnlockCard(_) => known.is_card_locked = false,
            Remedy::UnlockReader => known.reader_locked_until = None,
            Remedy::EndThreatLevel(_) => known.threat_level = 0,
            Remedy::EndMode(_) => known.set_mode = None,
            Remedy::ForgivePerson(_) => known.whereabouts = None,
            Remedy::SomebodyLeaves(_) => known.ahead.inside = known.ahead.inside.checked_sub(1)?,
            Remedy::CloseDoor(door) => known.not_secured.retain(|leaf| leaf.door != door),
            Remedy::BringEscort => known.escort_seen = Some(self.escort()?),
            Remedy::BringSecondPerson => known.waiting.push(self.second_person()?),
            Remedy::RenewPolicy => return Some(self.policy.clone().usable_until(attempt.at)),
            _ => return None,
        }
        Some(self.policy.clone())
    }

    fn escort(&self) -> Option<Sighting> {
        let person = match self.person()?.escort?.by {
            EscortBy::Person(person) => person,
            EscortBy::Group(group) => self.anyone_of(group)?,
        };
        Some(Sighting { person, door: self.door.id, at: self.attempt.at })
    }

    fn second_person(&self) -> Option<Waiting> {
        // Any two leave together.
        let entered = self.policy.area(self.door.area_after(self.attempt.side))?;
        let groups = entered.two_person.and_then(|rule| rule.groups);
        let person = self.person()?;
        let complements = |other: &PersonView<'_>| {
            let are_of =
                |one: &GroupId, another: &GroupId| person.groups.contains(one) && other.groups.contains(another);
            groups.is_none_or(|(one, another)| are_of(&one, &another) || are_of(&another, &one))
        };
        let others = self.policy.persons().filter(|other| other.id != person.id && complements(other));
        let cards = others.flat_map(|other| self.policy.cards_of(other.id));
        let mut waiting = cards.map(|card| Waiting {
            attempt: self.attempt.id,
            person: card.person,
            credential: card.id,
            since: self.attempt.at,
            wants: Wanted::SecondPerson,
            // They would be asked for what is demanded.
            shown: FactorDemand::CardFinger,
        });
        waiting.find(|waiting| may_still_pass(self.policy, self.known, self.attempt, self.door, waiting))
    }

    fn anyone_of(&self, group: GroupId) -> Option<PersonId> {
        let others = self.policy.persons().filter(|other| Some(other.id) != self.verdict.person);
        others.filter(|other| other.is_active && other.groups.contains(&group)).map(|other| other.id).next()
    }
}
