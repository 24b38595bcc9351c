//! What becomes of a station's steps: most are shown, a result is stored in one transaction with the act that says so.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;

use access_core::attempt::Assurance;
use access_core::event::{ActKind, SubjectKind};
use access_core::ids::{AgentId, CredentialId, EnrolmentId, FingerId, OperatorId, PersonId, TenantId};
use access_core::protocol::{
    CardWork, EnrolmentOrder, EnrolmentStep, EnrolmentWant, FingersToCompare, FromServer, PinPrompt, SecretBytes,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use uuid::Uuid;

use super::cards::{self, AtCard};
use super::others::{self, Comparison, Lot};
use super::{
    Asked, CAPTURES, DIALOGUE_SECONDS_MAX, Dialogue, Inner, Station, Stations, Step, StepWord, Want, failed, lost,
};
use crate::audit::Entry;
use crate::auth::{Actor, Role};
use crate::cards::TemplatesOn;
use crate::clock::unix_ms;
use crate::credentials::store::NewCredential;
use crate::credentials::{self, Credential};
use crate::db::TenantTx;
use crate::fingers::{self, Finger};
use crate::http::{ApiError, on_constraint};
use crate::operators;
use crate::people::{self, LegalBasisKind};
use crate::pins;
use crate::state::AppState;
use crate::vault;

/// Shortest and longest UID of a card (ISO/IEC 14443-3: 4, 7 or 10 bytes).
const UID_BYTES: std::ops::RangeInclusive<usize> = 4..=10;
/// Longest template, in bytes: no driver of an agent takes a longer one. The sensor family's have 512 to 1,536.
const TEMPLATE_BYTES_MAX: usize = 4_096;

/// The dialogue that a step belongs to.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) id: EnrolmentId,
    pub(super) tenant: TenantId,
    pub(super) station: AgentId,
    pub(super) person: PersonId,
    pub(super) operator: OperatorId,
    pub(super) asked: Asked,
}

/// What follows from a station's step.
pub(super) enum Turn {
    /// The page is told, and the station goes on by itself.
    Show(Step),
    /// The station gets work with the card that lies there.
    Work(Box<CardWork>),
    /// The station is asked for the card that a finger goes to.
    HoldCard,
    /// The station gets fingers that the one which waits there is compared with.
    Compare(Lot),
    /// The dialogue is over, and the station knows.
    End(Step),
    /// The dialogue is over, and the station is to be told.
    Stop(Step),
}

impl Stations {
    /// A station says what happens in a dialogue. Steps of dialogues that are not this station's, or have ended, are
    /// ignored.
    pub async fn step(
        &self,
        state: &AppState,
        tenant: TenantId,
        station: AgentId,
        id: EnrolmentId,
        step: EnrolmentStep,
        now: DateTime<Utc>,
    ) {
        let (order, mut at_card, mut comparison) = {
            let mut inner = self.lock();
            inner.expire(now);
            let Some(dialogue) = inner.dialogues.get_mut(&id) else { return };
            if (dialogue.tenant, dialogue.station) != (tenant, station) || dialogue.has_ended() || dialogue.is_settling
            {
                return;
            }
            dialogue.is_settling = true;
            let Dialogue { person, operator, ref asked, .. } = *dialogue;
            let order = Order { id, tenant, station, person, operator, asked: asked.clone() };
            (order, std::mem::take(&mut dialogue.at_card), std::mem::take(&mut dialogue.comparison))
        };
        if let EnrolmentStep::CardRead { .. } = step {
            self.push(id, Step::new(StepWord::CardRead, now));
        }
        let turn = whole(turn(state, &order, &mut at_card, &mut comparison, step, now), now).await;
        self.settled(id, (at_card, comparison), turn, now);
    }

    /// A step was taken in: what follows from it is done, and then what was asked for meanwhile.
    pub(super) fn settled(
        &self,
        id: EnrolmentId,
        (at_card, comparison): (AtCard, Comparison),
        turn: Option<Turn>,
        now: DateTime<Utc>,
    ) {
        let mut inner = self.lock();
        let Inner { linked, dialogues } = &mut *inner;
        let Some(dialogue) = dialogues.get_mut(&id) else { return };
        dialogue.is_settling = false;
        dialogue.at_card = at_card;
        dialogue.comparison = comparison;
        let is_cancelled = std::mem::take(&mut dialogue.is_cancelled);
        // Cancelled meanwhile, it is told what came of the step, and the station gets nothing more.
        let is_told = |turn: &Turn| matches!(turn, Turn::Show(_) | Turn::End(_) | Turn::Stop(_));
        dialogue.take(linked, id, turn.filter(|turn| !is_cancelled || is_told(turn)), now);
        if is_cancelled && !dialogue.has_ended() {
            dialogue.stop(linked, id, Step::new(StepWord::Cancelled, now));
        }
    }
}

impl Dialogue {
    /// Does what follows from a step, for the page and at the station.
    fn take(
        &mut self,
        linked: &HashMap<(TenantId, AgentId), Station>,
        id: EnrolmentId,
        turn: Option<Turn>,
        now: DateTime<Utc>,
    ) {
        let station = linked.get(&(self.tenant, self.station));
        let say = |dialogue: &mut Self, message| {
            let station = station.filter(|station| station.session == dialogue.session);
            if station.is_none_or(|station| station.link.try_send(message).is_err()) {
                dialogue.push(lost(now));
            }
        };
        match turn {
            None => {}
            Some(Turn::Show(step) | Turn::End(step)) => self.push(step),
            Some(Turn::Stop(step)) if !self.has_ended() => self.stop(linked, id, step),
            Some(Turn::Stop(_)) => {}
            Some(Turn::Work(work)) => say(self, FromServer::CardWork(CardWork { enrolment: id, ..*work })),
            Some(Turn::Compare(Lot { templates, step })) => {
                self.expires_at = now + TimeDelta::seconds(DIALOGUE_SECONDS_MAX);
                self.push(Step { expires_at: Some(self.expires_at), ..step });
                let expires_at = unix_ms(self.expires_at);
                say(self, FromServer::CompareFingers(FingersToCompare { enrolment: id, expires_at, templates }));
            }
            Some(Turn::HoldCard) => {
                // A dialogue of its own for the station, by whichever link, and the same for everybody else.
                self.session = station.map_or(self.session, |station| station.session);
                self.expires_at = now + TimeDelta::seconds(DIALOGUE_SECONDS_MAX);
                let expires_at = Some(self.expires_at);
                self.push(Step { expires_at, ..Step::new(StepWord::HoldCard, now) });
                let want = EnrolmentWant::PresentCard;
                let expires_at = unix_ms(self.expires_at);
                say(self, FromServer::Enrol(EnrolmentOrder { id, person: self.person, want, expires_at }));
            }
        }
        // Its link ended while the result was stored, and left the dialogue to that.
        if station.is_none_or(|station| station.session != self.session) {
            self.push(lost(now));
        }
    }
}

/// A step that is taken in to its end. One that breaks off (a panic) ends its dialogue, and no other: the station would be busy for as
/// long as a dialogue may take.
pub(super) async fn whole(turn: impl Future<Output = Option<Turn>>, now: DateTime<Utc>) -> Option<Turn> {
    AssertUnwindSafe(turn).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("a step of an enrolment broke off");
        Some(Turn::Stop(Step { reason: Some("not_stored".to_owned()), ..Step::new(StepWord::Failed, now) }))
    })
}

/// What follows from a step; nothing if it answers what was not asked.
async fn turn(
    state: &AppState,
    order: &Order,
    at_card: &mut AtCard,
    comparison: &mut Comparison,
    step: EnrolmentStep,
    now: DateTime<Utc>,
) -> Option<Turn> {
    let shown = |word| Step::new(word, now);
    let capture = |word, capture| Step { capture: Some(capture), of: Some(CAPTURES), ..shown(word) };
    let show = |step| Some(Turn::Show(step));
    let stored = |done: Result<Step, ApiError>| Turn::End(done.unwrap_or_else(|error| refused(error, now)));
    match step {
        EnrolmentStep::WaitingForCard => show(shown(StepWord::WaitingForCard)),
        EnrolmentStep::CardUnreadable => show(shown(StepWord::CardUnreadable)),
        EnrolmentStep::PlaceFinger { capture: which } => show(capture(StepWord::PlaceFinger, which)),
        EnrolmentStep::LiftFinger { capture: which } => show(capture(StepWord::LiftFinger, which)),
        EnrolmentStep::Again { capture: which, why } => {
            show(Step { reason: Some(why.to_string()), ..capture(StepWord::Again, which) })
        }
        EnrolmentStep::Captured { capture: which, quality } => {
            show(Step { quality: Some(quality.min(100)), ..capture(StepWord::Captured, which) })
        }
        EnrolmentStep::Verifying => show(shown(StepWord::Verifying)),
        EnrolmentStep::Failed { why } => Some(Turn::End(failed(why, now))),
        EnrolmentStep::CardRead { uid } => {
            let kept = keep_weak_card(state, order, &uid, now).await;
            Some(stored(kept.map(|card| Step { credential: Some(card), ..shown(StepWord::Done) })))
        }
        EnrolmentStep::FingerRead { template, sensor_type, quality } => {
            let finger = ReadFinger { template, sensor_type, quality: quality.min(100) };
            match finger_read(state, order, finger, comparison, now).await {
                Ok(FingerKept::Here(finger)) => {
                    let quality = u8::try_from(finger.quality).ok();
                    Some(Turn::End(Step { finger: Some(finger), quality, ..shown(StepWord::Done) }))
                }
                Ok(FingerKept::GoesToCard(finger)) => {
                    at_card.finger = Some(finger);
                    Some(Turn::HoldCard)
                }
                Err(error) => Some(Turn::End(refused(error, now))),
            }
        }
        EnrolmentStep::FingerMade { sensor_type } => {
            let turn = others::made(state, order, comparison, sensor_type, now).await;
            Some(turn.unwrap_or_else(|error| Turn::Stop(refused(error, now))))
        }
        EnrolmentStep::Comparing { compared } => comparison.goes_on(compared, now),
        EnrolmentStep::FingersCompared => {
            let turn = others::passed(state, order, comparison, now).await;
            Some(turn.unwrap_or_else(|error| Turn::Stop(refused(error, now))))
        }
        EnrolmentStep::FingerSame { finger } => Some(stored(others::same(state, order, comparison, finger, now).await)),
        EnrolmentStep::CardPresented { uid, kind } => {
            let presented = cards::presented(state, order, at_card, &uid, kind, now).await;
            Some(presented.unwrap_or_else(|error| Turn::Stop(refused(error, now))))
        }
        EnrolmentStep::CardContent { credential, templates, version: _, free_bytes: _ } => {
            let content = cards::content(state, order, at_card, credential, templates, now).await?;
            Some(content.unwrap_or_else(|error| Turn::Stop(refused(error, now))))
        }
        EnrolmentStep::CardWorking => show(shown(StepWord::CardWorking)),
        EnrolmentStep::CardWritten { version, messaging, free_bytes } => {
            let written = cards::written(state, order, at_card, (version, messaging, free_bytes), now).await?;
            Some(stored(written))
        }
        EnrolmentStep::CardWiped => Some(stored(cards::wiped(state, order, at_card, now).await?)),
        EnrolmentStep::CardRefused { why } => {
            at_card.refused(why);
            show(Step { reason: Some(why.to_string()), ..shown(StepWord::CardRefused) })
        }
        EnrolmentStep::TypePin { prompt } => show(shown(match prompt {
            PinPrompt::Everyday => StepWord::TypeEverydayPin,
            PinPrompt::New => StepWord::TypePin,
            PinPrompt::Again => StepWord::TypePinAgain,
        })),
        EnrolmentStep::PinRefused { why } => {
            show(Step { reason: Some(why.to_string()), ..shown(StepWord::PinRefused) })
        }
        EnrolmentStep::PinRead { everyday, hash } => {
            let kept = keep_pin(state, order, (everyday.as_ref(), &hash), now).await;
            Some(stored(kept.map(|()| shown(StepWord::Done))))
        }
    }
}

pub(super) fn refused(error: ApiError, now: DateTime<Utc>) -> Step {
    let because = |reason: &str| Step { reason: Some(reason.to_owned()), ..Step::new(StepWord::Failed, now) };
    match error {
        ApiError::Conflict("card_in_use", _) => Step::new(StepWord::CardInUse, now),
        ApiError::Conflict(code, _) => because(code),
        ApiError::NotFound(_) => because("person_gone"),
        error => {
            tracing::error!(?error, "the result of an enrolment could not be stored");
            because("not_stored")
        }
    }
}

/// Whoever started the dialogue: the result is their act. Put out of use since, or a guard now, they change nothing any more.
pub(super) async fn actor(tx: &mut TenantTx, order: &Order, now: DateTime<Utc>) -> Result<Actor, ApiError> {
    if !operators::store::is_administrator(tx, order.tenant, order.operator).await? {
        let detail = "Whoever started this is no administrator any more.".to_owned();
        return Err(ApiError::Conflict("operator_out_of_use", detail));
    }
    Ok(Actor { tenant: order.tenant, operator: order.operator, role: Role::Administrator, now })
}

/// Keeps a card that tells its UID and proves nothing.
pub(super) async fn keep_weak_card(
    state: &AppState,
    order: &Order,
    uid: &SecretBytes,
    now: DateTime<Utc>,
) -> Result<Credential, ApiError> {
    if order.asked.want != Want::Card {
        return Err(ApiError::Conflict("not_wanted", "The station read a card that was not asked for.".to_owned()));
    }
    if !UID_BYTES.contains(&uid.0.len()) {
        return Err(ApiError::Conflict("card_unreadable", "A UID has 4 to 10 bytes.".to_owned()));
    }
    let mut tx = state.db.begin_vault(order.tenant, Some(order.operator)).await?;
    let actor = actor(&mut tx, order, now).await?;
    people::store::get(&mut tx, order.tenant, order.person, now).await?.ok_or(ApiError::NotFound("person"))?;
    if !crate::cards::store::are_weak_cards_taken(&mut tx, order.tenant).await? {
        return Err(ApiError::Conflict("weak_cards_off", "No site takes cards that can be copied.".to_owned()));
    }
    let id = CredentialId::from_uuid(Uuid::now_v7());
    let token = credentials::token(state.keys.card_key(order.tenant).bytes(), &uid.0);
    let in_use = || ApiError::Conflict("card_in_use", "This card is somebody's already.".to_owned());
    // One that has a chip's UID may be its copy.
    if !crate::cards::store::holders(&mut tx, order.tenant, &token).await?.is_empty() {
        return Err(in_use());
    }
    let label = credentials::label(&uid.0);
    let new = NewCredential { id, person: order.person, token, label: &label, strength: Assurance::WeakUid };
    let card = credentials::store::insert(&mut tx, order.tenant, new, actor.by(), now)
        .await
        .map_err(on_constraint([("credentials_card_is_unique", in_use)]))?;
    vault::cards::put_card(&state.keys, &mut tx, order.person, id, &uid.0, None).await?;
    Entry::new(&state.keys, &actor, ActKind::Created, SubjectKind::Credential, id.as_uuid())
        .after(&card)
        .append(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(card)
}

/// Keeps a PIN that was typed, as argon2id made it.
async fn keep_pin(
    state: &AppState,
    order: &Order,
    typed: (Option<&SecretBytes>, &SecretBytes),
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let Want::Pin { is_duress } = order.asked.want else {
        return Err(ApiError::Conflict("not_wanted", "The station read a PIN that nobody asked for.".to_owned()));
    };
    let mut tx = state.db.begin_vault(order.tenant, Some(order.operator)).await?;
    let actor = actor(&mut tx, order, now).await?;
    people::store::get(&mut tx, order.tenant, order.person, now).await?.ok_or(ApiError::NotFound("person"))?;
    let kind = pins::keep(&state.keys, &mut tx, order.person, is_duress, order.asked.salt, typed, now).await?;
    let after = pins::of_person(&mut tx, order.tenant, order.person, true).await?;
    Entry::new(&state.keys, &actor, kind, SubjectKind::Pin, order.person.as_uuid())
        .after(&after)
        .append(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// A finger that a station read. Its template is wiped when dropped.
#[derive(Debug)]
pub(super) struct ReadFinger {
    pub(super) template: SecretBytes,
    pub(super) sensor_type: String,
    pub(super) quality: u8,
}

/// Where a finger went.
enum FingerKept {
    /// It is stored here.
    Here(Finger),
    /// It waits for its holder's card.
    GoesToCard(ReadFinger),
}

/// Takes a finger, if it may be kept at all.
async fn finger_read(
    state: &AppState,
    order: &Order,
    read: ReadFinger,
    comparison: &Comparison,
    now: DateTime<Utc>,
) -> Result<FingerKept, ApiError> {
    let ReadFinger { template, sensor_type, quality: _ } = &read;
    if template.0.is_empty() || template.0.len() > TEMPLATE_BYTES_MAX || !(1..=64).contains(&sensor_type.len()) {
        return Err(ApiError::Conflict("template_unusable", "The station's template can't be kept.".to_owned()));
    }
    let mut tx = state.db.begin_vault(order.tenant, Some(order.operator)).await?;
    let actor = actor(&mut tx, order, now).await?;
    let finger = new_finger(&mut tx, order, &read, None, now).await?;
    others::is_compared(&mut tx, order, comparison, sensor_type).await?;
    if crate::cards::store::templates_on(&mut tx, order.tenant).await? == TemplatesOn::Card {
        return Ok(FingerKept::GoesToCard(read));
    }
    not_elsewhere(&mut tx, order, &finger).await?;
    fingers::store::insert(&mut tx, order.tenant, &finger, actor.by()).await?;
    vault::put_template(&state.keys, &mut tx, order.person, FingerId::from_uuid(finger.id), &template.0).await?;
    Entry::new(&state.keys, &actor, ActKind::Created, SubjectKind::Finger, finger.id)
        .after(&finger)
        .append(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(FingerKept::Here(finger))
}

/// Refuses a finger of which an earlier template lies on another card in use: it would stay there and go on opening.
pub(super) async fn not_elsewhere(tx: &mut TenantTx, order: &Order, finger: &Finger) -> Result<(), ApiError> {
    let enrolled = fingers::store::of_person(tx, order.tenant, order.person).await?;
    let earlier = enrolled
        .iter()
        .find(|earlier| earlier.position == finger.position && earlier.credential_id != finger.credential_id);
    if let Some(earlier) = earlier
        && fingers::store::is_on_card_in_use(tx, order.tenant, earlier.id).await?
    {
        return Err(ApiError::Conflict("finger_on_card", "This finger lies on another card of theirs.".to_owned()));
    }
    Ok(())
}

/// What a finger that was read will be, if it may be kept now: consent may have been withdrawn, and another finger enrolled or
/// removed, while it lay on the sensor. The person's row is locked from here on.
pub(super) async fn new_finger(
    tx: &mut TenantTx,
    order: &Order,
    read: &ReadFinger,
    card: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Finger, ApiError> {
    let Want::Finger { position, is_duress } = order.asked.want else {
        return Err(ApiError::Conflict("not_wanted", "The station read a finger where none was asked for.".to_owned()));
    };
    people::store::get(tx, order.tenant, order.person, now).await?.ok_or(ApiError::NotFound("person"))?;
    let basis = people::store::legal_basis(tx, order.tenant, order.person).await?;
    if basis.is_none_or(|basis| basis.kind != LegalBasisKind::Consent) {
        return Err(ApiError::Conflict("legal_basis_missing", "There is no consent to keep a finger.".to_owned()));
    }
    let enrolled = fingers::store::of_person(tx, order.tenant, order.person).await?;
    fingers::may_be_enrolled(&enrolled, position, is_duress)?;
    Ok(Finger {
        id: Uuid::now_v7(),
        person_id: order.person.as_uuid(),
        position,
        quality: i16::from(read.quality),
        enrolled_at: now,
        sensor_type: read.sensor_type.clone(),
        credential_id: card,
        is_duress: Some(is_duress),
    })
}
