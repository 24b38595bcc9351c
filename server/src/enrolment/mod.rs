//! Dialogues at enrolment stations: an operator starts one, the station asks for card, finger or PIN, the page follows each
//! step, and the result is stored here. UIDs and templates pass through, and never into a step, an answer or a log.
//!
//! A card that proves itself takes several turns: the station says what lies there, the server answers with work and this card's
//! keys, and what the card is to become is in the database before the station hears of it (`cards`).
//!
//! A finger may be compared with those of others before it is stored (`others`); then, too, the server and the station take turns.
//!
//! A dialogue belongs to the page that started it and lives on no longer than that page follows it: a feature that is given
//! later, by whoever comes next, must not become the first one's.
//!
//! The agents' link tells [`Stations`] which stations are there, and hands every step to [`Turns`], which call [`Stations::step`]
//! beside it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access_core::ids::{AgentId, EnrolmentId, OperatorId, PersonId, TenantId};
use access_core::protocol::{EnrolmentFault, EnrolmentOrder, EnrolmentWant, FromServer, PinSalt};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::unix_ms;
use crate::credentials::Credential;
use crate::fingers::{Finger, FingerPosition};

use cards::AtCard;
use others::Comparison;

mod cards;
mod others;
mod outcome;
pub mod routes;
mod turns;

pub use turns::{STEPS_WAITING_MAX, TooManySteps, Turns};

/// How long a dialogue may take, in seconds.
pub const DIALOGUE_SECONDS_MAX: i64 = 120;
/// How long a dialogue goes on while nobody follows it, in seconds: long enough for a page that is loaded again.
pub const LEASE_SECONDS: i64 = 10;
/// Captures that make one template.
pub const CAPTURES: u8 = 3;
/// Steps of one dialogue that are kept; a station that sends more is cut off.
pub const STEPS_MAX: usize = 500;
/// How long an ended dialogue can still be read, in seconds.
const KEPT_SECONDS: i64 = 600;

/// What a dialogue is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Want {
    /// A card.
    Card,
    /// A finger.
    Finger {
        /// Which one, `right_thumb` to `left_little`.
        position: FingerPosition,
        /// Whether it is to be a sign of duress: it opens like the others, and raises a silent alarm. Never a person's only
        /// finger.
        #[serde(default)]
        is_duress: bool,
    },
    /// Any card of theirs that proves itself: it gets the newest keys, and what lies on it is put in order.
    RenewCard,
    /// This card back: it is wiped and becomes *returned*.
    TakeBackCard {
        /// Which card.
        credential_id: Uuid,
    },
    /// The card that a finger lies on: the finger is taken off it.
    RemoveFinger {
        /// Which finger.
        finger_id: Uuid,
    },
    /// A PIN, typed twice by the person: nobody else learns it.
    Pin {
        /// Whether it is to be a sign of duress: it opens like the one for every day, and raises a silent alarm. Never a
        /// person's only PIN, which is therefore typed first.
        #[serde(default)]
        is_duress: bool,
    },
}

/// What an operator starts a dialogue for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What for.
    pub want: Want,
    /// Whether a card that is somebody's becomes this person's: a person's word.
    pub replaces: bool,
    /// Why, in the operator's words, where it takes something away.
    pub reason: Option<String>,
    /// For a PIN: the salt of this person's PINs.
    pub salt: PinSalt,
    /// For a finger: whether it is compared with those of others before it is stored.
    pub is_compared: bool,
}

impl Asked {
    /// What the station is asked for first.
    fn of_station(&self) -> EnrolmentWant {
        match self.want {
            Want::Card => EnrolmentWant::Card,
            Want::Finger { .. } if self.is_compared => EnrolmentWant::ComparedFinger { captures: CAPTURES },
            Want::Finger { .. } => EnrolmentWant::Finger { captures: CAPTURES },
            Want::RenewCard | Want::TakeBackCard { .. } | Want::RemoveFinger { .. } => EnrolmentWant::PresentCard,
            Want::Pin { is_duress } => EnrolmentWant::Pin { is_duress, salt: self.salt },
        }
    }
}

access_core::words! {
    /// What happens in a dialogue, as the page follows it.
    pub enum StepWord {
        /// Hold the card to the reader.
        WaitingForCard = "waiting_for_card",
        /// The card was read.
        CardRead = "card_read",
        /// There is a card, and it can't be read.
        CardUnreadable = "card_unreadable",
        /// The card is being worked on: it must stay where it lies.
        CardWorking = "card_working",
        /// It could not be done with this card, now. It may be held there again, or another.
        CardRefused = "card_refused",
        /// The finger is read, and goes to the card: hold the card to the reader.
        HoldCard = "hold_card",
        /// The card is somebody's already. Ends the dialogue.
        CardInUse = "card_in_use",
        /// Place the finger.
        PlaceFinger = "place_finger",
        /// Lift the finger.
        LiftFinger = "lift_finger",
        /// The capture was no good; the same once more.
        Again = "again",
        /// A capture is good.
        Captured = "captured",
        /// Captures are held against the combined model.
        Verifying = "verifying",
        /// It is stored. Ends the dialogue.
        Done = "done",
        /// It brought nothing. Ends the dialogue.
        Failed = "failed",
        /// The operator ended it.
        Cancelled = "cancelled",
        /// Nobody came in time. Ends the dialogue.
        TimedOut = "timed_out",
        /// Type the PIN for every day.
        TypeEverydayPin = "type_everyday_pin",
        /// Type the new PIN.
        TypePin = "type_pin",
        /// Type the new PIN once more.
        TypePinAgain = "type_pin_again",
        /// What was typed can't be the PIN.
        PinRefused = "pin_refused",
        /// The finger is compared with those of others.
        Comparing = "comparing",
        /// The finger is the same as one that is enrolled. Ends the dialogue.
        FingerInUse = "finger_in_use",
    }
}

crate::describe_words!(StepWord);

impl StepWord {
    /// Whether nothing comes after it.
    pub fn is_last(self) -> bool {
        use StepWord::{Cancelled, CardInUse, Done, Failed, FingerInUse, TimedOut};
        matches!(self, CardInUse | FingerInUse | Done | Failed | Cancelled | TimedOut)
    }
}

access_core::words! {
    /// Whether an enrolment station can be used.
    pub enum StationState {
        /// It waits for a dialogue.
        Online = "online",
        /// It is not linked.
        Offline = "offline",
        /// It is in a dialogue.
        Busy = "busy",
    }
}

crate::describe_words!(StationState);

/// One step of a dialogue.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Step {
    /// What happens.
    pub step: StepWord,
    /// Which capture, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture: Option<u8>,
    /// Of how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u8>,
    /// How good the capture is, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<u8>,
    /// With how many fingers of others it was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<u32>,
    /// Of how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_compare: Option<u32>,
    /// What was wrong, in a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// From now on given up at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// The card that was enrolled or changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<Credential>,
    /// The finger that was enrolled or removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finger: Option<Finger>,
    /// When.
    pub at: DateTime<Utc>,
}

impl Step {
    fn new(step: StepWord, at: DateTime<Utc>) -> Self {
        Self {
            step,
            capture: None,
            of: None,
            quality: None,
            compared: None,
            to_compare: None,
            reason: None,
            expires_at: None,
            credential: None,
            finger: None,
            at,
        }
    }
}

/// A dialogue, as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Enrolment {
    /// Which dialogue.
    pub id: Uuid,
    /// At which station.
    pub station_id: Uuid,
    /// For whom.
    pub person_id: Uuid,
    /// By which operator it was started.
    pub operator_id: Uuid,
    /// What for.
    pub want: Want,
    /// Whether a card that is somebody's becomes this person's.
    pub replaces: bool,
    /// The newest step; none before the station's first.
    pub last: Option<Step>,
    /// Given up from here on.
    pub expires_at: DateTime<Utc>,
}

impl Enrolment {
    /// Whether nothing comes any more.
    pub fn has_ended(&self) -> bool {
        self.last.as_ref().is_some_and(|step| step.step.is_last())
    }
}

#[derive(Debug)]
struct Dialogue {
    tenant: TenantId,
    station: AgentId,
    /// The link by which the station knows of it: of one that begins later it knows nothing.
    session: Uuid,
    person: PersonId,
    operator: OperatorId,
    asked: Asked,
    /// What is under way with a card, and a finger that waits for it. Gone when the dialogue has ended.
    at_card: AtCard,
    /// How far a finger is compared with others. Gone when the dialogue has ended.
    comparison: Comparison,
    expires_at: DateTime<Utc>,
    steps: watch::Sender<Vec<Step>>,
    /// Streams of its operator that follow it.
    followers: usize,
    /// Cancelled from here on unless it is followed.
    held_until: DateTime<Utc>,
    /// A result is being stored: no second one is taken.
    is_settling: bool,
    /// It was cancelled meanwhile: it ends then, if the result does not end it.
    is_cancelled: bool,
}

impl Dialogue {
    fn has_ended(&self) -> bool {
        self.steps.borrow().last().is_some_and(|step| step.step.is_last())
    }

    fn view(&self, id: EnrolmentId) -> Enrolment {
        Enrolment {
            id: id.as_uuid(),
            station_id: self.station.as_uuid(),
            person_id: self.person.as_uuid(),
            operator_id: self.operator.as_uuid(),
            want: self.asked.want,
            replaces: self.asked.replaces,
            last: self.steps.borrow().last().cloned(),
            expires_at: self.expires_at,
        }
    }
}

#[derive(Debug)]
struct Station {
    link: mpsc::Sender<FromServer>,
    session: Uuid,
}

/// Linked stations, and the dialogues at them.
#[derive(Debug, Default)]
pub struct Stations {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    linked: HashMap<(TenantId, AgentId), Station>,
    dialogues: HashMap<EnrolmentId, Dialogue>,
}

/// Why a dialogue can't begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotStarted {
    /// The station is not linked.
    Offline,
    /// It is in another dialogue.
    Busy,
}

/// Takes a station off the list when its link is gone.
#[derive(Debug)]
pub struct Linked {
    stations: Arc<Stations>,
    key: (TenantId, AgentId),
    session: Uuid,
}

impl Drop for Linked {
    fn drop(&mut self) {
        let mut inner = self.stations.lock();
        // A newer link of the same station is not this one's to take away.
        if inner.linked.get(&self.key).is_some_and(|station| station.session == self.session) {
            inner.linked.remove(&self.key);
            inner.lose(self.key, crate::clock::now());
        }
    }
}

/// Keeps a dialogue going while its operator follows it.
#[derive(Debug)]
pub struct Followed {
    stations: Arc<Stations>,
    id: EnrolmentId,
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.stations.let_go(self.id, crate::clock::now());
    }
}

impl Stations {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing inside is left half done by a panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A station is linked; it is taken off the list when the answer is dropped.
    pub fn link(self: &Arc<Self>, tenant: TenantId, station: AgentId, link: mpsc::Sender<FromServer>) -> Linked {
        let (key, session) = ((tenant, station), Uuid::now_v7());
        let mut inner = self.lock();
        inner.linked.insert(key, Station { link, session });
        inner.lose(key, crate::clock::now());
        Linked { stations: Arc::clone(self), key, session }
    }

    /// `online`, `offline` or `busy`.
    pub fn state(&self, tenant: TenantId, station: AgentId, now: DateTime<Utc>) -> StationState {
        let mut inner = self.lock();
        inner.expire(now);
        match inner.linked.contains_key(&(tenant, station)) {
            false => StationState::Offline,
            true if inner.is_busy(tenant, station) => StationState::Busy,
            true => StationState::Online,
        }
    }

    /// Begins a dialogue and sends the order to the station.
    pub fn start(
        &self,
        tenant: TenantId,
        operator: OperatorId,
        station: AgentId,
        person: PersonId,
        asked: Asked,
        now: DateTime<Utc>,
    ) -> Result<Enrolment, NotStarted> {
        let mut inner = self.lock();
        inner.expire(now);
        if inner.is_busy(tenant, station) {
            return Err(NotStarted::Busy);
        }
        let linked = inner.linked.get(&(tenant, station)).ok_or(NotStarted::Offline)?;
        let id = EnrolmentId::from_uuid(Uuid::now_v7());
        let expires_at = now + TimeDelta::seconds(DIALOGUE_SECONDS_MAX);
        let order = EnrolmentOrder { id, person, want: asked.of_station(), expires_at: unix_ms(expires_at) };
        linked.link.try_send(FromServer::Enrol(order)).map_err(|_| NotStarted::Offline)?;
        let session = linked.session;
        let steps = watch::Sender::new(Vec::new());
        let dialogue = Dialogue {
            tenant,
            station,
            session,
            person,
            operator,
            asked,
            at_card: AtCard::default(),
            comparison: Comparison::default(),
            expires_at,
            steps,
            followers: 0,
            held_until: now + TimeDelta::seconds(LEASE_SECONDS),
            is_settling: false,
            is_cancelled: false,
        };
        let view = dialogue.view(id);
        inner.dialogues.insert(id, dialogue);
        Ok(view)
    }

    /// A dialogue of this tenant, as it is.
    pub fn get(&self, tenant: TenantId, id: EnrolmentId, now: DateTime<Utc>) -> Option<Enrolment> {
        let mut inner = self.lock();
        inner.expire(now);
        inner.dialogues.get(&id).filter(|dialogue| dialogue.tenant == tenant).map(|dialogue| dialogue.view(id))
    }

    /// The dialogue that a station is in.
    pub fn running(&self, tenant: TenantId, station: AgentId, now: DateTime<Utc>) -> Option<Enrolment> {
        let mut inner = self.lock();
        inner.expire(now);
        let is_here = |dialogue: &Dialogue| (dialogue.tenant, dialogue.station) == (tenant, station);
        let running = inner.dialogues.iter().find(|(_, dialogue)| is_here(dialogue) && !dialogue.has_ended());
        running.map(|(id, dialogue)| dialogue.view(*id))
    }

    /// Keeps a dialogue going until what is answered is dropped, and for [`LEASE_SECONDS`] more. Only whoever started it
    /// can: another's look at it holds nothing.
    pub fn hold(self: &Arc<Self>, tenant: TenantId, operator: OperatorId, id: EnrolmentId) -> Option<Followed> {
        let mut inner = self.lock();
        let dialogue = inner.dialogues.get_mut(&id)?;
        if (dialogue.tenant, dialogue.operator) != (tenant, operator) {
            return None;
        }
        dialogue.followers += 1;
        Some(Followed { stations: Arc::clone(self), id })
    }

    fn let_go(&self, id: EnrolmentId, now: DateTime<Utc>) {
        if let Some(dialogue) = self.lock().dialogues.get_mut(&id) {
            dialogue.followers = dialogue.followers.saturating_sub(1);
            dialogue.held_until = now + TimeDelta::seconds(LEASE_SECONDS);
        }
    }

    /// Its steps so far and to come.
    pub fn follow(&self, tenant: TenantId, id: EnrolmentId) -> Option<watch::Receiver<Vec<Step>>> {
        let inner = self.lock();
        let dialogue = inner.dialogues.get(&id).filter(|dialogue| dialogue.tenant == tenant)?;
        Some(dialogue.steps.subscribe())
    }

    /// Ends a dialogue that has not ended; a result on its way is no longer taken. What is being stored this moment is, and a dialogue that
    /// goes on after that ends then.
    pub fn cancel(&self, tenant: TenantId, id: EnrolmentId, now: DateTime<Utc>) -> Option<Enrolment> {
        let mut inner = self.lock();
        let Inner { linked, dialogues } = &mut *inner;
        let dialogue = dialogues.get_mut(&id).filter(|dialogue| dialogue.tenant == tenant)?;
        if dialogue.is_settling {
            dialogue.is_cancelled = true;
        } else if !dialogue.has_ended() {
            dialogue.stop(linked, id, Step::new(StepWord::Cancelled, now));
        }
        Some(dialogue.view(id))
    }

    /// Ends dialogues that have run out of time or that nobody follows, and forgets old ones.
    pub fn expire(&self, now: DateTime<Utc>) {
        self.lock().expire(now);
    }

    /// Tells those who follow. Nothing comes after a last step.
    fn push(&self, id: EnrolmentId, step: Step) {
        if let Some(dialogue) = self.lock().dialogues.get_mut(&id) {
            dialogue.push(step);
        }
    }
}

impl Inner {
    /// The station's link is gone: its dialogues end, but for one whose result is being stored, which ends then.
    fn lose(&mut self, key: (TenantId, AgentId), now: DateTime<Utc>) {
        for dialogue in self.dialogues.values_mut() {
            if (dialogue.tenant, dialogue.station) == key && !dialogue.has_ended() && !dialogue.is_settling {
                dialogue.end(lost(now));
            }
        }
    }

    fn is_busy(&self, tenant: TenantId, station: AgentId) -> bool {
        self.dialogues
            .values()
            .any(|dialogue| (dialogue.tenant, dialogue.station) == (tenant, station) && !dialogue.has_ended())
    }

    fn expire(&mut self, now: DateTime<Utc>) {
        for (id, dialogue) in &mut self.dialogues {
            if dialogue.has_ended() || dialogue.is_settling {
                continue;
            }
            if now >= dialogue.expires_at {
                dialogue.end(Step::new(StepWord::TimedOut, now));
            } else if dialogue.followers == 0 && now >= dialogue.held_until {
                let gone = Step { reason: Some("page_gone".to_owned()), ..Step::new(StepWord::Cancelled, now) };
                dialogue.stop(&self.linked, *id, gone);
            }
        }
        self.dialogues.retain(|_, dialogue| now < dialogue.expires_at + TimeDelta::seconds(KEPT_SECONDS));
    }
}

impl Dialogue {
    /// Tells those who follow. Nothing comes after a last step.
    fn push(&mut self, step: Step) {
        if self.has_ended() {
            return;
        }
        if step.step.is_last() {
            return self.end(step);
        }
        self.steps.send_modify(|steps| {
            if steps.len() < STEPS_MAX {
                steps.push(step);
            }
        });
    }

    /// Ends it. A finger that waited for its card is forgotten.
    fn end(&mut self, last: Step) {
        self.at_card = AtCard::default();
        self.comparison = Comparison::default();
        self.is_settling = false;
        self.steps.send_modify(|steps| steps.push(last));
    }

    /// Ends it before its time, here and at the station.
    fn stop(&mut self, linked: &HashMap<(TenantId, AgentId), Station>, id: EnrolmentId, last: Step) {
        self.end(last);
        if let Some(station) = linked.get(&(self.tenant, self.station)) {
            // A station that can't be told gives up by itself when the order expires.
            let _ = station.link.try_send(FromServer::CancelEnrolment(id));
        }
    }
}

/// The station is not linked any more.
fn lost(at: DateTime<Utc>) -> Step {
    Step { reason: Some("station_lost".to_owned()), ..Step::new(StepWord::Failed, at) }
}

fn failed(why: EnrolmentFault, at: DateTime<Utc>) -> Step {
    match why {
        EnrolmentFault::TimedOut => Step::new(StepWord::TimedOut, at),
        EnrolmentFault::Cancelled => Step::new(StepWord::Cancelled, at),
        why => Step { reason: Some(why.to_string()), ..Step::new(StepWord::Failed, at) },
    }
}

#[cfg(test)]
mod tests;
