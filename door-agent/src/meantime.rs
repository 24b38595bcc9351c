//! What happens while the journal takes no records: kept in memory, in order and with its true times, and written when the
//! journal works again.
//!
//! Pure. The list is bounded: when it is full the oldest of what matters least is folded into a record that only counts,
//! so that what a guard must see stays longest. What is kept here does not outlive the program.

use std::collections::BTreeMap;

use access_core::event::{AlarmKind, Event, EventKind, ReleaseCause};
use access_core::ids::DoorId;
use access_core::verdict::Reason;

use crate::journal::Weight;
use crate::recorder::Entry;

/// Most entries that are kept, counting ones among them.
pub const KEPT_MAX: usize = 2_048;

/// How long an entry is kept when there is no room for all. The least goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// What the log would be poorer without.
    Routine,
    /// Somebody was released, refused for the journal's sake, or passed.
    Vital,
    /// A guard must see it.
    Alarm,
}

/// What is counted together.
type Fold = (EventKind, Option<DoorId>, Option<AlarmKind>);

/// Entries that wait for the journal, by their number: the order in which they happened.
#[derive(Debug, Default)]
pub struct Meantime {
    entries: BTreeMap<u64, Entry>,
    /// Where the counting entries stand.
    folds: BTreeMap<(u8, Option<DoorId>, Option<AlarmKind>), u64>,
}

impl Meantime {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Keeps an entry.
    pub fn keep(&mut self, entry: Entry) {
        if let Event::Folded { kind, door, alarm, .. } = &entry.event {
            self.folds.insert((*kind as u8, *door, *alarm), entry.number);
        }
        self.entries.insert(entry.number, entry);
        while self.entries.len() > KEPT_MAX && self.fold_one() {}
    }

    /// Gives up an entry that need not be written any more; answers whether it was kept here.
    pub fn forget(&mut self, number: u64) -> bool {
        self.entries.remove(&number).is_some()
    }

    /// The oldest `count` entries, in order. They are no longer kept here.
    pub fn take(&mut self, count: usize) -> Vec<Entry> {
        let taken: Vec<Entry> =
            std::iter::from_fn(|| self.entries.pop_first()).take(count).map(|(_, entry)| entry).collect();
        self.folds.retain(|_, number| self.entries.contains_key(number));
        taken
    }

    /// Forgets that a release was refused for the journal's sake: its grant was recorded after all.
    pub fn forget_refusal(&mut self, cause: ReleaseCause) {
        self.entries.retain(|_, entry| match (&entry.event, cause) {
            (Event::Decision(decision), ReleaseCause::Attempt(attempt)) => {
                decision.attempt.id != attempt || decision.verdict.is_grant()
            }
            (Event::CommandDone { command, release_ms, .. }, ReleaseCause::Command(released)) => {
                *command != released || *release_ms > 0
            }
            _ => true,
        });
    }

    /// Makes room for one; answers whether that was possible.
    fn fold_one(&mut self) -> bool {
        let foldable = self.entries.values().filter(|entry| !matches!(entry.event, Event::Folded { .. }));
        // The first of those that matter least: the oldest.
        let Some(number) = foldable.min_by_key(|entry| rank(entry)).map(|entry| entry.number) else { return false };
        let Some(entry) = self.entries.remove(&number) else { return false };
        let (kind, door, alarm) = fold_of(&entry.event);
        let place = self.folds.remove(&(kind as u8, door, alarm));
        let (mut folded, mut last) = (1, entry.at);
        // It stands where the first of what it counts stood.
        let mut fold = entry;
        let mut weight = fold.weight;
        if let Some(before) = place.and_then(|place| self.entries.remove(&place)) {
            if let Event::Folded { count, until, .. } = before.event {
                (folded, last) = (count.saturating_add(1), last.max(until));
            }
            // What is vital in it stays so.
            if before.weight == Weight::Vital {
                weight = Weight::Vital;
            }
            if before.number < fold.number {
                fold = before;
            }
        }
        fold.event = Event::Folded { kind, door, alarm, count: folded, until: last };
        fold.weight = weight;
        self.folds.insert((kind as u8, door, alarm), fold.number);
        self.entries.insert(fold.number, fold);
        true
    }
}

fn fold_of(event: &Event) -> Fold {
    let alarm = match event {
        Event::AlarmRaised { kind, .. } | Event::AlarmCleared { kind, .. } => Some(*kind),
        Event::Decision(decision) => decision.verdict.alarms.first().copied(),
        _ => None,
    };
    (event.kind(), event.door(), alarm)
}

fn rank(entry: &Entry) -> Rank {
    match &entry.event {
        Event::AlarmRaised { .. } | Event::AlarmCleared { .. } => Rank::Alarm,
        Event::Decision(decision) if !decision.verdict.alarms.is_empty() => Rank::Alarm,
        Event::Decision(decision) if decision.verdict.reason == Reason::NotRecorded => Rank::Vital,
        Event::ExitRequested { was_released: true, .. } => Rank::Vital,
        _ if entry.weight == Weight::Vital => Rank::Vital,
        _ => Rank::Routine,
    }
}

#[cfg(test)]
mod tests {
    use access_core::UnixMs;
    use access_core::attempt::ClockTrust;
    use uuid::Uuid;

    use super::*;

    fn entry(number: u64, event: Event, weight: Weight) -> Entry {
        Entry { number, at: UnixMs(number as i64), clock: ClockTrust::Trusted, event, weight }
    }

    fn door(number: u128) -> DoorId {
        Uuid::from_u128(number).into()
    }

    fn opened(number: u64) -> Entry {
        entry(number, Event::DoorOpened { door: door(1), cause: None }, Weight::Routine)
    }

    fn alarm(number: u64, kind: AlarmKind) -> Entry {
        entry(number, Event::AlarmRaised { kind, door: Some(door(1)), person: None }, Weight::Vital)
    }

    #[test]
    fn what_is_kept_comes_back_in_order_whatever_it_was_kept_in() {
        let mut meantime = Meantime::default();
        for number in [3, 1, 2] {
            meantime.keep(opened(number));
        }
        let numbers = |entries: Vec<Entry>| entries.iter().map(|entry| entry.number).collect::<Vec<_>>();
        assert_eq!(numbers(meantime.take(2)), [1, 2]);
        assert_eq!(numbers(meantime.take(usize::MAX)), [3]);
        assert!(meantime.is_empty());
    }

    #[test]
    fn without_room_the_least_is_counted_and_alarms_stay_longest() {
        let mut meantime = Meantime::default();
        meantime.keep(alarm(1, AlarmKind::DoorForced));
        let last = KEPT_MAX as u64 + 100;
        (2..=last).for_each(|number| meantime.keep(opened(number)));
        assert_eq!(meantime.len(), KEPT_MAX);
        let kept = meantime.take(usize::MAX);
        assert_eq!(kept[0], alarm(1, AlarmKind::DoorForced));
        let Event::Folded { kind, door: at, alarm: None, count, until } = kept[1].event else {
            panic!("{:?}", kept[1])
        };
        assert_eq!((kind, at, kept[1].at), (EventKind::DoorOpened, Some(door(1)), UnixMs(2)));
        assert_eq!(u64::from(count), last - 1 - (KEPT_MAX as u64 - 2), "all are kept or counted");
        assert_eq!(until, UnixMs(i64::from(count) + 1));
        assert_eq!(kept[1].weight, Weight::Routine, "what is counted is no more than it was");
        assert!(kept[2..].iter().all(|entry| matches!(entry.event, Event::DoorOpened { .. })));

        // Nothing but alarms: then they are counted too, by what they are.
        let kinds = [AlarmKind::DoorHeld, AlarmKind::Tamper];
        (1..=last).for_each(|number| meantime.keep(alarm(number, kinds[number as usize % 2])));
        let counted: u64 = meantime
            .take(usize::MAX)
            .iter()
            .map(|entry| match entry.event {
                Event::Folded { kind: EventKind::AlarmRaised, alarm: Some(_), count, .. } => u64::from(count),
                _ => 1,
            })
            .sum();
        assert_eq!(counted, last);
    }

    #[test]
    fn what_counts_a_vital_entry_is_vital() {
        for is_first_vital in [true, false] {
            let mut meantime = Meantime::default();
            for number in 1..=2 {
                let weight = if (number == 1) == is_first_vital { Weight::Vital } else { Weight::Routine };
                meantime.entries.insert(number, Entry { weight, ..opened(number) });
            }
            assert!(meantime.fold_one() && meantime.fold_one());
            let kept = meantime.take(usize::MAX);
            assert_eq!(kept.iter().map(|entry| entry.weight).collect::<Vec<_>>(), [Weight::Vital]);
        }
    }
}
