//! A day of history: a day's entries and refusals, written by a signed agent and delivered through ingest as they would
//! have been.

use access_core::decide::{Assurance, FingerResult, RULES_VERSION, Reason};
use access_core::event::{AlarmKind, Decided, Decision, EpochCause, Event, Passage, ReleaseCause};
use access_core::ids::{AttemptId, DoorId, PersonId};
use access_core::policy::{CardToken, Side};
use access_core::time::UnixMs;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use uuid::{Builder, Uuid};

use super::people::Somebody;
use super::predecessor;
use crate::plant::Plant;
use crate::staff::now_s;

const SEED: u64 = 20_262;
/// Entries and refusals of the day.
const ATTEMPTS: usize = 900;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// One person at one door.
struct Scene {
    at: UnixMs,
    door: DoorId,
    person: PersonId,
    attempt: AttemptId,
    reason: Reason,
    has_finger: bool,
}

impl Scene {
    fn events(&self) -> Vec<(UnixMs, Event)> {
        let is_granted = self.reason == Reason::Granted;
        let decision = Event::Decision(Decision {
            attempt: self.attempt,
            door: self.door,
            side: Side::In,
            card: CardToken(*self.person.as_uuid().as_bytes().repeat(2).first_chunk().unwrap_or(&[0; 32])),
            assurance: Assurance::WeakUid,
            person: (self.reason != Reason::UnknownCredential).then_some(self.person),
            credential: None,
            finger: match self.reason {
                Reason::WrongFinger => Some(FingerResult::NotMatched),
                Reason::Granted if self.has_finger => Some(FingerResult::Matched),
                _ => None,
            },
            release_ms: is_granted.then_some(5_000),
            reason: self.reason,
            decided: Decided::Online,
            rules_version: RULES_VERSION,
            policy_version: 1,
            alarms: Vec::new(),
        });
        let mut events = vec![(self.at, decision)];
        if is_granted {
            let (door, cause) = (self.door, Some(ReleaseCause::Attempt(self.attempt)));
            let persons = vec![Passage { person: self.person, attempt: self.attempt }];
            events.push((self.at.plus_ms(1_400), Event::DoorOpened { door, cause }));
            events.push((self.at.plus_ms(1_401), Event::Entered { door, side: Side::In, persons }));
            events.push((self.at.plus_ms(4_200), Event::DoorClosed { door, open_ms: 2_800 }));
        }
        events
    }
}

fn attempt(random: &mut StdRng) -> AttemptId {
    AttemptId::from_uuid(Builder::from_random_bytes(random.random()).into_uuid())
}

/// How busy each hour of the day is.
const BUSY: [u32; 24] = [1, 1, 1, 1, 2, 6, 18, 30, 26, 14, 10, 12, 22, 20, 12, 10, 16, 24, 14, 6, 4, 2, 2, 1];

fn instant(random: &mut StdRng, end: i64) -> UnixMs {
    let start = end - DAY_MS + 60_000;
    loop {
        let at = start + random.random_range(0..DAY_MS - 120_000);
        let hour = usize::try_from(at.rem_euclid(DAY_MS) / 3_600_000).unwrap_or(0);
        if random.random_ratio(BUSY[hour], 30) {
            return UnixMs(at);
        }
    }
}

/// Delivers the day, and leaves one alarm of the night for the guard to acknowledge.
pub(super) async fn write(plant: &Plant, people: &[Somebody]) -> anyhow::Result<()> {
    let (mut recorder, agent) = predecessor(plant).await?;
    let door = |name: &str| -> anyhow::Result<DoorId> { Ok(plant.door(name)?.parse::<Uuid>()?.into()) };
    let (main, yard, hall) = (door("main")?, door("yard")?, door("hall")?);
    let mut random = StdRng::seed_from_u64(SEED);
    let now = i64::try_from(now_s())? * 1000;
    let mut events = Vec::new();
    for _ in 0..ATTEMPTS {
        let somebody = &people[random.random_range(0..people.len())];
        let is_hall = somebody.is_technician && random.random_ratio(1, 2);
        let is_yard = !is_hall && random.random_ratio(1, 5);
        let reason = match random.random_range(0..100) {
            0..=90 => Reason::Granted,
            91..=93 => Reason::WrongFinger,
            94..=95 => Reason::UnknownCredential,
            96..=97 => Reason::OutsideSchedule,
            98 => Reason::DoorNotGranted,
            _ => Reason::FingerTimeout,
        };
        let place = if is_hall {
            hall
        } else if is_yard {
            yard
        } else {
            main
        };
        let scene = Scene {
            at: instant(&mut random, now),
            door: place,
            person: somebody.id.parse::<Uuid>()?.into(),
            attempt: attempt(&mut random),
            reason,
            has_finger: !is_yard,
        };
        events.extend(scene.events());
    }
    let night = UnixMs(now - 5 * 3_600_000);
    events.push((night, Event::DoorOpened { door: yard, cause: None }));
    events.push((night.plus_ms(1), Event::AlarmRaised { kind: AlarmKind::DoorForced, door: Some(yard), person: None }));
    events.push((night.plus_ms(9_000), Event::DoorClosed { door: yard, open_ms: 9_000 }));
    events.sort_by_key(|(at, _)| *at);
    let began = Event::EpochBegan { cause: EpochCause::Joined, previous: None };
    let mut records = vec![recorder.record(UnixMs(now - DAY_MS), began)];
    records.extend(events.into_iter().map(|(at, event)| recorder.record(at, event)));
    let mut link = recorder.link().await?;
    link.deliver(&records).await?;
    drop(link);
    let reason = json!({ "reason": "replaced by today's agent" });
    plant.staff.post(&format!("/agents/{agent}/revoke"), reason).await?;
    Ok(())
}
