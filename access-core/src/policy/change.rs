//! A policy with some rows put in, replaced or taken out: what saving a form does, and what a preview asks about.

use std::collections::BTreeMap;

use super::{
    AccessLevel, AreaRule, Block, Calendar, CredentialRule, DoorRule, Grant, GroupRule, InterlockRule, PersonRule,
    PolicyError, PolicyRows, Schedule, SiteRule, TenantRules, ThreatLevelRule, TravelEnds, TravelTime,
};
use crate::ids::{
    AccessLevelId, AreaId, BlockId, CalendarId, CredentialId, DoorId, GrantId, GroupId, InterlockId, PersonId,
    ScheduleId, SiteId,
};

/// One row put in or taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyChange {
    /// Put in; takes the place of the row with its id.
    Put(PolicyRow),
    /// Taken out. It must be there.
    Remove(PolicyRowId),
}

macro_rules! kinds {
    ($($(#[$meta:meta])* $kind:ident($row:ty, $id:ty) in $list:ident by $key:ident, $what:literal;)+) => {
        /// A row of any kind.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum PolicyRow {
            /// The tenant's choices; there is one row of them.
            TenantRules(TenantRules),
            $($(#[$meta])* $kind($row),)+
        }

        /// Which row.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum PolicyRowId {
            $($(#[$meta])* $kind($id),)+
        }

        impl PolicyRows {
            /// Puts a row in, or takes one out. What other rows say of it is not looked at.
            pub fn change(&mut self, change: &PolicyChange) -> Result<(), PolicyError> {
                match change {
                    PolicyChange::Put(PolicyRow::TenantRules(rules)) => self.rules = rules.clone(),
                    $(PolicyChange::Put(PolicyRow::$kind(row)) => {
                        match self.$list.iter_mut().find(|known| known.$key == row.$key) {
                            Some(known) => *known = row.clone(),
                            None => self.$list.push(row.clone()),
                        }
                    })+
                    $(PolicyChange::Remove(PolicyRowId::$kind(id)) => {
                        let place = self.$list.iter().position(|known| known.$key == *id);
                        let missing = || PolicyError::Missing { what: $what, id: show(id) };
                        self.$list.remove(place.ok_or_else(missing)?);
                    })+
                }
                Ok(())
            }

            /// Changes that make these rows the other ones. Version, scope and
            /// other people's missing cards stay as they are.
            pub fn changes_to(&self, other: &Self) -> Vec<PolicyChange> {
                let (mut put, mut removed) = (Vec::new(), Vec::new());
                if self.rules != other.rules {
                    put.push(PolicyRow::TenantRules(other.rules.clone()));
                }
                $({
                    let before: BTreeMap<_, _> = self.$list.iter().map(|row| (row.$key, row)).collect();
                    let after: BTreeMap<_, _> = other.$list.iter().map(|row| (row.$key, row)).collect();
                    let is_new = |key: &$id, row: &$row| before.get(key).is_none_or(|known| **known != *row);
                    let new = after.iter().filter(|(key, row)| is_new(key, row));
                    put.extend(new.map(|(_, row)| PolicyRow::$kind((*row).clone())));
                    let gone = before.keys().filter(|key| !after.contains_key(key));
                    removed.extend(gone.map(|key| PolicyRowId::$kind(*key)));
                })+
                let put = put.into_iter().map(PolicyChange::Put);
                put.chain(removed.into_iter().map(PolicyChange::Remove)).collect()
            }
        }
    };
}

kinds! {
    /// A site.
    Site(SiteRule, SiteId) in sites by id, "site";
    /// An area.
    Area(AreaRule, AreaId) in areas by id, "area";
    /// A door.
    Door(DoorRule, DoorId) in doors by id, "door";
    /// An airlock.
    Interlock(InterlockRule, InterlockId) in interlocks by id, "interlock";
    /// A travel time.
    Travel(TravelTime, TravelEnds) in travel by between, "travel time";
    /// A threat level's description.
    ThreatLevel(ThreatLevelRule, u8) in threat_levels by level, "threat level";
    /// A calendar.
    Calendar(Calendar, CalendarId) in calendars by id, "calendar";
    /// A schedule.
    Schedule(Schedule, ScheduleId) in schedules by id, "schedule";
    /// An access level.
    Level(AccessLevel, AccessLevelId) in levels by id, "access level";
    /// A group.
    Group(GroupRule, GroupId) in groups by id, "group";
    /// A person.
    Person(PersonRule, PersonId) in persons by id, "person";
    /// A card.
    Credential(CredentialRule, CredentialId) in credentials by id, "credential";
    /// A grant.
    Grant(Grant, GrantId) in grants by id, "grant";
    /// A block.
    Block(Block, BlockId) in blocks by id, "block";
}

/// Ids show as themselves; the ends of a travel time, as what they are.
fn show(id: &impl std::fmt::Debug) -> String {
    let shown = format!("{id:?}");
    match shown.split_once('(') {
        Some((name, rest)) if name.ends_with("Id") => rest.trim_end_matches(')').to_owned(),
        _ => shown,
    }
}
