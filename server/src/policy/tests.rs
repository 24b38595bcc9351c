//! The rules asked over the API, on a real Postgres.

mod explain;
mod lists;
mod preview;
mod replay;
pub(crate) mod unpreviewed;
mod versions;
mod world;
