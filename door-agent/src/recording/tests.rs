use std::collections::VecDeque;
use std::io;

use access_core::attempt::{Assurance, Attempt, ClockTrust};
use access_core::circumstances::Circumstances;
use access_core::event::{Decided, Decision};
use access_core::ids::{AttemptId, DoorId};
use access_core::policy::{CardToken, Side};
use access_core::verdict::{Outcome, Reason, Verdict};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn at(mono_ms: u64) -> Now {
    Now { mono_ms, unix: UnixMs(mono_ms as i64), clock: ClockTrust::Trusted }
}

fn door() -> DoorId {
    Uuid::from_u128(1).into()
}

fn opened() -> Event {
    Event::DoorOpened { door: door(), cause: None }
}

fn decision(attempt: u64, release_ms: Option<u32>) -> Event {
    let asked = Attempt {
        id: AttemptId::from_uuid(Uuid::from_u128(u128::from(attempt))),
        door: door(),
        side: Side::In,
        at: UnixMs(0),
        clock: ClockTrust::Trusted,
        card: CardToken([0; 32]),
        assurance: Assurance::WeakUid,
        finger: None,
        pin: None,
    };
    let verdict = match release_ms {
        Some(release_ms) => {
            let outcome = Outcome::Grant { release_ms, held_ms: 30_000 };
            Verdict { outcome, ..Verdict::refused(Reason::Granted, 1) }
        }
        None => Verdict::refused(Reason::NotRecorded, 1),
    };
    Event::Decision(Box::new(Decision {
        attempt: asked,
        circumstances: Circumstances::default(),
        verdict,
        rules_version: 1,
        decided: Decided::Online,
    }))
}

fn disk_fault() -> JournalError {
    JournalError::Storage { name: "segment".to_owned(), source: io::Error::from(io::ErrorKind::Other) }
}

fn no_space() -> JournalError {
    JournalError::Storage { name: "segment".to_owned(), source: io::Error::from(io::ErrorKind::StorageFull) }
}

fn kinds(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| entry.event.kind().to_string()).collect()
}

#[test]
fn a_failure_refuses_who_waits_keeps_the_rest_and_writes_it_in_order() {
    let mut recording = Recording::new(UnixMs(0));
    let (grant, taken) = recording.record(at(1), decision(7, Some(5_000)), Weight::Vital, true);
    assert!(matches!(taken, Taken::Submit(_)));
    let (first, _) = recording.record(at(2), opened(), Weight::Routine, false);
    let next = recording.failed(at(3), grant, &no_space());
    assert_eq!(next.refused, [grant], "no strike");
    assert_eq!(recording.state(), JournalState { fault: Some(JournalFault::NoSpace), since: UnixMs(3) });
    assert_eq!(recording.failed(at(4), first, &JournalError::Stopped), Next::default());
    assert_eq!(recording.state().since, UnixMs(3), "one failure");

    let (_, taken) = recording.record(at(5), decision(7, None), Weight::Routine, false);
    assert_eq!(taken, Taken::Kept);
    let (_, taken) = recording.record(at(6), decision(8, Some(5_000)), Weight::Vital, true);
    assert_eq!(taken, Taken::Refused, "at once, without asking the disk");
    recording.told();

    let probe = recording.probe(at(2_000));
    assert_eq!((kinds(&probe), probe[0].at), (vec!["door_opened".to_owned()], UnixMs(2)), "the oldest, with its time");
    assert_eq!(recording.probe(at(2_001)), [], "one is under way");
    recording.failed(at(2_002), probe[0].number, &no_space());
    let probe = recording.probe(at(4_000));
    let next = recording.written(at(4_001), &[probe[0].number]);
    assert_eq!(kinds(&next.submit), ["device_changed", "decision"], "the server raised the alarm");
    assert!(recording.state().fault.is_some(), "until all of it is written");
    let (_, taken) = recording.record(at(4_002), opened(), Weight::Routine, false);
    assert_eq!(taken, Taken::Kept, "behind what is older");
    let numbers: Vec<u64> = next.submit.iter().map(|entry| entry.number).collect();
    let next = recording.written(at(4_003), &numbers);
    assert_eq!(kinds(&next.submit), ["door_opened"]);
    let next = recording.written(at(4_004), &[next.submit[0].number]);
    assert_eq!(next.events, [(changed(DeviceState::Working), Weight::Routine)]);
    assert_eq!(recording.state(), JournalState { fault: None, since: UnixMs(4_004) });
}

#[test]
fn a_failure_that_the_server_never_heard_of_stands_in_the_records() {
    let mut recording = Recording::new(UnixMs(0));
    let (number, _) = recording.record(at(1), opened(), Weight::Routine, false);
    recording.failed(at(2), number, &disk_fault());
    let probe = recording.probe(at(3));
    let next = recording.written(at(4), &[probe[0].number]);
    assert_eq!(kinds(&next.submit), ["device_changed", "alarm_raised"]);
    let numbers: Vec<u64> = next.submit.iter().map(|entry| entry.number).collect();
    let next = recording.written(at(5), &numbers);
    let cleared = Event::AlarmCleared { kind: AlarmKind::JournalFault, door: None };
    assert_eq!(next.events, [(changed(DeviceState::Working), Weight::Routine), (cleared, Weight::Vital)]);
}

#[test]
fn a_failure_that_was_told_to_a_link_that_died_stands_in_the_records() {
    let mut recording = Recording::new(UnixMs(0));
    recording.link_lost(at(1));
    let (number, _) = recording.record(at(1), opened(), Weight::Routine, false);
    recording.failed(at(2), number, &disk_fault());
    recording.told();
    recording.link_lost(at(3));
    recording.link_lost(at(4));
    assert_eq!(kinds(&recording.last_try(at(5))), ["door_opened", "device_changed", "alarm_raised"], "once");
    // What is on its way to the disk can't be taken back: that it is over must then be said, too.
    recording.told();
    let numbers: Vec<u64> = (1..=recording.next_number).collect();
    let next = recording.look(at(10_000));
    assert_eq!(next, Next::default());
    let next = recording.written(at(10_001), &numbers);
    assert!(next.events.iter().any(|(event, _)| event.kind().to_string() == "alarm_cleared"), "{next:?}");
}

#[test]
fn a_journal_that_says_nothing_has_failed() {
    let mut recording = Recording::new(UnixMs(0));
    let (grant, _) = recording.record(at(10), decision(7, Some(5_000)), Weight::Vital, true);
    let (leaving, _) = recording.record(at(20), decision(8, Some(5_000)), Weight::Vital, false);
    assert_eq!(recording.look_at_ms(), Some(10 + SILENCE_MAX_MS));
    assert_eq!(recording.look(at(10 + SILENCE_MAX_MS - 1)), Next::default());
    let next = recording.look(at(10 + SILENCE_MAX_MS));
    assert_eq!(next.refused, [grant], "who waits is refused; who left has left");
    assert_eq!(recording.state().fault, Some(JournalFault::Silent));
    assert_eq!(recording.look_at_ms(), None);
    assert_eq!(recording.record(at(4_000), decision(7, None), Weight::Routine, false).1, Taken::Kept);
    assert_eq!(recording.probe(at(5_000)), [], "it has not answered what it was asked");
    recording.told();

    // It was only slow: both are on the disk. The grant was not carried out, and is not called refused, too.
    let next = recording.written(at(9_000), &[grant, leaving]);
    let abandoned = Event::ReleaseAbandoned { door: door(), cause: released_by(&decision(7, Some(1))).unwrap() };
    assert_eq!(next.events, [(abandoned, Weight::Vital)]);
    assert_eq!(kinds(&next.submit), ["device_changed"]);

    // The other way round: it was not written, and the refusal stands.
    let mut recording = Recording::new(UnixMs(0));
    let (grant, _) = recording.record(at(10), decision(7, Some(5_000)), Weight::Vital, true);
    recording.look(at(10 + SILENCE_MAX_MS));
    recording.record(at(4_000), decision(7, None), Weight::Routine, false);
    recording.told();
    assert_eq!(recording.failed(at(9_000), grant, &disk_fault()), Next::default(), "refused already");
    assert_eq!(kinds(&recording.last_try(at(9_001))), ["device_changed", "decision"]);
}

#[test]
fn the_reserve_is_for_grants_and_alarms() {
    let mut recording = Recording::new(UnixMs(0));
    let (number, _) = recording.record(at(1), opened(), Weight::Routine, false);
    recording.failed(at(2), number, &JournalError::Full { segments: 3 });
    assert_eq!(recording.state().fault, Some(JournalFault::Reserve));
    let (grant, taken) = recording.record(at(3), decision(7, Some(5_000)), Weight::Vital, true);
    assert!(matches!(taken, Taken::Submit(_)));
    assert_eq!(recording.record(at(4), opened(), Weight::Routine, false).1, Taken::Kept);
    assert_eq!(recording.written(at(5), &[grant]), Next::default(), "that does not make room for the rest");
    let (grant, _) = recording.record(at(6), decision(8, Some(5_000)), Weight::Vital, true);
    assert_eq!(recording.failed(at(7), grant, &JournalError::Full { segments: 4 }).refused, [grant]);
    assert_eq!(recording.state().fault, Some(JournalFault::Full));
    assert_eq!(recording.record(at(8), decision(9, Some(5_000)), Weight::Vital, true).1, Taken::Refused);
}

/// The recorder as it behaves: in order, stopped by a failure until it is told to go on, silent while it hangs.
#[derive(Default)]
struct Disk {
    queue: VecDeque<Option<Entry>>,
    is_stopped: bool,
    written: Vec<Entry>,
}

impl Disk {
    fn answer(&mut self, recording: &mut Recording, now: Now, works: bool) {
        let Some(request) = self.queue.pop_front() else { return };
        let Some(entry) = request else {
            self.is_stopped = false;
            return;
        };
        let number = entry.number;
        let next = if self.is_stopped {
            recording.failed(now, number, &JournalError::Stopped)
        } else if works {
            self.written.push(entry);
            recording.written(now, &[number])
        } else {
            self.is_stopped = true;
            recording.failed(now, number, &disk_fault())
        };
        self.carry_out(recording, now, next);
    }

    fn carry_out(&mut self, recording: &mut Recording, now: Now, next: Next) {
        self.submit(next.submit);
        for (event, weight) in next.events {
            self.record(recording, now, event, weight);
        }
    }

    fn submit(&mut self, entries: Vec<Entry>) {
        if !entries.is_empty() {
            self.queue.push_back(None);
            self.queue.extend(entries.into_iter().map(Some));
        }
    }

    fn record(&mut self, recording: &mut Recording, now: Now, event: Event, weight: Weight) {
        if let (_, Taken::Submit(entry)) = recording.record(now, event, weight, false) {
            self.queue.push_back(Some(entry));
        }
    }
}

proptest! {
    /// However the disk fails, hangs and works again: what happened is written once, and in the order in which it did.
    #[test]
    fn nothing_is_lost_doubled_or_overtaken(steps in proptest::collection::vec((0u8..6, 1u64..2_000), 1..200)) {
        let (mut recording, mut disk) = (Recording::new(UnixMs(0)), Disk::default());
        let (mut mono_ms, mut happened) = (0, 0u64);
        for (kind, pause_ms) in steps {
            mono_ms += pause_ms;
            let now = at(mono_ms);
            let next = recording.look(now);
            disk.carry_out(&mut recording, now, next);
            match kind {
                0 | 1 => {
                    happened += 1;
                    let closed = Event::DoorClosed { door: door(), open_ms: happened };
                    disk.record(&mut recording, now, closed, Weight::Routine);
                }
                2 => disk.answer(&mut recording, now, false),
                3 | 4 => disk.answer(&mut recording, now, true),
                _ => {
                    let entries = recording.probe(now);
                    disk.submit(entries);
                }
            }
        }
        for _ in 0..20 {
            mono_ms += 10_000;
            let entries = recording.probe(at(mono_ms));
            disk.submit(entries);
            while !disk.queue.is_empty() {
                disk.answer(&mut recording, at(mono_ms), true);
            }
        }
        prop_assert_eq!(recording.state().fault, None, "it works in the end");
        let closed = disk.written.iter().filter_map(|entry| match entry.event {
            Event::DoorClosed { open_ms, .. } => Some(open_ms),
            _ => None,
        });
        prop_assert_eq!(closed.collect::<Vec<_>>(), (1..=happened).collect::<Vec<_>>());
        prop_assert!(disk.written.windows(2).all(|pair| pair[0].number < pair[1].number && pair[0].at <= pair[1].at));
    }
}
