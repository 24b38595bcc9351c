//! What each command does, and how it is refused, with a reader that proves and checks everything.

use super::super::content::{Mode, Size};
use super::reader::{Key, Reader, Talk};
use super::*;

pub(super) const ZERO: Key = [0; 16];
const MASTER: Key = *b"the card's own 1";
pub(super) const MAIN: Key = *b"application's 00";
const READING: Key = *b"application's 01";
pub(super) const APP: u32 = 0x50_46_01;

pub(super) fn card(model: Model) -> Card {
    Card::new(factory(model), counted())
}

/// An application with three keys, the first two of which are set, and a file of each mode, filled.
pub(super) fn personalised() -> Card {
    let mut card = card(Model::default());
    let mut reader = Reader::new(&mut card);
    reader.old(0, &ZERO).unwrap();
    reader.set_key(0x80, None, &MASTER, 7).unwrap();
    reader.first(0, &MASTER).unwrap();
    reader.create_application(APP, 0x0B, 0x83).unwrap();
    reader.select(APP).unwrap();
    reader.first(0, &ZERO).unwrap();
    reader.set_key(1, Some(&ZERO), &READING, 3).unwrap();
    reader.set_key(0, None, &MAIN, 2).unwrap();
    reader.first(0, &MAIN).unwrap();
    for (number, mode) in [(0, 0), (1, 1), (3, 3)] {
        reader.create_file(number, mode, 0x1000, 200).unwrap();
        reader.write(number, 0, &[number + 0x40; 200], mode_of(mode)).unwrap();
    }
    card
}

fn mode_of(mode: u8) -> Mode {
    [Mode::Plain, Mode::Mac, Mode::Plain, Mode::Full][usize::from(mode)]
}

#[test]
fn a_card_is_personalised_and_read() {
    let mut card = personalised();
    card.power();
    let mut reader = Reader::new(&mut card);
    reader.select(APP).unwrap();
    reader.first(1, &READING).unwrap();
    for (number, mode) in [(0, 0), (1, 1), (3, 3)] {
        assert_eq!(reader.read(number, 0, 0, mode_of(mode)).unwrap(), [number + 0x40; 200]);
        assert_eq!(reader.read(number, 150, 50, mode_of(mode)).unwrap(), [number + 0x40; 50]);
    }
    // Another key in the same transaction: identifier and counter go on.
    let Talk::Ev2 { ti, counter, .. } = reader.talk else { panic!() };
    assert_eq!(counter, 6);
    reader.non_first(0, &MAIN).unwrap();
    reader.write(3, 100, &[0xEE; 100], Mode::Full).unwrap();
    let Talk::Ev2 { ti: kept, counter, .. } = reader.talk else { panic!() };
    assert_eq!((kept, counter), (ti, 7));
    assert_eq!(reader.read(3, 99, 2, Mode::Full).unwrap(), [0x43, 0xEE]);

    assert_eq!(reader.admin(0x6F, &[]).unwrap(), [0, 1, 3]);
    assert_eq!(reader.admin(0xF5, &[3]).unwrap(), [0, 3, 0x00, 0x10, 200, 0, 0]);
    assert_eq!(reader.admin(0x45, &[]).unwrap(), [0x0B, 0x83]);
    assert_eq!([0, 1, 2].map(|key| reader.admin(0x64, &[key]).unwrap()), [[2], [3], [0]]);
    assert_eq!(reader.data(0x51, &[], &[], Mode::Mac).unwrap(), UID);
    reader.data(0x54, &[], &[0x1F], Mode::Full).unwrap();
    assert_eq!(reader.admin(0x45, &[]).unwrap(), [0x1F, 0x83]);
    reader.admin(0xDF, &[0]).unwrap();
    assert_eq!(reader.admin(0x6F, &[]).unwrap(), [1, 3]);
}

#[test]
fn a_template_is_written_and_read_in_frames() {
    let mut card = card(Model::default());
    let template: Vec<u8> = (0..1_536_u32).map(|index| ((index * 31) >> 2) as u8).collect();
    let mut reader = Reader::new(&mut card);
    reader.create_application(APP, 0x0F, 0x81).unwrap();
    reader.select(APP).unwrap();
    reader.first(0, &ZERO).unwrap();
    reader.create_file(2, 3, 0x0000, 1_536).unwrap();
    reader.write(2, 0, &template, Mode::Full).unwrap();
    assert_eq!(reader.read(2, 0, 1_536, Mode::Full).unwrap(), template);
    reader.card.power();
    reader.select(APP).unwrap();
    reader.aes(0, &ZERO).unwrap();
    assert_eq!(reader.read(2, 0, 1_536, Mode::Full).unwrap(), template);
}

#[test]
fn ev1_messages_in_every_mode() {
    let mut card = personalised();
    card.content.model.generation = Generation::Ev1;
    let mut reader = Reader::new(&mut card);
    reader.select(APP).unwrap();
    assert_eq!(reader.first(1, &READING), Err(0x1C), "an EV1 knows no EV2");
    reader.aes(0, &MAIN).unwrap();
    for (number, mode) in [(0, 0), (1, 1), (3, 3)] {
        reader.write(number, 7, &[0x77; 90], mode_of(mode)).unwrap();
        assert_eq!(reader.read(number, 6, 3, mode_of(mode)).unwrap(), [number + 0x40, 0x77, 0x77]);
    }
    assert_eq!(reader.data(0x51, &[], &[], Mode::Plain).unwrap(), UID);
    reader.data(0x54, &[], &[0x0F], Mode::Full).unwrap();
    reader.set_key(2, Some(&ZERO), &READING, 9).unwrap();
    assert_eq!(reader.admin(0x64, &[2]).unwrap(), [9]);
    reader.set_key(0, None, &READING, 8).unwrap();
    reader.aes(0, &READING).unwrap();
    assert_eq!(reader.admin(0x64, &[0]).unwrap(), [8]);
}

#[test]
fn messages_of_the_first_generation_in_every_mode() {
    let mut card = card(Model::default());
    let mut reader = Reader::new(&mut card);
    reader.create_application(APP, 0x0F, 0x02).unwrap();
    reader.select(APP).unwrap();
    assert_eq!(reader.first(0, &ZERO), Err(0xAE), "a key for DES is none for AES");
    reader.old(0, &ZERO).unwrap();
    for number in [0, 1, 3] {
        let mode = mode_of(number);
        reader.create_file(number, number, 0x0000, 100).unwrap();
        reader.write(number, 1, &[0x99; 99], mode).unwrap();
        assert_eq!(reader.read(number, 0, 100, mode).unwrap(), [&[0][..], &[0x99; 99]].concat());
    }
    reader.data(0x54, &[], &[0x0D], Mode::Full).unwrap();
    assert_eq!(reader.admin(0x45, &[]).unwrap(), [0x0D, 0x02]);
    // Two halves that differ make a session key of two halves.
    reader.card.content.applications[0].keys[1].bytes = MAIN;
    reader.old(1, &MAIN).unwrap();
    assert_eq!(reader.exchange(0x6F, &[]), Err(0xAE));
}

#[test]
fn the_factory_key_gives_way_to_aes_and_back() {
    let mut card = card(Model::default());
    let mut reader = Reader::new(&mut card);
    assert_eq!(reader.exchange(0x45, &[]).unwrap(), [0x0F, 0x01]);
    reader.old(0, &ZERO).unwrap();
    reader.set_key(0x80, None, &MASTER, 5).unwrap();
    assert_eq!(reader.exchange(0x45, &[]).unwrap(), [0x0F, 0x81]);
    assert_eq!(reader.exchange(0x64, &[0]).unwrap(), [5]);
    assert_eq!(reader.old(0, &ZERO), Err(0xAE), "the factory's key is one no more");
    assert_eq!(reader.exchange(0xFC, &[]), Err(0xAE), "and nobody formats");
    assert_eq!(reader.first(0, &ZERO), Err(0xAE));
    reader.first(0, &MASTER).unwrap();
    reader.create_application(APP, 0x0F, 0x81).unwrap();
    reader.set_key(0x80, None, &READING, 6).unwrap();
    assert_eq!(reader.first(0, &MASTER), Err(0xAE));
    reader.first(0, &READING).unwrap();
    // Without the mark of AES the key would be one for DES, of another length.
    assert_eq!(reader.set_key(0x00, None, &MASTER, 5), Err(0x1E));
    reader.first(0, &READING).unwrap();
    reader.admin(0xFC, &[]).unwrap();
    assert_eq!(reader.admin(0x6A, &[]).unwrap(), b"");
    assert_eq!(card.content.master.bytes, READING);
    assert_eq!(card.content.used_bytes, 0);
}

#[test]
fn refusals_have_their_status() {
    let anew = || {
        let mut card = personalised();
        card.power();
        card
    };
    // After selecting the application, without authentication.
    let open = |native: &str, expected: &str| {
        let mut card = anew();
        check(&mut card, "5A 014650", "00");
        check(&mut card, native, expected);
    };
    open("5A 000001", "A0");
    open("5A 0000", "7E");
    open("99", "1C");
    open("AF", "1C");
    open("6A", "9D");
    open("CA 010203 0F 81", "9D");
    open("FC", "9D");
    open("51", "AE");
    open("CD 05 00 0000 100000", "AE");
    open("54 00", "AE");
    open("C4 00", "AE");
    open("64 03", "40");
    open("71 03 00", "40");
    open("77 01", "AE");
    open("71 01", "7E");
    open("71 01 07 00000000000000", "7E");
    open("AA 01 00", "7E");
    open("0A 01", "AE");
    open("BD 03 000000 000000", "AE");
    open("BD 04 000000 000000", "F0");
    open("BD 03 000000", "7E");
    open("DF 03", "AE");
    open("C7", "0C");
    open("F5 09", "F0");
    open("60 00", "7E");
    // At the card itself, without authentication: everything is free but what the master key alone may.
    let card_level = |native: &str, expected: &str| check(&mut anew(), native, expected);
    card_level("CA 014650 0F 81", "DE");
    card_level("CA 000000 0F 81", "9E");
    card_level("CA 010203 0F 80", "9E");
    card_level("CA 010203 0F 8F", "9E");
    card_level("CA 010203 0F 41", "9E");
    card_level("CA 010203 0F", "7E");
    card_level("CA 010203 0F 91 01", "9E");
    card_level("CA 010203 0F 91 00", "00");
    card_level("DA 014650", "AE");
    card_level("FC", "AE");
    card_level("CD 05 00 0000 100000", "9D");
    card_level("6F", "9D");
    card_level("BD 03 000000 000000", "9D");
    card_level("C7", "9D");
    card_level("64 01", "40");
    card_level(&format!("60 {}", "00".repeat(60)), "7E");
    // Authenticated by the application's master key.
    let master = |refused: &dyn Fn(&mut Reader) -> Result<(), u8>, expected: u8| {
        let mut card = anew();
        let before = card.content.clone();
        let mut reader = Reader::new(&mut card);
        reader.select(APP).unwrap();
        reader.first(0, &MAIN).unwrap();
        assert_eq!(refused(&mut reader), Err(expected));
        assert!(card.session.is_none(), "a refusal ends the session");
        assert_eq!(card.content, before);
    };
    master(&|reader| reader.create_file(3, 0, 0x0000, 16), 0xDE);
    master(&|reader| reader.create_file(0x20, 0, 0x0000, 16), 0x9E);
    master(&|reader| reader.create_file(5, 2, 0x0000, 16), 0x9E);
    master(&|reader| reader.create_file(5, 0, 0x3000, 16), 0x9E);
    master(&|reader| reader.create_file(5, 0, 0x0000, 0), 0x9E);
    master(&|reader| reader.create_file(5, 0, 0x0000, 5_000), 0x0E);
    master(&|reader| reader.write(3, 150, &[0; 51], Mode::Full), 0xBE);
    master(&|reader| reader.write(3, 0, &[], Mode::Full), 0x7E);
    master(&|reader| reader.write(9, 0, &[0], Mode::Full), 0xF0);
    master(&|reader| reader.read(3, 200, 1, Mode::Full).map(drop), 0xBE);
    // Full is wanted; what comes has a MAC alone, and is too short.
    master(&|reader| reader.write(3, 0, &[0; 9], Mode::Mac), 0x7E);
    master(&|reader| reader.data(0xDF, &[3], &[], Mode::Plain).map(drop), 0x7E);
    master(&|reader| reader.set_key(1, Some(&ZERO), &MAIN, 1), 0x1E);
    master(&|reader| reader.set_key(3, Some(&ZERO), &MAIN, 1), 0x40);
    master(&|reader| reader.admin(0xDF, &[9]).map(drop), 0xF0);
    // By the key that may only read.
    let reading = |refused: &dyn Fn(&mut Reader) -> Result<(), u8>, expected: u8| {
        let mut card = anew();
        let mut reader = Reader::new(&mut card);
        reader.select(APP).unwrap();
        reader.first(1, &READING).unwrap();
        assert_eq!(refused(&mut reader), Err(expected));
    };
    reading(&|reader| reader.write(3, 0, &[1], Mode::Full), 0xAE);
    reading(&|reader| reader.set_key(2, Some(&ZERO), &MAIN, 1), 0xAE);
    reading(&|reader| reader.set_key(1, None, &MAIN, 1), 0xAE);
    reading(&|reader| reader.read(3, 200, 1, Mode::Full).map(drop), 0xBE);
    reading(&|reader| reader.read(3, 1, 200, Mode::Full).map(drop), 0xBE);
    reading(&|reader| reader.data(0x54, &[], &[0x0F], Mode::Full).map(drop), 0xAE);
    reading(&|reader| reader.admin(0xDF, &[3]).map(drop), 0xAE);
}

#[test]
fn settings_bind() {
    let mut card = personalised();
    let master = |card: &mut Card, settings: u8, act: &dyn Fn(&mut Reader) -> Result<(), u8>| {
        card.content.applications[0].settings = settings;
        let mut reader = Reader::new(card);
        reader.select(APP).unwrap();
        reader.first(0, &MAIN).unwrap();
        act(&mut reader)
    };
    let other = |reader: &mut Reader| reader.set_key(2, Some(&ZERO), &ZERO, 1);
    let own = |reader: &mut Reader| reader.set_key(0, None, &MAIN, 1);
    let settings = |reader: &mut Reader| reader.data(0x54, &[], &[0x0F], Mode::Full).map(drop);
    assert_eq!(master(&mut card, 0x0E, &own), Err(0x9D), "the master key is frozen");
    assert_eq!(master(&mut card, 0xF1, &own), Ok(()));
    assert_eq!(master(&mut card, 0xF1, &other), Err(0x9D), "the others are");
    assert_eq!(master(&mut card, 0xE1, &other), Err(0xAE), "each changes itself");
    assert_eq!(master(&mut card, 0x11, &other), Err(0xAE), "the second changes them");
    assert_eq!(master(&mut card, 0x21, &other), Ok(()), "but not itself");
    assert_eq!(master(&mut card, 0x07, &settings), Err(0x9D));
    card.content.applications[0].settings = 0x11;
    let mut reader = Reader::new(&mut card);
    reader.select(APP).unwrap();
    assert_eq!(reader.exchange(0x6F, &[]), Err(0xAE), "listing is not free");
    reader.select(APP).unwrap();
    reader.first(1, &READING).unwrap();
    reader.set_key(2, Some(&ZERO), &MASTER, 1).unwrap();
    reader.card.content.applications[0].settings = 0xE1;
    reader.set_key(1, None, &MASTER, 1).unwrap();
    // The card's own.
    reader.select(0).unwrap();
    reader.first(0, &MASTER).unwrap();
    reader.data(0x54, &[], &[0x08], Mode::Full).unwrap();
    reader.select(0).unwrap();
    assert_eq!(reader.exchange(0x6A, &[]), Err(0xAE));
    assert_eq!(reader.create_application(9, 0x0F, 0x81), Err(0xAE));
    reader.first(0, &MASTER).unwrap();
    assert_eq!(reader.set_key(0x80, None, &MAIN, 1), Err(0x9D));
}

#[test]
fn what_everybody_may_is_done_openly_and_what_nobody_may_by_nobody() {
    let mut card = personalised();
    card.content.applications[0].files[2].access = 0xEF0F;
    card.content.applications[0].files[1].access = 0xFFFF;
    let mut reader = Reader::new(&mut card);
    reader.select(APP).unwrap();
    assert_eq!(reader.read(3, 0, 2, Mode::Plain).unwrap(), [0x43, 0x43]);
    assert_eq!(reader.read(1, 0, 2, Mode::Plain), Err(0x9D));
    // By a key that gives no right of its own, openly too; by one that does, as the file says.
    reader.first(1, &READING).unwrap();
    assert_eq!(reader.read(3, 0, 2, Mode::Plain).unwrap(), [0x43, 0x43]);
    reader.first(0, &MAIN).unwrap();
    assert_eq!(reader.read(3, 0, 2, Mode::Full).unwrap(), [0x43, 0x43]);
}

#[test]
fn an_application_is_deleted_by_its_own_master_key_where_that_is_free() {
    let mut card = personalised();
    let mut reader = Reader::new(&mut card);
    reader.select(APP).unwrap();
    reader.first(0, &MAIN).unwrap();
    reader.card.content.settings = 0x0B;
    assert_eq!(reader.admin(0xDA, &APP.to_le_bytes()[..3]), Err(0xAE));
    reader.card.content.settings = 0x0F;
    reader.first(0, &MAIN).unwrap();
    reader.admin(0xDA, &APP.to_le_bytes()[..3]).unwrap();
    assert_eq!((card.selected, card.content.applications.len()), (0, 0));
    assert!(card.session.is_none());
}

#[test]
fn the_version_takes_three_frames_and_a_random_uid_is_not_told() {
    let mut card = card(Model { generation: Generation::Ev2, size: Size::K8, ..Model::default() });
    check(&mut card, "60", "AF 04010112001A05");
    check(&mut card, "AF", "AF 04010102011A05");
    check(&mut card, "AF", "00 04063F72633480 BA4519E3204913");
    check(&mut card, "AF", "1C");
    assert_eq!(card.told_uid(), UID);

    let mut card = Card::new(factory(Model { has_random_uid: true, ..Model::default() }), counted());
    let first = card.told_uid().to_vec();
    assert_eq!((first.len(), first[0]), (4, 0x08));
    check(&mut card, "60", "AF 04010133001805");
    check(&mut card, "AF", "AF 04010103001805");
    check(&mut card, "AF", "00 00000000000000 BA4519E3204913");
    card.power();
    assert_ne!(card.told_uid(), first, "another at each power-up");
    let mut reader = Reader::new(&mut card);
    reader.create_application(APP, 0x0F, 0x81).unwrap();
    reader.select(APP).unwrap();
    reader.first(0, &ZERO).unwrap();
    assert_eq!(reader.data(0x51, &[], &[], Mode::Mac).unwrap(), UID);
    // The frames of a protected answer are one message, in a session too.
    assert_eq!(reader.admin(0x60, &[]).unwrap().len(), 28);
}

#[test]
fn iso_commands_select_by_name() {
    let mut card = card(Model::default());
    check(&mut card, "CA 014650 0F A1 01E1 50666F727465", "00");
    check(&mut card, "CA 024650 0F 81 01E1", "DE");
    check(&mut card, "CA 024650 0F 81 02E1 50666F727465", "DE");
    check(&mut card, "CA 024650 0F 81 02", "7E");
    let mut iso = |apdu: &str, expected: &str| assert_eq!(card.answer(&bytes(apdu)), bytes(expected), "{apdu}");
    iso("00A404000650666F72746500", "9000");
    iso("90450000 00", "0FA1 9100");
    // Files have ISO identifiers here, each another.
    iso("90CD000009 01 01E2 00 EEEE 040000 00", "9100");
    iso("90CD000009 02 01E2 00 EEEE 040000 00", "91DE");
    iso("90CD000007 02 00 EEEE 040000 00", "919E");
    iso("00A4040C07D276000085010000", "9000");
    iso("90450000 00", "0F01 9100");
    iso("00A4040003506666 00", "6A82");
    iso("00A404000000", "6700");
    iso("00A40000023F00", "6A86");
    iso("00B0000000", "6D00");
    iso("80450000 00", "6E00");
    iso("90450100 00", "6A86");
    iso("9045", "6700");
    iso("90640000020000", "917E");
    iso("906400000300", "6700");
    iso("90600000", "04010133001805 91AF");
}

#[test]
fn what_is_kept_is_read_back_and_no_key_is_printed() {
    let card = personalised();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.json");
    card.content.save(&path).unwrap();
    assert_eq!(Content::load(&path).unwrap(), card.content);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"settings\"", "\"colour\"")).unwrap();
    assert!(Content::load(&path).unwrap_err().to_string().contains("colour"));
    std::fs::write(&path, text.replacen(&hex::encode_upper(MASTER), "00", 1)).unwrap();
    assert!(Content::load(&path).unwrap_err().to_string().contains("1 bytes"));
    let printed = format!("{card:?}");
    assert!(printed.contains("[redacted]"));
    for secret in [&MASTER[..], &MAIN, &READING] {
        assert!(!printed.contains(&format!("{secret:?}")) && !printed.contains(&hex::encode_upper(secret)));
    }
}
