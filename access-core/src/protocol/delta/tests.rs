use proptest::prelude::*;

use super::*;

fn bundle(bytes: Vec<u8>) -> SignedBundle {
    SignedBundle { signature: [bytes.len() as u8; 64], bytes }
}

fn delta(before: &SignedBundle, after: &SignedBundle) -> BundleDelta {
    BundleIndex::of(before).delta_to(after)
}

fn apply(delta: &BundleDelta, base: &SignedBundle) -> Result<SignedBundle, DeltaError> {
    delta.apply(&base.bytes, &bundle_hash(&base.bytes))
}

/// Rows as a bundle has them: of one length, with something of each row's own.
fn rows(numbers: impl IntoIterator<Item = u32>) -> SignedBundle {
    bundle(numbers.into_iter().flat_map(|number| Sha256::digest(number.to_le_bytes())).collect())
}

/// Bytes, and others that are made of them: runs are taken out, put in and moved.
fn pairs() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let bytes = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..8_000),
        proptest::collection::vec(0_u8..2, 0..8_000),
        proptest::collection::vec(Just(0_u8), 0..8_000),
    ];
    let edits = proptest::collection::vec(
        (any::<proptest::sample::Index>(), 0_usize..2_000, proptest::collection::vec(any::<u8>(), 0..500)),
        0..5,
    );
    (bytes, edits).prop_map(|(before, edits)| {
        let mut after = before.clone();
        for (place, out, put) in edits {
            let at = place.index(after.len() + 1);
            let end = (at + out).min(after.len());
            after.splice(at..end, put);
        }
        (before, after)
    })
}

proptest! {
    #[test]
    fn a_delta_applied_to_its_base_gives_the_very_bytes((before, after) in pairs()) {
        let (before, after) = (bundle(before), bundle(after));
        prop_assert_eq!(apply(&delta(&before, &after), &before), Ok(after));
    }

    #[test]
    fn applied_to_anything_else_it_is_refused((before, after) in pairs(), other in proptest::collection::vec(any::<u8>(), 0..900)) {
        let (before, after, other) = (bundle(before), bundle(after), bundle(other));
        let delta = delta(&before, &after);
        for base in [&after, &other] {
            if base.bytes != before.bytes {
                prop_assert_eq!(apply(&delta, base), Err(DeltaError::OtherBase));
            }
        }
    }

    #[test]
    fn a_delta_that_was_altered_gives_nothing_or_what_it_says((before, after) in pairs(), place in any::<proptest::sample::Index>(), to in any::<u8>()) {
        let (before, after) = (bundle(before), bundle(after));
        let mut bytes = crate::canonical::encode(&delta(&before, &after));
        let place = place.index(bytes.len());
        bytes[place] = to;
        if let Ok(altered) = crate::canonical::decode::<BundleDelta>("delta", &bytes)
            && let Ok(result) = apply(&altered, &before)
        {
            prop_assert_eq!(bundle_hash(&result.bytes), altered.result);
        }
    }
}

#[test]
fn what_changes_at_one_place_costs_little() {
    let before = rows(0..10_000);
    let index = BundleIndex::of(&before);
    let length = |after: &SignedBundle| crate::canonical::encode(&index.delta_to(after)).len();
    for (what, after) in [
        ("nothing", rows(0..10_000)),
        ("one row goes", rows((0..10_000).filter(|row| *row != 5_000))),
        ("one row comes", rows((0..5_000).chain([77_777]).chain(5_000..10_000))),
        ("one row differs", rows((0..10_000).map(|row| if row == 5_000 { 77_777 } else { row }))),
    ] {
        let length = length(&after);
        assert!(length < 3_500, "{what}: {length} bytes of {}", after.bytes.len());
        assert_eq!(apply(&index.delta_to(&after), &before), Ok(after), "{what}");
    }
    assert!(index.bytes() * 8 < before.bytes.len(), "{} bytes are kept of {}", index.bytes(), before.bytes.len());
}

#[test]
fn a_hostile_delta_is_refused_before_it_takes_memory() {
    let base = rows(0..100);
    let of = |pieces| BundleDelta { base: bundle_hash(&base.bytes), result: [0; 32], pieces, signature: [0; 64] };
    let whole = base.bytes.len() as u32;
    for beyond in [
        Piece::Same { at: whole, bytes: 1 },
        Piece::Same { at: 0, bytes: whole + 1 },
        Piece::Same { at: u32::MAX, bytes: u32::MAX },
    ] {
        assert_eq!(apply(&of(vec![beyond]), &base), Err(DeltaError::BeyondBase));
    }
    let again_and_again = vec![Piece::Same { at: 0, bytes: whole }; MESSAGE_BYTES_MAX / base.bytes.len() + 1];
    assert_eq!(apply(&of(again_and_again), &base), Err(DeltaError::TooLong));
    assert_eq!(apply(&of(vec![Piece::Same { at: 0, bytes: whole }]), &base), Err(DeltaError::OtherResult));
    assert_eq!(apply(&of(Vec::new()), &base), Err(DeltaError::OtherResult));
    let read =
        |count| borsh::from_slice::<BundleDelta>(&borsh::to_vec(&of(vec![Piece::New(Vec::new()); count])).unwrap());
    let most = MESSAGE_BYTES_MAX / PIECE_BYTES_MIN;
    assert!(read(most).is_ok(), "the longest bundle");
    assert!(read(most + 1).unwrap_err().to_string().contains("pieces"));
}
