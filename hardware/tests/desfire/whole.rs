//! A card's life from the factory to the factory, on every generation, and cards that can't be used.

use hardware::card::Uid;
use hardware::card::desfire::*;
use hardware::card::virtual_card::FieldCard as _;
use hardware::card::virtual_desfire::{Content, Generation as Model, KeyKind, Size};

use super::site::*;

#[test]
fn a_card_lives_from_the_factory_to_the_factory() {
    for generation in GENERATIONS {
        for template_bytes in [0, 1, 45, 46, 300, 1536, 3 * 1536, CardTemplate::BYTES_MAX] {
            let new = Content::factory(UID, model(generation, Size::K8));
            let mut card = twin(new.clone());
            for _ in 0..2 {
                let done = hold(personalise(plan(template_bytes), keys, nonces(1)), &mut card).unwrap().unwrap();
                assert_eq!((done.credential, done.version), (credential(), version(FIRST)));
                assert_eq!(done.messaging, messaging(generation));
                let free_bytes = card.content().free_bytes();
                assert_eq!(usize::try_from(done.free_bytes).unwrap(), free_bytes, "with {template_bytes} bytes");
                check_whole(&mut card, FIRST, template_bytes);
                assert_eq!(card.content().master.kind, KeyKind::Aes);
                assert_eq!((card.content().master.version, card.content().settings), (FIRST, KeySettings::GUARDED.0));

                let done = hold(rekey(rekey_order(), keys, nonces(2)), &mut card).unwrap().unwrap();
                assert_eq!((done.credential, done.version), (credential(), version(SECOND)));
                check_whole(&mut card, SECOND, template_bytes);
                let outdated = hold(read(read_order(&[FIRST]), nonces(3)), &mut card).unwrap().unwrap_err();
                assert_eq!(outdated, ReadError::UnknownKeyVersion(SECOND));

                let order = wipe_order(CardKeyAfter::Factory);
                let done = hold(wipe(order, keys, nonces(4)), &mut card).unwrap().unwrap();
                assert!(done.was_there);
                assert_eq!(card.content(), new, "as it came from the factory");
            }
        }
    }
}

#[test]
fn a_card_is_renewed_and_one_put_in_its_place_is_not() {
    for generation in GENERATIONS {
        let renewal = || Plan { keys_before: KeysBefore::Sites, version: version(SECOND), ..plan(300) };
        let mut card = personalised(generation, 300);
        let done = hold(personalise(renewal(), keys, nonces(1)), &mut card).unwrap().unwrap();
        assert_eq!((done.credential, done.version), (credential(), version(SECOND)));
        check_whole(&mut card, SECOND, 300);

        // With the UID of the card that was read: one from the factory, and one of another site.
        let new = Content::factory(UID, model(generation, Size::K4));
        let mut exchanged = twin(new.clone());
        let refused = hold(personalise(renewal(), keys, nonces(2)), &mut exchanged).unwrap();
        assert_eq!(refused, Err(StationError::FactoryKey));
        assert_eq!(exchanged.content(), new, "nothing was changed");
        let others =
            |role, version, input: &DiversificationInput| keys(role, version, input).map(|_| AesKey::new([7; 16]));
        let mut exchanged = twin(new);
        hold(personalise(plan(300), others, nonces(3)), &mut exchanged).unwrap().unwrap();
        let before = exchanged.content();
        let refused = hold(personalise(renewal(), keys, nonces(4)), &mut exchanged).unwrap();
        assert_eq!(refused, Err(StationError::ForeignApplication));
        assert_eq!(exchanged.content(), before);
    }
}

#[test]
fn the_template_is_read_on_from_the_session_that_identified() {
    for generation in GENERATIONS {
        let mut card = personalised(generation, 1536);
        let identified = hold(identify(read_order(&[FIRST]), nonces(1)), &mut card).unwrap().unwrap();
        assert_eq!(identified.credential, credential());
        assert!(go_on(identified.read_template(), &mut card).unwrap() == Ok(template(1536)));
    }
}

#[test]
fn a_card_may_keep_the_factorys_own_key() {
    for generation in GENERATIONS {
        let mut card = factory(generation, Size::K4);
        let plan = Plan { card_key: CardKeyChoice::LeaveFactory, ..plan(100) };
        hold(personalise(plan, keys, nonces(1)), &mut card).unwrap().unwrap();
        assert_eq!(card.content().master.kind, KeyKind::Des);
        check_whole(&mut card, FIRST, 100);
        let order = RekeyOrder { card_key: CardKeyChoice::LeaveFactory, ..rekey_order() };
        hold(rekey(order, keys, nonces(2)), &mut card).unwrap().unwrap();
        check_whole(&mut card, SECOND, 100);
        hold(wipe(wipe_order(CardKeyAfter::Keep), keys, nonces(3)), &mut card).unwrap().unwrap();
        assert!(card.content().applications.is_empty());
    }
}

/// Larger than all that is free; and larger only with what the card needs for itself, by much and by a byte.
#[test]
fn a_template_that_does_not_fit_is_refused_and_a_smaller_one_taken() {
    for generation in GENERATIONS {
        for template_bytes in [5000, 4830, 4700, 4671] {
            let mut card = factory(generation, Size::K4);
            let refused = hold(personalise(plan(template_bytes), keys, nonces(1)), &mut card).unwrap().unwrap_err();
            assert!(matches!(refused, StationError::NotEnoughMemory { .. }), "{template_bytes} bytes: {refused}");
            let nobodys = read_card(&mut card).unwrap_err();
            assert!(!nobodys.is_clone_suspected(), "{nobodys}");
            let mut wiped = twin(card.content());
            hold(personalise(plan(1536), keys, nonces(2)), &mut card).unwrap().unwrap();
            check_whole(&mut card, FIRST, 1536);
            let new = Content::factory(UID, model(generation, Size::K4));
            hold(wipe(wipe_order(CardKeyAfter::Factory), keys, nonces(3)), &mut wiped).unwrap().unwrap();
            assert_eq!(wiped.content(), new);
        }
        // The most that fits.
        let mut card = factory(generation, Size::K4);
        hold(personalise(plan(4670), keys, nonces(1)), &mut card).unwrap().unwrap();
        assert_eq!(card.content().free_bytes(), 0);
        check_whole(&mut card, FIRST, 4670);
    }
}

#[test]
fn a_card_with_a_random_uid_is_refused_and_left_as_it_was() {
    let new =
        Content::factory(UID, hardware::card::virtual_desfire::Model { has_random_uid: true, ..Default::default() });
    let mut card = twin(new.clone());
    let shown = Uid::new(&card.uid()).unwrap();
    assert!(is_random(&shown));
    // As the reader saw it, and where a reader tells seven bytes that the card does not own up to.
    for seen in [shown, Uid::new(&UID).unwrap()] {
        let refused = hold(personalise(Plan { seen, ..plan(0) }, keys, nonces(1)), &mut card).unwrap();
        assert_eq!(refused, Err(StationError::RandomUid));
        assert_eq!(refused.unwrap_err().to_string(), "the card shows a random UID: it can't be used");
    }
    assert_eq!(card.content(), new);
}

#[test]
fn what_is_not_the_sites_is_refused() {
    // Another's card: its own key is not known here.
    let mut foreign = Content::factory(UID, model(Model::Ev3, Size::K4));
    foreign.master.kind = KeyKind::Aes;
    foreign.master.bytes = [7; 16];
    for (key_version, expected) in [
        (0, StationError::ForeignCard),
        (FIRST, StationError::ForeignCard),
        (9, StationError::Key(KeyUnavailable { role: KeyRole::Card, version: version(9) })),
    ] {
        foreign.master.version = key_version;
        let mut card = twin(foreign.clone());
        assert_eq!(hold(personalise(plan(0), keys, nonces(1)), &mut card).unwrap(), Err(expected));
        assert_eq!(card.content(), foreign);
    }
    // One that is delivered with an AES key of zeros is as good as new.
    foreign.master.bytes = [0; 16];
    foreign.master.version = 0;
    let mut card = twin(foreign);
    hold(personalise(plan(0), keys, nonces(1)), &mut card).unwrap().unwrap();
    check_whole(&mut card, FIRST, 0);
    // An old one, where the site does not want it.
    let mut old = personalised(Model::Ev1, 0);
    let order = ReadOrder { is_ev1_allowed: false, ..read_order(&[FIRST]) };
    assert_eq!(hold(read(order, nonces(1)), &mut old).unwrap().unwrap_err(), ReadError::Ev1NotAllowed);
    let refused = hold(personalise(Plan { is_ev1_allowed: false, ..plan(0) }, keys, nonces(1)), &mut old).unwrap();
    assert_eq!(refused, Err(StationError::Ev1NotAllowed));
}
