//! A small server: signs bundles, answers questions by the rules and what its records say, keeps records once by the very
//! [`delivery`](access_core::delivery) of the server that runs, acknowledges them, sets lockdowns and modes, and gives commands. It never
//! fails; what does is between it and the agents.

use std::collections::{BTreeMap, BTreeSet};

use access_core::attempt::{Attempt, ClockTrust};
use access_core::chain::{Digest, Head, SignedRecord};
use access_core::decide::{self, RULES_VERSION};
use access_core::delivery::{Delivered, Fresh, Sequence};
use access_core::event::{Author, ChainFault, Commitment, Event, Record, SetMode, StateChange, StateSet};
use access_core::ids::{AttemptId, CommandId, DoorId};
use access_core::policy::{
    AccessLevel, AntiPassback, AreaRule, CredentialRule, CredentialState, DoorMode, DoorRule, Exit, FactorDemand,
    Grant, Holder, InterlockRule, LevelLine, PersonRule, Place, Policy, PolicyRows, PolicyScope, Sides, SiteRule,
    Suspicion, TenantRules, ThreatLevelRule,
};
use access_core::protocol::{
    Bundle, CardSecrets, Command, CommandKind, SealedTemplate, SecretBytes, SignedBundle, Standing, TemplateContent,
    template_binding,
};
use access_core::time::{Period, Zone};
use access_core::{State, UnixMs};
use ed25519_dalek::SigningKey;
use hpke::{Deserializable as _, Kem as _, OpModeS, Serializable as _};
use uuid::Uuid;

use super::cards::{self, ON_CARD, PROVING};
use super::dice::Dice;
use crate::door::Ruling;
use crate::identity::Identity;
use crate::station::SENSOR_TYPE;

/// Instant at which a simulation begins.
pub(super) const BEGIN: UnixMs = UnixMs(1_800_000_000_000);
/// A bundle may be used for so long, in seconds.
const BUNDLE_AGE_S: u32 = 600;
/// Persons whom the rules know; person 5 and her card are strange to them.
pub(super) const PERSONS: usize = 4;
/// Nobody enters an area that forbids it twice within so long, in seconds.
const PASSED_BACK_S: u32 = 15;
/// Copies are shown all the time: readers are locked for them no longer than people can wait.
const SUSPICION: Suspicion = Suspicion { refusals: Suspicion::REFUSALS_MAX, within_s: 30, reader_lock_s: 2 };
/// How long a door is released, in milliseconds.
pub(super) const RELEASE_MS: u32 = 3_000;

pub(super) fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

/// A door as it is built.
#[derive(Debug, Clone, Copy)]
pub(super) struct Built {
    pub(super) id: DoorId,
    pub(super) exit: Exit,
    pub(super) wants_finger: bool,
}

/// What the server knows of one agent.
pub(super) struct Known {
    identity: Identity,
    doors: Vec<Built>,
    templates: Vec<SealedTemplate>,
    cards: CardSecrets,
    /// By version, which is the bundle's number too: the rules, and until when the agent may decide by them.
    pub(super) rules: BTreeMap<u64, (PolicyRows, UnixMs)>,
    pub(super) bundles: BTreeMap<u64, SignedBundle>,
    policy: Policy,
    pub(super) head: Head,
    /// Everything that was stored, in the order that it was: the judge counts from these bytes alone.
    pub(super) log: Vec<SignedRecord>,
    /// Hashes of it, by epoch and number.
    placed: BTreeMap<(u32, u64), Digest>,
    /// Bundles that the agent said are in force, and when that was heard.
    pub(super) confirmed: Vec<(u64, u64)>,
    /// Numbers of what operators set that the agent confirmed, and when that was heard.
    pub(super) confirmed_standings: Vec<(u64, u64)>,
    /// What was answered to each attempt, and when.
    pub(super) answers: BTreeMap<AttemptId, Vec<(u64, Ruling)>>,
    pub(super) commands: BTreeSet<CommandId>,
}

impl Known {
    fn secrets(&self) -> (Vec<SealedTemplate>, CardSecrets) {
        (self.templates.clone(), self.cards.clone())
    }

    /// Number of what operators set, as the agent had confirmed it when this was heard last before an instant.
    pub(super) fn standing_by(&self, at_ms: u64) -> u64 {
        let by_then = self.confirmed_standings.iter().filter(|(heard_ms, _)| *heard_ms <= at_ms);
        by_then.map(|(_, number)| *number).max().unwrap_or(0)
    }
}

/// What became of records.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ingested {
    Stored(Head),
    /// Some are missing: the link is to be ended.
    Hole,
    /// They contradict what is stored, or are not the agent's.
    Broken(String),
}

pub(super) struct Server {
    pub(super) agents: Vec<Known>,
    state: State,
    pub(super) standing: u64,
    /// Since which number all is locked down, if it is.
    pub(super) locked_since: Option<u64>,
    /// The door that stands unlocked by an operator's mode, and since which number; with the number that ended it.
    pub(super) freed: Vec<(DoorId, u64, Option<u64>)>,
    key: SigningKey,
    /// A test's switch: what is found to come a second time is stored all the same.
    pub(super) has_dedup: bool,
}

impl Server {
    pub(super) fn new(has_dedup: bool) -> Self {
        Self {
            agents: Vec::new(),
            state: State::default(),
            standing: 0,
            locked_since: None,
            freed: Vec::new(),
            key: SigningKey::from_bytes(&[3; 32]),
            has_dedup,
        }
    }

    pub(super) fn join(&mut self, identity: &Identity, doors: Vec<Built>, dice: &mut Dice) {
        let none = rows(identity, &doors, 0, &[false; PERSONS]);
        self.agents.push(Known {
            identity: identity.clone(),
            doors,
            templates: (ON_CARD..PERSONS).map(|person| template(identity, person)).collect(),
            cards: cards::secrets(identity),
            rules: BTreeMap::new(),
            bundles: BTreeMap::new(),
            policy: Policy::compile(none).unwrap(),
            head: Head::start_of(identity.epoch),
            log: Vec::new(),
            placed: BTreeMap::new(),
            confirmed: Vec::new(),
            confirmed_standings: Vec::new(),
            answers: BTreeMap::new(),
            commands: BTreeSet::new(),
        });
        self.change_rules(self.agents.len() - 1, BEGIN, dice);
    }

    /// Other people may pass from now on. Answers the bundle that says so.
    pub(super) fn change_rules(&mut self, agent: usize, now: UnixMs, dice: &mut Dice) -> SignedBundle {
        let granted = [(); PERSONS].map(|()| !dice.one_in(4));
        let known = &mut self.agents[agent];
        let version = known.bundles.len() as u64 + 1;
        let rows = rows(&known.identity, &known.doors, version, &granted);
        let bundle = bundle(&known.identity, version, now, rows.clone(), known.secrets());
        let signed = SignedBundle::sign(&bundle, &self.key);
        known.policy = Policy::compile(PolicyRows { scope: PolicyScope::Whole, ..rows.clone() }).unwrap();
        known.rules.insert(version, (rows, now.plus_ms(i64::from(BUNDLE_AGE_S) * 1_000)));
        known.bundles.insert(version, signed.clone());
        signed
    }

    pub(super) fn newest_bundle(&self, agent: usize) -> SignedBundle {
        self.agents[agent].bundles.values().next_back().unwrap().clone()
    }

    /// Newest version of an agent's rules.
    pub(super) fn newest_version(&self, agent: usize) -> u64 {
        self.agents[agent].bundles.last_key_value().map_or(0, |(version, _)| *version)
    }

    /// The server's own, newer than any, and for another agent.
    pub(super) fn foreign_bundle(&self, agent: usize, now: UnixMs) -> SignedBundle {
        let known = &self.agents[agent];
        let version = known.bundles.len() as u64 + 1_000;
        let another = Identity { agent: id(999), ..known.identity.clone() };
        let rows = rows(&another, &known.doors, version, &[true; PERSONS + 1]);
        SignedBundle::sign(&bundle(&another, version, now, rows, (Vec::new(), CardSecrets::default())), &self.key)
    }

    /// Its own, of a server whose clock is a day ahead: by then everybody may pass, and the stranger too.
    pub(super) fn bundle_ahead(&self, agent: usize, now: UnixMs) -> SignedBundle {
        let known = &self.agents[agent];
        let version = known.bundles.len() as u64 + 1_000;
        let rows = rows(&known.identity, &known.doors, version, &[true; PERSONS + 1]);
        let tomorrow = now.plus_ms(86_400_000);
        SignedBundle::sign(&bundle(&known.identity, version, tomorrow, rows, known.secrets()), &self.key)
    }

    /// What a stranger would have the agent believe: everybody may pass, she too.
    pub(super) fn forged_bundle(&self, agent: usize, now: UnixMs) -> SignedBundle {
        let known = &self.agents[agent];
        let version = known.bundles.len() as u64 + 1_000;
        let rows = rows(&known.identity, &known.doors, version, &[true; PERSONS + 1]);
        let bundle = bundle(&known.identity, version, now, rows, known.secrets());
        SignedBundle::sign(&bundle, &SigningKey::from_bytes(&[66; 32]))
    }

    pub(super) fn decide(&mut self, agent: usize, attempt: Attempt, now_ms: u64) -> Ruling {
        let known = &mut self.agents[agent];
        let circumstances = self.state.circumstances(&known.policy, &attempt);
        let verdict = decide::judge(&known.policy, &circumstances, &attempt);
        let ruling = Ruling { attempt, circumstances, verdict, rules_version: RULES_VERSION };
        known.answers.entry(ruling.attempt.id).or_default().push((now_ms, ruling.clone()));
        ruling
    }

    /// Takes records as the server that runs does; what was stored before the first that is wrong stays stored.
    pub(super) fn ingest(&mut self, agent: usize, records: Vec<SignedRecord>) -> Ingested {
        let known = &mut self.agents[agent];
        let Identity { agent, epoch, record_key, .. } = &known.identity;
        let key = record_key.verifying_key();
        let sequence = Sequence { agent: *agent, key: &key, epoch: *epoch, stored: known.head };
        let mut delivered = sequence.take(records);
        delivered.keep_to(|door| known.doors.iter().any(|built| built.id == door));
        known.head = delivered.head;
        for Fresh { signed, record, .. } in std::mem::take(&mut delivered.fresh) {
            known.placed.insert((record.epoch, record.seq), signed.hash());
            known.log.push(signed);
            self.state.apply(&record);
        }
        let fork = delivered.fork(|place| known.placed.get(&place).copied());
        let Delivered { head, repeats, fault, .. } = delivered;
        if !self.has_dedup {
            known.log.extend(repeats.into_iter().map(|repeat| repeat.signed));
        }
        match fault.or(fork) {
            None => Ingested::Stored(head),
            Some(fault) if fault.kind == ChainFault::Hole => Ingested::Hole,
            Some(fault) => Ingested::Broken(format!("record {:?}: {}", fault.place, fault.kind)),
        }
    }

    pub(super) fn standing_now(&self, now: UnixMs) -> Standing {
        Standing { number: self.standing, set: self.state.standing(now) }
    }

    /// Begins a lockdown of everything, or ends it.
    pub(super) fn lock(&mut self, is_locked: bool, now: UnixMs) {
        self.set(StateChange::ThreatLevel { place: Place::Tenant, level: u8::from(is_locked) }, now);
        self.locked_since = is_locked.then_some(self.standing);
    }

    /// Unlocks a door until it is told otherwise, or tells it otherwise.
    pub(super) fn free(&mut self, door: DoorId, is_free: bool, now: UnixMs) {
        let mode = SetMode { mode: DoorMode::Free, until: now.plus_ms(86_400_000) };
        self.set(StateChange::DoorMode { door, set: is_free.then_some(mode) }, now);
        let number = self.standing;
        match is_free {
            true => self.freed.push((door, number, None)),
            false => {
                let open = self.freed.iter_mut().filter(|(of, _, until)| *of == door && until.is_none());
                open.for_each(|(_, _, until)| *until = Some(number));
            }
        }
    }

    fn set(&mut self, change: StateChange, now: UnixMs) {
        self.standing += 1;
        self.state.apply(&Record {
            author: Author::Server(id(1)),
            epoch: 0,
            seq: self.standing,
            previous: Digest::ZERO,
            at: now,
            clock: ClockTrust::Trusted,
            event: Event::StateSet(StateSet { operator: None, change, reason: None }),
        });
    }

    pub(super) fn command(&mut self, agent: usize, door: DoorId, now: UnixMs, dice: &mut Dice) -> Command {
        let command: CommandId = id(u128::from(dice.next()) << 64 | 4);
        self.agents[agent].commands.insert(command);
        let reason = Commitment([0; 32]);
        Command { id: command, door, expires_at: now.plus_ms(300_000), kind: CommandKind::Release, reason }
    }
}

fn bundle(
    identity: &Identity,
    version: u64,
    signed_at: UnixMs,
    policy: PolicyRows,
    (templates, cards): (Vec<SealedTemplate>, CardSecrets),
) -> Bundle {
    Bundle {
        installation: identity.installation,
        mode: identity.mode,
        agent: identity.agent,
        sequence: version,
        signed_at,
        age_max_s: BUNDLE_AGE_S,
        card_key: cards::key_of_tokens(),
        policy,
        templates,
        cards,
        pins: access_core::protocol::SealedPins::default(),
    }
}

fn template(identity: &Identity, person: usize) -> SealedTemplate {
    type Kem = hpke::kem::X25519HkdfSha256;
    let private = <Kem as hpke::Kem>::PrivateKey::from_bytes(&*identity.sealing_key).unwrap();
    let content = TemplateContent { is_duress: false, template: SecretBytes(cards::ridges(person)) };
    let (finger, person) = (id(50 + person as u128), id(1 + person as u128));
    let (key, sealed) = hpke::single_shot_seal::<hpke::aead::ChaCha20Poly1305, hpke::kdf::HkdfSha256, Kem>(
        &OpModeS::Base,
        &Kem::sk_to_pk(&private),
        b"pforte template 1",
        &access_core::canonical::encode(&content),
        &template_binding(identity.agent, person, finger),
    )
    .unwrap();
    SealedTemplate {
        finger,
        person,
        sensor_type: SENSOR_TYPE.to_owned(),
        sealed: [key.to_bytes().as_slice(), &sealed].concat(),
    }
}

fn rows(identity: &Identity, doors: &[Built], version: u64, granted: &[bool]) -> PolicyRows {
    let always = Period { from: UnixMs(0), until: None };
    let area = |number: u128| AreaRule {
        id: id(number),
        site: id(1),
        // One of the agents has an area that nobody enters twice within a while.
        anti_passback: match identity.agent == id(102) && number == 2 {
            true => AntiPassback::Timed { within_s: PASSED_BACK_S },
            false => AntiPassback::Off,
        },
        persons_max: None,
        two_person: None,
    };
    let person = |number: usize| PersonRule {
        id: id(1 + number as u128),
        is_active: true,
        has_finger: true,
        has_pin: false,
        needs_longer: false,
        exemption: None,
        escort: None,
        groups: Vec::new(),
    };
    let card = |number: usize| CredentialRule {
        id: id(1 + number as u128),
        person: id(1 + number as u128),
        token: cards::token_of(number),
        state: CredentialState::Active,
        valid: always,
        proves_itself: number < PROVING,
    };
    let grant = |(number, _): (usize, &bool)| Grant {
        id: id(1 + number as u128),
        holder: Holder::Person(id(1 + number as u128)),
        level: id(1),
        valid: always,
    };
    let built = |door: &Built| DoorRule {
        id: door.id,
        site: id(1),
        leads_from: id(1),
        leads_to: id(2),
        factors_in: if door.wants_finger { FactorDemand::CardFinger } else { FactorDemand::Card },
        factors_out: FactorDemand::Card,
        factor_lines: Vec::new(),
        modes: Vec::new(),
        release_ms: RELEASE_MS,
        held_ms: 15_000,
        release_longer_ms: RELEASE_MS * 2,
        held_longer_ms: 30_000,
        exit: door.exit,
        has_contact: true,
    };
    let line = LevelLine { places: vec![Place::Tenant], sides: Sides::Both, schedule: None, factors: None };
    let airlock = InterlockRule { id: id(1), doors: doors.iter().map(|door| door.id).collect() };
    PolicyRows {
        version,
        scope: PolicyScope::Cut,
        sites: vec![SiteRule { id: id(1), zone: Zone::utc(), accepts_uid_only: true, calendar: None }],
        areas: vec![area(1), area(2)],
        doors: doors.iter().map(built).collect(),
        interlocks: (identity.agent == id(101) && doors.len() > 1).then_some(airlock).into_iter().collect(),
        threat_levels: vec![ThreatLevelRule {
            level: 1,
            locks: true,
            places: Vec::new(),
            factors: None,
            exempt: Vec::new(),
        }],
        rules: TenantRules { suspicion: SUSPICION, ..TenantRules::default() },
        levels: vec![AccessLevel { id: id(1), lines: vec![line] }],
        persons: (0..granted.len()).map(person).collect(),
        credentials: (0..granted.len()).map(card).collect(),
        grants: granted.iter().enumerate().filter(|(_, granted)| **granted).map(grant).collect(),
        ..PolicyRows::empty(identity.tenant)
    }
}
