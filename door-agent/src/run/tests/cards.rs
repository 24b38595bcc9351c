//! Cards that prove themselves, at a door: what the reader says of them, and what becomes of it.

use access_core::canonical;
use access_core::protocol::{CardMessaging, CardTemplates};
use hardware::card::desfire::{CardTemplate, CredentialNumber, KeyVersion, Messaging};
use hardware::card::{Proof, TemplateRead};

use super::*;
use crate::cards::tests::{NUMBER, UID, card, finger_on_card, secrets};

/// Anna has a card that proves itself, and goes in with card and finger. The site takes no other cards.
fn anna_proves(rows: &mut PolicyRows) {
    anna_and_ben(rows);
    rows.sites[0].accepts_uid_only = false;
    rows.doors[0].factors_in = FactorDemand::CardFinger;
    (rows.credentials[0].token, rows.credentials[0].proves_itself) = (card(), true);
}

fn by_card_alone(rows: &mut PolicyRows) {
    anna_proves(rows);
    rows.doors[0].factors_in = FactorDemand::Card;
}

fn lost(rows: &mut PolicyRows) {
    anna_proves(rows);
    rows.credentials[0].state = CredentialState::Lost;
}

fn lost_where_uids_are_taken(rows: &mut PolicyRows) {
    lost(rows);
    rows.sites[0].accepts_uid_only = true;
}

fn known(identity: &Identity) -> protocol::CardSecrets {
    secrets(identity, CardMessaging::Ev2, false)
}

fn uid() -> Uid {
    Uid::new(&UID).unwrap()
}

fn proved(number: [u8; 16]) -> ReaderChange {
    let credential = CredentialNumber::new(number).unwrap();
    let key_version = KeyVersion::new(1).unwrap();
    ReaderChange::Proved(uid(), Proof { credential, key_version, messaging: Messaging::Ev2 })
}

fn read(read: TemplateRead) -> ReaderChange {
    ReaderChange::Template(read)
}

impl World {
    async fn desfire(rules: fn(&mut PolicyRows)) -> Self {
        Self { rules, cards: known, ..Self::new().await }
    }

    /// Anna's finger, as it lies on her card.
    async fn on_card(&self) -> TemplateRead {
        self.on_card_as(1).await
    }

    /// The same under another number.
    async fn on_card_as(&self, number: u128) -> TemplateRead {
        let fingers = vec![finger_on_card(number, &self.enrolled(ANNA).await.0, false)];
        TemplateRead::Content(CardTemplate::new(canonical::encode(&CardTemplates { fingers })).unwrap())
    }
}

impl Running {
    async fn says(&mut self, change: ReaderChange) {
        self.reader("lobby in", change).await;
    }
}

/// The agent with its rules in force and its sensor there.
async fn begin(world: &World) -> (Running, Session) {
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.in_force().await;
    session.record(|event| matches!(event, Event::DeviceChanged { device: Device::Sensor, .. }).then_some(())).await;
    (agent, session)
}

impl Session {
    /// The card is asked for by its number, and a finger is needed.
    async fn need_finger(&mut self) {
        let asked = self.asked().await;
        assert_eq!((asked.card, asked.assurance, asked.finger), (card(), Assurance::Authenticated, None));
        self.answer(&asked, Outcome::Need(Factor::Finger), Reason::FingerRequired).await;
    }

    async fn grant(&mut self, world: &World) {
        let asked = self.asked().await;
        assert_eq!((asked.card, asked.finger), (card(), Some(FactorResult::Matched)));
        self.answer(&asked, Outcome::Grant { release_ms: 20_000, held_ms: 60_000 }, Reason::Granted).await;
        world.door_shows(|view| view.is_energised).await;
    }

    /// The server says nothing: what the agent decides by itself.
    async fn decided_alone(&mut self) -> Decision {
        let decision = self.decision().await;
        assert_eq!(decision.decided, Decided::Offline);
        decision
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_proves_itself_brings_the_finger_that_is_compared() {
    let world = World::desfire(anna_proves).await;
    let on_card = world.on_card().await;
    let (mut agent, mut session) = begin(&world).await;
    // The verdict first, then the template.
    agent.says(proved(NUMBER)).await;
    session.need_finger().await;
    world.door_shows(|view| view.line == "Finger, please").await;
    agent.says(read(on_card.clone())).await;
    agent.says(ReaderChange::Removed).await;
    world.finger.place(Some(ANNA));
    session.grant(&world).await;
    world.door.push().await.unwrap();
    session.kind("entered").await;
    world.door.close();
    session.kind("door_closed").await;
    world.finger.place(None);

    // The template first, then the verdict; somebody else's finger.
    agent.says(proved(NUMBER)).await;
    agent.says(read(on_card)).await;
    session.need_finger().await;
    world.finger.place(Some(1));
    assert_eq!(session.asked().await.finger, Some(FactorResult::NotMatched));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_taken_away_too_early_is_held_there_once_more() {
    let world = World::desfire(anna_proves).await;
    let on_card = world.on_card().await;
    let (mut agent, mut session) = begin(&world).await;
    agent.says(proved(NUMBER)).await;
    agent.says(read(TemplateRead::Gone)).await;
    agent.says(ReaderChange::Removed).await;
    session.need_finger().await;
    world.door_shows(|view| view.line == "Hold the card longer").await;
    agent.says(proved(NUMBER)).await;
    agent.says(read(TemplateRead::Unreadable("held badly".to_owned()))).await;
    agent.says(ReaderChange::Removed).await;
    agent.says(proved(NUMBER)).await;
    agent.says(read(on_card)).await;
    world.door_shows(|view| view.line == "Finger, please").await;
    world.finger.place(Some(ANNA));
    session.grant(&world).await;
    let decision = session.decision().await;
    assert_eq!((decision.verdict.reason, decision.attempt.assurance), (Reason::Granted, Assurance::Authenticated));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_without_a_finger_on_it_has_none_enrolled() {
    let world = World::desfire(anna_proves).await;
    let (mut agent, mut session) = begin(&world).await;
    agent.says(proved(NUMBER)).await;
    agent.says(read(TemplateRead::Empty)).await;
    session.need_finger().await;
    assert_eq!(session.decision().await.verdict.reason, Reason::NoFingerEnrolled);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finger_that_the_server_has_no_record_of_is_refused_and_says_so() {
    let world = World::desfire(anna_proves).await;
    let on_card = world.on_card_as(9).await;
    let (mut agent, mut session) = begin(&world).await;
    world.finger.place(Some(ANNA));
    agent.says(proved(NUMBER)).await;
    agent.says(read(on_card)).await;
    session.need_finger().await;
    assert_eq!(session.decision().await.verdict.reason, Reason::FingerNotRecorded);
    assert!(!world.door.watch().borrow().is_energised);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_refused_raises_the_alarm_and_locks_the_reader() {
    let world = World::desfire(by_card_alone).await;
    let (mut agent, mut session) = begin(&world).await;
    agent.says(ReaderChange::NotAuthentic(uid(), "a copy".to_owned())).await;
    let decision = session.decided_alone().await;
    assert_eq!((decision.attempt.card, decision.attempt.assurance), (card(), Assurance::NotAuthentic));
    assert_eq!(decision.verdict.reason, Reason::CardNotAuthentic);
    assert_eq!(decision.verdict.alarms, [AlarmKind::CloneSuspected]);
    assert!(decision.verdict.effects.iter().any(|effect| matches!(effect, Effect::LockReader { .. })), "{decision:?}");
    agent.says(ReaderChange::Removed).await;
    // The keys of its UID, and another card's number.
    agent.says(proved([1; 16])).await;
    let decision = session.decided_alone().await;
    assert_eq!((decision.attempt.card, decision.attempt.assurance), (card(), Assurance::NotAuthentic));
    assert_eq!(decision.verdict.reason, Reason::ReaderLocked);
    agent.says(ReaderChange::Removed).await;
    agent.says(proved(NUMBER)).await;
    assert_eq!(session.decided_alone().await.verdict.reason, Reason::ReaderLocked, "for seconds");
    assert!(!world.door.watch().borrow().is_energised);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_uid_that_answers_to_no_sense_again_and_again_is_a_copy() {
    let world = World::desfire(by_card_alone).await;
    let (mut agent, mut session) = begin(&world).await;
    // Held badly, however often: no attempt comes of it.
    for _ in 0..20 {
        agent.says(ReaderChange::Unreadable("the card left before it was read".to_owned())).await;
        agent.says(ReaderChange::Removed).await;
    }
    let senseless = || ReaderChange::Senseless(uid(), "an answer of 3 bytes".to_owned());
    // A card that is genuine after all takes back what it was counted for, each time.
    for _ in 0..2 {
        for _ in 0..4 {
            agent.says(senseless()).await;
            agent.says(ReaderChange::Removed).await;
        }
        agent.says(proved(NUMBER)).await;
        let asked = session.asked().await;
        assert_eq!(asked.assurance, Assurance::Authenticated, "and no attempt before");
        session.answer(&asked, Outcome::Deny, Reason::NoGrant).await;
        assert_eq!(session.decision().await.verdict.reason, Reason::NoGrant);
        agent.says(ReaderChange::Removed).await;
    }
    for _ in 0..5 {
        agent.says(senseless()).await;
        agent.says(ReaderChange::Removed).await;
    }
    let decision = session.decided_alone().await;
    assert_eq!((decision.attempt.card, decision.attempt.assurance), (card(), Assurance::NotAuthentic));
    assert_eq!(decision.verdict.alarms, [AlarmKind::CloneSuspected]);
    assert!(decision.verdict.effects.iter().any(|effect| matches!(effect, Effect::LockReader { .. })), "{decision:?}");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_exchanged_for_another_in_the_middle_is_refused() {
    let world = World::desfire(anna_proves).await;
    let (mut agent, mut session) = begin(&world).await;
    agent.says(proved(NUMBER)).await;
    session.need_finger().await;
    world.door_shows(|view| view.line == "Finger, please").await;
    agent.says(read(TemplateRead::NotAuthentic("another session".to_owned()))).await;
    assert_eq!(session.decision().await.verdict.reason, Reason::CardRemoved);
    let decision = session.decided_alone().await;
    assert_eq!((decision.attempt.card, decision.verdict.reason), (card(), Reason::CardNotAuthentic));
    world.finger.place(Some(ANNA));
    agent.stop().await;
    assert!(!world.door.watch().borrow().is_energised);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_held_there_while_a_finger_is_awaited_ends_the_attempt() {
    let world = World::desfire(anna_proves).await;
    let (mut agent, mut session) = begin(&world).await;
    agent.says(proved(NUMBER)).await;
    session.need_finger().await;
    world.door_shows(|view| view.line == "Finger, please").await;
    agent.says(ReaderChange::Removed).await;
    agent.says(ReaderChange::NotAuthentic(uid(), "a copy".to_owned())).await;
    assert_eq!(session.decision().await.verdict.reason, Reason::CardRemoved);
    assert_eq!(session.decided_alone().await.verdict.reason, Reason::CardNotAuthentic);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_uid_alone_is_not_believed_of_a_card_that_must_prove_itself() {
    let world = World::desfire(by_card_alone).await;
    let (mut agent, mut session) = begin(&world).await;
    agent.says(ReaderChange::Card(uid())).await;
    world.door_shows(|view| view.line == "Not read, once more").await;
    agent.says(ReaderChange::Removed).await;
    // What was asked meanwhile was nothing: this is the first.
    agent.says(proved(NUMBER)).await;
    assert_eq!(session.asked().await.assurance, Assurance::Authenticated);
    agent.stop().await;
}

/// A lost card proves nothing, for no agent has its keys.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_card_is_known_by_its_uid_refused_and_told() {
    for (rules, reason) in [
        (lost as fn(&mut PolicyRows), Reason::WeakCardNotAccepted),
        (lost_where_uids_are_taken, Reason::CredentialLost),
    ] {
        let missing = |identity: &Identity| secrets(identity, CardMessaging::Ev2, true);
        let world = World { cards: missing, ..World::desfire(rules).await };
        let (mut agent, mut session) = begin(&world).await;
        agent.says(ReaderChange::Card(uid())).await;
        let decision = session.decided_alone().await;
        assert_eq!((decision.attempt.card, decision.attempt.assurance), (card(), Assurance::WeakUid));
        assert_eq!(decision.verdict.reason, reason);
        assert_eq!(decision.verdict.alarms, [AlarmKind::LostCardPresented]);
        agent.stop().await;
    }
}
