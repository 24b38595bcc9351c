//! What goes wrong, where on the way of an entry, and how often it did.

use std::fmt;

/// Declares the words of an enum once, with a list of all.
macro_rules! listed {
    ($(#[$of:meta])* $name:ident { $($(#[$one:meta])* $word:ident),* $(,)? }) => {
        $(#[$of])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum $name { $($(#[$one])* $word),* }

        impl $name {
            pub(super) const ALL: &[Self] = &[$(Self::$word),*];
        }
    };
}

listed! {
    /// A kind of fault.
    Kind {
        /// A message between agent and server.
        MessageLost, MessageDelayed, MessageReordered, MessageRepeated,
        /// Nothing gets through for a while.
        Partition,
        LinkCut,
        /// What the server says is the time.
        ServerTimeJumps,
        /// The agent's own clock goes ahead.
        ClockLeaps,
        /// The program ends between two things it does.
        Killed,
        PowerCut,
        /// The power goes while a write is on its way to the disk: its beginning is there,
        WriteTorn,
        /// any parts of it are,
        WriteReordered,
        /// nothing of it is.
        WriteForgotten,
        WriteFails,
        ReadFails,
        DiskFull,
        DiskSlow,
        BundleLate, BundleOld,
        /// For another agent.
        BundleForeign,
        /// Signed by somebody else.
        BundleForged,
        /// The server's own, of a day that has not come.
        BundleAhead,
        /// The server says that this agent is revoked, until an operator takes it back.
        AgentRefused,
        CardRepeated, CardUnreadable,
        /// It leaves before all is read of it.
        CardTakenAway,
        /// It, or its reader, stops answering in the middle.
        CardSilent,
        /// One with the UID of another and none of its keys.
        CardCopied,
        /// Somebody stands between and spoils what proves where an answer comes from.
        CardForged,
        /// It answers as it did before.
        CardReplayed,
        /// Another takes its place between two commands,
        CardExchanged,
        /// or once it is read, while the agent still deals with it.
        CardFollowed,
        /// It has its own keys and another's number.
        CardRenumbered,
        /// It answers whole and to no sense.
        CardSenseless,
        /// The fingers on it: spoilt, erased, somebody else's.
        TemplateTorn, TemplateGone, TemplateForeign,
        ReaderLost,
        FingerWrong,
        /// A sensor speaks of an attempt that is over.
        FingerStray,
        SensorSilent,
        LinesLost, StrikeFails, DoorForced, ContactBounces,
    }
}

listed! {
    /// What an agent is in the middle of.
    Step {
        /// The program was just started, or is about to be.
        Starting,
        Idle,
        /// The server was asked.
        Deciding,
        /// A finger is wanted.
        Finger,
        /// A release waits for its record.
        Recording,
        /// A leaf stands open.
        Open,
        /// A strike is energised.
        Released,
        /// Records wait for the server.
        Delivering,
    }
}

impl Kind {
    /// Whether it lies in wait, and comes to bear with the next thing that the program does.
    pub(super) fn lies_in_wait(self) -> bool {
        use Kind::{
            DiskFull, Killed, PowerCut, ReadFails, StrikeFails, WriteFails, WriteForgotten, WriteReordered, WriteTorn,
        };
        matches!(
            self,
            Killed
                | PowerCut
                | WriteTorn
                | WriteReordered
                | WriteForgotten
                | WriteFails
                | ReadFails
                | DiskFull
                | StrikeFails
        )
    }
}

/// Faults that came to bear, by kind and by the step at which they were laid: a lost message may be the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counts(Vec<[u64; Step::ALL.len()]>);

impl Default for Counts {
    fn default() -> Self {
        Self(vec![[0; Step::ALL.len()]; Kind::ALL.len()])
    }
}

impl Counts {
    pub(super) fn note(&mut self, kind: Kind, step: Step) {
        self.0[kind as usize][step as usize] += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().flatten().zip(other.0.iter().flatten()) {
            *mine += theirs;
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.0.iter().flatten().sum()
    }

    /// Kinds and steps that were met less often than that.
    pub(super) fn rarer_than(&self, least: u64) -> Vec<(Kind, Step, u64)> {
        let all = Kind::ALL.iter().flat_map(|kind| Step::ALL.iter().map(|step| (*kind, *step)));
        all.map(|(kind, step)| (kind, step, self.0[kind as usize][step as usize]))
            .filter(|(_, _, count)| *count < least)
            .collect()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:18}", "")?;
        Step::ALL.iter().try_for_each(|step| write!(f, "{:>11}", format!("{step:?}")))?;
        for kind in Kind::ALL {
            write!(f, "\n{:18}", format!("{kind:?}"))?;
            self.0[*kind as usize].iter().try_for_each(|count| write!(f, "{count:>11}"))?;
        }
        Ok(())
    }
}
