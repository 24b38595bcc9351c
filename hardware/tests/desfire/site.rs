//! A site with its keys, and conversations with its cards.

use hardware::card::Uid;
use hardware::card::desfire::*;
use hardware::card::virtual_card::{FieldCard as _, Reaction};
use hardware::card::virtual_desfire::{Content, Generation as Model, Random, Size, Twin};

pub(crate) const UID: [u8; 7] = [0x04, 0x78, 0x2E, 0x21, 0x80, 0x1D, 0x80];
pub(crate) const FIRST: u8 = 1;
pub(crate) const SECOND: u8 = 2;
pub(crate) const GENERATIONS: [Model; 3] = [Model::Ev1, Model::Ev2, Model::Ev3];

/// Why a conversation broke off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    Silent,
    Left,
}

/// Bytes that differ from draw to draw and not from run to run (SplitMix64).
fn draws(seed: u64) -> impl FnMut(&mut [u8]) + Send + 'static {
    let mut state = seed;
    move |into| {
        for part in into.chunks_mut(8) {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
            part.copy_from_slice(&(mixed ^ mixed >> 31).to_le_bytes()[..part.len()]);
        }
    }
}

pub(crate) fn random(seed: u64) -> Random {
    Box::new(draws(seed))
}

pub(crate) fn nonces(seed: u64) -> Nonces {
    let mut draw = draws(seed);
    Box::new(move || {
        let mut nonce = [0; 16];
        draw(&mut nonce);
        nonce
    })
}

pub(crate) fn model(generation: Model, size: Size) -> hardware::card::virtual_desfire::Model {
    hardware::card::virtual_desfire::Model { generation, size, ..Default::default() }
}

pub(crate) fn twin(content: Content) -> Twin {
    Twin::new(content, random(11))
}

pub(crate) fn factory(generation: Model, size: Size) -> Twin {
    twin(Content::factory(UID, model(generation, size)))
}

pub(crate) fn messaging(generation: Model) -> Messaging {
    if generation == Model::Ev1 { Messaging::Ev1Fallback } else { Messaging::Ev2 }
}

pub(crate) fn application() -> Application {
    Application { id: ApplicationId::new([0xF4, 0x0F, 0x7E]).unwrap(), system: SystemId::new(b"a site").unwrap() }
}

pub(crate) fn version(version: u8) -> KeyVersion {
    KeyVersion::new(version).unwrap()
}

pub(crate) fn credential() -> CredentialNumber {
    CredentialNumber::new([0xC1; 16]).unwrap()
}

pub(crate) fn template(bytes: usize) -> Option<CardTemplate> {
    CardTemplate::new((0..bytes).map(|index| index.to_le_bytes()[0] ^ 0x5A).collect())
}

/// Who has the site's master keys, in versions 1 and 2.
pub(crate) fn keys(role: KeyRole, version: KeyVersion, input: &DiversificationInput) -> Result<AesKey, KeyUnavailable> {
    if version.get() > SECOND {
        return Err(KeyUnavailable { role, version });
    }
    Ok(diversify(&AesKey::new([0xB0 | version.get(); 16]), input))
}

pub(crate) fn plan(template_bytes: usize) -> Plan {
    Plan {
        seen: Uid::new(&UID).unwrap(),
        application: application(),
        version: version(FIRST),
        credential: credential(),
        template: template(template_bytes),
        template_bytes_max: template_bytes,
        keys_before: KeysBefore::Any,
        card_key: CardKeyChoice::Diversify,
        existing: Existing::Refuse,
        is_ev1_allowed: true,
    }
}

pub(crate) fn rekey_order() -> RekeyOrder {
    RekeyOrder {
        seen: Uid::new(&UID).unwrap(),
        application: application(),
        version: version(SECOND),
        card_key: CardKeyChoice::Diversify,
        is_ev1_allowed: true,
    }
}

pub(crate) fn wipe_order(card_key: CardKeyAfter) -> WipeOrder {
    WipeOrder { seen: Uid::new(&UID).unwrap(), application: application(), card_key, is_ev1_allowed: true }
}

/// What a door knows of the card: its reading key, in these versions.
pub(crate) fn read_order(versions: &[u8]) -> ReadOrder {
    let uid = CardUid::new(&UID).unwrap();
    let Application { id, system } = application();
    let input = DiversificationInput::new(&uid, id, &system, KeyRole::Reading);
    let key = |told: &u8| (version(*told), keys(KeyRole::Reading, version(*told), &input).unwrap());
    ReadOrder { application: id, keys: versions.iter().map(key).collect(), is_ev1_allowed: true }
}

/// Holds a conversation with a card that comes into the field for it.
pub(crate) fn hold<T>(dialogue: Dialogue<'_, T>, card: &mut Twin) -> Result<T, Broken> {
    card.power();
    go_on(dialogue, card)
}

/// Holds one with a card that lies there already.
pub(crate) fn go_on<T>(dialogue: Dialogue<'_, T>, card: &mut Twin) -> Result<T, Broken> {
    dialogue.hold(|apdu| match card.react(apdu) {
        Reaction::Answer(answer) | Reaction::Late(_, answer) => Ok(answer),
        Reaction::Silence => Err(Broken::Silent),
        Reaction::Leaves => Err(Broken::Left),
    })
}

pub(crate) fn read_card(card: &mut Twin) -> Result<CardRead, ReadError> {
    hold(read(read_order(&[FIRST, SECOND]), nonces(21)), card).unwrap()
}

/// Reads the card and wants it to be whole.
pub(crate) fn check_whole(card: &mut Twin, key_version: u8, template_bytes: usize) {
    let read = read_card(card).unwrap();
    assert_eq!((read.credential, read.key_version), (credential(), version(key_version)));
    assert!(read.template == template(template_bytes), "the template");
    assert_eq!(read.messaging, messaging(card.content().model.generation));
}

pub(crate) fn personalised(generation: Model, template_bytes: usize) -> Twin {
    let mut card = factory(generation, Size::K8);
    hold(personalise(plan(template_bytes), keys, nonces(31)), &mut card).unwrap().unwrap();
    card
}
