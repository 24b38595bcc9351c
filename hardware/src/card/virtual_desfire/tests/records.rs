//! What a real EV1 answered, byte for byte, as its exchanges were published: authentication by ISO and AES, and the chain of
//! MACs that goes through all commands of a session.

use super::super::crypto::Cipher;
use super::*;

/// The challenge behind what a record shows of it.
fn challenge(kind: KeyKind, key: &str, sent: &str) -> String {
    let mut challenge = bytes(sent);
    let cipher = Cipher::new(kind, &sized(key));
    cipher.decrypt(&mut vec![0; cipher.block()], &mut challenge);
    hex::encode(challenge)
}

/// A card with application 00DE16 for DES and 00AE16 for AES, which draws these challenges.
fn card(challenges: &[String]) -> Card {
    let mut content = factory(ev1());
    content.applications.push(application(0x00_DE16, KeyKind::Des, 2));
    content.applications.push(application(0x00_AE16, KeyKind::Aes, 2));
    let draws: Vec<&str> = ["000000"].into_iter().chain(challenges.iter().map(String::as_str)).collect();
    Card::new(content, scripted(&draws))
}

const ZERO: &str = "00000000000000000000000000000000";
const KEY_1: &str = "00102031405060708090A0B0B0A09080";
const KEY_2: &str = "10182029303840485058606870788088";

#[test]
fn the_factory_key_formats_and_creates() {
    let mut card = card(&[challenge(KeyKind::Des, ZERO, "5D994CE085F24089")]);
    check(&mut card, "1A 00", "AF 5D994CE085F24089");
    check(&mut card, "AF 21D0AD5F2FD97454A746CC80567F1B1C", "00 913C6DED84221C41");
    check(&mut card, "60", "AF 04010101001A05");
    check(&mut card, "AF", "AF 04010101041A05");
    check(&mut card, "AF", "00 04063F72633480 BA4519E3204913 CDC810BAFA401759");
    check(&mut card, "FC", "00 9C2C813A065C45F7");
    check(&mut card, "CA 16DE00 0F 02", "00 0A1379B01D85AD47");
    assert_eq!(card.content.applications, [application(0x00_DE16, KeyKind::Des, 2)]);
}

#[test]
fn settings_of_an_application_are_changed() {
    let mut card = card(&[challenge(KeyKind::Des, ZERO, "8476D1CF3024B7C7")]);
    check(&mut card, "5A 16DE00", "00");
    check(&mut card, "1A 00", "AF 8476D1CF3024B7C7");
    check(&mut card, "AF DAC67AB743763DC9FAF8A0AE504E80C5", "00 13E9E4FA4388BF16");
    check(&mut card, "45", "00 0F02 25DD8D7731B1CFD5");
    check(&mut card, "54 27882805FC3FD49D", "00 A628378374270ACD");
    check(&mut card, "45", "00 0D02 613FB2D3F453D2E4");
    assert_eq!(card.content.applications[0].settings, 0x0D);
}

#[test]
fn keys_of_des_are_changed() {
    let challenges = [
        (ZERO, "DE50F92310CAF5A5"),
        (KEY_1, "B295579926155AE3"),
        (KEY_2, "9414819CC8BB62C3"),
        (ZERO, "53A670D78C0DFFD6"),
    ];
    let mut card = card(&challenges.map(|(key, sent)| challenge(KeyKind::Des, key, sent)));
    check(&mut card, "5A 16DE00", "00");
    check(&mut card, "1A 00", "AF DE50F92310CAF5A5");
    check(&mut card, "AF E00616668704D5549C8D6A13A0F8FCED", "00 1D9D2954697DE760");
    check(&mut card, "C4 00 BEDE0FC6ED347DCF0D51C717DF75D97D2C5A2BA6CAC7479D", "00");
    check(&mut card, "1A 00", "AF B295579926155AE3");
    check(&mut card, "AF 70F349740C945DAE159BA9FEDBCC461A", "00 B8FD7FE56B241FC4");
    check(&mut card, "C4 00 94E4F709DC2A2B07552610A1966E5C49EC90F616EDECA55B", "00");
    check(&mut card, "1A 00", "AF 9414819CC8BB62C3");
    check(&mut card, "AF 937E6B1854A6D92E0FD975D9909001E8", "00 E055D11DD9535060");
    // A card leaves the lowest bits of a key as they were sent; its version stands there.
    let version = send(&mut card, &bytes("64 00"));
    assert_eq!(version, bytes("10 3345AA95F2D956CF 9100"));
    check(&mut card, "C4 00 FC9E20FD77191E2AAB0CFD53D9999984BC59E886BFEB42D0", "00");
    check(&mut card, "1A 00", "AF 53A670D78C0DFFD6");
    check(&mut card, "AF B308408B575A2025253D49D693CCC29C", "00 525BB01E5B70B794");
    check(&mut card, "C4 01 4EB669E48DCA584749542E1BE89CB4C7845A38C57D19DE59", "00 2EAD04DCF121E0FE");
    check(&mut card, "C4 01 FA7BEFA6782C93E8D69CF7352CFD33DF5BC8AC4FBA4906FC", "00 CB0A506405512893");
    assert_eq!(card.content.applications[0].keys[1].bytes, sized(KEY_2));
}

#[test]
fn a_key_of_aes_is_changed() {
    let mut card = card(&["C05DDD714FD788A6B7B754F3C4D066E8".to_owned()]);
    check(&mut card, "5A 16AE00", "00");
    check(&mut card, "AA 00", "AF B969FDFE56FD91FC9DE6F6F213B8FD1E");
    let proof = "36AAD7DF6E436BA08D18613830A70D5AD43E3D3F4A8D47541EEE623A934E4774";
    check(&mut card, &format!("AF {proof}"), "00 800DB680BC146BD121D6578F2D2E2059");
    check(&mut card, "C4 00 E9F85E219496C2B58C1090DC3935FAE9E840CF61B383D9531946256B1F110C10", "00");
    let key = &card.content.applications[1].keys[0];
    assert_eq!((key.bytes, key.version), (sized("00102030405060708090A0B0B0A09080"), 0x10));
    assert!(card.session.is_none(), "who changes the key it stands on is a stranger");
}

#[test]
fn a_file_is_made_written_read_and_deleted() {
    let mut card = card(&["626FFBD45CAF334ACCA45599304F5B17".to_owned()]);
    card.content.applications[1].keys[1].bytes = sized("10182028303840485058606870788088");
    check(&mut card, "5A 16AE00", "00");
    check(&mut card, "AA 01", "AF B351CB2465D4F33AC627FD6E87A168F2");
    let proof = "044B6CAC343A0865895149649CA8DDE1F5AC4EC67BD208900AF02F049E05F0B0";
    check(&mut card, &format!("AF {proof}"), "00 A2EE144B1012FBEB7B2F11132D95A454");
    check(&mut card, "CD 05 00 1100 500000", "00 A75316AD1596B953");
    check(&mut card, "6F", "00 05 2D5FF67FFEC9D2D3");
    check(&mut card, "F5 05", "00 00 00 1100 500000 2AAC7517024E09DC");
    let data: String = (0..0x50).map(|byte| format!("{byte:02X}")).collect();
    let part = |from: usize, to: usize| &data[2 * from..2 * to];
    check(&mut card, &format!("3D 05 000000 340000 {}", part(0, 0x34)), "00 765C9DAA50ECB62F");
    check(&mut card, &format!("3D 05 340000 1C0000 {}", part(0x34, 0x50)), "00 3E0AED986B8B0F37");
    check(&mut card, "BD 05 000000 300000", &format!("00 {} 4C65F1F842262BAC", part(0, 0x30)));
    check(&mut card, "BD 05 300000 200000", &format!("00 {} F02205CF913C03C9", part(0x30, 0x50)));
    check(&mut card, "DF 05", "00 1BEF0D32B6D1D7F9");
}
