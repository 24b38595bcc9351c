//! What goes wrong in a run of real programs, at which step of an entry and in which order: all of it follows from a seed.
//! When it comes does not: real programs and a real machine take their own time.

use std::fmt;

/// Numbers that follow from a seed and nothing else (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice of a seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `sides`.
    pub fn below(&mut self, sides: usize) -> usize {
        // The remainder is below `sides`, which is a usize.
        (self.number() % sides.max(1) as u64) as usize
    }

    /// From `least` to `most`, both of them too.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.number() % (most - least + 1)
    }

    /// Whether it fell to one of so many sides.
    pub fn one_in(&mut self, sides: usize) -> bool {
        self.below(sides) == 0
    }
}

/// Declares the words of an enum once, with a list of all.
macro_rules! listed {
    ($(#[$of:meta])* $name:ident { $($(#[$one:meta])* $word:ident),* $(,)? }) => {
        $(#[$of])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$one])* $word),* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$word),*];
        }
    };
}

listed! {
    /// A kind of fault.
    Kind {
        /// The agent's program, by SIGKILL.
        AgentKilled,
        /// The server's program, by SIGKILL. Its Postgres goes with it.
        ServerKilled,
        /// Postgres alone, by SIGKILL.
        PostgresKilled,
        /// The card service.
        PcscdKilled,
        /// A fingerprint sensor's terminal is closed.
        PtyClosed,
        /// The connections to a door's lines end.
        LinesCut,
        /// The disk under a journal is filled up.
        DiskFull,
        /// The connection between agent and server ends.
        LinkCut,
        /// Nothing gets through it for a while.
        LinkStalled,
        /// Everything takes long to get through.
        LinkSlow,
        /// A journal's file ends at some byte, on a copy that an agent then starts on.
        JournalCut,
        /// A bit of it is another, on a copy too.
        BitFlipped,
    }
}

impl Kind {
    /// Whether it is done to a copy of a journal, not to the plant that runs.
    pub fn is_of_copies(self) -> bool {
        matches!(self, Self::JournalCut | Self::BitFlipped)
    }
}

listed! {
    /// What the agent is in the middle of that a fault is meant for.
    Step {
        /// Its program was just started.
        Starting,
        /// Nobody is there.
        Idle,
        /// A card lies on a reader and nothing is decided.
        Deciding,
        /// A strike is energised, and the leaf is closed.
        Released,
        /// A leaf stands open.
        Open,
    }
}

/// A fault that is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What.
    pub kind: Kind,
    /// When.
    pub step: Step,
    /// All else about it follows from this.
    pub draw: u64,
}

impl Fault {
    /// The same, at another moment of its step: the one that was drawn was too late, or there was nothing to break.
    #[must_use]
    pub fn at_another_moment(self) -> Self {
        Self { draw: Dice::of(self.draw).number(), ..self }
    }
}

/// Every kind at every step so often, in an order that follows from the seed.
pub fn faults(dice: &mut Dice, rounds: usize) -> Vec<Fault> {
    let kinds = Kind::ALL.iter().filter(|kind| !kind.is_of_copies());
    let each = kinds.flat_map(|kind| Step::ALL.iter().map(|step| (*kind, *step)));
    let all: Vec<(Kind, Step)> = each.flat_map(|one| std::iter::repeat_n(one, rounds)).collect();
    let mut faults: Vec<Fault> =
        all.into_iter().map(|(kind, step)| Fault { kind, step, draw: dice.number() }).collect();
    for place in (1..faults.len()).rev() {
        faults.swap(place, dice.below(place + 1));
    }
    faults
}

/// Faults by kind and step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    by_step: Vec<[u64; Step::ALL.len()]>,
    /// Servers that were killed again while they started, at no step of an agent's.
    pub starts_killed: u64,
}

impl Default for Counts {
    fn default() -> Self {
        Self { by_step: vec![[0; Step::ALL.len()]; Kind::ALL.len()], starts_killed: 0 }
    }
}

impl Counts {
    /// One was injected.
    pub fn note(&mut self, kind: Kind, step: Step) {
        self.by_step[kind as usize][step as usize] += 1;
    }

    /// All together.
    pub fn total(&self) -> u64 {
        self.by_step.iter().flatten().sum::<u64>() + self.starts_killed
    }

    /// Kinds that were injected less often than that, and at which step. Copies of a journal are at one step alone, an agent's start.
    pub fn rarer_than(&self, least: u64) -> Vec<(Kind, Step, u64)> {
        let steps = |kind: Kind| Step::ALL.iter().filter(move |step| !kind.is_of_copies() || **step == Step::Starting);
        let each = Kind::ALL.iter().flat_map(|kind| steps(*kind).map(|step| (*kind, *step)));
        each.map(|(kind, step)| (kind, step, self.by_step[kind as usize][step as usize]))
            .filter(|(.., count)| *count < least)
            .collect()
    }

    /// Adds what was injected elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.by_step
            .iter_mut()
            .flatten()
            .zip(other.by_step.iter().flatten())
            .for_each(|(mine, theirs)| *mine += theirs);
        self.starts_killed += other.starts_killed;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:18}", "")?;
        Step::ALL.iter().try_for_each(|step| write!(f, "{:>11}", format!("{step:?}")))?;
        for kind in Kind::ALL {
            write!(f, "\n{:18}", format!("{kind:?}"))?;
            self.by_step[*kind as usize].iter().try_for_each(|count| write!(f, "{count:>11}"))?;
        }
        write!(f, "\nServerKilled once more while it started: {}", self.starts_killed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_plan_and_another_another() {
        let plan = |seed| faults(&mut Dice::of(seed), 2);
        assert_eq!(plan(7), plan(7));
        assert_ne!(plan(7), plan(8));
        let mut counts = Counts::default();
        plan(7).iter().for_each(|fault| counts.note(fault.kind, fault.step));
        assert_eq!(counts.total(), 10 * 5 * 2);
        let copies = [Kind::JournalCut, Kind::BitFlipped].map(|kind| (kind, Step::Starting, 0));
        assert_eq!(counts.rarer_than(2), copies);
        assert_eq!(counts.rarer_than(3).len(), 10 * 5 + 2);
        counts.starts_killed = 3;
        counts.add(&counts.clone());
        assert_eq!((counts.total(), counts.rarer_than(4)), (206, copies.to_vec()));
    }
}
