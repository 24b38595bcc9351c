//! Airlocks: doors of which at most one is not closed and locked. All doors of a group hang on one agent, which asks the rule
//! alone as well.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::TenantTx;
use crate::http::{ApiError, ApiResult};

pub mod routes;
pub mod store;
#[cfg(test)]
mod tests;

/// Most doors of one group.
pub const DOORS_MAX: usize = 16;

/// Doors of which at most one is open or released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub struct Interlock {
    /// Which group.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its doors.
    pub door_ids: Vec<Uuid>,
    /// Counts its changes; the `ETag`.
    #[sqlx(rename = "row_version")]
    pub version: i64,
}

/// A group to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInterlock {
    /// Its name.
    pub name: String,
    /// Its doors, 2 to 16, all of one agent. A door is in one group at most.
    pub door_ids: Vec<Uuid>,
}

/// A name and doors in place of those before.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InterlockChange {
    /// Its name.
    pub name: String,
    /// Its doors, 2 to 16, all of one agent. A door is in one group at most.
    pub door_ids: Vec<Uuid>,
    /// Why; needed where a door is no longer one of them.
    pub reason: Option<String>,
}

/// Refuses an airlock with a door that has no contact: nobody could tell whether it is closed.
pub async fn check_contacts(tx: &mut TenantTx) -> ApiResult<()> {
    let tenant = tx.tenant();
    match store::without_contact(tx, tenant).await? {
        None => Ok(()),
        Some((door, name)) => Err(ApiError::Conflict(
            "no_contact",
            format!("All doors of an airlock must have a contact: {door} of {name} would have none."),
        )),
    }
}

/// Refuses an airlock whose doors hang on several agents: one that is alone sees its own doors only, and could not keep the
/// others shut.
pub async fn check_agents(tx: &mut TenantTx) -> ApiResult<()> {
    let tenant = tx.tenant();
    match store::split(tx, tenant).await? {
        None => Ok(()),
        Some(name) => Err(ApiError::Conflict(
            "several_agents",
            format!("All doors of an airlock must hang on one agent: those of {name} would not."),
        )),
    }
}
