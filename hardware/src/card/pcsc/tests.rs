//! How long a silent reader goes unnoticed, by a clock that is only told. Readers themselves are tried in hardware/tests/world.

use std::sync::mpsc::TryRecvError;

use super::*;
use crate::card::ReaderMatch;

/// What readers and sensors that hang are noticed within.
const NOTICED_WITHIN: Duration = Duration::from_secs(5);

#[test]
fn a_reader_that_hangs_is_told_of_within_five_seconds_and_once() {
    let (told, mut events) = tokio::sync::mpsc::channel(8);
    let mut supervisor = Supervisor {
        binding: ReaderBinding { name: "in".to_owned(), matches: ReaderMatch::Name("twin".to_owned()) },
        lookup: Arc::new(()),
        desk: Arc::default(),
        events: told,
        is_ended: Arc::default(),
        has_card: false,
        trouble: None,
        was_found: false,
        hanging: Vec::new(),
    };
    let mut changes = || std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.change).collect::<Vec<_>>();
    for expected in [vec![ReaderChange::Back, ReaderChange::Silent], vec![]] {
        let (report, reports) = sync_channel(4);
        let is_silent_at_once = expected.is_empty();
        if !is_silent_at_once {
            report.send(Report::Found { has_card: false }).unwrap();
            report.send(Report::Alive).unwrap();
        }
        let worker = Worker { reports, thread: std::thread::spawn(|| ()), _alive: channel().0 };
        let mut silent_for = Duration::ZERO;
        let followed = supervisor.follow(worker, |reports, wait| match reports.try_recv() {
            Ok(report) => {
                silent_for = Duration::ZERO;
                Ok(report)
            }
            Err(TryRecvError::Empty) => {
                silent_for += wait;
                Err(RecvTimeoutError::Timeout)
            }
            Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
        });
        assert!(followed.is_ok());
        assert_eq!(changes(), expected);
        assert!(silent_for > STATUS_WAIT && silent_for <= NOTICED_WITHIN, "{silent_for:?}");
    }
}
