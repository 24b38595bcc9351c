//! Which records go to the server next: in order, from the last one it holds, with no more under way than a window.
//!
//! Pure. Fresh records go out as they are written; what was written while the link was down is read from the journal.

use access_core::chain::{Head, SignedRecord};
use access_core::protocol::RECORDS_PER_MESSAGE_MAX;

use crate::journal::is_newer;

/// Most records that are under way without an acknowledgement.
const WINDOW_RECORDS: u64 = 4 * RECORDS_PER_MESSAGE_MAX as u64;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flow {
    /// Send these. If that can't be done, tell [`Outflow::unsent`].
    Send {
        /// What was sent before.
        after: Head,
        /// What follows.
        records: Vec<SignedRecord>,
    },
    /// Read what follows from the journal, at most [`RECORDS_PER_MESSAGE_MAX`].
    Read(Head),
    /// The server holds records that this journal does not, and yet it welcomed the agent: the journal can't be read, or the
    /// server does not look. One that looks refuses an agent whose journal was set back.
    AheadOfUs(Head),
}

/// How far the server is, as far as is known.
#[derive(Debug)]
pub struct Outflow {
    /// Newest record in the journal.
    head: Head,
    acknowledged: Head,
    /// Newest record that was sent in this session; none without a session.
    sent: Option<Head>,
    is_reading: bool,
}

impl Outflow {
    /// A journal that ends at `head`, without a session.
    pub fn new(head: Head, acknowledged: Head) -> Self {
        Self { head, acknowledged, sent: None, is_reading: false }
    }

    /// Newest record in the journal.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Newest record that is known to be acknowledged.
    pub fn acknowledged(&self) -> Head {
        self.acknowledged
    }

    /// A session began; the server holds everything up to `acknowledged`.
    pub fn up(&mut self, acknowledged: Head) -> Option<Flow> {
        if is_newer(&acknowledged, &self.head) {
            self.sent = None;
            return Some(Flow::AheadOfUs(acknowledged));
        }
        self.acknowledged = acknowledged;
        self.sent = Some(acknowledged);
        self.is_reading = false;
        self.resume()
    }

    /// The session ended.
    pub fn down(&mut self) {
        self.sent = None;
    }

    /// The server stored everything up to here.
    pub fn acknowledge(&mut self, head: Head) -> Option<Flow> {
        if is_newer(&head, &self.acknowledged) && !is_newer(&head, &self.head) {
            self.acknowledged = head;
        }
        self.resume()
    }

    /// Records were written after `before`.
    pub fn written(&mut self, before: Head, head: Head, records: Vec<SignedRecord>) -> Option<Flow> {
        self.head = head;
        if self.sent == Some(before) && !self.is_reading && !self.is_window_full() {
            self.sent = Some(head);
            return Some(Flow::Send { after: before, records });
        }
        self.resume()
    }

    /// The journal answered [`Flow::Read`].
    pub fn read(&mut self, after: Head, records: Vec<SignedRecord>, head: Option<Head>) -> Option<Flow> {
        if !std::mem::take(&mut self.is_reading) {
            return None;
        }
        let head = head?;
        // What was read for a session before is not what this one waits for.
        if self.sent != Some(after) {
            return self.resume();
        }
        self.sent = Some(head);
        Some(Flow::Send { after, records })
    }

    /// What was to be sent could not be: it is tried again with the next thing that happens.
    pub fn unsent(&mut self, after: Head) {
        self.sent = self.sent.map(|_| after);
    }

    /// What follows, if there is room for it. To be asked again after everything that was sent.
    pub fn resume(&mut self) -> Option<Flow> {
        let sent = self.sent?;
        if self.is_reading || !is_newer(&self.head, &sent) || self.is_window_full() {
            return None;
        }
        self.is_reading = true;
        Some(Flow::Read(sent))
    }

    fn is_window_full(&self) -> bool {
        self.sent.is_some_and(|sent| {
            sent.epoch == self.acknowledged.epoch && sent.seq.saturating_sub(self.acknowledged.seq) >= WINDOW_RECORDS
        })
    }
}

#[cfg(test)]
mod tests {
    use access_core::chain::Digest;
    use proptest::prelude::*;

    use super::*;

    fn head(seq: u64) -> Head {
        Head { epoch: 1, seq, hash: Digest([seq as u8; 32]) }
    }

    fn records(from: u64, to: u64) -> Vec<SignedRecord> {
        (from..to).map(|seq| SignedRecord { bytes: (seq + 1).to_le_bytes().to_vec(), signature: [0; 64] }).collect()
    }

    #[test]
    fn a_server_that_is_ahead_gets_nothing() {
        let mut flow = Outflow::new(head(3), head(1));
        assert_eq!(flow.up(head(4)), Some(Flow::AheadOfUs(head(4))));
        assert_eq!(flow.written(head(3), head(4), records(3, 4)), None);
    }

    #[test]
    fn what_is_written_while_the_link_is_up_goes_out_at_once() {
        let mut flow = Outflow::new(head(3), head(1));
        assert_eq!(flow.written(head(3), head(4), records(3, 4)), None, "no link");
        assert_eq!(flow.up(head(4)), None);
        assert_eq!(
            flow.written(head(4), head(6), records(4, 6)),
            Some(Flow::Send { after: head(4), records: records(4, 6) })
        );
    }

    #[test]
    fn a_server_that_holds_nothing_or_an_epoch_before_gets_everything_once() {
        for theirs in [Head::start_of(0), Head { epoch: 0, ..head(7) }, Head::start_of(1)] {
            let mut flow = Outflow::new(head(3), head(0));
            assert_eq!(flow.up(theirs), Some(Flow::Read(theirs)));
            let sent = Flow::Send { after: theirs, records: records(0, 3) };
            assert_eq!(flow.read(theirs, records(0, 3), Some(head(3))), Some(sent));
            assert_eq!(flow.resume(), None);
        }
    }

    #[test]
    fn what_was_read_for_another_session_is_not_sent() {
        let mut flow = Outflow::new(head(3), head(0));
        assert_eq!(flow.up(head(0)), Some(Flow::Read(head(0))));
        flow.down();
        assert_eq!(flow.up(head(1)), Some(Flow::Read(head(1))));
        assert_eq!(flow.read(head(0), records(0, 3), Some(head(3))), Some(Flow::Read(head(1))));
    }

    proptest! {
        /// Whatever is written, broken and answered in whatever order: a session's records are sent in order from the
        /// acknowledged one, none twice and none left out.
        #[test]
        fn every_session_continues_where_the_server_is(
            steps in proptest::collection::vec((0u8..5, 1u64..700), 1..80),
        ) {
            let mut flow = Outflow::new(head(0), head(0));
            let (mut written, mut stored) = (0, 0);
            let mut session: Option<u64> = None;
            let mut reading: Option<Head> = None;
            let do_flow = |flow: &mut Outflow, next: Option<Flow>, session: &mut Option<u64>, reading: &mut Option<Head>| {
                let mut next = next;
                while let Some(step) = next.take() {
                    match step {
                        Flow::Send { after, records: sent } => {
                            let at = session.unwrap();
                            assert_eq!(after, head(at));
                            assert_eq!(&sent, &records(at, at + sent.len() as u64));
                            *session = Some(at + sent.len() as u64);
                            next = flow.resume();
                        }
                        Flow::Read(after) => {
                            *reading = Some(after);
                        }
                        Flow::AheadOfUs(_) => panic!("it is not"),
                    }
                }
            };
            for (kind, count) in steps {
                match kind {
                    0 => {
                        let next = flow.written(head(written), head(written + count), records(written, written + count));
                        written += count;
                        do_flow(&mut flow, next, &mut session, &mut reading);
                    }
                    1 => {
                        if let Some(after) = reading.take() {
                            let to = (after.seq + RECORDS_PER_MESSAGE_MAX as u64).min(written);
                            let next = flow.read(after, records(after.seq, to), (to > after.seq).then(|| head(to)));
                            do_flow(&mut flow, next, &mut session, &mut reading);
                        }
                    }
                    2 => {
                        if let Some(sent) = session {
                            stored = sent;
                            let next = flow.acknowledge(head(stored));
                            do_flow(&mut flow, next, &mut session, &mut reading);
                        }
                    }
                    3 => {
                        // The server may have stored what it had no time to acknowledge.
                        stored = session.unwrap_or(stored);
                        session = None;
                        flow.down();
                    }
                    _ => {
                        if session.is_none() {
                            session = Some(stored);
                            let next = flow.up(head(stored));
                            do_flow(&mut flow, next, &mut session, &mut reading);
                        }
                    }
                }
            }
            if session.is_none() {
                session = Some(stored);
                let next = flow.up(head(stored));
                do_flow(&mut flow, next, &mut session, &mut reading);
            }
            for _ in 0..1_000 {
                if let Some(after) = reading.take() {
                    let to = (after.seq + RECORDS_PER_MESSAGE_MAX as u64).min(written);
                    let next = flow.read(after, records(after.seq, to), (to > after.seq).then(|| head(to)));
                    do_flow(&mut flow, next, &mut session, &mut reading);
                }
                let next = flow.acknowledge(head(session.unwrap()));
                do_flow(&mut flow, next, &mut session, &mut reading);
            }
            prop_assert_eq!(session, Some(written), "everything arrives in the end");
        }
    }
}
