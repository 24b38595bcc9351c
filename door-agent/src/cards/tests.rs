use access_core::UnixMs;
use access_core::ids::FingerId;
use access_core::policy::{CredentialRule, PolicyRows};
use access_core::protocol::{CardFinger, SealedTemplateKey};
use access_core::time::Period;
use hpke::{Deserializable as _, Kem as _, OpModeS, Serializable as _};
use uuid::Uuid;

use super::*;
use crate::identity::tests::sample;

pub(crate) const UID: [u8; 7] = [4, 1, 2, 3, 4, 5, 6];
/// The number on that card.
pub(crate) const NUMBER: [u8; 16] = [0xC1; 16];
const CARD_KEY: [u8; 32] = [8; 32];
const CONTENT_KEY: [u8; 32] = [5; 32];
const TEMPLATE_KEY: [u8; 32] = [6; 32];
/// Fingers of person 1 that the server has a record of.
const RECORDED: [u128; 4] = [1, 2, 3, 4];

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

fn card_key() -> SecretBytes {
    SecretBytes(CARD_KEY.to_vec())
}

/// The token of the card that has [`NUMBER`].
pub(crate) fn card() -> CardToken {
    token(&card_key(), &NUMBER)
}

pub(crate) fn seal(key: &[u8], content: &[u8], binding: &[u8]) -> Vec<u8> {
    let nonce = [9; NONCE_BYTES];
    let payload = Payload { msg: content, aad: binding };
    let sealed = XChaCha20Poly1305::new_from_slice(key).unwrap().encrypt(&XNonce::from(nonce), payload).unwrap();
    [nonce.as_slice(), &sealed].concat()
}

/// A content key, sealed to an agent.
pub(crate) fn sealed_content_key(identity: &Identity, content_key: &[u8; KEY_BYTES]) -> Vec<u8> {
    type Kem = hpke::kem::X25519HkdfSha256;
    let private = <Kem as hpke::Kem>::PrivateKey::from_bytes(&*identity.sealing_key).unwrap();
    let (key, sealed) = hpke::single_shot_seal::<hpke::aead::ChaCha20Poly1305, hpke::kdf::HkdfSha256, Kem>(
        &OpModeS::Base,
        &Kem::sk_to_pk(&private),
        b"pforte template 1",
        content_key,
        &content_key_binding(identity.agent),
    )
    .unwrap();
    [key.to_bytes().as_slice(), &sealed].concat()
}

/// What a bundle says of the card with [`UID`], or of one that is lost, and of the template key of person 1.
pub(crate) fn secrets(identity: &Identity, messaging: CardMessaging, is_lost: bool) -> CardSecrets {
    let agent = identity.agent;
    let uid = token(&card_key(), &UID);
    let keys = ReadingKeys { keys: vec![(1, SecretBytes(vec![0xA1; 16])), (2, SecretBytes(vec![0xA2; 16]))] };
    let binding = card_binding(agent, &uid, &card(), messaging);
    let keys = (!is_lost).then(|| seal(&CONTENT_KEY, &canonical::encode(&keys), &binding));
    let person: PersonId = id(1);
    let key = TemplateKey { key: SecretBytes(TEMPLATE_KEY.to_vec()), fingers: RECORDED.map(id).to_vec() };
    let sealed = seal(&CONTENT_KEY, &canonical::encode(&key), &template_key_binding(agent, person));
    CardSecrets {
        application: Some(CardApplication { id: [0xF4, 0x0F, 0x7E], system: b"a site".to_vec() }),
        content_key: sealed_content_key(identity, &CONTENT_KEY),
        cards: vec![SealedCard { uid, card: card(), messaging, keys }],
        template_keys: vec![SealedTemplateKey { person, sealed }],
    }
}

/// A finger as the server seals it for the card with [`NUMBER`].
pub(crate) fn finger_on_card(number: u128, template: &[u8], is_duress: bool) -> CardFinger {
    let (person, finger): (PersonId, FingerId) = (id(1), id(number));
    let content = TemplateContent { is_duress, template: SecretBytes(template.to_vec()) };
    let binding = card_finger_binding(person, &NUMBER, finger, SENSOR_TYPE);
    let sealed = seal(&TEMPLATE_KEY, &canonical::encode(&content), &binding);
    CardFinger { finger, sensor_type: SENSOR_TYPE.to_owned(), sealed }
}

fn policy(state: CredentialState) -> Policy {
    let valid = Period { from: UnixMs(0), until: None };
    let person = access_core::policy::PersonRule {
        id: id(1),
        is_active: true,
        has_finger: true,
        has_pin: false,
        needs_longer: false,
        exemption: None,
        escort: None,
        groups: Vec::new(),
    };
    Policy::compile(PolicyRows {
        persons: vec![person],
        credentials: vec![CredentialRule {
            id: id(1),
            person: id(1),
            token: card(),
            state,
            valid,
            proves_itself: true,
        }],
        ..PolicyRows::empty(id(1))
    })
    .unwrap()
}

fn cards(is_lost: bool) -> Cards {
    Cards::open(&sample(), card_key(), secrets(&sample(), CardMessaging::Ev2, is_lost))
}

#[test]
fn a_card_that_is_known_is_asked_by_its_keys_and_no_other_is() {
    let order = cards(false).read_order(&UID).unwrap();
    assert_eq!(order.application.to_bytes(), [0xF4, 0x0F, 0x7E]);
    let told: Vec<_> = order.keys.iter().map(|(version, key)| (version.get(), *key.as_bytes())).collect();
    assert_eq!(told, [(1, [0xA1; 16]), (2, [0xA2; 16])]);
    assert!(!order.is_ev1_allowed);
    let older = Cards::open(&sample(), card_key(), secrets(&sample(), CardMessaging::Ev1, false));
    assert!(older.read_order(&UID).unwrap().is_ev1_allowed, "as it was made");
    assert!(cards(false).read_order(&[1, 2, 3, 4]).is_none());
    assert!(cards(true).read_order(&UID).is_none(), "a lost one is asked nothing");
}

#[test]
fn a_uid_alone_is_believed_of_cards_that_are_lost_or_have_nothing_else() {
    let active = policy(CredentialState::Active);
    let weak = Claim::Weak(token(&card_key(), &[1, 2, 3, 4]));
    assert_eq!(cards(false).claim(&[1, 2, 3, 4], &active), weak);
    assert_eq!(cards(false).claim(&UID, &active), Claim::Bound(card()));
    for (state, is_lost) in
        [(CredentialState::Lost, true), (CredentialState::Stolen, true), (CredentialState::Active, false)]
    {
        // Keys that are missing are no reason to believe a UID.
        let expected = if is_lost { Claim::Lost(card()) } else { Claim::Bound(card()) };
        assert_eq!(cards(true).claim(&UID, &policy(state)), expected, "{state:?}");
        assert_eq!(cards(false).claim(&UID, &policy(state)), Claim::Bound(card()), "{state:?}");
    }
}

#[test]
fn what_is_sealed_opens_for_this_agent_card_and_way_of_speaking_alone() {
    let check = |spoil: fn(&mut CardSecrets)| {
        let mut secrets = secrets(&sample(), CardMessaging::Ev2, false);
        spoil(&mut secrets);
        let cards = Cards::open(&sample(), card_key(), secrets);
        let uid = if cards.cards.contains_key(&token(&card_key(), &UID)) { UID.to_vec() } else { vec![1, 2, 3, 4] };
        assert!(cards.read_order(&uid).is_none());
        assert!(matches!(cards.claim(&uid, &policy(CredentialState::Active)), Claim::Bound(_)), "nor is it believed");
    };
    check(|secrets| secrets.cards[0].messaging = CardMessaging::Ev1);
    check(|secrets| secrets.cards[0].card = CardToken([7; 32]));
    check(|secrets| secrets.cards[0].uid = token(&card_key(), &[1, 2, 3, 4]));
    check(|secrets| secrets.cards[0].keys.as_mut().unwrap()[30] ^= 1);
    check(|secrets| secrets.cards[0].keys = Some(vec![1; 23]));
    check(|secrets| secrets.content_key[40] ^= 1);
    check(|secrets| secrets.content_key.truncate(31));
    check(|secrets| secrets.application = None);
    check(|secrets| secrets.application.as_mut().unwrap().id = [0; 3]);
    let foreign = Identity { agent: id(99), ..sample() };
    let cards = Cards::open(&foreign, card_key(), secrets(&sample(), CardMessaging::Ev2, false));
    assert!(cards.read_order(&UID).is_none());
    // Keys that are none, well sealed.
    for keys in [vec![(0, vec![1; 16])], vec![(1, vec![1; 15])]] {
        let mut secrets = secrets(&sample(), CardMessaging::Ev2, false);
        let keys = ReadingKeys { keys: keys.into_iter().map(|(version, key)| (version, SecretBytes(key))).collect() };
        let binding = card_binding(sample().agent, &secrets.cards[0].uid, &card(), CardMessaging::Ev2);
        secrets.cards[0].keys = Some(seal(&CONTENT_KEY, &canonical::encode(&keys), &binding));
        assert!(Cards::open(&sample(), card_key(), secrets).read_order(&UID).is_none());
    }
}

#[test]
fn fingers_open_for_their_holder_and_card_alone() {
    let cards = cards(false);
    assert!(cards.has_template_key(id(1)) && !cards.has_template_key(id(2)));
    let mut on_card =
        CardTemplates { fingers: vec![finger_on_card(1, b"ridges", false), finger_on_card(2, b"loops", true)] };
    let read = |on_card: &CardTemplates| {
        let OnCard { fingers, has_unrecorded } = cards.fingers(id(1), &NUMBER, &canonical::encode(on_card));
        assert!(!has_unrecorded);
        fingers
    };
    let finger = |template: &[u8], is_duress| Finger { template: Template::new(template.to_vec()).unwrap(), is_duress };
    assert_eq!(read(&on_card), [finger(b"ridges", false), finger(b"loops", true)]);
    let content = canonical::encode(&on_card);
    assert_eq!(cards.fingers(id(2), &NUMBER, &content), OnCard::default(), "another's");
    assert_eq!(cards.fingers(id(1), &[1; 16], &content), OnCard::default(), "copied to another card");
    assert_eq!(cards.fingers(id(1), &NUMBER, &content[1..]), OnCard::default(), "no list of fingers");
    assert_eq!(cards.fingers(id(1), &NUMBER, b""), OnCard::default());
    on_card.fingers[0].sensor_type = "other".to_owned();
    assert_eq!(read(&on_card), [finger(b"loops", true)], "another kind of sensor");
    on_card.fingers[0].sensor_type = SENSOR_TYPE.to_owned();
    on_card.fingers[0].sealed[30] ^= 1;
    assert_eq!(read(&on_card), [finger(b"loops", true)], "one that does not open is left out");
}

#[test]
fn a_finger_that_is_on_no_record_is_compared_with_nothing() {
    let cards = cards(false);
    let read = |fingers: Vec<CardFinger>| cards.fingers(id(1), &NUMBER, &canonical::encode(&CardTemplates { fingers }));
    let finger = |template: &[u8], is_duress| Finger { template: Template::new(template.to_vec()).unwrap(), is_duress };
    let unrecorded = finger_on_card(9, b"written as the link broke", false);
    let sign = finger_on_card(2, b"loops", true);
    assert_eq!(read(vec![unrecorded.clone()]), OnCard { fingers: Vec::new(), has_unrecorded: true });
    let both = read(vec![unrecorded.clone(), sign]);
    assert_eq!(
        both,
        OnCard { fingers: vec![finger(b"loops", true)], has_unrecorded: true },
        "a sign of duress stays one"
    );
    // Under the number of one that is on record it does not open.
    let renamed = CardFinger { finger: id(1), ..unrecorded };
    assert_eq!(read(vec![renamed]), OnCard::default());
}

#[test]
fn a_station_asks_of_what_kind_a_card_is_and_a_door_for_a_proof() {
    let book = CardBook::default();
    let uid = Uid::new(&UID).unwrap();
    assert!(matches!(book.look_up("station", &uid), Asked::Kind));
    assert!(matches!(book.look_up("lobby in", &uid), Asked::Nothing), "without a bundle");
    book.put(Some(cards(false)));
    assert!(matches!(book.look_up("lobby in", &uid), Asked::Proof(..)));
    assert!(matches!(book.look_up("lobby in", &Uid::new(&[1, 2, 3, 4]).unwrap()), Asked::Nothing));
    assert!(matches!(book.look_up("station", &uid), Asked::Kind));
    book.put(None);
    assert!(matches!(book.look_up("lobby in", &uid), Asked::Nothing));
}

#[test]
fn the_seed_of_the_fuzz_target_opens() {
    let identity = Identity { agent: id(1), ..sample() };
    // Sealed anew each time, and not needed there.
    let secrets = CardSecrets { content_key: Vec::new(), ..secrets(&identity, CardMessaging::Ev2, false) };
    let on_card = CardTemplates { fingers: vec![finger_on_card(1, b"ridges", false)] };
    let seed = canonical::encode(&(secrets, canonical::encode(&on_card)));
    let seed: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds/card_secrets/opens.hex");
    if std::env::var_os("PFORTE_WRITE_SEEDS").is_some() {
        std::fs::write(path, format!("{seed}\n")).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap().trim(), seed);
}
