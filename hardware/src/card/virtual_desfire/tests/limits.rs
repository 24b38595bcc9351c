//! Where something ends: memory, a frame, a transaction, a counter.

use super::super::content::{FileKind, Size};
use super::super::session::{Session, Way};
use super::commands::{APP, MAIN, ZERO, card, personalised};
use super::reader::{Reader, Talk};
use super::*;

#[test]
fn memory_runs_out_and_comes_back_by_formatting() {
    for (size, capacity) in [(Size::K2, 2_304), (Size::K4, 4_864), (Size::K8, 7_936)] {
        let mut card = card(Model { size, ..Model::default() });
        let mut reader = Reader::new(&mut card);
        let free = |reader: &mut Reader| {
            let free = reader.exchange(0x6E, &[]).unwrap();
            u32::from_le_bytes([free[0], free[1], free[2], 0])
        };
        assert_eq!(free(&mut reader), capacity);
        reader.create_application(APP, 0x0F, 0x83).unwrap();
        reader.select(APP).unwrap();
        let before = free(&mut reader);
        assert!(before < capacity);
        let mut files = 0;
        let end = loop {
            if let Err(end) = reader.create_file(files, 3, 0x0000, 1_536) {
                break end;
            }
            files += 1;
        };
        // Of a 4K card the document says: three templates and the rest do not fit.
        assert_eq!((end, files), (0x0E, [1, 3, 4][size as usize]));
        let left = free(&mut reader);
        reader.exchange(0xDF, &[0]).unwrap();
        reader.select(0).unwrap();
        reader.old(0, &ZERO).unwrap();
        reader.admin(0xDA, &APP.to_le_bytes()[..3]).unwrap();
        assert_eq!(free(&mut reader), left, "what is deleted is not given back");
        reader.admin(0xFC, &[]).unwrap();
        assert_eq!(free(&mut reader), capacity);
    }
}

#[test]
fn long_answers_and_commands_that_are_broken_off() {
    let mut card = card(Model { generation: Generation::Ev1, size: Size::K8, ..Model::default() });
    let mut reader = Reader::new(&mut card);
    for id in 1..=28 {
        reader.create_application(id, 0x0F, 0x81).unwrap();
    }
    assert_eq!(reader.create_application(29, 0x0F, 0x81), Err(0xCE));
    let ids: Vec<u8> = (1..=28).flat_map(|id| [id, 0, 0]).collect();
    assert_eq!(reader.exchange(0x6A, &[]).unwrap(), ids);
    let first = send(&mut card, &[0x6A]);
    assert_eq!((first.len(), first.ends_with(&[0x91, 0xAF])), (57 + 2, true), "whole identifiers");
    check(&mut card, "60", "CA");
    check(&mut card, "AF", "1C");
    check(&mut card, "6A", &format!("AF {}", hex::encode_upper(&ids[..57])));
    check(&mut card, "AF 00", "7E");
    // An authentication that is broken off, and data that is.
    let first = send(&mut card, &bytes("AA 00"));
    assert_eq!(first, bytes("91AE"), "the card's own key is for DES");
    check(&mut card, "5A 010000", "00");
    assert!(send(&mut card, &bytes("AA 00")).ends_with(&[0x91, 0xAF]));
    check(&mut card, "6F", "CA");
    assert!(send(&mut card, &bytes("AA 00")).ends_with(&[0x91, 0xAF]));
    check(&mut card, "AF 00", "7E");
    check(&mut card, "CD 01 00 EEEE 640000", "00");
    check(&mut card, &format!("3D 01 000000 3C0000 {}", "11".repeat(50)), "AF");
    check(&mut card, "BD 01 000000 000000", "CA");
    check(&mut card, &format!("3D 01 000000 3C0000 {}", "11".repeat(50)), "AF");
    check(&mut card, &format!("AF {}", "11".repeat(11)), "7E");
    check(&mut card, &format!("3D 01 000000 3C0000 {}", "11".repeat(50)), "AF");
    check(&mut card, "AF", "7E");
    assert_eq!(card.content.applications[0].files[0].data, [0; 100], "nothing of it was written");
    check(&mut card, &format!("3D 01 000000 3C0000 {}", "11".repeat(50)), "AF");
    check(&mut card, &format!("AF {}", "22".repeat(10)), "00");
    check(&mut card, "BD 01 300000 100000", "00 11112222222222222222222200000000");
}

#[test]
fn a_backup_file_changes_when_it_is_committed() {
    let mut card = card(Model::default());
    check(&mut card, "CA 014650 0F 81", "00");
    check(&mut card, "5A 014650", "00");
    check(&mut card, "CB 01 00 EEEE 040000", "00");
    assert_eq!(card.content.applications[0].files[0].kind, FileKind::Backup);
    check(&mut card, "F5 01", "00 01 00 EEEE 040000");
    for lost in ["A7", "5A 014650", "99"] {
        check(&mut card, "3D 01 000000 020000 AABB", "00");
        check(&mut card, "BD 01 000000 000000", "00 00000000");
        let _ = send(&mut card, &bytes(lost));
        check(&mut card, "C7", "0C");
    }
    check(&mut card, "3D 01 000000 020000 AABB", "00");
    card.power();
    check(&mut card, "5A 014650", "00");
    check(&mut card, "C7", "0C");
    check(&mut card, "3D 01 000000 020000 AABB", "00");
    check(&mut card, "3D 01 010000 020000 CCDD", "00");
    check(&mut card, "C7", "00");
    check(&mut card, "BD 01 000000 000000", "00 AACCDD00");
}

#[test]
fn a_counter_at_its_end_ends_the_session() {
    let mut card = personalised();
    let mut reader = Reader::new(&mut card);
    reader.select(APP).unwrap();
    reader.first(0, &MAIN).unwrap();
    let Talk::Ev2 { counter, .. } = &mut reader.talk else { panic!() };
    *counter = u16::MAX;
    let Some(Session { way: Way::Ev2(ev2), .. }) = &mut reader.card.session else { panic!() };
    ev2.counter = u16::MAX;
    assert_eq!(reader.admin(0x6F, &[]), Err(0xAE));
}
