//! Each misdeed at each command of a reading: never a credential or template that is not the card's own, and *clone
//! suspected* where a proof failed or the card knows nothing of what it had begun, there alone.

use hardware::card::desfire::*;
use hardware::card::virtual_card::{FieldCard as _, Reaction};
use hardware::card::virtual_desfire::{Content, Deed, Generation as Model, Misdeed, Size, Twin};

use super::site::*;

const OTHER_UID: [u8; 7] = [0x04, 1, 2, 3, 4, 5, 6];
/// EV2 and EV3 are spoken to alike.
const KINDS: [Model; 2] = [Model::Ev1, Model::Ev3];
const SELECT: u8 = 0x5A;
const GET_KEY_VERSION: u8 = 0x64;
const AUTHENTICATE_EV2: u8 = 0x71;

/// One exchange of a reading in which nothing goes wrong.
struct Exchange {
    command: u8,
    command_bytes: usize,
    answer_bytes: usize,
}

struct Stage {
    content: Content,
    exchanges: Vec<Exchange>,
    template_bytes: usize,
}

impl Stage {
    fn new(generation: Model, template_bytes: usize) -> Self {
        let content = personalised(generation, template_bytes).content();
        let mut card = twin(content.clone());
        let mut exchanges = Vec::new();
        card.power();
        let outcome = read(read_order(&[FIRST, SECOND]), nonces(21)).hold(|apdu| {
            let Reaction::Answer(answer) = card.react(apdu) else { return Err(()) };
            let (command_bytes, answer_bytes) = (apdu.len(), answer.len());
            exchanges.push(Exchange { command: apdu[1], command_bytes, answer_bytes });
            Ok(answer)
        });
        outcome.unwrap().unwrap();
        Self { content, exchanges, template_bytes }
    }

    fn commands(&self) -> impl Iterator<Item = (u32, &Exchange)> {
        (1..).zip(&self.exchanges)
    }

    /// A card that was read once, as whoever plays back must have heard.
    fn card(&self) -> Twin {
        let mut card = twin(self.content.clone());
        read_card(&mut card).unwrap();
        card
    }

    fn read(&self, at: u32, deed: Deed) -> Result<Result<CardRead, ReadError>, Broken> {
        let mut card = self.card();
        card.misbehave(Some(Misdeed { at, deed }));
        self.read_misbehaving(&mut card)
    }

    /// Whatever comes of it, it is not what the card does not hold.
    fn read_misbehaving(&self, card: &mut Twin) -> Result<Result<CardRead, ReadError>, Broken> {
        // Drawn so that no cipher text that is torn ends like a status by chance: one in 65,536 looks whole.
        let outcome = hold(read(read_order(&[FIRST, SECOND]), nonces(23)), card);
        if let Ok(Ok(read)) = &outcome {
            assert_eq!(read.credential, credential());
            assert!(read.template == template(self.template_bytes), "the template");
        }
        outcome
    }

    fn check_refused(&self, at: u32, deed: Deed, is_clone_suspected: bool) {
        let told = format!("{deed:?} at command {at} of {:?}", self.content.model.generation);
        check_suspected(&self.read(at, deed), is_clone_suspected, &told);
    }
}

fn check_suspected(outcome: &Result<Result<CardRead, ReadError>, Broken>, is_clone_suspected: bool, told: &str) {
    match outcome {
        Ok(Err(error)) => assert_eq!(error.is_clone_suspected(), is_clone_suspected, "{told}: {error}"),
        other => panic!("{told}: {other:?}"),
    }
}

/// With a template in one command and in several, in one frame and in several.
fn stages() -> impl Iterator<Item = Stage> {
    KINDS.into_iter().flat_map(|generation| [0, 300].map(|template_bytes| Stage::new(generation, template_bytes)))
}

#[test]
fn a_wrong_mac_is_a_suspected_clone() {
    for stage in stages() {
        for (at, _) in stage.commands() {
            stage.check_refused(at, Deed::WrongMac, true);
        }
    }
}

#[test]
fn an_earlier_session_played_back_is_a_suspected_clone() {
    for stage in stages() {
        for (at, _) in stage.commands() {
            stage.check_refused(at, Deed::Replay, true);
        }
    }
}

#[test]
fn a_copied_uid_without_the_keys_is_a_suspected_clone() {
    for stage in stages() {
        let mut draw = random(5);
        let mut copy = twin(stage.content.copied_without_keys(&mut *draw));
        check_suspected(&stage.read_misbehaving(&mut copy), true, "a copy");
        // The site's application on it, made by whoever knows the layout and the factory's keys alone.
        let mut layout = stage.content.clone();
        layout.applications[0].keys.iter_mut().for_each(|key| key.bytes = [0; 16]);
        check_suspected(&stage.read_misbehaving(&mut twin(layout)), true, "a copy with keys of zeros");
        // The UID alone: a card that was wiped looks no different.
        let mut blank = twin(Content::factory(UID, stage.content.model));
        check_suspected(&stage.read_misbehaving(&mut blank), false, "a blank card");
    }
}

#[test]
fn a_card_that_is_swapped_for_another_is_a_suspected_clone() {
    for stage in stages() {
        // Another card of the site, which is whole by itself.
        let mut other = Content::factory(OTHER_UID, stage.content.model);
        let plan = Plan { seen: hardware::card::Uid::new(&OTHER_UID).unwrap(), ..plan(10) };
        let mut card = twin(other.clone());
        hold(personalise(plan, keys, nonces(6)), &mut card).unwrap().unwrap();
        other = card.content();
        let blank = Content::factory(OTHER_UID, stage.content.model);
        for (at, exchange) in stage.commands() {
            for (other, is_blank) in [(&other, false), (&blank, true)] {
                let mut card = stage.card();
                card.swap(at, "other", &Twin::new(other.clone(), random(7)));
                // Before anything is selected a blank card is no more than that.
                let is_suspected = !(is_blank && exchange.command == SELECT);
                let told = format!("swapped before command {at} of {:?}", stage.content.model.generation);
                check_suspected(&stage.read_misbehaving(&mut card), is_suspected, &told);
            }
        }
    }
}

#[test]
fn no_flipped_bit_of_a_command_brings_what_is_not_the_cards() {
    for generation in KINDS {
        let stage = Stage::new(generation, 60);
        for (at, exchange) in stage.commands() {
            for bit in 0..8 * exchange.command_bytes {
                let outcome = stage.read(at, Deed::FlipCommand { bit }).unwrap();
                // Nothing protects what comes before the authentication, nor Le; what comes of it has proved itself all the same.
                let is_le = bit / 8 == exchange.command_bytes - 1;
                let is_open = matches!(exchange.command, SELECT | GET_KEY_VERSION | AUTHENTICATE_EV2);
                assert!(outcome.is_err() || is_le || is_open, "bit {bit} of command {at} of {generation:?}");
            }
        }
    }
}

#[test]
fn a_flipped_bit_of_a_proof_or_what_it_covers_is_a_suspected_clone() {
    for generation in KINDS {
        let stage = Stage::new(generation, 60);
        for (at, exchange) in stage.commands() {
            let data_bits = 8 * (exchange.answer_bytes - 2);
            for bit in 0..8 * exchange.answer_bytes {
                let outcome = stage.read(at, Deed::FlipAnswer { bit }).unwrap();
                let error = outcome.expect_err("nothing is read from an answer that was changed");
                // Versions and statuses are told without proof: what follows from them is refused, no more.
                if bit < data_bits && exchange.command != GET_KEY_VERSION {
                    assert!(error.is_clone_suspected(), "bit {bit} of command {at} of {generation:?}: {error}");
                }
            }
        }
    }
}

#[test]
fn a_torn_answer_is_no_clone() {
    for stage in stages() {
        for (at, exchange) in stage.commands() {
            for bytes in 0..exchange.answer_bytes {
                stage.check_refused(at, Deed::Tear { bytes }, false);
            }
        }
    }
}

#[test]
fn a_card_that_is_silent_or_leaves_is_no_clone() {
    for stage in stages() {
        for (at, exchange) in stage.commands() {
            for (deed, broken) in [
                (Deed::Silence, Broken::Silent),
                (Deed::LeaveBefore, Broken::Left),
                (Deed::LeaveMidway, Broken::Left),
                (Deed::LeaveAfter, Broken::Left),
            ] {
                assert_eq!(stage.read(at, deed).err(), Some(broken), "{:02X}", exchange.command);
            }
            // Late is not wrong.
            assert!(stage.read(at, Deed::Late { ms: 900 }).unwrap().is_ok());
            // What a reader makes of a card that left: no bytes at all, which is an answer of none.
            stage.check_refused(at, Deed::Tear { bytes: 0 }, false);
        }
    }
}

#[test]
fn a_refusal_is_a_suspected_clone_only_where_the_card_itself_would_not_refuse() {
    for stage in stages() {
        for (at, exchange) in stage.commands() {
            for status in 1..=0xFF_u8 {
                let outcome = stage.read(at, Deed::Status { status });
                let is_fallback = exchange.command == AUTHENTICATE_EV2 && status == 0x1C;
                match outcome.unwrap() {
                    // Told that it is an old card: it may still prove itself in the old way, and is marked so.
                    Ok(read) if is_fallback => assert_eq!(read.messaging, Messaging::Ev1Fallback),
                    // Told that somebody else had broken off, the reader begins once more.
                    Ok(_) => assert_eq!((exchange.command, status), (SELECT, 0xCA)),
                    // More was promised than there is: the card itself was not asked.
                    Err(_) if status == 0xAF => {}
                    Err(error) => {
                        // Not the key, not the MAC, no such key, not permitted, no such command.
                        let is_strange = matches!(status, 0xAE | 0x1E | 0x40 | 0x9D | 0x1C);
                        let is_suspected = is_strange && exchange.command != SELECT;
                        assert_eq!(error.is_clone_suspected(), is_suspected, "{status:02X} at command {at}: {error}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_fallback_is_taken_only_from_a_card_that_never_began_the_newer_way() {
    let stage = Stage::new(Model::Ev3, 0);
    let proof = stage.commands().find(|(_, exchange)| exchange.command == 0xAF).unwrap().0;
    let mut card = stage.card();
    card.misbehave(Some(Misdeed { at: proof, deed: Deed::Status { status: 0x1C } }));
    card.power();
    let mut asked = Vec::new();
    let outcome = read(read_order(&[FIRST]), nonces(1)).hold(|apdu| {
        asked.push(apdu[1]);
        match card.react(apdu) {
            Reaction::Answer(answer) => Ok(answer),
            _ => Err(()),
        }
    });
    assert!(outcome.unwrap().is_err());
    assert_eq!(asked, [SELECT, GET_KEY_VERSION, AUTHENTICATE_EV2, 0xAF]);
}

#[test]
fn a_station_takes_nothing_from_a_card_that_is_swapped() {
    for generation in KINDS {
        let start = personalised(generation, 100).content();
        let stranger = Content::factory(OTHER_UID, model(generation, Size::K8));
        for at in 2.. {
            let mut card = twin(start.clone());
            let other = Twin::new(stranger.clone(), random(7));
            card.swap(at, "other", &other);
            let outcome = hold(rekey(rekey_order(), keys, nonces(1)), &mut card).unwrap();
            assert_eq!(other.content(), stranger, "at command {at}");
            if outcome.is_ok() {
                assert!(at > 25, "only {at} commands");
                break;
            }
        }
    }
}
