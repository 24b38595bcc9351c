//! The operations against a counterpart: whole, interrupted at every command in three ways, and with hostile answers.

use proptest::prelude::*;

use super::super::Uid;
use super::testing::counterpart::{CardKey, Counterpart};
use super::*;

const FIRST: u8 = 1;
const SECOND: u8 = 2;
const EV1: u8 = 0x01;
const EV3: u8 = 0x33;

/// What is lost when a conversation is interrupted.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Loss {
    /// The command: the card does not hear it.
    Command,
    /// The answer: the card carries it out.
    Answer,
    /// The answer, and half of what was written.
    HalfTheWrite,
}

const LOSSES: [Loss; 3] = [Loss::Command, Loss::Answer, Loss::HalfTheWrite];

fn nonces(seed: u8) -> Nonces {
    let mut counter = 0_u8;
    Box::new(move || {
        counter = counter.wrapping_add(1);
        *diversify(&AesKey::new([seed; 16]), &input(KeyRole::Reading, &[counter, 7, 7, 7, 7])).as_bytes()
    })
}

fn uid() -> CardUid {
    CardUid::new(&Counterpart::from_factory(EV3).uid).unwrap()
}

fn application() -> Application {
    Application { id: ApplicationId::new([0xF4, 0x0F, 0x7E]).unwrap(), system: SystemId::new(b"a site").unwrap() }
}

fn input(role: KeyRole, system: &[u8]) -> DiversificationInput {
    DiversificationInput::new(&uid(), application().id, &SystemId::new(system).unwrap(), role)
}

fn master(version: u8) -> AesKey {
    AesKey::new([0xB0 | version; 16])
}

/// Who has the site's master keys, in versions 1 and 2.
fn keys(role: KeyRole, version: KeyVersion, input: &DiversificationInput) -> Result<AesKey, KeyUnavailable> {
    if version.get() > SECOND {
        Err(KeyUnavailable { role, version })
    } else {
        Ok(diversify(&master(version.get()), input))
    }
}

fn version(version: u8) -> KeyVersion {
    KeyVersion::new(version).unwrap()
}

fn credential(byte: u8) -> CredentialNumber {
    CredentialNumber::new([byte; 16]).unwrap()
}

fn template() -> CardTemplate {
    CardTemplate::new((0..1700_u16).map(|index| index.to_le_bytes()[0] ^ 0x5A).collect()).unwrap()
}

fn plan() -> Plan {
    Plan {
        seen: Uid::new(uid().as_bytes()).unwrap(),
        application: application(),
        version: version(FIRST),
        credential: credential(0xC1),
        template: Some(template()),
        template_bytes_max: 1800,
        keys_before: KeysBefore::Any,
        card_key: CardKeyChoice::Diversify,
        existing: Existing::Refuse,
        is_ev1_allowed: true,
    }
}

fn rekey_order() -> RekeyOrder {
    RekeyOrder {
        seen: plan().seen.clone(),
        application: application(),
        version: version(SECOND),
        card_key: CardKeyChoice::Diversify,
        is_ev1_allowed: true,
    }
}

fn wipe_order(card_key: CardKeyAfter) -> WipeOrder {
    WipeOrder { seen: plan().seen.clone(), application: application(), card_key, is_ev1_allowed: true }
}

fn read_order() -> ReadOrder {
    let key = |version| (self::version(version), diversify(&master(version), &input(KeyRole::Reading, b"a site")));
    ReadOrder { application: application().id, keys: vec![key(FIRST), key(SECOND)], is_ev1_allowed: true }
}

/// Holds a conversation to its end.
fn hold<T>(dialogue: Dialogue<'_, T>, card: &mut Counterpart) -> T {
    card.power_cycle();
    dialogue.hold(|apdu| Ok::<_, ()>(card.hear(apdu))).unwrap()
}

/// Holds it up to command number `at` and loses something there. The outcome if it ended before.
fn hold_until<T>(dialogue: Dialogue<'_, T>, card: &mut Counterpart, at: usize, loss: Loss) -> Option<T> {
    card.power_cycle();
    let mut count = 0;
    let outcome = dialogue.hold(|apdu| {
        let is_last = count == at;
        count += 1;
        card.is_write_torn = is_last && loss == Loss::HalfTheWrite;
        if is_last && loss == Loss::Command {
            return Err(());
        }
        let answer = card.hear(apdu);
        card.is_write_torn = false;
        if is_last { Err(()) } else { Ok(answer) }
    });
    card.power_cycle();
    outcome.ok()
}

fn personalised(major: u8) -> Counterpart {
    let mut card = Counterpart::from_factory(major);
    hold(personalise(plan(), keys, nonces(1)), &mut card).unwrap();
    card
}

#[test]
fn a_card_from_the_factory_becomes_one_that_a_door_reads() {
    for (major, messaging) in [(EV3, Messaging::Ev2), (EV1, Messaging::Ev1Fallback)] {
        let mut card = Counterpart::from_factory(major);
        let done = hold(personalise(plan(), keys, nonces(1)), &mut card).unwrap();
        assert_eq!((done.credential, done.version, done.messaging), (credential(0xC1), version(FIRST), messaging));
        assert_eq!(done.free_bytes, card.free_bytes);
        let read = hold(read(read_order(), nonces(2)), &mut card).unwrap();
        assert_eq!(read.credential, credential(0xC1));
        assert_eq!(read.template, Some(template()));
        assert_eq!((read.key_version, read.messaging), (version(FIRST), messaging));
        assert_eq!(card.card_key, CardKey::Aes(diversify(&master(FIRST), &input(KeyRole::Card, b"a site")), FIRST));
        assert_eq!(card.settings, KeySettings::GUARDED.0);
    }
}

#[test]
fn the_template_is_read_on_from_the_same_session() {
    let mut card = personalised(EV3);
    let identified = hold(identify(read_order(), nonces(3)), &mut card).unwrap();
    assert_eq!(identified.credential, credential(0xC1));
    let read = identified.read_template().hold(|apdu| Ok::<_, ()>(card.hear(apdu))).unwrap();
    assert_eq!(read, Ok(Some(template())));
    // A card that was exchanged in between knows nothing of the session.
    let identified = hold(identify(read_order(), nonces(3)), &mut card).unwrap();
    card.power_cycle();
    hold(identify(read_order(), nonces(4)), &mut card).unwrap();
    let refused = identified.read_template().hold(|apdu| Ok::<_, ()>(card.hear(apdu))).unwrap().unwrap_err();
    assert!(refused.is_clone_suspected(), "{refused}");
}

#[test]
fn personalising_survives_an_interruption_anywhere() {
    for (major, loss) in [(EV3, 0), (EV3, 1), (EV3, 2), (EV1, 0), (EV1, 1), (EV1, 2)].map(|(m, l)| (m, LOSSES[l])) {
        let mut interrupted = 0;
        loop {
            let mut card = Counterpart::from_factory(major);
            if let Some(outcome) = hold_until(personalise(plan(), keys, nonces(1)), &mut card, interrupted, loss) {
                outcome.unwrap();
                break;
            }
            let at = format!("{loss:?} of command {interrupted} at {major:02X}");
            // A door takes it for what it was to become, or for nothing.
            match hold(read(read_order(), nonces(2)), &mut card) {
                Ok(read) => {
                    assert_eq!((read.credential, read.template), (credential(0xC1), Some(template())), "{at}");
                }
                Err(error) => assert!(
                    matches!(
                        error,
                        ReadError::NotPersonalised
                            | ReadError::UnknownKeyVersion(0)
                            | ReadError::Card(DesfireError::Refused {
                                refusal: Refusal::NoApplication | Refusal::NoFile,
                                ..
                            })
                    ),
                    "{at}: {error}"
                ),
            }
            let mut wiped = card.clone();
            hold(personalise(plan(), keys, nonces(3)), &mut card).unwrap_or_else(|error| panic!("{at}: {error}"));
            assert_eq!(hold(read(read_order(), nonces(4)), &mut card).unwrap().template, Some(template()), "{at}");
            let done = hold(wipe(wipe_order(CardKeyAfter::Keep), keys, nonces(5)), &mut wiped).unwrap();
            assert!(wiped.applications.is_empty() && done.free_bytes == 4864, "{at}");
            hold(personalise(plan(), keys, nonces(6)), &mut wiped).unwrap();
            interrupted += 1;
        }
        assert!(interrupted > 30, "only {interrupted} commands");
    }
}

#[test]
fn rekeying_survives_an_interruption_anywhere_and_doors_read_on() {
    for (major, loss) in [(EV3, Loss::Command), (EV3, Loss::Answer), (EV1, Loss::Command), (EV1, Loss::Answer)] {
        let whole = personalised(major);
        let mut interrupted = 0;
        loop {
            let mut card = whole.clone();
            let outcome = hold_until(rekey(rekey_order(), keys, nonces(1)), &mut card, interrupted, loss);
            let read = hold(read(read_order(), nonces(2)), &mut card).unwrap();
            assert_eq!((read.credential, read.template), (credential(0xC1), Some(template())));
            if let Some(outcome) = outcome {
                assert_eq!(outcome.unwrap().credential, credential(0xC1));
                assert_eq!(read.key_version, version(SECOND));
                let application = card.applications.values().next().unwrap();
                assert!(application.keys.iter().all(|(_, version)| *version == SECOND));
                assert!(matches!(card.card_key, CardKey::Aes(_, SECOND)));
                break;
            }
            hold(rekey(rekey_order(), keys, nonces(3)), &mut card).unwrap();
            assert_eq!(hold(identify(read_order(), nonces(4)), &mut card).unwrap().key_version, version(SECOND));
            interrupted += 1;
        }
        assert!(interrupted > 20, "only {interrupted} commands");
    }
}

#[test]
fn wiping_back_to_the_factory_survives_an_interruption_anywhere() {
    for loss in [Loss::Command, Loss::Answer] {
        let mut interrupted = 0;
        loop {
            let mut card = personalised(EV3);
            let order = || wipe(wipe_order(CardKeyAfter::Factory), keys, nonces(1));
            let outcome = hold_until(order(), &mut card, interrupted, loss);
            if outcome.is_none() {
                hold(order(), &mut card).unwrap();
            }
            assert!(card.applications.is_empty() && card.card_key == CardKey::Des && card.settings == 0x0F);
            if outcome.is_some() {
                break;
            }
            interrupted += 1;
        }
        assert!(interrupted > 10, "only {interrupted} commands");
    }
}

#[test]
fn a_card_key_may_stay_the_factorys() {
    let mut card = Counterpart::from_factory(EV3);
    let plan = Plan { card_key: CardKeyChoice::LeaveFactory, ..plan() };
    hold(personalise(plan, keys, nonces(1)), &mut card).unwrap();
    assert_eq!((&card.card_key, card.settings), (&CardKey::Des, 0x0F));
    assert_eq!(hold(read(read_order(), nonces(2)), &mut card).unwrap().template, Some(template()));
    hold(wipe(wipe_order(CardKeyAfter::Keep), keys, nonces(3)), &mut card).unwrap();
    assert!(card.applications.is_empty());
}

#[test]
fn cards_that_cannot_be_used_are_refused_and_left_as_they_were() {
    let check = |plan: Plan, change: fn(&mut Counterpart), expected: StationError| {
        let mut card = Counterpart::from_factory(EV3);
        change(&mut card);
        let refused = hold(personalise(plan, keys, nonces(1)), &mut card).unwrap_err();
        assert_eq!(refused, expected);
        assert!(card.applications.is_empty());
    };
    let seen = |bytes: &[u8]| Plan { seen: Uid::new(bytes).unwrap(), ..plan() };
    check(seen(&[0x08, 1, 2, 3]), |_| {}, StationError::RandomUid);
    check(plan(), |card| card.uid = [0; 7], StationError::RandomUid);
    check(plan(), |card| card.uid[6] ^= 1, StationError::UidDiffers);
    check(plan(), |card| card.major = 0x00, StationError::NoAes);
    check(Plan { is_ev1_allowed: false, ..plan() }, |card| card.major = EV1, StationError::Ev1NotAllowed);
    check(plan(), |card| card.card_key = CardKey::Aes(AesKey::new([9; 16]), 1), StationError::ForeignCard);
    check(plan(), |card| card.card_key = CardKey::Aes(AesKey::new([9; 16]), 0), StationError::ForeignCard);
    let unavailable = KeyUnavailable { role: KeyRole::Card, version: version(9) };
    check(plan(), |card| card.card_key = CardKey::Aes(AesKey::new([9; 16]), 9), StationError::Key(unavailable));
    let no_room = StationError::NotEnoughMemory { free_bytes: 1000, needed_bytes: 1856 };
    check(plan(), |card| card.free_bytes = 1000, no_room);
}

#[test]
fn a_template_that_only_just_does_not_fit_is_told_in_bytes_and_a_smaller_one_fits() {
    let mut card = Counterpart::from_factory(EV3);
    card.free_bytes = 1900;
    let refused = hold(personalise(plan(), keys, nonces(1)), &mut card);
    assert_eq!(refused, Err(StationError::NotEnoughMemory { free_bytes: 1900, needed_bytes: 1856 }));
    assert_eq!(hold(read(read_order(), nonces(2)), &mut card).unwrap_err(), ReadError::NotPersonalised);
    let smaller = Plan { template_bytes_max: 1700, ..plan() };
    hold(personalise(smaller, keys, nonces(3)), &mut card).unwrap();
    assert_eq!(hold(read(read_order(), nonces(4)), &mut card).unwrap().template, Some(template()));
}

#[test]
fn a_card_delivered_with_an_aes_key_of_zeros_is_taken() {
    let mut card = Counterpart::from_factory(EV3);
    card.card_key = CardKey::Aes(AesKey::FACTORY, 0);
    hold(personalise(plan(), keys, nonces(1)), &mut card).unwrap();
    assert!(matches!(card.card_key, CardKey::Aes(_, FIRST)));
}

#[test]
fn somebodys_card_is_not_taken_without_a_word() {
    let mut card = personalised(EV3);
    let other = |existing| Plan { credential: credential(0xC2), template: None, existing, ..plan() };
    let refused = hold(personalise(other(Existing::Refuse), keys, nonces(1)), &mut card);
    assert_eq!(refused, Err(StationError::AlreadyPersonalised(credential(0xC1))));
    assert_eq!(hold(read(read_order(), nonces(2)), &mut card).unwrap().credential, credential(0xC1));
    hold(personalise(other(Existing::Replace), keys, nonces(3)), &mut card).unwrap();
    let read = hold(read(read_order(), nonces(4)), &mut card).unwrap();
    assert_eq!((read.credential, read.template), (credential(0xC2), None));
}

#[test]
fn rekeying_sends_no_key_under_a_key_of_the_factory() {
    let check = |change: fn(&mut Counterpart), expected| {
        let mut card = personalised(EV3);
        change(&mut card);
        let mut is_changed = false;
        let outcome = rekey(rekey_order(), keys, nonces(1)).hold(|apdu| {
            is_changed |= apdu[1] == Instruction::ChangeKey.code() && card.card_key == CardKey::Des;
            Ok::<_, ()>(card.hear(apdu))
        });
        assert_eq!((outcome, is_changed), (Ok(Err(expected)), false));
    };
    check(|card| card.card_key = CardKey::Des, StationError::FactoryKey);
    check(|card| card.card_key = CardKey::Aes(AesKey::FACTORY, 0), StationError::FactoryKey);
    let factory_keys = |card: &mut Counterpart| {
        card.applications.values_mut().next().unwrap().keys = vec![(AesKey::FACTORY, 0); 2];
    };
    check(factory_keys, StationError::FactoryKey);
    check(|card| card.applications.clear(), StationError::NotPersonalised);
}

/// Whatever claims to be the card that was read a moment ago and has no keys of this site gets none, and no template.
#[test]
fn what_is_put_in_the_place_of_a_card_that_was_read_gets_nothing() {
    let renewal = |keys_before, card_key| Plan { keys_before, card_key, version: version(SECOND), ..plan() };
    let all = [
        (KeysBefore::Sites, CardKeyChoice::Diversify),
        (KeysBefore::Sites, CardKeyChoice::LeaveFactory),
        (KeysBefore::SitesApplication, CardKeyChoice::Diversify),
        (KeysBefore::SitesApplication, CardKeyChoice::LeaveFactory),
    ];
    let exchanged: [fn(&mut Counterpart); 4] = [
        |card| *card = Counterpart::from_factory(EV3),
        |card| {
            *card = Counterpart::from_factory(EV3);
            card.card_key = CardKey::Aes(AesKey::FACTORY, 0);
        },
        |card| card.applications.clear(),
        |card| card.applications.values_mut().next().unwrap().keys = vec![(AesKey::FACTORY, 0); 2],
    ];
    for exchange in exchanged {
        for (keys_before, card_key) in all {
            let mut card = personalised(EV3);
            exchange(&mut card);
            let mut is_told = false;
            card.power_cycle();
            let outcome = personalise(renewal(keys_before, card_key), keys, nonces(1)).hold(|apdu| {
                is_told |= [Instruction::ChangeKey, Instruction::WriteData].iter().any(|told| apdu[1] == told.code());
                Ok::<_, ()>(card.hear(apdu))
            });
            assert_eq!((outcome, is_told), (Ok(Err(StationError::FactoryKey)), false), "{keys_before:?} {card_key:?}");
        }
    }
    // The card itself is renewed; and one whose own key the site had left the factory's, if that is known.
    let mut card = personalised(EV3);
    hold(personalise(renewal(KeysBefore::Sites, CardKeyChoice::Diversify), keys, nonces(1)), &mut card).unwrap();
    let mut card = personalised(EV3);
    card.card_key = CardKey::Des;
    let refused = hold(personalise(renewal(KeysBefore::Sites, CardKeyChoice::Diversify), keys, nonces(1)), &mut card);
    assert_eq!(refused, Err(StationError::FactoryKey));
    let left = renewal(KeysBefore::SitesApplication, CardKeyChoice::Diversify);
    hold(personalise(left, keys, nonces(1)), &mut card).unwrap();
    assert!(matches!(card.card_key, CardKey::Aes(_, SECOND)));
}

#[test]
fn a_card_that_claims_a_key_version_that_it_has_not_is_refused() {
    let mut card = personalised(EV3);
    // What it tells without authentication: the wanted version, so that its key would not be changed.
    card.applications.values_mut().next().unwrap().keys[1].1 = SECOND;
    let refused = hold(rekey(rekey_order(), keys, nonces(1)), &mut card);
    assert_eq!(refused, Err(StationError::ForeignApplication));
}

#[test]
fn a_door_needs_five_commands_to_know_whose_card_it_is() {
    let mut card = personalised(EV3);
    card.power_cycle();
    let mut count = 0;
    let identified = identify(read_order(), nonces(1)).hold(|apdu| {
        count += 1;
        Ok::<_, ()>(card.hear(apdu))
    });
    assert_eq!((identified.unwrap().unwrap().credential, count), (credential(0xC1), 5));
}

#[test]
fn a_copied_uid_without_the_key_is_a_suspected_clone() {
    let mut card = personalised(EV3);
    card.applications.values_mut().next().unwrap().keys[1].0 = AesKey::new([9; 16]);
    let refused = hold(identify(read_order(), nonces(1)), &mut card).unwrap_err();
    assert!(refused.is_clone_suspected(), "{refused}");
}

/// Reads a whole card of which one answer is replaced; gives what came of it and the commands that were sent.
fn read_with(at: usize, answer: &[u8]) -> (Result<CardRead, ReadError>, Vec<u8>) {
    let mut card = personalised(EV3);
    card.power_cycle();
    let mut asked = Vec::new();
    let outcome = read(read_order(), nonces(1)).hold(|apdu| {
        asked.push(apdu[1]);
        let answered = card.hear(apdu);
        Ok::<_, ()>(if asked.len() == at { answer.to_vec() } else { answered })
    });
    (outcome.unwrap(), asked)
}

#[test]
fn a_template_is_not_hidden_by_saying_that_there_is_no_file() {
    let refused = read_with(6, &[0x91, 0xF0]).0.unwrap_err();
    let command = Instruction::ReadData;
    assert_eq!(refused, ReadError::Card(DesfireError::Refused { command, refusal: Refusal::NoFile }));
}

#[test]
fn a_card_that_began_the_newer_authentication_is_not_asked_for_the_older() {
    let (outcome, asked) = read_with(4, &[0x91, 0x1C]);
    assert!(outcome.unwrap_err().is_clone_suspected());
    assert_eq!(asked, [0x5A, 0x64, 0x71, 0xAF]);
}

#[test]
fn an_old_card_is_read_only_where_it_is_allowed() {
    let mut card = personalised(EV1);
    let order = ReadOrder { is_ev1_allowed: false, ..read_order() };
    assert_eq!(hold(identify(order, nonces(1)), &mut card).unwrap_err(), ReadError::Ev1NotAllowed);
}

#[test]
fn a_whole_conversation_played_back_is_refused() {
    let mut card = personalised(EV3);
    let mut recorded = Vec::new();
    card.power_cycle();
    let read_once = read(read_order(), nonces(1)).hold(|apdu| {
        recorded.push(card.hear(apdu));
        Ok::<_, ()>(recorded.last().unwrap().clone())
    });
    read_once.unwrap().unwrap();
    let mut recorded = recorded.into_iter();
    let refused = read(read_order(), nonces(2)).hold(|_| recorded.next().ok_or(())).unwrap().unwrap_err();
    assert!(refused.is_clone_suspected(), "{refused}");
}

#[test]
fn a_flipped_bit_anywhere_in_a_protected_answer_is_refused() {
    for major in [EV3, EV1] {
        let whole = personalised(major);
        let mut at = 0;
        loop {
            let mut card = whole.clone();
            card.power_cycle();
            let mut count = 0;
            let outcome = identify(read_order(), nonces(1)).hold(|apdu| {
                let mut answer = card.hear(apdu);
                // From the proof on, all of it is protected, and the proof is.
                let is_protected = apdu[1] == Instruction::AdditionalFrame.code() || matches!(apdu[1], 0xAD | 0xBD);
                if is_protected {
                    let bits = answer.len() * 8;
                    if (count..count + bits).contains(&at) {
                        answer[(at - count) / 8] ^= 1 << (at % 8);
                    }
                    count += bits;
                }
                Ok::<_, ()>(answer)
            });
            if at >= count && count > 0 && outcome.as_ref().is_ok_and(Result::is_ok) {
                break;
            }
            assert!(outcome.unwrap().is_err(), "bit {at} at {major:02X}");
            at += 1;
        }
        assert!(at > 400, "only {at} bits");
    }
}

proptest! {
    #[test]
    fn no_answers_panic(
        answers in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 0..60), prop_oneof![Just([0x91, 0]), Just([0x91, 0xAF]), any::<[u8; 2]>()]),
            0..40,
        ),
        which in 0..4,
    ) {
        let mut answers = answers.into_iter().map(|(data, status)| [&data[..], &status].concat());
        let mut exchange = |_: &[u8]| answers.next().ok_or(());
        let is_refused = match which {
            0 => read(read_order(), nonces(1)).hold(&mut exchange).map(|outcome| outcome.is_err()),
            1 => personalise(plan(), keys, nonces(1)).hold(&mut exchange).map(|outcome| outcome.is_err()),
            2 => rekey(rekey_order(), keys, nonces(1)).hold(&mut exchange).map(|outcome| outcome.is_err()),
            _ => wipe(wipe_order(CardKeyAfter::Factory), keys, nonces(1)).hold(&mut exchange).map(|outcome| outcome.is_err()),
        };
        prop_assert_ne!(is_refused, Ok(false));
    }

    #[test]
    fn a_card_that_begins_to_talk_nonsense_is_refused(
        at in 0_usize..60,
        nonsense in prop::collection::vec(any::<u8>(), 0..70),
    ) {
        let mut card = Counterpart::from_factory(EV3);
        let mut count = 0;
        let outcome = personalise(plan(), keys, nonces(1)).hold(|apdu| {
            count += 1;
            let answer = card.hear(apdu);
            Ok::<_, ()>(if count > at { nonsense.clone() } else { answer })
        });
        prop_assert!(outcome.unwrap().is_err() || count <= at);
    }
}
