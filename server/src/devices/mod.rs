//! Devices of agents: readers, sensors, doors' lines, journals, each as its agent reported it last. Written by the
//! [`log`](crate::log), read here.

use access_core::event::{Device, DeviceState};
use access_core::policy::Side;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::words;

pub mod routes;
mod store;
#[cfg(test)]
mod tests;

/// A device as its agent reported it last. One that has said nothing since its agent started is not listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeviceHealth {
    /// Whose.
    pub agent_id: Uuid,
    /// What kind of device.
    #[schema(value_type = words::Device)]
    pub device: Device,
    /// At which door; none for a station's and for an agent's own.
    pub door_id: Option<Uuid>,
    /// On which side of it.
    #[schema(value_type = Option<words::Side>)]
    pub side: Option<Side>,
    /// How it is.
    #[schema(value_type = words::DeviceState)]
    pub state: DeviceState,
    /// Since when, by the agent's clock.
    pub since: DateTime<Utc>,
}
