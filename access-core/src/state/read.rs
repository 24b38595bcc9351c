//! What rules read of the state for one attempt.

use super::*;
use crate::attempt::Attempt;
use crate::circumstances::Others;
use crate::ids::AreaId;
use crate::policy::{AntiPassback, CardView, DoorRule, EscortBy, PersonView, Policy};

impl State {
    /// What is to be known for an attempt. Only what a rule could ask for is looked up.
    pub fn circumstances(&self, policy: &Policy, attempt: &Attempt) -> Circumstances {
        match policy.door(attempt.door) {
            Some(door) => self.circumstances_of_card(policy, attempt, door, policy.card(&attempt.card).as_ref()),
            None => Circumstances { knowledge: self.knowledge, ..Circumstances::default() },
        }
    }

    /// What is to be known for an attempt at a door of the policy's with a card that was looked up there already, or is not there.
    pub(crate) fn circumstances_of_card(
        &self,
        policy: &Policy,
        attempt: &Attempt,
        door: &DoorRule,
        card: Option<&CardView<'_>>,
    ) -> Circumstances {
        let mut read = Circumstances { knowledge: self.knowledge, ..Circumstances::default() };
        let at = attempt.at;
        self.read_door(door, at, &mut read);
        if let Some(interlock) = policy.interlock_of(door.id) {
            let others = interlock.doors.iter().filter(|other| **other != door.id);
            read.is_open = self.doors.get(&door.id).is_some_and(DoorState::is_open);
            read.not_secured = others.filter_map(|other| self.not_secured(policy, *other, at)).collect();
        }
        self.read_reader(policy, attempt, &mut read);
        if let Some(card) = card {
            self.read_card(policy, attempt, card.id, &mut read);
            if let Some(person) = &card.person {
                self.read_person(policy, door, attempt, person, &mut read);
            }
        }
        read
    }

    /// What is to be known for the mode of a door at `at`, without a card.
    pub fn circumstances_of_door(&self, door: &DoorRule, at: UnixMs) -> Circumstances {
        let mut read = Circumstances { knowledge: self.knowledge, ..Circumstances::default() };
        self.read_door(door, at, &mut read);
        read
    }

    fn read_door(&self, door: &DoorRule, at: UnixMs, read: &mut Circumstances) {
        read.threat_level = self.threat_level(door);
        if let Some(state) = self.doors.get(&door.id) {
            read.set_mode = state.set_mode.filter(|set| at < set.until);
            if !door.modes.is_empty() || read.set_mode.is_some() {
                // An operator's mode begins when it was set; a schedule's, with its window.
                let begun = read.set_mode.and(state.set_at);
                read.last_entered = state.last_entered.filter(|entered| begun.is_none_or(|begun| begun <= *entered));
                let turned = state.turns.newest();
                let freed = turned.filter(|(since, is_free)| *is_free && begun.is_none_or(|begun| begun <= *since));
                read.toggled_at = freed.map(|(since, _)| since);
            }
        }
    }

    /// Readers that are locked at `at`, each with since when and until when.
    pub fn locked_readers(&self, at: UnixMs) -> impl Iterator<Item = (DoorId, Side, UnixMs, UnixMs)> {
        self.readers.iter().filter_map(move |((door, side), reader)| {
            let until = reader.locked_until().filter(|until| at < *until)?;
            let (since, _) = reader.locked?;
            Some((*door, *side, since, until))
        })
    }

    /// Highest threat level that is set for a place that holds the door.
    pub fn threat_level(&self, door: &DoorRule) -> u8 {
        let here = self.threat_levels.iter().filter(|(place, _)| place.holds(door));
        here.map(|(_, (_, level))| *level).max().unwrap_or(0)
    }

    fn read_reader(&self, policy: &Policy, attempt: &Attempt, read: &mut Circumstances) {
        let Some(reader) = self.readers.get(&(attempt.door, attempt.side)) else { return };
        let suspicion = policy.rules().suspicion;
        read.reader_locked_until = reader.locked_until().filter(|until| attempt.at < *until);
        read.refusals_at_reader = reader.refusals.counted(attempt.at, reader.unlocked_at, suspicion);
    }

    fn read_card(&self, policy: &Policy, attempt: &Attempt, credential: CredentialId, read: &mut Circumstances) {
        if let Some(card) = self.cards.get(&credential) {
            read.is_card_locked = card.is_locked();
            read.refusals_of_card = card.refusals.counted(attempt.at, card.unlocked_at, policy.rules().suspicion);
        }
    }

    fn read_person(
        &self,
        policy: &Policy,
        door: &DoorRule,
        attempt: &Attempt,
        person: &PersonView<'_>,
        read: &mut Circumstances,
    ) {
        let at = attempt.at;
        if policy.travel_concerns(door)
            && let Some(seen) = self.sightings.get(&person.id)
        {
            read.last_seen = seen.iter().find(|seen| seen.door != door.id).copied();
        }
        let has_anti_passback = |area| policy.area(area).is_some_and(|area| area.anti_passback != AntiPassback::Off);
        if has_anti_passback(door.leads_from) || has_anti_passback(door.leads_to) {
            read.whereabouts = self.whereabouts_for(door.id, attempt.side, person.id, at);
        }
        let (from, to) = (door.area_before(attempt.side), door.area_after(attempt.side));
        if policy.area(to).is_some_and(|area| area.persons_max.is_some() || area.two_person.is_some()) {
            read.ahead = self.others_in(policy, to, person.id, at);
        }
        if policy.area(from).is_some_and(|area| area.two_person.is_some()) {
            read.behind = self.others_in(policy, from, person.id, at);
        }
        if let Some(escort) = person.escort
            && let Some(state) = self.doors.get(&door.id)
        {
            let may_escort = |seen: &Sighting| match escort.by {
                EscortBy::Person(id) => seen.person == id,
                EscortBy::Group(group) => {
                    policy.person(seen.person).is_some_and(|person| person.groups.contains(&group))
                }
            };
            let recent = state.recent.iter().rev().filter(|(at, .., by)| !self.came_to_nothing(*by, *at));
            let recent = recent.map(|(at, person, ..)| Sighting { person: *person, door: door.id, at: *at });
            read.escort_seen = recent.filter(|seen| seen.person != person.id).find(may_escort);
        }
        if let Some(reader) = self.readers.get(&(door.id, attempt.side)) {
            let waiting = reader.refused.iter().filter_map(|(person, refused)| refused.waiting(*person));
            read.waiting =
                waiting.filter(|waiting| waiting.person != person.id && self.still_waits(waiting, at)).collect();
            read.waiting.sort_by_key(|waiting| waiting.attempt);
        }
    }

    /// Whoever passed or was granted a door since waits no more, and nobody waits by a locked card.
    fn still_waits(&self, waiting: &Waiting, at: UnixMs) -> bool {
        let seen = self.sightings.get(&waiting.person).and_then(|seen| seen.first());
        let is_locked = self.cards.get(&waiting.credential).is_some_and(CardState::is_locked);
        seen.is_none_or(|seen| seen.at < waiting.since) && !is_locked && at.since(waiting.since) <= WAIT_MS_MAX
    }

    fn whereabouts_for(&self, door: DoorId, side: Side, person: PersonId, at: UnixMs) -> Option<Whereabouts> {
        let elsewhere = |granted: &Granted| granted.person == person && (granted.door, granted.side) != (door, side);
        let unused = self.unused(at).filter(|(_, granted)| elsewhere(granted));
        let granted = unused.map(|(at, granted)| Whereabouts { door: granted.door, side: granted.side, at });
        granted.chain(self.whereabouts(person)).max_by_key(|seen| (seen.at, seen.door, seen.side))
    }

    fn others_in(&self, policy: &Policy, area: AreaId, person: PersonId, at: UnixMs) -> Others {
        let leads_in = |door: DoorId, side: Side| policy.door(door).is_some_and(|door| door.area_after(side) == area);
        let is_inside = |person: PersonId| self.whereabouts(person).is_some_and(|seen| leads_in(seen.door, seen.side));
        let mut inside: u32 =
            self.passed_last.iter().filter(|((door, side), _)| leads_in(*door, *side)).map(|(_, count)| *count).sum();
        inside -= u32::from(is_inside(person));
        let leads_out = |door: DoorId, side: Side| policy.door(door).is_some_and(|door| door.area_before(side) == area);
        let (mut coming, mut leaving) = (BTreeSet::new(), BTreeSet::new());
        for (_, grant) in self.unused(at).filter(|(_, grant)| grant.person != person) {
            if leads_in(grant.door, grant.side) && !is_inside(grant.person) {
                coming.insert(grant.person);
            }
            if leads_out(grant.door, grant.side) {
                leaving.insert(grant.person);
            }
        }
        leaving.retain(|person| coming.contains(person) || is_inside(*person));
        let count = |persons: BTreeSet<PersonId>| u32::try_from(persons.len()).unwrap_or(u32::MAX);
        Others { inside: inside.saturating_add(count(coming)), leaving: count(leaving) }
    }

    fn not_secured(&self, policy: &Policy, door: DoorId, at: UnixMs) -> Option<LeafState> {
        let state = self.doors.get(&door)?;
        let exit_ms = policy.door(door).map_or(0, |rule| rule.release_ms);
        let is_secured = !state.is_open() && !state.is_released(at, exit_ms) && !self.is_free(state);
        (!is_secured).then_some(LeafState { door, is_open: state.is_open() })
    }

    /// Whether the door stands unlocked: its agent said so, and has not said otherwise or started anew since.
    fn is_free(&self, state: &DoorState) -> bool {
        let has_started_since =
            |author: Author, since| self.started.get(&author).is_some_and(|started| *started > since);
        state.free.is_some_and(|(since, is_free, author)| is_free && !has_started_since(author, since))
    }
}
