//! The cards of a simulation and the reader that asks them. A card is a twin with keys and files of its own, made as a station
//! makes one; the reader looks its UID up in the agent's own book and holds the very dialogue of production with it, and
//! tells of it what production's driver tells.
//!
//! Three persons have a card that proves itself, two of them with their fingers on it; the fourth has a card that tells its
//! UID and nothing else, and so has the stranger.

use std::sync::OnceLock;

use access_core::canonical;
use access_core::ids::{FingerId, PersonId};
use access_core::policy::CardToken;
use access_core::protocol::{
    CardApplication, CardFinger, CardMessaging, CardSecrets, CardTemplates, ReadingKeys, SealedCard, SealedTemplateKey,
    SecretBytes, TemplateContent, TemplateKey, card_binding, card_finger_binding, template_key_binding,
};
use hardware::card::desfire::{
    AesKey, Application, ApplicationId, CardKeyChoice, CardTemplate, CardUid, CredentialNumber, Dialogue,
    DiversificationInput, Existing, KeyRole, KeyUnavailable, KeyVersion, KeysBefore, Messaging, Nonces, Plan,
    ReadError, SystemId, diversify, identify, personalise,
};
use hardware::card::virtual_card::{FieldCard as _, Reaction};
use hardware::card::virtual_desfire::{Content, Deed, Misdeed, Model, Twin};
use hardware::card::{Asked, CardLookup as _, Proof, ReaderChange, TemplateRead, Uid};
use sha2::Digest as _;

use super::dice::Dice;
use super::faults::Kind;
use super::server::id;
use crate::cards::tests::{seal, sealed_content_key};
use crate::cards::{self, CardBook};
use crate::identity::Identity;
use crate::station::SENSOR_TYPE;

/// Persons from the first whose cards prove themselves, and of them those who have their fingers on it.
pub(super) const PROVING: usize = 3;
pub(super) const ON_CARD: usize = 2;
/// Nobody whom anybody knows.
const STRANGER: usize = 99;
/// A card that fails is asked so often, as by the driver.
const READ_ATTEMPTS: u32 = 3;
/// What one command takes, in milliseconds.
const COMMAND_MS: u64 = 12;
/// The command that brings a card's number. What goes wrong later comes after the proof.
const NUMBER_COMMAND: u32 = 5;
/// The last command at which a card begins to misbehave: the second of its template's.
const COMMANDS: u64 = 7;
const NUMBER_FILE: u8 = 1;
const TEMPLATE_FILE: u8 = 2;
const APPLICATION: [u8; 3] = [0xF4, 0x0F, 0x7E];
const SYSTEM: &[u8] = b"a site";

pub(super) fn key_of_tokens() -> SecretBytes {
    SecretBytes(vec![8; 32])
}

fn uid(person: usize) -> Vec<u8> {
    let person_byte = person as u8;
    if person < PROVING { vec![4, 7, 7, 7, 7, 7, person_byte] } else { vec![7, 7, 7, person_byte] }
}

fn number(person: usize) -> [u8; 16] {
    [0xC0 | person as u8; 16]
}

/// What the rules know a person's card by.
pub(super) fn token_of(person: usize) -> CardToken {
    let told = if person < PROVING { number(person).to_vec() } else { uid(person) };
    cards::token(&key_of_tokens(), &told)
}

/// Whether this card is one that must prove itself.
pub(super) fn must_prove(card: CardToken) -> bool {
    (0..PROVING).any(|person| token_of(person) == card)
}

/// A person's finger, as a sensor sees it.
pub(super) fn ridges(person: usize) -> Vec<u8> {
    format!("ridges of {person}").into_bytes()
}

/// The finger by which a person says that they are forced: only the first has one.
pub(super) fn sign(person: usize) -> Vec<u8> {
    if person == 0 { b"loops of 0".to_vec() } else { ridges(person) }
}

pub(super) fn strange_ridges() -> Vec<u8> {
    ridges(STRANGER)
}

fn application() -> Application {
    let id = ApplicationId::new(APPLICATION).unwrap();
    Application { id, system: SystemId::new(SYSTEM).unwrap() }
}

#[expect(clippy::unnecessary_wraps, reason = "who has a master key has every key")]
fn card_key(_: KeyRole, version: KeyVersion, input: &DiversificationInput) -> Result<AesKey, KeyUnavailable> {
    Ok(diversify(&AesKey::new([0xB0 | version.get(); 16]), input))
}

fn template_key(person: usize) -> [u8; 32] {
    [0x60 | person as u8; 32]
}

/// What a bundle tells an agent of all these cards: never the master key, and everything sealed to that agent.
pub(super) fn secrets(identity: &Identity) -> CardSecrets {
    let agent = identity.agent;
    let content_key: [u8; 32] = sha2::Sha256::digest(agent.as_uuid()).into();
    let Application { id: application, system } = application();
    let card = |person: usize| {
        let (uid, card) = (cards::token(&key_of_tokens(), &uid(person)), token_of(person));
        let seen = CardUid::new(&self::uid(person)).unwrap();
        let input = DiversificationInput::new(&seen, application, &system, KeyRole::Reading);
        // A new version is known to doors before cards have it.
        let keys = [1, 2].map(|version| {
            let key = card_key(KeyRole::Reading, KeyVersion::new(version).unwrap(), &input).unwrap();
            (version, SecretBytes(key.as_bytes().to_vec()))
        });
        let messaging = CardMessaging::Ev2;
        let keys = canonical::encode(&ReadingKeys { keys: keys.to_vec() });
        let keys = Some(seal(&content_key, &keys, &card_binding(agent, &uid, &card, messaging)));
        SealedCard { uid, card, messaging, keys }
    };
    let template_key = |number: usize| {
        let person: PersonId = id(1 + number as u128);
        let fingers = fingers(number).map(|(finger, _, _)| finger).to_vec();
        let key = TemplateKey { key: SecretBytes(template_key(number).to_vec()), fingers };
        let sealed = seal(&content_key, &canonical::encode(&key), &template_key_binding(agent, person));
        SealedTemplateKey { person, sealed }
    };
    CardSecrets {
        application: Some(CardApplication { id: APPLICATION, system: SYSTEM.to_vec() }),
        content_key: sealed_content_key(identity, &content_key),
        cards: (0..PROVING).map(card).collect(),
        template_keys: (0..ON_CARD).map(template_key).collect(),
    }
}

/// Which fingers lie on a person's card, and whether one is a sign of duress.
fn fingers(person: usize) -> [(FingerId, Vec<u8>, bool); 2] {
    let named = |base: usize| id((base + person) as u128);
    [(named(50), ridges(person), false), (named(60), sign(person), person == 0)]
}

/// What a station writes into a card's template file.
fn template(person: usize) -> CardTemplate {
    let fingers = fingers(person).map(|(finger, template, is_duress)| {
        let content = TemplateContent { is_duress, template: SecretBytes(template) };
        let binding = card_finger_binding(id(1 + person as u128), &number(person), finger, SENSOR_TYPE);
        let sealed = seal(&template_key(person), &canonical::encode(&content), &binding);
        CardFinger { finger, sensor_type: SENSOR_TYPE.to_owned(), sealed }
    });
    CardTemplate::new(canonical::encode(&CardTemplates { fingers: fingers.to_vec() })).unwrap()
}

/// The cards that prove themselves, as a station made them of cards from the factory.
fn made() -> &'static [Content; PROVING] {
    static MADE: OnceLock<[Content; PROVING]> = OnceLock::new();
    MADE.get_or_init(|| {
        std::array::from_fn(|person| {
            let mut dice = Dice::of(person as u64);
            let mut twin = twin(factory(person), &mut dice);
            let template = (person < ON_CARD).then(|| template(person));
            let plan = Plan {
                seen: Uid::new(&uid(person)).unwrap(),
                application: application(),
                version: KeyVersion::new(1).unwrap(),
                credential: CredentialNumber::new(number(person)).unwrap(),
                template_bytes_max: template.as_ref().map_or(0, |template| template.as_bytes().len()),
                template,
                keys_before: KeysBefore::Any,
                card_key: CardKeyChoice::Diversify,
                existing: Existing::Refuse,
                is_ev1_allowed: false,
            };
            twin.power();
            hold(personalise(plan, card_key, nonces(&mut dice)), &mut twin, &mut 0).unwrap().unwrap();
            twin.content()
        })
    })
}

fn factory(person: usize) -> Content {
    Content::factory(uid(person).try_into().unwrap(), Model::default())
}

fn twin(content: Content, dice: &mut Dice) -> Twin {
    let mut dice = Dice::of(dice.next());
    Twin::new(content, Box::new(move |into| draw(&mut dice, into)))
}

fn draw(dice: &mut Dice, into: &mut [u8]) {
    into.chunks_mut(8).for_each(|part| part.copy_from_slice(&dice.next().to_le_bytes()[..part.len()]));
}

fn nonces(dice: &mut Dice) -> Nonces {
    let mut dice = Dice::of(dice.next());
    Box::new(move || {
        let mut nonce = [0; 16];
        draw(&mut dice, &mut nonce);
        nonce
    })
}

/// The card has left, or says nothing any more.
#[derive(Debug)]
struct Left;

fn hold<T>(dialogue: Dialogue<'_, T>, twin: &mut Twin, took_ms: &mut u64) -> Result<T, Left> {
    dialogue.hold(|apdu| {
        *took_ms += COMMAND_MS;
        match twin.react(apdu) {
            Reaction::Answer(answer) | Reaction::Late(_, answer) if !answer.is_empty() => Ok(answer),
            _ => Err(Left),
        }
    })
}

/// Something that is held to a reader, and by whom.
pub(super) struct Shown {
    uid: Uid,
    /// Whose UID that is.
    claims: usize,
    /// None: it tells its UID and knows no command.
    twin: Option<Twin>,
    /// The card that it is; none if it is none of the site's, or can't prove to be, whatever anybody believes of it.
    pub(super) card: Option<CardToken>,
    /// Whose fingers are there.
    pub(super) holder: usize,
}

impl Shown {
    /// A person with their own card.
    pub(super) fn own(person: usize, dice: &mut Dice) -> Self {
        let content = made().get(person).cloned();
        Self {
            uid: Uid::new(&uid(person)).unwrap(),
            claims: person,
            twin: content.map(|content| twin(content, dice)),
            card: Some(token_of(person)),
            holder: person,
        }
    }

    /// A card that misbehaves so, or that somebody made to deceive.
    pub(super) fn misbehaving(kind: Kind, dice: &mut Dice) -> Self {
        let is_of_template = matches!(kind, Kind::TemplateTorn | Kind::TemplateGone | Kind::TemplateForeign);
        let persons = if is_of_template { ON_CARD } else { PROVING };
        let person = dice.below(persons as u64) as usize;
        let other = (person + 1 + dice.below(persons as u64 - 1) as usize) % persons;
        let (own, others) = (&made()[person], &made()[other]);
        // Without a finger on it there is no second command of the template's.
        let at = dice.between(1, if person < ON_CARD { COMMANDS } else { COMMANDS - 1 }) as u32;
        let mut shown = Self::own(person, dice);
        let misdeed = |shown: &Self, deed: Deed| {
            if let Some(twin) = &shown.twin {
                twin.misbehave(Some(Misdeed { at, deed }));
            }
        };
        let has_proved = || (at > NUMBER_COMMAND).then(|| token_of(person));
        match kind {
            // The UID is told to anybody; the keys are told to nobody.
            Kind::CardCopied => {
                let mut copier = Dice::of(dice.next());
                let copy = match dice.one_in(2) {
                    true => own.copied_without_keys(|into| draw(&mut copier, into)),
                    false => factory(person),
                };
                shown = Self { twin: Some(twin(copy, dice)), card: None, holder: other, ..shown };
            }
            Kind::CardForged => {
                misdeed(&shown, Deed::WrongMac);
                shown = Self { card: has_proved(), holder: other, ..shown };
            }
            Kind::CardReplayed => {
                // Somebody listened as it was read before.
                tell(&shown, &listened_by(), dice);
                misdeed(&shown, Deed::Replay);
                shown = Self { card: has_proved(), holder: other, ..shown };
            }
            Kind::CardExchanged => {
                let another = twin(others.clone(), dice);
                if let Some(twin) = &shown.twin {
                    twin.swap(at, "another", &another);
                }
                shown = Self { card: has_proved(), holder: other, ..shown };
            }
            Kind::CardRenumbered => {
                let content = with_file(own, NUMBER_FILE, |data| data.copy_from_slice(file(others, NUMBER_FILE)));
                shown = Self { twin: Some(twin(content, dice)), card: None, ..shown };
            }
            Kind::CardSenseless => {
                // Its first answers are too short to be torn in the middle.
                let deed = match dice.below(if at > 2 { 3 } else { 2 }) {
                    0 => Deed::Status { status: 0x0E },
                    1 => Deed::Status { status: 0x42 },
                    _ => Deed::Tear { bytes: dice.between(3, 9) as usize },
                };
                misdeed(&shown, deed);
                shown.card = has_proved();
            }
            Kind::CardTakenAway => {
                misdeed(&shown, if dice.one_in(2) { Deed::LeaveBefore } else { Deed::LeaveAfter });
                shown.card = has_proved();
            }
            Kind::TemplateTorn => {
                let content = with_file(own, TEMPLATE_FILE, |data| {
                    let from = dice.between(0, data.len() as u64 - 1) as usize;
                    data[from..].iter_mut().for_each(|byte| *byte ^= 0x55);
                });
                shown.twin = Some(twin(content, dice));
            }
            Kind::TemplateGone => {
                let content = with_file(own, TEMPLATE_FILE, |data| data.fill(0));
                shown.twin = Some(twin(content, dice));
            }
            // Somebody else's fingers on it, and that somebody holds it.
            Kind::TemplateForeign => {
                let content = with_file(own, TEMPLATE_FILE, |data| {
                    let foreign = file(others, TEMPLATE_FILE);
                    let length = data.len().min(foreign.len());
                    data[..length].copy_from_slice(&foreign[..length]);
                });
                shown = Self { twin: Some(twin(content, dice)), holder: other, ..shown };
            }
            _ => {}
        }
        shown
    }
}

fn file(content: &Content, number: u8) -> &[u8] {
    let mut files = content.applications.iter().flat_map(|application| &application.files);
    &files.find(|file| file.number == number).unwrap().data
}

fn with_file(content: &Content, number: u8, change: impl FnOnce(&mut [u8])) -> Content {
    let mut content = content.clone();
    let mut files = content.applications.iter_mut().flat_map(|application| &mut application.files);
    change(&mut files.find(|file| file.number == number).unwrap().data);
    content
}

/// The book of an agent that has all cards: a reader at which somebody listened.
fn listened_by() -> CardBook {
    static CARDS: OnceLock<CardBook> = OnceLock::new();
    let open = || {
        let identity = crate::identity::tests::sample();
        let book = CardBook::default();
        book.put(Some(cards::Cards::open(&identity, key_of_tokens(), secrets(&identity))));
        book
    };
    CARDS.get_or_init(open).clone()
}

/// What a reader's driver tells of a card, in order, with the milliseconds since it was held there.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) changes: Vec<(u64, ReaderChange)>,
    /// It was asked to prove itself.
    pub(super) was_asked: bool,
}

impl Told {
    /// As a driver would tell it that takes a card for the one whose UID it has, whatever it proves.
    pub(super) fn unproven(mut self, shown: &Shown) -> Self {
        for (_, change) in &mut self.changes {
            if let ReaderChange::NotAuthentic(uid, _) = change {
                let credential = CredentialNumber::new(number(shown.claims)).unwrap();
                let key_version = KeyVersion::new(1).unwrap();
                *change =
                    ReaderChange::Proved(uid.clone(), Proof { credential, key_version, messaging: Messaging::Ev2 });
            }
        }
        self
    }
}

/// Asks a card as the driver does, by what the agent's book says of its UID.
pub(super) fn tell(shown: &Shown, book: &CardBook, dice: &mut Dice) -> Told {
    let (uid, mut took_ms, mut told) = (&shown.uid, COMMAND_MS, Told::default());
    let mut attempt = 1;
    loop {
        let order = match book.look_up("a door's", uid) {
            Asked::Proof(order, _) => order,
            Asked::Nothing | Asked::Kind => {
                told.changes.push((took_ms, ReaderChange::Card(uid.clone())));
                return told;
            }
        };
        told.was_asked = true;
        // One that has its UID and no command leaves what it is asked unanswered.
        let Some(mut twin) = shown.twin.clone() else { return told };
        twin.power();
        let change = match hold(identify(order, nonces(dice)), &mut twin, &mut took_ms) {
            Err(Left) => ReaderChange::Unreadable("the card left before it was read".to_owned()),
            Ok(Ok(identified)) => {
                let proof = Proof::of(&identified);
                told.changes.push((took_ms, ReaderChange::Proved(uid.clone(), proof)));
                let read = match hold(identified.read_template(), &mut twin, &mut took_ms) {
                    Ok(read) => TemplateRead::of(read),
                    Err(Left) => TemplateRead::Gone,
                };
                ReaderChange::Template(read)
            }
            Ok(Err(error)) => {
                let change = ReaderChange::of_failed_proof(uid.clone(), error);
                let is_of_field =
                    matches!(error, ReadError::Card(_)) && !matches!(change, ReaderChange::NotAuthentic(..));
                if is_of_field && attempt < READ_ATTEMPTS {
                    attempt += 1;
                    continue;
                }
                change
            }
        };
        told.changes.push((took_ms, change));
        return told;
    }
}
