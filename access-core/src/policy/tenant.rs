//! What a tenant chose once for all its doors. The defaults are the strictest.

use borsh::{BorshDeserialize, BorshSerialize};

/// A tenant's choices.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TenantRules {
    /// When refusals become suspicious.
    pub suspicion: Suspicion,
    /// What an agent does alone where a rule needs the state of other doors.
    pub alone: AloneRules,
    /// Rules that an entry under duress need not meet, ascending.
    pub waived_for_duress: Vec<WaivableRule>,
    /// For so many hours an agent decides alone by rules that were not signed anew, 1 to [`TenantRules::ALONE_HOURS_MAX`].
    pub alone_hours: u32,
}

impl TenantRules {
    /// No tenant lets agents decide alone for longer, in hours.
    pub const ALONE_HOURS_MAX: u32 = 72;
}

impl Default for TenantRules {
    fn default() -> Self {
        let (suspicion, alone) = (Suspicion::default(), AloneRules::default());
        Self { suspicion, alone, waived_for_duress: Vec::new(), alone_hours: 24 }
    }
}

/// When refusals become suspicious, and what then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Suspicion {
    /// So many refusals of a card, or at a reader, 2 to [`Suspicion::REFUSALS_MAX`],
    pub refusals: u32,
    /// within so many seconds, at most [`Suspicion::WITHIN_S_MAX`],
    pub within_s: u32,
    /// lock a reader for so many seconds.
    pub reader_lock_s: u32,
}

impl Suspicion {
    /// Most refusals that are counted.
    pub const REFUSALS_MAX: u32 = 20;
    /// Longest time over which refusals are counted, in seconds.
    pub const WITHIN_S_MAX: u32 = 3_600;
    /// Longest time that a reader is locked, in seconds.
    pub const READER_LOCK_S_MAX: u32 = 600;
}

impl Default for Suspicion {
    fn default() -> Self {
        Self { refusals: 5, within_s: 60, reader_lock_s: 30 }
    }
}

/// What an agent does alone, rule by rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub struct AloneRules {
    /// Travel times.
    pub travel: Alone,
    /// Anti-passback.
    pub anti_passback: Alone,
    /// Occupancy.
    pub occupancy: Alone,
    /// Two-person rule.
    pub two_person: Alone,
}

crate::words! {
    /// What an agent does alone, on side in, where a rule needs the state of other doors.
    #[derive(Default)]
    pub enum Alone {
        /// Refuses.
        #[default]
        Deny = "deny",
        /// Judges by what it knows.
        AsKnown = "as_known",
    }
}

crate::words! {
    /// Rules that a tenant may waive for an entry under duress.
    pub enum WaivableRule {
        /// The hour.
        Schedule = "schedule",
        /// Travel times.
        Travel = "travel",
        /// Anti-passback.
        AntiPassback = "anti_passback",
        /// Occupancy.
        Occupancy = "occupancy",
        /// Escort.
        Escort = "escort",
        /// Two-person rule.
        TwoPerson = "two_person",
    }
}
