//! State that operators set, as the server sent it last: modes, threat levels, locks. Kept sealed beside the bundle, so that a
//! lockdown outlives a restart without the server.

use std::path::{Path, PathBuf};

use access_core::canonical;
use access_core::protocol::Standing;
use zeroize::Zeroizing;

use crate::durable;
use crate::identity::Identity;
use crate::policy_store::{StoreError, seal, unseal};

/// Name of the file in the data folder.
const FILE: &str = "standing.sealed";
/// What the sealed file is bound to, beside the agent.
const FILE_PURPOSE: &str = "pforte standing file 1";

/// The newest [`Standing`].
pub struct StandingStore {
    identity: Identity,
    path: PathBuf,
    in_force: Option<Standing>,
    /// Whether one was taken in this session.
    is_of_session: bool,
}

impl StandingStore {
    /// A store without one; [`StandingStore::load`] reads the one on the disk.
    pub fn new(identity: Identity, folder: &Path) -> Self {
        Self { identity, path: folder.join(FILE), in_force: None, is_of_session: false }
    }

    /// Reads the one on the disk, if there is one.
    pub fn load(&mut self) -> Result<Option<&Standing>, StoreError> {
        let path = &self.path;
        let Some(content) = durable::read(path).map_err(|source| StoreError::Io { path: path.clone(), source })? else {
            return Ok(None);
        };
        let bytes =
            unseal(&self.identity, FILE_PURPOSE, &content).ok_or_else(|| StoreError::DoesNotOpen(path.clone()))?;
        let standing = canonical::decode("standing", &bytes).map_err(|_| StoreError::DoesNotOpen(path.clone()))?;
        Ok(Some(self.in_force.insert(standing)))
    }

    /// A session begins: its first one counts whatever its number, for a server may have been restored.
    pub fn session_began(&mut self) {
        self.is_of_session = false;
    }

    /// Takes a newer one. Answers whether it is, and was taken.
    pub fn take(&mut self, standing: Standing) -> bool {
        let is_newer = self.in_force.as_ref().is_none_or(|in_force| in_force.number < standing.number);
        let is_taken = is_newer || !self.is_of_session;
        if is_taken {
            self.is_of_session = true;
            self.in_force = Some(standing);
        }
        is_taken
    }

    /// The one in force as it lies on the disk, where, and its number.
    pub fn sealed(&self) -> Option<(PathBuf, Vec<u8>, u64)> {
        let in_force = self.in_force.as_ref()?;
        let content = Zeroizing::new(canonical::encode(in_force));
        Some((self.path.clone(), seal(&self.identity, FILE_PURPOSE, &content)?, in_force.number))
    }
}
