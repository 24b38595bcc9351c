//! The rules asked over the API, on a real Postgres.

mod explain;
mod lists;
mod preview;
mod replay;
mod versions;
mod world;
