//! A module that holds master keys of cards and never lets them out: asked on a thread of its own, one question after another,
//! each answered within a deadline or not at all. Used by [`super::cards`]. What is asked of the module stands in [`token`];
//! nothing here decides whether a key may be made.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use access_core::ids::TenantId;
use anyhow::{Context as _, ensure};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::cards::KeyCheck;

#[cfg(test)]
mod tests;
pub mod token;

/// Questions that wait at most: a bundle asks one after another, and so does a station.
const WAITING_MAX: usize = 256;

/// How the server is told of a module.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModulePlace {
    /// The module's library.
    pub module: PathBuf,
    /// Label of the token in it.
    pub token: String,
    /// File with the PIN of the token's user.
    pub pin_file: PathBuf,
    /// Longest wait for an answer, in milliseconds.
    #[serde(default = "answer_ms")]
    pub answer_ms_max: u64,
}

fn answer_ms() -> u64 {
    5_000
}

impl ModulePlace {
    /// Refuses what can't be right.
    pub fn check(&self) -> anyhow::Result<()> {
        for (key, path) in [("card_keys.module", &self.module), ("card_keys.pin_file", &self.pin_file)] {
            ensure!(path.is_absolute(), "{key} must be an absolute path");
        }
        ensure!((1..=32).contains(&self.token.len()), "card_keys.token must have 1 to 32 bytes");
        ensure!((100..=60_000).contains(&self.answer_ms_max), "card_keys.answer_ms_max must be 100 to 60000");
        Ok(())
    }
}

/// Reads a PIN: one line, in a file that the service's group may read and others may not.
fn read_pin(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    use std::os::unix::fs::PermissionsExt as _;
    let context = || format!("can't read the module's PIN {}", path.display());
    let mode = std::fs::metadata(path).with_context(context)?.permissions().mode() & 0o777;
    ensure!(mode & 0o027 == 0, "the module's PIN {} is open to others (mode {mode:o})", path.display());
    let text = Zeroizing::new(std::fs::read_to_string(path).with_context(context)?);
    let pin = text.strip_suffix('\n').unwrap_or(&text);
    ensure!(
        (1..=256).contains(&pin.len()) && !pin.contains(['\n', '\r', '\0']),
        "the module's PIN {} must be one line of 1 to 256 bytes",
        path.display()
    );
    Ok(Zeroizing::new(pin.to_owned()))
}

/// What a module's key is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyName {
    /// Whose.
    pub tenant: TenantId,
    /// Of which version.
    pub version: u8,
}

/// As it stands in the token (`CKA_LABEL`).
impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pforte card {} v{}", self.tenant.as_uuid(), self.version)
    }
}

/// Why the module gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It does not take the PIN. It is not asked again before the server is started anew: each try could be the last.
    #[error("the module does not take the PIN ({0}); it is not tried again before the next start")]
    Pin(String),
    /// It answered, and this is not to be had.
    #[error("{0}")]
    Refused(String),
    /// It does not work as it should; it is opened anew.
    #[error("the module does not work: {0}")]
    Lost(String),
    /// No answer within the deadline.
    #[error("the module gave no answer within {0} ms")]
    Late(u128),
}

/// What is asked of a token. Calls may block for as long as they like; only the module's own thread makes them.
pub trait Token: Send + 'static {
    /// AES-CMAC under a key, which must be the one with this check.
    fn cmac(&mut self, key: &KeyName, check: KeyCheck, message: &[u8]) -> Result<Zeroizing<[u8; 16]>, TokenError>;

    /// Makes a key, unless there is one of this name.
    fn make(&mut self, key: &KeyName) -> Result<KeyCheck, TokenError>;

    /// Opens it if it is not open, and tells what it is.
    fn look(&mut self) -> Result<String, TokenError>;
}

type Question = Box<dyn FnOnce(&mut dyn Token) + Send>;

struct Asked {
    /// Whoever asked waits no longer than that.
    until: Instant,
    question: Question,
}

/// A module, behind its thread.
pub struct Module {
    /// None while it ends.
    questions: Option<SyncSender<Asked>>,
    /// Hangs up when the thread has ended.
    ended: Mutex<Receiver<()>>,
    /// Since when the thread is at one question.
    busy_since: Arc<Mutex<Option<Instant>>>,
    wait: Duration,
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Module")
    }
}

impl Module {
    /// Loads the module and reads the PIN; says why it can't. The token itself is opened at the first question, so that a server
    /// starts without it: doors need it for nothing.
    pub fn load(place: &ModulePlace) -> anyhow::Result<Self> {
        let pin = read_pin(&place.pin_file)?;
        let token = token::Pkcs11Token::load(&place.module, &place.token, &pin)?;
        Self::over(token, Duration::from_millis(place.answer_ms_max))
    }

    /// A module over this token.
    pub fn over(token: impl Token, wait: Duration) -> anyhow::Result<Self> {
        let (questions, asked) = sync_channel(WAITING_MAX);
        let busy_since = Arc::default();
        let busy = Arc::clone(&busy_since);
        let (at_end, ended) = sync_channel(0);
        std::thread::Builder::new()
            .name("card-keys".to_owned())
            .spawn(move || {
                answer(token, &asked, &busy);
                drop(at_end);
            })
            .context("can't start the module's thread")?;
        Ok(Self { questions: Some(questions), ended: Mutex::new(ended), busy_since, wait })
    }

    /// AES-CMAC under a key of the module. Waits, up to the deadline.
    pub fn cmac(&self, key: KeyName, check: KeyCheck, message: &[u8]) -> Result<Zeroizing<[u8; 16]>, TokenError> {
        let message = Zeroizing::new(message.to_vec());
        self.ask(move |token| token.cmac(&key, check, &message))
    }

    /// Makes a key in the module, unless there is one of this name. Waits, up to the deadline.
    pub fn make(&self, key: KeyName) -> Result<KeyCheck, TokenError> {
        self.ask(move |token| token.make(&key))
    }

    /// Opens the module if it is not open, and tells what it is. Waits, up to the deadline.
    pub fn look(&self) -> Result<String, TokenError> {
        self.ask(|token| token.look())
    }

    fn ask<R: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut dyn Token) -> Result<R, TokenError> + Send + 'static,
    ) -> Result<R, TokenError> {
        let late = || TokenError::Late(self.wait.as_millis());
        let ended = || TokenError::Lost("its thread ended; start the server anew".to_owned());
        let now = Instant::now();
        // One that hangs keeps nobody longer than the first who noticed.
        let busy_since = *self.busy_since.lock().unwrap_or_else(PoisonError::into_inner);
        if busy_since.is_some_and(|since| now.duration_since(since) >= self.wait) {
            return Err(late());
        }
        let (sender, answered) = sync_channel(1);
        // Whoever asked may be gone.
        let question: Question = Box::new(move |token| drop(sender.send(ask(token))));
        let questions = self.questions.as_ref().ok_or_else(ended)?;
        match questions.try_send(Asked { until: now + self.wait, question }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(late()),
            Err(TrySendError::Disconnected(_)) => return Err(ended()),
        }
        match answered.recv_timeout(self.wait) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err(late()),
            // Passed over, because its time was up when its turn came.
            Err(RecvTimeoutError::Disconnected) if Instant::now() >= now + self.wait => Err(late()),
            Err(RecvTimeoutError::Disconnected) => Err(ended()),
        }
    }
}

/// The token is closed before the program ends: some libraries fall if they are not told. One that hangs is not waited for.
impl Drop for Module {
    fn drop(&mut self) {
        drop(self.questions.take());
        if self.busy_since.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
            let _ = ended.recv_timeout(self.wait);
        }
    }
}

/// The module's thread: ends when nobody can ask any more.
fn answer(mut token: impl Token, asked: &Receiver<Asked>, busy_since: &Mutex<Option<Instant>>) {
    while let Ok(Asked { until, question }) = asked.recv() {
        let now = Instant::now();
        if now >= until {
            continue;
        }
        let busy = Busy::since(busy_since, now);
        question(&mut token);
        drop(busy);
    }
}

/// Says that the thread is at a question, until it is dropped: also by a thread that falls.
struct Busy<'a>(&'a Mutex<Option<Instant>>);

impl<'a> Busy<'a> {
    fn since(busy_since: &'a Mutex<Option<Instant>>, now: Instant) -> Self {
        *busy_since.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        Self(busy_since)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
