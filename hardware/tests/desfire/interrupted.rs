//! Each operation is cut before each command, within it, and after it with the answer lost: then a door reads a whole card
//! or one that is nobody's, and going on succeeds as well as wiping.

use hardware::card::desfire::*;
use hardware::card::virtual_card::{FieldCard as _, Reaction};
use hardware::card::virtual_desfire::{Content, Deed, Generation as Model, Misdeed, Size, Twin};

use super::site::*;

/// Long enough for two commands to write it.
const TEMPLATE_BYTES: usize = 300;
const CUTS: [Deed; 3] = [Deed::LeaveBefore, Deed::LeaveMidway, Deed::LeaveAfter];
/// EV2 and EV3 are spoken to alike.
const KINDS: [Model; 2] = [Model::Ev1, Model::Ev3];

fn wipe_to_factory(card: &mut Twin) {
    hold(wipe(wipe_order(CardKeyAfter::Factory), keys, nonces(41)), card).unwrap().unwrap();
    assert_eq!(card.content(), Content::factory(UID, model(card.content().model.generation, Size::K8)));
}

/// Cuts `operation` on `start` at one command after the other, in each way, and lets `check` look at what is left.
fn cut_everywhere<T>(
    start: &Content,
    least: usize,
    operation: impl Fn() -> Dialogue<'static, Result<T, StationError>>,
    check: impl Fn(Twin, &str),
) {
    for deed in CUTS {
        let mut cut = 0;
        for at in 1.. {
            let mut card = twin(start.clone());
            card.misbehave(Some(Misdeed { at, deed: deed.clone() }));
            let outcome = hold(operation(), &mut card);
            card.misbehave(None);
            let told = format!("{deed:?} at command {at} of {:?}", start.model.generation);
            match outcome {
                Ok(Ok(_)) => break,
                Ok(Err(error)) => panic!("{told}: {error}"),
                Err(broken) => assert_eq!(broken, Broken::Left),
            }
            check(card, &told);
            cut += 1;
        }
        assert!(cut >= least, "only {cut} commands");
    }
}

/// Whether a door reads the card; if not, it must be nobody's, and no clone.
fn is_whole(card: &mut Twin, told: &str) -> bool {
    match read_card(card) {
        Ok(read) => {
            assert_eq!(read.credential, credential(), "{told}");
            assert!(read.template == template(TEMPLATE_BYTES), "{told}: the template");
            true
        }
        Err(error) => {
            let is_nobodys = match error {
                ReadError::NotPersonalised | ReadError::UnknownKeyVersion(0) => true,
                ReadError::Card(error) => matches!(error.refusal(), Some(Refusal::NoApplication | Refusal::NoFile)),
                _ => false,
            };
            assert!(is_nobodys && !error.is_clone_suspected(), "{told}: {error}");
            false
        }
    }
}

#[test]
fn a_personalisation_that_was_cut_goes_on_or_is_wiped() {
    for generation in KINDS {
        let start = Content::factory(UID, model(generation, Size::K8));
        let operation = || personalise(plan(TEMPLATE_BYTES), keys, nonces(1));
        cut_everywhere(&start, 40, operation, |mut card, told| {
            is_whole(&mut card, told);
            let mut wiped = twin(card.content());
            let done = hold(personalise(plan(TEMPLATE_BYTES), keys, nonces(2)), &mut card).unwrap();
            done.unwrap_or_else(|error| panic!("{told}: {error}"));
            check_whole(&mut card, FIRST, TEMPLATE_BYTES);
            wipe_to_factory(&mut wiped);
        });
    }
}

#[test]
fn another_credential_that_was_cut_is_one_of_the_two_or_nobodys() {
    let other = CredentialNumber::new([0xC2; 16]).unwrap();
    let replacing = || Plan { credential: other.clone(), existing: Existing::Replace, ..plan(TEMPLATE_BYTES - 1) };
    for generation in KINDS {
        let start = personalised(generation, TEMPLATE_BYTES).content();
        let operation = || personalise(replacing(), keys, nonces(1));
        cut_everywhere(&start, 25, operation, |mut card, told| {
            match read_card(&mut card) {
                Ok(read) if read.credential == other => {
                    assert!(read.template == template(TEMPLATE_BYTES - 1), "{told}");
                }
                _ => drop(is_whole(&mut card, told)),
            }
            hold(personalise(replacing(), keys, nonces(2)), &mut card).unwrap().unwrap();
            let read = read_card(&mut card).unwrap();
            assert!(read.credential == other && read.template == template(TEMPLATE_BYTES - 1), "{told}");
        });
    }
}

#[test]
fn a_rekeying_that_was_cut_leaves_a_card_that_opens_doors() {
    for generation in KINDS {
        let start = personalised(generation, TEMPLATE_BYTES).content();
        let operation = || rekey(rekey_order(), keys, nonces(1));
        cut_everywhere(&start, 25, operation, |mut card, told| {
            assert!(is_whole(&mut card, told), "{told}");
            let mut wiped = twin(card.content());
            let done = hold(rekey(rekey_order(), keys, nonces(2)), &mut card).unwrap();
            done.unwrap_or_else(|error| panic!("{told}: {error}"));
            check_whole(&mut card, SECOND, TEMPLATE_BYTES);
            wipe_to_factory(&mut wiped);
        });
    }
}

#[test]
fn a_wiping_that_was_cut_is_done_again_or_the_card_personalised() {
    for generation in KINDS {
        let start = personalised(generation, TEMPLATE_BYTES).content();
        let operation = || wipe(wipe_order(CardKeyAfter::Factory), keys, nonces(1));
        cut_everywhere(&start, 20, operation, |mut card, told| {
            is_whole(&mut card, told);
            let mut taken = twin(card.content());
            wipe_to_factory(&mut card);
            let done = hold(personalise(plan(TEMPLATE_BYTES), keys, nonces(2)), &mut taken).unwrap();
            done.unwrap_or_else(|error| panic!("{told}: {error}"));
            check_whole(&mut taken, FIRST, TEMPLATE_BYTES);
        });
    }
}

/// Whoever breaks off in the middle of a command's parts leaves a card that still waits for them.
#[test]
fn a_conversation_that_is_left_is_followed_by_another_without_losing_power() {
    for generation in KINDS {
        let start = personalised(generation, TEMPLATE_BYTES).content();
        let mut is_over = false;
        for commands in 1.. {
            let mut card = twin(start.clone());
            card.power();
            let mut asked = 0;
            let left = read(read_order(&[FIRST]), nonces(1)).hold(|apdu| {
                asked += 1;
                match card.react(apdu) {
                    Reaction::Answer(answer) if asked <= commands => Ok(answer),
                    _ => Err(()),
                }
            });
            is_over = is_over || left.is_ok();
            let read = go_on(read(read_order(&[FIRST]), nonces(2)), &mut card).unwrap();
            assert_eq!(read.unwrap().credential, credential(), "after {commands} commands");
            let done = go_on(rekey(rekey_order(), keys, nonces(3)), &mut card).unwrap();
            done.unwrap_or_else(|error| panic!("after {commands} commands: {error}"));
            if is_over {
                assert!(commands > 10, "only {commands} commands");
                break;
            }
        }
    }
}
