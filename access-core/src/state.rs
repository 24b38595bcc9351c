//! What happened before, as far as rules and screens ask for it. It changes only by [`State::apply`], so that it can be
//! rebuilt from the log; a late record never overwrites what a newer one said.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};

use crate::circumstances::{Circumstances, Knowledge, LeafState, Sighting, Waiting, Wanted, Whereabouts};
use crate::event::{Author, Decision, DoorZone, Event, EventKind, Passage, Record, ReleaseCause, SetMode, StateChange};
use crate::ids::{AttemptId, CredentialId, DoorId, PersonId};
use crate::policy::{FactorDemand, PAIR_S_MAX, Place, Side, Suspicion};
use crate::time::UnixMs;
use crate::verdict::{Effect, Outcome, Reason};

mod read;
mod recent;
mod turns;

use recent::Recent;
use turns::Turns;

/// A grant that nobody used counts no longer than this, in milliseconds: longer than any release.
pub const UNUSED_GRANT_MS_MAX: i64 = 120_000;
/// How a grant ended is remembered for so long, in milliseconds: as long as an escort's grant counts.
const ENDED_MS_MAX: i64 = PAIR_S_MAX as i64 * 1_000;
/// Nobody waits longer than this to be completed, in milliseconds.
pub const WAIT_MS_MAX: i64 = 3_600_000;
/// Persons whose newest refusal is remembered of one reader. A decision's record holds all who wait.
pub const WAITING_MAX: usize = 16;
/// Grants at one door that are remembered for escorts.
const RECENT_MAX: usize = 64;

/// Whereabouts, doors, readers, cards and threat levels.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct State {
    knowledge: Knowledge,
    /// Newest passage of everybody, whether it still counts or not.
    passages: BTreeMap<PersonId, Whereabouts>,
    /// How many of `passages` that count led through a door on a side.
    passed_last: BTreeMap<(DoorId, Side), u32>,
    /// When a person was forgiven last: passages up to then count no more.
    forgiven: BTreeMap<PersonId, UnixMs>,
    /// When the area that a door and side lead into was reset last: passages up to then count no more.
    resets: BTreeMap<(DoorId, Side), UnixMs>,
    /// Newest grant or passage of a person at each of their two newest doors, the newest first.
    sightings: BTreeMap<PersonId, Vec<Sighting>>,
    granted: Recent<AttemptId, Granted>,
    ended: Recent<(AttemptId, End), ()>,
    doors: BTreeMap<DoorId, DoorState>,
    readers: BTreeMap<(DoorId, Side), ReaderState>,
    cards: BTreeMap<CredentialId, CardState>,
    threat_levels: BTreeMap<Place, (UnixMs, u8)>,
    /// When an agent started last: its doors are locked then.
    started: BTreeMap<Author, UnixMs>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Granted {
    person: PersonId,
    door: DoorId,
    side: Side,
    /// The attempt that released the door for all who were admitted with it.
    by: AttemptId,
}

/// How a granted attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
enum End {
    /// Its person passed.
    Used,
    /// Nobody passed by it: neither its person nor those who were admitted with them.
    Lapsed,
    /// It was decided once more, and refused: the answer came too late, and the agent decided alone.
    Refused,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct DoorState {
    /// Newest word of the contact, and whether it is that the leaf is open.
    leaf: Option<(UnixMs, bool)>,
    /// Releases that can still last, each with its end.
    releases: BTreeSet<(UnixMs, UnixMs)>,
    /// Newest request to exit for which it was released.
    exit_requested: Option<UnixMs>,
    /// Newest word that it stands unlocked from then on, or no longer, and whose.
    free: Option<(UnixMs, bool, Author)>,
    set_at: Option<UnixMs>,
    set_mode: Option<SetMode>,
    /// Newest word on each zone, and whether it is armed by that.
    zones: BTreeMap<DoorZone, (UnixMs, bool)>,
    last_entered: Option<UnixMs>,
    turns: Turns,
    /// Granted side in, each with its own attempt and the one that released the door.
    recent: BTreeSet<(UnixMs, PersonId, AttemptId, AttemptId)>,
}

impl DoorState {
    fn is_open(&self) -> bool {
        self.leaf.is_some_and(|(_, is_open)| is_open)
    }

    /// Whether a release lasts, where one for a request to exit lasts so long.
    fn is_released(&self, at: UnixMs, exit_ms: u32) -> bool {
        // The lock falls in with the leaf.
        let has_closed_since = |since| self.leaf.is_some_and(|(closed, is_open)| !is_open && closed > since);
        let for_exit = self.exit_requested.map(|since| (since, since.plus_ms(i64::from(exit_ms))));
        self.releases.iter().copied().chain(for_exit).any(|(since, until)| at < until && !has_closed_since(since))
    }

    /// Remembers a release, and forgets those that were over when the newest began.
    fn release(&mut self, since: UnixMs, until: UnixMs) {
        if until > since {
            self.releases.insert((since, until));
        }
        if let Some(&(newest, _)) = self.releases.last() {
            self.releases.retain(|(_, until)| *until > newest);
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct ReaderState {
    /// Newest lock: since when and until when.
    locked: Option<(UnixMs, UnixMs)>,
    unlocked_at: Option<UnixMs>,
    refusals: Refusals,
    /// Newest refusal of a person.
    refused: BTreeMap<PersonId, Refused>,
}

/// A refusal of a person at a reader. The greater one is the newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
struct Refused {
    at: UnixMs,
    ends_wait: bool,
    attempt: AttemptId,
    /// By which card they wait since then, for what, and what they showed.
    waits: Option<(CredentialId, Wanted, FactorDemand)>,
}

impl Refused {
    fn waiting(&self, person: PersonId) -> Option<Waiting> {
        let (credential, wants, shown) = self.waits?;
        Some(Waiting { attempt: self.attempt, person, credential, since: self.at, wants, shown })
    }
}

impl ReaderState {
    fn locked_until(&self) -> Option<UnixMs> {
        let (_, until) = self.locked.filter(|(since, _)| Some(*since) > self.unlocked_at)?;
        Some(until)
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct CardState {
    locked_at: Option<UnixMs>,
    unlocked_at: Option<UnixMs>,
    refusals: Refusals,
}

impl CardState {
    fn is_locked(&self) -> bool {
        self.locked_at > self.unlocked_at
    }
}

/// The newest refusals that any tenant may count.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Refusals(BTreeSet<(UnixMs, AttemptId)>);

impl Refusals {
    fn remember(&mut self, at: UnixMs, attempt: AttemptId) {
        self.0.insert((at, attempt));
        if self.0.len() > Suspicion::REFUSALS_MAX as usize {
            self.0.pop_first();
        }
    }

    /// How many after `after` and within the tenant's time before `at`, at most the tenant's most.
    fn counted(&self, at: UnixMs, after: Option<UnixMs>, suspicion: Suspicion) -> u32 {
        let within_ms = i64::from(suspicion.within_s) * 1_000;
        let counts = |refused: UnixMs| refused <= at && at.since(refused) < within_ms && Some(refused) > after;
        let counted = self.0.iter().filter(|(refused, _)| counts(*refused)).count();
        u32::try_from(counted).unwrap_or(u32::MAX).min(suspicion.refusals)
    }
}

impl Default for State {
    fn default() -> Self {
        Self {
            knowledge: Knowledge::Everything,
            passages: BTreeMap::new(),
            passed_last: BTreeMap::new(),
            forgiven: BTreeMap::new(),
            resets: BTreeMap::new(),
            sightings: BTreeMap::new(),
            granted: Recent::new(UNUSED_GRANT_MS_MAX),
            ended: Recent::new(ENDED_MS_MAX),
            doors: BTreeMap::new(),
            readers: BTreeMap::new(),
            cards: BTreeMap::new(),
            threat_levels: BTreeMap::new(),
            started: BTreeMap::new(),
        }
    }
}

impl State {
    /// Form of a state's canonical bytes, as they are kept between starts. Raised with every change of what is kept: bytes of another form
    /// may be read as something else, and the log says all of it anew.
    pub const FORMAT: i16 = 4;

    /// Kinds of events that [`State::apply`] takes note of.
    pub const KINDS: [EventKind; 13] = [
        EventKind::AgentStarted,
        EventKind::Decision,
        EventKind::ReleaseAbandoned,
        EventKind::DoorOpened,
        EventKind::DoorClosed,
        EventKind::Entered,
        EventKind::NotOpened,
        EventKind::CommandDone,
        EventKind::DoorFound,
        EventKind::StateSet,
        EventKind::ExitRequested,
        EventKind::FreeBegan,
        EventKind::FreeEnded,
    ];

    /// The state of an agent that decides alone: it sees its own doors only.
    pub fn of_own_doors() -> Self {
        Self { knowledge: Knowledge::OwnDoors, ..Self::default() }
    }

    /// Takes note of a record, unless its author has no right to say so.
    pub fn apply(&mut self, record: &Record) {
        if !record.is_its_authors_to_say() {
            return;
        }
        let at = record.at;
        match &record.event {
            Event::Decision(decision) => self.decided(decision),
            Event::Entered { door, side, persons } => {
                for passage in persons {
                    self.passed(*passage, *door, *side, at);
                }
            }
            Event::NotOpened { cause, .. } => self.lapsed(*cause, at),
            Event::ReleaseAbandoned { door, cause } => {
                self.lapsed(*cause, at);
                if let ReleaseCause::Attempt(attempt) = cause {
                    self.doors.entry(*door).or_default().turns.abandoned(at, *attempt);
                }
            }
            Event::DoorOpened { door, .. } => self.leaf(*door, at, true),
            Event::DoorFound { door, is_open } => self.leaf(*door, at, *is_open),
            Event::DoorClosed { door, .. } => self.leaf(*door, at, false),
            Event::CommandDone { door, release_ms, .. } if *release_ms > 0 => {
                self.released(*door, at, *release_ms);
            }
            Event::StateSet(set) => self.set(&set.change, at),
            Event::ExitRequested { door, was_released: true } => {
                let requested = &mut self.doors.entry(*door).or_default().exit_requested;
                *requested = (*requested).max(Some(at));
            }
            Event::FreeBegan { door, .. } => self.free(*door, (at, true, record.author)),
            Event::FreeEnded { door } => self.free(*door, (at, false, record.author)),
            Event::AgentStarted { .. } => {
                let started = self.started.entry(record.author).or_insert(at);
                *started = (*started).max(at);
            }
            _ => {}
        }
    }

    /// Takes over what operators set, as an agent gets it from the server: everything set before is forgotten, and so are
    /// locks of cards that are not among it.
    pub fn stand(&mut self, set: &[(UnixMs, StateChange)]) {
        self.threat_levels.clear();
        self.doors.values_mut().for_each(|door| {
            (door.set_at, door.set_mode) = (None, None);
            door.zones.clear();
        });
        self.cards.values_mut().for_each(|card| card.locked_at = None);
        for (at, change) in set {
            self.set(change, *at);
        }
    }

    /// Where a person was last seen to pass.
    pub fn whereabouts(&self, person: PersonId) -> Option<Whereabouts> {
        self.passages.get(&person).copied().filter(|seen| self.counts(person, seen))
    }

    /// Where everybody was last seen to pass, by person.
    pub fn everybody(&self) -> impl Iterator<Item = (PersonId, Whereabouts)> {
        self.passages.iter().filter(|(person, seen)| self.counts(**person, seen)).map(|(person, seen)| (*person, *seen))
    }

    /// Whether neither the person was forgiven nor the area reset since.
    fn counts(&self, person: PersonId, seen: &Whereabouts) -> bool {
        let is_forgiven = self.forgiven.get(&person).is_some_and(|since| seen.at <= *since);
        let is_reset = self.resets.get(&(seen.door, seen.side)).is_some_and(|since| seen.at <= *since);
        !is_forgiven && !is_reset
    }

    /// Cards that are locked on suspicion.
    pub fn locked_cards(&self) -> impl Iterator<Item = CredentialId> {
        self.cards.iter().filter(|(_, card)| card.is_locked()).map(|(id, _)| *id)
    }

    /// Threat levels that are set, by place.
    pub fn threat_levels(&self) -> impl Iterator<Item = (Place, u8)> {
        self.threat_levels.iter().filter(|(_, (_, level))| *level > 0).map(|(place, (_, level))| (*place, *level))
    }

    /// Zones of a door that operators disarmed. Every other one is armed.
    pub fn disarmed_zones(&self, door: DoorId) -> impl Iterator<Item = DoorZone> {
        let zones = self.doors.get(&door).into_iter().flat_map(|door| &door.zones);
        zones.filter(|(_, (_, is_armed))| !is_armed).map(|(zone, _)| *zone)
    }

    /// Everything that operators set and that is in force at `at`, each with its instant: what [`State::stand`] takes.
    pub fn standing(&self, at: UnixMs) -> Vec<(UnixMs, StateChange)> {
        let levels = self
            .threat_levels
            .iter()
            .filter(|(_, (_, level))| *level > 0)
            .map(|(place, (since, level))| (*since, StateChange::ThreatLevel { place: *place, level: *level }));
        let modes = self.doors.iter().filter_map(|(id, door)| {
            let set = door.set_mode.filter(|set| at < set.until)?;
            Some((door.set_at?, StateChange::DoorMode { door: *id, set: Some(set) }))
        });
        let locks = self
            .cards
            .iter()
            .filter(|(_, card)| card.is_locked())
            .filter_map(|(id, card)| Some((card.locked_at?, StateChange::CredentialLocked { credential: *id })));
        let zones = self.doors.iter().flat_map(|(id, door)| {
            let disarmed = door.zones.iter().filter(|(_, (_, is_armed))| !is_armed);
            disarmed
                .map(|(zone, (since, _))| (*since, StateChange::ZoneArmed { door: *id, zone: *zone, is_armed: false }))
        });
        levels.chain(modes).chain(locks).chain(zones).collect()
    }

    fn decided(&mut self, decision: &Decision) {
        let (attempt, verdict) = (&decision.attempt, &decision.verdict);
        let (door, side, at) = (attempt.door, attempt.side, attempt.at);
        match (verdict.outcome, verdict.person) {
            (Outcome::Grant { release_ms, .. }, person) => {
                self.released(door, at, release_ms);
                if let Some(person) = person {
                    self.granted(Granted { person, door, side, by: attempt.id }, attempt.id, at);
                }
            }
            (Outcome::Deny, _) => {
                self.ended(attempt.id, End::Refused, at);
                self.doors.entry(door).or_default().turns.refused(at, attempt.id);
                self.refused(decision);
            }
            (Outcome::Need(_), _) => {}
        }
        if is_suspicious(verdict.reason) && verdict.outcome == Outcome::Deny {
            self.readers.entry((door, side)).or_default().refusals.remember(at, attempt.id);
            if let Some(credential) = verdict.credential {
                self.cards.entry(credential).or_default().refusals.remember(at, attempt.id);
            }
        }
        for effect in &verdict.effects {
            match effect {
                Effect::AdmitWith(passages) => {
                    for Passage { person, attempt: admitted } in passages {
                        self.granted(Granted { person: *person, door, side, by: attempt.id }, *admitted, at);
                    }
                }
                // Part of the refusal.
                Effect::Wait => {}
                Effect::LockReader { until } => {
                    let locked = &mut self.readers.entry((door, side)).or_default().locked;
                    *locked = (*locked).max(Some((at, *until)));
                }
                Effect::LockCard => {
                    if let Some(credential) = verdict.credential {
                        self.lock_card(credential, at);
                    }
                }
                Effect::Toggle { is_free } => {
                    self.doors.entry(door).or_default().turns.turned(at, *is_free, attempt.id);
                }
            }
        }
    }

    fn granted(&mut self, granted: Granted, attempt: AttemptId, at: UnixMs) {
        let Granted { person, door, side, by } = granted;
        self.granted.note(attempt, at, granted);
        self.ended.pass(at);
        self.seen(Sighting { person, door, at });
        if side == Side::In {
            let recent = &mut self.doors.entry(door).or_default().recent;
            recent.insert((at, person, attempt, by));
            if recent.len() > RECENT_MAX {
                recent.pop_first();
            }
        }
    }

    fn passed(&mut self, passage: Passage, door: DoorId, side: Side, at: UnixMs) {
        let Passage { person, attempt } = passage;
        self.ended(attempt, End::Used, at);
        self.seen(Sighting { person, door, at });
        if side == Side::In {
            let last = &mut self.doors.entry(door).or_default().last_entered;
            *last = (*last).max(Some(at));
        }
        let newest = self.passages.get(&person).copied();
        if newest.is_none_or(|known| (known.at, known.door, known.side) < (at, door, side)) {
            if let Some(known) = newest.filter(|known| self.counts(person, known)) {
                self.leaves(&known);
            }
            let seen = Whereabouts { door, side, at };
            self.passages.insert(person, seen);
            if self.counts(person, &seen) {
                *self.passed_last.entry((door, side)).or_default() += 1;
            }
        }
    }

    /// Somebody is no longer where a passage led.
    fn leaves(&mut self, known: &Whereabouts) {
        if let Some(count) = self.passed_last.get_mut(&(known.door, known.side)) {
            *count -= 1;
            if *count == 0 {
                self.passed_last.remove(&(known.door, known.side));
            }
        }
    }

    fn seen(&mut self, sighting: Sighting) {
        let seen = self.sightings.entry(sighting.person).or_default();
        seen.push(sighting);
        seen.sort_by_key(|seen| std::cmp::Reverse((seen.at, seen.door)));
        let mut doors = Vec::with_capacity(2);
        seen.retain(|seen| {
            let is_new = doors.len() < 2 && !doors.contains(&seen.door);
            if is_new {
                doors.push(seen.door);
            }
            is_new
        });
    }

    /// A release was not used.
    fn lapsed(&mut self, cause: ReleaseCause, at: UnixMs) {
        if let ReleaseCause::Attempt(attempt) = cause {
            self.ended(attempt, End::Lapsed, at);
        }
    }

    /// An attempt that may have been granted is over. This may be told before the grant is.
    fn ended(&mut self, attempt: AttemptId, end: End, at: UnixMs) {
        self.ended.note((attempt, end), at, ());
        self.granted.pass(at);
    }

    /// Grants that nobody used and that did not lapse, each with its instant.
    fn unused(&self, at: UnixMs) -> impl Iterator<Item = (UnixMs, &Granted)> {
        let is_over = |attempt: AttemptId, since: UnixMs, granted: &Granted| {
            self.ended.when((attempt, End::Used)).is_some() || self.came_to_nothing(granted.by, since)
        };
        let is_forgiven =
            |granted: &Granted, since| self.forgiven.get(&granted.person).is_some_and(|forgiven| since <= *forgiven);
        let unused = self.granted.at(at).filter(move |(attempt, since, granted)| {
            !is_over(*attempt, *since, granted) && !is_forgiven(granted, *since)
        });
        unused.map(|(_, since, granted)| (since, granted))
    }

    /// Whether it is told that nobody passed by what an attempt was granted at `since`.
    fn came_to_nothing(&self, by: AttemptId, since: UnixMs) -> bool {
        self.ended.when((by, End::Lapsed)).is_some() || self.ended.when((by, End::Refused)) >= Some(since)
    }

    fn leaf(&mut self, door: DoorId, at: UnixMs, is_open: bool) {
        let leaf = &mut self.doors.entry(door).or_default().leaf;
        *leaf = (*leaf).max(Some((at, is_open)));
    }

    fn free(&mut self, door: DoorId, word: (UnixMs, bool, Author)) {
        let free = &mut self.doors.entry(door).or_default().free;
        *free = (*free).max(Some(word));
    }

    fn released(&mut self, door: DoorId, at: UnixMs, release_ms: u32) {
        self.doors.entry(door).or_default().release(at, at.plus_ms(i64::from(release_ms)));
    }

    /// A person's newest refusal at a reader makes them wait there, or ends their wait.
    fn refused(&mut self, decision: &Decision) {
        let (attempt, verdict) = (&decision.attempt, &decision.verdict);
        let Some(person) = verdict.person else { return };
        let wants = match verdict.reason {
            Reason::EscortRequired => Wanted::Escort,
            _ => Wanted::SecondPerson,
        };
        let card = verdict.credential.filter(|_| verdict.effects.contains(&Effect::Wait));
        let waits = card.map(|card| (card, wants, attempt.shown()));
        let refused = Refused { at: attempt.at, ends_wait: waits.is_none(), attempt: attempt.id, waits };
        let known = &mut self.readers.entry((attempt.door, attempt.side)).or_default().refused;
        let newest = known.entry(person).or_insert(refused);
        *newest = (*newest).max(refused);
        let earliest = known.iter().min_by_key(|(_, refused)| **refused).map(|(person, _)| *person);
        if let Some(earliest) = earliest.filter(|_| known.len() > WAITING_MAX) {
            known.remove(&earliest);
        }
    }

    fn lock_card(&mut self, credential: CredentialId, at: UnixMs) {
        let card = self.cards.entry(credential).or_default();
        card.locked_at = card.locked_at.max(Some(at));
    }

    fn set(&mut self, change: &StateChange, at: UnixMs) {
        match change {
            StateChange::DoorMode { door, set } => {
                let door = self.doors.entry(*door).or_default();
                let place = |at, set: Option<SetMode>| (at, set.map(|set| (set.until, set.mode)));
                if door.set_at.is_none_or(|newest| place(newest, door.set_mode) < place(at, *set)) {
                    (door.set_at, door.set_mode) = (Some(at), *set);
                }
            }
            StateChange::ThreatLevel { place, level } => {
                let known = self.threat_levels.entry(*place).or_insert((at, *level));
                *known = (*known).max((at, *level));
            }
            StateChange::Forgiven { person } => self.forgive(*person, at),
            StateChange::AreaReset { entrances, .. } => self.reset(entrances, at),
            StateChange::CredentialLocked { credential } => self.lock_card(*credential, at),
            StateChange::CredentialUnlocked { credential } => {
                let card = self.cards.entry(*credential).or_default();
                card.unlocked_at = card.unlocked_at.max(Some(at));
            }
            StateChange::ReaderUnlocked { door, side } => {
                let reader = self.readers.entry((*door, *side)).or_default();
                reader.unlocked_at = reader.unlocked_at.max(Some(at));
            }
            StateChange::ZoneArmed { door, zone, is_armed } => {
                let zones = &mut self.doors.entry(*door).or_default().zones;
                let known = zones.entry(*zone).or_insert((at, *is_armed));
                *known = (*known).max((at, *is_armed));
            }
        }
    }

    fn forgive(&mut self, person: PersonId, at: UnixMs) {
        let known = self.whereabouts(person);
        let since = self.forgiven.entry(person).or_insert(at);
        *since = (*since).max(at);
        if let Some(known) = known
            && !self.counts(person, &known)
        {
            self.leaves(&known);
        }
    }

    fn reset(&mut self, entrances: &[(DoorId, Side)], at: UnixMs) {
        let is_inside = |seen: &Whereabouts| entrances.contains(&(seen.door, seen.side));
        let inside: Vec<_> = self.everybody().filter(|(_, seen)| is_inside(seen)).collect();
        for entrance in entrances {
            let since = self.resets.entry(*entrance).or_insert(at);
            *since = (*since).max(at);
        }
        for (person, known) in inside {
            if !self.counts(person, &known) {
                self.leaves(&known);
            }
        }
    }
}

/// Refusals on the person's or card's account, see RULES.md, rule 22.
pub(crate) fn is_suspicious(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::UnknownCredential
            | Reason::WeakCardNotAccepted
            | Reason::CardNotAuthentic
            | Reason::CredentialNotActive
            | Reason::CredentialSuspended
            | Reason::CredentialLost
            | Reason::CredentialStolen
            | Reason::CredentialReturned
            | Reason::CredentialNotYetValid
            | Reason::CredentialExpired
            | Reason::PersonInactive
            | Reason::Blocked
            | Reason::NoGrant
            | Reason::DoorNotGranted
            | Reason::GrantNotYetValid
            | Reason::GrantExpired
            | Reason::OutsideSchedule
            | Reason::TooFast
            | Reason::PassedBack
            | Reason::WrongFinger
            | Reason::WrongPin
    )
}

#[cfg(test)]
mod tests;
