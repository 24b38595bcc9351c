//! Published vectors (AN10922, AN12343, AN12196), from the card's side.

use cmac::{Cmac, KeyInit as _, Mac as _};
use proptest::prelude::*;

use super::super::content::{File, FileKind, Mode};
use super::super::crypto::{Cipher, KeyKind, crc16, crc32, ev2_keys};
use super::super::session::{Ev2, Session, Way};
use super::*;

const AN12343_MAC_KEY: &str = "9366FA195EB566F5BD2BAD4020B83002";

/// A card on which a session stands as a vector has it.
fn in_session(content: Content, selected: u32, keys: [&str; 2], ti: &str, counter: u16) -> Card {
    let mut card = Card::new(content, scripted(&[]));
    card.selected = selected;
    let ev2 = Ev2::new(&keys.map(sized), sized(ti), counter);
    card.session = Some(Session { key_number: 0, way: Way::Ev2(ev2) });
    card
}

#[test]
fn an10922_is_cmac_where_its_input_is_long() {
    let key = sized("00112233445566778899AABBCCDDEEFF");
    let input = bytes("01 04782E21801D803042F54E585020416275");
    let diversified = Cipher::new(KeyKind::Aes, &key).cmac_alone(&input);
    assert_eq!(diversified, bytes("A8DD63A3B89D54B37CA802473FDA9175"));
}

#[test]
fn an12343_session_keys() {
    let (a, b) = (sized("B04D0787C93EE0CC8CACC8E86F16C6FE"), sized("FA659AD0DCA738DD65DC7DC38612AD81"));
    let [enc, mac] = ev2_keys(&[0; 16], &a, &b);
    assert_eq!(enc, sized("63DC07286289A7A6C0334CA31C314A04"));
    assert_eq!(mac, sized("774F26743ECE6AF5033B6AE8522946F6"));
}

#[test]
fn an12343_macs_of_writing_and_reading() {
    let mut content = factory(Model::default());
    let mut application = application(0x0A, KeyKind::Aes, 1);
    application.files.push(File {
        number: 0,
        iso_id: None,
        kind: FileKind::Standard,
        mode: Mode::Mac,
        access: 0,
        data: vec![0; 0x30],
    });
    content.applications.push(application);
    let mut card = in_session(content, 0x0A, [AN12343_MAC_KEY; 2], "E2D3AF69", 0);
    let data = "22".repeat(25);
    check(&mut card, &format!("8D 00000000190000 {data} 68F2C28C575A1628"), "00 0820F68898C2A7F1");
    let zeros = "00".repeat(23);
    check(&mut card, "AD 00000000300000 0D9BE191D5960834", &format!("00 {data}{zeros} A49A44222D926666"));
    assert_eq!(card.content.applications[0].files[0].data, bytes(&format!("{data}{zeros}")));
}

#[test]
fn an12343_a_mac_of_another_command_is_refused() {
    let mut content = factory(Model::default());
    content.applications.push(application(0x0A, KeyKind::Aes, 1));
    let mut card = in_session(content, 0x0A, [AN12343_MAC_KEY; 2], "E2D3AF69", 0);
    check(&mut card, "6F 68F2C28C575A1628", "1E");
    assert!(card.session.is_none());
}

#[test]
fn an12196_table_14_authentication() {
    let mut content = factory(Model::default());
    content.applications.push(application(0x0A, KeyKind::Aes, 1));
    let mut challenge = bytes("A04C124213C186F22399D33AC2A30215");
    Cipher::new(KeyKind::Aes, &[0; 16]).decrypt(&mut [0; 16], &mut challenge);
    let mut card = Card::new(content, scripted(&["000000", &hex::encode(challenge), "9D00C4DF"]));
    card.selected = 0x0A;
    let first = card.answer(&bytes("9071000002000000"));
    assert_eq!(first, bytes("A04C124213C186F22399D33AC2A30215 91AF"));
    let second = card.answer(&bytes("90AF000020 35C3E05A752E0144BAC0DE51C1F22C56B34408A23D8AEA266CAB947EA8E0118D 00"));
    assert_eq!(second, bytes("3FA64DB5446D1F34CD6EA311167F5E4985B89690C04A05F17FA7AB2F08120663 9100"));
    let Some(Session { key_number: 0, way: Way::Ev2(ev2) }) = &card.session else { panic!("no session") };
    assert_eq!((ev2.ti, ev2.counter), (sized("9D00C4DF"), 0));
    // What the keys do is what shows that they are those published.
    for (cipher, key) in
        [(&ev2.enc, "1309C877509E5A215007FF0ED19CA564"), (&ev2.mac, "4C6626F5E72EA694202139295C7A7FC7")]
    {
        assert_eq!(cipher.cmac_alone(b"x"), Cipher::new(KeyKind::Aes, &sized(key)).cmac_alone(b"x"));
    }
}

#[test]
fn an12196_table_25_another_key_is_changed() {
    let mut content = factory(Model::default());
    content.applications.push(application(0x0A, KeyKind::Aes, 5));
    let keys = ["4CF3CB41A22583A61E89B158D252FC53", "5529860B2FC5FB6154B7F28361D30BF9"];
    let mut card = in_session(content, 0x0A, keys, "7614281A", 2);
    let answer = card.answer(&bytes(
        "90C4000029022CF362B7BF4311FF3BE1DAA295E8C68DE09050560D19B9E16C2393AE9CD1FAC75D0CE20BCD1D06E600",
    ));
    assert_eq!(answer, bytes("203BB55D1089D587 9100"));
    let key = &card.content.applications[0].keys[2];
    assert_eq!((key.bytes, key.version), (sized("F3847D627727ED3BC9C4CC050489B966"), 1));
    assert_eq!(crc32(&[&key.bytes]), sized("789DFADC"));
}

#[test]
fn checksums_are_those_of_their_standards() {
    // Check values of CRC-32/JAMCRC and CRC-16/ISO-IEC-14443-3-A.
    assert_eq!(crc32(&[b"1234", b"56789"]), 0x340B_C6D9_u32.to_le_bytes());
    assert_eq!(crc16(b"123456789"), 0xBF05_u16.to_le_bytes());
}

proptest! {
    #[test]
    fn macs_are_those_of_another_implementation(key: [u8; 16], message in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut aes = Cmac::<aes::Aes128>::new(&key.into());
        aes.update(&message);
        prop_assert_eq!(&Cipher::new(KeyKind::Aes, &key).cmac_alone(&message)[..], &aes.finalize().into_bytes()[..]);
        let mut des = Cmac::<des::TdesEde2>::new(&key.into());
        des.update(&message);
        prop_assert_eq!(&Cipher::new(KeyKind::Des, &key).cmac_alone(&message)[..], &des.finalize().into_bytes()[..]);
    }

    #[test]
    fn what_is_enciphered_is_deciphered(key: [u8; 16], is_aes: bool, blocks in prop::collection::vec(any::<[u8; 16]>(), 1..5)) {
        let cipher = Cipher::new(if is_aes { KeyKind::Aes } else { KeyKind::Des }, &key);
        let message = blocks.concat();
        let (mut one, mut other) = (vec![7; cipher.block()], vec![7; cipher.block()]);
        let mut changed = message.clone();
        cipher.encrypt(&mut one, &mut changed);
        prop_assert_ne!(&changed, &message);
        prop_assert!(changed.ends_with(&one));
        cipher.decrypt(&mut other, &mut changed);
        prop_assert_eq!(changed, message);
        prop_assert_eq!(one, other);
    }
}
