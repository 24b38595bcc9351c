//! Identifiers, each its own type, so that a door's can't be passed where a person's is meant.
//!
//! All are UUIDs of version 7 (ordered by their making), except [`PersonId`], version 4: a pseudonym must not tell when
//! its holder was registered. They are made by the daemons; this crate never invents one.

use std::fmt;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(
            Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID that is known to be one of these.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID, for storing.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }
    )+};
}

ids! {
    /// One installation of Pforte: a server with its database and keys.
    InstallationId,
    /// A client whose people, doors and log are separate from every other's.
    TenantId,
    /// A place with one time zone.
    SiteId,
    /// A part of a site that doors lead to and from.
    AreaId,
    /// An access point; leads from one area to another.
    DoorId,
    /// A card holder's pseudonym (version 4: says nothing about when it was made).
    PersonId,
    /// A card.
    CredentialId,
    /// An enrolled finger.
    FingerId,
    /// Doors + sides + schedules, to be granted.
    AccessLevelId,
    /// Weekly windows.
    ScheduleId,
    /// A person or group holds an access level for a time.
    GrantId,
    /// A person, group or card that is refused whatever it was granted.
    BlockId,
    /// A door controller or enrolment station.
    AgentId,
    /// Staff using the web UI.
    OperatorId,
    /// One presentation of a card at a reader, from card to decision.
    AttemptId,
    /// An operator's command to an agent; also its nonce: carried out once.
    CommandId,
    /// A dialogue at an enrolment station.
    EnrolmentId,
    /// Something that a guard must acknowledge.
    AlarmId,
    /// Persons that rules treat alike.
    GroupId,
    /// Days that are no common ones.
    CalendarId,
    /// Doors of which at most one may be open or released.
    InterlockId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_json_are_the_bare_uuid() {
        let id: DoorId = "0191d4c2-0000-7000-8000-000000000001".parse().unwrap();
        assert_eq!(id.to_string(), "0191d4c2-0000-7000-8000-000000000001");
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"0191d4c2-0000-7000-8000-000000000001\"");
        assert_eq!(format!("{id:?}"), "DoorId(0191d4c2-0000-7000-8000-000000000001)");
    }
}
