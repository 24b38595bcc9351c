//! A PIN in place of a finger: typed at a keypad's twin, checked on the agent, decided with and without the server.

use access_core::policy::{Exemption, ExemptionGround};
use access_core::protocol::{PinContent, PinPrompt, SealedPin, SealedPins, pepper_binding, pin_binding};
use hardware::keypad::Digits;

use super::*;

const SALT: [u8; 16] = [7; 16];
const PEPPER: [u8; 32] = [6; 32];
const EVERYDAY: &str = "204816";
const SIGN: &str = "975310";

fn sealed(identity: &Identity, content: &[u8], binding: &[u8]) -> Vec<u8> {
    type Kem = hpke::kem::X25519HkdfSha256;
    let private = <Kem as hpke::Kem>::PrivateKey::from_bytes(&*identity.sealing_key).unwrap();
    let (key, sealed) = hpke::single_shot_seal::<hpke::aead::ChaCha20Poly1305, hpke::kdf::HkdfSha256, Kem>(
        &OpModeS::Base,
        &Kem::sk_to_pk(&private),
        b"pforte template 1",
        content,
        binding,
    )
    .unwrap();
    [key.to_bytes().as_slice(), &sealed].concat()
}

/// Anna's PINs, sealed to the agent.
fn pins(identity: &Identity) -> SealedPins {
    let verifier = |digits| {
        let hash = crate::pin::hash(&Digits::new(digits).unwrap(), &SALT).unwrap();
        crate::pin::verifier(&PEPPER, &hash)
    };
    let content = PinContent { salt: SALT, everyday: verifier(EVERYDAY), duress: verifier(SIGN) };
    let content = access_core::canonical::encode(&content);
    let person = id(1);
    SealedPins {
        pepper: sealed(identity, &PEPPER, &pepper_binding(identity.agent)),
        of_persons: vec![SealedPin {
            person,
            sealed: sealed(identity, &content, &pin_binding(identity.agent, person)),
        }],
    }
}

/// The lobby wants a finger, from which Anna is exempt: she has a PIN.
fn exempt(rows: &mut PolicyRows) {
    anna_and_ben(rows);
    rows.doors[0].factors_in = FactorDemand::CardFinger;
    let valid = Period { from: UnixMs(0), until: None };
    rows.persons[0].exemption = Some(Exemption { ground: ExemptionGround::NotUsable, valid });
    rows.persons[0].has_finger = false;
    rows.persons[0].has_pin = true;
}

/// A world whose agent decides alone, with Anna's PINs in its bundle and a keypad at the lobby.
async fn alone() -> (World, Running, Session) {
    let mut world = World::new().await;
    world.rules = exempt;
    world.hang_keypad();
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    let now = crate::clock::machine_time();
    let bundle = Bundle { sequence: now.0 as u64 + 60_000, pins: pins(&world.identity), ..world.bundle(now).await };
    say(&mut session.socket, &FromServer::Bundle(SignedBundle::sign(&bundle, &SigningKey::from_bytes(&[3; 32])))).await;
    let in_force = |message: &FromAgent| *message == FromAgent::BundleInForce { sequence: bundle.sequence };
    while !in_force(&session.next().await) {}
    (world, agent, session)
}

/// Holds Anna's card there and types; the decision, made by the agent because the server does not answer.
async fn decided(world: &World, agent: &mut Running, session: &mut Session, keys: &str) -> Decision {
    agent.tap().await;
    world.door_shows(|view| view.line == "PIN, please").await;
    world.type_keys(keys);
    session.decision().await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_exempt_comes_in_with_card_and_pin_without_the_server() {
    let (world, mut agent, mut session) = Box::pin(alone()).await;
    let mut shown = Vec::new();
    for (keys, pin, alarms) in [
        ("204816#", FactorResult::Matched, vec![]),
        ("97*975310#", FactorResult::MatchedDuress, vec![AlarmKind::Duress]),
    ] {
        let decision = decided(&world, &mut agent, &mut session, keys).await;
        assert_eq!((decision.attempt.pin, decision.attempt.finger), (Some(pin), None));
        assert!(decision.verdict.is_grant(), "{decision:?}");
        assert_eq!((decision.decided, &decision.verdict.alarms), (Decided::Offline, &alarms));
        world.door_shows(|view| view.is_energised && view.line == "Come in").await;
        shown.push(world.door.watch().borrow().clone());
        world.door.push().await.unwrap();
        session.kind("entered").await;
        world.door.close();
        session.kind("door_closed").await;
        world.door_shows(|view| !view.is_energised && view.line == "Card, please").await;
    }
    assert_eq!(shown[0], shown[1], "nothing at the door differs");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_pins_are_refused_and_delayed_ever_longer() {
    let (world, mut agent, mut session) = Box::pin(alone()).await;
    // What is typed while nobody is asked is nobody's PIN.
    world.type_keys(EVERYDAY);
    for keys in ["204817#", "2048160#", "0#"] {
        let decision = decided(&world, &mut agent, &mut session, keys).await;
        assert_eq!(decision.verdict.reason, Reason::WrongPin, "{keys}");
        assert_eq!(decision.attempt.pin, Some(FactorResult::NotMatched));
    }
    // The next is not asked for: neither hers nor anybody's.
    agent.tap().await;
    let refused = session.decision().await;
    assert_eq!((refused.verdict.reason, refused.attempt.pin), (Reason::PinDelayed, None));
    assert_eq!(refused.verdict.person, Some(id(1)));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_is_given_up_and_a_keypad_goes_and_comes() {
    let (world, mut agent, mut session) = Box::pin(alone()).await;
    let cancelled = decided(&world, &mut agent, &mut session, "20!").await;
    assert_eq!((cancelled.verdict.reason, cancelled.attempt.pin), (Reason::PinTimeout, None));

    agent.tap().await;
    world.door_shows(|view| view.line == "PIN, please").await;
    world.keypad.as_ref().unwrap().unplug();
    let fault = |event: &Event| match event {
        Event::AlarmRaised { kind: AlarmKind::KeypadFault, .. } => Some("raised"),
        Event::AlarmCleared { kind: AlarmKind::KeypadFault, .. } => Some("cleared"),
        _ => None,
    };
    assert_eq!(session.record(fault).await, "raised");
    assert_eq!(session.decision().await.verdict.reason, Reason::KeypadFault);
    world.keypad.as_ref().unwrap().plug_again().unwrap();
    assert_eq!(session.record(fault).await, "cleared");
    let again = decided(&world, &mut agent, &mut session, "204816#").await;
    assert!(again.verdict.is_grant(), "{again:?}");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_has_a_pin_typed_twice() {
    let mut world = World::new().await;
    world.has_station = true;
    world.hang_keypad();
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.record(|event| matches!(event, Event::DeviceChanged { device: Device::Keypad, .. }).then_some(())).await;
    let expires_at = crate::clock::machine_time().plus_ms(60_000);
    let order = |number, is_duress| {
        let want = EnrolmentWant::Pin { is_duress, salt: SALT };
        FromServer::Enrol(EnrolmentOrder { id: id(number), person: id(1), want, expires_at })
    };
    let hash = |digits| SecretBytes(crate::pin::hash(&Digits::new(digits).unwrap(), &SALT).unwrap().to_vec());
    let prompt = |prompt| EnrolmentStep::TypePin { prompt };

    say(&mut session.socket, &order(1, false)).await;
    assert_eq!(session.step().await, prompt(PinPrompt::New));
    world.type_keys("204816#");
    assert_eq!(session.step().await, prompt(PinPrompt::Again));
    world.type_keys("204816#");
    assert_eq!(session.step().await, EnrolmentStep::PinRead { everyday: None, hash: hash(EVERYDAY) });
    session.kind("enrolment_ended").await;

    say(&mut session.socket, &order(2, true)).await;
    assert_eq!(session.step().await, prompt(PinPrompt::Everyday));
    world.type_keys("204816#");
    assert_eq!(session.step().await, prompt(PinPrompt::New));
    world.type_keys("975310#");
    assert_eq!(session.step().await, prompt(PinPrompt::Again));
    world.type_keys("975310#");
    let read = EnrolmentStep::PinRead { everyday: Some(hash(EVERYDAY)), hash: hash(SIGN) };
    assert_eq!(session.step().await, read);
    agent.stop().await;
}
