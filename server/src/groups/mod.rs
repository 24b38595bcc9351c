//! Groups of people: what is granted to a group, or stops it, holds for everybody who is in it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{Block, Grant};

pub mod routes;
pub mod store;
#[cfg(test)]
mod tests;

/// Most people put into a group, and most taken out of it, by one request.
pub const MEMBERS_CHANGED_MAX: usize = 1_000;

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub struct Group {
    /// Which group.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Whether locked doors open for its people.
    pub is_responder: bool,
    /// How many people are in it.
    pub member_count: i64,
    /// Counts changes of name and mark; the `ETag`.
    #[sqlx(rename = "row_version")]
    pub version: i64,
}

/// A group with what it was granted and what stops it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupDetail {
    /// As in the list.
    #[serde(flatten)]
    pub group: Group,
    /// What it holds and held.
    pub access: Vec<Grant>,
    /// What stops or stopped it.
    pub blocks: Vec<Block>,
}

/// A group, as others speak of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub struct GroupName {
    /// Which group.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Whether locked doors open for its people.
    pub is_responder: bool,
}

/// A group to be made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGroup {
    /// Its name.
    pub name: String,
    /// Locked doors open for its people. Needs a reason.
    #[serde(default)]
    pub is_responder: bool,
    /// Why its people are responders; for that only.
    pub reason: Option<String>,
}

/// What of a group is to change; what is left out stays.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupChange {
    /// Its name.
    pub name: Option<String>,
    /// Locked doors open for its people. To begin needs a reason.
    pub is_responder: Option<bool>,
    /// Why; for that only.
    pub reason: Option<String>,
}

/// Who comes into a group and who goes out of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MembersChange {
    /// These come in; at most 1,000. Those who are in it already stay.
    #[serde(default)]
    pub add: Vec<Uuid>,
    /// These go out; at most 1,000. Those who are not in it are passed over.
    #[serde(default)]
    pub remove: Vec<Uuid>,
    /// Why; needed where the rules ask less of those who come in (the group's people are responders, exempt from a threat level, an
    /// escort or half of a pair), and where a block stops the group that somebody goes out of.
    pub reason: Option<String>,
}

/// What a change of members did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MembersChanged {
    /// Who came in.
    pub added: Vec<Uuid>,
    /// Who went out.
    pub removed: Vec<Uuid>,
    /// How many are in it now.
    pub member_count: i64,
}

/// How members were before they changed, as an act keeps it.
#[derive(Debug, Serialize)]
pub struct MembersBefore<'a> {
    /// Who was in it of those who changed.
    pub members: &'a [Uuid],
    /// How many were in it.
    pub member_count: i64,
}

/// Somebody who is in a group. Their name is the vault's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub struct Member {
    /// Who.
    pub person_id: Uuid,
}
