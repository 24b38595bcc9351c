//! Each misdeed does what it says, at its command and at no other, and what was kept is what was committed.

use std::time::Duration;

use super::super::content::{File, FileKind, Mode};
use super::super::{Deed, Misdeed, Twin, TwinError, UID_BYTES};
use super::*;
use crate::card::virtual_card::{FieldCard as _, Reaction};

/// With a plain file and one with a MAC, which everybody's zero key opens.
fn content() -> Content {
    let mut content = factory(Model::default());
    let mut application = application(0x50_46_01, KeyKind::Aes, 1);
    for (number, mode, access) in [(0, Mode::Plain, 0xEEEE), (1, Mode::Mac, 0x0000)] {
        let file = File { number, iso_id: None, kind: FileKind::Standard, mode, access, data: vec![number; 8] };
        application.files.push(file);
    }
    content.applications.push(application);
    content
}

fn twin() -> Twin {
    Twin::new(content(), counted())
}

fn apdu(native: &str) -> Vec<u8> {
    let native = bytes(native);
    let mut apdu = vec![0x90, native[0], 0, 0];
    if native.len() > 1 {
        apdu.push((native.len() - 1).try_into().unwrap());
        apdu.extend(&native[1..]);
    }
    apdu.push(0);
    apdu
}

fn ask(twin: &mut Twin, native: &str) -> Reaction {
    twin.react(&apdu(native))
}

fn answered(answer: &str) -> Reaction {
    Reaction::Answer(bytes(answer))
}

const SELECT: &str = "5A 014650";
const WRITE: &str = "3D 00 000000 080000 AAAAAAAAAAAAAAAA";
const READ: &str = "BD 00 000000 000000";

/// What `READ`, third after power, is answered under a misdeed; the two before and one after are answered well.
fn at_third(deed: Deed) -> Reaction {
    let mut twin = twin();
    twin.misbehave(Some(Misdeed { at: 3, deed }));
    assert_eq!(ask(&mut twin, SELECT), answered("9100"));
    assert_eq!(ask(&mut twin, READ), answered("0000000000000000 9100"));
    ask(&mut twin, READ)
}

#[test]
fn each_misdeed_shows_at_its_command() {
    assert_eq!(at_third(Deed::Silence), Reaction::Silence);
    assert_eq!(at_third(Deed::Tear { bytes: 3 }), answered("000000"));
    assert_eq!(at_third(Deed::Tear { bytes: 0 }), answered(""));
    assert_eq!(at_third(Deed::FlipAnswer { bit: 9 }), answered("0040000000000000 9100"));
    // The second byte of the command is its instruction: BD becomes 3D.
    assert_eq!(at_third(Deed::FlipCommand { bit: 8 }), answered("917E"));
    assert_eq!(at_third(Deed::Status { status: 0xEE }), answered("91EE"));
    assert_eq!(at_third(Deed::LeaveBefore), Reaction::Leaves);
    assert_eq!(at_third(Deed::LeaveAfter), Reaction::Leaves);
    let late = Reaction::Late(Duration::from_millis(900), bytes("0000000000000000 9100"));
    assert_eq!(at_third(Deed::Late { ms: 900 }), late);
    // Nothing here has a MAC to be wrong.
    assert_eq!(at_third(Deed::WrongMac), answered("0000000000000000 9100"));
}

#[test]
fn a_misdeed_is_over_when_told() {
    let mut twin = twin();
    twin.misbehave(Some(Misdeed { at: 2, deed: Deed::Status { status: 0xEE } }));
    for _ in 0..2 {
        twin.power();
        assert_eq!(ask(&mut twin, SELECT), answered("9100"));
        assert_eq!(ask(&mut twin, READ), answered("91EE"));
        assert_eq!(ask(&mut twin, READ), answered("0000000000000000 9100"));
    }
    assert!(twin.misdeed().is_some());
    twin.misbehave(None);
    twin.power();
    ask(&mut twin, SELECT);
    assert_eq!(ask(&mut twin, READ), answered("0000000000000000 9100"));
}

/// Authenticates by the zero key as EV1 does, with a challenge that the card's randomness makes alike each time, and asks for
/// the free memory. Gives all answers.
fn session(twin: &mut Twin) -> Vec<Reaction> {
    twin.power();
    let mut answers = vec![ask(twin, SELECT), ask(twin, "AA 00")];
    let Some(Reaction::Answer(sent)) = answers.last() else { panic!() };
    let cipher = super::super::crypto::Cipher::new(KeyKind::Aes, &[0; 16]);
    let mut b = sent[..16].to_vec();
    cipher.decrypt(&mut [0; 16], &mut b);
    b.rotate_left(1);
    let mut proof = [vec![3; 16], b].concat();
    cipher.encrypt(&mut sent[..16].to_vec(), &mut proof);
    answers.push(ask(twin, &format!("AF {}", hex::encode(proof))));
    answers.push(ask(twin, "6E"));
    answers
}

#[test]
fn a_wrong_mac_is_the_first_there_is_from_then_on() {
    let mut good = twin();
    let well = session(&mut good);
    for (at, spoilt) in [(1, 2), (3, 2), (4, 3)] {
        let mut twin = twin();
        twin.misbehave(Some(Misdeed { at, deed: Deed::WrongMac }));
        let answers = session(&mut twin);
        for (index, (answer, well)) in answers.iter().zip(&well).enumerate() {
            assert_eq!(answer == well, index != spoilt, "answer {index}, misdeed at {at}");
        }
    }
}

#[test]
fn a_replayed_session_is_the_one_before() {
    let mut twin = twin();
    let first = session(&mut twin);
    // Power-ups without proof are not worth recording.
    twin.power();
    ask(&mut twin, "60");
    let second = session(&mut twin);
    assert_ne!(first[1], second[1], "another challenge");
    twin.misbehave(Some(Misdeed { at: 1, deed: Deed::Replay }));
    assert_eq!(session(&mut twin), second);
    assert_eq!(session(&mut twin), second, "and again");
    assert_eq!(ask(&mut twin, "60"), answered("911C"), "there was no more");
    twin.misbehave(Some(Misdeed { at: 4, deed: Deed::Replay }));
    let live = session(&mut twin);
    assert_ne!(live[1], second[1]);
    assert_eq!(live[3], second[3]);
}

#[test]
fn a_copy_has_the_uid_and_not_the_keys() {
    let mut content = content();
    content.applications[0].files[1].data = b"identity".to_vec();
    let copy = content.copied_without_keys(counted());
    assert_eq!((copy.uid, copy.model), (content.uid, content.model));
    assert_eq!(copy.applications[0].files[0], content.applications[0].files[0], "what everybody may read");
    assert_ne!(copy.applications[0].files[1].data, content.applications[0].files[1].data);
    assert_ne!(copy.master.bytes, content.master.bytes);
    assert_ne!(copy.applications[0].keys[0].bytes, content.applications[0].keys[0].bytes);
    let mut twin = Twin::new(copy, counted());
    assert_eq!(ask(&mut twin, SELECT), answered("9100"));
    assert_eq!(ask(&mut twin, "6F"), answered("0001 9100"));
    let answers = session(&mut twin);
    assert_eq!(answers[2], answered("91AE"));
}

#[test]
fn a_swapped_card_is_another_from_that_command_on() {
    let mut other = content();
    other.uid = [9; UID_BYTES];
    other.applications[0].files[0].data = vec![0x99; 8];
    let (mut twin, other) = (twin(), Twin::new(other, counted()));
    twin.swap(3, "other", &other);
    for _ in 0..2 {
        twin.power();
        assert_eq!(ask(&mut twin, SELECT), answered("9100"));
        assert_eq!(ask(&mut twin, READ), answered("0000000000000000 9100"));
        assert_eq!(ask(&mut twin, READ), answered("919D"), "nothing is selected on the other");
        assert_eq!(ask(&mut twin, SELECT), answered("9100"));
        assert_eq!(ask(&mut twin, READ), answered("9999999999999999 9100"));
        assert_eq!(twin.uid(), UID, "the reader found the first");
    }
    // Each for the other, which must end.
    other.swap(1, "twin", &twin);
    twin.power();
    ask(&mut twin, SELECT);
    ask(&mut twin, READ);
    assert_eq!(ask(&mut twin, SELECT), answered("9100"));
}

#[test]
fn what_was_committed_outlives_power_and_what_was_not_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card-anna.json");
    let data = |path: &std::path::Path| Content::load(path).unwrap().applications[0].files[0].data.clone();
    for (deed, kept) in [
        (Deed::LeaveBefore, [0; 8]),
        (Deed::LeaveMidway, [0xAA, 0xAA, 0xAA, 0xAA, 0, 0, 0, 0]),
        (Deed::LeaveAfter, [0xAA; 8]),
    ] {
        let mut twin = Twin::keep(content(), &path, counted()).unwrap();
        twin.misbehave(Some(Misdeed { at: 2, deed: deed.clone() }));
        ask(&mut twin, SELECT);
        assert_eq!(ask(&mut twin, WRITE), Reaction::Leaves);
        assert_eq!(data(&path), kept, "{deed:?}");
        // The same card, and one that is read from its file, go on from there.
        twin.power();
        assert_eq!(ask(&mut twin, READ), answered("919D"));
        assert_eq!(twin.content(), Content::load(&path).unwrap());
        let again = Twin::open(&path, UID, Model::default(), counted()).unwrap();
        assert_eq!(again.content(), twin.content());
    }
    // Midway, what is no data of a file did not happen.
    let mut twin = Twin::keep(content(), &path, counted()).unwrap();
    twin.misbehave(Some(Misdeed { at: 1, deed: Deed::LeaveMidway }));
    assert_eq!(ask(&mut twin, "CA 010203 0F 81"), Reaction::Leaves);
    assert_eq!(Content::load(&path).unwrap(), content());
}

#[test]
fn a_card_is_kept_in_its_file_before_it_answers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card-anna.json");
    let mut twin = Twin::open(&path, UID, Model::default(), counted()).unwrap();
    assert_eq!(Content::load(&path).unwrap(), factory(Model::default()));
    assert_eq!(ask(&mut twin, "CA 010203 0F 81"), answered("9100"));
    assert_eq!(Content::load(&path).unwrap().applications.len(), 1);
    let other = Twin::open(&path, [1; UID_BYTES], Model::default(), counted()).unwrap_err();
    assert!(matches!(other, TwinError::Other(_)), "{other}");
    std::fs::write(&path, "{}").unwrap();
    assert!(matches!(Twin::open(&path, UID, Model::default(), counted()), Err(TwinError::File(..))));
    // What can't be kept is not answered.
    drop(folder);
    assert_eq!(ask(&mut twin, "CA 040506 0F 81"), Reaction::Leaves);
}
