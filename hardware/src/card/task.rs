//! What a station's reader is to do with the card that lies on it. [`Readers::work`](super::Readers::work) takes it, and
//! [`ReaderChange::Worked`](super::ReaderChange::Worked) says how it ended.

use super::Uid;
use super::desfire::{
    CardKeys, Look, Nonces, Personalised, Plan, ReadError, ReadOrder, StationError, WipeOrder, Wiped,
};

/// What is to be done, and with which card.
pub struct Task {
    /// With this card and no other.
    pub uid: Uid,
    /// What.
    pub job: Job,
    /// Where random numbers come from.
    pub nonces: Nonces,
}

/// What is to be done with a card.
pub enum Job {
    /// Read all of it.
    Look(ReadOrder),
    /// Make it somebody's, from whatever state an earlier try left it in.
    Personalise(Box<Plan>, Box<dyn CardKeys>),
    /// Make it nobody's.
    Wipe(Box<WipeOrder>, Box<dyn CardKeys>),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// The card was read.
    Looked(Look),
    /// The card is somebody's.
    Personalised(Personalised),
    /// The card is nobody's.
    Wiped(Wiped),
}

/// Why nothing came of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    /// The card is not there, or left in the middle; or another lies there.
    #[error("the card is not there, or left")]
    Gone,
    /// The card or the reader does not answer as it must.
    #[error("the card can't be spoken to: {0}")]
    Unreadable(String),
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It could not be written or wiped.
    #[error(transparent)]
    Station(#[from] StationError),
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.job {
            Job::Look(_) => "Task(look)",
            Job::Personalise(..) => "Task(personalise)",
            Job::Wipe(..) => "Task(wipe)",
        })
    }
}
