//! Against any bytes: nothing panics, nothing changes but by a command that was answered well, and no way leads to a session
//! but through a key.

use proptest::prelude::*;

use super::super::content::{File, FileKind, Mode};
use super::super::session::{Session, Way};
use super::reader::{Key, Reader};
use super::*;

const KEY: Key = *b"nobody guesses 1";

/// A card of which everything is worth attacking: all keys set, nothing free but listing, files of each mode.
fn guarded() -> Content {
    let mut content = factory(Model::default());
    content.master = super::super::Key { kind: KeyKind::Aes, bytes: KEY, version: 1 };
    content.settings = 0x0B;
    let mut application = application(0x50_46_01, KeyKind::Aes, 3);
    application.settings = 0x0B;
    application.keys.iter_mut().for_each(|key| key.bytes = KEY);
    for (number, mode) in [(0, Mode::Plain), (1, Mode::Mac), (2, Mode::Full)] {
        let file = File { number, iso_id: None, kind: FileKind::Standard, mode, access: 0x1000, data: vec![5; 70] };
        application.files.push(file);
    }
    content.applications.push(application);
    content
}

/// What somebody may try: any bytes, but mostly commands that exist, often well formed.
fn attempt() -> impl Strategy<Value = Vec<u8>> {
    let commands = [
        0x0A, 0x1A, 0x3D, 0x45, 0x51, 0x54, 0x5A, 0x60, 0x64, 0x6A, 0x6E, 0x6F, 0x71, 0x77, 0x8D, 0xA7, 0xAA, 0xAD,
        0xAF, 0xBD, 0xC4, 0xC7, 0xCA, 0xCB, 0xCD, 0xDA, 0xDF, 0xF5, 0xFC,
    ];
    let wrapped = |(command, data): (u8, Vec<u8>)| {
        let length = data.len() as u8;
        [&[0x90, command, 0, 0, length][..], &data, &[0]].concat()
    };
    let short = prop::collection::vec(prop_oneof![0..4_u8, any::<u8>()], 1..10);
    let data = prop_oneof![
        3 => short,
        1 => prop::collection::vec(any::<u8>(), 16..=16),
        1 => prop::collection::vec(any::<u8>(), 32..=32),
        1 => prop::collection::vec(any::<u8>(), 1..70),
        2 => Just(vec![0x01, 0x46, 0x50]),
        1 => (0..4_u8, 0..80_u8, 0..80_u8, any::<[u8; 24]>()).prop_map(|(file, offset, length, rest)| {
            [&[file, offset, 0, 0, length, 0, 0][..], &rest].concat()
        }),
    ];
    let bare = prop::sample::select(commands.to_vec()).prop_map(|command| vec![0x90, command, 0, 0, 0]);
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..80),
        2 => bare,
        6 => (prop::sample::select(commands.to_vec()), data).prop_map(wrapped),
    ]
}

fn status(answer: &[u8]) -> &[u8] {
    answer.last_chunk::<2>().expect("a status")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn without_a_key_nothing_changes_and_nothing_secret_is_read(attempts in prop::collection::vec(attempt(), 1..60)) {
        let mut card = Card::new(guarded(), counted());
        for attempt in attempts {
            let answer = card.answer(&attempt);
            let status = status(&answer);
            prop_assert!(status[0] == 0x91 || answer.len() == 2);
            prop_assert!(card.session.is_none(), "a session by {attempt:02X?}");
            prop_assert!(!answer.windows(4).any(|bytes| bytes == [5; 4]), "data by {attempt:02X?}");
            prop_assert_eq!(card.writes, 0);
        }
        prop_assert_eq!(card.content(), &guarded());
    }

    #[test]
    fn content_changes_by_commands_that_went_well_alone(attempts in prop::collection::vec(attempt(), 1..60)) {
        // A card from the factory, where most things are free.
        let mut card = Card::new(factory(Model::default()), counted());
        for attempt in attempts {
            let (before, writes) = (card.content.clone(), card.writes);
            let answer = card.answer(&attempt);
            let is_well = status(&answer) == [0x91, 0x00];
            prop_assert!(is_well || card.content == before, "changed by {attempt:02X?}, {answer:02X?}");
            prop_assert_eq!(card.content != before || card.writes != writes, card.writes != writes);
            let used = card.content.used_bytes;
            prop_assert!(used <= card.content.model.size.capacity_bytes());
        }
        // And what it holds by now can be kept.
        let text = serde_json::to_string(&card.content).unwrap();
        prop_assert_eq!(serde_json::from_str::<Content>(&text).unwrap(), card.content);
    }

    #[test]
    fn in_a_session_nothing_forged_changes_anything(
        number in 0..3_u8,
        is_ev2: bool,
        attempts in prop::collection::vec(attempt(), 1..20),
    ) {
        let mut card = Card::new(guarded(), counted());
        for attempt in attempts {
            if card.session.is_none() {
                card.power();
                let mut reader = Reader::new(&mut card);
                reader.select(0x50_46_01).unwrap();
                if is_ev2 { reader.first(number, &KEY).unwrap() } else { reader.aes(number, &KEY).unwrap() }
            }
            let answer = card.answer(&attempt);
            // EV1 takes administration without a MAC: only files and keys are guarded there.
            let (now, then) = (card.content(), guarded());
            if is_ev2 {
                let is_open = matches!(attempt.get(1), Some(0x3D | 0x8D | 0xAF)) && number == 0;
                prop_assert!(now == &then || is_open, "changed by {attempt:02X?}, {answer:02X?}");
                if is_open {
                    // The file in the open may be written by whoever sits between; the two others may not.
                    prop_assert_eq!(&now.applications[0].files[1..], &then.applications[0].files[1..]);
                    card.content = then;
                }
            } else {
                prop_assert_eq!(&now.master, &then.master);
                let keys = |content: &Content| content.applications.first().map(|application| application.keys.clone());
                prop_assert_eq!(keys(now), keys(&then));
                card.content = then;
            }
        }
    }

    #[test]
    fn a_flipped_bit_of_a_proof_is_no_proof(bit in 0..256_usize, command in prop::sample::select(vec![0x71_u8, 0xAA])) {
        let mut card = Card::new(guarded(), counted());
        check(&mut card, "5A 014650", "00");
        let begin = if command == 0x71 { vec![0x71, 1, 0] } else { vec![0xAA, 1] };
        let mut challenge = send(&mut card, &begin);
        challenge.truncate(16);
        let cipher = super::super::crypto::Cipher::new(KeyKind::Aes, &KEY);
        let mut b = challenge.clone();
        cipher.decrypt(&mut [0; 16], &mut b);
        b.rotate_left(1);
        let mut proof = [vec![9; 16], b].concat();
        let mut iv = if command == 0x71 { vec![0; 16] } else { challenge };
        cipher.encrypt(&mut iv, &mut proof);
        let (good, mut bad) = (proof.clone(), proof);
        bad[bit / 8] ^= 1 << (bit % 8);
        let answer = send(&mut card, &[&[0xAF], &bad[..]].concat());
        prop_assert_eq!(&answer[..], [0x91, 0xAE]);
        prop_assert!(card.session.is_none());
        // The same proof comes too late now, and would have been good.
        let late = send(&mut card, &[&[0xAF], &good[..]].concat());
        prop_assert_eq!(&late[..], [0x91, 0x1C]);
    }
}

#[test]
fn each_half_of_an_authentication_alone_is_nothing() {
    for command in ["0A 00", "1A 00", "AA 00", "71 00 00", "77 00"] {
        let mut card = Card::new(factory(Model::default()), counted());
        let length = if command.starts_with(['0', '1']) { 16 } else { 32 };
        let proof = [&[0xAF][..], &vec![0; length]].concat();
        assert_eq!(send(&mut card, &proof), [0x91, 0x1C], "a proof of nothing");
        let begun = send(&mut card, &bytes(command));
        assert!(card.session.is_none(), "{command}");
        if begun.ends_with(&[0x91, 0xAF]) {
            assert_eq!(send(&mut card, &proof), [0x91, 0xAE], "{command}");
        }
        assert!(card.session.is_none(), "{command}");
    }
}

#[test]
fn to_begin_an_authentication_ends_the_session_before() {
    let mut card = Card::new(guarded(), counted());
    let mut reader = Reader::new(&mut card);
    reader.select(0x50_46_01).unwrap();
    reader.first(0, &KEY).unwrap();
    assert!(matches!(reader.card.session, Some(Session { key_number: 0, way: Way::Ev2(_) })));
    send(reader.card, &bytes("71 01 00"));
    assert!(reader.card.session.is_none());
    reader.card.power();
    reader.select(0x50_46_01).unwrap();
    reader.aes(0, &KEY).unwrap();
    assert_eq!(send(reader.card, &bytes("77 00")), [0x91, 0xAE], "no EV2 session to go on with");
    assert!(reader.card.session.is_none());
}
