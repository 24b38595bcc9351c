//! Looks at people, so that one look is one act: a page that shows the same face again and again would bury the log under
//! its own reading.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use access_core::ids::{OperatorId, TenantId};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::auth::Actor;

/// Looks of one operator at one person within so many minutes are one act.
const ONE_LOOK_MINUTES: i64 = 60;
/// Looks that are remembered at most; beyond that all are forgotten, and logged again.
const REMEMBERED_MAX: usize = 100_000;

/// What of a person was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Look {
    /// Name or photo.
    Identity,
    /// Where they went.
    Movements,
}

/// Which operator looked at which person, and at what.
type WhoAtWhom = (TenantId, OperatorId, Uuid, Look);

/// Who looked at whom of late.
#[derive(Debug, Default)]
pub struct Looks {
    last: Mutex<HashMap<WhoAtWhom, DateTime<Utc>>>,
}

impl Looks {
    /// Whether a look of this operator's at this person is still to be logged.
    pub fn is_new(&self, actor: &Actor, person: Uuid, look: Look) -> bool {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let known = last.get(&(actor.tenant, actor.operator, person, look));
        known.is_none_or(|at| actor.now - *at >= TimeDelta::minutes(ONE_LOOK_MINUTES))
    }

    /// It was logged.
    pub fn logged(&self, actor: &Actor, person: Uuid, look: Look) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= REMEMBERED_MAX {
            last.clear();
        }
        last.insert((actor.tenant, actor.operator, person, look), actor.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Role;

    #[test]
    fn a_look_is_one_act_an_hour_for_each_operator_and_person() {
        let looks = Looks::default();
        let (anna, berta) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut guard = Actor {
            tenant: Uuid::from_u128(7).into(),
            operator: Uuid::from_u128(8).into(),
            role: Role::Guard,
            now: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
        };
        assert!(looks.is_new(&guard, anna, Look::Identity));
        looks.logged(&guard, anna, Look::Identity);
        assert!(looks.is_new(&guard, anna, Look::Movements), "where she went is another look");
        assert!(!looks.is_new(&guard, anna, Look::Identity));
        assert!(looks.is_new(&guard, berta, Look::Identity));
        let other = Actor { operator: Uuid::from_u128(9).into(), ..guard.clone() };
        assert!(looks.is_new(&other, anna, Look::Identity));
        guard.now += TimeDelta::minutes(60);
        assert!(looks.is_new(&guard, anna, Look::Identity));
    }
}
