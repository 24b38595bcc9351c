//! The acceptance record of a door: what was tried, how it came out, on which wiring. One file for each door in the data folder,
//! for people to read: JSON, and below it the signature of the agent's record key over every byte above.

use std::path::{Path, PathBuf};

use access_core::UnixMs;
use access_core::attempt::ClockTrust;
use access_core::chain::Digest;
use access_core::event::{Trial, TrialOutcome, TrialStep, TriedStep};
use access_core::ids::{AgentId, DoorId, InstallationId};
use access_core::word::Word as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
use hardware::finger::SensorIdentity;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::script::{Outcome, SKIPPED, Step};
use crate::durable;

/// Where acceptance records lie in the data folder.
pub const FOLDER: &str = "acceptance";
/// The form of the record.
const VERSION: u32 = 1;
/// Keeps the signature from being taken for one of anything else: records of the journal are signed over 32 bytes.
const CONTEXT: &[u8] = b"Pforte acceptance record 1\0";
/// Longest word of a device on itself that goes into the log.
const DEVICE_CHARS_MAX: usize = 200;
/// What stands between the record and its signature.
const SIGNED: &str = "\nsigned: ";

/// One step that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What.
    pub step: Step,
    /// How it came out.
    pub outcome: Outcome,
    /// What the device said it is, where one was asked.
    pub device: Option<SensorIdentity>,
}

/// A door's acceptance record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    version: u32,
    /// Which door.
    pub door: DoorId,
    /// Its name on this machine.
    pub name: String,
    /// At which agent.
    pub agent: AgentId,
    /// Of which installation.
    pub installation: InstallationId,
    /// Version of the program that led through it.
    pub build: String,
    /// When, by the agent's clock.
    pub at: UnixMs,
    /// Whether the server had told that clock the time.
    pub is_time_told: bool,
    /// Who did it, as they said.
    pub by: String,
    /// SHA-256 of the door's wiring as configured, in hexadecimal.
    pub wiring: String,
    /// Whether everything passed.
    pub is_accepted: bool,
    /// Every step, in order.
    pub steps: Vec<StepRecord>,
}

/// One step in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// Its word.
    pub step: String,
    /// Whether it passed.
    pub is_passed: bool,
    /// What was wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Whether the installer left it out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_skipped: bool,
    /// What the device said it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// An acceptance record can't be had.
#[derive(Debug, thiserror::Error)]
pub enum AcceptanceError {
    /// The file can't be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what this agent wrote.
    #[error("{path}: {why}")]
    NotOurs {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

impl Acceptance {
    /// What `tried` came to. The rest is filled in by the caller.
    pub fn new(door: DoorId, name: &str, agent: AgentId, installation: InstallationId, tried: &[Tried]) -> Self {
        let steps: Vec<StepRecord> = tried
            .iter()
            .map(|tried| {
                let why = match &tried.outcome {
                    Outcome::Passed => None,
                    Outcome::Failed(why) => Some(why.clone()),
                    Outcome::Skipped => Some(SKIPPED.to_owned()),
                };
                StepRecord {
                    step: tried.step.word().to_string(),
                    is_passed: why.is_none(),
                    why,
                    is_skipped: tried.outcome == Outcome::Skipped,
                    device: tried.device.as_ref().map(SensorIdentity::to_string),
                }
            })
            .collect();
        Self {
            version: VERSION,
            door,
            name: name.to_owned(),
            agent,
            installation,
            build: crate::BUILD.to_owned(),
            at: UnixMs(0),
            is_time_told: false,
            by: String::new(),
            wiring: String::new(),
            is_accepted: !steps.is_empty() && steps.iter().all(|step| step.is_passed),
            steps,
        }
    }

    /// The same for the log; none if it was written by a program that tries something else.
    fn trial(&self, paper: Digest) -> Option<Trial> {
        let steps = self.steps.iter().map(|step| {
            let outcome = match step {
                StepRecord { is_passed: true, .. } => TrialOutcome::Passed,
                StepRecord { is_skipped: true, .. } => TrialOutcome::Skipped,
                _ => TrialOutcome::Failed,
            };
            let device = step.device.as_ref().map(|device| device.chars().take(DEVICE_CHARS_MAX).collect());
            Some(TriedStep { step: TrialStep::from_word(&step.step)?, outcome, device })
        });
        Some(Trial {
            door: self.door,
            wiring: digest_of(&self.wiring)?,
            paper,
            at: self.at,
            clock: if self.is_time_told { ClockTrust::Trusted } else { ClockTrust::Untrusted },
            steps: steps.collect::<Option<_>>()?,
        })
    }
}

/// A digest as a configuration's wiring has it: in hexadecimal.
pub(crate) fn digest_of(text: &str) -> Option<Digest> {
    let mut bytes = [0; 32];
    if text.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(Digest(bytes))
}

/// Where a door's record lies.
fn path_of(data_folder: &Path, door: DoorId) -> PathBuf {
    data_folder.join(FOLDER).join(format!("{door}.json"))
}

/// Signs a record and writes it, in the place of an earlier one. Answers where.
pub fn save(data_folder: &Path, acceptance: &Acceptance, key: &SigningKey) -> Result<PathBuf, AcceptanceError> {
    let path = path_of(data_folder, acceptance.door);
    let written = serde_json::to_string_pretty(acceptance).map_err(std::io::Error::from).and_then(|text| {
        let signature = key.sign(&signed_bytes(&text));
        let content = format!("{text}{SIGNED}{}\n", BASE64.encode(signature.to_bytes()));
        let folder = data_folder.join(FOLDER);
        std::fs::create_dir_all(&folder)?;
        durable::sync_entry(&folder)?;
        durable::replace(&path, content.as_bytes())
    });
    written.map(|()| path.clone()).map_err(|source| AcceptanceError::Io { path, source })
}

/// A door's record, if there is one; an error if it is not as this agent's key signed it.
pub fn load(data_folder: &Path, door: DoorId, key: &VerifyingKey) -> Result<Option<Acceptance>, AcceptanceError> {
    Ok(load_whole(data_folder, door, key)?.map(|(acceptance, _)| acceptance))
}

/// The same for the log.
pub fn load_trial(data_folder: &Path, door: DoorId, key: &VerifyingKey) -> Result<Option<Trial>, AcceptanceError> {
    let Some((acceptance, paper)) = load_whole(data_folder, door, key)? else { return Ok(None) };
    let not_ours = || AcceptanceError::NotOurs {
        path: path_of(data_folder, door),
        why: "another version of this program wrote it: try the door again".to_owned(),
    };
    acceptance.trial(paper).ok_or_else(not_ours).map(Some)
}

fn load_whole(
    data_folder: &Path,
    door: DoorId,
    key: &VerifyingKey,
) -> Result<Option<(Acceptance, Digest)>, AcceptanceError> {
    let path = path_of(data_folder, door);
    let content = match durable::read(&path) {
        Ok(Some(content)) => content,
        Ok(None) => return Ok(None),
        Err(source) => return Err(AcceptanceError::Io { path, source }),
    };
    match read(&content, door, key) {
        Ok(read) => Ok(Some(read)),
        Err(why) => Err(AcceptanceError::NotOurs { path, why }),
    }
}

fn read(content: &[u8], door: DoorId, key: &VerifyingKey) -> Result<(Acceptance, Digest), String> {
    let text = std::str::from_utf8(content).map_err(|_| "it is no text".to_owned())?;
    let (text, signature) = text.rsplit_once(SIGNED).ok_or("it is not signed")?;
    let signature = BASE64.decode(signature.trim_end()).map_err(|_| "its signature is damaged".to_owned())?;
    let signature = Signature::from_slice(&signature).map_err(|_| "its signature is damaged".to_owned())?;
    key.verify(&signed_bytes(text), &signature).map_err(|_| "it is not as this agent signed it".to_owned())?;
    let acceptance: Acceptance = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if acceptance.door != door {
        return Err(format!("it is that of door {}", acceptance.door));
    }
    Ok((acceptance, Digest(Sha256::digest(text).into())))
}

fn signed_bytes(text: &str) -> Vec<u8> {
    [CONTEXT, &Sha256::digest(text)].concat()
}
