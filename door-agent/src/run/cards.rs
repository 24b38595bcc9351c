//! Cards at doors: whose each is and how sure that is, and the fingers that lie on it, which go to the sensor as soon as they are
//! read. A template is kept for the one attempt that its card began, and wiped with it.

use access_core::attempt::Assurance;
use access_core::protocol::CREDENTIAL_NUMBER_BYTES;
use hardware::card::desfire::CardTemplate;
use hardware::card::{Proof, TemplateRead};
use zeroize::Zeroizing;

use super::*;
use crate::cards::{Claim, OnCard};

/// A card that proved itself.
pub(super) struct OnReader {
    token: CardToken,
    credential: Zeroizing<[u8; CREDENTIAL_NUMBER_BYTES]>,
    template: TemplateOnCard,
}

/// What is known of the card's template file.
enum TemplateOnCard {
    /// It is being read.
    Coming,
    There(CardTemplate),
    /// There is nothing in it.
    Empty,
    /// The card was taken away too early, or was held badly; or its attempt is over.
    NotThere,
}

/// A finger that is wanted as soon as its template is read.
#[derive(Clone, Copy)]
pub(super) struct WantedFinger {
    pub(super) attempt: AttemptId,
    pub(super) person: PersonId,
    pub(super) deadline: tokio::time::Instant,
}

impl Agent {
    /// What a reader says of a card at a door.
    pub(super) fn card_at_door(&mut self, door: usize, side: Side, change: ReaderChange, card_at: Instant) {
        // How long the card itself takes to prove who it is, is not this program's doing.
        let card_at = if matches!(change, ReaderChange::Proved(..)) { Instant::now() } else { card_at };
        let (token, assurance) = match change {
            ReaderChange::Card(uid) | ReaderChange::Kind(uid, _) => match self.policy.claim(uid.as_bytes()) {
                Claim::Weak(token) | Claim::Lost(token) => (token, Assurance::WeakUid),
                // It was not asked, or could not be: its UID alone is not believed.
                Claim::Bound(_) => return self.feed(door, Input::CardUnreadable),
            },
            ReaderChange::NotAuthentic(uid, _) => (self.policy.claim(uid.as_bytes()).token(), Assurance::NotAuthentic),
            ReaderChange::Senseless(uid, _) => {
                let (token, now_ms) = (self.policy.claim(uid.as_bytes()).token(), self.clock.now().mono_ms);
                if !self.doors[door].senseless[side as usize].is_suspicious(token, now_ms) {
                    return self.feed(door, Input::CardUnreadable);
                }
                tracing::warn!("cards answer to no sense again and again: a copy is suspected");
                (token, Assurance::NotAuthentic)
            }
            ReaderChange::Proved(uid, Proof { credential, .. }) => {
                let (token, is_it) = self.policy.proved(uid.as_bytes(), credential.as_bytes());
                if is_it {
                    self.doors.iter_mut().flat_map(|unit| &mut unit.senseless).for_each(|known| known.proved(token));
                    let credential = Zeroizing::new(*credential.as_bytes());
                    let on_reader = OnReader { token, credential, template: TemplateOnCard::Coming };
                    self.doors[door].on_reader[side as usize] = Some(on_reader);
                    (token, Assurance::Authenticated)
                } else {
                    tracing::warn!("a card has the keys of its UID and the number of another card");
                    (token, Assurance::NotAuthentic)
                }
            }
            ReaderChange::Template(read) => return self.template_read(door, side, read),
            _ => return,
        };
        let attempt = AttemptId::from_uuid((self.new_id)());
        let taps = &mut self.doors[door].taps;
        taps.retain(|_, tap| tap.card_at.elapsed() < Duration::from_secs(60));
        taps.insert(attempt, Tap::of(card_at, token));
        self.feed(door, Input::Card { side, attempt, token, assurance });
    }

    fn template_read(&mut self, door: usize, side: Side, read: TemplateRead) {
        let Some(on_reader) = &mut self.doors[door].on_reader[side as usize] else { return };
        let is_coming = matches!(on_reader.template, TemplateOnCard::Coming);
        let template = match read {
            TemplateRead::Content(template) => TemplateOnCard::There(template),
            TemplateRead::Empty => TemplateOnCard::Empty,
            TemplateRead::Gone => TemplateOnCard::NotThere,
            TemplateRead::Unreadable(why) => {
                tracing::info!(why, "the template on a card could not be read");
                TemplateOnCard::NotThere
            }
            // What proved itself is not what lies there now.
            TemplateRead::NotAuthentic(why) => {
                tracing::warn!(why, "the template on a card is not authentic");
                on_reader.template = TemplateOnCard::NotThere;
                let (token, attempt) = (on_reader.token, AttemptId::from_uuid((self.new_id)()));
                return self.feed(door, Input::Card { side, attempt, token, assurance: Assurance::NotAuthentic });
            }
        };
        if is_coming {
            on_reader.template = template;
            self.go_on_with_finger(door, side);
        }
    }

    /// The template is there that a finger waited for, or it is known that it did not come.
    fn go_on_with_finger(&mut self, door: usize, side: Side) {
        let Some(wanted) = self.doors[door].wanted[side as usize] else { return };
        let WantedFinger { attempt, person, deadline } = wanted;
        let Some(fingers) = self.fingers_at(door, side, attempt, person) else {
            return self.feed(door, Input::CardNeeded { attempt, is_needed: self.must_hold_card(door, side) });
        };
        self.doors[door].wanted[side as usize] = None;
        self.feed(door, Input::CardNeeded { attempt, is_needed: false });
        if let Some(outcome) = self.verify(door, side, attempt, fingers, deadline) {
            self.feed(door, Input::Finger { attempt, outcome });
        }
    }

    /// What a person's finger is compared with: what lies on their card, and what the server keeps. Nothing yet, if the former is
    /// not there, and without it there is nothing.
    pub(super) fn fingers_at(
        &mut self,
        door: usize,
        side: Side,
        attempt: AttemptId,
        person: PersonId,
    ) -> Option<OnCard> {
        let mut stored = OnCard { fingers: self.policy.fingers(person), has_unrecorded: false };
        let cards = self.policy.book().get().filter(|cards| cards.has_template_key(person));
        let Some(cards) = cards else { return Some(stored) };
        let unit = &mut self.doors[door];
        let token = unit.taps.get(&attempt).map(|tap| tap.token);
        let on_reader = unit.on_reader[side as usize].as_mut().filter(|on_reader| Some(on_reader.token) == token);
        let Some(on_reader) = on_reader else { return Some(stored) };
        match std::mem::replace(&mut on_reader.template, TemplateOnCard::NotThere) {
            TemplateOnCard::There(template) => {
                let OnCard { fingers, has_unrecorded } =
                    cards.fingers(person, &on_reader.credential, template.as_bytes());
                stored.fingers.extend(fingers);
                Some(OnCard { has_unrecorded, ..stored })
            }
            left @ (TemplateOnCard::Coming | TemplateOnCard::Empty) => {
                let is_coming = matches!(left, TemplateOnCard::Coming);
                on_reader.template = left;
                (!is_coming).then_some(stored)
            }
            TemplateOnCard::NotThere => (!stored.fingers.is_empty()).then_some(stored),
        }
    }

    /// Whether a finger is wanted of which the template did not come from the card.
    pub(super) fn must_hold_card(&self, door: usize, side: Side) -> bool {
        let unit = &self.doors[door];
        let is_coming = |on_reader: &OnReader| matches!(on_reader.template, TemplateOnCard::Coming);
        unit.wanted[side as usize].is_some() && !unit.on_reader[side as usize].as_ref().is_some_and(is_coming)
    }

    /// Forgets the cards that no attempt is about: it is decided, or the door did not begin one. What is still read of them is
    /// dropped.
    pub(super) fn forget_cards(&mut self, door: usize) {
        let unit = &mut self.doors[door];
        for side in [Side::In, Side::Out] {
            unit.on_reader[side as usize].take_if(|on_reader| !unit.door.is_about(side, on_reader.token));
        }
    }

    /// An attempt is decided: its template is wiped.
    pub(super) fn forget_template(&mut self, door: usize, event: &Event) {
        let Event::Decision(decision) = event else { return };
        let on_reader = &mut self.doors[door].on_reader[decision.attempt.side as usize];
        if let Some(on_reader) = on_reader.as_mut().filter(|on_reader| on_reader.token == decision.attempt.card) {
            on_reader.template = TemplateOnCard::NotThere;
        }
    }
}
