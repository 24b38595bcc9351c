//! The server: staff's HTTP API over one Postgres, tenants kept apart by the database itself, names apart from movements.

pub mod access;
pub mod agents;
pub mod alarms;
pub mod api;
pub mod audit;
pub mod auth;
pub mod calendars;
pub mod cards;
pub mod certificates;
pub mod clock;
pub mod cluster;
pub mod config;
pub mod consent;
pub mod credentials;
pub mod db;
pub mod decisions;
pub mod demo;
pub mod devices;
pub mod doors;
pub mod enrolment;
pub mod events;
pub mod fingers;
pub mod groups;
pub mod health;
pub mod http;
pub mod idempotency;
pub mod installation;
pub mod interlocks;
pub mod keys;
pub mod log;
pub mod operators;
pub mod people;
pub mod pins;
pub mod policy;
pub mod revocations;
pub mod serve;
pub mod sites;
pub mod situation;
pub mod spent;
pub mod state;
pub mod tenant_rules;
pub mod tenants;
pub mod threats;
pub mod travel;
#[allow(unused_qualifications, reason = "in code that the embedded files are generated into")]
pub mod ui;
pub mod vault;
pub mod vital;

/// The server's version.
pub const BUILD: &str = env!("CARGO_PKG_VERSION");

#[cfg(test)]
mod contract;
#[cfg(test)]
mod testing;
