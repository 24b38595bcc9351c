use proptest::prelude::*;

use super::*;

fn digits(text: &str) -> Digits {
    Digits::new(text).unwrap()
}

#[test]
fn what_can_be_a_pin() {
    for (text, expected) in [
        ("20481", Some(PinFault::TooShort)),
        ("204816", None),
        ("204816327681", None),
        ("2048163276812", Some(PinFault::TooLong)),
        ("777777", Some(PinFault::TooSimple)),
        ("121212", Some(PinFault::TooSimple)),
        ("123456", Some(PinFault::TooSimple)),
        ("98765432", Some(PinFault::TooSimple)),
        ("789012", Some(PinFault::TooSimple)),
        ("210987", Some(PinFault::TooSimple)),
        ("123457", None),
        ("112233", None),
    ] {
        assert_eq!(fault_of(&digits(text)), expected, "{text}");
    }
}

#[test]
fn one_slip_makes_no_sign_of_duress() {
    for (one, other, expected) in [
        ("204816", "204816", true),
        ("204816", "204817", true),
        ("204816", "304816", true),
        ("204816", "204186", true),
        ("204816", "024816", true),
        ("204816", "2048160", true),
        ("204816", "20816", true),
        ("204816", "2004816", true),
        ("204816", "204871", false),
        ("204816", "204961", false),
        ("204816", "402816", false),
        ("204816", "20481600", false),
        ("204816", "135790", false),
    ] {
        assert_eq!(is_too_like(&digits(one), &digits(other)), expected, "{one} {other}");
        assert_eq!(is_too_like(&digits(other), &digits(one)), expected, "{other} {one}");
    }
}

#[test]
fn the_hash_is_argon2id_of_16_mib() {
    // Frozen: what the server keeps must fit what agents make. Known answers of argon2id itself are its crate's own tests.
    let made = hash(&digits("204816"), &[7; 16]).unwrap();
    assert_eq!(*made, *hash(&digits("204816"), &[7; 16]).unwrap());
    assert_ne!(*made, *hash(&digits("204817"), &[7; 16]).unwrap());
    assert_ne!(*made, *hash(&digits("204816"), &[8; 16]).unwrap());
    let reference = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(16 * 1024, 3, 1, Some(32)).unwrap());
    let mut expected = [0; 32];
    reference.hash_password_into(b"204816", &[7; 16], &mut expected).unwrap();
    assert_eq!(*made, expected);
}

#[tokio::test]
async fn both_pins_match_and_nothing_else() {
    let (pepper, salt) = ([3; 32], [7; 16]);
    let of = |text| verifier(&pepper, &hash(&digits(text), &salt).unwrap());
    let (work, todo) = mpsc::channel(8);
    let (done, mut results) = mpsc::channel(8);
    tokio::spawn(run(todo, done));
    let mut outcome = async |pepper: [u8; 32], duress: [u8; 32], typed: &str| {
        let content = PinContent { salt, everyday: of("204816"), duress };
        let check = Box::new(PinCheck { content, pepper: Zeroizing::new(pepper) });
        let (person, attempt) = (uuid::Uuid::nil().into(), uuid::Uuid::nil().into());
        let asked = PinWork::Check { door: 1, side: Side::In, person, attempt, check, digits: digits(typed) };
        work.send(asked).await.ok().unwrap();
        match results.recv().await.unwrap() {
            PinDone::Checked { outcome, .. } => outcome,
            PinDone::Hashed { .. } => panic!("not asked for"),
        }
    };
    let sign = of("975310");
    assert_eq!(outcome(pepper, sign, "204816").await, PinOutcome::Matched);
    assert_eq!(outcome(pepper, sign, "975310").await, PinOutcome::MatchedDuress);
    assert_eq!(outcome(pepper, sign, "204817").await, PinOutcome::NotMatched);
    assert_eq!(outcome(pepper, sign, "2048160").await, PinOutcome::NotMatched);
    assert_eq!(outcome(pepper, sign, "0").await, PinOutcome::NotMatched);
    assert_eq!(outcome(pepper, [9; 32], "975310").await, PinOutcome::NotMatched, "no sign of duress is set");
    assert_eq!(outcome([4; 32], sign, "204816").await, PinOutcome::NotMatched, "another agent's pepper");
}

/// Whether one is made of the other by one slip, by trying every slip.
fn by_trying(one: &str, other: &str) -> bool {
    let mut slips = vec![one.to_owned()];
    for at in 0..=one.len() {
        for digit in "0123456789".chars() {
            slips.push(format!("{}{digit}{}", &one[..at], &one[at..]));
            if at < one.len() {
                slips.push(format!("{}{digit}{}", &one[..at], &one[at + 1..]));
            }
        }
        if at < one.len() {
            slips.push(format!("{}{}", &one[..at], &one[at + 1..]));
        }
        if at + 1 < one.len() {
            slips.push(format!("{}{}{}{}", &one[..at], &one[at + 1..at + 2], &one[at..at + 1], &one[at + 2..]));
        }
    }
    slips.iter().any(|slip| slip == other)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]
    #[test]
    fn slips_are_all_told(one in "[0-2]{1,7}", other in "[0-2]{1,7}") {
        prop_assert_eq!(is_too_like(&digits(&one), &digits(&other)), by_trying(&one, &other));
    }
}
