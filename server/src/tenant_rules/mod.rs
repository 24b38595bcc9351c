//! What a tenant chose once for all its doors: when refusals are suspicious, what agents do alone, what duress waives, how long
//! a grant may be. Without a choice, the strictest.

use access_core::policy::{Alone, WaivableRule};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::words;

pub mod routes;
pub mod store;
#[cfg(test)]
mod tests;

/// A tenant's choices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TenantRules {
    /// So many refusals of a card, or at a reader,
    pub refusals: i16,
    /// within so many seconds are suspicious,
    pub refusals_within_s: i32,
    /// and a reader is locked for so many seconds.
    pub reader_lock_s: i32,
    /// What an agent does alone with travel times.
    #[schema(value_type = words::Alone)]
    pub alone_travel: Alone,
    /// With anti-passback.
    #[schema(value_type = words::Alone)]
    pub alone_anti_passback: Alone,
    /// With the most persons of an area.
    #[schema(value_type = words::Alone)]
    pub alone_occupancy: Alone,
    /// With the two-person rule.
    #[schema(value_type = words::Alone)]
    pub alone_two_person: Alone,
    /// Rules that an entry under duress need not meet.
    #[schema(value_type = Vec<words::WaivableRule>)]
    pub waived_for_duress: Vec<WaivableRule>,
    /// For so many hours an agent decides alone by rules that were not signed anew.
    pub alone_hours: i16,
    /// Longest time for which a grant may be given, in days; none means any.
    pub grant_days_max: Option<i32>,
    /// Counts its changes; the `ETag`. 0: nothing was chosen so far.
    pub version: i64,
}

/// Choices in place of those before.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantRulesChange {
    /// So many refusals of a card, or at a reader, 2 to 20,
    pub refusals: i16,
    /// within so many seconds, 1 to 3,600, are suspicious,
    pub refusals_within_s: i32,
    /// and a reader is locked for so many seconds, 1 to 600.
    pub reader_lock_s: i32,
    /// What an agent does alone with travel times.
    #[schema(value_type = words::Alone)]
    pub alone_travel: Alone,
    /// With anti-passback.
    #[schema(value_type = words::Alone)]
    pub alone_anti_passback: Alone,
    /// With the most persons of an area.
    #[schema(value_type = words::Alone)]
    pub alone_occupancy: Alone,
    /// With the two-person rule.
    #[schema(value_type = words::Alone)]
    pub alone_two_person: Alone,
    /// Rules that an entry under duress need not meet.
    #[schema(value_type = Vec<words::WaivableRule>)]
    pub waived_for_duress: Vec<WaivableRule>,
    /// For so many hours, 1 to 72, an agent decides alone by rules that were not signed anew.
    pub alone_hours: i16,
    /// Longest time for which a grant may be given, in days, 1 to 36,500; none means any.
    pub grant_days_max: Option<i32>,
    /// Why they are changed.
    pub reason: String,
}

impl TenantRules {
    /// As they are before anybody chose: as the database fills a row in.
    pub fn strictest() -> Self {
        Self {
            refusals: 5,
            refusals_within_s: 60,
            reader_lock_s: 30,
            alone_travel: Alone::Deny,
            alone_anti_passback: Alone::Deny,
            alone_occupancy: Alone::Deny,
            alone_two_person: Alone::Deny,
            waived_for_duress: Vec::new(),
            alone_hours: 24,
            grant_days_max: None,
            version: 0,
        }
    }
}
