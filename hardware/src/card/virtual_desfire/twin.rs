//! A card as it lies in a field: kept in a file, and able to misbehave.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Card, Content, Model, Random, UID_BYTES};
use crate::card::virtual_card::{FieldCard, Reaction};

/// What a card does that it should not, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Misdeed {
    /// At which command since it got power, counted from 1.
    pub at: u32,
    /// What.
    pub deed: Deed,
}

/// What a card does that it should not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Deed {
    /// Spoils the first MAC, or enciphered checksum, from that command on.
    WrongMac,
    /// Answers from that command on as it did at the same command of an earlier session.
    Replay,
    /// Is silent from that command on.
    Silence,
    /// Answers that command with so many bytes of its answer.
    Tear {
        /// How many.
        bytes: usize,
    },
    /// Hears that command with one bit turned over.
    FlipCommand {
        /// Which, from the highest of the first byte; counted round.
        bit: usize,
    },
    /// Answers that command with one bit turned over.
    FlipAnswer {
        /// Which, from the highest of the first byte; counted round.
        bit: usize,
    },
    /// Answers late from that command on.
    Late {
        /// By how many milliseconds.
        ms: u64,
    },
    /// Refuses that command.
    Status {
        /// Second byte of the status `91xx`.
        status: u8,
    },
    /// Leaves the field before it carries that command out.
    LeaveBefore,
    /// Leaves while it writes: of what that command writes to standard files, half is there; of all else, nothing.
    LeaveMidway,
    /// Leaves once it has carried that command out, before it answers.
    LeaveAfter,
    /// Is swapped for another before that command.
    Swap {
        /// Name of the other, in a world.
        card: String,
    },
}

/// A card can't be had.
#[derive(Debug, thiserror::Error)]
pub enum TwinError {
    /// Its file can't be read or written.
    #[error("{0}: {1}")]
    File(String, io::Error),
    /// Its file is another card's.
    #[error("{0}: the file is of a card with another UID")]
    Other(String),
}

/// A card that can lie in a field. Cheap to clone: all clones are the one card.
#[derive(Debug, Clone)]
pub struct Twin(Arc<Mutex<Inner>>);

struct Inner {
    card: Card,
    /// Where it is kept, if anywhere, and how much of it is there.
    path: Option<PathBuf>,
    saved_writes: u64,
    misdeed: Option<Misdeed>,
    swapped_for: Option<Twin>,
    /// Since it got power: commands, answers, what was done.
    commands: u32,
    answers: Vec<Vec<u8>>,
    has_proven: bool,
    is_done: bool,
    /// Answers of the last session in which anything was proven.
    earlier: Vec<Vec<u8>>,
}

impl Twin {
    /// A card that is kept nowhere.
    pub fn new(content: Content, random: Random) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            card: Card::new(content, random),
            path: None,
            saved_writes: 0,
            misdeed: None,
            swapped_for: None,
            commands: 0,
            answers: Vec::new(),
            has_proven: false,
            is_done: false,
            earlier: Vec::new(),
        })))
    }

    /// The card that is kept in `path`; one from the factory, if that file is not there.
    pub fn open(path: &Path, uid: [u8; UID_BYTES], model: Model, random: Random) -> Result<Self, TwinError> {
        let shown = || path.display().to_string();
        let content = match Content::load(path) {
            Ok(content) if content.uid == uid => content,
            Ok(_) => return Err(TwinError::Other(shown())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Content::factory(uid, model),
            Err(error) => return Err(TwinError::File(shown(), error)),
        };
        Self::keep(content, path, random)
    }

    /// A card with this content, kept in `path` from now on.
    pub fn keep(content: Content, path: &Path, random: Random) -> Result<Self, TwinError> {
        content.save(path).map_err(|error| TwinError::File(path.display().to_string(), error))?;
        let twin = Self::new(content, random);
        twin.inner().path = Some(path.to_owned());
        Ok(twin)
    }

    /// What it keeps.
    pub fn content(&self) -> Content {
        self.inner().card.content().clone()
    }

    /// Lets it misbehave whenever it has power, until told otherwise.
    pub fn misbehave(&self, misdeed: Option<Misdeed>) {
        let mut inner = self.inner();
        inner.swapped_for = None;
        inner.is_done = false;
        inner.misdeed = misdeed;
    }

    /// Has it swapped for `other` before command `at`.
    pub fn swap(&self, at: u32, name: &str, other: &Twin) {
        self.misbehave(Some(Misdeed { at, deed: Deed::Swap { card: name.to_owned() } }));
        self.inner().swapped_for = Some(other.clone());
    }

    /// How it misbehaves.
    pub fn misdeed(&self) -> Option<Misdeed> {
        self.inner().misdeed.clone()
    }

    /// Whoever panicked left a card that is whole: changes are made at once.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FieldCard for Twin {
    fn power(&mut self) {
        self.inner().power();
    }

    fn uid(&self) -> Vec<u8> {
        self.inner().card.told_uid().to_vec()
    }

    fn react(&mut self, apdu: &[u8]) -> Reaction {
        // The other is locked only when this one is not.
        let swapped = self.inner().swapped();
        match swapped {
            Some((other, is_new)) => {
                let mut other = other.inner();
                if is_new {
                    other.power();
                }
                other.react(apdu)
            }
            None => self.inner().react(apdu),
        }
    }
}

impl Inner {
    fn power(&mut self) {
        self.card.power();
        self.commands = 0;
        let answers = std::mem::take(&mut self.answers);
        if std::mem::take(&mut self.has_proven) {
            self.earlier = answers;
        }
        self.is_done = false;
    }

    /// The card that lies there by now, and whether it does from this command on.
    fn swapped(&mut self) -> Option<(Twin, bool)> {
        let other = self.swapped_for.clone()?;
        let at = self.misdeed.as_ref()?.at;
        if self.commands + 1 < at {
            return None;
        }
        Some((other, !std::mem::replace(&mut self.is_done, true)))
    }

    fn react(&mut self, apdu: &[u8]) -> Reaction {
        self.commands = self.commands.saturating_add(1);
        let (is_now, is_since, deed) = match &self.misdeed {
            Some(misdeed) => (self.commands == misdeed.at, self.commands >= misdeed.at, Some(misdeed.deed.clone())),
            None => (false, false, None),
        };
        match deed {
            Some(Deed::Silence) if is_since => Reaction::Silence,
            Some(Deed::Late { ms }) if is_since => match self.obey(apdu) {
                Reaction::Answer(answer) => Reaction::Late(Duration::from_millis(ms), answer),
                other => other,
            },
            Some(Deed::Replay) if is_since => {
                let answer = usize::try_from(self.commands).ok().and_then(|command| self.earlier.get(command - 1));
                // Whoever replays has nothing else to say.
                Reaction::Answer(answer.cloned().unwrap_or(vec![0x91, 0x1C]))
            }
            Some(Deed::WrongMac) if is_since && !self.is_done => match self.obey(apdu) {
                Reaction::Answer(mut answer) if self.card.was_protected() && answer.len() > 2 => {
                    let last = answer.len() - 3;
                    answer[last] ^= 0x01;
                    self.is_done = true;
                    Reaction::Answer(answer)
                }
                other => other,
            },
            Some(Deed::Tear { bytes }) if is_now => match self.obey(apdu) {
                Reaction::Answer(mut answer) => {
                    answer.truncate(bytes);
                    Reaction::Answer(answer)
                }
                other => other,
            },
            Some(Deed::FlipCommand { bit }) if is_now => {
                let mut apdu = apdu.to_vec();
                flip(&mut apdu, bit);
                self.obey(&apdu)
            }
            Some(Deed::FlipAnswer { bit }) if is_now => match self.obey(apdu) {
                Reaction::Answer(mut answer) => {
                    flip(&mut answer, bit);
                    Reaction::Answer(answer)
                }
                other => other,
            },
            Some(Deed::Status { status }) if is_now => {
                self.card.refuse();
                Reaction::Answer(vec![0x91, status])
            }
            Some(Deed::LeaveBefore) if is_now => Reaction::Leaves,
            Some(Deed::LeaveMidway) if is_now => {
                let before = self.card.content().clone();
                self.card.answer(apdu);
                let torn = torn(&before, self.card.content());
                self.card.restore(torn);
                self.save();
                Reaction::Leaves
            }
            Some(Deed::LeaveAfter) if is_now => {
                self.obey(apdu);
                Reaction::Leaves
            }
            _ => self.obey(apdu),
        }
    }

    /// Does as it should: what a command changed is kept before it is answered.
    fn obey(&mut self, apdu: &[u8]) -> Reaction {
        let answer = self.card.answer(apdu);
        if !self.save() {
            return Reaction::Leaves;
        }
        self.has_proven |= self.card.was_protected();
        self.answers.push(answer.clone());
        Reaction::Answer(answer)
    }

    fn save(&mut self) -> bool {
        let writes = self.card.writes();
        if let Some(path) = &self.path
            && self.saved_writes != writes
            && let Err(error) = self.card.content().save(path)
        {
            tracing::error!(%error, path = %path.display(), "a card can't be kept");
            return false;
        }
        self.saved_writes = writes;
        true
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("card", &self.card).field("misdeed", &self.misdeed).finish_non_exhaustive()
    }
}

fn flip(bytes: &mut [u8], bit: usize) {
    if !bytes.is_empty() {
        let bit = bit % (8 * bytes.len());
        bytes[bit / 8] ^= 0x80 >> (bit % 8);
    }
}

/// What is left of `after` when power fails midway: the first half of what was written to standard files.
fn torn(before: &Content, after: &Content) -> Content {
    let mut torn = before.clone();
    let pairs = torn.applications.iter_mut().zip(&after.applications);
    for (application, new) in pairs.filter(|(old, new)| old.id == new.id) {
        for (file, new) in application.files.iter_mut().zip(&new.files) {
            let is_same_file = (file.number, file.data.len()) == (new.number, new.data.len());
            if !is_same_file || file.kind != super::FileKind::Standard {
                continue;
            }
            let differs = |index: &usize| file.data[*index] != new.data[*index];
            let (first, last) = ((0..file.data.len()).find(differs), (0..file.data.len()).rfind(differs));
            if let (Some(first), Some(last)) = (first, last) {
                let half = first..first + (last - first).div_ceil(2);
                file.data[half.clone()].copy_from_slice(&new.data[half]);
            }
        }
    }
    torn
}
