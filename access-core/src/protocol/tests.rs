use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::policy::samples::rows;

#[test]
fn versions_are_agreed_on_or_refused() {
    assert_eq!(common_version(1, 1), Some(1));
    assert_eq!(common_version(1, 9), Some(PROTOCOL_NEWEST));
    assert_eq!(common_version(PROTOCOL_NEWEST + 1, 9), None);
    assert_eq!(common_version(0, 0), None);
}

#[test]
fn a_newer_kind_of_message_is_named() {
    let error = read_message::<FromAgent>(&[FromAgent::KINDS, 1, 2]).unwrap_err();
    assert_eq!(error, MessageError::UnknownKind { kind: FromAgent::KINDS, newest: PROTOCOL_NEWEST });
    assert!(matches!(read_message::<FromAgent>(&[]), Err(MessageError::NotCanonical(_))));
    let kept = write_message(&FromAgent::BundleWanted { sequence: 3 });
    assert_eq!(kept[0], FromAgent::KINDS - 1, "KINDS counts the variants");
    assert!(matches!(read_message::<FromAgent>(&kept[..8]), Err(MessageError::NotCanonical(_))));
    assert!(matches!(read_message::<FromServer>(&[FromServer::KINDS]), Err(MessageError::UnknownKind { .. })));
    let none = FingersToCompare { enrolment: Uuid::nil().into(), expires_at: UnixMs(1), templates: Vec::new() };
    let last = write_message(&FromServer::CompareFingers(none));
    assert_eq!(last[0], FromServer::KINDS - 1, "KINDS counts the variants");
}

fn bundle() -> Bundle {
    Bundle {
        installation: Uuid::from_u128(1).into(),
        mode: InstallationMode::Test,
        agent: Uuid::from_u128(2).into(),
        sequence: 3,
        signed_at: UnixMs(4),
        age_max_s: 5,
        card_key: SecretBytes(vec![6; 32]),
        policy: rows(),
        templates: Vec::new(),
        cards: CardSecrets::default(),
        pins: SealedPins::default(),
    }
}

#[test]
fn a_bundle_is_taken_from_the_policy_key_only() {
    let key = SigningKey::from_bytes(&[1; 32]);
    let mut signed = SignedBundle::sign(&bundle(), &key);
    assert_eq!(signed.verify(&key.verifying_key()), Ok(bundle()));
    let other = SigningKey::from_bytes(&[2; 32]).verifying_key();
    assert_eq!(signed.verify(&other), Err(BundleError::BadSignature));
    signed.bytes[40] ^= 1;
    assert_eq!(signed.verify(&key.verifying_key()), Err(BundleError::BadSignature));
}

#[test]
fn authorities_are_told_apart_by_order_and_by_where_one_ends() {
    let of = |certificates: &[&[u8]]| authorities_digest(certificates.iter().copied());
    assert_eq!(of(&[&[1, 2], &[3]]), of(&[&[1, 2], &[3]]));
    assert_ne!(of(&[&[1, 2], &[3]]), of(&[&[3], &[1, 2]]));
    assert_ne!(of(&[&[1, 2], &[3]]), of(&[&[1], &[2, 3]]));
}

#[test]
fn secrets_do_not_print() {
    assert!(!format!("{:?}", bundle()).contains("6, 6"));
}

proptest! {
    #[test]
    fn bytes_have_one_meaning_and_meanings_one_form(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(message) = read_message::<FromAgent>(&bytes) {
            prop_assert_eq!(write_message(&message), bytes.clone());
        }
        if let Ok(message) = read_message::<FromServer>(&bytes) {
            prop_assert_eq!(write_message(&message), bytes);
        }
    }

    #[test]
    fn damage_to_a_message_is_an_error_or_another_message(place in 0usize..10_000, value in any::<u8>()) {
        let message = FromServer::Bundle(SignedBundle::sign(&bundle(), &SigningKey::from_bytes(&[1; 32])));
        let mut bytes = write_message(&message);
        let length = bytes.len();
        bytes[place % length] = value;
        if let Ok(read) = read_message::<FromServer>(&bytes) {
            prop_assert_eq!(write_message(&read), bytes);
        }
    }
}
