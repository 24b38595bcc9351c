//! The card against published vectors and records of a real one, against a reader written apart, and against any bytes.

use std::collections::VecDeque;

use super::content::{Application, Content, Generation, Key, Model};
use super::crypto::KeyKind;
use super::{Card, Random};

mod commands;
mod limits;
mod misdeeds;
mod properties;
mod reader;
mod records;
mod vectors;

const UID: [u8; 7] = [0x04, 0x06, 0x3F, 0x72, 0x63, 0x34, 0x80];

/// Bytes from hexadecimal digits with blanks.
fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.split_whitespace().collect::<String>()).unwrap()
}

fn sized<const N: usize>(text: &str) -> [u8; N] {
    bytes(text).try_into().unwrap()
}

/// Randomness that is known: the parts of `draws` in turn, then zeros.
fn scripted(draws: &[&str]) -> Random {
    let mut draws: VecDeque<Vec<u8>> = draws.iter().map(|draw| bytes(draw)).collect();
    Box::new(move |into| match draws.pop_front() {
        Some(draw) => into.copy_from_slice(&draw),
        None => into.fill(0),
    })
}

/// Randomness that differs from draw to draw and not from run to run.
fn counted() -> Random {
    let mut count = 0_u8;
    Box::new(move |into| {
        for byte in into {
            count = count.wrapping_mul(5).wrapping_add(113);
            *byte = count;
        }
    })
}

fn factory(model: Model) -> Content {
    Content::factory(UID, model)
}

fn ev1() -> Model {
    Model { generation: Generation::Ev1, size: super::Size::K8, ..Model::default() }
}

/// An application with `keys` for AES, the settings of the factory, and no file.
fn application(id: u32, kind: KeyKind, keys: usize) -> Application {
    Application {
        id,
        iso_id: None,
        name: Vec::new(),
        settings: 0x0F,
        has_iso_files: false,
        keys: vec![Key::blank(kind); keys],
        files: Vec::new(),
    }
}

/// Sends a native command, wrapped.
fn send(card: &mut Card, native: &[u8]) -> Vec<u8> {
    let (command, data) = native.split_first().unwrap();
    let mut apdu = vec![0x90, *command, 0, 0];
    if !data.is_empty() {
        apdu.push(data.len().try_into().unwrap());
        apdu.extend(data);
    }
    apdu.push(0);
    card.answer(&apdu)
}

/// Sends a native command, and wants this: status, then data.
fn check(card: &mut Card, native: &str, expected: &str) {
    let mut answer = send(card, &bytes(native));
    let status = answer.split_off(answer.len() - 2);
    assert_eq!(status[0], 0x91);
    let shown = hex::encode_upper([&status[1..], &answer].concat());
    assert_eq!(shown, expected.split_whitespace().collect::<String>(), "{native}");
}

#[test]
fn the_card_names_nothing_of_the_readers_side() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/card/virtual_desfire");
    let mut files = 0;
    for folder in [folder.clone(), folder.join("tests")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                files += 1;
                let own = concat!("virtual_", "desfire");
                let text = std::fs::read_to_string(&path).unwrap().replace(own, "");
                assert!(!text.contains(concat!("desfire", "::")), "{}", path.display());
            }
        }
    }
    assert!(files > 15, "the folder was read");
}
