//! What every handler can reach.

use std::sync::{Arc, RwLock};

use crate::db::Db;
use crate::enrolment::Stations;
use crate::keys::Keys;
use crate::vault::NameIndex;

/// Shared by all requests; cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The database.
    pub db: Db,
    /// The installation's keys.
    pub keys: Arc<Keys>,
    /// Who is called what.
    pub names: Arc<RwLock<NameIndex>>,
    /// Enrolment stations and the dialogues at them.
    pub stations: Arc<Stations>,
}

impl AppState {
    /// The state of a server over this database.
    pub fn new(db: Db, keys: Keys) -> Self {
        Self { db, keys: Arc::new(keys), names: Arc::default(), stations: Arc::default() }
    }
}
