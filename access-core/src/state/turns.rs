//! How a door in mode *toggle* was turned, by grants that came to something.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};

use crate::ids::AttemptId;
use crate::time::UnixMs;

/// Turns of a door that are known.
const TURNS_MAX: usize = 16;
/// Words that undo a turn, of those that are known.
const UNDOING_MAX: usize = 64;

/// The newest turns of a door. In which order records come, and whether twice, makes no difference.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Turns {
    /// When, whether to free, by which attempt; and whether it was undone.
    turns: BTreeMap<(UnixMs, bool, AttemptId), bool>,
    /// Releases that were abandoned, and refusals: their turn may be told later.
    undoing: BTreeSet<(UnixMs, AttemptId, Undoing)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
enum Undoing {
    /// The release was abandoned: whenever that is told, the turn came to nothing.
    Abandoned,
    /// The attempt was decided once more, and refused, at the instant of the turn or later.
    Refused,
}

impl Turns {
    /// A grant turned the door.
    pub(super) fn turned(&mut self, at: UnixMs, is_free: bool, by: AttemptId) {
        let is_undone = self.undoing.iter().any(|(since, attempt, how)| *attempt == by && how.undoes(*since, at));
        *self.turns.entry((at, is_free, by)).or_default() |= is_undone;
        if self.turns.len() > TURNS_MAX {
            self.turns.pop_first();
        }
    }

    /// The release of an attempt was abandoned.
    pub(super) fn abandoned(&mut self, at: UnixMs, attempt: AttemptId) {
        self.undo(at, attempt, Undoing::Abandoned);
    }

    /// An attempt was refused.
    pub(super) fn refused(&mut self, at: UnixMs, attempt: AttemptId) {
        self.undo(at, attempt, Undoing::Refused);
    }

    fn undo(&mut self, since: UnixMs, attempt: AttemptId, how: Undoing) {
        for ((at, _, by), is_undone) in &mut self.turns {
            *is_undone |= *by == attempt && how.undoes(since, *at);
        }
        self.undoing.insert((since, attempt, how));
        if self.undoing.len() > UNDOING_MAX {
            self.undoing.pop_first();
        }
    }

    /// The newest turn that was not undone, and whether it was to free.
    pub(super) fn newest(&self) -> Option<(UnixMs, bool)> {
        self.turns.iter().rev().find(|(_, is_undone)| !**is_undone).map(|((at, is_free, _), _)| (*at, *is_free))
    }
}

impl Undoing {
    /// Whether a word of `since` undoes a turn at `at`.
    fn undoes(self, since: UnixMs, at: UnixMs) -> bool {
        match self {
            Self::Abandoned => true,
            Self::Refused => since >= at,
        }
    }
}
