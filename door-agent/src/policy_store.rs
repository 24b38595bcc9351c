//! What the agent decides by when alone: the newest signed bundle, sealed on the disk.
//!
//! A bundle is believed only if the policy key signed it for this agent of this installation and mode, and only if its
//! number is higher than that of the one in force. Its date is no evidence of the time: a bundle that is dated ahead of the agent's
//! clock is refused, and beside it on the disk lies when it was taken, by that clock. Templates stay sealed until the one comparison they are needed for, and what it
//! says of cards ([`CardBook`]) until the card is held to a reader.
//!
//! When the server refuses the agent for good, the bundle is given up, here and on the disk. What stays is how the doors
//! behave and which of them are airlocks, so that whoever is inside gets out as before; nobody enters by it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use access_core::attempt::{Attempt, ClockTrust};
use access_core::canonical;
use access_core::circumstances::Circumstances;
use access_core::decide::{self, ModeInForce, RULES_VERSION};
use access_core::ids::{AgentId, DoorId, PersonId};
use access_core::policy::{
    CardToken, DoorRule, Policy, PolicyError, PolicyRows, PolicyScope, Side, SiteRule, TenantRules,
};
use access_core::protocol::{
    Bundle, BundleDelta, BundleError, CREDENTIAL_NUMBER_BYTES, DeltaError, PinContent, SealedPin, SealedTemplate,
    SecretBytes, SignedBundle, TemplateContent, bundle_hash, pepper_binding, pin_binding, template_binding,
};
use access_core::verdict::{Outcome, Reason, Verdict};
use access_core::{State, UnixMs};
use borsh::{BorshDeserialize, BorshSerialize};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hardware::finger::Template;
use hpke::{Deserializable as _, OpModeR};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::cards::{self, CardBook, Cards, Claim};
use crate::clock::LEAP_MAX_MS;
use crate::door::{Now, Ruling};
use crate::durable;
use crate::identity::Identity;
use crate::pin::PinCheck;

/// Name of the file in the data folder.
const FILE: &str = "bundle.sealed";
/// What the sealed file is bound to, beside the agent.
const FILE_PURPOSE: &str = "pforte bundle file 1";
/// The same, when what lies in it is [`Remains`].
const REMAINS_PURPOSE: &str = "pforte remains file 1";
/// HPKE's `info` for whatever is sealed to an agent; what it is says the associated data.
const SEALED_INFO: &[u8] = b"pforte template 1";
const NONCE_BYTES: usize = 24;
/// Longest time that a bundle is decided by, in seconds: 72 hours.
const AGE_MAX_S: u32 = TenantRules::ALONE_HOURS_MAX * 60 * 60;

/// Why a bundle is not taken.
#[derive(Debug, thiserror::Error)]
pub enum BundleRefused {
    /// It is not signed by the policy key, or is no bundle.
    #[error(transparent)]
    NotGenuine(#[from] BundleError),
    /// It is for another agent, installation or mode.
    #[error("the bundle is for another {0}")]
    NotForUs(&'static str),
    /// One with a higher number is in force.
    #[error("bundle {sequence} is older than bundle {in_force}, which is in force")]
    Older {
        /// Its number.
        sequence: u64,
        /// Number of the one in force.
        in_force: u64,
    },
    /// One as new was given up.
    #[error("bundle {sequence} is not newer than bundle {withdrawn}, which was given up")]
    Withdrawn {
        /// Its number.
        sequence: u64,
        /// Number of the one that was given up.
        withdrawn: u64,
    },
    /// It is dated ahead of what this agent knows of the time: the server's clock is wrong, or this one.
    #[error("bundle {sequence} is dated {} s ahead of this agent's clock", ahead_ms / 1_000)]
    Ahead {
        /// Its number.
        sequence: u64,
        /// By how much, in milliseconds.
        ahead_ms: i64,
    },
    /// Its rules make no policy.
    #[error("the bundle's rules make no policy: {0}")]
    Rules(#[from] PolicyError),
}

/// Why the sealed file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It can't be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It was altered, or sealed under another key.
    #[error("{0}: it does not open under this agent's key")]
    DoesNotOpen(PathBuf),
    /// What lies in it is refused.
    #[error("{path}: {source}")]
    Refused {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: BundleRefused,
    },
}

/// The newest bundle, and what it takes to use it.
pub struct PolicyStore {
    identity: Identity,
    path: PathBuf,
    in_force: Option<InForce>,
    book: CardBook,
    /// What is left of the one that was given up, until there is a newer one.
    withdrawn: Option<Past>,
    /// What is left of those before, the newest first: each names a door that no newer one does, while its wires may hang here still.
    left_behind: Vec<Past>,
    /// Random, of this start.
    stand_in_key: [u8; 32],
    /// A test's switch: whoever signed a bundle is believed.
    #[cfg(test)]
    believes_anybody: bool,
}

/// One finger of a person, for one comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finger {
    /// What it is compared with.
    pub template: Template,
    /// Whether it is shown as a sign of duress. Nothing at the door may differ by it, nor any line of this program's log.
    pub is_duress: bool,
}

/// What lies on the disk of a bundle in force.
#[derive(BorshSerialize, BorshDeserialize)]
struct Kept {
    /// The agent's own time when it was taken, if it could be relied on.
    taken_at: Option<UnixMs>,
    signed: SignedBundle,
    /// See [`PolicyStore::left_behind`].
    left_behind: Vec<Remains>,
}

/// What stays of a bundle that was given up.
#[derive(Debug, Clone, BorshSerialize, BorshDeserialize)]
struct Remains {
    /// Number of the bundle: a later one must be newer.
    sequence: u64,
    /// How its doors behave, and which of them are airlocks. No persons, no cards, no grants.
    doors: PolicyRows,
}

/// The same in use: by it people leave, and nobody enters.
struct Past {
    remains: Remains,
    policy: Policy,
}

/// A bundle in use.
struct InForce {
    /// Its bytes as they were signed, and their hash: what a delta is applied to.
    bytes: Zeroizing<Vec<u8>>,
    hash: [u8; 32],
    sequence: u64,
    remains: Remains,
    taken_at: Option<UnixMs>,
    /// What its age counts from: its date, or when it was taken if that was earlier.
    counts_from: UnixMs,
    usable_until: UnixMs,
    policy: Policy,
    card_key: SecretBytes,
    templates: HashMap<PersonId, Vec<SealedTemplate>>,
    pepper: Vec<u8>,
    pins: HashMap<PersonId, SealedPin>,
}

impl PolicyStore {
    /// A store without a bundle; [`PolicyStore::load`] reads the one on the disk.
    pub fn new(identity: Identity, folder: &Path) -> Self {
        Self {
            identity,
            path: folder.join(FILE),
            in_force: None,
            book: CardBook::default(),
            withdrawn: None,
            left_behind: Vec::new(),
            stand_in_key: rand::random(),
            #[cfg(test)]
            believes_anybody: false,
        }
    }

    /// For the simulation: nothing random, and whether the check of signatures is switched off.
    #[cfg(test)]
    pub(crate) fn is_simulated(&mut self, seed: u64, believes_anybody: bool) {
        self.stand_in_key = Sha256::digest(seed.to_le_bytes()).into();
        self.believes_anybody = believes_anybody;
    }

    /// Puts the bundle on the disk in force, if there is one. What is left of one that was given up stays that. `passed` is the
    /// newest instant that the agent's own notes and records know to have passed.
    pub fn load(&mut self, passed: UnixMs) -> Result<(), StoreError> {
        let path = self.path.clone();
        let Some(content) = durable::read(&path).map_err(|source| StoreError::Io { path: path.clone(), source })?
        else {
            return Ok(());
        };
        if let Some(bytes) = unseal(&self.identity, REMAINS_PURPOSE, &content) {
            let refused = |source| StoreError::Refused { path: path.clone(), source };
            let remains = canonical::decode::<Remains>("remains of a bundle", &bytes)
                .map_err(|error| refused(BundleRefused::NotGenuine(error.into())))?;
            self.withdrawn = Some(Past::compile(remains).map_err(|error| refused(error.into()))?);
            return Ok(());
        }
        let unsealed = unseal(&self.identity, FILE_PURPOSE, &content);
        let bytes = unsealed.ok_or_else(|| StoreError::DoesNotOpen(path.clone()))?;
        let kept = canonical::decode("kept bundle", &bytes)
            .map_err(|error| BundleRefused::NotGenuine(error.into()))
            // The time that lies beside it is under the same seal, and may be newer than the newest note.
            .and_then(|Kept { taken_at, signed, left_behind }| {
                self.put(&signed, taken_at, taken_at.max(Some(passed)))?;
                for remains in left_behind.into_iter().rev() {
                    self.leave_behind(remains);
                }
                Ok(())
            });
        kept.map_err(|source| StoreError::Refused { path, source })
    }

    /// Puts a bundle from the server in force. Answers whether it is a new one; [`PolicyStore::sealed`] makes what is to be written.
    ///
    /// What is believed of the time, and why:
    /// - Before the first session of a boot the clock knows only what has certainly passed. A session's welcome comes before any
    ///   bundle, and by it the server, which proved who it is, sets such a clock forwards as far as it says: an agent that was off
    ///   for weeks, or never had a clock, has no other witness. So a bundle of a session meets a clock that is trusted.
    /// - From then on no bundle is believed that is dated more than [`LEAP_MAX_MS`] ahead, as no server's clock is followed that
    ///   leaps: its age would count from a day that has not come, and outlast every revocation until then. It is refused whole, as
    ///   a delta and as the same rules signed anew.
    /// - What was taken is kept with the time by which it was judged, and only that time, never the bundle's date, tells the next
    ///   boot what has passed.
    pub fn take(&mut self, signed: &SignedBundle, now: Now) -> Result<bool, BundleRefused> {
        let known = (now.clock == ClockTrust::Trusted).then_some(now.unix);
        self.put(signed, known, known)
    }

    /// Puts a bundle in force that was taken at an instant, unless it is dated ahead of what is known of the time, if anything is.
    fn put(
        &mut self,
        signed: &SignedBundle,
        taken_at: Option<UnixMs>,
        known: Option<UnixMs>,
    ) -> Result<bool, BundleRefused> {
        let mut bundle = self.verified(signed)?;
        refuse_foreign(&bundle, &self.identity)?;
        if let Some(in_force) = &self.in_force {
            if bundle.sequence < in_force.sequence {
                return Err(BundleRefused::Older { sequence: bundle.sequence, in_force: in_force.sequence });
            }
            if bundle.sequence == in_force.sequence {
                return Ok(false);
            }
        }
        let given_up = self.withdrawn.as_ref().map(|withdrawn| withdrawn.remains.sequence);
        if let Some(withdrawn) = given_up.filter(|withdrawn| bundle.sequence <= *withdrawn) {
            return Err(BundleRefused::Withdrawn { sequence: bundle.sequence, withdrawn });
        }
        let ahead_ms = known.map_or(0, |known| bundle.signed_at.since(known));
        if ahead_ms > LEAP_MAX_MS {
            return Err(BundleRefused::Ahead { sequence: bundle.sequence, ahead_ms });
        }
        let (card_key, secrets) = (bundle.card_key.clone(), std::mem::take(&mut bundle.cards));
        let before = self.in_force.replace(InForce::compile(bundle, &signed.bytes, taken_at)?);
        self.book.put(Some(Cards::open(&self.identity, card_key, secrets)));
        let given_up = self.withdrawn.take().map(|withdrawn| withdrawn.remains);
        if let Some(remains) = before.map(|before| before.remains).or(given_up) {
            self.leave_behind(remains);
        }
        Ok(true)
    }

    /// Keeps what is left of a bundle before, as long as it names a door that no newer one does.
    fn leave_behind(&mut self, remains: Remains) {
        // They compiled as part of the bundle; without them people leave by the exit button there.
        if let Ok(past) = Past::compile(remains) {
            self.left_behind.insert(0, past);
        }
        let mut named: HashSet<DoorId> =
            self.in_force.iter().flat_map(|in_force| in_force.policy.doors()).map(|door| door.id).collect();
        self.left_behind.retain(|left| left.policy.doors().iter().filter(|door| named.insert(door.id)).count() > 0);
    }

    /// The bundle that comes of a delta, to be taken like any other; none if it is the one in force.
    pub fn rebuilt(&self, delta: &BundleDelta) -> Result<Option<SignedBundle>, DeltaError> {
        let in_force = self.in_force.as_ref().ok_or(DeltaError::OtherBase)?;
        if delta.result == in_force.hash {
            return Ok(None);
        }
        delta.apply(&in_force.bytes, &in_force.hash).map(Some)
    }

    fn verified(&self, signed: &SignedBundle) -> Result<Bundle, BundleError> {
        #[cfg(test)]
        if self.believes_anybody {
            return Ok(canonical::decode("bundle", &signed.bytes)?);
        }
        signed.verify(&self.identity.policy_key)
    }

    /// Gives the bundle up. Answers what replaces it on the disk and where, with 0 in place of its number, unless there was none.
    pub fn withdraw(&mut self) -> Option<(PathBuf, Vec<u8>, u64)> {
        let remains = self.in_force.take()?.remains;
        self.book.put(None);
        let sealed = seal(&self.identity, REMAINS_PURPOSE, &canonical::encode(&remains));
        // They compiled as part of the bundle; without them a door behaves as one of which nothing is known.
        self.withdrawn = Past::compile(remains).ok();
        // A file that does not open is refused at start as the bundle must be.
        Some((self.path.clone(), sealed.unwrap_or_default(), 0))
    }

    /// Whether the bundle was given up and no newer one has come.
    pub fn is_withdrawn(&self) -> bool {
        self.withdrawn.is_some()
    }

    /// The bundle in force, which `signed` is, as it lies on the disk, where, and its number.
    pub fn sealed(&self, signed: &SignedBundle) -> Option<(PathBuf, Vec<u8>, u64)> {
        let left_behind = self.left_behind.iter().map(|left| left.remains.clone()).collect();
        let kept = Kept { taken_at: self.taken_at(), signed: signed.clone(), left_behind };
        let content = Zeroizing::new(canonical::encode(&kept));
        Some((self.path.clone(), seal(&self.identity, FILE_PURPOSE, &content)?, self.sequence()))
    }

    /// Number of the bundle in force; 0 without one.
    pub fn sequence(&self) -> u64 {
        self.in_force.as_ref().map_or(0, |in_force| in_force.sequence)
    }

    /// Number of the newest bundle that was taken, in force or given up since; 0 without one. Only a higher one is taken.
    pub fn newest_sequence(&self) -> u64 {
        self.withdrawn.as_ref().map_or(self.sequence(), |withdrawn| withdrawn.remains.sequence.max(self.sequence()))
    }

    /// Version of the policy in force; 0 without one.
    pub fn version(&self) -> u64 {
        self.in_force.as_ref().map_or(0, |in_force| in_force.policy.version())
    }

    /// When the bundle in force was taken, by this agent's clock, if that could be relied on then.
    pub fn taken_at(&self) -> Option<UnixMs> {
        self.in_force.as_ref()?.taken_at
    }

    /// Whether half of the time that the bundle may be used has passed.
    pub fn is_aging(&self, now: UnixMs) -> bool {
        self.in_force.as_ref().is_some_and(|in_force| {
            let whole_ms = in_force.usable_until.since(in_force.counts_from);
            now.since(in_force.counts_from) > whole_ms / 2
        })
    }

    /// What the policy in force says of a door, or the one that was given up, or the last one that named it.
    pub fn door(&self, door: DoorId) -> Option<&DoorRule> {
        let in_force = self.in_force.as_ref().and_then(|in_force| in_force.policy.door(door));
        in_force.or_else(|| self.last_naming(door)?.door(door))
    }

    /// What is left of the last bundle before that named a door.
    fn last_naming(&self, door: DoorId) -> Option<&Policy> {
        let mut past = self.withdrawn.iter().chain(&self.left_behind).map(|past| &past.policy);
        past.find(|policy| policy.door(door).is_some())
    }

    /// Whether the bundle in force, if there is one, names a door.
    pub fn names(&self, door: DoorId) -> bool {
        self.in_force.as_ref().is_none_or(|in_force| in_force.policy.door(door).is_some())
    }

    /// The policy in force, or what is left of the one that was given up: how doors are built, whoever may pass.
    fn newest_policy(&self) -> Option<&Policy> {
        let withdrawn = self.withdrawn.as_ref().map(|withdrawn| &withdrawn.policy);
        self.in_force.as_ref().map(|in_force| &in_force.policy).or(withdrawn)
    }

    /// A card as policies know it. Without a bundle there is no key and so no token: see [`PolicyStore::stand_in_token`].
    pub fn card_token(&self, uid: &[u8]) -> Option<CardToken> {
        Some(cards::token(&self.in_force.as_ref()?.card_key, uid))
    }

    /// What the bundle in force says of cards that prove themselves, as of whenever one looks.
    pub fn book(&self) -> CardBook {
        self.book.clone()
    }

    /// What is believed of a card by its UID alone. Without a bundle there is no key for its token, and nothing can be granted either:
    /// only cards must not be taken for one another.
    pub fn claim(&self, uid: &[u8]) -> Claim {
        let cards = self.book.get();
        match cards.as_ref().zip(self.in_force.as_ref()) {
            Some((cards, in_force)) => cards.claim(uid, &in_force.policy),
            None => Claim::Weak(self.stand_in_token(uid)),
        }
    }

    /// Which card it is that proved to have its UID's keys and told this number, and whether it is the one that it must be.
    pub fn proved(&self, uid: &[u8], number: &[u8; CREDENTIAL_NUMBER_BYTES]) -> (CardToken, bool) {
        let by_number = self.card_token(number).unwrap_or_else(|| self.stand_in_token(number));
        match self.claim(uid) {
            // Its keys were known a moment ago: what the rules say of it now is theirs.
            Claim::Weak(_) => (by_number, true),
            Claim::Lost(card) | Claim::Bound(card) => (card, card == by_number),
        }
    }

    /// What tells cards apart as long as there is no bundle: nobody else knows them by it, and a restart makes others.
    pub fn stand_in_token(&self, uid: &[u8]) -> CardToken {
        let mut hasher = Sha256::new();
        hasher.update(self.stand_in_key);
        hasher.update(uid);
        CardToken(hasher.finalize().into())
    }

    /// Decides by the bundle in force and what is known of the agent's own doors. Without a bundle, and at a door that it does not name,
    /// nobody enters, and people leave where only this system lets them out.
    pub fn decide(&self, state: &State, attempt: Attempt) -> Ruling {
        let in_force = self.in_force.as_ref().map(|in_force| &in_force.policy);
        let is_named = in_force.is_some_and(|policy| policy.door(attempt.door).is_some());
        if attempt.side == Side::Out
            && !is_named
            && let Some(last) = self.last_naming(attempt.door)
        {
            let leaving = judged(last, state, attempt.clone());
            if leaving.verdict.outcome != Outcome::Deny {
                return leaving;
            }
        }
        match in_force {
            Some(policy) => judged(policy, state, attempt),
            None => Ruling {
                attempt,
                circumstances: Circumstances::default(),
                verdict: Verdict::refused(Reason::NoPolicy, 0),
                rules_version: RULES_VERSION,
            },
        }
    }

    /// The mode of a door, by the bundle in force and what is known; none without a bundle that may be used.
    pub fn mode(&self, state: &State, door: DoorId, at: UnixMs, clock: ClockTrust) -> Option<ModeInForce> {
        let policy = &self.in_force.as_ref()?.policy;
        let rule = policy.door(door).filter(|_| policy.is_usable(at))?;
        Some(decide::mode_in_force(policy, rule, &state.circumstances_of_door(rule, at), at, clock))
    }

    /// The doors of the airlock that a door is in, by the policy in force or the one that was given up: a grant that was
    /// being recorded then must not be carried out beside a door that is released.
    pub fn airlock(&self, door: DoorId) -> &[DoorId] {
        let interlock = self.newest_policy().and_then(|policy| policy.interlock_of(door));
        interlock.map_or(&[], |interlock| &interlock.doors)
    }

    /// A person's fingers, opened. One that does not open is left out.
    pub fn fingers(&self, person: PersonId) -> Vec<Finger> {
        let sealed = self.in_force.as_ref().and_then(|in_force| in_force.templates.get(&person));
        sealed.into_iter().flatten().filter_map(|template| open_template(&self.identity, template)).collect()
    }

    /// Templates that are sealed to this agent and in no bundle, opened; none of them if one does not open.
    pub fn open_all(&self, sealed: &[SealedTemplate]) -> Option<Vec<Template>> {
        sealed.iter().map(|template| Some(open_template(&self.identity, template)?.template)).collect()
    }

    /// What a person's PINs are checked by, opened; none if there is nothing, or it does not open.
    pub fn pin(&self, person: PersonId) -> Option<PinCheck> {
        let in_force = self.in_force.as_ref()?;
        let sealed = in_force.pins.get(&person)?;
        let opened = open_pin(&self.identity, &in_force.pepper, sealed);
        if opened.is_none() {
            tracing::warn!(%person, "what a PIN is checked by does not open under this agent's key");
        }
        opened
    }
}

impl InForce {
    fn compile(bundle: Bundle, bytes: &[u8], taken_at: Option<UnixMs>) -> Result<Self, PolicyError> {
        // Whatever it says: no tenant may choose longer.
        let age_s = bundle.age_max_s.min(AGE_MAX_S);
        let counts_from = taken_at.map_or(bundle.signed_at, |taken_at| bundle.signed_at.min(taken_at));
        let usable_until = counts_from.plus_ms(i64::from(age_s) * 1_000);
        let remains = Remains::of(&bundle.policy, bundle.sequence);
        let mut templates: HashMap<PersonId, Vec<SealedTemplate>> = HashMap::new();
        for template in bundle.templates {
            templates.entry(template.person).or_default().push(template);
        }
        Ok(Self {
            bytes: Zeroizing::new(bytes.to_vec()),
            hash: bundle_hash(bytes),
            sequence: bundle.sequence,
            remains,
            taken_at,
            counts_from,
            usable_until,
            policy: Policy::compile(bundle.policy)?.usable_until(usable_until),
            card_key: bundle.card_key,
            templates,
            pepper: bundle.pins.pepper,
            pins: bundle.pins.of_persons.into_iter().map(|pin| (pin.person, pin)).collect(),
        })
    }
}

impl Remains {
    fn of(rows: &PolicyRows, sequence: u64) -> Self {
        // Without hours: no door stands unlocked by rules that were given up.
        let at_all_hours = |door: &DoorRule| DoorRule { modes: Vec::new(), factor_lines: Vec::new(), ..door.clone() };
        let doors = PolicyRows {
            version: rows.version,
            scope: PolicyScope::Cut,
            rules: rows.rules.clone(),
            sites: rows.sites.iter().map(|site| SiteRule { calendar: None, ..site.clone() }).collect(),
            areas: rows.areas.clone(),
            doors: rows.doors.iter().map(at_all_hours).collect(),
            interlocks: rows.interlocks.clone(),
            ..PolicyRows::empty(rows.tenant)
        };
        Self { sequence, doors }
    }
}

impl Past {
    fn compile(remains: Remains) -> Result<Self, PolicyError> {
        let policy = Policy::compile(remains.doors.clone())?;
        Ok(Self { remains, policy })
    }
}

fn judged(policy: &Policy, state: &State, attempt: Attempt) -> Ruling {
    let circumstances = state.circumstances(policy, &attempt);
    let verdict = decide::judge(policy, &circumstances, &attempt);
    Ruling { attempt, circumstances, verdict, rules_version: RULES_VERSION }
}

fn refuse_foreign(bundle: &Bundle, identity: &Identity) -> Result<(), BundleRefused> {
    if bundle.installation != identity.installation {
        Err(BundleRefused::NotForUs("installation"))
    } else if bundle.mode != identity.mode {
        Err(BundleRefused::NotForUs("mode"))
    } else if bundle.agent != identity.agent {
        Err(BundleRefused::NotForUs("agent"))
    } else if bundle.policy.tenant != identity.tenant {
        Err(BundleRefused::NotForUs("tenant"))
    } else {
        Ok(())
    }
}

/// Opens what is sealed to this agent: HPKE's encapsulated key, then the ciphertext.
pub(crate) fn open_sealed_to_us(identity: &Identity, sealed: &[u8], binding: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    type Kem = hpke::kem::X25519HkdfSha256;
    let (encapsulated, ciphertext) = sealed.split_first_chunk::<32>()?;
    let opened = hpke::single_shot_open::<hpke::aead::ChaCha20Poly1305, hpke::kdf::HkdfSha256, Kem>(
        &OpModeR::Base,
        &<Kem as hpke::Kem>::PrivateKey::from_bytes(&*identity.sealing_key).ok()?,
        &<Kem as hpke::Kem>::EncappedKey::from_bytes(encapsulated).ok()?,
        SEALED_INFO,
        ciphertext,
        binding,
    );
    opened.ok().map(Zeroizing::new)
}

fn open_pin(identity: &Identity, pepper: &[u8], pin: &SealedPin) -> Option<PinCheck> {
    let pepper = open_sealed_to_us(identity, pepper, &pepper_binding(identity.agent))?;
    let content = open_sealed_to_us(identity, &pin.sealed, &pin_binding(identity.agent, pin.person))?;
    let content = canonical::decode::<PinContent>("PIN", &content).ok()?;
    Some(PinCheck { content, pepper: Zeroizing::new(pepper.as_slice().try_into().ok()?) })
}

fn open_template(identity: &Identity, template: &SealedTemplate) -> Option<Finger> {
    let binding = template_binding(identity.agent, template.person, template.finger);
    let content = open_sealed_to_us(identity, &template.sealed, &binding);
    let content = content.and_then(|bytes| canonical::decode::<TemplateContent>("template", &bytes).ok());
    let finger = content.and_then(|mut content| {
        let template = Template::new(std::mem::take(&mut content.template.0)).ok()?;
        Some(Finger { template, is_duress: content.is_duress })
    });
    if finger.is_none() {
        tracing::warn!(finger = %template.finger, "a template does not open under this agent's key");
    }
    finger
}

fn binding(purpose: &str, agent: AgentId) -> Vec<u8> {
    canonical::encode(&(purpose.to_owned(), agent))
}

fn cipher(identity: &Identity) -> Option<XChaCha20Poly1305> {
    XChaCha20Poly1305::new_from_slice(&*identity.store_key).ok()
}

/// Seals what lies on the disk, for this agent and purpose.
pub(crate) fn seal(identity: &Identity, purpose: &str, content: &[u8]) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).ok()?;
    let payload = Payload { msg: content, aad: &binding(purpose, identity.agent) };
    let sealed = cipher(identity)?.encrypt(&XNonce::from(nonce), payload).ok()?;
    Some([nonce.as_slice(), &sealed].concat())
}

/// Opens what [`seal`] sealed for the same purpose.
pub(crate) fn unseal(identity: &Identity, purpose: &str, content: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = content.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload { msg: sealed, aad: &binding(purpose, identity.agent) };
    cipher(identity)?.decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests;
