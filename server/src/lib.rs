//! The server: staff's HTTP API over one Postgres, tenants kept apart by the database itself, names apart from movements.

pub mod access;
pub mod api;
pub mod audit;
pub mod auth;
pub mod clock;
pub mod credentials;
pub mod db;
pub mod doors;
pub mod enrolment;
pub mod fingers;
pub mod http;
pub mod keys;
pub mod people;
pub mod sites;
pub mod state;
pub mod vault;

#[cfg(test)]
mod contract;
#[cfg(test)]
mod testing;
