//! What agent and server say to each other, over one WebSocket with mutual TLS: one message in canonical bytes a binary
//! frame. Frozen bytes of every released version stand under `tests/wire/`.
//!
//! The agent opens with [`FromAgent::Hello`]; the server answers [`FromServer::Welcome`] or [`FromServer::Refused`] and
//! nothing else may come before. Records are sent in order and acknowledged after the server's commit; whatever is not
//! acknowledged is sent again.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::attempt::Attempt;
use crate::canonical::{self, NotCanonical};
use crate::chain::{Head, SignedRecord};
use crate::circumstances::Circumstances;
use crate::event::{Commitment, JournalFault, StateChange};
use crate::ids::{AgentId, CommandId, DoorId, EnrolmentId, FingerId, InstallationId, PersonId, TenantId};
use crate::policy::PolicyRows;
use crate::time::UnixMs;
use crate::verdict::Verdict;

mod cards;
mod delta;
mod pins;

pub use cards::{
    CREDENTIAL_NUMBER_BYTES, CardApplication, CardFault, CardFinger, CardKey, CardKeyRole, CardKeysBefore, CardKind,
    CardMessaging, CardSecrets, CardTask, CardTemplates, CardWork, ReadingKeys, SealedCard, SealedTemplateKey,
    TemplateKey, card_binding, card_finger_binding, content_key_binding, template_key_binding,
};
pub use delta::{BundleDelta, BundleIndex, DeltaError, Piece, bundle_hash};
pub use pins::{
    PIN_DIGITS_MAX, PIN_DIGITS_MIN, PIN_HASH_BYTES, PIN_HASH_MIB, PIN_HASH_PASSES, PIN_SALT_BYTES, PinContent,
    PinFault, PinPrompt, PinSalt, SealedPin, SealedPins, pepper_binding, pin_binding,
};

/// Oldest version that is spoken.
pub const PROTOCOL_OLDEST: u16 = 1;
/// Newest version that is spoken.
pub const PROTOCOL_NEWEST: u16 = 1;
/// Longest message, in bytes. Bundles are the longest.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Longest configuration that an agent tells, in bytes.
pub const CONFIGURATION_BYTES_MAX: usize = 64 * 1024;
/// Most authorities that an agent trusts at a time: the one before, the present one and the next.
pub const AUTHORITIES_MAX: usize = 3;
/// Most records in one message.
pub const RECORDS_PER_MESSAGE_MAX: usize = 256;
/// How long an agent waits for an answer before it decides alone, in milliseconds (EN 60839-11-1, 7.20).
pub const ANSWER_WAIT_MS: u64 = 500;
/// How often each side says that it is alive, in milliseconds.
pub const HEARTBEAT_MS: u64 = 5_000;
/// Silence after which the other side is taken for gone, in milliseconds.
pub const SILENCE_MAX_MS: u64 = 15_000;

/// What an agent says.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum FromAgent {
    /// First message.
    Hello(Hello),
    /// Asks for a verdict. Answered by [`FromServer::Answer`].
    Ask(Attempt),
    /// Records in order, at most [`RECORDS_PER_MESSAGE_MAX`]. Acknowledged by [`FromServer::Acknowledged`].
    Records(Vec<SignedRecord>),
    /// The agent decides by this bundle when alone.
    BundleInForce {
        /// Its number.
        sequence: u64,
    },
    /// What a person at the station did, or must do.
    EnrolmentStep {
        /// Which dialogue.
        enrolment: EnrolmentId,
        /// The step.
        step: EnrolmentStep,
    },
    /// Still alive; also the answer to nothing.
    Heartbeat,
    /// How the journal is: said when a session begins, and whenever that changes. Not through the journal, which could
    /// not take it.
    JournalState {
        /// Why it takes no records; none if it does.
        fault: Option<JournalFault>,
        /// Since when, by the agent's clock.
        since: UnixMs,
    },
    /// The agent goes by this state that operators set.
    StandingInForce {
        /// Its number.
        number: u64,
    },
    /// Its configuration file, at most [`CONFIGURATION_BYTES_MAX`] long: for a machine that may take its place.
    Configuration {
        /// The text.
        toml: String,
    },
    /// The agent trusts these authorities and has written that down: [`authorities_digest`].
    AuthoritiesKept {
        /// Of their certificates.
        digest: [u8; 32],
    },
    /// A delta made no bundle here: the next one is to come whole, by [`FromServer::Bundle`].
    BundleWanted {
        /// Number of the newest bundle that the agent took; 0 if none.
        sequence: u64,
    },
}

/// Who calls, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Hello {
    /// Oldest version that the agent speaks.
    pub oldest: u16,
    /// Newest version that the agent speaks.
    pub newest: u16,
    /// Which agent; must be the certificate's.
    pub agent: AgentId,
    /// Whose agent; must be the certificate's.
    pub tenant: TenantId,
    /// Which installation it joined.
    pub installation: InstallationId,
    /// What that installation is for.
    pub mode: InstallationMode,
    /// Version of its program.
    pub build: String,
    /// Newest record in its journal. Of epoch 0 if the journal can't be read: the server can't tell then whether it was set
    /// back, and refuses it ([`Refusal::JournalUnread`]) if it holds records of this epoch.
    pub head: Head,
    /// Newest record that it knows to be acknowledged.
    pub acknowledged: Head,
    /// Number of the newest bundle that it took, in force or given up since; 0 if none. It takes only higher ones.
    pub bundle_sequence: u64,
    /// What it has at each end.
    pub kind: AgentKind,
}

crate::words! {
    /// What an installation is for. One refuses agents, cards and data of another.
    pub enum InstallationMode {
        /// Real doors.
        Production = "production",
        /// A show with synthetic people.
        Demo = "demo",
        /// A test with synthetic people.
        Test = "test",
    }
}

crate::words! {
    /// What an agent is for.
    pub enum AgentKind {
        /// Controls doors.
        DoorController = "door_controller",
        /// Enrols cards and fingers at a desk.
        Station = "station",
    }
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum FromServer {
    /// The session begins.
    Welcome {
        /// Version that both speak from here on.
        version: u16,
        /// The server's time.
        now: UnixMs,
        /// Newest record that the server holds of this agent; the agent sends what follows.
        acknowledged: Head,
    },
    /// There will be no session.
    Refused {
        /// Why.
        why: Refusal,
    },
    /// The verdict on an attempt.
    Answer {
        /// What was asked, by the server's clock.
        attempt: Attempt,
        /// What was read of the state of doors and people.
        circumstances: Box<Circumstances>,
        /// The verdict.
        verdict: Verdict,
        /// By which rules.
        rules_version: u16,
    },
    /// Records up to here are stored for good.
    Acknowledged(Head),
    /// What the agent decides by when alone. Replaces what it had, if its number is higher.
    Bundle(SignedBundle),
    /// Something to be carried out once.
    Command(Command),
    /// Starts a dialogue at a station.
    Enrol(EnrolmentOrder),
    /// Ends a dialogue at a station.
    CancelEnrolment(EnrolmentId),
    /// Still alive.
    Heartbeat {
        /// The server's time.
        now: UnixMs,
    },
    /// State that operators set. Replaces what the agent had, if its number is higher.
    Standing(Standing),
    /// What to do with the card at a station. Answers [`EnrolmentStep::CardPresented`].
    CardWork(CardWork),
    /// The authorities that a server of this installation may show a certificate of from now on, DER, at most [`AUTHORITIES_MAX`], the
    /// one in use first. Replaces those that the agent knew. Answered by [`FromAgent::AuthoritiesKept`].
    Authorities(Vec<Vec<u8>>),
    /// The next bundle as what differs from the last one of this session: what comes of it is taken as [`FromServer::Bundle`] is. Answered
    /// by [`FromAgent::BundleWanted`] if nothing does.
    BundleDelta(BundleDelta),
    /// Fingers that the one at a station is compared with. Answers [`EnrolmentStep::FingerMade`] and
    /// [`EnrolmentStep::FingersCompared`].
    CompareFingers(FingersToCompare),
}

crate::words! {
    /// Why the server will not speak with an agent.
    pub enum Refusal {
        /// No version that both speak.
        NoCommonVersion = "no_common_version",
        /// It is not the agent of its certificate.
        WrongAgent = "wrong_agent",
        /// It joined another installation, or one of another mode.
        WrongInstallation = "wrong_installation",
        /// An operator revoked it, or another machine took its place.
        Revoked = "revoked",
        /// Its records contradict those the server holds.
        Quarantined = "quarantined",
        /// It is connected already.
        AlreadyConnected = "already_connected",
        /// It sent something that it must not.
        Protocol = "protocol",
        /// The server is stopping.
        Stopping = "stopping",
        /// It can't read its journal, and the server holds records of it: whose journal can't be read records nothing, and a copy
        /// without a journal says so, too. Welcome again once it can.
        JournalUnread = "journal_unread",
    }
}

/// An operator's command: bound to a door, carried out at most once, and void after its time.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Command {
    /// Which command; carried out once.
    pub id: CommandId,
    /// At which door.
    pub door: DoorId,
    /// Void from here on.
    pub expires_at: UnixMs,
    /// What to do.
    pub kind: CommandKind,
    /// The operator's reason, which stays on the server.
    pub reason: Commitment,
}

/// What a command wants.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum CommandKind {
    /// Release the door for a moment.
    Release,
}

/// State that operators set and that an agent must know when it decides alone: modes, threat levels, locks. Absolute: what is
/// not in it is not set.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Standing {
    /// Counts up with every change of the tenant's. Within a session an agent never goes back; the first of a session it takes
    /// in any case, for a server that was restored from a backup counts from an earlier one.
    pub number: u64,
    /// Everything that is set, each with the instant from which it is.
    pub set: Vec<(UnixMs, StateChange)>,
}

/// What a station is to do.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct EnrolmentOrder {
    /// Which dialogue.
    pub id: EnrolmentId,
    /// For whom.
    pub person: PersonId,
    /// What is wanted.
    pub want: EnrolmentWant,
    /// Given up from here on.
    pub expires_at: UnixMs,
}

/// What a dialogue is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum EnrolmentWant {
    /// A card.
    Card,
    /// A finger, captured so many times.
    Finger {
        /// How many captures make one template.
        captures: u8,
    },
    /// A card that is somebody's: to be read, renewed or wiped.
    PresentCard,
    /// A PIN, typed by the person.
    Pin {
        /// Whether it is to be a sign of duress: then the one for every day is typed first.
        is_duress: bool,
        /// Salt of this person's PINs.
        salt: PinSalt,
    },
    /// A finger as [`Finger`](Self::Finger), which is compared with others before it is read.
    ComparedFinger {
        /// How many captures make one template.
        captures: u8,
    },
}

/// Most fingers that a station is given to compare at a time. At 57,600 baud it has done with them within some 22 seconds.
pub const FINGERS_COMPARED_AT_ONCE_MAX: usize = 32;

/// Fingers that the one which waits at a station must not be the same as: one to one, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FingersToCompare {
    /// In which dialogue.
    pub enrolment: EnrolmentId,
    /// From now on given up from here on.
    pub expires_at: UnixMs,
    /// Their templates, sealed to the station as those of a bundle are, at most [`FINGERS_COMPARED_AT_ONCE_MAX`]; none of them says
    /// that it is a sign of duress. With none of them, all were compared, and the finger is read.
    pub templates: Vec<SealedTemplate>,
}

/// What happens at a station.
///
/// A dialogue about a card begins with [`WaitingForCard`](Self::WaitingForCard). Each card that is laid there is
/// [`CardPresented`](Self::CardPresented), also one that lies there already, unless it ended another person's dialogue;
/// only in a dialogue for a new card does one that proves nothing end it as [`CardRead`](Self::CardRead). The server answers by [`FromServer::CardWork`] or ends the dialogue
/// ([`FromServer::CancelEnrolment`]). Work is begun by [`CardWorking`](Self::CardWorking), and answered by
/// [`CardContent`](Self::CardContent), after which more work may come; by [`CardWritten`](Self::CardWritten) or
/// [`CardWiped`](Self::CardWiped), which end the dialogue; or by [`CardRefused`](Self::CardRefused). A station keeps no order: a card that left
/// in the middle is presented again when it is back, and gets the same order again, which goes on where it was cut.
///
/// [`FingerRead`](Self::FingerRead) ends a dialogue at the station. A finger that goes to a card is followed by an [`EnrolmentOrder`] of the
/// same id that wants the card presented.
///
/// A finger that is to be compared with others is first [`FingerMade`](Self::FingerMade), and waits at the station. The server answers
/// with some of the others ([`FromServer::CompareFingers`]); while they are compared it is told how far that is
/// ([`Comparing`](Self::Comparing)), then that none of them is the same ([`FingersCompared`](Self::FingersCompared)), upon which more
/// of them come, or none, and with none the finger is read. One that is the same ends the dialogue ([`FingerSame`](Self::FingerSame)),
/// and so does whatever keeps one of them from being compared ([`Failed`](Self::Failed)).
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum EnrolmentStep {
    /// Hold the card to the reader.
    WaitingForCard,
    /// The card was read. Ends a dialogue for a card.
    CardRead {
        /// Its UID; the server keeps it sealed.
        uid: SecretBytes,
    },
    /// There is a card, and it can't be read.
    CardUnreadable,
    /// Place the finger.
    PlaceFinger {
        /// Which capture this is, from 1.
        capture: u8,
    },
    /// Lift the finger.
    LiftFinger {
        /// Which capture this was.
        capture: u8,
    },
    /// The capture was no good; the same once more.
    Again {
        /// Which capture.
        capture: u8,
        /// What was wrong.
        why: CaptureFault,
    },
    /// A capture is good.
    Captured {
        /// Which.
        capture: u8,
        /// How good, 0 to 100.
        quality: u8,
    },
    /// Captures are held against the combined model.
    Verifying,
    /// The template is made. Ends a dialogue for a finger.
    FingerRead {
        /// The template, in clear inside the link only; the server seals it under the person's template key.
        template: SecretBytes,
        /// Kind of sensor that made it and can compare it.
        sensor_type: String,
        /// How good, 0 to 100.
        quality: u8,
    },
    /// Ended without a result.
    Failed {
        /// Why.
        why: EnrolmentFault,
    },
    /// A card lies on the reader. Answered by [`FromServer::CardWork`], or by the end of the dialogue.
    CardPresented {
        /// The UID; the server keeps it sealed.
        uid: SecretBytes,
        /// What kind of card.
        kind: CardKind,
    },
    /// The card is being worked on: it must stay.
    CardWorking,
    /// What was read from the card.
    CardContent {
        /// The credential's number; none if it is nobody's.
        credential: Option<SecretBytes>,
        /// What lies in its template file.
        templates: Option<Vec<u8>>,
        /// Version of its reading key.
        version: u8,
        /// What is free on it, in bytes.
        free_bytes: u32,
    },
    /// The card is what it was to become, and proved it. Ends a dialogue.
    CardWritten {
        /// Version of its keys.
        version: u8,
        /// How it is spoken to from now on.
        messaging: CardMessaging,
        /// What is free on it, in bytes.
        free_bytes: u32,
    },
    /// The card is nobody's. Ends a dialogue.
    CardWiped,
    /// It could not be done with this card, now. The dialogue goes on.
    CardRefused {
        /// Why.
        why: CardFault,
    },
    /// Type a PIN.
    TypePin {
        /// Which.
        prompt: PinPrompt,
    },
    /// What was typed can't be the PIN; the dialogue begins again.
    PinRefused {
        /// Why.
        why: PinFault,
    },
    /// The PIN was typed twice alike. Ends a dialogue for a PIN. Never the PIN itself: what argon2id makes of it.
    PinRead {
        /// Of the one for every day, where a sign of duress was asked for.
        everyday: Option<SecretBytes>,
        /// Of the new one.
        hash: SecretBytes,
    },
    /// The template is made, and is to be compared with others before it is read.
    FingerMade {
        /// Kind of sensor that made it and can compare it.
        sensor_type: String,
    },
    /// So many of the fingers that were sent last are compared, and none of them is the same.
    Comparing {
        /// How many.
        compared: u16,
    },
    /// All of the fingers that were sent last are compared, and none of them is the same.
    FingersCompared,
    /// The finger is the same as one that was sent. Ends the dialogue.
    FingerSame {
        /// Which.
        finger: FingerId,
    },
}

crate::words! {
    /// What is wrong with a capture.
    pub enum CaptureFault {
        /// The image is unclear.
        Unclear = "unclear",
        /// Too few features.
        TooFewFeatures = "too_few_features",
        /// Lifted too early.
        TooShort = "too_short",
        /// It is not the finger of the captures before.
        DifferentFinger = "different_finger",
    }
}

crate::words! {
    /// Why a dialogue brought nothing.
    pub enum EnrolmentFault {
        /// Nobody came in time.
        TimedOut = "timed_out",
        /// The operator ended it.
        Cancelled = "cancelled",
        /// The station's reader does not work.
        ReaderFault = "reader_fault",
        /// The station's sensor does not work.
        SensorFault = "sensor_fault",
        /// The captures don't make one template.
        DoesNotCombine = "does_not_combine",
        /// The station is in another dialogue.
        Busy = "busy",
        /// The station has no such device.
        NotSupported = "not_supported",
        /// The station's keypad does not work.
        KeypadFault = "keypad_fault",
        /// A finger that this one is to be compared with can't be used here.
        NotComparable = "not_comparable",
    }
}

/// Bytes that no log may show and that are wiped when done.
#[derive(Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes(pub Vec<u8>);

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What an agent decides by when alone: its cut of the policy and what goes with it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Bundle {
    /// For an agent of this installation,
    pub installation: InstallationId,
    /// which is of this mode,
    pub mode: InstallationMode,
    /// and for this agent only.
    pub agent: AgentId,
    /// Counts up; an agent never goes back.
    pub sequence: u64,
    /// When it was signed.
    pub signed_at: UnixMs,
    /// How long it may be decided by without a newer one, in seconds.
    pub age_max_s: u32,
    /// Key of the hash that makes a [`CardToken`](crate::policy::CardToken) of a UID (HMAC-SHA-256).
    pub card_key: SecretBytes,
    /// The rules.
    pub policy: PolicyRows,
    /// Templates of the people in `policy`, sealed to the agent's key.
    pub templates: Vec<SealedTemplate>,
    /// Cards that prove themselves, and the keys of templates that lie on them.
    pub cards: CardSecrets,
    /// What PINs of the people in `policy` are checked by, sealed to the agent's key.
    pub pins: SealedPins,
}

/// One finger's template, sealed to one agent (HPKE, RFC 9180: X25519, HKDF-SHA-256, ChaCha20-Poly1305).
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SealedTemplate {
    /// Which finger.
    pub finger: FingerId,
    /// Whose.
    pub person: PersonId,
    /// Kind of sensor that can compare it.
    pub sensor_type: String,
    /// HPKE's encapsulated key, then the ciphertext of a [`TemplateContent`]. Associated data: [`template_binding`].
    pub sealed: Vec<u8>,
}

/// What is sealed of a finger. As long for a sign of duress as for any other finger of the same template.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TemplateContent {
    /// Whether the finger is shown as a sign of duress. Nothing outside the seal may tell.
    pub is_duress: bool,
    /// The template, in the sensor's own format.
    pub template: SecretBytes,
}

/// What a sealed template is bound to: it opens for this agent, person and finger only.
pub fn template_binding(agent: AgentId, person: PersonId, finger: FingerId) -> Vec<u8> {
    canonical::encode(&("pforte template 2".to_owned(), agent, person, finger))
}

/// A bundle's canonical bytes and the policy key's signature over them.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SignedBundle {
    /// Canonical bytes of the [`Bundle`].
    pub bytes: Vec<u8>,
    /// Ed25519 signature by the installation's policy key.
    pub signature: [u8; 64],
}

/// Why a bundle is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The signature is not the policy key's.
    #[error("the bundle's signature does not fit the policy key")]
    BadSignature,
    /// The bytes are no bundle.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
}

impl SignedBundle {
    const PURPOSE: &'static [u8] = b"pforte bundle 1";

    /// Writes and signs a bundle.
    pub fn sign(bundle: &Bundle, key: &SigningKey) -> Self {
        let bytes = canonical::encode(bundle);
        let signature = key.sign(&[Self::PURPOSE, &bytes].concat()).to_bytes();
        Self { bytes, signature }
    }

    /// Checks the signature and reads the bundle.
    pub fn verify(&self, key: &VerifyingKey) -> Result<Bundle, BundleError> {
        key.verify(&[Self::PURPOSE, &self.bytes].concat(), &Signature::from_bytes(&self.signature))
            .map_err(|_| BundleError::BadSignature)?;
        Ok(canonical::decode("bundle", &self.bytes)?)
    }
}

/// What stands for authorities' certificates in this order: SHA-256 over their lengths and bytes.
pub fn authorities_digest<'a>(certificates: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"pforte authorities 1");
    for certificate in certificates {
        hasher.update((certificate.len() as u64).to_le_bytes());
        hasher.update(certificate);
    }
    hasher.finalize().into()
}

/// The newest version that both sides speak, if there is one.
pub fn common_version(oldest: u16, newest: u16) -> Option<u16> {
    let version = newest.min(PROTOCOL_NEWEST);
    (version >= oldest.max(PROTOCOL_OLDEST)).then_some(version)
}

/// Reads a message from the wire. One of a newer version than both sides agreed on is named as such.
pub fn read_message<M: BorshDeserialize + Message>(bytes: &[u8]) -> Result<M, MessageError> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(MessageError::TooLong { bytes: bytes.len() });
    }
    match bytes.first() {
        Some(&kind) if kind >= M::KINDS => Err(MessageError::UnknownKind { kind, newest: PROTOCOL_NEWEST }),
        _ => Ok(canonical::decode(M::NAME, bytes)?),
    }
}

/// Writes a message for the wire.
pub fn write_message<M: BorshSerialize + Message>(message: &M) -> Vec<u8> {
    canonical::encode(message)
}

/// One side's messages.
pub trait Message {
    /// Name, for errors.
    const NAME: &'static str;
    /// How many kinds there are: the first byte is below this.
    const KINDS: u8;
}

impl Message for FromAgent {
    const NAME: &'static str = "message of an agent";
    const KINDS: u8 = 11;
}

impl Message for FromServer {
    const NAME: &'static str = "message of the server";
    const KINDS: u8 = 14;
}

/// Bytes that are no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Longer than any message may be.
    #[error("a message of {bytes} bytes is longer than {MESSAGE_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A kind that came after this program.
    #[error("message kind {kind} is newer than protocol version {newest}")]
    UnknownKind {
        /// First byte.
        kind: u8,
        /// Newest version that this program speaks.
        newest: u16,
    },
    /// A kind that is known, and bytes that don't fit it.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
}

#[cfg(test)]
mod tests;
