//! People at the doors, sensors, and operators.

use super::*;
use crate::policy_store::Finger;
use crate::run::simulation::cards;

impl World {
    pub(super) fn somebody_comes(&mut self, agent: usize, door: usize) {
        if !self.is_healing {
            let again_ms = self.dice.between(1_200, 5_000);
            self.plan(agent, 0, again_ms, Due::Tap(door));
        }
        let side = if self.dice.one_in(6) { Side::Out } else { Side::In };
        let person = self.dice.below(PERSONS as u64 + 1) as usize;
        self.card(agent, door, side, person);
    }

    pub(super) fn leaf_moves(&mut self, agent: usize, door: usize, is_open: bool) {
        let leaf = &mut self.hosts[agent].leaves[door];
        if leaf.is_open == is_open || (is_open && !leaf.was_energised) {
            return;
        }
        self.leaf_is(agent, door, is_open);
    }

    pub(super) fn leaf_is(&mut self, agent: usize, door: usize, is_open: bool) {
        self.hosts[agent].leaves[door].is_open = is_open;
        if is_open {
            let in_ms = if self.dice.one_in(12) { 17_000 } else { self.dice.between(500, 6_000) };
            self.plan(agent, 0, in_ms, Due::LeafMoves(door, false));
        }
        if !self.hosts[agent].site.lock().strikes[door].is_lost {
            self.take(agent, Happened::Lines(door, LinesEvent::Input(DoorInput::Contact { is_open })));
        }
    }

    pub(super) fn rex(&mut self, agent: usize, door: usize, is_pressed: bool) {
        let now_ms = self.now_ms;
        let host = &mut self.hosts[agent];
        host.judge.rex(now_ms, door, is_pressed);
        host.leaves[door].is_rex_pressed = is_pressed;
        host.leaves[door].awaited_until_ms = now_ms + 5_000;
        if !host.site.lock().strikes[door].is_lost {
            self.take(agent, Happened::Lines(door, LinesEvent::Input(DoorInput::Rex { is_pressed })));
        }
    }

    pub(super) fn sensor_is_asked(&mut self, agent: usize, number: usize, request: SensorRequest) {
        let SensorRequest::Verify { attempt, fingers, .. } = request else {
            let past = self.hosts[agent].wanted.take().map(|(_, attempt)| attempt);
            self.hosts[agent].past_attempt = past.or(self.hosts[agent].past_attempt);
            return;
        };
        self.hosts[agent].wanted = Some((number, attempt));
        let in_ms = self.dice.between(400, 3_000);
        let fault = self.hosts[agent].on_finger.pop();
        if let Some((Kind::SensorSilent, step)) = fault {
            self.counts.note(Kind::SensorSilent, step);
            self.plan_now(agent, in_ms + 4_000, Due::SensorWorks(number));
            self.take(agent, Happened::Sensor(number, SensorEvent::State(DeviceState::Silent)));
            return;
        }
        let holder = self.holder_at(agent, number);
        let placed = match (fault, self.dice.below(20)) {
            (Some(_), _) | (None, 0) => Some(cards::strange_ridges()),
            (None, 1) => None,
            (None, 2) => Some(cards::sign(holder)),
            (None, _) => Some(cards::ridges(holder)),
        };
        let outcome = placed.map_or(FingerOutcome::NoFinger, |placed| compared(&fingers, &placed));
        self.plan_now(agent, in_ms, Due::Finger(number, attempt, outcome, holder, fault));
    }

    /// Who stands at a sensor: whoever held the newest card to the reader beside it.
    fn holder_at(&self, agent: usize, sensor: usize) -> usize {
        let host = &self.hosts[agent];
        let spot = host.program.as_ref().and_then(|run| run.agent.sensors.get(sensor)).map(|sensor| sensor.spot);
        match spot {
            Some(Spot::Door(door, side)) => host.leaves[door].holders[side as usize],
            _ => 0,
        }
    }

    pub(super) fn operator_acts(&mut self) {
        let (unix, again_ms) = (self.unix(), self.dice.between(4_000, 15_000));
        self.plan(0, 0, again_ms, Due::Operator);
        let agent = self.dice.below(self.hosts.len() as u64) as usize;
        let door = self.dice.pick(&self.hosts[agent].built).id;
        let freed = self.server.freed.iter().find(|(_, _, ended)| ended.is_none()).map(|(door, _, _)| *door);
        match (self.server.locked_since, freed, self.dice.below(3)) {
            (Some(_), _, _) => self.server.lock(false, unix),
            (None, _, 0) => self.server.lock(true, unix),
            (None, Some(door), _) => self.server.free(door, false, unix),
            (None, None, _) => self.server.free(door, true, unix),
        }
        for agent in 0..self.hosts.len() {
            let standing = self.server.standing_now(unix);
            self.say(agent, Said::Standing(standing));
        }
    }
}

/// What a sensor says of the finger on it, compared with those that it was given.
fn compared(fingers: &[Finger], placed: &[u8]) -> FingerOutcome {
    match fingers.iter().find(|finger| finger.template.as_bytes() == placed) {
        Some(finger) if finger.is_duress => FingerOutcome::MatchedDuress,
        Some(_) => FingerOutcome::Matched,
        None => FingerOutcome::NotMatched,
    }
}
