//! Who this agent is: what it was told when it joined, and its keys. One file of the data folder, readable by its owner
//! alone, replaced as a whole.

use std::fmt;
use std::path::{Path, PathBuf};

use access_core::canonical;
use access_core::chain::Head;
use access_core::event::Author;
use access_core::ids::{AgentId, InstallationId, TenantId};
use access_core::protocol::{AgentKind, InstallationMode};
use access_core::word::Word as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::durable;
use crate::machine::MachineKey;

/// Name of the file in the data folder.
pub const FILE: &str = "identity.json";

/// An agent's identity. Its `Debug` shows no key.
#[derive(Clone)]
pub struct Identity {
    /// Which agent.
    pub agent: AgentId,
    /// Whose.
    pub tenant: TenantId,
    /// Which installation it joined.
    pub installation: InstallationId,
    /// What that installation is for.
    pub mode: InstallationMode,
    /// What this agent is for.
    pub kind: AgentKind,
    /// Name in the server's certificate.
    pub server_name: String,
    /// Number of its sequence of records.
    pub epoch: u32,
    /// Newest record that the server held of the machine whose place this one took when it joined.
    pub previous: Option<Head>,
    /// Checks bundles.
    pub policy_key: VerifyingKey,
    /// The installation's certificate authority for the agent port, DER.
    pub authority: Vec<u8>,
    /// Others that the server may show a certificate of: the one to come, or the one before. DER.
    pub other_authorities: Vec<Vec<u8>>,
    /// The agent's own certificate, DER.
    pub certificate: Vec<u8>,
    /// The certificate's key, PKCS #8 DER.
    pub certificate_key: Zeroizing<Vec<u8>>,
    /// The key that the certificate is being renewed for, from before the server is asked until it has answered, PKCS #8
    /// DER. Asked for a second key with one certificate, the server takes the agent for copied.
    pub pending_key: Option<Zeroizing<Vec<u8>>>,
    /// Signs records.
    pub record_key: SigningKey,
    /// Opens templates (X25519).
    pub sealing_key: Zeroizing<[u8; 32]>,
    /// Seals what lies in the data folder.
    pub store_key: Zeroizing<[u8; 32]>,
    /// Seals the keys in here, so that the file is of use on this machine alone; none if the machine has no such key.
    pub machine: Option<MachineKey>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("agent", &self.agent)
            .field("tenant", &self.tenant)
            .field("installation", &self.installation)
            .field("mode", &self.mode)
            .field("keys", &"[redacted]")
            .finish_non_exhaustive()
    }
}

/// Why there is no identity to be had.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The agent has not joined.
    #[error("{0} is not there: this agent has not joined a server yet (`pforte-agent join`)")]
    Missing(PathBuf),
    /// The agent has joined before.
    #[error("{0} is there: this agent has joined already. To join anew, move its data folder away")]
    AlreadyJoined(PathBuf),
    /// The file can't be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The machine's key is needed, and was not handed over.
    #[error("{0}: its keys are sealed under the machine's key, which was not handed over to this program")]
    Sealed(PathBuf),
    /// What stands in it in clear is not what this machine wrote.
    #[error(
        "{0}: what it says of this agent and its server was changed by another than this agent, or put together of several files: \
         put back the file as it was, or have the agent replaced and join anew"
    )]
    Changed(PathBuf),
    /// The file is not what was written.
    #[error("{path}: {why}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// The file's form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    agent: AgentId,
    tenant: TenantId,
    installation: InstallationId,
    mode: InstallationMode,
    kind: AgentKind,
    server_name: String,
    epoch: u32,
    policy_key: String,
    authority: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    other_authorities: Vec<String>,
    /// Canonical bytes of a head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    /// Whether the keys below are sealed under the machine's key.
    #[serde(default, skip_serializing_if = "is_false")]
    is_sealed: bool,
    /// Where the machine has a key: nothing, sealed under it and bound to [`facts`], so that nobody else changes these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    facts_seal: Option<String>,
    certificate: String,
    #[serde(with = "secret_text")]
    certificate_key: Zeroizing<String>,
    #[serde(default, with = "secret_text::optional", skip_serializing_if = "Option::is_none")]
    pending_key: Option<Zeroizing<String>>,
    #[serde(with = "secret_text")]
    record_key: Zeroizing<String>,
    #[serde(with = "secret_text")]
    sealing_key: Zeroizing<String>,
    #[serde(with = "secret_text")]
    store_key: Zeroizing<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Text that is wiped when it is done with.
mod secret_text {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use zeroize::Zeroizing;

    pub(super) fn serialize<S: Serializer>(text: &Zeroizing<String>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
        String::deserialize(deserializer).map(Zeroizing::new)
    }

    /// The same, where there may be none.
    pub(super) mod optional {
        use serde::{Deserialize as _, Deserializer, Serializer};
        use zeroize::Zeroizing;

        pub(in super::super) fn serialize<S: Serializer>(
            text: &Option<Zeroizing<String>>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match text {
                Some(text) => serializer.serialize_some(text.as_str()),
                None => serializer.serialize_none(),
            }
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Zeroizing<String>>, D::Error> {
            Ok(Option::<String>::deserialize(deserializer)?.map(Zeroizing::new))
        }
    }
}

impl Identity {
    /// Who writes this agent's records.
    pub fn author(&self) -> Author {
        Author::Agent(self.agent)
    }

    /// Refuses a folder in which an identity lies.
    pub fn refuse_if_joined(folder: &Path) -> Result<(), IdentityError> {
        let path = folder.join(FILE);
        if path.exists() { Err(IdentityError::AlreadyJoined(path)) } else { Ok(()) }
    }

    /// Reads the identity of a data folder, whose keys may be sealed under the machine's key.
    pub fn load(folder: &Path, machine: Option<MachineKey>) -> Result<Self, IdentityError> {
        let path = folder.join(FILE);
        let content = durable::read(&path)
            .map_err(|source| IdentityError::Io { path: path.clone(), source })?
            .ok_or_else(|| IdentityError::Missing(path.clone()))?;
        let content = Zeroizing::new(content);
        let malformed = |why| IdentityError::Malformed { path: path.clone(), why };
        let stored: Stored = serde_json::from_slice(&content).map_err(|error| malformed(error.to_string()))?;
        if stored.is_sealed && machine.is_none() {
            return Err(IdentityError::Sealed(path));
        }
        if let Some(machine) = machine.as_ref().filter(|_| stored.is_sealed)
            && !is_as_written(&stored, machine)
        {
            return Err(if is_this_machines(&stored, machine) {
                IdentityError::Changed(path)
            } else {
                malformed("its keys do not open under this machine's key".to_owned())
            });
        }
        Self::read(&stored, machine).map_err(malformed)
    }

    fn read(stored: &Stored, machine: Option<MachineKey>) -> Result<Self, String> {
        let sealed_by = machine.as_ref().filter(|_| stored.is_sealed);
        let secret = |name: &str, text: &str| {
            let content = bytes(name, text)?;
            match sealed_by {
                Some(machine) => machine
                    .unseal(&binding(name, stored.agent), &content)
                    .ok_or_else(|| format!("{name} does not open under this machine's key")),
                None => Ok(content),
            }
        };
        let secret_32 = |name: &str, text: &str| of_32(name, &secret(name, text)?);
        let policy_key = bytes_32("policy_key", &stored.policy_key)?;
        Ok(Self {
            agent: stored.agent,
            tenant: stored.tenant,
            installation: stored.installation,
            mode: stored.mode,
            kind: stored.kind,
            server_name: stored.server_name.clone(),
            epoch: stored.epoch,
            policy_key: VerifyingKey::from_bytes(&policy_key).map_err(|error| format!("policy_key: {error}"))?,
            authority: bytes("authority", &stored.authority)?.to_vec(),
            other_authorities: stored
                .other_authorities
                .iter()
                .map(|text| bytes("other_authorities", text).map(|bytes| bytes.to_vec()))
                .collect::<Result<_, _>>()?,
            previous: stored.previous.as_deref().map(head).transpose()?,
            certificate: bytes("certificate", &stored.certificate)?.to_vec(),
            certificate_key: secret("certificate_key", &stored.certificate_key)?,
            pending_key: stored.pending_key.as_deref().map(|text| secret("pending_key", text)).transpose()?,
            record_key: SigningKey::from_bytes(&*secret_32("record_key", &stored.record_key)?),
            sealing_key: secret_32("sealing_key", &stored.sealing_key)?,
            store_key: secret_32("store_key", &stored.store_key)?,
            machine,
        })
    }

    /// The same, with these authorities in place of those that were trusted, the one in use first; none if there are none.
    pub fn trusting(&self, authorities: &[Vec<u8>]) -> Option<Self> {
        let (authority, others) = authorities.split_first()?;
        Some(Self { authority: authority.clone(), other_authorities: others.to_vec(), ..self.clone() })
    }

    /// The authorities that are trusted, the one in use first.
    pub fn authorities(&self) -> impl Iterator<Item = &Vec<u8>> {
        std::iter::once(&self.authority).chain(&self.other_authorities)
    }

    /// Writes the identity into a data folder.
    pub fn save(&self, folder: &Path) -> Result<(), IdentityError> {
        let path = folder.join(FILE);
        let unsealed = |name: &str| {
            let why = format!("{name} can't be sealed under the machine's key");
            IdentityError::Malformed { path: path.clone(), why }
        };
        let secret = |name: &str, bytes: &[u8]| match &self.machine {
            Some(machine) => {
                let sealed = machine.seal(&binding(name, self.agent), bytes).ok_or_else(|| unsealed(name))?;
                Ok::<_, IdentityError>(Zeroizing::new(BASE64.encode(sealed)))
            }
            None => Ok(Zeroizing::new(BASE64.encode(bytes))),
        };
        let mut stored = Stored {
            agent: self.agent,
            tenant: self.tenant,
            installation: self.installation,
            mode: self.mode,
            kind: self.kind,
            server_name: self.server_name.clone(),
            epoch: self.epoch,
            policy_key: BASE64.encode(self.policy_key.as_bytes()),
            authority: BASE64.encode(&self.authority),
            other_authorities: self.other_authorities.iter().map(|bytes| BASE64.encode(bytes)).collect(),
            previous: self.previous.map(|head| BASE64.encode(canonical::encode(&head))),
            is_sealed: self.machine.is_some(),
            facts_seal: None,
            certificate: BASE64.encode(&self.certificate),
            certificate_key: secret("certificate_key", &self.certificate_key)?,
            pending_key: self.pending_key.as_deref().map(|key| secret("pending_key", key)).transpose()?,
            record_key: secret("record_key", self.record_key.as_bytes())?,
            sealing_key: secret("sealing_key", &*self.sealing_key)?,
            store_key: secret("store_key", &*self.store_key)?,
        };
        if let Some(machine) = &self.machine {
            let seal = machine.seal(&facts(&stored), &[]).ok_or_else(|| unsealed("facts_seal"))?;
            stored.facts_seal = Some(BASE64.encode(seal));
        }
        text_of(&stored)
            .and_then(|content| durable::replace(&path, &content))
            .map_err(|source| IdentityError::Io { path, source })
    }
}

/// What stands in the file in clear: who this agent is, and what it believes of its server. The sealed keys are bound to the agent by
/// themselves, and what was sealed with one state of the file opens in another; so their text is part of it, too.
fn facts(stored: &Stored) -> Vec<u8> {
    let Stored { agent, tenant, installation, mode, kind, server_name, epoch, policy_key, .. } = stored;
    let keys = [&stored.certificate_key, &stored.record_key, &stored.sealing_key, &stored.store_key];
    let keys: Vec<&str> = keys.into_iter().chain(&stored.pending_key).map(|key| key.as_str()).collect();
    canonical::encode(&(
        ("pforte identity facts 1", agent, tenant, installation, mode.as_str(), kind.as_str()),
        (server_name, epoch, policy_key, &stored.authority, &stored.other_authorities),
        (&stored.previous, &stored.certificate, keys),
    ))
}

/// Whether this machine wrote the file so.
fn is_as_written(stored: &Stored, machine: &MachineKey) -> bool {
    let seal = stored.facts_seal.as_deref().and_then(|text| BASE64.decode(text).ok());
    seal.is_some_and(|seal| machine.unseal(&facts(stored), &seal).is_some())
}

/// Whether its keys were sealed on this machine: if not, it is a copy and not a change.
fn is_this_machines(stored: &Stored, machine: &MachineKey) -> bool {
    let key = BASE64.decode(stored.store_key.as_str()).ok();
    key.is_some_and(|key| machine.unseal(&binding("store_key", stored.agent), &key).is_some())
}

/// The file's text. It is measured first: memory that grew would leave copies of the keys behind, which nobody wipes.
fn text_of(stored: &Stored) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut measure = Measure(0);
    serde_json::to_writer_pretty(&mut measure, stored)?;
    let mut text = Zeroizing::new(Vec::with_capacity(measure.0));
    serde_json::to_writer_pretty(&mut *text, stored)?;
    Ok(text)
}

/// Counts the bytes that are written to it.
struct Measure(usize);

impl std::io::Write for Measure {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn bytes(name: &str, text: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    // The error names no content: it may be a key's.
    BASE64.decode(text).map(Zeroizing::new).map_err(|_| format!("{name} is not base64"))
}

/// What a key in the file is bound to.
fn binding(name: &str, agent: AgentId) -> Vec<u8> {
    canonical::encode(&("pforte identity 1".to_owned(), name.to_owned(), agent))
}

/// A head as canonical bytes in Base64, as the server writes it too.
pub(crate) fn head(text: &str) -> Result<Head, String> {
    canonical::decode("head", &bytes("previous", text)?).map_err(|error| format!("previous: {error}"))
}

fn bytes_32(name: &str, text: &str) -> Result<Zeroizing<[u8; 32]>, String> {
    of_32(name, &bytes(name, text)?)
}

fn of_32(name: &str, bytes: &[u8]) -> Result<Zeroizing<[u8; 32]>, String> {
    <[u8; 32]>::try_from(bytes).map(Zeroizing::new).map_err(|_| format!("{name} does not have 32 bytes"))
}

#[cfg(test)]
#[path = "../tests/stand_in/mod.rs"]
mod stand_in;

#[cfg(test)]
pub(crate) mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use uuid::Uuid;

    use super::stand_in::stand_in;
    use super::*;

    /// An identity with made-up keys, of installation 1 and agent 1.
    pub(crate) fn sample() -> Identity {
        let pending_key = Some(Zeroizing::new(vec![10, 11]));
        Identity { authority: vec![1, 2, 3], pending_key, ..stand_in(vec![4, 5, 6], vec![7, 8, 9]) }
    }

    fn load(folder: &Path) -> Result<Identity, IdentityError> {
        Identity::load(folder, None)
    }

    #[test]
    fn a_file_that_is_sealed_is_of_use_on_its_machine_alone() {
        let folder = tempfile::tempdir().unwrap();
        let machine = |number| Some(MachineKey::of(&[number; 32], b"10000000abcdef01").unwrap());
        let previous = Some(Head { seq: 7, ..Head::start_of(2) });
        let other_authorities = vec![vec![7, 7]];
        let sealed = Identity { machine: machine(1), previous, other_authorities, ..sample() };
        sealed.save(folder.path()).unwrap();
        let written = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        let clear = [sample().record_key.to_bytes(), *sample().store_key, *sample().sealing_key];
        assert!(clear.iter().all(|key| !written.contains(&BASE64.encode(key))), "{written}");
        let read = Identity::load(folder.path(), machine(1)).unwrap();
        assert_eq!((read.record_key, read.store_key), (sample().record_key, sample().store_key));
        assert_eq!((read.previous, read.other_authorities), (previous, vec![vec![7, 7]]));
        for (machine, why) in
            [(None, "which was not handed over"), (machine(2), "do not open under this machine's key")]
        {
            let error = Identity::load(folder.path(), machine).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }

        // One that was written in clear is read all the same, and sealed from then on.
        sample().save(folder.path()).unwrap();
        Identity::load(folder.path(), machine(1)).unwrap().save(folder.path()).unwrap();
        assert!(load(folder.path()).is_err());
    }

    #[test]
    fn what_a_sealed_file_says_of_the_server_is_changed_by_this_machine_alone() {
        let folder = tempfile::tempdir().unwrap();
        let machine = || Some(MachineKey::of(&[1; 32], b"").unwrap());
        let sealed = Identity { machine: machine(), other_authorities: vec![vec![7, 7]], ..sample() };
        sealed.save(folder.path()).unwrap();
        let path = folder.path().join(FILE);
        let whole = std::fs::read_to_string(&path).unwrap();
        let stored: serde_json::Value = serde_json::from_str(&whole).unwrap();
        let refused = |changed: &serde_json::Value, what: &str| {
            std::fs::write(&path, changed.to_string()).unwrap();
            let error = Identity::load(folder.path(), machine()).unwrap_err();
            assert!(matches!(error, IdentityError::Changed(_)), "{what}: {error}");
        };
        let other_key = BASE64.encode(SigningKey::from_bytes(&[9; 32]).verifying_key().as_bytes());
        let changes = [
            ("server_name", "other.example".to_owned()),
            ("policy_key", other_key),
            ("authority", BASE64.encode([9])),
            ("certificate", BASE64.encode([9])),
            ("tenant", Uuid::from_u128(2).to_string()),
            ("installation", Uuid::from_u128(2).to_string()),
            ("mode", "demo".to_owned()),
            ("kind", "station".to_owned()),
        ];
        for (field, other) in changes {
            let mut changed = stored.clone();
            changed[field] = other.into();
            refused(&changed, field);
        }
        let mut changed = stored.clone();
        changed["epoch"] = 2.into();
        refused(&changed, "epoch");
        for field in ["other_authorities", "facts_seal", "pending_key"] {
            let mut changed = stored.clone();
            changed.as_object_mut().unwrap().remove(field).unwrap();
            refused(&changed, field);
        }
        // A key of an earlier state of the same file.
        sealed.save(folder.path()).unwrap();
        let earlier: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let mut changed = stored.clone();
        changed["pending_key"] = earlier["pending_key"].clone();
        refused(&changed, "put together of two");

        // As it was written, and after this machine changed it: another authority took over.
        std::fs::write(&path, &whole).unwrap();
        let read = Identity::load(folder.path(), machine()).unwrap();
        read.trusting(&[vec![8], vec![1, 2, 3]]).unwrap().save(folder.path()).unwrap();
        assert_eq!(Identity::load(folder.path(), machine()).unwrap().authority, [8]);
    }

    #[test]
    fn the_files_text_never_outgrows_its_memory() {
        let text = |name: &str| Zeroizing::new(name.repeat(700));
        let stored = Stored {
            agent: sample().agent,
            tenant: sample().tenant,
            installation: sample().installation,
            mode: InstallationMode::Test,
            kind: AgentKind::DoorController,
            server_name: String::new(),
            epoch: 1,
            policy_key: String::new(),
            authority: String::new(),
            other_authorities: Vec::new(),
            previous: None,
            is_sealed: false,
            facts_seal: None,
            certificate: String::new(),
            certificate_key: text("a"),
            pending_key: None,
            record_key: text("b"),
            sealing_key: text("c"),
            store_key: text("d"),
        };
        let written = text_of(&stored).unwrap();
        assert_eq!((written.capacity(), &**written), (written.len(), &*serde_json::to_vec_pretty(&stored).unwrap()));
    }

    #[test]
    fn authorities_are_replaced_and_never_by_none() {
        let (next, old) = (vec![9], sample().authority);
        let both = sample().trusting(&[next.clone(), old.clone()]).unwrap();
        assert_eq!(both.authorities().collect::<Vec<_>>(), [&next, &old]);
        assert!(both.trusting(&[]).is_none());
    }

    #[test]
    fn an_identity_is_read_as_it_was_written_and_belongs_to_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        sample().save(folder.path()).unwrap();
        let read = load(folder.path()).unwrap();
        assert_eq!(read.agent, sample().agent);
        assert_eq!(read.record_key, sample().record_key);
        assert_eq!(read.sealing_key, sample().sealing_key);
        assert_eq!(read.pending_key, sample().pending_key);
        Identity { pending_key: None, ..sample() }.save(folder.path()).unwrap();
        assert_eq!(load(folder.path()).unwrap().pending_key, None);
        let written = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(!written.contains("pending_key"), "as agents before this one wrote it: {written}");
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches!(Identity::refuse_if_joined(folder.path()), Err(IdentityError::AlreadyJoined(_))));
    }

    #[test]
    fn what_is_no_identity_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(load(folder.path()), Err(IdentityError::Missing(_))));
        sample().save(folder.path()).unwrap();
        let path = folder.path().join(FILE);
        let whole = std::fs::read_to_string(&path).unwrap();
        for (from, to, expected) in [
            ("\"epoch\"", "\"era\"", "unknown field `era`"),
            ("\"mode\": \"test\"", "\"mode\": \"play\"", "`play` is not a word of InstallationMode"),
            ("\"record_key\": \"BAQE", "\"record_key\": \"", "record_key does not have 32 bytes"),
        ] {
            std::fs::write(&path, whole.replace(from, to)).unwrap();
            let error = load(folder.path()).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains(FILE), "{error}");
            assert!(!error.contains("BAQE"), "{error}");
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let shown = format!("{:?}", sample());
        assert!(shown.contains("[redacted]") && !shown.contains("4, 4, 4"), "{shown}");
    }
}
