//! What becomes of a station's steps: most are shown, a result is stored in one transaction with the act that says so.

use access_core::event::{ActKind, SubjectKind};
use access_core::ids::{AgentId, CredentialId, EnrolmentId, FingerId, OperatorId, PersonId, TenantId};
use access_core::protocol::{EnrolmentStep, PinPrompt, PinSalt, SecretBytes};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{CAPTURES, Stations, Step, StepWord, Want, failed};
use crate::audit::Entry;
use crate::auth::{Actor, Role};
use crate::credentials::{self, Credential};
use crate::fingers::{self, Finger};
use crate::http::{ApiError, on_constraint};
use crate::people::{self, LegalBasisKind};
use crate::pins;
use crate::state::AppState;
use crate::vault;

/// Shortest and longest UID of a card (ISO/IEC 14443-3: 4, 7 or 10 bytes).
const UID_BYTES: std::ops::RangeInclusive<usize> = 4..=10;
/// Longest template, in bytes; the sensor family's have 512 to 1,536.
const TEMPLATE_BYTES_MAX: usize = 16 * 1024;

/// The dialogue that a step belongs to.
#[derive(Debug, Clone, Copy)]
struct Order {
    tenant: TenantId,
    person: PersonId,
    operator: OperatorId,
    want: Want,
    salt: PinSalt,
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
        let order = {
            let mut inner = self.lock();
            inner.expire(now);
            let Some(dialogue) = inner.dialogues.get_mut(&id) else { return };
            if (dialogue.tenant, dialogue.station) != (tenant, station) || dialogue.has_ended() || dialogue.is_settling
            {
                return;
            }
            dialogue.is_settling = matches!(
                step,
                EnrolmentStep::CardRead { .. } | EnrolmentStep::FingerRead { .. } | EnrolmentStep::PinRead { .. }
            );
            let (person, operator) = (dialogue.person, dialogue.operator);
            Order { tenant, person, operator, want: dialogue.want, salt: dialogue.salt }
        };
        let shown = |word| Step::new(word, now);
        let capture = |word, capture| Step { capture: Some(capture), of: Some(CAPTURES), ..shown(word) };
        let step = match step {
            EnrolmentStep::WaitingForCard => shown(StepWord::WaitingForCard),
            EnrolmentStep::CardUnreadable => shown(StepWord::CardUnreadable),
            EnrolmentStep::PlaceFinger { capture: which } => capture(StepWord::PlaceFinger, which),
            EnrolmentStep::LiftFinger { capture: which } => capture(StepWord::LiftFinger, which),
            EnrolmentStep::Again { capture: which, why } => {
                Step { reason: Some(why.to_string()), ..capture(StepWord::Again, which) }
            }
            EnrolmentStep::Captured { capture: which, quality } => {
                Step { quality: Some(quality.min(100)), ..capture(StepWord::Captured, which) }
            }
            EnrolmentStep::Verifying => shown(StepWord::Verifying),
            EnrolmentStep::Failed { why } => failed(why, now),
            // Nothing was asked that these answer.
            EnrolmentStep::CardPresented { .. }
            | EnrolmentStep::CardWorking
            | EnrolmentStep::CardContent { .. }
            | EnrolmentStep::CardWritten { .. }
            | EnrolmentStep::CardWiped
            | EnrolmentStep::CardRefused { .. } => return,
            EnrolmentStep::CardRead { uid } => {
                self.push(id, shown(StepWord::CardRead));
                match keep_card(state, &order, &uid, now).await {
                    Ok(card) => Step { credential: Some(card), ..shown(StepWord::Done) },
                    Err(error) => refused(error, now),
                }
            }
            EnrolmentStep::TypePin { prompt } => shown(match prompt {
                PinPrompt::Everyday => StepWord::TypeEverydayPin,
                PinPrompt::New => StepWord::TypePin,
                PinPrompt::Again => StepWord::TypePinAgain,
            }),
            EnrolmentStep::PinRefused { why } => Step { reason: Some(why.to_string()), ..shown(StepWord::PinRefused) },
            EnrolmentStep::PinRead { everyday, hash } => {
                match keep_pin(state, &order, (everyday.as_ref(), &hash), now).await {
                    Ok(()) => shown(StepWord::Done),
                    Err(error) => refused(error, now),
                }
            }
            EnrolmentStep::FingerRead { template, sensor_type, quality } => {
                match keep_finger(state, &order, &template, sensor_type, quality, now).await {
                    Ok(finger) => {
                        Step { finger: Some(finger), quality: Some(quality.min(100)), ..shown(StepWord::Done) }
                    }
                    Err(error) => refused(error, now),
                }
            }
        };
        self.push(id, step);
    }
}

fn refused(error: ApiError, now: DateTime<Utc>) -> Step {
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

fn actor(order: &Order, now: DateTime<Utc>) -> Actor {
    // Whoever started the dialogue was an administrator then; the result is their act.
    Actor { tenant: order.tenant, operator: order.operator, role: Role::Administrator, now }
}

async fn keep_card(
    state: &AppState,
    order: &Order,
    uid: &SecretBytes,
    now: DateTime<Utc>,
) -> Result<Credential, ApiError> {
    if order.want != Want::Card {
        return Err(ApiError::Conflict(
            "not_wanted",
            "The station read a card where a finger was asked for.".to_owned(),
        ));
    }
    if !UID_BYTES.contains(&uid.0.len()) {
        return Err(ApiError::Conflict("card_unreadable", "A UID has 4 to 10 bytes.".to_owned()));
    }
    let actor = actor(order, now);
    let mut tx = state.db.begin_vault(order.tenant, Some(order.operator)).await?;
    people::store::get(&mut tx, order.tenant, order.person, now).await?.ok_or(ApiError::NotFound("person"))?;
    let id = CredentialId::from_uuid(Uuid::now_v7());
    let token = credentials::token(state.keys.card_key(order.tenant).bytes(), &uid.0);
    let label = credentials::label(&uid.0);
    let card = credentials::store::insert(&mut tx, order.tenant, id, order.person, (token, &label), actor.by(), now)
        .await
        .map_err(on_constraint([("credentials_card_is_unique", || {
            ApiError::Conflict("card_in_use", "This card is somebody's already.".to_owned())
        })]))?;
    vault::put_card_uid(&state.keys, &mut tx, order.person, id, &uid.0).await?;
    Entry::new(&state.keys, &actor, ActKind::Created, SubjectKind::Credential, id.as_uuid())
        .after(&card)
        .append(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(card)
}

async fn keep_pin(
    state: &AppState,
    order: &Order,
    typed: (Option<&SecretBytes>, &SecretBytes),
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let Want::Pin { is_duress } = order.want else {
        return Err(ApiError::Conflict("not_wanted", "The station read a PIN that nobody asked for.".to_owned()));
    };
    let actor = actor(order, now);
    let mut tx = state.db.begin_vault(order.tenant, Some(order.operator)).await?;
    people::store::get(&mut tx, order.tenant, order.person, now).await?.ok_or(ApiError::NotFound("person"))?;
    let kind = pins::keep(&state.keys, &mut tx, order.person, is_duress, order.salt, typed, now).await?;
    let after = pins::of_person(&mut tx, order.tenant, order.person, true).await?;
    Entry::new(&state.keys, &actor, kind, SubjectKind::Pin, order.person.as_uuid())
        .after(&after)
        .append(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

async fn keep_finger(
    state: &AppState,
    order: &Order,
    template: &SecretBytes,
    sensor_type: String,
    quality: u8,
    now: DateTime<Utc>,
) -> Result<Finger, ApiError> {
    let Want::Finger { position, is_duress } = order.want else {
        return Err(ApiError::Conflict(
            "not_wanted",
            "The station read a finger where a card was asked for.".to_owned(),
        ));
    };
    if template.0.is_empty() || template.0.len() > TEMPLATE_BYTES_MAX || !(1..=64).contains(&sensor_type.len()) {
        return Err(ApiError::Conflict("template_unusable", "The station's template can't be kept.".to_owned()));
    }
    let actor = actor(order, now);
    let mut tx = state.db.begin_vault(order.tenant, Some(order.operator)).await?;
    people::store::get(&mut tx, order.tenant, order.person, now).await?.ok_or(ApiError::NotFound("person"))?;
    // It may have been withdrawn while the finger lay on the sensor; the person's row is locked from here on.
    let basis = people::store::legal_basis(&mut tx, order.tenant, order.person).await?;
    if basis.is_none_or(|basis| basis.kind != LegalBasisKind::Consent) {
        return Err(ApiError::Conflict("legal_basis_missing", "There is no consent to keep a finger.".to_owned()));
    }
    // Another may have been enrolled or removed meanwhile.
    fingers::may_be_enrolled(
        &fingers::store::of_person(&mut tx, order.tenant, order.person).await?,
        position,
        is_duress,
    )?;
    let finger = Finger {
        id: Uuid::now_v7(),
        person_id: order.person.as_uuid(),
        position,
        quality: i16::from(quality.min(100)),
        enrolled_at: now,
        sensor_type,
        is_duress: Some(is_duress),
    };
    fingers::store::insert(&mut tx, order.tenant, &finger, actor.by()).await?;
    vault::put_template(&state.keys, &mut tx, order.person, FingerId::from_uuid(finger.id), &template.0).await?;
    Entry::new(&state.keys, &actor, ActKind::Created, SubjectKind::Finger, finger.id)
        .after(&finger)
        .append(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(finger)
}
