//! The laws, judged by what goes in and comes out: what gives a strike reason to be energised, and until when; which alarms
//! stand. Written from what a door must do, not from how the machine does it.

use super::*;

/// A release lasts no longer than this from its last reason, in milliseconds: what every grant and door of the walk says.
pub(super) const RELEASE_MS: u64 = 5_000;
/// A strike that could not be driven is tried again within so long, in milliseconds.
const REST_RETRY_MS: u64 = 500;
const EXIT_RETRY_MS: u64 = 2_000;
/// A request to exit is believed at a door with a handle for so long, in milliseconds.
const STUCK_MS: u64 = 60_000;

/// Alarms of a door that stand until their cause is gone. All others are raised once; the server keeps each until it is acknowledged.
const LASTING: [AlarmKind; 11] = [
    AlarmKind::DoorForced,
    AlarmKind::DoorHeld,
    AlarmKind::RexStuck,
    AlarmKind::InterlockContradiction,
    AlarmKind::ContactFault,
    AlarmKind::StrikeFault,
    AlarmKind::Tamper,
    AlarmKind::Fire,
    AlarmKind::MainsLost,
    AlarmKind::BatteryLow,
    AlarmKind::Zone,
];
/// Those of them that inputs raise which are only watched.
const WATCHED: [AlarmKind; 5] =
    [AlarmKind::Tamper, AlarmKind::Fire, AlarmKind::MainsLost, AlarmKind::BatteryLow, AlarmKind::Zone];

/// What a door's strike may be energised for, and its alarms.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    /// A grant or command lies on the disk, and lasts so long.
    recorded_until_ms: u64,
    /// Somebody leaves, and has so long.
    leaving_until_ms: u64,
    /// That the door stands unlocked lies on the disk, and its mode has said so ever since.
    is_unlocked: bool,
    /// Since when REX has been pressed.
    pressed_ms: Option<u64>,
    /// When the strike could not be energised, or not be put to rest, last.
    failed_on_ms: Option<u64>,
    failed_off_ms: Option<u64>,
    standing: BTreeSet<AlarmKind>,
}

/// What an awaited record is the ground of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    /// A grant or command, and whether it lets somebody out.
    Release { is_out: bool },
    /// The door stands unlocked.
    Free,
    /// Nothing.
    None,
}

impl Ground {
    pub(super) fn of(event: &Event) -> Self {
        match event {
            Event::Decision(decision) if decision.verdict.is_grant() => {
                Self::Release { is_out: decision.attempt.side == Side::Out }
            }
            Event::CommandDone { outcome: CommandOutcome::CarriedOut, .. } => Self::Release { is_out: false },
            Event::FreeBegan { .. } => Self::Free,
            _ => Self::None,
        }
    }
}

impl Ledger {
    /// A record lies on the disk. `contradicts`: two leaves of the airlock stand open already.
    pub(super) fn written(&mut self, now_ms: u64, ground: Ground, is_free: bool, contradicts: bool) {
        match ground {
            Ground::Release { is_out } => {
                self.recorded_until_ms = now_ms + RELEASE_MS;
                if is_out && contradicts {
                    self.leaving_until_ms = now_ms + RELEASE_MS;
                }
            }
            Ground::Free => self.is_unlocked |= is_free,
            Ground::None => {}
        }
    }

    /// The mode, or another door, says that it may not stand unlocked.
    pub(super) fn mode_ends(&mut self) {
        self.is_unlocked = false;
    }

    /// Somebody leaves by this system, or just did.
    pub(super) fn leaves(&mut self, now_ms: u64) {
        self.leaving_until_ms = now_ms + RELEASE_MS;
    }

    pub(super) fn rex(&mut self, now_ms: u64, is_pressed: bool) {
        self.pressed_ms = is_pressed.then_some(now_ms);
    }

    pub(super) fn driven(&mut self, now_ms: u64, is_energised: bool, has_failed: bool) {
        let failed = if is_energised { &mut self.failed_on_ms } else { &mut self.failed_off_ms };
        *failed = has_failed.then_some(now_ms);
    }

    /// An event is told: what is wrong with it.
    pub(super) fn told(&mut self, now_ms: u64, event: &Event, exit: Exit) -> Option<String> {
        match event {
            Event::FreeEnded { .. } => self.is_unlocked = false,
            Event::AlarmRaised { kind, .. } if LASTING.contains(kind) => {
                return (!self.standing.insert(*kind)).then(|| format!("{kind} is raised while it stands"));
            }
            Event::AlarmCleared { kind, .. } => {
                return (!self.standing.remove(kind)).then(|| format!("{kind} ends and does not stand"));
            }
            Event::DoorOpened { cause: None, .. } => {
                let is_asked = self.pressed_ms.is_some_and(|at_ms| now_ms < at_ms + STUCK_MS || exit == Exit::BySystem);
                return is_asked.then(|| "somebody who asked to leave is called an intruder".to_owned());
            }
            _ => {}
        }
        None
    }

    /// Whether it is energised for somebody who leaves by this system, or past contacts that contradict each other.
    pub(super) fn is_leaving(&self, now_ms: u64, exit: Exit) -> bool {
        (exit == Exit::BySystem && self.pressed_ms.is_some()) || now_ms < self.leaving_until_ms
    }

    /// What is wrong with how the strike is now.
    pub(super) fn strike(&self, now_ms: u64, exit: Exit, is_energised: bool) -> Option<String> {
        let has_ground = self.is_unlocked || now_ms < self.recorded_until_ms || self.is_leaving(now_ms, exit);
        let is_retried = self.failed_off_ms.is_some_and(|at_ms| now_ms < at_ms + REST_RETRY_MS);
        if is_energised && !has_ground && !is_retried {
            return Some("the strike is energised for nothing that is recorded and lasts".to_owned());
        }
        let is_asked = exit == Exit::BySystem && self.pressed_ms.is_some();
        let is_tried = self.failed_on_ms.is_some_and(|at_ms| now_ms <= at_ms + EXIT_RETRY_MS);
        (is_asked && !is_energised && !is_tried).then(|| "somebody asks to leave and is kept inside".to_owned())
    }

    /// What is wrong with the alarms of watched inputs, where there is cause for these: each stands from its first cause to its last.
    pub(super) fn watched(&self, caused: &BTreeSet<AlarmKind>) -> Option<String> {
        let is_amiss = |kind: &&AlarmKind| self.standing.contains(kind) != caused.contains(kind);
        let amiss = WATCHED.iter().find(is_amiss)?;
        Some(format!("{amiss} stands for nothing, or does not for its cause: {caused:?}"))
    }

    pub(super) fn has_alarms(&self) -> bool {
        !self.standing.is_empty()
    }

    /// What has not ended once everything was let go of.
    pub(super) fn at_rest(&self, is_energised: bool) -> Option<String> {
        if is_energised {
            return Some("the strike stays energised".to_owned());
        }
        (!self.standing.is_empty()).then(|| format!("alarms stand for nothing: {:?}", self.standing))
    }
}
