//! Cards at readers: held there, read, exchanged and taken away. A reader's driver tells of one card at a time.

use super::*;
use crate::run::simulation::cards::{self, Shown};

/// A card on a reader.
#[derive(Debug, Clone)]
pub(crate) struct OnReader {
    number: u64,
    /// The driver has told that it proved itself, and reads on to its template.
    has_proved: bool,
    /// All is told that was read of it.
    is_read: bool,
    /// What is wrong with it, until that has come to bear.
    fault: Option<(Kind, Step)>,
}

impl World {
    pub(super) fn reader(&mut self, agent: usize, door: usize, side: Side, change: ReaderChange) {
        let reader = format!("{door} {side}");
        self.take(agent, Happened::Reader(ReaderEvent { reader, at: Instant::now(), change }));
    }

    /// Somebody holds their own card there; answers whether a reader looks at it.
    pub(super) fn card(&mut self, agent: usize, door: usize, side: Side, person: usize) -> bool {
        let shown = Shown::own(person, &mut self.dice);
        self.hosts[agent].leaves[door].last_card = Some((side, person));
        self.is_shown(agent, door, side, shown, None).is_some()
    }

    /// Something is held to a reader; answers, if that looks at it, whether it was asked to prove itself. What it does as a fault begins
    /// at this very moment, for the agent is at the step that it is meant for.
    fn is_shown(
        &mut self,
        agent: usize,
        door: usize,
        side: Side,
        shown: Shown,
        fault: Option<(Kind, Step)>,
    ) -> Option<bool> {
        let now_ms = self.now_ms;
        let leaf = &mut self.hosts[agent].leaves[door];
        if leaf.is_reader_lost && side == Side::In {
            return None;
        }
        leaf.awaited_until_ms = now_ms + 10_000;
        leaf.holders[side as usize] = shown.holder;
        self.is_taken_away(agent, door, side);
        let book = self.hosts[agent].program.as_ref()?.agent.policy.book();
        let told = cards::tell(&shown, &book, &mut self.dice);
        let told = if self.has_proofs { told } else { told.unproven(&shown) };
        self.number += 1;
        let number = self.number;
        let fault = fault.filter(|_| told.was_asked);
        self.hosts[agent].leaves[door].on_reader[side as usize] =
            Some(OnReader { number, has_proved: false, is_read: false, fault });
        let (begins_ms, ends_ms) =
            told.changes.first().zip(told.changes.last()).map_or((0, 0), |(first, last)| (first.0, last.0));
        let ahead_ms = if fault.is_some() { begins_ms } else { 0 };
        let mut changes = told.changes.into_iter();
        if fault.is_some()
            && let Some((_, change)) = changes.next()
        {
            let is_last = changes.len() == 0;
            self.is_told(agent, (door, side), number, change, (shown.card, is_last));
        }
        while let Some((at_ms, change)) = changes.next() {
            let due = Due::OfCard((door, side), number, change, (shown.card, changes.len() == 0));
            self.plan_now(agent, at_ms - ahead_ms, due);
        }
        let lies_ms = self.dice.between(100, 1_500);
        self.plan_now(agent, ends_ms - ahead_ms + lies_ms, Due::TakenAway(door, side, number));
        Some(told.was_asked)
    }

    /// A driver tells what it read of the card that lies there. `card` is the one that it is, whoever believes what.
    pub(super) fn is_told(
        &mut self,
        agent: usize,
        (door, side): (usize, Side),
        number: u64,
        change: ReaderChange,
        (card, is_last): (Option<CardToken>, bool),
    ) {
        let now_ms = self.now_ms;
        let host = &mut self.hosts[agent];
        let Some(on_reader) = host.leaves[door].on_reader[side as usize].as_mut() else { return };
        if on_reader.number != number {
            return;
        }
        if let Some(fault) = on_reader.fault.filter(|_| self.is_told) {
            eprintln!("{now_ms} ms, agent {agent}: {fault:?} with {card:?} at door {door} {side}: {change:?}");
        }
        on_reader.has_proved |= matches!(change, ReaderChange::Proved(..));
        on_reader.is_read = is_last;
        if let Some((kind, step)) = on_reader.fault.take_if(|_| is_last) {
            self.counts.note(kind, step);
        }
        if let (Some(card), ReaderChange::Card(_) | ReaderChange::Proved(..)) = (card, &change) {
            host.judge.card(now_ms, door, side, card);
        }
        self.reader(agent, door, side, change);
    }

    /// The card on a reader is taken away; answers whether it was still being read.
    pub(super) fn is_taken_away(&mut self, agent: usize, door: usize, side: Side) -> bool {
        let Some(on_reader) = self.hosts[agent].leaves[door].on_reader[side as usize].take() else { return false };
        if !on_reader.is_read {
            let change = match on_reader.has_proved {
                true => ReaderChange::Template(TemplateRead::Gone),
                false => ReaderChange::Unreadable("the card left before it was read".to_owned()),
            };
            self.reader(agent, door, side, change);
        }
        self.reader(agent, door, side, ReaderChange::Removed);
        !on_reader.is_read
    }

    pub(super) fn lies_no_more(&mut self, agent: usize, door: usize, side: Side, number: u64) {
        let on_reader = &self.hosts[agent].leaves[door].on_reader[side as usize];
        if on_reader.as_ref().is_some_and(|on_reader| on_reader.number == number) {
            self.is_taken_away(agent, door, side);
        }
    }

    /// A card that misbehaves is held there where somebody is at work, if anybody is.
    pub(super) fn card_misbehaves(&mut self, agent: usize, door: usize, kind: Kind, step: Step) -> Came {
        let door = self.door_at_work(agent).unwrap_or(door);
        if kind == Kind::CardTakenAway
            && let Some(person) = self.mid_reading(agent, door)
        {
            self.is_taken_away(agent, door, Side::In);
            // Who is asked for the card again holds it there again, or gives up.
            if self.dice.one_in(2) {
                let again_ms = self.dice.between(400, 3_000);
                self.plan(agent, 0, again_ms, Due::Card(door, Side::In, person));
            }
            return Came::Now;
        }
        let shown = Shown::misbehaving(kind, &mut self.dice);
        match self.is_shown(agent, door, Side::In, shown, Some((kind, step))) {
            Some(true) => Came::Laid,
            _ => Came::Not,
        }
    }

    /// Another person's own card, held there after the one that the agent is dealing with.
    pub(super) fn another_card(&mut self, agent: usize, door: usize) -> Came {
        let door = self.door_at_work(agent).unwrap_or(door);
        let Some((_, last)) = self.hosts[agent].leaves[door].last_card else { return Came::Not };
        let others = (last + 1 + self.dice.below(cards::PROVING as u64 - 1) as usize) % cards::PROVING;
        let person = if others == last { (others + 1) % cards::PROVING } else { others };
        if self.card(agent, door, Side::In, person) { Came::Now } else { Came::Not }
    }

    /// A door where the attempt with the newest card goes on.
    fn door_at_work(&self, agent: usize) -> Option<usize> {
        let host = &self.hosts[agent];
        let run = host.program.as_ref()?;
        (0..host.built.len()).find(|door| {
            let of_card = host.leaves[*door].last_card.map(|(_, person)| token_of(person));
            of_card.is_some_and(|card| run.agent.doors[*door].door.is_about(Side::In, card))
        })
    }

    /// Whose card is being read at a door's outer reader, if one is.
    fn mid_reading(&self, agent: usize, door: usize) -> Option<usize> {
        let leaf = &self.hosts[agent].leaves[door];
        let on_reader = leaf.on_reader[Side::In as usize].as_ref()?;
        leaf.last_card.filter(|(side, _)| *side == Side::In && !on_reader.is_read).map(|(_, person)| person)
    }
}
