//! The programs: started, given what happens, and cut down; what they hand out goes where it belongs.

use super::*;

impl World {
    pub(super) fn start(&mut self, agent: usize) {
        if self.hosts[agent].program.is_some() {
            return;
        }
        let at_start = self.hosts[agent].at_start.take();
        if let Some(kind) = at_start.filter(|kind| kind.lies_in_wait()) {
            self.fault(agent, kind, Step::Starting);
        }
        let has_started = self.hosts[agent].start();
        self.look_at_strikes(agent);
        if !has_started {
            return self.fallen(agent);
        }
        self.plan_now(agent, 0, Due::ModeLook);
        self.plan_now(agent, 0, Due::AgeLook);
        self.plan_now(agent, 0, Due::JournalRetry);
        self.plan_now(agent, 100, Due::Connect);
        if let Some(kind) = at_start.filter(|kind| !kind.lies_in_wait()) {
            self.fault(agent, kind, Step::Starting);
        }
        // A journal that could not be read: somebody sees to it that the program starts again.
        if self.hosts[agent].program.as_ref().is_some_and(|run| !run.has_journal) {
            self.hosts[agent].site.lock().fuse = None;
            let again_ms = self.dice.between(3_000, 8_000);
            self.plan_now(agent, again_ms, Due::Start);
        }
        for door in 0..self.hosts[agent].built.len() {
            let is_open = self.hosts[agent].leaves[door].is_open;
            self.take(agent, Happened::Lines(door, LinesEvent::Input(DoorInput::Contact { is_open })));
            let is_pressed = self.hosts[agent].leaves[door].is_rex_pressed;
            self.take(agent, Happened::Lines(door, LinesEvent::Input(DoorInput::Rex { is_pressed })));
        }
        self.pump(agent);
    }

    /// Has the agent take something, and carries on what it hands out.
    pub(super) fn take(&mut self, agent: usize, happened: Happened) {
        if self.hosts[agent].program.is_none() {
            return;
        }
        if let Happened::Lines(door, LinesEvent::Input(DoorInput::Contact { is_open })) = &happened {
            self.hosts[agent].judge.contact(self.now_ms, *door, *is_open);
        }
        let done = self.hosts[agent].run(|run| run.agent.take(happened));
        self.look_at_strikes(agent);
        match done {
            Some(()) => self.pump(agent),
            None => self.fallen(agent),
        }
    }

    /// The program ended by what it was about to do.
    pub(super) fn fallen(&mut self, agent: usize) {
        let fuse = self.hosts[agent].site.lock().fuse.take();
        let kind = fuse.map_or(Kind::Killed, |(_, kind, _)| kind);
        if let Some((_, kind, step)) = fuse {
            self.counts.note(kind, step);
        }
        self.fall(agent, kind != Kind::Killed);
    }

    pub(super) fn fall(&mut self, agent: usize, is_power_cut: bool) {
        let now_ms = self.now_ms;
        self.hosts[agent].fall(now_ms, is_power_cut);
        self.look_at_strikes(agent);
        let again_ms = self.dice.between(100, 1_500);
        self.plan(agent, 0, again_ms, Due::Start);
        // After a boot the network may be long in coming.
        if is_power_cut && !self.is_healing && self.dice.one_in(2) {
            self.hosts[agent].cut_off_until_ms = now_ms + self.dice.between(3_000, 15_000);
        }
    }

    /// The program ends in order.
    pub(super) fn stop(&mut self, agent: usize) {
        let done = self.hosts[agent].run(|run| run.agent.stop());
        self.look_at_strikes(agent);
        match done {
            Some(()) => {
                self.write(agent);
                if self.hosts[agent].program.is_some() {
                    self.fall(agent, false);
                }
            }
            None => self.fallen(agent),
        }
    }

    /// Tells the judge what was done to the strikes, and people at the door that it is open to them.
    pub(super) fn look_at_strikes(&mut self, agent: usize) {
        let now_ms = self.now_ms;
        let host = &mut self.hosts[agent];
        let mut site = host.site.lock();
        let levels: Vec<bool> = site.strikes.iter().map(|strike| strike.is_energised).collect();
        let (driven, bitten) = (std::mem::take(&mut site.driven), std::mem::take(&mut site.bitten));
        drop(site);
        for (kind, step) in bitten {
            self.counts.note(kind, step);
        }
        for (door, is_energised) in driven {
            self.course.update([door as u8, u8::from(is_energised)]);
            if self.is_told {
                eprintln!("{now_ms} ms, agent {agent}: strike {door} is energised: {is_energised}");
            }
            host.judge.strike(now_ms, host.life, door, is_energised, &self.server);
        }
        for (door, is_energised) in levels.into_iter().enumerate() {
            let host = &mut self.hosts[agent];
            if !is_energised {
                host.judge.strike(now_ms, host.life, door, false, &self.server);
            }
            let leaf = &mut host.leaves[door];
            let has_risen = is_energised && !std::mem::replace(&mut leaf.was_energised, is_energised);
            if has_risen && !leaf.is_open && leaf.awaited_until_ms > now_ms {
                let in_ms = self.dice.between(200, 1_500);
                self.plan(agent, 0, in_ms, Due::LeafMoves(door, true));
            }
        }
    }

    /// Takes what the agent handed out to where it goes.
    pub(super) fn pump(&mut self, agent: usize) {
        let Some(run) = self.hosts[agent].program.as_mut() else { return };
        let mut requests = Vec::new();
        while let Ok(request) = run.requests.try_recv() {
            requests.push(request);
        }
        let mut fingers = Vec::new();
        for (number, asked) in run.sensors.iter_mut().enumerate() {
            while let Ok(request) = asked.try_recv() {
                fingers.push((number, request));
            }
        }
        let bundle = run.bundles.has_changed().unwrap_or(false).then(|| run.bundles.borrow_and_update().clone());
        let standing = run.standings.has_changed().unwrap_or(false).then(|| run.standings.borrow_and_update().clone());
        for (session, request) in requests {
            if self.hosts[agent].session == Some(session) {
                self.agent_says(agent, session, request);
            }
        }
        for (number, request) in fingers {
            self.sensor_is_asked(agent, number, request);
        }
        if let Some((path, content, number)) = bundle.flatten() {
            let in_ms = self.file_ms(agent, 0);
            self.plan_now(agent, in_ms, Due::BundleLies(path, content, number));
        }
        if let Some((path, content, number)) = standing.flatten() {
            let in_ms = self.file_ms(agent, 1);
            self.plan_now(agent, in_ms, Due::StandingLies(path, content, number));
        }
        let (write_ms, note_ms) = (self.dice.between(1, 12), self.dice.between(1, 30));
        let host = &mut self.hosts[agent];
        let slow_ms = host.slow_disk.map_or(0, |(until_ms, _)| until_ms.saturating_sub(self.now_ms));
        if !std::mem::replace(&mut host.is_write_planned, true) {
            if slow_ms > 0 {
                self.disk_is_slow(agent);
            }
            self.plan_now(agent, write_ms + slow_ms, Due::Write);
        }
        if !std::mem::replace(&mut self.hosts[agent].is_note_planned, true) {
            self.plan_now(agent, note_ms, Due::Notes);
        }
        let Some(wake) = self.hosts[agent].run(|run| run.agent.wake_in()) else { return self.fallen(agent) };
        let Some(wait_ms) = wake.map(|wait| (wait.as_millis() as u64).max(1)) else { return };
        let at_ms = self.now_ms + wait_ms;
        if self.hosts[agent].wake_at_ms.is_none_or(|planned_ms| at_ms < planned_ms) {
            self.hosts[agent].wake_at_ms = Some(at_ms);
            self.plan_now(agent, wait_ms, Due::Wake);
        }
    }

    /// How long it takes until a file that was handed out lies on the disk.
    pub(super) fn file_ms(&mut self, agent: usize, which: usize) -> u64 {
        let takes_ms = if self.dice.one_in(4) { self.dice.between(300, 5_000) } else { self.dice.between(3, 300) };
        let busy_ms = &mut self.hosts[agent].files_busy_ms[which];
        *busy_ms = (*busy_ms).max(self.now_ms) + takes_ms;
        *busy_ms - self.now_ms
    }

    /// A write has to wait.
    fn disk_is_slow(&mut self, agent: usize) {
        if let Some(step) = self.hosts[agent].slow_disk.as_mut().and_then(|(_, step)| step.take()) {
            self.counts.note(Kind::DiskSlow, step);
        }
    }

    pub(super) fn write(&mut self, agent: usize) {
        self.hosts[agent].is_write_planned = false;
        if self.hosts[agent].slow_disk.is_some_and(|(until_ms, _)| until_ms > self.now_ms) {
            self.disk_is_slow(agent);
            return;
        }
        let done = self.hosts[agent].run(|run| while run.writer.run_once() {});
        self.look_at_strikes(agent);
        let now_ms = self.now_ms;
        let host = &mut self.hosts[agent];
        let taken = std::mem::take(&mut host.site.lock().disk.taken);
        host.judge.synced(now_ms, host.life, &taken);
        for signed in &taken {
            self.course.update(signed.hash().0);
        }
        match done {
            Some(()) => {
                let in_ms = self.dice.below(3);
                self.plan_now(agent, in_ms, Due::Reply);
            }
            None => self.fallen(agent),
        }
    }
}
